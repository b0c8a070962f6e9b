"""The map of flows and gaps: localities, units by kind, who goes where, and where places are wanting."""

import math
from collections.abc import Iterable
from typing import Any, Final

import geopandas as gpd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from placeplan.county.kind_names import kind_name
from placeplan.county.vocabulary import KINDS
from placeplan.geo.maps import (
    INK,
    Label,
    Panel,
    extent_of,
    map_frame,
    north_arrow,
    place_labels,
    png_bytes,
    scale_bar,
    wrapped,
)
from placeplan.report.answer import question_name
from placeplan.report.flow_lines import flow_lines, gap_polygons, locality_points, unit_points
from placeplan.report.lookup import lead_question
from placeplan.report.named import in_its_words
from placeplan.report.words import WITHHELD, count, number_of
from placeplan.runs import Run
from placeplan.suppression import SMALLEST

__all__ = ["KIND_MARKS", "draw_map", "has_map", "map_png"]

# Colours of Okabe and Ito (2008), which colour-blind readers can tell apart; shapes and dashes say the same in grey.
_BLUE: Final = "#0072B2"
_ORANGE: Final = "#D55E00"
_LAND: Final = "#F3F1EA"
_BORDER: Final = "#8C8778"
KIND_MARKS: Final[dict[str, tuple[str, str]]] = {
    "special": ("s", "#0072B2"),
    "ers": ("o", "#56B4E9"),
    "hub": ("P", "#009E73"),
    "support_centre": ("^", "#F0E442"),
    "independent_special": ("D", "#D55E00"),
    "non_maintained_special": ("d", "#E69F00"),
    "independent_other": ("v", "#CC79A7"),
    "college": ("p", "#FFFFFF"),
    "mainstream_support": ("h", "#BBBBBB"),
    "peripatetic": ("X", "#BBBBBB"),
}
_NO_GAP: Final = "no gap"
_MOST_LINES: Final = 90
"""More lines than these hide each other; the thinnest are left out, and the map says so."""
_WIDEST_LINE: Final = 9.0


def has_map(run: Run) -> bool:
    """Whether the run holds what a map needs: outlines, sites and an answered question."""
    return {"localities", "sites"} <= run.layers.keys() and lead_question(run) is not None


def _widths(children: Iterable[float], largest: float) -> list[float]:
    return [0.7 + (_WIDEST_LINE - 0.7) * float(one) / largest for one in children]


def _draw_flows(axes: Any, flows: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> float:
    """The largest flows, as wide as their children; those that leave the county dashed. Gives the largest."""
    if flows.empty:
        return 0.0
    largest = float(flows["children"].max())
    outside = {
        str(unit) for unit, place in zip(units["unit"], units["locality"], strict=True) if place == "out_of_county"
    }
    ranked = flows.sort_values("children", ascending=False, kind="stable").head(_MOST_LINES)
    for unit, line, width in zip(ranked["unit"], ranked.geometry, _widths(ranked["children"], largest), strict=True):
        away = str(unit) in outside
        x, y = line.xy
        axes.plot(
            x,
            y,
            color=_ORANGE if away else _BLUE,
            linewidth=width,
            linestyle=(0, (2.2, 1.1)) if away else "-",
            alpha=0.55,
            solid_capstyle="butt",
            dash_capstyle="butt",
            zorder=3,
        )
    return largest


def _draw_units(axes: Any, units: gpd.GeoDataFrame, extent: tuple[float, float, float, float]) -> list[str]:
    """Units inside the frame, one shape a kind; several at a site stand side by side. Gives the kind of each drawn."""
    west, south, east, north = extent
    step = (east - west) / 90
    seen: dict[tuple[float, float], int] = {}
    drawn = []
    for kind, point in zip(units["kind"], units.geometry, strict=True):
        if not (west < point.x < east and south < point.y < north):
            continue
        drawn.append(str(kind))
        place = seen.get((point.x, point.y), 0)
        seen[point.x, point.y] = place + 1
        mark, colour = KIND_MARKS.get(str(kind), ("o", "#BBBBBB"))
        x = point.x + place * step
        axes.plot(x, point.y, marker=mark, color=colour, markeredgecolor=INK, markersize=8.5, zorder=6)
    return drawn


def _wanting(row: dict[str, Any]) -> str:
    """A locality's mark: children for whom no suitable place has room, in two parts where there are two."""
    gap, spot = row["gap"], row["spot_purchase"]
    parts = []
    if math.isnan(gap) or gap > 0:
        parts.append(f"{count(gap, missing=WITHHELD)} without a place")
    if math.isnan(spot) or spot > 0:
        parts.append(f"{count(spot, missing=WITHHELD)} bought one by one")
    return "\n".join(parts) if parts else _NO_GAP


def _label_localities(panel: Panel, run: Run) -> None:
    """Name and gap of each locality, moved to where it covers least of what is there already."""
    gaps = gap_polygons(run)
    gaps = gaps[gaps["question"] == lead_question(run)]
    marks = {str(row["locality"]): row for row in gaps.drop(columns="geometry").to_dict("records")}
    points = locality_points(run)
    labels = []
    for one, name, point in zip(points["locality"], points["name"], points.geometry, strict=True):
        wanting = _wanting(marks[str(one)]) if str(one) in marks else ""
        words = "\n".join([wrapped(str(name)), *([wanting] if wanting else [])])
        labels.append(Label(words, point.x, point.y, strong=wanting not in {"", _NO_GAP}))
    place_labels(panel, labels)


def _legend(axes: Any, drawn: Iterable[str], flows: gpd.GeoDataFrame, largest: float, *, smallest: int) -> None:
    present = [kind for kind in KINDS if kind in set(drawn)]
    handles: list[Any] = [
        Line2D([], [], marker=KIND_MARKS[kind][0], color=KIND_MARKS[kind][1], markeredgecolor=INK, linestyle="none",
               markersize=8.5, label=kind_name(kind))
        for kind in present
    ]  # fmt: skip
    if not flows.empty:
        ends = sorted({float(flows["children"].min()), float(round(largest / 2)), largest} - {0.0})
        handles += [
            Line2D([], [], color=_BLUE, alpha=0.55, linewidth=_widths([size], largest)[0],
                   label=f"{number_of(size, 'child', 'children')} placed in the county")
            for size in ends
        ]  # fmt: skip
        handles.append(
            Line2D(
                [],
                [],
                color=_ORANGE,
                alpha=0.7,
                linewidth=3,
                linestyle=(0, (2.2, 1.1)),
                label="Placed outside the county",
            )
        )
    words = "Locality, and its children for\nwhom no suitable place has room"
    if smallest:
        words += f"\n(c: withheld; withheld flows, all\nthose below {smallest} among them, are\nnot drawn)"
    handles.append(Patch(facecolor="white", edgecolor=INK, linewidth=1.4, label=words))
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9.5, labelspacing=0.75,
        handlelength=2.2, borderaxespad=0,
    )  # fmt: skip


@in_its_words
def draw_map(run: Run) -> Figure:
    """The map of the leading question's flows and gaps, 1,650 dots wide; needs ``has_map(run)``.

    Flows are lines from a locality to a unit, summed over its children; share-safe, those withheld are not drawn.
    """
    lead = lead_question(run)
    if lead is None:
        raise ValueError("a run without headlines: expected one that answers a question")
    units, flows = unit_points(run), flow_lines(run)
    extent = extent_of(run.layers["localities"].total_bounds)
    inside = sum(extent[0] < point.x < extent[2] and extent[1] < point.y < extent[3] for point in units.geometry)
    panel = map_frame(
        extent,
        title=f"Who goes where, and where places are wanting: {question_name(run, lead)}",
        source=_source(run, len(units) - inside, len(flows)),
    )
    axes = panel.axes
    run.layers["localities"].plot(ax=axes, facecolor=_LAND, edgecolor=_BORDER, linewidth=1.2, zorder=1)
    axes.set_xlim(extent[0], extent[2])
    axes.set_ylim(extent[1], extent[3])
    largest = _draw_flows(axes, flows, units)
    drawn = _draw_units(axes, units, extent)
    scale_bar(panel)
    north_arrow(panel)
    _legend(axes, drawn, flows, largest, smallest=0 if run.internal else SMALLEST)
    _label_localities(panel, run)
    return panel.figure


def _source(run: Run, beyond: int, lines: int) -> str:
    facts = run.facts
    first = "Lines run from a point inside each locality, not from homes; straight lines, not roads."
    if beyond:
        first += f" {number_of(beyond, 'unit')} beyond the frame."
    if lines > _MOST_LINES:
        first += f" The {_MOST_LINES} largest of {lines} flows."
    mark = "INTERNAL. " if run.internal else ""
    second = f"{mark}{run.county}, {facts.get('as_of', '')}. Data: {facts.get('data_label') or 'not labelled'}."
    return f"{first}\n{second} British National Grid."


@in_its_words
def map_png(run: Run) -> bytes:
    """The map as a PNG, the same bytes for the same run."""
    return png_bytes(draw_map(run))
