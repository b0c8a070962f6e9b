"""What is said of the input in an answer: the notes of its reading, with nothing about a child in them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from placeplan.county.unread import DOCUMENTS
from placeplan.errors import Note

__all__ = ["CHILD_TABLES", "published_notes"]

CHILD_TABLES: Final = ("children", "cases", "quotes", "packages", "vetoes", "decisions")
"""Tables whose rows are about one child: what a cell of them holds, and in which row, is not published."""


STEP: Final = 5
"""What counts of children are rounded to, and the least that is told."""


def published_notes(notes: Iterable[Note]) -> list[str]:
    """The notes as sentences, in order; of a cell of a child's row only the column is named, and that once.

    A number of children is told to the nearest 5, and one below 5 not at all. Documents that lie beside the tables are
    counted and not named: their names may be somebody's.
    """
    said = []
    documents = 0
    for note in notes:
        if Path(note.table).suffix.lower() in DOCUMENTS:
            documents += 1
        elif note.table in CHILD_TABLES and note.row:
            said.append(f"{note.table}, {note.column}: some cells are taken otherwise than written; check lists them")
        elif note.table in CHILD_TABLES and note.more:
            rows = note.more + 1
            count = "fewer than 5" if rows < STEP else f"about {STEP * round(rows / STEP):,}"
            said.append(f"{replace(note, more=0)} ({count} in all)")
        else:
            said.append(str(note))
    if documents:
        said.append(f"{documents} document{'' if documents == 1 else 's'} beside the tables: not read")
    return list(dict.fromkeys(said))
