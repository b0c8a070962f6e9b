"""Allocate groups of children to units: least gap, then least against preference, then least cost.

Ties on cost are broken by least minutes, then by a fixed hash of labels, so that an answer is one answer.
"""

from typing import Final

import numpy as np
import pandas as pd

from . import constraints
from .placement import Placement, PlacementProblem, Proof, tie_break
from .pricing import GAP_WEIGHT, NotOptimalError, lower_bound, residual, unit_prices, weigh
from .program import DEFAULT_SOLVER, InfeasibleError, Program, Solution, Status, solve_in_order

__all__ = [
    "allocate",
    "allocation_program",
    "bounds_without_prices",
    "objectives",
    "overfill_of",
    "placement_of",
    "prove",
    "worthwhile_pairs",
]

SMALLEST_FLOW: Final = 1e-7


def allocate(problem: PlacementProblem, *, solver: str = DEFAULT_SOLVER, time_limit: float | None = None) -> Placement:
    """The best placement of every group, with its proof.

    Never infeasible for want of places: what cannot be placed is the gap, made as small as it can be
    before any cost is looked at. Where the solver gives no answer within ``time_limit`` seconds a stage, a
    simple feasible one is returned with the status ``feasible`` and its bound.
    """
    pairs = worthwhile_pairs(problem)
    program = allocation_program(problem, pairs)
    try:
        stages = solve_in_order(program, objectives(problem, pairs), solver=solver, time_limit=time_limit)
    except InfeasibleError:
        flows, gap, overfill = _cheapest_first(problem)
    else:
        flows, gap, overfill = placement_of(problem, pairs, list(stages.values())[-1])
    return prove(problem, flows, gap, overfill, solver=solver)


def worthwhile_pairs(problem: PlacementProblem, *, spending: pd.Series | None = None) -> pd.DataFrame:
    """The pairs that some best answer uses, with their tie-break: of a group's units without counted places the best.

    Where ``spending`` is limited (pounds a child, in the order of ``problem.pairs``), the dearer units that
    spend less count as well; it then comes as a column.
    """
    pounds = 0.0 if spending is None else spending.to_numpy(float)
    pairs = problem.pairs.assign(tie=tie_break(problem.pairs["group"], problem.pairs["unit"]), spending=pounds)
    unlimited = problem.units.index[np.isinf(problem.units["places"])]
    bought = pairs[pairs["unit"].isin(unlimited)]
    bought = bought.sort_values(["group", "against_preference", "cost", "minutes", "tie", "unit"])
    least_before = bought.groupby("group")["spending"].cummin().groupby(bought["group"]).shift()
    best = bought[least_before.isna() | (bought["spending"] < least_before)]
    kept = pd.concat([pairs[~pairs["unit"].isin(unlimited)], best])
    return kept.sort_values(["group", "unit"], ignore_index=True)


def allocation_program(
    problem: PlacementProblem, pairs: pd.DataFrame, *, additions: pd.DataFrame | None = None, whole: bool = False
) -> Program:
    """The programme over ``pairs``: every child counted, every unit within its places and overfill bands.

    ``additions`` (index unit; site, limit, fixed_cost) makes places at those units variables as well.
    """
    groups, bands = problem.groups, problem.bands
    gap_groups = _groups_that_may_wait(problem)
    added = None if additions is None else additions.index
    rules = [
        constraints.every_child_counted(problem, pairs, gap_groups),
        constraints.within_places(problem, pairs, added),
    ]
    variables = [
        pd.DataFrame(
            {"upper": groups["children"].reindex(pairs["group"]).to_numpy()}, index=constraints.pair_labels(pairs)
        ),
        pd.DataFrame(
            {"upper": groups["children"].reindex(gap_groups).to_numpy()}, index=constraints.gap_labels(gap_groups)
        ),
        pd.DataFrame({"upper": bands["width"].to_numpy(float)}, index=constraints.over_labels(bands)),
    ]
    if additions is not None:
        rules.append(constraints.site_limits(additions))
        variables.append(
            pd.DataFrame({"upper": additions["limit"].to_numpy(float)}, index=constraints.add_labels(additions.index))
        )
    return Program(
        pd.concat(variables).assign(lower=0.0, whole=whole)[["lower", "upper", "whole"]],
        pd.concat([rule.rows for rule in rules]),
        pd.concat([rule.entries for rule in rules], ignore_index=True),
    )


def objectives(problem: PlacementProblem, pairs: pd.DataFrame) -> dict[str, pd.Series]:
    """The stages in order: gap and preference (where they can be other than nought), cost, minutes, tie."""
    labels = constraints.pair_labels(pairs)
    gap_groups = _groups_that_may_wait(problem)
    bands = problem.bands
    stages = {}
    if len(gap_groups):
        stages["gap"] = pd.Series(1.0, index=constraints.gap_labels(gap_groups))
    if pairs["against_preference"].any():
        stages["preference"] = pd.Series(pairs["against_preference"].to_numpy(float), index=labels)
    overfill = pd.Series(bands["price"].to_numpy(float), index=constraints.over_labels(bands))
    stages["cost"] = pd.concat([pd.Series(pairs["cost"].to_numpy(float).round(2), index=labels), overfill.round(2)])
    stages["minutes"] = pd.Series(pairs["minutes"].to_numpy(float).round(1), index=labels)
    stages["tie"] = pd.Series(pairs["tie"].to_numpy(float), index=labels)
    return stages


def placement_of(
    problem: PlacementProblem, pairs: pd.DataFrame, solution: Solution
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Read flows, gap and overfill out of a solution; whole numbers are made exactly so."""
    values = solution.values
    children = values.reindex(constraints.pair_labels(pairs)).fillna(0.0).to_numpy()
    flows = pairs[["group", "unit"]].assign(children=_tidy(children))
    flows = flows[flows["children"] > SMALLEST_FLOW].reset_index(drop=True)
    gap = values.reindex(constraints.gap_labels(problem.groups.index)).fillna(0.0).to_numpy()
    return flows, pd.Series(_tidy(gap), index=problem.groups.index), overfill_of(problem, flows)


def overfill_of(problem: PlacementProblem, flows: pd.DataFrame) -> pd.DataFrame:
    """The children above places in each band, cheapest band first: unit, band, children, price."""
    load = flows.groupby("unit")["children"].sum().reindex(problem.units.index, fill_value=0.0) + problem.units["held"]
    excess = (load - problem.units["places"]).clip(lower=0.0).loc[problem.bands["unit"]].to_numpy()
    width = problem.bands["width"].to_numpy(float)
    before = problem.bands.groupby("unit")["width"].cumsum().to_numpy(float) - width
    used = np.clip(excess - before, 0.0, width)
    bands = problem.bands[["unit", "band", "price"]].assign(children=_tidy(used))
    return bands[bands["children"] > SMALLEST_FLOW][["unit", "band", "children", "price"]].reset_index(drop=True)


def prove(
    problem: PlacementProblem, flows: pd.DataFrame, gap: pd.Series, overfill: pd.DataFrame, *, solver: str
) -> Placement:
    """Join an answer with prices from its own residual graph and the bound that they prove."""
    try:
        prices = unit_prices(problem, residual(problem, flows, gap))
    except NotOptimalError:
        prices = pd.Series(0.0, index=problem.units.index)
    placed = flows.merge(problem.pairs.assign(weight=weigh(problem.pairs)), on=["group", "unit"])
    above = overfill["children"]
    objective = float((placed["cost"] * placed["children"]).sum()) + float((overfill["price"] * above).sum())
    waiting = float(gap.sum())
    weighed = float((placed["weight"] * placed["children"]).sum())
    weighed += float(((overfill["price"] * 100.0).round() * above).sum())
    weighed += GAP_WEIGHT * waiting
    bound = lower_bound(problem, prices)
    # A penny in ten million of cost, and the rounding of double precision on the weights above it.
    rounding = 1e-13 * abs(weighed) if waiting == round(waiting) else 1e-9 * GAP_WEIGHT * (1.0 + waiting)
    proven = weighed - bound <= 1e-5 * max(1.0, abs(objective)) + rounding
    gap_bound, cost_bound = (waiting, objective) if proven else bounds_without_prices(problem)
    gap_bound, cost_bound = min(gap_bound, waiting), min(cost_bound, objective)
    status = Status.optimal if proven else Status.feasible
    proof = Proof(str(status), objective, cost_bound, waiting, gap_bound, solver, prices)
    return Placement(flows, gap, overfill, proof)


def bounds_without_prices(problem: PlacementProblem) -> tuple[float, float]:
    """Children in the gap and pounds that no best answer is below, prices unknown.

    Groups without a pair are in the gap; every other child costs at least its cheapest pair, or nothing where
    it may wait; the overfill of those who stay is in every answer.
    """
    cheapest = problem.pairs.groupby("group")["cost"].min().reindex(problem.groups.index)
    may_wait = problem.groups.index.isin(_groups_that_may_wait(problem))
    least = cheapest.where(~may_wait, cheapest.clip(upper=0.0)).fillna(0.0)
    staying = overfill_of(problem, problem.pairs[["group", "unit"]].assign(children=0.0))
    pounds = float((least * problem.groups["children"]).sum())
    pounds += float((staying["price"] * staying["children"]).sum())
    return float(problem.groups["children"][cheapest.isna()].sum()), pounds


def _cheapest_first(problem: PlacementProblem) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """A feasible answer without a solver: each group in turn takes its cheapest pair that still has room."""
    room = problem.units["places"] - problem.units["held"]
    room = room.add(problem.bands.groupby("unit")["width"].sum(), fill_value=0.0)
    left_at = dict(zip(room.index, room.tolist(), strict=True))
    left = problem.groups["children"].to_dict()
    order = problem.pairs.assign(weight=weigh(problem.pairs)).sort_values(["group", "weight", "unit"])
    flows = []
    for group, unit in zip(order["group"], order["unit"], strict=True):
        children = min(left[group], left_at[unit])
        if children > SMALLEST_FLOW:
            flows.append((group, unit, children))
            left[group] -= children
            left_at[unit] -= children
    found = pd.DataFrame(flows, columns=["group", "unit", "children"]).astype({"children": float})
    return found, pd.Series(left, index=problem.groups.index, dtype=float), overfill_of(problem, found)


def _groups_that_may_wait(problem: PlacementProblem) -> pd.Index:
    """Groups without a unit that always has room: only they can be in the gap."""
    unlimited = problem.units.index[np.isinf(problem.units["places"])]
    safe = problem.pairs.loc[problem.pairs["unit"].isin(unlimited), "group"].unique()
    return problem.groups.index.difference(pd.Index(safe))


def _tidy(numbers: np.ndarray) -> np.ndarray:
    whole = np.round(numbers)
    return np.where(np.abs(numbers - whole) < 1e-6, whole, np.maximum(numbers, 0.0))
