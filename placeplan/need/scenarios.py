"""Named scenarios: what each lever changes in the forecast, from a year on, as sure as its range says.

inclusion                  of new plans that would begin in a specialist place, a share begins in mainstream
conversion                 at a phase transfer, a share of one placement goes on in another
reintegration              every year, a share of one placement goes to another
fewer_independent_starts   of those who would start in an independent special school, at entry or a phase transfer,
                           a share starts elsewhere; ``excluded`` is the share that it does not reach
support_without_plan       a share of new plans is not made (below 0: more are, where such support ends)
housing                    homes are built over the years; their children come with plans as the county's have them,
                           and new plans follow
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.vocabulary import PHASES
from placeplan.models.cohort_parts import AGES, Futures, NewPlans, Redirect, cells_where
from placeplan.need.counts import NEED_AXIS, PLACEMENT_AXIS
from placeplan.need.demand import planned_kinds
from placeplan.need.fit import NeedFit
from placeplan.need.futures import triangular
from placeplan.synthetic import generator

__all__ = ["scenario_names", "with_scenario"]

Floats = NDArray[np.float64]

PUPILS: Final = range(4, 16)
"""The ages that a pupil yield counts: Reception to Year 11."""

LAST: Final = 9999


def scenario_names(county: County) -> list[str]:
    """The scenarios of the table, in its order."""
    return [str(name) for name in county.scenarios["scenario"].drop_duplicates()]


def with_scenario(county: County, fit: NeedFit, futures: Futures, name: str, *, seed: int) -> Futures:
    """The futures with everything that a scenario changes. Raises ``KeyError`` for a name that is not in the table."""
    rows = county.scenarios[county.scenarios["scenario"] == name]
    if rows.empty:
        raise KeyError(name)
    draws = futures.level.shape[0]
    redirects, new_plans = list(futures.redirects), list(futures.new_plans)
    for number, row in enumerate(rows.to_dict("records")):
        # The stream is the row's own, so that a scenario of several levers is the sum of its parts.
        stream = generator(seed, f"scenario {name} {number} {row['lever']}")
        effect = triangular(*_range(row), draws, stream)
        first, last = int(row["from_year"]), LAST if pd.isna(row["to_year"]) else int(row["to_year"])
        if row["lever"] == "support_without_plan":
            new_plans.append(NewPlans(_where(fit, row), 1.0 - effect, first, last))
        elif row["lever"] == "housing":
            futures = _housing(fit, futures, row, effect, first=first, last=last)
        else:
            redirects += _redirects(fit, row, effect, first, last)
    return replace(futures, redirects=tuple(redirects), new_plans=tuple(new_plans))


def _range(row: dict[Any, Any]) -> tuple[float, float, float]:
    middle = float(row["effect"])
    low, high = (middle if pd.isna(row[name]) else float(row[name]) for name in ("effect_low", "effect_high"))
    return low, middle, high


def _chosen(fit: NeedFit, row: dict[Any, Any]) -> dict[str, list[int] | None]:
    ages = None
    if not pd.isna(row["phase"]):
        ages = [year_group + 4 for year_group in PHASES[str(row["phase"])]]
    return {
        "localities": None if pd.isna(row["locality"]) else [fit.cube.localities.index(str(row["locality"]))],
        "needs": None if pd.isna(row["need"]) else [NEED_AXIS.index(str(row["need"]))],
        "ages": None if ages is None else [age for age in ages if 0 <= age < AGES],
    }


def _where(fit: NeedFit, row: dict[Any, Any]) -> NDArray[np.bool_]:
    chosen = cells_where((*fit.cube.shape[:3], 1), **_chosen(fit, row))
    return chosen.reshape(fit.cube.shape[:3])


def _redirects(fit: NeedFit, row: dict[Any, Any], effect: Floats, first: int, last: int) -> list[Redirect]:
    lever = str(row["lever"])
    specialist = list(planned_kinds())
    default_from = {"inclusion": specialist, "fewer_independent_starts": ["special_independent"]}
    default_to = {"inclusion": "mainstream", "fewer_independent_starts": "special_state"}
    sources = default_from.get(lever, []) if pd.isna(row["from_placement"]) else [str(row["from_placement"])]
    to = default_to.get(lever, "") if pd.isna(row["to_placement"]) else str(row["to_placement"])
    reached = 0.0 if pd.isna(row["excluded"]) else float(row["excluded"])
    cells = cells_where(
        fit.cube.shape,
        placements=[PLACEMENT_AXIS.index(one) for one in sources],
        **_chosen(fit, row),
    )
    when: dict[str, Sequence[str]] = {
        "inclusion": ("entry",),
        "conversion": ("transfer",),
        "reintegration": ("year",),
        "fewer_independent_starts": ("entry", "arrival"),
    }
    share = np.clip(effect * (1.0 - reached), 0.0, 1.0)
    return [Redirect(one, cells, PLACEMENT_AXIS.index(to), share, first, last) for one in when[lever]]  # type: ignore[arg-type] # the words above are those of Redirect


def _housing(fit: NeedFit, futures: Futures, row: dict[Any, Any], effect: Floats, *, first: int, last: int) -> Futures:
    """More people in the locality as homes are built, with the ages and plans that the locality's children have."""
    place = fit.cube.localities.index(str(row["locality"]))
    built = range(first, last + 1)
    homes = float(row["homes"]) / len(built)
    mix = fit.people.of(fit.year)[place]
    pupils = mix[list(PUPILS)].sum()
    stock = np.bincount(fit.base.cells, minlength=fit.cube.size).reshape(fit.cube.shape)
    people = fit.people.of(fit.year).sum(axis=0)
    held = stock.sum(axis=0) / np.maximum(people[None, :, None], 1e-9)
    # People are the same in every draw, at the middle of the yield; the arrivals' plans have its whole range.
    middle = float(np.median(effect))
    coming = homes * middle * mix / max(pupils, 1e-9)
    added, there = futures.people.copy(), np.zeros(AGES)
    arrivals = (
        np.zeros((len(futures.years), *fit.cube.shape))
        if futures.arrivals is None
        else futures.arrivals.reshape(len(futures.years), *fit.cube.shape).copy()
    )
    for step, year in enumerate(futures.years):
        there = np.concatenate([there[:1], there[:-1]])
        if year in built:
            there = there + coming
            arrivals[step, place] += held * coming[None, :, None]
        added[step, place] += there
    scale = effect / middle if middle > 0 else np.ones_like(effect)
    return replace(
        futures,
        people=added,
        arrivals=arrivals.reshape(len(futures.years), -1),
        arrival_scale=scale if futures.arrival_scale is None else futures.arrival_scale * scale,
    )
