"""Where more places should go: the allocation with places as variables, stopping where they no longer save."""

from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from . import constraints
from .allocate import (
    allocate,
    allocation_program,
    bounds_without_prices,
    objectives,
    placement_of,
    prove,
    worthwhile_pairs,
)
from .placement import Placement, PlacementProblem, placement_problem
from .program import DEFAULT_SOLVER, Program, Solution, Status, solve_in_order

__all__ = ["BUDGET_GAP", "Expansion", "expand", "with_places"]

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
    within ``most_pounds`` or no answer is found in ``time_limit`` seconds a stage.
    """
    if (problem.groups["children"] % 1 != 0).any():
        raise ValueError("more places: expected groups of whole children, since a place is whole")
    # A row on pounds breaks the network that makes linear answers whole.
    whole = most_pounds is not None
    best = worthwhile_pairs(problem, spending=spending if whole else None)
    program = allocation_program(problem, best, additions=additions, whole=whole)
    if most_places is not None:
        program = _with_rule(program, constraints.add_at_most(additions, most_places))
    if most_pounds is not None:
        program = _with_rule(program, constraints.limit_spending(best, additions, best["spending"], most_pounds))
    stages = solve_in_order(
        program,
        _stages(problem, best, additions),
        solver=solver,
        time_limit=time_limit,
        relative_gap=BUDGET_GAP if whole else 0.0,
    )
    last = list(stages.values())[-1]
    added = _added(last, additions)
    larger = with_places(problem, added)
    if whole:
        placement = prove(larger, *placement_of(larger, best, last), solver=solver)
    else:
        placement = allocate(larger, solver=solver, time_limit=time_limit)
    objective = placement.proof.objective + float((added * additions["fixed_cost"].loc[added.index]).sum())
    if "cost" in stages:
        bound = stages["cost"].bound
    else:
        _, bound = bounds_without_prices(with_places(problem, additions["limit"]))
    proven = all(s.status is Status.optimal for s in stages.values()) and (
        whole or placement.proof.status == Status.optimal
    )
    status = Status.optimal if proven else Status.feasible
    return Expansion(added, larger, placement, str(status), objective, min(bound, objective))


def with_places(problem: PlacementProblem, added: pd.Series) -> PlacementProblem:
    """The same problem with more (or, negative, fewer) places at some units."""
    places = problem.units["places"].add(added, fill_value=0.0)
    return placement_problem(problem.groups, problem.units.assign(places=places), problem.bands, problem.pairs)


def _stages(problem: PlacementProblem, pairs: pd.DataFrame, additions: pd.DataFrame) -> dict[str, pd.Series]:
    labels = constraints.add_labels(additions.index)
    fixed = pd.Series(additions["fixed_cost"].to_numpy(float).round(2), index=labels)
    stages = {k: v for k, v in objectives(problem, pairs).items() if k in ("gap", "preference", "cost")}
    stages["cost"] = pd.concat([stages["cost"], fixed])
    stages["places"] = pd.Series(1.0, index=labels)
    return stages


def _with_rule(program: Program, rule: constraints.Rule) -> Program:
    return Program(
        program.variables,
        pd.concat([program.rows, rule.rows]),
        pd.concat([program.entries, rule.entries], ignore_index=True),
    )


def _added(solution: Solution, additions: pd.DataFrame) -> pd.Series:
    values = solution.values.reindex(constraints.add_labels(additions.index)).fillna(0.0)
    added = pd.Series(values.to_numpy().round(), index=additions.index, name="places")
    return added[added > 0]
