"""The csv of a run: whatever text a cell has is read back the same, and no cell is a formula in a spreadsheet."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from placeplan.county.geometry_file import read_geojson_table
from placeplan.run_reading import read_table
from placeplan.run_tables import table_text

# What a file in UTF-8 can hold: anything but half of a pair that stands for one character.
ODD = [
    "\r",
    "\n",
    "\r\n",
    "\x85",
    "\u2028",
    "\u2029",
    "\x0b",
    "\x0c",
    "\x1c",
    "\0",
    "\ufeff",
    '"',
    ",",
    "'",
    "''",
    "=",
    "\t",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.lists(st.sampled_from([*ODD, "a", "-1"])).map("".join)


@given(
    cells=st.lists(st.tuples(TEXTS.filter(bool) | st.none(), st.none() | st.floats(-1e9, 1e9)), min_size=1),
    alone=st.booleans(),
)
@example(cells=[("St Anne's\rAcademy", -2.5), ("-5", -5.0), ("'=1", None), (None, None)], alone=False)
def test_what_is_written_is_read_back_the_same(cells: list[tuple[str | None, float | None]], alone: bool) -> None:
    texts, numbers = zip(*cells, strict=True)
    frame = pd.DataFrame({"name": pd.Series(texts, dtype=object)})
    if not alone:
        frame["pounds"] = pd.Series(numbers, dtype=float).round(2)
    text = table_text(frame, sort=False)
    back = read_table("units_named", text.encode().decode())
    assert [None if pd.isna(cell) else cell for cell in back["name"]] == list(texts)
    if not alone:
        assert np.array_equal(back["pounds"], frame["pounds"] + 0.0, equal_nan=True)
    assert table_text(back, sort=False) == text


@given(TEXTS.filter(bool))
def test_no_cell_of_text_begins_as_a_formula_does_unless_it_is_a_number(cell: str) -> None:
    text = table_text(pd.DataFrame({"name": [cell], "pounds": [-3.5]}), sort=False)
    ((_, (shown, pounds))) = list(csv.reader(io.StringIO(text, newline="")))
    assert pounds == "-3.50"
    if shown[0] in "=+-@\t\r\n＝＋－＠":
        assert float(shown) == float(cell)


@pytest.mark.parametrize("cell", ["-5", "+44.20", "-0.5"])
def test_a_number_in_a_column_of_text_stays_one(cell: str) -> None:
    assert table_text(pd.DataFrame({"name": [cell]})) == f"name\n{cell}\n"


def test_half_a_character_in_a_file_is_a_fault() -> None:
    text = '{"type": "FeatureCollection", "features": [{"geometry": null, "properties": {"locality": "a\\ud800"}}]}'
    _, faults = read_geojson_table("localities", "localities.geojson", text.encode())
    assert [(fault.row, fault.column) for fault in faults] == [("2", "locality")]
