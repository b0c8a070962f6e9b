"""The embedded county's plans and children against the published counts that they are made to."""

import pandas as pd
import pytest

from placeplan.county.county import County


def plans(county: County, margin: str, year: int = 2024, measure: str = "stock") -> pd.DataFrame:
    table = county.plans
    return table[(table["margin"] == margin) & (table["year"] == year) & (table["measure"] == measure)]


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
