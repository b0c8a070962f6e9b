"""Units that are not viable below a number of children: each takes nobody new, or as many as make it viable.

Searched by branches, the best first: where an answer leaves a unit between the two, one branch closes it to newcomers
and the other asks for its minimum. Every answer bounds all of its branches from below, so that the first one that
leaves no unit between is the best of all.
"""

import heapq
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from .assemble import UNITS
from .constraints import Rule, unit_rows
from .placement import Placement, PlacementProblem
from .program import InfeasibleError, Status

__all__ = ["minimum_use", "with_minimum_use"]

Branch = dict[str, bool]
"""By unit, whether it is closed to newcomers (no) or has to be viable (yes)."""


def minimum_use(problem: PlacementProblem, minimum: pd.Series, branch: Branch) -> Rule:
    """The rows of a branch: ``sum_g place[g,u] <= 0`` where closed, ``>= minimum[u] - held[u]`` where viable."""
    units = pd.Index(sorted(branch), dtype=object)
    viable = np.array([branch[unit] for unit in units], dtype=bool)
    needed = minimum.reindex(units).to_numpy(float) - problem.units["held"].reindex(units).to_numpy(float)
    rows = pd.DataFrame(
        {"sense": np.where(viable, ">=", "<="), "right": np.where(viable, needed, 0.0)},
        index=pd.Index([f"minimum[{unit}]" for unit in units], dtype=object),
    )
    return unit_rows(problem, rows, units)


def with_minimum_use(
    problem: PlacementProblem,
    minimum: pd.Series,
    allocated: Callable[[Sequence[Rule], Placement | None], Placement],
    *,
    start: Placement | None = None,
    deadline: float | None = None,
) -> Placement:
    """The best placement in which no unit takes newcomers and stays below its minimum.

    ``minimum``: children by unit, those who stay counted; a unit whose staying children are enough is free. Units that
    are bought one by one have none. ``allocated`` answers the problem under more rules, near another answer. After the
    ``deadline`` the answer has every unit closed that was still between, unproven, with the bound that is left.
    Raises ``InfeasibleError`` where other rules allow none.
    """
    units = problem.units.loc[minimum.index]
    counted = minimum[np.isfinite(units["places"]) & (units["held"] < minimum)]
    number = itertools.count()
    begun = allocated((), start)
    heap: list[tuple[tuple[float, ...], int, Branch, Placement]] = [(_rank(begun), next(number), {}, begun)]
    while heap:
        _, _, branch, answer = heapq.heappop(heap)
        between = _between(problem, counted, answer)
        if between is None:
            return answer if not branch else replace(answer, proof=replace(answer.proof, by_prices=False))
        if deadline is not None and time.monotonic() > deadline:
            closed = dict.fromkeys(counted.index, False) | branch
            simple = allocated((minimum_use(problem, counted, closed),), answer)
            proof = replace(
                simple.proof,
                status=str(Status.feasible),
                by_prices=False,
                bound=min(answer.proof.bound, simple.proof.objective),
                gap_children_bound=min(answer.proof.gap_children_bound, simple.proof.gap_children),
            )
            return replace(simple, proof=proof)
        for viable in (False, True):
            more = {**branch, between: viable}
            try:
                found = allocated((minimum_use(problem, counted, more),), answer)
            except InfeasibleError:
                continue
            heapq.heappush(heap, (_rank(found), next(number), more, found))
    raise InfeasibleError("found no answer: the least use of units contradicts the other rules")


def _between(problem: PlacementProblem, minimum: pd.Series, answer: Placement) -> str | None:
    """The unit that takes newcomers and stays farthest below its minimum."""
    new = answer.flows.groupby("unit")["children"].sum().reindex(minimum.index, fill_value=0.0)
    below = minimum - problem.units["held"].loc[minimum.index] - new
    below = below[(new > 1e-6) & (below > 1e-6)]
    return None if below.empty else str(below.index[int(below.to_numpy().argmax())])


def _rank(answer: Placement) -> tuple[float, ...]:
    """The objectives in their order, to be compared; ties left to the last two."""
    values = answer.proof.values
    names = [name for name in values.index if name not in ("gap", "cost", "minutes", "tie")]
    numbers = [answer.proof.gap_children, *(float(values[name]) * UNITS.get(name, 1.0) for name in names)]
    return tuple(round(n, 6) for n in (*numbers, answer.proof.objective, float(values.get("minutes", 0.0))))
