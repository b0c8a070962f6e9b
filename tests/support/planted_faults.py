"""A clean network of roads with zones and sites, and faults that are planted into it one at a time."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import shapely
from shapely.ops import substring

__all__ = ["PLANTED", "SPEEDS", "clean_network"]

SPEEDS = {"main": 60.0, "lane": 30.0}

Planted = tuple[pd.DataFrame, dict[str, pd.DataFrame]]


def clean_network(*, seed: int = 1, side: int = 12) -> Planted:
    """A grid of ``side`` by ``side`` junctions about 500 m apart, with 40 zones and 10 sites by its roads."""
    stream = np.random.default_rng(seed)
    xs = 425_000 + 500 * np.arange(side) + 0.0
    places = {
        f"{a},{b}": (xs[a] + stream.uniform(-90, 90), 355_000 + 500 * b + stream.uniform(-90, 90))
        for a in range(side)
        for b in range(side)
    }
    rows = []
    for a in range(side):
        for b in range(side):
            for c, d in ((a + 1, b), (a, b + 1)):
                if c < side and d < side:
                    (x, y), (u, v) = places[f"{a},{b}"], places[f"{c},{d}"]
                    line = shapely.LineString([(x, y), ((x + u) / 2 + 15, (y + v) / 2 + 15), (u, v)])
                    rows.append((f"{a},{b}", f"{c},{d}", line.length, "main" if b % 4 == 0 else "lane", False, line))
    links = pd.DataFrame(rows, columns=["from", "to", "metres", "class", "oneway", "geometry"])
    at = stream.choice(len(links), 50, replace=len(links) < 50)
    spots = shapely.line_interpolate_point(links["geometry"].to_numpy()[at], 0.3, normalized=True)
    frame = pd.DataFrame({"easting": shapely.get_x(spots) + 40, "northing": shapely.get_y(spots) + 30})
    zones, sites = (
        frame.iloc[:40].set_axis([f"z{n}" for n in range(40)]),
        frame.iloc[40:].set_axis([f"s{n}" for n in range(10)]),
    )
    return links, {"zone": zones, "site": sites}


def _place(kind: str, label: str, x: float, y: float) -> Callable[[Planted], Planted]:
    def plant(network: Planted) -> Planted:
        links, points = network
        frame = points[kind].copy()
        frame.loc[label, ["easting", "northing"]] = [x, y]
        return links, {**points, kind: frame}

    return plant


def _swapped(network: Planted) -> Planted:
    x, y = network[1]["site"].loc["s3"]
    return _place("site", "s3", y, x)(network)


def _swapped_link(network: Planted) -> Planted:
    links, points = network
    links = links.copy()
    links.loc[7, "geometry"] = shapely.transform(links.loc[7, "geometry"], lambda xy: xy[:, ::-1])
    return links, points


def _island(network: Planted) -> Planted:
    links, points = network
    line = shapely.LineString([(428_040, 357_300), (428_190, 357_260)])
    row = pd.DataFrame([("i1", "i2", line.length, "lane", False, line)], columns=links.columns)
    return pd.concat([links, row], ignore_index=True), points


def _gap(network: Planted) -> Planted:
    """A link that stops 30 m short of its last junction."""
    links, points = network
    links = links.copy()
    line = links.loc[60, "geometry"]
    shorter = substring(line, 0, line.length - 30)
    links.loc[60, "geometry"], links.loc[60, "to"], links.loc[60, "metres"] = shorter, "short of it", shorter.length
    return links, points


def _no_class(network: Planted) -> Planted:
    links, points = network
    links = links.copy()
    links["class"] = links["class"].astype(object)
    links.loc[33, "class"] = None
    return links, points


def _parallel(network: Planted) -> Planted:
    links, points = network
    return pd.concat(
        [links, links.iloc[[21]].assign(metres=lambda rows: rows["metres"] * 3)], ignore_index=True
    ), points


def _reversed(network: Planted) -> Planted:
    """A road of two one-way rows, one for each direction, of which the second is turned round."""
    links, points = network
    pair = links.iloc[[48]].assign(oneway=True)
    return pd.concat([links.drop(index=48), pair, pair], ignore_index=True), points


def _blind(network: Planted) -> Planted:
    """A one-way street that leads to a place from which nothing leads away."""
    links, points = network
    x, y = shapely.get_coordinates(links["geometry"].iloc[0])[0]
    line = shapely.LineString([(x, y), (x - 300, y - 100)])
    row = pd.DataFrame([(links["from"].iloc[0], "nowhere", line.length, "lane", True, line)], columns=links.columns)
    return pd.concat([links, row], ignore_index=True), points


PLANTED: dict[str, tuple[Callable[[Planted], Planted], str, str]] = {
    "swapped axes of a site": (_swapped, "swapped_axes", "site s3"),
    "swapped axes of a link": (_swapped_link, "swapped_axes", ""),
    "longitude and latitude": (_place("zone", "z5", -1.55, 53.14), "degrees", "zone z5"),
    "latitude and longitude": (_place("zone", "z5", 53.14, -1.55), "degrees", "zone z5"),
    "dead coordinates": (_place("zone", "z9", 0.0, 0.0), "dead_coordinates", "zone z9"),
    "missing coordinates": (_place("zone", "z9", np.nan, 355_000.0), "dead_coordinates", "zone z9"),
    "island": (_island, "island", "i1"),
    "gap of 30 m between link ends": (_gap, "gap", "short of it"),
    "missing class": (_no_class, "missing_class", ""),
    "a site 5 km from any road": (_place("site", "s2", 420_000.0, 357_000.0), "far_from_road", "site s2"),
    "parallel links": (_parallel, "parallel_links", ""),
    "one-way reversed": (_reversed, "one_way", ""),
    "one-way into nowhere": (_blind, "one_way", ""),
}
"""What can be planted: how, the fault that must be found, and its label where there is one way to say it."""
