"""OpenStreetMap roads: a graph written by OSMnx as GraphML, or an extract as .osm.pbf (with the extra ``osm``).

What derives from OpenStreetMap is under the Open Database Licence. In Great Britain coordinates become EPSG:27700, by
the seven parameters of ``crs``; elsewhere metres of the zone of the Universal Transverse Mercator at the middle.
"""

import ast
import warnings
from collections.abc import Iterable, Mapping
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

__all__ = ["DRIVEN_CLASSES", "graphml_roads", "pbf_roads"]

DRIVEN_CLASSES: Final = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "road",
)
"""The values of ``highway`` that a car or a minibus takes; a slip road (``..._link``) is of its road's class."""

NOT_THROUGH: Final = ("driveway", "parking_aisle", "drive-through")
"""Service ways that lead nowhere."""

BRITAIN: Final = (-9.0, 49.0, 2.5, 61.5)
"""West, south, east, north in degrees of what the National Grid is for."""

PBF_HEAD: Final = b"OSMHeader"
PBF_HEAD_BYTES: Final = 32
"""What stands within the first bytes of every .osm.pbf file: the kind of its first block."""

Bounds = tuple[float, float, float, float]


def graphml_roads(paths: Iterable[Path], *, bounds: Bounds | None = None) -> pd.DataFrame:
    """Links of graphs that OSMnx wrote: from, to, metres, class, oneway, geometry in metres.

    A directed graph has an edge a direction, so that each is a one-way link; an undirected one is driven both ways.
    Values are text, as GraphML holds them; of several classes the first counts. Raises ``TableError`` for a file that
    is no such graph, and for edges without nodes' coordinates.
    """
    parts = [_graphml(path) for path in paths]
    return _touching(pd.concat(parts, ignore_index=True), bounds)


def _graphml(path: Path) -> pd.DataFrame:
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
    rows = []
    for start, end, data in graph.edges(data=True):
        try:
            rows.append((start, end, *_edge(data, places[start], places[end])))
        except (shapely.errors.GEOSException, TypeError, ValueError) as error:
            told = f"edge {start} to {end}: {error}"[:80]
            raise TableError([TableFault(None, path.name, told, "edges with a length and a line")]) from error
    links = pd.DataFrame(rows, columns=["from", "to", "metres", "class", "geometry"])
    links = links.assign(oneway=graph.is_directed())
    links["class"] = [_driven(value) for value in links["class"]]
    links = links[links["class"].notna()].reset_index(drop=True)
    if links.empty:
        return links
    shapes = _projected(links["geometry"].to_numpy(), str(graph.graph.get("crs") or LONGITUDE_LATITUDE))
    metres = links["metres"].to_numpy(float)
    links["metres"] = np.where(metres > 0, metres, shapely.length(shapes))
    links["geometry"] = shapes
    return links


def _edge(data: Mapping[str, Any], *ends: tuple[float, float]) -> tuple[float, str, shapely.LineString]:
    """The metres as written, the class and the line of an edge; straight between its ends where none is written."""
    drawn = data.get("geometry")
    line = shapely.from_wkt(drawn) if drawn else shapely.LineString(ends)
    if not isinstance(line, shapely.LineString):
        raise TypeError(f"a {line.geom_type}")
    return float(data.get("length", "nan")), _first(data.get("highway")), line


def _first(value: object) -> str:
    """The first of several values that OSMnx wrote as a list."""
    text = str(value or "")
    if text.startswith("["):
        try:
            listed = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return text
        return str(listed[0]) if listed else ""
    return text


def _driven(highway: str) -> str | None:
    name = highway.removesuffix("_link")
    return name if name in DRIVEN_CLASSES else None


def pbf_roads(paths: Iterable[Path], *, bounds: Bounds | None = None) -> pd.DataFrame:
    """Links of OpenStreetMap extracts: from, to, metres, class, oneway, geometry in metres.

    Ways are parted at the nodes that they share. Roundabouts and motorways are one-way unless they say otherwise;
    ways closed to motor vehicles, and private ones, are left out. Raises ``TableError`` for a file that cannot be
    read, or where the extra ``osm`` is not installed.
    """
    files = list(paths)
    try:
        import osmium  # noqa: F401 - only whether it is there
    except ImportError as error:
        told = "pyosmium is not installed"
        raise TableError([TableFault(None, files[0].name, told, "pip install placeplan[osm]")]) from error
    nodes, places, starts, tags = _ways(files)
    if not tags:
        return pd.DataFrame(columns=["from", "to", "metres", "class", "oneway", "geometry"])
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
    about = pd.DataFrame(tags, columns=["class", "oneway", "reversed"]).iloc[of]
    back = about["reversed"].to_numpy(bool)
    tail, head = unique[at[first]].astype(str), unique[at[last]].astype(str)
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
    return _touching(links, bounds)


def _ways(
    files: list[Path],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], list[tuple[str, bool, bool]]]:
    """Node numbers and degrees of all driven ways in a row, where each way starts (and the end), and its tags."""
    import osmium

    nodes: list[int] = []
    places: list[tuple[float, float]] = []
    starts = [0]
    tags = []
    for path in files:
        try:
            for one in _extract(path).with_locations().with_filter(osmium.filter.KeyFilter("highway")):
                told = _tags({tag.k: tag.v for tag in one.tags}) if isinstance(one, osmium.osm.Way) else None
                if told is None or not isinstance(one, osmium.osm.Way):
                    continue
                known = [(node.ref, node.lon, node.lat) for node in one.nodes if node.location.valid()]
                if len(known) < 2:
                    continue
                nodes += [ref for ref, _, _ in known]
                places += [(x, y) for _, x, y in known]
                starts.append(len(nodes))
                tags.append(told)
        except (RuntimeError, OSError) as error:
            raise TableError([TableFault(None, path.name, str(error)[:80], "an .osm.pbf file")]) from error
    return np.array(nodes, dtype=np.int64), np.array(places, dtype=np.float64).reshape(-1, 2), np.array(starts), tags


def _extract(path: Path) -> Any:
    """An extract opened as .osm.pbf, whatever its name, once its first bytes say that it is one."""
    import osmium

    with open_ordinary(path) as file:
        if PBF_HEAD not in file.read(PBF_HEAD_BYTES):
            raise OSError("a file that is no .osm.pbf by its first bytes")
    return osmium.FileProcessor(osmium.io.File(str(path.absolute()), "pbf"))


def _tags(tags: Mapping[str, str]) -> tuple[str, bool, bool] | None:
    """The class, whether one-way and whether drawn against it; None for a way that is not driven."""
    name = _driven(tags["highway"])
    access = next((tags[key] for key in ("motorcar", "motor_vehicle", "vehicle", "access") if key in tags), "yes")
    if name is None or access in ("no", "private") or tags.get("service") in NOT_THROUGH or tags.get("area") == "yes":
        return None
    stated = tags.get("oneway", "")
    implied = tags.get("junction") in ("roundabout", "circular") or name == "motorway"
    reverse = stated in ("-1", "reverse")
    return name, reverse or stated in ("yes", "true", "1") or (implied and stated not in ("no", "false", "0")), reverse


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
