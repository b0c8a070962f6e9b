"""What placeplan raises: one tree of errors, each with the exit code that the command line gives it.

::

    PlaceplanError            1  something of ours went wrong
    ├── InputError            2  the county's tables or settings; holds every fault found
    ├── UsageError            2  the call itself: an option, a folder that exists already
    └── NotProvenError        3  an answer was found but not proven; it is written with its bound
"""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Fault", "InputError", "NotProvenError", "PlaceplanError", "UsageError"]


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
        place = self.table
        if self.row:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        found = f"found {self.value}; " if self.value else ""
        return f"{place}: {found}expected {self.expected}"


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
