"""Candidates: bases that are only thought of, each in one place and told from the units that there are."""

from typing import Final

import numpy as np

from placeplan.county.checks_places import points_faults
from placeplan.county.checks_units import models_faults, needs_faults, where_rows
from placeplan.county.tables import ReadTable
from placeplan.errors import Fault

__all__ = ["candidates_faults"]

PLACE: Final = ("site", "easting", "northing")
WHERE: Final = "a site, or easting and northing, and not both"


def _somewhere(candidates: ReadTable) -> list[Fault]:
    """A candidate is at a site or at a point of its own, never both and never half a point."""
    frame = candidates.frame
    ends = frame["easting"].notna().astype(int) + frame["northing"].notna().astype(int)
    at_site = frame["site"].notna()
    wrong = (at_site & (ends > 0)) | (~at_site & (ends < 2))
    faulty = {fault.row for fault in candidates.faults if fault.column in PLACE}
    return [
        candidates.fault(place, "site", "both" if at_site.iloc[place] else "neither", WHERE)
        for place, _ in where_rows(candidates, wrong)
        if str(candidates.rows[place]) not in faulty
    ]


def candidates_faults(candidates: ReadTable, units: ReadTable, localities: ReadTable) -> list[Fault]:
    """Everything about the candidates that one cell cannot show."""
    frame = candidates.frame
    known = set(units.frame["unit"].dropna())
    return [
        *_somewhere(candidates),
        *points_faults(candidates, localities, np.ones(len(frame), dtype=bool)),
        *needs_faults(candidates),
        *models_faults(candidates),
        *(
            candidates.fault(place, "to_year_group", row["to_year_group"], f"{row['from_year_group']} or more")
            for place, row in where_rows(candidates, frame["to_year_group"] < frame["from_year_group"])
        ),
        *(
            candidates.fault(place, "candidate", row["candidate"], "a name that no unit has")
            for place, row in where_rows(candidates, frame["candidate"].isin(known))
        ),
    ]
