"""Points are tied to the nearest link within a limit, and links are split where they join."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from support.road_tables import point_table, road_table

from placeplan.geo.roads import road_network
from placeplan.geo.snap import snap_points, split_links

SPEEDS = {"main": 60.0, "lane": 30.0, "motorway": 90.0}
PLACES = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (1000.0, 1000.0)}
coordinate = st.integers(-500, 1500).map(float)


def network(links):
    return road_network(road_table(PLACES, links), speeds=SPEEDS)


ONE_ROAD = [("a", "b", 1200, "main", False)]


@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=6), st.integers(0, 900))
def test_the_distance_is_that_of_the_nearest_link(points, limit):
    roads = network([*ONE_ROAD, ("b", "c", 1000, "lane", False), ("c", "a", 2000, "lane", True)])
    table = point_table({f"p{at}": point for at, point in enumerate(points)})
    tied = snap_points(roads, table, limit_metres=limit)
    for at, point in enumerate(points):
        distances = [line.distance(shapely.Point(point)) for line in roads.lines]
        assert tied.off_road_metres[at] == pytest.approx(min(distances))
        assert tied.snapped[at] == (min(distances) <= limit)
        if tied.snapped[at]:
            line = roads.lines[tied.link[at]]
            assert distances[tied.link[at]] == min(distances)
            foot = line.interpolate(tied.share[at], normalized=True)
            assert foot.distance(shapely.Point(point)) == pytest.approx(min(distances))


def test_a_point_goes_to_the_link_beside_it_not_to_a_junction():
    tied = snap_points(network(ONE_ROAD), point_table({"p": (300, 40)}), limit_metres=50)
    assert tied.link.tolist() == [0]
    assert tied.share == pytest.approx([0.3])
    assert tied.off_road_metres == pytest.approx([40])


def test_of_links_equally_near_the_first_in_the_table_counts():
    places = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (0.0, 100.0), "d": (1000.0, 100.0)}
    links = [("a", "b", 1000, "main", False), ("c", "d", 1000, "main", False)]
    middle = point_table({"p": (300, 50)})
    for table, road in ((links, "a"), (links[::-1], "c")):
        roads = road_network(road_table(places, table), speeds=SPEEDS)
        tied = snap_points(roads, middle, limit_metres=100)
        assert roads.nodes[roads.tail[tied.link[0]]] == road


def test_the_limit_itself_is_within_the_limit_and_a_metre_more_is_not():
    points = point_table({"near": (300, 40), "far": (300, 41), "nowhere": (np.nan, 0)})
    tied = snap_points(network(ONE_ROAD), points, limit_metres=40)
    assert tied.snapped.tolist() == [True, False, False]
    assert tied.link.tolist() == [0, -1, -1]
    assert tied.off_road_metres[:2] == pytest.approx([40, 41])
    assert np.isnan(tied.off_road_metres[2])


def test_nothing_opens_onto_a_motorway():
    roads = network([("a", "b", 1000, "motorway", False), ("b", "c", 1000, "main", False)])
    points = point_table({"p": (800, 10)})
    assert snap_points(roads, points, limit_metres=500).link.tolist() == [1]
    assert snap_points(roads, points, limit_metres=500, no_frontage=()).link.tolist() == [0]
    only_motorway = network([("a", "b", 1000, "motorway", False)])
    assert not snap_points(only_motorway, points, limit_metres=500).snapped.any()


def test_doubled_labels_and_a_limit_that_makes_no_sense_are_refused():
    twice = pd.concat([point_table({"p": (0, 0)})] * 2)
    with pytest.raises(ValueError, match="'p' is there twice"):
        snap_points(network(ONE_ROAD), twice, limit_metres=50)
    with pytest.raises(ValueError, match="limit_metres"):
        snap_points(network(ONE_ROAD), point_table({"p": (0, 0)}), limit_metres=np.nan)


def edges(split):
    """Edges as (tail, head): (metres, minutes)."""
    figures = zip(split.metres.tolist(), split.minutes.tolist(), strict=True)
    ends = zip(split.tail.tolist(), split.head.tolist(), strict=True)
    return dict(zip(ends, figures, strict=True))


def test_a_link_is_split_in_order_and_its_length_is_shared_out():
    roads = network(ONE_ROAD)
    homes = snap_points(roads, point_table({"late": (750, 5), "early": (250, 5), "same": (250, -9)}), limit_metres=50)
    schools = snap_points(roads, point_table({"mid": (500, 0)}), limit_metres=50)
    split = split_links(roads, homes, schools)
    (late, early, same), (mid,) = (nodes.tolist() for nodes in split.point_nodes)
    assert early == same
    assert split.node_count == 2 + 3
    # 1200 m at 60 km/h in four equal pieces: 300 m and 0.3 minutes each, both ways.
    one_way = {(0, early): None, (early, mid): None, (mid, late): None, (late, 1): None}
    both = [*one_way, *((head, tail) for tail, head in one_way)]
    assert edges(split) == {ends: pytest.approx((300, 0.3)) for ends in both}


def test_a_point_at_an_end_joins_the_junction_and_leaves_no_piece_without_length():
    roads = network([("b", "a", 1000, "main", False), ("b", "c", 1000, "main", False)])
    ends = point_table({"start": (0, 0), "beyond": (-30, 0), "end": (1000, 0), "hair": (1e-8, 0)})
    split = split_links(roads, snap_points(roads, ends, limit_metres=50))
    names = [roads.nodes[node] for node in split.point_nodes[0]]
    assert names == ["a", "a", "b", "a"]
    assert split.node_count == 3
    assert (split.metres > 0).all()


def test_a_piece_of_a_one_way_link_is_one_way():
    roads = network([("b", "a", 1000, "main", True)])
    split = split_links(roads, snap_points(roads, point_table({"p": (300, 0)}), limit_metres=50))
    (p,) = split.point_nodes[0].tolist()
    a, b = roads.nodes.get_loc("a"), roads.nodes.get_loc("b")
    assert edges(split) == {(b, p): pytest.approx((700, 0.7)), (p, a): pytest.approx((300, 0.3))}


def test_two_one_way_rows_of_one_road_are_split_at_one_node():
    roads = network([("a", "b", 1000, "main", True), ("b", "a", 1000, "lane", True)])
    split = split_links(roads, snap_points(roads, point_table({"p": (300, 0)}), limit_metres=50))
    (p,) = split.point_nodes[0].tolist()
    a, b = roads.nodes.get_loc("a"), roads.nodes.get_loc("b")
    assert edges(split) == {
        (a, p): pytest.approx((300, 0.3)),
        (p, b): pytest.approx((700, 0.7)),
        (b, p): pytest.approx((700, 1.4)),
        (p, a): pytest.approx((300, 0.6)),
    }


def test_a_curved_link_is_split_by_the_share_of_its_drawn_line():
    line = shapely.LineString([(0, 0), (0, 300), (400, 300)])
    table = pd.DataFrame({"from": ["a"], "to": ["b"], "metres": [1400.0], "class": ["main"], "geometry": [line]})
    roads = road_network(table, speeds=SPEEDS)
    tied = snap_points(roads, point_table({"p": (50, 310)}), limit_metres=50)
    # 350 m of the 700 m drawn: half, so 700 of the 1400 m stated.
    assert tied.share == pytest.approx([0.5])
    assert split_links(roads, tied).metres == pytest.approx([700] * 4)


def test_two_junctions_in_one_place_can_be_joined():
    places = {"a": (0.0, 0.0), "b": (0.0, 0.0)}
    roads = road_network(road_table(places, [("a", "b", 20, "main", False)]), speeds=SPEEDS)
    tied = snap_points(roads, point_table({"p": (3, 4)}), limit_metres=50)
    assert tied.off_road_metres == pytest.approx([5])
    assert split_links(roads, tied).point_nodes[0].tolist() == [0]
