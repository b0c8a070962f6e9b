"""What every soak script shares: a long list of cases, worked through over several calls and never twice.

A soak script ends with ``soak(name, cases, check)``: ``check`` is called with each case in turn, and raises
AssertionError where it finds something wrong. What is done stands in .soak/NAME.jsonl, a line a case; a call
stops before its minutes are up and the next goes on. When a line of the packages changes, what was done before
says nothing any more and the count starts again.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

__all__ = ["MINUTES", "UNFINISHED", "soak", "source_digest"]

ROOT = Path(__file__).resolve().parents[2]
MINUTES = 24.0  # a call stays under 25
UNFINISHED = 3  # the exit code of a call that ran out of minutes


def source_digest(root: Path = ROOT) -> str:
    """SHA-256 over the modules of placeplan, geo and models: what the results are results of."""
    digest = hashlib.sha256()
    for folder in ("geo", "models", "placeplan"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def soak(
    name: str,
    cases: Iterable[int | str],
    check: Callable[[int | str], object],
    *,
    arguments: Sequence[str] | None = None,
    folder: Path = ROOT / ".soak",
    root: Path = ROOT,
) -> int:
    """Check every case not yet checked, until done or out of minutes.

    Returns 0 when every case has passed, 1 when one failed (it is named, and tried again by the next call), and
    ``UNFINISHED`` when there is more to do. ``--minutes`` shortens a call; ``--again`` forgets what was done.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=MINUTES, help="stop after so many (default: %(default)s)")
    parser.add_argument("--again", action="store_true", help="forget what was done and begin again")
    asked = parser.parse_args(arguments)
    state = folder / f"{name}.jsonl"
    head = json.dumps({"source": source_digest(root)})
    done = set() if asked.again else _done(state, head)
    # Written afresh, so that no half line of a killed call stays in it.
    folder.mkdir(parents=True, exist_ok=True)
    lines = [head, *sorted(json.dumps({"case": case}) for case in done)]
    state.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    wanted = list(cases)
    left = [case for case in wanted if case not in done]
    failed = []
    end = time.monotonic() + 60 * asked.minutes
    longest = 0.0
    for case in left:
        start = time.monotonic()
        # The longest case so far is what the next may take.
        if start + longest > end:
            break
        try:
            check(case)
        except AssertionError as wrong:
            failed.append(case)
            print(f"{name}: case {case!r} failed: {wrong}", file=sys.stderr)
            continue
        finally:
            longest = max(longest, time.monotonic() - start)
        with state.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps({"case": case}) + "\n")
        done.add(case)
    passed = sum(case in done for case in wanted)
    print(f"{name}: {passed:,} of {len(wanted):,} passed, {len(failed):,} failed")
    if failed:
        return 1
    return 0 if passed == len(wanted) else UNFINISHED


def _done(state: Path, head: str) -> set[int | str]:
    if not state.exists():
        return set()
    first, *lines = state.read_text(encoding="utf-8").split("\n")
    if first != head:
        return set()
    # A killed call may leave half a line at the end: that case is checked again.
    done = set()
    for line in lines:
        try:
            done.add(json.loads(line)["case"])
        except json.JSONDecodeError:
            continue
    return done
