"""Forecasts of need: published plan counts beside peers, and synthetic counties whose truth is known.

Run it as ``python tests/benchmarks/forecast.py [--json FILE] [--quick]``. The published counts are read from the folder
that PLAN_COUNTS names, or from the open data beside the project; without them that part is left out and says so.
Files of the same shape with more years, or other authorities, are taken as they come. The peers are in the extra
``bench``.
"""

import importlib
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from harness import Bar, at_most, finish, options

from placeplan.models.backtest import baseline_forecaster, rolling_origins, score_table
from placeplan.models.pooled_growth import pooled_growth

TESTS = Path(__file__).resolve().parents[1]
PLANS = Path(os.environ.get("PLAN_COUNTS", TESTS.parents[1] / "shared" / "data" / "plans"))
COUNTS = PLANS / "sen2_2010_2022_age_caseload.csv"
ORIGINS = (2016, 2017, 2018, 2019)
HORIZON = 3
DRAWS = 10000


def published():
    """Plans each January by authority: index the calendar year, a column an authority."""
    rows = pd.read_csv(COUNTS, dtype="str")
    rows = rows[rows["geographic_level"].eq("Local authority") & rows["characteristic_age"].eq("Total")]
    rows = rows.assign(year=rows["time_period"].astype(int), plans=pd.to_numeric(rows["Total_all"], errors="coerce"))
    table = rows.pivot_table(index="year", columns="la_name", values="plans", aggfunc="sum", min_count=1).sort_index()
    return table.dropna(axis="columns").astype(float)


def ours(history, horizon):
    answer = pooled_growth(history, horizon=horizon, draws=DRAWS, seed=1)
    return answer.median.to_numpy(), answer.draws


def compounded(history, horizon):
    """The growth rate of last year, all authorities together, on and on; its band from the errors that it made."""
    counts = history.to_numpy(float).T
    rates = counts[:, 1:].sum(axis=0) / counts[:, :-1].sum(axis=0)
    ahead = np.arange(1, horizon + 1)
    middle = counts[:, -1:] * rates[-1] ** ahead
    errors = np.log(counts[:, 2:]) - np.log(counts[:, 1:-1] * rates[:-1])
    spread = np.sqrt((errors**2).mean())
    noise = np.random.default_rng(1).standard_normal((DRAWS, *middle.shape)) * spread * np.sqrt(ahead)
    return middle, middle * np.exp(noise)


def by_statsforecast(name):
    """AutoETS or AutoTheta on each series by itself, with the library's own 80% and 95% bands as draws of their ends."""
    models = importlib.import_module("statsforecast.models")

    def forecast(history, horizon):
        middles, bands = [], []
        for series in history.columns:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answer = getattr(models, name)(season_length=1).forecast(
                    history[series].to_numpy(float), h=horizon, level=[80, 95]
                )
            middles.append(answer["mean"])
            spread = (answer["hi-80"] - answer["lo-80"]) / (2 * 1.2816)
            bands.append(spread)
        middle = np.stack(middles)
        noise = np.random.default_rng(1).standard_normal((DRAWS, *middle.shape))
        return middle, np.clip(middle + noise * np.stack(bands), 0, None)

    return forecast


def methods():
    peers = {name: baseline_forecaster(name, draws=DRAWS) for name in ("naive", "drift", "damped trend")}
    peers |= {name: by_statsforecast(name) for name in ("AutoETS", "AutoTheta")}
    return {"placeplan": ours, **peers, "pooled growth compounded": compounded}


def on_published():
    """Rows and bars of the published counts."""
    counts = published()
    origins = [origin for origin in ORIGINS if origin < counts.index[-1]]
    forecasts = rolling_origins(counts, methods(), origins=origins, horizon=HORIZON)
    scores = score_table(forecasts, ["method", "series"])
    middle = scores.groupby("method", sort=False)[["mase", "interval_score_80"]].median()
    covered = score_table(forecasts, ["method", "horizon"]).pivot_table(
        index="method", columns="horizon", values="covered_80", sort=False
    )
    rows = [
        {
            "what": "published, median authority",
            "method": name,
            "MASE": round(float(middle.loc[name, "mase"]), 2),
            "interval score": round(float(middle.loc[name, "interval_score_80"]), 2),
            **{f"covered, {h} ahead": f"{covered.loc[name, h]:.0%}" for h in covered.columns},
        }
        for name in middle.index
    ]
    mine = forecasts[forecasts["method"] == "placeplan"]
    for origin, part in score_table(mine, ["origin", "horizon"]).groupby("origin"):
        cover = {f"covered, {h} ahead": f"{c:.0%}" for h, c in zip(part["horizon"], part["covered_80"], strict=True)}
        rows.append(
            {
                "what": f"published, origin {origin}",
                "method": "placeplan",
                "MASE": round(part["mase"].mean(), 2),
                **cover,
            }
        )
    wide = scores.pivot_table(index="series", columns="method", values="mase", sort=False).round(2)
    for series, part in wide.iterrows():
        best = part.drop("placeplan").idxmin()
        rows.append(
            {"what": series, "method": f"placeplan; best peer {best}", "MASE": f"{part['placeplan']}; {part[best]}"}
        )
    peers = middle.drop("placeplan")
    bars = {
        "published: MASE of the median authority": at_most(middle.loc["placeplan", "mase"], peers["mase"].min()),
        "published: interval score of the median authority": at_most(
            middle.loc["placeplan", "interval_score_80"], peers["interval_score_80"].min()
        ),
    }
    for horizon in covered.columns:
        value = float(covered.loc["placeplan", horizon])
        bars[f"published: covered by the 80% band, {horizon} ahead"] = Bar(
            round(value, 3), "0.65 to 0.92", holds=0.65 <= value <= 0.92
        )
    return rows, bars


def main():
    quick = options().quick
    rows, bars = [], {}
    if COUNTS.is_file():
        made, held = on_published()
        rows += made
        bars |= held
    else:
        print(f"no published counts at {COUNTS}: that part is left out", file=sys.stderr)
    finish(rows, bars)


if __name__ == "__main__":
    main()
