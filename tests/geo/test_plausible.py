"""A matrix beside the straight lines: units are named, true ones stand, what is odd is listed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.road_tables import point_table

from placeplan.geo.plausible import compared_with_straight_lines

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the open data is not here")


def places(random, name, count, kilometres):
    at = 400_000 + random.uniform(0, 1000 * kilometres, (count, 2))
    return point_table({f"{name}{place}": tuple(at[place]) for place in range(count)})


def truth(seed, *, zones=40, sites=8, kilometres=60.0, detour=(1.1, 1.7), kmh=(25.0, 70.0), fixed=2.0):
    """Journeys of made-up roads: every pair winds and goes as fast as it happens to, after a fixed time."""
    random = np.random.default_rng(seed)
    homes, schools = places(random, "z", zones, kilometres), places(random, "s", sites, kilometres)
    rows = []
    for zone, home in homes.iterrows():
        for site, school in schools.iterrows():
            km = np.hypot(home["easting"] - school["easting"], home["northing"] - school["northing"]) / 1000
            km *= random.uniform(*detour)
            rows.append((zone, site, fixed + km / random.uniform(*kmh) * 60, km))
    return pd.DataFrame(rows, columns=["zone", "site", "minutes", "km"]), homes, schools


COUNTIES = {
    "a county": {},
    "a town": {"kilometres": 4.0, "kmh": (12.0, 40.0)},
    "a town by bus": {"kilometres": 5.0, "kmh": (8.0, 15.0), "fixed": 10.0},
    "mountains": {"detour": (1.5, 2.6), "kmh": (20.0, 45.0)},
    "boarding minutes": {"fixed": 15.0},
    "motorways": {"kilometres": 200.0, "detour": (1.05, 1.2), "kmh": (60.0, 110.0)},
    "few journeys": {"zones": 4, "sites": 3},
}


@pytest.mark.parametrize("about", COUNTIES)
def test_true_journeys_have_neither_faults_nor_oddities(about):
    for seed in range(15):
        found = compared_with_straight_lines(*truth(seed, **COUNTIES[about]))
        assert (found.faults, found.odd) == ((), ())


UNITS = {
    "seconds": ("minutes", lambda rows: rows.assign(minutes=rows["minutes"] * 60), "look like seconds"),
    "hours": ("minutes", lambda rows: rows.assign(minutes=rows["minutes"] / 60), "look like hours"),
    "thousandths": ("minutes", lambda rows: rows.assign(minutes=rows["minutes"] * 60_000), "thousandths of a second"),
    "half in seconds": (
        "minutes",
        lambda rows: rows.assign(minutes=rows["minutes"].where(rows.index % 2 == 0, rows["minutes"] * 60)),
        "look like seconds",
    ),
    "all zeros": ("minutes", lambda rows: rows.assign(minutes=0.0, km=0.0), "the minutes that each journey takes"),
    "metres": ("km", lambda rows: rows.assign(km=rows["km"] * 1000), "look like metres"),
    "thousands": ("km", lambda rows: rows.assign(km=rows["km"] / 1000), "thousands of kilometres"),
}
SIGNS = (9999, 32_767, 65_535, 999_999, 2_147_483_647, 1e9)


@pytest.mark.parametrize("county", [name for name in COUNTIES if name != "few journeys"])
@pytest.mark.parametrize("unit", UNITS)
def test_another_unit_is_named_with_the_worst_journeys(unit, county):
    column, change, words = UNITS[unit]
    for seed in range(4):
        rows, homes, schools = truth(seed, **COUNTIES[county])
        (fault,) = compared_with_straight_lines(change(rows), homes, schools).faults
        assert (fault.row, fault.column) == (None, column)
        assert words in fault.expected
        if unit != "all zeros":
            assert "of straight line" in fault.value or "where the straight line is" in fault.value


def test_miles_are_named():
    for seed in range(15):
        rows, homes, schools = truth(seed, detour=(1.1, 1.5))
        (fault,) = compared_with_straight_lines(rows.assign(km=rows["km"] / 1.609344), homes, schools).faults
        assert (fault.column, fault.expected) == ("km", "kilometres; these look like miles")


def test_times_that_were_said_to_be_seconds_and_are_minutes_or_hours():
    rows, homes, schools = truth(1)
    for factor, words in ((1 / 60, "look like minutes"), (1 / 3600, "look like hours"), (1000, "thousandths")):
        made = rows.assign(minutes=rows["minutes"] * factor)
        (fault,) = compared_with_straight_lines(made, homes, schools, stated_unit="seconds").faults
        assert fault.expected.startswith("times in seconds;")
        assert words in fault.expected


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("share", [1, 40])
def test_a_big_number_for_no_journey_is_refused(sign, share):
    rows, homes, schools = truth(2)
    made = rows.assign(minutes=rows["minutes"].where(rows.index >= share, sign))
    (fault,) = compared_with_straight_lines(made, homes, schools).faults
    assert fault.column == "minutes"
    assert fault.value.startswith(f"{share} of 320 journeys (")
    assert "leave it blank" in fault.expected
    made = rows.assign(km=rows["km"].where(rows.index >= share, float(sign)))
    assert [fault.column for fault in compared_with_straight_lines(made, homes, schools).faults] == ["km"]


def test_a_far_journey_of_no_time_is_refused():
    rows, homes, schools = truth(3)
    far = rows["km"].idxmax()
    rows.loc[far, "minutes"] = 0.0
    (fault,) = compared_with_straight_lines(rows, homes, schools).faults
    assert f"{rows.loc[far, 'zone']} to {rows.loc[far, 'site']}: 0 minutes for" in fault.value


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("minutes", 3.0, "faster than 130 km/h"),
        ("minutes", 1200.0, "slower than 3 km/h"),
        ("km", 1.0, "shorter than the straight line"),
        ("km", 400.0, "more than 5 times"),
    ],
)
def test_one_odd_journey_is_listed_and_kept(column, value, words):
    rows, homes, schools = truth(4)
    straight = [np.hypot(*(homes.loc[row.zone] - schools.loc[row.site])) / 1000 for row in rows.itertuples()]
    at = int(np.argmin(np.abs(np.array(straight) - 25)))
    rows.loc[at, column] = value
    found = compared_with_straight_lines(rows, homes, schools)
    assert not found.faults
    odd = next(one for one in found.odd if words in one.found)
    assert odd.column == column
    assert odd.found.startswith(f"1 of 320 journeys ({rows.loc[at, 'zone']} to {rows.loc[at, 'site']}: ")


def test_km_that_are_all_zero_are_said():
    rows, homes, schools = truth(5)
    found = compared_with_straight_lines(rows.assign(km=0.0), homes, schools)
    assert not found.faults
    assert [(one.column, one.found) for one in found.odd] == [("km", "0 km in every journey")]


def test_zones_and_sites_that_changed_places_are_told():
    rows, homes, schools = truth(6, zones=12, sites=12)
    square = rows.pivot_table(index="zone", columns="site", values="minutes").loc[homes.index, schools.index]
    turned = pd.DataFrame(square.to_numpy().T, homes.index, schools.index).rename_axis("zone").reset_index()
    turned = turned.melt("zone", var_name="site", value_name="minutes").assign(km=np.nan)
    (fault,) = compared_with_straight_lines(turned, homes, schools).faults
    assert fault.expected == "journeys from zones to sites; these look swapped"
    shuffled = rows.assign(minutes=np.random.default_rng(1).permutation(rows["minutes"].clip(lower=20)))
    found = compared_with_straight_lines(shuffled.assign(km=np.nan), homes, schools)
    assert any("right order" in one.found for one in found.odd)


def test_what_has_no_place_or_no_time_is_passed_over():
    rows, homes, schools = truth(7)
    blank = rows.assign(
        minutes=rows["minutes"].where(rows.index > 3), zone=rows["zone"].where(rows.index != 9, "elsewhere")
    )
    homes.loc["z5"] = np.nan
    assert compared_with_straight_lines(blank, homes, schools).faults == ()
    assert compared_with_straight_lines(rows.iloc[:0], homes, schools).odd == ()


@needs_data
def test_real_travel_times_are_true_in_minutes_and_in_no_other_unit():
    real = pd.read_csv(DATA / "travel" / "lsoa11_to_hospital_drive_minutes.csv").drop(columns="lsoa11_name")
    hospitals = pd.read_csv(DATA / "travel" / "hospitals.csv").set_index("postcode")[["easting", "northing"]].dropna()
    centres = pd.read_csv(DATA / "geography" / "lsoa21_centroids.csv")[["lsoa21_code", "easting", "northing"]]
    lookup = pd.read_csv(DATA / "geography" / "lookup_lsoa11_lsoa21.csv")[["lsoa11_code", "lsoa21_code"]]
    zones = lookup.drop_duplicates().merge(centres).groupby("lsoa11_code")[["easting", "northing"]].mean()
    rows = real.melt("lsoa11_code", var_name="site", value_name="minutes").rename(columns={"lsoa11_code": "zone"})
    rows = rows.assign(minutes=pd.to_numeric(rows["minutes"]), km=np.nan)
    found = compared_with_straight_lines(rows, zones, hospitals)
    assert (found.faults, found.odd) == ((), ())
    assert compared_with_straight_lines(rows.assign(minutes=rows["minutes"] * 60), zones, hospitals).faults
