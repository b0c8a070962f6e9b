"""Rules in figures beside the answer: added places against every way to add them, and what says which is not kept."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from pulp import lpSum
from support.commands import call
from support.ruled_county import changed, unit_of, with_child
from tiny_county import write_tiny_county

import placeplan as pp
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
    SiteTotalsRule,
)
from placeplan.report.answer import places_sentences
from placeplan.report.explained_section import explained_sentences
from placeplan.report.explained_words import LEFT_OUT as SAID
from placeplan.studies.rules_kept import FIGURES, LEFT_OUT, asking, rules_kept

UNITS = ("base_secondary", "special")
ON = {
    "overfill": OverfillRule(allowed=False),
    "guidance": GuidanceRule(mode="limit"),
    "preferences": PreferenceRule(mode="hard"),
    "continuity": ContinuityRule(mode="priced", pounds=100.0),
    "host_share": HostShareRule(share=0.05),
    "site_totals": SiteTotalsRule(),
    "minimum_use": MinimumUseRule(by_kind={"special": 4}),
    "equity": EquityRule(measure="minutes", mode="bound", most=5.0),
    "budgets": (Budget("high_needs", 2026, 200_000.0),),
}
"""Every rule, on."""


def crowded(county, rng):
    """The tiny county with more children than places, limits at both sites, and rules of which each may bind."""
    for number in range(int(rng.integers(2, 5))):
        about = {"zone": str(rng.choice(["z1", "z2", "z3", "z4"])), "year_group": int(rng.integers(6, 9))}
        if rng.random() < 0.4:
            about["prefers"] = str(rng.choice(UNITS))
        suits = str(rng.choice(["special", "ers:integrative;special", "ers:integrative"]))
        county = with_child(county, f"n{number}", need="ASD", suits=suits, **about)
    # Now and then the children in the special school are above its ceiling.
    small = {"places": 2, "ceiling": 2} if rng.random() < 0.7 else {"places": 1, "ceiling": 1, "other_authorities": 0}
    if small["places"] == 1:
        county = with_child(county, "held", zone="z3", year_group=8, need="SLD", unit="special")
    county = changed(county, "units", "unit", {"base_secondary": {"places": 0, "ceiling": 0}, "special": small})
    return changed(
        county,
        "sites",
        "site",
        {
            "s1": {"more_places": float(rng.integers(0, 3)), "total_places": float(rng.integers(2, 5))},
            "s2": {"more_places": float(rng.integers(0, 4)), "total_places": float(rng.integers(2, 7))},
        },
    )


def some_rules(rng):
    rules = Rules(
        overfill=OverfillRule(allowed=bool(rng.random() < 0.6)),
        preferences=PreferenceRule(mode=str(rng.choice(["hard", "off"]))),
        host_share=HostShareRule(share=float(rng.choice([0.0365, 0.0385, 0.05])) if rng.random() < 0.5 else None),
        site_totals=SiteTotalsRule(on=bool(rng.random() < 0.6)),
        minimum_use=MinimumUseRule(
            by_kind={"ers": 2, "special": int(rng.integers(2, 6))} if rng.random() < 0.5 else {}
        ),
    )
    # One rule that may be missed at a time, so that what is missed adds up whatever it weighs.
    match int(rng.integers(0, 4)):
        case 0:
            return replace(rules, budgets=(Budget("high_needs", 2026, float(rng.integers(150, 300)) * 1000.0),))
        case 1:
            return replace(rules, equity=EquityRule("beyond_guidance", "bound", 0.0))
        case 2:
            return replace(rules, equity=EquityRule("minutes", "price", 4.0, 5_000.0))
    return rules


def reached(answer):
    """What an answer comes to in the order in which answers are compared."""
    rules = answer.tables["rules"].set_index("rule")["missed"]
    soft = rules[rules.index.isin(["budgets", "equity"])]
    priced = answer.county.settings.rules.equity.mode == "price"
    return (
        answer.headline("gap"),
        rules.get("preferences", 0.0),
        0.0 if priced else round(float(soft.sum()), 6),
        round(answer.headline("cost_pounds") + answer.headline("penalty_pounds"), 2),
    )


def widened(county, ways):
    """The county whose tables have the places, and ceilings as much higher."""
    stated = county.units.set_index("unit")
    return changed(
        county,
        "units",
        "unit",
        {unit: {name: float(stated.loc[unit, name]) + n for name in ("places", "ceiling")} for unit, n in ways.items()},
    )


@pytest.mark.parametrize("seed", range(10))
def test_added_places_are_the_best_of_every_way_that_keeps_the_rules(county, travel, seed):
    rng = np.random.default_rng([14, seed])
    ruled, rules = crowded(county, rng), some_rules(rng)
    # Ten more minutes than the journey within each town are beyond guidance, where it is counted.
    short = dict.fromkeys(ruled.settings.guidance_minutes, 5.0)
    ruled = replace(ruled, settings=replace(ruled.settings, guidance_minutes=short))
    spot_purchase = bool(rng.random() < 0.7)
    base = pp.allocate_places(ruled, travel, rules=rules, spot_purchase=spot_purchase)
    limit = int(rng.integers(1, 4))
    more = pp.add_places(ruled, travel, base, places=limit)
    most = dict(zip(ruled.sites["site"], ruled.sites["more_places"], strict=True))
    found = {}
    for one, two in product(range(int(most["s1"]) + 1), range(int(most["s2"]) + 1)):
        if one + two <= limit:
            ways = {"base_secondary": one, "special": two}
            then = pp.allocate_places(widened(ruled, ways), travel, rules=rules, spot_purchase=spot_purchase)
            found[one, two] = reached(then)
    best = min(found.values())
    assert reached(more.allocation) == pytest.approx(best, abs=0.011)
    assert more.allocation.proof.verification.holds
    assert more.status == "optimal"
    fewest = min(sum(way) for way, figures in found.items() if figures == pytest.approx(best, abs=0.011))
    assert more.places["places_added"].sum() == fewest
    # The figure with a place more in the explanation is that of the changed table, wherever so many may be added.
    worth = pp.explain_places(ruled, travel, base, units=UNITS, steps=[1, 2]).tables["worth"]
    for row in worth[worth["places"] > 0].itertuples():
        way = (row.places, 0) if row.unit == "base_secondary" else (0, row.places)
        if row.places > most["s1" if row.unit == "base_secondary" else "s2"]:
            assert np.isnan(row.pounds)
            continue
        then = pp.allocate_places(
            widened(ruled, {row.unit: row.places}), travel, rules=rules, spot_purchase=spot_purchase
        )
        saved = [now - figure for now, figure in zip(reached(base), reached(then), strict=True)]
        assert row.children == pytest.approx(saved[0]), way
        assert row.net_pounds == pytest.approx(saved[3], abs=0.011), way


@pytest.mark.parametrize("pounds", [0.0, 26_000.0, 60_000.0])
@pytest.mark.parametrize("seed", range(3))
def test_within_a_sum_of_pounds_every_rule_is_kept_too(county, travel, seed, pounds):
    rng = np.random.default_rng([15, seed])
    ruled, rules = crowded(county, rng), some_rules(rng)
    base = pp.allocate_places(ruled, travel, rules=rules)
    more = pp.add_places(ruled, travel, base, pounds=pounds)
    assert more.allocation.proof.verification.holds
    assert more.summary.set_index("measure")["value"]["gross_spending"] <= pounds + 0.01
    assert reached(more.allocation)[:3] <= reached(base)[:3]


def test_a_site_that_is_full_of_children_has_no_use_for_a_place(county, travel):
    # c6 finds no room at the special school, whose site may hold the one child that it has.
    full = changed(county, "units", "unit", {"special": {"places": 2, "ceiling": 2}})
    base = pp.allocate_places(full, travel)
    assert pp.add_places(full, travel, base, places=3).places["unit"].tolist() == ["special"]
    totals = changed(full, "sites", "site", {"s2": {"total_places": 2.0}})
    base = pp.allocate_places(totals, travel)
    more = pp.add_places(totals, travel, base, places=3)
    assert more.places.empty
    assert unit_of(more.allocation) == unit_of(base)


def test_a_budget_pays_for_the_places(county, travel):
    full = changed(county, "units", "unit", {"special": {"places": 2, "ceiling": 2}})
    rules = replace(full.settings.rules, budgets=(Budget("high_needs", 2026, 1.0),))
    base = pp.allocate_places(full, travel, rules=rules)
    more = pp.add_places(full, travel, base, places=1)
    before, after = (a.tables["rules"].query("rule == 'budgets'")["found"].iloc[0] for a in (base, more.allocation))
    # £61,000 of the place bought against a place at £10,000 and a top-up of £15,000.
    assert before - after == pytest.approx(61_000 - 25_000)


def test_rules_of_ones_own_hold_in_every_figure_of_the_answer(county, travel):
    full = changed(county, "units", "unit", {"special": {"places": 2, "ceiling": 2}})

    def nobody_new_there(choices):
        return {"none there": lpSum(n for (_, unit), n in choices.place.items() if unit == "special") <= 0}

    base = pp.allocate_places(full, travel, own=nobody_new_there)
    more = pp.add_places(full, travel, base, places=5)
    assert "special" not in set(more.places["unit"])
    assert more.allocation.tables["rules"].query("rule == 'own'")["missed"].tolist() == [0.0]
    tables = pp.explain_places(full, travel, base, steps=[1]).tables
    assert tables["worth"].set_index(["unit", "places"]).loc[("special", 1), "pounds"] == 0
    assert pp.trade_offs(base).points["gap"].eq(0).all()


def test_nothing_is_valued_above_what_may_be_added(county, travel):
    ten = changed(county, "sites", "site", {"s1": {"more_places": 0.0}, "s2": {"more_places": 10.0}})
    answer = pp.allocate_places(ten, travel)
    worth = pp.explain_places(ten, travel, answer).tables["worth"].set_index(["unit", "places"])["pounds"]
    assert worth.loc["special"][[1, 8, 24]].notna().tolist() == [True, True, False]
    assert worth.loc["base_primary"][[1, 8, 24]].isna().all()
    prices = answer.tables["prices"].set_index("unit")
    assert prices["more_places"].to_dict() == {"base_primary": 0, "base_secondary": 0, "special": 10}
    assert not set(answer.tables["prices_resolved"]["unit"]) & {"base_primary", "base_secondary"}


def test_who_moves_at_a_price_has_a_place_in_every_figure(county, travel):
    # One place and one child who could stay, none bought: with no place, the child is above the ceiling, as the table.
    one = changed(county, "units", "unit", {"special": {"places": 1, "ceiling": 1, "other_authorities": 0}})
    children = one.children[one.children["child"] == "c3"]
    one = replace(one, children=children)
    rules = replace(one.settings.rules, continuity=ContinuityRule(mode="priced", pounds=1000.0))
    for spot_purchase in (True, False):
        answer = pp.allocate_places(one, travel, rules=rules, spot_purchase=spot_purchase)
        worth = pp.explain_places(one, travel, answer, steps=[1]).tables["worth"].set_index(["unit", "places"])
        none = changed(one, "units", "unit", {"special": {"places": 0, "ceiling": 0}})
        then = pp.allocate_places(none, travel, rules=rules, spot_purchase=spot_purchase)
        saved = reached(answer)[3] - reached(then)[3]
        assert worth.loc[("special", -1), "net_pounds"] == pytest.approx(saved)


def test_every_rule_is_asked_for_and_told_of_by_a_name(county):
    fields = set(Rules.__dataclass_fields__)
    assert set(ON) == set(LEFT_OUT) == set(SAID) == fields
    sites = changed(county, "sites", "site", {"s1": {"total_places": 9.0}})
    for name, rule in ON.items():
        only = replace(Rules(), **{**LEFT_OUT, name: rule})
        ruled = replace(sites, settings=replace(sites.settings, rules=only))
        assert asking(ruled, "september") == [name]
        for figure, missed in FIGURES.items():
            rows = rules_kept(ruled, "september", [figure])
            assert rows["rule"].tolist() == [name]
            assert rows["kept"].tolist() == [name not in missed]
            assert bool(rows["why"].iloc[0]) == (name in missed)


def test_what_is_not_kept_is_said_beside_the_figure(county, travel):
    full = changed(county, "units", "unit", {"special": {"places": 2, "ceiling": 2}})
    full = changed(full, "sites", "site", {"s2": {"more_places": 0.0}})
    rules = replace(full.settings.rules, equity=EquityRule("minutes", "bound", 5.0))
    answer = pp.allocate_places(full, travel, rules=rules)
    more = pp.add_places(full, travel, answer, places=2)
    why = pp.explain_places(full, travel, answer, steps=[1])
    run = pp.allocation_run([answer], more_places=more, explanation=why)
    table = run.tables["rules_kept"].set_index(["figure", "rule"])["kept"]
    assert not table.loc[[("least_places", "equity"), ("least_places", "preferences")]].any()
    assert table.drop(index=[("least_places", "equity"), ("least_places", "preferences")]).all()
    least = next(said for said in explained_sentences(run) if "whatever they cost" in said)
    assert "Not kept in this: preferences and equity between localities" in least
    assert "South School takes 0 at the most" in least
    assert "no place would be added" in " ".join(places_sentences(run))


def test_the_command_line_says_the_places_and_what_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    folder = write_tiny_county(tmp_path / "tiny")
    toml = folder / "county.toml"
    toml.write_text(toml.read_text() + '\n[rules.equity]\nmode = "bound"\nmeasure = "minutes"\nmost = 2\n')
    units = (folder / "units.csv").read_text().replace("any,0,14,,3,1,4,", "any,0,14,,2,1,2,")
    (folder / "units.csv").write_text(units)
    told = call("allocate", folder, "--places", "3", "--explain", "--out", tmp_path / "out")
    assert told.exit_code == 0, told.output
    assert "Allowed at most 3 places" in told.output
    assert "Not kept in this: preferences and equity between localities" in told.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Not kept in this: preferences and equity between localities" in page
    assert "The rules of this answer are kept with them." in page
    kept = pd.read_csv(tmp_path / "out" / "tables" / "rules_kept.csv")
    assert set(kept.columns) == {"figure", "rule", "kept", "why"}
