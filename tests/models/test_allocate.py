"""Who goes where: against a network flow, a whole linear programme, brute force and answers worked by hand."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.placement_peers import (
    best_by_enumeration,
    best_by_flow,
    best_by_linear_programme,
    frames,
    has_unlimited_choice,
    problem_of,
    problems,
    random_problem,
    scorer,
)

from placeplan.models import allocate as allocation
from placeplan.models.allocate import allocate, bounds_without_prices, cost_of, overfill_of
from placeplan.models.constraints import linear_rule
from placeplan.models.one_year import year_network
from placeplan.models.placement import PlacementProblem, placement_problem
from placeplan.models.program import InfeasibleError
from placeplan.models.sift import sift

INF = float("inf")


def total(problem, answer, column):
    """Children times a column of the pairs, over the flows."""
    placed = answer.flows.merge(problem.pairs, on=["group", "unit"], validate="one_to_one")
    return float((placed["children"] * placed[column]).sum())


def spent(problem, answer):
    """Pounds of an answer: pairs and overfill."""
    return total(problem, answer, "cost") + float((answer.overfill["children"] * answer.overfill["price"]).sum())


def flows_of(answer):
    return {(r.group, r.unit): r.children for r in answer.flows.itertuples()}


def hash_of(flow):
    """The last rule between equal answers, worked out anew from its description."""
    digests = {pair: hashlib.blake2b("|".join(pair).encode(), digest_size=3).hexdigest() for pair in flow}
    return sum(n * int(digests[pair][1:], 16) for pair, n in flow.items())


def check_every_rule(problem, answer, *, within=1e-9):
    """Everybody is counted, nobody is where they cannot be, no unit holds more than places and bands."""
    placed = answer.flows.groupby("group")["children"].sum().reindex(problem.groups.index, fill_value=0.0)
    assert (placed + answer.gap - problem.groups["children"]).abs().max() <= within
    assert (answer.gap >= 0).all()
    assert (answer.flows["children"] > 0).all()
    possible = set(zip(problem.pairs["group"], problem.pairs["unit"], strict=True))
    assert set(flows_of(answer)) <= possible
    load = answer.flows.groupby("unit")["children"].sum().reindex(problem.units.index, fill_value=0.0)
    load += problem.units["held"]
    room = problem.units["places"].add(problem.bands.groupby("unit")["width"].sum(), fill_value=0.0)
    assert (load <= room + within).all()
    above = (load - problem.units["places"]).clip(lower=0.0)
    counted = answer.overfill.groupby("unit")["children"].sum().reindex(problem.units.index, fill_value=0.0)
    assert (above - counted).abs().max() <= within
    widths = problem.bands.set_index(["unit", "band"])["width"]
    assert all(r.children <= widths[r.unit, r.band] + within for r in answer.overfill.itertuples())


@settings(max_examples=25, deadline=None)
@given(problem=problems())
def test_whole_children_are_placed_as_well_as_two_peers_place_them_and_the_proof_closes(problem):
    answer = allocate(problem)
    check_every_rule(problem, answer)
    flow, linear = best_by_flow(problem), best_by_linear_programme(problem)
    for peer in (flow, linear):
        assert answer.gap.sum() == pytest.approx(peer.gap, abs=1e-6)
        assert total(problem, answer, "against_preference") == pytest.approx(peer.against, abs=1e-6)
        assert answer.proof.objective == pytest.approx(peer.cost, abs=1e-6)
    assert answer.proof.objective == pytest.approx(spent(problem, answer), abs=1e-6)
    assert (answer.flows["children"] % 1 == 0).all()
    assert (answer.gap % 1 == 0).all()
    assert (answer.overfill["children"] % 1 == 0).all()
    assert (answer.gap[has_unlimited_choice(problem)] == 0).all()
    proof = answer.proof
    assert (proof.status, proof.solver) == ("optimal", "HiGHS")
    assert proof.bound == pytest.approx(flow.cost, abs=1e-6)
    assert proof.gap_children_bound == proof.gap_children == flow.gap


@settings(max_examples=25, deadline=None)
@given(problem=problems(fractions=True))
def test_fractions_of_children_are_placed_as_well_as_a_whole_linear_programme_places_them(problem):
    answer = allocate(problem)
    check_every_rule(problem, answer, within=1e-6)
    peer = best_by_linear_programme(problem)
    assert answer.gap.sum() == pytest.approx(peer.gap, abs=1e-6)
    assert total(problem, answer, "against_preference") == pytest.approx(peer.against, abs=1e-6)
    assert answer.proof.objective == pytest.approx(peer.cost, abs=1e-4)
    assert answer.proof.status == "optimal"
    assert answer.proof.bound == pytest.approx(answer.proof.objective, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(problem=problems(most_groups=3, most_units=3))
def test_tiny_answers_are_the_best_of_all_possible_ones_and_ties_go_to_fewer_minutes_then_the_hash(problem):
    answer = allocate(problem)
    best, equals = best_by_enumeration(problem)
    found = {pair: int(n) for pair, n in flows_of(answer).items()}
    assert found in equals
    assert scorer(problem)(found) == best
    minutes = problem.pairs.set_index(["group", "unit"])["minutes"]
    order = [(round(sum(n * minutes[pair] for pair, n in flow.items()), 3), hash_of(flow)) for flow in equals]
    assert order[equals.index(found)] == min(order)


@settings(max_examples=20, deadline=None)
@given(problem=problems(most_groups=6, most_units=4), data=st.data())
def test_shuffled_rows_give_the_same_answer(problem, data):
    def shuffled(frame):
        return frame.iloc[data.draw(st.permutations(range(len(frame))))]

    other = placement_problem(
        shuffled(problem.groups), shuffled(problem.units), shuffled(problem.bands), shuffled(problem.pairs)
    )
    first, second = allocate(problem), allocate(other)
    pd.testing.assert_frame_equal(first.flows, second.flows, check_exact=True)
    pd.testing.assert_series_equal(first.gap, second.gap, check_exact=True)
    pd.testing.assert_frame_equal(first.overfill, second.overfill, check_exact=True)
    pd.testing.assert_frame_equal(first.proof.prices, second.proof.prices, check_exact=True)


@settings(max_examples=8, deadline=None)
@given(problem=problems(most_groups=5, most_units=4), other=problems(most_groups=5, most_units=4), data=st.data())
def test_the_answer_does_not_depend_on_where_the_search_begins(problem, other, data):
    # Thirds of children under a rule, so that no flow says where to begin; the starts are the answer itself, the answer
    # without the rule, and what another problem's prices say of units of the same names.
    thirds = placement_problem(
        problem.groups / 3.0, problem.units.assign(held=problem.units["held"] / 3.0), problem.bands, problem.pairs
    )
    taken = np.array([data.draw(st.sampled_from([0.0, 1.0, 2.5])) for _ in range(len(problem.pairs))])
    rule = linear_rule("own", pairs=taken, gap=np.zeros(len(problem.groups)), sense="<=", right=1.0)
    cold = allocate(thirds, rules=[rule])
    for start in (cold, allocate(thirds), allocate(other)):
        warm = allocate(thirds, rules=[rule], start=start)
        pd.testing.assert_frame_equal(warm.flows, cold.flows, check_exact=False, rtol=0, atol=1e-6)
        pd.testing.assert_series_equal(warm.gap, cold.gap, check_exact=False, rtol=0, atol=1e-6)
        assert warm.proof.status == cold.proof.status == "optimal"


def bound_of_the_gap(problem, price):
    """What prices of places (by unit) prove of the least gap: cheapest choices, less room and bands at the prices."""
    choices = pd.Series(price[problem.at_unit]).groupby(problem.pairs["group"]).min()
    least = choices.reindex(problem.groups.index).fillna(np.inf)
    least = least.where(has_unlimited_choice(problem).to_numpy(), least.clip(upper=1.0))
    limited = np.isfinite(problem.units["places"])
    room = ((problem.units["places"] - problem.units["held"]) * price)[limited].sum()
    above = (problem.bands["width"] * price[problem.units.index.get_indexer(problem.bands["unit"])]).sum()
    return least @ problem.groups["children"] - room - above


@settings(max_examples=20, deadline=None)
@given(problem=problems(fractions=True))
def test_the_proof_holds_each_objective_with_its_bound_and_prices_that_a_reader_can_check(problem):
    proof, peer = allocate(problem).proof, best_by_linear_programme(problem)
    known = {"gap": peer.gap, "preference": peer.against, "cost": peer.cost}
    assert set(proof.values.index) == set(proof.bounds.index) == set(proof.prices.columns)
    assert set(proof.values.index) <= {*known, "minutes", "tie"}
    for name in known.keys() & set(proof.values.index):
        assert (proof.values[name], proof.bounds[name]) == pytest.approx((known[name], known[name]), abs=1e-4)
    if "gap" in proof.prices:
        price = -proof.prices["gap"].reindex([f"places[{u}]" for u in problem.units.index]).fillna(0.0).to_numpy()
        assert (price >= 0).all()
        assert bound_of_the_gap(problem, price) == pytest.approx(peer.gap, abs=1e-6)


def test_the_least_gap_comes_before_cost():
    # North has one place for a child of a or b; a could also go south at 50,000. Minimising cost alone would
    # place b nowhere (the cheap gap): a north for 1,000 and nobody south. Least gap: b north, a south.
    problem = problem_of(
        {"a": 1, "b": 1},
        {"north": (1, 0), "south": (1, 0)},
        {("a", "north"): (1_000, 5), ("b", "north"): (2_000, 5), ("a", "south"): (50_000, 60)},
    )
    answer = allocate(problem)
    assert flows_of(answer) == {("b", "north"): 1, ("a", "south"): 1}
    assert answer.proof.objective == 52_000
    assert answer.gap.tolist() == [0, 0]
    # Cost alone, by the network's own cost stage: nobody is placed at all.
    network = year_network(problem).network
    alone = sift(network, network.cost["cost"], network.extra_cost["cost"], prices=np.zeros(2), near=np.inf)
    assert alone.objective == 0


def test_a_gap_that_must_be_falls_on_the_dearest_child():
    # One place, three children: two stay in the gap; b's journey of 3,000 is the cheapest of 5,000, 3,000, 4,000.
    problem = problem_of(
        {"a": 1, "b": 1, "c": 1},
        {"u": (1, 0)},
        {("a", "u"): (5_000, 1), ("b", "u"): (3_000, 9), ("c", "u"): (4_000, 1)},
    )
    answer = allocate(problem)
    assert answer.gap.to_dict() == {"a": 1, "b": 0, "c": 1}
    assert (answer.proof.gap_children, answer.proof.gap_children_bound) == (2, 2)
    assert (answer.proof.objective, answer.proof.bound) == (3_000, 3_000)


def test_preference_comes_before_cost_and_after_the_gap():
    # a prefers south (40,000) to north (10,000): it goes south, as nobody else needs that place.
    units = {"north": (1, 0), "south": (1, 0)}
    pairs = {("a", "north"): (10_000, 5, True), ("a", "south"): (40_000, 60, False)}
    alone = allocate(problem_of({"a": 1}, units, pairs))
    assert flows_of(alone) == {("a", "south"): 1}
    # b can only go south: to place both, a goes against its preference.
    both = allocate(problem_of({"a": 1, "b": 1}, units, pairs | {("b", "south"): (40_000, 5, False)}))
    assert flows_of(both) == {("a", "north"): 1, ("b", "south"): 1}
    assert both.gap.sum() == 0


def test_a_tie_on_cost_goes_to_fewer_minutes_and_then_to_the_hash():
    # Both ways cost 30,000. Straight: 10 + 20 = 30 minutes; crossed: 15 + 14 = 29 minutes.
    units = {"x": (1, 0), "y": (1, 0)}
    pairs = {
        ("a", "x"): (10_000, 10),
        ("b", "y"): (20_000, 20),
        ("a", "y"): (15_000, 15),
        ("b", "x"): (15_000, 14),
    }
    assert flows_of(allocate(problem_of({"a": 1, "b": 1}, units, pairs))) == {("a", "y"): 1, ("b", "x"): 1}
    # With equal minutes as well, the smaller sum of hashes wins, whichever that is.
    level = {pair: (cost, 15) for pair, (cost, _) in pairs.items()}
    straight, crossed = {("a", "x"): 1, ("b", "y"): 1}, {("a", "y"): 1, ("b", "x"): 1}
    assert hash_of(straight) != hash_of(crossed)
    assert flows_of(allocate(problem_of({"a": 1, "b": 1}, units, level))) == min(straight, crossed, key=hash_of)


def test_a_unit_in_breach_takes_nobody_more():
    # Two places and one above them at 500; five children stay: the band of the breach holds the last two.
    units, bands = {"u": (2, 5), "far": (4, 0)}, {"u": [(1, 500), (2, 500)]}
    pairs = {("a", "u"): (100, 5), ("a", "far"): (30_000, 70)}
    answer = allocate(problem_of({"a": 2}, units, pairs, bands))
    assert flows_of(answer) == {("a", "far"): 2}
    assert answer.overfill[["band", "children"]].to_numpy().tolist() == [[0, 1], [1, 2]]
    # Overfill of those who stay is a cost of every answer: 60,000 + 3 x 500.
    assert answer.proof.objective == 61_500
    narrow = {"u": [(1, 500), (1, 500)]}
    # Were one of the five to leave, the breach would be smaller and the unit still full; at two, two go in.
    assert flows_of(allocate(problem_of({"a": 2}, {"u": (2, 4), "far": (4, 0)}, pairs, narrow))) == {("a", "far"): 2}
    assert flows_of(allocate(problem_of({"a": 2}, {"u": (2, 2), "far": (4, 0)}, pairs, narrow))) == {("a", "u"): 2}


def test_overfill_is_used_while_it_is_cheaper_than_the_next_place():
    # Home at 1,000 with two places, then bands at 2,000 and 9,000; away at 8,000. Of five children: two at home, one
    # in the first band (3,000 < 8,000); the second band (10,000) is dearer than away.
    problem = problem_of(
        {"a": 5},
        {"home": (2, 0), "away": (9, 0)},
        {("a", "home"): (1_000, 5), ("a", "away"): (8_000, 40)},
        {"home": [(1, 2_000), (1, 9_000)]},
    )
    answer = allocate(problem)
    assert flows_of(answer) == {("a", "home"): 3, ("a", "away"): 2}
    assert answer.overfill.to_dict("records") == [{"unit": "home", "band": 0, "children": 1.0, "price": 2_000.0}]
    assert answer.proof.objective == 3 * 1_000 + 2_000 + 2 * 8_000


def test_overfill_is_counted_from_the_cheapest_band_up():
    problem = problem_of({"a": 4}, {"u": (1, 1)}, {("a", "u"): (0, 1)}, {"u": [(1, 10), (0, 20), (3, 30)]})
    flows = pd.DataFrame({"group": ["a"], "unit": ["u"], "children": [2.5]})
    # One place, 1 held and 2.5 more: 2.5 above, of which 1 at 10 and 1.5 at 30; the empty band holds nobody.
    assert overfill_of(problem, flows)[["band", "children"]].to_numpy().tolist() == [[0, 1.0], [2, 1.5]]


def test_equal_children_are_shared_out_whole():
    # Three children of a group, two units of one and two places at the same cost.
    answer = allocate(
        problem_of({"a": 3}, {"x": (1, 0), "y": (2, 0)}, {("a", "x"): (5_000, 10), ("a", "y"): (5_000, 10)})
    )
    assert flows_of(answer) == {("a", "x"): 1, ("a", "y"): 2}


def test_a_problem_without_pairs_or_without_children_has_an_answer():
    alone = allocate(problem_of({"a": 2}, {"u": (1, 0)}, {}))
    assert (alone.gap.tolist(), alone.proof.objective, alone.proof.status) == ([2], 0, "optimal")
    nobody = allocate(problem_of({"a": 0}, {"u": (1, 0)}, {("a", "u"): (5, 5)}))
    assert (len(nobody.flows), nobody.gap.tolist(), nobody.proof.status) == (0, [0], "optimal")
    empty = allocate(problem_of({}, {}, {}))
    assert (len(empty.flows), len(empty.gap), empty.proof.objective) == (0, 0, 0)


def test_the_problem_is_left_as_it_was():
    parts = frames({"a": 2}, {"u": (1, 0)}, {("a", "u"): (5_000, 5)}, {"u": [(1, 7)]})
    problem = placement_problem(*parts)
    before = [frame.copy() for frame in parts]
    allocate(problem)
    for frame, copy in zip(parts, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_cost_is_counted_in_whole_pence():
    problem = problem_of({"a": 3}, {"u": (1, 0), "v": (2, 0)}, {("a", "u"): (0.333, 5), ("a", "v"): (10.006, 5)})
    flows = pd.DataFrame({"group": "a", "unit": ["u", "v"], "children": [1.0, 2.0]})
    assert cost_of(problem, flows) == pytest.approx(0.33 + 2 * 10.01)
    assert allocate(problem).proof.objective == pytest.approx(0.33 + 2 * 10.01)


def test_what_is_known_without_prices():
    # a always finds a place, at 700 or more; b may wait, which costs nothing, and c has to; d earns 5 at most. Two of
    # the three who stay are beyond u's place, at 30 and 40.
    problem = problem_of(
        {"a": 2, "b": 1, "c": 3, "d": 1},
        {"u": (1, 3), "shop": (INF, 0)},
        {
            ("a", "u"): (700, 5),
            ("a", "shop"): (900, 5),
            ("b", "u"): (800, 5),
            ("d", "u"): (-5, 5),
        },
        {"u": [(1, 30), (2, 40)]},
    )
    assert bounds_without_prices(problem) == (3, 2 * 700 - 5 + 30 + 40)


def test_a_rule_that_has_to_be_kept_comes_before_everything_and_may_leave_children_waiting():
    # Two children in all the places there are, those that are bought among them; then one; then less than none.
    units = {"near": (2, 0), "shop": (INF, 0)}
    pairs = {("a", "near"): (100, 5), ("b", "near"): (900, 5), ("b", "shop"): (5_000, 5), ("a", "shop"): (5_000, 5)}
    problem = problem_of({"a": 1, "b": 1}, units, pairs)
    everywhere, nothing = np.ones(4), np.zeros(2)

    def at_most(right):
        return linear_rule("few", pairs=everywhere, gap=nothing, sense="<=", right=right)

    one = allocate(problem, rules=[at_most(1.0)])
    assert (flows_of(one), one.gap.to_dict()) == ({("a", "near"): 1}, {"a": 0, "b": 1})
    assert (one.proof.status, one.proof.gap_children_bound, one.proof.bound) == ("optimal", 1, 100)
    assert flows_of(allocate(problem, rules=[at_most(2.0)])) == {("a", "near"): 1, ("b", "near"): 1}
    with pytest.raises(InfeasibleError):
        allocate(problem, rules=[at_most(-1.0)])


def check_unproven(problem: PlacementProblem, answer) -> None:
    """An answer that is not the best: every rule kept, and a bound that neither it nor the best one is below."""
    check_every_rule(problem, answer, within=1e-6)
    best = best_by_flow(problem)
    proof = answer.proof
    assert proof.status in {"feasible", "optimal"}
    assert proof.objective == pytest.approx(spent(problem, answer), abs=1e-6)
    assert proof.gap_children_bound <= best.gap <= proof.gap_children == answer.gap.sum()
    assert proof.bound <= proof.objective + 1e-6
    assert proof.bound <= best.cost + 1e-6
    if (best.gap, best.cost) != (proof.gap_children, pytest.approx(proof.objective)):
        assert proof.status == "feasible"


@settings(max_examples=25, deadline=None)
@given(problem=problems())
def test_without_a_solver_there_is_still_an_answer_with_a_bound_that_holds(problem):
    def no_time(*_, **__):
        raise InfeasibleError("HiGHS stopped")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocation, "solve_stages", no_time)
        check_unproven(problem, allocate(problem))


@pytest.mark.parametrize("time_limit", [1e-9, 1e-3, 0.02])
@pytest.mark.parametrize("unlimited", [False, True])
def test_a_time_limit_gives_an_answer_with_a_bound_and_never_an_exception(time_limit, unlimited):
    problem = random_problem(7, groups=150, units=14, unlimited=unlimited)
    check_unproven(problem, allocate(problem, time_limit=time_limit))


def test_a_larger_county_equals_the_flow():
    problem = random_problem(3, groups=200, units=15)
    answer, peer = allocate(problem), best_by_flow(problem)
    check_every_rule(problem, answer)
    assert (answer.gap.sum(), answer.proof.objective) == (peer.gap, pytest.approx(peer.cost, abs=1e-6))
    assert answer.proof.bound == pytest.approx(peer.cost, abs=1e-6)


@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated")
def test_another_solver_gives_the_same_answer():
    problem = random_problem(5, groups=30, units=6)
    first, second = allocate(problem), allocate(problem, solver="PULP_CBC_CMD")
    pd.testing.assert_frame_equal(first.flows, second.flows)
    assert second.proof.solver == "PULP_CBC_CMD"
    assert second.proof.status == "optimal"
