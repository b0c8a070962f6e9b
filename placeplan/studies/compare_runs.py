"""Any two runs side by side: which facts, figures, tables and rows differ, from their folders alone."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from placeplan.county.kind_names import kind_within, model_within, names_in_use
from placeplan.errors import Fault, InputError, UsageError
from placeplan.privacy import is_child_level
from placeplan.report.write import write_report
from placeplan.run_tables import ALL, KEYS, column_kind, in_order
from placeplan.runs import Run, read_run
from placeplan.studies.table_changes import (
    CHANGE_COLUMNS,
    TableChange,
    change_of,
    withheld_cells,
    withheld_pair,
)
from placeplan.withholding import SUPPRESSED

__all__ = ["Comparison", "compare_runs"]

_COUNTY_FIGURES: Final = ("children", "within_guidance", "share_within", "mean_minutes")
"""What a run of coverage tells of the whole county."""

_HEADLINES: Final = (
    "table",
    "question",
    "year",
    "measure",
    "first_value",
    "second_value",
    "difference",
    "per_cent",
    SUPPRESSED,
)
_TABLES: Final = (
    "table",
    "status",
    "keys",
    "rows_first",
    "rows_second",
    "rows_added",
    "rows_removed",
    "rows_changed",
    "columns",
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    ``tables``: facts (those of run.json that differ), headlines (the figures told first), tables (same, differs,
    or in one only, with rows added, removed and changed), changes (every cell that differs, by its row's key). A
    withheld figure stays withheld, and so does every difference from it. ``same``: whether nothing differs.
    """

    same: bool
    run: Run = field(repr=False)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name; those that only name localities and units are there for the pages."""
        return self.run.tables

    def report(self, out: str | Path, *, replace: bool = False, timings: Mapping[str, float] | None = None) -> Path:
        """Write the run's folder with its tables, workbook and compare.html, and return it.

        Raises ``UsageError`` where ``out`` exists and ``replace`` is not given.
        """
        return write_report(self.run, out, internal=self.run.internal, replace=replace, timings=timings)


def compare_runs(first: str | Path, second: str | Path, *, internal: bool = False) -> Comparison:
    """The run in the folder ``second`` beside that in ``first``; differences are the second less the first.

    Small counts are withheld where both runs withhold them. Where either is internal the comparison is too, and
    ``internal`` must be asked for; tables of children are in it only where both are. Raises ``UsageError`` where a
    folder is no run or ``internal`` is not asked for, and ``InputError`` with every file of the two that is missing or
    not as it was written.
    """
    folders = (Path(first), Path(second))
    before, after = _read(folders)
    detail = [run.internal for run in (before, after)]
    if any(detail) and not internal:
        named = " and ".join(str(folder) for folder, is_internal in zip(folders, detail, strict=True) if is_internal)
        raise UsageError(
            f"{named}: internal, so that the comparison would hold detail; ask for it with --internal, "
            "or compare runs that were made without it"
        )
    children = {
        name
        for run in (before, after)
        for name, frame in run.tables.items()
        if is_child_level(frame) and not all(detail)
    }
    before, after = (_without(run, children) for run in (before, after))
    shared = sorted(before.tables.keys() & after.tables.keys())
    found = {name: change_of(name, before.tables[name], after.tables[name]) for name in shared}
    tables = {
        "facts": _facts(before, after),
        "headlines": _headlines(before, after),
        "tables": _tables(before, after, found),
        "changes": _changes(found),
    }
    facts = _told(folders, before, after)
    # run.json has the digest of every file; where a table is left out, nothing but that shows it to be the same.
    same = facts["first"]["sha256"] == facts["second"]["sha256"] or (
        not children and tables["facts"].empty and bool((tables["tables"]["status"] == "same").all())
    )
    facts |= {
        "same": same,
        "withheld": sorted(children),
        "options": {"internal": any(detail)},
        **({} if any(detail) else {"share_safe": True}),
    }
    run = Run("compare", facts["county"], {**tables, **_names(before, after)}, {}, facts, internal=any(detail))
    return Comparison(same, run)


def _read(folders: tuple[Path, Path]) -> tuple[Run, Run]:
    """The two runs; the faults of both at once, each with its folder."""
    runs: list[Run] = []
    faults: list[Fault] = []
    for folder in dict.fromkeys(folders):
        try:
            runs.append(read_run(folder))
        except InputError as error:
            faults += [replace(fault, table=f"{folder}, {fault.table}") for fault in error.faults]
    if faults:
        raise InputError(faults)
    return runs[0], runs[-1]


def _without(run: Run, names: set[str]) -> Run:
    return replace(run, tables={name: frame for name, frame in run.tables.items() if name not in names})


def _told(folders: tuple[Path, Path], before: Run, after: Run) -> dict[str, Any]:
    """What run.json says of the two runs; a fact of both stands once."""
    facts: dict[str, Any] = {"command": "compare"}
    for side, folder, run in zip(("first", "second"), folders, (before, after), strict=True):
        told = {
            "folder": folder.resolve().name,
            "command": run.command,
            "county": run.county,
            "as_of": run.facts.get("as_of"),
            "internal": run.internal,
            "known_journeys": run.facts.get("known_journeys"),
            "sha256": hashlib.sha256((folder / "run.json").read_bytes()).hexdigest(),
        }
        facts[side] = {name: value for name, value in told.items() if value is not None}
    for name in ("as_of", "year", "data_label", "price_year", "guidance_minutes"):
        values = [run.facts.get(name) for run in (before, after)]
        if values[0] == values[1] and values[0] is not None:
            facts[name] = values[0]
    facts["names"] = _kind_names(before, after)
    labels = [str(run.facts.get("data_label") or "not labelled") for run in (before, after)]
    facts.setdefault("data_label", f"first: {labels[0]}; second: {labels[1]}")
    facts["county"] = " and ".join(dict.fromkeys([before.county, after.county]))
    return facts


def _kind_names(before: Run, after: Run) -> dict[str, str]:
    """What kinds are called in either run: both words where they differ."""
    own = [dict(run.facts.get("names") or {}) for run in (before, after)]
    named = {}
    for code in dict.fromkeys(code for names in own for code in names):
        words = []
        for names in own:
            with names_in_use(names):
                words.append(kind_within(code) if ":" not in code else model_within(code))
        named[code] = " / ".join(dict.fromkeys(words))
    return named


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Facts as name and text, those within others with their names joined by a point."""
    if isinstance(value, Mapping):
        for key in value:
            yield from _flat(value[key], f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        yield name, "; ".join(one if isinstance(one, str) else _flat_text(one) for one in value)
    else:
        yield name, _flat_text(value)


def _flat_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _facts(before: Run, after: Run) -> pd.DataFrame:
    told = [
        dict(_flat({**run.facts, "command": run.command, "county": run.county, "internal": run.internal}))
        for run in (before, after)
    ]
    names = [name for name in sorted({*told[0], *told[1]}) if told[0].get(name) != told[1].get(name)]
    columns = {side: [one.get(name) for name in names] for side, one in zip(("first", "second"), told, strict=True)}
    return pd.DataFrame({"fact": names, **columns}, dtype="str")


def _figures(name: str, frame: pd.DataFrame) -> Iterator[tuple[tuple[Any, ...], float, bool]]:
    """The figures that a table tells first: what each is, its value, and whether it is withheld."""
    columns = set(frame.columns)
    rows = frame.to_dict("records")
    if {"measure", "value"} <= columns and columns.isdisjoint(set(KEYS) - {"measure", "question"}):
        for row in rows:
            yield (name, row.get("question"), None, row["measure"]), row["value"], "value" in withheld_cells(row)
    elif name == "equity":
        for row in rows:
            if row.get("by") == "county":
                for measure in (one for one in _COUNTY_FIGURES if one in columns):
                    yield (name, None, None, measure), row[measure], measure in withheld_cells(row)
    elif name == "forecast_totals" and {"year", "expected"} <= columns:
        for row in rows:
            if all(row.get(axis) == ALL for axis in ("locality", "need", "area", "phase", "kind")):
                yield (name, None, row["year"], "expected"), row["expected"], "expected" in withheld_cells(row)


def _headlines(before: Run, after: Run) -> pd.DataFrame:
    told = [
        {key: (value, hidden) for name, frame in run.tables.items() for key, value, hidden in _figures(name, frame)}
        for run in (before, after)
    ]
    rows = []
    for key in dict.fromkeys([*told[0], *told[1]]):
        (first, first_hidden), (second, second_hidden) = (one.get(key, (math.nan, False)) for one in told)
        if math.isnan(first) and math.isnan(second) and not (first_hidden or second_hidden):
            continue
        difference = round(second - first, 3) + 0.0
        rows.append(
            (
                *key,
                first,
                second,
                difference,
                round(100 * difference / abs(first), 3) + 0.0 if first else math.nan,
                withheld_pair(
                    (first_hidden, second_hidden), ("first_value", "second_value"), ("difference", "per_cent")
                ),
            )
        )
    return in_order(_typed(pd.DataFrame(rows, columns=list(_HEADLINES))))


def _tables(before: Run, after: Run, found: Mapping[str, TableChange]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for name in sorted({*before.tables, *after.tables}):
        sizes = [len(run.tables[name]) if name in run.tables else None for run in (before, after)]
        row = {"table": name, "rows_first": sizes[0], "rows_second": sizes[1]}
        if name in found:
            one = found[name]
            row |= {
                "status": "same" if one.same else "differs",
                "keys": ";".join(one.keys) or None,
                "rows_added": one.added,
                "rows_removed": one.removed,
                "rows_changed": one.changed,
                "columns": one.columns,
            }
        else:
            row["status"] = "only in second" if sizes[0] is None else "only in first"
        rows.append(row)
    return in_order(_typed(pd.DataFrame(rows, columns=list(_TABLES))))


def _changes(found: Mapping[str, TableChange]) -> pd.DataFrame:
    rows = [cell for one in found.values() for cell in one.cells]
    return in_order(_typed(pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its columns as they are read back: numbers as float64, the rest as text."""
    return frame.astype({name: "str" if column_kind(name) == "text" else "float64" for name in frame.columns})


def _names(before: Run, after: Run) -> dict[str, pd.DataFrame]:
    """The names of localities and units for the pages; a code that the two runs name otherwise stays a code."""
    made = {}
    for table, column in (("localities", "locality"), ("units_named", "unit")):
        first, second = (_named(run.tables.get(table, pd.DataFrame()), column) for run in (before, after))
        names = {code: name for code, name in {**first, **second}.items() if first.get(code, name) == name}
        if names:
            made[table] = pd.DataFrame({column: list(names), "name": list(names.values())}, dtype="str")
    return made


def _named(frame: pd.DataFrame, column: str) -> dict[str, str]:
    return dict(zip(frame[column], frame["name"], strict=True)) if {column, "name"} <= set(frame.columns) else {}
