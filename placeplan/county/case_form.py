"""A form for a partnership's cases: a workbook that a school fills in with drop-downs, its rows read and checked."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xlsxwriter

from placeplan.county.checks import case_faults
from placeplan.county.column import Column
from placeplan.county.columns import TABLES
from placeplan.county.columns_cases import CASE_TABLES
from placeplan.county.county import County
from placeplan.county.faults import sorted_faults
from placeplan.county.tables import ReadTable, absent_table, finished, read_table
from placeplan.county.workbook import read_workbook
from placeplan.errors import Fault, InputError, UsageError

__all__ = ["case_form", "with_forms"]

ROWS: Final = 40
"""How many rows of each sheet are checked as they are filled in."""

MOST_LISTED: Final = 250
"""The most characters of a list that stands in a cell's own rule; longer ones stand on a sheet."""

FORM_TABLES: Final = ("cases", "quotes", "packages", "vetoes")
NAMES: Final = tuple(table.name for table in CASE_TABLES)
CHOICES: Final = "to choose from"


def case_form(county: County) -> bytes:
    """An empty form as a workbook: a sheet for each table of cases, each cell with what it may be.

    Needs, payers, provisions, yes and no are chosen from lists, and so are the county's zones and units.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"})
    needed = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom", "bg_color": "#FFF3D6"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    about = book.add_worksheet("read me")
    about.set_column(0, 0, 110, wrapped)
    lines = [
        f"Cases for the complex placements partnership of {county.name}",
        "One row a case on the sheet cases, under a pseudonym: no name, no address, no date of birth.",
        "On the sheets quotes, packages and vetoes a row for each fee quoted, line of a package, and option ruled out.",
        "A coloured heading must be filled in. A sum left blank is not stated; 0 says that there is none.",
        "The heading of each column says what belongs in it when it is pointed at.",
    ]
    for row, line in enumerate(lines):
        about.write_string(row, 0, line)
    lists = _Lists(book, {"zone": sorted(county.zones["zone"]), "unit": sorted(county.units["unit"].unique())})
    for name in FORM_TABLES:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for at, column in enumerate(TABLES[name].columns):
            sheet.set_column(at, at, 14)
            sheet.write_string(0, at, column.name, needed if column.required else head)
            sheet.write_comment(0, at, f"{column.meaning}. {column.expected}.", {"x_scale": 2.2})
            rule = lists.rule(column)
            if rule is not None:
                sheet.data_validation(1, at, ROWS, at, {**rule, "ignore_blank": True})
    lists.write()
    book.close()
    return buffer.getvalue()


class _Lists:
    """The lists that cells are chosen from; long ones on a sheet of their own."""

    def __init__(self, book: Any, known: Mapping[str, list[str]]) -> None:
        self._book, self._known = book, known
        self._at = {name: place for place, name in enumerate(known)}

    def rule(self, column: Column) -> dict[str, Any] | None:
        """What Excel checks in a column's cells; None where it is words."""
        if column.name in self._known:
            letter = chr(ord("A") + self._at[column.name])
            return {"validate": "list", "source": f"='{CHOICES}'!${letter}$1:${letter}${len(self._known[column.name])}"}
        if column.type == "yes_no":
            return {"validate": "list", "source": ["yes", "no"]}
        if column.codes and len(",".join(column.codes)) <= MOST_LISTED:
            return {"validate": "list", "source": list(column.codes)}
        if column.type in ("number", "whole"):
            kind = "integer" if column.type == "whole" else "decimal"
            low, high = -1e9 if column.least is None else column.least, 1e9 if column.most is None else column.most
            return {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}
        return None

    def write(self) -> None:
        """The sheet of long lists, hidden: it comes last, so that the form opens on its first."""
        sheet = self._book.add_worksheet(CHOICES)
        for name, place in self._at.items():
            for row, word in enumerate(self._known[name]):
                sheet.write_string(row, place, word)
        sheet.hide()


def with_forms(county: County, paths: Iterable[str | Path]) -> County:
    """The county with the rows of some workbooks beside its own: filled-in forms, and decisions that were filled in.

    Raises ``InputError`` with every fault of every workbook, a case that the county has already among them, and
    ``UsageError`` for a file that is not there.
    """
    for path in paths:
        county = _with_form(county, Path(path))
    return county


def _with_form(county: County, path: Path) -> County:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; expected a workbook with a sheet {NAMES[0]}") from error
    _, raws, faults = read_workbook(path.name, data)
    # A form has no settings of the county.
    faults = [fault for fault in faults if fault.table not in ("county", *(set(TABLES) - set(NAMES)))]
    found = {raw.table: raw for raw in raws if raw.table in NAMES}
    if not found and not faults:
        faults = [Fault(path.name, "", "", "", f"a sheet with one of the names {', '.join(NAMES)}")]
    tables = {name: _known(name, county) for name in TABLES}
    for name, raw in found.items():
        mine = read_table(raw, known={(fault.row, fault.column) for fault in faults if fault.table == name})
        faults += mine.faults
        faults += _again(mine, tables[name])
        tables[name] = _joined(tables[name], mine)
    faults += case_faults(tables, county.settings)
    if faults:
        raise InputError(sorted_faults([_in(path.name, fault) for fault in faults]))
    changed: dict[str, Any] = {name: finished(tables[name]) for name in found}
    return replace(county, **changed)


def _in(file: str, fault: Fault) -> Fault:
    """The fault with the workbook's name before its sheet's, as several may be read."""
    return replace(fault, table=f"{file}, sheet {fault.table}") if fault.table in TABLES else fault


def _known(name: str, county: County) -> ReadTable:
    """A table of the county that was checked already; its rows are not numbered."""
    frame = pd.DataFrame(getattr(county, name)).drop(columns="geometry", errors="ignore")
    absent = absent_table(name)
    return ReadTable(absent.table, frame.reset_index(drop=True), np.zeros(len(frame), dtype=np.int64), None)


def _joined(known: ReadTable, more: ReadTable) -> ReadTable:
    parts = [part for part in (known.frame, more.frame) if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else more.frame
    return ReadTable(more.table, frame, np.concatenate([known.rows, more.rows]), None)


def _again(mine: ReadTable, known: ReadTable) -> list[Fault]:
    """A fault for each row whose key the county has already."""
    key = list(mine.table.key)
    there = set(known.frame[key].astype("str").fillna("").itertuples(index=False, name=None))
    rows = mine.frame[key].astype("str").fillna("").itertuples(index=False, name=None)
    return [
        mine.fault(place, key[0], label[0], f"a {' + '.join(key)} that the county does not have yet")
        for place, label in enumerate(rows)
        if label in there
    ]
