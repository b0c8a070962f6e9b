"""What is known of England where a county does not say: ages, needs and placements of plans, and how plans end.

Each is rounded from the person-level collection (Department for Education, Education, health and care plans, 2025
release: January 2025, new plans of 2024, and single ages of January 2024 against January 2025).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from placeplan.county.vocabulary import NEEDS, PLACEMENTS, TRANSFER_YEAR_GROUPS

__all__ = [
    "CEASE_BY_AGE",
    "NEW_BY_AGE",
    "NEW_BY_PLACEMENT",
    "PLACEMENT_AGES",
    "RARE_AGES",
    "STOCK_BY_AGE",
    "STOCK_BY_NEED",
    "STOCK_BY_PLACEMENT",
    "TRANSFER_AGES",
    "allowed",
    "likely",
]

Floats = NDArray[np.float64]

STOCK_BY_AGE: Final = np.array(
    [
        0.05,
        0.1,
        0.2,
        0.7,
        3.5,
        4.8,
        5.0,
        5.3,
        5.7,
        6.0,
        6.5,
        7.3,
        7.4,
        7.4,
        7.4,
        7.0,
        6.6,
        5.7,
        4.5,
        3.3,
        2.3,
        1.5,
        1.0,
        0.6,
        0.35,
        0.1,
    ]
)
"""Plans by age, per cent."""

NEW_BY_AGE: Final = np.array(
    [
        0.3,
        0.7,
        3.1,
        18.1,
        9.8,
        7.4,
        6.8,
        6.5,
        6.7,
        8.1,
        8.5,
        4.1,
        5.1,
        5.2,
        4.4,
        3.1,
        1.0,
        0.5,
        0.2,
        0.1,
        0.05,
        0.05,
        0.02,
        0.02,
        0.01,
        0.01,
    ]
)
"""New plans by age, per cent."""

CEASE_BY_AGE: Final = np.array([0.02] * 4 + [0.025] * 12 + [0.04, 0.13, 0.21, 0.25, 0.28, 0.33, 0.36, 0.42, 0.82, 1.0])
"""Share of the plans at an age that have ceased a year later."""

STOCK_BY_NEED: Final = {
    "ASD": 31.5,
    "SEMH": 20.7,
    "SLCN": 21.3,
    "MLD": 10.6,
    "SLD": 4.0,
    "PMLD": 1.3,
    "SPLD": 2.3,
    "DS": 0.0,
    "HI": 1.4,
    "VI": 0.8,
    "MSI": 0.3,
    "PD": 3.9,
    "OTH": 1.2,
    "unknown": 0.8,
}
"""Plans by primary need, per cent; Down syndrome is not published apart."""

STOCK_BY_PLACEMENT: Final = {
    "mainstream": 39.8,
    "resourced_provision": 2.4,
    "sen_unit": 1.4,
    "special_state": 25.1,
    "special_independent": 4.6,
    "special_non_maintained": 0.7,
    "alternative_provision": 0.8,
    "further_education": 12.3,
    "specialist_post_16": 1.5,
    "elective_home": 1.1,
    "elsewhere": 2.6,
    "neet": 4.0,
    "early_years": 0.7,
    "not_recorded": 3.0,
}
"""Plans by placement, per cent."""

NEW_BY_PLACEMENT: Final = {
    "mainstream": 72.6,
    "resourced_provision": 1.5,
    "sen_unit": 1.1,
    "special_state": 6.8,
    "special_independent": 2.4,
    "special_non_maintained": 0.1,
    "alternative_provision": 1.4,
    "further_education": 2.6,
    "specialist_post_16": 0.2,
    "elective_home": 1.2,
    "elsewhere": 1.9,
    "neet": 1.3,
    "early_years": 3.6,
    "not_recorded": 3.3,
}
"""New plans by placement, per cent."""

PLACEMENT_AGES: Final = {
    "mainstream": range(3, 19),
    "resourced_provision": range(3, 19),
    "sen_unit": range(3, 19),
    "special_state": range(2, 19),
    "special_independent": range(3, 26),
    "special_non_maintained": range(3, 26),
    "alternative_provision": range(4, 17),
    "further_education": range(16, 26),
    "specialist_post_16": range(16, 26),
    "elective_home": range(4, 19),
    "elsewhere": range(26),
    "neet": range(16, 26),
    "early_years": range(5),
    "not_recorded": range(26),
}
"""The ages that a placement has, by what it is: nobody is forecast in it at another."""

RARE_AGES: Final = {
    "mainstream": (2, 19),
    "special_state": range(19, 22),
    "further_education": (14, 15),
    "specialist_post_16": (14, 15),
    "neet": range(5, 16),
    "early_years": (5,),
}
"""Other ages at which published counts have a few."""

RARE: Final = 0.02
"""How likely a rare age is held to be beside the placement's own, before any count."""

TRANSFER_AGES: Final = tuple(year_group + 4 for year_group in TRANSFER_YEAR_GROUPS)
"""Ages that a phase transfer enters: Reception, Year 3, Year 7, Year 12, Year 15."""


def allowed() -> NDArray[np.bool_]:
    """Ages 0 to 25 x placements: where plans are."""
    own: NDArray[np.bool_] = likely() == 1.0
    return own


def likely() -> Floats:
    """Ages 0 to 25 x placements: 1 at a placement's own ages, little at rare ones, 0 elsewhere."""
    table = np.zeros((26, len(PLACEMENTS)))
    for place, name in enumerate(PLACEMENTS):
        table[list(RARE_AGES.get(name, ())), place] = RARE
        table[list(PLACEMENT_AGES[name]), place] = 1.0
    return table


if set(STOCK_BY_NEED) != set(NEEDS) or not set(STOCK_BY_PLACEMENT) == set(NEW_BY_PLACEMENT) == set(PLACEMENTS):
    raise AssertionError("the national shares do not have the vocabulary's needs and placements")
