"""Thousands of random placement problems, each against OR-tools' min-cost flow: the same gap and the same cost."""

import sys
from pathlib import Path

from resumable import soak

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

CASES = 10_000


def check(case: int | str) -> None:
    """One problem, larger as the seed goes round: its answer is proven and costs what the peer's does."""
    from placement_peers import best_by_flow, random_problem

    from placeplan.models.allocate import allocate

    seed = int(case)
    problem = random_problem(seed, groups=10 + seed % 60, units=2 + seed % 12, unlimited=seed % 3 == 0)
    proof, best = allocate(problem).proof, best_by_flow(problem)
    assert proof.status == "optimal", proof
    assert proof.gap_children == best.gap, (proof, best)
    assert abs(proof.objective - best.cost) <= 1e-6, (proof, best)


if __name__ == "__main__":
    sys.exit(soak("allocation_random", range(CASES), check))
