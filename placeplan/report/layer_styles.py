"""How QGIS draws the layers of a run: the table layer_styles of a GeoPackage, with a style for each layer."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from placeplan.county.kind_names import kind_name
from placeplan.geo.maps import CLASS_COLOURS
from placeplan.report.map import KIND_MARKS

__all__ = ["add_layer_styles", "style_of"]

CHANGED: Final = "2000-01-01T00:00:00.000Z"

SHAPES: Final = {"s": "square", "o": "circle", "P": "cross_fill", "^": "triangle", "D": "diamond", "d": "diamond",
                 "v": "equilateral_triangle", "p": "pentagon", "h": "hexagon", "X": "cross2"}  # fmt: skip
"""The marks of the maps by the names that QGIS has for them."""

MINUTES: Final = (15, 30, 45, 60, 75, 100_000)

TABLE: Final = """
CREATE TABLE layer_styles (
 id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
 f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
 useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)
"""


def _rgba(colour: str, alpha: int = 255) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def _symbol(kind: str, name: str, layer: str, options: Mapping[str, str]) -> str:
    inside = "".join(
        f'<Option type="QString" name={quoteattr(key)} value={quoteattr(value)}/>' for key, value in options.items()
    )
    return (
        f'<symbol type="{kind}" name="{name}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{layer}" enabled="1" locked="0" pass="0"><Option type="Map">{inside}</Option></layer></symbol>'
    )


def _fill(name: str, colour: str, *, edge: str = "#ffffff", width: str = "0.1", alpha: int = 255) -> str:
    options = {"color": _rgba(colour, alpha), "outline_color": _rgba(edge), "outline_width": width, "style": "solid"}
    return _symbol("fill", name, "SimpleFill", options)


def _outline(name: str) -> str:
    options = {"style": "no", "outline_color": _rgba("#222222"), "outline_width": "0.5", "outline_style": "solid"}
    return _symbol("fill", name, "SimpleFill", options)


def _line(name: str, colour: str, width: str) -> str:
    return _symbol(
        "line", name, "SimpleLine", {"line_color": _rgba(colour), "line_width": width, "line_style": "solid"}
    )


def _marker(name: str, shape: str, colour: str) -> str:
    options = {"name": shape, "color": _rgba(colour), "outline_color": _rgba("#222222"), "size": "3"}
    return _symbol("marker", name, "SimpleMarker", options)


def _document(renderer: str) -> str:
    return f'<!DOCTYPE qgis><qgis version="3.28.0" styleCategories="Symbology">{renderer}</qgis>'


def _single(symbol: str) -> str:
    return _document(f'<renderer-v2 type="singleSymbol" symbollevels="0"><symbols>{symbol}</symbols></renderer-v2>')


def _categorised(attribute: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """A symbol for each value of an attribute: value, label, symbol."""
    categories = "".join(
        f'<category value={quoteattr(value)} label={quoteattr(words)} symbol="{at}" render="true" type="string"/>'
        for at, (value, words, _) in enumerate(rows)
    )
    symbols = "".join(symbol for _, _, symbol in rows)
    return _document(
        f'<renderer-v2 type="categorizedSymbol" attr="{attribute}" symbollevels="0">'
        f"<categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>"
    )


def _graduated(attribute: str) -> str:
    """The classes of minutes of the maps."""
    edges = (0, *MINUTES)
    ranges = "".join(
        f'<range lower="{low}" upper="{high}" symbol="{at}" render="true" '
        f'label="{f"over {low}" if high == MINUTES[-1] else f"{low} to {high}"} minutes"/>'
        for at, (low, high) in enumerate(zip(edges, MINUTES, strict=False))
    )
    symbols = "".join(_fill(str(at), colour) for at, colour in enumerate(CLASS_COLOURS))
    return _document(
        f'<renderer-v2 type="graduatedSymbol" attr="{attribute}" graduatedMethod="GraduatedColor" symbollevels="0">'
        f"<ranges>{ranges}</ranges><symbols>{symbols}</symbols></renderer-v2>"
    )


def style_of(layer: str, columns: Sequence[str]) -> str | None:
    """The style of a layer as QGIS keeps it (QML), by its name and the columns that it has; None where it has none."""
    if layer == "zones":
        minutes = next((column for column in columns if column.startswith("minutes_")), None)
        return _single(_fill("0", "#f3f1ea", edge="#c9c6bd")) if minutes is None else _graduated(minutes)
    if layer == "units":
        marks = [
            (kind, kind_name(kind), _marker(str(at), SHAPES[mark], colour))
            for at, (kind, (mark, colour)) in enumerate(KIND_MARKS.items())
        ]
        return _categorised("kind", marks)
    made = {
        "localities": _single(_outline("0")),
        "sites": _single(_marker("0", "circle", "#56B4E9")),
        "service_areas": _single(_fill("0", "#41b6c4", edge="#1d7fb3", width="0.3", alpha=90)),
        "flows": _single(_line("0", "#0072B2", "0.6")),
        "gaps": _single(_fill("0", "#e69f00", edge="#222222", width="0.4", alpha=70)),
    }
    return made.get(layer)


def add_layer_styles(base: sqlite3.Connection, layers: Mapping[str, Sequence[str]]) -> None:
    """Write the table layer_styles for ``layers`` (columns by name) into an open GeoPackage, and register it."""
    base.execute(TABLE)
    rows = [(name, style) for name, columns in layers.items() if (style := style_of(name, columns)) is not None]
    base.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
        " styleQML, styleSLD, useAsDefault, description, owner, ui, update_time)"
        " VALUES ('', '', ?, 'geom', ?, ?, '', 1, 'placeplan', '', NULL, ?)",
        [(name, name, style, CHANGED) for name, style in rows],
    )
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
        " VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
        (CHANGED,),
    )
