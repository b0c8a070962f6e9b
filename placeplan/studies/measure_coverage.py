"""Measure coverage: who can reach a place that would meet the plan, where the gaps are, and how fair it is."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from placeplan import coverage_tables as tables_of
from placeplan.cohort import question_year
from placeplan.county.county import County
from placeplan.errors import UsageError
from placeplan.geo.access import two_step_floating_catchment
from placeplan.geo.travel import TravelTimes
from placeplan.need_groups import children_groups, stated_groups
from placeplan.people_reach import place_gap_table, place_table
from placeplan.provision import units_open
from placeplan.reach import Reach, reach_of
from placeplan.studies.coverage_answers import Coverage

__all__ = ["COVERAGE_QUESTIONS", "LIMITS", "measure_coverage"]

LIMITS: Final = (45.0, 75.0)
"""Minutes, one way, at which the children within reach are counted beside the guidance of each phase."""

COVERAGE_QUESTIONS: Final = ("september", "today")
"""Whose coverage: the coming September's, when some transfer and others are new, or that of today's children."""


def measure_coverage(
    county: County,
    travel: TravelTimes,
    *,
    need: pd.DataFrame | None = None,
    question: str = "september",
    limits: Iterable[float] = LIMITS,
) -> Coverage:
    """The coverage of a year's need, or of the children of ``question``, by the units open then.

    ``need``: columns zone, need, year_group, suits, children (see ``need_groups.NEED_COLUMNS``), for the year that
    ``question`` is about; without it the table children. A child is within guidance where a unit that would
    meet the plan is open and no farther than the guidance of the phase; a child whom a visiting teacher
    could serve is never in a gap. Units that board are not journeys of every day and are not counted.

    Raises ``UsageError`` for an unknown question, a limit that is not above 0, or no need at all.
    """
    if question not in COVERAGE_QUESTIONS:
        raise UsageError(f"question {question!r}: expected one of {', '.join(COVERAGE_QUESTIONS)}")
    minutes = tuple(sorted({float(limit) for limit in limits}))
    if any(not (np.isfinite(limit) and limit > 0) for limit in minutes):
        raise UsageError(f"limits {', '.join(f'{limit:g}' for limit in minutes)}: expected minutes above 0")
    groups = children_groups(county, question) if need is None else stated_groups(county, need)
    if groups.empty:
        raise UsageError(f"{county.name} has no children to cover: expected the table children, or a frame of need")
    year = question_year(county, question)
    units = units_open(county, year, in_use=[unit for unit in groups["kept_in"].unique() if unit])
    guidance = county.settings.guidance_minutes
    reaches = {
        "all": reach_of(groups, units, travel, guidance),
        "county": reach_of(groups, units[units["in_county"]], travel, guidance),
    }
    scores = {name: _scores(reach, guidance) for name, reach in reaches.items()}
    cell = tables_of.CELL
    coverage = tables_of.coverage_table(reaches, scores, cell)
    places = place_table(county, travel, units[~units["residential"]], groups)
    tables = {
        "coverage": coverage,
        "coverage_limits": tables_of.limits_table(reaches, minutes, cell),
        "gaps": tables_of.gap_table(coverage[coverage["schools"] == "all"], reaches["all"], cell),
        "place_gaps": place_gap_table(places),
        "equity": tables_of.equity_table(reaches["all"], county.zones),
        "leavers": tables_of.leavers_table(
            _september(county, travel, question, reaches["all"], need), ("locality", "need")
        ),
    }
    return Coverage(
        county=county,
        travel=travel,
        question=question,
        year=year,
        need_label="the table children" if need is None else "a frame of need",
        limits=minutes,
        reaches=reaches,
        tables=tables,
        place_cells=len(places),
    )


def _september(county: County, travel: TravelTimes, question: str, reach: Reach, need: pd.DataFrame | None) -> Reach:
    """The reach in which Year 6 leavers are in the year group that they enter."""
    if question == "september" or need is not None:
        return reach
    groups = children_groups(county, "september")
    units = units_open(county, question_year(county, "september"))
    return reach_of(groups, units, travel, county.settings.guidance_minutes)


def _scores(reach: Reach, guidance: Mapping[str, float]) -> pd.Series:
    """Counted places within reach for each child of a group, by E2SFCA with the guidance of the phase as its limit."""
    counted = np.isfinite(reach.units["room"].to_numpy(float))
    minutes = pd.DataFrame(reach.minutes[:, counted], index=reach.groups.index, columns=reach.units.index[counted])
    return two_step_floating_catchment(
        minutes,
        reach.units.loc[counted, "room"],
        reach.groups["children"],
        limit=reach.groups["phase"].map(dict(guidance)),
    )
