"""Cohorts against matrices worked out apart: means, sums, ceilings, paths and what scenarios turn."""

from dataclasses import replace

import numpy as np
import pytest

from placeplan.models.cohort_parts import AGES, Change, Cohort, Futures, NewPlans, Redirect, cells_where
from placeplan.models.cohorts import simulate

SHAPE = (2, 2, AGES, 3)
DRAWS, YEARS = 800, (2025, 2026, 2027)


def cohort(*, cease=0.1, new=0.002, transfer_at=11, children=400, seed=0):
    stream = np.random.default_rng(seed)
    place, need, age, placement = (stream.integers(0, size, children) for size in (2, 2, 20, 3))
    cells = np.ravel_multi_index((place, need, age, placement), SHAPE)
    entry = np.tile([0.7, 0.2, 0.1], (2, AGES, 1))
    ages = np.full((AGES, 3), cease)
    ages[-1] = 1.0
    transfer = np.tile(np.eye(3), (AGES, 1, 1))
    transfer[transfer_at] = [[0.8, 0.2, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    move = np.array([[0.97, 0.03, 0.0], [0.0, 1.0, 0.0], [0.05, 0.0, 0.95]])
    return Cohort(SHAPE, cells, np.arange(children), np.full((2, 2, AGES), new), entry, ages, transfer, move)


def futures(**changed):
    made = Futures(
        years=YEARS,
        people=np.full((3, 2, AGES), 500.0),
        level=np.ones((DRAWS, 3)),
        relative=np.ones((DRAWS, 2, 2)),
        cease_shift=np.zeros((DRAWS, 3)),
    )
    return replace(made, **changed)


def run(one, future, seed=1):
    return simulate(one, future, start=2024, stream=np.random.default_rng(seed))


def expected(one, future):
    """The means by matrices: ceasing, ageing, transfer, moves and new plans, in that order."""
    stock = np.bincount(one.cells, minlength=np.prod(SHAPE)).reshape(SHAPE).astype(float)
    made = [stock]
    for step in range(len(future.years)):
        left = stock * (1 - one.cease)
        older = np.zeros_like(stock)
        older[:, :, 1:] = left[:, :, :-1]
        older = np.einsum("lnap,apq->lnaq", older, one.transfer)
        older = np.einsum("lnap,pq->lnaq", older, one.move)
        new = one.new * future.people[step][:, None, :]
        stock = older + new[..., None] * one.entry[None]
        made.append(stock)
    return made


def test_means_are_those_of_the_matrices_in_every_axis():
    one, future = cohort(), futures()
    draws = run(one, future)
    for year, stock in zip((2024, *YEARS), expected(one, future), strict=True):
        for axis in range(4):
            group = np.unravel_index(np.arange(np.prod(SHAPE)), SHAPE)[axis]
            found = draws.counts(year, group, size=SHAPE[axis]).mean(axis=0)
            others = tuple(other for other in range(4) if other != axis)
            wanted = stock.sum(axis=others)
            assert found == pytest.approx(wanted, abs=4.5 * np.sqrt(wanted.max() / DRAWS) + 1e-9)


def test_every_grouping_adds_up_to_the_total_in_every_draw():
    draws = run(cohort(), futures())
    for year in (2024, *YEARS):
        total = draws.counts(year)[:, 0]
        for axis in range(4):
            group = np.unravel_index(np.arange(np.prod(SHAPE)), SHAPE)[axis]
            counts = draws.counts(year, group, size=SHAPE[axis])
            assert (counts >= 0).all()
            assert (counts.sum(axis=1) == total).all()
        some = np.where(np.arange(np.prod(SHAPE)) % 3 == 0, 0, -1)
        assert (draws.counts(year, some)[:, 0] <= total).all()


def test_a_child_is_followed_and_is_a_year_older_each_year():
    one = cohort()
    draws = run(one, futures())
    age = (np.arange(np.prod(SHAPE)) // 3) % AGES
    for step, year in enumerate(YEARS, start=1):
        snapshot = draws.snapshot(year)
        known = snapshot.tag >= 0
        assert (age[snapshot.cell[known]] == age[one.cells[snapshot.tag[known]]] + step).all()
        assert (
            not np.unique(np.stack([snapshot.draw[known], snapshot.tag[known]]), axis=1, return_counts=True)[1].max()
            > 1
        )
        stayed = snapshot.change == Change.START
        assert (snapshot.since[stayed] == 2024).all()
        assert (snapshot.since[~stayed] > 2024).all()
        made = snapshot.change == Change.NEW_PLAN
        assert (snapshot.tag[made] == -1).all()


def test_nobody_is_older_than_the_last_age_and_who_surely_ceases_is_gone():
    gone = run(cohort(cease=1.0, new=0.0), futures())
    assert gone.counts(2025).sum() == 0
    old = replace(cohort(cease=0.0, new=0.0), cells=np.full(400, np.ravel_multi_index((0, 0, AGES - 1, 0), SHAPE)))
    assert run(old, futures()).counts(2025).sum() == 0


def test_the_same_stream_gives_the_same_futures():
    first, again, other = run(cohort(), futures()), run(cohort(), futures()), run(cohort(), futures(), seed=2)
    assert (first.snapshot(2027).cell == again.snapshot(2027).cell).all()
    assert not np.array_equal(first.snapshot(2027).cell, other.snapshot(2027).cell)


def test_levels_localities_and_ceasing_differ_by_draw():
    level = np.ones((DRAWS, 3))
    level[: DRAWS // 2] = 3.0
    draws = run(cohort(), futures(level=level))
    counts = draws.counts(2025)[:, 0]
    assert counts[: DRAWS // 2].mean() > counts[DRAWS // 2 :].mean() + 80
    relative = np.ones((DRAWS, 2, 2))
    relative[:, 0], relative[:, 1] = 0.0, 2.0
    snapshot = run(cohort(), futures(relative=relative)).snapshot(2025)
    made = snapshot.change == Change.NEW_PLAN
    assert (snapshot.cell[made] // (2 * AGES * 3) == 1).all()
    shifted = run(cohort(new=0.0), futures(cease_shift=np.full((DRAWS, 3), 5.0)))
    assert shifted.counts(2025).mean() < run(cohort(new=0.0), futures()).counts(2025).mean() / 3


def test_a_path_of_totals_is_followed_where_it_is_given():
    totals = np.full((DRAWS, 3), np.nan)
    totals[: DRAWS // 2] = [600.0, 700.0, 800.0]
    counts = run(cohort(), futures(totals=totals)).counts(2027)[:, 0]
    free = run(cohort(), futures()).counts(2027)[:, 0]
    assert counts[: DRAWS // 2].mean() == pytest.approx(800, rel=0.02)
    assert counts[DRAWS // 2 :].mean() == pytest.approx(free.mean(), rel=0.03)


def test_new_plans_never_pass_the_ceiling():
    capped = run(cohort(new=0.02), futures(ceiling=0.1))
    snapshot = capped.snapshot(2026)
    made = np.bincount(snapshot.draw[(snapshot.change == Change.NEW_PLAN) & (snapshot.since == 2026)], minlength=DRAWS)
    assert made.mean() == pytest.approx(0.1 * 1000.0, rel=0.03)


@pytest.mark.parametrize(
    ("when", "placement", "needs_change"),
    [("entry", 1, False), ("year", 0, False), ("arrival", 1, True), ("transfer", 1, True)],
)
def test_a_redirect_turns_its_share_where_it_says(when, placement, needs_change):
    cells = cells_where(SHAPE, placements=[placement], localities=[0])
    turned = Redirect(when, cells, 2, np.full(DRAWS, 1.0), 2026, 2026)
    before = run(cohort(), futures())
    after = run(cohort(), futures(redirects=(turned,)))
    inside = np.where(cells, 0, -1)
    assert after.counts(2025, inside).mean() == pytest.approx(before.counts(2025, inside).mean(), rel=0.05)
    placed = after.snapshot(2026)
    if when == "year":
        assert after.counts(2026, inside).mean() < before.counts(2026, inside).mean() / 3
    if when == "entry":
        made = (placed.change == Change.NEW_PLAN) & (placed.since == 2026)
        assert not cells[placed.cell[made]].any()
    if needs_change:
        age = (placed.cell // 3) % AGES
        moved = (placed.change == Change.TRANSFER) & (placed.since == 2026)
        assert (age[moved] == 11).all()
        at_11 = np.where(cells & ((np.arange(np.prod(SHAPE)) // 3) % AGES == 11), 0, -1)
        assert after.counts(2026, at_11).mean() < before.counts(2026, at_11).mean()
    elsewhere = np.where(cells_where(SHAPE, localities=[1]), 0, -1)
    assert after.counts(2026, elsewhere).mean() == pytest.approx(before.counts(2026, elsewhere).mean(), rel=0.03)


def test_new_plans_can_be_made_fewer_in_a_place_and_children_can_move_in():
    where = cells_where((2, 2, AGES, 1), localities=[0]).reshape(2, 2, AGES)
    fewer = run(cohort(), futures(new_plans=(NewPlans(where, np.zeros(DRAWS), 2025, 2025),)))
    snapshot = fewer.snapshot(2025)
    assert (snapshot.cell[snapshot.change == Change.NEW_PLAN] // (2 * AGES * 3) == 1).all()
    arrivals = np.zeros((3, np.prod(SHAPE)))
    arrivals[0, 5] = 40.0
    came = run(cohort(), futures(arrivals=arrivals, arrival_scale=np.full(DRAWS, 0.5)))
    assert came.counts(2025).mean() - run(cohort(), futures()).counts(2025).mean() == pytest.approx(20, abs=2)


def test_what_a_scenario_does_not_touch_stays_child_by_child_as_it_was():
    cells = cells_where(SHAPE, placements=[1], localities=[0])
    turned = Redirect("entry", cells, 2, np.full(DRAWS, 0.5), 2025, 2027)
    before, after = (run(cohort(), futures(redirects=r)).snapshot(2027) for r in ((), (turned,)))
    outside = before.cell // (2 * AGES * 3) == 1
    assert (before.cell[outside] == after.cell[outside]).mean() > 0.97
    assert len(before.cell) == len(after.cell)


@pytest.mark.parametrize(
    ("one", "future", "said"),
    [
        (replace(cohort(), entry=np.full((2, AGES, 3), 0.5)), futures(), "entry"),
        (replace(cohort(), cease=np.full((AGES, 3), 1.5)), futures(), "cease"),
        (cohort(), futures(people=np.ones((2, 2, AGES))), "people"),
        (cohort(), futures(years=(2025, 2026, 2028)), "years"),
        (replace(cohort(), tags=np.zeros(3, dtype=int)), futures(), "tags"),
    ],
)
def test_parts_that_do_not_fit_are_refused(one, future, said):
    with pytest.raises(ValueError, match=said):
        run(one, future)
