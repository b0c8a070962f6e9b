"""Coordinates: published points, there and back again, and what a pair of numbers looks like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placeplan.geo.crs import (
    in_grid,
    looks_like_degrees,
    looks_like_swapped_degrees,
    to_grid,
    to_longitude_latitude,
)


def test_the_grids_own_definition_is_met() -> None:
    # The true origin, 49 N 2 W on Airy's ellipsoid, is at 400,000 E, 100,000 S of the false one.
    east, north = to_grid([-2.0], [49.0])
    assert abs(east[0] - 400_000) < 150  # the datums differ by about a hundred metres
    assert abs(north[0] + 100_000) < 150


def test_a_published_point_is_where_the_ordnance_survey_has_it() -> None:
    # A guide to coordinate systems in Great Britain: Caister water tower, 52 39 28.8282 N, 1 42 57.8663 E.
    east, north = to_grid(1.716073973, 52.658007833)
    assert float(east) == pytest.approx(651_409.804, abs=5)
    assert float(north) == pytest.approx(313_177.45, abs=5)


@given(st.floats(100_000, 650_000), st.floats(10_000, 1_200_000))
def test_there_and_back_again(easting: float, northing: float) -> None:
    east, north = to_grid(*to_longitude_latitude(easting, northing))
    assert np.hypot(east - easting, north - northing) < 0.01


def test_what_pairs_look_like() -> None:
    x, y = [440_000, -1.4, 53.0, np.nan, 440_000], [350_000, 53.0, -1.4, 350_000, 1_400_000]
    assert in_grid(x, y).tolist() == [True, False, False, False, False]
    assert looks_like_degrees(x, y).tolist() == [False, True, True, False, False]
    assert looks_like_swapped_degrees(x, y).tolist() == [False, False, True, False, False]
