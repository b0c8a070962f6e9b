"""A year's placement as a network: a node a group, an arc a pair, a row for the places of each unit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .assemble import Arcs, assemble, laid_out
from .constraints import Rule
from .network import Network
from .placement import PlacementProblem, tie_break

__all__ = ["YearNetwork", "groups_that_may_wait", "year_network"]

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class YearNetwork:
    """The network of a problem, and which arc is which pair or gap."""

    network: Network = field(repr=False)
    arcs: Arcs = field(repr=False)


def year_network(problem: PlacementProblem, rules: Sequence[Rule] = ()) -> YearNetwork:
    """The network of a problem under some rules.

    Every child is counted: ``sum_u place[g,u] + gap[g] = children[g]``. Every unit is within its places and bands:
    ``sum_g place[g,u] <= places[u] - held[u] + sum_k over[u,k]``, ``over[u,k] <= width[u,k]``; units bought one by one
    have no row.
    """
    groups, units, bands, pairs = problem.groups, problem.units, problem.bands, problem.pairs
    anybody = any(rule.may_bar for rule in rules)
    waits = np.ones(len(groups), dtype=bool) if anybody else groups.index.isin(groups_that_may_wait(problem))
    arcs = laid_out(problem.at_group, waits)
    limited = units[np.isfinite(units["places"])]
    row = np.full(len(arcs.choice), -1, dtype=np.int32)
    row[arcs.of_choice] = limited.index.get_indexer(units.index)[problem.at_unit]
    costs = {}
    if waits.any():
        costs["gap"] = arcs.waiting()
    if pairs["against_preference"].any():
        costs["preference"] = arcs.along(pairs["against_preference"])
    costs["cost"] = arcs.along(pairs["cost"].to_numpy(float).round(2))
    costs["minutes"] = arcs.along(pairs["minutes"].to_numpy(float).round(1))
    over = pd.Index([f"over[{u},{k}]" for u, k in zip(bands["unit"], bands["band"], strict=True)], dtype=object)

    def ties(choice: Whole) -> list[int]:
        some = pairs.iloc[choice]
        return tie_break(some["group"], some["unit"])

    def arc_labels(some: Whole) -> pd.Index:
        placed = arcs.choice[some] >= 0
        chosen = pairs.iloc[arcs.choice[some[placed]]]
        waiting = groups.index[np.searchsorted(arcs.first, some[~placed], side="right") - 1]
        return arcs.labelled(
            some,
            [f"place[{g},{u}]" for g, u in zip(chosen["group"], chosen["unit"], strict=True)],
            [f"gap[{g}]" for g in waiting],
        )

    network = assemble(
        arcs,
        supply=groups["children"].to_numpy(float),
        costs={**costs, "tie": arcs.on_demand(ties)},
        places=pd.Series(
            (limited["places"] - limited["held"]).to_numpy(float), index=[f"places[{u}]" for u in limited.index]
        ),
        bands=pd.DataFrame(
            {
                "row": [f"places[{u}]" for u in bands["unit"]],
                "width": bands["width"].to_numpy(float),
                "price": bands["price"].to_numpy(float),
            },
            index=over,
        ),
        rules=rules,
        arc_labels=arc_labels,
        node_labels=lambda nodes: pd.Index([f"children[{g}]" for g in groups.index[nodes]], dtype=object),
        row=row,
    )
    return YearNetwork(network, arcs)


def groups_that_may_wait(problem: PlacementProblem) -> pd.Index:
    """Groups without a unit that always has room: where places are the only rule, only they can be in the gap."""
    unlimited = np.isinf(problem.units["places"].to_numpy(float))
    safe = np.unique(problem.at_group[unlimited[problem.at_unit]])
    return problem.groups.index.delete(safe)
