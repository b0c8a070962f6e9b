"""decisions.xlsx: a row a case, what is recommended, and cells to fill in with what people decided."""

import datetime as dt
import io
from typing import Any, Final

import xlsxwriter

from placeplan.county.vocabulary import DECISIONS
from placeplan.report.case_words import CAUTION
from placeplan.report.lookup import table
from placeplan.runs import Run

__all__ = ["decision_log_bytes"]

WIDTHS: Final = (12, 28, 14, 28, 24, 14, 50, 14)
HELP: Final = {
    "decision": f"One of {', '.join(DECISIONS)}.",
    "option": "The option decided on, as it is named on the case's page.",
    "decided_on": "A date, as in 2025-03-14.",
    "consulted": "yes or no: whether the school or college was consulted.",
}
MOST_LISTED: Final = 250
"""The most characters of a list that Excel takes in a cell's rule."""


def decision_log_bytes(run: Run) -> bytes:
    """The workbook: a sheet decisions with the run's rows, checked as it is filled in, and a sheet that explains."""
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
    for column, name in enumerate(log.columns):
        sheet.set_column(column, column, WIDTHS[column])
        sheet.write_string(0, column, str(name), head)
    options = table(run, "case_options")
    for row, record in enumerate(log.to_dict("records"), start=1):
        for column, name in enumerate(log.columns):
            given = name in ("case", "recommended")
            value = record[name]
            sheet.write_string(row, column, value if isinstance(value, str) else "", cell if given else fill)
        own = [str(option) for option in options.loc[options["case"] == record["case"], "option"]]
        _rule(sheet, row, list(log.columns).index("decision"), list(DECISIONS))
        _rule(sheet, row, list(log.columns).index("option"), own)
        _rule(sheet, row, list(log.columns).index("consulted"), ["yes", "no"])
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


def _rule(sheet: Any, row: int, column: int, words: list[str]) -> None:
    """A list to choose from, where it is short enough for Excel; blank is allowed."""
    if words and len(",".join(words)) <= MOST_LISTED:
        sheet.data_validation(row, column, row, column, {"validate": "list", "source": words, "ignore_blank": True})
