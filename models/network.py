"""A placement as a network: children enter at nodes, take arcs, and share rows that the arcs use.

One year is one level of nodes, a group each. Over years a stay's survivors arrive again at a later node, so that nodes
stand in levels by year and an arc leads only to a later level. Everything here is exact whatever the size: prices of
the shared rows give every arc its reduced cost and the whole its bound (weak duality), without any model being built.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .program import Program, bound_of_variables

__all__ = ["Cost", "Network", "Restricted", "bound", "reduce_costs", "restrict"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]
Cost = Floats | Callable[[Whole], Floats]
"""By arc; or what gives it for the arcs that are asked for."""


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes, their arcs and the rows that the arcs share; every node has at least one arc.

    ``supply``: children who enter at each node. ``first``: the arcs of node n are ``first[n]`` to ``first[n + 1]``.
    ``cost``: by objective in its order, of each arc. ``row``: the row of which each arc takes one, -1 for none.
    ``use``: arcs x rows, whatever else they take (None where nothing). ``head`` and ``gain``: the node at which a share
    of an arc's children arrives again, -1 for none (None where none does). ``levels``: where each level of nodes
    begins, and the end; ``family``: the group that each node belongs to, where a group has several. ``rows``: index
    label; sense, right. ``extra``: other variables, index label; lower, upper, whole; with ``extra_cost`` by objective
    and ``extra_use`` (extra x rows). ``arc_labels`` and ``node_labels`` name what is asked for.
    """

    supply: Floats = field(repr=False)
    first: Whole = field(repr=False)
    cost: Mapping[str, Cost] = field(repr=False)
    row: NDArray[np.int32] | None = field(repr=False)
    use: sparse.csr_array | None = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    extra: pd.DataFrame = field(repr=False)
    extra_cost: Mapping[str, Floats] = field(repr=False)
    extra_use: sparse.csr_array = field(repr=False)
    arc_labels: Callable[[Whole], pd.Index] = field(repr=False)
    node_labels: Callable[[Whole], pd.Index] = field(repr=False)
    head: NDArray[np.int32] | None = field(default=None, repr=False)
    gain: Floats | None = field(default=None, repr=False)
    levels: tuple[int, ...] = field(default=(), repr=False)
    family: Whole | None = field(default=None, repr=False)

    def tails(self, arcs: Whole) -> Whole:
        """The node that each of the arcs leaves."""
        return np.searchsorted(self.first, arcs, side="right") - 1

    def used(self, arcs: Whole) -> sparse.csr_array:
        """What the arcs take of the rows, arcs x rows."""
        shape = (len(arcs), len(self.rows))
        taken = sparse.csr_array(shape)
        if self.row is not None:
            row = self.row[arcs]
            some = np.flatnonzero(row >= 0)
            taken = sparse.csr_array((np.ones(len(some)), (some, row[some])), shape=shape)
        return taken if self.use is None else taken + self.use[arcs]

    def most(self) -> Floats:
        """By row, the most that a child takes of it, one where nobody takes any."""
        most = np.ones(len(self.rows))
        if self.use is not None and self.use.shape[0]:
            taken = abs(self.use).max(axis=0).toarray().ravel()
            most = np.where(taken > 0, taken, 1.0)
        return most

    def largest(self, cost: Floats, extra_cost: Floats) -> float:
        """The largest cost of a child, whatever its sign: of an arc, or of as much of another variable as meets it."""
        most, use = self.most(), abs(self.extra_use)
        children = np.ones(len(extra_cost))
        taking = use.data > 0
        column = np.repeat(np.arange(len(extra_cost)), np.diff(use.indptr))[taking]
        np.maximum.at(children, column, most[use.indices[taking]] / use.data[taking])
        return max(float(np.abs(cost).max(initial=0.0)), float((np.abs(extra_cost) * children).max(initial=0.0)))

    def in_order(self, first: Sequence[str], *, before: str = "cost") -> "Network":
        """The network with some objectives before another, which is not among them."""
        at = list(self.cost).index(before)
        names = [name for name in self.cost if name not in first]
        at -= sum(name in first for name in list(self.cost)[:at])
        return replace(self, cost={name: self.cost[name] for name in [*names[:at], *first, *names[at:]]})

    def with_row(self, label: str, cost: Floats, extra_cost: Floats, most: float) -> "Network":
        """The network with a row more: an objective is at most so much."""
        use = sparse.csr_array((len(cost), len(self.rows))) if self.use is None else self.use
        row = pd.DataFrame({"sense": ["<="], "right": [most]}, index=pd.Index([label], dtype=object))
        return replace(
            self,
            rows=pd.concat([self.rows, row]),
            use=sparse.csr_array(sparse.hstack([use, sparse.csr_array(cost[:, None])], format="csr")),
            extra_use=sparse.csr_array(
                sparse.hstack([self.extra_use, sparse.csr_array(extra_cost[:, None])], format="csr")
            ),
        )

    def part(self, nodes: Whole) -> tuple["Network", Whole]:
        """The network of some families' nodes with the weight of all and no objectives; and its arcs in this one."""
        count = np.diff(self.first)[nodes]
        first = np.concatenate([[0], np.cumsum(count)])
        arcs = np.repeat(self.first[nodes] - first[:-1], count) + np.arange(first[-1])
        weight = float(self.supply.sum()) / max(float(self.supply[nodes].sum()), 1e-9)
        head = None
        if self.head is not None:
            place = np.full(len(self.supply) + 1, -1, dtype=np.int32)
            place[nodes] = np.arange(len(nodes), dtype=np.int32)
            head = place[self.head[arcs]]
        return (
            replace(
                self,
                supply=self.supply[nodes] * weight,
                first=first,
                cost={},
                row=None if self.row is None else self.row[arcs],
                use=None if self.use is None else self.use[arcs],
                head=head,
                gain=None if self.gain is None else self.gain[arcs],
                levels=tuple(int(n) for n in np.searchsorted(nodes, self.levels)),
                family=None if self.family is None else self.family[nodes],
                arc_labels=lambda some: self.arc_labels(arcs[some]),
                node_labels=lambda some: self.node_labels(nodes[some]),
            ),
            arcs,
        )


@dataclass(frozen=True, slots=True)
class Restricted:
    """The programme over some of the arcs, with what has only one way to go worked out beforehand.

    ``free``: the arcs that are variables of ``program``, after the extras. ``fixed``: the only arcs of their nodes;
    ``carried`` and ``carries`` give their children: a constant, and by children on the free arcs. ``constant`` is what
    ``objective`` leaves out.
    """

    program: Program = field(repr=False)
    objective: pd.Series = field(repr=False)
    constant: float
    free: Whole = field(repr=False)
    fixed: Whole = field(repr=False)
    carried: Floats = field(repr=False)
    carries: sparse.csr_array | None = field(repr=False)

    def flows(self, values: Floats) -> tuple[Whole, Floats]:
        """The arcs and the children on them, given the children on the free ones."""
        carried = self.carried if self.carries is None else self.carried + self.carries @ values
        arcs = np.concatenate([self.free, self.fixed])
        order = np.argsort(arcs)
        return arcs[order], np.concatenate([values, carried])[order]


def reduce_costs(
    network: Network, cost: Floats, prices: Floats, allowed: Truths | None = None
) -> tuple[Floats, Floats]:
    """Each arc's cost at the prices of the rows and the best way on, and each node's best: the potentials.

    An arc's reduced cost is the first less the potential of its node, nought or more. Arcs that are not ``allowed``
    cost ``inf``. The potentials times the supplies are the nodes' part of the bound.
    """
    value = cost.copy()
    if network.row is not None:
        value -= np.append(prices, 0.0)[network.row]
    if network.use is not None:
        value -= network.use @ prices
    if allowed is not None:
        value[~allowed] = np.inf
    if len(network.supply) == 0:
        return value, np.zeros(0)
    if network.head is None or network.gain is None:
        return value, np.minimum.reduceat(value, network.first[:-1])
    potential = np.zeros(len(network.supply))
    for begin, end in zip(network.levels[-2::-1], network.levels[:0:-1], strict=True):
        if begin == end:
            continue
        arcs = slice(network.first[begin], network.first[end])
        head = network.head[arcs]
        value[arcs] += np.where(head >= 0, network.gain[arcs] * potential[head], 0.0)
        potential[begin:end] = np.minimum.reduceat(value[arcs], network.first[begin:end] - network.first[begin])
    return value, potential


def bound(network: Network, potential: Floats, prices: Floats, extra_cost: Floats) -> float:
    """The bound that prices prove: ``supply @ potential + prices @ right`` and the extras at their better bound."""
    right = network.rows["right"].to_numpy(float)
    reduced = extra_cost - network.extra_use @ prices
    return float(network.supply @ potential + prices @ right) + bound_of_variables(network.extra, reduced)


def restrict(
    network: Network, cost: Floats, extra_cost: Floats, kept: Whole, *, whole: bool = False, named: bool = False
) -> Restricted:
    """The programme over the arcs ``kept`` (sorted, at least one a node) and all the extras.

    A node with one arc has nothing to decide: its children go on along it to where there is something, and only nodes
    with a choice get a row. ``whole`` asks for whole children on every free arc. Variables and rows are numbered, the
    extras and the shared rows first, unless they are to be ``named``.
    """
    tails = network.tails(kept)
    choice = np.bincount(tails, minlength=len(network.supply)) > 1
    is_free = choice[tails]
    free, fixed = kept[is_free], kept[~is_free]
    at_free, at_fixed = tails[is_free], tails[~is_free]
    arriving, onward = _arrivals(network, fixed, at_fixed, free)
    carried = arriving[at_fixed]
    carries = None if onward is None else onward[at_fixed]
    used_free, used_fixed = network.used(free), network.used(fixed)
    deciding = np.flatnonzero(choice)
    place = np.full(len(network.supply), -1)
    place[deciding] = np.arange(len(deciding))
    balance = sparse.csr_array(
        (np.ones(len(free)), (place[at_free], np.arange(len(free)))), shape=(len(deciding), len(free))
    )
    shared = used_free.T.tocsr()
    objective = cost[free]
    if onward is not None and carries is not None:
        balance = balance - onward[deciding]
        shared = shared + used_fixed.T @ carries
        objective = objective + carries.T @ cost[fixed]
    right = network.rows["right"].to_numpy(float) - used_fixed.T @ carried
    extra = network.extra
    variables = pd.DataFrame(
        {
            "lower": np.concatenate([extra["lower"].to_numpy(float), np.zeros(len(free))]),
            "upper": np.concatenate([extra["upper"].to_numpy(float), np.full(len(free), np.inf)]),
            "whole": np.concatenate([extra["whole"].to_numpy(bool), np.full(len(free), whole)]),
        }
    )
    rows = pd.DataFrame(
        {
            "sense": np.concatenate(
                [network.rows["sense"].to_numpy(object), np.full(len(deciding), "=", dtype=object)]
            ),
            "right": np.concatenate([right, arriving[deciding]]),
        }
    )
    if named:
        variables.index = extra.index.append(network.arc_labels(free))
        rows.index = network.rows.index.append(network.node_labels(deciding))
    parts = [sparse.hstack([network.extra_use.T, shared])]
    if len(deciding):
        parts.append(sparse.hstack([sparse.csr_array((len(deciding), len(extra))), balance]))
    matrix = sparse.csr_array(sparse.vstack(parts, format="csr"))
    return Restricted(
        program=Program(variables, rows, matrix),
        objective=pd.Series(np.concatenate([extra_cost, objective]), index=variables.index),
        constant=float(cost[fixed] @ carried),
        free=free,
        fixed=fixed,
        carried=carried,
        carries=carries,
    )


def _arrivals(network: Network, fixed: Whole, at_fixed: Whole, free: Whole) -> tuple[Floats, sparse.csr_array | None]:
    """Children at each node: those that no choice changes, and nodes x free arcs for what each free arc brings.

    Along fixed arcs children go on from level to level, so that as many rounds as there are levels reach the end.
    """
    heads, gains = network.head, network.gain
    if heads is None or gains is None:
        return network.supply, None
    nodes = len(network.supply)

    def arrive(arcs: Whole, columns: Whole, width: int) -> sparse.csr_array:
        head = heads[arcs]
        on = head >= 0
        return sparse.csr_array((gains[arcs][on], (head[on], columns[on])), shape=(nodes, width))

    along = arrive(fixed, at_fixed, nodes)
    constant, brought = network.supply.copy(), arrive(free, np.arange(len(free)), len(free))
    more, further = constant, brought
    for _ in range(len(network.levels) - 2):
        more, further = along @ more, along @ further
        constant, brought = constant + more, brought + further
    return constant, brought
