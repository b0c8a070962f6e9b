"""Demand, not occupancy: who needs a specialist place, among those who have one and those who do not.

A plan in a placement that is planned for needs a place of that kind. Of the others, shares that are stated apart
do: the unplaced, those waiting in mainstream, sent out for want of a place, out of school, and so on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.listed import split_list
from placeplan.county.settings import Demand, Forecast
from placeplan.county.vocabulary import KINDS, PHASES, PLACEMENTS, YEAR_GROUPS, phase_of
from placeplan.models.cohort_parts import AGES
from placeplan.models.cohorts import CohortDraws
from placeplan.need.counts import PLACEMENT_AXIS, Cube
from placeplan.need.stock import BaseStock, child_cells

__all__ = [
    "DEMAND_KINDS",
    "PHASE_AXIS",
    "DemandCounts",
    "demand_counts",
    "demand_rows",
    "phase_of_age",
    "planned_kinds",
    "without_a_place",
]

Whole = NDArray[np.int64]

PHASE_AXIS: Final = tuple(PHASES)
_PLANNED: Final = {about.kind for about in PLACEMENTS.values() if about.planned_for and about.kind}
DEMAND_KINDS: Final = tuple(kind for kind in KINDS if kind in _PLANNED)
"""The kinds of place that plans are planned for, in the order of the vocabulary."""


@dataclass(frozen=True, slots=True)
class DemandCounts:
    """Children who need a place.

    ``by_kind``: draws x localities x needs x phases x kinds; ``by_state``: draws x rows of demand: how many of them
    each state gives (taken from another kind where the child has a place).
    """

    by_kind: Whole = field(repr=False)
    by_state: Whole = field(repr=False)


def phase_of_age(age: int) -> str:
    """The phase of an age on the 31 August that opens the year; beyond the last year group it is the last."""
    return phase_of(min(age - 4, max(YEAR_GROUPS)))


def planned_kinds() -> dict[str, str]:
    """The kind that each planned-for placement is a place of."""
    return {name: str(about.kind) for name, about in PLACEMENTS.items() if about.planned_for}


def without_a_place(rows: Sequence[Demand], placement: str) -> list[Demand]:
    """The rows of demand of a placement that make its children need something else than they have; shares above 0."""
    own = planned_kinds().get(placement)
    return [row for row in rows if row.placement == placement and row.share > 0 and row.kind != own]


def demand_rows(county: County, cube: Cube, base: BaseStock) -> tuple[Demand, ...]:
    """The rows of ``[[forecast.demand]]`` in use.

    Where the table children is of the start, those without a unit say how many wait in mainstream and early years
    settings, and for what kind, unless county.toml states it.
    """
    rows = county.settings.forecast.demand
    if not base.known_children:
        return rows
    default = set(Forecast().demand)
    stock = base.table(cube).sum(axis=(0, 1, 2))
    children = county.children
    placement = child_cells(county, cube, children) % cube.shape[3]
    waits = children["unit"].isna().to_numpy()
    made: list[Demand] = []
    for row in rows:
        if row not in default or not row.state.startswith("waiting"):
            made.append(row)
            continue
        here = waits & (placement == PLACEMENT_AXIS.index(row.placement))
        there = stock[PLACEMENT_AXIS.index(row.placement)]
        wanted = [_first_kind(suits) for suits in children.loc[here, "suits"]]
        made += [
            Demand(
                row.state,
                row.placement,
                wanted.count(kind) / there,
                kind,
                "children without a unit in the table children",
            )
            for kind in DEMAND_KINDS
            if kind in wanted and there > 0
        ]
    return tuple(made)


def _first_kind(suits: object) -> str:
    """The kind of the first thing that a plan suits; a special school where nothing known is said."""
    kinds = [item.partition(":")[0] for item in split_list(suits)]
    known = [kind for kind in kinds if kind in DEMAND_KINDS]
    return known[0] if known else "special"


def demand_counts(
    draws: CohortDraws, cube: Cube, year: int, rows: Sequence[Demand], stream: np.random.Generator
) -> DemandCounts:
    """Who needs what in a year, in every draw; shares are drawn child by child, so that all of it adds up."""
    localities, needs, _, placements = cube.shape
    phases, kinds = len(PHASE_AXIS), len(DEMAND_KINDS)
    of_age = np.array([PHASE_AXIS.index(phase_of_age(age)) for age in range(AGES)])
    place, need, age, placement = np.unravel_index(np.arange(cube.size), cube.shape)
    group = ((place * needs + need) * phases + of_age[age]) * placements + placement
    size = localities * needs * phases * placements
    shape = (draws.draws, localities, needs, phases, placements)
    counts = draws.counts(year, group, size=size).reshape(shape)
    by_kind = np.zeros((*shape[:-1], kinds), dtype=np.int64)
    by_state = np.zeros((draws.draws, len(rows)), dtype=np.int64)
    own = planned_kinds()
    for place_, name in enumerate(PLACEMENT_AXIS):
        left = counts[..., place_]
        rest = 1.0
        moving = without_a_place(rows, name)
        for number, row in enumerate(rows):
            if row.placement != name or row.share == 0.0:
                continue
            taken = stream.binomial(left, min(1.0, row.share / max(rest, 1e-12)))
            by_state[:, number] = taken.sum(axis=(1, 2, 3))
            if row in moving:
                left, rest = left - taken, rest - row.share
                by_kind[..., DEMAND_KINDS.index(row.kind)] += taken
        if name in own:
            by_kind[..., DEMAND_KINDS.index(own[name])] += left
    return DemandCounts(by_kind, by_state)
