"""The p-median: so many sites that the weighted distance to the nearest is least, proven.

Exchanges give a good answer (``local_search``). A Lagrangian bound tells which sites no better answer opens, which
each opens, and how far a point may go in one (``lagrangian``). Where few sites are sought the bound branches; where
many are, what is left is a small programme in the radius form (Cornuejols, Nemhauser and Wolsey 1980; Elloumi 2010).
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .lagrangian import Branch, Known, branch_and_bound, closed, first_answer, raise_bound
from .program import DEFAULT_SOLVER, InfeasibleError, Program, solve
from .siting import Siting, SitingProblem, assigned_to_nearest, siting_problem, siting_status

__all__ = ["p_median", "radius_program"]

ROUNDS: Final = 8
"""How often the bound is made again over the sites that are left."""
KEEP_ON: Final = 0.9
"""A round that leaves more of the sites than this share is the last."""
FEW: Final = 15
"""With no more sites to find the bound branches; with more its gap is small, and the programme closes it sooner."""


def p_median(
    distances: pd.DataFrame,
    weights: pd.Series | None = None,
    *,
    sites: int,
    existing: Iterable[object] = (),
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Siting:
    """Where ``sites`` more sites make the sum of weight x distance to the nearest open site least.

    ``distances``: index point, columns site, ``inf`` where there is no journey; existing sites are open already and not
    counted. ``time_limit`` is seconds for the last programme; an answer that is not proven by then says so with its
    bound. The same problem in another order of rows and columns has the same answer.

    Raises ``ValueError`` (see ``siting_problem``; more sites than there are) and ``InfeasibleError`` naming points
    that no choice of so many sites serves.
    """
    problem = siting_problem(distances, weights, existing=existing)
    shut = int((~problem.existing).sum())
    if not 0 <= sites <= shut or sites + int(problem.existing.sum()) == 0:
        raise ValueError(
            f"{sites} sites: expected from {0 if problem.existing.any() else 1} to {shut}, those that are not open"
        )
    cost = _costs(problem)
    known, branch = first_answer(cost, problem.existing, sites, step=_whole_step(cost))
    bound = known.value
    if 0 < sites < shut:
        for _ in range(ROUNDS):
            left = int(branch.free.sum())
            branch = raise_bound(known, branch)
            if closed(known, branch) or int(branch.free.sum()) > KEEP_ON * left:
                break
        bound = known.value if closed(known, branch) else _finish(known, branch, problem, solver, time_limit)
    return _siting(problem, known, bound)


def _costs(problem: SitingProblem) -> NDArray[np.float64]:
    """Weight x distance; where there is no journey more than all journeys together could cost."""
    with np.errstate(invalid="ignore"):
        cost = problem.weights[:, np.newaxis] * problem.distances
    possible = np.isfinite(problem.distances)
    dearest = np.where(possible, cost, 0.0).max(axis=1)
    return np.where(possible, cost, dearest.sum() + 1.0)


def _whole_step(cost: NDArray[np.float64]) -> float:
    """1 where every cost is whole, so that two different answers are at least 1 apart; else next to nothing."""
    largest = float(np.abs(cost).max())
    whole = bool((cost == np.round(cost)).all()) and largest * len(cost) < 2**52
    return 1.0 - 1e-6 if whole else 1e-9 * max(1.0, largest)


def radius_program(
    cost: NDArray[np.float64],
    settled: NDArray[np.bool_],
    farthest: NDArray[np.float64],
    names: pd.Index,
    *,
    wanted: int,
) -> tuple[Program, pd.Series, float]:
    """The p-median over the sites left, in the radius form, with what every answer costs at least.

    With the different costs c[i,1] < c[i,2] < ... of point i, up to that of a settled site or to the farthest that it
    may go: min sum_i (c[i,1] + sum_k (c[i,k+1] - c[i,k]) beyond[i,k])   s.t.
    beyond[i,k] + sum over j with cost[i,j] <= c[i,k] of open[j] >= 1,   sum_j open[j] = wanted.
    The last row of a point that no settled site ends has no beyond: it is served by then.
    """
    labels = [f"open[{name}]" for name in names[~settled]]
    free = cost[:, ~settled]
    ends = cost[:, settled].min(axis=1) if settled.any() else np.full(len(cost), np.inf)
    terms: list[tuple[str, str]] = []
    rows: list[str] = []
    prices: dict[str, float] = {}
    constant = 0.0
    for point in range(len(cost)):
        last = min(float(ends[point]), float(farthest[point]))
        near = free[point] <= last
        radii = np.unique(np.append(free[point][near], ends[point] if ends[point] <= last else []))
        constant += float(radii[0])
        for k, radius in enumerate(radii):
            within = free[point] <= radius
            served = ends[point] <= radius
            if served:
                break
            beyond = f"beyond[{point},{k}]"
            rows.append(f"reach[{point},{k}]")
            terms += [(rows[-1], labels[j]) for j in np.flatnonzero(within)]
            if k + 1 < len(radii):
                prices[beyond] = float(radii[k + 1] - radius)
                terms.append((rows[-1], beyond))
    rows.append("sites")
    terms += [("sites", label) for label in labels]
    variables = pd.DataFrame(
        {"lower": 0.0, "upper": 1.0, "whole": [True] * len(labels) + [False] * len(prices)}, index=[*labels, *prices]
    )
    table = pd.DataFrame(
        {"sense": [">="] * (len(rows) - 1) + ["="], "right": [1.0] * (len(rows) - 1) + [float(wanted)]}, index=rows
    )
    entries = pd.DataFrame(terms, columns=["row", "variable"]).assign(coefficient=1.0)
    return Program(variables, table, entries), pd.Series(prices, dtype=float), constant


def _finish(known: Known, branch: Branch, problem: SitingProblem, solver: str, time_limit: float | None) -> float:
    """Search what is left; the bound that holds then."""
    if branch.wanted <= FEW:
        return branch_and_bound(known, branch, time_limit=time_limit)
    # The best answer known is let in again, so that the programme always has one.
    settled = branch.settled & known.best
    columns = np.flatnonzero(branch.settled | branch.free | known.best)
    wanted = branch.wanted + int((branch.settled & ~settled).sum())
    least = np.maximum(branch.farthest, known.cost[:, known.best].min(axis=1))
    cost, shut = known.cost[:, columns], ~settled[columns]
    program, objective, constant = radius_program(cost, ~shut, least, problem.sites[columns], wanted=wanted)
    try:
        solution = solve(program, objective, solver=solver, time_limit=time_limit)
    except InfeasibleError:
        # It is feasible, so this is a solver that stopped without an answer.
        return branch.bound
    opened = solution.values.loc[[f"open[{name}]" for name in problem.sites[columns[shut]]]].to_numpy() > 0.5
    chosen = settled.copy()
    chosen[columns[shut][opened]] = True
    value = float(known.cost[:, chosen].min(axis=1).sum())
    if value < known.value:
        known.best, known.value = chosen, value
    # What was ruled out costs at least the best value known then, so the bound of the rest holds up to it.
    return max(branch.bound, min(solution.bound + constant, known.value))


def _siting(problem: SitingProblem, known: Known, bound: float) -> Siting:
    assignment, unserved = assigned_to_nearest(problem, known.best)
    if unserved:
        named = ", ".join(unserved[:10]) + (f" and {len(unserved) - 10} more" if len(unserved) > 10 else "")
        raise InfeasibleError(f"no choice of so many sites serves every point; without a journey: {named}")
    objective = float((assignment["weight"] * assignment["distance"]).sum())
    return Siting(
        question="p-median",
        chosen=tuple(problem.sites[known.best & ~problem.existing]),
        assignment=assignment,
        uncovered=(),
        objective=objective,
        bound=min(bound, objective),
        status=siting_status(objective, bound),
    )
