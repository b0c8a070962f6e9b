"""What is read and answered wrongly without a word: earlier trials, 2,000 spoilt counties, the first five minutes.

Run it as ``python tests/benchmarks/silent_input.py [--json FILE] [--quick]``. A row is a kind of trial or a mutator,
with how many were tried and how many failed, and of a failed one what came. Two processes work at once.
"""

import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

from harness import at_least, exactly, finish, options

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "support")]

COUNTIES, QUICK_COUNTIES = 2_000, 200
LEAST_MUTATORS = 60
PROCESSES = 2
TOLD = 90
"""The most characters of what came of a failed one."""

SILENT, BROKEN = "answered differently without a note", "traceback"


def prepared():
    """What a process needs before its first county: journeys are kept in a folder of its own."""
    warnings.simplefilter("ignore")
    os.environ["PLACEPLAN_CACHE"] = tempfile.mkdtemp(prefix="silent-input-")
    os.chdir(os.environ["PLACEPLAN_CACHE"])


def trial(place):
    """An earlier trial: its kind, its name, and what is wrong."""
    from support.trial_cases import TRIALS

    one = TRIALS[place]
    with tempfile.TemporaryDirectory() as folder:
        try:
            return one.kind, one.name, one.check(Path(folder))
        except Exception as error:  # noqa: BLE001 (that anything is raised is what is looked for)
            return one.kind, one.name, f"{BROKEN}: {type(error).__name__}: {error}"


def county(seed):
    """A spoilt county: its mutator, what came, what was told, and whether that is right."""
    from support.mutated_counties import tried_by_seed

    outcome = tried_by_seed(seed)
    return outcome.mutator, outcome.came, outcome.told, outcome.holds


def trials(pool, kinds):
    """The rows of the earlier trials, and how many failed."""
    rows, found = [], pool.map(trial, range(sum(kinds.values())), chunksize=1)
    for kind in kinds:
        wrong = [(name, said) for one, name, said in found if one == kind and said]
        told = "; ".join(f"{name}: {said}" for name, said in wrong)[:TOLD]
        rows.append({"kind": f"trial: {kind}", "tried": kinds[kind], "failed": len(wrong), "what came": told})
    return rows, found


def mutated(pool, counties):
    """A row a mutator, and everything that came."""
    from support.input_mutators import MUTATORS

    found = pool.map(county, range(counties), chunksize=8)
    rows = []
    for name, mutator in MUTATORS.items():
        mine = [outcome for outcome in found if outcome[0] == name]
        wrong = [f"{came}: {told}" for _, came, told, holds in mine if not holds]
        came = Counter(came for _, came, _, _ in mine)
        rows.append(
            {
                "kind": name,
                "right": " or ".join(mutator.right),
                "tried": len(mine),
                "failed": len(wrong),
                "refused": came["refused"],
                "noted": came["noted"],
                "same": came["same"] + came["lawful"],
                "what came": wrong[0][:TOLD] if wrong else "",
            }
        )
    return rows, found


def tested(name, file):
    """A row of tests that stand in a file of their own."""
    path = TESTS / file
    if not path.is_file():
        return {"kind": name, "tried": 0, "failed": 0, "what came": f"{file} is not there"}
    run = subprocess.run(
        [sys.executable, "-c", "import pytest, sys; sys.exit(pytest.main(sys.argv[1:]))", "-q", "-n", "0", str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=TESTS.parent,
    )
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", run.stdout)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    told = run.stdout.strip().splitlines()[-1:] if failed or run.returncode else []
    return {
        "kind": name,
        "tried": counts.get("passed", 0) + failed,
        "failed": max(failed, int(run.returncode != 0)),
        "what came": " ".join(told)[:TOLD],
    }


def main(*, quick):
    from support.input_mutators import MUTATORS
    from support.trial_cases import TRIALS

    counties = QUICK_COUNTIES if quick else COUNTIES
    with get_context("spawn").Pool(PROCESSES, prepared) as pool:
        trial_rows, tried = trials(pool, Counter(one.kind for one in TRIALS))
        rows, found = mutated(pool, counties)
    heard = tested("a listening server hears nothing, over every format and command", "test_nothing_leaves.py")
    new = tested("new, the fewest cells, then every command", "test_new_county.py")
    came = Counter(outcome for _, outcome, _, _ in found)
    bars = {
        "earlier trials that are not right": exactly(sum(bool(said) for _, _, said in tried), 0),
        "earlier trials that end in a traceback": exactly(sum(said.startswith(BROKEN) for _, _, said in tried), 0),
        "mutators": at_least(len(MUTATORS), LEAST_MUTATORS),
        "spoilt counties": at_least(len(found), counties),
        "spoilt counties answered differently without a note": exactly(came[SILENT], 0),
        "spoilt counties that end in a traceback": exactly(came[BROKEN], 0),
        "spoilt counties of which something else came than is right": exactly(
            sum(not holds for _, _, _, holds in found), 0
        ),
        "formats and commands tried with a listening server": at_least(heard["tried"], 1),
        "of which it heard something": exactly(heard["failed"], 0),
        "commands of a new county that failed": exactly(new["failed"], 0),
    }
    finish([*trial_rows, *rows, heard, new], bars)


if __name__ == "__main__":
    main(quick=options().quick)
