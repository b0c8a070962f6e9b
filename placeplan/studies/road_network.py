"""What journeys are made from: the county's road network, its zones and sites as points, and where both come from."""

import contextlib
from collections.abc import Iterator
from typing import Final

import pandas as pd

from placeplan.county.county import County
from placeplan.errors import Fault, InputError
from placeplan.geo.faults import TableError
from placeplan.geo.road_files import RoadFiles, read_roads
from placeplan.geo.roads import RoadNetwork, road_network

__all__ = [
    "bad_settings",
    "county_network",
    "county_roads",
    "county_sites",
    "county_zones",
    "input_faults",
    "journey_source",
    "road_method",
]


MARGIN_METRES: Final = 10_000.0
"""How far beyond the zones and sites roads are read from files: a way round may leave the county."""


def county_network(county: County, roads: RoadFiles | None = None) -> RoadNetwork:
    """The county's roads, with the speeds and the peak factor of its settings; ``roads`` where they are read already.

    Raises ``InputError`` with every fault of the roads.
    """
    options = county.settings.travel
    links = (county_roads(county) if roads is None else roads).links
    with input_faults("roads"):
        return road_network(links, speeds=options.speeds, peak_factor=options.peak_factor)


def county_roads(county: County) -> RoadFiles:
    """The links of the county's table roads, or of its road files within 10 km of its zones and sites."""
    if not county.road_files:
        return RoadFiles(pd.DataFrame(county.roads), "", "")
    points = pd.concat([county_zones(county), county_sites(county)])
    low, high = points.min() - MARGIN_METRES, points.max() + MARGIN_METRES
    bounds = (low["easting"], low["northing"], high["easting"], high["northing"])
    with input_faults("roads"):
        return read_roads(county.road_files, bounds=bounds)


def road_method(roads: RoadFiles) -> str:
    """What journeys by road are called in every output: what the roads do not know, and what of them is not used."""
    said = f"; roads of {roads.source}" if roads.source else ""
    return f"fastest route by road{said}" + (f", which {roads.notes}" if roads.notes else "")


def county_zones(county: County) -> pd.DataFrame:
    """The zones' centres: index zone; easting, northing in metres."""
    return pd.DataFrame(county.zones[["zone", "easting", "northing"]]).set_index("zone")


def county_sites(county: County) -> pd.DataFrame:
    """The sites: index site; easting, northing in metres."""
    return county.sites[["site", "easting", "northing"]].set_index("site")


def journey_source(county: County) -> str:
    """What the journeys come from: straight_line where asked for, else roads or travel, tables or files."""
    if county.settings.travel.straight_line_detour is not None:
        return "straight_line"
    given = {
        "roads": len(county.roads) > 0 or bool(county.road_files),
        "travel": len(county.travel) > 0 or bool(county.matrix_files),
    }
    if sum(given.values()) == 1:
        return next(name for name, there in given.items() if there)
    found = "both" if any(given.values()) else ""
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
