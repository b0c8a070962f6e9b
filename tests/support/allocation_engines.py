"""Other engines for allocation instances, each with the best build it allows: PuLP, highspy, scipy, linopy, OR-tools.

Each takes an instance and gives an ``Answer``. The seconds of building begin at the frames. The objective is counted
again from the values that the engine gives, which must keep every row: an engine's word is not taken for it.
"""

import importlib
import itertools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import highspy
import numpy as np
import pandas as pd
import pulp
from allocation_instances import Instance, TenYears
from allocation_lps import Numbers, SideRows, Whole, WholeLp, one_year_lp, positions, ten_years_lp
from ortools.graph.python import min_cost_flow
from scipy import sparse
from scipy.optimize import linprog

__all__ = [
    "LP_PEERS",
    "Answer",
    "Engine",
    "bare_flow",
    "by_cbc",
    "by_highspy",
    "by_linopy",
    "by_pulp",
    "by_scipy",
    "side_rows",
    "whole_lp_ten_years",
]

TOLERANCE = 1e-5
"""By how much of its right side an engine's answer may break a row: CBC writes eight digits."""

LONG_MINUTES = 45.0
SENSES = {"=": pulp.LpConstraintEQ, "<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE}


@dataclass(frozen=True, slots=True)
class Answer:
    """Pounds a year (over ten years: their present worth), and the seconds of building and of solving."""

    objective: float
    seconds_build: float
    seconds_solve: float
    detail: str


Engine = Callable[..., Answer]


def by_pulp(instance: Instance | TenYears, *, method: str, side: SideRows | None = None) -> Answer:
    """PuLP, built from lists, with HiGHS: ``method`` is simplex or ipm."""
    return _by_pulp(instance, side, pulp.HiGHS(msg=False, threads=1, solver=method))


def by_cbc(instance: Instance | TenYears, *, side: SideRows | None = None) -> Answer:
    """PuLP, built from lists, with the CBC that it brings."""
    with warnings.catch_warnings():
        # PuLP 4 will not bring it; the project keeps to PuLP 3.
        warnings.simplefilter("ignore", DeprecationWarning)
        solver = pulp.PULP_CBC_CMD(msg=False, threads=1)
    return _by_pulp(instance, side, solver)


def by_highspy(
    instance: Instance | TenYears, *, method: str, crossover: bool = True, side: SideRows | None = None
) -> Answer:
    """HiGHS from arrays, with nothing between: ``method`` is simplex or ipm, the latter with crossover or without."""
    began = time.perf_counter()
    lp = _lp(instance, side)
    model = highspy.Highs()
    # HiGHS solves nothing once the number of threads has changed within a process, so it is always one.
    settings = {"output_flag": False, "threads": 1, "solver": method, "run_crossover": "on" if crossover else "off"}
    for option, value in settings.items():
        model.setOptionValue(option, value)
    given = highspy.HighsLp()
    given.num_row_, given.num_col_ = lp.matrix.shape
    given.col_cost_, given.col_lower_, given.col_upper_ = lp.cost, np.zeros(len(lp.cost)), lp.most
    given.row_lower_, given.row_upper_ = lp.lower, lp.upper
    given.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    given.a_matrix_.num_row_, given.a_matrix_.num_col_ = lp.matrix.shape
    given.a_matrix_.start_, given.a_matrix_.index_ = lp.matrix.indptr, lp.matrix.indices
    given.a_matrix_.value_ = lp.matrix.data
    model.passModel(given)
    built = time.perf_counter()
    model.run()
    values = np.array(model.getSolution().col_value)
    solved = time.perf_counter()
    info = model.getInfo()
    steps = f"{info.simplex_iteration_count} simplex, {info.ipm_iteration_count} interior, "
    steps += f"{info.crossover_iteration_count} crossover steps"
    return _answer(lp, values, (began, built, solved), steps)


def by_scipy(instance: Instance | TenYears, *, side: SideRows | None = None) -> Answer:
    """HiGHS through scipy's linprog, which chooses the method."""
    began = time.perf_counter()
    lp = _lp(instance, side)
    equal = lp.lower == lp.upper
    below, above = ~equal & np.isfinite(lp.upper), ~equal & np.isfinite(lp.lower)
    at_most = sparse.csr_array(sparse.vstack([lp.matrix[below], -lp.matrix[above]]))
    right = np.concatenate([lp.upper[below], -lp.lower[above]])
    bounds = np.column_stack([np.zeros(len(lp.cost)), lp.most])
    parts = {"A_ub": at_most, "b_ub": right, "A_eq": lp.matrix[equal], "b_eq": lp.upper[equal], "bounds": bounds}
    built = time.perf_counter()
    found = linprog(lp.cost, **parts, method="highs")
    solved = time.perf_counter()
    if found.status != 0:
        raise AssertionError(f"linprog has no answer: {found.message}")
    return _answer(lp, found.x, (began, built, solved), f"{found.nit} steps")


def by_linopy(instance: Instance | TenYears, *, side: SideRows | None = None) -> Answer:
    """HiGHS through linopy, handed over in memory: each block of rows is a sum of terms grouped by row, kept sparse."""
    linopy, xarray = importlib.import_module("linopy"), importlib.import_module("xarray")
    # A sparse model is there only under the semantics that linopy calls v1.
    linopy.options["semantics"] = "v1"
    began = time.perf_counter()
    lp = _lp(instance, side)
    model = linopy.Model(sparse=True)
    columns = {"column": pd.RangeIndex(len(lp.cost))}
    x = model.add_variables(lower=0, upper=xarray.DataArray(lp.most, coords=columns), name="x")
    model.add_objective((x * xarray.DataArray(lp.cost, coords=columns)).sum())
    for start, end in itertools.pairwise((0, *lp.blocks)):
        for sense, right in (("=", lp.upper), ("<=", lp.upper), (">=", lp.lower)):
            meant = _rows_of(lp, sense)
            meant = meant[(start <= meant) & (meant < end)]
            entries = lp.matrix[meant].tocoo()
            row, column = entries.coords
            # A unit that no pair leads to has no row here.
            used = np.unique(row)
            if len(used):
                terms = x.isel(column=xarray.DataArray(column, dims="term")) * xarray.DataArray(
                    entries.data, dims="term"
                )
                sums = terms.drop_vars("column").groupby(xarray.DataArray(row, dims="term", name="row")).sum()
                model.add_constraints(sums, sense, xarray.DataArray(right[meant[used]], coords={"row": used}))
    built = time.perf_counter()
    status, condition = model.solve("highs", io_api="direct", progress=False, output_flag=False, threads=1)
    solved = time.perf_counter()
    if status != "ok":
        raise AssertionError(f"linopy has no answer: {condition}")
    return _answer(lp, x.solution.to_numpy(), (began, built, solved), condition)


def bare_flow(instance: Instance) -> Answer:
    """OR-tools' min-cost flow, children in thousandths and pounds in pence: no rules beside, no ten years."""
    began = time.perf_counter()
    network, pairs, thousandths = _network(instance)
    built = time.perf_counter()
    status = network.solve()
    solved = time.perf_counter()
    if status != network.OPTIMAL:
        raise AssertionError(f"the network has no best flow: {status}")
    used = int((network.flows(pairs) > 0).sum())
    detail = f"{used} pairs used by {thousandths / 1000:,.3f} children"
    return Answer(network.optimal_cost() / 100_000, built - began, solved - built, detail)


def whole_lp_ten_years(instance: TenYears, *, method: str, through: str) -> Answer:
    """Ten years as one programme: ``method`` simplex or ipm, ``through`` highspy or PuLP."""
    return {"highspy": by_highspy, "PuLP": by_pulp}[through](instance, method=method)


LP_PEERS: dict[str, Engine] = {
    "PuLP + HiGHS simplex": partial(by_pulp, method="simplex"),
    "PuLP + HiGHS ipm": partial(by_pulp, method="ipm"),
    "PuLP + CBC": by_cbc,
    "highspy simplex": partial(by_highspy, method="simplex"),
    "highspy ipm": partial(by_highspy, method="ipm"),
    "highspy ipm, no crossover": partial(by_highspy, method="ipm", crossover=False),
    "scipy linprog": by_scipy,
    "linopy + HiGHS": by_linopy,
}
"""Those that take rules beside the places."""


def side_rows(instance: Instance, *, part: float = 0.9) -> SideRows:
    """Rules that the bare answer breaks: to ``part`` of what each comes to without them.

    Equity, a row a locality: children who travel for more than 45 minutes. Hosts, a row a site with several units:
    children at the site. Budget, one row: pounds in counted units. None counts a bought place, so there is an answer.
    """
    network, arcs, _ = _network(instance)
    if network.solve() != network.OPTIMAL:
        raise AssertionError("the network has no best flow")
    children = network.flows(arcs) / 1000
    pairs = instance.pairs
    locality = instance.locality.to_numpy()[positions(pairs["group"], instance.groups.index)]
    unit = positions(pairs["unit"], instance.units.index)
    site = instance.site.to_numpy()[unit]
    counted = np.isfinite(instance.units["places"].to_numpy())[unit]
    far = counted & (pairs["minutes"].to_numpy() > LONG_MINUTES)
    shared = instance.site[instance.site.duplicated() & (instance.site >= 0)].unique()
    rows = [far & (locality == one) for one in np.unique(locality)]
    rows += [site == one for one in np.sort(shared)]
    rows.append(np.where(counted, pairs["cost"], 0.0))
    matrix = sparse.csr_array(np.vstack(rows), dtype=float)
    return SideRows(matrix, ("<=",) * len(rows), part * (matrix @ children))


def _by_pulp(instance: Instance | TenYears, side: SideRows | None, solver: pulp.LpSolver) -> Answer:
    began = time.perf_counter()
    lp = _lp(instance, side)
    problem = pulp.LpProblem("allocation", pulp.LpMinimize)
    most = [None if value == np.inf else value for value in lp.most.tolist()]
    columns = [problem.add_variable(f"x{number}", 0, upper) for number, upper in enumerate(most)]
    problem.setObjective(pulp.LpAffineExpression(list(zip(columns, lp.cost.tolist(), strict=True))))
    starts, indices, data = lp.matrix.indptr.tolist(), lp.matrix.indices.tolist(), lp.matrix.data.tolist()
    for sense, right in (("=", lp.upper), ("<=", lp.upper), (">=", lp.lower)):
        for row in _rows_of(lp, sense).tolist():
            terms = [(columns[indices[at]], data[at]) for at in range(starts[row], starts[row + 1])]
            stated = pulp.LpConstraint(pulp.LpAffineExpression(terms), SENSES[sense], f"r{row}", float(right[row]))
            problem.addConstraint(stated)
    built = time.perf_counter()
    status = problem.solve(solver)
    solved = time.perf_counter()
    values = np.array([column.varValue for column in columns], dtype=float)
    return _answer(lp, values, (began, built, solved), pulp.LpStatus[status])


def _lp(instance: Instance | TenYears, side: SideRows | None) -> WholeLp:
    return ten_years_lp(instance) if isinstance(instance, TenYears) else one_year_lp(instance, side=side)


def _rows_of(lp: WholeLp, sense: str) -> Whole:
    equal = lp.lower == lp.upper
    kinds = {"=": equal, "<=": ~equal & np.isfinite(lp.upper), ">=": ~equal & np.isfinite(lp.lower)}
    return np.flatnonzero(kinds[sense])


def _answer(lp: WholeLp, values: Numbers, moments: tuple[float, float, float], detail: str) -> Answer:
    load = lp.matrix @ values
    # What is not a number breaks a row too.
    with np.errstate(invalid="ignore"):
        kept = (load <= lp.upper + TOLERANCE * np.maximum(1.0, np.abs(lp.upper))) | np.isposinf(lp.upper)
        kept &= (load >= lp.lower - TOLERANCE * np.maximum(1.0, np.abs(lp.lower))) | np.isneginf(lp.lower)
    if not kept.all() or not ((values >= -TOLERANCE) & (values <= lp.most + TOLERANCE)).all():
        raise AssertionError(f"{int((~kept).sum())} rows are broken by an answer: {detail}")
    began, built, solved = moments
    return Answer(float(lp.cost @ values), built - began, solved - built, detail)


def _network(instance: Instance) -> tuple[min_cost_flow.SimpleMinCostFlow, Whole, int]:
    """The network, the arcs of its pairs, and all children in thousandths; a bought place leads to the sink at once."""
    groups, units, bands, pairs = instance.groups, instance.units, instance.bands, instance.pairs
    group, unit = positions(pairs["group"], groups.index), positions(pairs["unit"], units.index)
    supply = np.rint(1000 * groups["children"].to_numpy()).astype(np.int64)
    room = (units["places"] - units["held"]).to_numpy()
    limited = np.flatnonzero(np.isfinite(room))
    sink = len(groups) + len(units)
    network = min_cost_flow.SimpleMinCostFlow()
    arcs = network.add_arcs_with_capacity_and_unit_cost(
        group,
        np.where(np.isfinite(room)[unit], len(groups) + unit, sink),
        supply[group],
        np.rint(100 * pairs["cost"].to_numpy()).astype(np.int64),
    )
    tails = np.concatenate([limited, positions(bands["unit"], units.index)]) + len(groups)
    prices = np.concatenate([np.zeros(len(limited)), 100 * bands["price"].to_numpy(float)])
    network.add_arcs_with_capacity_and_unit_cost(
        tails,
        np.full(len(tails), sink),
        np.rint(1000 * np.concatenate([room[limited], bands["width"].to_numpy(float)])).astype(np.int64),
        np.rint(prices).astype(np.int64),
    )
    network.set_nodes_supplies(np.arange(len(groups)), supply)
    network.set_node_supply(sink, -int(supply.sum()))
    return network, arcs, int(supply.sum())
