"""The cells of a run's csv files: quoted alike everywhere, and no text among them a formula in a spreadsheet.

A text that a spreadsheet would take for a formula (it begins with =, +, -, @, a tab or a line's end, and is no number)
has an apostrophe before it, and so has one that begins with an apostrophe itself: reading takes the first one away, and
what was written is read back the same.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["csv_rows", "csv_text", "plain_text", "safe_text"]

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that spreadsheets work out instead of showing; the last four are the wide forms."""

MARK: Final = "'"
NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)
QUOTED: Final = re.compile(r'[",\r\n]')
BLANK_LINE: Final = '""'
"""A line whose only cell is blank."""


def safe_text(text: str) -> str:
    """A text as it stands in a csv file.

    >>> safe_text("=1+1"), safe_text("-5.0"), safe_text("'tis"), safe_text("Glossop")
    ("'=1+1", '-5.0', "''tis", 'Glossop')
    """
    risky = text.startswith(FORMULAS) and not NUMBER.fullmatch(text)
    return MARK + text if risky or text.startswith(MARK) else text


def plain_text(cell: str) -> str:
    """The text that ``safe_text`` made a cell of."""
    return cell.removeprefix(MARK)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if QUOTED.search(cell) else cell


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as csv: cells in quotation marks where they have to be, every line ended by a line feed."""
    return "".join(f"{','.join(map(_quoted, row)) or BLANK_LINE}\n" for row in rows)


def csv_rows(text: str) -> list[list[str]]:
    """The rows of cells of what ``csv_text`` wrote; ``ValueError`` for what it cannot have written."""
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error
