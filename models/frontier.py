"""What less travel or a fairer share of it costs: the best answers of which none is better in everything.

Found by bounds on one figure while the next is minimised (epsilon-constraints: Haimes, Lasdon and Wismer, On a
bicriterion formulation, IEEE Transactions on Systems, Man and Cybernetics 1, 1971). Each end has its figure first and
the others after it, so that it is proven and cannot be bettered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from .constraints import LocalityMeasure, Rule, equity_bound, linear_rule
from .placement import Placement, PlacementProblem

__all__ = ["Frontier", "frontier", "measured"]

Allocate = Callable[[Sequence[Rule], Sequence[str], Placement | None], Placement]
"""Answer the problem under more rules than its own, some objectives before cost, beginning from another answer."""

FIGURES: Final = ("pounds", "minutes", "worst_locality")
SAME: Final = {"pounds": 0.005, "minutes": 0.05, "worst_locality": 1e-6}
"""Differences below which two answers are as good in a figure."""


FAIR: Final = "equity 0"
"""The stage of a fair share: after the gap, the preferences and the rules, before a county's own equity and cost."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """Answers of which none is better in everything.

    ``points``: a row an answer, cheapest first: point, pounds (declared penalties in them), minutes (of all children
    placed, one way), worst_locality (the mean of the worst), gap, end (the figure that it is the least of, or ""),
    status, bound (pounds). ``answers`` by point. ``dropped``: how many were no better in anything than another.
    """

    points: pd.DataFrame = field(repr=False)
    answers: dict[int, Placement] = field(repr=False)
    dropped: int


def measured(problem: PlacementProblem, measure: LocalityMeasure, placement: Placement) -> pd.Series:
    """The mean of each locality in an answer, by locality."""
    at = problem.pair_places(placement.flows["group"], placement.flows["unit"])
    children = placement.flows["children"].to_numpy(float)
    locality = measure.locality.to_numpy()
    placed = pd.Series(measure.pairs[at] * children).groupby(locality[measure.at_group[at]]).sum()
    waiting = pd.Series(measure.gap * placement.gap.to_numpy(float)).groupby(locality).sum()
    total = measure.held.add(placed, fill_value=0.0).add(waiting, fill_value=0.0)
    return total.reindex(measure.children.index, fill_value=0.0) / measure.children.clip(lower=1.0)


def frontier(
    problem: PlacementProblem, measure: LocalityMeasure, allocated: Allocate, *, steps: int = 7, levels: int = 3
) -> Frontier:
    """The frontier of cost, travel and equity between its three ends.

    ``measure``: the mean of each locality whose worst is to be low. ``steps``: bounds on travel from the cheapest
    answer's to the least, and ``levels``: bounds on the worst locality from where it needs none to the least there can
    be. The gap comes before all of them and is the same in every answer. Between answers of the same cost and travel
    the fairer is not looked for, but at the end of equity.
    """
    minutes = problem.pairs["minutes"].to_numpy(float).round(1)
    cheapest = allocated((), (), None)
    found = [
        ("pounds", cheapest),
        ("minutes", allocated((), ("minutes",), cheapest)),
        ("worst_locality", allocated((_worst_first(measure),), (), cheapest)),
    ]
    figures = [_figures(problem, measure, minutes, answer) for _, answer in found]
    most, least = figures[0]["minutes"], figures[1]["minutes"]
    travel = np.linspace(most, least, max(steps, 2) if most - least > SAME["minutes"] else 2)
    # With no bound on the worst locality the two ends of travel are known; a lower bound that an answer keeps already
    # has the same answer.
    at = [cheapest, *[None] * (len(travel) - 2), found[1][1]]
    worst = max(figures[0]["worst_locality"], figures[1]["worst_locality"])
    for level in np.linspace(worst, figures[2]["worst_locality"], max(levels, 1)):
        fair = [] if level >= worst else [_fair(measure, float(level) + SAME["worst_locality"])]
        near = cheapest
        for step, minutes_allowed in enumerate(travel):
            kept = at[step]
            if kept is None or measured(problem, measure, kept).max() > level + 2 * SAME["worst_locality"]:
                kept = allocated((*fair, _travel(problem, minutes, float(minutes_allowed))), (), near)
                found.append(("", kept))
            at[step] = near = kept
    table = pd.DataFrame(
        [{**_figures(problem, measure, minutes, answer), **_proof(answer), "end": end} for end, answer in found]
    )
    best = _undominated(table)
    order = table[best].sort_values([*FIGURES, "end"], ascending=[True, True, True, False])
    points = order.assign(point=range(1, len(order) + 1))[["point", *FIGURES, "gap", "end", "status", "bound"]]
    answers = {point: found[at][1] for point, at in zip(points["point"], order.index, strict=True)}
    return Frontier(points.reset_index(drop=True), answers, len(table) - len(order))


def _worst_first(measure: LocalityMeasure) -> Rule:
    """The worst locality as low as it can be: ``min worst``, ``mean[l] - worst <= 0``."""
    rule = _fair(measure, 0.0)
    worst = pd.DataFrame({"lower": 0.0, "upper": np.inf, "whole": False}, index=pd.Index(["worst"], dtype=object))
    return replace(rule, variables=worst, entries=rule.entries.assign(variable="worst"), costs={FAIR: np.ones(1)})


def _fair(measure: LocalityMeasure, most: float) -> Rule:
    """A bound on every locality's mean, under names of its own, since the problem may have the same rule already."""
    rule = equity_bound(measure, most)
    return replace(
        rule,
        rows=rule.rows.rename(index="fair {}".format),
        variables=rule.variables.rename(index="fair {}".format),
        entries=rule.entries.assign(
            variable="fair " + rule.entries["variable"].astype(str), row="fair " + rule.entries["row"].astype(str)
        ),
        costs={FAIR: rule.costs["rules"]},
    )


def _travel(problem: PlacementProblem, minutes: np.ndarray, most: float) -> Rule:
    row = linear_rule(
        "travel", pairs=minutes, gap=np.zeros(len(problem.groups)), sense="<=", right=most + SAME["minutes"] / 10.0
    )
    # Children who can always be placed are: nobody waits so that the others travel less.
    return replace(row, may_bar=False)


def _figures(
    problem: PlacementProblem, measure: LocalityMeasure, minutes: np.ndarray, answer: Placement
) -> dict[str, float]:
    at = problem.pair_places(answer.flows["group"], answer.flows["unit"])
    return {
        "pounds": round(answer.proof.objective, 2),
        "minutes": round(float(minutes[at] @ answer.flows["children"].to_numpy(float)), 4),
        "worst_locality": float(measured(problem, measure, answer).max()),
    }


def _proof(answer: Placement) -> dict[str, object]:
    return {"gap": answer.proof.gap_children, "status": answer.proof.status, "bound": round(answer.proof.bound, 2)}


def _undominated(table: pd.DataFrame) -> np.ndarray:
    """Which rows no other is as good as in every figure; of equals the first."""
    numbers = table[list(FIGURES)].to_numpy(float)
    same = np.array([SAME[name] for name in FIGURES])
    kept = np.ones(len(table), dtype=bool)
    for row in range(len(table)):
        as_good = (numbers <= numbers[row] + same).all(axis=1)
        better = as_good & (numbers < numbers[row] - same).any(axis=1)
        equal_before = as_good & ~better & (np.arange(len(table)) < row)
        kept[row] = not (better.any() or (equal_before & kept).any())
    return kept
