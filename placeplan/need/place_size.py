"""How many places of a kind to have: the size beyond which one more stops paying for itself.

A place that is there costs ``f`` a year whether it is filled or not; a child without one costs ``s`` more a year than
in it. One more place pays for itself as long as it is filled in more than f/s of the futures: the best size is the
quantile (s - f)/s of demand (the newsvendor's critical ratio; Arrow, Harris and Marschak 1951). Where s <= f no place
pays for itself.
"""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.costs import spot_rows, top_up_lines, transport_pounds
from placeplan.county.county import County
from placeplan.county.settings import KindCost
from placeplan.county.vocabulary import COMMISSIONED_KINDS, OUT_OF_COUNTY, phase_of
from placeplan.models.scores import BAND_80
from placeplan.need.counts import NEED_AXIS, Cube
from placeplan.need.demand import DEMAND_KINDS, PHASE_AXIS, DemandCounts
from placeplan.provision import units_open
from placeplan.run_tables import ALL

__all__ = ["annual_capital", "critical_ratio", "place_sizes"]

WINDING: Final = 1.3
"""Roads over straight lines, for the journeys of those who are in a place of the kind now."""


def annual_capital(pounds: float, years: int, discount: float) -> float:
    """The yearly sum that pays ``pounds`` back over ``years`` at ``discount`` a year (equivalent annual cost).

    >>> round(annual_capital(37_000, 25, 0.035), 2), annual_capital(100.0, 4, 0.0)
    (2244.94, 25.0)
    """
    if discount == 0.0:
        return pounds / years
    return pounds * discount / (1.0 - (1.0 + discount) ** -years)


def critical_ratio(saving: float, fixed: float) -> float:
    """(s - f)/s; NaN where a place never pays for itself.

    >>> critical_ratio(40_000.0, 10_000.0), critical_ratio(8_000.0, 10_000.0)
    (0.75, nan)
    """
    return (saving - fixed) / saving if saving > fixed else float("nan")


def place_sizes(county: County, cube: Cube, counts: DemandCounts, year: int) -> pd.DataFrame:
    """For each commissioned kind, for the county and by locality, with existing and with new places.

    Columns locality, kind, new (whether the place has to be built), independent (fee and transport), local (top-up and
    transport, less what is not due for a filled place), fixed, capital (pounds a child or place a year), ratio, median,
    size (NaN where a place does not pay) and places now.
    """
    rows = []
    units = units_open(county, year)
    for kind in [kind for kind in DEMAND_KINDS if kind in COMMISSIONED_KINDS]:
        demand = counts.by_kind[..., DEMAND_KINDS.index(kind)]
        independent, local = _costs(county, kind, demand)
        cost = county.settings.places.get(kind, KindCost(0.0))
        forecast = county.settings.forecast
        capital = annual_capital(forecast.capital_by_kind.get(kind, 0.0), forecast.capital_years, forecast.discount)
        if not np.isfinite(local):
            continue
        for new in (False, True):
            fixed = cost.fixed_cost + (capital if new else 0.0)
            ratio = critical_ratio(independent - local, fixed)
            for place, name in enumerate([ALL, *cube.localities]):
                here = demand.sum(axis=(1, 2, 3)) if name == ALL else demand[:, place - 1].sum(axis=(1, 2))
                size = float(np.ceil(np.quantile(here, ratio))) if np.isfinite(ratio) else float("nan")
                middle, high = (float(value) for value in np.quantile(here, (0.5, BAND_80[1])))
                pounds = (independent, local, cost.fixed_cost, capital if new else 0.0)
                places = _places(units, kind, name)
                rows.append((year, name, kind, new, *pounds, ratio, middle, high, size, places))
    columns = [
        "year",
        "locality",
        "kind",
        "new",
        "independent_pounds",
        "local_pounds",
        "fixed_pounds",
        "capital_pounds",
    ]
    return pd.DataFrame(rows, columns=[*columns, "ratio", "median", "high_80", "size", "places_then"])


def _costs(county: County, kind: str, demand: NDArray[np.int64]) -> tuple[float, float]:
    """Pounds a year of a child in an independent place, and in a local one of the kind."""
    phases = demand.sum(axis=(0, 1, 2)).astype(float)
    needs = demand.sum(axis=(0, 1, 3)).astype(float)
    if not phases.sum():
        return float("nan"), float("nan")
    need = str(pd.Series(needs, index=list(NEED_AXIS)).idxmax())
    about = pd.DataFrame({"need": need, "phase": list(PHASE_AXIS)})
    spot = spot_rows(county, about["need"], about["phase"])
    bought = about[["phase"]].join(spot).assign(kind="independent_special")
    independent = spot["pounds"].to_numpy(float) + transport_pounds(county, bought)
    local = _local(county, kind)
    return float(independent @ phases / phases.sum()), local


def _local(county: County, kind: str) -> float:
    """Mean top-up and transport of the county's children in its own units of the kind now, less the filled discount."""
    units = county.units.drop_duplicates("unit").set_index("unit")
    sites = county.sites.set_index("site")
    inside = units["kind"].eq(kind) & units["site"].map(sites["locality"]).ne(OUT_OF_COUNTY)
    there = county.children[county.children["unit"].isin(units.index[inside])]
    if there.empty:
        return float("nan")
    rows = pd.DataFrame(
        {
            "unit": there["unit"].astype(str).to_numpy(),
            "kind": kind,
            "need": there["need"].astype(str).to_numpy(),
            "band": there["band"].fillna("").astype(str).to_numpy(),
            "phase": [phase_of(int(year_group)) for year_group in there["year_group"]],
            "residential": False,
        }
    )
    fees = top_up_lines(county, rows[["unit", "kind", "need", "band"]].drop_duplicates())
    totals = fees.groupby(["unit", "need", "band"])["pounds"].sum().rename("fee")
    rows = rows.join(totals, on=["unit", "need", "band"])
    zones = county.zones.set_index("zone").loc[there["zone"], ["easting", "northing"]].to_numpy(float)
    site = units.loc[there["unit"], "site"]
    ends = sites.loc[site, ["easting", "northing"]].to_numpy(float)
    rows["km"] = np.hypot(*(zones - ends).T) / 1000.0 * WINDING
    discount = county.settings.places.get(kind, KindCost(0.0)).filled_discount
    return float(rows["fee"].mean() + transport_pounds(county, rows).mean() - discount)


def _places(units: pd.DataFrame, kind: str, locality: str) -> float:
    """Room for the county's own children in its units of the kind."""
    here = units["kind"].eq(kind) & units["in_county"]
    if locality != ALL:
        here &= units["locality"].eq(locality)
    return float(units.loc[here, "room"].replace(np.inf, np.nan).sum())
