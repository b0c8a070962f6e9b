"""What lies in a county and is not read: a fault where it stands for a table that has no rows, else a note."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from placeplan.county.columns import TABLES
from placeplan.county.faults import nearest, shown
from placeplan.county.other_files import MATRIX_ENDINGS, ROAD_ENDINGS
from placeplan.county.spelling import folded, plain_text
from placeplan.errors import Fault, Note
from placeplan.geo.ordinary_file import open_ordinary

__all__ = ["DOCUMENTS", "OWN_SHEETS", "SETTINGS_NAME", "Unread", "said_of_unread", "unread_file", "unread_in_folders"]

SETTINGS_NAME: Final = "county"
"""What the settings are called: county.toml, or the sheet of a workbook."""

JOURNEYS: Final = frozenset({"roads", "travel"})
"""Tables of which a county needs one."""

DOCUMENTS: Final = frozenset(
    (
        *(".md", ".pdf", ".doc", ".docx", ".odt", ".rtf", ".html", ".htm", ".png", ".jpg", ".jpeg", ".svg", ".eml"),
        *(".py", ".r", ".ipynb", ".qgz", ".qgs", ".qml", ".qmd", ".lnk", ".url", ".ppt", ".pptx", ".log"),
        *(".prj", ".cpg", ".shx", ".sbn", ".sbx", ".qix"),
    )
)
"""Endings of files that hold no table: words, pictures, code, a desktop program's own, and what goes with a .shp."""

KEPT_ASIDE: Final = re.compile(r"\.(bak|old|orig|save|tmp|part)\d*$|~$", re.IGNORECASE)
"""The endings by which programs and people keep an earlier version aside."""

OWN_SHEETS: Final = frozenset({"read me", "to choose from", "about", "options"})
"""Sheets of the workbooks that placeplan itself writes to be filled in, which explain the others."""

LITTER: Final = frozenset({"thumbs.db", "desktop.ini", "__macosx", "tables.md"})
"""What systems leave in any folder, and the page that ``placeplan new`` writes beside its tables."""

BESIDE_A_DATABASE: Final = re.compile(r"\.gpkg-(wal|shm|journal)$", re.IGNORECASE)
"""What a program that has a GeoPackage open keeps beside it; what counts of it is read with the GeoPackage."""

TEXTS: Final = (".csv", ".tsv", ".txt", ".tab")
HEADER_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, sheet or layer that is not read.

    ``name`` is what it is called to the user, ``stem`` the part that might name a table, and ``expected`` says, of a
    table, how it would be read. ``holds_table`` is False where it cannot hold one, or is kept aside; ``header`` is its
    first row where that is known, ``why`` what else is to be said, ``elsewhere`` that it lies in another folder.
    """

    name: str
    stem: str
    expected: Callable[[str], str]
    holds_table: bool = True
    header: tuple[str, ...] = ()
    why: str = ""
    elsewhere: bool = False


def _joined(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _named_exactly(stem: str) -> str | None:
    """The table that a name is, but for capitals, spaces and the like."""
    return next((table for table in (*TABLES, SETTINGS_NAME) if _joined(table) == _joined(stem)), None)


def _named_alike(stem: str) -> set[str]:
    """The tables whose name stands in a name, as in ``Copy of children``, or that it is a slip of."""
    words = f"_{re.sub(r'[^a-z0-9]+', '_', folded(stem))}_"
    within = {table for table in TABLES if f"_{table}_" in words}
    slip = nearest(words.strip("_"), TABLES)
    if slip is not None and len(_joined(stem)) > 3 and _joined(stem)[:4] == _joined(slip)[:4]:
        within.add(slip)
    return within


def _headed_alike(header: tuple[str, ...]) -> set[str]:
    """The table whose columns a header has: all that are required, and most of its own are theirs; the nearest such."""
    names = {folded(plain_text(name)) for name in header if name}
    alike = {
        name: len(names & set(table.names))
        for name, table in TABLES.items()
        if {column.name for column in table.columns if column.required and column.type != "geometry"} <= names
        and 2 * len(names & set(table.names)) > len(names) > 1
    }
    return {max(alike, key=lambda name: alike[name])} if alike else set()


def said_of_unread(unread: Iterable[Unread], filled: Collection[str]) -> tuple[list[Fault], list[Note]]:
    """A fault for what stands for a table (by its name, or by its columns), and a note for everything else.

    ``filled``: the tables that were read and have rows. What is named exactly as a table is a fault in any case: two
    of one name cannot both be meant.
    """
    full = set(filled) | (JOURNEYS if JOURNEYS & set(filled) else set())
    faults, notes = [], []
    for one in unread:
        exact = _named_exactly(one.stem) if one.holds_table and not one.elsewhere else None
        meant = (_named_alike(one.stem) or _headed_alike(one.header)) if one.holds_table else set()
        lost = [table for table in TABLES if table in meant - full]
        if exact is not None:
            faults.append(Fault(exact, "", "", shown(one.name), one.expected(exact)))
        elif lost:
            found = f"{shown(one.name)}, and no rows of {' or '.join(lost)} elsewhere"
            expected = f"{one.expected(lost[0])}; or, where it is no table, another name"
            faults.append(Fault(lost[0], "", "", found, expected))
        else:
            like = f"; it is like the table {' or '.join(sorted(meant))}, which is read from elsewhere" if meant else ""
            notes.append(Note(shown(one.name), "", "", "", f"not read{one.why}{like}"))
    return faults, notes


def _file_expected(table: str) -> str:
    if table == SETTINGS_NAME:
        return "the settings in county.toml; a workbook is a county of its own"
    geometry = f" or {table}.geojson" if TABLES[table].geometry else ""
    return f"a file named {table}.csv{geometry}, UTF-8 and separated by commas (in Excel: save as CSV UTF-8)"


def unread_file(path: Path, *, within: str = "") -> Unread | None:
    """A file of a folder that no reader takes; None for what systems and programs leave there."""
    name = plain_text(path.name)
    if name.startswith(".") or name.casefold() in LITTER or name.casefold().startswith("readme"):
        return None
    if BESIDE_A_DATABASE.search(name):
        return None
    if name.startswith("~$"):
        why = f": {name[2:]} is open in a spreadsheet program, and what is not saved there is not known"
        return Unread(f"{within}{name}", "", _file_expected, holds_table=False, why=why)
    stem, _, ending = name.partition(".")
    holds = f".{ending.rpartition('.')[2].lower()}" not in DOCUMENTS and KEPT_ASIDE.search(name) is None
    header = _header(path) if holds and path.suffix.lower() in TEXTS else ()
    return Unread(f"{within}{name}", stem, _file_expected, holds, header, elsewhere=bool(within))


def _header(path: Path) -> tuple[str, ...]:
    """The first line of a text file, parted at whatever parts it; nothing where it cannot be read."""
    try:
        with open_ordinary(path) as file:
            line = file.read(HEADER_BYTES).decode("utf-8-sig", errors="replace").partition("\n")[0]
    except OSError:
        return ()
    return tuple(cell.strip().strip('"') for cell in re.split(r"[,;\t|]", line))


def _is_output(folder: Path) -> bool:
    """Whether a folder is a run of placeplan's, or holds some: they come and go beside a county."""
    return any((one / "run.json").is_file() for one in (folder, *(one for one in folder.iterdir() if one.is_dir())))


def unread_in_folders(folder: Path) -> list[Unread]:
    """The files in the folders of a county's folder that are not read; a folder that is a county too counts as one."""
    made = []
    for below in sorted(path for path in folder.iterdir() if path.is_dir()):
        name = plain_text(below.name)
        if name.startswith(".") or name.casefold() in LITTER:
            continue
        try:
            files = sorted(path for path in below.iterdir() if path.is_file())
            if _is_output(below):
                continue
        except OSError as error:
            made.append(Unread(f"folder {name}", "", _file_expected, False, why=f": {error.strerror}"))
            continue
        if name in JOURNEYS:
            endings = ROAD_ENDINGS if name == "roads" else MATRIX_ENDINGS
            why = f"; files there end in {', '.join(endings)}"
            mine = [path for path in files if not BESIDE_A_DATABASE.search(path.name)]
            strange = [path for path in mine if not path.name.lower().endswith(endings)]
            made += [Unread(f"{name}/{path.name}", "", _file_expected, False, why=why) for path in strange]
        elif (below / "county.toml").is_file():
            made.append(Unread(f"folder {name}", "", _file_expected, False, why=": it is a county of its own"))
        else:
            inside = [one for path in files if (one := unread_file(path, within=f"{name}/")) is not None]
            made += inside or [Unread(f"folder {name}", "", _file_expected, False)]
    return made
