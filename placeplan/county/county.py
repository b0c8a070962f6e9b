"""The county: its checked tables and settings, as one frozen object."""

from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd

from placeplan.county.settings import Settings
from placeplan.errors import Note

__all__ = ["County"]


@dataclass(frozen=True, slots=True)
class County:
    """A county's tables after every check; columns and types as in the table contract (README).

    Every column of the contract is present; an absent optional one is all missing. Coordinates and
    geometry are EPSG:27700. Tables that the county does not have are empty, not missing. ``children`` are those
    who have a place or need one; ``met_in_mainstream`` has the rows of that table whose plan a mainstream school meets.
    ``digest`` is the SHA-256 of what was read. ``road_files`` and ``matrix_files`` are files of roads, or of another
    engine's travel times, in place of the tables roads and travel; their contents are in the digest. ``notes`` is what
    has to be known of the input though it is no fault: what was read otherwise than it is written, or not read at all.
    """

    source: str
    digest: str
    settings: Settings
    localities: gpd.GeoDataFrame = field(repr=False)
    zones: gpd.GeoDataFrame = field(repr=False)
    population: pd.DataFrame = field(repr=False)
    plans: pd.DataFrame = field(repr=False)
    children: pd.DataFrame = field(repr=False)
    sites: pd.DataFrame = field(repr=False)
    units: pd.DataFrame = field(repr=False)
    top_ups: pd.DataFrame = field(repr=False)
    substitutes: pd.DataFrame = field(repr=False)
    met_in_mainstream: pd.DataFrame = field(repr=False)
    roads: gpd.GeoDataFrame = field(repr=False)
    travel: pd.DataFrame = field(repr=False)
    candidates: pd.DataFrame = field(repr=False)
    comparators: pd.DataFrame = field(repr=False)
    births: pd.DataFrame = field(repr=False)
    scenarios: pd.DataFrame = field(repr=False)
    cases: pd.DataFrame = field(repr=False)
    quotes: pd.DataFrame = field(repr=False)
    packages: pd.DataFrame = field(repr=False)
    vetoes: pd.DataFrame = field(repr=False)
    decisions: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...] = ()
    road_files: tuple[Path, ...] = ()
    matrix_files: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """The county's name, from county.toml."""
        return self.settings.name
