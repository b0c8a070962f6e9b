"""Options weighed and chosen together: by hand, and against every way tried."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.models.options import Choices, choose_together, ranked, weight_ranges
from placeplan.models.program import InfeasibleError

NO_MORE = pd.Series(dtype=float)
NO_MOVES = pd.DataFrame({"child": [], "from_unit": [], "to_unit": [], "pounds": []})


def scores_of(rows):
    return pd.DataFrame(rows, index=["cost", "journey"]).T


def options_of(rows, *, added=np.nan, loss=0.0):
    """``added``, ``loss``: what a place that is added costs, and takes off the score."""
    options = pd.DataFrame(rows, columns=["case", "option", "unit", "score", "pounds", "budget"])
    return options.assign(added=added, loss=loss)


def test_options_are_ranked_by_weighted_scores_and_equals_share_a_rank():
    scores = scores_of({"near": (0.2, 1.0), "cheap": (0.9, 0.3), "twin": (0.9, 0.3), "poor": (0.1, 0.2)})
    found = ranked(scores, pd.Series({"cost": 3.0, "journey": 1.0}))
    # 0.75 x 0.2 + 0.25 x 1 = 0.4; 0.75 x 0.9 + 0.25 x 0.3 = 0.75; 0.75 x 0.1 + 0.25 x 0.2 = 0.125.
    assert found["score"].to_dict() == pytest.approx({"near": 0.4, "cheap": 0.75, "twin": 0.75, "poor": 0.125})
    assert found["rank"].to_dict() == {"near": 3, "cheap": 1, "twin": 1, "poor": 4}
    assert found["dominated"].to_dict() == {"near": "", "cheap": "", "twin": "", "poor": "near"}
    assert ranked(scores.iloc[:0], pd.Series({"cost": 1.0})).empty


@pytest.mark.parametrize("weights", [{"cost": -1.0}, {"cost": 0.0, "journey": 0.0}, {"cost": np.nan}])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights: expected numbers of nought or more"):
        ranked(scores_of({"a": (0.5, 0.5)}), pd.Series(weights))


def test_a_score_outside_nought_to_one_is_refused():
    with pytest.raises(ValueError, match="from 0 to 1"):
        ranked(scores_of({"a": (1.5, 0.5)}), pd.Series({"cost": 1.0}))


def test_a_first_option_stays_so_between_two_weights():
    # At share t of cost: near 0.2 t + (1 - t), cheap 0.9 t + 0.3 (1 - t): equal at t = 0.5.
    scores = scores_of({"near": (0.2, 1.0), "cheap": (0.9, 0.3)})
    found = weight_ranges(scores, pd.Series({"cost": 1.0, "journey": 3.0}))
    assert found.loc["cost", ["share", "least", "most"]].tolist() == pytest.approx([0.25, 0.0, 0.5])
    assert (found.loc["cost", "above"], found.loc["cost", "below"]) == ("cheap", "")
    assert found.loc["journey", ["share", "least", "most"]].tolist() == pytest.approx([0.75, 0.5, 1.0])


numbers = st.integers(0, 20).map(lambda n: n / 20)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(numbers, numbers, numbers), min_size=2, max_size=5),
    weights=st.tuples(*[st.integers(1, 5)] * 3),
    at=st.floats(0.0, 1.0),
)
def test_within_the_range_the_first_stays_first_and_beyond_it_does_not(rows, weights, at):
    scores = pd.DataFrame(rows, columns=["a", "b", "c"], index=[f"o{n}" for n in range(len(rows))])
    share = np.array(weights, float) / sum(weights)
    first = int(np.argmax(np.round(scores.to_numpy() @ share * 1e6)))
    found = weight_ranges(scores, pd.Series(weights, index=["a", "b", "c"]))
    for k, name in enumerate("abc"):
        others = np.delete(share, k) / (1 - share[k])
        moved = np.insert((1 - at) * others, k, at)
        totals = scores.to_numpy() @ moved
        row = found.loc[name]
        if row["least"] + 1e-6 < at < row["most"] - 1e-6:
            assert totals[first] >= totals.max() - 1e-5
        elif at < row["least"] - 1e-3 or at > row["most"] + 1e-3:
            assert totals[first] < totals.max() + 1e-9


def test_a_place_is_counted_once_and_the_higher_scores_take_it():
    options = options_of(
        [
            ("c1", "school", "school", 0.9, 20_000.0, 20_000.0),
            ("c1", "away", "", 0.5, 50_000.0, 50_000.0),
            ("c2", "school", "school", 0.8, 20_000.0, 20_000.0),
            ("c2", "away", "", 0.7, 50_000.0, 50_000.0),
        ]
    )
    room = pd.Series({"school": 1.0})
    found = choose_together(Choices(options, room, NO_MORE, NO_MOVES))
    # 0.9 + 0.7 beats 0.5 + 0.8.
    assert found.chosen.to_dict() == {"c1": "school", "c2": "away"}
    assert (found.status, found.values["pounds"], found.values["score"]) == ("optimal", 70_000, pytest.approx(1.6))
    # A place above those there are, at a price that takes off the score of who has it.
    more = pd.Series({"school": 1.0})
    dear = options.assign(added=10_000.0, loss=0.05)
    both = choose_together(Choices(dear, room, more, NO_MOVES))
    assert both.chosen.to_dict() == {"c1": "school", "c2": "school"}
    assert (both.added.sum(), both.values["pounds"]) == (1, 50_000)
    # 0.8 less 0.2 is not worth it beside 0.7; nor is it where no place may be added for it.
    assert choose_together(Choices(dear.assign(loss=0.2), room, more, NO_MOVES)).chosen["c2"] == "away"
    assert choose_together(Choices(options, room, more, NO_MOVES)).chosen["c2"] == "away"
    # Or one who has consented moves on, and costs 3,000 more.
    moves = pd.DataFrame({"child": ["d"], "from_unit": ["school"], "to_unit": ["base"], "pounds": [3_000.0]})
    moved = choose_together(Choices(options, pd.Series({"school": 1.0, "base": 1.0}), NO_MORE, moves))
    assert moved.moved["child"].tolist() == ["d"]
    assert moved.values["pounds"] == 43_000
    # Nobody moves on where it makes no room that anybody takes.
    wide = choose_together(Choices(options, pd.Series({"school": 2.0, "base": 1.0}), NO_MORE, moves))
    assert wide.moved.empty


def test_budgets_bound_one_case_or_all_together():
    options = options_of(
        [
            ("c1", "package", "", 0.9, 60_000.0, 60_000.0),
            ("c1", "away", "", 0.2, 44_000.0, 44_000.0),
            ("c2", "package", "", 0.9, 20_000.0, 20_000.0),
            ("c2", "away", "", 0.2, 44_000.0, 44_000.0),
        ]
    )
    each = {case: ([case], 44_000.0) for case in ("c1", "c2")}
    alone = choose_together(Choices(options, pd.Series(dtype=float), NO_MORE, NO_MOVES, each))
    assert alone.chosen.to_dict() == {"c1": "away", "c2": "package"}
    pooled = {"all": (["c1", "c2"], 88_000.0)}
    together = choose_together(Choices(options, pd.Series(dtype=float), NO_MORE, NO_MOVES, pooled, pooled=True))
    assert together.chosen.to_dict() == {"c1": "package", "c2": "package"}


def test_an_added_place_is_the_money_of_the_case_that_has_it():
    options = options_of(
        [
            ("c1", "school", "school", 0.9, 20_000.0, 20_000.0),
            ("c1", "away", "", 0.1, 25_000.0, 25_000.0),
            ("c2", "school", "school", 0.9, 20_000.0, 20_000.0),
            ("c2", "away", "", 0.1, 44_000.0, 44_000.0),
        ],
        added=10_000.0,
    )
    each = {"c1": (["c1"], 25_000.0), "c2": (["c2"], 44_000.0)}
    room, more = pd.Series({"school": 1.0}), pd.Series({"school": 1.0})
    found = choose_together(Choices(options, room, more, NO_MOVES, each))
    # The first has the place that there is, since its own money does not reach for another.
    assert found.chosen.to_dict() == {"c1": "school", "c2": "school"}
    assert found.added.to_dict() == {"c1": False, "c2": True}


def test_options_that_are_barred_together_are_not_chosen_together():
    options = options_of(
        [("c1", "a", "", 0.9, 1.0, 1.0), ("c1", "b", "", 0.8, 1.0, 1.0), ("c2", "a", "", 0.9, 1.0, 1.0)]
    )
    barred = [{"c1": "a", "c2": "a"}]
    found = choose_together(Choices(options, pd.Series(dtype=float), NO_MORE, NO_MOVES, barred=barred))
    assert found.chosen.to_dict() == {"c1": "b", "c2": "a"}


def test_who_cannot_be_met_has_no_option():
    options = options_of([("c1", "school", "school", 0.9, 1.0, 1.0), ("c2", "school", "school", 0.8, 1.0, 1.0)])
    found = choose_together(Choices(options, pd.Series({"school": 1.0}), NO_MORE, NO_MOVES))
    assert found.chosen.to_dict() == {"c1": "school", "c2": ""}
    assert found.values["unmet"] == 1


def test_what_is_doubled_or_cannot_be_is_refused():
    twice = options_of([("c1", "a", "", 0.1, 1.0, 1.0)] * 2)
    with pytest.raises(ValueError, match="case and option: expected each once"):
        choose_together(Choices(twice, pd.Series(dtype=float), NO_MORE, NO_MOVES))
    one = options_of([("c1", "a", "", 0.1, 1.0, 1.0)])
    with pytest.raises(InfeasibleError):
        choose_together(Choices(one, pd.Series({"full": -1.0}), NO_MORE, NO_MOVES))


@st.composite
def meetings(draw):
    units = ["u", "v"]
    rows = []
    for case in range(draw(st.integers(1, 3))):
        for option in range(draw(st.integers(1, 3))):
            unit = draw(st.sampled_from(["u", "v", ""]))
            pounds = draw(st.sampled_from([0.0, 5.0, 10.0, 20.0]))
            rows.append((f"c{case}", f"o{option}", unit, draw(numbers), pounds, pounds))
    room = pd.Series({unit: float(draw(st.integers(0, 2))) for unit in units})
    more = pd.Series({unit: float(draw(st.integers(0, 1))) for unit in units})
    moves = pd.DataFrame(
        [
            (f"d{n}", a, b, draw(st.sampled_from([-4.0, 0.0, 6.0])))
            for n in range(draw(st.integers(0, 2)))
            for a, b in [draw(st.sampled_from([("u", "v"), ("v", "u"), ("u", "w")]))]
        ],
        columns=["child", "from_unit", "to_unit", "pounds"],
    )
    seats = {f"c{n}": draw(st.sampled_from(units)) for n in range(3) if draw(st.booleans())}
    limit = draw(st.sampled_from([15.0, 30.0, 100.0]))
    pooled = draw(st.booleans())
    prices = {"u": 7.0, "v": 3.0}
    options = options_of(rows)
    never = np.array(draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    options["added"] = options["unit"].map(prices).where(~never)
    options["loss"] = options["unit"].map({"u": 0.3, "v": 0.0}).fillna(0.0)
    cases = sorted(options["case"].unique())
    budgets = {"all": (cases[:2], limit)} if pooled else {case: ([case], limit) for case in cases}
    seats = {case: unit for case, unit in seats.items() if case in cases}
    # Whoever has a seat has it among the places that there are.
    room = room.add(pd.Series(list(seats.values()), dtype=object).value_counts(), fill_value=0.0)
    return Choices(options, room, more, moves, budgets, pooled=pooled, seats=seats)


def every_way(choices):
    """All objectives of every choice that keeps everything, the smallest first."""
    options = choices.options
    cases = sorted(options["case"].unique())
    picks = [[None, *options.index[options["case"] == case]] for case in cases]
    return min(
        told
        for picked in itertools.product(*picks)
        for size in range(len(choices.moves) + 1)
        for some in itertools.combinations(choices.moves.index, size)
        for told in ways(choices, options.loc[[p for p in picked if p is not None]], choices.moves.loc[list(some)])
    )


def ways(choices, taken, moved):
    """The objectives of one pick of options and moves, for each way to add places for some of them."""
    if moved["child"].duplicated().any():
        return
    cases = choices.options["case"].nunique()
    for flags in itertools.product([False, True], repeat=len(taken)):
        added = taken[np.array(flags, dtype=bool)]
        load = {u: (taken["unit"] == u).sum() - (added["unit"] == u).sum() for u in choices.room.index}
        for case, unit in choices.seats.items():
            load[unit] += case not in set(taken["case"])
        for row in moved.itertuples():
            load[row.to_unit] = load.get(row.to_unit, 0) + 1
            load[row.from_unit] -= 1
        more = added["unit"].value_counts()
        if added["added"].isna().any() or any(more[u] > choices.more.get(u, 0) for u in more.index):
            continue
        if any(load[u] > room for u, room in choices.room.items()):
            continue
        kept = True
        for whose, limit in choices.budgets.values():
            spent = taken.loc[taken["case"].isin(whose), "budget"].sum()
            spent += added.loc[added["case"].isin(whose) | choices.pooled, "added"].sum()
            kept = kept and spent + (moved["pounds"].clip(lower=0).sum() if choices.pooled else 0.0) <= limit + 1e-9
        if kept:
            score = round(sum(np.round(taken["score"] * 1e6)) - sum(np.round(added["loss"] * 1e6)))
            pounds = round(100 * (taken["pounds"].sum() + added["added"].sum() + moved["pounds"].sum()))
            yield cases - len(taken), -score, len(moved), pounds


@settings(max_examples=40, deadline=None)
@given(choices=meetings())
def test_the_choice_is_the_best_of_every_way_tried(choices):
    found = choose_together(choices)
    values = found.values
    told = (values["unmet"], -round(values["score"] * 1e6), values["moves"], round(100 * values["pounds"]))
    assert found.status == "optimal"
    assert told == pytest.approx(every_way(choices))
