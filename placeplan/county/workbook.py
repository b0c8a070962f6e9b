"""Reading one Excel workbook: a sheet for each table, and a sheet ``county`` of settings."""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl

from placeplan.county.faults import nearest, shown
from placeplan.county.raw import RawTable, cell_text, raw_table, table_named
from placeplan.errors import Fault
from placeplan.geo.plain_xml import has_doctype

__all__ = ["SettingsSheet", "read_workbook"]

SettingsSheet = list[tuple[int, str, Any]]
"""The settings sheet: line, dotted key and value as Excel holds it."""

LARGEST_BYTES = 2_000_000_000
"""The most that a workbook may unpack to; beyond it the file is refused unread."""


def _value(cell: Any) -> str | None:
    """A cell as text; a number shown with leading zeros (format 000) keeps them."""
    text = cell_text(cell.value)
    if text is not None and text.isdigit() and re.fullmatch(r"0+", str(getattr(cell, "number_format", ""))):
        return text.zfill(len(cell.number_format))
    return text


def _rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    sheet.reset_dimensions()
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        if any(cell_text(cell.value) is not None for cell in cells):
            yield line, list(cells)


def _read_sheet(sheet: Any, table: str, file: str) -> tuple[RawTable | None, list[Fault]]:
    lines = [(line, [_value(cell) for cell in cells]) for line, cells in _rows(sheet)]
    if not lines:
        return None, [Fault(table, "", "", f"an empty sheet in {file}", "a header line and rows")]
    return raw_table(table, f"{file}, sheet {table}", lines[0][1], lines[1:])


def _read_settings(sheet: Any) -> tuple[SettingsSheet, list[Fault]]:
    rows = list(_rows(sheet))
    header = [cell_text(cell.value) for cell in rows[0][1]] if rows else []
    if header[:2] != ["setting", "value"]:
        return [], [Fault("county", "1", "", shown(", ".join(map(str, header))), "the columns setting and value")]
    settings: SettingsSheet = []
    for line, cells in rows[1:]:
        key = cell_text(cells[0].value)
        value = cells[1].value if len(cells) > 1 else None
        # A blank value is a setting not stated: a template's rows may be left as they are.
        if key is not None and cell_text(value) is not None:
            settings.append((line, key, value))
    return settings, []


def _doctype(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a part declares a document type, which could name other files; no spreadsheet program writes one."""
    if not name.endswith((".xml", ".rels")):
        return False
    with archive.open(name) as part:
        return has_doctype(part)


def read_workbook(file: str, data: bytes) -> tuple[SettingsSheet | None, list[RawTable], list[Fault]]:
    """The settings (None where there is no sheet of them), the tables and the faults of a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                return None, [], [Fault(file, "", "", file, "a workbook of less than 2 GB unpacked")]
            declared = next((name for name in archive.namelist() if _doctype(archive, name)), None)
            if declared is not None:
                return None, [], [Fault(file, "", "", f"{declared} with a document type", "an Excel workbook (.xlsx)")]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            return _read_sheets(book, file)
    except Exception as error:  # noqa: BLE001 - damage shows in the zip, the XML or the reader, and means the same
        told = "no workbook, or a damaged one" if isinstance(error, zipfile.BadZipFile) else shown(error)
        return None, [], [Fault(file, "", "", told, "an Excel workbook (.xlsx)")]


def _read_sheets(book: Any, file: str) -> tuple[SettingsSheet | None, list[RawTable], list[Fault]]:
    settings: SettingsSheet | None = None
    tables: list[RawTable] = []
    faults: list[Fault] = []
    for sheet in book.worksheets:
        if sheet.title == "county":
            settings, settings_faults = _read_settings(sheet)
            faults += settings_faults
            continue
        table, perhaps = table_named(sheet.title)
        if table is not None:
            raw, sheet_faults = _read_sheet(sheet, table, file)
            faults += sheet_faults
            if raw is not None:
                tables.append(raw)
        elif perhaps is not None:
            faults.append(Fault(perhaps, "", "", f"sheet {shown(sheet.title)}", f"a sheet named {perhaps}"))
    if settings is None:
        hint = nearest("county", [sheet.title for sheet in book.worksheets])
        found = f"sheet {hint}" if hint is not None else ""
        faults.append(Fault("county", "", "", found, "a sheet named county, with columns setting and value"))
    return settings, tables, faults
