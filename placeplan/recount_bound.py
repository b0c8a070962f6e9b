"""The bound that an answer's prices give, counted again by hand: an answer that meets it is the best there is.

Weak duality in the order of the objectives: a price has a part for each of them, and so have what a child adds to them
at a unit and what it adds beyond the prices of the rows that it takes; parts are compared in order.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.recount import Recount
from placeplan.recount_cash import band_widths, loads, overfill_steps
from placeplan.recount_rules import Row, equity_means, present_at

__all__ = ["bound_faults"]

Order = tuple[float, ...]
"""What is counted in each objective, compared in their order: the gap first, cost last."""

SAME: Final = 1e-7
"""Parts of an order that differ by less are the same."""


class _Objectives:
    """The objectives of an answer in their order, and prices as parts of them."""

    def __init__(self, prices: Mapping[str, Mapping[str, float]]) -> None:
        between = [name for name in prices if name == "rules"]
        between += sorted((name for name in prices if name.startswith("equity ")), key=lambda n: int(n.split()[1]))
        self.names = ("gap", "preference", *between, "cost")
        self._prices = prices
        self.nothing: Order = (0.0,) * len(self.names)

    def of(self, name: str, value: float) -> Order:
        """A value in one objective."""
        return tuple(value if one == name else 0.0 for one in self.names)

    def price(self, label: str) -> Order:
        """The price of a row; nothing where it has none."""
        return tuple(self._prices.get(name, {}).get(label, 0.0) for name in self.names)


def bound_faults(
    facts: Recount,
    placed: Mapping[str, str],
    prices: Mapping[str, Mapping[str, float]],
    rows: Sequence[Row],
    *,
    spot_purchase: bool,
) -> list[str]:
    """What is wrong with the prices as a proof of the answer, or nothing.

    ``placed`` has the children who prefer mainstream and are in no unit too, as "". ``prices``: by objective, what it
    changes with one more on the right of each row.
    """
    ordered = _Objectives(prices)
    held, load = loads(facts, placed)
    units = {*facts.open_units(), *held}
    rows = [row for row in rows if _below(ordered.price(row.label), ordered.nothing) or row.share or row.price]
    found = _signs(ordered, units, rows)
    if found:
        return found
    values, bounds, taken = [ordered.nothing], [ordered.nothing], [0.0] * len(rows)
    for name, chosen in placed.items():
        options = _options(facts, ordered, name, spot_purchase=spot_purchase) if facts.standing[name] == "free" else {}
        if set(options) - {""} or (options and not facts.wishes_mainstream(name)):
            values.append(options[chosen])
            bounds.append(_least([_reduced(ordered, rows, name, u, order) for u, order in options.items()]))
            taken = [sum_ + row.takes(name, chosen) for sum_, row in zip(taken, rows, strict=True)]
    present = present_at(facts)
    for unit in units:
        row, price = facts.units[unit], ordered.price(f"places[{unit}]")
        if math.isinf(row["room"]):
            if _below(price, ordered.nothing):
                return [f"unit {unit} has as much room as is bought, and yet a price"]
            continue
        bounds.append(_times(price, row["room"] - held[unit]))
        cash = row["fixed"] if row["inside"] else 0.0
        for penalty, width in band_widths(facts, unit, present[unit]):
            above = _plus(ordered.of("cost", cash + penalty), price, 1.0)
            bounds.append(_times(_least([ordered.nothing, above]), width))
        used = max(0.0, load[unit] - row["room"])
        values += [ordered.of("cost", (cash + p) * n) for p, n in overfill_steps(facts, unit, used)]
    for one, sum_ in zip(rows, taken, strict=True):
        bounds.append(_times(ordered.price(one.label), one.right))
        missed = max(0.0, sum_ - one.right)
        values += [ordered.of("rules", one.share * missed), ordered.of("cost", one.price * missed)]
    values += _worst_means(facts, placed, ordered)
    return _apart(ordered, values, bounds)


def _signs(ordered: _Objectives, units: set[str], rows: Sequence[Row]) -> list[str]:
    """More room and looser rules never cost, and missing a rule is never cheaper than its price says."""
    found = [
        f"the price of unit {u} is negative" for u in units if _below(ordered.nothing, ordered.price(f"places[{u}]"))
    ]
    levels: dict[str, Order] = {}
    for row in rows:
        price = ordered.price(row.label)
        if _below(ordered.nothing, price):
            found.append(f"the price of {row.label} is negative")
        stage = row.label.partition("[")[0]
        missing = _plus(ordered.of("rules", row.share), ordered.of("cost", row.price), 1.0)
        if stage in ordered.names:
            levels[stage] = _plus(levels.get(stage, ordered.nothing), price, 1.0)
            missing = ordered.of(stage, 1.0)
        elif not (row.share or row.price):
            continue
        if _below(_plus(missing, price, 1.0), ordered.nothing):
            found.append(f"missing {row.label} costs less than its price")
    for stage, total in levels.items():
        if _below(_plus(ordered.of(stage, float(stage.split()[1])), total, 1.0), ordered.nothing):
            found.append(f"the prices of {stage} come to more than its weight")
    return found


def _worst_means(facts: Recount, placed: Mapping[str, str], ordered: _Objectives) -> list[Order]:
    """The sum of the k largest means, for every k that is an objective."""
    if not any(name.startswith("equity ") for name in ordered.names):
        return []
    means = sorted((total / max(1, children) for total, children in equity_means(facts, placed).values()), reverse=True)
    return [ordered.of(f"equity {k}", math.fsum(means[:k])) for k in range(1, len(means) + 1)]


def _apart(ordered: _Objectives, values: Sequence[Order], bounds: Sequence[Order]) -> list[str]:
    """The first objective in which what the answer comes to is not what the prices prove."""
    totals = [[math.fsum(part) for part in zip(*orders, strict=True)] for orders in (values, bounds)]
    for name, ours, proven in zip(ordered.names, *totals, strict=True):
        slack = 0.02 if name == "cost" else 1e-6
        if abs(ours - proven) > slack + 1e-9 * abs(ours):
            return [f"the prices prove a {name} of no less than {proven:.2f}; the answer comes to {ours:.2f}"]
    return []


def _options(facts: Recount, ordered: _Objectives, name: str, *, spot_purchase: bool) -> dict[str, Order]:
    """What each unit that a child could be placed in adds to the objectives; "" is the gap."""
    names = [unit for unit in facts.open_units() if not facts.possible(name, unit)]
    if spot_purchase and not facts.wishes_mainstream(name):
        names.append(SPOT_PURCHASE)
    hard = facts.settings.rules.preferences.mode == "hard"
    options = {}
    for unit in names:
        against = float(hard and facts.against(name, unit))
        options[unit] = _plus(ordered.of("cost", _pounds(facts, name, unit)), ordered.of("preference", against), 1.0)
    return {**options, "": ordered.of("gap", 1.0)}


def _pounds(facts: Recount, name: str, unit: str) -> float:
    """What a child adds to cost at a unit, declared penalties included."""
    rules = facts.settings.rules
    pounds = sum(facts.fees(name, unit).values()) + facts.transport(name, unit) + facts.minutes_price(name, unit)
    pounds += facts.guidance_price(name, unit)
    if rules.preferences.mode == "priced" and facts.against(name, unit):
        pounds += rules.preferences.pounds
    if facts.may_stay(name) and unit != facts.children[name]["unit"]:
        pounds += rules.continuity.pounds
    return round(pounds - (0.0 if unit == SPOT_PURCHASE else facts.units[unit]["discount"]), 2)


def _reduced(ordered: _Objectives, rows: Sequence[Row], name: str, unit: str, order: Order) -> Order:
    """What a child adds at a unit beyond the prices of what it takes."""
    if unit not in ("", SPOT_PURCHASE):
        order = _plus(order, ordered.price(f"places[{unit}]"), -1.0)
    for row in rows:
        taken = row.takes(name, unit)
        if taken:
            order = _plus(order, ordered.price(row.label), -taken)
    return order


def _plus(one: Order, other: Order, times: float) -> Order:
    return tuple(a + times * b for a, b in zip(one, other, strict=True))


def _times(one: Order, times: float) -> Order:
    return tuple(times * a for a in one)


def _below(one: Order, other: Order) -> bool:
    """Whether the first differing part is smaller."""
    return next((a < b for a, b in zip(one, other, strict=True) if abs(a - b) > SAME), False)


def _least(orders: list[Order]) -> Order:
    least = orders[0]
    for order in orders[1:]:
        least = order if _below(order, least) else least
    return least
