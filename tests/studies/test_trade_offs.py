"""Cost against travel in a county worked out by hand, and its ends against the questions asked in another way."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import placeplan as pp
from placeplan.county.settings_rules import Budget, EquityRule, PreferenceRule


@pytest.fixture(scope="module")
def dear(county):
    """The base near c5 costs £40,000 a child, and nobody prefers it; the special school has a place for c5 too."""
    top_ups = county.top_ups.assign(pounds=county.top_ups["pounds"].mask(county.top_ups["kind"].eq("ers"), 40_000.0))
    at = county.units["unit"] == "special"
    units = county.units.assign(places=county.units["places"].mask(at, 5), ceiling=county.units["ceiling"].mask(at, 5))
    children = county.children.assign(prefers=pd.NA)
    return replace(county, top_ups=top_ups, units=units, children=children)


def least_minutes(answer):
    """The least minutes of those placed anew, nobody left without a place: a linear programme over the pairs."""
    problem = answer.problem.placement
    pairs, units, bands = problem.pairs, problem.units, problem.bands
    room = units["places"] - units["held"]
    room = room.add(bands.groupby("unit")["width"].sum(), fill_value=0.0)
    limited = room.index[np.isfinite(room)]
    found = linprog(
        pairs["minutes"],
        A_eq=np.array([(pairs["group"] == group).to_numpy(float) for group in problem.groups.index]),
        b_eq=problem.groups["children"],
        A_ub=np.array([(pairs["unit"] == unit).to_numpy(float) for unit in limited]),
        b_ub=room[limited],
    )
    assert found.status == 0
    return found.fun


def test_two_points_by_hand(dear, travel):
    answer = pp.allocate_places(dear, travel)
    found = pp.trade_offs(answer)
    points = found.points.set_index("point")
    # c5 in the special school: 12,000 + 6,677.14, 9.6 minutes; in the base: 40,000 + 1,294.71 - 4,000, 2.7 minutes.
    assert points["extra_pounds"].tolist() == pytest.approx([0, 37_294.71 - 18_677.14])
    assert points["minutes_saved"].tolist() == pytest.approx([0, 6.9])
    assert points.loc[2, "pounds_per_minute"] == pytest.approx((37_294.71 - 18_677.14) / 6.9, abs=0.006)
    assert points["end"].tolist() == ["cost;equity", "travel"]
    assert points["penalty_pounds"].tolist() == [0, 0]
    assert found.measure == "beyond_guidance"
    # All six children: 2.7 minutes for five but c4, who has 8.6 km to go, and c5.
    held = answer.placements.set_index("child")["minutes"]
    assert points.loc[1, "child_minutes"] == pytest.approx(held.sum())
    assert points.loc[1, "mean_journey"] == pytest.approx(held.mean(), abs=0.006)


@pytest.mark.parametrize("which", ["county", "dear"])
@pytest.mark.parametrize("question", ["september", "afresh"])
def test_the_ends_are_the_cheapest_answer_and_the_least_travel_there_is(which, question, request, travel):
    answer = pp.allocate_places(request.getfixturevalue(which), travel, question=question)
    points = pp.trade_offs(answer, steps=4).points
    first = points.iloc[0]
    assert first["cost_pounds"] == pytest.approx(answer.headline("cost_pounds"))
    assert first["penalty_pounds"] == pytest.approx(answer.headline("penalty_pounds"))
    assert first["objective_pounds"] == pytest.approx(answer.proof.objective)
    assert first["child_minutes"] == pytest.approx(answer.headline("child_minutes"))
    if (answer.problem.placement.pairs["against_preference"]).any():
        return
    held = answer.problem.held["minutes"].sum()
    assert points["child_minutes"].min() == pytest.approx(held + least_minutes(answer), abs=0.051)


def test_no_point_is_dominated(dear, travel):
    points = pp.trade_offs(pp.allocate_places(dear, travel, question="afresh"), steps=6).points
    figures = points[["objective_pounds", "child_minutes", "worst_locality"]].to_numpy(float)
    for point in figures:
        assert not ((figures <= point).all(axis=1) & (figures < point).any(axis=1)).any()
    assert points["status"].eq("optimal").all()
    assert points["bound_pounds"].to_numpy() == pytest.approx(points["objective_pounds"].to_numpy())


def test_the_rules_of_the_answer_hold_in_every_point(dear, travel):
    rules = replace(
        dear.settings.rules,
        equity=EquityRule(measure="minutes", mode="minimax"),
        budgets=(Budget("high_needs", 2026, 150_000.0),),
    )
    answer = pp.allocate_places(dear, travel, rules=rules)
    found = pp.trade_offs(answer, steps=3)
    assert found.measure == "minutes"
    assert found.points.iloc[0]["cost_pounds"] == pytest.approx(answer.headline("cost_pounds"))
    # Least overspend comes before fair journeys and these before cost, so that nothing is left to trade.
    assert len(found.points) == 1
    off = replace(dear.settings.rules, preferences=PreferenceRule(mode="off"))
    assert len(pp.trade_offs(pp.allocate_places(dear, travel, rules=off)).points) == 2


def test_what_has_no_frontier_is_refused(county, travel):
    today = pp.allocate_places(county, travel, question="today")
    with pytest.raises(pp.UsageError, match="expected a question that is solved"):
        pp.trade_offs(today)
    with pytest.raises(pp.UsageError, match="2 steps and 1 level or more, found 1 and 3"):
        pp.trade_offs(pp.allocate_places(county, travel), steps=1)


def test_the_chart_says_its_ends(dear, travel):
    figure = pp.trade_offs(pp.allocate_places(dear, travel)).figure()
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert said == ["Least cost and fairest\n£0.27m", "Least travel\n£18,618 more, 7 minutes saved"]
    assert figure.axes[0].get_xlabel() == "Mean journey of all children, minutes one way"
    # No penalty is in any point, so that the cost is cash.
    assert figure.axes[0].get_ylabel() == "Cost a year, £m"
