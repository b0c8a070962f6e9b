"""The rules on children, units and sites, each worked by hand on the tiny county with the rule and without it."""

from dataclasses import replace

import pytest
from support.ruled_county import answered, changed, rows_of, unit_of, with_child, with_row
from tiny_county import FAR_MINIBUS, FAR_TAXI, MINIBUS, TAXI

import placeplan as pp
from placeplan.county.settings_rules import (
    ContinuityRule,
    GuidanceRule,
    HostShareRule,
    MinimumUseRule,
    OverfillRule,
    PreferenceRule,
    SiteTotalsRule,
)
from placeplan.county.vocabulary import SPOT_PURCHASE


def penalties_of(answer):
    return dict(zip(answer.tables["penalties"]["penalty"], answer.tables["penalties"]["pounds"], strict=True))


# --- overfill -----------------------------------------------------------------------------------------------------


def test_without_overfill_no_newcomer_is_above_places(county, travel):
    # One place and a ceiling of two at base_secondary: c5 and n1 both fit above it, or one is bought a place.
    two = with_child(county, "n1", zone="z2", year_group=6, need="ASD", suits="ers:integrative")
    assert [unit_of(answered(two, travel))[child] for child in ("c5", "n1")] == ["base_secondary"] * 2
    kept = answered(two, travel, overfill=OverfillRule(allowed=False))
    assert sorted(unit_of(kept)[child] for child in ("c5", "n1")) == ["base_secondary", SPOT_PURCHASE]
    assert rows_of(kept, "overfill")["base_secondary"]["found"] == 1
    assert penalties_of(kept)["overfill"] == 0


def test_without_overfill_those_above_places_stay(county, travel):
    full = changed(county, "units", "unit", {"base_primary": {"places": 1, "ceiling": 2}})
    kept = answered(full, travel, overfill=OverfillRule(allowed=False))
    assert [unit_of(kept)[child] for child in ("c1", "c2")] == ["base_primary"] * 2
    row = rows_of(kept, "overfill")["base_primary"]
    assert (row["stated"], row["found"], row["missed"]) == (1, 2, 1)
    assert penalties_of(kept)["overfill"] == 2000


# --- guidance -----------------------------------------------------------------------------------------------------

# From z1 to s2: 2 km at 45 km/h and 6 km at 52: 2.67 + 6.92 = 9.6 minutes.
FAR = 9.6


def near_guidance(county):
    """Guidance of five minutes, and n1 in the north whose only school is 9.6 minutes away."""
    short = replace(county.settings, guidance_minutes=dict.fromkeys(county.settings.guidance_minutes, 5.0))
    north = with_child(replace(county, settings=short), "n1", zone="z1", year_group=3, need="SLD", suits="special")
    return changed(north, "units", "unit", {"special": {"places": 6, "ceiling": 6}})


def test_beyond_guidance_no_place_is_possible_where_it_is_a_limit(county, travel):
    far = near_guidance(county)
    assert unit_of(answered(far, travel))["n1"] == "special"
    limit = {"guidance": GuidanceRule(mode="limit")}
    assert unit_of(answered(far, travel, **limit))["n1"] == SPOT_PURCHASE
    gap = answered(far, travel, spot_purchase=False, **limit)
    assert (unit_of(gap)["n1"], gap.headline("gap")) == ("", 1)
    # c4 is 9.9 minutes from its school and stays; only new journeys are limited.
    assert unit_of(gap)["c4"] == "independent"
    assert all(row["found"] == 0 for row in rows_of(gap, "guidance").values())


@pytest.mark.parametrize("change", [{"residential": True}, {"kind": "peripatetic", "places": None, "ceiling": None}])
def test_residential_units_and_visiting_teachers_have_no_daily_journey(county, travel, change):
    far = near_guidance(county)
    far = changed(far, "units", "unit", {"special": {"other_authorities": None, **change}})
    if "kind" in change:
        far = with_row(far, "top_ups", kind="peripatetic", pounds=2000.0, fund="high_needs")
        far = changed(far, "children", "child", {"n1": {"suits": "peripatetic"}, "c6": {"suits": "peripatetic"}})
    assert unit_of(answered(far, travel, guidance=GuidanceRule(mode="limit")))["n1"] == "special"


def test_hours_beyond_guidance_have_a_price_that_is_no_cash(county, travel):
    far = near_guidance(county)
    free, priced = answered(far, travel), answered(far, travel, guidance=GuidanceRule("price", 10.0))
    # n1: (9.6 - 5) minutes, c4: (9.9 - 5), each 380 times a year at £10 an hour.
    assert penalties_of(priced)["guidance"] == pytest.approx(
        round(10 * 4.6 / 60 * 380, 2) + round(10 * 4.9 / 60 * 380, 2)
    )
    assert priced.headline("cost_pounds") == free.headline("cost_pounds")
    assert priced.proof.objective == pytest.approx(free.proof.objective + penalties_of(priced)["guidance"])


# --- preferences --------------------------------------------------------------------------------------------------


def prefers_special(county):
    """c5 prefers the special school, which costs 12,000 + 6,677.14 against 8,000 - 4,000 + 1,294.71 in the base."""
    roomy = changed(county, "units", "unit", {"special": {"places": 6, "ceiling": 6}})
    return changed(roomy, "children", "child", {"c5": {"prefers": "special"}})


DEARER = 12_000 + FAR_MINIBUS - (4_000 + TAXI)


def test_a_preference_comes_before_cost_has_a_price_or_is_not_counted(county, travel):
    wish = prefers_special(county)
    assert unit_of(answered(wish, travel))["c5"] == "special"
    for pounds, unit, missed in ((DEARER - 10, "base_secondary", 1), (DEARER + 10, "special", 0)):
        priced = answered(wish, travel, preferences=PreferenceRule("priced", pounds))
        assert unit_of(priced)["c5"] == unit
        assert priced.headline("preferences_not_met") == missed
        assert penalties_of(priced)["preferences"] == pytest.approx(pounds * missed)
    off = answered(wish, travel, preferences=PreferenceRule("off"))
    unwished = changed(wish, "children", "child", {"c5": {"prefers": None}})
    assert off.headline("cost_pounds") == answered(unwished, travel).headline("cost_pounds")


def test_where_preferences_are_off_no_child_row_leaves(county, travel):
    off = answered(prefers_special(county), travel, preferences=PreferenceRule("off"))
    assert off.placements.empty
    assert "child" in off.placements.columns
    assert "placements" not in pp.allocation_run([off]).tables
    assert not any("child" in table.columns for table in pp.allocation_run([off]).tables.values())
    assert off.headline("children") == 6
    assert off.proof.verification.holds


def test_what_a_preference_costs_is_told_and_refuses_nothing(county, travel):
    wish = with_row(prefers_special(county), "top_ups", kind="special", pounds=700.0, fund="family")
    table = answered(wish, travel).tables["preferences"].set_index("child").loc["c5"]
    assert (table["prefers"], table["unit"], table["cheapest_unit"]) == ("special", "special", "base_secondary")
    assert table["met"]
    assert table["preferred_pounds"] == pytest.approx(12_000 + FAR_MINIBUS)
    assert table["cheapest_pounds"] == pytest.approx(8_000 + TAXI)
    assert table["extra_high_needs"] == 4_000
    assert table["extra_general"] == pytest.approx(FAR_MINIBUS - TAXI)
    assert table["extra_public_purse"] == pytest.approx(4_000 + FAR_MINIBUS - TAXI)


def with_support(county):
    """Mainstream support at both sites, the northern one cheaper for c6 but for the way there."""
    for unit, site in (("near", "s2"), ("dear", "s1")):
        county = with_row(
            county,
            "units",
            unit=unit,
            site=site,
            kind="mainstream_support",
            needs="any",
            from_year_group=0,
            to_year_group=14,
            residential=False,
        )
        county = with_row(county, "top_ups", unit=unit, pounds=4000.0 if unit == "near" else 5000.0, fund="high_needs")
    return county


def test_against_a_wish_for_mainstream_nobody_is_in_a_special_unit(county, travel):
    wish = changed(county, "children", "child", {"c6": {"prefers": "mainstream"}})
    answer = answered(wish, travel)
    assert "c6" not in unit_of(answer)
    assert [answer.headline(m) for m in ("children", "gap", "in_mainstream_by_preference")] == [5, 0, 1]
    assert answer.headline("preferences_not_met") == 0
    without = answered(changed(county, "children", "child", {"c6": {"zone": "z3"}}), travel)
    assert without.headline("cost_pounds") - answer.headline("cost_pounds") == pytest.approx(15_000 + MINIBUS)
    row = answer.tables["preferences"].set_index("child").loc["c6"]
    assert (row["met"], row["unit"]) == (True, "")
    assert row[["preferred_pounds", "extra_public_purse"]].isna().all()


def test_a_wish_for_mainstream_goes_to_the_cheapest_unit_there_or_the_one_named(county, travel):
    supported = with_support(county)
    for prefers, unit in (("mainstream", "near"), ("dear", "dear")):
        wish = changed(supported, "children", "child", {"c6": {"prefers": prefers}})
        answer = answered(wish, travel)
        assert unit_of(answer)["c6"] == unit
        assert answer.headline("in_mainstream_by_preference") == 0
    # At a price too the wish keeps c6 out of a special unit, and the unit named is weighed.
    priced = answered(wish, travel, preferences=PreferenceRule("priced", 900.0))
    assert unit_of(priced)["c6"] == "near"
    assert penalties_of(priced)["preferences"] == 900


def test_after_compulsory_school_age_the_young_person_is_asked(county, travel):
    sixteen = with_child(county, "n1", zone="z3", year_group=11, need="SLD", suits="special", prefers="mainstream")
    assert unit_of(answered(sixteen, travel))["n1"] == "special"
    own = changed(sixteen, "children", "child", {"n1": {"prefers": "special", "young_person_prefers": "mainstream"}})
    assert "n1" not in unit_of(answered(own, travel))
    fifteen = changed(sixteen, "children", "child", {"n1": {"year_group": 10}})
    assert "n1" not in unit_of(answered(fifteen, travel))


# --- continuity ---------------------------------------------------------------------------------------------------


def could_move(county):
    """c4 would cost 12,000 + 1,416.86 in the special school, against 60,000 + 6,913.29 where it is."""
    roomy = changed(county, "units", "unit", {"special": {"places": 6, "ceiling": 6}})
    return changed(roomy, "children", "child", {"c4": {"suits": "independent_special;special"}})


SAVED = 60_000 + FAR_TAXI - 12_000 - MINIBUS


def test_who_could_stay_moves_by_consent_or_at_a_price(county, travel):
    other = could_move(county)
    assert unit_of(answered(other, travel))["c4"] == "independent"
    for pounds, unit, moved in ((SAVED + 10, "independent", 0), (SAVED - 10, "special", 1)):
        answer = answered(other, travel, continuity=ContinuityRule("priced", pounds))
        assert unit_of(answer)["c4"] == unit
        assert answer.headline("moved") == moved
        assert penalties_of(answer)["continuity"] == pytest.approx(pounds * moved)
        assert rows_of(answer, "continuity")["county"]["found"] == moved
        assert "placements" not in pp.allocation_run([answer]).tables


def test_who_could_stay_is_never_left_without_a_place(county, travel):
    # c6 has no room in the special school, and c3 holds its one place: whoever is placed, c3 is not the one in the gap.
    full = changed(county, "units", "unit", {"special": {"places": 2, "ceiling": 2}})
    answer = answered(full, travel, spot_purchase=False, continuity=ContinuityRule("priced", 0.0))
    assert (unit_of(answer)["c3"], unit_of(answer)["c6"]) == ("special", "")


# --- hosts, sites and units ---------------------------------------------------------------------------------------


def test_plans_at_a_host_are_at_most_its_share_of_the_roll(county, travel):
    # 3.8% of 600 is 22: the host's own 20 and the two who stay in the primary base.
    assert unit_of(answered(county, travel))["c5"] == "base_secondary"
    answer = answered(county, travel, host_share=HostShareRule(0.038))
    assert unit_of(answer)["c5"] == "special"
    row = rows_of(answer, "host_share")["s1"]
    assert (row["stated"], row["found"], row["missed"]) == (22, 22, 0)
    assert answer.tables["breaches"].empty
    assert "prices" not in answer.tables


def test_a_share_that_is_broken_already_is_told_and_cannot_grow(county, travel):
    answer = answered(county, travel, host_share=HostShareRule(0.035))
    assert unit_of(answer)["c5"] == "special"
    assert answer.tables["breaches"].to_dict("records") == [
        {"rule": "host_share", "unit": "s1", "stated": 21.0, "found": 22.0}
    ]


def test_the_price_of_a_host_is_what_one_more_plan_there_would_save(county, travel):
    # c5 without a preference costs 13,382.43 more in the special school.
    free = changed(prefers_special(county), "children", "child", {"c5": {"prefers": None}})
    row = rows_of(answered(free, travel, host_share=HostShareRule(0.038)), "host_share")["s1"]
    assert row["price"] == pytest.approx(DEARER)


def test_the_units_of_a_site_have_a_total(county, travel):
    for total, missed in ((3, 0), (2, 0), (1, 1)):
        small = changed(county, "sites", "site", {"s1": {"total_places": total}})
        answer = answered(small, travel)
        assert unit_of(answer)["c5"] == ("base_secondary" if total == 3 else "special")
        assert rows_of(answer, "site_totals")["s1"]["missed"] == missed
        assert len(answer.tables["breaches"]) == missed
    off = answered(small, travel, site_totals=SiteTotalsRule(on=False))
    assert unit_of(off)["c5"] == "base_secondary"
    assert not rows_of(off, "site_totals")


def test_a_unit_has_no_newcomer_below_its_minimum(county, travel):
    viable = changed(county, "units", "unit", {"base_secondary": {"minimum": 2}})
    alone = answered(viable, travel)
    assert unit_of(alone)["c5"] == "special"
    two = with_child(viable, "n1", zone="z2", year_group=6, need="ASD", suits="ers:integrative;special")
    assert [unit_of(answered(two, travel))[child] for child in ("c5", "n1")] == ["base_secondary"] * 2
    assert unit_of(answered(viable, travel, minimum_use=MinimumUseRule(on=False)))["c5"] == "base_secondary"


def test_the_minimum_of_a_kind_stands_where_a_unit_has_none(county, travel):
    kinds = answered(county, travel, minimum_use=MinimumUseRule(by_kind={"ers": 2}))
    assert unit_of(kinds)["c5"] == "special"
    rows = rows_of(kinds, "minimum_use")
    assert {what: (row["stated"], row["found"], row["missed"]) for what, row in rows.items()} == {
        "base_primary": (2, 2, 0),
        "base_secondary": (2, 0, 0),
    }
    own = changed(county, "units", "unit", {"base_secondary": {"minimum": 1}})
    assert unit_of(answered(own, travel, minimum_use=MinimumUseRule(by_kind={"ers": 2})))["c5"] == "base_secondary"
