"""What may leave of an allocation over years: the rules of a forecast, and costs by line as in an allocation.

Counts are of children to come beside those there are, so that small ones are withheld and the others rounded to 5, by
broad area; a cost line of few children is withheld with another, so that the year's total does not give it away.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

import pandas as pd

from placeplan.county.vocabulary import AREA_OF_NEED, FUNDS
from placeplan.run_tables import column_kind
from placeplan.suppression import ANY, Key, Sum, is_small, suppress
from placeplan.withholding import POUNDS_STEP, to_step, withhold

__all__ = ["years_share_safe"]

_COUNTED: Final = ("children", "gap", "spot_purchase", "out_of_county")
_STANDING: Final = ("staying", "entering", "placed_again", "placed", "beyond_guidance", "journeys_not_known")


def years_share_safe(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of an allocation over years as they may leave; one that is not known here is withheld whole."""
    hidden = _hidden_costs(tables["years_costs"]) if "years_costs" in tables else set()
    makers: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "years": lambda frame: _years(frame, hidden),
        "years_costs": lambda frame: _costs(frame, hidden),
        "years_use": lambda frame: _counts(frame, "held", "newcomers", "overfill").drop(columns="room"),
        "years_gap": lambda frame: _counts(_by_area(frame), *_COUNTED),
        **dict.fromkeys(("years_penalties", "years_prices", "years_lasting", "years_proof"), _pounds),
    }
    return {name: makers[name](frame) for name, frame in tables.items() if name in makers}


def _counts(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    values = {column: frame[column].to_numpy(float) for column in columns}
    return withhold(frame, columns, lambda row, column: is_small(float(values[column][row])), {})


def _pounds(frame: pd.DataFrame) -> pd.DataFrame:
    names = [str(name) for name in frame.columns if column_kind(str(name)) == "pounds"]
    return frame.assign(**{name: [to_step(float(value), POUNDS_STEP) for value in frame[name]] for name in names})


def _years(frame: pd.DataFrame, hidden: AbstractSet[Key]) -> pd.DataFrame:
    """Each year's totals; a fund's only where none of its lines is withheld, and the sum of all of them."""
    by_part = {f"{fund}_pounds": {key[0] for key in hidden if key[2] == fund} for fund in FUNDS}
    by_part["transport_pounds"] = {key[0] for key in hidden if key[1] == "transport"}
    years = [str(year) for year in frame["year"]]
    counted = (*_COUNTED, *_STANDING)
    counts = frame[list(counted)].to_dict("list")

    def rule(row: int, column: str) -> bool:
        return is_small(float(counts[column][row])) if column in counts else years[row] in by_part[column]

    told = [*counted, *(name for name in by_part if name in frame.columns)]
    return _pounds(withhold(frame, told, rule, {}))


def _by_area(gap: pd.DataFrame) -> pd.DataFrame:
    folded = gap.assign(area=gap["need"].map(AREA_OF_NEED).fillna("not_classified"))
    return folded.groupby(["year", "locality", "area", "phase"], as_index=False, sort=False)[list(_COUNTED)].sum()


def _hidden_costs(frame: pd.DataFrame) -> set[Key]:
    """Which of a year, line and fund are withheld: those of few children, and another, as the year's total is told."""
    hidden: set[Key] = set()
    for year, rows in frame.groupby("year"):
        cells: dict[Key, float] = {
            (str(year), str(line), str(fund)): 0.0 if pd.isna(children) else float(children)
            for line, fund, children in rows[["line", "fund", "children"]].itertuples(index=False, name=None)
        }
        parts = tuple(cells)
        cells[str(year), ANY, ANY] = sum(cells.values())
        hidden |= suppress(cells, [Sum((str(year), ANY, ANY), parts)])
    return hidden


def _costs(frame: pd.DataFrame, hidden: AbstractSet[Key]) -> pd.DataFrame:
    keys = [(str(y), str(line), str(fund)) for y, line, fund in frame[["year", "line", "fund"]].itertuples(index=False)]
    return withhold(frame, ["pounds", "children"], lambda row, _: keys[row] in hidden, {})
