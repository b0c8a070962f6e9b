"""Travel times: from the county's roads, or its ready matrix, to minutes and km between zones and sites."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from placeplan.county.county import County
from placeplan.errors import UsageError
from placeplan.geo.audit import NetworkAudit, audit_roads
from placeplan.geo.imported import matrix_times
from placeplan.geo.road_tags import HONOURED, UNUSED
from placeplan.geo.roads import components, link_positions
from placeplan.geo.routes import ChunkStore, route_times
from placeplan.geo.snap import snap_points
from placeplan.geo.straight_line import straight_line_times
from placeplan.geo.travel import Reason, TravelTimes
from placeplan.report.audit_map import audit_map_png
from placeplan.runs import Run, write_run
from placeplan.studies.road_network import (
    bad_settings,
    county_network,
    county_roads,
    county_sites,
    county_zones,
    input_faults,
    journey_source,
    road_method,
)
from placeplan.studies.run_parts import run_facts
from placeplan.studies.travel_cache import CHUNKS, FolderChunks, cache_folder, keep, read_kept, travel_key
from placeplan.studies.travel_matrix import county_matrix, straight_km

__all__ = ["CalibrationTables", "audit_network", "candidate_times", "travel_audit", "travel_times", "write_travel"]


class CalibrationTables(Protocol):
    """What ``write_travel`` needs of a calibration (``calibrate_travel``)."""

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its tables."""
        ...

    @property
    def method(self) -> str:
        """What was fitted and kept."""
        ...

    @property
    def lines(self) -> str:
        """The lines of county.toml."""
        ...


def travel_times(county: County, *, cache: bool = True, progress: bool = False) -> TravelTimes:
    """Morning journeys from every zone to every site of ``county``, one way.

    They come from its roads or its ready matrix, as ``county.settings.travel`` says; a straight line times
    a detour factor is used only where ``straight_line_detour`` is set. ``method`` of the answer tells
    which. Peak factor, boarding minutes and limit hold for all three.

    With ``cache`` the answer is kept in the user's cache folder (or that named by ``PLACEPLAN_CACHE``)
    under a hash of everything that it depends on, and so is what is done of a long piece of work: when it is
    killed, the next call goes on from there. A file that is damaged is made anew. There is nothing about children
    in it. With ``progress`` a bar is shown on a terminal.

    Raises ``InputError`` with every fault of the roads or the matrix.
    """
    folder = cache_folder() if cache else None
    if folder is None:
        return _computed(county, county_sites(county), progress=progress)
    path = folder / f"travel-{travel_key(county)}.npz"
    kept = read_kept(path)
    if kept is not None and _fits(kept, county):
        return kept
    chunks = FolderChunks(path.with_suffix(CHUNKS))
    made = _computed(county, county_sites(county), progress=progress, store=chunks)
    keep(path, made)
    chunks.clear()
    return made


def travel_audit(county: County, travel: TravelTimes) -> pd.DataFrame:
    """What ``travel`` rests on: a table of measure, value.

    zones, sites and pairs are counts; share_REASON is a share of the pairs for each ``Reason``. Where the
    journeys are by road: road_nodes, road_links, road_components (parts that no road joins),
    share_nodes_in_largest_component, share_nodes_in_largest_two_way_component, share_points_snapped (zones
    and sites within the limit) and longest_snap_metres (of those). Of road files also not_used_ and not_driven_NAME:
    how many of the files' speed limits, turn restrictions and the like journeys are made without, and how many roads
    and barriers are not driven through.
    """
    pairs, source = travel.reason.size, journey_source(county)
    rows: list[tuple[str, float]] = [
        ("zones", len(travel.zones)),
        ("sites", len(travel.sites)),
        ("pairs", pairs),
        *(
            (f"share_{reason.name}", float((travel.reason == reason).sum()) / pairs if pairs else 0.0)
            for reason in Reason
            # Only a matrix has a cut-off.
            if reason != Reason.beyond_cut_off or source == "travel"
        ),
    ]
    if source == "roads":
        roads = county_roads(county)
        network = county_network(county, roads)
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
            *((f"not_used_{name}", roads.counts[name]) for name in UNUSED if name in roads.counts),
            *((f"not_driven_{name}", roads.counts[name]) for name in HONOURED if name in roads.counts),
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


def _computed(county: County, sites: pd.DataFrame, *, progress: bool, store: ChunkStore | None = None) -> TravelTimes:
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
        matrix, said = county_matrix(county)
        with input_faults("travel"):
            made = matrix_times(
                matrix,
                county.zones["zone"],
                county.sites["site"],
                peak_factor=options.peak_factor,
                boarding_minutes=options.boarding_minutes,
                limit_minutes=options.limit_minutes,
                straight_km=straight_km(county),
                method=f"{said}{extra}",
            )
        return dataclasses.replace(made, method=made.method + _cut_off(made, matrix))
    roads = county_roads(county)
    network = county_network(county, roads)
    with input_faults("roads"), _bar("Travel times", shown=progress) as advance:
        return route_times(
            network,
            county_zones(county),
            sites,
            snap_limit_metres=options.snap_limit_metres,
            off_road_kmh=options.off_road_kmh,
            boarding_minutes=options.boarding_minutes,
            limit_minutes=options.limit_minutes,
            method=f"{road_method(roads)}; speeds of {options.speeds_year}: {options.speeds_source}{extra}",
            on_progress=advance,
            store=store,
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


def _cut_off(travel: TravelTimes, matrix: pd.DataFrame) -> str:
    """The part of ``method`` that tells journeys which a router has left out for their length from unreachable ones."""
    beyond = int((travel.reason == Reason.beyond_cut_off).sum())
    if not beyond:
        return ""
    longest = pd.to_numeric(matrix["minutes"]).max()
    share = beyond / travel.reason.size
    return (
        f"; {beyond:,} journeys ({share:.1%}) are not in it and lie beyond its longest, {longest:,.0f} minutes: "
        "longer than its cut-off, not without a way"
    )


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


def _fits(travel: TravelTimes, county: County) -> bool:
    return list(travel.zones) == list(county.zones["zone"]) and list(travel.sites) == list(county.sites["site"])


def write_travel(
    county: County,
    travel: TravelTimes,
    out: str | Path,
    *,
    calibration: CalibrationTables | None = None,
    replace: bool = False,
) -> Path:
    """Write the journeys and what they rest on as a run's folder, with the tables of ``calibration``, and return it.

    Tables travel and travel_audit; where they are by road, the network audit too (network_summary, network_components,
    network_snaps, network_worst_snaps, network_faults) with its map. There is nothing about children in it. Raises
    ``UsageError`` where ``out`` exists and ``replace`` is not given.
    """
    journeys = travel.frame().replace({"minutes": {np.inf: np.nan}, "km": {np.inf: np.nan}})
    facts = run_facts(county, command="travel", options=None, travel_method=travel.method)
    tables = {"travel": journeys, "travel_audit": travel_audit(county, travel)}
    if calibration is not None:
        tables |= calibration.tables
        facts |= {"calibration": calibration.method, "calibrated_settings": calibration.lines}
    files: dict[str, Callable[[], bytes] | Path] = {}
    if journey_source(county) == "roads":
        audit, lines, points = audit_network(county)
        frames = ("summary", "components", "snaps", "worst_snaps", "faults")
        tables |= {f"network_{name}": getattr(audit, name) for name in frames}
        # In a run's tables ``found`` is a number.
        tables["network_faults"] = audit.faults.rename(columns={"found": "details"})
        source = f"{county.name}. Journeys: {travel.method.partition(';')[0]}. British National Grid."
        files["network_audit.png"] = lambda: audit_map_png(audit, lines, points, county.localities, source=source)
    return write_run(Run("travel", county.name, tables, {}, facts), out, files=files, replace=replace)


def audit_network(county: County) -> tuple[NetworkAudit, NDArray[np.object_], pd.DataFrame]:
    """The audit of the county's roads with its zones and sites, the roads' lines, and all points.

    It lists what is wrong with roads that journeys could not be made of, too.
    """
    options = county.settings.travel
    links = county_roads(county).links
    points = {"zone": county_zones(county), "site": county_sites(county)}
    audit = audit_roads(links, points, speeds=options.speeds, snap_limit_metres=options.snap_limit_metres)
    starts, ends, lines = link_positions(links)
    straight = shapely.is_missing(lines) & np.isfinite(starts).all(axis=1) & np.isfinite(ends).all(axis=1)
    lines[straight] = shapely.linestrings(np.stack([starts[straight], ends[straight]], axis=1))
    return audit, lines, pd.concat(points.values())
