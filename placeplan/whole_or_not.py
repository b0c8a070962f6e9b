"""What is written whole or not at all: made in a hidden folder beside its place, under a lock, and renamed into place.

A lock is the system's own on an open file, so that it ends with the process that holds it, however that ends. What a
killed process left beside its place is found by its name, and taken away by whoever gets the lock next.
"""

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from placeplan.errors import UsageError

__all__ = ["claim", "clean_files", "hold", "previous", "recover", "release_claims", "swap", "writing"]

LONGEST: Final = 120
"""Bytes of a name that its hidden neighbours repeat; a longer one is cut and told apart by a hash."""

WORK, LOCK, PREVIOUS = ".placeplan.part", ".placeplan.lock", ".placeplan.previous"
"""How the names of hidden neighbours end: nobody else's do."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A lock that is held: the open file, where it lies, and the folders that were made for it."""

    handle: int
    path: Path
    made: tuple[Path, ...]


_claims: dict[Path, _Claim] = {}
_guard = threading.Lock()


def _hidden(place: Path, ending: str) -> Path:
    name = place.name
    if len(name.encode(errors="surrogatepass")) > LONGEST:
        name = f"{name[: LONGEST // 4]}-{sha256(name.encode(errors='surrogatepass')).hexdigest()[:12]}"
    return place.parent / f".{name}{ending}"


def previous(place: Path) -> Path:
    """Where a replacement sets aside what stood at ``place``."""
    return _hidden(place, PREVIOUS)


def _lock(handle: int) -> bool:
    """Whether an open file is this process's alone now; on a disk that knows no locks, everybody's."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _open_and_lock(path: Path) -> int | None:
    """The open lock file at ``path``; None where another holds it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(handle):
            os.close(handle)
            return None
        # Whoever held it before may have taken the file away in between: then this is a lock on nothing.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        os.close(handle)


def _unlock(handle: int, path: Path) -> None:
    if sys.platform == "win32":  # an open file cannot be taken away there
        os.close(handle)
        with contextlib.suppress(OSError):
            path.unlink()
        return
    with contextlib.suppress(OSError):
        path.unlink()
    os.close(handle)


def hold(handle: int) -> None:
    """Lock an open file for as long as it is open, so that ``clean_files`` leaves it alone."""
    _lock(handle)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether this process has the lock file at ``path`` for the time of the block."""
    handle = _open_and_lock(path)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            _unlock(handle, path)


def _acquire(place: Path) -> _Claim:
    path = _hidden(place, LOCK)
    made: list[Path] = []
    try:
        for folder in reversed(place.parents):
            if not folder.exists():
                with contextlib.suppress(FileExistsError):
                    folder.mkdir()
                    made.insert(0, folder)
        handle = _open_and_lock(path)
    except OSError:
        _remove_empty(made)
        raise
    if handle is None:
        raise UsageError(f"{place}: another command is writing there; wait until it is done, or name another place")
    return _Claim(handle, path, tuple(made))


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _release(held: _Claim) -> None:
    _unlock(held.handle, held.path)
    _remove_empty(held.made)


def claim(place: Path) -> None:
    """Hold ``place`` for this process from now on, until something is written there or ``release_claims`` is called.

    Raises ``UsageError`` where another process, or another part of this one, is writing there.
    """
    place = place.absolute()
    with _guard:
        if place not in _claims:
            _claims[place] = _acquire(place)
    _clean(place)


def release_claims() -> None:
    """Let go of every place that is held and was not written to."""
    with _guard:
        left = list(_claims.values())
        _claims.clear()
    for held in left:
        _release(held)


@contextlib.contextmanager
def writing(place: Path) -> Iterator[Path]:
    """A fresh hidden folder beside ``place`` to make things in, gone at the end; the place is locked meanwhile.

    Raises ``UsageError`` where another is writing there, and ``OSError`` where nothing can be written.
    """
    place = place.absolute()
    with _guard:
        held = _claims.pop(place, None)
    held = held or _acquire(place)
    work = _hidden(place, WORK)
    try:
        _clean(place)
        work.mkdir(mode=0o700)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _release(held)


def _clean(place: Path) -> None:
    """Take away what killed processes left beside ``place``, which is locked, and beside others that nobody holds."""
    stem = _hidden(place, "")
    _clean_stem(stem, place)
    others = {_hidden(other, ""): other for other in place.parent.iterdir()}
    for ending in (WORK, PREVIOUS, LOCK):
        for left in place.parent.glob(f".*{ending}"):
            other = left.with_name(left.name.removesuffix(ending))
            if other != stem:
                with contextlib.suppress(OSError), _locked(other.with_name(f"{other.name}{LOCK}")) as mine:
                    if mine:
                        _clean_stem(other, others.get(other))


def _clean_stem(stem: Path, place: Path | None) -> None:
    """Take away the work folder of a place, and what was set aside unless it is all that is left of it."""
    shutil.rmtree(stem.with_name(f"{stem.name}{WORK}"), ignore_errors=True)
    aside = stem.with_name(f"{stem.name}{PREVIOUS}")
    if place is not None and not place.exists() and aside.is_dir():
        aside.rename(place)
    elif place is not None and place.exists():
        shutil.rmtree(aside, ignore_errors=True)


def recover(place: Path) -> None:
    """Put back what a replacement killed between its two renames had set aside, unless it is going on."""
    place = place.absolute()
    with contextlib.suppress(OSError):
        if previous(place).is_dir() and not place.exists():
            with _locked(_hidden(place, LOCK)) as mine:
                if mine:
                    _clean_stem(_hidden(place, ""), place)


def swap(made: Path, place: Path) -> None:
    """Put the folder ``made`` at ``place``; what stood there is set aside first and put back should that fail."""
    aside = previous(place)
    shutil.rmtree(aside, ignore_errors=True)
    if place.exists():
        place.rename(aside)
    try:
        made.rename(place)
    except OSError:
        if aside.is_dir() and not place.exists():
            aside.rename(place)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def clean_files(folder: Path, ending: str) -> None:
    """Take away the files of ``folder`` with this ending that nobody holds: their writer was killed."""
    for left in folder.glob(f"*{ending}"):
        with contextlib.suppress(OSError):
            handle = os.open(left, os.O_RDWR)
            try:
                mine = _lock(handle)
            finally:
                os.close(handle)
            if mine:
                left.unlink()
