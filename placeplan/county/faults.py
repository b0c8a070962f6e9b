"""Faults gathered while a county is read: their order, and the nearest word to a wrong one."""

import difflib
from collections.abc import Iterable

from placeplan.county.columns import TABLES
from placeplan.errors import Fault

__all__ = ["SETTINGS_TABLES", "nearest", "shown", "sorted_faults", "suggest"]

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


def suggest(word: str, known: Iterable[str]) -> str:
    """``", perhaps X"`` where a known word is like ``word``, or nothing."""
    match = nearest(word, known)
    return f", perhaps {match}" if match is not None else ""


def shown(value: object, *, most: int = 60) -> str:
    """A value as a fault shows it: on one line, printable, and cut short where it is long."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))
    return text if len(text) <= most else text[: most - 1] + "…"


def sorted_faults(faults: Iterable[Fault]) -> list[Fault]:
    """The faults without repeats, by table in the contract's order, then row, then column."""
    order = {name: place for place, name in enumerate((*SETTINGS_TABLES, *TABLES))}

    def place(fault: Fault) -> tuple[int, str, int, Fault]:
        row = int(fault.row) if fault.row.isdigit() else 0
        return order.get(fault.table, -1), fault.table, row, fault

    return sorted(set(faults), key=place)
