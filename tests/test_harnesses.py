"""The benchmark and soak harnesses: bars decide the exit code, and no case is checked twice or forgotten."""

import json
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
HARNESS = runpy.run_path(str(FOLDER / "benchmarks" / "harness.py"))
RESUMABLE = runpy.run_path(str(FOLDER / "soak" / "resumable.py"))


def test_bars_hold_at_their_limit_and_never_for_what_is_not_a_number() -> None:
    at_most, at_least, exactly = HARNESS["at_most"], HARNESS["at_least"], HARNESS["exactly"]
    assert [at_most(value, 2).holds for value in (1.9, 2.0, 2.1, float("nan"))] == [True, True, False, False]
    assert [at_least(value, 2).holds for value in (1.9, 2.0, 2.1, float("nan"))] == [False, True, True, False]
    assert [exactly("a", "a").holds, exactly("a", "b").holds] == [True, False]
    assert at_most(1, 30, unit="seconds").needs == "at most 30 seconds"


@pytest.mark.parametrize(("seconds", "code"), [(20.0, 0), (40.0, 1)])
def test_a_benchmark_writes_its_rows_and_bars_and_fails_where_one_does_not_hold(
    seconds: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    rows = [{"method": "ours", "seconds": seconds}, {"method": "peer", "note": "slow"}]
    with pytest.raises(SystemExit) as stopped:
        HARNESS["finish"](rows, {"demo": HARNESS["at_most"](seconds, 30)}, arguments=["--json", str(file)])
    assert stopped.value.code == code
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "rows": rows,
        "bars": {"demo": {"value": seconds, "needs": "at most 30", "holds": code == 0}},
    }
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("method", "seconds", "note", "ours", "slow", "demo", "at most 30"))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A tree with one module, whose change makes earlier results worthless."""
    (tmp_path / "geo").mkdir()
    (tmp_path / "geo" / "roads.py").write_text("A = 1\n", encoding="utf-8")
    return tmp_path


def run_soak(sources: Path, checked: list[int], *arguments: str, fails: int | None = None, cases: int = 5) -> int:
    def check(case: int) -> None:
        checked.append(case)
        assert case != fails

    return RESUMABLE["soak"]("trial", range(cases), check, arguments=arguments, folder=sources / ".soak", root=sources)


def test_a_soak_goes_on_where_it_stopped_and_tries_failures_again(sources: Path) -> None:
    first: list[int] = []
    assert run_soak(sources, first, fails=3) == 1
    assert first == [0, 1, 2, 3, 4]
    second: list[int] = []
    assert run_soak(sources, second) == 0
    assert second == [3]
    third: list[int] = []
    assert run_soak(sources, third, cases=7) == 0
    assert third == [5, 6]


def test_a_soak_stops_when_its_minutes_are_up(sources: Path) -> None:
    checked: list[int] = []
    assert run_soak(sources, checked, "--minutes", "0") == RESUMABLE["UNFINISHED"]
    assert checked == []


def test_a_soak_begins_again_when_asked_or_when_the_source_has_changed(sources: Path) -> None:
    assert run_soak(sources, []) == 0
    asked: list[int] = []
    assert run_soak(sources, asked, "--again") == 0
    (sources / "geo" / "roads.py").write_text("A = 2\n", encoding="utf-8")
    changed: list[int] = []
    assert run_soak(sources, changed) == 0
    assert asked == changed == [0, 1, 2, 3, 4]


def test_a_line_half_written_by_a_killed_call_is_checked_again(sources: Path) -> None:
    assert run_soak(sources, []) == 0
    state = sources / ".soak" / "trial.jsonl"
    state.write_text(state.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    for expected in ([4], []):
        checked: list[int] = []
        assert run_soak(sources, checked) == 0
        assert checked == expected
