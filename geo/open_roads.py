"""OS Open Roads: the links of its GeoPackage, whole or in several tiles, with classes that have a speed.

Ordnance Survey publishes the layers road_link and road_node; the link has its two nodes, its length in metres, its
function, its form of way, and whether it is a trunk road. It has no one-way streets and no speeds.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .faults import TableError, TableFault
from .geopackage import GeoPackageError, layer_names, read_layer

__all__ = ["FUNCTION_CLASSES", "open_roads"]

LAYER: Final = "road_link"
FUNCTION_CLASSES: Final = {
    "Motorway": "motorway",
    "A Road": "primary",
    "A Road Primary": "primary",
    "B Road": "secondary",
    "B Road Primary": "secondary",
    "Minor Road": "tertiary",
    "Local Road": "unclassified",
    "Local Access Road": "residential",
    "Restricted Local Access Road": "service",
    "Secondary Access Road": "service",
    "Restricted Secondary Access Road": "service",
}
"""The class of each road function; an A road on the trunk road network is ``trunk``. Others keep their own words."""

NOT_DRIVEN: Final = ("Guided Busway", "Shared Use Carriageway")
"""Forms of way that a car or a minibus may not take."""

COLUMNS: Final = {
    "id": ("id", "identifier"),
    "function": ("road_function", "roadfunction", "function"),
    "form": ("form_of_way", "formofway"),
    "length": ("length",),
    "trunk": ("trunk_road", "trunkroad"),
    "start": ("start_node", "startnode"),
    "end": ("end_node", "endnode"),
}
"""The names that each column goes by, in lower case: the GeoPackage's, and those of the other formats."""

NEEDED: Final = ("function", "start", "end")


def open_roads(
    paths: Iterable[Path], *, bounds: tuple[float, float, float, float] | None = None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Links of OS Open Roads: from, to, metres, class, oneway (always no), geometry in EPSG:27700; and no counts.

    Tiles join by their nodes; a link that stands in two of them counts once. With ``bounds`` only the links that touch
    them are read, so that the file of the whole of Great Britain will do. Raises ``TableError`` with every file that
    cannot be read, and every layer and column that is missing.
    """
    faults: list[TableFault] = []
    parts = []
    for path in paths:
        try:
            parts.append(_tile(path, bounds))
        except TableError as error:
            faults += error.faults
    if faults:
        raise TableError(faults)
    links = pd.concat(parts, ignore_index=True)
    known = links["id"].notna()
    again = links["id"].where(known, links.index.to_series().astype(str)).duplicated()
    return links[~again].drop(columns="id").reset_index(drop=True), {}


def _tile(path: Path, bounds: tuple[float, float, float, float] | None) -> pd.DataFrame:
    try:
        layers = layer_names(path)
    except GeoPackageError as error:
        raise TableError([TableFault(None, path.name, str(error)[:80], "a GeoPackage")]) from error
    layer = next((name for name in layers if name.lower().replace("_", "") == "roadlink"), None)
    if layer is None:
        raise TableError([TableFault(None, path.name, f"layers {', '.join(layers)}", f"a layer {LAYER}")])
    try:
        frame = read_layer(path, layer, bounds=bounds)
    except GeoPackageError as error:
        raise TableError([TableFault(None, path.name, str(error)[:80], f"a layer {layer} that can be read")]) from error
    named = _columns(path, frame)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
        raise TableError([TableFault(None, path.name, "no coordinate system", "a layer that names its own")])
    shapes = np.asarray(shapely.line_merge(shapely.force_2d(frame.geometry.to_numpy())), dtype=object)
    drawn = shapely.get_type_id(shapes) == shapely.GeometryType.LINESTRING
    length = (
        pd.to_numeric(frame[named["length"]], errors="coerce") if "length" in named else pd.Series(np.nan, frame.index)
    )
    function = frame[named["function"]].astype(object)
    classes = function.map(FUNCTION_CLASSES).fillna(function)
    if "trunk" in named:
        trunk = frame[named["trunk"]].astype(str).str.lower().isin(["true", "1", "yes"])
        classes = classes.mask(trunk & (classes == "primary"), "trunk")
    driven = ~frame[named["form"]].isin(NOT_DRIVEN) if "form" in named else pd.Series(data=True, index=frame.index)
    links = pd.DataFrame(
        {
            "id": frame[named["id"]] if "id" in named else None,
            "from": frame[named["start"]],
            "to": frame[named["end"]],
            "metres": length.where(length > 0, pd.Series(shapely.length(shapes), index=frame.index)),
            "class": classes,
            "oneway": False,
            "geometry": shapes,
        }
    )
    drawn &= True if bounds is None else shapely.intersects(shapes, shapely.box(*bounds))
    kept: pd.DataFrame = links[drawn & driven.to_numpy()]
    return kept


def _columns(path: Path, frame: pd.DataFrame) -> dict[str, str]:
    """The file's own name for each column."""
    by_name = {str(column).lower(): str(column) for column in frame.columns}
    named = {ours: by_name[name] for ours, names in COLUMNS.items() for name in reversed(names) if name in by_name}
    missing = [COLUMNS[name][0] for name in NEEDED if name not in named]
    if missing:
        raise TableError(
            TableFault(None, path.name, f"no column {column}", "the columns of OS Open Roads") for column in missing
        )
    return named
