"""What an answer comes to and how good it is known to be, whatever network it is of."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .assemble import UNITS
from .placement import Proof
from .program import Status
from .stages import Ordered

__all__ = ["SMALLEST_FLOW", "band_use", "known_prices", "proof_of", "tidy"]

Floats = NDArray[np.float64]

SMALLEST_FLOW: Final = 1e-7


def proof_of(
    answer: Ordered | None,
    rows: pd.Index,
    *,
    objective: float,
    waiting: float,
    floor: Callable[[], tuple[float, float]],
    solver: str,
) -> Proof:
    """The proof of an answer that costs ``objective`` pounds and leaves ``waiting`` children in the gap.

    ``rows``: the labels of the network's rows; ``floor`` gives bounds on the gap and the pounds without prices, which
    only an answer that is not proven needs.
    """
    stages = {} if answer is None else dict(answer.stages)
    # What comes after cost only chooses between equals.
    proven = answer is not None and "cost" not in answer.unproven
    if proven:
        gap_bound, cost_bound = waiting, stages["cost"].bound if "cost" in stages else objective
    else:
        gap_bound, cost_bound = (
            max(least, stages[name].bound) if name in stages else least
            for name, least in zip(("gap", "cost"), floor(), strict=True)
        )
    return Proof(
        status=str(Status.optimal if proven else Status.feasible),
        objective=objective,
        bound=min(cost_bound, objective),
        gap_children=waiting,
        gap_children_bound=min(gap_bound, waiting),
        solver=solver,
        prices=pd.DataFrame(
            {name: stage.prices[: len(rows)] / UNITS.get(name, 1.0) for name, stage in stages.items()}, index=rows
        ),
        values=pd.Series({name: stage.objective / UNITS.get(name, 1.0) for name, stage in stages.items()}, dtype=float),
        bounds=pd.Series({name: stage.bound / UNITS.get(name, 1.0) for name, stage in stages.items()}, dtype=float),
        by_prices=proven,
    )


def known_prices(proof: Proof | None, rows: pd.Index) -> dict[str, Floats]:
    """The prices of a proof at other rows, nought where they are new, to begin a search with."""
    if proof is None:
        return {}
    return {
        str(name): prices.reindex(rows).fillna(0.0).to_numpy(float) * UNITS.get(str(name), 1.0)
        for name, prices in proof.prices.items()
    }


def band_use(excess: Floats, width: Floats, same: pd.Series) -> Floats:
    """Children in each band, the first of a row filled first: ``excess`` above places and ``width``, a row a band.

    ``same``: which bands are of one row, in their order.
    """
    before = pd.Series(width).groupby(same.to_numpy()).cumsum().to_numpy(float) - width
    return tidy(np.clip(excess - before, 0.0, width))


def tidy(numbers: Floats) -> Floats:
    """Numbers of children without a solver's rounding."""
    whole = np.round(numbers)
    return np.where(np.abs(numbers - whole) < 1e-6, whole, np.maximum(numbers, 0.0))
