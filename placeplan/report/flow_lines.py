"""Flows, gaps and units as shapes: what the map draws and the GeoPackage holds, in EPSG:27700."""

import geopandas as gpd
import pandas as pd
from shapely.geometry import LineString, Point

from placeplan.report.lookup import gap_by, lead_question, questions, rows_of, unit_names
from placeplan.run_tables import ALL
from placeplan.runs import Run
from placeplan.withholding import SUPPRESSED

__all__ = ["CRS", "flow_lines", "gap_polygons", "locality_points", "unit_points"]

CRS = 27700
"""British National Grid, metres."""


def locality_points(run: Run) -> gpd.GeoDataFrame:
    """A point well inside each locality: where its flows start; it says nothing of where children live."""
    localities = run.layers["localities"]
    return gpd.GeoDataFrame(
        localities[["locality", "name"]].copy(), geometry=localities.geometry.representative_point(), crs=CRS
    )


def unit_points(run: Run) -> gpd.GeoDataFrame:
    """Every unit of the leading question at its site, with its use; units whose site has no point are left out."""
    use, sites = rows_of(run, "use", lead_question(run)), run.layers["sites"]
    points = dict(zip(sites["site"].astype(str), sites.geometry, strict=True))
    if use.empty:
        return gpd.GeoDataFrame({"unit": pd.Series([], dtype="str")}, geometry=[], crs=CRS)
    held = use[use["site"].astype("str").isin(list(points))].reset_index(drop=True)
    names = unit_names(run)
    held = held.drop(columns=["question"]).assign(name=[names.get(str(unit), str(unit)) for unit in held["unit"]])
    return gpd.GeoDataFrame(held, geometry=[points[str(site)] for site in held["site"]], crs=CRS)


def flow_lines(run: Run, *, question: str | None = None) -> gpd.GeoDataFrame:
    """A line a locality and unit, from the locality's point to the unit's site, with its children.

    ``question`` defaults to the leading one. Withheld flows are not drawn: their line would tell who goes there.
    """
    question = question or lead_question(run)
    flows = rows_of(run, "flows", question)
    columns = ["question", "locality", "unit", "children", "mean_minutes"]
    if flows.empty:
        return gpd.GeoDataFrame({name: pd.Series([], dtype="str") for name in columns}, geometry=[], crs=CRS)
    units = unit_points(run)
    start = {str(one): point for one, point in zip(*_columns(locality_points(run), "locality"), strict=True)}
    end = {str(one): point for one, point in zip(*_columns(units, "unit"), strict=True)}
    seen = flows["locality"].astype("str").isin(list(start)) & flows["unit"].astype("str").isin(list(end))
    drawn = flows[seen & flows["children"].notna() & (flows["children"] > 0)].reset_index(drop=True)
    lines = [
        LineString([start[str(locality)], end[str(unit)]])
        for locality, unit in zip(drawn["locality"], drawn["unit"], strict=True)
    ]
    return gpd.GeoDataFrame(drawn[columns], geometry=lines, crs=CRS)


def _columns(frame: gpd.GeoDataFrame, key: str) -> tuple[list[str], list[Point]]:
    return [str(one) for one in frame[key]], list(frame.geometry)


def gap_polygons(run: Run) -> gpd.GeoDataFrame:
    """Every question's gap figures by locality, on the locality's outline."""
    outlines = run.layers["localities"]
    shapes = dict(zip(outlines["locality"].astype(str), outlines.geometry, strict=True))
    names = dict(zip(outlines["locality"].astype(str), outlines["name"].astype(str), strict=True))
    made = []
    for question in questions(run):
        gap = gap_by(run, question, ("locality",))
        made.append(gap.assign(question=question))
    columns = ["question", "locality", "children", "gap", "spot_purchase", "out_of_county"]
    rows = pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=columns)
    rows = rows[rows["locality"].astype("str").isin(list(shapes)) & (rows["locality"] != ALL)].reset_index(drop=True)
    rows = rows[columns].assign(name=[names[str(one)] for one in rows["locality"]])
    geometry = [shapes[str(one)] for one in rows["locality"]]
    return gpd.GeoDataFrame(rows.drop(columns=SUPPRESSED, errors="ignore"), geometry=geometry, crs=CRS)
