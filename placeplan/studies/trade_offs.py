"""What less travel, or a fairer share of it, would cost: the frontier of an allocation, tabled and drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from placeplan import accounts
from placeplan.errors import UsageError
from placeplan.models.allocate import allocate
from placeplan.models.constraints import Rule
from placeplan.models.frontier import Frontier, frontier
from placeplan.models.own import Choices, own_rules
from placeplan.models.placement import Placement
from placeplan.models.program import DEFAULT_SOLVER
from placeplan.rules_totals import locality_measure
from placeplan.report.trade_offs_chart import draw_trade_offs
from placeplan.studies.answers import Allocation

__all__ = ["TradeOffs", "trade_offs"]

ENDS: Final = {"pounds": "cost", "minutes": "travel", "worst_locality": "equity", "": ""}
"""What an answer is the least of, in the words of the tables."""


@dataclass(frozen=True, slots=True)
class TradeOffs:
    """The frontier between cost, travel and equity of one question.

    ``points``: a row an answer of which none is better in everything: point, cost_pounds (cash of the whole county, a
    year), penalty_pounds (declared), child_minutes and mean_minutes (of all children placed, one way), worst_locality
    (the mean of the worst, as ``[rules.equity]`` measures it), gap, end (what it is the least of: cost, travel, equity
    or ""), extra_pounds and minutes_saved (beside the cheapest), pounds_per_minute (a child-minute saved, from the point
    before), status, bound_pounds. ``dropped``: answers that were no better in anything than another.
    """

    question: str
    measure: str
    points: pd.DataFrame = field(repr=False)
    dropped: int

    def figure(self) -> Figure:
        """Cost against travel, the shade being the worst locality."""
        return draw_trade_offs(self.points, self.measure)


def trade_offs(
    answer: Allocation,
    *,
    steps: int = 7,
    levels: int = 3,
    own: Callable[[Choices], Mapping[str, Any]] | None = None,
    solver: str = DEFAULT_SOLVER,
) -> TradeOffs:
    """The frontier of an answer that was solved; its rules hold in every point.

    ``steps``: bounds on travel between the cheapest answer and the one with least travel; ``levels``: bounds on the worst
    locality. Raises ``UsageError`` for an answer that was not solved or fewer than two steps.
    """
    if answer.placement is None:
        raise UsageError("a frontier: expected a question that is solved (september or afresh), not 'today'")
    if steps < 2 or levels < 1:
        raise UsageError(f"a frontier: expected 2 steps and 1 level or more, found {steps} and {levels}")
    problem = answer.problem
    mine = [] if own is None else own_rules(problem.placement, own)
    measure = locality_measure(answer.county, problem.placement, problem.children, problem.held, problem.choices)

    def allocated(more: Sequence[Rule], first: Sequence[str], near: Placement | None) -> Placement:
        return allocate(
            problem.placement,
            rules=[*problem.rules, *mine, *more],
            minimum=problem.minimum,
            first=first,
            start=near,
            solver=solver,
        )

    found = frontier(problem.placement, measure, allocated, steps=steps, levels=levels)
    return TradeOffs(
        answer.question, answer.county.settings.rules.equity.measure, _points(answer, found), found.dropped
    )


def _points(answer: Allocation, found: Frontier) -> pd.DataFrame:
    problem = answer.problem
    rows = []
    for point, placement in found.answers.items():
        placements = accounts.placements_of(problem, placement)
        minutes = placements.loc[placements["unit"] != "", "minutes"]
        cash = float(accounts.cost_table(problem, placements)["pounds"].sum())
        rows.append(
            {
                "point": point,
                "cost_pounds": round(cash, 2),
                "child_minutes": round(float(minutes.sum()), 1),
                "mean_minutes": round(float(minutes.mean()), 2) if minutes.notna().any() else np.nan,
            }
        )
    table = pd.DataFrame(rows).merge(found.points, on="point")
    cheapest = table.iloc[0]
    before = table.shift()
    extra = table["cost_pounds"] - before["cost_pounds"]
    saved = before["child_minutes"] - table["child_minutes"]
    # What the proof leaves open, and the penalties, are the same in pounds for the county as for those placed.
    offset = cheapest["cost_pounds"] - cheapest["pounds"]
    return pd.DataFrame(
        {
            "point": table["point"],
            "cost_pounds": table["cost_pounds"],
            "child_minutes": table["child_minutes"],
            "mean_minutes": table["mean_minutes"],
            "worst_locality": table["worst_locality"].round(2),
            "gap": table["gap"],
            "end": table["end"].map(ENDS),
            "extra_pounds": (table["cost_pounds"] - cheapest["cost_pounds"]).round(2),
            "minutes_saved": (cheapest["child_minutes"] - table["child_minutes"]).round(1),
            "pounds_per_minute": (extra / saved).where(saved > 0).round(2),
            "status": table["status"],
            "objective_pounds": (table["pounds"] + offset).round(2),
            "bound_pounds": (table["bound"] + offset).round(2),
        }
    )
