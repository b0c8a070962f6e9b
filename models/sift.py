"""Solve a network exactly without building it whole: a small programme, prices for all, more arcs where they pay.

The arcs that the prices say could matter make a restricted linear programme; its own prices of the shared rows then
judge every arc of the network. Where none is cheaper than the programme knows, its answer is the best of all and the
prices prove it; where some are, they join it. (Sifting: Bixby, Gregory, Lustig, Marsten and Shanno, Very large-scale
linear programming, Operations Research 40(5), 1992.)
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .network import Network, Restricted, bound, reduce_costs, restrict
from .program import DEFAULT_SOLVER, GAP_TOLERANCE, InfeasibleError, Solution, seconds_left, solve

__all__ = ["Sifted", "proven_by_prices", "sift"]

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

FEWEST_NEW: Final = 1_000
NEW_SHARE: Final = 0.1
"""Arcs above one a node that join the programme in a round, the nearest to paying first: so many for each node."""

TOLERANCE: Final = 1e-9
"""By how much of the largest cost an arc has to be cheaper than what the programme knows before it counts."""

FARTHEST: Final = 1e3
"""How far a price may be from where it began, as a multiple of the largest cost, before a row is said to be broken."""

WIDER: Final = 8.0
"""By how much the reach of a price grows where the last one did not do."""

FORGETFUL: Final = 10
"""Rounds in which arcs that are dear may be left out again where there are many; then none is, so that it ends."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """The best for one objective.

    ``prices`` of the rows prove ``bound_of_prices``; ``bound`` is as good or better. ``arcs`` and ``children`` are the
    arcs that were looked at and what goes along them, ``extras`` the other variables. ``reduced`` (every arc, ``inf``
    where not allowed) and ``extra_reduced`` are costs at these prices.
    """

    objective: float
    bound: float
    bound_of_prices: float
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
    near: float,
    allowed: Truths | None = None,
    rough: bool = False,
    solver: str = DEFAULT_SOLVER,
    deadline: float | None = None,
) -> Sifted:
    """The least of ``cost`` (by arc) and ``extra_cost`` over the arcs that are ``allowed``.

    ``prices`` are where to begin, and ``near`` by how much of a child's cost they may be wrong: any will do, and the
    nearer they are the sooner it ends. Arcs within ``near`` of their node's best are looked at first, and prices move
    by as much in a round (Marsten, Hogan and Blankenship, The boxstep method, Operations Research 23(3), 1975).
    ``rough``: prices are all that is wanted, and rows that cannot be kept are missed at about the largest cost.
    ``deadline``: a time of ``time.monotonic``, after which the best answer so far comes back unproven.

    Raises ``InfeasibleError`` where the rows cannot be kept, or nothing was found before the deadline.
    """
    state = _begun(network, cost, extra_cost, prices=prices, near=near, allowed=allowed, rough=rough)
    while True:
        programme = state.programme()
        try:
            solution = solve(
                programme.program,
                programme.objective,
                solver=solver,
                time_limit=seconds_left(deadline),
            )
        except InfeasibleError:
            if state.found is None:
                raise
            return replace(state.found, bound=min(state.bound, state.found.objective), proven=False)
        if state.judge(programme, solution) and state.found is not None:
            return state.found


@dataclass(slots=True)
class _Search:
    """Where a search stands: the arcs looked at, the prices and how far they may move, the best bound and answer."""

    network: Network
    plain: Network
    elastic: Network
    cost: Floats
    extra_cost: Floats
    allowed: Truths | None
    near: float
    prices: Floats
    reach: Floats
    farthest: Floats
    kept: Truths
    bound: float
    small: float
    most: Floats
    rough: bool
    rounds: int = 0
    found: Sifted | None = None

    def programme(self) -> Restricted:
        """The programme of this round; where every arc is in it, its rows are as they say and no other way."""
        kept = np.flatnonzero(self.kept)
        if self.whole():
            return restrict(self.plain, self.cost, self.extra_cost, kept)
        return restrict(self.elastic, self.cost, np.append(self.extra_cost, self.box()), kept)

    def whole(self) -> bool:
        """Whether every arc that is allowed is looked at, and the rows can be kept as far as is known."""
        return not self.rough and int(self.kept.sum()) == (
            len(self.kept) if self.allowed is None else int(self.allowed.sum())
        )

    def box(self) -> Floats:
        """What a child more and a child less than a row says cost, so that prices stay within reach of the last."""
        sense = self.network.rows["sense"].to_numpy()
        # However wrong the prices were to begin with, nought is within the farthest reach.
        centre = np.clip(self.prices, -self.farthest, self.farthest)
        low, high = centre - self.reach, centre + self.reach
        low = np.where(sense == ">=", np.maximum(low, 0.0), low)
        high = np.where(sense == "<=", np.minimum(high, 0.0), high)
        return np.concatenate([-low * self.most, high * self.most])

    def judge(self, programme: Restricted, solution: Solution) -> bool:
        """Price every arc after a round; whether the answer is the best of all."""
        network, rows = self.network, len(self.network.rows)
        values = solution.values.to_numpy()
        others = len(self.extra_cost)
        beyond = short = np.zeros(rows)
        if not self.whole():
            beyond, short = self.most * values[others : others + 2 * rows].reshape(2, rows)
            # A row that need not be full may be short for nothing.
            short = np.where(self.box()[rows:] == 0.0, 0.0, short)
        loose = beyond + short > 1e-7 * np.maximum(1.0, np.abs(network.rows["right"].to_numpy(float)))
        if solution.row_prices is None:
            raise ValueError("a linear programme has prices")
        self.prices = solution.row_prices.to_numpy(float)[:rows]
        value, potential = reduce_costs(network, self.cost, self.prices, self.allowed)
        known = np.minimum.reduceat(np.where(self.kept, value, np.inf), network.first[:-1]) if len(value) else potential
        cheaper = bool((known - potential > self.small).any())
        least = bound(network, potential, self.prices, self.extra_cost)
        self.bound = max(self.bound, least)
        reduced = _above(network, value, potential)
        arcs, children = programme.flows(values[len(values) - len(programme.free) :])
        if not loose.any() or (self.rough and not cheaper):
            extras = values[:others]
            objective = float(self.cost[arcs] @ children + self.extra_cost @ extras)
            self.found = Sifted(
                objective=objective,
                bound=min(self.bound, objective),
                bound_of_prices=least,
                proven=objective - self.bound <= GAP_TOLERANCE * max(1.0, abs(objective)),
                prices=self.prices,
                arcs=arcs,
                children=children,
                extras=extras,
                reduced=reduced,
                extra_reduced=self.extra_cost - network.extra_use @ self.prices,
            )
        elif not cheaper and (self.reach >= self.farthest)[loose].all():
            raise InfeasibleError("found no answer: the rows cannot be kept together")
        self.reach = np.where(loose, np.minimum(WIDER * self.reach, self.farthest), self.reach)
        self.rounds += 1
        more = _nearest(reduced, self.near, len(network.supply))
        if self.rounds < FORGETFUL and int(self.kept.sum()) > len(network.supply) + 4 * FEWEST_NEW:
            # What nobody uses and is dear now need not be carried on.
            self.kept = more
            self.kept[arcs[children > 0]] = True
        else:
            self.kept |= more
        return not cheaper and (self.rough or not loose.any())


def _begun(
    network: Network,
    cost: Floats,
    extra_cost: Floats,
    *,
    prices: Floats,
    near: float,
    allowed: Truths | None,
    rough: bool,
) -> _Search:
    largest = max(network.largest(cost, extra_cost), 1e-3)
    most = network.most()
    sense = network.rows["sense"].to_numpy()
    prices = np.where(sense == "<=", np.minimum(prices, 0.0), np.where(sense == ">=", np.maximum(prices, 0.0), prices))
    farthest = (1.0 if rough else FARTHEST) * largest / most
    value, potential = reduce_costs(network, cost, prices, allowed)
    return _Search(
        network=network,
        plain=replace(network, extra=network.extra.assign(whole=False)),
        elastic=_elastic(network, most),
        cost=cost,
        extra_cost=extra_cost,
        allowed=allowed,
        near=near,
        prices=prices,
        reach=np.clip(near / most, 1e-9 * farthest, farthest),
        farthest=farthest,
        kept=_nearest(_above(network, value, potential), near, len(network.supply)),
        bound=bound(network, potential, prices, extra_cost),
        small=TOLERANCE * largest,
        most=most,
        rough=rough,
    )


def proven_by_prices(
    network: Network,
    cost: Floats,
    extra_cost: Floats,
    flow: tuple[Floats, Floats],
    *,
    prices: Floats,
    allowed: Truths | None = None,
) -> Sifted | None:
    """A flow (children by arc, other variables) as the best, where it keeps every row and the prices prove it."""
    children, extras = flow
    used = np.flatnonzero(children > 0)
    placed = np.add.reduceat(children, network.first[:-1]) if len(children) else np.zeros(0)
    load = network.extra_use.T @ extras + network.used(used).T @ children[used]
    excess = load - network.rows["right"].to_numpy(float)
    sense = network.rows["sense"].to_numpy()
    broken = np.where(sense == "=", np.abs(excess), np.where(sense == ">=", -excess, excess))
    most = 1e-9 * max(1.0, float(network.supply.max(initial=0.0)))
    kept = np.abs(placed - network.supply).max(initial=0.0) <= most
    kept = kept and broken.max(initial=0.0) <= 1e-9 * max(1.0, float(np.abs(load).max(initial=0.0)))
    if not kept or (allowed is not None and not allowed[used].all()):
        return None
    value, potential = reduce_costs(network, cost, prices, allowed)
    objective = float(cost[used] @ children[used] + extra_cost @ extras)
    least = bound(network, potential, prices, extra_cost)
    if objective - least > 1e-9 * max(1.0, abs(objective)):
        return None
    return Sifted(
        objective=objective,
        bound=min(least, objective),
        bound_of_prices=least,
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
    most = nodes + max(FEWEST_NEW, round(NEW_SHARE * nodes))
    if int(near.sum()) > most:
        limit = np.partition(reduced[near], most)[most]
        near = reduced <= min(limit, margin)
    return near | (reduced <= 0.0)


def _elastic(network: Network, most: Floats) -> Network:
    """The network with more and less than each row says as variables, so that any few arcs have an answer.

    One of each is as ``most`` of its row as a child can take.
    """
    rows = len(network.rows)
    columns = sparse.csr_array(
        (np.concatenate([-most, most]), (np.arange(2 * rows), np.tile(np.arange(rows), 2))), shape=(2 * rows, rows)
    )
    names = [f"{side}[{row}]" for side in ("beyond", "short of") for row in network.rows.index]
    everybody = float(network.supply.sum()) + float((network.rows["right"].abs().to_numpy(float) / most).sum())
    more = pd.DataFrame(
        {"lower": 0.0, "upper": 2.0 * everybody + 1.0, "whole": False}, index=pd.Index(names, dtype=object)
    )
    return replace(
        network,
        extra=pd.concat([network.extra.assign(whole=False), more]),
        extra_use=sparse.csr_array(sparse.vstack([network.extra_use, columns])),
    )
