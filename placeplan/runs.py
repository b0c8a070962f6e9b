"""A run: what one command answered, as tables, layers and facts; written whole or not at all, and read back.

The folder of a run holds ``tables/<name>.csv`` (the canonical form), ``run.json`` (the facts and the
SHA-256 of every other file), ``timings.json`` (how long the steps took; apart, since it differs every
time) and whatever pages, maps and workbooks were made of it. The layers live in ``run.gpkg``.
"""

import errno
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from placeplan.errors import Fault, InputError, UsageError
from placeplan.geo.geopackage import GeoPackageError, layer_names, read_layer, sidecars
from placeplan.geo.ordinary_file import read_ordinary
from placeplan.run_reading import read_table
from placeplan.run_tables import table_text
from placeplan.whole_or_not import recover, swap, writing

__all__ = ["FORMAT", "LAYERS_FILE", "LAYER_NAMES", "Run", "as_written", "read_run", "run_hash", "write_run"]

FORMAT: Final = 2
"""The version of the run folder's layout."""

LAYERS_FILE: Final = "run.gpkg"
LAYER_NAMES: Final = ("localities", "sites", "zones", "service_areas")
"""The layers that a run carries; the GeoPackage holds others besides, made from the tables."""

_KEYS: Final = {"format": int, "command": str, "county": str, "internal": bool, "facts": dict, "files": dict}
"""What run.json holds, each with its kind."""

_NAME: Final = re.compile(r"(?:[\w.-]+/)*[\w.-]+")
"""A file's name inside the folder: of letters, digits, points, dashes and lines, in folders named so."""

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
        if not _NAME.fullmatch(name) or ".." in name:
            raise ValueError(f"{name}: expected a name inside the folder")
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
    the two, the next ``read_run`` or ``write_run`` puts the old one back. What a killed process left half-made is
    taken away by the next. Raises ``UsageError`` where ``out`` exists and ``replace`` is not given, where what stands
    there is no run, where another is writing there, and where it cannot be written (a full disk, a name too long).
    """
    out = Path(out)
    try:
        with writing(out) as work:
            if out.exists() and not replace:
                raise UsageError(f"{out} exists already; give another --out, or --replace to replace it")
            if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not (out / "run.json").is_file():
                raise UsageError(f"{out} is not the folder of a run and is not replaced; give another --out")
            folder = work / "run"
            folder.mkdir()
            _fill(folder, run, files)
            _seal(folder, run, timings or {})
            swap(folder, out)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror or error})") from error
    return out


def _seal(folder: Path, run: Run, timings: Mapping[str, float]) -> None:
    """Write the record of a folder's files, and how long the steps took."""
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
    (folder / "timings.json").write_bytes(_canonical_json(dict(timings)).encode())


def _read(folder: Path, name: str) -> bytes:
    """A file of a run's folder, which lies in it itself: not a link to one elsewhere, a pipe or a device."""
    path = folder / name
    if path.resolve() != folder.resolve() / name:
        raise OSError(errno.EINVAL, "a link to another place")
    return read_ordinary(path)


def _record(folder: Path) -> dict[str, Any]:
    if not (folder / "run.json").is_file():
        raise UsageError(f"{folder} is not the folder of a run: it has no run.json")
    try:
        record = json.loads(_read(folder, "run.json").decode("utf-8"))
    except OSError as error:
        raise InputError([Fault("run.json", "", "", str(error.strerror), "the file as it was written")]) from error
    except (ValueError, RecursionError) as error:
        raise InputError([Fault("run.json", "", "", "text that is not JSON", "the file as it was written")]) from error
    if not isinstance(record, dict) or not _KEYS.keys() <= record.keys():
        raise InputError([Fault("run.json", "", "", "", "the keys " + ", ".join(sorted(_KEYS)))])
    if record["format"] != FORMAT:
        raise InputError([Fault("run.json", "", "format", str(record["format"]), f"{FORMAT}")])
    faults = [
        Fault("run.json", "", key, type(record[key]).__name__, kind.__name__)
        for key, kind in _KEYS.items()
        if not isinstance(record[key], kind)
    ]
    if faults:
        raise InputError(faults)
    names = [name for name in record["files"] if not _NAME.fullmatch(name) or ".." in name]
    if names:
        raise InputError([Fault("run.json", "", "files", name, "a name inside the folder") for name in names])
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
    recover(folder)
    record = _record(folder)
    names = sorted(name for name in record["files"] if name.startswith("tables/") or name == LAYERS_FILE)
    faults: list[Fault] = []
    texts: dict[str, str] = {}
    for name in names:
        try:
            content = _read(folder, name)
        except FileNotFoundError:
            faults.append(Fault(name, "", "", "", "a file; it is missing"))
            continue
        except OSError as error:
            faults.append(Fault(name, "", "", error.strerror or type(error).__name__, "the file as it was written"))
            continue
        if hashlib.sha256(content).hexdigest() != record["files"][name]:
            faults.append(Fault(name, "", "", "other contents", "the file as it was written"))
        elif name == LAYERS_FILE:
            beside = [file.name for file in sidecars(folder / name)]
            faults += [Fault(name, "", "", f"changes in {file}", "the file as it was written") for file in beside]
        else:
            texts[name] = content.decode("utf-8", errors="replace")
    if faults:
        raise InputError(faults)
    tables = {Path(name).stem: read_table(name, text) for name, text in texts.items()}
    layers = _layers(folder / LAYERS_FILE) if LAYERS_FILE in names else {}
    return Run(
        command=record["command"],
        county=record["county"],
        tables=tables,
        layers=layers,
        facts=record["facts"],
        internal=record["internal"],
    )
