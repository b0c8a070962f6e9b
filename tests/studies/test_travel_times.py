"""A county's travel times: from roads, a matrix or straight lines, kept in a cache, and audited."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from tiny_county import write_tiny_county

from placeplan.county.reading import read_county
from placeplan.errors import InputError
from placeplan.geo.travel import same_travel_times
from placeplan.studies import travel_cache
from placeplan.studies import travel_times as study
from placeplan.studies.travel_cache import CACHE_VARIABLE
from placeplan.studies.travel_times import travel_audit, travel_times


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return read_county(write_tiny_county(tmp_path_factory.mktemp("tiny")))


def with_travel(county, **changes):
    travel = dataclasses.replace(county.settings.travel, **changes)
    return dataclasses.replace(county, settings=dataclasses.replace(county.settings, travel=travel))


def with_matrix(county, rows):
    matrix = pd.DataFrame(rows, columns=["zone", "site", "minutes", "km"])
    return dataclasses.replace(county, roads=county.roads.iloc[:0], travel=matrix)


def test_the_tiny_county_as_worked_by_hand(tiny):
    found = travel_times(tiny)
    secondary, primary = 60 / 45, 60 / 52  # minutes a km, at the default speeds
    # z1 to s1: 2 km of secondary road. z1 to s2: that and 6 km of primary. z4 to s3: 8.6 km of primary.
    # z1 to s3: 2 km + 6 km + 2 km to z4's junction, and 8.6 km.
    minutes, km = found.lookup(["z1", "z1", "z4", "z1"], ["s1", "s2", "s3", "s3"])
    assert minutes == pytest.approx(
        [2 * secondary, 2 * secondary + 6 * primary, 8.6 * primary, 4 * secondary + 14.6 * primary], rel=1e-6
    )
    assert km == pytest.approx([2, 8, 8.6, 18.6])
    assert found.zones.tolist() == ["z1", "z2", "z3", "z4"]
    assert found.sites.tolist() == ["s1", "s2", "s3"]
    assert found.method.startswith("fastest route by road; speeds of 2018")


def test_settings_reach_the_journeys_and_the_method(tiny):
    plain = travel_times(tiny)
    found = travel_times(with_travel(tiny, peak_factor=1.5, boarding_minutes=4.0, limit_minutes=10.0))
    within = plain.minutes * 1.5 + 4 <= 10
    assert 0 < within.sum() < within.size
    assert found.minutes[within] == pytest.approx(plain.minutes[within] * 1.5 + 4, rel=1e-6)
    assert np.isinf(found.minutes[~within]).all()
    assert found.method.endswith("; minutes x 1.5 at peak; 4 minutes for boarding; up to 10 minutes")


def test_a_snap_limit_leaves_one_site_unreached_and_the_rest_as_they_were(tiny):
    sites = tiny.sites.assign(easting=tiny.sites["easting"].mask(tiny.sites["site"] == "s3", 499_000.0))
    found, plain = travel_times(dataclasses.replace(tiny, sites=sites)), travel_times(tiny)
    assert np.isinf(found.minutes[:, 2]).all()
    assert np.array_equal(found.minutes[:, :2], plain.minutes[:, :2])


def test_a_ready_matrix_is_used_as_it_is(tiny):
    county = with_matrix(tiny, [("z1", "s1", 7.0, 5.0), ("z4", "s3", None, None)])
    found = travel_times(county)
    assert found.minutes[0].tolist() == [7, np.inf, np.inf]
    assert found.method == "ready matrix"
    audit = travel_audit(county, found).set_index("measure")["value"]
    assert audit["share_not_in_matrix"] == pytest.approx(11 / 12)
    assert "road_nodes" not in audit.index


def test_faults_of_the_matrix_and_of_the_roads_are_input_errors_by_line(tiny):
    with pytest.raises(InputError) as caught:
        travel_times(with_matrix(tiny, [("z1", "s1", 7.0, 5.0), ("z8", "s1", -1.0, 2.0)]))
    assert [(fault.table, fault.row, fault.column, fault.value) for fault in caught.value.faults] == [
        ("travel", "3", "zone", "z8"),
        ("travel", "3", "minutes", "-1.0"),
    ]
    with pytest.raises(InputError) as caught:
        travel_times(with_travel(tiny, speeds={"secondary": 45.0}))
    (fault,) = caught.value.faults
    assert (fault.table, fault.row, fault.column, fault.value) == ("roads", "6", "class", "primary (2 rows)")
    with pytest.raises(InputError) as caught:
        travel_times(with_travel(tiny, speeds={"secondary": 45.0, "primary": -1.0}))
    assert ("roads", "", "speeds") in {(fault.table, fault.row, fault.column) for fault in caught.value.faults}


def test_settings_that_make_no_sense_are_input_errors(tiny):
    for changes in ({"off_road_kmh": 0.0}, {"straight_line_detour": 0.5}):
        with pytest.raises(InputError) as caught:
            travel_times(with_travel(tiny, **changes))
        (fault,) = caught.value.faults
        assert (fault.table, fault.column) == ("county.toml", "travel")
        assert fault.expected in {"above 0", "1 or more"}


def test_straight_lines_only_when_asked_and_the_method_says_so(tiny):
    assert "straight" not in travel_times(tiny).method
    none = dataclasses.replace(tiny, roads=tiny.roads.iloc[:0])
    with pytest.raises(InputError, match="one of the tables roads and travel"):
        travel_times(none)
    found = travel_times(with_travel(none, straight_line_detour=1.3, straight_line_kmh=39.0))
    # z1 to s1: 2 km x 1.3 at 39 km/h is 4 minutes.
    assert found.minutes[0, 0] == pytest.approx(4)
    assert found.method == "straight line x 1.3 at 39 km/h, not roads"


def test_roads_and_a_matrix_together_are_a_fault(tiny):
    both = dataclasses.replace(with_matrix(tiny, [("z1", "s1", 7.0, 5.0)]), roads=tiny.roads)
    with pytest.raises(InputError, match="found both"):
        travel_times(both)


def fail(*_args, **_kwargs):
    raise AssertionError("not to be called")


def test_the_second_call_reads_what_the_first_kept(tiny, cache_folder, monkeypatch):
    first = travel_times(tiny)
    assert len(list(cache_folder.iterdir())) == 1
    monkeypatch.setattr(study, "county_network", fail)
    assert same_travel_times(travel_times(tiny), first)
    with pytest.raises(AssertionError):
        travel_times(tiny, cache=False)


def test_without_cache_nothing_is_written(tiny, cache_folder):
    travel_times(tiny, cache=False)
    assert not cache_folder.exists()


def changed_cell(frame, column, value):
    changed = frame.copy()
    changed.loc[changed.index[0], column] = value
    return changed


def test_whatever_the_journeys_depend_on_is_computed_anew(tiny, cache_folder):
    travel_times(tiny)
    variants = [
        with_travel(tiny, peak_factor=1.1),
        with_travel(tiny, speeds=tiny.settings.travel.speeds | {"secondary": 40.0}),
        dataclasses.replace(tiny, roads=changed_cell(tiny.roads, "metres", 2001.0)),
        dataclasses.replace(tiny, roads=changed_cell(tiny.roads, "oneway", True)),
        dataclasses.replace(tiny, zones=changed_cell(tiny.zones, "easting", 440_001.0)),
        dataclasses.replace(tiny, sites=changed_cell(tiny.sites, "site", "renamed")),
        dataclasses.replace(tiny, sites=tiny.sites.iloc[::-1]),
    ]
    for count, county in enumerate(variants, start=2):
        found = travel_times(county)
        assert len(list(cache_folder.iterdir())) == count
        assert same_travel_times(found, travel_times(county, cache=False))


def test_children_do_not_enter_the_cache(tiny, cache_folder):
    travel_times(tiny)
    travel_times(dataclasses.replace(tiny, children=tiny.children.iloc[:1]))
    (file,) = cache_folder.iterdir()
    with np.load(file) as kept:
        assert set(kept.files) == {"zones", "sites", "minutes", "km", "reason", "method"}


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "other_labels"])
def test_a_damaged_file_is_ignored_and_made_anew(tiny, cache_folder, damage):
    first = travel_times(tiny)
    (file,) = cache_folder.iterdir()
    content = bytearray(file.read_bytes())
    if damage == "other_labels":
        with np.load(file) as kept:
            arrays = dict(kept)
        np.savez(file, **(arrays | {"zones": np.array(["q1", "q2", "q3", "q4"])}))
    else:
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(
            {"empty": b"", "cut": content[:200], "flipped": bytes(content), "text": b"not a cache"}[damage]
        )
    assert same_travel_times(travel_times(tiny), first)
    with np.load(file) as kept:
        assert kept["zones"].tolist() == ["z1", "z2", "z3", "z4"]


def test_a_write_that_fails_leaves_nothing_behind_and_the_answer_stands(tiny, cache_folder, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(travel_cache, "hold", full)
    assert travel_times(tiny).minutes.shape == (4, 3)
    assert list(cache_folder.iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_does_not_fail_the_answer(tiny, cache_folder):
    cache_folder.write_text("a file where the folder should be")
    assert travel_times(tiny).minutes.shape == (4, 3)


def test_the_user_s_own_cache_folder_is_the_default(tiny, tmp_path, monkeypatch):
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setattr(travel_cache.platformdirs, "user_cache_path", lambda name, **_: tmp_path / "own" / name)
    travel_times(tiny)
    assert [file.suffix for file in (tmp_path / "own" / "placeplan").iterdir()] == [".npz"]


def test_progress_is_shown_on_a_terminal_only(tiny, monkeypatch):
    for terminal in (True, False):
        shown = io.StringIO()
        console = Console(file=shown, force_terminal=terminal)
        monkeypatch.setattr(study, "Console", lambda console=console, **_: console)
        found = travel_times(tiny, cache=False, progress=True)
        assert ("Travel times" in shown.getvalue()) == terminal
        assert same_travel_times(found, travel_times(tiny, cache=False))


def test_the_audit_of_the_tiny_county(tiny):
    zones = tiny.zones.assign(northing=tiny.zones["northing"].mask(tiny.zones["zone"] == "z1", 350_120.0))
    sites = tiny.sites.assign(easting=tiny.sites["easting"].mask(tiny.sites["site"] == "s3", 499_000.0))
    county = dataclasses.replace(tiny, zones=zones, sites=sites)
    audit = travel_audit(county, travel_times(county)).set_index("measure")["value"]
    # Four zones and three sites; s3 is far off, so 4 of 12 pairs are not reached. Seven junctions hang
    # together by six two-way links. Six of seven points are within the limit; z1 stands 120 m off.
    assert audit.to_dict() == pytest.approx(
        {
            "zones": 4,
            "sites": 3,
            "pairs": 12,
            "share_reached": 8 / 12,
            "share_zone_too_far_to_snap": 0,
            "share_site_too_far_to_snap": 4 / 12,
            "share_no_route": 0,
            "share_over_limit": 0,
            "share_not_in_matrix": 0,
            "road_nodes": 7,
            "road_links": 6,
            "road_components": 1,
            "share_nodes_in_largest_component": 1,
            "share_nodes_in_largest_two_way_component": 1,
            "share_points_snapped": 6 / 7,
            "longest_snap_metres": 120,
        }
    )
