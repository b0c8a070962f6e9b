"""The page's main tables: the questions, the costs, the gap, the places to add and what one more is worth."""

from typing import Final

import pandas as pd

from placeplan.county.vocabulary import COST_LINES
from placeplan.report.answer import question_name
from placeplan.report.cells import FORMATS, Table, cell, kind_words, number_columns, sum_or_withheld, text_columns
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
from placeplan.report.named import in_its_words
from placeplan.report.words import COLUMNS, WITHHELD, count, label, minutes, pounds
from placeplan.run_tables import in_order, measure_kind
from placeplan.runs import Run

__all__ = ["costs_table", "gap_by_locality_table", "gap_table", "places_table", "prices_table", "questions_table"]

PRICES_SHOWN: Final = 20
"""How many units the page lists by the worth of one more place; the workbook lists every one."""

_APART: Final = ("moved", "preferences_not_met", "in_mainstream_by_preference")
"""Measures that are told only where there is something to tell."""

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
    *_APART,
)


def _headline_cell(run: Run, question: str, measure: str) -> str:
    rows = rows_of(run, "headlines", question)
    found = rows[rows["measure"] == measure].to_dict("records")
    if not found:
        return "–"
    write = minutes if measure == "mean_minutes" else FORMATS[measure_kind(measure)]
    write = count if measure == "child_minutes" else write
    return cell(found[0], "value", write, missing="–")


@in_its_words
def questions_table(run: Run) -> Table | None:
    """The questions side by side."""
    asked = questions(run)
    if not asked:
        return None
    headlines = table(run, "headlines")
    held = set(headlines["measure"]) - (set(_APART) - set(headlines.loc[headlines["value"] != 0, "measure"]))
    rows = [
        (label("measure", measure), *(_headline_cell(run, question, measure) for question in asked))
        for measure in _COMPARED
        if measure in held
    ]
    note = (
        "Everyone placed afresh is in totals only and is not a proposal to move any child." if "afresh" in asked else ""
    )
    return Table(
        "questions",
        "The three questions side by side" if len(asked) == 3 else "The questions side by side",
        (*text_columns("Measure"), *number_columns(*(question_name(run, question) for question in asked))),
        tuple(rows),
        note=note,
    )


@in_its_words
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
        made = [sum_or_withheld(chosen.loc[chosen["fund"] == fund, "pounds"], pounds) for fund in funds]
        made.append(sum_or_withheld(chosen["pounds"], pounds))
        return [*made, sum_or_withheld(earlier["pounds"], pounds)] if compare else made

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
        (*text_columns("Cost line"), *number_columns(*headings)),
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
        (*text_columns("Locality"), *number_columns(*(COLUMNS[column] for column in columns))),
        tuple(rows),
        total=("The county", *(count(whole[column], missing=WITHHELD) for column in columns)),
    )


@in_its_words
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
        (*text_columns("Locality", COLUMNS[need]), *number_columns(*(label("phase", phase) for phase in phases))),
        tuple(rows),
        note="Without any place and bought one by one, together. A combination that is not listed has none.",
    )


@in_its_words
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
            kind_words(row),
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
        (
            *text_columns("Locality", "Kind", "Phase", "School or college"),
            *number_columns("Places", "Fixed cost, £ a year"),
        ),
        tuple(rows),
        total=("All", "", "", "", count(places["places_added"].sum()), pounds(places["fixed_cost"].sum())),
    )


@in_its_words
def prices_table(run: Run) -> Table | None:
    """What one more place is worth where: the units where it saves most, net of the place's own cost."""
    lead = lead_question(run)
    prices = rows_of(run, "prices", lead)
    if lead is None or prices.empty:
        return None
    addable = prices.get("more_places", pd.Series(1.0, index=prices.index)) >= 1
    worth = prices[(prices["saving_one_more"] > 0) & addable].sort_values(
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
                kind_words(found) if found else "",
                *(pounds(value) for value in figures),
                count(row["children_one_more"]),
            )
        )
    closed, rest = int((~addable).sum()), int((addable & (prices["saving_one_more"] <= 0)).sum())
    note = f"{len(worth) - len(rows)} more units are in the workbook. " if len(worth) > len(rows) else ""
    note += f"In {count(rest)} other unit{'' if rest == 1 else 's'} one more place would save nothing. " if rest else ""
    note += f"In {count(closed)} no place may be added; the workbook has them." if closed else ""
    return Table(
        "prices",
        f"What one more place is worth, £ a year, {question_name(run, lead)}",
        (
            *text_columns("Unit", "Locality", "Kind"),
            *number_columns(
                "Saved by one more", "The place costs", "Net saving", "Cost of one fewer", "More children placed"
            ),
        ),
        tuple(rows),
        note=note.strip(),
    )
