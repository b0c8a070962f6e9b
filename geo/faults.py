"""What geo raises about a table: every fault found, labelled by row and column."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["TableError", "TableFault"]


@dataclass(frozen=True, slots=True)
class TableFault:
    """One thing wrong in a table given to geo.

    ``row`` is the position in the frame, the first being 0; ``None`` where the fault is the whole table's.
    """

    row: int | None
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"row {self.row}" if self.row is not None else "", self.column) if part)
        found = f"found {self.value}; " if self.value else ""
        return f"{place or 'table'}: {found}expected {self.expected}"


class TableError(ValueError):
    """A table cannot be used as it is; ``faults`` holds everything found."""

    def __init__(self, faults: Iterable[TableFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
