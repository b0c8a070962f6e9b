"""Where in a locality children live: its zones' shares of each age, and counts by zone in draws."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.models.cohorts import CohortDraws
from placeplan.models.rates import pooled_rates
from placeplan.need.fit import NeedFit

__all__ = ["drawn_zones", "zone_counts", "zone_shares"]

Floats = NDArray[np.float64]


def zone_shares(county: County, fit: NeedFit) -> tuple[Floats, list[str]]:
    """Localities x ages x zones: where in a locality a child lives: people times, pooled, the zone's rate."""
    cube, people = fit.cube, fit.people
    zones = list(people.zones)
    of_zone = np.array([cube.localities.index(cube.of_zone[zone]) for zone in zones])
    by_age = fit.base.table(cube).sum(axis=(1, 3)) / np.maximum(people.of(fit.year), 1e-9)
    expected = (people.by_zone * by_age[of_zone]).sum(axis=1)
    counts = _known_by_zone(county, fit, zones)
    expected = expected * counts.sum() / max(expected.sum(), 1e-9) if counts.any() else np.zeros(len(zones))
    weights = people.by_zone * pooled_rates(counts, expected).mean[:, None]
    shares = np.zeros((len(cube.localities), people.by_zone.shape[1], len(zones)))
    for place in range(len(cube.localities)):
        inside = of_zone == place
        there = np.where(inside[:, None], weights, 0.0)
        total = there.sum(axis=0)
        even = inside / inside.sum()
        shares[place] = np.where(total[:, None] > 0, there.T / np.maximum(total, 1e-12)[:, None], even[None, :])
    return shares, zones


def _known_by_zone(county: County, fit: NeedFit, zones: list[str]) -> Floats:
    """Plans by zone at the start: a margin by zone of the table plans, else the table children, else none."""
    plans = county.plans[(county.plans["measure"] == "stock") & (county.plans["year"] == fit.year)]
    for _, rows in plans[plans["zone"].notna()].groupby("margin", sort=True):
        if rows["plans"].notna().all():
            return np.asarray(rows.groupby("zone")["plans"].sum().reindex(zones, fill_value=0), dtype=np.float64)
    if fit.base.known_children:
        return np.asarray(county.children["zone"].value_counts().reindex(zones, fill_value=0), dtype=np.float64)
    return np.zeros(len(zones))


def drawn_zones(
    shares: Floats, place: NDArray[np.intp], age: NDArray[np.intp], stream: np.random.Generator
) -> NDArray[np.int64]:
    """The zone of each child, by the shares of its locality and age."""
    rising = np.cumsum(shares, axis=2)
    rising = rising / rising[..., -1:]
    chance = stream.random(len(place))
    found = np.zeros(len(place), dtype=np.int64)
    group = place * shares.shape[1] + age
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(shares.shape[0] * shares.shape[1] + 1))
    for one in np.flatnonzero(np.diff(starts)):
        inside = order[starts[one] : starts[one + 1]]
        steps = rising[one // shares.shape[1], one % shares.shape[1]]
        found[inside] = np.searchsorted(steps, chance[inside], side="right")
    zones: NDArray[np.int64] = np.minimum(found, shares.shape[2] - 1)
    return zones


def zone_counts(
    county: County, fit: NeedFit, draws: CohortDraws, year: int, *, numbers: Sequence[int], stream: np.random.Generator
) -> pd.DataFrame:
    """Children with plans by zone in draws by their ``numbers``: index zone, a column a draw.

    Who is known lives where they live; a locality's others are split over its zones, so that they add up to it.
    """
    shares, zones = zone_shares(county, fit)
    at = {zone: number for number, zone in enumerate(zones)}
    home = county.children["zone"].map(at).to_numpy(np.int64) if fit.base.known_children else np.zeros(0, np.int64)
    made = {}
    for number in numbers:
        one = draws.one(number, year)
        place, _, age, _ = np.unravel_index(one.cell.astype(np.int64), fit.cube.shape)
        zone = drawn_zones(shares, place, age, stream)
        tag = one.tag.astype(np.int64)
        zone[tag >= 0] = home[tag[tag >= 0]]
        made[number] = np.bincount(zone, minlength=len(zones))
    return pd.DataFrame(made, index=pd.Index(zones, name="zone"))
