"""Reading one Excel workbook: a sheet for each table, and a sheet ``county`` of settings."""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import openpyxl

from placeplan.county.columns import TABLES
from placeplan.county.faults import alike, nearest, shown
from placeplan.county.raw import RawTable, cell_text, raw_table
from placeplan.county.spelling import EXCEL_ERRORS
from placeplan.county.unread import OWN_SHEETS, SETTINGS_NAME, Unread
from placeplan.county.workbook_parts import SheetParts, workbook_parts
from placeplan.errors import Fault, Note
from placeplan.geo.plain_xml import has_doctype

__all__ = ["SettingsSheet", "Workbook", "read_workbook"]

SettingsSheet = list[tuple[int, str, Any]]
"""The settings sheet: line, dotted key and value as Excel holds it."""

Place = tuple[str, str]
"""A cell: its row as the user counts it, and its column's name."""

MOST_NAMED = 10
"""How many hidden rows are named one by one."""

LARGEST_BYTES = 2_000_000_000
"""The most that a workbook may unpack to; beyond it the file is refused unread."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """What was read of a workbook; ``settings`` is None where there is no sheet of them."""

    settings: SettingsSheet | None = field(default=None, repr=False)
    tables: tuple[RawTable, ...] = field(default=(), repr=False)
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()
    unread: tuple[Unread, ...] = ()


def _value(cell: Any) -> str | None:
    """A cell as text; a number shown with leading zeros (format 000) keeps them."""
    text = cell_text(cell.value)
    if text is not None and text.isdigit() and re.fullmatch(r"0+", str(getattr(cell, "number_format", ""))):
        return text.zfill(len(cell.number_format))
    return text


def _rows(sheet: Any, parts: SheetParts) -> Iterator[tuple[int, list[Any]]]:
    """The rows of a sheet that hold something, a formula without a value included."""
    sheet.reset_dimensions()
    unvalued = {row for row, _ in parts.unvalued}
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        if line in unvalued or any(cell_text(cell.value) is not None for cell in cells):
            yield line, list(cells)


def _in_words(numbers: Sequence[int], words: str) -> str:
    """``"hidden row 3"``, ``"hidden rows 3, 7"``; the first few, and how many more."""
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    listed = ", ".join(str(number) for number in numbers[:MOST_NAMED])
    return f"hidden {words}{'' if len(numbers) == 1 else 's'} {listed}{more}"


def _hidden_notes(table: str, parts: SheetParts, header: Sequence[str | None], lines: Sequence[int]) -> list[Note]:
    """What of a sheet is hidden and is read all the same."""
    taken = "read as if it were shown"
    notes = [Note(table, "", "", f"a hidden sheet {table}", taken)] if parts.hidden else []
    rows = sorted(set(parts.hidden_rows) & set(lines))
    if rows:
        notes.append(Note(table, "", "", _in_words(rows, "row"), taken))
    for column in parts.hidden_columns:
        name = header[column - 1] if column <= len(header) else None
        if name is not None:
            notes.append(Note(table, "", name, "a hidden column", taken))
    return notes


def _lost_values(
    table: str, parts: SheetParts, header: Sequence[str | None], first: int
) -> tuple[list[Fault], set[Place]]:
    """Faults for cells whose value no reader can see, one a column or merged cell, and every (row, column) of them."""

    def name(column: int) -> str:
        return (header[column - 1] if column <= len(header) else None) or f"column {column}"

    faults = []
    lost: set[Place] = set()
    by_column: dict[int, list[int]] = {}
    for row, column in parts.unvalued:
        if row >= first and column <= len(header):
            by_column.setdefault(column, []).append(row)
            lost.add((str(row), name(column)))
    for column, rows in by_column.items():
        more = alike(len(rows))
        expected = f"its value: open the workbook in a spreadsheet program, save it, and read it again{more}"
        faults.append(Fault(table, str(rows[0]), name(column), "a formula without a stored value", expected))
    for top, left, bottom, right in parts.merged:
        if bottom >= first and left <= len(header):
            found = f"a cell merged over rows {top} to {bottom}" if bottom > top else "a cell merged over columns"
            faults.append(Fault(table, str(top), name(left), found, "a value in each cell: unmerge it"))
            places = range(left, min(right, len(header)) + 1)
            lost |= {(str(row), name(column)) for row in range(top, bottom + 1) for column in places}
    return faults, lost


def _read_sheet(sheet: Any, parts: SheetParts, table: str, file: str) -> tuple[RawTable | None, list[Fault]]:
    lines = [(line, [_value(cell) for cell in cells]) for line, cells in _rows(sheet, parts)]
    if not lines:
        return None, [Fault(table, "", "", f"an empty sheet in {file}", "a header line and rows")]
    first, header = lines[0]
    raw, faults = raw_table(table, f"{file}, sheet {table}", header, lines[1:])
    lost_faults, lost = _lost_values(table, parts, header, first)
    notes = _hidden_notes(table, parts, header, [line for line, _ in lines])
    return replace(raw, notes=(*raw.notes, *notes), faulty=raw.faulty | lost), faults + lost_faults


def _read_settings(sheet: Any, parts: SheetParts) -> tuple[SettingsSheet, list[Fault], list[Note]]:
    rows = list(_rows(sheet, parts))
    header = [cell_text(cell.value) for cell in rows[0][1]] if rows else []
    if header[:2] != ["setting", "value"]:
        found = shown(", ".join(str(name) for name in header if name is not None))
        return [], [Fault(SETTINGS_NAME, "1", "", found, "the columns setting and value")], []
    faults, lost = _lost_values(SETTINGS_NAME, parts, header[:2], rows[0][0] + 1)
    settings: SettingsSheet = []
    for line, cells in rows[1:]:
        key = cell_text(cells[0].value)
        value = cells[1].value if len(cells) > 1 else None
        text = cell_text(value)
        if text is not None and text.upper() in EXCEL_ERRORS:
            expected = "a value; a formula has failed there"
            faults.append(Fault(SETTINGS_NAME, str(line), str(key), text, expected))
        elif key is None and text is not None:
            faults.append(
                Fault(SETTINGS_NAME, str(line), "setting", "a blank", f"the setting whose value is {shown(text)}")
            )
        # A blank value is a setting not stated: a template's rows may be left as they are.
        elif key is not None and text is not None and (str(line), "value") not in lost:
            settings.append((line, key, value))
    return settings, faults, _hidden_notes(SETTINGS_NAME, parts, header[:2], [line for line, _ in rows])


def _doctype(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a part declares a document type, which could name other files; no spreadsheet program writes one."""
    if not name.endswith((".xml", ".rels")):
        return False
    with archive.open(name) as part:
        return has_doctype(part)


def read_workbook(file: str, data: bytes) -> Workbook:
    """Everything that a workbook holds; a fault in the file's own name where it is none, or a damaged one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                return Workbook(faults=(Fault(file, "", "", file, "a workbook of less than 2 GB unpacked"),))
            declared = next((name for name in archive.namelist() if _doctype(archive, name)), None)
            if declared is not None:
                found = f"{declared} with a document type"
                return Workbook(faults=(Fault(file, "", "", found, "an Excel workbook (.xlsx)"),))
            parts = workbook_parts(archive)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            return _read_sheets(book, parts, file)
    except Exception as error:  # noqa: BLE001 - damage shows in the zip, the XML or the reader, and means the same
        told = "no workbook, or a damaged one" if isinstance(error, zipfile.BadZipFile) else shown(error)
        return Workbook(faults=(Fault(file, "", "", told, "an Excel workbook (.xlsx)"),))


def _read_sheets(book: Any, parts: Mapping[str, SheetParts], file: str) -> Workbook:
    settings: SettingsSheet | None = None
    tables: list[RawTable] = []
    faults: list[Fault] = []
    notes: list[Note] = []
    unread: list[Unread] = []
    for sheet in book.worksheets:
        title, beside = sheet.title, parts.get(sheet.title, SheetParts())
        if title == SETTINGS_NAME:
            settings, settings_faults, settings_notes = _read_settings(sheet, beside)
            faults += settings_faults
            notes += settings_notes
        elif title in TABLES:
            raw, sheet_faults = _read_sheet(sheet, beside, title, file)
            faults += sheet_faults
            if raw is not None:
                tables.append(raw)
        elif title not in OWN_SHEETS:
            rows = next(_rows(sheet, beside), None)
            header = tuple(text for cell in rows[1] if (text := cell_text(cell.value)) is not None) if rows else ()
            why = ("" if header else ", empty") + (", and hidden" if beside.hidden else "")
            name = f"sheet {title}"
            unread.append(Unread(name, title, _sheet_expected, header=header, why=why))
    unread += [
        Unread(f"sheet {sheet.title}", "", _sheet_expected, False, why=", a chart") for sheet in book.chartsheets
    ]
    if settings is None:
        hint = nearest(SETTINGS_NAME, [sheet.title for sheet in book.worksheets])
        found = f"sheet {hint}" if hint is not None else ""
        faults.append(Fault(SETTINGS_NAME, "", "", found, "a sheet named county, with columns setting and value"))
    return Workbook(settings, tuple(tables), tuple(faults), tuple(notes), tuple(unread))


def _sheet_expected(table: str) -> str:
    return f"a sheet named {table}"
