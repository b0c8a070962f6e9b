"""The first five minutes: new, the fewest cells, then every command with its main options."""

from pathlib import Path

import pytest
from support.commands import call
from support.fewest_cells import CASE, CHILDREN, FEWEST, fill_folder, fill_workbook
from typer.testing import Result

FORMS = ("folder", "workbook")
TABLES = (FEWEST, CHILDREN, CASE)


def made(form: str, folder: Path, *tables: dict[str, list[dict[str, object]]]) -> Path:
    """A county that ``new`` wrote and that was filled in."""
    path = folder / ("mine.xlsx" if form == "workbook" else "mine")
    result = call("new", path, *(["--workbook"] if form == "workbook" else []))
    assert result.exit_code == 0, result.stderr
    (fill_workbook if form == "workbook" else fill_folder)(path, tables)
    return path


def page(result: Result) -> Path:
    """The page that a command made."""
    assert result.exit_code == 0, result.stderr
    written = Path(result.stdout.splitlines()[-1])
    assert written.suffix == ".html"
    assert "</html>" in written.read_text(encoding="utf-8")
    return written


@pytest.fixture(params=FORMS)
def county(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A county of the fewest cells, with three children, a candidate and a case."""
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return made(request.param, tmp_path, *TABLES)


@pytest.mark.parametrize("form", FORMS)
def test_the_fewest_cells_have_no_fault(form: str, tmp_path: Path) -> None:
    result = call("check", made(form, tmp_path, FEWEST))
    assert result.exit_code == 0, result.stderr
    assert (
        "Smallshire, as of 2025-01-16: no faults. 2 localities, 3 zones, 2 sites, 2 units, 0 children." in result.stdout
    )


@pytest.mark.parametrize("form", FORMS)
def test_what_a_county_has_no_rows_for_is_one_line(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    path = made(form, tmp_path, FEWEST)
    for command in (["allocate"], ["allocate", "--years", "2"], ["coverage"], ["options"], ["report"]):
        result = call(*command, path)
        assert result.exit_code == 2, (command, result.stdout)
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        assert "Smallshire has no c" in result.stderr  # children or cases
    page(call("forecast", path, "--years", 2, "--draws", 60, "--no-backtests"))
    assert call("travel", path).exit_code == 0


def test_every_command_answers_of_the_fewest_cells(county: Path) -> None:
    assert call("check", county).exit_code == 0
    assert call("travel", county).exit_code == 0
    first = page(call("allocate", county))
    every = ["--question", "all", "--places", 2, "--explain", "--internal", "--frontier", "--frontier-steps", 3]
    page(call("allocate", county, *every, "--out", "every"))
    last = page(call("allocate", county, "--years", 2, "--no-spot-purchase", "--out", "years"))
    page(call("compare", first.parent, last.parent))
    page(call("report", first.parent))
    page(call("report", county))
    page(call("forecast", county, "--years", 2, "--draws", 60, "--allocate", 2026, "--allocate-draws", 1))
    page(call("coverage", county, "--what-if", "new_base", "--limit", 30, "--where-best", "new_base"))
    page(call("options", county, "--meeting", "--case", "N1"))
    assert call("options", county, "--blank-form", "form.xlsx").exit_code == 0


def test_both_forms_are_one_county(tmp_path: Path) -> None:
    import placeplan as pp

    answers = []
    for form in FORMS:
        county = pp.read_county(made(form, tmp_path / form, *TABLES))
        answer = pp.allocate_places(county, pp.travel_times(county, cache=False))
        answers.append((county.settings, answer.placements.to_dict("records"), answer.proof.objective))
    assert answers[0][0] == answers[1][0]
    assert answers[0][1:] == answers[1][1:]
