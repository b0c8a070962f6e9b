"""Fit the rates by which children with plans change, with what was known in a year."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.models.cohort_parts import Cohort
from placeplan.models.rates import PooledRates, pooled_rates
from placeplan.need.counts import Cube, KnownPlans, known_plans
from placeplan.need.flows import RECENT, Note, cease_by_age, ceased_series, new_by_age, new_series, shifted
from placeplan.need.moves import entry_shares, need_shares, transfer_moves, yearly_moves
from placeplan.need.people import People
from placeplan.need.stock import BaseStock, base_stock

__all__ = ["NeedFit", "fit_need"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NeedFit:
    """What a forecast of need starts from.

    ``new``: log of new plans by year over what constant rates would give, with its standard deviation as measured.
    ``ceased``: the log odds of ceasing by year, over the shape by age, likewise; the last is the start.
    ``relative``: localities x needs, pooled. ``weights``: localities x needs, shares of each need's new plans.
    """

    cube: Cube = field(repr=False)
    year: int
    base: BaseStock = field(repr=False)
    cohort: Cohort = field(repr=False)
    people: People = field(repr=False)
    new: pd.DataFrame = field(repr=False)
    ceased: pd.DataFrame = field(repr=False)
    relative: PooledRates = field(repr=False)
    weights: Floats = field(repr=False)
    notes: tuple[Note, ...]


def fit_need(county: County, cube: Cube, people: People, year: int) -> NeedFit:
    """Fit everything with what was known in ``year``. Raises ``ValueError`` where no plans are known then."""
    there = people.of(year)
    base = base_stock(county, cube, year, there)
    stock = base.table(cube)
    known = known_plans(county, cube, year, plans=float(stock.sum()))
    shape, shape_note = cease_by_age(known)
    ceased, ceased_note = ceased_series(known, stock.sum(axis=(0, 1, 3)), shape)
    cease = np.repeat(shifted(shape, float(ceased["log_odds"].iloc[-1]))[:, None], stock.shape[3], axis=1)
    new, level, new_notes = new_series(known, people)
    relative, weights, told = _relative(known, base, stock, there)
    by_age, needs = new_by_age(known), need_shares(stock)
    rates = level * by_age[None, :] * needs / np.maximum(there.sum(axis=0), 1e-9)
    entry = entry_shares(known, stock, by_age, needs)
    begun = np.einsum("a,na,nap->ap", by_age, needs, entry)
    transfer = transfer_moves(stock, float(new["count"].tail(RECENT).mean()) * begun, there.sum(axis=0))
    move, move_note = yearly_moves(known, stock, cease, transfer, level * begun.sum(axis=0))
    cohort = Cohort(
        shape=cube.shape,
        cells=base.cells,
        tags=base.tags,
        new=np.broadcast_to(rates, (len(cube.localities), *rates.shape)).copy(),
        entry=entry,
        cease=cease,
        transfer=transfer,
        move=move,
    )
    where = "pooled between locality and county by how much evidence there is" if told else "the same everywhere"
    notes = (
        *base.notes,
        ("People aged 0 to 25", people.method, "the tables population and births"),
        shape_note,
        ceased_note,
        *new_notes,
        move_note,
        ("Rates of localities and needs", where, "the tables children and plans" if told else "no plans by locality"),
    )
    return NeedFit(cube, year, base, cohort, people, new, ceased, relative, weights, notes)


def _relative(known: KnownPlans, base: BaseStock, stock: Floats, people: Floats) -> tuple[PooledRates, Floats, bool]:
    """How each locality's rate of each need differs from the county's: locality first, then need within it.

    Taken from plans whose locality is known: the children of the table, or a margin by locality or zone.
    """
    plans = known.county.plans
    told = plans[(plans["measure"] == "stock") & (plans["year"] == known.year)]
    by_margin = bool(told["locality"].notna().any() or told["zone"].notna().any())
    counted = stock
    if base.known_children and not by_margin:
        tagged = base.cells[base.tags >= 0]
        counted = np.bincount(tagged, minlength=stock.size).reshape(stock.shape).astype(np.float64)
    expected = np.einsum("na,la->ln", counted.sum(axis=(0, 3)), people / np.maximum(people.sum(axis=0), 1e-9))
    # A need that nobody counted has is everybody's: by people alone.
    whole, even = expected.sum(axis=0), people.sum(axis=1) / max(float(people.sum()), 1e-9)
    weights = np.where(whole > 0, expected / np.maximum(whole, 1e-9), even[:, None])
    if not (base.known_children or by_margin):
        nothing = np.zeros_like(expected)
        return pooled_rates(nothing, nothing), weights, False
    counts = counted.sum(axis=(2, 3))
    localities = pooled_rates(counts.sum(axis=1), expected.sum(axis=1))
    within = pooled_rates(counts, expected * localities.mean[:, None])
    return PooledRates(within.shape * localities.mean[:, None], within.rate, within.alike), weights, True
