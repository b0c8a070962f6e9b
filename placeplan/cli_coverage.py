"""The command coverage: who can reach what, what candidate bases would change, and where bases would be best."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from placeplan.command_parts import (
    County,
    Internal,
    Out,
    Replace,
    Solver,
    TimeLimit,
    clock,
    refuse_existing,
    run_folder,
    step,
)
from placeplan.errors import NotProvenError, UsageError

__all__ = ["atlas_of", "coverage"]


def coverage(
    county: County,
    *,
    question: Annotated[str, typer.Option("--question", help="september or today: whose coverage.")] = "september",
    limit: Annotated[
        list[float] | None, typer.Option("--limit", help="Minutes at which to count, again and again; 45 and 75.")
    ] = None,
    candidate: Annotated[
        list[str] | None,
        typer.Option("--what-if", help="Candidate bases, by a part of their names; all unless named."),
    ] = None,
    like: Annotated[str | None, typer.Option("--where-best", help="Where should bases like this candidate be?")] = None,
    bases: Annotated[int, typer.Option("--bases", min=1, help="How many such bases.")] = 1,
    method: Annotated[
        str, typer.Option("--method", help="covering, fewest, median or capacitated: what is made best.")
    ] = "covering",
    service_areas: Annotated[
        str | None, typer.Option("--service-areas", help="kind or unit: draw from where each is reached at the limits.")
    ] = None,
    solver: Solver = "HiGHS",
    time_limit: TimeLimit = None,
    out: Out = None,
    replace: Replace = False,
    internal: Internal = False,
) -> None:
    """Who can reach what: coverage by locality, need and phase, the gaps, and an atlas to look them up in."""
    import placeplan as pp

    options: dict[str, Any] = {
        "question": question,
        "limits": limit or [45.0, 75.0],
        "what_if": candidate or "all",
        "service_areas": service_areas or "none",
        "internal": internal,
    }
    if like is not None:
        options |= {"where_best": like, "bases": bases, "method": method, "solver": solver, "time_limit": time_limit}
    if service_areas not in (None, "kind", "unit"):
        raise UsageError(f"--service-areas {service_areas}: expected kind or unit")
    with clock() as timings, step(timings, "read"):
        read = pp.read_county(county)
    folder = run_folder(out, read.name, "coverage", f"{read.digest}{sorted(options.items())}")
    refuse_existing(folder, replace=replace)
    unproven = _coverage_into(folder, read, options, timings=timings, replace=replace)
    _tell(folder, internal=internal)
    if unproven:
        raise NotProvenError(f"not proven to be the best: {unproven}; written to {folder}")


def atlas_of(folder: Path, county: Any, *, internal: bool, replace: bool) -> None:
    """Write the coverage of a county with the options that the command has of itself, and say where."""
    options = {
        "question": "september",
        "limits": [45.0, 75.0],
        "what_if": "all",
        "service_areas": "none",
        "internal": internal,
    }
    with clock() as timings:
        _coverage_into(folder, county, options, timings=timings, replace=replace)
    _tell(folder, internal=internal)


def _coverage_into(
    folder: Path, county: Any, options: dict[str, Any], *, timings: dict[str, float], replace: bool
) -> str:
    """Measure, ask what was asked and write the run; what is not proven, in words."""
    import placeplan as pp
    from placeplan.studies.road_network import journey_source

    with step(timings, "travel"):
        times = pp.travel_times(county, progress=sys.stderr.isatty())
    with step(timings, "coverage"):
        answer = pp.measure_coverage(county, times, question=options["question"], limits=options["limits"])
    extra, journeys, areas, unproven = {}, None, None, ""
    named = None if options["what_if"] == "all" else options["what_if"]
    if named or len(county.candidates):
        with step(timings, "what if"):
            extra["what_if"] = pp.what_if(answer, named)
            journeys = pp.with_candidates(answer)
    if "where_best" in options:
        with step(timings, "where best"):
            found = pp.where_best(
                answer,
                journeys or times,
                like=options["where_best"],
                sites=options["bases"],
                method=options["method"],
                solver=options["solver"],
                time_limit=options["time_limit"],
            )
            extra["where_best"] = found
            row = found.iloc[0]
            if row["status"] != "optimal":
                unproven = f"{row['method']}, {row['objective']:,.1f}, bound {row['bound']:,.1f}"
    if options["service_areas"] != "none":
        with step(timings, "service areas"):
            by_zone = journey_source(county) != "roads"
            areas = pp.service_areas(
                county,
                minutes=options["limits"],
                by=options["service_areas"],
                travel=times if by_zone else None,
                year=answer.year,
            )
    with step(timings, "report"):
        pp.report_coverage(
            answer,
            folder,
            extra=extra,
            journeys=journeys,
            service_areas=areas,
            options=options,
            internal=options["internal"],
            replace=replace,
            timings=timings,
        )
    return unproven


def _tell(folder: Path, *, internal: bool) -> None:
    """Say the answer as the page does: share-safe unless the detail was asked for."""
    from placeplan.report.coverage_page import lede
    from placeplan.runs import read_run

    typer.echo(lede(read_run(folder)))
    if internal:
        typer.echo("INTERNAL: this run holds children by zone; keep it where they may be kept.")
    page = folder / "atlas.html"
    typer.echo(str(page if page.exists() else folder))
