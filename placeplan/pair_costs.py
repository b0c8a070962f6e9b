"""Who could go to which unit of a year, how far it is, and what a year there costs.

People are a frame with a named index (a child, or people alike) and the columns zone, need, band ("" for none),
year_group, phase and suits (a tuple of ``kind``, ``kind:model`` or ``kind:none``); units are as ``units_open`` gives
them. Pairs have a column by the name of that index, and unit.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.cohort import accepts
from placeplan.costs import minutes_penalty, spot_rows, transport_pounds
from placeplan.county.county import County
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.provision import needs_met

__all__ = ["journeys", "priced", "spot_pairs", "suitable"]


def suitable(people: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Every one x unit that the plan suits and that takes the need and year group."""
    needs, years = people["need"].to_numpy(), people["year_group"].to_numpy()
    at_suits, suits = pd.factorize(people["suits"])
    parts = []
    for unit in units.itertuples():
        takes = np.isin(needs, list(needs_met(str(unit.needs))))
        ages = (years >= unit.from_year_group) & (years <= unit.to_year_group)
        meets = np.array([accepts(one, str(unit.kind), str(unit.model)) for one in suits], dtype=bool)
        at = np.flatnonzero(takes & ages & meets[at_suits]) if len(people) else np.zeros(0, dtype=np.int64)
        parts.append(pd.DataFrame({people.index.name: people.index.take(at), "unit": unit.Index}))
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({people.index.name: [], "unit": []}, dtype="str")
    )


def journeys(travel: TravelTimes, units: pd.DataFrame, about: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs with what is known of both, and minutes and km in tenths; missing where the site is not reached.

    ``about``: what is to be told of the people, their zone among it.
    """
    rows = pairs.join(about, on=str(about.index.name))
    rows = rows.join(units[["site", "kind", "residential", "line", "filled_discount"]], on="unit")
    minutes, km = travel.lookup(rows["zone"], rows["site"])
    # Tenths, as they are written: what is read back gives the same transport to the penny.
    return rows.assign(minutes=_tenths(minutes), km=_tenths(km))


def priced(county: County, rows: pd.DataFrame, fees: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``journeys`` with fee (top-up or fee, all funds), transport and minutes_penalty.

    ``fees``: unit, need, band, fund, pounds.
    """
    totals = fees.groupby(["unit", "need", "band"])["pounds"].sum().astype(float).rename("fee").round(2)
    return _travelled(county, rows.join(totals, on=["unit", "need", "band"]))


def spot_pairs(county: County, about: pd.DataFrame) -> pd.DataFrame:
    """The independent place that could be bought for each one, as ``priced``; ``about`` has need and phase."""
    rows = about.join(spot_rows(county, about["need"], about["phase"])).rename(columns={"pounds": "fee"}).reset_index()
    line = rows["residential"].map({True: "independent_residential", False: "independent_day"})
    rows = rows.assign(unit=SPOT_PURCHASE, kind="independent_special", filled_discount=0.0, line=line)
    return _travelled(county, rows)


def _travelled(county: County, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(
        transport=transport_pounds(county, rows),
        minutes_penalty=minutes_penalty(county, rows["minutes"].to_numpy(float), rows["residential"].to_numpy(bool)),
    )


def _tenths(numbers: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.where(np.isfinite(numbers), np.round(numbers.astype(float), 1), np.nan)
