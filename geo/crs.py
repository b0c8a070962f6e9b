"""Coordinates: British National Grid and longitude/latitude, and what a pair of numbers looks like."""

import re
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.network import set_network_enabled  # type: ignore[attr-defined] # its documented home

__all__ = [
    "GRID",
    "GRID_EASTINGS",
    "GRID_NORTHINGS",
    "LONGITUDE_LATITUDE",
    "in_grid",
    "looks_like_degrees",
    "looks_like_swapped_degrees",
    "stated_crs",
    "to_grid",
    "to_longitude_latitude",
]

GRID = "EPSG:27700"
"""British National Grid: metres east and north."""

LONGITUDE_LATITUDE = "EPSG:4326"
"""World Geodetic System 1984, longitude first, as in GeoJSON."""

GRID_EASTINGS = (0.0, 700_000.0)
GRID_NORTHINGS = (0.0, 1_300_000.0)
"""The extent of the National Grid's lettered squares, in metres."""


_PIPELINE: Final = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 "
    "+step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 "
    "+convention=position_vector +step +inv +proj=cart +ellps=airy "
    "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
)
"""OSGB36 to WGS 84 (6), EPSG:1314, said in full: left to itself the library chooses by place and by the
files that a machine happens to have, so that a point at sea does not come back to where it was."""


# Grids of corrections would be fetched from the web where a machine's settings allow it: never from here.
set_network_enabled(active=False)

_CODE: Final = re.compile(r"(?:\+init=)?([A-Za-z]+:\w+)(?: \+type=crs)?(?: \+no_defs)?")
_WELL_KNOWN: Final = re.compile(r"(?:PROJCS|GEOGCS|COMPD_CS|PROJCRS|GEOGCRS|GEODCRS|COMPOUNDCRS)\[", re.IGNORECASE)
_NAMES_A_FILE: Final = re.compile(r"PARAMETERFILE|EXTENSION|BOUNDCRS|GRIDS", re.IGNORECASE)
_PLAIN_KEYS: Final = re.compile(
    r"\+proj=\w+"
    r"(?: \+(?:no_defs|south|(?:zone|datum|ellps|units|type|lat_[012]|lon_0|k(?:_0)?|[xy]_0|towgs84)=[\w.,-]+))*"
)


def stated_crs(text: str) -> CRS:
    """The coordinate system that a file states: a code (EPSG:4326), or what it is in full.

    A statement in full may name files to be read (grids of corrections); such a one is refused, like one that means
    nothing, by ``ValueError``.

    >>> stated_crs("epsg:27700").to_epsg(), stated_crs("+init=epsg:4326").to_epsg()
    (27700, 4326)
    """
    stated = text.strip()
    code = _CODE.fullmatch(stated)
    in_full = (_WELL_KNOWN.match(stated) and not _NAMES_A_FILE.search(stated)) or _PLAIN_KEYS.fullmatch(stated)
    if code is None and not in_full:
        raise ValueError(f"coordinates stated as {stated[:60]}")
    try:
        crs = CRS.from_user_input(stated if code is None else code.group(1))
    except CRSError as error:
        raise ValueError(f"coordinates stated as {stated[:60]}") from error
    if not (crs.is_geographic or crs.is_projected):
        raise ValueError(f"coordinates stated as {stated[:60]}, which are no place on the earth")
    return crs


@cache
def _transformer() -> Transformer:
    return Transformer.from_pipeline(_PIPELINE)


def to_grid(longitude: ArrayLike, latitude: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eastings and northings in metres of points given in degrees; the same shape in and out.

    By the seven parameters of EPSG:1314, within about 5 metres of the Ordnance Survey's own shift grid and
    the same on every machine; what cannot be projected is ``inf``.
    """
    east, north = _transformer().transform(
        np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)
    )
    return np.asarray(east), np.asarray(north)


def to_longitude_latitude(easting: ArrayLike, northing: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes in degrees of points given in metres: the inverse of ``to_grid``."""
    longitude, latitude = _transformer().transform(
        np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64), direction="INVERSE"
    )
    return np.asarray(longitude), np.asarray(latitude)


def in_grid(easting: ArrayLike, northing: ArrayLike) -> NDArray[np.bool_]:
    """Whether each point lies in the extent of the National Grid; False where a coordinate is missing."""
    east, north = np.asarray(easting, dtype=np.float64), np.asarray(northing, dtype=np.float64)
    inside_east = (east >= GRID_EASTINGS[0]) & (east <= GRID_EASTINGS[1])
    return np.asarray(inside_east & (north >= GRID_NORTHINGS[0]) & (north <= GRID_NORTHINGS[1]))


def looks_like_degrees(x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
    """Whether each pair is small enough for a longitude and a latitude, in either order."""
    return np.asarray((np.abs(np.asarray(x, dtype=float)) <= 180) & (np.abs(np.asarray(y, dtype=float)) <= 180))


def looks_like_swapped_degrees(longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
    """Whether each pair is a place in Great Britain with latitude (49 to 61) before longitude (-9 to 2)."""
    x, y = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    return np.asarray((x >= 49) & (x <= 61) & (y >= -9) & (y <= 2))
