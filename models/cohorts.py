"""Children with plans from year to year, in draws of whole children: ceasing, ageing, phase transfer, moves, new plans.

    stock(age + 1, year + 1) = stock x (1 - cease) x transfer x move + new

Each draw is one whole future. A child is a cell (locality, need, age, placement) and is followed from year to year, so
every total is the sum of its cells in every draw, whatever it is counted by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .cohort_parts import AGES, Change, Cohort, Futures, Redirect, check_parts

__all__ = ["UNTAGGED", "CohortDraws", "Snapshot", "simulate"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_STEPS: Final = ("cease", "transfer", "transfer to", "year", "year to", "new", "entry", "turn", "arrive")
Streams = Mapping[str, np.random.Generator]
"""The random streams of a year, by what they decide."""

CHUNK: Final = 50
"""Draws worked on together: few enough to stay in the processor's cache."""

UNTAGGED: Final = -1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every child of every draw in one year: arrays of one length.

    ``draw`` and ``cell`` say who; ``tag`` is as in ``Cohort``; ``since`` is the year of the last change and ``change``
    what it was (see ``Change``).
    """

    draw: NDArray[np.uint16] = field(repr=False)
    cell: NDArray[Any] = field(repr=False)
    tag: NDArray[Any] = field(repr=False)
    since: NDArray[np.int16] = field(repr=False)
    change: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CohortDraws:
    """Whole futures of ``draws`` draws: ``parts`` by year, the start included, each of ``CHUNK`` draws that follow."""

    shape: tuple[int, int, int, int]
    draws: int
    parts: dict[int, tuple[Snapshot, ...]] = field(repr=False)

    @property
    def years(self) -> tuple[int, ...]:
        """The years, the start first."""
        return tuple(self.parts)

    def snapshot(self, year: int) -> Snapshot:
        """Every child of every draw in a year."""
        return _joined(self.parts[year])

    def one(self, draw: int, year: int) -> Snapshot:
        """The children of one draw in a year."""
        part = self.parts[year][draw // CHUNK]
        here = part.draw == draw
        return Snapshot(*(array[here] for array in _arrays(part)))

    def changed(self, year: int, change: int) -> Whole:
        """For each draw the children whose last change was ``change``, in that year."""
        found = np.zeros(self.draws, dtype=np.int64)
        for part in self.parts[year]:
            now = (part.change == change) & (part.since == year)
            found += np.bincount(part.draw[now], minlength=self.draws)
        return found

    def counts(self, year: int, groups: Whole | None = None, *, size: int = 1) -> Whole:
        """Draws x ``size``: children of a year by group; ``groups`` gives the group of each cell, -1 for none."""
        found = np.zeros(self.draws * size, dtype=np.int64)
        for part in self.parts[year]:
            draw = part.draw.astype(np.int64)
            if groups is None:
                found += np.bincount(draw, minlength=self.draws)
                continue
            group = groups[part.cell]
            keys = (draw * size + group)[group >= 0]
            first = int(draw.min(initial=self.draws - 1)) * size
            counted = np.bincount(keys - first)
            found[first : first + len(counted)] += counted
        return found.reshape(self.draws, size)


def simulate(cohort: Cohort, futures: Futures, *, start: int, stream: np.random.Generator) -> CohortDraws:
    """Draw every future from ``start`` on. The same stream gives the same futures.

    Each year's ceasing, moves, new plans and what scenarios turn have streams of their own, so that a scenario leaves
    what it does not touch as it was, as far as it can.

    Raises ``ValueError`` for shapes that do not fit together, shares outside 0 to 1 or years that do not follow.
    """
    check_parts(cohort, futures, start)
    draws = futures.level.shape[0]
    taken: dict[int, list[Snapshot]] = {year: [] for year in (start, *futures.years)}
    small = (
        np.min_scalar_type(int(np.prod(cohort.shape)) - 1),
        np.min_scalar_type(-max(1, int(cohort.tags.max(initial=0)))),
    )
    for first in range(0, draws, CHUNK):
        for year, snapshot in _chunk(
            cohort, futures, start, range(first, min(first + CHUNK, draws)), stream.spawn(1)[0]
        ).items():
            # Kept as small as they can be: there are as many as children, draws and years.
            kept = replace(snapshot, cell=snapshot.cell.astype(small[0]), tag=snapshot.tag.astype(small[1]))
            taken[year].append(kept)
    return CohortDraws(cohort.shape, draws, {year: tuple(parts) for year, parts in taken.items()})


def _arrays(snapshot: Snapshot) -> tuple[NDArray[Any], ...]:
    return snapshot.draw, snapshot.cell, snapshot.tag, snapshot.since, snapshot.change


def _joined(parts: Sequence[Snapshot]) -> Snapshot:
    return Snapshot(*(np.concatenate(arrays) for arrays in zip(*map(_arrays, parts), strict=True)))


def _chunk(
    cohort: Cohort, futures: Futures, start: int, chosen: range, stream: np.random.Generator
) -> dict[int, Snapshot]:
    draws = len(chosen)
    rows = np.arange(chosen.start, chosen.stop)
    children = len(cohort.cells)
    now = Snapshot(
        draw=np.repeat(rows, children).astype(np.uint16),
        cell=np.tile(cohort.cells, draws).astype(np.int32),
        tag=np.tile(cohort.tags, draws).astype(np.int32),
        since=np.full(children * draws, start, dtype=np.int16),
        change=np.full(children * draws, Change.START, dtype=np.uint8),
    )
    taken = {start: now}
    for step, year in enumerate(futures.years):
        streams = dict(zip(_STEPS, stream.spawn(len(_STEPS)), strict=True))
        stays = _survivors(cohort, futures, now, first=chosen.start, step=step, stream=streams["cease"])
        moved = _moved(cohort, futures, stays, year, streams)
        arrived = _new(cohort, futures, moved, rows=rows, step=step, year=year, streams=streams)
        now = _joined([moved, arrived])
        taken[year] = now
    return taken


def _survivors(
    cohort: Cohort, futures: Futures, now: Snapshot, *, first: int, step: int, stream: np.random.Generator
) -> Snapshot:
    """Those whose plan does not cease, a year older; nobody is older than the last age."""
    placements = cohort.shape[3]
    flat = AGES * placements
    odds = cohort.cease.ravel()
    with np.errstate(divide="ignore"):
        log_odds = np.log(odds) - np.log1p(-odds)
    drawn = 1.0 / (1.0 + np.exp(-(log_odds + futures.cease_shift[first : first + CHUNK, step, None])))
    at = now.cell % flat
    ceases = drawn.astype(np.float32).ravel()[(now.draw - np.uint16(first)).astype(np.int64) * flat + at]
    keep = (stream.random(len(at), dtype=np.float32) >= ceases) & (at < flat - placements)
    cell = now.cell[keep] + placements
    return Snapshot(now.draw[keep], cell.astype(np.int32), now.tag[keep], now.since[keep], now.change[keep])


def _moved(cohort: Cohort, futures: Futures, now: Snapshot, year: int, streams: Streams) -> Snapshot:
    """Phase transfer first, then the moves of every year; scenarios turn some of either elsewhere."""
    placements = cohort.shape[3]
    flat = AGES * placements
    cell, since, change = now.cell.copy(), now.since.copy(), now.change.copy()
    transfer = cohort.transfer.reshape(flat, placements)
    move = np.tile(cohort.move, (AGES, 1))
    transfers = np.repeat(~np.isclose(cohort.transfer, np.eye(placements)).all(axis=(1, 2)), placements)
    for shares, what, when in ((transfer, Change.TRANSFER, "transfer"), (move, Change.MOVE, "year")):
        stream = streams[when]
        at = cell % flat
        stays = shares[np.arange(flat), np.arange(flat) % placements].astype(np.float32)
        goes = np.flatnonzero(stream.random(len(cell), dtype=np.float32) >= stays[at])
        _redraw(cell, goes, shares, placements, streams[f"{when} to"])
        changed = [goes]
        for redirect in futures.redirects:
            arriving = redirect.when == "arrival" and when == "transfer"
            if not (redirect.when == when or arriving) or not redirect.first <= year <= redirect.last:
                continue
            inside = redirect.cells[cell]
            if arriving:
                came = np.zeros(len(cell), dtype=bool)
                came[goes] = True
                inside &= came
            elif when == "transfer":
                inside &= transfers[cell % flat]
            changed.append(
                _redirected(
                    cell, np.flatnonzero(inside), now.draw, redirect, placements=placements, stream=streams["turn"]
                )
            )
        for at_ in changed:
            since[at_], change[at_] = year, what
    return Snapshot(now.draw, cell, now.tag, since, change)


def _redraw(cell: NDArray[np.int32], goes: Whole, shares: Floats, placements: int, stream: np.random.Generator) -> None:
    """A new placement, other than the present one, for the children ``goes``."""
    at = cell[goes] % len(shares)
    others = shares[at].copy()
    present = cell[goes] % placements
    others[np.arange(len(goes)), present] = 0.0
    rising = np.cumsum(others, axis=1)
    found = (stream.random(len(goes))[:, None] * rising[:, -1:] >= rising).sum(axis=1)
    cell[goes] += (np.minimum(found, placements - 1) - present).astype(np.int32)


def _redirected(
    cell: NDArray[np.int32],
    inside: Whole,
    draw: NDArray[np.uint16],
    redirect: Redirect,
    *,
    placements: int,
    stream: np.random.Generator,
) -> Whole:
    turned = inside[stream.random(len(inside)) < redirect.share[draw[inside]]]
    cell[turned] += (redirect.to - cell[turned] % placements).astype(np.int32)
    return turned


def _new(
    cohort: Cohort,
    futures: Futures,
    now: Snapshot,
    *,
    rows: Whole,
    step: int,
    year: int,
    streams: Streams,
) -> Snapshot:
    """New plans of the year, and children who move in."""
    _, needs, _, placements = cohort.shape
    people = futures.people[step]
    rates = cohort.new * people[:, None, :]
    expected = futures.relative[rows][..., None] * rates * futures.level[rows, step][:, None, None, None]
    for changed in futures.new_plans:
        if changed.first <= year <= changed.last:
            expected *= np.where(changed.where, changed.factor[rows][:, None, None, None], 1.0)
    held = np.bincount(now.draw - np.uint16(rows[0]), minlength=len(rows)).astype(np.float64)
    expected *= _towards(futures, expected.sum(axis=(1, 2, 3)), held, rows=rows, step=step, people=float(people.sum()))[
        :, None, None, None
    ]
    counts = streams["new"].poisson(expected).reshape(len(rows), -1)
    draw, group = (np.repeat(index, counts[counts > 0]) for index in np.nonzero(counts))
    entry = np.cumsum(cohort.entry.reshape(needs * AGES, placements), axis=1)[group % (needs * AGES)]
    found = (streams["entry"].random(len(group))[:, None] >= entry / entry[:, -1:]).sum(axis=1)
    cell = (group * placements + np.minimum(found, placements - 1)).astype(np.int32)
    who = rows[draw].astype(np.uint16)
    for redirect in futures.redirects:
        if redirect.when == "entry" and redirect.first <= year <= redirect.last:
            _redirected(
                cell, np.flatnonzero(redirect.cells[cell]), who, redirect, placements=placements, stream=streams["turn"]
            )
    if futures.arrivals is not None:
        scale = np.ones(len(rows)) if futures.arrival_scale is None else futures.arrival_scale[rows]
        moving_in = streams["arrive"].poisson(futures.arrivals[step] * scale[:, None])
        more, cells = (np.repeat(index, moving_in[moving_in > 0]) for index in np.nonzero(moving_in))
        who, cell = np.concatenate([who, rows[more].astype(np.uint16)]), np.concatenate([cell, cells.astype(np.int32)])
    return Snapshot(
        draw=who,
        cell=cell,
        tag=np.full(len(cell), UNTAGGED, dtype=np.int32),
        since=np.full(len(cell), year, dtype=np.int16),
        change=np.full(len(cell), Change.NEW_PLAN, dtype=np.uint8),
    )


LEAST_NEW: Final = 0.1
"""Share of the new plans that rates would give that are made whatever path a total is to follow."""


def _towards(futures: Futures, expected: Floats, held: Floats, *, rows: Whole, step: int, people: float) -> Floats:
    """What new plans are multiplied by so that the total follows its path, and never passes the ceiling."""
    wanted = expected
    if futures.totals is not None:
        path = futures.totals[rows, step]
        wanted = np.where(np.isnan(path), expected, np.maximum(path - held, LEAST_NEW * expected))
    wanted = np.minimum(wanted, futures.ceiling * people / AGES)
    factor: Floats = np.divide(wanted, expected, out=np.ones_like(expected), where=expected > 0)
    return factor
