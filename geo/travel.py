"""Travel times between zones and sites: minutes, kilometres, and the reason where there is none."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Reason", "TravelTimes"]


class Reason(IntEnum):
    """Why a journey has no time; ``reached`` where it has one."""

    reached = 0
    zone_too_far_to_snap = 1
    site_too_far_to_snap = 2
    no_route = 3
    over_limit = 4
    not_in_matrix = 5


@dataclass(frozen=True, slots=True, eq=False)
class TravelTimes:
    """Morning journeys from home to school, one way: dense zone x site arrays with labels.

    ``minutes`` and ``km`` are float32 of shape (zones, sites), ``inf`` where the site is not reached;
    ``reason`` is int8 of the same shape (see ``Reason``). ``method`` says how they were made.
    """

    zones: pd.Index
    sites: pd.Index
    minutes: NDArray[np.float32]
    km: NDArray[np.float32]
    reason: NDArray[np.int8]
    method: str
