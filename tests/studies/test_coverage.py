"""Coverage of a tiny county, worked by hand; of random children, against plain loops."""

import numpy as np
import pandas as pd
import pytest
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp

GUIDANCE = "\n[guidance_minutes]\nprimary = 5\nsecondary = 8\n"
HI_CHILD = "c7,z4,2,HI,,,,peripatetic;ers:none,,no,\n"
VISITOR = "visitor,s2,peripatetic,,,HI,-4,14,,,,,,,no,,\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    made = write_tiny_county(tmp_path / "tiny")
    with (made / "county.toml").open("a", encoding="utf-8") as file:
        file.write(GUIDANCE)
    return made


def change(folder, table, old="", new="", more=""):
    text = TINY_TABLES[table]
    assert old in text
    (folder / f"{table}.csv").write_text(text.replace(old, new) + more, encoding="utf-8", newline="\n")


def measured(folder, **options):
    county = pp.read_county(folder)
    return pp.measure_coverage(county, pp.travel_times(county), **options)


def rows(frame, **where):
    for column, value in where.items():
        frame = frame[frame[column] == value]
    return frame


def totals(coverage, schools="all"):
    table = rows(coverage.tables["coverage"], schools=schools)
    names = ["children", "within_guidance", "visiting_teacher", "beyond_guidance", "no_unit"]
    return {name: float(table[name].sum()) for name in names}


def test_the_tiny_county_as_worked_by_hand(folder):
    # September. 2 km at 45 km/h are 2.7 minutes: c1, c2 (base), c3, c6 (special), c5 (base_secondary) are that far from
    # the nearest. c4 is 8.6 km at 52 km/h, 9.9 minutes, from the independent school: beyond the 8 of secondary.
    coverage = measured(folder)
    assert coverage.year == 2025
    assert totals(coverage) == {
        "children": 6, "within_guidance": 5, "visiting_teacher": 0, "beyond_guidance": 1, "no_unit": 0,
    }  # fmt: skip
    (far,) = rows(coverage.tables["coverage"], schools="all", need="SEMH").to_dict("records")
    assert (far["locality"], far["phase"], far["provision"]) == ("south", "secondary", "independent_special")
    assert far["mean_minutes"] == pytest.approx(9.9)
    assert far["share_beyond"] == 1
    # Without the school over the border nothing would meet c4's plan at all.
    assert totals(coverage, "county") == {
        "children": 6, "within_guidance": 5, "visiting_teacher": 0, "beyond_guidance": 1, "no_unit": 1,
    }  # fmt: skip


def test_the_gaps_name_the_nearest_unit_and_how_far_it_is(folder):
    (gap,) = measured(folder).tables["gaps"].to_dict("records")
    assert (gap["rank"], gap["locality"], gap["need"], gap["nearest"]) == (1, "south", "SEMH", "independent")
    assert gap["beyond_guidance"] == 1
    assert gap["mean_minutes"] == pytest.approx(9.9)


def test_limits_count_children_and_places_within_so_many_minutes(folder):
    table = rows(measured(folder, limits=[2.6, 2.7, 9.8, 9.9]).tables["coverage_limits"], schools="all")
    assert table.groupby("limit")["within"].sum().to_dict() == {2.6: 0, 2.7: 5, 9.8: 5, 9.9: 6}
    # c5 suits base_secondary (1 place, 2.7 minutes) and special (3 places less 1 of another authority, 9.6 minutes).
    c5 = rows(table, provision="ers:integrative;special").set_index("limit")["places_in_reach"]
    assert c5.to_dict() == {2.6: 0, 2.7: 1, 9.8: 3, 9.9: 3}


def test_a_child_whom_a_visiting_teacher_could_serve_is_not_a_gap(folder):
    change(folder, "children", more=HI_CHILD)
    assert totals(measured(folder))["no_unit"] == 1
    change(folder, "units", more=VISITOR)
    found = totals(measured(folder))
    assert (found["visiting_teacher"], found["no_unit"], found["beyond_guidance"]) == (1, 0, 1)
    assert "HI" not in set(measured(folder).tables["gaps"]["need"])


def test_a_boarding_school_is_no_journey_of_every_day(folder):
    day = "independent,s3,independent_special,,,any,0,14,,,,,,,"
    change(folder, "units", f"{day}no,,", f"{day}yes,,")
    assert totals(measured(folder))["no_unit"] == 1


def test_a_place_that_a_child_has_is_not_said_to_be_no_place(folder):
    # c3's need is one that the special school no longer states; the child stays there all the same.
    change(folder, "units", "special,s2,special,,,any", "special,s2,special,,,ASD;SEMH")
    found = rows(measured(folder).tables["coverage"], schools="all", need="SLD")
    assert found.set_index("phase")["within_guidance"].to_dict() == {"primary": 0, "secondary": 1}


def test_year_6_leavers_need_an_onward_place_of_the_model_that_suits(folder):
    # c2 leaves an alternative base; the secondary base works to another model.
    change(folder, "children", "c2,z2,5", "c2,z2,6")
    (leaver,) = measured(folder).tables["leavers"].to_dict("records")
    assert (leaver["locality"], leaver["need"], leaver["children"], leaver["without_onward"]) == ("north", "ASD", 1, 1)
    change(folder, "units", "base_secondary,s1,ers,integrative", "base_secondary,s1,ers,alternative")
    (leaver,) = measured(folder).tables["leavers"].to_dict("records")
    assert (leaver["onward_within"], leaver["without_onward"]) == (1, 0)
    (today,) = measured(folder, question="today").tables["leavers"].to_dict("records")
    assert today == leaver


def test_equity_sets_groups_beside_the_county(folder):
    table = measured(folder).tables["equity"].set_index(["by", "group"])
    assert table.loc[("county", "county"), "share_within"] == pytest.approx(5 / 6)
    assert table.loc[("locality", "south"), ["children", "within_guidance", "worst"]].tolist() == [3, 2, True]
    # Deciles 5, 3, 8, 2 of z1..z4 are fifths 3, 2, 4, 1; c4 lives in z4.
    assert table.loc[("deprivation_fifth", "1"), "share_within"] == 0
    assert table.loc[("deprivation_fifth", "1"), "worst"]
    assert table.loc[("rural", "rural"), "children"] == 2
    assert not table.loc[("county", "county"), "worst"]


def test_the_score_shares_the_counted_places_among_those_who_reach_them(folder):
    table = rows(measured(folder).tables["coverage"], schools="all")
    shared = (table["places_per_100"] * table["children"]).sum() / 100
    # base_primary 2, base_secondary 1, special 3 less 1 held by another authority; the independent school counts none.
    assert shared == pytest.approx(2 + 1 + 2)


def test_a_frame_of_need_may_hold_fractions(folder):
    rows = [("z1", "ASD", 3, "ers:alternative", 2.5), ("z4", "SEMH", 9, "special", 0.5)]
    need = pd.DataFrame(rows, columns=["zone", "need", "year_group", "suits", "children"])
    coverage = measured(folder, need=need)
    assert totals(coverage)["children"] == 3
    # z4 is 2.7 minutes from the special school.
    assert totals(coverage)["within_guidance"] == 3


def test_a_bad_frame_of_need_is_told_row_by_row(folder):
    rows = [("z1", "ADS", 3, "base", 1), ("z9", "ASD", 40, "special", -1)]
    need = pd.DataFrame(rows, columns=["zone", "need", "year_group", "suits", "children"])
    with pytest.raises(pp.InputError) as caught:
        measured(folder, need=need)
    told = {(fault.row, fault.column) for fault in caught.value.faults}
    assert told == {("3", "zone"), ("2", "need"), ("3", "year_group"), ("2", "suits"), ("3", "children")}
    with pytest.raises(pp.InputError, match="need, column suits"):
        measured(folder, need=need.drop(columns="suits"))


@pytest.mark.parametrize(
    ("options", "told"),
    [({"question": "afresh"}, "question 'afresh'"), ({"limits": [0.0]}, "above 0"), ({"limits": [np.nan]}, "above 0")],
)
def test_what_cannot_be_asked_is_refused(folder, options, told):
    with pytest.raises(pp.UsageError, match=told):
        measured(folder, **options)


def test_a_county_without_children_says_so(folder):
    (folder / "children.csv").unlink()
    with pytest.raises(pp.UsageError, match="has no children to cover"):
        measured(folder)


def test_where_no_place_of_a_kind_is_in_reach_is_told_of_everybody(folder):
    # Five children who suit the secondary base make it worth telling; z3 and z4 are 9.6 minutes from it, beyond 8.
    more = "".join(f"d{n},z1,8,ASD,,,,ers:integrative,,no,\n" for n in range(5))
    change(folder, "children", more=more)
    (gap,) = rows(measured(folder).tables["place_gaps"], provision="ers:integrative").to_dict("records")
    # People of age 11 (Year 7): z1 22, z2 28, z3 12.5, z4 38.
    assert (gap["locality"], gap["need"], gap["phase"], gap["nearest"]) == (
        "south",
        "ASD",
        "secondary",
        "base_secondary",
    )
    assert gap["people"] == gap["people_beyond"] == pytest.approx(50.5)
    assert gap["expected_children"] == pytest.approx(50.5 * 5 / 100.5)
    assert gap["mean_minutes"] == pytest.approx(9.6)
