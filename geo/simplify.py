"""The road graph made smaller without changing any journey between the points that are asked about."""

import numpy as np
from numpy.typing import NDArray

from .snap import SplitRoads

__all__ = ["TIE_MINUTES_PER_KM", "lightest_edges", "simplified", "weight_of"]

TIE_MINUTES_PER_KM = 1e-11
"""What a kilometre weighs beside a minute, so that of journeys equally fast the shorter counts.

A hundred kilometres weigh 1e-9 minutes: no journey is told longer than the fastest by more, and sums of minutes are
exact to about a hundredth of what a kilometre weighs."""

ROUNDS = 4
"""How often dead ends are dropped and chains joined: each round makes new ones."""


def simplified(roads: SplitRoads) -> SplitRoads:
    """The same journeys between all points over fewer nodes and edges.

    A node that no point uses is passed over where a journey can only go on through it (a bend, one-way or not), and
    dropped with its edges where a journey can only come back (a dead end); of parallel edges the faster is
    kept, of those equally fast the shorter. Nodes are numbered anew; a ring without a point is gone.
    """
    kept = np.zeros(roads.node_count, dtype=np.bool_)
    for nodes in roads.point_nodes:
        kept[nodes[nodes >= 0]] = True
    edges = _Edges(roads.tail, roads.head, roads.metres, roads.minutes).fastest(roads.node_count)
    for _ in range(ROUNDS):
        before = len(edges.tail)
        edges = edges.without_dead_ends(kept)
        edges = edges.joined(kept).fastest(roads.node_count)
        if len(edges.tail) == before:
            break
    used = kept.copy()
    used[edges.tail] = used[edges.head] = True
    number = np.cumsum(used) - 1
    return SplitRoads(
        node_count=int(used.sum()),
        tail=number[edges.tail],
        head=number[edges.head],
        metres=edges.metres,
        minutes=edges.minutes,
        point_nodes=tuple(np.where(nodes >= 0, number[nodes], -1) for nodes in roads.point_nodes),
    )


def weight_of(minutes: NDArray[np.float64], metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """What edges weigh in a search: their minutes, and of those equally fast the shorter less."""
    return minutes + TIE_MINUTES_PER_KM * metres / 1000


def lightest_edges(
    tail: NDArray[np.int64], head: NDArray[np.int64], weight: NDArray[np.float64], *, node_count: int
) -> NDArray[np.int64]:
    """Positions of the lightest edge between each two nodes in each direction, sorted by tail, then head."""
    key = tail * node_count + head
    order = np.lexsort((weight, key))
    best: NDArray[np.int64] = order[np.diff(key[order], prepend=-1) != 0]
    return best


class _Edges:
    """Directed edges while they are made fewer; a step gives new ones."""

    def __init__(
        self,
        tail: NDArray[np.int64],
        head: NDArray[np.int64],
        metres: NDArray[np.float64],
        minutes: NDArray[np.float64],
    ) -> None:
        self.tail, self.head, self.metres, self.minutes = tail, head, metres, minutes

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "_Edges":
        return _Edges(self.tail[which], self.head[which], self.metres[which], self.minutes[which])

    def fastest(self, node_count: int) -> "_Edges":
        """Without edges from a node to itself and without slower parallel ones."""
        straight = self.chosen(self.tail != self.head)
        weight = weight_of(straight.minutes, straight.metres)
        return straight.chosen(lightest_edges(straight.tail, straight.head, weight, node_count=node_count))

    def neighbours(self, count: int) -> NDArray[np.int64]:
        """How many other nodes each node has an edge to or from."""
        low, high = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)
        pairs = np.unique(low * count + high)
        return np.bincount(np.concatenate([pairs // count, pairs % count]), minlength=count)

    def without_dead_ends(self, kept: NDArray[np.bool_]) -> "_Edges":
        """Without the nodes, not ``kept``, that have one neighbour, again and again."""
        edges = self
        while len(edges.tail):
            dead = (edges.neighbours(len(kept)) == 1) & ~kept
            lost = dead[edges.tail] | dead[edges.head]
            if not lost.any():
                break
            edges = edges.chosen(~lost)
        return edges

    def joined(self, kept: NDArray[np.bool_]) -> "_Edges":
        """Each way through nodes that can only be passed as one edge.

        A node can only be passed where it has two neighbours and, for each edge in, one edge out that does not turn
        back. Each edge is told the next on its way, and the sums to the end of the way are had by doubling: a round
        adds what the edge reached so far has added, so that a way of n edges takes log2(n) rounds.
        """
        count = len(kept)
        into, out = np.bincount(self.head, minlength=count), np.bincount(self.tail, minlength=count)
        two_way, one_way = (into == 2) & (out == 2), (into == 1) & (out == 1)
        passed = ~kept & (self.neighbours(count) == 2) & (two_way | one_way)
        if not passed.any():
            return self
        # The edges out of a node stand together, as edges are sorted by tail: at most two are to be chosen from.
        order = np.argsort(self.tail, kind="stable")
        first = np.searchsorted(self.tail[order], np.arange(count))
        goes_on = passed[self.head]
        candidate = order[np.minimum(first[self.head], len(order) - 1)]
        other = order[np.minimum(first[self.head] + 1, len(order) - 1)]
        turns_back = self.head[candidate] == self.tail
        own = np.arange(len(self.tail))
        following = np.where(goes_on, np.where(turns_back, other, candidate), own)
        metres, minutes = np.where(goes_on, self.metres, 0.0), np.where(goes_on, self.minutes, 0.0)
        for _ in range(int(np.ceil(np.log2(len(self.tail) + 1))) + 1):
            further = following[following]
            if np.array_equal(further, following):
                break
            metres, minutes = metres + metres[following], minutes + minutes[following]
            following = further
        starts = ~passed[self.tail]
        # A ring of passed nodes alone never ends; none of its edges starts at a node that stays.
        last = following[starts]
        return _Edges(
            self.tail[starts],
            self.head[last],
            metres[starts] + self.metres[last],
            minutes[starts] + self.minutes[last],
        )
