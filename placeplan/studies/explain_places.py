"""Explain an allocation: why this unit, what places and rules are worth, and what would meet what is not met.

Every figure is solved again with the one thing changed, so that it can be checked by changing it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.settings_rules import (
    ContinuityRule,
    EquityRule,
    GuidanceRule,
    HostShareRule,
    MinimumUseRule,
    OverfillRule,
    PreferenceRule,
    Rules,
    SiteTotalsRule,
)
from placeplan.county.vocabulary import COMMISSIONED_KINDS, SPOT_PURCHASE
from placeplan.errors import UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models.allocate import allocate
from placeplan.models.constraints import Rule
from placeplan.models.explain import STEPS, least_places, options_of, worth_of_places
from placeplan.models.own import Choices, own_rules
from placeplan.models.placement import Placement, PlacementProblem
from placeplan.models.program import DEFAULT_SOLVER
from placeplan.problem import CountyProblem
from placeplan.studies.allocate_places import allocate_places
from placeplan.studies.answers import Allocation

__all__ = ["Explanation", "explain_places"]

LEFT_OUT: Final[Mapping[str, Any]] = {
    "overfill": OverfillRule(),
    "guidance": GuidanceRule(),
    "preferences": PreferenceRule(mode="off"),
    "continuity": ContinuityRule(mode="priced", pounds=0.0),
    "host_share": HostShareRule(),
    "site_totals": SiteTotalsRule(on=False),
    "minimum_use": MinimumUseRule(),
    "equity": EquityRule(mode="off"),
    "budgets": (),
}
"""What each rule is when it asks for nothing."""

RULE_FIGURES: Final = {
    "cost_pounds": "cost_pounds",
    "gap": "gap",
    "spot_purchase": "spot_purchase",
    "child_minutes": "child_minutes",
    "beyond_guidance": "beyond_guidance",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an allocation is as it is, as tidy frames.

    ``worth``: unit, places (more; negative for fewer), pounds saved (negative: more spent; declared penalties in
    them), fixed_cost of the places, net_pounds, children (placed more), preferences, rules. ``worth_by_need``: unit,
    places, need, pounds saved on the children of each need. ``rule_costs``: what leaving a rule out would save: rule,
    cost_pounds (cash), gap, spot_purchase, child_minutes, beyond_guidance (each now less without). ``reasons``:
    locality, need, phase, reason, children in the gap or bought a place for want of one. ``least_places``: the fewest
    places that would leave nobody without one: unit, places. ``offers``: a row a child placed anew (child-level: it
    supports, and does not make, a decision): child, unit, cost, minutes, runner_up, its cost and minutes, place (what
    a place there is worth to others, pounds), extra (what the runner-up would cost all together at these prices).
    ``options``: for the children asked for, every unit possible (see ``models.explain.options_of``).
    """

    tables: Mapping[str, pd.DataFrame] = field(repr=False)


def explain_places(
    county: County,
    travel: TravelTimes,
    answer: Allocation,
    *,
    units: Iterable[str] | None = None,
    steps: Sequence[int] = STEPS,
    children: Iterable[str] = (),
    own: Callable[[Choices], Mapping[str, Any]] | None = None,
    solver: str = DEFAULT_SOLVER,
) -> Explanation:
    """Explain an answer that was solved (september or afresh).

    ``units``: whose places are valued (all commissioned ones of the county); ``steps``: how many more and fewer.
    ``children``: whose options are solved again one by one. ``own``: the rules of one's own that the answer was made
    under. Raises ``UsageError`` for an answer that was not solved, or a unit or child that is not in it.
    """
    if answer.placement is None:
        raise UsageError("an explanation: expected a question that is solved (september or afresh), not 'today'")
    problem, placement = answer.problem, answer.placement
    mine = [] if own is None else own_rules(problem.placement, own)

    def allocated(changed: PlacementProblem, more: Sequence[Rule], near: Placement) -> Placement:
        return allocate(
            changed, rules=[*problem.rules, *mine, *more], minimum=problem.minimum, start=near, solver=solver
        )

    chosen = _units(problem, units)
    worth, answers = worth_of_places(problem.placement, placement, allocated, units=chosen, steps=steps)
    fixed = worth["unit"].map(problem.units["fixed_cost"]).astype(float) * worth["places"]
    worth = worth.assign(fixed_cost=fixed.round(2), net_pounds=(worth["pounds"] - fixed).round(2))
    asked = [str(child) for child in children]
    unknown = sorted(set(asked) - set(problem.placement.groups.index))
    if unknown:
        raise UsageError(f"children {', '.join(unknown)}: expected children who are placed anew in {answer.question}")
    options = [
        options_of(problem.placement, placement, allocated, child).assign(child=child) for child in dict.fromkeys(asked)
    ]
    tables = {
        "worth": worth,
        "worth_by_need": _by_need(problem, placement, answers),
        "rule_costs": _rule_costs(county, travel, answer, own=own, solver=solver),
        "reasons": _reasons(problem, placement),
        "least_places": least_places(problem.placement, rules=[*problem.rules, *mine], solver=solver),
        "offers": _offers(problem, placement),
    }
    if options:
        tables["options"] = pd.concat(options, ignore_index=True)
    return Explanation(tables)


def _units(problem: CountyProblem, units: Iterable[str] | None) -> list[str]:
    counted = problem.units[problem.units["in_county"] & np.isfinite(problem.units["room"])]
    if units is None:
        return [str(unit) for unit in counted.index[counted["kind"].isin(COMMISSIONED_KINDS)]]
    asked = [str(unit) for unit in units]
    unknown = sorted(set(asked) - set(counted.index))
    if unknown:
        raise UsageError(f"units {', '.join(unknown)}: expected units of the county with counted places")
    return asked


def _by_need(
    problem: CountyProblem, placement: Placement, answers: Mapping[tuple[str, int], Placement]
) -> pd.DataFrame:
    """Pounds saved on the children of each need, overfill apart: their own places now less then."""
    pairs = problem.placement.pairs
    need = problem.children["need"].reindex(problem.placement.groups.index).to_numpy()[problem.placement.at_group]
    cost = pairs["cost"].to_numpy(float)

    def spent(flows: pd.DataFrame) -> pd.Series:
        at = problem.placement.pair_places(flows["group"], flows["unit"])
        pounds = pd.Series(cost[at] * flows["children"].to_numpy(float))
        return pounds.groupby(need[at]).sum()

    now = spent(placement.flows)
    parts = []
    for (unit, places), answer in answers.items():
        saved = now.sub(spent(answer.flows), fill_value=0.0).round(2)
        saved = saved[saved.abs() > 0.004]
        parts.append(pd.DataFrame({"unit": unit, "places": places, "need": saved.index, "pounds": saved.to_numpy()}))
    columns = ["unit", "places", "need", "pounds"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _rule_costs(
    county: County,
    travel: TravelTimes,
    answer: Allocation,
    *,
    own: Callable[[Choices], Mapping[str, Any]] | None,
    solver: str,
) -> pd.DataFrame:
    """What each rule that asks for something costs: the same question without it, solved and verified."""
    stated: Rules = answer.county.settings.rules
    rows = []
    for name, nothing in LEFT_OUT.items():
        if getattr(stated, name) == nothing or (
            name == "site_totals" and answer.county.sites["total_places"].isna().all()
        ):
            continue
        without = allocate_places(
            county,
            travel,
            question=answer.question,
            spot_purchase=answer.spot_purchase,
            rules=replace(stated, **{name: nothing}),
            own=own,
            solver=solver,
        )
        rows.append({"rule": name, **{n: answer.headline(m) - without.headline(m) for n, m in RULE_FIGURES.items()}})
    return pd.DataFrame(rows, columns=["rule", *RULE_FIGURES]).round(2)


def _reasons(problem: CountyProblem, placement: Placement) -> pd.DataFrame:
    """Why children are in the gap, or were bought a place, by locality, need and phase."""
    flows = placement.flows
    bought = flows.loc[flows["unit"] == SPOT_PURCHASE, "group"]
    waiting = placement.gap.index[placement.gap > 0.5]
    children = problem.children.loc[[*waiting, *bought]]
    named = problem.choices[problem.choices["unit"] != SPOT_PURCHASE]
    possible = set(named["child"])
    barred = set(problem.barred.loc[problem.barred["unit"] != SPOT_PURCHASE, "child"])
    reason = [
        "every place that would suit is taken, or worth more to others"
        if child in possible
        else "a rule bars every place that would suit"
        if child in barred
        else "no open unit that can be reached suits the plan, the need and the year group"
        for child in children.index
    ]
    outcome = ["gap"] * len(waiting) + ["bought one by one"] * len(bought)
    rows = children[["locality", "need", "phase"]].assign(outcome=outcome, reason=reason, children=1.0)
    keys = ["locality", "need", "phase", "outcome", "reason"]
    return rows.groupby(keys, as_index=False)[["children"]].sum()


def _offers(problem: CountyProblem, placement: Placement) -> pd.DataFrame:
    """What each child placed anew is offered and the runner-up: the next unit by what it costs all at these prices."""
    pairs = problem.placement.pairs[["group", "unit", "cost", "minutes", "against_preference"]]
    worth = -placement.proof.prices["cost"] if "cost" in placement.proof.prices else pd.Series(dtype=float)
    named = worth.set_axis(worth.index.str.removeprefix("places[").str.removesuffix("]"))
    place = pairs["unit"].map(named).astype(float).fillna(0.0)
    units = problem.placement.units
    room = (units["places"] - units["held"]).add(problem.placement.bands.groupby("unit")["width"].sum(), fill_value=0.0)
    rows = pairs.assign(place=place, total=pairs["cost"] + place, room=pairs["unit"].map(room) > 1e-9)
    offered = placement.flows.merge(rows, on=["group", "unit"]).set_index("group")
    others = rows[rows["room"]].merge(
        placement.flows[["group", "unit"]], on=["group", "unit"], how="left", indicator=True
    )
    others = others[others["_merge"] == "left_only"].sort_values(["group", "against_preference", "total", "unit"])
    second = others.drop_duplicates("group").set_index("group")
    table = offered[["unit", "children", "cost", "minutes", "place"]].join(
        second[["unit", "cost", "minutes", "total"]].add_prefix("runner_up_")
    )
    table["extra"] = (table["runner_up_total"] - offered["total"]).round(2)
    table = table.rename(columns={"runner_up_unit": "runner_up"}).drop(columns="runner_up_total")
    return table.rename_axis("child").reset_index().sort_values("child", ignore_index=True)
