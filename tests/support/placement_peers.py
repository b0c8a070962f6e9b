"""Other ways to answer a placement problem, sharing no code with the models: a network flow, a whole LP, brute force.

Each reads the frames of a problem and gives the best (gap, against preference, cost) in that order. Held
children are here supplies that can only sit where they are, rather than places taken away.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from ortools.graph.python import min_cost_flow
from scipy.optimize import linprog

from placeplan.models.placement import PlacementProblem, placement_problem

__all__ = [
    "Best",
    "best_by_enumeration",
    "best_by_flow",
    "best_by_linear_programme",
    "frames",
    "has_unlimited_choice",
    "problem_of",
    "problems",
    "random_problem",
    "scorer",
]

COSTS = [0.0, 4_000.0, 10_000.01, 10_000.02, 23_456.78, 60_000.0]
MINUTES = [5.0, 12.5, 40.0]
BAND_COLUMNS = ["unit", "band", "width", "price"]
PAIR_COLUMNS = ["group", "unit", "cost", "minutes", "against_preference"]

Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True, slots=True, order=True)
class Best:
    """What an answer comes to, in the order in which answers are compared; cost in pounds."""

    gap: float
    against: float
    cost: float


def best_by_flow(problem: PlacementProblem) -> Best:
    """The best by OR-tools' min-cost flow, in whole children and whole pence; gap and preference weigh."""
    groups, units = problem.groups["children"], problem.units
    node = {label: i for i, label in enumerate([*(("g", g) for g in groups.index), *(("u", u) for u in units.index)])}
    sink = len(node)
    total = int(groups.sum() + units["held"].sum())
    dearest = [round(100 * money.max()) for money in (problem.pairs["cost"], problem.bands["price"]) if len(money)]
    preference_weight = 1 + 2 * total * sum(dearest)
    gap_weight = preference_weight * (1 + total)
    network = min_cost_flow.SimpleMinCostFlow()
    arcs = []

    def arc(tail: int, head: int, room: float, parts: tuple[int, int, int]) -> None:
        gap, against, pence = parts
        cost = gap_weight * gap + preference_weight * against + pence
        network.add_arc_with_capacity_and_unit_cost(tail, head, int(min(room, total)), cost)
        arcs.append(parts)

    for pair in problem.pairs.itertuples():
        parts = (0, int(pair.against_preference), round(100 * pair.cost))
        arc(node["g", pair.group], node["u", pair.unit], groups[pair.group], parts)
    for group, children in groups.items():
        arc(node["g", group], sink, children, (1, 0, 0))
        network.set_node_supply(node["g", group], int(children))
    for unit in units.itertuples():
        arc(node["u", unit.Index], sink, unit.places, (0, 0, 0))
        network.set_node_supply(node["u", unit.Index], int(unit.held))
    for band in problem.bands.itertuples():
        arc(node["u", band.unit], sink, band.width, (0, 0, round(100 * band.price)))
    network.set_node_supply(sink, -total)
    if network.solve() != network.OPTIMAL:
        raise AssertionError("the peer's network has no best flow")
    flow = [network.flow(i) for i in range(len(arcs))]
    gap, against, pence = (sum(f * parts[k] for f, parts in zip(flow, arcs, strict=True)) for k in range(3))
    return Best(float(gap), float(against), pence / 100)


def best_by_linear_programme(problem: PlacementProblem) -> Best:
    """The best by scipy's linprog over the whole problem at once, fractions allowed; gap and preference weigh.

    The weights are four million pounds for a preference and a hundred for a child in the gap, more than any chain
    of moves saves here, and small enough that a penny stays far above the solver's tolerance.
    """
    groups, units, pairs, bands = problem.groups, problem.units, problem.pairs, problem.bands
    at_group, at_unit = groups.index.get_indexer(pairs["group"]), units.index.get_indexer(pairs["unit"])
    n_pairs, n_groups, n_bands = len(pairs), len(groups), len(bands)
    everyone = np.zeros((n_groups, n_pairs + n_groups + n_bands))
    everyone[at_group, np.arange(n_pairs)] = 1
    everyone[np.arange(n_groups), n_pairs + np.arange(n_groups)] = 1
    load = np.zeros((len(units), n_pairs + n_groups + n_bands))
    load[at_unit, np.arange(n_pairs)] = 1
    load[units.index.get_indexer(bands["unit"]), n_pairs + n_groups + np.arange(n_bands)] = -1
    limited = np.isfinite(units["places"].to_numpy())
    gap = np.concatenate([np.zeros(n_pairs), np.ones(n_groups), np.zeros(n_bands)])
    against = np.concatenate([pairs["against_preference"].to_numpy(float), np.zeros(n_groups + n_bands)])
    cost = np.concatenate([pairs["cost"].to_numpy(), np.zeros(n_groups), bands["price"].to_numpy(float)])
    found = linprog(
        cost + 4e6 * against + 1e8 * gap,
        A_ub=load[limited],
        b_ub=(units["places"] - units["held"]).to_numpy()[limited],
        A_eq=everyone,
        b_eq=groups["children"].to_numpy(),
        bounds=[(0, None)] * (n_pairs + n_groups) + [(0, width) for width in bands["width"]],
    )
    if found.status != 0:
        raise AssertionError(f"the peer's programme has no answer: {found.message}")
    return Best(float(gap @ found.x), float(against @ found.x), float(cost @ found.x))


def best_by_enumeration(
    problem: PlacementProblem, *, allowed: Callable[[dict[tuple[str, str], int]], bool] = lambda _: True
) -> tuple[Best, list[dict[tuple[str, str], int]]]:
    """The best by trying every unit for every child, and all flows (children by group and unit) that reach it.

    ``allowed`` may rule flows out.
    """
    choices = {g: [None, *rows["unit"]] for g, rows in problem.pairs.groupby("group")}
    spread = [
        [(group, units) for units in itertools.combinations_with_replacement(choices.get(group, [None]), int(n))]
        for group, n in problem.groups["children"].items()
    ]
    score = scorer(problem)
    best, flows = None, []
    for ways in itertools.product(*spread):
        flow: dict[tuple[str, str], int] = {}
        for group, units in ways:
            for unit in units:
                if unit is not None:
                    flow[group, unit] = flow.get((group, unit), 0) + 1
        found = score(flow)
        if found is None or (best is not None and found > best) or not allowed(flow):
            continue
        flows = [flow] if found != best else [*flows, flow]
        best = found
    if best is None:
        raise AssertionError("no flow is possible")
    return best, flows


def scorer(problem: PlacementProblem) -> Callable[[dict[tuple[str, str], int]], Best | None]:
    """What a flow comes to, counted child by child; nothing where a unit has no room for it."""
    costs = {(p.group, p.unit): (bool(p.against_preference), round(100 * p.cost)) for p in problem.pairs.itertuples()}
    steps: dict[str, list[tuple[float, int]]] = {u.Index: [(u.places, 0)] for u in problem.units.itertuples()}
    for band in problem.bands.sort_values("band").itertuples():
        steps[band.unit].append((band.width, round(100 * band.price)))
    held = problem.units["held"].to_dict()
    everyone = problem.groups["children"].sum()

    def score(flow: dict[tuple[str, str], int]) -> Best | None:
        pence = against = 0
        load = dict(held)
        for pair, children in flow.items():
            load[pair[1]] += children
            against += children * costs[pair][0]
            pence += children * costs[pair][1]
        for unit, children in load.items():
            left = children
            for width, price in steps[unit]:
                used = min(left, width)
                pence += int(used) * price
                left -= used
            if left > 0:
                return None
        return Best(float(everyone - sum(flow.values())), float(against), pence / 100)

    return score


def has_unlimited_choice(problem: PlacementProblem) -> pd.Series:
    """Whether each group could go to a unit that is bought place by place."""
    unlimited = problem.units.index[problem.units["places"] == np.inf]
    chosen = set(problem.pairs.loc[problem.pairs["unit"].isin(unlimited), "group"])
    return pd.Series([g in chosen for g in problem.groups.index], index=problem.groups.index)


def frames(
    groups: dict[str, float],
    units: dict[str, tuple[float, float]],
    pairs: dict[tuple[str, str], tuple[float, float] | tuple[float, float, bool]],
    bands: dict[str, list[tuple[float, float]]] | None = None,
) -> Frames:
    """A small problem's frames: children; (places, held); (cost, minutes[, against]); [(width, price), ...]."""
    band_rows = [(u, k, *band) for u, of_unit in (bands or {}).items() for k, band in enumerate(of_unit)]
    pair_rows = [(g, u, *(*values, False)[:3]) for (g, u), values in pairs.items()]
    return (
        pd.DataFrame({"children": pd.Series(groups, dtype=float)}),
        pd.DataFrame.from_dict(units, orient="index", columns=["places", "held"], dtype=float),
        pd.DataFrame(band_rows, columns=BAND_COLUMNS).astype({"width": float, "price": float}),
        pd.DataFrame(pair_rows, columns=PAIR_COLUMNS).astype(
            {"cost": float, "minutes": float, "against_preference": bool}
        ),
    )


def problem_of(*parts: dict, **named: dict) -> PlacementProblem:
    """A small problem, given as to ``frames``."""
    return placement_problem(*frames(*parts, **named))


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    most_groups: int = 7,
    most_units: int = 5,
    fractions: bool = False,
    unlimited: bool = True,
    preferences: bool = True,
) -> PlacementProblem:
    """Any small problem: full units, unlimited ones, breaches, overfill, ties, groups that nothing can take."""
    counts = st.sampled_from([0.1, 0.25, 0.5, 1.3, 2.75]) if fractions else st.integers(1, 3)
    groups = {f"g{i}": float(draw(counts)) for i in range(draw(st.integers(1, most_groups)))}
    units, bands = {}, {}
    for i in range(draw(st.integers(1, most_units))):
        unit = f"u{i}"
        if unlimited and draw(st.integers(0, 5)) == 0:
            units[unit] = (np.inf, float(draw(st.integers(0, 2))))
            continue
        places = draw(st.integers(0, 4))
        bands[unit] = list(_rising_bands(draw))
        above = int(sum(width for width, _ in bands[unit]))
        held = draw(st.integers(0, places + above))
        if draw(st.integers(0, 5)) == 0:
            # Children stay beyond the ceiling: a band as wide as the breach, and not a child more.
            bands[unit].append((1.0, bands[unit][-1][1] if bands[unit] else 0.0))
            held = places + above + 1
        units[unit] = (float(places), float(held))
    pairs = {}
    for group, unit in itertools.product(groups, units):
        if draw(st.integers(0, 3)) > 0:
            cost, minutes = draw(st.sampled_from(COSTS)), draw(st.sampled_from(MINUTES))
            pairs[group, unit] = (cost, minutes, preferences and draw(st.integers(0, 2)) == 0)
    return problem_of(groups, units, pairs, bands)


def random_problem(seed: int, *, groups: int, units: int, unlimited: bool = False) -> PlacementProblem:
    """A larger problem, the same for the same seed: places for about nine children in ten, two bands a unit."""
    rng = np.random.default_rng(seed)
    group_names, unit_names = [f"g{i:03d}" for i in range(groups)], [f"u{i:02d}" for i in range(units)]
    children = rng.integers(1, 4, groups)
    places = rng.multinomial(round(0.9 * children.sum()), np.full(units, 1 / units))
    chosen = [(g, u) for g in group_names for u in unit_names if rng.random() < 0.4]
    costs, minutes = rng.integers(5_000, 60_000, len(chosen)), rng.integers(5, 75, len(chosen))
    limits = {u: (float(n), float(rng.integers(0, n // 3 + 1))) for u, n in zip(unit_names, places, strict=True)}
    if unlimited:
        limits[unit_names[-1]] = (np.inf, 0.0)
    return problem_of(
        dict(zip(group_names, children.astype(float), strict=True)),
        limits,
        {pair: (float(c), float(m)) for pair, c, m in zip(chosen, costs, minutes, strict=True)},
        {u: [(1.0, 2_000.0), (1.0, 9_000.0)] for u in unit_names if limits[u][0] < np.inf},
    )


def _rising_bands(draw: st.DrawFn) -> Iterator[tuple[float, float]]:
    price = 0.0
    for _ in range(draw(st.integers(0, 2))):
        price += draw(st.sampled_from([0.0, 500.0, 12_000.0]))
        yield float(draw(st.integers(1, 2))), price
