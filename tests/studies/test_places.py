"""The three questions on a county worked out by hand, and places added to it."""

from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_county import FAR_TAXI, MINIBUS, TAXI

import placeplan as pp
from placeplan.county.vocabulary import SPOT_PURCHASE


def costs_of(answer):
    rows = answer.tables["costs"]
    return {(row["line"], row["fund"]): row["pounds"] for row in rows.to_dict("records")}


def test_everyone_as_placed_today_is_priced(county, travel):
    answer = pp.allocate_places(county, travel, question="today")
    assert costs_of(answer) == pytest.approx(
        {
            ("in_county_places", "high_needs"): 2 * 10_000 + 10_000 + 3 * 10_000 - 2 * 4_000,
            ("in_county_top_ups", "high_needs"): 8_000 + 8_000 + 15_000,
            ("independent_day", "high_needs"): 55_000,
            ("independent_day", "health"): 5_000,
            ("transport", "general"): 2 * TAXI + MINIBUS + FAR_TAXI,
        }
    )
    assert (answer.proof.status, answer.year, answer.placement) == ("priced", 2024, None)
    assert [answer.headline(m) for m in ("children", "placed", "gap", "out_of_county", "inmss")] == [6, 4, 2, 1, 1]


def test_the_coming_september_places_the_new_and_keeps_the_rest(county, travel):
    answer = pp.allocate_places(county, travel)
    unit = answer.placements.set_index("child")["unit"].to_dict()
    assert unit == {
        "c1": "base_primary",
        "c2": "base_primary",
        "c3": "special",
        "c4": "independent",
        "c5": "base_secondary",
        "c6": "special",
    }
    assert answer.headline("cost_pounds") == pytest.approx(
        60_000 - 3 * 4_000 + 3 * 8_000 + 2 * 15_000 + 60_000 + 3 * TAXI + 2 * MINIBUS + FAR_TAXI
    )
    assert answer.proof.status == "optimal"
    assert answer.proof.verification.holds
    assert answer.headline("staying") == 4


def test_a_preference_comes_before_cost(county, travel):
    # c5 suits both; the special school has room and is what is preferred here, though it is dearer.
    children = county.children.assign(prefers=["special" if c == "c5" else pd.NA for c in county.children["child"]])
    answer = pp.allocate_places(replace(county, children=children), travel)
    assert answer.placements.set_index("child").loc["c5", "unit"] == "special"


def with_units(county, **changes):
    units = county.units.copy()
    for unit, columns in changes.items():
        for column, value in columns.items():
            units.loc[units["unit"] == unit, column] = value
    return replace(county, units=units)


def test_without_room_a_place_is_bought_and_without_that_the_gap_is_told(county, travel):
    full = with_units(county, special={"places": 2, "ceiling": 2}, base_secondary={"places": 0, "ceiling": 0})
    bought = pp.allocate_places(full, travel)
    # c3 stays in the one place that others leave; c5 and c6 find no room anywhere.
    assert set(bought.placements.query("unit == @SPOT_PURCHASE")["child"]) == {"c5", "c6"}
    assert bought.headline("gap") == 0
    gap = pp.allocate_places(full, travel, spot_purchase=False)
    assert gap.headline("gap") == 2
    cells = gap.tables["gap"].query("gap > 0")[["locality", "need", "phase", "gap"]].to_numpy().tolist()
    assert cells == [["north", "ASD", "secondary", 1.0], ["south", "SLD", "primary", 1.0]]
    assert gap.proof.status == "optimal"


def test_a_breach_of_today_is_told_and_cannot_grow(county, travel):
    small = with_units(county, base_primary={"places": 1, "ceiling": 1})
    for question in ("today", "september"):
        breaches = pp.allocate_places(small, travel, question=question).tables["breaches"]
        assert breaches.to_dict("records") == [{"rule": "ceiling", "unit": "base_primary", "stated": 1.0, "found": 2.0}]


def test_afresh_is_totals_only_in_the_run(county, travel):
    answers = [pp.allocate_places(county, travel, question=q) for q in ("today", "september", "afresh")]
    run = pp.allocation_run(answers)
    assert set(run.tables["placements"]["question"]) == {"today", "september"}
    assert set(run.tables["headlines"]["question"]) == {"today", "september", "afresh"}
    plans = run.tables["plans"]
    assert plans["plans"].sum() == 6
    assert plans.loc[plans["planned_for"], "plans"].sum() == 4


@pytest.mark.parametrize("question", ["tomorrow", ""])
def test_an_unknown_question_is_refused(county, travel, question):
    with pytest.raises(pp.UsageError, match="expected one of today, september, afresh"):
        pp.allocate_places(county, travel, question=question)


def test_a_county_without_children_is_refused(county, travel):
    with pytest.raises(pp.UsageError, match="no children table"):
        pp.allocate_places(replace(county, children=county.children.iloc[:0]), travel)


def test_shuffled_rows_give_the_same_answer(county, travel):
    shuffled = replace(
        county,
        children=county.children.sample(frac=1, random_state=3),
        units=county.units.sample(frac=1, random_state=4),
        sites=county.sites.sample(frac=1, random_state=5),
        top_ups=county.top_ups.sample(frac=1, random_state=6),
    )
    one, other = (pp.allocate_places(c, travel) for c in (county, shuffled))
    for name in one.tables:
        pd.testing.assert_frame_equal(one.tables[name], other.tables[name])


COST_OF_PAIR = {"base_secondary": 8_000 - 4_000, "special": 12_000}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zones=st.lists(st.sampled_from(["z1", "z2", "z3", "z4"]), min_size=1, max_size=4),
    places=st.tuples(st.integers(0, 2), st.integers(1, 4)),
)
def test_the_answer_is_the_cheapest_of_all_there_are(county, travel, zones, places):
    """Children of Year 7 with autism who suit both units, against every way there is to place them."""
    new = pd.concat([county.children[county.children["child"] == "c5"]] * len(zones)).assign(
        child=[f"n{i}" for i in range(len(zones))], zone=zones, prefers=pd.NA
    )
    others = county.children[county.children["child"].isin(["c3"])]
    varied = with_units(
        replace(county, children=pd.concat([others, new])),
        base_secondary={"places": places[0], "ceiling": places[0] + 1},
        special={"places": places[1], "ceiling": places[1] + 1, "other_authorities": 0},
    )
    answer = pp.allocate_places(varied, travel)
    minutes = {(z, s): i for z, s, i in travel.frame()[["zone", "site", "km"]].itertuples(index=False)}

    def transport(zone, unit):
        if unit == SPOT_PURCHASE:
            return 380 * (13 + 1.45 * 30) / 1.4
        km = round(float(minutes[zone, "s1" if unit == "base_secondary" else "s2"]), 1)
        share = 0.3 if km < 3.2 else 0.9 if km < 4.8 else 1.0
        taxi, minibus = (13 + 1.45 * km) / 1.4, (30 + 2.4 * km) / 2.8
        return share * 380 * (taxi if unit == "base_secondary" else minibus)

    def total(choice):
        load = {"base_secondary": choice.count("base_secondary"), "special": choice.count("special") + 1}
        pounds = 0.0
        for unit, room in zip(("base_secondary", "special"), places, strict=True):
            over = load[unit] - room
            if over > 1:
                return float("inf")
            pounds += 12_000 * max(over, 0)  # £10,000 of cash and the first band's £2,000
        for zone, unit in zip(zones, choice, strict=True):
            pounds += COST_OF_PAIR.get(unit, 61_000) + transport(zone, unit)
        return pounds

    best = min(total(choice) for choice in product(["base_secondary", "special", SPOT_PURCHASE], repeat=len(zones)))
    assert answer.placement.proof.objective == pytest.approx(best, abs=0.02)
    chosen = answer.placements.set_index("child")["unit"]
    assert total([chosen[f"n{i}"] for i in range(len(zones))]) == pytest.approx(best, abs=0.02)


def short_county(county):
    """c5 and c6 have no room: a place bought costs £61,000 and its taxi, a place added far less."""
    return with_units(county, special={"places": 2, "ceiling": 2}, base_secondary={"places": 0, "ceiling": 0})


def test_places_are_added_where_they_save_and_no_further(county, travel):
    short = short_county(county)
    base = pp.allocate_places(short, travel)
    more = pp.add_places(short, travel, base, places=10)
    # One place each for c5 at the base (site limit 4) and c6 at the special school; an eleventh would save nothing.
    added = more.places.set_index("unit")["places_added"].to_dict()
    assert added == {"base_secondary": 1, "special": 1}
    summary = more.summary.set_index("measure")["value"]
    taxi_of_spot = round(380 * (13 + 1.45 * 30) / 1.4, 2)
    avoided = 2 * (61_000 + taxi_of_spot) - (8_000 - 4_000 + TAXI) - (15_000 + MINIBUS)
    assert summary["net_saving"] == pytest.approx(avoided - 20_000)
    assert summary["net_saving"] == pytest.approx(
        base.headline("cost_pounds") - more.allocation.headline("cost_pounds")
    )
    assert summary["yearly_cost_of_places"] == 20_000
    assert summary["gross_spending"] == pytest.approx(20_000 + 4_000 + TAXI + 15_000 + MINIBUS)
    assert more.status == "optimal"
    assert more.allocation.proof.verification.holds


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (1, 1), (2, 2)])
def test_the_number_of_places_is_a_limit(county, travel, limit, expected):
    short = short_county(county)
    more = pp.add_places(short, travel, pp.allocate_places(short, travel), places=limit)
    assert more.places["places_added"].sum() == expected


def test_the_sum_of_pounds_is_a_limit(county, travel):
    short = short_county(county)
    base = pp.allocate_places(short, travel)
    # A place at the base spends 10,000 + 4,000 + 1,294.71; one at the special school 10,000 + 15,000 + 1,416.86.
    for pounds, expected in ((15_000, {}), (15_300, {"base_secondary": 1}), (27_000, {"special": 1}), (42_000, 2)):
        more = pp.add_places(short, travel, base, pounds=pounds)
        spent = more.summary.set_index("measure")["value"]["gross_spending"]
        assert spent <= pounds + 0.01
        added = more.places.set_index("unit")["places_added"].to_dict()
        if expected == 2:
            assert sum(added.values()) == 2
        elif expected != {"special": 1}:
            assert added == expected
        else:
            assert sum(added.values()) == 1


def test_a_site_takes_no_more_than_it_can(county, travel):
    short = short_county(county)
    sites = short.sites.assign(more_places=[0 if site == "s2" else 4 for site in short.sites["site"]])
    short = replace(short, sites=sites)
    more = pp.add_places(short, travel, pp.allocate_places(short, travel), places=10)
    assert more.places["unit"].tolist() == ["base_secondary"]


def test_adding_needs_a_question_that_is_solved_and_a_limit(county, travel):
    today = pp.allocate_places(county, travel, question="today")
    with pytest.raises(pp.UsageError, match="september or afresh"):
        pp.add_places(county, travel, today, places=1)
    september = pp.allocate_places(county, travel)
    for limits in ({}, {"places": -1}, {"pounds": -5.0}):
        with pytest.raises(pp.UsageError, match="nought or more"):
            pp.add_places(county, travel, september, **limits)
