"""All options of many cases on one table, the room there is for them together, and what is decided there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from placeplan.cases.chains import moves_of
from placeplan.cases.facts import Case
from placeplan.cases.listed import Listed
from placeplan.cases.ranking import cost_score
from placeplan.cases.units import consenting
from placeplan.county.county import County
from placeplan.county.settings_cases import CRITERIA, CRITERION_NAMES
from placeplan.models.options import Choice, Choices, choose_together, weighted
from placeplan.models.program import InfeasibleError
from placeplan.problem import CountyProblem

__all__ = ["Assumption", "CaseTable", "other_assumptions"]

DOUBLE: Final = 2.0
"""By how much a criterion's weight is raised and lowered to see whether a decision turns on it."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What cases are decided under; one thing changed at a time says what a decision turns on.

    ``weights``: of the criteria. ``costs``: by what an option is (unit, package, independent), which end of its range
    counts. ``pooled``: one budget for all, else one each. ``overfill``: up to the ceiling. ``moves``: those who have
    consented may move on. ``offers_kept``: the places that the allocation offers to others are theirs.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, str] = field(default_factory=dict)
    pooled: bool = True
    overfill: bool = True
    moves: bool = True
    offers_kept: bool = False


def other_assumptions(base: Assumption) -> Iterator[tuple[str, str, Assumption]]:
    """Everything else that could be taken for granted, one change at a time: what is changed, to what."""
    for name in CRITERIA:
        for words, factor in (("half its weight", 1 / DOUBLE), ("twice its weight", DOUBLE)):
            weights = {**base.weights, name: base.weights[name] * factor}
            if base.weights[name] > 0 and sum(weights.values()) > 0:
                yield f"weight of {CRITERION_NAMES[name]}", words, replace(base, weights=weights)
    for what, words in (("package", "packages"), ("independent", "independent places")):
        for end, told in (("low", "the least they may be"), ("high", "the most they may be")):
            yield f"costs of {words}", told, replace(base, costs={**base.costs, what: end})
    yield "one budget for all", "no" if base.pooled else "yes", replace(base, pooled=not base.pooled)
    yield "places above those commissioned", "no" if base.overfill else "yes", replace(base, overfill=not base.overfill)
    yield "moves by consent", "no" if base.moves else "yes", replace(base, moves=not base.moves)
    words = "open to cases" if base.offers_kept else "kept for them"
    yield "places offered to other children", words, replace(base, offers_kept=not base.offers_kept)


class CaseTable:
    """Cases with their options, and what is free for them; ``decided`` chooses under an assumption."""

    def __init__(
        self,
        county: County,
        problem: CountyProblem,
        placements: pd.DataFrame,
        cases: Mapping[str, Case],
        listed: Mapping[str, Listed],
        *,
        solver: str,
        time_limit: float | None = None,
    ) -> None:
        self._county, self._problem, self._cases = county, problem, cases
        self._solver, self._time_limit = solver, time_limit
        rows = [part.options.assign(case=case) for case, part in listed.items()]
        self.options = pd.concat(rows).reset_index() if rows else pd.DataFrame()
        costs = pd.concat([part.costs.assign(case=case) for case, part in listed.items()], ignore_index=True)
        self._paid = costs[(costs["horizon"] == "year") & (costs["payer"] == "education")].set_index(["case", "option"])
        children = {case.child for case in cases.values()} - {""}
        moves = moves_of(problem)
        self._moves = moves[~moves["child"].isin(children)].reset_index(drop=True)
        self._counted = problem.units.index[np.isfinite(problem.units["room"])]
        self._price = problem.units["fixed_cost"].where(problem.units["in_county"], 0.0)
        stays = problem.children[problem.children["status"] == "stays"]
        own = stays.loc[stays.index.isin(children), "unit"].value_counts()
        held = problem.placement.units["held"]
        self._held = held.sub(own, fill_value=0.0).reindex(problem.units.index).fillna(0.0)
        here = consenting(problem)
        consent = here[~here.index.isin(children)]["unit"].value_counts()
        self._consent = consent.reindex(problem.units.index).fillna(0.0)
        theirs = placements[~placements["stays"] & ~placements["child"].isin([*children, *here.index])]
        self._offered = theirs["unit"].value_counts().reindex(problem.units.index).fillna(0.0)

    def decided(self, assumed: Assumption) -> Choice:
        """The best for all cases together; raises ``InfeasibleError`` where nothing was found."""
        return self._chosen(self.weighed(assumed), assumed)

    def _chosen(self, weighed: pd.DataFrame, assumed: Assumption, *, cases: Sequence[str] | None = None) -> Choice:
        rows = weighed if cases is None else weighed[weighed["case"].isin(cases)]
        found = choose_together(self._choices(rows, assumed), solver=self._solver, time_limit=self._time_limit)
        # A case without any option is one that is not met.
        return replace(found, chosen=found.chosen.reindex(sorted(cases or self._cases)).fillna(""))

    def weighed(self, assumed: Assumption) -> pd.DataFrame:
        """The options with score, pounds (the public purse's first year) and budget (education's) as assumed."""
        options = self.options
        end = np.array([assumed.costs.get(what, "middle") for what in options["what"]], dtype=object)
        pounds = np.select([end == "low", end == "high"], [options["low"], options["high"]], options["middle"])
        keys = pd.MultiIndex.from_frame(options[["case", "option"]])
        paid = self._paid.reindex(keys)
        middle = (paid["pounds"] + paid["unstated_high"] / 2.0).to_numpy()
        budget = np.select([end == "low", end == "high"], [paid["low"], paid["high"]], middle)
        scores = options[[f"score_{name}" for name in CRITERIA]].set_axis(list(CRITERIA), axis=1)
        scores = scores.assign(cost=cost_score(self._county, pd.Series(pounds, options.index)))
        score = weighted(scores, pd.Series(dict(assumed.weights)))
        return options[["case", "option", "what", "unit", "room"]].assign(score=score, pounds=pounds, budget=budget)

    def otherwise(self, weighed: pd.DataFrame) -> pd.Series:
        """By case, what education would otherwise spend: the cheapest independent place quoted, or listed.

        Missing for a case that no independent place is open to.
        """
        away = weighed[weighed["what"] == "independent"]
        quoted = away[away["unit"] == ""]
        least = quoted.groupby("case")["budget"].min()
        return least.combine_first(away.groupby("case")["budget"].min()).reindex(sorted(weighed["case"].unique()))

    def _room(self, assumed: Assumption) -> pd.Series:
        """By unit with counted places, those that nobody has; below nought where it is above its places."""
        taken = self._held + self._consent + (self._offered if assumed.offers_kept else 0.0)
        room: pd.Series = (self._problem.units["room"] - taken)[self._counted]
        return room

    def _choices(self, rows: pd.DataFrame, assumed: Assumption) -> Choices:
        units, room = self._problem.units, self._room(assumed)
        # Who is above places already stays there, at no more cost than now.
        now = (-room).clip(lower=0.0)
        more = (units["ceiling_room"] - units["room"])[self._counted] - now
        over = pd.DataFrame({"unit": now.index, "width": now.to_numpy(), "pounds": 0.0})
        if assumed.overfill and self._county.settings.rules.overfill.allowed:
            width, price = more.clip(lower=0.0).to_numpy(), self._price[more.index].to_numpy()
            over = pd.concat([over, pd.DataFrame({"unit": more.index, "width": width, "pounds": price})])
        counted = rows.assign(unit=rows["unit"].where(rows["unit"].isin(self._counted), ""))
        # Who moves on makes room: where there is enough for all who could come, nobody has to.
        could = counted.drop_duplicates(["case", "unit"])["unit"].value_counts().reindex(room.index).fillna(0)
        moves = self._moves if assumed.moves and (could > room).any() else self._moves.iloc[:0]
        # Nothing of what nobody could come to is in question.
        asked = set(counted["unit"]) | set(moves["to_unit"])
        room, over = room[room.index.isin(asked)], over[over["unit"].isin(asked) & (over["width"] > 0)]
        least = self.otherwise(counted).dropna()
        budgets: dict[str, tuple[list[str], float]] = {
            str(case): ([str(case)], pounds) for case, pounds in least.items()
        }
        if assumed.pooled:
            budgets = {"all": (list(least.index), float(least.sum()))}
        return Choices(
            options=counted.sort_values(["case", "option"], ignore_index=True),
            room=room,
            over=over.sort_values(["unit", "pounds"], ignore_index=True),
            moves=moves.reset_index(drop=True),
            budgets=budgets,
            pooled=assumed.pooled,
        )

    def added_pounds(self, found: Choice, assumed: Assumption) -> float:
        """What the places cost a year that are added above those commissioned."""
        already = (-self._room(assumed)).clip(lower=0.0)
        more = (found.over - already.reindex(found.over.index).fillna(0.0)).clip(lower=0.0)
        return float((more * self._price.reindex(more.index)).sum())

    def alone(self, assumed: Assumption) -> dict[str, str]:
        """By case, what would be chosen if there were no other."""
        weighed = self.weighed(assumed)
        free = self._room(assumed) >= 1.0
        # A bought place is always free; one option with the best score, free and within the money, is the choice.
        weighed = weighed.assign(free=weighed["unit"].map(free).fillna(value=True).astype(bool))
        least = self.otherwise(weighed)
        found = dict.fromkeys(self._cases, "")
        for case, rows in weighed.groupby("case"):
            best = rows[rows["score"] == rows["score"].max()]
            within = pd.isna(least[case]) or best["budget"].iloc[0] <= least[case]
            if len(best) == 1 and best["free"].iloc[0] and within:
                found[str(case)] = str(best["option"].iloc[0])
            else:
                found[str(case)] = str(self._chosen(weighed, assumed, cases=[str(case)]).chosen[case])
        return found

    def turns(self, base: Assumption, found: Choice) -> pd.DataFrame:
        """What would be chosen otherwise under every other assumption: assumption, value, case, option."""
        rows, weighed = [], self.weighed(base)
        for name, value, assumed in other_assumptions(base):
            again = self.weighed(assumed)
            if again.equals(weighed) and replace(assumed, weights=base.weights, costs=base.costs) == base:
                # Nothing is different: there is no package, or nobody has quoted a range.
                continue
            try:
                other = self._chosen(again, assumed)
            except InfeasibleError:
                continue
            changed = other.chosen[other.chosen != found.chosen]
            rows += [(name, value, case, option) for case, option in changed.items()]
        return pd.DataFrame(rows, columns=["assumption", "value", "case", "option"])
