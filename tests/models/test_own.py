"""Rules of one's own, written in PuLP: read as rows, kept or missed, and refused where they are no rows."""

import numpy as np
import pulp
import pytest
from pulp import lpSum
from support.placement_peers import problem_of

from placeplan.models.allocate import allocate
from placeplan.models.own import own_rules

PROBLEM = problem_of(
    {"a": 2, "b": 1},
    {"north": (3, 0), "south": (3, 0)},
    {("a", "north"): (1_000, 5), ("a", "south"): (5_000, 5), ("b", "north"): (1_000, 5)},
)


def only(write, **options):
    (rule,) = own_rules(PROBLEM, write, **options)
    return rule


def flows_of(answer):
    return {(r.group, r.unit): r.children for r in answer.flows.itertuples()}


@pytest.mark.parametrize(
    ("write", "sense", "right"),
    [
        (lambda left: left <= 3, "<=", 3),
        (lambda left: left >= 3, ">=", 3),
        (lambda left: left == 3, "=", 3),
        (lambda left: 1 + left <= 4, "<=", 3),
    ],
)
def test_a_constraint_is_read_as_a_row(write, sense, right):
    rule = only(lambda c: {"few": write(2 * c.place["a", "north"] - c.place["b", "north"] + 0.5 * c.gap["b"])})
    assert rule.rows.to_dict("index") == {"own[few]": {"sense": sense, "right": right}}
    assert rule.pairs.toarray().ravel().tolist() == [2, 0, -1]
    assert rule.gap.toarray().ravel().tolist() == [0, 0.5]
    assert len(rule.variables) == 0
    assert rule.may_bar


def test_a_variable_on_both_sides_is_counted_once():
    rule = only(lambda c: {"more": c.place["a", "north"] + 2 * c.place["a", "south"] <= c.place["a", "north"]})
    assert rule.pairs.toarray().ravel().tolist() == [0, 2, 0]


def test_a_rule_is_kept_and_one_that_may_be_missed_gives_way():
    def few(c):
        return {"few": lpSum(c.place[pair] for pair in c.place if pair[1] == "north") <= 1}

    assert flows_of(allocate(PROBLEM)) == {("a", "north"): 2, ("b", "north"): 1}
    assert flows_of(allocate(PROBLEM, rules=own_rules(PROBLEM, few))) == {("a", "south"): 2, ("b", "north"): 1}

    def none(c):
        return {"none": lpSum(c.place.values()) <= 0}

    assert allocate(PROBLEM, rules=own_rules(PROBLEM, none)).gap.sum() == 3
    missed = allocate(PROBLEM, rules=own_rules(PROBLEM, none, required=False))
    assert missed.gap.sum() == 0
    assert missed.variables.to_dict() == {"above[own[none]]": 3}


def test_a_rule_may_speak_of_the_gap():
    rules = own_rules(PROBLEM, lambda c: {"wait": c.gap["a"] >= 1})
    answer = allocate(PROBLEM, rules=rules)
    assert answer.gap.to_dict() == {"a": 1, "b": 0}


def test_choices_have_the_pairs_and_groups_and_the_problem():
    seen = {}

    def write(c):
        seen.update(place=list(c.place), gap=list(c.gap), sizes=(len(c.place), len(c.gap)), problem=c.problem)
        assert c.place["a", "south"] is c.place["a", "south"]
        with pytest.raises(KeyError):
            c.place["b", "south"]
        with pytest.raises(KeyError):
            c.gap["z"]
        return {}

    assert own_rules(PROBLEM, write) == []
    assert seen == {
        "place": [("a", "north"), ("a", "south"), ("b", "north")],
        "gap": ["a", "b"],
        "sizes": (3, 2),
        "problem": PROBLEM,
    }


def test_several_rules_keep_their_names():
    rules = own_rules(PROBLEM, lambda c: {"one": c.gap["a"] <= 1, "two": c.gap["b"] >= 0})
    assert [list(rule.rows.index) for rule in rules] == [["own[one]"], ["own[two]"]]


REFUSED = {
    "expected a PuLP constraint, such as .*, found bool": lambda _: {"x": True},
    "expected a PuLP constraint, such as .*, found LpAffineExpression": lambda c: {"x": c.gap["a"] + 1},
    "expected a PuLP constraint, such as .*, found NoneType": lambda _: {"x": None},
    "expected variables of place and gap, found stranger": lambda c: {"x": c.gap["a"] + stranger("stranger") <= 1},
    "expected variables of place and gap, found placement7": lambda c: {"x": c.gap["a"] + stranger("placement7") <= 1},
    "expected variables of place and gap, found gap": lambda c: {"x": c.gap["a"] + stranger("gap") <= 1},
}


def stranger(name):
    """A variable that the rule's choices do not have."""
    return pulp.LpProblem().add_variable(name)


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_no_row_over_the_choices_is_refused_by_name(message):
    with pytest.raises(ValueError, match=f"rule 'x': {message}"):
        own_rules(PROBLEM, REFUSED[message])


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_coefficient_or_right_side_that_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="finite"):
        own_rules(PROBLEM, lambda c: {"x": number * c.gap["a"] <= 1})
    with pytest.raises(ValueError, match="finite"):
        own_rules(PROBLEM, lambda c: {"x": c.gap["a"] <= number})


@pytest.mark.parametrize("name", ["gap2", "place3", "place99"])
def test_a_foreign_variable_that_is_numbered_beyond_the_choices_is_refused(name):
    with pytest.raises(ValueError, match=f"rule 'x': expected variables of place and gap, found {name}"):
        own_rules(PROBLEM, lambda c: {"x": c.gap["a"] + stranger(name) <= 1})
