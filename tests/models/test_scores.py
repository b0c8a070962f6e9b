"""Measures of forecasts against plain loops, rolling origins against hindsight, and the simple methods by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from placeplan.models import scores
from placeplan.models.backtest import baseline_forecaster, rolling_origins, score_table
from placeplan.models.baselines import BASELINES, damped_trend, drift, naive

NUMBERS = st.lists(st.floats(0, 1000), min_size=3, max_size=12)


@given(NUMBERS, st.floats(-50, 50))
def test_the_measures_are_what_a_loop_finds(came, off):
    came = np.array(came)
    middle = came[::-1] + off
    low, high = middle - 10, middle + 25
    total = sum(came)
    if total > 0:
        assert scores.wape(came, middle) == pytest.approx(
            sum(abs(m - c) for m, c in zip(middle, came, strict=True)) / total
        )
        assert scores.bias(came, middle) == pytest.approx(sum(m - c for m, c in zip(middle, came, strict=True)) / total)
    inside = [low_ <= c <= high_ for low_, c, high_ in zip(low, came, high, strict=True)]
    assert scores.coverage(came, low, high) == pytest.approx(sum(inside) / len(inside))
    by_hand = [
        (h - lo) + (10 * (lo - c) if c < lo else 0) + (10 * (c - h) if c > h else 0)
        for lo, c, h in zip(low, came, high, strict=True)
    ]
    assert scores.interval_score(came, low, high, level=0.8) == pytest.approx(by_hand)
    losses = [0.9 * (c - m) if c >= m else 0.1 * (m - c) for c, m in zip(came, middle, strict=True)]
    assert scores.pinball(came, middle[None], (0.9,)) == pytest.approx(np.mean(losses), abs=1e-9)


def test_what_is_missing_is_left_out_and_nothing_at_all_is_no_number():
    came, middle = np.array([10.0, np.nan]), np.array([12.0, 99.0])
    assert scores.wape(came, middle) == pytest.approx(0.2)
    assert np.isnan(scores.wape(np.array([0.0]), np.array([1.0])))
    assert np.isnan(scores.mase(np.array([1.0]), np.array([2.0]), scale=0.0))
    assert scores.mase(np.array([1.0, 4.0]), np.array([2.0, 2.0]), scale=np.array([1.0, 2.0])) == pytest.approx(1.0)


def test_the_pit_of_calibrated_counts_is_uniform_and_of_narrow_ones_is_not():
    stream = np.random.default_rng(5)
    means = stream.gamma(3, 2, 600)
    came = stream.poisson(means).astype(float)
    draws = stream.poisson(means, (400, 600)).astype(float)
    assert kstest(scores.randomised_pit(came, draws, stream=stream), "uniform").pvalue > 0.01
    narrow = np.broadcast_to(means, (400, 600)) + stream.normal(0, 0.1, (400, 600))
    assert kstest(scores.randomised_pit(came, narrow, stream=stream), "uniform").pvalue < 1e-6


def test_naive_and_drift_by_hand():
    history, stream = np.array([10.0, 12.0, 13.0, 16.0]), np.random.default_rng(1)
    assert naive(history, 3, 10, stream)[0].tolist() == [16, 16, 16]
    assert drift(history, 3, 10, stream)[0].tolist() == [18, 20, 22]
    assert naive(history, 2, 4000, stream)[1].std(axis=0)[1] > naive(history, 2, 4000, stream)[1].std(axis=0)[0]


def test_a_damped_trend_slows_down_and_short_series_fall_back_on_drift():
    history = np.array([10.0, 14, 19, 25, 30, 36, 41, 47])
    middle, draws = damped_trend(history, 5, 50, np.random.default_rng(1))
    steps = np.diff(np.concatenate([history[-1:], middle]))
    assert (np.diff(steps)[1:] < 0).all()
    assert draws.shape == (50, 5)
    assert damped_trend(history[:4], 2, 10, np.random.default_rng(1))[0] == pytest.approx(
        drift(history[:4], 2, 10, np.random.default_rng(1))[0]
    )


@pytest.mark.parametrize("name", BASELINES)
def test_no_simple_method_gives_a_negative_count(name):
    history = np.array([9.0, 5.0, 7.0, 2.0, 4.0, 1.0])
    _, draws = BASELINES[name](history, 6, 500, np.random.default_rng(1))
    assert (draws >= 0).all()


def test_a_forecaster_is_given_nothing_after_its_origin():
    counts = pd.DataFrame({"a": [1.0, 2, 3, 4, 50]}, index=range(2000, 2005))
    seen = []

    def forecast(history, horizon):
        seen.append((int(history.index[-1]), horizon))
        return np.repeat(history.to_numpy()[-1:].T, horizon, axis=1), np.ones((5, 1, horizon)) * float(
            history.iloc[-1, 0]
        )

    rows = rolling_origins(counts, {"last": forecast}, origins=[2001, 2002, 2004], horizon=3)
    assert seen == [(2001, 3), (2002, 2)]
    assert rows["came"].tolist() == [3, 4, 50, 4, 50]
    assert rows["middle"].tolist() == [2, 2, 2, 3, 3]
    assert rows["scale"].tolist() == [1] * 5
    table = score_table(rows, ["method", "horizon"])
    assert table["forecasts"].tolist() == [2, 2, 1]
    assert table["mase"].tolist() == [1, pytest.approx((2 + 47) / 2), 48]


def test_the_simple_methods_run_on_every_series():
    counts = pd.DataFrame({"a": np.arange(10.0, 20), "b": np.arange(20.0, 10, -1)}, index=range(2000, 2010))
    rows = rolling_origins(counts, {"drift": baseline_forecaster("drift")}, origins=[2005], horizon=2)
    assert rows.set_index(["series", "horizon"])["middle"].to_dict() == {
        ("a", 1): 16, ("a", 2): 17, ("b", 1): 14, ("b", 2): 13,
    }  # fmt: skip
    assert score_table(rows, ["method"])["trusted"].tolist() == [True]
