"""Share-safe: no small count, no need, no child; what is published stays near the truth."""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from placeplan.county.vocabulary import AREA_OF_NEED
from placeplan.privacy import share_safe
from placeplan.run_tables import ALL
from placeplan.runs import Run
from placeplan.withholding import SUPPRESSED

COUNTED = ["children", "gap", "spot_purchase", "out_of_county"]


@pytest.fixture(scope="module")
def safe(sample: Run) -> Run:
    return share_safe(sample)


def withheld(row: dict[Any, Any]) -> list[str]:
    return [] if pd.isna(row[SUPPRESSED]) else str(row[SUPPRESSED]).split(";")


def test_counts_by_area_are_the_children_counted_again(sample: Run, safe: Run) -> None:
    placements = sample.tables["placements"]
    gap = sample.tables["gap"]
    for row in safe.tables["gap"].to_dict("records"):
        needs = [need for need, area in AREA_OF_NEED.items() if area == row["area"]]
        same = gap[(gap["question"] == row["question"]) & (gap["locality"] == row["locality"])]
        same = same[same["need"].isin(needs) & (same["phase"] == row["phase"])]
        for column in COUNTED:
            truth = int(same[column].sum())
            if column in withheld(row):
                assert truth > 0
                assert np.isnan(row[column])
            else:
                assert truth == 0 or truth >= 5
                assert row[column] == 5 * round(truth / 5 + 1e-9)
    assert "placements" not in safe.tables
    assert not placements.empty


def test_no_table_names_a_need_or_a_child(safe: Run) -> None:
    for name, frame in safe.tables.items():
        assert not {"need", "child", "zone"} & set(frame.columns), name
        if "gap" in name:
            assert {"area"} <= set(frame.columns)


def test_totals_are_withheld_together_with_what_would_give_a_cell_away(safe: Run) -> None:
    """By subtraction in the published tables alone: a locality's phases against the locality's total."""
    cells, totals = safe.tables["gap"], safe.tables["gap_totals"]
    looked = 0
    for column in COUNTED:
        for (question, locality, phase), rows in cells.groupby(["question", "locality", "phase"]):
            total = totals[(totals["question"] == question) & (totals["locality"] == locality)]
            total = total[(total["phase"] == phase) & (total["area"] == ALL)]
            hidden = int(rows[column].isna().sum())
            if not np.isnan(total[column].iloc[0]):
                looked += 1
                assert hidden != 1
    assert looked > 20


def test_a_units_children_are_withheld_alike_in_every_table(sample: Run) -> None:
    flows = sample.tables["flows"].copy()
    use = sample.tables["use"].copy()
    keep = (flows["unit"] != "U04") | (flows["locality"] == "east")
    flows = flows[keep].reset_index(drop=True)
    flows["children"] = flows["children"].where(flows["unit"] != "U04", 3)
    use["placed"] = use["placed"].where(use["unit"] != "U04", 3.0)
    made = share_safe(replace(sample, tables={**sample.tables, "flows": flows, "use": use}))
    assert made.tables["use"].query("unit == 'U04'")["placed"].isna().all()
    shown = made.tables["flows"].query("unit == 'U04'")
    assert shown["children"].isna().all()
    assert shown["mean_minutes"].isna().all()


def test_places_are_public_and_room_never_gives_away_other_authorities(sample: Run, safe: Run) -> None:
    use = safe.tables["use"]
    assert use["places"].equals(sample.tables["use"]["places"])
    few = use[use["unit"] == "U01"]
    assert few["other_authorities"].isna().all()
    assert few["room"].isna().all()
    many = use[use["unit"] == "U02"].iloc[0]
    assert many["room"] == many["places"] - many["other_authorities"] == 70


def test_costs_of_few_children_are_withheld_and_cannot_be_had_from_the_total(safe: Run) -> None:
    costs = safe.tables["costs"]
    residential = costs[costs["line"] == "independent_residential"]
    assert residential["pounds"].isna().all()
    assert costs.groupby("question")["pounds"].apply(lambda pounds: pounds.isna().sum()).ge(2).all()
    shown = costs["pounds"].dropna()
    assert (shown % 100 == 0).all()


def test_one_withheld_cost_takes_another_with_it(sample: Run) -> None:
    costs = pd.DataFrame(
        {
            "question": "today",
            "line": ["in_county_top_ups", "independent_residential", "college"],
            "fund": "high_needs",
            "pounds": [900_000.0, 150_000.0, 400_000.0],
            "children": [60.0, 1.0, 25.0],
        }
    )
    made = share_safe(replace(sample, tables={**sample.tables, "costs": costs})).tables["costs"]
    assert list(made["pounds"].isna()) == [False, True, True]


def test_headlines_are_rounded_and_a_small_one_is_withheld(safe: Run, sample: Run) -> None:
    rows = safe.tables["headlines"].query("question == 'september'").set_index("measure")
    truth = sample.tables["headlines"].query("question == 'september'").set_index("measure")["value"]
    assert np.isnan(rows.loc["journeys_not_known", "value"])
    assert rows.loc["breaches", "value"] == truth["breaches"]
    for measure in ("children", "placed", "leaving"):
        assert rows.loc[measure, "value"] % 5 == 0
        assert abs(rows.loc[measure, "value"] - truth[measure]) <= 2.5
    assert rows.loc["cost_pounds", "value"] % 100 == 0


def test_children_newly_placed_are_counts_of_children_and_places_are_not(sample: Run) -> None:
    summary = pd.DataFrame({"measure": ["places", "children_newly_placed", "net_saving"], "value": [39.0, 2.0, 1234.0]})
    made = share_safe(replace(sample, tables={**sample.tables, "places_summary": summary})).tables["places_summary"]
    assert made["value"].iloc[0] == 39
    assert np.isnan(made["value"].iloc[1])
    assert made["value"].iloc[2] == 1200


def test_unknown_tables_and_layers_are_withheld_whole_and_named(sample: Run) -> None:
    homes = gpd.GeoDataFrame({"child": ["C1"]}, geometry=[Point(1, 1)], crs=27700)
    sites = sample.layers["sites"].assign(children_here=1)
    tables = {**sample.tables, "diary": pd.DataFrame({"child": ["C1"]})}
    made = share_safe(replace(sample, tables=tables, layers={**sample.layers, "homes": homes, "sites": sites}))
    assert made.facts["withheld"] == ["diary", "homes", "placements"]
    assert set(made.layers) == {"localities", "sites"}
    assert "children_here" not in made.layers["sites"].columns


def test_share_safe_twice_is_share_safe_once_and_the_input_stays(sample: Run) -> None:
    before = {name: frame.copy() for name, frame in sample.tables.items()}
    once = share_safe(sample)
    assert share_safe(once) is once
    assert not once.internal
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, sample.tables[name])


def test_all_plans_add_up_though_some_are_withheld(safe: Run, sample: Run) -> None:
    plans = safe.tables["plans"].set_index("placement")["plans"]
    assert plans.isna().sum() >= 2
    assert safe.facts["all_plans"] == 5 * round(sample.tables["plans"]["plans"].sum() / 5)
