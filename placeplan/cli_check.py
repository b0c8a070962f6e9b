"""placeplan check: every fault of a county at once, or what it holds and what has to be known of it."""

import typer

from placeplan.command_parts import County

__all__ = ["check"]


def check(county: County) -> None:
    """Print every fault of a county's tables at once: table, row, column, what was found and expected."""
    import placeplan as pp

    read = pp.read_county(county)
    counts = {
        "localities": len(read.localities),
        "zones": len(read.zones),
        "sites": len(read.sites),
        "units": read.units["unit"].nunique(),
        "children": len(read.children),
    }
    typer.echo(f"{read.name}: no faults. " + ", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".")
    if read.notes:
        typer.echo(f"{len(read.notes)} to be known of the input:")
    for note in read.notes:
        typer.echo(f"- {note}")
