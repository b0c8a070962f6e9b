"""Which units a case could go to, with what room, and why not to the others."""

from typing import Final

import numpy as np
import pandas as pd

from placeplan.cases.facts import Case
from placeplan.cohort import accepts
from placeplan.costs import top_up_lines
from placeplan.county.county import County
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.geo.travel import TravelTimes
from placeplan.pair_costs import journeys, priced
from placeplan.problem import CountyProblem
from placeplan.provision import needs_met

__all__ = ["consenting", "rooms", "units_for"]

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
    against = {
        "kind": ~np.array([accepts(case.suits, k, m) for k, m in zip(units["kind"], units["model"], strict=True)], bool)
        & ~at,
        "need": ~np.array([case.need in needs_met(str(needs)) for needs in units["needs"]], dtype=bool) & ~at,
        "age": ((units["from_year_group"] > case.year_group) | (units["to_year_group"] < case.year_group)).to_numpy(),
        "distance": (np.isnan(minutes) | (minutes > most)) & ~table["residential"].to_numpy(bool),
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


def consenting(problem: CountyProblem, *, apart_from: str = "") -> pd.DataFrame:
    """The children who are in a unit, could stay, and have consented to a move: index child; unit, need, phase."""
    children = problem.children
    here = children["could_stay"] & (children["reason"] == "moves_by_consent") & (children.index != apart_from)
    return children.loc[here, ["unit", "need", "phase", "locality", "year_group"]]


def rooms(county: County, problem: CountyProblem, case: Case) -> pd.Series:
    """What room each unit has for one case, by the children who are there today and who stay, not by anyone's plan.

    The nearest to hand first: ``stays`` (where the child is), ``bought`` (for one child), ``room_now``,
    ``room_september`` (when others leave or move up), ``chain`` (once one who has consented moves on), ``overfill``
    (above places, up to the ceiling), ``full``.
    """
    units = problem.units
    child = case.child
    today = county.children[county.children["child"] != child]["unit"].value_counts()
    today = today.reindex(units.index, fill_value=0)
    held = problem.placement.units["held"].reindex(units.index).fillna(0.0).copy()
    stays = child in problem.children.index and problem.children.loc[child, "status"] == "stays"
    if stays:
        held[case.unit] -= 1.0
    waiting = consenting(problem, apart_from=child)["unit"].value_counts().reindex(units.index, fill_value=0)
    room, ceiling = units["room"], units["ceiling_room"]
    if not county.settings.rules.overfill.allowed:
        ceiling = room
    conditions = [
        (units.index == case.unit) & (units["to_year_group"] >= case.year_group).to_numpy(),
        np.isinf(room),
        today + 1 <= room,
        held + waiting + 1 <= room,
        (held + 1 <= room) & (waiting > 0),
        held + 1 <= ceiling,
    ]
    names = ["stays", "bought", "room_now", "room_september", "chain", "overfill"]
    return pd.Series(np.select([np.asarray(c, dtype=bool) for c in conditions], names, "full"), index=units.index)
