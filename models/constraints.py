"""The rules of an allocation, one function a rule, each as rows and entries of a programme.

Variables: ``place[g,u]`` children of group g at unit u; ``gap[g]`` children not placed; ``over[u,k]``
children above places in band k; ``add[u]`` places added.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .placement import PlacementProblem

__all__ = [
    "Rule",
    "add_at_most",
    "add_labels",
    "every_child_counted",
    "gap_labels",
    "limit_spending",
    "over_labels",
    "pair_labels",
    "site_limits",
    "within_places",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows (index label; sense, right) and their entries (row, variable, coefficient)."""

    rows: pd.DataFrame = field(repr=False)
    entries: pd.DataFrame = field(repr=False)


def pair_labels(pairs: pd.DataFrame) -> pd.Index:
    """``place[g,u]`` for each pair."""
    return pd.Index("place[" + pairs["group"].astype(str) + "," + pairs["unit"].astype(str) + "]", dtype=object)


def gap_labels(groups: pd.Index) -> pd.Index:
    """``gap[g]`` for each group."""
    return pd.Index([f"gap[{g}]" for g in groups], dtype=object)


def over_labels(bands: pd.DataFrame) -> pd.Index:
    """``over[u,k]`` for each band."""
    return pd.Index([f"over[{u},{k}]" for u, k in zip(bands["unit"], bands["band"], strict=True)], dtype=object)


def add_labels(units: pd.Index) -> pd.Index:
    """``add[u]`` for each unit."""
    return pd.Index([f"add[{u}]" for u in units], dtype=object)


def every_child_counted(problem: PlacementProblem, pairs: pd.DataFrame, gap_groups: pd.Index) -> Rule:
    """Every child is placed or in the gap: ``sum_u place[g,u] + gap[g] = children[g]``."""
    groups = problem.groups
    rows = _rows("children", groups.index, "=", groups["children"].to_numpy())
    entries = pd.concat(
        [
            _entries("children", pairs["group"], pair_labels(pairs), 1.0),
            _entries("children", gap_groups, gap_labels(gap_groups), 1.0),
        ],
        ignore_index=True,
    )
    return Rule(rows, entries)


def within_places(problem: PlacementProblem, pairs: pd.DataFrame, added: pd.Index | None = None) -> Rule:
    """A unit's children fit its places: ``sum_g place[g,u] - sum_k over[u,k] - add[u] <= places[u] - held[u]``.

    Units bought one by one (``places`` infinite) have no row.
    """
    limited = problem.units[np.isfinite(problem.units["places"])]
    rows = _rows("places", limited.index, "<=", (limited["places"] - limited["held"]).to_numpy())
    at_limited = pairs[pairs["unit"].isin(limited.index)]
    bands = problem.bands
    parts = [
        _entries("places", at_limited["unit"], pair_labels(at_limited), 1.0),
        _entries("places", bands["unit"], over_labels(bands), -1.0),
    ]
    if added is not None:
        parts.append(_entries("places", added, add_labels(added), -1.0))
    return Rule(rows, pd.concat(parts, ignore_index=True))


def site_limits(additions: pd.DataFrame) -> Rule:
    """A site takes no more than it has room for: ``sum over its units of add[u] <= limit[site]``.

    ``additions``: index unit; columns site, limit (the same on every row of a site), fixed_cost.
    """
    limits = additions.groupby("site")["limit"].first()
    rows = _rows("site", limits.index, "<=", limits.to_numpy(float))
    return Rule(rows, _entries("site", additions["site"], add_labels(additions.index), 1.0))


def add_at_most(additions: pd.DataFrame, places: int) -> Rule:
    """At most so many places are added: ``sum_u add[u] <= places``."""
    rows = _rows("added", pd.Index(["places"]), "<=", np.array([float(places)]))
    labels = add_labels(additions.index)
    return Rule(rows, _entries("added", pd.Series(["places"] * len(labels)), labels, 1.0))


def limit_spending(pairs: pd.DataFrame, additions: pd.DataFrame, spending: pd.Series, most_pounds: float) -> Rule:
    """Yearly spending in the county stays within a sum.

    ``sum_u fixed_cost[u] add[u] + sum_gu spending[g,u] place[g,u] <= most_pounds``; ``spending`` is pounds a
    child, in the order of ``pairs``.
    """
    rows = _rows("spending", pd.Index(["pounds"]), "<=", np.array([most_pounds]))
    parts = [
        _entries(
            "spending", pd.Series(["pounds"] * len(additions)), add_labels(additions.index), additions["fixed_cost"]
        ),
        _entries("spending", pd.Series(["pounds"] * len(pairs)), pair_labels(pairs), spending),
    ]
    return Rule(rows, pd.concat(parts, ignore_index=True))


def _rows(rule: str, labels: pd.Index, sense: str, right: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"sense": sense, "right": right}, index=pd.Index([f"{rule}[{x}]" for x in labels], dtype=object)
    )


def _entries(rule: str, labels: pd.Series | pd.Index, variables: pd.Index, coefficient: object) -> pd.DataFrame:
    rows = [f"{rule}[{x}]" for x in labels]
    numbers = coefficient if isinstance(coefficient, float) else np.asarray(coefficient, float)
    return pd.DataFrame({"row": rows, "variable": variables, "coefficient": numbers})
