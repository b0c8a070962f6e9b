"""One pandera schema for each table, made from the column descriptions, and its failures as faults."""

from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from placeplan.county.column import Column, Table
from placeplan.county.columns import TABLES
from placeplan.county.convert import DTYPES
from placeplan.county.faults import shown, suggest
from placeplan.county.raw import RawTable
from placeplan.errors import Fault

__all__ = ["schema_faults", "schema_of"]

STR_DTYPE: Final = pd.Series([""], dtype="str").dtype


def _checks(column: Column) -> list[pa.Check]:
    checks = []
    if column.codes:
        checks.append(pa.Check.isin(column.codes, error=column.expected))
    if column.least is not None:
        checks.append(pa.Check.ge(column.least, error=column.expected))
    if column.most is not None:
        checks.append(pa.Check.le(column.most, error=column.expected))
    return checks


@cache
def schema_of(name: str) -> pa.DataFrameSchema:
    """The schema of the table ``name``: types, blanks, bounds, codes and key; geometry is checked apart."""
    table = TABLES[name]
    columns = {
        column.name: pa.Column(
            STR_DTYPE if DTYPES[column.type] == "str" else DTYPES[column.type],
            _checks(column),
            nullable=not column.required,
        )
        for column in table.columns
        if column.type != "geometry"
    }
    return pa.DataFrameSchema(
        columns, unique=list(table.key) or None, report_duplicates="exclude_first", strict=True, name=name
    )


def _key_faults(table: Table, frame: pd.DataFrame, raw: RawTable, indices: set[int]) -> list[Fault]:
    """A fault for each row whose key an earlier row has, which it names."""
    key = list(table.key)
    first: dict[tuple[str, ...], int] = {}
    faults = []
    for place, label in enumerate(frame[key].astype("str").fillna("").itertuples(index=False)):
        earlier = first.setdefault(tuple(label), place)
        if place in indices:
            named = ", ".join(text for text in label if text) or "blank"
            expected = f"each {' + '.join(key)} once; row {raw.rows[earlier]} has it too"
            column = key[0] if len(key) == 1 else ""
            faults.append(Fault(table.name, str(raw.rows[place]), column, shown(named), expected))
    return faults


def schema_faults(frame: pd.DataFrame, raw: RawTable, *, known: set[tuple[str, str]]) -> list[Fault]:
    """Everything in ``frame`` that its schema refuses, but for the (row, column) pairs ``known`` already."""
    table = TABLES[raw.table]
    absent = {column.name for column in table.columns if column.name not in raw.cells}
    try:
        schema_of(table.name).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        failures = error.failure_cases
    else:
        return []
    faults = []
    repeated: set[int] = set()
    for name, check, index in zip(failures["column"], failures["check"], failures["index"], strict=True):
        place = int(index)
        if check == "multiple_fields_uniqueness":
            # Rows whose key could not be read at all are not repeats of one another.
            key_is_read = all((str(raw.rows[place]), part) not in known for part in table.key)
            required_key = [part for part in table.key if table.column(part).required]
            if key_is_read and bool(frame[required_key].iloc[place].notna().all()):
                repeated.add(place)
            continue
        row, column = str(raw.rows[place]), table.column(str(name))
        if (row, column.name) in known or column.name in absent:
            continue
        if check == "not_nullable":
            faults.append(Fault(table.name, row, column.name, "a blank", column.expected))
            continue
        value = frame[column.name].iloc[place]
        text = f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)
        hint = suggest(text, column.codes) if column.codes else ""
        faults.append(Fault(table.name, row, column.name, shown(text), f"{check}{hint}"))
    return faults + _key_faults(table, frame, raw, repeated)
