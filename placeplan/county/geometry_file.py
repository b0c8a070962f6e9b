"""Reading geometry: GeoJSON files and GeoPackage layers, turned to EPSG:27700, and WKT in cells."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from placeplan.county.columns import TABLES
from placeplan.county.csv_file import decode
from placeplan.county.faults import shown
from placeplan.county.raw import RawTable, cell_text, raw_table
from placeplan.county.unread import Unread
from placeplan.errors import Fault
from placeplan.geo.crs import looks_like_degrees, looks_like_swapped_degrees, to_grid
from placeplan.geo.geopackage import GeoPackageError, layer_columns, layer_names, read_layer

__all__ = ["GEOPACKAGE", "geometry_from_text", "read_geojson_table", "read_geopackage"]

GEOPACKAGE = "county.gpkg"
STYLES = ("layer_styles", "qgis_projects")
"""What a desktop program keeps in a GeoPackage for itself."""

DEGREES = "longitude, then latitude, in degrees (GeoJSON is EPSG:4326)"


def _shapes(table: str, features: list[dict[str, Any]]) -> tuple[NDArray[np.object_], list[Fault]]:
    """The features' geometries as they stand, None where there is none."""
    shapes: NDArray[np.object_] = np.full(len(features), None, dtype=object)
    faults = []
    for place, feature in enumerate(features):
        geometry = feature.get("geometry")
        if geometry is None:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                shapes[place] = shapely.force_2d(shape(geometry))
        except Exception:  # noqa: BLE001 - a malformed geometry raises many kinds, which mean the same
            faults.append(Fault(table, str(place + 2), "geometry", shown(geometry), "a GeoJSON geometry"))
    return shapes, faults


def _degrees_to_grid(table: str, shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], list[Fault]]:
    """Shapes in degrees as shapes in metres, with a fault for each whose coordinates are not degrees."""
    bounds = shapely.bounds(shapes)
    metres = ~looks_like_degrees(bounds[:, 0], bounds[:, 1]) | ~looks_like_degrees(bounds[:, 2], bounds[:, 3])
    metres &= ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    swapped = looks_like_swapped_degrees(bounds[:, 0], bounds[:, 1])
    faults = []
    turned = shapes.copy()
    for place in np.flatnonzero(metres | swapped):
        x, y = bounds[place, :2]
        words = f"{DEGREES}; these look swapped" if swapped[place] else DEGREES
        faults.append(Fault(table, str(place + 2), "geometry", f"{x:g}, {y:g}", words))
        turned[place] = None
    found = ~shapely.is_missing(turned)
    with np.errstate(invalid="ignore"):
        turned[found] = shapely.transform(turned[found], lambda xy: np.column_stack(to_grid(xy[:, 0], xy[:, 1])))
    return turned, faults


def _stated_crs(collection: dict[str, Any]) -> str:
    crs = collection.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    return name if isinstance(name, str) else "CRS84"


def _collection(table: str, file: str, data: bytes) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The FeatureCollection in a file, its ``features`` a list of mappings, or the fault that it is not one."""
    text, faults = decode(table, file, data)
    if text is None:
        return None, faults
    expected = "a GeoJSON FeatureCollection"
    if not text.strip():
        return None, [Fault(table, "", "", f"an empty file, {file}", expected)]
    try:
        collection = json.loads(text)
    except json.JSONDecodeError as error:
        return None, [Fault(table, "", "", f"{file}, line {error.lineno}: {error.msg}", expected)]
    except (RecursionError, ValueError) as error:
        return None, [Fault(table, "", "", f"{file}: {shown(error)}", expected)]
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        return None, [Fault(table, "", "", file, f"{expected} with its features")]
    return collection, []


def _halves(table: str, rows: list[dict[str, Any]]) -> list[Fault]:
    """A fault for each cell with half of a pair that stands for one character: no file could hold it."""
    return [
        Fault(table, str(place + 2), shown(key), shown(ascii(value)), "text of whole characters (UTF-8)")
        for place, row in enumerate(rows)
        for key, value in row.items()
        if any(0xD800 <= ord(character) <= 0xDFFF for character in f"{key}{value if isinstance(value, str) else ''}")
    ]


def read_geojson_table(table: str, file: str, data: bytes) -> tuple[RawTable | None, list[Fault]]:
    """The table in a GeoJSON file: its features' properties as cells and their geometry in metres.

    A file that names EPSG:27700 in the old ``crs`` member is taken at its word, as desktop programs write it.
    """
    collection, faults = _collection(table, file, data)
    if collection is None:
        return None, faults
    features = collection["features"]
    shapes, faults = _shapes(table, features)
    crs = _stated_crs(collection)
    if crs.endswith(("CRS84", ":4326")):
        shapes, degree_faults = _degrees_to_grid(table, shapes)
        faults += degree_faults
    elif not crs.endswith(":27700"):
        return None, [*faults, Fault(table, "", "geometry", shown(crs), "EPSG:4326, as GeoJSON is, or EPSG:27700")]
    properties = [p if isinstance(p := feature.get("properties"), dict) else {} for feature in features]
    faults += _halves(table, properties)
    header = list(dict.fromkeys(key for row in properties for key in row))
    lines = [(place + 2, [cell_text(row.get(key)) for key in header]) for place, row in enumerate(properties)]
    raw, raw_faults = raw_table(table, file, header, lines, geometry=shapes)
    return raw, faults + raw_faults


def _read_layer(path: Path, layer: str, table: str) -> tuple[RawTable | None, list[Fault]]:
    frame = read_layer(path, layer)
    geometry: NDArray[np.object_] | None = None
    if isinstance(frame, gpd.GeoDataFrame):
        if frame.crs is None:
            return None, [Fault(table, "", "geometry", "no coordinate system", "a layer that names its own")]
        geometry = np.asarray(shapely.force_2d(frame.geometry.to_numpy()), dtype=object)
        frame = frame.drop(columns=frame.geometry.name)
    texts = [[cell_text(value) for value in frame[column].astype(object)] for column in frame.columns]
    lines = [(place + 2, [column[place] for column in texts]) for place in range(len(frame))]
    return raw_table(table, f"{path.name}, layer {layer}", list(frame.columns), lines, geometry=geometry)


def read_geopackage(path: Path) -> tuple[list[RawTable], list[Fault], list[Unread]]:
    """The tables among a GeoPackage's layers, the faults, and the layers that are none, but for QGIS's own."""
    tables: list[RawTable] = []
    faults: list[Fault] = []
    unread: list[Unread] = []
    try:
        layers = layer_names(path)
    except GeoPackageError as error:
        return [], [Fault(path.name, "", "", shown(error), "a GeoPackage")], []
    for layer in layers:
        if layer in STYLES:
            continue
        try:
            if layer not in TABLES:
                unread.append(Unread(f"layer {layer}", layer, _layer_expected, header=layer_columns(path, layer)))
                continue
            raw, layer_faults = _read_layer(path, layer, layer)
        except GeoPackageError as error:
            faults.append(Fault(layer, "", "", f"{path.name}: {shown(error)}", "a layer of a GeoPackage"))
            continue
        faults += layer_faults
        if raw is not None:
            tables.append(raw)
    return tables, faults, unread


def _layer_expected(table: str) -> str:
    return f"a layer named {table}"


def geometry_from_text(raw: RawTable) -> tuple[RawTable, list[Fault]]:
    """The table with its ``geometry`` cells (WKT, EPSG:27700) as shapes; unchanged where it has none."""
    if "geometry" not in raw.cells or raw.geometry is not None:
        return raw, []
    cells = raw.cells["geometry"]
    shapes: NDArray[np.object_] = np.full(len(cells), None, dtype=object)
    faults = []
    for place, text in enumerate(cells):
        if not isinstance(text, str):
            continue
        try:
            shapes[place] = shapely.force_2d(shapely.from_wkt(text))
        except shapely.errors.GEOSException:
            row = str(raw.rows[place])
            faults.append(Fault(raw.table, row, "geometry", shown(text), "geometry as WKT in EPSG:27700"))
    return replace(raw, cells=raw.cells.drop(columns="geometry"), geometry=shapes), faults
