"""The rules over localities and funds, rules of one's own, and what leaves of all of them; worked by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pulp import lpSum
from support.ruled_county import answered, changed, rows_of, unit_of, with_child
from tiny_county import FAR_MINIBUS, FAR_TAXI, MINIBUS, TAXI

import placeplan as pp
from placeplan.county.assumptions import assumptions
from placeplan.county.settings_rules import (
    Budget,
    ContinuityRule,
    EquityRule,
    GuidanceRule,
    HostShareRule,
    PreferenceRule,
)
from placeplan.privacy import share_safe
from placeplan.report.page import page_html


@pytest.fixture(scope="module")
def far_is_cheap(county):
    """c5, who has no preference, costs 12,000 + 6,677.14 far away and 25,000 - 4,000 + 1,294.71 in the base nearby."""
    dear = changed(county, "top_ups", "kind", {"ers": {"pounds": 25_000.0}})
    dear = changed(dear, "units", "unit", {"special": {"places": 6, "ceiling": 6}})
    short = replace(dear.settings, guidance_minutes=dict.fromkeys(dear.settings.guidance_minutes, 5.0))
    return changed(replace(dear, settings=short), "children", "child", {"c5": {"prefers": None}})


NEARER = 25_000 - 4_000 + TAXI - 12_000 - FAR_MINIBUS
"""What it costs more to place c5 nearby."""

# Minutes one way: c1, c2 and c5 in the base 2.7; c5 far away 9.6; in the south c3 and c6 2.7, c4 9.9.
NORTH_FAR, NORTH_NEAR = (2.7 + 2.7 + 9.6) / 3, 2.7


# --- equity -------------------------------------------------------------------------------------------------------


def test_no_locality_has_a_mean_above_the_bound(far_is_cheap, travel):
    assert unit_of(answered(far_is_cheap, travel))["c5"] == "special"
    for most, unit, mean in ((NORTH_FAR + 0.1, "special", NORTH_FAR), (NORTH_FAR - 0.1, "base_secondary", NORTH_NEAR)):
        answer = answered(far_is_cheap, travel, equity=EquityRule("minutes", "bound", most))
        assert unit_of(answer)["c5"] == unit
        rows = rows_of(answer, "equity")
        assert rows["north"]["found"] == pytest.approx(mean)
        assert rows["south"]["found"] == pytest.approx((2.7 + 2.7 + 9.9) / 3)
        # The south cannot do better: what it misses is told.
        assert rows["south"]["missed"] == pytest.approx(max(0.0, (2.7 + 2.7 + 9.9) / 3 - most))
        # Where the bound cuts through a child, whole answers are searched for and prices prove nothing.
        priced = any("bound from the prices" in check for check in answer.proof.verification.checks)
        assert priced == answer.placement.proof.by_prices == (unit == "special")


def test_the_share_beyond_guidance_may_be_bounded(far_is_cheap, travel):
    for most, unit in ((0.34, "special"), (0.33, "base_secondary")):
        answer = answered(far_is_cheap, travel, equity=EquityRule("beyond_guidance", "bound", most))
        assert unit_of(answer)["c5"] == unit
        assert rows_of(answer, "equity")["north"]["found"] == pytest.approx(1 / 3 if unit == "special" else 0.0)


def test_a_mean_above_the_bound_may_have_a_price(far_is_cheap, travel):
    # Placed nearby, the north's three children have 2.3 minutes less above a bound of 2.7 each.
    for change, unit in ((-1, "special"), (1, "base_secondary")):
        pounds = (NEARER + change) / (3 * (NORTH_FAR - 2.7))
        answer = answered(far_is_cheap, travel, equity=EquityRule("minutes", "price", 2.7, pounds))
        assert unit_of(answer)["c5"] == unit
        north = 3 * (NORTH_FAR - 2.7) if unit == "special" else 0.0
        penalties = answer.tables["penalties"].set_index("penalty")["pounds"]
        assert penalties["equity"] == pytest.approx(pounds * (north + 15.3 - 3 * 2.7), abs=0.01)


def test_the_worst_locality_comes_first_then_the_next(far_is_cheap, travel):
    answer = answered(far_is_cheap, travel, equity=EquityRule("minutes", "minimax"))
    assert unit_of(answer)["c5"] == "base_secondary"
    assert rows_of(answer, "equity")["north"]["found"] == pytest.approx(NORTH_NEAR)


def test_a_child_in_the_gap_counts_as_beyond_guidance(far_is_cheap, travel):
    full = {unit: {"places": 0, "ceiling": 0} for unit in ("base_secondary",)}
    full["special"] = {"places": 2, "ceiling": 2}
    short = changed(far_is_cheap, "units", "unit", full)
    for measure, counted in (("beyond_guidance", 1.0), ("minutes", 5.0 + 2.7 + 2.7 - 0.0)):
        answer = answered(short, travel, spot_purchase=False, equity=EquityRule(measure, "bound", 0.5))
        assert unit_of(answer)["c5"] == ""
        found = rows_of(answer, "equity")["north"]["found"]
        # Its nearest possible unit is 2.7 minutes away: less than the guidance of five, which counts.
        assert found == pytest.approx(counted / 3)


def test_a_journey_that_is_not_known_counts_as_one_of_guidance_s_minutes(far_is_cheap, travel):
    minutes, km = travel.minutes.copy(), travel.km.copy()
    for journeys in (minutes, km):
        journeys[travel.zones.get_loc("z1"), travel.sites.get_loc("s1")] = np.inf
    cut = replace(travel, minutes=minutes, km=km)
    answer = answered(far_is_cheap, cut, equity=EquityRule("minutes", "bound", 100.0))
    assert answer.headline("journeys_not_known") == 1
    # Guidance is five minutes in this county.
    assert rows_of(answer, "equity")["north"]["found"] == pytest.approx((5.0 + 2.7 + 9.6) / 3)


# --- budgets ------------------------------------------------------------------------------------------------------


def test_a_financial_year_has_five_months_as_placed_today(county, travel):
    # High needs today: places 60,000 - 8,000, top-ups 31,000, a fee of 55,000; in September c5 and c6 come:
    # 60,000 - 12,000 + 24,000 + 30,000 + 55,000.
    today, then = 138_000, 157_000
    rows = (Budget("high_needs", 2025, 150_000.0, "a test"), Budget("high_needs", 2026, 150_000.0, "a test"))
    found = rows_of(answered(county, travel, budgets=rows), "budgets")
    assert found["high_needs 2025"]["found"] == pytest.approx(5 / 12 * today + 7 / 12 * then, abs=0.01)
    assert found["high_needs 2025"]["missed"] == 0
    assert found["high_needs 2026"]["found"] == then
    assert found["high_needs 2026"]["missed"] == 7_000
    as_now = rows_of(answered(county, travel, "today", budgets=rows), "budgets")
    assert [row["found"] for row in as_now.values()] == [today, today]


def test_an_overspend_is_avoided_where_it_can_be_and_told_where_not(far_is_cheap, travel):
    # Transport with c5 nearby: today's 10,919.57, c6's 1,416.86 and 1,294.71; far away 5,382.43 more.
    near = 2 * TAXI + MINIBUS + FAR_TAXI + MINIBUS + TAXI
    for pounds, unit, missed in (
        (20_000.0, "special", 0),
        (14_000.0, "base_secondary", 0),
        (13_000.0, "base_secondary", near - 13_000),
    ):
        answer = answered(far_is_cheap, travel, budgets=(Budget("general", 2026, pounds, "a test"),))
        assert unit_of(answer)["c5"] == unit
        assert rows_of(answer, "budgets")["general 2026"]["missed"] == pytest.approx(missed, abs=0.01)
        assert answer.headline("gap") == 0
        assert not any("bound from the prices" in check for check in answer.proof.verification.checks)


def test_no_child_waits_for_want_of_money(county, travel):
    answer = answered(county, travel, spot_purchase=False, budgets=(Budget("high_needs", 2026, 0.0, "a test"),))
    assert answer.headline("gap") == 0
    assert rows_of(answer, "budgets")["high_needs 2026"]["missed"] == 157_000


def test_a_child_in_the_gap_is_charged(county, travel):
    full = changed(county, "units", "unit", {"special": {"places": 2, "ceiling": 2}})
    for gap_pounds, charge in ((None, 61_000), (50_000.0, 50_000)):
        budget = Budget("high_needs", 2026, 1e6, "a test", gap_pounds)
        answer = answered(full, travel, spot_purchase=False, budgets=(budget,))
        assert answer.headline("gap") == 1
        # Without c6's top-up of 15,000 and one place of the special school less.
        assert rows_of(answer, "budgets")["high_needs 2026"]["found"] == 157_000 - 15_000 - 10_000 + charge


def test_overfill_is_in_the_budget(county, travel):
    full = changed(county, "units", "unit", {"special": {"places": 2, "ceiling": 3}})
    answer = answered(full, travel, budgets=(Budget("high_needs", 2026, 1e6, "a test"),))
    assert unit_of(answer)["c6"] == "special"
    assert rows_of(answer, "budgets")["high_needs 2026"]["found"] == 157_000
    assert answer.tables["costs"].set_index("line").loc["overfill", "pounds"] == 10_000


# --- one's own ----------------------------------------------------------------------------------------------------


def none_in(unit):
    return lambda choices: {"none there": lpSum(n for (_, u), n in choices.place.items() if u == unit) <= 0}


def test_a_rule_of_ones_own_is_kept(county, travel):
    answer = answered(county, travel, own=none_in("base_secondary"))
    assert unit_of(answer)["c5"] == "special"
    row = rows_of(answer, "own")["none there"]
    assert (row["stated"], row["found"], row["missed"]) == (0, 0, 0)
    assert not any("bound from the prices" in check for check in answer.proof.verification.checks)


def test_rules_that_contradict_each_other_are_refused(county, travel):
    newcomers = len(pp.allocate_places(county, travel).problem.placement.groups)
    with pytest.raises(pp.UsageError, match="contradict each other") as caught:
        answered(county, travel, own=lambda choices: {"more than there are": lpSum(choices.gap.values()) >= 100})
    assert str(caught.value).splitlines()[1:] == [f"- your rule 'more than there are': by {100 - newcomers}"]


def test_a_rule_of_ones_own_against_a_host_share_names_the_cheaper_to_miss(county, travel):
    def somebody_there(choices):
        return {"at the base": lpSum(n for (_, u), n in choices.place.items() if u == "base_secondary") >= 1}

    full = changed(county, "sites", "site", {"s1": {"host_plans": 100}, "s2": {"host_plans": 100}})
    with pytest.raises(pp.UsageError, match="contradict each other") as caught:
        answered(full, travel, own=somebody_there, host_share=HostShareRule(0.01))
    host = full.sites.set_index("site")["name"][full.units.set_index("unit")["site"]["base_secondary"]]
    assert str(caught.value).splitlines()[1:] in (
        [f"- the host share of {host}: by 1"],
        ["- your rule 'at the base': by 1"],
    )


@pytest.mark.usefixtures("nothing_found")
def test_without_time_for_an_answer_that_keeps_the_rules_that_is_said(county, travel):
    with pytest.raises(pp.NotProvenError, match=r"september: no answer that keeps the rules was found in 1e-09 s"):
        pp.allocate_places(county, travel, own=none_in("base_secondary"), time_limit=1e-9)


def test_a_rule_that_cannot_be_is_refused_with_every_fault(county, travel):
    with pytest.raises(pp.InputError) as caught:
        answered(county, travel, guidance=GuidanceRule("never"), equity=EquityRule("minutes", "bound"))
    assert [fault.column for fault in caught.value.faults] == ["rules.guidance.mode", "rules.equity.most"]


# --- what leaves --------------------------------------------------------------------------------------------------


def test_by_default_the_page_has_no_section_of_rules(county, travel):
    run = pp.allocation_run([pp.allocate_places(county, travel)])
    assert set(run.tables["rules"]["rule"]) == {"preferences", "continuity"}
    assert 'id="rules-heading"' not in page_html(run)
    assert 'id="rules-heading"' not in page_html(share_safe(run))


def test_the_page_tells_of_the_rules_and_no_small_count_of_children(county, travel):
    answer = answered(county, travel, host_share=HostShareRule(0.035), preferences=PreferenceRule("priced", 4321.0))
    run = pp.allocation_run([answer])
    page = page_html(replace(run, internal=True))
    assert "Plans at a host school" in page
    assert "North Academy" in page
    safe = share_safe(run)
    row = safe.tables["rules"].set_index("rule").loc["host_share"]
    assert math.isnan(row["found"])
    assert math.isnan(row["missed"])
    assert set(row["suppressed"].split(";")) == {"found", "missed", "children"}
    # c5 is not where it prefers to be, at £4,321: neither that, nor the totals that it is in, may leave.
    assert answer.headline("preferences_not_met") == 1
    penalties = safe.tables["penalties"].set_index("penalty")["pounds"]
    assert math.isnan(penalties["preferences"])
    headlines = safe.tables["headlines"].set_index("measure")["value"]
    assert headlines[["penalty_pounds", "preferences_not_met"]].isna().all()
    assert safe.tables["proof"]["objective_pounds"].isna().all()
    assert "preferences" not in safe.tables
    assert "4,321" not in page_html(safe)


def test_a_run_that_is_read_back_tells_the_same_of_its_rules(county, travel, tmp_path):
    answer = answered(county, travel, host_share=HostShareRule(0.035), equity=EquityRule("minutes", "minimax"))
    back = pp.read_run(answer.report(tmp_path / "run", internal=True))
    safe = pp.read_run(answer.report(tmp_path / "safe"))
    columns = ["rule", "what", "stated", "found", "missed", "suppressed"]
    pd.testing.assert_frame_equal(share_safe(back).tables["rules"][columns], safe.tables["rules"][columns], atol=0.051)
    assert page_html(back).count("Plans at a host school") == 1


def test_the_breach_of_a_host_is_withheld_with_its_children(county, travel):
    run = share_safe(pp.allocation_run([answered(county, travel, host_share=HostShareRule(0.035))]))
    breaches = run.tables["breaches"]
    assert breaches.loc[breaches["rule"] == "host_share", "found"].isna().all()


def test_places_are_added_under_the_rules_of_children(county, travel):
    full = changed(
        county, "units", "unit", {"special": {"places": 2, "ceiling": 2}, "base_secondary": {"places": 0, "ceiling": 0}}
    )
    base = answered(full, travel, preferences=PreferenceRule("off"), host_share=HostShareRule(0.01))
    more = pp.add_places(full, travel, base, places=10)
    # Its host has more plans than its share already: nobody new comes to the base, and c5 goes where c6 does.
    assert more.places.groupby("unit")["places_added"].sum().to_dict() == {"special": 2}
    without = pp.add_places(full, travel, answered(full, travel, preferences=PreferenceRule("off")), places=10)
    assert without.places.groupby("unit")["places_added"].sum().to_dict() == {"base_secondary": 1, "special": 1}
    assert more.allocation.proof.verification.holds


def test_what_rules_take_for_granted_is_listed(county):
    silent = with_child(county, "n1", zone="z3", year_group=11, need="SLD", suits="special", prefers="special")
    rules = replace(
        county.settings.rules,
        host_share=HostShareRule(0.08),
        continuity=ContinuityRule("priced"),
        budgets=(Budget("general", 2025, 5_000.0, "the council"), Budget("general", 2030, 5_000.0, "the council")),
    )
    blank = changed(silent, "sites", "site", {"s1": {"host_plans": None}})
    table = assumptions(replace(blank, settings=replace(blank.settings, rules=rules)))
    rows = dict(zip(table["subject"], table["value"], strict=True))
    assert rows["Own pupils with plans at 1 host"] == "none"
    assert rows["Penalty for a move of a child who could stay"] == "none"
    assert rows["Preferences of 1 family after compulsory school age"].startswith("not counted")
    assert rows["Financial year 2025-26"].startswith("five months as placed today")
    assert rows["Budget of general fund, 2025-26"] == "£5,000"
    assert rows["Budget of general fund, 2030-31"].startswith("not counted")
    assert table["subject"].is_unique
    assert isinstance(table, pd.DataFrame)
