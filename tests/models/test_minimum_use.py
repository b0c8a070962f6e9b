"""A unit takes nobody new or enough to be viable: rows by hand, worked answers, every way tried, a search cut short."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.placement_peers import best_by_enumeration, problem_of, problems

from placeplan.models.allocate import allocate
from placeplan.models.constraints import linear_rule
from placeplan.models.minimum_use import minimum_use
from placeplan.models.program import InfeasibleError

INF = float("inf")

# Three children, a class on the spot that is viable from three, and a school farther off.
CLASS = problem_of(
    {"a": 1, "b": 1, "c": 1},
    {"class": (4, 0), "school": (4, 0)},
    {
        ("a", "class"): (1_000, 5),
        ("a", "school"): (9_000, 40),
        ("b", "class"): (1_000, 5),
        ("b", "school"): (2_000, 10),
        ("c", "class"): (8_000, 30),
        ("c", "school"): (1_000, 5),
    },
)


def loads(answer):
    return answer.flows.groupby("unit")["children"].sum().to_dict()


def best(problem, minimum):
    answer = allocate(problem, minimum=pd.Series(minimum, dtype=float))
    assert answer.proof.status == "optimal"
    assert answer.proof.bound == pytest.approx(answer.proof.objective)
    return answer


def test_a_branch_closes_units_or_asks_for_what_they_lack():
    problem = problem_of({"a": 1}, {"u": (4, 1), "v": (2, 0)}, {("a", "u"): (0, 5), ("a", "v"): (0, 5)})
    rule = minimum_use(problem, pd.Series({"u": 3.0, "v": 2.0}), {"v": False, "u": True})
    assert rule.rows.to_dict("index") == {
        "minimum[u]": {"sense": ">=", "right": 2.0},
        "minimum[v]": {"sense": "<=", "right": 0.0},
    }
    assert rule.pairs.toarray().tolist() == [[1, 0], [0, 1]]
    assert rule.gap.toarray().tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("viable", "expected", "pounds"),
    [
        # Two in the class is the cheapest of all: 3,000.
        (2, {"class": 2, "school": 1}, 3_000),
        # A third child in it is 7,000 more; closed, the class would send a and b to the school at 9,000 more.
        (3, {"class": 3}, 10_000),
        # Four children there are not.
        (4, {"school": 3}, 12_000),
    ],
)
def test_a_unit_between_is_closed_or_filled_whichever_is_cheaper(viable, expected, pounds):
    answer = best(CLASS, {"class": viable})
    assert loads(answer) == expected
    assert answer.proof.objective == pounds
    assert answer.proof.by_prices == (viable == 2)


def test_children_who_stay_count_and_a_unit_with_enough_of_them_is_free():
    pairs = {("a", "u"): (1_000, 5), ("a", "v"): (2_000, 5)}
    for held, expected in ((2, {"u": 1}), (1, {"u": 1}), (0, {"v": 1})):
        assert loads(best(problem_of({"a": 1}, {"u": (4, held), "v": (4, 0)}, pairs), {"u": 2})) == expected


def test_a_unit_bought_one_by_one_has_no_minimum():
    problem = problem_of({"a": 1}, {"shop": (INF, 0)}, {("a", "shop"): (1_000, 5)})
    assert loads(best(problem, {"shop": 5})) == {"shop": 1}


def test_the_gap_comes_before_the_minimum_and_a_child_waits_only_where_no_unit_can_be_viable():
    problem = problem_of({"a": 2, "b": 1}, {"u": (2, 0)}, {("a", "u"): (1_000, 5), ("b", "u"): (90_000, 5)})
    answer = best(problem, {"u": 3})
    assert (loads(answer), answer.gap.sum(), answer.proof.gap_children_bound) == ({}, 3, 3)
    assert best(problem, {"u": 2}).gap.to_dict() == {"a": 0, "b": 1}


def test_filling_one_unit_may_close_another():
    # Two schools of two each want three children.
    problem = problem_of(
        {"a": 3},
        {"x": (2, 0), "y": (3, 0)},
        {("a", "x"): (1_000, 5), ("a", "y"): (1_500, 5)},
    )
    assert loads(best(problem, {"x": 2, "y": 2})) == {"y": 3}
    assert loads(best(problem, {"x": 2, "y": 1})) == {"x": 2, "y": 1}


def test_fractions_of_children_make_a_unit_viable_to_a_part():
    problem = problem_of(
        {"a": 0.75, "b": 0.75},
        {"u": (1, 0), "v": (9, 0)},
        {("a", "u"): (0, 5), ("a", "v"): (4_000, 5), ("b", "v"): (1_000, 5), ("b", "u"): (3_000, 5)},
    )
    # a alone is 0.75; 0.25 of b more makes it viable at 500 pounds, closing it would cost 3,000.
    answer = best(problem, {"u": 1})
    assert loads(answer) == pytest.approx({"u": 1.0, "v": 0.5})
    assert answer.proof.objective == pytest.approx(0.25 * 3_000 + 0.5 * 1_000)


@settings(max_examples=25, deadline=None)
@given(problem=problems(most_groups=3, most_units=3), data=st.data())
def test_tiny_answers_are_the_best_of_all_viable_ones_and_of_equals_the_fewest_minutes_win(problem, data):
    minimum = pd.Series({u: float(data.draw(st.integers(0, 5))) for u in problem.units.index})
    counted = problem.units.index[np.isfinite(problem.units["places"])]

    def viable(flow):
        new = {u: sum(n for (_, there), n in flow.items() if there == u) for u in counted}
        return all(new[u] == 0 or problem.units.loc[u, "held"] + new[u] >= minimum[u] for u in counted)

    expected, flows = best_by_enumeration(problem, allowed=viable)
    answer = best(problem, minimum)
    found = {(r.group, r.unit): int(r.children) for r in answer.flows.itertuples()}
    assert found in flows
    assert (answer.gap.sum(), answer.proof.objective) == (expected.gap, pytest.approx(expected.cost))
    minutes = problem.pairs.set_index(["group", "unit"])["minutes"]
    spent = [sum(n * minutes[pair] for pair, n in flow.items()) for flow in flows]
    assert spent[flows.index(found)] == pytest.approx(min(spent))


def test_a_minimum_that_no_rule_lets_a_unit_reach_closes_it():
    one = linear_rule("one", pairs=np.array([1.0, 0, 1, 0, 1, 0]), gap=np.zeros(3), sense="<=", right=1.0)
    answer = allocate(CLASS, rules=[one], minimum=pd.Series({"class": 2.0}))
    assert loads(answer) == {"school": 3}


def test_a_minimum_and_a_rule_that_contradict_each_other_are_said_to():
    problem = problem_of({"a": 1}, {"u": (3, 0)}, {("a", "u"): (1_000, 5)})
    there = linear_rule("there", pairs=np.ones(1), gap=np.zeros(1), sense=">=", right=1.0)
    with pytest.raises(InfeasibleError):
        allocate(problem, rules=[there], minimum=pd.Series({"u": 2.0}))


def test_a_search_cut_short_says_what_it_knows():
    # Three units that each want three of five children who are spread about.
    units = {f"u{i}": (5, 0) for i in range(3)}
    pairs = {
        (f"g{i}", unit): (1_000 * ((3 * i + 2 * k) % 7 + 1), 5)
        for (i, (k, unit)) in itertools.product(range(5), enumerate(units))
    }
    problem = problem_of({f"g{i}": 1 for i in range(5)}, units, pairs)
    minimum = pd.Series(3.0, index=list(units))
    proven, cut = allocate(problem, minimum=minimum), allocate(problem, minimum=minimum, time_limit=0.0)
    assert (proven.proof.status, cut.proof.status) == ("optimal", "feasible")
    assert all(n >= 3 for n in loads(cut).values())
    assert cut.proof.bound <= proven.proof.objective <= cut.proof.objective or cut.gap.sum() > proven.gap.sum()
    assert cut.proof.gap_children_bound <= proven.proof.gap_children
