"""What a forecast says to plan by: a year placed, sizes that pay, the School Capacity survey, and what came."""

from typing import Any

import pandas as pd

from placeplan.county.vocabulary import KINDS
from placeplan.privacy_forecast import PREFIX
from placeplan.report.cells import Table, cell, number_columns, text_columns
from placeplan.report.coverage_page import Section
from placeplan.report.kept_words import not_kept_said
from placeplan.report.lookup import localities_in_order, locality_names, table
from placeplan.report.words import PHASE_NAMES, WITHHELD, count, label, pounds, school_year, share
from placeplan.run_tables import ALL
from placeplan.runs import Run

__all__ = [
    "as_of_section",
    "band_words",
    "placed_section",
    "scap_section",
    "sizes_section",
]


def band_words(row: dict[Any, Any] | None, level: str) -> str:
    """The ends of a band of a row; ``c`` where they are withheld."""
    if row is None:
        return ""
    if "suppressed" in row and not pd.isna(row["suppressed"]):
        return WITHHELD
    return f"{count(row[f'low_{level}'])} to {count(row[f'high_{level}'])}"


def placed_section(run: Run) -> Section | None:
    """A year's need, placed."""
    frame = table(run, f"{PREFIX}placed")
    if frame.empty:
        return None
    year = school_year(frame["year"].iloc[0])
    rows = []
    for row in frame.to_dict("records"):
        write = pounds if str(row["measure"]).endswith("pounds") else count
        band = band_words(row, "80") if write is count else f"{pounds(row['low_80'])} to {pounds(row['high_80'])}"
        bound = "" if pd.isna(row["lower_bound"]) else pounds(row["lower_bound"])
        rows.append((label("measure", row["measure"]), cell(row, "mean", write), band, bound))
    columns = (*text_columns("Measure"), *number_columns("Mean of draws", "80 of 100", "On expected counts"))
    unknown = frame[(frame["measure"] == "journeys_not_known") & (frame["mean"] != 0)]
    left_out = ("The cost leaves out the transport of those whose journeys are not known.",) if len(unknown) else ()
    said = (
        *left_out,
        "Children who are still there stay where they are; all others are placed, draw by draw, proven and verified.",
        "What placing the expected counts costs is a lower bound on the mean.",
        *not_kept_said(run, "lower_bound"),
    )
    return Section(
        f"Placed in {year}", said, (Table("forecast_placed", f"The need of {year}, placed", columns, tuple(rows)),)
    )


def sizes_section(run: Run) -> Section | None:
    """The sizes that pay for themselves."""
    frame = table(run, f"{PREFIX}size")
    if frame.empty:
        return None
    year = school_year(frame["year"].iloc[0])
    names = {ALL: "The whole county", **locality_names(run)}
    by_new = {bool(new): part.set_index(["locality", "kind"]) for new, part in frame.groupby("new")}
    kinds = list(dict.fromkeys(frame["kind"]))
    rows = []
    for place in (ALL, *localities_in_order(run)):
        for kind in kinds:
            lines = [by_new[new].loc[(place, kind), :].to_dict() for new in (False, True)]
            sizes = ["none pays" if pd.isna(one["ratio"]) else cell(one, "size") for one in lines]
            rows.append(
                (names[place], label("kind", kind), cell(lines[0], "median"), *sizes, cell(lines[0], "places_then"))
            )
    costs = []
    for kind in kinds:
        old, new = (by_new[one].loc[(ALL, kind), :].to_dict() for one in (False, True))
        paid = [pounds(old[name]) for name in ("independent_pounds", "local_pounds", "fixed_pounds")]
        costs.append(
            (
                label("kind", kind),
                *paid,
                pounds(new["capital_pounds"]),
                share(old["ratio"]),
                share(new["ratio"]),
            )
        )
    columns = (*text_columns("Where", "Kind of place"), *number_columns("Median need", "Places that pay, existing"))
    columns += number_columns("Places that pay, new", "Places stated")
    heads = (*text_columns("Kind of place"), *number_columns("Independent: fee and transport"))
    heads += number_columns(
        "Local: top-up and transport", "A place", "Building it", "Quantile, existing", "Quantile, new"
    )
    said = (
        (
            "A place that stands empty still costs its yearly sum; a child without one costs the independent fee. One "
            "more place pays for itself up to the size at which it is filled too seldom: the quantile of need below."
        ),
    )
    tables = (
        Table("forecast_size", f"How many places pay for themselves, {year}", columns, tuple(rows)),
        Table("forecast_size_costs", "What the sizes rest on, pounds a year", heads, tuple(costs)),
    )
    return Section("How many places pay for themselves", said, tables)


def scap_section(run: Run) -> Section | None:
    """The shape of the School Capacity survey."""
    frame = table(run, f"{PREFIX}scap")
    if frame.empty:
        return None
    years = sorted({int(year) for year in frame["year"]})
    rows = []
    for phase in ("primary", "secondary"):
        for kind in KINDS:
            part = frame[frame["phase"].eq(phase) & frame["kind"].eq(kind)]
            for year_group in sorted({int(one) for one in part["year_group"]}):
                line = part[part["year_group"].eq(year_group)].set_index("year")
                if not (line["expected"].fillna(1.0) >= 0.5).any():
                    continue
                cells = [cell(line.loc[one].to_dict(), "expected") if one in line.index else "" for one in years]
                name = "Reception" if year_group == 0 else f"Year {year_group}"
                rows.append((PHASE_NAMES[phase], label("kind", kind), name, *cells))
    columns = (
        *text_columns("Phase", "Provision", "Year group"),
        *number_columns(*(school_year(one) for one in years)),
    )
    said = (
        "Residents with a plan who need specialist provision, expected, in the shape of the School Capacity survey.",
    )
    return Section(
        "For the School Capacity survey", said, (Table("forecast_scap", "By year group", columns, tuple(rows)),)
    )


def as_of_section(run: Run) -> Section | None:
    """What came since, beside what was forecast."""
    frame = table(run, f"{PREFIX}as_of")
    if frame.empty:
        return None
    shown = frame[frame["series"].eq("all plans")]
    rows = tuple(
        (
            school_year(r["year"]),
            cell(r, "came"),
            cell(r, "median"),
            band_words(r, "80"),
            band_words(r, "95"),
        )
        for r in shown.to_dict("records")
    )
    outside = int((~shown["within_95"].astype(bool)).sum())
    verdict = "every year's count lay within it" if outside == 0 else f"{outside} of {len(shown)} years lay outside it"
    said = (
        f"This forecast knew nothing after {school_year(run.facts['forecast_years'][0])}. Of the 95% band: {verdict}.",
    )
    columns = (*text_columns("Year"), *number_columns("Came", "Median", "80 of 100", "95 of 100"))
    return Section("What came", said, (Table("forecast_as_of", "All plans, forecast and come", columns, rows),))
