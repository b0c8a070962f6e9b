"""Explain an allocation: why this unit, what places and rules are worth, and what would meet what is not met.

Every figure is solved again with the one thing changed, so that it can be checked by changing it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import COMMISSIONED_KINDS, SPOT_PURCHASE
from placeplan.errors import UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models.allocate import allocate
from placeplan.models.constraints import Rule
from placeplan.models.explain import STEPS, least_places, options_of, runner_ups, worth_of_places
from placeplan.models.own import Choices, own_rules
from placeplan.models.placement import Placement, PlacementProblem
from placeplan.models.pricing import one_sided_prices
from placeplan.models.program import DEFAULT_SOLVER
from placeplan.problem import CountyProblem, with_more_places
from placeplan.provision import may_be_added
from placeplan.run_tables import ALL
from placeplan.studies.allocate_places import allocate_places
from placeplan.studies.answers import Allocation
from placeplan.studies.explained_answers import Explanation
from placeplan.studies.rules_kept import LEFT_OUT, asking

__all__ = ["explain_places"]

RULE_FIGURES: Final = ("cost_pounds", "gap", "spot_purchase", "child_minutes", "beyond_guidance")


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
    more only up to what may be added at the site. ``children``: whose options are solved again one by one. ``own``: in
    place of the rules of one's own that the answer was made under. Raises ``UsageError`` for an answer that was not
    solved or has places added, or a unit or child that is not in it.
    """
    if answer.placement is None or answer.added:
        raise UsageError("an explanation: expected an answer that is solved (september or afresh), no places added")
    problem, placement = answer.problem, answer.placement
    own = answer.own if own is None else own
    mine = [] if own is None else own_rules(problem.placement, own)
    rules = [*problem.rules, *mine]
    chosen, asked = _units(problem, units), _asked(answer, children)

    def allocated(changed: PlacementProblem, more: Sequence[Rule], near: Placement) -> Placement:
        added = (changed.units["places"] - problem.placement.units["places"]).fillna(0.0)
        then = with_more_places(answer.county, problem, added)
        kept = [*then.rules, *mine, *more]
        return allocate(then.placement, rules=kept, minimum=problem.minimum, start=near, solver=solver)

    most = may_be_added(county, problem.units)
    worth, answers = worth_of_places(problem.placement, placement, allocated, units=chosen, steps=steps, most=most)
    fixed = worth["unit"].map(problem.units["fixed_cost"]).astype(float) * worth["places"]
    worth = worth.assign(
        fixed_cost=fixed.round(2),
        net_pounds=(worth["pounds"] - fixed).round(2),
        more_places=worth["unit"].map(most).astype(float),
    )
    tables = {
        "worth": worth,
        "worth_by_need": _by_need(problem, placement, answers),
        "rule_costs": _rule_costs(county, travel, answer, own=own, solver=solver),
        "reasons": _reasons(problem, placement, rules),
        "least_places": _least_places(problem, rules, solver=solver),
    }
    if _tells_children(answer):
        tables["offers"] = _offers(problem, placement, rules)
    if asked:
        options = [options_of(problem.placement, placement, allocated, child) for child in asked]
        named = [table.assign(child=child) for child, table in zip(asked, options, strict=True)]
        tables["options"] = pd.concat(named, ignore_index=True)
    return Explanation(answer.question, tables)


def _tells_children(answer: Allocation) -> bool:
    """Whether the answer has rows about children: afresh it is in totals only, and where preferences are off."""
    return answer.question != "afresh" and answer.county.settings.rules.preferences.mode != "off"


def _asked(answer: Allocation, children: Iterable[str]) -> list[str]:
    asked = list(dict.fromkeys(str(child) for child in children))
    if asked and not _tells_children(answer):
        raise UsageError(
            "options of children: expected september with preferences on; other answers are in totals only"
        )
    unknown = sorted(set(asked) - set(answer.problem.placement.groups.index))
    if unknown:
        raise UsageError(f"children {', '.join(unknown)}: expected children who are placed anew in {answer.question}")
    return asked


def _addable(problem: CountyProblem) -> pd.DataFrame:
    """Units of the county with counted places."""
    units: pd.DataFrame = problem.units[problem.units["in_county"] & np.isfinite(problem.units["room"])]
    return units


def _units(problem: CountyProblem, units: Iterable[str] | None) -> list[str]:
    counted = _addable(problem)
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
    """Pounds saved on the children of each need, overfill apart, and how many of them would be elsewhere."""
    cost = problem.placement.pairs["cost"].to_numpy(float).round(2)

    def of_children(flows: pd.DataFrame) -> pd.DataFrame:
        at = problem.placement.pair_places(flows["group"], flows["unit"])
        return pd.DataFrame({"unit": flows["unit"].to_numpy(), "pounds": cost[at]}, index=flows["group"].to_numpy())

    now = of_children(placement.flows)
    need = problem.children["need"]
    parts = []
    for (unit, places), answer in answers.items():
        both = now.join(of_children(answer.flows).add_suffix("_then"), how="outer")
        elsewhere = both["unit"].fillna("") != both["unit_then"].fillna("")
        saved = both["pounds"].fillna(0.0) - both["pounds_then"].fillna(0.0)
        moved = pd.DataFrame({"pounds": saved, "children": 1.0})[elsewhere].groupby(
            need.reindex(both.index[elsewhere]).to_numpy()
        )
        part = moved.sum().round(2).rename_axis("need").reset_index()
        parts.append(part.assign(unit=unit, places=places))
    columns = ["unit", "places", "need", "pounds", "children"]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True)[columns] if filled else pd.DataFrame(columns=columns)


def _rule_costs(
    county: County,
    travel: TravelTimes,
    answer: Allocation,
    *,
    own: Callable[[Choices], Mapping[str, Any]] | None,
    solver: str,
) -> pd.DataFrame:
    """What each rule that asks for something costs: the same question without it, solved and verified."""
    rows: list[dict[str, object]] = []
    for name in _asking(answer):
        without = allocate_places(
            county,
            travel,
            question=answer.question,
            spot_purchase=answer.spot_purchase,
            rules=replace(answer.county.settings.rules, **{name: LEFT_OUT[name]}),
            own=own,
            solver=solver,
        )
        saved = {figure: answer.headline(figure) - without.headline(figure) for figure in RULE_FIGURES}
        rows.append({"left_out": name, **{figure: round(value, 2) + 0.0 for figure, value in saved.items()}})
    return pd.DataFrame(rows, columns=["left_out", *RULE_FIGURES]).astype(dict.fromkeys(RULE_FIGURES, float))


def _asking(answer: Allocation) -> list[str]:
    """The rules that ask for something of this answer."""
    names = asking(answer.county, answer.question)
    return [name for name in names if name != "minimum_use" or answer.problem.minimum is not None]


def _least_places(problem: CountyProblem, rules: Sequence[Rule], *, solver: str) -> pd.DataFrame:
    """The fewest places of the county for everybody whom they could serve, none bought one by one; and who is left."""
    placement = problem.placement
    if SPOT_PURCHASE in placement.units.index:
        placement = replace(
            placement,
            units=placement.units.assign(
                places=placement.units["places"].mask(placement.units.index == SPOT_PURCHASE, 0.0)
            ),
        )
    places, gap = least_places(
        placement, units=list(_addable(problem).index), rules=rules, minimum=problem.minimum, solver=solver
    )
    whole = pd.DataFrame({"unit": [ALL], "places": [float(places["places"].sum())], "children": [float(gap.sum())]})
    return pd.concat([places.assign(children=np.nan), whole], ignore_index=True) if len(places) else whole


def _reasons(problem: CountyProblem, placement: Placement, rules: Sequence[Rule]) -> pd.DataFrame:
    """Why children are in the gap, or were bought a place, by locality, need and phase.

    ``taken``: every place that would suit is; ``outside``: so it is, and all of them are outside the county;
    ``dearer``: one has room, and costs more than the place bought; ``rule``: a rule stands against those that would
    suit; ``none``: no open unit that can be reached suits the plan, the need and the year group.
    """
    bought = placement.flows.loc[placement.flows["unit"] == SPOT_PURCHASE, "group"]
    waiting = placement.gap.index[placement.gap > 0.5]
    outcome = pd.Series({**dict.fromkeys(bought, "spot_purchase"), **dict.fromkeys(waiting, "gap")}, dtype=object)
    pairs = problem.placement.pairs.assign(stands=_stand_against(problem, placement, rules))
    named = pairs[(pairs["unit"] != SPOT_PURCHASE) & pairs["group"].isin(outcome.index)]
    ours = named["unit"].isin(_addable(problem).index)
    full = named["unit"].map(_room_left(problem, placement)) < 1.0 - 1e-6
    about = (
        pd.DataFrame(
            {
                "possible": True,
                "dearer": ~full & ~named["stands"],
                "taken": full & ours & ~named["stands"],
                "outside": full & ~ours & ~named["stands"],
            }
        )
        .groupby(named["group"].to_numpy())
        .any()
        .reindex(outcome.index)
        .fillna(False)
        .astype(bool)
    )
    barred = outcome.index.isin(problem.barred.loc[problem.barred["unit"] != SPOT_PURCHASE, "child"])
    reason = np.select(
        [about["dearer"], about["taken"], about["outside"], about["possible"] | barred],
        ["dearer", "taken", "outside", "rule"],
        "none",
    )
    rows = problem.children.loc[outcome.index, ["locality", "need", "phase"]]
    rows = rows.assign(outcome=outcome, reason=reason, children=1.0)
    return rows.groupby(["locality", "need", "phase", "outcome", "reason"], as_index=False)[["children"]].sum()


def _room_left(problem: CountyProblem, placement: Placement) -> pd.Series:
    units = problem.placement.units
    load = placement.flows.groupby("unit")["children"].sum().reindex(units.index, fill_value=0.0)
    above = problem.placement.bands.groupby("unit")["width"].sum().reindex(units.index, fill_value=0.0)
    return units["places"] + above - units["held"] - load


def _stand_against(problem: CountyProblem, placement: Placement, rules: Sequence[Rule]) -> np.ndarray:
    """Which pairs a rule over several children stands against: no room for one more in its row, or a minimum unmet."""
    stated = problem.placement
    at = stated.pair_places(placement.flows["group"], placement.flows["unit"])
    children = np.zeros(len(stated.pairs))
    children[at] = placement.flows["children"].to_numpy(float)
    against = np.zeros(len(stated.pairs), dtype=bool)
    for rule in rules:
        if rule.costs:
            continue
        left = rule.rows["right"].to_numpy(float) - rule.pairs.T @ children - rule.gap.T @ placement.gap.to_numpy(float)
        tight = (rule.rows["sense"] != ">=").to_numpy()
        dense = rule.pairs.toarray()
        against |= ((dense > left + 1e-6) & (dense > 0) & tight).any(axis=1)
    if problem.minimum is not None:
        use = stated.units["held"].add(placement.flows.groupby("unit")["children"].sum(), fill_value=0.0)
        small = use.reindex(problem.minimum.index) < problem.minimum - 1e-6
        against |= stated.pairs["unit"].isin(small.index[small]).to_numpy()
    return against


def _offers(problem: CountyProblem, placement: Placement, rules: Sequence[Rule]) -> pd.DataFrame:
    """What each child placed anew is offered and the runner-up: the next unit by what it would cost everybody."""
    seconds = runner_ups(problem.placement, placement, rules)
    pairs = problem.placement.pairs.set_index(["group", "unit"])[["cost", "minutes"]]
    place: pd.Series | float = np.nan
    table = seconds.join(pairs, on=["group", "unit"]).join(pairs.add_prefix("runner_up_"), on=["group", "runner_up"])
    if placement.proof.by_prices and not rules:
        saved = one_sided_prices(problem.placement, placement)["saving_one_more"]
        place = table["unit"].map(saved).astype(float).fillna(0.0).round(2) + 0.0
    table = table.assign(place=place)
    columns = [
        "unit",
        "cost",
        "minutes",
        "place",
        "runner_up",
        "runner_up_cost",
        "runner_up_minutes",
        "decided_by",
        "extra",
    ]
    return table.rename(columns={"group": "child"}).sort_values("child", ignore_index=True)[["child", *columns]]
