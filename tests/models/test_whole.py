"""Whole children where a row makes fractions: against brute force over every way to place them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.placement_peers import Best, best_by_enumeration, has_unlimited_choice, problem_of, problems

from placeplan.models import whole as wholes
from placeplan.models.allocate import allocate
from placeplan.models.constraints import limit_spending, linear_rule
from placeplan.models.one_year import year_network
from placeplan.models.placement import tie_break
from placeplan.models.program import InfeasibleError
from placeplan.models.stages import solve_stages
from placeplan.models.whole import is_whole, solve_whole

INF = float("inf")
NO_MORE_PLACES = pd.DataFrame({"site": [], "limit": [], "fixed_cost": []})


@st.composite
def ruled(draw):
    """A tiny problem, a rule of the user's own over its pairs and gaps, and whether a flow keeps it."""
    problem = draw(problems(most_groups=3, most_units=3))
    pairs = np.array([draw(st.sampled_from([0.0, 1.0, 2.0, 3.0])) for _ in range(len(problem.pairs))])
    gap = np.array([draw(st.sampled_from([0.0, 0.0, 1.0])) for _ in range(len(problem.groups))])
    sense, right = draw(st.sampled_from([("<=", 1.0), ("<=", 3.5), ("<=", 5.0), (">=", 3.0), (">=", 5.0), ("=", 4.0)]))
    of_pair = dict(zip(zip(problem.pairs["group"], problem.pairs["unit"], strict=True), pairs, strict=True))

    def kept(flow):
        placed = {g: sum(n for (h, _), n in flow.items() if h == g) for g in problem.groups.index}
        used = sum(n * of_pair[pair] for pair, n in flow.items())
        used += sum((problem.groups["children"][g] - n) * w for (g, n), w in zip(placed.items(), gap, strict=True))
        return {"<=": used <= right, ">=": used >= right, "=": used == right}[sense]

    return problem, linear_rule("own", pairs=pairs, gap=gap, sense=sense, right=right), kept


def flow_of(network, answer):
    """Children by group and unit."""
    labels = network.arc_labels(answer.arcs)
    placed = [label.removeprefix("place[").removesuffix("]").split(",") for label in labels]
    return {tuple(p): int(n) for p, n in zip(placed, answer.children, strict=True) if len(p) == 2}


def brute_force(problem, kept):
    """The best under a rule and all flows that reach it, or nothing where none keeps it."""
    try:
        return best_by_enumeration(problem, allowed=kept)
    except AssertionError:
        return None


def last_order(problem, flow):
    """What breaks ties: minutes, then the hash of labels."""
    minutes = problem.pairs.set_index(["group", "unit"])["minutes"]
    ties = tie_break([g for g, _ in flow], [u for _, u in flow])
    return (
        round(sum(n * minutes[pair] for pair, n in flow.items()), 3),
        sum(n * tie for n, tie in zip(flow.values(), ties, strict=True)),
    )


@settings(max_examples=40, deadline=None)
@given(asked=ruled(), few=st.sampled_from([0, wholes.FIRST]))
def test_whole_answers_under_a_rule_are_the_best_of_all_possible_ones(asked, few):
    problem, rule, kept = asked
    best = brute_force(problem, kept)
    network = year_network(problem, [rule]).network
    try:
        linear = solve_stages(network)
    except InfeasibleError:
        assert best is None
        return
    if best is None:
        # In pieces there may be an answer.
        with pytest.raises(InfeasibleError):
            solve_whole(network, linear)
        return
    # However few arcs are tried first.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wholes, "FIRST", few)
        answer = solve_whole(network, linear)
    assert answer.unproven == ()
    assert is_whole(answer, network)
    flow = flow_of(network, answer)
    found, equals = best
    assert flow in equals
    assert last_order(problem, flow) == min(last_order(problem, other) for other in equals)
    for name, value in (("gap", found.gap), ("preference", found.against), ("cost", found.cost)):
        if name in answer.stages:
            assert answer.stages[name].objective == pytest.approx(value, abs=1e-5)
            assert answer.stages[name].bound == pytest.approx(value, abs=1e-5)
        if name in linear.stages and not (set(linear.stages) & {"gap", "preference"}) - {name}:
            # The first stage's bound in pieces is one for whole children too.
            assert linear.stages[name].bound <= value + 1e-5


@settings(max_examples=40, deadline=None)
@given(problem=problems(most_groups=3, most_units=3), most=st.sampled_from([0.0, 7.0, 13.0, 25.0]), data=st.data())
def test_within_an_odd_budget_an_allocation_is_the_best_of_all_possible_ones(problem, most, data):
    spending = np.array([data.draw(st.sampled_from([0.0, 3.0, 7.0, 11.0])) for _ in range(len(problem.pairs))])
    of_pair = dict(zip(zip(problem.pairs["group"], problem.pairs["unit"], strict=True), spending, strict=True))
    safe = has_unlimited_choice(problem)

    def kept(flow):
        placed = {g: sum(n for (h, _), n in flow.items() if h == g) for g in problem.groups.index}
        everyone = all(placed[g] == problem.groups["children"][g] for g in safe.index[safe])
        return sum(n * of_pair[pair] for pair, n in flow.items()) <= most and everyone

    best = brute_force(problem, kept)
    rules = [limit_spending(problem, NO_MORE_PLACES, spending, most)]
    if best is None:
        with pytest.raises(InfeasibleError):
            allocate(problem, rules=rules)
        return
    answer = allocate(problem, rules=rules)
    flow = {(r.group, r.unit): int(r.children) for r in answer.flows.itertuples()}
    found, equals = best
    assert (answer.flows["children"] % 1 == 0).all()
    assert flow in equals
    assert last_order(problem, flow) == min(last_order(problem, other) for other in equals)
    proof = answer.proof
    assert (proof.status, proof.gap_children, proof.gap_children_bound) == ("optimal", found.gap, found.gap)
    assert (proof.objective, proof.bound) == pytest.approx((found.cost, found.cost), abs=1e-5)


# Three children, 3 pounds each of a fund of 7 in town and none far away, where each costs 9,000 more.
TOWN = problem_of(
    dict.fromkeys("abc", 1),
    {"far": (3, 0), "town": (3, 0)},
    {(g, u): (cost, 5) for g in "abc" for u, cost in (("far", 9_000), ("town", 0))},
)
THREES = np.where(TOWN.pairs["unit"] == "town", 3.0, 0.0)
FUND = year_network(TOWN, [linear_rule("fund", pairs=THREES, gap=np.zeros(3), sense="<=", right=7.0)]).network


def test_fractions_that_a_fund_would_buy_are_made_whole():
    linear = solve_stages(FUND)
    # In pieces 7/3 children are in town and 2/3 far away: 6,000. In whole ones two and one: 9,000.
    assert linear.stages["cost"].objective == pytest.approx(6_000)
    assert not is_whole(linear, FUND)
    whole = solve_whole(FUND, linear)
    assert is_whole(whole, FUND)
    assert (whole.stages["cost"].objective, whole.stages["cost"].bound) == pytest.approx((9_000, 9_000))
    assert sorted(unit for _, unit in flow_of(FUND, whole)) == ["far", "town", "town"]
    # The hash says who goes far.
    ways = [{(g, "far" if g == out else "town"): 1 for g in "abc"} for out in "abc"]
    assert flow_of(FUND, whole) == min(ways, key=lambda flow: last_order(TOWN, flow))


def test_an_arc_that_no_piece_of_a_child_takes_may_be_the_best_for_a_whole_one(monkeypatch):
    # A fund of 2, of which x takes 3 and z 2. In pieces two thirds go to x and one to y, 3.33 pounds; at its price of
    # 3.33 z is 0.67 dearer than both. A whole child cannot go to x, and z for 4 pounds is better than y for 10.
    units = dict.fromkeys("xyz", (1, 0))
    problem = problem_of({"a": 1}, units, {("a", "x"): (0, 5), ("a", "y"): (10, 5), ("a", "z"): (4, 5)})
    taken = np.array([3.0, 0.0, 2.0])
    network = year_network(problem, [linear_rule("fund", pairs=taken, gap=np.zeros(1), sense="<=", right=2.0)]).network
    linear = solve_stages(network)
    assert linear.stages["cost"].objective == pytest.approx(10 / 3)
    for few in (wholes.FIRST, 0):
        monkeypatch.setattr(wholes, "FIRST", few)
        assert flow_of(network, solve_whole(network, linear)) == {("a", "z"): 1}


def test_an_answer_is_not_lost_to_the_rounding_of_what_is_kept():
    # Everyone can be placed as they prefer in one way alone: the two of a and one of c at school, the others bought.
    problem = problem_of(
        {"a": 2, "b": 2, "c": 3},
        {"bought": (INF, 0), "school": (4, 5)},
        {
            ("a", "bought"): (4_000, 5, True),
            ("a", "school"): (23_456.78, 40),
            ("b", "bought"): (60_000, 40),
            ("b", "school"): (0, 5, True),
            ("c", "bought"): (23_456.78, 12.5),
            ("c", "school"): (10_000.02, 5),
        },
        {"school": [(2, 0), (2, 500)]},
    )
    taken = np.array([0.0, 2, 0, 1, 1, 1])
    rule = linear_rule("own", pairs=taken, gap=np.array([1.0, 0, 0]), sense=">=", right=5.0)
    network = year_network(problem, [rule]).network
    whole = solve_whole(network, solve_stages(network))
    found = {("a", "school"): 2, ("b", "bought"): 2, ("c", "bought"): 2, ("c", "school"): 1}
    assert flow_of(network, whole) == found
    assert whole.unproven == ()


def test_near_the_best_ends_the_search_and_says_by_how_much():
    linear = solve_stages(FUND)
    near = solve_whole(FUND, linear, relative_gap=0.5)
    assert near.stages["cost"].bound <= 9_000 <= near.stages["cost"].objective
    assert near.stages["cost"].objective <= near.stages["cost"].bound / (1 - 0.5) + 1e-6
    assert is_whole(near, FUND)
    # What only chooses between equals is left out.
    assert set(near.stages) <= {"gap", "cost"}
    assert near.unproven == ()


@settings(max_examples=30, deadline=None)
@given(asked=ruled(), stopped=st.integers(0, 4))
def test_without_time_a_whole_answer_has_bounds_that_hold_or_there_is_none(asked, stopped):
    problem, rule, kept = asked
    best = brute_force(problem, kept)
    assume(best is not None)
    network = year_network(problem, [rule]).network
    linear = solve_stages(network)
    # The clock passes the deadline after so many looks at it.
    looks = iter([0.0] * stopped + [100.0] * 1_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wholes.time, "monotonic", lambda: next(looks))
        try:
            answer = solve_whole(network, linear, deadline=50.0)
        except InfeasibleError:
            return
    values = dict(zip(("gap", "preference", "cost"), (best[0].gap, best[0].against, best[0].cost), strict=True))
    assert is_whole(answer, network)
    assert kept(flow_of(network, answer))
    for name, stage in answer.stages.items():
        if name in values:
            assert stage.bound <= values[name] + 1e-5
            assert values[name] <= stage.objective + 1e-5
            assert name in answer.unproven or stage.objective == pytest.approx(values[name], abs=1e-5)


def test_what_is_whole_and_what_is_not():
    linear = solve_stages(FUND)

    def with_children(*children):
        return replace(linear, arcs=np.arange(len(children)), children=np.array(children))

    assert is_whole(with_children(1.0, 2.0), FUND)
    assert is_whole(with_children(1.0, 2.0 + 1e-10), FUND)
    assert not is_whole(with_children(1.0, 2.001), FUND)
    # Other variables count where they have to be whole.
    more = pd.DataFrame({"lower": 0.0, "upper": 9.0, "whole": [False, True]}, index=["short", "add"])
    network = replace(FUND, extra=more)
    assert is_whole(replace(with_children(1.0), extras=np.array([0.5, 2.0])), network)
    assert not is_whole(replace(with_children(1.0), extras=np.array([2.0, 0.5])), network)


def test_brute_force_finds_what_was_worked_by_hand():
    def kept(flow):
        return 3 * sum(n for (_, unit), n in flow.items() if unit == "town") <= 7

    best, equals = best_by_enumeration(TOWN, allowed=kept)
    assert (best, len(equals)) == (Best(0, 0, 9_000), 3)
