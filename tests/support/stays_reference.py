"""Placement over years as one whole linear programme, from the formulas and in loops; and random years from a seed."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from allocation_programmes import Model, by_milp

from placeplan.models.stays import StayProblem, stay_problem

__all__ = ["OBJECTIVES", "Whole", "frames", "programme", "random_stays"]

INF = float("inf")
OBJECTIVES = ("gap", "preference", "cost", "minutes")

Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def frames(groups: Any, places: Any, bands: Any = (), survival: Any = (), stays: Any = ()) -> Frames:
    """Tables: (group, children, year); (unit, year, places, held); bands; shares; stays, the preference last."""
    return (
        pd.DataFrame(groups, columns=["group", "children", "year"]).astype({"children": float}).set_index("group"),
        pd.DataFrame(places, columns=["unit", "year", "places", "held"]).astype({"places": float, "held": float}),
        pd.DataFrame(bands, columns=["unit", "year", "band", "width", "price"]).astype(
            {"width": float, "price": float}
        ),
        pd.DataFrame(survival, columns=["group", "year", "share"]).astype({"share": float}),
        pd.DataFrame(
            [(*stay, 5.0, False)[:7] if len(stay) < 6 else (*stay, False)[:7] for stay in stays],
            columns=["group", "from_year", "to_year", "unit", "cost", "minutes", "against_preference"],
        ).astype({"cost": float, "minutes": float, "against_preference": bool}),
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """The linear programme of a problem from the formulas, its objectives by name, and what each row says."""

    model: Model
    objectives: dict[str, dict[Any, float]]

    def best(self) -> dict[str, float]:
        """Every objective at its best after those before it; the rows kept as exactly as can be."""
        for slack in (0.0, 1e-11, 1e-10, 1e-9, 1e-8):
            kept: list[Any] = []
            best: dict[str, float] = {}
            for name in OBJECTIVES:
                found = by_milp(self.model, kept, self.objectives[name])
                if found is None:
                    break
                best[name] = found[0]
                kept.append((self.objectives[name], "<=", found[0] + slack * max(1.0, abs(found[0]))))
            else:
                return best
        raise AssertionError("the reference lost its answer")

    def broken(self, values: dict[Any, float]) -> float:
        """By how much values break the rows and bounds at most."""
        worst = max(max(-x, x - self.model.upper[name]) for name, x in values.items())
        for terms, sense, right in self.model.rows:
            excess = sum(c * values[name] for name, c in terms.items()) - right
            worst = max(worst, abs(excess) if sense == "=" else excess)
        return worst


def programme(problem: StayProblem) -> Whole:
    """Every child counted in every year, every unit within its places and bands in every year."""
    made = Whole(Model(), {name: {} for name in OBJECTIVES})
    share = {(g, t): problem.survival.loc[g, t] for g in problem.groups.index for t in problem.survival.columns}
    stays = {("stay", s.group, s.from_year, s.unit): s for s in problem.stays.itertuples()}
    for name, stay in stays.items():
        made.model.upper[name] = INF
        made.objectives["cost"][name] = round(stay.cost, 2)
        made.objectives["minutes"][name] = round(stay.minutes, 1)
        if stay.against_preference:
            made.objectives["preference"][name] = 1.0
    _write_children(problem, made, share, stays)
    _write_places(problem, made, share, stays)
    return made


def _write_children(problem: StayProblem, made: Whole, share: dict[Any, float], stays: dict[Any, Any]) -> None:
    """Who enters in a year, comes from a stay that ended the year before or waited then, begins a stay or waits."""
    entry = problem.groups["year"]
    for (group, year), part in share.items():
        if part == 0 or year < entry[group]:
            continue
        made.model.upper["gap", group, year] = INF
        made.objectives["gap"]["gap", group, year] = 1.0
        terms = {("gap", group, year): 1.0}
        for name, stay in stays.items():
            if (stay.group, stay.from_year) == (group, year):
                terms[name] = 1.0
            if (stay.group, stay.to_year) == (group, year - 1):
                terms[name] = -part / share[group, stay.from_year]
        if year > entry[group]:
            terms["gap", group, year - 1] = -part / share[group, year - 1]
        enter = float(problem.groups.loc[group, "children"]) if year == entry[group] else 0.0
        made.model.rows.append((terms, "=", enter))


def _write_places(problem: StayProblem, made: Whole, share: dict[Any, float], stays: dict[Any, Any]) -> None:
    """Those who are still there, and those who are held, in places and bands."""
    for place in problem.places[np.isfinite(problem.places["places"])].itertuples():
        unit, year = place.Index
        terms = {
            name: share.get((stay.group, year), 0.0) / share[stay.group, stay.from_year]
            for name, stay in stays.items()
            if stay.unit == unit and stay.from_year <= year <= stay.to_year
        }
        for band in problem.bands[(problem.bands["unit"] == unit) & (problem.bands["year"] == year)].itertuples():
            over = ("over", unit, year, band.band)
            made.model.upper[over] = band.width
            made.objectives["cost"][over] = band.price
            terms[over] = -1.0
        made.model.rows.append((terms, "<=", place.places - place.held))


@cache
def random_stays(seed: int) -> StayProblem:
    """Three or four years of entries, leavers and units that end, places for most, preferences in every other."""
    rng = np.random.default_rng(seed)
    years = list(range(2025, 2025 + int(rng.integers(3, 5))))
    units = {f"u{i}": int(rng.choice(years)) for i in range(int(rng.integers(2, 5)))}
    groups, survival, stays = [], [], []
    for i in range(int(rng.integers(3, 10))):
        entry = int(rng.choice(years[:-1]))
        groups.append((f"g{i}", float(rng.integers(1, 4)) if seed % 3 else float(rng.uniform(0.1, 3)), entry))
        share, last = 1.0, int(rng.integers(entry, years[-1] + 1))
        for year in range(entry, last + 1):
            survival.append((f"g{i}", year, share))
            for unit, ends in units.items():
                if year <= ends and rng.random() < 0.5:
                    to_year = min(ends, last)
                    cost = round(float(rng.uniform(3_000, 40_000)) * (to_year - year + 1), 2)
                    against = seed % 2 == 1 and bool(rng.random() < 0.3)
                    stays.append((f"g{i}", year, to_year, unit, cost, round(float(rng.uniform(3, 70)), 1), against))
            share *= float(rng.choice([1.0, 0.9, 0.7]))
    places, bands = [], []
    bought = f"u{len(units) - 1}" if rng.random() < 0.4 else None
    for unit, ends in units.items():
        for year in range(years[0], ends + 1):
            if unit == bought:
                places.append((unit, year, INF, 0.0))
                continue
            room, held = float(rng.integers(0, 5)), float(rng.integers(0, 3))
            width = [float(rng.integers(1, 3)) for _ in range(int(rng.integers(0, 3)))]
            prices = np.cumsum(rng.choice([0.0, 900.0, 7_000.25], len(width)))
            bands += [(unit, year, k, w, float(p)) for k, (w, p) in enumerate(zip(width, prices, strict=True))]
            places.append((unit, year, room, min(held, room + sum(width))))
    return stay_problem(*frames(groups, places, bands, survival, stays))
