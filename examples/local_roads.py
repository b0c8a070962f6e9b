"""Main roads from the hand-written facts, and invented local roads that tie zones and sites to them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

__all__ = ["FACTS", "facts", "links_by_name", "local_links", "main_road_links", "records", "road_points", "road_table"]

FACTS = Path(__file__).parent / "facts"
"""The folder of hand-written facts."""

LOCAL_WINDING = 1.25
"""Metres of an invented local road for each metre of straight line."""

LOCAL_CLASSES = ((900.0, "residential"), (2500.0, "tertiary"), (np.inf, "unclassified"))
"""The class of a local road shorter than so many metres of straight line."""

ROAD_COLUMNS = ["from", "to", "metres", "class", "oneway", "from_easting", "from_northing", "to_easting", "to_northing"]


def facts(name: str) -> pd.DataFrame:
    """A table of hand-written facts."""
    return pd.read_csv(FACTS / f"{name}.csv")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of ``frame``, each by column."""
    return [{str(column): value for column, value in row.items()} for row in frame.to_dict("records")]


def road_points() -> pd.DataFrame:
    """Towns, villages and junctions: point, easting, northing (metres, EPSG:27700, to about 100 m)."""
    places = facts("places").rename(columns={"place": "point"})
    junctions = facts("junctions").rename(columns={"junction": "point"})
    return pd.concat([places, junctions])[["point", "easting", "northing"]].reset_index(drop=True)


def links_by_name(points: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """``links`` (from, to, winding, class) between named ``points``, with metres and coordinates.

    Raises ``KeyError`` with the name where a link ends at a point that is not listed.
    """
    where = points.set_index("point")
    start, end = where.loc[links["from"]], where.loc[links["to"]]
    straight = np.hypot(
        start["easting"].to_numpy() - end["easting"].to_numpy(),
        start["northing"].to_numpy() - end["northing"].to_numpy(),
    )
    return pd.DataFrame(
        {
            "from": links["from"].to_numpy(),
            "to": links["to"].to_numpy(),
            "metres": np.round(straight * links["winding"].to_numpy()).astype(int),
            "class": links["class"].to_numpy(),
            "oneway": "no",
            "from_easting": start["easting"].to_numpy(),
            "from_northing": start["northing"].to_numpy(),
            "to_easting": end["easting"].to_numpy(),
            "to_northing": end["northing"].to_numpy(),
        }
    )[ROAD_COLUMNS]


def main_road_links() -> pd.DataFrame:
    """The main roads as links between neighbouring stops of each route; the first of two equal links counts."""
    rows = [
        {"from": start, "to": end, "winding": road["winding"], "class": road["class"]}
        for road in records(facts("main_roads"))
        for start, end in pairwise(road["route"].split(";"))
    ]
    links = pd.DataFrame(rows)
    ends = pd.Series([tuple(sorted(pair)) for pair in zip(links["from"], links["to"], strict=True)])
    return links_by_name(road_points(), links[~ends.duplicated()].reset_index(drop=True))


def _gabriel(xy: NDArray[np.float64], limit: float) -> NDArray[np.int64]:
    """Pairs of points with no third point in the circle on which they lie opposite (Gabriel and Sokal, 1969).

    The pairs contain a minimum spanning tree, so no point is left alone; pairs more than ``limit`` metres apart
    are left out.
    """
    tree = KDTree(xy)
    pairs = tree.query_pairs(limit, output_type="ndarray")
    middles = (xy[pairs[:, 0]] + xy[pairs[:, 1]]) / 2
    half = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) / 2
    nearest = tree.query(middles)[0]
    kept = np.sort(np.asarray(pairs[nearest >= half - 1e-6], dtype=np.int64), axis=1)
    ordered: NDArray[np.int64] = kept[np.lexsort((kept[:, 1], kept[:, 0]))]
    return ordered


def local_links(points: pd.DataFrame, *, limit: float = 40000.0) -> pd.DataFrame:
    """Invented local roads between neighbouring ``points`` (point, easting, northing); class by length."""
    distinct = points.drop_duplicates(["easting", "northing"]).reset_index(drop=True)
    pairs = _gabriel(distinct[["easting", "northing"]].to_numpy(dtype=np.float64), limit)
    names = distinct["point"].to_numpy()
    xy = distinct[["easting", "northing"]].to_numpy(dtype=np.float64)
    straight = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    bounds = np.array([bound for bound, _ in LOCAL_CLASSES])
    classes = np.array([name for _, name in LOCAL_CLASSES])[np.searchsorted(bounds, straight)]
    links = pd.DataFrame(
        {"from": names[pairs[:, 0]], "to": names[pairs[:, 1]], "winding": LOCAL_WINDING, "class": classes}
    )
    return links_by_name(distinct, links)


def road_table(zones: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Main and local roads that reach every zone and every site.

    ``zones`` and ``sites`` have easting and northing; they are points of the network themselves, so that no
    journey begins or ends with a long leg off the road.
    """
    ends = [
        frame.rename(columns={key: "point"})[["point", "easting", "northing"]]
        for key, frame in (("zone", zones), ("site", sites))
    ]
    points = pd.concat([road_points(), *ends], ignore_index=True)
    main = main_road_links()
    local = local_links(points)
    main_ends = {tuple(sorted(pair)) for pair in zip(main["from"], main["to"], strict=True)}
    is_main = [tuple(sorted(pair)) in main_ends for pair in zip(local["from"], local["to"], strict=True)]
    return pd.concat([main, local[~np.array(is_main)]], ignore_index=True)
