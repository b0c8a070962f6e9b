"""People by locality and age in years to come: projections where given, else aged forward by a stated method."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.models.cohort_parts import AGES
from placeplan.need.counts import Cube
from placeplan.population import completed_people, stays_by_age

__all__ = ["People", "people_ahead"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class People:
    """People of 0 to 25.

    ``by_locality``: years x localities x ages; ``by_zone``: zones x ages in the latest known year. ``method`` says in
    words where they come from.
    """

    years: tuple[int, ...]
    by_locality: Floats = field(repr=False)
    zones: tuple[str, ...] = field(repr=False)
    by_zone: Floats = field(repr=False)
    method: str

    def of(self, year: int) -> Floats:
        """Localities x ages in a year."""
        people: Floats = self.by_locality[self.years.index(year)]
        return people


def people_ahead(county: County, cube: Cube, years: Sequence[int], *, known_until: int) -> People:
    """People in each of ``years`` (rising by one), with only what was known up to ``known_until``.

    A year in the table population is taken as it is, but that what it leaves out is aged forward too (see
    ``completed_people``); projections count as known when they reach beyond it. Other years before the first are as the
    first. Later ones are aged forward: everybody a year older, times the share of each
    age that was there a year later between the last two years known (1 where one year alone is known); those of age 0
    from the table births, or as many as before. Hamilton and Perry (1962).
    """
    table = county.population
    given = sorted(int(year) for year in table["year"].unique())
    # Projections are for years after those known; a past estimate that came later is not used.
    used = [year for year in given if year <= known_until or known_until >= county.settings.year] or given[:1]
    by_zone = completed_people(county, used)
    inside = np.array([[of == name for of in cube.of_zone.values()] for name in cube.localities], dtype=float)
    tables: dict[int, Floats] = {year: inside @ people for year, people in by_zone.items()}
    stays, words = _stays({year: people for year, people in tables.items() if year <= known_until})
    births = {(str(r["locality"]), int(r["year"])): float(r["births"]) for r in county.births.to_dict("records")}
    made = {}
    aged: list[int] = []
    for year in years:
        if year in tables:
            made[year] = tables[year]
        elif year - 1 in made and year > used[0]:
            aged.append(year)
            made[year] = _older(made[year - 1], stays, [births.get((name, year)) for name in cube.localities])
        else:
            later = [one for one in used if one >= year]
            made[year] = _reached(tables, used, year, stays) if not later else tables[later[0]]
    latest = max((year for year in used if year <= known_until), default=used[0])
    told = [f"given for {', '.join(map(str, used))}"]
    for year in used:
        rows = table[table["year"] == year]
        if len(rows) < len(cube.of_zone) * AGES:
            absent = len(cube.of_zone) - rows["zone"].nunique()
            what = f"{absent:,} zones that are not given in {year}" if absent else f"ages that are not given in {year}"
            told.append(f"{what} aged forward, or as in the first year with them")
    if aged:
        with_births = any((name, year) in births for name in cube.localities for year in aged)
        told.append(f"{aged[0]} to {aged[-1]} aged forward from the year before, {words}")
        told.append(
            f"age 0 {'from the table births, where it has them' if with_births else 'as many as the year before'}"
        )
    return People(
        tuple(years),
        np.stack([made[year] for year in years]),
        tuple(cube.of_zone),
        by_zone[latest],
        "; ".join(told),
    )


def _stays(tables: dict[int, Floats]) -> tuple[Floats, str]:
    """The share of each age that is there a year later, for ages 0 to 24, of the county as a whole."""
    ratio, year = stays_by_age(tables)
    if year is None:
        return ratio, "with nobody moving in or out: the table population has no two years that follow"
    return ratio, f"times the share of each age that stayed or came between {year - 1} and {year}"


def _older(people: Floats, stays: Floats, births: list[float | None]) -> Floats:
    first = [now if born is None else born for now, born in zip(people[:, 0], births, strict=True)]
    return np.column_stack([first, people[:, :-1] * stays])


def _reached(tables: dict[int, Floats], used: list[int], year: int, stays: Floats) -> Floats:
    """The first of the years asked for lies after all that are known: age forward to it."""
    people = tables[used[-1]]
    for _ in range(year - used[-1]):
        people = _older(people, stays, [None] * len(people))
    return people
