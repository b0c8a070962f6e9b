"""What placements come to in cash, counted again in plain loops for ``verify``."""

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from placeplan.county.vocabulary import COMMISSIONED_KINDS, INMSS_KINDS, SPOT_PURCHASE
from placeplan.recount import NOT_CARRIED, Recount, truth

__all__ = ["band_widths", "cash", "line_of", "loads", "not_known", "overfill_steps", "spending"]


def loads(facts: Recount, placed: Mapping[str, str]) -> tuple[dict[str, int], dict[str, int]]:
    """By unit, the children who stay there and all who are there."""
    held: dict[str, int] = defaultdict(int)
    load: dict[str, int] = defaultdict(int)
    for name, unit in placed.items():
        if unit in facts.histories:
            load[unit] += 1
            held[unit] += facts.standing.get(name) == "stays"
    return held, load


def line_of(kind: str, *, inside: bool, boards: bool) -> str:
    """The line of the costs on which a child's fee or top-up falls."""
    if kind in INMSS_KINDS or kind == "independent_other":
        return "independent_residential" if boards else "independent_day"
    if kind == "college":
        return "college"
    return "neighbour_state" if kind in COMMISSIONED_KINDS and not inside else "in_county_top_ups"


def cash(facts: Recount, placed: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """Pounds a year by line and fund."""
    _, load = loads(facts, placed)
    costs: dict[tuple[str, str], float] = defaultdict(float)
    for name, unit in placed.items():
        if unit:
            bought = unit == SPOT_PURCHASE
            row: dict[Any, Any] = {"kind": "independent_special", "inside": False} if bought else facts.units[unit]
            line = line_of(row["kind"], inside=row["inside"], boards=facts.boards(name, unit))
            for fund, pounds in facts.fees(name, unit).items():
                costs[line, fund] += pounds
            costs["transport", "general"] += facts.transport(name, unit)
    for unit in facts.histories:
        row = facts.units[unit]
        if not (row["open"] or load[unit]):
            continue
        over = max(0.0, load[unit] - row["room"]) if row["inside"] else 0.0
        places = 0.0 if row["stated"] is None else row["stated"] if row["inside"] else row["room"]
        filled = load[unit] - over + (row["others"] if row["inside"] else 0.0)
        line = line_of(row["kind"], inside=row["inside"], boards=truth(row["residential"]))
        if row["inside"] and row["kind"] in COMMISSIONED_KINDS:
            line = "in_county_places"
        costs[line, "high_needs"] += row["fixed"] * places - row["discount"] * filled
        costs["overfill", "high_needs"] += (row["fixed"] - row["discount"]) * over
    return dict(costs)


def not_known(facts: Recount, placed: Mapping[str, str]) -> list[str]:
    """The children with a place whose journey is not known."""
    return [
        name
        for name, unit in placed.items()
        if unit not in ("", SPOT_PURCHASE) and facts.journey(facts.children[name], unit) is None
    ]


def spending(facts: Recount, placed: Mapping[str, str]) -> dict[str, float]:
    """Pounds a year by fund, as budgets count them: a journey that is not known at what the dearest known one costs."""
    by_fund: dict[str, float] = defaultdict(float)
    for (_, fund), pounds in cash(facts, placed).items():
        by_fund[fund] += pounds
    for name in not_known(facts, placed):
        if facts.units[placed[name]]["kind"] not in NOT_CARRIED:
            by_fund["general"] += facts.dearest()
    return by_fund


def overfill_steps(facts: Recount, unit: str, excess: float) -> list[tuple[float, float]]:
    """Penalty and children in each band that so much overfill uses; above the ceiling the last price goes on."""
    row = facts.units[unit]
    if not row["inside"] or excess <= 0:
        return []
    steps, begin, end = [], 0.0, 0.0
    for band in facts.settings.overfill.bands:
        end = math.floor((row["ceiling_room"] - row["room"]) * band.share + 0.5)
        steps.append((band.penalty, min(max(excess - begin, 0.0), end - begin)))
        begin = end
    steps.append((facts.settings.overfill.bands[-1].penalty, max(0.0, excess - end)))
    return steps


def band_widths(facts: Recount, unit: str, present: float) -> list[tuple[float, float]]:
    """Penalty and width of the bands of a unit where so many children stay or could stay."""
    row = facts.units[unit]
    allowed = facts.settings.rules.overfill.allowed
    most = max(row["ceiling_room"] if allowed else 0.0, present) - row["room"]
    if not row["inside"]:
        return [(0.0, max(0.0, most))]
    widths, begin = [], 0.0
    for band in facts.settings.overfill.bands:
        end = math.floor((row["ceiling_room"] - row["room"]) * band.share + 0.5)
        end = end if allowed else min(end, max(0.0, most))
        widths.append((band.penalty, end - begin))
        begin = end
    return [*widths, (facts.settings.overfill.bands[-1].penalty, max(0.0, most - begin))]
