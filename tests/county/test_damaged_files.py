"""Damaged files, columns and cells: each gives its one fault, with table, row, column, value and expectation."""

from pathlib import Path

import pytest
from damage import Case, Damage, put, remove, rename, swap
from tiny_county import write_tiny_county

from placeplan.county.reading import read_county
from placeplan.errors import InputError

CASES: list[Case] = [
    # files
    ("missing table", remove("sites.csv"), ("sites", "", ""), "no such table", "a school or college"),
    ("no settings", remove("county.toml"), ("county.toml", "", ""), "no such file", "placeplan new"),
    ("misnamed table", rename("children.csv", "childrens.csv"), ("children", "", ""), "childrens.csv", "children.csv"),
    ("table in capitals", rename("children.csv", "Children.csv"), ("children", "", ""), "Children.csv", "children.csv"),
    ("empty file", put("children.csv", b""), ("children", "", ""), "empty file, children.csv", "header"),
    ("blank file", put("children.csv", b"\n , \n"), ("children", "", ""), "empty file, children.csv", "header"),
    ("no rows", put("top_ups.csv", b"unit,kind,pounds,fund\n"), ("top_ups", "", ""), "no rows", "at least one row"),
    (
        "not UTF-8",
        put("children.csv", b"child,zone,year_group,need,unit\nc1,z1,3,ASD,base_primary\nc\xe92,z2,5,ASD,special\n"),
        ("children", "3", ""),
        "byte 0xE9 on line 3 of children.csv",
        "UTF-8",
    ),
    (
        "UTF-16",
        put("children.csv", "child,zone\n".encode("utf-16")),
        ("children", "1", ""),
        "byte 0xFF on line 1",
        "UTF-8",
    ),
    ("null character", swap("sites.csv", "South School", "South\0School"), ("sites", "3", ""), "null", "UTF-8"),
    (
        "quotation mark left open",
        swap("sites.csv", "South School", '"South School'),
        ("sites", "3", ""),
        "",
        "in pairs",
    ),
    ("semicolons", put("travel.csv", b"zone;site;minutes;km\n"), ("travel", "1", ""), "zone;site", "commas"),
    ("a cell too many", swap("sites.csv", "600,20,4", "600,20,4,9"), ("sites", "2", ""), "10 cells", "9 cells"),
    # columns
    ("unknown column", swap("zones.csv", "rural", "postcode"), ("zones", "1", "postcode"), "postcode", "a column of"),
    ("column with capitals", swap("sites.csv", "easting", "Easting "), ("sites", "1", "Easting"), "Easting", "easting"),
    ("column with spaces", swap("sites.csv", "host_roll", "Host roll"), ("sites", "1", "Host roll"), "", "host_roll"),
    ("column twice", swap("zones.csv", "rural", "zone"), ("zones", "1", "zone"), "zone", "each column once"),
    # types
    (
        "text for a number",
        swap("zones.csv", "z1,north,440000", "z1,north,west"),
        ("zones", "2", "easting"),
        "west",
        "number",
    ),
    (
        "Excel date for an age",
        swap("population.csv", "z1,2024,11", "z1,2024,11-Nov"),
        ("population", "3", "age"),
        "11-Nov",
        "Excel",
    ),
    (
        "date for a year group",
        swap("children.csv", "c1,z1,3", "c1,z1,2025-03-01"),
        ("children", "2", "year_group"),
        "2025-03-01",
        "date",
    ),
    ("half a child", swap("units.csv", ",3,1,4,", ",3.5,1,4,"), ("units", "4", "places"), "3.5", "whole number"),
    (
        "thousands where ambiguous",
        swap("population.csv", "12.5", '"1,25"'),
        ("population", "7", "people"),
        "1,25",
        "without commas",
    ),
    (
        "thousands in a measure",
        swap("roads.csv", "8600", '"8,600"'),
        ("roads", "7", "metres"),
        "8,600",
        "without commas",
    ),
    ("infinite", swap("population.csv", "12.5", "1e999"), ("population", "7", "people"), "1e999", "number"),
    (
        "not yes or no",
        swap("zones.csv", "350000,no,5", "350000,perhaps,5"),
        ("zones", "2", "rural"),
        "perhaps",
        "yes or no",
    ),
    (
        "no such day",
        swap("children.csv", "2023-01-09", "2023-02-30"),
        ("children", "5", "since"),
        "2023-02-30",
        "YYYY-MM-DD",
    ),
    ("a blank", swap("children.csv", "c4,z4,10,SEMH", "c4,z4,10,"), ("children", "5", "need"), "a blank", "ASD"),
    # codes
    (
        "unknown need",
        swap("children.csv", "c1,z1,3,ASD", "c1,z1,3,ADS"),
        ("children", "2", "need"),
        "ADS",
        "perhaps ASD",
    ),
    ("unknown kind", swap("top_ups.csv", ",ers,", ",erss,"), ("top_ups", "2", "kind"), "erss", "perhaps ers"),
    (
        "unknown model",
        swap("units.csv", "integrative", "integrated"),
        ("units", "3", "model"),
        "integrated",
        "perhaps integrative",
    ),
    (
        "unknown fund",
        swap("top_ups.csv", "5000,health", "5000,heath"),
        ("top_ups", "6", "fund"),
        "heath",
        "perhaps health",
    ),
    (
        "unknown placement",
        swap("plans.csv", "special_state", "special"),
        ("plans", "7", "placement"),
        "special",
        "perhaps special_state",
    ),
    (
        "unknown phase",
        put("substitutes.csv", b"need,phase,from_kind,to_kind,share,source\nASD,primry,special,ers,0.1,a study\n"),
        ("substitutes", "2", "phase"),
        "primry",
        "perhaps primary",
    ),
    ("need of a unit", swap("units.csv", "ASD;SLCN", "ASD;SLC"), ("units", "3", "needs"), "SLC", "perhaps SLCN"),
    (
        "what would suit",
        swap("children.csv", "ers:integrative", "ers:integrativ"),
        ("children", "6", "suits"),
        "ers:integrativ",
        "perhaps integrative",
    ),
    (
        "kind that would suit",
        swap("children.csv", ",,special,,no,\n", ",,specal,,no,\n"),
        ("children", "7", "suits"),
        "specal",
        "perhaps special",
    ),
]


@pytest.mark.parametrize(("damage", "place", "value", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_damage_to_files_and_cells_gives_its_one_fault(
    tmp_path: Path, damage: Damage, place: tuple[str, str, str], value: str, expected: str
) -> None:
    folder = write_tiny_county(tmp_path / "county")
    damage(folder)
    with pytest.raises(InputError) as raised:
        read_county(folder)
    (fault,) = raised.value.faults
    assert (fault.table, fault.row, fault.column) == place
    assert value in fault.value
    assert expected in fault.expected
