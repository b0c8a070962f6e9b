"""Where more places should go: the allocation with places as variables, stopping where they no longer save."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import pandas as pd

from .allocate import allocate, bounds_without_prices
from .changes import with_places
from .constraints import Rule, added_places, limit_spending, with_places_paid
from .placement import Placement, PlacementProblem
from .program import DEFAULT_SOLVER, Status

__all__ = ["BUDGET_GAP", "Expansion", "expand"]

BUDGET_GAP: Final = 1e-3
"""How close to the best an answer under a limit on pounds has to be: a knapsack of places is seldom proven
to the penny."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """Places added and the placement with them.

    ``added``: whole places by unit (only those above nought). ``problem`` and ``rules`` are the first ones with these
    places and ``placement`` its best answer (under a limit on pounds: the best within it, so its own proof may say
    no more than feasible). ``objective`` and ``bound`` (pounds a year) include the fixed cost of what is
    added and are of the whole question.
    """

    added: pd.Series = field(repr=False)
    problem: PlacementProblem = field(repr=False)
    rules: Sequence[Rule] = field(repr=False)
    placement: Placement
    status: str
    objective: float
    bound: float


def expand(
    problem: PlacementProblem,
    additions: pd.DataFrame,
    *,
    rules: Sequence[Rule] = (),
    minimum: pd.Series | None = None,
    most_places: int | None = None,
    spending: pd.Series | None = None,
    most_pounds: float | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Expansion:
    """Add places where each lowers the objective by more than its fixed cost, up to the limits.

    ``additions``: index unit; columns site, limit (whole places at the site), fixed_cost (pounds a place a
    year). ``most_places`` bounds their number. ``most_pounds`` bounds fixed cost plus ``spending`` (pounds a
    child of each pair, in the order of ``problem.pairs``) over the children placed. ``rules`` and ``minimum`` are kept
    as in an allocation. The objective comes in the order of an allocation (least gap, preference, rules, cost), the
    fixed cost counted in the cost; between equals the fewer places win.

    Raises ``ValueError`` where a group is a fraction of a child, ``InfeasibleError`` where nothing keeps
    within ``most_pounds`` or no answer is found in ``time_limit`` seconds, which the
    choice of places and the placement have each.
    """
    if (problem.groups["children"] % 1 != 0).any():
        raise ValueError("more places: expected groups of whole children, since a place is whole")
    choosing = [*rules, added_places(problem, additions, most_places=most_places, beside=rules)]
    # A row on pounds breaks the network that makes linear answers whole.
    knapsack = most_pounds is not None
    if most_pounds is not None and spending is not None:
        choosing.append(limit_spending(problem, additions, spending.to_numpy(float), most_pounds))
    chosen = allocate(
        problem,
        rules=choosing,
        minimum=minimum,
        solver=solver,
        time_limit=time_limit,
        relative_gap=BUDGET_GAP if knapsack else 0.0,
    )
    added = _added(chosen, additions)
    larger, paid = with_places(problem, added), with_places_paid(rules, added)
    best = allocate(larger, rules=paid, minimum=minimum, solver=solver, time_limit=time_limit)
    fixed = float((added * additions["fixed_cost"].round(2).loc[added.index]).sum())
    placement = _within(chosen, best, fixed) if knapsack else best
    objective = placement.proof.objective + fixed
    bound = chosen.proof.bound
    if chosen.proof.status != Status.optimal and "cost" not in chosen.proof.bounds:
        _, bound = bounds_without_prices(with_places(problem, additions["limit"]))
    proven = chosen.proof.status == Status.optimal and (knapsack or best.proof.status == Status.optimal)
    status = Status.optimal if proven else Status.feasible
    return Expansion(added, larger, paid, placement, str(status), objective, min(bound, objective))


def _within(chosen: Placement, best: Placement, fixed: float) -> Placement:
    """The placement that keeps to the pounds, judged beside the best one of its places, which need not.

    ``fixed``: the pounds of the places, which the choice of them counts and the placement does not.
    """
    objective = chosen.proof.objective - fixed
    waiting = float(chosen.gap.sum())
    before = [name for name in best.proof.values.index if name not in ("gap", "cost", "places", "minutes", "tie")]
    worse = chosen.proof.values.reindex(before).fillna(0.0) - best.proof.values[before] > 1e-6
    same = waiting == best.proof.gap_children and not worse.any() and objective <= best.proof.objective + 1e-6
    proof = replace(
        best.proof,
        status=best.proof.status if same else str(Status.feasible),
        objective=objective,
        bound=min(best.proof.bound, objective),
        gap_children=waiting,
        gap_children_bound=min(best.proof.gap_children_bound, waiting),
    )
    return replace(chosen, proof=proof)


def _added(placement: Placement, additions: pd.DataFrame) -> pd.Series:
    values = placement.variables.reindex([f"add[{unit}]" for unit in additions.index]).fillna(0.0)
    added = pd.Series(values.to_numpy().round(), index=additions.index, name="places")
    return added[added > 0]
