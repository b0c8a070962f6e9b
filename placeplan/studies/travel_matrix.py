"""A county's ready matrix: its table travel, or files of another engine turned into the same form and compared."""

import re
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.errors import Fault, InputError, Note
from placeplan.geo.faults import TableError, TableFault
from placeplan.geo.imported import matrix_faults
from placeplan.geo.matrices import (
    Unit,
    long_matrix,
    openrouteservice_matrix,
    osrm_matrix,
    square_matrix,
    unread_columns,
)
from placeplan.geo.ordinary_file import read_ordinary
from placeplan.geo.plausible import Comparison, compared_with_straight_lines
from placeplan.studies.road_network import county_sites, county_zones, journey_source

__all__ = ["check_journeys", "county_matrix", "straight_km"]

KM_ENDING: Final = "km"
"""A square csv whose name ends so holds km."""

FIRST_LINE: Final = 2
"""The line of a long csv's first row: the header is line 1."""


def county_matrix(county: County) -> tuple[pd.DataFrame, str]:
    """The long matrix (zone, site, minutes, km) of the county, and what to call it.

    Files of another engine have to have every zone and site, and figures that the straight lines allow; what is odd in
    them is said in the name. Where they have no km, they are the straight line times ``km_detour``, and the name says
    so. Raises ``InputError`` with everything that does not match.
    """
    if not county.matrix_files:
        return county.travel, "ready matrix"
    frame, said, compared = _engine_matrix(county)
    # How many, without which they are: check lists the worst.
    odd = (re.sub(r" \(.*\)", "", one.found) for one in compared.odd)
    return frame, said + "".join(f"; taken as written: {found}" for found in odd)


def check_journeys(county: County) -> list[Note]:
    """What has to be known of another engine's files that the county's journeys come from; none where there are none.

    Raises ``InputError`` with everything that is wrong in them.
    """
    if not county.matrix_files or journey_source(county) != "travel":
        return []
    _, _, compared = _engine_matrix(county)
    notes = [Note(_names(county), "", one.column, one.found, one.taken) for one in compared.odd]
    if county.settings.travel.matrix_format == "long":
        for path in county.matrix_files:
            unread = unread_columns(_text(path))
            if unread:
                notes.append(Note(path.name, "", ", ".join(unread), "", "not read"))
    return notes


def straight_km(county: County) -> NDArray[np.float64]:
    """Kilometres of straight line from every zone to every site."""
    homes, schools = (frame.to_numpy(dtype=np.float64) for frame in (county_zones(county), county_sites(county)))
    return np.asarray(np.hypot(*np.moveaxis(homes[:, None, :] - schools[None, :, :], 2, 0)) / 1000)


def _names(county: County) -> str:
    return ", ".join(path.name for path in county.matrix_files)


def _engine_matrix(county: County) -> tuple[pd.DataFrame, str, Comparison]:
    """The files' long matrix without a fault, what to call it, and what the straight lines say of it."""
    options = county.settings.travel
    form, unit = str(options.matrix_format), _unit(options.matrix_unit)
    files = list(county.matrix_files)
    starts: list[int] | None = None
    if form == "long":
        frame, starts = _long(files, unit)
    else:
        frame = _other(county, files, form, unit)
    zones, sites = county_zones(county), county_sites(county)
    compared = Comparison((), ())
    faults = matrix_faults(frame, zones.index, sites.index, km_needed=False) or _missing(county, frame)
    if not faults:
        compared = compared_with_straight_lines(frame, zones, sites, stated_unit=unit)
        faults = list(compared.faults)
    if faults:
        raise InputError(_placed(fault, files, starts) for fault in faults)
    said = f"ready matrix of another engine ({options.matrix_format}, {options.matrix_unit})"
    blank = frame["km"].isna() & frame["minutes"].notna()
    if not blank.any():
        return frame, said, compared
    if options.km_detour is None:
        found = f"{int(blank.sum())} journeys without km"
        raise InputError([Fault("county.toml", "", "travel.km_detour", found, "a factor on straight lines, 1 or more")])
    frame = frame.assign(km=frame["km"].where(~blank, _straight_of(county, frame) * options.km_detour))
    return frame, f"{said}; km by the straight line x {options.km_detour:g}", compared


def _placed(fault: TableFault, files: list[Path], starts: list[int] | None) -> Fault:
    """A fault of the joined matrix as one of the file, and the line, where it stands."""
    names = ", ".join(path.name for path in files)
    if fault.row is None or starts is None:
        return Fault(names, "", fault.column, fault.value, fault.expected)
    file = int(np.searchsorted(starts, fault.row, side="right")) - 1
    line = str(fault.row - starts[file] + FIRST_LINE)
    return Fault(files[file].name, line, fault.column, fault.value, fault.expected)


def _unit(stated: str | None) -> Unit:
    return "seconds" if stated == "seconds" else "minutes"


def _long(files: list[Path], unit: Unit) -> tuple[pd.DataFrame, list[int]]:
    """The rows of every long csv, and the position of each file's first; raises with the faults of all files."""
    parts, faults = [], []
    for path in files:
        try:
            parts.append(long_matrix(_text(path), unit=unit))
        except TableError as error:
            faults += [_placed(fault, [path], [0]) for fault in error.faults]
    if faults:
        raise InputError(faults)
    starts = np.cumsum([0, *(len(part) for part in parts[:-1])])
    return pd.concat(parts, ignore_index=True), starts.tolist()


def _other(county: County, files: list[Path], form: str, unit: Unit) -> pd.DataFrame:
    """The matrix of an engine's answer, or of a square csv."""
    zones, sites = county_zones(county), county_sites(county)
    try:
        if form in ("osrm", "openrouteservice"):
            _only_one(files, form)
            reader = osrm_matrix if form == "osrm" else openrouteservice_matrix
            return reader(_text(files[0]), zones, sites, unit=unit)
        lengths = [path for path in files if path.stem.lower().endswith(KM_ENDING)]
        times = [path for path in files if path not in lengths]
        _only_one(times, form)
        km_text = _text(lengths[0]) if lengths else None
        return square_matrix(_text(times[0]), zones.index, sites.index, unit=unit, km_text=km_text)
    except TableError as error:
        names = ", ".join(path.name for path in files)
        raise InputError(
            Fault(names, "" if fault.row is None else str(fault.row + 1), fault.column, fault.value, fault.expected)
            for fault in error.faults
        ) from error


def _text(path: Path) -> str:
    try:
        return read_ordinary(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Fault(path.name, "", "", str(error)[:80], "UTF-8 text")]) from error


def _only_one(files: list[Path], form: str) -> None:
    if len(files) != 1:
        found = f"{len(files)} files: {', '.join(path.name for path in files)}"
        raise TableError([TableFault(None, "files", found, f"one file of times for the format {form}")])


def _missing(county: County, frame: pd.DataFrame) -> list[TableFault]:
    """The zones and sites of the county that the matrix does not have."""
    faults = []
    for what, labels in (("zone", county.zones["zone"]), ("site", county.sites["site"])):
        lost = sorted(set(labels.astype(str)) - set(frame[what].astype(str)))
        if lost:
            shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
            faults.append(TableFault(None, what, f"no row for {shown}", f"every {what} of the table {what}s"))
    return faults


def _straight_of(county: County, frame: pd.DataFrame) -> pd.Series:
    """Kilometres of straight line of each row of a matrix."""
    rows = pd.Index(county.zones["zone"].astype(str)).get_indexer(pd.Index(frame["zone"].astype(str)))
    columns = pd.Index(county.sites["site"].astype(str)).get_indexer(pd.Index(frame["site"].astype(str)))
    return pd.Series(straight_km(county)[rows, columns], index=frame.index)
