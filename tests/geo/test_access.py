"""Floating catchments: against figures worked by hand, a plain loop, and the sum that must come back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.geo.access import STEPS, decay_weights, two_step_floating_catchment


def test_steps_weigh_by_thirds_of_the_limit_each_end_within_its_step():
    minutes = np.array([0.0, 15.0, 15.01, 30.0, 30.01, 45.0, 45.01, np.inf])
    assert decay_weights(minutes, 45.0).tolist() == [1, 1, 0.68, 0.68, 0.22, 0.22, 0, 0]


def test_a_gaussian_falls_from_one_to_nought_at_the_limit():
    weights = decay_weights(np.array([0.0, 22.5, 45.0, 45.1, np.inf]), 45.0, decay="gaussian")
    half = (np.exp(-0.125) - np.exp(-0.5)) / (1 - np.exp(-0.5))
    assert weights == pytest.approx([1, half, 0, 0, 0])


def test_without_decay_all_within_the_limit_weigh_alike_and_limits_may_differ():
    minutes = np.array([[10.0, 50.0], [10.0, 50.0]])
    limits = np.array([[45.0], [75.0]])
    assert decay_weights(minutes, limits, decay="none").tolist() == [[1, 0], [1, 1]]


def test_two_zones_and_two_schools_as_worked_by_hand():
    # School a: reached by x (10 minutes, weight 1) and y (40, 0.22); school b by y alone (20, 0.68).
    minutes = pd.DataFrame([[10.0, np.inf], [40.0, 20.0]], index=["x", "y"], columns=["a", "b"])
    score = two_step_floating_catchment(
        minutes, pd.Series({"b": 8.0, "a": 12.0}), pd.Series({"y": 50.0, "x": 20.0}), limit=45.0
    )
    ratio_a = 12 / (1 * 20 + 0.22 * 50)
    ratio_b = 8 / (0.68 * 50)
    assert score.to_dict() == pytest.approx({"x": ratio_a, "y": 0.22 * ratio_a + 0.68 * ratio_b})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["steps", "gaussian", "none"]))
def test_every_place_that_somebody_reaches_is_shared_out(seed, decay):
    stream = np.random.default_rng(seed)
    zones, schools = stream.integers(1, 8), stream.integers(1, 6)
    minutes = stream.choice([5.0, 17.0, 31.0, 44.0, 60.0, np.inf], (zones, schools))
    labels = [f"z{i}" for i in range(zones)], [f"s{j}" for j in range(schools)]
    frame = pd.DataFrame(minutes, index=labels[0], columns=labels[1])
    supply = pd.Series(stream.integers(0, 50, schools).astype(float), index=labels[1])
    demand = pd.Series(stream.integers(0, 30, zones).astype(float), index=labels[0])
    limit = pd.Series(stream.choice([30.0, 45.0, 75.0], zones), index=labels[0])
    score = two_step_floating_catchment(frame, supply, demand, limit=limit, decay=decay)

    def weight(i, j):  # a plain loop of the same rule
        t, bound = minutes[i, j], limit.iloc[i]
        if t > bound:
            return 0.0
        if decay == "gaussian":
            return (np.exp(-0.5 * (t / bound) ** 2) - np.exp(-0.5)) / (1 - np.exp(-0.5))
        return 1.0 if decay == "none" else next(w for share, w in STEPS if t <= share * bound)

    shared = 0.0
    expected = np.zeros(zones)
    for j in range(schools):
        reaching = sum(weight(i, j) * demand.iloc[i] for i in range(zones))
        if reaching > 0:
            shared += supply.iloc[j]
            expected += [weight(i, j) * supply.iloc[j] / reaching for i in range(zones)]
    assert score.to_numpy() == pytest.approx(expected)
    assert float((score * demand).sum()) == pytest.approx(shared)


@pytest.mark.parametrize(
    ("supply", "demand", "limit", "error", "told"),
    [
        ({}, {"x": 1.0}, 45.0, KeyError, "no supply for a"),
        ({"a": 1.0}, {}, 45.0, KeyError, "no demand for x"),
        ({"a": 1.0}, {"x": 1.0}, pd.Series({"y": 1.0}), KeyError, "no limit for x"),
        ({"a": -1.0}, {"x": 1.0}, 45.0, ValueError, "supply: expected numbers, 0 or more"),
        ({"a": np.nan}, {"x": 1.0}, 45.0, ValueError, "supply: expected numbers, 0 or more"),
    ],
)
def test_a_label_without_a_figure_and_a_figure_that_is_none_are_refused(supply, demand, limit, error, told):
    minutes = pd.DataFrame([[1.0]], index=["x"], columns=["a"])
    with pytest.raises(error, match=told):
        two_step_floating_catchment(
            minutes, pd.Series(supply, dtype=float), pd.Series(demand, dtype=float), limit=limit
        )
