"""Access: how much supply is within reach of demand, by floating catchments with distance decay."""

from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .travel import within_limit

__all__ = ["STEPS", "decay_weights", "two_step_floating_catchment"]

Decay = Literal["steps", "gaussian", "none"]

STEPS: Final = ((1 / 3, 1.0), (2 / 3, 0.68), (1.0, 0.22))
"""Shares of the limit up to which a journey weighs so much: the slow decay of Luo and Qi (2009), whose zones of
0-10, 10-20 and 20-30 minutes weigh 1, 0.68 and 0.22."""


def decay_weights(
    minutes: NDArray[np.float64], limit: NDArray[np.float64] | float, *, decay: Decay = "steps"
) -> NDArray[np.float64]:
    """What a journey weighs, from 1 to 0; 0 beyond ``limit`` (minutes, broadcast to ``minutes``) and for ``inf``.

    ``steps``: see ``STEPS``, each end within its step. ``gaussian``: with s = minutes / limit,
    (exp(-s^2 / 2) - exp(-1/2)) / (1 - exp(-1/2)), which falls from 1 at the door to 0 at the limit (Dai 2010).
    ``none``: 1 up to the limit.
    """
    bound = np.broadcast_to(np.asarray(limit, dtype=np.float64), minutes.shape)
    weights = np.zeros(minutes.shape)
    if decay == "gaussian":
        inside = within_limit(minutes, bound)
        share = np.where(inside, minutes, 0.0) / bound
        floor = np.exp(-0.5)
        weights[inside] = np.maximum((np.exp(-0.5 * share**2) - floor) / (1 - floor), 0.0)[inside]
        return weights
    steps = STEPS if decay == "steps" else ((1.0, 1.0),)
    for part, weight in reversed(steps):
        weights[within_limit(minutes, bound * part)] = weight
    return weights


def two_step_floating_catchment(
    minutes: pd.DataFrame,
    supply: pd.Series,
    demand: pd.Series,
    *,
    limit: pd.Series | float,
    decay: Decay = "steps",
) -> pd.Series:
    """Supply within reach for each unit of demand, by the enhanced two-step floating catchment (Luo and Qi 2009).

    ``minutes``: index demand points, columns supply points, ``inf`` where one does not serve the other. ``supply``
    and ``demand`` are by those labels, ``limit`` in minutes, one or by demand point. Step 1:
    R[j] = S[j] / sum over k of W[k,j] P[k]; step 2: A[i] = sum over j of W[i,j] R[j]. A supply point that no demand
    reaches has R = 0. The sum of P[i] A[i] is the supply of those that some demand reaches.

    Raises ``KeyError`` naming a label without supply, demand or limit, ``ValueError`` for one that is negative or no
    number.
    """
    limits = pd.Series(limit, index=minutes.index) if isinstance(limit, int | float) else limit
    stated = [
        _stated(what, values, labels)
        for what, values, labels in (
            ("supply", supply, minutes.columns),
            ("demand", demand, minutes.index),
            ("limit", limits, minutes.index),
        )
    ]
    supplied, demanded, bounds = stated
    weights = decay_weights(minutes.to_numpy(np.float64), bounds[:, np.newaxis], decay=decay)
    reaching = demanded @ weights
    ratio = np.divide(supplied, reaching, out=np.zeros_like(supplied), where=reaching > 0)
    return pd.Series(weights @ ratio, index=minutes.index, name="score")


def _stated(what: str, values: pd.Series, labels: pd.Index) -> NDArray[np.float64]:
    missing = labels.difference(values.index)
    if len(missing):
        raise KeyError(f"no {what} for {', '.join(map(str, missing))}")
    numbers = values.reindex(labels).to_numpy(np.float64, na_value=np.nan)
    if not (np.isfinite(numbers) & (numbers >= 0)).all():
        raise ValueError(f"{what}: expected numbers, 0 or more")
    return numbers
