"""The fewest cells that make a county: two localities, three zones, straight lines; put into what ``new`` wrote.

What a county of one's own needs at the least: its name and its day; two outlines; each zone's centre and how many
people of each age live there; one count of plans; two schools with a unit each; what a child costs in each kind of
unit; and how journeys are timed where there are no roads. Children, a case and a candidate are for the commands that
are about them.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
from shapely.geometry import Polygon, box

__all__ = ["CASE", "CHILDREN", "FEWEST", "SETTINGS", "fill_folder", "fill_workbook"]

Rows = list[dict[str, Any]]

SETTINGS = {
    "name": "Smallshire",
    "as_of": "2025-01-16",
    "travel.straight_line_detour": 1.3,
}

OUTLINES: dict[str, Polygon] = {
    "east": box(444000, 348000, 450000, 354000),
    "west": box(438000, 348000, 444000, 354000),
}

FEWEST: dict[str, Rows] = {
    "zones": [
        {"zone": "z1", "locality": "west", "easting": 440000, "northing": 350000},
        {"zone": "z2", "locality": "west", "easting": 442000, "northing": 352000},
        {"zone": "z3", "locality": "east", "easting": 447000, "northing": 351000},
    ],
    "population": [
        {"zone": zone, "year": 2024, "age": age, "people": people}
        for zone, people in (("z1", 40), ("z2", 60), ("z3", 50))
        for age in range(26)
    ],
    "plans": [{"year": 2024, "measure": "stock", "margin": "total", "plans": 120}],
    "sites": [
        {"site": "s1", "name": "West Academy", "locality": "west", "easting": 441000, "northing": 351000},
        {"site": "s2", "name": "East School", "locality": "east", "easting": 446000, "northing": 350000},
    ],
    "units": [
        {
            "unit": "base",
            "site": "s1",
            "kind": "ers",
            "model": "alternative",
            "needs": "ASD",
            "from_year_group": 0,
            "to_year_group": 11,
            "places": 8,
        },
        {
            "unit": "special",
            "site": "s2",
            "kind": "special",
            "needs": "any",
            "from_year_group": 0,
            "to_year_group": 14,
            "places": 30,
        },
    ],
    "top_ups": [
        {"kind": "ers", "pounds": 8000, "fund": "high_needs"},
        {"kind": "special", "pounds": 12000, "fund": "high_needs"},
    ],
}
"""What every county needs, with localities and their outlines."""

CHILDREN: dict[str, Rows] = {
    "children": [
        {"child": "c1", "zone": "z1", "year_group": 3, "need": "ASD", "unit": "base"},
        {"child": "c2", "zone": "z2", "year_group": 8, "need": "SLD", "unit": "special"},
        {"child": "c3", "zone": "z3", "year_group": 6, "need": "ASD", "suits": "ers:alternative;special"},
    ],
    "candidates": [
        {
            "candidate": "new_base",
            "name": "A base in the east",
            "site": "s2",
            "kind": "ers",
            "model": "alternative",
            "needs": "ASD",
            "from_year_group": 0,
            "to_year_group": 11,
        }
    ],
}
"""What allocate, coverage and compare are about."""

CASE: dict[str, Rows] = {"cases": [{"case": "N1", "child": "c3"}]}
"""What options is about."""


def fill_folder(folder: Path, tables: Iterable[dict[str, Rows]]) -> None:
    """Put the settings, the outlines and the rows into the folder that ``placeplan new`` wrote."""
    toml = folder / "county.toml"
    text = toml.read_text(encoding="utf-8")
    text = text.replace('name = ""', f'name = "{SETTINGS["name"]}"\nas_of = {SETTINGS["as_of"]}')
    detour = f"[travel]\nstraight_line_detour = {SETTINGS['travel.straight_line_detour']}"
    toml.write_text(text.replace("[travel]", detour, 1), encoding="utf-8", newline="\n")
    outlines = gpd.GeoDataFrame(
        {"locality": list(OUTLINES), "name": [name.title() for name in OUTLINES]},
        geometry=list(OUTLINES.values()),
        crs="EPSG:27700",
    )
    (folder / "localities.geojson").write_text(outlines.to_crs(4326).to_json(), encoding="utf-8", newline="\n")
    for name, rows in _merged(tables):
        path = folder / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, header, restval="", lineterminator="\n").writerows(rows)


def fill_workbook(path: Path, tables: Iterable[dict[str, Rows]]) -> None:
    """Put the same into the workbook that ``placeplan new --workbook`` wrote."""
    book = openpyxl.load_workbook(path)
    for cells in book["county"].iter_rows(min_row=2):
        if cells[0].value in SETTINGS:
            cells[1].value = SETTINGS[cells[0].value]
    outlines = [{"locality": name, "name": name.title(), "geometry": outline.wkt} for name, outline in OUTLINES.items()]
    for name, rows in [("localities", outlines), *_merged(tables)]:
        sheet = book[name]
        header = [cell.value for cell in sheet[1]]
        for line, row in enumerate(rows, start=2):
            for column, value in row.items():
                sheet.cell(line, header.index(column) + 1, value)
    book.save(path)


def _merged(tables: Iterable[dict[str, Rows]]) -> list[tuple[str, Rows]]:
    return [(name, rows) for part in tables for name, rows in part.items()]
