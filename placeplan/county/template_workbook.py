"""An empty county as one workbook: a sheet a table with drop-downs, and the sheet county with every setting."""

import datetime as dt
import io
import math
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from placeplan.county.column import Column
from placeplan.county.columns import TABLES
from placeplan.county.settings_keys import Key
from placeplan.county.template_settings import SettingRow, setting_rows
from placeplan.errors import UsageError
from placeplan.whole_or_not import writing

__all__ = ["template_workbook", "write_template_workbook"]

LAST_ROW: Final = 20_000
"""How far down a sheet its cells are checked as they are filled in."""

MOST_PROMPT: Final = 250
"""The most characters that Excel shows beside a cell."""

HEADINGS: Final = ("setting", "value", "meaning")
WIDTHS: Final = (44, 26, 110)

LINE_POINTS: Final = 15
LINE_CHARACTERS: Final = 108
"""A line of the last column: how high, and how many characters at most."""

HOW: Final = (
    "Fill in the yellow cells of this sheet, then a row for each thing on the sheets with a yellow tab; the others may "
    "stay empty. A value left blank keeps the default that its meaning names. Point at the heading of a column to see "
    "what belongs in it. Then: placeplan check, with this file's name."
)

OUTLINE: Final = (
    "In a workbook an outline is text (WKT) in metres of the British National Grid, of at most 32,767 characters: "
    "POLYGON ((438000 347000, 446000 347000, 446000 353000, 438000 347000)). A desktop map program gives it by "
    "geom_to_wkt(simplify($geometry, 50), 0). Where outlines are in a file, use a folder of tables instead."
)

EXCEL_FORMATS: Final = {"text": "@", "list": "@", "code": "@", "geometry": "@", "date": "yyyy-mm-dd"}
"""Cell formats by type; text keeps its leading zeros."""


def template_workbook() -> bytes:
    """The workbook: the sheet ``county`` first, then the tables in the order of TABLES.md.

    Needs, kinds, models, placements, phases, funds, yes and no are chosen from lists; other cells are checked for what
    they may be, and every column says what it is. The same bytes come each time.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "A county", "created": dt.datetime(2025, 1, 1)})  # noqa: DTZ001 (written as it is)
    _settings_sheet(book)
    plain = {"bold": True, "bottom": 2, "valign": "bottom"}
    head, needed = book.add_format(plain), book.add_format(plain | {"bg_color": "#FFF3D6"})
    formats = {kind: book.add_format({"num_format": shown}) for kind, shown in EXCEL_FORMATS.items()}
    for name, table in TABLES.items():
        sheet = book.add_worksheet(name)
        _looks(sheet)
        if table.required:
            sheet.set_tab_color("#E0A800")
        for at, column in enumerate(table.columns):
            width = 40 if column.type in ("geometry", "list") else max(13, len(column.name) + 3)
            sheet.set_column(at, at, width, formats.get(column.type))
            sheet.write_string(0, at, column.name, needed if column.required else head)
            sheet.write_comment(0, at, _comment(column, table.row if at == 0 else ""), {"x_scale": 2.6, "y_scale": 1.7})
            sheet.data_validation(1, at, LAST_ROW, at, _rule(column))
    book.close()
    return buffer.getvalue()


def _looks(sheet: Any) -> None:
    """The headings stay in sight, and a sheet is printed a page wide."""
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _comment(column: Column, row: str) -> str:
    """What a column is, what its cells may be, and what a blank is; on the first column also what a row is."""
    blank = (
        "must be filled in" if column.required else f"blank is {column.default}" if column.default else "may be blank"
    )
    unit = f" ({column.unit})" if column.unit and column.type != "geometry" else ""
    lines = [f"A row is {row}."] if row else []
    lines.append(f"{column.meaning[0].upper()}{column.meaning[1:]}: {column.expected}{unit}; {blank}.")
    if column.type == "geometry":
        lines.append(OUTLINE)
    return "\n".join(lines)


def _rule(column: Column) -> dict[str, Any]:
    """What Excel offers and checks in a column's cells, with a word on what belongs there."""
    prompt = f"{column.meaning}: {column.expected}"
    told = {
        "ignore_blank": True,
        "input_title": column.name,
        "input_message": prompt if len(prompt) <= MOST_PROMPT else column.meaning[:MOST_PROMPT],
        "error_title": column.name,
        "error_message": f"Expected {column.expected}."[:MOST_PROMPT],
    }
    if column.blanks:
        # A word that means missing may stand in place of a number.
        return told | {"validate": "any"}
    return told | _limits(column.type, column.codes, column.least, column.most)


def _limits(kind: str, codes: tuple[str, ...], least: float | None, most: float | None) -> dict[str, Any]:
    """What Excel lets stand in a cell."""
    if codes or kind == "yes_no":
        return {"validate": "list", "source": list(codes or ("yes", "no"))}
    if kind in ("whole", "number"):
        number = "integer" if kind == "whole" else "decimal"
        low, high = -1e9 if least is None else least, 1e9 if most is None else most
        return {"validate": number, "criteria": "between", "minimum": low, "maximum": high}
    if kind == "date":
        return {"validate": "date", "criteria": ">=", "value": dt.date(1990, 1, 1)}
    return {"validate": "any"}


def _settings_sheet(book: Any) -> None:
    """Every setting as a dotted key, an empty cell for its value, and what it means with its default."""
    sheet = book.add_worksheet("county")
    sheet.set_tab_color("#E0A800")
    _looks(sheet)
    head = book.add_format({"bold": True, "bottom": 2})
    section = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "top": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for at, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, heading, head)
    _words(sheet, 1, HOW, wrapped)
    for line, row in enumerate(setting_rows(), start=2):
        if row.key is None:
            _words(sheet, line, row.meaning, section)
            continue
        sheet.write_string(line, 0, row.setting, wrapped)
        _words(sheet, line, _setting_meaning(row, row.key), wrapped)
        _value_cell(book, sheet, line, row, row.key)


def _words(sheet: Any, line: int, words: str, look: Any) -> None:
    """Words in the last column, in a row that is high enough for them."""
    sheet.set_row(line, LINE_POINTS * math.ceil(len(words) / LINE_CHARACTERS))
    sheet.write_string(line, 2, words, look)


def _setting_meaning(row: SettingRow, key: Key) -> str:
    expected = "yes or no" if key.type == "yes_no" else "text" if key.type == "text" and not key.codes else key.expected
    default = "must be filled in" if key.required and "." not in row.setting else "blank is none"
    if row.default not in (None, ""):
        default = f"blank is {_shown(row.default)}"
    elif "." in row.setting and key.required:
        default = "needed in a row that is begun"
    return f"{row.meaning}: {expected}; {default}"


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"{default:,.10g}" if isinstance(default, float) else str(default)


def _value_cell(book: Any, sheet: Any, line: int, row: SettingRow, key: Key) -> None:
    """The cell to fill in: yellow where a value is needed; the contract's number is there already."""
    look: dict[str, Any] = {"valign": "top", "align": "left"}
    if key.required and "." not in row.setting:
        look["bg_color"] = "#FFF3D6"
    if key.type in EXCEL_FORMATS:
        look["num_format"] = EXCEL_FORMATS[key.type]
    cell = book.add_format(look)
    if row.setting == "format":
        sheet.write_number(line, 1, 1, cell)
    else:
        sheet.write_blank(line, 1, None, cell)
    sheet.data_validation(
        line,
        1,
        line,
        1,
        {
            "ignore_blank": True,
            "error_title": "value",
            "error_message": f"Expected {key.expected}."[:MOST_PROMPT],
            **_limits(key.type, key.codes, key.least if key.above is None else key.above, key.most),
        },
    )


def write_template_workbook(path: str | Path) -> Path:
    """Write an empty county to the workbook ``path``, made beside it and renamed into place, and return its path.

    The ending ``.xlsx`` is put to a name without it. What is there already is left alone: ``UsageError``.
    """
    target = Path(path)
    if target.suffix.casefold() != ".xlsx":
        target = target.with_name(f"{target.name}.xlsx")
    try:
        with writing(target.resolve()) as work:
            if target.exists():
                raise UsageError(f"{target}: exists already")
            made = work / "new.xlsx"
            made.write_bytes(template_workbook())
            made.rename(target.resolve())
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{target}: cannot be written ({reason})") from error
    return target
