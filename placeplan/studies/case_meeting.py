"""A meeting: one option for each of many cases together, every place counted once, and what that turns on."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from placeplan.cases.chains import moves_of
from placeplan.cases.facts import chosen_facts
from placeplan.cases.listed import listed_options
from placeplan.cases.table import Assumption, CaseTable
from placeplan.county.county import County
from placeplan.errors import NotProvenError
from placeplan.geo.travel import TravelTimes
from placeplan.models.options import Choice
from placeplan.models.program import DEFAULT_SOLVER, OutOfTimeError
from placeplan.studies.answers import Allocation
from placeplan.studies.case_answers import Meeting
from placeplan.studies.case_effects import NOBODY, others_of

__all__ = ["partnership_meeting"]


def partnership_meeting(
    county: County,
    travel: TravelTimes,
    answer: Allocation,
    *,
    cases: Iterable[str] | None = None,
    pooled: bool = True,
    overfill: bool = True,
    moves: bool = True,
    offers_kept: bool = False,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Meeting:
    """Decide many cases together: few without an option, then the best scores, few moves, least public cost.

    ``cases``: those of the table cases unless some are named. ``pooled``: what education would otherwise spend on
    independent places is one budget for all; else no option costs education more than its own case's independent place.
    ``overfill``: whether cases may go above places, up to the ceiling. ``moves``: whether children who have consented
    may move on to make room. ``offers_kept``: whether the places that the allocation offers to others are theirs. Every
    option is subject to consultation and the authority's decision.

    Raises ``UsageError`` for a case that is not known or an answer that is not of September of the same county,
    ``InputError`` where a cost is missing, ``NotProvenError`` where nothing was found in ``time_limit`` seconds an
    objective.
    """
    chosen = chosen_facts(county, cases)
    others = others_of(county, travel, answer, chosen, solver=solver)
    problem, known = answer.problem, moves_of(answer.problem)
    listed = {name: listed_options(county, travel, problem, case, known) for name, case in chosen.items()}
    table = CaseTable(county, problem, answer.placements, chosen, listed, solver=solver, time_limit=time_limit)
    base = Assumption(
        dict(county.settings.cases.weights), pooled=pooled, overfill=overfill, moves=moves, offers_kept=offers_kept
    )
    try:
        found = table.decided(base)
        alone = table.alone(base)
        turns = table.turns(base, found)
    except OutOfTimeError as error:
        raise NotProvenError(f"a meeting: no answer was found in {time_limit} s") from error
    weighed = table.weighed(base)
    decisions = _decisions(table, found, alone, turns, weighed)
    at = decisions[(decisions["unit"] != "") & (decisions["room"] != "bought")]
    effect = others.at(dict(zip(at["case"], at["unit"], strict=True)))
    return Meeting(
        county=county,
        question_year=answer.year,
        listed=listed,
        tables={
            "meeting": decisions,
            "meeting_budget": _budget(table, found, weighed, base),
            "meeting_moves": found.moved.drop(columns="child"),
            "meeting_turns": turns,
            "meeting_others": NOBODY if effect is None else effect.people,
        },
        status=found.status,
        others=effect,
    )


def _decisions(
    table: CaseTable, found: Choice, alone: dict[str, str], turns: pd.DataFrame, weighed: pd.DataFrame
) -> pd.DataFrame:
    """A row a case: what is chosen, what it would have been alone, and what the choice turns on."""
    about = {(row["case"], row["option"]): row for row in table.options.to_dict("records")}
    pounds = weighed.set_index(["case", "option"])["pounds"].to_dict()
    rows = []
    for case, option in zip(map(str, found.chosen.index), found.chosen, strict=True):
        row = about.get((case, option), {"what": "none"})
        mine = turns[turns["case"] == case]
        by_itself = alone[case]
        rows.append(
            {
                "case": case,
                "option": option,
                **{name: row.get(name, "") for name in ("name", "what", "unit", "room")},
                "rank": float(row.get("rank", np.nan)),
                "pounds": pounds.get((case, option), np.nan),
                "alone": by_itself,
                "alone_pounds": pounds.get((case, by_itself), np.nan),
                "changed": option != by_itself,
                "decided": mine.empty,
                "turns_on": "; ".join(dict.fromkeys(mine["assumption"])),
            }
        )
    return pd.DataFrame(rows)


def _budget(table: CaseTable, found: Choice, weighed: pd.DataFrame, assumed: Assumption) -> pd.DataFrame:
    """What education would otherwise spend on the cases and what it spends: case by case, and all together.

    Columns case (``all`` for those that an independent place is open to, moves and places added in it), otherwise
    (missing where none is), spent, left; pounds a year.
    """
    numbers = weighed.set_index(["case", "option"])["budget"]
    otherwise = table.otherwise(weighed)
    spent = pd.Series({case: numbers.get((case, option), float("nan")) for case, option in found.chosen.items()})
    rows = pd.DataFrame({"case": spent.index, "otherwise": otherwise.reindex(spent.index), "spent": spent.to_numpy()})
    known = rows[rows["otherwise"].notna()]
    whole = float(known["spent"].sum()) + float(found.moved["pounds"].sum()) + table.added_pounds(found, assumed)
    total = {"case": "all", "otherwise": float(known["otherwise"].sum()), "spent": whole}
    both = pd.concat([rows, pd.DataFrame([total])], ignore_index=True)
    return both.assign(left=both["otherwise"] - both["spent"], pooled=assumed.pooled).round(2)
