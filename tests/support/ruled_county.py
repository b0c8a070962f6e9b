"""The tiny county with its tables changed cell by cell, and its answers under rules."""

from dataclasses import replace
from typing import Any

import pandas as pd

import placeplan as pp
from placeplan.county.county import County
from placeplan.geo.travel import TravelTimes
from placeplan.studies.answers import Allocation

__all__ = ["answered", "changed", "rows_of", "unit_of", "with_child", "with_row"]


def changed(county: County, table: str, key: str, cells: dict[str, dict[str, Any]]) -> County:
    """The county with some cells of a table: by the key's label, the columns' new values."""
    frame = getattr(county, table).copy()
    for label, columns in cells.items():
        for column, value in columns.items():
            frame.loc[frame[key] == label, column] = value
    return replace(county, **{table: frame})


def with_row(county: County, table: str, **cells: Any) -> County:
    """The county with one more row of a table; what is not given is blank."""
    frame = getattr(county, table)
    row = pd.DataFrame([cells]).reindex(columns=frame.columns).astype(frame.dtypes.to_dict())
    return replace(county, **{table: pd.concat([frame, row], ignore_index=True)})


def with_child(county: County, child: str, **cells: Any) -> County:
    """The county with one more child, who has no unit unless one is given."""
    return with_row(county, "children", child=child, may_move=False, **cells)


def answered(county: County, travel: TravelTimes, question: str = "september", **parts: Any) -> Allocation:
    """The answer under the county's rules with some of them replaced; ``own`` and ``spot_purchase`` go as they are."""
    others = {name: parts.pop(name) for name in ("own", "spot_purchase") if name in parts}
    rules = replace(county.settings.rules, **parts)
    return pp.allocate_places(county, travel, question=question, rules=rules, **others)


def unit_of(answer: Allocation) -> dict[str, str]:
    """Where each child is."""
    return answer.placements.set_index("child")["unit"].to_dict()


def rows_of(answer: Allocation, rule: str) -> dict[str, dict[str, Any]]:
    """The rows of one rule, by what it is about."""
    rows = answer.tables["rules"]
    return {row["what"]: row for row in rows[rows["rule"] == rule].to_dict("records")}
