"""``allocate --explain`` and ``--frontier`` as a user meets them: files, pages, exit codes, and no child leaves."""

import json
import zipfile

import pytest
from support.commands import call

TOTALS = {"worth", "worth_by_need", "rule_costs", "reasons", "least_places"}
CHILDREN = {"offers", "options"}


def tables_of(folder):
    return {path.stem for path in (folder / "tables").iterdir()}


def named_like_the_real_ones(tiny):
    """The tiny county's children under pseudonyms that no other word of a run contains."""
    path = tiny / "children.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, *(f"PSEUDO{row}" for row in rows)]) + "\n", encoding="utf-8")


def test_explain_and_frontier_add_their_tables_pages_and_pictures(tiny, tmp_path):
    named_like_the_real_ones(tiny)
    result = call("allocate", tiny, "--explain", "--frontier", "--frontier-steps", 3, "--out", "safe")
    assert result.exit_code == 0, result.stderr
    safe = tmp_path / "safe"
    assert tables_of(safe) >= TOTALS | {"frontier"}
    assert not tables_of(safe) & CHILDREN
    page = (safe / "report.html").read_text(encoding="utf-8")
    assert "Why, and what it would take" in page
    assert "Cost against travel" in page
    assert "<svg" in page
    assert (safe / "frontier.png").read_bytes().startswith(b"\x89PNG")
    assert (safe / "frontier.svg").read_text(encoding="utf-8").startswith("<svg")
    facts = json.loads((safe / "run.json").read_text(encoding="utf-8"))["facts"]
    assert {name: facts["options"][name] for name in ("explain", "frontier_steps")} == {
        "explain": True,
        "frontier_steps": 3,
    }
    assert {"why", "cost against travel"} <= set(json.loads((safe / "timings.json").read_text(encoding="utf-8")))
    for path in safe.rglob("*"):
        if path.is_file():
            assert b"PSEUDO" not in path.read_bytes()
    with zipfile.ZipFile(safe / "run.xlsx") as book:
        assert not any(b"PSEUDO" in book.read(name) for name in book.namelist())
        assert b"Worth of places" in book.read("xl/workbook.xml")


def test_a_run_without_them_has_no_word_of_them(tiny, tmp_path):
    assert call("allocate", tiny, "--out", "plain").exit_code == 0
    assert not tables_of(tmp_path / "plain") & (TOTALS | CHILDREN | {"frontier"})
    page = (tmp_path / "plain" / "report.html").read_text(encoding="utf-8")
    assert "what it would take" not in page
    assert "Cost against travel" not in page
    assert not (tmp_path / "plain" / "frontier.png").exists()


def test_internal_pages_have_offers_and_the_options_asked_for(tiny, tmp_path):
    arguments = ("allocate", tiny, "--explain", "--internal", "--child", "c5", "--child", "c6", "--out", "inside")
    result = call(*arguments)
    assert result.exit_code == 0, result.stderr
    inside = tmp_path / "inside"
    assert tables_of(inside) >= TOTALS | CHILDREN
    page = (inside / "report.html").read_text(encoding="utf-8")
    assert "It supports, and does not make, a decision" in page
    assert 'id="offers"' in page
    assert 'id="options"' in page
    assert "frontier" not in tables_of(inside)
    # Shared afterwards, it holds no child, not even in the options of its run.
    named = json.loads((inside / "run.json").read_text(encoding="utf-8"))["facts"]["options"]
    assert named["children_explained"] == 2
    assert "c5" not in json.dumps(named)
    assert call("report", "inside", "--out", "outside").exit_code == 0
    assert not tables_of(tmp_path / "outside") & CHILDREN
    shared = (tmp_path / "outside" / "report.html").read_text(encoding="utf-8")
    assert 'id="offers"' not in shared
    assert 'id="reasons"' not in shared  # nobody is without a place
    assert 'id="worth"' in shared


def test_two_children_are_two_runs(tiny, tmp_path):
    for child in ("c5", "c6"):
        assert call("allocate", tiny, "--explain", "--internal", "--child", child).exit_code == 0
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_the_page_is_made_again_from_the_tables(tiny, tmp_path):
    assert call("allocate", tiny, "--explain", "--frontier", "--out", "one").exit_code == 0
    kept = {name: (tmp_path / "one" / name).read_bytes() for name in ("report.html", "frontier.svg", "frontier.png")}
    assert call("report", "one", "--out", "two").exit_code == 0
    for name, content in kept.items():
        # What a page rests on is listed in the order of the run that made it.
        parts = [
            text.split(b'id="assumptions-heading"')[0] for text in (content, (tmp_path / "two" / name).read_bytes())
        ]
        assert parts[0] == parts[1]


def test_afresh_is_explained_in_totals(tiny, tmp_path):
    result = call("allocate", tiny, "--question", "afresh", "--explain", "--frontier", "--internal", "--out", "afresh")
    assert result.exit_code == 0, result.stderr
    assert tables_of(tmp_path / "afresh") >= TOTALS - {"rule_costs"} | {"frontier"}
    assert not tables_of(tmp_path / "afresh") & CHILDREN


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--explain", "--question", "today"), "expected --question september, afresh or all"),
        (("--frontier", "--question", "today"), "expected --question september, afresh or all"),
        (("--explain", "--child", "c5"), "--child: expected --explain and --internal"),
        (("--internal", "--child", "c5"), "--child: expected --explain and --internal"),
        (("--explain", "--internal", "--child", "c1"), "children c1: expected children who are placed anew"),
        (("--explain", "--internal", "--child", "c5", "--question", "afresh"), "in totals only"),
        (("--frontier-steps", "5"), "expected --frontier with it"),
        (("--frontier", "--frontier-steps", "1"), "--frontier-steps"),
    ],
)
def test_a_wrong_call_is_exit_code_two_and_writes_nothing(tiny, tmp_path, arguments, said):
    result = call("allocate", tiny, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "runs").exists()
