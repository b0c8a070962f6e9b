"""Which child may go to which unit, and at what cost: where travel times meet the placement problem."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.cohort import accepts, cohort, question_year
from placeplan.costs import minutes_penalty, spot_rows, top_up_lines, transport_pounds
from placeplan.county.county import County
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.models.placement import PlacementProblem, placement_problem
from placeplan.provision import needs_met, units_open

__all__ = ["CountyProblem", "county_problem"]

PLACED_COLUMNS: Final = ["child", "unit", "minutes", "km", "fee", "transport", "minutes_penalty", "residential", "line"]


@dataclass(frozen=True, slots=True)
class CountyProblem:
    """A question about a county, stated as a placement problem.

    ``units``: as ``units_open``, the spot purchase included. ``children``: as ``cohort``. ``held``: the children
    who stay, and ``choices``: every unit that each child to be placed could go to; both with child, unit,
    minutes and km (one way; missing where the journey is not known), fee (top-up or fee, all funds),
    transport, minutes_penalty, residential, line. ``fees``: unit, need, band, fund, pounds (the spot
    purchase is not in it: its fee, from the high needs block, goes by need and phase).
    ``unreachable``: children to be placed x units that would suit but cannot be reached, by unit.
    """

    question: str
    year: int
    units: pd.DataFrame = field(repr=False)
    children: pd.DataFrame = field(repr=False)
    held: pd.DataFrame = field(repr=False)
    choices: pd.DataFrame = field(repr=False)
    fees: pd.DataFrame = field(repr=False)
    unreachable: pd.Series = field(repr=False)
    placement: PlacementProblem = field(repr=False)


def county_problem(county: County, travel: TravelTimes, question: str, *, spot_purchase: bool = True) -> CountyProblem:
    """State one of the three questions (``today``, ``september``, ``afresh``).

    A pair is possible where the plan suits the unit's kind and model, the unit takes the need and the year
    group and is open, and the site can be reached. A preferred unit that is possible is put before cost.
    Raises ``InputError`` where a cost is missing.
    """
    year = question_year(county, question)
    children = cohort(county, question)
    stays = children[children["status"] == "stays"]
    free = children[children["status"] == "free"]
    held = pd.DataFrame({"child": stays.index, "unit": stays["unit"].to_numpy()})
    pairs = _suitable(free, units_open(county, year))
    units = units_open(county, year, in_use=held["unit"].unique())
    held, choices = (_journeys(travel, units, children, rows) for rows in (held, pairs))
    reached = choices["minutes"].notna()
    unreachable = choices.loc[~reached, "unit"].value_counts().sort_index()
    choices = choices[reached]
    known = pd.concat([held, choices], ignore_index=True)
    fees = top_up_lines(county, known[["unit", "kind", "need", "band"]].drop_duplicates())
    held, choices = (_costs(county, rows, fees) for rows in (held, choices))
    if spot_purchase:
        choices = pd.concat([choices, _spot_purchase(county, free)], ignore_index=True)
        units = pd.concat([units, _spot_unit(units)])
    choices = choices.sort_values(["child", "unit"], ignore_index=True)
    return CountyProblem(
        question=question,
        year=year,
        units=units,
        children=children,
        held=held[PLACED_COLUMNS],
        choices=choices[PLACED_COLUMNS],
        fees=fees,
        unreachable=unreachable,
        placement=_placement(county, units, free, held, choices),
    )


def _suitable(free: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Every child to be placed x unit that the plan suits and that takes the need and year group."""
    needs, years, suits = free["need"].to_numpy(), free["year_group"].to_numpy(), free["suits"].to_numpy()
    parts = []
    for unit in units.itertuples():
        takes = needs_met(str(unit.needs))
        fits = np.isin(needs, list(takes)) & (years >= unit.from_year_group) & (years <= unit.to_year_group)
        at = [i for i in np.flatnonzero(fits) if accepts(suits[i], str(unit.kind), str(unit.model))]
        parts.append(pd.DataFrame({"child": free.index.take(at), "unit": unit.Index}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"child": [], "unit": []}, dtype="str")


def _journeys(travel: TravelTimes, units: pd.DataFrame, children: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    about = children[["zone", "need", "band", "phase", "prefers"]]
    rows = rows.join(about, on="child").join(
        units[["site", "kind", "residential", "line", "filled_discount"]], on="unit"
    )
    minutes, km = travel.lookup(rows["zone"], rows["site"])
    # Tenths, as they are written: what is read back gives the same transport to the penny.
    return rows.assign(minutes=_tenths(minutes), km=_tenths(km))


def _tenths(numbers: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.where(np.isfinite(numbers), np.round(numbers.astype(float), 1), np.nan)


def _costs(county: County, rows: pd.DataFrame, fees: pd.DataFrame) -> pd.DataFrame:
    totals = fees.groupby(["unit", "need", "band"])["pounds"].sum().rename("fee").round(2)
    rows = rows.join(totals, on=["unit", "need", "band"])
    return rows.assign(
        transport=transport_pounds(county, rows),
        minutes_penalty=minutes_penalty(county, rows["minutes"].to_numpy(float), rows["residential"].to_numpy(bool)),
    )


def _spot_purchase(county: County, free: pd.DataFrame) -> pd.DataFrame:
    spot = spot_rows(county, free["need"], free["phase"])
    rows = free[["need", "band", "phase", "prefers"]].join(spot).rename(columns={"pounds": "fee"})
    rows = rows.assign(
        child=free.index, unit=SPOT_PURCHASE, kind="independent_special", filled_discount=0.0
    ).reset_index(drop=True)
    line = rows["residential"].map({True: "independent_residential", False: "independent_day"})
    rows = rows.assign(line=line, transport=transport_pounds(county, rows))
    penalty = minutes_penalty(county, rows["minutes"].to_numpy(float), rows["residential"].to_numpy(bool))
    return rows.assign(minutes_penalty=penalty)


def _spot_unit(units: pd.DataFrame) -> pd.DataFrame:
    row = {
        "site": SPOT_PURCHASE,
        "site_name": "Independent place bought for one child",
        "locality": "out_of_county",
        "in_county": False,
        "kind": "independent_special",
        "model": "",
        "national": "",
        "needs": "any",
        "from_year_group": -4,
        "to_year_group": 21,
        "places": np.nan,
        "other_authorities": 0.0,
        "room": np.inf,
        "ceiling_room": np.inf,
        "fixed_cost": 0.0,
        "filled_discount": 0.0,
        "residential": False,
        "more_places": np.nan,
        "line": "independent_day",
    }
    return pd.DataFrame([row], index=pd.Index([SPOT_PURCHASE], name=units.index.name))


def _placement(
    county: County, units: pd.DataFrame, free: pd.DataFrame, held: pd.DataFrame, choices: pd.DataFrame
) -> PlacementProblem:
    counts = held["unit"].value_counts().reindex(units.index, fill_value=0).astype(float)
    possible = set(zip(choices["child"], choices["unit"], strict=True))
    granted = [p != "" and (c, p) in possible for c, p in zip(choices["child"], choices["prefers"], strict=True)]
    cost = choices["fee"] + choices["transport"] + choices["minutes_penalty"] - choices["filled_discount"]
    return placement_problem(
        groups=pd.DataFrame({"children": 1.0}, index=pd.Index(free.index, name="group")),
        units=pd.DataFrame({"places": units["room"], "held": counts}),
        bands=_bands(county, units, counts),
        pairs=pd.DataFrame(
            {
                "group": choices["child"],
                "unit": choices["unit"],
                "cost": cost.round(2),
                "minutes": choices["minutes"],
                "against_preference": np.array(granted, bool) & (choices["prefers"] != choices["unit"]).to_numpy(bool),
            }
        ),
    )


def _bands(county: County, units: pd.DataFrame, held: pd.Series) -> pd.DataFrame:
    """Overfill bands up to the ceiling, each at the place's cost plus its penalty.

    Children who stay above the ceiling get a band of their own at the last price: a breach that today's placements
    make cannot grow, and newcomers have no part in it.
    """
    limits = county.settings.overfill.bands
    bands = []
    for unit in units[np.isfinite(units["room"])].itertuples():
        extra = unit.ceiling_room - unit.room
        ends = [np.floor(extra * band.share + 0.5) for band in limits]
        cash = unit.fixed_cost if unit.in_county else 0.0
        prices = [cash + (band.penalty if unit.in_county else 0.0) for band in limits]
        widths = np.diff([0.0, *ends])
        bands += [(unit.Index, k, widths[k], prices[k]) for k in range(len(limits)) if widths[k] > 0]
        breach = held[unit.Index] - unit.room - ends[-1]
        if breach > 0:
            bands.append((unit.Index, len(limits), breach, prices[-1]))
    return pd.DataFrame(bands, columns=["unit", "band", "width", "price"])
