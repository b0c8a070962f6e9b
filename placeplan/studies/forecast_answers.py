"""Answers about need to come: the draws, their tables, what is handed over, and the run that is made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.assumptions import assumptions
from placeplan.county.county import County
from placeplan.county.settings import Demand
from placeplan.errors import UsageError
from placeplan.models.cohorts import CohortDraws
from placeplan.need.demand import DEMAND_KINDS, demand_counts
from placeplan.need.fit import NeedFit
from placeplan.need.handover import YearNeed, draw_children, expected_need
from placeplan.privacy_forecast import PREFIX
from placeplan.report.write import write_report
from placeplan.run_tables import ALL
from placeplan.runs import Run
from placeplan.studies.rules_kept import rules_kept
from placeplan.studies.run_parts import county_layers, run_facts
from placeplan.synthetic import generator

__all__ = ["Forecast", "forecast_facts", "forecast_run", "forecast_summary", "report_forecast", "warnings_of"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The need of years to come in whole draws.

    ``tables``: need (year, locality, need, phase, kind and bands), totals, plans, states, scap, size, scenarios,
    backtest, trust, notes, as_of (see ``need.tables``). ``years``: the start and those forecast. ``warnings``: what
    every later output says of it. ``cease_shift``: draws x years to come, what is added to the log odds of ceasing.
    """

    county: County = field(repr=False)
    start: int
    years: tuple[int, ...]
    seed: int
    fit: NeedFit = field(repr=False)
    rows: tuple[Demand, ...] = field(repr=False)
    draws: CohortDraws = field(repr=False)
    cease_shift: NDArray[np.float64] = field(repr=False)
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    warnings: tuple[str, ...]

    def year(self, year: int) -> YearNeed:
        """Expected counts of a year: survivors in their present units and those to be placed, which add up to the need.

        Planning on expected counts understates what it costs (see ``allocate_need``).
        """
        snapshot = self.draws.snapshot(self._known(year))
        return expected_need(self.county, self.fit, snapshot, draws=self.draws.draws, year=year, rows=self.rows)

    def draw(self, number: int, year: int) -> YearNeed:
        """One whole future of a year, child by child; the same for the same seed."""
        if not 0 <= number < self.draws.draws:
            raise UsageError(f"draw {number}: expected 0 to {self.draws.draws - 1}")
        snapshot = self.draws.one(number, self._known(year))
        return draw_children(self.county, self.fit, snapshot, draw=number, year=year, rows=self.rows, seed=self.seed)

    def several(self, numbers: Iterable[int], year: int) -> dict[int, YearNeed]:
        """Whole futures of a year by their numbers, each once; at least one."""
        made = {number: self.draw(number, year) for number in numbers}
        if not made:
            raise UsageError("draws: expected at least one")
        return made

    def at_quantile(self, level: float, year: int, *, kind: str) -> int:
        """The draw whose county total of children needing ``kind`` stands at the quantile ``level`` of all draws.

        ``kind`` is ``all`` for any place.
        """
        known = (*DEMAND_KINDS, ALL)
        if kind not in known or not 0.0 <= level <= 1.0:
            raise UsageError(f"{kind} at {level:g}: expected one of {', '.join(known)}, and a share from 0 to 1")
        counts = demand_counts(
            self.draws, self.fit.cube, self._known(year), self.rows, generator(self.seed, f"demand {year}")
        )
        chosen = slice(None) if kind == ALL else [DEMAND_KINDS.index(kind)]
        totals = counts.by_kind[..., chosen].sum(axis=(1, 2, 3, 4))
        order = np.argsort(totals, kind="stable")
        return int(order[round(level * (len(order) - 1))])

    def report(self, out: str | Path, *, internal: bool = False, replace: bool = False) -> Path:
        """Write the run's folder with its page, fan charts and workbook (see ``report_forecast``) and return it."""
        return report_forecast(self, out, internal=internal, replace=replace)

    def _known(self, year: int) -> int:
        if year not in self.years:
            raise UsageError(f"year {year}: expected {self.years[0]} to {self.years[-1]}")
        return year


def forecast_run(
    forecast: Forecast, *, placed: pd.DataFrame | None = None, options: Mapping[str, Any] | None = None
) -> Run:
    """One run from a forecast. ``placed``: the summary of ``allocate_need``, with the year that it is of."""
    county = forecast.county
    more = {} if placed is None else {"placed": placed}
    tables = {
        **{f"{PREFIX}{name}": table for name, table in {**forecast.tables, **more}.items()},
        "localities": pd.DataFrame(county.localities[["locality", "name"]]),
        "assumptions": assumptions(county),
    }
    if placed is not None:
        tables["rules_kept"] = rules_kept(county, "september", ["placed", "lower_bound"])
    facts = run_facts(county, command="forecast", options=options, travel_method="") | forecast_facts(forecast)
    return Run("forecast", county.name, tables, county_layers(county), facts)


def forecast_summary(forecast: Forecast) -> dict[str, pd.DataFrame]:
    """What a report of places carries of a forecast: need by kind and by locality, plans, and how far to trust it."""
    totals = forecast.tables["totals"]
    whole = (totals[["need", "area", "phase"]] == ALL).all(axis=1)
    kept = totals[whole & ((totals[["locality", "kind"]] == ALL).sum(axis=1) >= 1)]
    parts = {name: forecast.tables[name] for name in ("plans", "trust", "notes") if name in forecast.tables}
    return {f"{PREFIX}{name}": table for name, table in {"totals": kept.reset_index(drop=True), **parts}.items()}


def forecast_facts(forecast: Forecast) -> dict[str, Any]:
    """What run.json says of a forecast."""
    return {
        "forecast_years": [forecast.years[0], forecast.years[-1]],
        "forecast_draws": forecast.draws.draws,
        "forecast_seed": forecast.seed,
        "forecast_warnings": list(forecast.warnings),
    }


def report_forecast(
    forecast: Forecast,
    out: str | Path,
    *,
    placed: pd.DataFrame | None = None,
    options: Mapping[str, Any] | None = None,
    internal: bool = False,
    replace: bool = False,
    timings: Mapping[str, float] | None = None,
) -> Path:
    """Write the forecast as a run's folder: tables, forecast.html, fan charts (PNG and SVG), workbook; return it.

    Small counts are withheld unless ``internal``. Raises ``UsageError`` where ``out`` exists and ``replace`` is not
    given.
    """
    run = forecast_run(forecast, placed=placed, options=options)
    return write_report(run, out, internal=internal, replace=replace, timings=timings)


def warnings_of(trust: pd.DataFrame, start: int) -> tuple[str, ...]:
    """What the backtests say of the bands, in sentences; none where every year ahead was tested and held."""
    said: list[str] = []
    for verdict, words in (
        ("not to be trusted", "the 80% band covered less than 70% of what came: it cannot be trusted"),
        ("untested", "too few past years reach so far to test the bands: they cannot be trusted to hold what comes"),
    ):
        years = [start + int(ahead) for ahead in trust.loc[trust["trust"] == verdict, "horizon"]]
        if years:
            span = str(years[0]) if len(years) == 1 else f"{years[0]} to {years[-1]}"
            said.append(f"{span}: {words}.")
    return tuple(said)
