"""Small programmes as dictionaries and two engines for them: scipy's HiGHS, and OR-tools' CP-SAT in whole numbers."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from ortools.sat.python import cp_model
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

__all__ = ["Engine", "Model", "Row", "Terms", "by_cp_sat", "by_milp"]

Terms = dict[Any, float]
Row = tuple[Terms, str, float]


@dataclass(slots=True)
class Model:
    """A programme: variables with their upper bounds (nought is the lower one), which are whole, and rows."""

    upper: dict[Any, float] = field(default_factory=dict)
    whole: set[Any] = field(default_factory=set)
    rows: list[Row] = field(default_factory=list)


Engine = Callable[[Model, list[Row], Terms], tuple[float, dict[Any, float]] | None]


def by_milp(model: Model, more: list[Row], objective: Terms) -> tuple[float, dict[Any, float]] | None:
    """The least of an objective and where, by scipy's HiGHS; None where the rows cannot be kept."""
    at = {name: i for i, name in enumerate(model.upper)}
    matrix, low, high = _arrays(at, [*model.rows, *more])
    cost = np.zeros(len(at))
    for name, coefficient in objective.items():
        cost[at[name]] = coefficient
    whole = np.array([name in model.whole for name in at], dtype=bool)
    least, most = np.zeros(len(at)), np.array(list(model.upper.values()), dtype=float)
    if whole.any():
        kept, options = LinearConstraint(matrix, low, high), {"mip_rel_gap": 0.0}
        found = milp(cost, integrality=whole, bounds=Bounds(least, most), constraints=kept, options=options)
        if found.status == 2:
            return None
        if found.status != 0:
            raise AssertionError(f"the reference has no answer: {found.message}")
        # Below, once more with the whole ones where they are: a solver's millionth of a child is a penny.
        least, most = (np.where(whole, np.round(found.x), bound) for bound in (least, most))
    equal = low == high
    upper, lower = (high < np.inf) & ~equal, (low > -np.inf) & ~equal
    found = linprog(
        cost,
        A_ub=sparse.vstack([matrix[upper], -matrix[lower]]),
        b_ub=np.concatenate([high[upper], -low[lower]]),
        A_eq=matrix[equal],
        b_eq=high[equal],
        bounds=np.column_stack([least, most]),
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status == 2 and not whole.any():
        return None
    if found.status != 0:
        raise AssertionError(f"the reference has no answer: {found.message}")
    return float(found.fun), dict(zip(at, found.x.tolist(), strict=True))


def by_cp_sat(model: Model, more: list[Row], objective: Terms) -> tuple[float, dict[Any, float]] | None:
    """The same in whole numbers: coefficients as fractions, and what need not be whole in parts as small as theirs."""
    rows = [({n: _fraction(c) for n, c in terms.items()}, s, _fraction(r)) for terms, s, r in [*model.rows, *more]]
    aim = {name: _fraction(c) for name, c in objective.items()}
    numbers = [number for terms, _, right in rows for number in (*terms.values(), right)]
    parts = math.lcm(*(number.denominator for number in [*numbers, *aim.values()]))
    programme = cp_model.CpModel()
    scale = {name: 1 if name in model.whole else parts for name in model.upper}
    made = {
        name: programme.new_int_var(0, round(min(most, 10**6) * scale[name]), str(name))
        for name, most in model.upper.items()
    }
    # Everything is counted in parts of parts, in which all coefficients are whole.
    unit = parts * parts
    for terms, sense, right in rows:
        left = sum(int(c * unit / scale[name]) * made[name] for name, c in terms.items())
        whole_right = int(right * unit)
        match sense:
            case "<=":
                programme.add(left <= whole_right)
            case ">=":
                programme.add(left >= whole_right)
            case _:
                programme.add(left == whole_right)
    programme.minimize(sum(int(c * unit / scale[name]) * made[name] for name, c in aim.items()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(programme)
    if status == cp_model.INFEASIBLE:
        return None
    if status != cp_model.OPTIMAL:
        raise AssertionError(f"the second reference has no answer: {solver.status_name(status)}")
    values = {name: solver.value(variable) / scale[name] for name, variable in made.items()}
    return sum(c * values[name] for name, c in objective.items()), values


def _arrays(at: dict[Any, int], rows: list[Row]) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """Rows as a matrix and what each has to lie between."""
    matrix = sparse.lil_array((len(rows), len(at)))
    low, high = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for i, (terms, sense, right) in enumerate(rows):
        for name, coefficient in terms.items():
            matrix[i, at[name]] = coefficient
        if sense != "<=":
            low[i] = right
        if sense != ">=":
            high[i] = right
    return matrix.tocsr(), low, high


def _fraction(number: float) -> Fraction:
    return Fraction(number).limit_denominator(1_000_000)
