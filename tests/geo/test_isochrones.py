"""Isochrones: pieces of road worked by hand and against networkx, and areas that hold whom routes say they hold."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.planted_faults import SPEEDS, clean_network
from support.road_tables import point_table, road_table

from placeplan.geo.isochrones import isochrone, reached_roads, zone_service_area
from placeplan.geo.roads import road_graph, road_network
from placeplan.geo.routes import route_times

OPTIONS = {"off_road_kmh": 6.0, "snap_limit_metres": 500.0}
LINE = {"a": (0.0, 0.0), "b": (2000.0, 0.0), "c": (4000.0, 0.0), "d": (2000.0, 3000.0)}


def line(*, oneway=False):
    """A - b - c along a main road (a minute a km), d above b by a lane (two minutes a km)."""
    links = [("a", "b", 2000, "main", oneway), ("b", "c", 2000, "main", False), ("b", "d", 3000, "lane", False)]
    return road_network(road_table(LINE, links), speeds=SPEEDS)


def stretches(network, at, minutes, **options):
    rows = reached_roads(network, point_table({"site": at}), minutes=minutes, **OPTIONS, **options)
    return {(int(r.link), round(r.start, 6), round(r.end, 6)) for r in rows.itertuples()}


def test_links_are_cut_where_the_minutes_run_out():
    # From c, 3 minutes: the whole of b-c (2 minutes), a minute of a-b (half of it), half a km of b-d (a sixth).
    assert stretches(line(), LINE["c"], 3) == {(0, 0.5, 1), (1, 0, 1), (2, 0, round(1 / 6, 6))}
    assert stretches(line(), LINE["c"], 1) == {(1, 0.5, 1)}
    assert stretches(line(), LINE["c"], 4, boarding_minutes=1) == stretches(line(), LINE["c"], 3)
    assert stretches(line(), LINE["c"], 0.5, boarding_minutes=1) == set()


def test_a_site_within_a_link_is_reached_from_both_sides_of_it():
    # The site stands at 500 m of a-b, 100 m off the road: a minute's walk at 6 km/h, so 0.4 minutes are left to drive.
    assert stretches(line(), (500.0, 100.0), 1.4) == {(0, 0.05, 0.45)}


def test_a_one_way_street_is_reached_from_behind_alone():
    # a to b only: a home beyond the site would have to turn back, and could not.
    assert stretches(line(oneway=True), (500.0, 0.0), 0.4) == {(0, 0.05, 0.25)}
    assert stretches(line(oneway=True), LINE["a"], 10) == set()


def test_a_river_with_one_bridge_leaves_the_far_bank_out():
    # Two banks 200 m apart, joined 5 km away: what is near by the crow is far by road, and no hull says so.
    places = {"n0": (0, 200), "n1": (5000, 200), "s0": (0, 0), "s1": (5000, 0)}
    links = [("n0", "n1", 5000, "main", False), ("s0", "s1", 5000, "main", False), ("n1", "s1", 200, "main", False)]
    network = road_network(road_table(places, links), speeds=SPEEDS)
    area = isochrone(network, point_table({"site": (0, 0)}), minutes=3, width_metres=60, **OPTIONS)
    assert area.contains(shapely.Point(1500, 20))
    assert not area.intersects(shapely.LineString([(0, 200), (5000, 200)]))


def test_a_site_that_no_road_is_near_gives_an_empty_area():
    assert isochrone(line(), point_table({"site": (0, 9000)}), minutes=30, **OPTIONS).is_empty
    with pytest.raises(ValueError, match="expected 0 or more"):
        isochrone(line(), point_table({"site": (0, 0)}), minutes=-1, **OPTIONS)


def journeys(links, network, spot):
    """What gives the minutes from a share of a link to a site at ``spot``, both added to a networkx graph."""
    graph = nx.MultiDiGraph(road_graph(network))
    nearest = min(range(len(links)), key=lambda link: links["geometry"].iloc[link].distance(spot))
    leg = links["geometry"].iloc[nearest].distance(spot) * 0.06 / OPTIONS["off_road_kmh"]
    place = links["geometry"].iloc[nearest].project(spot, normalized=True)
    tail, head, whole = links["from"].iloc[nearest], links["to"].iloc[nearest], network.minutes[nearest]
    graph.add_edge(tail, "school", minutes=place * whole + leg)
    if not network.oneway[nearest]:
        graph.add_edge(head, "school", minutes=(1 - place) * whole + leg)

    def time_from(link, share):
        trial = graph.copy()
        trial.add_edge("home", links["to"].iloc[link], minutes=(1 - share) * network.minutes[link])
        if not network.oneway[link]:
            trial.add_edge("home", links["from"].iloc[link], minutes=share * network.minutes[link])
        if link == nearest and (share <= place or not network.oneway[link]):
            trial.add_edge("home", "school", minutes=abs(share - place) * network.minutes[link] + leg)
        try:
            return nx.dijkstra_path_length(trial, "home", "school", weight="minutes")
        except nx.NetworkXNoPath:
            return np.inf

    return time_from


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 500), st.floats(1.0, 9.0))
def test_pieces_are_what_networkx_says_of_points_along_every_link(seed, minutes):
    links, points = clean_network(seed=seed, side=5)
    stream = np.random.default_rng(seed)
    links = links.assign(oneway=stream.random(len(links)) < 0.25)
    network = road_network(links, speeds=SPEEDS)
    site = points["site"].iloc[[0]]
    rows = reached_roads(network, site, minutes=minutes, **OPTIONS)
    inside = {}
    for row in rows.itertuples():
        inside.setdefault(int(row.link), []).append((row.start, row.end))
    time_from = journeys(links, network, shapely.Point(*site.iloc[0]))
    for link in range(0, len(links), 3):
        for share in (0.07, 0.41, 0.83):
            time = time_from(link, share)
            if abs(time - minutes) > 1e-6:
                assert any(low <= share <= high for low, high in inside.get(link, [])) == (time <= minutes)


def test_areas_nest_and_hold_the_zones_that_routes_reach():
    links, points = clean_network()
    network = road_network(links, speeds=SPEEDS)
    sites = points["site"].iloc[:2]
    times = route_times(network, points["zone"], sites, **OPTIONS).minutes.min(axis=1)
    areas = [isochrone(network, sites, minutes=m, **OPTIONS) for m in (2, 4, 6)]
    for smaller, larger in pairwise(areas):
        assert smaller.difference(larger).area < 1e-3 * smaller.area
    spots = shapely.points(points["zone"].to_numpy(float))
    for minutes, area in zip((2, 4, 6), areas, strict=True):
        # A zone 50 m off the road may lie in a band that is made for 100 m: a minute, by which it may be missed.
        assert shapely.contains(area, spots[times <= minutes - 1.1]).all()
        assert not shapely.contains(area.buffer(-1), spots[times > minutes + 0.75]).any()


def test_zones_within_the_limit_are_joined():
    squares = np.array([shapely.box(x, 0, x + 1, 1) for x in range(4)] + [None], dtype=object)
    area = zone_service_area(squares, np.array([10.0, 20.0, 31.0, np.inf, 5.0]), limit=30)
    assert area.equals(shapely.box(0, 0, 2, 1))
    assert zone_service_area(squares, np.full(5, np.inf), limit=30).is_empty


def test_the_input_is_not_changed():
    network = line()
    before = pd.Series(shapely.to_wkb(network.lines))
    reached_roads(network, point_table({"site": (500, 0)}), minutes=1, **OPTIONS)
    assert (pd.Series(shapely.to_wkb(network.lines)) == before).all()
