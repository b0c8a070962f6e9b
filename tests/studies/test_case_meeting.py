"""The money of a meeting, worked by hand on the tiny county."""

from support.case_county import CASE, county_with, quote

import placeplan as pp


def test_places_above_those_commissioned_that_others_are_offered_are_not_the_cases_money(tmp_path):
    # c5 and n1 are offered the base, whose one place and whose ceiling of two they fill; the case goes elsewhere.
    newcomer = {"child": "n1", "zone": "z2", "year_group": "6", "need": "ASD", "suits": "ers:integrative"}
    case = {**CASE, "suits": "ers:integrative;independent_special", "prefers": "QD"}
    county = county_with(tmp_path / "tiny", cases=[case], quotes=[quote()], children=[newcomer])
    travel = pp.travel_times(county, cache=False)
    answer = pp.allocate_places(county, travel)
    assert sorted(answer.placements.loc[answer.placements["unit"] == "base_secondary", "child"]) == ["c5", "n1"]
    meeting = pp.partnership_meeting(county, travel, answer, offers_kept=True)
    assert meeting.tables["meeting"]["option"].tolist() == ["QD"]
    budget = meeting.tables["meeting_budget"].set_index("case")
    assert budget.loc["all", "spent"] == budget.loc["C1", "spent"] == 50_000
