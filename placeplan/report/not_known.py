"""What a page says beside a cost and a mean of journeys that are not known: how many, and what bounds them."""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from placeplan.report.lookup import rows_of, table
from placeplan.report.words import minutes, number_of, school_year, short_pounds
from placeplan.runs import Run

__all__ = ["NotKnown", "bounded", "journeys_not_known", "left_out_of_cost", "left_out_of_mean", "left_out_of_years"]

_LARGEST_HIDDEN: Final = 4.0
_ROUNDED_BY: Final = 2.0
"""A count that is rounded to 5 may be this much more."""


@dataclass(frozen=True, slots=True)
class NotKnown:
    """Children whose journeys are not known: who they are, in words, and how many they are at the most."""

    who: str
    most: float


def bounded(value: Any, *, hidden: bool, share_safe: bool) -> NotKnown | None:
    """The children of a count that may be withheld or rounded; None where there are none."""
    if hidden:
        return NotKnown("fewer than 5 children", _LARGEST_HIDDEN)
    if pd.isna(value) or value == 0:
        return None
    more = _ROUNDED_BY if share_safe else 0.0
    return NotKnown(number_of(value, "child", "children"), float(value) + more)


def journeys_not_known(run: Run, question: str | None) -> NotKnown | None:
    """The children placed by the answer to a question whose journeys are not known; None where there are none."""
    rows = rows_of(run, "headlines", question)
    found = rows[rows["measure"] == "journeys_not_known"].to_dict("records") if len(rows) else []
    if not found:
        return None
    hidden = "value" in str(found[0].get("suppressed") or "").split(";")
    return bounded(found[0]["value"], hidden=hidden, share_safe=bool(run.facts.get("share_safe")))


def _whose(unknown: NotKnown) -> str:
    return f"{unknown.who} whose {'journey is' if unknown.who == '1 child' else 'journeys are'} not known"


def _bound(run: Run, most: float) -> str:
    dearest = run.facts.get("known_journeys", {}).get("dearest_pounds")
    return "" if dearest is None else f": from £0 to {short_pounds(most * float(dearest))} more"


def left_out_of_cost(run: Run, question: str | None) -> str:
    """What a cost leaves out, each at the most what the dearest known journey costs; "" where nothing is left out."""
    unknown = journeys_not_known(run, question)
    return "" if unknown is None else f"it leaves out the transport of {_whose(unknown)}{_bound(run, unknown.most)}"


def left_out_of_mean(run: Run, question: str | None) -> str:
    """Who is not in a mean of minutes, and how long the longest known journey is; "" where nobody is left out."""
    unknown = journeys_not_known(run, question)
    if unknown is None:
        return ""
    longest = run.facts.get("known_journeys", {}).get("longest_minutes")
    known = "" if longest is None else f" (the longest that is known takes {minutes(longest)})"
    return f"without {_whose(unknown)}{known}"


def left_out_of_years(run: Run) -> str:
    """What the costs and means over years leave out, in the year in which it is most; "" where nothing is left out."""
    frame = table(run, "years")
    if "journeys_not_known" not in frame.columns:
        return ""
    worst: tuple[Any, NotKnown] | None = None
    for row in frame.sort_values("year").to_dict("records"):
        hidden = "journeys_not_known" in str(row.get("suppressed") or "").split(";")
        unknown = bounded(row["journeys_not_known"], hidden=hidden, share_safe=bool(run.facts.get("share_safe")))
        if unknown is not None and (worst is None or unknown.most > worst[1].most):
            worst = (row["year"], unknown)
    if worst is None:
        return ""
    year, unknown = worst
    return (
        f"The costs leave out the transport of {_whose(unknown)} in {school_year(year)}, when they are most"
        f"{_bound(run, unknown.most)} in that year; the mean journeys are without them."
    )
