"""A run: what one command answered, as tables, layers and facts, before it is written or after it is read."""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

__all__ = ["Run"]


@dataclass(frozen=True, slots=True)
class Run:
    """The answers of one command.

    ``tables`` are tidy frames by name; ``layers`` are EPSG:27700 frames for the GeoPackage and the map;
    ``facts`` is what run.json holds (inputs' digest, versions, options, seed, status, bound).
    ``internal`` says whether the detail may be shown; without it everything is share-safe.
    """

    command: str
    county: str
    tables: dict[str, pd.DataFrame] = field(repr=False)
    layers: dict[str, gpd.GeoDataFrame] = field(repr=False)
    facts: dict[str, Any] = field(repr=False)
    internal: bool = False
