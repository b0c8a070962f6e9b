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
Journeys are one way. `make contract` writes this page from `placeplan/county/columns.py`.
"""


def contract() -> str:
    """The page: what holds for every table, then each table with its columns."""
    return f"{HEAD}\n{describe_tables().strip()}\n"


if __name__ == "__main__":
    FILE.write_text(contract(), encoding="utf-8", newline="\n")
