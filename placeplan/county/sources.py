"""Finding what a county is made of: a folder, a workbook or the embedded example, as raw tables and settings."""

import hashlib
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from placeplan.county.columns import TABLES
from placeplan.county.csv_file import read_csv_table
from placeplan.county.geometry_file import GEOPACKAGE, geometry_from_text, read_geojson_table, read_geopackage
from placeplan.county.on_disk import ordinary_files, read_bytes
from placeplan.county.raw import RawTable
from placeplan.county.unread import SETTINGS_NAME, Unread, said_of_unread, unread_file, unread_in_folders
from placeplan.county.workbook import SettingsSheet, read_workbook
from placeplan.errors import Fault, InputError, Note, UsageError
from placeplan.geo.geopackage import sidecars

__all__ = ["SETTINGS_FILE", "Sources", "gather"]

SETTINGS_FILE = "county.toml"
COMPANION_KEYS = {"localities": ("locality",), "zones": ("zone",), "roads": ("from", "to")}
"""Tables whose geometry may stand in a file of its own, and the columns that join it."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What was read, before any of it is understood.

    ``base`` is the folder that the county is, or is in. ``settings`` is county.toml's bytes, the rows of a
    workbook's settings sheet, or None where there is neither. ``tables`` holds each table that could be read;
    ``tried`` names those that were there at all.
    """

    source: str
    base: Path
    digest: str
    settings: bytes | SettingsSheet | None = field(repr=False)
    tables: dict[str, RawTable] = field(repr=False)
    tried: frozenset[str]
    faults: tuple[Fault, ...]
    notes: tuple[Note, ...] = ()


def _example(name: str) -> Path:
    folder = Path(str(resources.files("placeplan.examples")))
    known = sorted(path.parent.name for path in folder.glob(f"*/{SETTINGS_FILE}"))
    if name not in known:
        raise UsageError(f"example:{name} is not an embedded county; there is {', '.join(known) or 'none'}")
    return folder / name


def _located(source: str | Path) -> Path:
    text = str(source)
    path = _example(text.removeprefix("example:")) if text.startswith("example:") else Path(source)
    try:
        found = path.exists()
    except (OSError, ValueError) as error:
        raise UsageError(f"{text}: not a path that can be read ({error})") from error
    if not found:
        raise UsageError(f"{text}: no such county; expected a folder, an .xlsx workbook, or example:derbyshire")
    return path


def _digest(contents: dict[str, bytes]) -> str:
    """SHA-256 over each file's name, length and bytes, names sorted."""
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(f"{name}\0{len(contents[name])}\0".encode())
        digest.update(contents[name])
    return digest.hexdigest()


def _keys(raw: RawTable, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in raw.cells[list(columns)].itertuples(index=False)]


def _with_companion(main: RawTable, companion: RawTable) -> tuple[RawTable, list[Fault]]:
    """The csv table ``main`` with the geometry of ``companion``, joined on the table's key."""
    table = main.table
    # A template's file with a header and no rows stands for nothing.
    if not len(companion.rows):
        return main, []
    if not len(main.rows):
        return companion, []
    key = COMPANION_KEYS.get(table)
    allowed = set(key or ())
    if (
        key is None
        or companion.geometry is None
        or set(companion.cells.columns) != allowed
        or main.geometry is not None
    ):
        columns = f" with only {', '.join(key)} and geometry" if key else ""
        return main, [Fault(table, "", "", f"{main.file} and {companion.file}", f"one file for the table{columns}")]
    if not allowed <= set(main.cells.columns):
        return main, []
    faults = []
    wanted = set(_keys(main, key))
    found: dict[tuple[str, ...], object] = {}
    for place, label in enumerate(_keys(companion, key)):
        row, name, value = str(companion.rows[place]), ", ".join(key), ", ".join(label)
        if label not in wanted:
            faults.append(Fault(table, row, name, f"{value} in {companion.file}", f"a row of {main.file}"))
        elif label in found:
            faults.append(Fault(table, row, name, f"{value} in {companion.file}", "each row's geometry once"))
        else:
            found[label] = companion.geometry[place]
    geometry: NDArray[np.object_] = np.full(len(main.cells), None, dtype=object)
    for place, label in enumerate(_keys(main, key)):
        geometry[place] = found.get(label)
    return replace(main, geometry=geometry, notes=(*main.notes, *companion.notes)), faults


def _joined(found: dict[str, list[RawTable]]) -> tuple[dict[str, RawTable], list[Fault]]:
    """One raw table for each name, its geometry from a cell, its own file or a companion."""
    tables: dict[str, RawTable] = {}
    faults: list[Fault] = []
    for name in (name for name in TABLES if name in found):
        main, cell_faults = geometry_from_text(found[name][0])
        faults += cell_faults
        for companion in found[name][1:]:
            main, companion_faults = _with_companion(main, companion)
            faults += companion_faults
        has_shapes = main.geometry is not None and not bool(shapely.is_missing(main.geometry).all())
        if has_shapes and not TABLES[name].geometry:
            expected = "no geometry; easting and northing say where it is"
            faults.append(Fault(name, "", "geometry", main.file, expected))
        tables[name] = main
    return tables, faults


def _gather_folder(source: str, folder: Path) -> Sources:
    contents: dict[str, bytes] = {}
    found: dict[str, list[RawTable]] = {}
    tried: set[str] = set()
    files, faults = ordinary_files(folder)
    unread: list[Unread] = []
    # A csv file comes before its companion: .csv sorts before .geojson, and the GeoPackage is read last.
    for path in files:
        table = path.stem
        if table not in TABLES or path.suffix not in (".csv", ".geojson"):
            if path.name not in (SETTINGS_FILE, GEOPACKAGE) and (other := unread_file(path)) is not None:
                unread.append(other)
            continue
        contents[path.name] = read_bytes(path)
        read = read_csv_table if path.suffix == ".csv" else read_geojson_table
        raw, table_faults = read(table, path.name, contents[path.name])
        tried.add(table)
        faults += table_faults
        if raw is not None:
            found.setdefault(table, []).append(raw)
    geopackage = folder / GEOPACKAGE
    if geopackage in files:
        contents |= {file.name: read_bytes(file) for file in (geopackage, *sidecars(geopackage))}
        layers, layer_faults, other_layers = read_geopackage(geopackage)
        faults += layer_faults
        unread += other_layers
        tried |= {fault.table for fault in layer_faults}
        for layer in layers:
            tried.add(layer.table)
            found.setdefault(layer.table, []).append(layer)
    settings = folder / SETTINGS_FILE
    if settings in files:
        contents[SETTINGS_FILE] = read_bytes(settings)
    tables, joining_faults = _joined(found)
    stated = contents.get(SETTINGS_FILE)
    filled = {name for name, table in tables.items() if len(table.rows)} | ({SETTINGS_NAME} if stated else set())
    unread_faults, notes = said_of_unread([*unread, *unread_in_folders(folder)], filled)
    said = (*faults, *joining_faults, *unread_faults)
    tried |= {fault.table for fault in unread_faults}
    return Sources(source, folder, _digest(contents), stated, tables, frozenset(tried), said, tuple(notes))


def _gather_workbook(source: str, path: Path) -> Sources:
    data = read_bytes(path)
    read = read_workbook(path.name, data)
    tables, joining_faults = _joined({raw.table: [raw] for raw in read.tables})
    tried = frozenset({raw.table for raw in read.tables} | {fault.table for fault in read.faults})
    if read.settings is None and not read.tables and read.faults and read.faults[0].table == path.name:
        raise InputError(read.faults)
    filled = {name for name, table in tables.items() if len(table.rows)}
    unread_faults, notes = said_of_unread(read.unread, filled)
    faults = (*read.faults, *joining_faults, *unread_faults)
    tried |= {fault.table for fault in unread_faults}
    digest = _digest({path.name: data})
    return Sources(source, path.parent, digest, read.settings, tables, tried, faults, (*read.notes, *notes))


def gather(source: str | Path) -> Sources:
    """Read everything that the county is made of; nothing is checked but that it can be read.

    Raises ``UsageError`` where there is no such county, ``InputError`` where a whole file is unreadable.
    """
    path = _located(source)
    if path.is_dir():
        return _gather_folder(str(source), path)
    if path.suffix.casefold() == ".xlsx":
        return _gather_workbook(str(source), path)
    raise UsageError(f"{source}: expected a folder, an .xlsx workbook, or example:derbyshire")
