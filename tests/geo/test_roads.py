"""A road table becomes a network, or every fault in it is told at once."""

import numpy as np
import pandas as pd
import pytest
import shapely
from support.road_tables import road_table

from placeplan.geo.faults import TableError, TableFault
from placeplan.geo.roads import components, road_graph, road_network

SPEEDS = {"main": 60.0, "lane": 30.0}
STRAIGHT = "the 1000 m straight line between its ends"
PLACES = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (1000.0, 1000.0), "d": (5000.0, 5000.0), "e": (6000.0, 5000.0)}


def roads():
    return road_table(
        PLACES,
        [("a", "b", 1000, "main", False), ("b", "c", 1500, "lane", True), ("d", "e", 1000, "main", False)],
    )


def faults_of(table, speeds=SPEEDS):
    with pytest.raises(TableError) as caught:
        road_network(table, speeds=speeds)
    assert str(caught.value).count("\n") == len(caught.value.faults) - 1
    return caught.value.faults


def test_minutes_are_length_over_speed_times_the_peak_factor():
    network = road_network(roads(), speeds=SPEEDS)
    # 1000 m at 60 km/h is a minute; 1500 m at 30 km/h is three.
    assert network.minutes == pytest.approx([1, 3, 1])
    assert road_network(roads(), speeds=SPEEDS, peak_factor=1.5).minutes == pytest.approx([1.5, 4.5, 1.5])
    assert network.metres == pytest.approx([1000, 1500, 1000])


def test_the_graph_holds_one_edge_a_permitted_direction_and_is_frozen():
    graph = road_graph(road_network(roads(), speeds=SPEEDS))
    assert {(start, end, key) for start, end, key in graph.edges(keys=True)} == {
        ("a", "b", 0), ("b", "a", 0), ("b", "c", 1), ("d", "e", 2), ("e", "d", 2),
    }  # fmt: skip
    assert graph.edges["b", "c", 1] == {"metres": 1500.0, "minutes": 3.0}
    assert graph.nodes["c"] == {"easting": 1000.0, "northing": 1000.0}
    with pytest.raises(Exception, match="rozen"):
        graph.add_edge("a", "e")


def test_parallel_links_are_all_kept_and_one_way_may_be_missing():
    table = pd.concat([roads(), roads()], ignore_index=True).drop(columns="oneway")
    network = road_network(table, speeds=SPEEDS)
    assert not network.oneway.any()
    assert road_graph(network).number_of_edges() == 12
    blank = roads().assign(oneway=pd.array([pd.NA, True, pd.NA], dtype="boolean"))
    assert road_network(blank, speeds=SPEEDS).oneway.tolist() == [False, True, False]


def test_the_input_is_not_changed():
    table = roads()
    before = table.copy(deep=True)
    road_network(table, speeds=SPEEDS)
    pd.testing.assert_frame_equal(table, before)


def test_two_rows_of_one_road_share_a_carriageway_and_another_line_does_not():
    table = road_table(PLACES, [("a", "b", 1000, "main", True), ("b", "a", 1000, "main", True)])
    assert road_network(table, speeds=SPEEDS).carriageway.tolist() == [0, 0]
    bent = table.assign(geometry=[None, shapely.LineString([(1000, 0), (500, 50), (0, 0)])])
    assert road_network(bent, speeds=SPEEDS).carriageway.tolist() == [0, 1]


def test_geometry_gives_the_ends_and_the_coordinates_are_not_needed():
    line = shapely.LineString([(0, 0, 7), (500, 400, 7), (1000, 0, 7)])
    table = pd.DataFrame({"from": ["a"], "to": ["b"], "metres": [1300.0], "class": ["main"], "geometry": [line]})
    network = road_network(table, speeds=SPEEDS)
    assert network.coordinates.tolist() == [[0, 0], [1000, 0]]
    assert network.lines[0].equals(shapely.force_2d(line))


@pytest.mark.parametrize(
    ("row", "column", "value", "told"),
    [
        (0, "metres", 0.0, TableFault(0, "metres", "0.0", "metres above 0")),
        (1, "metres", -5.0, TableFault(1, "metres", "-5.0", "metres above 0")),
        (2, "metres", np.nan, TableFault(2, "metres", "", "metres above 0")),
        (2, "metres", np.inf, TableFault(2, "metres", "inf", "metres above 0")),
        (1, "class", "path", TableFault(1, "class", "path", "a class with a speed: main, lane")),
        (1, "class", None, TableFault(1, "class", "", "a class with a speed: main, lane")),
        (0, "from", None, TableFault(0, "from", "", "a node")),
        (0, "to", "a", TableFault(0, "to", "a", "another node than from")),
        (2, "metres", 1.0, TableFault(2, "metres", "1.0", f"metres, near or above {STRAIGHT}")),
        (
            1,
            "from_easting",
            1002.0,
            TableFault(1, "from", "b at 1002 0", "the node where another row has it, 1000 0"),
        ),
        (
            2,
            "to_northing",
            np.nan,
            TableFault(2, "geometry", "", "a LineString, or from_easting, from_northing, to_easting, to_northing"),
        ),
    ],
)  # fmt: skip
def test_a_bad_value_is_told_by_row_and_column(row, column, value, told):
    table = roads()
    table.loc[row, column] = value
    assert told in faults_of(table)


def test_every_fault_is_told_at_once_in_the_order_of_the_rows():
    table = roads()
    table.loc[0, "metres"] = -1
    table.loc[1, "class"] = "path"
    table.loc[2, "class"] = "path"
    table.loc[2, "to"] = "d"
    told = [(fault.row, fault.column, fault.value) for fault in faults_of(table)]
    assert told[:2] == [(0, "metres", "-1.0"), (1, "class", "path (2 rows)")]
    assert (2, "to", "d") in told


def test_a_node_within_a_metre_is_one_node():
    table = roads()
    table.loc[1, "from_easting"] = 1000.9
    assert len(road_network(table, speeds=SPEEDS).nodes) == 5


def test_missing_columns_and_an_empty_table_are_faults():
    assert [fault.column for fault in faults_of(roads().drop(columns=["metres", "class"]))] == ["metres", "class"]
    assert faults_of(roads().iloc[:0]) == (TableFault(None, "", "", "at least one road link"),)


def test_a_geometry_that_is_no_line_is_a_fault():
    table = roads().assign(geometry=[None, shapely.Point(0, 0), None])
    (fault,) = faults_of(table)
    assert (fault.row, fault.column, fault.value) == (1, "geometry", "Point")


def test_speeds_and_peak_factor_must_be_above_zero():
    (fault,) = faults_of(roads(), speeds={"main": 60.0, "lane": 0.0})
    assert (fault.row, fault.column, fault.value) == (None, "speeds", "lane: 0.0")
    with pytest.raises(ValueError, match="peak_factor"):
        road_network(roads(), speeds=SPEEDS, peak_factor=0.0)


def test_components_count_parts_and_two_way_parts():
    parts = components(road_network(roads(), speeds=SPEEDS))
    # a-b-c and d-e: two parts, three of five nodes in the larger. c cannot be left, so a and b (or d and e)
    # are the most that can be driven between both ways.
    assert parts.count == 2
    assert parts.largest_share == pytest.approx(3 / 5)
    assert parts.largest_two_way_share == pytest.approx(2 / 5)


def test_a_fault_reads_as_a_sentence():
    assert str(TableFault(3, "metres", "-1", "metres above 0")) == "row 3, metres: found -1; expected metres above 0"
    assert str(TableFault(None, "", "", "at least one road link")) == "table: expected at least one road link"
