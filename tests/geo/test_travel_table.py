"""Travel times as a checked table with labels."""

import dataclasses

import numpy as np
import pytest

from placeplan.geo.travel import Reason, make_travel_times, same_travel_times

INF = np.inf


def small(**changes):
    given = {
        "zones": ["z1", "z2"],
        "sites": ["s1", "s2", "s3"],
        "minutes": [[1, 2, 3], [4, INF, 6]],
        "km": [[0.5, 1, 1.5], [2, INF, 3]],
        "reason": [[0, 0, 0], [0, Reason.no_route, 0]],
        "method": "by hand",
    } | changes
    return make_travel_times(
        *(given[name] for name in ("zones", "sites", "minutes", "km", "reason")), method=given["method"]
    )


def test_the_tidy_table_goes_zone_by_zone():
    table = small().frame()
    assert list(table.columns) == ["zone", "site", "minutes", "km", "reason"]
    assert list(zip(table["zone"], table["site"], table["minutes"], table["km"], strict=True)) == [
        ("z1", "s1", 1, 0.5), ("z1", "s2", 2, 1), ("z1", "s3", 3, 1.5),
        ("z2", "s1", 4, 2), ("z2", "s2", INF, INF), ("z2", "s3", 6, 3),
    ]  # fmt: skip
    assert table["reason"].tolist() == ["reached"] * 4 + ["no_route", "reached"]


def test_journeys_are_looked_up_by_label_in_any_order():
    minutes, km = small().lookup(["z2", "z1", "z2"], ["s3", "s1", "s2"])
    assert minutes.tolist() == [6, 1, INF]
    assert km.tolist() == [3, 0.5, INF]
    assert [len(figures) for figures in small().lookup([], [])] == [0, 0]


def test_a_label_that_is_not_there_is_named():
    with pytest.raises(KeyError, match="zone z8, z9"):
        small().lookup(["z1", "z8", "z9", "z8"], ["s1"] * 4)
    with pytest.raises(KeyError, match="site S1"):
        small().lookup(["z1"], ["S1"])
    with pytest.raises(ValueError, match="2 zones beside 1 sites"):
        small().lookup(["z1", "z2"], ["s1"])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"zones": ["z1", "z1"]}, "zone 'z1' is there twice"),
        ({"sites": ["s1", "s2"]}, "minutes has shape"),
        ({"km": [[1, 1, 1]]}, "km has shape"),
        ({"reason": [[0], [0]]}, "reason has shape"),
        ({"minutes": [[-1, 2, 3], [4, INF, 6]]}, "minutes: expected 0 or more"),
        ({"km": [[np.nan, 1, 1.5], [2, INF, 3]]}, "km: expected 0 or more"),
        ({"reason": [[0, 0, 0], [0, 9, 0]]}, "values of Reason"),
        ({"reason": [[0, 0, 0], [0, 0, 0]]}, "exactly where"),
        ({"km": [[0.5, 1, 1.5], [2, 2, 3]]}, "exactly where"),
        ({"minutes": [[1, 2, 3], [4, 9999, 6]]}, "exactly where"),
    ],
)
def test_what_does_not_fit_is_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        small(**changes)


def test_the_arrays_are_copies_that_cannot_be_written_to():
    minutes = np.array([[1.0, 2, 3], [4, INF, 6]])
    travel = small(minutes=minutes)
    minutes[0, 0] = 99
    assert travel.minutes[0, 0] == 1
    for array in (travel.minutes, travel.km, travel.reason):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        travel.method = "other"


@pytest.mark.parametrize(
    "changes",
    [
        {"zones": ["z1", "z3"]},
        {"sites": ["s1", "s2", "s4"]},
        {"minutes": [[1, 2, 3], [4, INF, 7]]},
        {"km": [[0.5, 1, 1.5], [2, INF, 4]]},
        {"reason": [[0, 0, 0], [0, Reason.over_limit, 0]]},
        {"method": "otherwise"},
    ],
)
def test_same_means_the_same_in_everything(changes):
    assert same_travel_times(small(), small())
    assert not same_travel_times(small(), small(**changes))
