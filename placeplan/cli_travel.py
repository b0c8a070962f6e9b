"""placeplan travel: the journeys of a county with what they rest on, and its speeds fitted to observed ones."""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from placeplan.command_parts import County, Out, Replace, clock, refuse_existing, run_folder, step

__all__ = ["travel"]

Calibrate = Annotated[
    Path | None,
    typer.Option(
        "--calibrate",
        metavar="FILE",
        help="Fit speeds to half of a csv of observed journeys (zone, minutes, and site or easting and northing), and "
        "state the error on the other half.",
    ),
]


def travel(county: County, out: Out = None, *, calibrate: Calibrate = None, replace: Replace = False) -> None:
    """Time the journeys between zones and sites; write them with what they rest on."""
    import placeplan as pp

    with clock() as timings:
        with step(timings, "read"):
            read = pp.read_county(county)
        # A file that is not there is told of by the calibration.
        observed = calibrate.read_bytes() if calibrate is not None and calibrate.is_file() else b""
        digest = f"{read.digest}{sha256(observed).hexdigest()}" if observed else read.digest
        folder = run_folder(out, read.name, "travel", digest)
        refuse_existing(folder, replace=replace)
        fitted = None
        if calibrate is not None:
            with step(timings, "calibrate"):
                fitted = pp.calibrate_travel(read, calibrate)
        with step(timings, "travel"):
            times = pp.travel_times(read, progress=sys.stderr.isatty())
        with step(timings, "write"):
            pp.write_travel(read, times, folder, calibration=fitted, replace=replace)
    reached = times.reason == 0
    typer.echo(
        f"{len(times.zones):,} zones to {len(times.sites):,} sites, {reached.mean():.1%} of the journeys reached."
    )
    for labels, axis, what in ((times.sites, 0, "site"), (times.zones, 1, "zone")):
        lost = [str(label) for label in labels[~reached.any(axis=axis)]]
        if lost:
            shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10:,} more" if len(lost) > 10 else "")
            words = "No zone reaches" if what == "site" else "No site is reached from"
            typer.echo(f"{words} {shown}.")
    typer.echo(f"Method: {times.method}.")
    if fitted is not None:
        for sentence in fitted.sentences():
            typer.echo(sentence)
        typer.echo(f"These lines of county.toml make journeys as fitted:\n\n{fitted.lines}\n")
    typer.echo(str(folder))
