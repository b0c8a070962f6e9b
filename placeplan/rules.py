"""The rules of ``[rules]`` on single children, units and sites, one function a rule, by the name it has in county.toml.

Rules on children work on ``choices`` (and on those who stay), a row a child and unit: child, unit, own (today's unit),
could_stay, may_stay (where moves have a price), prefers, phase, kind, residential, minutes, and ``barred``, the rule by
which the pair is not possible.
Rules on units and sites count ``present``: by unit, the children who stay or could stay there. They give rows over a
placement; the rules over a whole locality or fund are in ``rules_totals``.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import MAINSTREAM, SPOT_PURCHASE
from placeplan.models import constraints
from placeplan.models.constraints import Rule
from placeplan.models.placement import PlacementProblem

__all__ = [
    "MAINSTREAM_KIND",
    "MINUTES_SLACK",
    "beyond_guidance",
    "continuity",
    "guidance",
    "host_limits",
    "host_share",
    "minimum_use",
    "nobody_loses_a_place",
    "overfill",
    "preferences",
    "site_limits",
    "site_totals",
    "wishes_mainstream",
]

MAINSTREAM_KIND: Final = "mainstream_support"

MINUTES_SLACK: Final = 1e-9
"""Minutes are in tenths; a journey of the guidance itself is within it."""


def overfill(county: County, units: pd.DataFrame, present: pd.Series) -> pd.DataFrame:
    """Room above places in bands, ``0 <= over[u,k] <= width[u,k]``, each at the place's cost and a rising penalty.

    Where it is not allowed, the bands are as wide as the children who are there need. Those above the ceiling get a
    band of their own at the last price: a breach that today's placements make cannot grow, and newcomers have no part
    in it. ``breach`` says which bands are there for those who are, and go as places are added.
    """
    limits = county.settings.overfill.bands
    allowed = county.settings.rules.overfill.allowed
    bands = []
    for unit in units[np.isfinite(units["room"])].itertuples():
        ends = [np.floor((unit.ceiling_room - unit.room) * band.share + 0.5) for band in limits]
        above = float(present[unit.Index]) - unit.room
        cash = unit.fixed_cost if unit.in_county else 0.0
        prices = [cash + (band.penalty if unit.in_county else 0.0) for band in limits]
        reached = ends if allowed else np.clip(ends, 0.0, max(above, 0.0))
        widths = np.diff([0.0, *reached])
        bands += [(unit.Index, k, widths[k], prices[k], not allowed) for k in range(len(limits)) if widths[k] > 0]
        if above > ends[-1]:
            bands.append((unit.Index, len(limits), above - ends[-1], prices[-1], True))
    frame = pd.DataFrame(bands, columns=["unit", "band", "width", "price", "breach"])
    return frame.astype({"band": int, "width": float, "price": float, "breach": bool})


def beyond_guidance(county: County, rows: pd.DataFrame) -> pd.Series:
    """Minutes of each journey beyond the guidance of the phase.

    None for a residential unit, a visiting teacher, or a journey that is not known.
    """
    over = rows["minutes"] - rows["phase"].map(county.settings.guidance_minutes).astype(float)
    daily = ~rows["residential"].astype(bool) & (rows["kind"] != "peripatetic")
    return over.where(daily & (over > MINUTES_SLACK), 0.0)


def guidance(county: County, rows: pd.DataFrame, *, longest: float = 0.0) -> pd.DataFrame:
    """Journeys beyond guidance: not possible (``limit``), or a declared penalty for their yearly hours (``price``).

    The limit leaves the independent place bought for one child, and the child's own unit where it could stay. Somebody
    who stays where no journey is known is priced at the ``longest`` that is, since a price needs a number.
    """
    rule = county.settings.rules.guidance
    beyond = beyond_guidance(county, rows.assign(minutes=rows["minutes"].fillna(longest)))
    rate = rule.pounds_per_child_hour if rule.mode == "price" else 0.0
    penalty = (rate * beyond / 60.0 * 2.0 * county.settings.transport.days).round(2)
    exempt = (rows["unit"] == SPOT_PURCHASE) | (rows["could_stay"] & (rows["unit"] == rows["own"]))
    barred = (beyond > 0) & ~exempt if rule.mode == "limit" else pd.Series(False, index=rows.index)
    return rows.assign(guidance_penalty=penalty, barred=rows["barred"].mask(barred, "guidance"))


def wishes_mainstream(county: County, prefers: pd.Series) -> pd.Series:
    """Whether a mainstream school is preferred: the word, or a unit of kind ``mainstream_support``."""
    units = county.units.loc[county.units["kind"] == MAINSTREAM_KIND, "unit"]
    return prefers.isin([MAINSTREAM, *units])


def preferences(county: County, choices: pd.DataFrame) -> pd.DataFrame:
    """What is preferred and possible: before cost (``hard``), or at a declared penalty for each child elsewhere.

    Against a wish for mainstream no special unit is possible, but for the child's own where it could stay.
    """
    rule = county.settings.rules.preferences
    in_mainstream = choices["kind"] == MAINSTREAM_KIND
    own = choices["may_stay"] & (choices["unit"] == choices["own"])
    barred = choices["wishes_mainstream"] & ~in_mainstream & ~own & (choices["barred"] == "")
    choices = choices.assign(barred=choices["barred"].mask(barred, "preferences"))
    preferred = (choices["unit"] == choices["prefers"]) | (in_mainstream & (choices["prefers"] == MAINSTREAM))
    granted = (preferred & (choices["barred"] == "")).groupby(choices["child"]).transform("any").astype(bool)
    against = granted & ~preferred
    priced = rule.mode == "priced"
    return choices.assign(
        against_preference=against & (not priced), preference_penalty=np.where(against & priced, rule.pounds, 0.0)
    )


def continuity(county: County, choices: pd.DataFrame) -> pd.DataFrame:
    """Children who could stay: a declared penalty for each who moves, where moves have a price."""
    moves = choices["may_stay"] & (choices["unit"] != choices["own"])
    return choices.assign(move_penalty=np.where(moves, county.settings.rules.continuity.pounds, 0.0))


def nobody_loses_a_place(placement: PlacementProblem, may_stay: pd.Index) -> Rule:
    """No child who may stay is in the gap: ``sum over them of gap[g] <= 0``; their own units always have room."""
    gap = placement.groups.index.isin(may_stay).astype(float)
    rows = pd.DataFrame({"sense": ["<="], "right": [0.0]}, index=pd.Index(["continuity"], dtype=object))
    rule = constraints.linear_rule("", pairs=np.zeros(len(placement.pairs)), gap=gap, sense="<=", right=0.0)
    return replace(rule, rows=rows, may_bar=False)


def host_limits(county: County, units: pd.DataFrame) -> pd.DataFrame:
    """Hosts of units of kind ers whose roll is stated: stated (the most plans, whole) and others.

    The others are the host's own pupils with plans and the children of other authorities in those units.
    """
    share = county.settings.rules.host_share.share
    ers = units[units["kind"] == "ers"]
    hosts = county.sites.set_index("site")[["host_roll", "host_plans"]].astype(float)
    hosts = hosts[hosts.index.isin(ers["site"]) & hosts["host_roll"].notna()].sort_index()
    if share is None or hosts.empty:
        return pd.DataFrame({"stated": [], "others": []}, dtype=float)
    guests = ers["other_authorities"].groupby(ers["site"]).sum().reindex(hosts.index, fill_value=0.0)
    stated = np.floor(share * hosts["host_roll"] + 1e-9)
    return pd.DataFrame({"stated": stated, "others": hosts["host_plans"].fillna(0.0) + guests})


def host_share(county: County, units: pd.DataFrame, placement: PlacementProblem, present: pd.Series) -> Rule | None:
    """Plans at a host school: ``host_plans + children in its ers units <= share x host_roll``.

    What today's placements exceed stays so and cannot grow.
    """
    site = units["site"].where(units["kind"] == "ers")
    return _together(constraints.host_share, placement, site, host_limits(county, units), present)


def site_limits(county: County, units: pd.DataFrame) -> pd.DataFrame:
    """Sites with total_places: stated, and others (the children of other authorities in their units)."""
    totals = county.sites.set_index("site")["total_places"].astype(float).dropna().sort_index()
    totals = totals[totals.index.isin(units["site"])]
    if not county.settings.rules.site_totals.on or totals.empty:
        return pd.DataFrame({"stated": [], "others": []}, dtype=float)
    guests = units["other_authorities"].groupby(units["site"]).sum().reindex(totals.index)
    return pd.DataFrame({"stated": totals, "others": guests})


def site_totals(county: County, units: pd.DataFrame, placement: PlacementProblem, present: pd.Series) -> Rule | None:
    """The units of a site together: ``sum over its units of place[g,u] <= total_places - others - held``."""
    return _together(constraints.site_totals, placement, units["site"], site_limits(county, units), present)


def minimum_use(county: County, units: pd.DataFrame, present: pd.Series) -> pd.Series | None:
    """The county's children below which a unit takes nobody new: its minimum less other authorities' children there.

    Where moves have a price, only units where nobody is now are counted: nobody has to leave one that grows small.
    """
    rule = county.settings.rules.minimum_use
    stated = units["minimum"].fillna(units["kind"].map(rule.by_kind).astype(float))
    needed = (stated - units["other_authorities"])[np.isfinite(units["room"]) & stated.notna()].clip(lower=0.0)
    if county.settings.rules.continuity.mode == "priced":
        needed = needed[present.reindex(needed.index) == 0]
    return needed if rule.on and len(needed) else None


def _together(
    rows_of: Callable[[PlacementProblem, pd.Series, pd.Series], Rule],
    placement: PlacementProblem,
    site: pd.Series,
    limits: pd.DataFrame,
    present: pd.Series,
) -> Rule | None:
    if limits.empty:
        return None
    now = present.groupby(site).sum().reindex(limits.index).fillna(0.0)
    most = (limits["stated"] - limits["others"]).clip(lower=now)
    return rows_of(placement, site, most)
