"""What an option for one child does to everybody else: the allocation with the child fixed there against without it.

``effect[o] = V(child fixed at o) - own[o] - V(without the child)``, where V is the best allocation of all the others in
its order (children without a place, preferences, cost) and ``own`` is what the child itself costs there, its overfill
included. An option that takes no counted place has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

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
from placeplan.models.fixed import changed_for_others, fixed_at, overfill_price, with_staying
from placeplan.models.placement import Placement, PlacementProblem
from placeplan.models.pricing import one_sided_prices
from placeplan.models.program import DEFAULT_SOLVER
from placeplan.problem import county_problem
from placeplan.studies.answers import Allocation

__all__ = ["NOBODY", "Effect", "Others", "others_of"]

FARTHER: Final = 0.05
"""Minutes by which a journey is longer: they are in tenths."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an option does to everybody else together.

    ``pounds`` a year, ``children`` more without a place, ``preferences`` met less. ``people``: outcome (``waits``,
    ``bought``, ``further`` or ``elsewhere``), need, phase, locality, children: how many others, and never who.
    ``estimate``: read from the prices of places, not solved.
    """

    pounds: float
    children: float
    preferences: float
    people: pd.DataFrame = field(repr=False)
    estimate: bool


NOBODY: Final = pd.DataFrame(columns=["outcome", "need", "phase", "locality", "children"])


@dataclass(frozen=True, slots=True)
class Others:
    """Everybody but some cases: their problem without them, its rules and its best allocation.

    ``groups``: by case, the group in the problem that has its pairs, where there are rules over several children.
    """

    children: pd.DataFrame = field(repr=False)
    stated: PlacementProblem = field(repr=False)
    rules: tuple[Rule, ...] = field(repr=False)
    minimum: pd.Series | None = field(repr=False)
    placement: Placement = field(repr=False)
    groups: Mapping[str, str]
    solver: str

    def estimates(self) -> pd.DataFrame:
        """What a place less costs everybody, by unit, from the prices (see ``one_sided_prices``)."""
        return one_sided_prices(self.stated, self.placement)

    def at(self, where: Mapping[str, str]) -> Effect | None:
        """The effect of cases' being at units (by case), solved again; None where one is full or a rule against it."""
        fixed, rules, own = self.stated, list(self.rules), 0.0
        try:
            for case, unit in where.items():
                own += overfill_price(fixed, unit)
                if case in self.groups:
                    fixed, rules = fixed_at(fixed, rules, self.groups[case], unit)
                else:
                    fixed = with_staying(fixed, unit, 1.0)
            after = allocate(fixed, rules=rules, minimum=self.minimum, start=self.placement, solver=self.solver)
        except (KeyError, ValueError):
            return None
        saved = difference(self.placement, after)
        return Effect(
            pounds=round(-saved["pounds"] - own, 2) + 0.0,
            children=-saved["children"] + 0.0,
            preferences=-saved["preferences"] + 0.0,
            people=self._people(after),
            estimate=False,
        )

    def _people(self, after: Placement) -> pd.DataFrame:
        changed = changed_for_others(self.stated, self.placement, after)
        if changed.empty:
            return NOBODY
        outcome = pd.Series("elsewhere", index=changed.index).mask(
            changed["minutes_after"] > changed["minutes_before"] + FARTHER, "further"
        )
        outcome = outcome.mask(changed["to_unit"] == SPOT_PURCHASE, "bought").mask(changed["to_unit"] == "", "waits")
        about = self.children.loc[changed["group"], ["need", "phase", "locality"]].reset_index(drop=True)
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
    return Others(problem.children, stated, problem.rules, problem.minimum, placement, groups, solver)


def _with_cases(county: County, cases: Mapping[str, Case], names: Mapping[str, str]) -> County:
    """The county with cases among its children, free to go anywhere that suits."""
    children = county.children
    own = pd.DataFrame(
        [
            {
                "child": names[name],
                "zone": case.zone,
                "year_group": case.year_group - 1,
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
