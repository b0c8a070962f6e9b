"""run.xlsx: a front sheet that a head of service can read, then a sheet a table; never a formula in it."""

import datetime as dt
import io
import math
from typing import Any, Final

import pandas as pd
import xlsxwriter

from placeplan.county.vocabulary import QUESTIONS
from placeplan.report.answer import (
    answer_sentences,
    gap_sentences,
    how_to_read,
    places_sentences,
    price_sentences,
    question_name,
    status_warning,
    title,
)
from placeplan.report.band import INTERNAL_BAND, NOT_PUBLISHED, WITHHELD_BAND
from placeplan.report.cells import Table
from placeplan.report.compare_words import compare_sentences
from placeplan.report.explained_section import explained_sentences
from placeplan.report.forecast_sections import forecast_lede, has_forecast
from placeplan.report.lookup import localities_in_order, locality_names, unit_names
from placeplan.report.named import in_its_words
from placeplan.report.partnership_page import partnership_sentences
from placeplan.report.tables import questions_table
from placeplan.report.trade_offs_section import trade_offs_sentences
from placeplan.report.words import COLUMNS, TABLE_NAMES, WITHHELD, label, plain
from placeplan.report.years_section import years_sentences
from placeplan.run_tables import column_kind, in_order, measure_kind
from placeplan.runs import Run

__all__ = ["workbook_bytes"]

_FORMATS: Final = {"pounds": "£#,##0;[Red]-£#,##0", "minutes": "#,##0.0", "count": "#,##0.##"}
_WHOLE: Final = "#,##0"
_WIDEST: Final = 46
MOST_ROWS: Final = 100_000
"""How many rows of a table a sheet has: Excel opens about a million, and is slow long before."""

_FRONT_WIDTHS: Final = (54, 24, 24, 24)


class _Writer:
    """A workbook being filled: its formats, made once."""

    def __init__(self, book: Any) -> None:
        self.book = book
        base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        self.text = book.add_format(base)
        self.wrapped = book.add_format({**base, "text_wrap": True, "font_size": 11})
        self.title = book.add_format({**base, "bold": True, "font_size": 18})
        self.mark = book.add_format({**base, "bold": True, "font_size": 11, "bg_color": "#F6F4EE", "text_wrap": True})
        self.internal = book.add_format(
            {**base, "bold": True, "font_size": 11, "bg_color": "#7A1F00", "font_color": "#FFFFFF", "text_wrap": True}
        )
        self.part = book.add_format({**base, "bold": True, "font_size": 13, "top": 2})
        self.heading = book.add_format({**base, "bold": True, "text_wrap": True, "bottom": 2, "valign": "bottom"})
        self.right_heading = book.add_format(
            {**base, "bold": True, "text_wrap": True, "bottom": 2, "align": "right", "valign": "bottom"}
        )
        self.right = book.add_format({**base, "align": "right"})
        self.numbers = {kind: book.add_format({**base, "num_format": form}) for kind, form in _FORMATS.items()}
        self.numbers["count"] = book.add_format({**base, "num_format": _WHOLE})
        self.numbers["fraction"] = book.add_format({**base, "num_format": _FORMATS["count"]})


def _sheet_name(table: str, taken: set[str]) -> str:
    r"""A name Excel allows: at most 31 characters, none of ``[]:*?/\\``, each used once."""
    name = "".join(" " if one in "[]:*?/\\'" else one for one in label("table", table))[:31].strip() or "Table"
    number, base = 2, name
    while name.lower() in taken:
        name = f"{base[:27]} {number}"
        number += 1
    taken.add(name.lower())
    return name


def _front(writer: _Writer, run: Run) -> None:
    sheet = writer.book.add_worksheet("Answer")
    sheet.hide_gridlines(2)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    for column, width in enumerate(_FRONT_WIDTHS):
        sheet.set_column(column, column, width)
    row = 0

    def say(text: str, form: Any, *, height: float | None = None) -> None:
        nonlocal row
        sheet.merge_range(row, 0, row, len(_FRONT_WIDTHS) - 1, "", form)
        sheet.write_string(row, 0, text, form)
        # Excel does not grow a merged row to its text, so its height is set from the text's length.
        lines = math.ceil(len(text) / 132)
        sheet.set_row(row, height or 16.0 * lines)
        row += 1

    say(title(run), writer.title, height=28)
    mark = INTERNAL_BAND if run.internal else f"{WITHHELD_BAND} {NOT_PUBLISHED}"
    mark += f" Data: {run.facts.get('data_label') or 'not labelled'}."
    mark += f" As of {run.facts['as_of']}." if run.facts.get("as_of") else ""
    say(mark, writer.internal if run.internal else writer.mark, height=20 if run.internal else 36)
    warning = status_warning(run)
    if warning:
        say(f"Not proven. {warning}", writer.mark)
    row += 1
    for heading, sentences in (
        ("The answer", [" ".join(answer_sentences(run))]),
        ("What differs", compare_sentences(run) if run.command == "compare" else []),
        ("The cases", partnership_sentences(run) if run.command == "options" else []),
        ("The need to come", [forecast_lede(run), *run.facts["forecast_warnings"]] if has_forecast(run) else []),
        ("Over the years", [*years_sentences(run), *(run.facts["forecast_warnings"] if "years" in run.tables else [])]),
        ("The gap", [" ".join(gap_sentences(run))]),
        ("Places to add", [" ".join(places_sentences(run))]),
        ("What one more place is worth", price_sentences(run)),
        ("Why, and what it would take", explained_sentences(run)),
        ("Cost against travel", trade_offs_sentences(run)),
    ):
        said = [sentence for sentence in sentences if sentence]
        if said:
            say(heading, writer.part, height=20)
            for sentence in said:
                say(sentence, writer.wrapped)
            row += 1
    compared = questions_table(run)
    if compared is not None:
        say(compared.caption, writer.part, height=20)
        row = _small_table(writer, sheet, row, compared) + 1
        if compared.note:
            say(compared.note, writer.wrapped)
        row += 1
    say("How to read this workbook", writer.part, height=20)
    for sentence in how_to_read(run):
        say(sentence, writer.wrapped)
    say("This supports, and does not make, a decision. Placement decisions belong to people.", writer.mark)


def _small_table(writer: _Writer, sheet: Any, row: int, made: Table) -> int:
    """A table of written cells; gives the row after it."""
    for column, one in enumerate(made.columns):
        sheet.write_string(row, column, one.heading, writer.right_heading if one.number else writer.heading)
    for cells in made.rows:
        row += 1
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, writer.right if made.columns[column].number else writer.text)
    return row + 1


def _words(column: str, value: Any, names: dict[str, dict[str, str]]) -> str:
    known = names.get(column, {}).get(str(value))
    return known if known is not None else label(column, value)


def _headed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each unit's name beside its code, and without the column that names withheld cells."""
    made = frame.drop(columns="suppressed", errors="ignore")
    if "unit" in made.columns and "site_name" not in made.columns and "name" not in made.columns:
        made = made.copy()
        made.insert(list(made.columns).index("unit") + 1, "unit_name", made["unit"])
    return made


def _table_sheet(writer: _Writer, run: Run, table: str, name: str) -> None:
    frame = run.tables[table]
    rows = frame if table in {"localities", "assumptions"} else in_order(frame, localities=localities_in_order(run))
    more, rows = len(rows) - MOST_ROWS, rows.head(MOST_ROWS)
    hidden = [str(value or "").split(";") for value in rows.get("suppressed", pd.Series([""] * len(rows)))]
    shown = _headed(rows)
    names = {
        "locality": locality_names(run),
        "unit_name": unit_names(run),
        "runner_up": unit_names(run),
        "question": {question: question_name(run, question) for question in QUESTIONS},
    }
    if table == "localities":
        names.pop("locality")
    sheet = writer.book.add_worksheet(name)
    measures = list(shown["measure"]) if "measure" in shown.columns else [""] * len(shown)
    for column, code in enumerate(shown.columns):
        kind = column_kind(str(code))
        number = kind in _FORMATS or (code == "value" and "measure" in shown.columns)
        heading = COLUMNS.get(f"{table}.{code}", COLUMNS.get(str(code), plain(code)))
        sheet.write_string(0, column, heading, writer.right_heading if number else writer.heading)
        widest = max((len(word) for word in heading.split()), default=8) + 2
        for row, value in enumerate(shown[code]):
            if code in hidden[row]:
                sheet.write_string(row + 1, column, WITHHELD, writer.right)
            elif pd.isna(value):
                continue
            elif number:
                of = measure_kind(str(measures[row])) if code == "value" else kind
                form = "fraction" if of == "count" and float(value) != round(float(value)) else of
                sheet.write_number(
                    row + 1, column, round(float(value), 2 if of != "minutes" else 1), writer.numbers[form]
                )
                widest = max(widest, len(f"{float(value):,.1f}") + 2)
            else:
                words = ("yes" if value else "no") if kind == "yes_no" else _words(str(code), value, names)
                sheet.write_string(row + 1, column, words, writer.text)
                widest = max(widest, len(words) + 1)
        sheet.set_column(column, column, min(widest, _WIDEST))
    if more > 0:
        sheet.write_string(len(shown) + 1, 0, f"and {more:,} more rows, in tables/{table}.csv", writer.text)
    sheet.freeze_panes(1, 0)
    if len(shown):
        sheet.autofilter(0, 0, len(shown), len(shown.columns) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{'INTERNAL. ' if run.internal else ''}{name.replace('&', '&&')}&RPage &P of &N")


@in_its_words
def workbook_bytes(run: Run) -> bytes:
    """The workbook, the same bytes for the same run; ``run`` is shown as it is, so pass ``share_safe(run)`` to leave.

    Every text is written as text: one that begins with ``=``, ``+``, ``-`` or ``@`` is no formula and no link.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    made_on = dt.datetime.fromisoformat(str(run.facts.get("as_of") or "2000-01-01"))
    book.set_properties({"title": title(run), "created": made_on, "comments": str(run.facts.get("data_label", ""))})
    writer = _Writer(book)
    _front(writer, run)
    taken = {"answer"}
    order = [name for name in TABLE_NAMES if name in run.tables] + sorted(set(run.tables) - set(TABLE_NAMES))
    for table in order:
        _table_sheet(writer, run, table, _sheet_name(table, taken))
    book.close()
    return buffer.getvalue()
