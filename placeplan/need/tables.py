"""The tables of a forecast: need with its bands, plans by year, demand by state, and the shape of the SCAP return."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.settings import Demand
from placeplan.county.vocabulary import AREA_OF_NEED, AREAS
from placeplan.models.cohort_parts import AGES, Change
from placeplan.models.cohorts import CohortDraws
from placeplan.models.scores import BAND_80, BAND_95
from placeplan.need.counts import NEED_AXIS, PLACEMENT_AXIS, Cube, total_series
from placeplan.need.demand import DEMAND_KINDS, PHASE_AXIS, DemandCounts, planned_kinds, without_a_place
from placeplan.run_tables import ALL, BANDS

__all__ = ["AREA_AXIS", "bands_of", "need_table", "plans_table", "scap_table", "states_table", "totals_table"]

AREA_AXIS: Final = tuple(AREAS)
SCAP_AHEAD: Final = {"primary": 5, "secondary": 7}
"""Years ahead that the School Capacity survey asks for, by phase."""

_AXES: Final = ("locality", "need", "phase", "kind")
_TOTALS: Final = (
    (),
    ("kind",),
    ("need",),
    ("area",),
    ("phase",),
    ("locality",),
    ("phase", "kind"),
    ("need", "kind"),
    ("area", "kind"),
    ("locality", "kind"),
    ("locality", "phase"),
    ("locality", "area"),
    ("locality", "phase", "kind"),
    ("locality", "area", "phase"),
)
"""The sums that are told beside the cells themselves; an area is one of the broad areas of need."""


def bands_of(draws: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """The bands of counts (draws first), one array a band."""
    levels = (BAND_95[0], BAND_80[0], 0.5, BAND_80[1], BAND_95[1])
    # Of the draws themselves, so that counts stay whole.
    quantiles = np.quantile(draws, levels, axis=0, method="inverted_cdf")
    names = [name for name in BANDS if name != "expected"]
    return {"expected": draws.mean(axis=0), **dict(zip(names, quantiles, strict=True))}


def _labels(cube: Cube) -> tuple[Sequence[str], ...]:
    return cube.localities, NEED_AXIS, PHASE_AXIS, DEMAND_KINDS


def need_table(counts: Mapping[int, DemandCounts], cube: Cube) -> pd.DataFrame:
    """Children who need a place by year, locality, need, phase and kind, with bands; no row where no draw has one."""
    parts = []
    for year, one in counts.items():
        flat = one.by_kind.reshape(len(one.by_kind), -1)
        kept = np.flatnonzero(flat.any(axis=0))
        at = np.unravel_index(kept, one.by_kind.shape[1:])
        keys = {
            name: np.array(labels, dtype=object)[places]
            for name, labels, places in zip(_AXES, _labels(cube), at, strict=True)
        }
        parts.append(pd.DataFrame({"year": year, **keys, **bands_of(flat[:, kept])}))
    return pd.concat(parts, ignore_index=True)


def totals_table(counts: Mapping[int, DemandCounts], cube: Cube) -> pd.DataFrame:
    """Sums over the cells of the need table, each with bands of its own; ``all`` stands for an axis summed over."""
    of_area = np.array([AREA_AXIS.index(AREA_OF_NEED[need]) for need in NEED_AXIS])
    rows = []
    for year, one in counts.items():
        cells = one.by_kind
        areas = np.stack([cells[:, :, of_area == area].sum(axis=2) for area in range(len(AREA_AXIS))], axis=2)
        for keep in _TOTALS:
            source, second = (areas, "area") if "area" in keep else (cells, "need")
            names = ("locality", second, "phase", "kind")
            labels = (cube.localities, AREA_AXIS if second == "area" else NEED_AXIS, PHASE_AXIS, DEMAND_KINDS)
            over = tuple(1 + place for place, name in enumerate(names) if name not in keep)
            bands = bands_of(source.sum(axis=over))
            axes = [words if name in keep else [ALL] for name, words in zip(names, labels, strict=True)]
            values = np.stack([np.asarray(bands[name]).ravel() for name in BANDS], axis=1)
            for place, (locality, middle, phase, kind) in enumerate(product(*axes)):
                need, area = (ALL, middle) if second == "area" else (middle, ALL)
                rows.append((year, locality, need, area, phase, kind, *values[place]))
    return pd.DataFrame(rows, columns=["year", "locality", "need", "area", "phase", "kind", *BANDS])


def plans_table(county: County, draws: CohortDraws, start: int, first: int) -> pd.DataFrame:
    """Plans, new plans and plans in specialist placements by year: what was published, then bands."""
    stock, new = (total_series(county, measure, until=start) for measure in ("stock", "new"))
    rows = [
        ("plans", year, float(count), *[np.nan] * len(BANDS))
        for year, count in stock.items()
        if int(str(year)) >= first
    ]
    rows += [
        ("new plans", year, float(count), *[np.nan] * len(BANDS))
        for year, count in new.items()
        if int(str(year)) >= first
    ]
    places = np.arange(int(np.prod(draws.shape))) % draws.shape[3]
    planned = np.isin(places, [PLACEMENT_AXIS.index(name) for name in planned_kinds()])
    for year in draws.years:
        parts = {
            "plans": draws.counts(year)[:, 0],
            "in specialist placements": draws.counts(year, np.where(planned, 0, -1))[:, 0],
        }
        if year > start:
            parts["new plans"] = draws.changed(year, Change.NEW_PLAN)
        for name, counts in parts.items():
            if year == start and name == "plans":
                continue
            bands = bands_of(counts)
            rows.append((name, year, np.nan, *(float(bands[band]) for band in BANDS)))
    table = pd.DataFrame(rows, columns=["what", "year", "published", *BANDS])
    return table.sort_values(["what", "year"], ignore_index=True)


def states_table(
    counts: Mapping[int, DemandCounts], rows: Sequence[Demand], draws: CohortDraws, years: Iterable[int]
) -> pd.DataFrame:
    """By year and state: plans in the placement, the share that needs a place, of what kind, how many, source."""
    places = np.arange(int(np.prod(draws.shape))) % draws.shape[3]
    made = []
    for year in years:
        there = draws.counts(year, places, size=draws.shape[3]).mean(axis=0)
        for number, row in enumerate(rows):
            needing = counts[year].by_state[:, number]
            plans = float(there[PLACEMENT_AXIS.index(row.placement)])
            made.append((year, row.state, row.placement, plans, row.share, row.kind, float(needing.mean()), row.source))
    return pd.DataFrame(
        made, columns=["year", "state", "placement", "plans", "share", "kind", "needing_expected", "source"]
    )


def scap_table(
    draws: CohortDraws, cube: Cube, rows: Sequence[Demand], start: int, years: Sequence[int]
) -> pd.DataFrame:
    """Residents with a plan who need specialist provision by year, year group and provision.

    As the School Capacity survey asks for them: primary (Reception to Year 6) five years ahead, secondary seven.
    """
    own = planned_kinds()
    chance = np.zeros((len(PLACEMENT_AXIS), len(DEMAND_KINDS)))
    for place, name in enumerate(PLACEMENT_AXIS):
        mine = without_a_place(rows, name)
        for row in mine:
            chance[place, DEMAND_KINDS.index(row.kind)] += row.share
        if name in own:
            chance[place, DEMAND_KINDS.index(own[name])] += 1.0 - sum(row.share for row in mine)
    _, _, age, placement = np.unravel_index(np.arange(cube.size), cube.shape)
    group = age * cube.shape[3] + placement
    made = []
    for year in years:
        counts = draws.counts(year, group, size=AGES * cube.shape[3]).reshape(draws.draws, AGES, -1) @ chance
        for phase, ahead in SCAP_AHEAD.items():
            if not start < year <= start + ahead:
                continue
            for year_group in range(7) if phase == "primary" else range(7, 12):
                for place, kind in enumerate(DEMAND_KINDS):
                    bands = bands_of(counts[:, year_group + 4, place])
                    made.append((year, phase, year_group, kind, *(float(bands[b]) for b in BANDS)))
    return pd.DataFrame(made, columns=["year", "phase", "year_group", "kind", *BANDS])
