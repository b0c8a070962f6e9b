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

LINE, LABEL = 12.0, 80.0
"""How high and wide a label is."""

TOLERANCE: Final = 400.0
"""Metres by which outlines are simplified: less than a pixel of the map."""


def case_map(run: Run, locality: str, places: Sequence[tuple[str, str, str]]) -> str:
    """An SVG of the county: ``places`` are number, site and minutes of each option that stands somewhere.

    The locality is shaded as a whole, so that nobody can tell where the child lives. Sites beyond the margin are left
    out. Several options at one site share a dot.
    """
    outlines = run.layers["localities"].set_index("locality").geometry
    west, south, east, north = (float(x) for x in outlines.total_bounds)
    west, south, east, north = west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN
    scale = WIDTH / (east - west)
    height = round((north - south) * scale, 1)

    def at(x: float, y: float) -> tuple[float, float]:
        return round((x - west) * scale, 1), round((north - y) * scale, 1)

    parts = [
        f'<path d="{_path(shape, at)}" fill="{"#cfe3f2" if name == locality else "#f6f4ee"}" stroke="#8a867b"/>'
        for name, shape in zip(outlines.index, outlines.simplify(TOLERANCE), strict=True)
    ]
    sites = _points(run.layers["sites"])
    shared: dict[tuple[float, float], list[str]] = {}
    for number, site, minutes in places:
        point = sites.get(site)
        if point is not None and west < point[0] < east and south < point[1] < north:
            shared.setdefault(at(*point), []).append(f"{number}: {minutes}")
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


def _free(x: float, y: float, told: list[tuple[float, float]]) -> float:
    """The nearest line below where no label stands yet."""
    while any(abs(y - other) < LINE and abs(x - beside) < LABEL for beside, other in told):
        y += 2.0
    told.append((x, y))
    return y


def _points(sites: gpd.GeoDataFrame) -> dict[str, tuple[float, float]]:
    return {
        str(site): (float(x), float(y))
        for site, x, y in zip(sites["site"], sites.geometry.x, sites.geometry.y, strict=True)
    }


def _path(shape: shapely.Geometry, at: Callable[[float, float], tuple[float, float]]) -> str:
    steps = []
    for part in shapely.get_parts(shape):
        for ring in [part.exterior, *part.interiors]:
            points = [at(x, y) for x, y in ring.coords]
            steps.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "Z")
    return "".join(steps)
