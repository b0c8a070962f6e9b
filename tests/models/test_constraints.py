"""Each rule of an allocation, as rows worked by hand; and for each an answer that breaks it once it is left out."""

import itertools

import numpy as np
import pandas as pd
import pytest
from support.placement_peers import problem_of

from placeplan.models.allocate import allocate
from placeplan.models.constraints import (
    LocalityMeasure,
    added_places,
    budgets,
    equity_bound,
    equity_minimax,
    host_share,
    limit_spending,
    linear_rule,
    site_totals,
    unit_rows,
)
from placeplan.models.program import InfeasibleError

INF = float("inf")

# Two children in a, one in b. North and south (one held) are classes of a school, shop is bought one by one.
PROBLEM = problem_of(
    {"a": 2, "b": 1},
    {"north": (3, 0), "shop": (INF, 0), "south": (2, 1)},
    {
        ("a", "north"): (1_000, 10),
        ("a", "shop"): (50_000, 60),
        ("a", "south"): (2_000, 20),
        ("b", "north"): (3_000, 30),
        ("b", "south"): (2_500, 25),
    },
)
SCHOOL = pd.Series({"north": "school", "south": "school"})


def rows_of(rule, problem=PROBLEM):
    """A rule as ``{row: ({variable: coefficient}, sense, right)}``."""
    labels = [f"place[{g},{u}]" for g, u in zip(problem.pairs["group"], problem.pairs["unit"], strict=True)]
    labels += [f"gap[{g}]" for g in problem.groups.index]
    taken = np.vstack([rule.pairs.toarray(), rule.gap.toarray()])
    assert taken.shape == (len(labels), len(rule.rows))
    terms = {row: {labels[i]: n for i, n in enumerate(taken[:, k]) if n} for k, row in enumerate(rule.rows.index)}
    for entry in rule.entries.itertuples():
        row = terms.setdefault(entry.row, {})
        assert entry.variable not in row
        row[entry.variable] = entry.coefficient
    found = {row: (terms[row], r["sense"], pytest.approx(r["right"])) for row, r in rule.rows.iterrows()}
    # Rows of the placement itself, into which a rule's variables enter.
    return found | {row: (terms[row], None, None) for row in terms if row not in found}


def costs_of(rule):
    """What a rule's variables cost, by stage, nought left out."""
    return {
        stage: {v: n for v, n in zip(rule.variables.index, values, strict=True) if n}
        for stage, values in rule.costs.items()
    }


def flows_of(answer):
    return {(r.group, r.unit): r.children for r in answer.flows.itertuples()}


def loads(answer):
    return answer.flows.groupby("unit")["children"].sum().to_dict()


def measure_of(problem, locality, *, held=None, children=None, gap=90.0):
    """Mean minutes, a child in the gap counted at ``gap``."""
    groups = pd.Series(locality).reindex(problem.groups.index)
    count = problem.groups["children"].groupby(groups).sum() if children is None else pd.Series(children, dtype=float)
    return LocalityMeasure(
        locality=groups,
        at_group=problem.at_group,
        pairs=problem.pairs["minutes"].to_numpy(float),
        gap=np.full(len(problem.groups), gap),
        held=pd.Series(held or {}, dtype=float),
        children=count,
    )


def test_a_site_keeps_to_its_total():
    rule = site_totals(PROBLEM, SCHOOL, pd.Series({"school": 3.0}))
    every = {f"place[{g},{u}]": 1 for g, u in itertools.product("ab", ("north", "south"))}
    assert rows_of(rule) == {"site[school]": (every, "<=", 2)}
    assert (len(rule.variables), costs_of(rule), rule.may_bar) == (0, {}, False)
    assert sum(n for u, n in loads(allocate(PROBLEM)).items() if u != "shop") == 3
    kept = allocate(PROBLEM, rules=[rule])
    assert flows_of(kept) == {("a", "north"): 1, ("a", "shop"): 1, ("b", "south"): 1}
    assert kept.proof.objective == 53_500


def test_a_site_that_those_who_stay_overfill_takes_nobody_and_breaks_nothing():
    rule = site_totals(PROBLEM, pd.Series({"south": "annexe"}), pd.Series({"annexe": 0.0}))
    assert rows_of(rule) == {"site[annexe]": ({"place[a,south]": 1, "place[b,south]": 1}, "<=", 0)}
    assert flows_of(allocate(PROBLEM, rules=[rule])) == {("a", "north"): 2, ("b", "north"): 1}


def test_a_rule_over_a_unit_bought_one_by_one_can_leave_anybody_in_the_gap():
    rule = site_totals(PROBLEM, pd.Series({"shop": "shop", "north": "shop"}), pd.Series({"shop": 0.0}))
    assert rule.may_bar
    answer = allocate(PROBLEM, rules=[rule])
    assert (answer.gap.to_dict(), loads(answer)) == ({"a": 1, "b": 1}, {"south": 1})
    assert flows_of(answer) == {("a", "south"): 1}


def test_a_host_keeps_to_the_plans_that_its_roll_allows():
    rule = host_share(PROBLEM, pd.Series({"south": "host"}), pd.Series({"host": 1.0, "other": 4.0}))
    assert rows_of(rule) == {
        "host[host]": ({"place[a,south]": 1, "place[b,south]": 1}, "<=", 0),
        "host[other]": ({}, "<=", 4),
    }
    assert loads(allocate(PROBLEM))["south"] == 1
    assert loads(allocate(PROBLEM, rules=[rule])) == {"north": 3}


def test_a_budget_is_kept_where_it_can_be():
    spending = pd.DataFrame({"fund": [10.0, 900.0, 20.0, 0.0, 500.0]})
    rule = budgets(PROBLEM, spending, pd.Series({"fund": 300.0}), gap=pd.DataFrame({"fund": [7.0, 8.0]}))
    terms = {
        "place[a,north]": 10,
        "place[a,shop]": 900,
        "place[a,south]": 20,
        "place[b,south]": 500,
        "gap[a]": 7,
        "gap[b]": 8,
        "above[budget[fund]]": -1,
    }
    assert rows_of(rule) == {"budget[fund]": (terms, "<=", 300)}
    assert costs_of(rule) == {"rules": {"above[budget[fund]]": pytest.approx(1 / 300)}}
    # b in the south at 2,500 takes 500 of the fund; in the north it costs 500 more and takes nothing.
    assert flows_of(allocate(PROBLEM)) == {("a", "north"): 2, ("b", "south"): 1}
    assert flows_of(allocate(PROBLEM, rules=[rule])) == {("a", "north"): 2, ("b", "north"): 1}


def test_no_child_waits_for_want_of_money_and_the_overspend_is_told():
    spending = pd.DataFrame({"fund": [100.0] * 5, "free": [0.0] * 5})
    rule = budgets(PROBLEM, spending, pd.Series({"free": 5.0, "fund": 120.0}))
    assert costs_of(rule)["rules"] == {"above[budget[free]]": pytest.approx(0.2), "above[budget[fund]]": 1 / 120}
    answer = allocate(PROBLEM, rules=[rule])
    assert answer.gap.sum() == 0
    assert answer.variables.to_dict() == {"above[budget[free]]": 0, "above[budget[fund]]": pytest.approx(180)}
    assert answer.proof.values["rules"] == pytest.approx(180 / 120)
    assert answer.proof.objective == 4_500


def test_a_shortfall_counts_in_full_where_the_right_side_is_below_one():
    rule = budgets(PROBLEM, pd.DataFrame({"fund": [1.0] * 5}), pd.Series({"fund": 0.5}))
    assert costs_of(rule)["rules"] == {"above[budget[fund]]": 1}


EAST_WEST = {"a": "east", "b": "west"}


def test_means_are_over_all_the_children_of_a_locality():
    # West: b and one who stays at 40 minutes. East: two in a, one row of the mean each.
    measure = measure_of(PROBLEM, EAST_WEST, held={"west": 40.0}, children={"east": 2, "west": 2, "empty": 0})
    rule = equity_bound(measure, 12.0)
    east = {"place[a,north]": 5, "place[a,shop]": 30, "place[a,south]": 10, "gap[a]": 45}
    west = {"place[b,north]": 15, "place[b,south]": 12.5, "gap[b]": 45}
    assert rows_of(rule) == {
        "equity[east]": (east | {"above[equity[east]]": -1}, "<=", 12),
        "equity[west]": (west | {"above[equity[west]]": -1}, "<=", 12 - 20),
        "equity[empty]": ({"above[equity[empty]]": -1}, "<=", 12),
    }
    assert costs_of(rule) == {
        "rules": {
            "above[equity[east]]": pytest.approx(1 / 12),
            "above[equity[west]]": pytest.approx(1 / 8),
            "above[equity[empty]]": pytest.approx(1 / 12),
        }
    }
    by_locality = equity_bound(measure, pd.Series({"west": 30.0, "east": 8.0, "empty": 1.0}))
    assert by_locality.rows["right"].to_dict() == {"equity[east]": 8, "equity[west]": 10, "equity[empty]": 1}


# One place near, one far; b would be the cheaper one to send far, and it is the farther for it.
NEAR_FAR = problem_of(
    {"a": 1, "b": 1},
    {"far": (1, 0), "near": (1, 0)},
    {("a", "far"): (9_000, 30), ("a", "near"): (1_000, 10), ("b", "far"): (2_000, 70), ("b", "near"): (1_000, 12)},
)


def test_a_mean_is_bounded_where_it_can_be():
    assert flows_of(allocate(NEAR_FAR)) == {("a", "near"): 1, ("b", "far"): 1}
    bounded = allocate(NEAR_FAR, rules=[equity_bound(measure_of(NEAR_FAR, EAST_WEST), 40.0)])
    assert flows_of(bounded) == {("a", "far"): 1, ("b", "near"): 1}
    assert bounded.variables.tolist() == [0, 0]
    # No answer keeps 20: missing it by 10 of 20 is less than by 50 of 20.
    missed = allocate(NEAR_FAR, rules=[equity_bound(measure_of(NEAR_FAR, EAST_WEST), 20.0)])
    assert missed.variables["above[equity[east]]"] == pytest.approx(10)
    assert missed.proof.values["rules"] == pytest.approx(0.5)


@pytest.mark.parametrize(("price", "far"), [(200.0, "b"), (250.0, "a")])
def test_a_bound_at_a_price_gives_way_to_pounds(price, far):
    # West is 30 minutes beyond at b far: 30 x price against 7,000 pounds more for a far.
    rule = equity_bound(measure_of(NEAR_FAR, EAST_WEST), 40.0, price=price)
    assert costs_of(rule) == {"cost": {"above[equity[east]]": price, "above[equity[west]]": price}}
    answer = allocate(NEAR_FAR, rules=[rule])
    assert (far, "far") in flows_of(answer)
    assert answer.proof.objective == (3_000 + 30 * price if far == "b" else 10_000)


def test_a_price_counts_for_each_of_a_localitys_children():
    rule = equity_bound(measure_of(PROBLEM, EAST_WEST, children={"east": 2, "west": 5}), 12.0, price=3.0)
    assert costs_of(rule) == {"cost": {"above[equity[east]]": 6, "above[equity[west]]": 15}}


def test_the_worst_locality_is_as_near_as_it_can_be_and_then_the_next():
    rule = equity_minimax(measure_of(NEAR_FAR, EAST_WEST, held={"east": 4.0}, children={"east": 2, "west": 1}))
    east = {"place[a,far]": 15, "place[a,near]": 5, "gap[a]": 45}
    west = {"place[b,far]": 70, "place[b,near]": 12, "gap[b]": 90}
    own = {(k, x): {f"equity level[{k}]": -1, f"equity above[{k},{x}]": -1} for k in (1, 2) for x in ("east", "west")}
    assert rows_of(rule, NEAR_FAR) == {
        "equity 1[east]": (east | own[1, "east"], "<=", -2),
        "equity 1[west]": (west | own[1, "west"], "<=", 0),
        "equity 2[east]": (east | own[2, "east"], "<=", -2),
        "equity 2[west]": (west | own[2, "west"], "<=", 0),
    }
    assert costs_of(rule) == {
        "equity 1": {"equity level[1]": 1, "equity above[1,east]": 1, "equity above[1,west]": 1},
        "equity 2": {"equity level[2]": 2, "equity above[2,east]": 1, "equity above[2,west]": 1},
    }
    answer = allocate(NEAR_FAR, rules=[equity_minimax(measure_of(NEAR_FAR, EAST_WEST))])
    assert flows_of(answer) == {("a", "far"): 1, ("b", "near"): 1}
    # The worst is 30; the two largest together are 42.
    assert answer.proof.values[["equity 1", "equity 2"]].tolist() == pytest.approx([30, 42])


def test_of_answers_with_the_same_worst_locality_the_next_worst_decides():
    # a is 50 minutes from everything; b is cheaper at 40 and nearer at 15.
    problem = problem_of(
        {"a": 1, "b": 1},
        {"x": (2, 0), "y": (1, 0)},
        {("a", "x"): (0, 50), ("b", "x"): (1_000, 40), ("b", "y"): (3_000, 15)},
    )
    assert flows_of(allocate(problem)) == {("a", "x"): 1, ("b", "x"): 1}
    answer = allocate(problem, rules=[equity_minimax(measure_of(problem, EAST_WEST))])
    assert flows_of(answer) == {("a", "x"): 1, ("b", "y"): 1}


def test_a_row_of_ones_own_is_kept_whatever_it_costs():
    rule = linear_rule("few", pairs=np.array([1.0, 0, 1, 0, 0]), gap=np.array([0.0, 2]), sense="<=", right=1.0)
    terms = {"place[a,north]": 1, "place[a,south]": 1, "gap[b]": 2}
    assert rows_of(rule) == {"own[few]": (terms, "<=", 1)}
    assert (costs_of(rule), rule.may_bar) == ({}, True)
    assert flows_of(allocate(PROBLEM))["a", "north"] == 2
    assert flows_of(allocate(PROBLEM, rules=[rule])) == {("a", "north"): 1, ("a", "shop"): 1, ("b", "south"): 1}
    nobody = linear_rule("nobody", pairs=np.array([1.0, 1, 1, 0, 0]), gap=np.zeros(2), sense="=", right=0.0)
    assert allocate(PROBLEM, rules=[nobody]).gap.to_dict() == {"a": 2, "b": 0}


@pytest.mark.parametrize(("sense", "missed"), [("<=", ["above"]), (">=", ["below"]), ("=", ["above", "below"])])
def test_a_row_of_ones_own_that_may_be_missed_is_missed_by_as_little_as_can_be(sense, missed):
    pairs = np.array([1.0, 0, 0, 1, 0])
    rule = linear_rule("north", pairs=pairs, gap=np.zeros(2), sense=sense, right=-4.0, required=False)
    terms = {"place[a,north]": 1, "place[b,north]": 1}
    sides = {f"{side}[own[north]]": {"above": -1, "below": 1}[side] for side in missed}
    assert rows_of(rule) == {"own[north]": (terms | sides, sense, -4)}
    assert costs_of(rule) == {"rules": dict.fromkeys(sides, 0.25)}
    assert not rule.may_bar
    answer = allocate(PROBLEM, rules=[rule])
    # At or below -4 cannot be: the least is nobody in the north, the others in the shop; at or above it always is.
    assert loads(answer).get("north", 0) == (2 if sense == ">=" else 0)
    assert answer.gap.sum() == 0 if sense == ">=" else answer.proof.values["rules"] == pytest.approx(1.0)


def test_rows_that_contradict_each_other_are_said_to():
    rules = [
        linear_rule(name, pairs=np.array([1.0, 0, 0, 0, 0]), gap=np.zeros(2), sense=sense, right=right)
        for name, sense, right in (("one", "<=", 1.0), ("two", ">=", 2.0))
    ]
    with pytest.raises(InfeasibleError):
        allocate(PROBLEM, rules=rules)


def additions_of(rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=["site", "limit", "fixed_cost"])


TWO_CLASSES = problem_of(
    {"a": 1, "b": 1},
    {"class1": (0, 0), "class2": (0, 0), "shop": (INF, 0)},
    {("a", "class1"): (0, 5), ("a", "shop"): (30_000, 5), ("b", "class2"): (0, 5), ("b", "shop"): (40_000, 5)},
)


def test_places_are_added_where_they_save_and_no_more_than_the_site_takes():
    rule = added_places(TWO_CLASSES, additions_of({"class1": ("site", 1, 10.005), "class2": ("site", 1, 20.0)}))
    assert rows_of(rule, TWO_CLASSES) == {
        "more[site]": ({"add[class1]": 1, "add[class2]": 1}, "<=", 1),
        "places[class1]": ({"add[class1]": -1}, None, None),
        "places[class2]": ({"add[class2]": -1}, None, None),
    }
    assert rule.variables.to_dict("list") == {"lower": [0, 0], "upper": [1, 1], "whole": [True, True]}
    assert costs_of(rule) == {
        "cost": {"add[class1]": round(10.005, 2), "add[class2]": 20},
        "places": {"add[class1]": 1, "add[class2]": 1},
    }
    answer = allocate(TWO_CLASSES, rules=[rule])
    assert answer.variables.to_dict() == {"add[class1]": 0, "add[class2]": 1}
    assert answer.proof.objective == 30_020
    apart = added_places(TWO_CLASSES, additions_of({"class1": ("one", 1, 10.0), "class2": ("two", 3, 20.0)}))
    assert rows_of(apart, TWO_CLASSES)["more[two]"] == ({"add[class2]": 1}, "<=", 3)
    both = allocate(TWO_CLASSES, rules=[apart])
    assert both.variables.to_dict() == {"add[class1]": 1, "add[class2]": 1}
    assert (both.proof.objective, len(both.overfill)) == (30, 0)
    dear = added_places(TWO_CLASSES, additions_of({"class1": ("one", 1, 30_000.0), "class2": ("two", 1, 50_000.0)}))
    # What saves nothing is not added.
    assert allocate(TWO_CLASSES, rules=[dear]).variables.sum() == 0


def test_no_more_places_are_added_than_asked_for():
    additions = additions_of({"class1": ("one", 1, 10.0), "class2": ("two", 1, 10.0)})
    rule = added_places(TWO_CLASSES, additions, most_places=1)
    assert rows_of(rule, TWO_CLASSES)["more places"] == ({"add[class1]": 1, "add[class2]": 1}, "<=", 1)
    assert allocate(TWO_CLASSES, rules=[rule]).variables.to_dict() == {"add[class1]": 0, "add[class2]": 1}
    assert allocate(TWO_CLASSES, rules=[added_places(TWO_CLASSES, additions)]).variables.sum() == 2


def test_added_places_come_before_the_bands():
    problem = problem_of({"a": 3}, {"u": (1, 0)}, {("a", "u"): (100, 1)}, {"u": [(2, 500)]})
    answer = allocate(problem, rules=[added_places(problem, additions_of({"u": ("site", 1, 10.0)}))])
    assert answer.variables["add[u]"] == 1
    assert answer.overfill["children"].tolist() == [1]
    assert answer.proof.objective == answer.proof.bound == 300 + 10 + 500


def test_spending_stays_within_the_sum():
    additions = additions_of({"class1": ("one", 1, 10.0), "class2": ("two", 1, 20.0)})
    spending = (TWO_CLASSES.pairs["unit"] != "shop").to_numpy(float) * 500.0
    rule = limit_spending(TWO_CLASSES, additions, spending, 520.0)
    terms = {"place[a,class1]": 500, "place[b,class2]": 500, "add[class1]": 10, "add[class2]": 20}
    assert rows_of(rule, TWO_CLASSES) == {"spending": (terms, "<=", 520)}
    # A class of its own is 510 pounds for a and 520 for b: one of them, and b saves more.
    places = added_places(TWO_CLASSES, additions)
    assert allocate(TWO_CLASSES, rules=[places, rule]).variables.to_dict() == {"add[class1]": 0, "add[class2]": 1}
    assert allocate(TWO_CLASSES, rules=[places]).variables.sum() == 2


def test_rows_of_units_count_their_newcomers():
    rows = pd.DataFrame({"sense": ["<=", ">="], "right": [0.0, 2.0]}, index=["closed", "viable"])
    rule = unit_rows(PROBLEM, rows, pd.Index(["south", "north"]))
    assert rows_of(rule) == {
        "closed": ({"place[a,south]": 1, "place[b,south]": 1}, "<=", 0),
        "viable": ({"place[a,north]": 1, "place[b,north]": 1}, ">=", 2),
    }
    assert not rule.may_bar
    assert unit_rows(PROBLEM, rows.iloc[:1], pd.Index(["shop"])).may_bar


def test_a_rule_that_names_what_the_placement_does_not_have_is_refused():
    rule = added_places(PROBLEM, additions_of({"shop": ("site", 1, 10.0)}))
    with pytest.raises(KeyError, match="does not have"):
        allocate(PROBLEM, rules=[rule])
