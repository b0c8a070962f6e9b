"""Travel times between zones and sites: minutes, kilometres, and the reason where there is none."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["Reason", "TravelTimes", "make_travel_times", "same_travel_times", "within_limit"]


SUM_NOISE_MINUTES = 1e-9
"""A journey of exactly the limit is within it, however its parts were added up: 0.1 + 0.2 is 0.3."""


class Reason(IntEnum):
    """Why a journey has no time; ``reached`` where it has one.

    ``not_in_matrix`` has no row, or blank minutes, in a ready matrix; where such a pair is likely to be farther than
    the matrix goes it is ``beyond_cut_off``: left out by a router's longest journey, not unreachable.
    """

    reached = 0
    zone_too_far_to_snap = 1
    site_too_far_to_snap = 2
    no_route = 3
    over_limit = 4
    not_in_matrix = 5
    beyond_cut_off = 6


@dataclass(frozen=True, slots=True, eq=False)
class TravelTimes:
    """Morning journeys from home to school, one way: dense zone x site arrays with labels.

    ``minutes`` and ``km`` are float32 of shape (zones, sites), ``inf`` where the site is not reached;
    ``reason`` is int8 of the same shape (see ``Reason``). ``method`` says how they were made.
    ``make_travel_times`` checks and makes one.
    """

    zones: pd.Index = field(repr=False)
    sites: pd.Index = field(repr=False)
    minutes: NDArray[np.float32] = field(repr=False)
    km: NDArray[np.float32] = field(repr=False)
    reason: NDArray[np.int8] = field(repr=False)
    method: str

    def frame(self) -> pd.DataFrame:
        """The same as a tidy table: zone, site, minutes, km, reason (its name); zone by zone.

        Minutes and km of a journey that is not reached are ``inf``.
        """
        names = np.array([reason.name for reason in Reason])
        return pd.DataFrame(
            {
                "zone": np.repeat(self.zones.to_numpy(), len(self.sites)),
                "site": np.tile(self.sites.to_numpy(), len(self.zones)),
                "minutes": self.minutes.ravel(),
                "km": self.km.ravel(),
                "reason": names[self.reason.ravel()],
            }
        ).astype({"zone": "str", "site": "str", "reason": "str"})

    def lookup(
        self, zones: Iterable[object], sites: Iterable[object]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Minutes and km of the journeys from each zone to the site beside it, by label.

        Raises ``KeyError`` naming every label that is not there, and ``ValueError`` where the two differ
        in length.
        """
        from_zones, to_sites = pd.Index(list(zones)), pd.Index(list(sites))
        if len(from_zones) != len(to_sites):
            raise ValueError(f"{len(from_zones)} zones beside {len(to_sites)} sites: expected as many")
        rows = _positions(self.zones, from_zones, "zone")
        columns = _positions(self.sites, to_sites, "site")
        return self.minutes[rows, columns], self.km[rows, columns]


def make_travel_times(
    zones: Iterable[object],
    sites: Iterable[object],
    minutes: ArrayLike,
    km: ArrayLike,
    reason: ArrayLike,
    *,
    method: str,
) -> TravelTimes:
    """A checked ``TravelTimes``: the arrays are copied, rounded to float32 and int8, and not to be written to.

    Raises ``ValueError`` on a doubled label, a shape other than (zones, sites), a negative or missing
    figure, an unknown reason, and a reason that does not fit: a journey is ``reached`` if and only if its
    minutes and km are finite.
    """
    rows, columns = pd.Index(list(zones), name="zone"), pd.Index(list(sites), name="site")
    for labels in (rows, columns):
        if labels.has_duplicates:
            raise ValueError(f"{labels.name} {labels[labels.duplicated()][0]!r} is there twice")
    shape = (len(rows), len(columns))
    checked: list[NDArray[np.float32]] = []
    for name, values in (("minutes", minutes), ("km", km)):
        array = np.array(values, dtype=np.float32)
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}: expected {shape}, zones by sites")
        if np.isnan(array).any() or (array < 0).any():
            raise ValueError(f"{name}: expected 0 or more, inf where not reached")
        array.flags.writeable = False
        checked.append(array)
    reasons = np.array(reason, dtype=np.int8)
    if reasons.shape != shape:
        raise ValueError(f"reason has shape {reasons.shape}: expected {shape}, zones by sites")
    if not np.isin(reasons, [int(known) for known in Reason]).all():
        raise ValueError("reason: expected values of Reason")
    reached = reasons == Reason.reached
    if any((np.isfinite(array) != reached).any() for array in checked):
        raise ValueError("reason: expected reached exactly where minutes and km are finite")
    reasons.flags.writeable = False
    return TravelTimes(rows, columns, checked[0], checked[1], reasons, method)


def same_travel_times(one: TravelTimes, other: TravelTimes) -> bool:
    """Whether both hold the same labels in the same order, the same figures and the same method."""
    return (
        one.method == other.method
        and one.zones.equals(other.zones)
        and one.sites.equals(other.sites)
        and np.array_equal(one.minutes, other.minutes)
        and np.array_equal(one.km, other.km)
        and np.array_equal(one.reason, other.reason)
    )


def within_limit(minutes: NDArray[np.float64], limit: NDArray[np.float64] | float) -> NDArray[np.bool_]:
    """Whether each journey is of at most ``limit`` minutes; one without a time (``inf`` or NaN) is not.

    ``limit`` is one figure, or as many as there are journeys.
    """
    return np.asarray(minutes <= limit + SUM_NOISE_MINUTES)


def _positions(labels: pd.Index, wanted: pd.Index, what: str) -> NDArray[np.intp]:
    positions = labels.get_indexer(wanted)
    if (positions < 0).any():
        missing = ", ".join(map(str, wanted[positions < 0].unique()))
        raise KeyError(f"no travel times for {what} {missing}")
    return positions
