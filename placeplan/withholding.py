"""Withholding: how a hidden value, a rounded count and a rounded amount are written into a table.

A withheld value is missing, and the row's ``suppressed`` names its columns, separated by ``;`` (blank where
nothing is withheld); every other count is rounded to 5 and every amount to £100.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import pandas as pd

from placeplan.run_tables import column_kind, measure_kind
from placeplan.suppression import is_small

__all__ = ["COUNT_STEP", "POUNDS_STEP", "SUPPRESSED", "own_small", "to_step", "withhold"]

SUPPRESSED: Final = "suppressed"
"""The column that names what is withheld from a row."""

POUNDS_STEP: Final = 100.0
COUNT_STEP: Final = 5.0
_CHILD_MINUTES_STEP: Final = 100.0


def to_step(value: float, step: float) -> float:
    """The multiple of ``step`` nearest to ``value``, halves up; missing stays missing."""
    return math.nan if math.isnan(value) else step * math.floor(value / step + 0.5)


def _published(name: str, measure: str, value: float) -> float:
    kind = measure_kind(measure) if name == "value" else column_kind(name)
    if kind == "pounds":
        return to_step(value, POUNDS_STEP)
    if measure == "child_minutes":
        return to_step(value, _CHILD_MINUTES_STEP)
    return value if kind == "minutes" else to_step(value, COUNT_STEP)


def withhold(
    frame: pd.DataFrame, columns: Iterable[str], is_hidden: Callable[[int, str], bool], with_it: Mapping[str, str]
) -> pd.DataFrame:
    """The frame with hidden values missing, the others rounded, and the ``suppressed`` column.

    ``is_hidden`` tells of each row, by position, and column; ``with_it`` maps columns that are withheld with another.
    """
    made = frame.copy()
    names: list[list[str]] = [[] for _ in range(len(frame))]
    measures = list(frame["measure"]) if "measure" in frame.columns else [""] * len(frame)
    for column in columns:
        values: list[float] = []
        for row, value in enumerate(frame[column]):
            number = math.nan if pd.isna(value) else float(value)
            if not math.isnan(number) and is_hidden(row, column):
                names[row].append(column)
                number = math.nan
            values.append(_published(column, str(measures[row]), number))
        made[column] = values
    for follower, leader in with_it.items():
        gone = [leader in row for row in names]
        made[follower] = frame[follower].astype("float64").mask(pd.Series(gone, index=frame.index))
        for hidden, lost in zip(names, gone, strict=True):
            if lost:
                hidden.append(follower)
    made[SUPPRESSED] = pd.Series([";".join(row) or None for row in names], index=frame.index, dtype="str")
    return made


def own_small(frame: pd.DataFrame) -> Callable[[int, str], bool]:
    """A rule for columns of which each cell stands by itself."""
    return lambda row, column: is_small(float(frame[column].iloc[row]))
