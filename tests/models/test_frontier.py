"""Cost, travel and equity against each other: every answer of a small problem is tried, and none is better in all."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.placement_peers import problem_of, scorer

from placeplan.models.allocate import allocate
from placeplan.models.constraints import LocalityMeasure, equity_bound, equity_minimax, linear_rule
from placeplan.models.frontier import frontier, measured

FIGURES = ["pounds", "minutes", "worst_locality"]

# a and b live in the north, c in the south. Near is dear; the school in the middle has one place.
LAND = problem_of(
    {"a": 1, "b": 1, "c": 1},
    {"near": (2, 0), "far": (3, 0), "middle": (1, 0)},
    {
        ("a", "near"): (20_000, 5),
        ("a", "far"): (10_000, 40),
        ("b", "near"): (25_000, 10),
        ("b", "far"): (11_000, 50),
        ("c", "near"): (30_000, 20),
        ("c", "middle"): (16_000, 25),
        ("c", "far"): (12_000, 60),
    },
)


def minutes_measure(problem, locality):
    """Mean minutes by locality, nobody there already; a child in the gap counts an hour."""
    locality = pd.Series(locality)
    places = sorted(locality.unique())
    children = problem.groups["children"].groupby(locality.reindex(problem.groups.index).to_numpy()).sum()
    return LocalityMeasure(
        locality=locality.reindex(problem.groups.index),
        at_group=problem.at_group,
        pairs=problem.pairs["minutes"].to_numpy(float),
        gap=np.full(len(problem.groups), 60.0),
        held=pd.Series(0.0, index=places),
        children=children.reindex(places),
    )


def solved(problem, *own):
    return lambda more, first, near: allocate(problem, rules=[*own, *more], first=first, start=near)


def every_answer(problem, locality):
    """Every way to place single children: gap, against, pounds, minutes, the worst locality's mean."""
    minutes = {(p.group, p.unit): p.minutes for p in problem.pairs.itertuples()}
    choices = [[None, *(u for g, u in minutes if g == group)] for group in problem.groups.index]
    homes = pd.Series(locality).reindex(problem.groups.index)
    score = scorer(problem)
    rows = []
    for ways in itertools.product(*choices):
        pairs = [pair for pair in zip(problem.groups.index, ways, strict=True) if pair[1] is not None]
        found = score(dict.fromkeys(pairs, 1))
        if found is None:
            continue
        journeys = pd.Series({group: minutes[group, unit] for group, unit in pairs}, dtype=float)
        means = journeys.reindex(problem.groups.index).fillna(60.0).groupby(homes).mean()
        rows.append((found.gap, found.against, found.cost, journeys.sum(), means.max()))
    table = pd.DataFrame(rows, columns=["gap", "against", *FIGURES])
    best = table[["gap", "against"]].apply(tuple, axis=1)
    return table[best == best.min()]


def test_the_frontier_by_hand():
    found = frontier(LAND, minutes_measure(LAND, {"a": "n", "b": "n", "c": "s"}), solved(LAND), steps=4, levels=2)
    points = found.points.set_index("end")
    # Least cost: all far, 33,000 and 150 minutes. Least travel: near for a and b, the middle for c: 61,000 and 40.
    assert points.loc["pounds", FIGURES].tolist() == [33_000, 150, 60]
    assert points.loc["minutes", FIGURES].tolist() == [61_000, 40, 25]
    # Fairest: the south needs 20 minutes or more, near; then the north cannot have 20 as only one place is left there
    # ((5 + 50) / 2 or (40 + 10) / 2 = 25); so the middle for c, and the north near, at 61,000 again.
    assert points["worst_locality"].min() == 25
    assert points["pounds"].is_monotonic_increasing
    assert set(found.answers) == set(found.points["point"])


@st.composite
def lands(draw):
    """Single children in two localities; every cost its own, so that no two answers cost the same."""
    size = draw(st.integers(2, 5))
    units = {f"u{i}": (float(draw(st.integers(0, 3))), 0.0) for i in range(draw(st.integers(1, 3)))}
    if draw(st.booleans()):
        units["any"] = (np.inf, 0.0)
    numbers = iter(draw(st.permutations(range(40))))
    pairs = {}
    for i, unit in itertools.product(range(size), units):
        if draw(st.integers(0, 4)) > 0:
            cost = 1_000 + 7 * 2.0 ** (next(numbers) % 20) / 100
            pairs[f"g{i}", unit] = (round(cost, 2), float(draw(st.integers(1, 60))), draw(st.integers(0, 5)) == 0)
    bands = {
        unit: [(1.0, 400.03)] for unit, (places, _) in units.items() if np.isfinite(places) and draw(st.booleans())
    }
    locality = {f"g{i}": draw(st.sampled_from(["north", "south"])) for i in range(size)}
    return problem_of({f"g{i}": 1.0 for i in range(size)}, units, pairs, bands), locality


@settings(max_examples=25, deadline=None)
@given(land=lands(), steps=st.integers(2, 5), levels=st.integers(1, 3))
def test_no_answer_at_all_is_better_in_everything(land, steps, levels):
    problem, locality = land
    every = every_answer(problem, locality)
    assume(not every["pounds"].round(2).duplicated().any())
    found = frontier(problem, minutes_measure(problem, locality), solved(problem), steps=steps, levels=levels)
    points = found.points
    numbers = every[FIGURES].to_numpy()
    for point in points[FIGURES].to_numpy():
        assert np.isclose(numbers, point, atol=1e-3).all(axis=1).any()
        as_good = (numbers <= point + 1e-3).all(axis=1) & (numbers < point - 1e-3).any(axis=1)
        assert not as_good.any()
    assert points["pounds"].min() == pytest.approx(every["pounds"].min())
    assert points["minutes"].min() == pytest.approx(every["minutes"].min())
    assert points["worst_locality"].min() == pytest.approx(every["worst_locality"].min())
    # Each end is the cheapest of those that are as good in its figure.
    for figure in ("minutes", "worst_locality"):
        ends = every[every[figure] <= every[figure].min() + 1e-6]
        near = points[points[figure] <= points[figure].min() + 1e-5]
        assert near["pounds"].min() == pytest.approx(ends["pounds"].min())
    assert (points["gap"] == every["gap"].min()).all()
    assert (points["status"] == "optimal").all()


def test_a_mean_counts_who_stays_and_who_waits():
    measure = minutes_measure(LAND, {"a": "n", "b": "n", "c": "s"})
    full = problem_of(
        {"a": 1, "b": 1, "c": 1},
        {"near": (1, 0)},
        {("a", "near"): (1, 6), ("b", "near"): (2, 6), ("c", "near"): (3, 6)},
    )
    measure = LocalityMeasure(
        locality=measure.locality,
        at_group=full.at_group,
        pairs=full.pairs["minutes"].to_numpy(float),
        gap=np.full(3, 60.0),
        held=pd.Series({"n": 24.0, "s": 0.0}),
        children=pd.Series({"n": 4.0, "s": 1.0}),
    )
    # a in the unit for 6 minutes, b and c wait; two who stay in the north have 24 between them.
    assert measured(full, measure, allocate(full)).to_dict() == {"n": (24 + 6 + 60) / 4, "s": 60.0}


@pytest.mark.parametrize("rule", ["bound", "price", "minimax"])
def test_a_problem_with_the_same_rule_already(rule):
    locality = {"a": "n", "b": "n", "c": "s"}
    measure = minutes_measure(LAND, locality)
    own = {
        "bound": equity_bound(measure, 40.0),
        "price": equity_bound(measure, 40.0, price=100.0),
        "minimax": equity_minimax(measure),
    }[rule]
    found = frontier(LAND, measure, solved(LAND, own), steps=3, levels=2)
    points = found.points
    assert points["pounds"].is_monotonic_increasing
    if rule == "bound":
        assert (points["worst_locality"] <= 40.0 + 1e-6).all()
    if rule == "minimax":
        assert (points["worst_locality"] == 25.0).all()
    assert (points["worst_locality"].min(), points["minutes"].min()) == (25.0, 40.0)


def test_what_may_be_missed_is_missed_by_as_little_in_every_point():
    # Nobody is to be at the far unit: one has to be, at least, in no answer. Travel and equity may not cost that.
    at_far = (LAND.pairs["unit"] == "far").to_numpy(float)
    few = linear_rule("few", pairs=at_far, gap=np.zeros(3), sense=">=", right=2.0, required=False)
    found = frontier(LAND, minutes_measure(LAND, {"a": "n", "b": "n", "c": "s"}), solved(LAND, few), steps=4, levels=3)
    for answer in found.answers.values():
        assert answer.flows.loc[answer.flows["unit"] == "far", "children"].sum() >= 2


def test_one_answer_is_a_frontier_of_one_point():
    only = problem_of({"a": 1}, {"u": (1, 0)}, {("a", "u"): (1_000, 5)})
    found = frontier(only, minutes_measure(only, {"a": "n"}), solved(only))
    assert found.points[["point", *FIGURES]].to_numpy().tolist() == [[1, 1_000, 5, 5]]
    assert found.dropped == 2
