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

        def decide(assumed: Assumption) -> Choice:
            return _under_rules(table, assumed, others)[0] if others.groups else table.decided(assumed)

        turns = table.turns(base, decided, decide).merge(
            table.options[["case", "option", *NAMED]], on=["case", "option"], how="left"
        )
        decisions = _decisions(table, decided, table.alone(base), turns, free=table.free(base), weighed=weighed)
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


def _under_rules(table: CaseTable, assumed: Assumption, others: Others) -> tuple[Choice, Effect]:
    """The best choice that all rules allow together, and what it does to others.

    Where they do not allow a choice, the least of it that they do not is barred, and the next best is found.
    """
    options = table.options
    counted = options[(options["unit"] != "") & (options["room"] != "bought")]
    units = counted.set_index(["case", "option"])["unit"].to_dict()
    for _ in range(TRIES):
        found = table.decided(assumed)
        chosen = {str(case): str(option) for case, option in found.chosen.items()}
        # Who is not met stays where it is.
        at = {case: units.get((case, option), "" if option else table.seat(case)) for case, option in chosen.items()}
        at = {case: unit for case, unit in at.items() if unit}
        effect = others.at(at)
        if effect is not None:
            return found, effect
        for together in _conflicts(at, others):
            table.barred.append({case: chosen[case] for case in together})
    raise NotProvenError(f"a meeting: none of the {TRIES} best choices can be made under the county's rules")


def _conflicts(at: Mapping[str, str], others: Others) -> list[tuple[str, ...]]:
    """Cases that may not all be at their units: as few as can be, and those in which another is at the same unit."""

    def forbidden(cases: Iterable[str]) -> bool:
        return others.at({case: at[case] for case in cases}) is None

    least = list(at)
    for case in at:
        fewer = [other for other in least if other != case]
        if forbidden(fewer):
            least = fewer
    swapped = [
        tuple(sorted({other, *least} - {case}))
        for case in least
        for other in at
        if other not in least and at[other] == at[case]
    ]
    return [tuple(sorted(least)), *(cases for cases in dict.fromkeys(swapped) if forbidden(cases))]


def _decisions(
    table: CaseTable,
    found: Choice,
    alone: dict[str, str],
    turns: pd.DataFrame,
    *,
    free: pd.Series,
    weighed: pd.DataFrame,
) -> pd.DataFrame:
    """A row a case: what is chosen, what it would have been alone, and what the choice turns on.

    ``room``: as it comes about in this choice; ``low``, ``pounds`` (what is stated) and ``high``: a year to the public
    purse, a place that is added in it.
    """
    about = {(row["case"], row["option"]): row for row in table.options.to_dict("records")}
    costs = weighed.set_index(["case", "option"])
    rooms = _rooms(table, found, free)
    rows = []
    for case, option in zip(map(str, found.chosen.index), found.chosen, strict=True):
        row = about.get((case, option), {"what": "none"})
        mine = turns[turns["case"] == case]
        by_itself = alone[case]
        added = float(costs["added"].get((case, option), 0.0)) if found.added[case] else 0.0
        rows.append(
            {
                "case": case,
                "option": option,
                **{name: row.get(name, "") for name in TOLD},
                "beyond": float(row.get("beyond", np.nan)),
                "preferred": bool(row.get("preferred", False)),
                "not_stated": int(row.get("not_stated", 0)),
                "room": rooms.get(case, str(row.get("room", ""))),
                "rank": float(row.get("rank", np.nan)),
                **_costs(row, added),
                "alone": by_itself,
                "changed": option != by_itself,
                "decided": mine.empty,
                "turns_on": "; ".join(dict.fromkeys(mine["assumption"])),
            }
        )
    return pd.DataFrame(rows)


def _rooms(table: CaseTable, found: Choice, free: pd.Series) -> dict[str, str]:
    """By case that comes to a counted place, how its room comes about: the free first, then those left by others."""
    chosen = found.chosen.rename_axis("case").reset_index(name="option").merge(table.options, on=["case", "option"])
    comes = chosen[chosen["unit"].isin(free.index) & (chosen["room"] != "stays")]
    moved = found.moved["from_unit"].value_counts()
    told = {}
    for unit, rows in comes.groupby("unit"):
        left, gone = float(free[unit]), int(moved.get(unit, 0))
        nearest = rows.sort_values(["room", "case"], key=_nearest)
        for case, room in nearest[["case", "room"]].itertuples(index=False):
            if found.added[case]:
                told[case] = "overfill"
            elif left >= 1 and room in {"room_now", "room_september"}:
                told[case], left = room, left - 1
            elif gone:
                told[case], gone = "chain", gone - 1
            else:
                told[case] = "vacated"
    return told


def _nearest(column: pd.Series) -> pd.Series:
    """Rooms in the order in which they are to hand; cases as they are."""
    return column.map({"room_now": 0, "room_september": 1}).fillna(2) if column.name == "room" else column


def _costs(row: Mapping[Any, Any], added: float) -> dict[str, float]:
    """What an option costs a year, a place in it where one is added for the case, whatever it was listed with."""
    listed = float(row["place_added"]) if row["what"] != "none" else np.nan
    return {end: round(float(row.get(end, np.nan)) - listed + added, 2) for end in ("low", "pounds", "high")}


def _budget(table: CaseTable, found: Choice, weighed: pd.DataFrame, assumed: Assumption) -> pd.DataFrame:
    """What education would otherwise spend on the cases and what it spends: case by case, and all together.

    Columns case (``all`` for those that an independent place is open to; with them every move that costs more and,
    where money is pooled, every place added), otherwise (missing where none is), spent, added_pounds (places added,
    which are in spent), left; pounds a year.
    """
    numbers = weighed.set_index(["case", "option"])
    otherwise = table.otherwise(weighed)
    chosen = pd.MultiIndex.from_arrays([found.chosen.index, found.chosen])
    added = numbers["added"].reindex(chosen).to_numpy() * found.added.to_numpy(float)
    spent = pd.Series(numbers["budget"].reindex(chosen).to_numpy() + np.nan_to_num(added), index=found.chosen.index)
    rows = pd.DataFrame({"case": spent.index, "otherwise": otherwise.reindex(spent.index), "spent": spent.to_numpy()})
    rows = rows.assign(added_pounds=np.nan_to_num(added))
    known = rows["otherwise"].notna()
    moved = float(found.moved["pounds"].clip(lower=0.0).sum())
    # Which of several cases has an added place is nobody's to say: where the money is pooled, they all are in it.
    beside = float(rows.loc[~known, "added_pounds"].sum()) if assumed.pooled else 0.0
    total = {
        "case": "all",
        "otherwise": float(rows.loc[known, "otherwise"].sum()),
        "spent": float(rows.loc[known, "spent"].sum()) + beside + moved,
        "added_pounds": float(rows["added_pounds"].sum()),
    }
    both = pd.concat([rows, pd.DataFrame([total])], ignore_index=True)
    return both.assign(left=both["otherwise"] - both["spent"], pooled=assumed.pooled).round(2)
