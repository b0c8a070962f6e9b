"""The command forecast: the need of years to come, how sure it is, scenarios, and what came since a past year."""

import sys
from typing import Annotated, Any

import typer

from placeplan.command_parts import County, Internal, Out, Replace, clock, refuse_existing, run_folder, step

__all__ = ["forecast"]


def forecast(
    county: County,
    *,
    years: Annotated[int | None, typer.Option("--years", min=1, max=25, help="Years ahead.")] = None,
    draws: Annotated[int | None, typer.Option("--draws", min=2, max=10_000, help="Futures drawn.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of the futures.")] = None,
    as_of: Annotated[
        int | None, typer.Option("--as-of", help="Forecast from a past academic year, and score what came.")
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Scenarios to compare, by name; all unless named.")
    ] = None,
    backtests: Annotated[
        bool, typer.Option("--backtests/--no-backtests", help="Whether to test the forecast on past years.")
    ] = True,
    allocate: Annotated[
        int | None, typer.Option("--allocate", help="Also place the need of this year, draw by draw.")
    ] = None,
    allocate_draws: Annotated[int, typer.Option("--allocate-draws", min=1, help="In so many draws.")] = 5,
    out: Out = None,
    replace: Replace = False,
    internal: Internal = False,
) -> None:
    """How many children will need a specialist place, of what kind and where, and how far to trust it."""
    import placeplan as pp
    from placeplan.report.forecast_sections import forecast_lede
    from placeplan.runs import read_run

    stated = (
        ("allocate", allocate),
        ("years", years),
        ("draws", draws),
        ("seed", seed),
        ("as_of", as_of),
        ("scenarios", scenario),
    )
    options: dict[str, Any] = {name: value for name, value in stated if value is not None}
    options |= {"backtests": backtests, "internal": internal}
    with clock() as timings:
        with step(timings, "read"):
            read = pp.read_county(county)
        folder = run_folder(out, read.name, "forecast", f"{read.digest}{sorted(options.items())}")
        refuse_existing(folder, replace=replace)
        with step(timings, "forecast"):
            answer = pp.forecast_need(
                read, years=years, draws=draws, seed=seed, as_of=as_of, scenarios=scenario, backtests=backtests
            )
        placed = None
        if allocate is not None:
            options["allocate_draws"] = allocate_draws
            with step(timings, "travel"):
                travel = pp.travel_times(read, progress=sys.stderr.isatty())
            with step(timings, "allocate"):
                placed = pp.allocate_need(read, travel, answer, allocate, draws=range(allocate_draws)).summary
        with step(timings, "report"):
            pp.report_forecast(
                answer, folder, placed=placed, options=options, internal=internal, replace=replace, timings=timings
            )
    typer.echo(forecast_lede(read_run(folder)))
    for warning in answer.warnings:
        typer.echo(f"How sure: {warning}")
    if internal:
        typer.echo("INTERNAL: this run holds need by locality, need and phase; keep it where it may be kept.")
    typer.echo(str(folder / "forecast.html"))
