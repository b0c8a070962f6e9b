"""What is driven by OpenStreetMap's tags: the same from an extract and from a graph; what is not used is counted."""

import networkx as nx
import numpy as np
import osmium
import pytest

from placeplan.geo.road_files import read_roads
from placeplan.geo.roads import road_network
from placeplan.geo.routes import node_minutes

SPEEDS = dict.fromkeys(("motorway", "trunk", "primary", "residential", "service", "unclassified", "road"), 30.0)
ROAD = {"highway": "residential"}
# Five nodes in a row; the tags tried are those of the way from 2 to 4, or of its middle node 3.
AT = {"1": 0.0, "2": 0.001, "3": 0.006, "4": 0.011, "5": 0.012}
OUTER = [("1", "2"), ("4", "5")]


def extract(path, tags, node=None, *, without=(), relations=()):
    writer = osmium.SimpleWriter(str(path))
    for name, x in AT.items():
        if name not in without:
            own = node if name == "3" else {}
            writer.add_node(osmium.osm.mutable.Node(id=int(name), location=(-1.5 + x, 53.0), tags=own or {}, version=1))
    ways = [(1, ["1", "2"], ROAD), (2, ["2", "3", "4"], tags), (3, ["4", "5"], ROAD)]
    for number, nodes, about in ways:
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=list(map(int, nodes)), tags=about, version=1))
    for number, members, about in relations:
        writer.add_relation(osmium.osm.mutable.Relation(id=number, members=members, tags=about, version=1))
    writer.close()
    return path


def graph(path, tags, node=None, *, directed=True):
    made = nx.MultiDiGraph(crs="epsg:4326") if directed else nx.MultiGraph(crs="epsg:4326")
    for name, x in AT.items():
        made.add_node(name, x=str(-1.5 + x), y="53.0", **((node or {}) if name == "3" else {}))
    for ends, about in [*((ends, ROAD) for ends in OUTER), (("2", "3"), tags), (("3", "4"), tags)]:
        for tail, head in (ends, ends[::-1]) if directed else (ends,):
            made.add_edge(tail, head, length="100.0", **about)
    nx.write_graphml(made, path)
    return path


def reached(path):
    network = road_network(read_roads([path]).links, speeds=SPEEDS)
    minutes = node_minutes(network, ["1", "5"])
    return bool(np.isfinite(minutes.loc["1", "5"])), bool(np.isfinite(minutes.loc["5", "1"]))


def both_ways(tmp_path, tags, node=None):
    """Whether the way is driven, as told by either format."""
    found = [reached(extract(tmp_path / "a.osm.pbf", tags, node)), reached(graph(tmp_path / "a.graphml", tags, node))]
    assert found[0] == found[1]
    assert found[0][0] == found[0][1]
    return found[0][0]


CLOSED = [
    *("no", "private", "customers", "permit", "delivery", "agricultural", "forestry", "military", "emergency"),
    *("bus", "psv", "agricultural;forestry"),
]
OPEN = ["yes", "permissive", "designated", "destination", "destination;delivery"]
MODES = ["access", "vehicle", "motor_vehicle", "motorcar"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("value", [*CLOSED, *OPEN])
def test_access_is_honoured_in_both_formats(tmp_path, mode, value):
    assert both_ways(tmp_path, ROAD | {mode: value}) == (value in OPEN)


@pytest.mark.parametrize("general", range(3))
def test_the_most_specific_access_counts(tmp_path, general):
    for specific in range(general + 1, 4):
        tags = {MODES[general]: "no", MODES[specific]: "yes"}
        assert both_ways(tmp_path, ROAD | tags)
        assert not both_ways(tmp_path, ROAD | dict(zip(tags, ["yes", "private"], strict=True)))


@pytest.fixture(autouse=True)
def _overwritten(tmp_path, monkeypatch):
    """An extract is written afresh where one is there: the library refuses to."""
    whole = osmium.SimpleWriter

    def fresh(name):
        (tmp_path / "a.osm.pbf").unlink(missing_ok=True)
        return whole(name)

    monkeypatch.setattr(osmium, "SimpleWriter", fresh)


@pytest.mark.parametrize("barrier", ["bollard", "gate", "lift_gate", "bus_trap", "block", "jersey_barrier", "yes"])
def test_a_barrier_stops_cars_unless_its_own_access_lets_them_through(tmp_path, barrier):
    assert not both_ways(tmp_path, ROAD, {"barrier": barrier})
    assert not both_ways(tmp_path, ROAD, {"barrier": barrier, "access": "private"})
    assert not both_ways(tmp_path, ROAD, {"barrier": barrier, "access": "yes", "motor_vehicle": "no"})
    assert both_ways(tmp_path, ROAD, {"barrier": barrier, "access": "yes"})
    assert both_ways(tmp_path, ROAD, {"barrier": barrier, "access": "no", "motor_vehicle": "yes"})


@pytest.mark.parametrize("barrier", ["cattle_grid", "toll_booth", "height_restrictor", "kerb", "entrance", "no"])
def test_what_a_car_passes_is_no_barrier_but_by_its_access(tmp_path, barrier):
    assert both_ways(tmp_path, ROAD, {"barrier": barrier})
    assert not both_ways(tmp_path, ROAD, {"barrier": barrier, "motor_vehicle": "private"})


def test_homes_beside_a_barrier_are_reached_from_their_own_side(tmp_path):
    for path in (
        extract(tmp_path / "a.osm.pbf", ROAD, {"barrier": "bollard"}),
        graph(tmp_path / "a.graphml", ROAD, {"barrier": "bollard"}),
    ):
        links = read_roads([path]).links
        ends = links[links["from"].str.startswith("3~") | links["to"].str.startswith("3~")]
        assert {*ends["from"], *ends["to"]} >= {"2", "4"}
        assert not set(ends[(ends["from"] == "2") | (ends["to"] == "2")]["to"]) & set(ends[ends["from"] == "4"]["to"])


@pytest.mark.parametrize("highway", ["track", "busway", "construction", "footway", "proposed"])
def test_what_is_no_road_is_not_driven(tmp_path, highway):
    assert not both_ways(tmp_path, {"highway": highway})


@pytest.mark.parametrize("tags", [{"service": "driveway"}, {"service": "emergency_access"}, {"area": "yes"}])
def test_what_leads_nowhere_is_not_driven(tmp_path, tags):
    assert not both_ways(tmp_path, {"highway": "service"} | tags)


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "['residential', 'footway']"},
        {"highway": "['footway', 'residential']"},
        {"highway": "residential", "access": "['yes', 'private']"},
        {"highway": "service", "service": "['alley', 'driveway']"},
    ],
)
def test_a_link_of_joined_ways_is_driven_where_all_of_them_are(tmp_path, tags):
    assert reached(graph(tmp_path / "a.graphml", tags)) == (False, False)


ONE_WAY = [
    ({"oneway": "yes"}, (True, False)),
    ({"oneway": "-1"}, (False, True)),
    ({"oneway": "reverse"}, (False, True)),
    ({"oneway": "no"}, (True, True)),
    ({"oneway": "reversible"}, (False, False)),
    ({"oneway": "alternating"}, (True, True)),
    ({"oneway": "yes", "oneway:motor_vehicle": "no"}, (True, True)),
    ({"oneway:motor_vehicle": "yes"}, (True, False)),
    ({"oneway": "yes", "oneway:bicycle": "no"}, (True, False)),
    ({"junction": "roundabout"}, (True, False)),
    ({"junction": "circular"}, (True, False)),
    ({"junction": "roundabout", "oneway": "no"}, (True, True)),
    ({"highway": "motorway"}, (True, False)),
    ({"highway": "motorway", "oneway": "no"}, (True, True)),
    ({"motor_vehicle:backward": "no"}, (True, False)),
    ({"access:forward": "no"}, (False, True)),
    ({"access:forward": "no", "motorcar:forward": "yes"}, (True, True)),
    ({"oneway": "yes", "vehicle:forward": "no"}, (False, False)),
]


@pytest.mark.parametrize(("tags", "wanted"), ONE_WAY)
def test_directions_of_a_way(tmp_path, tags, wanted):
    assert reached(extract(tmp_path / "a.osm.pbf", ROAD | tags)) == wanted


def test_an_undirected_graph_keeps_the_directions_that_it_has(tmp_path):
    made = nx.MultiGraph(crs="epsg:4326")
    for name, x in AT.items():
        made.add_node(name, x=str(-1.5 + x), y="53.0")
    for tail, head in OUTER:
        made.add_edge(tail, head, length="100.0", **ROAD)
    for tail, head in (("3", "2"), ("4", "3")):
        made.add_edge(tail, head, **ROAD, oneway="True", **{"from": tail, "to": head, "length": "500.0"})
    nx.write_graphml(made, tmp_path / "a.graphml")
    assert reached(tmp_path / "a.graphml") == (False, True)
    lost = read_roads([graph(tmp_path / "b.graphml", ROAD | {"oneway": "True"}, directed=False)])
    assert lost.counts["lost_directions"] == 2
    assert "one-way streets without a direction (2)" in lost.notes


def test_a_way_is_not_joined_across_what_the_file_lacks(tmp_path):
    assert reached(extract(tmp_path / "a.osm.pbf", ROAD, without=("3",))) == (False, False)
    read = read_roads([tmp_path / "a.osm.pbf"])
    assert read.counts["cut_roads"] == 1
    assert "roads cut where the file ends (1)" in read.notes
    network = road_network(read.links, speeds=SPEEDS)
    assert set(network.nodes) == {"1", "2", "4", "5"}


def test_a_way_in_two_extracts_counts_once(tmp_path):
    one = extract(tmp_path / "a.osm.pbf", ROAD)
    two = tmp_path / "b.osm.pbf"
    two.write_bytes(one.read_bytes())
    assert len(read_roads([one, two]).links) == len(read_roads([one]).links)


def test_what_is_not_used_is_counted_and_said(tmp_path):
    unused = {"maxspeed": "20 mph", "motor_vehicle:conditional": "no @ (Mo-Fr 08:00-09:15)", "maxweight": "3.5"}
    members = [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")]
    turn = [(1, members, {"type": "restriction", "restriction": "no_left_turn"})]
    read = read_roads([extract(tmp_path / "a.osm.pbf", ROAD | unused, relations=turn)])
    assert {name: read.counts[name] for name in ("speed_limits", "timed_closures", "size_limits")} == {
        "speed_limits": 1, "timed_closures": 1, "size_limits": 1,
    }  # fmt: skip
    assert read.counts["turn_restrictions"] == 1
    for words in ("speed limits (1)", "turn restrictions (1)", "ferries (0)", "at certain times (1)"):
        assert words in read.notes
    given = read_roads([graph(tmp_path / "a.graphml", ROAD | unused | {"speed_kph": "32.2", "travel_time": "11.2"})])
    assert (given.counts["given_speeds"], given.counts["speed_limits"]) == (4, 4)
    assert given.notes.startswith("has no turn restrictions and no ferries and is read without speed limits (4)")
    closed = read_roads([extract(tmp_path / "a.osm.pbf", ROAD | {"access": "private"}, {"barrier": "gate"})])
    assert closed.counts["closed_roads"] == 1
    shut = read_roads([extract(tmp_path / "a.osm.pbf", ROAD, {"barrier": "gate"})])
    assert shut.counts["closed_barriers"] == 1
    assert "not driven: barriers across a road (1)" in shut.notes


def test_a_ferry_is_counted_and_not_driven(tmp_path):
    path = extract(tmp_path / "a.osm.pbf", {"route": "ferry", "motor_vehicle": "yes", "duration": "00:10"})
    assert reached(path) == (False, False)
    assert read_roads([path]).counts["ferries"] == 1
