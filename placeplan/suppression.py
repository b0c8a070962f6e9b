"""Which cells of a table to withhold so that no small count follows from the published ones and their totals.

Knows keys, values and sums; nothing of children, needs or counties.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

__all__ = ["ANY", "SMALLEST", "Key", "Sum", "cube_sums", "determined", "holds", "is_small", "suppress"]

SMALLEST: Final = 5
"""The smallest count that is published; a positive one below it is withheld."""

ANY: Final = "*"
"""What a key says for an axis that is summed over."""

Key = tuple[str, ...]
"""The name of a table or column, then one label an axis."""

_NOUGHT: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Sum:
    """A total that anyone can see is the sum of its parts."""

    total: Key
    parts: tuple[Key, ...]


def is_small(value: float) -> bool:
    """Whether a count is positive and below the smallest that is published."""
    return 0 < value < SMALLEST


def holds(one: Sum, cells: Mapping[Key, float]) -> bool:
    """Whether the total is among the cells and its parts add up to it: only then does it give anything away."""
    parts = sum(cells.get(key, 0.0) for key in one.parts)
    return one.total in cells and math.isclose(cells[one.total], parts, abs_tol=1e-6)


def cube_sums(axes: Sequence[Iterable[str]], *, name: str) -> Iterator[Sum]:
    """Every sum over one axis in a table of several, its margins and their margins included.

    A cell's key is ``(name, one label an axis)``; a margin's has ``*`` for the axes summed over.
    """
    labels = [tuple(axis) for axis in axes]
    for position, axis in enumerate(labels):
        others = [(*values, ANY) for at, values in enumerate(labels) if at != position]
        for rest in product(*others):
            before, after = rest[:position], rest[position:]
            yield Sum((name, *before, ANY, *after), tuple((name, *before, label, *after) for label in axis))


def determined(hidden: Iterable[Key], sums: Iterable[Sum]) -> set[Key]:
    """The hidden cells that follow from the others by the ``sums`` alone (linear algebra, no guess about sizes).

    A hidden cell is determined where the sums, with everything published taken out of them, combine into
    that cell by itself: where the reduced row echelon form of their matrix has a row with no other cell.
    """
    order = sorted(hidden)
    column = {key: at for at, key in enumerate(order)}
    equations: list[dict[int, float]] = []
    for one in sums:
        terms = {column[key]: 1.0 for key in one.parts if key in column}
        if one.total in column:
            terms[column[one.total]] = -1.0
        if terms:
            equations.append(terms)
    matrix = np.zeros((len(equations), len(order)))
    for row, terms in enumerate(equations):
        matrix[row, list(terms)] = list(terms.values())
    # Plain elimination: the entries are 1 and -1 and few, and a threaded decomposition is far slower on a busy machine.
    rank = 0
    for at in range(len(order)):
        if rank == len(equations):
            break
        pivot = rank + int(np.abs(matrix[rank:, at]).argmax())
        if abs(matrix[pivot, at]) < _NOUGHT:
            continue
        matrix[[rank, pivot]] = matrix[[pivot, rank]]
        matrix[rank] /= matrix[rank, at]
        others = np.flatnonzero(np.abs(matrix[:, at]) > _NOUGHT)
        others = others[others != rank]
        matrix[others] -= matrix[others, at][:, np.newaxis] * matrix[rank]
        rank += 1
    filled = np.abs(matrix[:rank]) > _NOUGHT
    return {order[int(row.argmax())] for row in filled[filled.sum(axis=1) == 1]}


def suppress(cells: Mapping[Key, float], sums: Iterable[Sum]) -> frozenset[Key]:
    """The cells to withhold: the small ones, and enough others that no small one can be had by subtraction.

    In every sum whose total is published the withheld parts are at least two and add up to 5 or more; where
    that leaves a cell determined by several sums together, more are withheld until none is. The smallest
    positive cell goes first, parts before totals; a zero is never withheld, as it says nothing of anybody.
    """
    known = [Sum(one.total, tuple(key for key in one.parts if key in cells)) for one in sums if one.total in cells]
    hidden = {key for key, value in cells.items() if is_small(value)}
    while True:
        _cover(hidden, cells, known)
        found = determined(hidden, known)
        if not found:
            return frozenset(hidden)
        more = set()
        for key in sorted(found):
            beside = [one for one in known if key in {one.total, *one.parts}]
            more |= _cheapest([*(part for one in beside for part in one.parts)], hidden, cells) or _cheapest(
                [one.total for one in beside], hidden, cells
            )
        more = more or _cheapest(cells, hidden, cells)
        if not more:
            return frozenset(hidden)
        hidden |= more


def _cheapest(keys: Iterable[Key], hidden: Collection[Key], cells: Mapping[Key, float]) -> set[Key]:
    """The smallest positive one of the keys that is not withheld yet, as a set; empty where there is none."""
    still_shown = [key for key in keys if key not in hidden and cells[key] > 0]
    return {min(still_shown, key=lambda key: (cells[key], key))} if still_shown else set()


def _cover(hidden: set[Key], cells: Mapping[Key, float], known: Sequence[Sum]) -> None:
    """Withhold more, into ``hidden``, until no single sum gives a withheld cell away."""
    changed = True
    while changed:
        changed = False
        for one in known:
            parts = [key for key in one.parts if key in hidden]
            if one.total in hidden:
                exposed = not parts
            else:
                exposed = len(parts) == 1 or is_small(sum(cells[key] for key in parts))
            if exposed:
                more = _cheapest(one.parts, hidden, cells) or _cheapest([one.total], hidden, cells)
                hidden |= more
                changed = changed or bool(more)
