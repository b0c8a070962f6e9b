"""Rates of small groups, pooled by how much evidence each has: counts over what was expected, Poisson and gamma.

A cell's count is Poisson with mean (its relative rate x what the wider group's rate would give). Relative rates
scatter about 1 like a gamma of shape and rate k; k is the one that makes the counts likeliest (their marginal
is negative binomial). A cell's own rate is then the mean of a gamma with shape k + count and rate k + expected:
with much expected it is its own, with little it is the wider group's. Clayton and Kaldor (1987).
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, xlogy

__all__ = ["PooledRates", "pooled_rates"]

Floats = NDArray[np.float64]

LOG_BOUNDS: Final = (np.log(0.5), np.log(5000.0))
"""How alike cells may be held to be: below, each stands alone; above, all are one."""


NOTHING: Final = 1e-9
"""Less than this expected is nothing expected."""


@dataclass(frozen=True, slots=True)
class PooledRates:
    """Relative rates of cells after pooling, gamma: ``shape`` over ``rate``, one each a cell; ``alike`` is k."""

    shape: Floats = field(repr=False)
    rate: Floats = field(repr=False)
    alike: float

    @property
    def mean(self) -> Floats:
        """The rate of each cell relative to the wider group's; 1 is as the group."""
        mean: Floats = self.shape / self.rate
        return mean

    def draw(self, draws: int, stream: np.random.Generator) -> Floats:
        """Draws x cells of relative rates, as uncertain as the counts leave them."""
        return stream.standard_gamma(self.shape, (draws, *self.shape.shape)) / self.rate


def pooled_rates(counts: Floats, expected: Floats) -> PooledRates:
    """Pool cells of any shape. Cells with nothing expected keep the wider group's rate.

    Raises ``ValueError`` for unequal shapes, or a count or expectation that is negative or no number.
    """
    if counts.shape != expected.shape:
        raise ValueError(f"counts of shape {counts.shape} and expectations of shape {expected.shape}")
    if not (
        np.isfinite(counts).all() and np.isfinite(expected).all() and (counts >= 0).all() and (expected >= 0).all()
    ):
        raise ValueError("counts and expectations: expected numbers, 0 or more")
    known = expected > NOTHING
    y, e = counts[known], expected[known]

    def unlikely(log_alike: float) -> float:
        k = np.exp(log_alike)
        likely = gammaln(y + k) - gammaln(k) + k * np.log(k / (k + e)) + xlogy(y, e / (k + e))
        return -float(likely.sum())

    alike = float(np.exp(LOG_BOUNDS[1]))
    if y.size > 1 and y.sum() > 0:
        alike = float(np.exp(minimize_scalar(unlikely, bounds=LOG_BOUNDS, method="bounded").x))
    return PooledRates(np.where(known, alike + counts, alike), np.where(known, alike + expected, alike), alike)
