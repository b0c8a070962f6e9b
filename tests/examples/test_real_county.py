"""The county built from the official open files: totals against the published ones, roads against real times."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from support.source_tree import ROOT

from placeplan import read_county, travel_times
from placeplan.county.county import County
from placeplan.errors import InputError, UsageError
from placeplan.examples.local_roads import road_points
from placeplan.examples.real_county import build_real_county, main

DATA = Path(os.environ.get("PLACEPLAN_DATA", ROOT.parent / "shared" / "data"))

needs_data = pytest.mark.skipif(not (DATA / "plans").is_dir(), reason="the open files are not here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_real_county(DATA, tmp_path_factory.mktemp("county") / "real")


@pytest.fixture(scope="module")
def county(folder: Path) -> County:
    return read_county(folder)


@pytest.fixture(scope="module")
def placed(county: County) -> pd.DataFrame:
    units = county.units.drop_duplicates("unit")
    return county.children.dropna(subset="unit").merge(units, on="unit", suffixes=("", "_unit"), validate="m:1")


def published(name: str, **where: str) -> pd.DataFrame:
    """Derbyshire's rows of a published file, read here by itself."""
    table = pd.read_csv(DATA / "plans" / f"{name}.csv", dtype="str")
    for column, value in {"old_la_code": "830", **where}.items():
        table = table[table[column] == value]
    return table


@needs_data
def test_zones_are_the_county_s_own_and_derby_is_not_among_them(county: County):
    listed = pd.read_csv(DATA / "geography" / "lsoa21_centroids.csv")
    ours = listed[listed["ltla24_code"] != "E06000015"]
    assert set(county.zones["zone"]) == set(ours["lsoa21_code"])
    assert len(county.zones) == 499
    assert shapely.coverage_is_valid(county.zones.geometry.to_numpy())


@needs_data
def test_localities_are_districts_but_for_the_dales(county: County):
    listed = pd.read_csv(DATA / "geography" / "lsoa21_centroids.csv").set_index("lsoa21_code")
    zones = county.zones.assign(district=county.zones["zone"].map(listed["ltla24_name"]))
    found = zones.groupby("district")["locality"].agg(lambda names: sorted(set(names))).to_dict()
    assert found == {
        "Amber Valley": ["AV"],
        "Bolsover": ["BNED"],
        "Chesterfield": ["CH"],
        "Derbyshire Dales": ["HPND", "SDSD"],
        "Erewash": ["ER"],
        "High Peak": ["HPND"],
        "North East Derbyshire": ["BNED"],
        "South Derbyshire": ["SDSD"],
    }
    dales = zones[zones["district"] == "Derbyshire Dales"]
    by_locality = dales.groupby("locality")["northing"]
    assert by_locality.get_group("HPND").median() > by_locality.get_group("SDSD").median() + 10_000


@needs_data
def test_nobody_is_lost_between_2011_and_2021(county: County):
    estimate = pd.read_csv(DATA / "geography" / "population_mid2020_lsoa11_ages_0_25.csv")
    ours = estimate[estimate["ltla21_name"] != "Derby"]
    wanted = ours[[str(age) for age in range(26)]].sum()
    found = county.population.groupby("age")["people"].sum()
    np.testing.assert_allclose(found.to_numpy(), wanted.to_numpy())
    # A split area's people are halved.
    lookup = pd.read_csv(DATA / "geography" / "lookup_lsoa11_lsoa21.csv")
    split = lookup[(lookup["change_code"] == "S") & (lookup["ltla22_name"] != "Derby")]
    first = split.iloc[0]
    parts = split[split["lsoa11_code"] == first["lsoa11_code"]]["lsoa21_code"]
    whole = ours.set_index("lsoa11_code").loc[first["lsoa11_code"], "7"]
    people = county.population[county.population["age"] == 7].set_index("zone")["people"]
    np.testing.assert_allclose(people.loc[parts], whole / len(parts))


@needs_data
def test_plans_have_the_published_totals(county: County):
    table = county.plans
    totals = table[(table["margin"] == "total") & (table["measure"] == "stock")].set_index("year")["plans"].sort_index()
    assert list(totals) == [
        *(3013, 3043, 3099, 3155, 3214, 3304, 3341, 3465, 3377, 3449, 3646, 4001, 4562, 5024, 6354),
        7625,
    ]
    new = table[(table["measure"] == "new") & (table["margin"] == "total")].set_index("calendar_year")["plans"]
    assert list(new.loc[2019:]) == [519, 686, 763, 583, 1418, 1386]
    now = table[(table["year"] == 2024) & (table["measure"] == "stock")]
    assert now.groupby("margin")["plans"].sum().to_dict() == dict.fromkeys(
        ["total", "age", "need", "placement", "age and need", "age and placement", "need and placement"], 7625
    )


@needs_data
def test_reconstructed_children_have_the_published_needs_in_special_and_independent_schools(
    county: County, placed: pd.DataFrame
):
    needs = published("sen2_2025_sen_needs_all_plans", breakdown_topic="Type of placement").set_index("breakdown")
    independent = placed.loc[placed["kind"] == "independent_special", "need"].value_counts()
    row = needs.loc["Special - independent"]
    for need in ("ASD", "SEMH", "SLCN", "MLD", "SLD", "OTH"):
        assert independent.get(need, 0) == int(row[f"number_{need.lower()}"])
    assert len(placed) + 25 > 2336
    assert len(county.children) == 2336 + 250


@needs_data
def test_reconstructed_children_have_the_published_ages(placed: pd.DataFrame):
    ages = published(
        "sen2_2025_caseload", breakdown_topic="Child or young persons age", time_period="202425"
    ).set_index("breakdown")
    independent = placed[placed["kind"] == "independent_special"].groupby("year_group").size()
    for age in range(5, 20):
        assert independent.get(age - 4, 0) == int(ages.loc[f"age {age}", "special_independent"])


@needs_data
def test_provision_is_what_the_files_and_the_review_say(county: County):
    local = county.units.merge(county.sites, on="site").query("locality != 'out_of_county'")
    special = local[local["kind"].isin(["special", "hub"])]
    assert special["site"].nunique() == 10
    assert special["urn"].str.fullmatch(r"\d{6}").all()
    assert special[special["from_year"] == 2024].groupby("unit")["places"].last().sum() == 1360
    assert special.sort_values("from_year").groupby("unit")["places"].last().sum() == 1514
    ers = local[local["kind"] == "ers"].drop_duplicates("unit")
    assert len(ers) == 23
    evidence = pd.read_csv(DATA / "schools" / "derbyshire_provision.csv")
    assert set(ers["urn"].dropna()) <= set(evidence["urn"].astype(str))
    assert ers["urn"].notna().sum() == 4
    register = pd.read_csv(DATA / "schools" / "register_special_ap_post16_within_60km_2025_05_24.csv")
    independent = county.units[county.units["kind"] == "independent_special"]
    assert set(independent["site"]) <= set(register["urn"].astype(str))


@needs_data
def test_every_placed_child_is_in_a_unit_of_its_ages(placed: pd.DataFrame):
    assert placed["year_group"].between(placed["from_year_group"], placed["to_year_group"]).all()


@needs_data
def test_every_page_will_say_that_it_is_reconstructed_and_what_is_assumed(county: County):
    assert county.settings.data_label.startswith("reconstructed from published totals")
    subjects = {subject for subject, _, _ in county.settings.assumptions}
    assert {"children", "homes", "who is in which unit", "roads", "ERS places", "localities", "top-ups"} <= subjects
    assert all(value and source and "{" not in value + source for _, value, source in county.settings.assumptions)


@needs_data
def test_the_same_files_give_the_same_county(folder: Path, tmp_path: Path):
    build_real_county(DATA, tmp_path)
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


@needs_data
def test_journeys_by_the_default_roads_are_near_real_ones(county: County):
    """Car times routed on OpenStreetMap without traffic, to the hospitals that the default roads come near."""
    real = pd.read_csv(DATA / "travel" / "lsoa11_to_hospital_drive_minutes.csv").set_index("lsoa11_code")
    hospitals = pd.read_csv(DATA / "travel" / "hospitals.csv").set_index("postcode")
    # The main roads end some way beyond the county: hospitals within 5 km of where they pass are in reach.
    points = road_points()
    east = hospitals["easting"].to_numpy()[:, None] - points["easting"].to_numpy()
    north = hospitals["northing"].to_numpy()[:, None] - points["northing"].to_numpy()
    hospitals = hospitals[np.hypot(east, north).min(axis=1) < 5000]
    near = hospitals.index
    assert set(near) == {"S445BL", "NG174JL", "S102JF", "SK27JE"}
    sites = hospitals[["easting", "northing"]].rename_axis("site").reset_index()
    free = replace(county.settings.travel, peak_factor=1.0, boarding_minutes=0.0)
    asked = replace(county, sites=sites, settings=replace(county.settings, travel=free))
    found = travel_times(asked, cache=False)
    model = pd.DataFrame(found.minutes, index=found.zones, columns=found.sites)
    lookup = pd.read_csv(DATA / "geography" / "lookup_lsoa11_lsoa21.csv").query("change_code == 'U'")
    zones = model.index.intersection(lookup["lsoa21_code"])
    assert len(zones) > 400
    ratio = model.loc[zones, near] / real.loc[zones, near]
    correlation = np.corrcoef(model.loc[zones, near].to_numpy().ravel(), real.loc[zones, near].to_numpy().ravel())
    print(f"median model / real {np.median(ratio):.2f}, correlation {correlation[0, 1]:.3f}")
    assert 0.7 < np.median(ratio) < 1.4
    assert correlation[0, 1] > 0.95


@needs_data
def test_the_command_line_says_what_to_run_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(DATA), str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert [line.split()[1] for line in told.splitlines()[1:]] == [
        "check", "travel", "coverage", "forecast", "allocate", "report",
    ]  # fmt: skip


@needs_data
def test_a_ward_in_no_locality_is_reported_and_nothing_is_written(tmp_path: Path):
    for name in ("geography", "plans", "schools"):
        shutil.copytree(DATA / name, tmp_path / "data" / name)
    centres = tmp_path / "data" / "geography" / "lsoa21_centroids.csv"
    centres.chmod(0o644)
    centres.write_text(centres.read_text(encoding="utf-8").replace(",Wirksworth,", ",Wyrksworth,"), encoding="utf-8")
    with pytest.raises(InputError, match="Wyrksworth"):
        build_real_county(tmp_path / "data", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_the_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(UsageError, match="no folder geography, plans, schools"):
        build_real_county(tmp_path, tmp_path / "out")
    assert main([str(tmp_path), str(tmp_path / "out")]) == 2
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
