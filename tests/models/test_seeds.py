"""Where a search begins: a flow is as good as the peers' and its prices prove it; a sample is as the whole."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from support.placement_peers import best_by_flow, best_by_linear_programme, problem_of, problems, random_problem

from placeplan.models.network import Network, reduce_costs
from placeplan.models.one_year import year_network
from placeplan.models.seeds import best_flow, flow_prices, sample
from placeplan.models.sift import proven_by_prices

INF = float("inf")
GAP, PREFERENCE = 1e8, 4e6


def in_order(network):
    """The objectives that come before ties: gap, preference and cost, those that there are."""
    nothing = np.zeros(len(network.extra))
    names = [name for name in ("gap", "preference", "cost") if name in network.cost]
    return {name: (network.cost[name], network.extra_cost.get(name, nothing)) for name in names}


def weighed(network):
    """The same as one objective, each far above the next."""
    nothing = np.zeros(int(network.first[-1]))
    gap, against = (network.cost.get(name, nothing) for name in ("gap", "preference"))
    return GAP * gap + PREFERENCE * against + network.cost["cost"], network.extra_cost["cost"]


def check_kept(network, flow, *, within):
    """Everybody counted once, no unit above its places and bands, no band above its width."""
    children, over = flow
    placed = np.bincount(network.tails(np.arange(len(children))), weights=children, minlength=len(network.supply))
    assert placed == pytest.approx(network.supply, abs=within)
    load = network.used(np.arange(len(children))).T @ children + network.extra_use.T @ over
    assert (load <= network.rows["right"] + within).all()
    assert (children >= 0).all()
    assert (over >= 0).all()
    assert (over <= network.extra["upper"]).all()


def comes_to(network, flow):
    return {name: cost @ flow[0] + extra @ flow[1] for name, (cost, extra) in in_order(network).items()}


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_the_flow_is_the_best_for_every_objective_in_order(problem):
    network = year_network(problem).network
    flow = best_flow(network, list(in_order(network).values()))
    check_kept(network, flow, within=0)
    assert (flow[0] % 1 == 0).all()
    peer = best_by_flow(problem)
    best = {"gap": peer.gap, "preference": peer.against, "cost": peer.cost}
    found = comes_to(network, flow)
    assert found == pytest.approx({name: best[name] for name in found}, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(problem=problems(fractions=True))
def test_the_flow_counts_in_parts_of_a_child(problem):
    network = year_network(problem).network
    flow = best_flow(network, [weighed(network)])
    check_kept(network, flow, within=1e-9)
    peer = best_by_linear_programme(problem)
    best = {"gap": peer.gap, "preference": peer.against, "cost": peer.cost}
    found = comes_to(network, flow)
    assert found == pytest.approx({name: best[name] for name in found}, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(problem=problems(), fractions=problems(fractions=True))
def test_prices_of_the_flow_prove_it(problem, fractions):
    for one in (problem, fractions):
        network = year_network(one).network
        cost, extra_cost = weighed(network)
        flow = best_flow(network, [(cost, extra_cost)])
        prices = flow_prices(network, flow, cost, extra_cost)
        assert (prices <= 0).all()
        found = proven_by_prices(network, cost, extra_cost, flow, prices=prices)
        peer = best_by_linear_programme(one)
        best = GAP * peer.gap + PREFERENCE * peer.against + peer.cost
        assert found.objective == pytest.approx(best, rel=1e-9, abs=1e-3)
        assert found.bound == pytest.approx(best, rel=1e-9, abs=1e-3)


def test_the_rounding_of_large_costs_is_no_cheaper_answer():
    # g has 2.75 children, a place at x and one above the full y for nothing; the rest waits. At 100 million pounds for
    # a child in the gap, moving one round x, y and the gap is a ten-millionth of a pound cheaper, by rounding alone.
    units, bands = {"x": (1, 0), "y": (0, 0)}, {"y": [(1, 0.0)]}
    pairs = {("g", "x"): (10_000.01, 5, True), ("g", "y"): (10_000.02, 5, True)}
    network = year_network(problem_of({"g": 2.75}, units, pairs, bands)).network
    cost, extra_cost = weighed(network)
    flow = best_flow(network, [(cost, extra_cost)])
    found = proven_by_prices(network, cost, extra_cost, flow, prices=flow_prices(network, flow, cost, extra_cost))
    assert found is not None
    assert found.objective == pytest.approx(0.75 * GAP + 2 * PREFERENCE + 20_000.03)


@settings(max_examples=60, deadline=None)
@given(problem=problems(), data=st.data())
def test_prices_of_another_flow_prove_it_only_where_it_is_as_good(problem, data):
    network = year_network(problem).network
    # A child in the gap at 200,000 pounds, so that a penny is not lost beside it.
    cost, extra_cost = 200_000.0 * network.cost.get("gap", 0.0) + network.cost["cost"], network.extra_cost["cost"]
    best = best_flow(network, [(cost, extra_cost)])
    # The best flow for other costs keeps every row, and mostly is not the best.
    pounds = st.sampled_from([0.0, 1.0, 9_000.0, 70_000.0])
    other = np.array([data.draw(pounds) for _ in cost]), np.zeros(len(extra_cost))
    flow = best_flow(network, [other])
    check_kept(network, flow, within=0)
    prices = flow_prices(network, flow, cost, extra_cost)
    assert (prices <= 0).all()
    found = proven_by_prices(network, cost, extra_cost, flow, prices=prices)
    more = cost @ flow[0] + extra_cost @ flow[1] - cost @ best[0] - extra_cost @ best[1]
    assert more > -0.001
    assert (found is not None) == (more < 0.001)


def test_prices_are_the_largest_that_prove_the_flow_worked_by_hand():
    # One place in town: a is there (10 pounds, 90 far away) and b far (60, 10 in town). With a place fewer a goes far
    # too, for 80 more; with a place more b comes back, for 50 less. Far has room.
    problem = problem_of(
        {"a": 1, "b": 1},
        {"far": (5, 0), "town": (1, 0)},
        {("a", "far"): (90, 60), ("a", "town"): (10, 5), ("b", "far"): (60, 60), ("b", "town"): (10, 5)},
    )
    network = year_network(problem).network
    cost, nothing = network.cost["cost"], np.zeros(0)
    placed = np.array([True, True, False] * 2)
    flow = np.array([0.0, 1, 0, 1, 0, 0]), nothing
    assert flow_prices(network, flow, cost, nothing, placed).tolist() == [0, -80]
    # Where a has nowhere else to go the price is large and finite.
    only_there = flow_prices(network, flow, cost, nothing, np.array([False, True, False, True, True, False]))
    assert -INF < only_there[1] < -50
    # A row that has to be full may have a price of the other sign: two in far, of whom a would save 80 in town.
    full = replace(network, rows=network.rows.assign(sense=["=", "<="], right=[2.0, 2.0]))
    both = np.array([1.0, 0, 0, 1, 0, 0]), nothing
    assert flow_prices(full, both, cost, nothing, placed).tolist() == [80, 0]
    # A flow that can be made cheaper has no prices of its own.
    worse = np.array([1.0, 0, 0, 0, 1, 0]), nothing
    assert flow_prices(network, worse, cost, nothing, placed).tolist() == [0, 0]
    assert proven_by_prices(network, cost, nothing, worse, prices=np.zeros(2), allowed=placed) is None


def test_children_who_stay_beyond_the_places_are_in_the_bands_already():
    # Two places, five who stay: the bands of one and two are full of them, and a goes far.
    problem = problem_of(
        {"a": 1},
        {"far": (4, 0), "u": (2, 5)},
        {("a", "u"): (100, 5), ("a", "far"): (30_000, 70)},
        {"u": [(1, 500), (2, 500)]},
    )
    network = year_network(problem).network
    children, over = best_flow(network, list(in_order(network).values()))
    assert (children.tolist(), over.tolist()) == ([1, 0, 0], [1, 2])


def test_a_free_band_that_is_filled_before_the_places_leaves_room_in_them():
    # Three children in three places and a band of two that costs nothing: however they sit, one fewer costs nothing.
    problem = problem_of(
        {"a": 3}, {"far": (9, 0), "u": (3, 0)}, {("a", "u"): (4_000, 5), ("a", "far"): (9_000, 50)}, {"u": [(2, 0)]}
    )
    network = year_network(problem).network
    cost, extra_cost = network.cost["cost"], network.extra_cost["cost"]
    no_gap = np.array([True, True, False])
    for over in (0.0, 1.0, 2.0):
        flow = np.array([0.0, 3, 0]), np.array([over])
        assert flow_prices(network, flow, cost, extra_cost, no_gap).tolist() == [0, 0]


def test_a_network_that_is_more_than_places_and_bands_has_no_flow():
    problem = problem_of({"a": 1}, {"u": (1, 0)}, {("a", "u"): (10, 5)}, {"u": [(1, 3)]})
    network = year_network(problem).network
    costs = list(in_order(network).values())
    assert best_flow(network, costs) is not None
    others = {
        "a rule": network.with_row("keep", *in_order(network)["cost"], 100.0),
        "a later year": replace(network, head=np.array([-1, -1], dtype=np.int32), gain=np.zeros(2), levels=(0, 1)),
        "no places": replace(network, row=None),
        "at least": replace(network, rows=network.rows.assign(sense=">=")),
        "whole places": replace(network, extra=network.extra.assign(whole=True)),
        "two for one": replace(network, extra_use=network.extra_use * 2.0),
        "some at least": replace(network, extra=network.extra.assign(lower=0.5)),
    }
    assert {name: best_flow(other, costs) for name, other in others.items()} == dict.fromkeys(others)


def several_years(count, *, seed):
    """A network of ``count`` groups over two years, two nodes each, and of an objective."""
    rng = np.random.default_rng(seed)
    supply = np.concatenate([rng.integers(1, 5, count), np.zeros(count)])
    first = np.arange(2 * count + 1) * 3
    row = rng.integers(-1, 6, 6 * count).astype(np.int32)
    head = np.repeat(np.concatenate([np.arange(count) + count, np.full(count, -1)]), 3).astype(np.int32)
    head[1::3] = -1
    network = Network(
        supply=supply,
        first=first,
        cost={},
        row=row,
        use=None,
        rows=pd.DataFrame({"sense": "<=", "right": 9.0}, index=[f"row {r}" for r in range(6)]),
        extra=pd.DataFrame({"lower": [], "upper": [], "whole": []}),
        extra_cost={},
        extra_use=sparse.csr_array((0, 6)),
        arc_labels=pd.Index,
        node_labels=pd.Index,
        head=head,
        gain=np.where(head >= 0, 0.9, 0.0),
        levels=(0, count, 2 * count),
        family=np.tile(np.arange(count), 2),
    )
    return network, rng.integers(1, 1_000, 6 * count).astype(float)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 40), seed=st.integers(0, 10**6), every=st.sampled_from([1, 2, 3, 8]))
def test_a_sample_keeps_whole_families_and_weighs_as_much_as_everybody(count, seed, every):
    network, cost = several_years(count, seed=seed)
    value, potential = reduce_costs(network, cost, np.zeros(6))
    part, arcs = sample(network, value, 1.0 / every)
    if not len(part.supply):
        assert count <= every // 2
        return
    groups = np.unique(part.family)
    assert np.bincount(part.family)[groups].tolist() == [2] * len(groups)
    assert abs(len(groups) - count / every) < 1
    assert part.supply.sum() == pytest.approx(network.supply.sum())
    weight = network.supply.sum() / network.supply[groups].sum()
    assert part.supply[: len(groups)] == pytest.approx(network.supply[groups] * weight)
    # A path costs in the sample what it costs in the whole.
    _, in_part = reduce_costs(part, cost[arcs], np.zeros(6))
    assert in_part.tolist() == potential[np.concatenate([groups, groups + count])].tolist()
    assert part.row.tolist() == network.row[arcs].tolist()


def test_a_sample_takes_something_of_every_kind_of_group():
    # A hundred groups who want the one unit and three hundred who want the other: an eighth of each, give or take one.
    problem = random_problem(9, groups=400, units=2)
    network = year_network(problem).network
    at_best = np.repeat(np.arange(400), np.diff(network.first))
    value = np.where((network.row == 1) == (at_best < 100), 1.0, 5.0)
    value[network.row < 0] = 9.0
    best = np.minimum.reduceat(value, network.first[:-1])
    row = np.array([network.row[at_best == n][value[at_best == n] == best[n]][0] for n in range(400)])
    part, arcs = sample(network, value, 0.125)
    chosen = np.unique(network.tails(arcs))
    assert len(part.supply) == len(chosen) == 50
    for kind in (-1, 0, 1):
        assert abs((row[chosen] == kind).sum() - (row == kind).sum() / 8) <= 1
