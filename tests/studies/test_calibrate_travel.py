"""Calibration: settings fitted to half of observed journeys, judged on the other half, printed as they are used."""

import re
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.commands import call
from tiny_county import write_tiny_county

import placeplan as pp

SPEEDS = {"secondary": 33.0, "primary": 61.0}
BOARDING = 4.0


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """The tiny county with twenty more zones beside its roads."""
    made = write_tiny_county(tmp_path / "tiny")
    added = {
        "zones": [f"x{at},north,{440000 + 200 * at},350000,no,5" for at in range(1, 20)],
        "population": [f"x{at},2024,{age},10" for at in range(1, 20) for age in (4, 11)],
    }
    for table, rows in added.items():
        path = made / f"{table}.csv"
        path.write_text(path.read_text(encoding="utf-8") + "\n".join(rows) + "\n", encoding="utf-8")
    return made


def setting(folder, *lines):
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("\n[travel]\n" + "\n".join(lines) + "\n")
    return folder


def truth(folder, **changes):
    """Journeys as they are observed: by other settings than the county's."""
    county = pp.read_county(folder)
    travel = replace(county.settings.travel, **changes)
    found = pp.travel_times(replace(county, settings=replace(county.settings, travel=travel)), cache=False).frame()
    return found[np.isfinite(found["minutes"]) & (found["minutes"] > 0)]


def observed(folder, frame, name="observed.csv"):
    path = folder.parent / name
    frame.to_csv(path, index=False)
    return path


def test_the_speeds_that_made_the_journeys_are_found_and_the_error_on_the_half_kept_is_stated(folder):
    frame = truth(folder, speeds=pp.read_county(folder).settings.travel.speeds | SPEEDS, boarding_minutes=BOARDING)
    fit = pp.calibrate_travel(pp.read_county(folder), observed(folder, frame[["zone", "site", "minutes"]]))
    made = fit.settings.set_index("item")["after"]
    # From 52 and 45 km/h towards what made them; few journeys hold on to the speeds given (the pull of geo.calibrate).
    assert made["primary"] == pytest.approx(SPEEDS["primary"], rel=0.1)
    assert SPEEDS["secondary"] <= made["secondary"] < 41
    errors = fit.errors.set_index(["half", "settings"])
    assert errors.loc[("kept", "after"), "mean_absolute_minutes"] < 0.3
    assert errors.loc[("kept", "before"), "mean_absolute_minutes"] > 2
    halves = errors["pairs"].groupby("half").first()
    assert halves.sum() == len(frame)
    assert abs(halves["fitted"] - halves["kept"]) <= 1  # three destinations: kept journey by journey
    assert "kept, journey by journey" in fit.method


def test_the_lines_printed_make_the_journeys_that_the_error_was_stated_of(folder):
    frame = truth(folder, speeds=pp.read_county(folder).settings.travel.speeds | SPEEDS, boarding_minutes=BOARDING)
    path = observed(folder, frame[["zone", "site", "minutes"]])
    fit = pp.calibrate_travel(pp.read_county(folder), path)
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write(fit.lines + "\n")
    assert set(tomllib.loads(fit.lines)["travel"]) == {"boarding_minutes", "speeds", "speeds_source", "speeds_year"}
    again = pp.calibrate_travel(pp.read_county(folder), path)  # the same halves: what was after is now before
    both = [one.errors.set_index(["half", "settings"])["mean_absolute_minutes"] for one in (fit, again)]
    for half in ("fitted", "kept"):
        assert both[1][(half, "before")] == pytest.approx(both[0][(half, "after")], abs=1e-9)


def test_whole_destinations_are_kept_where_there_are_enough_by_coordinates(folder):
    random = np.random.default_rng(4)
    county = pp.read_county(folder)
    rows = []
    for _ in range(8):
        x, y = 440_000 + random.uniform(0, 4000), 350_000.0
        for zone in county.zones.itertuples():
            km = abs(zone.easting - x) / 1000 + abs(zone.northing - y) / 1000
            rows.append((zone.zone, round(x), y, 5 + km / 30 * 60))
    frame = pd.DataFrame(rows, columns=["zone", "easting", "northing", "minutes"])
    fit = pp.calibrate_travel(county, observed(folder, frame))
    assert "all journeys to 4 of 8 destinations" in fit.method
    errors = fit.errors.set_index(["half", "settings"])
    assert errors.loc["kept", "pairs"].tolist() == [4 * 23, 4 * 23]
    after, before = (errors.loc[("kept", when), "mean_absolute_minutes"] for when in ("after", "before"))
    assert after < before / 2


def test_straight_lines_and_a_ready_matrix_are_fitted_too(folder):
    own = truth(folder)
    frame = own.assign(minutes=own["minutes"] * 1.4 + 6)[["zone", "site", "minutes"]]
    path = observed(folder, frame)
    (folder / "roads.csv").unlink()
    own[["zone", "site", "minutes", "km"]].to_csv(folder / "travel.csv", index=False)
    fit = pp.calibrate_travel(pp.read_county(folder), path)
    found = fit.settings.set_index("item")["after"]
    assert found["peak_factor"] == pytest.approx(1.4, abs=0.01)
    assert found["boarding_minutes"] == pytest.approx(6, abs=0.1)
    (folder / "travel.csv").unlink()
    setting(folder, "straight_line_detour = 1.25", "peak_factor = 1.2")
    lines = truth(folder, straight_line_kmh=30.0, boarding_minutes=5.0)
    fit = pp.calibrate_travel(pp.read_county(folder), observed(folder, lines[["zone", "site", "minutes"]]))
    found = fit.settings.set_index("item")["after"]
    assert found.to_dict() == pytest.approx({"straight_line_kmh": 30.0, "boarding_minutes": 5.0}, abs=0.1)


def test_several_observations_of_a_pair_count_as_their_median(folder):
    frame = truth(folder, boarding_minutes=BOARDING)[["zone", "site", "minutes"]]
    odd = frame.assign(minutes=frame["minutes"] * 1.5)
    one = pp.calibrate_travel(pp.read_county(folder), observed(folder, frame))
    three = pp.calibrate_travel(pp.read_county(folder), observed(folder, pd.concat([frame, frame, odd])))
    assert three.method.startswith(f"{3 * len(frame)} rows of observed.csv, {len(frame)} pairs")
    pd.testing.assert_frame_equal(one.settings, three.settings)


def test_the_command_writes_the_tables_and_prints_the_lines(folder):
    frame = truth(folder, speeds=pp.read_county(folder).settings.travel.speeds | SPEEDS, boarding_minutes=BOARDING)
    path = observed(folder, frame[["zone", "site", "minutes"]])
    result = call("travel", folder, "--calibrate", path, "--out", folder.parent / "run")
    assert result.exit_code == 0, result.stderr
    assert re.search(r"the mean error is before: \d+\.\d minutes \(\d+\.\d%\); after: 0\.\d minutes", result.stdout)
    assert "[travel.speeds]" in result.stdout
    written = folder.parent / "run" / "tables"
    tables = {name: pd.read_csv(written / f"travel_{name}.csv") for name in ("calibration", "fitted")}
    assert set(zip(tables["calibration"]["half"], tables["calibration"]["settings"], strict=True)) == {
        ("fitted", "before"), ("fitted", "after"), ("kept", "before"), ("kept", "after"),
    }  # fmt: skip
    assert "boarding_minutes" in set(tables["fitted"]["item"])
    # No single observed journey is written.
    assert not any("observed" in file.name for file in (folder.parent / "run").rglob("*"))
    assert call("travel", folder, "--calibrate", path, "--out", folder.parent / "run").exit_code == 2


GOOD = "".join(f"x{at},s1,{10 + at}\n" for at in range(1, 13))
WRONG = {
    "an unknown zone": ("zone,site,minutes\n" + GOOD + "x99,s1,5\n", "row 14, column zone: found x99"),
    "an unknown site": ("zone,site,minutes\n" + GOOD + "x1,s9,5\n", "row 14, column site: found s9"),
    "no minutes": ("zone,site,minutes\n" + GOOD + "x1,s2,0\n", "row 14, column minutes: found 0"),
    "a word": ("zone,site,minutes\n" + GOOD + "x1,s2,soon\n", "row 14, column minutes: found soon"),
    "a blank": ("zone,site,minutes\n" + GOOD + "x1,s2,\n", "row 14, column minutes: found a blank"),
    "neither place": ("zone,site,minutes\n" + GOOD + "x1,,7\n", "row 14, column site: found neither"),
    "degrees": (
        "zone,site,easting,northing,minutes\n" + GOOD.replace(",s1,", ",s1,,,") + "x1,,-1.5,53.1,7\n",
        "row 14, column easting: found -1.5, 53.1",
    ),
    "too few": ("zone,site,minutes\nx1,s1,5\n", "found 1 journeys; expected 10 or more"),
    "too few pairs": ("zone,site,minutes\n" + "x1,s1,5\n" * 12, "found 1 pairs of a zone and a place"),
    "another column": ("zone,sight,minutes\n" + GOOD, "column sight: found a column that is not known"),
    "no columns": ("", "expected a csv table"),
    "seconds": ("zone,site,minutes\n" + "".join(f"z{a},s{b},{900 + a}\n" for a in (1, 2, 3, 4) for b in (1, 2, 3)),
                "these look like seconds"),
}  # fmt: skip


@pytest.mark.parametrize("about", WRONG)
def test_what_is_wrong_with_the_file_is_one_clear_message(folder, about):
    text, words = WRONG[about]
    path = folder.parent / "bad.csv"
    path.write_text(text, encoding="utf-8")
    result = call("travel", folder, "--calibrate", path, "--out", folder.parent / "run")
    assert result.exit_code == 2
    assert "bad.csv" in result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder.parent / "run").exists()


def test_a_file_that_is_not_there_is_told_and_points_beside_a_ready_matrix_are_refused(folder):
    result = call("travel", folder, "--calibrate", folder.parent / "none.csv")
    assert result.exit_code == 2
    assert "none.csv" in result.stderr
    own = truth(folder)
    (folder / "roads.csv").unlink()
    own[["zone", "site", "minutes", "km"]].to_csv(folder / "travel.csv", index=False)
    points = own[own["site"] == "s2"].assign(easting=442_000, northing=350_100)
    points = points[["zone", "easting", "northing", "minutes"]]
    with pytest.raises(pp.InputError, match="has a ready matrix"):
        pp.calibrate_travel(pp.read_county(folder), observed(folder, points))


def test_zones_and_sites_that_nothing_reaches_are_named(folder):
    path = folder / "sites.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("452000,347000", "499000,347000"), encoding="utf-8")
    result = call("travel", folder, "--out", folder.parent / "run")
    assert "No zone reaches s3." in result.stdout
