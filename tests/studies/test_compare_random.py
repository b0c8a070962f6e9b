"""Two runs side by side, on random ones: nothing differs from itself, swapping negates, and a plain count agrees."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.report_parts import rows_of

import placeplan as pp
from placeplan.runs import Run, write_run

CODES = st.sampled_from(["U1", "U2", "U3"])
NUMBERS = st.one_of(st.none(), st.integers(0, 40).map(float), st.floats(-1e6, 1e6).map(lambda one: round(one, 2)))


@st.composite
def made_runs(draw):
    """A small run: cells by locality and unit, measures by question, a table without labels, facts."""
    keys = draw(st.lists(st.tuples(st.sampled_from(["N", "S"]), CODES), unique=True, max_size=5))
    cells = [(*key, draw(NUMBERS), draw(NUMBERS), draw(st.sampled_from(["x", "y", None]))) for key in keys]
    tables = {"cells": pd.DataFrame(cells, columns=["locality", "unit", "children", "pounds", "note"])}
    asked = draw(st.lists(st.sampled_from(["today", "september", "afresh"]), unique=True, max_size=3))
    measures = [(one, measure, draw(NUMBERS)) for one in asked for measure in ("children", "cost_pounds")]
    if draw(st.booleans()):
        tables["headlines"] = pd.DataFrame(measures, columns=["question", "measure", "value"])
    tables["loose"] = pd.DataFrame(draw(st.lists(st.tuples(CODES, NUMBERS), max_size=4)), columns=["code", "children"])
    numbers = {"children": "float64", "pounds": "float64", "value": "float64"}
    tables = {
        name: frame.astype({column: kind for column, kind in numbers.items() if column in frame})
        for name, frame in tables.items()
    }
    facts = {
        "share_safe": True,
        "seed": draw(st.integers(0, 3)),
        "options": draw(st.dictionaries(CODES, st.booleans())),
    }
    return Run("allocate", draw(st.sampled_from(["A", "B"])), tables, {}, facts)


def compared(first, second):
    with tempfile.TemporaryDirectory() as folder:
        return pp.compare_runs(
            *(write_run(run, Path(folder) / f"{at}", files={}) for at, run in enumerate((first, second)))
        )


@settings(max_examples=20, deadline=None)
@given(made_runs())
def test_a_run_beside_itself_has_no_changes(run):
    answer = compared(run, run)
    assert answer.same
    assert answer.tables["facts"].empty
    assert answer.tables["changes"].empty
    assert set(answer.tables["headlines"]["difference"].dropna()) <= {0.0}
    counts = answer.tables["tables"][["rows_added", "rows_removed", "rows_changed"]]
    assert (counts == 0).all(axis=None)
    assert set(answer.tables["tables"]["status"]) == {"same"}


@settings(max_examples=25, deadline=None)
@given(made_runs(), made_runs())
def test_swapping_the_two_negates_every_difference(first, second):
    there, back = compared(first, second), compared(second, first)
    assert there.same == back.same
    swap = {"first": "second", "first_value": "second_value"}
    swap |= {value: key for key, value in swap.items()}
    for name in ("facts", "changes", "headlines"):
        columns = [column for column in there.tables[name].columns if column not in {"per_cent", "suppressed"}]
        turned = back.tables[name].rename(columns=swap)[columns]
        if "difference" in columns:
            turned["difference"] = 0.0 - turned["difference"]
        assert sorted(map(repr, rows_of(there.tables[name], *columns))) == sorted(map(repr, rows_of(turned, *columns)))
    swap = {"rows_first": "rows_second", "rows_added": "rows_removed"}
    swap |= {value: key for key, value in swap.items()}
    columns = ["table", "rows_first", "rows_second", "rows_added", "rows_removed", "rows_changed"]
    pd.testing.assert_frame_equal(there.tables["tables"][columns], back.tables["tables"].rename(columns=swap)[columns])


@settings(max_examples=25, deadline=None)
@given(made_runs(), made_runs())
def test_rows_and_cells_agree_with_a_plain_count(first, second):
    def cells(run):
        rows = run.tables["cells"].astype(object).where(run.tables["cells"].notna(), None)
        return {(row.locality, row.unit): (row.children, row.pounds, row.note) for row in rows.itertuples()}

    answer = compared(first, second)
    before, after = cells(first), cells(second)
    shared = before.keys() & after.keys()
    told = answer.tables["tables"].set_index("table").loc["cells"]
    assert told["rows_added"] == len(after.keys() - before.keys())
    assert told["rows_removed"] == len(before.keys() - after.keys())
    assert told["rows_changed"] == sum(before[key] != after[key] for key in shared)
    changes = answer.tables["changes"].query("table == 'cells'")
    for at, column in enumerate(("children", "pounds")):
        wanted = {
            " | ".join(key): round(after[key][at] - before[key][at], 3)
            for key in shared
            if None not in (before[key][at], after[key][at]) and before[key][at] != after[key][at]
        }
        found = changes[changes["column"].eq(column) & changes["difference"].notna()]
        assert dict(zip(found["key"], found["difference"], strict=True)) == pytest.approx(wanted)
