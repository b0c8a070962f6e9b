"""Isochrones: the roads from which a site is reached in so many minutes, and the area along them; never hulls.

The morning's direction counts: from where can one drive to the site, one-way streets respected. A link is cut
exactly where the minutes run out, from either of its ends. Classes without frontage are driven, but nobody lives along
them: they are among the roads, and the area does not follow them.
"""

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from .roads import RoadNetwork
from .simplify import lightest_edges
from .snap import NO_FRONTAGE, SnappedPoints, snap_points, split_links
from .travel import within_limit

__all__ = ["isochrone", "isochrones", "reached_roads", "zone_service_area"]

WIDTHS: Final = (0.1, 0.4, 0.7, 1.0)
"""Shares of the width at which the area along the roads is made: wider only where there are minutes left to walk it."""

HOLE_SQUARE_METRES: Final = 40_000.0
"""A hole smaller than this (200 by 200 metres) is filled: fields within a block of roads, not places out of reach."""

SIMPLER_METRES: Final = 5.0
"""By how much roads are simplified before their area is made; it is taken off the width, so that no area is wider."""


def reached_roads(
    network: RoadNetwork,
    sites: pd.DataFrame,
    *,
    minutes: float,
    off_road_kmh: float,
    snap_limit_metres: float,
    boarding_minutes: float = 0.0,
    no_frontage: Collection[str] = NO_FRONTAGE,
) -> pd.DataFrame:
    """The pieces of road from which any of ``sites`` is reached within ``minutes``.

    Boarding and the site's leg off the road are counted. ``sites``: index label; easting, northing in metres.
    Columns: link (position in the network), start and end (shares of the link from its tail), geometry (the piece,
    tail to head). Pieces of a link do not overlap. Sites farther than ``snap_limit_metres`` from every link reach
    nothing. Raises ``ValueError`` for options that are not 0 or more (speed: above 0).
    """
    _check(minutes=minutes, off_road_kmh=off_road_kmh, boarding_minutes=boarding_minutes)
    snapped = snap_points(network, sites, limit_metres=snap_limit_metres, no_frontage=no_frontage)
    exits = _exits(network, snapped, off_road_kmh=off_road_kmh)
    pieces = _stretches(network, exits, minutes - boarding_minutes)
    return pieces.assign(geometry=_cut(network, pieces))


def isochrone(
    network: RoadNetwork,
    sites: pd.DataFrame,
    *,
    minutes: float,
    off_road_kmh: float,
    snap_limit_metres: float,
    boarding_minutes: float = 0.0,
    width_metres: float = 250.0,
    no_frontage: Collection[str] = NO_FRONTAGE,
) -> shapely.MultiPolygon:
    """The area from which any of ``sites`` is reached within ``minutes``; empty where none is.

    Areas made one by one lie within each other but for 20 metres of drawing; those of ``isochrones``, which says
    more, do altogether.
    """
    (area,) = isochrones(
        network,
        sites,
        minutes=[minutes],
        off_road_kmh=off_road_kmh,
        snap_limit_metres=snap_limit_metres,
        boarding_minutes=boarding_minutes,
        width_metres=width_metres,
        no_frontage=no_frontage,
    )
    return area


def isochrones(
    network: RoadNetwork,
    sites: pd.DataFrame,
    *,
    minutes: Iterable[float],
    off_road_kmh: float,
    snap_limit_metres: float,
    boarding_minutes: float = 0.0,
    width_metres: float = 250.0,
    no_frontage: Collection[str] = NO_FRONTAGE,
) -> list[shapely.MultiPolygon]:
    """The areas from which any of ``sites`` is reached within each of ``minutes``, given from few to many.

    Every point of one can go to a road at ``off_road_kmh``, at most ``width_metres`` in a straight line, and drive
    from there in the minutes that are left: the roads reached in so much less are widened by so much. Holes below
    200 by 200 metres are filled. Each area holds those before it. An area is empty where the sites are farther than
    ``snap_limit_metres`` from every link, or boarding and their own legs take all of the minutes.

    Raises ``ValueError`` for options that are not 0 or more (speed and width: above 0), minutes that do not grow, and
    what ``snap_points`` refuses.
    """
    limits = [float(limit) for limit in minutes]
    for limit in limits:
        _check(minutes=limit, off_road_kmh=off_road_kmh, boarding_minutes=boarding_minutes)
    if sorted(set(limits)) != limits:
        raise ValueError(f"minutes {', '.join(f'{limit:g}' for limit in limits)}: expected from few to many")
    if not (np.isfinite(width_metres) and width_metres > 0):
        raise ValueError(f"width_metres {width_metres}: expected above 0")
    snapped = snap_points(network, sites, limit_metres=snap_limit_metres, no_frontage=no_frontage)
    exits = _exits(network, snapped, off_road_kmh=off_road_kmh)
    exits = exits[~np.isin(network.classes.astype(str), list(no_frontage))[exits["link"].to_numpy(int)]]
    drawn = np.zeros(len(network.tail))  # the width at which the whole of a link is in the area already
    area: shapely.Geometry = shapely.MultiPolygon()
    areas = []
    for limit in limits:
        parts = [area]
        for width in sorted((share * width_metres for share in WIDTHS), reverse=True):
            pieces = _stretches(network, exits, limit - boarding_minutes - width * 0.06 / off_road_kmh)
            pieces = pieces[drawn[pieces["link"].to_numpy(int)] < width]
            simpler = min(SIMPLER_METRES, width / 4)
            lines = shapely.simplify(_cut(network, pieces), simpler)
            parts.extend(shapely.buffer(lines, width - simpler, quad_segs=4))
            whole = pieces["link"].to_numpy(int)[((pieces["start"] <= 0) & (pieces["end"] >= 1)).to_numpy(bool)]
            drawn[whole] = width
        joined = shapely.get_parts(shapely.union_all(parts))
        area = shapely.MultiPolygon([_filled(polygon) for polygon in joined if polygon.area > 0])
        areas.append(area)
    return areas


def zone_service_area(
    outlines: NDArray[np.object_], minutes: NDArray[np.float64], *, limit: float
) -> shapely.MultiPolygon:
    """The union of the zones whose own ``minutes`` are within ``limit``: for small areas, without roads.

    ``outlines`` are polygons or missing, ``minutes`` as many; ``inf`` or NaN is out of reach.
    """
    inside = outlines[within_limit(minutes, limit) & ~shapely.is_missing(outlines)]
    joined = shapely.get_parts(shapely.union_all(inside))
    return shapely.MultiPolygon([part for part in joined if part.geom_type == "Polygon"])


def _filled(polygon: shapely.Polygon) -> shapely.Polygon:
    holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= HOLE_SQUARE_METRES]
    return shapely.Polygon(polygon.exterior, holes)


def _check(*, minutes: float, off_road_kmh: float, boarding_minutes: float) -> None:
    for name, value in {"minutes": minutes, "boarding_minutes": boarding_minutes}.items():
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} {value}: expected 0 or more")
    if not (np.isfinite(off_road_kmh) and off_road_kmh > 0):
        raise ValueError(f"off_road_kmh {off_road_kmh}: expected above 0")


def _cut(network: RoadNetwork, pieces: pd.DataFrame) -> NDArray[np.object_]:
    """The line of each piece."""
    lines: NDArray[np.object_] = network.lines[pieces["link"].to_numpy(int)].copy()
    starts, ends = pieces["start"].to_numpy(float), pieces["end"].to_numpy(float)
    for at in np.flatnonzero((starts > 0) | (ends < 1)):
        lines[at] = substring(lines[at], starts[at], ends[at], normalized=True)
    return lines


def _node_times(network: RoadNetwork, snapped: SnappedPoints, legs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minutes from each node of the network to the nearest site in time, its leg included; ``inf`` where none."""
    roads = split_links(network, snapped)
    count = roads.node_count
    (at,) = roads.point_nodes
    tied = np.flatnonzero(at >= 0)
    if not len(tied):
        return np.full(len(network.nodes), np.inf)
    # A node beyond all others stands for "arrived": an edge of each site's leg leads there, so that one search does.
    tail = np.concatenate([roads.tail, at[tied]])
    head = np.concatenate([roads.head, np.full(len(tied), count)])
    minutes = np.concatenate([roads.minutes, np.maximum(legs[tied], np.finfo(float).tiny)])
    best = lightest_edges(tail, head, minutes, node_count=count + 1)
    reverse = csr_array(
        (minutes[best], (head[best].astype(np.int32), tail[best].astype(np.int32))), shape=(count + 1, count + 1)
    )
    found: NDArray[np.float64] = dijkstra(reverse, indices=[count])[0, : len(network.nodes)]
    return found


def _exits(network: RoadNetwork, snapped: SnappedPoints, *, off_road_kmh: float) -> pd.DataFrame:
    """Where each link is left on the way to a site, and the minutes from there: link, place (share), time, ahead.

    A link is left at its head, at its tail where it may be driven back (not ``ahead``), and at the sites on it.
    """
    legs = snapped.off_road_metres * 0.06 / off_road_kmh
    at_nodes = _node_times(network, snapped, legs)
    links = np.arange(len(network.tail))
    both = np.flatnonzero(~network.oneway)
    tied = np.flatnonzero(snapped.link >= 0)
    # Rows that describe one road are one place: a site on one of them is on all.
    road = network.carriageway[snapped.link[tied]]
    mates = pd.DataFrame({"road": network.carriageway, "link": links})
    on = pd.DataFrame({"road": road, "point": tied}).merge(mates, on="road")
    same_way = network.tail[on["link"].to_numpy(int)] == network.tail[snapped.link[on["point"].to_numpy(int)]]
    share = snapped.share[on["point"].to_numpy(int)]
    place = np.where(same_way, share, 1 - share)
    site_links = on["link"].to_numpy(int)
    site_times = legs[on["point"].to_numpy(int)]
    back = ~network.oneway[site_links]
    exits = pd.DataFrame(
        {
            "link": np.concatenate([links, both, site_links, site_links[back]]),
            "place": np.concatenate([np.ones(len(links)), np.zeros(len(both)), place, place[back]]),
            "time": np.concatenate(
                [at_nodes[network.head], at_nodes[network.tail[both]], site_times, site_times[back]]
            ),
            "ahead": np.repeat([True, False, True, False], [len(links), len(both), len(site_links), int(back.sum())]),
        }
    )
    return pd.DataFrame(exits[np.isfinite(exits["time"])])


def _stretches(network: RoadNetwork, exits: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The stretches of each link from which the way goes on in time: link, start, end.

    From an exit at share p with t minutes to go, the stretch of (``budget`` - t) minutes before it is in time.
    """
    exits = exits[exits["time"] <= budget]
    span = (budget - exits["time"]) / network.minutes[exits["link"].to_numpy(int)]
    start = exits["place"].where(~exits["ahead"], (exits["place"] - span).clip(lower=0.0))
    end = exits["place"].where(exits["ahead"], (exits["place"] + span).clip(upper=1.0))
    rows = pd.DataFrame({"link": exits["link"], "start": start, "end": end}).sort_values(["link", "start"])
    # Stretches that touch are one: a new one begins where the start lies beyond every end so far.
    furthest = rows.groupby("link")["end"].cummax().groupby(rows["link"]).shift(fill_value=-1.0)
    piece = (rows["start"] > furthest).cumsum()
    merged = rows.groupby(piece).agg(link=("link", "first"), start=("start", "min"), end=("end", "max"))
    return merged[merged["end"] > merged["start"]].reset_index(drop=True)
