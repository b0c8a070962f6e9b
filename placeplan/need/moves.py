"""Where plans are and go: placements of new plans, phase transfers, and moves of every year."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from placeplan.models.cohort_parts import AGES
from placeplan.need.counts import PLACEMENT_AXIS, KnownPlans
from placeplan.need.defaults import NEW_BY_PLACEMENT, TRANSFER_AGES, allowed
from placeplan.need.flows import EVEN, RECENT, Note

__all__ = ["entry_shares", "need_shares", "transfer_moves", "yearly_moves"]

Floats = NDArray[np.float64]

WINDOW: Final = 3
"""Ages before and after a phase transfer whose placements are compared."""

MOST_MOVING: Final = 0.08
"""The largest share of a placement that is taken to move in a year outside phase transfers."""

MOST_RECORDED: Final = 0.95
"""As above, of plans whose placement is not recorded: most are recorded a year later."""


def need_shares(stock: Floats) -> Floats:
    """Needs x ages: shares of needs at an age, with the ages about it and the county's mix where it has few."""
    by_age = stock.sum(axis=(0, 3))
    overall = by_age.sum(axis=1) / max(float(by_age.sum()), 1.0)
    padded = np.pad(by_age, ((0, 0), (2, 2)))
    about = sum(padded[:, 2 + shift : 2 + shift + AGES] for shift in (-2, -1, 0, 1, 2))
    mix = about + EVEN * overall[:, None]
    shares: Floats = mix / mix.sum(axis=0)
    return shares


def _placement_shares(stock: Floats) -> Floats:
    """Needs x ages x placements: shares of placements, smoothed like needs and only where they can be."""
    of_age = (stock.sum(axis=(0, 1)) + 1e-3) * allowed()
    of_age = of_age / of_age.sum(axis=1, keepdims=True)
    mix = (stock.sum(axis=0) + EVEN * of_age[None]) * allowed()[None]
    shares: Floats = mix / mix.sum(axis=2, keepdims=True)
    return shares


def entry_shares(known: KnownPlans, stock: Floats, by_age: Floats, needs: Floats) -> Floats:
    """Needs x ages x placements: where new plans begin: as plans of the age and need are, scaled to where new ones are.

    Where the county does not publish new plans by placement, they are as in England. ``by_age`` and ``needs``: shares
    of new plans by age, and of needs at an age.
    """
    target = np.array([NEW_BY_PLACEMENT[name] for name in PLACEMENT_AXIS]) / sum(NEW_BY_PLACEMENT.values())
    published = known.by_placement("new", known.year)
    if published is not None and not np.isnan(published).any():
        target = published / max(float(published.sum()), 1.0)
    usual = _placement_shares(stock)
    mix = usual
    weights = by_age[None, :, None] * needs[..., None]
    for _ in range(50):
        found = (weights * mix).sum(axis=(0, 1))
        mix = mix * np.divide(target, found, out=np.zeros_like(found), where=found > 0)
        mix = mix / np.maximum(mix.sum(axis=2, keepdims=True), 1e-12)
    # An age at which nothing is left has the placements that plans of the age are in.
    chosen = np.where((mix.sum(axis=2) < 0.5)[..., None], usual, mix)
    shares: Floats = chosen / chosen.sum(axis=2, keepdims=True)
    return shares


def transfer_moves(stock: Floats, begun: Floats, people: Floats) -> Floats:
    """Ages x placements x placements: the moves of phase transfers.

    At each age that a transfer enters, the fewest moves that turn the numbers in each placement, for as many people,
    of the ages just before it into those just after. The largest placement takes up what does not balance: where plans
    grow, those after a transfer are fewer only because they are of older years. ``begun``: ages x placements, new plans
    of a year: those made within the ages before are added, and those made within the ages after are taken off, so
    that new plans are not taken for moves. ``people``: by age.
    """
    placements = stock.shape[3]
    made: Floats = np.broadcast_to(np.eye(placements), (AGES, placements, placements)).copy()
    by_age, can = stock.sum(axis=(0, 1)), allowed()
    starts = [0, *TRANSFER_AGES, AGES]
    for before, at, after in zip(starts, starts[1:-1], starts[2:], strict=False):
        first, last = max(before, at - WINDOW), min(after, at + WINDOW)
        old, new = np.full(placements, 1e-9), np.full(placements, 1e-9)
        for age in range(first, at):
            old = old + by_age[age] + begun[age + 1 : at].sum(axis=0)
        for age in range(at, last):
            new = new + np.maximum(by_age[age] - begun[at : age + 1].sum(axis=0), 0.0)
        alike = float(people[first:at].sum()) / max(float(people[at:last].sum()), 1e-9)
        made[at] = _fewest_moves(old, np.where(can[at], new * alike, 0.0))
    for age in range(1, AGES):
        # A placement that does not go on at this age: its children go where the others of the age are.
        others = by_age[age] * can[age] + 1e-9 * can[age]
        for place in np.flatnonzero(can[age - 1] & ~can[age]):
            left = float(made[age, place, place])
            made[age, place, place] = 0.0
            made[age, place] += left * others / others.sum()
    return made


def _fewest_moves(old: Floats, new: Floats) -> Floats:
    """Moves after which every placement but the largest has its ``new`` number; that one takes up the difference."""
    change = new - old
    largest = int(np.argmax(old))
    change[largest] = -(change.sum() - change[largest])
    return _moves_of(np.clip(-change / old, 0.0, 1.0), np.maximum(change, 0.0))


def _moves_of(leave: Floats, takes: Floats) -> Floats:
    """The share ``leave`` of each placement goes to those that take, by how much they do."""
    goes = takes / takes.sum() if takes.sum() > 0 else takes
    moves = np.diag(1.0 - leave) + leave[:, None] * goes[None, :]
    shares: Floats = moves / moves.sum(axis=1, keepdims=True)
    return shares


def yearly_moves(known: KnownPlans, stock: Floats, cease: Floats, transfer: Floats, new: Floats) -> tuple[Floats, Note]:
    """Moves of every year: what shares by placement changed by of late, beyond what the other rates give.

    ``new``: new plans of a year by placement.
    """
    yearly, first, last = _yearly_shares(known)
    # What is not recorded now is recorded later: as a share it stays as it is where nothing else is known.
    unrecorded = PLACEMENT_AXIS.index("not_recorded")
    yearly[unrecorded] = np.nan_to_num(yearly[unrecorded])
    by_age = stock.sum(axis=(0, 1))
    older = np.zeros_like(by_age)
    older[1:] = (by_age * (1.0 - cease))[:-1]
    after = np.einsum("ap,apq->q", older, transfer) + new
    share_now = by_age.sum(axis=0) / by_age.sum()
    residual = np.where(np.isnan(yearly), 0.0, (share_now + np.nan_to_num(yearly)) * after.sum() - after)
    gives, takes = np.maximum(-residual, 0.0), np.maximum(residual, 0.0)
    # What placements without a series of their own give to those with one, by their size.
    unknown = np.where(np.isnan(yearly), after, 0.0)
    gives = gives + unknown / max(float(unknown.sum()), 1e-9) * max(0.0, float(takes.sum() - gives.sum()))
    most = np.where(np.arange(len(after)) == unrecorded, MOST_RECORDED, MOST_MOVING)
    leave = np.clip(np.divide(gives, after, out=np.zeros_like(gives), where=after > 0), 0.0, most)
    value = f"as many as shares of placements changed by from {first} to {last}, beyond new plans and transfers"
    if last == first:
        value = "only from not recorded to where the plan is recorded later: no two years of plans by placement"
    return _moves_of(leave, takes), ("Moves between placements outside phase transfers", value, "the table plans")


def _yearly_shares(known: KnownPlans) -> tuple[Floats, int, int]:
    """By how much each placement's share changed a year, NaN where not known, and the years it is taken from."""
    found: dict[int, Floats] = {}
    for one in range(known.year - RECENT - 1, known.year + 1):
        if any(one < b <= known.year for b in known.broken) or one not in known.stock.index:
            continue
        published = known.by_placement("stock", one)
        if published is not None:
            found[one] = published / float(known.stock[one])
    changes = np.full(len(PLACEMENT_AXIS), np.nan)
    if len(found) < 2:
        return changes, known.year, known.year
    years = sorted(found)
    for place in range(len(changes)):
        told = [one for one in years if not np.isnan(found[one][place])]
        if len(told) > 1:
            changes[place] = (found[told[-1]][place] - found[told[0]][place]) / (told[-1] - told[0])
    return changes, years[0], years[-1]
