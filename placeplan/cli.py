"""The command line: one command a question; it reads, asks a study, writes a run and says where it is."""

import functools
import logging
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, ParamSpec, TypeVar

import typer

from placeplan.county.vocabulary import QUESTIONS
from placeplan.errors import NotProvenError, PlaceplanError, UsageError

if TYPE_CHECKING:
    pass

__all__ = ["allocate", "answered", "app", "check", "coverage", "demo", "main", "new", "report", "travel"]

EXAMPLE: Final = "example:derbyshire"
DEMO_PLACES: Final = 40
INTERRUPTED: Final = 130

log = logging.getLogger("placeplan")
app = typer.Typer(
    name="placeplan",
    help="Plan specialist school places: how many, of what kind, where, and at what cost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

County = Annotated[str, typer.Argument(help="A county's folder or workbook, or example:derbyshire.", metavar="COUNTY")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder of the run; by default runs/<county>-<command>-<hash>.")
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the run that is there already.")]
Internal = Annotated[
    bool, typer.Option("--internal", help="Write the detail too, child rows among it; every page is marked INTERNAL.")
]
Places = Annotated[int | None, typer.Option("--places", min=0, help="Where should so many more places go?")]
Pounds = Annotated[
    float | None, typer.Option("--pounds", min=0, help="Where should so many more pounds a year in the county go?")
]
TimeLimit = Annotated[float | None, typer.Option("--time-limit", min=0.1, help="Seconds the solver has for a stage.")]

P = ParamSpec("P")
R = TypeVar("R")


def answered(command: Callable[P, R]) -> Callable[P, R]:
    """Turn every error into one clear message on standard error and the exit code that belongs to it."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
        try:
            return command(*args, **kwargs)
        except PlaceplanError as error:
            typer.echo(f"placeplan: {error}", err=True)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            typer.echo("placeplan: interrupted; nothing half-made was left", err=True)
            raise typer.Exit(INTERRUPTED) from error
        except typer.Exit:
            raise
        except Exception as error:
            typer.echo(f"placeplan: internal error ({type(error).__name__}); see {_log_error(error)}", err=True)
            raise typer.Exit(1) from error

    return run


@app.command()
@answered
def demo(out: Out = None, *, replace: Replace = False, internal: Internal = False) -> None:
    """The embedded county, every answer, one report."""
    _answer_and_report(
        EXAMPLE,
        "demo",
        list(QUESTIONS),
        out=out,
        replace=replace,
        internal=internal,
        places=DEMO_PLACES,
    )


@app.command()
@answered
def new(folder: Annotated[Path, typer.Argument(help="Folder to make.", metavar="DIR")]) -> None:
    """Write an empty, commented county to fill in."""
    import placeplan as pp

    made = pp.write_template(folder)
    typer.echo(
        f"An empty county is in {made}: fill in the tables that TABLES.md describes, then placeplan check {made}"
    )


@app.command()
@answered
def check(county: County) -> None:
    """Print every fault of a county's tables at once: table, row, column, what was found and expected."""
    import placeplan as pp

    read = pp.read_county(county)
    counts = {
        "localities": len(read.localities),
        "zones": len(read.zones),
        "sites": len(read.sites),
        "units": read.units["unit"].nunique(),
        "children": len(read.children),
    }
    typer.echo(f"{read.name}: no faults. " + ", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".")


@app.command()
@answered
def travel(county: County, out: Out = None, *, replace: Replace = False) -> None:
    """Time the journeys between zones and sites; write them with what they rest on."""
    import placeplan as pp

    with _clock() as timings:
        with _step(timings, "read"):
            read = pp.read_county(county)
        with _step(timings, "travel"):
            times = pp.travel_times(read, progress=sys.stderr.isatty())
        with _step(timings, "write"):
            folder = pp.write_travel(read, times, _folder(out, read.name, "travel", read.digest), replace=replace)
    reached = float((times.reason == 0).mean())
    typer.echo(f"{len(times.zones):,} zones to {len(times.sites):,} sites, {reached:.1%} of the journeys reached.")
    typer.echo(f"Method: {times.method}.")
    typer.echo(str(folder))


@app.command()
@answered
def allocate(
    county: County,
    *,
    question: Annotated[str, typer.Option("--question", help=f"One of {', '.join(QUESTIONS)}, or all.")] = "september",
    places: Places = None,
    pounds: Pounds = None,
    spot_purchase: Annotated[
        bool,
        typer.Option(
            "--spot-purchase/--no-spot-purchase",
            help="Whether an independent place can always be bought for one child.",
        ),
    ] = True,
    solver: Annotated[str, typer.Option("--solver", help="Any solver that PuLP has here, by name.")] = "HiGHS",
    time_limit: TimeLimit = None,
    out: Out = None,
    replace: Replace = False,
    internal: Internal = False,
) -> None:
    """Who goes where: the coming September beside everyone as placed today, proven and verified."""
    if question not in (*QUESTIONS, "all"):
        raise UsageError(f"--question {question}: expected one of {', '.join(QUESTIONS)}, all")
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
        typer.echo(str(folder / "report.html"))
        return
    _answer_and_report(
        source, "report", list(QUESTIONS), out=out, replace=replace, internal=internal, places=places, pounds=pounds
    )


@app.command()
@answered
def coverage(
    county: County,
    *,
    question: Annotated[str, typer.Option("--question", help="september or today: whose coverage.")] = "september",
    limit: Annotated[
        list[float] | None, typer.Option("--limit", help="Minutes at which to count, again and again; 45 and 75.")
    ] = None,
    candidate: Annotated[
        list[str] | None, typer.Option("--what-if", help="Candidate bases by name; all in the table unless named.")
    ] = None,
    like: Annotated[str | None, typer.Option("--where-best", help="Where should bases like this candidate be?")] = None,
    bases: Annotated[int, typer.Option("--bases", min=1, help="How many such bases.")] = 1,
    method: Annotated[
        str, typer.Option("--method", help="covering, fewest, median or capacitated: what is made best.")
    ] = "covering",
    solver: Annotated[str, typer.Option("--solver", help="Any solver that PuLP has here, by name.")] = "HiGHS",
    time_limit: TimeLimit = None,
    out: Out = None,
    replace: Replace = False,
    internal: Internal = False,
) -> None:
    """Who can reach what: coverage by locality, need and phase, the gaps, and what candidate bases would change."""
    import placeplan as pp

    options = {
        "question": question,
        "limits": limit or [45.0, 75.0],
        "what_if": candidate or "all",
        "internal": internal,
    }
    if like is not None:
        options |= {"where_best": like, "bases": bases, "method": method, "solver": solver, "time_limit": time_limit}
    with _clock() as timings:
        with _step(timings, "read"):
            read = pp.read_county(county)
        folder = _folder(out, read.name, "coverage", f"{read.digest}{sorted(options.items())}")
        _refuse_existing(folder, replace=replace)
        with _step(timings, "travel"):
            times = pp.travel_times(read, progress=sys.stderr.isatty())
        with _step(timings, "coverage"):
            answer = pp.measure_coverage(read, times, question=question, limits=limit or (45.0, 75.0))
        extra = {}
        journeys = None
        if candidate or len(read.candidates):
            with _step(timings, "what if"):
                extra["what_if"] = pp.what_if(answer, candidate)
                journeys = pp.with_candidates(answer)
        if like is not None:
            with _step(timings, "where best"):
                extra["where_best"] = pp.where_best(
                    answer, journeys or times, like=like, sites=bases, method=method, solver=solver,
                    time_limit=time_limit,
                )  # fmt: skip
        with _step(timings, "report"):
            pp.report_coverage(
                answer, folder, extra=extra, journeys=journeys, options=options, internal=internal, replace=replace,
                timings=timings,
            )  # fmt: skip
    typer.echo(str(folder))


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
    spot_purchase: bool = True,
    solver: str = "HiGHS",
    time_limit: float | None = None,
) -> None:
    import placeplan as pp

    if places is not None and pounds is not None:
        raise UsageError("--places and --pounds: expected one of the two")
    lead = "september" if "september" in questions else questions[-1]
    if lead == "today" and (places is not None or pounds is not None):
        raise UsageError("--places and --pounds: expected --question september, afresh or all")
    options = {
        "question": lead if len(questions) < len(QUESTIONS) else "all",
        "spot_purchase": spot_purchase,
        "solver": solver,
        "internal": internal,
        **{k: v for k, v in (("places", places), ("pounds", pounds), ("time_limit", time_limit)) if v is not None},
    }
    with _clock() as timings:
        with _step(timings, "read"):
            county = pp.read_county(source)
        folder = _folder(out, county.name, command, f"{county.digest}{sorted(options.items())}")
        _refuse_existing(folder, replace=replace)
        with _step(timings, "travel"):
            travel = pp.travel_times(county, progress=sys.stderr.isatty())
        answers = []
        for question in questions:
            with _step(timings, question):
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
            with _step(timings, "more places"):
                more = pp.add_places(county, travel, base, places=places, pounds=pounds, solver=solver)
        run = pp.allocation_run(answers, more_places=more, command=command, options=options)
        with _step(timings, "report"):
            pp.write_report(run, folder, internal=internal, replace=replace, timings=timings)
    _tell(folder, internal=internal)
    unproven = [answer for answer in answers if answer.proof.status == "feasible"]
    if unproven:
        bounds = "; ".join(
            f"{a.question}: £{a.proof.objective:,.0f}, and no answer is below £{a.proof.bound:,.0f}" for a in unproven
        )
        raise NotProvenError(f"not proven to be the best ({bounds}); written to {folder}")


def _tell(folder: Path, *, internal: bool) -> None:
    """Say the answer as the page does: share-safe unless the detail was asked for."""
    from placeplan.report.answer import answer_sentences
    from placeplan.runs import read_run

    for sentence in answer_sentences(read_run(folder)):
        typer.echo(sentence)
    if internal:
        typer.echo("INTERNAL: this run holds child rows; keep it where they may be kept.")
    typer.echo(str(folder / "report.html"))


def _refuse_existing(folder: Path, *, replace: bool) -> None:
    """Say before the work, not after it, that a run is there already."""
    if folder.exists() and not replace:
        raise UsageError(f"{folder} exists already; give another --out, or --replace to replace it")


def _folder(out: Path | None, county: str, command: str, what: str) -> Path:
    from hashlib import sha256

    if out is not None:
        return out
    name = re.sub(r"[^a-z0-9]+", "-", county.lower()).strip("-")
    return Path("runs") / f"{name}-{command}-{sha256(what.encode()).hexdigest()[:8]}"


@contextmanager
def _clock() -> Iterator[dict[str, float]]:
    """Seconds by step, with their total."""
    timings: dict[str, float] = {}
    yield timings


@contextmanager
def _step(timings: dict[str, float], name: str) -> Iterator[None]:
    """Time a step, and show it on a terminal while it lasts."""
    from rich.console import Console

    began = time.perf_counter()
    console = Console(stderr=True)
    if console.is_terminal and name != "travel":
        with console.status(f"{name} ..."):
            yield
    else:
        yield
    timings[name] = round(time.perf_counter() - began, 3)


def _log_error(error: Exception) -> Path:
    """Where the error's frames were written; not its message, which could name a child."""
    import platformdirs

    frames = "".join(traceback.format_tb(error.__traceback__))
    path = Path(platformdirs.user_log_dir("placeplan", ensure_exists=True)) / "error.log"
    path.write_text(f"{type(error).__name__}\n{frames}", encoding="utf-8")
    return path
