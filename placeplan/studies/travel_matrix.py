"""A county's ready matrix: its table travel, or files of another engine turned into the same form."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.errors import Fault, InputError
from placeplan.geo.faults import TableError, TableFault
from placeplan.geo.matrices import Unit, long_matrix, openrouteservice_matrix, osrm_matrix, square_matrix
from placeplan.geo.ordinary_file import read_ordinary
from placeplan.studies.road_network import county_sites, county_zones

__all__ = ["county_matrix"]

KM_ENDING: Final = "km"
"""A square csv whose name ends so holds km."""


def county_matrix(county: County) -> tuple[pd.DataFrame, str]:
    """The long matrix (zone, site, minutes, km) of the county, and what to call it.

    Every zone and site has to be in it. Where it has no km, they are the straight line times ``km_detour``, and the
    name says so. Raises ``InputError`` with everything that does not match.
    """
    if not county.matrix_files:
        return county.travel, "ready matrix"
    options = county.settings.travel
    try:
        frame = _read(county, list(county.matrix_files), str(options.matrix_format), _unit(options.matrix_unit))
        _refuse_missing(county, frame)
    except TableError as error:
        names = ", ".join(path.name for path in county.matrix_files)
        raise InputError(
            Fault(names, "" if fault.row is None else str(fault.row + 1), fault.column, fault.value, fault.expected)
            for fault in error.faults
        ) from error
    said = f"ready matrix of another engine ({options.matrix_format}, {options.matrix_unit})"
    blank = frame["km"].isna() & frame["minutes"].notna()
    if not blank.any():
        return frame, said
    if options.km_detour is None:
        found = f"{int(blank.sum())} journeys without km"
        raise InputError([Fault("county.toml", "", "travel.km_detour", found, "a factor on straight lines, 1 or more")])
    km = frame["km"].where(~blank, _straight_km(county, frame) * options.km_detour)
    return frame.assign(km=km), f"{said}; km by the straight line x {options.km_detour:g}"


def _unit(stated: str | None) -> Unit:
    return "seconds" if stated == "seconds" else "minutes"


def _read(county: County, files: list[Path], form: str, unit: Unit) -> pd.DataFrame:
    texts = {path: _text(path) for path in files}
    zones, sites = county_zones(county), county_sites(county)
    if form in ("osrm", "openrouteservice"):
        _only_one(files, form)
        reader = osrm_matrix if form == "osrm" else openrouteservice_matrix
        return reader(texts[files[0]], zones, sites, unit=unit)
    if form == "long":
        return pd.concat([long_matrix(text, unit=unit) for text in texts.values()], ignore_index=True)
    lengths = [path for path in files if path.stem.lower().endswith(KM_ENDING)]
    times = [path for path in files if path not in lengths]
    _only_one(times, form)
    km_text = texts[lengths[0]] if lengths else None
    return square_matrix(texts[times[0]], zones.index, sites.index, unit=unit, km_text=km_text)


def _text(path: Path) -> str:
    try:
        return read_ordinary(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError([TableFault(None, path.name, str(error)[:80], "UTF-8 text")]) from error


def _only_one(files: list[Path], form: str) -> None:
    if len(files) != 1:
        found = f"{len(files)} files: {', '.join(path.name for path in files)}"
        raise TableError([TableFault(None, "files", found, f"one file of times for the format {form}")])


def _refuse_missing(county: County, frame: pd.DataFrame) -> None:
    """Name the zones and sites of the county that the matrix does not have; those that it alone has are told later."""
    faults = []
    for what, labels in (("zone", county.zones["zone"]), ("site", county.sites["site"])):
        lost = sorted(set(labels.astype(str)) - set(frame[what].astype(str)))
        if lost:
            shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
            faults.append(TableFault(None, what, f"no row for {shown}", f"every {what} of the table {what}s"))
    if faults:
        raise TableError(faults)


def _straight_km(county: County, frame: pd.DataFrame) -> pd.Series:
    zones, sites = county_zones(county), county_sites(county)
    known = frame["zone"].isin(zones.index) & frame["site"].isin(sites.index)
    homes = zones.reindex(frame["zone"]).to_numpy(float)
    schools = sites.reindex(frame["site"]).to_numpy(float)
    return pd.Series(np.hypot(*(homes - schools).T) / 1000, index=frame.index).where(known, 0.0)
