"""Text to the contract's types: whole numbers, numbers, yes or no, dates; a fault for each cell that is not one."""

import datetime as dt
from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.column import Column, Table
from placeplan.county.faults import shown
from placeplan.county.raw import RawTable
from placeplan.county.spelling import respelt
from placeplan.errors import Fault, Note

__all__ = ["DTYPES", "converted", "empty_column"]

DTYPES: Final = {
    "text": "str",
    "list": "str",
    "code": "str",
    "date": "str",
    "whole": "Int64",
    "number": "float64",
    "yes_no": "boolean",
}
"""pandas dtype by the contract's type, before required columns are made plain (int64, bool)."""

WHOLE: Final = r"[+-]?\d{1,15}(\.0+)?"
NUMBER: Final = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
THOUSANDS: Final = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
DATE: Final = r"\d{4}-\d{1,2}-\d{1,2}( .*)?|\d{1,2}[/-]\w{3,9}|\w{3,9}[/-]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"
FLAGS: Final = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


def _expected(column: Column, text: str) -> str:
    """What the cell should have been, with a word on what seems to have happened to it."""
    if pd.Series([text]).str.fullmatch(DATE).item() and column.type in ("whole", "number"):
        return f"{column.expected}; this is a date, into which Excel may have turned it"
    if "," in text and column.type in ("whole", "number"):
        return f"{column.expected}, written without commas"
    return column.expected


def _numbers(column: Column, cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The cells as float64, and which of them are not such numbers."""
    text = cells
    if column.thousands:
        pounds = text.str.removeprefix("£") if column.unit.startswith("pounds") else text
        grouped = pounds.str.fullmatch(THOUSANDS).fillna(False).astype(bool)
        text = pounds.where(~grouped, pounds.str.replace(",", ""))
    good = text.str.fullmatch(WHOLE if column.type == "whole" else NUMBER).fillna(False).astype(bool)
    values = pd.to_numeric(text.where(good), errors="coerce").astype("float64")
    # 1e999 is written like a number but is not a finite one.
    good &= np.isfinite(values.fillna(np.inf))
    return values.where(good), ~good


def _whole(column: Column, cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    values, bad = _numbers(column, cells)
    return values.astype("Int64"), bad


def _flags(_: Column, cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    values = cells.str.lower().map(FLAGS).astype("boolean")
    return values, values.isna()


def _dates(_: Column, cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    def day(text: object) -> str | None:
        try:
            return dt.date.fromisoformat(str(text)).isoformat() if isinstance(text, str) else None
        except ValueError:
            return None

    values = pd.Series([day(text) for text in cells], index=cells.index, dtype="str")
    return values, values.isna()


def _texts(_: Column, cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    return cells, pd.Series(False, index=cells.index)


_CONVERTERS: Final[dict[str, Callable[[Column, pd.Series], tuple[pd.Series, pd.Series]]]] = {
    "text": _texts,
    "list": _texts,
    "code": _texts,
    "date": _dates,
    "whole": _whole,
    "number": _numbers,
    "yes_no": _flags,
}


def empty_column(column: Column, length: int) -> pd.Series:
    """A column of missing values of the type that ``column`` has."""
    return pd.Series([None] * length, dtype=DTYPES[column.type], index=pd.RangeIndex(length))


def _respelt_notes(table: Table, column: Column, raw: RawTable, cells: pd.Series) -> list[Note]:
    """A note for each spelling that was read as another, at its first row; days are told together."""
    found = raw.cells[column.name]
    changed = (found != cells) & found.notna()
    pairs = pd.DataFrame({"found": found, "taken": cells})[changed.fillna(False)]
    alike = np.zeros(len(pairs)) if column.type == "date" else pairs["found"]
    notes = []
    for _, rows in pairs.groupby(alike, sort=False):
        first = int(str(rows.index[0]))
        day = ", the day first" if column.type == "date" else ""
        taken = f"read as {shown(rows['taken'].iloc[0])}{day}"
        found_there = shown(rows["found"].iloc[0])
        notes.append(Note(table.name, str(raw.rows[first]), column.name, found_there, taken, len(rows) - 1))
    return notes


def converted(table: Table, raw: RawTable) -> tuple[pd.DataFrame, list[Fault], list[Note]]:
    """The table's columns, but for geometry, in the contract's order and types; bad cells are missing.

    A required column that is not there is one fault, and comes back all missing. Blanks stand for the
    column's default where it has one. The notes are of words spelt otherwise than the contract does.
    """
    frame: dict[str, pd.Series] = {}
    faults: list[Fault] = []
    notes: list[Note] = []
    for column in table.columns:
        if column.type == "geometry":
            continue
        if column.name not in raw.cells:
            frame[column.name] = empty_column(column, len(raw.cells))
            if column.required:
                faults.append(Fault(table.name, "", column.name, "no such column", f"a column of {column.expected}"))
        else:
            found = raw.cells[column.name]
            cells = respelt(table.name, column, found)
            if cells is not found:
                notes += _respelt_notes(table, column, raw, cells)
            if column.blanks:
                cells = cells.where(~cells.str.lower().isin(column.blanks))
            values, bad = _CONVERTERS[column.type](column, cells)
            bad = bad & cells.notna()
            for place in np.flatnonzero(bad):
                text = str(cells.iloc[place])
                expected = _expected(column, text)
                faults.append(Fault(table.name, str(raw.rows[place]), column.name, shown(text), expected))
            frame[column.name] = values
        if column.default is not None:
            frame[column.name] = frame[column.name].fillna(FLAGS[column.default])
    return pd.DataFrame(frame, index=pd.RangeIndex(len(raw.cells))), faults, notes
