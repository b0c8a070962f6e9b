"""Objectives in their order: against a programme that weighs them, and one answer wherever the search begins."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog
from support.placement_peers import best_by_linear_programme, problem_of, problems, random_problem

from placeplan.models import stages as staging
from placeplan.models.network import Network
from placeplan.models.one_year import year_network
from placeplan.models.placement import placement_problem
from placeplan.models.program import InfeasibleError
from placeplan.models.stages import ordered, solve_stages, stage_costs

INF = float("inf")
GAP, PREFERENCE = 1e8, 4e6


@st.composite
def with_a_rule(draw, *, fractions=True):
    """A small problem, and what a child of each pair takes of a rule's row with so much in it."""
    problem = draw(problems(most_groups=5, most_units=4, fractions=fractions))
    taken = np.array([draw(st.sampled_from([0.0, 1.0, 2.5])) for _ in range(len(problem.pairs))])
    return problem, taken, draw(st.sampled_from([0.5, 1.0, 3.3]))


def ruled(problem, taken, most):
    """The network of a problem under one rule more; who could go to a unit that is bought may not wait."""
    network = year_network(problem).network
    of_pair = dict(zip(labels_of(problem), taken, strict=True))
    labels = network.arc_labels(np.arange(int(network.first[-1])))
    of_arc = np.array([of_pair.get(label, 0.0) for label in labels], dtype=float)
    return network.with_row("rule", of_arc, np.zeros(len(network.extra)), most)


def labels_of(problem):
    return [f"place[{p.group},{p.unit}]" for p in problem.pairs.itertuples()]


def peer_under_a_rule(problem, taken, most):
    """The least gap, against preference and cost under a rule, by linprog over everything, each far above the next.

    Nothing where the rule cannot be kept: who could go to a unit that is bought may not wait.
    """
    groups, units, pairs, bands = problem.groups, problem.units, problem.pairs, problem.bands
    shape = len(pairs) + len(groups) + len(bands)
    everyone, load = np.zeros((len(groups), shape)), np.zeros((len(units) + 1, shape))
    bounds = [(0, None)] * len(pairs) + [(0, None)] * len(groups) + [(0, width) for width in bands["width"]]
    for n, pair in enumerate(pairs.itertuples()):
        everyone[groups.index.get_loc(pair.group), n] = 1
        load[units.index.get_loc(pair.unit), n] = 1
        if np.isinf(units["places"][pair.unit]):
            bounds[len(pairs) + groups.index.get_loc(pair.group)] = (0, 0)
    everyone[np.arange(len(groups)), len(pairs) + np.arange(len(groups))] = 1
    load[units.index.get_indexer(bands["unit"]), len(pairs) + len(groups) + np.arange(len(bands))] = -1
    load[-1, : len(pairs)] = taken
    room = np.append((units["places"] - units["held"]).to_numpy(), most)
    limited = np.isfinite(room)
    gap, against, cost = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    gap[len(pairs) : len(pairs) + len(groups)] = 1
    against[: len(pairs)] = pairs["against_preference"]
    cost[: len(pairs)], cost[len(pairs) + len(groups) :] = pairs["cost"], bands["price"]
    found = linprog(
        cost + PREFERENCE * against + GAP * gap,
        A_ub=load[limited],
        b_ub=room[limited],
        A_eq=everyone,
        b_eq=groups["children"].to_numpy(),
        bounds=bounds,
    )
    return (
        None if found.status == 2 else {"gap": gap @ found.x, "preference": against @ found.x, "cost": cost @ found.x}
    )


def flows_of(network, answer):
    """Children by label of arc."""
    labels = network.arc_labels(answer.arcs) if len(answer.arcs) else []
    return pd.Series(answer.children, index=labels, dtype=float)


def check_same(first, second):
    pd.testing.assert_series_equal(first.sort_index(), second.sort_index(), check_exact=False, rtol=0, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(problem=problems(fractions=True))
def test_objectives_are_least_in_their_order(problem):
    network = year_network(problem).network
    answer = solve_stages(network)
    peer = best_by_linear_programme(problem)
    best = {"gap": peer.gap, "preference": peer.against, "cost": peer.cost}
    assert answer.unproven == ()
    for name in best.keys() & set(network.cost):
        found = network.cost[name][answer.arcs] @ answer.children
        found += network.extra_cost.get(name, np.zeros(len(answer.extras))) @ answer.extras
        assert found == pytest.approx(best[name], abs=1e-4)
        if name in answer.stages:
            assert answer.stages[name].bound == pytest.approx(best[name], abs=1e-4)
        else:
            assert not network.cost[name].any()


@settings(max_examples=40, deadline=None)
@given(asked=with_a_rule())
def test_objectives_are_least_in_their_order_under_a_rule(asked):
    best = peer_under_a_rule(*asked)
    network = ruled(*asked)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve_stages(network)
        return
    answer = solve_stages(network)
    assert answer.unproven == ()
    for name in best.keys() & set(network.cost):
        found = network.cost[name][answer.arcs] @ answer.children
        found += network.extra_cost.get(name, np.zeros(len(answer.extras))) @ answer.extras
        assert found == pytest.approx(best[name], abs=1e-3)
    assert network.use[answer.arcs, -1].toarray().ravel() @ answer.children <= asked[2] + 1e-6


@settings(max_examples=15, deadline=None)
@given(asked=with_a_rule(), data=st.data())
def test_the_answer_is_one_wherever_the_search_begins(asked, data):
    problem, taken, most = asked
    if peer_under_a_rule(*asked) is None:
        return
    network = ruled(*asked)
    cold = solve_stages(network)
    flows = flows_of(network, cold)
    # Warm: from its own prices, and from any at all.
    own = {name: stage.prices for name, stage in cold.stages.items()}
    pounds = st.sampled_from([0.0, -0.5, -300.0, -1e6])
    anything = {name: np.array([data.draw(pounds) for _ in network.rows.index]) for name in network.cost}
    for start in (own, anything):
        check_same(flows_of(network, solve_stages(network, start=start)), flows)
    # Its rows and pairs in another order.
    order = np.array(data.draw(st.permutations(range(len(taken)))), dtype=int)
    shuffled = placement_problem(
        problem.groups.iloc[::-1], problem.units.iloc[::-1], problem.bands.iloc[::-1], problem.pairs.iloc[order]
    )
    check_same(flows_of(network, solve_stages(ruled(shuffled, taken, most))), flows)
    # A third of everything: children, room, bands and what the rule has.
    third = replace(
        network,
        supply=network.supply / 3.0,
        rows=network.rows.assign(right=network.rows["right"] / 3.0),
        extra=network.extra.assign(upper=network.extra["upper"] / 3.0),
    )
    check_same(flows_of(third, solve_stages(third)) * 3.0, flows)


@settings(max_examples=30, deadline=None)
@given(problem=problems(most_groups=5, most_units=4), prefix=st.sampled_from(["", "a rule"]))
def test_whole_children_stay_whole_where_places_are_the_only_rule(problem, prefix):
    network = year_network(problem).network
    if prefix:
        # A rule that nobody meets keeps the flow away, and sifting has to find as whole an answer.
        network = network.with_row("rule", np.ones(int(network.first[-1])), np.zeros(len(network.extra)), 1e6)
    answer = solve_stages(network)
    assert answer.children == pytest.approx(np.round(answer.children), abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(asked=with_a_rule(), stopped=st.integers(0, 4), data=st.data())
def test_without_time_there_is_an_answer_with_bounds_that_hold_or_none(asked, stopped, data):
    best = peer_under_a_rule(*asked)
    if best is None:
        return
    network = ruled(*asked)
    ready = data.draw(st.booleans())
    if ready:
        network = year_network(asked[0]).network
        peer = best_by_linear_programme(asked[0])
        best = {"gap": peer.gap, "preference": peer.against, "cost": peer.cost}
    # The clock passes the deadline after so many looks at it.
    looks = iter([0.0] * stopped + [100.0] * 1_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging.time, "monotonic", lambda: next(looks))
        try:
            answer = solve_stages(network, deadline=50.0)
        except InfeasibleError:
            return
    names = list(network.cost)
    assert answer.unproven == tuple(name for name in names if name in answer.unproven)
    for name, stage in answer.stages.items():
        if name in best:
            assert stage.bound <= best[name] + 1e-4
            assert best[name] <= stage.objective + 1e-4
            assert name in answer.unproven or stage.objective == pytest.approx(best[name], abs=1e-4)
    placed = np.bincount(network.tails(answer.arcs), weights=answer.children, minlength=len(network.supply))
    assert placed == pytest.approx(network.supply, abs=1e-6)
    left = [name for name in names if name not in answer.stages and stage_costs(network, name, None)[0].any()]
    assert set(left) - set(answer.unproven) <= {"minutes", "tie"}


def test_a_deadline_that_has_passed_leaves_what_comes_later_unproven():
    network = year_network(random_problem(8, groups=60, units=6)).network
    answer = solve_stages(network, deadline=time.monotonic() - 1.0)
    assert list(answer.stages) == ["gap"]
    assert answer.unproven == ("cost", "minutes", "tie")
    assert answer.stages["gap"].proven


# Two children enter in the first year at node 0, where arc 0 (10 pounds) has them all again at node 1 in the second and
# arcs 1 (14 pounds) and 2 (15 pounds) nobody. At node 1: arcs 3 (4 pounds, 9 minutes), 4 (4 pounds, 7 minutes). Arcs 1
# and 4 take a place of one row with one place.
TWO_YEARS = Network(
    supply=np.array([2.0, 0.0]),
    first=np.array([0, 3, 5]),
    cost={
        "cost": np.array([10.0, 14.0, 15.0, 4.0, 4.0]),
        "minutes": np.array([0.0, 5.0, 1.0, 9.0, 7.0]),
    },
    row=np.array([-1, 0, -1, -1, 0], dtype=np.int32),
    use=None,
    rows=pd.DataFrame({"sense": ["<="], "right": [1.0]}, index=["places"]),
    extra=pd.DataFrame({"lower": [], "upper": [], "whole": []}, dtype=float),
    extra_cost={},
    extra_use=sparse.csr_array((0, 1)),
    arc_labels=lambda some: pd.Index([f"arc {n}" for n in some], dtype=object),
    node_labels=lambda some: pd.Index([f"node {n}" for n in some], dtype=object),
    head=np.array([1, -1, -1, -1, -1], dtype=np.int32),
    gain=np.array([1.0, 0, 0, 0, 0]),
    levels=(0, 1, 2),
)


def test_children_who_arrive_again_worked_by_hand():
    # Every way costs 14 but arc 2: minutes decide. The one place is worth 5 minutes on arc 1 and 7 on the second year's
    # arc 4, and without it a child travels 9: arc 1 and arc 3.
    answer = solve_stages(TWO_YEARS)
    assert flows_of(TWO_YEARS, answer).to_dict() == {"arc 0": 1, "arc 1": 1, "arc 3": 1}
    assert {name: stage.objective for name, stage in answer.stages.items()} == {"cost": 28, "minutes": 14}
    assert answer.unproven == ()
    # Minutes first: both take arc 2, at 15 pounds each.
    turned = replace(TWO_YEARS, cost={name: TWO_YEARS.cost[name] for name in ("minutes", "cost")})
    assert flows_of(turned, solve_stages(turned)).to_dict() == {"arc 2": 2}


def test_what_an_objective_rules_out_is_gone_for_those_after_it():
    # One place at home and one above it at 500 pounds; away costs 200 more and takes an hour. The place at home is
    # worth 200, so that either child may have it and neither the one above, however much nearer it is.
    problem = problem_of(
        {"a": 1, "b": 1},
        {"away": (9, 0), "home": (1, 0)},
        {(g, u): cost for g in "ab" for u, cost in (("home", (1_000, 5)), ("away", (1_200, 60)))},
        {"home": [(1, 500)]},
    )
    network = year_network(problem).network
    idle = network.with_row("rule", np.ones(int(network.first[-1])), np.zeros(1), 9.0)
    for one in (network, idle):
        answer = solve_stages(one)
        assert sorted(label.split(",")[1] for label in one.arc_labels(answer.arcs)) == ["away]", "home]"]
        assert answer.stages["cost"].objective == 2_200
        assert answer.extras.tolist() == [0]
    # At 200 for the place above home it is all the same, and minutes decide.
    priced = replace(network, extra_cost={"cost": np.array([200.0])})
    answer = solve_stages(priced)
    assert [label.split(",")[1] for label in priced.arc_labels(answer.arcs)] == ["home]", "home]"]
    assert answer.extras.tolist() == [1]


def test_what_costs_nothing_is_no_stage():
    network = replace(TWO_YEARS, cost={"gap": np.zeros(5), **TWO_YEARS.cost, "tie": np.zeros(5)})
    answer = solve_stages(network)
    assert list(answer.stages) == ["cost", "minutes"]
    assert answer.unproven == ()


def test_costs_on_demand_are_asked_for_where_there_is_a_choice():
    asked = []

    def ties(arcs):
        asked.append(arcs.tolist())
        return np.ones(len(arcs))

    network = replace(TWO_YEARS, cost=TWO_YEARS.cost | {"tie": ties})
    assert stage_costs(network, "tie", None)[0].tolist() == [1, 1, 1, 1, 1]
    some = np.array([True, False, True, True, False])
    assert stage_costs(network, "tie", some)[0].tolist() == [1, 0, 1, 0, 0]
    assert asked == [[0, 1, 2, 3, 4], [0, 2]]
    cost, extra_cost = stage_costs(network, "minutes", some)
    assert (cost.tolist(), extra_cost.tolist()) == ([0, 5, 1, 9, 7], [])


def test_an_answer_is_that_of_its_last_stage():
    found = solve_stages(TWO_YEARS).stages
    whole = ordered(found, ["tie"])
    assert whole.unproven == ("tie",)
    assert whole.arcs.tolist() == [0, 1, 3]
    assert ordered({"cost": found["cost"]}, []).children @ TWO_YEARS.cost["cost"][
        ordered({"cost": found["cost"]}, []).arcs
    ] == pytest.approx(28)


def test_children_who_cannot_be_told_apart_are_placed_as_their_labels_say():
    # Nothing differs but the labels, under a rule and without it: one answer.
    problem = problem_of(
        {"a": 1, "b": 1}, {"x": (1, 0), "y": (1, 0)}, {(g, u): (1_000, 10) for g in "ab" for u in "xy"}
    )
    network = year_network(problem).network
    free = flows_of(network, solve_stages(network)).to_dict()
    tie = dict(zip(network.arc_labels(np.arange(6)), stage_costs(network, "tie", None)[0], strict=True))
    straight, crossed = {"place[a,x]", "place[b,y]"}, {"place[a,y]", "place[b,x]"}
    best = min((straight, crossed), key=lambda flow: sum(tie[pair] for pair in flow))
    assert set(free) == best
    idle = network.with_row("rule", np.ones(6), np.zeros(0), 9.0)
    assert set(flows_of(idle, solve_stages(idle)).to_dict()) == best
    tight = network.with_row("rule", np.array([pair in best for pair in tie], float), np.zeros(0), 1.0)
    # Under a rule that one of the two may go as they would best, it is half and half: a half of a child everywhere.
    assert flows_of(tight, solve_stages(tight)).to_dict() == pytest.approx(dict.fromkeys(straight | crossed, 0.5))
