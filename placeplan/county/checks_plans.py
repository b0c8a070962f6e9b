"""Published counts of plans: ages in order, margins that add up to their total, and what a margin leaves out."""

from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from placeplan.county.checks_axes import first_of, spans
from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.errors import Fault, Note

__all__ = ["plans_faults", "plans_notes"]

TOTAL: Final = "total"
PARTS: Final = ("age_from", "age_to", "need", "placement", "locality", "zone")
"""What a row of a margin is a part by."""


def _ages(plans: ReadTable) -> list[Fault]:
    """The youngest age is not above the oldest."""
    wrong = (plans.frame["age_from"] > plans.frame["age_to"]).fillna(False)
    return [
        plans.fault(int(str(place)), "age_to", row["age_to"], f"{row['age_from']} or more, as age_from is")
        for place, row in plans.frame[wrong].iterrows()
    ]


def _margins(plans: ReadTable) -> list[Fault]:
    """Each margin of a year and measure adds up to its total; with counts missing it is at most the total."""
    faults = []
    for (year, measure), rows in plans.frame.groupby(["year", "measure"], sort=False):
        totals = rows.loc[rows["margin"] == TOTAL, "plans"]
        if totals.empty or totals.isna().any():
            continue
        total = int(totals.sum())
        for margin, counts in rows[rows["margin"] != TOTAL].groupby("margin", sort=False)["plans"]:
            complete, found = bool(counts.notna().all()), int(counts.sum())
            if found > total or (complete and found != total):
                most = "" if complete else "at most "
                expected = f"{most}{total}, the total of measure {measure} in {year}"
                first = int(str(counts.index[0]))
                faults.append(plans.fault(first, "plans", f"margin {margin} adding up to {found}", expected))
    return faults


def _unlike(plans: ReadTable) -> list[Fault]:
    """Where there is no total, margins of a year and measure that are published whole come to the same."""
    faults = []
    for _, rows in plans.frame.groupby(["year", "measure"], sort=False):
        totals = rows.loc[rows["margin"] == TOTAL, "plans"]
        if len(totals) and totals.notna().all():
            continue
        sums = {
            str(margin): (int(str(counts.index[0])), int(counts.sum()))
            for margin, counts in rows[rows["margin"] != TOTAL].groupby("margin", sort=False)["plans"]
            if counts.notna().all()
        }
        most = max(sums, key=lambda margin: sums[margin][1], default="")
        faults += [
            plans.fault(
                place, "plans", f"margin {margin} adding up to {found}", f"{sums[most][1]}, as margin {most} does"
            )
            for margin, (place, found) in sums.items()
            if found != sums[most][1]
        ]
    return faults


def plans_faults(plans: ReadTable) -> list[Fault]:
    """Everything about the plans that one cell cannot show."""
    return [*_ages(plans), *_margins(plans), *_unlike(plans)]


def plans_notes(tables: Mapping[str, ReadTable], settings: Settings) -> list[Note]:
    """Years that a margin leaves out, and parts of a margin that are not known to be nought."""
    plans = tables["plans"].frame
    plans = plans.assign(year=plans["calendar_year"].fillna(plans["year"]).astype(int))
    return [*_years_left_out(plans, settings), *_parts_left_out(plans, tables)]


def _years_left_out(plans: pd.DataFrame, settings: Settings) -> Iterator[Note]:
    for measure, rows in plans.groupby("measure", sort=False):
        last = int(rows["year"].max())
        for margin, years in rows.groupby("margin", sort=False)["year"]:
            absent = sorted(set(range(int(years.min()), last + 1)) - set(years))
            if absent:
                found = f"no row of margin {margin} of measure {measure} in {spans(absent)}"
                yield Note("plans", "", "year", found, "not known for that time")
        if measure == "stock" and last < settings.year:
            found = f"no row of measure stock in {spans(range(last + 1, settings.year + 1))}"
            yield Note("plans", "", "year", found, "not known for the year of as_of")


def _parts_left_out(plans: pd.DataFrame, tables: Mapping[str, ReadTable]) -> Iterator[Note]:
    """Parts that a margin has in another year, and localities and zones, where its sum does not show them nought."""
    rows = plans[plans["margin"] != TOTAL]
    for (measure, margin), of_margin in rows.groupby(["measure", "margin"], sort=False):
        by = [name for name in PARTS if of_margin[name].notna().any()]
        labels = of_margin[by].astype("string").fillna("").agg(" ".join, axis=1).str.strip()
        wanted = set(labels)
        if by in (["locality"], ["zone"]):
            wanted |= set(tables["localities" if by == ["locality"] else "zones"].frame[by[0]].dropna().astype(str))
        for year, there in labels.groupby(of_margin["year"]):
            absent = sorted(wanted - set(there))
            same = (plans["measure"] == measure) & (plans["year"] == year)
            totals = plans.loc[same & (plans["margin"] == TOTAL), "plans"]
            whole = len(totals) and totals.notna().all() and of_margin.loc[there.index, "plans"].notna().all()
            if absent and not whole:
                found = f"no row of margin {margin} of measure {measure} in {year} for {first_of(absent)}"
                yield Note("plans", "", by[-1], found, "not known: counted with what is left over")
