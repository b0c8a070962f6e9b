"""An allocation under rules beside the reference: the same objectives, no rule broken, prices equal to re-solving."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from allocation_counties import grain, random_county, random_rules
from allocation_programmes import Engine, by_milp
from allocation_reference import Answer, Own, Rules, Score, best_under_rules, missed_by, score

from placeplan.models.allocate import allocate
from placeplan.models.changes import with_places
from placeplan.models.constraints import (
    LocalityMeasure,
    Rule,
    added_places,
    budgets,
    equity_bound,
    equity_minimax,
    host_share,
    linear_rule,
    site_totals,
)
from placeplan.models.own import Choices, own_rules
from placeplan.models.placement import Placement, PlacementProblem
from placeplan.models.pricing import one_sided_prices
from placeplan.models.program import InfeasibleError

__all__ = [
    "answer_of",
    "broken_rules",
    "check_county",
    "check_prices",
    "check_prices_under_rules",
    "check_under_rules",
    "rules_of",
]

RELATIVE = 1e-6
"""By how much of itself an objective may differ from the reference's."""

SLACK = 1e-6
"""Children by which an answer may break a rule."""


def rules_of(problem: PlacementProblem, rules: Rules) -> list[Rule]:
    """The rules as the models take them."""
    made = []
    if rules.site_totals:
        made.append(site_totals(problem, pd.Series(rules.site, dtype=object), pd.Series(rules.site_totals)))
    if rules.host_limits:
        made.append(host_share(problem, pd.Series(rules.host, dtype=object), pd.Series(rules.host_limits)))
    if rules.budgets:
        made.append(_budgets_of(problem, rules))
    if rules.most:
        made.append(equity_bound(_measure_of(problem, rules), pd.Series(rules.most), price=rules.price))
    if rules.minimax:
        made.append(equity_minimax(_measure_of(problem, rules)))
    for number, own in enumerate(rules.own):
        made += _by_pulp(problem, own) if number % 2 == 0 and (own.pairs or own.gap) else _by_array(problem, own)
    if rules.additions:
        additions = pd.DataFrame.from_dict(rules.additions, orient="index", columns=["site", "limit", "fixed_cost"])
        most = None if rules.most_places is None else int(rules.most_places)
        made.append(added_places(problem, additions, most_places=most))
    return made


def answer_of(problem: PlacementProblem, rules: Rules) -> Placement | None:
    """The models' answer; None where the rules contradict each other."""
    minimum = pd.Series(rules.minimum, dtype=float) if rules.minimum else None
    try:
        return allocate(problem, rules=rules_of(problem, rules), minimum=minimum)
    except InfeasibleError:
        return None


def check_county(seed: int) -> None:
    """A county under random rules as good as the reference, and its prices without them equal to re-solving."""
    problem = random_county(seed)
    check_under_rules(problem, random_rules(problem, seed))
    check_prices(problem)


def check_under_rules(problem: PlacementProblem, rules: Rules, *, engine: Engine = by_milp) -> Answer | None:
    """The answer under the rules is the reference's in every objective, proven, and breaks no rule."""
    answer, best = answer_of(problem, rules), best_under_rules(problem, rules, engine=engine)
    if answer is None or best is None:
        assert answer is best, f"the models' answer is {answer}, the reference's {best}"
        return best
    flow, gap, added = _counted(answer)
    found = score(problem, rules, flow, gap, added)
    assert not broken_rules(problem, rules, flow, gap, added)
    _assert_equal(found, best.score)
    proof = answer.proof
    assert proof.status == "optimal", proof
    _assert_equal(replace(found, gap=proof.gap_children, cost=proof.objective), best.score)
    _assert_equal(replace(found, gap=proof.gap_children_bound, cost=proof.bound), best.score)
    return best


def check_prices(problem: PlacementProblem) -> int:
    """Both prices of every full unit are what the reference says a place more saves and one fewer costs.

    Counted in the parts in which the county's children come. Returns how many units were full.
    """
    answer = allocate(problem)
    prices, part = one_sided_prices(problem, answer), grain(problem)
    now, full = _best(problem), _full_units(problem, answer)
    for unit in full:
        row = prices.loc[unit]
        more = _best(with_places(problem, pd.Series({unit: part})))
        expected = ((now.cost - more.cost), (now.gap - more.gap), (now.against - more.against))
        found = part * row[["saving_one_more", "children_one_more", "preferences_one_more"]].to_numpy(float)
        assert np.allclose(found, expected, rtol=RELATIVE, atol=1e-5), (unit, found, expected)
        found = part * row[["cost_one_fewer", "children_one_fewer", "preferences_one_fewer"]].to_numpy(float)
        if not _can_lose(problem, unit, part):
            assert np.isnan(found).all() or problem.units.loc[unit, "places"] < part, (unit, found)
            continue
        fewer = _best(with_places(problem, pd.Series({unit: -part})))
        expected = ((fewer.cost - now.cost), (now.gap - fewer.gap), (now.against - fewer.against))
        assert np.allclose(found, expected, rtol=RELATIVE, atol=1e-5), (unit, found, expected)
    return len(full)


def check_prices_under_rules(problem: PlacementProblem, rules: Rules) -> int:
    """The answers with a place more and one fewer at every full unit are the reference's under the rules too."""
    answer = answer_of(problem, rules)
    full = [] if answer is None else _full_units(problem, answer)
    for unit in full:
        for change in (1.0, -1.0):
            if change > 0 or _can_lose(problem, unit, 1.0):
                check_under_rules(with_places(problem, pd.Series({unit: change})), rules)
    return len(full)


def broken_rules(
    problem: PlacementProblem,
    rules: Rules,
    flow: dict[tuple[str, str], float],
    gap: dict[str, float],
    added: dict[str, float],
) -> list[str]:
    """Every rule that has to be kept and is not."""
    new = {u: sum(n for (_, there), n in flow.items() if there == u) for u in problem.units.index}
    wrong = []
    for group, children in problem.groups["children"].items():
        counted = gap[group] + sum(n for (g, _), n in flow.items() if g == group)
        if abs(counted - children) > SLACK or gap[group] < -SLACK:
            wrong.append(f"{group} is counted {counted} times")
    for unit in problem.units.itertuples():
        width = problem.bands.loc[problem.bands["unit"] == unit.Index, "width"].sum()
        if unit.held + new[unit.Index] > unit.places + width + added.get(unit.Index, 0.0) + SLACK:
            wrong.append(f"{unit.Index} is over its ceiling")
        minimum = rules.minimum.get(unit.Index, 0.0)
        if unit.places < math.inf and SLACK < new[unit.Index] < minimum - unit.held - SLACK:
            wrong.append(f"{unit.Index} is not viable")
    wrong += [f"{own.name} is broken" for own in rules.own if own.required and missed_by(own, flow, gap) > SLACK]
    return wrong + _broken_sets(problem, rules, new) + _broken_additions(rules, added)


def _broken_sets(problem: PlacementProblem, rules: Rules, new: dict[str, float]) -> list[str]:
    wrong = []
    for of_unit, limits in ((rules.site, rules.site_totals), (rules.host, rules.host_limits)):
        for label, limit in limits.items():
            there = [u for u in problem.units.index if of_unit.get(u) == label]
            held = float(problem.units.loc[there, "held"].sum())
            if held + sum(new[u] for u in there) > max(limit, held) + SLACK:
                wrong.append(f"{label} is over its limit")
    return wrong


def _broken_additions(rules: Rules, added: dict[str, float]) -> list[str]:
    wrong = []
    for site, limit, _ in rules.additions.values():
        if sum(n for u, n in added.items() if rules.additions[u][0] == site) > limit + SLACK:
            wrong.append(f"{site} has too many places added")
    if rules.most_places is not None and sum(added.values()) > rules.most_places + SLACK:
        wrong.append("too many places are added")
    return wrong


def _counted(answer: Placement) -> tuple[dict[tuple[str, str], float], dict[str, float], dict[str, float]]:
    flow = {(str(r.group), str(r.unit)): float(r.children) for r in answer.flows.itertuples()}
    gap = {str(group): float(n) for group, n in answer.gap.items()}
    added = {str(n)[4:-1]: float(x) for n, x in answer.variables.items() if str(n).startswith("add[")}
    return flow, gap, added


def _assert_equal(found: Score, best: Score) -> None:
    pairs = [(found.gap, best.gap), (found.against, best.against), (found.rules, best.rules), (found.cost, best.cost)]
    pairs += list(zip(found.equity, best.equity, strict=True))
    assert all(abs(a - b) <= RELATIVE * max(1.0, abs(b)) for a, b in pairs), f"found {found}, the reference {best}"


def _best(problem: PlacementProblem) -> Score:
    best = best_under_rules(problem, Rules())
    assert best is not None
    return best.score


def _full_units(problem: PlacementProblem, answer: Placement) -> list[str]:
    """Units with counted places, none of them free."""
    load = answer.flows.groupby("unit")["children"].sum().reindex(problem.units.index, fill_value=0.0)
    load += problem.units["held"]
    return list(problem.units.index[load >= problem.units["places"] - 1e-9])


def _can_lose(problem: PlacementProblem, unit: str, part: float) -> bool:
    """Whether a unit has a place to lose, those who stay still having room."""
    places, held = problem.units.loc[unit, ["places", "held"]]
    width = problem.bands.loc[problem.bands["unit"] == unit, "width"].sum()
    return bool(places >= part and held <= places + width - part + 1e-9)


def _budgets_of(problem: PlacementProblem, rules: Rules) -> Rule:
    pairs = list(zip(problem.pairs["group"], problem.pairs["unit"], strict=True))
    spending = pd.DataFrame({name: [rules.spending[name, *pair] for pair in pairs] for name in rules.budgets})
    waiting = pd.DataFrame(
        {name: [rules.waiting.get((name, group), 0.0) for group in problem.groups.index] for name in rules.budgets}
    )
    return budgets(problem, spending, pd.Series(rules.budgets), gap=waiting if rules.waiting else None)


def _measure_of(problem: PlacementProblem, rules: Rules) -> LocalityMeasure:
    groups = list(problem.groups.index)
    return LocalityMeasure(
        locality=pd.Series([rules.locality[group] for group in groups], index=groups, dtype=object),
        at_group=problem.at_group,
        pairs=np.array([rules.values[p.group, p.unit] for p in problem.pairs.itertuples()], dtype=float),
        gap=np.array([rules.gap_values[group] for group in groups], dtype=float),
        held=pd.Series(rules.held_values, dtype=float),
        children=pd.Series(rules.locality_children, dtype=float),
    )


def _by_array(problem: PlacementProblem, own: Own) -> list[Rule]:
    pairs = np.array([own.pairs.get((p.group, p.unit), 0.0) for p in problem.pairs.itertuples()], dtype=float)
    gap = np.array([own.gap.get(group, 0.0) for group in problem.groups.index], dtype=float)
    return [linear_rule(own.name, pairs=pairs, gap=gap, sense=own.sense, right=own.right, required=own.required)]


def _by_pulp(problem: PlacementProblem, own: Own) -> list[Rule]:
    def written(choices: Choices) -> dict[str, object]:
        left = sum(c * choices.place[pair] for pair, c in own.pairs.items())
        left += sum(c * choices.gap[group] for group, c in own.gap.items())
        match own.sense:
            case "<=":
                return {own.name: left <= own.right}
            case ">=":
                return {own.name: left >= own.right}
        return {own.name: left == own.right}

    return own_rules(problem, written, required=own.required)
