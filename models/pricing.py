"""Prices of places from an answer: what one more would save, what one fewer would cost, and the bound they prove.

An answer's residual graph has a node for each unit, one for the gap and one for idle room. An arc from i to
j moves one child from i to j at the change of cost; distances on it are the one-sided prices of the places
(Ahuja, Magnanti and Orlin, Network Flows, 1993, section 9.4). The stages of the objective (least gap, then
least against preference, then cost) are weighed together in whole pence, each far above all of the next.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.csgraph import NegativeCycleError, csgraph_from_dense, floyd_warshall

from .placement import PlacementProblem

__all__ = [
    "GAP_WEIGHT",
    "PREFERENCE_WEIGHT",
    "NotOptimalError",
    "Residual",
    "lower_bound",
    "one_sided_prices",
    "residual",
    "unit_prices",
    "weigh",
]

PREFERENCE_WEIGHT: Final = 2.0**33
"""Pence that one child against preference weighs: more than any change of cost along a path."""

GAP_WEIGHT: Final = 2.0**43
"""Pence that one child in the gap weighs; sums of up to a thousand stay exact in double precision."""

GAP: Final = "\x00gap"
IDLE: Final = "\x00idle"


class NotOptimalError(ValueError):
    """An answer has no prices, since it is not the best one."""


@dataclass(frozen=True, slots=True)
class Residual:
    """Distances between units in weighed pence: ``distance[i, j]`` to move one child's place from i to j."""

    nodes: pd.Index
    distance: NDArray[np.float64] = field(repr=False)


def weigh(pairs: pd.DataFrame) -> NDArray[np.float64]:
    """The pairs' costs in whole pence with the preference stage above them."""
    pence = np.round(pairs["cost"].to_numpy(float) * 100.0)
    return pence + PREFERENCE_WEIGHT * pairs["against_preference"].to_numpy(float)


def residual(problem: PlacementProblem, flows: pd.DataFrame, gap: pd.Series) -> Residual:
    """The residual graph of an answer and all its distances.

    ``flows``: group, unit, children; ``gap``: children by group. Floyd-Warshall on units + 2 nodes. Raises
    ``NotOptimalError`` where moving children round a cycle would be cheaper: the answer is not the best.
    """
    nodes = pd.Index([*problem.units.index, GAP, IDLE], dtype=object)
    steps = np.full((len(nodes), len(nodes)), np.inf)
    _child_moves(problem, flows, gap, nodes, steps)
    _room(problem, flows, gap, nodes, steps)
    np.fill_diagonal(steps, 0.0)
    try:
        distance = floyd_warshall(csgraph_from_dense(steps, null_value=np.inf), directed=True)
    except NegativeCycleError as error:
        raise NotOptimalError("the answer can be made cheaper") from error
    return Residual(nodes, distance)


def one_sided_prices(problem: PlacementProblem, graph: Residual) -> pd.DataFrame:
    """What one more place at each unit would save and one fewer would cost, for units with counted places.

    Index unit; columns saving_one_more, cost_one_fewer (pounds a year), children_one_more,
    children_one_fewer (change in children placed), preferences_one_more, preferences_one_fewer (change in
    preferences met, which come before cost: a place may meet one at a price). ``cost_one_fewer`` is missing
    where every place is held by a child who stays. The first is the smallest, the second the largest
    optimal price of the unit.
    """
    units = problem.units.index[np.isfinite(problem.units["places"])]
    at = graph.nodes.get_indexer(units)
    idle = len(graph.nodes) - 1
    saved_pounds, saved_children, saved_against = _unweigh(np.minimum(graph.distance[idle, at], 0.0))
    cost_pounds, cost_children, cost_against = _unweigh(graph.distance[at, idle])
    return pd.DataFrame(
        {
            "saving_one_more": -saved_pounds + 0.0,
            "cost_one_fewer": cost_pounds,
            "children_one_more": -saved_children + 0.0,
            "children_one_fewer": -cost_children + 0.0,
            "preferences_one_more": -saved_against + 0.0,
            "preferences_one_fewer": -cost_against + 0.0,
        },
        index=pd.Index(units, name="unit"),
    )


def unit_prices(problem: PlacementProblem, graph: Residual) -> pd.Series:
    """The largest optimal price of each unit in weighed pence; a finite large one where nobody can leave."""
    idle = len(graph.nodes) - 1
    prices = graph.distance[: len(problem.units), idle]
    prices = np.where(np.isfinite(prices), np.maximum(prices, 0.0), 4.0 * GAP_WEIGHT)
    prices = np.where(np.isinf(problem.units["places"]), 0.0, prices)
    return pd.Series(prices, index=problem.units.index)


def lower_bound(problem: PlacementProblem, prices: pd.Series) -> float:
    """The bound that unit prices prove on gap, preference and cost together, in weighed pence (weak duality).

    ``sum_g children[g] min_u (c[g,u] + price[u]) - sum_u price[u] (places[u] - held[u])
    - sum_uk width[u,k] max(0, price[u] - p[u,k])``, the gap being one more choice at its weight.
    """
    pairs, units, bands = problem.pairs, problem.units, problem.bands
    best = pd.Series(weigh(pairs) + prices.loc[pairs["unit"]].to_numpy(), index=pairs["group"]).groupby(level=0).min()
    best = best.reindex(problem.groups.index).fillna(GAP_WEIGHT).clip(upper=GAP_WEIGHT)
    limited = units[np.isfinite(units["places"])]
    room = (limited["places"] - limited["held"]) * prices.loc[limited.index]
    above = np.maximum(0.0, prices.loc[bands["unit"]].to_numpy() - np.round(bands["price"].to_numpy(float) * 100.0))
    return float((best * problem.groups["children"]).sum() - room.sum() - (above * bands["width"]).sum())


def _child_moves(
    problem: PlacementProblem, flows: pd.DataFrame, gap: pd.Series, nodes: pd.Index, steps: NDArray[np.float64]
) -> None:
    """Arcs i -> j: the cheapest child now at i who could be at j."""
    choices = problem.pairs[["group", "unit"]].assign(weight=weigh(problem.pairs))
    unplaced = pd.DataFrame({"group": problem.groups.index, "unit": GAP, "weight": GAP_WEIGHT})
    choices = pd.concat([choices, unplaced], ignore_index=True)
    waiting = pd.DataFrame({"group": gap.index[gap > 1e-9], "unit": GAP})
    here = pd.concat([flows.loc[flows["children"] > 1e-9, ["group", "unit"]], waiting], ignore_index=True)
    here = here.merge(choices, on=["group", "unit"])
    moves = here.merge(choices, on="group", suffixes=("", "_to"))
    change = (moves["weight_to"] - moves["weight"]).to_numpy()
    i, j = (nodes.get_indexer(pd.Index(moves[end])) for end in ("unit", "unit_to"))
    np.minimum.at(steps, (i, j), change)


def _room(
    problem: PlacementProblem, flows: pd.DataFrame, gap: pd.Series, nodes: pd.Index, steps: NDArray[np.float64]
) -> None:
    """Arcs to and from idle room: what one child more or fewer at a unit costs in places and overfill."""
    idle = len(nodes) - 1
    load = problem.units["held"].add(flows.groupby("unit")["children"].sum(), fill_value=0.0)
    bands_of: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for unit, width, price in problem.bands[["unit", "width", "price"]].itertuples(index=False, name=None):
        bands_of[unit].append((width, price))
    for i, (unit, places) in enumerate(zip(problem.units.index, problem.units["places"], strict=True)):
        edge = float(places)
        to_idle = 0.0 if load[unit] < edge - 1e-9 else np.inf
        from_idle = 0.0 if 1e-9 < load[unit] <= edge + 1e-9 else np.inf
        for width, price in bands_of[unit]:
            pence = float(np.round(price * 100.0))
            if width > 0 and edge - 1e-9 <= load[unit] < edge + width - 1e-9:
                to_idle = min(to_idle, pence)
            if width > 0 and edge + 1e-9 < load[unit] <= edge + width + 1e-9:
                from_idle = -pence
            edge += width
        steps[i, idle], steps[idle, i] = to_idle, from_idle
    steps[idle - 1, idle] = 0.0
    steps[idle, idle - 1] = 0.0 if gap.sum() > 1e-9 else np.inf


def _unweigh(
    weighed: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Split weighed pence into pounds, children in the gap and children against preference."""
    finite = np.isfinite(weighed)
    numbers = np.where(finite, weighed, 0.0)
    children = np.round(numbers / GAP_WEIGHT)
    rest = numbers - children * GAP_WEIGHT
    against = np.round(rest / PREFERENCE_WEIGHT)
    pounds = (rest - against * PREFERENCE_WEIGHT) / 100.0
    return np.where(finite, pounds, np.nan), np.where(finite, children, np.nan), np.where(finite, against, np.nan)
