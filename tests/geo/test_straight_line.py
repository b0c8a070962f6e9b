"""Straight lines times a detour factor, for who asks."""

import math

import numpy as np
import pytest
from support.road_tables import point_table

from placeplan.geo.straight_line import straight_line_times
from placeplan.geo.travel import Reason

ZONES = point_table({"z": (0, 0), "lost": (math.nan, 0)})
SITES = point_table({"s": (3000, 4000), "far": (30_000, 40_000), "lost": (0, math.nan)})


def test_km_is_the_straight_line_times_the_detour_and_the_rest_has_a_reason():
    found = straight_line_times(
        ZONES, SITES, detour=1.4, kmh=42.0, peak_factor=1.5, boarding_minutes=2.0, limit_minutes=60.0
    )
    # 3-4-5: 5 km x 1.4 = 7 km, at 42 km/h 10 minutes, x 1.5 at peak, and 2 for boarding.
    assert found.minutes[0, 0] == pytest.approx(17)
    assert found.km[0, 0] == pytest.approx(7)
    zone = Reason.zone_too_far_to_snap
    assert found.reason.tolist() == [
        [Reason.reached, Reason.over_limit, Reason.site_too_far_to_snap],
        [zone, zone, zone],
    ]
    assert np.isinf(found.minutes[found.reason != Reason.reached]).all()
    assert "straight line" in found.method


def test_the_limit_itself_is_within_it_however_the_parts_add_up():
    zone, site = point_table({"z": (0, 0)}), point_table({"s": (100, 0)})
    for limit, reason in ((0.3, Reason.reached), (0.29, Reason.over_limit)):
        # 100 m at 60 km/h is 0.1 minutes, and 0.2 for boarding.
        found = straight_line_times(zone, site, detour=1.0, kmh=60.0, boarding_minutes=0.2, limit_minutes=limit)
        assert found.reason.tolist() == [[reason]]


def test_without_a_limit_every_pair_of_placed_points_is_reached():
    found = straight_line_times(ZONES.iloc[:1], SITES.iloc[:2], detour=1.0, kmh=50.0)
    assert found.minutes == pytest.approx(np.array([[6, 60]]))


@pytest.mark.parametrize(
    "bad", [{"detour": 0.9}, {"detour": math.inf}, {"kmh": 0.0}, {"peak_factor": -1.0}, {"boarding_minutes": -1.0}]
)
def test_options_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        straight_line_times(ZONES, SITES, **({"detour": 1.3, "kmh": 40.0} | bad))
