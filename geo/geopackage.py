"""Reading a GeoPackage as what it is, an SQLite database, and as nothing else.

No driver is chosen by what a file happens to look like: its first bytes are those of SQLite, it is opened without
writing, tables alone are read (no view, no virtual table, no extension), and nothing is ever written beside it.
"""

import datetime as dt
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import ProjError

from .crs import GRID, stated_crs
from .ordinary_file import is_ordinary, open_ordinary

__all__ = ["GeoPackageError", "layer_columns", "layer_names", "read_layer", "sidecars"]

MAGIC: Final = b"SQLite format 3\x00"
SIDECARS: Final = ("-wal", "-journal")
"""What SQLite has beside a database: changes that are not in the file yet, or are not to stay in it."""

ROW_NAMES: Final = frozenset({"fid", "ogc_fid", "gid", "id", "objectid", "pk", "pkid", "pk_uid"})
"""What desktop programs call the number that they give every row: no column of the user's."""

OWN_TABLES: Final = ("gpkg_", "rtree_", "sqlite_")
"""How the names of a GeoPackage's own tables begin."""

ENVELOPES: Final = (0, 32, 48, 48, 64)
"""Bytes of the box in a geometry's header, by its kind."""

NO_PLACE: Final = ("UNDEFINED", "LOCAL_CS[", "ENGCRS[", "ENGINEERINGCRS[")
"""How a coordinate system begins that says of itself that it is none of the earth's."""

Bounds = tuple[float, float, float, float]


class GeoPackageError(ValueError):
    """A file is no GeoPackage, or a layer of it cannot be read; the words say what was found."""


def sidecars(path: Path) -> tuple[Path, ...]:
    """The files beside the database at ``path`` that what is read of it depends on."""
    beside = (path.with_name(f"{path.name}{ending}") for ending in SIDECARS)
    return tuple(file for file in beside if is_ordinary(file) and file.stat().st_size)


def _state(files: Sequence[Path]) -> list[tuple[int, int]]:
    return [(file.stat().st_size, file.stat().st_mtime_ns) for file in files]


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, for reading alone; with changes that lie beside it, from a copy in which they are put in.

    Another program (a QGIS in which the file is open) may have saved rows that are in the file beside it alone.
    """
    with open_ordinary(path) as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise GeoPackageError("a file that is no GeoPackage by its first bytes")
    files = [path, *sidecars(path)]
    before = _state(files)
    with tempfile.TemporaryDirectory(prefix="placeplan-") as folder:
        place, how = path.absolute(), "mode=ro&immutable=1"
        if len(files) > 1:
            for one in files:
                with open_ordinary(one) as given, (Path(folder) / one.name).open("wb") as copy:
                    shutil.copyfileobj(given, copy)
            place, how = Path(folder) / path.name, "mode=rw"
        with closing(sqlite3.connect(f"{place.as_uri()}?{how}", uri=True)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            base.execute("PRAGMA query_only = ON")
            yield base
    if [path, *sidecars(path)] != files or _state(files) != before:
        raise GeoPackageError("a file that another program is writing")


@contextmanager
def _checked(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with _opened(path) as base:
            missing = {"gpkg_contents", "gpkg_spatial_ref_sys"} - set(_tables(base))
            if missing:
                raise GeoPackageError(f"a database without the table {', '.join(sorted(missing))}")
            yield base
    except sqlite3.Error as error:
        raise GeoPackageError(str(error)) from error
    except OSError as error:
        raise GeoPackageError(error.strerror or type(error).__name__) from error


def _named(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _tables(base: sqlite3.Connection) -> list[str]:
    """The names of the tables proper, in the order in which they were made."""
    rows = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall()
    return [name for name, sql in rows if not str(sql or "").upper().lstrip().startswith("CREATE VIRTUAL")]


def layer_names(path: Path) -> list[str]:
    """The layers of the GeoPackage at ``path`` in their order, views and virtual tables among them.

    Raises ``GeoPackageError`` for what is no GeoPackage.
    """
    with _checked(path) as base:
        rows = base.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY rowid").fetchall()
    return [name for (name,) in rows if not name.lower().startswith(OWN_TABLES)]


def layer_columns(path: Path, layer: str) -> tuple[str, ...]:
    """The names of a layer's columns, its rows unread; none where it is a view or a virtual table."""
    with _checked(path) as base:
        if layer not in _tables(base):
            return ()
        return tuple(name for _, name, *_ in base.execute(f"PRAGMA table_info({_named(layer)})"))


def read_layer(path: Path, layer: str, *, bounds: Bounds | None = None) -> pd.DataFrame:
    """A layer as a frame: its columns in order, and a column ``geometry`` in EPSG:27700 where it has shapes.

    Where it does not say in what coordinates its shapes are, they come as they stand and the frame has no ``crs``.

    With ``bounds`` (west, south, east, north, EPSG:27700) rows that its index has elsewhere are left out; a layer
    without an index, or in other coordinates, is read whole. Raises ``GeoPackageError`` where the layer is a view or a
    virtual table, or cannot be read.
    """
    with _checked(path) as base:
        if layer not in _tables(base):
            raise GeoPackageError(f"layer {layer} is no table but a view, or there is none of that name")
        shape_column, crs = _geometry(base, layer)
        about = base.execute(f"PRAGMA table_info({_named(layer)})").fetchall()
        numbers = [name for _, name, _, _, _, key in about if key and name.lower() in ROW_NAMES]
        names = [name for _, name, *_ in about if name not in numbers or len(numbers) > 1]
        kinds = {name: str(kind).upper() for _, name, kind, *_ in about}
        where, values = _within(base, layer, shape_column, bounds if crs == CRS.from_user_input(GRID) else None)
        listed = ", ".join(map(_named, names))
        rows = base.execute(f"SELECT {listed} FROM {_named(layer)}{where}", values).fetchall()  # noqa: S608 - quoted
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    cells = dict(zip(names, columns, strict=True))
    frame = pd.DataFrame(
        {name: _column(column, kinds[name]) for name, column in cells.items() if name != shape_column},
        index=range(len(rows)),
    )
    if shape_column is None:
        return frame
    shapes = gpd.GeoSeries(_shapes(cells[shape_column]), index=frame.index, crs=crs)
    try:
        located: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=shapes if crs is None else shapes.to_crs(GRID))
    except ProjError as error:
        raise GeoPackageError(f"coordinates ({crs}) that cannot be turned into the National Grid") from error
    return located


def _geometry(base: sqlite3.Connection, layer: str) -> tuple[str | None, CRS | None]:
    """The column that has a layer's shapes and their coordinates; None where it has none, or does not say."""
    if "gpkg_geometry_columns" not in _tables(base):
        return None, None
    found = base.execute(
        "SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)", (layer,)
    ).fetchone()
    if found is None:
        return None, None
    about = base.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (found[1],),
    ).fetchone()
    names = {str(name).lower(): name for _, name, *_ in base.execute(f"PRAGMA table_info({_named(layer)})")}
    column = names.get(str(found[0]).lower())
    authority, code, definition = about or ("", "", "undefined")
    if str(authority).upper() != "EPSG" and str(definition).strip().upper().startswith(NO_PLACE):
        return column, None
    text = f"EPSG:{code}" if str(authority).upper() == "EPSG" else str(definition)
    try:
        return column, stated_crs(text)
    except ValueError as error:
        raise GeoPackageError(str(error)) from error


def _within(
    base: sqlite3.Connection, layer: str, shape_column: str | None, bounds: Bounds | None
) -> tuple[str, tuple[float, ...]]:
    """The part of a query that leaves out what the layer's index has beyond the bounds."""
    index = f"rtree_{layer}_{shape_column}"
    there = base.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (index,)).fetchone()
    if bounds is None or there is None or "USING RTREE" not in str(there[0]).upper():
        return "", ()
    west, south, east, north = bounds
    inside = f"SELECT id FROM {_named(index)} WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?"  # noqa: S608 - quoted
    return f" WHERE rowid IN ({inside})", (west, east, south, north)


def _column(values: Sequence[Any], kind: str) -> pd.Series:
    """Cells as a column: numbers and yes or no as such, times of day as datetimes, anything else as it stands."""
    stated = [value for value in values if value is not None]
    if kind == "BOOLEAN" and all(value in (0, 1) for value in stated):
        cells = [None if value is None else bool(value) for value in values]
        return pd.Series(cells, dtype=bool if len(stated) == len(cells) else object)
    if kind == "DATETIME":
        return pd.Series([_moment(value) for value in values], dtype=object)
    if stated and all(isinstance(value, int) for value in stated) and len(stated) == len(values):
        return pd.Series(values, dtype=np.int64)
    number = kind.startswith(("INT", "TINYINT", "SMALLINT", "MEDIUMINT", "BIGINT", "REAL", "FLOAT", "DOUBLE"))
    if all(isinstance(value, int | float) for value in stated) and (stated or number):
        return pd.Series(values, dtype=np.float64)
    text = all(isinstance(value, str) for value in stated)
    return pd.Series(values, dtype="str" if text else object)


def _moment(value: Any) -> Any:
    try:
        return dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _shapes(blobs: Sequence[Any]) -> NDArray[np.object_]:
    """Shapes from the GeoPackage's own form: a header with its box, then well-known binary."""
    shapes: NDArray[np.object_] = np.full(len(blobs), None, dtype=object)
    for row, blob in enumerate(blobs):
        if blob is None:
            continue
        if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8 or (blob[3] >> 1) & 7 > 4:
            raise GeoPackageError(f"row {row + 1} has no geometry in the form of a GeoPackage")
        shapes[row] = blob[8 + ENVELOPES[(blob[3] >> 1) & 7] :]
    try:
        return np.asarray(shapely.from_wkb(shapes), dtype=object)
    except shapely.errors.GEOSException as error:
        raise GeoPackageError(f"a geometry that cannot be read ({error})") from error
