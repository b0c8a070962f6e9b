"""Travel times from elsewhere: a ready matrix of another engine becomes ``TravelTimes``."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from .faults import TableError, TableFault
from .travel import Reason, TravelTimes, make_travel_times, within_limit

__all__ = ["matrix_times"]

COLUMNS = ("zone", "site", "minutes", "km")


def matrix_times(
    matrix: pd.DataFrame,
    zones: Iterable[object],
    sites: Iterable[object],
    *,
    peak_factor: float = 1.0,
    boarding_minutes: float = 0.0,
    limit_minutes: float | None = None,
    method: str = "ready matrix",
) -> TravelTimes:
    """Travel times of ``zones`` and ``sites`` out of a long ``matrix`` with columns zone, site, minutes, km.

    Labels are matched as text. The matrix's minutes are multiplied by ``peak_factor`` and
    ``boarding_minutes`` are added; with the defaults they stay as they are. A pair without a row, or with
    blank minutes, is ``not_in_matrix``; one of more than ``limit_minutes`` is ``over_limit``.

    Raises ``TableError`` with every fault found: a missing column, a zone or site of the matrix that is
    not among those asked for (each once, with the number of its rows), a doubled pair, minutes or km that
    are no number, infinite or negative, and minutes without km.
    """
    for name, value, least in (("peak_factor", peak_factor, 1e-12), ("boarding_minutes", boarding_minutes, 0.0)):
        if not (np.isfinite(value) and value >= least):
            raise ValueError(f"{name} {value}: expected {'above 0' if least else '0 or more'}")
    if limit_minutes is not None and not limit_minutes >= 0:
        raise ValueError(f"limit_minutes {limit_minutes}: expected 0 or more")
    missing = [column for column in COLUMNS if column not in matrix.columns]
    if missing:
        raise TableError(TableFault(None, column, "", "the column") for column in missing)
    zone_labels = pd.Index([str(zone) for zone in zones])
    site_labels = pd.Index([str(site) for site in sites])
    rows = zone_labels.get_indexer(pd.Index(matrix["zone"].astype(str)))
    columns = site_labels.get_indexer(pd.Index(matrix["site"].astype(str)))
    faults = [
        *_unknown(matrix["zone"], rows < 0, "zone"),
        *_unknown(matrix["site"], columns < 0, "site"),
        *_doubled(matrix),
        *_bad_figures(matrix),
    ]
    if faults:
        raise TableError(sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row))

    given = pd.to_numeric(matrix["minutes"]).to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(given)
    shape = (len(zone_labels), len(site_labels))
    minutes, km = np.full(shape, np.inf), np.full(shape, np.inf)
    reason = np.full(shape, Reason.not_in_matrix, dtype=np.int8)
    at = (rows[known], columns[known])
    minutes[at] = given[known] * peak_factor + boarding_minutes
    km[at] = pd.to_numeric(matrix["km"]).to_numpy(dtype=np.float64, na_value=np.nan)[known]
    reason[at] = Reason.reached
    if limit_minutes is not None:
        over = (reason == Reason.reached) & ~within_limit(minutes, limit_minutes)
        reason[over] = Reason.over_limit
        minutes[over] = km[over] = np.inf
    return make_travel_times(zone_labels, site_labels, minutes, km, reason, method=method)


def _unknown(labels: pd.Series, unknown: np.ndarray, what: str) -> Iterator[TableFault]:
    names = labels.astype(str).where(labels.notna(), "").reset_index(drop=True)[unknown]
    for name, rows in names.groupby(names).groups.items():
        count = f" ({len(rows)} rows)" if len(rows) > 1 else ""
        yield TableFault(int(rows[0]), what, f"{name}{count}".strip(), f"a {what} of table {what}s")


def _doubled(matrix: pd.DataFrame) -> Iterator[TableFault]:
    pairs = matrix[["zone", "site"]].astype(str).reset_index(drop=True)
    for row in np.flatnonzero(pairs.duplicated()):
        zone, site = pairs.iloc[row]
        yield TableFault(int(row), "zone, site", f"{zone}, {site} again", "one row a pair")


def _bad_figures(matrix: pd.DataFrame) -> Iterator[TableFault]:
    blank: dict[str, np.ndarray] = {}
    for column in ("minutes", "km"):
        stated = matrix[column].reset_index(drop=True)
        blank[column] = (stated.isna() | (stated.astype(str).str.strip() == "")).to_numpy()
        figures = pd.to_numeric(stated, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        for row in np.flatnonzero(~blank[column] & ~(np.isfinite(figures) & (figures >= 0))):
            yield TableFault(int(row), column, str(stated.iloc[row]), "a number, 0 or more; blank where not reached")
    for row in np.flatnonzero(blank["km"] & ~blank["minutes"]):
        yield TableFault(int(row), "km", "", "km, as minutes are given")
