"""Answers about places: an allocation, places added to it, and the run, page and map that are made of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from placeplan.county.assumptions import assumptions
from placeplan.county.county import County
from placeplan.county.kind_names import names_in_use, placement_name
from placeplan.county.vocabulary import PLACEMENTS, QUESTIONS
from placeplan.errors import UsageError
from placeplan.models.own import Choices
from placeplan.models.placement import Placement
from placeplan.problem import CountyProblem
from placeplan.report.write import figure, write_report
from placeplan.runs import Run
from placeplan.studies.explained_answers import Explanation, TradeOffs, explained_tables
from placeplan.studies.forecast_answers import Forecast, forecast_facts, forecast_summary
from placeplan.studies.rules_kept import rules_kept
from placeplan.studies.run_parts import county_layers, run_facts, units_named
from placeplan.studies.years_answers import YearsAllocation, years_facts
from placeplan.verify import Verification

__all__ = ["Allocation", "AnswerProof", "MorePlaces", "allocation_run", "draw_allocation", "report_allocation"]


@dataclass(frozen=True, slots=True)
class AnswerProof:
    """How good an answer is known to be, and that it was checked.

    ``status`` is ``priced`` (as placed today: nothing was solved), ``optimal`` or ``feasible`` (not proven).
    ``objective`` and its proven lower ``bound`` are pounds a year with declared penalties.
    """

    status: str
    objective: float
    bound: float
    solver: str
    verification: Verification


@dataclass(frozen=True, slots=True)
class Allocation:
    """An answer to one question, verified.

    ``placements``: a row a child (see ``accounts.placements_of``; child-level: it supports, and does not make, a
    decision); none where preferences are off, which is for counts. ``county`` has the rules that the answer was
    made under, and ``own`` writes those of one's own beside them. ``tables``: the answer as tidy frames by name.
    ``added``: places added by unit, where the answer is one with more places.
    """

    question: str
    year: int
    county: County = field(repr=False)
    problem: CountyProblem = field(repr=False)
    placement: Placement | None = field(repr=False)
    placements: pd.DataFrame = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(repr=False)
    proof: AnswerProof
    travel_method: str
    spot_purchase: bool
    added: Mapping[str, float] = field(default_factory=dict)
    own: Callable[[Choices], Mapping[str, Any]] | None = field(default=None, repr=False)

    def headline(self, measure: str) -> float:
        """One of the figures told first, by its name in the headlines table."""
        rows = self.tables["headlines"]
        return float(rows.loc[rows["measure"] == measure, "value"].iloc[0])

    def figure(self, *, internal: bool = False) -> Figure:
        """The map of flows and gaps, share-safe unless ``internal``."""
        return draw_allocation([self], internal=internal)

    def report(self, out: str | Path, *, internal: bool = False, replace: bool = False) -> Path:
        """Write this answer as a run's folder (see ``report_allocation``) and return it."""
        return report_allocation([self], out, internal=internal, replace=replace)


@dataclass(frozen=True, slots=True)
class MorePlaces:
    """Places to add and what they do.

    ``places``: a row a unit and phase that gets some (unit, site_name, locality, kind, model, phase,
    places_added, fixed_cost of them a year). ``summary``: measure and value. ``allocation``: the answer with
    the places there, verified. ``status``, ``objective`` and ``bound`` (pounds a year, fixed cost of the added
    places included) are of the choice of places.
    """

    places: pd.DataFrame = field(repr=False)
    summary: pd.DataFrame = field(repr=False)
    allocation: Allocation = field(repr=False)
    status: str
    objective: float
    bound: float


def allocation_run(
    answers: Sequence[Allocation],
    *,
    more_places: MorePlaces | None = None,
    forecast: Forecast | None = None,
    over_years: YearsAllocation | None = None,
    explanation: Explanation | None = None,
    trade_offs: TradeOffs | None = None,
    command: str = "allocate",
    options: Mapping[str, Any] | None = None,
) -> Run:
    """One run from answers about the same county, in the order of the questions, and what is to come where given.

    Child rows (``placements``) are in it for every question but ``afresh``, which is totals only, as is the coming
    September where moves have a price; where preferences are off there are none. They leave only with ``--internal``.
    Raises ``UsageError`` for no answer, two to one question or two counties.
    """
    if not answers or len({a.question for a in answers}) < len(answers) or len({a.county.digest for a in answers}) > 1:
        raise UsageError("a report: expected one answer a question, all about one county")
    ordered = sorted(answers, key=lambda answer: QUESTIONS.index(answer.question))
    county = ordered[0].county
    names = dict.fromkeys(name for answer in ordered for name in answer.tables)
    tables = {name: _stacked({a.question: a.tables[name] for a in ordered if name in a.tables}) for name in names}
    children = {a.question: a.placements for a in ordered if _told_of_children(a)}
    if children:
        columns = ["child", "zone", "locality", "need", "phase", "year_group", "unit", "stays", "minutes", "km"]
        tables["placements"] = _stacked({q: rows[[*columns, "cost_pounds"]] for q, rows in children.items()})
    tables["proof"] = _proof(ordered)
    tables["assumptions"] = assumptions(county)
    tables["plans"] = _plans(county)
    tables["localities"] = pd.DataFrame(county.localities[["locality", "name"]])
    tables["units_named"] = units_named(county)
    if more_places is not None:
        tables["places"] = more_places.places
        tables["places_summary"] = more_places.summary
    facts = run_facts(county, command=command, options=options, travel_method=ordered[0].travel_method)
    known = [answer.problem.known for answer in ordered] + ([over_years.problem.known] if over_years else [])
    if any(one.dearest_pounds or one.longest_minutes for one in known):
        facts["known_journeys"] = {
            "dearest_pounds": max(one.dearest_pounds for one in known),
            "longest_minutes": max(one.longest_minutes for one in known),
        }
    if forecast is not None:
        tables |= forecast_summary(forecast)
        facts |= forecast_facts(forecast)
    if over_years is not None:
        tables |= over_years.tables
        facts |= years_facts(over_years)
    tables |= explained_tables(explanation, trade_offs)
    kept = _kept(ordered, more_places, over_years, explanation, trade_offs)
    if len(kept):
        tables["rules_kept"] = kept
    if more_places is not None:
        facts["places_proof"] = {
            "status": more_places.status,
            "objective_pounds": round(more_places.objective, 2),
            "bound_pounds": round(more_places.bound, 2),
        }
    return Run(command, county.name, tables, county_layers(county), facts)


def _kept(
    answers: Sequence[Allocation],
    more_places: MorePlaces | None,
    over_years: YearsAllocation | None,
    explanation: Explanation | None,
    trade_offs: TradeOffs | None,
) -> pd.DataFrame:
    """Which rules each figure beside the answers keeps."""
    figures = {
        "places": None if more_places is None else more_places.allocation.question,
        "worth": None if explanation is None else explanation.question,
        "least_places": None if explanation is None else explanation.question,
        "offers": None if explanation is None else explanation.question,
        "frontier": None if trade_offs is None else trade_offs.question,
    }
    county = {answer.question: answer.county for answer in answers}
    parts = [rules_kept(county[asked], asked, [name]) for name, asked in figures.items() if asked in county]
    if over_years is not None:
        parts.append(rules_kept(over_years.county, "september", ["years"]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def report_allocation(
    answers: Sequence[Allocation],
    out: str | Path,
    *,
    more_places: MorePlaces | None = None,
    forecast: Forecast | None = None,
    over_years: YearsAllocation | None = None,
    explanation: Explanation | None = None,
    trade_offs: TradeOffs | None = None,
    command: str = "allocate",
    options: Mapping[str, Any] | None = None,
    internal: bool = False,
    replace: bool = False,
    timings: Mapping[str, float] | None = None,
) -> Path:
    """Write the answers as a run's folder: tables, workbook, GeoPackage, map and report.html; return it.

    Small counts are withheld unless ``internal``. Raises ``UsageError`` where ``out`` exists and ``replace`` is not
    given.
    """
    run = allocation_run(
        answers,
        more_places=more_places,
        forecast=forecast,
        over_years=over_years,
        explanation=explanation,
        trade_offs=trade_offs,
        command=command,
        options=options,
    )
    return write_report(run, out, internal=internal, replace=replace, timings=timings)


def draw_allocation(answers: Sequence[Allocation], *, internal: bool = False) -> Figure:
    """The map of flows and gaps as a matplotlib figure, share-safe unless ``internal``."""
    return figure(allocation_run(answers), internal=internal)


def _told_of_children(answer: Allocation) -> bool:
    """Whether child rows leave at all: not afresh nor where moves have a price (no proposals), nor counts only."""
    rules = answer.county.settings.rules
    moves = answer.question == "september" and rules.continuity.mode == "priced"
    return answer.question != "afresh" and not moves and rules.preferences.mode != "off"


def _stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for question, table in tables.items():
        part = table.copy()
        part.insert(0, "question", question)
        parts.append(part)
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def _proof(answers: Sequence[Allocation]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "question": [a.question for a in answers],
            "status": [a.proof.status for a in answers],
            "objective_pounds": [a.proof.objective for a in answers],
            "bound_pounds": [a.proof.bound for a in answers],
            "gap_pounds": [round(a.proof.objective - a.proof.bound, 2) for a in answers],
            "solver": [a.proof.solver for a in answers],
            "verified": [a.proof.verification.holds for a in answers],
            "checks": ["; ".join(a.proof.verification.checks) for a in answers],
        }
    )


def _plans(county: County) -> pd.DataFrame:
    """The latest published plans by placement, planned for or not, so that all plans add up."""
    plans = county.plans
    stock = plans[(plans["measure"] == "stock") & (plans["year"] <= county.settings.year)]
    total = stock[stock["margin"] == "total"]
    by = stock[stock["margin"] == "placement"]
    if by.empty:
        return pd.DataFrame(columns=["placement", "label", "plans", "planned_for"])
    year = by["year"].max()
    counts = by[by["year"] == year].groupby("placement")["plans"].sum(min_count=1)
    with names_in_use(county.settings.names):
        words = {name: placement_name(name) for name in PLACEMENTS}
    rows = [
        (name, words[name], float(counts[name]), about.planned_for)
        for name, about in PLACEMENTS.items()
        if name in counts.index and pd.notna(counts[name])
    ]
    known = total.loc[total["year"] == year, "plans"].sum()
    missing = float(known) - sum(row[2] for row in rows)
    if missing > 0:
        rows.append(("not_recorded_here", "Not published by placement", missing, False))
    return pd.DataFrame(rows, columns=["placement", "label", "plans", "planned_for"])
