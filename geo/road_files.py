"""Road files as people have them, turned into the table of links that ``roads.road_network`` takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

from .faults import TableError, TableFault
from .open_roads import open_roads
from .openstreetmap import graphml_roads, pbf_roads
from .road_tags import said

__all__ = ["ROAD_FILES", "RoadFiles", "kind_of_road_file", "read_roads"]

ROAD_FILES: Final = {
    ".gpkg": (
        "OS Open Roads",
        "knows no one-way streets, no speeds, no restrictions of access or turns, and no ferries",
    ),
    ".graphml": ("OpenStreetMap, by OSMnx", "has no turn restrictions and no ferries"),
    ".osm.pbf": ("OpenStreetMap", ""),
}
"""The endings of road files that are read, what each is, and what it does not know whatever is in the file."""


@dataclass(frozen=True, slots=True)
class RoadFiles:
    """Links read from files: columns from, to, metres, class, oneway, geometry (metres); and where they come from.

    ``notes`` says what the source does not know, what of the files is not used and what is not driven, for whoever
    reads the travel times. ``counts`` has how many of each there are, by the names of ``road_tags.UNUSED`` and
    ``HONOURED``; where the format holds none of them it is empty.
    """

    links: pd.DataFrame = field(repr=False)
    source: str
    notes: str
    counts: Mapping[str, int] = field(default_factory=dict)


def kind_of_road_file(path: Path) -> str | None:
    """The ending by which a file is read, or None where it is no road file."""
    return next((ending for ending in ROAD_FILES if path.name.lower().endswith(ending)), None)


def read_roads(paths: Iterable[Path], *, bounds: tuple[float, float, float, float] | None = None) -> RoadFiles:
    """The links of one or several files of one kind; with ``bounds`` (west, south, east, north, metres) those there.

    A link from a node to itself (a crescent) is parted at its middle, so that it has two ends and homes on it are
    served. Raises ``TableError`` where the files are of several kinds or of none, cannot be read, or hold no road.
    """
    files = sorted(paths)
    kinds = {path: kind_of_road_file(path) for path in files}
    unknown = [path.name for path, kind in kinds.items() if kind is None]
    found = sorted({kind for kind in kinds.values() if kind is not None})
    if unknown or len(found) != 1:
        told = ", ".join(unknown) or ", ".join(ROAD_FILES[kind][0] for kind in found) or "no file"
        raise TableError([TableFault(None, "files", told, f"one kind of {', '.join(ROAD_FILES)}")])
    readers = {".gpkg": open_roads, ".graphml": graphml_roads, ".osm.pbf": pbf_roads}
    links, counts = readers[found[0]](files, bounds=bounds)
    if links.empty:
        where = "" if bounds is None else " within the bounds of zones and sites"
        raise TableError([TableFault(None, "files", ", ".join(path.name for path in files), f"roads{where}")])
    source, unknown_to_it = ROAD_FILES[found[0]]
    notes = " and ".join(words for words in (unknown_to_it, said(counts) if counts else "") if words)
    return RoadFiles(_without_loops(links), source, notes, counts)


def _without_loops(links: pd.DataFrame) -> pd.DataFrame:
    """The same links, each that ends where it starts parted in two at its middle; those without length are left out."""
    links = links[links["metres"] > 0]
    loops = (links["from"] == links["to"]).to_numpy()
    if not loops.any():
        return links.reset_index(drop=True)
    rows = links[loops]
    lines = rows["geometry"].to_numpy()
    middles = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    middle = np.array([f"{node}~{e:.0f} {n:.0f}" for node, e, n in zip(rows["from"], x, y, strict=True)], dtype=object)
    halves = []
    for end, low, high in (("to", 0.0, 0.5), ("from", 0.5, 1.0)):
        half = rows.assign(metres=rows["metres"] / 2)
        half[end] = middle
        half["geometry"] = np.array([substring(line, low, high, normalized=True) for line in lines], dtype=object)
        halves.append(half)
    return pd.concat([links[~loops], *halves], ignore_index=True)
