"""The embedded county against the facts it is built around; the figures here are those of the published sources."""

import filecmp
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from placeplan import read_county, travel_times
from placeplan.county.county import County
from placeplan.examples import make_derbyshire as script
from placeplan.geo.travel import TravelTimes

FOLDER = Path(script.__file__).parent / "derbyshire"


@pytest.fixture(scope="module")
def county() -> County:
    return read_county("example:derbyshire")


@pytest.fixture(scope="module")
def travel(county: County) -> TravelTimes:
    return travel_times(county, cache=False)


@pytest.fixture(scope="module")
def units(county: County) -> pd.DataFrame:
    """A row a unit, with its site's name and locality."""
    first = county.units.sort_values("from_year", kind="stable").drop_duplicates("unit")
    return first.merge(county.sites[["site", "name", "locality", "easting", "northing"]], on="site", validate="m:1")


@pytest.fixture(scope="module")
def placed(county: County, units: pd.DataFrame) -> pd.DataFrame:
    """Children with a unit, beside what the unit is."""
    return county.children.dropna(subset="unit").merge(units, on="unit", suffixes=("", "_unit"), validate="m:1")


def plans(county: County, margin: str, year: int = 2024, measure: str = "stock") -> pd.DataFrame:
    table = county.plans
    return table[(table["margin"] == margin) & (table["year"] == year) & (table["measure"] == measure)]


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


# --- plans -------------------------------------------------------------------------------------------------------


def test_plans_each_january_and_new_plans_each_year(county: County):
    totals = county.plans[(county.plans["margin"] == "total") & (county.plans["measure"] == "stock")]
    assert list(totals.sort_values("year")["year"]) == list(range(2009, 2025))
    assert list(totals.sort_values("year")["plans"]) == [
        *(3013, 3043, 3099, 3155, 3214, 3304, 3341, 3465, 3377, 3449, 3646, 4001, 4562, 5024, 6354),
        7625,
    ]
    new = county.plans[county.plans["measure"] == "new"].sort_values("calendar_year")
    assert list(new["plans"]) == [519, 686, 763, 583, 1418, 1386]
    assert list(new["calendar_year"]) == list(range(2019, 2025))


@pytest.mark.parametrize("margin", ["age", "need", "placement"])
def test_every_margin_adds_up(county: County, margin: str):
    assert plans(county, margin)["plans"].sum() == 7625


def test_plans_by_need_and_by_placement(county: County):
    by_need = plans(county, "need").set_index("need")["plans"].to_dict()
    assert by_need == {
        "ASD": 3196,
        "SEMH": 1473,
        "SLCN": 700,
        "MLD": 653,
        "OTH": 597,
        "PD": 278,
        "SLD": 256,
        "SPLD": 134,
        "HI": 119,
        "PMLD": 85,
        "VI": 58,
        "MSI": 13,
        "unknown": 63,
    }
    by_placement = plans(county, "placement").set_index("placement")["plans"].to_dict()
    assert by_placement == {
        "mainstream": 3363,
        "resourced_provision": 270,
        "sen_unit": 10,
        "special_state": 1437,
        "special_independent": 393,
        "special_non_maintained": 42,
        "alternative_provision": 66,
        "further_education": 1136,
        "specialist_post_16": 118,
        "elective_home": 145,
        "neet": 123,
        "elsewhere": 425,
        "early_years": 38,
        "not_recorded": 59,
    }


def test_plans_at_the_published_ages(county: County):
    by_age = plans(county, "age").set_index("age_from")["plans"]
    exact = {8: 410, 10: 480, 11: 608, 16: 516, 18: 387, 20: 237}
    assert {age: by_age[age] for age in exact} == exact
    assert by_age[4] == pytest.approx(200, abs=5)
    assert by_age.loc[12:15].between(565, 580).all()


def test_plans_in_independent_schools_over_the_years(county: County):
    table = county.plans
    rows = table[(table["placement"] == "special_independent") & (table["measure"] == "stock")]
    assert rows.set_index("year")["plans"].to_dict() == {2018: 85, 2020: 141, 2022: 226, 2023: 315, 2024: 393}


# --- children ----------------------------------------------------------------------------------------------------


def test_children_with_a_unit_add_up_to_the_plans_that_are_planned_for(placed: pd.DataFrame):
    by_kind = placed.groupby("kind").size()
    assert by_kind["special"] + by_kind["hub"] == 1437
    assert (placed["national"] == "resourced_provision").sum() == 270
    assert (placed["national"] == "sen_unit").sum() == 10
    wanted = {"independent_special": 393, "non_maintained_special": 42, "support_centre": 66, "college": 118}
    assert {kind: by_kind[kind] for kind in wanted} == wanted
    assert len(placed) == 2336


def test_needs_in_special_and_independent_schools(placed: pd.DataFrame):
    special = placed[placed["kind"].isin(["special", "hub"])]
    assert (special["need"] == "ASD").mean() == pytest.approx(0.376, abs=0.001)
    independent = placed.loc[placed["kind"] == "independent_special", "need"].value_counts()
    assert (independent["ASD"], independent["SEMH"]) == (215, 112)


def test_ages_in_independent_and_non_maintained_special_schools(placed: pd.DataFrame):
    inmss = placed.loc[placed["kind"].isin(["independent_special", "non_maintained_special"]), "year_group"]
    shares = pd.cut(inmss, [-5, 6, 11, 14, 21], labels=["primary", "secondary", "post_16", "post_19"])
    found = shares.value_counts(normalize=True)
    for phase, share in {"primary": 0.13, "secondary": 0.49, "post_16": 0.25, "post_19": 0.13}.items():
        assert found[phase] == pytest.approx(share, abs=0.01)


def test_every_placed_child_is_in_a_unit_that_takes_it(placed: pd.DataFrame):
    served = [
        need in codes.split(";") or codes == "any" for need, codes in zip(placed["need"], placed["needs"], strict=True)
    ]
    assert all(served)
    assert placed["year_group"].between(placed["from_year_group"], placed["to_year_group"]).all()
    assert placed["opens"].isna().all()


def test_few_units_hold_more_than_their_places_and_none_more_than_a_tenth(placed: pd.DataFrame, units: pd.DataFrame):
    held = units["unit"].map(placed.groupby("unit").size()).fillna(0)
    stated = units["places"].notna() & units["opens"].isna()
    over = (held + units["other_authorities"].fillna(0) - units["places"])[stated].astype(float)
    assert (over <= 0.1 * units.loc[stated, "places"]).all()
    assert over.clip(lower=0).sum() < 0.02 * len(placed)


def test_september_is_tight_but_not_everywhere(placed: pd.DataFrame, units: pd.DataFrame):
    local = units[units["kind"].isin(["ers", "special", "hub"]) & (units["locality"] != "out_of_county")]
    local = local[local["opens"].isna()]
    held = local["unit"].map(placed.groupby("unit").size()).fillna(0) + local["other_authorities"].fillna(0)
    full = held >= local["places"]
    assert 0.3 < full.mean() < 0.9


def test_children_new_in_september_say_what_would_meet_their_plan(county: County, units: pd.DataFrame):
    waiting = county.children[county.children["unit"].isna()]
    assert 240 <= len(waiting) <= 260
    assert waiting["suits"].notna().all()
    preferred = waiting["prefers"].dropna()
    assert len(preferred) > 20
    assert preferred.isin(units["unit"]).all()


def test_leavers_have_something_that_comes_after(placed: pd.DataFrame):
    leaving = placed[(placed["year_group"] == placed["to_year_group"]) & (placed["to_year_group"] < 21)]
    assert len(leaving) > 100
    assert leaving["suits"].notna().all()
    year_11 = leaving[(leaving["kind"] == "special") & (leaving["year_group"] == 11)]
    assert set(year_11["suits"]) == {"special;college"}


def test_derby_and_burton_teach_county_children_and_others_hold_county_places(
    placed: pd.DataFrame, units: pd.DataFrame
):
    for city in ("Derby", "Burton"):
        assert placed["name"].str.startswith(f"{city} special school").sum() > 20
    local = units[(units["kind"] == "special") & (units["locality"] != "out_of_county")]
    assert local["other_authorities"].sum() > 20


def test_pseudonyms_say_nothing_about_where_a_child_is(county: County):
    names = county.children["child"]
    assert names.is_unique
    assert names.str.fullmatch(r"D\d{5}").all()
    # Neighbours in the list are neighbours at school no oftener than by chance: under a twentieth of them.
    units = county.children["unit"]
    assert (units == units.shift()).mean() < 0.06


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
