"""What may leave of a forecast: counts to come by broad area, none below 5 and the others rounded to 5.

The counts are of children whom no one knows yet, spread over many futures; but the first years lie close to the
children there are, so small ones are withheld and the start's own cells are left out. What was published stays.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pandas as pd

from placeplan.run_tables import ALL, BANDS
from placeplan.suppression import SMALLEST
from placeplan.withholding import POUNDS_STEP, SUPPRESSED, to_step

__all__ = ["PREFIX", "forecast_share_safe"]

PREFIX: Final = "forecast_"
"""What the tables of a forecast begin with in a run."""

STEP: Final = 5.0

_PUBLIC: Final = ("backtest", "trust", "notes")


def forecast_share_safe(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of a forecast as they may leave; one that is not known here is withheld whole."""
    makers: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "totals": _totals,
        "plans": lambda frame: _counts(frame, BANDS, by="expected"),
        "states": lambda frame: _counts(frame, ["plans", "needing_expected"], by="needing_expected"),
        "scap": lambda frame: _counts(frame, BANDS, by="expected"),
        "size": lambda frame: _counts(frame, ["median", "high_80", "size"], by="median"),
        "scenarios": lambda frame: _counts(frame, ["without", "with_scenario"], by="without"),
        "as_of": lambda frame: _counts(frame, ["came", *BANDS], by="came"),
        "placed": _placed,
        **dict.fromkeys(_PUBLIC, lambda frame: frame),
    }
    found = {name.removeprefix(PREFIX): frame for name, frame in tables.items() if name.startswith(PREFIX)}
    return {PREFIX + name: makers[name](frame) for name, frame in found.items() if name in makers}


def _totals(frame: pd.DataFrame) -> pd.DataFrame:
    """Totals by broad area, not by need; the start by cell is what the children are, and only the county's is told."""
    first = frame["year"].min()
    whole = (frame[["locality", "area", "phase"]] == ALL).all(axis=1)
    kept = frame[frame["need"].eq(ALL) & (frame["year"].gt(first) | whole)]
    return _counts(kept.reset_index(drop=True), BANDS, by="expected")


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    """Means over draws: counts of children to 5, small ones withheld; pounds to 100."""
    counts = _counts(frame, ["mean", "low_80", "high_80"], by="mean")
    pounds = frame["measure"].str.endswith("pounds")
    for column in ("mean", "low_80", "high_80", "lower_bound"):
        rounded = [to_step(float(value), POUNDS_STEP) for value in frame[column]]
        counts[column] = counts[column].where(~pounds, pd.Series(rounded, index=frame.index))
    return counts


def _counts(frame: pd.DataFrame, columns: Sequence[str], *, by: str) -> pd.DataFrame:
    """Rounded to 5; where ``by`` is above 0 and below 5 every one of ``columns`` is withheld."""
    made = frame.copy()
    small = frame[by].gt(0) & frame[by].lt(SMALLEST)
    for column in columns:
        made[column] = [to_step(float(value), STEP) for value in frame[column]]
        made[column] = made[column].mask(small)
    made[SUPPRESSED] = pd.Series(
        [";".join(columns) if hidden else None for hidden in small], index=frame.index, dtype="str"
    )
    return made
