"""The placement problem and its answer: groups of children, units with places, and the pairs that are possible."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["Placement", "PlacementProblem", "Proof", "named", "placement_problem", "tie_break", "up_to_ceiling"]

BAND_COLUMNS: Final = ["unit", "band", "width", "price"]
PAIR_COLUMNS: Final = ["group", "unit", "cost", "minutes", "against_preference"]


@dataclass(frozen=True, slots=True)
class PlacementProblem:
    """Who could go where. Made by ``placement_problem``, which checks it.

    ``groups``: index group; column children (float, 1 for a child, a fraction in a forecast).
    ``units``: index unit; columns places (float, ``inf`` where bought one by one) and held (children who
    stay there and take up places).
    ``bands``: unit, band (0, 1, ...), width (children), price (pounds a child, rising): room above places; ``breach``
    says that a band is there for children who are above what the unit may hold, and goes as places are added.
    ``pairs``: group, unit, cost (pounds a child a year, whole pence), minutes (one way), against_preference
    (yes where the group prefers another unit). A pair that is not there is not possible. ``at_group`` and ``at_unit``
    are the places of each pair's group and unit in the first two.
    """

    groups: pd.DataFrame = field(repr=False)
    units: pd.DataFrame = field(repr=False)
    bands: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    at_group: NDArray[np.int64] = field(repr=False)
    at_unit: NDArray[np.int64] = field(repr=False)

    def pair_places(self, groups: pd.Series, units: pd.Series) -> NDArray[np.int64]:
        """Where each pair of a group and a unit stands among the pairs; raises ``KeyError`` where one is not there."""
        width = len(self.units) + 1
        known = self.at_group * width + self.at_unit
        asked = _places(self.groups.index, groups) * width + _places(self.units.index, units)
        at = np.searchsorted(known, asked)
        if (at == len(known)).any() or (known[at] != asked).any():
            raise KeyError("a pair that is not possible")
        return at


@dataclass(frozen=True, slots=True)
class Proof:
    """How good an answer is known to be.

    ``objective`` and ``bound`` are pounds a year over the groups, overfill included; ``gap_children`` is
    the least number of children that cannot be placed, and ``gap_children_bound`` its proven lower bound.
    ``values`` and ``bounds`` hold every objective in its order by name, and ``prices`` a price for each row and
    objective (what the objective changes with one more on the row's right-hand side): ``by_prices`` says whether anyone
    can recompute the bounds with them; where not, a search among whole children or units proved them.
    """

    status: str
    objective: float
    bound: float
    gap_children: float
    gap_children_bound: float
    solver: str
    prices: pd.DataFrame = field(repr=False)
    values: pd.Series = field(repr=False)
    bounds: pd.Series = field(repr=False)
    by_prices: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """Who goes where: an answer to a ``PlacementProblem``.

    ``flows``: group, unit, children (> 0). ``gap``: children not placed, by group (zeros included).
    ``overfill``: unit, band, children, price. ``variables``: of the rules, such as ``above[...]`` and ``add[...]``.
    """

    flows: pd.DataFrame = field(repr=False)
    gap: pd.Series = field(repr=False)
    overfill: pd.DataFrame = field(repr=False)
    variables: pd.Series = field(repr=False)
    proof: Proof


def placement_problem(
    groups: pd.DataFrame, units: pd.DataFrame, bands: pd.DataFrame, pairs: pd.DataFrame
) -> PlacementProblem:
    """Check the parts and put them in canonical order.

    Raises ``ValueError`` naming every label that is doubled or dangling and every number that is not finite,
    negative where it may not be, or (a band's price) falling.
    """
    groups = groups[["children"]].astype(float).sort_index()
    units = units[["places", "held"]].astype(float).sort_index()
    bands = bands.assign(breach=bands["breach"].astype(bool) if "breach" in bands else False)
    bands = bands[[*BAND_COLUMNS, "breach"]].sort_values(["unit", "band"], ignore_index=True)
    pairs, at_group, at_unit = _in_order(pairs[PAIR_COLUMNS], groups.index, units.index)
    largest = np.finfo(float).max
    unlimited = units.index[units["places"] == np.inf]
    problems = [
        *named("group", groups.index[groups.index.duplicated()], "doubled"),
        *named("unit", units.index[units.index.duplicated()], "doubled"),
        *named("pair", pairs.loc[_doubled(at_group, at_unit), "group"], "doubled"),
        *named("band's unit", bands.loc[bands.duplicated(["unit", "band"]), "unit"], "doubled"),
        *named("pair's group", pairs.loc[at_group < 0, "group"], "not among the groups"),
        *named("pair's unit", pairs.loc[at_unit < 0, "unit"], "not among the units"),
        *named("band's unit", bands.loc[~bands["unit"].isin(units.index), "unit"], "not among the units"),
        *named("band's unit", bands.loc[bands["unit"].isin(unlimited), "unit"], "without counted places"),
        *named("group", groups.index[~(groups["children"] >= 0) | np.isinf(groups["children"])], "without a count"),
        *named(
            "unit",
            units.index[~(units["places"] >= 0) | ~units["held"].between(0, largest)],
            "with negative or no places",
        ),
        *named("pair's group", pairs.loc[~np.isfinite(pairs["cost"]), "group"], "with a cost that is no number"),
        *named("pair's group", pairs.loc[~np.isfinite(pairs["minutes"]), "group"], "with minutes that are no number"),
        *named(
            "band's unit",
            bands.loc[~bands["width"].between(0, largest), "unit"],
            "with a width that is no number of children",
        ),
        *named(
            "band's unit",
            bands.loc[~bands["price"].between(0, largest), "unit"],
            "with a price that is no sum of pounds",
        ),
        *named("band's unit", bands.loc[bands.groupby("unit")["price"].diff() < 0, "unit"], "whose price falls"),
    ]
    most = up_to_ceiling(units, bands).reindex(units.index)
    problems += named("unit", units.index[units["held"] > most + 1e-9], "holding more than its places and bands")
    if problems:
        raise ValueError("the placement problem is not whole: " + "; ".join(problems))
    return PlacementProblem(groups, units, bands, pairs, at_group, at_unit)


def up_to_ceiling(units: pd.DataFrame, bands: pd.DataFrame) -> pd.Series:
    """By unit, the most children it holds: its places and the bands above them."""
    return units["places"].add(bands.groupby("unit")["width"].sum(), fill_value=0.0)


def tie_break(groups: Iterable[str], units: Iterable[str]) -> list[int]:
    """A fixed whole number below 1,048,576 for each pair of labels: the last rule between equal answers.

    Twenty bits of BLAKE2: a sum of parts, as a cyclic check is, would leave many exchanges of two children equal.
    """
    return [
        int.from_bytes(hashlib.blake2b(f"{g}|{u}".encode(), digest_size=3).digest()) & 0xFFFFF
        for g, u in zip(groups, units, strict=True)
    ]


def _in_order(
    pairs: pd.DataFrame, groups: pd.Index, units: pd.Index
) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """The pairs by group and unit, with the places of both; -1 for what is not there."""
    at_group, at_unit = _places(groups, pairs["group"]), _places(units, pairs["unit"])
    rank = at_group * (len(units) + 1) + at_unit
    if (np.diff(rank) < 0).any():
        order = np.argsort(rank, kind="stable")
        pairs, at_group, at_unit = pairs.iloc[order], at_group[order], at_unit[order]
    return pairs.reset_index(drop=True), at_group, at_unit


def _places(index: pd.Index, labels: pd.Series) -> NDArray[np.int64]:
    """Where each label stands in an index; many labels of few values are looked up once a value."""
    first = index[~index.duplicated()] if index.has_duplicates else index
    if isinstance(labels.dtype, pd.CategoricalDtype):
        found = np.append(first.get_indexer(labels.cat.categories), -1)[labels.cat.codes]
    else:
        found = first.get_indexer(pd.Index(labels))
    return np.asarray(found, dtype=np.int64)


def _doubled(at_group: NDArray[np.int64], at_unit: NDArray[np.int64]) -> NDArray[np.bool_]:
    same = (np.diff(at_group) == 0) & (np.diff(at_unit) == 0)
    doubled = np.zeros(len(at_group), dtype=bool)
    doubled[1:] = same & (at_group[1:] >= 0) & (at_unit[1:] >= 0)
    return doubled


def named(what: str, labels: Iterable[object], fault: str) -> list[str]:
    """A fault in words with the first labels that have it, or nothing."""
    found = sorted({str(label) for label in labels})
    shown = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    return [f"{what} {fault}: {shown}"] if found else []
