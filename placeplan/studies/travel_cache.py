"""The cache of travel times: whole answers and finished chunks, under a hash of all that they depend on.

There is nothing about children in it, and nothing of it lies in a county's folder.
"""

import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import logging
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import platformdirs
import shapely
from numpy.typing import NDArray

import placeplan.geo
from placeplan.county.county import County
from placeplan.county.other_files import files_digest
from placeplan.geo.ordinary_file import read_ordinary
from placeplan.geo.routes import Chunk
from placeplan.geo.travel import TravelTimes, make_travel_times
from placeplan.studies.road_network import county_sites, county_zones, journey_source
from placeplan.whole_or_not import clean_files, hold

__all__ = ["CACHE_VARIABLE", "CHUNKS", "FolderChunks", "cache_folder", "keep", "read_kept", "travel_key"]

CACHE_VARIABLE: Final = "PLACEPLAN_CACHE"
"""The environment variable that names another folder for the cache than the user's own."""

PART: Final = ".part"
"""How the name of a file ends that is being written."""

CHUNKS: Final = ".parts"
"""How the name of a folder of chunks ends."""

SEAL_BYTES: Final = 32
"""The length of the SHA-256 at the end of a file."""

log = logging.getLogger(__name__)


def cache_folder() -> Path | None:
    """Where travel times are kept; None where no folder is named and the user has no home."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    try:
        own = platformdirs.user_cache_path("placeplan", appauthor=False)
    except RuntimeError:
        return None
    return own if own.is_absolute() else None


def travel_key(county: County) -> str:
    """A hash of all that the travel times depend on: points, roads or matrix, settings and code."""
    source = journey_source(county)
    digest = hashlib.sha256()

    def add(name: str, content: bytes) -> None:
        digest.update(f"{name}:{len(content)}:".encode())
        digest.update(content)

    add("source", source.encode())
    add("settings", json.dumps(dataclasses.asdict(county.settings.travel), sort_keys=True).encode())
    tables = {"zones": county_zones(county).reset_index(), "sites": county_sites(county).reset_index()}
    if source != "straight_line":
        tables[source] = county.roads if source == "roads" else county.travel
    add("files", files_digest([*county.road_files, *county.matrix_files]).encode())
    for table, frame in tables.items():
        for column in frame.columns:
            add(f"{table}.{column}", _column_bytes(frame[column]))
    for package in ("numpy", "scipy", "shapely"):
        add(package, version(package).encode())
    here = Path(__file__).parent
    for file in sorted(
        [*Path(placeplan.geo.__path__[0]).glob("*.py"), *here.glob("travel_*.py"), *here.glob("road_*.py")]
    ):
        add(file.name, file.read_bytes())
    return digest.hexdigest()


def _column_bytes(column: pd.Series) -> bytes:
    if isinstance(column.dtype, gpd.array.GeometryDtype):
        column = pd.Series(shapely.to_wkb(column.to_numpy(), hex=True), dtype=object)
    elif pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan).tobytes()
    return json.dumps([None if pd.isna(value) else str(value) for value in column]).encode()


def read_kept(path: Path) -> TravelTimes | None:
    """The travel times kept at ``path``; ``None`` where there are none or the file is damaged."""
    clean_files(path.parent, PART)
    kept = _arrays(path)
    if kept is None:
        return None
    try:
        return make_travel_times(
            kept["zones"].tolist(),
            kept["sites"].tolist(),
            kept["minutes"],
            kept["km"],
            kept["reason"],
            method=str(kept["method"]),
        )
    except (KeyError, ValueError) as error:  # whole, and yet not what is kept here
        _made_anew(path, error)
        return None


def keep(path: Path, travel: TravelTimes) -> None:
    """Keep ``travel`` at ``path``."""
    _save(
        path,
        zones=np.array(travel.zones.to_list(), dtype=np.str_),
        sites=np.array(travel.sites.to_list(), dtype=np.str_),
        minutes=travel.minutes,
        km=travel.km,
        reason=travel.reason,
        method=np.array(travel.method),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class FolderChunks:
    """Finished chunks as files of a folder: a ``ChunkStore`` of ``geo.routes``."""

    folder: Path

    def get(self, start: int, stop: int) -> Chunk | None:
        """The chunk of these sites; None where it is not there or damaged."""
        kept = _arrays(self._path(start, stop))
        if kept is None or not {"minutes", "km", "reason"} <= kept.keys():
            return None
        minutes, km = (np.asarray(kept[name], dtype=np.float32) for name in ("minutes", "km"))
        return minutes, km, np.asarray(kept["reason"], dtype=np.int8)

    def put(self, start: int, stop: int, chunk: Chunk) -> None:
        """Keep a chunk."""
        minutes, km, reason = chunk
        _save(self._path(start, stop), minutes=minutes, km=km, reason=reason)

    def clear(self) -> None:
        """Forget every chunk: the whole answer is kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, start: int, stop: int) -> Path:
        return self.folder / f"{start:06d}-{stop:06d}.npz"


def _made_anew(path: Path, why: object) -> None:
    log.warning("travel times kept at %s cannot be read (%s): they are made anew", path, why)


def _arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """The arrays of a file; ``None`` where there is none or it is damaged.

    What is kept ends with the SHA-256 of all before it, so that no changed bit passes for a journey.
    """
    try:
        content = read_ordinary(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        _made_anew(path, error.strerror)
        return None
    body, seal = content[:-SEAL_BYTES], content[-SEAL_BYTES:]
    if len(content) <= SEAL_BYTES or hashlib.sha256(body).digest() != seal:
        _made_anew(path, "it is damaged")
        return None
    with np.load(io.BytesIO(body), allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def _save(path: Path, **arrays: Any) -> None:
    """Write arrays beside ``path`` and rename them into place, so that no half-written file is ever there."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    body = buffer.getvalue()
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clean_files(path.parent, PART)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=PART)
        beside = Path(name)
        with os.fdopen(handle, "wb") as file:
            hold(file.fileno())
            file.write(body)
            file.write(hashlib.sha256(body).digest())
        beside.replace(path)
    except OSError as error:  # an answer does not fail because it cannot be kept
        folder = path.parent.parent if path.parent.suffix == CHUNKS else path.parent
        _not_kept(folder, error.strerror or type(error).__name__)
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)


@functools.cache
def _not_kept(folder: Path, why: str) -> None:
    """Say it once, not for every chunk."""
    log.warning("travel times cannot be kept in %s (%s): they are made anew each time", folder, why)
