"""Who enters over years, in groups alike, and how many of a group still need that place in later years.

A child who moves to another placement comes again in the year of the move, as whoever comes out of a unit does: a group
is thinned by all who cease or move, so that with the survivors in their units nobody is counted twice.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.models.cohort_parts import AGES, Cohort
from placeplan.need.counts import PLACEMENT_AXIS

__all__ = ["ALIKE", "entering", "named_groups", "shares_left", "yearly_shares"]

Floats = NDArray[np.float64]

ALIKE: Final = ["year", "zone", "need", "year_group", "suits", "placement"]
"""What the children of a group have in common; ``year`` is that of entry."""


def entering(to_place: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """Children alike who enter in each year: columns ``ALIKE``, children.

    ``to_place``: by year, whom the need of that year hands over (see ``YearNeed``). In the first year all of them
    enter, in a later one those whose entry year it is.
    """
    first = min(to_place)
    parts = [
        rows[(rows["entry_year"] == year) | (year == first)].assign(year=year)
        for year, rows in sorted(to_place.items())
    ]
    return pd.concat(parts, ignore_index=True).groupby(ALIKE, as_index=False, sort=True)[["children"]].sum()


def named_groups(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups with their labels as index ``group``, in the order in which they stand."""
    width = len(str(len(groups)))
    names = [f"g{number:0{width}d}" for number in range(1, len(groups) + 1)]
    return groups.set_axis(pd.Index(names, name="group", dtype=object))


def yearly_shares(cohort: Cohort, cease_shift: Floats) -> Floats:
    """Years x AGES x placements: the share still there, unchanged, a year after they were that age, into each year.

    ``(1 - cease) x transfer to the same x move to the same``, the mean over draws. ``cease_shift``: draws x years, what
    is added to the log odds of ceasing. Nobody is older than the last age.
    """
    placements = cohort.shape[3]
    with np.errstate(divide="ignore"):
        log_odds = np.log(cohort.cease) - np.log1p(-cohort.cease)
    cease = 1.0 / (1.0 + np.exp(-(log_odds[None, None] + cease_shift[..., None, None])))
    same = np.arange(placements)
    stays = np.zeros((AGES, placements))
    stays[:-1] = cohort.transfer[1:, same, same] * cohort.move[same, same][None, :]
    shares: Floats = (1.0 - cease).mean(axis=0) * stays[None]
    return shares


def shares_left(groups: pd.DataFrame, shares: Floats, years: Sequence[int]) -> pd.DataFrame:
    """The share of each group that still needs its place in each of ``years``: index group; 0 before it enters.

    ``shares``: as ``yearly_shares`` gives them, one for each of ``years``.
    """
    at = np.array([PLACEMENT_AXIS.index(name) for name in groups["placement"]], dtype=np.int64)
    age, entry = groups["year_group"].to_numpy(int) + 4, groups["year"].to_numpy(int)
    left = np.zeros((len(groups), len(years)))
    for number, year in enumerate(years):
        before = np.clip(age + (year - entry) - 1, 0, AGES - 1)
        if number:
            left[:, number] = left[:, number - 1] * shares[number, before, at]
        left[entry == year, number] = 1.0
    return pd.DataFrame(left, index=groups.index, columns=pd.Index(years, name="year"))
