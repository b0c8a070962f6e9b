"""Cells that hold a list: items separated by semicolons, as in ``ASD;SLCN``."""

import pandas as pd

from placeplan.county.vocabulary import MAINSTREAM

__all__ = ["in_mainstream", "split_list"]


def split_list(text: object) -> tuple[str, ...]:
    """The items of a ``;`` cell, in order and without blanks; a missing cell has none.

    >>> split_list("special; ers:integrative"), split_list(None), split_list(float("nan"))
    (('special', 'ers:integrative'), (), ())
    """
    if not isinstance(text, str):
        return ()
    return tuple(item for part in text.split(";") if (item := part.strip()))


def in_mainstream(suits: pd.Series) -> pd.Series:
    """Of each cell of ``suits``, whether the plan is met in a mainstream school."""
    return pd.Series([split_list(text) == (MAINSTREAM,) for text in suits], index=suits.index, dtype="bool")
