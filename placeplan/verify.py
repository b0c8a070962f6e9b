"""An answer checked again from the county's own tables, by ``recount`` and without the model's code.

What is checked: every child once; nobody moved who should stay; every new place suits the plan, the need,
the year group and is open; places, overfill and ceilings; every cost line and fund; the penalties; and,
for a proven answer, the bound that its unit prices give.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from placeplan.county.county import County
from placeplan.county.vocabulary import COMMISSIONED_KINDS, INMSS_KINDS, SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.recount import Recount, text, truth

__all__ = ["Claim", "Verification", "verify"]

Order = tuple[float, float, float]
"""Children in the gap, children against preference and pounds, compared in this order."""

NOTHING: Final[Order] = (0.0, 0.0, 0.0)
IN_THE_GAP: Final[Order] = (1.0, 0.0, 0.0)
SAME: Final = 1e-7
"""Parts of an order that differ by less are the same."""

CHECKS: Final = (
    "every child is counted once, where the plan says",
    "every new place suits the plan, the need and the year group, is open and can be reached",
    "no unit holds more than its ceiling, but for children already there",
    "cash by line and fund",
    "declared penalties",
    "the bound from the prices of places",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an answer says of itself.

    ``placed``: unit by child, "" in the gap; the children who leave are not in it. ``costs``: pounds by
    (line, fund). ``penalties``: pounds by name. ``prices``: by objective (gap, preference, cost), what it changes with
    one more on the right of each row (``places[unit]``), or None where no proof is claimed. ``added``: places by unit.
    """

    question: str
    placed: Mapping[str, str] = field(repr=False)
    costs: Mapping[tuple[str, str], float]
    penalties: Mapping[str, float]
    prices: Mapping[str, Mapping[str, float]] | None = field(default=None, repr=False)
    added: Mapping[str, float] = field(default_factory=dict)
    spot_purchase: bool = True


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found: no violation, or what is wrong in words; ``checks`` names what was looked at."""

    violations: tuple[str, ...]
    checks: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.violations


def verify(county: County, travel: TravelTimes, claim: Claim) -> Verification:
    """Recompute an answer from the tables and compare it with what it claims.

    Figures in pounds agree to a penny a child. Never raises for a wrong answer: it says what is wrong.
    """
    facts = Recount(county, travel, claim.question, claim.added)
    found = [*_who(facts, claim), *_suitability(facts, claim), *_ceilings(facts, claim)]
    if not found:
        found = [*_cash(facts, claim), *_penalties(facts, claim)]
    checks: tuple[str, ...] = CHECKS[:-1]
    if claim.prices is not None:
        checks = CHECKS
        if not found:
            found = _bound(facts, claim, claim.prices)
    return Verification(tuple(found), checks)


def _who(facts: Recount, claim: Claim) -> list[str]:
    expected = {name for name, standing in facts.standing.items() if standing != "leaves"}
    found = [f"child {name} is not counted" for name in sorted(expected - set(claim.placed))]
    found += [f"child {name} is counted but not in the question" for name in sorted(set(claim.placed) - expected)]
    for name in sorted(expected & set(claim.placed)):
        unit, own = claim.placed[name], text(facts.children[name]["unit"])
        if unit not in ("", SPOT_PURCHASE) and unit not in facts.histories:
            found.append(f"child {name} is placed in {unit}, which is no unit")
        elif facts.standing[name] == "stays" and unit != own:
            found.append(f"child {name} stays in {own} but is placed in {unit or 'the gap'}")
        elif facts.standing[name] == "waits" and unit:
            found.append(f"child {name} has no place today but is placed in {unit}")
        elif unit == SPOT_PURCHASE and not claim.spot_purchase:
            found.append(f"child {name} is placed by spot purchase, which is off")
    return found


def _suitability(facts: Recount, claim: Claim) -> list[str]:
    found = []
    for name, unit in sorted(claim.placed.items()):
        if facts.standing.get(name) == "free" and unit in facts.histories:
            reason = facts.possible(name, unit)
            if reason:
                found.append(f"child {name} is placed in {unit}, which {reason}")
    return found


def _loads(facts: Recount, claim: Claim) -> tuple[dict[str, int], dict[str, int]]:
    held: dict[str, int] = defaultdict(int)
    load: dict[str, int] = defaultdict(int)
    for name, unit in claim.placed.items():
        if unit in facts.histories:
            load[unit] += 1
            held[unit] += facts.standing.get(name) == "stays"
    return held, load


def _ceilings(facts: Recount, claim: Claim) -> list[str]:
    held, load = _loads(facts, claim)
    found = []
    for unit in sorted(load):
        ceiling = max(facts.units[unit]["ceiling_room"], held[unit])
        if load[unit] > ceiling + 1e-9:
            found.append(f"unit {unit} holds {load[unit]} children; its ceiling leaves room for {ceiling:g}")
    return found


def _line(kind: str, *, inside: bool, boards: bool) -> str:
    if kind in INMSS_KINDS or kind == "independent_other":
        return "independent_residential" if boards else "independent_day"
    if kind == "college":
        return "college"
    return "neighbour_state" if kind in COMMISSIONED_KINDS and not inside else "in_county_top_ups"


def _cash(facts: Recount, claim: Claim) -> list[str]:
    _, load = _loads(facts, claim)
    costs: dict[tuple[str, str], float] = defaultdict(float)
    for name, unit in claim.placed.items():
        if unit:
            bought = unit == SPOT_PURCHASE
            row: dict[Any, Any] = {"kind": "independent_special", "inside": False} if bought else facts.units[unit]
            line = _line(row["kind"], inside=row["inside"], boards=facts.boards(name, unit))
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
        line = _line(row["kind"], inside=row["inside"], boards=truth(row["residential"]))
        if row["inside"] and row["kind"] in COMMISSIONED_KINDS:
            line = "in_county_places"
        costs[line, "high_needs"] += row["fixed"] * places - row["discount"] * filled
        costs["overfill", "high_needs"] += (row["fixed"] - row["discount"]) * over
    return _differences("cost", dict(costs), dict(claim.costs), 0.01 * max(1, len(claim.placed)))


def _penalties(facts: Recount, claim: Claim) -> list[str]:
    _, load = _loads(facts, claim)
    overfill = sum(
        penalty * used
        for unit, count in load.items()
        for penalty, used in _overfill_steps(facts, unit, max(0.0, count - facts.units[unit]["room"]))
    )
    time = sum(facts.minutes_price(name, unit) for name, unit in claim.placed.items() if unit)
    return _differences("penalty", {"overfill": overfill, "time": time}, dict(claim.penalties), 0.01)


def _overfill_steps(facts: Recount, unit: str, excess: float) -> list[tuple[float, float]]:
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


def _differences(what: str, ours: dict[Any, float], claimed: dict[Any, float], tolerance: float) -> list[str]:
    return [
        f"{what} {key}: claimed {claimed.get(key, 0.0):.2f}, recomputed {ours.get(key, 0.0):.2f}"
        for key in sorted({*ours, *claimed})
        if not abs(ours.get(key, 0.0) - claimed.get(key, 0.0)) <= tolerance
    ]


def _bound(facts: Recount, claim: Claim, prices: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Weak duality by hand, in the order of the objectives: an answer that meets the bound of its prices is the best."""
    held_load, load = _loads(facts, claim)
    worth = {u: _price(prices, u) for u in {*facts.open_units(), *held_load}}
    found = [f"the price of unit {u} is negative" for u, price in worth.items() if _below(NOTHING, price)]
    if found:
        return found
    values, bounds = [], []
    for name, chosen in claim.placed.items():
        if facts.standing[name] == "free":
            options = _options(facts, claim, name)
            values.append(options[chosen])
            bounds.append(_least([_add(option, worth.get(u, NOTHING), -1.0) for u, option in options.items()]))
    for unit, price in worth.items():
        row = facts.units[unit]
        if math.isinf(row["room"]):
            if _below(price, NOTHING):
                return [f"unit {unit} has as much room as is bought, and yet a price"]
            continue
        held = held_load[unit]
        bounds.append(_add(NOTHING, price, row["room"] - held))
        cash = row["fixed"] if row["inside"] else 0.0
        for penalty, width in _band_widths(facts, row, max(row["ceiling_room"], held) - row["room"]):
            bounds.append(_add(NOTHING, _least([NOTHING, _add((0.0, 0.0, cash + penalty), price, 1.0)]), width))
        used = max(0.0, load[unit] - row["room"])
        values += [(0.0, 0.0, (cash + p) * n) for p, n in _overfill_steps(facts, unit, used)]
    totals = [tuple(math.fsum(part) for part in zip(*orders, strict=True)) for orders in (values, bounds)]
    for what, slack, ours, proven in zip(("gap", "preference", "cost"), (1e-6, 1e-6, 0.02), *totals, strict=True):
        if abs(ours - proven) > slack + 1e-9 * abs(ours):
            return [f"the prices prove a {what} of no less than {proven:.2f}; the answer comes to {ours:.2f}"]
    return []


def _options(facts: Recount, claim: Claim, name: str) -> dict[str, Order]:
    """What each unit that a child could be placed in adds to the objectives; "" is the gap."""
    options = {u: (0.0, 0.0, _pounds(facts, name, u)) for u in facts.open_units() if not facts.possible(name, u)}
    if claim.spot_purchase:
        options[SPOT_PURCHASE] = (0.0, 0.0, _pounds(facts, name, SPOT_PURCHASE))
    wanted = text(facts.children[name]["prefers"]) if claim.question == "september" else ""
    if wanted in options:
        options = {u: (0.0, float(u != wanted), pounds) for u, (_, _, pounds) in options.items()}
    return {**options, "": IN_THE_GAP}


def _price(prices: Mapping[str, Mapping[str, float]], unit: str) -> Order:
    gap, against, pounds = (prices.get(what, {}).get(f"places[{unit}]", 0.0) for what in ("gap", "preference", "cost"))
    return gap, against, pounds


def _add(one: Order, other: Order, times: float) -> Order:
    return one[0] + times * other[0], one[1] + times * other[1], one[2] + times * other[2]


def _below(one: Order, other: Order) -> bool:
    """Whether the first differing part is smaller."""
    return next((a < b for a, b in zip(one, other, strict=True) if abs(a - b) > SAME), False)


def _least(orders: list[Order]) -> Order:
    least = orders[0]
    for order in orders[1:]:
        least = order if _below(order, least) else least
    return least


def _band_widths(facts: Recount, row: dict[str, Any], most: float) -> list[tuple[float, float]]:
    if not row["inside"]:
        return [(0.0, most)]
    widths, begin = [], 0.0
    for band in facts.settings.overfill.bands:
        end = math.floor((row["ceiling_room"] - row["room"]) * band.share + 0.5)
        widths.append((band.penalty, end - begin))
        begin = end
    return [*widths, (facts.settings.overfill.bands[-1].penalty, max(0.0, most - begin))]


def _pounds(facts: Recount, name: str, unit: str) -> float:
    pounds = sum(facts.fees(name, unit).values()) + facts.transport(name, unit) + facts.minutes_price(name, unit)
    return round(pounds - (0.0 if unit == SPOT_PURCHASE else facts.units[unit]["discount"]), 2)
