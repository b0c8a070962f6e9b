"""Prices of places from a best flow: what one more would save and what one fewer would cost, by shortest ways.

An answer's residual graph has a node for each row of places and one for idle room. A child on arc b that could take arc
a instead is a way from the row of b to that of a, as long as the change of cost; distances to and from idle room are
the largest and the smallest prices at which the answer is best (Ahuja, Magnanti and Orlin, Network Flows, 1993, section
9.4). For prices in pounds the stages of the objective (least gap, then least against preference, then cost) are weighed
together in whole pence, each far above all of the next.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .network import Network
from .one_year import year_network
from .placement import Placement, PlacementProblem

__all__ = [
    "GAP_WEIGHT",
    "PREFERENCE_WEIGHT",
    "Flow",
    "NotOptimalError",
    "Residual",
    "costs_elsewhere",
    "largest_prices",
    "one_sided_prices",
    "residual",
    "smallest_prices",
]

Floats = NDArray[np.float64]
Flow = tuple[Floats, Floats]
"""Children on every arc and on every band."""
Truths = NDArray[np.bool_]

PREFERENCE_WEIGHT: Final = 2.0**33
"""Pence that one child against preference weighs: more than any change of cost along a path."""

GAP_WEIGHT: Final = 2.0**43
"""Pence that one child in the gap weighs; sums of up to a thousand stay exact in double precision."""

BLOCK: Final = 2_000_000
"""Pairs of arcs that are compared at a time."""


class NotOptimalError(ValueError):
    """An answer has no prices, since it is not the best one."""


@dataclass(frozen=True, slots=True)
class Residual:
    """Ways between rows, the last one idle room: ``steps[i, j]`` is the cheapest move of one child from i to j."""

    steps: Floats = field(repr=False)


def residual(
    network: Network,
    flow: Flow,
    cost: Floats,
    extra_cost: Floats,
    allowed: Truths | None = None,
) -> Residual:
    """The residual graph of a flow.

    Raises ``ValueError`` where an arc takes more than one place of one row, ``NotOptimalError`` where a child could
    change between two places of one price for less.
    """
    if network.row is None or network.use is not None:
        raise ValueError("a flow has prices where every arc takes one place")
    children, over = flow
    rows = len(network.rows)
    row = np.where(network.row >= 0, network.row, rows).astype(np.int64)
    steps = _moves(network, row, children, cost, allowed)
    idle = steps.reshape(rows + 1, rows + 1)
    load = np.bincount(row, weights=children, minlength=rows + 1)[:rows]
    right = network.rows["right"].to_numpy(float)
    at_band = network.extra_use.indices
    left = network.extra["upper"].to_numpy(float) - over > 1e-9
    np.minimum.at(idle[:, rows], at_band[left], extra_cost[left])
    in_bands = np.bincount(at_band, weights=over, minlength=rows)
    spare = load - in_bands < right - 1e-9
    idle[:rows, rows][spare] = np.minimum(idle[:rows, rows][spare], 0.0)
    # A row that has to be full may have a price of either sign.
    loose = network.rows["sense"].to_numpy() == "<="
    idle[rows, :rows][loose] = np.minimum(idle[rows, :rows][loose], 0.0)
    used = over - network.extra["lower"].to_numpy(float) > 1e-9
    np.minimum.at(idle[rows, :], at_band[used], -extra_cost[used])
    if (np.diagonal(idle) < -_rounding(idle)).any():
        raise NotOptimalError("the answer can be made cheaper")
    np.fill_diagonal(idle, 0.0)
    return Residual(idle)


def largest_prices(graph: Residual) -> Floats:
    """By row, what one place fewer costs: the shortest way to idle room; ``inf`` where nobody can leave."""
    return _shortest(graph.steps)[:-1]


def smallest_prices(graph: Residual) -> Floats:
    """By row, what one place more saves: the shortest way from idle room, with its sign changed."""
    return -_shortest(graph.steps.T)[:-1] + 0.0


def one_sided_prices(problem: PlacementProblem, placement: Placement) -> pd.DataFrame:
    """What one more place at each unit would save and one fewer would cost, for units with counted places.

    Index unit; columns saving_one_more, cost_one_fewer (pounds a year), children_one_more,
    children_one_fewer (change in children placed), preferences_one_more, preferences_one_fewer (change in
    preferences met, which come before cost: a place may meet one at a price). ``cost_one_fewer`` is missing
    where every place is held by a child who stays. The first is the smallest, the second the largest
    optimal price of the unit. Where the children are above the most that it may hold, a place more is theirs and saves
    what the dearest of them costs. Raises ``NotOptimalError`` where the placement is not the best one.
    """
    graph, _ = _weighed(problem, placement)
    saved_pounds, saved_children, saved_against = _unweigh(smallest_prices(graph))
    cost_pounds, cost_children, cost_against = _unweigh(largest_prices(graph))
    prices = pd.DataFrame(
        {
            "saving_one_more": saved_pounds,
            "cost_one_fewer": cost_pounds,
            "children_one_more": saved_children,
            "children_one_fewer": -cost_children + 0.0,
            "preferences_one_more": saved_against,
            "preferences_one_fewer": -cost_against + 0.0,
        },
        index=pd.Index(problem.units.index[np.isfinite(problem.units["places"])], name="unit"),
    )
    theirs = problem.bands[problem.bands["breach"] & (problem.bands["width"] > 0)].groupby("unit")["price"].last()
    prices.loc[theirs.index, "saving_one_more"] = theirs.round(2)
    prices.loc[theirs.index, ["children_one_more", "preferences_one_more"]] = 0.0
    return prices


def costs_elsewhere(problem: PlacementProblem, placement: Placement) -> pd.DataFrame:
    """What it would cost everybody together to have one child of a placed group at each of its pairs instead.

    In the order of ``problem.pairs``: gap, preference, cost (children, children, pounds; nought where the group is),
    missing for groups in the gap and where nobody could make room. Whoever is pushed out goes where that costs least.
    """
    graph, cost = _weighed(problem, placement)
    ways = graph.steps.copy()
    for middle in range(len(ways)):
        ways = np.minimum(ways, ways[:, middle, None] + ways[None, middle, :])
    limited = problem.units.index[np.isfinite(problem.units["places"])]
    row = limited.get_indexer(problem.units.index)[problem.at_unit]
    row = np.where(row >= 0, row, len(limited))
    offered = problem.pair_places(placement.flows["group"], placement.flows["unit"])
    first = np.full(len(problem.groups), -1)
    first[problem.at_group[offered[::-1]]] = offered[::-1]
    now = first[problem.at_group]
    weighed = np.where(now >= 0, cost - cost[now] + ways[row, row[now]], np.inf)
    pounds, children, against = _unweigh(weighed)
    return pd.DataFrame({"gap": children, "preference": against, "cost": pounds})


def _weighed(problem: PlacementProblem, placement: Placement) -> tuple[Residual, Floats]:
    """The residual graph of a placement with all stages weighed together, and the weighed cost of each pair."""
    stated = year_network(problem)
    network, children = stated.network, np.zeros(len(stated.arcs.choice))
    flows = placement.flows
    at = problem.pair_places(flows["group"], flows["unit"])
    children[stated.arcs.of_choice[at]] = flows["children"].to_numpy(float)
    children[stated.arcs.of_gap] = placement.gap.to_numpy(float)[stated.arcs.waits]
    bands = problem.bands.merge(placement.overfill[["unit", "band", "children"]], on=["unit", "band"], how="left")
    weights = {"gap": GAP_WEIGHT, "preference": PREFERENCE_WEIGHT, "cost": 100.0}
    cost = np.zeros(len(stated.arcs.choice))
    for name, weight in weights.items():
        of_arcs = network.cost.get(name)
        if of_arcs is not None and not callable(of_arcs):
            cost += weight * of_arcs
    extra = np.round(100.0 * network.extra_cost["cost"])
    over = bands["children"].fillna(0.0).to_numpy(float)
    cost = np.round(cost)
    return residual(network, (children, over), cost, extra), cost[stated.arcs.of_choice]


def _moves(network: Network, row: NDArray[np.int64], children: Floats, cost: Floats, allowed: Truths | None) -> Floats:
    """The cheapest change of cost from an arc in use to another of the same children, by the rows of both."""
    size = len(network.rows) + 1
    least = np.full(size * size, np.inf)
    used = np.flatnonzero(children > 1e-9)
    tails = network.tails(used)
    begin, count = network.first[tails], np.diff(network.first)[tails]
    blocks = np.flatnonzero(np.diff(np.cumsum(count) // BLOCK)) + 1
    for block in np.split(np.arange(len(used)), blocks):
        n = count[block]
        here = np.repeat(used[block], n)
        there = np.repeat(begin[block] - np.cumsum(n) + n, n) + np.arange(n.sum())
        if allowed is not None:
            here, there = here[allowed[there]], there[allowed[there]]
        np.minimum.at(least, row[here] * size + row[there], cost[there] - cost[here])
    return least


def _shortest(steps: Floats) -> Floats:
    """The shortest way from each node to the last (Bellman and Ford), in as many rounds as the longest has steps."""
    distance = np.full(len(steps), np.inf)
    distance[-1] = 0.0
    same = _rounding(steps)
    for _ in range(len(steps) + 1):
        shorter = np.minimum(distance, (steps + distance).min(axis=1))
        if (shorter >= distance - same).all():
            return distance
        distance = shorter
    raise NotOptimalError("the answer can be made cheaper")


def _rounding(steps: Floats) -> float:
    """What a difference of two large costs is out by in double precision: no child is moved for so little."""
    largest = float(np.abs(steps[np.isfinite(steps)]).max(initial=0.0))
    return max(1e-9, 4.0 * float(np.finfo(float).eps) * largest)


def _unweigh(weighed: Floats) -> tuple[Floats, Floats, Floats]:
    """Split weighed pence into pounds, children in the gap and children against preference."""
    finite = np.isfinite(weighed)
    numbers = np.where(finite, weighed, 0.0)
    children = np.round(numbers / GAP_WEIGHT)
    rest = numbers - children * GAP_WEIGHT
    against = np.round(rest / PREFERENCE_WEIGHT)
    pounds = (rest - against * PREFERENCE_WEIGHT) / 100.0
    return np.where(finite, pounds, np.nan), np.where(finite, children, np.nan), np.where(finite, against, np.nan)
