"""placeplan allocate --years: the forecast it needs, the years in the run and on the page, and what it cannot do."""

import json

import pytest
from support import commands
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp

COUNTS = {2018: 4, 2019: 4, 2020: 5, 2021: 5, 2022: 5, 2023: 6, 2024: 6}
PLANS = "".join(f"{year},stock,total,,,,,,,,{count}\n" for year, count in COUNTS.items())


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    folder = write_tiny_county(tmp_path / "tiny")
    head = TINY_TABLES["plans"].splitlines(keepends=True)
    (folder / "plans.csv").write_text(head[0] + PLANS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    return folder


def call(*arguments):
    return commands.call("allocate", *arguments)


def test_years_are_placed_told_and_written(tiny):
    result = call(tiny, "--years", 2, "--draw", 3, "--internal", "--out", "run")
    assert result.exit_code == 0, result.stderr
    assert "In one future (draw 3)" in result.stdout
    run = pp.read_run("run")
    assert list(run.tables["years"]["year"]) == [2025, 2026]
    assert run.tables["years_proof"]["status"].tolist() == ["optimal"]
    assert run.tables["years_proof"]["verified"].tolist() == [True]
    page = (tiny.parent / "run" / "report.html").read_text(encoding="utf-8")
    assert "Over the years" in page
    facts = json.loads((tiny.parent / "run" / "run.json").read_text(encoding="utf-8"))["facts"]
    assert facts["options"]["years"] == 2
    assert facts["years_need"] == "draw 3"
    assert facts["forecast_warnings"]
    for warning in facts["forecast_warnings"]:
        assert f"How sure: {warning}" in result.stdout
        assert warning in page


def test_the_same_call_gives_the_same_bytes(tiny):
    for out in ("one", "two"):
        assert call(tiny, "--years", 2, "--out", out).exit_code == 0
    for path in sorted((tiny.parent / "one").rglob("*")):
        if path.suffix in (".csv", ".html", ".xlsx"):
            assert path.read_bytes() == (tiny.parent / "two" / path.relative_to(tiny.parent / "one")).read_bytes(), path


def test_without_years_there_is_no_such_section(tiny):
    assert call(tiny, "--out", "run").exit_code == 0
    assert "Over the years" not in (tiny.parent / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--years", 2, "--question", "today"], "expected --question september"),
        (["--years", 2, "--question", "all"], "expected --question september"),
        (["--years", 11], "--years 11: expected 1 to 10"),
        (["--years", 0], "1"),
        (["--draw", 3], "--draw: expected --years with it"),
        (["--years", 1, "--draw", 4000], "draw 4000: expected 0 to"),
    ],
)
def test_what_it_cannot_do_is_said_with_exit_code_2(tiny, arguments, said):
    result = call(tiny, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr + result.stdout
    assert not (tiny.parent / "runs").exists()


def test_a_county_without_plans_is_told_what_is_missing(tiny):
    (tiny / "plans.csv").unlink()
    (tiny / "children.csv").unlink()
    result = call(tiny, "--years", 1)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
