"""The command line as a user meets it: answers, exit codes, messages, and nothing half-made."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from support.commands import call

from placeplan.studies import allocate_places as study


def test_check_says_that_a_good_county_is_good(tiny):
    result = call("check", tiny)
    assert result.exit_code == 0
    counts = "2 localities, 4 zones, 3 sites, 4 units, 6 children."
    assert f"Tinyshire, as of 2025-01-16: no faults. {counts}" in result.stdout


def test_a_bad_table_is_one_clear_message_and_nothing_written(tiny):
    path = tiny / "children.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("c3,z3,8,SLD", "c3,z9,8,SLB"), encoding="utf-8")
    for command in ("check", "travel", "allocate", "report"):
        result = call(command, tiny)
        assert result.exit_code == 2
        assert "children, row 4, column zone: found z9" in result.stderr
        assert "children, row 4, column need: found SLB" in result.stderr
        assert "Traceback" not in result.stderr
        assert result.stdout == ""
    assert not (tiny.parent / "runs").exists()


def test_allocate_answers_and_writes_a_run_of_its_own(tiny):
    result = call("allocate", tiny)
    assert result.exit_code == 0, result.stderr
    page = tiny.parent / result.stdout.splitlines()[-1]
    assert page.name == "report.html"
    assert page.parent.parent.name == "runs"
    assert page.parent.name.startswith("tinyshire-allocate-")
    facts = json.loads((page.parent / "run.json").read_text(encoding="utf-8"))["facts"]
    assert facts["options"] == {"question": "september", "spot_purchase": True, "solver": "HiGHS", "internal": False}
    assert call("allocate", tiny).exit_code == 2  # it is there already
    assert call("allocate", tiny, "--replace").exit_code == 0


def test_the_same_input_gives_the_same_bytes(tiny):
    for name in ("one", "two"):
        assert call("allocate", tiny, "--question", "all", "--places", 2, "--out", name).exit_code == 0
    one, two = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file() and p.name != "timings.json"}
        for f in (tiny.parent / "one", tiny.parent / "two")
    )
    assert one == two


def test_internal_is_marked_and_share_safe_has_no_child(tiny):
    assert call("allocate", tiny, "--out", "safe").exit_code == 0
    result = call("allocate", tiny, "--out", "internal", "--internal")
    assert "INTERNAL" in result.stdout
    assert "INTERNAL" in (tiny.parent / "internal" / "report.html").read_text(encoding="utf-8")
    assert (tiny.parent / "internal" / "tables" / "placements.csv").is_file()
    assert not (tiny.parent / "safe" / "tables" / "placements.csv").exists()


def test_report_takes_a_county_or_a_run(tiny):
    first = call("report", tiny, "--places", 3, "--out", "all")
    assert first.exit_code == 0
    page = tiny.parent / "all" / "report.html"
    before = page.read_text(encoding="utf-8")
    page.unlink()
    assert call("report", "all").exit_code == 0  # made again from the run's tables
    assert page.read_text(encoding="utf-8").split("data:image")[0] == before.split("data:image")[0]


def test_travel_writes_the_journeys(tiny):
    result = call("travel", tiny, "--out", "journeys")
    assert result.exit_code == 0
    assert "4 zones to 3 sites, 100.0% of the journeys reached." in result.stdout
    rows = (tiny.parent / "journeys" / "tables" / "travel.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "zone,site,minutes,km,reason"
    assert "z1,s1,2.7,2.0,reached" in rows


@pytest.mark.usefixtures("tiny")
def test_new_writes_a_county_to_fill_in():
    assert call("new", "mine").exit_code == 0
    result = call("check", "mine")
    assert result.exit_code == 2
    assert "zones: found no rows" in result.stderr
    assert call("new", "mine").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("allocate", "TINY", "--question", "tomorrow"),
        ("allocate", "TINY", "--places", "3", "--pounds", "5"),
        ("allocate", "TINY", "--question", "today", "--places", "3"),
        ("allocate", "TINY", "--places", "-1"),
        ("allocate", "nowhere"),
        ("frobnicate",),
    ],
)
def test_a_wrong_call_is_exit_code_two_and_writes_nothing(tiny, arguments):
    result = call(*[tiny if a == "TINY" else a for a in arguments])
    assert result.exit_code == 2
    assert result.stderr
    assert not (tiny.parent / "runs").exists()


def test_an_answer_that_is_not_proven_is_written_with_its_bound(tiny, monkeypatch):
    real = study.allocate

    def unproven(*arguments, **options):
        found = real(*arguments, **options)
        return replace(found, proof=replace(found.proof, status="feasible", bound=found.proof.bound - 1_000.0))

    monkeypatch.setattr(study, "allocate", unproven)
    result = call("allocate", tiny, "--out", "open")
    assert result.exit_code == 3
    assert "not proven to be the best (september: £175,631, and no answer is below £174,631)" in result.stderr
    page = (tiny.parent / "open" / "report.html").read_text(encoding="utf-8")
    assert "not proven" in page.lower()


def test_an_interruption_is_130_and_leaves_nothing(tiny, monkeypatch):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "allocate", interrupted)
    result = call("allocate", tiny, "--out", "stopped")
    assert result.exit_code == 130
    assert not (tiny.parent / "stopped").exists()


def test_an_error_of_ours_is_one_line_and_a_log_without_its_message(tiny, monkeypatch, tmp_path):
    def broken(*_arguments, **_options):
        raise RuntimeError(f"child c{1 + 2} lives in z3")

    monkeypatch.setattr(study, "allocate", broken)
    monkeypatch.setattr("platformdirs.user_log_dir", lambda *_a, **_k: str(tmp_path))
    result = call("allocate", tiny, "--out", "broken")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "RuntimeError" in result.stderr
    log = (tmp_path / "error.log").read_text(encoding="utf-8")
    assert "RuntimeError" in log
    assert "c3" not in log


def test_help_is_there_without_the_heavy_libraries():
    code = (
        "import sys, placeplan.cli; sys.exit(any(m in sys.modules for m in ('pandas', 'geopandas', 'pulp', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    shown = call("--help").stdout
    assert all(command in shown for command in ("demo", "new", "check", "travel", "allocate", "coverage", "report"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("seconds", [0.3, 1.2, 2.0, 2.6, 3.2])
def test_a_killed_process_leaves_nothing_half_made(tiny, seconds):
    command = [sys.executable, "-c", "from placeplan.cli import main; main()", "allocate", str(tiny), "--out", "killed"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
    time.sleep(seconds)
    process.kill()
    process.wait()
    made = tiny.parent / "killed"
    assert not made.exists() or (made / "run.json").is_file()
    assert call("allocate", tiny, "--out", "killed", "--replace").exit_code == 0
