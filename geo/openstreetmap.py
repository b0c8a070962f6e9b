"""OpenStreetMap roads: a graph written by OSMnx as GraphML, or an extract as .osm.pbf (with the extra ``osm``).

What derives from OpenStreetMap is under the Open Database Licence. In Great Britain coordinates become EPSG:27700, by
the seven parameters of ``crs``; elsewhere metres of the zone of the Universal Transverse Mercator at the middle.
"""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from .crs import GRID, LONGITUDE_LATITUDE, stated_crs, to_grid
from .faults import TableError, TableFault
from .ordinary_file import open_ordinary
from .plain_xml import open_plain_xml
from .road_tags import Road, closed_node, closed_road, road, unused

__all__ = ["graphml_roads", "pbf_roads"]

BRITAIN: Final = (-9.0, 49.0, 2.5, 61.5)
"""West, south, east, north in degrees of what the National Grid is for."""

PBF_HEAD: Final = b"OSMHeader"
PBF_HEAD_BYTES: Final = 32
"""What stands within the first bytes of every .osm.pbf file: the kind of its first block."""
FRESH: Final = -(1 << 60)
"""Numbers from here down are of nodes that a barrier has parted; OpenStreetMap's own, and an editor's, are above."""

Bounds = tuple[float, float, float, float]


def graphml_roads(paths: Iterable[Path], *, bounds: Bounds | None = None) -> tuple[pd.DataFrame, dict[str, int]]:
    """Links of graphs that OSMnx wrote: from, to, metres, class, oneway, geometry in metres; and counts of links.

    A directed graph has an edge a direction, so that each is a one-way link; in an undirected one those are one-way
    that are said to be and have their direction. Values are text, as GraphML holds them; of several classes the first
    counts, and a link is driven where every part of it is (``road_tags``). A node that stops cars parts the links
    that end at it. The counts are by the names of ``road_tags.UNUSED`` and ``HONOURED``. Raises ``TableError`` for a
    file that is no such graph, and for edges without nodes' coordinates.
    """
    counts: Counter[str] = Counter(dict.fromkeys(("speed_limits", "timed_closures", "size_limits", "given_speeds"), 0))
    parts = [_graphml(path, counts) for path in paths]
    return _touching(pd.concat(parts, ignore_index=True), bounds), dict(counts)


def _graphml(path: Path, counts: "Counter[str]") -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a value without a declared type: text here anyway
            with open_plain_xml(path) as file:
                graph = nx.read_graphml(file, node_type=str, force_multigraph=True)
        places = {node: (float(data["x"]), float(data["y"])) for node, data in graph.nodes(data=True)}
    except (KeyError, TypeError) as error:
        raise TableError([TableFault(None, path.name, f"a node without {error}", "nodes with x and y")]) from error
    except Exception as error:
        raise TableError([TableFault(None, path.name, str(error)[:80], "GraphML as OSMnx writes it")]) from error
    shut = {node for node, data in graph.nodes(data=True) if closed_node(_texts(data))}
    stopping, rows = set(), []
    for start, end, data in graph.edges(data=True):
        tags = _texts(data)
        # The graph has its own directions: roundabouts and motorways among them.
        told = road({key: value for key, value in tags.items() if not key.startswith(("oneway", "junction"))})
        if told is None:
            counts["closed_roads"] += closed_road(tags)
            continue
        counts.update(unused(tags))
        try:
            oneway, ends = (True, (start, end)) if graph.is_directed() else _direction(tags, (start, end), counts)
            line, length = _line(data, places[ends[0]], places[ends[1]])
        except (shapely.errors.GEOSException, TypeError, ValueError) as error:
            found = f"edge {start} to {end}: {error}"[:80]
            raise TableError([TableFault(None, path.name, found, "edges with a length and a line")]) from error
        stopping |= shut & set(ends)
        # Both directions of a road end at the same part of a node that stops cars.
        tail, head = (f"{one}~{other}" if one in shut else one for one, other in (ends, ends[::-1]))
        rows.append((tail, head, length, told.name, oneway, line))
    counts["closed_barriers"] += len(stopping)
    links = pd.DataFrame(rows, columns=["from", "to", "metres", "class", "oneway", "geometry"])
    if links.empty:
        return links
    shapes = _projected(links["geometry"].to_numpy(), str(graph.graph.get("crs") or LONGITUDE_LATITUDE))
    metres = links["metres"].to_numpy(float)
    links["metres"] = np.where(metres > 0, metres, shapely.length(shapes))
    links["geometry"] = shapes
    return links


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in data.items() if value is not None}


def _direction(tags: Mapping[str, str], ends: tuple[str, str], counts: "Counter[str]") -> tuple[bool, tuple[str, str]]:
    """Whether an edge of an undirected graph is one-way, and its ends in its direction."""
    if tags.get("oneway", "").lower() not in ("true", "yes", "1"):
        return False, ends
    stated = (tags.get("from", ""), tags.get("to", ""))
    if set(stated) == set(ends):
        return True, stated
    counts["lost_directions"] += 1
    return False, ends


def _line(
    data: Mapping[str, Any], start: tuple[float, float], end: tuple[float, float]
) -> tuple[shapely.LineString, float]:
    """The line of an edge from its start, straight to its end where none is written, and the metres as written."""
    drawn = data.get("geometry")
    line = shapely.from_wkt(drawn) if drawn else shapely.LineString((start, end))
    if not isinstance(line, shapely.LineString):
        raise TypeError(f"a {line.geom_type}")
    first, last = shapely.Point(line.coords[0]), shapely.Point(line.coords[-1])
    at = shapely.Point(start)
    return (shapely.reverse(line) if last.distance(at) < first.distance(at) else line), float(data.get("length", "nan"))


def pbf_roads(paths: Iterable[Path], *, bounds: Bounds | None = None) -> tuple[pd.DataFrame, dict[str, int]]:
    """Links of OpenStreetMap extracts: from, to, metres, class, oneway, geometry in metres; and counts of ways.

    Ways are parted at the nodes that they share, where a node stops cars, and where nodes are not in the file, as at
    the edge of an extract: nothing joins what is left on either side. ``road_tags`` says which are driven and which
    way; the counts are by the names of its ``UNUSED`` and ``HONOURED``. Raises ``TableError`` for a file that cannot
    be read, or where the extra ``osm`` is not installed.
    """
    files = list(paths)
    try:
        import osmium  # noqa: F401 - only whether it is there
    except ImportError as error:
        told = "pyosmium is not installed"
        raise TableError([TableFault(None, files[0].name, told, "pip install placeplan[osm]")]) from error
    ways = _ways(files)
    if not ways.roads:
        return pd.DataFrame(columns=["from", "to", "metres", "class", "oneway", "geometry"]), dict(ways.counts)
    nodes, places, starts = np.array(ways.nodes, dtype=np.int64), np.array(ways.places), np.array(ways.starts)
    unique, at, count = np.unique(nodes, return_inverse=True, return_counts=True)
    ends = np.zeros(len(nodes), dtype=bool)
    ends[starts[:-1]] = ends[starts[1:] - 1] = True
    breaks = np.flatnonzero(ends | (count[at] > 1))
    way = np.searchsorted(starts, breaks, side="right") - 1
    same = way[1:] == way[:-1]
    first, last, of = breaks[:-1][same], breaks[1:][same], way[1:][same]
    size = last - first + 1
    index = np.repeat(np.arange(len(first)), size)
    points = np.arange(len(index)) - np.repeat(np.cumsum(size) - size, size) + np.repeat(first, size)
    shapes = _projected(
        np.asarray(shapely.linestrings(places[points], indices=index), dtype=object), LONGITUDE_LATITUDE
    )
    about = pd.DataFrame([(one.name, one.oneway, one.against) for one in ways.roads]).iloc[of]
    about.columns = pd.Index(["class", "oneway", "against"])
    back = about["against"].to_numpy(bool)
    names = np.array([ways.parted.get(int(node), str(node)) for node in unique], dtype=object)
    tail, head = names[at[first]], names[at[last]]
    shapes[back] = shapely.reverse(shapes[back])
    links = pd.DataFrame(
        {
            "from": np.where(back, head, tail),
            "to": np.where(back, tail, head),
            "metres": shapely.length(shapes),
            "class": about["class"].to_numpy(),
            "oneway": about["oneway"].to_numpy(bool),
            "geometry": shapes,
        }
    )
    return _touching(links, bounds), dict(ways.counts)


@dataclass(slots=True)
class _Ways:
    """The driven ways of files while they are read.

    ``nodes`` and ``places`` (degrees) of all of them in a row, ``starts`` where each begins and the last ends,
    ``roads`` what each is. ``parted`` names the nodes that stand for one side of a node that stops cars.
    """

    nodes: list[int] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    roads: list[Road] = field(default_factory=list)
    parted: dict[int, str] = field(default_factory=dict)
    counts: Counter[str] = field(
        default_factory=lambda: Counter(
            dict.fromkeys(("speed_limits", "turn_restrictions", "ferries", "timed_closures", "size_limits"), 0)
        )
    )

    def side_of(self, node: int) -> int:
        """A new node in place of one side of ``node``."""
        number = FRESH - len(self.parted)
        self.parted[number] = f"{node}~{len(self.parted)}"
        return number

    def add(self, run: list[tuple[int, float, float]], told: Road) -> None:
        """Add a stretch of a way; one node alone is none."""
        if len(run) < 2:
            return
        self.nodes += [number for number, _, _ in run]
        self.places += [(x, y) for _, x, y in run]
        self.starts.append(len(self.nodes))
        self.roads.append(told)


def _ways(files: list[Path]) -> _Ways:
    """The driven ways of all files; one that stands in two of them counts once."""
    import osmium

    ways = _Ways()
    shut: set[int] = set()
    stopping: set[int] = set()
    seen: set[tuple[int, int]] = set()
    wanted = osmium.filter.KeyFilter("highway", "barrier", "restriction", "route")
    for path in files:
        try:
            for one in _extract(path).with_locations().with_filter(wanted):
                tags = {tag.k: tag.v for tag in one.tags}
                if isinstance(one, osmium.osm.Node):
                    if closed_node(tags):
                        shut.add(one.id)
                elif isinstance(one, osmium.osm.Relation):
                    ways.counts["turn_restrictions"] += tags.get("type", "").startswith("restriction")
                elif isinstance(one, osmium.osm.Way):
                    nodes = [
                        (node.ref, node.lon, node.lat) if node.location.valid() else None
                        for node in one.nodes
                    ]  # fmt: skip
                    key = (one.id, sum(node is not None for node in nodes))
                    if key not in seen:
                        seen.add(key)
                        stopping |= _add_way(ways, tags, nodes, shut)
        except (RuntimeError, OSError) as error:
            raise TableError([TableFault(None, path.name, str(error)[:80], "an .osm.pbf file")]) from error
    ways.counts["closed_barriers"] = len(stopping)
    return ways


def _extract(path: Path) -> Any:
    """An extract opened as .osm.pbf, whatever its name, once its first bytes say that it is one."""
    import osmium

    with open_ordinary(path) as file:
        if PBF_HEAD not in file.read(PBF_HEAD_BYTES):
            raise OSError("a file that is no .osm.pbf by its first bytes")
    return osmium.FileProcessor(osmium.io.File(str(path.absolute()), "pbf"))


def _add_way(
    ways: _Ways, tags: Mapping[str, str], nodes: list[tuple[int, float, float] | None], shut: set[int]
) -> set[int]:
    """Add the stretches of a way between what parts it; the nodes on it that stop cars."""
    ways.counts["ferries"] += tags.get("route") == "ferry"
    told = road(tags)
    if told is None:
        ways.counts["closed_roads"] += closed_road(tags)
        return set()
    ways.counts.update(unused(tags))
    ways.counts["cut_roads"] += None in nodes
    run: list[tuple[int, float, float]] = []
    stopping = set()
    for node in nodes:
        if node is None:
            ways.add(run, told)
            run = []
        elif node[0] in shut:
            stopping.add(node[0])
            ways.add([*run, (ways.side_of(node[0]), *node[1:])], told)
            run = [(ways.side_of(node[0]), *node[1:])]
        else:
            run.append(node)
    ways.add(run, told)
    return stopping


def _projected(shapes: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """Lines in the coordinates of ``crs`` as lines in metres: the National Grid, or the local zone outside Britain."""
    try:
        stated = stated_crs(crs)
    except ValueError as error:
        raise TableError([TableFault(None, "crs", crs, "a coordinate reference system, as epsg:4326")]) from error
    if stated == CRS.from_user_input(GRID):
        return shapes
    if stated != CRS.from_user_input(LONGITUDE_LATITUDE):
        to_degrees = Transformer.from_crs(stated, LONGITUDE_LATITUDE, always_xy=True)
        shapes = shapely.transform(shapes, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])))
    west, south, east, north = shapely.total_bounds(shapes)
    if west >= BRITAIN[0] and east <= BRITAIN[2] and south >= BRITAIN[1] and north <= BRITAIN[3]:
        return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(to_grid(xy[:, 0], xy[:, 1]))))
    if not (-180 <= west <= east <= 180 and -80 <= south <= north <= 84):
        found = f"{west:g}, {south:g} to {east:g}, {north:g}"
        raise TableError([TableFault(None, "geometry", found, "longitude and latitude in degrees")])
    middle = AreaOfInterest((west + east) / 2, (south + north) / 2, (west + east) / 2, (south + north) / 2)
    zone = query_utm_crs_info(datum_name="WGS 84", area_of_interest=middle)[0]
    local: Any = Transformer.from_crs(LONGITUDE_LATITUDE, f"EPSG:{zone.code}", always_xy=True)
    return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(local.transform(xy[:, 0], xy[:, 1]))))


def _touching(links: pd.DataFrame, bounds: Bounds | None) -> pd.DataFrame:
    if bounds is None or links.empty:
        return links
    touches = shapely.intersects(links["geometry"].to_numpy(), shapely.box(*bounds))
    return links[touches].reset_index(drop=True)
