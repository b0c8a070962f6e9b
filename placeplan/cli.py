"""The command line: one command a question; it reads, asks a study, writes a run and says where it is."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from placeplan.cli_check import check
from placeplan.cli_compare import compare
from placeplan.cli_coverage import atlas_of, coverage
from placeplan.cli_forecast import forecast
from placeplan.cli_new import new
from placeplan.cli_options import options
from placeplan.cli_travel import travel
from placeplan.command_parts import (
    Children,
    County,
    Draw,
    Explain,
    Frontier,
    FrontierSteps,
    Internal,
    Out,
    Places,
    Pounds,
    Replace,
    Solver,
    TimeLimit,
    Years,
    answered,
    clock,
    refuse_existing,
    run_folder,
    step,
)
from placeplan.county.vocabulary import QUESTIONS
from placeplan.errors import NotProvenError, UsageError

if TYPE_CHECKING:
    import placeplan as pp

__all__ = ["allocate", "app", "demo", "main", "report"]

EXAMPLE: Final = "example:derbyshire"
DEMO_PLACES: Final = 40
FRONTIER_STEPS: Final = 7
REPORT_YEARS: Final = 6
REPORT_DRAWS: Final = 60
"""Years and futures of the need to come that a report tells of; ``placeplan forecast`` has those of county.toml."""

app = typer.Typer(
    name="placeplan",
    help="Plan specialist school places: how many, of what kind, where, and at what cost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
@answered
def demo(out: Out = None, *, replace: Replace = False, internal: Internal = False) -> None:
    """The embedded county, every answer: a report, and the atlas of its coverage in a run beside it."""
    import placeplan as pp

    if out is not None:
        refuse_existing(_beside(out), replace=replace)
    folder = _answer_and_report(
        EXAMPLE,
        "demo",
        list(QUESTIONS),
        out=out,
        replace=replace,
        internal=internal,
        places=DEMO_PLACES,
    )
    atlas_of(_beside(folder), pp.read_county(EXAMPLE), internal=internal, replace=replace or out is None)


def _pages(folder: Path) -> tuple[Path, ...]:
    """What a run has to read, the first that is there; its folder where it has none."""
    return (*(folder / f"{name}.html" for name in ("report", "atlas", "forecast", "options", "compare")), folder)


def _beside(folder: Path) -> Path:
    """The folder of the coverage that belongs to a demo."""
    return folder.with_name(f"{folder.name}-coverage")


@app.command()
@answered
def allocate(
    county: County,
    *,
    question: Annotated[str, typer.Option("--question", help=f"One of {', '.join(QUESTIONS)}, or all.")] = "september",
    places: Places = None,
    pounds: Pounds = None,
    years: Years = None,
    draw: Draw = None,
    explain: Explain = False,
    child: Children = None,
    frontier: Frontier = False,
    frontier_steps: FrontierSteps = None,
    spot_purchase: Annotated[
        bool,
        typer.Option(
            "--spot-purchase/--no-spot-purchase",
            help="Whether an independent place can always be bought for one child.",
        ),
    ] = True,
    solver: Solver = "HiGHS",
    time_limit: TimeLimit = None,
    out: Out = None,
    replace: Replace = False,
    internal: Internal = False,
) -> None:
    """Who goes where: the coming September beside everyone as placed today, proven and verified."""
    if question not in (*QUESTIONS, "all"):
        raise UsageError(f"--question {question}: expected one of {', '.join(QUESTIONS)}, all")
    if years is not None and question != "september":
        raise UsageError(f"--years with --question {question}: expected --question september")
    if draw is not None and years is None:
        raise UsageError("--draw: expected --years with it")
    if question == "today" and (explain or frontier):
        raise UsageError("--explain and --frontier: expected --question september, afresh or all")
    if child and not (explain and internal):
        raise UsageError("--child: expected --explain and --internal with it, as options of a child are child-level")
    if frontier_steps is not None and not frontier:
        raise UsageError("--frontier-steps: expected --frontier with it")
    wanted = set(QUESTIONS) if question == "all" else {"today", question}
    _answer_and_report(
        county,
        "allocate",
        [q for q in QUESTIONS if q in wanted],
        out=out,
        replace=replace,
        internal=internal,
        places=places,
        pounds=pounds,
        years=years,
        draw=draw,
        explain=explain,
        children=child or [],
        frontier_steps=frontier_steps or FRONTIER_STEPS if frontier else None,
        spot_purchase=spot_purchase,
        solver=solver,
        time_limit=time_limit,
    )


@app.command()
@answered
def report(
    source: Annotated[str, typer.Argument(help="A county, or the folder of a run.", metavar="COUNTY|RUN")],
    out: Out = None,
    *,
    places: Places = None,
    pounds: Pounds = None,
    replace: Replace = False,
    internal: Internal = False,
) -> None:
    """Every answer about a county in one report; or the pages of a run made again from its tables."""
    import placeplan as pp

    if (Path(source) / "run.json").is_file():
        folder = pp.write_report(
            pp.read_run(source), out or Path(source), internal=internal, replace=replace or out is None
        )
        typer.echo(str(next(page for page in _pages(folder) if page.exists())))
        return
    _answer_and_report(
        source, "report", list(QUESTIONS), out=out, replace=replace, internal=internal, places=places, pounds=pounds
    )


app.command()(answered(new))
app.command()(answered(check))
app.command()(answered(travel))
app.command()(answered(coverage))
app.command()(answered(forecast))
app.command()(answered(options))
app.command()(answered(compare))


def main() -> None:
    """Run the command line."""
    app()


def _answer_and_report(
    source: str,
    command: str,
    questions: list[str],
    *,
    out: Path | None,
    replace: bool,
    internal: bool,
    places: int | None = None,
    pounds: float | None = None,
    years: int | None = None,
    draw: int | None = None,
    explain: bool = False,
    children: Sequence[str] = (),
    frontier_steps: int | None = None,
    spot_purchase: bool = True,
    solver: str = "HiGHS",
    time_limit: float | None = None,
) -> Path:
    import placeplan as pp

    if places is not None and pounds is not None:
        raise UsageError("--places and --pounds: expected one of the two")
    lead = "september" if "september" in questions else questions[-1]
    if lead == "today" and (places is not None or pounds is not None):
        raise UsageError("--places and --pounds: expected --question september, afresh or all")
    stated = (
        ("places", places),
        ("pounds", pounds),
        ("years", years),
        ("draw", draw),
        ("explain", explain or None),
        # How many and not who: options are told on every page.
        ("children_explained", len(children) or None),
        ("frontier_steps", frontier_steps),
        ("time_limit", time_limit),
    )
    options = {
        "question": lead if len(questions) < len(QUESTIONS) else "all",
        "spot_purchase": spot_purchase,
        "solver": solver,
        "internal": internal,
        **{name: value for name, value in stated if value is not None},
    }
    with clock() as timings:
        with step(timings, "read"):
            county = pp.read_county(source)
        if years is not None and not 1 <= years <= county.settings.forecast.years:
            raise UsageError(f"--years {years}: expected 1 to {county.settings.forecast.years}, those of the forecast")
        folder = run_folder(
            out, county.name, command, f"{county.digest}{sorted(options.items())}{sorted(children) or ''}"
        )
        refuse_existing(folder, replace=replace)
        with step(timings, "travel"):
            travel = pp.travel_times(county, progress=sys.stderr.isatty())
        answers = []
        for question in questions:
            with step(timings, question):
                answers.append(
                    pp.allocate_places(
                        county,
                        travel,
                        question=question,
                        spot_purchase=spot_purchase,
                        solver=solver,
                        time_limit=time_limit,
                    )
                )
        base = next(answer for answer in answers if answer.question == lead)
        more = None
        if places is not None or pounds is not None:
            with step(timings, "more places"):
                more = pp.add_places(county, travel, base, places=places, pounds=pounds, solver=solver)
        why = _explained(timings, county, travel, base, children=children if explain else None, solver=solver)
        trade = _traded(timings, base, steps=frontier_steps, solver=solver)
        ahead = None
        if command in ("demo", "report") and pp.can_forecast(county):
            with step(timings, "forecast"):
                ahead = pp.forecast_need(county, years=REPORT_YEARS, draws=REPORT_DRAWS, scenarios=[], peers=False)
        later = None
        if years is not None:
            with step(timings, "forecast"):
                ahead = pp.forecast_need(county, years=years, draws=REPORT_DRAWS, scenarios=[], peers=False)
            with step(timings, "over the years"):
                later = pp.allocate_years(
                    county,
                    travel,
                    ahead,
                    years=years,
                    draws=None if draw is None else [draw],
                    spot_purchase=spot_purchase,
                    solver=solver,
                    time_limit=time_limit,
                )
        run = pp.allocation_run(
            answers,
            more_places=more,
            forecast=ahead,
            over_years=later,
            explanation=why,
            trade_offs=trade,
            command=command,
            options=options,
        )
        with step(timings, "report"):
            pp.write_report(run, folder, internal=internal, replace=replace, timings=timings)
    _tell(folder, internal=internal)
    proofs = {answer.question: answer.proof for answer in answers} | ({"years": later.proof} if later else {})
    unproven = {name: proof for name, proof in proofs.items() if proof.status == "feasible"}
    if unproven:
        bounds = "; ".join(
            f"{name}: £{proof.objective:,.0f}, and no answer is below £{proof.bound:,.0f}"
            for name, proof in unproven.items()
        )
        raise NotProvenError(f"not proven to be the best ({bounds}); written to {folder}")
    return folder


def _explained(
    timings: dict[str, float],
    county: "pp.County",
    travel: "pp.TravelTimes",
    base: "pp.Allocation",
    *,
    children: Sequence[str] | None,
    solver: str,
) -> "pp.Explanation | None":
    import placeplan as pp

    if children is None:
        return None
    with step(timings, "why"):
        return pp.explain_places(county, travel, base, children=children, solver=solver)


def _traded(
    timings: dict[str, float], base: "pp.Allocation", *, steps: int | None, solver: str
) -> "pp.TradeOffs | None":
    import placeplan as pp

    if steps is None:
        return None
    with step(timings, "cost against travel"):
        return pp.trade_offs(base, steps=steps, solver=solver)


def _tell(folder: Path, *, internal: bool) -> None:
    """Say the answer as the page does: share-safe unless the detail was asked for."""
    from placeplan.report.answer import answer_sentences, places_sentences
    from placeplan.report.explained_section import explained_sentences
    from placeplan.report.trade_offs_section import trade_offs_sentences
    from placeplan.report.years_section import years_sentences
    from placeplan.runs import read_run

    run = read_run(folder)
    parts = (answer_sentences, places_sentences, explained_sentences, trade_offs_sentences, years_sentences)
    said = [sentence for part in parts for sentence in part(run)]
    for sentence in said:
        typer.echo(sentence)
    if "years" in run.tables:
        for warning in run.facts["forecast_warnings"]:
            typer.echo(f"How sure: {warning}")
    if internal:
        typer.echo("INTERNAL: this run holds child rows; keep it where they may be kept.")
    typer.echo(str(folder / "report.html"))
