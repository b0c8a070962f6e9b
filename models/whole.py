"""Whole children where a linear programme gives fractions: an integer programme over the arcs that can matter.

A linear programme's prices prove its bound, and an arc's reduced cost is what the first whole child on it adds to that
bound. So arcs that add more than lies between the bound and a whole answer are in no better one, and leaving them out
loses nothing.
"""

import time
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .network import Network, Restricted, restrict
from .program import (
    DEFAULT_SOLVER,
    GAP_TOLERANCE,
    InfeasibleError,
    OutOfTimeError,
    Solution,
    Status,
    seconds_left,
    solve,
)
from .sift import Sifted, sift
from .stages import NEAR, SMALL, Ordered, ordered, stage_costs

__all__ = ["is_whole", "solve_whole"]

Floats = NDArray[np.float64]

FIRST: Final = 150
"""Arcs above one a node that are tried first."""

HALF_A_PENNY: Final = 0.005
COUNTED: Final = ("gap", "preference", "rules", "cost", "places", "minutes")
"""Objectives in children, millionths of a rule, pence and tenths of minutes: so little more is the same."""

KEPT: Final = 1e-6
"""How exactly another earlier objective is kept, as a share of it; a solver takes a narrower gap for none."""


def is_whole(answer: Ordered, network: Network) -> bool:
    """Whether every child, and every other variable that has to be, is whole."""
    wanted = network.extra["whole"].to_numpy(bool)
    numbers = np.concatenate([answer.children, answer.extras[wanted]])
    return bool((np.abs(numbers - np.round(numbers)) < 1e-8).all())


def solve_whole(
    network: Network,
    linear: Ordered,
    *,
    solver: str = DEFAULT_SOLVER,
    deadline: float | None = None,
    relative_gap: float = 0.0,
) -> Ordered:
    """The best whole answer to the network's objectives in their order, begun from the best fractional one.

    ``relative_gap`` lets the search end once an objective is known to be that close to its best. The prices and
    bounds of ``stages`` are the linear programmes', except that a bound is the better of the two.
    """
    found: dict[str, Sifted] = {}
    allowed: NDArray[np.bool_] | None = None
    unproven = list(network.cost)
    for name in network.cost:
        cost, extra_cost = stage_costs(network, name, allowed)
        if not cost.any() and not extra_cost.any():
            unproven.remove(name)
            continue
        if found and deadline is not None and time.monotonic() > deadline:
            break
        if relative_gap > 0.0 and name in ("minutes", "tie"):
            # Between answers that are only near the best there is no tie to break.
            unproven.remove(name)
            continue
        known = linear.stages.get(name)
        prices = np.zeros(len(network.rows))
        if known is not None:
            prices[: len(known.prices)] = known.prices
        near = NEAR * network.largest(cost, extra_cost)
        if allowed is not None and int(allowed.sum()) - len(network.supply) <= SMALL:
            near = np.inf
        bounded = sift(
            network, cost, extra_cost, prices=prices, near=near, allowed=allowed, solver=solver, deadline=deadline
        )
        stage = _whole_stage(
            network, cost, extra_cost, bounded, solver=solver, deadline=deadline, relative_gap=relative_gap
        )
        found[name] = stage
        if stage.proven or relative_gap > 0.0:
            unproven.remove(name)
        else:
            break
        network, allowed = _at_best(network, name, stage, cost, extra_cost)
    return ordered(found, unproven)


def _at_best(
    network: Network, name: str, stage: Sifted, cost: Floats, extra_cost: Floats
) -> tuple[Network, NDArray[np.bool_]]:
    """The whole answers that are as good: arcs that add no more than lies open, and the objective kept."""
    slack = HALF_A_PENNY if name in COUNTED else KEPT * max(1.0, abs(stage.objective))
    fitting = stage.reduced <= stage.objective - stage.bound_of_prices + slack + 1e-6
    if stage.objective <= 1e-9 and cost.min(initial=0.0) >= 0.0 and extra_cost.min(initial=0.0) >= 0.0:
        # Nought is kept by leaving out whatever costs anything.
        extra = network.extra.assign(upper=network.extra["upper"].where(extra_cost <= 0.0, network.extra["lower"]))
        return replace(network, extra=extra), fitting & (cost <= 0.0)
    return network.with_row(f"keep {name}", cost, extra_cost, stage.objective + slack), fitting


def _whole_stage(
    network: Network,
    cost: Floats,
    extra_cost: Floats,
    bounded: Sifted,
    *,
    solver: str,
    deadline: float | None,
    relative_gap: float,
) -> Sifted:
    possible = np.sort(bounded.reduced[np.isfinite(bounded.reduced)])
    margin = 1e-9 + float(possible[min(len(possible) - 1, len(network.supply) + FIRST)])
    while True:
        kept = np.flatnonzero(bounded.reduced <= margin)
        everything = len(kept) == len(possible)
        programme = restrict(network, cost, extra_cost, kept, whole=True)
        try:
            solution = solve(
                programme.program,
                programme.objective,
                solver=solver,
                time_limit=seconds_left(deadline),
                relative_gap=relative_gap,
            )
        except InfeasibleError:
            if deadline is not None and time.monotonic() > deadline:
                raise OutOfTimeError("found no answer of whole children in time") from None
            if everything:
                raise
            margin = 8.0 * margin + 1e-6
            continue
        values, objective = _settled(programme, solution, solver=solver)
        needed = objective - bounded.bound
        if needed > margin and not everything:
            margin = 1.001 * needed
            continue
        arcs, children = programme.flows(values[len(extra_cost) :])
        limit = max(bounded.bound, solution.bound + programme.constant)
        proven = solution.status is Status.optimal or objective - limit <= GAP_TOLERANCE * max(1.0, abs(objective))
        return replace(
            bounded,
            objective=objective,
            bound=min(limit, objective),
            proven=proven,
            arcs=arcs,
            children=np.round(children),
            extras=values[: len(extra_cost)],
        )


def _settled(programme: Restricted, solution: Solution, *, solver: str) -> tuple[Floats, float]:
    """The values with what is whole exactly so and the others solved for it once more, and what they come to.

    A search leaves whole numbers whole to a millionth only, and the others as they go with them: an objective that is
    kept a millionth too low would rule every answer out.
    """
    values, objective = solution.values.to_numpy(), solution.objective
    variables = programme.program.variables
    whole = variables["whole"].to_numpy(bool)
    if not whole.all():
        exactly = np.round(values)
        fixed = variables.assign(
            lower=variables["lower"].mask(whole, exactly), upper=variables["upper"].mask(whole, exactly), whole=False
        )
        again = replace(programme.program, variables=fixed)
        try:
            settled = solve(again, programme.objective, solver=solver)
        except InfeasibleError:
            return values, objective + programme.constant
        values, objective = settled.values.to_numpy(), settled.objective
    return values, objective + programme.constant
