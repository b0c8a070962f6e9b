"""Fan charts: what came, the middle of what is forecast, and the bands that 80 and 95 of 100 futures lie in."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from placeplan.county.kind_names import kind_within
from placeplan.county.vocabulary import AREAS, KINDS, NEEDS
from placeplan.geo.maps import INK, png_bytes
from placeplan.privacy_forecast import PREFIX
from placeplan.report.lookup import localities_in_order, locality_names, table
from placeplan.report.named import in_its_words
from placeplan.report.words import PHASE_NAMES, label
from placeplan.run_tables import ALL
from placeplan.runs import Run

__all__ = ["Fan", "draw_fans", "fan_files", "fans_of", "source_line", "svg_text"]

BAND_80: Final = "#7fb3d5"
BAND_95: Final = "#d6e6f2"
MIDDLE: Final = "#0b4f8a"
DOT: Final = "#222222"
"""One hue, light to dark: told apart in grey and by colour-blind readers."""

LONGEST_NAME: Final = 60
"""Characters of a locality's label that the name of its charts has."""

LATER: Final = ("primary", "secondary", "post_16", "post_19")
"""Phases of the small charts; hardly anybody is placed before Reception."""


@dataclass(frozen=True, slots=True)
class Fan:
    """One chart: its heading and rows (year, published, median, low_80, high_80, low_95, high_95)."""

    heading: str
    rows: pd.DataFrame


def fans_of(run: Run, which: str) -> list[Fan]:
    """The charts of a run; those with nothing to show are left out.

    ``which``: ``county`` (all plans, need, new plans), ``kind``, ``locality``, or a locality for its own by need and
    phase.
    """
    totals = table(run, f"{PREFIX}totals")
    if which == "county":
        plans = table(run, f"{PREFIX}plans")
        made = [
            Fan("All children with plans", plans[plans["what"] == "plans"]),
            Fan("Children who need a specialist place", _cell(totals)),
            Fan("New plans in the year", plans[plans["what"] == "new plans"]),
        ]
    elif which == "kind":
        made = [Fan(label("kind", kind), _cell(totals, kind=kind)) for kind in KINDS if (totals["kind"] == kind).any()]
    elif which == "locality":
        names = locality_names(run)
        made = [Fan(names[place], _cell(totals, locality=place)) for place in localities_in_order(run)]
    else:
        made = _by_need_and_phase(run, which)
    return [fan for fan in made if len(fan.rows) and fan.rows["median"].notna().sum() > 1]


def _cell(totals: pd.DataFrame, **labels: str) -> pd.DataFrame:
    axes = ("locality", "need", "area", "phase", "kind")
    keep = np.ones(len(totals), dtype=bool)
    for axis in axes:
        keep &= (totals[axis] == labels.get(axis, ALL)).to_numpy(bool)
    return totals[keep].assign(published=np.nan)


def _by_need_and_phase(run: Run, locality: str) -> list[Fan]:
    """By need where the run has it (internal), by broad area where it does not."""
    need = table(run, f"{PREFIX}need")
    if len(need):
        here = need[need["locality"] == locality]
        # Cells have their bands by kind, and medians do not add up: the largest kind is shown.
        made = []
        for one in NEEDS:
            for phase in LATER:
                rows = here[(here["need"] == one) & (here["phase"] == phase)]
                if rows.empty:
                    continue
                kind = str(rows.groupby("kind")["expected"].sum().idxmax())
                chosen = rows[rows["kind"] == kind].assign(published=np.nan)
                made.append(Fan(f"{one}, {PHASE_NAMES[phase].lower()}: {kind_within(kind)}", chosen))
        return made
    totals = table(run, f"{PREFIX}totals")
    return [
        Fan(
            f"{label('area', area)}, {PHASE_NAMES[phase].lower()}",
            _cell(totals, locality=locality, area=area, phase=phase),
        )
        for area in AREAS
        for phase in LATER
    ]


def draw_fans(fans: Sequence[Fan], *, title: str, source: str, columns: int = 3, width: float = 3.5) -> Figure:
    """Small charts side by side, each from 0 on its own scale, with its last figures written at its end."""
    columns = min(columns, max(len(fans), 1))
    lines = -(-len(fans) // columns)
    height = 2.5 * lines + 0.85
    figure = Figure(figsize=(width * columns, height))
    FigureCanvasAgg(figure)
    for place, fan in enumerate(fans):
        _draw(figure.add_subplot(lines, columns, place + 1), fan)
    figure.text(0.01, 1 - 0.1 / height, title, ha="left", va="top", fontsize=12, fontweight="bold", color=INK)
    figure.text(0.01, 0.1 / height, source, ha="left", va="bottom", fontsize=7.5, color="#4a4a4a")
    figure.subplots_adjust(
        left=0.6 / (width * columns), right=1 - 0.62 / (width * columns), top=1 - 0.68 / height, bottom=0.55 / height,
        wspace=0.42, hspace=0.55,
    )  # fmt: skip
    return figure


def _draw(axes: Axes, fan: Fan) -> None:
    rows = fan.rows.sort_values("year")
    ahead = rows[rows["median"].notna()]
    years = ahead["year"].to_numpy(float)
    axes.fill_between(
        years, ahead["low_95"].to_numpy(float), ahead["high_95"].to_numpy(float), color=BAND_95, linewidth=0
    )
    axes.fill_between(
        years, ahead["low_80"].to_numpy(float), ahead["high_80"].to_numpy(float), color=BAND_80, linewidth=0
    )
    axes.plot(years, ahead["median"].to_numpy(float), color=MIDDLE, linewidth=1.8)
    known = rows[rows["published"].notna()]
    axes.plot(known["year"].to_numpy(float), known["published"].to_numpy(float), color=DOT, linewidth=1.2)
    last = ahead.iloc[-1]
    for value, weight in ((last["median"], "bold"), (last["low_80"], "normal"), (last["high_80"], "normal")):
        axes.annotate(
            f"{value:,.0f}", (years[-1], value), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7,
            color=MIDDLE if weight == "bold" else "#4a4a4a", fontweight=weight, annotation_clip=False,
        )  # fmt: skip
    axes.set_title(fan.heading, fontsize=8.5, loc="left", color=INK)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=7, length=2, colors="#4a4a4a")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#8c8778")


def svg_text(figure: Figure) -> str:
    """The figure as SVG, the same text each time, without anything fetched."""
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "placeplan", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def source_line(run: Run) -> str:
    """What stands below every chart."""
    draws = run.facts.get("forecast_draws", 0)
    mark = "INTERNAL. " if run.internal else ""
    return (
        f"{mark}{run.county}; dark line the middle of {int(draws):,} futures, darker band 80 of 100, lighter 95; "
        f"black what was published. Data: {run.facts.get('data_label') or 'not labelled'}."
    )


@in_its_words
def fan_files(run: Run) -> Mapping[str, Callable[[], bytes]]:
    """Every chart of the run as files: fans/<what>.png and .svg."""
    names = locality_names(run)
    titles = {
        "county": f"{run.county}: plans and need to come",
        "kind": f"{run.county}: children who need a place, by kind",
        "locality": f"{run.county}: children who need a specialist place, by locality",
        **{place: f"{names[place]}: children who need a specialist place" for place in localities_in_order(run)},
    }
    files: dict[str, Callable[[], bytes]] = {}
    for which, title in titles.items():
        fans = fans_of(run, which)
        if not fans:
            continue
        figure = draw_fans(
            fans, title=title, source=source_line(run), columns=3 if which in ("county", "kind", "locality") else 4
        )
        made: dict[str, Any] = {"png": png_bytes(figure), "svg": svg_text(figure).encode()}
        files |= {f"fans/{_file_name(which)}.{kind}": partial(bytes, content) for kind, content in made.items()}
    return files


def _file_name(label: str) -> str:
    """A label as the name of a file on any system; where it had to be changed, with a hash that tells it apart."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", label)[:LONGEST_NAME]
    return plain if plain == label else f"{plain}-{sha256(label.encode()).hexdigest()[:8]}"
