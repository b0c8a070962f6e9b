"""A journey that is not known: beside the cost and the mean, bounded, and counted where a rule needs a number."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_county import write_tiny_county

import placeplan as pp
from placeplan.county.settings_rules import Budget, EquityRule, GuidanceRule
from placeplan.report.answer import answer_sentences
from placeplan.report.page import page_html
from placeplan.runs import as_written
from placeplan.verify import Claim, verify


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    folder = write_tiny_county(tmp_path_factory.mktemp("unknown") / "tiny")
    roads = (folder / "roads.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    # Without its road nobody is known to reach the school of c4, who stays there.
    (folder / "roads.csv").write_text("".join(line for line in roads if not line.startswith("n6,n7")))
    return pp.read_county(folder)


@pytest.fixture(scope="module")
def travel(county):
    return pp.travel_times(county, cache=False)


def dearest(county, km):
    """The dearest of journeys as long as this, by hand: everybody entitled, 190 days, there and back."""
    costs = county.settings.transport
    return max(
        round(costs.days * 2 * (vehicle.charge + vehicle.pounds_per_km * km) / vehicle.riders, 2)
        for vehicle in costs.vehicles.values()
    )


def longest_km(county, travel):
    return max(
        float(np.round(travel.km[np.isfinite(travel.km)].max(), 1)), *(r.km for r in county.settings.spot_purchase)
    )


def run_of(answer, *, internal):
    from placeplan.privacy import share_safe
    from placeplan.studies.answers import allocation_run

    run = as_written(replace(allocation_run([answer]), internal=internal))
    return run if internal else as_written(share_safe(run))


def test_what_is_left_out_stands_in_the_sentences_of_cost_and_mean_with_its_bound(county, travel):
    answer = pp.allocate_places(county, travel)
    most = dearest(county, longest_km(county, travel))
    assert answer.headline("journeys_not_known") == 1
    assert answer.problem.known.dearest_pounds == pytest.approx(most)
    said = " ".join(answer_sentences(run_of(answer, internal=True)))
    told = f"it leaves out the transport of 1 child whose journey is not known: from £0 to £{round(most):,} more"
    assert told in said
    assert "minutes each way, without 1 child whose journey is not known (the longest that is known takes" in said


def test_share_safe_the_count_is_withheld_and_its_bound_is_that_of_the_most_that_is(county, travel):
    answer = pp.allocate_places(county, travel)
    run = run_of(answer, internal=False)
    said = " ".join(answer_sentences(run))
    most = dearest(county, longest_km(county, travel))
    told = "it leaves out the transport of fewer than 5 children whose journeys are not known: from £0 to "
    assert f"{told}£{round(4 * most):,} more" in said
    assert "1 child whose" not in page_html(run)
    assert "fewer than 5 children whose journeys are not known" in page_html(run)


def test_a_county_whose_journeys_are_all_known_says_nothing_of_it(tmp_path):
    whole = pp.read_county(write_tiny_county(tmp_path / "tiny"))
    answer = pp.allocate_places(whole, pp.travel_times(whole, cache=False))
    assert "not known" not in " ".join(answer_sentences(run_of(answer, internal=True)))


def under(county, **rules):
    return replace(county, settings=replace(county.settings, rules=replace(county.settings.rules, **rules)))


def test_equity_counts_the_child_as_beyond_guidance(county, travel):
    """South has c3, c4 and c6: c3 and c6 go to s2, 2 km away; c4 is one of three beyond."""
    for measure, counted in (("beyond_guidance", 1.0), ("minutes", 75.0)):
        ruled = under(county, equity=EquityRule(mode="price", measure=measure, most=0.0, pounds=1.0))
        answer = pp.allocate_places(ruled, travel)
        rows = answer.tables["rules"].set_index(["rule", "what"])
        south = answer.placements[answer.placements["locality"] == "south"]
        known = south["minutes"].dropna()
        others = 0.0 if measure == "beyond_guidance" else float(known.sum())
        assert len(south) == len(known) + 1
        assert rows.loc[("equity", "south"), "found"] == pytest.approx((others + counted) / len(south))


def test_a_budget_counts_the_dearest_known_journey(county, travel):
    today = pp.allocate_places(under(county, budgets=(Budget("general", 2026, 1.0),)), travel, question="today")
    transport = today.tables["costs"].set_index("line").loc["transport", "pounds"]
    found = today.tables["rules"].set_index("rule").loc["budgets", "found"]
    assert found == pytest.approx(transport + dearest(county, longest_km(county, travel)), abs=0.05)


def test_guidance_with_a_price_takes_the_longest_known_journey(county, travel):
    rule = GuidanceRule(mode="price", pounds_per_child_hour=12.0)
    shorter = replace(
        county,
        settings=replace(county.settings, guidance_minutes=dict.fromkeys(county.settings.guidance_minutes, 10.0)),
    )
    answer = pp.allocate_places(under(shorter, guidance=rule), travel, question="today")
    known = travel.minutes[np.isfinite(travel.minutes)].max()
    longest = max(float(np.round(known, 1)), *(r.minutes for r in county.settings.spot_purchase))
    minutes = answer.placements.set_index("child")["minutes"]
    beyond = [max(0.0, value - 10.0) for value in minutes.dropna()] + [longest - 10.0]
    expected = sum(round(12.0 * over / 60 * 2 * county.settings.transport.days, 2) for over in beyond)
    penalties = answer.tables["penalties"].set_index("penalty")["pounds"]
    assert penalties["guidance"] == pytest.approx(expected, abs=0.01)


def test_a_wrong_count_of_journeys_not_known_does_not_pass(county, travel):
    answer = pp.allocate_places(county, travel, question="today")
    costs = answer.tables["costs"]
    claim = Claim(
        question="today",
        placed=dict(zip(answer.placements["child"], answer.placements["unit"], strict=True)),
        costs={(line, fund): p for line, fund, p in costs[["line", "fund", "pounds"]].itertuples(index=False)},
        penalties=dict(answer.tables["penalties"].itertuples(index=False, name=None)),
        not_known=0,
    )
    assert verify(county, travel, claim).violations == ("journeys not known: claimed 0, recomputed 1",)
    assert verify(county, travel, replace(claim, not_known=1)).holds
