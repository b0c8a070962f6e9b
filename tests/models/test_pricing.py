"""Prices of places: each equals solving again with a place more or fewer, and none proves more than is true."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.placement_peers import best_by_flow, best_by_linear_programme, problem_of, problems, random_problem, scorer

from placeplan.models.allocate import allocate
from placeplan.models.placement import placement_problem
from placeplan.models.pricing import (
    GAP_WEIGHT,
    PREFERENCE_WEIGHT,
    NotOptimalError,
    lower_bound,
    one_sided_prices,
    residual,
    unit_prices,
    weigh,
)

INF = float("inf")


def prices_of(problem):
    answer = allocate(problem)
    graph = residual(problem, answer.flows, answer.gap)
    return one_sided_prices(problem, graph), unit_prices(problem, graph)


def again(problem, unit, places):
    """The best after solving again with more (or fewer) places at a unit."""
    units = problem.units.copy()
    units.loc[unit, "places"] += places
    return best_by_flow(placement_problem(problem.groups, units, problem.bands, problem.pairs))


def weighed(best):
    """A peer's best as one number, as the documentation weighs it."""
    return GAP_WEIGHT * best.gap + PREFERENCE_WEIGHT * best.against + 100 * best.cost


def check_against_solving_again(problem):
    prices, largest = prices_of(problem)
    now = best_by_flow(problem)
    assert (largest >= 0).all()
    assert lower_bound(problem, largest) == pytest.approx(weighed(now), abs=0.5, rel=0)
    counted = problem.units.index[np.isfinite(problem.units["places"])]
    assert list(prices.index) == list(counted)
    for unit, row in prices.iterrows():
        more = again(problem, unit, 1)
        assert row["children_one_more"] == now.gap - more.gap
        assert row["preferences_one_more"] == now.against - more.against
        assert row["saving_one_more"] == pytest.approx(now.cost - more.cost, abs=1e-6)
        places, held = problem.units.loc[unit]
        width = problem.bands.loc[problem.bands["unit"] == unit, "width"].sum()
        if held >= places + width:
            assert row[["cost_one_fewer", "children_one_fewer", "preferences_one_fewer"]].isna().all()
        elif places > 0:
            fewer = again(problem, unit, -1)
            assert row["children_one_fewer"] == now.gap - fewer.gap
            assert row["preferences_one_fewer"] == now.against - fewer.against
            assert row["cost_one_fewer"] == pytest.approx(fewer.cost - now.cost, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_prices_equal_solving_again_with_a_place_more_or_fewer_and_prove_the_answer(problem):
    check_against_solving_again(problem)


@pytest.mark.parametrize("seed", [1, 2])
def test_prices_of_a_larger_county_equal_solving_again(seed):
    check_against_solving_again(random_problem(seed, groups=60, units=8, unlimited=seed == 2))


def test_prices_worked_by_hand():
    # One place in town; a and b would each cost 1,000 there, and in the far school 9,000 and 6,000. a has the place.
    # One more in town: b comes back, 5,000 saved. One fewer: a goes far too, 8,000. Far has room: nothing either way.
    problem = problem_of(
        {"a": 1, "b": 1},
        {"town": (1, 0), "far": (5, 0)},
        {("a", "town"): (1_000, 5), ("b", "town"): (1_000, 5), ("a", "far"): (9_000, 60), ("b", "far"): (6_000, 60)},
    )
    prices, largest = prices_of(problem)
    assert prices["saving_one_more"].to_dict() == {"town": 5_000, "far": 0}
    assert prices["cost_one_fewer"].to_dict() == {"town": 8_000, "far": 0}
    assert largest.to_dict() == {"town": 800_000, "far": 0}  # pence
    assert (prices[["children_one_more", "children_one_fewer"]] == 0).all(axis=None)


def test_a_place_for_a_child_in_the_gap_costs_money_and_places_a_child():
    # One place, two children: one more places the second, at 4,000 more; one fewer leaves both without.
    problem = problem_of({"a": 2}, {"u": (1, 0)}, {("a", "u"): (4_000, 5)})
    row = prices_of(problem)[0].loc["u"]
    assert (row["saving_one_more"], row["children_one_more"]) == (-4_000, 1)
    assert (row["cost_one_fewer"], row["children_one_fewer"]) == (-4_000, -1)


def test_a_place_that_meets_a_preference_may_cost_money():
    # Both prefer the unit at 20,000, which has one place; the other one costs 5,000.
    units = {"dear": (1, 0), "cheap": (2, 0)}
    problem = problem_of({"a": 2}, units, {("a", "dear"): (20_000, 5), ("a", "cheap"): (5_000, 5, True)})
    row = prices_of(problem)[0].loc["dear"]
    assert (row["saving_one_more"], row["preferences_one_more"]) == (-15_000, 1)
    assert (row["cost_one_fewer"], row["preferences_one_fewer"]) == (-15_000, -1)


def test_one_more_place_ends_overfill_at_its_dearest_band():
    # One place and three children, overfill at 100 and then 700: one more place saves the 700, one fewer costs 2,000.
    bands = {"u": [(1, 100), (1, 700), (1, 2_000)]}
    row = prices_of(problem_of({"a": 3}, {"u": (1, 0)}, {("a", "u"): (0, 5)}, bands))[0].loc["u"]
    assert (row["saving_one_more"], row["cost_one_fewer"]) == (700, 2_000)


def test_a_unit_full_of_children_who_stay_has_no_cost_of_one_fewer():
    prices, largest = prices_of(problem_of({"a": 1}, {"u": (2, 2)}, {("a", "u"): (10, 5)}))
    assert np.isnan(prices.loc["u", "cost_one_fewer"])
    assert prices.loc["u", "children_one_more"] == 1
    assert np.isfinite(largest["u"])


@settings(max_examples=80, deadline=None)
@given(problem=problems(fractions=True), data=st.data())
def test_no_prices_prove_more_than_the_best_answer(problem, data):
    pence = st.sampled_from([0.0, 1.0, 500_000.0, 3_000_000.0, PREFERENCE_WEIGHT, GAP_WEIGHT, 5 * GAP_WEIGHT])
    drawn = [0.0 if np.isinf(n) else data.draw(pence) for n in problem.units["places"]]
    best = weighed(best_by_linear_programme(problem))
    # Weights of 2^43 pence leave double precision a hundredth of a pound or so on fractions of children.
    assert lower_bound(problem, pd.Series(drawn, index=problem.units.index)) <= best + 1e-9 * GAP_WEIGHT


def test_the_bound_worked_by_hand():
    # Two children at 10 pounds with one place and one above it at 3 pounds. At a price of 500 pence:
    # 2 x (1,000 + 500) - 500 x 1 - (500 - 300) x 1 = 2,300; the best answer is 1,000 + 1,000 + 300.
    problem = problem_of({"a": 2}, {"u": (1, 0)}, {("a", "u"): (10, 5)}, {"u": [(1, 3)]})
    assert lower_bound(problem, pd.Series({"u": 500.0})) == 2_300
    # At 200 pence the band is not worth it: 2 x 1,200 - 200 = 2,200. At nought: 2,000.
    assert lower_bound(problem, pd.Series({"u": 200.0})) == 2_200
    assert lower_bound(problem, pd.Series({"u": 0.0})) == 2_000


@settings(max_examples=40, deadline=None)
@given(problem=problems(preferences=False), data=st.data())
def test_an_answer_has_prices_exactly_when_it_is_the_best(problem, data):
    # Fill units in a drawn order of pairs: sometimes the best answer, mostly not.
    room = problem.units["places"].add(problem.bands.groupby("unit")["width"].sum(), fill_value=0.0)
    room = (room - problem.units["held"]).to_dict()
    left = problem.groups["children"].to_dict()
    flow = {}
    for i in data.draw(st.permutations(range(len(problem.pairs)))):
        group, unit = problem.pairs.loc[i, ["group", "unit"]]
        children = min(left[group], room[unit])
        if children > 0:
            flow[group, unit] = children
            left[group] -= children
            room[unit] -= children
    flows = [(*pair, children) for pair, children in flow.items()]
    frame = pd.DataFrame(flows, columns=["group", "unit", "children"]).astype({"children": float})
    gap = pd.Series(left, index=problem.groups.index, dtype=float)
    if scorer(problem)(flow) == best_by_flow(problem):
        residual(problem, frame, gap)
    else:
        with pytest.raises(NotOptimalError, match="can be made cheaper"):
            residual(problem, frame, gap)


def test_an_answer_that_is_not_the_best_has_no_prices():
    problem = problem_of(
        {"a": 1}, {"near": (1, 0), "far": (1, 0)}, {("a", "near"): (1_000, 5), ("a", "far"): (9_000, 60)}
    )
    gap = pd.Series({"a": 0.0})
    residual(problem, pd.DataFrame({"group": ["a"], "unit": ["near"], "children": [1.0]}), gap)
    with pytest.raises(NotOptimalError):
        residual(problem, pd.DataFrame({"group": ["a"], "unit": ["far"], "children": [1.0]}), gap)
    with pytest.raises(NotOptimalError):
        residual(problem, pd.DataFrame({"group": [], "unit": [], "children": []}), pd.Series({"a": 1.0}))


def test_a_pair_weighs_its_pence_and_then_its_preference():
    pairs = pd.DataFrame({"cost": [10.01, 0.29], "against_preference": [False, True]})
    assert weigh(pairs).tolist() == [1_001, 29 + PREFERENCE_WEIGHT]
    # A thousand preferences are worth less than one child in the gap, and any cost less than one preference.
    assert 1_000 * PREFERENCE_WEIGHT < GAP_WEIGHT
