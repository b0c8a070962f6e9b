"""Units: year groups in order, models and places that fit the kind, and rows of one unit that agree."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.county.faults import suggest
from placeplan.county.listed import split_list
from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.county.vocabulary import COMMISSIONED_KINDS, MAINSTREAM, MODELS, NEEDS, OUT_OF_COUNTY, SPOT_PURCHASE
from placeplan.errors import Fault, Note

__all__ = ["models_faults", "needs_faults", "units_faults", "units_notes", "where_rows"]

MAY_CHANGE: Final = (
    *("unit", "from_year", "places", "other_authorities", "ceiling", "minimum"),
    *("fixed_cost", "filled_discount"),
)
"""What may differ between the rows of one unit."""


def where_rows(read: ReadTable, wrong: pd.Series) -> Iterator[tuple[int, Any]]:
    """The rows where ``wrong`` holds, counted from 0; a comparison with a missing value does not hold."""
    chosen = wrong.fillna(False).to_numpy(dtype=bool)
    for place in np.flatnonzero(chosen):
        yield int(place), read.frame.iloc[place]


def _orders(units: ReadTable) -> list[Fault]:
    """Numbers that come in pairs are in order."""
    frame = units.frame
    pairs = (
        ("to_year_group", "from_year_group", "or more, as from_year_group is"),
        ("closes", "opens", "or more, as opens is"),
        ("ceiling", "places", "or more, as places is"),
    )
    faults = [
        units.fault(place, upper, row[upper], f"{row[lower]} {words}")
        for upper, lower, words in pairs
        for place, row in where_rows(units, frame[upper] < frame[lower])
    ]
    for place, row in where_rows(units, frame["other_authorities"] > frame["places"]):
        faults.append(
            units.fault(place, "other_authorities", row["other_authorities"], f"at most {row['places']}, the places")
        )
    return faults


def _discounts(units: ReadTable, settings: Settings | None) -> list[Fault]:
    """What is taken off a filled place is no more than the place costs, by the unit's figures or the defaults."""
    if settings is None:
        return []
    fixed = units.frame["kind"].map({kind: cost.fixed_cost for kind, cost in settings.places.items()})
    cost = units.frame["fixed_cost"].fillna(fixed.astype("float64")).fillna(0.0)
    return [
        units.fault(
            place, "filled_discount", f"{row['filled_discount']:g}", f"at most {cost.iloc[place]:g}, the fixed cost"
        )
        for place, row in where_rows(units, units.frame["filled_discount"] > cost)
    ]


def needs_faults(units: ReadTable) -> list[Fault]:
    """Needs are codes, or the one word any."""
    faults = []
    for place, text in enumerate(units.frame["needs"]):
        items = split_list(text)
        if items == ("any",) or not isinstance(text, str):
            continue
        if not items:
            faults.append(units.fault(place, "needs", text, "codes separated by ;, or any"))
        for item in items:
            if item not in NEEDS:
                expected = f"codes separated by ; ({', '.join(NEEDS)}), or any alone{suggest(item, NEEDS)}"
                faults.append(units.fault(place, "needs", item, expected))
    return faults


def models_faults(units: ReadTable) -> list[Fault]:
    """An enhanced resource school for autism says which model it works to."""
    faults = []
    for place, row in where_rows(units, (units.frame["kind"] == "ers") & units.frame["model"].isna()):
        given = str(units.rows[place]), "model"
        serves = split_list(row["needs"])
        if ("ASD" in serves or "any" in serves) and given not in units.faulty:
            expected = f"one of {', '.join(MODELS)}, as the unit serves autism (ASD)"
            faults.append(units.fault(place, "model", "a blank", expected))
    return faults


def _places_not_stated(units: ReadTable, sites: ReadTable) -> pd.Series:
    """Where the rows of a commissioned kind with blank places are: a locality or out_of_county, missing for others."""
    frame = units.frame
    blank = frame["kind"].isin(COMMISSIONED_KINDS) & frame["places"].isna()
    where = frame["site"].map(sites.frame.dropna(subset=["site"]).drop_duplicates("site").set_index("site")["locality"])
    return where.where(blank)


def _places(units: ReadTable, sites: ReadTable) -> list[Fault]:
    """Visiting teachers have no places; a ceiling or other authorities' children need places to count against.

    The county's own commissioned units state their places: a blank has no meaning there.
    """
    frame = units.frame
    faults = [
        units.fault(place, "places", row["places"], "a blank: visiting teachers have no places")
        for place, row in where_rows(units, (frame["kind"] == "peripatetic") & frame["places"].notna())
    ]
    faulty = units.faulty
    where = _places_not_stated(units, sites)
    own = where.notna() & (where != OUT_OF_COUNTY)
    for place, row in where_rows(units, own):
        if (str(units.rows[place]), "places") not in faulty:
            expected = f"places, as a unit of kind {row['kind']} has; blank only where places are bought one by one"
            faults.append(units.fault(place, "places", "a blank", expected))
    for column in ("ceiling", "other_authorities"):
        for place, row in where_rows(units, ~own & frame["places"].isna() & frame[column].gt(0)):
            if (str(units.rows[place]), "places") not in faulty:
                faults.append(units.fault(place, "places", "a blank", f"places, as {column} is {row[column]}"))
    return faults


def units_notes(units: ReadTable, sites: ReadTable) -> list[Note]:
    """Neighbours' schools whose places are not stated have no room for newcomers."""
    where = _places_not_stated(units, sites)
    names = list(units.frame.loc[(where == OUT_OF_COUNTY).fillna(False).astype(bool), "unit"].unique())
    if not names:
        return []
    rest = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    found = f"a blank for {', '.join(names[:3])}{rest}, out of the county"
    return [Note("units", "", "places", found, "taken as no room for newcomers; who is there stays")]


def _agreement(units: ReadTable) -> list[Fault]:
    """The rows of one unit differ only in their year, places and costs."""
    frame = units.frame
    faults = []
    first = frame.drop_duplicates("unit").set_index("unit")
    for place in np.flatnonzero(frame["unit"].duplicated() & frame["unit"].notna()):
        row = frame.iloc[place]
        for column in frame.columns:
            if column in MAY_CHANGE:
                continue
            value, earlier = row[column], first.loc[row["unit"], column]
            if not (value == earlier if pd.notna(value) and pd.notna(earlier) else pd.isna(value) == pd.isna(earlier)):
                expected = f"{'a blank' if pd.isna(earlier) else earlier}, as in the unit's first row"
                faults.append(units.fault(int(place), column, "a blank" if pd.isna(value) else value, expected))
    return faults


def _reserved(units: ReadTable) -> list[Fault]:
    """Words that mean something else are no unit's name."""
    return [
        units.fault(place, "unit", row["unit"], "another name: this word means something else where a unit is named")
        for place, row in where_rows(units, units.frame["unit"].isin([MAINSTREAM, SPOT_PURCHASE]))
    ]


def units_faults(units: ReadTable, sites: ReadTable, settings: Settings | None) -> list[Fault]:
    """Everything about the units that one cell cannot show."""
    return [
        *_orders(units),
        *_discounts(units, settings),
        *needs_faults(units),
        *models_faults(units),
        *_places(units, sites),
        *_reserved(units),
        *_agreement(units),
    ]
