"""What journeys are made from: the county's road network, its zones and sites as points, and where both come from."""

import contextlib
from collections.abc import Iterator

import pandas as pd

from placeplan.county.county import County
from placeplan.errors import Fault, InputError
from placeplan.geo.faults import TableError
from placeplan.geo.roads import RoadNetwork, road_network

__all__ = [
    "bad_settings",
    "county_network",
    "county_sites",
    "county_zones",
    "input_faults",
    "journey_source",
]


def county_network(county: County) -> RoadNetwork:
    """The county's roads as a network, with the speeds and the peak factor of its settings.

    Raises ``InputError`` with every fault of the roads.
    """
    options = county.settings.travel
    with input_faults("roads"):
        return road_network(county.roads, speeds=options.speeds, peak_factor=options.peak_factor)


def county_zones(county: County) -> pd.DataFrame:
    """The zones' centres: index zone; easting, northing in metres."""
    return pd.DataFrame(county.zones[["zone", "easting", "northing"]]).set_index("zone")


def county_sites(county: County) -> pd.DataFrame:
    """The sites: index site; easting, northing in metres."""
    return county.sites[["site", "easting", "northing"]].set_index("site")


def journey_source(county: County) -> str:
    """What the journeys come from: straight_line where asked for, else roads or travel."""
    if county.settings.travel.straight_line_detour is not None:
        return "straight_line"
    given = [name for name, table in (("roads", county.roads), ("travel", county.travel)) if len(table)]
    if len(given) == 1:
        return given[0]
    found = "both" if given else ""
    expected = "one of the tables roads and travel, or [travel] straight_line_detour in county.toml"
    raise InputError([Fault("roads", "", "", found, expected)])


@contextlib.contextmanager
def input_faults(table: str) -> Iterator[None]:
    """Turn what geo finds wrong with a table, or an option, into placeplan's own error."""
    try:
        yield
    except TableError as error:
        faults = (
            Fault(table, "" if fault.row is None else str(fault.row + 2), fault.column, fault.value, fault.expected)
            for fault in error.faults
        )
        raise InputError(faults) from error
    except ValueError as error:
        raise bad_settings(error) from error


def bad_settings(error: ValueError) -> InputError:
    """What an option of [travel] makes impossible, as a fault of county.toml."""
    found, _, expected = str(error).partition(": expected ")
    return InputError([Fault("county.toml", "", "travel", found, expected or "options that make sense")])
