"""The rules of an answer counted again from the tables for ``verify``: what each states, what was found and missed."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from placeplan.county.settings_rules import Budget
from placeplan.county.vocabulary import MAINSTREAM, SPOT_PURCHASE
from placeplan.recount import Recount, number
from placeplan.recount_cash import loads, spending

__all__ = ["Found", "Row", "equity_means", "found_of", "linear_rows", "penalties_of", "present_at"]

Takes = Callable[[str, str], float]


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer comes to under one rule.

    ``most``: the largest ``found`` that a rule which has to be kept lets be, today's placements considered; ``inf`` for
    one that may be missed.
    """

    found: float
    missed: float
    most: float = math.inf


@dataclass(frozen=True, slots=True)
class Row:
    """A linear row over the children to be placed: the sum of ``takes(child, unit)``, "" the gap, at most ``right``.

    What is above it counts by ``share`` in the objective ``rules`` or by ``price`` in cost; a row with neither is kept.
    """

    label: str
    right: float
    takes: Takes = field(repr=False)
    share: float = 0.0
    price: float = 0.0


def present_at(facts: Recount) -> dict[str, float]:
    """By unit, the children who stay there, or may where moves have a price."""
    present: dict[str, float] = defaultdict(float)
    for name, child in facts.children.items():
        if facts.standing[name] == "stays" or facts.may_stay(name):
            present[child["unit"]] += 1.0
    return present


def found_of(facts: Recount, placed: Mapping[str, str], today: Recount | None) -> dict[tuple[str, str], Found]:
    """Every rule that is on, by rule and what it is about, for the units that children are in.

    ``today``: the same county as placed today, where there are budgets. Children who prefer mainstream and are in no
    unit are not among ``placed``.
    """
    return dict(
        [
            *_wishes(facts, placed),
            *_moves(facts, placed),
            *_journeys(facts, placed),
            *_crowding(facts, placed),
            *_together(facts, placed),
            *_small_units(facts, placed),
            *_localities(facts, placed),
            *_funds(facts, placed, today),
        ]
    )


Line = tuple[tuple[str, str], Found]


def _wishes(facts: Recount, placed: Mapping[str, str]) -> Iterator[Line]:
    if facts.question != "september" or facts.settings.rules.preferences.mode == "off":
        return
    met = missed = 0
    for name, standing in facts.standing.items():
        wish = facts.wish(name)
        if standing == "free" and wish:
            unit = placed.get(name)
            kind = "mainstream_support" if unit is None else facts.units.get(unit, {}).get("kind")
            kept = unit == wish or (wish == MAINSTREAM and kind == "mainstream_support")
            met, missed = met + kept, missed + (not kept)
    yield ("preferences", "county"), Found(met, missed)


def _moves(facts: Recount, placed: Mapping[str, str]) -> Iterator[Line]:
    if facts.question == "september":
        moved = sum(
            facts.could_stay(facts.children[name]) and unit != facts.children[name]["unit"]
            for name, unit in placed.items()
        )
        yield ("continuity", "county"), Found(float(moved), 0.0)


def _is_new(facts: Recount, name: str, unit: str) -> bool:
    at_home = facts.could_stay(facts.children[name]) and unit == facts.children[name]["unit"]
    return facts.standing[name] == "free" and not at_home


def _journeys(facts: Recount, placed: Mapping[str, str]) -> Iterator[Line]:
    mode = facts.settings.rules.guidance.mode
    if mode == "report":
        return
    beyond: dict[str, int] = {}
    for name, unit in placed.items():
        if unit and _is_new(facts, name, unit) and not (mode == "limit" and unit == SPOT_PURCHASE):
            phase = facts.phase(facts.children[name])
            beyond[phase] = beyond.get(phase, 0) + (facts.beyond(name, unit) > 0)
    for phase, count in beyond.items():
        limited = mode == "limit"
        yield ("guidance", phase), Found(count, count if limited else math.nan, 0.0 if limited else math.inf)


def _crowding(facts: Recount, placed: Mapping[str, str]) -> Iterator[Line]:
    if facts.settings.rules.overfill.allowed:
        return
    _, load = loads(facts, placed)
    present = present_at(facts)
    for unit, row in facts.units.items():
        if row["inside"] and math.isfinite(row["room"]) and (row["open"] or load[unit]):
            missed = max(0.0, load[unit] - row["room"])
            yield ("overfill", unit), Found(load[unit], missed, max(row["room"], present[unit]))


def _site_limits(facts: Recount, load: Mapping[str, int]) -> Iterator[tuple[str, str, float, float, list[str]]]:
    """Rule, site, most children with plans, those who are not placed here, and the units."""
    rules = facts.settings.rules
    used = [unit for unit, row in facts.units.items() if row["open"] or load.get(unit)]
    for site, about in sorted(facts.sites.items()):
        here = [unit for unit in used if facts.units[unit]["site"] == site]
        ers = [unit for unit in here if facts.units[unit]["kind"] == "ers"]
        roll, total = number(about["host_roll"], None), number(about["total_places"], None)
        if rules.host_share.share is not None and roll is not None and ers:
            others = number(about["host_plans"], 0.0) + sum(facts.units[unit]["others"] for unit in ers)
            yield "host_share", site, float(math.floor(rules.host_share.share * roll + 1e-9)), others, ers
        if rules.site_totals.on and total is not None and here:
            yield "site_totals", site, total, sum(facts.units[unit]["others"] for unit in here), here


def _together(facts: Recount, placed: Mapping[str, str]) -> Iterator[Line]:
    _, load = loads(facts, placed)
    present = present_at(facts)
    for rule, site, stated, others, units in _site_limits(facts, load):
        found = others + sum(load[unit] for unit in units)
        most = max(stated, others + sum(present[unit] for unit in units))
        yield (rule, site), Found(found, max(0.0, found - stated), most)


def _small_units(facts: Recount, placed: Mapping[str, str]) -> Iterator[Line]:
    rules = facts.settings.rules
    if not rules.minimum_use.on or facts.question == "today":
        return
    _, load = loads(facts, placed)
    present = present_at(facts)
    new: dict[str, int] = defaultdict(int)
    for name, unit in placed.items():
        new[unit] += _is_new(facts, name, unit)
    for unit, row in facts.units.items():
        counted = row["fewest"] is not None and math.isfinite(row["room"]) and (row["open"] or load[unit])
        if counted and not (rules.continuity.mode == "priced" and present[unit] > 0):
            needed = max(0.0, row["fewest"] - row["others"])
            missed = max(0.0, needed - load[unit]) if new[unit] else 0.0
            found = load[unit] + row["others"]
            yield ("minimum_use", unit), Found(found, missed, math.inf if missed == 0 else -1.0)


def _counts(facts: Recount, name: str, unit: str) -> float:
    """What a child counts in its locality's mean; without a known journey as without a place: beyond guidance."""
    child = facts.children[name]
    share = facts.settings.rules.equity.measure == "beyond_guidance"
    if unit == "":
        if share:
            return 1.0
        near = [facts.journey(child, u) for u in facts.open_units() if not facts.possible(name, u)]
        minutes = [journey[0] for journey in near if journey is not None] if facts.standing[name] == "free" else []
        return max(facts.settings.guidance_minutes[facts.phase(child)], min(minutes, default=0.0))
    journey = (facts.spot(child).minutes,) if unit == SPOT_PURCHASE else facts.journey(child, unit)
    if journey is None:
        return 1.0 if share else float(facts.settings.guidance_minutes[facts.phase(child)])
    return float(facts.beyond(name, unit) > 0) if share else float(journey[0])


def _left_out(facts: Recount, name: str) -> bool:
    """Whether a child is in no locality's mean: one to be placed who prefers mainstream."""
    return facts.standing[name] == "free" and facts.wishes_mainstream(name)


def equity_means(facts: Recount, placed: Mapping[str, str]) -> dict[str, tuple[float, int]]:
    """By locality, what its children count in all, and how many they are."""
    means: dict[str, tuple[float, int]] = dict.fromkeys(facts.localities, (0.0, 0))
    for name, unit in placed.items():
        if not _left_out(facts, name):
            total, children = means[facts.locality_of(name)]
            means[facts.locality_of(name)] = (total + _counts(facts, name, unit), children + 1)
    return means


def _localities(facts: Recount, placed: Mapping[str, str]) -> Iterator[Line]:
    rule = facts.settings.rules.equity
    if rule.mode == "off":
        return
    for locality, (total, children) in equity_means(facts, placed).items():
        mean = total / max(1, children)
        missed = math.nan if rule.mode == "minimax" else max(0.0, mean - (rule.most or 0.0))
        yield ("equity", locality), Found(mean, missed)


def _shares(facts: Recount) -> Iterator[tuple[Budget, float, float]]:
    """The budgets of this question: today's share of the financial year and the answer's."""
    for budget in facts.settings.rules.budgets:
        years = budget.financial_year - facts.settings.year
        if years in (1, 2):
            split = years == 1 and facts.question == "september"
            yield budget, 5 / 12 if split else 0.0, 7 / 12 if split else 1.0


def _charge(facts: Recount, budget: Budget, name: str) -> float:
    if budget.gap_pounds is not None:
        return budget.gap_pounds
    return float(round(facts.spot(facts.children[name]).pounds, 2)) if budget.fund == "high_needs" else 0.0


def _spent_today(today: Recount | None) -> dict[str, float]:
    if today is None:
        return {}
    return spending(
        today, {name: child["unit"] for name, child in today.children.items() if today.standing[name] == "stays"}
    )


def _funds(facts: Recount, placed: Mapping[str, str], today: Recount | None) -> Iterator[Line]:
    spent, before_now = spending(facts, placed), _spent_today(today)
    for budget, before, after in _shares(facts):
        gap = [name for name, unit in placed.items() if not unit and facts.question != "today"]
        charge = sum(_charge(facts, budget, name) for name in gap)
        found = before * before_now.get(budget.fund, 0.0) + after * (spent.get(budget.fund, 0.0) + charge)
        name = f"{budget.fund} {budget.financial_year}"
        yield ("budgets", name), Found(found, max(0.0, found - budget.pounds))


def penalties_of(facts: Recount, placed: Mapping[str, str]) -> dict[str, float]:
    """The declared penalties of the rules that have a price."""
    rules = facts.settings.rules
    penalties: dict[str, float] = {}
    some = [(name, unit) for name, unit in placed.items() if unit]
    if rules.guidance.mode == "price":
        penalties["guidance"] = sum(facts.guidance_price(name, unit) for name, unit in some)
    if rules.preferences.mode == "priced":
        penalties["preferences"] = rules.preferences.pounds * sum(facts.against(name, unit) for name, unit in some)
    if rules.continuity.mode == "priced":
        moved = sum(facts.may_stay(name) and unit != facts.children[name]["unit"] for name, unit in some)
        penalties["continuity"] = rules.continuity.pounds * moved
    if rules.equity.mode == "price":
        above = [
            max(0.0, total / max(1, children) - (rules.equity.most or 0.0)) * children
            for total, children in equity_means(facts, placed).values()
        ]
        penalties["equity"] = rules.equity.pounds * sum(above)
    return penalties


def linear_rows(facts: Recount, placed: Mapping[str, str]) -> list[Row]:
    """Every rule over several children as a linear row over those to be placed, for the bound of its price.

    Budgets are not among them: what is above one counts by its share, of which a child is too small a part.
    """
    return [*_continuity_row(facts), *_site_rows(facts, placed), *_equity_rows(facts, placed)]


def _continuity_row(facts: Recount) -> Iterator[Row]:
    yield Row("continuity", 0.0, lambda name, unit: float(unit == "" and facts.may_stay(name)))


def _site_rows(facts: Recount, placed: Mapping[str, str]) -> Iterator[Row]:
    held, load = loads(facts, placed)
    present = present_at(facts)
    for rule, site, stated, others, units in _site_limits(facts, load):
        most = max(stated - others, sum(present[unit] for unit in units))
        inside = frozenset(units)
        label = f"host[{site}]" if rule == "host_share" else f"site[{site}]"

        def takes(_: str, unit: str, inside: frozenset[str] = inside) -> float:
            return float(unit in inside)

        yield Row(label, most - sum(held[unit] for unit in units), takes)


def _equity_rows(facts: Recount, placed: Mapping[str, str]) -> Iterator[Row]:
    rule = facts.settings.rules.equity
    if rule.mode == "off":
        return
    means = equity_means(facts, placed)
    staying = equity_means(facts, {n: u for n, u in placed.items() if facts.standing[n] == "stays"})
    for locality, (_, children) in means.items():
        divisor = max(1, children)

        def takes(name: str, unit: str, locality: str = locality, divisor: int = divisor) -> float:
            if facts.locality_of(name) != locality or _left_out(facts, name):
                return 0.0
            return _counts(facts, name, unit) / divisor

        most = 0.0 if rule.mode == "minimax" else (rule.most or 0.0)
        right = most - staying[locality][0] / divisor
        if rule.mode == "minimax":
            for k in range(1, len(means) + 1):
                yield Row(f"equity {k}[{locality}]", right, takes)
        elif rule.mode == "price":
            yield Row(f"equity[{locality}]", right, takes, price=rule.pounds * children)
        else:
            yield Row(f"equity[{locality}]", right, takes, share=1.0 / max(1.0, abs(right)))
