"""A bound on the p-median by Lagrangian relaxation, what it rules out, and branching where it leaves a gap.

L(u) = sum_i u[i] + sum over open j of r[j], r[j] = sum_i min(0, cost[i,j] - u[i]): with the assignment of every point
priced at u[i], the best sites are those of least r (Cornuejols, Fisher and Nemhauser 1977). Any u is a valid bound.
"""

import heapq
import time
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .local_search import exchange, greedy, nearest_two

__all__ = ["Branch", "Known", "branch_and_bound", "closed", "first_answer", "raise_bound"]

FIRST_STEPS: Final = 600
BRANCH_STEPS: Final = 60
"""Subgradient steps for all sites, and for a branch, which begins with the prices of the one above."""
FIRST_AGILITY, LEAST_AGILITY, PATIENCE = 1.0, 1e-3, 15
"""The length of a step, as a share of the gap: halved after so many steps without a better bound."""
MEMORY: Final = 0.7
"""What the slopes of the steps before weigh in the next."""
WORTH_IMPROVING: Final = 1.05
"""An answer of the bound that is within this factor of the best is improved by exchanges."""


@dataclass(slots=True)
class Known:
    """The costs, points x sites, and the best answer found: which sites it opens, and its value.

    ``step`` is how far apart two different values are at least: 1 where all costs are whole, else next to nothing.
    """

    cost: NDArray[np.float64] = field(repr=False)
    step: float
    best: NDArray[np.bool_] = field(repr=False)
    value: float
    tried: set[bytes] = field(default_factory=set, repr=False)

    def value_of(self, chosen: NDArray[np.bool_]) -> float:
        """What an answer costs that opens these sites."""
        return float(self.cost[:, chosen].min(axis=1).sum())


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of the answers: those that open every ``settled`` site and ``wanted`` of the ``free`` ones.

    ``bound``: no answer of it that is better than the best known is below. ``farthest``: the most that each point
    costs in such an answer.
    """

    settled: NDArray[np.bool_] = field(repr=False)
    free: NDArray[np.bool_] = field(repr=False)
    wanted: int
    prices: NDArray[np.float64] = field(repr=False)
    farthest: NDArray[np.float64] = field(repr=False)
    bound: float = -np.inf


def first_answer(
    cost: NDArray[np.float64], existing: NDArray[np.bool_], sites: int, *, step: float
) -> tuple[Known, Branch]:
    """A good answer by greedy opening and exchanges, and the branch of all answers."""
    opened = exchange(cost, greedy(cost, existing, sites), existing)
    _, least, second = nearest_two(cost, opened)
    second = np.where(np.isfinite(second), second, least * 2 + 1)
    known = Known(cost=cost, step=step, best=opened, value=float(least.sum()))
    return known, Branch(
        settled=existing.copy(),
        free=~existing,
        wanted=sites,
        prices=(least + second) / 2,
        farthest=np.full(len(cost), np.inf),
    )


def closed(known: Known, branch: Branch) -> bool:
    """Whether no better answer can lie in the branch: its bound is less than a step from the best value, or above."""
    return known.value - branch.bound < known.step


def raise_bound(known: Known, branch: Branch, *, steps: int = FIRST_STEPS) -> Branch:
    """The branch with the best bound of so many subgradient steps, and without what that rules out."""
    columns = np.flatnonzero(branch.settled | branch.free)
    cost, settled = known.cost[:, columns], branch.settled[columns]
    prices = best_prices = branch.prices
    best, agility, since = -np.inf, FIRST_AGILITY, 0
    direction = np.zeros(len(cost))
    for _ in range(steps):
        saving = _saving(cost, prices)
        opened = _cheapest(saving, settled, branch.wanted)
        value = float(prices.sum() + saving[opened].sum())
        if value > best:
            since = 0 if value > best + 1e-5 * abs(known.value - best) else since + 1
            best, best_prices = value, prices
            _try(known, columns[opened], branch.settled)
        else:
            since += 1
        if known.value - best < known.step or agility < LEAST_AGILITY:
            break
        if since >= PATIENCE:
            agility, since, prices = agility / 2, 0, best_prices
            direction = np.zeros(len(cost))
            continue
        slope = 1.0 - (cost[:, opened] < prices[:, np.newaxis]).sum(axis=1)
        # A step along the mean of the slopes so far does not run to and fro.
        direction = MEMORY * direction + slope
        norm = float(direction @ direction)
        if norm == 0:
            break
        prices = prices + agility * max(known.value - value, known.step) / norm * direction
    return _ruled_out(known, replace(branch, prices=best_prices, bound=max(branch.bound, best)), columns)


def branch_and_bound(known: Known, branch: Branch, *, time_limit: float | None = None) -> float:
    """Search the branch to its end, better answers going to ``known``; the bound that holds at the end.

    The branch of least bound is next. It is parted by the free site whose r is least: the answers that open it, and
    those that do not. After ``time_limit`` seconds the least bound of what is left is given.
    """
    end = np.inf if time_limit is None else time.monotonic() + time_limit
    count = 0
    heap = [(branch.bound, count, branch)]
    while heap:
        bound, _, part = heapq.heappop(heap)
        if closed(known, part):
            break
        if time.monotonic() > end:
            return min(bound, known.value)
        for child in _parted(known, part):
            if child.wanted == 0 or int(child.free.sum()) <= child.wanted:
                _settle(known, child)
                continue
            raised = raise_bound(known, child, steps=BRANCH_STEPS)
            if not closed(known, raised):
                count += 1
                heapq.heappush(heap, (max(raised.bound, bound), count, raised))
    return known.value


def _parted(known: Known, part: Branch) -> list[Branch]:
    free = np.flatnonzero(part.free)
    saving = _saving(known.cost[:, free], part.prices)
    site = free[int(saving.argmin())]
    rest, settled = part.free.copy(), part.settled.copy()
    rest[site] = False
    settled[site] = True
    return [
        replace(part, settled=settled, free=rest, wanted=part.wanted - 1),
        replace(part, free=rest),
    ]


def _settle(known: Known, part: Branch) -> None:
    """Take the one answer that a branch holds, where it holds one."""
    if int(part.free.sum()) < part.wanted:
        return
    chosen = part.settled | part.free if part.wanted else part.settled
    value = known.value_of(chosen)
    if value < known.value:
        known.best, known.value = chosen, value


def _saving(cost: NDArray[np.float64], prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """R of each site (a column of ``cost``): what its points cost there below their prices, 0 or less."""
    return np.asarray(np.minimum(cost - prices[:, np.newaxis], 0.0).sum(axis=0))


def _cheapest(saving: NDArray[np.float64], settled: NDArray[np.bool_], wanted: int) -> NDArray[np.intp]:
    free = np.flatnonzero(~settled)
    return np.concatenate([np.flatnonzero(settled), free[np.argsort(saving[free], kind="stable")[:wanted]]])


def _try(known: Known, opened: NDArray[np.intp], fixed: NDArray[np.bool_]) -> None:
    """Take the sites that a bound opens for an answer, improved by exchanges where it is near the best."""
    chosen = np.zeros(known.cost.shape[1], dtype=np.bool_)
    chosen[opened] = True
    key = np.packbits(chosen).tobytes()
    if key in known.tried:
        return
    known.tried.add(key)
    value = known.value_of(chosen)
    if value < known.value * WORTH_IMPROVING:
        chosen = exchange(known.cost, chosen, fixed)
        value = known.value_of(chosen)
    if value < known.value:
        known.best, known.value = chosen, value


def _ruled_out(known: Known, branch: Branch, columns: NDArray[np.intp]) -> Branch:
    """The branch without the sites and journeys that no better answer has, and with those settled that each has.

    Opening a free site that the bound leaves closed costs its r less the largest that is open; closing one that it
    opens costs the least that is closed less its r; a journey dearer than its price costs the difference. Where
    the bound and that cost reach the best value, no better answer does it.
    """
    settled = branch.settled[columns]
    saving = _saving(known.cost[:, columns], branch.prices)
    opened = _cheapest(saving, settled, branch.wanted)
    spare = known.value - float(branch.prices.sum() + saving[opened].sum()) - known.step
    is_open = np.zeros(len(columns), dtype=np.bool_)
    is_open[opened] = True
    last_in = float(saving[is_open & ~settled].max()) if branch.wanted else -np.inf
    first_out = float(saving[~is_open].min()) if not is_open.all() else np.inf
    never = ~is_open & (saving - last_in > spare)
    always = is_open & ~settled & (first_out - saving > spare)
    free, now = branch.free.copy(), branch.settled.copy()
    free[columns[never | always]] = False
    now[columns[always]] = True
    farthest = np.minimum(branch.farthest, branch.prices + max(spare, 0.0))
    return replace(branch, free=free, settled=now, wanted=branch.wanted - int(always.sum()), farthest=farthest)
