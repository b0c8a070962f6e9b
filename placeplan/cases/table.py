"""All options of many cases on one table, the room there is for them together, and what is decided there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from placeplan.cases.facts import Case
from placeplan.cases.lines import PLACE_ADDED
from placeplan.cases.listed import Listed
from placeplan.cases.ranking import cost_score
from placeplan.cases.units import consenting, own_seat, sitting, uncounted_seats
from placeplan.county.county import County
from placeplan.county.settings_cases import CRITERIA, CRITERION_NAMES
from placeplan.county.terms import TERMS
from placeplan.models.options import SCORE_STEP, Choice, Choices, choose_together, weighted
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
    """Cases with their options, and what is free for them; ``decided`` chooses under an assumption.

    ``barred``: options of several cases that may not all be chosen together (see ``Choices``).
    """

    def __init__(
        self,
        county: County,
        problem: CountyProblem,
        placements: pd.DataFrame,
        *,
        cases: Mapping[str, Case],
        listed: Mapping[str, Listed],
        moves: pd.DataFrame,
        solver: str,
        time_limit: float | None = None,
    ) -> None:
        self._county, self._problem, self._cases, self._moves = county, problem, cases, moves
        self._solver, self._time_limit = solver, time_limit
        self.barred: list[dict[str, str]] = []
        rows = [part.options.assign(case=case) for case, part in listed.items()]
        self.options = pd.concat(rows).reset_index() if rows else pd.DataFrame()
        costs = pd.concat([part.costs.assign(case=case) for case, part in listed.items()], ignore_index=True)
        self._paid = costs[(costs["horizon"] == "year") & (costs["payer"] == "education")].set_index(["case", "option"])
        lines = pd.concat([part.lines.assign(case=case) for case, part in listed.items()], ignore_index=True)
        added = lines[lines["line"] == PLACE_ADDED].groupby(["case", "option"])["pounds"].sum() * len(TERMS)
        keys = pd.MultiIndex.from_frame(self.options[["case", "option"]])
        # Who needs a place that is added is found together: what one costs is set apart.
        self.options = self.options.assign(place_added=added.reindex(keys).fillna(0.0).round(2).to_numpy(float))
        unknown = lines[(lines["line"] == "fee") & ~lines["stated"].astype(bool)]
        self._has_fee = ~keys.isin(pd.MultiIndex.from_frame(unknown[["case", "option"]]))
        self._counted = problem.units.index[np.isfinite(problem.units["room"])]
        price = problem.units["fixed_cost"].where(problem.units["in_county"], 0.0)
        added_for = self.options["unit"].isin(self._counted) & (self.options["room"] != "stays")
        self._price = self.options["unit"].map(price).astype(float).where(added_for)
        children = {case.child for case in cases.values()} - {""}
        self._held = sitting(problem, children) + uncounted_seats(county, problem, list(cases))
        self._seats = {name: own_seat(problem, case) for name, case in cases.items()}
        here = consenting(county, problem)
        theirs = placements[~placements["stays"] & ~placements["child"].isin([*children, *here.index])]
        self._offered = theirs["unit"].value_counts().reindex(problem.units.index).fillna(0.0)

    def decided(self, assumed: Assumption) -> Choice:
        """The best for all cases together; raises ``InfeasibleError`` where nothing was found."""
        return self._chosen(self.weighed(assumed), assumed)

    def _chosen(self, weighed: pd.DataFrame, assumed: Assumption, *, cases: Sequence[str] | None = None) -> Choice:
        rows = weighed if cases is None else weighed[weighed["case"].isin(cases)]
        found = choose_together(self._choices(rows, assumed), solver=self._solver, time_limit=self._time_limit)
        # A case without any option is one that is not met.
        every = sorted(cases or self._cases)
        return replace(
            found,
            chosen=found.chosen.reindex(every).fillna(""),
            added=found.added.reindex(every, fill_value=False),
        )

    def weighed(self, assumed: Assumption) -> pd.DataFrame:
        """The options with score, pounds (the public purse's first year) and budget (education's) as assumed.

        A place that is added is in none of them: ``added`` is what it costs a year and ``loss`` what that takes off the
        score. ``has_fee``: whether the fee of an independent place is known.
        """
        options, weights = self.options, pd.Series(dict(assumed.weights))
        end = np.array([assumed.costs.get(what, "middle") for what in options["what"]], dtype=object)
        pounds = np.select([end == "low", end == "high"], [options["low"], options["high"]], options["middle"])
        placed = options["place_added"].to_numpy(float)
        pounds = pounds.astype(float) - placed
        keys = pd.MultiIndex.from_frame(options[["case", "option"]])
        paid = self._paid.reindex(keys)
        middle = (paid["pounds"] + paid["unstated_high"] / 2.0).to_numpy()
        budget = np.select([end == "low", end == "high"], [paid["low"], paid["high"]], middle).astype(float)
        scores = options[[f"score_{name}" for name in CRITERIA]].set_axis(list(CRITERIA), axis=1)
        scores = scores.assign(cost=cost_score(self._county, pd.Series(pounds, options.index)))
        share = float(weights["cost"] / weights.sum())
        with_place = cost_score(self._county, pd.Series(pounds, options.index) + self._price.fillna(0.0))
        return options[["case", "option", "what", "unit", "room", "provision"]].assign(
            score=weighted(scores, weights),
            pounds=pounds,
            budget=budget - placed,
            added=self._price if self._may_add(assumed) else np.nan,
            loss=share * (scores["cost"] - with_place),
            has_fee=self._has_fee,
        )

    def _may_add(self, assumed: Assumption) -> bool:
        return assumed.overfill and self._county.settings.rules.overfill.allowed

    def otherwise(self, weighed: pd.DataFrame) -> pd.Series:
        """By case, what education would otherwise spend: the cheapest independent place quoted, or listed.

        Missing for a case that no independent place of a known fee is open to.
        """
        away = weighed[(weighed["what"] == "independent") & weighed["has_fee"]]
        quoted = away[away["provision"] != ""]
        least = quoted.groupby("case")["budget"].min()
        return least.combine_first(away.groupby("case")["budget"].min()).reindex(sorted(weighed["case"].unique()))

    def _room(self, assumed: Assumption, cases: Iterable[str]) -> tuple[pd.Series, pd.Series, pd.Index]:
        """By unit with counted places, those that are free for some cases, those that may be added, and where none is.

        Who is above places already stays there, or another in the same place, at no more cost than now. Where more are
        than may be, nobody comes.
        """
        ours = set(cases)
        seats = pd.Series([seat for name, seat in self._seats.items() if name not in ours and seat], dtype=object)
        own = pd.Series([seat for name, seat in self._seats.items() if name in ours and seat], dtype=object)
        units = self._problem.units.loc[self._counted]
        kept = self._offered if assumed.offers_kept else 0.0
        held = (self._held + kept).add(seats.value_counts(), fill_value=0.0).reindex(units.index).fillna(0.0)
        now = held.add(own.value_counts(), fill_value=0.0).reindex(units.index).fillna(0.0)
        level = np.maximum(units["room"], now)
        more = (units["ceiling_room"] - level).clip(lower=0.0) * float(self._may_add(assumed))
        return level - held, more, units.index[now > units["ceiling_room"]]

    def _choices(self, rows: pd.DataFrame, assumed: Assumption) -> Choices:
        room, more, shut = self._room(assumed, rows["case"].unique())
        counted = rows.assign(unit=rows["unit"].where(rows["unit"].isin(self._counted), ""))
        counted = counted[~counted["unit"].isin(shut) | (counted["room"] == "stays")]
        counted = _undominated(counted)
        # Who moves on makes room: where there is enough for all who could come, nobody has to.
        could = counted.drop_duplicates(["case", "unit"])["unit"].value_counts().reindex(room.index).fillna(0)
        moves = self._moves if assumed.moves and (could > room).any() else self._moves.iloc[:0]
        moves = moves[~moves["to_unit"].isin(shut)].reset_index(drop=True)
        # Nothing of what nobody could come to is in question.
        asked = set(counted["unit"]) | set(moves["to_unit"])
        least = self.otherwise(rows).dropna()
        budgets: dict[str, tuple[list[str], float]] = {
            str(case): ([str(case)], pounds) for case, pounds in least.items()
        }
        if assumed.pooled:
            budgets = {"all": (list(least.index), float(least.sum()))}
        return Choices(
            options=counted.sort_values(["case", "option"], ignore_index=True),
            room=room[room.index.isin(asked)],
            more=more[more.index.isin(asked)],
            moves=moves,
            seats={name: seat for name, seat in self._seats.items() if seat in asked and seat in room.index},
            budgets=budgets,
            pooled=assumed.pooled,
            barred=self.barred,
        )

    def seat(self, case: str) -> str:
        """The unit where a case is and could stay, "" where there is none."""
        return self._seats[case]

    def free(self, assumed: Assumption) -> pd.Series:
        """By unit with counted places, those that nobody has today and in September, the cases among them."""
        room, _, _ = self._room(assumed, self._cases)
        seats = pd.Series([seat for seat in self._seats.values() if seat], dtype=object).value_counts()
        return room.sub(seats, fill_value=0.0).reindex(room.index).clip(lower=0.0)

    def alone(self, assumed: Assumption) -> dict[str, str]:
        """By case, what would be chosen if there were no other."""
        weighed = self.weighed(assumed)
        least = self.otherwise(weighed)
        found = dict.fromkeys(self._cases, "")
        for case, rows in weighed.groupby("case"):
            room, _, shut = self._room(assumed, [str(case)])
            best = rows[rows["score"] == rows["score"].max()]
            unit = str(best["unit"].iloc[0])
            # A bought place is always free; one option with the best score, free and within the money, is the choice.
            free = unit not in room.index or (room[unit] >= 1.0 and unit not in shut)
            within = pd.isna(least[case]) or best["budget"].iloc[0] <= least[case]
            if len(best) == 1 and free and within:
                found[str(case)] = str(best["option"].iloc[0])
            else:
                found[str(case)] = str(self._chosen(weighed, assumed, cases=[str(case)]).chosen[case])
        return found

    def turns(self, base: Assumption, found: Choice, decide: Callable[[Assumption], Choice]) -> pd.DataFrame:
        """What ``decide`` would choose otherwise under every other assumption: assumption, value, case, option."""
        rows, weighed = [], self.weighed(base)
        for name, value, assumed in other_assumptions(base):
            again = self.weighed(assumed)
            if again.equals(weighed) and replace(assumed, weights=base.weights, costs=base.costs) == base:
                # Nothing is different: there is no package, or nobody has quoted a range.
                continue
            try:
                other = decide(assumed)
            except InfeasibleError:
                continue
            changed = other.chosen[other.chosen != found.chosen]
            rows += [(name, value, case, option) for case, option in changed.items()]
        return pd.DataFrame(rows, columns=["assumption", "value", "case", "option"])


def _undominated(options: pd.DataFrame) -> pd.DataFrame:
    """The options without those that are never chosen: one that takes no place scores more and spends no more."""
    free = options.loc[options["unit"] == "", ["case", "score", "budget"]]
    pairs = options[["case", "score", "budget"]].rename_axis("at").reset_index().merge(free, on="case")
    worse = (pairs["score_y"] > pairs["score_x"] + SCORE_STEP / 2) & (pairs["budget_y"] <= pairs["budget_x"])
    return options.drop(index=list(pairs.loc[worse, "at"].unique()))
