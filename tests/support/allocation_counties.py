"""Small counties and rules from a seed, each limit near where the best answer without it lies, so that most bind."""

import math

import numpy as np
import pandas as pd
from allocation_reference import Answer, Own, Rules, best_under_rules, counts_whole

from placeplan.models.placement import PlacementProblem, placement_problem

__all__ = ["grain", "random_county", "random_rules"]

Random = np.random.Generator

FEWER_COSTS = (4_000.0, 10_000.01, 23_456.78, 60_000.0)


def random_county(seed: int, *, groups: int | None = None, units: int | None = None) -> PlacementProblem:
    """A county: places for about nine children in ten, children held, bands, preferences, maybe a unit bought into.

    In every third county counts are twentieths of children, and in every fourth many costs are the same.
    """
    rng = np.random.default_rng([seed, 1])
    part = 0.05 if seed % 3 == 0 else 1.0
    group_names = [f"g{i:02d}" for i in range(groups or int(rng.integers(3, 13)))]
    unit_names = [f"u{i}" for i in range(units or int(rng.integers(2, 6)))]
    most = 60 if part < 1.0 else 4
    children = (rng.integers(1, most, len(group_names)) * part).round(2)
    bought = unit_names[-1] if len(unit_names) > 2 and rng.random() < 0.4 else None
    counted = [u for u in unit_names if u != bought]
    room = rng.multinomial(
        round(float(rng.uniform(0.6, 1.2)) * children.sum() / part), [1 / len(counted)] * len(counted)
    )
    units_of, bands = {}, []
    for unit, new in zip(counted, room, strict=True):
        held = int(rng.integers(0, 4)) * float(rng.random() < 0.6)
        widths = [max(part, round(float(rng.integers(1, 3)) * part, 2)) for _ in range(int(rng.integers(0, 3)))]
        prices = np.cumsum(rng.choice([0.0, 500.0, 2_000.25, 12_000.0], len(widths)))
        # Now and then those who stay are more than the places, and some of a band is theirs.
        breach = min(held, widths[0]) if widths and rng.random() < 0.2 else 0.0
        units_of[unit] = (round(held - breach if breach else new * part + held, 2), held)
        bands += [(unit, band, width, price) for band, (width, price) in enumerate(zip(widths, prices, strict=True))]
    if bought:
        units_of[bought] = (math.inf, float(rng.integers(0, 2)))
    pairs = [
        (
            group,
            unit,
            float(rng.choice(FEWER_COSTS)) if seed % 4 == 0 else round(float(rng.uniform(3_000, 60_000)), 2),
            round(float(rng.uniform(3, 80)), 1),
            bool(rng.random() < 0.25) and seed % 2 == 1,
        )
        for group in group_names
        for unit in unit_names
        if rng.random() < 0.6
    ]
    return placement_problem(
        pd.DataFrame({"children": children}, index=group_names),
        pd.DataFrame.from_dict(units_of, orient="index", columns=["places", "held"], dtype=float),
        pd.DataFrame(bands, columns=["unit", "band", "width", "price"]).astype({"width": float, "price": float}),
        pd.DataFrame(pairs, columns=["group", "unit", "cost", "minutes", "against_preference"]).astype(
            {"cost": float, "minutes": float, "against_preference": bool}
        ),
    )


def grain(problem: PlacementProblem) -> float:
    """The part of a child in which everything is counted."""
    return 1.0 if counts_whole(problem) else 0.05


def random_rules(problem: PlacementProblem, seed: int) -> Rules:
    """Every rule on or off, and near where it begins to bind."""
    rng = np.random.default_rng([seed, 2])
    before = best_under_rules(problem, Rules())
    if before is None:
        raise AssertionError("places alone are no contradiction")
    part = grain(problem)
    on = {
        name: bool(rng.random() < share)
        for name, share in {
            "site": 0.4,
            "host": 0.3,
            "budgets": 0.4,
            "most": 0.4,
            "minimax": 0.35,
            "minimum": 0.4,
            "own": 0.5,
            "additions": 0.3,
        }.items()
    }
    parts: dict[str, object] = {}
    if on["site"]:
        parts |= dict(zip(("site", "site_totals"), _sets(problem, before, rng, part, "s"), strict=True))
    if on["host"]:
        parts |= dict(zip(("host", "host_limits"), _sets(problem, before, rng, part, "h"), strict=True))
    if on["budgets"]:
        parts |= _budgets(problem, before, rng)
    if on["most"] or on["minimax"]:
        parts |= _localities(problem, rng)
        if on["most"]:
            parts |= _bounds(Rules(**parts), before, rng)
        parts["minimax"] = on["minimax"]
    if on["minimum"]:
        parts["minimum"] = _minimum(problem, before, rng, part)
    if on["own"]:
        parts["own"] = tuple(_own(problem, before, rng, part, i) for i in range(int(rng.integers(1, 3))))
    if on["additions"] and part == 1.0:
        parts |= _additions(problem, rng)
    return Rules(**parts)


def _load(answer: Answer, units: list[str]) -> float:
    return sum(children for (_, unit), children in answer.flow.items() if unit in units)


def _near(number: float, part: float, rng: Random) -> float:
    """A number somewhat below or above, in parts."""
    return round(part * round(number * float(rng.uniform(0.5, 1.15)) / part), 2)


def _sets(
    problem: PlacementProblem, answer: Answer, rng: Random, part: float, letter: str
) -> tuple[dict[str, str], dict[str, float]]:
    """Some units in one or two sets, and the most children of each."""
    of_unit = {u: f"{letter}{rng.integers(0, 2)}" for u in problem.units.index if rng.random() < 0.7}
    totals = {}
    for label in sorted(set(of_unit.values())):
        there = [u for u in of_unit if of_unit[u] == label]
        held = float(problem.units.loc[there, "held"].sum())
        # Now and then those who stay are more than the limit.
        totals[label] = max(0.0, held - 1.0) if rng.random() < 0.15 else held + _near(_load(answer, there), part, rng)
    return of_unit, totals


def _budgets(problem: PlacementProblem, answer: Answer, rng: Random) -> dict[str, object]:
    """One or two funds, of which a child takes some hundreds of pounds, one in the gap too now and then."""
    spending, waiting, limits = {}, {}, {}
    for name in ["fund", "capital"][: int(rng.integers(1, 3))]:
        for pair in problem.pairs.itertuples():
            spending[name, pair.group, pair.unit] = 100.0 * int(rng.integers(0, 300))
        if rng.random() < 0.5:
            waiting |= {(name, group): 100.0 * int(rng.integers(0, 400)) for group in problem.groups.index}
        spent = sum(n * spending[name, *pair] for pair, n in answer.flow.items())
        spent += sum(n * waiting.get((name, group), 0.0) for group, n in answer.gap.items())
        limits[name] = 100.0 * round(spent * float(rng.uniform(0.7, 1.05)) / 100.0)
    return {"spending": spending, "waiting": waiting, "budgets": limits}


def _localities(problem: PlacementProblem, rng: Random) -> dict[str, object]:
    names = ["east", "north", "west"][: int(rng.integers(2, 4))]
    locality = {group: str(rng.choice(names)) for group in problem.groups.index}
    staying = {name: float(rng.integers(0, 4)) for name in names}
    new = {name: sum(problem.groups["children"][g] for g in locality if locality[g] == name) for name in names}
    return {
        "locality": locality,
        "values": {(p.group, p.unit): float(p.minutes) for p in problem.pairs.itertuples()},
        "gap_values": dict.fromkeys(problem.groups.index, float(rng.choice([0.0, 90.0]))),
        "held_values": {name: 15.0 * staying[name] for name in names},
        "locality_children": {name: round(float(new[name]) + staying[name], 2) for name in names},
    }


def _bounds(rules: Rules, answer: Answer, rng: Random) -> dict[str, object]:
    """Bounds below and above the means of the answer without them, to be missed as little as can be or at a price."""
    most = {}
    for name, many in rules.locality_children.items():
        mean = rules.held_values[name]
        mean += sum(n * rules.values[pair] for pair, n in answer.flow.items() if rules.locality[pair[0]] == name)
        mean += sum(n * rules.gap_values[group] for group, n in answer.gap.items() if rules.locality[group] == name)
        most[name] = round(mean / max(1.0, many) * float(rng.uniform(0.7, 1.1)), 1)
    return {"most": most, "price": 250.0 if rng.random() < 0.4 else None}


def _minimum(problem: PlacementProblem, answer: Answer, rng: Random, part: float) -> dict[str, float]:
    """Up to two units that are a little more or less than viable in the answer without the rule."""
    chosen = rng.choice(problem.units.index, min(2, len(problem.units)), replace=False)
    held = problem.units["held"]
    return {
        str(u): max(0.0, round(float(held[u]) + _load(answer, [u]) + part * int(rng.integers(-2, 4)), 2))
        for u in chosen
    }


def _own(problem: PlacementProblem, answer: Answer, rng: Random, part: float, number: int) -> Own:
    pairs = {
        (p.group, p.unit): float(rng.choice([0.5, 1.0, 2.0])) for p in problem.pairs.itertuples() if rng.random() < 0.4
    }
    gap = {g: 1.0 for g in problem.groups.index if rng.random() < 0.15}
    left = sum(n * pairs.get(pair, 0.0) for pair, n in answer.flow.items())
    left += sum(n * gap.get(group, 0.0) for group, n in answer.gap.items())
    required = bool(rng.random() < 0.5)
    sense = str(rng.choice(["<=", "<=", ">="] if required else ["<=", "=", ">="]))
    return Own(f"own{number}", pairs, gap, sense, _near(left, part, rng), required)


def _additions(problem: PlacementProblem, rng: Random) -> dict[str, object]:
    counted = [u for u in problem.units.index if problem.units.loc[u, "places"] < math.inf and rng.random() < 0.6]
    limits = {site: float(rng.integers(1, 4)) for site in ("a", "b")}
    additions = {}
    for unit in counted:
        site = str(rng.choice(["a", "b"]))
        additions[unit] = (site, limits[site], round(float(rng.uniform(0, 30_000)), 2))
    return {"additions": additions, "most_places": float(rng.integers(1, 4)) if rng.random() < 0.4 else None}
