"""The forecast of a county: sums, seeds, what was known when, the turn of 2018, and what is handed over."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from need_generator import known_county

import placeplan as pp
from placeplan.county.settings import Forecast as ForecastSettings
from placeplan.county.settings import SeriesBreak
from placeplan.need.backtest import backtest_rows, scores_of, trust_table
from placeplan.need.counts import PLACEMENT_AXIS, cube_of
from placeplan.need.demand import DEMAND_KINDS, demand_counts, demand_rows, planned_kinds
from placeplan.need.handover import mean_of
from placeplan.need.zones import zone_counts
from placeplan.run_tables import ALL
from placeplan.synthetic import generator

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
BANDS = ["low_95", "low_80", "median", "high_80", "high_95"]


@pytest.fixture(scope="module")
def county():
    return pp.read_county("example:derbyshire")


@pytest.fixture(scope="module")
def forecast(county):
    return pp.forecast_need(county, years=4, draws=120, scenarios=[], backtests=False)


@pytest.fixture(scope="module")
def known(county):
    return known_county(11, county)


def test_the_start_is_what_was_published(county, forecast):
    plans = forecast.tables["plans"].set_index(["what", "year"])
    assert forecast.draws.counts(2024).min() == forecast.draws.counts(2024).max() == 7625
    special = plans.loc[("in specialist placements", 2024)]
    assert special["low_95"] == special["high_95"] == 2336
    needs = np.unravel_index(forecast.fit.base.cells, forecast.fit.cube.shape)[1]
    published = county.plans[(county.plans["margin"] == "need") & (county.plans["year"] == 2024)].set_index("need")[
        "plans"
    ]
    found = np.bincount(needs, minlength=14)
    for number, need in enumerate(pp.county.vocabulary.NEEDS):
        if need in published.index and pd.notna(published[need]):
            assert abs(found[number] - published[need]) <= 0.01 * published[need] + 8


def test_every_cell_adds_up_to_its_totals_in_every_draw(county, forecast):
    cube = forecast.fit.cube
    for year in forecast.years:
        counts = demand_counts(forecast.draws, cube, year, forecast.rows, generator(1, "x")).by_kind
        cells = forecast.draws.counts(year, np.arange(cube.size), size=cube.size)
        assert (cells >= 0).all()
        assert (cells.sum(axis=1) == forecast.draws.counts(year)[:, 0]).all()
        planned = np.isin(np.arange(cube.size) % cube.shape[3], [PLACEMENT_AXIS.index(p) for p in planned_kinds()])
        assert (counts.sum(axis=(1, 2, 3, 4)) >= forecast.draws.counts(year, np.where(planned, 0, -1))[:, 0]).all()
        by_zone = zone_counts(county, forecast.fit, forecast.draws, year, numbers=[0, 7], stream=generator(1, "z"))
        assert by_zone.sum().tolist() == forecast.draws.counts(year)[[0, 7], 0].tolist()
        of_zone = forecast.county.zones.set_index("zone")["locality"]
        locality = np.arange(cube.size) // int(np.prod(cube.shape[1:]))
        by_place = forecast.draws.counts(year, locality, size=cube.shape[0])
        assert by_zone[7].groupby(of_zone).sum().reindex(list(cube.localities)).tolist() == by_place[7].tolist()


def test_expected_cells_add_up_and_bands_are_nested_whole_and_not_negative(forecast):
    need, totals = forecast.tables["need"], forecast.tables["totals"]
    for year, rows in need.groupby("year"):
        whole = totals[
            (totals[["locality", "need", "area", "phase", "kind"]] == ALL).all(axis=1) & (totals["year"] == year)
        ]
        assert rows["expected"].sum() == pytest.approx(float(whole["expected"].iloc[0]))
        by_kind = totals[
            (totals[["locality", "need", "area", "phase"]] == ALL).all(axis=1)
            & (totals["year"] == year)
            & (totals["kind"] != ALL)
        ]
        assert rows.groupby("kind")["expected"].sum().to_dict() == pytest.approx(
            by_kind[by_kind["expected"] > 0].set_index("kind")["expected"].to_dict()
        )
    for table in (need, totals):
        assert (table[BANDS].to_numpy() >= 0).all()
        assert (np.diff(table[BANDS].to_numpy(), axis=1) >= 0).all()
        assert (table[BANDS] % 1 == 0).all(axis=None)


def test_the_seed_decides_everything_and_the_number_of_years_does_not_matter(county, forecast):
    again = pp.forecast_need(county, years=4, draws=120, scenarios=[], backtests=False)
    other = pp.forecast_need(county, years=4, draws=120, seed=9, scenarios=[], backtests=False)
    for name, table in forecast.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert not forecast.tables["need"].equals(other.tables["need"])


def test_other_names_of_localities_change_nothing_but_the_names(known):
    county = known.county
    names = {old: f"renamed {old}" for old in county.localities["locality"]}
    renamed = replace(
        county,
        localities=county.localities.assign(locality=county.localities["locality"].map(names)),
        zones=county.zones.assign(locality=county.zones["locality"].map(names)),
    )
    one, two = (pp.forecast_need(c, years=3, draws=60, backtests=False).tables["totals"] for c in (county, renamed))
    two = two.assign(locality=two["locality"].replace({new: old for old, new in names.items()}))
    pd.testing.assert_frame_equal(one, two)


def test_half_the_children_are_forecast_with_relatively_wider_bands(known):
    county = known.county
    halved = replace(
        county,
        plans=county.plans.assign(plans=(county.plans["plans"] / 2).round().astype("Int64")),
        population=county.population.assign(people=county.population["people"] / 2),
    )

    def width(one):
        rows = pp.forecast_need(one, years=5, draws=400, backtests=False).tables["plans"]
        last = rows[(rows["what"] == "plans") & (rows["year"] == 2029)].iloc[0]
        return (last["high_80"] - last["low_80"]) / last["median"]

    assert width(halved) > width(county)


def test_a_locality_without_anybody_and_a_need_that_nobody_has_are_no_trouble(known):
    county = known.county
    first = county.localities["locality"].iloc[0]
    inside = set(county.zones.loc[county.zones["locality"] == first, "zone"])
    people = county.population["people"].mask(county.population["zone"].isin(inside), 0.0)
    plans = county.plans[~county.plans["zone"].isin(inside)]
    total = int(plans.loc[plans["margin"] == "zone", "plans"].sum())
    at_end = (plans["year"] == 2024) & (plans["measure"] == "stock")
    plans = plans[~(at_end & ~plans["margin"].isin(["zone", "total"]))]
    plans = plans.assign(plans=plans["plans"].mask(at_end & plans["margin"].eq("total"), total))
    empty = replace(county, population=county.population.assign(people=people), plans=plans)
    totals = pp.forecast_need(empty, years=3, draws=60, backtests=False).tables["totals"]
    there = totals[(totals["locality"] == first) & (totals["kind"] == ALL)]
    assert (there["expected"] == 0).all()


def test_what_came_later_is_not_looked_at(county):
    """The same county cut off in 2020: the same forecast as of 2020, table by table."""
    later = county.plans["year"] > 2020
    cut = replace(county, plans=county.plans[~later], children=county.children.iloc[:0])
    moved = replace(cut, settings=replace(cut.settings, as_of=cut.settings.as_of.replace(year=2021)))
    whole = pp.forecast_need(county, as_of=2020, years=4, draws=60, scenarios=[])
    alone = pp.forecast_need(moved, years=4, draws=60, scenarios=[])
    for name in ("need", "totals", "plans", "backtest", "trust"):
        pd.testing.assert_frame_equal(whole.tables[name], alone.tables[name])
    assert whole.warnings == alone.warnings
    came = whole.tables["as_of"].set_index(["series", "year"])["came"]
    assert came[("all plans", 2024)] == 7625
    assert "as_of" not in alone.tables


def holds_or_warns(forecast, came, year):
    """Whether the 95% band holds what came, and whether the forecast says that this year cannot be trusted."""
    rows = forecast.tables["plans"]
    row = rows[(rows["what"] == "plans") & (rows["year"] == year)].iloc[0]
    trust = forecast.tables["trust"].set_index("horizon")["trust"][year - forecast.start]
    return row["low_95"] <= came <= row["high_95"], trust != "tested"


def test_the_lesson_of_2018(county):
    """Plans fell to January 2018 and had more than doubled by January 2025: the bands hold it or say they may not."""
    forecast = pp.forecast_need(county, as_of=2017, years=7, draws=300, scenarios=[])
    totals = county.plans[(county.plans["margin"] == "total") & (county.plans["measure"] == "stock")].set_index("year")[
        "plans"
    ]
    for year in range(2018, 2025):
        holds, warns = holds_or_warns(forecast, float(totals[year]), year)
        assert holds or warns
    assert any("cannot be trusted" in warning for warning in forecast.warnings)


@pytest.mark.skipif(not DATA.is_dir(), reason="the open data is not beside the project")
def test_beside_other_authorities_the_bands_of_2018_hold_2024(county):
    table = pd.read_csv(DATA / "plans" / "sen2_2010_2022_age_caseload.csv", dtype="str")
    rows = table[table["geographic_level"].eq("Local authority") & table["characteristic_age"].eq("Total")]
    rows = rows[rows["la_name"] != "Derbyshire"]
    others = pd.DataFrame(
        {
            "authority": rows["la_name"],
            "year": rows["time_period"].astype(int) - 1,
            "plans": rows["Total_all"].astype(int),
        }
    )
    beside = replace(county, comparators=others)
    forecast = pp.forecast_need(beside, as_of=2017, years=7, draws=600, scenarios=[], backtests=False)
    assert holds_or_warns(forecast, 7625.0, 2024)[0]
    alone = pp.forecast_need(county, as_of=2017, years=7, draws=600, scenarios=[], backtests=False)

    def middle(one):
        rows = one.tables["plans"]
        return rows[(rows["what"] == "plans") & (rows["year"] == 2024)]["median"].iloc[0]

    assert abs(middle(forecast) - 7625) < abs(middle(alone) - 7625)
    cut = replace(county, comparators=others[others["year"] <= 2017])
    same = pp.forecast_need(cut, as_of=2017, years=7, draws=600, scenarios=[], backtests=False)
    pd.testing.assert_frame_equal(same.tables["plans"], forecast.tables["plans"])


def made_up_authorities(years, growth):
    """Three authorities that grew alike."""
    rows = [
        (name, year, round(size * np.exp(sum(growth[: place + 1]))))
        for name, size in (("A", 900), ("B", 1500), ("C", 2600))
        for place, year in enumerate(years)
    ]
    return pd.DataFrame(rows, columns=["authority", "year", "plans"])


def test_the_total_turns_with_other_authorities(known):
    county, years = known.county, range(2012, 2025)
    fast = made_up_authorities(years, [0.01] * 9 + [0.12] * 4)
    beside = replace(county, comparators=fast)
    alone, together = (pp.forecast_need(one, years=4, draws=300, backtests=False).tables for one in (county, beside))

    def middle(tables):
        rows = tables["plans"]
        return float(rows[(rows["what"] == "plans") & (rows["year"] == 2028)]["median"].iloc[0])

    assert middle(together) > 1.1 * middle(alone)
    told = together["notes"].set_index("subject")["value"]
    assert "3 of them with the county, 2012 to 2024" in told["Total of plans"]
    few = replace(county, comparators=fast[fast["authority"] == "A"])
    told = pp.forecast_need(few, years=2, draws=60, backtests=False).tables["notes"].set_index("subject")["value"]
    assert told["Other authorities' totals"].startswith("not used")
    old = replace(county, comparators=fast[fast["year"] < 2020])
    told = pp.forecast_need(old, years=2, draws=60, backtests=False).tables["notes"].set_index("subject")["value"]
    assert told["Other authorities' totals"].startswith("not used")


def test_a_declared_break_of_the_stock_is_not_taken_for_growth_beside_others(known):
    county, years = known.county, range(2012, 2025)
    calm = made_up_authorities(years, [0.01] * 13)
    stock = county.plans["measure"].eq("stock") & county.plans["margin"].eq("total")
    doubled = county.plans["plans"].mask(stock & (county.plans["year"] < 2020), (county.plans["plans"] / 2).round())
    jumps = replace(county, comparators=calm, plans=county.plans.assign(plans=doubled.astype("Int64")))
    declared = replace(
        jumps.settings, forecast=ForecastSettings(breaks=(SeriesBreak(2020, "stock", "counted otherwise"),))
    )
    plain = replace(jumps.settings, forecast=ForecastSettings())

    def width(settings):
        rows = pp.forecast_need(replace(jumps, settings=settings), years=3, draws=400, backtests=False).tables["plans"]
        row = rows[(rows["what"] == "plans") & (rows["year"] == 2027)].iloc[0]
        return (row["high_80"] - row["low_80"]) / row["median"]

    assert width(declared) < width(plain)


def test_nobody_is_counted_twice_and_everybody_once(county, forecast):
    """Survivors and those to be placed add up to the need, child by child in a draw and in the mean."""
    children = set(county.children["child"])
    for year in (2025, 2027):
        totals = forecast.tables["totals"]
        whole = totals[
            (totals["year"] == year) & (totals[["locality", "need", "area", "phase", "kind"]] == ALL).all(axis=1)
        ]
        expected = forecast.year(year)
        assert expected.children == pytest.approx(float(whole["expected"].iloc[0]), rel=0.01)
        assert expected.survivors["child"].is_unique
        assert expected.survivors["children"].between(0, 1, inclusive="right").all()
        drawn = [forecast.draw(number, year) for number in range(25)]
        assert np.mean([one.children for one in drawn]) == pytest.approx(expected.children, rel=0.03)
        for one in drawn[:5]:
            assert one.survivors["child"].is_unique
            assert set(one.survivors["child"]) <= children
            assert (one.survivors["children"] == 1).all()
            assert (one.to_place["children"] == 1).all()
            assert one.to_place["entry_year"].between(2024, year).all()
            units = county.units.drop_duplicates("unit", keep="last").set_index("unit")
            ages = one.survivors.join(units[["from_year_group", "to_year_group"]], on="unit")
            assert (ages["year_group"] >= ages["from_year_group"]).all()
            assert (ages["year_group"] <= ages["to_year_group"]).all()
        present = county.children.set_index("child")
        same = present.loc[drawn[0].survivors["child"]]
        assert (same["unit"].to_numpy() == drawn[0].survivors["unit"].to_numpy()).all()
        assert (same["year_group"].to_numpy() + year - 2024 == drawn[0].survivors["year_group"].to_numpy()).all()
        reasons = set(expected.to_place["reason"])
        assert reasons <= {"new", "transfer", "moved", "waiting"}


def test_planned_children_of_a_draw_are_those_of_its_cells(forecast):
    cube = forecast.fit.cube
    planned = np.isin(np.arange(cube.size) % cube.shape[3], [PLACEMENT_AXIS.index(p) for p in planned_kinds()])
    wanted = forecast.draws.counts(2026, np.where(planned, 0, -1))[:, 0]
    for number in range(6):
        one = forecast.draw(number, 2026)
        placed = one.to_place[one.to_place["reason"] != "waiting"]
        assert len(one.survivors) + len(placed) == wanted[number]


def test_a_draw_is_the_same_each_time_and_stands_at_its_quantile(forecast):
    pd.testing.assert_frame_equal(forecast.draw(3, 2026).to_place, forecast.draw(3, 2026).to_place)
    counts = demand_counts(
        forecast.draws, forecast.fit.cube, 2027, forecast.rows, generator(forecast.seed, "demand 2027")
    )
    totals = counts.by_kind[..., DEMAND_KINDS.index("special")].sum(axis=(1, 2, 3))
    for level in (0.0, 0.1, 0.5, 0.8, 1.0):
        found = totals[forecast.at_quantile(level, 2027, kind="special")]
        assert (totals < found).mean() <= level + 0.01
        assert (totals <= found).mean() >= level - 0.01
    mean = mean_of([forecast.draw(number, 2026) for number in range(4)])
    assert mean.children == pytest.approx(np.mean([forecast.draw(number, 2026).children for number in range(4)]))
    assert mean.frame()["children"].sum() == pytest.approx(mean.children)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda f: f.draw(120, 2025), "draw 120: expected 0 to 119"),
        (lambda f: f.year(2031), "year 2031: expected 2024 to 2028"),
        (lambda f: f.at_quantile(0.5, 2025, kind="boat"), "boat at 0.5"),
        (lambda f: f.at_quantile(1.5, 2025, kind="special"), "a share from 0 to 1"),
        (lambda f: f.year(2025).frame(), "expected counts are by locality"),
        (lambda f: pp.forecast_need(f.county, draws=1), "2 to 10,000 draws"),
        (lambda f: pp.forecast_need(f.county, years=99), "1 to 25 years"),
        (lambda f: pp.forecast_need(f.county, as_of=2030), "as of 2030: expected 2024 or before"),
        (lambda f: pp.forecast_need(f.county, as_of=1995), "has no stock of plans for 1995"),
        (lambda f: pp.forecast_need(f.county, scenarios=["Utopia"], draws=50, backtests=False), "scenarios Utopia"),
    ],
)
def test_what_cannot_be_answered_is_said(forecast, ask, said):
    with pytest.raises(pp.UsageError, match=said):
        ask(forecast)


def test_demand_is_told_by_state_with_its_source(county, forecast):
    rows = {(row.state, row.placement): row for row in ForecastSettings().demand}
    states = forecast.tables["states"]
    assert {state for state, _ in rows} == set(states["state"])
    assert states["source"].str.len().min() > 3
    waiting = states[(states["year"] == 2024) & states["state"].str.startswith("waiting")]
    assert waiting["needing_expected"].sum() == pytest.approx(county.children["unit"].isna().sum(), rel=0.05)
    home = states[states["state"] == "educated at home"]
    assert (home["needing_expected"] == 0).all()
    none = replace(county, settings=replace(county.settings, forecast=replace(county.settings.forecast, demand=())))
    fit = forecast.fit
    assert demand_rows(none, fit.cube, fit.base) == ()
    bare = demand_counts(forecast.draws, fit.cube, 2026, (), generator(1, "x")).by_kind
    planned = np.isin(np.arange(fit.cube.size) % fit.cube.shape[3], [PLACEMENT_AXIS.index(p) for p in planned_kinds()])
    assert (bare.sum(axis=(1, 2, 3, 4)) == forecast.draws.counts(2026, np.where(planned, 0, -1))[:, 0]).all()


def test_the_scap_return_has_five_years_of_primary_and_seven_of_secondary(county):
    table = pp.forecast_need(county, years=9, draws=60, scenarios=[], backtests=False).tables["scap"]
    years = table.groupby("phase")["year"].agg(["min", "max"])
    assert years.loc["primary"].tolist() == [2025, 2029]
    assert years.loc["secondary"].tolist() == [2025, 2031]
    groups = table.groupby("phase")["year_group"].agg(["min", "max"])
    assert groups.loc["primary"].tolist() == [0, 6]
    assert groups.loc["secondary"].tolist() == [7, 11]


def test_backtests_score_every_horizon_beside_simple_methods_and_frozen_rates(county):
    cube = cube_of(county)
    rows = backtest_rows(county, cube, until=2024, seed=1, origins=[2016, 2019, 2021])
    scores = scores_of(rows)
    totals = scores[scores["what"] == "all plans"]
    assert set(totals["method"]) == {"placeplan", "rates frozen", "naive", "drift", "damped trend"}
    assert totals["horizon"].max() == 8
    assert any(what.startswith("parts: placement") for what in scores["what"])
    ours = totals[totals["method"] == "placeplan"].set_index("horizon")
    own = rows[(rows["method"] == "placeplan") & (rows["series"] == "plans") & (rows["horizon"] == 1)]
    by_hand = np.abs(own["middle"] - own["came"]).sum() / own["came"].sum()
    assert ours.loc[1, "wape"] == pytest.approx(by_hand)
    trust = trust_table(rows, 10).set_index("horizon")
    assert trust.loc[1, "origins"] == 3
    assert trust.loc[9, "trust"] == "untested"
    covered = own.assign(inside=own["came"].between(own["low_80"], own["high_80"]))["inside"].mean()
    assert trust.loc[1, "covered_80"] == pytest.approx(covered)
    assert trust.loc[1, "trust"] == ("tested" if covered >= 0.7 else "not to be trusted")
