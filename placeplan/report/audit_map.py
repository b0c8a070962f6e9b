"""The map of a network audit: the parts of the network, how points are tied to it, and where the faults are."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from placeplan.geo.audit import FAULT_KINDS, NetworkAudit
from placeplan.geo.maps import INK, Label, extent_of, map_frame, north_arrow, place_labels, png_bytes, scale_bar

__all__ = ["audit_map_png"]

FAULT: Final = "#d55e00"
POINT: Final = "#0072b2"
MOST_LABELS: Final = 18
"""More labels than these hide the map; the tables have every fault."""


def audit_map_png(
    audit: NetworkAudit, lines: NDArray[np.object_], points: pd.DataFrame, localities: gpd.GeoDataFrame, *, source: str
) -> bytes:
    """A PNG of the roads (``lines``), zones and sites (``points``: easting, northing), faults and the ten worst snaps.

    What lies outside the frame of localities and points is named in the tables alone. The same bytes each time.
    """
    known = points.dropna()
    bounds = np.array([localities.total_bounds, [*known.min(), *known.max()]])
    extent = extent_of([*np.quantile(bounds[:, :2], 0, axis=0), *np.quantile(bounds[:, 2:], 1, axis=0)], margin=0.03)
    title = "How the roads hang together, and how zones and sites are tied to them"
    panel = map_frame(extent, title=title, source=source)
    west, south, east, north = extent
    there = ~shapely.is_missing(lines)
    gpd.GeoSeries(lines[there]).plot(ax=panel.axes, color="#9a9a9a", linewidth=0.5, zorder=2)
    localities.boundary.plot(ax=panel.axes, color=INK, linewidth=1.0, zorder=3)
    panel.axes.plot(known["easting"], known["northing"], ".", color=POINT, markersize=3, zorder=4)
    panel.axes.set_xlim(west, east)
    panel.axes.set_ylim(south, north)
    panel.axes.set_xlabel("")
    panel.axes.set_ylabel("")
    inside = audit.faults[audit.faults["easting"].between(west, east) & audit.faults["northing"].between(south, north)]
    panel.axes.plot(
        inside["easting"], inside["northing"], "o", color="none", markeredgecolor=FAULT, markersize=9, zorder=6
    )
    labels = [
        Label(f"{FAULT_KINDS[str(row['fault'])].split(',')[0]}:\n{row['label']}", row["easting"], row["northing"], True)
        for row in inside.head(MOST_LABELS).to_dict("records")
    ]
    labels += [
        Label(f"{row['kind']} {row['label']}: {row['metres']:,.0f} m", row["easting"], row["northing"])
        for row in audit.worst_snaps.to_dict("records")[: max(0, MOST_LABELS - len(labels))]
        if row["metres"] >= 1 and west <= row["easting"] <= east and south <= row["northing"] <= north
    ]
    scale_bar(panel)
    north_arrow(panel)
    place_labels(panel, labels)
    parts, outside = len(audit.components), len(audit.faults) - len(inside)
    told = [
        (Line2D([], [], color="#9a9a9a", linewidth=1.2), f"Road ({parts} part{'' if parts == 1 else 's'})"),
        (Line2D([], [], marker=".", linestyle="none", color=POINT, markersize=6), "Zone or site"),
        (
            Line2D([], [], marker="o", linestyle="none", color="none", markeredgecolor=FAULT, markersize=9),
            f"Fault ({len(audit.faults):,} in all, {outside:,} outside the frame)",
        ),
        (Line2D([], [], linestyle="none"), "Framed: the faults first, then the ten\npoints farthest from a road"),
    ]
    handles, words = zip(*told, strict=True)
    panel.axes.legend(
        list(handles),
        list(words),
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=9.5,
        borderaxespad=0,
    )
    return png_bytes(panel.figure)
