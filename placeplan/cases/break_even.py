"""Break-even: the independent fee, and the package's cost, at which a local option and an independent place cost alike.

Marginal cash only: what a place costs that is commissioned already is in neither.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from placeplan.cases.ranking import PUBLIC

__all__ = ["PURSES", "break_even"]

PURSES: Final[Mapping[str, tuple[str, ...]]] = {
    "education": ("education",),
    "health": ("health",),
    "care": ("care",),
    "public": PUBLIC,
}
"""Whose cost it is: each payer's by itself, and the public purse's."""

ENDS: Final = {"pounds": "", "low": "_low", "high": "_high"}


def break_even(options: pd.DataFrame, costs: pd.DataFrame, fees: pd.DataFrame) -> pd.DataFrame:
    """Each local option against each independent one, over each horizon, by purse.

    ``options``: index option; what (``unit``, ``package``, ``independent``). ``costs``: as ``costs_of``. ``fees``: the
    part of independent options' costs that is their fee, option, horizon, low, pounds, high and a_year (what a pound of
    yearly fee comes to over the horizon).

    Columns option, against, horizon, purse, local and independent (pounds, what is stated), fee (the yearly fee at
    which they cost alike: ``(local - the independent place without its fee) / a_year``), package (what the option may
    cost in all over the horizon: the independent place's cost), each with _low and _high, and cheaper (``local``,
    ``independent``, or ``either`` where the ranges overlap).
    A purse that does not pay the fee has no break-even fee; the independent place's cost is its bound all the same.
    """
    sums = pd.concat(
        [
            costs[costs["payer"].isin(payers)]
            .groupby(["option", "horizon"], as_index=False)[list(ENDS)]
            .sum()
            .assign(purse=purse)
            for purse, payers in PURSES.items()
        ],
        ignore_index=True,
    )
    away = sums["option"].isin(options.index[options["what"] == "independent"])
    here = sums[~away & sums["option"].isin(options.index)].rename(
        columns={n: f"local{end}" for n, end in ENDS.items()}
    )
    there = sums[away].rename(columns={"option": "against", **{n: f"independent{end}" for n, end in ENDS.items()}})
    paid = fees.rename(columns={"option": "against", **{name: f"paid{end}" for name, end in ENDS.items()}})
    rows = here.merge(there, on=["horizon", "purse"]).merge(paid, on=["against", "horizon"])
    # Where nothing stands the columns are of no kind.
    numbers = [f"{name}{end}" for name in ("local", "independent", "paid") for end in ENDS.values()]
    rows = rows.astype(dict.fromkeys([*numbers, "a_year"], float))
    has_fee = rows["purse"].map(lambda purse: "education" in PURSES[purse])
    for end, other in (("", ""), ("_low", "_high"), ("_high", "_low")):
        rest = rows[f"independent{other}"] - rows[f"paid{other}"]
        rows[f"fee{end}"] = ((rows[f"local{end}"] - rest) / rows["a_year"]).where(has_fee)
        rows[f"package{end}"] = rows[f"independent{end}"]
    cheaper = [rows["local_high"] < rows["independent_low"], rows["local_low"] > rows["independent_high"]]
    rows["cheaper"] = np.select(cheaper, ["local", "independent"], "either")
    columns = ["option", "against", "horizon", "purse"]
    columns += [f"{name}{end}" for name in ("local", "independent", "fee", "package") for end in ENDS.values()]
    order = {name: place for place, name in enumerate(options.index)}
    ranked = rows.assign(place=rows["option"].map(order), other=rows["against"].map(order)).sort_values(
        ["place", "other"], kind="stable", ignore_index=True
    )
    return ranked[[*columns, "cheaper"]].round(2)
