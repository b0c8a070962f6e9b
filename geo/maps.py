"""Maps for print: a frame with its title and source, a scale bar, a north arrow, and labels that cover no other.

Knows figures, axes and metres; nothing of what is drawn.
"""

import io
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib import patheffects
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

__all__ = [
    "CLASS_COLOURS",
    "DOTS",
    "INK",
    "Label",
    "Panel",
    "extent_of",
    "map_frame",
    "north_arrow",
    "place_labels",
    "png_bytes",
    "scale_bar",
    "wrapped",
]

CLASS_COLOURS: Final = ("#ffffd9", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d7fb3", "#253494")
"""Six steps from near to far, after ColorBrewer's YlGnBu: told apart by colour-blind readers and in grey."""

DOTS: Final = 150
"""Dots to an inch."""

INK: Final = "#222222"
BORDER: Final = "#8C8778"
WIDE_INCHES: Final = 11.0
PANEL_INCHES: Final = (7.3, 9.0)
"""The widest and the highest that the map's own frame may be."""
HEAD_INCHES, FOOT_INCHES, SIDE_INCHES = 0.55, 0.65, 0.12
SECOND_LINE_INCHES: Final = 0.27

LABEL_RADII: Final = (0, 60, 90, 120, 150, 185, 220, 260)
"""How far a label may stand from what it names, in dots."""
LABEL_PULL: Final = 5.0
"""How many square dots of something covered are worth a dot nearer."""

Extent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """A figure with the axes of its map, and where both end."""

    figure: Figure
    axes: Any
    extent: Extent


@dataclass(frozen=True, slots=True)
class Label:
    """Words that name a place (metres); ``strong`` gives them a darker frame."""

    words: str
    easting: float
    northing: float
    strong: bool = False


def extent_of(bounds: Sequence[float], *, margin: float = 0.07) -> Extent:
    """West, south, east, north of a map of ``bounds`` with a margin, a share of its longer side; metres."""
    west, south, east, north = (float(value) for value in bounds)
    more = margin * max(east - west, north - south)
    return west - more, south - more, east + more, north + more


def map_frame(extent: Extent, *, title: str, source: str) -> Panel:
    """A figure 11 inches wide with the map at the left, room for a legend at its right, the title and the source.

    A second line of the title is smaller than the first.
    """
    west, south, east, north = extent
    tall = (north - south) / (east - west)
    panel = min(PANEL_INCHES[0], PANEL_INCHES[1] / tall)
    head = HEAD_INCHES + SECOND_LINE_INCHES * title.count("\n")
    high = panel * tall + head + FOOT_INCHES
    figure = Figure(figsize=(WIDE_INCHES, high), dpi=DOTS, facecolor="white")
    FigureCanvasAgg(figure)
    left = SIDE_INCHES / WIDE_INCHES
    axes: Any = figure.add_axes((left, FOOT_INCHES / high, panel / WIDE_INCHES, panel * tall / high))
    axes.set_facecolor("white")
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("equal")
    # Hidden rather than blank: geopandas names the axes of every layer that it draws.
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(BORDER)
    first, _, second = title.partition("\n")
    figure.text(left, 1 - 0.36 / high, first, fontsize=14, weight="bold", color=INK)
    if second:
        figure.text(left, 1 - (0.36 + SECOND_LINE_INCHES) / high, second, fontsize=12, color=INK)
    figure.text(left, 0.14 / high, source, fontsize=8.5, color="#444444", linespacing=1.4)
    return Panel(figure, axes, extent)


def scale_bar(panel: Panel) -> None:
    """A bar of a round length in the corner at the foot of the map."""
    west, south, east, north = panel.extent
    wide, high = east - west, north - south
    length = max(
        step for step in (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000) if step <= max(wide / 5, 100)
    )
    x, y = west + 0.03 * wide, south + 0.03 * high
    halo = [patheffects.withStroke(linewidth=6.5, foreground=INK)]
    panel.axes.plot(
        [x, x + length], [y, y], color="white", linewidth=5, solid_capstyle="butt", path_effects=halo, zorder=9
    )
    panel.axes.plot([x, x + length / 2], [y, y], color=INK, linewidth=5, solid_capstyle="butt", zorder=9)
    unit, name = (1000, "km") if length >= 1000 else (1, "m")
    for part, words in enumerate(("0", f"{length / 2 / unit:g}", f"{length / unit:g} {name}")):
        panel.axes.text(x + part * length / 2, y + 0.015 * high, words, ha="center", fontsize=9, color=INK, zorder=9)


def north_arrow(panel: Panel) -> None:
    """An arrow to grid north in the corner at the head of the map."""
    west, south, east, north = panel.extent
    x, y = west + 0.03 * (east - west), north - 0.03 * (north - south)
    panel.axes.annotate(
        "N",
        (x, y),
        xytext=(x, y - 0.09 * (north - south)),
        ha="center",
        va="center",
        fontsize=11,
        color=INK,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.6},
        zorder=9,
    )


def place_labels(panel: Panel, labels: Iterable[Label], *, clear_of_hubs: bool = True) -> None:
    """Each label where it covers least of marks, texts and other labels, with a line to what it names."""
    canvas: Any = FigureCanvasAgg(panel.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    axes = panel.axes
    taken = [
        Bbox.from_extents(x - 10, y - 10, x + 10, y + 10)
        for line in axes.lines
        if line.get_marker() not in {"None", None, ""}
        for x, y in axes.transData.transform(line.get_xydata())
    ]
    named = list(labels)
    hubs = [axes.transData.transform((label.easting, label.northing)) for label in named]
    if clear_of_hubs:
        taken += [Bbox.from_extents(x - 14, y - 14, x + 14, y + 14) for x, y in hubs]
    taken += [part.get_window_extent(renderer).padded(6) for part in axes.texts]
    for label, hub in zip(named, hubs, strict=True):
        style: dict[str, Any] = {
            "xy": hub,
            "xycoords": "figure pixels",
            "textcoords": "offset pixels",
            "text": label.words,
            "ha": "center",
            "va": "center",
            "fontsize": 9,
            "color": INK,
            "linespacing": 1.2,
            "bbox": {
                "boxstyle": "round,pad=0.35",
                "facecolor": "white",
                "edgecolor": INK if label.strong else BORDER,
                "linewidth": 1.4 if label.strong else 0.6,
                "alpha": 0.92,
            },
            "zorder": 8,
        }
        trial = axes.annotate(xytext=(0, 0), **style)
        box = trial.get_window_extent(renderer).padded(12)
        trial.remove()
        offset = _freest(box, taken, axes.get_window_extent(renderer))
        leader = {"arrowstyle": "-", "color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(xytext=offset, arrowprops=leader, **style)
        taken.append(box.translated(*offset))


def wrapped(name: str, *, widest: int = 19) -> str:
    """The name in as few lines as ``widest`` characters allow, and those as even as they can be."""
    lines = textwrap.wrap(name, widest)
    even = (textwrap.wrap(name, width) for width in range(5, widest + 1))
    return "\n".join(next((made for made in even if len(made) == len(lines)), lines))


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG, the same bytes each time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS, metadata={"Software": None})
    return buffer.getvalue()


def _overlap(one: Bbox, others: Iterable[Bbox]) -> float:
    total = 0.0
    for other in others:
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        total += max(0.0, wide) * max(0.0, high)
    return total


def _freest(box: Bbox, taken: Sequence[Bbox], frame: Bbox) -> tuple[float, float]:
    """The offset, in dots, at which a box covers least of what is taken, is framed and near where it belongs."""
    best, least = (0.0, 0.0), float("inf")
    for radius in LABEL_RADII:
        for angle in np.linspace(0, 2 * np.pi, 25)[:-1]:
            offset = (float(radius * np.sin(angle)), float(radius * np.cos(angle)))
            moved = box.translated(*offset)
            outside = moved.width * moved.height - _overlap(moved, [frame])
            cost = _overlap(moved, taken) + 4 * outside + LABEL_PULL * radius
            if cost < least:
                best, least = offset, cost
    return best
