"""The sections of a meeting in options.html: what is chosen together, the money, the moves, and what it turns on."""

from typing import Any

import pandas as pd

from placeplan.county.vocabulary import NEEDS
from placeplan.report.case_words import is_some, option_name, option_notes, over_lines, range_words
from placeplan.report.cells import Table, number_columns, text_columns
from placeplan.report.coverage_page import Section
from placeplan.report.lookup import records, table
from placeplan.report.words import pounds
from placeplan.runs import Run

__all__ = ["meeting_sections", "options_by_name", "turning_sections"]


def options_by_name(run: Run) -> dict[tuple[str, str], dict[str, Any]]:
    """The options of every case by case and option."""
    return {(str(row["case"]), str(row["option"])): row for row in records(run, "case_options")}


def meeting_sections(run: Run) -> list[Section]:
    """What is chosen together, the money that would otherwise be spent, and who moves; none without a meeting."""
    if table(run, "meeting").empty:
        return []
    options = options_by_name(run)
    decided = {row["case"]: _decision(row, options) for row in records(run, "decisions")}
    any_is = any(decided.values())
    rows = []
    for row in records(run, "meeting"):
        alone = options.get((row["case"], row["alone"]))
        rows.append(
            (
                str(row["case"]),
                option_name(row) if is_some(row["option"]) else "No option stands",
                "; ".join(option_notes(row)) if is_some(row["option"]) else "",
                over_lines(range_words(row["pounds_low"], row["pounds"], row["pounds_high"])),
                "the same" if not row["changed"] else ("none" if alone is None else option_name(alone)),
                "whatever one thing is changed" if row["decided"] else f"turns on: {row['turns_on']}",
                *([decided.get(row["case"], "")] if any_is else []),
            )
        )
    columns = (
        *text_columns("Case", "Option", "What must be known"),
        *number_columns("First year, public purse"),
        *text_columns("By itself it would be", "It stays so", *(["Decided so far"] if any_is else [])),
    )
    made = Table("meeting", "All cases together, every place counted once", columns, tuple(rows))
    budget = records(run, "meeting_budget")
    pooled = bool(budget and budget[0]["pooled"])
    known = sum(row["case"] != "all" and pd.notna(row["otherwise"]) for row in budget)
    whose = "All" if known == len(budget) - 1 else f"The {known} to whom an independent place is open"
    money = Table(
        "meeting_budget",
        "What education would otherwise spend, and what it spends, a year",
        (*text_columns("Case"), *number_columns("Otherwise", "Spent", "Left")),
        tuple(
            (
                f"{whose}, with places added and moves" if row["case"] == "all" else str(row["case"]),
                pounds(row["otherwise"], missing="none is open"),
                pounds(row["spent"], missing="no option"),
                pounds(row["left"]),
            )
            for row in [*(r for r in budget if r["case"] != "all"), *(r for r in budget if r["case"] == "all")]
        ),
    )
    said = "One budget for all cases." if pooled else "No option costs education more than its own independent place."
    said += " Of a sum that is not stated half its bound is counted; a place whose fee is not stated is no money."
    return [
        Section("The meeting", (), (made,)),
        Section("The money that would otherwise be spent", (said,), (money,)),
        *_moves(run),
    ]


def _decision(row: dict[str, Any], options: dict[tuple[str, str], dict[str, Any]]) -> str:
    """What a partnership has decided on a case, "" for nothing yet."""
    if not is_some(row["decision"]):
        return ""
    option = options.get((row["case"], row["option"]))
    told = option_name(option) if option is not None else str(row["option"]) if is_some(row["option"]) else ""
    return f"{row['decision']}: {told}" if told else str(row["decision"])


def _moves(run: Run) -> list[Section]:
    moves = records(run, "meeting_moves")
    if not moves:
        return []
    names = {str(row["unit"]): str(row["name"]) for row in records(run, "case_options")}
    rows = tuple(
        (
            f"Year {int(row['year_group'])}, {NEEDS[str(row['need'])]}",
            names.get(str(row["from_unit"]), str(row["from_unit"])),
            names.get(str(row["to_unit"]), str(row["to_unit"])),
            pounds(row["pounds"]),
        )
        for row in moves
    )
    columns = (*text_columns("Who has consented", "From", "To"), *number_columns("Costs a year more"))
    return [Section("Who would move on, so that there is room", (), (Table("moves", "Moves", columns, rows),))]


def turning_sections(run: Run) -> list[Section]:
    """What would be chosen otherwise; none where nothing would."""
    rows = records(run, "meeting_turns")
    if not rows:
        return []
    told = tuple(
        (
            str(row["case"]),
            f"{row['assumption']}: {row['value']}",
            option_name(row) if is_some(row["name"]) else "none",
        )
        for row in sorted(rows, key=lambda r: (r["case"], r["assumption"]))
    )
    made = Table("turns", "One thing changed at a time", text_columns("Case", "Were", "It would be"), told)
    return [Section("What the decisions turn on", (), (made,))]
