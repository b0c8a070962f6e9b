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
from placeplan.patient_output import unhurt_by_readers
from placeplan.whole_or_not import claim, release_claims

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
LONGEST_NAME: Final = 40
"""Characters of a county's name that the name of its run's folder has: some systems know no long paths."""
LONGEST_SHOWN: Final = 120
"""Characters of a path in a message."""

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
        # Where there is no folder for its fonts it says so in several lines; it does without.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        try:
            with unhurt_by_readers():
                return command(*args, **kwargs)
        except PlaceplanError as error:
            typer.echo(f"placeplan: {error}", err=True)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            typer.echo("placeplan: interrupted; nothing half-made was left", err=True)
            raise typer.Exit(INTERRUPTED) from error
        except typer.Exit:
            raise
        except OSError as error:
            place = error.filename or "a file"
            typer.echo(f"placeplan: {place}: cannot be read or written ({error.strerror or error})", err=True)
            raise typer.Exit(UsageError.exit_code) from error
        except Exception as error:
            typer.echo(f"placeplan: internal error ({type(error).__name__}); {_log_error(error)}", err=True)
            raise typer.Exit(1) from error
        finally:
            release_claims()

    return run


def refuse_existing(place: Path, *, replace: bool, is_file: bool = False) -> None:
    """Say before the work, not after it, that something is there already, or that nothing can be written there.

    A run replaces a run and nothing else; with ``is_file`` a file replaces a file. From here on the place is held for
    this command: another that would write there is refused.
    """
    try:
        if place.exists() and not replace:
            raise UsageError(f"{place} exists already; name another, or --replace to replace it")
        if is_file and place.is_dir():
            raise UsageError(f"{place} is a folder and is not replaced; name a file")
        filled = not is_file and place.exists() and (not place.is_dir() or any(place.iterdir()))
        if filled and not (place / "run.json").is_file():
            raise UsageError(f"{place} is not the folder of a run and is not replaced; name another")
        above = next(parent for parent in place.absolute().parents if parent.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise UsageError(f"{place}: found {above}; expected a folder that can be written to")
        claim(place)
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{_shortened(str(place))}: cannot be written ({reason})") from error


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def run_folder(out: Path | None, county: str, command: str, what: str) -> Path:
    """Where a run goes: ``out``, or runs/<county>-<command>-<hash of what it answers>."""
    from hashlib import sha256

    if out is not None:
        return out
    name = re.sub(r"[^a-z0-9]+", "-", county.lower()).strip("-")[:LONGEST_NAME].strip("-") or "county"
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


def _log_error(error: Exception) -> str:
    """Where the error's frames were written, in words; not its message, which could name a child."""
    import platformdirs

    frames = "".join(traceback.format_tb(error.__traceback__))
    try:
        path = Path(platformdirs.user_log_dir("placeplan")).absolute() / "error.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{type(error).__name__}\n{frames}", encoding="utf-8")
    except (OSError, RuntimeError):
        return "no log could be written"
    return f"see {path}"
