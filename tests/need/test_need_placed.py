"""A forecast year placed and covered: the same children, the lower bound, and warnings that go along."""

import pytest
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp
from placeplan.need.handover import mean_of

COUNTS = {2018: 4, 2019: 4, 2020: 5, 2021: 5, 2022: 5, 2023: 6, 2024: 6}
PLANS = "".join(f"{year},stock,total,,,,,,,,{count}\n" for year, count in COUNTS.items())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = write_tiny_county(tmp_path_factory.mktemp("need") / "tiny")
    head = TINY_TABLES["plans"].splitlines(keepends=True)
    (folder / "plans.csv").write_text(head[0] + PLANS, encoding="utf-8")
    return pp.read_county(folder)


@pytest.fixture(scope="module")
def travel(tiny):
    return pp.travel_times(tiny)


@pytest.fixture(scope="module")
def forecast(tiny):
    return pp.forecast_need(tiny, years=3, draws=60)


def test_survivors_stay_and_all_others_are_placed(tiny, travel, forecast):
    need = forecast.draw(0, 2025)
    answer = pp.allocate_places(pp.county_in(tiny, need), travel)
    placed = answer.placements.set_index("child")
    assert len(placed) == need.children
    stays = need.survivors.set_index("child")["unit"]
    assert placed.loc[stays.index, "unit"].tolist() == stays.tolist()
    assert placed.loc[stays.index, "stays"].all()
    others = placed.drop(index=stays.index)
    assert others.index.str.startswith("F").all()
    assert not others["stays"].any()
    assert answer.proof.status == "optimal"
    assert answer.proof.verification.holds


def test_the_answer_on_expected_counts_is_a_lower_bound_on_the_mean(tiny, travel, forecast):
    for year in (2027,):
        answer = pp.allocate_need(tiny, travel, forecast, year, draws=range(5))
        summary = answer.summary.set_index("measure")
        row = summary.loc["to_place_pounds"]
        assert row["lower_bound"] <= row["mean"] + 0.01
        assert row["mean"] == pytest.approx(answer.by_draw["to_place_pounds"].mean())
        assert summary.loc["children", "mean"] == pytest.approx(
            sum(forecast.draw(number, year).children for number in range(5)) / 5
        )
        assert answer.warnings == forecast.warnings
        assert len(answer.warnings) > 0


def test_on_draws_that_are_alike_the_bound_is_the_cost_itself(tiny, travel, forecast):
    one = pp.allocate_need(tiny, travel, forecast, 2026, draws=[3])
    row = one.summary.set_index("measure").loc["to_place_pounds"]
    assert row["lower_bound"] == pytest.approx(row["mean"], abs=0.01)


def test_a_forecast_year_is_covered_with_the_units_of_that_year(tiny, travel, forecast):
    coverage = pp.cover_need(tiny, travel, forecast, 2026, draws=range(5))
    assert coverage.year == 2026
    assert "forecast for 2026" in coverage.need_label
    assert all(warning in coverage.need_label for warning in forecast.warnings)
    mean = mean_of([forecast.draw(number, 2026) for number in range(5)])
    equity = coverage.tables["equity"].set_index("by")
    assert equity.loc["county", "children"] == pytest.approx(mean.children)


def test_a_mean_is_no_draw_and_no_draws_are_refused(tiny, travel, forecast):
    with pytest.raises(pp.UsageError, match="expected one draw"):
        pp.county_in(tiny, mean_of([forecast.draw(0, 2025), forecast.draw(1, 2025)]))
    with pytest.raises(pp.UsageError, match="at least one"):
        pp.allocate_need(tiny, travel, forecast, 2025, draws=[])
    with pytest.raises(pp.UsageError, match="at least one"):
        pp.cover_need(tiny, travel, forecast, 2025, draws=[])


def test_a_report_tells_of_the_need_to_come(tiny, travel, forecast, tmp_path):
    answers = [pp.allocate_places(tiny, travel, question=question) for question in ("today", "september")]
    folder = pp.report_allocation(answers, tmp_path / "run", forecast=forecast, internal=True)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "The need to come" in page
    for warning in forecast.warnings:
        assert warning in page
    tables = {path.stem for path in (folder / "tables").iterdir()}
    assert {"forecast_totals", "forecast_trust"} <= tables
    without = pp.report_allocation(answers, tmp_path / "other", internal=True)
    assert "The need to come" not in (without / "report.html").read_text(encoding="utf-8")
