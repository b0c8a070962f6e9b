"""The page's tables: rows of the run as words and written numbers, ready for the template."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from placeplan.report.answer import question_name
from placeplan.report.lookup import (
    gap_by,
    gap_need_column,
    headline,
    lead_question,
    localities_in_order,
    locality_names,
    questions,
    rows_of,
    table,
    unit_names,
)
from placeplan.report.words import COLUMNS, MEASURES, RULES, WITHHELD, count, label, minutes, plain, pounds
from placeplan.run_tables import COST_LINES, in_order, measure_kind
from placeplan.runs import Run

__all__ = [
    "Column",
    "Table",
    "assumptions_table",
    "breaches_table",
    "costs_table",
    "gap_by_locality_table",
    "gap_table",
    "places_table",
    "plans_table",
    "prices_table",
    "proof_table",
    "questions_table",
    "use_table",
]

PRICES_SHOWN: Final = 20
"""How many units the page lists by the worth of one more place; the workbook lists every one."""

_FORMATS: Final[dict[str, Callable[..., str]]] = {"pounds": pounds, "minutes": minutes, "count": count}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and whether it holds numbers (set to the right)."""

    heading: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is shown: the first ``heads`` cells of a row say what the row is; ``total`` closes it."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None
    note: str = ""


def _text(*headings: str) -> tuple[Column, ...]:
    return tuple(Column(heading) for heading in headings)


def _numbers(*headings: str) -> tuple[Column, ...]:
    return tuple(Column(heading, number=True) for heading in headings)


def _cell(row: Mapping[Any, Any], column: str, write: Callable[..., str] = count, *, missing: str = "") -> str:
    """A number of a row; ``c`` where the row says that it is withheld."""
    hidden = str(row.get("suppressed") or "").split(";")
    return write(row.get(column), missing=WITHHELD if column in hidden else missing)


def _kind_words(row: Mapping[Any, Any]) -> str:
    model = label("model", row.get("model"))
    return label("kind", row["kind"]) + (f": {model[:1].lower()}{model[1:]}" if model else "")


_COMPARED: Final = (
    "children",
    "new_or_transferring",
    "placed",
    "gap",
    "spot_purchase",
    "in_county",
    "out_of_county",
    "inmss",
    "cost_pounds",
    "penalty_pounds",
    "child_minutes",
    "mean_minutes",
    "beyond_guidance",
    "journeys_not_known",
    "breaches",
)


def _headline_cell(run: Run, question: str, measure: str) -> str:
    rows = rows_of(run, "headlines", question)
    found = rows[rows["measure"] == measure].to_dict("records")
    if not found:
        return "–"
    write = minutes if measure == "mean_minutes" else _FORMATS[measure_kind(measure)]
    write = count if measure == "child_minutes" else write
    return _cell(found[0], "value", write, missing="–")


def questions_table(run: Run) -> Table | None:
    """The questions side by side."""
    asked = questions(run)
    if not asked:
        return None
    held = set(table(run, "headlines")["measure"])
    rows = [
        (MEASURES[measure], *(_headline_cell(run, question, measure) for question in asked))
        for measure in _COMPARED
        if measure in held
    ]
    note = (
        "Everyone placed afresh is in totals only and is not a proposal to move any child." if "afresh" in asked else ""
    )
    return Table(
        "questions",
        "The three questions side by side" if len(asked) == 3 else "The questions side by side",
        (*_text("Measure"), *_numbers(*(question_name(run, question) for question in asked))),
        tuple(rows),
        note=note,
    )


def _sum_or_withheld(values: Iterable[Any], write: Callable[..., str]) -> str:
    numbers = [float(value) for value in values]
    return WITHHELD if any(math.isnan(number) for number in numbers) else write(sum(numbers))


def costs_table(run: Run) -> Table | None:
    """The leading question's cost by line and fund, beside the same line as placed today."""
    lead = lead_question(run)
    costs = rows_of(run, "costs", lead)
    if lead is None or costs.empty:
        return None
    funds = list(dict.fromkeys(in_order(costs[["fund"]])["fund"]))
    lines = [line for line in COST_LINES if line in set(costs["line"])]
    lines += sorted(set(costs["line"]) - set(lines))
    compare = lead != "today" and "today" in questions(run)
    today = rows_of(run, "costs", "today")

    def cells(chosen: pd.DataFrame, earlier: pd.DataFrame) -> list[str]:
        made = [_sum_or_withheld(chosen.loc[chosen["fund"] == fund, "pounds"], pounds) for fund in funds]
        made.append(_sum_or_withheld(chosen["pounds"], pounds))
        return [*made, _sum_or_withheld(earlier["pounds"], pounds)] if compare else made

    rows = [(label("line", line), *cells(costs[costs["line"] == line], today[today["line"] == line])) for line in lines]
    total = cells(costs, today)
    # The grand total is a headline and stays published where some of its parts are withheld.
    total[len(funds)] = pounds(headline(run, lead, "cost_pounds"), missing=total[len(funds)])
    if compare:
        total[-1] = pounds(headline(run, "today", "cost_pounds"), missing=total[-1])
    headings = [label("fund", fund) for fund in funds] + ["All funds"] + (["As placed today"] if compare else [])
    return Table(
        "costs",
        f"Cost by line and fund, £ a year, {question_name(run, lead)}",
        (*_text("Cost line"), *_numbers(*headings)),
        tuple(rows),
        total=("All lines", *total),
        note="Declared penalties are not cash and are not in these figures.",
    )


def gap_by_locality_table(run: Run) -> Table | None:
    """Children to be placed, in the gap, bought one by one and outside the county, by locality."""
    lead = lead_question(run)
    gap = gap_by(run, lead, ("locality",))
    if lead is None or gap.empty:
        return None
    names = locality_names(run)
    columns = ["children", "gap", "spot_purchase", "out_of_county"]
    by_locality = {str(row["locality"]): row for row in gap.to_dict("records")}
    rows = [
        (names[one], *(count(by_locality[one][column], missing=WITHHELD) for column in columns))
        for one in localities_in_order(run)
        if one in by_locality
    ]
    whole = gap_by(run, lead, ()).to_dict("records")[0]
    return Table(
        "gap_by_locality",
        f"The gap by locality, {question_name(run, lead)}",
        (*_text("Locality"), *_numbers(*(COLUMNS[column] for column in columns))),
        tuple(rows),
        total=("The county", *(count(whole[column], missing=WITHHELD) for column in columns)),
    )


def gap_table(run: Run) -> Table | None:
    """Children for whom no suitable place has room, by locality x need (or area) down and phase across."""
    lead, need = lead_question(run), gap_need_column(run)
    gap = gap_by(run, lead, ("locality", need, "phase"))
    if lead is None or gap.empty:
        return None
    # Missing plus anything is missing, so a cell with a withheld part is withheld.
    gap = gap.assign(size=gap["gap"] + gap["spot_purchase"])
    some = gap[gap["size"].isna() | (gap["size"] > 0)]
    if some.empty:
        return None
    names = locality_names(run)
    phases = list(dict.fromkeys(in_order(some[["phase"]])["phase"]))
    rows = []
    for (locality, one_need), cells in some.groupby(["locality", need], sort=False):
        by_phase = dict(zip(cells["phase"], cells["size"], strict=True))
        shown = [count(by_phase[phase], missing=WITHHELD) if phase in by_phase else "0" for phase in phases]
        rows.append((names.get(str(locality), str(locality)), label(need, one_need), *shown))
    return Table(
        "gap",
        f"Children for whom no suitable place has room, by locality, need and phase, {question_name(run, lead)}",
        (*_text("Locality", COLUMNS[need]), *_numbers(*(label("phase", phase) for phase in phases))),
        tuple(rows),
        note="Without any place and bought one by one, together. A combination that is not listed has none.",
    )


def places_table(run: Run) -> Table | None:
    """Places to add, by locality x kind x phase, with the unit and what they cost to keep open."""
    places = table(run, "places")
    if places.empty:
        return None
    names, order = locality_names(run), localities_in_order(run)
    ranked = in_order(
        places[["locality", "kind", "model", "phase", "site_name", "unit", "places_added", "fixed_cost"]],
        localities=order,
    )
    rows = [
        (
            names.get(str(row["locality"]), str(row["locality"])),
            _kind_words(row),
            label("phase", row["phase"]),
            str(row["site_name"]),
            count(row["places_added"]),
            pounds(row["fixed_cost"]),
        )
        for row in ranked.to_dict("records")
    ]
    return Table(
        "places",
        "Places to add, by locality, kind and phase",
        (*_text("Locality", "Kind", "Phase", "School or college"), *_numbers("Places", "Fixed cost, £ a year")),
        tuple(rows),
        total=("All", "", "", "", count(places["places_added"].sum()), pounds(places["fixed_cost"].sum())),
    )


def prices_table(run: Run) -> Table | None:
    """What one more place is worth where: the units where it saves most, net of the place's own cost."""
    lead = lead_question(run)
    prices = rows_of(run, "prices", lead)
    if lead is None or prices.empty:
        return None
    worth = prices[prices["saving_one_more"] > 0].sort_values(
        ["net_saving_one_more", "unit"], ascending=[False, True], kind="stable"
    )
    if worth.empty:
        return None
    use = {str(row["unit"]): row for row in rows_of(run, "use", lead).to_dict("records")}
    names, localities = unit_names(run), locality_names(run)
    rows = []
    for row in worth.head(PRICES_SHOWN).to_dict("records"):
        unit = str(row["unit"])
        found = use.get(unit, {})
        place = localities.get(str(found.get("locality")), "")
        figures = (row["saving_one_more"], row["fixed_cost"], row["net_saving_one_more"], row["cost_one_fewer"])
        rows.append(
            (
                names.get(unit, unit),
                place,
                _kind_words(found) if found else "",
                *(pounds(value) for value in figures),
                count(row["children_one_more"]),
            )
        )
    rest = len(prices) - len(worth)
    note = f"{len(worth) - len(rows)} more units are in the workbook. " if len(worth) > len(rows) else ""
    note += f"In {count(rest)} other unit{'' if rest == 1 else 's'} one more place would save nothing." if rest else ""
    return Table(
        "prices",
        f"What one more place is worth, £ a year, {question_name(run, lead)}",
        (
            *_text("Unit", "Locality", "Kind"),
            *_numbers(
                "Saved by one more", "The place costs", "Net saving", "Cost of one fewer", "More children placed"
            ),
        ),
        tuple(rows),
        note=note.strip(),
    )


def use_table(run: Run) -> Table | None:
    """Every unit: its places, who holds them, and how many children each question places there."""
    lead = lead_question(run)
    use = rows_of(run, "use", lead)
    if lead is None or use.empty:
        return None
    names, units = locality_names(run), unit_names(run)
    asked = [question for question in questions(run) if question != "afresh"]
    asked = asked or [lead]
    by_question = {
        question: {str(row["unit"]): row for row in rows_of(run, "use", question).to_dict("records")}
        for question in asked
    }
    rows = []
    for row in in_order(use[["locality", "kind", "model", "unit", *_USE]], localities=localities_in_order(run)).to_dict(
        "records"
    ):
        unit = str(row["unit"])
        found = by_question[lead].get(unit, row) if lead in by_question else row
        placed = [_cell(by_question[question].get(unit, {}), "placed", missing="–") for question in asked]
        rows.append(
            (
                units.get(unit, unit),
                names.get(str(row["locality"]), str(row["locality"])),
                _kind_words(row),
                _cell(found, "places", missing="as bought"),
                _cell(found, "other_authorities"),
                *placed,
                _cell(found, "ceiling", missing="–"),
                _cell(found, "overfill"),
                _cell(found, "breach"),
            )
        )
    return Table(
        "use",
        "Places, and the children placed there",
        (
            *_text("Unit", "Locality", "Kind"),
            *_numbers(
                "Places",
                "Held by other authorities",
                *(
                    f"Placed: {question_name(run, question)[:1].lower()}{question_name(run, question)[1:]}"
                    if question == "today"
                    else f"Placed: {question_name(run, question)}"
                    for question in asked
                ),
                "Ceiling",
                "Above places",
                "Above ceiling",
            ),
        ),
        tuple(rows),
        note=f"Above places and above ceiling are those of {question_name(run, lead)}."
        + (
            ""
            if run.internal
            else " Children are rounded to 5, so a full unit may read a few more or fewer than its places."
        ),
    )


_USE: Final = ("places", "other_authorities")


def breaches_table(run: Run) -> Table | None:
    """Stated limits that are exceeded, by question."""
    breaches = table(run, "breaches")
    if breaches.empty:
        return None
    units = unit_names(run)
    rows = [
        (
            question_name(run, str(row["question"])),
            RULES.get(str(row["rule"]), plain(row["rule"])),
            units.get(str(row["unit"]), str(row["unit"])),
            _cell(row, "stated"),
            _cell(row, "found"),
        )
        for row in in_order(breaches).to_dict("records")
    ]
    return Table(
        "breaches",
        "Stated limits that are exceeded",
        (*_text("Question", "Rule", "Unit"), *_numbers("Stated", "Found")),
        tuple(rows),
        note="What today's placements already exceed may stay so, but never grows.",
    )


def plans_table(run: Run) -> Table | None:
    """Every plan by placement, so that all plans add up, and which are planned for here."""
    plans = table(run, "plans")
    if plans.empty:
        return None
    rows = [
        (str(row["label"]), "Yes" if row["planned_for"] else "No", _cell(row, "plans"))
        for row in in_order(plans).to_dict("records")
    ]
    return Table(
        "plans",
        "All plans, by where the child is",
        (*_text("Placement", "Planned for here"), *_numbers("Plans")),
        tuple(rows),
        total=("All plans", "", count(run.facts.get("all_plans", plans["plans"].sum()))),
    )


def assumptions_table(run: Run) -> Table | None:
    """What the figures rest on, with its source."""
    frame = table(run, "assumptions")
    if frame.empty:
        return None
    rows = [
        tuple("" if pd.isna(cell) else str(cell) for cell in row)
        for row in frame[["subject", "value", "source"]].to_numpy()
    ]
    return Table("assumptions", "Assumptions in use", _text("Subject", "Value", "Source"), tuple(rows))


def proof_table(run: Run) -> Table | None:
    """Each question's status, bound and independent check."""
    proof = table(run, "proof")
    if proof.empty:
        return None
    rows = [
        (
            question_name(run, str(row["question"])),
            label("status", row["status"]),
            pounds(row["objective_pounds"]),
            pounds(row["bound_pounds"], missing="–"),
            pounds(row["gap_pounds"], missing="–"),
            "" if pd.isna(row["solver"]) else str(row["solver"]),
            "Yes" if row["verified"] else "No",
            count(row["checks"]) if isinstance(row["checks"], int | float) else str(row["checks"]),
        )
        for row in in_order(proof).to_dict("records")
    ]
    return Table(
        "proof",
        "The proof of each answer",
        (
            *_text("Question", "Result"),
            *_numbers("Objective, £", "Proven bound, £", "Distance, £"),
            *_text("Solver", "Checked", "Checks"),
        ),
        tuple(rows),
        note="The objective is cash and declared penalties together.",
    )
