"""Small rates pooled by their evidence, short trends with breaks and policies, and tables scaled to their totals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.models.rates import pooled_rates
from placeplan.models.reconcile import Totals, scale_to_totals
from placeplan.models.trend import Step, fit_trend


def test_much_evidence_stands_by_itself_and_little_follows_the_rest():
    counts = np.array([400.0, 100.0, 250.0, 150.0, 2.0])
    expected = np.array([200.0, 200.0, 200.0, 200.0, 1.0])
    mean = pooled_rates(counts, expected).mean
    assert mean[:2] == pytest.approx([2.0, 0.5], abs=0.05)
    assert abs(mean[4] - 1.0) < abs(2.0 - 1.0) / 2


def test_equal_rates_are_pooled_into_one():
    stream = np.random.default_rng(3)
    counts = stream.poisson(20.0, 200).astype(float)
    pooled = pooled_rates(counts, np.full(200, 20.0))
    assert pooled.mean.std() < 0.25 * (counts / 20.0).std()


def test_the_spread_of_true_rates_is_found_again():
    stream = np.random.default_rng(4)
    truth = stream.gamma(10.0, 0.1, 400)
    pooled = pooled_rates(stream.poisson(truth * 50).astype(float), np.full(400, 50.0))
    assert pooled.alike == pytest.approx(10.0, rel=0.3)
    inside = (pooled.draw(800, stream) < truth).mean(axis=0)
    assert ((inside > 0.1) & (inside < 0.9)).mean() == pytest.approx(0.8, abs=0.06)


@given(st.lists(st.tuples(st.integers(0, 50), st.just(0.0) | st.floats(1e-6, 80.0)), min_size=1, max_size=12))
def test_a_pooled_rate_lies_between_its_own_and_the_group_s(cells):
    counts, expected = (np.array(part, dtype=float) for part in zip(*cells, strict=True))
    mean = pooled_rates(counts, expected).mean
    for count, e, rate in zip(counts, expected, mean, strict=True):
        own = count / e if e else 1.0
        assert min(own, 1.0) - 1e-9 <= rate <= max(own, 1.0) + 1e-9


@pytest.mark.parametrize(
    ("counts", "expected"), [([1.0], [1.0, 2.0]), ([-1.0], [1.0]), ([1.0], [np.nan]), ([np.inf], [1.0])]
)
def test_counts_that_are_none_are_refused(counts, expected):
    with pytest.raises(ValueError, match="count"):
        pooled_rates(np.array(counts), np.array(expected))


def trend(values, *, steps=(), horizon=5, noise=0.01, first=2010, years=None):
    values = np.asarray(values, dtype=float)
    years = list(range(first, first + len(values))) if years is None else years
    return fit_trend(
        years, values, noise=np.full(len(values), noise), horizon=horizon, draws=4000,
        stream=np.random.default_rng(1), steps=steps,
    )  # fmt: skip


def test_a_level_series_stays_level_and_gets_less_sure():
    answer = trend([0.0] * 10)
    assert np.median(answer.draws, axis=0) == pytest.approx(np.zeros(5), abs=0.02)
    assert (np.diff(answer.draws.std(axis=0)) > 0).all()
    assert answer.years == (2020, 2021, 2022, 2023, 2024)


def test_growth_goes_on_and_fades():
    middle = np.median(trend(0.1 * np.arange(10)).draws, axis=0)
    steps = np.diff(np.concatenate([[0.9], middle]))
    assert steps[0] == pytest.approx(0.09, abs=0.02)
    assert (np.diff(steps) < 0).all()
    assert (steps > 0).all()


def test_a_declared_break_is_not_taken_for_growth():
    values = np.array([0.0] * 6 + [0.5] * 4)
    told = np.median(trend(values, steps=[Step(2016)]).draws[:, -1])
    untold = trend(values)
    assert told == pytest.approx(0.5, abs=0.05)
    assert untold.draws[:, -1].std() > trend(values, steps=[Step(2016)]).draws[:, -1].std()


def test_a_policy_that_ends_gives_back_what_it_took():
    effect = np.log(0.7)
    values = np.array([0.0] * 5 + [effect] * 5)
    goes_on = trend(values, steps=[Step(2015, None, effect, 0.02)])
    ends = trend(values, steps=[Step(2015, 2019, effect, 0.02)])
    assert np.median(goes_on.draws[:, 0]) == pytest.approx(effect, abs=0.04)
    assert np.median(ends.draws[:, 0]) == pytest.approx(0.0, abs=0.05)


def test_years_may_be_missing_and_noise_makes_less_of_a_value():
    assert len(trend([0.0, 0.1, 0.3], years=[2010, 2011, 2013]).years) == 5
    values = np.zeros(8)
    values[-1] = 1.0
    answers = [
        fit_trend(range(8), values, noise=np.r_[np.full(7, 0.01), last], horizon=1, draws=4000,
                  stream=np.random.default_rng(1)).draws[:, 0]
        for last in (0.01, 1.5)
    ]  # fmt: skip
    assert np.median(answers[0]) > 0.3
    assert np.median(answers[1]) < 0.2


@pytest.mark.parametrize(("years", "values"), [([], []), ([1, 1], [0.0, 0.0]), ([1, 2], [0.0])])
def test_a_trend_of_nothing_is_refused(years, values):
    with pytest.raises(ValueError, match="a trend"):
        fit_trend(
            years, np.array(values), noise=np.ones(len(values)), horizon=1, draws=10, stream=np.random.default_rng(1)
        )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_margins_that_do_not_cross_are_met_and_crossed_bands_too(seed):
    stream = np.random.default_rng(seed)
    truth = stream.integers(1, 30, (3, 6, 4)).astype(float)
    index = np.indices(truth.shape)
    bands = index[1] // np.array([2])
    margins = [
        Totals("place", index[0].ravel(), truth.sum(axis=(1, 2))),
        Totals("age band", bands.ravel(), np.bincount(bands.ravel(), weights=truth.ravel())),
        Totals("kind", index[2].ravel(), truth.sum(axis=(0, 1))),
    ]
    scaled = scale_to_totals(stream.uniform(0.5, 2.0, truth.size), margins)
    assert scaled.converged
    for one in margins:
        assert one.sums(scaled.table) == pytest.approx(one.values, abs=1e-5)


def test_an_unknown_total_binds_nothing_and_impossible_ones_are_told():
    part = np.array([0, 0, 1, 1])
    start = np.array([1.0, 3.0, 2.0, 2.0])
    scaled = scale_to_totals(start, [Totals("a", part, np.array([8.0, np.nan]))])
    assert scaled.table == pytest.approx([2.0, 6.0, 2.0, 2.0])
    both = [Totals("a", part, np.array([1.0, 1.0])), Totals("all", np.zeros(4, dtype=int), np.array([5.0]))]
    assert not scale_to_totals(start, both, limit=20).converged
    outside = scale_to_totals(start, [Totals("some", np.array([0, -1, -1, -1]), np.array([7.0]))])
    assert outside.table == pytest.approx([7.0, 3.0, 2.0, 2.0])
