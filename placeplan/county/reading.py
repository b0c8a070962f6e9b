"""Reading a county: find its tables and settings, type them, check them, and raise every fault at once."""

import hashlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from placeplan.county.checks import cross_table_faults, cross_table_notes
from placeplan.county.columns import TABLES
from placeplan.county.county import County
from placeplan.county.faults import in_order
from placeplan.county.listed import in_mainstream
from placeplan.county.other_files import files_digest, matrix_files, odd_files, road_files, source_faults
from placeplan.county.settings import Settings
from placeplan.county.settings_file import parse_settings
from placeplan.county.sources import Sources, gather
from placeplan.county.tables import ReadTable, absent_table, finished, read_table
from placeplan.errors import Fault, InputError

__all__ = ["check_county", "read_county"]

ENDS = ("from_easting", "from_northing", "to_easting", "to_northing")


def _missing_tables(sources: Sources, settings: Settings | None, *, files: bool) -> list[Fault]:
    """A fault for each table that the county must have and does not."""
    faults = [
        Fault(name, "", "", "no such table", f"a table {name}: each row is {table.row}")
        for name, table in TABLES.items()
        if table.required and name not in sources.tables and name not in sources.tried
    ]
    tables, ways = sources.tables, ("roads", "travel")
    journeys = any(len(tables[way].rows) if way in tables else way in sources.tried for way in ways)
    straight = settings is not None and settings.travel.straight_line_detour is not None
    if not journeys and not files and settings is not None and not straight:
        expected = "a table roads or a table travel, files in a folder of that name, or travel.straight_line_detour"
        faults.append(Fault("roads", "", "", "no rows" if "roads" in tables else "no such table", expected))
    return faults


def _with_ends(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Links with both their line and the coordinates of its ends, each made from the other where it is blank."""
    if roads.empty:
        return roads
    shapes = roads.geometry.to_numpy().copy()
    drawn = ~shapely.is_missing(shapes)
    ends = roads[list(ENDS)].to_numpy(dtype=np.float64, copy=True)
    for place in np.flatnonzero(drawn):
        coordinates = shapely.get_coordinates(shapes[place])
        ends[place] = (*coordinates[0], *coordinates[-1])
    shapes[~drawn] = shapely.linestrings(ends[~drawn].reshape(-1, 2, 2))
    filled = roads.assign(**{name: ends[:, place] for place, name in enumerate(ENDS)})
    return filled.set_geometry(gpd.GeoSeries(shapes, index=roads.index, crs=roads.crs))


def _read(source: str | Path) -> tuple[Sources, Settings | None, dict[str, ReadTable], list[Fault]]:
    """Everything that can be read of the county, and every fault found on the way."""
    sources = gather(source)
    settings, settings_faults = parse_settings(sources.settings)
    if sources.settings is None and any(fault.table == "county" for fault in sources.faults):
        settings_faults = []
    roads, matrix = road_files(sources.base, settings), matrix_files(sources.base, settings)
    with_rows = [name for name in ("roads", "travel") if name in sources.tables and len(sources.tables[name].rows)]
    faults = [
        *sources.faults,
        *settings_faults,
        *_missing_tables(sources, settings, files=bool(roads or matrix)),
        *source_faults(settings, roads, matrix, with_rows),
        *odd_files(sources.base, settings),
    ]
    tables = {}
    for name in TABLES:
        if name in sources.tables:
            known = {(fault.row, fault.column) for fault in sources.faults if fault.table == name}
            tables[name] = read_table(sources.tables[name], known=known)
            faults += tables[name].faults
        else:
            tables[name] = absent_table(name)
    unread = frozenset(name for name in sources.tried if name not in sources.tables)
    faults += cross_table_faults(tables, settings, unread=unread)
    return sources, settings, tables, faults


def read_county(source: str | Path) -> County:
    """The county at ``source``: a folder, an .xlsx workbook, or an embedded one (``example:derbyshire``).

    Coordinates come back in EPSG:27700 metres. Raises ``InputError`` with every fault, in the order of
    tables and rows, and ``UsageError`` where there is nothing to read.
    """
    sources, settings, tables, faults = _read(source)
    if faults or settings is None:
        raise InputError(in_order(faults))
    of_tables = [note for table in tables.values() for note in table.notes]
    notes = [*sources.notes, *of_tables, *cross_table_notes(tables, settings)]
    frames: dict[str, pd.DataFrame] = {name: finished(table) for name, table in tables.items()}
    mainstream = in_mainstream(frames["children"]["suits"])
    frames["met_in_mainstream"] = frames["children"][mainstream].reset_index(drop=True)
    frames["children"] = frames["children"][~mainstream].reset_index(drop=True)
    localities, zones, roads = (gpd.GeoDataFrame(frames.pop(name)) for name in ("localities", "zones", "roads"))
    roads_there, matrix_there = road_files(sources.base, settings), matrix_files(sources.base, settings)
    beside = files_digest([*roads_there, *matrix_there])
    return County(
        source=sources.source,
        digest=hashlib.sha256(f"{sources.digest}{beside}".encode()).hexdigest() if beside else sources.digest,
        settings=settings,
        localities=localities,
        zones=zones,
        roads=_with_ends(roads),
        notes=tuple(in_order(notes)),
        road_files=roads_there,
        matrix_files=matrix_there,
        **frames,
    )


def check_county(source: str | Path) -> list[Fault]:
    """Every fault of the county at ``source``, in order; none when ``read_county`` would read it.

    Raises ``UsageError`` where there is nothing to read.
    """
    try:
        read_county(source)
    except InputError as error:
        return list(error.faults)
    return []
