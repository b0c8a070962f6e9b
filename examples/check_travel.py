"""Check the example's roads, and straight lines, against real travel times to hospitals, before and after calibration.

Run it as ``python examples/check_travel.py DATA [OUT]``: DATA holds the open files (its folders travel and
geography); the table is printed, and with OUT written to that folder as travel_check.csv and travel_speeds.csv.
Calibration sees every other hospital in the order of the file, and is judged on the hospitals that it has not
seen; then the halves are swapped. Real times are a car's without traffic.
"""

import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.errors import PlaceplanError, UsageError
from placeplan.examples.local_roads import FACTS, road_points, road_table
from placeplan.examples.wide_roads import wide_road_points, wide_road_table
from placeplan.geo.calibrate import speed_fit, straight_line_fit, travel_errors
from placeplan.geo.roads import road_network
from placeplan.geo.routes import route_times
from placeplan.geo.straight_line import straight_line_times

__all__ = ["TravelCheck", "check_rows", "check_travel", "main", "told"]

DETOUR = 1.3
"""Kilometres by road for each of straight line: the usual allowance for British roads."""

PLAIN_KMH = 40.0
"""The straight line's speed before calibration: local A roads in England averaged 24.9 mph in 2018."""

NEAR_METRES = 5000.0
"""A hospital as near as this to a point of the roads is within their reach."""

STRAIGHT: Final = "straight line"
ROADS: Final = "example's roads, carried on beyond the county"
ALONE: Final = "example's roads alone"


@dataclass(frozen=True, slots=True, eq=False)
class TravelCheck:
    """What was found: ``rows`` of errors, calibrated ``speeds`` and who was left out.

    ``rows``: model, calibrated_on, judged_on, hospitals (``all``, or those ``near`` the county), area, then the
    measures of ``travel_errors``. ``speeds``: calibrated_on, model, item, value (km/h by class; for straight lines
    and both, fixed minutes). ``halves`` are the hospitals of each half, ``near`` those by the example's own roads.
    No figure holds the ``out_of_reach`` hospitals, which stand away from every road of the model or have no
    coordinates, and the ``unknown_zones``, which no table places.
    """

    rows: pd.DataFrame = field(repr=False)
    speeds: pd.DataFrame = field(repr=False)
    halves: tuple[tuple[str, ...], tuple[str, ...]]
    near: tuple[str, ...]
    out_of_reach: tuple[str, ...]
    unknown_zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """Zones (easting, northing, area), hospitals in reach and real minutes between them."""

    zones: pd.DataFrame
    hospitals: pd.DataFrame
    real: pd.DataFrame
    out_of_reach: tuple[str, ...]
    unknown_zones: tuple[str, ...]


def check_travel(data_folder: str | Path) -> TravelCheck:
    """Compare both models with the real times in ``data_folder``; any hospitals will do.

    Reads travel/lsoa11_to_hospital_drive_minutes.csv (a column a hospital, by postcode), travel/hospitals.csv,
    and the small areas in geography/. Raises ``UsageError`` where a file is missing or fewer than two hospitals
    are in reach.
    """
    case = _read(Path(data_folder))
    near = _near(case.hospitals, road_points())
    halves = (case.hospitals.index[::2], case.hospitals.index[1::2])
    errors: list[pd.DataFrame] = []
    speeds: list[dict[str, Any]] = []
    errors += _told_apart(case, _straight(case, halves, speeds), model=STRAIGHT, near=near)
    errors += _told_apart(case, _roads(case, halves, speeds, ROADS), model=ROADS, near=near)
    if len(near) > 1:
        close = _Case(case.zones, case.hospitals.loc[near], case.real[near], (), ())
        parts = (near[::2], near[1::2])
        errors += _told_apart(close, _roads(close, parts, speeds, ALONE), model=ALONE, near=near)
    return TravelCheck(
        rows=pd.concat(errors, ignore_index=True),
        speeds=pd.DataFrame(speeds),
        halves=(tuple(halves[0]), tuple(halves[1])),
        near=tuple(near),
        out_of_reach=case.out_of_reach,
        unknown_zones=case.unknown_zones,
    )


def check_rows(data_folder: str | Path) -> pd.DataFrame:
    """The errors that ``check_travel`` finds, as a table."""
    return check_travel(data_folder).rows


def _read(folder: Path) -> _Case:
    names = [
        "travel/lsoa11_to_hospital_drive_minutes.csv",
        "travel/hospitals.csv",
        "geography/lsoa21_centroids.csv",
        "geography/lookup_lsoa11_lsoa21.csv",
    ]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise UsageError(f"{folder}: no {', '.join(missing)}; expected the folder of open files")
    real, hospitals, centres, lookup = (pd.read_csv(folder / name) for name in names)
    real = real.set_index("lsoa11_code").drop(columns="lsoa11_name", errors="ignore").apply(pd.to_numeric)
    parts = lookup[["lsoa11_code", "lsoa21_code"]].drop_duplicates()
    parts = parts.merge(centres[["lsoa21_code", "easting", "northing", "ruc"]], on="lsoa21_code", validate="m:1")
    # A small area that was split in 2021 stands at the middle of its parts.
    grouped = parts.groupby("lsoa11_code")
    zones = grouped[["easting", "northing"]].mean().assign(area=grouped["ruc"].first().str.lower())
    unknown = tuple(str(name) for name in real.index.difference(zones.index))
    real = real.loc[real.index.intersection(zones.index)]
    placed = hospitals.set_index("postcode")[["easting", "northing"]].dropna()
    listed = placed.loc[[name for name in real.columns if name in placed.index]]
    reached = _near(listed, wide_road_points())
    lost = tuple(str(name) for name in real.columns if name not in reached)
    if len(reached) < 2:
        raise UsageError(f"{folder}: {len(reached)} hospitals in reach of the roads; expected two or more")
    return _Case(zones.loc[real.index], listed.loc[reached], real[reached], lost, unknown)


def _near(hospitals: pd.DataFrame, points: pd.DataFrame) -> "pd.Index[str]":
    """The hospitals within ``NEAR_METRES`` of any of ``points``."""
    sides = (
        hospitals[side].to_numpy(dtype=np.float64)[:, None] - points[side].to_numpy(dtype=np.float64)
        for side in ("easting", "northing")
    )
    within = np.hypot(*sides).min(axis=1) <= NEAR_METRES
    kept: pd.Index[str] = hospitals.index[within]
    return kept


_Found = tuple[dict[str, pd.DataFrame], list[pd.DataFrame]]
"""Minutes before calibration, by how; and after, calibrated on each half, for every hospital."""


def _straight(case: _Case, halves: tuple[pd.Index, pd.Index], speeds: list[dict[str, Any]]) -> _Found:
    """Straight lines times ``DETOUR``."""

    def minutes(kmh: float, fixed: float) -> pd.DataFrame:
        found = straight_line_times(case.zones, case.hospitals, detour=DETOUR, kmh=kmh, boarding_minutes=fixed)
        return pd.DataFrame(found.minutes, index=found.zones, columns=found.sites)

    after = []
    for name, half in zip(("first half", "second half"), halves, strict=True):
        fit = straight_line_fit(case.zones, case.hospitals, case.real[half], detour=DETOUR)
        after.append(minutes(fit.kmh, fit.fixed_minutes))
        told = {"km/h along the road": fit.kmh, "fixed minutes": fit.fixed_minutes}
        speeds += [{"calibrated_on": name, "model": STRAIGHT, "item": item, "value": v} for item, v in told.items()]
    return {"nothing": minutes(PLAIN_KMH, 0.0)}, after


def _roads(case: _Case, halves: tuple[pd.Index, pd.Index], speeds: list[dict[str, Any]], model: str) -> _Found:
    """The roads at the example's own speeds, without traffic and as in the morning, and at calibrated ones."""
    travel = tomllib.loads((FACTS / "costs.toml").read_text(encoding="utf-8"))["travel"]
    given: dict[str, float] = travel["speeds"]
    limit, off_road = float(travel["snap_limit_metres"]), float(travel["off_road_kmh"])
    if model == ROADS:
        table = wide_road_table(case.zones, case.hospitals)
    else:
        ends = [
            frame.rename_axis(name).reset_index() for frame, name in ((case.zones, "zone"), (case.hospitals, "site"))
        ]
        table = road_table(*ends).assign(oneway=False)

    def minutes(kmh: dict[str, float], *, fixed: float = 0.0, peak: float = 1.0) -> pd.DataFrame:
        network = road_network(table, speeds=kmh, peak_factor=peak)
        found = route_times(
            network,
            case.zones,
            case.hospitals,
            boarding_minutes=fixed,
            snap_limit_metres=limit,
            off_road_kmh=off_road,
        )
        return pd.DataFrame(found.minutes, index=found.zones, columns=found.sites)

    network = road_network(table, speeds=given)
    after = []
    for name, half in zip(("first half", "second half"), halves, strict=True):
        fit = speed_fit(
            network, case.zones, case.hospitals, case.real[half], snap_limit_metres=limit, off_road_kmh=off_road
        )
        kmh = {road: float(speed * fit.multipliers.get(road, 1.0)) for road, speed in given.items()}
        after.append(minutes(kmh, fixed=fit.fixed_minutes))
        told = {**kmh, "fixed minutes": fit.fixed_minutes}
        speeds += [{"calibrated_on": name, "model": model, "item": item, "value": v} for item, v in told.items()]
    morning = minutes(given, fixed=float(travel["boarding_minutes"]), peak=float(travel["peak_factor"]))
    return {"nothing": minutes(given), "nothing; with the morning's peak and boarding": morning}, after


def _told_apart(case: _Case, found: _Found, *, model: str, near: pd.Index) -> list[pd.DataFrame]:
    """The errors of one model: as set, calibrated on either half and judged on the other, and both together."""
    before, after = found
    errors = []
    every = case.hospitals.index
    parts = {"first half": every[::2], "second half": every[1::2]}
    unseen = after[1].copy()
    unseen[parts["second half"]] = after[0][parts["second half"]]
    judged = [(how, "all", every, minutes) for how, minutes in before.items()]
    judged += [
        ("first half", "second half", parts["second half"], after[0]),
        ("second half", "first half", parts["first half"], after[1]),
        ("the other half", "each half", every, unseen),
    ]
    for how, on, columns, minutes in judged:
        for reach, kept in (("all", columns), ("near", columns.intersection(near, sort=False))):
            if len(kept) and not (reach == "all" and model == ALONE):
                table = travel_errors(minutes[kept], case.real[kept], groups=case.zones["area"])
                table = table.rename(columns={"group": "area"})
                labels = {"model": model, "calibrated_on": how, "judged_on": on, "hospitals": reach}
                errors.append(pd.DataFrame([labels] * len(table)).join(table))
    return errors


def told(check: TravelCheck) -> str:
    """What the check means, in a few lines."""
    rows = check.rows[check.rows["calibrated_on"] == "the other half"]
    rows = rows[(rows["hospitals"] == "all") & rows["model"].isin([STRAIGHT, ROADS])]
    lines = [
        f"{len(check.halves[0]) + len(check.halves[1])} hospitals; near the county: {', '.join(check.near) or 'none'}"
    ]
    lines += [f"{name} half: {', '.join(half)}" for name, half in zip(("first", "second"), check.halves, strict=True)]
    lines.append(f"out of reach, in no figure: {', '.join(check.out_of_reach) or 'none'}")
    lines.append(f"small areas without a place, in no figure: {len(check.unknown_zones)}")
    lines.append("On hospitals that calibration had not seen, a journey is off by, on average:")
    lines += [
        f"  {area}: {model}, {minutes:.1f} minutes, {percent:.1f}% ({pairs:,} journeys)"
        for model, area, minutes, percent, pairs in rows[
            ["model", "area", "mean_absolute_minutes", "mean_absolute_percent", "pairs"]
        ].itertuples(index=False)
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """The command line: DATA [OUT]; 0 when the check is made, 2 when it cannot be."""
    if len(arguments) not in (1, 2):
        print("usage: python examples/check_travel.py DATA [OUT]", file=sys.stderr)
        return 2
    try:
        check = check_travel(arguments[0])
        if len(arguments) == 2:
            out = Path(arguments[1])
            out.mkdir(parents=True, exist_ok=True)
            for name, table in (("travel_check", check.rows), ("travel_speeds", check.speeds)):
                table.round(3).to_csv(out / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        else:
            print(check.rows.round(2).to_string(index=False), check.speeds.round(2).to_string(index=False), sep="\n\n")
    except (PlaceplanError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(told(check))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
