"""What tests of the report share."""

from dataclasses import replace

import pandas as pd

from placeplan.runs import Run

__all__ = ["with_tables"]


def with_tables(run: Run, **tables: pd.DataFrame) -> Run:
    """The run with some of its tables changed."""
    return replace(run, tables={**run.tables, **tables})
