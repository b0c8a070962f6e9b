"""The data of the atlas: zones, units and journeys of a coverage run, small enough to travel inside its page."""

import base64
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from placeplan.county.kind_names import kind_name, provision_name
from placeplan.county.vocabulary import AREA_OF_NEED, AREAS, KINDS, NEEDS, PHASES
from placeplan.report.lookup import locality_names, table
from placeplan.report.named import in_its_words
from placeplan.report.words import PHASE_NAMES
from placeplan.runs import Run

__all__ = ["NOT_REACHED", "atlas_data", "default_choice", "zone_shapes"]

NOT_REACHED: Final = 65535
"""What the array of journeys holds where there is none; other figures are tenths of a minute."""

UNIT_METRES: Final = 10.0
"""Metres to a unit of the drawing."""

TOLERANCE_METRES: Final = 50.0
"""By how much outlines are simplified: less than a hair on paper."""

STATE: Final = "state"
"""The choice of every kind that an authority commissions."""


def zone_shapes(run: Run) -> gpd.GeoSeries:
    """A shape for each zone of ``zones_about``: its outline, or where there are none the part nearest to its centre.

    EPSG:27700, in the order of the table. Outlines that share their edges are simplified together.
    """
    zones = table(run, "zones_about")
    if "zones" in run.layers:
        shapes = run.layers["zones"].set_index("zone").geometry.reindex(zones["zone"]).to_numpy()
        if not shapely.is_missing(shapes).any():
            return gpd.GeoSeries(_simplified(shapes), crs=run.layers["zones"].crs)
    county = shapely.union_all(run.layers["localities"].geometry.to_numpy())
    centres = zones[["easting", "northing"]].to_numpy(float)
    points = np.asarray(shapely.points(centres), dtype=object)
    if len(points) == 1:
        return gpd.GeoSeries([county], crs=run.layers["localities"].crs)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=county))
    at_point, at_cell = shapely.STRtree(cells).query(points, predicate="intersects")
    first = dict(zip(at_point[::-1].tolist(), at_cell[::-1].tolist(), strict=True))
    shapes = np.array([shapely.intersection(cells[first[at]], county) for at in range(len(points))], dtype=object)
    return gpd.GeoSeries(shapes, crs=run.layers["localities"].crs)


def _simplified(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Simplified as a coverage where it is one; else each by itself."""
    if bool(shapely.coverage_is_valid(shapes)):
        return np.asarray(shapely.coverage_simplify(shapes, TOLERANCE_METRES), dtype=object)
    return np.asarray(shapely.simplify(shapes, TOLERANCE_METRES), dtype=object)


def _path(shape: shapely.Geometry, west: float, north: float) -> str:
    """A shape as the path of a drawing, in whole units from the north-west corner."""
    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            xy = shapely.get_coordinates(ring)[:-1]
            points = np.round(np.column_stack([xy[:, 0] - west, north - xy[:, 1]]) / UNIT_METRES).astype(int)
            steps = np.diff(points, axis=0)
            moved = (steps != 0).any(axis=1)
            drawn = " ".join(f"{x},{y}" for x, y in steps[moved].tolist())
            parts.append(f"M{points[0, 0]},{points[0, 1]}l{drawn}z" if drawn else "")
    return "".join(parts)


def _journeys(run: Run, zones: list[str], sites: list[str]) -> str:
    """Tenths of a minute, zone by zone, as little-endian 16-bit whole numbers in base 64."""
    rows = table(run, "journeys")
    made = np.full((len(zones), len(sites)), NOT_REACHED, dtype="<u2")
    known = rows[rows["minutes"].notna()]
    at = pd.Index(zones).get_indexer(pd.Index(known["zone"])), pd.Index(sites).get_indexer(pd.Index(known["site"]))
    inside = (at[0] >= 0) & (at[1] >= 0)
    tenths = np.minimum(np.round(known["minutes"].to_numpy(float) * 10), NOT_REACHED - 1)
    made[at[0][inside], at[1][inside]] = tenths[inside].astype("<u2")
    return base64.b64encode(made.tobytes()).decode()


def _label_point(shape: shapely.Geometry) -> shapely.Point:
    """A point well inside the largest part of a shape."""
    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    inscribed = shapely.maximum_inscribed_circle(largest, tolerance=100.0)
    point: shapely.Point = shapely.get_point(inscribed, 0)
    return point


def default_choice(run: Run) -> dict[str, str]:
    """What the atlas shows first: the largest gap that is told, or special schools for autism in primary years."""
    gaps = table(run, "place_gaps")
    first = gaps.iloc[0] if len(gaps) else {"need": "ASD", "phase": "primary", "provision": "special"}
    return {name: str(first[name]) for name in ("need", "phase", "provision")}


@in_its_words
def atlas_data(run: Run) -> dict[str, Any]:
    """Everything that the page's script works with, ready for JSON; nothing of children but what the run shows."""
    zones, units = table(run, "zones_about"), table(run, "units_about")
    outlines = run.layers["localities"]
    west, south, east, north = (float(value) for value in outlines.total_bounds)
    margin = 0.04 * max(east - west, north - south)
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    sites = sorted(set(units["site"]))
    demand = table(run, "demand").pivot_table(index="zone", columns="phase", values="people", aggfunc="sum")
    demand = demand.reindex(index=zones["zone"], columns=list(PHASES)).fillna(0.0)
    guidance = table(run, "guidance").set_index("phase")["minutes"]
    names = locality_names(run)
    order = list(names)

    def place(easting: float, northing: float) -> list[int]:
        return [round((easting - west) / UNIT_METRES), round((north - northing) / UNIT_METRES)]

    shapes = zone_shapes(run)
    localities = [
        {"id": str(row.locality), "name": names[str(row.locality)], "path": _path(row.geometry, west, north),
         "at": place(point.x, point.y)}
        for row in outlines.itertuples()
        for point in [_label_point(row.geometry)]
    ]  # fmt: skip
    children = run.tables.get("zone_children") if run.internal else None
    return {
        "size": [round((east - west) / UNIT_METRES), round((north - south) / UNIT_METRES)],
        "unitMetres": UNIT_METRES,
        "notReached": NOT_REACHED,
        "localities": localities,
        "zones": {
            "id": list(zones["zone"].astype(str)),
            "locality": [order.index(str(one)) for one in zones["locality"]],
            "rural": [None if pd.isna(one) else bool(one) for one in zones["rural"]],
            "deprivation": [None if pd.isna(one) else int(one) for one in zones["deprivation"]],
            "at": [place(x, y) for x, y in zip(zones["easting"], zones["northing"], strict=True)],
            "path": [_path(shape, west, north) for shape in shapes],
            "people": {phase: [round(float(one), 1) for one in demand[phase]] for phase in PHASES},
        },
        "units": [
            {
                "id": str(row["unit"]),
                "name": str(row["name"]),
                "site": sites.index(str(row["site"])),
                "kind": str(row["kind"]),
                "provision": str(row["provision"]),
                "needs": str(row["needs"]).split(";"),
                "years": [int(row["from_year_group"]), int(row["to_year_group"])],
                "places": None if pd.isna(row["places"]) else int(row["places"]),
                "inCounty": bool(row["in_county"]),
                "candidate": bool(row["candidate"]),
                "at": place(float(row["easting"]), float(row["northing"])),
            }
            for row in units.to_dict("records")
        ],
        "minutes": _journeys(run, list(zones["zone"].astype(str)), sites),
        "sites": len(sites),
        "phases": {phase: {"name": PHASE_NAMES[phase], "years": [min(y), max(y)]} for phase, y in PHASES.items()},
        "guidance": {phase: float(guidance.get(phase, 75.0)) for phase in PHASES},
        "needs": [
            {"area": words, "codes": {code: NEEDS[code] for code, of in AREA_OF_NEED.items() if of == area}}
            for area, words in AREAS.items()
        ],
        "kinds": {kind: kind_name(kind) for kind in KINDS},
        "provisions": {one: provision_name(one) for one in sorted(set(units["provision"]), key=provision_name)},
        "choice": default_choice(run),
        "children": None if children is None else _children(children),
    }


def _children(children: pd.DataFrame) -> dict[str, list[list[Any]]]:
    """Children by zone: need, phase, provision, how many and how many of them within guidance (internal only)."""
    made: dict[str, list[list[Any]]] = {}
    columns = ["zone", "need", "phase", "provision", "children", "within_guidance"]
    for zone, *rest in children[columns].itertuples(index=False, name=None):
        made.setdefault(str(zone), []).append(rest)
    return made
