"""What the rows of a table cover: an absent row is no zero, so what has none is a fault or a note, by name.

The contract states the axes of each table (``Table.covers``). Here is one function an axis; those of the table plans
stand in ``checks_plans``.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.county.terms import first_term, term_name, term_number
from placeplan.county.vocabulary import OUT_OF_COUNTY
from placeplan.errors import Fault, Note

__all__ = ["axes_faults", "axes_notes", "first_of", "spans"]

AGES: Final = range(26)

Tables = Mapping[str, ReadTable]


def first_of(names: Iterable[object], *, most: int = 3) -> str:
    """The first few of some names, and how many more there are.

    >>> first_of(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    listed = [str(name) for name in names]
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def spans(numbers: Iterable[int]) -> str:
    """Whole numbers as spans.

    >>> spans([3, 0, 1, 2, 7])
    '0 to 3, 7'
    """
    found = np.unique(np.array(list(numbers), dtype=np.int64))
    parts = np.split(found, np.flatnonzero(np.diff(found) > 1) + 1)
    return ", ".join(f"{part[0]}" if len(part) == 1 else f"{part[0]} to {part[-1]}" for part in parts)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def axes_faults(tables: Tables, settings: Settings | None) -> list[Fault]:
    """What has no row where an answer without it would be wrong.

    A table with a fault of its own, or that should not be there, is passed over: its rows are not all known.
    """
    found: list[Fault] = []
    if not (tables["population"].faults or tables["zones"].faults):
        found += _people_missing(tables, settings)
    if not (tables["travel"].faults or tables["zones"].faults or len(tables["roads"].frame)):
        found += _journeys_missing(tables)
    return found


def axes_notes(tables: Tables, settings: Settings) -> list[Note]:
    """What has no row where that has a meaning, which is told. Only for tables without faults."""
    return [
        *_localities_without_zones(tables),
        *_people_of_other_years(tables, settings),
        *_units_not_begun(tables["units"], settings),
        *_top_ups(tables),
        *_journeys_not_listed(tables),
        *_comparators(tables["comparators"]),
        *_births(tables),
        *_package_lines(tables, settings),
    ]


def _names(read: ReadTable, column: str) -> list[str]:
    return [str(name) for name in read.frame[column].dropna().unique()]


def _localities_without_zones(tables: Tables) -> Iterator[Note]:
    found = set(tables["zones"].frame["locality"])
    absent = [name for name in _names(tables["localities"], "locality") if name not in found]
    if absent:
        yield Note("zones", "", "locality", f"no zone in {first_of(absent)}", "nobody lives there")


def _grid(tables: Tables) -> pd.DataFrame:
    """Which ages each zone has a row for, by year and zone: True in a column an age."""
    frame = tables["population"].frame[["zone", "year", "age"]].dropna()
    frame = frame[frame["zone"].isin(_names(tables["zones"], "zone"))]
    keys = frame.astype({"year": int, "age": int}).assign(there=True).drop_duplicates()
    wide = keys.pivot_table(index=["year", "zone"], columns="age", values="there", aggfunc="any", fill_value=False)
    return wide.reindex(columns=list(AGES), fill_value=False).astype(bool)


def _people_missing(tables: Tables, settings: Settings | None) -> Iterator[Fault]:
    """Zones that have nobody up to the year of as_of, and zones without an age that others of the year have."""
    grid = _grid(tables)
    if grid.empty:
        return
    years = sorted(grid.index.get_level_values("year").unique())
    known = [year for year in years if settings is None or year <= settings.year] or years[:1]
    there = set(grid.loc[known].index.get_level_values("zone"))
    absent = [name for name in _names(tables["zones"], "zone") if name not in there]
    if absent:
        found = f"no row of {_counted(len(absent), 'zone')} in {spans(known)}: {first_of(absent)}"
        yield Fault("population", "", "zone", found, "rows for every zone at every age; 0 where nobody lives there")
    for year in years:
        ages = grid.loc[year]
        asked = ages.loc[:, ages.any()]
        gaps = asked[~asked.all(axis=1)]
        if len(gaps):
            first = gaps.index[0]
            row = gaps.loc[first]
            some = f"{first} at age {spans(row.index[~row])}"
            more = f" and {_counted(len(gaps) - 1, 'more zone')}" if len(gaps) > 1 else ""
            found = f"no row in {year} of {some}{more}"
            yield Fault("population", "", "age", found, "the ages that other zones have; 0 where nobody is of that age")


def _people_of_other_years(tables: Tables, settings: Settings) -> Iterator[Note]:
    """Zones and ages without a row in a year, zones where nobody lives, and where the year of as_of is not given."""
    grid = _grid(tables)
    years = sorted(grid.index.get_level_values("year").unique())
    zones = _names(tables["zones"], "zone")
    first = {str(zone): int(year) for year, zone in reversed(grid.index)}
    for year in years:
        there = set(grid.loc[year].index)
        for absent, taken in (
            ([z for z in zones if z not in there and first[z] < year], "aged forward from the year before"),
            ([z for z in zones if z not in there and first[z] > year], "taken as in the first year that has them"),
        ):
            if absent:
                found = f"no row of {_counted(len(absent), 'zone')} in {year}: {first_of(absent)}"
                yield Note("population", "", "zone", found, taken)
    ever = grid.any()
    if not ever.all():
        found = f"no row at age {spans(ever.index[~ever])} in any year"
        yield Note("population", "", "age", found, "nobody of that age is counted, on maps and in the forecast")
    for year in years:
        ages = grid.loc[year].any()
        some = ages.index[~ages & ever]
        if len(some):
            taken = "aged forward from the year before" if year > years[0] else "taken as in the first year with it"
            yield Note("population", "", "age", f"no row at age {spans(some)} in {year}", taken)
    frame = tables["population"].frame
    sums = frame.groupby(["year", "zone"])["people"].sum()
    nobody = sums[sums == 0]
    for year in dict.fromkeys(nobody.index.get_level_values("year")):
        empty = nobody.xs(year, level="year").index
        found = f"nobody in {_counted(len(empty), 'zone')} in {year}: {first_of(empty)}"
        yield Note("population", "", "people", found, "nobody lives there")
    if settings.year not in years:
        earlier = [year for year in years if year < settings.year]
        taken = f"maps and atlas are of {(earlier or years)[-1 if earlier else 0]}"
        yield Note("population", "", "year", f"no row in {settings.year}, the year of as_of", taken)


def _units_not_begun(units: ReadTable, settings: Settings) -> Iterator[Note]:
    """Units of which the first row is of a later year, and which do not say that they open then."""
    begins = units.frame["from_year"].astype("float64").fillna(0.0)
    for name, years in begins.groupby(units.frame["unit"], sort=False):
        place = int(str(years.idxmin()))
        opens = units.frame["opens"].iloc[place]
        if years.min() > settings.year and not (pd.notna(opens) and opens > settings.year):
            taken = f"{name} is not open before {years.min():.0f}; a row whose from_year is blank holds from the start"
            yield Note("units", str(units.rows[place]), "from_year", f"{years.min():.0f}", taken)


def _top_ups(tables: Tables) -> Iterator[Note]:
    """Units of which neither they nor their kind has a row."""
    units = tables["units"].frame.drop_duplicates("unit")
    stated = tables["top_ups"].frame
    absent = units[~units["unit"].isin(stated["unit"].dropna()) & ~units["kind"].isin(stated["kind"].dropna())]
    if len(absent):
        found = f"no row of {_counted(len(absent), 'unit')} or the kind: {first_of(absent['unit'])}"
        yield Note("top_ups", "", "unit", found, "a fault as soon as a child could have a place there; never nothing")


def _sites_in_use(tables: Tables) -> list[str]:
    used = {*_names(tables["units"], "site"), *_names(tables["candidates"], "site")}
    return [site for site in _names(tables["sites"], "site") if site in used]


def _journeys_missing(tables: Tables) -> Iterator[Fault]:
    """Zones, and sites of units in the county, that the table travel does not have at all."""
    travel = tables["travel"].frame
    if travel.empty:
        return
    outside = set(tables["sites"].frame.loc[tables["sites"].frame["locality"] == OUT_OF_COUNTY, "site"])
    for column, names in (
        ("zone", _names(tables["zones"], "zone")),
        ("site", [site for site in _sites_in_use(tables) if site not in outside]),
    ):
        there = set(travel[column].dropna())
        absent = [name for name in names if name not in there]
        if absent:
            found = f"no row of {_counted(len(absent), column)}: {first_of(absent)}"
            yield Fault("travel", "", column, found, f"at least one journey of every {column} in use")


def _journeys_not_listed(tables: Tables) -> Iterator[Note]:
    """Pairs of a zone and a site in use that the table travel leaves out."""
    travel = tables["travel"].frame
    if travel.empty:
        return
    sites, zones = _sites_in_use(tables), _names(tables["zones"], "zone")
    there = travel[travel["site"].isin(sites)]
    absent = len(zones) * len(sites) - len(there)
    if absent:
        counts = there["site"].value_counts().reindex(sites, fill_value=0)
        worst = [f"{site} ({len(zones) - count:,} zones)" for site, count in counts.sort_values(kind="stable").items()]
        short = worst[: int((counts < len(zones)).sum())]
        found = f"{_counted(absent, 'pair')} of a zone and a site in use not listed: {first_of(short)}"
        yield Note("travel", "", "site", found, "cannot be made")


def _comparators(comparators: ReadTable) -> Iterator[Note]:
    """Authorities without a year that others have."""
    rows = comparators.frame
    if rows.empty:
        return
    grid = pd.crosstab(rows["authority"], rows["year"]) > 0
    short = grid[~grid.all(axis=1)]
    if len(short):
        told = [f"{name} ({spans(int(year) for year in row.index[~row])})" for name, row in short.iterrows()]
        yield Note("comparators", "", "year", f"no row of {first_of(told)}", "passed over, never taken as nothing")


def _births(tables: Tables) -> Iterator[Note]:
    """Localities without a year that others have, and years between that none has."""
    rows = tables["births"].frame
    if rows.empty:
        return
    years = range(int(rows["year"].min()), int(rows["year"].max()) + 1)
    taken = "as many as the year before"
    absent = [year for year in years if year not in set(rows["year"])]
    if absent:
        yield Note("births", "", "year", f"no row in {spans(absent)}", taken)
    for year, of_year in rows.groupby("year"):
        names = [name for name in _names(tables["localities"], "locality") if name not in set(of_year["locality"])]
        if names:
            yield Note("births", "", "locality", f"no row of {first_of(names)} in {year}", taken)


def _package_lines(tables: Tables, settings: Settings) -> Iterator[Note]:
    """Terms between a case's first and a line's last in which nothing is due of the line."""
    packages, cases = tables["packages"], tables["cases"].frame
    rows = packages.frame[packages.frame["per"] != "once"]
    default = first_term(settings.year + 1)
    starts = {
        str(case): default if pd.isna(term) else term_number(str(term))
        for case, term in zip(cases["case"], cases["start_term"], strict=True)
    }
    for (case, *_), lines in rows.groupby(["case", "package", "line"], sort=False):
        due: float = starts[str(case)]
        parts = sorted(
            (
                due if pd.isna(row["start_term"]) else term_number(str(row["start_term"])),
                np.inf if pd.isna(row["end_term"]) else term_number(str(row["end_term"])),
                int(str(place)),
            )
            for place, row in lines.iterrows()
        )
        for first, last, place in parts:
            if first > due:
                words = (
                    term_name(int(due)) if first == due + 1 else f"{term_name(int(due))} to {term_name(int(first) - 1)}"
                )
                found = f"nothing of the line {lines['line'].iloc[0]} in {words}"
                yield Note("packages", str(packages.rows[place]), "start_term", found, "nothing is due in that time")
            due = max(due, last + 1.0)
