"""Siting against every choice there is, whole programmes of another solver, and published optima."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from support.siting_peers import (
    best_by_trying_all,
    fewest_by_trying_all,
    graph_text,
    most_covered_by_trying_all,
)

from placeplan.models.capacitated import capacitated_p_median, capacitated_program
from placeplan.models.covering import (
    maximal_covering,
    maximal_covering_program,
    set_covering,
    set_covering_program,
)
from placeplan.models.instances import capacitated_p_median_instances, p_median_instance
from placeplan.models.p_median import FEW, p_median, radius_program
from placeplan.models.program import InfeasibleError, Status, lp_text
from placeplan.models.siting import siting_problem

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "benchmarks"
GOLDEN = Path(__file__).parent / "golden"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the open data is not here")


def random_case(seed, *, points=7, sites=6, holes=True, whole=True):
    stream = np.random.default_rng(seed)
    values = stream.integers(0, 40, (points, sites)).astype(float)
    if not whole:
        values += stream.random((points, sites))
    if holes:
        values[stream.random(values.shape) < 0.15] = np.inf
    distances = pd.DataFrame(values, index=[f"p{i}" for i in range(points)], columns=[f"s{j}" for j in range(sites)])
    weights = pd.Series(stream.integers(0, 9, points).astype(float), index=distances.index)
    return distances, weights


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 4), st.booleans(), st.sampled_from([(), ("s1",), ("s0", "s4")]))
def test_a_p_median_is_the_best_of_every_choice(seed, sites, whole, existing):
    distances, weights = random_case(seed, whole=whole)
    best = best_by_trying_all(distances, weights, sites=sites, existing=existing)
    if np.isinf(best):
        with pytest.raises(InfeasibleError, match="without a journey: p"):
            p_median(distances, weights, sites=sites, existing=existing)
        return
    found = p_median(distances, weights, sites=sites, existing=existing)
    assert found.status is Status.optimal
    assert found.objective == pytest.approx(best, abs=1e-7)
    assert found.bound == pytest.approx(best, abs=1e-6 * max(1, best))
    assert len(found.chosen) == sites
    assert not set(found.chosen) & set(existing)
    nearest = distances[[*found.chosen, *existing]].min(axis=1)
    assert found.assignment.set_index("point")["distance"].to_dict() == nearest.to_dict()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(0, 4), st.sampled_from([5.0, 12.0, 25.0]))
def test_coverings_are_the_best_of_every_choice(seed, sites, limit):
    distances, weights = random_case(seed)
    found = maximal_covering(distances, weights, sites=sites, limit=limit)
    assert found.status is Status.optimal
    assert found.objective == most_covered_by_trying_all(distances, weights, sites=sites, limit=limit)
    assert len(found.chosen) <= sites
    assert set(found.assignment["point"]) | set(found.uncovered) == set(distances.index)
    assert (found.assignment["distance"] <= limit).all()
    fewest = set_covering(distances, limit=limit)
    assert fewest.status is Status.optimal
    assert fewest.objective == len(fewest.chosen) == fewest_by_trying_all(distances, limit=limit)
    assert set(fewest.uncovered) == set(distances.index[~(distances <= limit).any(axis=1)])


def test_existing_sites_stay_open_and_are_not_counted():
    distances = pd.DataFrame({"old": [1.0, 9, 9], "a": [9.0, 1, 9], "b": [9.0, 9, 1]}, index=["x", "y", "z"])
    weights = pd.Series({"x": 5.0, "y": 2.0, "z": 3.0})
    assert maximal_covering(distances, weights, sites=1, limit=2, existing=["old"]).chosen == ("b",)
    assert maximal_covering(distances, weights, sites=1, limit=2, existing=["old"]).objective == 8
    assert set_covering(distances, limit=2, existing=["old"]).chosen == ("a", "b")
    assert p_median(distances, weights, sites=1, existing=["old"]).chosen == ("b",)


def capacitated_oracle(distances, weights, capacities, sites, *, whole):
    """The textbook programme, whole, by another solver; None where it has no answer."""
    n, m = distances.shape
    cost = distances.to_numpy() * weights.to_numpy()[:, None]
    fine = np.isfinite(cost)
    rows, low, high = [], [], []
    for i in range(n):
        row = np.zeros(n * m + m)
        row[i * m : (i + 1) * m] = 1
        rows.append(row), low.append(1), high.append(1)
    for j in range(m):
        row = np.zeros(n * m + m)
        row[j : n * m : m] = weights.to_numpy()
        row[n * m + j] = -capacities.iloc[j]
        rows.append(row), low.append(-np.inf), high.append(0)
        for i in range(n):
            row = np.zeros(n * m + m)
            row[i * m + j], row[n * m + j] = 1, -1
            rows.append(row), low.append(-np.inf), high.append(0)
    row = np.zeros(n * m + m)
    row[n * m :] = 1
    rows.append(row), low.append(sites), high.append(sites)
    integrality = np.r_[np.full(n * m, int(whole)), np.ones(m)]
    upper = np.r_[fine.ravel().astype(float), np.ones(m)]
    answer = milp(
        np.r_[np.where(fine, cost, 0).ravel(), np.zeros(m)], integrality=integrality, bounds=Bounds(0, upper),
        constraints=LinearConstraint(np.array(rows), low, high), options={"mip_rel_gap": 0},
    )  # fmt: skip
    return answer.fun if answer.success else None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 3), st.booleans(), st.sampled_from([12.0, 20.0, 40.0]))
@example(37575, 3, False, 12.0)  # a pairing dear by its reduced cost is used by a share
def test_a_capacitated_p_median_is_that_of_another_solver(seed, sites, whole, room):
    distances, weights = random_case(seed, points=6, sites=5)
    weights += 1
    capacities = pd.Series(room, index=distances.columns) + np.arange(5)
    best = capacitated_oracle(distances, weights, capacities, sites, whole=whole)
    if best is None:
        with pytest.raises(InfeasibleError):
            capacitated_p_median(distances, weights, capacities, sites=sites, whole=whole)
        return
    found = capacitated_p_median(distances, weights, capacities, sites=sites, whole=whole)
    assert found.status is Status.optimal
    assert found.objective == pytest.approx(best, abs=1e-5)
    rows = found.assignment
    assert (rows.groupby("point")["share"].sum() - 1).abs().max() < 1e-6
    load = (rows["weight"] * rows["share"]).groupby(rows["site"]).sum()
    assert (load <= capacities.reindex(load.index) + 1e-6).all()
    assert not whole or (rows["share"] == 1).all()


def p_median_oracle(distances, sites):
    """The whole textbook programme by another solver."""
    n = len(distances)
    i, j = np.divmod(np.arange(n * n), n)
    serve = coo_array((np.ones(n * n), (i, np.arange(n * n))), shape=(n, n * n + n))
    every = np.arange(n * n)
    values, rows, columns = np.r_[np.ones(n * n), -np.ones(n * n)], np.tile(every, 2), np.r_[every, n * n + j]
    only = coo_array((values, (rows, columns)), shape=(n * n, n * n + n))
    count = coo_array((np.ones(n), (np.zeros(n, int), n * n + np.arange(n))), shape=(1, n * n + n))
    rules = [LinearConstraint(serve, 1, 1), LinearConstraint(only, -np.inf, 0), LinearConstraint(count, sites, sites)]
    cost = np.r_[distances.to_numpy().ravel(), np.zeros(n)]
    integrality = np.r_[np.zeros(n * n), np.ones(n)]
    answer = milp(cost, integrality=integrality, bounds=Bounds(0, 1), constraints=rules, options={"mip_rel_gap": 0})
    return answer.fun


@pytest.mark.parametrize(("nodes", "sites"), [(40, 3), (50, FEW), (50, FEW + 2), (60, 20), (45, 44), (30, 1)])
def test_graphs_are_solved_as_the_whole_programme_is_on_both_sides_of_the_fork(nodes, sites):
    distances, wanted = p_median_instance(graph_text(nodes, sites, seed=nodes + sites))
    assert wanted == sites
    found = p_median(distances, sites=sites)
    assert found.status is Status.optimal
    assert found.objective == pytest.approx(p_median_oracle(distances, sites))


@pytest.mark.parametrize("method", ["p_median", "maximal", "set", "capacitated"])
def test_shuffled_rows_and_columns_give_the_same_answer(method):
    distances, weights = random_case(11, points=12, sites=9, holes=False)
    weights += 1
    shuffled = distances.sample(frac=1, random_state=3).sample(frac=1, axis=1, random_state=4)
    again = weights.sample(frac=1, random_state=5)
    room = pd.Series(30.0, index=distances.columns)
    ask = {
        "p_median": lambda d, w: p_median(d, w, sites=3),
        "maximal": lambda d, w: maximal_covering(d, w, sites=3, limit=6),
        "set": lambda d, _: set_covering(d, limit=12),
        "capacitated": lambda d, w: capacitated_p_median(d, w, room, sites=4),
    }[method]
    one, other = ask(distances, weights), ask(shuffled, again)
    assert one.chosen == other.chosen
    assert one.objective == other.objective
    pd.testing.assert_frame_equal(one.assignment, other.assignment)


FRAME = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["x", "y"], columns=["a", "b"])


@pytest.mark.parametrize(
    ("distances", "weights", "existing", "told"),
    [
        (FRAME.set_axis(["x", "x"]), None, (), "point x is there twice"),
        (FRAME.set_axis(["a", "a"], axis=1), None, (), "site a is there twice"),
        (FRAME, pd.Series({"x": 1.0}), (), "point y has no weight"),
        (FRAME, pd.Series({"x": 1.0, "y": 1.0, "z": 1.0}), (), "weight of z, which is no point"),
        (FRAME, pd.Series({"x": 1.0, "y": -1.0}), (), "weight of y is -1.0"),
        (FRAME.replace(3.0, np.nan), None, (), "distance from y to a is nan"),
        (FRAME.replace(3.0, -3.0), None, (), "distance from y to a is -3.0"),
        (FRAME, None, ["c"], "existing site c is no site"),
        (FRAME.iloc[:0], None, (), "at least one point"),
    ],
)
def test_what_is_not_whole_is_named(distances, weights, existing, told):
    with pytest.raises(ValueError, match=told):
        siting_problem(distances, weights, existing=existing)


def test_impossible_numbers_are_refused():
    with pytest.raises(ValueError, match="3 sites: expected from 1 to 2"):
        p_median(FRAME, sites=3)
    with pytest.raises(ValueError, match="0 sites"):
        p_median(FRAME, sites=0)
    with pytest.raises(ValueError, match="expected 0 or more"):
        maximal_covering(FRAME, sites=-1, limit=2)
    with pytest.raises(ValueError, match="capacity of b"):
        capacitated_p_median(FRAME, None, pd.Series({"a": 1.0}), sites=1)
    with pytest.raises(InfeasibleError, match="room for 1 at the most; the points take 2"):
        capacitated_p_median(FRAME, None, pd.Series({"a": 1.0, "b": 1.0}), sites=1)
    with pytest.raises(InfeasibleError, match="no site can serve y"):
        capacitated_p_median(FRAME.replace({3.0: np.inf, 4.0: np.inf}), None, pd.Series(9.0, index=["a", "b"]), sites=1)


@needs_data
@pytest.mark.parametrize(("name", "best"), [("pmed1", 5819), ("pmed6", 7824)])
def test_published_p_medians_are_solved_to_their_optimum(name, best):
    distances, sites = p_median_instance((DATA / f"{name}.txt").read_text())
    found = p_median(distances, sites=sites)
    assert (found.objective, found.status) == (best, Status.optimal)


@needs_data
def test_the_published_capacitated_p_median_is_solved_to_its_optimum():
    (one,) = capacitated_p_median_instances((DATA / "pmedcap01.txt").read_text())
    found = capacitated_p_median(one.distances, None, one.capacities, sites=one.sites, demand=one.demand)
    assert found.objective == pytest.approx(one.best)
    assert found.status is Status.optimal
    load = one.demand.reindex(found.assignment["point"]).groupby(found.assignment["site"].to_numpy()).sum()
    assert (load <= one.capacities.reindex(load.index)).all()
    assert (found.assignment["share"] == 1).all()


@needs_data
def test_san_francisco_is_solved_as_trying_every_choice_says():
    table = pd.read_csv(DATA / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    distances = table.pivot_table(index="DestinationName", columns="name", values="distance")
    weights = table.drop_duplicates("DestinationName").set_index("DestinationName")["demand"].astype(float)
    assert p_median(distances, weights, sites=4).objective == pytest.approx(
        best_by_trying_all(distances, weights, sites=4)
    )
    found = maximal_covering(distances, weights, sites=4, limit=5000)
    assert found.objective == most_covered_by_trying_all(distances, weights, sites=4, limit=5000)
    assert set_covering(distances, limit=5000).objective == fewest_by_trying_all(distances, limit=5000)


def test_the_last_of_repeated_edges_counts_and_lengths_of_nought_do():
    distances, sites = p_median_instance("3 4 1\n1 2 5\n2 1 9\n2 3 0\n1 3 20\n")
    assert sites == 1
    assert distances.loc["1"].to_dict() == {"1": 0, "2": 9, "3": 9}
    apart, _ = p_median_instance("3 1 1\n1 2 5\n")
    assert np.isinf(apart.loc["1", "3"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "after line 0: nothing found; expected nodes, edges and sites"),
        ("3 2\n", "line 1: found 2 numbers; expected nodes, edges and sites"),
        ("3 2 1\n1 2 5\n", "line 1: 2 edges stated, 1 given"),
        ("3 1 1\n1 4 5\n", "line 2: expected nodes from 1 to 3"),
        ("3 1 1\n1 x 5\n", "line 2: found '1 x 5'; expected numbers"),
        ("3 0 7\n", "line 1: found 3 0 7; expected 1 to 3 sites"),
        ("3 1 1\n1 2 nan\n", "line 2: found '1 2 nan'; expected numbers"),
        ("3 1 1\n1 2.5 4\n", "line 2: found .* expected whole numbers: an edge"),
    ],
)
def test_a_malformed_instance_names_its_line(text, told):
    with pytest.raises(ValueError, match=told):
        p_median_instance(text)


def test_capacitated_instances_are_read_one_or_many_and_distances_are_cut_to_whole_numbers():
    one = " 1 7\n 3 1 9\n 1 0 0 3\n 2 3 4 3\n 3 1 1 3\n"
    (read,) = capacitated_p_median_instances(one)
    assert (read.name, read.best, read.sites) == ("1", 7, 1)
    assert read.distances.loc["1"].tolist() == [0, 5, 1]  # the root of 2 is cut to 1
    assert read.demand.tolist() == [3, 3, 3]
    assert read.capacities.tolist() == [9, 9, 9]
    assert len(capacitated_p_median_instances("2\n" + one + one.replace(" 1 7", " 2 8", 1))) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" 1 7\n 3 1 9\n 1 0 0 3\n 2 3 4 3\n", "after line 4: nothing found; expected a point"),
        (" 1 7\n 2 3 9\n 1 0 0 3\n 2 3 4 3\n", "line 2: found 2 3 9; expected 1 to 2 sites"),
        (" 1 7\n 2 1 9\n 1 0 0 3\n 1 3 4 3\n", "from line 3: expected points of different numbers"),
        (" 1 7\n 2 1 9\n 1 0 inf 3\n 2 3 4 3\n", "line 3: found '1 0 inf 3'; expected numbers"),
    ],
)
def test_a_malformed_capacitated_instance_names_its_line(text, told):
    with pytest.raises(ValueError, match=told):
        capacitated_p_median_instances(text)


def golden(name, text):
    assert text == (GOLDEN / name).read_text(encoding="utf-8"), f"the mathematics changed: review {name}"


def test_the_mathematics_is_as_written():
    covers = np.array([[True, False, True], [False, True, True]])
    golden(
        "maximal_covering.lp", lp_text(*maximal_covering_program(covers, np.array([2.0, 3.0]), list("abc"), sites=1))
    )
    golden("set_covering.lp", lp_text(*set_covering_program(covers, list("abc"))))
    cost = np.array([[0.0, 4.0, 9.0], [7.0, 0.0, 3.0]])
    program, objective, constant = radius_program(
        cost, np.array([False, False, True]), np.array([np.inf, np.inf]), pd.Index(list("abc")), wanted=1
    )
    assert constant == 0
    golden("p_median.lp", lp_text(program, objective))
    problem = siting_problem(FRAME, pd.Series({"x": 1.0, "y": 2.0}), existing=["b"])
    room, takes, pairs = np.array([3.0, 2.0]), np.array([1.0, 2.0]), np.ones((2, 2), dtype=bool)
    made = capacitated_program(problem, room, takes, pairs, sites=1, whole=True, integer=True)
    golden("capacitated.lp", lp_text(*made))
