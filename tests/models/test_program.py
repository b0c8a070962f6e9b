"""Programmes as tables: answers worked by hand and by linprog, refused numbers, and a solver whose word is checked."""

from pathlib import Path

import numpy as np
import pandas as pd
import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from support.placement_peers import problem_of

from placeplan.models.network import restrict
from placeplan.models.one_year import year_network
from placeplan.models.program import (
    InfeasibleError,
    OutOfTimeError,
    Program,
    Status,
    bound_of_variables,
    lp_text,
    solve,
)

INF = float("inf")
GOLDEN = Path(__file__).parent / "golden" / "allocation.lp"


def program_of(variables, rows):
    """A programme of ``{variable: (lower, upper[, whole])}`` and ``{row: ({variable: coefficient}, sense, right)}``."""
    of_variables = {name: (*bounds, False)[:3] for name, bounds in variables.items()}
    entries = [(row, name, n) for row, (terms, _, _) in rows.items() for name, n in terms.items()]
    return Program(
        pd.DataFrame.from_dict(of_variables, orient="index", columns=["lower", "upper", "whole"]).astype(
            {"lower": float, "upper": float, "whole": bool}
        ),
        pd.DataFrame(
            {"sense": [r[1] for r in rows.values()], "right": np.array([r[2] for r in rows.values()], float)},
            index=pd.Index(list(rows), dtype=object),
        ),
        pd.DataFrame(entries, columns=["row", "variable", "coefficient"]).astype({"coefficient": float}),
    )


# Bread of two flours: at least 4 of x + y, at most 3 of x, y - x <= 2; x costs 2, y costs 3. x = 3, y = 1: 9.
FLOUR = program_of(
    {"x": (0, 3), "y": (0, INF)},
    {"enough": ({"x": 1, "y": 1}, ">=", 4), "mix": ({"y": 1, "x": -1}, "<=", 2)},
)
FLOUR_COST = pd.Series({"x": 2.0, "y": 3.0})


def test_a_linear_programme_worked_by_hand_with_its_prices():
    found = solve(FLOUR, FLOUR_COST)
    assert found.status is Status.optimal
    assert found.values.to_dict() == pytest.approx({"x": 3, "y": 1})
    assert (found.objective, found.bound) == pytest.approx((9, 9))
    # One more of bread is one more y: 3. The mix is not tight. One more x allowed saves 1.
    assert found.row_prices.to_dict() == pytest.approx({"enough": 3, "mix": 0})
    assert found.reduced_costs.to_dict() == pytest.approx({"x": -1, "y": 0})


def test_prices_have_the_same_sign_on_every_solver_and_row_sense():
    # Minimise -x - y, x + y <= 4, x - y = 1: x = 2.5, y = 1.5. A right-hand side one larger lowers it by one.
    program = program_of(
        {"x": (0, INF), "y": (0, INF)}, {"room": ({"x": 1, "y": 1}, "<=", 4), "odd": ({"x": 1, "y": -1}, "=", 1)}
    )
    found = solve(program, pd.Series({"x": -1.0, "y": -1.0}))
    assert found.values.to_dict() == pytest.approx({"x": 2.5, "y": 1.5})
    assert found.row_prices.to_dict() == pytest.approx({"room": -1, "odd": 0})


@st.composite
def boxed_programmes(draw, *, whole=False):
    """A bounded programme of up to five variables and four rows, and its costs."""
    numbers = st.integers(-3, 3)
    names = [f"x{i}" for i in range(draw(st.integers(1, 5)))]
    variables = {}
    for name in names:
        lower = draw(st.integers(-2, 1))
        variables[name] = (lower, lower + draw(st.integers(0, 4)), whole and draw(st.booleans()))
    rows = {
        f"row {i}": (
            {n: draw(numbers) for n in names},
            draw(st.sampled_from(["<=", "=", ">="])),
            draw(st.integers(-4, 6)),
        )
        for i in range(draw(st.integers(0, 4)))
    }
    return program_of(variables, rows), pd.Series({n: float(draw(numbers)) for n in names})


def peer(program, costs):
    """The least objective by scipy over dense rows, or nothing where there is no answer."""
    dense = np.zeros((len(program.rows), len(program.variables)))
    for entry in program.entries.itertuples():
        dense[program.rows.index.get_loc(entry.row), program.variables.index.get_loc(entry.variable)] = (
            entry.coefficient
        )
    right, sense = program.rows["right"].to_numpy(), program.rows["sense"].to_numpy()
    lowest, highest = np.where(sense == "<=", -np.inf, right), np.where(sense == ">=", np.inf, right)
    lower, upper, whole = (program.variables[name].to_numpy() for name in ("lower", "upper", "whole"))
    if whole.any():
        found = milp(
            costs, constraints=LinearConstraint(dense, lowest, highest), bounds=Bounds(lower, upper), integrality=whole
        )
    else:
        equal, up, down = sense == "=", sense == "<=", sense == ">="
        found = linprog(
            costs,
            A_ub=np.vstack([dense[up], -dense[down]]),
            b_ub=np.concatenate([right[up], -right[down]]),
            A_eq=dense[equal],
            b_eq=right[equal],
            bounds=list(zip(lower, upper, strict=True)),
            method="highs-ipm",
        )
    return None if found.status == 2 else float(found.fun)


@settings(max_examples=100, deadline=None)
@given(asked=boxed_programmes())
def test_linear_programmes_equal_linprog_and_their_bound_closes(asked):
    program, costs = asked
    best = peer(program, costs)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(program, costs)
        return
    found = solve(program, costs)
    assert (found.objective, found.bound) == pytest.approx((best, best), abs=1e-6)
    assert found.status is Status.optimal
    # Complementary slackness: what costs is at a bound, and what is priced is tight.
    used = program.matrix() @ found.values.to_numpy()
    assert found.row_prices.to_numpy() * (used - program.rows["right"].to_numpy()) == pytest.approx(0, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(asked=boxed_programmes(whole=True))
def test_integer_programmes_equal_milp_and_have_a_bound_and_no_prices(asked):
    program, costs = asked
    best = peer(program, costs)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(program, costs)
        return
    found = solve(program, costs)
    assert found.objective == pytest.approx(best, abs=1e-6)
    assert found.bound == pytest.approx(best, abs=1e-6)
    assert found.status is Status.optimal
    whole = program.variables["whole"].to_numpy()
    assert (found.values.to_numpy()[whole] % 1 == 0).all()
    if whole.any():
        assert found.row_prices is None
        assert found.reduced_costs is None


@settings(max_examples=40, deadline=None)
@given(asked=boxed_programmes())
def test_coefficients_come_as_a_table_or_as_a_matrix_and_labels_as_names_or_numbers(asked):
    program, costs = asked
    numbered = Program(program.variables.reset_index(drop=True), program.rows.reset_index(drop=True), program.matrix())
    best = peer(program, costs)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(numbered, costs.reset_index(drop=True))
        return
    found = solve(numbered, costs.reset_index(drop=True))
    assert (found.objective, found.bound) == pytest.approx((best, best), abs=1e-6)
    assert found.values.index.tolist() == list(range(len(costs)))


def test_the_least_that_variables_come_to_worked_by_hand():
    # At 3 each from 1 to 4; at -2 from 0 to 5; at nought without end; at 7 from -2 up: 3 x 1 - 2 x 5 + 0 - 7 x 2.
    variables = pd.DataFrame({"lower": [1.0, 0.0, 0.0, -2.0], "upper": [4.0, 5.0, INF, INF]})
    assert bound_of_variables(variables, np.array([3.0, -2.0, 0.0, 7.0])) == 3 - 10 - 14
    assert bound_of_variables(variables, np.array([3.0, -2.0, -1.0, 7.0])) == -INF
    # What a solver's rounding leaves of nought is no way down without end.
    assert bound_of_variables(variables, np.array([3.0, -2.0, -1e-9, 7.0])) == 3 - 10 - 14


def test_names_that_a_solver_would_confuse_stay_two():
    names = ["a-b", "a b", "a_b", "a/b", "é", "è", "a_b__2"]
    program = program_of(
        dict.fromkeys(names, (0, 10)), {f"row {name}": ({name: 1}, ">=", i + 1) for i, name in enumerate(names)}
    )
    found = solve(program, pd.Series(1.0, index=names))
    assert found.values.to_dict() == pytest.approx({name: i + 1 for i, name in enumerate(names)})
    text = lp_text(program, pd.Series(1.0, index=names))
    bounds = [line.split(" <= ")[1] for line in text.partition("Bounds\n")[2].splitlines()]
    assert len(set(bounds)) == len(names)
    assert all((name.isascii() and name.replace("_", "").isalnum()) or set(name) == {"_"} for name in bounds)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, c: (p, c.replace(2.0, np.nan)), "an objective|a objective"),
        (lambda p, c: (p, c.replace(2.0, INF)), "objective"),
        (lambda p, c: (Program(p.variables, p.rows.assign(right=INF), p.entries), c), "right-hand side"),
        (lambda p, c: (Program(p.variables, p.rows.assign(right=np.nan), p.entries), c), "right-hand side"),
        (lambda p, c: (Program(p.variables, p.rows, p.entries.assign(coefficient=np.nan)), c), "coefficient"),
        (lambda p, c: (Program(p.variables.assign(lower=-INF), p.rows, p.entries), c), "lower bound"),
        (lambda p, c: (Program(p.variables.assign(upper=np.nan), p.rows, p.entries), c), "upper bound"),
    ],
)
def test_numbers_that_are_not_finite_are_refused(change, message):
    with pytest.raises(ValueError, match=message) as raised:
        solve(*change(FLOUR, FLOUR_COST))
    assert not isinstance(raised.value, InfeasibleError)


def test_an_entry_that_names_nothing_is_refused():
    entries = FLOUR.entries.replace("mix", "mixture")
    with pytest.raises(KeyError, match="does not have"):
        solve(Program(FLOUR.variables, FLOUR.rows, entries), FLOUR_COST)


def test_no_answer_and_no_least_answer_are_errors():
    none = program_of({"x": (0, 1)}, {"much": ({"x": 1}, ">=", 2)})
    with pytest.raises(InfeasibleError, match="infeasible"):
        solve(none, pd.Series({"x": 1.0}))
    whole = program_of({"x": (0, 1, True)}, {"half": ({"x": 2}, "=", 1)})
    with pytest.raises(InfeasibleError):
        solve(whole, pd.Series({"x": 1.0}))
    endless = program_of({"x": (0, INF)}, {"some": ({"x": 1}, ">=", 2)})
    with pytest.raises(InfeasibleError):
        solve(endless, pd.Series({"x": -1.0}))


def test_an_unknown_solver_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"solver 'GUESS': expected one of .*HiGHS"):
        solve(FLOUR, FLOUR_COST, solver="GUESS")


def test_a_programme_without_variables_or_rows_has_an_answer():
    empty = solve(program_of({}, {}), pd.Series(dtype=float))
    assert (empty.status, empty.objective, empty.bound) == (Status.optimal, 0, 0)
    with pytest.raises(InfeasibleError):
        solve(program_of({}, {"impossible": ({}, ">=", 1)}), pd.Series(dtype=float))
    free = solve(program_of({"x": (1, 5), "y": (0, 5)}, {}), pd.Series({"x": 1.0, "y": -1.0}))
    assert free.values.to_dict() == pytest.approx({"x": 1, "y": 5})


@pytest.mark.parametrize("whole", [False, True])
def test_nothing_is_printed(capfd, whole):
    program = Program(FLOUR.variables.assign(whole=whole), FLOUR.rows, FLOUR.entries)
    print("before")
    solve(program, FLOUR_COST)
    print("after")
    assert capfd.readouterr() == ("before\nafter\n", "")


@pytest.mark.parametrize(
    ("values", "message"),
    [({"x": 3.0, "y": 0.5}, "breaks row 'enough'"), ({"x": 3.5, "y": 1.5}, "'x' out of its bounds")],
)
def test_an_answer_that_breaks_a_row_or_a_bound_is_not_believed(monkeypatch, values, message):
    def wrong(problem, _solver):
        for variable in problem.variables():
            variable.varValue = values[variable.name]
        problem.status = pulp.LpStatusOptimal

    monkeypatch.setattr(pulp.LpProblem, "solve", wrong)
    with pytest.raises(InfeasibleError, match=message):
        solve(FLOUR, FLOUR_COST)


def test_a_poor_answer_called_optimal_is_only_feasible(monkeypatch):
    def poor(problem, _solver):
        for variable in problem.variables():
            variable.varValue = {"x": 2.0, "y": 3.0}[variable.name]
        for row in problem.constraints():
            row.pi = {"enough": 2.0, "mix": 1.0}[row.name]
        problem.status = pulp.LpStatusOptimal

    monkeypatch.setattr(pulp.LpProblem, "solve", poor)
    found = solve(FLOUR, FLOUR_COST)
    # A price of 2 on bread and, of the wrong sign and so taken as nought, 1 on the mix: 2 x 4 <= 9 <= 2 x 2 + 3 x 3.
    assert found.status is Status.feasible
    assert (found.objective, found.bound) == (13, 8)


def test_a_solver_that_stops_with_an_error_has_no_answer(monkeypatch):
    def broken(_problem, _solver):
        raise pulp.PulpSolverError("out of memory")

    monkeypatch.setattr(pulp.LpProblem, "solve", broken)
    with pytest.raises(InfeasibleError, match="HiGHS stopped: out of memory"):
        solve(FLOUR, FLOUR_COST)
    with pytest.raises(OutOfTimeError):
        solve(FLOUR, FLOUR_COST, time_limit=1e-9)


def test_what_presolve_calls_infeasible_is_asked_again():
    # x = (1, 1, 1, 1) keeps every row; HiGHS 1.16 finds nothing with presolve.
    four = program_of(
        dict.fromkeys(("a", "left_a", "b", "left_b"), (0, np.inf, True)) | {"over": (0, 2)},
        {
            "room": ({"a": 1, "b": 1, "over": -1}, "<=", 0),
            "own": ({"left_a": 1, "b": 1}, "<=", 3.5),
            "gap": ({"left_a": 1, "left_b": 1}, "<=", 2),
            "cost": ({"a": 1_000_002, "b": 1_000_001}, "<=", 2_000_003),
            "minutes": ({"a": 125, "b": 400}, "<=", 525),
            "all_a": ({"a": 1, "left_a": 1}, "=", 2),
            "all_b": ({"b": 1, "left_b": 1}, "=", 2),
        },
    )
    found = solve(four, pd.Series({"a": 676_227.0, "b": 969_445.0}))
    assert found.values[["a", "left_a", "b", "left_b"]].tolist() == [1, 1, 1, 1]
    none = Program(
        four.variables, four.rows.assign(right=four.rows["right"].where(four.rows.index != "gap", 1.0)), four.entries
    )
    with pytest.raises(InfeasibleError):
        solve(none, pd.Series({"a": 1.0}))


@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated")
def test_another_solver_proves_whole_answers_too():
    knapsack = program_of(
        {"a": (0, 1, True), "b": (0, 1, True), "c": (0, 1, True)}, {"room": ({"a": 3, "b": 4, "c": 5}, "<=", 7)}
    )
    # The dearest within 7 of 3, 4, 5 worth 4, 5, 6: a and b, worth 9.
    worth = pd.Series({"a": -4.0, "b": -5.0, "c": -6.0})
    for solver in ("HiGHS", "PULP_CBC_CMD"):
        found = solve(knapsack, worth, solver=solver)
        assert (found.status, found.objective, found.bound) == (Status.optimal, -9, pytest.approx(-9))
        assert found.values.to_dict() == {"a": 1, "b": 1, "c": 0}


def test_an_allocation_reads_as_it_was_worked_out_on_paper():
    """The programme of one small allocation with every arc, reviewed by hand.

    Two children of group a and one of b; north has three places of which one is held, and a band of one above
    them at 500 pounds; places at "shop" are bought one by one, but only b may go there. So: a row a group,
    in which only a has a gap (b always finds a place); one row of places for north, 3 - 1 = 2, none for the
    shop; the band bounded by its width. Both groups have a choice, so both have a row. The objective is the stage of
    cost: pairs and band, no gap.
    """
    problem = problem_of(
        {"a": 2, "b": 1},
        {"north": (3, 1), "shop": (INF, 0)},
        {("a", "north"): (1_000, 10), ("b", "north"): (1_200.5, 20), ("b", "shop"): (60_000, 30)},
        {"north": [(1, 500)]},
    )
    network = year_network(problem).network
    every = np.arange(network.first[-1])
    whole = restrict(network, network.cost["cost"], network.extra_cost["cost"], every, named=True)
    assert lp_text(whole.program, whole.objective) == GOLDEN.read_text(encoding="utf-8")
