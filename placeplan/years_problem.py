"""Who could stay where over years, and at what cost: a forecast's children and a county's units as a stay problem."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from placeplan.cohort import accepts
from placeplan.costs import KnownJourneys, known_journeys, top_up_lines
from placeplan.county.county import County
from placeplan.county.listed import split_list
from placeplan.county.vocabulary import SPOT_PURCHASE, YEAR_GROUPS, phase_of
from placeplan.geo.travel import TravelTimes
from placeplan.models.stays import StayProblem, stay_problem
from placeplan.need.entering import ALIKE
from placeplan.pair_costs import journeys, priced, spot_pairs, suitable
from placeplan.provision import units_open
from placeplan.rules import guidance, overfill

__all__ = ["YearsProblem", "discount_factors", "with_substitutes", "years_problem"]

PAIR_COLUMNS: Final = [
    "who",
    "unit",
    "minutes",
    "km",
    "fee",
    "transport",
    "minutes_penalty",
    "guidance_penalty",
    "filled_discount",
    "residential",
    "line",
]
"""One way; pounds a year; the fee is the top-up or fee of all funds, the discount what a filled place is paid less."""

ABOUT: Final = ["zone", "need", "band", "phase"]


@dataclass(frozen=True, slots=True)
class YearsProblem:
    """A county over years, stated as a stay problem.

    ``groups``: as ``named_groups``; ``shares``: groups x years. ``survivors``: year, child, unit, locality, zone, need,
    band, year_group, phase, children and the columns of a pair: who is still where it was before the first year.
    ``about``: group, year, locality, need, phase, for every year in which some of a group are left. ``pairs``: group,
    year and the columns of a pair, for every unit that the group could be in then. ``units`` and ``fees`` (unit, need,
    band, fund, pounds): by year. ``factors``: by year, what a pound of it is worth in the first. ``bands``: unit,
    year, band, width, price and cash (pounds of that year a child above places; the rest of the price is a declared
    penalty). ``penalties``: discounted pounds of priced journeys in each of the placement's stays.
    """

    years: tuple[int, ...]
    groups: pd.DataFrame = field(repr=False)
    shares: pd.DataFrame = field(repr=False)
    survivors: pd.DataFrame = field(repr=False)
    about: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    units: Mapping[int, pd.DataFrame] = field(repr=False)
    fees: Mapping[int, pd.DataFrame] = field(repr=False)
    factors: Mapping[int, float] = field(repr=False)
    bands: pd.DataFrame = field(repr=False)
    penalties: pd.Series = field(repr=False)
    placement: StayProblem = field(repr=False)
    known: KnownJourneys = field(default_factory=KnownJourneys)


def discount_factors(rate: float, years: tuple[int, ...]) -> dict[int, float]:
    """What a pound of each year is worth in the first.

    >>> discount_factors(0.25, (2025, 2026))
    {2025: 1.0, 2026: 0.8}
    """
    return {year: (1.0 + rate) ** -(year - years[0]) for year in years}


def with_substitutes(county: County, groups: pd.DataFrame) -> pd.DataFrame:
    """Groups of which the stated share suits a substitute kind too, by need and the phase of entry."""
    substitutes = county.substitutes.fillna({"from_model": "", "to_model": ""})
    for row in substitutes.to_dict("records"):
        fits = [
            need == row["need"]
            and phase_of(year_group) == row["phase"]
            and accepts(split_list(suits), row["from_kind"], row["from_model"])
            for need, year_group, suits in groups[["need", "year_group", "suits"]].itertuples(index=False, name=None)
        ]
        share = np.where(fits, float(row["share"]), 0.0)
        to = row["to_kind"] + (f":{row['to_model']}" if row["to_model"] else "")
        more = groups.assign(children=groups["children"] * share, suits=groups["suits"] + ";" + to)
        groups = pd.concat([groups.assign(children=groups["children"] * (1.0 - share)), more], ignore_index=True)
        groups = groups[groups["children"] > 0].groupby(ALIKE, as_index=False, sort=True)[["children"]].sum()
    return groups


def years_problem(
    county: County,
    travel: TravelTimes,
    groups: pd.DataFrame,
    shares: pd.DataFrame,
    survivors: Mapping[int, pd.DataFrame],
    *,
    spot_purchase: bool = True,
) -> YearsProblem:
    """State where groups could stay in the years of ``shares``, beside the ``survivors`` of each year.

    A stay is possible from a year in which the plan suits the unit, which is open, takes the need and the year group
    and can be reached, and goes on as long as all that holds; a place bought for one child is bought a year at a time.
    Raises ``InputError`` where a cost is missing.
    """
    years = tuple(int(year) for year in shares.columns)
    factors = discount_factors(county.settings.forecast.discount, years)
    units = {year: units_open(county, year) for year in years}
    localities = county.zones.set_index("zone")["locality"]
    there, about, pairs, fees = [], [], [], {}
    known_bounds: KnownJourneys | None = None
    for year in years:
        present = shares.index[shares[year] > 0]
        people, who = _people(groups.loc[present], year)
        stays = _staying(county, survivors[year])
        choices = journeys(travel, units[year], people[ABOUT], suitable(people, units[year]))
        choices = choices[choices["minutes"].notna()]
        held = journeys(travel, units[year], stays[ABOUT], stays["unit"].rename_axis("who").reset_index())
        known = pd.concat([held, choices])[["unit", "kind", "need", "band"]].drop_duplicates()
        fees[year] = top_up_lines(county, known)
        choices = _guided(county, priced(county, choices, fees[year]))
        choices = choices[choices["barred"] == ""][PAIR_COLUMNS]
        if spot_purchase:
            bought = _guided(county, spot_pairs(county, people[ABOUT]))[PAIR_COLUMNS]
            choices = pd.concat([choices, bought], ignore_index=True)
        pairs.append(who.merge(choices, on="who").drop(columns="who").assign(year=year))
        known_of = people[["zone", "need", "phase"]].assign(locality=people["zone"].map(localities))
        about.append(who.join(known_of, on="who").assign(year=year)[["group", "year", "locality", "need", "phase"]])
        if held["minutes"].isna().any() and known_bounds is None:
            known_bounds = known_journeys(county, travel)
        longest = 0.0 if known_bounds is None else known_bounds.longest_minutes
        held = _guided(county, priced(county, held, fees[year]), longest=longest)[PAIR_COLUMNS].drop(columns="unit")
        there.append(stays.reset_index().merge(held, on="who").assign(year=year))
    every = pd.concat(pairs, ignore_index=True).sort_values(["group", "unit", "year"], ignore_index=True)
    staying = pd.concat(there, ignore_index=True).rename(columns={"who": "child"})
    staying = staying.assign(locality=staying["zone"].map(localities))
    stays = _stays(every, shares, factors)
    places, bands = _places(county, units, staying, spot_purchase=spot_purchase)
    placement = stay_problem(
        groups[["children", "year"]],
        places,
        bands.assign(price=(bands["price"] * bands["year"].map(factors)).round(2)),
        shares.rename_axis(index="group").reset_index().melt("group", var_name="year", value_name="share"),
        stays,
    )
    order = pd.MultiIndex.from_frame(placement.stays[["group", "from_year", "unit"]])
    penalties = stays.set_index(["group", "from_year", "unit"])["penalty"].reindex(order)
    return YearsProblem(
        years=years,
        groups=groups,
        shares=shares,
        survivors=staying,
        about=pd.concat(about, ignore_index=True),
        pairs=every,
        units=units,
        fees=fees,
        factors=factors,
        bands=bands,
        penalties=penalties,
        placement=placement,
        known=known_bounds or KnownJourneys(),
    )


def _guided(county: County, rows: pd.DataFrame, *, longest: float = 0.0) -> pd.DataFrame:
    """Pairs under the rule of guidance: over years nobody could stay somewhere without being held there."""
    return guidance(county, rows.assign(could_stay=False, own="", barred=""), longest=longest)


def _people(groups: pd.DataFrame, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People alike in a year, and which of them the children of each group are: columns group, who."""
    then = np.minimum(groups["year_group"] + (year - groups["year"]), max(YEAR_GROUPS))
    keys = groups[["zone", "need", "suits"]].assign(year_group=then)
    who = keys.groupby(list(keys.columns), sort=True).ngroup()
    people = keys.assign(who=who).drop_duplicates("who").set_index("who").sort_index()
    people = people.assign(band="", phase=[phase_of(int(one)) for one in people["year_group"]])
    people["suits"] = people["suits"].map(split_list)
    return people, who.rename_axis("group").rename("who").reset_index()


def _staying(county: County, survivors: pd.DataFrame) -> pd.DataFrame:
    bands = county.children.set_index("child")["band"].fillna("")
    year_group = survivors["year_group"].clip(upper=max(YEAR_GROUPS)).astype(int)
    rows = survivors[["child", "unit", "zone", "need", "children"]].assign(
        band=survivors["child"].map(bands), year_group=year_group, phase=[phase_of(one) for one in year_group]
    )
    return rows.rename(columns={"child": "who"}).set_index("who")


def _places(
    county: County,
    units: Mapping[int, pd.DataFrame],
    staying: pd.DataFrame,
    *,
    spot_purchase: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Places and held of every unit and year, and the bands above them at that year's price."""
    held = staying.groupby(["year", "unit"])["children"].sum()
    places, bands = [], []
    for year, open_then in units.items():
        there = held.loc[year] if year in held.index.get_level_values(0) else pd.Series(dtype=float)
        there = there.reindex(open_then.index, fill_value=0.0)
        rows = pd.DataFrame({"places": open_then["room"], "held": there})
        if spot_purchase:
            rows.loc[SPOT_PURCHASE] = [np.inf, 0.0]
        places.append(rows.rename_axis("unit").reset_index().assign(year=year))
        above = overfill(county, open_then, there)
        cash = open_then["fixed_cost"].where(open_then["in_county"], 0.0).loc[above["unit"]].to_numpy(float)
        bands.append(above.assign(year=year, cash=cash))
    return pd.concat(places, ignore_index=True), pd.concat(bands, ignore_index=True)


def _stays(pairs: pd.DataFrame, shares: pd.DataFrame, factors: Mapping[int, float]) -> pd.DataFrame:
    """Every stay from each year of each pair to the end of its run of years, with what it costs and how far it is.

    Pounds are a child's who is there in the first year, in whole pence, those of later years thinned and discounted.
    """
    group, unit, year = (pairs[name].to_numpy() for name in ("group", "unit", "year"))
    share = shares.to_numpy(float)[
        shares.index.get_indexer(pd.Index(group)), shares.columns.get_indexer(pd.Index(year))
    ]
    goes_on = (group[1:] == group[:-1]) & (unit[1:] == unit[:-1]) & (year[1:] == year[:-1] + 1)
    goes_on &= unit[1:] != SPOT_PURCHASE
    run = np.cumsum(np.concatenate([[True], ~goes_on])) if len(pairs) else np.zeros(0, dtype=int)
    cash = pairs["fee"] + pairs["transport"] - pairs["filled_discount"]
    declared = pairs["minutes_penalty"] + pairs["guidance_penalty"]
    worth = share * pairs["year"].map(factors).to_numpy(float)
    later = pd.DataFrame(
        {
            "cost": (cash + declared) * worth,
            "penalty": declared * worth,
            "minutes": pairs["minutes"] * share,
        }
    )
    left = later[::-1].groupby(run[::-1]).cumsum()[::-1].div(share, axis=0)
    return pd.DataFrame(
        {
            "group": group,
            "from_year": year,
            "to_year": pd.Series(year).groupby(run).transform("last").to_numpy(),
            "unit": unit,
            "cost": left["cost"].round(2),
            "minutes": left["minutes"].round(1),
            "against_preference": False,
            "penalty": left["penalty"],
        }
    )
