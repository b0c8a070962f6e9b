"""Counties spoilt in every way that is listed: refused or noted by name, or read as the clean one; never otherwise."""

from random import Random

import pytest
from support.county_draft import Draft, clean_draft
from support.input_mutators import MUTATORS
from support.mutated_counties import mutated, tried
from support.mutations import Mutator, Spoilt

from placeplan.county.columns import TABLES
from placeplan.county.reading import check_county

FIRST = 500_000
"""The seed of the example: those of the benchmark are below, those of the soak above."""


@pytest.mark.parametrize("name", list(MUTATORS)[::4])
def test_nothing_is_answered_otherwise_without_a_word(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = tried(MUTATORS[name], FIRST, tmp_path)
    assert outcome.holds, f"{outcome.came}: {outcome.told}"


def test_the_list_is_long_says_what_each_does_and_reaches_every_table():
    assert len(MUTATORS) >= 60
    assert all(mutator.what.endswith(".") and mutator.right for mutator in MUTATORS.values())
    reached = {name for mutator in MUTATORS.values() for seed in range(30) for name in mutated(mutator, seed)[1].names}
    assert set(TABLES) <= reached


def test_a_mutator_and_a_seed_are_always_the_same_county():
    for name in ("unknown code", "hidden rows", "row twice"):
        (one, where), (other, again) = (mutated(MUTATORS[name], 7) for _ in range(2))
        assert (one.tables, one.form, where.names) == (other.tables, other.form, again.names)


@pytest.mark.parametrize(
    ("form", "journeys"),
    [("folder", "roads"), ("folder", "travel"), ("folder", "matrix"), ("workbook", "roads"), ("workbook", "travel")],
)
def test_the_county_that_is_spoilt_has_no_fault(form, journeys, tmp_path):
    path = clean_draft(form=form, journeys=journeys, whole=True).write(tmp_path / "clean")
    assert check_county(path) == []


def untouched(_: Draft, __: Random) -> Spoilt:
    """Nothing is spoilt."""
    return Spoilt(("units",))


def one_more(draft: Draft, _: Random) -> Spoilt:
    """A unit has another number of places, as nobody could know."""
    draft.tables["units"][0]["places"] = "3"
    return Spoilt(("units",), "places")


def misnamed(draft: Draft, _: Random) -> Spoilt:
    """A fault in one table, said to be in another."""
    draft.tables["units"][0]["places"] = "many"
    return Spoilt(("sites",), "urn")


def broken(draft: Draft, _: Random) -> Spoilt:
    """Writing fails."""
    draft.edits.append(lambda _: 1 / 0)
    return Spoilt(("units",))


@pytest.mark.parametrize(
    ("spoil", "came"),
    [
        (untouched, "same"),
        (one_more, "answered differently without a note"),
        (misnamed, "refused for something else"),
        (broken, "traceback"),
    ],
)
def test_what_came_is_told_for_what_it_is(spoil, came, tmp_path):
    outcome = tried(Mutator("made for this", ("refused", "noted"), "", spoil), 1, tmp_path)
    assert (outcome.came, outcome.holds) == (came, False)
