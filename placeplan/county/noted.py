"""What is said of the input in an answer: the notes of its reading, with nothing about a child in them."""

from collections.abc import Iterable
from typing import Final

from placeplan.errors import Note

__all__ = ["CHILD_TABLES", "published_notes"]

CHILD_TABLES: Final = ("children", "cases", "quotes", "packages", "vetoes", "decisions")
"""Tables whose rows are about one child: what a cell of them holds, and in which row, is not published."""


def published_notes(notes: Iterable[Note]) -> list[str]:
    """The notes as sentences, in order; of a cell of a child's row only the column is named, and that once."""
    said = []
    for note in notes:
        if note.table in CHILD_TABLES and note.row:
            said.append(f"{note.table}, {note.column}: some cells are taken otherwise than written; check lists them")
        else:
            said.append(str(note))
    return list(dict.fromkeys(said))
