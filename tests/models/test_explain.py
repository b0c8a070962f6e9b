"""Why an answer is as it is, against trying every way: places, runners-up, options, fewest places, relaxations."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from support.placement_peers import best_by_enumeration, problem_of, problems

from placeplan.models.allocate import allocate
from placeplan.models.constraints import linear_rule
from placeplan.models.explain import least_places, least_relaxations, options_of, runner_ups, worth_of_places
from placeplan.models.pricing import NotOptimalError, one_sided_prices
from placeplan.models.program import InfeasibleError

INF = float("inf")
SMALL = {"most_groups": 4, "most_units": 3}

# Two children want the base, which has one place; the school is 3,000 dearer and 20 minutes farther off for either.
BASE = problem_of(
    {"a": 1, "b": 1},
    {"base": (1, 0), "school": (3, 0), "full": (2, 2)},
    {
        ("a", "base"): (1_000, 5),
        ("a", "school"): (4_000, 25),
        ("a", "full"): (500, 5),
        ("b", "base"): (2_000, 10),
        ("b", "school"): (6_000, 30),
    },
)


def allocated(problem, rules, near):
    return allocate(problem, rules=rules, start=near)


def with_more(problem, unit, more):
    """The problem with places changed by hand; nothing where too few would be left."""
    units = problem.units.copy()
    units.loc[unit, "places"] += more
    widths = problem.bands.loc[problem.bands["unit"] == unit, "width"].sum()
    left = units.loc[unit, "places"]
    return replace(problem, units=units) if left >= 0 and units.loc[unit, "held"] <= left + widths else None


def test_worth_by_hand():
    answer = allocate(BASE)
    worth, answers = worth_of_places(BASE, answer, allocated, units=["base", "full"], steps=[1, 2])
    rows = worth.set_index(["unit", "places"])["pounds"]
    # b in the base saves most: 4,000 against 3,000 for a, who goes to the school at 4,000. One more place: a's 3,000.
    assert rows["base", 1] == 3_000
    assert rows["base", 2] == 3_000
    assert rows["base", -1] == -4_000
    # The full unit costs a 500: 500 less than the base, whose place b has already.
    assert rows["full", 1] == 3_500
    assert np.isnan(rows["base", -2])
    assert np.isnan(rows["full", -1])
    assert set(answers) == {("base", 1), ("base", 2), ("base", -1), ("full", 1), ("full", 2)}


@settings(max_examples=40, deadline=None)
@given(problem=problems(**SMALL))
def test_worth_is_what_every_way_tried_says(problem):
    answer = allocate(problem)
    now, _ = best_by_enumeration(problem)
    worth, _ = worth_of_places(problem, answer, allocated, steps=[1, 2])
    assert set(worth["unit"]) == set(problem.units.index[np.isfinite(problem.units["places"])])
    for row in worth.itertuples():
        changed = with_more(problem, row.unit, row.places)
        if changed is None:
            assert np.isnan([row.pounds, row.children, row.preferences]).all()
            continue
        then, _ = best_by_enumeration(changed)
        assert (row.pounds, row.children, row.preferences) == pytest.approx(
            (now.cost - then.cost, now.gap - then.gap, now.against - then.against), abs=0.011
        )
        assert row.rules == 0


def forced(problem, group, unit):
    """The best answer with the whole group at the unit; nothing where it does not fit."""
    children = problem.groups["children"].loc[group]
    try:
        return best_by_enumeration(problem, allowed=lambda flow: flow.get((group, unit), 0) == children)[0]
    except AssertionError:
        return None


@settings(max_examples=40, deadline=None)
@given(problem=problems(**SMALL))
def test_options_are_what_every_way_tried_says(problem):
    answer = allocate(problem)
    now, _ = best_by_enumeration(problem)
    room = (
        problem.units["places"]
        - problem.units["held"]
        + problem.bands.groupby("unit")["width"].sum().reindex(problem.units.index, fill_value=0.0)
    )
    for group in problem.groups.index:
        options = options_of(problem, answer, allocated, group, most=9)
        pairs = problem.pairs[problem.pairs["group"] == group].set_index("unit")
        assert sorted(options["unit"]) == sorted(pairs.index)
        for row in options.itertuples():
            assert (row.cost, row.minutes) == tuple(pairs.loc[row.unit, ["cost", "minutes"]])
            assert row.has_room == (room[row.unit] > 0)
            then = forced(problem, group, row.unit) if row.has_room else None
            figures = [row.all_pounds, row.all_children, row.all_preferences]
            if then is None:
                assert np.isnan(figures).all()
            else:
                assert figures == pytest.approx(
                    [then.cost - now.cost, then.gap - now.gap, then.against - now.against], abs=0.011
                )


def test_only_the_nearest_others_are_solved_again():
    answer = allocate(BASE)
    options = options_of(BASE, answer, allocated, "a", most=0)
    assert options["unit"].tolist() == ["school", "base", "full"]
    assert options["all_pounds"].notna().tolist() == [True, False, False]
    with pytest.raises(KeyError):
        options_of(BASE, answer, allocated, "nobody")


def units_of(problem, group):
    return set(problem.pairs.loc[problem.pairs["group"] == group, "unit"])


@settings(max_examples=40, deadline=None)
@given(problem=problems(**SMALL))
def test_the_runner_up_is_no_better_and_costs_at_least_what_is_said(problem):
    answer = allocate(problem)
    now, _ = best_by_enumeration(problem)
    found = runner_ups(problem, answer)
    assert found[["group", "unit"]].to_numpy().tolist() == answer.flows[["group", "unit"]].to_numpy().tolist()
    places = answer.flows.groupby("group")["unit"].nunique()
    for row in found[~found["runner_up"].isna()].itertuples():
        assert row.runner_up != row.unit
        then = forced(problem, row.group, row.runner_up)
        if then is None or places[row.group] > 1:
            continue
        assert then >= now
        children = problem.groups["children"].loc[row.group]
        if children > 1:
            continue
        if row.decided_by == "gap":
            assert then.gap > now.gap
        elif row.decided_by == "preference":
            assert (then.gap, then.against) > (now.gap, now.against)
        else:
            assert (then.gap, then.against) == (now.gap, now.against)
            assert row.extra == pytest.approx(then.cost - now.cost, abs=0.011)
        others = [forced(problem, row.group, unit) for unit in units_of(problem, row.group) - {row.unit}]
        assert then == min(other for other in others if other is not None)


def test_the_runner_up_by_hand():
    found = runner_ups(BASE, allocate(BASE)).set_index("group")
    # a is at the school: the base would take b's place. b is in the base: the school is 4,000 dearer.
    assert found.loc["a", ["unit", "runner_up", "decided_by"]].tolist() == ["school", "base", "cost"]
    assert found.loc["b", ["unit", "runner_up", "decided_by"]].tolist() == ["base", "school", "cost"]
    # Either way they swap: b costs 4,000 more and a 3,000 less.
    assert found["extra"].tolist() == [1_000, 1_000]
    searched = allocate(BASE)
    searched = replace(searched, proof=replace(searched.proof, by_prices=False))
    plain = runner_ups(BASE, searched)
    assert (plain["decided_by"] == "").all()
    assert plain["extra"].isna().all()


def test_rules_prices_are_in_the_runner_up():
    # The county takes one child at the base at most by a rule, though it has two places.
    roomy = replace(BASE, units=BASE.units.assign(places=BASE.units["places"].where(BASE.units.index != "base", 2.0)))
    at_base = (roomy.pairs["unit"] == "base").to_numpy(float)
    rule = linear_rule("one", pairs=at_base, gap=np.zeros(2), sense="<=", right=1.0)
    answer = allocate(roomy, rules=[rule])
    found = runner_ups(roomy, answer, [rule]).set_index("group")
    assert found["extra"].ge(0).all()
    assert found["extra"].sum() == pytest.approx(1_000)
    # Without it, a place in the base stands empty for a, so that no answer like this one is the best.
    with pytest.raises(NotOptimalError):
        one_sided_prices(roomy, answer)


def fewest_by_enumeration(problem, units):
    """The least gap that places at these units can bring, and the fewest places that bring it."""
    most = int(problem.groups["children"].sum())
    ways = sorted(itertools.product(range(most + 1), repeat=len(units)), key=sum)

    def gap(way):
        places = problem.units["places"].copy()
        for unit, more in zip(units, way, strict=True):
            places[unit] += more
        return best_by_enumeration(replace(problem, units=problem.units.assign(places=places)))[0].gap

    least = gap(ways[-1])
    return least, sum(next(way for way in ways if gap(way) == least))


@settings(max_examples=30, deadline=None)
@given(problem=problems(most_groups=3, most_units=2))
def test_least_places_are_the_fewest(problem):
    problem = replace(problem, groups=problem.groups.clip(upper=2.0))
    units = list(problem.units.index[np.isfinite(problem.units["places"])])
    places, gap = least_places(problem)
    least, fewest = fewest_by_enumeration(problem, units)
    assert gap.sum() == pytest.approx(least)
    assert places["places"].sum() == pytest.approx(fewest)
    assert (places["places"] > 0).all()


def test_least_places_only_where_asked_and_behind_no_preference_or_money():
    places, gap = least_places(BASE, units=["base"])
    assert (len(places), gap.sum()) == (0, 0)  # the school has room, at whatever cost
    wanted = problem_of(
        {"a": 1, "b": 1, "c": 1},
        {"base": (0, 0), "school": (1, 0)},
        {
            ("a", "base"): (1_000, 5),
            ("a", "school"): (1_000, 5, True),
            ("b", "school"): (9_000, 5),
        },
    )
    places, gap = least_places(wanted)
    # c suits nothing. a prefers the base and may as well have the school; then b needs a place: one is enough.
    assert (places["places"].sum(), gap["c"], gap.sum()) == (1, 1, 1)
    assert least_places(wanted, units=["school"])[0].to_dict("list") == {"unit": ["school"], "places": [1]}
    # A rule that has to be kept stands against places; the base is viable from two, and only one wants it.
    nobody = linear_rule(
        "none", pairs=(wanted.pairs["unit"] == "school").to_numpy(float), gap=np.zeros(3), sense="<=", right=0.0
    )
    places, gap = least_places(wanted, rules=[nobody])
    assert places.to_dict("list") == {"unit": ["base"], "places": [1]}
    assert gap.to_dict() == {"a": 0, "b": 1, "c": 1}
    _, gap = least_places(wanted, rules=[nobody], minimum=pd.Series({"base": 2.0}))
    assert gap.sum() == 3


def test_rules_that_contradict_each_other_are_missed_by_as_little_as_can_be():
    problem = problem_of({"a": 9}, {"u": (9, 0), "v": (9, 0)}, {("a", "u"): (1_000, 5), ("a", "v"): (1_000, 5)})
    at_u = np.array([1.0, 0.0])
    rules = [
        linear_rule("many", pairs=at_u, gap=np.zeros(1), sense=">=", right=5.0),
        linear_rule("few", pairs=at_u, gap=np.zeros(1), sense="<=", right=3.0),
    ]
    with pytest.raises(InfeasibleError):
        allocate(problem, rules=rules)
    # Two of five are a smaller share than two of three.
    assert least_relaxations(problem, rules).to_dict() == pytest.approx({"own[many]": 2})
    assert least_relaxations(problem, rules[:1]).empty
    # A least use of units is kept as it is: the rule gives way.
    minimum = pd.Series({"u": 8.0})
    few = [linear_rule("few", pairs=at_u, gap=np.zeros(1), sense="=", right=3.0)]
    assert least_relaxations(problem, few).empty
    assert least_relaxations(problem, few, minimum=minimum).to_dict() == pytest.approx({"own[few]": 3})
    # Half a child keeps it, a whole one cannot.
    odd = [linear_rule("odd", pairs=2.0 * at_u, gap=np.zeros(1), sense="=", right=3.0)]
    assert least_relaxations(problem, odd).to_dict() == pytest.approx({"own[odd]": 1})
