"""Allocate a forecast year's need: draw by draw, and on expected counts beside it, which is a lower bound."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import YEAR_GROUPS
from placeplan.errors import UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.models.allocate import allocate
from placeplan.models.placement import placement_problem
from placeplan.models.program import DEFAULT_SOLVER
from placeplan.models.scores import BAND_80
from placeplan.need.handover import YearNeed
from placeplan.studies.allocate_places import allocate_places
from placeplan.studies.answers import Allocation
from placeplan.studies.cover_need import county_before
from placeplan.studies.forecast_answers import Forecast

__all__ = ["NeedAllocation", "allocate_need", "county_in"]

MEASURES: Final = ("children", "placed", "gap", "spot_purchase", "out_of_county", "cost_pounds", "journeys_not_known")


@dataclass(frozen=True, slots=True)
class NeedAllocation:
    """A year's need allocated.

    ``by_draw``: a row a draw with the headline figures, and to_place_pounds: fees, transport and declared penalties of
    those placed anew. ``summary``: each figure's mean over draws and its 80% range; beside the mean of to_place_pounds
    what it is on expected counts, a lower bound. ``answers``: the draws' allocations, verified. ``warnings``: what the
    forecast's backtests say of its bands.
    """

    year: int
    by_draw: pd.DataFrame = field(repr=False)
    summary: pd.DataFrame = field(repr=False)
    answers: tuple[Allocation, ...] = field(repr=False)
    warnings: tuple[str, ...]


def county_in(county: County, need: YearNeed) -> County:
    """The county as it is a year before ``need``, with the children of that one draw: its September places them.

    Survivors have the unit that they are in; the others have none yet and suit what the forecast says. Pseudonyms
    of children to come begin with ``F``; none of them is anybody.
    """
    if not need.label.startswith("draw"):
        raise UsageError(f"need {need.label}: expected one draw, whole children")
    present = county.children.set_index("child")
    stays = need.survivors
    kept = present.loc[stays["child"]].reset_index().assign(year_group=stays["year_group"].to_numpy(int) - 1)
    coming = need.to_place.reset_index(drop=True)
    # Who is born next year has no year group now; nobody of that age is placed.
    coming = coming[coming["year_group"] > min(YEAR_GROUPS)]
    added = pd.DataFrame(
        {
            "child": [f"F{number:05d}" for number in range(1, len(coming) + 1)],
            "zone": coming["zone"].to_numpy(dtype=object),
            "year_group": coming["year_group"].to_numpy(int) - 1,
            "need": coming["need"].to_numpy(dtype=object),
            "suits": coming["suits"].to_numpy(dtype=object),
        }
    ).reindex(columns=kept.columns)
    added["may_move"] = False
    children = pd.concat([kept, added.astype(kept.dtypes.to_dict())], ignore_index=True)
    then = county_before(county, need.year)
    return replace(then, children=children, digest=f"{county.digest}-{need.year}-{need.label}")


def allocate_need(
    county: County,
    travel: TravelTimes,
    forecast: Forecast,
    year: int,
    *,
    draws: Iterable[int] = range(10),
    expected: bool = True,
    solver: str = DEFAULT_SOLVER,
) -> NeedAllocation:
    """Place everybody who will need a place in ``year``, in each of ``draws``; survivors stay where they are.

    The draws keep the county's ``[rules]``; expected counts keep those of single children and units, and leave out
    those over several (hosts, sites, minimum use, equity, budgets; see ``rules_kept``), which can only make it dearer
    but where a preference has to give way to one.
    ``expected``: also on the expected counts of the same draws. What it costs can only rise with every single draw
    placed best by itself, so that the answer on expected counts is a lower bound on the mean of the draws.
    Raises ``UsageError`` for a draw or year that the forecast does not have.
    """
    needs = forecast.several(draws, year)
    answers = [
        allocate_places(county_in(county, need), travel, question="september", solver=solver) for need in needs.values()
    ]
    by_draw = pd.DataFrame(
        [
            {"draw": number, **{measure: answer.headline(measure) for measure in MEASURES}}
            for number, answer in zip(needs, answers, strict=True)
        ]
    )
    by_draw["to_place_pounds"] = [_chosen_pounds(answer) for answer in answers]
    bound = _on_expected_counts(answers, solver=solver) if expected else float("nan")
    rows = []
    for measure in (*MEASURES, "to_place_pounds"):
        values = by_draw[measure].to_numpy(float)
        low, high = np.quantile(values, BAND_80)
        on_expected = bound if measure == "to_place_pounds" else float("nan")
        rows.append((year, measure, float(values.mean()), float(low), float(high), on_expected))
    summary = pd.DataFrame(rows, columns=["year", "measure", "mean", "low_80", "high_80", "lower_bound"])
    return NeedAllocation(year, by_draw, summary, tuple(answers), forecast.warnings)


def _chosen_pounds(answer: Allocation) -> float:
    """Fees, transport, overfill and declared penalties of those who are placed anew."""
    return 0.0 if answer.placement is None else answer.placement.proof.objective


def _on_expected_counts(answers: list[Allocation], *, solver: str) -> float:
    """What placing the mean of the draws costs, in fractions of children: children alike are one group."""
    share = 1.0 / len(answers)
    counts: dict[str, float] = {}
    pairs = []
    for answer in answers:
        free = answer.problem.children[answer.problem.children["status"] == "free"]
        alike = free["zone"] + "|" + free["need"] + "|" + free["year_group"].astype(str) + "|" + free["band"]
        alike = alike + "|" + free["suits"].map(";".join) + "|" + free["prefers"]
        alike = alike + "|" + free["unit"].where(free["could_stay"], "")
        for name, count in alike.value_counts().items():
            counts[str(name)] = counts.get(str(name), 0.0) + share * float(count)
        first = alike.drop_duplicates()
        own = answer.problem.placement.pairs
        used = own[own["group"].isin(first.index)]
        pairs.append(used.assign(group=used["group"].map(first)))
    units = pd.concat([answer.problem.placement.units for answer in answers])
    bands = pd.concat([answer.problem.placement.bands for answer in answers])
    held = units.groupby(level=0)["held"].sum() * share
    widths = bands.groupby(["unit", "band"], as_index=False).agg({"width": "sum", "price": "max"})
    stated = placement_problem(
        groups=pd.DataFrame({"children": pd.Series(counts)}),
        units=pd.DataFrame({"places": units.groupby(level=0)["places"].max(), "held": held}),
        bands=widths.assign(width=widths["width"] * share),
        pairs=pd.concat(pairs).drop_duplicates(["group", "unit"]),
    )
    return allocate(stated, solver=solver).proof.objective
