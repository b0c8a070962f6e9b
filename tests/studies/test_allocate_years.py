"""Placement over years: worked by hand, against a linear programme of its own, and what its verification refuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.need.entering import entering, named_groups, shares_left, yearly_shares
from placeplan.privacy import share_safe
from placeplan.studies.allocate_years import recount_of, years_claim
from placeplan.verify_years import verify_years
from placeplan.years_problem import with_substitutes, years_problem

COUNTS = {2018: 4, 2019: 4, 2020: 5, 2021: 5, 2022: 5, 2023: 6, 2024: 6}
PLANS = "".join(f"{year},stock,total,,,,,,,,{count}\n" for year, count in COUNTS.items())
YEARS = (2025, 2026, 2027)
RATE = 1.035


def tiny_with(folder, **tables):
    write_tiny_county(folder)
    head = TINY_TABLES["plans"].splitlines(keepends=True)
    for name, text in {"plans": head[0] + PLANS, **tables}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return pp.read_county(folder)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_with(tmp_path_factory.mktemp("years") / "tiny")


@pytest.fixture(scope="module")
def travel(tiny):
    return pp.travel_times(tiny)


@pytest.fixture(scope="module")
def forecast(tiny):
    return pp.forecast_need(tiny, years=3, draws=60)


@pytest.fixture(scope="module")
def answer(tiny, travel, forecast):
    return pp.allocate_years(tiny, travel, forecast, years=3, draws=[0])


@pytest.mark.usefixtures("nothing_found")
def test_without_time_for_an_answer_that_is_said(tiny, travel, forecast):
    with pytest.raises(pp.NotProvenError, match="no answer was found in 1e-09 s"):
        pp.allocate_years(tiny, travel, forecast, years=3, draws=[0], time_limit=1e-9)


def recounted(county, travel, forecast, draw, years=YEARS, *, spot_purchase=True):
    needs = {year: forecast.draw(draw, year) for year in years}
    return recount_of(
        county,
        travel,
        forecast,
        [draw],
        to_place={year: need.to_place for year, need in needs.items()},
        survivors={year: need.survivors for year, need in needs.items()},
        spot_purchase=spot_purchase,
    )


def test_a_child_enters_in_the_first_year_outside_its_unit(forecast):
    # c2 is in year group 5 in 2024, and the primary base ends with 6: it stays in 2025 and comes out in 2026.
    seen = 0
    for draw in range(20):
        assert "c2" not in set(forecast.draw(draw, 2026).survivors["child"])
        for year, year_group in ((2026, 7), (2027, 8)):
            rows = forecast.draw(draw, year).to_place
            out = rows[(rows["placement"] == "resourced_provision") & (rows["entry_year"] == 2026)]
            out = out[(out["reason"] == "transfer") & (out["year_group"] == year_group) & (out["zone"] == "z2")]
            seen += len(out)
        if "c2" in set(forecast.draw(draw, 2025).survivors["child"]):
            assert len(forecast.draw(draw, 2025).to_place.query("entry_year == 2026")) == 0
    assert seen > 20
    expected = forecast.year(2027).to_place
    assert expected.loc[(expected["entry_year"] == 2026) & (expected["reason"] == "transfer"), "children"].sum() > 0.5


def test_entering_groups_thinned_and_survivors_add_up_to_the_stock_in_expectation():
    """In one draw children cease and move by chance, and who of a placement needs another is drawn anew each year.

    A group is thinned by what is expected: over draws the differences have mean nought, which is tested against four
    of their standard errors, and the mean difference is under one child in a hundred.
    """
    county = pp.read_county("example:derbyshire")
    forecast = pp.forecast_need(county, years=4, draws=50, scenarios=[], backtests=False)
    years = forecast.years[1:]
    differences = []
    for draw in range(12):
        needs = {year: forecast.draw(draw, year) for year in years}
        groups = named_groups(entering({year: need.to_place for year, need in needs.items()}))
        left = shares_left(groups, yearly_shares(forecast.fit.cohort, forecast.cease_shift[[draw]]), years)
        model = {year: len(needs[year].survivors) + float(groups["children"] @ left[year]) for year in years}
        assert model[years[0]] == needs[years[0]].children
        differences.append([needs[year].children - model[year] for year in years])
    found = np.array(differences)[:, 1:]
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0)) < 4 * error).all()
    assert (np.abs(found.mean(axis=0)) < 0.01 * forecast.draw(0, years[0]).children).all()


def test_stays_cost_what_they_cost_by_hand(tiny, travel):
    groups = pd.DataFrame(
        {
            "year": [2025],
            "zone": ["z1"],
            "need": ["ASD"],
            "year_group": [5],
            "suits": ["ers"],
            "placement": ["resourced_provision"],
            "children": [1.0],
        },
        index=pd.Index(["g"], name="group"),
    )
    shares = pd.DataFrame([[1.0, 0.8, 0.4]], index=groups.index, columns=pd.Index(YEARS, name="year"))
    nobody = pd.DataFrame({"child": [], "unit": [], "zone": [], "need": [], "year_group": [], "children": []})
    problem = years_problem(tiny, travel, groups, shares, dict.fromkeys(YEARS, nobody.astype({"children": float})))
    stays = problem.placement.stays.set_index(["from_year", "unit"])
    # 2 km by taxi for three in ten children: 0.3 x 190 x 2 x (13 + 1.45 x 2) / 1.4; an ERS place is paid 4,000 less.
    base = 8000 + round(0.3 * 190 * 2 * (13 + 1.45 * 2) / 1.4, 2) - 4000
    spot = 61000 + round(1.0 * 190 * 2 * (13 + 1.45 * 30) / 1.4, 2)
    assert stays.loc[(2025, "base_primary"), "to_year"] == 2026  # the base ends with year group 6
    assert stays.loc[(2025, "base_primary"), "cost"] == pytest.approx(base * (1 + 0.8 / RATE), abs=0.005)
    assert stays.loc[(2026, "base_primary"), "cost"] == pytest.approx(base / RATE, abs=0.005)
    assert stays.loc[(2027, "base_secondary"), "cost"] == pytest.approx(base / RATE**2, abs=0.005)
    assert stays.loc[(2026, SPOT_PURCHASE), "cost"] == pytest.approx(spot / RATE, abs=0.005)
    assert set(stays.index) == {
        (2025, "base_primary"),
        (2026, "base_primary"),
        (2027, "base_secondary"),
        *((year, SPOT_PURCHASE) for year in YEARS),
    }


def stays_of(facts):
    """Every stay from the recounted tables: group, first and last year, unit, discounted pounds a child who begins."""
    made = []
    for group in facts.groups:
        for first in range(group[0], facts.years[-1] + 1):
            here = facts.left(group, first)
            for unit in facts.options(facts.who(group, first), first) if here > 0 else ():
                last = facts.last_year(group, unit, first)
                pounds = sum(
                    facts.left(group, year)
                    / here
                    * facts.discount(year)
                    * facts.options(facts.who(group, year), year)[unit]
                    for year in range(first, last + 1)
                )
                made.append((group, first, last, unit, pounds))
    return made


def whole_programme(facts):
    """The whole as one linear programme: stays, and overfill by band; a place can always be bought for one child."""
    stays = stays_of(facts)
    costs, upper = [pounds for *_, pounds in stays], [None] * len(stays)
    comes, taken = {}, {}
    for number, (group, first, last, unit, _) in enumerate(stays):
        here = facts.left(group, first)
        comes.setdefault((group, first), {})[number] = 1.0
        if last < facts.years[-1] and facts.left(group, last + 1) > 0:
            comes.setdefault((group, last + 1), {})[number] = -facts.left(group, last + 1) / here
        for year in range(first, last + 1):
            taken.setdefault((year, unit), {})[number] = facts.left(group, year) / here
    rooms = []
    for (year, unit), line in taken.items():
        row = facts.of[year].units.get(unit, {"room": np.inf})
        rooms.append(row["room"] - facts.held[year, unit])
        ends = [
            np.floor((row["ceiling_room"] - row["room"]) * share + 0.5) for share in (0.5, 1.0) if row["room"] < np.inf
        ]
        for width, penalty in zip(np.diff([0.0, *ends]), (2000.0, 5000.0), strict=False):
            line[len(costs)] = -1.0
            costs.append((row["fixed"] + penalty) * facts.discount(year))
            upper.append(width)
    supply = [facts.groups[group] if year == group[0] else 0.0 for group, year in comes]
    limited = [number for number, room in enumerate(rooms) if np.isfinite(room)]
    lines = list(taken.values())
    result = linprog(
        costs,
        A_eq=matrix_of(comes.values(), len(costs)),
        b_eq=supply,
        A_ub=matrix_of([lines[number] for number in limited], len(costs)),
        b_ub=[rooms[number] for number in limited],
        bounds=[(0, most) for most in upper],
    )
    assert result.status == 0
    return result.fun


def matrix_of(lines, size):
    lines = list(lines)
    made = np.zeros((len(lines), size))
    for number, line in enumerate(lines):
        made[number, list(line)] = list(line.values())
    return made


@pytest.mark.parametrize("draw", [0, 1, 2, 3])
def test_the_cost_is_that_of_the_whole_programme(tiny, travel, forecast, draw):
    answer = pp.allocate_years(tiny, travel, forecast, years=3, draws=[draw])
    whole = whole_programme(recounted(tiny, travel, forecast, draw))
    # Each stay is in whole pence.
    assert answer.proof.objective == pytest.approx(whole, abs=0.01 * len(answer.placement.flows) + 0.01)
    assert answer.proof.status == "optimal"
    assert answer.proof.bound == pytest.approx(answer.proof.objective)


def test_one_year_is_what_allocate_need_does_with_that_draw(tiny, travel, forecast):
    """Exactly the same: without later years nobody is thinned or discounted.

    Where the county has substitutes (whole children there, shares here), rules over sites or children who may move, the
    two differ by these; preferences of children to come are in neither.
    """
    for draw in (0, 1, 5):
        one = pp.allocate_years(tiny, travel, forecast, years=1, draws=[draw])
        need = pp.allocate_need(tiny, travel, forecast, 2025, draws=[draw], expected=False).by_draw.iloc[0]
        total = one.tables["years"].iloc[0]
        assert one.proof.objective == pytest.approx(need["to_place_pounds"], abs=0.01)
        assert total["cost_pounds"] == pytest.approx(need["cost_pounds"], abs=0.05)
        assert one.net_present_pounds == pytest.approx(total["cost_pounds"])
        for measure in ("children", "placed", "gap", "spot_purchase"):
            assert total[measure] == need[measure]


def test_every_child_of_every_year_is_somewhere(answer, forecast):
    totals = answer.tables["years"]
    assert totals["children"].iloc[0] == forecast.draw(0, 2025).children
    parts = totals[["staying", "entering", "placed_again"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(totals["children"].to_numpy())
    assert (totals["placed"] + totals["gap"]).to_numpy() == pytest.approx(totals["children"].to_numpy())
    for name in ("years_use", "years_gap"):
        assert set(answer.tables[name]["year"]) == set(YEARS)
    use = answer.tables["years_use"].groupby("year")[["held", "newcomers"]].sum().sum(axis=1)
    bought = totals.set_index("year")["spot_purchase"]
    assert (use + bought).to_numpy() == pytest.approx(totals["placed"].to_numpy())
    by_cell = answer.tables["years_gap"].groupby("year")["children"].sum()
    assert by_cell.to_numpy() == pytest.approx(totals["children"].to_numpy())
    costs = answer.tables["years_costs"].groupby("year")["pounds"].sum()
    assert costs.to_numpy() == pytest.approx(totals["cost_pounds"].to_numpy(), abs=0.01)
    present = sum(pounds / RATE**later for later, pounds in enumerate(totals["cost_pounds"]))
    assert answer.net_present_pounds == pytest.approx(present, abs=0.01)
    assert answer.warnings == forecast.warnings


def test_without_spot_purchase_children_wait_and_come_again(tiny, travel, forecast):
    answer = pp.allocate_years(tiny, travel, forecast, years=3, draws=[0], spot_purchase=False)
    totals = answer.tables["years"]
    assert (totals["spot_purchase"] == 0).all()
    assert totals["gap"].sum() > 0
    assert totals["placed_again"].sum() > 0
    assert answer.proof.status == "optimal"


def test_a_lasting_place_saves_what_a_county_with_it_saves(tmp_path, travel, forecast, answer):
    lasting = answer.tables["years_lasting"].set_index("unit").loc["base_primary"]
    units = TINY_TABLES["units"].replace("ASD,0,6,,2,0,3,", "ASD,0,6,,3,0,4,")
    larger = tiny_with(tmp_path / "larger", units=units)
    other = pp.allocate_years(larger, travel, forecast, years=3, draws=[0])
    saved = answer.proof.objective - other.proof.objective
    assert lasting["cash_saving"] + lasting["penalty_saving"] == pytest.approx(saved, abs=0.05)
    assert lasting["fixed_cost"] == pytest.approx(10_000 * (1 + 1 / RATE + 1 / RATE**2), abs=0.01)
    prices = answer.tables["years_prices"].groupby("unit")["saving_at_most"].sum()
    assert saved <= prices["base_primary"] + 0.01


def test_several_draws_are_their_mean(tiny, travel, forecast):
    answer = pp.allocate_years(tiny, travel, forecast, years=2, draws=range(4))
    assert answer.label == "expected over 4 draws"
    children = sum(forecast.draw(draw, 2025).children for draw in range(4)) / 4
    assert answer.tables["years"]["children"].iloc[0] == pytest.approx(children)


def test_the_draw_is_that_of_the_median_need_unless_given(tiny, travel, forecast):
    median = forecast.at_quantile(0.5, 2026, kind="all")
    assert pp.allocate_years(tiny, travel, forecast, years=2).label == f"draw {median}"


def test_a_substitute_takes_its_share_of_a_group(tmp_path, travel, forecast):
    table = "need,phase,from_kind,from_model,to_kind,to_model,share,source\n"
    table += "SLD,primary,ers,alternative,special,,0.25,test\n"
    county = tiny_with(tmp_path / "tiny", substitutes=table)
    groups = entering({2025: forecast.draw(0, 2025).to_place})
    split = with_substitutes(county, groups)
    assert split["children"].sum() == pytest.approx(groups["children"].sum())
    chosen = split[(split["need"] == "SLD") & split["suits"].str.endswith(";special")]
    assert chosen["children"].sum() == pytest.approx(0.25 * groups.loc[groups["need"] == "SLD", "children"].sum())
    assert pp.allocate_years(county, travel, forecast, years=2, draws=[0]).proof.verification.holds


BROKEN = {
    "a child who is nowhere": lambda claim: replace(claim, flows=claim.flows[1:]),
    "more children than enter": lambda claim: replace(
        claim, groups={name: (group, children + 1.0) for name, (group, children) in claim.groups.items()}
    ),
    "a unit that does not suit": lambda claim: replace(
        claim, flows=[(g, f, t, "base_secondary" if u == "special" else u, n) for g, f, t, u, n in claim.flows]
    ),
    "a stay that ends too soon": lambda claim: replace(
        claim, flows=[(g, f, f if u == "special" else t, u, n) for g, f, t, u, n in claim.flows]
    ),
    "children of a group that is not there": lambda claim: replace(
        claim, flows=[*claim.flows, ("nobody", 2025, 2025, "special", 1.0)]
    ),
    "a gap of a year that is not theirs": lambda claim: replace(claim, gap={(next(iter(claim.groups)), 2031): 1.0}),
    "a count": lambda claim: replace(claim, counts={**claim.counts, (2026, "spot_purchase"): 0.0}),
    "a cost": lambda claim: replace(claim, costs={key: pounds + 1 for key, pounds in claim.costs.items()}),
    "a cost left out": lambda claim: replace(claim, costs=dict(list(claim.costs.items())[1:])),
    "a penalty": lambda claim: replace(claim, penalties=dict.fromkeys(claim.penalties, 10.0)),
    "an objective": lambda claim: replace(claim, objective=claim.objective * 0.99),
    "prices that prove less": lambda claim: replace(claim, prices={"cost": {}}),
    "a price below nought": lambda claim: replace(claim, prices={"cost": {"places[special,2026]": 5.0}}),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_answer_is_refused(tiny, travel, forecast, answer, what):
    facts = recounted(tiny, travel, forecast, 0)
    claim = years_claim(answer.problem, answer.placement, answer.tables)
    assert verify_years(facts, claim).holds
    assert not verify_years(facts, BROKEN[what](claim)).holds


def test_a_unit_above_its_ceiling_is_refused(tiny, travel, forecast, answer):
    facts = recounted(tiny, travel, forecast, 0)
    claim = years_claim(answer.problem, answer.placement, answer.tables)
    for recount in facts.of.values():
        recount.units["special"].update(ceiling_room=1.0, room=1.0)
    found = verify_years(facts, claim).violations
    assert any("its ceiling leaves room for 1" in one for one in found)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"years": 4}, "4 years: expected 1 to 3"),
        ({"years": 0}, "0 years: expected 1 to 3"),
        ({"years": 1, "draws": [60]}, "draw 60: expected 0 to 59"),
        ({"years": 1, "draws": []}, "at least one"),
    ],
)
def test_what_the_forecast_does_not_have_is_said(tiny, travel, forecast, asked, said):
    with pytest.raises(pp.UsageError, match=said):
        pp.allocate_years(tiny, travel, forecast, **asked)


def test_a_run_tells_of_the_years_share_safe_unless_internal(tiny, travel, forecast, answer, tmp_path):
    september = pp.allocate_places(tiny, travel)
    folder = pp.report_allocation([september], tmp_path / "run", over_years=answer, internal=True)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Over the years" in page
    assert "In one future (draw 0), 8 children need a place in 2025/26" in page
    for warning in forecast.warnings:
        assert warning in page
    run = pp.read_run(folder)
    safe = share_safe(run)
    names = [name for name in run.tables if name.startswith("years")]
    assert len(names) == 8
    assert set(names) <= set(safe.tables)
    assert "need" not in safe.tables["years_gap"].columns
    assert safe.facts["forecast_warnings"] == list(forecast.warnings)
    for name, columns in (
        ("years", ["children", "staying", "entering", "placed_again", "placed", "gap", "spot_purchase"]),
        ("years_use", ["held", "newcomers", "overfill"]),
        ("years_gap", ["children", "gap", "spot_purchase", "out_of_county"]),
    ):
        values = safe.tables[name][columns].to_numpy(float)
        values = values[~np.isnan(values)]
        assert ((values == 0) | (values >= 5)).all()
        assert (values % 5 == 0).all()
    # The one child whose place health pays for is in no figure: neither the line's, nor the fund's.
    assert safe.tables["years"]["health_pounds"].isna().all()
    shown = safe.tables["years_costs"]
    assert shown.loc[shown["fund"] == "health", "pounds"].isna().all()
    again = pp.write_report(run, tmp_path / "again", internal=True)
    section = page[page.index("Over the years") : page.index("The method and its proof")]
    assert section in (again / "report.html").read_text(encoding="utf-8")


def test_a_county_that_knows_no_children_places_all_of_them(tmp_path, travel):
    tiny_with(tmp_path / "tiny")
    (tmp_path / "tiny" / "children.csv").unlink()
    county = pp.read_county(tmp_path / "tiny")
    forecast = pp.forecast_need(county, years=2, draws=20, backtests=False)
    answer = pp.allocate_years(county, travel, forecast, years=2, draws=[0])
    totals = answer.tables["years"]
    assert totals["staying"].iloc[0] == 0
    assert totals["entering"].iloc[0] == forecast.draw(0, 2025).children
    assert answer.proof.verification.holds
