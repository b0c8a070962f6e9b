"""A year's placement as a network: a node a group, an arc a pair, a row for the places of each unit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .constraints import Rule
from .network import Network
from .placement import PlacementProblem, tie_break

__all__ = ["YearNetwork", "groups_that_may_wait", "year_network"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class YearNetwork:
    """The network of a problem, and which arc is which: ``pair`` is the pair of each arc, -1 for a group's gap."""

    network: Network = field(repr=False)
    pair: Whole = field(repr=False)


def year_network(problem: PlacementProblem, rules: Sequence[Rule] = ()) -> YearNetwork:
    """Every child counted (``sum_u place[g,u] + gap[g] = children[g]``), every unit within its places and bands
    (``sum_g place[g,u] <= places[u] - held[u] + sum_k over[u,k]``, ``over[u,k] <= width[u,k]``), and the rules.

    Units bought one by one have no row. Objectives in order: least gap, then least against preference, then the rules
    that may be missed, then equity, cost, and of equals the fewest places added, least minutes, a fixed hash.
    """
    groups, units, bands, pairs = problem.groups, problem.units, problem.bands, problem.pairs
    anybody = any(rule.may_bar for rule in rules)
    waits = np.ones(len(groups), dtype=bool) if anybody else groups.index.isin(groups_that_may_wait(problem))
    count = np.bincount(problem.at_group, minlength=len(groups)) + waits
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    arc_of_pair = np.arange(len(pairs)) + (np.cumsum(waits) - waits)[problem.at_group]
    arc_of_gap = first[1:][waits] - 1
    pair = np.full(int(first[-1]), -1, dtype=np.int64)
    pair[arc_of_pair] = np.arange(len(pairs))
    limited = units.index[np.isfinite(units["places"])]
    row = np.full(int(first[-1]), -1, dtype=np.int32)
    row[arc_of_pair] = limited.get_indexer(units.index)[problem.at_unit]

    def along(values: object) -> Floats:
        spread = np.zeros(int(first[-1]))
        spread[arc_of_pair] = np.asarray(values, float)
        return spread

    at_places = units.loc[limited]
    rows = pd.concat(
        [
            pd.DataFrame(
                {"sense": "<=", "right": (at_places["places"] - at_places["held"]).to_numpy(float)},
                index=pd.Index([f"places[{u}]" for u in limited], dtype=object),
            ),
            *(rule.rows for rule in rules),
        ]
    )
    over = pd.Index([f"over[{u},{k}]" for u, k in zip(bands["unit"], bands["band"], strict=True)], dtype=object)
    extra = pd.concat(
        [
            pd.DataFrame({"lower": 0.0, "upper": bands["width"].to_numpy(float), "whole": False}, index=over),
            *(rule.variables for rule in rules),
        ]
    )
    waiting = np.zeros(int(first[-1]))
    waiting[arc_of_gap] = 1.0
    prices = pd.Series(bands["price"].to_numpy(float).round(2), index=over)
    own: dict[str, pd.Series] = {}
    for rule in rules:
        for stage, costs in rule.costs.items():
            own[stage] = pd.concat(
                [own.get(stage, pd.Series(dtype=float)), pd.Series(costs, index=rule.variables.index)]
            )
    by_stage: dict[str, Floats | Callable[[Whole], Floats]] = {}
    if waits.any():
        by_stage["gap"] = waiting
    if pairs["against_preference"].any():
        by_stage["preference"] = along(pairs["against_preference"])
    by_stage |= {stage: along(0.0) for stage in own if stage not in ("cost", "places")}
    by_stage["cost"] = along(pairs["cost"].to_numpy(float).round(2))
    by_stage |= {stage: along(0.0) for stage in own if stage == "places"}
    by_stage["minutes"] = along(pairs["minutes"].to_numpy(float).round(1))

    def ties(arcs: Whole) -> Floats:
        some = pairs.iloc[pair[arcs][pair[arcs] >= 0]]
        found = np.zeros(len(arcs))
        found[pair[arcs] >= 0] = tie_break(some["group"], some["unit"])
        return found

    by_stage["tie"] = ties
    own["cost"] = pd.concat([prices, own.get("cost", pd.Series(dtype=float))])
    names = pd.Index(groups.index)

    def arc_labels(arcs: Whole) -> pd.Index:
        found = np.empty(len(arcs), dtype=object)
        placed = pair[arcs] >= 0
        some = pairs.iloc[pair[arcs][placed]]
        found[placed] = [f"place[{g},{u}]" for g, u in zip(some["group"], some["unit"], strict=True)]
        found[~placed] = [f"gap[{g}]" for g in names[np.searchsorted(first, arcs[~placed], side="right") - 1]]
        return pd.Index(found, dtype=object)

    network = Network(
        supply=groups["children"].to_numpy(float),
        first=first,
        cost=by_stage,
        row=row,
        use=_use(rules, len(limited), pair, arc_of_gap, waits),
        rows=rows,
        extra=extra,
        extra_cost={stage: values.reindex(extra.index).fillna(0.0).to_numpy(float) for stage, values in own.items()},
        extra_use=_extra_use(rules, rows.index, extra.index, bands),
        arc_labels=arc_labels,
        node_labels=lambda nodes: pd.Index([f"children[{g}]" for g in names[nodes]], dtype=object),
    )
    return YearNetwork(network, pair)


def groups_that_may_wait(problem: PlacementProblem) -> pd.Index:
    """Groups without a unit that always has room: where places are the only rule, only they can be in the gap."""
    unlimited = np.isinf(problem.units["places"].to_numpy(float))
    safe = np.unique(problem.at_group[unlimited[problem.at_unit]])
    return problem.groups.index.delete(safe)


def _use(
    rules: Sequence[Rule], places: int, pair: Whole, arc_of_gap: Whole, waits: NDArray[np.bool_]
) -> sparse.csr_array | None:
    """What each arc takes of the rules' rows, behind those of places; None where there are no rules."""
    if not rules:
        return None
    at_gap = np.full(len(pair), 0, dtype=np.int64)
    at_gap[arc_of_gap] = np.flatnonzero(waits)
    is_pair = pair >= 0
    parts = [sparse.csr_array((len(pair), places))]
    for rule in rules:
        padded = sparse.vstack([rule.pairs, rule.gap], format="csr")
        parts.append(padded[np.where(is_pair, pair, rule.pairs.shape[0] + at_gap)])
    return sparse.csr_array(sparse.hstack(parts, format="csr"))


def _extra_use(rules: Sequence[Rule], rows: pd.Index, extra: pd.Index, bands: pd.DataFrame) -> sparse.csr_array:
    entries = [
        (
            np.arange(len(bands)),
            rows.get_indexer("places[" + bands["unit"].astype(str) + "]"),
            np.full(len(bands), -1.0),
        )
    ]
    for rule in rules:
        entries.append(
            (
                extra.get_indexer(pd.Index(rule.entries["variable"])),
                rows.get_indexer(pd.Index(rule.entries["row"])),
                rule.entries["coefficient"].to_numpy(float),
            )
        )
    variable, row, coefficient = (np.concatenate([part[k] for part in entries]) for k in range(3))
    if len(row) and min(int(row.min()), int(variable.min())) < 0:
        raise KeyError("a rule names a row or a variable that the placement does not have")
    return sparse.csr_array((coefficient, (variable, row)), shape=(len(extra), len(rows)))
