"""The network audit: what is wrong or odd in a table of road links and the points tied to it, all of it, with places.

It reads links that ``roads.road_network`` would refuse, so that everything is listed, not the first fault alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .crs import looks_like_degrees
from .roads import directed_edges, link_positions

__all__ = ["FAULT_KINDS", "NetworkAudit", "audit_roads"]

FAULT_KINDS: Final = {
    "dead_coordinates": "a place without coordinates, or at 0, 0",
    "degrees": "longitude and latitude where metres are wanted",
    "swapped_axes": "northing before easting",
    "missing_class": "a link without a class, or with one that has no speed",
    "island": "a part that no road joins to the largest",
    "gap": "an end that stops short of another link",
    "parallel_links": "links between the same two nodes that take different times",
    "one_way": "a one-way street that leads into, or out of, nowhere",
    "far_from_road": "a zone or site farther from every road than the limit",
}
"""What the audit looks for, in words."""

GAP_METRES: Final = 50.0
"""An end this near a link that it does not join is likely meant to join it."""

NEAR_SHARE: Final = 0.5
"""By how much of its size the middle nine tenths of the network are widened before a place counts as outside."""

SNAP_BANDS: Final = (0.0, 50.0, 200.0, 500.0, 1000.0, 2000.0, np.inf)
"""Metres between a point and the nearest road at which the shares of points are told."""

WORST: Final = 10


@dataclass(frozen=True, slots=True)
class NetworkAudit:
    """What an audit found.

    ``summary``: measure, value. ``components``: component (largest first), nodes, links, km, easting, northing (of a
    node in it). ``snaps``: kind (zone, site), from_metres, to_metres, points, share. ``worst_snaps``: the ten farthest
    from a road: kind, label, metres, easting, northing. ``faults``: fault (one of
    ``FAULT_KINDS``), label, easting, northing, found.
    """

    summary: pd.DataFrame = field(repr=False)
    components: pd.DataFrame = field(repr=False)
    snaps: pd.DataFrame = field(repr=False)
    worst_snaps: pd.DataFrame = field(repr=False)
    faults: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Network:
    """Links as arrays, with what is known of each; ``good`` marks those with both ends in metres."""

    nodes: pd.Index
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    lines: NDArray[np.object_]
    metres: NDArray[np.float64]
    minutes: NDArray[np.float64]
    oneway: NDArray[np.bool_]
    good: NDArray[np.bool_]
    part: NDArray[np.int64]
    places: NDArray[np.float64]


def audit_roads(
    links: pd.DataFrame,
    points: Mapping[str, pd.DataFrame],
    *,
    speeds: Mapping[str, float],
    snap_limit_metres: float,
) -> NetworkAudit:
    """Audit ``links`` (as for ``road_network``) and ``points``: frames by kind (zone, site), index label, metres.

    Raises ``KeyError`` where a column from, to, metres or class is missing.
    """
    classes = links["class"].astype(object)
    network = _network(links, classes, speeds)
    tied = {kind: _snapped(network, frame) for kind, frame in points.items()}
    faults = [
        *_coordinate_faults(network, points),
        *_class_faults(network, classes, speeds),
        *_island_faults(network, tied),
        *_gap_faults(network),
        *_parallel_faults(network),
        *_one_way_faults(network),
        *_far_faults(tied, points, snap_limit_metres),
    ]
    found = pd.DataFrame(faults, columns=["fault", "label", "easting", "northing", "found"])
    order = {kind: at for at, kind in enumerate(FAULT_KINDS)}
    found = found.sort_values(["fault", "label"], key=lambda c: c.map(order) if c.name == "fault" else c, kind="stable")
    components = _components(network)
    return NetworkAudit(
        summary=_summary(network, classes, components, found),
        components=components,
        snaps=_snap_table(tied),
        worst_snaps=_worst(tied, points),
        faults=found.reset_index(drop=True),
    )


def _network(links: pd.DataFrame, classes: pd.Series, speeds: Mapping[str, float]) -> _Network:
    starts, ends, lines = link_positions(links)
    count = len(links)
    codes, nodes = pd.factorize(pd.concat([links["from"], links["to"]], ignore_index=True).astype(str))
    tail, head = codes[:count].astype(np.int64), codes[count:].astype(np.int64)
    known = np.isfinite(starts).all(axis=1) & np.isfinite(ends).all(axis=1)
    degrees = looks_like_degrees(starts[:, 0], starts[:, 1]) | looks_like_degrees(ends[:, 0], ends[:, 1])
    good = known & ~degrees
    straight = shapely.is_missing(lines) & good
    lines = lines.copy()
    lines[straight] = shapely.linestrings(np.stack([starts[straight], ends[straight]], axis=1))
    lines[~good] = None
    metres = pd.to_numeric(links["metres"], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    kmh = pd.to_numeric(classes.map(dict(speeds)), errors="coerce").to_numpy(np.float64)
    oneway = (
        links["oneway"].astype("boolean").fillna(False).to_numpy(bool) if "oneway" in links else np.zeros(count, bool)
    )
    graph = csr_array((np.ones(count, dtype=np.int8), (tail, head)), shape=(len(nodes), len(nodes)))
    _, part = connected_components(graph, directed=False)
    at = np.full((len(nodes), 2), np.nan)
    at[head[good]], at[tail[good]] = ends[good], starts[good]
    minutes = metres / 1000 / kmh * 60
    joined = part.astype(np.int64)
    return _Network(pd.Index(nodes), tail, head, starts, ends, lines, metres, minutes, oneway, good, joined, at)


def _place(network: _Network, link: int) -> tuple[float, float]:
    return float(network.starts[link, 0]), float(network.starts[link, 1])


def _name(network: _Network, link: int) -> str:
    return f"{network.nodes[int(network.tail[link])]} to {network.nodes[int(network.head[link])]}"


Fault = tuple[str, str, float, float, str]


def _coordinate_faults(network: _Network, points: Mapping[str, pd.DataFrame]) -> Iterator[Fault]:
    """Places that are missing, at 0, 0, in degrees, or with their axes swapped."""
    count = len(network.tail)
    frames = [frame[["easting", "northing"]].to_numpy(float).reshape(-1, 2) for frame in points.values()]
    xy = np.concatenate([network.starts, network.ends, *frames])
    labels = [f"{kind} {label}" for kind, frame in points.items() for label in frame.index]
    known = np.isfinite(xy).all(axis=1)
    dead = ~known | (xy == 0).all(axis=1)
    degrees = ~dead & looks_like_degrees(xy[:, 0], xy[:, 1])
    metres = ~dead & ~degrees
    low, high = np.percentile(xy[metres], [5, 95], axis=0) if metres.any() else (np.zeros(2), np.zeros(2))
    more = NEAR_SHARE * np.maximum(high - low, 1000.0)
    inside = ((xy >= low - more) & (xy <= high + more)).all(axis=1)
    turned = ((xy[:, ::-1] >= low - more) & (xy[:, ::-1] <= high + more)).all(axis=1)
    told: set[tuple[str, str]] = set()
    for kind, wrong in (("dead_coordinates", dead), ("degrees", degrees), ("swapped_axes", metres & turned & ~inside)):
        for at in np.flatnonzero(wrong):
            label = _name(network, int(at) % count) if at < 2 * count else labels[int(at) - 2 * count]
            if (kind, label) not in told:
                told.add((kind, label))
                x, y = float(xy[at, 0]), float(xy[at, 1])
                yield kind, label, x, y, f"{x:.10g}, {y:.10g}"


def _class_faults(network: _Network, classes: pd.Series, speeds: Mapping[str, float]) -> Iterator[Fault]:
    for link in np.flatnonzero(~classes.isin(list(speeds)).to_numpy()):
        found = classes.iloc[int(link)]
        words = "no class" if pd.isna(found) or str(found).strip() == "" else str(found)
        yield "missing_class", _name(network, int(link)), *_place(network, int(link)), words


def _island_faults(network: _Network, tied: Mapping[str, pd.DataFrame]) -> Iterator[Fault]:
    sizes = np.bincount(network.part)
    largest = int(sizes.argmax())
    for part in np.flatnonzero(sizes):
        if part == largest:
            continue
        node = int(np.flatnonzero(network.part == part)[0])
        on = sum(int((frame["part"] == part).sum()) for frame in tied.values())
        words = f"{sizes[part]} nodes; {on} zones and sites on it"
        yield "island", str(network.nodes[node]), float(network.places[node, 0]), float(network.places[node, 1]), words


def _gap_faults(network: _Network) -> Iterator[Fault]:
    """Ends of one link alone that stop short of a link which does not have them."""
    count = np.bincount(np.concatenate([network.tail, network.head]), minlength=len(network.nodes))
    ends = np.flatnonzero((count == 1) & np.isfinite(network.places).all(axis=1))
    usable = np.flatnonzero(network.good)
    if not len(ends) or not len(usable):
        return
    spots = np.asarray(shapely.points(network.places[ends]), dtype=object)
    tree = shapely.STRtree(network.lines[usable])
    which, near = tree.query(spots, predicate="dwithin", distance=GAP_METRES)
    link, node = usable[near], ends[which]
    apart = (network.tail[link] != node) & (network.head[link] != node)
    rows = pd.DataFrame({"node": node[apart], "link": link[apart]})
    rows["metres"] = shapely.distance(spots[which[apart]], network.lines[link[apart]])
    for row in rows.sort_values(["node", "metres", "link"]).drop_duplicates("node").to_dict("records"):
        at = int(row["node"])
        words = f"{row['metres']:.0f} m from the link {_name(network, int(row['link']))}"
        yield "gap", str(network.nodes[at]), float(network.places[at, 0]), float(network.places[at, 1]), words


def _parallel_faults(network: _Network) -> Iterator[Fault]:
    low, high = np.minimum(network.tail, network.head), np.maximum(network.tail, network.head)
    rows = pd.DataFrame(
        {"low": low, "high": high, "minutes": np.round(network.minutes, 6), "link": np.arange(len(low))}
    )
    several = rows.groupby(["low", "high"]).agg(
        times=("minutes", "nunique"), links=("link", "size"), link=("link", "first")
    )
    for row in several[(several["times"] > 1)].sort_values("link").to_dict("records"):
        link = int(row["link"])
        yield (
            "parallel_links",
            _name(network, link),
            *_place(network, link),
            f"{row['links']} links, {row['times']} different times",
        )


def _one_way_faults(network: _Network) -> Iterator[Fault]:
    """One-way links between parts of one network of which one cannot be left for, or reached from, the other.

    And two one-way links between the same nodes that go the same way, as where one direction of a road is reversed.
    """
    tail, head, _ = directed_edges(network.tail, network.head, network.oneway)
    size = len(network.nodes)
    graph = csr_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(size, size))
    _, strong = connected_components(graph, directed=True, connection="strong")
    single = np.flatnonzero(network.oneway)
    told = set()
    for link in single[strong[network.tail[single]] != strong[network.head[single]]]:
        told.add(int(link))
        yield (
            "one_way",
            _name(network, int(link)),
            *_place(network, int(link)),
            "it leads where there is no way back from, or out of where nothing leads",
        )
    pairs = pd.DataFrame({"tail": network.tail[single], "head": network.head[single], "link": single})
    for link in pairs[pairs.duplicated(["tail", "head"], keep=False)]["link"]:
        if int(link) not in told:
            yield (
                "one_way",
                _name(network, int(link)),
                *_place(network, int(link)),
                "two one-way links between the same nodes go the same way",
            )


def _snapped(network: _Network, points: pd.DataFrame) -> pd.DataFrame:
    """Metres from each point to the nearest link, and the part of the network that it is on; -1 where none."""
    frame = pd.DataFrame({"metres": np.nan, "part": -1}, index=points.index)
    usable = np.flatnonzero(network.good)
    at = points[["easting", "northing"]].to_numpy(np.float64)
    placed = np.flatnonzero(np.isfinite(at).all(axis=1) & ~looks_like_degrees(at[:, 0], at[:, 1]))
    if not len(usable) or not len(placed):
        return frame
    spots = np.asarray(shapely.points(at[placed]), dtype=object)
    (which, near), metres = shapely.STRtree(network.lines[usable]).query_nearest(
        spots, return_distance=True, all_matches=False
    )
    found = np.full(len(points), np.nan)
    part = np.full(len(points), -1)
    found[placed[which]], part[placed[which]] = metres, network.part[network.tail[usable[near]]]
    return frame.assign(metres=found, part=part)


def _far_faults(tied: Mapping[str, pd.DataFrame], points: Mapping[str, pd.DataFrame], limit: float) -> Iterator[Fault]:
    for kind, frame in tied.items():
        places = points[kind][["easting", "northing"]].to_numpy(np.float64)
        metres = frame["metres"].to_numpy(np.float64)
        for at in np.flatnonzero(metres > limit):
            words = f"{metres[at]:,.0f} m from the nearest road; the limit is {limit:,.0f} m"
            yield "far_from_road", f"{kind} {frame.index[int(at)]}", float(places[at, 0]), float(places[at, 1]), words


def _components(network: _Network) -> pd.DataFrame:
    rows = pd.DataFrame({"part": network.part[network.tail], "metres": network.metres})
    links = rows.groupby("part").agg(links=("metres", "size"), km=("metres", "sum"))
    nodes = pd.Series(network.part).value_counts().rename("nodes")
    first = pd.Series(np.arange(len(network.part))).groupby(network.part).first()
    table = links.join(nodes).sort_values(["nodes", "links"], ascending=False, kind="stable")
    at = network.places[first.loc[table.index].to_numpy(int)]
    return pd.DataFrame(
        {
            "component": np.arange(1, len(table) + 1),
            "nodes": table["nodes"].to_numpy(),
            "links": table["links"].to_numpy(),
            "km": table["km"].to_numpy() / 1000,
            "easting": at[:, 0],
            "northing": at[:, 1],
        }
    )


def _summary(network: _Network, classes: pd.Series, components: pd.DataFrame, faults: pd.DataFrame) -> pd.DataFrame:
    km = pd.Series(network.metres).groupby(classes.fillna("no class").astype(str).to_numpy()).sum() / 1000
    rows = [
        ("nodes", float(len(network.nodes))),
        ("links", float(len(network.tail))),
        ("one_way_links", float(network.oneway.sum())),
        ("components", float(len(components))),
        ("share_nodes_in_largest_component", float(components["nodes"].max() / max(len(network.nodes), 1))),
        *((f"km_{name}", float(value)) for name, value in km.items()),
        *((f"faults_{kind}", float((faults["fault"] == kind).sum())) for kind in FAULT_KINDS),
    ]
    return pd.DataFrame(rows, columns=["measure", "value"])


def _snap_table(tied: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    rows = []
    for kind, frame in tied.items():
        for low, high in pairwise(SNAP_BANDS):
            inside = (frame["metres"] >= low) & (frame["metres"] < high)
            end = np.nan if np.isinf(high) else high
            rows.append((kind, low, end, int(inside.sum()), float(inside.mean()) if len(frame) else 0.0))
    return pd.DataFrame(rows, columns=["kind", "from_metres", "to_metres", "points", "share"])


def _worst(tied: Mapping[str, pd.DataFrame], points: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    parts = [
        points[kind][["easting", "northing"]]
        .assign(kind=kind, metres=frame["metres"])
        .rename_axis("label")
        .reset_index()
        for kind, frame in tied.items()
    ]
    every = pd.concat(parts, ignore_index=True).sort_values(["metres", "kind", "label"], ascending=[False, True, True])
    return (
        every.dropna(subset="metres")
        .head(WORST)[["kind", "label", "metres", "easting", "northing"]]
        .reset_index(drop=True)
    )
