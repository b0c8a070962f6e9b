"""The command forecast as a user meets it: what it writes, says, refuses and keeps to itself; and its page."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from support.commands import call
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp
from placeplan.privacy import share_safe
from placeplan.report.fan_charts import fans_of
from placeplan.report.forecast_page import forecast_html
from placeplan.studies.forecast_answers import forecast_run

PLANS = """\
2018,stock,total,,,,,,,,4
2019,stock,total,,,,,,,,4
2020,stock,total,,,,,,,,5
2021,stock,total,,,,,,,,5
2022,stock,total,,,,,,,,5
2023,stock,total,,,,,,,,6
2024,stock,total,,,,,,,,6
"""
SCENARIOS = """\
scenario,lever,from_year,to_year,locality,need,phase,from_placement,to_placement,effect,effect_low,effect_high,\
excluded,homes,source
Fewer plans,support_without_plan,2026,,,,,,,0.5,0.2,0.6,,,a test
"""


@pytest.fixture(scope="module")
def run():
    county = pp.read_county("example:derbyshire")
    return forecast_run(pp.forecast_need(county, years=6, draws=60, scenarios=["Inclusion"], backtests=False))


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write_tiny_county(tmp_path / "tiny")
    head = TINY_TABLES["plans"].splitlines(keepends=True)
    (folder / "plans.csv").write_text(head[0] + PLANS, encoding="utf-8")
    (folder / "scenarios.csv").write_text(SCENARIOS, encoding="utf-8")
    return folder


def test_it_writes_a_run_with_its_page_and_charts_and_says_the_answer(tiny):
    result = call("forecast", tiny, "--years", 3, "--draws", 60, "--out", "run")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[-1].endswith("forecast.html")
    assert any(line.startswith("How sure:") for line in lines)
    folder = tiny.parent / "run"
    tables = {path.stem for path in (folder / "tables").iterdir()}
    assert {f"forecast_{name}" for name in ("totals", "plans", "states", "trust", "notes", "scenarios")} <= tables
    assert "forecast_need" not in tables  # by need, and so for --internal alone
    assert {path.suffix for path in (folder / "fans").iterdir()} == {".png", ".svg"}
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["facts"]["forecast_warnings"]
    assert call("forecast", tiny, "--out", "run").exit_code == 2  # it is there already


def test_the_same_call_gives_the_same_bytes_and_a_run_can_be_reported_again(tiny):
    for out in ("one", "two"):
        assert call("forecast", tiny, "--years", 2, "--draws", 50, "--no-backtests", "--out", out).exit_code == 0
    for path in (tiny.parent / "one").rglob("*"):
        if path.is_file() and path.suffix in (".csv", ".html", ".svg", ".png", ".xlsx"):
            assert path.read_bytes() == (tiny.parent / "two" / path.relative_to(tiny.parent / "one")).read_bytes(), path
    page = (tiny.parent / "one" / "forecast.html").read_text(encoding="utf-8")
    result = call("report", "one")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip().endswith("forecast.html")
    assert (tiny.parent / "one" / "forecast.html").read_text(encoding="utf-8") == page


def test_a_year_can_be_placed_as_well(tiny, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tiny.parent / "cache"))
    arguments = ("--years", 3, "--draws", 50, "--no-backtests", "--allocate", 2026, "--allocate-draws", 3, "--internal")
    result = call("forecast", tiny, *arguments, "--out", "run")
    assert result.exit_code == 0, result.stderr
    placed = pp.read_run(tiny.parent / "run").tables["forecast_placed"].set_index("measure")
    assert (placed["year"] == 2026).all()
    assert placed.loc["to_place_pounds", "lower_bound"] <= placed.loc["to_place_pounds", "mean"] + 0.01
    assert placed.loc["placed", "mean"] + placed.loc["gap", "mean"] == pytest.approx(
        placed.loc["children", "mean"], abs=0.01
    )
    assert "Placed in 2026/27" in (tiny.parent / "run" / "forecast.html").read_text(encoding="utf-8")
    shared = pp.write_report(share_safe(pp.read_run(tiny.parent / "run")), tiny.parent / "shared")
    safe = pp.read_run(shared).tables["forecast_placed"].set_index("measure")
    assert (safe.loc["to_place_pounds", ["mean", "low_80", "high_80"]] % 100 == 0).all()
    counts = safe.loc[["children", "placed"], "mean"].dropna()
    assert ((counts == 0) | (counts >= 5)).all()
    late = call("forecast", tiny, "--years", 2, "--draws", 50, "--no-backtests", "--allocate", 2031, "--out", "late")
    assert late.exit_code == 2
    assert "year 2031: expected 2024 to 2026" in late.stderr


def test_internal_is_marked_and_has_the_detail(tiny):
    assert call("forecast", tiny, "--years", 2, "--draws", 50, "--out", "run", "--internal").exit_code == 0
    folder = tiny.parent / "run"
    assert "INTERNAL" in (folder / "forecast.html").read_text(encoding="utf-8")
    assert (folder / "tables" / "forecast_need.csv").is_file()


def test_as_of_scores_what_came(tiny):
    result = call("forecast", tiny, "--as-of", 2022, "--years", 2, "--draws", 50, "--out", "run", "--internal")
    assert result.exit_code == 0, result.stderr
    came = pp.read_run(tiny.parent / "run").tables["forecast_as_of"].set_index(["series", "year"])["came"]
    assert came[("all plans", 2024)] == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--as-of", 2001], "has no stock of plans for 2001"),
        (["--as-of", 2031], "as of 2031: expected 2024 or before"),
        (["--scenario", "Utopia"], "scenarios Utopia: expected some of Fewer plans"),
        (["--years", 99], "25"),
        (["--draws", 1], "2"),
    ],
)
def test_what_it_cannot_do_is_said_with_exit_code_2(tiny, arguments, said):
    result = call("forecast", tiny, "--no-backtests", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr + result.stdout
    assert not (tiny.parent / "runs").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("scenarios", SCENARIOS.replace("0.5,0.2,0.6", "0.5,0.7,0.6"), "effect_low, value '0.7'"),
        ("scenarios", SCENARIOS.replace("support_without_plan", "magic"), "lever"),
        ("scenarios", SCENARIOS.replace(",2026,,", ",2026,2025,"), "to_year"),
        ("scenarios", SCENARIOS.replace("support_without_plan", "conversion"), "from_placement"),
        ("scenarios", SCENARIOS.replace("support_without_plan", "housing"), "homes"),
        ("comparators", "authority,year,plans\nA,2020,0\n", "plans"),
        ("comparators", "authority,year,plans\nA,2020,5\nA,2020,6\n", "authority"),
        ("births", "locality,year,births\nnowhere,2025,10\n", "locality"),
    ],
)
def test_damaged_tables_are_told_before_anything_is_written(tiny, name, text, said):
    (tiny / f"{name}.csv").write_text(text, encoding="utf-8")
    result = call("forecast", tiny, "--draws", 50)
    assert result.exit_code == 2
    assert name in result.stderr
    assert said.split(",")[0] in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tiny.parent / "runs").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[forecast]\nyears = 99\n", "forecast.years"),
        ("[forecast]\nceiling_share = 0\n", "forecast.ceiling_share"),
        (
            '[[forecast.policies]]\nname = "x"\nfirst_year = 2020\neffect = 0.1\nlow = 0.2\nhigh = 0.3\nsource = "y"\n',
            "forecast.policies.1",
        ),
        (
            '[[forecast.demand]]\nstate = "x"\nplacement = "neet"\nshare = 0.99\nkind = "special"\nsource = "y"\n',
            "shares of neet that add up to",
        ),
        ('[[forecast.breaks]]\nyear = 2022\nmeasure = "weather"\nsource = "y"\n', "forecast.breaks"),
    ],
)
def test_damaged_settings_are_told(tiny, settings, said):
    with (tiny / "county.toml").open("a", encoding="utf-8") as file:
        file.write(settings)
    result = call("forecast", tiny, "--draws", 50)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_leaves_has_no_small_count_no_need_and_nothing_of_the_start_by_cell(run):
    safe = share_safe(run)
    assert "forecast_need" not in safe.tables
    totals = safe.tables["forecast_totals"]
    assert (totals["need"] == "all").all()
    start = totals[totals["year"] == 2024]
    assert (start[["locality", "area", "phase"]] == "all").all(axis=None)
    for name in ("totals", "plans", "states", "scap", "size"):
        frame = safe.tables[f"forecast_{name}"]
        told = frame[
            [column for column in ("expected", "median", "plans", "needing_expected") if column in frame.columns]
        ]
        values = told.to_numpy(float)
        values = values[~np.isnan(values)]
        assert ((values == 0) | (values >= 5)).all()
        assert (values % 5 == 0).all()
    assert {"forecast_need"} <= set(safe.facts["withheld"])


def test_the_page_is_whole_and_fetches_nothing(run):
    for one in (share_safe(run), run):
        page = forecast_html(one)
        assert not re.search(r"(src|href)=\"(?!#|data:)", page)
        assert "http" not in re.sub(
            r"http://www\.w3\.org/[\w/.]+|https?://(purl|creativecommons)\.org/[\w/.#]+", "", page
        )
        for heading in (
            "The answer",
            "How far to trust it",
            "Scenarios side by side",
            "For the School Capacity survey",
        ):
            assert heading in page
        assert page.count("<svg") == 3
    assert "untested" in forecast_html(run)


def test_every_warning_stands_on_the_page_and_in_every_later_output(run):
    page = forecast_html(share_safe(run))
    for warning in run.facts["forecast_warnings"]:
        assert warning in page


def test_charts_are_by_kind_by_locality_and_by_need_and_phase(run):
    assert len(fans_of(run, "locality")) == 6
    assert {fan.heading for fan in fans_of(run, "kind")} >= {"Special school", "Enhanced resource school"}
    inside = fans_of(run, "CH")
    assert any(fan.heading.startswith("ASD, primary") for fan in inside)
    shared = fans_of(share_safe(run), "CH")
    assert any("Communication" in fan.heading for fan in shared)
    for fan in inside + shared:
        assert isinstance(fan.rows, pd.DataFrame)
        assert fan.rows["median"].notna().sum() > 1
