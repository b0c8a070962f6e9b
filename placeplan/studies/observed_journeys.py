"""A csv of observed journeys: zone, minutes, and where to; read with every fault at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.faults import shown, suggest
from placeplan.errors import Fault, InputError
from placeplan.geo.crs import in_grid
from placeplan.geo.plausible import compared_with_straight_lines
from placeplan.studies.road_network import county_sites, county_zones

__all__ = ["FEWEST_JOURNEYS", "ObservedJourneys", "read_observed"]

FEWEST_JOURNEYS: Final = 10
"""Half of fewer journeys tells nothing of the other half."""

COLUMNS: Final = ("zone", "site", "easting", "northing", "minutes")


@dataclass(frozen=True, slots=True, eq=False)
class ObservedJourneys:
    """Observed minutes by pair, and the places of their ends.

    ``minutes`` has columns zone, site, minutes, a row a pair: the median where several were observed, of ``rows`` rows
    in all. ``destinations`` is indexed by site (a site of the county, or a point's easting and northing as text).
    """

    minutes: pd.DataFrame = field(repr=False)
    destinations: pd.DataFrame = field(repr=False)
    rows: int


def read_observed(path: str | Path, county: County) -> ObservedJourneys:
    """The journeys of a csv with columns zone, minutes, and site, or easting and northing of where they end.

    Zones are the county's; minutes are of one journey, one way, as settings are to make them. Raises ``InputError``
    with every fault, by line: an unknown zone or site, minutes that are no number above 0, a place that is no point,
    too few journeys, and minutes that the straight lines rule out, as in seconds.
    """
    file = Path(path)
    frame = _read(file)
    faults = _column_faults(file, frame)
    if faults:
        raise InputError(faults)
    frame = frame.reindex(columns=list(COLUMNS), fill_value="")
    numbers = {name: pd.to_numeric(frame[name].where(frame[name] != ""), errors="coerce") for name in COLUMNS[2:]}
    faults = [
        *_zone_faults(file, frame, county),
        *_place_faults(file, frame, numbers, county),
        *(
            _fault(file, int(row), "minutes", frame["minutes"].iloc[row], "minutes above 0")
            for row in np.flatnonzero(~(np.isfinite(numbers["minutes"]) & (numbers["minutes"] > 0)))
        ),
    ]
    if faults:
        raise InputError(sorted(faults, key=lambda fault: int(fault.row)))
    at_site = frame["site"] != ""
    points = numbers["easting"].map("{:.0f}".format) + ", " + numbers["northing"].map("{:.0f}".format)
    journeys = pd.DataFrame(
        {"zone": frame["zone"], "site": frame["site"].where(at_site, points), "minutes": numbers["minutes"]}
    )
    places = pd.DataFrame({"site": points, "easting": numbers["easting"], "northing": numbers["northing"]})[~at_site]
    sites = county_sites(county)
    own = sites.loc[sites.index.isin(frame["site"][at_site])]
    destinations = pd.concat([own, places.drop_duplicates("site").set_index("site")]).rename_axis("site")
    medians = journeys.groupby(["zone", "site"])["minutes"].median().rename("minutes").reset_index()
    _refuse_impossible(file, medians, county, destinations)
    return ObservedJourneys(medians, destinations, len(frame))


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig").map(str.strip)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError([Fault(file.name, "", "", shown(reason), "a csv table in UTF-8")]) from error


def _fault(file: Path, row: int, column: str, value: object, expected: str) -> Fault:
    return Fault(file.name, str(row + 2), column, shown(value) or "a blank", expected)


def _column_faults(file: Path, frame: pd.DataFrame) -> list[Fault]:
    there = [str(name) for name in frame.columns]
    expected = f"columns {', '.join(COLUMNS)}; site, or easting and northing, may be left out"
    faults = [
        Fault(file.name, "", name, "no such column", expected) for name in ("zone", "minutes") if name not in there
    ]
    if "site" not in there and not {"easting", "northing"} <= set(there):
        faults.append(Fault(file.name, "", "site", "no such column", expected))
    faults += [
        Fault(file.name, "", name, "a column that is not known", f"{expected}{suggest(name, COLUMNS)}")
        for name in there
        if name not in COLUMNS
    ]
    if not faults and len(frame) < FEWEST_JOURNEYS:
        faults.append(Fault(file.name, "", "", f"{len(frame)} journeys", f"{FEWEST_JOURNEYS} or more"))
    return faults


def _zone_faults(file: Path, frame: pd.DataFrame, county: County) -> list[Fault]:
    known = county.zones["zone"].tolist()
    return [
        _fault(
            file,
            int(row),
            "zone",
            frame["zone"].iloc[row],
            f"a zone of table zones{suggest(frame['zone'].iloc[row], known)}",
        )
        for row in np.flatnonzero(~frame["zone"].isin(known))
    ]


def _place_faults(
    file: Path, frame: pd.DataFrame, numbers: dict[str, "pd.Series[float]"], county: County
) -> list[Fault]:
    """Every journey ends at a site of the county or at a point of the National Grid, not at both or at neither."""
    known = county.sites["site"].tolist()
    at_site = (frame["site"] != "").to_numpy()
    at_point = ((frame["easting"] != "") | (frame["northing"] != "")).to_numpy()
    unknown = at_site & ~frame["site"].isin(known).to_numpy()
    outside = at_point & ~in_grid(numbers["easting"], numbers["northing"])
    faults = []
    for row in np.flatnonzero((at_site == at_point) | unknown | outside):
        if at_site[row] == at_point[row]:
            found = "both" if at_site[row] else "neither"
            faults.append(_fault(file, int(row), "site", found, "a site, or easting and northing, and not both"))
        elif unknown[row]:
            name = frame["site"].iloc[row]
            faults.append(_fault(file, int(row), "site", name, f"a site of table sites{suggest(name, known)}"))
        else:
            place = f"{frame['easting'].iloc[row]}, {frame['northing'].iloc[row]}"
            faults.append(_fault(file, int(row), "easting", place, "easting and northing in metres (EPSG:27700)"))
    return faults


def _refuse_impossible(file: Path, journeys: pd.DataFrame, county: County, destinations: pd.DataFrame) -> None:
    if len(journeys) < FEWEST_JOURNEYS:
        found = f"{len(journeys)} pairs of a zone and a place"
        raise InputError([Fault(file.name, "", "", found, f"{FEWEST_JOURNEYS} or more")])
    compared = compared_with_straight_lines(journeys.assign(km=np.nan), county_zones(county), destinations)
    if compared.faults:
        raise InputError(Fault(file.name, "", one.column, one.value, one.expected) for one in compared.faults)
