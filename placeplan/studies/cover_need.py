"""Measure the coverage of a forecast year's need: the mean of several draws, by the units that are open then."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from placeplan.county.county import County
from placeplan.county.vocabulary import YEAR_GROUPS
from placeplan.geo.travel import TravelTimes
from placeplan.need.handover import mean_of
from placeplan.studies.coverage_answers import Coverage
from placeplan.studies.forecast_answers import Forecast
from placeplan.studies.measure_coverage import LIMITS, measure_coverage

__all__ = ["county_before", "cover_need"]


def county_before(county: County, year: int) -> County:
    """The county as of the January before an academic year, whose September is then the question."""
    return replace(county, settings=replace(county.settings, as_of=dt.date(year, 1, 16)))


def cover_need(
    county: County,
    travel: TravelTimes,
    forecast: Forecast,
    year: int,
    *,
    draws: Iterable[int] = range(10),
    limits: Iterable[float] = LIMITS,
) -> Coverage:
    """Who of those who will need a place in ``year`` can reach one: expected counts, the mean of ``draws``.

    What the forecast's backtests say of its bands stands in ``need_label``. Raises ``UsageError`` for a draw or year
    that the forecast does not have.
    """
    need = mean_of(list(forecast.several(draws, year).values()))
    frame = need.frame()
    # Nobody below the first year group is a child of the contract; nobody of that age is placed.
    known = frame[frame["year_group"] >= min(YEAR_GROUPS)]
    answer = measure_coverage(county_before(county, year), travel, need=known, limits=limits)
    label = " ".join([f"forecast for {year}, {need.label}.", *forecast.warnings])
    return replace(answer, need_label=label)
