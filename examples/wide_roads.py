"""The example's roads carried on beyond the county by hand-written strategic roads, for journeys far out of it."""

from itertools import pairwise

import numpy as np
import pandas as pd

from placeplan.examples.local_roads import facts, links_by_name, local_links, records, road_points

__all__ = ["wide_road_points", "wide_road_table"]


def wide_road_points() -> pd.DataFrame:
    """Towns and junctions of the county and of the strategic roads around it: point, easting, northing.

    Those around were written from general knowledge, to some hundred metres: the motorways and main roads from
    Leeds to Warwick and from Chester to Lincoln, with the towns that they join.
    """
    beyond = facts("strategic_points").rename(columns={"junction": "point"})
    return pd.concat([road_points(), beyond[["point", "easting", "northing"]]], ignore_index=True)


def wide_road_table(zones: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Main, strategic and local roads that reach every zone and site, made as ``road_table`` makes them.

    ``zones`` and ``sites`` are indexed by label, with easting and northing. Of two main roads between the same
    points the first counts, and a main road before a local one.
    """
    ends = [frame.rename_axis("point").reset_index()[["point", "easting", "northing"]] for frame in (zones, sites)]
    points = pd.concat([wide_road_points(), *ends], ignore_index=True)
    rows = [
        {"from": start, "to": end, "winding": road["winding"], "class": road["class"]}
        for name in ("main_roads", "strategic_roads")
        for road in records(facts(name))
        for start, end in pairwise(road["route"].split(";"))
    ]
    links = pd.concat([links_by_name(points, pd.DataFrame(rows)), local_links(points)], ignore_index=True)
    ends_of_link = pd.DataFrame(np.sort(links[["from", "to"]].to_numpy(dtype=object).astype(str), axis=1))
    return links[~ends_of_link.duplicated().to_numpy()].assign(oneway=False).reset_index(drop=True)
