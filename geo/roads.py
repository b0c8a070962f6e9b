"""Roads: a table of links becomes a checked network with minutes, metres and one-way streets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .faults import TableError, TableFault

__all__ = [
    "Components",
    "RoadNetwork",
    "components",
    "directed_edges",
    "link_positions",
    "road_graph",
    "road_network",
]

END_COLUMNS = ("from_easting", "from_northing", "to_easting", "to_northing")
NODE_TOLERANCE_METRES = 1.0
"""How far apart the links of one node may say that it stands: digitising noise, not another place."""
SHORTEST_SHARE_OF_STRAIGHT_LINE = 0.1
"""A link stated shorter than this share of the straight line between its ends is not in metres."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork:
    """A checked road network in metres (a projected grid) and minutes.

    ``nodes`` are labels, ``coordinates`` their easting and northing, shape (nodes, 2). The other arrays
    have one item a link, in the order of the table: ``tail`` and ``head`` are positions in ``nodes``,
    ``lines`` run from tail to head, a link that is not ``oneway`` may be driven both ways.
    ``carriageway`` is the first link between the same two nodes on the same line: two one-way rows that
    describe the two directions of one road share it. ``road_graph`` gives the same as a networkx graph.
    """

    nodes: pd.Index
    coordinates: NDArray[np.float64] = field(repr=False)
    tail: NDArray[np.int64] = field(repr=False)
    head: NDArray[np.int64] = field(repr=False)
    metres: NDArray[np.float64] = field(repr=False)
    minutes: NDArray[np.float64] = field(repr=False)
    oneway: NDArray[np.bool_] = field(repr=False)
    classes: NDArray[np.object_] = field(repr=False)
    lines: NDArray[np.object_] = field(repr=False)
    carriageway: NDArray[np.int64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Components:
    """How well a network hangs together.

    ``count`` and ``largest_share`` (of the nodes) ignore one-way streets; ``largest_two_way_share`` is the
    share of nodes in the largest part within which every node can be driven to from every other.
    """

    count: int
    largest_share: float
    largest_two_way_share: float


def road_network(roads: pd.DataFrame, *, speeds: Mapping[str, float], peak_factor: float = 1.0) -> RoadNetwork:
    """The network that a table of road links describes.

    ``roads`` has columns from, to, metres, class; oneway (yes/no, missing is no; from to to only); and
    for each row a LineString ``geometry`` in metres or the four columns from_easting, from_northing,
    to_easting, to_northing. ``speeds`` is km/h by class. Minutes of a link are
    metres / 1000 / km/h x 60 x ``peak_factor``. Parallel links are all kept: the faster counts when
    routes are sought.

    Raises ``TableError`` with every fault found: a column or row missing, a link from a node to itself,
    metres that are not above zero (or far below the straight line: the wrong unit), a class without a
    speed, no position, and a node that stands in two places.
    """
    if not (np.isfinite(peak_factor) and peak_factor > 0):
        raise ValueError(f"peak_factor {peak_factor}: expected above 0")
    faults = [
        TableFault(None, "speeds", f"{name}: {speed}", "km/h above 0")
        for name, speed in speeds.items()
        if not (np.isfinite(speed) and speed > 0)
    ]
    missing = [column for column in ("from", "to", "metres", "class") if column not in roads.columns]
    faults += [TableFault(None, column, "", "the column") for column in missing]
    if roads.empty:
        faults.append(TableFault(None, "", "", "at least one road link"))
    if missing or roads.empty:
        raise TableError(faults)

    metres = pd.to_numeric(roads["metres"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    classes = roads["class"].astype(object).to_numpy()
    starts, ends, lines = link_positions(roads)
    faults += _row_faults(roads, metres, classes, speeds)
    faults += _position_faults(roads, metres, starts, ends, lines)
    if faults:
        raise TableError(sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row))

    count = len(roads)
    labels = pd.concat([roads["from"], roads["to"]], ignore_index=True).astype(str)
    codes, nodes = pd.factorize(labels)
    first = np.unique(codes, return_index=True)[1]
    coordinates = np.vstack([starts, ends])[first]
    tail, head = codes[:count].astype(np.int64), codes[count:].astype(np.int64)
    straight = shapely.is_missing(lines)
    lines[straight] = shapely.linestrings(np.stack([coordinates[tail[straight]], coordinates[head[straight]]], axis=1))
    kmh = pd.Series(classes).map(dict(speeds)).to_numpy(dtype=np.float64)
    minutes = metres / 1000 / kmh * 60 * peak_factor
    return RoadNetwork(
        nodes=pd.Index(nodes, name="node"),
        coordinates=coordinates,
        tail=tail,
        head=head,
        metres=metres,
        minutes=minutes,
        oneway=_oneway(roads),
        classes=classes,
        lines=lines,
        carriageway=_carriageways(tail, head, lines),
    )


def components(network: RoadNetwork) -> Components:
    """Count the parts of ``network`` that no road joins, and the share of nodes in the largest."""
    count = len(network.nodes)
    starts, ends, _ = directed_edges(network.tail, network.head, network.oneway)
    matrix = csr_array((np.ones(len(starts), dtype=np.int8), (starts, ends)), shape=(count, count))
    parts, part = connected_components(matrix, directed=False)
    _, two_way = connected_components(matrix, directed=True, connection="strong")
    return Components(int(parts), float(np.bincount(part).max() / count), float(np.bincount(two_way).max() / count))


def directed_edges(
    tail: NDArray[np.int64], head: NDArray[np.int64], oneway: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """An edge a direction, every link's own first, then the way back of those not one way: tail, head and link."""
    back = np.flatnonzero(~oneway)
    link = np.concatenate([np.arange(len(tail)), back])
    return np.concatenate([tail, head[back]]), np.concatenate([head, tail[back]]), link


def road_graph(network: RoadNetwork) -> "nx.MultiDiGraph[str]":
    """The network as a frozen networkx graph: an edge a direction, keyed by the link's position, minutes and metres."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    names = network.nodes.tolist()
    graph.add_nodes_from(
        (node, {"easting": place[0], "northing": place[1]})
        for node, place in zip(names, network.coordinates.tolist(), strict=True)
    )
    arrays = (network.tail, network.head, network.metres, network.minutes, network.oneway)
    for link, (tail, head, metres, minutes, oneway) in enumerate(zip(*(a.tolist() for a in arrays), strict=True)):
        graph.add_edge(names[tail], names[head], key=link, metres=metres, minutes=minutes)
        if not oneway:
            graph.add_edge(names[head], names[tail], key=link, metres=metres, minutes=minutes)
    nx.freeze(graph)
    return graph


def _oneway(roads: pd.DataFrame) -> NDArray[np.bool_]:
    if "oneway" not in roads.columns:
        return np.zeros(len(roads), dtype=np.bool_)
    return roads["oneway"].astype("boolean").fillna(False).to_numpy(dtype=np.bool_)


def link_positions(
    roads: pd.DataFrame,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.object_]]:
    """Start and end of every link, NaN where not given, and its line, ``None`` where straight."""
    count = len(roads)
    ends = np.full((count, 4), np.nan)
    if all(column in roads.columns for column in END_COLUMNS):
        given = roads[list(END_COLUMNS)].apply(pd.to_numeric, errors="coerce")
        ends = given.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    lines = np.full(count, None, dtype=object)
    if "geometry" in roads.columns:
        shapes = np.asarray(roads["geometry"], dtype=object)
        drawn = shapely.is_geometry(shapes) & ~shapely.is_empty(shapes)
        lines[drawn] = shapely.force_2d(shapes[drawn])
        is_line = drawn & (shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING)
        ends[drawn] = np.nan  # a geometry of another type gives no position, and is a fault
        ends[is_line, :2] = shapely.get_coordinates(shapely.get_point(lines[is_line], 0))
        ends[is_line, 2:] = shapely.get_coordinates(shapely.get_point(lines[is_line], -1))
    return ends[:, :2], ends[:, 2:], lines


def _row_faults(
    roads: pd.DataFrame, metres: NDArray[np.float64], classes: NDArray[np.object_], speeds: Mapping[str, float]
) -> Iterator[TableFault]:
    blank = {column: roads[column].isna() | (roads[column].astype(str).str.strip() == "") for column in ("from", "to")}
    for column, where in blank.items():
        for row in np.flatnonzero(where):
            yield TableFault(int(row), column, "", "a node")
    same = (roads["from"].astype(str) == roads["to"].astype(str)) & ~blank["from"] & ~blank["to"]
    for row in np.flatnonzero(same):
        yield TableFault(int(row), "to", str(roads["to"].iloc[row]), "another node than from")
    for row in np.flatnonzero(~(np.isfinite(metres) & (metres > 0))):
        yield TableFault(int(row), "metres", _shown(roads["metres"].iloc[row]), "metres above 0")
    names = pd.Series(classes)
    for name, rows in names[~names.isin(list(speeds))].groupby(names, dropna=False).groups.items():
        known = ", ".join(speeds)
        more = f" ({len(rows)} rows)" if len(rows) > 1 else ""
        yield TableFault(int(rows[0]), "class", _shown(name) + more, f"a class with a speed: {known}")


def _position_faults(
    roads: pd.DataFrame,
    metres: NDArray[np.float64],
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    lines: NDArray[np.object_],
) -> Iterator[TableFault]:
    known = np.isfinite(starts).all(axis=1) & np.isfinite(ends).all(axis=1)
    kinds = shapely.get_type_id(lines)
    for row in np.flatnonzero(~known):
        found = "" if kinds[row] < 0 else lines[row].geom_type
        yield TableFault(int(row), "geometry", found, f"a LineString, or {', '.join(END_COLUMNS)}")
    straight = np.hypot(*(ends - starts).T)
    with np.errstate(invalid="ignore"):
        short = known & (metres > 0) & (metres < SHORTEST_SHARE_OF_STRAIGHT_LINE * straight)
    for row in np.flatnonzero(short):
        expected = f"metres, near or above the {straight[row]:.0f} m straight line between its ends"
        yield TableFault(int(row), "metres", _shown(roads["metres"].iloc[row]), expected)
    rows = np.flatnonzero(known)
    names = [roads[column].astype(str).to_numpy()[rows] for column in ("from", "to")]
    stated = pd.DataFrame(np.vstack([starts[rows], ends[rows]]), columns=["easting", "northing"]).assign(
        node=np.concatenate(names), row=np.tile(rows, 2), column=np.repeat(["from", "to"], len(rows))
    )
    stated = stated.sort_values("row", kind="stable")
    first = stated.groupby("node", sort=False)[["easting", "northing"]].transform("first")
    apart = np.hypot(stated["easting"] - first["easting"], stated["northing"] - first["northing"])
    for at in np.flatnonzero(apart > NODE_TOLERANCE_METRES):
        node, row, column = stated["node"].iloc[at], stated["row"].to_numpy()[at], stated["column"].iloc[at]
        found = f"{node} at {stated['easting'].iloc[at]:.0f} {stated['northing'].iloc[at]:.0f}"
        there = f"{first['easting'].iloc[at]:.0f} {first['northing'].iloc[at]:.0f}"
        yield TableFault(int(row), str(column), found, f"the node where another row has it, {there}")


def _carriageways(tail: NDArray[np.int64], head: NDArray[np.int64], lines: NDArray[np.object_]) -> NDArray[np.int64]:
    """The first link between the same nodes on the same line, whichever way either is drawn."""
    drawn = lines.copy()
    against = tail > head
    drawn[against] = shapely.reverse(lines[against])
    same = pd.DataFrame({"low": np.minimum(tail, head), "high": np.maximum(tail, head), "line": shapely.to_wkb(drawn)})
    group = same.groupby(["low", "high", "line"], sort=False).ngroup().to_numpy()
    return np.unique(group, return_index=True)[1][group].astype(np.int64)


def _shown(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
