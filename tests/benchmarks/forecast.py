"""Forecasts of need: published plan counts beside peers, and synthetic counties whose truth is known.

Run it as ``python tests/benchmarks/forecast.py [--json FILE] [--quick]``. The published counts are read from the folder
that PLAN_COUNTS names, or from the open data beside the project; without them that part is left out and says so.
Files of the same shape with more years, or other authorities, are taken as they come. The peers are in the extra
``bench``.
"""

import importlib
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from harness import Bar, at_most, finish, options

import placeplan as pp
from placeplan.models.backtest import baseline_forecaster, rolling_origins, score_table
from placeplan.models.cohorts import simulate
from placeplan.models.pooled_growth import pooled_growth
from placeplan.models.scores import randomised_pit
from placeplan.need.counts import PLACEMENT_AXIS, cube_of
from placeplan.need.demand import planned_kinds
from placeplan.need.fit import fit_need
from placeplan.need.futures import draw_futures
from placeplan.need.people import people_ahead
from placeplan.need.zones import zone_counts
from placeplan.synthetic import generator

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support")]
from need_generator import AHEAD, NOW, START, known_county  # noqa: E402 - found beside the tests, on the path set above

PLANS = Path(os.environ.get("PLAN_COUNTS", TESTS.parents[1] / "shared" / "data" / "plans"))
COUNTS = next(iter(sorted(PLANS.glob("*age_caseload*.csv"))), PLANS / "age_caseload.csv")
FIRST_ORIGIN = 2016
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
    """AutoETS or AutoTheta on each series by itself; draws are Gaussian with the library's own 80% band."""
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
    origins = range(FIRST_ORIGIN, int(counts.index[-1]) - HORIZON + 1)
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


def on_known_counties(count):
    """Rows and bars of counties whose truth is known: bias and calibration at horizon 5."""
    base = pp.read_county("example:derbyshire")
    stream = np.random.default_rng(0)
    places = {level: [] for level in ("county", "locality", "zone")}
    sums = np.zeros((2, 2))
    for seed in range(count):
        known = known_county(seed, base)
        county, cube = known.county, cube_of(known.county)
        year = NOW + AHEAD
        people = people_ahead(county, cube, range(START, year + 1), known_until=NOW)
        fit = fit_need(county, cube, people, NOW)
        drawn = draw_futures(county, fit, years=range(NOW + 1, year + 1), draws=200, seed=1)
        draws = simulate(fit.cohort, drawn.futures, start=NOW, stream=generator(1, "children"))
        came = known.plans[year]
        total = draws.counts(year)
        locality = np.arange(cube.size) // int(np.prod(cube.shape[1:]))
        by_place = draws.counts(year, locality, size=cube.shape[0])
        of_zone = county.zones.set_index("zone")["locality"]
        by_zone = zone_counts(county, fit, draws, year, numbers=range(100), stream=generator(1, "zones")).loc[
            came.index
        ]
        for level, found, what in (
            ("county", total, np.array([came.sum()])),
            ("locality", by_place, came.groupby(of_zone).sum().reindex(list(cube.localities)).to_numpy()),
            ("zone", by_zone.to_numpy().T, came.to_numpy()),
        ):
            places[level] += randomised_pit(what.astype(float), found.astype(float), stream=stream).tolist()
        placement = np.arange(cube.size) % cube.shape[3]
        planned = np.isin(placement, [PLACEMENT_AXIS.index(name) for name in planned_kinds()])
        sums[0] += total.mean(), came.sum()
        sums[1] += draws.counts(year, np.where(planned, 0, -1)).mean(), known.special[year].sum()
    rows, bars = [], {}
    for level, found in places.items():
        pit = np.array(found)
        shares = np.histogram(pit, bins=5, range=(0, 1))[0] / len(pit)
        inside = float(((pit >= 0.1) & (pit <= 0.9)).mean())
        rows.append(
            {
                "what": f"known counties, by {level}",
                "method": f"{len(pit)} forecasts",
                "PIT by fifths": " ".join(f"{share:.0%}" for share in shares),
                "covered, 5 ahead": f"{inside:.0%}; 95%: {((pit >= 0.025) & (pit <= 0.975)).mean():.0%}",
            }
        )
        bars[f"known counties: covered by the 80% band, by {level}"] = Bar(
            round(inside, 3), "0.70 to 0.92", holds=0.70 <= inside <= 0.92
        )
    for name, (forecast, came) in zip(("all plans", "specialist placements"), sums, strict=True):
        bars[f"known counties: bias at 5 years, {name}"] = at_most(abs(forecast / came - 1), 0.02)
    return rows, bars


SCALE = """
import resource, time
import placeplan as pp
from placeplan.need.zones import zone_counts
from placeplan.synthetic import generator
county = pp.read_county("example:derbyshire")
began = time.perf_counter()
answer = pp.forecast_need(county, years={years}, draws={draws}, scenarios=[], backtests=False)
for year in answer.years[1:]:
    zone_counts(county, answer.fit, answer.draws, year, numbers=range(min(50, {draws})), stream=generator(1, "zones"))
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


def at_scale(quick):
    """What 1,000 draws of ten years take, 50 of them split to zones; and what grows with what. A process each."""
    rows, bars = [], {}
    for draws, years in ((250, 10), (500, 10), (1000, 5), (1000, 10)) if not quick else ((250, 10),):
        script = SCALE.format(draws=draws, years=years)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        seconds, gigabytes = (float(part) for part in done.stdout.split())
        rows.append(
            {
                "what": f"{draws:,} draws x {years} years, 50 split to 490 zones",
                "method": "placeplan",
                "seconds": round(seconds, 1),
                "GB": round(gigabytes, 2),
            }
        )
        if (draws, years) == (1000, 10):
            bars["1,000 draws x 10 years"] = at_most(round(seconds, 1), 60, unit="s")
            bars["1,000 draws x 10 years: peak memory"] = at_most(round(gigabytes, 2), 3, unit="GB")
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
    for made, held in (on_known_counties(20 if quick else 150), at_scale(quick)):
        rows += made
        bars |= held
    finish(rows, bars)


if __name__ == "__main__":
    main()
