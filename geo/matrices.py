"""Matrices of other engines as the long table that ``imported.matrix_times`` takes: zone, site, minutes, km.

OSRM and OpenRouteService answer in JSON without identifiers, in the order in which they were asked; R5, r5py and
conveyal write long csv; a square csv has labels in its first row and column. The unit of times is stated by whoever
knows it, never guessed.
"""

import io
import json
from collections.abc import Iterable
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .crs import looks_like_swapped_degrees, to_grid
from .faults import TableError, TableFault

__all__ = [
    "Unit",
    "long_matrix",
    "openrouteservice_matrix",
    "osrm_matrix",
    "square_matrix",
    "unread_columns",
]

Unit = Literal["minutes", "seconds"]

LONG_NAMES: Final = {
    "zone": ("zone", "from_id", "fromid", "origin", "origin_id", "from"),
    "site": ("site", "to_id", "toid", "destination", "destination_id", "to"),
    "time": ("minutes", "travel_time", "traveltime", "travel_time_p50", "time", "seconds", "duration"),
    "km": ("km", "distance_km"),
    "metres": ("distance", "metres", "meters", "distance_m", "total_distance"),
}
"""What the columns of a long csv are called, in order of preference; r5py writes from_id, to_id, travel_time."""

LONGEST_MINUTES: Final = 600.0
"""A median journey above this in minutes, or below a sixtieth of a minute, is in another unit."""

OTHER_UNITS: Final = {"minutes": ("hours", "seconds"), "seconds": ("minutes", "thousandths of a second")}
"""What times that were stated to be in a unit are likely to be: those far too small, and those far too large."""


def osrm_matrix(
    text: str, zones: pd.DataFrame, sites: pd.DataFrame, *, unit: Unit = "seconds", near_metres: float = 2000.0
) -> pd.DataFrame:
    """An answer of OSRM's table service: ``durations`` and, where asked for, ``distances`` (metres).

    ``zones`` were its sources and ``sites`` its destinations, in the order of the frames (index label; easting and
    northing); that each stands within ``near_metres`` of where the engine says it was snapped is checked and
    every mismatch is listed. Raises ``TableError`` with all that is wrong.
    """
    answer = _json(text, "an answer of OSRM's table service")
    if answer.get("code", "Ok") != "Ok":
        found = f"{answer.get('code')}: {answer.get('message', '')}"
        raise TableError([TableFault(None, "code", found, "Ok")])
    return _answered(answer, zones, sites, unit=unit, near_metres=near_metres, metres=1.0)


def openrouteservice_matrix(
    text: str, zones: pd.DataFrame, sites: pd.DataFrame, *, unit: Unit = "seconds", near_metres: float = 2000.0
) -> pd.DataFrame:
    """An answer of OpenRouteService's matrix service; its distances are metres unless its query asked for km or mi.

    Matched as for ``osrm_matrix``. Raises ``TableError`` with all that is wrong.
    """
    answer = _json(text, "an answer of OpenRouteService's matrix service")
    if "error" in answer:
        raise TableError([TableFault(None, "error", str(answer["error"])[:120], "durations")])
    query = answer.get("metadata", {}).get("query", {}) if isinstance(answer.get("metadata"), dict) else {}
    stated = str(query.get("units", "m"))
    metres = {"m": 1.0, "km": 1000.0, "mi": 1609.344}.get(stated)
    if metres is None:
        raise TableError([TableFault(None, "metadata.query.units", stated, "m, km or mi")])
    return _answered(answer, zones, sites, unit=unit, near_metres=near_metres, metres=metres)


def long_matrix(text: str, *, unit: Unit) -> pd.DataFrame:
    """A long csv with a row a journey: R5 and r5py (from_id, to_id, travel_time), conveyal, or zone, site, minutes.

    Identifiers are text. Blank times are journeys that cannot be made. Raises ``TableError`` for a file that is no such
    table and for a unit that cannot be right.
    """
    frame = _csv(text)
    named = _named(frame)
    faults = [
        TableFault(None, ours, ", ".join(map(str, frame.columns)), f"one of the columns {', '.join(LONG_NAMES[ours])}")
        for ours in ("zone", "site", "time")
        if named[ours] is None
    ]
    if faults:
        raise TableError(faults)
    time = str(named["time"]).strip().lower()
    if time in ("minutes", "seconds") and time != unit:
        raise TableError([TableFault(None, "time", f"a column {time}", f"times in {unit}; these look like {time}")])
    _refuse_several(frame, named)
    minutes = _minutes(frame[named["time"]], unit)
    km = pd.Series(np.nan, index=frame.index)
    for ours, factor in (("metres", 0.001), ("km", 1.0)):
        if named[ours] is not None:
            km = _kilometres(frame[named[ours]]) * factor
    return pd.DataFrame({"zone": frame[named["zone"]], "site": frame[named["site"]], "minutes": minutes, "km": km})


def unread_columns(text: str) -> list[str]:
    """The columns of a long csv that ``long_matrix`` does not read."""
    frame = _csv(text)
    read = set(_named(frame).values())
    return [str(column) for column in frame.columns if column not in read]


def _named(frame: pd.DataFrame) -> dict[str, str | None]:
    """The file's own name for each column of ours; None where it has none."""
    by_name = {str(column).strip().lower(): str(column) for column in frame.columns}
    return {
        ours: next((by_name[name] for name in names if name in by_name), None) for ours, names in LONG_NAMES.items()
    }


def _refuse_several(frame: pd.DataFrame, named: dict[str, str | None]) -> None:
    """Raise where a pair has several rows that differ in a column which is not read: departures, percentiles, modes."""
    ends = [str(named["zone"]), str(named["site"])]
    again = frame.duplicated(ends, keep=False)
    if not again.any():
        return
    rows = frame[again]
    first = rows[(rows[ends] == rows[ends].iloc[0]).all(axis=1)]
    for column in frame.columns:
        if column not in set(named.values()) and len(first[column].unique()) > 1:
            values = ", ".join(first[column].astype(str).unique()[:4])
            pair = " to ".join(first[ends].iloc[0])
            found = f"{int(again.sum()):,} rows of pairs that have several; {pair} with {column} {values}"
            raise TableError([TableFault(int(first.index[1]), str(column), found, "one row a pair: one of them")])


def square_matrix(
    text: str, zones: Iterable[object], sites: Iterable[object], *, unit: Unit, km_text: str | None = None
) -> pd.DataFrame:
    """A square csv of times, labels in its first row and column, and perhaps another of km (``km_text``).

    Rows are zones and columns sites, or the other way round where the labels say so without doubt. Where rows and
    columns have the same labels, as of every place to every place, a journey is from its row to its column. A label
    that is in neither is told by ``matrix_times``. Raises ``TableError`` where the labels fit neither way.
    """
    known = {str(zone) for zone in zones}, {str(site) for site in sites}
    times = _square(text, known)
    minutes = _minutes(times["value"], unit)
    long = times[["zone", "site"]].assign(minutes=minutes)
    if km_text is None:
        return long.assign(km=np.nan)
    km = _square(km_text, known).rename(columns={"value": "km"})
    return long.merge(km.assign(km=_kilometres(km["km"])), on=["zone", "site"], how="left")


def _json(text: str, expected: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise TableError([TableFault(None, "", str(error)[:80], expected)]) from error
    if not isinstance(answer, dict):
        raise TableError([TableFault(None, "", type(answer).__name__, expected)])
    return answer


def _csv(text: str) -> pd.DataFrame:
    try:
        return pd.read_csv(io.StringIO(text.removeprefix("\ufeff")), dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise TableError([TableFault(None, "", str(error)[:80], "a csv table")]) from error


def _table(answer: dict[str, Any], name: str, shape: tuple[int, int]) -> NDArray[np.float64]:
    """A list of lists as numbers, null as missing; raises where it is not of the shape."""
    rows: Any = answer.get(name)
    listed = isinstance(rows, list) and all(isinstance(row, list) for row in rows)
    if not listed or len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
        found = f"{len(rows)} rows of {sorted({len(row) for row in rows})}" if listed else f"{str(rows)[:40]}, no table"
        expected = f"{shape[0]} rows (zones, the sources) of {shape[1]} (sites, the destinations)"
        raise TableError([TableFault(None, name, found, expected)])
    faults = [
        TableFault(at, name, str(cell)[:40], "a number, or null where there is no way")
        for at, row in enumerate(rows)
        for cell in row
        if cell is not None and not isinstance(cell, int | float)
    ]
    if faults:
        raise TableError(faults)
    made: NDArray[np.float64] = np.array(rows, dtype=np.float64).reshape(shape)
    return made


def _answered(
    answer: dict[str, Any],
    zones: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    unit: Unit,
    near_metres: float,
    metres: float,
) -> pd.DataFrame:
    shape = (len(zones), len(sites))
    times = _table(answer, "durations", shape)
    faults = [
        *_misplaced(answer, "sources", zones, near_metres),
        *_misplaced(answer, "destinations", sites, near_metres),
    ]
    if faults:
        raise TableError(faults)
    km = _table(answer, "distances", shape) * metres / 1000 if answer.get("distances") else np.full(shape, np.nan)
    minutes = _minutes(pd.Series(times.ravel()), unit)
    return pd.DataFrame(
        {
            "zone": np.repeat(zones.index.astype(str), len(sites)),
            "site": np.tile(sites.index.astype(str), len(zones)),
            "minutes": minutes.to_numpy(),
            "km": km.ravel(),
        }
    )


def _misplaced(answer: dict[str, Any], what: str, points: pd.DataFrame, near_metres: float) -> list[TableFault]:
    """A fault for each point that the engine snapped somewhere else than where it is; one it did not snap has none."""
    places = answer.get(what) or []
    if not places:
        return []
    if not isinstance(places, list) or len(places) != len(points):
        found = f"{len(places)} places" if isinstance(places, list) else str(places)[:80]
        return [TableFault(None, what, found, f"{len(points)}, in the order of the table")]
    pairs = np.array([_location(place) for place in places], dtype=float)
    swapped = looks_like_swapped_degrees(pairs[:, 0], pairs[:, 1])
    told = np.isfinite(pairs).all(axis=1)
    east, north = to_grid(np.where(told, pairs[:, 0], 0.0), np.where(told, pairs[:, 1], 0.0))
    away = np.hypot(east - points["easting"].to_numpy(float), north - points["northing"].to_numpy(float))
    faults = []
    for at in np.flatnonzero(told & (swapped | ~(away <= near_metres))):
        found = f"{points.index[int(at)]} at {pairs[at, 0]:g}, {pairs[at, 1]:g}"
        apart = f"{away[at] / 1000:,.1f} km away"
        words = f"a place within {near_metres:g} m of where the table has it, not {apart}: is the order right?"
        if swapped[at]:
            words = "longitude before latitude; these look swapped"
        faults.append(TableFault(int(at), what, found, words))
    return faults


def _location(place: object) -> tuple[float, float]:
    """Longitude and latitude of a place in an answer; not a number where it has none."""
    found = place.get("location") if isinstance(place, dict) else None
    if isinstance(found, list) and len(found) == 2 and all(isinstance(degrees, int | float) for degrees in found):
        return float(found[0]), float(found[1])
    return np.nan, np.nan


def _square(text: str, known: tuple[set[str], set[str]]) -> pd.DataFrame:
    frame = _csv(text)
    if frame.shape[1] < 2:
        raise TableError([TableFault(None, "", f"{frame.shape[1]} columns", "labels in the first row and column")])
    rows = frame.iloc[:, 0].astype(str).str.strip()
    columns = [str(column).strip() for column in frame.columns[1:]]
    values = frame.iloc[:, 1:]
    fits = [sum(label in known[0] for label in rows), sum(label in known[1] for label in columns)]
    turned = [sum(label in known[1] for label in rows), sum(label in known[0] for label in columns)]
    upright, across = min(fits) > 0, min(turned) > 0
    everywhere = upright and across and set(rows) == set(columns)
    if upright == across and not everywhere:
        found = f"rows {', '.join(rows[:3])}..., columns {', '.join(columns[:3])}..."
        why = "rows that are zones and columns that are sites"
        raise TableError(
            [TableFault(None, "labels", found, f"{why}, or the other way round" + (", not both" if upright else ""))]
        )
    long = pd.DataFrame(
        {
            "row": np.repeat(rows.to_numpy(), len(columns)),
            "column": np.tile(np.array(columns, dtype=object), len(rows)),
            "value": values.to_numpy().ravel(),
        }
    )
    if everywhere:
        only_sites, only_zones = known[1] - known[0], known[0] - known[1]
        long = long[~long["row"].isin(only_sites) & ~long["column"].isin(only_zones)].reset_index(drop=True)
    return long.rename(columns={"row": "zone", "column": "site"} if upright else {"row": "site", "column": "zone"})


def _numbers(values: pd.Series, column: str, expected: str) -> pd.Series:
    """Numbers of 0 or more, missing where blank; raises with the first that are neither."""
    text = values.astype(object).where(values.notna(), "").astype(str).str.strip()
    blank = text.str.lower().isin(["", "na", "nan", "null", "none", "inf"])
    numbers = pd.to_numeric(text.mask(blank), errors="coerce").astype(float)
    wrong = np.flatnonzero((~np.isfinite(numbers) & ~blank) | (numbers < 0))
    if len(wrong):
        raise TableError(TableFault(int(row), column, text.iloc[row], expected) for row in wrong[:20])
    return numbers


def _kilometres(values: pd.Series) -> pd.Series:
    return _numbers(values, "km", "a distance of 0 or more, blank where there is no journey")


def _minutes(times: pd.Series, unit: Unit) -> pd.Series:
    """Times in minutes, blank where there are none; raises where the unit cannot be right, or a time is no number."""
    numbers = _numbers(times, "time", f"a number of {unit}, blank where there is no journey")
    minutes = numbers / 60.0 if unit == "seconds" else numbers
    middle = float(minutes.median()) if minutes.notna().any() else 1.0
    if middle > LONGEST_MINUTES or 0 < middle < 1 / 60:
        other = OTHER_UNITS[unit][int(middle > LONGEST_MINUTES)]
        found = f"a median journey of {middle:,.4g} minutes"
        raise TableError([TableFault(None, "time", found, f"times in {unit}; these look like {other}")])
    return minutes.astype(float)
