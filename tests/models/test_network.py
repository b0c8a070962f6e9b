"""Placements as networks: prices never prove more than the best, and what has one way to go is worked out right."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from support.placement_peers import best_by_linear_programme, problem_of, problems

from placeplan.models.network import Network, bound, reduce_costs, restrict
from placeplan.models.one_year import year_network
from placeplan.models.placement import placement_problem
from placeplan.models.program import solve

INF = float("inf")
GAP, PREFERENCE = 1e8, 4e6
"""Pounds that the peer's linear programme weighs a child in the gap and one against preference at."""


def weighed(network):
    """The objectives of a year as one, weighed as the peer weighs them: by arc and by extra."""
    nothing = np.zeros(int(network.first[-1]))
    gap, against = (network.cost.get(name, nothing) for name in ("gap", "preference"))
    return GAP * gap + PREFERENCE * against + network.cost["cost"], network.extra_cost["cost"]


def peer(problem):
    best = best_by_linear_programme(problem)
    return GAP * best.gap + PREFERENCE * best.against + best.cost


@settings(max_examples=80, deadline=None)
@given(problem=problems(fractions=True), data=st.data())
def test_no_prices_of_the_right_sign_prove_more_than_the_best(problem, data):
    network = year_network(problem).network
    cost, extra_cost = weighed(network)
    pounds = st.sampled_from([0.0, 0.01, 500.0, 12_000.0, 30_000.0, PREFERENCE, GAP, 5 * GAP])
    prices = np.array([-data.draw(pounds) for _ in range(len(network.rows))])
    _, potential = reduce_costs(network, cost, prices)
    best = peer(problem)
    assert bound(network, potential, prices, extra_cost) <= best + 1e-9 * max(1.0, abs(best))


def test_the_bound_of_a_unit_with_a_band_worked_by_hand():
    # Two children at 10 pounds with one place and one above it at 3 pounds, and nobody may wait. At a price of 5:
    # 2 x (10 + 5) - 5 x 1 - (5 - 3) x 1 = 23, which is the best answer: 10 + 10 + 3.
    problem = problem_of({"a": 2}, {"u": (1, 0)}, {("a", "u"): (10, 5)}, {"u": [(1, 3)]})
    network = year_network(problem).network

    def proven_by(price):
        _, potential = reduce_costs(network, network.cost["cost"], np.array([-price]), np.array([True, False]))
        return bound(network, potential, np.array([-price]), network.extra_cost["cost"])

    assert proven_by(5.0) == 23
    # At 2 the band is not worth it: 2 x 12 - 2 = 22. At nought: 20.
    assert (proven_by(2.0), proven_by(0.0)) == (22, 20)


def labelled(prefix):
    return lambda numbers: pd.Index([f"{prefix}{n}" for n in numbers], dtype=object)


# Four children enter at node 0 and one at node 1; node 2 is a year on. Arcs: 0 (costs 1) hands half of its children on
# to node 2 and 1 (costs 6) nobody; 2 (costs 3) is all that node 1 has and hands all on; at node 2 are 3 (costs 2) and 4
# (costs 5). Arcs 0 and 3 take one of row "room", 4 two of "fund" and 2 a half.
TWO_YEARS = Network(
    supply=np.array([4.0, 1.0, 0.0]),
    first=np.array([0, 2, 3, 5]),
    cost={"cost": np.array([1.0, 6.0, 3.0, 2.0, 5.0])},
    row=np.array([0, -1, -1, 0, -1], dtype=np.int32),
    use=sparse.csr_array(np.array([[0.0, 0], [0, 0], [0, 0.5], [0, 0], [0, 2]])),
    rows=pd.DataFrame({"sense": ["<=", "<="], "right": [5.0, 2.5]}, index=["room", "fund"]),
    extra=pd.DataFrame({"lower": [0.0], "upper": [1.0], "whole": [False]}, index=["loan"]),
    extra_cost={"cost": np.array([4.0])},
    extra_use=sparse.csr_array(np.array([[0.0, -1.0]])),
    arc_labels=labelled("arc "),
    node_labels=labelled("node "),
    head=np.array([2, -1, 2, -1, -1], dtype=np.int32),
    gain=np.array([0.5, 0, 1, 0, 0]),
    levels=(0, 2, 3),
)
COST, LOAN = TWO_YEARS.cost["cost"], TWO_YEARS.extra_cost["cost"]


def test_reduced_costs_count_the_way_on():
    value, potential = reduce_costs(TWO_YEARS, COST, np.zeros(2))
    # Node 2 goes on for 2: arc 0 is 1 + 2 / 2, arc 2 is 3 + 2.
    assert value.tolist() == [2, 6, 5, 2, 5]
    assert potential.tolist() == [2, 5, 2]
    # At 4 for room and 1 for the fund: arc 3 is 2 + 4, arc 4 is 5 + 2; arc 0 is 1 + 4 + 6 / 2, arc 2 is 3 + 1/2 + 6.
    value, potential = reduce_costs(TWO_YEARS, COST, np.array([-4.0, -1.0]))
    assert value.tolist() == [8, 6, 9.5, 6, 7]
    assert potential.tolist() == [6, 9.5, 6]
    # 4 x 6 + 9.5, less 5 x 4 + 2.5 x 1; the loan, at 4 - 1, is not taken.
    assert bound(TWO_YEARS, potential, np.array([-4.0, -1.0]), LOAN) == 33.5 - 22.5
    # A fund of 6 pounds would be worth the loan: 4 - 6 for the one there is.
    _, potential = reduce_costs(TWO_YEARS, COST, np.array([0.0, -6.0]))
    assert potential.tolist() == [2, 8, 2]
    assert bound(TWO_YEARS, potential, np.array([0.0, -6.0]), LOAN) == 16 - 15 - 2
    # Without arc 3 everyone goes on for 5.
    value, potential = reduce_costs(TWO_YEARS, COST, np.zeros(2), np.array([True, True, True, False, True]))
    assert value.tolist() == [3.5, 6, 8, INF, 5]
    assert potential.tolist() == [3.5, 8, 5]


def test_what_arcs_take_and_the_nodes_they_leave():
    assert TWO_YEARS.tails(np.array([0, 1, 2, 3, 4])).tolist() == [0, 0, 1, 2, 2]
    assert TWO_YEARS.used(np.array([4, 3, 2])).toarray().tolist() == [[0, 2], [1, 0], [0, 0.5]]
    places_alone = replace(TWO_YEARS, use=None)
    assert places_alone.used(np.array([4, 3])).toarray().tolist() == [[0, 0], [1, 0]]
    rules_alone = replace(TWO_YEARS, row=None)
    assert rules_alone.used(np.array([4, 3])).toarray().tolist() == [[0, 2], [0, 0]]


def test_an_objective_that_is_kept_is_a_row_more():
    more = TWO_YEARS.with_row("keep", COST, LOAN, 30.0)
    assert more.rows.index.tolist() == ["room", "fund", "keep"]
    assert more.rows.loc["keep"].tolist() == ["<=", 30]
    assert more.used(np.arange(5)).toarray()[:, 2].tolist() == COST.tolist()
    assert more.used(np.arange(5)).toarray()[:, :2].tolist() == TWO_YEARS.used(np.arange(5)).toarray().tolist()
    assert more.extra_use.toarray().tolist() == [[0, -1, 4]]
    assert replace(TWO_YEARS, use=None).with_row("keep", COST, LOAN, 1.0).use.toarray()[:, 2].tolist() == COST.tolist()


def test_objectives_may_come_before_cost():
    network = replace(TWO_YEARS, cost=dict.fromkeys(["gap", "preference", "rules", "cost", "minutes", "tie"], COST))
    assert list(network.in_order([]).cost) == list(network.cost)
    assert list(network.in_order(["minutes"]).cost) == ["gap", "preference", "rules", "minutes", "cost", "tie"]
    assert list(network.in_order(["rules", "preference"]).cost) == [
        "gap",
        "rules",
        "preference",
        "cost",
        "minutes",
        "tie",
    ]
    assert list(network.in_order(["tie", "gap"]).cost) == ["preference", "rules", "tie", "gap", "cost", "minutes"]


def test_a_part_is_weighed_as_the_whole_and_keeps_its_own_arcs():
    part, arcs = TWO_YEARS.part(np.array([1, 2]))
    assert arcs.tolist() == [2, 3, 4]
    # The one child of node 1 stands for all five.
    assert part.supply.tolist() == [5, 0]
    assert (part.first.tolist(), part.head.tolist(), part.levels) == ([0, 1, 3], [1, -1, -1], (0, 1, 2))
    assert part.used(np.arange(3)).toarray().tolist() == TWO_YEARS.used(arcs).toarray().tolist()
    assert part.arc_labels(np.array([2])).tolist() == ["arc 4"]
    assert part.node_labels(np.array([0, 1])).tolist() == ["node 1", "node 2"]
    _, potential = reduce_costs(part, COST[arcs], np.zeros(2))
    assert potential.tolist() == [5, 2]


def test_a_node_with_one_arc_is_worked_out_beforehand():
    # Node 1's child goes on along arc 2 whatever is decided: 3 pounds, half of the fund and one more at node 2.
    asked = restrict(TWO_YEARS, COST, LOAN, np.arange(5), named=True)
    assert (asked.free.tolist(), asked.fixed.tolist(), asked.constant) == ([0, 1, 3, 4], [2], 3)
    assert asked.program.variables.index.tolist() == ["loan", "arc 0", "arc 1", "arc 3", "arc 4"]
    assert asked.program.rows.index.tolist() == ["room", "fund", "node 0", "node 2"]
    assert asked.program.rows["sense"].tolist() == ["<=", "<=", "=", "="]
    assert asked.program.rows["right"].tolist() == [5, 2, 4, 1]
    assert asked.program.matrix().toarray().tolist() == [
        [0, 1, 0, 1, 0],
        [-1, 0, 0, 0, 2],
        [0, 1, 1, 0, 0],
        [0, -0.5, 0, 1, 1],
    ]
    assert asked.objective.tolist() == [4, 1, 6, 2, 5]
    arcs, children = asked.flows(np.array([4.0, 0.0, 1.0, 2.0]))
    assert arcs.tolist() == [0, 1, 2, 3, 4]
    assert children.tolist() == [4, 0, 1, 1, 2]


def test_children_on_the_only_arcs_follow_those_on_the_free_ones():
    # Without arc 4 everyone at node 2 takes arc 3: the child of node 1 and half of those on arc 0.
    asked = restrict(TWO_YEARS, COST, LOAN, np.array([0, 1, 2, 3]))
    assert (asked.free.tolist(), asked.fixed.tolist()) == ([0, 1], [2, 3])
    assert asked.constant == 3 + 2
    # Of each child on arc 0: 1 + 2 / 2 pounds and 1 + 1/2 of the room, of which one is gone.
    assert asked.objective.tolist() == [4, 2, 6]
    assert asked.program.matrix().toarray().tolist() == [[0, 1.5, 0], [-1, 0, 0], [0, 1, 1]]
    assert asked.program.rows["right"].tolist() == [4, 2, 4]
    arcs, children = asked.flows(np.array([3.0, 1.0]))
    assert (arcs.tolist(), children.tolist()) == ([0, 1, 2, 3], [3, 1, 1, 2.5])
    assert asked.constant + asked.objective.to_numpy()[1:] @ [3, 1] == COST[arcs] @ children
    # With no choice at all nothing is left but the loan.
    none = restrict(TWO_YEARS, COST, LOAN, np.array([0, 2, 3]))
    arcs, children = none.flows(np.zeros(0))
    assert (arcs.tolist(), children.tolist()) == ([0, 2, 3], [4, 1, 3])
    assert none.program.rows["right"].tolist() == [5 - 4 - 3, 2]
    assert none.constant == COST[arcs] @ children


def test_whole_children_are_asked_for_on_free_arcs_and_what_else_is_whole_stays_so():
    asked = restrict(TWO_YEARS, COST, LOAN, np.arange(5), whole=True).program.variables
    assert asked["whole"].tolist() == [False, True, True, True, True]
    assert asked["upper"].tolist() == [1, INF, INF, INF, INF]
    places = replace(TWO_YEARS, extra=TWO_YEARS.extra.assign(whole=True))
    assert restrict(places, COST, LOAN, np.arange(5)).program.variables["whole"].tolist() == [True] + [False] * 4


@settings(max_examples=60, deadline=None)
@given(problem=problems(fractions=True), data=st.data())
def test_over_some_of_the_arcs_the_best_is_that_of_the_problem_with_those_pairs(problem, data):
    network, unlimited = year_network(problem).network, np.isinf(problem.units["places"].to_numpy())
    needed = unlimited[problem.at_unit]
    some = needed | np.array([data.draw(st.booleans()) for _ in needed], dtype=bool)
    gone = {f"place[{p.group},{p.unit}]" for p in problem.pairs[~some].itertuples()}
    kept = np.flatnonzero(~network.arc_labels(np.arange(network.first[-1])).isin(gone))
    fewer = placement_problem(problem.groups, problem.units, problem.bands, problem.pairs[some])
    cost, extra_cost = weighed(network)
    asked = restrict(network, cost, extra_cost, kept)
    found = solve(asked.program, asked.objective)
    assert found.objective + asked.constant == pytest.approx(peer(fewer), rel=1e-9, abs=1e-4)
    arcs, children = asked.flows(found.values.to_numpy()[len(extra_cost) :])
    assert arcs.tolist() == kept.tolist()
    placed = np.bincount(network.tails(arcs), weights=children, minlength=len(problem.groups))
    assert placed == pytest.approx(problem.groups["children"].to_numpy())
    spent = cost[arcs] @ children + extra_cost @ found.values.to_numpy()[: len(extra_cost)]
    assert spent == pytest.approx(peer(fewer), rel=1e-9, abs=1e-4)
