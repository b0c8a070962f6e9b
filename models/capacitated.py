"""The capacitated p-median: so many sites of limited room that the weighted distance is least, proven.

Mulvey and Beck (1984). Where points go whole, the linear relaxation gives a bound, and what each pairing of a point
and a site costs over it; a programme over the cheap pairings gives an answer; one over all the pairings that could be
in a better answer proves it. Where points may be split, one programme over all pairings does.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .program import DEFAULT_SOLVER, InfeasibleError, Program, Solution, solve
from .siting import Siting, SitingProblem, siting_problem, siting_status

__all__ = ["capacitated_p_median", "capacitated_program"]

FIRST_SHARE: Final = 0.02
"""Pairings that cost no more than this share of the bound over it are tried first."""


def capacitated_p_median(
    distances: pd.DataFrame,
    weights: pd.Series | None,
    capacities: pd.Series,
    *,
    sites: int,
    demand: pd.Series | None = None,
    whole: bool = True,
    existing: Iterable[object] = (),
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Siting:
    """Where ``sites`` more sites make the sum of weight x distance least, none serving more than its capacity.

    ``distances``: index point, columns site, ``inf`` where there is no journey. ``demand``: what each point takes of
    a capacity, its weight unless given; ``capacities`` by site. ``whole``: each point goes to one site; else it may be
    split. ``time_limit`` is seconds for each programme.

    Raises ``ValueError`` (see ``siting_problem``; a capacity or demand that is missing, negative or no number; more
    sites than there are) and ``InfeasibleError`` where so many sites cannot serve all.
    """
    problem = siting_problem(distances, weights, existing=existing)
    room = _figures("capacity", capacities, problem.sites)
    takes = problem.weights if demand is None else _figures("demand", demand, problem.points)
    possible = np.isfinite(problem.distances)
    if whole:
        possible &= takes[:, np.newaxis] <= room[np.newaxis, :] + 1e-9
    _refuse_impossible(problem, room, takes, possible, sites=sites)

    def solved(pairs: NDArray[np.bool_], *, integer: bool) -> Solution:
        made = capacitated_program(problem, room, takes, pairs, sites=sites, whole=whole, integer=integer)
        return solve(*made, solver=solver, time_limit=time_limit)

    if not whole:
        # A share of a pairing costs that share of its reduced cost: none is ruled out.
        split = solved(possible, integer=True)
        return _siting(problem, split, min(split.bound, split.objective))
    relaxed = solved(possible, integer=False)
    over = _over_bound(relaxed, possible)
    tried = FIRST_SHARE * max(abs(relaxed.objective), 1.0)
    try:
        best = solved(possible & (over <= tried), integer=True)
        # A better answer has no pairing that costs more over the bound than the best one does.
        needed = best.objective - relaxed.bound + 1e-6 * max(1.0, abs(best.objective))
    except InfeasibleError:
        best, needed = None, np.inf
    bound = relaxed.bound if best is None else best.bound
    if needed > tried:
        proof = solved(possible & (over <= needed), integer=True)
        bound = proof.bound
        best = proof if best is None or proof.objective < best.objective else best
    if best is None:
        raise InfeasibleError("the solver found no answer within its limits")
    return _siting(problem, best, max(min(bound, best.objective), relaxed.bound))


def _refuse_impossible(
    problem: SitingProblem,
    room: NDArray[np.float64],
    takes: NDArray[np.float64],
    possible: NDArray[np.bool_],
    *,
    sites: int,
) -> None:
    shut = int((~problem.existing).sum())
    if not 0 <= sites <= shut:
        raise ValueError(f"{sites} sites: expected from 0 to {shut}, those that are not open")
    largest = float(np.sort(room[~problem.existing])[::-1][:sites].sum() + room[problem.existing].sum())
    if largest < takes.sum() - 1e-9:
        raise InfeasibleError(f"{sites} sites have room for {largest:g} at the most; the points take {takes.sum():g}")
    stranded = problem.points[np.flatnonzero(~possible.any(axis=1))]
    if len(stranded):
        raise InfeasibleError(f"no site can serve {', '.join(stranded[:10])}")


def capacitated_program(
    problem: SitingProblem,
    room: NDArray[np.float64],
    takes: NDArray[np.float64],
    pairs: NDArray[np.bool_],
    *,
    sites: int,
    whole: bool,
    integer: bool,
) -> tuple[Program, pd.Series]:
    """The programme over the ``pairs`` (points x sites) that may be used.

    min sum w[i] d[i,j] go[i,j]   s.t.   sum_j go[i,j] = 1,   go[i,j] <= open[j],
    sum_i q[i] go[i,j] <= K[j] open[j],   sum of open[j] over new sites = the number sought; existing sites are open.
    """
    point, site = np.nonzero(pairs)
    names, labels = problem.points.to_numpy(), problem.sites.to_numpy()
    go = np.array([f"go[{names[i]},{labels[j]}]" for i, j in zip(point, site, strict=True)], dtype=object)
    opens = np.array([f"open[{label}]" for label in labels], dtype=object)
    used = np.flatnonzero(np.bincount(site, weights=takes[point], minlength=len(labels)) > 0)
    new = np.flatnonzero(~problem.existing)
    only = [f"only[{name[3:-1]}]" for name in go]
    terms = (
        ([f"serve[{names[i]}]" for i in point], go, 1.0),
        (only, go, 1.0),
        (only, opens[site], -1.0),
        ([f"room[{labels[j]}]" for j in site], go, takes[point]),
        ([f"room[{labels[j]}]" for j in used], opens[used], -room[used]),
        ("sites", opens[new], 1.0),
    )
    entries = pd.concat(
        [pd.DataFrame({"row": row, "variable": name, "coefficient": value}) for row, name, value in terms],
        ignore_index=True,
    )
    entries = entries[entries["coefficient"] != 0]
    variables = pd.DataFrame(
        {
            "lower": np.concatenate([np.zeros(len(go)), problem.existing.astype(float)]),
            "upper": 1.0,
            "whole": np.concatenate([np.full(len(go), integer and whole), np.full(len(opens), integer)]),
        },
        index=[*go, *opens],
    )
    rows = pd.concat(
        [
            pd.DataFrame({"sense": "=", "right": 1.0}, index=[f"serve[{name}]" for name in names]),
            pd.DataFrame({"sense": "<=", "right": 0.0}, index=only),
            pd.DataFrame({"sense": "<=", "right": 0.0}, index=[f"room[{labels[j]}]" for j in used]),
            pd.DataFrame({"sense": "=", "right": float(sites)}, index=["sites"]),
        ]
    )
    cost = problem.weights[point] * problem.distances[point, site]
    return Program(variables, rows, entries), pd.Series(cost, index=go)


def _figures(what: str, values: pd.Series, labels: pd.Index) -> NDArray[np.float64]:
    given = values.set_axis([str(label) for label in values.index])
    if given.index.has_duplicates:
        raise ValueError(f"{what} of {given.index[given.index.duplicated()][0]} is there twice")
    numbers = given.reindex(labels).to_numpy(np.float64, na_value=np.nan)
    wrong = labels[~(np.isfinite(numbers) & (numbers >= 0))]
    if len(wrong):
        raise ValueError(f"{what} of {', '.join(wrong[:10])}: expected a number, 0 or more")
    return numbers


def _over_bound(relaxed: Solution, possible: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each pairing costs over the bound of the relaxation, at the least: its reduced cost."""
    reduced = relaxed.reduced_costs
    over = np.zeros(possible.shape)
    if reduced is None:
        return over
    over[possible] = np.maximum(reduced.to_numpy()[: int(possible.sum())], 0.0)
    return over


def _siting(problem: SitingProblem, solution: Solution, bound: float) -> Siting:
    values = solution.values
    opens = values.loc[[f"open[{label}]" for label in problem.sites]].to_numpy() > 0.5
    names = [f"go[{point}" for point in problem.points]
    sites = problem.sites.to_numpy()
    rows = []
    for at, name in enumerate(names):
        for column in np.flatnonzero(opens):
            share = float(values.get(f"{name},{sites[column]}]", 0.0))
            if share > 1e-9:
                distance = problem.distances[at, column]
                rows.append((problem.points[at], sites[column], distance, problem.weights[at], share))
    assignment = pd.DataFrame(rows, columns=["point", "site", "distance", "weight", "share"])
    objective = float((assignment["weight"] * assignment["distance"] * assignment["share"]).sum())
    return Siting(
        question="capacitated p-median",
        chosen=tuple(problem.sites[opens & ~problem.existing]),
        assignment=assignment,
        uncovered=(),
        objective=objective,
        bound=bound,
        status=siting_status(objective, bound),
    )
