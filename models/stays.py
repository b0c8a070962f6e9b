"""Placement over years: children stay where they are placed until the unit's ages or their need ends, some leaving.

A group enters in a year. Whoever is in the gap, or comes to the end of a unit's ages with need left, is placed again
the year after; a share leaves every year. One year alone is the case in which nobody comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from .assemble import Arcs, assemble, laid_out
from .constraints import Rule
from .network import Network
from .placement import named, tie_break

__all__ = ["StayNetwork", "StayProblem", "stay_network", "stay_problem"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

BAND_COLUMNS: Final = ["unit", "year", "band", "width", "price"]
STAY_COLUMNS: Final = ["group", "from_year", "to_year", "unit", "cost", "minutes", "against_preference"]


@dataclass(frozen=True, slots=True)
class StayProblem:
    """Who could stay where, and when. Made by ``stay_problem``, which checks it.

    ``groups``: index group; children (who enter), year (of entry). ``places``: index (unit, year); places (``inf``
    where bought one by one), held (children who are there already). ``bands``: unit, year, band, width, price (pounds
    a child-year, rising): room above places. ``survival``: groups x years, the share of a group's children who still
    need a place in a year: 1 at entry, 0 from the year in which none does. ``stays``: group, from_year, to_year, unit,
    cost (pounds a child present in from_year, over the whole stay, whole pence), minutes, against_preference.
    ``node``: for each stay, the node (group and year) at which it begins, of ``nodes``: columns group, year.
    """

    groups: pd.DataFrame = field(repr=False)
    places: pd.DataFrame = field(repr=False)
    bands: pd.DataFrame = field(repr=False)
    survival: pd.DataFrame = field(repr=False)
    stays: pd.DataFrame = field(repr=False)
    nodes: pd.DataFrame = field(repr=False)
    node: Whole = field(repr=False)


@dataclass(frozen=True, slots=True)
class StayNetwork:
    """The network of a problem, and which arc is which stay or gap."""

    network: Network = field(repr=False)
    arcs: Arcs = field(repr=False)


def stay_problem(
    groups: pd.DataFrame, places: pd.DataFrame, bands: pd.DataFrame, survival: pd.DataFrame, stays: pd.DataFrame
) -> StayProblem:
    """Check the parts and put them in canonical order.

    ``places``, ``bands``, ``survival`` (group, year, share) and ``stays`` are long tables; see ``StayProblem``. Raises
    ``ValueError`` naming every label that is doubled or dangling, every number that is not finite or negative where it
    may not be, a share that is not 1 at entry or that rises, a stay that begins before the group or where none of it is
    left, that ends before it begins, or in years for which the unit has no row.
    """
    groups = groups[["children", "year"]].astype({"children": float, "year": int}).sort_index()
    places = places.set_index(["unit", "year"])[["places", "held"]].astype(float).sort_index()
    bands = bands[BAND_COLUMNS].sort_values(["unit", "year", "band"], ignore_index=True)
    shares = survival.pivot_table(index="group", columns="year", values="share", aggfunc="first", observed=True)
    stays = stays[STAY_COLUMNS].astype({"group": object, "unit": object})
    stays = stays.sort_values(["from_year", "group", "unit", "to_year"], ignore_index=True)
    told = [places.index.get_level_values("year"), shares.columns, groups["year"], stays["from_year"], stays["to_year"]]
    years = np.concatenate([np.asarray(some, dtype=np.int64) for some in told])
    every_year = range(int(years.min()), int(years.max()) + 1) if len(years) else range(0)
    shares = shares.reindex(index=groups.index, columns=pd.Index(every_year)).fillna(0.0)
    faults = _faults(groups, places, bands, shares=shares, survival=survival, stays=stays)
    if faults:
        raise ValueError("the placement over years is not whole: " + "; ".join(faults))
    entry = groups["year"].to_numpy()
    present = (shares.to_numpy() > 0) & (shares.columns.to_numpy()[None, :] >= entry[:, None])
    year, group = np.nonzero(present.T)
    nodes = pd.DataFrame({"group": groups.index[group], "year": shares.columns.to_numpy()[year]})
    node = pd.MultiIndex.from_frame(nodes[["year", "group"]]).get_indexer(
        pd.MultiIndex.from_frame(stays[["from_year", "group"]])
    )
    return StayProblem(groups, places, bands, shares, stays, nodes, np.asarray(node, dtype=np.int64))


def stay_network(problem: StayProblem, rules: Sequence[Rule] = ()) -> StayNetwork:
    """The network of a problem under some rules.

    Every child is counted in every year: for group g and year t, stays that begin and the gap add up to those who
    enter, come from a stay that ended the year before, or waited in it, as far as they still need a place::

        sum_s stay[s] + gap[g,t] = children[g] (t the entry) + sum_s' share[t]/share[from s'] stay[s']
                                   + share[t]/share[t-1] gap[g,t-1]

    Every unit is within its places and bands in every year: ``sum_s share[t]/share[from s] stay[s] <= places[u,t] -
    held[u,t] + sum_k over[u,t,k]``.
    """
    nodes, stays, shares = problem.nodes, problem.stays, problem.survival
    may_bar = any(rule.may_bar for rule in rules)
    bought = np.isinf(problem.places["places"].to_numpy(float))
    at_unit = problem.places.index.get_indexer(pd.MultiIndex.from_frame(stays[["unit", "from_year"]]))
    one_year = (stays["from_year"] == stays["to_year"]).to_numpy()
    waits = np.ones(len(nodes), dtype=bool)
    waits[problem.node[bought[at_unit] & one_year]] = may_bar
    arcs = laid_out(problem.node, waits)
    years = shares.columns.to_numpy()
    share = shares.to_numpy(float)
    group_of = problem.groups.index.get_indexer(pd.Index(nodes["group"]))
    at_year = np.searchsorted(years, nodes["year"].to_numpy())
    node_at = np.full(share.shape, -1, dtype=np.int32)
    node_at[group_of, at_year] = np.arange(len(nodes), dtype=np.int32)
    group = np.concatenate([group_of[problem.node], group_of[waits]])
    start = np.concatenate([at_year[problem.node], at_year[waits]])
    end = np.concatenate([np.searchsorted(years, stays["to_year"].to_numpy()), at_year[waits]])
    onward = end + 1 < len(years)
    following = np.where(onward, end + 1, 0)
    head_of = np.where(onward, node_at[group, following], -1)
    gain_of = np.where(head_of >= 0, share[group, following] / share[group, start], 0.0)
    order = np.concatenate([arcs.of_choice, arcs.of_gap])
    head, gain = np.empty(len(order), dtype=np.int32), np.empty(len(order))
    head[order], gain[order] = head_of, gain_of
    counted = problem.places[~bought]
    costs: dict[str, Floats] = {}
    if waits.any():
        costs["gap"] = arcs.waiting()
    if stays["against_preference"].any():
        costs["preference"] = arcs.along(stays["against_preference"])
    costs["cost"] = arcs.along(stays["cost"].to_numpy(float).round(2))
    costs["minutes"] = arcs.along(stays["minutes"].to_numpy(float).round(1))
    labels = _labels(counted.index)
    bands = problem.bands
    of_band = pd.MultiIndex.from_frame(bands[["unit", "year"]])

    def ties(choice: Whole) -> list[int]:
        some = stays.iloc[choice]
        begins = [f"{g}|{t}" for g, t in zip(some["group"], some["from_year"], strict=True)]
        return tie_break(begins, some["unit"])

    def arc_labels(some: Whole) -> pd.Index:
        placed = arcs.choice[some] >= 0
        chosen = stays.iloc[arcs.choice[some[placed]]][["group", "from_year", "unit"]]
        waiting = nodes.iloc[np.searchsorted(arcs.first, some[~placed], side="right") - 1]
        return arcs.labelled(
            some,
            [f"stay[{g},{t},{u}]" for g, t, u in chosen.itertuples(index=False, name=None)],
            [f"gap[{g},{t}]" for g, t in waiting.itertuples(index=False, name=None)],
        )

    def node_labels(some: Whole) -> pd.Index:
        return pd.Index([f"children[{g},{t}]" for g, t in nodes.iloc[some].itertuples(index=False, name=None)])

    flat = assemble(
        arcs,
        supply=np.where(
            nodes["year"].to_numpy() == problem.groups["year"].to_numpy()[group_of],
            problem.groups["children"].to_numpy(float)[group_of],
            0.0,
        ),
        costs={**costs, "tie": arcs.on_demand(ties)},
        places=pd.Series((counted["places"] - counted["held"]).to_numpy(float), index=labels),
        bands=pd.DataFrame(
            {
                "row": _labels(of_band),
                "width": bands["width"].to_numpy(float),
                "price": bands["price"].to_numpy(float),
            },
            index=pd.Index(
                [
                    f"over[{u},{t},{k}]"
                    for u, t, k in bands[["unit", "year", "band"]].itertuples(index=False, name=None)
                ],
                dtype=object,
            ),
        ),
        rules=rules,
        arc_labels=arc_labels,
        node_labels=node_labels,
        use=_taken(problem, arcs, counted.index, share=share, years=years, group_of=group_of),
    )
    levels = np.searchsorted(nodes["year"].to_numpy(), np.append(years, years[-1] + 1)) if len(years) else np.array([0])
    return StayNetwork(replace(flat, head=head, gain=gain, levels=tuple(int(n) for n in levels), family=group_of), arcs)


def _taken(
    problem: StayProblem, arcs: Arcs, rows: pd.MultiIndex, *, share: Floats, years: Whole, group_of: Whole
) -> sparse.csr_array:
    """What a child of each arc takes of each unit-year: its share still there."""
    stays = problem.stays
    start = np.searchsorted(years, stays["from_year"].to_numpy())
    length = np.searchsorted(years, stays["to_year"].to_numpy()) - start + 1
    stay = np.repeat(np.arange(len(stays)), length)
    year = start[stay] + np.arange(len(stay)) - np.repeat(np.cumsum(length) - length, length)
    units = pd.Index(rows.get_level_values(0).unique()).append(pd.Index(stays["unit"]).unique()).unique()
    row_at = np.full((len(units), len(years)), -1)
    row_at[units.get_indexer(rows.get_level_values(0)), np.searchsorted(years, rows.get_level_values(1))] = np.arange(
        len(rows)
    )
    row = row_at[units.get_indexer(stays["unit"])[stay], year]
    group = group_of[problem.node][stay]
    some = row >= 0
    taken = share[group, year] / share[group, start[stay]]
    return sparse.csr_array((taken[some], (arcs.of_choice[stay[some]], row[some])), shape=(len(arcs.choice), len(rows)))


def _labels(unit_years: pd.MultiIndex) -> pd.Index:
    return pd.Index([f"places[{unit},{year}]" for unit, year in unit_years], dtype=object)


def _faults(
    groups: pd.DataFrame,
    places: pd.DataFrame,
    bands: pd.DataFrame,
    *,
    shares: pd.DataFrame,
    survival: pd.DataFrame,
    stays: pd.DataFrame,
) -> list[str]:
    largest = np.finfo(float).max
    years, entry = shares.columns.to_numpy(), groups["year"].to_numpy()
    at_group = groups.index.drop_duplicates().get_indexer(pd.Index(stays["group"]))
    known = at_group >= 0
    first = np.where(known, entry[at_group], 0) if len(entry) else np.zeros(len(stays))
    left = known & (_at(shares, at_group, stays["from_year"].to_numpy()) > 0)
    ordered = stays["from_year"].to_numpy() <= stays["to_year"].to_numpy()
    at_entry = _at(shares, np.arange(len(groups)), entry) == 1.0
    later = years[None, :] > entry[:, None]
    rises = ((np.diff(shares.to_numpy(), axis=1, prepend=0.0) > 1e-12) & later).any(axis=1)
    spans = stays.loc[ordered, ["unit", "from_year", "to_year"]].drop_duplicates()
    length = (spans["to_year"] - spans["from_year"] + 1).to_numpy()
    each = spans.loc[spans.index.repeat(length)]
    year = each["from_year"].to_numpy() + np.arange(len(each)) - np.repeat(np.cumsum(length) - length, length)
    there = places.index.drop_duplicates()
    without = there.get_indexer(pd.MultiIndex.from_arrays([each["unit"], year])) < 0
    of_band = there.get_indexer(pd.MultiIndex.from_frame(bands[["unit", "year"]]))
    first_places = places[~places.index.duplicated()]
    bought = (of_band >= 0) & np.isinf(first_places["places"].to_numpy(float))[of_band] if len(there) else of_band > 0
    width = bands.groupby(["unit", "year"])["width"].sum().reindex(there).fillna(0.0)
    over_full = first_places["held"] > first_places["places"] + width + 1e-9
    return [
        *named("group", groups.index[groups.index.duplicated()], "doubled"),
        *named("unit and year", places.index[places.index.duplicated()], "doubled"),
        *named("group", survival.loc[survival.duplicated(["group", "year"]), "group"], "with two shares in a year"),
        *named("share's group", survival.loc[~survival["group"].isin(groups.index), "group"], "not among the groups"),
        *named("group", survival.loc[~(survival["share"] >= 0.0), "group"], "with a share that is none"),
        *named("group", groups.index[~groups["children"].between(0, largest)], "without a count"),
        *named("group", groups.index[~at_entry], "whose share at entry is not 1"),
        *named("group", groups.index[np.flatnonzero(rises)], "whose share rises"),
        *named(
            "unit",
            places.index[~(places["places"] >= 0) | ~places["held"].between(0, largest)],
            "with negative or no places",
        ),
        *named("unit and year", first_places.index[over_full], "holding more than places and bands"),
        *named("band's unit and year", bands.loc[of_band < 0, "unit"], "without places"),
        *named("band's unit", bands.loc[bought, "unit"], "without counted places"),
        *named("band's unit", bands.loc[bands.duplicated(["unit", "year", "band"]), "unit"], "doubled"),
        *named(
            "band's unit",
            bands.loc[~bands["price"].between(0, largest), "unit"],
            "with a price that is no sum of pounds",
        ),
        *named("stay's group", stays.loc[~known, "group"], "not among the groups"),
        *named(
            "stay's group", stays.loc[known & (stays["from_year"] < first), "group"], "that begins before the group"
        ),
        *named("stay's group", stays.loc[known & ~left, "group"], "none of which is left"),
        *named("stay's group", stays.loc[~ordered, "group"], "that ends before it begins"),
        *named("stay's unit", each.loc[without, "unit"], "without places in a year of it"),
        *named("stay", stays.loc[stays.duplicated(["group", "from_year", "unit"]), "group"], "doubled"),
        *named("stay's group", stays.loc[~np.isfinite(stays["cost"]), "group"], "with a cost that is no number"),
        *named("stay's group", stays.loc[~np.isfinite(stays["minutes"]), "group"], "with minutes that are no number"),
        *named(
            "band's unit",
            bands.loc[~bands["width"].between(0, largest), "unit"],
            "with a width that is no number of children",
        ),
        *named(
            "band's unit", bands.loc[bands.groupby(["unit", "year"])["price"].diff() < 0, "unit"], "whose price falls"
        ),
    ]


def _at(shares: pd.DataFrame, group: Whole, year: Whole) -> Floats:
    """The share of each group in a year; nought for what is not there."""
    column = shares.columns.get_indexer(pd.Index(year))
    there = (group >= 0) & (column >= 0)
    return np.where(there, shares.to_numpy(float)[np.where(there, group, 0), np.where(there, column, 0)], 0.0)
