"""The tables behind the answer: use of units, breaches, all plans, assumptions and the proof."""

from typing import Final

import pandas as pd

from placeplan.report.answer import question_name
from placeplan.report.cells import Table, cell, kind_words, number_columns, text_columns
from placeplan.report.lookup import (
    lead_question,
    localities_in_order,
    locality_names,
    questions,
    rows_of,
    table,
    unit_names,
)
from placeplan.report.named import in_its_words
from placeplan.report.words import RULES, count, label, plain, pounds
from placeplan.run_tables import in_order
from placeplan.runs import Run

__all__ = ["assumptions_table", "breaches_table", "checks_of", "plans_table", "proof_table", "use_table"]


@in_its_words
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
        placed = [cell(by_question[question].get(unit, {}), "placed", missing="–") for question in asked]
        rows.append(
            (
                units.get(unit, unit),
                names.get(str(row["locality"]), str(row["locality"])),
                kind_words(row),
                cell(found, "places", missing="as bought"),
                cell(found, "other_authorities"),
                *placed,
                cell(found, "ceiling", missing="–"),
                cell(found, "overfill"),
                cell(found, "breach"),
            )
        )
    return Table(
        "use",
        "Places, and the children placed there",
        (
            *text_columns("Unit", "Locality", "Kind"),
            *number_columns(
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
    use = table(run, "use")
    sites = dict(zip(use["site"], use["site_name"], strict=True)) if "site" in use.columns else {}
    units = {**sites, **unit_names(run)}
    rows = [
        (
            question_name(run, str(row["question"])),
            RULES.get(str(row["rule"]), plain(row["rule"])),
            units.get(str(row["unit"]), str(row["unit"])),
            cell(row, "stated"),
            cell(row, "found"),
        )
        for row in in_order(breaches).to_dict("records")
    ]
    return Table(
        "breaches",
        "Stated limits that are exceeded",
        (*text_columns("Question", "Rule", "Unit"), *number_columns("Stated", "Found")),
        tuple(rows),
        note="What today's placements already exceed may stay so, but never grows.",
    )


def plans_table(run: Run) -> Table | None:
    """Every plan by placement, so that all plans add up, and which are planned for here."""
    plans = table(run, "plans")
    if plans.empty:
        return None
    rows = [
        (str(row["label"]), "Yes" if row["planned_for"] else "No", cell(row, "plans"))
        for row in in_order(plans).to_dict("records")
    ]
    return Table(
        "plans",
        "All plans, by where the child is",
        (*text_columns("Placement", "Planned for here"), *number_columns("Plans")),
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
    return Table("assumptions", "Assumptions in use", text_columns("Subject", "Value", "Source"), tuple(rows))


def checks_of(text: object) -> list[str]:
    """The checks that a proof's ``checks`` lists, separated by ``;``."""
    return [check.strip() for check in str(text).split(";") if check.strip()]


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
            count(len(checks_of(row["checks"]))),
        )
        for row in in_order(proof).to_dict("records")
    ]
    return Table(
        "proof",
        "The proof of each answer",
        (
            *text_columns("Question", "Result"),
            *number_columns("Objective, £", "Proven bound, £", "Distance, £"),
            *text_columns("Solver", "Checked independently"),
            *number_columns("Checks made"),
        ),
        tuple(rows),
        note="The objective is cash and declared penalties together.",
    )
