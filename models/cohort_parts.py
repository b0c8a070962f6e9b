"""What a cohort model is made of: children at the start, rates, what is uncertain, and what scenarios change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["AGES", "Change", "Cohort", "Futures", "NewPlans", "Redirect", "cells_where", "check_parts"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

AGES: Final = 26
"""Ages 0 to 25, on the 31 August that opens the year."""


class Change:
    """Why a child is where it is: there at the start, a new plan, a phase transfer, another move."""

    START: Final = 0
    NEW_PLAN: Final = 1
    TRANSFER: Final = 2
    MOVE: Final = 3


@dataclass(frozen=True, slots=True)
class Cohort:
    """The children at the start and the rates by which they change.

    ``shape``: localities, needs, AGES, placements. ``cells``: one whole number a child, its cell in C order of
    ``shape``; ``tags``: the caller's own number of each, -1 for none. ``new``: localities x needs x AGES, new plans a
    person and year. ``entry``: needs x AGES x placements, where new plans begin; rows add up to 1. ``cease``: AGES x
    placements, the share that ceases before it is a year older. ``transfer``: AGES x placements x placements, the
    moves on becoming that age that belong to a phase transfer; ``move``: placements x placements, those of every
    year; rows of both add up to 1.
    """

    shape: tuple[int, int, int, int]
    cells: Whole = field(repr=False)
    tags: Whole = field(repr=False)
    new: Floats = field(repr=False)
    entry: Floats = field(repr=False)
    cease: Floats = field(repr=False)
    transfer: Floats = field(repr=False)
    move: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redirect:
    """A share of children bound for one placement go to another.

    ``when``: at ``entry``, for new plans; at a phase ``transfer``, for all of its age; at ``arrival``, for those alone
    whom a phase transfer has just brought to the placement; or every ``year``.
    ``cells``: which cells, a yes or no each. ``share``: one for each draw. Years ``first`` to ``last``, both included.
    """

    when: Literal["entry", "transfer", "arrival", "year"]
    cells: NDArray[np.bool_] = field(repr=False)
    to: int
    share: Floats = field(repr=False)
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class NewPlans:
    """New plans multiplied by ``factor`` (one for each draw) in ``where`` (localities x needs x AGES, yes or no)."""

    where: NDArray[np.bool_] = field(repr=False)
    factor: Floats = field(repr=False)
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Futures:
    """What is uncertain, a row for each draw, and what is given, over ``years`` (those after the start).

    ``people``: years x localities x AGES. ``level``: draws x years, what new-plan rates are multiplied by.
    ``relative``: draws x localities x needs, likewise. ``cease_shift``: draws x years, added to the log odds of
    ceasing. ``totals``: draws x years, where the sum of all children is to follow a path of its own (NaN where it
    is not): new plans are then as many as it takes. ``ceiling``: the most new plans a year as a share of
    the people of one age. ``arrivals``:
    years x cells, children with plans expected to move in, times ``arrival_scale``, one for each draw.
    ``redirects`` and ``new_plans``: what scenarios change.
    """

    years: tuple[int, ...]
    people: Floats = field(repr=False)
    level: Floats = field(repr=False)
    relative: Floats = field(repr=False)
    cease_shift: Floats = field(repr=False)
    totals: Floats | None = field(default=None, repr=False)
    ceiling: float = np.inf
    arrivals: Floats | None = field(default=None, repr=False)
    arrival_scale: Floats | None = field(default=None, repr=False)
    redirects: tuple[Redirect, ...] = ()
    new_plans: tuple[NewPlans, ...] = ()


def check_parts(cohort: Cohort, futures: Futures, start: int) -> None:
    """Raise ``ValueError`` with every shape, share and year that does not fit."""
    localities, needs, ages, placements = cohort.shape
    draws, years = futures.level.shape
    wanted = {
        "ages": (ages, AGES),
        "tags": (cohort.tags.shape, cohort.cells.shape),
        "new": (cohort.new.shape, (localities, needs, AGES)),
        "entry": (cohort.entry.shape, (needs, AGES, placements)),
        "cease": (cohort.cease.shape, (AGES, placements)),
        "transfer": (cohort.transfer.shape, (AGES, placements, placements)),
        "move": (cohort.move.shape, (placements, placements)),
        "years": (futures.years, tuple(range(start + 1, start + 1 + years))),
        "people": (futures.people.shape, (years, localities, AGES)),
        "relative": (futures.relative.shape, (draws, localities, needs)),
        "cease_shift": (futures.cease_shift.shape, (draws, years)),
    }
    problems = [
        f"{name} {found}: expected {expected}" for name, (found, expected) in wanted.items() if found != expected
    ]
    for name in ("entry", "transfer", "move"):
        rows = getattr(cohort, name)
        if (rows < -1e-12).any() or not np.allclose(rows.sum(axis=-1), 1.0):
            problems.append(f"{name}: expected shares that add up to 1")
    if (cohort.cease < 0).any() or (cohort.cease > 1).any() or (cohort.new < 0).any():
        problems.append("cease and new: expected shares from 0 to 1, and rates of 0 or more")
    if problems:
        raise ValueError("; ".join(problems))


def cells_where(
    shape: tuple[int, int, int, int],
    *,
    localities: Sequence[int] | None = None,
    needs: Sequence[int] | None = None,
    ages: Sequence[int] | None = None,
    placements: Sequence[int] | None = None,
) -> NDArray[np.bool_]:
    """Which cells are in all the lists given, as a yes or no for each cell in C order."""
    inside = np.ones(shape, dtype=bool)
    for axis, chosen in enumerate((localities, needs, ages, placements)):
        if chosen is not None:
            keep = np.zeros(shape[axis], dtype=bool)
            keep[list(chosen)] = True
            inside &= keep.reshape([-1 if other == axis else 1 for other in range(4)])
    flat: NDArray[np.bool_] = inside.ravel()
    return flat
