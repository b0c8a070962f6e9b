"""Maps of coverage for print: minutes to the nearest place by zone, one choice a map, and where the gaps are."""

from itertools import pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from placeplan.county.kind_names import kind_name, provision_name
from placeplan.geo.maps import (
    CLASS_COLOURS,
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
from placeplan.report.atlas_data import zone_shapes
from placeplan.report.lookup import locality_names, table
from placeplan.report.map import KIND_MARKS
from placeplan.report.named import in_its_words
from placeplan.report.words import PHASE_NAMES, number_of
from placeplan.report.zone_reach import Choice, main_choices, zone_minutes
from placeplan.runs import Run

__all__ = ["EDGES", "coverage_maps", "draw_choice", "draw_gaps"]

EDGES: Final = (15.0, 30.0, 45.0, 60.0, 75.0)
"""Where the classes of minutes end; the last is open."""

NOT_REACHED: Final = "#ffffff"


@in_its_words
def coverage_maps(run: Run) -> dict[str, bytes]:
    """PNG maps by file name: one for each main choice of the run, and the map of gaps; same bytes for the same run."""
    maps = {f"maps/{choice.name}.png": png_bytes(draw_choice(run, choice).figure) for choice in main_choices(run)}
    if len(table(run, "place_gaps")):
        maps["maps/gaps.png"] = png_bytes(draw_gaps(run).figure)
    return maps


def draw_choice(run: Run, choice: Choice) -> Panel:
    """Minutes to the nearest unit of a choice, by zone, with the units and the localities."""
    minutes = zone_minutes(run, choice)
    guidance = float(table(run, "guidance").set_index("phase")["minutes"][choice.phase])
    panel = _base(run, choice.title, minutes)
    units = table(run, "units_about")
    mine = units[
        (units["provision"] == choice.provision)
        & np.array([choice.need in str(needs).split(";") for needs in units["needs"]], dtype=bool)
        & (units["in_county"].astype(bool) | (choice.schools == "all"))
        & ~units["candidate"].astype(bool)
    ]
    kinds = _draw_units(panel, mine)
    demand = table(run, "demand")
    people = demand[demand["phase"] == choice.phase].set_index("zone")["people"].reindex(minutes.index).fillna(0.0)
    within = float(people[minutes <= guidance + 1e-9].sum() / people.sum()) if people.sum() > 0 else float("nan")
    _legend(
        panel,
        minutes,
        kinds,
        f"{within:.0%} of young people of these ages\nlive within guidance ({guidance:g} minutes)",
    )
    _name_localities(panel, run)
    return panel


def draw_gaps(run: Run) -> Panel:
    """The localities with the largest gaps of each: which need, phase and provision, and the share out of reach."""
    gaps, names = table(run, "place_gaps").sort_values("rank"), locality_names(run)
    panel = _base(run, "Where a kind of place that children need is beyond guidance", None)
    outlines = run.layers["localities"]
    worst = gaps.groupby("locality")["expected_children"].sum().reindex([str(one) for one in outlines["locality"]])
    worst = worst.fillna(0.0)
    edges = np.array([0.0, 1.0, 2.0, 4.0, 8.0])
    classes = np.searchsorted(edges, worst.to_numpy(float))
    outlines.plot(ax=panel.axes, color=[CLASS_COLOURS[at] for at in classes], edgecolor=INK, linewidth=1.3, zorder=2)
    _hold(panel)
    labels = []
    for one, shape in zip(outlines["locality"].astype(str), outlines.geometry, strict=True):
        first = gaps[gaps["locality"] == one].head(1).to_dict("records")
        lines = [
            f"{row['need']}, {PHASE_NAMES[str(row['phase'])].lower()}, "
            f"{provision_name(str(row['provision']))}: {float(row['share_beyond']):.0%} beyond"
            for row in first
        ]
        words = [wrapped(names[one], widest=24), *(wrapped(line, widest=26) for line in lines)]
        point = shape.representative_point()
        labels.append(Label("\n".join(words), point.x, point.y, strong=bool(lines)))
    words = [
        "none found" if run.facts.get("place_cells") else "not worked out",
        "up to 1",
        "1 to 2",
        "2 to 4",
        "4 to 8",
        "more than 8",
    ]
    handles = [Patch(facecolor=CLASS_COLOURS[at], edgecolor=INK, label=words[at]) for at in sorted(set(classes))]
    panel.axes.legend(
        handles=handles,
        title=(
            "Children to be expected beyond\nguidance, all gaps together.\n\nLabels: the largest gap of each\n"
            "locality, and the share of its\nyoung people beyond guidance"
        ),
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=9.5,
        alignment="left",
        borderaxespad=0,
    )
    place_labels(panel, labels, clear_of_hubs=False)
    return panel


def _base(run: Run, title: str, minutes: pd.Series | None) -> Panel:
    outlines = run.layers["localities"]
    mark = "INTERNAL. " if run.internal else ""
    facts = run.facts
    data = facts.get("data_label") or "not labelled"
    source = (
        f"{mark}{run.county}, as of {facts.get('as_of', '')}. Data: {data}. British National Grid.\n"
        f"Journeys one way: {str(facts.get('travel_method', '')).partition(';')[0]}."
    )
    panel = map_frame(extent_of(outlines.total_bounds, margin=0.05), title=title, source=source)
    if minutes is not None:
        shapes = zone_shapes(run)
        colours = [_colour(value) for value in minutes]
        hatched = minutes.isna().to_numpy()
        drawn = gpd.GeoDataFrame({"colour": colours}, geometry=shapes.to_numpy(), crs=outlines.crs)
        if not hatched.all():
            drawn[~hatched].plot(
                ax=panel.axes, color=drawn["colour"][~hatched], edgecolor="white", linewidth=0.25, zorder=1
            )
        if hatched.any():
            drawn[hatched].plot(
                ax=panel.axes, facecolor=NOT_REACHED, edgecolor="#777777", hatch="////", linewidth=0.25, zorder=1
            )
        outlines.boundary.plot(ax=panel.axes, color=INK, linewidth=1.4, zorder=4)
    _hold(panel)
    scale_bar(panel)
    north_arrow(panel)
    return panel


def _hold(panel: Panel) -> None:
    """Keep the frame: drawing a layer moves it."""
    west, south, east, north = panel.extent
    panel.axes.set_xlim(west, east)
    panel.axes.set_ylim(south, north)
    panel.axes.set_xlabel("")
    panel.axes.set_ylabel("")


def _colour(minutes: float) -> str:
    return NOT_REACHED if np.isnan(minutes) else CLASS_COLOURS[int(np.searchsorted(EDGES, minutes - 1e-9))]


def _draw_units(panel: Panel, units: pd.DataFrame) -> list[str]:
    west, south, east, north = panel.extent
    kinds = []
    for kind, x, y in zip(units["kind"].astype(str), units["easting"], units["northing"], strict=True):
        if west < x < east and south < y < north:
            mark, colour = KIND_MARKS.get(kind, ("o", "#BBBBBB"))
            panel.axes.plot(x, y, marker=mark, color=colour, markeredgecolor=INK, markersize=9, zorder=6)
            kinds.append(kind)
    return kinds


def _legend(panel: Panel, minutes: pd.Series, kinds: list[str], words: str) -> None:
    ends = ["up to 15 minutes", *(f"{low:g} to {high:g} minutes" for low, high in pairwise(EDGES))]
    ends.append(f"over {EDGES[-1]:g} minutes")
    handles: list[Any] = [
        Patch(facecolor=colour, edgecolor="#555555", label=end) for colour, end in zip(CLASS_COLOURS, ends, strict=True)
    ]
    if minutes.isna().any():
        handles.append(Patch(facecolor=NOT_REACHED, edgecolor="#777777", hatch="////", label="not reached"))
    handles += [
        Line2D(
            [],
            [],
            marker=KIND_MARKS[kind][0],
            color=KIND_MARKS[kind][1],
            markeredgecolor=INK,
            linestyle="none",
            markersize=9,
            label=f"{kind_name(kind)} ({number_of(kinds.count(kind), 'unit')} in the frame)",
        )
        for kind in sorted(set(kinds))
    ]
    handles.append(Line2D([], [], color=INK, linewidth=1.4, label="Locality"))
    handles.append(Line2D([], [], linestyle="none", label=words))
    panel.axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=9.5,
        labelspacing=0.75,
        borderaxespad=0,
    )


def _name_localities(panel: Panel, run: Run) -> None:
    outlines, names = run.layers["localities"], locality_names(run)
    place_labels(
        panel,
        [
            Label(wrapped(names[str(one)]), shape.representative_point().x, shape.representative_point().y)
            for one, shape in zip(outlines["locality"], outlines.geometry, strict=True)
        ],
        clear_of_hubs=False,
    )
