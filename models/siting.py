"""Siting: what every question of where to put sites shares: labelled distances, and an answer with its bound."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .program import GAP_TOLERANCE, Status

__all__ = ["Siting", "SitingProblem", "assigned_to_nearest", "siting_problem", "siting_status"]


@dataclass(frozen=True, slots=True)
class SitingProblem:
    """Points, sites and the distances between them, in canonical order (labels sorted as text).

    ``distances``: points x sites, ``inf`` where there is no journey. ``weights`` by point. ``existing``: whether each
    site is open already: it stays open and is not counted among those sought.
    """

    points: pd.Index = field(repr=False)
    sites: pd.Index = field(repr=False)
    distances: NDArray[np.float64] = field(repr=False)
    weights: NDArray[np.float64] = field(repr=False)
    existing: NDArray[np.bool_] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Siting:
    """Where sites should be, and what that gives.

    ``chosen``: the sites sought, without those that exist already. ``assignment``: point, site, distance, weight,
    share (1 where a point goes whole to one site); points that no open site serves are in ``uncovered``.
    ``objective`` is in the question's own unit and ``bound`` a proven limit of it: no answer is below it where less is
    better, none above it where more is. ``status`` is ``optimal`` where the two meet.
    """

    question: str
    chosen: tuple[str, ...]
    assignment: pd.DataFrame = field(repr=False)
    uncovered: tuple[str, ...] = field(repr=False)
    objective: float
    bound: float
    status: Status


def siting_problem(
    distances: pd.DataFrame, weights: pd.Series | None = None, *, existing: Iterable[object] = ()
) -> SitingProblem:
    """Check labelled distances (index point, columns site) and weights by point (1 each where not given).

    Raises ``ValueError`` with everything found: a doubled label, a distance that is negative or missing, a point
    without a weight, a weight for no point, a weight that is negative or no number, an existing site that is not
    among the columns, no points or no sites.
    """
    points, sites = (pd.Index([str(label) for label in labels]) for labels in (distances.index, distances.columns))
    given = (
        pd.Series(1.0, index=points) if weights is None else weights.set_axis([str(label) for label in weights.index])
    )
    open_now = {str(label) for label in existing}
    values = distances.to_numpy(np.float64, na_value=np.nan)
    labelled = (("point", points), ("site", sites), ("weight of", given.index))
    faults = [
        f"{what} {label} is there twice" for what, labels in labelled for label in labels[labels.duplicated()].unique()
    ]
    faults += [f"point {label} has no weight" for label in points.difference(given.index)]
    faults += [f"weight of {label}, which is no point" for label in given.index.difference(points)]
    faults += [f"existing site {label} is no site" for label in sorted(open_now - set(sites))]
    for row, column in np.argwhere(np.isnan(values) | (values < 0))[:20]:
        faults.append(
            f"distance from {points[row]} to {sites[column]} is {values[row, column]}: expected 0 or more, or inf"
        )
    numbers = given.to_numpy(np.float64, na_value=np.nan)
    faults += [
        f"weight of {given.index[at]} is {numbers[at]}: expected 0 or more"
        for at in np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0)))[:20]
    ]
    if not len(points) or not len(sites):
        faults.append("expected at least one point and one site")
    if faults:
        raise ValueError("the siting problem is not whole: " + "; ".join(faults))
    order, across = np.argsort(points.to_numpy(dtype=str)), np.argsort(sites.to_numpy(dtype=str))
    return SitingProblem(
        points=points[order],
        sites=sites[across],
        distances=values[np.ix_(order, across)],
        weights=np.asarray(given.reindex(points[order]), dtype=np.float64),
        existing=np.isin(sites[across], sorted(open_now)),
    )


def assigned_to_nearest(problem: SitingProblem, opened: NDArray[np.bool_]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Every point at the nearest open site (of equals the first in order), and the points that none can serve."""
    columns = np.flatnonzero(opened)
    to = problem.distances[:, columns]
    nearest = to.argmin(axis=1) if len(columns) else np.zeros(len(problem.points), dtype=np.intp)
    least = to[np.arange(len(to)), nearest] if len(columns) else np.full(len(problem.points), np.inf)
    served = np.isfinite(least)
    rows = pd.DataFrame(
        {
            "point": problem.points[served],
            "site": problem.sites[columns[nearest[served]]] if len(columns) else [],
            "distance": least[served],
            "weight": problem.weights[served],
            "share": 1.0,
        }
    )
    return rows, tuple(problem.points[~served])


def siting_status(objective: float, bound: float) -> Status:
    """``optimal`` where the objective and its bound meet to 1e-7, relatively."""
    met = abs(objective - bound) <= GAP_TOLERANCE * max(1.0, abs(objective))
    return Status.optimal if met else Status.feasible
