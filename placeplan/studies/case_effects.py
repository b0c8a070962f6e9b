"""What an option for one child does to everybody else: the allocation with the child fixed there against without it.

``effect[o] = V(child fixed at o) - own[o] - V(without the child)``, where V is the best allocation of all the others in
its order (children without a place, preferences, cost) and ``own`` is what the child itself costs there, its overfill
included. An option that takes no counted place has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from placeplan.cases.facts import Case
from placeplan.county.county import County
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.errors import UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models.allocate import allocate
from placeplan.models.changes import with_children
from placeplan.models.constraints import Rule
from placeplan.models.explain import difference
from placeplan.models.fixed import as_it_is, changed_for_others, fixed_at, overfill_price, with_staying
from placeplan.models.placement import Placement, PlacementProblem
from placeplan.models.pricing import one_sided_prices
from placeplan.models.program import DEFAULT_SOLVER, InfeasibleError, OutOfTimeError
from placeplan.problem import CountyProblem, county_problem, declared_penalties
from placeplan.studies.answers import Allocation

__all__ = ["NOBODY", "Effect", "Others", "effects_of", "others_of"]

FARTHER: Final = 0.05
"""Minutes by which a journey is longer: they are in tenths."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an option does to everybody else together.

    ``pounds`` a year, ``penalties`` of them declared ones and no cash (missing in an estimate), ``children`` more
    without a place, ``preferences`` met less. ``people``: outcome (``waits``, ``bought``, ``further`` or
    ``elsewhere``), need, phase, locality, children: how many others, and never who.
    ``estimate``: read from the prices of places, not solved.
    """

    pounds: float
    penalties: float
    children: float
    preferences: float
    people: pd.DataFrame = field(repr=False)
    estimate: bool


NOBODY: Final = pd.DataFrame(columns=["outcome", "need", "phase", "locality", "children"])


NO_EFFECT: Final = Effect(0.0, 0.0, 0.0, 0.0, NOBODY, estimate=False)
"""What an option does to others that takes no counted place."""


@dataclass(frozen=True, slots=True)
class Others:
    """Everybody but some cases: their problem, as it is without them, and its best allocation.

    ``groups``: by case, the group in the problem that has its pairs, where there are rules over several children.
    """

    cases: Mapping[str, Case] = field(repr=False)
    problem: CountyProblem = field(repr=False)
    stated: PlacementProblem = field(repr=False)
    placement: Placement = field(repr=False)
    groups: Mapping[str, str]
    solver: str

    def estimates(self) -> pd.DataFrame:
        """What a place less costs everybody, by unit, from the prices (see ``one_sided_prices``)."""
        return one_sided_prices(self.stated, self.placement)

    def at(self, where: Mapping[str, str]) -> Effect | None:
        """The effect of cases' being at units (by case), solved again; None where one is full or a rule against it.

        Who is where it is stays there whatever is full and whatever a rule says: no rule turns a child out.
        """
        stays = {case: unit for case, unit in where.items() if unit == self.cases[case].unit}
        comes = {case: unit for case, unit in where.items() if case not in stays}
        found = self._at(stays, comes, kept=False)
        return self._at(stays, comes, kept=True) if found is None and stays else found

    def _at(self, stays: Mapping[str, str], comes: Mapping[str, str], *, kept: bool) -> Effect | None:
        """As ``at``; with ``kept`` those who stay do so whatever they make full or go beyond, and nobody else does."""
        fixed, rules, own, own_penalties = self.stated, list(self.problem.rules), 0.0, 0.0
        minimum = self.problem.minimum
        cash = self.problem.units["fixed_cost"].where(self.problem.units["in_county"], 0.0)
        for where, always in ((stays, kept), (comes, False)):
            for case, unit in where.items():
                if not self.counts(case, unit):
                    continue
                try:
                    price = overfill_price(fixed, unit)
                    fixed, rules = self._with(fixed, rules, case, unit)
                except (KeyError, ValueError):
                    if not always:
                        return None
                    # It is above a ceiling that the others there reach: nobody else comes with it or without.
                    continue
                own += price
                own_penalties += price - float(cash[unit]) if price else 0.0
            if always:
                rules = [as_it_is(rule) for rule in rules]
        try:
            after = allocate(fixed, rules=rules, minimum=minimum, start=self.placement, solver=self.solver)
        except OutOfTimeError:
            raise
        except InfeasibleError:
            return None
        saved = difference(self.placement, after)
        penalties = declared_penalties(self.problem, after) - declared_penalties(self.problem, self.placement)
        return Effect(
            pounds=round(-saved["pounds"] - own, 2) + 0.0,
            penalties=round(penalties - own_penalties, 2) + 0.0,
            children=-saved["children"] + 0.0,
            preferences=-saved["preferences"] + 0.0,
            people=self._people(after),
            estimate=False,
        )

    def _with(
        self, fixed: PlacementProblem, rules: list[Rule], case: str, unit: str
    ) -> tuple[PlacementProblem, list[Rule]]:
        """The problem and its rules with a case at a unit; raises ``KeyError`` or ``ValueError`` as ``fixed_at``.

        Where it is a case may stay, though the rules know of no such pair.
        """
        if case in self.groups:
            try:
                return fixed_at(fixed, rules, self.groups[case], unit)
            except KeyError:
                if unit != self.cases[case].unit:
                    raise
        return with_staying(fixed, unit, 1.0), rules

    def counts(self, case: str, unit: str) -> bool:
        """Whether a case that is put in a unit takes a place of the others' September.

        It does not where it needs the unit before September only or later, nor where it is there already and the table
        children does not count it.
        """
        about, row = self.cases[case], self.problem.units.loc[unit]
        uncounted = about.unit == unit and about.child not in self.problem.children.index
        return bool(row["from_year_group"] <= about.in_september <= row["to_year_group"]) and not uncounted

    def _people(self, after: Placement) -> pd.DataFrame:
        changed = changed_for_others(self.stated, self.placement, after)
        if changed.empty:
            return NOBODY
        outcome = pd.Series("elsewhere", index=changed.index).mask(
            changed["minutes_after"] > changed["minutes_before"] + FARTHER, "further"
        )
        outcome = outcome.mask(changed["to_unit"] == SPOT_PURCHASE, "bought").mask(changed["to_unit"] == "", "waits")
        about = self.problem.children.loc[changed["group"], ["need", "phase", "locality"]].reset_index(drop=True)
        rows = about.assign(outcome=outcome, children=changed["children"])
        return rows.groupby(["outcome", "need", "phase", "locality"], as_index=False)[["children"]].sum()


def others_of(
    county: County, travel: TravelTimes, answer: Allocation, cases: Mapping[str, Case], *, solver: str = DEFAULT_SOLVER
) -> Others:
    """Everybody but some cases, placed best in the answer's question under its rules.

    Raises ``UsageError`` for an answer that was not solved, is not of September, or is of another county.
    """
    if answer.placement is None or answer.question != "september" or answer.added:
        raise UsageError("a case: expected an answer to september, no places added")
    if not all(getattr(answer.county, name).equals(getattr(county, name)) for name in ("children", "units")):
        raise UsageError("a case: expected an allocation of the same county")
    problem = answer.problem
    ruled = bool(problem.rules) or problem.minimum is not None
    groups = {name: case.child or f"case {name}" for name, case in cases.items()} if ruled else {}
    if ruled:
        county = _with_cases(replace(county, settings=answer.county.settings), cases, groups)
        problem = county_problem(county, travel, answer.question, spot_purchase=answer.spot_purchase)
    stated = problem.placement
    for name, case in cases.items():
        child = groups.get(name, case.child)
        if child in stated.groups.index:
            stated = with_children(stated, {child: -1.0})
        elif child in problem.children.index and problem.children.loc[child, "status"] == "stays":
            stated = with_staying(stated, case.unit, -1.0)
    placement = answer.placement
    if stated is not answer.problem.placement:
        placement = allocate(
            stated, rules=problem.rules, minimum=problem.minimum, start=answer.placement, solver=solver
        )
    return Others(
        cases=cases,
        problem=problem,
        stated=stated,
        placement=placement,
        groups=groups,
        solver=solver,
    )


def _with_cases(county: County, cases: Mapping[str, Case], names: Mapping[str, str]) -> County:
    """The county with cases among its children, free to go anywhere that suits."""
    children = county.children
    own = pd.DataFrame(
        [
            {
                "child": names[name],
                "zone": case.zone,
                "year_group": case.in_september - 1,
                "need": case.need,
                "band": case.band or None,
                "unit": case.unit or None,
                "suits": ";".join(case.suits),
                "may_move": True,
            }
            for name, case in cases.items()
        ]
    )
    others = children[~children["child"].isin(own["child"])]
    rows = own.reindex(columns=children.columns).astype(children.dtypes.to_dict())
    return replace(county, children=pd.concat([others, rows], ignore_index=True))


def effects_of(others: Others, case: str, options: pd.DataFrame, *, estimate: bool) -> dict[str, Effect | None]:
    """By option, what it does to others; of options at the same unit once. None where a rule stands against it.

    ``options``: of one case, index option, with unit and room. To stay no rule stands against.
    """
    counted = options[(options["unit"] != "") & (options["room"] != "bought")]
    estimated = estimate and not others.groups
    prices = others.estimates() if estimated and len(counted) else pd.DataFrame()
    at = {
        unit: _estimated(others, prices, case, unit) if estimated else others.at({case: unit})
        for unit in counted["unit"].unique()
    }
    found = {str(name): at[unit] for name, unit in counted["unit"].items()}
    stays = set(counted.index[counted["room"] == "stays"])
    return {
        str(name): NO_EFFECT if name not in found or (found[name] is None and name in stays) else found[str(name)]
        for name in options.index
    }


def _estimated(others: Others, prices: pd.DataFrame, case: str, unit: str) -> Effect | None:
    if unit not in prices.index or not others.counts(case, unit):
        return NO_EFFECT
    try:
        own = overfill_price(others.stated, unit)
    except ValueError:
        return None
    price = {name: float(prices[name][unit]) for name in prices}
    if not np.isfinite(price["cost_one_fewer"]):
        return None
    return Effect(
        pounds=round(price["cost_one_fewer"] - own, 2) + 0.0,
        penalties=np.nan,
        children=-price["children_one_fewer"] + 0.0,
        preferences=-price["preferences_one_fewer"] + 0.0,
        people=NOBODY,
        estimate=True,
    )
