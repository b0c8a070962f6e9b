"""What every command of the command line shares: its options, its errors, its clock, and where its run goes."""

import functools
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, ParamSpec, TypeVar

import typer

from placeplan.errors import PlaceplanError, UsageError

__all__ = [
    "Children",
    "County",
    "Draw",
    "Explain",
    "Frontier",
    "FrontierSteps",
    "Internal",
    "Out",
    "Places",
    "Pounds",
    "Replace",
    "Solver",
    "TimeLimit",
    "Years",
    "answered",
    "clock",
    "refuse_existing",
    "run_folder",
    "step",
]

INTERRUPTED: Final = 130

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
Years = Annotated[
    int | None, typer.Option("--years", min=1, help="Also place so many years of the forecast, together.")
]
Draw = Annotated[
    int | None,
    typer.Option("--draw", min=0, help="Of which future of the forecast; by default that of the median need."),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Also say why: what places and rules are worth, and what would meet the gap.")
]
Children = Annotated[
    list[str] | None,
    typer.Option("--child", help="With --explain --internal: solve this child's options again. Repeatable."),
]
Frontier = Annotated[
    bool, typer.Option("--frontier", help="Also say what less travel would cost: cost against travel.")
]
FrontierSteps = Annotated[
    int | None,
    typer.Option("--frontier-steps", min=2, help="With --frontier: how many bounds on travel; 7 by default."),
]
TimeLimit = Annotated[
    float | None, typer.Option("--time-limit", min=0.1, help="Seconds that each answer may take to find.")
]

Solver = Annotated[str, typer.Option("--solver", help="Any solver that PuLP has here, by name.")]

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


def refuse_existing(folder: Path, *, replace: bool) -> None:
    """Say before the work, not after it, that something is there already, or that nothing can be written there."""
    if folder.exists() and not replace:
        raise UsageError(f"{folder} exists already; name another, or --replace to replace it")
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise UsageError(f"{folder}: found {above}; expected a folder that can be written to")


def run_folder(out: Path | None, county: str, command: str, what: str) -> Path:
    """Where a run goes: ``out``, or runs/<county>-<command>-<hash of what it answers>."""
    from hashlib import sha256

    if out is not None:
        return out
    name = re.sub(r"[^a-z0-9]+", "-", county.lower()).strip("-")
    return Path("runs") / f"{name}-{command}-{sha256(what.encode()).hexdigest()[:8]}"


@contextmanager
def clock() -> Iterator[dict[str, float]]:
    """Seconds by step, with their total."""
    timings: dict[str, float] = {}
    yield timings


@contextmanager
def step(timings: dict[str, float], name: str) -> Iterator[None]:
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
