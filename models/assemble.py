"""A network from its parts: the places' rows and overfill bands, then the rules' rows and variables behind them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .constraints import Rule
from .network import Cost, Network

__all__ = ["UNITS", "Arcs", "assemble", "laid_out"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Truths = NDArray[np.bool_]

UNITS: Final[Mapping[str, float]] = {"rules": 1e6}
"""What an objective is multiplied by while it is solved: a rule is missed by its share of the right-hand side, and a
solver would take the share that a pound is of a county's budget for rounding."""


@dataclass(frozen=True, slots=True)
class Arcs:
    """Which arc is which: each node's choices in order, then its gap where it may wait.

    ``first``: the arcs of node n are ``first[n]`` to ``first[n + 1]``. ``choice``: of each arc, -1 for a gap;
    ``of_choice`` and ``of_gap``: the arcs of the choices and of the nodes that ``waits`` names.
    """

    first: Whole = field(repr=False)
    choice: Whole = field(repr=False)
    of_choice: Whole = field(repr=False)
    of_gap: Whole = field(repr=False)
    waits: Truths = field(repr=False)

    def along(self, values: object) -> Floats:
        """Numbers by choice as numbers by arc, nought for gaps."""
        spread = np.zeros(len(self.choice))
        spread[self.of_choice] = np.asarray(values, float)
        return spread

    def waiting(self) -> Floats:
        """One for each gap."""
        counted = np.zeros(len(self.choice))
        counted[self.of_gap] = 1.0
        return counted

    def labelled(self, some: Whole, choices: Sequence[str], gaps: Sequence[str]) -> pd.Index:
        """The labels of some arcs: of the choices among them in their order, and of the gaps."""
        labels = np.empty(len(some), dtype=object)
        labels[self.choice[some] >= 0] = choices
        labels[self.choice[some] < 0] = gaps
        return pd.Index(labels, dtype=object)

    def on_demand(self, worth: Callable[[Whole], Sequence[int]]) -> Callable[[Whole], Floats]:
        """What is worked out for choices when it is asked for, by arc."""

        def of_arcs(arcs: Whole) -> Floats:
            choice = self.choice[arcs]
            found = np.zeros(len(arcs))
            found[choice >= 0] = worth(choice[choice >= 0])
            return found

        return of_arcs


def laid_out(node: Whole, waits: Truths) -> Arcs:
    """The arcs of choices that leave these nodes (in order), and of the nodes that may wait."""
    first = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=len(waits)) + waits)]).astype(np.int64)
    of_choice = np.arange(len(node)) + (np.cumsum(waits) - waits)[node]
    of_gap = first[1:][waits] - 1
    choice = np.full(int(first[-1]), -1, dtype=np.int64)
    choice[of_choice] = np.arange(len(node))
    return Arcs(first, choice, of_choice, of_gap, waits)


def assemble(
    arcs: Arcs,
    *,
    supply: Floats,
    costs: Mapping[str, Cost],
    places: pd.Series,
    bands: pd.DataFrame,
    rules: Sequence[Rule],
    arc_labels: Callable[[Whole], pd.Index],
    node_labels: Callable[[Whole], pd.Index],
    row: NDArray[np.int32] | None = None,
    use: sparse.csr_array | None = None,
) -> Network:
    """The network of one level of nodes; whoever has more adds where their arcs lead.

    ``costs``: ``gap``, ``preference``, ``cost``, ``minutes`` and ``tie`` by arc, those that there are. ``places``: what
    is left to be filled, by row label, of which each arc takes one (``row``) or as much as ``use`` says (arcs x
    places). ``bands``: index label; row, width, price. Objectives in order: least gap, then least against preference,
    then the rules that may be missed, then equity, cost, and of equals the fewest places added, least minutes, a hash.
    """
    rows = pd.concat(
        [pd.DataFrame({"sense": "<=", "right": places.astype(float)}, index=places.index), *(r.rows for r in rules)]
    )
    of_bands = pd.DataFrame({"lower": 0.0, "upper": bands["width"].astype(float), "whole": False}, index=bands.index)
    extra = pd.concat([of_bands, *(rule.variables for rule in rules)])
    own = {"cost": [bands["price"].astype(float).round(2)]}
    for rule in rules:
        for stage, values in rule.costs.items():
            own.setdefault(stage, []).append(pd.Series(values, index=rule.variables.index) * UNITS.get(stage, 1.0))
    nought = np.zeros(len(arcs.choice))
    before = [stage for stage in own if stage not in (*costs, "places")]
    order = [*("gap", "preference"), *sorted(before, key=_rank), "cost", "places", "minutes", "tie"]
    return Network(
        supply=supply,
        first=arcs.first,
        cost={stage: costs.get(stage, nought) for stage in order if stage in costs or stage in own},
        row=row,
        use=_use(arcs, use, len(places), rules),
        rows=rows,
        extra=extra,
        extra_cost={
            stage: np.asarray(pd.concat(values).reindex(extra.index).fillna(0.0), dtype=np.float64)
            for stage, values in own.items()
        },
        extra_use=_extra_use(rules, rows.index, extra.index, bands["row"]),
        arc_labels=arc_labels,
        node_labels=node_labels,
    )


def _rank(stage: str) -> tuple[bool, int]:
    """Rules that may be missed before equity, and equity's rounds in their order."""
    return stage != "rules", int(stage.removeprefix("equity ")) if stage.startswith("equity ") else 0


def _use(arcs: Arcs, use: sparse.csr_array | None, places: int, rules: Sequence[Rule]) -> sparse.csr_array | None:
    """What each arc takes of all rows, those of places first; None where each takes one place and nothing else."""
    if not rules:
        return use
    at = np.empty(len(arcs.choice), dtype=np.int64)
    at[arcs.of_choice] = np.arange(len(arcs.of_choice))
    at[arcs.of_gap] = len(arcs.of_choice) + np.flatnonzero(arcs.waits)
    parts = [sparse.csr_array((len(at), places)) if use is None else use]
    parts += [sparse.vstack([rule.pairs, rule.gap], format="csr")[at] for rule in rules]
    return sparse.csr_array(sparse.hstack(parts, format="csr"))


def _extra_use(rules: Sequence[Rule], rows: pd.Index, extra: pd.Index, band_rows: pd.Series) -> sparse.csr_array:
    entries = [(np.arange(len(band_rows)), rows.get_indexer(pd.Index(band_rows)), np.full(len(band_rows), -1.0))]
    entries += [
        (
            extra.get_indexer(pd.Index(rule.entries["variable"])),
            rows.get_indexer(pd.Index(rule.entries["row"])),
            rule.entries["coefficient"].to_numpy(float),
        )
        for rule in rules
    ]
    variable, row, coefficient = (np.concatenate([part[k] for part in entries]) for k in range(3))
    if len(row) and min(int(row.min()), int(variable.min())) < 0:
        raise KeyError("a rule names a row or a variable that the placement does not have")
    return sparse.csr_array((coefficient, (variable, row)), shape=(len(extra), len(rows)))
