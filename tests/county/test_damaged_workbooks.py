"""Damaged workbooks and GeoPackages: the same faults, and never a traceback."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from tiny_county import write_tiny_county

from placeplan.county.reading import check_county
from placeplan.errors import Fault


def _workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("sheets", "fault"),
    [
        (
            {"county": [["setting", "value"], ["format", 1], ["nam", "x"]]},
            ("county", "3", "nam", "x", "a known key, perhaps name"),
        ),
        (
            {"county": [["setting", "value"], ["seed", 1], ["seed", 2]]},
            ("county", "3", "seed", "seed", "each setting once, as a dotted key"),
        ),
        ({"county": [["key", "value"]]}, ("county", "1", "", "key, value", "the columns setting and value")),
        (
            {"County": [["setting", "value"]]},
            ("county", "", "", "sheet County", "a sheet named county, with columns setting and value"),
        ),
        (
            {"county": [["setting"]], "zones": []},
            ("zones", "", "", "an empty sheet in c.xlsx", "a header line and rows"),
        ),
        ({"county": [["setting"]], "Zones": []}, ("zones", "", "", "sheet Zones", "a sheet named zones")),
        (
            {"county": [["setting"]], "population": [["zone", "age"], ["z1", dt.date(2024, 11, 7)]]},
            (
                "population",
                "2",
                "age",
                "2024-11-07",
                "a whole number from 0 to 25; this is a date, into which Excel may have turned it",
            ),
        ),
    ],
)
def test_a_workbook_is_checked_in_the_same_way(
    tmp_path: Path, sheets: dict[str, list[list[object]]], fault: tuple[str, str, str, str, str]
) -> None:
    assert Fault(*fault) in check_county(_workbook(tmp_path / "c.xlsx", sheets))


@pytest.mark.parametrize("name", ["county.xlsx", "county.gpkg"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 not a zip", b"SQLite format 3\0 and no more", bytes(range(256)) * 9]
)
def test_a_damaged_workbook_or_geopackage_is_one_fault(tmp_path: Path, name: str, content: bytes) -> None:
    folder = write_tiny_county(tmp_path / "county")
    (folder / name).write_bytes(content)
    faults = check_county(folder / name if name.endswith("xlsx") else folder)
    assert [(fault.table, fault.row, fault.column) for fault in faults] == [(name, "", "")]


def test_a_workbook_that_would_unpack_beyond_reason_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("placeplan.county.workbook.LARGEST_BYTES", 1000)
    (fault,) = check_county(_workbook(tmp_path / "c.xlsx", {"county": [["setting", "value"]]}))
    assert "unpacked" in fault.expected
