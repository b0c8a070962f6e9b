"""What placeplan raises: one tree of errors, each with the exit code that the command line gives it.

::

    PlaceplanError            1  something of ours went wrong
    ├── InputError            2  the county's tables or settings; holds every fault found
    ├── UsageError            2  the call itself: an option, a folder that exists already
    └── NotProvenError        3  an answer was found but not proven; it is written with its bound
"""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Fault", "InputError", "NotProvenError", "Note", "PlaceplanError", "UsageError"]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with the input: where it stands, what was found and what was expected.

    ``row`` is as the user counts it: the line of a csv or sheet, the header being line 1; the empty
    string where the fault is the whole table's or column's.
    """

    table: str
    row: str
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        found = f"found {self.value}; " if self.value else ""
        return f"{_place(self.table, self.row, self.column)}: {found}expected {self.expected}"


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something about the input that is no fault and has to be known: where it stands, what was found, how it is taken.

    ``table`` is a table, or the name of a file or sheet that is not read; ``row`` is as in a fault. ``taken`` is what
    was made of it, as in "read as 7" or "not read". ``more`` counts the further rows of the same column that are alike.
    """

    table: str
    row: str
    column: str
    found: str
    taken: str
    more: int = 0

    def __str__(self) -> str:
        found = f"found {self.found}; " if self.found else ""
        alike = f" (so in {self.more:,} more row{'' if self.more == 1 else 's'})" if self.more else ""
        return f"{_place(self.table, self.row, self.column)}: {found}{self.taken}{alike}"


def _place(table: str, row: str, column: str) -> str:
    """Where something stands: its table, row and column, as far as they are known."""
    parts = (table, f"row {row}" if row else "", f"column {column}" if column else "")
    return ", ".join(part for part in parts if part)


class PlaceplanError(Exception):
    """The base of every error that placeplan raises on purpose."""

    exit_code = 1


class InputError(PlaceplanError, ValueError):
    """The county cannot be used as it is; ``faults`` lists everything found, in table order."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        noun = "fault" if count == 1 else "faults"
        super().__init__("\n".join([f"{count} {noun} in the input:", *(f"- {f}" for f in self.faults)]))


class UsageError(PlaceplanError, ValueError):
    """The call cannot be carried out as it was made."""

    exit_code = 2


class NotProvenError(PlaceplanError, RuntimeError):
    """The best answer found is not proven optimal within the limits given."""

    exit_code = 3
