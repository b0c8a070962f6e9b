"""All rules of an allocation at once, on and off at random, against an independent reference; and prices of places."""

import itertools
import math
from dataclasses import replace

import pytest
from allocation_checks import (
    broken_rules,
    check_prices,
    check_prices_under_rules,
    check_under_rules,
)
from allocation_counties import random_county, random_rules
from allocation_programmes import by_cp_sat
from allocation_reference import Own, Rules, best_under_rules, counts_whole, score
from support.placement_peers import best_by_flow, best_by_linear_programme, problem_of, random_problem

COUNTIES = range(40)


@pytest.mark.parametrize("seed", COUNTIES)
def test_a_county_under_rules_is_as_good_as_the_reference(seed):
    problem = random_county(seed)
    check_under_rules(problem, random_rules(problem, seed))


def test_every_rule_is_on_in_some_of_these_counties_and_off_in_others():
    counties = [random_county(seed) for seed in COUNTIES]
    rules = [random_rules(problem, seed) for seed, problem in zip(COUNTIES, counties, strict=True)]
    switches = {
        "site": [bool(r.site_totals) for r in rules],
        "host": [bool(r.host_limits) for r in rules],
        "budget": [bool(r.budgets) for r in rules],
        "bound": [bool(r.most) and r.price is None for r in rules],
        "price": [bool(r.most) and r.price is not None for r in rules],
        "minimax": [r.minimax for r in rules],
        "minimum": [bool(r.minimum) for r in rules],
        "own": [any(own.required for own in r.own) for r in rules],
        "own, missed": [any(not own.required for own in r.own) for r in rules],
        "places": [bool(r.additions) for r in rules],
        "whole": [counts_whole(problem) for problem in counties],
        "bought": [problem.units["places"].max() == math.inf for problem in counties],
        "breach": [bool((problem.units["held"] > problem.units["places"]).any()) for problem in counties],
        "preferences": [bool(problem.pairs["against_preference"].any()) for problem in counties],
    }
    assert {name: min(sum(on), len(on) - sum(on)) >= 3 for name, on in switches.items()} == dict.fromkeys(
        switches, True
    )


def test_an_objective_is_kept_no_lower_than_whole_children_can_bring_it():
    # A solver's whole children are whole to a millionth: the worst mean of 35.14 comes out lower by as much.
    problem = problem_of(
        {"a": 2, "b": 3, "c": 2},
        {"u0": (3, 0), "u1": (5, 0), "u2": (3, 0), "u3": (math.inf, 0)},
        {
            ("a", "u1"): (60_000, 1),
            ("b", "u0"): (60_000, 1),
            ("b", "u3"): (4_000, 1),
            ("c", "u2"): (10_000, 1),
            ("c", "u3"): (23_000, 1),
        },
    )
    rules = Rules(
        locality={"a": "east", "b": "north", "c": "east"},
        values={("a", "u1"): 73.8, ("b", "u0"): 19.2, ("b", "u3"): 64.1, ("c", "u2"): 20.1, ("c", "u3"): 61.7},
        gap_values=dict.fromkeys("abc", 0.0),
        held_values={"east": 0.0, "north": 15.0},
        locality_children={"east": 7.0, "north": 5.0},
        minimax=True,
        own=(Own("own", {("b", "u3"): 1.0, ("c", "u3"): 2.0}, {"a": 1.0}, ">=", 3.0, required=True),),
    )
    best = check_under_rules(problem, rules)
    assert best is not None


def exact(problem, seed):
    """The rules that a search among whole numbers can state: none that is missed by a share of itself."""
    rules = random_rules(problem, seed)
    own = tuple(one for one in rules.own if one.required)
    return replace(rules, budgets={}, most=rules.most if rules.price is not None else {}, own=own)


@pytest.mark.parametrize("seed", [1, 5, 7, 17, 19, 25, 29, 35])
def test_a_second_reference_that_counts_in_whole_numbers_agrees(seed):
    problem = random_county(seed)
    rules = exact(problem, seed)
    first, second = best_under_rules(problem, rules), best_under_rules(problem, rules, engine=by_cp_sat)
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert second.score.equity == pytest.approx(first.score.equity)
        assert replace(second.score, equity=()) == replace(
            first.score, equity=(), cost=pytest.approx(first.score.cost, abs=1e-6)
        )


@pytest.mark.parametrize("seed", [1, 2, 4, 5, 7, 8, 10, 11, 13, 14])
def test_the_reference_is_the_best_of_all_answers_that_keep_the_rules(seed):
    problem = random_county(seed, groups=2, units=3)
    rules = replace(random_rules(problem, seed), additions={}, most_places=None)
    possible = {g: [None, *problem.pairs.loc[problem.pairs["group"] == g, "unit"]] for g in problem.groups.index}
    ways = [
        [(g, units) for units in itertools.combinations_with_replacement(possible[g], int(n))]
        for g, n in problem.groups["children"].items()
    ]
    scores = []
    for way in itertools.product(*ways):
        flow, gap = {}, {}
        for group, units in way:
            gap[group] = float(units.count(None))
            flow |= {(group, u): float(units.count(u)) for u in units if u is not None}
        if not broken_rules(problem, rules, flow, gap, {}):
            found = score(problem, rules, flow, gap, {})
            numbers = (found.gap, found.against, found.rules, *found.equity)
            scores.append((*(round(n, 7) for n in numbers), found.cost))
    best = best_under_rules(problem, rules)
    assert (best is None) == (not scores)
    if best is not None:
        found = best.score
        assert (found.gap, found.against, found.rules, *found.equity, found.cost) == pytest.approx(min(scores))


@pytest.mark.parametrize("seed", [3, 4])
def test_without_rules_the_reference_is_what_two_peers_say(seed):
    problem = random_problem(seed, groups=30, units=5, unlimited=seed == 4)
    best = best_under_rules(problem, Rules())
    for peer in (best_by_flow(problem), best_by_linear_programme(problem)):
        assert (best.score.gap, best.score.against) == pytest.approx((peer.gap, peer.against))
        assert best.score.cost == pytest.approx(peer.cost)


@pytest.mark.parametrize("seed", range(100, 116))
def test_both_prices_of_every_full_unit_are_what_the_reference_says_of_a_place_more_and_one_fewer(seed):
    check_prices(random_county(seed))


def test_the_counties_whose_prices_are_checked_have_full_units():
    assert sum(check_prices(random_county(seed, groups=5)) for seed in range(120, 124)) >= 6


@pytest.mark.parametrize("seed", [202, 207, 211])
def test_a_place_more_and_one_fewer_under_rules_are_as_good_as_the_reference(seed):
    problem = random_county(seed, groups=6, units=3)
    check_prices_under_rules(problem, random_rules(problem, seed))
