"""Two tables of one name side by side: what their rows are known by, and which came, went or changed.

Cells are compared as they are written, so that a count which is withheld stays withheld and is never a 0.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from placeplan.run_tables import KEY_SEPARATOR, KEYS, column_kind, table_text
from placeplan.withholding import SUPPRESSED

__all__ = [
    "CHANGE_COLUMNS",
    "TableChange",
    "change_of",
    "withheld_cells",
    "withheld_pair",
]

CHANGE_COLUMNS: Final = ("table", "key", "column", "first", "second", "difference", SUPPRESSED)
"""The columns of the table ``changes``."""

_BLANK: Final = "–"

_ROW: Final = "row"
"""The column that is told where a row came or went that has nothing but its key."""

_ABOUT: Final[dict[str, tuple[str, ...]]] = {
    "placements": ("question", "child"),
    "use": ("question", "unit"),
    "places": ("unit", "phase"),
    "worth": ("question", "unit", "places"),
    "worth_by_need": ("question", "unit", "places", "need"),
    "frontier": ("question", "point"),
    "options": ("question", "child", "unit"),
    "units_about": ("unit",),
    "units_named": ("unit",),
    "zones_about": ("zone",),
    "localities": ("locality",),
    "journeys": ("zone", "site"),
    "travel": ("zone", "site"),
    "network_snaps": ("kind", "from_metres"),
    "network_worst_snaps": ("kind", "label"),
    "network_components": ("component",),
    "network_faults": ("fault", "label"),
    "what_if": ("candidates",),
    "forecast_scap": ("year", "phase", "year_group", "kind"),
    "forecast_size": ("year", "locality", "kind", "new"),
}
"""What a row is known by, where not all of a table's labels say it, or where others than ``KEYS`` do."""

_NO_KEYS: Final = frozenset({"rank"})
"""Labels that follow from the figures: a gap that is second now and was first is the same gap."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """What differs between two tables of one name.

    ``keys`` are the columns on which rows were joined: none where the two are kept by other labels, and then
    the counts of rows are missing. ``cells`` are rows of the table ``changes``.
    """

    same: bool
    keys: tuple[str, ...] = ()
    added: int | None = None
    removed: int | None = None
    changed: int | None = None
    columns: str | None = None
    cells: tuple[dict[str, Any], ...] = field(default=(), repr=False)


def _written(frame: pd.DataFrame) -> pd.DataFrame:
    """The cells as the csv of a run has them."""
    header, *body = csv.reader(io.StringIO(table_text(frame, sort=False), newline=""))
    return pd.DataFrame(body, columns=header, dtype="str")


def _is_number(frame: pd.DataFrame, column: str) -> bool:
    return column_kind(column) not in {"text", "yes_no"} or (column == "value" and "measure" in frame.columns)


def _labels(table: str, frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns that a table's rows are known by; none where it has no label that is known of."""
    about = _ABOUT.get(table, ())
    if about and set(about) <= set(frame.columns):
        return about
    return tuple(name for name in KEYS if name in frame.columns and name not in _NO_KEYS)


def _keys(table: str, first: pd.DataFrame, second: pd.DataFrame) -> tuple[str, ...] | None:
    """The columns to join on; None where the two tables are kept by other labels, as by need and by broad area.

    Where the labels do not tell all rows apart, the words beside them are taken too, one after the other.
    """
    keys = _labels(table, first)
    if keys != _labels(table, second):
        return None
    shared = [name for name in first.columns if name in second.columns]
    if shared != [name for name in second.columns if name in first.columns]:
        shared = sorted(shared)
    for name in shared:
        if keys and not any(frame.duplicated(list(keys)).any() for frame in (first, second)):
            break
        if name not in keys and name != SUPPRESSED and not _is_number(first, name) and not _is_number(second, name):
            keys = (*keys, name)
    return keys


def _by_key(frame: pd.DataFrame, keys: Sequence[str]) -> dict[tuple[str, ...], dict[str, str]]:
    """The rows by key, in their order; of several rows with one key the second and later ones are numbered."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    seen: dict[tuple[str, ...], int] = {}
    for row in frame.to_dict("records"):
        key = tuple(str(row[name]) or _BLANK for name in keys)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1 or not key:
            key = (*key, f"row {seen[key]}")
        found[key] = {str(name): str(value) for name, value in row.items()}
    return found


def withheld_cells(row: Mapping[Any, Any]) -> frozenset[str]:
    """The columns of a row that are withheld."""
    told = row.get(SUPPRESSED)
    return frozenset(told.split(";")) - {""} if isinstance(told, str) else frozenset()


def withheld_pair(hidden: Sequence[bool], names: Sequence[str], worked_out: Sequence[str]) -> str | None:
    """What ``suppressed`` says of a pair of values, of which some are ``hidden``, and of what is worked out of both."""
    gone = [name for name, is_hidden in zip(names, hidden, strict=True) if is_hidden]
    return ";".join([*gone, *worked_out]) if gone else None


def _difference(first: str, second: str) -> float | None:
    """The second less the first, to the thousandth that tables are written in; missing where either is.

    >>> _difference("12", "9.5"), _difference("", "9.5")
    (-2.5, None)
    """
    return round(float(second) - float(first), 3) + 0.0 if first and second else None


def _cells(
    pair: Sequence[Mapping[str, str] | None], values: Sequence[str], numbers: AbstractSet[str]
) -> list[dict[str, Any]]:
    """The cells in which two rows differ; every cell that says something where one of the rows is not there."""
    made: list[dict[str, Any]] = []
    for name in values:
        texts = [row[name] if row is not None else "" for row in pair]
        hidden = [row is not None and name in withheld_cells(row) for row in pair]
        if texts[0] != texts[1] or hidden[0] != hidden[1]:
            difference = _difference(texts[0], texts[1]) if name in numbers else None
            told = withheld_pair(hidden, ("first", "second"), ["difference"])
            made.append({"column": name, **_sides(texts), "difference": difference, SUPPRESSED: told})
    if not made and None in pair:
        here = ["" if row is None else "yes" for row in pair]
        made.append({"column": _ROW, **_sides(here), "difference": None, SUPPRESSED: None})
    return made


def _sides(texts: Sequence[str]) -> dict[str, str | None]:
    return {"first": texts[0] or None, "second": texts[1] or None}


def _columns_said(first: pd.DataFrame, second: pd.DataFrame) -> str | None:
    """Which columns only one of the two has; missing where they have the same."""
    parts = []
    for here, other, where in ((first, second, "first"), (second, first, "second")):
        only = [str(name) for name in here.columns if name not in other.columns]
        if only:
            parts.append(f"only in {where}: {', '.join(only)}")
    return "; ".join(parts) or None


def change_of(table: str, first: pd.DataFrame, second: pd.DataFrame) -> TableChange:
    """How the second of two tables of one name differs from the first."""
    before, after = _written(first), _written(second)
    keys = _keys(table, before, after)
    if before.equals(after):
        return TableChange(same=True, keys=keys or (), added=0, removed=0, changed=0)
    columns = _columns_said(before, after)
    if keys is None:
        return TableChange(same=False, columns=columns)
    values = [str(name) for name in before.columns if name in after.columns and name not in {*keys, SUPPRESSED}]
    numbers = {name for name in values if _is_number(before, name) and _is_number(after, name)}
    rows, later = _by_key(before, keys), _by_key(after, keys)
    cells: list[dict[str, Any]] = []
    changed = 0
    for key in dict.fromkeys([*rows, *later]):
        found = _cells((rows.get(key), later.get(key)), values, numbers)
        cells += [{"table": table, "key": KEY_SEPARATOR.join(key), **cell} for cell in found]
        changed += bool(found) and key in rows and key in later
    if not cells and columns is None:
        columns = "the same in another order"
    return TableChange(
        same=False,
        keys=keys,
        added=len(later.keys() - rows.keys()),
        removed=len(rows.keys() - later.keys()),
        changed=changed,
        columns=columns,
        cells=tuple(cells),
    )
