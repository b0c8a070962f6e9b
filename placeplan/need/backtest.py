"""Backtests of the forecast of need: from each past year with only what was known then, against what came."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.models.backtest import (
    COLUMNS,
    TRUSTED_COVERAGE,
    baseline_forecaster,
    forecast_rows,
    rolling_origins,
    score_table,
)
from placeplan.models.baselines import BASELINES
from placeplan.models.cohorts import CohortDraws, simulate
from placeplan.models.reconcile import Totals
from placeplan.models.scores import coverage
from placeplan.need.counts import Cube, margins, total_series
from placeplan.need.fit import fit_need
from placeplan.need.futures import draw_futures
from placeplan.need.people import people_ahead
from placeplan.synthetic import generator

__all__ = [
    "DRAWS",
    "MOST_AHEAD",
    "OURS",
    "TOTAL",
    "backtest_rows",
    "origins_of",
    "published_counts",
    "scores_of",
    "trust_table",
]

OURS: Final = "placeplan"
FROZEN: Final = "rates frozen"
TOTAL: Final = "plans"

FEWEST_YEARS: Final = 5
"""Years of plans that an origin needs before it."""
FEWEST_ORIGINS: Final = 3
"""Origins from which a horizon has to have been tried before its bands are called tested."""
MOST_ORIGINS: Final = 10
MOST_AHEAD: Final = 10
"""Years ahead that are tested."""
DRAWS: Final = 200
"""Futures drawn from each origin."""


def origins_of(county: County, until: int) -> list[int]:
    """The years to forecast from: the latest ones that have enough years before them and one after."""
    years = [int(str(year)) for year in total_series(county, "stock", until=until).index]
    return [year for place, year in enumerate(years[:-1]) if place >= FEWEST_YEARS - 1][-MOST_ORIGINS:]


def backtest_rows(
    county: County,
    cube: Cube,
    *,
    until: int,
    seed: int,
    draws: int = DRAWS,
    horizon: int = MOST_AHEAD,
    origins: Iterable[int] | None = None,
    peers: bool = True,
) -> pd.DataFrame:
    """Forecasts from every origin beside what came by ``until``, in the columns of ``models.backtest``.

    Of the total: ours, rates frozen, and the simple methods where every year has a total. Of each part that was
    published later: ours and rates frozen. The series of a part is its margin and labels. Without ``peers`` ours alone.
    """
    totals = total_series(county, "stock", until=until)
    chosen = origins_of(county, until) if origins is None else list(origins)
    came = {
        year: published_counts(county, cube, totals, year) for year in range(min(chosen, default=until) + 1, until + 1)
    }
    parts = []
    for origin in chosen:
        ahead = range(origin + 1, min(until, origin + horizon) + 1)
        people = people_ahead(county, cube, range(min(origin, int(totals.index[0])), ahead.stop), known_until=origin)
        fit = fit_need(county, cube, people, origin)
        scale = float(np.abs(np.diff(totals.loc[:origin].to_numpy(float))).mean())
        for method in (OURS, FROZEN) if peers else (OURS,):
            drawn = draw_futures(county, fit, years=ahead, draws=draws, seed=seed, frozen=method == FROZEN)
            made = simulate(fit.cohort, drawn.futures, start=origin, stream=generator(seed, f"backtest {origin}"))
            for year in ahead:
                rows = _year_rows(came[year], made, year, scale)
                parts.append(rows.assign(method=method, origin=origin, horizon=year - origin))
    ours = pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)
    years = [int(str(year)) for year in totals.index]
    if peers and chosen and years == list(range(years[0], years[-1] + 1)):
        simple = {name: baseline_forecaster(name, draws=DRAWS * 5, seed=seed) for name in BASELINES}
        frame = totals.rename(TOTAL).to_frame()
        others = rolling_origins(frame, simple, origins=chosen, horizon=horizon)
        ours = pd.concat([ours, others], ignore_index=True) if len(others) else ours
    return ours


def published_counts(county: County, cube: Cube, totals: pd.Series, year: int) -> list[Totals]:
    """Every count published for a year: the total, where there is one, and the margins."""
    found = [one for one in margins(county, cube, "stock", year) if one.name != "total"]
    if year in totals.index:
        found.insert(0, Totals(TOTAL, np.zeros(cube.size, dtype=np.int64), np.array([float(totals[year])])))
    return found


def _year_rows(published: list[Totals], draws: CohortDraws, year: int, scale: float) -> pd.DataFrame:
    """What was forecast of each published count of a year, beside it."""
    parts = []
    for margin in published:
        known = np.flatnonzero(~np.isnan(margin.values))
        counts = draws.counts(year, margin.part, size=len(margin.values))[:, known].astype(np.float64)
        own = scale if margin.name == TOTAL else np.nan
        rows = forecast_rows(margin.values[known], np.median(counts, axis=0), counts, scale=own)
        names = [margin.name] if margin.name == TOTAL else [f"{margin.name} {place}" for place in known]
        parts.append(rows.assign(series=names))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def scores_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Measures by method and horizon, of the total and of the published parts: what, method, horizon, measures."""
    if rows.empty:
        return score_table(rows.assign(what=""), ["what", "method", "horizon"])
    what = np.where(
        rows["series"] == TOTAL, "all plans", "parts: " + rows["series"].str.replace(r" \d+$", "", regex=True)
    )
    table = score_table(rows.assign(what=what), ["what", "method", "horizon"])
    return table.sort_values(["what", "horizon", "method"], kind="stable", ignore_index=True)


def trust_table(rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """For each year ahead: origins tried, the share that the 80% band of all plans covered, and what that says.

    ``tested``: covered at least ``TRUSTED_COVERAGE``, from ``FEWEST_ORIGINS`` origins or more. ``untested``: too few
    origins reach so far. ``not to be trusted``: it covered less.
    """
    ours = rows[(rows["method"] == OURS) & (rows["series"] == TOTAL)]
    made = []
    for ahead in range(1, horizon + 1):
        part = ours[ours["horizon"] == ahead]
        covered = coverage(*(part[name].to_numpy(float) for name in ("came", "low_80", "high_80")))
        enough = len(part) >= FEWEST_ORIGINS
        verdict = "untested" if not enough else "tested" if covered >= TRUSTED_COVERAGE else "not to be trusted"
        made.append((ahead, len(part), covered, verdict))
    return pd.DataFrame(made, columns=["horizon", "origins", "covered_80", "trust"])
