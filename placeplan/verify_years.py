"""An answer over years checked again from the tables, by ``recount_years`` and without the model's code.

What is checked: every child of every group in every year; every stay suits, is open and is as long as it has to be;
places and ceilings in every year; every cost line and fund of every year; the penalties; and the bound that the prices
of unit-years give, by recursion from the last year back.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from placeplan.county.vocabulary import COMMISSIONED_KINDS, SPOT_PURCHASE
from placeplan.recount import truth
from placeplan.recount_cash import band_widths, line_of
from placeplan.recount_years import Group, YearsRecount
from placeplan.verify import Verification

__all__ = ["YearsClaim", "verify_years"]

CLOSE: Final = 1e-6
"""Children that differ by less are the same, by the rounding of a solver; also relative, of a whole objective."""

CHECKS: Final = (
    "every child of every group is counted in every year, and comes from the forecast",
    "every stay suits the plan, the need and the year group, is open and can be reached in each of its years",
    "no unit holds more than its ceiling in any year, but for children already there",
    "cash by year, line and fund",
    "declared penalties by year",
    "the bound from the prices of places in every year",
)

Order = tuple[float, float]
"""Child-years in the gap, then discounted pounds."""

Present = Mapping[tuple[int, str, str], float]
"""Children by year, name of those alike (or of a survivor) and unit; "" is the gap."""

Load = Mapping[tuple[int, str], float]
Worth = Mapping[tuple[int, str], Order]
"""By year and unit."""


@dataclass(frozen=True, slots=True)
class YearsClaim:
    """What an answer over years says of itself.

    ``groups``: by label, whom it is of and how many enter. ``flows``: label, first and last year, unit, children who
    begin. ``gap``: children by label and year. ``counts``: children, gap and spot_purchase by year and name. ``costs``:
    pounds of the year by (year, line, fund); ``penalties``: by (year, name). ``objective``: discounted pounds of those
    placed. ``prices``: by objective, of each row ``places[unit,year]``; None where no proof is claimed.
    """

    groups: Mapping[str, tuple[Group, float]] = field(repr=False)
    flows: Sequence[tuple[str, int, int, str, float]] = field(repr=False)
    gap: Mapping[tuple[str, int], float] = field(repr=False)
    counts: Mapping[tuple[int, str], float]
    costs: Mapping[tuple[int, str, str], float] = field(repr=False)
    penalties: Mapping[tuple[int, str], float]
    objective: float
    prices: Mapping[str, Mapping[str, float]] | None = field(default=None, repr=False)


def verify_years(facts: YearsRecount, claim: YearsClaim) -> Verification:
    """Recompute an answer over years and compare it with what it claims. Never raises for a wrong answer."""
    found = [*_who(facts, claim), *_stays(facts, claim)]
    present = {} if found else _present(facts, claim)
    load = _loads(present)
    if not found:
        found = [*_conserved(facts, claim), *_ceilings(facts, load)]
    if not found:
        found = [
            *_counts(present, claim),
            *_cash(facts, claim, present, load),
            *_penalties(facts, claim, present, load),
        ]
    checks: tuple[str, ...] = CHECKS[:-1]
    if claim.prices is not None:
        checks = CHECKS
        if not found:
            found = _bound(facts, claim, claim.prices, load)
    return Verification(tuple(found), checks)


def _who(facts: YearsRecount, claim: YearsClaim) -> list[str]:
    claimed: dict[Group, float] = defaultdict(float)
    for group, children in claim.groups.values():
        claimed[group] += children
    found = [
        f"group {_named(group)}: {claimed.get(group, 0.0):g} are counted, {facts.groups.get(group, 0.0):g} enter"
        for group in sorted({*claimed, *facts.groups})
        if abs(claimed.get(group, 0.0) - facts.groups.get(group, 0.0)) > CLOSE
    ]
    for year, there in facts.survivors.items():
        for name, unit, _ in there:
            row = facts.of[year].units.get(unit)
            year_group = facts.of[year].year_group(facts.of[year].children[name])
            if row is None or not row["open"] or not row["from_year_group"] <= year_group <= row["to_year_group"]:
                found.append(f"{year}: a survivor is in {unit}, which is not open to year group {year_group}")
    return found


def _named(group: Group) -> str:
    return f"of {group[0]} in {group[1]}, {group[2]}, year group {group[3]}, {group[4]}"


def _stays(facts: YearsRecount, claim: YearsClaim) -> list[str]:
    found = [
        f"gap of {label} in {year}: {children:g} children, of no group, of another year or less than none"
        for (label, year), children in claim.gap.items()
        if label not in claim.groups or not claim.groups[label][0][0] <= year <= facts.years[-1] or children < -CLOSE
    ]
    for label, first, last, unit, children in claim.flows:
        if label not in claim.groups or children < -CLOSE:
            found.append(f"stay of {label} in {unit}: {children:g} children, of no group or less than none")
            continue
        group, _ = claim.groups[label]
        if (
            group not in facts.groups
            or not group[0] <= first <= last <= facts.years[-1]
            or facts.left(group, first) <= 0
        ):
            found.append(f"stay of {label} in {unit}: {first} to {last} are not years of the group")
            continue
        wrong = [year for year in range(first, last + 1) if unit not in facts.options(facts.who(group, year), year)]
        if wrong:
            found.append(f"group {_named(group)} is placed in {unit}, which is not possible in {wrong[0]}")
        elif last != facts.last_year(group, unit, first):
            found.append(f"group {_named(group)} leaves {unit} after {last}, not {facts.last_year(group, unit, first)}")
    return found


def _conserved(facts: YearsRecount, claim: YearsClaim) -> list[str]:
    """Who begins a stay or waits is who enters, comes out of a stay, or waited, less those who left."""
    comes: dict[tuple[str, int], float] = defaultdict(float)
    goes: dict[tuple[str, int], float] = defaultdict(float)
    for label, (group, children) in claim.groups.items():
        comes[label, group[0]] += children
    waits = [(label, year, year, children) for (label, year), children in claim.gap.items()]
    for label, first, last, children in [*((g, f, t, n) for g, f, t, _, n in claim.flows), *waits]:
        group = claim.groups[label][0]
        goes[label, first] += children
        if last < facts.years[-1]:
            comes[label, last + 1] += children * facts.left(group, last + 1) / facts.left(group, first)
    found = []
    for label, year in sorted({*comes, *goes}):
        there, placed = comes.get((label, year), 0.0), goes.get((label, year), 0.0)
        if abs(placed - there) > 10 * CLOSE:
            found.append(f"{label} in {year}: {placed:.6f} are placed or wait, of {there:.6f}")
    return found


def _present(facts: YearsRecount, claim: YearsClaim) -> Present:
    present: dict[tuple[int, str, str], float] = defaultdict(float)
    for year, there in facts.survivors.items():
        for name, unit, children in there:
            present[year, name, unit] += children
    for label, first, last, unit, children in claim.flows:
        group = claim.groups[label][0]
        for year in range(first, last + 1):
            some = children * facts.left(group, year) / facts.left(group, first)
            present[year, facts.who(group, year), unit] += some
    for (label, year), children in claim.gap.items():
        present[year, facts.who(claim.groups[label][0], year), ""] += children
    return present


def _loads(present: Present) -> Load:
    load: dict[tuple[int, str], float] = defaultdict(float)
    for (year, _, unit), children in present.items():
        load[year, unit] += children
    return load


def _ceilings(facts: YearsRecount, load: Load) -> list[str]:
    found = []
    for (year, unit), children in sorted(load.items()):
        if unit in facts.of[year].units:
            row = facts.of[year].units[unit]
            top = max(
                row["ceiling_room"] if facts.settings.rules.overfill.allowed else row["room"], facts.held[year, unit]
            )
            if children > top + 1e-4:
                found.append(f"{year}: unit {unit} holds {children:.3f} children; its ceiling leaves room for {top:g}")
    return found


def _counts(present: Present, claim: YearsClaim) -> list[str]:
    ours: dict[Any, float] = defaultdict(float)
    for (year, _, unit), children in present.items():
        ours[year, "children"] += children
        ours[year, "gap"] += children * (unit == "")
        ours[year, "spot_purchase"] += children * (unit == SPOT_PURCHASE)
    return _differences("count", dict(ours), dict(claim.counts), 1e-4)


def _cash(facts: YearsRecount, claim: YearsClaim, present: Present, load: Load) -> list[str]:
    costs: dict[tuple[int, str, str], float] = defaultdict(float)
    for (year, name, unit), children in present.items():
        if unit:
            here = facts.of[year]
            bought = unit == SPOT_PURCHASE
            kind, inside = (
                ("independent_special", False) if bought else (here.units[unit]["kind"], here.units[unit]["inside"])
            )
            line = line_of(kind, inside=inside, boards=here.boards(name, unit))
            for fund, pounds in here.fees(name, unit).items():
                costs[year, line, fund] += pounds * children
            costs[year, "transport", "general"] += here.transport(name, unit) * children
    for year in facts.years:
        for unit, row in facts.of[year].units.items():
            if not row["open"]:
                continue
            over = max(0.0, load.get((year, unit), 0.0) - row["room"]) if row["inside"] else 0.0
            places = 0.0 if row["stated"] is None else row["stated"] if row["inside"] else row["room"]
            filled = load.get((year, unit), 0.0) - over + (row["others"] if row["inside"] else 0.0)
            line = line_of(row["kind"], inside=row["inside"], boards=truth(row["residential"]))
            if row["inside"] and row["kind"] in COMMISSIONED_KINDS:
                line = "in_county_places"
            costs[year, line, "high_needs"] += row["fixed"] * places - row["discount"] * filled
            costs[year, "overfill", "high_needs"] += (row["fixed"] - row["discount"]) * over
    return _differences("cost", dict(costs), dict(claim.costs), 0.05)


def _penalties(facts: YearsRecount, claim: YearsClaim, present: Present, load: Load) -> list[str]:
    ours: dict[Any, float] = defaultdict(float)
    for (year, name, unit), children in present.items():
        if unit:
            ours[year, "time"] += facts.of[year].minutes_price(name, unit) * children
            ours[year, "guidance"] += facts.of[year].guidance_price(name, unit) * children
    for (year, unit), children in load.items():
        for _, penalty, used in _overfilled(facts, unit, year, children):
            ours[year, "overfill"] += penalty * used
    return _differences("penalty", dict(ours), dict(claim.penalties), 0.05)


def _bands(facts: YearsRecount, unit: str, year: int) -> list[tuple[float, float, float]]:
    """Cash, penalty and width of each band above places."""
    row = facts.of[year].units[unit]
    cash = row["fixed"] if row["inside"] else 0.0
    widths = band_widths(facts.of[year], unit, facts.held[year, unit])
    return [(cash, penalty, width) for penalty, width in widths]


def _overfilled(facts: YearsRecount, unit: str, year: int, children: float) -> list[tuple[float, float, float]]:
    """Cash, penalty and children in each band that so many children use."""
    if unit not in facts.of[year].units or math.isinf(facts.of[year].units[unit]["room"]):
        return []
    used, left = [], max(0.0, children - facts.of[year].units[unit]["room"])
    for cash, penalty, width in _bands(facts, unit, year):
        used.append((cash, penalty, min(left, width)))
        left -= min(left, width)
    return used


def _differences(what: str, ours: dict[Any, float], claimed: dict[Any, float], tolerance: float) -> list[str]:
    return [
        f"{what} {key}: claimed {claimed.get(key, 0.0):.2f}, recomputed {ours.get(key, 0.0):.2f}"
        for key in sorted({*ours, *claimed})
        if not abs(ours.get(key, 0.0) - claimed.get(key, 0.0)) <= tolerance
    ]


def _objective(facts: YearsRecount, claim: YearsClaim, load: Load) -> Order:
    """What the answer comes to: child-years in the gap, and discounted pounds of those placed and of overfill."""
    pounds = []
    for label, first, last, unit, children in claim.flows:
        group = claim.groups[label][0]
        for year in range(first, last + 1):
            left = facts.left(group, year) / facts.left(group, first)
            pounds.append(facts.options(facts.who(group, year), year)[unit] * children * left * facts.discount(year))
    for (year, unit), children in load.items():
        for cash, penalty, used in _overfilled(facts, unit, year, children):
            pounds.append((cash + penalty) * used * facts.discount(year))
    return math.fsum(claim.gap.values()), math.fsum(pounds)


def _bound(facts: YearsRecount, claim: YearsClaim, prices: Mapping[str, Mapping[str, float]], load: Load) -> list[str]:
    """Weak duality by hand: an answer that meets the bound of its prices is the best there is."""
    worth = {
        (year, unit): (
            prices.get("gap", {}).get(f"places[{unit},{year}]", 0.0),
            prices.get("cost", {}).get(f"places[{unit},{year}]", 0.0),
        )
        for year in facts.years
        for unit, row in facts.of[year].units.items()
        if row["open"]
    }
    found = _wrong_prices(facts, worth)
    if found:
        return found
    bounds = _of_places(facts, worth)
    for group, children in facts.groups.items():
        best = _best(facts, group, worth)
        bounds.append((best[0] * children, best[1] * children))
    gap, pounds = _objective(facts, claim, load)
    least = math.fsum(one[0] for one in bounds), math.fsum(one[1] for one in bounds)
    if abs(gap - least[0]) > CLOSE * max(1.0, 100.0 * abs(gap)):
        return [f"the prices prove {least[0]:.4f} child-years in the gap; the answer leaves {gap:.4f}"]
    for what, ours in (("comes to", pounds), ("claims", claim.objective)):
        if abs(ours - least[1]) > 0.05 + CLOSE * abs(pounds):
            return [f"the prices prove a cost of no less than {least[1]:.2f}; the answer {what} {ours:.2f}"]
    return []


def _wrong_prices(facts: YearsRecount, worth: Worth) -> list[str]:
    found = []
    for (year, unit), price in worth.items():
        if price > (CLOSE, CLOSE):
            found.append(f"the price of {unit} in {year} is negative")
        elif price < (-CLOSE, -CLOSE) and math.isinf(facts.of[year].units[unit]["room"]):
            found.append(f"{unit} has as much room as is bought, and yet a price in {year}")
    return found


def _of_places(facts: YearsRecount, worth: Worth) -> list[Order]:
    """What places and bands of every unit and year add to the bound at their prices."""
    bounds: list[Order] = []
    for (year, unit), (gap, pounds) in worth.items():
        room = facts.of[year].units[unit]["room"]
        if math.isinf(room):
            continue
        more = room - facts.held[year, unit]
        bounds.append((gap * more, pounds * more))
        for cash, penalty, width in _bands(facts, unit, year):
            price = (gap, pounds + (cash + penalty) * facts.discount(year))
            if price < (0.0, 0.0):
                bounds.append((price[0] * width, price[1] * width))
    return bounds


def _best(facts: YearsRecount, group: Group, worth: Worth) -> Order:
    """The least that a child of a group can cost at the prices, by what is best in each year from the last one back."""
    after: Order = (0.0, 0.0)
    staying: dict[str, Order] = {}
    for year in reversed(range(group[0], facts.years[-1] + 1)):
        here = facts.left(group, year)
        if here <= 0:
            continue
        later = facts.left(group, year + 1) / here if year < facts.years[-1] else 0.0
        now: dict[str, Order] = {}
        for unit, pounds in facts.options(facts.who(group, year), year).items():
            gap, price = worth.get((year, unit), (0.0, 0.0))
            onward = after if unit == SPOT_PURCHASE else staying.get(unit, after)
            now[unit] = -gap + later * onward[0], pounds * facts.discount(year) - price + later * onward[1]
        after = min([*now.values(), (1.0 + later * after[0], later * after[1])], key=_rounded)
        staying = now
    return after


def _rounded(order: Order) -> Order:
    """An order in which differences of rounding decide nothing."""
    return round(order[0], 7), order[1]
