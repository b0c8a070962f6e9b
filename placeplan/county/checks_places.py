"""Where things are: points in metres and in the county, road links with ends, lengths and speeds."""

import numpy as np
import shapely
from numpy.typing import NDArray

from placeplan.county.faults import suggest
from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.county.vocabulary import OUT_OF_COUNTY
from placeplan.errors import Fault
from placeplan.geo.crs import in_grid, looks_like_degrees

__all__ = ["points_faults", "roads_faults", "sites_faults", "zones_faults"]

NEAR_METRES = 20_000.0
"""How far from the localities a point of the county's own may lie: outlines are often simplified."""

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


def sites_faults(sites: ReadTable, localities: ReadTable) -> list[Fault]:
    """Sites with a locality are in the county; the others are anywhere in Great Britain."""
    where = sites.frame["locality"]
    own = (where.notna() & (where != OUT_OF_COUNTY)).to_numpy(dtype=bool)
    return points_faults(sites, localities, own)


def _link_ends(roads: ReadTable) -> NDArray[np.float64]:
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
    ends = _link_ends(roads)
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
