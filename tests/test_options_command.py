"""The command options as a user meets it: pages of cases and of a meeting, a form, decisions, the gap record."""

import math
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from support.case_county import CASE, quote, write_cases
from support.commands import call
from tiny_county import write_tiny_county

import placeplan as pp

SECRET = {"child": "x-secret", "zone": "z3", "year_group": "8", "need": "SLD", "unit": "special"}
"""A child who has consented to move on, and is told of without its name."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    consents = {**SECRET, "suits": "special;independent_special", "may_move": "yes"}
    second = {"case": "C2", "zone": "z4", "year_group": "7", "need": "SLD", "suits": "special;independent_special"}
    return write_cases(
        write_tiny_county(tmp_path_factory.mktemp("options") / "tiny"),
        cases=[{**CASE, "second_need": "SEMH"}, second],
        quotes=[quote(), quote("C2", "QD")],
        packages=[
            {"case": "C1", "package": "PKG", "line": "staff", "payer": "education", "pounds": "9000", "per": "year"}
        ],
        vetoes=[{"case": "C2", "option": "independent", "by": "family", "reason": "Too far from home"}],
        children=[consents],
    )


@pytest.fixture(scope="module")
def met(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("met") / "run"
    return call("options", folder, "--meeting", "--out", out), out


def test_a_meeting_is_said_and_written(met):
    result, out = met
    assert result.exit_code == 0, result.output
    assert "Of 2 cases," in result.stdout
    assert "subject to consultation and the authority's decision" in result.stdout
    assert "INTERNAL" in result.stdout
    assert result.stdout.strip().endswith("options.html")
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {"options.html", "cases/C1.html", "cases/C2.html", "run.xlsx", "decisions.xlsx", "run.json"} <= names
    assert {"tables/meeting.csv", "tables/case_costs.csv", "tables/gap_record.csv"} <= names


def test_no_page_for_a_family_tells_of_others_and_none_names_a_child(met):
    _, out = met
    for page in (out / "cases").iterdir():
        text = page.read_text(encoding="utf-8")
        assert "others" not in text.lower().replace("when others leave or move up", "")
        assert "subject to consultation" in text
        assert "://" not in text
    for path in out.rglob("*"):
        if path.suffix in {".html", ".csv", ".json"}:
            assert "x-secret" not in path.read_text(encoding="utf-8")


def test_the_gap_record_has_no_identifier(met):
    _, out = met
    record = pp.read_run(out).tables["gap_record"]
    assert {"case", "child", "zone"}.isdisjoint(record.columns)


def test_one_case_is_asked_for_by_name(folder, tmp_path):
    result = call("options", folder, "--case", "C1", "--estimate", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert [page.name for page in (tmp_path / "run" / "cases").iterdir()] == ["C1.html"]
    page = (tmp_path / "run" / "options.html").read_text(encoding="utf-8")
    assert "an estimate from the prices of places" in page
    again = call("report", tmp_path / "run", "--internal", "--out", tmp_path / "again")
    assert again.exit_code == 0
    written = {p.relative_to(tmp_path / "run"): p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()}
    for path, content in written.items():
        if path.name != "timings.json":
            assert (tmp_path / "again" / path).read_bytes() == content


def test_a_case_for_which_nothing_stands_has_its_pages_all_the_same(tmp_path):
    ruled_out = [{"case": "C1", "option": name, "by": "family", "reason": "no"} for name in ("day", "special", "ers")]
    folder = write_cases(write_tiny_county(tmp_path / "tiny"), cases=[CASE], vetoes=ruled_out)
    for how in (["--case", "C1"], ["--meeting"]):
        result = call("options", folder, *how, "--out", tmp_path / how[0])
        assert result.exit_code == 0, result.output
        assert "No option stands for C1" in result.stdout
        assert "No option stands" in (tmp_path / how[0] / "cases" / "C1.html").read_text(encoding="utf-8")
    assert pp.read_run(tmp_path / "--meeting").tables["gap_record"]["outcome"].tolist() == ["nothing"]


def test_there_is_no_share_safe_form(met, tmp_path):
    result = call("report", met[1], "--out", tmp_path / "safe")
    assert result.exit_code == 2
    assert "no share-safe form" in result.stderr
    assert not (tmp_path / "safe").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--case", "C9"], "case C9: expected a case of the table cases (C1, C2)"),
        (["--not-pooled"], "expected --meeting with them"),
        (["--form", "nowhere.xlsx"], "nowhere.xlsx"),
    ],
)
def test_what_cannot_be_asked_is_one_message(folder, tmp_path, arguments, message):
    result = call("options", folder, *arguments, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "run").exists()


def test_a_county_without_cases_says_so(tmp_path):
    result = call("options", write_tiny_county(tmp_path / "tiny"), "--out", tmp_path / "run")
    assert (result.exit_code, "has no cases" in result.stderr) == (2, True)


# --- the form, and decisions given back -----------------------------------------------------------------------------


def filled(folder, path, **sheets):
    """A blank form of the county with rows written into its sheets."""
    assert call("options", folder, "--blank-form", path).exit_code == 0
    book = openpyxl.load_workbook(path)
    for name, rows in sheets.items():
        sheet = book[name]
        columns = [cell.value for cell in sheet[1]]
        for line, row in enumerate(rows, start=2):
            for column, value in row.items():
                sheet.cell(line, columns.index(column) + 1, value)
    book.save(path)
    return path


def test_a_form_that_a_school_has_filled_in_is_a_case_like_any_other(folder, tmp_path):
    form = filled(
        folder,
        tmp_path / "form.xlsx",
        cases=[{**CASE, "case": "C3", "year_group": 7}],
        quotes=[{"case": "C3", "quote": "QF", "provision": "day", "fee": 44_000, "health": 0, "care": 0}],
    )
    sheet = openpyxl.load_workbook(form)["cases"]
    lists = {next(iter(rule.sqref.ranges)).min_col: rule.formula1 for rule in sheet.data_validations.dataValidation}
    columns = [cell.value for cell in sheet[1]]
    assert "ASD" in lists[columns.index("need") + 1]
    assert "to choose from" in lists[columns.index("zone") + 1]
    assert "to choose from" in lists[columns.index("suits") + 1]
    told = openpyxl.load_workbook(form)["to choose from"]
    stand_for = {
        cell.value: told.cell(cell.row, cell.column + 1).value for row in told.iter_rows(min_row=2) for cell in row
    }
    assert stand_for["base_secondary"] == "North Academy (enhanced resource school)"
    assert (stand_for["z1"], stand_for["autumn 2025"]) == ("North Tinyshire", None)
    result = call("options", folder, "--form", form, "--case", "C3", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    options = pp.read_run(tmp_path / "run").tables["case_options"]
    assert set(options["option"]) >= {"QF", "special", "base_secondary"}


def test_a_form_with_no_row_is_told_of(folder, tmp_path):
    result = call("options", folder, "--form", filled(folder, tmp_path / "form.xlsx"), "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "form.xlsx: found no row; expected rows on a sheet of cases, quotes, packages, vetoes" in result.stderr


@pytest.mark.parametrize("arguments", [["--blank-form", "no/such/folder/form.xlsx"], ["--case", "C1", "--out", "no/x"]])
def test_a_folder_that_cannot_be_written_to_is_told_of(folder, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no").write_text("a file where a folder is wanted", encoding="utf-8")
    result = call("options", folder, *arguments)
    assert result.exit_code == 2
    assert "expected a folder that can be written to" in result.stderr
    assert (tmp_path / "no").is_file()


def test_every_fault_of_a_form_is_told_at_once(folder, tmp_path):
    form = filled(
        folder,
        tmp_path / "form.xlsx",
        cases=[{**CASE, "year_group": 7, "need": "ASQ"}, {"case": "C4", "zone": "z9", "year_group": 7, "need": "ASD"}],
        quotes=[{"case": "C5", "quote": "Q", "provision": "day", "fee_low": 10}],
    )
    result = call("options", folder, "--form", form, "--out", tmp_path / "run")
    assert result.exit_code == 2
    for told in (
        "form.xlsx, sheet cases, row 2, column case: found C1; expected a case that the county does not have yet",
        "column need: found ASQ",
        "row 3, column zone: found z9",
        "row 3, column suits: found a blank",
        "sheet quotes, row 2, column case: found C5",
        "column fee_high: found a blank",
    ):
        assert told in result.stderr
    assert not (tmp_path / "run").exists()


def test_decisions_that_are_filled_in_are_read_back(folder, met, tmp_path):
    book = openpyxl.load_workbook(met[1] / "decisions.xlsx")
    sheet = book["decisions"]
    columns = [cell.value for cell in sheet[1]]
    given = {
        "decision": "agreed",
        "option": "QD",
        "decided_by": "The panel",
        "decided_on": "2025-02-03",
        "consulted": "yes",
    }
    for column, value in given.items():
        sheet.cell(2, columns.index(column) + 1, value)
    path = tmp_path / "decisions.xlsx"
    book.save(path)
    result = call("options", folder, "--form", path, "--meeting", "--earlier", met[1], "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    tables = pp.read_run(tmp_path / "run").tables
    row = tables["decisions"].set_index("case").loc["C1"]
    assert (row["decision"], row["option"], row["consulted"]) == ("agreed", "QD", "yes")
    # C1 goes to an independent place by that decision: it is in the term's record.
    assert "ASD" in set(tables["gap_record"]["need"])
    # A run of the same term stands back: nobody is counted twice. Few children are not told.
    published = tables["gap_published"].set_index(["area", "phase"])
    assert 0 < len(tables["gap_record"]) < 5
    assert published.loc[("all", "all"), "suppressed"] == "children"
    sheet.cell(2, columns.index("option") + 1, "nowhere")
    book.save(path)
    wrong = call("options", folder, "--form", path, "--out", tmp_path / "other")
    assert "column option: found nowhere; expected a unit, quote or package" in wrong.stderr


def test_cases_may_come_from_python_and_are_checked_alike(folder):
    county = pp.read_county(folder)
    more = pp.with_cases(
        county,
        cases=[{"case": "P1", "zone": "z1", "year_group": 3, "need": "ASD", "suits": "special", "may_move": True}],
        quotes=[{"case": "P1", "quote": "Q", "provision": "day", "fee": 50_000.0}],
    )
    assert more.cases["case"].tolist() == ["C1", "C2", "P1"]
    assert bool(more.cases.set_index("case").loc["P1", "may_move"])
    assert more.digest != county.digest
    travel = pp.travel_times(county, cache=False)
    found = pp.case_options(more, travel, pp.allocate_places(county, travel), "P1")
    assert {"special", "Q"} == set(found.tables["options"]["option"])
    with pytest.raises(pp.InputError) as caught:
        pp.with_cases(county, cases=[{"case": "C1", "zone": "z9", "year_group": "x", "need": "ASD"}])
    faults = {(fault.table, fault.row, fault.column) for fault in caught.value.faults}
    assert faults == {("cases", "2", column) for column in ("case", "zone", "year_group", "suits")}
    with pytest.raises(pp.UsageError, match="units: expected tables among cases"):
        pp.with_cases(county, units=[])


def test_what_keeps_coming_back_is_told_to_the_office(met):
    _, out = met
    run = pp.read_run(out)
    assert run.tables["gap_returning"]["children"].sum() == len(run.tables["gap_record"])


def test_what_is_published_is_a_rolling_year(folder, met):
    _, out = met
    run = pp.read_run(out)
    county = pp.read_county(folder)
    travel = pp.travel_times(county, cache=False)
    options = [pp.case_options(county, travel, pp.allocate_places(county, travel), "C1")]

    def ago(term, children):
        record = pd.DataFrame({"term": [term] * children, "need": "ASD", "phase": "primary", "locality": "north"})
        record = record.assign(outcome="independent", decided=True, why="full", local_offer="", second_need="")
        return replace(run, tables={"gap_record": record.assign(offer_pounds=math.nan, independent_pounds=60_000.0)})

    before = [ago("autumn 2024", 12), ago("summer 2024", 8), ago("spring 2024", 40), ago("spring 2025", 30)]
    made = pp.options_run(county, travel, options, earlier=before).tables
    published = made["gap_published"].set_index(["area", "phase"])["children"]
    # Twenty of autumn and summer; spring 2024 is a year ago, and this term's own record is the one that counts.
    assert published[("communication_interaction", "primary")] == 20
    assert made["gap_returning"]["children"].max() == 12 + 8 + 40
