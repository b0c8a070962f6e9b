"""The rules of an allocation on its page: what each states, what was found, and where one was missed."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from placeplan.report.answer import question_name
from placeplan.report.cells import FORMATS, Table, cell, number_columns, text_columns
from placeplan.report.lookup import lead_question, locality_names, rows_of, unit_names
from placeplan.report.words import count, label, minutes, plain, pounds, share
from placeplan.run_tables import in_order
from placeplan.runs import Run

__all__ = ["rules_table", "stays_said"]

_DEFAULTS: Final = frozenset({("preferences", "hard"), ("continuity", "consent")})
"""Rules and modes that hold where a county states nothing."""

_NAMES: Final = {
    ("preferences", "hard"): "Preferences met, before cost",
    ("preferences", "priced"): "Preferences met, at a price",
    ("continuity", "consent"): "Children who could stay and move, by consent",
    ("continuity", "priced"): "Children who could stay and move, at a price",
    ("guidance", "limit"): "New journeys beyond guidance, not allowed",
    ("guidance", "price"): "New journeys beyond guidance, at a price",
    ("equity", "bound"): "Fair between localities, at most",
    ("equity", "price"): "Fair between localities, at a price above",
    ("equity", "minimax"): "Fair between localities, the worst first",
}

_RULES: Final = {
    "overfill": "No newcomers above places",
    "host_share": "Plans at a host school",
    "site_totals": "Children at a site",
    "minimum_use": "Fewest children in a unit with newcomers",
    "budgets": "Budget",
    "own": "A rule of one's own",
}

_ORDER: Final = ("guidance", "preferences", "continuity", *_RULES, "equity")

_MANY: Final = frozenset({"overfill", "host_share", "site_totals", "minimum_use"})
"""Rules with a row for each unit or site, of which the page lists those that are missed or worth something."""


def rules_table(run: Run) -> Table | None:
    """The leading question's rules; None where a county has only those that hold by default."""
    lead = lead_question(run)
    rules = rows_of(run, "rules", lead)
    if lead is None or rules.empty or not set(zip(rules["rule"], rules["mode"], strict=True)) - _DEFAULTS:
        return None
    quiet = rules["rule"].isin(_MANY) & rules["missed"].eq(0) & ~(rules["price"] > 0)
    names = _names(run, lead)
    order = {rule: place for place, rule in enumerate(_ORDER)}
    rows = [
        (
            _NAMES.get((row["rule"], row["mode"])) or _RULES.get(str(row["rule"]), plain(row["rule"])),
            names.get(str(row["what"]), _subject(row)),
            *(cell(row, figure, _format(row), missing="–") for figure in ("stated", "found", "missed")),
            pounds(row["price"], missing="–"),
        )
        for row in sorted(in_order(rules[~quiet]).to_dict("records"), key=lambda row: order.get(str(row["rule"]), 0))
    ]
    kept = int(quiet.sum())
    note = "Children, unless another unit is given. One more of what is stated would save what the last column says."
    note += f" {kept} more limits of units and sites are kept with room to spare." if kept else ""
    note += "" if run.internal else " Counts of children are rounded to 5."
    return Table(
        "rules",
        f"The rules, {question_name(run, lead)}",
        (*text_columns("Rule", "Of"), *number_columns("Stated", "Found", "Missed by", "One more would save, £ a year")),
        tuple(rows),
        note=note + " What today's placements already exceed may stay so, but never grows.",
    )


def stays_said(run: Run) -> str:
    """What holds of children who are placed already, as the end of a sentence."""
    rules = rows_of(run, "rules", lead_question(run))
    if not rules.empty and ((rules["rule"] == "continuity") & (rules["mode"] == "priced")).any():
        return "with a declared penalty for each child who could stay and moves"
    return "with children who are placed already staying where they are"


def _names(run: Run, question: str) -> dict[str, str]:
    """Units, sites and localities by their names."""
    use = rows_of(run, "use", question)
    sites = dict(zip(use["site"], use["site_name"], strict=True)) if "site" in use.columns else {}
    return {**{str(site): str(name) for site, name in sites.items()}, **unit_names(run), **locality_names(run)}


def _subject(row: Mapping[Any, Any]) -> str:
    what = str(row["what"])
    if row["rule"] == "budgets":
        fund, _, year = what.rpartition(" ")
        return f"{label('fund', fund)}, {year}-{(int(year) + 1) % 100:02d}"
    return "The county" if what == "county" else label("phase", what)


def _format(row: Mapping[Any, Any]) -> Callable[..., str]:
    of = str(row["of"])
    if of == "share":
        return share
    return _minutes if of == "minutes" else FORMATS.get({"pounds": "pounds"}.get(of, "count"), count)


def _minutes(value: Any, *, missing: str = "") -> str:
    return missing if pd.isna(value) else f"{minutes(value)} minutes"
