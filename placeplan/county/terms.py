"""School terms in words, as in autumn 2025, and as whole numbers that follow each other."""

import datetime as dt
from typing import Final

__all__ = ["EXPECTED_TERM", "TERMS", "first_term", "term_name", "term_number", "term_of"]

TERMS: Final = ("autumn", "spring", "summer")
EXPECTED_TERM: Final = "a term, as in autumn 2025, spring 2026 or summer 2026"


def first_term(year: int) -> int:
    """The autumn term that opens an academic year.

    >>> term_name(first_term(2025)), term_name(first_term(2025) + 2)
    ('autumn 2025', 'summer 2026')
    """
    return len(TERMS) * year


def term_of(day: dt.date) -> int:
    """The term that a day is in: autumn from September, spring from January, summer from Easter's month, April.

    >>> term_name(term_of(dt.date(2025, 1, 16)))
    'spring 2025'
    """
    if day.month >= 9:
        return first_term(day.year)
    return first_term(day.year - 1) + (1 if day.month < 4 else 2)


def term_number(text: str) -> int:
    """A term as a number: three times its academic year, and its place in the year.

    Raises ``ValueError`` where the words are no term.

    >>> term_number("Spring 2026") - term_number("autumn 2025")
    1
    """
    words = text.lower().split()
    if len(words) != 2 or words[0] not in TERMS or not words[1].isdecimal() or not 1990 <= int(words[1]) <= 2100:
        raise ValueError(f"{text}: expected {EXPECTED_TERM}")
    place = TERMS.index(words[0])
    return first_term(int(words[1]) - (place > 0)) + place


def term_name(number: int) -> str:
    """A term in words: the inverse of ``term_number``."""
    year, place = divmod(number, len(TERMS))
    return f"{TERMS[place]} {year + (place > 0)}"
