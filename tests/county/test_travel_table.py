"""The table travel and the places of sites: what straight lines rule out, what is noted, which rows are absent."""

import numpy as np
import pandas as pd
import pytest
from support.commands import call
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp


@pytest.fixture
def folder(tmp_path):
    return write_tiny_county(tmp_path / "tiny")


def place(row):
    return float(row["easting"]), float(row["northing"])


def rows_of(table):
    header, *lines = TINY_TABLES[table].splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def journeys():
    """Every pair a third longer than the straight line, at 40 km/h."""
    rows = []
    for zone in rows_of("zones"):
        for site in rows_of("sites"):
            km = 1.3 * np.hypot(*np.subtract(place(zone), place(site))) / 1000
            rows.append((zone["zone"], site["site"], round(km / 40 * 60, 2), round(km, 3)))
    return pd.DataFrame(rows, columns=["zone", "site", "minutes", "km"])


def with_table(folder, frame):
    (folder / "roads.csv").unlink(missing_ok=True)
    frame.to_csv(folder / "travel.csv", index=False)
    return folder


def notes_of(folder):
    """What is noted of journeys and of places."""
    return [note for note in pp.read_county(folder).notes if note.table in ("travel", "sites")]


def test_a_true_table_has_no_fault_and_no_note(folder):
    with_table(folder, journeys())
    assert pp.check_county(folder) == []
    assert notes_of(folder) == []


@pytest.mark.parametrize(
    ("column", "factor", "words"),
    [("minutes", 60, "seconds"), ("minutes", 1 / 60, "hours"), ("km", 1000, "metres"), ("km", 0.621371, "miles")],
)
def test_another_unit_is_a_fault_of_check(folder, column, factor, words):
    frame = journeys()
    with_table(folder, frame.assign(**{column: frame[column] * factor}))
    (fault,) = pp.check_county(folder)
    assert (fault.table, fault.column) == ("travel", column)
    assert f"these look like {words}" in fault.expected
    result = call("check", folder)
    assert result.exit_code == 2
    assert words in result.stderr


def test_all_zeros_and_big_numbers_are_faults(folder):
    for values in ({"minutes": 0.0, "km": 0.0}, {"minutes": 2_147_483_647.0}):
        with_table(folder, journeys().assign(**values))
        assert {fault.column for fault in pp.check_county(folder)} == {"minutes"}


def test_one_odd_journey_is_noted_by_check_and_carried_by_the_county(folder):
    frame = journeys()
    frame.loc[(frame["zone"] == "z1") & (frame["site"] == "s3"), "km"] = 3.0
    with_table(folder, frame)
    (note,) = notes_of(folder)
    assert (note.table, note.column) == ("travel", "km")
    assert "1 of 12 journeys (z1 to s3: 3 km where the straight line is 12.4 km)" in note.found
    assert "z1 to s3: 3 km" in call("check", folder).stdout


def test_places_with_faults_are_told_before_their_journeys(folder):
    with_table(folder, journeys())
    path = folder / "zones.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("444000,350000", "350000,444000"), encoding="utf-8")
    assert [(fault.table, fault.column) for fault in pp.check_county(folder)] == [("zones", "easting")]


def moved(folder, site):
    path = folder / "sites.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("452000,347000", site), encoding="utf-8")
    return folder


def test_a_site_out_of_the_county_with_swapped_axes_is_a_fault(folder):
    (fault,) = pp.check_county(moved(folder, "347000,452000"))
    assert (fault.table, fault.row, fault.column, fault.value) == ("sites", "4", "easting", "347000, 452000")
    assert "these look swapped" in fault.expected


def test_a_road_or_journeys_that_lead_there_bear_the_place_out(folder):
    moved(folder, "347000,452000")
    path = folder / "roads.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + "a,b,1000,primary,no,347000,452000,348000,452000\n", encoding="utf-8"
    )
    assert pp.check_county(folder) == []
    frame = journeys()
    far = frame["site"] == "s3"
    with_table(folder, frame.assign(minutes=frame["minutes"].mask(far, 140.0), km=frame["km"].mask(far, 190.0)))
    assert pp.check_county(folder) == []
    with_table(folder, frame)  # minutes as to where it is not written
    assert ("sites", "easting") in {(fault.table, fault.column) for fault in pp.check_county(folder)}


def test_where_neither_roads_nor_journeys_can_tell_it_is_noted(folder):
    moved(folder, "347000,452000")
    (folder / "roads.csv").unlink()
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("[travel]\nstraight_line_detour = 1.3\n")
    (note,) = notes_of(folder)
    assert (note.table, note.row) == ("sites", "4")
    assert "may be swapped: 134 km from the county, and the other way round 6 km" in note.found


def test_a_distant_site_is_noted_and_a_near_one_is_not(folder):
    assert notes_of(folder) == []
    (note,) = notes_of(moved(folder, "452000,647000"))
    assert "s3 at 452000, 647000, 294 km from the county" in note.found


def test_a_candidate_with_swapped_axes_is_a_fault(folder):
    (folder / "candidates.csv").write_text(
        "candidate,name,site,easting,northing,kind,model,needs,from_year_group,to_year_group,places\n"
        "c,A base,,350000,442000,special,,any,0,11,6\n",
        encoding="utf-8",
    )
    (fault,) = pp.check_county(folder)
    assert (fault.table, fault.column) == ("candidates", "easting")
    assert "swapped" in fault.expected
