"""XML that holds its own data alone: no declaration that could name other files or addresses, or grow without end."""

from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, Final, NoReturn
from xml.parsers import expat

from .ordinary_file import open_ordinary

__all__ = ["has_doctype", "open_plain_xml"]

PIECE: Final = 1 << 14


class _BegunError(Exception):
    """The first element has begun: what could declare anything lies behind."""


class _DoctypeError(Exception):
    """There is a declaration of a document type."""


def _begun(*_about: object) -> NoReturn:
    raise _BegunError


def _declared(*_about: object) -> NoReturn:
    raise _DoctypeError


def has_doctype(file: IO[bytes]) -> bool:
    """Whether the XML in ``file`` declares a document type, which can name other files and entities.

    It is read up to its first element, in whatever encoding; what is no XML has none.
    """
    parser = expat.ParserCreate()
    parser.StartElementHandler = _begun
    parser.StartDoctypeDeclHandler = _declared
    with suppress(expat.ExpatError, _BegunError):
        try:
            while piece := file.read(PIECE):
                parser.Parse(piece)
        except _DoctypeError:
            return True
    return False


def open_plain_xml(path: Path) -> BinaryIO:
    """``path`` opened as XML without a document type.

    ``ValueError`` where it has one, ``OSError`` where it is no ordinary file.
    """
    file = open_ordinary(path)
    if has_doctype(file):
        file.close()
        raise ValueError("a document type that declares other files or entities")
    file.seek(0)
    return file
