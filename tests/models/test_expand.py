"""Where more places should go: against every way to add them, tried one by one."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.allocation_checks import broken_rules, rules_of
from support.allocation_counties import random_county, random_rules
from support.allocation_reference import best_under_rules, score
from support.placement_peers import (
    Best,
    best_by_enumeration,
    best_by_flow,
    problem_of,
    problems,
    random_problem,
    scorer,
)

from placeplan.models import allocate as allocation
from placeplan.models.changes import with_places
from placeplan.models.constraints import linear_rule
from placeplan.models.expand import BUDGET_GAP, expand
from placeplan.models.placement import placement_problem
from placeplan.models.pricing import one_sided_prices
from placeplan.models.program import InfeasibleError
from placeplan.models.stages import ordered

FIXED = [0.0, 3_000.0, 10_000.0, 10_000.01, 35_000.0]


def additions_of(rows):
    """Additions from ``{unit: (site, limit, fixed cost)}``."""
    return pd.DataFrame.from_dict(rows, orient="index", columns=["site", "limit", "fixed_cost"])


@st.composite
def questions(draw, *, most_groups=6, most_units=4):
    """A problem and the additions to units of it, two sites at most."""
    problem = draw(problems(most_groups=most_groups, most_units=most_units))
    limits = {"north": draw(st.integers(0, 3)), "south": draw(st.integers(0, 2))}
    rows = {}
    for unit in problem.units.index[np.isfinite(problem.units["places"])]:
        if len(rows) < 3 and draw(st.booleans()):
            site = draw(st.sampled_from(sorted(limits)))
            rows[unit] = (site, limits[site], draw(st.sampled_from(FIXED)))
    return problem, additions_of(rows)


def every_way(additions, *, most_places=None):
    """Every vector of whole places within the sites' limits, as a series by unit."""
    for counts in itertools.product(*(range(int(limit) + 1) for limit in additions["limit"])):
        added = pd.Series(counts, index=additions.index, dtype=float)
        at_site = added.groupby(additions["site"]).sum()
        limits = additions.groupby("site")["limit"].first()
        if (at_site <= limits).all() and (most_places is None or added.sum() <= most_places):
            yield added


def with_fixed(best, added, additions):
    """A best with the fixed cost of what was added, to the penny."""
    return Best(best.gap, best.against, round(best.cost + float(added @ additions["fixed_cost"]), 2))


def chosen(expansion, additions):
    return expansion.added.reindex(additions.index).fillna(0.0)


def best_of_expansion(expansion):
    """What the expansion's own placement comes to, without fixed cost."""
    flow = {(r.group, r.unit): int(r.children) for r in expansion.placement.flows.itertuples()}
    return scorer(expansion.problem)(flow)


def check_against_every_way(problem, additions, most_places):
    found = expand(problem, additions, most_places=most_places)
    ways = list(every_way(additions, most_places=most_places))
    scored = [(with_fixed(best_by_flow(with_places(problem, way)), way, additions), way.sum()) for way in ways]
    best, fewest = min(scored)
    added = chosen(found, additions)
    assert any(added.equals(way) for way in ways)
    assert with_fixed(best_of_expansion(found), added, additions) == best
    assert found.objective == pytest.approx(best.cost, abs=1e-6)
    assert found.bound == pytest.approx(best.cost, abs=1e-6)
    assert found.status == "optimal"
    assert added.sum() == fewest
    assert (found.added > 0).all()
    # Never a negative net saving at the same gap and preferences.
    before = best_by_flow(problem)
    if (before.gap, before.against) == (best.gap, best.against):
        assert best.cost <= before.cost
    pd.testing.assert_frame_equal(found.problem.units, with_places(problem, found.added).units)


@settings(max_examples=30, deadline=None)
@given(question=questions(), most_places=st.none() | st.integers(0, 4))
def test_places_go_where_trying_every_way_puts_them(question, most_places):
    check_against_every_way(*question, most_places)


@settings(max_examples=20, deadline=None)
@given(question=questions(most_groups=2, most_units=3), data=st.data())
def test_within_a_sum_of_pounds_the_answer_is_within_a_thousandth_of_the_best(question, data):
    problem, additions = question
    pounds = st.sampled_from([0.0, 1_000.0, 8_000.0])
    spending = pd.Series([data.draw(pounds) for _ in range(len(problem.pairs))], index=problem.pairs.index, dtype=float)
    of_pair = dict(zip(zip(problem.pairs["group"], problem.pairs["unit"], strict=True), spending, strict=True))
    most_pounds = data.draw(st.sampled_from([0.0, 5_000.0, 12_000.0, 40_000.0]))

    def spent(flow, added):
        return sum(n * of_pair[pair] for pair, n in flow.items()) + float(added @ additions["fixed_cost"])

    scored = []
    for way in every_way(additions):
        larger = with_places(problem, way)
        try:
            best, _ = best_by_enumeration(
                larger, allowed=lambda flow, way=way: spent(flow, way) <= most_pounds and covered(problem, flow)
            )
        except AssertionError:
            continue
        scored.append(with_fixed(best, way, additions))
    if not scored:
        with pytest.raises(InfeasibleError):
            expand(problem, additions, spending=spending, most_pounds=most_pounds)
        return
    found = expand(problem, additions, spending=spending, most_pounds=most_pounds)
    flow = {(r.group, r.unit): int(r.children) for r in found.placement.flows.itertuples()}
    added = chosen(found, additions)
    got = with_fixed(best_of_expansion(found), added, additions)
    best = min(scored)
    assert spent(flow, added) <= most_pounds + 1e-6
    assert (got.gap, got.against) == (best.gap, best.against)
    assert best.cost - 0.01 <= got.cost <= best.cost * (1 + BUDGET_GAP) + 0.01
    assert found.objective == pytest.approx(got.cost, abs=0.01)
    assert found.bound <= best.cost + 0.01


def covered(problem, flow):
    """Whether everyone who could go to an unlimited unit is placed, as an allocation promises."""
    unlimited = problem.units.index[np.isinf(problem.units["places"])]
    safe = set(problem.pairs.loc[problem.pairs["unit"].isin(unlimited), "group"])
    placed = {g: sum(n for (h, _), n in flow.items() if h == g) for g in safe}
    return all(placed[g] == problem.groups["children"][g] for g in safe)


# Four children in town: 2,000 each at the town's school, which is full, or 30,000, 26,000, 12,000 and 11,000 bought.
TOWN = (
    {"a": 1, "b": 1, "c": 1, "d": 1},
    {"school": (0, 0), "bought": (float("inf"), 0)},
    {(g, "school"): (2_000, 10) for g in "abcd"}
    | {(g, "bought"): (cost, 50) for g, cost in zip("abcd", [30_000, 26_000, 12_000, 11_000], strict=True)},
)


def test_no_place_is_added_that_does_not_pay():
    # Savings of the places in turn: 28,000, 24,000, 10,000, 9,000. At 10,000 a place the third saves nought.
    additions = additions_of({"school": ("town", 9, 10_000.0)})
    found = expand(problem_of(*TOWN), additions)
    assert found.added.to_dict() == {"school": 2}
    assert found.objective == 2 * 2_000 + 12_000 + 11_000 + 2 * 10_000
    assert found.bound == found.objective
    dearer = expand(problem_of(*TOWN), additions.assign(fixed_cost=10_000.01))
    cheaper = expand(problem_of(*TOWN), additions.assign(fixed_cost=9_999.99))
    assert (dearer.added.to_dict(), cheaper.added.to_dict()) == ({"school": 2}, {"school": 3})
    assert expand(problem_of(*TOWN), additions.assign(fixed_cost=28_000.0)).added.empty


def test_a_limit_on_places_takes_the_best_of_them():
    found = expand(problem_of(*TOWN), additions_of({"school": ("town", 9, 1_000.0)}), most_places=1)
    assert found.added.to_dict() == {"school": 1}
    placed = found.placement.flows.set_index("group")["unit"].to_dict()
    assert placed == {"a": "school", "b": "bought", "c": "bought", "d": "bought"}
    assert expand(problem_of(*TOWN), additions_of({"school": ("town", 9, 1_000.0)}), most_places=0).added.empty


def test_the_limit_of_a_site_is_shared_by_its_units():
    # Two classes at one site that has room for one place: it goes to the class of the dearer child.
    problem = problem_of(
        {"a": 1, "b": 1},
        {"class1": (0, 0), "class2": (0, 0), "bought": (float("inf"), 0)},
        {
            ("a", "class1"): (0, 5),
            ("b", "class2"): (0, 5),
            ("a", "bought"): (30_000, 5),
            ("b", "bought"): (40_000, 5),
        },
    )
    shared = expand(problem, additions_of({"class1": ("site", 1, 100.0), "class2": ("site", 1, 100.0)}))
    apart = expand(problem, additions_of({"class1": ("one", 1, 100.0), "class2": ("two", 1, 100.0)}))
    assert shared.added.to_dict() == {"class2": 1}
    assert apart.added.to_dict() == {"class1": 1, "class2": 1}


def test_a_child_in_the_gap_gets_a_place_whatever_it_costs():
    problem = problem_of({"a": 1}, {"u": (0, 0)}, {("a", "u"): (5_000, 5)})
    found = expand(problem, additions_of({"u": ("s", 3, 90_000.0)}))
    assert found.added.to_dict() == {"u": 1}
    assert found.placement.gap.sum() == 0
    assert found.objective == 95_000


def test_a_limit_on_pounds_counts_places_and_what_children_in_them_cost():
    # A place is 10,000 and each child in the school 2,000: 25,000 pounds are two places and two children, 24,000.
    problem, additions = problem_of(*TOWN), additions_of({"school": ("town", 9, 10_000.0)})
    spending = (problem.pairs["unit"] == "school") * 2_000.0
    two = expand(problem, additions.assign(fixed_cost=1_000.0), spending=spending, most_pounds=7_000.0)
    assert two.added.to_dict() == {"school": 2}
    one = expand(problem, additions, spending=spending, most_pounds=23_999.99)
    assert one.added.to_dict() == {"school": 1}
    assert one.placement.flows.set_index("group")["unit"]["a"] == "school"


def test_a_limit_on_pounds_may_need_the_dearer_of_two_unlimited_units():
    # Near costs less in all (10,000 against 12,000) but only its 8,000 counts towards the limit.
    units = {"near": (float("inf"), 0), "far": (float("inf"), 0), "school": (0, 0)}
    pairs = {("a", "far"): (12_000, 5), ("a", "near"): (10_000, 5), ("a", "school"): (9_000, 5)}
    problem, additions = problem_of({"a": 1}, units, pairs), additions_of({"school": ("s", 1, 9_000.0)})
    spending = pd.Series([0.0, 8_000.0, 0.0])  # in the order of the pairs: far, near, school
    placed = [
        expand(problem, additions, spending=spending, most_pounds=pounds).placement.flows["unit"].tolist()
        for pounds in (7_999.99, 8_000.0)
    ]
    assert placed == [["far"], ["near"]]


def test_nothing_within_the_pounds_and_fractions_of_children_are_refused():
    problem, additions = problem_of(*TOWN), additions_of({"school": ("town", 9, 10_000.0)})
    with pytest.raises(InfeasibleError, match="found no answer"):
        expand(problem, additions, spending=pd.Series(500.0, index=problem.pairs.index), most_pounds=1_999.0)
    with pytest.raises(ValueError, match="whole children"):
        expand(problem_of({"a": 0.5}, {"u": (0, 0)}, {("a", "u"): (1, 1)}), additions_of({"u": ("s", 1, 0.0)}))


def test_more_and_fewer_places():
    problem = problem_of({"a": 1}, {"u": (2, 1), "v": (3, 0)}, {("a", "u"): (1, 1)})
    assert with_places(problem, pd.Series({"u": 2.0})).units["places"].to_dict() == {"u": 4, "v": 3}
    assert with_places(problem, pd.Series({"v": -3.0})).units["places"].to_dict() == {"u": 2, "v": 0}
    assert problem.units["places"].to_dict() == {"u": 2, "v": 3}
    with pytest.raises(ValueError, match="too few are left at u"):
        with_places(problem, pd.Series({"u": -2.0}))
    with pytest.raises(ValueError, match="no unit w"):
        with_places(problem, pd.Series({"w": 1.0}))


@pytest.mark.parametrize("kept", [1, 2])
def test_an_expansion_that_was_stopped_says_so(monkeypatch, kept):
    # Stopped after the gap or the cost: the objective is still pounds, and the bound not above the best of 59,000.
    whole = allocation.solve_stages
    problem = problem_of(
        TOWN[0] | {"e": 1}, TOWN[1], {**TOWN[2], ("e", "school"): (2_000, 10)}
    )  # e can only go to the school

    def stopped(network, **options):
        found = whole(network, **options)
        if "places" not in network.cost:
            return found
        stages = dict(list(found.stages.items())[:kept])
        last = list(stages)[-1]
        stages[last] = replace(stages[last], bound=stages[last].bound - 1.0, proven=False)
        return ordered(stages, [last, *list(network.cost)[kept:]])

    monkeypatch.setattr(allocation, "solve_stages", stopped)
    additions = additions_of({"school": ("town", 9, 10_000.0)})
    found = expand(problem, additions)
    # Best: e, a and b in the school: 3 x 12,000 + 12,000 + 11,000 = 59,000 pounds.
    assert found.status == "feasible"
    fixed = float(chosen(found, additions) @ additions["fixed_cost"])
    assert found.objective >= found.placement.proof.objective + fixed - 1e-6
    assert found.bound <= 59_000
    assert found.bound <= found.objective


@pytest.mark.parametrize("time_limit", [1e-9, 0.05])
def test_an_expansion_without_time_says_so_or_gives_a_bound_that_holds(time_limit):
    problem = random_problem(11, groups=120, units=10, unlimited=True)
    additions = additions_of({unit: (unit, 3, 4_000.0) for unit in problem.units.index[:4]})
    best = expand(problem, additions)
    try:
        found = expand(problem, additions, time_limit=time_limit)
    except InfeasibleError:
        return
    assert found.bound <= best.objective + 1e-6
    assert found.objective >= found.bound
    if found.status == "optimal":
        assert found.objective == pytest.approx(best.objective)


WHOLE = [seed for seed in range(1, 40) if seed % 3]
"""Seeds of counties of whole children."""


@pytest.mark.parametrize("seed", WHOLE[:16])
def test_added_places_under_rules_are_as_good_as_the_reference(seed):
    problem = random_county(seed, groups=6, units=4)
    rules = random_rules(problem, seed)
    limits = {"a": 2.0, "b": 1.0}
    counted = [unit for unit in problem.units.index if problem.units.loc[unit, "places"] < float("inf")]
    additions = {unit: ("ab"[place % 2], limits["ab"[place % 2]], 2_000.0) for place, unit in enumerate(counted)}
    rules = replace(rules, additions=additions, most_places=2.0)
    best = best_under_rules(problem, rules)
    minimum = pd.Series(rules.minimum, dtype=float) if rules.minimum else None
    kept = rules_of(problem, replace(rules, additions={}, most_places=None))
    if best is None:
        with pytest.raises(InfeasibleError):
            expand(problem, additions_of(additions), rules=kept, minimum=minimum, most_places=2)
        return
    found = expand(problem, additions_of(additions), rules=kept, minimum=minimum, most_places=2)
    flow = {(str(r.group), str(r.unit)): float(r.children) for r in found.placement.flows.itertuples()}
    gap = {str(group): float(n) for group, n in found.placement.gap.items()}
    added = {str(unit): float(n) for unit, n in found.added.items()}
    assert not broken_rules(problem, rules, flow, gap, added)
    ours = score(problem, rules, flow, gap, added)
    same = [(ours.gap, best.score.gap), (ours.against, best.score.against), (ours.rules, best.score.rules)]
    same += [(ours.cost, best.score.cost), (found.objective, best.score.cost), (found.bound, best.score.cost)]
    same += list(zip(ours.equity, best.score.equity, strict=True))
    assert all(a == pytest.approx(b, rel=1e-6, abs=1e-6) for a, b in same), (ours, best.score)


# Three children stay at a school of one place that may hold one: two in it are a breach. Two wait for a place.
BREACH = placement_problem(
    pd.DataFrame({"children": 1.0}, index=["a", "b"]),
    pd.DataFrame({"places": [1.0], "held": [3.0]}, index=["school"]),
    pd.DataFrame(
        {
            "unit": ["school"] * 2,
            "band": [0, 1],
            "width": [1.0, 1.0],
            "price": [12_000.0, 15_000.0],
            "breach": [True] * 2,
        }
    ),
    pd.DataFrame(
        {
            "group": ["a", "b"],
            "unit": ["school"] * 2,
            "cost": [1_000.0, 2_000.0],
            "minutes": [5.0, 5.0],
            "against_preference": [False] * 2,
        }
    ),
)


@pytest.mark.parametrize(
    ("limit", "fixed", "added", "gap"),
    [(2, 10_000.0, 2, 2), (2, 13_000.0, 1, 2), (2, 16_000.0, 0, 2), (3, 90_000.0, 3, 1), (9, 90_000.0, 4, 0)],
)
def test_places_at_a_breach_are_first_for_those_who_are_there(limit, fixed, added, gap):
    # Up to two places relieve the breach, at 15,000 and 12,000, and nobody comes; those beyond are for who waits.
    found = expand(BREACH, additions_of({"school": ("site", limit, fixed)}))
    assert found.added.sum() == added
    assert found.placement.gap.sum() == gap
    left = max(0, 2 - added)
    assert found.problem.bands["width"].tolist() == [float(left > 0), float(left > 1)]
    assert found.placement.proof.objective == sum([12_000, 15_000][:left]) + sum([1_000, 2_000][: 2 - gap])


def test_a_place_more_at_a_breach_saves_its_dearest():
    answer = allocation.allocate(BREACH)
    prices = one_sided_prices(BREACH, answer).loc["school"]
    assert (prices["saving_one_more"], prices["children_one_more"]) == (15_000, 0)
    one = allocation.allocate(with_places(BREACH, pd.Series({"school": 1.0})))
    assert answer.proof.objective - one.proof.objective == 15_000
    assert one.gap.sum() == answer.gap.sum() == 2


def test_places_that_a_row_pays_for_are_no_longer_left_of_it():
    problem = problem_of({"a": 1, "b": 1}, {"school": (0, 0)}, {("a", "school"): (10, 1), ("b", "school"): (20, 1)})
    fund = linear_rule("fund", pairs=np.array([100.0, 300.0]), gap=np.zeros(2), sense="<=", right=750.0)
    paid = replace(fund, a_place=pd.DataFrame({"own[fund]": {"school": 250.0}}))
    additions = additions_of({"school": ("site", 5, 1.0)})
    # Two places and both children come to 900; one place and either child to 350 or 550, and a is the cheaper.
    assert expand(problem, additions, rules=[fund]).added.sum() == 2
    found = expand(problem, additions, rules=[paid])
    assert found.added.sum() == 1
    assert found.placement.flows["group"].tolist() == ["a"]
    assert found.rules[0].rows["right"].tolist() == [500.0]
