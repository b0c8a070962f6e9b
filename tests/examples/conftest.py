"""The embedded county, read once: its tables, journeys, units with their sites, and children with their units."""

import pandas as pd
import pytest

from placeplan import read_county, travel_times
from placeplan.county.county import County
from placeplan.geo.travel import TravelTimes


@pytest.fixture(scope="session")
def county() -> County:
    return read_county("example:derbyshire")


@pytest.fixture(scope="session")
def travel(county: County) -> TravelTimes:
    return travel_times(county, cache=False)


@pytest.fixture(scope="session")
def units(county: County) -> pd.DataFrame:
    """A row a unit, with its site's name and locality."""
    first = county.units.sort_values("from_year", kind="stable").drop_duplicates("unit")
    return first.merge(county.sites[["site", "name", "locality", "easting", "northing"]], on="site", validate="m:1")


@pytest.fixture(scope="session")
def placed(county: County, units: pd.DataFrame) -> pd.DataFrame:
    """Children with a unit, beside what the unit is."""
    return county.children.dropna(subset="unit").merge(units, on="unit", suffixes=("", "_unit"), validate="m:1")
