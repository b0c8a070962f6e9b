"""A small map for one case: the localities, the child's own shaded, and options with their minutes; never a home."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

import geopandas as gpd
import shapely

from placeplan.runs import Run

__all__ = ["case_map"]

WIDTH: Final = 380.0
MARGIN: Final = 12_000.0
"""Metres around the county that options outside it may lie in and still be drawn."""

EDGE: Final = 4_000.0
"""Metres kept around what is drawn."""

TALLEST, WIDEST = 1.3, 1.25
"""How often the height may go into the width of the map, and the width into the height."""

LINE, LABEL = 12.0, 80.0
"""How high and wide a label is."""


def case_map(run: Run, locality: str, places: Sequence[tuple[str, str, str]]) -> str:
    """An SVG of the county: ``places`` are number, site and minutes of each option that stands somewhere.

    The locality is shaded as a whole, so that nobody can tell where the child lives. The map shows it with every
    option; sites beyond the margin around the county are left out. Several options at one site share a dot.
    """
    outlines = run.layers["localities"].set_index("locality").geometry
    drawn = shapely.box(*outlines.total_bounds).buffer(MARGIN)
    sites = {name: point for name, point in _points(run.layers["sites"]).items() if drawn.covers(point)}
    west, south, east, north = _view([outlines[locality], *(sites[site] for _, site, _ in places if site in sites)])
    scale = WIDTH / (east - west)
    height = round((north - south) * scale, 1)

    def at(x: float, y: float) -> tuple[float, float]:
        return round((x - west) * scale, 1), round((north - y) * scale, 1)

    parts = [
        f'<path d="{_path(shape, at)}" fill="{"#cfe3f2" if name == locality else "#f6f4ee"}" stroke="#8a867b"/>'
        for name, shape in zip(outlines.index, outlines.simplify(1 / scale), strict=True)
    ]
    shared: dict[tuple[float, float], list[str]] = {}
    for number, site, minutes in places:
        if site in sites:
            shared.setdefault(at(sites[site].x, sites[site].y), []).append(f"{number}: {minutes}")
    told: list[tuple[float, float]] = []
    for (x, y), words in shared.items():
        numbers = ", ".join(word.split(":")[0] for word in words)
        minutes = words[0].split(": ")[1]
        left = x > WIDTH * 0.72
        line = _free(x, y + 4, told)
        parts.append(f'<circle cx="{x}" cy="{y}" r="4.5" fill="#0072b2" stroke="#fff" stroke-width="1.2"/>')
        parts.append(
            f'<text x="{x - 8 if left else x + 8}" y="{line:g}" text-anchor="{"end" if left else "start"}">'
            f'<tspan font-weight="700">{escape(numbers)}</tspan> {escape(minutes)}</text>'
        )
    alternative = f"The county's localities, the child's own shaded, and {len(shared)} places that are options."
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(alternative)}" font-size="12" '
        f'stroke-linejoin="round" paint-order="stroke">{"".join(parts)}</svg>'
    )


def _view(shapes: Sequence[shapely.Geometry]) -> tuple[float, float, float, float]:
    """West, south, east and north of what is drawn, in metres: all of the shapes, neither too tall nor too wide."""
    west, south, east, north = (float(x) for x in shapely.total_bounds(shapes))
    wide, tall = east - west + 2 * EDGE, north - south + 2 * EDGE
    wide, tall = max(wide, tall / TALLEST), max(tall, wide / WIDEST)
    x, y = (west + east) / 2, (south + north) / 2
    return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2


def _free(x: float, y: float, told: list[tuple[float, float]]) -> float:
    """The nearest line below where no label stands yet."""
    while any(abs(y - other) < LINE and abs(x - beside) < LABEL for beside, other in told):
        y += 2.0
    told.append((x, y))
    return y


def _points(sites: gpd.GeoDataFrame) -> dict[str, shapely.Point]:
    return {str(site): point for site, point in zip(sites["site"], sites.geometry, strict=True)}


def _path(shape: shapely.Geometry, at: Callable[[float, float], tuple[float, float]]) -> str:
    steps = []
    for part in shapely.get_parts(shape):
        for ring in [part.exterior, *part.interiors]:
            points = [at(x, y) for x, y in ring.coords]
            steps.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z")
    return "".join(steps)
