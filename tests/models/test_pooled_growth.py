"""Totals forecast together: growth that is shared, bands that turns are within, and nothing known of later years."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.models.pooled_growth import pooled_growth

YEARS = range(2010, 2019)


def panel(rates, series=("a", "b", "c", "d"), start=1000.0):
    """Every series grown by the same yearly rates."""
    path = start * np.cumprod([1.0, *(1 + rate for rate in rates)])
    years = pd.Index(range(2010, 2010 + len(path)), name="year")
    return pd.DataFrame({name: path * (place + 1) for place, name in enumerate(series)}, index=years)


def test_equal_growth_goes_on_damped_by_no_more_than_the_published_range():
    answer = pooled_growth(panel([0.05] * 8), horizon=3, draws=500)
    grown = answer.median.loc["a"] / panel([0.05] * 8)["a"].iloc[-1]
    assert answer.damping == pytest.approx(0.98)
    by_hand = np.exp(np.log(1.05) * np.cumsum([1.0, 0.98, 0.98**2]))
    assert grown.to_numpy() == pytest.approx(by_hand)


def test_what_is_forecast_does_not_depend_on_the_order_of_authorities_or_on_the_unit():
    counts = panel([0.01, 0.03, 0.02, 0.08, 0.11]) * np.exp(np.random.default_rng(2).normal(0, 0.03, (6, 4)))
    one = pooled_growth(counts, horizon=3, draws=100).median
    turned = pooled_growth(counts[["d", "b", "a", "c"]], horizon=3, draws=100).median
    tenfold = pooled_growth(counts * 10, horizon=3, draws=100).median
    assert one.to_numpy() == pytest.approx(turned.loc[one.index].to_numpy())
    assert one.to_numpy() == pytest.approx(tenfold.to_numpy() / 10)


def test_the_same_seed_gives_the_same_draws_and_another_gives_others():
    counts = panel([0.02, 0.03, 0.01, 0.05])
    first, again = (pooled_growth(counts, horizon=2, draws=50, seed=3).draws for _ in range(2))
    assert (first == again).all()
    assert (first != pooled_growth(counts, horizon=2, draws=50, seed=4).draws).any()


def test_a_shared_turn_widens_the_bands_of_every_authority():
    quiet = pooled_growth(panel([0.01] * 7 + [0.012]), horizon=2, draws=4000)
    turned = pooled_growth(panel([0.01] * 7 + [0.12]), horizon=2, draws=4000)

    def width(answer):
        return np.log(answer.quantile(0.9) / answer.quantile(0.1)).to_numpy()

    assert (width(turned) > width(quiet)).all()


def test_authorities_move_together_in_the_draws():
    answer = pooled_growth(panel([0.01, 0.02, 0.03, 0.09]), horizon=3, draws=4000)
    logs = np.log(answer.draws[:, :, -1])
    assert np.corrcoef(logs.T)[0, 1] > 0.5


def test_one_authority_alone_has_the_prior_s_width():
    alone = pooled_growth(panel([0.01] * 7, series=("a",)), horizon=1, draws=20000)
    together = pooled_growth(panel([0.01] * 7), horizon=1, draws=20000)

    def spread(answer):
        return float(np.log(answer.draws[:, 0, 0]).std())

    assert spread(alone) > 1.5 * spread(together)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-0.2, 0.3), min_size=4, max_size=9), st.integers(1, 12))
def test_counts_stay_positive_and_bands_hold_the_median(rates, horizon):
    answer = pooled_growth(panel(rates), horizon=horizon, draws=300)
    assert (answer.draws > 0).all()
    assert (answer.quantile(0.02) <= answer.median * (1 + 1e-9)).all(axis=None)
    assert (answer.quantile(0.98) >= answer.median * (1 - 1e-9)).all(axis=None)
    assert list(answer.median.columns) == list(range(2010 + len(rates) + 1, 2010 + len(rates) + 1 + horizon))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda frame: frame.drop(index=2012).reindex(frame.index), "a in 2012: nan, expected a count above 0"),
        (lambda frame: frame * 0, "a in 2010: 0.0"),
        (lambda frame: frame.drop(index=2012), "rising by one"),
        (lambda frame: frame.iloc[:2], "at least 3"),
        (lambda frame: frame[["a", "a"]], "each once"),
        (lambda frame: frame.iloc[:, :0], "at least one authority"),
    ],
)
def test_what_cannot_be_forecast_is_said(damage, said):
    with pytest.raises(ValueError, match=said):
        pooled_growth(damage(panel([0.01] * 5)), horizon=2)


def test_a_horizon_of_nothing_is_refused():
    with pytest.raises(ValueError, match="horizon 0"):
        pooled_growth(panel([0.01] * 5), horizon=0)
