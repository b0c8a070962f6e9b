"""The objectives of a network in their order: each is minimised among the best answers of those before it.

After each stage what its prices rule out is gone for good: an arc with a reduced cost is not used, a row with a price
stays tight (complementary slackness). So later stages are small, and together the prices prove the whole order.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .network import Network, reduce_costs
from .pricing import Flow
from .program import DEFAULT_SOLVER
from .seeds import best_flow, flow_prices, sample
from .sift import Sifted, proven_by_prices, sift

__all__ = ["NEAR", "SMALL", "Ordered", "ordered", "solve_stages", "stage_costs"]

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

NEAR: Final = 1e-3
"""By how much of the largest cost prices from a flow, or from nearly the same network, may be wrong."""

FAR: Final = 0.02
"""The same for prices from a sample."""

SAMPLE: Final = 0.125
"""The share of the groups whose prices begin the search for all."""

SMALL: Final = 3_000
"""Arcs that are solved at once, without prices to begin with."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """An answer to several objectives in order.

    ``stages``: by name, each with its own prices and bound; what nothing costs or no choice is left for has none.
    ``unproven``: the stages that are not known to be at their best, the first one tried perhaps. ``arcs`` and
    ``children``: what goes along each arc that is used. ``extras`` are the other variables.
    """

    stages: Mapping[str, Sifted] = field(repr=False)
    unproven: tuple[str, ...]
    arcs: NDArray[np.int64] = field(repr=False)
    children: Floats = field(repr=False)
    extras: Floats = field(repr=False)


def solve_stages(
    network: Network,
    *,
    start: Mapping[str, Floats] | None = None,
    solver: str = DEFAULT_SOLVER,
    deadline: float | None = None,
) -> Ordered:
    """The best of ``network.cost``'s objectives in their order, fractions of children allowed.

    ``start``: prices of the rows by stage, of an answer to nearly the same network. ``deadline``: a time of
    ``time.monotonic``, after which no further stage begins. Raises ``InfeasibleError`` where the rows cannot be kept
    or there was no time for any answer.
    """
    start = start or {}
    allowed: Truths | None = None
    found: dict[str, Sifted] = {}
    flow: Flow | bool | None = None
    unproven = list(network.cost)
    for name in network.cost:
        cost, extra_cost = stage_costs(network, name, allowed)
        if (found or len(unproven) > 1) and not cost.any() and not extra_cost.any():
            unproven.remove(name)
            continue
        if "cost" in found and _decided(network, allowed, unproven):
            unproven.clear()
            break
        if found and deadline is not None and time.monotonic() > deadline:
            break
        largest = network.largest(cost, extra_cost)
        if flow is None:
            flow = best_flow(network, _main_costs(network)) or False
        stage, prices = None, None
        if isinstance(flow, tuple):
            prices = flow_prices(network, flow, cost, extra_cost, allowed)
            stage = proven_by_prices(network, cost, extra_cost, flow, prices=prices, allowed=allowed)
        if stage is None:
            # A flow that is not the best for this objective says little of the next.
            flow = False
            prices = start.get(name) if prices is None else prices
            prices, near = _begin(network, cost, extra_cost, allowed, prices, solver=solver)
            stage = sift(
                network,
                cost,
                extra_cost,
                prices=prices,
                near=near * largest,
                allowed=allowed,
                solver=solver,
                deadline=deadline,
            )
        found[name] = stage
        if not stage.proven:
            break
        unproven.remove(name)
        network, allowed = _best_ones(network, stage, allowed, largest)
    return ordered(found, unproven)


def ordered(found: Mapping[str, Sifted], unproven: Sequence[str]) -> Ordered:
    """The answer of the last stage, with all of them."""
    last = list(found.values())[-1]
    used = last.children > 0
    return Ordered(found, tuple(unproven), last.arcs[used], last.children[used], last.extras)


def stage_costs(network: Network, name: str, allowed: Truths | None) -> tuple[Floats, Floats]:
    """The costs of a stage by arc and by extra; those that are worked out on demand, only where there is a choice."""
    cost = network.cost[name]
    if callable(cost):
        some = np.ones(int(network.first[-1]), dtype=bool) if allowed is None else allowed
        counts = np.add.reduceat(some, network.first[:-1], dtype=np.int64) if len(some) else np.zeros(0, np.int64)
        choice = np.flatnonzero(some & np.repeat(counts > 1, np.diff(network.first)))
        by_arc = np.zeros(int(network.first[-1]))
        by_arc[choice] = cost(choice)
        cost = by_arc
    return cost, network.extra_cost.get(name, np.zeros(len(network.extra)))


def _main_costs(network: Network) -> list[tuple[Floats, Floats]]:
    """The objectives up to cost; what breaks ties would only make the flow's numbers large."""
    names = list(network.cost)
    return [stage_costs(network, name, None) for name in names[: names.index("cost") + 1]]


def _begin(
    network: Network,
    cost: Floats,
    extra_cost: Floats,
    allowed: Truths | None,
    known: Floats | None,
    *,
    solver: str,
) -> tuple[Floats, float]:
    """Prices to begin with, and by how much of the largest cost they may be wrong."""
    arcs = len(cost) if allowed is None else int(allowed.sum())
    if arcs - len(network.supply) <= SMALL:
        return np.zeros(len(network.rows)), np.inf
    if known is not None:
        return known, NEAR
    return _sampled(network, cost, extra_cost, allowed, solver=solver), FAR


def _sampled(network: Network, cost: Floats, extra_cost: Floats, allowed: Truths | None, *, solver: str) -> Floats:
    """Prices from a part of the groups, found in the same way: from a part of that part, and so on."""
    value, _ = reduce_costs(network, cost, np.zeros(len(network.rows)), allowed)
    part, arcs = sample(network, value, SAMPLE)
    some = None if allowed is None else allowed[arcs]
    prices, near = _begin(part, cost[arcs], extra_cost, some, None, solver=solver)
    near *= network.largest(cost, extra_cost)
    return sift(part, cost[arcs], extra_cost, prices=prices, near=near, allowed=some, rough=True, solver=solver).prices


def _decided(network: Network, allowed: Truths | None, names: Sequence[str]) -> bool:
    """Whether every node has one way to go, and no other variable that the objectives to come count is open."""
    arcs = int(network.first[-1]) if allowed is None else int(allowed.sum())
    is_open = network.extra["upper"].to_numpy(float) > network.extra["lower"].to_numpy(float)
    counted = any(network.extra_cost[name][is_open].any() for name in names if name in network.extra_cost)
    return arcs == len(network.supply) and not counted


def _best_ones(network: Network, stage: Sifted, allowed: Truths | None, largest: float) -> tuple[Network, Truths]:
    """The best answers of a stage: no arc or extra with a reduced cost, no slack in a row with a price."""
    least = 2e-9 * largest + 1e-6
    fitting = stage.reduced <= least
    if allowed is not None:
        fitting &= allowed
    rows = network.rows.assign(
        sense=np.where(np.abs(stage.prices) * network.most() > least, "=", network.rows["sense"].to_numpy())
    )
    lower, upper = network.extra["lower"].to_numpy(float), network.extra["upper"].to_numpy(float)
    extra = network.extra.assign(
        lower=np.where(stage.extra_reduced < -least, upper, lower),
        upper=np.where(stage.extra_reduced > least, lower, upper),
    )
    return replace(network, rows=rows, extra=extra), fitting
