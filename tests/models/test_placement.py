"""A placement problem is checked whole: every fault is named at once, and rows come in one order."""

import hashlib
import itertools

import numpy as np
import pandas as pd
import pytest
from support.placement_peers import frames

from placeplan.models.placement import placement_problem, tie_break

INF = float("inf")


def parts():
    """A problem without a fault: groups, units, bands, pairs."""
    return frames(
        {"a": 1, "b": 2},
        {"u": (3, 1), "v": (INF, 0)},
        {("a", "u"): (10, 5), ("b", "u"): (20, 6), ("b", "v"): (30, 7, True)},
        {"u": [(1, 100), (2, 200)]},
    )


def faults_of(groups, units, bands, pairs):
    with pytest.raises(ValueError, match="the placement problem is not whole: ") as raised:
        placement_problem(groups, units, bands, pairs)
    return str(raised.value).removeprefix("the placement problem is not whole: ").split("; ")


def change(frame, row, column, value):
    changed = frame.copy()
    changed.loc[row, column] = value
    return changed


def twice(frame, rows):
    return pd.concat([frame, frame.iloc[rows]])


def test_a_whole_problem_comes_in_one_order_and_leaves_its_parts_alone():
    groups, units, bands, pairs = parts()
    copies = [frame.copy() for frame in (groups, units, bands, pairs)]
    problem = placement_problem(groups.iloc[::-1], units.iloc[::-1], bands.iloc[::-1], pairs.iloc[::-1])
    assert problem.groups.index.tolist() == ["a", "b"]
    assert problem.units.index.tolist() == ["u", "v"]
    assert problem.bands["band"].tolist() == [0, 1]
    assert list(zip(problem.pairs["group"], problem.pairs["unit"], strict=True)) == [("a", "u"), ("b", "u"), ("b", "v")]
    assert problem.pairs.index.tolist() == [0, 1, 2]
    for frame, copy in zip((groups, units, bands, pairs), copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_columns_that_are_not_of_the_problem_are_left_out():
    groups, units, bands, pairs = (frame.assign(note="x") for frame in parts())
    problem = placement_problem(groups, units, bands, pairs)
    assert all("note" not in frame for frame in (problem.groups, problem.units, problem.bands, problem.pairs))


def test_pairs_know_where_their_group_and_unit_stand():
    groups, units, bands, pairs = parts()
    labelled = pairs.astype({"group": pd.CategoricalDtype(["z", "b", "a"]), "unit": pd.CategoricalDtype(["v", "u"])})
    for given in (pairs, pairs.iloc[::-1], labelled, labelled.iloc[[1, 0, 2]]):
        problem = placement_problem(groups, units, bands, given)
        assert problem.at_group.tolist() == [0, 1, 1]
        assert problem.at_unit.tolist() == [0, 0, 1]
        assert problem.pairs["group"].astype(object).tolist() == ["a", "b", "b"]
        assert problem.pairs["cost"].tolist() == [10, 20, 30]
        assert problem.pair_places(pd.Series(["b", "a", "b"]), pd.Series(["v", "u", "u"])).tolist() == [2, 0, 1]
        assert problem.pair_places(pd.Series([], dtype=object), pd.Series([], dtype=object)).tolist() == []


@pytest.mark.parametrize(("group", "unit"), [("a", "v"), ("z", "u"), ("b", "z"), ("z", "z")])
def test_a_pair_that_is_not_possible_has_no_place(group, unit):
    problem = placement_problem(*parts())
    with pytest.raises(KeyError, match="not possible"):
        problem.pair_places(pd.Series(["a", group]), pd.Series(["u", unit]))


FAULTS = {
    "group doubled: b": lambda g, u, b, p: (twice(g, [1]), u, b, p),
    "unit doubled: v": lambda g, u, b, p: (g, twice(u, [1]), b, p),
    "pair doubled: a": lambda g, u, b, p: (g, u, b, twice(p, [0])),
    "band's unit doubled: u": lambda g, u, b, p: (g, u, twice(b, [1]), p),
    "pair's group not among the groups: z": lambda g, u, b, p: (g, u, b, change(p, 0, "group", "z")),
    "pair's unit not among the units: z": lambda g, u, b, p: (g, u, b, change(p, 0, "unit", "z")),
    "band's unit not among the units: z": lambda g, u, b, p: (g, u, change(b, [0, 1], "unit", "z"), p),
    "band's unit without counted places: v": lambda g, u, b, p: (g, u, change(b, [0, 1], "unit", "v"), p),
    "group without a count: a": lambda g, u, b, p: (change(g, "a", "children", -1.0), u, b, p),
    "group without a count: b": lambda g, u, b, p: (change(g, "b", "children", np.nan), u, b, p),
    "group without a count: a, b": lambda g, u, b, p: (g.assign(children=INF), u, b, p),
    "unit with negative or no places: v": lambda g, u, b, p: (g, change(u, "v", "places", np.nan), b, p),
    "unit with negative or no places: u": lambda g, u, b, p: (g, change(u, "u", "held", -1.0), b, p),
    "unit with negative or no places: u, v": lambda g, u, b, p: (g, u.assign(held=INF), b, p),
    "pair's group with a cost that is no number: b": lambda g, u, b, p: (g, u, b, change(p, 1, "cost", np.nan)),
    "pair's group with a cost that is no number: a": lambda g, u, b, p: (g, u, b, change(p, 0, "cost", INF)),
    "pair's group with minutes that are no number: b": lambda g, u, b, p: (g, u, b, change(p, 2, "minutes", INF)),
    "band's unit with a width that is no number of children: u": lambda g, u, b, p: (g, u, b.assign(width=-1.0), p),
    "band's unit with a price that is no sum of pounds: u": lambda g, u, b, p: (g, u, b.assign(price=np.nan), p),
    "band's unit whose price falls: u": lambda g, u, b, p: (g, u, b.assign(price=[200.0, 199.0]), p),
    "unit holding more than its places and bands: u": lambda g, u, b, p: (g, change(u, "u", "held", 7.0), b, p),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_by_itself(fault):
    found = faults_of(*FAULTS[fault](*parts()))
    assert fault in found
    # A width below nothing leaves less room, and endless children have none; nothing else brings a second fault.
    assert len(found) == 1 or fault.startswith(("band's unit with a width", "unit with negative or no places: u, v"))


def test_infinite_widths_and_negative_prices_are_refused():
    groups, units, bands, pairs = parts()
    assert faults_of(groups, units, bands.assign(width=INF), pairs) == [
        "band's unit with a width that is no number of children: u"
    ]
    assert faults_of(groups, units, bands.assign(price=[-1.0, 0.0]), pairs) == [
        "band's unit with a price that is no sum of pounds: u"
    ]


def test_all_faults_are_named_at_once():
    groups, units, bands, pairs = parts()
    found = faults_of(
        change(groups, "a", "children", -1.0),
        change(units, "u", "held", 9.0),
        bands.assign(price=[2.0, 1.0]),
        change(change(pairs, 0, "unit", "nowhere"), 1, "cost", np.nan),
    )
    assert found == [
        "pair's unit not among the units: nowhere",
        "group without a count: a",
        "pair's group with a cost that is no number: b",
        "band's unit whose price falls: u",
        "unit holding more than its places and bands: u",
    ]


def test_of_many_labels_the_first_five_are_named_and_the_rest_counted():
    groups = pd.DataFrame({"children": -1.0}, index=list("hgfedcba"))
    _, units, bands, pairs = parts()
    assert faults_of(groups, units, bands, pairs) == ["group without a count: a, b, c, d, e and 3 more"]


def test_the_tie_break_is_a_fixed_number_of_the_two_labels():
    def last_digits(text):
        return int(hashlib.blake2b(text, digest_size=3).hexdigest()[1:], 16)

    assert tie_break(["g"], ["u"]) == [last_digits(b"g|u")]
    assert tie_break(["a", "b"], ["b", "a"]) == [last_digits(b"a|b"), last_digits(b"b|a")]
    assert all(0 <= n < 1_048_576 for n in tie_break(list("abcdef"), list("uvwxyz")))


def test_the_tie_break_tells_every_exchange_of_two_children_apart():
    # Labels that differ in a digit or two, as those of a county do: no exchange comes to the same sum.
    groups, units = [f"g{n:03d}" for n in range(60)], [f"u{n:02d}" for n in range(10)]
    tie = np.array([tie_break([g] * len(units), units) for g in groups])
    equal = [
        (groups[a], groups[b], units[u], units[v])
        for a, b in itertools.combinations(range(len(groups)), 2)
        for u, v in itertools.combinations(range(len(units)), 2)
        if tie[a, u] + tie[b, v] == tie[a, v] + tie[b, u]
    ]
    assert equal == []
