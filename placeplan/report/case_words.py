"""How a partnership's pages say things: rooms, reasons, payers, and what an option is, in plain words."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from placeplan.county.kind_names import kind_within
from placeplan.report.case_names import VALUES
from placeplan.report.words import pounds

__all__ = [
    "CAUTION",
    "EFFECTS",
    "GAP_WHY",
    "GOES_ON",
    "OVER",
    "PAYER_WORDS",
    "REASONS",
    "ROOMS",
    "VETOED",
    "break_even_rows",
    "independent_place",
    "is_some",
    "option_name",
    "option_notes",
    "over_lines",
    "range_words",
]

CAUTION: Final = "Every option is subject to consultation and the authority's decision."

GOES_ON: Final = (
    "After a school's last year group the same yearly cost is taken to go on; transport by the journey is what such a "
    "journey costs on average, some children needing none."
)

ROOMS: Final = {
    "stays": "where the child is",
    "room_now": "room now",
    "room_september": "room from September, when others leave or move up",
    "chain": "room once a child who has consented moves on",
    "overfill": "above its places, up to its ceiling",
    "vacated": "room once another case of the meeting is elsewhere",
    "bought": "",
}
REASONS: Final = {reason: words for reason, words in VALUES["reason"].items() if reason != "chosen"}
DOUBTS: Final = {
    "need": "the tables do not have it for the need",
    "age": "the tables do not have it for the year group",
    "full": "the tables have it full",
}
GAP_WHY: Final = VALUES["reason"]


def _small(words: Mapping[str, str]) -> dict[str, str]:
    """The words as they stand within a sentence."""
    return {code: f"{told[0].lower()}{told[1:]}" for code, told in words.items()}


EFFECTS: Final = _small(VALUES["effect"])
OVER: Final = _small(VALUES["over"])
PAYER_WORDS: Final = VALUES["payer"]
VETOED: Final = _small(VALUES["by"])
BOARDING: Final = _small(VALUES["provision"])


def independent_place(options: pd.DataFrame) -> dict[str, Any] | None:
    """Of a case's options, the independent place that local ones are set beside; None where none is open.

    It is the one that costs the public purse least, of those quoted where any is.
    """
    away = options[options["what"] == "independent"]
    quoted = away[[is_some(provision) for provision in away["provision"]]]
    least = (quoted if len(quoted) else away).sort_values(["pounds_middle", "option"]).to_dict("records")
    return {str(name): value for name, value in least[0].items()} if least else None


def break_even_rows(frame: pd.DataFrame, option: str, against: str) -> dict[str, dict[str, Any]]:
    """Of a case's break-evens, those of a local option beside an independent place in the first year, by purse."""
    mine = frame[(frame["option"] == option) & (frame["against"] == against) & (frame["over"] == "year")]
    return {str(row["purse"]): {str(name): value for name, value in row.items()} for row in mine.to_dict("records")}


def option_name(row: Mapping[Any, Any]) -> str:
    """What an option is called: its school, and what it is there."""
    if row["what"] == "package":
        return "A local package" if not is_some(row["unit"]) else f"A local package at {row['name']}"
    if is_some(row["provision"]):
        return f"{row['name']} ({BOARDING[str(row['provision'])]})"
    kind = kind_within(str(row["kind"]))
    return f"{row['name']} ({kind}{', residential' if row['residential'] else ''})"


def option_notes(row: Mapping[Any, Any]) -> list[str]:
    """What must be known of an option beside its figures."""
    notes = [ROOMS.get(str(row["standing"]), "")]
    if is_some(row["condition"]):
        notes.append(f"on condition that {row['condition']}")
    if row["preferred"]:
        notes.append("preferred")
    if not pd.isna(row["beyond"]) and row["beyond"] > 0:
        notes.append("journey beyond guidance")
    if row["what"] == "independent" and not is_some(row["provision"]):
        notes.append("no quote: its fee is taken from the county's table")
    notes += [DOUBTS[doubt] for doubt in str(row["doubts"]).split(";") if is_some(row["doubts"])]
    if row["not_stated"] > 0:
        lines = "1 sum" if row["not_stated"] == 1 else f"{int(row['not_stated'])} sums"
        notes.append(f"{lines} not stated")
    return [note for note in notes if note]


def range_words(low: float, middle: float, high: float) -> str:
    """Pounds, with the range where there is one.

    >>> range_words(4000, 4000, 4000), range_words(4000, 5000, 9000), range_words(4000, 4000, 9000)
    ('£4,000', '£5,000 (£4,000 to £9,000)', '£4,000 to £9,000')
    """
    if pounds(low) == pounds(high):
        return pounds(middle)
    if pounds(middle) in (pounds(low), pounds(high)):
        return f"{pounds(low)} to {pounds(high)}"
    return f"{pounds(middle)} ({pounds(low)} to {pounds(high)})"


def over_lines(told: str) -> str:
    """A range on a line of its own, so that its column stays narrow."""
    return told.replace(" (", "\n(") if "(" in told else told.replace(" to ", "\nto ")


def is_some(value: Any) -> bool:
    """Whether a cell of a run says anything."""
    return not pd.isna(value) and str(value) != ""
