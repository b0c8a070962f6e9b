"""The check against real travel times: nothing judged is seen in calibration, any hospitals will do, none is hidden."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.source_tree import ROOT

from placeplan.errors import UsageError
from placeplan.examples.check_travel import ALONE, ROADS, STRAIGHT, check_rows, check_travel, main
from placeplan.examples.local_roads import facts
from placeplan.examples.wide_roads import wide_road_points, wide_road_table
from placeplan.geo.roads import components, road_network

DATA = Path(os.environ.get("PLACEPLAN_DATA", ROOT.parent / "shared" / "data"))

needs_data = pytest.mark.skipif(not (DATA / "travel").is_dir(), reason="the open files are not here")

HOSPITALS = {"AA11AA": (440000, 371000), "BB11BB": (451000, 360000), "CC11CC": (459000, 404000)}


def write_files(folder: Path, *, minutes: pd.DataFrame, hospitals: dict[str, tuple[float, float]] = HOSPITALS) -> Path:
    """Three small areas, one split in two in 2021, and ``minutes`` to hospitals."""
    (folder / "travel").mkdir(parents=True)
    (folder / "geography").mkdir()
    places = pd.DataFrame(
        {
            "lsoa21_code": ["A", "B1", "B2", "C"],
            "easting": [435000, 436000, 438000, 420000],
            "northing": [336000, 352000, 352000, 370000],
            "ruc": ["Urban", "Urban", "Urban", "Rural"],
        }
    )
    places.to_csv(folder / "geography" / "lsoa21_centroids.csv", index=False)
    lookup = pd.DataFrame({"lsoa11_code": ["A", "B", "B", "C"], "lsoa21_code": ["A", "B1", "B2", "C"]})
    lookup.to_csv(folder / "geography" / "lookup_lsoa11_lsoa21.csv", index=False)
    table = minutes.rename_axis("lsoa11_code").reset_index()
    table.insert(1, "lsoa11_name", table["lsoa11_code"])
    table.to_csv(folder / "travel" / "lsoa11_to_hospital_drive_minutes.csv", index=False)
    listed = [(name, name, east, north) for name, (east, north) in hospitals.items()]
    listed = pd.DataFrame(listed, columns=["postcode", "name", "easting", "northing"])
    listed.to_csv(folder / "travel" / "hospitals.csv", index=False)
    return folder


def real_minutes() -> pd.DataFrame:
    return pd.DataFrame({"AA11AA": [35, 20, 25], "BB11BB": [30, 22, 45], "CC11CC": [55, 45, 60]}, index=["A", "B", "C"])


def test_both_models_are_judged_on_hospitals_that_calibration_has_not_seen(tmp_path):
    check = check_travel(write_files(tmp_path / "data", minutes=real_minutes()))
    assert check.halves == (("AA11AA", "CC11CC"), ("BB11BB",))
    assert check.near == ("AA11AA", "BB11BB")
    assert check.out_of_reach == check.unknown_zones == ()
    rows = check.rows.set_index(["model", "calibrated_on", "judged_on", "hospitals", "area"])
    for model in (STRAIGHT, ROADS):
        assert rows.loc[(model, "first half", "second half", "all", "all"), "pairs"] == 3
        assert rows.loc[(model, "second half", "first half", "all", "urban"), "pairs"] == 4
        assert rows.loc[(model, "the other half", "each half", "all", "rural"), "pairs"] == 3
    assert rows.loc[(ALONE, "the other half", "each half", "near", "all"), "pairs"] == 6
    # The straight line before calibration is 1.3 times the distance at 40 km/h; B stands between its parts.
    homes = np.array([[435000, 336000], [437000, 352000], [420000, 370000]])
    plain = [
        abs(1.3 * np.hypot(*(home - np.array(place))) / 1000 / 40 * 60 - real)
        for name, place in HOSPITALS.items()
        for home, real in zip(homes, real_minutes()[name], strict=True)
    ]
    found = rows.loc[(STRAIGHT, "nothing", "all", "all", "all"), "mean_absolute_minutes"]
    assert found == pytest.approx(np.mean(plain), rel=1e-5)


def test_the_fit_does_not_change_with_the_hospitals_that_judge_it(tmp_path):
    seen = check_travel(write_files(tmp_path / "one", minutes=real_minutes())).speeds
    changed = real_minutes().assign(BB11BB=[99, 3, 71])  # the whole second half
    again = check_travel(write_files(tmp_path / "two", minutes=changed)).speeds
    columns = ["calibrated_on", "model", "item"]
    both = seen.merge(again, on=columns, validate="1:1")
    same = both["value_x"] == both["value_y"]
    assert same[both["calibrated_on"] == "first half"].all()
    assert not same[both["calibrated_on"] == "second half"].all()


def test_a_hospital_out_of_reach_or_without_coordinates_is_named(tmp_path):
    minutes = real_minutes().assign(DD11DD=200, EE11EE=100)
    minutes.loc["nowhere"] = 50
    hospitals = HOSPITALS | {"DD11DD": (180000, 60000)}
    check = check_travel(write_files(tmp_path / "data", minutes=minutes, hospitals=hospitals))
    assert check.out_of_reach == ("DD11DD", "EE11EE")
    assert check.unknown_zones == ("nowhere",)
    assert check.halves == (("AA11AA", "CC11CC"), ("BB11BB",))


def test_without_files_or_hospitals_it_says_what_it_needs(tmp_path, capsys):
    with pytest.raises(UsageError, match=r"no travel/lsoa11_to_hospital_drive_minutes\.csv"):
        check_rows(tmp_path)
    alone = write_files(tmp_path / "data", minutes=real_minutes()[["AA11AA"]])
    with pytest.raises(UsageError, match="1 hospitals in reach"):
        check_rows(alone)
    assert main([]) == main([str(alone)]) == 2
    said = capsys.readouterr()
    assert "usage:" in said.err
    assert said.out == ""


def test_the_command_line_prints_the_table_or_writes_it(tmp_path, capsys):
    data = write_files(tmp_path / "data", minutes=real_minutes())
    assert main([str(data)]) == 0
    printed = capsys.readouterr().out
    assert "mean_absolute_percent" in printed
    assert "On hospitals that calibration had not seen" in printed
    assert main([str(data), str(tmp_path / "out")]) == 0
    assert "mean_absolute_percent" not in capsys.readouterr().out
    rows = pd.read_csv(tmp_path / "out" / "travel_check.csv")
    pd.testing.assert_frame_equal(rows, check_rows(data).round(3), check_dtype=False)


def test_the_roads_beyond_the_county_hold_together():
    points = wide_road_points()
    assert not points["point"].duplicated().any()
    stops = {stop for route in facts("strategic_roads")["route"] for stop in route.split(";")}
    assert set(facts("strategic_points")["junction"]) <= stops <= set(points["point"])
    ends = pd.DataFrame({"easting": [437000.0], "northing": [352000.0]}, index=["home"])
    table = wide_road_table(ends, ends.set_axis(["school"], axis=0) + 500)
    assert not pd.DataFrame(np.sort(table[["from", "to"]].to_numpy(dtype=str), axis=1)).duplicated().any()
    speeds = dict.fromkeys(table["class"].unique(), 50.0)
    assert components(road_network(table, speeds=speeds)).count == 1


@needs_data
def test_calibrated_roads_beat_calibrated_straight_lines_on_unseen_hospitals_in_town_and_country():
    check = check_travel(DATA)
    rows = check.rows.query("hospitals == 'all'").set_index(["model", "calibrated_on", "area"])
    real = pd.read_csv(DATA / "travel" / "lsoa11_to_hospital_drive_minutes.csv")
    assert len(check.halves[0]) + len(check.halves[1]) + len(check.out_of_reach) == real.shape[1] - 2
    for how in ("first half", "second half", "the other half"):
        for area in ("all", "rural", "urban"):
            for measure in ("mean_absolute_minutes", "mean_absolute_percent"):
                assert rows.loc[(ROADS, how, area), measure] < rows.loc[(STRAIGHT, how, area), measure]


@needs_data
def test_other_hospitals_may_be_asked_for(tmp_path):
    for name in ("geography", "travel"):
        shutil.copytree(DATA / name, tmp_path / name, copy_function=shutil.copyfile)
    path = tmp_path / "travel" / "lsoa11_to_hospital_drive_minutes.csv"
    path.parent.chmod(0o755)
    whole = pd.read_csv(path)
    path.unlink()
    whole.drop(columns=whole.columns[4:9]).to_csv(path, index=False)
    check = check_travel(tmp_path)
    assert len(check.halves[0]) + len(check.halves[1]) + len(check.out_of_reach) == whole.shape[1] - 7
