"""Routes: the fastest journey by road from every zone to every site, in the morning's direction."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra

from .roads import RoadNetwork
from .snap import NO_FRONTAGE, SplitRoads, snap_points, split_links
from .travel import Reason, TravelTimes, make_travel_times, within_limit

__all__ = ["TIE_MINUTES_PER_KM", "route_times"]

TIE_MINUTES_PER_KM = 1e-7
"""What a kilometre weighs beside a minute, so that of journeys equally fast the shorter counts.

A journey 100 km longer would have to be less than a thousandth of a second faster to lose by it, and the
minutes told are the route's own: the weight is taken off again."""

CHUNK_CELLS = 1_000_000
"""Sites x nodes worked on at once: about 60 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """The fastest edge between each two nodes, sorted by ``key`` = tail x nodes + head."""

    reverse: csr_array = field(repr=False)
    key: NDArray[np.int64] = field(repr=False)
    metres: NDArray[np.float64] = field(repr=False)


def route_times(
    network: RoadNetwork,
    zones: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    snap_limit_metres: float,
    off_road_kmh: float,
    boarding_minutes: float = 0.0,
    limit_minutes: float | None = None,
    no_frontage: Collection[str] = NO_FRONTAGE,
    method: str = "fastest route by road",
    on_progress: Callable[[int, int], None] | None = None,
) -> TravelTimes:
    """Travel times from ``zones`` to ``sites``: frames indexed by label with easting and northing.

    minutes = off-road legs at ``off_road_kmh`` + the fastest way over the links + ``boarding_minutes``;
    km = off-road legs + the length of that way, the shorter of ways equally fast. A zone or site farther
    than ``snap_limit_metres`` from a link, a pair without a way (an island, a one-way street) and a journey
    of more than ``limit_minutes`` are ``inf``, each with its reason; they disturb no other pair.
    ``on_progress`` is called with the number of sites done and of all sites.

    Raises ``ValueError`` on doubled labels and on options that are not 0 or more (speed: above 0).
    """
    if not (np.isfinite(off_road_kmh) and off_road_kmh > 0):
        raise ValueError(f"off_road_kmh {off_road_kmh}: expected above 0")
    if not (np.isfinite(boarding_minutes) and boarding_minutes >= 0):
        raise ValueError(f"boarding_minutes {boarding_minutes}: expected 0 or more")
    if limit_minutes is not None and not limit_minutes >= 0:
        raise ValueError(f"limit_minutes {limit_minutes}: expected 0 or more")
    homes = snap_points(network, zones, limit_metres=snap_limit_metres, no_frontage=no_frontage)
    schools = snap_points(network, sites, limit_metres=snap_limit_metres, no_frontage=no_frontage)
    roads = split_links(network, homes, schools)
    home_nodes, school_nodes = roads.point_nodes

    from_rows, to_columns = np.flatnonzero(homes.snapped), np.flatnonzero(schools.snapped)
    minutes = np.full((len(zones), len(sites)), np.inf)
    km = np.full_like(minutes, np.inf)
    reason = np.full(minutes.shape, Reason.no_route, dtype=np.int8)
    edges = _fastest_edges(roads)
    search_limit = np.inf if limit_minutes is None else max(limit_minutes - boarding_minutes, 0.0)
    size = max(1, CHUNK_CELLS // roads.node_count)
    for start in range(0, len(to_columns), size):
        columns = to_columns[start : start + size]
        there, length = _to_sites(edges, school_nodes[columns], home_nodes[from_rows], limit=search_limit)
        minutes[np.ix_(from_rows, columns)] = there
        km[np.ix_(from_rows, columns)] = length
        if on_progress is not None:
            on_progress(start + len(columns), len(to_columns))

    legs = homes.off_road_metres[:, None] + schools.off_road_metres[None, :]
    with np.errstate(invalid="ignore"):
        minutes += legs / 1000 / off_road_kmh * 60 + boarding_minutes
        km += legs / 1000
    if limit_minutes is not None:
        _mark_over_limit(edges.reverse, minutes, reason, home_nodes, school_nodes, limit=limit_minutes)
    reason[np.isfinite(minutes) & (reason != Reason.over_limit)] = Reason.reached
    reason[:, ~schools.snapped] = Reason.site_too_far_to_snap
    reason[~homes.snapped, :] = Reason.zone_too_far_to_snap
    minutes[reason != Reason.reached] = np.inf
    km[reason != Reason.reached] = np.inf
    return make_travel_times(zones.index, sites.index, minutes, km, reason, method=method)


def _fastest_edges(roads: SplitRoads) -> _Edges:
    """Of parallel edges the fastest; the matrix is reversed (row: head, column: tail).

    No weight is 0, which a sparse matrix would drop: links have metres above 0 and pieces have length.
    """
    weight = roads.minutes + TIE_MINUTES_PER_KM * roads.metres / 1000
    key = roads.tail * roads.node_count + roads.head
    order = np.lexsort((weight, key))
    order = order[np.diff(key[order], prepend=-1) != 0]
    reverse = csr_array(
        (weight[order], (roads.head[order].astype(np.int32), roads.tail[order].astype(np.int32))),
        shape=(roads.node_count, roads.node_count),
    )
    return _Edges(reverse=reverse, key=key[order], metres=roads.metres[order])


def _to_sites(
    edges: _Edges, school_nodes: NDArray[np.int64], home_nodes: NDArray[np.int64], *, limit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minutes and km by road from each home node to each school node, shape (homes, schools).

    The search runs from the schools over reversed edges, so that the predecessor of a node is the next
    node on the way to school.
    """
    slack = TIE_MINUTES_PER_KM * 10_000  # the limit is on minutes alone: the exact cut is made by the caller
    weight, following = dijkstra(edges.reverse, indices=school_nodes, return_predecessors=True, limit=limit + slack)
    schools, nodes = weight.shape
    row = np.arange(schools)[:, None] * nodes
    own = row + np.arange(nodes)[None, :]
    moving = following >= 0
    # The length of the way is summed by doubling: each round adds the length told by the node reached
    # so far and jumps to the node that it had reached, so a way of n links takes log2(n) rounds.
    step = np.zeros(weight.shape)
    tails = np.broadcast_to(np.arange(nodes, dtype=np.int64), weight.shape)[moving]
    step[moving] = edges.metres[np.searchsorted(edges.key, tails * nodes + following[moving])]
    ahead = np.where(moving, row + following, own).ravel()
    metres = step.ravel()
    while True:
        further = ahead[ahead]
        if np.array_equal(further, ahead):
            break
        metres = metres + metres[ahead]
        ahead = further
    km = metres.reshape(weight.shape)[:, home_nodes].T / 1000
    found = weight[:, home_nodes].T
    reached = np.isfinite(found)
    return np.where(reached, found - TIE_MINUTES_PER_KM * km, np.inf), np.where(reached, km, np.inf)


def _mark_over_limit(
    reverse: csr_array,
    minutes: NDArray[np.float64],
    reason: NDArray[np.int8],
    home_nodes: NDArray[np.int64],
    school_nodes: NDArray[np.int64],
    *,
    limit: float,
) -> None:
    """Set ``over_limit`` in ``reason`` where there is a way, of more than ``limit`` minutes."""
    _, part = connected_components(reverse, directed=True, connection="strong")
    over = ~within_limit(minutes, limit)
    for column in np.flatnonzero(over.any(axis=0) & (school_nodes >= 0)):
        rows = np.flatnonzero(over[:, column] & (home_nodes >= 0))
        joined = part[home_nodes[rows]] == part[school_nodes[column]]
        if not joined.all():  # another part may still lead here one way
            reachable = np.zeros(reverse.shape[0], dtype=np.bool_)
            reachable[breadth_first_order(reverse, school_nodes[column], return_predecessors=False)] = True
            joined = reachable[home_nodes[rows]]
        reason[rows[joined], column] = Reason.over_limit
