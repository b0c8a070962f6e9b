"""The command coverage as a user meets it: what it writes, says, refuses and keeps to itself."""

import json

import pandas as pd
import pytest
from support.commands import call
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp

CANDIDATES = """\
candidate,name,site,easting,northing,kind,model,needs,from_year_group,to_year_group,places
far_base,Far base,,444000,347000,ers,integrative,ASD;SLCN,7,11,6
south_base,South base,s2,,,ers,integrative,ASD,7,11,4
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    folder = write_tiny_county(tmp_path / "tiny")
    (folder / "candidates.csv").write_text(CANDIDATES, encoding="utf-8")
    return folder


def test_it_writes_a_run_with_its_atlas_and_says_the_answer(tiny):
    result = call("coverage", tiny, "--out", "run", "--service-areas", "kind", "--where-best", "south_base")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1].endswith("atlas.html")
    folder = tiny.parent / "run"
    tables = {path.stem for path in (folder / "tables").iterdir()}
    assert {
        "coverage",
        "coverage_limits",
        "place_gaps",
        "gaps",
        "equity",
        "leavers",
        "what_if",
        "where_best",
        "journeys",
    } <= tables
    run = pp.read_run(folder)
    assert set(run.layers) == {"localities", "sites", "service_areas"}
    assert run.facts["options"]["where_best"] == "south_base"
    assert run.tables["where_best"]["status"].tolist() == ["optimal"]
    assert call("coverage", tiny, "--out", "run").exit_code == 2  # it is there already


def test_share_safe_has_no_small_count_and_no_zone_s_children(tiny):
    assert call("coverage", tiny, "--out", "run").exit_code == 0
    tables = {path.stem: path.read_text(encoding="utf-8") for path in (tiny.parent / "run" / "tables").iterdir()}
    assert "zone_children" not in tables
    for name in ("coverage", "coverage_provision", "coverage_limits", "equity", "leavers"):
        frame = pd.read_csv(tiny.parent / "run" / "tables" / f"{name}.csv")
        counts = frame.filter(regex="^(children|within|beyond_guidance|visiting|onward|without)").to_numpy(float)
        assert not ((counts > 0) & (counts < 5)).any(), name
    child_names = [line.split(",")[0] for line in TINY_TABLES["children"].splitlines()[1:]]
    page = (tiny.parent / "run" / "atlas.html").read_text(encoding="utf-8")
    assert not any(f'"{child}"' in page for child in child_names)


def test_internal_tells_the_children_of_each_zone_and_is_marked(tiny):
    result = call("coverage", tiny, "--out", "run", "--internal")
    assert result.exit_code == 0
    assert "INTERNAL" in result.stdout
    run = pp.read_run(tiny.parent / "run")
    assert run.tables["zone_children"]["children"].sum() == 6
    page = (tiny.parent / "run" / "atlas.html").read_text(encoding="utf-8")
    assert "INTERNAL: not to be passed on." in page


def test_what_if_is_told_of_the_candidates_named(tiny):
    assert call("coverage", tiny, "--out", "run", "--internal", "--what-if", "Far base").exit_code == 0
    (row,) = pp.read_run(tiny.parent / "run").tables["what_if"].to_dict("records")
    # Only c5 (autism, Year 8) suits an integrative base: within guidance now, and s1 is nearer than the candidate.
    assert row["candidates"] == "far_base"
    assert (row["children_suited"], row["children_gained"], row["children_nearest"]) == (1, 0, 0)
    assert row["places"] == 6


@pytest.mark.parametrize("asked", ["far_base", "FAR_BASE", "Far base", "far", "  FAR  base "])
@pytest.mark.parametrize("option", ["--what-if", "--where-best"])
def test_a_candidate_is_found_by_a_part_of_its_name_that_no_other_has(tiny, option, asked):
    result = call("coverage", tiny, "--out", "run", "--internal", option, asked)
    assert result.exit_code == 0, result.stderr
    run = pp.read_run(tiny.parent / "run")
    if option == "--what-if":
        assert run.tables["what_if"]["candidates"].tolist() == ["far_base"]
    else:
        assert len(run.tables["where_best"])


@pytest.mark.parametrize("option", ["--what-if", "--where-best"])
@pytest.mark.parametrize(
    ("asked", "told"),
    [("base", "base (which may be 2: far_base, south_base)"), ("", "(blank)"), ("Glossop", "Glossop")],
)
def test_a_candidate_that_is_not_there_is_one_line_with_those_that_are(tiny, option, asked, told):
    result = call("coverage", tiny, "--out", "run", option, asked)
    assert result.exit_code == 2
    line = f"candidates {told}: expected some of far_base, south_base, named Far base, South base"
    assert line in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--question", "afresh"], "question 'afresh'"),
        (["--what-if", "nowhere"], "candidates nowhere: expected some of far_base, south_base"),
        (["--where-best", "nowhere"], "candidates nowhere"),
        (["--where-best", "far_base", "--method", "nicest"], "method 'nicest'"),
        (["--service-areas", "all"], "--service-areas all: expected kind or unit"),
        (["--limit", "-3"], "expected minutes above 0"),
    ],
)
def test_what_cannot_be_asked_is_one_message_and_nothing_written(tiny, arguments, told):
    result = call("coverage", tiny, "--out", "run", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tiny.parent / "run").exists()


def test_bad_candidates_are_told_at_once(tiny):
    bad = CANDIDATES.replace("far_base,Far base,,444000", "special,Far base,,")
    bad = bad.replace("s2,,,ers,integrative,ASD,7", "s9,,,ers,,ASX,12")
    (tiny / "candidates.csv").write_text(bad, encoding="utf-8")
    faults = {(fault.row, fault.column) for fault in pp.check_county(tiny) if fault.table == "candidates"}
    assert faults == {("2", "site"), ("2", "candidate"), ("3", "site"), ("3", "needs"), ("3", "to_year_group")}


def test_the_same_input_gives_the_same_bytes_and_a_run_is_written_again(tiny):
    assert call("coverage", tiny, "--out", "one").exit_code == 0
    assert call("coverage", tiny, "--out", "two").exit_code == 0
    files = [digests(tiny.parent / name) for name in ("one", "two")]
    assert files[0] == files[1]
    layers = [(tiny.parent / name / "run.gpkg").read_bytes() for name in ("one", "two")]
    assert layers[0] == layers[1]
    assert call("report", tiny.parent / "one", "--out", "three").exit_code == 0
    assert digests(tiny.parent / "three") == files[0]


def digests(folder):
    """The SHA-256 of every file but the GeoPackage, whose layers come back from it with other types."""
    files = json.loads((folder / "run.json").read_text(encoding="utf-8"))["files"]
    return {name: digest for name, digest in files.items() if name != "run.gpkg"}


def test_where_best_is_what_trying_every_place_finds(tiny):
    county = pp.read_county(tiny)
    coverage = pp.measure_coverage(county, pp.travel_times(county))
    journeys = pp.with_candidates(coverage)
    for method in ("covering", "median", "capacitated", "fewest"):
        (row,) = pp.where_best(coverage, journeys, like="far_base", method=method).to_dict("records")
        assert row["status"] == "optimal"
        assert row["children"] == 1
        # c5 is 2.7 minutes from base_secondary at s1 already: no place is nearer.
        assert row["child_minutes_before"] == row["child_minutes_after"] == pytest.approx(2.7)


def test_with_a_ready_matrix_a_candidate_must_be_at_a_site(tiny):
    county = pp.read_county(tiny)
    frame = pp.travel_times(county).frame()
    frame[["zone", "site", "minutes", "km"]].round(1).to_csv(tiny / "travel.csv", index=False)
    (tiny / "roads.csv").unlink()
    result = call("coverage", tiny, "--out", "run")
    assert result.exit_code == 2
    assert "far_base" in result.stderr
    assert (
        call("coverage", tiny, "--out", "run", "--what-if", "South base").exit_code == 2
    )  # the atlas would lack far_base
