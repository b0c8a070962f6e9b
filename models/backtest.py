"""Rolling origins: forecast from each with only what was known then, and score every horizon against what came."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .baselines import BASELINES
from .scores import BAND_80, BAND_95, bias, coverage, interval_score, mase, pinball, wape

__all__ = [
    "COLUMNS",
    "TRUSTED_COVERAGE",
    "Forecaster",
    "baseline_forecaster",
    "forecast_rows",
    "rolling_origins",
    "score_table",
]

Floats = NDArray[np.float64]
Forecaster = Callable[[pd.DataFrame, int], tuple[Floats, Floats]]
"""From a history (index year, a column a series) and a horizon to the middle (series x years) and draws before both."""

TRUSTED_COVERAGE: Final = 0.7
"""The share of what came that a band of 80% must have covered in backtests, or its forecasts carry a warning."""

_BANDS: Final = ("low_80", "high_80", "low_95", "high_95")
COLUMNS: Final = ["method", "origin", "horizon", "series", "came", "middle", *_BANDS, "interval_score", "scale"]
"""A forecast of one series and year: ``scale`` is its mean yearly change up to the origin."""

LEVELS: Final = (*BAND_95, *BAND_80, 0.5)


def baseline_forecaster(name: str, *, draws: int = 1000, seed: int = 1) -> Forecaster:
    """One of ``BASELINES`` run on each series by itself."""
    method = BASELINES[name]

    def forecast(history: pd.DataFrame, horizon: int) -> tuple[Floats, Floats]:
        stream = np.random.default_rng(seed)
        parts = [method(history[series].to_numpy(float), horizon, draws, stream) for series in history.columns]
        return np.stack([middle for middle, _ in parts]), np.stack([drawn for _, drawn in parts], axis=1)

    return forecast


def rolling_origins(
    counts: pd.DataFrame, methods: Mapping[str, Forecaster], *, origins: Iterable[int], horizon: int
) -> pd.DataFrame:
    """Every forecast beside what came, with the columns ``COLUMNS``.

    ``counts``: index year without holes, a column a series. A method is given the rows up to the origin and no
    other. Horizons beyond the last year are left out.
    """
    last = int(counts.index[-1])
    parts = []
    for origin in origins:
        ahead = min(horizon, last - origin)
        if ahead < 1:
            continue
        known = counts.loc[:origin]
        came = counts.loc[origin + 1 : origin + ahead].to_numpy(float).T
        scale = np.abs(np.diff(known.to_numpy(float), axis=0)).mean(axis=0)
        for name, forecast in methods.items():
            middle, draws = forecast(known, ahead)
            for place, series in enumerate(counts.columns):
                rows = forecast_rows(came[place], middle[place], draws[:, place], scale=float(scale[place]))
                parts.append(rows.assign(method=name, origin=origin, horizon=range(1, ahead + 1), series=series))
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)


def forecast_rows(came: Floats, middle: Floats, draws: Floats, *, scale: float) -> pd.DataFrame:
    """One series' forecasts beside what came, a row a year: the columns of ``rolling_origins`` but its labels."""
    low_95, high_95, low, high = np.quantile(draws, (*BAND_95, *BAND_80), axis=0)
    return pd.DataFrame(
        {
            "came": came,
            "middle": middle,
            "low_80": low,
            "high_80": high,
            "low_95": low_95,
            "high_95": high_95,
            "interval_score": interval_score(came, low, high, level=0.8),
            "scale": scale,
        }
    )


def score_table(forecasts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The measures of ``rolling_origins`` by the columns ``by``.

    Columns forecasts (how many), wape, bias, mase, interval_score_80 (over the scale), pinball, covered_80,
    covered_95 and trusted (whether the 80% band covered enough).
    """
    rows = []
    for keys, part in forecasts.groupby(by, sort=False):
        came, middle = (part[name].to_numpy(float) for name in ("came", "middle"))
        scale = part["scale"].to_numpy(float)
        ends = np.stack([part[name].to_numpy(float) for name in ("low_95", "high_95", "low_80", "high_80", "middle")])
        covered = coverage(came, ends[2], ends[3])
        scaled = part["interval_score"].to_numpy(float) / np.where(scale > 0, scale, np.nan)
        rows.append(
            (
                *keys,
                len(part),
                wape(came, middle),
                bias(came, middle),
                mase(came, middle, scale=scale),
                float(np.nanmean(scaled)) if np.isfinite(scaled).any() else float("nan"),
                pinball(came, ends, LEVELS),
                covered,
                coverage(came, ends[0], ends[1]),
                covered >= TRUSTED_COVERAGE,
            )
        )
    measures = ["forecasts", "wape", "bias", "mase", "interval_score_80", "pinball", "covered_80", "covered_95"]
    return pd.DataFrame(rows, columns=[*by, *measures, "trusted"])
