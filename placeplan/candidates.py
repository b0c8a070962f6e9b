"""Candidate bases as units: what is only thought of, in the form of what is open."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import shapely

from placeplan.county.county import County
from placeplan.errors import UsageError

__all__ = ["candidate_points", "candidate_units", "chosen_candidates"]


def chosen_candidates(county: County, names: Iterable[str] | None = None) -> pd.DataFrame:
    """The rows of the table ``candidates`` that are named, by candidate or name; all of them where none is.

    Raises ``UsageError`` naming every one that is not there, or where the county has none.
    """
    table = county.candidates
    if table.empty:
        raise UsageError(f"{county.name} has no candidates: expected rows in the table candidates")
    if names is None:
        return table
    asked = [str(name).strip() for name in names]
    labels = table["candidate"].str.casefold(), table["name"].str.casefold()
    found = [table[(labels[0] == name.casefold()) | (labels[1] == name.casefold())] for name in asked]
    unknown = [name for name, rows in zip(asked, found, strict=True) if rows.empty]
    if unknown or not asked:
        known = ", ".join(table["candidate"])
        raise UsageError(f"candidates {', '.join(unknown) or '(none named)'}: expected some of {known}")
    return pd.concat(found).drop_duplicates("candidate")


def candidate_units(county: County, candidates: pd.DataFrame) -> pd.DataFrame:
    """Candidates in the form of ``provision.units_open``, index candidate.

    Places are missing where no number is thought of; the site of one that is at no site is the candidate itself.
    """
    sites = county.sites.set_index("site")["locality"]
    rows = candidates.set_index("candidate")
    site = rows["site"].where(rows["site"].notna(), rows.index.to_series())
    points = candidate_points(county, candidates)
    locality = rows["site"].map(sites)
    nowhere = locality.isna()
    locality = locality.mask(nowhere, pd.Series(_locality_of(county, points), index=rows.index))
    room = rows["places"].astype(float)
    return pd.DataFrame(
        {
            "site": site,
            "site_name": rows["name"],
            "locality": locality,
            "in_county": True,
            "kind": rows["kind"],
            "model": rows["model"].fillna(""),
            "needs": rows["needs"],
            "from_year_group": rows["from_year_group"].astype(int),
            "to_year_group": rows["to_year_group"].astype(int),
            "places": room,
            "room": room.fillna(np.inf),
            "residential": False,
        },
        index=pd.Index(rows.index, name="unit"),
    )


def candidate_points(county: County, candidates: pd.DataFrame) -> pd.DataFrame:
    """Where each candidate would be, index candidate: easting, northing in metres, its site's where it has one."""
    sites = county.sites.set_index("site")[["easting", "northing"]]
    rows = candidates.set_index("candidate")
    return pd.DataFrame(
        {name: rows[name].astype(float).fillna(rows["site"].map(sites[name])) for name in ("easting", "northing")},
        index=pd.Index(rows.index, name="site"),
    )


def _locality_of(county: County, points: pd.DataFrame) -> list[str]:
    """The locality that each point is in, or nearest to."""
    shapes = county.localities.geometry.to_numpy()
    spots = shapely.points(points["easting"].to_numpy(), points["northing"].to_numpy())
    away = shapely.distance(np.asarray(spots)[:, np.newaxis], shapes[np.newaxis, :])
    return [str(county.localities["locality"].iloc[place]) for place in away.argmin(axis=1)]
