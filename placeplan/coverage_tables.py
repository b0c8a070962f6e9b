"""Coverage as tables: children within guidance and beyond it, by what is asked about them."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from placeplan.geo.travel import within_limit
from placeplan.reach import Reach

__all__ = [
    "CELL",
    "SCHOOLS",
    "coverage_table",
    "equity_table",
    "gap_table",
    "leavers_table",
    "limits_table",
]

SCHOOLS: Final = {"all": "with schools over the border", "county": "without schools over the border"}
"""Which schools are counted, in the order in which they are told."""

CELL: Final = ("locality", "need", "phase", "provision")
"""What a cell of the coverage is told by."""


def coverage_table(reaches: Mapping[str, Reach], scores: Mapping[str, pd.Series], by: Iterable[str]) -> pd.DataFrame:
    """A row for each of ``SCHOOLS`` and cell: the children, and how they are served.

    Columns: schools, those of ``by``, children = within_guidance + visiting_teacher + beyond_guidance; no_unit (of
    beyond_guidance: no unit that would meet the plan can be reached at all); reached (who can reach one at all) and
    their child_minutes; share_beyond; mean_minutes (to the nearest unit, of those who can reach one);
    places_per_100 (the mean over the children of ``scores``, times 100).
    """
    keys = ["schools", *by]
    rows = pd.concat([_served(reach, scores[name]).assign(schools=name) for name, reach in reaches.items()])
    counts = ["children", "visiting_teacher", "within_guidance", "beyond_guidance", "no_unit"]
    table = rows.groupby(keys, as_index=False, sort=True)[[*counts, "reached", "child_minutes", "score"]].sum()
    table["share_beyond"] = table["beyond_guidance"] / table["children"]
    table["mean_minutes"] = _ratio(table["child_minutes"], table["reached"])
    table["places_per_100"] = 100 * table["score"] / table["children"]
    return table[[*keys, *counts, "reached", "child_minutes", "share_beyond", "mean_minutes", "places_per_100"]]


def limits_table(reaches: Mapping[str, Reach], limits: Iterable[float], by: Iterable[str]) -> pd.DataFrame:
    """Children within so many minutes of a unit that would meet their plan, and the places there.

    Columns: schools, those of ``by``, limit (minutes), children, within, places_in_reach (mean over the children of the
    counted places in units within the limit; places bought one by one are not counted).
    """
    parts = []
    for name, reach in reaches.items():
        counted = reach.units["room"].where(np.isfinite(reach.units["room"]), 0.0).to_numpy(float)
        children = reach.groups["children"]
        for limit in limits:
            near = within_limit(reach.minutes, limit)
            parts.append(
                reach.groups[list(by)].assign(
                    schools=name,
                    limit=float(limit),
                    children=children,
                    within=children * near.any(axis=1),
                    places=children * (near @ counted),
                )
            )
    keys = ["schools", *by, "limit"]
    table = pd.concat(parts).groupby(keys, as_index=False, sort=True)[["children", "within", "places"]].sum()
    table["places_in_reach"] = table["places"] / table["children"]
    return table.drop(columns="places")


def gap_table(coverage: pd.DataFrame, nearest: Reach, by: Iterable[str]) -> pd.DataFrame:
    """The cells of ``coverage`` (rows of one of ``SCHOOLS``) with children beyond guidance, most children first.

    Columns: rank, those of ``by``, children, beyond_guidance, nearest (the unit nearest to most of them; blank where
    none can be reached), mean_minutes (of those of them who can reach one).
    """
    keys = list(by)
    rows = nearest.groups.assign(unit=nearest.nearest["unit"], minutes=nearest.nearest["minutes"])
    rows = rows[~nearest.nearest["within"] & ~nearest.nearest["visiting"]]
    reached = rows[rows["unit"] != ""].assign(child_minutes=lambda r: r["children"] * r["minutes"])
    most = (
        reached.groupby([*keys, "unit"], as_index=False)[["children"]]
        .sum()
        .sort_values([*keys, "children", "unit"], ascending=[*[True] * len(keys), False, True])
        .drop_duplicates(keys)
        .set_index(keys)["unit"]
    )
    sums = reached.groupby(keys)[["children", "child_minutes"]].sum()
    minutes = (sums["child_minutes"] / sums["children"]).rename("mean_minutes")
    table = coverage.loc[coverage["beyond_guidance"] > 0, [*keys, "children", "beyond_guidance"]]
    table = table.join(most.rename("nearest"), on=keys).join(minutes, on=keys)
    table = table.sort_values(["beyond_guidance", *keys], ascending=[False, *[True] * len(keys)], ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def equity_table(reach: Reach, zones: pd.DataFrame) -> pd.DataFrame:
    """The county beside each locality, fifth of deprivation (1 the most deprived) and rural or urban areas.

    Columns: by, group, children, within_guidance (visiting teachers' children among them), share_within,
    mean_minutes, worst (whether its share is the smallest of its ``by``). Zones whose deprivation or rural is blank
    are in no such group.
    """
    about = zones.set_index("zone")[["rural", "deprivation"]]
    rows = _served(reach, pd.Series(0.0, index=reach.groups.index)).join(about, on="zone")
    rows["served"] = rows["within_guidance"] + rows["visiting_teacher"]
    groups = {
        "county": pd.Series("county", index=rows.index),
        "locality": rows["locality"],
        "deprivation_fifth": ((rows["deprivation"].astype("Float64") + 1) // 2).astype("Int64").astype("string"),
        "rural": rows["rural"].astype("boolean").map({True: "rural", False: "urban"}, na_action="ignore"),
    }
    parts = []
    for by, labels in groups.items():
        known = rows[labels.notna()].assign(group=labels[labels.notna()].astype(str))
        table = known.groupby("group", as_index=False, sort=True)[
            ["children", "served", "reached", "child_minutes"]
        ].sum()
        table.insert(0, "by", by)
        share = table["served"] / table["children"]
        parts.append(table.assign(share_within=share, worst=(share == share.min()) & (len(table) > 1)))
    made = pd.concat(parts, ignore_index=True).rename(columns={"served": "within_guidance"})
    made["mean_minutes"] = _ratio(made["child_minutes"], made["reached"])
    return made[["by", "group", "children", "within_guidance", "share_within", "mean_minutes", "worst"]]


def leavers_table(reach: Reach, by: Iterable[str]) -> pd.DataFrame:
    """Children who leave Year 6, in the year group that they enter: who has a suitable place in reach there.

    ``reach`` is of the coming September. Columns: those of ``by``, children, onward_within, without_onward.
    """
    entering = reach.groups["year_group"] == YEAR_7
    rows = _served(reach, pd.Series(0.0, index=reach.groups.index))[entering.to_numpy()]
    rows = rows.assign(onward_within=rows["within_guidance"] + rows["visiting_teacher"])
    table = rows.groupby(list(by), as_index=False, sort=True)[["children", "onward_within", "beyond_guidance"]].sum()
    return table.rename(columns={"beyond_guidance": "without_onward"})


YEAR_7: Final = 7
"""The year group that Year 6 leavers enter."""


def _served(reach: Reach, scores: pd.Series) -> pd.DataFrame:
    """A row a group with its children by how they are served, and sums for means."""
    children, nearest = reach.groups["children"], reach.nearest
    reached = nearest["unit"] != ""
    served = reach.groups.assign(
        visiting_teacher=children * nearest["visiting"],
        within_guidance=children * nearest["within"],
        beyond_guidance=children * (~nearest["within"] & ~nearest["visiting"]),
        no_unit=children * (~reached & ~nearest["visiting"]),
        reached=children * reached,
        child_minutes=children * nearest["minutes"].where(reached, 0.0),
        score=children * scores,
    )
    return served.reset_index(drop=True)


def _ratio(sums: pd.Series, counts: pd.Series) -> pd.Series:
    """Sums over counts, missing where there is nothing to count."""
    return (sums / counts.where(counts > 0)).astype(float)
