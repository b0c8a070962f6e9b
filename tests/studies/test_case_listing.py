"""What is an option and what is none: consent, vetoes, places that are held, and what the tables do not say."""

from dataclasses import replace

import pytest
from support.case_county import CASE, county_with, option, options_for, quote, reasons
from tiny_county import MINIBUS

YEARS = sum(1.035**-t for t in range(4))
"""Years 8 to 11, discounted to the first."""

SITTING = {"zone": "z3", "year_group": "8", "need": "SLD", "unit": "special"}
"""A child beside c3 in the special school, which has room for two of the county, and for three up to its ceiling."""

LEAVES = {**SITTING, "child": "x1", "suits": "special;independent_special", "may_move": "yes"}
SLD = {"case": "C1", "zone": "z4", "year_group": "7", "need": "SLD", "suits": "special"}


def veto(*options, case="C1"):
    return [{"case": case, "option": name, "by": "family", "reason": "theirs"} for name in options]


def test_a_child_who_is_a_case_makes_room_by_its_own_options_alone(tmp_path):
    other = {"case": "C2", "child": "x1", "may_move": "no"}
    found = options_for(county_with(tmp_path / "tiny", cases=[SLD, other], children=[LEAVES]))
    assert option(found, "special")["room"] == "overfill"
    assert found.tables["chains"].empty


def test_a_chain_is_found_for_a_child_whose_plan_no_longer_names_where_it_is(tmp_path):
    county = county_with(tmp_path / "tiny", cases=[SLD], children=[{**LEAVES, "suits": "independent_special"}])
    found = options_for(county)
    assert option(found, "special")["room"] == "chain"
    # A place at £55,000 with a journey of 12.6 km by taxi, for one at £15,000 with one of 2 km by minibus.
    (step,) = found.tables["chains"].to_dict("records")
    assert step["pounds"] == pytest.approx(55_000 + 380 * (13 + 1.45 * 12.6) / 1.4 - 15_000 - MINIBUS, abs=0.01)


def test_who_moves_up_and_makes_room_is_told_by_need_and_year(tmp_path):
    # The base for Years 7 to 11 has one place, and who is in it is in Year 11.
    leaves = {"child": "x1", "zone": "z2", "year_group": "11", "need": "ASD", "unit": "base_secondary"}
    found = options_for(county_with(tmp_path / "tiny", cases=[CASE], children=[leaves]))
    assert option(found, "base_secondary")["room"] == "room_september"
    (step,) = found.tables["chains"].to_dict("records")
    assert (step["option"], step["year_group"], step["phase"], step["to_unit"]) == ("base_secondary", 12, "post_16", "")


def test_one_who_moves_frees_one_place_and_not_two(tmp_path):
    # Four are there with c3, two of whom have consented: after one move there are three still, up to the ceiling.
    more = [{**LEAVES, "child": f"x{n}"} for n in (1, 2)] + [{**SITTING, "child": "x3"}]
    found = options_for(county_with(tmp_path / "tiny", cases=[SLD], children=more))
    assert reasons(found)["special"] == "full"


def test_who_sits_in_a_place_holds_it_though_moves_have_a_price(tmp_path):
    sits = [{**SITTING, "child": name} for name in ("x1", "x2")]
    county = county_with(tmp_path / "tiny", cases=[SLD], children=sits)
    priced = replace(county.settings.rules, continuity=replace(county.settings.rules.continuity, mode="priced"))
    found = options_for(replace(county, settings=replace(county.settings, rules=priced)))
    assert reasons(found)["special"] == "full"


@pytest.mark.parametrize(
    ("ruled_out", "gone"),
    [
        ("independent", {"QD"}),
        ("independent_special", {"QD"}),
        ("day", {"QD", "AWAY"}),
        ("special", {"OWN", "special"}),
        ("base_secondary", {"base_secondary"}),
    ],
)
def test_a_veto_bites_on_every_option_at_what_it_names(tmp_path, ruled_out, gone):
    case = {"case": "C1", "child": "c3", "may_move": "yes", "suits": "special;ers;independent_special"}
    line = {"case": "C1", "line": "staff", "payer": "education", "pounds": "9000", "per": "year"}
    tables = {
        "cases": [case],
        "quotes": [quote(unit="independent")],
        "packages": [{**line, "package": "OWN"}, {**line, "package": "AWAY", "unit": "independent"}],
    }
    before = options_for(county_with(tmp_path / "before", **tables))
    after = options_for(county_with(tmp_path / "after", **tables, vetoes=veto(ruled_out)))
    names = set(before.tables["options"]["option"])
    gone = gone | ({"AWAY"} if ruled_out.startswith("independent") else set())
    assert gone & names == gone - {"base_secondary"}
    assert set(after.tables["options"]["option"]) == names - gone


def test_a_package_at_the_childs_own_school_is_in_its_own_place(tmp_path):
    line = {"case": "C1", "package": "OWN", "line": "staff", "payer": "education", "pounds": "9000", "per": "year"}
    found = options_for(county_with(tmp_path / "tiny", cases=[{"case": "C1", "child": "c3"}], packages=[line]))
    own = option(found, "OWN")
    assert (own["unit"], own["room"]) == ("special", "stays")
    others = found.tables["others"].set_index("option")["others_pounds"]
    assert others["OWN"] == others["special"]


def test_a_school_that_quotes_has_offered_a_place_whatever_the_tables_have(tmp_path):
    units = {"unit": "small", "site": "s3", "kind": "independent_special", "needs": "SEMH", "places": "1"}
    units |= {"from_year_group": "0", "to_year_group": "6"}
    fee = {"unit": "small", "pounds": "50000", "fund": "high_needs"}
    held = {"child": "x1", "zone": "z4", "year_group": "3", "need": "SEMH", "unit": "small"}
    tables = {"cases": [CASE], "quotes": [quote(unit="small")], "units": [units], "top_ups": [fee]}
    offered = option(options_for(county_with(tmp_path / "free", **tables)), "QD")
    assert (offered["unit"], offered["room"], offered["doubts"]) == ("small", "room_now", "need;age")
    full = option(options_for(county_with(tmp_path / "full", **tables, children=[held])), "QD")
    assert (full["unit"], full["room"], full["doubts"]) == ("", "bought", "need;age;full")


def test_who_is_in_a_school_that_quotes_may_stay_however_far_it_is(tmp_path):
    case = {"case": "C1", "child": "c4", "most_minutes": "5"}
    found = options_for(county_with(tmp_path / "tiny", cases=[case], quotes=[quote(unit="independent")]))
    assert found.tables["options"]["option"].tolist() == ["QD"]
    assert option(found, "QD")["room"] == "stays"


def test_where_nothing_is_possible_every_table_is_there_and_empty(tmp_path):
    found = options_for(county_with(tmp_path / "tiny", cases=[CASE], vetoes=veto("day", "special", "ers")))
    assert set(found.tables["unsuitable"]["reason"]) == {"veto", "kind"}
    for name in ("options", "costs", "break_even", "others", "turning_points"):
        assert found.tables[name].empty, name


def test_a_child_stays_where_no_journey_is_known_and_its_transport_is_not_stated(tmp_path):
    # A road that leads to no other.
    zone = {"zone": "z9", "locality": "south", "easting": "430000", "northing": "330000", "rural": "yes"}
    road = {"from": "n8", "to": "n9", "metres": "1000", "class": "secondary", "oneway": "no"}
    road |= {"from_easting": "430000", "from_northing": "330000", "to_easting": "431000", "to_northing": "330000"}
    child = {**SITTING, "child": "x1", "zone": "z9"}
    cases = [{"case": "C1", "child": "x1"}]
    people = [{"zone": "z9", "year": "2024", "age": age, "people": "0"} for age in ("4", "11")]
    tables = {"zones": [zone], "population": people, "roads": [road], "cases": cases, "children": [child]}
    found = options_for(county_with(tmp_path / "tiny", **tables))
    assert option(found, "special")["room"] == "stays"
    (line,) = (
        found.tables["lines"].loc[lambda t: (t["option"] == "special") & (t["line"] == "transport")].to_dict("records")
    )
    assert (line["stated"], line["low"], 3 * line["high"]) == (False, 0, 20_000)


def test_an_end_is_not_undone_by_what_is_paid_once_or_not_stated(tmp_path):
    rows = [
        {"case": "C1", "package": "P", "line": "staff", "payer": "education", "pounds": "9000", "per": "year"},
        {"case": "C1", "package": "P", "line": "equipment", "payer": "education", "pounds": "500", "per": "once"},
    ]
    rows[0]["end_term"] = "summer 2026"
    found = options_for(county_with(tmp_path / "tiny", cases=[CASE], packages=rows))
    costs = found.tables["costs"].set_index(["option", "horizon", "payer"]).loc[("P", "phase", "education")]
    # A year of staff is stated; were it to go on, four; what nobody states may come to its bound in each of the four.
    bounds = sum(found.county.settings.cases.not_stated[n] for n in ("therapies", "outreach", "tuition", "transport"))
    assert costs["pounds"] == 9_500
    assert costs["high"] == pytest.approx(500 + (9_000 + bounds) * YEARS, abs=0.05)


def test_a_place_needed_this_year_is_for_the_year_group_of_this_year(tmp_path):
    # Year 6 in January, from spring: the base for Years R to 6 takes it now, and it is not there in September.
    case = {"case": "C1", "zone": "z1", "year_group": "6", "need": "ASD", "suits": "ers;special"}
    now = options_for(county_with(tmp_path / "now", cases=[{**case, "start_term": "spring 2025"}]))
    assert (now.about.year_group, now.about.phase) == (6, "primary")
    assert reasons(now)["base_secondary"] == "age"
    assert "base_primary" in now.tables["options"]["option"].to_list()
    assert now.tables["others"].set_index("option").loc["base_primary", "others_pounds"] == 0
    later = options_for(county_with(tmp_path / "later", cases=[case]))
    assert (later.about.year_group, later.about.phase) == (7, "secondary")
    assert reasons(later)["base_primary"] == "age"


def test_what_health_pays_by_the_countys_table_is_stated(tmp_path):
    # The tiny county's independent school has £5,000 from health for SEMH, and nothing is said of social care.
    case = {**CASE, "need": "SEMH", "suits": "independent_special"}
    found = options_for(county_with(tmp_path / "tiny", cases=[case]))
    costs = found.tables["costs"]
    costs = costs[(costs["option"] == "independent") & (costs["horizon"] == "year")].set_index("payer")
    assert costs.loc["health", ["low", "high"]].to_list() == [5_000, 5_000]
    assert costs.loc["care", ["low", "high"]].to_list() == [0, found.county.settings.cases.not_stated["care"]]


def test_whoever_prefers_mainstream_is_shown_it(tmp_path):
    unit = {"unit": "support", "site": "s1", "kind": "mainstream_support", "needs": "any"}
    unit |= {"from_year_group": "0", "to_year_group": "11"}
    top_up = {"kind": "mainstream_support", "pounds": "6000", "fund": "high_needs"}
    tables = {"units": [unit], "top_ups": [top_up]}
    wishes = options_for(county_with(tmp_path / "wish", cases=[{**CASE, "prefers": "mainstream"}], **tables))
    assert option(wishes, "support")["preferred"]
    other = options_for(county_with(tmp_path / "other", cases=[CASE], **tables))
    assert reasons(other)["support"] == "kind"
