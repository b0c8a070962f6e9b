"""Matrices of other engines: OSRM, OpenRouteService, long and square csv, matched by id and checked by place."""

import json

import numpy as np
import pandas as pd
import pytest
from support.road_tables import point_table

from placeplan.geo.crs import to_longitude_latitude
from placeplan.geo.faults import TableError
from placeplan.geo.imported import matrix_times
from placeplan.geo.matrices import (
    long_matrix,
    openrouteservice_matrix,
    osrm_matrix,
    square_matrix,
    unread_columns,
)
from placeplan.geo.travel import Reason

ZONES = point_table({"z1": (430_000, 350_000), "z2": (431_000, 352_000)})
SITES = point_table({"s1": (432_000, 351_000), "s2": (440_000, 360_000), "s3": (420_000, 340_000)})
SECONDS = [[600, 1200.6, None], [90, 0, 3000]]
METRES = [[9000, 20000, None], [1500, 0, 60000]]


def places(frame, *, swapped=False, shift=0.0):
    longitude, latitude = to_longitude_latitude(frame["easting"] + shift, frame["northing"])
    pairs = zip(latitude, longitude, strict=True) if swapped else zip(longitude, latitude, strict=True)
    return [{"location": list(pair), "name": "", "hint": "x"} for pair in pairs]


def osrm(**changes):
    answer = {
        "code": "Ok",
        "durations": SECONDS,
        "distances": METRES,
        "sources": places(ZONES),
        "destinations": places(SITES),
    }
    return json.dumps(answer | changes)


def times(frame):
    return matrix_times(frame, ZONES.index, SITES.index)


def test_an_answer_of_osrm_becomes_travel_times():
    found = times(osrm_matrix(osrm(), ZONES, SITES))
    assert found.minutes.tolist() == pytest.approx(np.array([[10, 20.01, np.inf], [1.5, 0, 50]]))
    assert found.km[0].tolist() == [9, 20, np.inf]
    assert found.reason[0].tolist() == [Reason.reached, Reason.reached, Reason.not_in_matrix]


def test_an_answer_of_openrouteservice_says_its_own_unit_of_distance():
    answer = {"durations": SECONDS, "distances": [[9, 20, None], [1.5, 0, 60]], "sources": places(ZONES),
              "destinations": places(SITES), "metadata": {"query": {"units": "km"}}}  # fmt: skip
    assert times(openrouteservice_matrix(json.dumps(answer), ZONES, SITES)).km[1].tolist() == [1.5, 0, 60]
    with pytest.raises(TableError, match=r"metadata\.query\.units: found furlongs"):
        openrouteservice_matrix(json.dumps(answer | {"metadata": {"query": {"units": "furlongs"}}}), ZONES, SITES)
    with pytest.raises(TableError, match="error: found"):
        openrouteservice_matrix(json.dumps({"error": {"code": 6004, "message": "too many"}}), ZONES, SITES)


def test_without_distances_km_are_blank_for_the_caller_to_say():
    answer = json.loads(osrm())
    del answer["distances"]
    frame = osrm_matrix(json.dumps(answer), ZONES, SITES)
    assert frame["km"].isna().all()
    with pytest.raises(TableError, match="km, as minutes are given"):
        times(frame)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"code": "NoTable", "message": "no"}, "code: found NoTable: no; expected Ok"),
        ({"durations": SECONDS[:1]}, r"durations: found 1 rows of \[3\]; expected 2 rows"),
        ({"durations": None}, "durations: found None, no table; expected 2 rows"),
        ({"durations": [SECONDS[0], None]}, r"durations: found .*, no table"),
        ({"durations": [SECONDS[0], [1, "far", [2]]]}, r"(?s)durations: found far; expected a number.*found \[2\]"),
        ({"sources": 5}, "sources: found 5; expected 2, in the order"),
        ({"destinations": places(SITES.iloc[:2])}, "destinations: found 2 places; expected 3"),
        ({"sources": places(ZONES, swapped=True)}, "these look swapped"),
        ({"sources": places(ZONES.iloc[::-1])}, "is the order right"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(changes, told):
    with pytest.raises(TableError, match=told):
        osrm_matrix(osrm(**changes), ZONES, SITES)


@pytest.mark.parametrize("place", [None, 3, {}, {"location": "ab"}, {"location": [1]}, {"location": [None, None]}])
def test_a_point_that_the_engine_did_not_snap_is_no_fault(place):
    assert len(osrm_matrix(osrm(sources=[place, places(ZONES)[1]]), ZONES, SITES)) == 6


def test_every_point_in_the_wrong_place_is_listed():
    with pytest.raises(TableError) as caught:
        osrm_matrix(osrm(sources=places(ZONES, shift=5000), destinations=places(SITES, shift=5000)), ZONES, SITES)
    assert len(caught.value.faults) == 5
    assert "z1" in str(caught.value)
    assert "5.0 km away" in str(caught.value)
    assert len(osrm_matrix(osrm(sources=places(ZONES, shift=300)), ZONES, SITES)) == 6


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]"])
def test_text_that_is_no_answer_is_one_fault(text):
    with pytest.raises(TableError, match="expected an answer of OSRM"):
        osrm_matrix(text, ZONES, SITES)


LONG = {
    "r5py": "from_id,to_id,travel_time\nz1,s1,10\nz1,s2,20\nz2,s1,\nz2,s2,5\n",
    "r5": "from_id,to_id,travel_time_p50,distance\nz1,s1,10,1000\nz1,s2,20,2000\nz2,s1,,\nz2,s2,5,500\n",
    "conveyal": "origin,destination,travel_time\nz1,s1,10\nz1,s2,20\nz2,s1,NA\nz2,s2,5\n",
    "own": "\ufeffzone,site,minutes,km\nz1,s1,10,1\nz1,s2,20,2\nz2,s1,,\nz2,s2,5,0.5\n",
}


@pytest.mark.parametrize("name", LONG)
def test_long_csv_of_several_engines_is_read(name):
    frame = long_matrix(LONG[name], unit="minutes").set_index(["zone", "site"])
    assert frame["minutes"].tolist() == pytest.approx([10, 20, np.nan, 5], nan_ok=True)
    wanted = [1, 2, np.nan, 0.5] if name in ("r5", "own") else [np.nan] * 4
    assert frame["km"].tolist() == pytest.approx(wanted, nan_ok=True)


def test_seconds_are_stated_and_a_unit_that_cannot_be_is_told():
    text = "from_id,to_id,travel_time\nz1,s1,600\nz1,s2,1200\n"
    assert long_matrix(text, unit="seconds")["minutes"].tolist() == [10, 20]
    many = text.replace("600", "60000").replace("1200", "90000")
    with pytest.raises(TableError, match="times in minutes; these look like seconds"):
        long_matrix(many, unit="minutes")
    with pytest.raises(TableError, match="times in seconds; these look like minutes"):
        long_matrix("zone,site,minutes\nz1,s1,0.2\nz1,s2,0.4\n", unit="seconds")


def test_bad_long_tables_are_told_at_once():
    with pytest.raises(TableError) as caught:
        long_matrix("a,b\n1,2\n", unit="minutes")
    assert [fault.column for fault in caught.value.faults] == ["zone", "site", "time"]
    with pytest.raises(TableError, match="row 1, time: found soon"):
        long_matrix("zone,site,minutes\nz1,s1,3\nz1,s2,soon\n", unit="minutes")
    with pytest.raises(TableError, match="row 0, time: found -4"):
        long_matrix("zone,site,minutes\nz1,s1,-4\n", unit="minutes")
    with pytest.raises(TableError, match="a csv table"):
        long_matrix("", unit="minutes")


def test_ids_that_do_not_match_are_listed_each_once():
    frame = long_matrix("zone,site,minutes,km\nz1,s1,3,1\nz8,s1,4,1\nz8,s9,5,1\n", unit="minutes")
    with pytest.raises(TableError) as caught:
        times(frame)
    assert {(fault.column, fault.value) for fault in caught.value.faults} == {("zone", "z8 (2 rows)"), ("site", "s9")}


SQUARE = ",s1,s2,s3\nz1,10,20,\nz2,1.5,0,50\n"


def test_a_square_csv_is_read_upright_and_turned():
    upright = square_matrix(SQUARE, ZONES.index, SITES.index, unit="minutes", km_text=SQUARE)
    turned = pd.read_csv(pd.io.common.StringIO(SQUARE), index_col=0).T.to_csv()
    other = square_matrix(turned, ZONES.index, SITES.index, unit="minutes", km_text=SQUARE)
    key = ["zone", "site"]
    pd.testing.assert_frame_equal(
        upright.sort_values(key, ignore_index=True), other.sort_values(key, ignore_index=True)[upright.columns]
    )
    assert times(upright).minutes.tolist() == [[10, 20, np.inf], [1.5, 0, 50]]
    assert square_matrix(SQUARE, ZONES.index, SITES.index, unit="minutes")["km"].isna().all()


def test_a_square_csv_of_every_place_to_every_place_goes_from_row_to_column():
    text = ",z1,z2,s1\nz1,0,1,10\nz2,2,0,20\ns1,11,21,0\n"
    read = square_matrix(text, ["z1", "z2"], ["s1"], unit="minutes")
    assert read.set_index(["zone", "site"])["minutes"].to_dict() == {("z1", "s1"): 10, ("z2", "s1"): 20}
    same = square_matrix(",x,y\nx,0,2\ny,3,0\n", ["x", "y"], ["x", "y"], unit="minutes")
    assert same.set_index(["zone", "site"])["minutes"].loc[[("x", "y"), ("y", "x")]].tolist() == [2, 3]
    stray = square_matrix(",z1,s1,q\nz1,0,1,2\ns1,3,0,4\nq,5,6,0\n", ["z1"], ["s1"], unit="minutes")
    assert "q" in set(stray["zone"])  # told by matrix_times, not dropped
    assert "q" in set(stray["site"])


def test_a_square_csv_whose_labels_fit_neither_way_or_both_is_refused():
    with pytest.raises(TableError, match="rows that are zones and columns that are sites"):
        square_matrix(",a,b\nc,1,2\n", ZONES.index, SITES.index, unit="minutes")
    with pytest.raises(TableError, match="not both"):
        square_matrix(",x,y\nx,1,2\n", ["x", "y"], ["x", "y"], unit="minutes")
    with pytest.raises(TableError, match="labels in the first row and column"):
        square_matrix("z1\n1\n", ZONES.index, SITES.index, unit="minutes")


@pytest.mark.parametrize("column", ["departure_time", "percentile", "option"])
def test_several_rows_a_pair_are_named_by_what_they_differ_in(column):
    text = f"from_id,to_id,{column},travel_time\nz1,s1,a,12\nz1,s1,b,14\nz1,s2,a,9\n"
    with pytest.raises(TableError) as caught:
        long_matrix(text, unit="minutes")
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (1, column)
    assert f"z1 to s1 with {column} a, b" in fault.value


def test_columns_that_are_not_read_are_listed():
    text = "from_id,to_id,travel_time_p50,travel_time_p95\nz1,s1,12,20\n"
    assert unread_columns(text) == ["travel_time_p95"]
    assert unread_columns("zone,site,minutes,km\nz1,s1,1,1\n") == []


def test_a_column_named_for_another_unit_than_stated_is_refused():
    with pytest.raises(TableError, match="times in minutes; these look like seconds"):
        long_matrix("zone,site,seconds\nz1,s1,12\n", unit="minutes")


@pytest.mark.parametrize("bad", ["far", "-3"])
def test_distances_have_to_be_numbers(bad):
    with pytest.raises(TableError, match=f"row 0, km: found {bad}"):
        long_matrix(f"zone,site,minutes,km\nz1,s1,12,{bad}\n", unit="minutes")
    with pytest.raises(TableError, match=f"km: found {bad}"):
        square_matrix(SQUARE, ZONES.index, SITES.index, unit="minutes", km_text=SQUARE.replace("1.5", bad))
