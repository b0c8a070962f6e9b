"""Scenarios: years that rise, effects within their range, and what each lever needs to be told."""

from typing import Final

from placeplan.county.checks_units import where_rows
from placeplan.county.tables import ReadTable
from placeplan.errors import Fault

__all__ = ["scenarios_faults"]

BETWEEN: Final = ("conversion", "reintegration")
"""Levers that move children from one stated placement to another."""

SHARES: Final = ("inclusion", "conversion", "reintegration", "fewer_independent_starts")
"""Levers whose effect is a share of children, from 0 to 1; support without a plan may also end (below 0)."""


def scenarios_faults(scenarios: ReadTable) -> list[Fault]:
    """Everything about the scenarios that one cell cannot show."""
    frame = scenarios.frame
    lever = frame["lever"]
    low, high = (frame[name].fillna(frame["effect"]) for name in ("effect_low", "effect_high"))
    shares = lever.isin(SHARES)
    rules = (
        ("to_year", frame["to_year"] < frame["from_year"], "from_year or later"),
        ("effect_low", low > frame["effect"], "the effect or less"),
        ("effect_high", high < frame["effect"], "the effect or more"),
        ("effect_low", shares & (low < 0), "0 or more for this lever"),
        ("effect_high", shares & (high > 1), "at most 1 for this lever"),
        ("effect_high", lever.eq("support_without_plan") & (high > 1), "at most 1 for this lever"),
        ("effect_low", lever.eq("housing") & (low < 0), "0 or more for this lever"),
        ("from_placement", lever.isin(BETWEEN) & frame["from_placement"].isna(), "a placement, for this lever"),
        ("to_placement", lever.isin(BETWEEN) & frame["to_placement"].isna(), "a placement, for this lever"),
        ("to_placement", frame["to_placement"].eq(frame["from_placement"]), "another than from_placement"),
        ("homes", lever.eq("housing") & frame["homes"].isna(), "a number of homes, for this lever"),
        ("homes", lever.ne("housing") & frame["homes"].notna(), "blank: only housing has homes"),
        ("locality", lever.eq("housing") & frame["locality"].isna(), "a locality, for this lever"),
        ("to_year", lever.eq("housing") & frame["to_year"].isna(), "the last year of building, for this lever"),
    )
    return [
        scenarios.fault(place, column, row[column], expected)
        for column, wrong, expected in rules
        for place, row in where_rows(scenarios, wrong)
    ]
