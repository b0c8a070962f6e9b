"""Zones, localities and people of the real county, from the official small-area files."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from placeplan.errors import Fault, InputError
from placeplan.examples.local_roads import facts

__all__ = ["PEOPLE_YEAR", "TOLERANCE", "read_localities", "read_outlines", "read_people", "read_zones"]

PEOPLE_YEAR = 2020
TOLERANCE = 60.0
"""Metres by which outlines are simplified."""

CITY = "Derby"
"""The district inside the county that is another authority."""


def _parts_of_2011(folder: Path) -> pd.DataFrame:
    """Each pair of a 2011 and a 2021 small area, with the share of the first that the second is: split in halves."""
    lookup = pd.read_csv(folder / "geography" / "lookup_lsoa11_lsoa21.csv")
    pairs = lookup.loc[lookup["ltla22_name"] != CITY, ["lsoa11_code", "lsoa21_code"]].drop_duplicates()
    return pairs.assign(share=1 / pairs.groupby("lsoa11_code")["lsoa21_code"].transform("size"))


def read_zones(folder: Path) -> pd.DataFrame:
    """The county's small areas of 2021: zone, locality, population-weighted centre, rural, deprivation.

    Localities are districts; the Dales are split by ward (facts/dales_wards.csv). Raises ``InputError`` with every
    ward and district that is in no locality.
    """
    centres = pd.read_csv(folder / "geography" / "lsoa21_centroids.csv")
    centres = centres[centres["ltla24_name"] != CITY].sort_values("lsoa21_code", ignore_index=True)
    by_district = facts("locality_districts").set_index("district")["locality"]
    by_ward = facts("dales_wards").set_index("ward")["locality"]
    in_dales = centres["ltla24_name"] == "Derbyshire Dales"
    locality = centres["ltla24_name"].map(by_district).where(~in_dales, centres["ward24_name"].map(by_ward))
    lost = centres.loc[locality.isna(), ["ltla24_name", "ward24_name"]].drop_duplicates()
    if len(lost):
        expected = "a district or ward listed in facts/"
        raise InputError(
            Fault("lsoa21_centroids", "", "ward24_name", f"{d}, {w}", expected) for d, w in lost.to_numpy()
        )
    ranks = pd.read_csv(folder / "geography" / "deprivation_2019_lsoa11.csv")
    ranks = _parts_of_2011(folder).merge(ranks, on="lsoa11_code", validate="many_to_one")
    decile = ranks.groupby("lsoa21_code")["index_of_multiple_deprivation_imd_decile"].mean().round()
    order = {name: place for place, name in enumerate(facts("localities")["locality"])}
    zones = pd.DataFrame(
        {
            "zone": centres["lsoa21_code"],
            "locality": locality,
            "easting": centres["easting"],
            "northing": centres["northing"],
            "rural": (centres["ruc"] == "Rural").map({True: "yes", False: "no"}),
            "deprivation": centres["lsoa21_code"].map(decile).astype("Int64"),
            "order": locality.map(order),
        }
    )
    return zones.sort_values(["order", "zone"], ignore_index=True)


def read_outlines(folder: Path, zones: pd.DataFrame) -> gpd.GeoSeries:
    """The zones' outlines in EPSG:27700, simplified together so that neighbours still share their edges.

    Raises ``InputError`` where the outlines overlap or leave gaps: simplifying would hide it.
    """
    text = (folder / "geography" / "lsoa21_boundaries.geojson").read_text(encoding="utf-8")
    areas = gpd.GeoDataFrame.from_features(json.loads(text)["features"], crs=4326).to_crs(27700)
    if not shapely.coverage_is_valid(areas.geometry.to_numpy()):
        raise InputError(
            [Fault("lsoa21_boundaries", "", "geometry", "overlaps or gaps", "areas that share their edges")]
        )
    simpler = pd.Series(shapely.coverage_simplify(areas.geometry.to_numpy(), TOLERANCE), index=areas["LSOA21CD"])
    return gpd.GeoSeries(simpler.loc[zones["zone"]].to_numpy(), crs=27700)


def read_localities(zones: pd.DataFrame, outlines: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """The six localities in their order, each the union of its zones."""
    named = facts("localities")[["locality", "name"]]
    shapes = [
        shapely.coverage_union_all(outlines.to_numpy()[(zones["locality"] == locality).to_numpy()])
        for locality in named["locality"]
    ]
    return gpd.GeoDataFrame(named, geometry=shapes, crs=27700)


def read_people(folder: Path, zones: pd.DataFrame) -> pd.DataFrame:
    """People by zone and single year of age, 0 to 25: the mid-2020 estimate, its 2011 areas joined to those of 2021."""
    estimate = pd.read_csv(folder / "geography" / "population_mid2020_lsoa11_ages_0_25.csv")
    ages = [str(age) for age in range(26)]
    parts = _parts_of_2011(folder).merge(estimate, on="lsoa11_code", validate="many_to_one")
    people = parts[ages].mul(parts["share"], axis=0).groupby(parts["lsoa21_code"]).sum()
    people.columns = [int(age) for age in people.columns]
    return people.loc[zones["zone"]]
