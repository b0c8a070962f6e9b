"""Road files and other engines' travel times beside a county: which there are; journeys have one source.

They may be large: they are hashed as they lie. Roads are read when journeys are timed, matrices when they are checked.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from placeplan.county.on_disk import odd_faults
from placeplan.county.settings import Settings
from placeplan.county.settings_unused import journey_setting_faults
from placeplan.errors import Fault
from placeplan.geo.geopackage import sidecars
from placeplan.geo.ordinary_file import is_ordinary, open_ordinary

__all__ = ["MATRIX_ENDINGS", "ROAD_ENDINGS", "files_digest", "matrix_files", "odd_files", "road_files", "source_faults"]

ROAD_ENDINGS: Final = (".gpkg", ".graphml", ".osm.pbf")
MATRIX_ENDINGS: Final = (".csv", ".json")
CHUNK: Final = 1 << 20
ADDRESSES: Final = ("//", "\\\\")
"""How the address of another machine's folder begins; a folder of a network is named by its letter or its mount."""


def _named(base: Path, folder: str, stated: str | None, endings: tuple[str, ...]) -> list[Path]:
    """Whatever lies in the folder under a name with one of the endings, and wherever ``stated`` points."""
    inside = sorted((base / folder).iterdir()) if (base / folder).is_dir() else []
    found = [path for path in inside if path.name.lower().endswith(endings) and not path.name.startswith(".")]
    return [*found, *_pointed_at(base, stated)]


def _pointed_at(base: Path, stated: str | None) -> list[Path]:
    """What lies where a pattern points, in order: on this machine, and never at another's address."""
    if stated is None or stated.startswith(ADDRESSES):
        return []
    pattern = Path(stated)
    anchor = Path(pattern.anchor) if pattern.is_absolute() else base
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    try:
        return sorted(anchor.glob(relative.as_posix()))
    except (OSError, ValueError, IndexError, NotImplementedError):  # a pattern that cannot be one
        return []


def _files(base: Path, folder: str, stated: str | None, endings: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for path in _named(base, folder, stated, endings) if is_ordinary(path)))


def road_files(base: Path, settings: Settings | None) -> tuple[Path, ...]:
    """The road files in the folder roads of ``base`` and where ``[travel] roads`` points, in order."""
    return _files(base, "roads", None if settings is None else settings.travel.roads, ROAD_ENDINGS)


def matrix_files(base: Path, settings: Settings | None) -> tuple[Path, ...]:
    """The files in the folder travel of ``base`` and where ``[travel] matrix`` points, in order."""
    return _files(base, "travel", None if settings is None else settings.travel.matrix, MATRIX_ENDINGS)


def odd_files(base: Path, settings: Settings | None) -> list[Fault]:
    """A fault for each thing there that bears the name of a file and is none, and for each file of another kind."""
    faults = []
    for key, endings in (("roads", ROAD_ENDINGS), ("matrix", MATRIX_ENDINGS)):
        stated = None if settings is None else getattr(settings.travel, key)
        named = _named(base, {"roads": "roads", "matrix": "travel"}[key], stated, endings)
        faults += odd_faults([path for path in dict.fromkeys(named) if path.name.lower().endswith(endings)])
        faults += [
            Fault("county.toml", "", f"travel.{key}", path.name, f"files that end in {', '.join(endings)}")
            for path in _pointed_at(base, stated)
            if not path.name.lower().endswith(endings)
        ]
    return faults


def files_digest(files: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, read a piece at a time; "" where there is none.

    What lies beside a database and belongs to it is read with it.
    """
    digest, any_file = hashlib.sha256(), False
    for path in (one for file in files for one in (file, *sidecars(file))):
        any_file = True
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with open_ordinary(path) as file:
            while piece := file.read(CHUNK):
                digest.update(piece)
    return digest.hexdigest() if any_file else ""


def source_faults(
    settings: Settings | None, roads: tuple[Path, ...], matrix: tuple[Path, ...], tables: Iterable[str]
) -> list[Fault]:
    """Journeys come from one source; files that are pointed at are there; a matrix says its format and unit."""
    faults = []
    if settings is not None:
        for key, files in (("roads", roads), ("matrix", matrix)):
            stated = getattr(settings.travel, key)
            if stated is not None and not files:
                expected = "files that are there, on this machine"
                faults.append(Fault("county.toml", "", f"travel.{key}", str(stated), expected))
    ways = [f"the table {name}" for name in ("roads", "travel") if name in set(tables)]
    ways += [f"road files ({', '.join(path.name for path in roads)})"] if roads else []
    ways += [f"another engine's files ({', '.join(path.name for path in matrix)})"] if matrix else []
    if (roads or matrix) and len(ways) > 1:
        expected = "one of them: a county's journeys have one source"
        faults.append(Fault("travel", "", "", " and ".join(ways), expected))
    if settings is not None and len(ways) <= 1:
        with_rows = set(tables)
        faults += journey_setting_faults(
            settings, roads=bool(roads) or "roads" in with_rows, matrix=bool(matrix), table="travel" in with_rows
        )
    if matrix and settings is not None:
        for key in ("matrix_format", "matrix_unit"):
            if getattr(settings.travel, key) is None:
                expected = "what the files of another engine are; they do not say it themselves"
                faults.append(Fault("county.toml", "", f"travel.{key}", "", expected))
    return faults
