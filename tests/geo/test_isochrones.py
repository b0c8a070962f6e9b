"""Isochrones: pieces of road worked by hand and by networkx, areas by brute force over points; never hulls."""

import itertools
import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, box
from support.road_tables import FIVE, FIVE_LINKS, point_table, road_table

from placeplan.geo.isochrones import isochrone, isochrones, reached_roads, zone_service_area
from placeplan.geo.roads import road_network
from placeplan.geo.routes import route_times
from placeplan.geo.snap import snap_points

SPEEDS = {"main": 60.0, "lane": 30.0, "motorway": 120.0}
OPTIONS = {"off_road_kmh": 6.0, "snap_limit_metres": 500.0}
WALK = 0.06 / 6.0
"""Minutes a metre off the road."""

AB, BC, BD, DE, AE = range(5)


def network(places, links):
    return road_network(road_table(places, links), speeds=SPEEDS)


def pieces(places, links, sites, minutes, **options):
    found = reached_roads(network(places, links), point_table(sites), minutes=minutes, **OPTIONS | options)
    return [(link, pytest.approx(start), pytest.approx(end)) for link, start, end in
            found[["link", "start", "end"]].itertuples(index=False, name=None)]  # fmt: skip


def one(place):
    return {"site": FIVE[place]}


def test_the_five_junctions_as_worked_by_hand():
    # To c in 3 minutes: all of b-c (2 minutes), and the last kilometre of a-b. From d it is round by e: 11 minutes.
    assert pieces(FIVE, FIVE_LINKS, one("c"), 3) == [(AB, 0.5, 1), (BC, 0, 1)]
    # To d: down the one-way lane 2 minutes, so one more minute from either side of b; e is a minute away, and two
    # minutes of the lane a-e are a kilometre of its three.
    assert pieces(FIVE, FIVE_LINKS, one("d"), 3) == [
        (AB, 0.5, 1), (BC, 0, 0.5), (BD, 0, 1), (DE, 0, 1), (AE, 2 / 3, 1),
    ]  # fmt: skip
    # To b nobody comes up the lane: from its lower end the way is 1 + 6 + 2 = 9 minutes, and along it as much more.
    assert [link for link, *_ in pieces(FIVE, FIVE_LINKS, one("b"), 8.5)] == [AB, BC, DE, AE]
    assert pieces(FIVE, FIVE_LINKS, one("b"), 10)[2] == (BD, 0.5, 1)


def test_pieces_are_drawn_from_tail_to_head_and_cut_where_the_minutes_run_out():
    found = reached_roads(network(FIVE, FIVE_LINKS), point_table(one("c")), minutes=3, **OPTIONS)
    assert [list(line.coords) for line in found["geometry"]] == [[(1000, 0), (2000, 0)], [(2000, 0), (4000, 0)]]


def test_boarding_and_the_leg_of_the_site_are_counted():
    # 50 m at 6 km/h are half a minute; with boarding of 1.5 minutes, one of 3 is left.
    found = pieces(FIVE, FIVE_LINKS, {"s": (4000, 50)}, 3, boarding_minutes=1.5)
    assert found == [(BC, 0.5, 1)]
    assert pieces(FIVE, FIVE_LINKS, {"s": (4000, 50)}, 2, boarding_minutes=1.5) == []


def test_a_link_reached_from_both_ends_has_two_pieces_until_they_meet():
    ring = {"s": (0, 0), "l": (-1000, 1000), "r": (1000, 1000)}
    links = [("s", "l", 1000, "main", False), ("s", "r", 1000, "main", False), ("l", "r", 4000, "main", False)]
    assert pieces(ring, links, {"s": (0, 0)}, 2) == [(0, 0, 1), (1, 0, 1), (2, 0, 0.25), (2, 0.75, 1)]
    assert pieces(ring, links, {"s": (0, 0)}, 3) == [(0, 0, 1), (1, 0, 1), (2, 0, 1)]


def test_a_site_along_a_road_is_reached_from_both_sides_but_of_a_one_way_street_from_behind():
    road = {"a": (0, 0), "b": (4000, 0)}
    middle = {"s": (2000, 0)}
    assert pieces(road, [("a", "b", 4000, "main", False)], middle, 1) == [(0, 0.25, 0.75)]
    assert pieces(road, [("a", "b", 4000, "main", True)], middle, 1) == [(0, 0.25, 0.5)]
    # Two one-way rows that describe one road: from behind on each.
    both = [("a", "b", 4000, "main", True), ("b", "a", 4000, "main", True)]
    assert pieces(road, both, {"s": (3000, 0)}, 1) == [(0, 0.5, 0.75), (1, 0, 0.25)]


def test_of_parallel_links_each_has_its_own_piece():
    road = {"a": (0, 0), "b": (1000, 0)}
    links = [("a", "b", 1000, "lane", False), ("b", "a", 1600, "main", False)]
    # To b: a minute is 500 m of the lane, and 1000 of the 1600 m of the other, which runs from b to a.
    assert pieces(road, links, {"s": (1000, 0)}, 1) == [(0, 0.5, 1), (1, 0, 0.625)]


def test_a_site_out_of_reach_reaches_nothing_and_disturbs_no_other():
    roads = network(FIVE, FIVE_LINKS)
    far = point_table({"moor": (0, 9000), "unknown": (math.nan, 0)})
    assert reached_roads(roads, far, minutes=30, **OPTIONS).empty
    nothing = isochrone(roads, far, minutes=30, **OPTIONS)
    assert isinstance(nothing, MultiPolygon)
    assert nothing.is_empty
    good = point_table(one("c"))
    alone = isochrone(roads, good, minutes=3, **OPTIONS)
    assert isochrone(roads, pd.concat([far, good]), minutes=3, **OPTIONS).equals(alone)
    assert isochrone(roads, good, minutes=3, boarding_minutes=3, **OPTIONS).is_empty


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": -1.0},
        {"minutes": math.nan},
        {"minutes": math.inf},
        {"boarding_minutes": -1.0},
        {"off_road_kmh": 0.0},
        {"width_metres": 0.0},
        {"snap_limit_metres": -1.0},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name.removeprefix("snap_")):
        isochrone(network(FIVE, FIVE_LINKS), point_table(one("c")), **{"minutes": 3.0} | OPTIONS | wrong)


def test_minutes_that_do_not_grow_are_refused():
    with pytest.raises(ValueError, match="minutes 5, 3: expected from few to many"):
        isochrones(network(FIVE, FIVE_LINKS), point_table(one("c")), minutes=[5, 3], **OPTIONS)


PARTS = 8
"""Into how many parts the oracle cuts every link."""


def networkx_times(links, sites):
    """Minutes to the nearest of ``sites`` (link, share) from every eighth of every link, over a graph cut up finely."""
    graph = nx.DiGraph()
    for at, (tail, head, metres, kind, oneway) in enumerate(links):
        stops = {k / PARTS: (at, k) for k in range(1, PARTS)} | {0.0: tail, 1.0: head}
        for number, (link, share) in enumerate(sites):
            start, end = links[link][:2]
            if {start, end} == {tail, head}:  # drawn straight, so on one line
                stops.setdefault(round(share if start == tail else 1 - share, 9), f"site {number}")
        for (low, one_end), (high, other_end) in itertools.pairwise(sorted(stops.items())):
            minutes = (high - low) * metres / 1000 / SPEEDS[kind] * 60
            for start, end in [(one_end, other_end)] + [(other_end, one_end)] * (not oneway):
                known = graph.get_edge_data(start, end, {"minutes": math.inf})["minutes"]
                graph.add_edge(start, end, minutes=min(minutes, known))
    # Two sites in one place are one.
    names = {node for node in graph if str(node).startswith("site")}
    return nx.multi_source_dijkstra_path_length(graph.reverse(), names, weight="minutes")


@st.composite
def random_roads(draw):
    count = draw(st.integers(3, 7))
    spots = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=count, max_size=count, unique=True))
    # Moved by less than a place is wide, so that no two links cross a third at a place of their own.
    places = {f"n{i}": (1000.0 * x + 7 * i * i, 1000.0 * y + 11 * i) for i, (x, y) in enumerate(spots)}
    ends = st.permutations(range(count)).map(lambda order: order[:2])
    pairs = draw(st.lists(ends, min_size=2, max_size=12))
    links = [
        (f"n{i}", f"n{j}", math.dist(places[f"n{i}"], places[f"n{j}"]) * draw(st.sampled_from([1.0, 1.3])),
         draw(st.sampled_from(["main", "lane"])), draw(st.booleans()))
        for i, j in pairs
    ]  # fmt: skip
    return places, links


@settings(max_examples=40, deadline=None)
@given(random_roads(), st.data())
def test_every_piece_is_what_networkx_finds(roads, data):
    places, links = roads
    table = network(places, links)
    # Sites at shares that are no eighths, on the road itself.
    sites = data.draw(
        st.lists(st.tuples(st.integers(0, len(links) - 1), st.sampled_from([0.3, 0.55, 0.81])), min_size=1, max_size=2)
    )
    spots = {f"s{k}": table.lines[link].interpolate(share, normalized=True).coords[0]
             for k, (link, share) in enumerate(sites)}  # fmt: skip
    minutes = data.draw(st.sampled_from([0.5, 2.0, 5.3, 11.0]))
    tied = snap_points(table, point_table(spots), limit_metres=10)
    times = networkx_times(links, list(zip(tied.link.tolist(), tied.share.tolist(), strict=True)))
    found = reached_roads(table, point_table(spots), minutes=minutes, **OPTIONS)
    assert (found["end"] > found["start"]).all()
    for at, part in itertools.product(range(len(links)), range(1, PARTS)):
        time = times.get((at, part), math.inf)
        if abs(time - minutes) < 1e-6:
            continue
        mine = found[found["link"] == at]
        holding = ((mine["start"] <= part / PARTS) & (part / PARTS <= mine["end"])).sum()
        assert holding == (time <= minutes), (at, part, time)


GRID = 1500.0
SIDE = 4
STEPS = 30


def grid_roads(seed):
    """A grid of roads, 1.5 km apart: some lanes, some one-way."""
    random = np.random.default_rng(seed)
    places = {f"{x}-{y}": (GRID * x, GRID * y) for x in range(SIDE) for y in range(SIDE)}
    links = [
        (f"{x}-{y}", f"{x + dx}-{y + dy}", GRID, str(random.choice(["main", "lane"])), bool(random.random() < 0.3))
        for x in range(SIDE)
        for y in range(SIDE)
        for dx, dy in ((1, 0), (0, 1))
        if x + dx < SIDE and y + dy < SIDE
    ]
    return places, [link if random.random() < 0.5 else (link[1], link[0], *link[2:]) for link in links]


def times_along(places, links, site):
    """Points every 50 m along every link, and the minutes from there to the junction ``site``, by networkx."""
    graph = nx.DiGraph()
    spots = {}
    for at, (tail, head, metres, kind, oneway) in enumerate(links):
        chain = [tail, *((at, k) for k in range(1, STEPS)), head]
        line = np.linspace(places[tail], places[head], STEPS + 1)
        spots |= dict(zip(chain, line, strict=True))
        minutes = metres / STEPS / 1000 / SPEEDS[kind] * 60
        for start, end in itertools.pairwise(chain):
            graph.add_edge(start, end, minutes=minutes)
            if not oneway:
                graph.add_edge(end, start, minutes=minutes)
    reached = nx.single_source_dijkstra_path_length(graph.reverse(), site, weight="minutes")
    return np.array([spots[node] for node in reached]), np.array(list(reached.values()))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2.5, 4.0, 7.0]))
def test_an_area_holds_what_is_in_time_and_nothing_else_by_brute_force(seed, minutes):
    places, links = grid_roads(seed)
    width = 200.0
    options = OPTIONS | {"width_metres": width}
    area = isochrone(network(places, links), point_table({"s": places["1-2"]}), minutes=minutes, **options)
    assert area.is_valid
    along, times = times_along(places, links, "1-2")
    probes = np.random.default_rng(seed).uniform(-400, GRID * (SIDE - 1) + 400, (1500, 2))
    inside = shapely.contains_xy(area, probes)
    away = np.hypot(*(probes[:, None, :] - along[None, :, :]).T).T
    # Points along the roads stand 50 m apart: half of that is what the oracle may miss, in distance and on the road.
    soonest = np.where(away <= width + 25, times[None, :] + away * WALK, np.inf).min(axis=1)
    assert (soonest[inside] <= minutes + 25 * (WALK + 0.002)).all()
    surely = (np.where(away <= width - 25, times[None, :], np.inf).min(axis=1) + width * WALK) <= minutes
    assert inside[surely].all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_areas_of_fewer_minutes_lie_within_those_of_more(seed):
    places, links = grid_roads(seed)
    roads, sites = network(places, links), point_table({"s": (1600, 3100), "t": (30, 700)})
    limits = [1.0, 2.5, 4.0, 4.1, 9.0]
    areas = isochrones(roads, sites, minutes=limits, **OPTIONS)
    for few, more in itertools.pairwise(areas):
        assert few.difference(more).area < 1e-3
        assert few.area <= more.area + 1e-3
    # Made alone an area is the same, but for how it is drawn.
    for limit, area in zip(limits, areas, strict=True):
        alone = isochrone(roads, sites, minutes=limit, **OPTIONS)
        assert alone.difference(area.buffer(20)).is_empty
        assert area.difference(alone.buffer(20)).is_empty


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_homes_that_route_times_reaches_with_minutes_to_spare_lie_within(seed):
    places, links = grid_roads(seed)
    roads, sites = network(places, links), point_table({"s": (1600, 3100)})
    spots = np.random.default_rng(seed).uniform(0, GRID * (SIDE - 1), (80, 2))
    homes = point_table({f"z{k}": spot for k, spot in enumerate(spots.tolist())})
    travel = route_times(roads, homes, sites, boarding_minutes=1.0, **OPTIONS)
    area = isochrone(roads, sites, minutes=6.0, boarding_minutes=1.0, **OPTIONS)
    legs = np.array([min(line.distance(Point(spot)) for line in roads.lines) for spot in spots])
    # The area goes by steps of at most 75 m of its 250: so many minutes may be wanting.
    expected = (travel.minutes[:, 0] <= 6.0 - 100 * WALK) & (legs <= 150)
    assert shapely.contains_xy(area, spots)[expected].all()


def test_a_river_bridged_far_off_leaves_the_other_bank_out_where_a_hull_would_not():
    places = {"s": (0, 0), "w": (-5000, 0), "e": (5000, 0), "far w": (-5000, 800), "far e": (5000, 800), "m": (0, 800)}
    links = [
        ("w", "s", 5000, "main", False),
        ("s", "e", 5000, "main", False),
        ("w", "far w", 800, "main", False),
        ("e", "far e", 800, "main", False),
        ("far w", "m", 5000, "main", False),
        ("m", "far e", 5000, "main", False),
    ]
    roads, sites = network(places, links), point_table({"s": (0, 0)})
    area = isochrone(roads, sites, minutes=8, **OPTIONS)
    across = Point(0, 800)  # 10.8 minutes by either bridge
    assert not area.contains(across)
    pieces_reached = reached_roads(roads, sites, minutes=8, **OPTIONS)["geometry"].to_numpy()
    assert shapely.convex_hull(shapely.union_all(pieces_reached)).covers(across)
    assert area.convex_hull.contains(across)
    assert area.contains(Point(4000, 800))
    # When the minutes suffice the whole ring is in, and the water between the banks is not.
    whole = isochrone(roads, sites, minutes=14, **OPTIONS)
    assert whole.contains(across)
    assert not whole.contains(Point(0, 400))


def test_only_holes_below_four_hectares_are_filled():
    def ring(side):
        places = {"a": (0, 0), "b": (side, 0), "c": (side, side), "d": (0, side)}
        links = [(p, q, side, "main", False) for p, q in ("ab", "bc", "cd", "da")]
        return isochrone(network(places, links), point_table({"s": (0, 0)}), minutes=20, width_metres=100, **OPTIONS)

    # 100 m from either side are widened: 350 m leave a field of 150 by 150, and 600 m one of 400 by 400.
    assert ring(350).contains(Point(175, 175))
    assert not ring(600).contains(Point(300, 300))
    assert ring(600).contains(Point(50, 300))


def test_a_motorway_is_driven_but_nobody_lives_along_it():
    places = {"s": (0, 0), "on": (1000, 0), "off": (9000, 0), "village": (10000, 0)}
    links = [
        ("s", "on", 1000, "main", False),
        ("on", "off", 8000, "motorway", False),
        ("off", "village", 1000, "main", False),
    ]
    roads, sites = network(places, links), point_table({"s": (0, 0)})
    assert reached_roads(roads, sites, minutes=9, **OPTIONS)["link"].tolist() == [0, 1, 2]
    area = isochrone(roads, sites, minutes=9, **OPTIONS)
    assert area.contains(Point(9500, 50))
    assert not area.contains(Point(5000, 0))
    everywhere = isochrone(roads, sites, minutes=9, no_frontage=(), **OPTIONS)
    assert everywhere.contains(Point(5000, 0))


def test_the_width_narrows_where_the_minutes_run_out():
    roads = network({"a": (0, 0), "b": (9000, 0)}, [("a", "b", 9000, "main", False)])
    area = isochrone(roads, point_table({"s": (0, 0)}), minutes=5, width_metres=100, **OPTIONS)
    across = [area.intersection(LineString([(x, -500), (x, 500)])).length for x in (1000, 4500, 4850, 5000)]
    # 100 m off the road are a minute, which is a kilometre of road: full width up to 4 km, and ever less to 5 km.
    assert across == sorted(across, reverse=True)
    assert 180 < across[0] <= 200
    assert 0 < across[2] < 60
    assert across[3] == 0


def test_zones_whose_own_minutes_are_within_the_limit_make_one_area():
    outlines = np.array([box(0, 0, 1, 1), box(1, 0, 2, 1), None, box(5, 0, 6, 1), box(2, 0, 3, 1)], dtype=object)
    minutes = np.array([2.7, 9, 1, 2, np.inf], dtype=np.float32)
    assert zone_service_area(outlines, minutes, limit=2.7).equals(MultiPolygon([outlines[0], outlines[3]]))
    assert zone_service_area(outlines, minutes, limit=9).equals(MultiPolygon([box(0, 0, 2, 1), outlines[3]]))
    nothing = zone_service_area(outlines, minutes, limit=1.5)
    assert isinstance(nothing, MultiPolygon)
    assert nothing.is_empty
