"""Add places: where the next places, or the next pounds a year, should go among ERS and special schools."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from placeplan.accounts import placements_of
from placeplan.county.county import County
from placeplan.county.vocabulary import phase_of
from placeplan.errors import NotProvenError, UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models.expand import expand
from placeplan.models.own import Choices, own_rules
from placeplan.models.program import DEFAULT_SOLVER, InfeasibleError
from placeplan.problem import CountyProblem, with_more_places
from placeplan.provision import may_be_added
from placeplan.studies.allocate_places import verified
from placeplan.studies.answers import Allocation, MorePlaces

__all__ = ["add_places"]


def add_places(
    county: County,
    travel: TravelTimes,
    base: Allocation,
    *,
    places: int | None = None,
    pounds: float | None = None,
    own: Callable[[Choices], Mapping[str, Any]] | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = 120.0,
) -> MorePlaces:
    """Where more places should go, given an answer without them; each place must save more than it costs.

    ``places`` limits their number. ``pounds`` limits the new yearly spending in the county: fixed cost of
    the places, top-ups and transport of children brought into them, before the fees avoided; that answer is
    proven to within 0.1%. A site takes as many as its ``more_places``, or the county's default by kind.
    Every rule of ``base`` is kept with the places there, those of one's own among them unless ``own`` takes their
    place; a budget pays for the places too. The answer is verified as any other.
    Raises ``UsageError`` where neither or a negative limit is given or the question is not solved,
    ``NotProvenError`` where no answer is found in ``time_limit`` seconds.
    """
    if base.placement is None:
        raise UsageError("more places: expected a question that is solved (september or afresh), not 'today'")
    limits = [limit for limit in (places, pounds) if limit is not None]
    if not limits or min(limits) < 0:
        raise UsageError("more places: expected a number of places or a sum of pounds, nought or more")
    problem = base.problem
    county = replace(county, settings=replace(county.settings, rules=base.county.settings.rules))
    own = base.own if own is None else own
    mine = [] if own is None else own_rules(problem.placement, own)
    spending = _spending(problem)
    before = _spent(problem, base.placement.flows, spending)
    try:
        expansion = expand(
            problem.placement,
            _additions(county, problem),
            rules=[*problem.rules, *mine],
            minimum=problem.minimum,
            most_places=places,
            spending=spending,
            most_pounds=None if pounds is None else before + pounds,
            solver=solver,
            time_limit=time_limit,
        )
    except InfeasibleError as error:
        # Without a place more the answer before it keeps every rule, so that there is one.
        raise NotProvenError(f"more places: no answer in {time_limit} seconds; {error}") from error
    enlarged = with_more_places(county, problem, expansion.added)
    allocation = verified(
        county,
        travel,
        enlarged,
        expansion.placement,
        spot_purchase=base.spot_purchase,
        own=mine,
        solver=solver,
        added=dict(zip(expansion.added.index, expansion.added.tolist(), strict=True)),
    )
    gross = _spent(problem, expansion.placement.flows, spending) - before + _fixed(problem, expansion.added)
    return MorePlaces(
        places=_places_table(problem, base, allocation, expansion.added),
        summary=_summary(problem, base, allocation, gross=gross, places=places, pounds=pounds),
        allocation=replace(allocation, own=own),
        status=expansion.status,
        objective=expansion.objective,
        bound=expansion.bound,
    )


def _additions(county: County, problem: CountyProblem) -> pd.DataFrame:
    """Units of the county that could grow: site, limit (places at the site), fixed_cost."""
    limit = may_be_added(county, problem.units)
    units = problem.units[limit > 0]
    return pd.DataFrame({"site": units["site"], "limit": limit[limit > 0], "fixed_cost": units["fixed_cost"]})


def _spending(problem: CountyProblem) -> pd.Series:
    """What each pair spends in the county a year: top-up and transport, less the discount of a filled place."""
    pairs = problem.placement.pairs.merge(problem.choices, left_on=["group", "unit"], right_on=["child", "unit"])
    discount = pairs["unit"].map(problem.units["filled_discount"])
    return (pairs["fee"] + pairs["transport"] - discount).where(pairs["line"] == "in_county_top_ups", 0.0)


def _spent(problem: CountyProblem, flows: pd.DataFrame, spending: pd.Series) -> float:
    pairs = problem.placement.pairs.assign(spending=spending)
    rows = flows.merge(pairs, on=["group", "unit"])
    return float((rows["spending"] * rows["children"]).sum())


def _fixed(problem: CountyProblem, added: pd.Series) -> float:
    return float((problem.units["fixed_cost"].loc[added.index] * added).sum())


def _places_table(problem: CountyProblem, base: Allocation, allocation: Allocation, added: pd.Series) -> pd.DataFrame:
    """The added places by unit and phase; an all-through unit's go to the phases that gain children there."""
    before, after = (
        placements_of(answer.problem, answer.placement).groupby(["unit", "phase"]).size()
        for answer in (base, allocation)
    )
    gained = after.sub(before, fill_value=0.0).clip(lower=0.0)
    rows = []
    for unit, count in zip(added.index, added, strict=True):
        about = problem.units.loc[unit]
        gains = gained[gained.index.get_level_values("unit") == unit].droplevel("unit")
        if gains.sum() == 0:
            gains = pd.Series(1.0, index=[phase_of(int(about["from_year_group"]))])
        for phase, share in _whole_shares(gains, int(count)).items():
            rows.append(
                {
                    "unit": unit,
                    "site_name": about["site_name"],
                    "locality": about["locality"],
                    "kind": about["kind"],
                    "model": about["model"],
                    "phase": phase,
                    "places_added": share,
                    "fixed_cost": round(float(about["fixed_cost"]) * share, 2),
                }
            )
    columns = ["unit", "site_name", "locality", "kind", "model", "phase", "places_added", "fixed_cost"]
    return pd.DataFrame(rows, columns=columns)


def _whole_shares(gains: pd.Series, total: int) -> dict[str, int]:
    """Split a whole number in proportion, by largest remainder; only shares above nought."""
    exact = gains / gains.sum() * total
    shares = np.floor(exact + 1e-9)
    order = (exact - shares).sort_values(ascending=False, kind="stable").index
    for phase in order[: int(total - shares.sum())]:
        shares[phase] += 1
    return {str(phase): int(share) for phase, share in shares.items() if share > 0}


def _summary(
    problem: CountyProblem,
    base: Allocation,
    allocation: Allocation,
    *,
    gross: float,
    places: int | None,
    pounds: float | None,
) -> pd.DataFrame:
    added = pd.Series(allocation.added, dtype=float)
    fixed = _fixed(problem, added)
    saving = base.headline("cost_pounds") - allocation.headline("cost_pounds")
    values = {
        "places": float(added.sum()),
        "yearly_cost_of_places": round(fixed, 2),
        "fees_and_other_costs_avoided": round(saving + fixed, 2),
        "net_saving": round(saving, 2),
        "penalties_relieved": round(base.headline("penalty_pounds") - allocation.headline("penalty_pounds"), 2),
        "children_newly_placed": base.headline("gap") - allocation.headline("gap"),
        "gross_spending": round(gross, 2),
        "limit_places": np.nan if places is None else float(places),
        "limit_pounds": np.nan if pounds is None else round(pounds, 2),
    }
    return pd.DataFrame({"measure": list(values), "value": list(values.values())})
