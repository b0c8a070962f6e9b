"""Provision: the units that are open in a year, with their room, costs and the line of the accounts they fall on."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.listed import split_list
from placeplan.county.settings import KindCost
from placeplan.county.vocabulary import COMMISSIONED_KINDS, GROWING_KINDS, INMSS_KINDS, NEEDS, OUT_OF_COUNTY

__all__ = ["cost_line", "may_be_added", "needs_met", "provisions_of", "units_open"]

BOUGHT_ONE_BY_ONE: Final = (*INMSS_KINDS, "independent_other", "college", "peripatetic", "mainstream_support")
"""Kinds that have as much room as is bought where no places are stated."""


def units_open(county: County, year: int, *, in_use: Iterable[str] = ()) -> pd.DataFrame:
    """The units open in an academic year, one row each; those ``in_use`` too, with no places, where they are not.

    Index unit; columns site, site_name, locality, in_county, kind, model ("" for none), national, needs (as
    stated), from_year_group, to_year_group, places (as stated), other_authorities, room (children; ``inf``
    where places are bought one by one), ceiling_room (room up to the ceiling), minimum (missing for none),
    fixed_cost, filled_discount (pounds a place a year), residential, more_places (missing where the site does
    not say), line.
    """
    units = county.units
    rows = units.sort_values("from_year", na_position="first", kind="stable")
    begun = rows["from_year"].fillna(0) <= year
    rows = pd.concat([rows[begun].drop_duplicates("unit", keep="last"), rows[~begun]]).drop_duplicates("unit")
    is_open = (rows[["from_year", "opens"]].fillna(0).max(axis=1) <= year) & (rows["closes"].fillna(9999) >= year)
    rows = rows[is_open | rows["unit"].isin(list(in_use))]
    rows[["places", "ceiling"]] = rows[["places", "ceiling"]].where(is_open, 0)
    sites = county.sites.set_index("site")[["name", "locality", "more_places"]].rename(columns={"name": "site_name"})
    rows = rows.join(sites, on="site").set_index("unit").sort_index()
    in_county = rows["locality"] != OUT_OF_COUNTY
    commissioned = in_county & rows["kind"].isin(COMMISSIONED_KINDS)
    costs = [
        county.settings.places.get(str(kind), KindCost(0.0)) if pays else KindCost(0.0)
        for kind, pays in zip(rows["kind"], commissioned, strict=True)
    ]
    fixed = pd.Series([c.fixed_cost for c in costs], index=rows.index)
    discount = pd.Series([c.filled_discount for c in costs], index=rows.index)
    room, ceiling = _room(county, rows, in_county)
    stated = rows["fixed_cost"].notna()
    return pd.DataFrame(
        {
            "site": rows["site"],
            "site_name": rows["site_name"],
            "locality": rows["locality"],
            "in_county": in_county,
            "kind": rows["kind"],
            "model": rows["model"].fillna(""),
            "national": rows["national"].fillna(""),
            "needs": rows["needs"],
            "from_year_group": rows["from_year_group"].astype(int),
            "to_year_group": rows["to_year_group"].astype(int),
            "places": rows["places"].astype(float),
            "other_authorities": rows["other_authorities"].fillna(0).astype(float),
            "room": room,
            "ceiling_room": ceiling,
            "minimum": rows["minimum"].astype(float),
            "fixed_cost": rows["fixed_cost"].astype(float).fillna(fixed),
            "filled_discount": rows["filled_discount"].astype(float).fillna(discount.mask(stated, 0.0)),
            "residential": rows["residential"].fillna(False).astype(bool),
            "more_places": rows["more_places"].astype(float),
            "line": [
                cost_line(str(kind), in_county=bool(inside), residential=bool(boards))
                for kind, inside, boards in zip(rows["kind"], in_county, rows["residential"].fillna(False), strict=True)
            ],
        },
        index=rows.index,
    )


def cost_line(kind: str, *, in_county: bool, residential: bool) -> str:
    """The line of the costs on which a child's placement falls.

    >>> cost_line("special", in_county=False, residential=False)
    'neighbour_state'
    >>> cost_line("independent_special", in_county=True, residential=True)
    'independent_residential'
    """
    if kind in (*INMSS_KINDS, "independent_other"):
        return "independent_residential" if residential else "independent_day"
    if kind == "college":
        return "college"
    if kind in COMMISSIONED_KINDS and not in_county:
        return "neighbour_state"
    return "in_county_top_ups"


def may_be_added(county: County, units: pd.DataFrame) -> pd.Series:
    """By unit, how many places its site takes: its ``more_places``, or the county's default by kind; none elsewhere.

    Units of one site have them together. ``units``: as ``units_open``.
    """
    grows = units["in_county"] & units["kind"].isin(GROWING_KINDS) & np.isfinite(units["room"])
    default = units["kind"].map(county.settings.expansion.places_by_kind).fillna(0.0).where(grows, 0.0)
    limit = units["more_places"].fillna(default.groupby(units["site"]).transform("max"))
    most: pd.Series = np.floor(limit).where(grows, 0.0)
    return most


def needs_met(needs: str) -> frozenset[str]:
    """The need codes that a unit takes; ``any`` is all of them.

    >>> sorted(needs_met("ASD;SLCN"))
    ['ASD', 'SLCN']
    """
    items = split_list(needs)
    return frozenset(NEEDS) if "any" in items else frozenset(items)


def provisions_of(units: pd.DataFrame) -> pd.Series:
    """What each unit provides: its kind, and for an ERS the model that it works to (``ers:none`` without one)."""
    model = units["model"].where(units["model"].fillna("") != "", "none")
    return units["kind"].where(units["kind"] != "ers", "ers:" + model)


def _room(county: County, rows: pd.DataFrame, in_county: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Room for the county's children at places and at the ceiling; neighbours' schools have only the room stated."""
    others = rows["other_authorities"].fillna(0).astype(float)
    places = rows["places"].astype(float)
    bought = rows["kind"].isin(BOUGHT_ONE_BY_ONE) & places.isna()
    room = (places - others).clip(lower=0.0).fillna(0.0)
    share = 1.0 + county.settings.overfill.default_ceiling_share
    default = ((places * share + 1e-9) // 1.0).where(in_county, places)
    ceiling = (rows["ceiling"].astype(float).fillna(default) - others).clip(lower=0.0).fillna(0.0)
    ceiling = ceiling.where(ceiling > room, room)
    return room.mask(bought, np.inf), ceiling.mask(bought, np.inf)
