"""One child at a unit for certain: by hand, and against the whole problem with the pair forced by a rule."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.placement_peers import problem_of, problems

from placeplan.models.allocate import allocate
from placeplan.models.changes import with_children
from placeplan.models.constraints import linear_rule
from placeplan.models.fixed import changed_for_others, fixed_at, overfill_price, with_staying
from placeplan.models.program import InfeasibleError

# The base has one place; the school is 3,000 dearer for a, 4,000 for b.
BASE = problem_of(
    {"a": 1, "b": 1},
    {"base": (1, 0), "school": (3, 0)},
    {
        ("a", "base"): (1_000, 5),
        ("a", "school"): (4_000, 25),
        ("b", "base"): (2_000, 10),
        ("b", "school"): (6_000, 30),
    },
)


def test_one_more_who_stays_takes_a_place_from_the_others():
    before = allocate(BASE)
    assert before.proof.objective == 4_000 + 2_000
    after = allocate(with_staying(BASE, "base", 1.0))
    assert after.proof.objective == 4_000 + 6_000
    moved = changed_for_others(BASE, before, after)
    assert moved.to_dict("records") == [
        {
            "group": "b",
            "from_unit": "base",
            "to_unit": "school",
            "children": 1,
            "minutes_before": 10,
            "minutes_after": 30,
        }
    ]
    assert changed_for_others(BASE, before, before).empty


def test_a_unit_holds_no_more_than_up_to_its_ceiling_and_no_fewer_than_none():
    with pytest.raises(ValueError, match="base would hold 2 of at most 1"):
        with_staying(BASE, "base", 2.0)
    with pytest.raises(ValueError, match="base would hold -1"):
        with_staying(BASE, "base", -1.0)
    with pytest.raises(ValueError, match="no unit nowhere"):
        with_staying(BASE, "nowhere", 1.0)
    with pytest.raises(KeyError):
        fixed_at(BASE, [], "a", "nowhere")


def test_overfill_is_at_the_price_of_the_band_that_the_child_comes_to():
    bands = {"base": [(1, 500), (2, 900)]}
    full = problem_of({"a": 1}, {"base": (2, 2)}, {("a", "base"): (1_000, 5)}, bands)
    assert overfill_price(full, "base") == 500
    assert overfill_price(with_staying(full, "base", 1.0), "base") == 900
    assert overfill_price(with_staying(full, "base", -1.0), "base") == 0
    with pytest.raises(ValueError, match="full up to its ceiling"):
        overfill_price(with_staying(full, "base", 3.0), "base")


def test_the_gap_is_where_a_child_may_have_been_or_gone_to():
    short = problem_of({"a": 1}, {"base": (1, 0)}, {("a", "base"): (1_000, 5)})
    before, after = allocate(short), allocate(with_staying(short, "base", 1.0))
    (row,) = changed_for_others(short, before, after).to_dict("records")
    assert (row["from_unit"], row["to_unit"], row["minutes_before"]) == ("base", "", 5)
    assert np.isnan(row["minutes_after"])


@settings(max_examples=40, deadline=None)
@given(problem=problems(most_groups=4, most_units=3), data=st.data())
def test_a_child_fixed_under_a_rule_is_the_whole_problem_with_the_pair_forced(problem, data):
    assume(len(problem.pairs))
    pair = data.draw(st.sampled_from(list(problem.pairs[["group", "unit"]].itertuples(index=False, name=None))))
    group, unit = pair
    assume(problem.groups.loc[group, "children"] >= 1)
    weights = np.array([data.draw(st.sampled_from([0.0, 1.0, 2.0])) for _ in range(len(problem.pairs))])
    most = data.draw(st.sampled_from([2.0, 4.0, 100.0]))
    rule = linear_rule("own", pairs=weights, gap=np.zeros(len(problem.groups)), sense="<=", right=most)
    at = int(problem.pair_places(pd.Series([group]), pd.Series([unit]))[0])
    # In the whole problem the child is a group of its own, with no other pair and no leave to wait.
    force = np.zeros(len(problem.pairs))
    force[at] = 1.0
    forced = linear_rule("there", pairs=force, gap=np.zeros(len(problem.groups)), sense=">=", right=1.0)
    try:
        whole = allocate(problem, rules=[rule, forced])
    except InfeasibleError:
        whole = None
    try:
        fixed, rules = fixed_at(with_children(problem, {group: -1.0}), [rule], group, unit)
        own = overfill_price(with_children(problem, {group: -1.0}), unit)
        parts = allocate(fixed, rules=rules)
    except ValueError:
        # Full up to the ceiling, or against the rule: so it is in the whole problem.
        assert whole is None
        return
    assert whole is not None
    assert parts.proof.gap_children == pytest.approx(whole.proof.gap_children, abs=1e-6)
    values = [answer.proof.values.get("preference", 0.0) for answer in (parts, whole)]
    against = float(problem.pairs["against_preference"].iloc[at])
    assert values[0] + against == pytest.approx(values[1], abs=1e-6)
    cost = float(problem.pairs["cost"].iloc[at])
    assert parts.proof.objective + cost == pytest.approx(whole.proof.objective, abs=0.01)
    assert own >= 0
