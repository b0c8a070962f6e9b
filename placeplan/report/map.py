"""The map of flows and gaps: localities, units by kind, who goes where, and where places are wanting."""

import io
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
from matplotlib import patheffects
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from placeplan.county.vocabulary import KINDS
from placeplan.report.answer import question_name
from placeplan.report.flow_lines import flow_lines, gap_polygons, locality_points, unit_points
from placeplan.report.lookup import lead_question
from placeplan.report.words import WITHHELD, count, number_of
from placeplan.runs import Run
from placeplan.suppression import SMALLEST

__all__ = ["draw_map", "has_map", "map_png"]

# Colours of Okabe and Ito (2008), which colour-blind readers can tell apart; shapes and dashes say the same in grey.
_BLUE: Final = "#0072B2"
_ORANGE: Final = "#D55E00"
_INK: Final = "#222222"
_LAND: Final = "#F3F1EA"
_BORDER: Final = "#8C8778"
_KIND_MARKS: Final[dict[str, tuple[str, str]]] = {
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
_DOTS: Final = 150
_WIDE_INCHES: Final = 11.0
_PANEL_INCHES: Final = (7.3, 9.0)
"""The widest and the highest that the map's own frame may be."""
_HEAD_INCHES, _FOOT_INCHES, _SIDE_INCHES = 0.55, 0.65, 0.12
_NO_GAP: Final = "no gap"
_LABEL_RADII: Final = (0, 60, 90, 120, 150, 185, 220, 260)
"""How far a locality's label may stand from where its flows start, in dots."""
_LABEL_PULL: Final = 5.0
"""How many square dots of something covered are worth a dot nearer."""
_MOST_LINES: Final = 90
"""More lines than these hide each other; the thinnest are left out, and the map says so."""
_WIDEST_LINE: Final = 9.0


def has_map(run: Run) -> bool:
    """Whether the run holds what a map needs: outlines, sites and an answered question."""
    return {"localities", "sites"} <= run.layers.keys() and lead_question(run) is not None


def _extent(run: Run) -> tuple[float, float, float, float]:
    """West, south, east, north of the map: the county with a margin, in metres."""
    west, south, east, north = (float(value) for value in run.layers["localities"].total_bounds)
    margin = 0.07 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


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
        mark, colour = _KIND_MARKS.get(str(kind), ("o", "#BBBBBB"))
        x = point.x + place * step
        axes.plot(x, point.y, marker=mark, color=colour, markeredgecolor=_INK, markersize=8.5, zorder=6)
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


def _overlap(one: Bbox, others: Iterable[Bbox]) -> float:
    total = 0.0
    for other in others:
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        total += max(0.0, wide) * max(0.0, high)
    return total


def _wrap(name: str, *, widest: int = 19) -> str:
    """The name in as few lines as ``widest`` characters allow, and those as even as they can be."""
    lines = textwrap.wrap(name, widest)
    even = (textwrap.wrap(name, width) for width in range(5, widest + 1))
    return "\n".join(next((made for made in even if len(made) == len(lines)), lines))


def _label_localities(figure: Figure, axes: Any, run: Run) -> None:
    """Name and gap of each locality, moved to the offset where it covers least of what is there already."""
    lead = lead_question(run)
    gaps = gap_polygons(run)
    gaps = gaps[gaps["question"] == lead]
    marks = {str(row["locality"]): row for row in gaps.drop(columns="geometry").to_dict("records")}
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    taken = [
        Bbox.from_extents(x - 10, y - 10, x + 10, y + 10)
        for line in axes.lines
        if line.get_marker() not in {"None", None, ""}
        for x, y in axes.transData.transform(line.get_xydata())
    ]
    points = locality_points(run)
    hubs = {
        str(one): axes.transData.transform((point.x, point.y))
        for one, point in zip(points["locality"], points.geometry, strict=True)
    }
    taken += [Bbox.from_extents(x - 14, y - 14, x + 14, y + 14) for x, y in hubs.values()]
    taken += [part.get_window_extent(renderer).padded(6) for part in axes.texts]  # the scale and the north arrow
    for one, name in zip(points["locality"].astype(str), points["name"].astype(str), strict=True):
        wanting = _wanting(marks[one]) if one in marks else ""
        style: dict[str, Any] = {
            "xy": hubs[one],
            "xycoords": "figure pixels",
            "textcoords": "offset pixels",
            "text": "\n".join([_wrap(name), *([wanting] if wanting else [])]),
            "ha": "center",
            "va": "center",
            "fontsize": 9,
            "color": _INK,
            "linespacing": 1.2,
            "bbox": {
                "boxstyle": "round,pad=0.35",
                "facecolor": "white",
                "edgecolor": _BORDER if wanting in {"", _NO_GAP} else _INK,
                "linewidth": 0.6 if wanting in {"", _NO_GAP} else 1.4,
                "alpha": 0.92,
            },
            "zorder": 8,
        }
        trial = axes.annotate(xytext=(0, 0), **style)
        box = trial.get_window_extent(renderer).padded(12)
        trial.remove()
        offset = _freest(box, taken, axes.get_window_extent(renderer))
        leader = {"arrowstyle": "-", "color": _INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(xytext=offset, arrowprops=leader, **style)
        taken.append(box.translated(*offset))


def _freest(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> tuple[float, float]:
    """The offset, in dots, at which a box covers least of what is taken, is framed and near where it belongs."""
    best, least = (0.0, 0.0), float("inf")
    for radius in _LABEL_RADII:
        for angle in np.linspace(0, 2 * np.pi, 25)[:-1]:
            offset = (float(radius * np.sin(angle)), float(radius * np.cos(angle)))
            moved = box.translated(*offset)
            outside = moved.width * moved.height - _overlap(moved, [frame])
            cost = _overlap(moved, taken) + 4 * outside + _LABEL_PULL * radius
            if cost < least:
                best, least = offset, cost
    return best


def _furniture(axes: Any, extent: tuple[float, float, float, float]) -> None:
    """Scale bar and north arrow in the corners at the foot and the head of the map."""
    west, south, east, north = extent
    wide, high = east - west, north - south
    length = max(step for step in (1_000, 2_000, 5_000, 10_000, 20_000, 50_000) if step <= max(wide / 5, 1_000))
    x, y = west + 0.03 * wide, south + 0.03 * high
    halo = [patheffects.withStroke(linewidth=6.5, foreground=_INK)]
    axes.plot([x, x + length], [y, y], color="white", linewidth=5, solid_capstyle="butt", path_effects=halo, zorder=9)
    axes.plot([x, x + length / 2], [y, y], color=_INK, linewidth=5, solid_capstyle="butt", zorder=9)
    for part, words in enumerate(("0", f"{length // 2000 if length >= 2000 else 0.5:g}", f"{length // 1000} km")):
        axes.text(x + part * length / 2, y + 0.015 * high, words, ha="center", fontsize=9, color=_INK, zorder=9)
    x, y = west + 0.03 * wide, north - 0.03 * high
    axes.annotate("N", (x, y), xytext=(x, y - 0.09 * high), ha="center", va="center", fontsize=11, color=_INK,
                  arrowprops={"arrowstyle": "-|>", "color": _INK, "linewidth": 1.6}, zorder=9)  # fmt: skip


def _legend(axes: Any, drawn: Iterable[str], flows: gpd.GeoDataFrame, largest: float, *, smallest: int) -> None:
    present = [kind for kind in KINDS if kind in set(drawn)]
    handles: list[Any] = [
        Line2D([], [], marker=_KIND_MARKS[kind][0], color=_KIND_MARKS[kind][1], markeredgecolor=_INK, linestyle="none",
               markersize=8.5, label=KINDS[kind])
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
    handles.append(Patch(facecolor="white", edgecolor=_INK, linewidth=1.4, label=words))
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9.5, labelspacing=0.75,
        handlelength=2.2, borderaxespad=0,
    )  # fmt: skip


def draw_map(run: Run) -> Figure:
    """The map of the leading question's flows and gaps, 1,650 dots wide; needs ``has_map(run)``.

    Flows are lines from a locality to a unit, summed over its children; share-safe, those withheld are not drawn.
    """
    lead = lead_question(run)
    if lead is None:
        raise ValueError("a run without headlines: expected one that answers a question")
    extent = _extent(run)
    tall = (extent[3] - extent[1]) / (extent[2] - extent[0])
    panel = min(_PANEL_INCHES[0], _PANEL_INCHES[1] / tall)
    high = panel * tall + _HEAD_INCHES + _FOOT_INCHES
    figure = Figure(figsize=(_WIDE_INCHES, high), dpi=_DOTS, facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes(
        (_SIDE_INCHES / _WIDE_INCHES, _FOOT_INCHES / high, panel / _WIDE_INCHES, panel * tall / high)
    )
    axes.set_facecolor("white")
    run.layers["localities"].plot(ax=axes, facecolor=_LAND, edgecolor=_BORDER, linewidth=1.2, zorder=1)
    axes.set_xlim(extent[0], extent[2])
    axes.set_ylim(extent[1], extent[3])
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel("")
    axes.set_ylabel("")
    for spine in axes.spines.values():
        spine.set_color(_BORDER)
    units, flows = unit_points(run), flow_lines(run)
    largest = _draw_flows(axes, flows, units)
    drawn = _draw_units(axes, units, extent)
    _furniture(axes, extent)
    _legend(axes, drawn, flows, largest, smallest=0 if run.internal else SMALLEST)
    _label_localities(figure, axes, run)
    left = _SIDE_INCHES / _WIDE_INCHES
    figure.text(left, 1 - 0.36 / high, f"Who goes where, and where places are wanting: {question_name(run, lead)}",
                fontsize=14, weight="bold", color=_INK)  # fmt: skip
    figure.text(
        left,
        0.14 / high,
        _source(run, len(units) - len(drawn), len(flows)),
        fontsize=8.5,
        color="#444444",
        linespacing=1.4,
    )
    return figure


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


def map_png(run: Run) -> bytes:
    """The map as a PNG, the same bytes for the same run."""
    figure = draw_map(run)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS, metadata={"Software": None})
    return buffer.getvalue()
