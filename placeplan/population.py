"""People by zone and age: the year that stands for today, and rows that a year leaves out, aged forward.

A row that is absent from the table population is no zero. A zone or an age without a row in a year is as many as were a
year younger the year before, times the share that stays or comes; where no year before has them, as in the first year
that has.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County

__all__ = ["PEOPLE_AGES", "completed_people", "people_now", "people_year", "stays_by_age"]

PEOPLE_AGES = 26
"""Ages 0 to 25."""

Floats = NDArray[np.float64]


def people_year(county: County) -> int:
    """The year of the table population that stands for today: that of as_of, or else the nearest before it.

    Never a projection, unless there is nothing else: then the first.
    """
    given = sorted(int(year) for year in county.population["year"].unique())
    known = [year for year in given if year <= county.settings.year]
    return known[-1] if known else given[0]


def people_now(county: County) -> pd.DataFrame:
    """People of every zone and age in the ``people_year``: zone, age, people; those that it leaves out aged forward."""
    year = people_year(county)
    used = [int(one) for one in sorted(county.population["year"].unique()) if one <= year]
    people = completed_people(county, used)[year]
    return pd.DataFrame(
        {
            "zone": np.repeat(county.zones["zone"].to_numpy(), PEOPLE_AGES),
            "age": np.tile(np.arange(PEOPLE_AGES), len(people)),
            "people": people.ravel(),
        }
    )


def completed_people(county: County, used: Sequence[int]) -> dict[int, Floats]:
    """Zones (in their order) x ages in each of the years ``used``, which the table names, with nothing left out."""
    zones = [str(zone) for zone in county.zones["zone"]]
    table = county.population[county.population["year"].isin(list(used))]
    wide = {
        int(str(year)): rows.pivot_table(index="zone", columns="age", values="people", aggfunc="sum")
        .reindex(index=zones, columns=range(PEOPLE_AGES))
        .to_numpy(float)
        for year, rows in table.groupby("year")
    }
    if not any(np.isnan(people).any() for people in wide.values()):
        return wide
    stays, _ = stays_by_age(wide)
    births = {(str(r["locality"]), int(r["year"])): float(r["births"]) for r in county.births.to_dict("records")}
    localities = county.zones["locality"].astype(str).to_numpy()
    now = wide[min(wide)]
    made = {min(wide): now}
    for year in range(min(wide) + 1, max(wide) + 1):
        older = _a_year_older(now, stays, localities, {of: b for (of, when), b in births.items() if when == year})
        now = np.where(np.isnan(wide[year]), older, wide[year]) if year in wide else older
        made[year] = now
    later = made[max(made)]
    for year in sorted(made, reverse=True):
        later = np.where(np.isnan(made[year]), later, made[year])
        made[year] = later
    return {year: np.nan_to_num(made[year]) for year in wide}


def stays_by_age(people: Mapping[int, Floats]) -> tuple[Floats, int | None]:
    """The share of each age, 0 to 24, that is there a year later, and the year later: of the last two that follow.

    ``people``: zones (or localities) x ages by year; what is missing in either year is not counted. 1 at every age
    where no two years follow each other.
    """
    past = [year for year in sorted(people) if year - 1 in people]
    if not past:
        return np.ones(PEOPLE_AGES - 1), None
    younger, older = people[past[-1] - 1][:, :-1], people[past[-1]][:, 1:]
    known = ~(np.isnan(younger) | np.isnan(older))
    before, after = (np.where(known, counts, 0.0).sum(axis=0) for counts in (younger, older))
    return np.divide(after, before, out=np.ones(PEOPLE_AGES - 1), where=before > 0), past[-1]


def _a_year_older(
    people: Floats, stays: Floats, localities: NDArray[np.object_], births: Mapping[str, float]
) -> Floats:
    """Everybody a year older; those of age 0 as many as before, and a locality's births in the same parts."""
    first = people[:, 0].copy()
    for locality, born in births.items():
        inside = localities == locality
        total = np.nansum(first[inside])
        first[inside] = first[inside] * born / total if total > 0 else born / max(1, int(inside.sum()))
    return np.column_stack([first, people[:, :-1] * stays])
