"""Forecast need: how many children, of what need and age and where, will need a specialist place, and how sure."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.kind_names import kind_within, names_in_use
from placeplan.county.settings import DEFAULT_SOURCES
from placeplan.errors import UsageError
from placeplan.models.cohort_parts import Futures
from placeplan.models.cohorts import CohortDraws, simulate
from placeplan.models.scores import BAND_80
from placeplan.need.backtest import DRAWS as BACKTEST_DRAWS
from placeplan.need.backtest import MOST_AHEAD, TOTAL, backtest_rows, published_counts, scores_of, trust_table
from placeplan.need.counts import cube_of, total_series
from placeplan.need.demand import DEMAND_KINDS, DemandCounts, demand_counts, demand_rows
from placeplan.need.fit import NeedFit, fit_need
from placeplan.need.futures import draw_futures
from placeplan.need.people import people_ahead
from placeplan.need.place_size import place_sizes
from placeplan.need.scenarios import scenario_names, with_scenario
from placeplan.need.tables import bands_of, need_table, plans_table, scap_table, states_table, totals_table
from placeplan.studies.forecast_answers import Forecast, warnings_of
from placeplan.synthetic import generator

__all__ = ["can_forecast", "forecast_need"]

SCENARIO_DRAWS: Final = 200
"""Draws in which scenarios are compared, each with the same parameters as without it."""

SIZE_AHEAD: Final = 5
"""Years ahead for which the size of provision is worked out."""

HISTORY: Final = 15


def can_forecast(county: County, *, as_of: int | None = None) -> bool:
    """Whether the plans of the present year, or of ``as_of``, are known, from the table plans or children."""
    start = county.settings.year if as_of is None else as_of
    known = start in total_series(county, "stock", until=start).index
    return known or (start == county.settings.year and not county.children.empty)


def forecast_need(
    county: County,
    *,
    years: int | None = None,
    draws: int | None = None,
    seed: int | None = None,
    as_of: int | None = None,
    scenarios: Iterable[str] | None = None,
    backtests: bool = True,
    peers: bool = True,
) -> Forecast:
    """Forecast a county's need for ``years`` years in ``draws`` whole futures.

    What is not given is as county.toml says. ``as_of``: an academic year to forecast from with only what was known
    then; the table ``as_of`` has what came since. ``need.scenarios``: those to compare; all in the table unless
    named. ``backtests``: without them nothing says how far to trust the bands, and the warnings say so. ``peers``:
    whether simple methods and frozen rates are tested beside it.

    Raises ``UsageError`` for a year without plans, a scenario that is not in the table, or numbers out of bounds.
    """
    settings = county.settings.forecast
    ahead, number = years or settings.years, draws or settings.draws
    start, seed = as_of if as_of is not None else county.settings.year, county.settings.seed if seed is None else seed
    if not 1 <= ahead <= 25 or not 2 <= number <= 10_000:
        raise UsageError(f"{ahead} years and {number} draws: expected 1 to 25 years and 2 to 10,000 draws")
    if start > county.settings.year:
        raise UsageError(f"as of {start}: expected {county.settings.year} or before")
    cube = cube_of(county)
    stock = total_series(county, "stock", until=start)
    if not can_forecast(county, as_of=start):
        found = ", ".join(str(year) for year in stock.index) or "none"
        raise UsageError(f"{county.name} has no stock of plans for {start} in the table plans; years there: {found}")
    to_come = range(start + 1, start + 1 + ahead)
    earliest = min([start, *(int(str(year)) for year in stock.index)])
    people = people_ahead(county, cube, range(earliest, to_come.stop), known_until=start)
    fit = fit_need(county, cube, people, start)
    drawn = draw_futures(county, fit, years=to_come, draws=number, seed=seed)
    futures = simulate(fit.cohort, drawn.futures, start=start, stream=generator(seed, "children"))
    rows = demand_rows(county, cube, fit.base)
    counts = {
        year: demand_counts(futures, cube, year, rows, generator(seed, f"demand {year}")) for year in (start, *to_come)
    }
    tested = (
        backtest_rows(
            county,
            cube,
            until=start,
            seed=seed,
            draws=min(BACKTEST_DRAWS, number),
            horizon=min(MOST_AHEAD, ahead),
            peers=peers,
        )
        if backtests
        else pd.DataFrame()
    )
    trust = trust_table(tested, ahead) if backtests else _untested(ahead)
    tables = {
        "need": need_table(counts, cube),
        "totals": totals_table(counts, cube),
        "plans": plans_table(county, futures, start, start - HISTORY),
        "states": states_table(counts, rows, futures, [start, to_come[min(SIZE_AHEAD, ahead) - 1]]),
        "scap": scap_table(futures, cube, rows, start, to_come),
        "size": place_sizes(
            county, cube, counts[to_come[min(SIZE_AHEAD, ahead) - 1]], to_come[min(SIZE_AHEAD, ahead) - 1]
        ),
        "scenarios": _compared(county, fit, drawn.futures, seed=seed, names=scenarios),
        "backtest": scores_of(tested) if backtests else pd.DataFrame(),
        "trust": trust,
        "notes": pd.DataFrame(
            [*fit.notes, *drawn.notes, *_settings_notes(county)], columns=["subject", "value", "source"], dtype="str"
        ),
    }
    if start < county.settings.year:
        tables["as_of"] = _what_came(county, futures, start)
    return Forecast(
        county=county,
        start=start,
        years=(start, *to_come),
        seed=seed,
        fit=fit,
        rows=rows,
        draws=futures,
        cease_shift=drawn.futures.cease_shift,
        tables={name: table for name, table in tables.items() if len(table)},
        warnings=warnings_of(trust, start),
    )


def _settings_notes(county: County) -> list[tuple[str, str, str]]:
    """What county.toml, or a default, says of the forecast: the ceiling, declared breaks and policies, and capital."""
    settings, stated = county.settings.forecast, county.settings.stated
    with names_in_use(county.settings.names):
        capital = ", ".join(f"{kind_within(kind)} £{pounds:,.0f}" for kind, pounds in settings.capital_by_kind.items())

    def source(key: str) -> str:
        return "county.toml" if f"forecast.{key}" in stated else DEFAULT_SOURCES[f"forecast.{key}"]

    notes = [
        (
            "The most children of an age who are ever given a plan",
            f"{settings.ceiling_share:.0%}",
            source("ceiling_share"),
        ),
        (
            "Capital of a new place",
            f"{capital}; paid back over {settings.capital_years} years at {settings.discount:.1%}",
            source("capital_by_kind"),
        ),
    ]
    notes += [(f"Counted otherwise from {one.year} on", one.measure, one.source) for one in settings.breaks]
    for policy in settings.policies:
        until = "on" if policy.last_year is None else f"to {policy.last_year}"
        value = f"{policy.effect:.0%} ({policy.low:.0%} to {policy.high:.0%}) of new plans fewer"
        notes.append((f"{policy.name}, from {policy.first_year} {until}", value, policy.source))
    return notes


def _untested(ahead: int) -> pd.DataFrame:
    rows = [(year, 0, float("nan"), "untested") for year in range(1, ahead + 1)]
    return pd.DataFrame(rows, columns=["horizon", "origins", "covered_80", "trust"])


def _compared(
    county: County, fit: NeedFit, futures: Futures, *, seed: int, names: Iterable[str] | None
) -> pd.DataFrame:
    """Scenarios side by side: need by year and kind without and with each, and the difference with its 80% range."""
    known = scenario_names(county)
    chosen = known if names is None else list(names)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise UsageError(
            f"scenarios {', '.join(unknown)}: expected some of {', '.join(known) or '(the table has none)'}"
        )
    if not chosen:
        return pd.DataFrame()
    fewer = _first(futures, SCENARIO_DRAWS)
    rows = demand_rows(county, fit.cube, fit.base)

    def by_kind(one: Futures) -> tuple[CohortDraws, dict[int, DemandCounts]]:
        draws = simulate(fit.cohort, one, start=fit.year, stream=generator(seed, "scenarios"))
        return draws, {
            year: demand_counts(draws, fit.cube, year, rows, generator(seed, f"demand {year}")) for year in one.years
        }

    _, before = by_kind(fewer)
    made = []
    for name in chosen:
        _, after = by_kind(with_scenario(county, fit, fewer, name, seed=seed))
        for year in fewer.years:
            for place, kind in enumerate([*DEMAND_KINDS, "all"]):
                without, there = (_of_kind(counts[year], place) for counts in (before, after))
                difference = there - without
                low, high = np.quantile(difference, BAND_80)
                made.append((name, year, kind, without.mean(), there.mean(), difference.mean(), low, high))
    columns = [
        "scenario",
        "year",
        "kind",
        "without",
        "with_scenario",
        "difference",
        "difference_low",
        "difference_high",
    ]
    return pd.DataFrame(made, columns=columns)


def _of_kind(counts: DemandCounts, place: int) -> NDArray[np.int64]:
    chosen = counts.by_kind if place == len(DEMAND_KINDS) else counts.by_kind[..., place : place + 1]
    children: NDArray[np.int64] = chosen.sum(axis=(1, 2, 3, 4))
    return children


def _first(futures: Futures, draws: int) -> Futures:
    """The futures with the first draws alone."""
    kept = {name: getattr(futures, name)[:draws] for name in ("level", "relative", "cease_shift")}
    totals = None if futures.totals is None else futures.totals[:draws]
    return replace(futures, **kept, totals=totals)


def _what_came(county: County, draws: CohortDraws, start: int) -> pd.DataFrame:
    """What was forecast as of a past year beside what was published since: series, year, came and bands."""
    cube = cube_of(county)
    totals = total_series(county, "stock", until=county.settings.year)
    made = []
    for year in draws.years:
        if year == start:
            continue
        for margin in published_counts(county, cube, totals, year):
            bands = bands_of(draws.counts(year, margin.part, size=len(margin.values)))
            made += [
                (
                    "all plans" if margin.name == TOTAL else f"{margin.name} {place}",
                    year,
                    float(came),
                    *(float(value[place]) for value in bands.values()),
                )
                for place, came in enumerate(margin.values)
                if not np.isnan(came)
            ]
    names = list(bands_of(np.zeros((2, 1))))
    table = pd.DataFrame(made, columns=["series", "year", "came", *names])
    return table.assign(within_95=(table["came"] >= table["low_95"]) & (table["came"] <= table["high_95"]))
