"""The trend of a short yearly series on the log scale, damped, with declared breaks and policies fitted around.

    y[t] = level[t] + sum of declared steps + what is of that year alone
    level[t+1] = level[t] + growth[t],   growth[t+1] = damping x growth[t] + shock

All of it is Gaussian once the spreads of the shocks and of single years are given; those two are weighed over a grid by
how likely they make the series. The future is drawn with them, so that it is as uncertain as the past allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Step", "Trend", "fit_trend"]

Floats = NDArray[np.float64]

DAMPING: Final = 0.9
"""Share of a growth rate left a year later: the middle of the range that textbooks give, 0.8 to 0.98 (Hyndman and
Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 8.2)."""

SHOCKS: Final = np.array([0.01, 0.02, 0.04, 0.07, 0.11, 0.16])
ALONE: Final = np.array([0.01, 0.04, 0.08, 0.14, 0.22, 0.32])
"""Standard deviations weighed: of a year's change of the growth rate, and of a single year; equally likely before."""

WIDE: Final = 5.0
"""Standard deviation of the first level on the log scale: nothing is known of it before."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step in a log series from year ``first`` to ``last`` (None: for good).

    A break in how the series is counted has ``mean`` 0 and a wide ``spread``; a policy whose effect is roughly known
    has its log effect, with its spread. What holds in years to come is part of what is forecast.
    """

    first: int
    last: int | None = None
    mean: float = 0.0
    spread: float = 1.0

    def holds(self, years: NDArray[np.int64]) -> Floats:
        """1 in the years that the step holds, else 0."""
        inside = (years >= self.first) & (years <= (np.iinfo(np.int64).max if self.last is None else self.last))
        return inside.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Trend:
    """Draws of a series to come: ``draws`` x ``years``, on the log scale; ``shock`` and ``alone`` as they came out."""

    years: tuple[int, ...]
    draws: Floats = field(repr=False)
    shock: float
    alone: float


def fit_trend(
    years: Sequence[int],
    values: Floats,
    *,
    noise: Floats,
    horizon: int,
    draws: int,
    stream: np.random.Generator,
    steps: Sequence[Step] = (),
    damping: float = DAMPING,
) -> Trend:
    """Fit ``values`` (log scale; years may be missing) and draw the ``horizon`` years after the last of ``years``.

    ``noise``: the standard deviation of each value as measured, before what is of its year alone (1/sqrt(count)
    for a Poisson count's log). Raises ``ValueError`` for no value, unequal lengths or years that do not rise.
    """
    past = np.asarray(years, dtype=np.int64)
    if not len(past) or len(past) != len(values) or len(past) != len(noise) or (np.diff(past) <= 0).any():
        raise ValueError("a trend: expected at least one value, one for each year, years rising")
    to_come = np.arange(past[-1] + 1, past[-1] + 1 + horizon)
    every = np.concatenate([past, to_come])
    steps_over = np.stack([step.holds(every) for step in steps]) if steps else np.zeros((0, len(every)))
    mean = sum((step.mean * row for step, row in zip(steps, steps_over, strict=True)), np.zeros(len(every)))
    declared = sum(
        (step.spread**2 * np.outer(row, row) for step, row in zip(steps, steps_over, strict=True)),
        np.zeros((len(every), len(every))),
    )
    known = len(past)
    fits = []
    for shock in SHOCKS:
        shared = WIDE**2 + shock**2 * _grown(every - past[0], damping) + declared
        for alone in ALONE:
            covariance = shared + alone**2 * np.eye(len(every))
            seen = covariance[:known, :known] + np.diag(noise**2)
            fits.append((shock, alone, covariance, seen))
    weights = np.array([_log_likelihood(values - mean[:known], seen) for *_, seen in fits])
    weights = np.exp(weights - weights.max())
    counts = stream.multinomial(draws, weights / weights.sum())
    parts = [
        _futures(values, mean, covariance, seen, draws=int(count), stream=stream)
        for (*_, covariance, seen), count in zip(fits, counts, strict=True)
        if count
    ]
    drawn = np.concatenate(parts)[stream.permutation(draws)]
    share = weights / weights.sum()
    return Trend(
        years=tuple(int(year) for year in to_come),
        draws=drawn,
        shock=float(share @ np.array([shock for shock, *_ in fits])),
        alone=float(share @ np.array([alone for _, alone, *_ in fits])),
    )


def _grown(elapsed: NDArray[np.int64], damping: float) -> Floats:
    """Covariance of a level that sums a damped growth rate, for shocks of variance 1; stationary at first."""
    last = int(elapsed.max())
    # The rate at each step from the rate at the start and the shocks since; the level is its sum.
    effects = np.zeros((last + 1, last + 1))
    for step in range(1, last + 1):
        effects[step, 0] = effects[step - 1, 0] + damping ** (step - 1)
        for shock in range(1, step):
            effects[step, shock] = effects[step - 1, shock] + damping ** (step - 1 - shock)
    variances = np.ones(last + 1)
    variances[0] = 1.0 / (1.0 - damping**2)
    chosen = effects[elapsed]
    covariance: Floats = (chosen * variances) @ chosen.T
    return covariance


def _log_likelihood(values: Floats, covariance: Floats) -> float:
    _, size = np.linalg.slogdet(covariance)
    return -0.5 * (float(size) + float(values @ np.linalg.solve(covariance, values)))


def _futures(
    values: Floats, mean: Floats, covariance: Floats, seen: Floats, *, draws: int, stream: np.random.Generator
) -> Floats:
    known = len(values)
    gain = np.linalg.solve(seen, covariance[:known, known:]).T
    middle = mean[known:] + gain @ (values - mean[:known])
    left = covariance[known:, known:] - gain @ covariance[:known, known:]
    roots, directions = np.linalg.eigh((left + left.T) / 2)
    spread = directions * np.sqrt(np.clip(roots, 0.0, None))
    drawn: Floats = middle + stream.standard_normal((draws, len(middle))) @ spread.T
    return drawn
