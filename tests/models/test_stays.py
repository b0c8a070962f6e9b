"""Placement over years: every fault by name, worked stays, a whole linear programme from the formulas, and one year."""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from stays_reference import OBJECTIVES, frames, programme, random_stays
from support.placement_peers import problems, random_problem

from placeplan.models.allocate import allocate
from placeplan.models.allocate_years import allocate_years
from placeplan.models.stages import solve_stages
from placeplan.models.stays import stay_network, stay_problem

INF = float("inf")


def whole():
    """A problem without a fault: a enters in year 1, half of it stays to year 2; b enters in year 2."""
    return frames(
        [("a", 2, 1), ("b", 1, 2)],
        [("u", 1, 3, 1), ("u", 2, 3, 0), ("v", 1, INF, 0), ("v", 2, INF, 0)],
        [("u", 1, 0, 1, 100), ("u", 1, 1, 2, 200)],
        [("a", 1, 1.0), ("a", 2, 0.5), ("b", 2, 1.0)],
        [("a", 1, 2, "u", 10), ("a", 1, 1, "v", 20), ("a", 2, 2, "v", 25), ("b", 2, 2, "u", 30)],
    )


GROUPS, PLACES, BANDS, SURVIVAL, STAYS = range(5)


def changed(table, row, column, value):
    """An edit of the whole problem: one cell."""

    def edit(parts):
        frame = parts[table].copy()
        frame.loc[row, column] = value
        return with_table(parts, table, frame)

    return edit


def doubled(table, row):
    """An edit of the whole problem: one row twice."""
    return lambda parts: with_table(parts, table, pd.concat([parts[table], parts[table].iloc[[row]]]))


def dropped(table, *rows):
    """An edit of the whole problem: rows left out."""
    return lambda parts: with_table(parts, table, parts[table].drop(index=list(rows)))


def added(table, *row):
    """An edit of the whole problem: one row more."""

    def edit(parts):
        frame = parts[table]
        more = pd.DataFrame([row], columns=frame.columns).astype(frame.dtypes.to_dict())
        return with_table(parts, table, pd.concat([frame, more], ignore_index=True))

    return edit


def with_table(parts, table, frame):
    return tuple(frame if i == table else part for i, part in enumerate(parts))


def faults_of(*edits):
    parts = whole()
    for edit in edits:
        parts = edit(parts)
    with pytest.raises(ValueError, match="the placement over years is not whole: ") as raised:
        stay_problem(*parts)
    return str(raised.value).removeprefix("the placement over years is not whole: ").split("; ")


def test_a_whole_problem_comes_in_one_order_and_leaves_its_parts_alone():
    parts = whole()
    copies = [frame.copy() for frame in parts]
    problem = stay_problem(*(frame.iloc[::-1] for frame in parts))
    assert problem.groups.index.tolist() == ["a", "b"]
    assert problem.places.index.tolist() == [("u", 1), ("u", 2), ("v", 1), ("v", 2)]
    assert problem.bands["band"].tolist() == [0, 1]
    assert problem.survival.to_numpy().tolist() == [[1, 0.5], [0, 1]]
    assert problem.nodes.to_numpy().tolist() == [["a", 1], ["a", 2], ["b", 2]]
    stays = problem.stays[["group", "from_year", "to_year", "unit"]].to_numpy().tolist()
    assert stays == [["a", 1, 2, "u"], ["a", 1, 1, "v"], ["a", 2, 2, "v"], ["b", 2, 2, "u"]]
    assert problem.node.tolist() == [0, 0, 1, 2]
    for frame, copy in zip(parts, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


FAULTS = {
    "group doubled: b": [doubled(GROUPS, 1)],
    "unit and year doubled: ('u', 2)": [doubled(PLACES, 1)],
    "group with two shares in a year: a": [doubled(SURVIVAL, 1)],
    "group without a count: a": [changed(GROUPS, "a", "children", -1.0)],
    "group without a count: b": [changed(GROUPS, "b", "children", math.nan)],
    "group without a count: a, b": [changed(GROUPS, ["a", "b"], "children", INF)],
    "group whose share at entry is not 1: a": [changed(SURVIVAL, 0, "share", 0.9)],
    "group whose share at entry is not 1: b": [dropped(SURVIVAL, 2), dropped(STAYS, 3)],
    "group whose share rises: a": [changed(SURVIVAL, 1, "share", 1.5)],
    "unit with negative or no places: ('u', 1)": [changed(PLACES, 0, "places", -1.0)],
    "unit with negative or no places: ('v', 2)": [changed(PLACES, 3, "places", math.nan)],
    "unit with negative or no places: ('u', 2)": [changed(PLACES, 1, "held", -1.0)],
    "unit with negative or no places: ('v', 1)": [changed(PLACES, 2, "held", INF)],
    "stay's group not among the groups: z": [changed(STAYS, 1, "group", "z")],
    "stay's group that begins before the group: b": [added(SURVIVAL, "b", 1, 1.0), changed(STAYS, 3, "from_year", 1)],
    "stay's group none of which is left: a": [dropped(SURVIVAL, 1)],
    "stay's group that ends before it begins: a": [changed(STAYS, 2, "to_year", 1)],
    "stay's unit without places in a year of it: w": [changed(STAYS, 3, "unit", "w")],
    "stay's unit without places in a year of it: u": [dropped(PLACES, 1)],
    "stay's unit without places in a year of it: v": [changed(STAYS, 1, "to_year", 3)],
    "stay doubled: b": [doubled(STAYS, 3)],
    "stay's group with a cost that is no number: a": [changed(STAYS, 0, "cost", INF)],
    "stay's group with minutes that are no number: b": [changed(STAYS, 3, "minutes", math.nan)],
    "band's unit with a width that is no number of children: u": [changed(BANDS, 1, "width", INF)],
    "band's unit whose price falls: u": [changed(BANDS, 1, "price", 99.0)],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_by_itself(fault):
    assert faults_of(*FAULTS[fault]) == [fault]


def test_all_faults_are_named_at_once():
    edits = [
        changed(GROUPS, "a", "children", -1.0),
        changed(BANDS, 1, "price", 99.0),
        changed(STAYS, 0, "cost", math.nan),
        changed(STAYS, 3, "unit", "w"),
    ]
    assert faults_of(*edits) == [
        "group without a count: a",
        "stay's unit without places in a year of it: w",
        "stay's group with a cost that is no number: a",
        "band's unit whose price falls: u",
    ]


ALSO_WRONG = {
    "a share of a group that is not there": (["z"], [added(SURVIVAL, "z", 1, 1.0)]),
    "a share below nought": (["a"], [changed(SURVIVAL, 1, "share", -0.5), dropped(STAYS, 2)]),
    "a share that is no number": (["a"], [changed(SURVIVAL, 1, "share", math.nan), dropped(STAYS, 2)]),
    "a band of a unit that is not there": (["w"], [added(BANDS, "w", 1, 0, 1.0, 5.0)]),
    "a band in a year that the unit does not have": (["u"], [added(BANDS, "u", 3, 0, 1.0, 5.0)]),
    "a band of a unit that is bought one by one": (["v"], [added(BANDS, "v", 1, 0, 1.0, 5.0)]),
    "a band that is doubled": (["u"], [doubled(BANDS, 1)]),
    "a band whose price is no number": (["u"], [changed(BANDS, 1, "price", math.nan)]),
    "a band whose price is below nought": (["u"], [changed(BANDS, [0, 1], "price", -1.0)]),
    "more children held than places and bands": (["u"], [changed(PLACES, 0, "held", 7.0)]),
}


@pytest.mark.parametrize("fault", ALSO_WRONG)
def test_what_dangles_or_is_doubled_or_is_no_number_is_named(fault):
    labels, edits = ALSO_WRONG[fault]
    found = faults_of(*edits)
    assert len(found) == 1
    assert all(label in found[0] for label in labels)


def test_years_for_which_no_group_has_a_share_are_no_fault():
    # The unit has rows before anybody enters and after everybody has left, and a stay that outlasts the need.
    parts = frames(
        [("a", 2, 1)],
        [("u", year, 1, 0) for year in range(4)],
        [("u", 0, 0, 1, 9), ("u", 3, 0, 1, 9)],
        [("a", 1, 1.0), ("a", 2, 0.5)],
        [("a", 1, 3, "u", 10), ("a", 2, 3, "u", 7)],
    )
    assert value_of(stay_problem(*parts)) == {"gap": 1.0, "preference": 0, "cost": 10 + 0.5 * 7, "minutes": 7.5}


def solved(problem):
    """The answer's values by the names of the programme, and what each objective comes to, its proof checked."""
    stated = stay_network(problem)
    network, answer = stated.network, solve_stages(stated.network)
    assert answer.unproven == ()
    values = {("stay", s.group, s.from_year, s.unit): 0.0 for s in problem.stays.itertuples()}
    values |= {("gap", *node): 0.0 for node in problem.nodes.itertuples(index=False, name=None)}
    for arc, children in zip(answer.arcs, answer.children, strict=True):
        choice = stated.arcs.choice[arc]
        if choice >= 0:
            stay = problem.stays.iloc[choice]
            values["stay", stay["group"], stay["from_year"], stay["unit"]] += children
        else:
            values[("gap", *problem.nodes.iloc[network.tails(np.array([arc]))[0]])] += children
    for band, children in zip(problem.bands.itertuples(), answer.extras, strict=True):
        values["over", band.unit, band.year, band.band] = children
    comes_to = {}
    for name in OBJECTIVES:
        cost, extra = network.cost.get(name, np.zeros(len(stated.arcs.choice))), network.extra_cost.get(name)
        comes_to[name] = float(cost[answer.arcs] @ answer.children)
        comes_to[name] += 0.0 if extra is None else float(extra @ answer.extras)
        if name in answer.stages:
            stage = answer.stages[name]
            assert (stage.objective, stage.bound) == pytest.approx((comes_to[name], comes_to[name]), rel=1e-6, abs=1e-6)
    return values, comes_to


def value_of(problem):
    return {name: pytest.approx(number, rel=1e-6, abs=1e-6) for name, number in solved(problem)[1].items()}


def test_only_those_who_still_need_a_place_take_one():
    # Two enter in year 1 and half leave: one place does in year 2, and b has the other.
    parts = frames(
        [("a", 2, 1), ("b", 1, 2)],
        [("u", 1, 2, 0), ("u", 2, 2, 0)],
        (),
        [("a", 1, 1.0), ("a", 2, 0.5), ("b", 2, 1.0)],
        [("a", 1, 2, "u", 10), ("b", 2, 2, "u", 30)],
    )
    assert value_of(stay_problem(*parts)) == {"gap": 0, "preference": 0, "cost": 50, "minutes": 15}
    # One who is there already in year 2 takes b's place.
    held = changed(PLACES, 1, "held", 1.0)(parts)
    assert value_of(stay_problem(*held)) == {"gap": 1, "preference": 0, "cost": 20, "minutes": 10}


def test_who_waits_is_placed_the_year_after_as_far_as_there_is_need():
    parts = frames(
        [("a", 2, 1)],
        [("u", 1, 0, 0), ("u", 2, 5, 0)],
        (),
        [("a", 1, 1.0), ("a", 2, 0.75)],
        [("a", 1, 2, "u", 10), ("a", 2, 2, "u", 8)],
    )
    assert value_of(stay_problem(*parts)) == {"gap": 2, "preference": 0, "cost": 0.75 * 2 * 8, "minutes": 7.5}


def test_a_unit_that_ends_hands_its_children_on():
    # u ends after year 1 and costs 10; v takes them from the start at 100 or those who are left then at 20 each.
    parts = frames(
        [("a", 2, 1)],
        [("u", 1, 2, 0), ("v", 1, 2, 0), ("v", 2, 2, 0)],
        (),
        [("a", 1, 1.0), ("a", 2, 0.5)],
        [("a", 1, 1, "u", 10), ("a", 1, 2, "v", 100), ("a", 2, 2, "v", 20)],
    )
    assert value_of(stay_problem(*parts)) == {"gap": 0, "preference": 0, "cost": 2 * 10 + 20, "minutes": 15}


def test_a_band_is_paid_in_every_year_that_it_is_used():
    parts = frames(
        [("a", 2, 1)],
        [("u", 1, 1, 0), ("u", 2, 1, 0), ("u", 3, 1, 0)],
        [("u", year, 0, 1, 100.0 * year) for year in (1, 2, 3)],
        [("a", 1, 1.0), ("a", 2, 0.75), ("a", 3, 0.5)],
        [("a", 1, 3, "u", 10)],
    )
    # Two children, then one and a half, then one: 1 x 100 + 0.5 x 200.
    assert value_of(stay_problem(*parts)) == {"gap": 0, "preference": 0, "cost": 20 + 100 + 100, "minutes": 10}


def test_the_whole_horizon_decides_who_gets_a_place():
    # One place for three years, a stays for all of them and b and c for one each: to keep a out leaves fewer waiting.
    shares = [("a", 1, 1.0), ("a", 2, 1.0), ("b", 1, 1.0), ("c", 2, 1.0)]
    parts = frames(
        [("a", 1, 1), ("b", 1, 1), ("c", 1, 2)],
        [("u", 1, 1, 0), ("u", 2, 1, 0), ("v", 2, 1, 0)],
        (),
        shares,
        [("a", 1, 2, "u", 5), ("b", 1, 1, "u", 9), ("c", 2, 2, "u", 9), ("a", 2, 2, "v", 50)],
    )
    assert value_of(stay_problem(*parts)) == {"gap": 1, "preference": 0, "cost": 50 + 9 + 9, "minutes": 15}


@cache
def best_of(seed):
    """The reference's best of random years."""
    return programme(random_stays(seed)).best()


@pytest.mark.parametrize("seed", range(40))
def test_years_are_placed_as_well_as_a_whole_linear_programme_places_them(seed):
    problem = random_stays(seed)
    reference = programme(problem)
    values, found = solved(problem)
    best = best_of(seed)
    assert found == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert reference.broken(values) <= 1e-6
    proof = allocate_years(problem).proof
    assert proof.status == "optimal"
    assert (proof.gap_children, proof.objective) == pytest.approx((best["gap"], best["cost"]), rel=1e-6, abs=1e-6)


def test_these_years_have_everything_in_them():
    made = [random_stays(seed) for seed in range(40)]
    best = [best_of(seed) for seed in range(40)]
    seen = {
        "waiting": [b["gap"] > 0.01 for b in best],
        "against": [b["preference"] > 0.01 for b in best],
        "bands": [len(p.bands) > 0 for p in made],
        "bought": [bool(np.isinf(p.places["places"]).any()) for p in made],
        "over years": [bool((p.stays["to_year"] > p.stays["from_year"]).any()) for p in made],
        "handed on": [
            bool((p.stays["from_year"] > p.groups["year"].loc[p.stays["group"]].to_numpy()).any()) for p in made
        ],
    }
    assert {name: sum(some) >= 5 for name, some in seen.items()} == dict.fromkeys(seen, True)


def as_one_year(problem):
    """A problem of one year as one over years."""
    year = 2025
    return stay_problem(
        problem.groups.assign(year=year),
        problem.units.rename_axis("unit").reset_index().assign(year=year),
        problem.bands.assign(year=year),
        pd.DataFrame({"group": problem.groups.index, "year": year, "share": 1.0}),
        problem.pairs.assign(from_year=year, to_year=year),
    )


def check_one_year(problem):
    answer, (_, over_years) = allocate(problem), solved(as_one_year(problem))
    placed = answer.flows.merge(problem.pairs, on=["group", "unit"])
    against = float((placed["against_preference"] * placed["children"]).sum())
    minutes = float((placed["minutes"] * placed["children"]).sum())
    one_year = {"gap": answer.gap.sum(), "preference": against, "cost": answer.proof.objective, "minutes": minutes}
    assert over_years == pytest.approx(one_year, rel=1e-6, abs=1e-6)
    for name in answer.proof.values.index.intersection(OBJECTIVES):
        assert over_years[name] == pytest.approx(answer.proof.values[name], rel=1e-6, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(problem=problems(fractions=True))
def test_one_year_alone_is_an_allocation(problem):
    check_one_year(problem)


def test_one_year_alone_is_an_allocation_in_whole_children():
    check_one_year(random_problem(5, groups=40, units=6, unlimited=True))
