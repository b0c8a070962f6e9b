"""Answers about coverage: the measures of a county, and the run, maps and atlas that are made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from placeplan.candidates import candidate_points, candidate_units
from placeplan.county.assumptions import assumptions
from placeplan.county.county import County
from placeplan.county.vocabulary import PHASES, phase_of, year_group_of_age
from placeplan.errors import UsageError
from placeplan.geo.travel import Reason, TravelTimes
from placeplan.population import people_now, people_year
from placeplan.provision import needs_met, provisions_of, units_open
from placeplan.reach import Reach
from placeplan.report.write import write_report
from placeplan.runs import Run
from placeplan.studies.run_parts import county_layers, run_facts, units_named

__all__ = ["Coverage", "coverage_run", "report_coverage"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a county's children are covered by the units that would meet their plans.

    ``tables``: coverage, coverage_limits, gaps, equity and leavers (see ``coverage_tables``) with the need itself
    and the provision, and place_gaps (see ``people_reach``); they leave share-safe unless asked otherwise.
    ``reaches``: with (``all``) and without (``county``) schools over the border. ``need_label`` says whose need it is.
    ``place_cells``: how many localities x needs x phases x provisions were measured for place_gaps.
    """

    county: County = field(repr=False)
    travel: TravelTimes = field(repr=False)
    question: str
    year: int
    need_label: str
    limits: tuple[float, ...]
    reaches: Mapping[str, Reach] = field(repr=False)
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    place_cells: int = 0

    def report(
        self,
        out: str | Path,
        *,
        extra: Mapping[str, pd.DataFrame] | None = None,
        service_areas: gpd.GeoDataFrame | None = None,
        internal: bool = False,
        replace: bool = False,
    ) -> Path:
        """Write the run's folder with its atlas, maps and GeoPackage (see ``report_coverage``) and return it."""
        return report_coverage(self, out, extra=extra, service_areas=service_areas, internal=internal, replace=replace)


def coverage_run(
    coverage: Coverage,
    *,
    extra: Mapping[str, pd.DataFrame] | None = None,
    journeys: TravelTimes | None = None,
    service_areas: gpd.GeoDataFrame | None = None,
    options: Mapping[str, Any] | None = None,
) -> Run:
    """One run from the measures of a county.

    ``extra``: the tables what_if and where_best, where they were asked for. ``journeys``: the travel times with those
    to candidates that are at no site; without them such candidates are left out of the atlas.
    """
    unknown = sorted(set(extra or {}) - {"what_if", "where_best"})
    if unknown:
        raise UsageError(f"a coverage run: expected the tables what_if and where_best, not {', '.join(unknown)}")
    county, travel = coverage.county, journeys or coverage.travel
    units = _units_about(coverage, travel)
    tables = {
        **coverage.tables,
        **(extra or {}),
        "zone_children": _zone_children(coverage),
        "zones_about": pd.DataFrame(
            county.zones[["zone", "locality", "easting", "northing", "rural", "deprivation"]]
        ).astype({"deprivation": "Float64"}),
        "units_about": units,
        "journeys": _journeys(travel, units["site"]),
        "demand": _demand(county),
        "guidance": pd.DataFrame(
            {"phase": list(PHASES), "minutes": [county.settings.guidance_minutes[phase] for phase in PHASES]}
        ),
        "localities": pd.DataFrame(county.localities[["locality", "name"]]),
        "assumptions": assumptions(county),
    }
    facts = run_facts(county, command="coverage", options=options, travel_method=travel.method) | {
        "year": coverage.year,
        "question": coverage.question,
        "need": coverage.need_label,
        "people_year": people_year(county),
        "place_cells": coverage.place_cells,
    }
    layers = county_layers(county)
    if service_areas is not None and len(service_areas):
        layers["service_areas"] = service_areas
    return Run("coverage", county.name, tables, layers, facts)


def report_coverage(
    coverage: Coverage,
    out: str | Path,
    *,
    extra: Mapping[str, pd.DataFrame] | None = None,
    journeys: TravelTimes | None = None,
    service_areas: gpd.GeoDataFrame | None = None,
    options: Mapping[str, Any] | None = None,
    internal: bool = False,
    replace: bool = False,
    timings: Mapping[str, float] | None = None,
) -> Path:
    """Write the measures as a run's folder: tables, atlas.html, maps for print and a GeoPackage with styles; return it.

    Small counts are withheld unless ``internal``. Raises ``UsageError`` where ``out`` exists and ``replace`` is not
    given.
    """
    run = coverage_run(coverage, extra=extra, journeys=journeys, service_areas=service_areas, options=options)
    return write_report(run, out, internal=internal, replace=replace, timings=timings)


def _units_about(coverage: Coverage, travel: TravelTimes) -> pd.DataFrame:
    """The units open in the year and the candidates whose journeys are timed, as the atlas needs them."""
    county = coverage.county
    opened = units_open(county, coverage.year)
    opened = opened[(opened["kind"] != "peripatetic") & ~opened["residential"]].assign(candidate=False)
    opened["name"] = units_named(county).set_index("unit")["name"].reindex(opened.index)
    points = county.sites.set_index("site")[["easting", "northing"]]
    opened = opened.join(points, on="site")
    if not county.candidates.empty:
        thought = candidate_units(county, county.candidates).assign(candidate=True)
        thought = thought.assign(name=thought["site_name"]).join(candidate_points(county, county.candidates))
        opened = pd.concat([opened, thought[thought["site"].isin(travel.sites)]])
    table = opened.assign(
        provision=provisions_of(opened),
        needs=[";".join(sorted(needs_met(str(needs)))) for needs in opened["needs"]],
        from_year_group=opened["from_year_group"].astype(float),
        to_year_group=opened["to_year_group"].astype(float),
    )
    columns = ["name", "site", "locality", "kind", "model", "provision", "needs", "from_year_group", "to_year_group"]
    columns += ["places", "in_county", "candidate", "easting", "northing"]
    return table[columns].rename_axis("unit").reset_index()


def _journeys(travel: TravelTimes, sites: pd.Series) -> pd.DataFrame:
    """Minutes from every zone to every site of a unit; missing, with the reason, where it is not reached."""
    columns = travel.sites.get_indexer(pd.Index(sorted(set(sites))))
    names = np.array([reason.name for reason in Reason])
    # In tenths, as they are written: what is made of the run again is then the same.
    minutes = np.round(travel.minutes[:, columns].astype(np.float64), 1)
    return pd.DataFrame(
        {
            "zone": np.repeat(travel.zones.to_numpy(), len(columns)),
            "site": np.tile(travel.sites.to_numpy()[columns], len(travel.zones)),
            "minutes": np.where(np.isfinite(minutes), minutes, np.nan).ravel(),
            "reason": names[travel.reason[:, columns].ravel()],
        }
    )


def _demand(county: County) -> pd.DataFrame:
    """People of the ages of each phase in each zone, today (see ``population.people_now``)."""
    people = people_now(county)
    people = people.assign(year_group=people["age"].map(year_group_of_age))
    known = people[people["year_group"].between(-4, 21)]
    table = (
        known.assign(phase=known["year_group"].map(phase_of)).groupby(["zone", "phase"], as_index=False)["people"].sum()
    )
    return pd.DataFrame(table[["zone", "phase", "people"]])


def _zone_children(coverage: Coverage) -> pd.DataFrame:
    """Children by zone, need, phase and provision: the detail, which leaves only with --internal."""
    reach = coverage.reaches["all"]
    rows = reach.groups.assign(
        within_guidance=reach.groups["children"] * reach.nearest["within"],
        child_minutes=reach.groups["children"] * reach.nearest["minutes"].where(reach.nearest["unit"] != ""),
    )
    keys = ["zone", "need", "phase", "provision"]
    table = rows.groupby(keys, as_index=False, sort=True)[["children", "within_guidance", "child_minutes"]].sum(
        min_count=1
    )
    table["nearest_minutes"] = table["child_minutes"] / table["children"]
    return table.drop(columns="child_minutes")
