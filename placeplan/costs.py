"""What a placement costs: top-ups and fees by fund, transport, priced minutes, and the spot purchase.

All figures are pounds a year in the county's price year, rounded to the penny as they are made.
"""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.settings import EntitledShare, SpotPurchase
from placeplan.county.vocabulary import NOT_CARRIED_KINDS, PHASES, SPOT_PURCHASE
from placeplan.errors import Fault, InputError
from placeplan.geo.travel import TravelTimes

__all__ = [
    "KnownJourneys",
    "known_journeys",
    "minutes_penalty",
    "spending_by_fund",
    "spot_rows",
    "top_up_lines",
    "transport_pounds",
]


def top_up_lines(county: County, combinations: pd.DataFrame) -> pd.DataFrame:
    """What a child costs in a unit, by fund: top-ups, or an independent place's fee.

    ``combinations``: columns unit, kind, need, band ("" for none), one row each. Returns them with fund and
    pounds, a row a fund. In each fund the most specific row of the top_ups table counts: a unit before a
    kind, then the more of need and band given. Raises ``InputError`` where two equally specific rows match
    or none does: a missing cost is never nought.
    """
    whom = ["unit", "kind", "need", "band"]
    stated = county.top_ups.fillna(dict.fromkeys(whom, "")).to_dict("records")
    rows_of: dict[tuple[str, str], list[dict[Hashable, Any]]] = defaultdict(list)
    for row in stated:
        rows_of[row["unit"], row["kind"]].append(row)
    lines, faults = [], []
    for unit, kind, need, band in combinations[whom].itertuples(index=False, name=None):
        best = _most_specific([*rows_of[unit, ""], *rows_of["", kind]], need, band)
        value = f"{unit} ({kind}), need {need}, band {band or 'none'}"
        if not best:
            faults.append(Fault("top_ups", "", "pounds", value, "a row for this unit or kind"))
        for fund, (_, pounds) in best.items():
            if len(pounds) > 1:
                faults.append(Fault("top_ups", "", "pounds", f"{value}, fund {fund}", "one most specific row"))
            lines.append((unit, need, band, fund, round(float(pounds[0]), 2)))
    if faults:
        raise InputError(faults)
    return pd.DataFrame(lines, columns=["unit", "need", "band", "fund", "pounds"])


def _most_specific(rows: list[dict[Hashable, Any]], need: str, band: str) -> dict[str, tuple[int, list[float]]]:
    """By fund, how specific the most specific rows are and their pounds: more than one where they are equal."""
    best: dict[str, tuple[int, list[float]]] = {}
    for row in rows:
        if row["need"] not in ("", need) or row["band"] not in ("", band):
            continue
        specific = 4 * (row["unit"] != "") + (row["need"] != "") + (row["band"] != "")
        found = best.get(row["fund"])
        if found is None or specific > found[0]:
            best[row["fund"]] = (specific, [row["pounds"]])
        elif specific == found[0]:
            found[1].append(row["pounds"])
    return best


def transport_pounds(county: County, pairs: pd.DataFrame) -> NDArray[np.float64]:
    """The yearly transport of each journey: share entitled x days x 2 x (charge + pounds per km x km) / riders.

    ``pairs``: columns kind, phase, km (one way), residential. A journey that is not known (``inf`` or
    missing) costs nothing here; whoever asks must say how many there are, and what bounds them (``known_journeys``).
    """
    costs = county.settings.transport
    km = pairs["km"].to_numpy(float)
    km = np.where(np.isfinite(km), km, 0.0)
    names = pairs["kind"].map(costs.vehicle_by_kind).fillna(costs.default_vehicle)
    vehicles = {name: costs.vehicles[name] for name in names.unique()}
    charge = names.map({n: v.charge for n, v in vehicles.items()}).to_numpy(float)
    per_km = names.map({n: v.pounds_per_km for n, v in vehicles.items()}).to_numpy(float)
    riders = names.map({n: v.riders for n, v in vehicles.items()}).to_numpy(float)
    days = np.where(pairs["residential"].to_numpy(bool), costs.residential_days, costs.days)
    pounds = _entitled(costs.entitled, pairs, km) * days * 2.0 * (charge + per_km * km) / riders
    known = np.isfinite(pairs["km"].to_numpy(float)) & ~pairs["kind"].isin(NOT_CARRIED_KINDS).to_numpy()
    return np.where(known, pounds, 0.0).round(2)


@dataclass(frozen=True, slots=True)
class KnownJourneys:
    """What bounds a journey that is not known: the transport of the dearest known journey, and the longest's minutes.

    Among the known are the journeys of bought places, and every kind of unit, phase and vehicle of the county.
    """

    dearest_pounds: float = 0.0
    longest_minutes: float = 0.0


def known_journeys(county: County, travel: TravelTimes) -> KnownJourneys:
    """The dearest and the longest of the journeys between a zone and a site that are known."""
    bought = county.settings.spot_purchase
    km, minutes = (
        np.unique(np.round(values[np.isfinite(values)].astype(float), 1)) for values in (travel.km, travel.minutes)
    )
    lengths = np.unique(np.concatenate([km, [row.km for row in bought]]))
    kinds = sorted({*county.units["kind"], "independent_special"} - {*NOT_CARRIED_KINDS})
    dearest = 0.0
    for kind, phase, residential in product(kinds, PHASES, (False, True)):
        pairs = pd.DataFrame({"kind": kind, "phase": phase, "km": lengths, "residential": residential})
        dearest = max(dearest, float(transport_pounds(county, pairs).max()))
    return KnownJourneys(dearest, float(max([*minutes[-1:], *(row.minutes for row in bought)])))


def minutes_penalty(
    county: County, minutes: NDArray[np.float64], residential: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The declared price of a child's yearly minutes, in pounds; nought unless ``[objective]`` asks for one."""
    costs = county.settings.transport
    days = np.where(residential, costs.residential_days, costs.days)
    known = np.where(np.isfinite(minutes), minutes, 0.0)
    return (county.settings.objective.pounds_per_child_hour * known / 60.0 * 2.0 * days).round(2)


def spot_rows(county: County, needs: pd.Series, phases: pd.Series) -> pd.DataFrame:
    """The spot purchase that each child could always be given: columns pounds, km, minutes, residential.

    The row of ``[[spot_purchase]]`` with the most of need and phase given counts; between equals the
    cheaper. Raises ``InputError`` where no row serves a need and phase.
    """
    chosen: dict[tuple[str, str], SpotPurchase] = {}
    faults = []
    for need, phase in sorted(set(zip(needs, phases, strict=True))):
        rows = [r for r in county.settings.spot_purchase if r.need in (None, need) and r.phase in (None, phase)]
        if rows:
            chosen[need, phase] = min(rows, key=lambda r: (-(r.need is not None) - (r.phase is not None), r.pounds))
        else:
            value = f"need {need}, phase {phase}"
            faults.append(Fault("county.toml", "", "spot_purchase", value, "a row that serves every need and phase"))
    if faults:
        raise InputError(faults)
    rows = [chosen[pair] for pair in zip(needs, phases, strict=True)]
    return pd.DataFrame(
        {
            "pounds": [round(r.pounds, 2) for r in rows],
            "km": [r.km for r in rows],
            "minutes": [r.minutes for r in rows],
            "residential": pd.Series([r.residential for r in rows], dtype=bool),
        }
    ).set_index(needs.index)


def spending_by_fund(
    units: pd.DataFrame,
    placed: pd.DataFrame,
    fees: pd.DataFrame,
    *,
    known: KnownJourneys,
    with_overfill: bool = True,
) -> dict[str, float]:
    """A year's spending by fund, for budgets: fees and top-ups, transport (general fund), places (high needs block).

    ``placed``: a row a child with unit, need, band, minutes, fee and transport; ``fees``: unit, need, band, fund,
    pounds. A journey that is not known counts as the dearest ``known``, since a budget needs a number. Places: fixed
    cost of each stated one less the discount for each child, and without ``with_overfill`` no fixed cost for children
    above places.
    """
    paid = placed.merge(fees, on=["unit", "need", "band"])
    spent = paid.groupby("fund")["pounds"].sum().to_dict()
    bought = float(placed.loc[placed["unit"] == SPOT_PURCHASE, "fee"].sum())
    count = placed["unit"].value_counts().reindex(units.index, fill_value=0).astype(float)
    places = units["places"].fillna(0.0).where(units["in_county"], units["room"].where(units["places"].notna(), 0.0))
    filled = count + units["other_authorities"].where(units["in_county"], 0.0)
    over = (count - units["room"]).clip(lower=0.0).where(units["in_county"] & np.isfinite(units["room"]), 0.0)
    fixed = units["fixed_cost"] * (places + (over if with_overfill else 0.0)) - units["filled_discount"] * filled
    spent["high_needs"] = spent.get("high_needs", 0.0) + bought + float(fixed.sum())
    unknown = (
        placed["minutes"].isna() & ~placed["unit"].map(units["kind"]).isin(NOT_CARRIED_KINDS) & (placed["unit"] != "")
    )
    carried = float(placed["transport"].sum()) + known.dearest_pounds * int(unknown.sum())
    spent["general"] = spent.get("general", 0.0) + carried
    return {str(fund): float(pounds) for fund, pounds in spent.items()}


def _entitled(shares: tuple[EntitledShare, ...], pairs: pd.DataFrame, km: NDArray[np.float64]) -> NDArray[np.float64]:
    kind, phase = pairs["kind"].to_numpy(), pairs["phase"].to_numpy()
    share = np.zeros(len(pairs))
    for row in sorted(shares, key=lambda r: ((r.kind is not None) + (r.phase is not None), r.from_km)):
        fits = km >= row.from_km
        if row.kind is not None:
            fits &= kind == row.kind
        if row.phase is not None:
            fits &= phase == row.phase
        share = np.where(fits, row.share, share)
    return share
