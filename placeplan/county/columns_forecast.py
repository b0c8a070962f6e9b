"""The tables that a forecast of need reads beside population and plans: other authorities, births, scenarios."""

from typing import Final

from placeplan.county.column import NEED_CODES, Axis, Column, Table, code, count, text, year
from placeplan.county.vocabulary import LEVERS, PHASES, PLACEMENTS

__all__ = ["FORECAST_TABLES"]

FORECAST_TABLES: Final = (
    Table(
        "comparators",
        "how many plans another authority had in a year; authorities turn together",
        ("authority", "year"),
        (
            text("authority", "another authority; not one that contains the county"),
            year("year", "the year; a count of January 2025 belongs to 2024"),
            Column("plans", "whole", "plans held on the day", True, "count", 1, thousands=True),
        ),
        required=False,
        covers=(
            Axis(
                "year",
                "every year that any authority has, for each authority",
                "noted: passed over, never taken as nothing",
            ),
        ),
    ),
    Table(
        "births",
        "the births of a locality that are of age 0 in a year",
        ("locality", "year"),
        (
            text("locality", "a locality"),
            year("year", "the year in which they are of age 0"),
            Column("births", "number", "how many", True, "people", 0, thousands=True),
        ),
        required=False,
        covers=(
            Axis("locality", "every locality in each year that the table names", "noted: as many as the year before"),
            Axis("year", "every year from its first to its last", "noted: as many as the year before"),
        ),
    ),
    Table(
        "scenarios",
        "what a named scenario changes in the forecast of need; a scenario may have several rows",
        (),
        (
            text("scenario", "the scenario's name"),
            code("lever", "what is changed", LEVERS),
            year("from_year", "the first year"),
            year("to_year", "the last year; blank is for good", required=False),
            text("locality", "only in this locality", required=False),
            code("need", "only this need", NEED_CODES, required=False),
            code("phase", "only this phase", tuple(PHASES), required=False),
            code("from_placement", "where the children would be without it", tuple(PLACEMENTS), required=False),
            code("to_placement", "where they are with it", tuple(PLACEMENTS), required=False),
            Column("effect", "number", "the share of them, or a home's pupils of 4 to 15", True, "share", -5, 5),
            Column("effect_low", "number", "the least that it may be; blank is the effect", False, "share", -5, 5),
            Column("effect_high", "number", "the most that it may be; blank is the effect", False, "share", -5, 5),
            Column(
                "excluded",
                "number",
                "share that it does not reach (looked after, living elsewhere)",
                False,
                "share",
                0,
                1,
            ),
            count("homes", "homes built over the years, of housing alone"),
            text("source", "where the effect comes from"),
        ),
        required=False,
    ),
)
"""In the order in which faults are listed."""
