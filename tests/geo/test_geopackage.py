"""GeoPackages read as what they are: as another reader reads them, with what lies beside them, and never written to."""

import datetime as dt
import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from placeplan.geo.geopackage import GeoPackageError, layer_names, read_layer, sidecars
from placeplan.geo.ordinary_file import open_ordinary

E, N = 440_000, 350_000

cells = st.fixed_dictionaries(
    {
        "whole": st.integers(-(2**53), 2**53) | st.none(),
        "number": st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8) | st.none(),
        "yes": st.booleans(),
        "day": st.dates(dt.date(1990, 1, 1), dt.date(2050, 1, 1)),
    }
)


def shape_of(kind: str, at: int) -> shapely.Geometry | None:
    east, north = 400_000 + 10 * at, 350_000 + 7 * at
    return {
        "Point": shapely.Point(east, north, 5.0),
        "LineString": shapely.LineString([(east, north), (east + 50, north + 20)]),
        "Polygon": shapely.box(east, north, east + 30, north + 40),
        "MultiPolygon": shapely.MultiPolygon([shapely.box(east, north, east + 30, north + 40)]),
    }[kind]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(cells, min_size=1, max_size=5), kind=st.sampled_from(["Point", "LineString", "MultiPolygon"]))
def test_a_layer_is_read_as_the_library_that_wrote_it_reads_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], kind: str
) -> None:
    path = tmp_path_factory.mktemp("layer") / "a.gpkg"
    made = pd.DataFrame(rows)
    made["whole"] = made["whole"].astype("Int64")
    made["number"] = made["number"].astype(float)
    shapes = [None if at == 3 else shape_of(kind, at) for at in range(len(rows))]
    pyogrio.write_dataframe(gpd.GeoDataFrame(made, geometry=shapes, crs=27700), path, layer="things")
    other = pyogrio.read_dataframe(path, layer="things")
    ours = read_layer(path, "things")
    assert list(ours.columns) == list(other.columns)
    assert layer_names(path) == ["things"]
    for name in other.columns:
        if name == "geometry":
            assert [shape and shape.wkb for shape in ours[name]] == [shape and shape.wkb for shape in other[name]]
        else:
            theirs = [None if pd.isna(value) else value for value in other[name].astype(object)]
            found = [None if pd.isna(value) else value for value in ours[name].astype(object)]
            if name == "day":
                theirs = [value.date().isoformat() for value in pd.to_datetime(theirs)]
            assert found == theirs, name


def line_layer(path: Path, crs: int = 27700) -> Path:
    lines = [shapely.LineString([(E, N + at), (E + 10, N + at)]) for at in range(0, 1000, 10)]
    frame = gpd.GeoDataFrame({"row": range(100)}, geometry=lines, crs=27700)
    pyogrio.write_dataframe(frame.to_crs(crs), path, layer="lines")
    return path


def test_bounds_leave_out_what_the_index_has_elsewhere(tmp_path: Path) -> None:
    path = line_layer(tmp_path / "a.gpkg")
    assert list(read_layer(path, "lines", bounds=(E + 2, N + 95, E + 5, N + 125))["row"]) == [10, 11, 12]
    # In other coordinates the layer is read whole, and comes in metres of the National Grid.
    turned = read_layer(line_layer(tmp_path / "b.gpkg", crs=4326), "lines", bounds=(E + 2, N + 95, E + 5, N + 125))
    assert len(turned) == 100
    assert np.allclose(shapely.get_coordinates(turned.geometry)[:, 1], np.repeat(range(N, N + 1000, 10), 2), atol=0.01)


def another_program(path: Path, *, journal: str) -> "subprocess.Popen[str]":
    """A program that has the file open, as QGIS would, and saves a change at each line it is given."""
    code = f"""
        import sqlite3, sys
        base = sqlite3.connect({str(path)!r}, isolation_level=None)
        base.execute("PRAGMA journal_mode = {journal}").fetchone()
        base.execute("PRAGMA wal_autocheckpoint = 0")
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{{name}}"')
        if {journal!r} == "wal":
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        print("ready", flush=True)
        sys.stdin.readline()
        base.execute("PRAGMA cache_size = 1"); base.execute("PRAGMA cache_spill = 1")
        base.execute("BEGIN"); base.execute("UPDATE lines SET row = row + 1000")
        if {journal!r} == "wal":
            base.execute("COMMIT")
        print("done", flush=True)
        sys.stdin.readline()
    """  # noqa: S608 - a file of the test's own
    opened = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert opened.stdout is not None
    assert opened.stdout.readline() == "ready\n"
    return opened


def go_on(opened: "subprocess.Popen[str]") -> None:
    assert opened.stdin is not None
    assert opened.stdout is not None
    opened.stdin.write("\n")
    opened.stdin.flush()
    assert opened.stdout.readline() == "done\n"


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_rows_saved_by_a_program_that_still_has_the_file_open_are_read(tmp_path: Path) -> None:
    path = line_layer(tmp_path / "a.gpkg")
    opened = another_program(path, journal="wal")
    try:
        assert list(read_layer(path, "lines")["row"])[:2] == [0, 1]
        go_on(opened)
        assert [file.name for file in sidecars(path)] == ["a.gpkg-wal"]
        before = listing(tmp_path)
        assert list(read_layer(path, "lines")["row"])[:2] == [1000, 1001]
        assert listing(tmp_path) == before
    finally:
        opened.communicate("\n")
    assert list(read_layer(path, "lines")["row"])[:2] == [1000, 1001]


def test_a_change_that_was_never_finished_is_not_read(tmp_path: Path) -> None:
    path = line_layer(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as base:  # enough that a change spills into the file before it is finished
        base.execute("CREATE TABLE padding AS SELECT * FROM lines")
        base.execute("ALTER TABLE lines ADD COLUMN wide TEXT DEFAULT ''")
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("UPDATE lines SET wide = hex(zeroblob(2000))")
    base.close()
    opened = another_program(path, journal="delete")
    go_on(opened)
    opened.kill()
    opened.communicate()
    assert [file.name for file in sidecars(path)] == ["a.gpkg-journal"]
    before = listing(tmp_path)
    assert list(read_layer(path, "lines")["row"])[:2] == [0, 1]
    assert listing(tmp_path) == before


def test_nothing_is_written_beside_a_file(tmp_path: Path) -> None:
    path = line_layer(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA journal_mode = wal").fetchone()
    base.close()
    before = listing(tmp_path)
    tmp_path.chmod(0o555)
    try:
        assert len(read_layer(path, "lines")) == 100
    finally:
        tmp_path.chmod(0o755)
    assert listing(tmp_path) == before == {"a.gpkg": before["a.gpkg"]}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE lines RENAME TO kept; CREATE VIEW lines AS SELECT * FROM kept", "no table but a view"),
        ("UPDATE lines SET geom = x'00'", "no geometry in the form"),
        ("UPDATE lines SET geom = x'4750000100000000'", "a geometry that cannot be read"),
        ("DROP TABLE gpkg_contents", "without the table gpkg_contents"),
        (
            "UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 5701 WHERE srs_id = 27700",
            "no place on the earth",
        ),
        ("UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 1 WHERE srs_id = 27700", "stated as EPSG:1"),
    ],
)
def test_what_is_no_layer_of_tables_is_told(tmp_path: Path, statement: str, told: str) -> None:
    path = line_layer(tmp_path / "a.gpkg")
    with sqlite3.connect(path) as base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        base.executescript(statement)
    base.close()
    with pytest.raises(GeoPackageError, match=told):
        read_layer(path, "lines")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_a_device_and_a_folder_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_bytes(b"here")
    (tmp_path / "good").symlink_to(tmp_path / "file")
    for name, what in (("pipe", "a pipe"), ("link", "a device"), (".", "a folder")):
        with pytest.raises(OSError, match=what):
            open_ordinary(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        open_ordinary(tmp_path / "lost")
    with open_ordinary(tmp_path / "good") as file:
        assert file.read() == b"here"
