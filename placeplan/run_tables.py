"""The tables of a run as text: what each column holds, one order of rows, and csv that is the same bytes every time.

The canonical form is UTF-8 with LF line ends; rows are sorted by the table's key columns, words of the
vocabulary in its own order; pounds have two decimals, minutes and kilometres one, whole counts none;
yes/no is ``yes`` or ``no``; a missing value is blank; text is as ``csv_cells`` has it.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan import cases_columns, explained_columns
from placeplan.county.vocabulary import AREAS, COST_LINES, FUNDS, KINDS, MODELS, NEEDS, PHASES, PLACEMENTS, QUESTIONS
from placeplan.csv_cells import csv_text, safe_text

__all__ = [
    "ALL",
    "BANDS",
    "KEYS",
    "KEY_SEPARATOR",
    "column_kind",
    "in_order",
    "measure_kind",
    "table_text",
]

ALL: Final = "all"
"""What a key column says where the row is a total over it."""

KEY_SEPARATOR: Final = " | "
"""What stands between the parts of a key that is told in one column."""

BANDS: Final = ("expected", "low_95", "low_80", "median", "high_80", "high_95")
"""What is told of a count to come: its mean over draws and the quantiles of its bands."""


_HEADLINES: Final = (
    "children",
    "placed",
    "gap",
    "in_county",
    "out_of_county",
    "inmss",
    "spot_purchase",
    "new_or_transferring",
    "staying",
    "leaving",
    "cost_pounds",
    "penalty_pounds",
    "child_minutes",
    "mean_minutes",
    "beyond_guidance",
    "journeys_not_known",
    "breaches",
    "moved",
    "preferences_not_met",
    "in_mainstream_by_preference",
    "places",
    "yearly_cost_of_places",
    "fees_and_other_costs_avoided",
    "net_saving",
    "gross_spending",
    "penalties_relieved",
    "children_newly_placed",
    "limit_places",
    "limit_pounds",
)

_POUNDS: Final = (
    frozenset(
        [
            "pounds",
            "price",
            "preferred_pounds",
            "cheapest_pounds",
            "extra_high_needs",
            "extra_general",
            "extra_public_purse",
            "saving_one_more",
            "cost_one_fewer",
            "fixed_cost",
            "net_saving_one_more",
            "penalty_one_more",
            "cash_saving",
            "penalty_saving",
            "net_saving",
            "cost_pounds",
            "objective_pounds",
            "bound_pounds",
            "gap_pounds",
            "penalty_pounds",
            "yearly_cost_of_places",
            "fees_and_other_costs_avoided",
            "gross_spending",
            "limit_pounds",
            "penalties_relieved",
            "independent_pounds",
            "local_pounds",
            "fixed_pounds",
            "capital_pounds",
            "high_needs_pounds",
            "general_pounds",
            "health_pounds",
            "family_pounds",
            "transport_pounds",
            "net_present_pounds",
            "saving_at_most",
        ]
    )
    | explained_columns.POUNDS
    | cases_columns.POUNDS
)
_MINUTES: Final = (
    frozenset(
        [
            "minutes",
            "mean_minutes",
            "child_minutes",
            "child_minutes_before",
            "child_minutes_after",
            "minutes_saved",
            "mean_minutes_saved",
            "nearest_minutes",
            "places_per_100",
            "km",
        ]
    )
    | explained_columns.MINUTES
    | cases_columns.MINUTES
)
_COUNTS: Final = (
    frozenset(
        [
            *("stated", "found", "missed"),
            "children",
            "gap",
            "spot_purchase",
            "out_of_county",
            "places",
            "other_authorities",
            "room",
            "ceiling",
            "placed",
            "staying",
            *("entering", "placed_again"),
            "held",
            "newcomers",
            "years_open",
            "overfill",
            "breach",
            "year_group",
            "children_one_more",
            *("places_added", "more_places"),
            "plans",
            "children_gained",
            "children_nearest",
            "children_suited",
            "beyond_guidance",
            "within",
            "within_after",
            "within_before",
            "within_guidance",
            "visiting_teacher",
            "no_unit",
            "reached",
            "onward_within",
            "without_onward",
            "places_in_reach",
            "share_before",
            "share_people_before",
            "share_people_after",
            "share_after",
            "share_beyond",
            "share_within",
            "people",
            "people_beyond",
            "people_gained",
            "people_nearer",
            "expected_children",
            "limit",
            "rank",
            "from_year_group",
            "to_year_group",
            "easting",
            "northing",
            "deprivation",
            "sites",
            "objective",
            "bound",
            "area_km2",
            "metres",
            "from_metres",
            "to_metres",
            "points",
            "share",
            "component",
            *("nodes", "links"),
            "year",
            "published",
            "expected",
            "low_95",
            "low_80",
            "median",
            "high_80",
            "high_95",
            "needing_expected",
            "size",
            "places_then",
            "ratio",
            "mean",
            "lower_bound",
            "without",
            "with_scenario",
            "difference",
            "difference_low",
            "difference_high",
            "horizon",
            "origins",
            "forecasts",
            "came",
            "covered_80",
            "covered_95",
            "wape",
            "bias",
            "mase",
            "interval_score_80",
            "pinball",
            "first_value",
            "second_value",
            "per_cent",
            "rows_first",
            "rows_second",
            "rows_added",
            "rows_removed",
            "rows_changed",
        ]
    )
    | explained_columns.COUNTS
    | cases_columns.COUNTS
)
_YES_NO: Final = (
    frozenset(
        [
            *("stays", "met", "possible", "planned_for", "verified", "rural"),
            *("in_county", "candidate", "worst", "new", "trusted", "within_95", "kept"),
        ]
    )
    | explained_columns.YES_NO
    | cases_columns.YES_NO
)

KEYS: Final = (
    *cases_columns.KEYS,
    "rank",
    "what",
    "scenario",
    "series",
    "year",
    "horizon",
    "question",
    "schools",
    "by",
    "group",
    "measure",
    "figure",
    "line",
    "fund",
    "penalty",
    "locality",
    "need",
    "area",
    "phase",
    "provision",
    "limit",
    "kind",
    "model",
    "placement",
    "rule",
    "unit",
    "child",
    "zone",
    "state",
    "subject",
    "method",
)
"""The columns that say what a row is, in the order by which rows are sorted."""

_WORD_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "question": tuple(QUESTIONS),
    "measure": _HEADLINES,
    "schools": ("all", "county"),
    "by": ("county", "locality", "deprivation_fifth", "rural"),
    "line": tuple(COST_LINES),
    "fund": tuple(FUNDS),
    "need": tuple(NEEDS),
    "area": tuple(AREAS),
    "phase": tuple(PHASES),
    "kind": tuple(KINDS),
    "model": tuple(MODELS),
    "placement": tuple(PLACEMENTS),
    **cases_columns.WORDS,
}


def column_kind(name: str) -> str:
    """What a column holds: ``pounds``, ``minutes`` (kilometres too), ``count``, ``yes_no``, ``measured`` or ``text``.

    ``measured`` is a ``value`` whose kind the row's ``measure`` tells.

    >>> column_kind("cost_pounds"), column_kind("km"), column_kind("placed"), column_kind("unit")
    ('pounds', 'minutes', 'count', 'text')
    """
    if name in _POUNDS:
        return "pounds"
    if name in _MINUTES:
        return "minutes"
    if name in _COUNTS:
        return "count"
    return "yes_no" if name in _YES_NO else "text"


def measure_kind(measure: str) -> str:
    """What the ``value`` of a ``measure`` is: ``pounds``, ``minutes`` or ``count``.

    >>> measure_kind("cost_pounds"), measure_kind("child_minutes"), measure_kind("children")
    ('pounds', 'minutes', 'count')
    """
    kind = column_kind(measure)
    return kind if kind in {"pounds", "minutes"} else "count"


def _kind_in(frame: pd.DataFrame, name: str) -> str:
    if name == "value" and "measure" in frame.columns:
        return "measured"
    return column_kind(name)


def in_order(frame: pd.DataFrame, *, localities: Iterable[str] = ()) -> pd.DataFrame:
    """The rows sorted by the key columns the frame has, then by the rest; ``localities`` gives their order."""
    known = {**_WORD_ORDER, "locality": tuple(localities)}
    keys = [name for name in KEYS if name in frame.columns]
    keys += [name for name in frame.columns if name not in keys]
    if frame.empty:
        return frame.reset_index(drop=True)
    sort_keys: dict[str, list[Any]] = {}
    for name in keys:
        ranks = {word: rank for rank, word in enumerate(known.get(name, ()))}
        if column_kind(name) in {"text", "yes_no"} and _kind_in(frame, name) != "measured":
            words = ["" if pd.isna(word) else str(word) for word in frame[name]]
            sort_keys[name] = [(ranks.get(word, len(ranks)), word) for word in words]
        else:
            sort_keys[name] = [(pd.isna(value), 0.0 if pd.isna(value) else float(value)) for value in frame[name]]
    order = sorted(range(len(frame)), key=lambda row: tuple(sort_keys[name][row] for name in keys))
    return frame.iloc[order].reset_index(drop=True)


def _number(value: float, decimals: int) -> str:
    text = f"{float(value):.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _count(value: float) -> str:
    text = _number(value, 3)
    return text.rstrip("0").rstrip(".")


_WRITERS: Final[dict[str, Callable[[Any], str]]] = {
    "pounds": lambda value: _number(value, 2),
    "minutes": lambda value: _number(value, 1),
    "count": _count,
    "yes_no": lambda value: "yes" if value else "no",
    "text": lambda value: _count(float(value)) if isinstance(value, float | np.floating) else safe_text(str(value)),
}


def table_text(frame: pd.DataFrame, *, localities: Iterable[str] = (), sort: bool = True) -> str:
    """The frame as canonical csv, its columns in the frame's order; an infinite number raises ``ValueError``."""
    rows = in_order(frame, localities=localities) if sort else frame
    kinds = [_kind_in(rows, str(name)) for name in rows.columns]
    measures = list(rows["measure"]) if "measure" in rows.columns else []
    columns: list[list[str]] = []
    for name, kind in zip(rows.columns, kinds, strict=True):
        cells: list[str] = []
        for row, value in enumerate(rows[name]):
            if pd.isna(value):
                cells.append("")
                continue
            if isinstance(value, float | np.floating) and math.isinf(value):
                raise ValueError(f"column {name}, row {row}: infinite; expected a number or missing")
            cells.append(_WRITERS[measure_kind(str(measures[row])) if kind == "measured" else kind](value))
        columns.append(cells)
    return csv_text([[str(name) for name in rows.columns], *zip(*columns, strict=True)])
