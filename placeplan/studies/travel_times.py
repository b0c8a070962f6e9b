"""Travel times: from the county's roads, or its ready matrix, to minutes and km between zones and sites."""

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import platformdirs
import shapely
from rich.console import Console
from rich.progress import Progress

import placeplan.geo
from placeplan.county.county import County
from placeplan.errors import UsageError
from placeplan.geo.imported import matrix_times
from placeplan.geo.roads import components
from placeplan.geo.routes import route_times
from placeplan.geo.snap import snap_points
from placeplan.geo.straight_line import straight_line_times
from placeplan.geo.travel import Reason, TravelTimes, make_travel_times
from placeplan.runs import Run, write_run
from placeplan.studies.road_network import (
    bad_settings,
    county_network,
    county_sites,
    county_zones,
    input_faults,
    journey_source,
)

__all__ = ["CACHE_VARIABLE", "candidate_times", "travel_audit", "travel_times", "write_travel"]

CACHE_VARIABLE: Final = "PLACEPLAN_CACHE"
"""The environment variable that names another folder for the cache than the user's own."""

log = logging.getLogger(__name__)


def travel_times(county: County, *, cache: bool = True, progress: bool = False) -> TravelTimes:
    """Morning journeys from every zone to every site of ``county``, one way.

    They come from its roads or its ready matrix, as ``county.settings.travel`` says; a straight line times
    a detour factor is used only where ``straight_line_detour`` is set. ``method`` of the answer tells
    which. Peak factor, boarding minutes and limit hold for all three.

    With ``cache`` the answer is kept in the user's cache folder (or that named by ``PLACEPLAN_CACHE``)
    under a hash of everything that it depends on; a file that is damaged is made anew. There is nothing
    about children in it. With ``progress`` a bar is shown on a terminal.

    Raises ``InputError`` with every fault of the roads or the matrix.
    """
    if not cache:
        return _computed(county, county_sites(county), progress=progress)
    path = _cache_folder() / f"travel-{_key(county)}.npz"
    kept = _read(path)
    if kept is not None and _fits(kept, county):
        return kept
    made = _computed(county, county_sites(county), progress=progress)
    _write(path, made)
    return made


def travel_audit(county: County, travel: TravelTimes) -> pd.DataFrame:
    """What ``travel`` rests on: a table of measure, value.

    zones, sites and pairs are counts; share_REASON is a share of the pairs for each ``Reason``. Where the
    journeys are by road: road_nodes, road_links, road_components (parts that no road joins),
    share_nodes_in_largest_component, share_nodes_in_largest_two_way_component, share_points_snapped (zones
    and sites within the limit) and longest_snap_metres (of those).
    """
    pairs = travel.reason.size
    rows: list[tuple[str, float]] = [
        ("zones", len(travel.zones)),
        ("sites", len(travel.sites)),
        ("pairs", pairs),
        *(
            (f"share_{reason.name}", float((travel.reason == reason).sum()) / pairs if pairs else 0.0)
            for reason in Reason
        ),
    ]
    if journey_source(county) == "roads":
        network = county_network(county)
        parts = components(network)
        limit = county.settings.travel.snap_limit_metres
        ties = [
            snap_points(network, points, limit_metres=limit) for points in (county_zones(county), county_sites(county))
        ]
        snapped = np.concatenate([tie.snapped for tie in ties])
        legs = np.concatenate([tie.off_road_metres for tie in ties])[snapped]
        rows += [
            ("road_nodes", len(network.nodes)),
            ("road_links", len(network.tail)),
            ("road_components", parts.count),
            ("share_nodes_in_largest_component", parts.largest_share),
            ("share_nodes_in_largest_two_way_component", parts.largest_two_way_share),
            ("share_points_snapped", float(snapped.mean()) if len(snapped) else 0.0),
            ("longest_snap_metres", float(legs.max()) if len(legs) else 0.0),
        ]
    return pd.DataFrame(
        {"measure": pd.Series([name for name, _ in rows], dtype="str"), "value": [float(value) for _, value in rows]}
    )


def candidate_times(county: County, points: pd.DataFrame) -> TravelTimes:
    """Journeys from every zone to places that are no sites yet: ``points`` by label with easting and northing.

    Raises ``UsageError`` where the county's journeys are a ready matrix: only its own sites are timed.
    """
    if journey_source(county) == "travel":
        names = ", ".join(map(str, points.index))
        raise UsageError(f"journeys to {names}: the county has a ready matrix; expected candidates at sites of it")
    return _computed(county, points, progress=False)


def _computed(county: County, sites: pd.DataFrame, *, progress: bool) -> TravelTimes:
    options = county.settings.travel
    source = journey_source(county)
    extra = _extras(county)
    if source == "straight_line":
        detour = options.straight_line_detour or 1.0
        try:
            return straight_line_times(
                county_zones(county),
                sites,
                detour=detour,
                kmh=options.straight_line_kmh,
                peak_factor=options.peak_factor,
                boarding_minutes=options.boarding_minutes,
                limit_minutes=options.limit_minutes,
                method=f"straight line x {detour:g} at {options.straight_line_kmh:g} km/h, not roads{extra}",
            )
        except ValueError as error:
            raise bad_settings(error) from error
    if source == "travel":
        with input_faults("travel"):
            return matrix_times(
                county.travel,
                county.zones["zone"],
                county.sites["site"],
                peak_factor=options.peak_factor,
                boarding_minutes=options.boarding_minutes,
                limit_minutes=options.limit_minutes,
                method=f"ready matrix{extra}",
            )
    network = county_network(county)
    with input_faults("roads"), _bar("Travel times", shown=progress) as advance:
        return route_times(
            network,
            county_zones(county),
            sites,
            snap_limit_metres=options.snap_limit_metres,
            off_road_kmh=options.off_road_kmh,
            boarding_minutes=options.boarding_minutes,
            limit_minutes=options.limit_minutes,
            method=f"fastest route by road; speeds of {options.speeds_year}: {options.speeds_source}{extra}",
            on_progress=advance,
        )


def _extras(county: County) -> str:
    """The part of ``method`` that tells of peak factor, boarding and limit, where they are in use."""
    options = county.settings.travel
    said = ""
    if options.peak_factor != 1:
        said += f"; minutes x {options.peak_factor:g} at peak"
    if options.boarding_minutes:
        said += f"; {options.boarding_minutes:g} minutes for boarding"
    if options.limit_minutes is not None:
        said += f"; up to {options.limit_minutes:g} minutes"
    return said


@contextlib.contextmanager
def _bar(task: str, *, shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on a terminal; nothing in a pipe."""
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(task)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _cache_folder() -> Path:
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("placeplan", appauthor=False)


def _key(county: County) -> str:
    """A hash of all that the travel times depend on: points, roads or matrix, settings and code."""
    source = journey_source(county)
    digest = hashlib.sha256()

    def add(name: str, content: bytes) -> None:
        digest.update(f"{name}:{len(content)}:".encode())
        digest.update(content)

    add("source", source.encode())
    add("settings", json.dumps(dataclasses.asdict(county.settings.travel), sort_keys=True).encode())
    tables = {"zones": county_zones(county).reset_index(), "sites": county_sites(county).reset_index()}
    if source != "straight_line":
        tables[source] = county.roads if source == "roads" else county.travel
    for table, frame in tables.items():
        for column in frame.columns:
            add(f"{table}.{column}", _column_bytes(frame[column]))
    for package in ("numpy", "scipy", "shapely"):
        add(package, version(package).encode())
    for file in sorted([*Path(placeplan.geo.__path__[0]).glob("*.py"), Path(__file__)]):
        add(file.name, file.read_bytes())
    return digest.hexdigest()


def _column_bytes(column: pd.Series) -> bytes:
    if isinstance(column.dtype, gpd.array.GeometryDtype):
        column = pd.Series(shapely.to_wkb(column.to_numpy(), hex=True), dtype=object)
    elif pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan).tobytes()
    return json.dumps([None if pd.isna(value) else str(value) for value in column]).encode()


def _fits(travel: TravelTimes, county: County) -> bool:
    return list(travel.zones) == list(county.zones["zone"]) and list(travel.sites) == list(county.sites["site"])


def _read(path: Path) -> TravelTimes | None:
    """The travel times kept at ``path``; ``None`` where there are none or the file is damaged."""
    try:
        # The file is opened here, since np.load leaves a damaged one open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return make_travel_times(
                kept["zones"].tolist(),
                kept["sites"].tolist(),
                kept["minutes"],
                kept["km"],
                kept["reason"],
                method=str(kept["method"]),
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        log.warning("travel times kept at %s cannot be read (%s): they are made anew", path, error)
        return None


def _write(path: Path, travel: TravelTimes) -> None:
    """Keep ``travel`` at ``path``: written beside and renamed, so that no half-written file is ever there."""
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
        beside = Path(name)
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(
                file,
                zones=np.array(travel.zones.to_list(), dtype=np.str_),
                sites=np.array(travel.sites.to_list(), dtype=np.str_),
                minutes=travel.minutes,
                km=travel.km,
                reason=travel.reason,
                method=np.array(travel.method),
            )
        beside.replace(path)
    except OSError as error:  # an answer does not fail because it cannot be kept
        log.warning("travel times cannot be kept at %s: %s", path, error)
        if beside is not None:
            beside.unlink(missing_ok=True)


def write_travel(county: County, travel: TravelTimes, out: str | Path, *, replace: bool = False) -> Path:
    """Write the journeys (travel.csv) and what they rest on (travel_audit.csv) as a run's folder, and return it.

    There is nothing about children in it. Raises ``UsageError`` where ``out`` exists and ``replace`` is not given.
    """
    journeys = travel.frame().replace({"minutes": {np.inf: np.nan}, "km": {np.inf: np.nan}})
    facts = {"county": county.name, "command": "travel", "input_digest": county.digest, "travel_method": travel.method}
    tables = {"travel": journeys, "travel_audit": travel_audit(county, travel)}
    return write_run(Run("travel", county.name, tables, {}, facts), out, files={}, replace=replace)
