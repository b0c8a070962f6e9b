"""The synthesis against hand-worked tables, brute force and what must always hold."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.errors import InputError
from placeplan.synthetic import (
    Margin,
    draw_places,
    fit_table,
    generator,
    pseudonyms,
    round_table,
    seat_children,
    split_total,
)

NAN = float("nan")


def margin(name: str, axes: tuple[int, ...], values: object) -> Margin:
    return Margin(name, axes, np.asarray(values, dtype=np.float64))


# --- fitting -----------------------------------------------------------------------------------------------------


def test_a_flat_start_gives_the_table_of_independence():
    fitted = fit_table(np.ones((2, 2)), [margin("rows", (0,), [30, 70]), margin("columns", (1,), [40, 60])])
    assert fitted.converged
    np.testing.assert_allclose(fitted.table, [[12, 18], [28, 42]])


@given(
    cells=st.lists(st.integers(1, 50), min_size=4, max_size=4),
    wanted=st.lists(st.integers(1, 50), min_size=4, max_size=4),
)
def test_the_fit_keeps_the_odds_ratio_of_its_start_and_meets_the_margins(cells: list[int], wanted: list[int]):
    start, target = np.array(cells, dtype=float).reshape(2, 2), np.array(wanted, dtype=float).reshape(2, 2)
    margins = [margin("rows", (0,), target.sum(axis=1)), margin("columns", (1,), target.sum(axis=0))]
    fitted = fit_table(start, margins, tolerance=1e-9)
    table = fitted.table
    np.testing.assert_allclose(table.sum(axis=1), target.sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(table.sum(axis=0), target.sum(axis=0), atol=1e-6)
    odds = start[0, 0] * start[1, 1] / (start[0, 1] * start[1, 0])
    np.testing.assert_allclose(table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]), odds, rtol=1e-6)


def test_a_total_that_was_not_published_binds_nothing():
    margins = [margin("total", (), 100), margin("rows", (0,), [30, NAN, NAN])]
    fitted = fit_table(np.array([1.0, 1.0, 3.0]), margins)
    assert fitted.converged
    np.testing.assert_allclose(fitted.table, [30, 17.5, 52.5], rtol=1e-6)


def test_the_start_is_left_as_it_was():
    start = np.ones((2, 2))
    fit_table(start, [margin("rows", (0,), [30, 70])])
    np.testing.assert_array_equal(start, np.ones((2, 2)))


def test_margins_that_disagree_are_reported_with_both_figures():
    margins = [margin("age", (0,), [30, 70]), margin("need", (1,), [40, 65]), margin("total", (), 100)]
    with pytest.raises(InputError) as raised:
        fit_table(np.ones((2, 2)), margins)
    told = [str(fault) for fault in raised.value.faults]
    assert told == [
        "margin age: found 100; expected 105, as margin need has",
        "margin need: found 105; expected 100, as margin total has",
    ]


def test_margins_are_compared_on_what_they_share_and_only_where_it_is_known():
    crossed = margin("age and need", (0, 1), [[10, 20], [NAN, 40]])
    with pytest.raises(InputError) as raised:
        fit_table(np.ones((2, 2)), [crossed, margin("age", (0,), [31, 50])])
    (fault,) = raised.value.faults
    assert (fault.row, fault.value, fault.expected) == ("0", "30", "31, as margin age has")


def test_a_total_that_nothing_can_fill_is_reported():
    with pytest.raises(InputError) as raised:
        fit_table(np.array([[1.0, 1.0], [0.0, 0.0]]), [margin("age", (0,), [5, 5])])
    (fault,) = raised.value.faults
    assert (fault.table, fault.row, fault.value) == ("margin age", "1", "5")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (margin("age", (0,), [1, 2, 3]), "shape (2,)"),
        (margin("both", (1, 0), [[1, 1], [1, 1]]), "shape (2, 2)"),
        (margin("age", (0,), [-1, 2]), "0 or more"),
    ],
)
def test_a_margin_of_the_wrong_shape_or_below_zero_is_reported(wrong: Margin, told: str):
    with pytest.raises(InputError) as raised:
        fit_table(np.ones((2, 2)), [wrong])
    assert raised.value.faults[0].expected == told


def test_margins_that_cannot_all_be_met_are_not_called_met():
    # The first column can only be filled by the first row, which has 1 for it and not 5.
    start = np.array([[1.0, 1.0], [0.0, 1.0]])
    fitted = fit_table(start, [margin("rows", (0,), [1, 9]), margin("columns", (1,), [5, 5])], limit=50)
    assert not fitted.converged
    assert fitted.rounds == 50
    assert fitted.worst > 3


# --- rounding ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(2, 6))
def test_rounding_keeps_total_and_margins_of_two_way_tables(seed: int, rows: int, columns: int):
    truth = np.random.default_rng(seed).poisson(1.5, (rows, columns)).astype(float)
    margins = [margin("rows", (0,), truth.sum(axis=1)), margin("columns", (1,), truth.sum(axis=0))]
    start = 1.0 * (truth.sum(axis=1)[:, None] > 0) * (truth.sum(axis=0) > 0)
    if not start.any():
        return
    table = fit_table(start, margins).table
    rounded = round_table(table, margins, stream=generator(seed, "rounding"))
    assert rounded.misses == ()
    np.testing.assert_array_equal(rounded.counts.sum(axis=1), truth.sum(axis=1))
    np.testing.assert_array_equal(rounded.counts.sum(axis=0), truth.sum(axis=0))
    assert (rounded.counts >= 0).all()
    assert (rounded.counts[table == 0] == 0).all()
    assert (np.abs(rounded.counts - table) < 2).all()


def test_what_rounding_cannot_meet_is_told_and_the_total_is_exact():
    wrong = margin("rows", (0,), [3, 0])
    rounded = round_table(np.array([0.5, 0.5]), [wrong], stream=generator(1, "rounding"), steps=400)
    np.testing.assert_array_equal(rounded.counts, [1, 0])
    assert rounded.misses == (("rows", (0,), 3, 1),)


def test_a_margin_that_was_not_published_is_not_missed():
    rounded = round_table(np.array([0.5, 0.5]), [margin("rows", (0,), [NAN, 1])], stream=generator(1, "r"))
    np.testing.assert_array_equal(rounded.counts, [0, 1])
    assert rounded.misses == ()


# --- drawing -----------------------------------------------------------------------------------------------------


@given(st.integers(0, 500), st.lists(st.floats(0, 10), min_size=1, max_size=8), st.integers(0, 99))
def test_the_parts_of_a_total_add_up_and_no_part_is_drawn_without_weight(total: int, weights: list[float], seed: int):
    chances = np.array([*weights, 1.0])
    parts = split_total(total, chances, stream=generator(seed, "split"))
    assert parts.sum() == total
    assert len(parts) == len(chances)
    assert (parts[chances == 0] == 0).all()


def test_places_are_drawn_in_proportion_to_their_weight():
    drawn = np.bincount(draw_places(40_000, np.array([1.0, 0.0, 3.0]), stream=generator(3, "draw")), minlength=3)
    # Three standard deviations of a binomial of 40,000 at a quarter are 260.
    assert abs(drawn[0] - 10_000) < 260
    assert drawn[1] == 0


def test_children_without_any_weight_cannot_be_placed():
    with pytest.raises(ValueError, match="2 children to place and no weight above 0"):
        draw_places(2, np.zeros(3), stream=generator(1, "draw"))
    assert len(draw_places(0, np.zeros(3), stream=generator(1, "draw"))) == 0


def test_streams_are_named_and_seeded():
    assert generator(1, "homes").random() == generator(1, "homes").random()
    different = {generator(1, "homes").random(), generator(1, "bands").random(), generator(2, "homes").random()}
    assert len(different) == 3


def test_pseudonyms_are_different_and_in_no_order():
    names = pseudonyms(500, prefix="D", stream=generator(1, "names"))
    assert sorted(names) == [f"D{number:05d}" for number in range(1, 501)]
    steps = np.diff([int(name[1:]) for name in names])
    assert 200 < (steps > 0).sum() < 300


# --- seating -----------------------------------------------------------------------------------------------------


def brute_force(km: np.ndarray, may: np.ndarray, seats: list[int], extra: list[int], extra_km: float) -> float:
    """The least kilometres over every way of seating, a child without a seat counting 1e6 and every extra seat more."""
    children, units = km.shape
    best = np.inf
    for choice in product(range(-1, units), repeat=children):
        if any(unit >= 0 and not may[child, unit] for child, unit in enumerate(choice)):
            continue
        count = [choice.count(unit) for unit in range(units)]
        if any(c > s + e for c, s, e in zip(count, seats, extra, strict=True)):
            continue
        cost = sum(1e6 if unit < 0 else km[child, unit] for child, unit in enumerate(choice))
        cost += extra_km * sum(max(0, c - s) for c, s in zip(count, seats, strict=True))
        best = min(best, cost)
    return best


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_seating_is_as_near_as_any(data: st.DataObject):
    children, units = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    km = np.array(data.draw(st.lists(st.integers(0, 60), min_size=children * units, max_size=children * units)), float)
    allowed = data.draw(st.lists(st.booleans(), min_size=children * units, max_size=children * units))
    seats = data.draw(st.lists(st.integers(0, 3), min_size=units, max_size=units))
    extra = data.draw(st.lists(st.integers(0, 2), min_size=units, max_size=units))
    km, may = km.reshape(children, units), np.array(allowed).reshape(children, units)
    placed = seat_children(
        km, may, np.array(seats), extra=np.array(extra), stream=generator(1, "seats"), taste_km=0.0, extra_km=25.0
    )
    count = [int((placed == unit).sum()) for unit in range(units)]
    assert all(c <= s + e for c, s, e in zip(count, seats, extra, strict=True))
    assert all(may[child, unit] for child, unit in enumerate(placed) if unit >= 0)
    cost = sum(1e6 if unit < 0 else km[child, unit] for child, unit in enumerate(placed))
    cost += 25.0 * sum(max(0, c - s) for c, s in zip(count, seats, strict=True))
    assert cost == pytest.approx(brute_force(km, may, seats, extra, 25.0))


def test_taste_makes_some_pass_the_nearest_but_far_more_do_not():
    km = np.tile([2.0, 6.0], (400, 1))
    placed = seat_children(km, np.ones_like(km, dtype=bool), np.array([400, 400]), stream=generator(1, "taste"))
    # A logit choice: 1 / (1 + exp(4 / 3)) of them go the 4 km farther, 20.9%, three deviations 6%.
    assert abs((placed == 1).mean() - 0.209) < 0.06


def test_no_children_need_no_seats():
    nobody = np.zeros((0, 2))
    assert len(seat_children(nobody, nobody.astype(bool), np.array([1, 1]), stream=generator(1, "none"))) == 0
