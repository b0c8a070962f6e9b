"""Looking things up in a run: its leading question, headlines, names and totals, share-safe or not."""

import math
from typing import Any, Final

import pandas as pd

from placeplan.county.vocabulary import AREAS, NEEDS, PHASES, QUESTIONS
from placeplan.report.words import label
from placeplan.run_tables import ALL
from placeplan.runs import Run

__all__ = [
    "gap_by",
    "gap_need_column",
    "headline",
    "lead_question",
    "localities_in_order",
    "locality_names",
    "questions",
    "records",
    "rows_of",
    "september_year",
    "table",
    "unit_names",
]

_LEADS: Final = ("september", "today", "afresh")


def table(run: Run, name: str) -> pd.DataFrame:
    """A table of the run; an empty frame where it has none."""
    return run.tables.get(name, pd.DataFrame())


def records(run: Run, name: str) -> list[dict[str, Any]]:
    """The rows of a table of the run, each by column; none where it has no such table."""
    return [{str(column): value for column, value in row.items()} for row in table(run, name).to_dict("records")]


def rows_of(run: Run, name: str, question: str | None) -> pd.DataFrame:
    """The rows of a table for one question."""
    frame = table(run, name)
    return frame[frame["question"] == question].reset_index(drop=True) if "question" in frame.columns else frame


def questions(run: Run) -> list[str]:
    """The questions that the run answers, in the order in which they are told."""
    headlines = table(run, "headlines")
    # The headlines of a comparison hold two values each and answer no question.
    asked = set(headlines["question"]) if {"question", "value"} <= set(headlines.columns) else set()
    return [question for question in QUESTIONS if question in asked]


def lead_question(run: Run) -> str | None:
    """The question that the page opens with: the one that was asked for, else the coming September."""
    asked = questions(run)
    wanted = run.facts.get("options", {}).get("question")
    if wanted in asked:
        return str(wanted)
    return next((question for question in _LEADS if question in asked), None)


def headline(run: Run, question: str | None, measure: str) -> float | None:
    """A headline's value; None where it is withheld or not there."""
    rows = rows_of(run, "headlines", question)
    if rows.empty:
        return None
    values = rows.loc[rows["measure"] == measure, "value"]
    return None if values.empty or math.isnan(float(values.iloc[0])) else float(values.iloc[0])


def locality_names(run: Run) -> dict[str, str]:
    """Localities' names by id, in the order in which they are told."""
    frame = table(run, "localities")
    if frame.empty and "localities" in run.layers:
        frame = pd.DataFrame(run.layers["localities"])
    names = {str(one): str(name) for one, name in zip(frame.get("locality", []), frame.get("name", []), strict=True)}
    return {**names, "out_of_county": label("locality", "out_of_county")}


def localities_in_order(run: Run) -> list[str]:
    """Localities' ids in the order in which they are told, the county's own only."""
    return [one for one in locality_names(run) if one != "out_of_county"]


def unit_names(run: Run) -> dict[str, str]:
    """Units' names by id, with the site's name where ``units_named`` has none."""
    use, named = table(run, "use"), table(run, "units_named")
    names = {str(unit): str(name) for unit, name in zip(use.get("unit", []), use.get("site_name", []), strict=True)}
    names.update(
        {str(unit): str(name) for unit, name in zip(named.get("unit", []), named.get("name", []), strict=True)}
    )
    return names


def september_year(run: Run) -> int | None:
    """The calendar year of the coming September: the academic year now opened the September before."""
    year = run.facts.get("year")
    return None if year is None else int(year) + 1


def gap_need_column(run: Run) -> str:
    """``area`` where needs are folded to broad areas, else ``need``."""
    return "area" if "area" in table(run, "gap").columns else "need"


def gap_by(run: Run, question: str | None, by: tuple[str, ...]) -> pd.DataFrame:
    """The gap table's counts added up by some of locality, need (or area) and phase.

    Share-safe, totals are the published ones, each rounded or withheld by itself; else they are added here.
    """
    need = gap_need_column(run)
    keys = [key for key in ("locality", need, "phase") if key in by]
    counts = ["children", "gap", "spot_purchase", "out_of_county"]
    source = "gap_totals" if "gap_totals" in run.tables and len(keys) < 3 else "gap"
    rows = rows_of(run, source, question)
    if rows.empty:
        return pd.DataFrame(columns=[*keys, *counts])
    if source == "gap_totals":
        for key in ("locality", need, "phase"):
            rows = rows[(rows[key] != ALL) == (key in keys)]
        made = rows[[*keys, *counts]]
    elif keys:
        made = rows.groupby(keys, as_index=False)[counts].sum(min_count=1) if len(keys) < 3 else rows[[*keys, *counts]]
    else:
        made = rows[counts].sum().to_frame().T
    order = {
        "locality": {one: at for at, one in enumerate(localities_in_order(run))},
        "need": {one: at for at, one in enumerate(NEEDS)},
        "area": {one: at for at, one in enumerate(AREAS)},
        "phase": {one: at for at, one in enumerate(PHASES)},
    }
    if not keys:
        return made.reset_index(drop=True)
    return made.sort_values(keys, key=lambda column: column.map(order[str(column.name)])).reset_index(drop=True)
