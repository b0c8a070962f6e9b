"""The answer in sentences: what a head of service is told first, on the page and on the workbook's front sheet."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from placeplan.county.kind_names import is_renamed, kind_name, model_name
from placeplan.report.kept_words import all_kept, not_kept_said
from placeplan.report.lookup import (
    gap_by,
    gap_need_column,
    headline,
    lead_question,
    locality_names,
    questions,
    rows_of,
    september_year,
    table,
    unit_names,
)
from placeplan.report.named import in_its_words
from placeplan.report.not_known import left_out_of_cost, left_out_of_mean
from placeplan.report.words import QUESTION_NAMES, count, join, label, minutes, number_of, pounds, short_pounds
from placeplan.runs import Run

__all__ = [
    "answer_sentences",
    "gap_sentences",
    "how_to_read",
    "places_sentences",
    "price_sentences",
    "question_name",
    "status_warning",
    "title",
]


def question_name(run: Run, question: str) -> str:
    """A question's name, the coming September with its year."""
    year = september_year(run)
    return f"September {year}" if question == "september" and year is not None else QUESTION_NAMES[question]


def title(run: Run) -> str:
    """The page's title."""
    year, lead = september_year(run), lead_question(run)
    if lead is None:
        named = {"forecast": f"Need to come in {run.county}", "compare": f"Two runs side by side: {run.county}"}
        return named.get(run.command, f"{run.county}: {run.command}")
    when = f", September {year}" if lead == "september" and year is not None else ""
    return f"Who goes where in {run.county}{when}"


def _children(value: float | None) -> str:
    return number_of(value, "child", "children")


def _unplanned(run: Run, question: str) -> tuple[float | None, float | None]:
    return headline(run, question, "gap"), headline(run, question, "spot_purchase")


def _compared(run: Run, lead: str) -> str:
    """The cost against everyone as placed today, per child too, since the children are not the same ones."""
    now, then = headline(run, lead, "cost_pounds"), headline(run, "today", "cost_pounds")
    if now is None:
        return ""
    sentence = f"The cost is {short_pounds(now)} a year"
    left_out = left_out_of_cost(run, lead)
    without = f"; {left_out}" if left_out else ""
    placed, placed_today = headline(run, lead, "placed"), headline(run, "today", "placed")
    if lead == "today" or then is None:
        return f"{sentence}{without}."
    difference = now - then
    more = "more" if difference > 0 else "less"
    against = f"{short_pounds(abs(difference))} {more} than" if abs(difference) >= 0.5 else "the same as"
    sentence += f", {against} the {short_pounds(then)} of everyone as placed today"
    if placed and placed_today:
        sentence += f" ({pounds(now / placed)} a child placed, against {pounds(then / placed_today)})"
    waiting = headline(run, "today", "gap")
    if waiting:
        sentence += f"; today {_children(waiting)} {'has' if waiting == 1 else 'have'} no place"
    before = left_out_of_cost(run, "today")
    if before:
        without += f"; as placed today {before}"
    return f"{sentence}{without}."


@in_its_words
def answer_sentences(run: Run) -> list[str]:
    """The answer in a paragraph, one sentence an item; empty where the run holds no headlines."""
    lead = lead_question(run)
    if lead is None:
        return []
    children, fresh = headline(run, lead, "children"), headline(run, lead, "new_or_transferring")
    where = {
        "september": f"In September {september_year(run)}",
        "today": "Today",
        "afresh": "Were everyone placed afresh",
    }
    opening = f"{where[lead]}, {_children(children)} need a specialist place"
    if lead == "september" and fresh is not None:
        opening += f", of whom {count(fresh)} are new or move on to a new phase"
    inside, outside = headline(run, lead, "in_county"), headline(run, lead, "out_of_county")
    have = "All" if headline(run, lead, "gap") == 0 else _capital(_children(headline(run, lead, "placed")))
    said = [
        opening + ".",
        f"{have} have one: {_children(inside)} in the county and {_children(outside)} outside it.",
        _gap_sentence(run, lead),
        _compared(run, lead),
    ]
    mean, whole = headline(run, lead, "mean_minutes"), headline(run, lead, "child_minutes")
    if mean is not None and whole is not None:
        left_out = left_out_of_mean(run, lead)
        without = f", {left_out}" if left_out else ""
        journey = f"The mean journey is {minutes(mean)} minutes each way{without} ("
        journey += f"{whole:,.0f} child-minutes a school morning"
        beyond = headline(run, lead, "beyond_guidance")
        said.append(journey + (f"; {_children(beyond)} beyond guidance)." if beyond is not None else ")."))
    return [sentence for sentence in said if sentence]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _gap_sentence(run: Run, question: str) -> str:
    gap, spot = _unplanned(run, question)
    if gap == 0 and spot == 0:
        return "No child is without a suitable place: the gap is none."
    nobody = "no child is without any place" if gap == 0 else f"{_children(gap)} would have no place at all"
    bought = (
        "no place has to be bought one by one"
        if spot == 0
        else f"for {_children(spot)} an independent place would have to be bought, for want of a suitable one"
    )
    return f"The gap: {nobody}, and {bought}."


@in_its_words
def gap_sentences(run: Run, *, most: int = 4) -> list[str]:
    """Where the gap is, by locality, need and phase: the largest few, or that there is none."""
    lead = lead_question(run)
    need = gap_need_column(run)
    cells = gap_by(run, lead, ("locality", need, "phase"))
    if lead is None or cells.empty:
        return []
    sizes = cells["gap"].fillna(0) + cells["spot_purchase"].fillna(0)
    hidden = bool((cells["gap"].isna() | cells["spot_purchase"].isna()).any())
    if not hidden and float(sizes.sum()) == 0:
        return ["None: every child has a suitable place with room, in every locality, need and phase."]
    names = locality_names(run)
    ranked = cells.assign(size=sizes).query("size > 0").sort_values("size", ascending=False, kind="stable").head(most)
    largest = [
        f"{names.get(str(row['locality']), row['locality'])}, {label(need, row[need]).lower()}, "
        f"{label('phase', row['phase']).lower()} ({row['size']:,.0f})"
        for row in ranked.to_dict("records")
    ]
    said = [f"Most children for whom no suitable place has room: {'; '.join(largest)}."] if largest else []
    if hidden and largest:
        said.append("Other counts are withheld, and read c.")
    elif hidden:
        said.append("By locality, need and phase every count that is not none is withheld, and reads c.")
    return said


def status_warning(run: Run) -> str | None:
    """What the first screen must say where an answer is not proven; None where every one is."""
    proof = table(run, "proof")
    unproven = proof[~proof["status"].isin(["optimal", "priced"])] if not proof.empty else proof
    places = run.facts.get("places_proof", {})
    failed = proof[~proof["verified"].astype(bool)] if not proof.empty else proof
    said = [
        f"{question_name(run, str(row['question']))} is the best answer found, not proven the best: it costs "
        f"{short_pounds(row['objective_pounds'])} and none can cost less than {short_pounds(row['bound_pounds'])}, "
        f"so it is at most {short_pounds(row['gap_pounds'])} a year from the best."
        for row in unproven.to_dict("records")
    ]
    if places and places["status"] != "optimal":
        distance = abs(float(places["objective_pounds"]) - float(places["bound_pounds"]))
        said.append(
            "The places to add are the best list found, not proven the best: at most "
            f"{short_pounds(distance)} a year from the best."
        )
    said += [
        f"{question_name(run, str(row['question']))} did not pass the independent check: {row['checks']}."
        for row in failed.to_dict("records")
    ]
    return " ".join(said) or None


def _summary(run: Run) -> Mapping[str, float]:
    frame = table(run, "places_summary")
    pairs = zip(frame.get("measure", []), frame.get("value", []), strict=True)
    return {str(measure): float(value) for measure, value in pairs if not math.isnan(float(value))}


@in_its_words
def places_sentences(run: Run) -> list[str]:
    """What the places to add come to, gross and net; that there are none to add, where that is the answer."""
    summary = _summary(run)
    if not summary and table(run, "places").empty:
        return []
    limit = []
    if "limit_places" in summary:
        limit.append(f"at most {number_of(summary['limit_places'], 'place')}")
    if "limit_pounds" in summary:
        limit.append(f"at most {short_pounds(summary['limit_pounds'])} a year of gross spending")
    asked = f"Allowed {join(limit)}, " if limit else ""
    added = summary.get("places", 0.0)
    kept = ["The rules of this answer are kept with them."] if all_kept(run, "places") else []
    said_of_rules = [*kept, *not_kept_said(run, "places")]
    if not added:
        under = " under the rules of this answer" if kept else ""
        return [_capital(f"{asked}no place would be added: none saves more than it costs{under}."), *said_of_rules[1:]]
    said = [_capital(f"{asked}{number_of(added, 'place')} would be added, as listed here.")]
    cost, avoided = summary.get("yearly_cost_of_places"), summary.get("fees_and_other_costs_avoided")
    if cost is not None and avoided is not None:
        said.append(
            f"They cost {short_pounds(cost)} a year to keep open and avoid {short_pounds(avoided)} a year of fees "
            f"and other costs: a net saving of {short_pounds(summary.get('net_saving', avoided - cost))} a year."
        )
    if "gross_spending" in summary:
        said.append(
            "Spending in the county on places, top-ups and transport rises by "
            f"{short_pounds(summary['gross_spending'])} a year, before the fees avoided."
        )
    if "limit_places" in summary and added < summary["limit_places"]:
        said.append("Places beyond these may not be added, or would cost more than they save, so no more are added.")
    return [*said, *said_of_rules]


@in_its_words
def price_sentences(run: Run) -> list[str]:
    """The re-solved worth of one more place: gross, the place's own cost, and net; the largest first."""
    names = unit_names(run)
    rows = rows_of(run, "prices_resolved", lead_question(run))
    said = []
    best_first = rows.sort_values(["net_saving", "unit"], ascending=[False, True]) if len(rows) else rows
    for row in best_first.to_dict("records"):
        unit = str(row["unit"])
        sentence = (
            f"One more place at {names.get(unit, unit)} would save {pounds(row['cash_saving'])} a year; the place "
            f"itself costs {pounds(row['fixed_cost'])}, so the net saving is {pounds(row['net_saving'])} a year"
        )
        if not pd.isna(row.get("penalty_saving")) and float(row["penalty_saving"]) > 0:
            sentence += f" (and {pounds(row['penalty_saving'])} of declared penalties, which are not cash)"
        said.append(sentence + ".")
    return said


def _models() -> str:
    """What the models of an ERS are, in the county's own words where it has any."""
    meant = {
        "alternative": "alternative (an alternative learning environment)",
        "integrative": "integrative (most lessons in mainstream classes)",
        "area": "area (a wider range of needs)",
    }
    models = [model_name(model) if is_renamed(f"ers:{model}") else words for model, words in meant.items()]
    opening = f"{kind_name('ers')}, by" if is_renamed("ers") else "ERS: enhanced resource school. Its"
    return f"{opening} model: {models[0]}, {models[1]} or {models[2]}."


@in_its_words
def how_to_read(run: Run) -> list[str]:
    """What the reader must know of the figures: their label, what is withheld, what the questions mean."""
    facts: Mapping[str, Any] = run.facts
    said = []
    if facts.get("data_label"):
        said.append(f"The data are: {facts['data_label']}.")
    if run.internal:
        said.append("INTERNAL: the detail is shown. It may hold counts about few children; do not pass it on.")
    else:
        said.append(
            "Small counts withheld: needs are folded to broad areas; counts from 1 to 4, and others from which they "
            "would follow, are withheld and read c; other counts of children are rounded to 5 and amounts to £100, "
            "so figures may not add up exactly and a full unit may read a few more or fewer than its places. "
            "It is not proven yet that no hidden count can be worked out from the other figures."
        )
    asked = questions(run)
    if "today" in asked:
        said.append("As placed today: everyone where they are now, priced and checked, not changed.")
    if "september" in asked:
        said.append(
            f"{question_name(run, 'september')}: new children and those who move on to a new phase are placed best, "
            "while everyone else stays."
        )
    if "afresh" in asked:
        said.append(
            "Everyone placed afresh: what geography alone would allow, in totals only. "
            "It is not a proposal to move any child."
        )
    said.append(_models())
    if facts.get("price_year"):
        said.append(f"Money is in pounds of {facts['price_year']}. Journeys are one way, from home to school.")
    return said
