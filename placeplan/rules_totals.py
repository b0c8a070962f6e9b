"""The rules of ``[rules]`` over a whole locality or fund: equity between localities, and budgets."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from placeplan.costs import KnownJourneys, spending_by_fund, spot_rows
from placeplan.county.county import County
from placeplan.county.settings_rules import Budget
from placeplan.county.vocabulary import SPOT_PURCHASE
from placeplan.models import constraints
from placeplan.models.constraints import LocalityMeasure, Rule
from placeplan.models.placement import PlacementProblem
from placeplan.rules import beyond_guidance

__all__ = [
    "budget_name",
    "budget_shares",
    "budgets",
    "counted_budgets",
    "equity",
    "gap_charge",
    "gap_journey",
    "journey",
    "locality_measure",
]


def journey(county: County, rows: pd.DataFrame) -> pd.Series:
    """What a placed child counts in its locality's mean: minutes, or one for a journey beyond guidance.

    One whose journey is not known counts as a child in the gap does: guidance's minutes, or beyond guidance.
    """
    minutes = rows["minutes"].astype(float)
    if county.settings.rules.equity.measure == "minutes":
        return minutes.fillna(rows["phase"].map(county.settings.guidance_minutes).astype(float))
    return ((beyond_guidance(county, rows) > 0) | minutes.isna()).astype(float)


def gap_journey(county: County, children: pd.DataFrame, choices: pd.DataFrame) -> pd.Series:
    """What a child in the gap counts: beyond guidance; or guidance's minutes, its nearest possible unit's if more."""
    if county.settings.rules.equity.measure != "minutes":
        return pd.Series(1.0, index=children.index)
    advised = children["phase"].map(county.settings.guidance_minutes).astype(float)
    units = choices[choices["unit"] != SPOT_PURCHASE]
    nearest = units.groupby("child")["minutes"].min().reindex(children.index)
    return advised.where(~(nearest > advised), nearest)


def equity(
    county: County, placement: PlacementProblem, children: pd.DataFrame, held: pd.DataFrame, choices: pd.DataFrame
) -> Rule | None:
    """Localities' means over all their children with a place needed: bounded, at a price, or lexicographic minimax.

    ``mean[l] = (sum held + sum_gu m[g,u] place[g,u] + sum_g m[g] gap[g]) / children[l]``; those who stay count at
    their journeys, unknown ones as beyond guidance; children who go to mainstream by preference are left out.
    """
    rule = county.settings.rules.equity
    if rule.mode == "off":
        return None
    measure = locality_measure(county, placement, children, held, choices)
    if rule.mode == "minimax":
        return constraints.equity_minimax(measure)
    most = float(rule.most or 0.0)
    return constraints.equity_bound(measure, most, price=rule.pounds if rule.mode == "price" else None)


def locality_measure(
    county: County, placement: PlacementProblem, children: pd.DataFrame, held: pd.DataFrame, choices: pd.DataFrame
) -> LocalityMeasure:
    """What ``[rules.equity]`` measures of each locality, whether or not it asks for anything."""
    groups = children.loc[placement.groups.index]
    counted = ~groups["wishes_mainstream"].to_numpy(bool)
    of_held = held["child"].map(children["locality"])
    localities = pd.Index(county.localities["locality"])
    stay = held["child"].groupby(of_held).size().reindex(localities, fill_value=0)
    new = groups.loc[counted, "locality"].value_counts().reindex(localities, fill_value=0)
    pairs = placement.pairs[["group", "unit"]].merge(
        choices, left_on=["group", "unit"], right_on=["child", "unit"], how="left", validate="one_to_one"
    )
    return LocalityMeasure(
        locality=groups["locality"],
        at_group=placement.at_group,
        pairs=journey(county, pairs).to_numpy(float) * counted[placement.at_group],
        gap=gap_journey(county, groups, choices).to_numpy(float) * counted,
        held=journey(county, held).groupby(of_held).sum().reindex(localities).fillna(0.0),
        children=(stay + new).astype(float),
    )


def budget_name(budget: Budget) -> str:
    """A budget by its fund and financial year, as in ``high_needs 2025``."""
    return f"{budget.fund} {budget.financial_year}"


def budget_shares(county: County, question: str, financial_year: int) -> tuple[float, float] | None:
    """How much of a financial year is at today's rate and how much at the answer's; None where it is of neither.

    A financial year runs from April. The one in which September comes has five months before it, as placed today,
    and seven at the answer's rate; the next is wholly at the answer's rate, and so are both where the answer is not
    of September.
    """
    first = county.settings.year + 1
    if financial_year not in (first, first + 1):
        return None
    return (5.0 / 12.0, 7.0 / 12.0) if question == "september" and financial_year == first else (0.0, 1.0)


def counted_budgets(county: County, question: str) -> list[tuple[Budget, float, float]]:
    """The budgets that a question's answer is of, with their shares of today's rate and the answer's."""
    shares = [(row, budget_shares(county, question, row.financial_year)) for row in county.settings.rules.budgets]
    return [(row, *share) for row, share in shares if share is not None]


def gap_charge(county: County, budget: Budget, children: pd.DataFrame) -> pd.Series:
    """What a child in the gap is charged a year: as stated, else the spot purchase's fee for the high needs block."""
    if budget.gap_pounds is not None:
        return pd.Series(budget.gap_pounds, index=children.index)
    if budget.fund != "high_needs" or children.empty:
        return pd.Series(0.0, index=children.index)
    return spot_rows(county, children["need"], children["phase"])["pounds"]


def budgets(
    county: County,
    question: str,
    placement: PlacementProblem,
    parts: Mapping[str, pd.DataFrame],
    spent_today: Mapping[str, float],
    *,
    known: KnownJourneys,
) -> Rule | None:
    """A fund in a financial year: ``sum s[g,u] place[g,u] + sum c[u] over[u,k] + sum charge[g] gap[g] <= left``.

    ``parts``: units, children, held, choices and fees of the problem; ``spent_today``: a year's spending by fund as
    placed today. What is left is the budget less today's months and what those who stay and the places cost. An
    overspend is reported, never avoided by leaving a child without a place.
    """
    counted = counted_budgets(county, question)
    if not counted:
        return None
    units, children, choices = parts["units"], parts["children"], parts["choices"]
    committed = spending_by_fund(units, parts["held"], parts["fees"], known=known, with_overfill=False)
    groups = children.loc[placement.groups.index]
    spending, waiting, left, cash = {}, {}, {}, {}
    for budget, before, after in counted:
        name = budget_name(budget)
        spent = before * spent_today.get(budget.fund, 0.0) + after * committed.get(budget.fund, 0.0)
        left[name] = budget.pounds - spent
        spending[name] = after * _spending(budget.fund, placement, choices, parts["fees"], units)
        waiting[name] = after * gap_charge(county, budget, groups)
        cash[name] = after if budget.fund == "high_needs" else 0.0
    rule = constraints.budgets(
        placement,
        pd.DataFrame(spending),
        pd.Series(left),
        gap=pd.DataFrame({name: charge.to_numpy(float) for name, charge in waiting.items()}, index=groups.index),
    )
    return _with_overfill(rule, units, placement.bands, cash)


def _spending(
    fund: str, placement: PlacementProblem, choices: pd.DataFrame, fees: pd.DataFrame, units: pd.DataFrame
) -> pd.Series:
    """What a child on each pair costs a fund a year: fee or top-up, transport, less the discount of a filled place."""
    pairs = placement.pairs[["group", "unit"]].merge(
        choices, left_on=["group", "unit"], right_on=["child", "unit"], how="left", validate="one_to_one"
    )
    of_fund = fees[fees["fund"] == fund].set_index(["unit", "need", "band"])["pounds"]
    pounds = pairs.join(of_fund, on=["unit", "need", "band"])["pounds"].fillna(0.0)
    if fund == "general":
        return pounds + pairs["transport"]
    if fund == "high_needs":
        bought = pairs["unit"] == SPOT_PURCHASE
        return pounds.mask(bought, pairs["fee"]) - pairs["unit"].map(units["filled_discount"])
    return pounds


def _with_overfill(rule: Rule, units: pd.DataFrame, bands: pd.DataFrame, share: Mapping[str, float]) -> Rule:
    """The rule with the cash of children above places, which their bands' variables count, and that of more places."""
    of_unit = units["fixed_cost"].where(units["in_county"], 0.0)
    fixed = of_unit.reindex(bands["unit"]).to_numpy(float)
    names = [f"over[{unit},{band}]" for unit, band in zip(bands["unit"], bands["band"], strict=True)]
    more = [
        pd.DataFrame({"variable": names, "row": f"budget[{name}]", "coefficient": part * fixed})
        for name, part in share.items()
        if part > 0 and np.any(fixed > 0)
    ]
    a_place = pd.DataFrame({f"budget[{name}]": part * of_unit for name, part in share.items()})
    return replace(rule, entries=pd.concat([rule.entries, *more], ignore_index=True), a_place=a_place)
