"""Simple forecasts that any other must beat, one function a method, all of one shape.

``history`` is one series, oldest first; the answer is (middle, draws x years). Bands come from the method's own
errors one year ahead, grown by the square root of the years where the method says nothing better.
"""

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BASELINES", "damped_trend", "drift", "naive"]

Floats = NDArray[np.float64]
Method = Callable[[Floats, int, int, np.random.Generator], tuple[Floats, Floats]]


def _with_errors(
    middle: Floats, errors: Floats, widening: Floats, draws: int, stream: np.random.Generator
) -> tuple[Floats, Floats]:
    spread = float(np.sqrt((errors**2).mean())) if len(errors) else 0.0
    noise = stream.standard_normal((draws, len(middle))) * spread * widening
    return middle, np.clip(middle + noise, 0.0, None)


def naive(history: Floats, horizon: int, draws: int, stream: np.random.Generator) -> tuple[Floats, Floats]:
    """As now, for ever."""
    middle = np.repeat(history[-1], horizon).astype(float)
    return _with_errors(middle, np.diff(history), np.sqrt(np.arange(1, horizon + 1)), draws, stream)


def drift(history: Floats, horizon: int, draws: int, stream: np.random.Generator) -> tuple[Floats, Floats]:
    """The mean yearly change of all years, on and on."""
    years = len(history) - 1
    step = (history[-1] - history[0]) / years
    ahead = np.arange(1, horizon + 1)
    errors = np.diff(history) - step
    return _with_errors(history[-1] + step * ahead, errors, np.sqrt(ahead * (1 + ahead / years)), draws, stream)


def damped_trend(history: Floats, horizon: int, draws: int, stream: np.random.Generator) -> tuple[Floats, Floats]:
    """Holt's trend, damped (ETS with additive errors), by statsmodels; with too few years, as ``drift``."""
    from statsmodels.tsa.holtwinters import Holt

    if len(history) < 5 or np.ptp(history) == 0:
        return drift(history, horizon, draws, stream)
    with warnings.catch_warnings():
        # Short series do not always converge; what is found then is still this method's forecast.
        warnings.simplefilter("ignore")
        fit = Holt(history.astype(float), damped_trend=True, initialization_method="estimated").fit()
        middle = np.asarray(fit.forecast(horizon), dtype=float)
    alpha, beta = (float(fit.params[name]) for name in ("smoothing_level", "smoothing_trend"))
    phi = float(fit.params["damping_trend"])
    # Variance h steps ahead: 1 + sum over j < h of (alpha + beta (phi + ... + phi^j))^2; Hyndman et al. (2008).
    reach = alpha + beta * np.cumsum(phi ** np.arange(1, horizon))
    widening = np.sqrt(np.concatenate([[1.0], 1.0 + np.cumsum(reach**2)]))
    return _with_errors(middle, np.asarray(fit.resid, dtype=float), widening, draws, stream)


BASELINES: Final[Mapping[str, Method]] = MappingProxyType(
    {"naive": naive, "drift": drift, "damped trend": damped_trend}
)
"""The methods by name."""
