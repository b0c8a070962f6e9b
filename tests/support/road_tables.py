"""Small road tables for the tests: links between named places, and points by label."""

from collections.abc import Iterable, Mapping

import pandas as pd

__all__ = ["FIVE", "FIVE_LINKS", "point_table", "road_table"]

# Five junctions, worked by hand. main: a minute a km; lane: two minutes a km.
#
#     a ---2 km main--- b ---2 km main--- c        a-e: 3 km lane, 6 minutes
#      \                |                          b to d: 1 km lane, one way from b to d
#       3 km lane       1 km lane, one way down    e-d: 1 km main, 1 minute
#        \              v
#         e ---1 km---- d
FIVE = {"a": (0, 0), "b": (2000, 0), "c": (4000, 0), "d": (2000, -1000), "e": (1000, -1000)}
FIVE_LINKS = [
    ("a", "b", 2000, "main", False),
    ("b", "c", 2000, "main", False),
    ("b", "d", 1000, "lane", True),
    ("d", "e", 1000, "main", False),
    ("a", "e", 3000, "lane", False),
]


def road_table(
    places: Mapping[str, tuple[float, float]], links: Iterable[tuple[str, str, float, str, bool]]
) -> pd.DataFrame:
    """Links (from, to, metres, class, one way) between ``places`` as a table with the ends' coordinates."""
    rows = [
        (start, end, metres, kind, oneway, *places[start], *places[end]) for start, end, metres, kind, oneway in links
    ]
    columns = ["from", "to", "metres", "class", "oneway", "from_easting", "from_northing", "to_easting", "to_northing"]
    return pd.DataFrame(rows, columns=columns).astype({"metres": float})


def point_table(points: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Points by label with easting and northing."""
    return pd.DataFrame.from_dict(dict(points), orient="index", columns=["easting", "northing"], dtype=float)
