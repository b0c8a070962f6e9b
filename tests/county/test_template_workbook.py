"""The empty county as a workbook: every table, column and setting is there, explained, and offers its codes."""

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from placeplan.county.columns import TABLES
from placeplan.county.reading import check_county
from placeplan.county.settings import Settings
from placeplan.county.settings_file import parse_settings
from placeplan.county.template import template_toml
from placeplan.county.template_workbook import write_template_workbook
from placeplan.county.workbook import read_workbook
from placeplan.errors import UsageError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_template_workbook(tmp_path_factory.mktemp("new") / "mine.xlsx")


def offered(sheet: Any, cell: str) -> list[str]:
    """What a cell's drop-down offers; nothing where it has none."""
    rules = [rule for rule in sheet.data_validations.dataValidation if cell in rule.sqref]
    assert len(rules) <= 1
    return [code for rule in rules if rule.type == "list" for code in rule.formula1.strip('"').split(",")]


def test_the_workbook_lacks_what_the_folder_lacks(path: Path) -> None:
    required = [name for name, table in TABLES.items() if table.required]
    found = [(fault.table, fault.column) for fault in check_county(path)]
    assert found == [("county", "as_of"), ("county", "name"), *((name, "") for name in required)]


def test_every_table_has_its_columns_each_explained_and_with_its_codes(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["county", *TABLES]
    for name, table in TABLES.items():
        sheet = book[name]
        heads = list(sheet[1])
        assert [cell.value for cell in heads] == list(table.names)
        assert sheet.freeze_panes == "B2"
        for cell, column in zip(heads, table.columns, strict=True):
            assert column.meaning[1:] in cell.comment.text
            codes = ["yes", "no"] if column.type == "yes_no" else list(column.codes)
            assert offered(sheet, f"{cell.column_letter}2") == ([] if column.blanks else codes), column.name
            assert sheet.column_dimensions[cell.column_letter].width >= len(column.name)
            assert (cell.fill.fgColor.rgb == "FFFFF3D6") == column.required


def test_every_setting_is_there_with_a_blank_value_and_its_default(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    rows = [tuple(cell.value for cell in row[:3]) for row in book["county"].iter_rows()]
    assert rows[0] == ("setting", "value", "meaning")
    stated = {key: value for key, value, _ in rows[1:] if value is not None}
    assert stated == {"format": 1}
    meanings = {key: meaning for key, _, meaning in rows[1:] if key is not None}
    assert "blank is 45" in meanings["guidance_minutes.primary"]
    assert "blank is taxi" in meanings["transport.default_vehicle"]
    assert "blank is yes" in meanings["rules.minimum_use.on"]
    assert "must be filled in" in meanings["name"]
    # Whatever county.toml's template names can be stated here too.
    lines = [line for line in template_toml().splitlines() if " = " in line and not line.startswith("##")]
    last = {line.split(" = ")[0].lstrip("# ") for line in lines}
    assert last <= {key.split(".")[-1] for key in meanings}


def test_every_setting_that_the_sheet_names_is_a_setting(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["county"]
    rows = []
    for line, cells in enumerate(sheet.iter_rows(min_row=2), start=2):
        if cells[0].value is not None:
            codes = offered(sheet, f"B{line}")
            rows.append((line, cells[0].value, codes[0] if codes else "1"))
    _, faults = parse_settings(rows)
    # A sample may be wrong of its kind, but no name is unknown and no code that is offered is refused.
    assert [fault for fault in faults if "known key" in fault.expected or "one of" in fault.expected] == []


def test_a_filled_setting_counts_and_a_blank_one_keeps_its_default(path: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(path)
    values = {"name": "Shown", "as_of": dt.date(2025, 1, 16), "seed": 7, "rules.overfill.allowed": "no"}
    for cells in book["county"].iter_rows(min_row=2):
        cells[1].value = values.get(cells[0].value, cells[1].value)
    book.save(tmp_path / "filled.xlsx")
    sheet = read_workbook("filled.xlsx", (tmp_path / "filled.xlsx").read_bytes()).settings
    settings, faults = parse_settings(sheet)
    assert faults == []
    assert settings is not None
    assert settings.stated == {"format", "name", "as_of", "seed", "rules", "rules.overfill", "rules.overfill.allowed"}
    default = Settings(name="Shown", as_of=dt.date(2025, 1, 16))
    assert (settings.seed, settings.rules.overfill.allowed, settings.cases) == (7, False, default.cases)
    assert (settings.transport, settings.forecast) == (default.transport, default.forecast)


def test_what_is_there_is_left_alone_and_nothing_half_made_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write_template_workbook(tmp_path / "mine").name == "mine.xlsx"
    before = (tmp_path / "mine.xlsx").read_bytes()
    assert write_template_workbook(tmp_path / "again.xlsx").read_bytes() == before
    with pytest.raises(UsageError, match="exists already"):
        write_template_workbook(tmp_path / "mine.xlsx")
    assert (tmp_path / "mine.xlsx").read_bytes() == before

    def full(path: Path, _: bytes) -> int:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match="No space left"):
        write_template_workbook(tmp_path / "full.xlsx")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["again.xlsx", "mine.xlsx"]
