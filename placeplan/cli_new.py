"""placeplan new: an empty county to fill in, as a folder of tables or as one workbook."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["new"]


def new(
    folder: Annotated[Path, typer.Argument(help="Folder, or with --workbook file, to make.", metavar="DIR")],
    *,
    workbook: Annotated[
        bool, typer.Option("--workbook", help="One Excel workbook with drop-downs instead of a folder of tables.")
    ] = False,
) -> None:
    """Write an empty, commented county to fill in."""
    import placeplan as pp

    if workbook or folder.suffix.casefold() == ".xlsx":
        made = pp.write_template_workbook(folder)
        fill = "the sheet county and the sheets with a yellow tab"
    else:
        made = pp.write_template(folder)
        fill = "county.toml and the tables that TABLES.md describes"
    typer.echo(f"An empty county is in {made}: fill in {fill}, then placeplan check {made}")
