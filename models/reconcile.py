"""Scale a table to totals that do not cross, of whatever parts of it they are: iterative proportional fitting.

A margin says of every cell which of its totals the cell belongs to, so ages may be in bands here and single there.
Deming and Stephan (1940).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scaled", "Totals", "scale_to_totals"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of parts of a table. ``part``: the part of each cell, -1 for none; ``values``: NaN where not known."""

    name: str
    part: NDArray[np.int64] = field(repr=False)
    values: Floats = field(repr=False)

    def sums(self, table: Floats) -> Floats:
        """What ``table`` has in each part."""
        inside = self.part >= 0
        return np.bincount(self.part[inside], weights=table[inside], minlength=len(self.values)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A table that has its totals; ``worst`` is the largest difference from a known one, after ``rounds``."""

    table: Floats = field(repr=False)
    converged: bool
    rounds: int
    worst: float


def scale_to_totals(start: Floats, totals: Sequence[Totals], *, tolerance: float = 1e-6, limit: int = 2000) -> Scaled:
    """``start`` (one number a cell) scaled to each of ``totals`` in turn until all that are known are met.

    Zeros stay zeros. Totals that cannot all be met leave ``converged`` False; the last of them is then met
    best. Where the table has its totals is where it differs least from ``start`` in relative entropy.
    """
    table = start.astype(np.float64)
    worst, rounds = np.inf, 0
    while worst > tolerance and rounds < limit:
        rounds += 1
        for one in totals:
            found = one.sums(table)
            wanted = np.where(np.isnan(one.values), found, one.values)
            factor = np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)
            table = table * np.where(one.part >= 0, factor[one.part], 1.0)
        misses = [np.abs(one.sums(table) - one.values) for one in totals]
        worst = max((float(np.nanmax(miss, initial=0.0)) for miss in misses), default=0.0)
    return Scaled(table, worst <= tolerance, rounds, worst)
