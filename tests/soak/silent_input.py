"""20,000 spoilt counties: each refused or noted by name, or read as the clean one; none answered without a word."""

import os
import sys
import tempfile
import warnings
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from resumable import soak

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "support")]

COUNTIES, BLOCK = 20_000, 20
FIRST = 1_000_000
"""The seed of the first county: those of the benchmark are below."""


def prepared() -> None:
    """Journeys are kept in a folder of the process's own."""
    warnings.simplefilter("ignore")
    os.environ["PLACEPLAN_CACHE"] = tempfile.mkdtemp(prefix="silent-input-")


def tried(seed: int) -> str:
    """What is wrong with the county of a seed; nothing where it is right."""
    from support.mutated_counties import tried_by_seed

    outcome = tried_by_seed(seed)
    return "" if outcome.holds else f"{outcome.mutator}, seed {seed}: {outcome.came}: {outcome.told}"


@cache
def processes():
    """Two processes, which last as long as the call."""
    return get_context("spawn").Pool(2, prepared)


def check(case: int | str) -> None:
    """A block of counties."""
    first = FIRST + BLOCK * int(case)
    wrong = [told for told in processes().map(tried, range(first, first + BLOCK), chunksize=2) if told]
    assert not wrong, "; ".join(wrong)


if __name__ == "__main__":
    sys.exit(soak("silent_input", range(COUNTIES // BLOCK), check))
