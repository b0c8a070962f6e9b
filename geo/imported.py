"""Travel times from elsewhere: a ready matrix of another engine becomes ``TravelTimes``."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .faults import TableError, TableFault
from .travel import Reason, TravelTimes, make_travel_times, within_limit

__all__ = ["matrix_faults", "matrix_times"]

COLUMNS: Final = ("zone", "site", "minutes", "km")

MOST_DOUBLED: Final = 5
"""More doubled rows than these are told as one fault."""

FEWEST_TO_TELL: Final = 10
"""Of fewer journeys nothing is told of where a matrix ends."""

NEAR_THE_END: Final = 0.8
"""From this share of the longest journey on, one is near the matrix's end."""

MOST_ABSENT: Final = 0.6
"""The share of absent journeys that have to lie about or beyond the longest one for a cut-off to be the reason."""


def matrix_times(
    matrix: pd.DataFrame,
    zones: Iterable[object],
    sites: Iterable[object],
    *,
    peak_factor: float = 1.0,
    boarding_minutes: float = 0.0,
    limit_minutes: float | None = None,
    straight_km: NDArray[np.float64] | None = None,
    method: str = "ready matrix",
) -> TravelTimes:
    """Travel times of ``zones`` and ``sites`` out of a long ``matrix`` with columns zone, site, minutes, km.

    Labels are matched as text. The matrix's minutes are multiplied by ``peak_factor`` and
    ``boarding_minutes`` are added; with the defaults they stay as they are. A pair without a row, or with
    blank minutes, is ``not_in_matrix``; one of more than ``limit_minutes`` is ``over_limit``. With ``straight_km``
    (zones by sites) those that a router is likely to have left out for their length are ``beyond_cut_off``: a journey
    is taken to last as long for a kilometre of straight line as the longest listed ones do, and most that are absent
    would be about as long as the longest, or longer.

    Raises ``TableError`` with every fault that ``matrix_faults`` finds.
    """
    for name, value, least in (("peak_factor", peak_factor, 1e-12), ("boarding_minutes", boarding_minutes, 0.0)):
        if not (np.isfinite(value) and value >= least):
            raise ValueError(f"{name} {value}: expected {'above 0' if least else '0 or more'}")
    if limit_minutes is not None and not limit_minutes >= 0:
        raise ValueError(f"limit_minutes {limit_minutes}: expected 0 or more")
    zone_labels = pd.Index([str(zone) for zone in zones])
    site_labels = pd.Index([str(site) for site in sites])
    faults = matrix_faults(matrix, zone_labels, site_labels)
    if faults:
        raise TableError(faults)

    rows = zone_labels.get_indexer(pd.Index(matrix["zone"].astype(str)))
    columns = site_labels.get_indexer(pd.Index(matrix["site"].astype(str)))
    given = pd.to_numeric(matrix["minutes"]).to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(given)
    shape = (len(zone_labels), len(site_labels))
    minutes, km = np.full(shape, np.inf), np.full(shape, np.inf)
    reason = np.full(shape, Reason.not_in_matrix, dtype=np.int8)
    at = (rows[known], columns[known])
    minutes[at] = given[known] * peak_factor + boarding_minutes
    km[at] = pd.to_numeric(matrix["km"]).to_numpy(dtype=np.float64, na_value=np.nan)[known]
    reason[at] = Reason.reached
    if straight_km is not None:
        listed = np.full(shape, np.nan)
        listed[at] = given[known]
        reason[_beyond_cut_off(listed, straight_km)] = Reason.beyond_cut_off
    if limit_minutes is not None:
        over = (reason == Reason.reached) & ~within_limit(minutes, limit_minutes)
        reason[over] = Reason.over_limit
        minutes[over] = km[over] = np.inf
    return make_travel_times(zone_labels, site_labels, minutes, km, reason, method=method)


def matrix_faults(
    matrix: pd.DataFrame, zones: Iterable[object], sites: Iterable[object], *, km_needed: bool = True
) -> list[TableFault]:
    """Every fault of a long matrix, by row.

    A missing column, a zone or site that is not among those asked for (each once, with the number of its rows), a
    doubled pair, minutes or km that are no number, infinite or negative, and, if ``km_needed``, minutes without km.
    """
    missing = [column for column in COLUMNS if column not in matrix.columns]
    if missing:
        return [TableFault(None, column, "", "the column") for column in missing]
    lost = [
        pd.Index([str(label) for label in labels]).get_indexer(pd.Index(matrix[name].astype(str))) < 0
        for name, labels in (("zone", zones), ("site", sites))
    ]
    faults = [
        *_unknown(matrix["zone"], lost[0], "zone"),
        *_unknown(matrix["site"], lost[1], "site"),
        *_doubled(matrix),
        *_bad_figures(matrix, km_needed=km_needed),
    ]
    return sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row)


def _beyond_cut_off(minutes: NDArray[np.float64], straight_km: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The absent journeys that a matrix's longest journey has left out; none where others are absent as well."""
    listed = np.isfinite(minutes) & (minutes > 0) & np.isfinite(straight_km)
    absent = np.isnan(minutes) & np.isfinite(straight_km)
    if listed.sum() < FEWEST_TO_TELL or not absent.any():
        return np.zeros(minutes.shape, dtype=np.bool_)
    longest = float(minutes[listed].max())
    near_the_end = listed & (minutes >= NEAR_THE_END * longest)
    with np.errstate(divide="ignore", invalid="ignore"):
        likely = straight_km * np.median(minutes[near_the_end] / straight_km[near_the_end])
    beyond = absent & (likely >= NEAR_THE_END * longest)
    return beyond if beyond.sum() >= MOST_ABSENT * absent.sum() else np.zeros(minutes.shape, dtype=np.bool_)


def _unknown(labels: pd.Series, unknown: np.ndarray, what: str) -> Iterator[TableFault]:
    names = labels.astype(str).where(labels.notna(), "").reset_index(drop=True)[unknown]
    for name, rows in names.groupby(names).groups.items():
        count = f" ({len(rows)} rows)" if len(rows) > 1 else ""
        yield TableFault(int(rows[0]), what, f"{name}{count}".strip(), f"a {what} of table {what}s")


def _doubled(matrix: pd.DataFrame) -> Iterator[TableFault]:
    pairs = matrix[["zone", "site"]].astype(str).reset_index(drop=True)
    again = np.flatnonzero(pairs.duplicated())
    expected = "one row a pair; of several departures or percentiles, one of them"
    if len(again) > MOST_DOUBLED:
        zone, site = pairs.iloc[again[0]]
        found = f"{zone}, {site} again, and {len(again) - 1:,} more rows of pairs that an earlier row has"
        yield TableFault(int(again[0]), "zone, site", found, expected)
        return
    for row in again:
        zone, site = pairs.iloc[row]
        yield TableFault(int(row), "zone, site", f"{zone}, {site} again", expected)


def _bad_figures(matrix: pd.DataFrame, *, km_needed: bool) -> Iterator[TableFault]:
    blank: dict[str, np.ndarray] = {}
    for column in ("minutes", "km"):
        stated = matrix[column].reset_index(drop=True)
        blank[column] = (stated.isna() | (stated.astype(str).str.strip() == "")).to_numpy()
        figures = pd.to_numeric(stated, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        for row in np.flatnonzero(~blank[column] & ~(np.isfinite(figures) & (figures >= 0))):
            yield TableFault(int(row), column, str(stated.iloc[row]), "a number, 0 or more; blank where not reached")
    for row in np.flatnonzero(blank["km"] & ~blank["minutes"]) if km_needed else ():
        yield TableFault(int(row), "km", "", "km, as minutes are given")
