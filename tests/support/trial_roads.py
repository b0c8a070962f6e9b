"""Trials of roads: what OpenStreetMap's tags say of a way is honoured, or said; alike in extracts and in graphs."""

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx
import osmium

from placeplan.geo.road_files import RoadFiles, read_roads

__all__ = ["road_trials"]

LONGITUDE, LATITUDE = -1.5, 53.0
RESIDENTIAL = {"highway": "residential"}

CLOSED = (
    *({"access": word} for word in ("private", "no", "agricultural", "forestry", "military", "emergency", "delivery")),
    *({"motor_vehicle": word} for word in ("no", "private", "agricultural", "forestry", "agricultural;forestry")),
    {"access": "bus"},
    {"vehicle": "no"},
    {"motorcar": "no"},
    {"access": "no", "bus": "yes"},
)
OPEN = (
    {},
    {"access": "destination"},
    {"access": "no", "motor_vehicle": "yes"},
    {"access": "private", "motor_vehicle": "destination"},
    {"oneway": "no"},
    {"toll": "yes"},
)
BARRIERS = (
    {"barrier": "bollard"},
    {"barrier": "block"},
    {"barrier": "bus_trap"},
    {"barrier": "gate", "access": "private"},
    {"barrier": "bollard", "motor_vehicle": "no"},
)
SAID = (
    {"maxspeed": "20 mph"},
    {"motor_vehicle:conditional": "no @ (Mo-Fr 08:00-09:15)"},
)

Nodes = dict[int, tuple[float, float, dict[str, str]]]
Ways = list[tuple[list[int], dict[str, str]]]


def extract(path: Path, nodes: Nodes, ways: Ways) -> Path:
    """An extract with these nodes and ways."""
    writer = osmium.SimpleWriter(str(path))
    for number, (x, y, tags) in sorted(nodes.items()):
        place = (LONGITUDE + 0.001 * x, LATITUDE + 0.001 * y)
        writer.add_node(osmium.osm.mutable.Node(id=number, location=place, tags=tags, version=1))
    for number, (refs, tags) in enumerate(ways, start=1):
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags, version=1))
    writer.close()
    return path


def way_between(tags: dict[str, str], barrier: dict[str, str] | None = None) -> tuple[Nodes, Ways]:
    """Two streets and, between them, a way that has the tags and perhaps a barrier on it."""
    nodes: Nodes = {1: (0, 0, {}), 2: (10, 0, {}), 3: (5, 0, barrier or {}), 9: (-1, 0, {}), 8: (11, 0, {})}
    return nodes, [([1, 3, 2], {**RESIDENTIAL, **tags}), ([9, 1], RESIDENTIAL), ([2, 8], RESIDENTIAL)]


def reached(roads: RoadFiles, start: str, end: str) -> bool:
    """Whether one node leads to another: a plain search, one link after another."""
    steps: dict[str, list[str]] = {}
    for a, b, oneway in zip(roads.links["from"], roads.links["to"], roads.links["oneway"], strict=True):
        steps.setdefault(str(a), []).append(str(b))
        if not oneway:
            steps.setdefault(str(b), []).append(str(a))
    seen, left = {start}, deque([start])
    while left:
        for node in steps.get(left.popleft(), []):
            if node not in seen:
                seen.add(node)
                left.append(node)
    return end in seen


def graph(path: Path, tags: dict[str, str]) -> Path:
    """The same three ways as OSMnx writes them: an edge each way."""
    made = nx.MultiDiGraph(crs="epsg:4326", simplified="True")
    for number, (x, y, _) in way_between(tags)[0].items():
        made.add_node(str(number), x=str(LONGITUDE + 0.001 * x), y=str(LATITUDE + 0.001 * y))
    streets: tuple[tuple[str, str, dict[str, str], str], ...]
    streets = ("1", "2", tags, "670.0"), ("9", "1", {}, "67.0"), ("2", "8", {}, "67.0")
    for a, b, more, metres in streets:
        for start, end in ((a, b), (b, a)):
            made.add_edge(start, end, **{**RESIDENTIAL, **more, "osmid": "1", "length": metres, "oneway": "False"})
    nx.write_graphml(made, path)
    return path


def driven(kind: str, tags: dict[str, str], barrier: dict[str, str] | None, wanted: bool) -> Callable[[Path], str]:
    """A check of whether the way is driven."""

    def check(folder: Path) -> str:
        if kind == "graph":
            roads = read_roads([graph(folder / "a.graphml", tags)])
        else:
            roads = read_roads([extract(folder / "a.osm.pbf", *way_between(tags, barrier))])
        if reached(roads, "9", "8") == wanted:
            return ""
        return "not driven" if wanted else "driven"

    return check


def said(tags: dict[str, str]) -> Callable[[Path], str]:
    """A check of whether what is not used is said."""

    def check(folder: Path) -> str:
        plain = read_roads([extract(folder / "plain.osm.pbf", *way_between({}))])
        tagged = read_roads([extract(folder / "tagged.osm.pbf", *way_between(tags))])
        return "not said" if tagged.notes == plain.notes and reached(tagged, "9", "8") else ""

    return check


def cut(folder: Path) -> str:
    """A way whose middle lies outside the extract is no straight line."""
    nodes: Nodes = {n: (x, y, {}) for n, (x, y) in {1: (0, 0), 2: (10, 0), 5: (20, 0), 6: (30, 0)}.items()}
    ends: Nodes = {7: (-1, 0, {}), 8: (31, 0, {})}
    ways: Ways = [([1, 2, 3, 4, 5, 6], {"highway": "primary"}), ([7, 1], RESIDENTIAL), ([6, 8], RESIDENTIAL)]
    roads = read_roads([extract(folder / "cut.osm.pbf", nodes | ends, ways)])
    return "a straight line across what is absent" if reached(roads, "7", "8") else ""


def one_way(folder: Path) -> str:
    """A way that is one-way against its direction."""
    roads = read_roads([extract(folder / "a.osm.pbf", *way_between({"oneway": "-1"}))])
    return "" if reached(roads, "8", "9") and not reached(roads, "9", "8") else "the wrong way"


def told(tags: dict[str, str]) -> str:
    """Tags in words."""
    return ", ".join(f"{key}={value}" for key, value in tags.items()) or "nothing more"


def road_trials() -> Iterator[tuple[str, Callable[[Path], str]]]:
    """Each trial's name and check."""
    for kind in ("extract", "graph"):
        for tags in CLOSED:
            yield f"{kind}: a way with {told(tags)} is closed", driven(kind, tags, None, wanted=False)
        for tags in OPEN:
            yield f"{kind}: a way with {told(tags)} is open", driven(kind, tags, None, wanted=True)
    for barrier in BARRIERS:
        yield f"extract: {told(barrier)} closes a way", driven("extract", {}, barrier, wanted=False)
    for tags in SAID:
        yield f"extract: {told(tags)} is said", said(tags)
    yield "extract: a way cut at the edge", cut
    yield "extract: oneway=-1", one_way
