"""Text and its spellings: what is the same text by Unicode's rules, and other ways to write the contract's words.

A year group may be written Y7, Year 7 or R, a code in any capitals, by its name or by a name that it also goes by, a
day with the day first, as in England: each is read as the contract's own, and listed. Nothing is guessed: what is not
known here is left as it is found.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from placeplan.county.column import Column
from placeplan.county.vocabulary import FUNDS, KINDS, MAINSTREAM, MODELS, NEEDS, OUT_OF_COUNTY, PLACEMENTS

__all__ = [
    "EXCEL_ERRORS",
    "as_iso_day",
    "folded",
    "hidden_characters",
    "in_latin",
    "letters_told",
    "plain_text",
    "respelt",
    "without_hidden",
]

EXCEL_ERRORS: Final = frozenset(
    (
        *("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"),
        *("#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#EXTERNAL!", "#PYTHON!"),
    )
)
"""What a spreadsheet shows where a formula has failed (Microsoft: the ERROR.TYPE function and its newer errors)."""

ALSO_CALLED: Final = {
    "ASC": "ASD",
    "autism": "ASD",
    "autistic spectrum condition": "ASD",
    "autism spectrum condition": "ASD",
    "autism spectrum disorder": "ASD",
    "enhanced resource": "ers",
    "RP": "resourced_provision",
    "SENU": "sen_unit",
}
"""Other names of the contract's words. ASC is what many authorities call ASD; RP and SENU are the census's letters."""

NAMES: Final[Mapping[str, str]] = (
    {name: code for code, name in (*NEEDS.items(), *KINDS.items(), *MODELS.items(), *FUNDS.items())}
    | {about.label: code for code, about in PLACEMENTS.items()}
    | ALSO_CALLED
)
YEAR_GROUP_NAMES: Final = {"r": 0, "yr": 0, "rec": 0, "reception": 0, "yearr": 0, "n2": -1, "n1": -2}
"""Reception, and the census's two nursery years: N2 is the year before Reception, N1 the one before that."""

YEAR_GROUP: Final = re.compile(r"(?:y|yr|year)\.?(\d{1,2})")
DAY_FIRST: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?: 00:00(?::00)?)?")
ISO_MIDNIGHT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]00:00(?::00)?")

LOOK_ALIKE: Final = {
    **dict(zip("АВЕЅІЈКМНОРСТХУасеѕіјорхуԁԛԝ", "ABESIJKMHOPCTXYacesijopxydqw", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True)),
}
"""Cyrillic and Greek letters that look like Latin ones."""


def plain_text(text: str) -> str:
    r"""The text as it is compared: composed by Unicode's rules (NFC), every kind of space as a plain one.

    >>> plain_text("Ty\u0302\u00a0Coch") == "T\u0177 Coch"
    True
    """
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in composed)


def hidden_characters(text: str) -> str:
    r"""The names of the characters in a text that are not seen: zero-width spaces, marks of direction and the like.

    >>> hidden_characters("z\u200b1"), hidden_characters("z1")
    ('zero width space', '')
    """
    if text.isascii():
        return ""
    names = [unicodedata.name(letter, "?").lower() for letter in text if unicodedata.category(letter) == "Cf"]
    return ", ".join(dict.fromkeys(names))


def without_hidden(text: str) -> str:
    """The text without the characters that are not seen."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def letters_told(text: str) -> str:
    r"""Which letters of a text only look like Latin ones; empty where none do.

    >>> letters_told("\u0412\u0033")
    'cyrillic capital letter ve for B'
    """
    alike = dict.fromkeys(letter for letter in text if letter in LOOK_ALIKE)
    return ", ".join(f"{unicodedata.name(letter).lower()} for {LOOK_ALIKE[letter]}" for letter in alike)


def in_latin(text: str) -> str:
    """The text with each letter that looks like a Latin one as that one."""
    return "".join(LOOK_ALIKE.get(letter, letter) for letter in text)


def folded(text: str) -> str:
    """A word without its capitals, and with its parts joined in one way: ``Top ups`` is ``top_ups``."""
    return re.sub(r"[\s_-]+", "_", text.strip().casefold())


def _code(codes: tuple[str, ...]) -> Callable[[str], str]:
    """Another spelling of one of ``codes`` as that code; other text as it is."""
    known = {folded(code): code for code in codes}
    known |= {folded(name): code for name, code in NAMES.items() if code in codes}
    return lambda text: known.get(folded(text), text)


def _each(item: Callable[[str], str]) -> Callable[[str], str]:
    """The same of every item of a ``;`` list."""

    def respell(text: str) -> str:
        parts = text.split(";")
        spelt = [item(part.strip()) for part in parts]
        return text if spelt == [part.strip() for part in parts] else ";".join(spelt)

    return respell


def _suited(text: str) -> str:
    """An item of ``suits``: kind, kind:model, kind:none, or mainstream."""
    kind, colon, model = text.partition(":")
    spelt = _KIND(kind.strip())
    return f"{spelt}:{_MODEL(model.strip())}" if colon else spelt


def _year_group(text: str) -> str:
    joined = re.sub(r"[\s_-]+", "", text.casefold())
    if joined in YEAR_GROUP_NAMES:
        return str(YEAR_GROUP_NAMES[joined])
    numbered = YEAR_GROUP.fullmatch(joined)
    return str(int(numbered[1])) if numbered else text


def as_iso_day(text: str) -> str:
    """A day that is written with the day first, or with midnight after it, as YYYY-MM-DD; other text as it is.

    >>> as_iso_day("01/09/2023"), as_iso_day("09/25/2023")
    ('2023-09-01', '09/25/2023')
    """
    iso, parts = ISO_MIDNIGHT.fullmatch(text), DAY_FIRST.fullmatch(text)
    if iso is not None:
        return iso[1]
    if parts is None:
        return text
    try:
        return dt.date(int(parts[4]), int(parts[3]), int(parts[1])).isoformat()
    except ValueError:
        return text


_KIND: Final = _code((*KINDS, MAINSTREAM))
_MODEL: Final = _code((*MODELS, "none"))
_BY_COLUMN: Final[Mapping[str, Callable[[str], str]]] = {
    "needs": _each(_code((*NEEDS, "any"))),
    "suits": _each(_suited),
    "margin": _code(("total", "placement")),
}


def _speller(table: str, column: Column) -> Callable[[str], str] | None:
    """How a cell of the column is read where it is spelt otherwise; None where there is but one spelling."""
    if column.codes:
        return _code(column.codes)
    if column.unit == "year group":
        return _year_group
    if column.type == "date":
        return as_iso_day
    if (table, column.name) == ("sites", "locality"):
        return _code((OUT_OF_COUNTY,))
    return _BY_COLUMN.get(column.name)


def respelt(table: str, column: Column, cells: pd.Series) -> pd.Series:
    """The cells with each that is another spelling of the contract's word as that word; the others as they are."""
    speller = _speller(table, column)
    if speller is None:
        return cells
    spelt = {text: speller(text) for text in set(cells) if isinstance(text, str)}
    if all(text == taken for text, taken in spelt.items()):
        return cells
    return cells.map(lambda text: spelt[text], na_action="ignore").astype("str")
