"""A simplified road graph has the same journeys over fewer nodes; node matrices agree with networkx."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from support.planted_faults import SPEEDS, clean_network
from support.road_generator import road_grid

from placeplan.geo.roads import road_graph, road_network
from placeplan.geo.routes import nearest_site, node_minutes
from placeplan.geo.simplify import simplified
from placeplan.geo.snap import SplitRoads


def journeys(roads):
    """Minutes and metres of the fastest ways between all points, by a plain search over every edge."""
    best = {}
    for a, b, minutes, metres in zip(roads.tail, roads.head, roads.minutes, roads.metres, strict=True):
        if (a != b and (a, b) not in best) or (a != b and (minutes, metres) < best[a, b]):
            best[a, b] = (minutes, metres)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(roads.node_count))
    for (a, b), (minutes, metres) in best.items():
        graph.add_edge(int(a), int(b), cost=minutes + 1e-9 * metres, minutes=minutes, metres=metres)
    points = [int(node) for group in roads.point_nodes for node in group if node >= 0]
    made = []
    for start in points:
        ways = nx.single_source_dijkstra_path(graph, start, weight="cost")
        for end in points:
            steps = (
                [graph[a][b] for a, b in pairwise(ways[end])]
                if end in ways
                else [{"minutes": np.inf, "metres": np.inf}]
            )
            made.append([sum(step[name] for step in steps) for name in ("minutes", "metres")])
    return np.array(made)


def random_roads(seed):
    """Chains, rings, dead ends, parallel and one-way edges, and a few points."""
    stream = np.random.default_rng(seed)
    count = int(stream.integers(4, 26))
    edges = []
    for _ in range(int(stream.integers(count, 2 * count))):
        a, b = stream.integers(0, count, 2)
        minutes, metres = float(stream.integers(1, 30)), float(stream.integers(1, 5000))
        edges.append((a, b, minutes, metres))
        if stream.random() < 0.75:
            edges.append((b, a, minutes, metres))
    for at in range(0, count - 1, 2):  # long chains through nodes that nothing else uses
        edges += [(at, at + 1, 2.0, 100.0), (at + 1, at, 2.0, 100.0)]
    tail, head, minutes, metres = (np.array(part) for part in zip(*edges, strict=True))
    points = stream.choice(count, min(5, count), replace=False)
    return SplitRoads(
        node_count=count,
        tail=tail.astype(np.int64),
        head=head.astype(np.int64),
        metres=metres,
        minutes=minutes,
        point_nodes=(points[:2].astype(np.int64), np.append(points[2:], -1).astype(np.int64)),
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000_000))
def test_no_journey_changes(seed):
    roads = random_roads(seed)
    fewer = simplified(roads)
    assert fewer.node_count <= roads.node_count
    assert len(fewer.tail) <= len(roads.tail)
    assert [len(group) for group in fewer.point_nodes] == [len(group) for group in roads.point_nodes]
    assert fewer.point_nodes[1][-1] == -1
    assert journeys(fewer) == pytest.approx(journeys(roads), abs=1e-9)


def test_bends_and_dead_ends_go():
    # 0 - 1 - 2 - 3 with the dead end 2 - 4 - 5; points at 0 and 3.
    pairs = [(0, 1), (1, 2), (2, 3), (2, 4), (4, 5)]
    tail = np.array([a for a, b in pairs] + [b for a, b in pairs])
    head = np.array([b for a, b in pairs] + [a for a, b in pairs])
    roads = SplitRoads(6, tail, head, np.full(10, 100.0), np.arange(1.0, 11.0), (np.array([0]), np.array([3])))
    fewer = simplified(roads)
    assert fewer.node_count == 2
    assert sorted(fewer.minutes) == [1 + 2 + 3, 6 + 7 + 8]
    assert fewer.metres.tolist() == [300, 300]


def test_the_minutes_of_nodes_are_those_of_networkx_to_a_billionth():
    links, _ = clean_network(seed=4)
    links = links.assign(oneway=np.arange(len(links)) % 7 == 0)
    network = road_network(links, speeds=SPEEDS)
    sites = ["0,0", "5,7", "11,11"]
    found = node_minutes(network, sites)
    graph = road_graph(network).reverse(copy=False)
    for site in sites:
        wanted = nx.single_source_dijkstra_path_length(graph, site, weight="minutes")
        assert found[site].loc[list(wanted)].to_numpy() == pytest.approx(list(wanted.values()), abs=1e-9)
        assert np.isinf(found[site].drop(list(wanted))).all()
    nearest = nearest_site(network, sites)
    assert nearest["minutes"].to_numpy() == pytest.approx(found.min(axis=1).to_numpy(), abs=1e-9)
    reached = np.isfinite(nearest["minutes"])
    told = found.to_numpy()[np.arange(len(found)), found.columns.get_indexer(nearest["site"].where(reached, sites[0]))]
    assert told[reached] == pytest.approx(nearest["minutes"][reached])
    with pytest.raises(KeyError, match="no node nowhere"):
        node_minutes(network, ["0,0", "nowhere"])


def test_the_generator_s_networks_are_roads():
    network = road_grid(3000, seed=2)
    directed = len(network.tail) + int((~network.oneway).sum())
    assert 2.3 < directed / len(network.nodes) < 3.2
    both = ~network.oneway
    tail, head = np.r_[network.tail, network.head[both]], np.r_[network.head, network.tail[both]]
    minutes = np.r_[network.minutes, network.minutes[both]]
    graph = csr_array((minutes, (head, tail)), shape=(len(network.nodes),) * 2)
    wanted = dijkstra(graph, indices=[0]).ravel()
    assert node_minutes(network, [network.nodes[0]]).iloc[:, 0].to_numpy() == pytest.approx(wanted)
