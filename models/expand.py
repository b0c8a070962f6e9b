"""Where more places should go: the allocation with places as variables, stopping where they no longer save."""

from dataclasses import dataclass, field, replace
from typing import Final

import pandas as pd

from .allocate import allocate, bounds_without_prices, cost_of, overfill_of
from .changes import with_places
from .constraints import added_places, limit_spending
from .placement import Placement, PlacementProblem
from .program import DEFAULT_SOLVER, Status

__all__ = ["BUDGET_GAP", "Expansion", "expand"]

BUDGET_GAP: Final = 1e-3
"""How close to the best an answer under a limit on pounds has to be: a knapsack of places is seldom proven
to the penny."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """Places added and the placement with them.

    ``added``: whole places by unit (only those above nought). ``problem`` is the first one with these places
    and ``placement`` its best answer (under a limit on pounds: the best within it, so its own proof may say
    no more than feasible). ``objective`` and ``bound`` (pounds a year) include the fixed cost of what is
    added and are of the whole question.
    """

    added: pd.Series = field(repr=False)
    problem: PlacementProblem = field(repr=False)
    placement: Placement
    status: str
    objective: float
    bound: float


def expand(
    problem: PlacementProblem,
    additions: pd.DataFrame,
    *,
    most_places: int | None = None,
    spending: pd.Series | None = None,
    most_pounds: float | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Expansion:
    """Add places where each lowers the objective by more than its fixed cost, up to the limits.

    ``additions``: index unit; columns site, limit (whole places at the site), fixed_cost (pounds a place a
    year). ``most_places`` bounds their number. ``most_pounds`` bounds fixed cost plus ``spending`` (pounds a
    child of each pair, in the order of ``problem.pairs``) over the children placed. The objective comes in
    the order of an allocation (least gap, preference, cost), the fixed cost counted in the cost; between
    equals the fewer places win.

    Raises ``ValueError`` where a group is a fraction of a child, ``InfeasibleError`` where nothing keeps
    within ``most_pounds`` or no answer is found in ``time_limit`` seconds, which the
    choice of places and the placement have each.
    """
    if (problem.groups["children"] % 1 != 0).any():
        raise ValueError("more places: expected groups of whole children, since a place is whole")
    rules = [added_places(problem, additions, most_places=most_places)]
    # A row on pounds breaks the network that makes linear answers whole.
    knapsack = most_pounds is not None
    if most_pounds is not None and spending is not None:
        rules.append(limit_spending(problem, additions, spending.to_numpy(float), most_pounds))
    chosen = allocate(
        problem,
        rules=rules,
        solver=solver,
        time_limit=time_limit,
        relative_gap=BUDGET_GAP if knapsack else 0.0,
    )
    added = _added(chosen, additions)
    larger = with_places(problem, added)
    best = allocate(larger, solver=solver, time_limit=time_limit)
    placement = _within(larger, chosen, best) if knapsack else best
    objective = placement.proof.objective + float((added * additions["fixed_cost"].loc[added.index]).sum())
    bound = chosen.proof.bound
    if chosen.proof.status != Status.optimal and "cost" not in chosen.proof.bounds:
        _, bound = bounds_without_prices(with_places(problem, additions["limit"]))
    proven = chosen.proof.status == Status.optimal and (knapsack or best.proof.status == Status.optimal)
    status = Status.optimal if proven else Status.feasible
    return Expansion(added, larger, placement, str(status), objective, min(bound, objective))


def _within(problem: PlacementProblem, chosen: Placement, best: Placement) -> Placement:
    """The placement that keeps to the pounds, judged beside the best one of its places, which need not."""
    overfill = overfill_of(problem, chosen.flows)
    objective = cost_of(problem, chosen.flows) + float((overfill["price"] * overfill["children"]).sum())
    waiting = float(chosen.gap.sum())
    same = waiting == best.proof.gap_children and objective <= best.proof.objective + 1e-6
    proof = replace(
        best.proof,
        status=best.proof.status if same else str(Status.feasible),
        objective=objective,
        bound=min(best.proof.bound, objective),
        gap_children=waiting,
        gap_children_bound=min(best.proof.gap_children_bound, waiting),
    )
    return replace(chosen, overfill=overfill, proof=proof)


def _added(placement: Placement, additions: pd.DataFrame) -> pd.Series:
    values = placement.variables.reindex([f"add[{unit}]" for unit in additions.index]).fillna(0.0)
    added = pd.Series(values.to_numpy().round(), index=additions.index, name="places")
    return added[added > 0]
