"""The workbook, the GeoPackage and the map of a run, read back by other programs than those that wrote them."""

import io
import sqlite3
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from support.report_parts import with_tables

from placeplan.privacy import share_safe
from placeplan.report.geopackage import geopackage_bytes
from placeplan.report.map import map_png
from placeplan.report.workbook import workbook_bytes
from placeplan.report.write import figure
from placeplan.runs import Run


@pytest.fixture(scope="module")
def internal(sample: Run) -> Run:
    return replace(sample, internal=True)


def sheet_rows(book: Any, name: str) -> list[tuple[Any, ...]]:
    return list(book[name].iter_rows(values_only=True))


def test_the_workbook_opens_with_the_answer_then_a_sheet_a_table(sample: Run, internal: Run) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(internal)))
    assert book.sheetnames[0] == "Answer"
    front = [str(cell) for row in sheet_rows(book, "Answer") for cell in row if cell]
    assert front[0] == "Who goes where in Exampleshire, September 2025"
    assert front[1].startswith("INTERNAL")
    assert any(text.startswith("In September 2025, 435 children") for text in front)
    assert len(book.sheetnames) == 1 + len(sample.tables)
    for name in book.sheetnames[1:]:
        assert book[name].freeze_panes == "A2", name
    gap = sheet_rows(book, "Gap")
    assert gap[0][:4] == ("Question", "Locality", "Need", "Phase")
    assert sum(row[4] for row in gap[1:] if row[0] == "As placed today") == 420
    pounds = next(row for row in sheet_rows(book, "Cost by line and fund") if row[1] == "Home to school transport")
    assert isinstance(pounds[3], int | float)


def test_no_text_is_a_formula_or_a_link(internal: Run) -> None:
    named = internal.tables["units_named"].copy()
    evil = ["=1+1", "+44", "-5", "@SUM(A1)", '=HYPERLINK("http://x")', "http://x.example", "\t=2", "{=3}"]
    named["name"] = [evil[at % len(evil)] for at in range(len(named))]
    made = workbook_bytes(with_tables(internal, units_named=named))
    book = openpyxl.load_workbook(io.BytesIO(made))
    shown = [row[1] for row in sheet_rows(book, "Units")[1:]]
    assert set(evil) <= set(shown)
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        for name in parts.namelist():
            assert b"<f>" not in parts.read(name)
            assert b"<hyperlink" not in parts.read(name)


def test_a_share_safe_workbook_marks_what_it_withholds_and_has_no_child(sample: Run) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(share_safe(sample))))
    assert "Children (pseudonyms)" not in book.sheetnames
    cells = [cell for row in sheet_rows(book, "Gap") for cell in row]
    assert "c" in cells
    assert not any(str(cell).startswith("INTERNAL") for row in sheet_rows(book, "Answer") for cell in row)


def test_the_geopackage_has_its_layers_and_no_homes(sample: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.gpkg"
    path.write_bytes(geopackage_bytes(share_safe(sample)))
    assert sorted(name for name, _ in pyogrio.list_layers(path)) == [
        "flows",
        "gaps",
        "layer_styles",
        "localities",
        "sites",
        "units",
    ]
    flows = gpd.read_file(path, layer="flows")
    assert flows.crs.to_epsg() == 27700
    assert set(flows.geometry.geom_type) == {"LineString"}
    assert flows["children"].min() >= 5
    sites = set(sample.layers["sites"].geometry.to_wkt())
    assert {gpd.points_from_xy([line.coords[-1][0]], [line.coords[-1][1]])[0].wkt for line in flows.geometry} <= sites
    starts = {line.coords[0] for line in flows.geometry}
    assert len(starts) == 3
    gaps = gpd.read_file(path, layer="gaps")
    assert len(gaps) == 9
    assert {"locality", "question", "gap", "spot_purchase"} <= set(gaps.columns)
    with sqlite3.connect(path) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert base.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall() == [
            ("2000-01-01T00:00:00.000Z",)
        ]
    base.close()


def test_internal_flows_are_the_children_counted(internal: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.gpkg"
    path.write_bytes(geopackage_bytes(internal))
    flows = gpd.read_file(path, layer="flows")
    placements = internal.tables["placements"].query("question == 'today' and unit != 'spot_purchase'")
    drawn = flows[flows["question"] == "today"]
    assert drawn["children"].sum() == len(placements)


def test_the_map_names_no_axis(sample: Run) -> None:
    axes = figure(share_safe(sample)).axes[0]
    assert not any(axis.get_visible() and axis.label.get_text() for axis in (axes.xaxis, axes.yaxis))


def test_the_map_is_a_picture_of_the_size_a_page_can_bear(sample: Run) -> None:
    made = map_png(share_safe(sample))
    width, height = struct.unpack(">II", made[16:24])
    assert (width, height > 600) == (1650, True)
    assert len(made) < 400_000


def labels(run: Run) -> str:
    return " ".join(text.get_text() for text in figure(run, internal=True).axes[0].texts)


def test_the_map_says_the_gap_of_each_locality(sample: Run) -> None:
    gap = sample.tables["gap"].query("question == 'september'").groupby("locality")["gap"].sum()
    assert f"Eastbrook\n{gap['east']} without a place" in labels(sample)
    none = with_tables(sample, gap=sample.tables["gap"].assign(gap=0, spot_purchase=0))
    assert "South Vale\nno gap" in labels(none)


def test_labels_of_localities_do_not_cover_each_other(sample: Run) -> None:
    made = figure(sample)
    boxes = [text.get_bbox_patch() for text in made.axes[0].texts]
    made.canvas.draw()
    extents = [box.get_window_extent() for box in boxes if box is not None]
    assert len(extents) == 3
    for at, one in enumerate(extents):
        assert not any(one.overlaps(other) for other in extents[at + 1 :])


def test_only_the_largest_flows_are_drawn_where_there_are_too_many(sample: Run) -> None:
    sites = sample.layers["sites"]
    many = [f"X{number:03d}" for number in range(120)]
    first = sample.tables["use"].query("question == 'september'").iloc[[0]]
    use = pd.concat([first.assign(unit=unit) for unit in many], ignore_index=True)
    flows = pd.DataFrame(
        {"question": "september", "locality": "east", "unit": many, "children": range(10, 130), "mean_minutes": 20.0}
    )
    made = figure(with_tables(sample, use=use, flows=flows), internal=True)
    assert len(sites) == 12
    assert any("The 90 largest of 120 flows" in text.get_text() for text in made.texts)
