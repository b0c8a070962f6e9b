"""Allocate over years: a forecast's children placed as they come, staying where they are, at least cost over all."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from placeplan import years_accounts as accounts
from placeplan.county.county import County
from placeplan.county.vocabulary import COMMISSIONED_KINDS
from placeplan.errors import NotProvenError, PlaceplanError, UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models import allocate_years as models
from placeplan.models.allocate_years import StayPlacement
from placeplan.models.program import DEFAULT_SOLVER, OutOfTimeError
from placeplan.need.counts import PLACEMENT_AXIS
from placeplan.need.entering import ALIKE, entering, named_groups, shares_left, yearly_shares
from placeplan.need.handover import YearNeed, mean_of
from placeplan.recount_years import Rates, YearsRecount
from placeplan.run_tables import ALL
from placeplan.studies.forecast_answers import Forecast
from placeplan.studies.years_answers import YearsAllocation, YearsProof
from placeplan.verify import Verification
from placeplan.verify_years import YearsClaim, verify_years
from placeplan.years_problem import YearsProblem, with_substitutes, years_problem

__all__ = ["allocate_years", "recount_of", "years_claim"]

LASTING_PLACES: Final = 5
"""How many units have a lasting place solved again, so that a sentence may quote what it saves."""

COUNTED: Final = ("children", "gap", "spot_purchase")


def allocate_years(
    county: County,
    travel: TravelTimes,
    forecast: Forecast,
    *,
    years: int = 5,
    draws: Iterable[int] | None = None,
    spot_purchase: bool = True,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> YearsAllocation:
    """Place everybody who will need a place in the first ``years`` years of a forecast, verified before it is returned.

    Who is in a unit stays to the end of its ages. Whoever enters, comes out of a unit, waited, or has a place that was
    bought for a year is placed, for as long as the unit and the need last; those who cease or move leave by the
    forecast's rates. First as few child-years as possible are left without a place, then the discounted cost of all the
    years together is made as small as it can be. ``draws``: one is whole children as they enter, several their mean
    (a lower bound, as in ``allocate_need``); without any it is the draw at the median of need in the last year.
    Which of ``[rules]`` are kept over years, ``rules_kept`` says, and the page beside the answer.

    ``time_limit`` is seconds in all for the answer itself. Raises ``UsageError`` for years or draws that the forecast
    does not have, ``InputError`` where a cost is missing, ``NotProvenError`` where no answer was found in time, and
    ``PlaceplanError`` where the answer fails its verification.
    """
    most = len(forecast.years) - 1
    if not 1 <= years <= most:
        raise UsageError(f"{years} years: expected 1 to {most}, those of the forecast")
    ahead = forecast.years[1 : years + 1]
    chosen = [forecast.at_quantile(0.5, ahead[-1], kind=ALL)] if draws is None else list(dict.fromkeys(draws))
    needs = {year: _need(forecast, chosen, year) for year in ahead}
    to_place = {year: need.to_place for year, need in needs.items()}
    survivors = {year: need.survivors for year, need in needs.items()}
    groups = named_groups(with_substitutes(county, entering(to_place)))
    shift = forecast.cease_shift[chosen]
    shares = shares_left(groups, yearly_shares(forecast.fit.cohort, shift), ahead)
    problem = years_problem(county, travel, groups, shares, survivors, spot_purchase=spot_purchase)
    try:
        placement = models.allocate_years(problem.placement, solver=solver, time_limit=time_limit)
    except OutOfTimeError as error:
        raise NotProvenError(f"over years: no answer was found in {time_limit} s") from error
    facts = recount_of(
        county, travel, forecast, chosen, to_place=to_place, survivors=survivors, spot_purchase=spot_purchase
    )
    tables = _tables(county, problem, placement)
    verification = _verified(facts, years_claim(problem, placement, tables))
    proven = placement.proof.status == "optimal"
    prices = _prices(problem, placement) if proven else pd.DataFrame()
    if proven:
        tables["years_prices"] = prices
        tables["years_lasting"] = _lasting(problem, placement, prices, solver=solver)
    cash = tables["years"].set_index("year")["cost_pounds"]
    proof = YearsProof(
        status=placement.proof.status,
        objective=round(placement.proof.objective, 2),
        bound=round(placement.proof.bound, 2),
        solver=solver,
        prices=prices,
        verification=verification,
    )
    present_value = round(sum(float(cash[year]) * problem.factors[year] for year in ahead), 2)
    label = needs[ahead[0]].label
    tables["years_proof"] = _proof_table(proof, label, present_value)
    return YearsAllocation(
        years=ahead,
        label=label,
        county=county,
        forecast=forecast,
        problem=problem,
        placement=placement,
        tables=tables,
        proof=proof,
        net_present_pounds=present_value,
        travel_method=travel.method,
        spot_purchase=spot_purchase,
        warnings=forecast.warnings,
    )


def recount_of(
    county: County,
    travel: TravelTimes,
    forecast: Forecast,
    draws: list[int],
    *,
    to_place: Mapping[int, pd.DataFrame],
    survivors: Mapping[int, pd.DataFrame],
    spot_purchase: bool,
) -> YearsRecount:
    """The tables that an answer is checked against: those of the county, and what the forecast hands over."""
    cohort = forecast.fit.cohort
    rates = Rates(PLACEMENT_AXIS, cohort.cease, cohort.transfer, cohort.move, forecast.cease_shift[draws])
    return YearsRecount(
        county, travel, to_place=to_place, survivors=survivors, rates=rates, spot_purchase=spot_purchase
    )


def _need(forecast: Forecast, draws: list[int], year: int) -> YearNeed:
    needs = list(forecast.several(draws, year).values())
    return needs[0] if len(needs) == 1 else mean_of(needs)


def _tables(county: County, problem: YearsProblem, placement: StayPlacement) -> dict[str, pd.DataFrame]:
    present = accounts.present_by_year(problem, placement)
    costs = accounts.costs_by_year(problem, present)
    penalties = accounts.penalties_by_year(problem, present)
    return {
        "years": accounts.totals_by_year(county, problem, present, costs, penalties),
        "years_costs": costs,
        "years_penalties": penalties,
        "years_use": accounts.use_by_year(problem, present),
        "years_gap": accounts.gap_by_year(problem, present),
    }


def years_claim(problem: YearsProblem, placement: StayPlacement, tables: Mapping[str, pd.DataFrame]) -> YearsClaim:
    """What an answer says of itself, in plain words and numbers, for ``verify_years``."""
    groups = problem.groups
    about = groups[ALIKE].itertuples(index=False, name=None)
    totals = tables["years"].set_index("year")
    flows = placement.flows[["group", "from_year", "to_year", "unit", "children"]]
    gap = placement.gap[["group", "year", "children"]]
    costs = tables["years_costs"][["year", "line", "fund", "pounds"]]
    penalties = tables["years_penalties"][["year", "penalty", "pounds"]]
    proven = placement.proof.status == "optimal"
    return YearsClaim(
        groups={
            str(label): (group, float(children))
            for label, group, children in zip(groups.index, about, groups["children"], strict=True)
        },
        flows=list(flows.itertuples(index=False, name=None)),
        gap={(group, year): children for group, year, children in gap.itertuples(index=False, name=None)},
        counts={(int(year), name): float(totals.loc[year, name]) for year in totals.index for name in COUNTED},
        costs={(year, line, fund): pounds for year, line, fund, pounds in costs.itertuples(index=False, name=None)},
        penalties={(year, name): pounds for year, name, pounds in penalties.itertuples(index=False, name=None)},
        objective=placement.proof.objective,
        prices=_by_label(placement.proof.prices) if proven else None,
    )


def _verified(facts: YearsRecount, claim: YearsClaim) -> Verification:
    """The answer checked against the tables; raises ``PlaceplanError`` with what is wrong."""
    verification = verify_years(facts, claim)
    if not verification.holds:
        shown = "\n".join(f"- {violation}" for violation in verification.violations[:20])
        raise PlaceplanError(f"the answer over years failed its verification:\n{shown}")
    return verification


def _by_label(prices: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {str(name): {str(row): float(price) for row, price in column.items()} for name, column in prices.items()}


def _prices(problem: YearsProblem, placement: StayPlacement) -> pd.DataFrame:
    """By unit of the county and year, the most that one more place in that year could save, and children-years placed.

    Pounds are discounted to the first year. A price is one of several that are optimal, so it bounds the saving from
    above; the lasting places are solved again.
    """
    prices = placement.proof.prices
    rows = []
    for year, units in problem.units.items():
        counted = units[units["in_county"] & units["kind"].isin(COMMISSIONED_KINDS) & np.isfinite(units["room"])]
        at = [f"places[{unit},{year}]" for unit in counted.index]
        found = prices.reindex(columns=["gap", "cost"]).reindex(at).fillna(0.0)
        rows.append(
            pd.DataFrame(
                {
                    "unit": counted.index,
                    "year": year,
                    "saving_at_most": (-found["cost"].to_numpy(float)).round(2) + 0.0,
                    "children_one_more": (-found["gap"].to_numpy(float)).round(6) + 0.0,
                }
            )
        )
    return pd.concat(rows, ignore_index=True).sort_values(["unit", "year"], ignore_index=True)


def _lasting(problem: YearsProblem, placement: StayPlacement, prices: pd.DataFrame, *, solver: str) -> pd.DataFrame:
    """What one place more in every year would save at the units of the largest prices, solved again from the answer.

    Columns unit, years (in which it is open), cash_saving, penalty_saving, fixed_cost of the place, net_saving:
    discounted pounds of all the years together.
    """
    sums = prices.groupby("unit")[["children_one_more", "saving_at_most"]].sum()
    best = sums.reset_index().sort_values(
        ["children_one_more", "saving_at_most", "unit"], ascending=[False, False, True]
    )
    best = best[best["saving_at_most"] > 0].head(LASTING_PLACES)
    rows = []
    for unit in best["unit"]:
        places = problem.placement.places.copy()
        places.loc[[unit], "places"] += 1.0
        answer = models.allocate_years(replace(problem.placement, places=places), start=placement, solver=solver)
        saved = placement.proof.objective - answer.proof.objective
        penalty = _declared(problem, placement) - _declared(problem, answer)
        there = [year for year, units in problem.units.items() if unit in units.index]
        fixed = sum(float(problem.units[year].loc[unit, "fixed_cost"]) * problem.factors[year] for year in there)
        cash = saved - penalty
        rows.append((unit, len(there), cash, penalty, fixed, cash - fixed))
    columns = ["unit", "years_open", "cash_saving", "penalty_saving", "fixed_cost", "net_saving"]
    return pd.DataFrame(rows, columns=columns).round(2)


def _declared(problem: YearsProblem, placement: StayPlacement) -> float:
    """The declared penalties (overfill and time) of an answer, in discounted pounds."""
    over = placement.overfill.merge(problem.bands, on=["unit", "year", "band"], suffixes=("", "_of_year"))
    declared = over["price"] - over["cash"] * over["year"].map(problem.factors)
    flows = placement.flows.merge(
        problem.placement.stays.assign(penalty=problem.penalties.to_numpy(float)),
        on=["group", "from_year", "to_year", "unit"],
    )
    return float((declared * over["children"]).sum() + (flows["penalty"] * flows["children"]).sum())


def _proof_table(proof: YearsProof, label: str, net_present_pounds: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "need_label": [label],
            "net_present_pounds": [net_present_pounds],
            "status": [proof.status],
            "objective_pounds": [proof.objective],
            "bound_pounds": [proof.bound],
            "gap_pounds": [round(proof.objective - proof.bound, 2)],
            "solver": [proof.solver],
            "verified": [proof.verification.holds],
            "checks": ["; ".join(proof.verification.checks)],
        }
    )
