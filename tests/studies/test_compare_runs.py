"""Two runs side by side, on runs made by hand: facts, figures, tables, rows and cells; and what may not be shown."""

import math
from pathlib import Path

import pandas as pd
import pytest
from support.report_parts import rows_of

import placeplan as pp
from placeplan.runs import Run, write_run

SAFE = {"share_safe": True, "withheld": ["placements"], "as_of": "2025-01-16", "year": 2024, "data_label": "invented"}


def headlines(**figures):
    """Headlines of September, one a keyword; a withheld one is None."""
    values = [math.nan if value is None else float(value) for value in figures.values()]
    hidden = ["value" if value is None else None for value in figures.values()]
    return pd.DataFrame(
        {
            "question": "september",
            "measure": list(figures),
            "value": values,
            "suppressed": pd.Series(hidden, dtype="str"),
        }
    )


def flows(*rows):
    return pd.DataFrame(rows, columns=["question", "locality", "unit", "children", "suppressed"]).astype(
        {"children": "float64"}
    )


PLACEMENTS = pd.DataFrame(
    {"question": ["today"], "child": ["C1"], "zone": ["Z1"], "unit": ["U1"], "cost_pounds": [10.0]}
)


@pytest.fixture
def write(tmp_path):
    def made(name, tables, *, command="allocate", county="Testshire", internal=False, **facts):
        told = facts if internal else {**SAFE, **facts}
        return write_run(Run(command, county, tables, {}, told, internal=internal), tmp_path / name, files={})

    return made


def test_facts_that_differ_are_told_with_both_values(write):
    first = write(
        "a", {}, seed=1, input_digest="abc", options={"solver": "HiGHS", "places": 3}, versions={"pandas": "3"}
    )
    second = write("b", {}, seed=2, input_digest="abc", options={"solver": "CBC"}, versions={"pandas": "3"}, bound=1.5)
    facts = pp.compare_runs(first, second).tables["facts"]
    assert rows_of(facts, "fact", "first", "second") == [
        ("bound", None, "1.5"),
        ("options.places", "3", None),
        ("options.solver", "HiGHS", "CBC"),
        ("seed", "1", "2"),
    ]


def test_headlines_stand_side_by_side_by_question(write):
    first = write("a", {"headlines": headlines(children=200, gap=0, cost_pounds=1000.5)})
    second = write("b", {"headlines": headlines(children=210, gap=5, cost_pounds=1000.25, placed=205)})
    told = pp.compare_runs(first, second).tables["headlines"]
    assert set(told["question"]) == {"september"}
    assert rows_of(told, "measure", "first_value", "second_value", "difference", "per_cent") == [
        ("children", 200, 210, 10, 5),
        ("placed", None, 205, None, None),
        ("gap", 0, 5, 5, None),
        ("cost_pounds", 1000.5, 1000.25, -0.25, -0.025),
    ]


def test_a_forecast_and_a_coverage_tell_figures_of_the_whole_county(write):
    axes = {"locality": ["all", "N"], "need": "all", "area": "all", "phase": "all", "kind": "all"}
    totals = pd.DataFrame({"year": [2027.0, 2027.0], **axes, "expected": [50.0, 20.0]})
    equity = pd.DataFrame(
        {
            "by": ["county", "locality"],
            "group": ["county", "N"],
            "children": [40.0, 10.0],
            "within_guidance": [30.0, math.nan],
            "share_within": [0.75, math.nan],
            "mean_minutes": [12.5, 9.0],
        }
    )
    first = write("a", {"forecast_totals": totals, "equity": equity})
    second = write("b", {"forecast_totals": totals.assign(expected=[60.0, 20.0]), "equity": equity})
    told = pp.compare_runs(first, second).tables["headlines"]
    assert rows_of(told, "table", "year", "measure", "difference") == [
        ("forecast_totals", 2027, "expected", 10),
        ("equity", None, "children", 0),
        ("equity", None, "mean_minutes", 0),
        ("equity", None, "share_within", 0),
        ("equity", None, "within_guidance", 0),
    ]


def test_tables_say_what_came_went_and_changed(write):
    first = write(
        "a",
        {
            "flows": flows(
                ("today", "N", "U1", 10, None), ("today", "N", "U2", 5, None), ("today", "S", "U1", 20, None)
            ),
            "costs": pd.DataFrame(
                {"question": ["today"], "line": ["college"], "fund": ["high_needs"], "pounds": [1.0]}
            ),
            "plans": pd.DataFrame({"placement": ["mainstream"], "plans": [5.0]}),
        },
    )
    second = write(
        "b",
        {
            "flows": flows(
                ("today", "N", "U1", 15, None), ("today", "S", "U1", 20, None), ("today", "S", "U3", 5, None)
            ),
            "costs": pd.DataFrame(
                {"question": ["today"], "line": ["college"], "fund": ["high_needs"], "pounds": [1.0]}
            ),
            "guidance": pd.DataFrame({"phase": ["primary"], "minutes": [45.0]}),
        },
    )
    answer = pp.compare_runs(first, second)
    columns = ("table", "status", "keys", "rows_first", "rows_second", "rows_added", "rows_removed", "rows_changed")
    assert rows_of(answer.tables["tables"], *columns) == [
        ("costs", "same", "question;line;fund", 1, 1, 0, 0, 0),
        ("flows", "differs", "question;locality;unit", 3, 3, 1, 1, 1),
        ("guidance", "only in second", None, None, 1, None, None, None),
        ("plans", "only in first", None, 1, None, None, None, None),
    ]
    assert rows_of(answer.tables["changes"], "table", "key", "column", "first", "second", "difference") == [
        ("flows", "today | N | U1", "children", "10", "15", 5),
        ("flows", "today | N | U2", "children", "5", None, None),
        ("flows", "today | S | U3", "children", None, "5", None),
    ]
    assert not answer.same


def test_a_withheld_count_is_never_a_nought(write):
    first = write(
        "a",
        {
            "flows": flows(("today", "N", "U1", math.nan, "children"), ("today", "N", "U2", math.nan, "children")),
            "headlines": headlines(gap=None, placed=None, children=10),
        },
    )
    second = write(
        "b",
        {
            "flows": flows(("today", "N", "U1", 10, None), ("today", "N", "U2", math.nan, "children")),
            "headlines": headlines(gap=5, placed=None, children=10),
        },
    )
    answer = pp.compare_runs(first, second)
    flow = answer.tables["changes"].query("table == 'flows'")
    assert rows_of(flow, "key", "first", "second", "difference", "suppressed") == [
        ("today | N | U1", None, "10", None, "first;difference")
    ]
    told = answer.tables["headlines"]
    assert rows_of(told, "measure", "first_value", "second_value", "difference", "suppressed") == [
        ("children", 10, 10, 0, None),
        ("placed", None, None, None, "first_value;second_value;difference;per_cent"),
        ("gap", None, 5, None, "first_value;difference;per_cent"),
    ]


def test_rows_are_joined_on_what_they_are_about(write):
    use = pd.DataFrame(
        {
            "question": "today",
            "unit": ["U1", "U2"],
            "site": ["S1", "S2"],
            "locality": ["N", "S"],
            "placed": [10.0, 20.0],
        }
    )
    gaps = pd.DataFrame(
        {"rank": [1.0, 2.0], "locality": ["N", "S"], "phase": "primary", "children": [30.0, 20.0], "nearest": "U1"}
    )
    journeys = pd.DataFrame({"zone": ["Z1"], "site": ["S1"], "minutes": [5.0], "reason": ["reached"]})
    first = write("a", {"use": use, "gaps": gaps, "journeys": journeys})
    second = write(
        "b",
        {
            "use": use.assign(locality=["N", "N"]),
            "gaps": gaps.assign(rank=[2.0, 1.0], children=[30.0, 40.0]),
            "journeys": journeys.assign(site="S2"),
        },
    )
    changes = pp.compare_runs(first, second).tables["changes"]
    assert rows_of(changes, "table", "key", "column", "first", "second") == [
        ("gaps", "N | primary", "rank", "1", "2"),
        ("gaps", "S | primary", "children", "20", "40"),
        ("gaps", "S | primary", "rank", "2", "1"),
        ("journeys", "Z1 | S1", "minutes", "5.0", None),
        ("journeys", "Z1 | S1", "reason", "reached", None),
        ("journeys", "Z1 | S2", "minutes", None, "5.0"),
        ("journeys", "Z1 | S2", "reason", None, "reached"),
        ("use", "today | U2", "locality", "S", "N"),
    ]


def test_tables_kept_by_other_labels_are_not_joined(write):
    cells = {"question": ["today"], "locality": ["N"], "phase": ["primary"], "children": [30.0]}
    first = write("a", {"gap": pd.DataFrame({**cells, "need": ["ASD"]})})
    second = write("b", {"gap": pd.DataFrame({**cells, "area": ["communication_interaction"]})})
    answer = pp.compare_runs(first, second)
    assert rows_of(answer.tables["tables"], "status", "keys", "rows_changed", "columns") == [
        ("differs", None, None, "only in first: need; only in second: area")
    ]
    assert answer.tables["changes"].empty


def test_rows_that_no_label_tells_apart_are_numbered(write):
    first = write("a", {"notes": pd.DataFrame({"note": ["x", "x"], "children": [10.0, 20.0]})})
    second = write("b", {"notes": pd.DataFrame({"note": ["x", "x", "y"], "children": [10.0, 25.0, 5.0]})})
    changes = pp.compare_runs(first, second).tables["changes"]
    assert rows_of(changes, "key", "first", "second") == [("x | row 2", "20", "25"), ("y", None, "5")]


def test_a_row_that_is_nothing_but_its_key_is_told_too(write):
    first = write("a", {"areas": pd.DataFrame({"area": ["north"]})})
    second = write("b", {"areas": pd.DataFrame({"area": ["north", "south"]})})
    changes = pp.compare_runs(first, second).tables["changes"]
    assert rows_of(changes, "key", "column", "first", "second") == [("south", "row", None, "yes")]


def test_the_order_of_rows_is_told_where_it_is_the_answer(write):
    localities = pd.DataFrame({"locality": ["N", "S"], "name": ["North", "South"]})
    first = write("a", {"localities": localities})
    second = write("b", {"localities": localities.iloc[::-1]})
    assert rows_of(pp.compare_runs(first, second).tables["tables"], "status", "rows_changed", "columns") == [
        ("differs", 0, "the same in another order")
    ]


def test_runs_of_different_commands_and_counties_stand_side_by_side(write):
    first = write("a", {"headlines": headlines(children=10)})
    second = write(
        "b", {"guidance": pd.DataFrame({"phase": ["primary"], "minutes": [45.0]})}, command="coverage", county="X"
    )
    answer = pp.compare_runs(first, second)
    assert answer.run.county == "Testshire and X"
    assert rows_of(answer.tables["facts"], "fact", "first", "second") == [
        ("command", "allocate", "coverage"),
        ("county", "Testshire", "X"),
    ]
    assert set(answer.tables["tables"]["status"]) == {"only in first", "only in second"}


def test_a_name_that_the_runs_do_not_share_is_not_used(write):
    first = write("a", {"localities": pd.DataFrame({"locality": ["N", "S"], "name": ["North", "South"]})})
    second = write("b", {"localities": pd.DataFrame({"locality": ["N", "T"], "name": ["Norden", "Tees"]})})
    names = pp.compare_runs(first, second).tables["localities"]
    assert rows_of(names, "locality", "name") == [("S", "South"), ("T", "Tees")]


def test_an_internal_run_needs_internal_to_be_asked_for(write):
    safe = write("safe", {"headlines": headlines(children=10)})
    detail = write("detail", {"headlines": headlines(children=11), "placements": PLACEMENTS}, internal=True)
    for pair in ((safe, detail), (detail, safe), (detail, detail)):
        with pytest.raises(pp.UsageError, match=r"detail: internal, .* ask for it with --internal"):
            pp.compare_runs(*pair)
    assert not pp.compare_runs(safe, safe, internal=True).run.internal


def test_tables_of_children_are_compared_only_where_both_are_internal(write):
    by_zone = pd.DataFrame({"zone": ["Z1"], "need": ["ASD"], "children": [1.0]})
    tables = {"placements": PLACEMENTS, "zone_children": by_zone, "headlines": headlines(children=11)}
    safe = write("safe", {"headlines": headlines(children=10)})
    detail = write("detail", tables, internal=True)
    moved = write("moved", {**tables, "placements": PLACEMENTS.assign(unit="U2")}, internal=True)
    mixed = pp.compare_runs(safe, detail, internal=True)
    assert mixed.run.internal
    assert mixed.run.facts["withheld"] == ["placements", "zone_children"]
    assert list(mixed.tables["tables"]["table"]) == ["headlines"]
    both = pp.compare_runs(detail, moved, internal=True)
    assert rows_of(both.tables["changes"], "table", "key", "column", "first", "second") == [
        ("placements", "today | C1", "unit", "U1", "U2")
    ]
    assert both.run.facts["withheld"] == []


def test_a_table_of_children_in_a_run_that_is_not_internal_is_left_out(write):
    first = write("a", {"placements": PLACEMENTS})
    second = write("b", {"placements": PLACEMENTS.assign(unit="U2")})
    answer = pp.compare_runs(first, second)
    assert answer.tables["tables"].empty
    assert answer.run.facts["withheld"] == ["placements"]
    assert not answer.same  # nothing shows that they are
    assert pp.compare_runs(first, first).same


def test_a_share_safe_comparison_holds_nothing_that_the_two_runs_do_not(write):
    first = write("a", {"headlines": headlines(gap=None, children=10)})
    second = write("b", {"headlines": headlines(gap=None, children=20)})
    answer = pp.compare_runs(first, second)
    assert answer.run.facts["share_safe"]
    published = {10.0, 20.0}
    told = answer.tables["headlines"]
    assert {value for side in ("first_value", "second_value") for value in told[side].dropna()} == published


def test_the_faults_of_both_folders_are_told_at_once(write):
    folders = [write(name, {"headlines": headlines(children=10)}) for name in ("a", "b")]
    (folders[0] / "tables" / "headlines.csv").unlink()
    (folders[1] / "tables" / "headlines.csv").write_text("other\n", encoding="utf-8")
    with pytest.raises(pp.InputError) as caught:
        pp.compare_runs(*folders)
    assert [(Path(one.table.split(", ")[0]).name, one.value) for one in caught.value.faults] == [
        ("a", ""),
        ("b", "other contents"),
    ]
    with pytest.raises(pp.UsageError, match=r"no run\.json"):
        pp.compare_runs(folders[0], folders[0].parent)
