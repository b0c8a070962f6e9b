"""The answer over years, and what a run carries of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from placeplan.county.county import County
from placeplan.models.allocate_years import StayPlacement
from placeplan.studies.forecast_answers import Forecast, forecast_facts
from placeplan.verify import Verification
from placeplan.years_problem import YearsProblem

__all__ = ["YearsAllocation", "YearsProof", "years_facts"]


@dataclass(frozen=True, slots=True)
class YearsProof:
    """How good an answer over years is known to be, and that it was checked.

    ``status`` is ``optimal`` or ``feasible`` (not proven). ``objective`` and its proven lower ``bound`` are pounds of
    those placed anew, fees, transport and declared penalties, discounted to the first year. ``prices``: unit, year and
    the largest saving that one more place in that year could bring.
    """

    status: str
    objective: float
    bound: float
    solver: str
    prices: pd.DataFrame = field(repr=False)
    verification: Verification


@dataclass(frozen=True, slots=True)
class YearsAllocation:
    """A forecast's children placed over years, verified.

    ``tables``: years (a row a year: children and how they stand, pounds of that year, journeys), years_costs (by line
    and fund), years_penalties, years_use (units), years_gap (locality, need, phase), years_prices (unit and year),
    years_lasting (what a place there in every year would save, solved again) and years_proof. ``label`` says of which
    draws it is.
    ``net_present_pounds``: the cash of all years, discounted to the first. ``warnings``: what the forecast's backtests
    say of its bands.
    """

    years: tuple[int, ...]
    label: str
    county: County = field(repr=False)
    forecast: Forecast = field(repr=False)
    problem: YearsProblem = field(repr=False)
    placement: StayPlacement = field(repr=False)
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    proof: YearsProof
    net_present_pounds: float
    travel_method: str
    spot_purchase: bool
    warnings: tuple[str, ...]


def years_facts(answer: YearsAllocation) -> dict[str, Any]:
    """What run.json says of an answer over years, the forecast's warnings among it."""
    return {
        **forecast_facts(answer.forecast),
        "years": [answer.years[0], answer.years[-1]],
        "years_need": answer.label,
        "years_discount": answer.county.settings.forecast.discount,
    }
