"""An answer checked again from the county's own tables, by ``recount`` and without the model's code.

What is checked: every child once; nobody moved who should stay; every new place suits the plan, the need,
the year group and is open; places, overfill and ceilings; every cost line and fund; the penalties; and,
for a proven answer, the bound that its unit prices give.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from placeplan.county.county import County
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.recount import Recount, number, text
from placeplan.recount_bound import bound_faults
from placeplan.recount_cash import cash, loads, not_known, overfill_steps
from placeplan.recount_rules import found_of, linear_rows, penalties_of, present_at

__all__ = ["Claim", "Verification", "verify"]

CHECKS: Final = (
    "every child is counted once, where the plan says",
    "every new place suits the plan, the need and the year group, is open and can be reached",
    "no unit holds more than its ceiling, but for children already there",
    "cash by line and fund",
    "declared penalties",
    "every rule that is on, as it was found and missed",
    "the bound from the prices of places",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an answer says of itself.

    ``placed``: unit by child, "" in the gap; the children who leave are not in it. ``costs``: pounds by
    (line, fund). ``penalties``: pounds by name. ``prices``: by objective (gap, preference, cost), what it changes with
    one more on the right of each row (``places[unit]``), or None where no proof is claimed. ``added``: places by unit.
    ``in_mainstream``: the children to be placed who prefer mainstream and are in no unit. ``rules``: found and missed,
    by rule and what it is about, or None where nothing is said of them. ``own``: whether rules of the user's own are
    kept beside them, which nothing here knows. ``not_known``: the placed children whose journeys are not known, or None
    where nothing is said of them.
    """

    question: str
    placed: Mapping[str, str] = field(repr=False)
    costs: Mapping[tuple[str, str], float]
    penalties: Mapping[str, float]
    prices: Mapping[str, Mapping[str, float]] | None = field(default=None, repr=False)
    added: Mapping[str, float] = field(default_factory=dict)
    spot_purchase: bool = True
    in_mainstream: frozenset[str] = field(default=frozenset(), repr=False)
    rules: Mapping[tuple[str, str], tuple[float, float]] | None = field(default=None, repr=False)
    own: bool = False
    not_known: int | None = None


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
    budgets = bool(county.settings.rules.budgets)
    today = Recount(county, travel, "today", {}) if budgets and claim.question != "today" else None
    found = [*_who(facts, claim), *_suitability(facts, claim), *_ceilings(facts, claim), *_mainstream(facts, claim)]
    if not found:
        found = [*_cash(facts, claim), *_penalties(facts, claim)]
    checks: tuple[str, ...] = CHECKS[:-2]
    if claim.rules is not None:
        checks = CHECKS[:-1]
        if not found:
            found = _rules(facts, claim, today or facts)
    if claim.prices is not None:
        checks = (*checks, CHECKS[-1])
        if not found:
            placed = {**claim.placed, **dict.fromkeys(claim.in_mainstream, "")}
            rows = linear_rows(facts, placed)
            found = bound_faults(facts, placed, claim.prices, rows, spot_purchase=claim.spot_purchase)
    return Verification(tuple(found), checks)


def _who(facts: Recount, claim: Claim) -> list[str]:
    expected = {name for name, standing in facts.standing.items() if standing != "leaves"} - claim.in_mainstream
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
        elif unit == SPOT_PURCHASE and facts.wishes_mainstream(name):
            found.append(f"child {name} is placed by spot purchase but prefers mainstream")
        elif not unit and facts.may_stay(name):
            found.append(f"child {name} could stay in {own} but is in the gap")
    return found


def _suitability(facts: Recount, claim: Claim) -> list[str]:
    found = []
    for name, unit in sorted(claim.placed.items()):
        if facts.standing.get(name) == "free" and unit in facts.histories:
            reason = facts.possible(name, unit)
            if reason:
                found.append(f"child {name} is placed in {unit}, which {reason}")
    return found


def _ceilings(facts: Recount, claim: Claim) -> list[str]:
    _, load = loads(facts, claim.placed)
    present = present_at(facts)
    found = []
    for unit in sorted(load):
        ceiling = max(facts.units[unit]["ceiling_room"], present[unit])
        if load[unit] > ceiling + 1e-9:
            found.append(f"unit {unit} holds {load[unit]} children; its ceiling leaves room for {ceiling:g}")
    return found


def _mainstream(facts: Recount, claim: Claim) -> list[str]:
    """Whoever is in mainstream by preference prefers it, and no unit there that other rules leave open has room."""
    _, load = loads(facts, claim.placed)
    rules = facts.settings.rules
    found = []
    for name in sorted(claim.in_mainstream):
        if facts.standing.get(name) != "free" or not facts.wishes_mainstream(name):
            found.append(f"child {name} is in mainstream by preference, but is not to be placed or does not prefer it")
            continue
        for unit in facts.open_units():
            row = facts.units[unit]
            limited = rules.site_totals.on and number(facts.sites[row["site"]]["total_places"], None) is not None
            limited |= rules.minimum_use.on and row["fewest"] is not None
            if not (limited or claim.own or facts.possible(name, unit)) and load[unit] < row["room"]:
                found.append(f"child {name} prefers mainstream and is in no unit, although {unit} has room")
    return found


def _cash(facts: Recount, claim: Claim) -> list[str]:
    found = _differences("cost", cash(facts, claim.placed), dict(claim.costs), 0.01 * max(1, len(claim.placed)))
    unknown = len(not_known(facts, claim.placed))
    if claim.not_known not in (None, unknown):
        found.append(f"journeys not known: claimed {claim.not_known}, recomputed {unknown}")
    return found


def _penalties(facts: Recount, claim: Claim) -> list[str]:
    _, load = loads(facts, claim.placed)
    overfill = sum(
        penalty * used
        for unit, count in load.items()
        for penalty, used in overfill_steps(facts, unit, max(0.0, count - facts.units[unit]["room"]))
    )
    time = sum(facts.minutes_price(name, unit) for name, unit in claim.placed.items() if unit)
    ours = {"overfill": overfill, "time": time, **penalties_of(facts, claim.placed)}
    return _differences("penalty", ours, dict(claim.penalties), 0.01)


def _rules(facts: Recount, claim: Claim, today: Recount | None) -> list[str]:
    """Every rule as it was found and missed, and kept where it has to be."""
    ours = found_of(facts, claim.placed, today)
    solved, told = facts.question != "today", dict(claim.rules or {})
    if not solved:
        ours = {key: line for key, line in ours.items() if key[0] != "preferences"}
    found = [f"rule {rule} of {what} is not told of" for rule, what in sorted(set(ours) - set(told))]
    found += [f"rule {rule} of {what} is not on" for rule, what in sorted(set(told) - set(ours))]
    slack = 0.01 * max(1, len(claim.placed))
    for (rule, what), line in sorted(ours.items()):
        if solved and line.found > line.most + 1e-9:
            found.append(f"rule {rule} of {what} is broken: found {line.found:g}, at most {line.most:g}")
        claimed = told.get((rule, what), (line.found, line.missed))
        for word, value, said in zip(("found", "missed"), (line.found, line.missed), claimed, strict=True):
            tolerance = slack if rule == "budgets" else 1e-6
            if math.isnan(value) != math.isnan(said) or abs(value - said) > tolerance:
                found.append(f"rule {rule} of {what}: claimed {word} {said:g}, recomputed {value:g}")
    return found


def _differences(what: str, ours: dict[Any, float], claimed: dict[Any, float], tolerance: float) -> list[str]:
    return [
        f"{what} {key}: claimed {claimed.get(key, 0.0):.2f}, recomputed {ours.get(key, 0.0):.2f}"
        for key in sorted({*ours, *claimed})
        if not abs(ours.get(key, 0.0) - claimed.get(key, 0.0)) <= tolerance
    ]
