"""Figures that can be and are unlikely: noted, each kind once, at its first row."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd
import shapely

from placeplan.county.checks_places import link_ends
from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.errors import Note

__all__ = ["plausible_notes"]

LEAST_POUNDS: Final = 100.0
"""A yearly sum below it, and above zero, is more likely in thousands: what a place or a child costs is thousands."""

YEARLY: Final = "pounds a year"
PER_UNIT: Final = frozenset({"packages"})
"""Tables whose pounds may be for an hour."""

LONGEST: Final = 8.0
"""How many times its own line, or the straight one, a link may be: hairpins come to three or four times."""

MORE_METRES: Final = 500.0


def plausible_notes(tables: Mapping[str, ReadTable], settings: Settings) -> list[Note]:
    """Small yearly sums, links much longer than they are drawn, and counts of a year that has not come."""
    return [*_small_sums(tables), *_long_links(tables["roads"]), *_later_counts(tables["plans"], settings)]


def _noted(read: ReadTable, column: str, wrong: pd.Series, taken: str) -> Iterator[Note]:
    """A note at the first row where ``wrong`` holds, and how many more are alike."""
    places = np.flatnonzero(wrong.fillna(False).to_numpy(dtype=bool))
    if len(places):
        found = f"{read.frame[column].iloc[places[0]]:g}"
        yield Note(read.table.name, str(read.rows[places[0]]), column, found, taken, len(places) - 1)


def _small_sums(tables: Mapping[str, ReadTable]) -> Iterator[Note]:
    for name, read in tables.items():
        for column in read.table.columns:
            if column.unit == YEARLY and name not in PER_UNIT:
                sums = read.frame[column.name]
                taken = f"taken as {YEARLY}; is it in thousands?"
                yield from _noted(read, column.name, sums.between(0.0, LEAST_POUNDS, inclusive="neither"), taken)


def _long_links(roads: ReadTable) -> Iterator[Note]:
    if roads.frame.empty:
        return
    ends = link_ends(roads)
    line = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    shapes = roads.geometry if roads.geometry is not None else np.full(len(line), None, dtype=object)
    drawn = ~shapely.is_missing(shapes)
    line[drawn] = np.maximum(line[drawn], shapely.length(shapes[drawn]))
    metres = roads.frame["metres"]
    wrong = (metres > LONGEST * line) & (metres > line + MORE_METRES) & (line > 0)
    yield from _noted(roads, "metres", wrong, f"taken as it is, more than {LONGEST:g} times as long as its line")


def _later_counts(plans: ReadTable, settings: Settings) -> Iterator[Note]:
    later = plans.frame["year"] > settings.year
    year = settings.year
    taken = f"later than the year of as_of, {year}; a count of January {year + 1} belongs to {year}"
    yield from _noted(plans, "year", later, taken)
