"""Each rule of an allocation, as rows; and for each an answer that breaks the rule once its rows are left out."""

import numpy as np
import pandas as pd
import pytest
from support.placement_peers import problem_of

from placeplan.models import constraints
from placeplan.models.allocate import allocation_program, objectives, worthwhile_pairs
from placeplan.models.program import Program, solve

INF = float("inf")


def additions_of(rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=["site", "limit", "fixed_cost"])


def without(program, rule):
    """The programme less the rows of one rule, which it must have."""
    gone = program.rows.index[program.rows.index.str.startswith(f"{rule}[")]
    assert len(gone) > 0
    entries = program.entries[~program.entries["row"].isin(gone)]
    return Program(program.variables, program.rows.drop(index=gone), entries)


def having(program, rule):
    return Program(
        program.variables,
        pd.concat([program.rows, rule.rows]),
        pd.concat([program.entries, rule.entries], ignore_index=True),
    )


def rows_of(rule):
    """A rule as ``{row: ({variable: coefficient}, sense, right)}``."""
    terms = {row: {} for row in rule.rows.index}
    for entry in rule.entries.itertuples():
        assert entry.variable not in terms[entry.row]
        terms[entry.row][entry.variable] = entry.coefficient
    return {row: (terms[row], r["sense"], r["right"]) for row, r in rule.rows.iterrows()}


# One child each in a and b. North: two places, one held, one above at 500; shop: bought one by one.
PROBLEM = problem_of(
    {"a": 1, "b": 1},
    {"north": (2, 1), "shop": (INF, 0)},
    {("a", "north"): (1_000, 5), ("b", "north"): (2_000, 5), ("b", "shop"): (90_000, 5)},
    {"north": [(1, 500)]},
)
PAIRS = worthwhile_pairs(PROBLEM)


def test_every_child_is_counted_once():
    rule = constraints.every_child_counted(PROBLEM, PAIRS, pd.Index(["a"]))
    assert rows_of(rule) == {
        "children[a]": ({"place[a,north]": 1, "gap[a]": 1}, "=", 1),
        "children[b]": ({"place[b,north]": 1, "place[b,shop]": 1}, "=", 1),
    }
    program = allocation_program(PROBLEM, PAIRS)
    cost = objectives(PROBLEM, PAIRS)["cost"]
    kept = solve(program, cost).values
    assert kept[["gap[a]", "place[a,north]"]].sum() == pytest.approx(1)
    assert kept[["place[b,north]", "place[b,shop]"]].sum() == pytest.approx(1)
    # Without the rule nobody is placed and nobody waits: b has vanished.
    dropped = solve(without(program, "children"), cost).values
    assert dropped.sum() == pytest.approx(0)


def test_children_fit_the_places_and_the_bands():
    rule = constraints.within_places(PROBLEM, PAIRS)
    assert rows_of(rule) == {
        "places[north]": ({"place[a,north]": 1, "place[b,north]": 1, "over[north,0]": -1}, "<=", 1)
    }
    # No room at all above one place: a (first) and b both want north at 1,000 and 2,000 pounds.
    narrow = problem_of({"a": 1, "b": 1}, {"north": (2, 1)}, {("a", "north"): (1_000, 5), ("b", "north"): (2_000, 5)})
    pairs = worthwhile_pairs(narrow)
    program, gap = allocation_program(narrow, pairs), objectives(narrow, pairs)["gap"]
    there = ["place[a,north]", "place[b,north]"]
    assert solve(program, gap).values[there].sum() == pytest.approx(1)
    assert solve(without(program, "places"), gap).values[there].sum() == pytest.approx(2)


def test_a_band_holds_no_more_than_its_width():
    # The width is a bound of the variable: both in north need the band of one; widened, the cheap band takes all.
    problem = problem_of({"a": 4}, {"u": (1, 0)}, {("a", "u"): (0, 5)}, {"u": [(1, 5), (1, 9)]})
    pairs = worthwhile_pairs(problem)
    program = allocation_program(problem, pairs)
    gap = objectives(problem, pairs)["gap"]
    assert solve(program, gap).objective == pytest.approx(1)
    wide = Program(
        program.variables.assign(upper=program.variables["upper"].clip(lower=4)), program.rows, program.entries
    )
    assert solve(wide, gap).objective == pytest.approx(0)


def test_places_added_make_room_at_their_own_unit():
    additions = additions_of({"north": ("school", 2, 100.0)})
    rule = constraints.within_places(PROBLEM, PAIRS, additions.index)
    terms, sense, right = rows_of(rule)["places[north]"]
    assert (terms["add[north]"], sense, right) == (-1, "<=", 1)
    program = allocation_program(PROBLEM, PAIRS, additions=additions)
    # Both in north: two more places than it has left, less the band of one. Made dear, the band stays empty.
    cost = pd.concat([objectives(PROBLEM, PAIRS)["cost"], pd.Series({"add[north]": 100.0})])
    cost["gap[a]"] = 1e6
    found = solve(program, cost).values
    assert found[["place[a,north]", "place[b,north]", "over[north,0]", "add[north]"]].tolist() == pytest.approx(
        [1, 1, 0, 1]
    )


TWO_CLASSES = problem_of(
    {"a": 1, "b": 1},
    {"class1": (0, 0), "class2": (0, 0), "shop": (INF, 0)},
    {
        ("a", "class1"): (0, 5),
        ("b", "class2"): (0, 5),
        ("a", "shop"): (30_000, 5),
        ("b", "shop"): (40_000, 5),
    },
)
ADDED = ["add[class1]", "add[class2]"]


def asked(additions):
    pairs = worthwhile_pairs(TWO_CLASSES)
    fixed = pd.Series(additions["fixed_cost"].to_numpy(), index=constraints.add_labels(additions.index))
    cost = pd.concat([objectives(TWO_CLASSES, pairs)["cost"], fixed])
    return pairs, allocation_program(TWO_CLASSES, pairs, additions=additions), cost


def test_a_site_takes_no_more_than_its_limit():
    additions = additions_of({"class1": ("site", 1, 10.0), "class2": ("site", 1, 10.0)})
    assert rows_of(constraints.site_limits(additions)) == {"site[site]": (dict.fromkeys(ADDED, 1), "<=", 1)}
    _, program, cost = asked(additions)
    assert solve(program, cost).values[ADDED].tolist() == pytest.approx([0, 1])
    assert solve(without(program, "site"), cost).values[ADDED].tolist() == pytest.approx([1, 1])
    apart = additions_of({"class1": ("one", 1, 10.0), "class2": ("two", 3, 10.0)})
    assert {row: right for row, (_, _, right) in rows_of(constraints.site_limits(apart)).items()} == {
        "site[one]": 1,
        "site[two]": 3,
    }


def test_no_more_places_are_added_than_asked_for():
    additions = additions_of({"class1": ("one", 1, 10.0), "class2": ("two", 1, 10.0)})
    rule = constraints.add_at_most(additions, 1)
    assert rows_of(rule) == {"added[places]": (dict.fromkeys(ADDED, 1), "<=", 1)}
    _, program, cost = asked(additions)
    limited = having(program, rule)
    assert solve(limited, cost).values[ADDED].tolist() == pytest.approx([0, 1])
    assert solve(without(limited, "added"), cost).values[ADDED].tolist() == pytest.approx([1, 1])


def test_spending_stays_within_the_sum():
    additions = additions_of({"class1": ("one", 1, 10.0), "class2": ("two", 1, 20.0)})
    pairs, program, cost = asked(additions)
    spending = (pairs["unit"] != "shop") * 500.0
    rule = constraints.limit_spending(pairs, additions, spending, 520.0)
    terms, sense, right = rows_of(rule)["spending[pounds]"]
    assert (sense, right) == ("<=", 520)
    assert {v: n for v, n in terms.items() if n} == {
        "add[class1]": 10,
        "add[class2]": 20,
        "place[a,class1]": 500,
        "place[b,class2]": 500,
    }
    limited = having(program, rule)
    # A class of its own is 510 pounds for a and 520 for b: one of them, and b saves more.
    found = solve(limited, cost).values
    assert found[ADDED].tolist() == pytest.approx([0, 1])
    assert solve(without(limited, "spending"), cost).values[ADDED].tolist() == pytest.approx([1, 1])


def test_labels_name_group_unit_and_band():
    assert constraints.pair_labels(PAIRS).tolist() == ["place[a,north]", "place[b,north]", "place[b,shop]"]
    assert constraints.gap_labels(PROBLEM.groups.index).tolist() == ["gap[a]", "gap[b]"]
    assert constraints.over_labels(PROBLEM.bands).tolist() == ["over[north,0]"]
    assert constraints.add_labels(PROBLEM.units.index).tolist() == ["add[north]", "add[shop]"]


def test_only_those_whom_nothing_always_has_room_for_may_wait():
    program = allocation_program(PROBLEM, PAIRS)
    assert [v for v in program.variables.index if v.startswith("gap")] == ["gap[a]"]
    assert np.isfinite(program.variables["upper"]).all()
    assert not program.variables["whole"].any()
    assert allocation_program(PROBLEM, PAIRS, whole=True).variables["whole"].all()
