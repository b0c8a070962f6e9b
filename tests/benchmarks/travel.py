"""Travel on roads: the matrix and the nearest site beside peers, memory, planted faults, and real journeys.

Run it as ``python tests/benchmarks/travel.py [--json FILE] [--quick]``; the peers are in the extra ``bench``.
"""

import importlib
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
from harness import at_least, at_most, exactly, finish, median_seconds, options

from placeplan.geo.audit import audit_roads
from placeplan.geo.routes import nearest_site, node_minutes

TESTS = Path(__file__).resolve().parents[1]
DATA = TESTS.parents[1] / "shared" / "data"
sys.path[:0] = [str(TESTS), str(TESTS / "support")]

NETWORKX_SITES = 3
"""networkx is timed for so many sites and its seconds are scaled up: it takes a minute and more for all."""

MEMORY = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {support!r}]
from road_generator import road_grid
from placeplan.geo.routes import node_minutes

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])

network = road_grid({nodes}, seed=1)
sites = [str(node) for node in network.nodes[:: len(network.nodes) // {sites}][:{sites}]]
Path("/proc/self/clear_refs").write_text("5")  # from here on the peak is counted anew
before = kilobytes("VmRSS")
made = node_minutes(network, sites)
print((kilobytes("VmHWM") - before) / 1024)
"""


def directed(network):
    """Tail, head and minutes of every direction, the fastest of parallel links alone: what every peer is given."""
    both = ~network.oneway
    tail = np.concatenate([network.tail, network.head[both]])
    head = np.concatenate([network.head, network.tail[both]])
    minutes = np.concatenate([network.minutes, network.minutes[both]])
    order = np.lexsort((minutes, head, tail))
    first = np.flatnonzero(np.diff(tail[order] * len(network.nodes) + head[order], prepend=-1))
    kept = order[first]
    return tail[kept], head[kept], minutes[kept]


def peers(network, sites):
    """Each peer's work, with its graph made beforehand (reversed: from the site over roads driven towards it)."""
    tail, head, minutes = directed(network)
    at = network.nodes.get_indexer(sites)
    count = len(network.nodes)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_weighted_edges_from(zip(head.tolist(), tail.tolist(), minutes.tolist(), strict=True))

    def by_networkx():
        made = np.full((count, NETWORKX_SITES), np.inf)
        for column, site in enumerate(at[:NETWORKX_SITES]):
            found = nx.single_source_dijkstra_path_length(graph, int(site))
            made[list(found), column] = list(found.values())
        return made

    igraph, rustworkx = importlib.import_module("igraph"), importlib.import_module("rustworkx")
    i = igraph.Graph(n=count, edges=np.column_stack([head, tail]).tolist(), directed=True)
    r = rustworkx.PyDiGraph()
    r.add_nodes_from(range(count))
    r.add_edges_from(list(zip(head.tolist(), tail.tolist(), minutes.tolist(), strict=True)))

    def by_igraph():
        return np.array(i.distances(source=at.tolist(), weights=minutes.tolist())).T

    def by_rustworkx():
        made = np.full((count, len(at)), np.inf)
        for column, site in enumerate(at):
            found = rustworkx.digraph_dijkstra_shortest_path_lengths(r, int(site), float)
            made[list(found.keys()), column] = list(found.values())
            made[site, column] = 0.0
        return made

    return {"networkx": by_networkx, "igraph": by_igraph, "rustworkx": by_rustworkx}


def largest_difference(one, other):
    reached = np.isfinite(one)
    if (reached != np.isfinite(other)).any():
        return np.inf
    return float(np.abs(one[reached] - other[reached]).max())


def matrix(nodes, count):
    generator = importlib.import_module("road_generator")
    network = generator.road_grid(nodes, seed=1)
    sites = [str(node) for node in network.nodes[:: len(network.nodes) // count][:count]]
    links = int(len(network.tail) + (~network.oneway).sum())
    label = f"{count} sites x {len(network.nodes):,} nodes, {links:,} directed links"
    mine = node_minutes(network, sites).to_numpy()
    seconds = {"placeplan": median_seconds(lambda: node_minutes(network, sites))}
    apart = {}
    for name, work in peers(network, sites).items():
        found = work()
        apart[name] = largest_difference(mine[:, : found.shape[1]], found)
        taken = median_seconds(work, repeats=1)
        seconds[name] = taken * count / NETWORKX_SITES if name == "networkx" else taken
    rows = [
        {"what": label, "engine": name, "seconds": value, "times placeplan": value / seconds["placeplan"],
         "largest difference, minutes": apart.get(name)}
        for name, value in seconds.items()
    ]  # fmt: skip
    nearest = median_seconds(lambda: nearest_site(network, sites))
    found = nearest_site(network, sites)["minutes"].to_numpy()
    rows.append({"what": label, "engine": "placeplan, nearest site", "seconds": nearest,
                 "largest difference, minutes": largest_difference(found, mine.min(axis=1))})  # fmt: skip
    bars = {
        "matrix, times faster than networkx": at_least(seconds["networkx"] / seconds["placeplan"], 15),
        "matrix, seconds of igraph over ours": at_least(seconds["igraph"] / seconds["placeplan"], 1),
        "matrix, seconds of rustworkx over ours": at_least(seconds["rustworkx"] / seconds["placeplan"], 1),
        "matrix, largest difference from any peer": at_most(max(apart.values()), 1e-9, unit="minutes"),
        "nearest site": at_most(nearest, 0.2, unit="s"),
    }
    return rows, bars


def memory(nodes, count):
    """Megabytes above the graph that the matrix takes at its peak, the answer included, in a process of its own.

    Not a number where the system does not tell a process its peak (only Linux does).
    """
    if not Path("/proc/self/clear_refs").exists():
        return float("nan")
    code = MEMORY.format(tests=str(TESTS), support=str(TESTS / "support"), nodes=nodes, sites=count)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def planted():
    """How many planted faults the audit finds, of how many, and faults that it finds in clean networks."""
    faults = importlib.import_module("planted_faults")

    def found(network):
        return audit_roads(*network, speeds=faults.SPEEDS, snap_limit_metres=2000).faults

    hits = sum(kind in set(found(plant(faults.clean_network()))["fault"]) for plant, kind, _ in faults.PLANTED.values())
    false = sum(len(found(faults.clean_network(seed=seed))) for seed in range(10))
    return hits, len(faults.PLANTED), false


def real_journeys():
    """The example's roads and straight lines against observed journeys: fitted to half of them, told of the other."""
    if not (DATA / "travel").is_dir():
        return [{"what": "journeys to hospitals", "engine": "no data here: left out"}], {}
    check = importlib.import_module("placeplan.examples.check_travel").check_rows(DATA)
    wide = check[check["hospitals"] == "all"]
    rows = [
        {"what": f"journeys to hospitals, {row['area']}: {row['calibrated_on']} -> {row['judged_on']}",
         "engine": row["model"], "pairs": int(row["pairs"]), "bias, minutes": row["bias_minutes"],
         "mean error, minutes": row["mean_absolute_minutes"], "mean error, %": row["mean_absolute_percent"]}
        for row in wide.to_dict("records")
    ]  # fmt: skip
    held = wide[wide["calibrated_on"] == "the other half"]
    straight = held["model"].str.contains("straight")
    lines = held[straight].set_index("area")["mean_absolute_percent"]
    roads = held[~straight].set_index("area")["mean_absolute_percent"]
    ratio = float((roads / lines).max())
    return rows, {"held-out error of roads over that of straight lines, worst area": at_most(ratio, 1)}


def main():
    quick = options().quick
    nodes, count = (20_000, 20) if quick else (100_000, 60)
    rows, bars = matrix(nodes, count)
    peak = memory(nodes, count)
    rows.append({"what": "peak memory above the graph", "engine": "placeplan", "MB": peak})
    bars["peak memory above the graph"] = at_most(peak, 200, unit="MB")
    hits, of, false = planted()
    rows.append({"what": f"planted faults found, of {of}", "engine": "placeplan", "faults": hits})
    bars["planted faults found"] = exactly(hits, of)
    bars["faults told of ten clean networks"] = exactly(false, 0)
    more, judged = real_journeys()
    finish([*rows, *more], bars | judged)


if __name__ == "__main__":
    main()
