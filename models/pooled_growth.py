"""Forecast the totals of authorities together: they turn together, so one's own past says too little of its width.

The log of each total grows by a rate that all share and a deviation of its own:

    log n[a, t+1] = log n[a, t] + c[t] + d[a, t]
    c[T+h] = phi c[T+h-1] + shock,   c[T+1] = c[T]                       the shared rate, damped
    d[a, T+h] = b[h] d[a, T] + own shocks, part of which stay             the own deviation

c is the growth rate of all totals together. phi is fitted to c within the bounds that textbooks give for damped
trends (0.8 to 0.98: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 8.2). b[h] is
the regression of a deviation on the one h years before, over all authorities, outlying deviations drawn in to two
standard deviations. Nothing is fitted to a year after the last one given.

How far the shared rate may jump in a year cannot be learnt from a few quiet years. It has a prior from before any
series used here: pupils with statements in England rose from 153,228 in January 1991 to 234,629 in January 1997 (House
of Commons written answers, 5 December 1997, Special Educational Needs), growing 4.8, 10.2, 8.9, 8.3, 7.3 and 3.2
per cent a year in logs; the root mean square of those five changes of the rate is 0.0315.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

__all__ = ["PanelForecast", "pooled_growth"]

Floats = NDArray[np.float64]

DAMPING_BOUNDS: Final = (0.8, 0.98)
SHOCK_PRIOR: Final = 0.0315
"""Standard deviation of a year's change of the shared growth rate before there are data; see above."""
SHOCK_PRIOR_CHANGES: Final = 5
"""How many changes the prior rests on: its degrees of freedom."""
OWN_PRIOR: Final = 0.10
"""Standard deviation of one authority's growth about the shared rate where too few are given to tell.

1.48 times the middle deviation of the growth to January 1991 and to January 1992 from the growth of all, among the 27
authorities first named in House of Commons written answers, 7 June 1993, Special Needs Education.
"""
OWN_PRIOR_YEARS: Final = 10
"""Weight, in years, of ``OWN_PRIOR``; and the most that the authorities' common spread has in the spread of each."""
FEWEST: Final = 3
"""Fewest authorities whose own spread is estimated without the prior; also the fewest years."""
OUTLYING: Final = 2.0
LAGS: Final = 3


@dataclass(frozen=True, slots=True)
class PanelForecast:
    """Totals to come. ``median``: index series, a column a year; ``draws``: draws x series x years, in that order.

    ``shared_growth``, ``damping`` and ``shock`` (standard deviation a year) are what it rests on.
    """

    median: pd.DataFrame = field(repr=False)
    draws: Floats = field(repr=False)
    shared_growth: float
    damping: float
    shock: float

    def quantile(self, level: float) -> pd.DataFrame:
        """The quantile of the draws at ``level``, shaped as ``median``."""
        values = np.quantile(self.draws, level, axis=0)
        return pd.DataFrame(values, index=self.median.index, columns=self.median.columns)


def pooled_growth(counts: pd.DataFrame, *, horizon: int, draws: int = 2000, seed: int = 1) -> PanelForecast:
    """Forecast every column of ``counts`` (index: years without a hole; a column an authority) for ``horizon`` years.

    Columns that contain one another (a region and its authorities) must not be given together. Raises ``ValueError``
    with the column and year of a count that is missing or not above 0, and for years with a hole or too few.
    """
    _check(counts, horizon)
    history = counts.to_numpy(float).T
    growth = np.diff(np.log(history), axis=1)
    shared = np.log(history[:, 1:].sum(axis=0) / history[:, :-1].sum(axis=0))
    own = growth - shared
    spread = float(np.sqrt((own**2).mean()))
    drawn_in = np.clip(own, -OUTLYING * spread, OUTLYING * spread)
    keeps = _kept(drawn_in, horizon)
    damping = _damping(shared)
    steps = shared[-1] * damping ** np.arange(horizon) + drawn_in[:, -1:] * keeps
    middle = np.log(history[:, -1:]) + np.cumsum(steps, axis=1)
    stream = np.random.default_rng(seed)
    shock, common = _shared_shocks(shared, damping, horizon, draws, stream)
    alone = _own_shocks(own, spread, kept=float(keeps[:2].max()), horizon=horizon, draws=draws, stream=stream)
    years = range(int(counts.index[-1]) + 1, int(counts.index[-1]) + 1 + horizon)
    return PanelForecast(
        median=pd.DataFrame(np.exp(middle), index=counts.columns, columns=pd.Index(years, name="year")),
        draws=np.exp(middle + common[:, None, :] + alone),
        shared_growth=float(shared[-1]),
        damping=damping,
        shock=shock,
    )


def _check(counts: pd.DataFrame, horizon: int) -> None:
    problems = []
    years = [int(year) for year in counts.index]
    if len(years) < FEWEST or years != list(range(years[0], years[0] + len(years))):
        problems.append(f"years {years}: expected at least {FEWEST}, rising by one")
    if horizon < 1:
        problems.append(f"horizon {horizon}: expected 1 or more")
    if counts.columns.has_duplicates or not len(counts.columns):
        problems.append(f"columns {list(counts.columns)}: expected at least one authority, each once")
    wrong = ~(counts.to_numpy(float) > 0) | np.isinf(counts.to_numpy(float))
    problems += [
        f"{counts.columns[column]} in {counts.index[row]}: {counts.iloc[row, column]}, expected a count above 0"
        for row, column in np.argwhere(wrong)
    ]
    if problems:
        raise ValueError("; ".join(problems))


def _kept(own: Floats, horizon: int) -> Floats:
    """How much of a deviation is left h years later, h = 1 to ``horizon``: never below 0 or above 1."""
    lags = min(LAGS, own.shape[1] - 1)
    found = []
    for lag in range(1, lags + 1):
        squares = float((own[:, :-lag] ** 2).sum())
        found.append(float((own[:, lag:] * own[:, :-lag]).sum()) / squares if squares > 0 else 0.0)
    kept = np.clip(found, 0.0, 1.0)
    later = kept[-1] * DAMPING_BOUNDS[0] ** np.arange(1, max(0, horizon - lags) + 1)
    return np.concatenate([kept, later])[:horizon]


def _damping(shared: Floats) -> float:
    squares = float((shared[:-1] ** 2).sum())
    fitted = float((shared[1:] * shared[:-1]).sum()) / squares if squares > 0 else DAMPING_BOUNDS[1]
    return float(np.clip(fitted, *DAMPING_BOUNDS))


def _shared_shocks(
    shared: Floats, damping: float, horizon: int, draws: int, stream: np.random.Generator
) -> tuple[float, Floats]:
    """The spread of the shared rate's yearly change, and draws x years of what shocks add to every log total."""
    changes = np.diff(shared)
    known = SHOCK_PRIOR_CHANGES + len(changes)
    squares = SHOCK_PRIOR_CHANGES * SHOCK_PRIOR**2 + float((changes**2).sum())
    scale = np.sqrt(squares / stream.chisquare(known, draws))
    shocks = stream.standard_normal((draws, horizon)) * scale[:, None]
    rate = np.zeros((draws, horizon))
    for step in range(horizon):
        rate[:, step] = shocks[:, step] + (damping * rate[:, step - 1] if step else 0.0)
    return float(np.sqrt(squares / known)), np.cumsum(rate, axis=1)


def _own_shocks(
    own: Floats, spread: float, *, kept: float, horizon: int, draws: int, stream: np.random.Generator
) -> Floats:
    """Draws x authorities x years of what an authority's own shocks add to its log total."""
    series, years = own.shape
    # The shared rate of one or two is their own: what they would show beside others is for the prior to say.
    common, weight = _common_spread(own) if series >= FEWEST else (max(spread, OWN_PRIOR), float(OWN_PRIOR_YEARS))
    known = weight + years
    squares = weight * common**2 + (own**2).sum(axis=1)
    scale = np.sqrt(squares / stream.chisquare(known, (draws, series)))
    passing = stream.standard_normal((draws, series, horizon)) * np.sqrt(1.0 - kept)
    lasting = stream.standard_normal((draws, series, 1)) * np.sqrt(kept)
    return np.cumsum((passing + lasting) * scale[:, :, None], axis=2)


def _common_spread(own: Floats) -> tuple[float, float]:
    """The spread that authorities have in common and its weight in years, from how much their own spreads differ.

    Variances about a common one are scaled inverse chi-squared; its scale and degrees of freedom are fitted to the mean
    and variance of their logarithms: Smyth (2004), Linear models and empirical Bayes methods.
    """
    years = own.shape[1]
    logs = np.log(np.maximum((own**2).mean(axis=1), 1e-12))
    excess = float(logs.var(ddof=1)) - float(polygamma(1, years / 2))
    most = float(OWN_PRIOR_YEARS)
    weight = most
    if excess > float(polygamma(1, most / 2)):
        weight = float(brentq(lambda d: float(polygamma(1, d / 2)) - excess, 0.1, most))
    level = logs.mean() - digamma(years / 2) + np.log(years / 2) + digamma(weight / 2) - np.log(weight / 2)
    return float(np.exp(level / 2)), weight
