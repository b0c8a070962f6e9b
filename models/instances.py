"""Published instances of siting problems, from their text to labelled frames: OR-Library's p-medians.

Beasley (1985) and Osman and Christofides (1994); labels are the numbers of the nodes, counted from 1.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

__all__ = ["CapacitatedInstance", "capacitated_p_median_instances", "p_median_instance"]


@dataclass(frozen=True, slots=True)
class CapacitatedInstance:
    """A capacitated p-median: whole points, each at one site; distances are not weighed, ``demand`` fills capacities.

    ``best`` is the best value known, as the file states.
    """

    name: str
    distances: pd.DataFrame = field(repr=False)
    demand: pd.Series = field(repr=False)
    capacities: pd.Series = field(repr=False)
    sites: int
    best: float


def p_median_instance(text: str) -> tuple[pd.DataFrame, int]:
    """Distances between all nodes, and the number of sites, of an OR-Library p-median (pmed1 and its like).

    The first line is nodes, edges, sites; then an edge a line: node, node, length. Of an edge that is there again the
    last length counts, as the library says; distances are shortest paths. Raises ``ValueError`` naming the line that is
    not so.
    """
    lines = _numbers(text)
    nodes, edges, sites = _row(lines, 0, 3, "nodes, edges and sites", whole=3)
    if not (nodes >= 1 and edges >= 0 and 1 <= sites <= nodes):
        raise ValueError(f"line {lines[0][0]}: found {nodes:g} {edges:g} {sites:g}; expected 1 to {nodes:g} sites")
    if len(lines) - 1 != edges:
        raise ValueError(f"line {lines[0][0]}: {edges:g} edges stated, {len(lines) - 1} given")
    lengths: dict[tuple[int, int], float] = {}
    for at in range(1, len(lines)):
        one, other, length = _row(lines, at, 3, "an edge: node, node, length", whole=2)
        if not (1 <= one <= nodes and 1 <= other <= nodes and length >= 0):
            raise ValueError(f"line {lines[at][0]}: expected nodes from 1 to {nodes:g} and a length of 0 or more")
        lengths[min(int(one), int(other)) - 1, max(int(one), int(other)) - 1] = length
    ends = np.array(list(lengths), dtype=np.int64).reshape(-1, 2)
    # A sparse matrix drops a length of nought, which is a link all the same.
    values = np.maximum(np.array(list(lengths.values()), dtype=np.float64), np.finfo(float).tiny)
    size = int(nodes)
    graph = csr_array((values, (ends[:, 0], ends[:, 1])), shape=(size, size))
    found = dijkstra(graph, directed=False)
    labels = [str(node + 1) for node in range(size)]
    whole = np.where(np.isfinite(found), np.round(found, 9), np.inf)
    return pd.DataFrame(whole, index=labels, columns=labels), int(sites)


def capacitated_p_median_instances(text: str) -> list[CapacitatedInstance]:
    """The capacitated p-medians of an OR-Library file: one, or the whole file that begins with their number.

    Of each: number and best value; points, sites, capacity; then a point a line: number, x, y, demand. Distances are
    Euclidean, truncated to whole numbers. Raises ``ValueError`` naming the line that is not so.
    """
    lines = _numbers(text)
    at = 1 if lines and len(lines[0][1]) == 1 else 0
    made = []
    while at < len(lines):
        number, best = _row(lines, at, 2, "an instance's number and best value")
        points, sites, capacity = _row(lines, at + 1, 3, "points, sites and capacity", whole=2)
        if not (1 <= sites <= points and capacity >= 0):
            found = f"line {lines[at + 1][0]}: found {points:g} {sites:g} {capacity:g}"
            raise ValueError(f"{found}; expected 1 to {points:g} sites and a capacity of 0 or more")
        rows = np.array([_row(lines, at + 2 + row, 4, "a point: number, x, y, demand") for row in range(int(points))])
        first, at = lines[at + 2][0], at + 2 + int(points)
        labels = [f"{row:g}" for row in rows[:, 0]]
        if len(set(labels)) < len(labels) or rows[:, 3].min() < 0:
            raise ValueError(f"from line {first}: expected points of different numbers and demands of 0 or more")
        apart = np.hypot(*(rows[:, np.newaxis, 1:3] - rows[np.newaxis, :, 1:3]).transpose(2, 0, 1))
        made.append(
            CapacitatedInstance(
                name=f"{number:g}",
                distances=pd.DataFrame(np.floor(apart + 1e-9), index=labels, columns=labels),
                demand=pd.Series(rows[:, 3], index=labels),
                capacities=pd.Series(capacity, index=labels, dtype=float),
                sites=int(sites),
                best=best,
            )
        )
    if not made:
        raise ValueError("line 1: nothing found; expected an instance's number and best value")
    return made


def _numbers(text: str) -> list[tuple[int, list[float]]]:
    """The lines that hold something, numbered as the reader counts them."""
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            values = [float(part) for part in line.split()]
        except ValueError:
            values = [math.nan]
        if not all(map(math.isfinite, values)):
            raise ValueError(f"line {number}: found {line.strip()[:40]!r}; expected numbers")
        if values:
            lines.append((number, values))
    return lines


def _row(lines: list[tuple[int, list[float]]], at: int, length: int, expected: str, *, whole: int = 0) -> list[float]:
    """A line's numbers, of which the first ``whole`` count or name something."""
    if at >= len(lines):
        raise ValueError(f"after line {lines[-1][0] if lines else 0}: nothing found; expected {expected}")
    number, values = lines[at]
    if len(values) != length:
        raise ValueError(f"line {number}: found {len(values)} numbers; expected {expected}")
    if not all(value.is_integer() for value in values[:whole]):
        raise ValueError(f"line {number}: found {values[:whole]}; expected whole numbers: {expected}")
    return values
