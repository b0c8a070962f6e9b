"""Faults gathered while a county is read: their order, and the nearest word to a wrong one."""

import difflib
from collections.abc import Iterable
from typing import TypeVar

from placeplan.county.columns import TABLES
from placeplan.county.spelling import in_latin, letters_told
from placeplan.errors import Fault, Note

__all__ = ["SETTINGS_TABLES", "alike", "in_order", "nearest", "shown", "suggest"]

Said = TypeVar("Said", Fault, Note)

SETTINGS_TABLES = ("county.toml", "county")
"""What faults call the settings: the file of a folder, the sheet of a workbook."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, whatever its capitals; None where nothing is like it.

    Letters in another order come first: ADS is ASD, not DS.
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    letters = sorted(word.strip().casefold())
    swapped = [candidate for folded, candidate in by_folded.items() if sorted(folded) == letters]
    if swapped:
        return swapped[0]
    close = difflib.get_close_matches(word.strip().casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def alike(rows: int) -> str:
    """How many rows more than the first are alike; nothing where there is but one."""
    return f" (so in {rows - 1} more rows)" if rows > 1 else ""


def suggest(word: str, known: Iterable[str]) -> str:
    """``", perhaps X"`` where a known word is like ``word``, or nothing; letters that only look alike are named."""
    candidates = list(known)
    for candidate in candidates:
        if candidate != word and in_latin(candidate) == in_latin(word):
            return f", perhaps {candidate}, which only looks the same ({letters_told(word) or letters_told(candidate)})"
    match = nearest(word, candidates)
    return f", perhaps {match}" if match is not None else ""


def shown(value: object, *, most: int = 60) -> str:
    """A value as a fault shows it: on one line, printable, and cut short where it is long."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))
    return text if len(text) <= most else text[: most - 1] + "…"


def in_order(said: Iterable[Said]) -> list[Said]:
    """Faults, or notes, without repeats, by table in the contract's order, then row, then column."""
    order = {name: place for place, name in enumerate((*SETTINGS_TABLES, *TABLES))}

    def place(one: Said) -> tuple[int, str, int, Said]:
        row = int(one.row) if one.row.isdigit() else 0
        return order.get(one.table, -1), one.table, row, one

    return sorted(set(said), key=place)
