"""The embedded county against the facts it is built around; the figures here are those of the published sources."""

import filecmp
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from placeplan.county.county import County
from placeplan.examples import make_derbyshire as script
from placeplan.geo.travel import TravelTimes

FOLDER = Path(script.__file__).parent / "derbyshire"


# --- made again --------------------------------------------------------------------------------------------------


def test_the_script_makes_the_same_bytes_again(tmp_path: Path):
    script.make_derbyshire(tmp_path)
    made = sorted(path.name for path in tmp_path.iterdir())
    kept = sorted(path.name for path in FOLDER.iterdir() if path.name != "README.md")
    assert made == kept
    _, different, unreadable = filecmp.cmpfiles(tmp_path, FOLDER, made, shallow=False)
    assert (different, unreadable) == ([], [])


def test_it_stays_small_and_says_that_its_children_are_invented(county: County):
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000
    assert "invented" in county.settings.data_label


# --- place and people --------------------------------------------------------------------------------------------


def test_six_localities_in_their_order(county: County):
    assert list(county.localities["name"]) == [
        "High Peak & North Derbyshire Dales",
        "South Derbyshire & South Derbyshire Dales",
        "Erewash",
        "Amber Valley",
        "Bolsover & North-East Derbyshire",
        "Chesterfield",
    ]
    assert shapely.coverage_is_valid(county.localities.geometry.to_numpy())


def test_derby_lies_in_the_middle_and_is_in_no_locality(county: County):
    derby = shapely.Point(435_200, 336_300)
    assert not county.localities.contains(derby).any()
    assert shapely.convex_hull(county.localities.union_all()).contains(derby)
    in_derby = county.sites[county.sites["name"].str.contains(r"\(Derby")]
    assert len(in_derby) >= 4
    assert set(in_derby["locality"]) == {"out_of_county"}


def test_the_roads_through_derby_are_in_use(county: County):
    roads = county.roads
    ends = set(roads["from"]) | set(roads["to"])
    assert {"Derby", "Derby Markeaton", "Derby Spondon"} <= ends
    through = roads[roads["from"].str.startswith("Derby") & roads["to"].str.startswith("Derby")]
    assert {"primary", "trunk"} <= set(through["class"])


def test_about_490_zones_dense_in_the_east_and_sparse_in_the_north_west(county: County):
    assert 480 <= len(county.zones) <= 500
    square_km = county.localities.set_index("locality").area / 1e6
    density = county.zones.groupby("locality").size() / square_km
    assert density["HPND"] == density.min()
    assert density["CH"] == density.max()
    east, north_west = density[["ER", "AV", "CH", "BNED"]].min(), density["HPND"]
    assert east > 2.5 * north_west


def test_zones_lie_in_their_localities_and_their_outlines_fit_together(county: County):
    zones = county.zones
    points = gpd.GeoSeries(shapely.points(zones["easting"], zones["northing"]), crs=zones.crs)
    assert zones.geometry.contains(points).all()
    shapes = county.localities.set_index("locality").geometry
    assert all(shapes[name].contains(point) for name, point in zip(zones["locality"], points, strict=True))
    assert shapely.coverage_is_valid(zones.geometry.to_numpy())
    assert zones.area.sum() == pytest.approx(county.localities.area.sum(), rel=1e-4)


def test_people_are_as_many_as_the_review_says(county: County):
    by_age = county.population.groupby("age")["people"].sum()
    assert list(by_age.index) == list(range(26))
    # 23% aged 0-19 and 5% aged 20-24 of about 770,000.
    assert by_age.loc[:19].sum() == pytest.approx(0.23 * 770_000, rel=0.05)
    assert by_age.loc[20:24].sum() == pytest.approx(0.05 * 770_000, rel=0.05)
    assert len(county.population) == len(county.zones) * 26


# --- provision ---------------------------------------------------------------------------------------------------

TEN = {
    "Alfreton Park Community Special School": "AV",
    "Swanwick School and Sports College": "AV",
    "Holbrook School for Autism": "AV",
    "Ashgate Croft School": "CH",
    "Holly House Special School": "CH",
    "Bennerley Fields School": "ER",
    "Brackenfield Special School": "ER",
    "Stanton Vale School": "ER",
    "Stubbin Wood School": "BNED",
    "Peak School": "HPND",
}


def test_ten_state_special_schools_where_they_stand(units: pd.DataFrame):
    local = units[(units["kind"] == "special") & (units["locality"] != "out_of_county")]
    assert dict(zip(local["name"], local["locality"], strict=True)) == TEN
    today = local[local["opens"].isna()].set_index("name")
    over_16 = today[today["to_year_group"] > 11]
    assert len(over_16) == 6
    holly = today.loc["Holly House Special School"]
    assert (holly["needs"], holly["from_year_group"], holly["to_year_group"]) == ("SEMH", 3, 9)
    # The other nine cover Key Stages 1 to 4.
    others = today.drop("Holly House Special School")
    assert (others["from_year_group"] <= 1).all()
    assert (others["to_year_group"] >= 11).all()


def test_special_school_places_as_announced(county: County):
    local = set(county.sites.loc[county.sites["locality"] != "out_of_county", "site"])
    special = county.units[county.units["kind"].isin(["special", "hub"]) & county.units["site"].isin(local)]
    places = special.sort_values("from_year", kind="stable")
    in_2024 = places[places["from_year"] <= 2024].groupby("unit")["places"].last().sum()
    in_2025 = places.groupby("unit")["places"].last().sum()
    assert in_2024 == 1360
    assert 1500 < in_2025 < 1550


def test_twenty_three_ers_of_four_types_where_the_review_has_them(units: pd.DataFrame):
    ers = units[units["kind"] == "ers"]
    assert len(ers) == 23
    assert set(ers["locality"]) <= set(TEN.values()) | {"SDSD"}
    autism = ers[ers["model"].isin(["alternative", "integrative"])]
    area = ers[ers["model"] == "area"]
    hearing = ers[ers["needs"].str.contains("HI") & ers["model"].isna()]
    physical = ers[ers["needs"].str.contains("PD") & ers["model"].isna()]
    assert len(autism) + len(area) + len(hearing) + len(physical) == 23
    assert min(len(autism), len(area), len(hearing), len(physical)) > 0
    assert set(area["locality"]) == {"HPND", "SDSD"}
    where = hearing.groupby("locality")[["from_year_group", "to_year_group"]].apply(
        lambda ages: sorted(map(tuple, ages.to_numpy().tolist()))
    )
    # Infant, junior, primary and secondary in Amber Valley; primary and secondary in Chesterfield.
    assert where.to_dict() == {"AV": [(0, 2), (0, 6), (3, 6), (7, 11)], "CH": [(0, 6), (7, 11)]}


def test_most_primary_autism_bases_are_alternative_and_some_secondary_ones_integrative(units: pd.DataFrame):
    ers = units[(units["kind"] == "ers") & units["model"].isin(["alternative", "integrative"])]
    primary, secondary = ers[ers["to_year_group"] <= 6], ers[ers["from_year_group"] >= 7]
    assert (primary["model"] == "alternative").mean() > 0.5
    assert {"alternative", "integrative"} == set(secondary["model"])


def test_glossopdale_has_no_ers(units: pd.DataFrame):
    ers = units[units["kind"] == "ers"]
    assert (np.hypot(ers["easting"] - 402_500, ers["northing"] - 394_800) > 6_000).all()


def test_ers_that_no_public_list_shows_look_invented(units: pd.DataFrame):
    names = units.loc[units["kind"] == "ers", "name"]
    real = names[~names.str.startswith("Example ")]
    assert sorted(real) == [
        "Aldercar Infant School",
        "Dunston Primary and Nursery Academy",
        "Hilltop Primary Academy",
        "Pilsley Primary School",
    ]
    independent = units.loc[units["kind"].isin(["independent_special", "non_maintained_special"]), "name"]
    assert independent.str.startswith("Example ").all()


def test_three_support_centres_and_provision_in_and_out_of_county(units: pd.DataFrame):
    assert (units["kind"] == "support_centre").sum() == 3
    independent = units[units["kind"] == "independent_special"]
    outside = independent["locality"] == "out_of_county"
    assert outside.sum() >= 5
    assert (~outside).sum() >= 5
    neighbours = units[(units["kind"] == "special") & (units["locality"] == "out_of_county")]
    for city in ("Derby", "Burton", "Stockport", "Nottinghamshire", "Sheffield"):
        assert neighbours["name"].str.startswith(city).any()


# --- journeys ----------------------------------------------------------------------------------------------------


def test_every_zone_reaches_every_site(travel: TravelTimes, county: County):
    assert np.isfinite(travel.minutes).all()
    assert travel.minutes.shape == (len(county.zones), len(county.sites))


@pytest.mark.parametrize(
    ("home", "school", "between"),
    [
        ((403_500, 394_100), "fe_buxton", (26, 36)),  # Glossop to Buxton
        ((438_300, 371_200), "independent_k", (36, 48)),  # Chesterfield to Derby
        ((447_400, 370_500), "fe_chesterfield", (12, 22)),  # Bolsover to Chesterfield
        ((430_000, 360_200), "fe_chesterfield", (18, 28)),  # Matlock to Chesterfield
        ((418_000, 346_800), "independent_k", (23, 34)),  # Ashbourne to Derby
    ],
)
def test_journeys_are_those_that_drivers_know(
    county: County, travel: TravelTimes, home: tuple[int, int], school: str, between: tuple[float, float]
):
    away = np.hypot(county.zones["easting"] - home[0], county.zones["northing"] - home[1])
    zone = travel.zones.get_loc(county.zones["zone"].iloc[int(away.argmin())])
    minutes = travel.minutes[zone, travel.sites.get_loc(school)]
    assert between[0] <= minutes <= between[1]


def test_no_zone_begins_far_from_the_roads(county: County):
    ends = pd.concat([county.roads["from"], county.roads["to"]])
    assert set(county.zones["zone"]) <= set(ends)


# --- money -------------------------------------------------------------------------------------------------------


def test_fees_and_top_ups_are_near_the_national_figures(county: County, placed: pd.DataFrame):
    fees = county.top_ups[county.top_ups["unit"].notna() & (county.top_ups["fund"] == "high_needs")]
    fees = fees[fees["band"].isna()].set_index("unit")["pounds"]
    independent = placed[placed["kind"].isin(["independent_special", "non_maintained_special"])]
    assert independent["unit"].map(fees).mean() == pytest.approx(58_000, abs=6_000)
    bands = county.top_ups[(county.top_ups["kind"] == "special") & county.top_ups["band"].notna()]
    special = placed[(placed["kind"] == "special") & (placed["locality"] != "out_of_county")]
    mean = special["band"].map(bands.set_index("band")["pounds"]).mean()
    assert mean + 10_000 == pytest.approx(24_000, abs=2_000)
