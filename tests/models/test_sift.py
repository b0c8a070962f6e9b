"""Sifting: from any prices and however few arcs at first, the best of the whole network as linprog finds it at once."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog
from support.placement_peers import best_by_linear_programme, problem_of, random_problem

from placeplan.models import sift as sifting
from placeplan.models.network import Network, bound, reduce_costs
from placeplan.models.one_year import year_network
from placeplan.models.program import InfeasibleError
from placeplan.models.sift import proven_by_prices, sift

INF = float("inf")
COSTS = [0.0, 0.01, 1.0, 250.0, 4_000.0, 10_000.01, 60_000.0, -300.0]
NEAR = st.sampled_from([1e-3, 1.0, 5_000.0, 1e6, INF])


@st.composite
def networks(draw, *, most_levels=3):
    """A small network of up to three levels, with rows of every sense, bands and rules; and an objective.

    Children arrive again in shares at any later node; arcs take places, or anything of any row. It may have no answer.
    """
    levels = draw(st.integers(1, most_levels))
    sizes = [draw(st.integers(1, 3)) for _ in range(levels)]
    begins = np.concatenate([[0], np.cumsum(sizes)])
    level = np.repeat(np.arange(levels), sizes)
    supply = np.array([draw(st.sampled_from([0.0, 1.0, 2.0, 0.75])) for _ in level])
    count = [draw(st.integers(1, 4)) for _ in level]
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    arcs, rows = int(first[-1]), draw(st.integers(0, 4))
    of_arc = np.repeat(level, count)
    later = [list(range(int(begins[n + 1]), len(level))) for n in of_arc]
    head = [draw(st.sampled_from([-1, *nodes])) for nodes in later]
    amount = st.sampled_from([0.0, 0.0, 1.0, 0.5, 2.5, -1.0])
    extras = draw(st.integers(0, 2))
    use = draw(st.booleans())
    senses = [draw(st.sampled_from(["<=", "<=", "<=", ">=", "="])) for _ in range(rows)]
    network = Network(
        supply=supply,
        first=first,
        cost={},
        row=np.array([draw(st.integers(-1, rows - 1)) for _ in range(arcs)], dtype=np.int32),
        use=sparse.csr_array(np.array([[draw(amount) for _ in range(rows)] for _ in range(arcs)]).reshape(arcs, rows))
        if use
        else None,
        rows=pd.DataFrame(
            {"sense": np.array(senses, object), "right": [draw(st.sampled_from([0.0, 1.0, 2.5, 6.0])) for _ in senses]},
            index=pd.Index([f"row {r}" for r in range(rows)], dtype=object),
        ).astype({"right": float}),
        extra=pd.DataFrame(
            {
                "lower": 0.0,
                "upper": [draw(st.sampled_from([0.0, 1.5, 4.0])) for _ in range(extras)],
                "whole": False,
            },
            index=pd.Index([f"extra {k}" for k in range(extras)], dtype=object),
        ).astype({"upper": float}),
        extra_cost={},
        extra_use=sparse.csr_array(
            np.array([[draw(amount) for _ in range(rows)] for _ in range(extras)]).reshape(extras, rows)
        ),
        arc_labels=lambda some: pd.Index([f"arc {a}" for a in some], dtype=object),
        node_labels=lambda some: pd.Index([f"node {n}" for n in some], dtype=object),
        head=np.array(head, dtype=np.int32) if levels > 1 else None,
        gain=np.array([draw(st.sampled_from([0.5, 0.9, 1.0])) for _ in range(arcs)]) if levels > 1 else None,
        levels=tuple(int(n) for n in begins) if levels > 1 else (),
    )
    cost = np.array([draw(st.sampled_from(COSTS)) for _ in range(arcs)])
    return network, cost, np.array([draw(st.sampled_from(COSTS)) for _ in range(extras)])


def rows_of(network):
    """What arcs and extras take of the rows, one by one: rows x (arcs and extras); and the nodes' balance."""
    arcs, extras = int(network.first[-1]), len(network.extra)
    shared = np.zeros((len(network.rows), arcs + extras))
    balance = np.zeros((len(network.supply), arcs + extras))
    for node in range(len(network.supply)):
        for arc in range(network.first[node], network.first[node + 1]):
            balance[node, arc] += 1
            if network.head is not None and network.head[arc] >= 0:
                balance[network.head[arc], arc] -= network.gain[arc]
            if network.row is not None and network.row[arc] >= 0:
                shared[network.row[arc], arc] += 1
            if network.use is not None:
                shared[:, arc] += network.use.toarray()[arc]
    shared[:, arcs:] = network.extra_use.toarray().T
    return shared, balance


def peer(network, cost, extra_cost, allowed=None):
    """The least by scipy over the whole network at once, or nothing where the rows cannot be kept."""
    shared, balance = rows_of(network)
    sense, right = network.rows["sense"].to_numpy(), network.rows["right"].to_numpy()
    equal, up, down = sense == "=", sense == "<=", sense == ">="
    arcs = len(cost)
    most = [None if allowed is None or allowed[a] else 0 for a in range(arcs)]
    found = linprog(
        np.concatenate([cost, extra_cost]),
        A_ub=np.vstack([shared[up], -shared[down]]),
        b_ub=np.concatenate([right[up], -right[down]]),
        A_eq=np.vstack([balance, shared[equal]]),
        b_eq=np.concatenate([network.supply, right[equal]]),
        bounds=[(0, n) for n in most] + list(zip(network.extra["lower"], network.extra["upper"], strict=True)),
    )
    assert found.status in {0, 2}, found.message
    return None if found.status == 2 else float(found.fun)


def check_kept(network, children, extras, *, within=1e-6):
    """Every row, every node and every bound, from the network's own words."""
    shared, balance = rows_of(network)
    values = np.concatenate([children, extras])
    excess = shared @ values - network.rows["right"].to_numpy()
    sense = network.rows["sense"].to_numpy()
    assert (excess[sense != ">="] <= within).all()
    assert (excess[sense != "<="] >= -within).all()
    assert balance @ values == pytest.approx(network.supply, abs=within)
    assert (children >= -within).all()
    assert (extras >= network.extra["lower"] - within).all()
    assert (extras <= network.extra["upper"] + within).all()


def flow_of(network, found):
    children = np.zeros(int(network.first[-1]))
    children[found.arcs] = found.children
    return children


def prices_drawn(data, network):
    """Prices of the right sign, most of them wrong."""
    pounds = st.sampled_from([0.0, 0.01, 3.0, 300.0, 20_000.0, 500_000.0])
    sign = {"<=": st.just(-1.0), ">=": st.just(1.0), "=": st.sampled_from([-1.0, 1.0])}
    return np.array([data.draw(sign[sense]) * data.draw(pounds) for sense in network.rows["sense"]])


@settings(max_examples=100, deadline=None)
@given(asked=networks(), near=NEAR, data=st.data())
def test_from_any_prices_and_any_few_arcs_the_best_is_that_of_the_whole_programme(asked, near, data):
    network, cost, extra_cost = asked
    best = peer(network, cost, extra_cost)
    start = data.draw(st.sampled_from(["nought", "any"]))
    prices = np.zeros(len(network.rows)) if start == "nought" else prices_drawn(data, network)
    if best is None:
        with pytest.raises(InfeasibleError):
            sift(network, cost, extra_cost, prices=prices, near=near)
        return
    found = sift(network, cost, extra_cost, prices=prices, near=near)
    scale = max(1.0, abs(best))
    assert found.proven
    assert (found.objective / scale, found.bound / scale) == pytest.approx((best / scale, best / scale), abs=1e-6)
    children = flow_of(network, found)
    check_kept(network, children, found.extras)
    assert cost @ children + extra_cost @ found.extras == pytest.approx(found.objective, abs=1e-6 * scale)
    # Its prices prove it to whoever works the bound out anew, and what they rule out is not used.
    value, potential = reduce_costs(network, cost, found.prices)
    assert bound(network, potential, found.prices, extra_cost) == pytest.approx(best, abs=1e-6 * scale)
    assert found.reduced == pytest.approx(value - np.repeat(potential, np.diff(network.first)))
    assert found.reduced @ children == pytest.approx(0.0, abs=1e-6 * scale)
    again = sift(network, cost, extra_cost, prices=found.prices, near=near)
    assert again.objective == pytest.approx(best, abs=1e-6 * scale)


@settings(max_examples=60, deadline=None)
@given(asked=networks(), data=st.data())
def test_no_prices_of_the_right_sign_prove_more_than_the_best_over_several_years(asked, data):
    network, cost, extra_cost = asked
    best = peer(network, cost, extra_cost)
    if best is None:
        return
    prices = prices_drawn(data, network)
    _, potential = reduce_costs(network, cost, prices)
    assert bound(network, potential, prices, extra_cost) <= best + 1e-9 * max(
        1.0, abs(best), abs(prices).max(initial=0)
    )


@settings(max_examples=60, deadline=None)
@given(asked=networks(), near=NEAR, data=st.data())
def test_prices_of_the_wrong_sign_are_only_a_poor_place_to_begin(asked, near, data):
    network, cost, extra_cost = asked
    best = peer(network, cost, extra_cost)
    if best is None:
        return
    found = sift(network, cost, extra_cost, prices=-prices_drawn(data, network), near=near)
    assert (found.objective, found.bound) == pytest.approx((best, best), abs=1e-6 * max(1.0, abs(best)))


@settings(max_examples=60, deadline=None)
@given(asked=networks(), near=NEAR, data=st.data())
def test_arcs_that_are_not_allowed_are_not_used(asked, near, data):
    network, cost, extra_cost = asked
    allowed = np.array([data.draw(st.booleans()) for _ in cost])
    allowed[network.first[:-1]] = True
    best = peer(network, cost, extra_cost, allowed)
    prices = prices_drawn(data, network)
    if best is None:
        with pytest.raises(InfeasibleError):
            sift(network, cost, extra_cost, prices=prices, near=near, allowed=allowed)
        return
    found = sift(network, cost, extra_cost, prices=prices, near=near, allowed=allowed)
    assert found.objective == pytest.approx(best, abs=1e-6 * max(1.0, abs(best)))
    assert allowed[found.arcs].all()
    assert np.isinf(found.reduced[~allowed]).all()


@settings(max_examples=60, deadline=None)
@given(asked=networks(), near=NEAR, rounds=st.integers(0, 3), data=st.data())
def test_stopped_in_the_middle_there_is_an_answer_with_a_bound_that_holds_or_none(asked, near, rounds, data):
    network, cost, extra_cost = asked
    best = peer(network, cost, extra_cost)
    if best is None:
        return
    solved, left = sifting.solve, [rounds]

    def stopped(*arguments, **options):
        left[0] -= 1
        if left[0] < 0:
            raise InfeasibleError("HiGHS found no answer: not solved")
        return solved(*arguments, **options)

    prices = data.draw(st.sampled_from([1.0, -1.0])) * prices_drawn(data, network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sifting, "solve", stopped)
        try:
            found = sift(network, cost, extra_cost, prices=prices, near=near)
        except InfeasibleError:
            return
    slack = 1e-6 * max(1.0, abs(best))
    check_kept(network, flow_of(network, found), found.extras)
    assert found.bound <= best + slack
    assert best <= found.objective + slack
    assert not found.proven or found.objective == pytest.approx(best, abs=slack)


def test_a_larger_county_is_sifted_to_the_best_of_the_whole():
    problem = random_problem(4, groups=150, units=12, unlimited=True)
    network = year_network(problem).network
    cost = 1e8 * network.cost["gap"] + network.cost["cost"]
    best = best_by_linear_programme(problem)
    for near, price in ((1e-3, 0.0), (100.0, -20_000.0), (INF, 0.0)):
        prices = np.full(len(network.rows), price)
        found = sift(network, cost, network.extra_cost["cost"], prices=prices, near=near)
        assert found.proven
        assert found.objective == pytest.approx(1e8 * best.gap + best.cost, rel=1e-9)


def test_rows_that_cannot_be_kept_together_have_no_answer():
    # Two children have to go to a unit with one place.
    network = year_network(problem_of({"a": 2}, {"u": (1, 0)}, {("a", "u"): (10, 5)})).network
    cost, extra_cost = network.cost["cost"], network.extra_cost["cost"]
    with pytest.raises(InfeasibleError):
        sift(network, cost, extra_cost, prices=np.zeros(1), near=1.0, allowed=np.array([True, False]))
    full = replace(network, rows=network.rows.assign(sense="=", right=3.0))
    with pytest.raises(InfeasibleError):
        sift(full, cost, extra_cost, prices=np.zeros(1), near=1.0)


# Two children of a in town, 10 pounds, with one place, or far, 17 pounds. Arcs: a far, a town, its gap.
TOWN = year_network(
    problem_of({"a": 2}, {"far": (5, 0), "town": (1, 0)}, {("a", "town"): (10, 5), ("a", "far"): (17, 60)})
).network
NO_GAP = np.array([True, True, False])


def proven(children, prices, *, network=TOWN, allowed=NO_GAP):
    flow = np.array(children, float), np.zeros(0)
    return proven_by_prices(
        network, TOWN.cost["cost"], np.zeros(0), flow, prices=np.array(prices, float), allowed=allowed
    )


def test_a_flow_is_the_best_where_prices_prove_it():
    # At 7 for the place in town it is all the same to a: 2 x 17 - 7 = 27 = 17 + 10.
    found = proven([1, 1, 0], [0, -7])
    assert (found.objective, found.bound, found.proven) == (27, 27, True)
    assert (found.arcs.tolist(), found.children.tolist()) == ([0, 1], [1, 1])
    assert found.reduced.tolist() == [0, 0, INF]


def test_a_flow_that_breaks_a_row_or_is_not_proven_is_refused():
    assert proven([1, 1, 0], [0, 0]) is None  # the prices prove no more than 20
    assert proven([2, 0, 0], [0, -7]) is None  # 34 pounds are not the least
    assert proven([0, 2, 0], [0, 0]) is None  # two in the one place in town
    assert proven([0, 1, 0], [0, 0]) is None  # one child is nowhere
    assert proven([0, 1, 1], [0, 0]) is None  # one waits on an arc that is not allowed
    assert proven([0, 1, 1], [0, 0], allowed=None) is None  # that would be 10, and both may wait for nothing
    assert proven([0, 0, 2], [0, 0], allowed=None).objective == 0
    full = replace(TOWN, rows=TOWN.rows.assign(sense=["=", "<="], right=[2.0, 1.0]))
    assert proven([1, 1, 0], [0, -7], network=full) is None  # far has to be full
    assert proven([2, 0, 0], [0, -7], network=full) is None  # at these prices 27 seems possible
    assert proven([2, 0, 0], [7, 0], network=full).objective == 34
    enough = replace(TOWN, rows=TOWN.rows.assign(sense=[">=", "<="], right=[2.0, 1.0]))
    assert proven([1, 1, 0], [0, -7], network=enough) is None  # far needs two


def test_prices_that_are_out_of_all_reach_are_come_back_from():
    # Nothing costs anything: a price is at most a pound or so, and -300 is where it begins, at a row that nobody needs.
    free = np.zeros(len(TOWN.cost["cost"]))
    found = sift(TOWN, free, TOWN.extra_cost["cost"], prices=np.full(len(TOWN.rows), -300.0), near=1e-3)
    assert found.proven
    assert found.objective == 0
