"""What less travel, or a fairer share of it, would cost: the frontier of an allocation, as a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from placeplan import accounts
from placeplan.errors import UsageError
from placeplan.models.allocate import allocate
from placeplan.models.constraints import Rule
from placeplan.models.frontier import Frontier, frontier
from placeplan.models.own import Choices, own_rules
from placeplan.models.placement import Placement
from placeplan.models.program import DEFAULT_SOLVER
from placeplan.problem import CountyProblem
from placeplan.rules_totals import locality_measure
from placeplan.studies.answers import Allocation
from placeplan.studies.explained_answers import TradeOffs

__all__ = ["trade_offs"]


def trade_offs(
    answer: Allocation,
    *,
    steps: int = 7,
    levels: int = 3,
    own: Callable[[Choices], Mapping[str, Any]] | None = None,
    solver: str = DEFAULT_SOLVER,
) -> TradeOffs:
    """The frontier of an answer that was solved; its rules hold in every point.

    ``steps``: bounds on travel between the cheapest answer and the one with least travel; ``levels``: bounds on the
    worst locality. ``own``: in place of the rules of one's own that the answer was made under. Raises ``UsageError``
    for an answer that was not solved or fewer than two steps.
    """
    if answer.placement is None:
        raise UsageError("a frontier: expected a question that is solved (september or afresh), not 'today'")
    if steps < 2 or levels < 1:
        raise UsageError(f"a frontier: expected 2 steps and 1 level or more, found {steps} and {levels}")
    problem = answer.problem
    written = answer.own if own is None else own
    mine = [] if written is None else own_rules(problem.placement, written)
    measure = locality_measure(
        answer.county,
        problem.placement,
        problem.children,
        _about(problem, problem.held),
        _about(problem, problem.choices),
    )

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
    points = _points(answer, answer.placement, found)
    return TradeOffs(answer.question, answer.county.settings.rules.equity.measure, points, found.dropped)


def _about(problem: CountyProblem, rows: pd.DataFrame) -> pd.DataFrame:
    """Children at units with what guidance asks of both."""
    return rows.assign(phase=rows["child"].map(problem.children["phase"]), kind=rows["unit"].map(problem.units["kind"]))


def _points(answer: Allocation, cheapest: Placement, found: Frontier) -> pd.DataFrame:
    problem = answer.problem
    rows = []
    for point, placement in found.answers.items():
        placements = accounts.placements_of(problem, placement)
        minutes = placements.loc[placements["unit"] != "", "minutes"]
        cash = float(accounts.cost_table(problem, placements)["pounds"].sum())
        mean = round(float(minutes.mean()), 2) if minutes.notna().any() else np.nan
        rows.append({"point": point, "cost_pounds": cash, "child_minutes": float(minutes.sum()), "mean_journey": mean})
    table = pd.DataFrame(rows).merge(found.points[["point", "pounds", "worst_locality", "gap", "status", "bound"]])
    # What the placement costs more is what the county does.
    table["objective_pounds"] = answer.proof.objective + table["pounds"] - cheapest.proof.objective
    table["bound_pounds"] = answer.proof.objective + table["bound"] - cheapest.proof.objective
    table["penalty_pounds"] = table["objective_pounds"] - table["cost_pounds"]
    extra = (table["objective_pounds"] - table["objective_pounds"].iloc[0]).round(2)
    saved = (table["child_minutes"].iloc[0] - table["child_minutes"]).round(1)
    pounds = ["cost_pounds", "penalty_pounds", "objective_pounds", "bound_pounds"]
    table[pounds] = table[pounds].round(2) + 0.0
    return table.assign(
        child_minutes=table["child_minutes"].round(1),
        worst_locality=table["worst_locality"].round(3),
        end=_ends(found.points),
        extra_pounds=extra,
        minutes_saved=saved + 0.0,
        pounds_per_minute=(extra / saved.where(saved > 0)).round(2),
    )[
        [
            "point",
            *pounds[:3],
            "child_minutes",
            "mean_journey",
            "worst_locality",
            "gap",
            "end",
            "extra_pounds",
            "minutes_saved",
            "pounds_per_minute",
            "status",
            "bound_pounds",
        ]
    ]


def _ends(points: pd.DataFrame) -> list[str]:
    """What each point is the least of, the cheapest of equals: cost, travel, equity, with ``;`` between."""
    ends: list[list[str]] = [[] for _ in range(len(points))]
    for name, figure in (("cost", "pounds"), ("travel", "minutes"), ("equity", "worst_locality")):
        near = points[figure] <= points[figure].min() + 1e-6
        ends[int(near.to_numpy().argmax())].append(name)
    return [";".join(names) for names in ends]
