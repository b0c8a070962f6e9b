"""Where things are: points in metres and in the county, road links with ends, lengths and speeds."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from placeplan.county.faults import suggest
from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.county.vocabulary import OUT_OF_COUNTY
from placeplan.errors import Fault, Note
from placeplan.geo.crs import in_grid, looks_like_degrees

__all__ = ["link_ends", "points_faults", "roads_faults", "sites_faults", "sites_notes", "zones_faults"]

NEAR_METRES = 20_000.0
"""How far from the localities a point of the county's own may lie: outlines are often simplified."""

OUTSIDE_METRES: Final = 60_000.0
"""A site out of the county that is farther than this, and nearer than this the other way round, may be swapped."""

REACH_METRES: Final = 2_000.0
"""Roads as near as this to where a site is written bear its place out."""

DISTANT_METRES: Final = 150_000.0
"""A site as far as this from the county is told of: few children travel there by the day."""

LIKELY_KMH: Final = (3.0, 130.0)
"""Km/h in a straight line of journeys that bear a site's place out."""

METRES = "easting and northing in metres (EPSG:27700)"


def _distances(x: NDArray[np.float64], y: NDArray[np.float64], localities: ReadTable) -> NDArray[np.float64]:
    """Metres from each point to the nearest locality; NaN where either is missing."""
    shapes = localities.geometry if localities.geometry is not None else np.empty(0, dtype=object)
    known = shapes[~shapely.is_missing(shapes)]
    if not len(known):
        return np.full(len(x), np.nan)
    shapely.prepare(known)
    distances = np.full(len(x), np.nan)
    given = np.isfinite(x) & np.isfinite(y)
    points = np.asarray(shapely.points(x[given], y[given]))
    distances[given] = shapely.distance(points[:, np.newaxis], known[np.newaxis, :]).min(axis=1)
    return distances


def _point_fault(x: float, y: float, away: float, swapped_away: float, *, own: bool) -> str:
    """What is wrong with a point, as what was expected of it; empty where nothing is."""
    if looks_like_degrees(x, y):
        return f"{METRES}; these look like latitude and longitude"
    if own and away > NEAR_METRES and swapped_away <= NEAR_METRES:
        return f"{METRES}; these look swapped"
    if not in_grid(x, y):
        return f"{METRES} within Great Britain's National Grid"
    if own and away > NEAR_METRES:
        return f"a point in the county or within {NEAR_METRES / 1000:g} km of it; this is {away / 1000:.0f} km away"
    return ""


def points_faults(read: ReadTable, localities: ReadTable, own: NDArray[np.bool_]) -> list[Fault]:
    """A fault for each point that is not in metres, or, where it is the county's ``own``, not in the county."""
    x = read.frame["easting"].to_numpy(dtype=np.float64)
    y = read.frame["northing"].to_numpy(dtype=np.float64)
    away, swapped_away = _distances(x, y, localities), _distances(y, x, localities)
    faults = []
    for place in np.flatnonzero(np.isfinite(x) & np.isfinite(y)):
        expected = _point_fault(x[place], y[place], away[place], swapped_away[place], own=bool(own[place]))
        if expected:
            faults.append(read.fault(int(place), "easting", f"{x[place]:.10g}, {y[place]:.10g}", expected))
    return faults


def zones_faults(zones: ReadTable, localities: ReadTable) -> list[Fault]:
    """Zones are in the county."""
    return points_faults(zones, localities, np.ones(len(zones.frame), dtype=bool))


def sites_faults(tables: Mapping[str, ReadTable]) -> list[Fault]:
    """Sites with a locality are in the county; the others are in Great Britain, and not likely to be swapped.

    A site out of the county that is far from it, and near it with easting and northing swapped, is a fault unless a
    road of the table roads leads there, or the journeys of the table travel fit its distance.
    """
    sites, localities = tables["sites"], tables["localities"]
    own = _own(sites)
    faults = points_faults(sites, localities, own)
    if tables["roads"].frame.empty and tables["travel"].frame.empty:
        return faults
    return faults + [
        sites.fault(place, "easting", _place(sites, place), f"{METRES}; these look swapped: {apart}")
        for place, apart in _perhaps_swapped(tables)
        if not (_on_a_road(tables, place) or _journeys_fit(tables, place))
    ]


def sites_notes(tables: Mapping[str, ReadTable]) -> list[Note]:
    """Sites that may be swapped, where neither roads nor journeys can tell, and those far from the county."""
    sites = tables["sites"]
    untold = tables["roads"].frame.empty and tables["travel"].frame.empty
    swapped = dict(_perhaps_swapped(tables)) if untold else {}
    notes = [_note(sites, place, f"easting and northing may be swapped: {apart}") for place, apart in swapped.items()]
    x, y = _coordinates(sites)
    away = _distances(x, y, tables["localities"])
    far = np.flatnonzero(~_own(sites) & in_grid(x, y) & (np.nan_to_num(away) > DISTANT_METRES))
    notes += [
        _note(sites, int(place), f"{away[place] / 1000:.0f} km from the county")
        for place in far
        if int(place) not in swapped
    ]
    return notes


def _own(sites: ReadTable) -> NDArray[np.bool_]:
    where = sites.frame["locality"]
    return (where.notna() & (where != OUT_OF_COUNTY)).to_numpy(dtype=bool)


def _coordinates(read: ReadTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return read.frame["easting"].to_numpy(dtype=np.float64), read.frame["northing"].to_numpy(dtype=np.float64)


def _place(sites: ReadTable, place: int) -> str:
    x, y = _coordinates(sites)
    return f"{x[place]:.10g}, {y[place]:.10g}"


def _note(sites: ReadTable, place: int, found: str) -> Note:
    name = sites.frame["site"].iloc[place]
    return Note("sites", str(sites.rows[place]), "easting", f"{name} at {_place(sites, place)}, {found}", "as written")


def _perhaps_swapped(tables: Mapping[str, ReadTable]) -> list[tuple[int, str]]:
    """Sites out of the county that are far from it as written and near it with their axes swapped, and how far."""
    sites, localities = tables["sites"], tables["localities"]
    x, y = _coordinates(sites)
    away, turned = _distances(x, y, localities), _distances(y, x, localities)
    with np.errstate(invalid="ignore"):
        doubtful = ~_own(sites) & in_grid(x, y) & in_grid(y, x) & (away > OUTSIDE_METRES) & (turned <= OUTSIDE_METRES)
    return [
        (
            int(place),
            f"{away[place] / 1000:.0f} km from the county, and the other way round "
            + (f"{turned[place] / 1000:.0f} km" if turned[place] > 0 else "in it"),
        )
        for place in np.flatnonzero(doubtful & (turned < away / 2))
    ]


def _on_a_road(tables: Mapping[str, ReadTable], place: int) -> bool:
    """Whether a link of the table roads begins or ends near where the site is written."""
    if tables["roads"].frame.empty:
        return False
    x, y = _coordinates(tables["sites"])
    ends = link_ends(tables["roads"]).reshape(-1, 2)
    return bool((np.hypot(ends[:, 0] - x[place], ends[:, 1] - y[place]) <= REACH_METRES).any())


def _journeys_fit(tables: Mapping[str, ReadTable], place: int) -> bool:
    """Whether the minutes to the site in the table travel fit the straight lines to where it is written."""
    travel, sites = tables["travel"].frame, tables["sites"].frame
    rows = travel[(travel["site"] == sites["site"].iloc[place]) & travel["zone"].notna()]
    zones = tables["zones"].frame.drop_duplicates("zone").set_index("zone")[["easting", "northing"]]
    x, y = _coordinates(tables["sites"])
    from_zones = zones.reindex(rows["zone"]).to_numpy(dtype=np.float64, na_value=np.nan)
    km = np.hypot(from_zones[:, 0] - x[place], from_zones[:, 1] - y[place]) / 1000
    minutes = rows["minutes"].to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(km) & (minutes > 0)
    kmh = float(np.median(km[known] / minutes[known] * 60)) if known.any() else np.inf
    return LIKELY_KMH[0] <= kmh <= LIKELY_KMH[1]


def link_ends(roads: ReadTable) -> NDArray[np.float64]:
    """Coordinates of each link's two ends, (links, 4): of its line where it has one, else of its columns."""
    columns = ["from_easting", "from_northing", "to_easting", "to_northing"]
    ends = roads.frame[columns].to_numpy(dtype=np.float64, copy=True)
    shapes = roads.geometry if roads.geometry is not None else np.full(len(ends), None, dtype=object)
    drawn = ~shapely.is_missing(shapes)
    for place in np.flatnonzero(drawn):
        coordinates = shapely.get_coordinates(shapes[place])
        if len(coordinates):
            ends[place] = (*coordinates[0], *coordinates[-1])
    return ends


def _end_faults(roads: ReadTable, ends: NDArray[np.float64], faulty: set[tuple[str, str]]) -> list[Fault]:
    """Links have both ends, in metres."""
    faults = []
    for place in np.flatnonzero(np.isnan(ends).any(axis=1)):
        row = str(roads.rows[place])
        if not any(at == row and ("easting" in c or "northing" in c or c == "geometry") for at, c in faulty):
            faults.append(roads.fault(int(place), "geometry", "", "a line, or the easting and northing of both ends"))
    for first in (0, 2):
        x, y = ends[:, first], ends[:, first + 1]
        column = ("from_easting", "to_easting")[first // 2]
        for place in np.flatnonzero(np.isfinite(x) & np.isfinite(y) & ~(in_grid(x, y) & ~looks_like_degrees(x, y))):
            expected = _point_fault(x[place], y[place], 0.0, np.inf, own=False)
            faults.append(roads.fault(int(place), column, f"{x[place]:.10g}, {y[place]:.10g}", expected))
    return faults


def _length_faults(roads: ReadTable, ends: NDArray[np.float64]) -> list[Fault]:
    """A link is no shorter than the straight line between its ends, but for rounding (2% and 2 metres)."""
    metres = roads.frame["metres"].to_numpy(dtype=np.float64)
    straight = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    # Ends that are not in metres have a fault already, and no length to compare.
    good = in_grid(ends[:, 0], ends[:, 1]) & in_grid(ends[:, 2], ends[:, 3])
    return [
        roads.fault(
            int(place),
            "metres",
            f"{metres[place]:g}",
            f"metres, no fewer than the straight line between its ends, {straight[place]:.0f}",
        )
        for place in np.flatnonzero(good & (metres < 0.98 * straight - 2.0))
    ]


def _node_faults(roads: ReadTable, ends: NDArray[np.float64]) -> list[Fault]:
    """A node is in one place, to within a metre."""
    # Row by row, the start before the end, so that the later row has the fault.
    nodes = roads.frame[["from", "to"]].to_numpy(dtype=object).ravel()
    at = ends.reshape(-1, 2)
    first: dict[str, int] = {}
    faults = []
    for place, node in enumerate(nodes):
        if not isinstance(node, str) or np.isnan(at[place]).any():
            continue
        earlier = first.setdefault(node, place)
        if np.abs(at[place] - at[earlier]).max() > 1.0:
            row, column = place // 2, ("from", "to")[place % 2]
            x, y = at[earlier]
            other = roads.rows[earlier // 2]
            expected = f"one place for a node; row {other} has it at {x:.10g}, {y:.10g}"
            found = f"{node} at {at[place][0]:.10g}, {at[place][1]:.10g}"
            faults.append(roads.fault(row, column, found, expected))
    return faults


def _speed_faults(roads: ReadTable, settings: Settings | None) -> list[Fault]:
    """Every road class has a speed; the first row of each class that has none."""
    if settings is None:
        return []
    speeds = settings.travel.speeds
    classes = roads.frame["class"]
    wrong = classes[classes.notna() & ~classes.isin(list(speeds))].drop_duplicates()
    known = ", ".join(speeds)
    return [
        roads.fault(
            int(str(place)), "class", name, f"a class with a speed in travel.speeds ({known}){suggest(name, speeds)}"
        )
        for place, name in wrong.items()
    ]


def roads_faults(roads: ReadTable, settings: Settings | None) -> list[Fault]:
    """Links have ends, lengths and speeds that can be."""
    if roads.frame.empty:
        return []
    ends = link_ends(roads)
    faulty = set(roads.faulty)
    whole_column = {column for row, column in faulty if not row}
    if whole_column & {"geometry", "from", "to"}:
        return _speed_faults(roads, settings)
    return [
        *_end_faults(roads, ends, faulty),
        *_length_faults(roads, ends),
        *_node_faults(roads, ends),
        *_speed_faults(roads, settings),
    ]
