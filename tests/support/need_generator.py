"""Counties whose need is known: children with plans made year by year by rates, trends and breaks drawn at random.

Written from the children up and before the forecast's model, of which it knows nothing: every zone has its own rates,
trends have heavy tails, localities drift apart and events cluster, none of which the model assumes.
"""

from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import placeplan as pp
from placeplan.county.settings import Forecast, Policy, SeriesBreak
from placeplan.county.vocabulary import PLACEMENTS as PLACEMENT_CODES

__all__ = ["PARAMETERS", "KnownCounty", "known_county"]

PARAMETERS = {
    "localities": (3, 6),
    "zones": (30, 60),
    "people": (12.0, 40.0),  # of one age in a zone
    "new_share": (0.05, 0.12),  # of a birth cohort that is ever given a plan, at first
    "growth": (0.02, 0.03),  # mean and spread of the first yearly growth of new plans
    "persistence": (0.6, 0.95),
    "shock": (0.005, 0.03),
    "tails": 5.0,  # degrees of freedom of the shocks
    "year_alone": (0.02, 0.06),
    "cluster": (15.0, 60.0),  # shape of the gamma by which a zone's year is more or less
    "locality_spread": 0.15,
    "locality_drift": 0.01,
    "zone_spread": 0.2,
    "cease": (0.8, 1.25),  # times England's
    "cease_drift": 0.05,  # of the log odds, a year
    "policy": 0.3,
    "break": 0.3,
    "people_growth": (-0.005, 0.01),
    "crossed": 0.5,  # whether ages by placement are published, as the national release has them since 2025
}
"""Ranges that are drawn from evenly, and means with spreads. They were set before the model was run on any of them."""

START = 2012
NOW = 2024
AHEAD = 5
BURN_IN = 25

AGES = 26
NEW_AGES = np.array([0, 1, 3, 16, 10, 8, 7, 7, 7, 8, 9, 5, 5, 5, 4, 3, 1, 0.5, 0.2, 0.1, 0, 0, 0, 0, 0, 0.0])
CEASE = np.array([0.02] * 16 + [0.05, 0.12, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.8, 1.0])
NEEDS = {"ASD": 0.42, "SEMH": 0.2, "SLCN": 0.14, "MLD": 0.12, "SLD": 0.06, "PD": 0.06}
PLACEMENTS = ["mainstream", "special_state", "special_independent", "further_education"]
SPECIAL = slice(1, 3)
LEAVE_AT = {16: 0.6, 19: 1.0}
"""Shares of mainstream that go to further education at an age; at 19 special schools end too."""


@dataclass(frozen=True, slots=True)
class KnownCounty:
    """A county as it was known in ``NOW``, and what came: ``plans`` and ``special`` by zone and year."""

    county: pp.County
    plans: pd.DataFrame = field(repr=False)
    special: pd.DataFrame = field(repr=False)


def _between(stream, name):
    low, high = PARAMETERS[name]
    return stream.uniform(low, high)


def _trend(stream, years):
    """The log of new-plan rates by year: growth that persists, shocks with heavy tails, and single years."""
    mean, spread = PARAMETERS["growth"]
    growth, keeps, shock = stream.normal(mean, spread), _between(stream, "persistence"), _between(stream, "shock")
    alone = _between(stream, "year_alone")
    level, made = 0.0, []
    for _ in range(years):
        made.append(level + stream.normal(0, alone))
        level += growth
        growth = keeps * growth + shock * stream.standard_t(PARAMETERS["tails"]) / np.sqrt(5 / 3)
    return np.array(made)


def known_county(seed: int, base: pp.County) -> KnownCounty:
    """One county; ``base`` lends what a forecast does not look at."""
    stream = np.random.default_rng(seed)
    places = int(stream.integers(PARAMETERS["localities"][0], PARAMETERS["localities"][1] + 1))
    zones = int(stream.integers(PARAMETERS["zones"][0], PARAMETERS["zones"][1] + 1))
    of_zone = np.sort(np.concatenate([np.arange(places), stream.integers(0, places, zones - places)]))
    years = np.arange(START - BURN_IN, NOW + AHEAD + 1)
    people_now = _between(stream, "people") * np.exp(stream.normal(0, 0.3, zones))[:, None] * np.ones(AGES)
    growth = _between(stream, "people_growth")
    people = np.stack([people_now * (1 + growth) ** (year - NOW) for year in years])
    share = _between(stream, "new_share")
    rate = share * NEW_AGES / NEW_AGES.sum()
    place_level = stream.normal(0, PARAMETERS["locality_spread"], places)
    place_drift = stream.normal(0, PARAMETERS["locality_drift"], places)
    zone_level = stream.normal(0, PARAMETERS["zone_spread"], zones)
    trend = np.concatenate([np.zeros(BURN_IN), _trend(stream, len(years) - BURN_IN)])
    cease_level, cease_drift = np.log(_between(stream, "cease")), stream.normal(0, PARAMETERS["cease_drift"])
    cluster = _between(stream, "cluster")
    policy = stream.integers(START + 3, NOW - 2) if stream.random() < PARAMETERS["policy"] else None
    taken = stream.uniform(0.1, 0.3)
    stock = np.zeros((zones, len(NEEDS), AGES, len(PLACEMENTS)), dtype=np.int64)
    to_special = np.where(np.arange(AGES) < 5, 0.25, 0.15)
    counts, news, gone = {}, {}, {}
    entered = np.zeros(len(PLACEMENTS), dtype=np.int64)
    for step, year in enumerate(years):
        drift = max(year - START, 0)
        odds = np.log(CEASE[:-1] / (1 - CEASE[:-1])) + cease_level + cease_drift * min(drift, NOW - START)
        leaves = np.concatenate([1 / (1 + np.exp(-odds)), [1.0]])
        ended = stream.binomial(stock, leaves[None, None, :, None])
        stock = stock - ended
        stock = np.concatenate([np.zeros_like(stock[:, :, :1]), stock[:, :, :-1]], axis=2)
        moving = stream.binomial(stock[:, :, 11, 0], 0.06)
        stock[:, :, 11, 0] -= moving
        stock[:, :, 11, 1] += moving
        for age, leaving in LEAVE_AT.items():
            for place in (0, 1) if age == 19 else (0,):
                going = stream.binomial(stock[:, :, age, place], leaving)
                stock[:, :, age, place] -= going
                stock[:, :, age, 3] += going
        level = trend[step] + place_level[of_zone] + place_drift[of_zone] * drift + zone_level
        if policy is not None and year >= policy:
            level = level + np.log1p(-taken)
        expected = rate * people[step] * np.exp(level)[:, None]
        expected = expected * stream.gamma(cluster, 1 / cluster, zones)[:, None]
        for number, part in enumerate(NEEDS.values()):
            new = stream.poisson(expected * part)
            special = stream.binomial(new, to_special)
            independent = stream.binomial(special, 0.15)
            later = np.arange(AGES) >= 19
            stock[:, number, :, 0] += np.where(later, 0, new - special)
            stock[:, number, :, 1] += np.where(later, 0, special - independent)
            stock[:, number, :, 3] += np.where(later, new - independent, 0)
            stock[:, number, :, 2] += independent
            if year == NOW:
                old, late = (new - special)[:, later].sum(), (special - independent)[:, later].sum()
                entered += [
                    (new - special).sum() - old,
                    (special - independent).sum() - late,
                    independent.sum(),
                    old + late,
                ]
            news[int(year)] = news.get(int(year), 0) + int(new.sum())
        gone[int(year)] = int(ended.sum())
        counts[int(year)] = stock.copy()
    broken = int(stream.integers(START + 3, NOW - 2)) if stream.random() < PARAMETERS["break"] else None
    factor = stream.uniform(0.97, 1.05)
    crossed = stream.random() < PARAMETERS["crossed"]
    county = _county(
        base,
        of_zone,
        people,
        years,
        counts=counts,
        news=news,
        gone=gone,
        entered=entered,
        broken=broken,
        factor=factor,
        crossed=crossed,
    )
    forecast = Forecast()
    if policy is not None:
        rows = (Policy("support", int(policy), taken, max(taken - 0.08, 0.0), taken + 0.08, "the generator"),)
        forecast = replace(forecast, policies=rows)
    if broken is not None:
        forecast = replace(forecast, breaks=(SeriesBreak(broken, "stock", "the generator"),))
    county = replace(county, settings=replace(county.settings, forecast=forecast))
    names = county.zones["zone"]
    later = range(NOW, NOW + AHEAD + 1)
    plans = pd.DataFrame({year: counts[year].sum(axis=(1, 2, 3)) for year in later}, index=names)
    special = pd.DataFrame({year: counts[year][..., SPECIAL].sum(axis=(1, 2, 3)) for year in later}, index=names)
    return KnownCounty(county, plans, special)


def _county(base, of_zone, people, years, *, counts, news, gone, entered, broken, factor, crossed):
    names = [f"L{place}" for place in range(int(of_zone.max()) + 1)]
    zones = [f"Z{zone:03d}" for zone in range(len(of_zone))]
    outlines = gpd.GeoDataFrame(
        {"locality": names, "name": names},
        geometry=[shapely.box(430000 + 9000 * i, 350000, 439000 + 9000 * i, 359000) for i in range(len(names))],
        crs=base.localities.crs,
    )
    frame = gpd.GeoDataFrame(
        {
            "zone": zones,
            "locality": [names[place] for place in of_zone],
            "easting": 434000.0 + 9000 * of_zone,
            "northing": 354000.0,
            "rural": False,
            "deprivation": pd.array([5] * len(zones), dtype="Int64"),
        },
        geometry=gpd.points_from_xy(434000.0 + 9000 * of_zone, [354000.0] * len(zones), crs=base.zones.crs),
    )
    given = range(NOW, NOW + AHEAD + 1)
    population = pd.DataFrame(
        [
            (zone, year, age, float(people[list(years).index(year)][number, age]))
            for year in given
            for number, zone in enumerate(zones)
            for age in range(AGES)
        ],
        columns=["zone", "year", "age", "people"],
    )
    rows = []
    for year in range(START, NOW + 1):
        told = factor if broken is not None and year < broken else 1.0
        held = round(int(counts[year].sum()) / told)
        rows.append({"year": year, "measure": "stock", "margin": "total", "plans": held})
        rows.append({"year": year, "measure": "new", "margin": "total", "calendar_year": year, "plans": news[year]})
        rows.append({"year": year, "measure": "ceased", "margin": "total", "calendar_year": year, "plans": gone[year]})
    now = counts[NOW]
    rows += [
        {"year": NOW, "measure": "stock", "margin": "age", "age_from": a, "age_to": a, "plans": int(now[:, :, a].sum())}
        for a in range(AGES)
    ]
    rows += [
        {"year": NOW, "measure": "stock", "margin": "need", "need": need, "plans": int(now[:, number].sum())}
        for number, need in enumerate(NEEDS)
    ]
    for year in range(NOW - 3, NOW + 1):
        every = dict.fromkeys(PLACEMENT_CODES, 0) | {
            name: int(counts[year][..., number].sum()) for number, name in enumerate(PLACEMENTS)
        }
        told = factor if broken is not None and year < broken else 1.0
        if told == 1.0:
            one = {"year": year, "measure": "stock", "margin": "placement"}
            rows += [{**one, "placement": p, "plans": c} for p, c in every.items()]
    if crossed:
        both = {name: now[..., PLACEMENTS.index(name)].sum(axis=(0, 1)) for name in PLACEMENTS}
        rows += [
            {"year": NOW, "measure": "stock", "margin": "age and placement", "age_from": a, "age_to": a,
             "placement": name, "plans": int(both[name][a]) if name in both else 0}
            for a in range(AGES)
            for name in PLACEMENT_CODES
        ]  # fmt: skip
    begun = dict.fromkeys(PLACEMENT_CODES, 0) | dict(zip(PLACEMENTS, entered.tolist(), strict=True))
    rows += [
        {"year": NOW, "measure": "new", "margin": "placement", "placement": p, "calendar_year": NOW, "plans": c}
        for p, c in begun.items()
    ]
    rows += [
        {"year": NOW, "measure": "stock", "margin": "zone", "zone": zone, "plans": int(now[number].sum())}
        for number, zone in enumerate(zones)
    ]
    plans = pd.DataFrame(rows).reindex(columns=base.plans.columns)
    plans = plans.astype({name: kind for name, kind in base.plans.dtypes.items() if name not in ("locality", "zone")})
    return replace(
        base,
        localities=outlines,
        zones=frame,
        population=population,
        plans=plans.astype({"zone": "str", "locality": "str"}).replace({"nan": None}),
        children=base.children.iloc[:0],
        candidates=base.candidates.iloc[:0],
        scenarios=base.scenarios.iloc[:0],
    )
