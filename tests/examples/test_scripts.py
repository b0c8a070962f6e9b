"""The numbered scripts run as a user would run them, and say what the tables say."""

import runpy
from pathlib import Path

import pytest
from support.case_county import CASE, quote, write_cases
from tiny_county import write_tiny_county

import placeplan.examples

SCRIPTS = Path(placeplan.examples.__file__).parent


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    return str(write_tiny_county(tmp_path / "tiny"))


def run(monkeypatch, name, *arguments):
    monkeypatch.setattr("sys.argv", [name, *arguments])
    runpy.run_path(str(SCRIPTS / name), run_name="__main__")


def test_who_goes_where_tells_both_questions(tiny, monkeypatch, capsys):
    run(monkeypatch, "01_who_goes_where.py", tiny)
    said = capsys.readouterr().out
    # Four of the tiny county's six children have a unit today; all six have one in September.
    assert "today: 4 children placed, 2 without a place" in said
    assert "september: 6 children placed, 0 without a place" in said
    assert "optimal" in said
    assert "0 combinations of locality, need and phase are short of places" in said


def test_where_next_adds_nothing_where_every_child_has_a_place(tiny, monkeypatch, capsys):
    run(monkeypatch, "02_where_next.py", tiny)
    said = capsys.readouterr().out
    assert said.count("0 pay for themselves: £0 a year net") == 2


def test_report_is_written_whole(tiny, monkeypatch, capsys, tmp_path):
    run(monkeypatch, "03_report.py", str(tmp_path / "run"), tiny)
    assert capsys.readouterr().out.strip() == str(tmp_path / "run" / "report.html")
    assert {"report.html", "run.json", "run.xlsx", "map.png", "run.gpkg", "tables"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }


def test_coverage_tells_the_gaps_and_draws_the_atlas(monkeypatch, capsys, tmp_path):
    run(monkeypatch, "04_coverage.py", str(tmp_path / "run"))
    said = capsys.readouterr().out
    assert "ers:alternative" in said
    assert "Glossop: autism base (primary)" in said
    assert "(optimal)" in said
    assert {"atlas.html", "maps", "run.gpkg", "tables"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_the_forecast_is_told_placed_and_covered(tiny, monkeypatch, capsys, tmp_path):
    run(monkeypatch, "05_forecast.py", str(tmp_path / "run"), tiny)
    said = capsys.readouterr().out
    assert "How sure:" in said
    assert "expected over 200 draws:" in said
    assert "a lower bound" in said
    assert {"forecast.html", "fans", "run.xlsx", "tables"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_years_are_placed_together(tiny, monkeypatch, capsys, tmp_path):
    run(monkeypatch, "06_over_years.py", str(tmp_path / "run"), tiny)
    said = capsys.readouterr().out
    assert ", optimal:" in said
    assert "How sure:" in said
    assert "are worth £" in said
    assert {"report.html", "run.xlsx", "tables"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_an_answer_is_explained_and_traded_off(tiny, monkeypatch, capsys, tmp_path):
    run(monkeypatch, "07_why_and_what_it_costs.py", str(tmp_path / "run"), tiny)
    said = capsys.readouterr().out
    # Every child of the tiny county has a place, so that no place saves more than it costs.
    assert said.count("8 more places at") == 2
    assert "Without preferences: £0 a year and 0 minutes saved" in said
    assert "The fewest places that leave nobody without one: 0; left all the same: 0" in said
    assert "cost;travel;equity" in said
    assert {"report.html", "frontier.png", "frontier.svg"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_options_of_a_case_and_of_a_meeting_are_told(tiny, monkeypatch, capsys, tmp_path):
    write_cases(Path(tiny), cases=[CASE, {**CASE, "case": "C2", "zone": "z1"}], quotes=[quote(), quote("C2")])
    run(monkeypatch, "08_options_for_a_case.py", str(tmp_path / "run"), tiny)
    said = capsys.readouterr().out
    assert "cost alike at a fee of £" in said
    assert "C1: " in said
    assert "optimal; what is left of the money: £" in said
    assert {"options.html", "cases", "decisions.xlsx", "tables"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_every_numbered_script_is_run_here():
    text = Path(__file__).read_text(encoding="utf-8")
    names = sorted(path.name for path in SCRIPTS.glob("[0-9]*.py"))
    assert len(names) == 8
    assert all(f'"{name}"' in text for name in names)
