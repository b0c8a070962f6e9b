"""Hundreds of random counties with every rule on and off: the reference's objectives, prices equal to re-solving."""

import sys
from pathlib import Path

from resumable import soak

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

CASES = 500
FIRST = 1_000
"""The seed of the first county: those below are in the tests."""


def check(case: int | str) -> None:
    """One county under its rules and without them; in every fifth, a place more and one fewer under the rules too."""
    from allocation_checks import check_county, check_prices_under_rules
    from allocation_counties import random_county, random_rules

    seed = FIRST + int(case)
    try:
        check_county(seed)
        if seed % 5 == 0:
            problem = random_county(seed)
            check_prices_under_rules(problem, random_rules(problem, seed))
    except (ArithmeticError, LookupError, ValueError) as wrong:
        raise AssertionError(f"{type(wrong).__name__}: {wrong}") from wrong


if __name__ == "__main__":
    sys.exit(soak("allocation_rules", range(CASES), check))
