"""What tests of the report share."""

from dataclasses import replace

import pandas as pd

from placeplan.runs import Run

__all__ = ["rows_of", "with_tables"]


def rows_of(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    """Some columns of a frame as rows of plain values, a missing one as None."""
    picked = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None)
    return list(picked.itertuples(index=False, name=None))


def with_tables(run: Run, **tables: pd.DataFrame) -> Run:
    """The run with some of its tables changed."""
    return replace(run, tables={**run.tables, **tables})
