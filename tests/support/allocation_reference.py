"""The best allocation under every rule by one whole programme after another, sharing no code with the models.

Rules are plain dictionaries and rows are written out in loops. What is an "or" in words (a unit is closed to newcomers
or viable; which locality is the worst, which the next) is worked through case by case, so that no case has a binary or
a large number in it. An engine gives the least of an objective in one case.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from allocation_programmes import Engine, Model, Row, Terms, by_milp

__all__ = ["Answer", "Own", "Rules", "Score", "best_under_rules", "counts_whole", "missed_by", "score"]


@dataclass(frozen=True, slots=True)
class Own:
    """A row of somebody's own over pairs and gaps."""

    name: str
    pairs: Mapping[tuple[str, str], float]
    gap: Mapping[str, float]
    sense: str
    right: float
    required: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """Every rule as plain data; what is left out is off.

    ``site`` and ``host``: by unit, with the most children (``site_totals``) and the most with plans (``host_limits``).
    ``spending``: pounds by budget, group and unit; ``waiting``: by budget and group in the gap; ``budgets``: limits.
    ``locality``: of each group; ``values`` by pair and ``gap_values`` by group are what its mean is of, over
    ``locality_children``, ``held_values`` being the sum of those who stay. ``most``: the bound by locality, missed
    shares of it in the order of the rules or at ``price`` pounds a child and unit; ``minimax``: the worst as good as it
    can be. ``minimum``: by unit. ``additions``: by unit its site, the site's limit and pounds a place.
    """

    site: Mapping[str, str] = field(default_factory=dict)
    site_totals: Mapping[str, float] = field(default_factory=dict)
    host: Mapping[str, str] = field(default_factory=dict)
    host_limits: Mapping[str, float] = field(default_factory=dict)
    spending: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    waiting: Mapping[tuple[str, str], float] = field(default_factory=dict)
    budgets: Mapping[str, float] = field(default_factory=dict)
    locality: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[tuple[str, str], float] = field(default_factory=dict)
    gap_values: Mapping[str, float] = field(default_factory=dict)
    held_values: Mapping[str, float] = field(default_factory=dict)
    locality_children: Mapping[str, float] = field(default_factory=dict)
    most: Mapping[str, float] = field(default_factory=dict)
    price: float | None = None
    minimax: bool = False
    minimum: Mapping[str, float] = field(default_factory=dict)
    own: tuple[Own, ...] = ()
    additions: Mapping[str, tuple[str, float, float]] = field(default_factory=dict)
    most_places: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What an answer comes to, in the order in which answers are compared; ``equity`` has the worst mean first."""

    gap: float
    against: float
    rules: float
    equity: tuple[float, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A best answer: its score, children by group and unit, in the gap by group, and places added by unit."""

    score: Score
    flow: dict[tuple[str, str], float] = field(repr=False)
    gap: dict[str, float] = field(repr=False)
    added: dict[str, float] = field(repr=False)


def best_under_rules(problem: Any, rules: Rules, *, engine: Engine = by_milp) -> Answer | None:
    """The best of a placement problem under the rules; None where those that have to be kept contradict each other."""
    written = _written(problem, rules)
    cases = _cases_of_minimum(problem, rules, written.model)
    if all(engine(written.model, case, {}) is None for case in cases):
        return None
    # As exactly as the engine can keep what was best before.
    for slack in (0.0, 1e-11, 1e-10, 1e-9, 1e-8):
        step = _last_step(written, cases, engine, slack, in_order=rules.minimax)
        if step is not None:
            break
    else:
        raise AssertionError("the reference lost its answer")
    pounds, _, where = step
    flow = {(n[1], n[2]): x for n, x in where.items() if n[0] == "place" and x > 1e-9}
    gap = {n[1]: x for n, x in where.items() if n[0] == "gap"}
    added = {n[1]: x for n, x in where.items() if n[0] == "add"}
    found = score(problem, rules, flow, gap, added)
    if abs(found.cost - pounds) > 1e-6 * max(1.0, abs(pounds)):
        raise AssertionError(f"the reference counts {found.cost} pounds, its programme {pounds}")
    return Answer(found, flow, gap, added)


def _last_step(
    written: "_Written", cases: list[list[Row]], engine: Engine, slack: float, *, in_order: bool
) -> tuple[float, list[Any], dict[Any, float]] | None:
    """The least cost after everything that comes before it; None where the engine cannot keep that."""
    kept: list[Row] = []

    def narrowed(asked: list[tuple[Any, list[Row], Terms, float]]) -> tuple[float, list[Any], dict[Any, float]] | None:
        """The least over cases of each its own objective, which cases reach it, and where one of them does."""
        found = [(name, engine(written.model, [*kept, *case], terms), beside) for name, case, terms, beside in asked]
        reached = [(answer[0] + beside, name, answer[1]) for name, answer, beside in found if answer is not None]
        if not reached:
            return None
        least, _, where = min(reached, key=lambda one: one[0])
        return least, [name for value, name, _ in reached if value <= least + 1e-6 * max(1.0, abs(least))], where

    for terms in [written.stages["gap"], written.stages["against"], written.stages["rules"]]:
        step = narrowed([(i, case, terms, 0.0) for i, case in enumerate(cases)]) if terms else (0.0, None, {})
        if step is None:
            return None
        least, fit, _ = step
        if fit is not None:
            cases = [cases[i] for i in fit]
            kept.append((terms, "<=", least + slack * max(1.0, abs(least))))
    if in_order:
        orders: list[tuple[list[Row], tuple[str, ...]]] = [(case, ()) for case in cases]
        while len(orders[0][1]) < len(written.means):
            further = _next_worst(orders, written.means, narrowed, slack)
            if further is None:
                return None
            orders = further
        cases = [case for case, _ in orders]
    return narrowed([(i, case, written.stages["cost"], 0.0) for i, case in enumerate(cases)])


def counts_whole(problem: Any) -> bool:
    """Whether every group is of whole children."""
    return all(n == int(n) for n in problem.groups["children"])


def score(
    problem: Any,
    rules: Rules,
    flow: Mapping[tuple[str, str], float],
    gap: Mapping[str, float],
    added: Mapping[str, float],
) -> Score:
    """What any answer comes to, counted from who goes where."""
    cost = _overfilled(problem, flow, added) + sum(n * rules.additions[unit][2] for unit, n in added.items())
    against = 0.0
    pairs = {(p.group, p.unit): p for p in problem.pairs.itertuples()}
    for pair, children in flow.items():
        cost += round(pairs[pair].cost, 2) * children
        against += bool(pairs[pair].against_preference) * children
    missed = 0.0
    for name, limit in rules.budgets.items():
        spent = sum(n * rules.spending[name, *pair] for pair, n in flow.items())
        spent += sum(n * rules.waiting.get((name, group), 0.0) for group, n in gap.items())
        missed += max(0.0, spent - limit) / max(1.0, abs(limit))
    means = {}
    for locality, children in rules.locality_children.items():
        total = sum(n * rules.values[pair] for pair, n in flow.items() if rules.locality[pair[0]] == locality)
        total += sum(n * rules.gap_values[group] for group, n in gap.items() if rules.locality[group] == locality)
        means[locality] = (total + rules.held_values[locality]) / max(1.0, children)
    for locality, most in rules.most.items():
        above = max(0.0, means[locality] - most)
        many = max(1.0, rules.locality_children[locality])
        if rules.price is None:
            missed += above / max(1.0, abs(most - rules.held_values[locality] / many))
        else:
            cost += above * rules.locality_children[locality] * rules.price
    missed += sum(missed_by(own, flow, gap) / max(1.0, abs(own.right)) for own in rules.own if not own.required)
    equity = tuple(sorted(means.values(), reverse=True)) if rules.minimax else ()
    return Score(sum(gap.values()), against, missed, equity, cost)


def missed_by(own: Own, flow: Mapping[tuple[str, str], float], gap: Mapping[str, float]) -> float:
    """By how much an answer misses a row of somebody's own."""
    left = sum(n * own.pairs.get(pair, 0.0) for pair, n in flow.items())
    left += sum(n * own.gap.get(group, 0.0) for group, n in gap.items())
    return max(0.0, {"<=": left - own.right, ">=": own.right - left, "=": abs(left - own.right)}[own.sense])


def _overfilled(problem: Any, flow: Mapping[tuple[str, str], float], added: Mapping[str, float]) -> float:
    """Pounds of all children above places, the cheapest band of a unit filled first."""
    pounds = 0.0
    for unit in problem.units.itertuples():
        load = unit.held + sum(n for (_, there), n in flow.items() if there == unit.Index)
        above = max(0.0, load - unit.places - added.get(unit.Index, 0.0))
        for band in problem.bands[problem.bands["unit"] == unit.Index].sort_values("band").itertuples():
            used = min(above, band.width)
            pounds += used * band.price
            above -= used
    return pounds


@dataclass(slots=True)
class _Written:
    """A problem under rules as a programme: its objectives by name and each locality's mean (terms and a constant)."""

    model: Model
    stages: dict[str, Terms]
    means: dict[str, tuple[Terms, float]]

    def soft(self, name: Any, terms: Terms, sense: str, right: float, price: float | None = None) -> None:
        """A row that may be missed, counted by its share or at a price."""
        for side, sign, hard in (("above", -1.0, ">="), ("below", 1.0, "<=")):
            if sense == hard:
                continue
            missed = (side, name)
            self.model.upper[missed] = math.inf
            terms = {**terms, missed: sign}
            if price is None:
                self.stages["rules"][missed] = 1.0 / max(1.0, abs(right))
            else:
                self.stages["cost"][missed] = price
        self.model.rows.append((terms, sense, right))


def _written(problem: Any, rules: Rules) -> _Written:
    written = _Written(Model(), {"gap": {}, "against": {}, "rules": {}, "cost": {}}, {})
    _write_children(problem, written)
    _write_places(problem, rules, written)
    _write_sets(problem, rules, written)
    _write_means(problem, rules, written)
    for name, limit in rules.budgets.items():
        terms = {("place", g, u): rules.spending[name, g, u] for g, u in _pairs(problem)}
        terms |= {("gap", g): rules.waiting[name, g] for g in problem.groups.index if (name, g) in rules.waiting}
        written.soft(("budget", name), terms, "<=", limit)
    for own in rules.own:
        terms = {("place", *pair): c for pair, c in own.pairs.items()} | {("gap", g): c for g, c in own.gap.items()}
        if own.required:
            written.model.rows.append((terms, own.sense, own.right))
        else:
            written.soft(("own", own.name), terms, own.sense, own.right)
    return written


def _pairs(problem: Any) -> list[tuple[str, str]]:
    return [(str(p.group), str(p.unit)) for p in problem.pairs.itertuples()]


def _write_children(problem: Any, written: _Written) -> None:
    """Who goes where or waits: every child is counted once."""
    model, stages = written.model, written.stages
    for group, children in problem.groups["children"].items():
        model.upper["gap", group] = float(children)
        stages["gap"]["gap", group] = 1.0
        terms = {("gap", group): 1.0}
        for pair in problem.pairs[problem.pairs["group"] == group].itertuples():
            name = ("place", group, pair.unit)
            model.upper[name] = float(children)
            terms[name] = 1.0
            stages["cost"][name] = round(pair.cost, 2)
            if pair.against_preference:
                stages["against"][name] = 1.0
        model.rows.append((terms, "=", float(children)))
    if counts_whole(problem):
        model.whole = set(model.upper)


def _write_places(problem: Any, rules: Rules, written: _Written) -> None:
    """Places, the bands above them, and places added."""
    model, stages = written.model, written.stages
    for unit in problem.units.itertuples():
        if unit.places == math.inf:
            continue
        terms = {("place", g, u): 1.0 for g, u in _pairs(problem) if u == unit.Index}
        for band in problem.bands[problem.bands["unit"] == unit.Index].itertuples():
            name = ("over", unit.Index, band.band)
            model.upper[name] = float(band.width)
            stages["cost"][name] = float(band.price)
            terms[name] = -1.0
        if unit.Index in rules.additions:
            terms["add", unit.Index] = -1.0
        model.rows.append((terms, "<=", unit.places - unit.held))
    limits = {site: limit for site, limit, _ in rules.additions.values()}
    for unit, (_, limit, pounds) in rules.additions.items():
        model.upper["add", unit] = limit
        model.whole.add(("add", unit))
        stages["cost"]["add", unit] = pounds
    for site, limit in limits.items():
        model.rows.append(({("add", u): 1.0 for u, part in rules.additions.items() if part[0] == site}, "<=", limit))
    if rules.most_places is not None:
        model.rows.append(({("add", unit): 1.0 for unit in rules.additions}, "<=", rules.most_places))


def _write_sets(problem: Any, rules: Rules, written: _Written) -> None:
    """Sites and hosts: several units together, never below those who stay."""
    for of_unit, limits in ((rules.site, rules.site_totals), (rules.host, rules.host_limits)):
        for label, limit in limits.items():
            terms = {("place", g, u): 1.0 for g, u in _pairs(problem) if of_unit.get(u) == label}
            held = sum(u.held for u in problem.units.itertuples() if of_unit.get(u.Index) == label)
            written.model.rows.append((terms, "<=", max(0.0, limit - held)))


def _write_means(problem: Any, rules: Rules, written: _Written) -> None:
    """Localities' means, and their bounds."""
    for locality, children in rules.locality_children.items():
        many = max(1.0, children)
        there = [g for g in problem.groups.index if rules.locality[g] == locality]
        terms = {("place", g, u): rules.values[g, u] / many for g, u in _pairs(problem) if g in there}
        terms |= {("gap", g): rules.gap_values[g] / many for g in there}
        written.means[locality] = (terms, rules.held_values[locality] / many)
    for locality, most in rules.most.items():
        terms, constant = written.means[locality]
        each = None if rules.price is None else rules.price * rules.locality_children[locality]
        written.soft(("equity", locality), terms, "<=", most - constant, each)


def _cases_of_minimum(problem: Any, rules: Rules, model: Model) -> list[list[Row]]:
    """Every way in which the units below their minimum could be closed to newcomers or viable."""
    choices = []
    for unit, minimum in rules.minimum.items():
        held = float(problem.units.loc[unit, "held"])
        if held < minimum and problem.units.loc[unit, "places"] != math.inf:
            terms = {name: 1.0 for name in model.upper if name[0] == "place" and name[2] == unit}
            choices.append([(terms, "<=", 0.0), (terms, ">=", minimum - held)])
    return [list(case) for case in itertools.product(*choices)]


def _next_worst(
    orders: list[tuple[list[Row], tuple[str, ...]]],
    means: dict[str, tuple[Terms, float]],
    narrowed: Callable[..., Any],
    slack: float,
) -> list[tuple[list[Row], tuple[str, ...]]] | None:
    """Go one further down the order of localities: each that could be the next worst, no other left being worse."""
    asked = []
    for case, order in orders:
        for worst, (terms, constant) in means.items():
            if worst in order:
                continue
            rows = list(case)
            for other, (others, beside) in means.items():
                if other not in (*order, worst):
                    rows.append((_less(others, terms), "<=", constant - beside))
            asked.append(((rows, (*order, worst)), rows, terms, constant))
    step = narrowed(asked)
    if step is None:
        return None
    least, fit, _ = step
    new = []
    for rows, order in fit:
        terms, constant = means[order[-1]]
        new.append(([*rows, (terms, "<=", least - constant + slack * max(1.0, abs(least)))], order))
    return new


def _less(first: Terms, second: Terms) -> Terms:
    return {name: first.get(name, 0.0) - second.get(name, 0.0) for name in {**first, **second}}
