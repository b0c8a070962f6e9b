"""The same county as a folder, a GeoPackage and a workbook reads the same; written and read again it is equal."""

import hashlib
import json
import unicodedata
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_county import TINY_TABLES, write_tiny_county

from placeplan.county.columns import TABLES, describe_tables
from placeplan.county.county import County
from placeplan.county.reading import check_county, read_county
from placeplan.errors import Fault


def assert_same(one: County, other: County, *, metres: float = 0.01) -> None:
    """Every table of two counties is equal, geometry to within ``metres``."""
    assert one.settings == other.settings
    for name, table in TABLES.items():
        left, right = getattr(one, name), getattr(other, name)
        assert tuple(left.columns) == table.names
        if table.geometry:
            for a, b in zip(left.geometry, right.geometry, strict=True):
                assert (a is None) == (b is None)
                assert a is None or shapely.hausdorff_distance(a, b) < metres
            left, right = (pd.DataFrame(frame.drop(columns="geometry")) for frame in (left, right))
        pd.testing.assert_frame_equal(left, right)


def _rows(county: County, name: str) -> pd.DataFrame:
    """A table as a spreadsheet holds it: geometry as WKT, numbers as numbers."""
    frame = pd.DataFrame(getattr(county, name))
    if "geometry" in frame:
        frame = frame.assign(geometry=[None if shape is None else shape.wkt for shape in frame["geometry"]])
    return frame.astype(object).where(frame.notna(), None)


def write_workbook(county: County, path: Path, *, as_text: bool = False) -> Path:
    """The county as a workbook, its numbers as numbers or, as often happens, as text."""
    stated = {
        "format": 1,
        "name": county.settings.name,
        "authority": county.settings.authority,
        "as_of": county.settings.as_of,
        "price_year": county.settings.price_year,
        "seed": county.settings.seed,
        "data_label": county.settings.data_label,
    }
    with pd.ExcelWriter(path) as writer:
        values = [str(value) if as_text else value for value in stated.values()]
        pd.DataFrame({"setting": list(stated), "value": values}).to_excel(writer, sheet_name="county", index=False)
        for name in TABLES:
            rows = _rows(county, name)
            if len(rows):
                texts = rows.map(lambda cell: None if cell is None else str(cell)) if as_text else rows
                texts.to_excel(writer, sheet_name=name, index=False)
    return path


def write_geopackage(county: County, folder: Path) -> Path:
    """The county as county.toml and one GeoPackage, with a layer of styles as a desktop program leaves it."""
    folder.mkdir()
    (folder / "county.toml").write_bytes((Path(county.source) / "county.toml").read_bytes())
    for name, table in TABLES.items():
        frame = getattr(county, name)
        if frame.empty:
            continue
        located = gpd.GeoDataFrame(frame, geometry="geometry" if table.geometry else [None] * len(frame), crs=27700)
        if not table.geometry or located.geometry.isna().all():
            pd_only = gpd.GeoDataFrame(frame.drop(columns="geometry", errors="ignore"))
            pd_only.to_file(folder / "county.gpkg", layer=name, driver="GPKG", engine="pyogrio")
        else:
            located.to_crs(4326).to_file(folder / "county.gpkg", layer=name, driver="GPKG", engine="pyogrio")
    styles = gpd.GeoDataFrame({"style": ["red"]})
    styles.to_file(folder / "county.gpkg", layer="layer_styles", driver="GPKG", engine="pyogrio")
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> County:
    return read_county(write_tiny_county(tmp_path_factory.mktemp("tiny")))


def test_the_tiny_county_is_read_as_it_was_written(tiny: County) -> None:
    assert tiny.name == "Tinyshire"
    assert tiny.settings.year == 2024
    assert tiny.localities["locality"].tolist() == ["north", "south"]
    # Written in degrees, the outline is back in metres: 8 by 6 kilometres.
    assert tiny.localities.geometry.area.tolist() == pytest.approx([48e6, 48e6], rel=1e-4)
    assert tiny.zones["rural"].tolist() == [False, False, True, False]
    assert tiny.units["places"].tolist()[:3] == [2, 1, 3]
    assert pd.isna(tiny.units["places"].iloc[3])
    assert tiny.children["may_move"].dtype == bool
    assert tiny.children["unit"].notna().tolist() == [True] * 4 + [False] * 2
    assert tiny.roads["oneway"].tolist() == [False] * 6
    # Links without a line are drawn straight between their ends.
    assert tiny.roads.geometry.length.tolist() == pytest.approx([2000, 2000, 2000, 2000, 6000, 73_000_000**0.5])
    assert tiny.travel.empty
    assert tuple(tiny.travel.columns) == ("zone", "site", "minutes", "km")
    assert {str(getattr(tiny, name).crs) for name in ("localities", "zones", "roads")} == {"EPSG:27700"}


@pytest.mark.parametrize("as_text", [False, True])
def test_a_workbook_reads_as_the_folder_does(tiny: County, tmp_path: Path, as_text: bool) -> None:
    assert_same(read_county(write_workbook(tiny, tmp_path / "tiny.xlsx", as_text=as_text)), tiny)


def test_a_geopackage_reads_as_the_folder_does(tiny: County, tmp_path: Path) -> None:
    assert_same(read_county(write_geopackage(tiny, tmp_path / "tiny")), tiny)


def test_a_workbook_keeps_zeros_that_only_its_format_shows(tiny: County, tmp_path: Path) -> None:
    path = write_workbook(tiny, tmp_path / "tiny.xlsx")
    book = openpyxl.load_workbook(path)
    cell = book["sites"]["C2"]
    cell.value, cell.number_format = 7, "0000"
    book.save(path)
    assert read_county(path).sites["urn"].iloc[0] == "0007"


def test_lists_of_settings_are_numbered_in_a_workbook(tiny: County, tmp_path: Path) -> None:
    path = write_workbook(tiny, tmp_path / "tiny.xlsx")
    book = openpyxl.load_workbook(path)
    for row in (
        ("overfill.bands.2.share", "1"),
        ("overfill.bands.2.penalty", 9),
        ("overfill.bands.1.share", 0.5),
        ("overfill.bands.1.penalty", 7),
        ("spot_purchase.1.residential", "yes"),
        ("spot_purchase.1.pounds", 50_000),
        ("spot_purchase.1.km", 1),
        ("spot_purchase.1.minutes", 2),
        ("spot_purchase.1.source", 2024),
        ("travel.peak_factor", None),
    ):
        book["county"].append(row)
    book.save(path)
    read = read_county(path).settings
    assert [(band.share, band.penalty) for band in read.overfill.bands] == [(0.5, 7), (1, 9)]
    assert (read.spot_purchase[0].residential, read.spot_purchase[0].source) == (True, "2024")
    assert "travel" not in read.stated


def test_geometry_may_stand_in_a_file_of_its_own(tiny: County, tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    collection = json.loads((folder / "localities.geojson").read_text(encoding="utf-8"))
    for feature in collection["features"]:
        del feature["properties"]["name"]
    collection["features"].reverse()
    (folder / "localities.geojson").write_text(json.dumps(collection), encoding="utf-8")
    (folder / "localities.csv").write_text(
        "locality,name\nnorth,North Tinyshire\nsouth,South Tinyshire\n", encoding="utf-8"
    )
    assert_same(read_county(folder), tiny)


def test_geojson_that_says_that_it_is_in_metres_is_believed(tiny: County, tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    collection = json.loads(tiny.localities.to_json(drop_id=True))
    collection["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    (folder / "localities.geojson").write_text(json.dumps(collection), encoding="utf-8")
    assert_same(read_county(folder), tiny, metres=1e-9)


def test_a_bow_tie_is_repaired_and_a_line_for_an_outline_is_not(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    path = folder / "localities.csv"
    (folder / "localities.geojson").unlink()
    bow_tie = "POLYGON ((438000 341000, 446000 353000, 446000 341000, 438000 353000, 438000 341000))"
    square = "POLYGON ((438000 341000, 446000 341000, 446000 347000, 438000 347000, 438000 341000))"
    path.write_text(f'locality,name,geometry\nnorth,N,"{bow_tie}"\nsouth,S,"{square}"\n', encoding="utf-8")
    repaired = read_county(folder).localities.geometry
    assert repaired.is_valid.all()
    # Two triangles, 12 km at the base and 4 km high.
    assert repaired.area.tolist() == pytest.approx([48e6, 48e6])
    flat = "POLYGON ((438000 341000, 446000 341000, 440000 341000, 438000 341000))"
    path.write_text(f'locality,name,geometry\nnorth,N,"{flat}"\nsouth,S,"POLYGON (("\n', encoding="utf-8")
    assert [(fault.row, fault.column) for fault in check_county(folder)] == [("2", "geometry"), ("3", "geometry")]


def test_roads_by_line_get_their_ends_from_it(tiny: County, tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    (folder / "roads.csv").unlink()
    lines = tiny.roads[["from", "to", "metres", "class", "oneway", "geometry"]]
    (folder / "roads.geojson").write_text(lines.to_crs(4326).to_json(drop_id=True), encoding="utf-8")
    read = read_county(folder).roads
    ends = ["from_easting", "from_northing", "to_easting", "to_northing"]
    pd.testing.assert_frame_equal(pd.DataFrame(read[ends]), pd.DataFrame(tiny.roads[ends]), atol=0.01)


def test_a_ready_matrix_serves_instead_of_roads(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    (folder / "roads.csv").unlink()
    near = {"s1": ("z1", "z2"), "s2": ("z3", "z4")}
    rows = [
        f"{zone},{site},{'5,2.5' if zone in near[site] else '12,8'}"
        for zone in ("z1", "z2", "z3", "z4")
        for site in ("s1", "s2")
    ]
    (folder / "travel.csv").write_text("\n".join(["zone,site,minutes,km", *rows]) + "\n", encoding="utf-8")
    county = read_county(folder)
    assert county.travel.iloc[0].to_dict() == {"zone": "z1", "site": "s1", "minutes": 5.0, "km": 2.5}
    assert [str(note) for note in county.notes if note.table == "travel"] == [
        "travel, column site: found 4 pairs of a zone and a site in use not listed: s3 (4 zones); cannot be made"
    ]
    assert county.roads.empty


def test_straight_lines_serve_only_when_asked_for(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    (folder / "roads.csv").unlink()
    assert [fault.table for fault in check_county(folder)] == ["roads"]
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("[travel]\nstraight_line_detour = 1.3\n")
    assert read_county(folder).settings.travel.straight_line_detour == 1.3


def test_a_layer_without_a_coordinate_system_and_one_misnamed_are_faults(tiny: County, tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path / "tiny")
    (folder / "localities.geojson").unlink()
    bare = gpd.GeoDataFrame(tiny.localities.drop(columns="geometry"), geometry=list(tiny.localities.geometry))
    with pytest.warns(UserWarning, match="crs"):
        bare.to_file(folder / "county.gpkg", layer="localities", driver="GPKG", engine="pyogrio")
    gpd.GeoDataFrame({"zone": ["z1"]}).to_file(folder / "county.gpkg", layer="Travel", driver="GPKG", engine="pyogrio")
    assert check_county(folder) == [
        Fault("localities", "", "geometry", "no coordinate system", "a layer that names its own"),
        Fault("travel", "", "", "layer Travel", "a layer named travel"),
    ]


def test_the_digest_is_of_names_and_bytes_and_of_nothing_else(tiny: County, tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path / "somewhere")
    (folder / "notes.txt").write_text("left alone", encoding="utf-8")
    digest = hashlib.sha256()
    for name in sorted([*(f"{table}.csv" for table in TINY_TABLES), "county.toml", "localities.geojson"]):
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    assert read_county(folder).digest == tiny.digest == digest.hexdigest()
    with (folder / "zones.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert read_county(folder).digest != tiny.digest


def test_the_description_names_every_column_once() -> None:
    text = describe_tables()
    for table in TABLES.values():
        section = text.split(f"## {table.name}")[1].split("\n## ")[0]
        for column in table.columns:
            assert section.count(f"\n| {column.name} |") == 1
    assert "| may_move | yes or no | yes: no |" in text


letters = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
# Text is read composed, as Unicode's rules have it.
words = st.text(letters, min_size=1, max_size=8).map(lambda text: unicodedata.normalize("NFC", text))
people = st.floats(0, 1e6, allow_nan=False)


@given(names=st.lists(words, min_size=3, max_size=3), counts=st.lists(people, min_size=1, max_size=5), urn=words)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_county_written_and_read_again_is_equal(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], counts: list[float], urn: str
) -> None:
    folder = write_tiny_county(tmp_path_factory.mktemp("county"))
    sites = pd.read_csv(folder / "sites.csv", dtype="str", keep_default_na=False)
    sites["name"], sites["urn"] = names, [urn, "", "007"]
    sites.to_csv(folder / "sites.csv", index=False)
    zones = ["z1", "z2", "z3", "z4"]
    ages = [(zone, age) for zone in zones for age in range(len(counts))]
    population = pd.DataFrame(ages, columns=["zone", "age"]).assign(year=2024, people=[*counts] * len(zones))
    population.to_csv(folder / "population.csv", index=False)
    first = read_county(folder)
    assert first.sites["name"].tolist() == names
    assert first.sites["urn"].fillna("").tolist() == [urn, "", "007"]
    assert first.population["people"].tolist() == [*counts] * len(zones)
    for name, table in TABLES.items():
        frame = getattr(first, name)
        if not table.geometry and not frame.empty:
            flags = {c.name: frame[c.name].map({True: "yes", False: "no"}) for c in table.columns if c.type == "yes_no"}
            frame.assign(**flags).to_csv(folder / f"{name}.csv", index=False)
    assert_same(read_county(folder), first)


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_damage_to_any_bytes_gives_faults_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = write_tiny_county(tmp_path_factory.mktemp("county"))
    files = sorted(path.name for path in folder.iterdir())
    file = folder / data.draw(st.sampled_from(files))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 6)))
        content[start:end] = data.draw(
            st.binary(max_size=5) | st.sampled_from([b'"', b",", b"\n", b"-", b"9e9", b"\0"])
        )
    file.write_bytes(content)
    faults = check_county(folder)
    assert all(fault.expected for fault in faults)
    if not faults:
        assert isinstance(read_county(folder), County)
