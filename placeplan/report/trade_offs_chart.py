"""Cost against travel: answers of which none is better in everything, the darker the farther the worst locality."""

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from placeplan.geo.maps import INK
from placeplan.report.words import join, short_pounds

__all__ = ["END_WORDS", "draw_trade_offs", "worst_words"]

SHADES: Final = LinearSegmentedColormap.from_list("shades", ["#d6e6f2", "#7fb3d5", "#0b4f8a", "#06294a"])
"""One hue, light to dark: told apart in grey and by colour-blind readers."""

GREY: Final = "#4a4a4a"
END_WORDS: Final = {"cost": "least cost", "travel": "least travel", "equity": "fairest"}
SIZE: Final = (9.2, 5.4)


def worst_words(value: float, measure: str) -> str:
    """The worst locality's mean in words.

    >>> worst_words(0.102, "beyond_guidance"), worst_words(31.25, "minutes")
    ('10.2% beyond guidance', '31.2 minutes')
    """
    return f"{100 * value:.1f}% beyond guidance" if measure == "beyond_guidance" else f"{value:.1f} minutes"


def draw_trade_offs(points: pd.DataFrame, measure: str, *, title: str = "", source: str = "") -> Figure:
    """Cost a year (declared penalties in it) against the mean journey; its ends are labelled where they stand.

    ``points``: as of a frontier (``TradeOffs.points``). ``measure``: what the worst locality's mean is of.
    """
    figure = Figure(figsize=SIZE)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.17, 0.68, 0.7))
    rows = points.dropna(subset=["mean_journey"]).sort_values("point")
    worst = rows["worst_locality"].to_numpy(float)
    low, high = float(worst.min()), float(worst.max())
    shade = (worst - low) / (high - low) if high > low else np.full(len(rows), 0.5)
    x, y = rows["mean_journey"].to_numpy(float), rows[_cost_column(rows)].to_numpy(float) / 1e6
    stairs = _undominated(x, y)
    axes.plot(x[stairs], y[stairs], color="#8c8778", linewidth=1.0, zorder=1)
    axes.scatter(x, y, c=SHADES(shade), s=95, edgecolors=INK, linewidths=0.9, zorder=3)
    _frame(axes, x, y)
    penalties = " with declared penalties" if _cost_column(rows) == "objective_pounds" else ""
    axes.set_ylabel(f"Cost a year{penalties}, £m", fontsize=9, color=INK)
    _labels(axes, rows, x, y)
    _key(figure, low, high, measure)
    figure.text(0.02, 0.965, title or "Cost against travel", ha="left", va="top", fontsize=12, weight="bold", color=INK)
    figure.text(0.02, 0.025, source, ha="left", va="bottom", fontsize=7.5, color=GREY)
    return figure


def _cost_column(rows: pd.DataFrame) -> str:
    """Cash and declared penalties together; cash alone where there are none, or they are withheld."""
    told = rows["penalty_pounds"].notna().all() and rows["penalty_pounds"].any()
    return "objective_pounds" if told else "cost_pounds"


def _undominated(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The points of which none both costs and travels less, by cost."""
    order = np.lexsort([x, y])
    return order[x[order] <= np.minimum.accumulate(x[order])]


def _frame(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    for along, values, least in (("x", x, 0.1), ("y", y, 0.01)):
        wide = max(float(np.ptp(values)), least)
        begin = (float(values.min()) + float(values.max()) - wide) / 2
        before, after = (0.1, 0.16) if along == "x" else (0.26, 0.12)
        limits = (begin - before * wide, begin + (1 + after) * wide)
        (axes.set_xlim if along == "x" else axes.set_ylim)(*limits)
    axes.set_xlabel("Mean journey of all children, minutes one way", fontsize=9, color=INK)
    axes.tick_params(labelsize=8, length=2, colors=GREY)
    places = 1 if np.ptp(y) > 1 else 2 if np.ptp(y) > 0.1 else 3
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:.1f}" if np.ptp(x) > 0.5 else f"{value:.2f}")
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"£{value:,.{places}f}m"))
    axes.grid(color="#e6e3da", linewidth=0.7, zorder=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#8c8778")


def _labels(axes: Axes, rows: pd.DataFrame, x: np.ndarray, y: np.ndarray) -> None:
    """The ends' names, with what each costs more and saves beside the cheapest."""
    for at, row in enumerate(rows.to_dict("records")):
        named = [end for end in str(row["end"] or "").split(";") if end in END_WORDS]
        if not named:
            continue
        cheapest = "cost" in named
        more = f"£{row[_cost_column(rows)] / 1e6:,.2f}m" if cheapest else _beside(row)
        place = "below" if cheapest else "above" if "equity" in named and "travel" not in named else "beside"
        dx, dy, ha, va = _PLACES[place]
        axes.annotate(
            f"{_capital(join([END_WORDS[end] for end in named]))}\n{more}",
            (x[at], y[at]),
            xytext=(dx, dy),
            textcoords="offset points",
            ha=ha,
            va=va,
            fontsize=8.5,
            color=INK,
            zorder=4,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.7, "shrinkB": 5} if place == "above" else None,
        )


_PLACES: Final = {
    "below": (0, -9, "center", "top"),
    "above": (0, 34, "center", "bottom"),
    "beside": (10, 4, "left", "center"),
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _beside(row: dict[Any, Any]) -> str:
    return f"{short_pounds(row['extra_pounds'])} more, {row['minutes_saved']:,.0f} minutes saved"


def _key(figure: Figure, low: float, high: float, measure: str) -> None:
    axes = figure.add_axes((0.83, 0.36, 0.022, 0.34))
    axes.imshow(np.linspace(1, 0, 128)[:, None], cmap=SHADES, aspect="auto", extent=(0, 1, 0, 1))
    axes.set_xticks([])
    axes.yaxis.tick_right()
    same = high <= low
    values = [low] if same else [low, (low + high) / 2, high]
    axes.set_yticks([0.5] if same else [0.0, 0.5, 1.0])
    axes.set_yticklabels([worst_words(value, measure).split(" ")[0] for value in values], fontsize=8, color=GREY)
    axes.tick_params(length=0)
    of = "children beyond guidance" if measure == "beyond_guidance" else "mean minutes one way"
    figure.text(0.83, 0.73, f"Worst locality:\n{of}", fontsize=8, color=INK, ha="left", va="bottom")
