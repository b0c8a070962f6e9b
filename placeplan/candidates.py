"""Candidate bases as units: what is only thought of, in the form of what is open."""

import unicodedata
from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
import shapely

from placeplan.county.county import County
from placeplan.errors import UsageError

__all__ = ["candidate_points", "candidate_units", "chosen_candidates"]


MOST_LISTED: Final = 20
"""How many candidates are listed for one that is not there."""


def chosen_candidates(county: County, names: Iterable[str] | None = None) -> pd.DataFrame:
    """The rows of the table ``candidates`` that are named; all of them where none is.

    One is found by its candidate, by its name, or by a part of its name that no other has, in any case. Raises
    ``UsageError`` with every one that is not there or that several fit, and those that there are.
    """
    table = county.candidates
    if table.empty:
        raise UsageError(f"{county.name} has no candidates: expected rows in the table candidates")
    if names is None:
        return table
    asked = [str(name).strip() for name in names]
    found = [_fitting(table, name) for name in asked]
    wrong = [
        f"{name or '(blank)'}{f' (which may be {len(rows)}: {_listed(rows)})' if len(rows) else ''}"
        for name, rows in zip(asked, found, strict=True)
        if len(rows) != 1
    ]
    if wrong or not asked:
        known, names = _listed(table), _listed(table, "name")
        raise UsageError(f"candidates {', '.join(wrong) or '(none named)'}: expected some of {known}, named {names}")
    return pd.concat(found).drop_duplicates("candidate")


def _fitting(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The candidates that a name may mean: by the closest way of reading it in which there is any."""
    wanted, labels, names = _plain(name), table["candidate"].map(_plain), table["name"].map(_plain)
    ways = (table["candidate"] == name, labels == wanted, names == wanted, names.map(lambda one: wanted in one))
    fitting = (table[way.to_numpy(bool)] for way in ways)
    return next((rows for rows in fitting if len(rows) and wanted), table.iloc[:0])


def _plain(words: str) -> str:
    """Words as they are compared: one spelling of every letter, any case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", str(words)).casefold().split())


def _listed(table: pd.DataFrame, column: str = "candidate") -> str:
    """The candidates, or their names, the first of many."""
    more = f" and {len(table) - MOST_LISTED} more" if len(table) > MOST_LISTED else ""
    return ", ".join(table[column].astype(str)[:MOST_LISTED]) + more


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
