"""Tables as they were found: every cell as text, with the line it stands on, before any column is understood."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.columns import TABLES
from placeplan.county.faults import nearest, shown, suggest
from placeplan.county.spelling import EXCEL_ERRORS, hidden_characters, plain_text, without_hidden
from placeplan.errors import Fault, Note

__all__ = ["RawTable", "cell_text", "raw_table", "tidied"]


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table as text.

    ``cells`` has a column for each column of the contract that was found; missing cells are NA. ``rows``
    numbers the lines as the user counts them: the header is line 1, and the first feature of a GeoJSON
    file or layer is 2. ``geometry`` is EPSG:27700 shapes, or None where the file has none. ``faulty`` is every (row,
    column) that has a fault already: such a cell is blank here, and one fault may stand for many of them.
    """

    table: str
    file: str
    cells: pd.DataFrame = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    geometry: NDArray[np.object_] | None = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()
    faulty: frozenset[tuple[str, str]] = frozenset()


def cell_text(value: Any) -> str | None:
    """A cell as text: trimmed, composed, whole floats without a point, dates as YYYY-MM-DD; None where it is blank.

    >>> cell_text(3.0), cell_text(" 007 "), cell_text(True), cell_text(float("nan"))
    ('3', '007', 'yes', None)
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return None
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    text = plain_text(str(value)).strip().strip("\ufeff").strip()
    return text or None


def _cleaned(table: str, name: str, rows: NDArray[np.int64], cells: pd.Series) -> tuple[pd.Series, list[Fault | Note]]:
    """A column without what a failed formula left and without characters that are not seen, and what is said of it."""
    said: list[Fault | Note] = []
    texts = [text if isinstance(text, str) else None for text in cells]
    for place, text in enumerate(texts):
        if text is not None and text.upper() in EXCEL_ERRORS:
            expected = "a value; a formula has failed there, in the workbook that it comes from"
            said.append(Fault(table, str(rows[place]), name, text, expected))
            texts[place] = None
    unseen = [place for place, text in enumerate(texts) if text is not None and hidden_characters(text)]
    if unseen:
        first = str(texts[unseen[0]])
        found = f"{shown(first)}, with a character that is not seen ({hidden_characters(first)})"
        taken = f"read without it, as {shown(without_hidden(first))}"
        said.append(Note(table, str(rows[unseen[0]]), name, found, taken, len(unseen) - 1))
    for place in unseen:
        texts[place] = without_hidden(str(texts[place])).strip() or None
    return pd.Series(texts, index=cells.index, dtype="str"), said


def tidied(table: str, header: Sequence[str | None]) -> tuple[dict[str, int], list[Fault]]:
    """Where each column of the contract stands in ``header``, with a fault for each name that is not right.

    A column whose name is nearly right is read as the one that it resembles, so that its cells are
    checked too and it is not reported missing as well.
    """
    known = TABLES[table].names
    places: dict[str, int] = {}
    faults: list[Fault] = []
    for place, name in enumerate(header):
        if name is None or name not in known:
            continue
        if name in places:
            faults.append(Fault(table, "1", name, name, "each column once"))
        else:
            places[name] = place
    for place, name in enumerate(header):
        if name is None or name in known:
            continue
        folded = name.strip().casefold().replace(" ", "_").replace("-", "_")
        absent = [column for column in known if column not in places]
        match = folded if folded in absent else nearest(folded, absent)
        if match is not None:
            faults.append(Fault(table, "1", shown(name), shown(name), f"a column of the contract, perhaps {match}"))
            places[match] = place
        else:
            hint = suggest(folded, known) or f": {', '.join(known)}"
            faults.append(Fault(table, "1", shown(name), shown(name), f"a column of the contract{hint}"))
    return places, faults


def raw_table(
    table: str,
    file: str,
    header: Sequence[str | None],
    lines: Sequence[tuple[int, Sequence[str | None]]],
    *,
    geometry: NDArray[np.object_] | None = None,
) -> tuple[RawTable, list[Fault]]:
    """A table from its header and its numbered lines; lines may be shorter than the header, but not longer."""
    last = max((place for place, name in enumerate(header) if name is not None), default=-1)
    faults = []
    for row, cells in lines:
        if any(cell is not None for cell in cells[last + 1 :]):
            expected = f"{last + 1} cells, as in the header"
            faults.append(Fault(table, str(row), "", f"{len(cells)} cells", expected))
    for place, name in enumerate(header[: last + 1]):
        if name is None and any(len(cells) > place and cells[place] is not None for _, cells in lines):
            faults.append(Fault(table, "1", "", f"no name for column {place + 1}", "a name for each column"))
    places, header_faults = tidied(table, header)
    frame = pd.DataFrame(
        {
            name: pd.Series([cells[place] if place < len(cells) else None for _, cells in lines], dtype="str")
            for name, place in places.items()
        },
        index=pd.RangeIndex(len(lines)),
    )
    rows = np.array([row for row, _ in lines], dtype=np.int64)
    said: list[Fault | Note] = []
    for name in frame.columns:
        frame[name], said_of_column = _cleaned(table, str(name), rows, frame[name])
        said += said_of_column
    faults += [*header_faults, *(one for one in said if isinstance(one, Fault))]
    notes = tuple(one for one in said if isinstance(one, Note))
    faulty = frozenset((one.row, one.column) for one in said if isinstance(one, Fault))
    return RawTable(table, file, frame, rows, geometry, notes, faulty), faults
