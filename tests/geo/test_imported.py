"""A ready matrix becomes travel times, or every fault in it is told at once."""

import numpy as np
import pandas as pd
import pytest

from placeplan.geo.faults import TableError, TableFault
from placeplan.geo.imported import matrix_times
from placeplan.geo.travel import Reason

ZONES, SITES = ["z1", "z2"], ["s1", "s2"]


def matrix():
    rows = [("z2", "s1", 12.5, 9.0), ("z1", "s1", 30.0, 21.0), ("z1", "s2", np.nan, np.nan)]
    return pd.DataFrame(rows, columns=["zone", "site", "minutes", "km"])


def faults_of(table):
    with pytest.raises(TableError) as caught:
        matrix_times(table, ZONES, SITES)
    return [(fault.row, fault.column, fault.value) for fault in caught.value.faults]


def test_pairs_are_matched_by_label_and_what_is_blank_or_absent_is_not_in_the_matrix():
    found = matrix_times(matrix(), ZONES, SITES)
    assert found.minutes.tolist() == [[30, np.inf], [12.5, np.inf]]
    assert found.km.tolist() == [[21, np.inf], [9, np.inf]]
    absent = Reason.not_in_matrix
    assert found.reason.tolist() == [[Reason.reached, absent], [Reason.reached, absent]]
    assert found.method == "ready matrix"


def test_labels_are_matched_as_text_and_figures_may_be_text():
    table = pd.DataFrame({"zone": [1, 2], "site": ["s", "s"], "minutes": ["5", ""], "km": ["4.5", ""]})
    table = table.astype({"minutes": object, "km": object}).replace("", None)
    found = matrix_times(table, ["1", "2"], ["s"])
    assert found.minutes.tolist() == [[5], [np.inf]]


def test_peak_boarding_and_limit_hold_for_a_matrix_too():
    found = matrix_times(matrix(), ZONES, SITES, peak_factor=2.0, boarding_minutes=5.0, limit_minutes=30.0)
    # z2: 12.5 x 2 + 5 = 30, the limit itself; z1: 30 x 2 + 5 = 65.
    assert found.minutes[:, 0].tolist() == [np.inf, 30]
    assert found.km[:, 0].tolist() == [np.inf, 9]
    assert found.reason[:, 0].tolist() == [Reason.over_limit, Reason.reached]


def test_the_limit_itself_is_within_it_however_the_parts_add_up():
    table = pd.DataFrame({"zone": ["z1"], "site": ["s1"], "minutes": [0.1], "km": [0.1]})
    for limit, reason in ((0.3, Reason.reached), (0.29, Reason.over_limit)):
        found = matrix_times(table, ["z1"], ["s1"], boarding_minutes=0.2, limit_minutes=limit)
        assert found.reason.tolist() == [[reason]]


def test_every_mismatch_is_told_once_with_its_rows():
    more = [("z9", "s1", 1.0, 1.0), ("z9", "s2", 1.0, 1.0), ("z1", "s7", 1.0, 1.0), (None, "s1", 1.0, 1.0)]
    table = pd.concat([matrix(), pd.DataFrame(more, columns=matrix().columns)])
    assert faults_of(table) == [(3, "zone", "z9 (2 rows)"), (5, "site", "s7"), (6, "zone", "")]


def test_doubled_pairs_are_told():
    table = pd.concat([matrix(), matrix().iloc[[1]]])
    assert faults_of(table) == [(3, "zone, site", "z1, s1 again")]


@pytest.mark.parametrize("column", ["minutes", "km"])
@pytest.mark.parametrize("value", [-1.0, np.inf, "far"])
def test_figures_must_be_numbers_of_0_or_more(column, value):
    table = matrix().astype({"minutes": object, "km": object})
    table.loc[1, column] = value
    assert faults_of(table) == [(1, column, str(value))]


def test_minutes_without_km_are_a_fault_and_km_without_minutes_are_not_reached():
    table = matrix()
    table.loc[0, "km"] = np.nan
    assert faults_of(table) == [(0, "km", "")]
    table = matrix()
    table.loc[2, "km"] = 7.0
    assert np.isinf(matrix_times(table, ZONES, SITES).km[0, 1])


def test_missing_columns_are_told():
    with pytest.raises(TableError) as caught:
        matrix_times(matrix()[["zone", "minutes"]], ZONES, SITES)
    assert caught.value.faults == (TableFault(None, "site", "", "the column"), TableFault(None, "km", "", "the column"))


@pytest.mark.parametrize("bad", [{"peak_factor": 0.0}, {"boarding_minutes": -1.0}, {"limit_minutes": -1.0}])
def test_options_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        matrix_times(matrix(), ZONES, SITES, **bad)


def line(count):
    """Zones one, two ... km from a site and two minutes a kilometre; a second site is on an island."""
    rows = [(f"z{km}", "s1", 2.0 * km, 1.2 * km) for km in range(1, count + 1)]
    straight = np.array([[float(km), float(km)] for km in range(1, count + 1)])
    return (
        pd.DataFrame(rows, columns=["zone", "site", "minutes", "km"]),
        [f"z{km}" for km in range(1, count + 1)],
        straight,
    )


@pytest.mark.parametrize("blank", [True, False])
def test_what_a_router_s_longest_journey_leaves_out_is_told_from_what_has_no_way(blank):
    table, zones, straight = line(80)
    cut = (
        table.assign(minutes=table["minutes"].where(table["minutes"] <= 120))
        if blank
        else table[table["minutes"] <= 120]
    )
    found = matrix_times(cut, zones, ["s1"], straight_km=straight[:, :1])
    assert (found.reason[60:, 0] == Reason.beyond_cut_off).all()
    assert (found.reason[:60, 0] == Reason.reached).all()
    assert np.isinf(found.minutes[60:]).all()
    # Without places nothing is told of it.
    assert (matrix_times(cut, zones, ["s1"]).reason[60:, 0] == Reason.not_in_matrix).all()


def test_an_island_is_not_beyond_the_cut_off():
    table, zones, straight = line(60)
    found = matrix_times(table, zones, ["s1", "s2"], straight_km=straight)
    assert (found.reason[:, 1] == Reason.not_in_matrix).all()
    lone = matrix_times(table[table["zone"] != "z7"], zones, ["s1"], straight_km=straight[:, :1])
    assert lone.reason[6, 0] == Reason.not_in_matrix


def test_many_doubled_pairs_are_one_fault():
    table, zones, _ = line(20)
    with pytest.raises(TableError) as caught:
        matrix_times(pd.concat([table, table]), zones, ["s1"])
    (fault,) = caught.value.faults
    assert (fault.row, fault.value) == (20, "z1, s1 again, and 19 more rows of pairs that an earlier row has")
    assert "of several departures or percentiles" in fault.expected
