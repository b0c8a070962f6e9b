"""Good answers to a p-median problem, fast: greedy opening, then exchanges until none is better.

The exchange of one open site for one closed is judged for all pairs at once (Resende and Werneck 2007): what every
closed site would gain, what every open one would lose, and what the two together correct.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["exchange", "greedy", "nearest_two"]


def nearest_two(
    cost: NDArray[np.float64], opened: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """For each point the nearest open site, its cost, and the cost of the second nearest (``inf`` where none)."""
    columns = np.flatnonzero(opened)
    rows = np.arange(len(cost))
    to = cost[:, columns]
    first = to.argmin(axis=1)
    least = to[rows, first]
    if len(columns) == 1:
        return columns[first], least, np.full(len(cost), np.inf)
    to[rows, first] = np.inf
    return columns[first], least, to.min(axis=1)


def greedy(cost: NDArray[np.float64], opened: NDArray[np.bool_], sites: int) -> NDArray[np.bool_]:
    """Open ``sites`` more, each time the one that lowers the sum of least costs most (of equals the first)."""
    chosen = opened.copy()
    least = cost[:, chosen].min(axis=1) if chosen.any() else np.full(len(cost), cost.max() * 2 + 1)
    for _ in range(sites):
        gain = np.maximum(least[:, np.newaxis] - cost, 0.0).sum(axis=0)
        gain[chosen] = -1.0
        best = int(gain.argmax())
        chosen[best] = True
        least = np.minimum(least, cost[:, best])
    return chosen


def exchange(
    cost: NDArray[np.float64], opened: NDArray[np.bool_], fixed: NDArray[np.bool_], *, most: int = 10_000
) -> NDArray[np.bool_]:
    """Exchange an open site (none of the ``fixed``) for a closed one, the best each time, until none is better."""
    chosen = opened.copy()
    slack = 1e-9 * max(1.0, float(np.abs(cost[:, chosen].min(axis=1)).sum()))
    for _ in range(most):
        may_go = np.flatnonzero(chosen & ~fixed)
        may_come = np.flatnonzero(~chosen)
        if not len(may_go) or not len(may_come):
            return chosen
        nearest, least, second = nearest_two(cost, chosen)
        spare = np.where(np.isinf(second), cost.max() * 2 + 1, second)
        come = cost[:, may_come]
        gain = np.maximum(least[:, np.newaxis] - come, 0.0).sum(axis=0)
        # A point whose site goes falls back on the newcomer where that is nearer than its second site.
        saved = np.maximum(spare[:, np.newaxis] - np.maximum(come, least[:, np.newaxis]), 0.0)
        order = np.argsort(nearest, kind="stable")
        homes, starts = np.unique(nearest[order], return_index=True)
        correction = np.zeros((cost.shape[1], len(may_come)))
        correction[homes] = np.add.reduceat(saved[order], starts, axis=0)
        loss = np.bincount(nearest, weights=spare - least, minlength=cost.shape[1])
        change = gain[np.newaxis, :] - loss[may_go, np.newaxis] + correction[may_go]
        at = int(change.argmax())
        if change.flat[at] <= slack:
            return chosen
        goes, comes = np.unravel_index(at, change.shape)
        chosen[may_go[goes]] = False
        chosen[may_come[comes]] = True
    return chosen
