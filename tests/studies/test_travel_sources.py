"""A county whose roads or journeys are files: found, hashed, read, and refused where there are several."""

import json
import os
import signal
import subprocess
import sys
import time

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from support.commands import call
from support.more_zones import add_zones
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp
from placeplan.geo.travel import Reason
from placeplan.studies import travel_cache
from placeplan.studies.travel_cache import FolderChunks

CLASSES = {"secondary": "B Road", "primary": "A Road"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    return write_tiny_county(tmp_path / "tiny")


def rows_of(table):
    header, *lines = TINY_TABLES[table].splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def open_roads(path):
    """The tiny county's roads as Ordnance Survey would publish them."""
    made = [
        {
            "id": f"l{at}", "road_function": CLASSES[row["class"]], "form_of_way": "Single Carriageway",
            "trunk_road": False,
            "length": int(row["metres"]), "start_node": row["from"], "end_node": row["to"],
            "geometry": shapely.LineString([(float(row["from_easting"]), float(row["from_northing"])),
                                            (float(row["to_easting"]), float(row["to_northing"]))]),
        }
        for at, row in enumerate(rows_of("roads"))
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    gpd.GeoDataFrame(made, crs=27700).to_file(path, layer="road_link", driver="GPKG", engine="pyogrio")


def setting(folder, *lines):
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("\n[travel]\n" + "\n".join(lines) + "\n")


def test_roads_of_a_folder_give_the_journeys_that_the_table_gives(folder):
    wanted = pp.travel_times(pp.read_county(folder))
    before = pp.read_county(folder).digest
    (folder / "roads.csv").unlink()
    open_roads(folder / "roads" / "SK.gpkg")
    county = pp.read_county(folder)
    assert [path.name for path in county.road_files] == ["SK.gpkg"]
    assert county.digest != before
    found = pp.travel_times(county)
    assert found.minutes == pytest.approx(wanted.minutes)
    assert found.km == pytest.approx(wanted.km)
    assert found.method.startswith("fastest route by road; roads of OS Open Roads, which knows no one-way streets")


def test_roads_may_lie_elsewhere_and_their_bytes_are_in_the_digest(folder, tmp_path):
    (folder / "roads.csv").unlink()
    open_roads(tmp_path / "big" / "a.gpkg")
    setting(folder, 'roads = "../big/*.gpkg"')
    one = pp.read_county(folder)
    assert pp.travel_times(one).minutes.shape == (4, 3)
    (tmp_path / "big" / "a.gpkg").write_bytes((tmp_path / "big" / "a.gpkg").read_bytes() + b"\0")
    assert pp.read_county(folder).digest != one.digest


def test_several_sources_at_once_are_one_clear_fault(folder):
    open_roads(folder / "roads" / "SK.gpkg")
    (fault,) = pp.check_county(folder)
    assert fault.table == "travel"
    assert "the table roads and road files (SK.gpkg)" in fault.value
    (folder / "roads.csv").unlink()
    (folder / "travel").mkdir()
    (folder / "travel" / "osrm.json").write_text("{}", encoding="utf-8")
    faults = {fault.column or fault.value for fault in pp.check_county(folder)}
    assert "travel.matrix_format" in faults
    assert any("road files (SK.gpkg) and another engine's files (osrm.json)" in fault for fault in faults)


def test_files_that_are_pointed_at_and_are_not_there_are_told(folder):
    (folder / "roads.csv").unlink()
    setting(folder, 'roads = "../nowhere/*.gpkg"')
    columns = {fault.column for fault in pp.check_county(folder)}
    assert "travel.roads" in columns


def test_damaged_road_files_are_one_message(folder):
    (folder / "roads.csv").unlink()
    (folder / "roads").mkdir()
    (folder / "roads" / "SK.gpkg").write_bytes(b"no database")
    with pytest.raises(pp.InputError, match=r"SK\.gpkg"):
        pp.travel_times(pp.read_county(folder))


def matrix(folder, name, text, *lines):
    (folder / "roads.csv").unlink()
    (folder / "travel").mkdir()
    (folder / "travel" / name).write_text(text, encoding="utf-8")
    setting(folder, *lines)
    return pp.read_county(folder)


def long_text(folder, *, km=True):
    frame = pp.travel_times(pp.read_county(folder)).frame()
    frame = frame.rename(columns={"zone": "from_id", "site": "to_id"}).assign(
        travel_time=lambda f: (f["minutes"] * 60).round(3), distance=lambda f: f["km"] * 1000
    )
    return frame[["from_id", "to_id", "travel_time", *(["distance"] if km else [])]].to_csv(index=False)


def test_a_matrix_of_another_engine_is_read_in_its_unit(folder):
    wanted = pp.travel_times(pp.read_county(folder))
    county = matrix(folder, "r5.csv", long_text(folder), 'matrix_format = "long"', 'matrix_unit = "seconds"')
    found = pp.travel_times(county)
    assert found.minutes == pytest.approx(wanted.minutes, abs=1e-3)
    assert found.km == pytest.approx(wanted.km, abs=1e-3)
    assert "another engine (long, seconds)" in found.method


def test_km_by_straight_lines_are_asked_for_and_said(folder):
    lines = ['matrix_format = "long"', 'matrix_unit = "seconds"']
    county = matrix(folder, "r5.csv", long_text(folder, km=False), *lines)
    with pytest.raises(pp.InputError, match=r"travel\.km_detour: found 12 journeys without km"):
        pp.travel_times(county)
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("km_detour = 1.5\n")
    found = pp.travel_times(pp.read_county(folder))
    zones = {row["zone"]: (float(row["easting"]), float(row["northing"])) for row in rows_of("zones")}
    sites = {row["site"]: (float(row["easting"]), float(row["northing"])) for row in rows_of("sites")}
    wanted = [[1.5 * np.hypot(*np.subtract(zones[z], sites[s])) / 1000 for s in found.sites] for z in found.zones]
    assert found.km == pytest.approx(np.array(wanted), rel=1e-6)
    assert "km by the straight line x 1.5" in found.method


def test_ids_that_are_missing_from_a_matrix_are_listed(folder):
    text = "\n".join(line for line in long_text(folder).splitlines() if not line.startswith("z2,"))
    county = matrix(folder, "r5.csv", text, 'matrix_format = "long"', 'matrix_unit = "seconds"')
    with pytest.raises(pp.InputError, match="no row for z2"):
        pp.travel_times(county)


def test_an_answer_of_osrm_beside_a_county_is_checked_by_place(folder):
    answer = {"code": "Ok", "durations": [[60.0] * 3] * 4, "distances": [[1000.0] * 3] * 4}
    answer |= {name: [{"location": [-1.4, 53.04]}] * n for name, n in (("sources", 4), ("destinations", 3))}
    county = matrix(folder, "osrm.json", json.dumps(answer), 'matrix_format = "osrm"', 'matrix_unit = "seconds"')
    with pytest.raises(pp.InputError, match="is the order right"):
        pp.travel_times(county)
    del answer["sources"], answer["destinations"]
    (folder / "travel" / "osrm.json").write_text(json.dumps(answer), encoding="utf-8")
    assert (pp.travel_times(pp.read_county(folder)).minutes == 1).all()


def test_finished_chunks_are_not_made_again(folder, monkeypatch):
    from placeplan.geo import routes

    monkeypatch.setattr(routes, "CHUNK_CELLS", 1)  # a site a chunk
    made = []
    whole = routes._chunk
    monkeypatch.setattr(routes, "_chunk", lambda work, start, stop: made.append(start) or whole(work, start, stop))
    county = pp.read_county(folder)
    wanted = pp.travel_times(county, cache=False)
    made.clear()
    (parts,) = [travel_cache.cache_folder() / f"travel-{travel_cache.travel_key(county)}.parts"]
    store = FolderChunks(parts)
    for start in (0, 2):
        store.put(start, start + 1, (wanted.minutes[:, [start]], wanted.km[:, [start]], wanted.reason[:, [start]]))
    next(iter(sorted(parts.iterdir()))).write_bytes(b"cut off")  # the first is damaged
    found = pp.travel_times(county)
    assert made == [0, 1]
    assert np.array_equal(found.minutes, wanted.minutes)
    assert not parts.exists()


SLOW = """
import sys, time
from placeplan.geo import routes
routes.CHUNK_CELLS = 1
whole = routes._chunk
def slow(work, start, stop):
    print("chunk", start, flush=True)
    if start == 2 and sys.argv[2] == "hang":
        time.sleep(60)
    return whole(work, start, stop)
routes._chunk = slow
import placeplan as pp
pp.travel_times(pp.read_county(sys.argv[1]))
print("done", flush=True)
"""


def test_a_killed_process_is_gone_on_from(folder):
    def start(how):
        return subprocess.Popen(
            [sys.executable, "-c", SLOW, str(folder), how], stdout=subprocess.PIPE, text=True, env=os.environ.copy()
        )

    first = start("hang")
    lines = [first.stdout.readline().strip() for _ in range(3)]
    time.sleep(0.1)
    first.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    first.communicate()
    assert lines == ["chunk 0", "chunk 1", "chunk 2"]
    second, _ = start("go on").communicate(timeout=60)
    assert second.split("\n")[:-1] == ["chunk 2", "done"]
    assert not list(travel_cache.cache_folder().glob("*.parts"))


UNITS = {
    "long": ('matrix_format = "long"', "r5.csv"),
    "square": ('matrix_format = "square"', "times.csv"),
    "osrm": ('matrix_format = "osrm"', "osrm.json"),
    "openrouteservice": ('matrix_format = "openrouteservice"', "ors.json"),
}


def in_format(folder, form, factor):
    """The tiny county's own journeys in an engine's format, times in seconds x ``factor``."""
    found = pp.travel_times(pp.read_county(folder))
    seconds = found.minutes.astype(float) * 60 * factor
    if form in ("osrm", "openrouteservice"):
        return json.dumps({"code": "Ok", "durations": seconds.tolist(), "distances": (found.km * 1000.0).tolist()})
    if form == "square":
        return pd.DataFrame(seconds, index=found.zones, columns=found.sites).to_csv()
    frame = found.frame().rename(columns={"zone": "from_id", "site": "to_id"})
    return frame.assign(travel_time=seconds.ravel())[["from_id", "to_id", "travel_time", "km"]].to_csv(index=False)


@pytest.mark.parametrize("form", UNITS)
@pytest.mark.parametrize(("factor", "words"), [(1, ""), (1 / 60, "minutes"), (1000, "thousandths of a second")])
def test_check_reads_the_files_of_every_engine_and_names_the_unit(folder, form, factor, words):
    line, name = UNITS[form]
    county = matrix(folder, name, in_format(folder, form, factor), line, 'matrix_unit = "seconds"', "km_detour = 1.3")
    result = call("check", folder)
    assert result.exit_code == (2 if words else 0)
    if words:
        assert name in result.stderr
        assert f"these look like {words}" in result.stderr
        with pytest.raises(pp.InputError, match=words):
            pp.travel_times(county)
    else:
        assert pp.check_journeys(county) == []


def test_what_is_odd_in_a_file_is_noted_by_check_and_said_by_the_method(folder):
    lines = long_text(folder).splitlines()
    at = next(place for place, text in enumerate(lines) if text.startswith("z1,s3,"))
    lines[at] = "z1,s3,1000,1500"
    header, *rows = lines
    text = "\n".join([f"{header},travel_time_p95", *(f"{row},99" for row in rows)])
    county = matrix(folder, "r5.csv", text, 'matrix_format = "long"', 'matrix_unit = "seconds"')
    notes = {note.column: note for note in pp.check_journeys(county)}
    assert "z1 to s3: 1.5 km where the straight line is 12.4 km" in notes["km"].found
    assert (notes["travel_time_p95"].table, notes["travel_time_p95"].taken) == ("r5.csv", "not read")
    assert "z1 to s3" in call("check", folder).stdout
    assert "taken as written: 1 of 12 journeys: shorter than the straight line" in pp.travel_times(county).method


def test_a_fault_of_one_of_several_files_is_told_with_its_file_and_line(folder):
    header, *rows = long_text(folder).splitlines()
    matrix(folder, "a.csv", "\n".join([header, *rows[:6]]), 'matrix_format = "long"', 'matrix_unit = "seconds"')
    (folder / "travel" / "b.csv").write_text("\n".join([header, *rows[6:], "z9,s1,60,1000", rows[0]]), encoding="utf-8")
    with pytest.raises(pp.InputError) as caught:
        pp.check_journeys(pp.read_county(folder))
    assert [(fault.table, fault.row, fault.column) for fault in caught.value.faults] == [
        ("b.csv", "8", "zone"), ("b.csv", "9", "zone, site"),
    ]  # fmt: skip


def test_a_cut_off_stands_on_the_audit_and_in_the_method(folder):
    """Thirty zones in the north, whose journeys above 15 minutes to the school out of the county are left out."""
    add_zones(folder, [440000 + 10 * number for number in range(30)])
    frame = pp.travel_times(pp.read_county(folder)).frame()
    frame = frame[(frame["site"] != "s3") | (frame["minutes"] <= 15)]
    (folder / "roads.csv").unlink()
    frame[["zone", "site", "minutes", "km"]].round(3).to_csv(folder / "travel.csv", index=False)
    county = pp.read_county(folder)
    found = pp.travel_times(county)
    absent = found.reason.size - len(frame)
    assert absent > 30
    assert (found.reason == Reason.beyond_cut_off).sum() == absent
    audit = pp.travel_audit(county, found).set_index("measure")["value"]
    assert audit["share_beyond_cut_off"] == pytest.approx(absent / found.reason.size)
    assert f"{absent} journeys (" in found.method
    assert "longer than its cut-off, not without a way" in found.method


def test_an_audit_whose_faults_are_words_is_written(folder):
    path = folder / "roads.csv"
    extra = "n8,n9,900,secondary,no,441000,350030,441000,350900\n"
    path.write_text(path.read_text(encoding="utf-8") + extra, encoding="utf-8")
    county = pp.read_county(folder)
    made = pp.write_travel(county, pp.travel_times(county), folder.parent / "run")
    faults = pd.read_csv(made / "tables" / "network_faults.csv")
    assert "30 m from the link n1 to n2" in set(faults["details"])


def test_what_a_road_file_knows_and_is_not_used_is_on_the_audit_and_in_the_method(folder):
    graph = nx.MultiDiGraph(crs="epsg:27700")
    for row in rows_of("roads"):
        for node in ("from", "to"):
            graph.add_node(row[node], x=row[f"{node}_easting"], y=row[f"{node}_northing"])
        for ends in (("from", "to"), ("to", "from")):
            tags = {"highway": row["class"], "length": row["metres"], "maxspeed": "30 mph"}
            graph.add_edge(*(row[end] for end in ends), **tags)
    (folder / "roads.csv").unlink()
    (folder / "roads").mkdir()
    nx.write_graphml(graph, folder / "roads" / "tiny.graphml")
    county = pp.read_county(folder)
    found = pp.travel_times(county)
    assert "roads of OpenStreetMap, by OSMnx, which has no turn restrictions and no ferries" in found.method
    assert "is read without speed limits (12)" in found.method
    audit = pp.travel_audit(county, found).set_index("measure")["value"]
    assert audit["not_used_speed_limits"] == 12
    assert audit["not_driven_closed_barriers"] == 0
