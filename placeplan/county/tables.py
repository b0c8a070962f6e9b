"""From a raw table to a checked one: types, schema, geometry, and the frame that a county holds."""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from placeplan.county.column import Table
from placeplan.county.columns import TABLES
from placeplan.county.convert import converted, empty_column
from placeplan.county.faults import shown
from placeplan.county.raw import RawTable
from placeplan.county.schemas import schema_faults
from placeplan.errors import Fault, Note
from placeplan.geo.crs import GRID, in_grid

__all__ = ["ReadTable", "absent_table", "finished", "read_table"]


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table whose cells are typed: bad ones are missing, and ``faults`` says where they were.

    ``geometry`` is EPSG:27700 shapes in the order of ``frame``, or None where the table has none;
    ``rows`` numbers the rows as the user counts them. ``faulty`` is every (row, column) that has a fault of its own.
    """

    table: Table
    frame: pd.DataFrame = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    geometry: NDArray[np.object_] | None = field(repr=False)
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()
    faulty: frozenset[tuple[str, str]] = frozenset()

    def fault(self, place: int, column: str, value: object, expected: str) -> Fault:
        """A fault in the row at ``place``, counted from 0."""
        return Fault(self.table.name, str(self.rows[place]), column, shown(value), expected)


def absent_table(name: str) -> ReadTable:
    """The table as it is where the county does not have it: empty, with every column."""
    table = TABLES[name]
    frame = pd.DataFrame({c.name: empty_column(c, 0) for c in table.columns if c.type != "geometry"})
    geometry: NDArray[np.object_] | None = np.empty(0, dtype=object) if table.geometry else None
    return ReadTable(table, frame, np.empty(0, dtype=np.int64), geometry)


def _geometry(table: Table, raw: RawTable, known: set[tuple[str, str]]) -> tuple[NDArray[np.object_], list[Fault]]:
    """The table's shapes, invalid polygons repaired, with a fault for each that will not do."""
    shapes: NDArray[np.object_] = np.full(len(raw.cells), None, dtype=object)
    if raw.geometry is not None:
        shapes = raw.geometry.copy()
    required = table.column("geometry").required
    if required and bool(shapely.is_missing(shapes).all()) and len(shapes) and not known:
        expected = f"a {table.geometry} for each row, in {table.name}.geojson, a layer, or a column of WKT"
        return shapes, [Fault(table.name, "", "geometry", "no geometry", expected)]
    words = "a polygon" if table.geometry == "polygon" else "a line"
    wanted = ("Polygon", "MultiPolygon") if table.geometry == "polygon" else ("LineString", "MultiLineString")
    faults = []
    for place in np.flatnonzero(~shapely.is_missing(shapes)):
        shape = shapes[place]
        row = str(raw.rows[place])
        if shape.geom_type not in wanted or shape.is_empty:
            found = f"an empty {shape.geom_type}" if shape.is_empty else f"a {shape.geom_type}"
            faults.append(Fault(table.name, row, "geometry", found, words))
        elif not all(in_grid(shape.bounds[0::2], shape.bounds[1::2])):
            x, y = shape.bounds[:2]
            expected = f"{words} within Great Britain's National Grid (EPSG:27700, metres)"
            faults.append(Fault(table.name, row, "geometry", f"{x:g}, {y:g}", expected))
        elif table.geometry == "polygon" and not shape.is_valid:
            repaired = [part for part in shapely.get_parts(shapely.make_valid(shape)) if part.area > 0]
            shapes[place] = shapely.union_all(repaired)
            if not repaired:
                faults.append(Fault(table.name, row, "geometry", "an outline without area", words))
    for place in np.flatnonzero(shapely.is_missing(shapes)):
        row = str(raw.rows[place])
        if required and (row, "geometry") not in known:
            faults.append(Fault(table.name, row, "geometry", "a blank", words))
    return shapes, faults


def read_table(raw: RawTable, *, known: set[tuple[str, str]]) -> ReadTable:
    """The typed table with its own faults; ``known`` is the (row, column) pairs that have a fault already."""
    table = TABLES[raw.table]
    frame, faults, notes = converted(table, raw)
    known = known | raw.faulty | {(fault.row, fault.column) for fault in faults}
    faults += schema_faults(frame, raw, known=known)
    geometry: NDArray[np.object_] | None = None
    if table.geometry:
        geometry, geometry_faults = _geometry(table, raw, {pair for pair in known if pair[1] == "geometry"})
        faults += geometry_faults
    if table.required and not len(frame):
        faults.append(Fault(table.name, "", "", "no rows", f"at least one row: {table.row}"))
    faulty = known | {(fault.row, fault.column) for fault in faults}
    return ReadTable(table, frame, raw.rows, geometry, tuple(faults), (*raw.notes, *notes), frozenset(faulty))


def finished(read: ReadTable) -> pd.DataFrame:
    """The frame that a county holds: required columns as int64 and bool, geometry in EPSG:27700.

    Only for a table without faults: a required column with a missing value raises.
    """
    plain = {"whole": "int64", "yes_no": "bool"}
    frame: pd.DataFrame = read.frame.astype(
        {
            column.name: plain[column.type]
            for column in read.table.columns
            if column.type in plain and (column.required or column.default is not None)
        }
    )
    if read.geometry is None:
        return frame
    located: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(read.geometry, index=frame.index, crs=GRID))
    return located
