"""Random cases and meetings, and what must hold of them, worked out without the code that answers them."""

import random

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from placeplan.cases.found import INDEPENDENT_KINDS
from placeplan.county.vocabulary import NEEDS, SPOT_PURCHASE

__all__ = ["check_meeting", "least_in_order", "random_case", "random_tables"]

KINDS = ("special", "hub", "ers:alternative", "ers:integrative", "ers:area", "support_centre", "independent_special")
TINY_KINDS = ("special", "ers", "independent_special")


def random_case(county, rng, name="R1"):
    """A row of cases: a child of the county, or a new one anywhere."""
    if rng.random() < 0.5:
        child = county.children.iloc[rng.randrange(len(county.children))]
        return {"case": name, "child": child["child"], "suits": ";".join(rng.sample(KINDS, 3)), "may_move": "yes"}
    return {
        "case": name,
        "zone": rng.choice(list(county.zones["zone"])),
        "year_group": str(rng.randrange(14)),
        "need": rng.choice([need for need in NEEDS if need not in ("unknown", "DS")]),
        "suits": ";".join(rng.sample(KINDS, 3)),
        "may_move": "yes",
    }


def least_in_order(problem, fixed=()):
    """Gap, against preference and cost of the best allocation, one after the other, by scipy on the whole programme.

    ``fixed``: units that a child more is put into besides, whose own cost is none here but for its overfill.
    """
    pairs, groups, units, bands = problem.pairs, problem.groups, problem.units, problem.bands
    n, g, k = len(pairs), len(groups), len(bands)
    counted = np.flatnonzero(np.isfinite(units["places"].to_numpy()))
    row_of = {units.index[u]: i for i, u in enumerate(counted)}
    more = pd.Series(list(fixed)).value_counts() if len(fixed) else pd.Series(dtype=int)
    at_group = groups.index.get_indexer(pairs["group"])
    place = sparse.coo_array((np.ones(n), (at_group, np.arange(n))), shape=(g, n))
    equal = sparse.hstack([place, sparse.eye_array(g), sparse.csr_array((g, k))], format="csr")
    on = [(row_of[u], i) for i, u in enumerate(pairs["unit"]) if u in row_of]
    rows, columns = (np.array(part, int) for part in zip(*on, strict=True)) if on else (np.zeros(0, int),) * 2
    load = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(counted), n))
    at_band = np.array([row_of[u] for u in bands["unit"]], int)
    over = sparse.coo_array((-np.ones(k), (at_band, np.arange(k))), shape=(len(counted), k))
    most = sparse.hstack([load, sparse.csr_array((len(counted), g)), over], format="csr")
    room = units["places"].sub(units["held"]).iloc[counted].to_numpy(float).copy()
    room -= more.reindex(units.index[counted]).fillna(0.0).to_numpy()
    costs = [
        np.r_[np.zeros(n), np.ones(g), np.zeros(k)],
        np.r_[pairs["against_preference"].to_numpy(float), np.zeros(g + k)],
        np.r_[pairs["cost"].to_numpy(float), np.zeros(g), bands["price"].to_numpy(float)],
    ]
    bounds = [(0, None)] * (n + g) + [(0, width) for width in bands["width"]]
    found, kept_rows, kept_right = [], [], []
    for cost in costs:
        upper = sparse.vstack([most, *kept_rows], format="csr")
        answer = linprog(
            cost, A_ub=upper, b_ub=np.r_[room, kept_right], A_eq=equal, b_eq=groups["children"], bounds=bounds
        )
        if not answer.success:
            return None
        found.append(answer.fun)
        kept_rows.append(sparse.csr_array(cost[None, :]))
        kept_right.append(answer.fun + 1e-7 * max(1.0, abs(answer.fun)))
    return found


def random_tables(seed):
    """Tables of cases for the tiny county: some children of its own, some new, with quotes, packages and vetoes."""
    rng = random.Random(seed)  # noqa: S311 (no secret)
    cases, quotes, packages, vetoes, more = [], [], [], [], []
    for n in range(rng.randrange(4)):
        kind, low, high = rng.choice([("special", 0, 13), ("base_primary", 0, 5), ("base_secondary", 7, 10)])
        more.append(
            {
                "child": f"x{n}",
                "zone": rng.choice(["z1", "z2", "z3", "z4"]),
                "year_group": str(rng.randint(low, high)),
                "need": "ASD",
                "unit": kind,
                "suits": rng.choice(["special;independent_special", "ers;special", "ers;independent_special"]),
                "may_move": rng.choice(["yes", "no"]),
            }
        )
    own = rng.sample(["c1", "c2", "c3", "c4", "c5", "c6", *(row["child"] for row in more)], 2)
    for n in range(rng.randint(2, 5)):
        case = {"case": f"C{n}", "suits": ";".join(rng.sample(TINY_KINDS, rng.randint(1, 3)))}
        if n < len(own):
            case |= {"child": own[n], "may_move": rng.choice(["yes", "no", ""])}
        else:
            case |= {
                "zone": rng.choice(["z1", "z2", "z3", "z4"]),
                "year_group": str(rng.randrange(13)),
                "need": rng.choice(["ASD", "SLD", "SEMH"]),
            }
        case["family_transport"] = rng.choice(["yes", "no"])
        case["most_minutes"] = rng.choice(["", "", "8"])
        cases.append(case)
        for name, provision in (("QD", "day"), ("Q38", "residential_38")):
            if rng.random() < 0.6:
                quotes.append(
                    {
                        "case": case["case"],
                        "quote": name,
                        "provision": provision,
                        "fee": rng.choice(["44000", "61000", ""]),
                        "transport": rng.choice(["5000", ""]),
                        "care": rng.choice(["0", "20000", ""]),
                        "minutes": "30",
                        "km": "20",
                    }
                )
        if rng.random() < 0.5:
            unit = rng.choice(["", "special", "base_secondary"])
            packages.append(
                {
                    "case": case["case"],
                    "package": "PKG",
                    "unit": unit,
                    "line": "staff",
                    "payer": rng.choice(["education", "health"]),
                    "pounds": rng.choice(["12000", "70000", ""]),
                    "per": "year",
                }
            )
        if rng.random() < 0.5:
            option = rng.choice(["special", "base_secondary", "independent_special", "day", "residential", "ers"])
            vetoes.append({"case": case["case"], "option": option, "by": "family", "reason": "theirs"})
    return {"cases": cases, "quotes": quotes, "packages": packages, "vetoes": vetoes, "children": more}


def check_meeting(county, answer, meeting, *, pooled):
    """No chosen option breaks a veto, consent, a ceiling or the money; every case has one, or none that stands."""
    decisions = meeting.tables["meeting"].set_index("case")
    cases = county.cases.set_index("case")
    assert sorted(decisions.index) == sorted(cases.index)
    now, then = _held(answer.problem), _held(answer.problem, apart_from=set(cases["child"].dropna()))
    movers = _movers(county, answer.problem)
    for move in meeting.tables["meeting_moves"].to_dict("records"):
        assert movers[move["from_unit"]] > 0
        movers[move["from_unit"]] -= 1
        then[move["from_unit"]] -= 1
        then[move["to_unit"]] += 1
    for case, option in decisions.loc[decisions["option"] != "", "option"].items():
        chosen = meeting.listed[case].options.loc[option]
        _check_vetoes(county, case, option, chosen)
        _check_consent(county, answer.problem, cases.loc[case], chosen)
        if chosen["unit"]:
            then[chosen["unit"]] += 1
        assert chosen["high"] > chosen["low"] or not chosen["not_stated"]
    units = answer.problem.units.drop(index=SPOT_PURCHASE)
    for unit, row in units[np.isfinite(units["room"])].iterrows():
        # Who is above the ceiling already may stay.
        assert then[unit] <= max(row["ceiling_room"], now[unit]) + 1e-9, unit
    budget = meeting.tables["meeting_budget"].set_index("case")
    each = budget.drop(index="all")
    if not pooled:
        assert (each.dropna()["spent"] <= each.dropna()["otherwise"] + 0.02).all()
    else:
        assert budget.loc["all", "spent"] <= budget.loc["all", "otherwise"] + 0.02


def _movers(county, problem):
    """By unit, the children who have consented to a move and are no case."""
    children = problem.children
    moves = children["could_stay"] & (children["reason"] == "moves_by_consent")
    count = children[moves & ~children.index.isin(county.cases["child"].dropna())]["unit"].value_counts()
    return count.reindex(problem.units.index).fillna(0).to_dict()


def _held(problem, *, apart_from=frozenset()):
    """By unit, the children who stay or have consented to a move, without some."""
    children = problem.children
    here = (children["status"] == "stays") | ((children["reason"] == "moves_by_consent") & children["could_stay"])
    count = children[here & ~children.index.isin(apart_from)]["unit"].value_counts()
    return count.reindex(problem.units.index).fillna(0).to_dict()


def _check_vetoes(county, case, option, chosen):
    ruled_out = set(county.vetoes.loc[county.vetoes["case"] == case, "option"])
    assert option.removesuffix("+family") not in ruled_out
    assert not {chosen["unit"], chosen["kind"]} & ruled_out - {""}
    if chosen["kind"] in INDEPENDENT_KINDS:
        assert ("residential" if chosen["residential"] else "day") not in ruled_out


def _check_consent(county, problem, case, chosen):
    child = case["child"]
    if pd.isna(child) or not problem.children.loc[child, "could_stay"]:
        return
    own = county.children.set_index("child").loc[child]
    consents = case["may_move"] if pd.notna(case["may_move"]) else own["may_move"]
    if pd.isna(consents) or not consents:
        assert chosen["unit"] == own["unit"]
