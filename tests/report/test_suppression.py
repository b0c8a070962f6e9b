"""No withheld count follows from what is published, by an oracle that shares nothing with the elimination."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.suppression import ANY, Key, Sum, cube_sums, determined, is_small, suppress

COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 40))


def table(counts: list[int], shape: tuple[int, ...]) -> tuple[dict[Key, float], list[Sum]]:
    """A table with all its margins, added up one cell at a time."""
    axes = [[f"{axis}{label}" for label in range(size)] for axis, size in zip("rcd", shape, strict=False)]
    cells: dict[Key, float] = {}
    for labels, value in zip(product(*axes), counts, strict=True):
        for key in product(*((label, ANY) for label in labels)):
            cells["t", *key] = cells.get(("t", *key), 0.0) + value
    return cells, list(cube_sums(axes, name="t"))


def recoverable(hidden: frozenset[Key], sums: list[Sum]) -> set[Key]:
    """Hidden cells that never change along any direction that keeps every sum: the null space, by numpy's SVD."""
    order = sorted(hidden)
    matrix = np.zeros((len(sums) + 1, len(order)))
    for row, one in enumerate(sums):
        for key in one.parts:
            if key in hidden:
                matrix[row, order.index(key)] += 1
        if one.total in hidden:
            matrix[row, order.index(one.total)] -= 1
    if not order:
        return set()
    _, singular, basis = np.linalg.svd(matrix, full_matrices=True)
    free = basis[int((singular > 1e-9).sum()) :]
    return {key for at, key in enumerate(order) if not len(free) or np.abs(free[:, at]).max() < 1e-9}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([(3, 3), (4, 2), (6, 5)]), st.data())
def test_nothing_withheld_is_recovered_from_a_table_of_two_axes(shape: tuple[int, int], data: st.DataObject) -> None:
    counts = data.draw(st.lists(COUNTS, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    cells, sums = table(counts, shape)
    hidden = suppress(cells, sums)
    assert {key for key, value in cells.items() if is_small(value)} <= hidden
    assert all(cells[key] > 0 for key in hidden)
    assert recoverable(hidden, sums) == set()


@settings(max_examples=25, deadline=None)
@given(st.lists(COUNTS, min_size=18, max_size=18))
def test_nothing_withheld_is_recovered_from_a_table_of_three_axes(counts: list[int]) -> None:
    cells, sums = table(counts, (3, 3, 2))
    assert recoverable(suppress(cells, sums), sums) == set()


@settings(max_examples=60, deadline=None)
@given(st.lists(COUNTS, min_size=9, max_size=9), st.sets(st.integers(0, 15)))
def test_elimination_finds_just_what_the_null_space_says(counts: list[int], chosen: set[int]) -> None:
    cells, sums = table(counts, (3, 3))
    hidden = frozenset(key for at, key in enumerate(sorted(cells)) if at in chosen)
    assert determined(hidden, sums) == recoverable(hidden, sums)


def test_a_small_count_takes_the_next_smallest_with_it() -> None:
    cells = {("a",): 3.0, ("b",): 8.0, ("c",): 40.0, ("all",): 51.0}
    hidden = suppress(cells, [Sum(("all",), (("a",), ("b",), ("c",)))])
    assert hidden == {("a",), ("b",)}


def test_two_counts_of_one_child_take_a_third_since_their_sum_would_tell_both() -> None:
    cells = {("a",): 1.0, ("b",): 1.0, ("c",): 40.0, ("all",): 42.0}
    assert suppress(cells, [Sum(("all",), (("a",), ("b",), ("c",)))]) == {("a",), ("b",), ("c",)}


def test_a_small_total_is_withheld_with_what_it_is_made_of() -> None:
    cells = {("a",): 3.0, ("b",): 0.0, ("all",): 3.0}
    assert suppress(cells, [Sum(("all",), (("a",), ("b",)))]) == {("a",), ("all",)}


def test_a_cell_known_only_from_several_sums_together_is_covered() -> None:
    # Rows r0 and r1 hide two cells each, columns too but for one corner: only the four sums together give it away.
    counts = [2, 2, 30, 2, 40, 30, 30, 30, 30]
    cells, sums = table(counts, (3, 3))
    assert recoverable(suppress(cells, sums), sums) == set()


@pytest.mark.parametrize(("value", "small"), [(0, False), (0.4, True), (1, True), (4, True), (5, False), (-1, False)])
def test_small_is_above_nought_and_below_five(value: float, small: bool) -> None:
    assert is_small(value) is small
