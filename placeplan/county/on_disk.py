"""What lies in a county's folder: ordinary files, and a fault for whatever bears the name of one and is none."""

from pathlib import Path
from typing import Final

from placeplan.errors import Fault, InputError
from placeplan.geo.ordinary_file import read_ordinary, what_is_there

__all__ = ["odd_faults", "ordinary_files", "read_bytes"]

READ_ENDINGS: Final = (".csv", ".geojson", ".gpkg", ".toml", ".xlsx")
"""The endings of what a county's folder is read from."""


def read_bytes(path: Path) -> bytes:
    """The bytes of a file of the county; ``InputError`` where it cannot be read, or is a pipe, a device or a folder."""
    try:
        return read_ordinary(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError([Fault(path.name, "", "", reason, "a file that can be read")]) from error


def odd_faults(paths: list[Path]) -> list[Fault]:
    """A fault for each path that leads to no ordinary file: a link to nothing, a pipe, a device, a folder."""
    found = [(path, what_is_there(path)) for path in paths]
    return [Fault(path.name, "", "", what, "a file that can be read") for path, what in found if what]


def ordinary_files(folder: Path) -> tuple[list[Path], list[Fault]]:
    """The files of a folder in order, and a fault for each thing that is named like one that is read and is none."""
    try:
        there = sorted(folder.iterdir())
    except OSError as error:
        raise InputError([Fault(folder.name, "", "", str(error.strerror), "a folder that can be read")]) from error
    named = [path for path in there if path.suffix.casefold() in READ_ENDINGS and not path.name.startswith(".")]
    return [path for path in there if not what_is_there(path)], odd_faults(named)
