"""Allocate groups of children to units: least gap, then least against preference, then the rules, then least cost.

Ties on cost are broken by least minutes, then by a fixed hash of labels, so that an answer is one answer.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from .changes import with_places
from .constraints import Rule
from .judged import SMALLEST_FLOW, band_use, known_prices, proof_of, tidy
from .minimum_use import with_minimum_use
from .one_year import YearNetwork, groups_that_may_wait, year_network
from .placement import Placement, PlacementProblem, up_to_ceiling
from .program import DEFAULT_SOLVER, InfeasibleError
from .stages import Ordered, solve_stages
from .whole import is_whole, solve_whole

__all__ = ["allocate", "bounds_without_prices", "cost_of", "overfill_of"]


def allocate(
    problem: PlacementProblem,
    *,
    rules: Sequence[Rule] = (),
    minimum: pd.Series | None = None,
    first: Sequence[str] = (),
    before: str = "cost",
    start: Placement | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
    relative_gap: float = 0.0,
) -> Placement:
    """The best placement of every group, with its proof; whole children where every group is of whole children.

    Never infeasible for want of places: what cannot be placed is the gap, made as small as it can be before any cost
    is looked at. ``rules``: see ``constraints``. ``minimum``: by unit, the children below which it takes nobody new
    (see ``minimum_use``). ``first``: objectives that come before another, such as ``minutes`` before cost. ``start``:
    the answer to nearly the same problem, whose prices make this one quick; the answer does not depend on it.
    ``time_limit`` is seconds in all: where they do not do, the best answer so far is ``feasible`` with its bound; where
    the solver gives none, a simple one is, if there are no rules.

    Raises ``InfeasibleError`` where rules that have to be kept contradict each other, ``OutOfTimeError`` where there
    are rules and nothing that keeps them was found in time.
    """
    deadline = None if time_limit is None else time.monotonic() + time_limit

    def under(more: Sequence[Rule], near: Placement | None) -> Placement:
        return _allocated(
            problem,
            [*rules, *more],
            first=first,
            before=before,
            start=near,
            solver=solver,
            deadline=deadline,
            relative_gap=relative_gap,
        )

    if minimum is None:
        return under((), start)
    return with_minimum_use(problem, minimum, under, start=start, deadline=deadline)


def _allocated(
    problem: PlacementProblem,
    rules: Sequence[Rule],
    *,
    first: Sequence[str],
    before: str,
    start: Placement | None,
    solver: str,
    deadline: float | None,
    relative_gap: float,
) -> Placement:
    stated = year_network(problem, rules)
    if first:
        stated = replace(stated, network=stated.network.in_order(first, before=before))
    known = known_prices(None if start is None else start.proof, stated.network.rows.index)
    try:
        answer = solve_stages(stated.network, start=known, solver=solver, deadline=deadline)
        children = problem.groups["children"].to_numpy(float)
        searched = (children % 1 == 0).all() and not answer.unproven and not is_whole(answer, stated.network)
        if searched:
            answer = solve_whole(stated.network, answer, solver=solver, deadline=deadline, relative_gap=relative_gap)
    except InfeasibleError:
        if rules:
            raise
        return _without_solver(problem, stated, solver=solver)
    found = _placement(problem, stated, answer, solver=solver)
    return replace(found, proof=replace(found.proof, by_prices=False)) if searched else found


def _placement(problem: PlacementProblem, stated: YearNetwork, answer: Ordered, *, solver: str) -> Placement:
    pair = stated.arcs.choice[answer.arcs]
    children = tidy(answer.children)
    some = (pair >= 0) & (children > SMALLEST_FLOW)
    flows = problem.pairs.loc[pair[some], ["group", "unit"]].astype(object).assign(children=children[some])
    gap = np.zeros(len(problem.groups))
    gap[stated.network.tails(answer.arcs[pair < 0])] = children[pair < 0]
    variables = pd.Series(tidy(answer.extras), index=stated.network.extra.index)[len(problem.bands) :]
    added = variables[variables.index.str.startswith("add[")]
    if len(added):
        problem = with_places(problem, added.set_axis(added.index.str.slice(4, -1)))
    own = float(stated.network.extra_cost["cost"][len(problem.bands) :] @ variables.to_numpy(float))
    waiting = pd.Series(gap, index=problem.groups.index)
    return _judged(
        problem,
        flows.reset_index(drop=True),
        waiting,
        stated,
        answer=answer,
        variables=variables,
        own=own,
        solver=solver,
    )


def _judged(
    problem: PlacementProblem,
    flows: pd.DataFrame,
    gap: pd.Series,
    stated: YearNetwork,
    *,
    answer: Ordered | None,
    variables: pd.Series,
    own: float,
    solver: str,
) -> Placement:
    """An answer with what it comes to, ``own`` pounds of the rules' variables in it, and the bounds known of it."""
    overfill = overfill_of(problem, flows)
    proof = proof_of(
        answer,
        stated.network.rows.index,
        objective=cost_of(problem, flows) + float((overfill["price"] * overfill["children"]).sum()) + own,
        waiting=float(gap.sum()),
        floor=lambda: bounds_without_prices(problem),
        solver=solver,
    )
    return Placement(flows=flows, gap=gap, overfill=overfill, variables=variables, proof=proof)


def overfill_of(problem: PlacementProblem, flows: pd.DataFrame) -> pd.DataFrame:
    """The children above places in each band, cheapest band first: unit, band, children, price."""
    load = flows.groupby("unit")["children"].sum().reindex(problem.units.index, fill_value=0.0) + problem.units["held"]
    excess = (load - problem.units["places"]).clip(lower=0.0).loc[problem.bands["unit"]].to_numpy()
    used = band_use(excess, problem.bands["width"].to_numpy(float), problem.bands["unit"])
    bands = problem.bands[["unit", "band", "price"]].assign(children=used)
    return bands[bands["children"] > SMALLEST_FLOW][["unit", "band", "children", "price"]].reset_index(drop=True)


def bounds_without_prices(problem: PlacementProblem) -> tuple[float, float]:
    """Children in the gap and pounds that no best answer is below, prices unknown.

    Groups without a pair are in the gap; every other child costs at least its cheapest pair, or nothing where
    it may wait; the overfill of those who stay is in every answer.
    """
    at = pd.Series(problem.pairs["cost"].to_numpy(float)).groupby(problem.at_group).min()
    cheapest = at.reindex(range(len(problem.groups))).set_axis(problem.groups.index)
    may_wait = problem.groups.index.isin(groups_that_may_wait(problem))
    least = cheapest.where(~may_wait, cheapest.clip(upper=0.0)).fillna(0.0)
    staying = overfill_of(problem, problem.pairs[["group", "unit"]].iloc[:0].assign(children=0.0))
    pounds = float((least * problem.groups["children"]).sum())
    pounds += float((staying["price"] * staying["children"]).sum())
    return float(problem.groups["children"][cheapest.isna()].sum()), pounds


def _without_solver(problem: PlacementProblem, stated: YearNetwork, *, solver: str) -> Placement:
    """A feasible answer without a solver: each group in turn takes its cheapest pair that still has room."""
    room = up_to_ceiling(problem.units, problem.bands) - problem.units["held"]
    left_at = dict(zip(room.index, room.tolist(), strict=True))
    left = problem.groups["children"].to_dict()
    order = problem.pairs.sort_values(["group", "against_preference", "cost", "unit"])
    flows = []
    for group, unit in zip(order["group"], order["unit"], strict=True):
        children = min(left[group], left_at[unit])
        if children > SMALLEST_FLOW:
            flows.append((group, unit, children))
            left[group] -= children
            left_at[unit] -= children
    found = pd.DataFrame(flows, columns=["group", "unit", "children"]).astype({"children": float})
    gap = pd.Series(left, index=problem.groups.index, dtype=float)
    nothing = pd.Series(dtype=float)
    return _judged(problem, found, gap, stated, answer=None, variables=nothing, own=0.0, solver=solver)


def cost_of(problem: PlacementProblem, flows: pd.DataFrame) -> float:
    """Pounds of the flows' pairs, overfill apart."""
    at = problem.pair_places(flows["group"], flows["unit"])
    return float(problem.pairs["cost"].to_numpy(float).round(2)[at] @ flows["children"].to_numpy(float))
