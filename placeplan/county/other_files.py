"""Road files and other engines' travel times beside a county: which there are; journeys have one source.

They may be large: they are hashed as they lie and read only when journeys are timed.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from placeplan.county.settings import Settings
from placeplan.county.settings_unused import journey_setting_faults
from placeplan.errors import Fault

__all__ = ["MATRIX_ENDINGS", "ROAD_ENDINGS", "files_digest", "matrix_files", "road_files", "source_faults"]

ROAD_ENDINGS: Final = (".gpkg", ".graphml", ".osm.pbf")
MATRIX_ENDINGS: Final = (".csv", ".json")
CHUNK: Final = 1 << 20


def _listed(base: Path, folder: str, stated: str | None, endings: tuple[str, ...]) -> list[Path]:
    inside = [path for path in sorted((base / folder).glob("*")) if path.is_file()] if (base / folder).is_dir() else []
    found = [path for path in inside if path.name.lower().endswith(endings)]
    if stated is None:
        return found
    pattern = Path(stated)
    anchor = Path(pattern.anchor) if pattern.is_absolute() else base
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    return [*found, *sorted(path for path in anchor.glob(relative.as_posix()) if path.is_file())]


def road_files(base: Path, settings: Settings | None) -> tuple[Path, ...]:
    """The road files in the folder roads of ``base`` and where ``[travel] roads`` points, in order."""
    stated = None if settings is None else settings.travel.roads
    return tuple(dict.fromkeys(_listed(base, "roads", stated, ROAD_ENDINGS)))


def matrix_files(base: Path, settings: Settings | None) -> tuple[Path, ...]:
    """The files in the folder travel of ``base`` and where ``[travel] matrix`` points, in order."""
    stated = None if settings is None else settings.travel.matrix
    return tuple(dict.fromkeys(_listed(base, "travel", stated, MATRIX_ENDINGS)))


def files_digest(files: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, read a piece at a time; "" where there is none."""
    digest, any_file = hashlib.sha256(), False
    for path in files:
        any_file = True
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
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
                faults.append(Fault("county.toml", "", f"travel.{key}", str(stated), "files that are there"))
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
