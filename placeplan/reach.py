"""Reach: for every group of children, which units would meet the plan, how far they are, and the nearest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.cohort import accepts
from placeplan.geo.travel import TravelTimes, within_limit
from placeplan.provision import needs_met

__all__ = ["Reach", "reach_of", "suitable"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Journeys of groups to the units that would meet their plans.

    ``minutes`` is groups x units, one way, in tenths, ``inf`` where the unit would not meet the plan or cannot be
    reached. ``nearest`` has a row a group: unit ("" where none can be reached), minutes (``inf``), within
    (the guidance of the phase), visiting (not within, and a visiting teacher takes the need and year group).
    """

    groups: pd.DataFrame = field(repr=False)
    units: pd.DataFrame = field(repr=False)
    minutes: NDArray[np.float64] = field(repr=False)
    nearest: pd.DataFrame = field(repr=False)


def suitable(groups: pd.DataFrame, units: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each unit would meet each group's plan: kind and model suit, need and year group are taken.

    A unit that keeps a group today (``kept_in``) meets its plan too.
    """
    kinds = list(zip(units["kind"].astype(str), units["model"].astype(str), strict=True))
    needs, years = groups["need"].to_numpy(), groups["year_group"].to_numpy(int)
    fits = np.zeros((len(groups), len(units)), dtype=np.bool_)
    for column, unit in enumerate(units.itertuples()):
        taken = np.isin(needs, list(needs_met(str(unit.needs))))
        fits[:, column] = taken & (years >= unit.from_year_group) & (years <= unit.to_year_group)
    accepted: dict[tuple[str, ...], NDArray[np.bool_]] = {}
    for row, suits in enumerate(groups["suits"]):
        if suits not in accepted:
            accepted[suits] = np.array([accepts(suits, kind, model) for kind, model in kinds], dtype=np.bool_)
        fits[row] &= accepted[suits]
    kept = units.index.get_indexer(pd.Index(groups["kept_in"]))
    fits[np.flatnonzero(kept >= 0), kept[kept >= 0]] = True
    return fits


def reach_of(
    groups: pd.DataFrame, units: pd.DataFrame, travel: TravelTimes, guidance_minutes: Mapping[str, float]
) -> Reach:
    """The reach of ``groups`` (see ``need_groups``) over ``units`` (as ``units_open`` gives them).

    A visiting teacher makes no journey of the child's, and a residential unit none every day: neither is counted
    as reached. Of units equally near, the first in order counts.
    """
    daily = units[(units["kind"] != "peripatetic") & ~units["residential"]]
    fits = suitable(groups, daily)
    minutes = np.where(fits, _journeys(travel, groups["zone"], daily["site"]), np.inf)
    best = minutes.argmin(axis=1) if len(daily) else np.zeros(len(groups), dtype=np.intp)
    least = minutes[np.arange(len(groups)), best] if len(daily) else np.full(len(groups), np.inf)
    names = daily.index.to_numpy(dtype=object)[best] if len(daily) else np.full(len(groups), "", dtype=object)
    guidance = np.asarray(groups["phase"].map(dict(guidance_minutes)), dtype=np.float64)
    within = within_limit(least, guidance)
    visited = suitable(groups, units[units["kind"] == "peripatetic"]).any(axis=1)
    nearest = pd.DataFrame(
        {
            "unit": np.where(np.isfinite(least), names, ""),
            "minutes": least,
            "within": within,
            "visiting": visited & ~within,
        },
        index=groups.index,
    )
    return Reach(groups, daily, minutes, nearest)


def _journeys(travel: TravelTimes, zones: pd.Series, sites: pd.Series) -> NDArray[np.float64]:
    """Minutes from each zone to each site, in tenths as they are written; raises ``KeyError`` for a label not there."""
    rows, columns = travel.zones.get_indexer(pd.Index(zones)), travel.sites.get_indexer(pd.Index(sites))
    missing = [*zones[rows < 0], *sites[columns < 0]]
    if missing:
        raise KeyError(f"no travel times for {', '.join(sorted({str(label) for label in missing}))}")
    minutes: NDArray[np.float64] = travel.minutes[np.ix_(rows, columns)].astype(np.float64)
    return np.asarray(np.round(minutes, 1), dtype=np.float64)
