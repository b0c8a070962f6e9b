"""One child at a unit for certain, and what that does to everybody else."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from .constraints import Rule
from .placement import Placement, PlacementProblem, up_to_ceiling

__all__ = ["as_it_is", "changed_for_others", "fixed_at", "overfill_price", "with_staying"]


def with_staying(problem: PlacementProblem, unit: str, children: float) -> PlacementProblem:
    """The problem with more (or, negative, fewer) children who stay at a unit.

    Raises ``ValueError`` where the unit is not there, or would hold fewer than none or more than up to its ceiling.
    """
    if unit not in problem.units.index:
        raise ValueError(f"staying: no unit {unit}")
    units = problem.units.assign(held=problem.units["held"].add(pd.Series({unit: children}), fill_value=0.0))
    held, most = float(units["held"][unit]), float(up_to_ceiling(units, problem.bands)[unit])
    if held < -1e-9 or held > most + 1e-9:
        raise ValueError(f"staying: {unit} would hold {held:g} of at most {most:g}")
    return replace(problem, units=units)


def fixed_at(
    problem: PlacementProblem, rules: Sequence[Rule], group: str, unit: str
) -> tuple[PlacementProblem, list[Rule]]:
    """The problem and its rules with one child more at a unit, one of a group that is not counted in the group.

    ``x[g,u] = 1`` put into every row: ``sum a x <= b`` becomes ``sum a x' <= b - a[g,u]``.
    Raises ``KeyError`` where the pair is not possible, ``ValueError`` where the unit is full up to its ceiling.
    """
    at = int(problem.pair_places(pd.Series([group]), pd.Series([unit]))[0])
    return with_staying(problem, unit, 1.0), [
        replace(rule, rows=rule.rows.assign(right=rule.rows["right"] - rule.pairs[[at]].toarray()[0])) for rule in rules
    ]


def as_it_is(rule: Rule) -> Rule:
    """The rule kept where it can be: what is beyond it already stays so, and nothing more of it is left to anybody.

    A row ``sum a x <= b`` with ``b < 0`` becomes ``sum a x <= 0``.
    """
    beyond = (rule.rows["sense"] == "<=") & (rule.rows["right"] < 0)
    return replace(rule, rows=rule.rows.assign(right=rule.rows["right"].mask(beyond, 0.0)))


def overfill_price(problem: PlacementProblem, unit: str) -> float:
    """What one child more among those who stay costs in overfill: the price of the band that it comes to; nought below.

    It is the next band of those who stay alone, so that others' overfill is theirs.
    """
    above = float(problem.units["held"][unit]) + 1.0 - float(problem.units["places"][unit])
    if above <= 0:
        return 0.0
    bands = problem.bands[problem.bands["unit"] == unit]
    ends = bands["width"].to_numpy(float).cumsum()
    place = int(np.searchsorted(ends, above - 1e-9))
    if place == len(ends):
        raise ValueError(f"overfill: {unit} is full up to its ceiling")
    return float(bands["price"].iloc[place])


def changed_for_others(problem: PlacementProblem, before: Placement, after: Placement) -> pd.DataFrame:
    """Who is elsewhere than before: group, from_unit, to_unit ("" the gap), children, minutes_before, minutes_after.

    Groups of one child, or of several who go one way: of a group that is split, the parts that changed are matched in
    order of unit.
    """
    moved = pd.concat([_where(before).rename("before"), _where(after).rename("after")], axis=1).fillna(0.0)
    change = (moved["after"] - moved["before"]).round(6)
    rows = []
    changed = change[change != 0].rename("change").reset_index()
    for group, parts in changed.groupby("group"):
        left = [[unit, -n] for unit, n in parts[["unit", "change"]].itertuples(index=False) if n < 0]
        come = [[unit, n] for unit, n in parts[["unit", "change"]].itertuples(index=False) if n > 0]
        while left and come:
            n = min(left[0][1], come[0][1])
            rows.append((group, left[0][0], come[0][0], n))
            left[0][1] -= n
            come[0][1] -= n
            left, come = [part for part in left if part[1] > 1e-6], [part for part in come if part[1] > 1e-6]
    frame = pd.DataFrame(rows, columns=["group", "from_unit", "to_unit", "children"])
    minutes = problem.pairs.set_index(["group", "unit"])["minutes"]
    for name, unit in (("minutes_before", "from_unit"), ("minutes_after", "to_unit")):
        frame[name] = minutes.reindex(pd.MultiIndex.from_frame(frame[["group", unit]])).to_numpy(float)
    return frame


def _where(placement: Placement) -> pd.Series:
    """Children by group and unit, the gap as unit ""."""
    gap = placement.gap[placement.gap > 1e-6]
    waiting = pd.DataFrame({"group": gap.index, "unit": "", "children": gap.to_numpy()})
    both = pd.concat([placement.flows[["group", "unit", "children"]], waiting], ignore_index=True)
    return both.groupby(["group", "unit"])["children"].sum()
