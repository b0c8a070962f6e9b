"""The command options: what could be offered to one case, or to all of a meeting, and what each costs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placeplan.command_parts import (
    County,
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
from placeplan.whole_or_not import writing

if TYPE_CHECKING:
    import placeplan as pp

__all__ = ["options"]


def options(
    county: County,
    *,
    case: Annotated[
        list[str] | None, typer.Option("--case", help="The options of this case; of all unless given. Repeatable.")
    ] = None,
    meeting: Annotated[bool, typer.Option("--meeting", help="Decide the cases together as well.")] = False,
    pooled: Annotated[
        bool,
        typer.Option("--pooled/--not-pooled", help="With --meeting: one budget for all cases, or one for each."),
    ] = True,
    overfill: Annotated[
        bool,
        typer.Option("--overfill/--no-overfill", help="With --meeting: whether cases may go above places."),
    ] = True,
    moves: Annotated[
        bool,
        typer.Option("--moves/--no-moves", help="With --meeting: whether those who have consented may move on."),
    ] = True,
    keep_offers: Annotated[
        bool, typer.Option("--keep-offers", help="With --meeting: places offered to other children are theirs.")
    ] = False,
    form: Annotated[
        list[Path] | None,
        typer.Option("--form", help="A filled-in form, or decisions.xlsx filled in. Repeatable.", metavar="FILE"),
    ] = None,
    blank_form: Annotated[
        Path | None, typer.Option("--blank-form", help="Write an empty form and stop.", metavar="FILE")
    ] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option("--earlier", help="A run of an earlier term: what may be published of all. Repeatable."),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Read what options do to others from prices: quicker, and marked so.")
    ] = False,
    solver: Solver = "HiGHS",
    time_limit: TimeLimit = None,
    out: Out = None,
    replace: Replace = False,
) -> None:
    """What could be offered to a child, at what cost, and to whom else it matters; one case or a meeting's.

    Every page is about single children: the run is INTERNAL throughout.
    """
    import placeplan as pp
    from placeplan.report.partnership_page import partnership_sentences

    if not meeting and not (pooled and overfill and moves and not keep_offers):
        raise UsageError("--not-pooled, --no-overfill, --no-moves and --keep-offers: expected --meeting with them")
    if blank_form is not None:
        _write_form(pp.read_county(county), blank_form, replace=replace)
        return
    stated = {
        # How many and not who: options are told on every page.
        "cases": len(case) if case else "all",
        "meeting": meeting,
        **({"pooled": pooled, "overfill": overfill, "moves": moves, "keep_offers": keep_offers} if meeting else {}),
        "estimate": estimate,
        "solver": solver,
    }
    with clock() as timings:
        with step(timings, "read"):
            read = pp.with_forms(pp.read_county(county), form or [])
            before = [pp.read_run(folder) for folder in earlier or []]
        if read.cases.empty:
            raise UsageError(f"{read.name} has no cases: expected rows in the table cases")
        folder = run_folder(out, read.name, "options", f"{read.digest}{sorted(stated.items())}{sorted(case or [])}")
        refuse_existing(folder, replace=replace)
        with step(timings, "travel"):
            travel = pp.travel_times(read, progress=sys.stderr.isatty())
        with step(timings, "september"):
            answer = pp.allocate_places(read, travel, solver=solver)
        chosen = sorted(set(case)) if case else sorted(read.cases["case"])
        with step(timings, "options"):
            found = [pp.case_options(read, travel, answer, one, estimate=estimate, solver=solver) for one in chosen]
        together = None
        if meeting:
            with step(timings, "meeting"):
                together = pp.partnership_meeting(
                    read,
                    travel,
                    answer,
                    cases=chosen,
                    pooled=pooled,
                    overfill=overfill,
                    moves=moves,
                    offers_kept=keep_offers,
                    solver=solver,
                    time_limit=time_limit,
                )
        run = pp.options_run(read, travel, found, meeting=together, earlier=before, options_stated=stated)
        with step(timings, "report"):
            pp.write_report(run, folder, internal=True, replace=replace, timings=timings)
    for sentence in partnership_sentences(pp.read_run(folder)):
        typer.echo(sentence)
    typer.echo("INTERNAL: this run holds rows about single children; keep it where they may be kept.")
    typer.echo(str(folder / "options.html"))
    if together is not None and together.status != "optimal":
        raise NotProvenError(f"the meeting's choice is not proven to be the best; written to {folder}")


def _write_form(county: "pp.County", path: Path, *, replace: bool) -> None:
    import placeplan as pp

    refuse_existing(path, replace=replace, is_file=True)
    with writing(path) as work:
        (work / "form").write_bytes(pp.case_form(county))
        (work / "form").replace(path)
    typer.echo(f"An empty form is in {path}: fill it in, then placeplan options COUNTY --form {path}")
