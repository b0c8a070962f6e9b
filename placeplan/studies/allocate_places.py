"""Allocate places: who goes where this year, this September, or if everyone were placed afresh."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from placeplan import accounts, rule_accounts
from placeplan.county.county import County
from placeplan.county.settings_rules import Rules, rules_faults
from placeplan.county.vocabulary import COMMISSIONED_KINDS, QUESTIONS
from placeplan.errors import InputError, NotProvenError, PlaceplanError, UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models.allocate import allocate
from placeplan.models.changes import with_places
from placeplan.models.constraints import Rule
from placeplan.models.explain import least_relaxations
from placeplan.models.own import Choices, own_rules
from placeplan.models.placement import Placement
from placeplan.models.pricing import one_sided_prices
from placeplan.models.program import DEFAULT_SOLVER, InfeasibleError, OutOfTimeError
from placeplan.problem import CountyProblem, county_problem, declared_penalties
from placeplan.provision import may_be_added
from placeplan.studies.answers import Allocation, AnswerProof
from placeplan.verify import Claim, verify

__all__ = ["allocate_places", "verified"]

QUOTED_PRICES: Final = 5
"""How many units have their saving from one more place solved again, so that a sentence may quote it."""


def allocate_places(
    county: County,
    travel: TravelTimes,
    *,
    question: str = "september",
    spot_purchase: bool = True,
    rules: Rules | None = None,
    own: Callable[[Choices], Mapping[str, Any]] | None = None,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
) -> Allocation:
    """Answer one of three questions about a county, verified before it is returned.

    ``today``: everyone as placed today, priced and verified, not solved. ``september``: the coming
    September's new children and phase transfers placed best while the others stay. ``afresh``: everyone
    placed afresh, what geography alone would allow: not a proposal to move any child. With
    ``spot_purchase`` an independent place can always be bought for one child; without it, what cannot be
    placed is the gap. ``time_limit`` is seconds in all for the answer itself.

    ``rules`` take the place of the county's own ``[rules]``, as in
    ``replace(county.settings.rules, host_share=HostShareRule(share=0.08))``. ``own`` writes rules of yours in PuLP: it
    is given the choices and returns constraints by name, which are kept whatever they cost::

        from pulp import lpSum

        def few_far_away(choices):
            far = [count for (child, unit), count in choices.place.items() if unit == "college"]
            return {"few far away": lpSum(far) <= 3}

        pp.allocate_places(county, travel, own=few_far_away)

    Raises ``InputError`` where a cost is missing or a rule cannot be, ``UsageError`` for an unknown question, a county
    without children or rules that contradict each other, saying by how much at the least they have to be missed;
    ``NotProvenError`` where there are rules and nothing that keeps them was found in time, ``PlaceplanError`` where the
    answer fails its verification.
    """
    if question not in QUESTIONS:
        raise UsageError(f"question {question!r}: expected one of {', '.join(QUESTIONS)}")
    if county.children.empty:
        raise UsageError(f"{county.name} has no children table: expected the children on {county.settings.as_of}")
    if rules is not None:
        faults = rules_faults(rules, table="rules")
        if faults:
            raise InputError(faults)
        county = replace(county, settings=replace(county.settings, rules=rules))
    problem = county_problem(county, travel, question, spot_purchase=spot_purchase)
    placement = None
    mine: list[Rule] = []
    if question != "today":
        mine = [] if own is None else own_rules(problem.placement, own)
        try:
            placement = allocate(
                problem.placement,
                rules=[*problem.rules, *mine],
                minimum=problem.minimum,
                solver=solver,
                time_limit=time_limit,
            )
        except OutOfTimeError as error:
            raise NotProvenError(f"{question}: no answer that keeps the rules was found in {time_limit} s") from error
        except InfeasibleError as error:
            kept = [*problem.rules, *mine]
            missed = least_relaxations(
                problem.placement, kept, minimum=problem.minimum, solver=solver, time_limit=time_limit
            )
            if missed.empty:
                raise
            raise UsageError(rule_accounts.contradiction(problem, missed)) from error
    answer = verified(county, travel, problem, placement, spot_purchase=spot_purchase, own=mine, solver=solver)
    return replace(answer, own=own)


def verified(
    county: County,
    travel: TravelTimes,
    problem: CountyProblem,
    placement: Placement | None,
    *,
    spot_purchase: bool,
    own: Sequence[Rule] = (),
    solver: str = DEFAULT_SOLVER,
    added: Mapping[str, float] | None = None,
) -> Allocation:
    """Turn a placement into an allocation with its accounts, and check it against the county's own tables.

    ``county`` has the rules that the placement was made under, but for those of one's ``own``.
    """
    added = added or {}
    placements = accounts.placements_of(problem, placement)
    rules = rule_accounts.rule_table(county, problem, placements, placement, own)
    penalties = [
        accounts.penalty_table(problem, placements),
        rule_accounts.priced_penalties(county, problem, placements, rules),
    ]
    tables = {
        "costs": accounts.cost_table(problem, placements),
        "penalties": pd.concat([rows for rows in penalties if len(rows)], ignore_index=True),
        "gap": accounts.gap_table(problem, placements),
        "use": accounts.use_table(problem, placements),
        "flows": accounts.flow_table(placements),
        "breaches": accounts.breach_table(problem, placements, rules),
        "rules": rules,
    }
    tables = {"headlines": accounts.headline_table(county, problem, placements, tables), **tables}
    proven = placement is not None and placement.proof.status == "optimal"
    simple = not problem.rules and problem.minimum is None and not own
    claim = _claim(problem, placement, placements, tables, added=added, spot_purchase=spot_purchase, own=bool(own))
    verification = verify(county, travel, claim)
    if not verification.holds:
        shown = "\n".join(f"- {violation}" for violation in verification.violations[:20])
        raise PlaceplanError(f"the answer to {problem.question!r} failed its verification:\n{shown}")
    objective = float(tables["costs"]["pounds"].sum() + tables["penalties"]["pounds"].sum())
    # What the proof leaves open is the same in pounds for the whole county as for the children placed.
    open_pounds = 0.0 if placement is None else placement.proof.objective - placement.proof.bound
    if placement is not None and proven and simple:
        tables["prices"] = _prices(county, problem, placement)
        if problem.question == "september":
            tables["prices_resolved"] = _resolved(problem, placement, tables["prices"], solver=solver)
    wanted = county.settings.rules.preferences.mode != "off"
    if placement is not None and problem.question == "september" and wanted:
        tables["preferences"] = rule_accounts.preference_table(problem, placements)
    return Allocation(
        question=problem.question,
        year=problem.year,
        county=county,
        problem=problem,
        placement=placement,
        placements=placements if wanted else placements.iloc[:0],
        tables=tables,
        proof=AnswerProof(
            status="priced" if placement is None else placement.proof.status,
            objective=round(objective, 2),
            bound=round(objective - open_pounds, 2),
            solver="" if placement is None else solver,
            verification=verification,
        ),
        travel_method=travel.method,
        spot_purchase=spot_purchase,
        added=dict(added),
    )


def _claim(
    problem: CountyProblem,
    placement: Placement | None,
    placements: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    added: Mapping[str, float],
    spot_purchase: bool,
    own: bool,
) -> Claim:
    """What the answer says of itself, for the check that shares no code with it."""
    costs, penalties, rules = tables["costs"], tables["penalties"], tables["rules"]
    proof = None if placement is None else placement.proof
    # Prices of budgets, of rules of one's own and of whole answers that were searched for cannot be recomputed.
    unpriced = own or (rules["rule"] == "budgets").any()
    by_prices = proof is not None and proof.status == "optimal" and proof.by_prices and not unpriced
    return Claim(
        question=problem.question,
        placed=dict(zip(placements["child"], placements["unit"], strict=True)),
        costs={(line, fund): p for line, fund, p in costs[["line", "fund", "pounds"]].itertuples(index=False)},
        penalties=dict(zip(penalties["penalty"], penalties["pounds"], strict=True)),
        prices={str(k): v for k, v in proof.prices.to_dict().items()} if proof is not None and by_prices else None,
        added=added,
        spot_purchase=spot_purchase,
        in_mainstream=frozenset(accounts.in_mainstream(problem, placement)),
        rules={
            (rule, what): (found, missed)
            for rule, what, found, missed in rules[["rule", "what", "found", "missed"]].itertuples(index=False)
            if rule != "own"
        },
        own=own,
        not_known=int((placements["unit"].ne("") & placements["minutes"].isna()).sum()),
    )


def _prices(county: County, problem: CountyProblem, placement: Placement) -> pd.DataFrame:
    """What one more place would save and one fewer would cost, in every unit of the county with counted places.

    ``more_places``: how many may be added at its site.
    """
    prices = one_sided_prices(problem.placement, placement)
    units = problem.units[problem.units["in_county"]]
    table = prices.join(units["fixed_cost"], how="inner")
    table["net_saving_one_more"] = (table["saving_one_more"] - table["fixed_cost"]).round(2)
    table["more_places"] = may_be_added(county, units).reindex(table.index)
    return table.rename_axis("unit").reset_index()


def _resolved(problem: CountyProblem, placement: Placement, prices: pd.DataFrame, *, solver: str) -> pd.DataFrame:
    """The largest savings solved again with the place there, split into cash and declared penalties."""
    commissioned = problem.units.index[problem.units["kind"].isin(COMMISSIONED_KINDS)]
    best = (
        prices[prices["unit"].isin(commissioned) & (prices["more_places"] >= 1)]
        .sort_values(["net_saving_one_more", "unit"], ascending=[False, True])
        .head(QUOTED_PRICES)
    )
    best = best[best["net_saving_one_more"] > 0]
    rows = []
    for unit, fixed in zip(best["unit"], best["fixed_cost"], strict=True):
        larger = with_places(problem.placement, pd.Series({unit: 1.0}))
        answer = allocate(larger, solver=solver)
        saved = placement.proof.objective - answer.proof.objective
        penalty = declared_penalties(problem, placement) - declared_penalties(problem, answer)
        cash = round(saved - penalty, 2)
        rows.append((unit, cash, round(penalty, 2), fixed, round(cash - fixed, 2)))
    return pd.DataFrame(rows, columns=["unit", "cash_saving", "penalty_saving", "fixed_cost", "net_saving"])
