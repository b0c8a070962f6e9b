"""The tables of cases: every fault by table, row and column, and all at once."""

import pytest
from support.case_county import CASE, county_with, quote

import placeplan as pp


def line(**cells):
    return {"case": "C1", "package": "P", "line": "staff", "payer": "education", "pounds": "10", "per": "year", **cells}


def faults_of(folder, **tables):
    with pytest.raises(pp.InputError) as caught:
        county_with(folder / "tiny", **{"cases": [CASE], **tables})
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"cases": [{**CASE, "zone": ""}]}, "cases, row 2, column zone: found a blank; expected the zone, or a child"),
        (
            {"cases": [{**CASE, "suits": ""}]},
            "column suits: found a blank; expected a unit, or what would meet the plan",
        ),
        ({"cases": [{**CASE, "suits": "specail"}]}, "column suits: found specail; expected a kind"),
        ({"cases": [{**CASE, "child": "c1"}]}, "column zone: found z2; expected as the table children has it (z1)"),
        ({"cases": [{**CASE, "child": "c99"}]}, "column child: found c99; expected a child of table children"),
        *(
            ({"cases": [{**CASE, "case": name}]}, f"row 2, column case: found {name}; expected a pseudonym: letters,")
            for name in ("John Smith", "j.smith@school.org", "../../out", "/elsewhere/out", "x/y", "..", "c" * 41)
        ),
        (
            {"cases": [CASE, {**CASE, "case": "c1"}]},
            "row 3, column case: found c1; expected a pseudonym that differs by more than capitals from C1",
        ),
        (
            {
                "cases": [{**CASE, "band": "c"}],
                "top_ups": [{"kind": "special", "band": "C", "pounds": "20000", "fund": "high_needs"}],
            },
            "row 2, column band: found c; expected a band of table top_ups (C), perhaps C",
        ),
        ({"cases": [CASE, CASE]}, "row 3, column case: found C1; expected each case once; row 2 has it too"),
        (
            {"cases": [{"case": "A", "child": "c1"}, {"case": "B", "child": "c1"}]},
            "row 3, column child: found c1; expected each child in one case",
        ),
        (
            {"cases": [{**CASE, "start_term": "winter 2025"}]},
            "column start_term: found winter 2025; expected a term, as in",
        ),
        (
            {"cases": [{**CASE, "start_term": "autumn 2030"}]},
            "column start_term: found autumn 2030; expected a term from autumn 2024 to summer 2026",
        ),
        ({"cases": [{**CASE, "prefers": "Q9"}]}, "column prefers: found Q9; expected a unit, quote or package"),
        ({"quotes": [quote("C7")]}, "quotes, row 2, column case: found C7; expected a case of table cases"),
        ({"quotes": [quote(provision="residential")]}, "column provision: found residential; expected one of day"),
        (
            {"quotes": [quote(unit="special")]},
            "column unit: found special; expected a unit of kind independent_special, non_maintained_special",
        ),
        ({"quotes": [quote(fee="-1")]}, "column fee: found -1; expected a number, 0 or more"),
        (
            {"quotes": [quote(fee_low="50000")]},
            "column fee: found 50000, 44000; expected fee_low, fee, fee_high that do not fall",
        ),
        (
            {"quotes": [quote(fee="", fee_high="50000")]},
            "column fee_low: found a blank; expected both ends of a range, or fee itself",
        ),
        (
            {"quotes": [quote(name="special")]},
            "column quote: found special; expected a name that no unit, kind or other",
        ),
        ({"packages": [line(per="hour")]}, "packages, row 2, column hours_week: found a blank; expected hours a week"),
        (
            {"packages": [line(start_term="spring 2026", end_term="autumn 2025")]},
            "column end_term: found autumn 2025; expected spring 2026 or later",
        ),
        (
            {"packages": [line(unit="special"), line(line="tuition")]},
            "row 3, column unit: found a blank; expected special, as in the package's first row",
        ),
        ({"packages": [line(line="salaries")]}, "column line: found salaries; expected one of staff"),
        (
            {"vetoes": [{"case": "C1", "option": "specal", "by": "family", "reason": "x"}]},
            "vetoes, row 2, column option: found specal; expected a unit, kind, quote or package",
        ),
        (
            {"vetoes": [{"case": "C1", "option": "special", "by": "family", "reason": ""}]},
            "column reason: found a blank; expected text",
        ),
        (
            {"decisions": [{"case": "C1", "decision": "agreed"}]},
            "decisions, row 2, column option: found a blank; expected the option that was agreed",
        ),
        (
            {"decisions": [{"case": "C1", "decision": "perhaps"}]},
            "decisions, row 2, column decision: found perhaps; expected one of agreed, deferred, refused, withdrawn",
        ),
    ],
)
def test_a_fault_names_its_table_row_column_and_what_was_expected(tmp_path, tables, told):
    found = faults_of(tmp_path, **tables)
    assert any(told in fault for fault in found), found


def test_all_faults_are_told_at_once(tmp_path):
    found = faults_of(
        tmp_path,
        cases=[{**CASE, "need": "ASQ", "zone": "z9"}],
        quotes=[quote("C7", fee="x")],
        packages=[line(case="C8", per="day")],
    )
    tables = {fault.split(",")[0] for fault in found}
    assert tables == {"cases", "quotes", "packages"}
    assert len(found) >= 6


def test_a_case_has_what_the_children_table_knows_of_its_child(tmp_path):
    county = county_with(tmp_path / "tiny", cases=[{"case": "C1", "child": "c1", "need": "ASD"}])
    assert county.cases["zone"].isna().all()
    assert len(county.cases) == 1
