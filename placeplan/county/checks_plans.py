"""Published counts of plans: ages in order, and margins that add up to their total."""

from placeplan.county.tables import ReadTable
from placeplan.errors import Fault

__all__ = ["plans_faults"]

TOTAL = "total"


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


def plans_faults(plans: ReadTable) -> list[Fault]:
    """Everything about the plans that one cell cannot show."""
    return [*_ages(plans), *_margins(plans)]
