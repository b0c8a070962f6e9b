"""Allocation instances of any size from a seed: a county's forecast, England whole, and ten years with stays.

Each is made of the frames that ``placement_problem`` takes. Labels sort as they are numbered, and pairs come in the
order of (group, unit), so that no engine gains or loses by the order. ``bought`` is the unit without counted places.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from allocation_land import (
    CLASS_NEED,
    CLASS_PHASE,
    CLASS_SHARES,
    LAST_YEAR_GROUP,
    NEED_SHARES,
    NEEDS,
    PHASES,
    YEAR_GROUPS,
    Land,
    apportion,
    bought_pounds,
    fewest_choices,
    labels,
    land,
    minutes_of,
    phase_fits,
    pounds_of,
    road_km,
    wanted,
)
from scipy.spatial import cKDTree

__all__ = ["Instance", "TenYears", "england", "forecast_size", "ten_years"]

FEWEST_CHOICES = 14
BOUGHT_MINUTES = 40.0
YEARS = 10
DISCOUNT = 1.035 ** -np.arange(YEARS)


@dataclass(frozen=True, slots=True)
class Instance:
    """One year: the four frames of ``placement_problem``, with each group's locality and each unit's site."""

    name: str
    groups: pd.DataFrame = field(repr=False)
    units: pd.DataFrame = field(repr=False)
    bands: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    locality: pd.Series = field(repr=False)
    site: pd.Series = field(repr=False)


@dataclass(frozen=True, slots=True)
class TenYears:
    """Ten years of entries, stays and leavers.

    ``groups``: index group; children, year (of entry, 0 to 9). ``places``: unit, year, places, held.
    ``bands``: unit, year, band, width, price (pounds a child-year, discounted to year 0, rising).
    ``survival``: group, year, share (1 at entry). ``stays``: group, from_year, to_year, unit, cost (pounds a child
    present in from_year, over the whole stay, thinned and discounted to year 0), minutes, against_preference.
    """

    name: str
    groups: pd.DataFrame = field(repr=False)
    places: pd.DataFrame = field(repr=False)
    bands: pd.DataFrame = field(repr=False)
    survival: pd.DataFrame = field(repr=False)
    stays: pd.DataFrame = field(repr=False)
    locality: pd.Series = field(repr=False)


def forecast_size(*, load: float, seed: int, size: float = 1.0) -> Instance:
    """A county's forecast: 491 zones x 10 needs x 5 phases, 60 units, children in thousandths.

    Places in all counted units are ``load`` times all children. Each need and phase has fourteen or, for one in
    twenty, fifteen units, so that there are about 345,000 counted pairs, the fewest that give fourteen to everyone.
    """
    rng = np.random.default_rng(seed)
    zones, classes = max(6, round(491 * size)), len(CLASS_NEED)
    country = land(rng, zones=zones, units=60, width_km=60.0, towns=16, localities=6)
    zone, of_class = np.divmod(np.arange(zones * classes), classes)
    mean = country.people[zone] * CLASS_SHARES[of_class]
    thousandths = np.maximum(1, (1000 * len(mean) * mean / mean.sum() * rng.gamma(2.0, 0.5, len(mean))).astype(int))
    fits = fewest_choices(rng, country, fewest=FEWEST_CHOICES)
    assert fits.sum(axis=1).min() >= FEWEST_CHOICES
    km = road_km(rng, np.linalg.norm(country.zones[:, None] - country.units[None], axis=2))
    minutes = minutes_of(rng, km)
    group, unit = np.nonzero(np.column_stack([np.ones(len(zone), dtype=bool), fits[of_class]]))
    at, counted = (zone[group], unit - 1), unit > 0
    cost = pounds_of(km[at], country.kind[unit - 1], of_class[group])
    cost[~counted] = bought_pounds(rng)[of_class[group[~counted]]]
    names = pd.Index([f"g{g:05d}" for g in range(len(zone))], name="group")
    units = _units(country, apportion(round(load * thousandths.sum()), wanted(rng, country)) / 1000)
    pairs = {
        "group": names[group].to_numpy(),
        "unit": units.index[unit].to_numpy(),
        "cost": cost,
        "minutes": np.where(counted, minutes[at], BOUGHT_MINUTES),
        "against_preference": False,
    }
    return Instance(
        f"load {load:g}",
        pd.DataFrame({"children": thousandths / 1000}, index=names),
        units,
        _no_bands(),
        pd.DataFrame(pairs),
        pd.Series(country.locality[zone], index=names, name="locality"),
        _sites(country, units),
    )


def england(*, share: float, seed: int) -> Instance:
    """``share`` of a country: of 34,000 zones, 1,500 units, 640,000 children in 400,000 groups, and of its area.

    A pair is there where the unit takes the need and phase within 75 minutes. Pairs' labels are categorical, minutes
    float32: with the 12 million pairs of the whole (thirty a group), that is 0.25 GB.
    """
    rng = np.random.default_rng(seed)
    zones, units = round(34_000 * share), round(1_500 * share)
    width = np.sqrt(130_000 * share)
    localities = max(6, round(153 * share))
    country = land(
        rng, zones=zones, units=units, width_km=width, towns=max(16, round(400 * share)), localities=localities
    )
    # The heaviest keys of a weighted draw without replacement; sorted, so that a zone's groups lie together.
    weight = (country.people[:, None] * CLASS_SHARES).ravel()
    key = np.log(rng.random(len(weight))) / weight
    zone, of_class = np.divmod(
        np.sort(np.argpartition(-key, round(400_000 * share))[: round(400_000 * share)]), len(CLASS_NEED)
    )
    children = 1 + rng.multinomial(round(240_000 * share), np.full(len(zone), 1 / len(zone)))
    fits = country.takes[CLASS_NEED] & phase_fits(country)[CLASS_PHASE]
    near = cKDTree(country.zones).sparse_distance_matrix(cKDTree(country.units), 75.0, output_type="ndarray")
    near = near[np.lexsort((near["j"], near["i"]))]
    km = road_km(rng, near["v"])
    minutes = minutes_of(rng, km)
    reached = minutes <= 75.0
    near_zone, near_unit, km, minutes = near["i"][reached], near["j"][reached], km[reached], minutes[reached]
    starts = np.searchsorted(near_zone, np.arange(zones + 1))
    bought = bought_pounds(rng)
    blocks = []
    for block in np.array_split(np.arange(len(zone)), max(1, len(zone) // 5000)):
        many = np.diff(starts)[zone[block]]
        group = np.repeat(block, many)
        at = np.arange(len(group)) + np.repeat(starts[zone[block]] - np.concatenate([[0], many.cumsum()[:-1]]), many)
        kept = fits[of_class[group], near_unit[at]]
        group, at = group[kept], at[kept]
        # Where each group's counted pairs begin: its bought place goes before them.
        begins = np.searchsorted(group, block)
        blocks.append(
            (
                np.insert(group, begins, block).astype(np.int32),
                np.insert(near_unit[at] + 1, begins, 0).astype(np.int16),
                np.insert(
                    pounds_of(km[at], country.kind[near_unit[at]], of_class[group]), begins, bought[of_class[block]]
                ),
                np.insert(minutes[at], begins, BOUGHT_MINUTES).astype(np.float32),
            )
        )
    group, unit, cost, shown = (np.concatenate(part) for part in zip(*blocks, strict=True))
    del blocks
    names = pd.Index([f"g{g:06d}" for g in range(len(zone))], name="group")
    table = _units(country, apportion(int(children.sum()), wanted(rng, country)).astype(float))
    pairs = {
        "group": pd.Categorical.from_codes(group, categories=names),
        "unit": pd.Categorical.from_codes(unit, categories=table.index),
        "cost": cost,
        "minutes": shown,
        "against_preference": False,
    }
    return Instance(
        f"England {share:g}",
        pd.DataFrame({"children": children.astype(float)}, index=names),
        table,
        _no_bands(),
        pd.DataFrame(pairs, copy=False),
        pd.Series(country.locality[zone], index=names, name="locality"),
        _sites(country, table),
    )


def ten_years(*, seed: int, size: float = 1.0) -> TenYears:
    """A county's newcomers over ten years: about 6,000 entering groups, 60 units with age ranges, stays to their end.

    A child of a group may enter a unit in any year from its entry on, because it may wait or be bought a place year by
    year, and stays to the end of the unit's ages, of its own need or of the ten years. Newcomers take the room that
    today's children (held) leave, and a tenth of the units grow.
    """
    rng = np.random.default_rng(seed)
    country = land(rng, zones=max(6, round(200 * size)), units=60, width_km=60.0, towns=16, localities=6)
    many = max(60, round(6000 * size))
    zone = rng.choice(len(country.zones), many, p=country.people / country.people.sum())
    need = rng.choice(len(NEEDS), many, p=NEED_SHARES)
    entry = np.sort(rng.integers(0, YEARS, many))
    # Most enter at a change of phase, the others in any year group.
    age = np.minimum(np.where(rng.random(many) < 0.6, rng.choice([0, 3, 7, 12], many), rng.integers(0, 13, many)), 11)
    age = np.where((LAST_YEAR_GROUP[need] > 11) & (rng.random(many) < 0.1), 12, age)
    end = np.minimum(YEARS - 1, entry + LAST_YEAR_GROUP[need] - age)
    children = np.maximum(1, (800 * rng.gamma(2.0, 0.5, many)).astype(int)) / 1000
    year = np.arange(YEARS)
    there = (entry[:, None] <= year) & (year <= end[:, None])
    kept = np.where(year > entry[:, None], rng.uniform(0.93, 0.99, (many, YEARS)), 1.0)
    share = np.where(there, np.cumprod(kept, axis=1).round(6), 0.0)
    names = pd.Index([f"g{g:05d}" for g in range(many)], name="group")
    unit_names = labels(60)
    km = road_km(rng, np.linalg.norm(country.zones[:, None] - country.units[None], axis=2))
    minutes = minutes_of(rng, km)

    # A state is a group and a year in which it may be without a place; unit 0 is the bought place, a year at a time.
    state_group, state_year = np.nonzero(there)
    state_age = age[state_group] + state_year - entry[state_group]
    phase = np.searchsorted([0, 7, 12], state_age, side="right")
    first, last = np.array([YEAR_GROUPS[name] for name in country.ranges]).T
    fits = country.takes[need[state_group]] & (first <= state_age[:, None]) & (state_age[:, None] <= last)
    state, unit = np.nonzero(np.column_stack([np.ones(len(state_group), dtype=bool), fits]))
    counted = unit > 0
    group, start, at = state_group[state], state_year[state], (zone[state_group[state]], unit - 1)
    stop = np.where(counted, np.minimum(end[group], start + last[unit - 1] - state_age[state]), start)
    of_class = need[group] * len(PHASES) + phase[state]
    yearly = np.where(counted, pounds_of(km[at], country.kind[unit - 1], of_class), bought_pounds(rng)[of_class])
    worth = np.column_stack([np.zeros(many), np.cumsum(share * DISCOUNT, axis=1)])
    cost = (yearly * (worth[group, stop + 1] - worth[group, start]) / share[group, start]).round(2)
    stays = {
        "group": names[group].to_numpy(),
        "from_year": start,
        "to_year": stop,
        "unit": unit_names[unit].to_numpy(),
        "cost": cost,
        "minutes": np.where(counted, minutes[at], BOUGHT_MINUTES),
        "against_preference": False,
    }
    places, bands = _room_by_year(rng, country, stock=children @ share)
    return TenYears(
        "ten years",
        pd.DataFrame({"children": children, "year": entry}, index=names),
        places,
        bands,
        pd.DataFrame(
            {"group": names[state_group].to_numpy(), "year": state_year, "share": share[state_group, state_year]}
        ),
        pd.DataFrame(stays),
        pd.Series(country.locality[zone], index=names, name="locality"),
    )


def _units(country: Land, places: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"places": [np.inf, *places], "held": 0.0}, index=labels(len(country.units)))


def _no_bands() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit": pd.Series(dtype=str),
            "band": pd.Series(dtype=int),
            "width": pd.Series(dtype=float),
            "price": pd.Series(dtype=float),
        }
    )


def _sites(country: Land, units: pd.DataFrame) -> pd.Series:
    """Each unit's site, by number; a bought place is at none (-1)."""
    return pd.Series([-1, *country.site], index=units.index, name="site")


def _room_by_year(rng: np.random.Generator, country: Land, *, stock: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Places and held by unit and year, and the two bands: today's children leave as the newcomers' ``stock`` grows."""
    many = len(country.units)
    today = apportion(round(0.95 * stock.max()), wanted(rng, country)).astype(float)
    growth = np.where(rng.random(many) < 0.1, 0.15, 0.0)[:, None] * (np.arange(YEARS) >= rng.integers(2, 8, (many, 1)))
    places = (today[:, None] * (1.0 + growth)).round()
    leaving = np.maximum.accumulate(stock / stock.max())
    held = (today[:, None] * 0.95 * (1.0 - leaving) * rng.uniform(0.9, 1.0, (many, 1))).round(3)
    unit, year = (part.ravel() for part in np.indices((many + 1, YEARS)))
    names = labels(many)
    table = pd.DataFrame(
        {
            "unit": names[unit].to_numpy(),
            "year": year,
            "places": np.concatenate([np.full(YEARS, np.inf), places.ravel()]),
            "held": np.concatenate([np.zeros(YEARS), held.ravel()]),
        }
    )
    counted = table[np.isfinite(table["places"])]
    prices = np.outer(rng.uniform(0.8, 1.2, many), np.array([3_000.0, 9_000.0]))
    steps = [
        pd.DataFrame(
            {
                "unit": counted["unit"],
                "year": counted["year"],
                "band": band,
                "width": (part * counted["places"]).round(3),
                "price": np.outer(prices[:, band], DISCOUNT).ravel().round(2),
            }
        )
        for band, part in enumerate((0.05, 0.10))
    ]
    return table, pd.concat(steps).sort_values(["unit", "year", "band"], ignore_index=True)
