"""The cache of travel times: whole answers and finished chunks, under a hash of all that they depend on.

There is nothing about children in it, and nothing of it lies in a county's folder.
"""

import dataclasses
import hashlib
import json
import logging
import os
import shutil
import tempfile
import zipfile
import zlib
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
from placeplan.geo.routes import Chunk
from placeplan.geo.travel import TravelTimes, make_travel_times
from placeplan.studies.road_network import county_sites, county_zones, journey_source

__all__ = ["CACHE_VARIABLE", "FolderChunks", "cache_folder", "keep", "read_kept", "travel_key"]

CACHE_VARIABLE: Final = "PLACEPLAN_CACHE"
"""The environment variable that names another folder for the cache than the user's own."""

DAMAGED: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged file raises."""

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where travel times are kept."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("placeplan", appauthor=False)


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
    except DAMAGED as error:
        log.warning("travel times kept at %s cannot be read (%s): they are made anew", path, error)
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


def _arrays(path: Path) -> dict[str, NDArray[Any]] | None:
    """The arrays of a file; ``None`` where there is none or it is damaged."""
    try:
        # The file is opened here, since np.load leaves a damaged one open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except FileNotFoundError:
        return None
    except DAMAGED as error:
        log.warning("travel times kept at %s cannot be read (%s): they are made anew", path, error)
        return None


def _save(path: Path, **arrays: Any) -> None:
    """Write arrays beside ``path`` and rename them into place, so that no half-written file is ever there."""
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
        beside = Path(name)
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, **arrays)
        beside.replace(path)
    except OSError as error:  # an answer does not fail because it cannot be kept
        log.warning("travel times cannot be kept at %s: %s", path, error)
        if beside is not None:
            beside.unlink(missing_ok=True)
