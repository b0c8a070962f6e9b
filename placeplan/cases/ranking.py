"""A case's options ranked by the partnership's stated criteria, and what the ranking turns on."""

from typing import Final

import numpy as np
import pandas as pd

from placeplan.cases.facts import Case
from placeplan.county.county import County
from placeplan.county.settings_cases import CRITERIA
from placeplan.models.options import SCORE_STEP, ranked, weight_ranges, weighted

__all__ = ["PUBLIC", "cost_score", "ranking", "scores_of", "turning_points", "yearly_public"]

PUBLIC: Final = ("education", "health", "care")
"""The payers that are the public purse."""


def yearly_public(costs: pd.DataFrame) -> pd.DataFrame:
    """By option, the first year's cost to the public purse: low, pounds, high, not_stated.

    ``middle`` is what an option is weighed at: what is stated, and half the bound of what is not.
    """
    rows = costs[(costs["horizon"] == "year") & costs["payer"].isin(PUBLIC)]
    sums = rows.groupby("option", sort=False)[["low", "pounds", "high", "not_stated", "unstated_high"]].sum()
    return sums.assign(middle=sums["pounds"] + sums["unstated_high"] / 2.0)


def scores_of(county: County, case: Case, options: pd.DataFrame, pounds: pd.Series) -> pd.DataFrame:
    """Each option by each criterion, from 0 (worst) to 1.

    cost: ``1 - pounds / cost_scale``; journey: ``1 - minutes / (2 x guidance)``, nothing away from home, and half where
    none is known, as half the bound counts of a sum that is not stated; preference: whether it is preferred; local: 1
    in the child's own locality or at its own school, half elsewhere in the county. All kept within 0 and 1.
    """
    guidance = county.settings.guidance_minutes[case.phase]
    minutes = options["minutes"].astype(float)
    journey = (1.0 - minutes / (2.0 * guidance)).clip(0.0, 1.0).fillna(0.5).where(~options["residential"], 0.0)
    local = np.select([options["locality"] == case.locality, options["in_county"]], [1.0, 0.5], 0.0)
    return pd.DataFrame(
        {
            "cost": cost_score(county, pounds),
            "journey": journey,
            "preference": options["preferred"].astype(float),
            "local": local,
        },
        index=options.index,
    )[list(CRITERIA)]


def cost_score(county: County, pounds: pd.Series) -> pd.Series:
    """The score for cost, of pounds a year."""
    return (1.0 - pounds / county.settings.cases.cost_scale).clip(0.0, 1.0)


def ranking(county: County, case: Case, options: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The options in their order with score, rank and dominated; and by criterion what its weight would have to be."""
    weights = pd.Series(county.settings.cases.weights)
    scores = scores_of(county, case, options, options["middle"])
    table = options.join(ranked(scores, weights)).join(scores.add_prefix("score_"))
    order = table.assign(label=table.index).sort_values(["rank", "middle", "label"]).index
    return table.loc[order], weight_ranges(scores.loc[order], weights).reset_index()


def turning_points(county: County, case: Case, options: pd.DataFrame) -> pd.DataFrame:
    """What would put another option first: one option's cost at an end of its range, all others as they are.

    ``options`` in their order. option, at (``low`` or ``high``), pounds (a year), first (what is then first).
    """
    weights = pd.Series(county.settings.cases.weights)
    scores = scores_of(county, case, options, options["middle"])
    ranged = options[options["high"] > options["low"]]
    ends = pd.concat([ranged["low"], ranged["high"]], keys=["low", "high"], names=["at", "option"])
    at, names = ends.index.get_level_values("at"), ends.index.get_level_values("option")
    changed = scores.loc[names].assign(cost=cost_score(county, ends).to_numpy())
    totals, pounds = weighted(scores, weights), options["middle"].to_numpy(float)
    labels = options.index.to_numpy()
    rows = []
    for end, name, total, cost in zip(at, names, weighted(changed, weights), ends, strict=True):
        place = options.index.get_loc(name)
        now, then = np.where(np.arange(len(labels)) == place, [[total], [cost]], [totals, pounds])
        best = np.flatnonzero(now > now.max() - SCORE_STEP / 2)
        first = min(best, key=lambda o: (then[o], labels[o]))
        if first != 0:
            rows.append((name, end, float(cost), labels[first]))
    found = pd.DataFrame(rows, columns=["option", "at", "pounds", "first"])
    order = {name: place for place, name in enumerate(labels)}
    return found.sort_values("option", key=lambda names: names.map(order), kind="stable", ignore_index=True)
