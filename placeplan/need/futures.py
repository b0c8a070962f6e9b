"""What is uncertain about the need of years to come, drawn together: trend, ceasing, localities, shared turns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.settings import Policy
from placeplan.models.cohort_parts import Futures
from placeplan.models.pooled_growth import pooled_growth
from placeplan.models.trend import Step, fit_trend
from placeplan.need.counts import total_series
from placeplan.need.fit import NeedFit
from placeplan.synthetic import generator

__all__ = ["DrawnFutures", "draw_futures", "triangular"]

Floats = NDArray[np.float64]

CEASE_DRIFT: Final = 0.1
"""Standard deviation of a year's change in the log odds of ceasing before there are data, weighed as ``CEASE_YEARS``.

Twice as far as England's share moved in a year (7.3, 7.6 and 7.8 per cent of the plans there were, 2022 to 2024): one
authority's moves more.
"""
CEASE_YEARS: Final = 3
CEASE_DAMPING: Final = 0.7
BAND: Final = 1.2816
"""Standard deviations from the middle to the 90th per cent of a Gaussian."""


@dataclass(frozen=True, slots=True)
class DrawnFutures:
    """``futures`` to simulate, and notes of what they follow."""

    futures: Futures = field(repr=False)
    notes: tuple[tuple[str, str, str], ...]


def triangular(low: float, middle: float, high: float, draws: int, stream: np.random.Generator) -> Floats:
    """An effect known by its range, drawn from a triangle; exactly ``middle`` where it has none."""
    if high <= low:
        return np.full(draws, middle)
    drawn: Floats = stream.triangular(low, middle, high, draws)
    return drawn


def draw_futures(
    county: County, fit: NeedFit, *, years: Sequence[int], draws: int, seed: int, frozen: bool = False
) -> DrawnFutures:
    """Draw what a fit leaves uncertain. ``frozen``: rates stay as they are and only chance is left."""
    people = np.stack([fit.people.of(year) for year in years])
    flat = np.zeros((draws, len(years)))
    settings = county.settings.forecast
    if frozen:
        shape = (draws, *fit.weights.shape)
        return DrawnFutures(
            Futures(tuple(years), people, flat + 1.0, np.broadcast_to(fit.relative.mean, shape), flat), ()
        )
    level = _level(county, fit, len(years), draws, generator(seed, "trend"))
    relative = fit.relative.draw(draws, generator(seed, "localities"))
    relative = relative / np.maximum((relative * fit.weights).sum(axis=1, keepdims=True), 1e-9)
    totals, notes = _shared_turns(county, fit, list(years), draws, seed)
    futures = Futures(
        years=tuple(years),
        people=people,
        level=level,
        relative=relative,
        cease_shift=_cease_shift(fit, draws, len(years), generator(seed, "ceasing")),
        totals=totals,
        ceiling=settings.ceiling_share,
    )
    return DrawnFutures(futures, tuple(notes))


def _level(county: County, fit: NeedFit, years: int, draws: int, stream: np.random.Generator) -> Floats:
    """Draws x years: what the rates of new plans are multiplied by.

    The trend is fitted to the log odds, out of the ceiling, of the share of a birth cohort that is ever given a plan at
    the rates of a year: far below the ceiling that is a trend of growth rates, near it growth fades.
    """
    ever = _ever(fit) * np.exp(fit.new["log"].to_numpy(float))
    ceiling = max(county.settings.forecast.ceiling_share, 1.05 * float(ever.max()))
    share = ever / ceiling
    room = 1.0 - share
    trend = fit_trend(
        fit.new["year"].tolist(),
        np.log(share / room),
        noise=fit.new["spread"].to_numpy(float) / room,
        horizon=fit.year + years - int(fit.new["year"].iloc[-1]),
        draws=draws,
        stream=stream,
        steps=[*_policies(county.settings.forecast.policies), *_breaks(county)],
    )
    level: Floats = ceiling / (1.0 + np.exp(-trend.draws[:, -years:])) / _ever(fit)
    return level


def _ever(fit: NeedFit) -> float:
    """The share of the children of one age who are ever given a plan at the rates of the fit."""
    people = fit.people.of(fit.year)
    made: Floats = fit.cohort.new * people[:, None, :]
    return float(made.sum()) / float(people.sum(axis=0).mean())


def _policies(policies: Sequence[Policy]) -> list[Step]:
    """Support without a plan as steps of the log of new plans."""
    steps = []
    for policy in policies:
        low, middle, high = (np.log1p(-min(share, 0.99)) for share in (policy.high, policy.effect, policy.low))
        steps.append(
            Step(policy.first_year, policy.last_year, float(middle), max(float(high - low) / (2 * BAND), 0.01))
        )
    return steps


def _breaks(county: County) -> list[Step]:
    return [Step(one.year) for one in county.settings.forecast.breaks if one.measure == "new"]


def _cease_shift(fit: NeedFit, draws: int, years: int, stream: np.random.Generator) -> Floats:
    """Draws x years: how the log odds of ceasing leave their start; changes fade from year to year."""
    past = fit.ceased.iloc[:-1]
    noise = past["spread"].to_numpy(float) ** 2
    # What small counts vary by of themselves is no drift.
    drifts = np.maximum(np.diff(past["log_odds"].to_numpy(float)) ** 2 - noise[1:] - noise[:-1], 0.0)
    known = CEASE_YEARS + len(drifts)
    squares = CEASE_YEARS * CEASE_DRIFT**2 + float(drifts.sum())
    scale = np.sqrt(squares / stream.chisquare(known, draws))
    start = stream.standard_normal(draws) * float(fit.ceased["spread"].iloc[-1])
    shifts = np.zeros((draws, years))
    now = start
    for step in range(years):
        now = now + stream.standard_normal(draws) * scale * CEASE_DAMPING**step
        shifts[:, step] = now
    shifts = np.clip(shifts, -3.0, 3.0)
    # The mean of the odds stays where it is: uncertainty alone ends no more plans.
    centred: Floats = shifts - np.log(np.exp(shifts).mean(axis=0))
    return centred


def _shared_turns(
    county: County, fit: NeedFit, years: list[int], draws: int, seed: int
) -> tuple[Floats | None, list[tuple[str, str, str]]]:
    """Draws x years of the county's total, forecast together with other authorities; None where none are given."""
    others = county.comparators[county.comparators["year"] <= fit.year]
    if others.empty:
        return None, []
    panel = others.pivot_table(index="year", columns="authority", values="plans", aggfunc="sum").astype(float)
    own = total_series(county, "stock", until=fit.year)
    panel = panel.join(own.rename("the county itself"), how="inner").dropna(axis="columns").sort_index()
    last = [year for year in panel.index if set(range(int(year), fit.year + 1)) <= set(panel.index)]
    panel = panel.loc[last] if last else panel.iloc[:0]
    if len(panel) < 3 or "the county itself" not in panel.columns or len(panel.columns) < 4:
        words = "not used: expected at least three others with every year of three up to the start"
        return None, [("Other authorities' totals", words, "the table comparators")]
    broken = {one.year for one in county.settings.forecast.breaks if one.measure == "stock"}
    panel = _without_breaks(panel, broken)
    ahead = pooled_growth(panel, horizon=years[-1] - fit.year, draws=draws, seed=seed)
    place = list(panel.columns).index("the county itself")
    words = (
        f"{len(panel.columns) - 1} of them with the county, {panel.index[0]} to {panel.index[-1]}; all grew "
        f"{np.expm1(ahead.shared_growth):.1%} in the last year, {ahead.damping:.2f} of which is left a year later"
    )
    return ahead.draws[:, place, -len(years) :], [("Total of plans", words, "the tables comparators and plans")]


def _without_breaks(panel: pd.DataFrame, broken: set[int]) -> pd.DataFrame:
    """The panel with years before a break raised to the counting after it, as if all had grown as the year before."""
    whole = panel.copy()
    for year in sorted(broken):
        if year not in whole.index or year - 2 not in whole.index:
            continue
        before = whole.loc[year - 1] / whole.loc[year - 2]
        whole.loc[: year - 1] *= (whole.loc[year] / whole.loc[year - 1] / before).to_numpy()
    return whole
