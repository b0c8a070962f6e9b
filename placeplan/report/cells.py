"""A table as it is shown, and how one of its cells is written."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from placeplan.county.kind_names import is_renamed, model_name, short_kind
from placeplan.report.words import WITHHELD, count, minutes, pounds

__all__ = ["FORMATS", "Column", "Table", "cell", "kind_words", "number_columns", "sum_or_withheld", "text_columns"]

FORMATS: Final[dict[str, Callable[..., str]]] = {"pounds": pounds, "minutes": minutes, "count": count}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and whether it holds numbers (set to the right)."""

    heading: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is shown: the first ``heads`` cells of a row say what the row is; ``total`` closes it."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None
    note: str = ""


def text_columns(*headings: str) -> tuple[Column, ...]:
    """Columns of words."""
    return tuple(Column(heading) for heading in headings)


def number_columns(*headings: str) -> tuple[Column, ...]:
    """Columns of numbers."""
    return tuple(Column(heading, number=True) for heading in headings)


def cell(row: Mapping[Any, Any], column: str, write: Callable[..., str] = count, *, missing: str = "") -> str:
    """A number of a row; ``c`` where the row says that it is withheld."""
    hidden = str(row.get("suppressed") or "").split(";")
    return write(row.get(column), missing=WITHHELD if column in hidden else missing)


def kind_words(row: Mapping[Any, Any]) -> str:
    """A unit's kind, with its model where it has one."""
    kind, model = short_kind(str(row["kind"])), row.get("model")
    if pd.isna(model) or not model:
        return kind
    return model_name(str(model)) if is_renamed(f"{row['kind']}:{model}") else f"{kind}, {model}"


def sum_or_withheld(values: Iterable[Any], write: Callable[..., str]) -> str:
    """The sum as it is written; ``c`` where a part of it is withheld."""
    numbers = [float(value) for value in values]
    return WITHHELD if any(math.isnan(number) for number in numbers) else write(sum(numbers))
