"""Folders and the cache survive the world: damage, kills, several at once, full disks, long names, closed pipes."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from support.commands import call
from tiny_county import TINY_TABLES

import placeplan as pp
from placeplan.runs import Run, read_run, write_run
from placeplan.studies import travel_cache
from placeplan.studies.travel_cache import FolderChunks, read_kept
from placeplan.whole_or_not import writing

COMMAND = [sys.executable, "-c", "from placeplan.cli import main; main()"]
needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")


def placeplan(*arguments, **options):
    given = {"capture_output": True, "text": True, "timeout": 120, **options}
    return subprocess.run([*COMMAND, *map(str, arguments)], check=False, **given)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# The cache


def flips(content):
    """The content with one bit of one byte turned, for every byte."""
    rng = np.random.default_rng(7)
    for at, bit in enumerate(rng.integers(0, 8, len(content))):
        damaged = bytearray(content)
        damaged[at] ^= 1 << int(bit)
        yield bytes(damaged)


def test_whatever_bit_of_the_cache_is_turned_is_found_and_it_is_made_anew(tiny, caplog):
    county = pp.read_county(tiny)
    wanted = pp.travel_times(county)
    (path,) = travel_cache.cache_folder().glob("*.npz")
    content = path.read_bytes()
    for damaged in (*flips(content), *(content[:length] for length in range(0, len(content), 9)), content + b"\0"):
        path.write_bytes(damaged)
        assert read_kept(path) is None
    caplog.clear()
    found = pp.travel_times(county)
    assert np.array_equal(found.minutes, wanted.minutes)
    assert "it is damaged): they are made anew" in caplog.text
    assert path.read_bytes() == content
    result = call("travel", tiny)
    assert result.exit_code == 0


def test_whatever_bit_of_a_chunk_is_turned_is_found(tmp_path):
    store = FolderChunks(tmp_path / "parts")
    chunk = (np.ones((4, 2), np.float32), np.ones((4, 2), np.float32), np.zeros((4, 2), np.int8))
    store.put(0, 2, chunk)
    (path,) = (tmp_path / "parts").iterdir()
    content = path.read_bytes()
    for damaged in flips(content):
        path.write_bytes(damaged)
        assert store.get(0, 2) is None
    path.write_bytes(content)
    assert np.array_equal(store.get(0, 2)[0], chunk[0])


@pytest.mark.parametrize("what", ["folder", "pipe", "link to nothing"])
def test_something_else_where_the_cache_s_file_should_be_does_not_fail_the_answer(tiny, what):
    county = pp.read_county(tiny)
    path = travel_cache.cache_folder() / f"travel-{travel_cache.travel_key(county)}.npz"
    path.parent.mkdir(parents=True)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to(tiny / "nowhere")
    assert pp.travel_times(county).minutes.shape == (4, 3)


def test_a_cache_that_cannot_be_written_is_said_once(tiny, monkeypatch, caplog):
    (tiny.parent / "blocked").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tiny.parent / "blocked" / "cache"))
    monkeypatch.setattr("placeplan.geo.routes.CHUNK_CELLS", 1)
    travel_cache._not_kept.cache_clear()
    assert pp.travel_times(pp.read_county(tiny)).minutes.shape == (4, 3)
    assert [record.message for record in caplog.records] == [caplog.records[0].message]
    assert "cannot be kept" in caplog.text


# Kills


HANG = """
    import sys, time
    from pathlib import Path
    from placeplan.runs import Run, write_run
    def hang():
        print("writing", flush=True)
        time.sleep(60)
        return b""
    import pandas as pd
    run = Run("allocate", "Testshire", {"placements": pd.DataFrame({"child": ["c1"]})}, {}, {})
    write_run(run, sys.argv[1], files={"a.txt": hang}, replace=True)
"""


def hanging(out):
    """A process that has written a run's tables and hangs before it is done."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HANG), str(out)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    return process


def plain_run():
    return Run("allocate", "Testshire", {}, {}, {})


@needs_kill
@pytest.mark.parametrize("same_place", [True, False])
def test_what_a_killed_process_left_is_gone_at_the_next_start(tmp_path, same_place):
    process = hanging(tmp_path / "run")
    process.kill()
    process.communicate()
    (left,) = tmp_path.glob(".*.part")
    assert list(left.rglob("placements.csv"))
    write_run(plain_run(), tmp_path / ("run" if same_place else "other"), files={})
    assert names(tmp_path) == ["run" if same_place else "other"]


@needs_kill
def test_a_command_that_writes_nothing_yet_cleans_already_and_leaves_others_at_work(tiny):
    dead, alive = hanging(tiny.parent / "dead"), hanging(tiny.parent / "alive")
    try:
        dead.kill()
        dead.communicate()
        assert call("allocate", tiny, "--out", "new", "--question", "today").exit_code == 0
        hidden = [name for name in names(tiny.parent) if name.startswith(".")]
        assert hidden == [".alive.placeplan.lock", ".alive.placeplan.part"]
    finally:
        alive.kill()
        alive.communicate()


def test_other_people_s_hidden_folders_stay(tmp_path):
    kept = [".mine.part", ".run.previous", ".git", ".x.lock"]
    for name in kept:
        (tmp_path / name).mkdir()
        (tmp_path / name / "letter.txt").write_text("dear", encoding="utf-8")
    write_run(plain_run(), tmp_path / "run", files={})
    assert names(tmp_path) == sorted([*kept, "run"])


def test_a_file_of_the_cache_that_nobody_holds_is_taken_away(tiny):
    folder = travel_cache.cache_folder()
    folder.mkdir()
    (folder / "travel-abc123.part").write_bytes(b"half")
    pp.travel_times(pp.read_county(tiny))
    assert not list(folder.glob("*.part"))


# Several at once


def test_of_several_commands_at_once_into_one_folder_one_writes_and_the_others_are_refused(tiny):
    arguments = ["allocate", str(tiny), "--out", "one", "--replace", "--question", "today"]
    started = [
        subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=200) for process in started]
    codes = [process.returncode for process in started]
    assert codes.count(0) >= 1
    for code, (_, error) in zip(codes, said, strict=True):
        if code != 0:
            assert code == 2
            assert error.count("\n") == 1
            assert "another command is writing there" in error
    read_run(tiny.parent / "one")
    assert [name for name in names(tiny.parent) if name.startswith(".")] == []


def test_whoever_comes_while_another_writes_is_refused_with_one_line(tiny):
    process = hanging(tiny.parent / "one")
    try:
        for command in (["allocate", tiny], ["travel", tiny], ["coverage", tiny]):
            result = call(*command, "--out", "one", "--replace")
            assert result.exit_code == 2
            assert "one: another command is writing there" in result.stderr
            assert result.stderr.count("\n") == 1
    finally:
        process.kill()
        process.communicate()
    assert call("travel", tiny, "--out", "one", "--replace").exit_code == 0


def test_a_command_that_fails_lets_go_of_its_place_and_leaves_no_folder(tiny, monkeypatch):
    def fails(*_arguments, **_options):
        raise pp.UsageError("no")

    monkeypatch.setattr("placeplan.studies.allocate_places.allocate", fails)
    assert call("allocate", tiny, "--out", "deep/er/one").exit_code == 2
    assert not (tiny.parent / "deep").exists()
    with writing(Path("deep/er/one")):
        pass


# Disks and names


def full(*_arguments, **_options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")


@pytest.mark.parametrize("broken", ["pathlib.Path.write_bytes", "pathlib.Path.mkdir", "pathlib.Path.rename"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tiny, monkeypatch, broken):
    before = names(tiny.parent)
    (tiny.parent / "cache").mkdir(exist_ok=True)
    with monkeypatch.context() as patch:
        patch.setattr(broken, full)
        result = call("travel", tiny, "--out", "run")
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if "travel times" not in line]
    assert len(lines) == 1
    assert "No space left on device" in lines[0]
    assert names(tiny.parent) in (before, sorted({*before, "cache"}))


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limits of files")
def test_a_file_that_may_not_grow_is_one_line_and_leaves_nothing(tiny):
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); " + COMMAND[2]
    done = subprocess.run(
        [sys.executable, "-c", code, "allocate", str(tiny), "--out", "run"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("placeplan: run: cannot be written (")
    assert done.stderr.count("\n") == 1
    assert set(names(tiny.parent)) <= {"tiny", "cache"}


@pytest.mark.parametrize("name", ["Special places plan of the county " * 8, "Ελλάδα", "..", "a/b\\\\c:d", "-"])
def test_any_name_of_a_county_makes_a_folder(tiny, name):
    path = tiny / "county.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Tinyshire", name), encoding="utf-8")
    result = call("travel", tiny)
    assert result.exit_code == 0, result.stderr
    (made,) = (tiny.parent / "runs").iterdir()
    assert len(made.name) < 80
    assert made.name[0].isalnum()


@pytest.mark.parametrize("command", ["travel", "allocate", "coverage", "forecast", "new"])
def test_a_place_that_cannot_be_is_one_line_before_the_work(tiny, command):
    (tiny.parent / "file").write_text("mine", encoding="utf-8")
    for out in ("x" * 300, "y/" * 3000 + "z", "file", "file/below"):
        arguments = ("new", out) if command == "new" else (command, tiny, "--out", out, "--replace")
        result = call(*arguments)
        assert result.exit_code == 2, (out[:20], result.output)
        assert result.stderr.count("\n") == 1, result.stderr
        assert len(result.stderr) < 7000
    assert (tiny.parent / "file").read_text(encoding="utf-8") == "mine"
    assert set(names(tiny.parent)) <= {"tiny", "cache", "file"}


def test_a_place_of_a_long_name_that_can_be_is_written(tmp_path):
    out = tmp_path / ("n" * 250)
    write_run(plain_run(), out, files={})
    write_run(plain_run(), out, files={}, replace=True)
    assert names(tmp_path) == [out.name]


def test_a_locality_s_label_is_no_path(tiny):
    for table in ("zones", "sites"):
        path = tiny / f"{table}.csv"
        path.write_text(TINY_TABLES[table].replace(",north,", f",../../north/{'n' * 200},"), encoding="utf-8")
    path = tiny / "localities.geojson"
    path.write_text(path.read_text(encoding="utf-8").replace('"north"', '"../../north/' + "n" * 200 + '"'), "utf-8")
    result = call("forecast", tiny, "--out", "run", "--draws", "5", "--years", "2", "--no-backtests")
    assert result.exit_code == 0, result.stderr
    assert set(names(tiny.parent)) <= {"tiny", "cache", "run"}
    assert all(path.parent.name in ("fans", "run", "tables") for path in (tiny.parent / "run").rglob("*.*"))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
@pytest.mark.parametrize(("faulty", "code"), [(False, 0), (True, 2)])
def test_a_reader_who_goes_away_changes_nothing(tiny, faulty, code):
    if faulty:
        (tiny / "children.csv").write_text("child\n", encoding="utf-8")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "check", str(tiny)], stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(write)
    assert done.returncode == code
    assert bool(done.stderr) == faulty
    assert "internal error" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_output_to_a_full_disk_is_one_line(tiny):
    with Path("/dev/full").open("w", encoding="utf-8") as nowhere:
        done = placeplan("check", tiny, capture_output=False, stdout=nowhere, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a home is found otherwise there")
@pytest.mark.parametrize("home", ["", "/nonexistent/home", None])
def test_without_a_home_the_answer_comes_all_the_same(tiny, home):
    kept = {key: value for key, value in os.environ.items() if key not in ("HOME", "PLACEPLAN_CACHE")}
    kept |= {} if home is None else {"HOME": home}
    kept |= dict.fromkeys(("XDG_CACHE_HOME", "XDG_STATE_HOME", "MPLCONFIGDIR"), "/proc/nowhere")
    done = placeplan("travel", tiny, "--out", "run", env=kept)
    assert done.returncode == 0, done.stderr
    assert "cannot be kept" in done.stderr
    assert done.stderr.count("\n") == 1
    assert set(names(tiny.parent)) <= {"tiny", "cache", "run"}


# Runs that were received


@pytest.fixture
def received(tmp_path):
    run = tmp_path / "got"
    write_run(plain_run(), run, files={"a.txt": lambda: b"a"})
    return run


@pytest.mark.parametrize("name", ["tables/../../secret.csv", "/etc/hostname", "tables/", "", "tables/a b.csv"])
def test_a_record_names_files_of_its_own_folder_alone(received, name):
    path = received / "run.json"
    path.write_text(path.read_text(encoding="utf-8").replace("a.txt", name), encoding="utf-8")
    with pytest.raises(pp.InputError, match=r"run\.json, column files: .*expected a name inside the folder"):
        read_run(received)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("what", ["pipe", "device", "elsewhere", "folder"])
def test_a_table_of_a_run_is_a_file_of_its_folder(tmp_path, received, what):
    path = received / "run.json"
    path.write_text(path.read_text(encoding="utf-8").replace("a.txt", "tables/a.csv"), encoding="utf-8")
    table = received / "tables" / "a.csv"
    (tmp_path / "secret.csv").write_bytes(b"a")
    if what == "pipe":
        os.mkfifo(table)
    elif what == "folder":
        table.mkdir()
    else:
        table.symlink_to("/dev/zero" if what == "device" else tmp_path / "secret.csv")
    began = time.monotonic()
    with pytest.raises(pp.InputError, match=r"tables/a\.csv: found a"):
        read_run(received)
    assert time.monotonic() - began < 60
    assert call("report", received).exit_code == 2
