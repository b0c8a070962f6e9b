"""Allocate groups over years: the objectives of one year, summed over child-years and discounted costs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .constraints import Rule
from .judged import SMALLEST_FLOW, band_use, known_prices, proof_of, tidy
from .placement import Proof
from .program import DEFAULT_SOLVER
from .stages import solve_stages
from .stays import StayProblem, stay_network

__all__ = ["StayPlacement", "allocate_years"]


@dataclass(frozen=True, slots=True)
class StayPlacement:
    """Who goes where over years: an answer to a ``StayProblem``.

    ``flows``: group, from_year, to_year, unit, children (who begin the stay). ``present``: unit, year, children (who
    are there, those who stay from before included). ``gap``: group, year, children not placed (> 0). ``overfill``:
    unit, year, band, children, price. ``variables``: of the rules. The proof's gap is in child-years.
    """

    flows: pd.DataFrame = field(repr=False)
    present: pd.DataFrame = field(repr=False)
    gap: pd.DataFrame = field(repr=False)
    overfill: pd.DataFrame = field(repr=False)
    variables: pd.Series = field(repr=False)
    proof: Proof


def allocate_years(
    problem: StayProblem,
    *,
    rules: Sequence[Rule] = (),
    start: StayPlacement | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> StayPlacement:
    """The best placement of every group in every year, with its proof; fractions of children, since a share leaves.

    ``rules``: as for one year, over the stays in the order of ``problem.stays`` and the gaps in that of
    ``problem.nodes``. ``start``: the answer to nearly the same problem, whose prices make this one quick.

    Raises ``InfeasibleError`` where rules contradict each other or nothing was found in ``time_limit`` seconds.
    """
    deadline = None if time_limit is None else time.monotonic() + time_limit
    stated = stay_network(problem, rules)
    network = stated.network
    known = known_prices(None if start is None else start.proof, network.rows.index)
    answer = solve_stages(network, start=known, solver=solver, deadline=deadline)
    stay, children = stated.arcs.choice[answer.arcs], tidy(answer.children)
    some = (stay >= 0) & (children > SMALLEST_FLOW)
    columns = ["group", "from_year", "to_year", "unit"]
    flows = problem.stays.loc[stay[some], columns].assign(children=children[some])
    waits = (stay < 0) & (children > SMALLEST_FLOW)
    gap = problem.nodes.iloc[network.tails(answer.arcs[waits])].assign(children=children[waits])
    load = network.used(answer.arcs).T @ answer.children
    counted = problem.places[np.isfinite(problem.places["places"])]
    held = counted["held"] + load[: len(counted)]
    bands = problem.bands
    at = counted.index.get_indexer(pd.MultiIndex.from_frame(bands[["unit", "year"]]))
    excess = (held - counted["places"]).clip(lower=0.0).to_numpy()[at]
    used = band_use(excess, bands["width"].to_numpy(float), pd.Series(at))
    overfill = bands.assign(children=used)[["unit", "year", "band", "children", "price"]]
    variables = pd.Series(tidy(answer.extras), index=network.extra.index)[len(bands) :]
    objective = float(problem.stays["cost"].round(2).to_numpy()[stay[some]] @ children[some])
    objective += float(bands["price"].round(2).to_numpy(float) @ used)
    objective += float(network.extra_cost["cost"][len(bands) :] @ variables.to_numpy(float))
    return StayPlacement(
        flows=flows.sort_values(columns, ignore_index=True),
        present=held.rename("children").reset_index(),
        gap=gap.sort_values(["group", "year"], ignore_index=True),
        overfill=overfill[used > SMALLEST_FLOW].reset_index(drop=True),
        variables=variables,
        proof=proof_of(
            answer,
            network.rows.index,
            objective=objective,
            waiting=float(gap["children"].sum()),
            floor=lambda: (0.0, -np.inf),
            solver=solver,
        ),
    )
