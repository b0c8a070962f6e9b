"""What may leave: counts folded to broad areas, small ones withheld so that no subtraction gives them back.

The simple form of share-safe; what it withstands is not proven, and ``report.band`` says so.
Needs become the five broad areas; a count from 1 to 4 is withheld, and as
many others with it as are needed so that no withheld count follows from the published ones and their
totals; every other count is rounded to 5 and every amount to £100; no row is about one child. Counts of
places are public and stay as they are.

The convention, everywhere: a withheld value is missing, and the row's ``suppressed`` names its columns,
separated by ``;`` (blank where nothing is withheld). Pages and sheets print it as ``c``. A true zero is printed as 0.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final

import pandas as pd

from placeplan.county.vocabulary import AREA_OF_NEED
from placeplan.errors import UsageError
from placeplan.privacy_coverage import coverage_share_safe
from placeplan.privacy_explained import explained_share_safe, reason_cells, reasons_by_area
from placeplan.privacy_forecast import PREFIX, forecast_share_safe
from placeplan.privacy_rules import rule_cells, with_safe_penalties, with_safe_rules
from placeplan.privacy_years import years_share_safe
from placeplan.run_tables import ALL, column_kind, measure_kind
from placeplan.runs import Run
from placeplan.suppression import ANY, Key, Sum, cube_sums, holds, is_small, suppress
from placeplan.withholding import COUNT_STEP, POUNDS_STEP, own_small, to_step, withhold

__all__ = ["is_child_level", "share_safe"]


def _by_area(gap: pd.DataFrame) -> pd.DataFrame:
    if "need" not in gap.columns:
        return gap
    folded = gap.assign(area=gap["need"].map(AREA_OF_NEED).fillna("not_classified"))
    counts = [name for name in gap.columns if column_kind(str(name)) == "count"]
    return folded.groupby(["question", "locality", "area", "phase"], as_index=False, sort=False)[counts].sum()


def _gap_totals(gap: pd.DataFrame) -> pd.DataFrame:
    """Every total of the gap table over one axis or more, ``all`` standing for an axis summed over."""
    made = []
    for keep in product((True, False), repeat=len(_GAP_AXES)):
        if all(keep):
            continue
        over = {axis: ALL for axis, kept in zip(_GAP_AXES, keep, strict=True) if not kept}
        folded = gap.assign(**over)
        made.append(folded.groupby(["question", *_GAP_AXES], as_index=False, sort=False)[list(_COUNTED)].sum())
    return pd.concat(made, ignore_index=True)


_ADD_UP: Final = (
    ("children", ("placed", "gap")),
    ("placed", ("in_county", "out_of_county")),
    ("children", ("new_or_transferring", "staying")),
)
_GAP_AXES: Final = ("locality", "area", "phase")
_COUNTED: Final = ("children", "gap", "spot_purchase", "out_of_county")
_NOT_CHILDREN: Final = frozenset({"breaches"})


def _question(tables: Mapping[str, pd.DataFrame], name: str, question: str) -> pd.DataFrame:
    frame = tables.get(name, pd.DataFrame({"question": []}))
    return frame[frame["question"] == question]


def _count_cells(
    frame: pd.DataFrame, axes: Sequence[str], column: str, name: str
) -> tuple[dict[Key, float], list[Sum]]:
    """A column's cells with every total over the axes, and how they add up."""
    cells: dict[Key, float] = {}
    for row in frame.to_dict("records"):
        for labels in product(*((str(row[axis]), ANY) for axis in axes)):
            cells[(name, *labels)] = cells.get((name, *labels), 0.0) + float(row[column])
    return cells, list(cube_sums([sorted({str(label) for label in frame[axis]}) for axis in axes], name=name))


def _same(total: Key, part: Key) -> Sum:
    """Two keys of one figure, published in two tables."""
    return Sum(total, (part,))


def _cells_and_sums(tables: Mapping[str, pd.DataFrame], question: str) -> tuple[dict[Key, float], list[Sum]]:
    """Every count of children that the tables give for one question, and how they add up across tables."""
    cells: dict[Key, float] = {}
    sums: list[Sum] = []
    gap, flows = _question(tables, "gap", question), _question(tables, "flows", question)
    parts: list[tuple[pd.DataFrame, tuple[str, ...], str, str]]
    parts = [(gap, _GAP_AXES, column, column) for column in _COUNTED if not gap.empty]
    parts += [(flows, ("locality", "unit"), "children", "flow")] if not flows.empty else []
    for frame, axes, column, name in parts:
        more, adding = _count_cells(frame, axes, column, name)
        cells.update(more)
        sums += adding
    for one in [*sorted({str(locality) for locality in gap.get("locality", [])}), ANY]:
        sums.append(Sum(("children", one, ANY, ANY), (("flow", one, ANY), ("gap", one, ANY, ANY))))
    for row in _question(tables, "use", question).to_dict("records"):
        unit = str(row["unit"])
        cells["use", unit] = 0.0 if pd.isna(row["placed"]) else float(row["placed"])
        sums.append(_same(("use", unit), ("flow", ANY, unit)))
    for row in _question(tables, "headlines", question).to_dict("records"):
        measure = str(row["measure"])
        if measure_kind(measure) == "count" and measure not in _NOT_CHILDREN and not pd.isna(row["value"]):
            cells["headline", measure] = float(row["value"])
    sums += [Sum(("headline", total), tuple(("headline", part) for part in those)) for total, those in _ADD_UP]
    sums += [_same(("headline", column), (column, ANY, ANY, ANY)) for column in _COUNTED]
    sums.append(_same(("headline", "placed"), ("flow", ANY, ANY)))
    if "rules" in tables:
        more, adding = rule_cells(_question(tables, "rules", question), _question(tables, "use", question))
        cells.update(more)
        sums += adding
    if "reasons" in tables:
        more, adding = reason_cells(_question(tables, "reasons", question))
        cells.update(more)
        sums += adding
    # What does not add up gives nothing away, and the questions differ in what they hold.
    return cells, [one for one in sums if holds(one, cells)]


def _cost_cells(costs: pd.DataFrame) -> frozenset[Key]:
    """Which of one question's cost cells are withheld, so that the published total gives none of them away.

    Totals by line or fund are published only where none of their cells is withheld, so the one sum to
    guard is the grand total.
    """
    cells: dict[Key, float] = {}
    for line, fund, value in zip(costs["line"], costs["fund"], costs["children"], strict=True):
        cells[("cost", str(line), str(fund))] = 0.0 if pd.isna(value) else float(value)
    parts = tuple(cells)
    cells[("cost", ANY, ANY)] = sum(cells.values())
    return suppress(cells, [Sum(("cost", ANY, ANY), parts)])


def _hidden_rows(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]], keys: Callable[..., Key]) -> Any:
    """A rule that looks a cell up among its question's hidden ones."""
    rows = frame.to_dict("records")
    return lambda row, column: keys(rows[row], column) in hidden[str(rows[row]["question"])]


def _share_safe_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    tables = {name: _by_area(frame) if name == "gap" else frame for name, frame in tables.items()}
    if "reasons" in tables:
        tables["reasons"] = reasons_by_area(tables["reasons"])
    if "gap" in tables:
        tables["gap_totals"] = _gap_totals(tables["gap"])
    counted = [tables[name] for name in ("headlines", "gap", "flows", "use", "costs") if name in tables]
    questions = sorted({str(question) for frame in counted for question in frame["question"]})
    hidden = {question: suppress(*_cells_and_sums(tables, question)) for question in questions}
    makers: dict[str, Callable[[pd.DataFrame, Mapping[str, frozenset[Key]]], pd.DataFrame]] = {
        "headlines": _headlines,
        "gap": _gap,
        "gap_totals": _gap,
        "flows": _flows,
        "use": _use,
        "breaches": _breaches,
        "costs": _costs,
        "plans": _plans,
        "places_summary": _places_summary,
        **dict.fromkeys(_PUBLIC, _rounded_pounds),
    }
    made = {name: makers[name](frame, hidden) for name, frame in tables.items() if name in makers}
    if "rules" in tables:
        made = with_safe_rules(made, tables["rules"], hidden)
    made = with_safe_penalties(made, tables["penalties"]) if "penalties" in tables else made
    return {**made, **explained_share_safe(tables, hidden, penalties_told=_penalties_told(made))}


def _penalties_told(made: Mapping[str, pd.DataFrame]) -> bool:
    """Whether what all penalties come to is among the headlines."""
    rows = made.get("headlines", pd.DataFrame({"measure": [], "value": []}))
    return not rows.loc[rows["measure"] == "penalty_pounds", "value"].isna().any()


def _headlines(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    rule = _hidden_rows(frame, hidden, lambda row, _: ("headline", str(row["measure"])))
    made = withhold(frame, ["value"], rule, {})
    exact = frame["measure"].isin(_NOT_CHILDREN)
    return made.assign(value=made["value"].mask(exact, frame["value"].astype("float64")))


def _gap(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    def key(row: Mapping[str, Any], column: str) -> Key:
        return (column, *(ANY if row[axis] == ALL else str(row[axis]) for axis in _GAP_AXES))

    return withhold(frame, _COUNTED, _hidden_rows(frame, hidden, key), {})


def _flows(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    rule = _hidden_rows(frame, hidden, lambda row, _: ("flow", str(row["locality"]), str(row["unit"])))
    return withhold(frame, ["children"], rule, {"mean_minutes": "children"})


def _breaches(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    """What was found is withheld where it is small, and where the unit's children are."""
    of_unit, small = _hidden_rows(frame, hidden, lambda row, _: ("use", str(row["unit"]))), own_small(frame)
    of_site = _hidden_rows(frame, hidden, lambda row, _: ("rule", str(row["rule"]), str(row["unit"])))
    return withhold(
        frame, ["found"], lambda row, column: of_unit(row, column) or of_site(row, column) or small(row, column), {}
    )


def _costs(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    by_question = {question: _cost_cells(frame[frame["question"] == question]) for question in hidden}
    rule = _hidden_rows(frame, by_question, lambda row, _: ("cost", str(row["line"]), str(row["fund"])))
    return withhold(frame, ["pounds", "children"], rule, {})


def _use(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    """Use of units: where a unit's children are withheld, so is what they would be subtracted from."""
    placed = _hidden_rows(frame, hidden, lambda row, _: ("use", str(row["unit"])))
    small = own_small(frame)

    def rule(row: int, column: str) -> bool:
        if column in {"placed", "overfill", "breach"} and placed(row, column):
            return column == "placed" or float(frame[column].iloc[row]) > 0
        return column != "placed" and small(row, column)

    made = withhold(frame, ["placed", "overfill", "breach", "other_authorities"], rule, {"room": "other_authorities"})
    apart = made["room"].notna()
    made["room"] = made["room"].where(~apart, frame["places"].astype("float64") - made["other_authorities"])
    return made


def _plans(frame: pd.DataFrame, _: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    cells: dict[Key, float] = {
        ("plans", str(name)): float(value) for name, value in zip(frame["placement"], frame["plans"], strict=True)
    }
    cells[("plans", ANY)] = sum(cells.values())
    gone = suppress(cells, cube_sums([[str(name) for name in frame["placement"]]], name="plans"))
    names = [str(name) for name in frame["placement"]]
    return withhold(frame, ["plans"], lambda row, _: ("plans", names[row]) in gone, {})


def _places_summary(frame: pd.DataFrame, _: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    """The summary with its counts of children withheld or rounded; places are public and stay exact."""
    counted = frame["measure"].isin(_CHILDREN_MEASURES)
    small = [bool(child) and is_small(value) for child, value in zip(counted, frame["value"], strict=True)]
    made = withhold(frame, ["value"], lambda row, _: small[row], {})
    exact = ~counted & frame["measure"].map(measure_kind).eq("count")
    made["value"] = made["value"].mask(exact, frame["value"].astype("float64"))
    return made


_CHILDREN_MEASURES: Final = frozenset({"children_newly_placed"})
_PUBLIC: Final = frozenset(
    [
        "penalties",
        "prices",
        "prices_resolved",
        "places",
        "assumptions",
        "proof",
        "localities",
        "units_named",
        "rules_kept",
    ]
)
"""Tables without counts of children; their pounds are rounded."""


def _rounded_pounds(frame: pd.DataFrame, _: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    made = frame.copy()
    measures = list(frame["measure"]) if "measure" in frame.columns else []
    for name in frame.columns:
        if column_kind(str(name)) == "pounds":
            made[name] = [to_step(math.nan if pd.isna(value) else float(value), POUNDS_STEP) for value in frame[name]]
        elif name == "value" and measures:
            made[name] = [
                to_step(float(value), POUNDS_STEP) if measure_kind(str(measure)) == "pounds" else value
                for measure, value in zip(measures, frame[name], strict=True)
            ]
    return made


_LAYER_COLUMNS: Final = {
    "localities": ("locality", "name", "geometry"),
    "sites": ("site", "name", "locality", "kinds", "easting", "northing", "geometry"),
    "zones": ("zone", "locality", "geometry"),
    "service_areas": ("service_area", "by", "kind", "model", "unit", "name", "minutes", "area_km2", "geometry"),
}


def is_child_level(frame: pd.DataFrame) -> bool:
    """Whether a table's rows are about single children, or count the children of a small area."""
    return "child" in frame.columns or {"zone", "children"} <= set(frame.columns)


def share_safe(run: Run) -> Run:
    """The run as it may leave: the convention above, no child rows, layers of places and outlines only.

    A table or layer that is not known here is withheld whole; ``facts["withheld"]`` names every one.
    A run that is share-safe already comes back as it is. A comparison that holds detail has no share-safe
    form, since differences of exact counts give them away, nor has a run about single children: ``UsageError``.
    """
    if run.facts.get("share_safe"):
        return run
    if run.command == "compare":
        raise UsageError("a comparison with an internal run holds detail; ask for it with --internal")
    if run.command == "options":
        raise UsageError("options are about single children and have no share-safe form; ask for them with --internal")
    made = coverage_share_safe if run.command == "coverage" else _share_safe_tables
    own = {name: frame for name, frame in run.tables.items() if not name.startswith(PREFIX)}
    tables = {**made(own), **forecast_share_safe(run.tables), **years_share_safe(run.tables)}
    layers = {
        name: layer[[column for column in _LAYER_COLUMNS[name] if column in layer.columns]]
        for name, layer in run.layers.items()
        if name in _LAYER_COLUMNS
    }
    withheld = sorted({*run.tables, *run.layers} - {*tables, *layers})
    facts = {**run.facts, "share_safe": True, "withheld": withheld}
    if "places_proof" in facts:
        facts["places_proof"] = {
            name: to_step(value, POUNDS_STEP) if isinstance(value, float) else value
            for name, value in facts["places_proof"].items()
        }
    if "plans" in run.tables:
        # The total of all plans is public; the table's own cells no longer add up to it where some are withheld.
        facts["all_plans"] = to_step(float(run.tables["plans"]["plans"].sum()), COUNT_STEP)
    return replace(run, tables=tables, layers=layers, facts=facts, internal=False)
