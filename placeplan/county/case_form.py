"""A form for a partnership's cases: a workbook that a school fills in with drop-downs, its rows read and checked."""

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from placeplan.county.checks import case_faults
from placeplan.county.column import Column
from placeplan.county.columns import TABLES
from placeplan.county.columns_cases import CASE_TABLES
from placeplan.county.county import County
from placeplan.county.faults import in_order
from placeplan.county.kind_names import kind_name, kind_within, model_name, names_in_use
from placeplan.county.raw import RawTable, cell_text, raw_table
from placeplan.county.tables import ReadTable, absent_table, finished, read_table
from placeplan.county.terms import first_term, term_name
from placeplan.county.unread import SETTINGS_NAME, said_of_unread
from placeplan.county.vocabulary import BOARDING, KINDS, MODELS, NEEDS
from placeplan.county.workbook import read_workbook
from placeplan.errors import Fault, InputError, Note, UsageError
from placeplan.geo.ordinary_file import read_ordinary

__all__ = ["case_form", "with_cases", "with_forms"]

ROWS: Final = 40
"""How many rows of each sheet are checked as they are filled in."""

MOST_LISTED: Final = 250
"""The most characters of a list that stands in a cell's own rule; longer ones stand on a sheet."""

FORM_TABLES: Final = ("cases", "quotes", "packages", "vetoes")
NAMES: Final = tuple(table.name for table in CASE_TABLES)
CHOICES: Final = "to choose from"

NEW_CHILD: Final = ("zone", "year_group", "need", "suits")
"""What a case has to say of a child who is not in the table children."""


def case_form(county: County) -> bytes:
    """An empty form as a workbook: a sheet for each table of cases, each cell with what it may be.

    Needs, payers, provisions, terms, bands, yes and no are chosen from lists, and so are the county's zones and units;
    a sheet says what each code stands for.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    plain = {"bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"}
    heads = [book.add_format(plain | colour) for colour in ({}, {"bg_color": "#FFF3D6"}, {"bg_color": "#E3EEF7"})]
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    about = book.add_worksheet("read me")
    about.set_column(0, 0, 110, wrapped)
    lines = [
        f"Cases for the complex placements partnership of {county.name}",
        "One row a case on the sheet cases, under a pseudonym: no name, no address, no date of birth.",
        "On the sheets quotes, packages and vetoes a row for each fee quoted, line of a package, and option ruled out.",
        "A heading in yellow must be filled in; one in blue too, for a child who is not in the county's children.",
        "suits is what would meet the plan: kinds of place separated by ; as in special;ers:integrative.",
        "A sum left blank is not stated, and counts from nought to a bound; 0 says that there is none.",
        "A cell that offers a list takes its codes: what each stands for is on the sheet to choose from.",
        "The heading of each column says what belongs in it when it is pointed at.",
    ]
    for row, line in enumerate(lines):
        about.write_string(row, 0, line)
    with names_in_use(county.settings.names):
        lists = _Lists(book, _choices(county))
    for name in FORM_TABLES:
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for at, column in enumerate(TABLES[name].columns):
            new_child = name == "cases" and column.name in NEW_CHILD
            sheet.set_column(at, at, 14)
            sheet.write_string(0, at, column.name, heads[1 if column.required else 2 if new_child else 0])
            sheet.write_comment(
                0,
                at,
                f"{column.meaning[0].upper()}{column.meaning[1:]}: {column.expected}.",
                {"x_scale": 2.2, "y_scale": 1.3},
            )
            rule = lists.rule(name, column)
            if rule is not None:
                told = {"error_title": column.name, "error_message": f"Expected {column.expected}."[:250]}
                sheet.data_validation(1, at, ROWS, at, {**rule, **told, "ignore_blank": True})
    lists.write()
    book.close()
    return buffer.getvalue()


def _choices(county: County) -> dict[str, list[tuple[str, str]]]:
    """What is chosen from by list: codes, and what each stands for."""
    localities = county.localities.set_index("locality")["name"]
    sites = county.sites.set_index("site")["name"]
    units = county.units.drop_duplicates("unit").sort_values("unit")
    bands = sorted({*county.top_ups["band"].dropna(), *county.children["band"].dropna()})
    first = first_term(county.settings.year)
    kinds = [(kind, kind_name(kind)) for kind in KINDS]
    found = {
        "zone": [
            (str(zone), str(localities[where]))
            for zone, where in sorted(zip(county.zones["zone"], county.zones["locality"], strict=True))
        ],
        "unit": [
            (str(unit), f"{sites[site]} ({kind_within(str(kind))})")
            for unit, site, kind in units[["unit", "site", "kind"]].itertuples(index=False, name=None)
        ],
        "need": list(NEEDS.items()),
        "kind": [*kinds, *((f"ers:{model}", model_name(model)) for model in MODELS)],
        "band": [(str(band), "a top-up band") for band in bands],
        "start_term": [(term_name(term), "") for term in range(first, first_term(county.settings.year + 2))],
    }
    ruled_out = [(word, "any independent place of that sort") for word in BOARDING]
    return {**found, "option": [*found["unit"], *kinds, *ruled_out]}


class _Lists:
    """The lists that cells are chosen from, on a sheet that says what each code stands for."""

    def __init__(self, book: Any, known: Mapping[str, list[tuple[str, str]]]) -> None:
        self._book, self._known = book, {name: words for name, words in known.items() if words}
        self._at = {name: 3 * place for place, name in enumerate(self._known)}

    def rule(self, table: str, column: Column) -> dict[str, Any] | None:
        """What Excel checks in a column's cells; None where it is words."""
        listed = "kind" if column.name == "suits" else column.name
        if column.name == "case" and table != "cases":
            return {"validate": "list", "source": f"=cases!$A$2:$A${ROWS + 1}"}
        if listed in self._known and column.type != "code":
            # Several kinds may stand in one cell, and a quote may be ruled out: there a list helps, and is no limit.
            limit = {} if listed == column.name != "option" else {"error_type": "information"}
            return {"validate": "list", "source": self._range(listed), **limit}
        if column.type == "yes_no":
            return {"validate": "list", "source": ["yes", "no"]}
        if column.codes and len(",".join(column.codes)) <= MOST_LISTED:
            return {"validate": "list", "source": list(column.codes)}
        if column.type in ("number", "whole"):
            kind = "integer" if column.type == "whole" else "decimal"
            low, high = -1e9 if column.least is None else column.least, 1e9 if column.most is None else column.most
            return {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}
        return None

    def _range(self, name: str) -> str:
        letter = xl_col_to_name(self._at[name])
        return f"='{CHOICES}'!${letter}$2:${letter}${len(self._known[name]) + 1}"

    def write(self) -> None:
        """The sheet of lists: it comes last, so that the form opens on its first."""
        sheet = self._book.add_worksheet(CHOICES)
        bold = self._book.add_format({"bold": True, "bottom": 2})
        for name, place in self._at.items():
            sheet.set_column(place, place, 20)
            sheet.set_column(place + 1, place + 1, 44)
            sheet.write_string(0, place, name, bold)
            sheet.write_string(0, place + 1, "what it is", bold)
            for row, (word, told) in enumerate(self._known[name], start=1):
                sheet.write_string(row, place, word)
                sheet.write_string(row, place + 1, told)
        sheet.freeze_panes(1, 0)


def with_forms(county: County, paths: str | Path | Iterable[str | Path]) -> County:
    """The county with the rows of some workbooks beside its own: filled-in forms, and decisions that were filled in.

    Raises ``InputError`` with every fault of a workbook, a case that the county has already or no row at all among
    them, and ``UsageError`` for a file that is not there.
    """
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        try:
            data = read_ordinary(path)
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror or error}; expected a workbook with a sheet {NAMES[0]}"
            ) from error
        read = read_workbook(path.name, data)
        found = {raw.table: raw for raw in read.tables if raw.table in NAMES}
        filled = {name for name, raw in found.items() if len(raw.rows)}
        unread_faults, notes = said_of_unread(read.unread, filled)
        # A form has no settings of the county, and only some of its tables.
        elsewhere = {SETTINGS_NAME, *(set(TABLES) - set(NAMES))}
        faults = [fault for fault in (*read.faults, *unread_faults) if fault.table not in elsewhere]
        notes += [note for note in read.notes if note.table not in elsewhere]
        notes += [
            Note(f"sheet {raw.table} of {path.name}", "", "", "", "not read; a form has no such table")
            for raw in read.tables
            if raw.table not in NAMES
        ]
        if not found and not faults:
            faults = [Fault(path.name, "", "", "", f"a sheet with one of the names {', '.join(NAMES)}")]
        elif not faults and not any(len(raw.cells) for raw in found.values()):
            faults = [Fault(path.name, "", "", "no row", f"rows on a sheet of {', '.join(found)}")]
        county = _with_rows(
            replace(county, notes=(*county.notes, *notes)),
            found,
            faults,
            where=f"{path.name}, sheet ",
            digest=hashlib.sha256(data).hexdigest(),
        )
    return county


def with_cases(county: County, **tables: pd.DataFrame | Iterable[Mapping[str, Any]]) -> County:
    """The county with rows of cases, quotes, packages, vetoes or decisions beside its own, from Python.

    Each table is a frame, or an iterable of mappings by column; a column that is not given is blank, and cells are
    checked as those of a file are. Rows are counted from 2, as in a file.

    >>> import placeplan as pp
    >>> county = pp.read_county("example:derbyshire")
    >>> case = {"case": "N1", "zone": "DZ001", "year_group": 5, "need": "ASD", "suits": "special"}
    >>> len(pp.with_cases(county, cases=[case]).cases) - len(county.cases)
    1

    Raises ``InputError`` with every fault, and ``UsageError`` for a table that is none of these.
    """
    unknown = sorted(set(tables) - set(NAMES))
    if unknown:
        raise UsageError(f"{', '.join(unknown)}: expected tables among {', '.join(NAMES)}")
    raws, faults = {}, []
    for name, rows in tables.items():
        frame = pd.DataFrame(rows if isinstance(rows, pd.DataFrame) else list(rows))
        if frame.empty:
            continue
        cells = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
        raws[name], more = raw_table(name, "Python", list(map(str, frame.columns)), list(enumerate(cells, start=2)))
        faults += more
    text = repr({name: raw.cells.to_dict("list") for name, raw in sorted(raws.items())})
    return _with_rows(county, raws, faults, where="", digest=hashlib.sha256(text.encode()).hexdigest())


def _cell(value: Any) -> str | None:
    """A value as a file would have it; what is several stands with ; between."""
    if isinstance(value, list | tuple | set | frozenset):
        return ";".join(map(str, sorted(value) if isinstance(value, set | frozenset) else value)) or None
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return cell_text(("yes" if value else "no") if isinstance(value, bool | np.bool_) else value)


def _with_rows(
    county: County, found: Mapping[str, RawTable], faults: list[Fault], *, where: str, digest: str
) -> County:
    tables = {name: _known(name, county) for name in TABLES}
    notes = list(county.notes)
    for name, raw in found.items():
        mine = read_table(raw, known={(fault.row, fault.column) for fault in faults if fault.table == name})
        faults += mine.faults
        notes += mine.notes
        if name == "decisions":
            # What is decided now stands in place of what was decided before.
            tables[name] = _without(tables[name], set(mine.frame["case"].dropna()))
        faults += _again(mine, tables[name])
        tables[name] = _joined(tables[name], mine)
    faults += case_faults(tables, county.settings)
    if faults:
        told = [replace(f, table=f"{where}{f.table}") if f.table in TABLES else f for f in faults]
        raise InputError(in_order(told))
    changed: dict[str, Any] = {name: finished(tables[name]) for name in found}
    both = hashlib.sha256(f"{county.digest}{digest}".encode()).hexdigest()
    return replace(county, digest=both, notes=tuple(in_order(notes)), **changed)


def _known(name: str, county: County) -> ReadTable:
    """A table of the county that was checked already; its rows are not numbered."""
    frame = pd.DataFrame(getattr(county, name)).drop(columns="geometry", errors="ignore")
    if name == "children":
        frame = pd.concat([part for part in (frame, county.met_in_mainstream) if len(part)] or [frame])
    absent = absent_table(name)
    return ReadTable(absent.table, frame.reset_index(drop=True), np.zeros(len(frame), dtype=np.int64), None)


def _without(known: ReadTable, cases: set[str]) -> ReadTable:
    kept = ~known.frame["case"].isin(cases).to_numpy()
    return ReadTable(known.table, known.frame[kept].reset_index(drop=True), known.rows[kept], None)


def _joined(known: ReadTable, more: ReadTable) -> ReadTable:
    parts = [part for part in (known.frame, more.frame) if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else more.frame
    return ReadTable(more.table, frame, np.concatenate([known.rows, more.rows]), None, more.faults)


def _again(mine: ReadTable, known: ReadTable) -> list[Fault]:
    """A fault for each row whose key the county has already."""
    key = list(mine.table.key)
    there = set(known.frame[key].astype("str").fillna("").itertuples(index=False, name=None))
    rows = mine.frame[key].astype("str").fillna("").itertuples(index=False, name=None)
    return [
        mine.fault(place, key[0], label[0], f"a {' + '.join(key)} that the county does not have yet")
        for place, label in enumerate(rows)
        if label in there
    ]
