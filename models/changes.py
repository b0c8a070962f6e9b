"""The same placement problem with one thing changed, made without checking or ordering everything again."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from .placement import PlacementProblem, up_to_ceiling

__all__ = ["with_children", "with_places", "without_newcomers"]


def with_places(problem: PlacementProblem, added: pd.Series) -> PlacementProblem:
    """The problem with more (or, negative, fewer) places at some units.

    What its children are above the most that it may hold, they are less so with more: bands that are there for them
    alone get as much narrower, and nobody else comes into them. Raises ``ValueError`` where a unit is not there, or
    would have fewer places than none or than hold the children who stay there.
    """
    unknown = added.index.difference(problem.units.index)
    if len(unknown):
        raise ValueError(f"more places: no unit {', '.join(map(str, unknown))}")
    units = problem.units.assign(places=problem.units["places"].add(added, fill_value=0.0))
    bands = _narrowed(problem.bands, added)
    short = units.index[(units["places"] < 0) | (units["held"] > up_to_ceiling(units, bands) + 1e-9)]
    if len(short):
        raise ValueError(f"fewer places: too few are left at {', '.join(map(str, short))}")
    return replace(problem, units=units, bands=bands)


def _narrowed(bands: pd.DataFrame, added: pd.Series) -> pd.DataFrame:
    """The bands with those of a breach narrower by the places added, the dearest first."""
    if not bands["breach"].any() or not (added > 0).any():
        return bands
    theirs = bands["width"].where(bands["breach"], 0.0)
    dearer = theirs[::-1].groupby(bands["unit"][::-1]).cumsum()[::-1] - theirs
    gone = (bands["unit"].map(added).fillna(0.0) - dearer).clip(lower=0.0)
    return bands.assign(width=bands["width"] - np.minimum(theirs, gone))


def with_children(problem: PlacementProblem, added: Mapping[str, float]) -> PlacementProblem:
    """The problem with more (or, negative, fewer) children in some groups.

    Raises ``ValueError`` where a group is not there or would have fewer than none.
    """
    more = pd.Series(dict(added), dtype=float)
    children = problem.groups["children"].add(more, fill_value=0.0)
    wrong = [*more.index.difference(problem.groups.index), *children.index[children < 0]]
    if wrong:
        raise ValueError(f"more children: no group, or fewer than none, {', '.join(map(str, wrong))}")
    return replace(problem, groups=problem.groups.assign(children=children))


def without_newcomers(problem: PlacementProblem, unit: str) -> PlacementProblem:
    """The problem with a unit closed to all but the children who stay there.

    Raises ``ValueError`` where the unit is not there.
    """
    if unit not in problem.units.index:
        raise ValueError(f"closing: no unit {unit}")
    kept = np.flatnonzero(problem.at_unit != problem.units.index.get_loc(unit))
    return replace(
        problem,
        pairs=problem.pairs.iloc[kept].reset_index(drop=True),
        at_group=problem.at_group[kept],
        at_unit=problem.at_unit[kept],
    )
