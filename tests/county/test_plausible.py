"""Figures that can be and are unlikely are noted at their first row, whichever table they stand in."""

from pathlib import Path

import pytest
from tiny_county import write_tiny_county

from placeplan.county.reading import read_county


def test_nothing_of_the_county_as_it_is_is_unlikely(tmp_path: Path) -> None:
    notes = read_county(write_tiny_county(tmp_path)).notes
    assert {(note.table, note.column) for note in notes} == {("population", "age")}


@pytest.mark.parametrize(
    ("table", "old", "new", "row", "column", "words"),
    [
        ("top_ups", ",ers,,,8000,", ",ers,,,8,", "2", "pounds", "in thousands"),
        ("units", "2,0,3,10000,4000", "2,0,3,10,4", "2", "fixed_cost", "in thousands"),
        ("roads", "n2,n5,6000,", "n2,n5,60000,", "6", "metres", "times as long as its line"),
        (
            "plans",
            "2024,new,need,,,ASD,,,,2024",
            "2025,new,need,,,ASD,,,,2025",
            "10",
            "year",
            "later than the year of as_of",
        ),
    ],
)
def test_what_is_unlikely_is_noted(  # noqa: PLR0917 - a row of the table above
    tmp_path: Path, table: str, old: str, new: str, row: str, column: str, words: str
) -> None:
    folder = write_tiny_county(tmp_path)
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert any(
        (note.table, note.row, note.column) == (table, row, column) and words in note.taken
        for note in read_county(folder).notes
    )
