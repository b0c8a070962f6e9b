"""No small count of a coverage run follows from what leaves: every table is taken apart again by linear algebra."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.county.vocabulary import AREA_OF_NEED
from placeplan.privacy_coverage import coverage_share_safe

SERVED = ("within_guidance", "visiting_teacher", "beyond_guidance")
AXES = ("locality", "need", "phase", "provision")


def tables(seed):
    """A random run: atoms (children of one locality, need, phase, provision) and the tables made of them by hand."""
    stream = np.random.default_rng(seed)
    atoms = []
    for locality in ("north", "south", "east")[: stream.integers(2, 4)]:
        for need in ("ASD", "SEMH"):
            for phase in ("primary", "secondary"):
                for provision in ("special", "ers:alternative"):
                    if stream.random() < 0.8:
                        within, visiting, beyond = (float(v) for v in stream.choice([0, 0, 1, 2, 4, 7, 12], 3))
                        lost = float(stream.integers(0, within + 1))
                        atoms.append((locality, need, phase, provision, within, visiting, beyond, lost))
    frame = pd.DataFrame(atoms, columns=[*AXES, "within", "visiting", "beyond", "lost"])
    frame = frame[frame[["within", "visiting", "beyond"]].sum(axis=1) > 0]
    parts = []
    for schools in ("all", "county"):
        lost = frame["lost"] if schools == "county" else 0.0
        part = frame[list(AXES)].assign(
            schools=schools,
            within_guidance=frame["within"] - lost,
            visiting_teacher=frame["visiting"],
            beyond_guidance=frame["beyond"] + lost,
        )
        parts.append(part.assign(children=part[list(SERVED)].sum(axis=1)))
    coverage = pd.concat(parts, ignore_index=True)
    coverage = coverage.assign(
        reached=coverage["children"], child_minutes=20 * coverage["children"], places_per_100=50.0, mean_minutes=20.0
    )
    limits = coverage.assign(limit=45.0, within=coverage["within_guidance"])
    all_ = coverage[coverage["schools"] == "all"]
    groups = [("county", "county", all_), *(("locality", name, some) for name, some in all_.groupby("locality"))]
    equity = pd.DataFrame(
        [
            (by, group, some["children"].sum(), some["within_guidance"].sum() + some["visiting_teacher"].sum())
            for by, group, some in groups
        ],
        columns=["by", "group", "children", "within_guidance"],
    ).assign(mean_minutes=20.0, share_within=0.5, worst=False)
    leavers = all_.groupby(["locality", "need"], as_index=False)[["children"]].sum()
    leavers = leavers.assign(onward_within=leavers["children"] // 2)
    leavers["without_onward"] = leavers["children"] - leavers["onward_within"]
    return {"coverage": coverage, "coverage_limits": limits, "equity": equity, "leavers": leavers}


def told_and_kept(given, safe):
    """Rows of a linear system over atoms: (vector, true value) of every figure that leaves, and of those kept back."""
    coverage = given["coverage"].assign(area=given["coverage"]["need"].map(AREA_OF_NEED))
    cells = coverage.melt([*AXES, "area", "schools"], value_vars=list(SERVED), var_name="how", value_name="value")
    cells["unknown"] = range(len(cells))
    values = cells["value"].to_numpy()
    rows = {"told": [], "kept": []}

    def add(which, kept):
        vector = np.zeros(len(cells))
        vector[cells.loc[which, "unknown"]] = 1
        rows["kept" if kept else "told"].append((vector, float(values[vector > 0].sum())))

    for name, axes in (("coverage", ("locality", "area", "phase")), ("coverage_provision", ("provision", "phase"))):
        for row in safe[name].to_dict("records"):
            at = cells["schools"] == row["schools"]
            for axis in axes:
                at &= cells[axis] == row[axis]
            hidden = str(row["suppressed"]).split(";")
            add(at, "children" in hidden)
            for how in SERVED:
                add(at & (cells["how"] == how), how in hidden)
    for row in safe["coverage_limits"].to_dict("records"):
        at = (cells["schools"] == row["schools"]) & (cells["locality"] == row["locality"])
        at &= (cells["phase"] == row["phase"]) & (cells["how"] == "within_guidance")
        add(at, "within" in str(row["suppressed"]).split(";"))
    for row in safe["equity"].to_dict("records"):
        at = cells["schools"] == "all"
        if row["by"] == "locality":
            at &= cells["locality"] == row["group"]
        hidden = str(row["suppressed"]).split(";")
        add(at, "children" in hidden)
        add(at & (cells["how"] != "beyond_guidance"), "within_guidance" in hidden)
    # Anybody knows that the children of a cell are the same with and without the border.
    for _, some in cells.groupby(list(AXES)):
        vector = np.zeros(len(cells))
        vector[some["unknown"]] = np.where(some["schools"] == "all", 1, -1)
        rows["told"].append((vector, 0.0))
    return rows["told"], rows["kept"]


def follows(vector, basis):
    """Whether a figure is a combination of others."""
    if not len(basis):
        return False
    found, *_ = np.linalg.lstsq(basis.T, vector, rcond=None)
    return bool(np.abs(basis.T @ found - vector).max() < 1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_no_small_count_is_told_or_follows_from_what_is(seed):
    given_ = tables(seed)
    told, kept = told_and_kept(given_, coverage_share_safe(given_))
    assert all(value == 0 or value >= 5 for _, value in told)
    basis = np.array([vector for vector, _ in told if vector.any()])
    for vector, value in kept:
        if 0 < value < 5:
            assert not follows(vector, basis)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000))
def test_counts_that_leave_are_rounded_and_shares_are_of_them(seed):
    safe = coverage_share_safe(tables(seed))
    for name in ("coverage", "coverage_provision", "coverage_limits", "equity", "leavers"):
        numbers = safe[name].select_dtypes("number").filter(regex="^(children|within|beyond|visiting|onward|without)")
        assert (numbers.fillna(0) % 5 == 0).all().all(), name
    known = safe["coverage"].dropna(subset=["children", "beyond_guidance"])
    known = known[known["children"] > 0]
    wanted = (known["beyond_guidance"] / known["children"]).clip(upper=1)
    assert known["share_beyond"].to_numpy() == pytest.approx(wanted.to_numpy(), abs=0.005 + 1e-9)


def test_what_is_not_known_is_withheld_whole():
    given_ = {**tables(1), "zone_children": pd.DataFrame({"child": ["x"]})}
    assert "zone_children" not in coverage_share_safe(given_)


def test_a_candidate_s_small_figures_take_with_them_what_gives_them_away():
    row = {"candidates": "a", "name": "A", "places": 8.0, "children_suited": 40.0, "children_nearest": 12.0}
    row |= {"within_before": 30.0, "within_after": 33.0, "children_gained": 3.0, "minutes_saved": 151.0}
    row |= {"share_before": 0.75, "share_after": 0.825}
    calm = {**row, "candidates": "b", "within_after": 40.0, "children_gained": 10.0}
    safe = coverage_share_safe({**tables(1), "what_if": pd.DataFrame([row, calm])})["what_if"].set_index("candidates")
    assert safe.loc["a", ["children_gained", "within_before", "within_after"]].isna().all()
    assert safe.loc["a", ["children_suited", "minutes_saved"]].tolist() == [40, 200]
    assert np.isnan(safe.loc["a", "share_after"])
    assert safe.loc["b", ["within_before", "within_after", "children_gained"]].tolist() == [30, 40, 10]
    assert safe.loc["b", "share_after"] == 1
