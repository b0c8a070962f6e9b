"""Prices of places: each equals solving again with a place more or fewer, and none proves more than is true."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.placement_peers import best_by_flow, problem_of, problems, random_problem, scorer

from placeplan.models.allocate import allocate, overfill_of
from placeplan.models.constraints import linear_rule
from placeplan.models.one_year import year_network
from placeplan.models.placement import placement_problem
from placeplan.models.pricing import NotOptimalError, largest_prices, one_sided_prices, residual, smallest_prices

INF = float("inf")


def prices_of(problem):
    return one_sided_prices(problem, allocate(problem))


def placed(answer, problem, flow):
    """The answer with other children in it: ``{(group, unit): children}``, whoever is not there waiting."""
    flows = pd.DataFrame([(*pair, n) for pair, n in flow.items()], columns=["group", "unit", "children"])
    flows = flows.astype({"children": float})
    there = flows.groupby("group")["children"].sum().reindex(problem.groups.index).fillna(0.0)
    return replace(answer, flows=flows, gap=problem.groups["children"] - there, overfill=overfill_of(problem, flows))


def again(problem, unit, places):
    """The best after solving again with more (or fewer) places at a unit."""
    units = problem.units.copy()
    units.loc[unit, "places"] += places
    return best_by_flow(placement_problem(problem.groups, units, problem.bands, problem.pairs))


def check_against_solving_again(problem):
    prices = prices_of(problem)
    now = best_by_flow(problem)
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


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_prices_equal_solving_again_with_a_place_more_or_fewer(problem):
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
    prices = prices_of(problem)
    assert prices["saving_one_more"].to_dict() == {"town": 5_000, "far": 0}
    assert prices["cost_one_fewer"].to_dict() == {"town": 8_000, "far": 0}
    assert (prices[["children_one_more", "children_one_fewer"]] == 0).all(axis=None)


def test_a_place_for_a_child_in_the_gap_costs_money_and_places_a_child():
    # One place, two children: one more places the second, at 4,000 more; one fewer leaves both without.
    problem = problem_of({"a": 2}, {"u": (1, 0)}, {("a", "u"): (4_000, 5)})
    row = prices_of(problem).loc["u"]
    assert (row["saving_one_more"], row["children_one_more"]) == (-4_000, 1)
    assert (row["cost_one_fewer"], row["children_one_fewer"]) == (-4_000, -1)


def test_a_place_that_meets_a_preference_may_cost_money():
    # Both prefer the unit at 20,000, which has one place; the other one costs 5,000.
    units = {"dear": (1, 0), "cheap": (2, 0)}
    problem = problem_of({"a": 2}, units, {("a", "dear"): (20_000, 5), ("a", "cheap"): (5_000, 5, True)})
    row = prices_of(problem).loc["dear"]
    assert (row["saving_one_more"], row["preferences_one_more"]) == (-15_000, 1)
    assert (row["cost_one_fewer"], row["preferences_one_fewer"]) == (-15_000, -1)


def test_one_more_place_ends_overfill_at_its_dearest_band():
    # One place and three children, overfill at 100 and then 700: one more place saves the 700, one fewer costs 2,000.
    bands = {"u": [(1, 100), (1, 700), (1, 2_000)]}
    row = prices_of(problem_of({"a": 3}, {"u": (1, 0)}, {("a", "u"): (0, 5)}, bands)).loc["u"]
    assert (row["saving_one_more"], row["cost_one_fewer"]) == (700, 2_000)


def test_a_unit_full_of_children_who_stay_has_no_cost_of_one_fewer():
    prices = prices_of(problem_of({"a": 1}, {"u": (2, 2)}, {("a", "u"): (10, 5)}))
    assert np.isnan(prices.loc["u", "cost_one_fewer"])
    assert prices.loc["u", "children_one_more"] == 1


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
    found = placed(allocate(problem), problem, flow)
    if scorer(problem)(flow) == best_by_flow(problem):
        assert len(one_sided_prices(problem, found)) == np.isfinite(problem.units["places"]).sum()
    else:
        with pytest.raises(NotOptimalError, match="can be made cheaper"):
            one_sided_prices(problem, found)


def test_an_answer_that_is_not_the_best_has_no_prices():
    problem = problem_of(
        {"a": 1}, {"near": (1, 0), "far": (1, 0)}, {("a", "near"): (1_000, 5), ("a", "far"): (9_000, 60)}
    )
    answer = allocate(problem)
    assert one_sided_prices(problem, placed(answer, problem, {("a", "near"): 1})).index.tolist() == ["far", "near"]
    for other in ({("a", "far"): 1}, {}):
        with pytest.raises(NotOptimalError):
            one_sided_prices(problem, placed(answer, problem, other))
    # Nor has one in which a child is dearer where there is room to spare than where places are bought.
    spare = problem_of({"a": 1}, {"x": (2, 0), "y": (INF, 0)}, {("a", "x"): (20, 5), ("a", "y"): (10, 5)})
    with pytest.raises(NotOptimalError):
        one_sided_prices(spare, placed(allocate(spare), spare, {("a", "x"): 1}))
    # Neither has one who pays more for a place than somewhere else, where both are bought.
    bought = problem_of({"a": 1}, {"x": (INF, 0), "y": (INF, 0)}, {("a", "x"): (10, 5), ("a", "y"): (20, 5)})
    with pytest.raises(NotOptimalError):
        one_sided_prices(bought, placed(allocate(bought), bought, {("a", "y"): 1}))


def graph_of(problem, children, over, *, allowed=None):
    """The residual graph, in pounds, of children by arc and by band; arcs by group and unit, a gap last."""
    network = year_network(problem).network
    flow = np.array(children, float), np.array(over, float)
    return residual(network, flow, network.cost["cost"], network.extra_cost["cost"], allowed)


def test_the_largest_and_the_smallest_price_are_the_ways_to_idle_room_and_from_it():
    # Arcs: a far 9, a town 1, its gap; b far 6, b town 1, its gap. Town's one place is a's. One fewer in town: a goes
    # far, 8 more; one more: b comes back, 5 saved. Far has room: nothing either way.
    problem = problem_of(
        {"a": 1, "b": 1},
        {"far": (5, 0), "town": (1, 0)},
        {("a", "town"): (1, 5), ("b", "town"): (1, 5), ("a", "far"): (9, 60), ("b", "far"): (6, 60)},
    )
    no_gaps = np.array([True, True, False] * 2)
    graph = graph_of(problem, [0, 1, 0, 1, 0, 0], [], allowed=no_gaps)
    assert largest_prices(graph).tolist() == [0, 8]
    assert smallest_prices(graph).tolist() == [0, 5]
    # b may not come back: nobody wants one more in town.
    fixed = graph_of(problem, [0, 1, 0, 1, 0, 0], [], allowed=np.array([True, True, False, True, False, False]))
    assert (largest_prices(fixed).tolist(), smallest_prices(fixed).tolist()) == ([0, 8], [0, 0])
    # Nobody may leave it either: there is no price of one fewer.
    full = graph_of(problem, [0, 1, 0, 1, 0, 0], [], allowed=np.array([False, True, False, True, False, False]))
    assert largest_prices(full).tolist() == [0, INF]
    # b in town and a far is 3 dearer: a way round that ends cheaper has no shortest way.
    for prices in (largest_prices, smallest_prices):
        with pytest.raises(NotOptimalError):
            prices(graph_of(problem, [1, 0, 0, 0, 1, 0], [], allowed=no_gaps))


def test_a_band_in_use_is_a_way_from_idle_room_and_one_with_room_a_way_to_it():
    # Three children in one place, one above it at 4 and one of two above at 7, and nobody may wait: one fewer place
    # takes the second band's other half, 7; one more empties the half that is used, 7.
    problem = problem_of({"a": 3}, {"u": (1, 0)}, {("a", "u"): (0, 5)}, {"u": [(1, 4), (2, 7)]})
    part = graph_of(problem, [3, 0], [1, 1], allowed=np.array([True, False]))
    assert (largest_prices(part).tolist(), smallest_prices(part).tolist()) == ([7], [7])
    # Two children fill the first band and leave the second empty: 7 for one fewer, 4 saved by one more.
    problem = problem_of({"a": 2}, {"u": (1, 0)}, {("a", "u"): (0, 5)}, {"u": [(1, 4), (2, 7)]})
    edge = graph_of(problem, [2, 0], [1, 0], allowed=np.array([True, False]))
    assert (largest_prices(edge).tolist(), smallest_prices(edge).tolist()) == ([7], [4])


def test_prices_by_shortest_ways_are_refused_where_arcs_take_more_than_a_place():
    problem = problem_of({"a": 1}, {"u": (1, 0)}, {("a", "u"): (5, 5)})
    own = linear_rule("own", pairs=np.ones(1), gap=np.zeros(1), sense="<=", right=1.0)
    network = year_network(problem, [own]).network
    with pytest.raises(ValueError, match="every arc takes one place"):
        residual(network, (np.array([1.0, 0.0]), np.zeros(0)), network.cost["cost"], network.extra_cost["cost"])
