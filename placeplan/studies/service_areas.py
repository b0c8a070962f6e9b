"""Service areas: from where a unit, or any unit of a kind, is reached in so many minutes."""

from collections.abc import Callable, Iterable
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from placeplan.county.county import County
from placeplan.errors import UsageError
from placeplan.geo.crs import GRID
from placeplan.geo.isochrones import isochrones, zone_service_area
from placeplan.geo.travel import TravelTimes
from placeplan.provision import units_open
from placeplan.studies.road_network import county_network, county_sites, journey_source
from placeplan.studies.run_parts import units_named

__all__ = ["service_areas"]

COLUMNS: Final = ["service_area", "by", "kind", "model", "unit", "name", "minutes", "area_km2", "geometry"]

Areas = Callable[[list[str], list[float]], list[shapely.MultiPolygon]]
"""From sites and limits, from few minutes to many, to an area for each limit."""


def service_areas(
    county: County,
    *,
    minutes: Iterable[float] = (45.0, 75.0),
    by: Literal["kind", "unit"] = "kind",
    units: Iterable[str] | None = None,
    travel: TravelTimes | None = None,
    year: int | None = None,
    width_metres: float = 250.0,
) -> gpd.GeoDataFrame:
    """Areas from which units are reached within so many minutes, one way, boarding included.

    ``by`` kind: all units of a kind (and ERS model) together; by unit: each. With ``units`` only those. By the county's
    roads, widened by at most ``width_metres`` on either side; with ``travel`` by zone instead, from the zones' own
    times, as for a county without roads. ``year`` is the academic year in which units are open, the settings' own
    where not given.

    Columns: service_area (a label), by, kind, model and unit ("" for none), name, minutes, area_km2, geometry
    (MultiPolygon, EPSG:27700); of one kind or unit, the area of fewer minutes lies within that of more. Units that
    board and visiting teachers are left out, and so are areas that are empty: of a site too far from every road, or of
    minutes that boarding takes up. There are no children in it.

    Raises ``UsageError`` for a unit that is not open, minutes or a width that are not above 0, journeys that are
    not by road where ``travel`` is not given; where it is, for zones without outlines and a site that it does not know.
    """
    limits = sorted({float(limit) for limit in minutes})
    if not limits or not all(np.isfinite(limit) and limit > 0 for limit in limits):
        raise UsageError("service areas: expected minutes above 0")
    if not (np.isfinite(width_metres) and width_metres > 0):
        raise UsageError("service areas: expected a width in metres above 0")
    if by not in ("kind", "unit"):
        raise UsageError(f"service areas by {by!r}: expected kind or unit")
    opened = units_open(county, county.settings.year if year is None else year)
    opened = opened[(opened["kind"] != "peripatetic") & ~opened["residential"]]
    if units is not None:
        asked = list(units)
        unknown = [unit for unit in asked if unit not in opened.index]
        if unknown:
            raise UsageError(f"service areas: {', '.join(unknown)}: expected units that are open and do not board")
        opened = opened.loc[asked]
    opened = opened.join(units_named(county).set_index("unit")["name"])
    keys = ["kind", "model"] if by == "kind" else [opened.index]
    make = _by_zone(county, travel) if travel is not None else _by_road(county, width_metres)
    rows = []
    for _, some in opened.groupby(keys, sort=True):
        first = some.iloc[0]
        label = first["kind"] + (f":{first['model']}" if first["model"] else "") if by == "kind" else some.index[0]
        for limit, area in zip(limits, make(sorted(set(some["site"])), limits), strict=True):
            rows.append(
                {
                    "service_area": f"{label} within {limit:g} minutes",
                    "by": by,
                    "kind": first["kind"],
                    "model": first["model"],
                    "unit": some.index[0] if by == "unit" else "",
                    "name": first["name"] if by == "unit" else "",
                    "minutes": limit,
                    "area_km2": round(area.area / 1e6, 1),
                    "geometry": area,
                }
            )
    made = gpd.GeoDataFrame(pd.DataFrame(rows, columns=COLUMNS), geometry="geometry", crs=GRID)
    return made[~shapely.is_empty(made.geometry.to_numpy())].reset_index(drop=True)


def _by_road(county: County, width_metres: float) -> Areas:
    """What makes areas along the county's roads."""
    if journey_source(county) != "roads":
        raise UsageError("service areas by road: journeys are not by road; expected travel times, for areas by zone")
    network, points, options = county_network(county), county_sites(county), county.settings.travel

    def areas(sites: list[str], limits: list[float]) -> list[shapely.MultiPolygon]:
        return isochrones(
            network,
            points.loc[sites],
            minutes=limits,
            off_road_kmh=options.off_road_kmh,
            snap_limit_metres=options.snap_limit_metres,
            boarding_minutes=options.boarding_minutes,
            width_metres=width_metres,
        )

    return areas


def _by_zone(county: County, travel: TravelTimes) -> Areas:
    """What makes areas of whole zones."""
    outlines = county.zones.set_index("zone").geometry.reindex(travel.zones).to_numpy()
    if shapely.is_missing(outlines).all():
        raise UsageError("service areas by zone: the zones have no outlines")

    def areas(sites: list[str], limits: list[float]) -> list[shapely.MultiPolygon]:
        columns = travel.sites.get_indexer(pd.Index(sites))
        if (columns < 0).any():
            missing = ", ".join(site for site, column in zip(sites, columns, strict=True) if column < 0)
            raise UsageError(f"service areas by zone: no travel times to {missing}; expected those of every site")
        nearest = travel.minutes[:, columns].min(axis=1)
        return [zone_service_area(outlines, nearest, limit=limit) for limit in limits]

    return areas
