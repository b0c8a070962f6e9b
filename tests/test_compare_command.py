"""The command compare as a user meets it: what it says, writes, refuses and keeps to itself; its page and workbook."""

import io
import json
import math
import re

import openpyxl
import pandas as pd
import pytest
from support.commands import call
from tiny_county import write_tiny_county

import placeplan as pp
from placeplan.report import workbook
from placeplan.runs import Run, write_run

FACTS = {
    "share_safe": True,
    "as_of": "2025-01-16",
    "year": 2024,
    "data_label": "invented",
    "options": {"spot_purchase": True},
}


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two share-safe runs by hand, in which a figure, a flow and an option differ and a count is withheld."""
    monkeypatch.chdir(tmp_path)
    figures = pd.DataFrame(
        {
            "question": ["today", "september", "september", "september"],
            "measure": ["children", "children", "gap", "cost_pounds"],
            "value": [100.0, 110.0, math.nan, 1_500_000.0],
            "suppressed": pd.Series([None, None, "value", None], dtype="str"),
        }
    )
    flows = pd.DataFrame(
        {"question": "september", "locality": ["N", "out_of_county"], "unit": ["U1", "U1"], "children": [20.0, 15.0]}
    )
    named = {
        "localities": pd.DataFrame({"locality": ["N"], "name": ["North Dales"]}),
        "units_named": pd.DataFrame({"unit": ["U1"], "name": ["Moorside <School>"]}),
    }
    later = figures.assign(
        value=[100.0, 110.0, 5.0, 1_380_000.0], suppressed=pd.Series([None, None, None, None], dtype="str")
    )
    second = {"headlines": later, "flows": flows.assign(children=[25.0, 15.0]), **named}
    for name, tables, spot in (("a", {"headlines": figures, "flows": flows, **named}, True), ("b", second, False)):
        facts = {**FACTS, "options": {"spot_purchase": spot}}
        write_run(Run("allocate", "Testshire", tables, {}, facts), tmp_path / name, files={})
    return tmp_path


@pytest.fixture
def internal(folders):
    run = pp.read_run(folders / "b")
    placements = pd.DataFrame({"question": ["today"], "child": ["C0001"], "zone": ["Z1"], "unit": ["U1"]})
    write_run(
        Run("allocate", "Testshire", {**run.tables, "placements": placements}, {}, {"seed": 1}, internal=True),
        folders / "detail",
        files={},
    )
    return folders / "detail"


def test_it_says_what_differs_and_writes_a_run_of_its_own(folders):
    result = call("compare", "a", "b")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[:-1] == [
        "The two runs differ in 2 of 4 headline figures and 2 of 4 tables.",
        "First: a (allocate, Testshire). Second: b (allocate, Testshire).",
        "1 fact differs: Options: spot purchase (yes, then no).",
        "Of 4 tables 2 differ (Who goes where; Headlines) and 2 are the same.",
        "- September 2025, Without any place: c, then 5",
        "- September 2025, Cost a year: £1,500,000, then £1,380,000 (−£120,000, −8.0%)",
    ]
    folder = (folders / lines[-1]).parent
    assert re.fullmatch(r"testshire-compare-[0-9a-f]{8}", folder.name)
    assert {path.name for path in folder.iterdir()} == {
        "compare.html",
        "run.xlsx",
        "run.json",
        "timings.json",
        "tables",
    }
    assert {"facts.csv", "headlines.csv", "tables.csv", "changes.csv"} <= {
        one.name for one in (folder / "tables").iterdir()
    }
    assert (folder / "tables" / "changes.csv").read_text(encoding="utf-8").splitlines()[:2] == [
        "table,key,column,first,second,difference,suppressed",
        "flows,september | N | U1,children,20,25,5,",
    ]
    assert call("compare", "a", "b").exit_code == 2  # it is there already
    assert call("compare", "a", "b", "--replace").exit_code == 0


def test_the_page_tells_it_in_words_and_fetches_nothing(folders):
    assert call("compare", "a", "b", "--out", "out").exit_code == 0
    page = (folders / "out" / "compare.html").read_text(encoding="utf-8")
    assert "<h1>Two runs side by side: Testshire</h1>" in page
    assert "Small counts are withheld." in page
    assert (
        '<span class="figure">−£120,000</span> <span class="what">September 2025, Cost a year: £1.5m, then £1.4m'
        in page
    )
    assert "Headlines, As placed today: 1 figure the same." in page
    assert (
        '<th scope="row">September 2025</th><td>North Dales</td><td>Moorside &lt;School&gt;</td><td>Children</td>'
        '<td class="n">20</td><td class="n">25</td><td class="n">+5</td>'
    ) in page
    assert '<th scope="row">Without any place</th><td class="n">c</td><td class="n">5</td><td class="n">c</td>' in page
    assert not re.search(r"https?:|<script|<link|<img", page)


def test_the_same_run_twice_is_said_to_be_the_same(folders):
    for second in ("a", folders / "a"):
        result = call("compare", "a", second, "--out", "out", "--replace")
        assert result.exit_code == 0, result.stderr
        assert result.stdout.startswith("The two runs are the same: every fact and every table.\n")
    page = (folders / "out" / "compare.html").read_text(encoding="utf-8")
    assert "The two runs are the same: every fact and every table." in page


def test_the_same_call_gives_the_same_bytes_and_a_page_is_made_again(folders):
    for out in ("one", "two"):
        assert call("compare", "a", "b", "--out", out).exit_code == 0
    one, two = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (folders / "one", folders / "two")
    )
    assert {path for path in one if one[path] != two[path]} <= {
        next(path for path in one if path.name == "timings.json")
    }
    (folders / "one" / "compare.html").unlink()
    result = call("report", "one")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip().endswith("compare.html")
    again = {
        path.relative_to(folders / "one"): path.read_bytes() for path in (folders / "one").rglob("*") if path.is_file()
    }
    assert {path for path in one if again[path] != one[path]} <= {
        next(path for path in one if path.name == "timings.json")
    }


def test_the_workbook_opens_with_what_differs(folders, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    assert call("compare", "a", "b", "--out", "out").exit_code == 0
    book = openpyxl.load_workbook(io.BytesIO((folders / "out" / "run.xlsx").read_bytes()))
    assert {"Answer", "Facts that differ", "Headlines", "Tables side by side", "Changes, cell by cell"} <= set(
        book.sheetnames
    )
    front = [cell.value for cell in book["Answer"]["A"] if cell.value]
    assert front[0] == "Two runs side by side: Testshire"
    assert "The two runs differ in 2 of 4 headline figures and 2 of 4 tables." in front
    assert [cell.value for cell in book["Headlines"]["A"]] == [
        "Table",
        "Headlines",
        "Headlines",
        "and 2 more rows, in tables/headlines.csv",
    ]


def test_an_internal_run_is_compared_only_when_internal_is_asked_for(folders, internal):
    for pair in (("a", internal), (internal, "a"), (internal, internal)):
        result = call("compare", *pair, "--out", "out")
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "internal, so that the comparison would hold detail; ask for it with --internal" in result.stderr
        assert not (folders / "out").exists()
    result = call("compare", "a", internal, "--out", "out", "--internal")
    assert result.exit_code == 0, result.stderr
    assert "INTERNAL" in result.stdout
    assert (
        "Left out, since tables of children are compared only where both runs are internal: Children (pseudonyms)."
        in (result.stdout)
    )
    page = (folders / "out" / "compare.html").read_text(encoding="utf-8")
    assert "INTERNAL: not to be passed on." in page
    assert "rounding and withholding alone make figures differ" in page
    assert json.loads((folders / "out" / "run.json").read_text(encoding="utf-8"))["internal"]
    # Nor does it lose the mark when its pages are made again.
    assert call("report", "out").exit_code == 2
    assert call("report", "out", "--internal").exit_code == 0
    assert "C0001" not in "".join(path.read_text(encoding="utf-8") for path in (folders / "out").rglob("*.csv"))


def test_two_internal_runs_have_their_children_side_by_side(folders, internal):
    run = pp.read_run(internal)
    tables = {**run.tables, "placements": run.tables["placements"].assign(unit="U2")}
    write_run(Run("allocate", "Testshire", tables, {}, {"seed": 2}, internal=True), folders / "other", files={})
    result = call("compare", internal, "other", "--out", "out", "--internal")
    assert result.exit_code == 0, result.stderr
    assert "placements,today | C0001,unit,U1,U2,," in (folders / "out" / "tables" / "changes.csv").read_text(
        encoding="utf-8"
    )
    assert "Children (pseudonyms)" in (folders / "out" / "compare.html").read_text(encoding="utf-8")


def test_internal_of_two_share_safe_runs_changes_nothing(folders):
    for out, more in (("safe", ()), ("asked", ("--internal",))):
        assert call("compare", "a", "b", "--out", out, *more).exit_code == 0
    pages = [(folders / out / "compare.html").read_text(encoding="utf-8") for out in ("safe", "asked")]
    assert pages[0] == pages[1]
    assert "INTERNAL" not in pages[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "nowhere"), "nowhere is not the folder of a run: it has no run.json"),
        (("a", "damaged"), "damaged, tables/flows.csv: found other contents; expected the file as it was written"),
        (("a", "missing"), "missing, tables/headlines.csv: expected a file; it is missing"),
        (("a", "b", "--out", "a", "--replace"), "--out a: expected another folder than those of the runs compared"),
        (("a",), "RUN"),
    ],
)
def test_what_it_cannot_do_is_said_with_exit_code_2_and_nothing_is_written(folders, arguments, said):
    for name in ("damaged", "missing"):
        write_run(pp.read_run(folders / "b"), folders / name, files={})
    (folders / "damaged" / "tables" / "flows.csv").write_text("other\n", encoding="utf-8")
    (folders / "missing" / "tables" / "headlines.csv").unlink()
    before = {path: path.read_bytes() for path in folders.rglob("*") if path.is_file()}
    result = call("compare", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert {path: path.read_bytes() for path in folders.rglob("*") if path.is_file()} == before


def test_real_runs_of_every_command_can_be_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    tiny = write_tiny_county(tmp_path / "tiny")
    made = {
        "placed": ("allocate", tiny, "--internal"),
        "without": ("allocate", tiny, "--no-spot-purchase", "--internal"),
        "covered": ("coverage", tiny),
        "journeys": ("travel", tiny),
    }
    for out, arguments in made.items():
        assert call(*arguments, "--out", out).exit_code == 0
    assert call("compare", "placed", "without", "--internal", "--out", "one").exit_code == 0
    told = pp.read_run("one").tables
    assert list(told["facts"]["fact"]) == ["options.spot_purchase"]
    gap = (
        told["headlines"].query("question == 'september' and measure in ['gap', 'spot_purchase']").set_index("measure")
    )
    first, second = (
        pp.read_run(name).tables["headlines"].query("question == 'september'").set_index("measure")["value"]
        for name in ("placed", "without")
    )
    for measure in ("gap", "spot_purchase"):
        assert gap.loc[measure, "difference"] == second[measure] - first[measure]
    for at, pair in enumerate((("covered", "placed"), ("journeys", "covered"), ("one", "without"))):
        result = call("compare", *pair, "--internal", "--out", f"other{at}")
        assert result.exit_code == 0, result.stderr
