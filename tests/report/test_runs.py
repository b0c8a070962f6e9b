"""The run's folder: canonical, whole or not at all, and read back as it was."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from placeplan.errors import InputError, UsageError
from placeplan.run_reading import read_table
from placeplan.run_tables import in_order, table_text
from placeplan.runs import Run, read_run, run_hash, write_run


def small(**facts: object) -> Run:
    table = pd.DataFrame(
        {
            "question": ["september", "today", "today"],
            "measure": ["children", "mean_minutes", "cost_pounds"],
            "value": [12.0, 33.349, 1234.5],
        }
    )
    return Run("allocate", "Testshire", {"headlines": table}, {}, {"seed": 1, **facts})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_text_of_a_table_is_canonical() -> None:
    frame = pd.DataFrame(
        {
            "question": ["today", "today", "september"],
            "locality": ["b", "a", "a"],
            "children": [3.0, 12.0, 2.5],
            "pounds": [-0.001, 1234.567, np.nan],
            "minutes": [3.14159, 7.0, 0.0],
            "stays": [True, False, True],
            "note": ['say "c"', None, "x,y"],
        }
    )
    assert table_text(frame, localities=["b", "a"]) == (
        "question,locality,children,pounds,minutes,stays,note\n"
        'today,b,3,0.00,3.1,yes,"say ""c"""\n'
        "today,a,12,1234.57,7.0,no,\n"
        'september,a,2.5,,0.0,yes,"x,y"\n'
    )


def test_words_are_in_their_own_order_and_rows_in_any_order_give_the_same_text(sample: Run) -> None:
    for name, frame in sample.tables.items():
        shuffled = frame.sample(frac=1, random_state=3)
        assert table_text(frame) == table_text(shuffled), name
    phases = list(in_order(sample.tables["gap"][["phase"]])["phase"].unique())
    assert phases == ["early_years", "primary", "secondary", "post_16"]


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(ValueError, match="column minutes, row 0: infinite"):
        table_text(pd.DataFrame({"minutes": [float("inf")]}))


def test_a_table_reads_back(sample: Run) -> None:
    for name, frame in sample.tables.items():
        text = table_text(frame, sort=False)
        assert table_text(read_table(name, text), sort=False) == text, name


def test_a_damaged_table_names_every_cell() -> None:
    with pytest.raises(InputError) as caught:
        read_table("flows", "unit,children,stays\nU1,many,yes\nU2,3,perhaps\n")
    assert [(fault.row, fault.column, fault.value) for fault in caught.value.faults] == [
        ("2", "children", "many"),
        ("3", "stays", "perhaps"),
    ]
    with pytest.raises(InputError, match="expected 2 cells"):
        read_table("flows", "unit,children\nU1\n")
    with pytest.raises(InputError, match="a header line"):
        read_table("flows", "")


def test_measures_are_written_by_what_they_measure(tmp_path: Path) -> None:
    out = write_run(small(), tmp_path / "run", files={})
    assert (out / "tables" / "headlines.csv").read_bytes() == (
        b"question,measure,value\ntoday,cost_pounds,1234.50\ntoday,mean_minutes,33.3\nseptember,children,12\n"
    )


def test_two_writes_differ_in_their_timings_only(tmp_path: Path) -> None:
    one = write_run(small(), tmp_path / "one", files={"a/b.txt": lambda: b"made"}, timings={"solve": 1.5})
    other = write_run(small(), tmp_path / "two", files={"a/b.txt": lambda: b"made"}, timings={"solve": 9.0})
    first, second = contents(one), contents(other)
    assert {name for name in first if first[name] != second[name]} == {"timings.json"}
    assert json.loads(first["run.json"])["files"].keys() == {"a/b.txt", "tables/headlines.csv"}


def test_a_file_is_copied_by_its_path(tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(b"\x00\x01")
    out = write_run(small(), tmp_path / "run", files={"copy.bin": source})
    assert (out / "copy.bin").read_bytes() == b"\x00\x01"


def test_an_existing_folder_is_refused_and_kept(tmp_path: Path) -> None:
    out = write_run(small(), tmp_path / "run", files={})
    before = contents(out)
    with pytest.raises(UsageError, match="--replace"):
        write_run(small(seed=2), out, files={})
    assert contents(out) == before
    write_run(small(seed=2), out, files={}, replace=True)
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["facts"] == {"seed": 2}


def test_what_is_no_run_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(UsageError, match="is not the folder of a run"):
        write_run(small(), tmp_path / "letters", files={}, replace=True)
    assert (tmp_path / "letters" / "mine.txt").read_text(encoding="utf-8") == "dear"


@pytest.mark.parametrize("replace_it", [False, True])
def test_a_maker_that_fails_leaves_what_stood_there_and_nothing_else(tmp_path: Path, replace_it: bool) -> None:
    out = tmp_path / "run"
    if replace_it:
        write_run(small(), out, files={})
    before = contents(tmp_path)

    def fails() -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_run(small(seed=2), out, files={"a.txt": lambda: b"a", "b.txt": fails}, replace=replace_it)
    assert contents(tmp_path) == before
    assert list(tmp_path.iterdir()) == ([out] if replace_it else [])


def test_a_rename_that_fails_puts_the_old_run_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = write_run(small(), tmp_path / "run", files={})
    before = contents(tmp_path)
    rename = Path.rename

    def stubborn(self: Path, target: Path) -> Path:
        if self.name == "run" and self.parent.name.endswith(".part"):
            raise OSError("the disk is full")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stubborn)
    with pytest.raises(UsageError, match="run: cannot be written"):
        write_run(small(seed=2), out, files={}, replace=True)
    assert contents(tmp_path) == before


def test_a_process_killed_between_the_renames_left_the_old_run_to_be_found(tmp_path: Path) -> None:
    out = write_run(small(), tmp_path / "run", files={})
    out.rename(tmp_path / ".run.placeplan.previous")
    assert read_run(out).facts == {"seed": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_reads_back(tmp_path: Path) -> None:
    run = replace(small(), internal=True)
    back = read_run(write_run(run, tmp_path / "run", files={}))
    assert (back.command, back.county, back.facts, back.internal) == ("allocate", "Testshire", {"seed": 1}, True)
    assert list(back.tables["headlines"]["value"]) == [1234.5, 33.3, 12.0]


def test_what_is_no_run_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no run\.json"):
        read_run(tmp_path)
    with pytest.raises(UsageError, match=r"no run\.json"):
        read_run(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{", "the file as it was written"), ("[]", "the keys"), ('{"format": 1}', "the keys")],
)
def test_a_damaged_record_is_told(tmp_path: Path, text: str, expected: str) -> None:
    out = write_run(small(), tmp_path / "run", files={})
    (out / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=expected):
        read_run(out)


def test_another_format_is_told(tmp_path: Path) -> None:
    out = write_run(small(), tmp_path / "run", files={})
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    (out / "run.json").write_text(json.dumps({**record, "format": 99}), encoding="utf-8")
    with pytest.raises(InputError, match="found 99; expected 2"):
        read_run(out)


def test_every_changed_or_missing_table_is_told(tmp_path: Path) -> None:
    run = replace(small(), tables={**small().tables, "costs": pd.DataFrame({"line": ["college"], "pounds": [1.0]})})
    out = write_run(run, tmp_path / "run", files={})
    (out / "tables" / "costs.csv").unlink()
    (out / "tables" / "headlines.csv").write_text("other\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_run(out)
    assert [(fault.table, fault.value) for fault in caught.value.faults] == [
        ("tables/costs.csv", ""),
        ("tables/headlines.csv", "other contents"),
    ]


def test_the_hash_stands_for_the_facts() -> None:
    assert run_hash({"seed": 1, "options": {"a": 1, "b": 2}}) == run_hash({"options": {"b": 2, "a": 1}, "seed": 1})
    assert run_hash({"seed": 1}) != run_hash({"seed": 2})
    assert len(run_hash({})) == 8
