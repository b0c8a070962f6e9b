"""The rules of an allocation beside the places themselves, one function a rule, each as rows over a placement.

Variables: ``place[g,u]`` children of group g at unit u; ``gap[g]`` children not placed; ``over[u,k]`` children above
places in band k; ``add[u]`` places added; ``cured[u]`` whether they are more than those above what a unit may hold;
``above[r]`` and ``below[r]`` by how much a row that may be missed is missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .placement import PlacementProblem

__all__ = [
    "LocalityMeasure",
    "Rule",
    "added_places",
    "budgets",
    "equity_bound",
    "equity_minimax",
    "host_share",
    "limit_spending",
    "linear_rule",
    "may_be_missed",
    "site_totals",
    "unit_rows",
    "with_places_paid",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows over a placement, and the variables that they bring.

    ``rows``: index label; sense, right. ``pairs`` and ``gap``: what a child on each pair and in each group's gap takes
    of them (pairs x rows, groups x rows). ``variables``: index label; lower, upper, whole. ``entries``: variable, row,
    coefficient; the row may be another rule's, such as ``places[u]``. ``costs``: of the variables, by stage.
    ``may_bar``: whether the rows can keep a child out of a unit bought one by one, so that any child might wait.
    ``a_place``: what a place more takes of a row, units x rows, where places count in it whoever is there.
    """

    rows: pd.DataFrame = field(repr=False)
    pairs: sparse.csr_array = field(repr=False)
    gap: sparse.csr_array = field(repr=False)
    variables: pd.DataFrame = field(repr=False)
    entries: pd.DataFrame = field(repr=False)
    costs: Mapping[str, Floats] = field(repr=False)
    may_bar: bool = False
    a_place: pd.DataFrame | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LocalityMeasure:
    """A mean over each locality's children, those who stay and those in the gap among them.

    ``locality``: of each group, in their order, and ``at_group``: the group of each pair by its place. ``pairs``: the
    value of a child on each pair; ``gap``: of a child of each group in the gap. ``held``: by locality, the sum of the
    values of the children who stay, and ``children``: all children of the locality, by which the sum is divided.
    """

    locality: pd.Series = field(repr=False)
    at_group: NDArray[np.int64] = field(repr=False)
    pairs: Floats = field(repr=False)
    gap: Floats = field(repr=False)
    held: pd.Series = field(repr=False)
    children: pd.Series = field(repr=False)


def site_totals(problem: PlacementProblem, site: pd.Series, totals: pd.Series) -> Rule:
    """A site's units together: ``sum over its units of place[g,u] <= total[site] - held``; never below those held.

    ``site``: by unit, missing where the unit is in none; ``totals``: children by site.
    """
    return _sets(problem, "site", site, totals)


def host_share(problem: PlacementProblem, site: pd.Series, limits: pd.Series) -> Rule:
    """Children with plans at a host: ``sum over its units of place[g,u] <= limit[site] - held``, at least those held.

    ``limits``: by site, the share of the roll that may have plans, less the host's own pupils with plans.
    """
    return _sets(problem, "host", site, limits)


def budgets(
    problem: PlacementProblem, spending: pd.DataFrame, limits: pd.Series, *, gap: pd.DataFrame | None = None
) -> Rule:
    """A fund in a financial year: ``sum spending[g,u] place[g,u] + sum spending[g] gap[g] - above <= limit``.

    ``spending``: pairs x budgets, pounds a child; ``limits``: pounds by budget that are left for these children;
    ``gap``: groups x budgets, what a child in the gap is charged at. An overspend comes in the stage ``rules``, after
    the gap: no child waits for want of money.
    """
    labels = [f"budget[{name}]" for name in limits.index]
    rows = pd.DataFrame({"sense": "<=", "right": limits.to_numpy(float)}, index=pd.Index(labels, dtype=object))
    waiting = np.zeros((len(problem.groups), len(limits))) if gap is None else gap[limits.index].to_numpy(float)
    return may_be_missed(
        _over_placement(rows, sparse.csr_array(spending[limits.index].to_numpy(float)), sparse.csr_array(waiting))
    )


def equity_bound(measure: LocalityMeasure, most: float | pd.Series, *, price: float | None = None) -> Rule:
    """No locality's mean is above a bound: ``mean[l] - above[l] <= most``.

    ``most``: one for all, or by locality. A shortfall comes in the stage ``rules``; with ``price`` it costs so many
    pounds for each unit of the mean and each of the locality's children instead.
    """
    rule = _means("equity", measure, most)
    return may_be_missed(rule, price=None if price is None else price * measure.children.to_numpy(float))


def equity_minimax(measure: LocalityMeasure) -> Rule:
    """The worst locality's mean as low as it can be, then the next worst, and so on: ``equity 1`` to ``equity L``.

    The sum of the k largest means is ``min k t_k + sum_l d_kl`` with ``d_kl >= mean[l] - t_k, d_kl >= 0``; minimising
    it for k = 1, 2, ... in order is the lexicographic minimax (Ogryczak and Sliwinski, Computers and Operations
    Research 30, 2003).
    """
    localities = list(measure.children.index)
    rounds = range(1, len(localities) + 1)
    means = [_means(f"equity {k}", measure, 0.0) for k in rounds]
    names = [f"equity level[{k}]" for k in rounds] + [f"equity above[{k},{x}]" for k in rounds for x in localities]
    entries = [(f"equity level[{k}]", f"equity {k}[{x}]", -1.0) for k in rounds for x in localities]
    entries += [(f"equity above[{k},{x}]", f"equity {k}[{x}]", -1.0) for k in rounds for x in localities]
    weights = {
        f"equity {k}": np.array(
            [float(k) if j == k else 0.0 for j in rounds] + [float(j == k) for j in rounds for _ in localities]
        )
        for k in rounds
    }
    return Rule(
        rows=pd.concat([rule.rows for rule in means]),
        pairs=sparse.csr_array(sparse.hstack([rule.pairs for rule in means])),
        gap=sparse.csr_array(sparse.hstack([rule.gap for rule in means])),
        variables=_variables(names),
        entries=pd.DataFrame(entries, columns=["variable", "row", "coefficient"]),
        costs=weights,
    )


def linear_rule(name: str, *, pairs: Floats, gap: Floats, sense: str, right: float, required: bool = True) -> Rule:
    """A row of the user's own: ``sum pairs[g,u] place[g,u] + sum gap[g] gap[g]  <=, = or >=  right``.

    Not ``required``, it comes after the gap and is missed where it has to be.
    """
    rows = pd.DataFrame({"sense": [sense], "right": [right]}, index=pd.Index([f"own[{name}]"], dtype=object))
    rule = _over_placement(rows, sparse.csr_array(pairs[:, None]), sparse.csr_array(gap[:, None]))
    return replace(rule, may_bar=True) if required else may_be_missed(rule)


def added_places(
    problem: PlacementProblem,
    additions: pd.DataFrame,
    *,
    most_places: int | None = None,
    beside: Sequence[Rule] = (),
) -> Rule:
    """Places as variables: ``add[u]`` more at a unit, ``sum over a site's units of add[u] <= limit[site]``.

    ``additions``: index unit; columns site, limit (the same on every row of a site), fixed_cost (pounds a place, in the
    stage ``cost``). ``most_places``: ``sum_u add[u] <= most_places``. ``beside``: the rules that are kept with them, of
    whose rows a place may take something. Between equals the fewer places win.

    Who is above the most that a unit may hold takes the first: with W children above it and ``cured[u]`` 0 or 1,
    ``sum over breach bands of over[u,k] + W cured[u] <= W`` and ``sum of over[u,k] + add[u] - limit cured[u] <= W``.
    """
    limits = additions.groupby("site")["limit"].first()
    names = [f"add[{unit}]" for unit in additions.index]
    entries = [(name, f"places[{unit}]", -1.0) for name, unit in zip(names, additions.index, strict=True)]
    entries += [(name, f"more[{site}]", 1.0) for name, site in zip(names, additions["site"], strict=True)]
    rights = {f"more[{site}]": float(limit) for site, limit in limits.items()}
    if most_places is not None:
        entries += [(name, "more places", 1.0) for name in names]
        rights["more places"] = float(most_places)
    for rule in beside:
        if rule.a_place is not None:
            taken = rule.a_place.reindex(additions.index).fillna(0.0)
            entries += [
                (f"add[{unit}]", str(row), float(pounds))
                for row, column in taken.items()
                for unit, pounds in column[column != 0].items()
            ]
    cured = []
    for unit, bands in problem.bands[problem.bands["breach"]].groupby("unit"):
        if unit not in additions.index:
            continue
        width, limit = float(bands["width"].sum()), float(additions["limit"][unit])
        over = [f"over[{unit},{band}]" for band in bands["band"]]
        cured.append(f"cured[{unit}]")
        entries += [(name, row, 1.0) for name in over for row in (f"theirs[{unit}]", f"breach[{unit}]")]
        entries += [(f"cured[{unit}]", f"theirs[{unit}]", width), (f"cured[{unit}]", f"breach[{unit}]", -limit)]
        entries += [(f"add[{unit}]", f"breach[{unit}]", 1.0)]
        rights |= {f"theirs[{unit}]": width, f"breach[{unit}]": width}
    fixed_cost = additions["fixed_cost"].to_numpy(float).round(2)
    return Rule(
        rows=pd.DataFrame({"sense": "<=", "right": pd.Series(rights, dtype=float)}),
        pairs=sparse.csr_array((len(problem.pairs), len(rights))),
        gap=sparse.csr_array((len(problem.groups), len(rights))),
        variables=_variables([*names, *cured]).assign(
            upper=np.concatenate([additions["limit"].to_numpy(float), np.ones(len(cured))]), whole=True
        ),
        entries=pd.DataFrame(entries, columns=["variable", "row", "coefficient"]),
        costs={
            "cost": np.concatenate([fixed_cost, np.zeros(len(cured))]),
            "places": np.concatenate([np.ones(len(names)), np.zeros(len(cured))]),
        },
    )


def with_places_paid(rules: Sequence[Rule], added: pd.Series) -> list[Rule]:
    """The rules where places are added (or, negative, taken away): what these take of a row is no longer left of it."""
    return [
        rule
        if rule.a_place is None
        else replace(
            rule,
            rows=rule.rows.assign(
                right=rule.rows["right"]
                - rule.a_place.mul(added.reindex(rule.a_place.index).fillna(0.0), axis=0)
                .sum()
                .reindex(rule.rows.index, fill_value=0.0)
            ),
        )
        for rule in rules
    ]


def limit_spending(problem: PlacementProblem, additions: pd.DataFrame, spending: Floats, most_pounds: float) -> Rule:
    """A year's spending has a limit: ``sum fixed_cost[u] add[u] + sum spending[g,u] place[g,u] <= most_pounds``."""
    rows = pd.DataFrame({"sense": ["<="], "right": [most_pounds]}, index=pd.Index(["spending"], dtype=object))
    rule = _over_placement(rows, sparse.csr_array(spending[:, None]), sparse.csr_array((len(problem.groups), 1)))
    entries = pd.DataFrame(
        {
            "variable": [f"add[{unit}]" for unit in additions.index],
            "row": "spending",
            "coefficient": additions["fixed_cost"].to_numpy(float),
        }
    )
    return Rule(rule.rows, rule.pairs, rule.gap, rule.variables, entries, rule.costs)


def may_be_missed(rule: Rule, *, price: Floats | None = None) -> Rule:
    """The rule with a shortfall of each row: as little as can be in the stage ``rules``, or at a price in ``cost``."""
    over = rule.rows.index[rule.rows["sense"] != ">="]
    under = rule.rows.index[rule.rows["sense"] != "<="]
    names = [f"above[{row}]" for row in over] + [f"below[{row}]" for row in under]
    rows = [*over, *under]
    entries = pd.DataFrame({"variable": names, "row": rows, "coefficient": [-1.0] * len(over) + [1.0] * len(under)})
    # A row counts as missed by its share, so that pounds and minutes stand beside each other.
    share = 1.0 / np.maximum(1.0, np.abs(rule.rows["right"].reindex(rows).to_numpy(float)))
    return Rule(
        rows=rule.rows,
        pairs=rule.pairs,
        gap=rule.gap,
        variables=pd.concat([rule.variables, _variables(names)]),
        entries=pd.concat([rule.entries, entries], ignore_index=True),
        costs={"rules": share} if price is None else {"cost": price},
    )


def unit_rows(problem: PlacementProblem, rows: pd.DataFrame, units: pd.Index) -> Rule:
    """Rows over the newcomers of one unit each, in the order of ``units``."""
    return _over_units(problem, rows, pd.Series(units, index=units), units)


def _sets(problem: PlacementProblem, name: str, of_unit: pd.Series, limits: pd.Series) -> Rule:
    held = problem.units["held"].groupby(of_unit.reindex(problem.units.index)).sum().reindex(limits.index).fillna(0.0)
    right = np.maximum(limits.to_numpy(float), held.to_numpy()) - held.to_numpy()
    labels = pd.Index([f"{name}[{label}]" for label in limits.index], dtype=object)
    return _over_units(problem, pd.DataFrame({"sense": "<=", "right": right}, index=labels), of_unit, limits.index)


def _over_units(problem: PlacementProblem, rows: pd.DataFrame, of_unit: pd.Series, sets: pd.Index) -> Rule:
    """Rows over the newcomers of sets of units; ``of_unit`` says which set a unit is in, if any."""
    at = sets.get_indexer(pd.Index(of_unit.reindex(problem.units.index)))[problem.at_unit]
    some = np.flatnonzero(at >= 0)
    pairs = sparse.csr_array((np.ones(len(some)), (some, at[some])), shape=(len(at), len(sets)))
    rule = _over_placement(rows, pairs, sparse.csr_array((len(problem.groups), len(sets))))
    bought = np.isinf(problem.units["places"].to_numpy(float))[problem.at_unit]
    return replace(rule, may_bar=bool((bought & (at >= 0)).any()))


def _means(name: str, measure: LocalityMeasure, most: float | pd.Series) -> Rule:
    localities = measure.children.index
    divisor = np.maximum(measure.children.to_numpy(float), 1.0)
    by_locality = most.reindex(localities) if isinstance(most, pd.Series) else pd.Series(most, index=localities)
    right = by_locality.to_numpy(float)
    rows = pd.DataFrame(
        {"sense": "<=", "right": right - measure.held.reindex(localities).fillna(0.0).to_numpy() / divisor},
        index=pd.Index([f"{name}[{label}]" for label in localities], dtype=object),
    )
    at = localities.get_indexer(pd.Index(measure.locality))
    of_pair = at[measure.at_group]
    return _over_placement(rows, _spread(measure.pairs, of_pair, divisor), _spread(measure.gap, at, divisor))


def _spread(values: Floats, at: NDArray[np.int64], divisor: Floats) -> sparse.csr_array:
    return sparse.csr_array((values / divisor[at], (np.arange(len(at)), at)), shape=(len(at), len(divisor)))


def _over_placement(rows: pd.DataFrame, pairs: sparse.csr_array, gap: sparse.csr_array) -> Rule:
    none = pd.DataFrame({"variable": [], "row": [], "coefficient": []})
    return Rule(rows, pairs, gap, _variables([]), none, {})


def _variables(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"lower": 0.0, "upper": np.inf, "whole": False}, index=pd.Index(names, dtype=object))
