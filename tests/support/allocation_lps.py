"""The whole linear programme of an allocation instance as bare arrays, for the peers: nothing of placeplan's code.

A child always has a bought place to go to, in every year, so the least gap is nought: it has no variables here.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from allocation_instances import YEARS, Instance, TenYears
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["SideRows", "WholeLp", "one_year_lp", "positions", "ten_years_lp"]

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SideRows:
    """Rules over the pairs beside children and places: rows x pairs, each row's sense (<=, = or >=) and right side."""

    matrix: sparse.csr_array = field(repr=False)
    senses: tuple[str, ...]
    right: Numbers = field(repr=False)


@dataclass(frozen=True, slots=True)
class WholeLp:
    """Minimise cost @ x where lower <= matrix @ x <= upper and 0 <= x <= most.

    ``blocks`` are the numbers at which the kinds of rows end: children, places, rules beside them.
    """

    cost: Numbers = field(repr=False)
    most: Numbers = field(repr=False)
    matrix: sparse.csr_array = field(repr=False)
    lower: Numbers = field(repr=False)
    upper: Numbers = field(repr=False)
    blocks: tuple[int, ...]


def one_year_lp(instance: Instance, *, side: SideRows | None = None) -> WholeLp:
    """Every child somewhere, every counted unit within its places and bands, and the rules beside them."""
    groups, units, bands, pairs = instance.groups, instance.units, instance.bands, instance.pairs
    group, unit = positions(pairs["group"], groups.index), positions(pairs["unit"], units.index)
    room = (units["places"] - units["held"]).to_numpy(float)
    limited = np.isfinite(room)
    row_of_unit = np.where(limited, len(groups) + np.cumsum(limited) - 1, -1)
    assert np.bincount(group[~limited[unit]], minlength=len(groups)).min() >= 1, "a group without a bought place"
    counted = np.flatnonzero(limited[unit])
    over = len(pairs) + np.arange(len(bands))
    rows = [group, row_of_unit[unit[counted]], row_of_unit[positions(bands["unit"], units.index)]]
    columns = [np.arange(len(pairs)), counted, over]
    values = np.repeat([1.0, 1.0, -1.0], [len(pairs), len(counted), len(bands)])
    many = len(groups) + int(limited.sum())
    shape = (many, len(pairs) + len(bands))
    matrix = sparse.csr_array((values, (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    children = groups["children"].to_numpy(float)
    lower = np.concatenate([children, np.full(many - len(groups), -np.inf)])
    upper = np.concatenate([children, room[limited]])
    blocks = [len(groups), many]
    if side is not None:
        none = sparse.csr_array((len(side.senses), len(bands)))
        matrix = sparse.csr_array(sparse.vstack([matrix, sparse.hstack([side.matrix, none])]))
        senses = np.array(side.senses)
        lower = np.concatenate([lower, np.where(senses == "<=", -np.inf, side.right)])
        upper = np.concatenate([upper, np.where(senses == ">=", np.inf, side.right)])
        blocks.append(many + len(senses))
    return WholeLp(
        cost=np.concatenate([pairs["cost"].to_numpy(float), bands["price"].to_numpy(float)]),
        most=np.concatenate([np.full(len(pairs), np.inf), bands["width"].to_numpy(float)]),
        matrix=matrix,
        lower=lower,
        upper=upper,
        blocks=tuple(blocks),
    )


def ten_years_lp(instance: TenYears) -> WholeLp:
    """Stays that end hand their survivors on to the next year; every unit and year within its places and bands.

    A row per group and year t of its survival: the stays that begin at t, less what is left at t of those that ended
    the year before, come to the children who enter at t. A row per counted unit and year: what is left of the stays
    that cover it, less the bands, is within places less held.
    """
    stays, places, bands = instance.stays, instance.places, instance.bands
    names = instance.groups.index
    share = np.zeros((len(names), YEARS))
    there = positions(instance.survival["group"], names), instance.survival["year"].to_numpy()
    share[there] = instance.survival["share"]
    state = np.full((len(names), YEARS + 1), -1)
    state[there] = np.arange(len(instance.survival))
    states = len(instance.survival)

    group = positions(stays["group"], names)
    first, last = stays["from_year"].to_numpy(), stays["to_year"].to_numpy()
    every = np.arange(len(stays))
    follows = np.flatnonzero(state[group, last + 1] >= 0)
    left = share[group[follows], last[follows] + 1] / share[group[follows], first[follows]]

    counted_rows = np.isfinite(places["places"].to_numpy())
    units = pd.Index(places["unit"].unique())
    room_row = np.full((len(units), YEARS), -1)
    at = positions(places["unit"], units), places["year"].to_numpy()
    room_row[at] = np.where(counted_rows, states + np.cumsum(counted_rows) - 1, -1)
    unit = positions(stays["unit"], units)
    counted = np.flatnonzero(room_row[unit, 0] >= 0)
    single = np.zeros(states, dtype=np.int64)
    bought = np.setdiff1d(every, counted)
    np.add.at(single, state[group[bought], first[bought]], first[bought] == last[bought])
    assert single.min() >= 1, "a group and year without a bought place"
    length = (last - first + 1)[counted]
    covers = np.repeat(counted, length)
    year = first[covers] + np.arange(len(covers)) - np.repeat(length.cumsum() - length, length)
    band_rows = room_row[positions(bands["unit"], units), bands["year"].to_numpy()]

    rows = [state[group, first], state[group[follows], last[follows] + 1], room_row[unit[covers], year], band_rows]
    columns = [every, follows, covers, len(stays) + np.arange(len(bands))]
    values = [np.ones(len(stays)), -left, share[group[covers], year] / share[group[covers], first[covers]]]
    values.append(np.full(len(bands), -1.0))
    many = states + int(counted_rows.sum())
    matrix = sparse.csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(many, len(stays) + len(bands))
    )
    entering = np.zeros(states)
    entering[state[np.arange(len(names)), instance.groups["year"]]] = instance.groups["children"]
    room = (places["places"] - places["held"]).to_numpy()[counted_rows]
    return WholeLp(
        cost=np.concatenate([stays["cost"].to_numpy(float), bands["price"].to_numpy(float)]),
        most=np.concatenate([np.full(len(stays), np.inf), bands["width"].to_numpy(float)]),
        matrix=matrix,
        lower=np.concatenate([entering, np.full(len(room), -np.inf)]),
        upper=np.concatenate([entering, room]),
        blocks=(states, many),
    )


def positions(labels: pd.Series, index: pd.Index) -> Whole:
    """The place of each label in the index; quick where the labels are categorical."""
    if isinstance(labels.dtype, pd.CategoricalDtype):
        return index.get_indexer(labels.cat.categories)[labels.cat.codes.to_numpy()]
    return index.get_indexer(labels)
