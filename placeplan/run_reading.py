"""A table of a run read back from its canonical csv (see ``run_tables``), each column as what it holds."""

import math
from typing import Any

import pandas as pd

from placeplan.csv_cells import csv_rows, plain_text
from placeplan.errors import Fault, InputError
from placeplan.run_tables import column_kind

__all__ = ["read_table"]


def _read_column(table: str, name: str, cells: list[str], kind: str, faults: list[Fault]) -> "pd.Series[Any]":
    if kind == "text":
        return pd.Series([plain_text(cell) if cell else None for cell in cells], dtype="str")
    if kind == "yes_no":
        words = {"yes": True, "no": False, "": None}
        for row, cell in enumerate(cells):
            if cell not in words:
                faults.append(Fault(table, str(row + 2), name, cell, "yes or no"))
        values = [words.get(cell) for cell in cells]
        return pd.Series(values, dtype="boolean" if None in values else "bool")
    numbers: list[float] = []
    for row, cell in enumerate(cells):
        try:
            numbers.append(float(cell) if cell else math.nan)
        except ValueError:
            faults.append(Fault(table, str(row + 2), name, cell, "a number"))
            numbers.append(math.nan)
    return pd.Series(numbers, dtype="float64")


def read_table(table: str, text: str) -> pd.DataFrame:
    """A frame from the canonical csv ``text`` of ``table``: numbers as float64, yes/no as bool, the rest as text.

    Raises ``InputError`` with every cell that is not what its column holds.
    """
    try:
        rows = csv_rows(text)
    except ValueError as error:
        raise InputError([Fault(table, "", "", str(error), "the file as it was written")]) from error
    if not rows:
        raise InputError([Fault(table, "1", "", "an empty file", "a header line")])
    header, body = rows[0], rows[1:]
    faults = [
        Fault(table, str(number + 2), "", f"{len(row)} cells", f"{len(header)} cells")
        for number, row in enumerate(body)
        if len(row) != len(header)
    ]
    if faults:
        raise InputError(faults)
    frame = pd.DataFrame(index=range(len(body)))
    for position, name in enumerate(header):
        kind = "count" if name == "value" and "measure" in header else column_kind(name)
        frame[name] = _read_column(table, name, [row[position] for row in body], kind, faults)
    if faults:
        raise InputError(faults)
    return frame
