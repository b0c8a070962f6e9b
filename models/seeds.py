"""Prices to begin with: from a min-cost flow where the rows are places alone, else from a sample of the groups.

Neither has to be right, since sifting corrects them; the nearer they are, the smaller the programme that proves it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from .network import Network
from .pricing import Flow, NotOptimalError, largest_prices, residual

__all__ = ["best_flow", "flow_prices", "sample"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]

FINEST: Final = 1_000_000
"""Parts of a child that a flow counts in where children are fractions."""


def best_flow(network: Network, costs: Sequence[tuple[Floats, Floats]]) -> Flow | None:
    """The best for several objectives in order, by OR-tools; None where the network is more than places and bands.

    Pounds are counted in pence, minutes in hundredths and children in parts, up to millionths: where they come in finer
    ones, the flow is next to the best and not it.
    """
    if network.head is not None or network.use is not None or network.row is None or not _only_bands(network):
        return None
    nodes, rows = len(network.supply), len(network.rows)
    parts = _parts(network.supply)
    supply = np.round(network.supply * parts).astype(np.int64)
    right = np.round(network.rows["right"].to_numpy(float) * parts).astype(np.int64)
    everybody = int(supply.sum() + np.maximum(-right, 0).sum())
    width = np.minimum(np.round(network.extra["upper"].to_numpy(float) * parts), everybody).astype(np.int64)
    cost = np.zeros(len(network.row), dtype=np.int64)
    extra = np.zeros(len(network.extra), dtype=np.int64)
    for of_arc, of_extra in costs:
        more = [np.round(100.0 * c).astype(np.int64) for c in (of_arc, of_extra)]
        weight = 1 + 4 * max(int(np.abs(c).max(initial=0)) for c in more)
        cost, extra = cost * weight + more[0], extra * weight + more[1]
    sink = nodes + rows
    at = np.where(network.row >= 0, nodes + network.row, sink)
    graph = min_cost_flow.SimpleMinCostFlow()
    tail = np.repeat(np.arange(nodes), np.diff(network.first))
    arcs = graph.add_arcs_with_capacity_and_unit_cost(tail, at, supply[tail], cost)
    graph.add_arcs_with_capacity_and_unit_cost(
        np.arange(nodes, sink), np.full(rows, sink), np.maximum(right, 0), np.zeros(rows, dtype=np.int64)
    )
    bands = graph.add_arcs_with_capacity_and_unit_cost(
        nodes + network.extra_use.indices, np.full(len(extra), sink), width, extra
    )
    # Children who stay beyond the places of their unit are already on their way into its bands.
    beyond = np.maximum(-right, 0)
    graph.set_nodes_supplies(np.arange(sink), np.concatenate([supply, beyond]))
    graph.set_node_supply(sink, -int(supply.sum() + beyond.sum()))
    if graph.solve() != graph.OPTIMAL:
        return None
    return graph.flows(arcs) / parts, graph.flows(bands) / parts


def flow_prices(
    network: Network, flow: Flow, cost: Floats, extra_cost: Floats, allowed: Truths | None = None
) -> Floats:
    """The largest prices of places at which a best flow is best: shortest ways to room that is idle.

    Signed as a programme's row prices: nought or less, of either sign where a row has to be full.
    """
    dear = 4.0 * float(np.abs(cost).max(initial=0.0))
    try:
        price = largest_prices(residual(network, flow, cost, extra_cost, allowed))
    except NotOptimalError:
        return np.zeros(len(network.rows))
    price = np.where(np.isfinite(price), price, dear)
    return -np.where(network.rows["sense"].to_numpy() == "<=", np.maximum(price, 0.0), price)


def sample(network: Network, value: Floats, share: float) -> tuple[Network, Whole]:
    """A share of the groups with everybody's weight, and the arcs that are left: every so many in order of choices.

    Groups are put in order of their best row and how much worse the next is, so that the sample is as the whole.
    """
    family = np.arange(len(network.supply)) if network.family is None else network.family
    best = np.minimum.reduceat(value, network.first[:-1])
    at_best = np.flatnonzero(value <= np.repeat(best, np.diff(network.first)))
    _, one = np.unique(network.tails(at_best), return_index=True)
    groups, entry = np.unique(family, return_index=True)
    first_row = _first_row(network)[at_best[one]]
    order = np.lexsort((best[entry], first_row[entry]))
    every = max(1, round(1.0 / share))
    chosen = np.zeros(len(groups), dtype=bool)
    chosen[order[every // 2 :: every]] = True
    nodes = np.flatnonzero(chosen[np.searchsorted(groups, family)])
    return network.part(nodes)


def _first_row(network: Network) -> Whole:
    if network.row is not None:
        return network.row.astype(np.int64)
    if network.use is None:
        return np.zeros(int(network.first[-1]), dtype=np.int64)
    begin, end = network.use.indptr[:-1], network.use.indptr[1:]
    padded = np.append(network.use.indices, -1)
    return np.where(end > begin, padded[begin], -1).astype(np.int64)


def _only_bands(network: Network) -> bool:
    use = network.extra_use
    one_each = bool((np.diff(use.indptr) == 1).all()) and bool((use.data == -1.0).all())
    at_nought = bool((network.extra["lower"] == 0).all()) and not bool(network.extra["whole"].any())
    return one_each and at_nought and bool((network.rows["sense"] == "<=").all())


def _parts(supply: Floats) -> int:
    """The fewest parts of a child in which every count is whole, up to millionths."""
    parts = 1
    while parts < FINEST and np.abs(supply * parts - np.round(supply * parts)).max(initial=0.0) > 1e-9:
        parts *= 10
    return parts
