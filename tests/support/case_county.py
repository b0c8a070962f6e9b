"""The tiny county with cases: tables of cases, quotes, packages and vetoes written row by row."""

import csv
from pathlib import Path

from tiny_county import write_tiny_county

import placeplan as pp
from placeplan.county.columns import TABLES

__all__ = ["CASE", "NOTHING_FROM_OTHERS", "county_with", "option", "options_for", "quote", "reasons", "write_cases"]

CASE = {
    "case": "C1",
    "zone": "z2",
    "year_group": "7",
    "need": "ASD",
    "suits": "ers:integrative;special;independent_special",
}
"""A child of Year 7 in January, who needs a place for Year 8."""


NOTHING_FROM_OTHERS = [
    {"kind": kind, "pounds": "0", "fund": fund} for kind in ("ers", "special") for fund in ("health", "general")
]
"""Top-ups that say that health and social care pay nothing at local places: 0 is none, where a blank is not stated."""


def quote(case: str = "C1", name: str = "QD", **cells: str) -> dict[str, str]:
    """A day place at £44,000, with transport of £6,000, nothing from health and £2,000 from social care."""
    return {
        "case": case,
        "quote": name,
        "provision": "day",
        "fee": "44000",
        "transport": "6000",
        "health": "0",
        "care": "2000",
        "minutes": "40",
        "km": "30",
        **cells,
    }


def write_cases(folder: Path, **tables: list[dict[str, str]]) -> Path:
    """Write some tables of the county anew, or rows below those that it has (children)."""
    for name, rows in tables.items():
        path, columns = folder / f"{name}.csv", [c.name for c in TABLES[name].columns if c.type != "geometry"]
        known = []
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                known = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
            writer.writeheader()
            writer.writerows([*known, *rows])
    return folder


def county_with(folder: Path, **tables: list[dict[str, str]]) -> pp.County:
    """The tiny county with these rows; health and social care pay nothing at its local places."""
    top_ups = [*NOTHING_FROM_OTHERS, *tables.pop("top_ups", [])]
    return pp.read_county(write_cases(write_tiny_county(folder), top_ups=top_ups, **tables))


def options_for(county, case="C1", **how):
    """The options of a case, beside the September of its county."""
    travel = pp.travel_times(county, cache=False)
    answer = pp.allocate_places(county, travel)
    return pp.case_options(county, travel, answer, case, **how)


def option(answer, name):
    """One of a case's options."""
    return answer.tables["options"].set_index("option").loc[name]


def reasons(answer):
    """By option that is none, why."""
    rows = answer.tables["unsuitable"]
    return dict(zip(rows["option"], rows["reason"], strict=True))
