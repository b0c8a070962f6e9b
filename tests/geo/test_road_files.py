"""Road files as people have them: OS Open Roads in tiles, OSMnx GraphML, OpenStreetMap extracts; and damaged ones."""

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely

from placeplan.geo.crs import to_longitude_latitude
from placeplan.geo.faults import TableError
from placeplan.geo.road_files import read_roads
from placeplan.geo.roads import components, road_network
from placeplan.geo.routes import node_minutes

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "roads"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the open data is not here")
SPEEDS = {
    "motorway": 100.0, "trunk": 80.0, "primary": 60.0, "secondary": 50.0, "tertiary": 40.0, "unclassified": 40.0,
    "residential": 30.0, "living_street": 15.0, "service": 15.0, "road": 30.0,
}  # fmt: skip
E, N = 425_000.0, 355_000.0
PLACES = {"n1": (E, N), "n2": (E + 1000, N), "n3": (E + 2000, N), "n4": (E + 1000, N + 800)}

# id, start, end, function, form of way, trunk, structure of the line between
LINKS = [
    ("l1", "n1", "n2", "A Road", "Single Carriageway", True),
    ("l2", "n2", "n3", "B Road", "Single Carriageway", False),
    ("l3", "n2", "n4", "Local Road", "Single Carriageway", False),
    ("l4", "n3", "n4", "Minor Road", "Shared Use Carriageway", False),
]


def tile(path, links, *, rename=None, crescent=False, drop=(), crs=27700, layer="road_link"):
    """A GeoPackage with the layers and columns that Ordnance Survey publishes."""
    rows = [
        {
            "id": name, "fictitious": False, "road_classification": function, "road_function": function,
            "form_of_way": form, "road_classification_number": None, "name_1": None, "road_structure": None,
            "length": round(shapely.LineString([PLACES[a], PLACES[b]]).length), "length_uom": "m", "loop": False,
            "primary_route": False, "trunk_road": trunk, "start_node": a, "end_node": b,
            "geometry": shapely.LineString([PLACES[a], PLACES[b]]),
        }
        for name, a, b, function, form, trunk in links
    ]  # fmt: skip
    if crescent:
        ring = shapely.Point(E + 1100, N + 800).buffer(100, quad_segs=8).exterior
        ring = shapely.LineString([PLACES["n4"], *list(ring.coords)[1:-1], PLACES["n4"]])
        rows.append({**rows[0], "id": "l9", "road_function": "Local Access Road", "trunk_road": False, "loop": True,
                     "start_node": "n4", "end_node": "n4", "length": round(ring.length), "geometry": ring})  # fmt: skip
    frame = gpd.GeoDataFrame(rows, crs=crs).drop(columns=list(drop)).rename(columns=rename or {})
    frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")
    nodes = gpd.GeoDataFrame({"id": list(PLACES)}, geometry=[shapely.Point(p) for p in PLACES.values()], crs=27700)
    nodes.to_file(path, layer="road_node", driver="GPKG", engine="pyogrio")
    return path


def test_two_tiles_of_open_roads_join_and_a_link_in_both_counts_once(tmp_path):
    one, two = tile(tmp_path / "SK25.gpkg", LINKS[:2]), tile(tmp_path / "SK35.gpkg", LINKS[1:])
    read = read_roads([two, one])
    assert read.source == "OS Open Roads"
    assert "no one-way streets" in read.notes
    links = read.links.sort_values("from").reset_index(drop=True)
    # The shared use way is not for cars; the trunk road is told from the primary.
    assert set(zip(links["from"], links["to"], links["class"], strict=True)) == {
        ("n1", "n2", "trunk"), ("n2", "n3", "secondary"), ("n2", "n4", "unclassified"),
    }  # fmt: skip
    assert not links["oneway"].any()
    network = road_network(links, speeds=SPEEDS)
    # 800 m at 40 km/h and 1000 m at 50 km/h.
    assert node_minutes(network, ["n4"]).loc["n3", "n4"] == pytest.approx(0.8 / 40 * 60 + 1 / 50 * 60)


def test_other_spellings_of_the_columns_and_other_coordinates_are_read(tmp_path):
    names = {
        "road_function": "roadFunction",
        "form_of_way": "formOfWay",
        "start_node": "startNode",
        "end_node": "endNode",
    }
    path = tile(tmp_path / "a.gpkg", LINKS[:3], rename=names, layer="RoadLink")
    assert len(read_roads([path]).links) == 3


def test_only_links_that_touch_the_bounds_are_read(tmp_path):
    path = tile(tmp_path / "a.gpkg", LINKS[:3])
    assert set(read_roads([path], bounds=(E - 10, N - 10, E + 500, N + 10)).links["from"]) == {"n1"}
    with pytest.raises(TableError, match="within the bounds"):
        read_roads([path], bounds=(0, 0, 10, 10))


def test_a_crescent_is_parted_at_its_middle(tmp_path):
    path = tile(tmp_path / "a.gpkg", LINKS[:3], crescent=True)
    links = read_roads([path]).links
    assert (links["from"] != links["to"]).all()
    halves = links[links["class"] == "residential"]
    assert len(halves) == 2
    assert halves["metres"].iloc[0] == halves["metres"].iloc[1]
    whole = halves["geometry"].iloc[0].length + halves["geometry"].iloc[1].length
    assert halves["metres"].sum() == pytest.approx(whole, abs=1)
    assert components(road_network(links, speeds=SPEEDS)).count == 1


def graphml(path, *, crs="epsg:4326", directed=True):
    """A small graph as OSMnx writes it: text values, a list of classes, one line drawn."""
    graph = nx.MultiDiGraph(crs=crs, simplified="True") if directed else nx.MultiGraph(crs=crs)
    for name, place in PLACES.items():
        x, y = place if crs.endswith("27700") else map(float, to_longitude_latitude(*place))
        graph.add_node(name, x=str(x), y=str(y))
    both = [("n1", "n2", "primary", "1000.0"), ("n2", "n4", "['residential', 'unclassified']", "800.0")]
    for a, b, highway, length in both:
        graph.add_edge(a, b, highway=highway, length=length, oneway="False", osmid="1")
        if directed:
            graph.add_edge(b, a, highway=highway, length=length, oneway="False", osmid="1")
    bend = [PLACES["n2"], (E + 1500, N + 300), PLACES["n3"]]
    places = bend if crs.endswith("27700") else [tuple(map(float, to_longitude_latitude(*p))) for p in bend]
    line = shapely.LineString(places).wkt
    graph.add_edge("n2", "n3", highway="motorway_link", length="1200.0", oneway="True", osmid="[2, 3]", geometry=line)
    graph.add_edge("n3", "n4", highway="footway", length="900.0", oneway="False", osmid="4")
    nx.write_graphml(graph, path)
    return path


@pytest.mark.parametrize("crs", ["epsg:4326", "epsg:27700"])
def test_graphml_of_osmnx_is_read_with_its_one_way_streets(tmp_path, crs):
    read = read_roads([graphml(tmp_path / "town.graphml", crs=crs)])
    network = road_network(read.links, speeds=SPEEDS)
    minutes = node_minutes(network, ["n3", "n1"])
    assert minutes.loc["n1", "n3"] == pytest.approx(1 / 60 * 60 + 1.2 / 100 * 60)
    assert np.isinf(minutes.loc["n3", "n1"])  # the slip road goes one way, and the footway is not driven
    assert minutes.loc["n4", "n1"] == pytest.approx(0.8 / 30 * 60 + 1)
    assert network.coordinates == pytest.approx(np.array([PLACES[node] for node in network.nodes]), abs=0.01)


def osm(path, *, extra=""):
    """A few ways in OpenStreetMap's own terms, as .osm.pbf."""
    nodes = {
        1: (E, N),
        2: (E + 1000, N),
        3: (E + 2000, N),
        4: (E + 1000, N + 800),
        5: (E + 500, N + 50),
        6: (E + 1500, N),
    }
    text = ['<osm version="0.6">']
    for number, place in nodes.items():
        x, y = map(float, to_longitude_latitude(*place))
        text.append(f'<node id="{number}" version="1" lat="{y:.7f}" lon="{x:.7f}"/>')
    ways = [
        (10, [1, 5, 2, 6, 3], {"highway": "secondary"}),
        (11, [2, 4], {"highway": "residential", "oneway": "-1"}),
        (12, [3, 4], {"highway": "track"}),
        (13, [3, 4], {"highway": "service", "access": "private"}),
        (14, [4, 6], {"highway": "tertiary", "junction": "roundabout"}),
    ]
    for number, refs, tags in ways:
        inside = "".join(f'<nd ref="{r}"/>' for r in refs) + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        text.append(f'<way id="{number}" version="1">{inside}</way>')
    source = path.with_suffix(".osm")
    source.write_text("".join([*text, extra, "</osm>"]), encoding="utf-8")
    writer = osmium.SimpleWriter(str(path))
    for one in osmium.FileProcessor(str(source)):
        writer.add(one)
    writer.close()
    return path


def test_an_extract_is_parted_at_junctions_and_keeps_its_one_way_streets(tmp_path):
    links = read_roads([osm(tmp_path / "town.osm.pbf")]).links
    found = {(a, b, c, bool(o)) for a, b, c, o in links[["from", "to", "class", "oneway"]].itertuples(index=False)}
    # Way 10 is parted at 2 and 6, which others share, and not at its bend 5; way 11 is drawn against its direction.
    assert found == {
        ("1", "2", "secondary", False), ("2", "6", "secondary", False), ("6", "3", "secondary", False),
        ("4", "2", "residential", True), ("4", "6", "tertiary", True),
    }  # fmt: skip
    first = links[links["from"] == "1"].iloc[0]
    assert first["metres"] == pytest.approx(2 * np.hypot(500, 50), abs=0.5)
    assert list(first["geometry"].coords)[1] == pytest.approx((E + 500, N + 50), abs=0.05)
    network = road_network(links, speeds=SPEEDS)
    assert np.isinf(node_minutes(network, ["4"]).loc["2", "4"])


@needs_data
@pytest.mark.parametrize("name", ["leeds.osm.pbf", "andorra.osm.pbf"])
def test_real_extracts_are_read_in_metres(name):
    links = read_roads([DATA / name]).links
    network = road_network(links, speeds=SPEEDS)
    straight = np.hypot(*(network.coordinates[network.tail] - network.coordinates[network.head]).T)
    assert (links["metres"] >= straight - 0.01).all()
    assert 0.3 < components(network).largest_share <= 1
    if name.startswith("leeds"):
        assert np.median(network.coordinates, axis=0) == pytest.approx([430_000, 433_500], abs=5_000)


@needs_data
def test_a_graph_without_a_road_says_so():
    with pytest.raises(TableError, match=r"osmnx_short\.graphml; expected roads"):
        read_roads([DATA / "osmnx_short.graphml"])


def test_files_of_several_kinds_or_of_none_are_refused(tmp_path):
    one, two = tile(tmp_path / "a.gpkg", LINKS[:2]), graphml(tmp_path / "b.graphml")
    with pytest.raises(TableError, match=r"OpenStreetMap, by OSMnx.*OS Open Roads|OS Open Roads.*OSMnx"):
        read_roads([one, two])
    with pytest.raises(TableError, match=r"found roads.txt; expected one kind of"):
        read_roads([tmp_path / "roads.txt"])
    with pytest.raises(TableError, match="found no file"):
        read_roads([])


@pytest.mark.parametrize("name", ["a.gpkg", "b.graphml", "c.osm.pbf"])
@pytest.mark.parametrize("content", [b"", b"not what it says", None])
def test_a_damaged_file_is_one_clear_fault(tmp_path, name, content):
    path = tmp_path / name
    if content is None:
        {"a.gpkg": lambda p: tile(p, LINKS), "b.graphml": graphml, "c.osm.pbf": osm}[name](path)
        whole = path.read_bytes()
        content = whole[: len(whole) // 3]
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_roads([path])
    assert len(caught.value.faults) == 1
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("found", "put"), [("epsg:4326", "epsg:43261e999"), ("LINESTRING (", "MULTIPOINT ("), ("1200.0", "far")]
)
def test_a_value_of_a_graph_that_cannot_be_is_one_clear_fault(tmp_path, found, put):
    path = graphml(tmp_path / "b.graphml")
    text = path.read_text(encoding="utf-8")
    assert found in text
    path.write_text(text.replace(found, put), encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_roads([path])
    assert len(caught.value.faults) == 1


def test_what_open_roads_must_have_is_named(tmp_path):
    with pytest.raises(TableError, match=r"a\.gpkg: found no column road_function"):
        read_roads([tile(tmp_path / "a.gpkg", LINKS, drop=["road_function"])])
    with pytest.raises(TableError, match="expected a layer road_link"):
        read_roads([tile(tmp_path / "b.gpkg", LINKS, layer="roads")])


def test_a_class_without_a_speed_is_told_by_the_network(tmp_path):
    odd = [("l1", "n1", "n2", "Bridleway", "Single Carriageway", False)]
    links = read_roads([tile(tmp_path / "a.gpkg", odd)]).links
    with pytest.raises(TableError, match="found Bridleway; expected a class with a speed"):
        road_network(links, speeds=SPEEDS)
    assert isinstance(links, pd.DataFrame)
