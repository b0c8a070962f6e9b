"""A budget of a county's size, where a pound is a hundred-millionth of it, beside scipy's linear programmes."""

import numpy as np
import pandas as pd
import pytest
from allocation_instances import forecast_size
from allocation_lps import SideRows, one_year_lp
from scipy import sparse
from scipy.optimize import linprog

from placeplan.models.allocate import allocate
from placeplan.models.constraints import budgets
from placeplan.models.placement import placement_problem


@pytest.fixture(scope="module")
def instance():
    return forecast_size(load=1.1, seed=8, size=0.04)


@pytest.fixture(scope="module")
def spending(instance):
    """What a place takes of a fund: most of its cost at every other unit, little of it elsewhere, in pence."""
    dear = instance.pairs["unit"].isin(instance.units.index[::2])
    return (instance.pairs["cost"] * np.where(dear, 0.9, 0.2)).round(2).to_numpy()


def least(instance, spending, limit):
    """The least overspend, and the least cost with it, by scipy on the whole LP."""
    lp = one_year_lp(instance, side=SideRows(sparse.csr_array(spending[None]), ("<=",), np.array([np.inf])))
    children = np.arange(lp.blocks[0])
    matrix = sparse.csr_array(sparse.hstack([lp.matrix, sparse.csr_array((lp.matrix.shape[0], 1))])).tolil()
    matrix[-1, -1] = -1
    matrix = sparse.csr_array(matrix)
    upper = lp.upper.copy()
    upper[-1] = limit
    bounds = np.column_stack([np.zeros(len(lp.cost) + 1), np.append(lp.most, np.inf)])
    pounds = np.append(np.zeros(len(lp.cost)), 1.0)

    def solved(objective):
        found = linprog(
            objective,
            A_ub=matrix[len(children) :],
            b_ub=upper[len(children) :],
            A_eq=matrix[children],
            b_eq=upper[children],
            bounds=bounds,
        )
        assert found.status == 0, found.message
        return found.fun

    overspend = solved(pounds)
    bounds[-1, 1] = overspend + 1e-6
    return overspend, solved(np.append(lp.cost, 0.0))


@pytest.mark.parametrize("share", [0.97, 0.8, 0.1], ids=["kept", "overspent", "far overspent"])
def test_no_pound_of_a_large_budget_is_overspent_that_need_not_be(instance, spending, share):
    problem = placement_problem(instance.groups, instance.units, instance.bands, instance.pairs)
    free = allocate(problem)
    placed = free.flows.set_index(["group", "unit"])["children"]
    by_pair = pd.Series(spending, index=pd.MultiIndex.from_frame(instance.pairs[["group", "unit"]]))
    limit = round(share * float((by_pair.reindex(placed.index) * placed).sum()), 2)
    assert limit > 1e6
    overspend, cost = least(instance, spending, limit)
    rule = budgets(problem, pd.DataFrame({"fund": spending}), pd.Series({"fund": limit}))
    answer = allocate(problem, rules=[rule])
    assert answer.variables["above[budget[fund]]"] == pytest.approx(overspend, abs=0.01)
    assert answer.proof.values["rules"] == pytest.approx(overspend / limit, rel=1e-9, abs=1e-9)
    assert answer.proof.objective == pytest.approx(cost, rel=1e-7)
    assert answer.proof.bound == pytest.approx(cost, rel=1e-7)
