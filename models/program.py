"""Linear and integer programmes as labelled tables, solved through PuLP, each answer checked before it is believed.

The only module that knows PuLP. A solver's word is never taken for it: the primal is put back into every
row, and the bound of a linear programme is computed here from the row prices (any prices of the right
sign give a valid bound, so a wrong one can only be too cautious).
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import highspy
import numpy as np
import pandas as pd
import pulp
from numpy.typing import NDArray
from scipy import sparse

__all__ = [
    "DEFAULT_SOLVER",
    "GAP_TOLERANCE",
    "InfeasibleError",
    "OutOfTimeError",
    "Program",
    "PulpError",
    "Solution",
    "Status",
    "bound_of_variables",
    "lp_text",
    "read_constraint",
    "seconds_left",
    "solve",
    "variable_maker",
]

PulpError = pulp.PulpError

DEFAULT_SOLVER: Final = "HiGHS"
FEASIBILITY_TOLERANCE: Final = 1e-6
GAP_TOLERANCE: Final = 1e-7
"""Relative gap between objective and bound up to which an answer counts as proven."""


class Status(StrEnum):
    """What is known of an answer."""

    optimal = "optimal"
    feasible = "feasible"


class InfeasibleError(ValueError):
    """The programme has no feasible answer, or the solver returned none within its limits."""


class OutOfTimeError(InfeasibleError):
    """The seconds ended before there was an answer; whether there is one is not known."""


@dataclass(frozen=True, slots=True)
class Program:
    """Rows over bounded variables; always minimised.

    ``variables``: index of labels; columns lower, upper (float), whole (bool).
    ``rows``: index of labels; columns sense (``<=``, ``=``, ``>=``), right (float).
    ``entries``: columns row, variable (labels), coefficient; no (row, variable) twice. Or the coefficients themselves,
    rows x variables.
    """

    variables: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    entries: pd.DataFrame | sparse.csr_array = field(repr=False)

    def matrix(self) -> sparse.csr_array:
        """The coefficients, rows x variables."""
        if not isinstance(self.entries, pd.DataFrame):
            return self.entries
        positions = (
            self.rows.index.get_indexer(pd.Index(self.entries["row"])),
            self.variables.index.get_indexer(pd.Index(self.entries["variable"])),
        )
        if min((p.min() for p in positions if len(p)), default=0) < 0:
            raise KeyError("an entry names a row or variable that the programme does not have")
        shape = (len(self.rows), len(self.variables))
        return sparse.csr_array((self.entries["coefficient"].to_numpy(float), positions), shape=shape)


@dataclass(frozen=True, slots=True)
class Solution:
    """An answer that satisfies every row to 1e-6.

    ``bound`` is a proven lower bound on the objective. ``row_prices`` and ``reduced_costs`` (change of the
    objective per unit of the right-hand side, and per unit of the variable) are those of a linear
    programme; an integer one has none.
    """

    status: Status
    objective: float
    bound: float
    values: pd.Series = field(repr=False)
    row_prices: pd.Series | None = field(repr=False)
    reduced_costs: pd.Series | None = field(repr=False)


def solve(
    program: Program,
    objective: pd.Series,
    *,
    solver: str = DEFAULT_SOLVER,
    time_limit: float | None = None,
    relative_gap: float = 0.0,
) -> Solution:
    """Minimise ``objective`` (coefficients by variable label; absent is nought) over ``program``.

    ``relative_gap`` lets the search of an integer programme stop once the answer is known to be that close
    to the best; it is then ``feasible`` with its bound.

    Raises ``InfeasibleError`` where there is no answer (``OutOfTimeError`` where none was found in ``time_limit``
    seconds), ``ValueError`` where a number is not finite or the solver is not one that PuLP has here.
    """
    deadline = None if time_limit is None else time.monotonic() + time_limit
    try:
        return _solved(program, objective, solver=solver, deadline=deadline, relative_gap=relative_gap)
    except InfeasibleError as error:
        if deadline is not None and time.monotonic() >= deadline:
            raise OutOfTimeError(f"{solver} found no answer in time") from error
        raise


def _solved(
    program: Program, objective: pd.Series, *, solver: str, deadline: float | None, relative_gap: float
) -> Solution:
    costs = objective.reindex(program.variables.index).fillna(0.0).to_numpy(float)
    matrix = program.matrix()
    _check_numbers(program, matrix, objective)
    whole = bool(program.variables["whole"].any())
    if len(program.variables) == 0:
        return _judge(program, matrix, costs, np.zeros(0), prices=np.zeros(len(program.rows)))
    problem, columns, rows = _to_pulp(program, matrix, costs)
    values = _values(problem, columns, solver, _solver(solver, seconds_left(deadline), relative_gap))
    if values is None and whole and solver == DEFAULT_SOLVER and problem.status == pulp.LpStatusInfeasible:
        # HiGHS 1.16 has called a programme of four whole variables infeasible that is not, but not without presolve.
        again = _solver(solver, seconds_left(deadline), relative_gap, presolve="off")
        values = _values(problem, columns, solver, again)
    if values is None:
        raise InfeasibleError(f"{solver} found no answer: {pulp.LpStatus[problem.status].lower()}")
    if whole:
        return _judge(program, matrix, costs, _rounded(program, values), integer_bound=_integer_bound(problem, solver))
    prices = np.array([0.0 if row.pi is None else row.pi for row in rows])
    return _judge(program, matrix, costs, values, prices=prices)


def _values(
    problem: pulp.LpProblem, columns: list[pulp.LpVariable], name: str, solver: pulp.LpSolver
) -> NDArray[np.float64] | None:
    """What the solver gives the variables; None where it gives nothing."""
    try:
        problem.solve(solver)
    except pulp.PulpSolverError as error:
        raise InfeasibleError(f"{name} stopped: {error}") from error
    values = np.array([np.nan if v.varValue is None else v.varValue for v in columns])
    nothing = problem.status in (pulp.LpStatusInfeasible, pulp.LpStatusUnbounded) or not np.isfinite(values).all()
    return None if nothing else values


def variable_maker() -> Callable[[str], pulp.LpVariable]:
    """What makes PuLP variables of nought or more by name, for rules that are written in PuLP."""
    problem = pulp.LpProblem("own", pulp.LpMinimize)
    return lambda name: problem.add_variable(name, 0)


def read_constraint(name: str, constraint: object) -> tuple[dict[str, float], str, float]:
    """A PuLP constraint as coefficients by variable's name, sense and right-hand side.

    Raises ``ValueError`` where it is none, or a number in it is not finite.
    """
    if not isinstance(constraint, pulp.LpConstraint):
        expected = "a PuLP constraint, such as lpSum(...) <= 3"
        raise ValueError(f"rule {name!r}: expected {expected}, found {type(constraint).__name__}")  # noqa: TRY004 (the one error of this module)
    senses = {pulp.LpConstraintLE: "<=", pulp.LpConstraintEQ: "=", pulp.LpConstraintGE: ">="}
    terms = {v.name: float(coefficient) for v, coefficient in constraint.items()}
    right = -float(constraint.constant)
    if not np.isfinite([right, *terms.values()]).all():
        raise ValueError(f"rule {name!r}: expected finite numbers")
    return terms, senses[constraint.sense], right


def seconds_left(deadline: float | None) -> float | None:
    """The seconds to a time of ``time.monotonic``, hardly any where it is past; None where there is none."""
    return None if deadline is None else max(1e-3, deadline - time.monotonic())


def lp_text(program: Program, objective: pd.Series) -> str:
    """The programme in LP format, for reading and for golden tests."""
    costs = objective.reindex(program.variables.index).fillna(0.0).to_numpy(float)
    problem, columns, rows = _to_pulp(program, program.matrix(), costs)
    lines = ["Minimize", f"objective: {problem.objective}", "Subject To"]
    lines += [f"{row.name}: {row}" for row in rows]
    lines.append("Bounds")
    lines += [f"{v.lowBound} <= {v.name} <= {v.upBound}{' whole' if v.isInteger() else ''}" for v in columns]
    return "\n".join(lines) + "\n"


def _check_numbers(program: Program, matrix: sparse.csr_array, objective: pd.Series) -> None:
    for what, numbers in (
        ("objective", objective.to_numpy(float)),
        ("right-hand side", program.rows["right"].to_numpy(float)),
        ("coefficient", matrix.data),
        ("lower bound", program.variables["lower"].to_numpy(float)),
    ):
        if not np.isfinite(numbers).all():
            raise ValueError(f"a {what} of the programme is not a finite number")
    if program.variables["upper"].isna().any():
        raise ValueError("an upper bound of the programme is not a number")


def _safe_names(labels: pd.Index) -> list[str]:
    """Names that every solver can read and none confuses: PuLP maps ``a-b`` and ``a b`` to one name."""
    if isinstance(labels, pd.RangeIndex):
        return [f"x{label}" for label in labels]
    seen: dict[str, int] = {}
    used: set[str] = set()
    names = []
    for label in labels.astype(str):
        stem = name = re.sub(r"\W", "_", label, flags=re.ASCII)
        while name in used:
            seen[stem] = seen.get(stem, 1) + 1
            name = f"{stem}__{seen[stem]}"
        used.add(name)
        names.append(name)
    return names


def _to_pulp(
    program: Program, matrix: sparse.csr_array, costs: NDArray[np.float64]
) -> tuple[pulp.LpProblem, list[pulp.LpVariable], list[pulp.LpConstraint]]:
    problem = _Stated("placeplan", pulp.LpMinimize)
    variables = program.variables
    columns = [
        problem.add_variable(name, low, None if up == np.inf else up, pulp.LpInteger if whole else pulp.LpContinuous)
        for name, low, up, whole in zip(
            _safe_names(variables.index),
            variables["lower"].tolist(),
            variables["upper"].tolist(),
            variables["whole"].tolist(),
            strict=True,
        )
    ]
    problem.columns, problem.stated = columns, (program, matrix, costs)
    problem.setObjective(pulp.LpAffineExpression(list(zip(columns, costs.tolist(), strict=True))))
    senses = {"<=": pulp.LpConstraintLE, "=": pulp.LpConstraintEQ, ">=": pulp.LpConstraintGE}
    rows = []
    starts, indices, data = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    for i, (name, sense, right) in enumerate(
        zip(_safe_names(program.rows.index), program.rows["sense"], program.rows["right"].tolist(), strict=True)
    ):
        terms = [(columns[indices[k]], data[k]) for k in range(starts[i], starts[i + 1])]
        row = pulp.LpConstraint(pulp.LpAffineExpression(terms), senses[sense], name, right)
        problem.addConstraint(row)
        rows.append(row)
    return problem, columns, rows


class _Stated(pulp.LpProblem):  # type: ignore[misc] # PuLP gives no type for it
    """A problem whose variables are all known: PuLP would look for them in every row again, and again sort them."""

    columns: list[pulp.LpVariable]
    stated: tuple[Program, sparse.csr_array, NDArray[np.float64]]

    def variables(self) -> list[pulp.LpVariable]:
        return self.columns


class _QuietHiGHS(pulp.HiGHS):  # type: ignore[misc] # PuLP gives no type for it
    """HiGHS without the banner that it prints whatever ``msg`` says, and given a programme whole, not row by row."""

    def createAndConfigureSolver(self, lp: pulp.LpProblem) -> None:  # noqa: N802 (PuLP's name)
        with _standard_output_closed():
            super().createAndConfigureSolver(lp)

    def buildSolverModel(self, lp: _Stated) -> None:  # noqa: N802 (PuLP's name)
        program, matrix, costs = lp.stated
        variables, sense = program.variables, program.rows["sense"].to_numpy()
        right = program.rows["right"].to_numpy(float)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(variables), len(right)
        model.col_cost_ = costs
        model.col_lower_, model.col_upper_ = (variables[name].to_numpy(float) for name in ("lower", "upper"))
        model.row_lower_ = np.where(sense == "<=", -np.inf, right)
        model.row_upper_ = np.where(sense == ">=", np.inf, right)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        rows = model.a_matrix_
        rows.start_, rows.index_, rows.value_ = matrix.indptr, matrix.indices, matrix.data
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[whole] for whole in variables["whole"].tolist()]
        if lp.solverModel.passModel(model) == highspy.HighsStatus.kError:
            raise pulp.PulpSolverError("HiGHS does not take the programme")
        for place, part in [*enumerate(lp.columns), *enumerate(lp.constraints())]:
            part.index = place


@contextmanager
def _standard_output_closed() -> Iterator[None]:
    """Send file descriptor 1 nowhere: the banner is written below Python's own ``sys.stdout``."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _solver(name: str, time_limit: float | None, relative_gap: float, **options: str) -> pulp.LpSolver:
    if name == DEFAULT_SOLVER:
        # One thread, always: HiGHS refuses to solve when the number changes within a process.
        return _QuietHiGHS(msg=False, timeLimit=time_limit, gapRel=relative_gap, threads=1, **options)
    available = pulp.listSolvers(onlyAvailable=True)
    if name not in available:
        raise ValueError(f"solver {name!r}: expected one of {', '.join(sorted(available))}")
    return pulp.getSolver(name, msg=False, timeLimit=time_limit, gapRel=relative_gap)


def _rounded(program: Program, values: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = program.variables["whole"].to_numpy(bool)
    return np.where(whole, np.round(values), values)


def _integer_bound(problem: pulp.LpProblem, solver: str) -> float:
    if solver == DEFAULT_SOLVER:
        return float(problem.solverModel.getInfo().mip_dual_bound)
    return float(pulp.value(problem.objective)) if problem.sol_status == pulp.LpSolutionOptimal else -np.inf


def _judge(
    program: Program,
    matrix: sparse.csr_array,
    costs: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    prices: NDArray[np.float64] | None = None,
    integer_bound: float | None = None,
) -> Solution:
    """Put the answer back into every row, find its bound, and only then name its status."""
    _check_feasible(program, matrix, values)
    objective = float(costs @ values)
    row_prices = reduced_costs = None
    if prices is not None:
        sense = program.rows["sense"].to_numpy()
        prices = np.where(sense == "<=", np.minimum(prices, 0.0), prices)
        prices = np.where(sense == ">=", np.maximum(prices, 0.0), prices)
        reduced = costs - matrix.T @ prices
        bound = float(prices @ program.rows["right"].to_numpy(float)) + bound_of_variables(program.variables, reduced)
        row_prices = pd.Series(prices, index=program.rows.index)
        reduced_costs = pd.Series(reduced, index=program.variables.index)
    else:
        bound = -np.inf if integer_bound is None else integer_bound
    proven = objective - bound <= GAP_TOLERANCE * max(1.0, abs(objective))
    return Solution(
        status=Status.optimal if proven else Status.feasible,
        objective=objective,
        bound=min(bound, objective),
        values=pd.Series(values, index=program.variables.index),
        row_prices=row_prices,
        reduced_costs=reduced_costs,
    )


def bound_of_variables(variables: pd.DataFrame, reduced: NDArray[np.float64]) -> float:
    """The least that variables (lower, upper) with these reduced costs come to within their bounds."""
    lower, upper = variables["lower"].to_numpy(float), variables["upper"].to_numpy(float)
    # A solver's reduced cost of -1e-9 on an unbounded variable is rounding, not a ray.
    reduced = np.where(np.isinf(upper) & (reduced > -FEASIBILITY_TOLERANCE), np.maximum(reduced, 0.0), reduced)
    at = np.where(reduced > 0, lower, np.where(reduced < 0, upper, 0.0))
    return float(np.sum(reduced * at))


def _check_feasible(program: Program, matrix: sparse.csr_array, values: NDArray[np.float64]) -> None:
    right = program.rows["right"].to_numpy(float)
    sense = program.rows["sense"].to_numpy()
    excess = matrix @ values - right
    broken = np.where(sense == "<=", excess, np.where(sense == ">=", -excess, np.abs(excess)))
    scale = FEASIBILITY_TOLERANCE * np.maximum(1.0, np.abs(right))
    if (broken > scale).any():
        worst = int(np.argmax(broken - scale))
        raise InfeasibleError(f"the solver's answer breaks row {program.rows.index[worst]!r} by {broken[worst]:g}")
    below = program.variables["lower"].to_numpy(float) - values
    above = values - program.variables["upper"].to_numpy(float)
    outside = np.maximum(below, above)
    if len(outside) and outside.max() > FEASIBILITY_TOLERANCE:
        worst = int(np.argmax(outside))
        raise InfeasibleError(f"the solver's answer puts {program.variables.index[worst]!r} out of its bounds")
