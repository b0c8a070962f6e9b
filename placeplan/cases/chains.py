"""Room that children make who have consented to move on: who goes where, so that a place is free at a unit."""

from itertools import pairwise
from typing import Final, NamedTuple

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

__all__ = ["Movers", "chain_to", "movers_of"]

MOVE_COLUMNS: Final = ["child", "need", "phase", "year_group", "locality", "from_unit", "to_unit", "pounds"]

FREE: Final = ""
"""Where a chain ends: a place that nobody has."""

STEP: Final = 1e9
"""What a move weighs beside pounds: the fewest children move, then at least cost."""


class Movers(NamedTuple):
    """Who makes room: child, need, phase, year_group (in September), locality, from_unit, to_unit, pounds.

    ``moves``: those that children who have consented could make; ``pounds`` is what a move adds a year to what the
    child costs. ``leavers``: by unit, the oldest child who leaves or moves up by September; it goes in any case, so
    ``to_unit`` is "" and ``pounds`` missing.
    """

    moves: pd.DataFrame
    leavers: pd.DataFrame


def movers_of(county: County, travel: TravelTimes, problem: CountyProblem) -> Movers:
    """Who makes room in a county: by consent, or since it leaves or moves up by September."""
    return Movers(_moves(county, travel, problem), _leavers(county, problem))


def _moves(county: County, travel: TravelTimes, problem: CountyProblem) -> pd.DataFrame:
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


def _leavers(county: County, problem: CountyProblem) -> pd.DataFrame:
    children = county.children[county.children["unit"].notna()]
    gone = children[~children["child"].isin(problem.children.index[problem.children["could_stay"]])]
    gone = gone.sort_values(["unit", "year_group", "child"], ascending=[True, False, True]).drop_duplicates("unit")
    years = gone["year_group"].astype(int) + 1
    gone = gone.assign(
        from_unit=gone["unit"],
        to_unit="",
        pounds=np.nan,
        year_group=years,
        phase=[phase_of(min(year, max(YEAR_GROUPS))) for year in years],
        locality=gone["zone"].map(county.zones.set_index("zone")["locality"]),
    )
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
