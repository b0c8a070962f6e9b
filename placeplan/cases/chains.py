"""Room that children make who have consented to move on: who goes where, so that a place is free at a unit."""

from itertools import pairwise
from typing import Final

import networkx as nx
import numpy as np
import pandas as pd

from placeplan.cases.units import consenting
from placeplan.costs import top_up_lines
from placeplan.county.county import County
from placeplan.county.vocabulary import SPOT_PURCHASE, YEAR_GROUPS, phase_of
from placeplan.geo.travel import TravelTimes
from placeplan.pair_costs import journeys, priced
from placeplan.problem import CountyProblem

__all__ = ["chain_to", "leaver_of", "moves_of"]

MOVE_COLUMNS: Final = ["child", "need", "phase", "year_group", "locality", "from_unit", "to_unit", "pounds"]

FREE: Final = ""
"""Where a chain ends: a place that nobody has."""

STEP: Final = 1e9
"""What a move weighs beside pounds: the fewest children move, then at least cost."""


def moves_of(county: County, travel: TravelTimes, problem: CountyProblem) -> pd.DataFrame:
    """The moves that children who have consented could make.

    child, need, phase, year_group, locality, from_unit, to_unit, pounds (what it adds a year to what the child costs).
    """
    who = consenting(county, problem).rename(columns={"unit": "from_unit"})
    choices = problem.choices
    there = choices.loc[choices["unit"] != SPOT_PURCHASE, ["child", "unit", "fee", "transport"]]
    there = there.merge(who, left_on="child", right_index=True)
    there = there[there["unit"] != there["from_unit"]].reset_index(drop=True)
    now = _cost_now(county, travel, problem, who.index).reindex(there["child"]).to_numpy(float)
    discount = there["unit"].map(problem.units["filled_discount"]).astype(float)
    then = there["fee"].astype(float) + there["transport"].astype(float) - discount
    there = there.assign(pounds=(then - now).round(2)).rename(columns={"unit": "to_unit"})
    there = there[np.isfinite(there["pounds"])]
    found: pd.DataFrame = there[MOVE_COLUMNS].sort_values(["child", "to_unit"], ignore_index=True)
    return found


def leaver_of(county: County, problem: CountyProblem, unit: str) -> pd.DataFrame:
    """The child who leaves a unit, or moves up from it, by September and so makes room: the oldest; as ``moves_of``.

    ``to_unit`` is "", and ``pounds`` missing: it goes in any case. Empty where nobody does.
    """
    here = county.children[county.children["unit"] == unit]
    stays = problem.children.index[problem.children["could_stay"]]
    gone = here[~here["child"].isin(stays)].sort_values(["year_group", "child"], ascending=[False, True]).head(1)
    gone = gone.assign(from_unit=unit, to_unit="", pounds=np.nan, year_group=gone["year_group"].astype(int) + 1)
    gone["phase"] = [phase_of(min(year_group, max(YEAR_GROUPS))) for year_group in gone["year_group"]]
    gone["locality"] = gone["zone"].map(county.zones.set_index("zone")["locality"])
    return gone[MOVE_COLUMNS].reset_index(drop=True)


def _cost_now(county: County, travel: TravelTimes, problem: CountyProblem, children: pd.Index) -> pd.Series:
    """By child, what a year where it is costs; its plan need not name that kind any more."""
    about = problem.children.loc[children, ["zone", "need", "band", "phase"]]
    pairs = problem.children.loc[children, ["unit"]].rename_axis("child").reset_index()
    rows = journeys(travel, problem.units, about.rename_axis("child"), pairs)
    fees = top_up_lines(county, rows[["unit", "kind", "need", "band"]].drop_duplicates())
    cost = priced(county, rows, fees).set_index("child")
    pounds = (cost["fee"] + cost["transport"] - cost["filled_discount"]).where(cost["km"].notna())
    return pounds.astype(float)


def chain_to(unit: str, moves: pd.DataFrame, room: pd.Series) -> pd.DataFrame:
    """The moves that free a place at a unit: as few as can be, then the cheapest; none where there is no such chain.

    Each child goes to the place that the next one leaves, the last to a unit with room (``room``: see ``units``).
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    order = moves.sort_values(["pounds", "child", "to_unit"]).drop_duplicates(["from_unit", "to_unit"])
    for at, here, there, pounds in order[["from_unit", "to_unit", "pounds"]].itertuples(name=None):
        graph.add_edge(here, there, weight=STEP + pounds, row=at)
    free = room.index[room.isin(["room_now", "room_september", "bought"])]
    for name in free.intersection(pd.Index(list(graph))):
        graph.add_edge(name, FREE, weight=0.0)
    if unit not in graph or FREE not in graph:
        return moves.iloc[:0]
    try:
        path = nx.bellman_ford_path(graph, unit, FREE)
    except nx.NetworkXNoPath:
        return moves.iloc[:0]
    return moves.loc[[graph[here][there]["row"] for here, there in pairwise(path[:-1])]]
