"""Reconstruct children from published totals: fit a table to margins, round it, spread it to zones, seat it in units.

Nothing here reads a file or knows a county. What comes out is invented: it has the totals that it was given, and
nobody is in it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from placeplan.errors import Fault, InputError
from placeplan.models.reconcile import Totals, scale_to_totals

__all__ = [
    "Fitted",
    "Floats",
    "Margin",
    "Rounded",
    "draw_places",
    "fit_table",
    "generator",
    "pseudonyms",
    "round_table",
    "seat_children",
    "split_total",
]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

NO_SEAT_KM = 1e6
"""What a seat that a child cannot take costs in ``seat_children``; never paid where there is another."""


def generator(seed: int, name: str) -> np.random.Generator:
    """The random stream called ``name`` under ``seed``: the same however many others are drawn from.

    >>> bool(generator(1, "homes").random() == generator(1, "homes").random())
    True
    """
    return np.random.default_rng([seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")])


@dataclass(frozen=True, slots=True)
class Margin:
    """Totals over all axes but ``axes``; NaN where a total was not published, and then it binds nothing."""

    name: str
    axes: tuple[int, ...]
    values: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A table fitted to margins; ``worst`` is the largest difference from a published total, in children."""

    table: Floats = field(repr=False)
    converged: bool
    rounds: int
    worst: float


@dataclass(frozen=True, slots=True)
class Rounded:
    """Whole counts; ``misses`` is how far they are from each margin: (margin, place in it, wanted, found)."""

    counts: Whole = field(repr=False)
    misses: tuple[tuple[str, tuple[int, ...], int, int], ...]


def _onto(table: NDArray[np.number], axes: tuple[int, ...]) -> Floats:
    """``table`` summed over every axis that is not in ``axes``."""
    others = tuple(axis for axis in range(table.ndim) if axis not in axes)
    summed: Floats = np.asarray(table, dtype=np.float64).sum(axis=others)
    return summed


def _spread(values: Floats, axes: tuple[int, ...], ndim: int) -> Floats:
    """``values`` shaped so that it broadcasts against a table of ``ndim`` axes."""
    shape = [1] * ndim
    for axis, size in zip(axes, values.shape, strict=True):
        shape[axis] = size
    return values.reshape(shape)


def _margin_faults(start: Floats, margins: Sequence[Margin]) -> list[Fault]:
    """Margins of the wrong shape, below zero, that disagree with one another, or that nothing can fill."""
    faults = []
    for margin in margins:
        shape = tuple(start.shape[axis] for axis in margin.axes)
        if list(margin.axes) != sorted(set(margin.axes)) or margin.values.shape != shape:
            faults.append(Fault(f"margin {margin.name}", "", "", f"shape {margin.values.shape}", f"shape {shape}"))
        elif bool((margin.values < 0).any()):
            faults.append(Fault(f"margin {margin.name}", "", "", f"{np.nanmin(margin.values):g}", "0 or more"))
    if faults:
        return faults
    for margin in margins:
        reachable = _onto(start, margin.axes)
        for place in np.argwhere((margin.values > 0) & (reachable <= 0)):
            where = ", ".join(str(int(p)) for p in place)
            value = f"{margin.values[tuple(place)]:g}"
            faults.append(Fault(f"margin {margin.name}", where, "", value, "a start above 0 somewhere in it"))
    for one, other in combinations(margins, 2):
        shared = tuple(axis for axis in one.axes if axis in other.axes)
        # A sum over a total that was not published is NaN, and NaN is never more than a tolerance away.
        first = _onto(one.values, tuple(one.axes.index(axis) for axis in shared))
        second = _onto(other.values, tuple(other.axes.index(axis) for axis in shared))
        for place in np.argwhere(np.abs(first - second) > 1e-6 * np.maximum(1.0, np.abs(second))):
            where = ", ".join(str(int(p)) for p in place)
            a, b = float(first[tuple(place)]), float(second[tuple(place)])
            faults.append(Fault(f"margin {one.name}", where, "", f"{a:g}", f"{b:g}, as margin {other.name} has"))
    return faults


def fit_table(start: Floats, margins: Sequence[Margin], *, tolerance: float = 1e-6, limit: int = 2000) -> Fitted:
    """``start`` scaled to ``margins`` in turn until every known total is met (iterative proportional fitting).

    Zeros of ``start`` stay zeros. Raises ``InputError`` with every fault where two margins disagree on what
    they share, or a total above 0 has nothing to fill it: which of two totals is right is not for arithmetic
    to guess. Where the margins agree pair by pair but cannot all be met, ``converged`` is False and ``worst``
    says by how much. Deming and Stephan (1940).
    """
    faults = _margin_faults(start, margins)
    if faults:
        raise InputError(faults)
    places = np.unravel_index(np.arange(start.size), start.shape)
    totals = []
    for margin in margins:
        shape = tuple(start.shape[axis] for axis in margin.axes)
        part = (
            np.ravel_multi_index([places[axis] for axis in margin.axes], shape) if shape else np.zeros_like(places[0])
        )
        totals.append(Totals(margin.name, part, margin.values.ravel()))
    scaled = scale_to_totals(start.ravel(), totals, tolerance=tolerance, limit=limit)
    return Fitted(scaled.table.reshape(start.shape), scaled.converged, scaled.rounds, scaled.worst)


def _largest_remainders(table: Floats) -> Whole:
    """``table`` in whole counts whose sum is its own sum, rounded."""
    # Nine decimals, so that the last bits of a sum never decide which cell is rounded up.
    exact = np.round(table, 9)
    counts = np.floor(exact).astype(np.int64)
    short = round(float(exact.sum())) - int(counts.sum())
    order = np.argsort(-(exact - counts).ravel(), kind="stable")
    counts.ravel()[order[:short]] += 1
    return counts


def _step_gains(deviation: Floats, known: NDArray[np.bool_], by: int) -> Floats:
    """How much nearer a margin comes for one child more (``by`` 1) or fewer (-1) in each of its cells."""
    return np.where(known, np.abs(deviation) - np.abs(deviation + by), 0.0)


def round_table(
    table: Floats, margins: Sequence[Margin], *, stream: np.random.Generator, steps: int = 20000
) -> Rounded:
    """Whole counts near ``table`` whose total is exact and whose margins are met as far as possible.

    Starts from the largest remainders and moves one child at a time to where the margins come nearest (a tabu
    search, ties by ``stream``), ``steps`` at most; no cell leaves ``table`` by 2 or more, and zeros stay zeros. What
    cannot be met is in ``misses``.
    """
    counts = _largest_remainders(table)
    total = Margin("total", (), np.asarray(float(counts.sum())))
    aims = [*margins, total]
    wanted = [np.round(aim.values) for aim in aims]
    known = [~np.isnan(aim.values) for aim in aims]
    movable = {1: table > 0, -1: table > 0}
    jitter = 1e-4 * stream.random(table.shape)
    held = np.zeros(table.shape, dtype=np.int64)
    best, best_miss = counts.copy(), np.inf
    deviations = [np.where(k, _onto(counts, a.axes) - w, 0.0) for a, w, k in zip(aims, wanted, known, strict=True)]
    for step in range(steps):
        miss = sum(float(np.abs(deviation).sum()) for deviation in deviations)
        if miss < best_miss and deviations[-1] == 0:
            best, best_miss = counts.copy(), miss
        if miss == 0:
            break
        chosen: tuple[float, int, int] = (-np.inf, 0, 0)
        for by in (1, -1):
            gain = jitter - 1e-2 * (np.abs(counts + by - table) - np.abs(counts - table))
            for aim, deviation, is_known in zip(aims, deviations, known, strict=True):
                gain = gain + _spread(_step_gains(deviation, is_known, by), aim.axes, table.ndim)
            near = movable[by] & (counts + by >= 0) & (np.abs(counts + by - table) < 2) & (held <= step)
            place = int(np.argmax(np.where(near, gain, -np.inf)))
            chosen = max(chosen, (float(np.where(near, gain, -np.inf).ravel()[place]), place, by))
        _, place, by = chosen
        counts.ravel()[place] += by
        held.ravel()[place] = step + 10 + int(stream.random() * 300)
        index = np.unravel_index(place, table.shape)
        for aim, deviation, is_known in zip(aims, deviations, known, strict=True):
            cell = tuple(int(index[axis]) for axis in aim.axes)
            if is_known[cell]:
                deviation[cell] += by
    misses = []
    for aim, goal, is_known in zip(margins, wanted[:-1], known[:-1], strict=True):
        found = _onto(best, aim.axes)
        for at in np.argwhere(is_known & (found != np.where(is_known, goal, 0))):
            cell = tuple(int(part) for part in at)
            misses.append((aim.name, cell, int(goal[cell]), int(found[cell])))
    return Rounded(best, tuple(misses))


def draw_places(count: int, weights: Floats, *, stream: np.random.Generator) -> Whole:
    """For each of ``count`` children the index of a place, drawn with chances in proportion to ``weights``.

    Raises ``ValueError`` where there are children and no weight above 0.
    """
    rising = np.cumsum(weights, dtype=np.float64)
    if count and (not len(rising) or not rising[-1] > 0):
        raise ValueError(f"{count} children to place and no weight above 0")
    drawn = np.searchsorted(rising, stream.random(count) * rising[-1], side="right") if count else np.zeros(0)
    return np.minimum(drawn, len(rising) - 1).astype(np.int64)


def split_total(total: int, weights: Floats, *, stream: np.random.Generator) -> Whole:
    """``total`` children split over ``weights`` (a multinomial draw); the parts add up to ``total``.

    >>> parts = split_total(100, np.array([1.0, 0.0, 3.0]), stream=generator(1, "split"))
    >>> int(parts.sum()), int(parts[1])
    (100, 0)
    """
    parts: Whole = np.bincount(draw_places(total, weights, stream=stream), minlength=len(weights))
    return parts


def seat_children(
    km: Floats,
    may: NDArray[np.bool_],
    seats: Whole,
    *,
    stream: np.random.Generator,
    extra: Whole | None = None,
    taste_km: float = 3.0,
    extra_km: float = 25.0,
) -> Whole:
    """The unit of each child, -1 where no seat is left that it ``may`` take; no two children share a seat.

    ``km`` and ``may`` are children x units. Each child minds distance and a taste of its own for each unit (a
    logit choice: Gumbel of scale ``taste_km``); all together mind least, so that a full school turns away those
    who lose least by it. ``extra`` seats above ``seats`` are minded ``extra_km`` more.
    """
    children, units = km.shape
    more = np.zeros(units, dtype=np.int64) if extra is None else extra
    if not children:
        return np.zeros(0, dtype=np.int64)
    taste = -np.log(-np.log(np.clip(stream.random(km.shape), 1e-12, 1 - 1e-12)))
    minded = np.where(may, km - taste_km * taste, NO_SEAT_KM)
    unit_of_seat = np.concatenate([np.repeat(np.arange(units), seats), np.repeat(np.arange(units), more)])
    premium = np.concatenate([np.zeros(int(seats.sum())), np.full(int(more.sum()), extra_km)])
    # One seat for nobody for each child, so that a solution always exists.
    nowhere = np.full((children, children), NO_SEAT_KM)
    rows, columns = linear_sum_assignment(np.hstack([minded[:, unit_of_seat] + premium, nowhere]))
    placed = np.full(children, -1, dtype=np.int64)
    seated = columns < len(unit_of_seat)
    placed[rows[seated]] = unit_of_seat[columns[seated]]
    allowed = may[np.arange(children), np.maximum(placed, 0)] & (placed >= 0)
    return np.where(allowed, placed, -1).astype(np.int64)


def pseudonyms(count: int, *, prefix: str, stream: np.random.Generator) -> list[str]:
    """``count`` different names such as D00001 in random order, so that they say nothing."""
    order = np.argsort(stream.random(count), kind="stable")
    return [f"{prefix}{number + 1:05d}" for number in order]
