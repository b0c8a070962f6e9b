"""run.gpkg: localities, sites, units, flows and gaps as layers that QGIS opens, the same bytes for the same run."""

import errno
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
from pyogrio.errors import DataLayerError, DataSourceError

from placeplan.report.flow_lines import CRS, flow_lines, gap_polygons, unit_points
from placeplan.report.layer_styles import add_layer_styles
from placeplan.report.lookup import questions
from placeplan.report.named import in_its_words
from placeplan.report.zone_reach import main_choices, zone_minutes
from placeplan.runs import LAYER_NAMES, LAYERS_FILE, Run

__all__ = ["geopackage_bytes", "has_layers"]

_CHANGED: Final = "2000-01-01T00:00:00.000Z"
"""What every layer says of when it changed: the run's own date is in run.json, and the bytes stay the same."""


def has_layers(run: Run) -> bool:
    """Whether the run has any layer to write."""
    return any(name in run.layers for name in LAYER_NAMES)


def _layers(run: Run) -> Mapping[str, gpd.GeoDataFrame]:
    made: dict[str, gpd.GeoDataFrame] = {name: run.layers[name] for name in LAYER_NAMES if name in run.layers}
    if "units_about" in run.tables:
        made |= _coverage_layers(run)
    if {"localities", "sites"} <= made.keys() and questions(run):
        made["units"] = unit_points(run)
        flows = [flow_lines(run, question=question) for question in questions(run)]
        drawn = [one for one in flows if not one.empty]
        made["flows"] = pd.concat(drawn, ignore_index=True) if drawn else flows[0]
        made["gaps"] = gap_polygons(run)
    return made


def _coverage_layers(run: Run) -> dict[str, gpd.GeoDataFrame]:
    """Zones with their minutes to the nearest place of each main choice, and the units, candidates among them."""
    units = run.tables["units_about"]
    points = gpd.points_from_xy(units["easting"], units["northing"], crs=CRS)
    made = {"units": gpd.GeoDataFrame(units.drop(columns=["easting", "northing"]), geometry=points)}
    if "zones" in run.layers:
        zones = run.layers["zones"]
        minutes = {f"minutes_{choice.name}": zone_minutes(run, choice) for choice in main_choices(run)}
        made["zones"] = zones.assign(**{name: zones["zone"].map(values) for name, values in minutes.items()})
    return made


@in_its_words
def geopackage_bytes(run: Run) -> bytes:
    """The GeoPackage, EPSG:27700: layers localities, sites and zones as the run has them, and units, flows and gaps.

    Flows are summed by locality and unit; a withheld figure is missing and a withheld flow is not there. Of a coverage
    run zones have their minutes to the nearest place of each main choice. QGIS finds a style for each layer. Raises
    ``OSError`` where the folder for passing files cannot take it, as on a full disk.
    """
    try:
        return _made(run)
    except (DataSourceError, DataLayerError, sqlite3.OperationalError) as error:
        where = f"{LAYERS_FILE} in {tempfile.gettempdir()}: {error}"
        raise OSError(errno.EIO, where) from error


def _made(run: Run) -> bytes:
    with tempfile.TemporaryDirectory(prefix="placeplan-") as folder:
        path = Path(folder) / "run.gpkg"
        columns: dict[str, list[str]] = {}
        for name, layer in _layers(run).items():
            columns[name] = [str(column) for column in layer.columns]
            kinds = {"flows": "LineString", "units": "Point", "sites": "Point"}
            plain = layer.to_crs(CRS) if layer.crs is not None else layer.set_crs(CRS)
            polygons = "MultiPolygon" if name not in kinds else None
            plain.to_file(
                path,
                layer=name,
                driver="GPKG",
                engine="pyogrio",
                index=False,
                geometry_type=polygons or kinds[name],
                promote_to_multi=polygons is not None,
            )
        with sqlite3.connect(path) as base:
            add_layer_styles(base, columns)
            base.execute("UPDATE gpkg_contents SET last_change = ?", (_CHANGED,))
        base.close()
        return path.read_bytes()
