"""Answers about an answer: why it is as it is, and what less travel or a fairer share of it would cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure

from placeplan.report.trade_offs_chart import draw_trade_offs

__all__ = ["Explanation", "TradeOffs", "explained_tables"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an allocation is as it is, as tidy frames.

    ``worth``: unit, places (more; negative for fewer), pounds saved (negative: more spent; declared penalties in
    them), fixed_cost of the places, net_pounds, children (placed more), preferences, rules. ``worth_by_need``: unit,
    places, need, pounds saved on the children of each need, and how many of them would be elsewhere. ``rule_costs``:
    what leaving a rule out would save: left_out, cost_pounds (cash), gap, spot_purchase, child_minutes, beyond_guidance
    (each now less without). ``reasons``: locality, need, phase, outcome, reason, children in the gap or bought a place
    for want of one. ``least_places``: the fewest places in the county that would leave nobody without one: unit (or
    ``all``), places, and children whom no places in the county would serve. ``offers``: a row a child placed anew
    (child-level: it supports, and does not make, a decision): child, unit, cost, minutes, place (what one more there
    would save, pounds; missing under rules over several children), runner_up, its cost and minutes, decided_by and
    extra (see ``models.explain.runner_ups``).
    ``options``: for the children asked for, every unit possible (see ``models.explain.options_of``). The last two are
    not there for ``afresh`` and where preferences are off, which are answers in totals.
    """

    question: str
    tables: Mapping[str, pd.DataFrame] = field(repr=False)


@dataclass(frozen=True, slots=True)
class TradeOffs:
    """The frontier between cost, travel and equity of one question.

    ``points``: a row an answer of which none is better in everything, cheapest first: point, cost_pounds (cash of the
    whole county, a year), penalty_pounds (declared), objective_pounds (both), child_minutes and mean_journey (of all
    children placed, one way), worst_locality (the mean of the worst, as ``[rules.equity]`` measures it), gap, end (what
    it is the least of: cost, travel, equity or ""), extra_pounds (of both) and minutes_saved beside the cheapest,
    pounds_per_minute (the one by the other), status, bound_pounds. ``dropped``: answers that were no better in anything
    than another.
    """

    question: str
    measure: str
    points: pd.DataFrame = field(repr=False)
    dropped: int

    def figure(self) -> Figure:
        """Cost against travel, the shade being the worst locality."""
        return draw_trade_offs(self.points, self.measure)


def explained_tables(explanation: Explanation | None, trade_offs: TradeOffs | None) -> dict[str, pd.DataFrame]:
    """Their tables as a run holds them, each row with its question."""
    tables = {} if explanation is None else {n: (explanation.question, t) for n, t in explanation.tables.items()}
    if trade_offs is not None:
        tables["frontier"] = (trade_offs.question, trade_offs.points.assign(worst_of=trade_offs.measure))
    made = {}
    for name, (question, table) in tables.items():
        made[name] = table.copy()
        made[name].insert(0, "question", question)
    return made
