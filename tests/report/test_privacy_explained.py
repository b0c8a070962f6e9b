"""What leaves of an explanation and of a frontier: no small count, none that follows from a sum, no penalty of few."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placeplan.privacy_explained import explained_share_safe, reason_cells, reasons_by_area
from placeplan.run_tables import ALL
from placeplan.suppression import ANY, determined, suppress

COUNT = st.integers(1, 12).map(float)


def safe(name, rows, *, hidden=None, penalties_told=True):
    tables = {name: pd.DataFrame(rows)}
    return explained_share_safe(tables, hidden or {}, penalties_told=penalties_told)[name]


def test_worth_is_rounded_and_few_children_are_withheld():
    row = {"question": "september", "unit": "u", "fixed_cost": 10_000.0, "rules": 0.0}
    made = safe(
        "worth",
        [
            {**row, "places": 8, "pounds": 12_345.0, "children": 3.0, "preferences": -2.0, "net_pounds": 2_345.0},
            {**row, "places": -8, "pounds": -51.0, "children": -7.0, "preferences": 0.0, "net_pounds": math.nan},
        ],
    )
    assert made["pounds"].tolist() == [12_300, -100]
    assert made["suppressed"].tolist() == ["children;preferences", None] or made["suppressed"].isna().tolist()[1]
    assert made["children"].isna().tolist() == [True, False]
    assert made.loc[1, ["children", "preferences"]].tolist() == [-5, 0]
    assert "rules" not in made


@settings(deadline=None)
@given(counts=st.lists(COUNT, min_size=1, max_size=5))
def test_an_area_s_pounds_are_told_where_enough_children_are_elsewhere(counts):
    needs = ["ASD", "SEMH", "PD", "MLD", "OTH"]
    rows = [
        {"question": "september", "unit": "u", "places": 8, "need": need, "pounds": 1_040.0, "children": count}
        for need, count in zip(needs, counts, strict=False)
    ]
    other = [{**row, "unit": "v", "children": 9.0} for row in rows]
    made = safe("worth_by_need", [row for pair in zip(rows, other, strict=True) for row in pair])
    told = made[made["unit"] == "u"]
    hidden = len(counts) - len(told)
    # The unit's own sum is told, so that one area by itself would be known, and few children in all of them too.
    assert hidden != 1 or len(counts) == 1
    assert len(told) <= sum(count >= 5 for count in counts)
    assert (made["unit"] == "v").sum() == len(rows)
    assert made["pounds"].eq(1_000).all()


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["ASD", "SLCN", "PD"]), st.sampled_from(["taken", "none"]), COUNT),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[:2],
    )
)
def test_reasons_are_in_one_web_with_the_gap(rows):
    frame = reasons_by_area(
        pd.DataFrame(
            [
                {
                    "question": "september",
                    "locality": "north",
                    "need": need,
                    "phase": "primary",
                    "outcome": "gap",
                    "reason": reason,
                    "children": children,
                }
                for need, reason, children in rows
            ]
        )
    )
    assert "locality" not in frame
    cells, sums = reason_cells(frame)
    totals = frame.groupby("area")["children"].sum()
    cells |= {("gap", ANY, area, "primary"): float(total) for area, total in totals.items()}
    hidden = suppress(cells, sums)
    made = explained_share_safe({"reasons": frame}, {"september": hidden}, penalties_told=True)["reasons"]
    assert (made["children"].isna() == [cells[key] < 5 or key in hidden for key in list(cells)[: len(frame)]]).all()
    assert not determined(hidden, sums)
    shown = made["children"].dropna()
    assert (shown % 5 == 0).all()


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ({"u": 6.0, "v": 1.0}, {ALL: 7.0}),
        ({"u": 6.0, "v": 8.0}, {"u": 6.0, "v": 8.0, ALL: 14.0}),
        ({"u": 2.0, "v": 1.0}, {}),
        ({"u": 3.0}, {}),
        ({}, {ALL: 0.0}),
    ],
)
def test_fewest_places_do_not_count_few_children(places, told):
    rows = [{"question": "september", "unit": unit, "places": n, "children": math.nan} for unit, n in places.items()]
    rows.append({"question": "september", "unit": ALL, "places": sum(places.values()), "children": 3.0})
    made = safe("least_places", rows).set_index("unit")
    assert made["places"].dropna().to_dict() == told
    assert made["children"].isna().all()
    assert "children" in made.loc[ALL, "suppressed"]


def points(**changes):
    row = {
        "question": "september",
        "point": 1,
        "cost_pounds": 1_234_567.0,
        "penalty_pounds": 2_049.0,
        "objective_pounds": 1_236_616.0,
        "bound_pounds": 1_236_616.0,
        "child_minutes": 12_345.6,
        "mean_journey": 21.66,
        "worst_locality": 0.0972,
        "gap": 2.0,
        "end": "cost",
        "extra_pounds": 12_345.0,
        "minutes_saved": 649.9,
        "pounds_per_minute": 19.0,
        "status": "optimal",
        "worst_of": "beyond_guidance",
    }
    return [{**row, **changes}]


def test_a_frontier_is_rounded():
    made = safe("frontier", points()).iloc[0]
    figures = ["cost_pounds", "penalty_pounds", "child_minutes", "minutes_saved", "extra_pounds", "pounds_per_minute"]
    assert made[figures].tolist() == [1_234_600, 2_000, 12_300, 600, 12_300, 20]
    assert made["worst_locality"] == pytest.approx(0.095)
    assert made["suppressed"] == "gap"
    assert safe("frontier", points(worst_of="minutes", worst_locality=31.27)).iloc[0]["worst_locality"] == 31.27


def test_penalties_of_few_are_in_no_point():
    made = safe("frontier", points(gap=0.0), penalties_told=False).iloc[0]
    gone = ["penalty_pounds", "objective_pounds", "bound_pounds"]
    assert made[gone].isna().all()
    assert made["suppressed"] == ";".join(gone)
    assert made["cost_pounds"] == 1_234_600
