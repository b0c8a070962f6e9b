"""The closed list of mutators: each breaks one thing that TABLES.md or the README states of what is read."""

from support import (  # noqa: F401 (each puts its mutators into the list)
    mutators_cells,
    mutators_files,
    mutators_journeys,
    mutators_lawful,
    mutators_rows,
    mutators_settings,
    mutators_sheets,
)
from support.mutations import MUTATORS, Mutator

__all__ = ["MUTATORS", "Mutator"]
