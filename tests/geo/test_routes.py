"""Journeys by road: against figures worked by hand, networkx, and an oracle that splits no link."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.road_tables import FIVE, FIVE_LINKS, point_table, road_table

from placeplan.geo import routes
from placeplan.geo.roads import road_network
from placeplan.geo.routes import route_times
from placeplan.geo.snap import TOUCHING_METRES, snap_points
from placeplan.geo.travel import Reason

SPEEDS = {"main": 60.0, "lane": 30.0}

AT_JUNCTIONS = point_table(FIVE)


def times(places, links, zones, sites, *, peak_factor=1.0, **options):
    network = road_network(road_table(places, links), speeds=SPEEDS, peak_factor=peak_factor)
    chosen = {"snap_limit_metres": 100, "off_road_kmh": 6.0} | options
    return route_times(network, zones, sites, **chosen)


def five(zones, sites, **options):
    return times(FIVE, FIVE_LINKS, AT_JUNCTIONS.loc[zones], AT_JUNCTIONS.loc[sites], **options)


def test_the_five_junctions_as_worked_by_hand():
    found = five(list("abcde"), list("cd"))
    # To c:  a: 2+2 = 4 min, 4 km. b: 2 min. c: 0. d must go round, as the lane from b is one way:
    #        d-e-a-b-c = 1+6+2+2 = 11 min over 1+3+2+2 = 8 km. e: 10 min, 7 km.
    # To d:  a: by b 2+2 = 4 min over 3 km (by e 6+1 = 7). b: 2 min, 1 km. c: 4 min, 3 km. d: 0. e: 1 min, 1 km.
    assert found.minutes.tolist() == [[4, 4], [2, 2], [0, 4], [11, 0], [10, 1]]
    assert found.km == pytest.approx(np.array([[4, 3], [2, 1], [0, 3], [8, 0], [7, 1]]))
    assert (found.reason == Reason.reached).all()
    assert found.minutes.dtype == np.float32
    assert found.reason.dtype == np.int8


def test_the_direction_is_home_to_school_in_the_morning():
    # Down the one-way lane: 2 minutes to school at d; to school at b the child of d goes round: 1+6+2 = 9.
    assert five(["b"], ["d"]).minutes.tolist() == [[2]]
    assert five(["d"], ["b"]).minutes.tolist() == [[9]]


def test_the_peak_factor_multiplies_the_road_and_boarding_is_added_once():
    # 4 minutes by road x 1.5, and 3 minutes for boarding; the length stays.
    found = five(["a"], ["c"], peak_factor=1.5, boarding_minutes=3.0)
    assert found.minutes.tolist() == [[9]]
    assert found.km == pytest.approx(4)


def test_off_road_legs_count_at_both_ends_in_minutes_and_km_and_not_at_peak():
    zones, sites = point_table({"home": (500, 60)}), point_table({"school": (3500, -90)})
    found = times(FIVE, FIVE_LINKS, zones, sites, peak_factor=2.0)
    # 3 km of main road: 3 minutes x 2 at peak. 60 m + 90 m = 0.15 km at 6 km/h: 1.5 minutes.
    assert found.minutes == pytest.approx(7.5)
    assert found.km == pytest.approx(3.15)


def test_of_ways_equally_fast_the_shorter_counts():
    places = {"a": (0, 0), "b": (2000, 0), "m": (1000, 500)}
    slow_but_short = [("a", "b", 2000, "lane", False)]  # 4 minutes, 2 km
    fast_but_long = [("a", "m", 2000, "main", False), ("m", "b", 2000, "main", False)]  # 4 minutes, 4 km
    ends = point_table({"a": (0, 0), "b": (2000, 0)})
    for links in (slow_but_short + fast_but_long, fast_but_long + slow_but_short):
        found = times(places, links, ends.loc[["a"]], ends.loc[["b"]])
        assert found.minutes.tolist() == [[4]]
        assert found.km == pytest.approx(2)
    # A lane 50 m longer is 0.1 minutes slower, and the longer way wins.
    slower = [("a", "b", 2050, "lane", False), *fast_but_long]
    found = times(places, slower, ends.loc[["a"]], ends.loc[["b"]])
    assert (found.minutes.tolist(), found.km.tolist()) == ([[4]], [[4]])


def test_of_parallel_links_the_faster_counts_whichever_comes_first():
    places = {"a": (0, 0), "b": (1000, 0)}
    links = [("a", "b", 1000, "lane", False), ("b", "a", 1200, "main", False)]
    ends = point_table(places)
    for table in (links, links[::-1]):
        found = times(places, table, ends.loc[["a"]], ends.loc[["b"]])
        assert found.minutes == pytest.approx(1.2)
        assert found.km == pytest.approx(1.2)


def test_two_points_on_one_link_are_as_far_apart_as_along_it():
    places = {"a": (0, 0), "b": (1000, 0)}
    links = [("a", "b", 2000, "main", False)]  # a winding road: 2 km drawn as 1 km
    zones, sites = point_table({"z": (250, 0)}), point_table({"s": (600, 0), "there": (250, 0)})
    found = times(places, links, zones, sites)
    assert found.minutes == pytest.approx(np.array([[0.7, 0]]))
    assert found.km == pytest.approx(np.array([[0.7, 0]]))
    # One way: from 250 on to 600 as before; back there is no way.
    one_way = times(places, [("a", "b", 2000, "main", True)], zones, sites)
    assert one_way.minutes == pytest.approx(np.array([[0.7, 0]]))
    back = times(places, [("a", "b", 2000, "main", True)], point_table({"z": (600, 0)}), zones)
    assert back.reason.tolist() == [[Reason.no_route]]


def test_a_home_between_two_one_way_rows_of_one_road_can_leave_both_ways():
    places = {"a": (0, 0), "b": (1000, 0)}
    links = [("a", "b", 1000, "main", True), ("b", "a", 1000, "main", True)]
    found = times(places, links, point_table({"z": (300, 10)}), point_table(places), off_road_kmh=0.6)
    # 10 m at 0.6 km/h is a minute.
    assert found.minutes == pytest.approx(np.array([[1.3, 1.7]]))


ISLAND_PLACES = FIVE | {"i": (9000, 0), "j": (9500, 0)}
ISLAND_LINKS = [*FIVE_LINKS, ("i", "j", 500, "main", False)]


def test_every_reason_and_no_bad_point_disturbs_another():
    zones = point_table(
        {"good": (0, 0), "remote": (0, 5000), "unknown": (math.nan, 0), "island": (9000, 0), "slow": (1000, -1000)}
    )
    sites = point_table({"near": (2000, 0), "moor": (50_000, 0), "nowhere": (0, math.nan), "isle": (9500, 0)})
    found = times(ISLAND_PLACES, ISLAND_LINKS, zones, sites, limit_minutes=5.0)
    reached, zone, site = Reason.reached, Reason.zone_too_far_to_snap, Reason.site_too_far_to_snap
    no, over = Reason.no_route, Reason.over_limit
    assert found.reason.tolist() == [
        [reached, site, site, no],
        [zone, zone, zone, zone],
        [zone, zone, zone, zone],
        [no, site, site, reached],
        [over, site, site, no],  # e to b is 6 + 2 = 8 minutes
    ]
    # Unreached is infinite, never a big number; the good zone is as it is without the bad ones.
    unreached = found.reason != reached
    assert np.isinf(found.minutes[unreached]).all()
    assert np.isinf(found.km[unreached]).all()
    alone = times(ISLAND_PLACES, ISLAND_LINKS, zones.loc[["good"]], sites.loc[["near"]])
    assert found.minutes[0, 0] == alone.minutes[0, 0] == 2


def test_the_limit_is_on_the_whole_journey_and_is_itself_within():
    # a to c: 4 minutes by road and 3 for boarding.
    assert five(["a"], ["c"], boarding_minutes=3.0, limit_minutes=7.0).minutes.tolist() == [[7]]
    over = five(["a"], ["c"], boarding_minutes=3.0, limit_minutes=6.9)
    assert over.reason.tolist() == [[Reason.over_limit]]
    assert np.isinf(over.minutes).all()
    # Boarding alone is over it, even from next door.
    assert five(["a"], ["a"], boarding_minutes=3.0, limit_minutes=2.0).reason.tolist() == [[Reason.over_limit]]


def test_a_journey_of_exactly_the_limit_is_within_it_however_its_parts_add_up():
    places = {"a": (0, 0), "b": (1000, 0)}
    ends = point_table(places)
    for tenths_by_road, tenths_boarding in itertools.product((1, 2, 7), range(1, 10)):
        links = [("a", "b", tenths_by_road * 100, "main", False)]
        limit = (tenths_by_road + tenths_boarding) / 10  # as the user writes it: 0.1 + 0.2 is 0.3
        options = {"boarding_minutes": tenths_boarding / 10, "limit_minutes": limit}
        found = times(places, links, ends.loc[["a"]], ends.loc[["b"]], **options)
        assert found.reason.tolist() == [[Reason.reached]]


def test_a_way_that_leaves_for_good_is_over_the_limit_and_its_return_is_no_route():
    places = {"a": (0, 0), "b": (1000, 0)}
    links = [("a", "b", 1000, "main", True)]
    ends = point_table(places)
    found = times(places, links, ends, ends, limit_minutes=0.5)
    assert found.reason.tolist() == [[Reason.reached, Reason.over_limit], [Reason.no_route, Reason.reached]]


def test_no_points_and_no_snapped_points_give_empty_and_unreached_tables():
    assert five([], ["a"]).minutes.shape == (0, 1)
    assert five(["a"], []).minutes.shape == (1, 0)
    far = times(FIVE, FIVE_LINKS, point_table({"z": (0, 9e5)}), point_table({"s": (0, 9e5)}))
    assert far.reason.tolist() == [[Reason.zone_too_far_to_snap]]


@pytest.mark.parametrize(
    "bad",
    [
        {"off_road_kmh": 0.0},
        {"boarding_minutes": -1.0},
        {"limit_minutes": -1.0},
        {"limit_minutes": math.nan},
        {"snap_limit_metres": -1.0},
    ],
)
def test_options_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad)).replace("snap_", "")):
        five(["a"], ["b"], **bad)


def test_chunks_change_nothing_and_progress_is_told(monkeypatch):
    whole = five(list("abcde"), list("abcde"))
    monkeypatch.setattr(routes, "CHUNK_CELLS", 10)
    told = []
    parts = five(list("abcde"), list("abcde"), on_progress=lambda done, total: told.append((done, total)))
    assert np.array_equal(whole.minutes, parts.minutes)
    assert np.array_equal(whole.km, parts.km)
    assert told == [(2, 5), (4, 5), (5, 5)]


# Random networks. Junctions stand on a circle, so that no straight link touches a junction not its own;
# lengths are whole hundreds of metres at 60 or 30 km/h, so that ties are common and sums are exact.
COUNT = 7
CIRCLE = {
    f"n{at}": (200 * math.cos(2 * math.pi * at / COUNT), 200 * math.sin(2 * math.pi * at / COUNT))
    for at in range(COUNT)
}
random_links = st.lists(
    st.tuples(
        st.sampled_from(sorted(CIRCLE)),
        st.sampled_from(sorted(CIRCLE)),
        st.integers(1, 8).map(lambda hundreds: hundreds * 100),
        st.sampled_from(sorted(SPEEDS)),
        st.booleans(),
    ).filter(lambda link: link[0] != link[1]),
    min_size=1,
    max_size=14,
)


def exact_graph(links):
    """Weights as whole numbers: milliminutes first, then metres; networkx adds them exactly."""
    graph = nx.MultiDiGraph()
    for start, end, metres, kind, oneway in links:
        weight = metres * (1 if kind == "main" else 2) * 10**9 + metres
        graph.add_edge(start, end, weight=weight)
        if not oneway:
            graph.add_edge(end, start, weight=weight)
    return graph


@settings(max_examples=75, deadline=None)
@given(random_links)
def test_random_networks_agree_with_networkx_in_minutes_and_km(links):
    graph = exact_graph(links)
    points = point_table({node: CIRCLE[node] for node in sorted(graph)})
    found = times(CIRCLE, links, points, points)
    for (row, start), (column, end) in itertools.product(enumerate(points.index), repeat=2):
        try:
            weight = nx.dijkstra_path_length(graph, start, end)
        except nx.NetworkXNoPath:
            assert found.reason[row, column] == Reason.no_route
            assert np.isinf(found.minutes[row, column])
            continue
        milliminutes, metres = divmod(weight, 10**9)
        assert found.minutes[row, column] == pytest.approx(milliminutes / 1000, abs=1e-5)
        assert found.km[row, column] == pytest.approx(metres / 1000, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(random_links, st.floats(0, 1.5))
def test_random_networks_with_a_limit_keep_what_is_within_it(links, limit):
    points = point_table({node: CIRCLE[node] for node in sorted(exact_graph(links))})
    free, cut = times(CIRCLE, links, points, points), times(CIRCLE, links, points, points, limit_minutes=limit)
    within = free.minutes <= limit + 1e-6
    assert np.array_equal(np.isfinite(cut.minutes), within)
    assert np.array_equal(cut.minutes[within], free.minutes[within])
    assert np.array_equal(cut.km[within], free.km[within])
    assert np.array_equal(cut.reason == Reason.over_limit, np.isfinite(free.minutes) & ~within)


def rows_of_road(network, links, tied):
    """The rows of the road that a point is tied to: the link, metres before the point and after it, min per metre."""
    for at in np.flatnonzero(network.carriageway == network.carriageway[tied["link"]]):
        start, _, metres, kind, _ = links[at]
        before = metres * (tied["share"] if links[tied["link"]][0] == start else 1 - tied["share"])
        yield links[at], before, metres - before, (1 if kind == "main" else 2) / 1000


def leaving(network, links, home):
    """(junction, minutes, km) from a point to the ends of its road; at a junction every road there is open to it."""
    for (start, end, _, _, oneway), before, after, rate in rows_of_road(network, links, home):
        yield end, after * rate, after / 1000
        if not oneway or before <= TOUCHING_METRES:
            yield start, before * rate, before / 1000


def arriving(network, links, school):
    """(junction, minutes, km) from the ends of its road to a point; at a junction by every road there."""
    for (start, end, _, _, oneway), before, after, rate in rows_of_road(network, links, school):
        yield start, before * rate, before / 1000
        if not oneway or after <= TOUCHING_METRES:
            yield end, after * rate, after / 1000


def ways_along(network, links, home, school):
    """Every way between two points that are tied to links, without splitting one: (minutes, km) of each."""
    graph = exact_graph(links)
    if network.carriageway[home["link"]] == network.carriageway[school["link"]]:
        rows = zip(rows_of_road(network, links, home), rows_of_road(network, links, school), strict=True)
        for (link, before, _, rate), (_, other, _, _) in rows:
            # Feet nearer than TOUCHING_METRES are one place, so rounding cannot put the school behind the home.
            if other >= before - TOUCHING_METRES or not link[4]:
                yield abs(other - before) * rate, abs(other - before) / 1000
    for first, minutes, km in leaving(network, links, home):
        for last, more_minutes, more_km in arriving(network, links, school):
            if nx.has_path(graph, first, last):
                milliminutes, metres = divmod(nx.dijkstra_path_length(graph, first, last), 10**9)
                yield minutes + milliminutes / 1000 + more_minutes, km + metres / 1000 + more_km


def test_a_school_at_the_junction_where_a_one_way_road_ends_is_reached_by_the_other_road():
    # The school is tied to the first link that ends at n1, which is one way towards it; home comes by the second.
    links = [("n0", "n1", 400, "lane", True), ("n1", "n5", 400, "main", False)]
    found = times(CIRCLE, links, point_table({"z": CIRCLE["n5"]}), point_table({"s": CIRCLE["n1"]}))
    assert found.minutes == pytest.approx(0.4)


def test_two_points_across_a_one_way_road_from_each_other_are_in_one_place_along_it():
    # Both feet are the middle of the link but for rounding, which must not send the journey round or nowhere.
    links = [("n1", "n6", 400, "lane", True)]
    points = point_table({"left": (0, 0), "right": (40, 0)})
    found = times(CIRCLE, links, points, points, snap_limit_metres=1000, off_road_kmh=6.0)
    legs = snap_points(
        road_network(road_table(CIRCLE, links), speeds=SPEEDS), points, limit_metres=1000
    ).off_road_metres
    # 6 km/h is 100 m a minute; nothing is driven.
    assert found.minutes == pytest.approx((legs[:, None] + legs[None, :]) / 100, abs=1e-5)


inside = st.tuples(st.integers(-190, 190), st.integers(-190, 190))


@settings(max_examples=75, deadline=None)
@given(random_links, st.lists(inside, min_size=1, max_size=4), st.lists(inside, min_size=1, max_size=3))
def test_points_between_junctions_agree_with_an_oracle_that_splits_no_link(links, homes, schools):
    zones = point_table({f"z{at}": point for at, point in enumerate(homes)})
    sites = point_table({f"s{at}": point for at, point in enumerate(schools)})
    network = road_network(road_table(CIRCLE, links), speeds=SPEEDS)
    tied = [snap_points(network, points, limit_metres=1000) for points in (zones, sites)]
    found = route_times(network, zones, sites, snap_limit_metres=1000, off_road_kmh=6.0)
    for row, column in itertools.product(range(len(zones)), range(len(sites))):
        home, school = (
            {"link": int(points.link[at]), "share": float(points.share[at])}
            for points, at in zip(tied, (row, column), strict=True)
        )
        legs = (tied[0].off_road_metres[row] + tied[1].off_road_metres[column]) / 1000
        ways = list(ways_along(network, links, home, school))
        if not ways:
            assert found.reason[row, column] == Reason.no_route
            continue
        fastest = min(minutes for minutes, _ in ways)
        shortest = min(km for minutes, km in ways if minutes <= fastest + 1e-7)
        assert found.minutes[row, column] == pytest.approx(fastest + legs * 10, abs=1e-5)
        assert found.km[row, column] == pytest.approx(shortest + legs, abs=1e-4)
