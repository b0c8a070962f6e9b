"""Why an answer is as it is, each figure solved again: places more or fewer, the runner-up, what would meet the gap."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .allocate import allocate
from .changes import with_places
from .constraints import Rule, added_places, linear_rule, may_be_missed
from .placement import Placement, PlacementProblem, up_to_ceiling
from .pricing import costs_elsewhere
from .program import DEFAULT_SOLVER, OutOfTimeError

__all__ = [
    "STEPS",
    "Allocate",
    "difference",
    "least_places",
    "least_relaxations",
    "options_of",
    "runner_ups",
    "worth_of_places",
]

STEPS: Final = (1, 8, 24)
"""Places more and fewer that are solved again: one, a base, three classes of a special school."""

Floats = NDArray[np.float64]

Allocate = Callable[[PlacementProblem, Sequence[Rule], Placement], Placement]
"""Answer a problem under more rules than its own, beginning from another answer."""


def difference(before: Placement, after: Placement) -> dict[str, float]:
    """What ``after`` saves: pounds (with declared penalties), children placed, preferences met, rules missed less."""
    now, then = (answer.proof.values.reindex(["preference", "rules"]).fillna(0.0) for answer in (before, after))
    return {
        "pounds": round(before.proof.objective - after.proof.objective, 2) + 0.0,
        "children": round(before.proof.gap_children - after.proof.gap_children, 6) + 0.0,
        "preferences": round(float(now["preference"] - then["preference"]), 6) + 0.0,
        "rules": round(float(now["rules"] - then["rules"]), 6) + 0.0,
    }


def worth_of_places(
    problem: PlacementProblem,
    placement: Placement,
    allocated: Allocate,
    *,
    units: Iterable[str] | None = None,
    steps: Iterable[int] = STEPS,
    most: pd.Series | None = None,
) -> tuple[pd.DataFrame, dict[tuple[str, int], Placement]]:
    """What more places at a unit would save and fewer would cost, each solved again; and those answers.

    A row for each unit with counted places (those of ``units``) and each of ``steps`` more and fewer: unit, places
    (negative for fewer), pounds, children, preferences, rules (see ``difference``; negative for what fewer places
    cost). Numbers are missing where the unit has not so many places that nobody stays in, where rules that have to be
    kept could not be with so few, and above the ``most`` that may be added at the unit.
    """
    counted = problem.units.index[np.isfinite(problem.units["places"])]
    chosen = counted if units is None else [unit for unit in units if unit in counted]
    rows: list[dict[str, object]] = []
    answers: dict[tuple[str, int], Placement] = {}
    signed = [sign * step for sign in (1, -1) for step in steps]
    for unit in chosen:
        for places in signed:
            answer = None
            if most is None or places <= most[unit]:
                answer = _with_places(problem, unit, places, lambda changed: allocated(changed, (), placement))
            if answer is None:
                rows.append({"unit": unit, "places": places})
                continue
            answers[unit, places] = answer
            rows.append({"unit": unit, "places": places, **difference(placement, answers[unit, places])})
    columns = ["unit", "places", "pounds", "children", "preferences", "rules"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], float)), answers


def _with_places(
    problem: PlacementProblem, unit: str, places: int, allocated: Callable[[PlacementProblem], Placement]
) -> Placement | None:
    """The answer with more or fewer places; None where those who stay, or the rules, could not be with so few."""
    try:
        return allocated(with_places(problem, pd.Series({unit: float(places)})))
    except OutOfTimeError:
        raise
    except ValueError:
        return None


def options_of(
    problem: PlacementProblem, placement: Placement, allocated: Allocate, group: str, *, most: int = 3
) -> pd.DataFrame:
    """The units that a group could go to, and what each would cost in itself and to all.

    A row a unit, the one it is offered first, then the others by what they cost to all at the prices of places: unit,
    children (of the group, there now), has_room (whether anybody new could be there), cost and minutes (a child),
    against_preference, place (pounds a child that the place is worth to others, at the prices; missing without room),
    all_pounds, all_children, all_preferences: what sending the whole group there would cost everybody together, solved
    again for the offered unit and the ``most`` nearest others with room.
    Raises ``KeyError`` where there is no such group.
    """
    here = np.flatnonzero(problem.at_group == problem.groups.index.get_loc(group))
    pairs = problem.pairs.iloc[here].set_index("unit")[["cost", "minutes", "against_preference"]]
    prices = placement.proof.prices
    worth = -prices["cost"] if "cost" in prices else pd.Series(dtype=float)
    pairs["has_room"] = _takes_anybody(problem).reindex(pairs.index).to_numpy()
    place = worth.reindex([f"places[{unit}]" for unit in pairs.index]).fillna(0.0)
    pairs["place"] = place.where(pairs["has_room"].to_numpy()).to_numpy()
    there = placement.flows[placement.flows["group"] == group].set_index("unit")["children"]
    pairs.insert(0, "children", there.reindex(pairs.index).fillna(0.0))
    pairs["at_prices"] = pairs["cost"] + pairs["place"]
    order = pairs.assign(now=-pairs["children"]).reset_index()
    order = order.sort_values(
        ["now", "has_room", "against_preference", "at_prices", "unit"], ascending=[True, False, True, True, True]
    ).reset_index(drop=True)
    children = float(problem.groups["children"].loc[group])
    solved = min(int(order["has_room"].sum()), max(1, int((order["children"] > 0).sum())) + most)
    found: list[dict[str, float]] = []
    for unit in order["unit"][:solved]:
        only = np.zeros(len(problem.pairs))
        only[here[problem.pairs["unit"].to_numpy()[here] == unit]] = 1.0
        forced = linear_rule(
            "this group there", pairs=only, gap=np.zeros(len(problem.groups)), sense=">=", right=children
        )
        try:
            saved = difference(placement, allocated(problem, (forced,), placement))
        except ValueError:
            found.append({})
            continue
        found.append({f"all_{name}": -saved[name] + 0.0 for name in ("pounds", "children", "preferences")})
    costs = pd.DataFrame(found, columns=["all_pounds", "all_children", "all_preferences"], dtype=float)
    return pd.concat(
        [
            order.drop(columns=["now", "at_prices"])[
                ["unit", "children", "has_room", "cost", "minutes", "against_preference", "place"]
            ],
            costs,
        ],
        axis=1,
    )


def runner_ups(problem: PlacementProblem, placement: Placement, rules: Sequence[Rule] = ()) -> pd.DataFrame:
    """What each placed group is offered, and the next best unit for everybody together.

    A row a group and unit: group, unit, runner_up (missing where no other could take anybody), decided_by (the first
    objective in which the runner-up is worse: ``gap``, ``preference``, a rule's, ``cost``, ``minutes``; "" where it is
    as good, or where the answer was searched for and has no prices), extra (pounds that a child there would cost
    everybody together; missing where something before cost decides). ``rules``: those of the answer. Under rules over
    several children ``extra`` is at least so much, by the prices of the answer; without any it is exact. Without prices
    the runner-up is the cheapest in itself, preferred units first.
    """
    groups = np.array(problem.pairs["group"].to_numpy(), dtype=object)
    units = np.array(problem.pairs["unit"].to_numpy(), dtype=object)
    values = _reduced(problem, placement, rules) if rules or not placement.proof.by_prices else None
    if values is None:
        elsewhere = costs_elsewhere(problem, placement)
        values = {str(name): elsewhere[name].to_numpy(float) for name in elsewhere}
        values["minutes"] = problem.pairs["minutes"].to_numpy(float).round(1)
    flows = placement.flows
    offered = problem.pair_places(flows["group"], flows["unit"])
    first = pd.Series(offered, index=problem.at_group[offered]).groupby(level=0).first()
    beside = first.reindex(problem.at_group).to_numpy()
    others = _takes_anybody(problem).to_numpy(bool)[problem.at_unit] & ~np.isnan(beside)
    others[offered] = False
    others &= ~np.isnan(values["cost"])
    at = np.flatnonzero(others)
    worse = {name: _apart(value[at], value[beside[at].astype(int)]) for name, value in values.items()}
    order = at[np.lexsort([units[at].astype(str), *[*worse.values()][::-1], problem.at_group[at]])]
    table = pd.DataFrame({name: pd.Series(part, index=at) for name, part in worse.items()}).reindex(order)
    table = table.groupby(groups[order], sort=False).head(1)
    second = pd.DataFrame(
        {"runner_up": units[table.index], "decided_by": "", "extra": np.nan}, index=groups[table.index]
    )
    if placement.proof.by_prices:
        decides = (table != 0.0).to_numpy()
        names = np.array([*worse, ""], dtype=object)
        at_name = np.where(decides.any(axis=1), decides.argmax(axis=1), len(worse))
        before = at_name < list(worse).index("cost")
        second = second.assign(decided_by=names[at_name], extra=np.where(before, np.nan, table["cost"].round(2)))
    found = flows[["group", "unit"]].join(second, on="group")
    return found.assign(decided_by=found["decided_by"].fillna("")).reset_index(drop=True)


def _apart(values: Floats, others: Floats) -> Floats:
    """By how much values are above others, nought where that is a solver's rounding."""
    above = values - others
    largest = max(float(np.abs(values).max(initial=0.0)), float(np.abs(others).max(initial=0.0)), 1.0)
    return np.where(np.abs(above) > 1e-7 * largest, above, 0.0)


def _takes_anybody(problem: PlacementProblem) -> pd.Series:
    """By unit, whether anybody new could be there."""
    return up_to_ceiling(problem.units, problem.bands) - problem.units["held"] > 1e-9


def _reduced(problem: PlacementProblem, placement: Placement, rules: Sequence[Rule]) -> dict[str, Floats]:
    """By objective in its order, what a child on each pair costs with the prices of what it takes."""
    pairs = problem.pairs
    plain = {
        "preference": pairs["against_preference"].to_numpy(float),
        "cost": pairs["cost"].to_numpy(float).round(2),
        "minutes": pairs["minutes"].to_numpy(float).round(1),
    }
    prices = placement.proof.prices
    if not placement.proof.by_prices:
        return plain
    places = pd.Index([f"places[{unit}]" for unit in problem.units.index], dtype=object)
    found = {}
    stages = [name for name in prices.columns if name != "tie"]
    for name in [*stages, *(name for name in ("cost", "minutes") if name not in stages)]:
        value = plain.get(name, np.zeros(len(pairs))).copy()
        if name in prices:
            value -= prices[name].reindex(places).fillna(0.0).to_numpy(float)[problem.at_unit]
            for rule in rules:
                value -= rule.pairs @ prices[name].reindex(rule.rows.index).fillna(0.0).to_numpy(float)
        found[name] = value
    return found


def least_places(
    problem: PlacementProblem,
    *,
    units: Iterable[str] | None = None,
    rules: Sequence[Rule] = (),
    minimum: pd.Series | None = None,
    solver: str = DEFAULT_SOLVER,
) -> tuple[pd.DataFrame, pd.Series]:
    """The fewest places that would leave nobody in the gap whom they could take: unit, places; and the gap by group.

    Solved as one question: places may be added at every unit with counted places (those of ``units``), the gap comes
    first, then as few as possible, then cost. What may be missed of the ``rules``, and preferences, stand back behind a
    place for everybody. Children whom no unit suits, or whom the other rules keep out, stay in the gap.
    """
    counted = problem.units.index[np.isfinite(problem.units["places"])]
    counted = counted if units is None else pd.Index([unit for unit in units if unit in counted], dtype=object)
    most = float(problem.groups["children"].sum() + problem.bands["width"].sum())
    additions = pd.DataFrame({"site": counted, "limit": most, "fixed_cost": 0.0}, index=counted)
    adding = added_places(problem, additions)
    adding = replace(adding, costs={"fewest places": adding.costs["places"]})
    hard = [rule for rule in rules if not rule.costs]
    plain = replace(problem, pairs=problem.pairs.assign(against_preference=False))
    answer = allocate(plain, rules=[*hard, adding], minimum=minimum, solver=solver)
    added = answer.variables.reindex([f"add[{unit}]" for unit in counted]).to_numpy(float)
    frame = pd.DataFrame({"unit": counted.astype(object), "places": added})
    return frame[frame["places"] > 1e-6].reset_index(drop=True), answer.gap


def least_relaxations(
    problem: PlacementProblem,
    rules: Sequence[Rule],
    *,
    minimum: pd.Series | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> pd.Series:
    """By how much rows have to be missed where rules that have to be kept contradict each other: as little as can be.

    By row, only those missed; each counts by its share of the right-hand side. Nothing is missed where the rules can
    be kept, were it by leaving everybody in the gap. The least use of units (``minimum``) is kept as it is, and rules
    that may be missed at a cost stand back.

    Raises ``OutOfTimeError`` where nothing was found in ``time_limit`` seconds.
    """
    loose = [replace(may_be_missed(rule), may_bar=True) for rule in rules if not rule.costs]
    answer = allocate(
        problem, rules=loose, minimum=minimum, first=("rules",), before="gap", solver=solver, time_limit=time_limit
    )
    missed = answer.variables
    missed = missed[missed.index.str.startswith(("above[", "below[")) & (missed > 1e-6)]
    return missed.set_axis(missed.index.str.slice(6, -1)).groupby(level=0).sum()
