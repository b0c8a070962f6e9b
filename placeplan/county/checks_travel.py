"""The table travel beside the places of zones and sites: what cannot be, and what is odd."""

from collections.abc import Mapping

import pandas as pd

from placeplan.county.tables import ReadTable
from placeplan.errors import Fault, Note
from placeplan.geo.plausible import Comparison, compared_with_straight_lines

__all__ = ["travel_faults", "travel_notes"]


def _points(read: ReadTable, key: str) -> pd.DataFrame:
    frame = read.frame[[key, "easting", "northing"]].dropna()
    return pd.DataFrame(frame.drop_duplicates(key).set_index(key)).astype("float64")


def _compared(tables: Mapping[str, ReadTable]) -> Comparison:
    """The comparison with straight lines; nothing where a zone or site has a fault: places have to be right first."""
    travel, zones, sites = (tables[name] for name in ("travel", "zones", "sites"))
    if travel.frame.empty or zones.frame.empty or sites.frame.empty:
        return Comparison((), ())
    return compared_with_straight_lines(travel.frame, _points(zones, "zone"), _points(sites, "site"))


def travel_faults(tables: Mapping[str, ReadTable]) -> list[Fault]:
    """Figures of the table travel that its zones' and sites' places rule out, as in another unit."""
    return [Fault("travel", "", fault.column, fault.value, fault.expected) for fault in _compared(tables).faults]


def travel_notes(tables: Mapping[str, ReadTable]) -> list[Note]:
    """What is odd in the table travel and can be; which journeys it lacks ``checks_axes`` says."""
    return [Note("travel", "", one.column, one.found, one.taken) for one in _compared(tables).odd]
