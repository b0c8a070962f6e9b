"""The options for one case: every suitable unit, package and independent place, what each costs, and to whom else."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

import pandas as pd

from placeplan.cases.break_even import break_even
from placeplan.cases.chains import movers_of
from placeplan.cases.facts import Case, chosen_facts
from placeplan.cases.lines import costs_of, terms_of
from placeplan.cases.listed import listed_options
from placeplan.cases.ranking import turning_points
from placeplan.county.county import County
from placeplan.county.terms import TERMS, term_name
from placeplan.geo.travel import TravelTimes
from placeplan.models.program import DEFAULT_SOLVER
from placeplan.studies.answers import Allocation
from placeplan.studies.case_answers import CaseOptions
from placeplan.studies.case_effects import NOBODY, Effect, effects_of, others_of

__all__ = ["case_options"]

TOLD: Final = (
    "case",
    "need",
    "second_need",
    "band",
    "year_group",
    "phase",
    "locality",
    "unit",
    "suits",
    "prefers",
    "may_move",
    "family_transport",
    "most_minutes",
    "start_term",
)
"""What is told of a case: neither its zone nor the pseudonym that the county's tables have for it."""


def case_options(
    county: County,
    travel: TravelTimes,
    answer: Allocation,
    case: str,
    *,
    estimate: bool = False,
    solver: str = DEFAULT_SOLVER,
) -> CaseOptions:
    """Every option for a case, ranked, each with its cost by payer and, apart from that, what it does to others.

    ``answer``: the county's allocation of September, which the case's options are set beside. ``estimate``: what an
    option does to others is read from the prices of places instead of being solved again, and says so (where the
    answer has rules over several children it is solved all the same: its prices are not exact).

    Raises ``UsageError`` for a case that is not in the table cases or an answer that is not of September,
    ``InputError`` where a cost is missing.
    """
    fact = chosen_facts(county, [case])[case]
    others = others_of(county, travel, answer, {case: fact}, solver=solver)
    listed = listed_options(county, travel, answer.problem, fact, movers_of(county, travel, answer.problem))
    effects = effects_of(others, case, listed.options, estimate=estimate)
    listed = listed.without(county, fact, [name for name, effect in effects.items() if effect is None])
    kept = {name: effect for name, effect in effects.items() if effect is not None}
    costs = listed.costs
    tables = {
        "case": _case_table(fact),
        "options": listed.options.reset_index().assign(position=range(1, len(listed.options) + 1)),
        "lines": listed.lines,
        "costs": costs,
        "unsuitable": listed.unsuitable,
        "others": _effects_table(kept),
        "others_people": _people_table(kept),
        "break_even": break_even(_set_beside(listed.options), costs, _fees(county, fact, listed.lines)),
        "criteria": listed.criteria,
        "turning_points": turning_points(county, fact, listed.options),
        "chains": listed.chains,
    }
    return CaseOptions(
        case=case,
        county=county,
        question_year=answer.year,
        about=fact,
        listed=listed,
        tables=tables,
        estimate=estimate,
    )


def _set_beside(options: pd.DataFrame) -> pd.DataFrame:
    """The local options and the independent ones beside them: those quoted, or else the one that costs least."""
    away = options[options["what"] == "independent"].rename_axis("label").sort_values(["middle", "label"])
    quoted = away[away["provision"] != ""]
    kept = (quoted if len(quoted) else away.head(1)).index
    return options[(options["what"] != "independent") | options.index.isin(kept)]


def _effects_table(effects: Mapping[str, Effect]) -> pd.DataFrame:
    rows = [(name, e.pounds, e.penalties, e.children, e.preferences, e.estimate) for name, e in effects.items()]
    columns = ["option", "others_pounds", "others_penalties", "others_gap", "others_preferences", "estimate"]
    return pd.DataFrame(rows, columns=columns)


def _people_table(effects: Mapping[str, Effect]) -> pd.DataFrame:
    parts = [effect.people.assign(option=name) for name, effect in effects.items() if len(effect.people)]
    columns = ["option", *NOBODY.columns]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _fees(county: County, case: Case, lines: pd.DataFrame) -> pd.DataFrame:
    """What the fee of each independent option comes to over each horizon, and what a pound a year of it does."""
    fees = lines[lines["line"].isin(["fee", "top_up"])]
    costs = costs_of(county, case, fees)
    sums = costs.groupby(["option", "horizon"], as_index=False)[["low", "pounds", "high"]].sum()
    a_year = {horizon: float(factors.sum()) / len(TERMS) for horizon, (_, factors) in terms_of(county, case).items()}
    return sums.assign(a_year=sums["horizon"].map(a_year))


def _case_table(case: Case) -> pd.DataFrame:
    """What is known of the case, in words."""
    told = asdict(case) | {"suits": ";".join(case.suits), "start_term": term_name(case.start)}
    return pd.DataFrame([{name: told[name] for name in TOLD}])
