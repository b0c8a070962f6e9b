"""Which units a case could go to, with what room, and why not to the others."""

from collections.abc import Collection
from typing import Final

import numpy as np
import pandas as pd

from placeplan.cases.facts import Case, case_facts
from placeplan.cohort import accepts
from placeplan.costs import top_up_lines
from placeplan.county.county import County
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.pair_costs import journeys, priced
from placeplan.problem import CountyProblem
from placeplan.provision import needs_met
from placeplan.rules import MAINSTREAM_KIND, wishes_mainstream

__all__ = ["consenting", "own_seat", "rooms", "sitting", "uncounted_seats", "units_for"]

AGAINST: Final = ("kind", "need", "age", "distance", "consent")
"""Why a unit may be no option by itself, in the order in which it is told: the plan does not name such a kind, it does
not serve the need or take the year group, the journey cannot be made, or no move is consented to."""


def units_for(county: County, travel: TravelTimes, problem: CountyProblem, case: Case) -> pd.DataFrame:
    """Every unit beside one case, with what stands against it.

    Index unit; columns of the problem's units, minutes, km (one way; missing where not reached), fee and transport
    (pounds a year; missing where it is not suitable), beyond (minutes over guidance), and against: the reasons of
    ``AGAINST`` that hold, separated by ``;``, or ``closed``.
    """
    units = problem.units.drop(index=SPOT_PURCHASE, errors="ignore")
    stated = county.units.drop_duplicates("unit").set_index("unit")
    closed = stated.index.difference(units.index)
    pairs = pd.DataFrame({"case": case.case, "unit": units.index})
    known = {"zone": [case.zone], "need": [case.need], "band": [case.band], "phase": [case.phase]}
    about = pd.DataFrame(known, index=pd.Index([case.case], name="case"))
    table = journeys(travel, units, about, pairs)
    minutes = table["minutes"].to_numpy(float)
    most = case.most_minutes
    at = units.index == case.unit
    # Whoever prefers mainstream suits it, whatever else the plan lists.
    wishes = bool(wishes_mainstream(county, pd.Series([case.prefers])).iloc[0])
    suits = (*case.suits, MAINSTREAM_KIND) if wishes else case.suits
    against = {
        "kind": ~np.array([accepts(suits, k, m) for k, m in zip(units["kind"], units["model"], strict=True)], bool)
        & ~at,
        "need": ~np.array([case.need in needs_met(str(needs)) for needs in units["needs"]], dtype=bool) & ~at,
        "age": ((units["from_year_group"] > case.year_group) | (units["to_year_group"] < case.year_group)).to_numpy(),
        "distance": (np.isnan(minutes) | (minutes > most)) & ~table["residential"].to_numpy(bool) & ~at,
    }
    stays = bool((at & ~against["age"]).any())
    against["consent"] = np.full(len(units), stays and not case.may_move) & ~at
    reasons = np.array([";".join(n for n in AGAINST if against[n][i]) for i in range(len(units))])
    table = table.set_index("unit").assign(against=reasons.astype(object))
    suitable = table[table["against"] == ""].reset_index()
    fees = top_up_lines(county, suitable[["unit", "kind", "need", "band"]].drop_duplicates())
    costs = priced(county, suitable, fees).set_index("unit")[["fee", "transport", "minutes_penalty"]]
    guidance = county.settings.guidance_minutes[case.phase]
    beyond = (table["minutes"] - guidance).clip(lower=0.0).where(~table["residential"], 0.0)
    found = units.join(table[["minutes", "km", "against"]]).join(costs).assign(beyond=beyond)
    shut = pd.DataFrame({"against": "closed", "kind": stated.loc[closed, "kind"], "site": stated.loc[closed, "site"]})
    return pd.concat([found, shut.rename_axis("unit")]) if len(closed) else found


def consenting(county: County, problem: CountyProblem) -> pd.DataFrame:
    """The children who are in a unit, could stay, and have consented to a move: index child; unit, need, phase.

    A child who is a case moves by its own options alone.
    """
    children = problem.children
    here = children["could_stay"] & (children["reason"] == "moves_by_consent")
    here &= ~children.index.isin(county.cases["child"].dropna())
    return children.loc[here, ["unit", "need", "phase", "locality", "year_group"]]


def sitting(problem: CountyProblem, apart_from: Collection[str]) -> pd.Series:
    """By unit, how many children are there today and could stay, whatever they might move to; without some."""
    children = problem.children
    here = children.loc[children["could_stay"] & ~children.index.isin(list(apart_from)), "unit"]
    return here.value_counts().reindex(problem.units.index, fill_value=0).astype(float)


def own_seat(problem: CountyProblem, case: Case) -> str:
    """The unit where a case is and could stay, "" where there is none."""
    if case.unit not in problem.units.index:
        return ""
    row = problem.units.loc[case.unit]
    return case.unit if row["from_year_group"] <= case.year_group <= row["to_year_group"] else ""


def uncounted_seats(county: County, problem: CountyProblem, apart_from: Collection[str]) -> pd.Series:
    """By unit, how many cases are there whom the table children does not have; without some cases."""
    rows = county.cases[county.cases["child"].isna() & county.cases["unit"].notna()]
    here = [
        own_seat(problem, case)
        for name, case in (case_facts(county) if len(rows) else {}).items()
        if name not in apart_from and not case.child
    ]
    return pd.Series(here, dtype=object).value_counts().reindex(problem.units.index, fill_value=0).astype(float)


def rooms(
    county: County, problem: CountyProblem, case: Case, *, leaving: Collection[str] = (), consent: bool = True
) -> pd.Series:
    """What room each unit has for one case, by the children who are there today and who stay, not by anyone's plan.

    The nearest to hand first: ``stays`` (where the child is), ``bought`` (for one child), ``room_now``,
    ``room_september`` (when others leave or move up), ``chain`` (once one who has consented moves on; not asked for
    without ``consent``), ``overfill`` (above places, up to the ceiling), ``vacated`` (once one of ``leaving``, children
    who are cases too, is elsewhere), ``full``.
    """
    units = problem.units
    seats = uncounted_seats(county, problem, [case.case])
    today = county.children[county.children["child"] != case.child]["unit"].value_counts()
    today = today.reindex(units.index, fill_value=0) + seats
    here = sitting(problem, [case.child])
    held = here + seats
    waiting = consenting(county, problem)["unit"].value_counts().reindex(units.index, fill_value=0)
    vacated = here - sitting(problem, [case.child, *leaving])
    room, ceiling = units["room"], units["ceiling_room"]
    if not county.settings.rules.overfill.allowed:
        ceiling = room
    conditions = [
        units.index == own_seat(problem, case),
        np.isinf(room),
        np.maximum(today, held) + 1 <= room,
        held + 1 <= room,
        # One comes where one has gone.
        (waiting > 0) & (held <= ceiling) & consent,
        held + 1 <= ceiling,
        (vacated > 0) & (held <= ceiling),
    ]
    names = ["stays", "bought", "room_now", "room_september", "chain", "overfill", "vacated"]
    return pd.Series(np.select([np.asarray(c, dtype=bool) for c in conditions], names, "full"), index=units.index)
