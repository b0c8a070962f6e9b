"""What a table and a column of the contract are, and the kinds of column that there are."""

from dataclasses import dataclass
from typing import Final, Literal

from placeplan.county.vocabulary import (
    KINDS,
    MODELS,
    NEEDS,
    YEAR_GROUPS,
)

__all__ = [
    "KIND_CODES",
    "MODEL_CODES",
    "NEED_CODES",
    "Axis",
    "Column",
    "ColumnType",
    "Table",
    "age",
    "code",
    "count",
    "flag",
    "geometry",
    "items",
    "metres",
    "pounds",
    "text",
    "year",
    "year_group",
]

ColumnType = Literal["text", "list", "code", "date", "whole", "number", "yes_no", "geometry"]

TYPE_WORDS: Final = {
    "text": "text",
    "list": "a list separated by ;",
    "code": "a code",
    "date": "a date (YYYY-MM-DD, or DD/MM/YYYY)",
    "whole": "a whole number",
    "number": "a number",
    "yes_no": "yes or no",
    "geometry": "geometry",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type, whether it may be blank, and what it means.

    ``least`` and ``most`` bound a number, both included. ``codes`` are the words that a code may be.
    ``thousands`` says that "1,234" may stand for 1234 (counts and pounds). ``default`` is what a blank
    means where that is no matter of judgement. ``blanks`` are words that mean missing.
    """

    name: str
    type: ColumnType
    meaning: str
    required: bool = True
    unit: str = ""
    least: float | None = None
    most: float | None = None
    codes: tuple[str, ...] = ()
    thousands: bool = False
    default: str | None = None
    blanks: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a cell of this column must be, in words."""
        if self.codes:
            return "one of " + ", ".join(self.codes)
        words = TYPE_WORDS[self.type]
        if self.least is not None and self.most is not None:
            return f"{words} from {self.least:g} to {self.most:g}"
        if self.least is not None:
            return f"{words}, {self.least:g} or more"
        return words


@dataclass(frozen=True, slots=True)
class Axis:
    """What the rows of a table cover along one axis, since a row that is absent is not a zero.

    ``members``: what has to have rows, in words; ``absent``: what is made of one that has none. A row that the table
    could do without is of no axis.
    """

    name: str
    members: str
    absent: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what a row is, the columns that name a row, whether the county must have it, and what its rows cover."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = True
    geometry: Literal["", "polygon", "line"] = ""
    covers: tuple[Axis, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; raises ``KeyError`` with the name where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")


def text(name: str, meaning: str, *, required: bool = True) -> Column:
    """Words."""
    return Column(name, "text", meaning, required)


def items(name: str, meaning: str, *, required: bool = True) -> Column:
    """A list separated by ``;``."""
    return Column(name, "list", meaning, required)


def code(name: str, meaning: str, codes: tuple[str, ...], *, required: bool = True) -> Column:
    """One of ``codes``."""
    return Column(name, "code", meaning, required, codes=codes)


def year(name: str, meaning: str, *, required: bool = True) -> Column:
    """An academic year."""
    return Column(name, "whole", meaning, required, "academic year by its first calendar year", 1990, 2100)


def age(name: str, meaning: str, *, required: bool = True) -> Column:
    """An age from 0 to 25."""
    return Column(name, "whole", meaning, required, "years", 0, 25)


def year_group(name: str, meaning: str, *, required: bool = True) -> Column:
    """A year group."""
    return Column(name, "whole", meaning, required, "year group", min(YEAR_GROUPS), max(YEAR_GROUPS))


def count(name: str, meaning: str, *, required: bool = False, blanks: tuple[str, ...] = ()) -> Column:
    """A whole number, 0 or more."""
    return Column(name, "whole", meaning, required, "count", 0, thousands=True, blanks=blanks)


def pounds(name: str, meaning: str, *, required: bool = False) -> Column:
    """Pounds a year, 0 or more."""
    return Column(name, "number", meaning, required, "pounds a year", 0, thousands=True)


def metres(name: str, meaning: str, *, required: bool = True) -> Column:
    """A coordinate of the National Grid."""
    return Column(name, "number", meaning, required, "metres, EPSG:27700")


def flag(name: str, meaning: str, *, default: str | None = None) -> Column:
    """Yes or no."""
    return Column(name, "yes_no", meaning, required=False, default=default)


def geometry(meaning: str, *, required: bool = False) -> Column:
    """An outline or a line."""
    unit = "EPSG:4326 in GeoJSON; elsewhere as its layer says, and WKT in a cell is EPSG:27700"
    return Column("geometry", "geometry", meaning, required, unit)


NEED_CODES: Final = tuple(NEEDS)
KIND_CODES: Final = tuple(KINDS)
MODEL_CODES: Final = tuple(MODELS)
