"""Straight lines: travel times without roads, only for who asks for them."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from .travel import Reason, TravelTimes, make_travel_times, within_limit

__all__ = ["straight_line_times"]


def straight_line_times(
    zones: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    detour: float,
    kmh: float,
    peak_factor: float = 1.0,
    boarding_minutes: float = 0.0,
    limit_minutes: float | None = None,
    method: str = "straight line, not roads",
) -> TravelTimes:
    """Travel times by the straight line times ``detour``, at ``kmh``; frames as for ``route_times``.

    km = detour x distance; minutes = km / kmh x 60 x ``peak_factor`` + ``boarding_minutes``. It knows no
    hill, river or motorway, so every output must repeat ``method``. A point without coordinates is
    too far to snap; a journey of more than ``limit_minutes`` is ``over_limit``.

    Raises ``ValueError`` on a detour below 1 and on other options that make no sense.
    """
    checks: Iterable[tuple[str, float, bool, str]] = (
        ("detour", detour, detour >= 1, "1 or more"),
        ("kmh", kmh, kmh > 0, "above 0"),
        ("peak_factor", peak_factor, peak_factor > 0, "above 0"),
        ("boarding_minutes", boarding_minutes, boarding_minutes >= 0, "0 or more"),
    )
    for name, value, holds, expected in checks:
        if not (holds and np.isfinite(value)):
            raise ValueError(f"{name} {value}: expected {expected}")
    homes, schools = (
        frame[["easting", "northing"]].to_numpy(dtype=np.float64, na_value=np.nan) for frame in (zones, sites)
    )
    km = detour * np.hypot(*np.moveaxis(homes[:, None, :] - schools[None, :, :], 2, 0)) / 1000
    minutes = km / kmh * 60 * peak_factor + boarding_minutes
    reason = np.full(km.shape, Reason.reached, dtype=np.int8)
    if limit_minutes is not None:
        reason[~within_limit(minutes, limit_minutes)] = Reason.over_limit
    reason[:, np.isnan(schools).any(axis=1)] = Reason.site_too_far_to_snap
    reason[np.isnan(homes).any(axis=1), :] = Reason.zone_too_far_to_snap
    minutes[reason != Reason.reached] = np.inf
    km[reason != Reason.reached] = np.inf
    return make_travel_times(zones.index, sites.index, minutes, km, reason, method=method)
