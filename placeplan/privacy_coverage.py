"""What may leave of a coverage run: children by locality, broad area and phase, small counts withheld together.

The same convention as for an allocation (see ``privacy``). Minutes from zones to schools, and people by zone
and phase, are of places and the whole population: they are public and stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.vocabulary import AREA_OF_NEED
from placeplan.run_tables import in_order
from placeplan.suppression import ANY, Key, Sum, cube_sums, holds, is_small, suppress
from placeplan.withholding import SUPPRESSED, own_small, to_step, withhold

__all__ = ["coverage_share_safe"]

_AXES: Final = ("locality", "area", "phase")
_PROVISION_AXES: Final = ("provision", "phase")
_LIMIT_AXES: Final = ("locality", "phase")
_SERVED: Final = ("within_guidance", "visiting_teacher", "beyond_guidance")
"""The counts that make up a cell's children."""

_PUBLIC: Final = (
    "zones_about",
    "units_about",
    "journeys",
    "demand",
    "guidance",
    "localities",
    "assumptions",
    "place_gaps",
)
"""Tables without counts of children but what is worked out from county totals of 5 or more, rounded to 5."""

_CHILD_MINUTES_STEP: Final = 100.0


def coverage_share_safe(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables as they may leave; one that is not known here is withheld whole."""
    made = {name: frame for name, frame in tables.items() if name in _PUBLIC}
    detail = tables["coverage"].assign(area=tables["coverage"]["need"].map(AREA_OF_NEED))
    coverage = _folded(detail, ("schools", *_AXES))
    provision = _folded(detail, ("schools", *_PROVISION_AXES))
    limits = (
        tables["coverage_limits"]
        .groupby(["schools", *_LIMIT_AXES, "limit"], as_index=False)[["children", "within"]]
        .sum()
    )
    equity = tables["equity"]
    hidden = suppress(*_cells_and_sums(coverage, provision, limits, equity))
    made["coverage"] = _withheld(coverage, hidden, "", _AXES)
    made["coverage_provision"] = _withheld(provision, hidden, "provision ", _PROVISION_AXES)
    made["coverage_limits"] = _limits(limits, hidden)
    made["equity"] = _equity(equity, hidden)
    made["gaps"] = _gaps(made["coverage"])
    made["leavers"] = _leavers(tables["leavers"])
    if "what_if" in tables:
        made["what_if"] = _what_if(tables["what_if"])
    if "where_best" in tables:
        made["where_best"] = _where_best(tables["where_best"])
    return made


def _folded(detail: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The coverage by fewer keys: counts added, means weighed by the children that they are of."""
    weighed = detail.assign(score=detail["places_per_100"] * detail["children"])
    counts = ["children", *_SERVED, "reached", "child_minutes", "score"]
    table = weighed.groupby(list(keys), as_index=False)[counts].sum()
    table["mean_minutes"] = table["child_minutes"] / table["reached"].where(table["reached"] > 0)
    table["places_per_100"] = table["score"] / table["children"]
    return table[[*keys, "children", *_SERVED, "mean_minutes", "places_per_100"]]


def _cells(rows: pd.DataFrame, axes: Sequence[str], column: str, name: str) -> Iterator[tuple[Key, float]]:
    for row in rows.to_dict("records"):
        for labels in product(*((str(row[axis]), ANY) for axis in axes)):
            yield (name, *labels), float(row[column])


class _Web:
    """Cells gathered from several tables, and how they add up."""

    def __init__(self) -> None:
        self.cells: dict[Key, float] = {}
        self.sums: list[Sum] = []

    def cube(self, rows: pd.DataFrame, axes: Sequence[str], column: str, name: str) -> None:
        """A column with every total over the axes."""
        for key, value in _cells(rows, axes, column, name):
            self.cells[key] = self.cells.get(key, 0.0) + value
        self.sums += cube_sums([sorted({str(label) for label in rows[axis]}) for axis in axes], name=name)

    def parts(self, total: str, names: Iterable[str]) -> None:
        """At every key of ``total``, that it is the sum of ``names``."""
        these = list(names)
        keys = [key for key in self.cells if key[0] == total]
        self.sums += [Sum(key, tuple((name, *key[1:]) for name in these)) for key in keys]

    def same(self, total: Key, part: Key) -> None:
        """Two keys of one figure, published in two tables."""
        self.sums.append(Sum(total, (part,)))


def _cells_and_sums(
    coverage: pd.DataFrame, provision: pd.DataFrame, limits: pd.DataFrame, equity: pd.DataFrame
) -> tuple[dict[Key, float], list[Sum]]:
    """Every count of children in the run, and how they add up across its tables."""
    web = _Web()
    for schools in coverage["schools"].unique():
        for rows, axes, prefix in (
            (coverage[coverage["schools"] == schools], _AXES, ""),
            (provision[provision["schools"] == schools], _PROVISION_AXES, "provision "),
        ):
            if f"{prefix}children" not in {key[0] for key in web.cells}:
                web.cube(rows, axes, "children", f"{prefix}children")
            for column in _SERVED:
                web.cube(rows, axes, column, f"{prefix}{schools} {column}")
            web.parts(f"{prefix}children", (f"{prefix}{schools} {column}" for column in _SERVED))
        for phase in [*coverage["phase"].unique(), ANY]:
            for column in ("children", *(f"{schools} {one}" for one in _SERVED)):
                web.same((column, ANY, ANY, phase), (f"provision {column}", ANY, phase))
        for limit, rows in limits[limits["schools"] == schools].groupby("limit"):
            near, far = f"{schools} within {limit:g}", f"{schools} beyond {limit:g}"
            web.cube(rows, _LIMIT_AXES, "within", near)
            web.cube(rows.assign(far=rows["children"] - rows["within"]), _LIMIT_AXES, "far", far)
            for locality, phase in product([*rows["locality"].unique(), ANY], [*rows["phase"].unique(), ANY]):
                total = ("children", locality, ANY, phase)
                web.sums.append(Sum(total, ((near, locality, phase), (far, locality, phase))))
                # Where the limit is the phase's guidance the two tables tell one figure; elsewhere this does not hold.
                web.same((near, locality, phase), (f"{schools} within_guidance", locality, ANY, phase))
    _equity_cells(web, equity)
    return web.cells, [one for one in web.sums if holds(one, web.cells)]


def _equity_cells(web: _Web, equity: pd.DataFrame) -> None:
    for by, rows in equity.groupby("by"):
        columns = {
            "children": rows["children"],
            "served": rows["within_guidance"],
            "unserved": rows["children"] - rows["within_guidance"],
        }
        names = {column: f"equity {by} {column}" for column in columns}
        for column, values in columns.items():
            web.cube(rows.assign(one=values), ("group",), "one", names[column])
        web.parts(names["children"], (names["served"], names["unserved"]))
        web.same((names["children"], ANY), ("children", ANY, ANY, ANY))
        web.same((names["unserved"], ANY), ("all beyond_guidance", ANY, ANY, ANY))
        for group in rows["group"] if by == "locality" else ():
            web.same((names["children"], group), ("children", group, ANY, ANY))
            web.same((names["unserved"], group), ("all beyond_guidance", group, ANY, ANY))


def _withheld(table: pd.DataFrame, hidden: frozenset[Key], prefix: str, axes: Sequence[str]) -> pd.DataFrame:
    """A coverage table with what is hidden missing; shares are of the figures as they are published."""
    rows = table.to_dict("records")

    def rule(row: int, column: str) -> bool:
        name = "children" if column == "children" else f"{rows[row]['schools']} {column}"
        return (prefix + name, *(str(rows[row][axis]) for axis in axes)) in hidden

    made = withhold(table, ["children", *_SERVED], rule, {"mean_minutes": "children", "places_per_100": "children"})
    made["share_beyond"] = _share(made["beyond_guidance"], made["children"])
    return made


def _limits(table: pd.DataFrame, hidden: frozenset[Key]) -> pd.DataFrame:
    rows = table.to_dict("records")

    def rule(row: int, column: str) -> bool:
        one = rows[row]
        if column == "children":
            return ("children", str(one["locality"]), ANY, str(one["phase"])) in hidden
        return (f"{one['schools']} within {one['limit']:g}", str(one["locality"]), str(one["phase"])) in hidden

    return withhold(table, ["children", "within"], rule, {})


def _equity(table: pd.DataFrame, hidden: frozenset[Key]) -> pd.DataFrame:
    """Shares are of the published figures; the worst group is told, as an order gives no count away."""
    rows = table.to_dict("records")

    def rule(row: int, column: str) -> bool:
        names = ("children",) if column == "children" else ("served", "unserved")
        by, group = str(rows[row]["by"]), str(rows[row]["group"])
        return any((f"equity {by} {name}", group) in hidden for name in names)

    made = withhold(table, ["children", "within_guidance"], rule, {"mean_minutes": "children"})
    made["share_within"] = _share(made["within_guidance"], made["children"])
    return made


def _gaps(coverage: pd.DataFrame) -> pd.DataFrame:
    """The published cells with children beyond guidance, most first: rank, locality, area, phase and their figures."""
    rows = coverage[(coverage["schools"] == "all") & (coverage["beyond_guidance"] > 0)]
    ordered = in_order(rows.drop(columns=[SUPPRESSED, "schools"])).sort_values(
        "beyond_guidance", ascending=False, kind="stable", ignore_index=True
    )
    ordered.insert(0, "rank", np.arange(1, len(ordered) + 1))
    return ordered[["rank", *_AXES, "children", "beyond_guidance", "mean_minutes"]]


def _leavers(leavers: pd.DataFrame) -> pd.DataFrame:
    area = leavers["need"].map(AREA_OF_NEED)
    columns = ["children", "onward_within", "without_onward"]
    table = leavers.assign(area=area).groupby(["locality", "area"], as_index=False)[columns].sum()
    web = _Web()
    for column in columns:
        web.cube(table, ("locality", "area"), column, column)
    web.parts("children", ("onward_within", "without_onward"))
    hidden = suppress(web.cells, web.sums)
    rows = table.to_dict("records")
    return withhold(
        table, columns, lambda row, column: (column, rows[row]["locality"], rows[row]["area"]) in hidden, {}
    )


def _what_if(table: pd.DataFrame) -> pd.DataFrame:
    """What is withheld of a candidate takes with it what it could be worked out from."""
    counts = ["children_suited", "children_nearest", "within_before", "within_after", "children_gained"]
    small = own_small(table)
    far = [is_small(s - a) for s, a in zip(table["children_suited"], table["within_after"], strict=True)]
    rows = range(len(table))
    gone = {
        "children_nearest": [small(row, "children_nearest") for row in rows],
        "children_suited": [small(row, "children_suited") for row in rows],
    }
    # suited = before + gained + still beyond: a small part is withheld with one that it could be taken from.
    gone["children_gained"] = [small(row, "children_gained") or gone["children_suited"][row] for row in rows]
    gone["within_before"] = [small(row, "within_before") or gone["children_gained"][row] or far[row] for row in rows]
    gone["within_after"] = [gone["within_before"][row] for row in rows]
    made = withhold(table, counts, lambda row, column: gone[column][row], {"minutes_saved": "children_nearest"})
    made["minutes_saved"] = [to_step(value, _CHILD_MINUTES_STEP) for value in made["minutes_saved"]]
    made["share_before"] = _share(made["within_before"], made["children_suited"])
    made["share_after"] = _share(made["within_after"], made["children_suited"])
    return made


def _where_best(table: pd.DataFrame) -> pd.DataFrame:
    """As for a candidate: what is small is withheld with what it could be worked out from."""
    small = own_small(table)
    gone = []
    for at, row in enumerate(table.to_dict("records")):
        changes = (row["within_after"] - row["within_before"], row["children"] - row["within_after"])
        gone.append(small(at, "within_before") or small(at, "within_after") or any(map(is_small, changes)))

    def rule(row: int, column: str) -> bool:
        return small(row, column) if column == "children" else gone[row]

    made = withhold(table, ["children", "within_before", "within_after"], rule, {})
    for column in ("child_minutes_before", "child_minutes_after"):
        made[column] = [to_step(value, _CHILD_MINUTES_STEP) for value in made[column]]
    return made.drop(columns=["objective", "bound"])


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """One published figure over another, to a hundredth; missing where either is withheld or nought."""
    return (part / whole.where(whole > 0)).clip(upper=1.0).round(2)
