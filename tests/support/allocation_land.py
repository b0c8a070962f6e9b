"""The country that allocation instances lie in: zones around towns, units of kinds and ages, journeys and pounds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = [
    "CLASS_NEED",
    "CLASS_PHASE",
    "CLASS_SHARES",
    "LAST_YEAR_GROUP",
    "NEEDS",
    "NEED_SHARES",
    "PHASES",
    "RANGES",
    "YEAR_GROUPS",
    "Land",
    "apportion",
    "bought_pounds",
    "fewest_choices",
    "labels",
    "land",
    "minutes_of",
    "phase_fits",
    "pounds_of",
    "road_km",
    "wanted",
]

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

NEEDS = ("ASD", "SEMH", "SLCN", "MLD", "SLD", "PMLD", "SPLD", "HI", "VI", "PD")
NEED_SHARES = np.array([0.33, 0.20, 0.16, 0.10, 0.07, 0.03, 0.05, 0.02, 0.01, 0.03])
NEED_FACTORS = np.array([1.15, 1.30, 0.85, 0.80, 1.25, 1.90, 0.70, 0.95, 1.05, 1.20])
"""A need's top-up against that of its kind."""

PHASES = ("early_years", "primary", "secondary", "post_16", "post_19")
PHASE_SHARES = np.array([0.08, 0.33, 0.37, 0.17, 0.05])
PHASE_CARRIED = np.array([1.0, 1.0, 1.0, 0.85, 0.7])
"""The part of its transport that a phase is entitled to."""

RANGES = {"all_through": (0, 3), "primary": (0, 1), "secondary": (2, 3), "post_16": (3, 4)}
"""The first and last of the phases that a unit takes."""

YEAR_GROUPS = {"all_through": (0, 13), "primary": (0, 6), "secondary": (7, 11), "post_16": (12, 14)}
LAST_YEAR_GROUP = np.array([14, 11, 13, 13, 14, 14, 11, 13, 13, 14])
"""The last year group in which a child of each need needs a place."""

KINDS = ("special", "hub", "ers", "support_centre", "college")
KIND_PLACES = np.array([110.0, 24.0, 14.0, 30.0, 40.0])
KIND_POUNDS = np.array([14_000.0, 11_000.0, 8_000.0, 16_000.0, 10_000.0])
KIND_JOURNEY = np.array([(30.0, 2.40, 2.8), (30.0, 2.40, 2.8), (13.0, 1.45, 1.4), (13.0, 1.45, 1.4), (13.0, 1.45, 1.4)])
"""Pounds a journey, pounds a km and riders, as placeplan's own defaults have them."""

KIND_TAKES = np.array(
    [
        [0.7, 0.35, 0.4, 0.6, 0.8, 0.6, 0.1, 0.2, 0.2, 0.5],
        [0.8, 0.3, 0.5, 0.5, 0.4, 0.2, 0.3, 0.2, 0.2, 0.3],
        [0.5, 0.25, 0.5, 0.3, 0.05, 0.02, 0.3, 0.25, 0.2, 0.3],
        [0.4, 0.8, 0.3, 0.3, 0.05, 0.02, 0.3, 0.05, 0.05, 0.1],
        [0.7, 0.5, 0.6, 0.8, 0.6, 0.3, 0.6, 0.4, 0.4, 0.5],
    ]
)
"""How often a unit of each kind takes each need."""

TYPES = (
    [("special", "all_through")] * 12
    + [("hub", "all_through")] * 3
    + [("support_centre", "all_through")] * 3
    + [("ers", "primary")] * 11
    + [("special", "primary")] * 3
    + [("support_centre", "primary")] * 2
    + [("ers", "secondary")] * 6
    + [("special", "secondary")] * 4
    + [("college", "post_16")] * 12
    + [("hub", "post_16")] * 4
)
"""Sixty units: every phase has more than fourteen that take it."""

BOUGHT_POUNDS = 61_000.0

CLASS_NEED = np.repeat(np.arange(len(NEEDS)), len(PHASES))
CLASS_PHASE = np.tile(np.arange(len(PHASES)), len(NEEDS))
CLASS_SHARES = NEED_SHARES[CLASS_NEED] * PHASE_SHARES[CLASS_PHASE]


@dataclass(frozen=True, slots=True)
class Land:
    """Zones and units on a plane, in km; ``takes`` (need x unit) and the unit's kind and range as numbers."""

    zones: Numbers
    people: Numbers
    locality: Whole
    units: Numbers
    site: Whole
    kind: Whole
    ranges: list[str]
    takes: NDArray[np.bool_]


def land(rng: np.random.Generator, *, zones: int, units: int, width_km: float, towns: int, localities: int) -> Land:
    """Zones around towns of very different sizes in a square, and units where people are, more often in towns."""
    town, heart = rng.uniform(0, width_km, (towns, 2)), np.minimum(40.0, rng.pareto(1.1, towns) + 0.4)
    # Half of the towns lie together around one in twenty of them, the most around the first, as around a capital.
    together = np.arange(towns) % 2 == 0
    share = 1.0 / np.arange(1, max(1, towns // 20) + 1)
    town[together] = town[rng.choice(len(share), int(together.sum()), p=share / share.sum())]
    town += together[:, None] * rng.normal(size=(towns, 2)) * 15.0
    spread = np.minimum(6.0, 1.2 + 1.1 * np.sqrt(heart))
    where = rng.choice(towns, zones, p=heart / heart.sum())
    xy = town[where] + rng.normal(size=(zones, 2)) * spread[where, None]
    rural = rng.random(zones) < 0.2
    xy[rural] = rng.uniform(0, width_km, (int(rural.sum()), 2))
    xy = np.clip(xy, 0.0, width_km)
    people = rng.gamma(9.0, 1 / 9.0, zones)
    centres = town[np.argsort(-heart)[:localities]]
    # The last sixth of the units share the sites of the first.
    sites = units - units // 6
    site = np.arange(units) % sites
    place = xy[rng.choice(zones, sites, p=people / people.sum())] + rng.normal(size=(sites, 2)) * 0.8
    types = rng.permutation(np.arange(units) % len(TYPES))
    kind = np.array([KINDS.index(TYPES[one][0]) for one in types])
    return Land(
        zones=xy,
        people=people,
        locality=cKDTree(centres).query(xy)[1],
        units=place[site],
        site=site,
        kind=kind,
        ranges=[TYPES[one][1] for one in types],
        takes=rng.random((len(NEEDS), units)) < KIND_TAKES[kind].T,
    )


def phase_fits(country: Land) -> NDArray[np.bool_]:
    """Whether each unit takes each phase: phases x units."""
    first, last = np.array([RANGES[name] for name in country.ranges]).T
    phases = np.arange(len(PHASES))[:, None]
    return (first <= phases) & (phases <= last)


def fewest_choices(rng: np.random.Generator, country: Land, *, fewest: int) -> NDArray[np.bool_]:
    """The units of each need and phase (classes x units): of those of the phase the ``fewest`` that suit it best.

    For one class in twenty there is one more.
    """
    suits = country.takes[CLASS_NEED] + 0.9 * rng.random((len(CLASS_NEED), len(country.units)))
    suits[~phase_fits(country)[CLASS_PHASE]] = -1.0
    rank = np.argsort(np.argsort(-suits, axis=1), axis=1)
    chosen = rank < fewest + (rng.random(len(CLASS_NEED)) < 0.05)[:, None]
    return chosen & (suits >= 0)


def road_km(rng: np.random.Generator, straight: Numbers) -> Numbers:
    """Km by road, to the metre: a detour of a fifth and more."""
    return (0.3 + straight * (1.18 + rng.gamma(2.0, 0.05, straight.shape))).round(3)


def minutes_of(rng: np.random.Generator, km: Numbers) -> Numbers:
    """Minutes to the tenth: some to pick up, faster on long journeys, no two roads alike."""
    return (3.0 + 60.0 * km / (30.0 + 30.0 * km / (km + 12.0)) * rng.lognormal(0.0, 0.07, km.shape)).round(1)


def pounds_of(km: Numbers, kind: Whole, of_class: Whole) -> Numbers:
    """Pounds a year, in whole pence: the top-up of the kind and need, and transport as placeplan states it."""
    charge, per_km, riders = KIND_JOURNEY[kind].T
    entitled = np.select([km >= 4.8, km >= 3.2], [1.0, 0.9], 0.3) * PHASE_CARRIED[CLASS_PHASE[of_class]]
    top_up = (KIND_POUNDS[kind] * NEED_FACTORS[CLASS_NEED[of_class]]).round(-1)
    return (top_up + entitled * 190 * 2.0 * (charge + per_km * km) / riders).round(2)


def bought_pounds(rng: np.random.Generator) -> Numbers:
    """Pounds a year of a bought place for each need and phase, about 61,000."""
    return (BOUGHT_POUNDS + rng.normal(0.0, 2_500.0, len(CLASS_NEED))).round(2)


def apportion(total: int, weights: Numbers) -> Whole:
    """``total`` in whole parts by weight, each at least one, the largest remainders rounded up."""
    exact = (total - len(weights)) * weights / weights.sum()
    parts = np.floor(exact).astype(np.int64)
    parts[np.argsort(parts - exact)[: total - len(weights) - int(parts.sum())]] += 1
    return parts + 1


def wanted(rng: np.random.Generator, country: Land) -> Numbers:
    """How large each unit is against the others: by kind, and unevenly."""
    return KIND_PLACES[country.kind] * rng.lognormal(0.0, 0.5, len(country.units))


def labels(units: int) -> pd.Index:
    """``bought`` and the counted units, in the order in which they sort."""
    digits = max(2, len(str(units - 1)))
    return pd.Index(["bought", *(f"u{u:0{digits}d}" for u in range(units))], name="unit")
