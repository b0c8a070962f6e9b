"""The table ``plans`` as totals of parts of a cube of localities x needs x ages x placements."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.vocabulary import NEEDS, PLACEMENTS
from placeplan.models.cohort_parts import AGES
from placeplan.models.reconcile import Totals

__all__ = [
    "NEED_AXIS",
    "PLACEMENT_AXIS",
    "Cube",
    "KnownPlans",
    "cube_of",
    "known_plans",
    "margins",
    "total_series",
    "year_of_calendar",
]

NEED_AXIS: Final = tuple(NEEDS)
PLACEMENT_AXIS: Final = tuple(PLACEMENTS)


@dataclass(frozen=True, slots=True)
class Cube:
    """The cells that plans are counted in: the county's localities x needs x ages 0 to 25 x placements."""

    localities: tuple[str, ...]
    of_zone: dict[str, str] = field(repr=False)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Sizes of the four axes, in order."""
        return len(self.localities), len(NEED_AXIS), AGES, len(PLACEMENT_AXIS)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return int(np.prod(self.shape))


def cube_of(county: County) -> Cube:
    """The cube of a county."""
    zones = dict(zip(county.zones["zone"].astype(str), county.zones["locality"].astype(str), strict=True))
    return Cube(tuple(county.localities["locality"].astype(str)), zones)


def year_of_calendar(calendar_year: int) -> int:
    """The academic year to whose stock the plans made or ended in a calendar year lead.

    Plans of calendar year Y are between the Januaries of Y and Y + 1; the stock of January Y + 1 belongs to
    the academic year Y.

    >>> year_of_calendar(2024)
    2024
    """
    return calendar_year


def _years(plans: pd.DataFrame) -> pd.Series:
    years = [
        int(year) if pd.isna(calendar) else year_of_calendar(int(calendar))
        for year, calendar in zip(plans["year"], plans["calendar_year"], strict=True)
    ]
    return pd.Series(years, index=plans.index, dtype="int64")


def total_series(county: County, measure: str, *, until: int) -> pd.Series:
    """The totals of a measure by academic year, up to ``until``; a whole margin stands in for a missing total."""
    plans = county.plans[county.plans["measure"] == measure]
    plans = plans.assign(year=_years(plans))
    found: dict[int, float] = {}
    for year, rows in plans[plans["year"] <= until].groupby("year"):
        totals = rows.loc[rows["margin"] == "total", "plans"]
        if len(totals) and totals.notna().all():
            found[int(str(year))] = float(totals.sum())
            continue
        for _, counts in rows[rows["margin"] != "total"].groupby("margin", sort=False)["plans"]:
            if counts.notna().all():
                found[int(str(year))] = float(counts.sum())
                break
    return pd.Series(found, dtype=float).sort_index()


def margins(county: County, cube: Cube, measure: str, year: int) -> list[Totals]:
    """What was published of a measure in a year: each margin as totals of parts of the cube, the grand total first."""
    plans = county.plans[county.plans["measure"] == measure]
    plans = plans[_years(plans) == year]
    made = []
    order = sorted(plans["margin"].unique(), key=lambda name: (name != "total", str(name)))
    for name in order:
        rows = plans[plans["margin"] == name].reset_index(drop=True)
        part = np.full(cube.shape, -1, dtype=np.int64)
        # Zones of one locality are one part: the cube knows nothing smaller.
        where = rows["locality"].fillna(rows["zone"].map(cube.of_zone))
        keys = pd.DataFrame(
            {
                "locality": where,
                **{column: rows[column] for column in ("age_from", "age_to", "need", "placement")},
                "plans": rows["plans"].astype("Float64"),
            }
        )
        parts = ["locality", "age_from", "age_to", "need", "placement"]
        folded = keys.groupby(parts, dropna=False, sort=False)["plans"].agg(lambda c: c.sum(skipna=False)).reset_index()
        for place, row in enumerate(folded.to_dict("records")):
            part[
                np.ix_(
                    _at(cube.localities, row["locality"]),
                    _at(NEED_AXIS, row["need"]),
                    _ages(row["age_from"], row["age_to"]),
                    _at(PLACEMENT_AXIS, row["placement"]),
                )
            ] = place
        made.append(Totals(str(name), part.ravel(), folded["plans"].to_numpy(float, na_value=np.nan)))
    return made


@dataclass(frozen=True, slots=True)
class KnownPlans:
    """What was published up to a year: ``stock`` and ``new`` totals by year; ``broken``: years of a break in the stock.

    ``margin`` and ``margins`` give the published parts of a measure in a year.
    """

    county: County = field(repr=False)
    cube: Cube
    year: int
    stock: pd.Series = field(repr=False)
    new: pd.Series = field(repr=False)
    broken: frozenset[int]

    def margins(self, measure: str, year: int) -> list[Totals]:
        """The margins of a measure in a year (see ``margins``)."""
        return margins(self.county, self.cube, measure, year)

    def by_placement(self, measure: str, year: int) -> NDArray[np.float64] | None:
        """Counts in the order of the placements where a margin has them; NaN where one was not published."""
        for one in self.margins(measure, year):
            places = one.part.reshape(self.cube.shape)[0, 0, 0, :]
            if one.name == "placement" and len(np.unique(places)) == len(PLACEMENT_AXIS):
                return one.values[places]
        return None

    def by_age(self, measure: str, year: int, *, from_age: int = 0) -> NDArray[np.float64] | None:
        """Counts at each age where a margin has all of them from ``from_age`` singly; None where none has."""
        for one in self.margins(measure, year):
            ages = one.part.reshape(self.cube.shape)[0, 0, :, 0]
            later = ages[from_age:]
            if one.name == "age" and len(np.unique(later)) == len(later) and not np.isnan(one.values).any():
                return np.array([float(one.values[part]) if part >= 0 else 0.0 for part in ages])
        return None


def known_plans(county: County, cube: Cube, year: int, *, plans: float) -> KnownPlans:
    """What was known in ``year``, when there were ``plans``: the total of the year where none was published."""
    stock = total_series(county, "stock", until=year)
    if year not in stock.index:
        stock = pd.concat([stock, pd.Series({year: plans})])
    broken = frozenset(one.year for one in county.settings.forecast.breaks if one.measure == "stock")
    return KnownPlans(county, cube, year, stock.sort_index(), total_series(county, "new", until=year), broken)


def _at(axis: tuple[str, ...], label: Any) -> NDArray[np.int64]:
    return np.arange(len(axis)) if pd.isna(label) else np.array([axis.index(str(label))])


def _ages(first: Any, last: Any) -> NDArray[np.int64]:
    low = 0 if pd.isna(first) else int(str(first))
    high = (AGES - 1 if pd.isna(first) else low) if pd.isna(last) else int(str(last))
    return np.arange(low, high + 1)
