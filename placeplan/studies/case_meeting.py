"""A meeting: one option for each of many cases together, every place counted once, and what that turns on."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.cases.chains import movers_of
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
from placeplan.studies.case_effects import Effect, Others, effects_of, others_of

__all__ = ["partnership_meeting"]

TRIES: Final = 20
"""How many of the best choices are tried under rules over several children."""

NAMED: Final = ("name", "what", "unit", "kind", "provision", "residential")
"""What an option is called by."""

TOLD: Final = (*NAMED, "condition", "doubts")
"""What is told of an option that is chosen."""


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
    problem, known = answer.problem, movers_of(county, travel, answer.problem)
    listed = {}
    for name, case in chosen.items():
        leaving = [other.child for other in chosen.values() if other.may_move and other.child and other is not case]
        found = listed_options(county, travel, problem, case, known, leaving=leaving)
        # Where rules are over several children, each option is tried under them by itself.
        effects = effects_of(others, name, found.options, estimate=False) if others.groups else {}
        listed[name] = found.without(county, case, [option for option, effect in effects.items() if effect is None])
    table = CaseTable(
        county,
        problem,
        answer.placements,
        cases=chosen,
        listed=listed,
        moves=known.moves,
        solver=solver,
        time_limit=time_limit,
    )
    base = Assumption(
        dict(county.settings.cases.weights), pooled=pooled, overfill=overfill, moves=moves, offers_kept=offers_kept
    )
    weighed = table.weighed(base)
    try:
        decided, effect = _under_rules(table, base, others)
        turns = table.turns(base, decided).merge(
            table.options[["case", "option", *NAMED]], on=["case", "option"], how="left"
        )
        decisions = _decisions(table, decided, table.alone(base), turns, weighed)
    except OutOfTimeError as error:
        raise NotProvenError(f"a meeting: no answer was found in {time_limit} s") from error
    return Meeting(
        county=county,
        question_year=answer.year,
        listed=listed,
        tables={
            "meeting": decisions,
            "meeting_budget": _budget(table, decided, weighed, base),
            "meeting_moves": decided.moved.drop(columns="child"),
            "meeting_turns": turns,
            "meeting_others": effect.people,
        },
        status=decided.status,
        others=effect,
    )


def _under_rules(table: CaseTable, base: Assumption, others: Others) -> tuple[Choice, Effect]:
    """The best choice that all rules allow together, and what it does to others.

    A choice that they do not allow is barred, and the next best is found.
    """
    options = table.options
    counted = options[(options["unit"] != "") & (options["room"] != "bought")]
    units = counted.set_index(["case", "option"])["unit"].to_dict()
    for _ in range(TRIES):
        found = table.decided(base)
        taken = {str(case): str(option) for case, option in found.chosen.items() if (case, option) in units}
        effect = others.at({case: units[case, option] for case, option in taken.items()})
        if effect is not None:
            return found, effect
        table.barred.append(taken)
    raise NotProvenError(f"a meeting: none of the {TRIES} best choices can be made under the county's rules")


def _decisions(
    table: CaseTable, found: Choice, alone: dict[str, str], turns: pd.DataFrame, weighed: pd.DataFrame
) -> pd.DataFrame:
    """A row a case: what is chosen, what it would have been alone, and what the choice turns on.

    ``room``: as it comes about in this choice; ``low``, ``pounds`` (what is stated) and ``high``: a year to the public
    purse, a place that is added in it.
    """
    about = {(row["case"], row["option"]): row for row in table.options.to_dict("records")}
    costs = weighed.set_index(["case", "option"])
    moved = set(found.moved["from_unit"])
    rows = []
    for case, option in zip(map(str, found.chosen.index), found.chosen, strict=True):
        row = about.get((case, option), {"what": "none"})
        mine = turns[turns["case"] == case]
        by_itself = alone[case]
        room, added = str(row.get("room", "")), 0.0
        if found.added[case]:
            room, added = "overfill", float(costs["added"].get((case, option), 0.0))
        elif room in {"overfill", "chain", "vacated"}:
            room = "chain" if row["unit"] in moved else "vacated"
        rows.append(
            {
                "case": case,
                "option": option,
                **{name: row.get(name, "") for name in TOLD},
                "beyond": float(row.get("beyond", np.nan)),
                "preferred": bool(row.get("preferred", False)),
                "not_stated": int(row.get("not_stated", 0)),
                "room": room,
                "rank": float(row.get("rank", np.nan)),
                **_costs(row, added),
                "alone": by_itself,
                "changed": option != by_itself,
                "decided": mine.empty,
                "turns_on": "; ".join(dict.fromkeys(mine["assumption"])),
            }
        )
    return pd.DataFrame(rows)


def _costs(row: Mapping[Any, Any], added: float) -> dict[str, float]:
    """What an option costs a year, a place in it where one is added for the case, whatever it was listed with."""
    listed = float(row["place_added"]) if row["what"] != "none" else np.nan
    return {end: round(float(row.get(end, np.nan)) - listed + added, 2) for end in ("low", "pounds", "high")}


def _budget(table: CaseTable, found: Choice, weighed: pd.DataFrame, assumed: Assumption) -> pd.DataFrame:
    """What education would otherwise spend on the cases and what it spends: case by case, and all together.

    Columns case (``all`` for those that an independent place is open to, moves and places added in it), otherwise
    (missing where none is), spent, left; pounds a year.
    """
    numbers = weighed.set_index(["case", "option"])
    otherwise = table.otherwise(weighed)
    chosen = pd.MultiIndex.from_arrays([found.chosen.index, found.chosen])
    added = numbers["added"].reindex(chosen).to_numpy() * found.added.to_numpy(float)
    spent = pd.Series(numbers["budget"].reindex(chosen).to_numpy() + np.nan_to_num(added), index=found.chosen.index)
    rows = pd.DataFrame({"case": spent.index, "otherwise": otherwise.reindex(spent.index), "spent": spent.to_numpy()})
    known = rows[rows["otherwise"].notna()]
    whole = float(known["spent"].sum()) + float(found.moved["pounds"].sum())
    total = {"case": "all", "otherwise": float(known["otherwise"].sum()), "spent": whole}
    both = pd.concat([rows, pd.DataFrame([total])], ignore_index=True)
    return both.assign(left=both["otherwise"] - both["spent"], pooled=assumed.pooled).round(2)
