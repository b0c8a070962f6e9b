"""Where children with plans are at the start of a forecast: the table ``children`` and published margins as one."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.models.cohort_parts import AGES
from placeplan.models.cohorts import UNTAGGED
from placeplan.models.reconcile import Totals, scale_to_totals
from placeplan.need.counts import NEED_AXIS, PLACEMENT_AXIS, Cube, margins
from placeplan.need.defaults import STOCK_BY_AGE, STOCK_BY_NEED, STOCK_BY_PLACEMENT, likely
from placeplan.suppression import SMALLEST

__all__ = ["BaseStock", "base_stock", "child_cells", "placement_of_unit"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BaseStock:
    """Every plan of a year in a cell: ``cells``, one a plan; ``tags``: the row of ``children``, -1 for the others.

    ``known_children``: whether the table children is of this year. ``notes``: (subject, value, source).
    """

    cells: Whole = field(repr=False)
    tags: Whole = field(repr=False)
    known_children: bool
    notes: tuple[tuple[str, str, str], ...]

    def table(self, cube: Cube) -> Floats:
        """Plans by cell, in the cube's shape."""
        return np.bincount(self.cells, minlength=cube.size).reshape(cube.shape).astype(np.float64)


def placement_of_unit(kind: str, national: str) -> str:
    """The published placement of a child in a unit of this kind.

    >>> placement_of_unit("ers", "sen_unit"), placement_of_unit("hub", "")
    ('sen_unit', 'special_state')
    """
    if kind == "ers":
        return national or "resourced_provision"
    return {
        "special": "special_state",
        "hub": "special_state",
        "support_centre": "alternative_provision",
        "independent_special": "special_independent",
        "independent_other": "special_independent",
        "non_maintained_special": "special_non_maintained",
        "college": "specialist_post_16",
        "peripatetic": "mainstream",
        "mainstream_support": "mainstream",
    }[kind]


def child_cells(county: County, cube: Cube, children: pd.DataFrame) -> Whole:
    """The cell of each row of ``children``; those without a unit are in mainstream or an early years setting."""
    units = county.units.drop_duplicates("unit").set_index("unit")
    places = {
        str(unit): placement_of_unit(str(row["kind"]), "" if pd.isna(row["national"]) else str(row["national"]))
        for unit, row in units[["kind", "national"]].iterrows()
    }
    ages = children["year_group"].astype(int) + 4
    without = np.where(ages < 4, "early_years", "mainstream")
    placement = [
        places[str(unit)] if has else other
        for unit, has, other in zip(children["unit"], children["unit"].notna(), without, strict=True)
    ]
    return np.ravel_multi_index(
        (
            children["zone"].map(cube.of_zone).map(cube.localities.index).to_numpy(int),
            children["need"].map(NEED_AXIS.index).to_numpy(int),
            ages.to_numpy(int),
            np.array([PLACEMENT_AXIS.index(name) for name in placement], dtype=np.int64),
        ),
        cube.shape,
    ).astype(np.int64)


def base_stock(county: County, cube: Cube, year: int, people: Floats) -> BaseStock:
    """The plans of ``year``. ``people``: localities x ages, over which plans are spread where nothing says.

    The children of the table, where it is of this year, are where they are. What the published margins have beyond them
    is spread so that every margin adds up (iterative proportional fitting), starting from England's ages and
    needs and the ages that each placement has; then in whole plans whose total is the published one.
    Raises ``ValueError`` where neither children nor plans are known.
    """
    known = year == county.settings.year and not county.children.empty
    none = np.zeros(0, dtype=np.int64)
    cells = child_cells(county, cube, county.children) if known else none
    mainstream = child_cells(county, cube, county.met_in_mainstream) if known else none
    held = np.bincount(np.concatenate([cells, mainstream]), minlength=cube.size).astype(np.float64)
    published = margins(county, cube, "stock", year)
    notes: list[tuple[str, str, str]] = []
    if not published:
        if not known:
            raise ValueError(f"no plans are known for {year}")
        notes.append(("Plans beyond the table children", "none", f"the table plans has no stock in {year}"))
        return BaseStock(*_tagged(cells, mainstream), known, tuple(notes))
    left = [Totals(one.name, one.part, np.maximum(one.values - one.sums(held), 0.0)) for one in published]
    total = _grand_total(left)
    for one, rest in zip(published, left, strict=True):
        more = float(np.nansum(np.maximum(one.sums(held) - one.values, 0.0)))
        if more > 0:
            told = f"{more:g}" if more >= SMALLEST else "a few"
            value = f"{told} more in some of its parts than were published; the table was followed"
            notes.append(
                (f"Children of the table beside the margin {one.name}", value, "the tables children and plans")
            )
            sums = np.nansum(rest.values)
            if sums > 0 and not np.isnan(rest.values).any():
                rest.values[:] *= total / sums
    scaled = scale_to_totals(_start(people), left, tolerance=1e-3, limit=500)
    if scaled.worst >= 0.5:
        value = f"up to {scaled.worst:.0f} plans from a published count: the margins cannot all be met"
        notes.append(("Plans spread over margins that do not cross", value, "the table plans"))
    names = ", ".join(one.name for one in published if one.name != "total") or "none but the total"
    notes.append(("Margins of plans that were known", names, f"the table plans, {year}"))
    others = np.repeat(np.arange(cube.size), _whole(scaled.table, cube, round(total)))
    return BaseStock(*_tagged(cells, np.concatenate([mainstream, others])), known, tuple(notes))


def _tagged(children: Whole, others: Whole) -> tuple[Whole, Whole]:
    """All cells, and the tag of each: which row of the table children it is, or that it is none who is followed."""
    tags = np.concatenate([np.arange(len(children)), np.full(len(others), UNTAGGED)])
    return np.concatenate([children, others]), tags


def _grand_total(left: list[Totals]) -> float:
    """The sum of the first margin that is known whole; the largest known part of one where none is."""
    for one in left:
        if not np.isnan(one.values).any():
            return float(one.values.sum())
    return max(float(np.nansum(one.values)) for one in left)


def _start(people: Floats) -> Floats:
    """Before any margin: England's ages and needs, placements by their ages, localities by their people of the age."""
    ages = np.maximum(people.sum(axis=0), 1e-9)
    where = people / ages
    needs = np.array([max(STOCK_BY_NEED[need], 0.01) for need in NEED_AXIS])
    placements = likely() * np.array([STOCK_BY_PLACEMENT[name] for name in PLACEMENT_AXIS])
    by_age = placements / placements.sum(axis=1, keepdims=True) * STOCK_BY_AGE[:, None]
    start: Floats = np.einsum("la,n,ap->lnap", where, needs / needs.sum(), by_age).ravel()
    return start


def _whole(table: Floats, cube: Cube, total: int) -> Whole:
    """Whole counts with the total, near the table, and with its sums over each axis to the child."""
    wanted = table.reshape(cube.shape) * (total / max(float(table.sum()), 1e-12))
    arranged = wanted.transpose(3, 2, 1, 0)
    counts = np.diff(np.round(np.cumsum(arranged.ravel())), prepend=0.0).astype(np.int64)
    whole = np.ascontiguousarray(counts.reshape(arranged.shape).transpose(3, 2, 1, 0))
    for axis in range(4):
        _settle(np.moveaxis(whole, axis, 0), np.moveaxis(wanted, axis, 0))
    return whole.ravel()


def _settle(counts: Whole, wanted: Floats) -> None:
    """Move children along the first axis, one at a time and where they fit best, until its sums are those wanted.

    Nothing else about a child changes, so that sums over the other axes stay. ``counts`` is changed in place.
    """
    sums = wanted.reshape(len(wanted), -1).sum(axis=1)
    goal = np.floor(np.round(sums, 9)).astype(np.int64)
    short = round(float(sums.sum())) - int(goal.sum())
    goal[np.argsort(-(sums - goal), kind="stable")[:short]] += 1
    over = counts.reshape(len(counts), -1).sum(axis=1) - goal
    gives, takes = (np.repeat(np.arange(len(over)), np.maximum(sign * over, 0)) for sign in (1, -1))
    for giver, taker in zip(gives, takes, strict=True):
        fits = (counts[giver] - wanted[giver]) + (wanted[taker] - counts[taker])
        fits = np.where((counts[giver] > 0) & (wanted[taker] > 0), fits, -np.inf)
        place = np.unravel_index(int(np.argmax(fits)), fits.shape)
        if np.isfinite(fits[place]):
            counts[giver][place] -= 1
            counts[taker][place] += 1


if len(STOCK_BY_AGE) != AGES:
    raise AssertionError("England's ages are not the ages of the cube")
