"""Solve a network exactly without building it whole: a small programme, prices for all, more arcs where they pay.

The arcs that the prices say could matter make a restricted linear programme; its own prices of the shared rows then
judge every arc of the network. Where none is cheaper than the programme knows, its answer is the best of all and the
prices prove it; where some are, they join it. (Sifting: Bixby, Gregory, Lustig, Marsten and Shanno, Very large-scale
linear programming, Operations Research 40(5), 1992.)
"""

import time
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .network import Network, bound, reduce_costs, restrict
from .program import DEFAULT_SOLVER, GAP_TOLERANCE, InfeasibleError, solve

__all__ = ["Sifted", "sift"]

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

MOST_NEW: Final = 20_000
"""Arcs above one a node that join the programme in a round, the nearest to paying first."""

TOLERANCE: Final = 1e-9
"""By how much of the largest cost an arc has to be cheaper than what the programme knows before it counts."""

SHORTFALL: Final = 4.0
"""A row is never broken for less than so many times the largest cost; raised until none is."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """The best for one objective.

    ``prices`` of the rows prove ``bound``. ``arcs`` and ``children`` are the arcs that were looked at and what goes
    along them, ``extras`` the other variables. ``reduced`` (every arc, ``inf`` where not allowed) and
    ``extra_reduced`` are costs at these prices.
    """

    objective: float
    bound: float
    proven: bool
    prices: Floats = field(repr=False)
    arcs: NDArray[np.int64] = field(repr=False)
    children: Floats = field(repr=False)
    extras: Floats = field(repr=False)
    reduced: Floats = field(repr=False)
    extra_reduced: Floats = field(repr=False)


def sift(
    network: Network,
    cost: Floats,
    extra_cost: Floats,
    *,
    prices: Floats,
    margin: float,
    allowed: Truths | None = None,
    solver: str = DEFAULT_SOLVER,
    deadline: float | None = None,
) -> Sifted:
    """The least of ``cost`` (by arc) and ``extra_cost`` over the arcs that are ``allowed``.

    ``prices`` are where to begin: any will do, and the nearer they are the sooner it ends. Arcs within ``margin`` of
    their node's best at these prices are looked at first. ``deadline``: a time of ``time.monotonic``, after which the
    best answer so far comes back unproven.

    Raises ``InfeasibleError`` where the rows cannot be kept, or nothing was found before the deadline.
    """
    largest = max(float(np.abs(cost).max(initial=0.0)), float(np.abs(extra_cost).max(initial=0.0)), 1e-3)
    scale = SHORTFALL * largest
    small = TOLERANCE * largest
    elastic = _elastic(network)
    value, potential = reduce_costs(network, cost, prices, allowed)
    reduced = _above(network, value, potential)
    kept = _nearest(reduced, margin, len(network.supply))
    best_bound = bound(network, potential, prices, extra_cost)
    found: Sifted | None = None
    while True:
        small_programme = restrict(
            elastic, cost, np.append(extra_cost, _penalties(network, scale)), np.flatnonzero(kept)
        )
        try:
            solution = solve(
                small_programme.program,
                small_programme.objective,
                solver=solver,
                time_limit=None if deadline is None else max(1e-3, deadline - time.monotonic()),
            )
        except InfeasibleError:
            if found is None:
                raise
            return replace(found, bound=min(best_bound, found.objective), proven=False)
        values = solution.values.to_numpy()
        missing = float(values[len(extra_cost) : len(elastic.extra)].sum())
        prices = solution.row_prices.to_numpy()[: len(network.rows)]
        value, potential = reduce_costs(network, cost, prices, allowed)
        reduced = _above(network, value, potential)
        known = np.minimum.reduceat(np.where(kept, value, np.inf), network.first[:-1]) if len(kept) else potential
        best_bound = max(best_bound, bound(network, potential, prices, extra_cost))
        cheaper = (known - potential > small).any()
        if missing <= 1e-7 * max(1.0, float(network.supply.sum())):
            arcs, children = small_programme.flows(values[len(elastic.extra) :])
            extras = values[: len(extra_cost)]
            objective = float(cost[arcs] @ children + extra_cost @ extras)
            proven = objective - best_bound <= GAP_TOLERANCE * max(1.0, abs(objective))
            found = Sifted(
                objective=objective,
                bound=min(best_bound, objective),
                proven=proven,
                prices=prices,
                arcs=arcs,
                children=children,
                extras=extras,
                reduced=reduced,
                extra_reduced=extra_cost - network.extra_use @ prices,
            )
            if not cheaper:
                return found
        elif not cheaper:
            if scale > 1e6 * largest:
                raise InfeasibleError("found no answer: the rows cannot be kept together")
            scale *= 30.0
        kept |= _nearest(reduced, margin, len(network.supply))


def proven_by_prices(
    network: Network,
    cost: Floats,
    extra_cost: Floats,
    flow: tuple[Floats, Floats],
    prices: Floats,
    allowed: Truths | None = None,
) -> Sifted | None:
    """A flow (children by arc, other variables) as the best, where it keeps every row and the prices prove it."""
    children, extras = flow
    used = np.flatnonzero(children > 0)
    placed = np.add.reduceat(children, network.first[:-1]) if len(children) else np.zeros(0)
    load = network.extra_use.T @ extras + network.used(used).T @ children[used]
    excess = load - network.rows["right"].to_numpy(float)
    equal = network.rows["sense"].to_numpy() == "="
    most = 1e-9 * max(1.0, float(network.supply.max(initial=0.0)))
    if np.abs(placed - network.supply).max(initial=0.0) > most or excess.max(initial=0.0) > 1e-9 * max(
        1.0, load.max(initial=0.0)
    ):
        return None
    if np.abs(excess[equal]).max(initial=0.0) > 1e-7 or (allowed is not None and not allowed[used].all()):
        return None
    value, potential = reduce_costs(network, cost, prices, allowed)
    objective = float(cost[used] @ children[used] + extra_cost @ extras)
    least = bound(network, potential, prices, extra_cost)
    if objective - least > 1e-9 * max(1.0, abs(objective)):
        return None
    return Sifted(
        objective=objective,
        bound=min(least, objective),
        proven=True,
        prices=prices,
        arcs=used,
        children=children[used],
        extras=extras,
        reduced=_above(network, value, potential),
        extra_reduced=extra_cost - network.extra_use @ prices,
    )


def _above(network: Network, value: Floats, potential: Floats) -> Floats:
    return value - np.repeat(potential, np.diff(network.first))


def _nearest(reduced: Floats, margin: float, nodes: int) -> Truths:
    """The arcs within the margin of their node's best: all the best ones, and of the others so many."""
    near = (reduced <= margin) & np.isfinite(reduced)
    most = nodes + MOST_NEW
    if int(near.sum()) > most:
        limit = np.partition(reduced[near], most)[most]
        near = reduced <= min(limit, margin)
    return near | (reduced <= 0.0)


def _elastic(network: Network) -> Network:
    """The network with shortfalls of its rows as variables, so that any few arcs have an answer."""
    sense = network.rows["sense"].to_numpy()
    over, under = np.flatnonzero(sense != ">="), np.flatnonzero(sense != "<=")
    columns = sparse.csr_array(
        (
            np.concatenate([np.full(len(over), -1.0), np.ones(len(under))]),
            (np.arange(len(over) + len(under)), np.concatenate([over, under])),
        ),
        shape=(len(over) + len(under), len(network.rows)),
    )
    labels = [f"above[{network.rows.index[r]}]" for r in over] + [f"below[{network.rows.index[r]}]" for r in under]
    more = pd.DataFrame({"lower": 0.0, "upper": np.inf, "whole": False}, index=pd.Index(labels, dtype=object))
    return replace(
        network,
        extra=pd.concat([network.extra.assign(whole=False), more]),
        extra_use=sparse.csr_array(sparse.vstack([network.extra_use, columns])),
    )


def _penalties(network: Network, scale: float) -> Floats:
    """What a shortfall of each row costs: dear beside the largest cost for what an arc takes of the row."""
    sense = network.rows["sense"].to_numpy()
    most = np.ones(len(network.rows))
    if network.use is not None:
        taken = abs(network.use).max(axis=0).toarray().ravel()
        most = np.where(taken > 0, taken, 1.0)
    by_row = scale / most
    return np.concatenate([by_row[sense != ">="], by_row[sense != "<="]])
