"""What a mutator is: it spoils a county in one way, names what is spoilt, and states what is right."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from support.county_draft import Draft, Form, Journeys

__all__ = ["MUTATORS", "Mutator", "Spoilt", "Spot", "any_table", "mutator", "on_sheet", "one_cell", "rewritten"]

REFUSED: Final = "refused"
NOTED: Final = "noted"
SAME: Final = "same"
LAWFUL: Final = "lawful"
RIGHT: Final = (REFUSED, NOTED, SAME, LAWFUL)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """What a fault or note has to name: one of ``names`` (a table, or a file), and the ``column``.

    ``by_hand`` is the other, lawful county whose answer the spoilt one must have.
    """

    names: tuple[str, ...]
    column: str = ""
    by_hand: Draft | None = None


Spoil = Callable[[Draft, Random], Spoilt]


@dataclass(frozen=True, slots=True)
class Mutator:
    """``right`` is what may come of it: refused or noted (by name), read as the same, or lawful."""

    name: str
    right: tuple[str, ...]
    what: str
    spoil: Spoil
    form: Form | None = None
    journeys: Journeys | None = None
    whole: bool = False


MUTATORS: dict[str, Mutator] = {}
"""Every mutator by name, in the order in which it is written down."""


def mutator(
    right: str, *, form: Form | None = None, journeys: Journeys | None = None, whole: bool = False
) -> Callable[[Spoil], Spoil]:
    """Put a function into the list; ``right`` is one or more words, as in "refused noted"."""
    words = tuple(right.split())
    assert set(words) <= set(RIGHT)

    def put(spoil: Spoil) -> Spoil:
        name = spoil.__name__.strip("_").replace("_", " ")
        assert name not in MUTATORS, name
        MUTATORS[name] = Mutator(name, words, str(spoil.__doc__), spoil, form, journeys, whole)
        return spoil

    return put


@dataclass(frozen=True, slots=True)
class Spot:
    """A filled cell of a draft."""

    draft: Draft
    table: str
    place: int
    column: str

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.draft.tables[self.table][self.place][self.column]

    def put(self, text: str) -> Spoilt:
        """Write something else there, and name it."""
        self.draft.tables[self.table][self.place][self.column] = text
        return Spoilt((self.table,), self.column)


def one_cell(draft: Draft, random: Random, wanted: Callable[[str, Any], bool]) -> Spot:
    """A filled cell whose table and column are wanted, each column as likely as another."""
    cells = draft.cells(wanted)
    table, column = random.choice(sorted({(table, column) for table, _, column in cells}))
    place = random.choice([place for name, place, other in cells if (name, other) == (table, column)])
    return Spot(draft, table, place, column)


def any_table(draft: Draft, random: Random, *, without: tuple[str, ...] = ("localities",)) -> str:
    """A table of the draft."""
    return random.choice([name for name in draft.tables if name not in without])


def rewritten(draft: Draft, table: str, change: Callable[[str], str | bytes], *, name: str = "") -> Spoilt:
    """Change the text of a table's file, and its name where one is given."""

    def edit(folder: Any) -> None:
        old, new = folder / f"{table}.csv", folder / (name or f"{table}.csv")
        changed = change(old.read_text(encoding="utf-8"))
        old.unlink()
        new.parent.mkdir(exist_ok=True)
        new.write_bytes(changed if isinstance(changed, bytes) else changed.encode("utf-8"))

    draft.edits.append(edit)
    return Spoilt((table, name or table))


def on_sheet(draft: Draft, table: str, change: Callable[[Any], None], *, column: str = "") -> Spoilt:
    """Change a workbook's sheet."""
    draft.edits.append(lambda book: change(book[table]))
    return Spoilt((table,), column)
