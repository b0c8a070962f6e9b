"""Write TABLES.md, the table contract in words, from the one description of it in placeplan.county.columns."""

from pathlib import Path

from placeplan.county.columns import describe_tables

__all__ = ["contract"]

FILE = Path(__file__).resolve().parent.parent / "TABLES.md"
HEAD = """\
# The tables of a county

A county is a folder with `county.toml` and one file a table: `<table>.csv`, `<table>.geojson`, or a layer of
`county.gpkg`; or one Excel workbook with a sheet a table and a sheet `county`. `placeplan new DIR` writes all of it
empty and commented (with `--workbook` as one workbook with drop-downs), `placeplan check COUNTY` names every fault with
its table, row and column.

The sheet `county` has a row a setting: `setting`, the dotted name that it has in `county.toml` (`travel.peak_factor`;
`transport.entitled.1.share` is the first row of a list), `value`, which is the default where it is blank, and
`meaning`, which is not read. A list of which any row is stated is stated whole.

Years are academic years by their first calendar year. Metres are of the British National Grid (EPSG:27700); GeoJSON is
in degrees (EPSG:4326) and is turned to metres on reading. Money is in pounds of the price year in `county.toml`.
Journeys are one way.

**What is read, and what is not.** Files, sheets and layers are read by their exact names. One that looks like a table
under another name or ending (`children.xlsx`, `Copy of children.csv`, a sheet `CYP` with the columns of `children`) is
a fault where that table has no rows otherwise; every other file, sheet and layer is listed by `check` and in each run,
but for hidden files, readme files, this page and runs. Hidden sheets, rows and columns are read as if they were shown,
and listed. A formula that no spreadsheet has worked out, a failed one (`#N/A`, `#REF!`) and a merged cell are faults.

**Spellings.** Text is the same where Unicode says so (composed or not, whichever space); characters that are not seen
are left out and listed. A year group may be written `7`, `Y7` or `Year 7`, Reception `0` or `R`, a nursery year `N1` or
`N2`; a code in any capitals, by its name, or `ASC` and `Autism` for `ASD`; a day as 2023-09-01 or 01/09/2023 (the day
first); yes and no as `y`, `true`, `1` and so on. What was read as another word is listed. A code, band or name that
matches nothing is a fault with the nearest one.

`make contract` writes this page from `placeplan/county/columns.py`.
"""


def contract() -> str:
    """The page: what holds for every table, then each table with its columns."""
    return f"{HEAD}\n{describe_tables().strip()}\n"


if __name__ == "__main__":
    FILE.write_text(contract(), encoding="utf-8", newline="\n")
