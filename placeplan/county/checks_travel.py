"""The table travel beside the places of zones and sites: what cannot be, what is odd, which journeys it lacks."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from placeplan.county.tables import ReadTable
from placeplan.errors import Fault, Note
from placeplan.geo.plausible import Comparison, compared_with_straight_lines

__all__ = ["travel_faults", "travel_notes"]

SHOWN: Final = 5


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
    """What is odd in the table travel and can be, and which journeys to sites in use it does not have."""
    odd = [Note("travel", "", one.column, one.found, one.taken) for one in _compared(tables).odd]
    return [*odd, *_absent(tables)]


def _absent(tables: Mapping[str, ReadTable]) -> list[Note]:
    """Zones and sites in use without a row, and the pairs that others lack: journeys that cannot be made."""
    frame = tables["travel"].frame
    if frame.empty:
        return []
    zones = tables["zones"].frame["zone"].dropna().unique()
    used = set(tables["units"].frame["site"].dropna())
    sites = [site for site in tables["sites"].frame["site"].dropna().unique() if site in used]
    listed = frame[["zone", "site"]].dropna().drop_duplicates()
    notes = []
    taken = "a journey that is not listed cannot be made"
    lost = {}
    for name, wanted in (("zone", zones), ("site", sites)):
        lost[name] = sorted(set(wanted) - set(listed[name]))
        if lost[name]:
            notes.append(Note("travel", "", name, f"no row for {_few(lost[name])}", taken))
    there = pd.MultiIndex.from_frame(listed)
    every = pd.MultiIndex.from_product(
        [[one for one in zones if one not in lost["zone"]], [one for one in sites if one not in lost["site"]]]
    )
    pairs = every.difference(there)
    if len(pairs):
        found = f"no row for {_few([f'{zone} to {site}' for zone, site in pairs])}"
        notes.append(Note("travel", "", "zone, site", found, taken))
    return notes


def _few(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
