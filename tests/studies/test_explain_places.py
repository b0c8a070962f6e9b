"""Explanations of a county worked out by hand, and each figure against the question asked again of changed tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pulp import lpSum

import placeplan as pp
from placeplan.county.settings_rules import (
    Budget,
    EquityRule,
    GuidanceRule,
    HostShareRule,
    MinimumUseRule,
    PreferenceRule,
    SiteTotalsRule,
)
from placeplan.run_tables import ALL

# What a child costs a year: see test_places.py. c5 suits both; c6 the special school alone.
C5_BASE = 8_000 + 1_294.71 - 4_000
C5_SPECIAL = 12_000 + 6_677.14
C6_SPECIAL = 15_000 + 1_416.86
SPOT = 76_335.71


def with_units(county, **changes):
    units = county.units.copy()
    for unit, columns in changes.items():
        for column, value in columns.items():
            units.loc[units["unit"] == unit, column] = value
    return replace(county, units=units)


def with_child(county, child, **changes):
    at = county.children["child"] == child
    columns = {name: county.children[name].astype(object).mask(at, value) for name, value in changes.items()}
    return replace(county, children=county.children.assign(**columns))


def with_rules(county, **rules):
    return replace(county, settings=replace(county.settings, rules=replace(county.settings.rules, **rules)))


@pytest.fixture(scope="module")
def full(county):
    """c5 and c6 find no room: the special school has one place for c3, and the base none."""
    return with_units(county, special={"places": 2, "ceiling": 2}, base_secondary={"places": 0, "ceiling": 0})


def explain(county, travel, *, question="september", spot_purchase=True, **options):
    answer = pp.allocate_places(county, travel, question=question, spot_purchase=spot_purchase)
    return pp.explain_places(county, travel, answer, **options).tables


def worth_of(tables):
    return tables["worth"].set_index(["unit", "places"])


def test_worth_by_hand_where_there_is_no_room(full, travel):
    tables = explain(full, travel, steps=[1, 2])
    worth = worth_of(tables)
    # One place more in the base is c5's, in the special school c6's, as that saves more; two are for both.
    assert worth.loc[("base_secondary", 1), "pounds"] == pytest.approx(SPOT - C5_BASE)
    assert worth.loc[("base_secondary", 2), "pounds"] == pytest.approx(SPOT - C5_BASE)
    assert worth.loc[("special", 1), "pounds"] == pytest.approx(SPOT - C6_SPECIAL)
    assert worth.loc[("special", 2), "pounds"] == pytest.approx(2 * SPOT - C6_SPECIAL - C5_SPECIAL)
    assert worth.loc[("special", 2), ["fixed_cost", "net_pounds"]].tolist() == pytest.approx(
        [20_000, 2 * SPOT - C6_SPECIAL - C5_SPECIAL - 20_000]
    )
    # A preference is met in the base; nobody can leave the special school or a base of no places.
    assert worth.loc[("base_secondary", 1), "preferences"] == 1
    assert worth.loc[("special", -1)].isna()[["pounds", "children", "net_pounds"]].all()
    assert set(tables["worth"]["unit"]) == {"base_primary", "base_secondary", "special"}
    by_need = tables["worth_by_need"].set_index(["unit", "places", "need"])["pounds"]
    assert by_need["special", 2, "SLD"] == pytest.approx(SPOT - C6_SPECIAL)
    assert by_need["special", 2, "ASD"] == pytest.approx(SPOT - C5_SPECIAL)
    assert tables["worth_by_need"]["children"].eq(1).all()


@pytest.mark.parametrize("which", ["county", "full"])
def test_worth_of_one_more_is_the_price_and_the_table_changed(which, request, travel):
    county = request.getfixturevalue(which)
    answer = pp.allocate_places(county, travel)
    worth = worth_of(pp.explain_places(county, travel, answer, steps=[1, 2]).tables)
    prices = answer.tables["prices"].set_index("unit")
    for unit in ("base_primary", "base_secondary", "special"):
        assert worth.loc[(unit, 1), "pounds"] == pytest.approx(prices.loc[unit, "saving_one_more"])
        assert worth.loc[(unit, 1), "net_pounds"] == pytest.approx(prices.loc[unit, "net_saving_one_more"])
        stated = county.units.set_index("unit").loc[unit]
        for places in (1, 2):
            more = with_units(county, **{unit: {n: stated[n] + places for n in ("places", "ceiling")}})
            then = pp.allocate_places(more, travel)
            saved = sum(answer.headline(m) - then.headline(m) for m in ("cost_pounds", "penalty_pounds"))
            assert worth.loc[(unit, places), "net_pounds"] == pytest.approx(saved)


def test_where_nothing_is_bought_more_places_place_children(full, travel):
    worth = worth_of(explain(full, travel, spot_purchase=False, steps=[1]))
    assert worth["children"].dropna().to_dict() == {
        ("base_primary", -1): 0,
        ("base_primary", 1): 0,
        ("base_secondary", 1): 1,
        ("special", 1): 1,
    }
    assert worth.loc[("special", 1), "pounds"] == pytest.approx(-C6_SPECIAL)


def test_rules_cost_what_the_same_question_without_them_saves(county, travel):
    # c5 prefers the special school, which is dearer and 6.9 minutes farther off.
    wishes = with_child(county, "c5", prefers="special")
    tables = explain(wishes, travel, steps=[1])
    costs = tables["rule_costs"].set_index("left_out")
    assert list(costs.index) == ["preferences", "continuity"]
    saved = costs.loc["preferences", ["cost_pounds", "child_minutes", "gap", "spot_purchase"]].tolist()
    # Beside c6 it is above the places of the school, which costs a place.
    assert saved == pytest.approx([C5_SPECIAL - C5_BASE + 10_000, 6.9, 0, 0])
    with_all, without = (
        pp.allocate_places(wishes, travel, rules=replace(wishes.settings.rules, preferences=PreferenceRule(mode=mode)))
        for mode in ("hard", "off")
    )
    assert with_all.headline("cost_pounds") - without.headline("cost_pounds") == pytest.approx(saved[0])


REASONS = [
    # What is changed of c6, why it has no place, how many places would do, children left.
    ({}, "taken", 2, 0),
    ({"suits": "hub"}, "none", 1, 1),
    ({"suits": "independent_special"}, "outside", 1, 1),
]


@pytest.mark.parametrize("spot_purchase", [True, False])
@pytest.mark.parametrize("case", REASONS, ids=lambda case: case[1])
def test_reasons_and_least_places_agree(full, travel, case, spot_purchase):
    change, reason, places, left = case
    crowded = with_child(full, "c6", **change)
    if reason == "outside":
        crowded = with_units(crowded, independent={"places": 1, "ceiling": 1})
    tables = explain(crowded, travel, spot_purchase=spot_purchase, steps=[1])
    told = tables["reasons"].set_index("need")
    assert told.loc["SLD", "reason"] == reason
    assert told.loc["ASD", "reason"] == "taken"
    assert told["outcome"].eq("spot_purchase" if spot_purchase else "gap").all()
    assert tables["reasons"]["children"].sum() == 2
    least = tables["least_places"].set_index("unit")
    assert least.loc[ALL].tolist() == [places, left]
    assert least.drop(index=ALL)["places"].sum() == places
    assert left == tables["reasons"].query("reason != 'taken'")["children"].sum()
    if places:
        added = least.drop(index=ALL)["places"].to_dict()
        stated = crowded.units.set_index("unit")
        wider = with_units(
            crowded, **{u: {n: stated.loc[u, n] + more for n in ("places", "ceiling")} for u, more in added.items()}
        )
        assert pp.allocate_places(wider, travel, spot_purchase=False).headline("gap") == left


def test_a_place_with_room_may_be_dearer_than_one_bought(full, travel):
    fees = full.top_ups.assign(
        pounds=full.top_ups["pounds"].mask(full.top_ups["unit"].eq("independent"), full.top_ups["pounds"] * 3)
    )
    dear = with_child(replace(full, top_ups=fees), "c6", suits="independent_special")
    tables = explain(dear, travel, steps=[1])
    assert tables["reasons"].set_index("need")["reason"].to_dict() == {"ASD": "taken", "SLD": "dearer"}
    assert tables["least_places"].set_index("unit").loc[ALL].tolist() == [1, 0]


@pytest.mark.parametrize(
    "rules",
    [
        {"guidance": GuidanceRule(mode="limit")},
        {"site_totals": SiteTotalsRule()},
        {"minimum_use": MinimumUseRule(by_kind={"special": 9})},
    ],
    ids=lambda rules: next(iter(rules)),
)
def test_a_rule_may_stand_against_every_place(county, travel, rules):
    strict = with_rules(county, **rules)
    if "guidance" in rules:
        short = dict.fromkeys(strict.settings.guidance_minutes, 2.0)
        strict = replace(strict, settings=replace(strict.settings, guidance_minutes=short))
    if "site_totals" in rules:
        strict = replace(strict, sites=strict.sites.assign(total_places=strict.sites["site"].map({"s2": 2.0})))
    tables = explain(strict, travel, steps=[1])
    assert tables["reasons"].set_index("need").loc["SLD", ["outcome", "reason"]].tolist() == ["spot_purchase", "rule"]
    assert tables["least_places"].set_index("unit").loc[ALL, "places"] == 0
    assert tables["least_places"].set_index("unit").loc[ALL, "children"] == tables["reasons"]["children"].sum()
    costs = tables["rule_costs"].set_index("left_out")
    assert costs.loc[next(iter(rules)), "spot_purchase"] == tables["reasons"]["children"].sum()


def test_side_rules_hold_in_every_figure(county, travel):
    strict = with_rules(
        county,
        equity=EquityRule(measure="minutes", mode="minimax"),
        budgets=(Budget("high_needs", 2025, 100_000.0), Budget("general", 2026, 1_000.0)),
        host_share=HostShareRule(share=0.04),
    )
    answer = pp.allocate_places(strict, travel)
    tables = pp.explain_places(strict, travel, answer, steps=[1], children=["c5"]).tables
    costs = tables["rule_costs"].set_index("left_out")
    assert {"equity", "budgets", "host_share", "preferences"} <= set(costs.index)
    for name, nothing in (("equity", EquityRule()), ("budgets", ())):
        rules = replace(strict.settings.rules, **{name: nothing})
        without = pp.allocate_places(strict, travel, rules=rules)
        saved = answer.headline("cost_pounds") - without.headline("cost_pounds")
        assert costs.loc[name, "cost_pounds"] == pytest.approx(saved)
    assert tables["offers"]["child"].tolist() == ["c5", "c6"]
    assert tables["options"]["child"].eq("c5").all()
    assert tables["worth"].query("places == 1")["pounds"].notna().all()


def test_own_rules_hold_too(county, travel):
    def nobody_in_the_base(choices):
        here = [count for (_, unit), count in choices.place.items() if unit == "base_secondary"]
        return {"none there": lpSum(here) <= 0}

    answer = pp.allocate_places(county, travel, own=nobody_in_the_base)
    tables = pp.explain_places(county, travel, answer, own=nobody_in_the_base, steps=[1]).tables
    assert tables["offers"].set_index("child").loc["c5", "unit"] == "special"
    assert worth_of(tables).loc[("base_secondary", 1), "pounds"] == 0


def test_offers_and_options_by_hand(county, travel):
    answer = pp.allocate_places(county, travel)
    tables = pp.explain_places(county, travel, answer, steps=[1], children=["c6", "c5", "c6"]).tables
    offers = tables["offers"].set_index("child")
    assert offers.loc["c5", ["unit", "runner_up", "decided_by"]].tolist() == ["base_secondary", "special", "preference"]
    assert offers.loc["c6", ["unit", "runner_up", "decided_by"]].tolist() == ["special", "spot_purchase", "cost"]
    assert offers.loc["c6", ["cost", "runner_up_cost", "extra", "place"]].tolist() == pytest.approx(
        [C6_SPECIAL, SPOT, SPOT - C6_SPECIAL, 0]
    )
    assert np.isnan(offers.loc["c5", "extra"])
    options = tables["options"].set_index(["child", "unit"])
    assert list(dict.fromkeys(tables["options"]["child"])) == ["c6", "c5"]
    assert options.loc[("c5", "base_secondary"), ["all_pounds", "all_preferences"]].tolist() == [0, 0]
    # c5 in the special school is above its places: the place's 10,000 and the penalty of the first band.
    over = answer.problem.placement.bands.set_index("unit").loc["special", "price"]
    assert options.loc[("c5", "special"), ["all_pounds", "all_preferences"]].tolist() == pytest.approx(
        [C5_SPECIAL - C5_BASE + float(np.min(over)), 1]
    )


def test_afresh_and_without_preferences_only_totals_are_explained(county, travel):
    afresh = pp.allocate_places(county, travel, question="afresh")
    tables = pp.explain_places(county, travel, afresh, steps=[1]).tables
    assert set(tables) == {"worth", "worth_by_need", "rule_costs", "reasons", "least_places"}
    assert tables["rule_costs"].empty
    off = with_rules(county, preferences=PreferenceRule(mode="off"))
    answer = pp.allocate_places(off, travel)
    tables = pp.explain_places(off, travel, answer, steps=[1]).tables
    assert "offers" not in tables
    assert tables["rule_costs"]["left_out"].tolist() == ["continuity"]
    for totals, where in ((afresh, county), (answer, off)):
        with pytest.raises(pp.UsageError, match="in totals only"):
            pp.explain_places(where, travel, totals, children=["c5"])


def test_what_cannot_be_explained_is_refused(county, travel):
    today = pp.allocate_places(county, travel, question="today")
    with pytest.raises(pp.UsageError, match="expected an answer that is solved"):
        pp.explain_places(county, travel, today)
    answer = pp.allocate_places(county, travel)
    with pytest.raises(pp.UsageError, match="children c1, c9: expected children who are placed anew in september"):
        pp.explain_places(county, travel, answer, children=["c9", "c1", "c5"])
    with pytest.raises(pp.UsageError, match="units independent, nowhere: expected units of the county"):
        pp.explain_places(county, travel, answer, units=["nowhere", "independent"])


def test_a_run_holds_them_and_keeps_children_from_leaving(full, travel, tmp_path):
    answer = pp.allocate_places(full, travel)
    why = pp.explain_places(full, travel, answer, steps=[1, 8], children=["c5"])
    run = pp.allocation_run([answer], explanation=why)
    assert set(why.tables) <= set(run.tables)
    assert run.tables["worth"]["question"].eq("september").all()
    safe = pp.read_run(pp.report_allocation([answer], tmp_path / "safe", explanation=why))
    assert {"offers", "options"} <= set(safe.facts["withheld"])
    assert not {"offers", "options"} & set(safe.tables)
    # Two children are few: neither is counted, nor are the places that would be theirs, nor an area's pounds.
    assert safe.tables["reasons"]["children"].isna().all()
    assert safe.tables["least_places"]["places"].isna().all()
    assert safe.tables["worth_by_need"].empty
    assert "need" not in safe.tables["reasons"].columns
    assert (safe.tables["worth"]["pounds"].dropna() % 100 == 0).all()
    inside = pp.read_run(pp.report_allocation([answer], tmp_path / "inside", explanation=why, internal=True))
    written = inside.tables["offers"].set_index("child")["unit"].to_dict()
    assert written == why.tables["offers"].set_index("child")["unit"].to_dict()
    again = pp.read_run(pp.write_report(inside, tmp_path / "again"))
    for name, frame in safe.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
