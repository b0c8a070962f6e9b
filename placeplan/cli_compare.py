"""The command compare: any two runs side by side, what differs in their figures and which tables differ."""

from pathlib import Path
from typing import Annotated, Final

import typer

from placeplan.command_parts import Internal, Out, Replace, clock, refuse_existing, run_folder, step
from placeplan.errors import UsageError

__all__ = ["compare"]

MOST_LINES: Final = 12
"""How many figures are said; the page has them all."""


def compare(
    first: Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")],
    second: Annotated[Path, typer.Argument(help="The folder of the run to set beside it.", metavar="RUN")],
    *,
    out: Out = None,
    replace: Replace = False,
    internal: Internal = False,
) -> None:
    """Any two runs side by side: which facts, figures, tables and rows differ, and by how much."""
    import placeplan as pp
    from placeplan.report.compare_words import compare_sentences, headline_lines

    if out is not None and out.resolve() in {first.resolve(), second.resolve()}:
        raise UsageError(f"--out {out}: expected another folder than those of the runs compared")
    with clock() as timings:
        with step(timings, "compare"):
            answer = pp.compare_runs(first, second, internal=internal)
        facts = answer.run.facts
        compared = f"{facts['first']}{facts['second']}"
        folder = run_folder(out, answer.run.county, "compare", compared)
        refuse_existing(folder, replace=replace)
        with step(timings, "report"):
            answer.report(folder, replace=replace, timings=timings)
    for sentence in compare_sentences(answer.run):
        typer.echo(sentence)
    lines = headline_lines(answer.run)
    for line in lines[:MOST_LINES]:
        typer.echo(f"- {line}")
    if len(lines) > MOST_LINES:
        typer.echo(f"- and {len(lines) - MOST_LINES} more, on the page")
    if answer.run.internal:
        typer.echo("INTERNAL: this comparison holds the detail of an internal run; keep it where that may be kept.")
    typer.echo(str(folder / "compare.html"))
