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
from placeplan.errors import Fault, Note

__all__ = ["RawTable", "cell_text", "raw_table", "table_named", "tidied"]


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table as text.

    ``cells`` has a column for each column of the contract that was found; missing cells are NA. ``rows``
    numbers the lines as the user counts them: the header is line 1, and the first feature of a GeoJSON
    file or layer is 2. ``geometry`` is EPSG:27700 shapes, or None where the file has none.
    """

    table: str
    file: str
    cells: pd.DataFrame = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    geometry: NDArray[np.object_] | None = field(default=None, repr=False)
    notes: tuple[Note, ...] = ()


def cell_text(value: Any) -> str | None:
    """A cell as text: trimmed, whole floats without a point, dates as YYYY-MM-DD; None where it is blank.

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
    text = str(value).strip().strip("\ufeff").strip()
    return text or None


def table_named(name: str) -> tuple[str | None, str | None]:
    """The table that a file, sheet or layer is, and, failing that, the one that its name resembles."""
    if name in TABLES:
        return name, None
    folded = name.strip().casefold().replace(" ", "_").replace("-", "_")
    if folded in TABLES:
        return None, folded
    match = nearest(name, TABLES)
    # A name must be much alike to be taken for a slip: other files are the user's own business.
    if match is not None and (folded.startswith(match[:-1]) or match.startswith(folded)) and len(folded) > 3:
        return None, match
    return None, None


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
    return RawTable(table, file, frame, rows, geometry), faults + header_faults
