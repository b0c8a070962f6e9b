"""Snapping: points are tied to the nearest road link, and links are split where points join them."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from .roads import RoadNetwork, directed_edges

__all__ = ["NO_FRONTAGE", "SnappedPoints", "SplitRoads", "snap_points", "split_links"]

NO_FRONTAGE = ("motorway",)
"""Classes that no home or school opens onto: a point is tied to the nearest other link."""

TOUCHING_METRES = 1e-6
"""Nearer than this along a link is the same place, so that no piece of a link has no length."""


@dataclass(frozen=True, slots=True, eq=False)
class SnappedPoints:
    """Points and where they join the roads; every array has one item a point.

    ``link`` is the position of the nearest link, -1 where the point is farther than the limit from all;
    ``share`` is how far along it, 0 at its tail and 1 at its head, the point joins. ``off_road_metres``
    is the straight line to there; it is told for points beyond the limit too, and is NaN only for a
    point without coordinates or a network without a link to join.
    """

    labels: pd.Index
    link: NDArray[np.int64] = field(repr=False)
    share: NDArray[np.float64] = field(repr=False)
    off_road_metres: NDArray[np.float64] = field(repr=False)

    @property
    def snapped(self) -> NDArray[np.bool_]:
        """Whether each point is within the limit."""
        return self.link >= 0


@dataclass(frozen=True, slots=True, eq=False)
class SplitRoads:
    """One-directional edges after splitting; nodes are numbered, those of the network first.

    ``point_nodes`` has an array for each set of points: the node where each joins, -1 where it does not.
    """

    node_count: int
    tail: NDArray[np.int64] = field(repr=False)
    head: NDArray[np.int64] = field(repr=False)
    metres: NDArray[np.float64] = field(repr=False)
    minutes: NDArray[np.float64] = field(repr=False)
    point_nodes: tuple[NDArray[np.int64], ...] = field(repr=False)


def snap_points(
    network: RoadNetwork,
    points: pd.DataFrame,
    *,
    limit_metres: float,
    no_frontage: Collection[str] = NO_FRONTAGE,
) -> SnappedPoints:
    """Tie each point to the nearest link, not the nearest junction.

    ``points`` is indexed by label, with columns easting and northing in the grid of the network. Links of
    a class in ``no_frontage`` are passed over. Of links equally near, the first in the table counts. A
    point without coordinates, or farther than ``limit_metres`` from every link, is not tied; the others
    are not disturbed. Raises ``ValueError`` on a doubled label or a negative limit.
    """
    if not limit_metres >= 0:
        raise ValueError(f"limit_metres {limit_metres}: expected 0 or more")
    if points.index.has_duplicates:
        doubled = points.index[points.index.duplicated()][0]
        raise ValueError(f"point {doubled!r} is there twice")
    at = points[["easting", "northing"]].to_numpy(dtype=np.float64, na_value=np.nan)
    link = np.full(len(points), -1, dtype=np.int64)
    share = np.full(len(points), np.nan)
    off_road = np.full(len(points), np.nan)

    open_links = ~np.isin(network.classes.astype(str), list(no_frontage))
    candidates = np.flatnonzero(open_links)
    placed = np.flatnonzero(np.isfinite(at).all(axis=1))
    if len(candidates) and len(placed):
        lines = network.lines[candidates]
        shapes = shapely.points(at[placed])
        pairs, distances = shapely.STRtree(lines).query_nearest(shapes, return_distance=True, all_matches=True)
        order = np.lexsort((candidates[pairs[1]], pairs[0]))
        first = order[np.unique(pairs[0][order], return_index=True)[1]]
        nearest = pairs[1][first]
        # A line without length (two nodes in one place) has no share along it: its start will do.
        along = np.nan_to_num(shapely.line_locate_point(lines[nearest], shapes, normalized=True), nan=0.0)
        off_road[placed] = distances[first]
        near = distances[first] <= limit_metres
        link[placed[near]] = candidates[nearest[near]]
        share[placed[near]] = along[near]
    return SnappedPoints(labels=points.index, link=link, share=share, off_road_metres=off_road)


def split_links(network: RoadNetwork, *points: SnappedPoints) -> SplitRoads:
    """Split every link where points join it, in order along it, and keep to one-way streets.

    Metres and minutes of a piece are the link's times the piece's share of the drawn line. Rows that
    describe one road (``RoadNetwork.carriageway``) are split at the same nodes, so that a home between two
    opposite one-way rows can leave both ways.
    """
    tail, head, carriageway = network.tail, network.head, network.carriageway
    link = np.concatenate([group.link for group in points])
    share = np.concatenate([group.share for group in points])
    point_node = np.full(len(link), -1, dtype=np.int64)
    tied = np.flatnonzero(link >= 0)
    road = carriageway[link[tied]]
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    # Shares are told from the lower-numbered node, so that both directions of a road agree.
    along = np.where(tail[link[tied]] < head[link[tied]], share[tied], 1 - share[tied])
    length = network.metres[road]
    at_low = along * length <= TOUCHING_METRES
    at_high = ~at_low & ((1 - along) * length <= TOUCHING_METRES)
    point_node[tied[at_low]] = low[road[at_low]]
    point_node[tied[at_high]] = high[road[at_high]]

    inside = np.flatnonzero(~at_low & ~at_high)
    inside = inside[np.lexsort((along[inside], road[inside]))]
    step = np.diff(along[inside], prepend=-np.inf) * length[inside]
    new = (np.diff(road[inside], prepend=-1) != 0) | (step > TOUCHING_METRES)
    node = len(network.nodes) + np.cumsum(new) - 1
    point_node[tied[inside]] = node
    cuts = pd.DataFrame({"road": road[inside], "along": along[inside], "node": node})[new]

    pieces = _pieces(cuts, low, high)
    cut = np.isin(carriageway, cuts["road"])
    whole = np.flatnonzero(~cut)
    split = pd.DataFrame({"link": np.flatnonzero(cut), "road": carriageway[cut]}).merge(pieces, on="road")
    of = split["link"].to_numpy()
    ahead = tail[of] < head[of]
    start, end = split["start"].to_numpy(), split["end"].to_numpy()
    piece_tail = np.concatenate([tail[whole], np.where(ahead, start, end)])
    piece_head = np.concatenate([head[whole], np.where(ahead, end, start)])
    source = np.concatenate([whole, of])
    part = np.concatenate([np.ones(len(whole)), split["part"].to_numpy()])
    tails, heads, piece = directed_edges(piece_tail, piece_head, network.oneway[source])
    return SplitRoads(
        node_count=len(network.nodes) + int(new.sum()),
        tail=tails,
        head=heads,
        metres=(network.metres[source] * part)[piece],
        minutes=(network.minutes[source] * part)[piece],
        point_nodes=tuple(np.split(point_node, np.cumsum([len(group.link) for group in points])[:-1])),
    )


def _pieces(cuts: pd.DataFrame, low: NDArray[np.int64], high: NDArray[np.int64]) -> pd.DataFrame:
    """The pieces of every cut road in order: road, start, end (nodes) and part (share of its length)."""
    roads = cuts["road"].unique()
    firsts = pd.DataFrame({"road": roads, "along": 0.0, "node": low[roads]})
    lasts = pd.DataFrame({"road": roads, "along": 1.0, "node": high[roads]})
    starts = pd.concat([firsts, cuts]).sort_values(["road", "along"])
    ends = pd.concat([cuts, lasts]).sort_values(["road", "along"])
    return pd.DataFrame(
        {
            "road": starts["road"].to_numpy(),
            "start": starts["node"].to_numpy(),
            "end": ends["node"].to_numpy(),
            "part": ends["along"].to_numpy() - starts["along"].to_numpy(),
        }
    )
