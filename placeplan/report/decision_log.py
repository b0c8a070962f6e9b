"""decisions.xlsx: a row a case, what is recommended, and cells to fill in with what people decided."""

import datetime as dt
import io
from typing import Any, Final

import xlsxwriter

from placeplan.county.vocabulary import DECISIONS
from placeplan.report.case_words import CAUTION, is_some, option_name, range_words
from placeplan.report.lookup import table
from placeplan.report.named import in_its_words
from placeplan.runs import Run

__all__ = ["decision_log_bytes"]

WIDTHS: Final = (12, 28, 14, 28, 24, 14, 50, 14)
HELP: Final = {
    "case": "The case, as on its page.",
    "recommended": "What is recommended by the partnership's criteria.",
    "decision": f"One of {', '.join(DECISIONS)}; blank is nothing yet.",
    "option": "The option decided on, chosen from those of the case: what each is called stands on the sheet options.",
    "decided_by": "Who decided: a body or a post, no name.",
    "decided_on": "A date, as in 2025-03-14.",
    "reason": "Why, in words; no name.",
    "consulted": "yes or no: whether the school or college was consulted.",
}
SHEET: Final = "options"


@in_its_words
def decision_log_bytes(run: Run) -> bytes:
    """The workbook: the run's decisions, checked as they are filled in, the options by name, and what is what."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": dt.datetime.fromisoformat(str(run.facts.get("as_of") or "2000-01-01"))})
    log = table(run, "decisions")
    sheet = book.add_worksheet("decisions")
    head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True})
    cell = book.add_format({"text_wrap": True, "valign": "top"})
    fill = book.add_format(
        {"text_wrap": True, "valign": "top", "bg_color": "#FFF9E5", "border": 1, "border_color": "#C9C6BD"}
    )
    at = {str(name): column for column, name in enumerate(log.columns)}
    for name, column in at.items():
        sheet.set_column(column, column, WIDTHS[column])
        sheet.write_string(0, column, name, head)
        sheet.write_comment(0, column, HELP[name], {"x_scale": 2.0})
    choices = _options(book, run, head, cell)
    lists = {"decision": list(DECISIONS), "consulted": ["yes", "no"]}
    for row, record in enumerate(log.to_dict("records"), start=1):
        for name, column in at.items():
            value = record[name]
            form = cell if name in ("case", "recommended") else fill
            sheet.write_string(row, column, value if isinstance(value, str) else "", form)
            source = choices.get(str(record["case"])) if name == "option" else lists.get(name)
            if source is not None:
                _rule(sheet, row, column, source, HELP[name])
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    about = book.add_worksheet("about")
    about.set_column(0, 0, 100)
    lines = [f"Decisions on the cases of {run.county}", CAUTION, *(f"{name}: {words}" for name, words in HELP.items())]
    for row, line in enumerate(lines):
        about.write_string(row, 0, line)
    book.close()
    return buffer.getvalue()


def _options(book: Any, run: Run, head: Any, cell: Any) -> dict[str, str]:
    """The sheet of every case's options by name, and by case where its own stand on it."""
    sheet = book.add_worksheet(SHEET)
    for column, (name, width) in enumerate((("case", 12), ("option", 34), ("what it is", 70), ("first year", 16))):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, head)
    where, row = {}, 1
    for case, rows in table(run, "case_options").groupby("case", sort=True):
        where[str(case)] = f"='{SHEET}'!$B${row + 1}:$B${row + len(rows)}"
        for record in rows.to_dict("records"):
            cost = range_words(record["pounds_low"], record["pounds"], record["pounds_high"])
            notes = f" (on condition that {record['condition']})" if is_some(record["condition"]) else ""
            for column, told in enumerate((str(case), str(record["option"]), option_name(record) + notes, cost)):
                sheet.write_string(row, column, told, cell)
            row += 1
    sheet.freeze_panes(1, 0)
    return where


def _rule(sheet: Any, row: int, column: int, source: str | list[str], told: str) -> None:
    """What may be chosen in a cell; blank is allowed."""
    rule = {"validate": "list", "source": source, "ignore_blank": True, "error_title": "Not on the list"}
    sheet.data_validation(row, column, row, column, {**rule, "error_message": told[:250]})
