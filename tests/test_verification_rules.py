"""The verifier holds what keeps the rules and rejects, in words, the answer that each rule is there to prevent."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.ruled_county import answered, changed, with_child
from tiny_county import write_tiny_county

import placeplan as pp
import placeplan.recount_bound
import placeplan.recount_cash
import placeplan.recount_rules
from placeplan.county.settings_rules import (
    Budget,
    ContinuityRule,
    EquityRule,
    GuidanceRule,
    HostShareRule,
    MinimumUseRule,
    OverfillRule,
    PreferenceRule,
    Rules,
)
from placeplan.verify import Claim, verify


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    """c5 prefers the base at s1, c6 mainstream; n1 is a second child of the base, above its one place."""
    tiny = pp.read_county(write_tiny_county(tmp_path_factory.mktemp("verification") / "tiny"))
    tiny = changed(tiny, "units", "unit", {"special": {"places": 8, "ceiling": 8}})
    return with_child(tiny, "n1", zone="z2", year_group=6, need="ASD", suits="ers:integrative;special")


@pytest.fixture(scope="module")
def travel(county):
    return pp.travel_times(county, cache=False)


def claim_of(answer, **changes):
    """What an answer says of itself, its rules and prices as they are."""
    tables = answer.tables
    rules = tables["rules"]
    claim = Claim(
        question=answer.question,
        placed=dict(zip(answer.placements["child"], answer.placements["unit"], strict=True)),
        costs={(row["line"], row["fund"]): row["pounds"] for row in tables["costs"].to_dict("records")},
        penalties=dict(zip(tables["penalties"]["penalty"], tables["penalties"]["pounds"], strict=True)),
        prices=answer.placement.proof.prices.to_dict(),
        in_mainstream=frozenset(answer.problem.children.index[answer.problem.children["status"] == "free"])
        - set(answer.placements["child"]),
        rules={(row["rule"], row["what"]): (row["found"], row["missed"]) for row in rules.to_dict("records")},
    )
    return replace(claim, **changes)


def under(county, **rules):
    return replace(county, settings=replace(county.settings, rules=replace(Rules(), **rules)))


def short_guidance(county):
    return replace(
        county, settings=replace(county.settings, guidance_minutes=dict.fromkeys(county.settings.guidance_minutes, 5.0))
    )


# The rule, how the county is changed beforehand, and what is said of the answer that was made without the rule.
UNKEPT = {
    "overfill": ({"overfill": OverfillRule(allowed=False)}, {}, "rule overfill of base_secondary is broken: found 2"),
    "host_share": ({"host_share": HostShareRule(0.038)}, {}, "rule host_share of s1 is broken: found 24, at most 22"),
    "site_totals": ({}, {"sites": ("site", {"s1": {"total_places": 3}})}, "rule site_totals of s1 is broken: found 4"),
    "minimum_use": (
        {"minimum_use": MinimumUseRule(by_kind={"special": 9})},
        {"children": ("child", {"c5": {"prefers": "special"}})},
        "rule minimum_use of special is broken",
    ),
    "guidance": (
        {"guidance": GuidanceRule(mode="limit")},
        {"children": ("child", {"c5": {"prefers": "special"}})},
        "child c5 is placed in special, which is beyond guidance",
    ),
    "mainstream": ({}, {"children": ("child", {"c6": {"prefers": "mainstream"}})}, "is no mainstream school"),
}


@pytest.mark.parametrize("name", UNKEPT)
def test_an_answer_made_without_the_rule_is_rejected_under_it(county, travel, name):
    rules, changes, words = UNKEPT[name]
    bare = short_guidance(county)
    with_rule = bare
    for table, (key, cells) in changes.items():
        with_rule = changed(with_rule, table, key, cells)
        if table == "children" and name != "mainstream":
            bare = with_rule
    found = verify(under(with_rule, **rules), travel, claim_of(pp.allocate_places(bare, travel), prices=None))
    assert any(words in violation for violation in found.violations), found.violations
    assert pp.allocate_places(under(with_rule, **rules), travel).proof.verification.holds


PRICED = {
    "guidance": GuidanceRule("price", 10.0),
    "preferences": PreferenceRule("priced", 100.0),
    "continuity": ContinuityRule("priced", 100.0),
    "equity": EquityRule("minutes", "price", 1.0, 50.0),
}


@pytest.mark.parametrize("name", PRICED)
def test_a_penalty_that_is_not_right_is_rejected(county, travel, name):
    priced = changed(
        short_guidance(county), "children", "child", {"c5": {"prefers": "special"}, "c4": {"suits": "special"}}
    )
    answer = answered(priced, travel, **{name: PRICED[name]})
    ruled = under(priced, **{name: PRICED[name]})
    claim = claim_of(answer)
    assert claim.penalties[name] > 0
    assert verify(ruled, travel, claim).holds
    wrong = replace(claim, penalties={**claim.penalties, name: claim.penalties[name] + 1.0})
    assert [v.split(":")[0] for v in verify(ruled, travel, wrong).violations] == [f"penalty {name}"]


TOLD = {
    ("host_share", "s1"): {"host_share": HostShareRule(0.05)},
    ("equity", "north"): {"equity": EquityRule("minutes", "bound", 4.0)},
    ("budgets", "high_needs 2025"): {"budgets": (Budget("high_needs", 2025, 100_000.0, "a test"),)},
    ("minimum_use", "special"): {"minimum_use": MinimumUseRule(by_kind={"special": 1})},
    ("overfill", "special"): {"overfill": OverfillRule(allowed=False)},
    ("preferences", "county"): {},
    ("continuity", "county"): {},
}


@pytest.mark.parametrize("key", TOLD)
def test_what_is_found_and_missed_is_recomputed(county, travel, key):
    answer = answered(county, travel, **TOLD[key])
    claim = claim_of(answer, prices=None)
    ruled = under(county, **TOLD[key])
    assert verify(ruled, travel, claim).holds
    found, missed = claim.rules[key]
    for told in ((found + 1.0, missed), (found, missed + 1.0)):
        wrong = verify(ruled, travel, replace(claim, rules={**claim.rules, key: told})).violations
        assert len(wrong) == 1
        assert wrong[0].startswith(f"rule {key[0]} of {key[1]}: claimed ")
    silent = {other: told for other, told in claim.rules.items() if other != key}
    assert verify(ruled, travel, replace(claim, rules=silent)).violations == (
        f"rule {key[0]} of {key[1]} is not told of",
    )


BOUNDED = {
    "host_share": {"host_share": HostShareRule(0.038)},
    "equity priced": {"equity": EquityRule("minutes", "price", 1.0, 50.0)},
    "equity, the worst first": {"equity": EquityRule("minutes", "minimax")},
    "moves at a price": {"continuity": ContinuityRule("priced", 100.0)},
}


@pytest.mark.parametrize("name", BOUNDED)
def test_prices_of_rules_prove_the_answer_and_others_do_not(county, travel, name):
    answer = answered(county, travel, **BOUNDED[name])
    ruled = under(county, **BOUNDED[name])
    assert answer.placement.proof.by_prices
    claim = claim_of(answer)
    assert verify(ruled, travel, claim).holds
    cost = {
        row: price - 1e4 if row.startswith(("places", "host")) else price for row, price in claim.prices["cost"].items()
    }
    assert not verify(ruled, travel, replace(claim, prices={**claim.prices, "cost": cost})).holds


def test_a_child_who_may_stay_is_not_in_the_gap(county, travel):
    priced = {"continuity": ContinuityRule("priced", 0.0)}
    claim = claim_of(answered(county, travel, **priced), prices=None)
    found = verify(under(county, **priced), travel, replace(claim, placed={**claim.placed, "c3": ""}))
    assert "child c3 could stay in special but is in the gap" in found.violations


def test_mainstream_by_preference_is_only_for_those_who_prefer_it(county, travel):
    claim = claim_of(pp.allocate_places(county, travel), prices=None)
    placed = {child: unit for child, unit in claim.placed.items() if child != "c6"}
    found = verify(county, travel, replace(claim, placed=placed, in_mainstream=frozenset({"c6"})))
    assert found.violations[0].startswith("child c6 is in mainstream by preference, but")


@pytest.mark.parametrize("module", [placeplan.recount_bound, placeplan.recount_cash, placeplan.recount_rules])
def test_the_second_reading_shares_no_code_with_the_first(module):
    text = Path(module.__file__).read_text(encoding="utf-8")
    taken = set(re.findall(r"^(?:from|import) placeplan\.(\w+)", text, flags=re.MULTILINE))
    assert taken <= {"county", "recount", "recount_cash", "recount_rules"}
    assert taken
