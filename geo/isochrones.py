"""Isochrones: the roads from which a site is reached in so many minutes, and the area along them; never hulls.

The morning's direction counts: from where can one drive to the site, one-way streets respected. A link is cut
exactly where the minutes run out, from either of its ends.
"""

from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from .roads import RoadNetwork
from .simplify import fastest_edges
from .snap import NO_FRONTAGE, SnappedPoints, snap_points, split_links

__all__ = ["isochrone", "reached_roads", "zone_service_area"]

WIDTHS: Final = (0.1, 0.4, 0.7, 1.0)
"""Shares of the width at which the area along the roads is made: wider only where there are minutes left to walk it."""

HOLE_SQUARE_METRES: Final = 40_000.0
"""A hole smaller than this (200 by 200 metres) is filled: fields within a block of roads, not places out of reach."""

SIMPLER_METRES: Final = 5.0
"""By how much roads are simplified before their area is made."""


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
    nothing. Raises ``ValueError`` for options that are not 0 or more.
    """
    if not (np.isfinite(minutes) and minutes >= 0 and boarding_minutes >= 0 and off_road_kmh > 0):
        raise ValueError("minutes, boarding_minutes: expected 0 or more, off_road_kmh above 0")
    snapped = snap_points(network, sites, limit_metres=snap_limit_metres, no_frontage=no_frontage)
    legs = snapped.off_road_metres * 0.06 / off_road_kmh
    at_nodes = _node_times(network, snapped, legs)
    budget = minutes - boarding_minutes
    pieces = _intervals(network, snapped, legs, at_nodes, budget)
    lines = network.lines[pieces["link"].to_numpy(int)].copy()
    part = ((pieces["start"] > 0) | (pieces["end"] < 1)).to_numpy(bool)
    starts, ends = pieces["start"].to_numpy(float), pieces["end"].to_numpy(float)
    for at in np.flatnonzero(part):
        lines[at] = substring(lines[at], starts[at], ends[at], normalized=True)
    return pieces.assign(geometry=lines)


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

    Every point of it can walk to a road at ``off_road_kmh``, at most ``width_metres``, and drive from there in the
    minutes that are left: the roads reached in so much less are widened by so much. Holes below 200 by 200 metres
    are filled. Areas of fewer minutes lie within those of more. Raises ``ValueError`` for options that are not 0 or
    more (width: above 0).
    """
    if not (minutes >= 0 and width_metres > 0):
        raise ValueError(f"minutes {minutes}, width_metres {width_metres}: expected 0 or more, and above 0")
    parts = []
    for share in WIDTHS:
        width = share * width_metres
        left = minutes - width * 0.06 / off_road_kmh
        if left < 0:
            continue
        roads = reached_roads(
            network,
            sites,
            minutes=left,
            off_road_kmh=off_road_kmh,
            snap_limit_metres=snap_limit_metres,
            boarding_minutes=boarding_minutes,
            no_frontage=no_frontage,
        )
        # What simplifying may add on either side is taken off the width.
        lines = shapely.simplify(roads["geometry"].to_numpy(), min(SIMPLER_METRES, width / 4))
        parts.append(shapely.union_all(shapely.buffer(lines, width - min(SIMPLER_METRES, width / 4), quad_segs=4)))
    area = shapely.union_all(parts) if parts else shapely.MultiPolygon()
    return shapely.MultiPolygon([_filled(polygon) for polygon in shapely.get_parts(area) if polygon.area > 0])


def zone_service_area(
    outlines: NDArray[np.object_], minutes: NDArray[np.float64], *, limit: float
) -> shapely.MultiPolygon:
    """The union of the zones (polygons) whose own ``minutes`` are within ``limit``: for small areas, without roads."""
    inside = outlines[(minutes <= limit + 1e-9) & ~shapely.is_missing(outlines)]
    joined = shapely.union_all(inside) if len(inside) else shapely.MultiPolygon()
    return shapely.MultiPolygon([part for part in shapely.get_parts(joined) if part.geom_type == "Polygon"])


def _filled(polygon: shapely.Polygon) -> shapely.Polygon:
    holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area >= HOLE_SQUARE_METRES]
    return shapely.Polygon(polygon.exterior, holes)


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
    best = fastest_edges(tail, head, np.zeros(len(tail)), minutes, node_count=count + 1)
    reverse = csr_array(
        (minutes[best], (head[best].astype(np.int32), tail[best].astype(np.int32))), shape=(count + 1, count + 1)
    )
    found: NDArray[np.float64] = dijkstra(reverse, indices=[count])[0, : len(network.nodes)]
    return found


def _intervals(
    network: RoadNetwork,
    snapped: SnappedPoints,
    legs: NDArray[np.float64],
    at_nodes: NDArray[np.float64],
    budget: float,
) -> pd.DataFrame:
    """The stretches of each link from which the way goes on in time: link, start, end.

    A link is left at its head, at its tail where it may be driven back, and at the sites on it; from an exit at share
    p with t minutes to go, the stretch of (budget - t) minutes before it is in time.
    """
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
