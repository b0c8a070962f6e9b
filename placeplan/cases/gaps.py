"""The gap record: what keeps coming back to a partnership, which local offer would have kept it, and at what cost.

A row a child who would go, or went, to an independent place, or for whom nothing stands; without pseudonym or zone.
The record is the office's; what is published of some terms' records is counts by broad area and phase.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.cases.facts import Case
from placeplan.cases.listed import Listed
from placeplan.county.vocabulary import AREA_OF_NEED, AREAS, PHASES
from placeplan.suppression import ANY, Key, Sum, cube_sums, suppress
from placeplan.withholding import COUNT_STEP, to_step

__all__ = ["RECORD_COLUMNS", "gap_record", "published_record", "returning"]

RECORD_COLUMNS: Final = [
    "term",
    "need",
    "second_need",
    "phase",
    "locality",
    "outcome",
    "decided",
    "why",
    "local_offer",
    "offer_pounds",
    "independent_pounds",
]
"""``outcome``: independent, or nothing; ``decided``: whether that was agreed, or is recommended; ``why``: what stood
against a local option; ``local_offer``: what would have kept the child, ``offer_pounds`` its yearly cost with the place
itself, ``independent_pounds`` what it costs now."""

WHY: Final = ("full", "distance", "consent", "veto", "rule", "age", "need", "closed", "kind")
"""Why there was no local option, the nearest to hand first."""


def gap_record(
    cases: Mapping[str, Case],
    listed: Mapping[str, Listed],
    chosen: Mapping[str, str],
    *,
    decided: Collection[str] = (),
    term: str,
) -> pd.DataFrame:
    """A row for each case that goes to an independent place or to none.

    ``chosen``: option by case, "" for none; one that is not listed any more is taken for an independent place.
    ``decided``: the cases for which it was agreed.
    """
    rows = [
        {"term": term, "decided": case in decided, **_row(cases[case], listed[case], option)}
        for case, option in chosen.items()
        if option not in listed[case].options.index or listed[case].options.loc[option, "what"] == "independent"
    ]
    frame = pd.DataFrame(rows, columns=RECORD_COLUMNS)
    # In an order that says nothing of who came first.
    return frame.sort_values(["need", "phase", "locality", "why", "independent_pounds"], ignore_index=True)


def _row(case: Case, listed: Listed, option: str) -> dict[str, object]:
    options = listed.options
    local = options[options["what"] != "independent"]
    why, offer, pounds = "chosen", "", np.nan
    if len(local):
        best = local.iloc[0]
        offer, pounds = _offer(best), float(best["middle"])
        # Above its places the cost of one more is in it already.
        if best["what"] == "unit" and not (best["room"] == "overfill" and best["in_county"]):
            pounds += float(best["place_funding"])
    else:
        why, offer = _missing(listed)
    return {
        "need": case.need,
        "second_need": case.second_need,
        "phase": case.phase,
        "locality": case.locality,
        "outcome": "independent" if option else "nothing",
        "why": why,
        "local_offer": offer,
        "offer_pounds": round(pounds, 2),
        "independent_pounds": round(float(options["middle"][option]), 2) if option in options.index else np.nan,
    }


def _offer(best: "pd.Series[Any]") -> str:
    """What the first local option is, its kind first where it is a place."""
    if best["what"] != "unit":
        return "a local package"
    return f"{best['kind']}: {'room above its places' if best['room'] == 'overfill' else 'there was room'}"


def _missing(listed: Listed) -> tuple[str, str]:
    """Why nothing local stands, and what would have had to be there."""
    reasons = set(listed.unsuitable["reason"])
    why = next((reason for reason in WHY if reason in reasons), "kind")
    offers = {
        "full": "a place more where it is full",
        "distance": "such a place nearer",
        "consent": "what would win consent to a move",
        "veto": "what would answer why it was ruled out",
        "rule": "room under the county's rules",
    }
    return why, offers.get(why, "a local place of the kind that the plan names")


def returning(records: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """What keeps coming back over some terms' records: need, phase, locality, why and local_offer, the most first.

    ``terms`` in which, ``children``, offer_pounds and independent_pounds (means of those known). For the office.
    """
    every = [record for record in records if len(record)]
    columns = ["need", "phase", "locality", "why", "local_offer"]
    if not every:
        return pd.DataFrame(columns=[*columns, "terms", "children", "offer_pounds", "independent_pounds"])
    rows = pd.concat(every, ignore_index=True).fillna({"local_offer": ""})
    found = rows.groupby(columns, as_index=False).agg(
        terms=("term", "nunique"),
        children=("term", "size"),
        offer_pounds=("offer_pounds", "mean"),
        independent_pounds=("independent_pounds", "mean"),
    )
    return found.round(2).sort_values(
        ["children", "terms", *columns], ascending=[False, False] + [True] * 5, ignore_index=True
    )


def published_record(records: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """What is told of some terms together: children by broad area and phase, small counts withheld.

    Those for whom it was decided; what is recommended only is no gap yet.
    Columns area, phase (each ``all`` for all), children (missing where withheld), suppressed. Counts from 1 to 4 are
    withheld, and as many more as are needed so that none follows from the totals; the others are rounded to 5.
    """
    every = [record[record["decided"].astype(bool)] for record in records if len(record)]
    frame = pd.concat(every, ignore_index=True) if every else pd.DataFrame(columns=RECORD_COLUMNS)
    area = frame["need"].map(AREA_OF_NEED).fillna("not_classified")
    cells: dict[Key, float] = {("gap", *labels): 0.0 for labels in product((*AREAS, ANY), (*PHASES, ANY))}
    for one, phase in zip(area, frame["phase"], strict=True):
        for labels in product((one, ANY), (phase, ANY)):
            cells["gap", *labels] += 1.0
    sums: list[Sum] = list(cube_sums([list(AREAS), list(PHASES)], name="gap"))
    hidden = suppress(cells, sums)
    rows = [
        (*key[1:], np.nan if key in hidden else to_step(value, COUNT_STEP), "children" if key in hidden else "")
        for key, value in cells.items()
    ]
    return pd.DataFrame(rows, columns=["area", "phase", "children", "suppressed"]).replace({ANY: "all"})
