"""No sentence is made of an empty table: emptied or withheld, a table lets no page claim that all or none are so."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from placeplan.report.answer import (
    answer_sentences,
    gap_sentences,
    places_sentences,
    price_sentences,
    status_warning,
)
from placeplan.report.coverage_page import coverage_sections, lede
from placeplan.report.explained_section import explained_sentences
from placeplan.report.forecast_planning import as_of_section
from placeplan.report.page import page_html
from placeplan.report.trade_offs_section import trade_offs_sentences
from placeplan.report.years_section import years_sentences
from placeplan.runs import Run

UNIVERSAL = re.compile(
    r"\b(every|all|none|no|nobody|nothing|whole|always|never|everybody)\b(?! (one|more|place at all))", re.IGNORECASE
)


def emptied(frame: pd.DataFrame) -> pd.DataFrame:
    """The table without a row."""
    return frame.iloc[:0]


def withheld(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with every figure withheld, as its rows say."""
    figures = [str(name) for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name]) and name not in KEYS]
    gone = frame.astype(dict.fromkeys(figures, "float64")).assign(**dict.fromkeys(figures, np.nan))
    return gone.assign(suppressed=";".join(figures) or None)


KEYS = ("year", "point", "places", "rank", "limit", "verified", "worst")


def claims(sentences: list[str]) -> set[str]:
    """The sentences that say something of all, or of none."""
    return {sentence for sentence in sentences if UNIVERSAL.search(sentence)}


def said_of_an_allocation(run: Run) -> list[str]:
    """Every sentence of an allocation's page that is made of its tables."""
    said = [*answer_sentences(run), *gap_sentences(run), *places_sentences(run), *price_sentences(run)]
    said += [*explained_sentences(run), *trade_offs_sentences(run), *years_sentences(run), status_warning(run) or ""]
    found = re.search(r"Every answer was checked[^<]*|Not every answer[^<]*", page_html(run))
    return [*said, found.group() if found else ""]


def whole_run(sample: Run) -> Run:
    """The sample with what an explanation, a frontier and years tell, little of each."""
    worth = {"unit": ["U03"], "places": [1], "pounds": [40_000.0], "net_pounds": [30_000.0], "children": [0.0]}
    rules = {"left_out": ["preferences"], "cost_pounds": [900.0], "child_minutes": [40.0]}
    points = {
        "question": "september",
        "point": [1, 2],
        "cost_pounds": [100.0, 150.0],
        "penalty_pounds": 0.0,
        "extra_pounds": [0.0, 50.0],
        "minutes_saved": [0.0, 20.0],
        "pounds_per_minute": [np.nan, 2.5],
        "mean_journey": [9.0, 8.0],
        "child_minutes": [90.0, 70.0],
        "worst_locality": [10.0, 9.0],
        "worst_of": "minutes",
        "end": ["cost", "travel"],
    }
    tables = {
        "worth": pd.DataFrame({"question": "september", **worth, "fixed_cost": 10_000.0}),
        "rule_costs": pd.DataFrame(
            {"question": "september", **rules, "gap": 0.0, "spot_purchase": 0.0, "beyond_guidance": 1.0}
        ),
        "least_places": pd.DataFrame(
            {"question": "september", "unit": ["all", "U03"], "places": [2.0, 2.0], "children": [0.0, np.nan]}
        ),
        "frontier": pd.DataFrame(points),
    }
    return replace(sample, tables={**sample.tables, **tables})


@pytest.mark.parametrize("spoil", [emptied, withheld])
def test_no_sentence_of_an_allocation_claims_more_of_a_table_that_is_empty_or_withheld(
    sample: Run, spoil: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    run = whole_run(sample)
    before = claims(said_of_an_allocation(run))
    for name, frame in run.tables.items():
        if name in {"localities", "units_named"}:
            continue
        spoilt = replace(run, tables={**run.tables, name: spoil(frame)})
        more = {
            s for s in claims(said_of_an_allocation(spoilt)) - before if "withheld" not in s and "not told" not in s
        }
        assert more == set(), name


def test_places_of_which_the_number_is_not_told_are_not_none(sample: Run) -> None:
    summary = sample.tables["places_summary"]
    gone = summary.assign(value=summary["value"].mask(summary["measure"] == "places"))
    run = replace(sample, tables={**sample.tables, "places_summary": gone})
    assert places_sentences(run) == ["How many places would be added is not told here."]


def coverage(*, gaps: pd.DataFrame, cells: int, **facts: object) -> Run:
    """A coverage run with little in it."""
    equity = pd.DataFrame(
        {"by": ["county"], "group": ["county"], "children": [40.0], "within_guidance": [30.0], "share_within": [0.75]}
    )
    tables = {
        "place_gaps": gaps,
        "equity": equity.assign(mean_minutes=20.0, worst=False),
        "localities": pd.DataFrame({"locality": ["east"], "name": ["East"]}),
        "guidance": pd.DataFrame({"phase": ["primary"], "minutes": [45.0]}),
        "units_about": pd.DataFrame({"unit": ["U1"], "name": ["Brook"]}),
        "assumptions": pd.DataFrame({"subject": ["a"], "value": ["b"], "source": ["c"]}),
    }
    return Run("coverage", "Exampleshire", tables, {}, {"place_cells": cells, "people_year": 2024, **facts})


GAP = pd.DataFrame(
    {
        "rank": [1],
        "locality": ["east"],
        "need": ["ASD"],
        "phase": ["primary"],
        "provision": ["special"],
        "people": [400.0],
        "people_beyond": [100.0],
        "share_beyond": [0.25],
        "expected_children": [2.0],
        "nearest": ["U1"],
        "mean_minutes": [50.0],
    }
)


def test_the_atlas_says_what_it_measured_where_it_lists_no_gap() -> None:
    assert lede(coverage(gaps=GAP, cells=3)).startswith(
        "In East 25% of young people of primary age, as counted in 2024,"
    )
    none = lede(coverage(gaps=GAP.iloc[:0], cells=3))
    assert none.startswith("Nobody was found to live beyond guidance in the 3 combinations")
    nothing = lede(coverage(gaps=GAP.iloc[:0], cells=0))
    assert nothing.startswith("Whether places are within guidance of those who live here is not worked out")
    gone = coverage(gaps=GAP, cells=3, withheld=["place_gaps"])
    del gone.tables["place_gaps"]
    assert lede(gone).startswith("Where places are beyond guidance of those who live here is withheld.")
    for run in (coverage(gaps=GAP.iloc[:0], cells=0), gone):
        assert "Every" not in lede(run)
        assert [section.heading for section in coverage_sections(run)][-1] == "What it rests on"


def test_a_share_of_children_that_is_withheld_is_told_to_be() -> None:
    run = coverage(gaps=GAP, cells=3)
    run.tables["equity"] = run.tables["equity"].assign(share_within=np.nan, suppressed="within_guidance")
    assert "withheld" in lede(run)


def test_a_band_that_nothing_was_held_against_held_nothing() -> None:
    came = pd.DataFrame(
        {
            "series": ["all plans"],
            "year": [2024],
            "came": [100.0],
            "median": [90.0],
            **{end: [1.0] for end in ("low_80", "high_80", "low_95", "high_95")},
            "within_95": [np.nan],
        }
    )
    run = Run("forecast", "Exampleshire", {"forecast_as_of": came}, {}, {"forecast_years": [2022, 2024]})
    section = as_of_section(run)
    assert section is not None
    assert "every year" not in section.said[0]
    assert "0 of 1 years" in section.said[0]
