"""Whatever lies in a county is read, refused or named: wrong names and endings, sheets, layers, failed formulas."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from shapely.geometry import Point
from tiny_county import COUNTY_TOML, TINY_TABLES, write_tiny_county

from placeplan.county.columns import TABLES
from placeplan.county.county import County
from placeplan.county.noted import published_notes
from placeplan.county.reading import check_county, read_county
from placeplan.errors import Fault, Note

WRONG_NAMES: list[Callable[[str], str]] = [
    lambda table: f"{table}.xlsx",
    lambda table: f"{table}.txt",
    lambda table: f"{table}.tsv",
    lambda table: f"{table}.CSV",
    lambda table: f"{table}.csv.txt",
    lambda table: f"{table}.json",
    lambda table: f"{table}.parquet",
    lambda table: f"{table.upper()}.csv",
    lambda table: f"{table.replace('_', ' ')} .csv",
    lambda table: f"Copy of {table}.csv",
    lambda table: f"{table} (1).csv",
    lambda table: f"{table}_old.csv",
    lambda table: f"2025-01 {table} final.csv",
    lambda table: f"tables/{table}.csv",
]


@pytest.fixture
def clean(tmp_path: Path) -> County:
    """The tiny county as it is."""
    return read_county(write_tiny_county(tmp_path / "clean"))


def noted(county: County) -> list[Note]:
    """The notes of a county, but for that of the ages that the tiny one leaves out."""
    return [note for note in county.notes if (note.table, note.column) != ("population", "age")]


def header_of(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns if column.type != "geometry"]


@pytest.mark.parametrize("wrong", WRONG_NAMES, ids=[name("TABLE") for name in WRONG_NAMES])
def test_a_table_under_another_name_or_ending_is_a_fault_in_its_own_name(
    tmp_path: Path, wrong: Callable[[str], str]
) -> None:
    folder = write_tiny_county(tmp_path / "county")
    (folder / "tables").mkdir()
    (folder / "localities.geojson").unlink()
    for table in TABLES:
        (folder / f"{table}.csv").unlink(missing_ok=True)
        (folder / wrong(table)).write_text(",".join(header_of(table)) + "\n", encoding="utf-8")
    found = {fault.table: fault.value for fault in check_county(folder)}
    for table in TABLES:
        assert wrong(table) in found[table], table


def test_a_file_with_the_columns_of_a_table_is_a_fault_whatever_it_is_called(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path / "county")
    (folder / "children.csv").rename(folder / "CYP extract.csv")
    (fault,) = check_county(folder)
    assert (fault.table, "CYP extract.csv" in fault.value, "children.csv" in fault.expected) == ("children", True, True)


def test_what_lies_beside_full_tables_is_named_and_changes_nothing(tmp_path: Path, clean: County) -> None:
    folder = write_tiny_county(tmp_path / "county")
    lying = ["Copy of children.csv", "units_old.csv", "sites.csv.bak", "budget.xlsx", "minutes of meeting.docx"]
    lying += ["other.gpkg", "plans 2019.tsv"]
    for name in lying:
        (folder / name).write_text("child,zone\n", encoding="utf-8")
    for name in ("README.md", ".DS_Store", "Thumbs.db", "TABLES.md"):
        (folder / name).write_text("nothing", encoding="utf-8")
    (folder / "earlier").mkdir()
    (folder / "earlier" / "children.csv").write_text("child\n", encoding="utf-8")
    (folder / "runs" / "one").mkdir(parents=True)
    (folder / "runs" / "one" / "run.json").write_text("{}", encoding="utf-8")
    (folder / "roads").mkdir()
    (folder / "roads" / "roads.shp").write_text("", encoding="utf-8")
    read = read_county(folder)
    assert {note.table for note in noted(read)} == {*lying, "earlier/children.csv", "roads/roads.shp"}
    assert all(note.taken.startswith("not read") for note in noted(read))
    # What is published names no document: a name may be somebody's.
    published = published_notes(read.notes)
    assert "1 document beside the tables: not read" in published
    assert not any("minutes of meeting" in sentence for sentence in published)
    for table in TABLES:
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(read, table)).drop(columns="geometry", errors="ignore"),
            pd.DataFrame(getattr(clean, table)).drop(columns="geometry", errors="ignore"),
        )


def tiny_workbook(path: Path, change: Callable[[openpyxl.Workbook], object]) -> Path:
    """The tiny county as a workbook, written by openpyxl and then changed."""
    book = openpyxl.Workbook()
    settings = book.active
    assert isinstance(settings, Worksheet)
    settings.title = "county"
    settings.append(["setting", "value"])
    for line in COUNTY_TOML.splitlines():
        key, _, value = line.partition(" = ")
        settings.append([key, value.strip('"')])
    for table, text in TINY_TABLES.items():
        sheet = book.create_sheet(table)
        for row in csv.reader(io.StringIO(text)):
            sheet.append([cell or None for cell in row])
    sheet = book.create_sheet("localities")
    sheet.append(["locality", "name", "geometry"])
    for name, south in (("north", 347000), ("south", 341000)):
        west, east, north = 438000, 446000, south + 6000
        corners = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
        sheet.append([name, f"{name.title()} Tinyshire", f"POLYGON(({corners}))"])
    change(book)
    book.save(path)
    return path


def test_a_workbook_as_a_program_writes_it_is_the_same_county(tmp_path: Path, clean: County) -> None:
    read = read_county(tiny_workbook(tmp_path / "c.xlsx", lambda _: None))
    assert noted(read) == []
    for table in set(TABLES) - {"localities"}:
        frame, other = (
            pd.DataFrame(getattr(one, table)).drop(columns="geometry", errors="ignore") for one in (read, clean)
        )
        pd.testing.assert_frame_equal(frame, other)


def test_a_formula_without_its_value_is_a_fault_in_every_column_of_every_table(tmp_path: Path) -> None:
    def as_formulas(book: openpyxl.Workbook) -> None:
        for table in TABLES:
            sheet = book[table] if table in book.sheetnames else book.create_sheet(table)
            if sheet.max_row < 2:
                for place, name in enumerate(TABLES[table].names, start=1):
                    sheet.cell(1, place, name)
            for place in range(1, sheet.max_column + 1):
                sheet.cell(2, place, "=1+1")

    faults = check_county(tiny_workbook(tmp_path / "c.xlsx", as_formulas))
    told = {(fault.table, fault.column) for fault in faults if fault.value == "a formula without a stored value"}
    for table in TABLES:
        header = TINY_TABLES[table].splitlines()[0].split(",") if table in TINY_TABLES else list(TABLES[table].names)
        assert {(table, name) for name in header if name} <= told
    # A cell whose value is lost has one fault, and none for what its blank would mean.
    assert not [fault for fault in faults if fault.row == "2" and fault.value == "a blank"]


@pytest.mark.parametrize(("form", "value"), [("folder", "#n/a"), ("workbook", "#REF!"), ("layers", "#DIV/0!")])
def test_a_failed_formula_is_a_fault_in_every_column_of_every_table(tmp_path: Path, form: str, value: str) -> None:
    folder = write_tiny_county(tmp_path / "county")
    wanted = {(table, name) for table in TABLES for name in header_of(table)}
    if form == "folder":
        for table in TABLES:
            text = ",".join(header_of(table)) + "\n" + ",".join([value] * len(header_of(table))) + "\n"
            (folder / f"{table}.csv").write_text(text, encoding="utf-8")
        (folder / "localities.geojson").unlink()
        faults = check_county(folder)
    elif form == "workbook":

        def fail(book: openpyxl.Workbook) -> None:
            for table in TABLES:
                if table in book.sheetnames:
                    del book[table]
                sheet = book.create_sheet(table)
                sheet.append(header_of(table))
                sheet.append([value] * len(header_of(table)))

        faults = check_county(tiny_workbook(tmp_path / "c.xlsx", fail))
    else:
        for table in TABLES:
            (folder / f"{table}.csv").unlink(missing_ok=True)
            frame = gpd.GeoDataFrame({name: [value] for name in header_of(table)}, geometry=[Point(1, 1)], crs=27700)
            frame.to_file(folder / "county.gpkg", layer=table, driver="GPKG", engine="pyogrio")
        (folder / "localities.geojson").unlink()
        faults = check_county(folder)
    told = {(fault.table, fault.column) for fault in faults if fault.value == value}
    assert wanted <= told


def test_merged_hidden_and_strange_sheets_are_told(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book["children"].merge_cells("B3:B4")
        book["units"].row_dimensions[3].hidden = True
        book["units"].column_dimensions["J"].hidden = True
        book["sites"].sheet_state = "hidden"
        book.create_sheet("pivot").append(["something", "else"])
        book.create_sheet("Sheet2")

    (fault,) = check_county(tiny_workbook(tmp_path / "merged.xlsx", change))
    assert (fault.table, fault.row, fault.column) == ("children", "3", "zone")
    assert "merged" in fault.value

    def unmerged(book: openpyxl.Workbook) -> None:
        change(book)
        book["children"].unmerge_cells("B3:B4")
        book["children"]["B4"] = "z3"

    notes = [str(note) for note in noted(read_county(tiny_workbook(tmp_path / "c.xlsx", unmerged)))]
    assert notes == [
        "sheet Sheet2: not read, empty",
        "sheet pivot: not read",
        "sites: found a hidden sheet sites; read as if it were shown",
        "units: found hidden row 3; read as if it were shown",
        "units, column places: found a hidden column; read as if it were shown",
    ]


@pytest.mark.parametrize("title", ["CYP", "Children", "children 2025", "Copy of children"])
def test_a_sheet_that_is_a_table_under_another_name_is_a_fault(tmp_path: Path, title: str) -> None:
    def rename(book: openpyxl.Workbook) -> None:
        book["children"].title = title

    (fault,) = check_county(tiny_workbook(tmp_path / "c.xlsx", rename))
    assert (fault.table, "a sheet named children" in fault.expected) == ("children", True)
    assert f"sheet {title}" in fault.value


def test_a_failed_or_unvalued_setting_is_a_fault(tmp_path: Path) -> None:
    def change(book: openpyxl.Workbook) -> None:
        book["county"].append(["travel.peak_factor", "=1+1"])
        book["county"].append(["travel.boarding_minutes", "#N/A"])
        book["county"].append([None, 12])

    faults = check_county(tiny_workbook(tmp_path / "c.xlsx", change))
    assert {(fault.table, fault.row) for fault in faults} == {("county", "9"), ("county", "10"), ("county", "11")}


def test_a_band_that_no_top_up_has_is_a_fault_and_bands_without_top_ups_are_noted(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path / "county")
    children = (folder / "children.csv").read_text(encoding="utf-8")
    banded = children.replace("c1,z1,3,ASD,SLCN,,", "c1,z1,3,ASD,SLCN,B3,").replace(
        "c2,z2,5,ASD,,,", "c2,z2,5,ASD,,b3,"
    )
    (folder / "children.csv").write_text(banded, encoding="utf-8")
    assert [str(note) for note in noted(read_county(folder))] == [
        "children, column band: found bands; not used: no row of the table top_ups has a band"
    ]
    with (folder / "top_ups.csv").open("a", encoding="utf-8") as file:
        file.write(",ers,,B3,20000,high_needs\n")
    assert check_county(folder) == [
        Fault("children", "3", "band", "b3", "a band of table top_ups (B3), perhaps B3"),
    ]
