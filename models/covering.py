"""Covering: the sites that serve the most within a limit, and the fewest that serve all who can be served.

Church and ReVelle (1974) and Toregas et al. (1971). Points that the same sites cover are one row, and a site that
covers no more than another is left out: neither changes the best answer.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .program import DEFAULT_SOLVER, Program, Solution, solve
from .siting import Siting, SitingProblem, assigned_to_nearest, siting_problem, siting_status

__all__ = ["maximal_covering", "maximal_covering_program", "set_covering", "set_covering_program"]


def maximal_covering(
    distances: pd.DataFrame,
    weights: pd.Series | None = None,
    *,
    sites: int,
    limit: float,
    existing: Iterable[object] = (),
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Siting:
    """Where ``sites`` more sites serve the greatest weight of points within ``limit`` of an open one.

    ``distances``: index point, columns site, ``inf`` where there is no journey; the limit is in their unit and
    counts as within. ``objective`` is the weight covered, existing sites' included; ``bound`` is no less. Fewer
    sites are chosen where more would cover nothing. Raises ``ValueError`` (see ``siting_problem``; a negative number).
    """
    problem = siting_problem(distances, weights, existing=existing)
    if sites < 0 or not limit >= 0:
        raise ValueError(f"sites {sites}, limit {limit}: expected 0 or more")
    covers = problem.distances <= limit
    done = covers[:, problem.existing].any(axis=1)
    usable = np.flatnonzero(~problem.existing)
    rows, weight = _merged(covers[np.ix_(~done, usable)], problem.weights[~done])
    kept = _undominated(rows, weight)
    have = float(problem.weights[done].sum())
    if not len(kept) or sites == 0 or not len(rows):
        return _siting("maximal covering", problem, usable[:0], limit=limit, objective=have, bound=have)
    if sites >= len(kept):
        best = have + float(weight[rows[:, kept].any(axis=1)].sum())
        return _siting("maximal covering", problem, usable[kept], limit=limit, objective=best, bound=best)
    names = problem.sites[usable[kept]]
    program, objective = maximal_covering_program(rows[:, kept], weight, names, sites=sites)
    solution = solve(program, objective, solver=solver, time_limit=time_limit)
    opened = _opened(solution, names)
    covered = have + float(weight[rows[:, kept][:, opened].any(axis=1)].sum())
    bound = have + float(weight.sum()) - solution.bound
    return _siting("maximal covering", problem, usable[kept[opened]], limit=limit, objective=covered, bound=bound)


def maximal_covering_program(
    covers: NDArray[np.bool_], weights: NDArray[np.float64], names: Iterable[str], *, sites: int
) -> tuple[Program, pd.Series]:
    """The programme over points x sites: least weight missed.

    min sum_i w[i] miss[i]   s.t.   miss[i] + sum over j covering i of open[j] >= 1,   sum_j open[j] <= sites
    """
    labels = [f"open[{name}]" for name in names]
    missed = [f"miss[{row}]" for row in range(len(weights))]
    point, site = np.nonzero(covers)
    entries = pd.DataFrame(
        {
            "row": [
                *(f"cover[{i}]" for i in point),
                *(f"cover[{i}]" for i in range(len(missed))),
                *["sites"] * len(labels),
            ],
            "variable": [*(labels[j] for j in site), *missed, *labels],
            "coefficient": 1.0,
        }
    )
    variables = pd.DataFrame(
        {"lower": 0.0, "upper": 1.0, "whole": [True] * len(labels) + [False] * len(missed)}, index=[*labels, *missed]
    )
    rows = pd.DataFrame(
        {"sense": [">="] * len(missed) + ["<="], "right": [1.0] * len(missed) + [float(sites)]},
        index=[*(f"cover[{i}]" for i in range(len(missed))), "sites"],
    )
    return Program(variables, rows, entries), pd.Series(weights, index=missed)


def set_covering(
    distances: pd.DataFrame,
    *,
    limit: float,
    existing: Iterable[object] = (),
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Siting:
    """The fewest more sites so that every point that any site can serve within ``limit`` is served.

    ``objective`` is the number of sites; points that no site is within the limit of are in ``uncovered``.
    Raises ``ValueError`` (see ``siting_problem``).
    """
    problem = siting_problem(distances, None, existing=existing)
    if not limit >= 0:
        raise ValueError(f"limit {limit}: expected 0 or more")
    covers = problem.distances <= limit
    wanted = covers.any(axis=1) & ~covers[:, problem.existing].any(axis=1)
    usable = np.flatnonzero(~problem.existing)
    rows = _needed_rows(covers[np.ix_(wanted, usable)])
    if not len(rows):
        return _siting("set covering", problem, usable[:0], limit=limit, objective=0.0, bound=0.0)
    kept = _undominated(rows, np.ones(len(rows)))
    names = problem.sites[usable[kept]]
    program, objective = set_covering_program(rows[:, kept], names)
    solution = solve(program, objective, solver=solver, time_limit=time_limit)
    opened = _opened(solution, names)
    # A number of sites is whole, so a bound between two numbers is the upper one.
    bound = float(np.ceil(solution.bound - 1e-6))
    return _siting(
        "set covering", problem, usable[kept[opened]], limit=limit, objective=float(opened.sum()), bound=bound
    )


def set_covering_program(covers: NDArray[np.bool_], names: Iterable[str]) -> tuple[Program, pd.Series]:
    """The programme over points x sites: min sum_j open[j]   s.t.   sum over j covering i of open[j] >= 1."""
    labels = [f"open[{name}]" for name in names]
    point, site = np.nonzero(covers)
    entries = pd.DataFrame(
        {"row": [f"cover[{i}]" for i in point], "variable": [labels[j] for j in site], "coefficient": 1.0}
    )
    variables = pd.DataFrame({"lower": 0.0, "upper": 1.0, "whole": True}, index=labels)
    rows = pd.DataFrame({"sense": ">=", "right": 1.0}, index=[f"cover[{i}]" for i in range(len(covers))])
    return Program(variables, rows, entries), pd.Series(1.0, index=labels)


def _merged(covers: NDArray[np.bool_], weights: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Points that the same sites cover as one, with their weight; those that add nothing are left out."""
    useful = covers.any(axis=1) & (weights > 0)
    rows, which = np.unique(covers[useful], axis=0, return_inverse=True)
    summed = np.bincount(which.ravel(), weights=weights[useful], minlength=len(rows))
    return rows, np.asarray(summed, dtype=np.float64)


def _undominated(covers: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.intp]:
    """The sites that cover something which no other site covers beside all else of theirs; of equals the first."""
    if not covers.size:
        return np.zeros(0, dtype=np.intp)
    size = weights @ covers
    mine = covers.astype(np.float32)
    both = mine.T @ mine
    count = mine.sum(axis=0)
    # Column j lies within column k where all that j covers, k covers too.
    within = both >= count[:, np.newaxis] - 0.5
    equal = within & within.T
    order = np.arange(covers.shape[1])
    beaten = (within & ~equal) | (equal & (order[np.newaxis, :] < order[:, np.newaxis]))
    return np.flatnonzero(~beaten.any(axis=1) & (size > 0))


def _needed_rows(covers: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The points that are not covered whenever another is."""
    rows = np.unique(covers, axis=0)
    mine = rows.astype(np.float32)
    both = mine @ mine.T
    count = mine.sum(axis=1)
    # A point is served with every point whose sites are all among its own.
    implied = (both >= count[np.newaxis, :] - 0.5) & ~np.eye(len(rows), dtype=bool)
    needed: NDArray[np.bool_] = rows[~implied.any(axis=1)]
    return needed


def _opened(solution: Solution, names: pd.Index) -> NDArray[np.bool_]:
    return solution.values.loc[[f"open[{name}]" for name in names]].to_numpy() > 0.5


def _siting(
    question: str,
    problem: SitingProblem,
    chosen: NDArray[np.intp],
    *,
    limit: float,
    objective: float,
    bound: float,
) -> Siting:
    opened = problem.existing.copy()
    opened[chosen] = True
    assignment, _ = assigned_to_nearest(problem, opened)
    assignment = assignment[assignment["distance"] <= limit].reset_index(drop=True)
    return Siting(
        question=question,
        chosen=tuple(problem.sites[np.sort(chosen)]),
        assignment=assignment,
        uncovered=tuple(problem.points[~np.isin(problem.points, assignment["point"])]),
        objective=objective,
        bound=bound,
        status=siting_status(objective, bound),
    )
