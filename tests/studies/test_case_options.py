"""Options of a case, worked by hand on the tiny county: costs by payer, break-even, room, chains, and others."""

from dataclasses import replace

import pandas as pd
import pytest
from support.case_county import CASE, county_with, option, options_for, quote, reasons, write_cases
from tiny_county import TAXI, write_tiny_county

import placeplan as pp
from placeplan.cases.gaps import gap_record
from placeplan.county.settings_rules import HostShareRule

PACKAGE = [
    {"line": "staff", "payer": "education", "pounds": "20", "per": "hour", "hours_week": "25"},
    {"line": "therapies", "payer": "health", "pounds": "3000", "per": "year"},
    {"line": "equipment", "payer": "education", "pounds": "1200", "per": "once"},
    *(
        {"line": line, "payer": "education", "pounds": "0", "per": "year"}
        for line in ("outreach", "tuition", "transport")
    ),
    {"line": "other", "payer": "care", "pounds": "0", "per": "year"},
]
# 20 x 25 x 38 weeks = 19,000 a year; the equipment once.
STAFF, THERAPIES, EQUIPMENT = 19_000, 3_000, 1_200
YEARS = sum(1.035**-t for t in range(4))
"""Years 8 to 11, discounted to the first."""


def package(*, without=(), **cells):
    return [{"case": "C1", "package": "PKG", **row, **cells} for row in PACKAGE if row["line"] not in without]


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases") / "tiny"
    return options_for(county_with(folder, cases=[CASE], quotes=[quote()], packages=package()))


def costs_of(answer, option, over):
    rows = answer.tables["costs"]
    rows = rows[(rows["option"] == option) & (rows["horizon"] == over)]
    return rows.set_index("payer")["pounds"].to_dict()


def break_even(answer, option, purse, over="year"):
    rows = answer.tables["break_even"].set_index(["option", "against", "horizon", "purse"])
    return rows.loc[(option, "QD", over, purse)]


# --- a £44,000 place against a package whose lines are known ---------------------------------------------------------


def test_what_each_costs_by_payer_in_the_first_year_and_over_the_stay(worked):
    assert costs_of(worked, "QD", "year") == {"education": 50_000, "health": 0, "care": 2_000, "family": 0}
    assert costs_of(worked, "PKG", "year") == {
        "education": STAFF + EQUIPMENT,
        "health": THERAPIES,
        "care": 0,
        "family": 0,
    }
    assert costs_of(worked, "QD", "phase")["education"] == pytest.approx(50_000 * YEARS, abs=0.01)
    assert costs_of(worked, "PKG", "phase")["education"] == pytest.approx(STAFF * YEARS + EQUIPMENT, abs=0.01)
    # To 19 are seven years, to 25 thirteen.
    for over, years in (("19", 7), ("25", 13)):
        sums = sum(1.035**-t for t in range(years))
        assert costs_of(worked, "PKG", over)["health"] == pytest.approx(THERAPIES * sums, abs=0.01)


def test_the_two_cost_alike_at_a_fee_and_at_a_package_to_the_pound(worked):
    # Education: 20,200 = fee + 6,000; the public purse: 23,200 = fee + 6,000 + 2,000.
    assert break_even(worked, "PKG", "education")["fee"] == 14_200
    assert break_even(worked, "PKG", "public")["fee"] == 15_200
    assert break_even(worked, "PKG", "education")["package"] == 50_000
    assert break_even(worked, "PKG", "public")["package"] == 52_000
    assert break_even(worked, "PKG", "health")["package"] == 0
    assert pd.isna(break_even(worked, "PKG", "health")["fee"])
    assert (break_even(worked, "PKG", "public")["cheaper"], break_even(worked, "PKG", "health")["cheaper"]) == (
        "local",
        "independent",
    )
    # At that fee they do cost alike over the stay as well.
    row = break_even(worked, "PKG", "public", "phase")
    assert row["fee"] * YEARS + 8_000 * YEARS == pytest.approx(row["local"], abs=0.05)


def test_a_place_in_a_unit_is_marginal_cash(worked):
    # An ERS with room: 8,000 top-up, 4,000 not due when filled, the journey of 2 km; £10,000 is shown and not added.
    assert costs_of(worked, "base_secondary", "year")["education"] == round(8_000 - 4_000 + TAXI, 2)
    assert option(worked, "base_secondary")["place_funding"] == 10_000
    assert option(worked, "base_secondary")["room"] == "room_now"


def test_a_place_that_must_be_added_costs_what_a_place_does(tmp_path):
    held = {"child": "x1", "zone": "z2", "year_group": "8", "need": "ASD", "unit": "base_secondary"}
    full = options_for(county_with(tmp_path / "tiny", cases=[CASE], quotes=[quote()], children=[held]))
    assert option(full, "base_secondary")["room"] == "overfill"
    assert costs_of(full, "base_secondary", "year")["education"] == round(8_000 - 4_000 + 10_000 + TAXI, 2)


@pytest.mark.parametrize(("held", "told"), [([], "there was room"), (["x1"], "room above its places")])
def test_a_local_place_that_was_not_taken_is_recorded_with_its_place_once(tmp_path, held, told):
    held = [{"child": x, "zone": "z2", "year_group": "8", "need": "ASD", "unit": "base_secondary"} for x in held]
    other = [{"case": "C1", "option": "special", "by": "family", "reason": "theirs"}]
    county = county_with(tmp_path / "tiny", cases=[CASE], quotes=[quote()], children=held, vetoes=other)
    answer = options_for(county)
    record = gap_record({"C1": answer.about}, {"C1": answer.listed}, {"C1": "QD"}, term="spring 2026")
    assert record["local_offer"].to_list() == [f"ers: {told}"]
    assert record["offer_pounds"].to_list() == [round(8_000 - 4_000 + 10_000 + TAXI, 2)]


def test_a_sum_that_nobody_states_is_bounded_and_never_nought(tmp_path):
    silent = options_for(
        county_with(
            tmp_path / "tiny",
            cases=[CASE],
            quotes=[quote(health="")],
            packages=package(without=["therapies", "tuition"]),
        )
    )
    row = option(silent, "PKG")
    assert row["not_stated"] == 3
    assert (row["low"], row["pounds"]) == (STAFF + EQUIPMENT, STAFF + EQUIPMENT)
    # Therapies to 10,000, tuition to 20,000 and health, whose line is gone, to 25,000; half of it where it is weighed.
    assert (row["high"], row["middle"]) == (STAFF + EQUIPMENT + 55_000, STAFF + EQUIPMENT + 27_500)
    lines = silent.tables["lines"].set_index(["option", "line"])
    assert not lines.loc[("QD", "health"), "stated"]
    assert lines.loc[("PKG", "therapies"), "words"].startswith("not stated")
    fee = break_even(silent, "PKG", "public")
    # 20,200 to 75,200 against 52,000 to 77,000: the package may be dearer or not by its unknown sums alone.
    assert (fee["fee_low"], fee["fee_high"]) == (20_200 - 33_000, 75_200 - 8_000)
    assert fee["cheaper"] == "local"


def test_what_health_and_care_pay_is_bounded_alike_of_local_package_and_independent(tmp_path):
    """Health to 25,000 and social care to 50,000 where nobody states them, whatever the option is; a stated 0 is 0."""
    folder = write_cases(write_tiny_county(tmp_path / "tiny"), cases=[CASE], packages=package(without=["other"]))
    open_ended = options_for(pp.read_county(folder))
    for name, unstated, most in (
        ("special", 2, 75_000),
        ("base_secondary", 2, 75_000),
        ("independent", 2, 75_000),
        ("PKG", 1, 50_000),
    ):
        row = option(open_ended, name)
        assert (name, row["not_stated"]) == (name, unstated)
        assert row["high"] - row["pounds"] == pytest.approx(most)
        assert row["middle"] - row["pounds"] == pytest.approx(most / 2)
        assert row["low"] == row["pounds"]
    stated = option(options_for(county_with(tmp_path / "stated", cases=[CASE], packages=package())), "special")
    assert (stated["not_stated"], stated["pounds"]) == (0, option(open_ended, "special")["pounds"])


def test_a_package_at_a_unit_says_for_its_unit_who_else_pays(tmp_path):
    """A line of the package that health pays states it: the unit's own bound for health is not put beside it."""
    at_unit = [{**row, "unit": "special"} for row in package(without=["other"])]
    folder = write_cases(write_tiny_county(tmp_path / "tiny"), cases=[CASE], packages=at_unit)
    found = options_for(pp.read_county(folder))
    lines = found.tables["lines"]
    unstated = lines[(lines["option"] == "PKG") & ~lines["stated"]]
    assert unstated["line"].tolist() == ["care"]


def test_ranges_are_carried_through(tmp_path):
    ranged = options_for(
        county_with(
            tmp_path / "tiny",
            cases=[CASE],
            quotes=[quote(fee_low="40000", fee_high="52000")],
            packages=[
                *package(without=["staff"]),
                {**package()[0], "pounds": "", "pounds_low": "16", "pounds_high": "24"},
            ],
        )
    )
    assert (option(ranged, "QD")["low"], option(ranged, "QD")["high"]) == (48_000, 60_000)
    low, high = 16 * 25 * 38 + 4_200, 24 * 25 * 38 + 4_200
    assert (option(ranged, "PKG")["low"], option(ranged, "PKG")["high"]) == (low, high)
    fee = break_even(ranged, "PKG", "public")
    assert (fee["fee_low"], fee["fee"], fee["fee_high"]) == (low - 8_000, (low + high) / 2 - 8_000, high - 8_000)


def test_lines_run_from_term_to_term(tmp_path):
    lines = [
        *package(without=["staff"]),
        {**package()[0], "pounds": "900", "per": "term", "start_term": "spring 2026", "end_term": "autumn 2026"},
    ]
    short = options_for(county_with(tmp_path / "tiny", cases=[CASE], quotes=[quote()], packages=lines))
    # Spring and summer of the first year, autumn of the second.
    assert costs_of(short, "PKG", "year")["education"] == 1_800 + EQUIPMENT
    assert costs_of(short, "PKG", "phase")["education"] == pytest.approx(1_800 + EQUIPMENT + 900 / 1.035, abs=0.01)


# --- what is possible, and what is not ------------------------------------------------------------------------------


def test_what_is_not_possible_is_listed_with_its_reason(worked):
    assert reasons(worked) == {"base_primary": "kind"}


def test_a_veto_and_its_reason_are_told(tmp_path):
    vetoes = [
        {"case": "C1", "option": "special", "by": "family", "reason": "A cousin was unhappy there"},
        {"case": "C1", "option": "day", "by": "health", "reason": "Not safe"},
    ]
    away = quote(name="Q38", provision="residential_38", fee="120000")
    ruled = options_for(county_with(tmp_path / "tiny", cases=[CASE], quotes=[quote(), away], vetoes=vetoes))
    rows = ruled.tables["unsuitable"].set_index("option")
    assert (rows.loc["special", "by"], rows.loc["special", "words"]) == ("family", "A cousin was unhappy there")
    assert rows.loc["QD", "reason"] == "veto"
    assert set(ruled.tables["options"]["option"]) == {"base_secondary", "Q38"}


def test_independent_is_right_where_nothing_else_stands(tmp_path):
    only = {**CASE, "suits": "independent_special"}
    found = options_for(county_with(tmp_path / "tiny", cases=[only], quotes=[quote()]))
    assert found.tables["options"]["what"].unique().tolist() == ["independent"]
    # What health and social care would pay at the school that has not quoted is not stated, and counts for half.
    assert found.tables["options"]["option"].tolist() == ["QD", "independent"]
    assert option(found, "independent")["not_stated"] == 2
    assert found.tables["break_even"].empty
    assert (found.tables["others"]["others_pounds"] == 0).all()


def test_nobody_moves_who_has_not_consented(tmp_path):
    stays = {"case": "C1", "child": "c3"}
    kept = options_for(county_with(tmp_path / "tiny", cases=[stays]))
    assert kept.tables["options"]["option"].tolist()[0] == "special"
    assert option(kept, "special")["room"] == "stays"
    assert kept.tables["options"]["option"].tolist() == ["special"]
    assert reasons(kept)["spot_purchase"] == "consent"
    listed = {**stays, "suits": "special;ers;independent_special"}
    asked = options_for(county_with(tmp_path / "listed", cases=[listed]))
    assert reasons(asked)["independent"] == "consent"
    moves = options_for(county_with(tmp_path / "moves", cases=[{**listed, "may_move": "yes"}]))
    assert option(moves, "independent")["room"] == "bought"


def test_a_journey_that_the_child_cannot_make_is_too_far(tmp_path):
    near = options_for(county_with(tmp_path / "tiny", cases=[{**CASE, "most_minutes": "5"}], quotes=[quote()]))
    assert reasons(near)["special"] == "distance"
    assert reasons(near)["QD"] == "distance"


def test_a_place_may_be_named_on_condition_that_the_family_drives(tmp_path):
    drives = options_for(county_with(tmp_path / "tiny", cases=[{**CASE, "family_transport": "yes"}], quotes=[quote()]))
    named = option(drives, "base_secondary+family")
    assert named["condition"] == "the family provides the transport"
    assert costs_of(drives, "base_secondary+family", "year") == {
        "education": 4_000,
        "health": 0,
        "care": 0,
        "family": TAXI,
    }
    assert option(drives, "base_secondary+family")["pounds"] == 4_000


def test_a_chain_of_consented_moves_frees_a_place(tmp_path):
    # Room for two in the special school: c3 stays, x1 has consented and may go to the independent school.
    consents = {
        "child": "x1",
        "zone": "z3",
        "year_group": "8",
        "need": "SLD",
        "unit": "special",
        "suits": "special;independent_special",
        "may_move": "yes",
    }
    case = {"case": "C1", "zone": "z4", "year_group": "7", "need": "SLD", "suits": "special"}
    found = options_for(county_with(tmp_path / "tiny", cases=[case], children=[consents]))
    assert option(found, "special")["room"] == "chain"
    (step,) = found.tables["chains"].to_dict("records")
    assert (step["option"], step["from_unit"], step["to_unit"]) == ("special", "special", "independent")
    # The place is there already: none is added.
    assert "place_added" not in set(found.tables["lines"]["line"])
    nobody = {**consents, "may_move": "no"}
    full = options_for(county_with(tmp_path / "full", cases=[case], children=[nobody]))
    assert option(full, "special")["room"] == "overfill"


# --- what it does to others -----------------------------------------------------------------------------------------


def test_who_is_pushed_above_places_is_the_others_part(worked):
    # c5 prefers the base, whose one place the case takes: 10,000 for a place more and 2,000 of penalty.
    others = worked.tables["others"].set_index("option")
    assert others.loc["base_secondary", "others_pounds"] == 12_000
    assert others.loc["base_secondary", "others_penalties"] == 2_000
    assert others.loc["base_secondary", "others_gap"] == 0
    assert others.loc["PKG", "others_pounds"] == 0
    assert not others["estimate"].any()


def test_an_estimate_from_prices_is_marked_and_the_same(worked):
    quick = options_for(worked.county, estimate=True)
    pounds = [one.tables["others"].set_index("option")["others_pounds"].to_dict() for one in (worked, quick)]
    assert pounds[0] == pounds[1]
    assert quick.tables["others"].set_index("option").loc["base_secondary", "estimate"]


def test_under_rules_of_the_county_it_is_the_same_where_they_do_not_bind(worked):
    county = worked.county
    wide = replace(county.settings.rules, host_share=HostShareRule(0.9))
    ruled = options_for(replace(county, settings=replace(county.settings, rules=wide)))
    columns = ["option", "others_pounds", "others_gap"]
    pd.testing.assert_frame_equal(ruled.tables["others"][columns], worked.tables["others"][columns])
    # A host that is full takes nobody more: the option is gone, and why is told.
    tight = replace(county.settings.rules, host_share=HostShareRule(0.0367))
    shut = options_for(replace(county, settings=replace(county.settings, rules=tight)))
    assert reasons(shut).get("base_secondary") == "rule"


def test_a_case_that_is_not_there_or_an_answer_of_another_question_is_refused(worked):
    county, travel = worked.county, pp.travel_times(worked.county, cache=False)
    september = pp.allocate_places(county, travel)
    with pytest.raises(pp.UsageError, match=r"case C9: expected a case of the table cases \(C1\)"):
        pp.case_options(county, travel, september, "C9")
    today = pp.allocate_places(county, travel, question="today")
    with pytest.raises(pp.UsageError, match="expected an answer to september"):
        pp.case_options(county, travel, today, "C1")
