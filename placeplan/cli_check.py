"""placeplan check: every fault of a county at once, or what it holds and what has to be known of it."""

import typer

from placeplan.command_parts import County

__all__ = ["check"]


def check(county: County) -> None:
    """Print every fault of a county's tables at once: table, row, column, what was found and expected."""
    import placeplan as pp

    read = pp.read_county(county)
    notes = [*read.notes, *pp.check_journeys(read)]
    counts = {
        "localities": len(read.localities),
        "zones": len(read.zones),
        "sites": len(read.sites),
        "units": read.units["unit"].nunique(),
        "children": len(read.children),
        "more children whose plans are met in mainstream": len(read.met_in_mainstream),
    }
    typer.echo(
        f"{read.name}, as of {read.settings.as_of:%Y-%m-%d}: no faults. "
        + ", ".join(f"{count:,} {name}" for name, count in counts.items() if count or name == "children")
        + "."
    )
    if notes:
        typer.echo(f"{len(notes)} to be known of the input:")
    for note in notes:
        typer.echo(f"- {note}")
