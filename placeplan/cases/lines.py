"""What an option costs, line by line: who pays, from which term to which, and the range where it is one.

A line is a rate for a term, or a sum that is paid once. What a quote or a package does not state is a line too, of
nought to a declared bound, so that nothing is silently nought.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.cases.facts import Case, last_years
from placeplan.county.county import County
from placeplan.county.settings_cases import Cases
from placeplan.county.terms import TERMS, first_term, term_number
from placeplan.county.vocabulary import PAYER_OF_FUND, PAYERS, PROVISIONS

__all__ = [
    "CONTRIBUTIONS",
    "LINE_COLUMNS",
    "PLACE_ADDED",
    "QUOTE_PAYERS",
    "Line",
    "costs_of",
    "package_lines",
    "quote_lines",
    "terms_of",
    "unit_lines",
]

LINE_COLUMNS: Final = ["option", "line", "payer", "words", "stated", "low", "pounds", "high", "first", "last", "once"]
"""``low``, ``pounds`` and ``high`` are pounds a term, or at once; ``pounds`` of a line not stated is missing.
``first`` and ``last`` are terms as numbers, ``last`` missing where it lasts as long as the stay."""

PACKAGE_EXPECTED: Final = ("staff", "therapies", "outreach", "tuition", "equipment", "transport")
QUOTE_PAYERS: Final = {"fee": "education", "transport": "education", "health": "health", "care": "care"}
"""The lines of a quote, and who pays each."""

CONTRIBUTIONS: Final = ("health", "care")
"""What health and social care pay, of any option: a line of their own where nothing is stated of it; each its payer."""

PLACE_ADDED: Final = "place_added"
"""The line of a place above those commissioned."""

Line = dict[str, Any]


def _line(option: str, line: str, payer: str, words: str, yearly: float, *, start: int) -> Line:
    """A line that is known, from pounds a year."""
    rate = yearly / len(TERMS)
    return {
        "option": option,
        "line": line,
        "payer": payer,
        "words": words,
        "stated": True,
        "low": rate,
        "pounds": rate,
        "high": rate,
        "first": start,
        "last": np.nan,
        "once": False,
    }


def _not_stated(option: str, line: str, payer: str, most: float, *, start: int) -> Line:
    words = f"not stated: nought to £{most:,.0f} a year"
    unknown = {"stated": False, "low": 0.0, "pounds": np.nan, "high": most / len(TERMS)}
    return {**_line(option, line, payer, words, 0.0, start=start), **unknown}


def _contributions(option: str, payers: Collection[str], cases: Cases, *, start: int) -> list[Line]:
    """A line not stated for each of health and social care that is not among the ``payers`` of an option.

    One rule for every option, whether it is local, a package or independent: what nobody states is bounded alike.
    """
    missing = [payer for payer in CONTRIBUTIONS if payer not in payers]
    return [_not_stated(option, payer, payer, cases.not_stated[payer], start=start) for payer in missing]


def unit_lines(
    option: str,
    *,
    top_ups: Mapping[str, float],
    transport: float | None,
    filled_discount: float,
    place_added: float,
    family_drives: bool,
    cases: Cases,
    start: int,
) -> list[Line]:
    """A place in a unit: its top-up by fund, transport, what is not due of a filled place, and a place that is added.

    Marginal cash: the funding of a place that is commissioned already is no part of it. ``transport`` is None where no
    journey is known; what health and social care would pay is not stated, but by a fund.
    """
    lines = [
        _line(option, "top_up", PAYER_OF_FUND[fund], f"top-up or fee ({fund.replace('_', ' ')})", pounds, start=start)
        for fund, pounds in top_ups.items()
    ]
    payer, words = ("family", "transport, provided by the family") if family_drives else ("education", "transport")
    if transport is None:
        lines.append(_not_stated(option, "transport", payer, cases.not_stated["transport"], start=start))
    else:
        lines.append(_line(option, "transport", payer, words, transport, start=start))
    lines += _contributions(option, {PAYER_OF_FUND[fund] for fund in top_ups}, cases, start=start)
    if filled_discount:
        lines.append(
            _line(
                option,
                "filled_discount",
                "education",
                "not due when the place is filled",
                -filled_discount,
                start=start,
            )
        )
    if place_added:
        words = "a place above those commissioned"
        lines.append(_line(option, PLACE_ADDED, "education", words, place_added, start=start))
    return lines


def quote_lines(quote: Mapping[str, Any], transport: float | None, cases: Cases, *, start: int) -> list[Line]:
    """A quoted independent place: fee, transport, and the contributions of health and social care.

    ``transport``: pounds a year by the journey, where it is known and not quoted.
    """
    lines, option = [], str(quote["quote"])
    for name, payer in QUOTE_PAYERS.items():
        words = PROVISIONS[str(quote["provision"])] if name == "fee" else name
        if _has_sum(quote, name):
            lines.append(_ranged(_line(option, name, payer, words, 0.0, start=start), quote, name))
        elif name == "transport" and transport is not None:
            lines.append(_line(option, name, payer, "transport, by the journey", transport, start=start))
        else:
            lines.append(_not_stated(option, name, payer, cases.not_stated[name], start=start))
    return lines


def _ranged(line: Line, row: Mapping[str, Any], name: str, *, times: float = 1.0) -> Line:
    """The line with the sum of a column and its range, times what makes a year of it."""
    ends = {"low": row[f"{name}_low"], "pounds": row[name], "high": row[f"{name}_high"]}
    middle = (ends["low"] + ends["high"]) / 2.0 if pd.isna(row[name]) else row[name]
    return {**line, **{at: times * (middle if pd.isna(p) else p) / len(TERMS) for at, p in ends.items()}}


def _has_sum(row: Mapping[str, Any], name: str) -> bool:
    """Whether a sum is stated, by itself or as a range."""
    return bool(pd.notna(row[name]) or (pd.notna(row[f"{name}_low"]) and pd.notna(row[f"{name}_high"])))


def package_lines(
    rows: pd.DataFrame, cases: Cases, *, start: int, known: Collection[str] = (), payers: Collection[str] = ()
) -> list[Line]:
    """A local package: its lines as they are stated, and those of which nothing is stated nor ``known``.

    ``known``: lines that its unit has already; ``payers``: who pays those.
    """
    lines: list[Line] = []
    weeks = cases.weeks / len(TERMS)
    for record in rows.to_dict("records"):
        row = {str(name): value for name, value in record.items()}
        option, name = str(row["package"]), str(row["line"])
        first = start if pd.isna(row["start_term"]) else max(start, term_number(str(row["start_term"])))
        last = np.nan if pd.isna(row["end_term"]) else term_number(str(row["end_term"]))
        a_term = {
            "hour": weeks * (0.0 if pd.isna(row["hours_week"]) else row["hours_week"]),
            "week": weeks,
            "term": 1.0,
            "year": 1.0 / len(TERMS),
            "once": 1.0,
        }[str(row["per"])]
        words = str(row["description"]) if pd.notna(row["description"]) else name
        if _has_sum(row, "pounds"):
            line = _line(option, name, str(row["payer"]), words, 0.0, start=first)
            made = _ranged(line, row, "pounds", times=a_term * len(TERMS))
        else:
            most = cases.not_stated.get(name, max(cases.not_stated[line] for line in PACKAGE_EXPECTED))
            made = {**_not_stated(option, name, str(row["payer"]), most, start=first), "words": f"{words}: not stated"}
        lines.append({**made, "last": last, "once": row["per"] == "once" and bool(made["stated"])})
    said = {*rows["line"], *known}
    option = str(rows["package"].iloc[0])
    missing = [name for name in PACKAGE_EXPECTED if name not in said]
    lines += [_not_stated(option, name, "education", cases.not_stated[name], start=start) for name in missing]
    return lines + _contributions(option, {*rows["payer"], *payers}, cases, start=start)


def costs_of(county: County, case: Case, lines: pd.DataFrame) -> pd.DataFrame:
    """What each option costs each payer over each horizon: option, horizon, payer, low, pounds, high.

    ``year``: the three terms from the start. Whole stays are discounted by academic year: ``sum_y cost[y] /
    (1 + r)^(y - y0)``. ``pounds`` is of what is stated; ``not_stated`` counts the lines that are not, which are in
    ``low`` and ``high``, and ``unstated_high`` is their part of ``high``. Past the last term of a package that ends
    sooner, ``high`` has what ends last go on.
    """
    weights, goes_on = [], []
    first, last = lines["first"].to_numpy(float)[:, None], lines["last"].to_numpy(float)[:, None]
    once, stated = lines["once"].to_numpy(bool)[:, None], lines["stated"].to_numpy(bool)
    # How long what is known lasts; what is not stated lasts as long as the stay, whatever ends.
    lasting = stated & ~once[:, 0] & (lines["high"].to_numpy(float) > 0)
    until = lines["last"].fillna(np.inf).where(lasting).groupby(lines["option"])
    ends = until.transform("max").to_numpy(float)[:, None]
    horizons = terms_of(county, case)
    for terms, factors in horizons.values():
        due = np.where(once, terms == first, (terms >= first) & ~(terms > last)) * factors
        after = (terms > ends) & ~once & (last == ends)
        weights.append(due.sum(axis=1))
        goes_on.append((after * factors).sum(axis=1))
    weight, more = np.concatenate(weights), np.concatenate(goes_on)
    every = pd.concat([lines[["option", "payer", "low", "pounds", "high"]]] * len(horizons), ignore_index=True)
    unstated = np.tile(~stated, len(horizons))
    frame = pd.DataFrame(
        {
            "horizon": np.repeat(list(horizons), len(lines)),
            "option": every["option"],
            "payer": every["payer"],
            "low": every["low"].astype(float) * weight,
            "pounds": every["pounds"].astype(float).fillna(0.0) * weight,
            "high": every["high"].astype(float) * (weight + more),
            "not_stated": unstated & (weight > 0),
            "unstated_high": every["high"].astype(float) * unstated * weight,
        }
    )
    sums = frame.groupby(["horizon", "option", "payer"], sort=False).sum()
    names = ["horizon", "option", "payer"]
    cells = pd.MultiIndex.from_product([list(horizons), lines["option"].unique(), list(PAYERS)], names=names)
    table = sums.reindex(cells).fillna(0.0).reset_index()[["option", "horizon", "payer", *sums]]
    return table.round({"low": 2, "pounds": 2, "high": 2, "unstated_high": 2}).astype({"not_stated": int})


def terms_of(county: County, case: Case) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By horizon the terms that are in it, as numbers, and what a pound in each is worth in the first year."""
    start, rate, year = case.start, county.settings.cases.discount, case.start_year
    found = {"year": (np.arange(start, start + len(TERMS)), np.ones(len(TERMS)))}
    for horizon, last in last_years(case).items():
        terms = np.arange(start, first_term(last + 1))
        found[horizon] = (terms, (1.0 + rate) ** -(terms // len(TERMS) - year).astype(float))
    return found
