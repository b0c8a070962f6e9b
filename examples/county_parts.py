"""What both county scripts write alike: units and their places, what a place costs, and the tables as files."""

import json
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from placeplan.county.columns import TABLES
from placeplan.examples.local_roads import facts, records, road_table

__all__ = ["located", "top_up_table", "unit_table", "write_county"]

SITE_COLUMNS: Final = list(TABLES["sites"].names)
UNIT_COLUMNS: Final = list(TABLES["units"].names)

STATE_TOP_UPS: Final = {
    "special": {"": 14000, "A": 8500, "B": 14000, "C": 23500},
    "hub": {"": 21000, "A": 15000, "B": 20000, "C": 28000},
    "ers": {"": 7000, "A": 4500, "B": 7500, "C": 11500},
    "support_centre": {"": 9000},
}
"""Pounds a year on top of a place, by kind and band: set so that a state special place costs about £24,000."""

PLACE_FUNDING = 10000
RESIDENTIAL_SHARES: Final = {"general": 36000, "health": 17000}
"""Pounds a year that social care and health pay towards a residential place, beside the school's fee."""


def _write_table(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """``frame`` as ``name``.csv: UTF-8, LF, blank where missing."""
    frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


def _write_text(path: Path, text: str) -> None:
    """``text`` as a file: UTF-8, LF on every system."""
    path.write_bytes(text.encode())


def located(points: pd.DataFrame, localities: gpd.GeoDataFrame) -> list[str]:
    """The locality of each point, ``out_of_county`` where it is in none."""
    spots = shapely.points(points["easting"].to_numpy(), points["northing"].to_numpy())
    found = ["out_of_county"] * len(points)
    for name, shape in zip(localities["locality"], localities.geometry, strict=True):
        for place in np.flatnonzero(shapely.contains(shape, spots)):
            found[place] = str(name)
    return found


def _write_shapes(path: Path, frame: pd.DataFrame, shapes: gpd.GeoSeries) -> None:
    """A GeoJSON of ``frame``'s columns: longitude and latitude to a tenth of a metre, one feature a line."""
    rounded = shapely.transform(shapes.to_crs(4326).to_numpy(), lambda xy: np.round(xy, 6))
    features = [
        json.dumps({"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))})
        for properties, shape in zip(frame.to_dict("records"), rounded, strict=True)
    ]
    _write_text(path, '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n")


def unit_table(provision: pd.DataFrame, *, first_year: int) -> pd.DataFrame:
    """The table ``units``: a row for today's places and one from next September where they change.

    A place in a neighbour's state school has no fixed cost of the county's own: its top-up is the whole price.
    """
    rows = provision.assign(from_year=pd.array([first_year] * len(provision), dtype="Int64"))
    opening = rows["opens"].notna()
    rows.loc[opening, "places"] = rows.loc[opening, "places_2025"]
    rows.loc[opening, "from_year"] = rows.loc[opening, "opens"]
    away = (rows["locality"] == "out_of_county") & rows["kind"].isin(["special", "hub"])
    rows = rows.assign(ceiling=np.nan, closes=np.nan, fixed_cost=np.where(away, 0, np.nan))
    rows["filled_discount"] = rows["fixed_cost"]
    changed = rows[rows["places_2025"].notna() & (rows["places_2025"] != rows["places"])]
    changed = changed.assign(places=changed["places_2025"], from_year=first_year + 1)
    table = pd.concat([rows, changed]).sort_values(["order", "from_year"], kind="stable")
    for column in ("places", "other_authorities", "from_year", "opens", "fixed_cost", "filled_discount"):
        table[column] = table[column].astype("Int64")
    return table.reindex(columns=UNIT_COLUMNS).reset_index(drop=True)


def top_up_table(provision: pd.DataFrame) -> pd.DataFrame:
    """The table ``top_ups``: bands by kind, and whole prices of units that the county commissions no places in.

    ``provision`` has ``fee`` for independent, non-maintained and college units; a neighbour's state school is
    charged as a place and the county's own top-up.
    """
    rows: list[dict[str, Any]] = []
    for kind, bands in STATE_TOP_UPS.items():
        rows += [{"kind": kind, "band": band, "pounds": pounds, "fund": "high_needs"} for band, pounds in bands.items()]
    for unit in records(provision):
        if unit["kind"] == "special" and unit["locality"] == "out_of_county":
            rows += [
                {"unit": unit["unit"], "band": band, "pounds": PLACE_FUNDING + pounds, "fund": "high_needs"}
                for band, pounds in STATE_TOP_UPS["special"].items()
            ]
        elif not pd.isna(unit["fee"]):
            rows.append({"unit": unit["unit"], "pounds": int(unit["fee"]), "fund": "high_needs"})
        if unit["residential"] == "yes":
            rows += [{"unit": unit["unit"], "pounds": p, "fund": fund} for fund, p in RESIDENTIAL_SHARES.items()]
    table = pd.DataFrame(rows).reindex(columns=["unit", "kind", "need", "band", "pounds", "fund"])
    return table.assign(band=table["band"].replace("", None))


def write_county(
    folder: Path,
    *,
    settings: str,
    localities: gpd.GeoDataFrame,
    zones: pd.DataFrame,
    outlines: gpd.GeoSeries,
    people: pd.DataFrame,
    people_year: int,
    plans: pd.DataFrame,
    children: pd.DataFrame,
    provision: pd.DataFrame,
    year: int,
    comparators: pd.DataFrame | None = None,
) -> None:
    """Every table of a county, and county.toml, in ``folder``; roads are made to reach every zone and site.

    ``people`` is zones x ages in ``people_year``; ``provision`` has a row a unit, with what its site is; ``year``
    is the academic year that the first places hold from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = dict.fromkeys(("host_roll", "host_plans", "more_places", "total_places"), "Int64")
    sites = provision.drop_duplicates("site").reindex(columns=SITE_COLUMNS).astype(whole)
    population = people.rename_axis(index="zone").reset_index().melt("zone", var_name="age", value_name="people")
    population = population.assign(year=people_year).sort_values(["zone", "age"])
    _write_shapes(folder / "localities.geojson", localities[["locality", "name"]], localities.geometry)
    _write_shapes(folder / "zones.geojson", zones[["zone"]], outlines)
    _write_table(folder, "zones", zones[["zone", "locality", "easting", "northing", "rural", "deprivation"]])
    _write_table(folder, "population", population[["zone", "year", "age", "people"]])
    _write_table(folder, "plans", plans)
    _write_table(folder, "children", children)
    _write_table(folder, "sites", sites)
    _write_table(folder, "units", unit_table(provision, first_year=year))
    _write_table(folder, "top_ups", top_up_table(provision))
    _write_table(folder, "substitutes", pd.DataFrame(columns=list(TABLES["substitutes"].names)))
    _write_table(folder, "roads", road_table(zones, sites))
    _write_table(folder, "candidates", facts("candidates").astype({"places": "Int64"}))
    whole = {"to_year": "Int64", "homes": "Int64"}
    _write_table(folder, "scenarios", facts("scenarios").astype(whole))
    if comparators is not None:
        _write_table(folder, "comparators", comparators)
    _write_text(folder / "county.toml", settings)
