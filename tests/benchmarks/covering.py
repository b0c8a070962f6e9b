"""Siting: published instances to their known optimum, proven, beside spopt with the same solver.

Run it as ``python tests/benchmarks/covering.py [--json FILE] [--quick]``. Other published p-medians are run too where
the folder PMED_INSTANCES names holds pmed*.txt. The peer is in the extra ``bench``.
"""

import importlib
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pulp
from harness import at_most, exactly, finish, options

from placeplan.models.capacitated import capacitated_p_median
from placeplan.models.covering import maximal_covering, set_covering
from placeplan.models.instances import capacitated_p_median_instances, p_median_instance
from placeplan.models.p_median import p_median

TESTS = Path(__file__).resolve().parents[1]
DATA = TESTS.parents[1] / "shared" / "data" / "benchmarks"
sys.path[:0] = [str(TESTS), str(TESTS / "support")]

PUBLISHED = {"pmed1": 5819.0, "pmed6": 7824.0}
"""Optima of OR-Library."""

METRES = 5000.0
SITES = 4
"""The service radius and the number of sites of spopt's own examples."""

PEER_SECONDS = 240.0


def timed(work):
    began = time.perf_counter()
    answer = work()
    return answer, time.perf_counter() - began


def by_spopt(kind, distances, weights, **wanted):
    """Spopt's answer by PuLP with HiGHS: its objective and seconds, model building counted."""
    locate = importlib.import_module("spopt.locate")
    cost = np.where(np.isfinite(distances), distances, 1e9)

    def work():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if kind == "p-median":
                model = locate.PMedian.from_cost_matrix(cost, weights, p_facilities=wanted["sites"])
            elif kind == "maximal covering":
                model = locate.MCLP.from_cost_matrix(cost, weights, service_radius=METRES, p_facilities=wanted["sites"])
            else:
                model = locate.LSCP.from_cost_matrix(cost, service_radius=METRES)
            # As many threads as ours: HiGHS refuses to change their number within a process.
            model.solve(pulp.HiGHS(msg=False, timeLimit=PEER_SECONDS, threads=1))
            return float(pulp.value(model.problem.objective))

    return timed(work)


def row(kind, name, known, mine, peer):
    answer, seconds = mine
    objective, peer_seconds = peer if peer is not None else (None, None)
    return {
        "question": kind,
        "instance": name,
        "known": known,
        "placeplan": answer.objective,
        "bound": answer.bound,
        "status": str(answer.status),
        "seconds": seconds,
        "spopt": objective,
        "spopt seconds": peer_seconds,
        "ratio": None if peer_seconds is None else seconds / peer_seconds,
    }


def one_p_median(name, text, known, *, peer):
    distances, sites = p_median_instance(text)
    mine = timed(lambda: p_median(distances, sites=sites))
    theirs = None
    if peer:
        theirs = by_spopt("p-median", distances.to_numpy(), np.ones(len(distances)), sites=sites)
    return row("p-median", name, known, mine, theirs)


def published():
    """OR-Library's instances that are here, and those of the folder that PMED_INSTANCES names."""
    if not DATA.is_dir():
        return [{"question": "published instances", "instance": "no data here: left out"}]
    rows = [one_p_median(name, (DATA / f"{name}.txt").read_text(), best, peer=True) for name, best in PUBLISHED.items()]
    others = os.environ.get("PMED_INSTANCES")
    files = sorted(Path(others).glob("pmed[0-9]*.txt")) if others else []
    rows += [one_p_median(path.stem, path.read_text(), None, peer=False) for path in files]
    for one in capacitated_p_median_instances((DATA / "pmedcap01.txt").read_text()):
        mine = timed(
            lambda one=one: capacitated_p_median(
                one.distances, None, one.capacities, sites=one.sites, demand=one.demand
            )
        )
        # spopt weighs distances by the demand that fills a capacity: it cannot state this instance, so no peer.
        rows.append(row("capacitated p-median, whole points", f"pmedcap {one.name}", one.best, mine, None))
    return rows + san_francisco()


def san_francisco():
    """Spopt's own examples: 205 tracts, 16 candidate stores, distances along streets."""
    table = pd.read_csv(DATA / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    distances = table.pivot_table(index="DestinationName", columns="name", values="distance")
    weights = table.drop_duplicates("DestinationName").set_index("DestinationName")["demand"].reindex(distances.index)
    matrix, demand, sites = distances.to_numpy(), weights.to_numpy(float), SITES
    oracle = importlib.import_module("siting_peers")
    known = {
        "p-median": oracle.best_by_trying_all(distances, weights, sites=sites),
        "maximal covering": oracle.most_covered_by_trying_all(distances, weights, sites=sites, limit=METRES),
        "set covering": float(oracle.fewest_by_trying_all(distances, limit=METRES)),
    }
    mine = {
        "p-median": timed(lambda: p_median(distances, weights, sites=sites)),
        "maximal covering": timed(lambda: maximal_covering(distances, weights, sites=sites, limit=METRES)),
        "set covering": timed(lambda: set_covering(distances, limit=METRES)),
    }
    return [
        row(kind, "San Francisco", known[kind], mine[kind], by_spopt(kind, matrix, demand, sites=sites))
        for kind in known
    ]


def made(quick):
    """Graphs in the manner of OR-Library's, of which no optimum is published: what is claimed is the proof."""
    peers = importlib.import_module("siting_peers")
    sizes = [(100, 10)] if quick else [(200, 20), (400, 5), (400, 80), (600, 10), (900, 5), (900, 90), (900, 200)]
    rows = []
    for nodes, sites in sizes:
        text = peers.graph_text(nodes, sites, seed=nodes + sites)
        rows.append(one_p_median(f"made, {nodes} nodes, p {sites}", text, None, peer=nodes <= 200))
    return rows


def main():
    rows = [*published(), *made(options().quick)]
    solved = [one for one in rows if "placeplan" in one]
    known = [one for one in solved if one["known"] is not None]
    beside = [one for one in solved if one["ratio"] is not None]
    bars = {
        "known optima met": exactly(sum(abs(one["placeplan"] - one["known"]) < 1e-4 for one in known), len(known)),
        "proven": exactly(sum(one["status"] == "optimal" for one in solved), len(solved)),
        "the same objective as spopt": exactly(
            sum(abs(one["placeplan"] - one["spopt"]) < 1e-3 for one in beside), len(beside)
        ),
        "worst ratio of seconds to spopt": at_most(max(one["ratio"] for one in beside), 1) if beside else exactly(0, 0),
    }
    finish(rows, bars)


if __name__ == "__main__":
    main()
