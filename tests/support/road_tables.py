"""Small road tables for the tests: links between named places, and points by label."""

from collections.abc import Iterable, Mapping

import pandas as pd

__all__ = ["point_table", "road_table"]


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
