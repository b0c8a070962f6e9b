"""What every run of a county carries: the facts of run.json, the layers of places and outlines, the units' names."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from placeplan.county.county import County
from placeplan.county.noted import published_notes
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.geo.crs import GRID

__all__ = ["county_layers", "run_facts", "units_named"]

VERSIONED: Final = ("placeplan", "pulp", "highspy", "numpy", "scipy", "statsmodels", "pandas", "geopandas")
"""The packages whose versions run.json names: those that an answer could turn on."""


def run_facts(county: County, *, command: str, options: Mapping[str, Any] | None, travel_method: str) -> dict[str, Any]:
    """What run.json says of where a run comes from."""
    settings = county.settings
    return {
        "county": county.name,
        "authority": settings.authority,
        "as_of": settings.as_of.isoformat(),
        "year": settings.year,
        "command": command,
        "options": dict(options or {}),
        "seed": settings.seed,
        "input_digest": county.digest,
        "input_notes": published_notes(county.notes),
        "versions": {name: version(name) for name in VERSIONED},
        "data_label": settings.data_label,
        "travel_method": travel_method,
        "price_year": settings.price_year,
        "guidance_minutes": settings.guidance_minutes,
        "names": dict(settings.names),
    }


def units_named(county: County) -> pd.DataFrame:
    """A name for each unit: its site's, with the unit itself where a site has several."""
    units = county.units.drop_duplicates("unit")[["unit", "site"]]
    names = units.merge(county.sites[["site", "name"]], on="site")
    several = names["site"].duplicated(keep=False)
    names["name"] = names["name"].where(~several, names["name"] + " (" + names["unit"].str.replace("_", " ") + ")")
    bought = pd.DataFrame({"unit": [SPOT_PURCHASE], "name": ["Independent place bought for one child"]})
    return pd.concat([names[["unit", "name"]].sort_values("unit"), bought], ignore_index=True)


def county_layers(county: County) -> dict[str, gpd.GeoDataFrame]:
    """Localities, sites with the kinds of their units, and zones where they have outlines."""
    kinds = county.units.drop_duplicates(["site", "kind"]).sort_values("kind").groupby("site")["kind"].agg(";".join)
    sites = county.sites[["site", "name", "locality", "easting", "northing"]].join(kinds.rename("kinds"), on="site")
    points = gpd.points_from_xy(sites["easting"], sites["northing"], crs=GRID)
    layers = {
        "localities": county.localities[["locality", "name", "geometry"]],
        "sites": gpd.GeoDataFrame(sites, geometry=points),
    }
    if county.zones.geometry.notna().any():
        layers["zones"] = county.zones[["zone", "locality", "geometry"]]
    return layers
