"""What a workbook's file holds beside its values: formulas without a value, merged cells, what is hidden.

A reader of values shows none of it: a formula that no spreadsheet has worked out yet reads as a blank, and so does
all of a merged cell but its first (ECMA-376, part 1, 18.3.1: c, f, v, mergeCell, row and col).
"""

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

__all__ = ["SheetParts", "workbook_parts"]


@dataclass(frozen=True, slots=True)
class SheetParts:
    """One sheet beside its values; rows and columns count from 1.

    ``unvalued``: the (row, column) of formulas without a stored value. ``merged``: (first row, first column, last row,
    last column) of each merged cell. ``hidden`` says whether the sheet itself is.
    """

    hidden: bool = False
    unvalued: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()


def workbook_parts(archive: zipfile.ZipFile) -> dict[str, SheetParts]:
    """The parts of each sheet of an .xlsx file, by the sheet's name."""
    book = _target(_relations(archive, ""), "officeDocument")
    relations = _relations(archive, book)
    made = {}
    for sheet in _elements(archive, book, "sheet"):
        title = sheet.get("name", "")
        identifier = next((value for key, value in sheet.items() if _local(key) == "id"), "")
        kind, path = relations.get(identifier, ("", ""))
        hidden = sheet.get("state", "visible") != "visible"
        if kind == "worksheet" and path in archive.namelist():
            with archive.open(path) as file:
                made[title] = _sheet(file, hidden=hidden)
        else:
            made[title] = SheetParts(hidden)
    return made


def _local(name: str) -> str:
    """A name without its namespace, of which workbooks use two."""
    return name.rpartition("}")[2]


def _elements(archive: zipfile.ZipFile, path: str, name: str) -> Iterator[Element]:
    with archive.open(path) as file:
        for _, element in iterparse(file):
            if _local(element.tag) == name:
                yield element


def _relations(archive: zipfile.ZipFile, path: str) -> dict[str, tuple[str, str]]:
    """What a part of the file refers to: the kind and the path of each, by identifier."""
    folder, name = posixpath.split(path)
    stated = posixpath.join(folder, "_rels", f"{name}.rels")
    return {
        one.get("Id", ""): (
            posixpath.basename(one.get("Type", "")),
            posixpath.normpath(posixpath.join(folder, one.get("Target", ""))).lstrip("/"),
        )
        for one in _elements(archive, stated, "Relationship")
    }


def _target(relations: dict[str, tuple[str, str]], kind: str) -> str:
    return next(path for named, path in relations.values() if named == kind)


def _sheet(file: IO[bytes], *, hidden: bool) -> SheetParts:
    unvalued: list[tuple[int, int]] = []
    merged: list[tuple[int, int, int, int]] = []
    hidden_rows: list[int] = []
    hidden_columns: list[int] = []
    row, column = 0, 0
    for event, element in iterparse(file, events=("start", "end")):
        name = _local(element.tag)
        if event == "start":
            if name == "row":
                # Rows and cells that do not say where they are follow the one before.
                row, column = int(element.get("r") or row + 1), 0
                if element.get("hidden") in ("1", "true"):
                    hidden_rows.append(row)
            continue
        if name == "c":
            place = element.get("r")
            row, column = coordinate_to_tuple(place) if place else (row, column + 1)
            if _is_unvalued(element):
                unvalued.append((row, column))
            element.clear()
        elif name == "row":
            element.clear()
        elif name == "col" and element.get("hidden") in ("1", "true"):
            hidden_columns += range(int(element.get("min", "0")), int(element.get("max", "0")) + 1)
        elif name == "mergeCell":
            left, top, right, bottom = range_boundaries(element.get("ref", "A1"))
            merged.append((int(top or 1), int(left or 1), int(bottom or 1), int(right or 1)))
    return SheetParts(hidden, tuple(unvalued), tuple(merged), tuple(hidden_rows), tuple(hidden_columns))


def _is_unvalued(cell: Element) -> bool:
    """Whether a cell has a formula and no value of it; a value that is an empty text is one."""
    parts = {_local(part.tag): part for part in cell}
    if "f" not in parts:
        return False
    value = parts.get("v")
    return value is None or (not value.text and cell.get("t") != "str")
