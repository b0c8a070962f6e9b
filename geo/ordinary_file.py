"""Opening a file that a path names: an ordinary file, and never a folder, a pipe or a device, which could hang."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["is_ordinary", "open_ordinary", "read_ordinary", "what_is_there"]

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _kind(mode: int) -> str:
    """What a thing of this mode is; "" for an ordinary file."""
    if stat.S_ISREG(mode):
        return ""
    return next((word for is_kind, word in _KINDS if is_kind(mode)), "no ordinary file")


def what_is_there(path: Path) -> str:
    """What ``path`` leads to, links followed: "" for an ordinary file, else "a pipe", "a folder", "nothing", ..."""
    try:
        return _kind(path.stat().st_mode)
    except FileNotFoundError:
        return "a link to nothing" if path.is_symlink() else "nothing"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or "no path that can be read"


def is_ordinary(path: Path) -> bool:
    """Whether ``path`` leads to an ordinary file."""
    return not what_is_there(path)


def open_ordinary(path: Path) -> BinaryIO:
    """``path`` opened for reading its bytes; ``OSError`` with its kind as ``strerror`` where it is no ordinary file.

    What was opened is what is judged, so that nothing can be put in its place between the look and the opening; and
    the opening of a pipe does not wait for somebody to write into it.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    kind = what_is_there(path)
    if kind == "a folder":
        raise IsADirectoryError(errno.EISDIR, kind, str(path))
    handle = os.open(path, flags)
    kind = _kind(os.fstat(handle).st_mode)
    if kind:
        os.close(handle)
        raise OSError(errno.EINVAL, kind, str(path))
    return os.fdopen(handle, "rb")


def read_ordinary(path: Path) -> bytes:
    """The bytes of the ordinary file at ``path``; ``OSError`` as ``open_ordinary`` raises it."""
    with open_ordinary(path) as file:
        return file.read()
