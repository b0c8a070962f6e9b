"""Routes: the fastest journey by road from every zone to every site, in the morning's direction."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra

from .roads import RoadNetwork, directed_edges
from .simplify import TIE_MINUTES_PER_KM, lightest_edges, simplified, weight_of
from .snap import NO_FRONTAGE, SnappedPoints, SplitRoads, snap_points, split_links
from .travel import Reason, TravelTimes, make_travel_times, within_limit

__all__ = ["Chunk", "ChunkStore", "nearest_site", "node_minutes", "route_times"]

CHUNK_CELLS = 2_000_000
"""Sites x nodes worked on at once: about 60 MB."""

Chunk = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int8]]
"""Minutes, km and reason of every zone (rows) to some sites (columns)."""


class ChunkStore(Protocol):
    """Where finished chunks are kept, so that work that was stopped goes on from them."""

    def get(self, start: int, stop: int) -> Chunk | None:
        """The chunk of the sites from ``start`` to before ``stop``; None where it is not there."""
        ...

    def put(self, start: int, stop: int, chunk: Chunk) -> None:
        """Keep a chunk."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """The fastest edge between each two nodes, sorted by ``key`` = tail x nodes + head."""

    reverse: csr_array = field(repr=False)
    key: NDArray[np.int64] = field(repr=False)
    metres: NDArray[np.float64] = field(repr=False)


def node_minutes(network: RoadNetwork, sites: Iterable[object]) -> pd.DataFrame:
    """Minutes by the fastest way over the links from every node to ``sites`` (nodes): index node, columns site.

    float64, ``inf`` where there is no way; exact to 1e-9 minutes. Raises ``KeyError`` naming sites that are no nodes.
    """
    labels, at = _nodes(network, sites)
    found = dijkstra(_plain(network), indices=at)
    return pd.DataFrame(found.T, index=network.nodes, columns=labels)


def nearest_site(network: RoadNetwork, sites: Iterable[object]) -> pd.DataFrame:
    """The nearest of ``sites`` (nodes) to every node: index node, columns minutes (``inf`` where none) and site.

    One search from all sites at once. Raises ``KeyError`` naming the sites that are no nodes.
    """
    labels, at = _nodes(network, sites)
    minutes, _, source = dijkstra(_plain(network), indices=at, min_only=True, return_predecessors=True)
    name = dict(zip(at.tolist(), labels, strict=True))
    codes, known = pd.factorize(source)
    names = np.array([name.get(int(node)) for node in known], dtype=object)
    return pd.DataFrame({"minutes": minutes, "site": names[codes]}, index=network.nodes)


def _nodes(network: RoadNetwork, sites: Iterable[object]) -> tuple[pd.Index, NDArray[np.intp]]:
    labels = pd.Index([str(site) for site in sites], name="site")
    at = network.nodes.get_indexer(labels)
    if (at < 0).any():
        raise KeyError(f"no node {', '.join(labels[at < 0])}")
    return labels, at


def _plain(network: RoadNetwork) -> csr_array:
    """Minutes of the fastest link between each two nodes, reversed (row: head, column: tail)."""
    tail, head, link = directed_edges(network.tail, network.head, network.oneway)
    minutes = network.minutes[link]
    count = len(network.nodes)
    best = lightest_edges(tail, head, minutes, node_count=count)
    rows, columns = head[best].astype(np.int32), tail[best].astype(np.int32)
    return csr_array((minutes[best], (rows, columns)), shape=(count, count))


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
    store: ChunkStore | None = None,
) -> TravelTimes:
    """Travel times from ``zones`` to ``sites``: frames indexed by label with easting and northing.

    minutes = off-road legs at ``off_road_kmh`` + the fastest way over the links + ``boarding_minutes``;
    km = off-road legs + the length of that way, the shorter of ways equally fast. A zone or site farther
    than ``snap_limit_metres`` from a link, a pair without a way (an island, a one-way street) and a journey
    of more than ``limit_minutes`` are ``inf``, each with its reason; they disturb no other pair.

    The work goes by chunks of sites, so that beside the answer it needs little room. ``on_progress`` is called with
    the number of sites done and of all sites. Chunks that ``store`` has are taken from it, finished ones kept in it.

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
    work = _Work(
        homes=homes,
        schools=schools,
        roads=simplified(split_links(network, homes, schools)),
        minutes_per_metre=0.06 / off_road_kmh,
        boarding_minutes=boarding_minutes,
        limit_minutes=limit_minutes,
    )
    shape = (len(zones), len(sites))
    minutes, km = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
    reason = np.empty(shape, dtype=np.int8)
    for start, stop in _chunks(len(sites), work.roads.node_count):
        chunk = None if store is None else store.get(start, stop)
        if chunk is None or any(part.shape != (len(zones), stop - start) for part in chunk):
            chunk = _chunk(work, start, stop)
            if store is not None:
                store.put(start, stop, chunk)
        minutes[:, start:stop], km[:, start:stop], reason[:, start:stop] = chunk
        if on_progress is not None:
            on_progress(stop, len(sites))
    return make_travel_times(zones.index, sites.index, minutes, km, reason, method=method)


def _chunks(sites: int, nodes: int) -> Iterator[tuple[int, int]]:
    size = max(1, CHUNK_CELLS // max(nodes, 1))
    return ((start, min(start + size, sites)) for start in range(0, sites, size))


class _Work:
    """What every chunk needs; the graph is made when the first chunk asks for it."""

    def __init__(
        self,
        *,
        homes: SnappedPoints,
        schools: SnappedPoints,
        roads: SplitRoads,
        minutes_per_metre: float,
        boarding_minutes: float,
        limit_minutes: float | None,
    ) -> None:
        self.homes, self.schools, self.roads = homes, schools, roads
        self.minutes_per_metre, self.boarding_minutes = minutes_per_metre, boarding_minutes
        self.limit_minutes = limit_minutes
        self._edges: _Edges | None = None

    @property
    def edges(self) -> _Edges:
        if self._edges is None:
            self._edges = _fastest_edges(self.roads)
        return self._edges


def _chunk(work: _Work, start: int, stop: int) -> Chunk:
    home_nodes, school_nodes = work.roads.point_nodes[0], work.roads.point_nodes[1][start:stop]
    from_rows, to_columns = np.flatnonzero(home_nodes >= 0), np.flatnonzero(school_nodes >= 0)
    shape = (len(home_nodes), stop - start)
    minutes, km = np.full(shape, np.inf), np.full(shape, np.inf)
    reason = np.full(shape, Reason.no_route, dtype=np.int8)
    limit = work.limit_minutes
    if len(from_rows) and len(to_columns):
        search = np.inf if limit is None else max(limit - work.boarding_minutes, 0.0)
        there, length = _to_sites(work.edges, school_nodes[to_columns], home_nodes[from_rows], limit=search)
        minutes[np.ix_(from_rows, to_columns)] = there
        km[np.ix_(from_rows, to_columns)] = length
    legs = work.homes.off_road_metres[:, None] + work.schools.off_road_metres[None, start:stop]
    with np.errstate(invalid="ignore"):
        minutes += legs * work.minutes_per_metre + work.boarding_minutes
        km += legs / 1000
    if limit is not None:
        _mark_over_limit(work.edges.reverse, minutes, reason, home_nodes, school_nodes, limit=limit)
    reason[np.isfinite(minutes) & (reason != Reason.over_limit)] = Reason.reached
    reason[:, ~work.schools.snapped[start:stop]] = Reason.site_too_far_to_snap
    reason[~work.homes.snapped, :] = Reason.zone_too_far_to_snap
    minutes[reason != Reason.reached] = np.inf
    km[reason != Reason.reached] = np.inf
    return minutes.astype(np.float32), km.astype(np.float32), reason


def _fastest_edges(roads: SplitRoads) -> _Edges:
    """Of parallel edges the fastest; the matrix is reversed (row: head, column: tail).

    No weight is 0, which a sparse matrix would drop: links have metres above 0 and pieces have length.
    """
    weight = weight_of(roads.minutes, roads.metres)
    best = lightest_edges(roads.tail, roads.head, weight, node_count=roads.node_count)
    rows, columns = roads.head[best].astype(np.int32), roads.tail[best].astype(np.int32)
    reverse = csr_array((weight[best], (rows, columns)), shape=(roads.node_count, roads.node_count))
    return _Edges(reverse=reverse, key=(roads.tail * roads.node_count + roads.head)[best], metres=roads.metres[best])


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
