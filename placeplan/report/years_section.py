"""What a report says of an allocation over years: its sentences and one table with a column a year."""

from collections.abc import Callable
from typing import Any, Final

from placeplan.county.vocabulary import FUNDS
from placeplan.report.cells import Table, cell, number_columns, text_columns
from placeplan.report.kept_words import not_kept_said
from placeplan.report.lookup import table, unit_names
from placeplan.report.not_known import left_out_of_years
from placeplan.report.words import FUND_COST, MEASURES, count, minutes, number_of, pounds, school_year, short_pounds
from placeplan.runs import Run

__all__ = ["years_part", "years_sentences", "years_table"]

_COUNTS: Final = (
    "children",
    "staying",
    "entering",
    "placed_again",
    "placed",
    "gap",
    "spot_purchase",
    "out_of_county",
)
KEPT: Final = "Kept in every year are what suits, needs, year groups, places and ceilings."


def years_sentences(run: Run) -> list[str]:
    """The answer over years: how need grows, what is short, what it costs, and what a lasting place would save."""
    frame = table(run, "years")
    if frame.empty:
        return []
    rows = frame.sort_values("year").to_dict("records")
    first, last = rows[0], rows[-1]
    proof = table(run, "years_proof").to_dict("records")[0]
    cost = f"The cost of {school_year(first['year'])} is {short_pounds(first['cost_pounds'])}"
    if len(rows) > 1:
        cost += (
            f", that of {school_year(last['year'])} {short_pounds(last['cost_pounds'])}; all {len(rows)} years are "
            f"worth {short_pounds(proof['net_present_pounds'])} in the first, discounted by "
            f"{100 * float(run.facts['years_discount']):g}% a year"
        )
    said = [_need(first, last, str(proof["need_label"])), _want(last), f"{cost}."]
    if proof["status"] != "optimal":
        distance = short_pounds(proof["gap_pounds"])
        said.append(f"Not proven: the best placement found, at most {distance} from the best over all the years.")
    left_out = left_out_of_years(run)
    return [*said, *([left_out] if left_out else []), *_lasting(run, len(rows)), KEPT, *not_kept_said(run, "years")]


def _need(first: dict[Any, Any], last: dict[Any, Any], label: str) -> str:
    whose = (
        f"In one future ({label})" if label.startswith("draw") else f"On mean counts ({label}), which understate cost"
    )
    now, then = school_year(first["year"]), school_year(last["year"])
    opening = f"{whose}, {number_of(first['children'], 'child', 'children')} need a place in {now}"
    if now == then:
        return f"{opening}."
    later = count(last["children"], missing="a withheld number")
    return (
        f"{opening} and {later} in {then}: whoever is placed stays until the unit's ages or the need end, and those "
        "who cease or move leave by the forecast's rates."
    )


def _want(row: dict[Any, Any]) -> str:
    gap = "nobody is" if row["gap"] == 0 else number_of(row["gap"], "child is", "children are")
    bought = number_of(row["spot_purchase"], "child", "children")
    return (
        f"In {school_year(row['year'])} {gap} without any place, and for {bought} an independent place is bought for "
        "want of a suitable one."
    )


def _lasting(run: Run, years: int) -> list[str]:
    names = unit_names(run)
    frame = table(run, "years_lasting")
    rows = frame.sort_values("net_saving", ascending=False, kind="stable").to_dict("records") if len(frame) else []
    said = []
    for row in rows:
        unit, open_for = str(row["unit"]), int(row["years_open"])
        span = "over the years" if open_for == years else f"in the {number_of(open_for, 'year')} that it is open"
        said.append(
            f"One more place at {names.get(unit, unit)} from the first year on would save {pounds(row['cash_saving'])} "
            f"{span} and cost {pounds(row['fixed_cost'])} itself: {pounds(row['net_saving'])} net, in pounds of the "
            "first year."
        )
    return said


def years_table(run: Run) -> Table | None:
    """Measures by year."""
    frame = table(run, "years")
    if frame.empty:
        return None
    rows = frame.sort_values("year").to_dict("records")
    lines: list[tuple[str, str, Callable[..., str]]] = [(name, MEASURES[name], count) for name in _COUNTS]
    lines += [
        (f"{fund}_pounds", f"{FUND_COST}, {words.lower()}", pounds)
        for fund, words in FUNDS.items()
        if f"{fund}_pounds" in frame.columns
    ]
    lines += [(name, MEASURES[name], pounds) for name in ("cost_pounds", "transport_pounds", "penalty_pounds")]
    lines += [
        ("mean_minutes", MEASURES["mean_minutes"], minutes),
        ("beyond_guidance", MEASURES["beyond_guidance"], count),
    ]
    if "journeys_not_known" in frame.columns:
        lines.append(("journeys_not_known", MEASURES["journeys_not_known"], count))
    return Table(
        "years",
        "Over the years",
        (*text_columns("Measure"), *number_columns(*(school_year(row["year"]) for row in rows))),
        tuple((words, *(cell(row, name, write) for row in rows)) for name, words, write in lines),
        note="Pounds are of each year and not discounted; declared penalties are not cash and are in no other row.",
    )


def years_part(run: Run) -> dict[str, Any] | None:
    """What the page's section holds; None where the run has no answer over years."""
    made = years_table(run)
    if made is None:
        return None
    warnings = [str(warning) for warning in run.facts.get("forecast_warnings", [])]
    return {"said": years_sentences(run), "warnings": warnings, "table": made}
