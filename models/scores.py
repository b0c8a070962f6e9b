"""How good forecasts were: one shape for every measure, arrays of what came and what was forecast, and a number out.

Shapes: ``came`` and ``middle`` are any equal shape; ``low`` and ``high`` the ends of a band; ``draws`` has the draws
first. Missing values (NaN) in ``came`` are left out.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BAND_80", "BAND_95", "bias", "coverage", "interval_score", "mase", "pinball", "randomised_pit", "wape"]

Floats = NDArray[np.float64]

BAND_80: Final = (0.1, 0.9)
"""The quantiles that a band of 80% lies between."""

BAND_95: Final = (0.025, 0.975)
"""The quantiles that a band of 95% lies between."""


def wape(came: Floats, middle: Floats) -> float:
    """Sum of absolute errors over the sum of what came; NaN where nothing came.

    >>> wape(np.array([10.0, 30.0]), np.array([12.0, 26.0]))
    0.15
    """
    known = ~np.isnan(came)
    total = float(came[known].sum())
    return float(np.abs(middle - came)[known].sum()) / total if total else float("nan")


def bias(came: Floats, middle: Floats) -> float:
    """Sum of errors (forecast less what came) over the sum of what came; above 0 is too many.

    >>> bias(np.array([10.0, 30.0]), np.array([12.0, 26.0]))
    -0.05
    """
    known = ~np.isnan(came)
    total = float(came[known].sum())
    return float((middle - came)[known].sum()) / total if total else float("nan")


def mase(came: Floats, middle: Floats, *, scale: Floats | float) -> float:
    """Mean absolute scaled error: absolute errors over ``scale``, the mean yearly change before the origin.

    Hyndman and Koehler (2006). NaN where the scale is 0.
    """
    errors = np.abs(middle - came) / np.where(np.asarray(scale) > 0, scale, np.nan)
    return float(np.nanmean(errors)) if np.isfinite(errors).any() else float("nan")


def pinball(came: Floats, quantiles: Floats, levels: tuple[float, ...]) -> float:
    """Mean pinball loss of ``quantiles`` (levels first) at ``levels``; Koenker and Bassett (1978).

    >>> round(pinball(np.array([10.0]), np.array([[8.0], [12.0]]), (0.1, 0.9)), 9)
    0.2
    """
    losses = [
        np.where(came >= quantile, level * (came - quantile), (1 - level) * (quantile - came))
        for level, quantile in zip(levels, quantiles, strict=True)
    ]
    return float(np.nanmean(losses))


def coverage(came: Floats, low: Floats, high: Floats) -> float:
    """Share of what came that lay within the band, ends included."""
    known = ~np.isnan(came)
    return float(((came >= low) & (came <= high))[known].mean()) if known.any() else float("nan")


def interval_score(came: Floats, low: Floats, high: Floats, *, level: float) -> Floats:
    """Width of a band plus 2/(1 - level) times what lies outside it; Gneiting and Raftery (2007). Less is better.

    >>> interval_score(np.array([13.0]), np.array([8.0]), np.array([12.0]), level=0.8).round(6)
    array([14.])
    """
    penalty = 2.0 / (1.0 - level)
    scores: Floats = (high - low) + penalty * np.clip(low - came, 0, None) + penalty * np.clip(came - high, 0, None)
    return scores


def randomised_pit(came: Floats, draws: Floats, *, stream: np.random.Generator) -> Floats:
    """Where what came lies among the draws, from 0 to 1, ties split at random: uniform where draws are calibrated.

    Czado, Gneiting and Held (2009), for counts. ``draws`` has the draws first.
    """
    below = (draws < came).mean(axis=0)
    level = (draws == came).mean(axis=0)
    places: Floats = below + level * stream.random(np.shape(came))
    return places
