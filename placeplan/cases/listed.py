"""The options of a case with their lines and costs, ranked; what none of them does to others is in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import pandas as pd

from placeplan.cases.chains import Movers
from placeplan.cases.facts import Case
from placeplan.cases.found import OPTION_COLUMNS, Found
from placeplan.cases.lines import LINE_COLUMNS, costs_of
from placeplan.cases.ranking import ranking, yearly_public
from placeplan.county.county import County
from placeplan.geo.travel import TravelTimes
from placeplan.problem import CountyProblem

__all__ = ["Listed", "listed_options"]

COSTED: Final = ["low", "pounds", "high", "not_stated", "unstated_high", "middle"]


@dataclass(frozen=True, slots=True)
class Listed:
    """Options in their order (index option), their lines and costs, what is unsuitable and why, and the chains."""

    options: pd.DataFrame = field(repr=False)
    lines: pd.DataFrame = field(repr=False)
    costs: pd.DataFrame = field(repr=False)
    unsuitable: pd.DataFrame = field(repr=False)
    criteria: pd.DataFrame = field(repr=False)
    chains: pd.DataFrame = field(repr=False)

    def without(self, county: County, case: Case, blocked: Sequence[str]) -> "Listed":
        """The list without options that a rule of the county stands against."""
        if not blocked:
            return self
        told = self.options.loc[list(blocked), ["name"]].reset_index().assign(reason="rule")
        options, criteria = ranking(county, case, self.options.drop(index=list(blocked))[[*OPTION_COLUMNS, *COSTED]])

        def kept(rows: pd.DataFrame) -> pd.DataFrame:
            return rows[rows["option"].isin(options.index)].reset_index(drop=True)

        return replace(
            self,
            options=options,
            lines=kept(self.lines),
            costs=kept(self.costs),
            unsuitable=pd.concat([self.unsuitable, told], ignore_index=True),
            criteria=criteria,
            chains=kept(self.chains),
        )


def listed_options(
    county: County,
    travel: TravelTimes,
    problem: CountyProblem,
    case: Case,
    movers: Movers,
    *,
    leaving: Collection[str] = (),
) -> Listed:
    """Everything that could be offered for a case, ranked, and everything that could not.

    ``leaving``: children who are cases beside it, and whose places it might come to have.
    """
    found = Found(county, travel, problem, case, movers, leaving=leaving)
    found.collect()
    numbers = dict.fromkeys(("minutes", "km", "beyond", "place_funding"), float)
    flags = dict.fromkeys(("in_county", "residential", "preferred"), bool)
    options = pd.DataFrame(found.options, columns=["option", *OPTION_COLUMNS]).astype({**numbers, **flags})
    options = options.set_index("option")
    lines = pd.DataFrame(found.lines, columns=LINE_COLUMNS)
    costs = costs_of(county, case, lines)
    ranked, criteria = ranking(county, case, options.join(yearly_public(costs)))
    unsuitable = pd.DataFrame(found.unsuitable, columns=["option", "name", "reason", "by", "words"])
    return Listed(
        options=ranked,
        lines=lines,
        costs=costs,
        unsuitable=unsuitable.sort_values(["reason", "option"], ignore_index=True),
        criteria=criteria,
        chains=found.chains_table(),
    )
