"""A run: what one command answered, as tables, layers and facts; written whole or not at all, and read back.

The folder of a run holds ``tables/<name>.csv`` (the canonical form), ``run.json`` (the facts and the
SHA-256 of every other file), ``timings.json`` (how long the steps took; apart, since it differs every
time) and whatever pages, maps and workbooks were made of it. The layers live in ``run.gpkg``.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from placeplan.errors import Fault, InputError, UsageError
from placeplan.geo.geopackage import GeoPackageError, layer_names, read_layer
from placeplan.run_reading import read_table
from placeplan.run_tables import table_text

__all__ = ["FORMAT", "LAYERS_FILE", "LAYER_NAMES", "Run", "as_written", "read_run", "run_hash", "write_run"]

FORMAT: Final = 1
"""The version of the run folder's layout."""

LAYERS_FILE: Final = "run.gpkg"
LAYER_NAMES: Final = ("localities", "sites", "zones", "service_areas")
"""The layers that a run carries; the GeoPackage holds others besides, made from the tables."""

_GIVEN_ORDER: Final = frozenset({"assumptions", "localities"})
"""Tables whose order of rows is itself the answer, and so is kept."""


@dataclass(frozen=True, slots=True)
class Run:
    """The answers of one command.

    ``tables`` are tidy frames by name; ``layers`` are EPSG:27700 frames for the GeoPackage and the map;
    ``facts`` is what run.json holds (inputs' digest, versions, options, seed, status, bound).
    ``internal`` says whether the detail may be shown; without it everything is share-safe.
    """

    command: str
    county: str
    tables: dict[str, pd.DataFrame] = field(repr=False)
    layers: dict[str, gpd.GeoDataFrame] = field(repr=False)
    facts: dict[str, Any] = field(repr=False)
    internal: bool = False


def _canonical_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, default=str) + "\n"


def run_hash(facts: Mapping[str, Any]) -> str:
    """Eight characters that stand for the facts: the same for the same facts in any order.

    The default folder of a run is ``runs/<county>-<command>-<hash>``.

    >>> run_hash({"year": 2024, "seed": 1}) == run_hash({"seed": 1, "year": 2024})
    True
    """
    return hashlib.sha256(_canonical_json(dict(facts)).encode()).hexdigest()[:8]


def _previous(out: Path) -> Path:
    return out.parent / f".{out.name}.previous"


def _recover(out: Path) -> None:
    """Put back the folder that a replacement killed between its two renames had set aside."""
    previous = _previous(out)
    if previous.is_dir() and not out.exists():
        previous.rename(out)


def _localities(run: Run) -> list[str]:
    """The localities in their order, in which every table has them."""
    return [str(name) for name in run.tables["localities"]["locality"]] if "localities" in run.tables else []


def as_written(run: Run) -> Run:
    """The run as it will be read back, so that what is made of it is the same whenever it is made."""
    order = _localities(run)
    tables = {
        name: read_table(name, table_text(frame, localities=order, sort=name not in _GIVEN_ORDER))
        for name, frame in run.tables.items()
    }
    return changed(run, tables=tables, facts=json.loads(_canonical_json(run.facts)))


def _fill(folder: Path, run: Run, files: Mapping[str, Callable[[], bytes] | Path]) -> None:
    tables = folder / "tables"
    tables.mkdir()
    order = _localities(run)
    for name, frame in run.tables.items():
        text = table_text(frame, localities=order, sort=name not in _GIVEN_ORDER)
        (tables / f"{name}.csv").write_bytes(text.encode())
    for name, maker in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(maker.read_bytes() if isinstance(maker, Path) else maker())


def write_run(
    run: Run,
    out: str | Path,
    *,
    files: Mapping[str, Callable[[], bytes] | Path],
    timings: Mapping[str, float] | None = None,
    replace: bool = False,
) -> Path:
    """Write the run's folder at ``out`` and return it.

    ``files`` maps a name inside the folder to what makes its bytes, or to a file to be copied. Everything
    is written in a folder beside ``out`` and renamed into place at the end, so that nothing half-made is
    ever found at ``out``: whatever fails, what stood there stays. With ``replace`` an existing folder is
    set aside by one rename and the new one put in place by another; should the process be killed between
    the two, the next ``read_run`` or ``write_run`` puts the old one back. Raises ``UsageError`` where ``out``
    exists and ``replace`` is not given, or where what stands there is no run.
    """
    out = Path(out)
    _recover(out)
    if out.exists() and not replace:
        raise UsageError(f"{out} exists already; give another --out, or --replace to replace it")
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not (out / "run.json").is_file():
        raise UsageError(f"{out} is not the folder of a run and is not replaced; give another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        folder = work / "run"
        folder.mkdir()
        _fill(folder, run, files)
        digests = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        record = {
            "format": FORMAT,
            "command": run.command,
            "county": run.county,
            "internal": run.internal,
            "facts": run.facts,
            "files": digests,
        }
        (folder / "run.json").write_bytes(_canonical_json(record).encode())
        (folder / "timings.json").write_bytes(_canonical_json(dict(timings or {})).encode())
        _swap(folder, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return out


def _swap(folder: Path, out: Path) -> None:
    previous = _previous(out)
    shutil.rmtree(previous, ignore_errors=True)
    if out.exists():
        out.rename(previous)
    try:
        folder.rename(out)
    except OSError:
        _recover(out)
        raise
    shutil.rmtree(previous, ignore_errors=True)


def _record(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    if not path.is_file():
        raise UsageError(f"{folder} is not the folder of a run: it has no run.json")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError([Fault("run.json", "", "", "text that is not JSON", "the file as it was written")]) from error
    wanted = {"format", "command", "county", "internal", "facts", "files"}
    if not isinstance(record, dict) or not wanted <= record.keys():
        raise InputError([Fault("run.json", "", "", "", "the keys " + ", ".join(sorted(wanted)))])
    if record["format"] != FORMAT:
        raise InputError([Fault("run.json", "", "format", str(record["format"]), f"{FORMAT}")])
    return record


def _layers(path: Path) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a run that its GeoPackage has."""
    try:
        present = set(layer_names(path))
        return {name: gpd.GeoDataFrame(read_layer(path, name)) for name in LAYER_NAMES if name in present}
    except GeoPackageError as error:
        raise InputError([Fault(LAYERS_FILE, "", "", str(error), "the GeoPackage as it was written")]) from error


def read_run(folder: str | Path) -> Run:
    """The run that ``write_run`` left in ``folder``.

    Raises ``UsageError`` where the folder is no run, and ``InputError`` with every file of it that is
    missing or not as it was written.
    """
    folder = Path(folder)
    _recover(folder)
    record = _record(folder)
    names = sorted(name for name in record["files"] if name.startswith("tables/") or name == LAYERS_FILE)
    faults: list[Fault] = []
    for name in names:
        path = folder / name
        if not path.is_file():
            faults.append(Fault(name, "", "", "", "a file; it is missing"))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != record["files"][name]:
            faults.append(Fault(name, "", "", "other contents", "the file as it was written"))
    if faults:
        raise InputError(faults)
    tables = {
        Path(name).stem: read_table(name, (folder / name).read_bytes().decode("utf-8"))
        for name in names
        if name != LAYERS_FILE
    }
    layers: dict[str, gpd.GeoDataFrame] = {}
    if LAYERS_FILE in names:
        layers = _layers(folder / LAYERS_FILE)
    return Run(
        command=record["command"],
        county=record["county"],
        tables=tables,
        layers=layers,
        facts=record["facts"],
        internal=record["internal"],
    )
