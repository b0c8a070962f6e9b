"""The accounts of an answer over years: who is where in each year, what that costs, and how full every unit is."""

from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import COMMISSIONED_KINDS, COST_LINES, FUNDS, OUT_OF_COUNTY, SPOT_PURCHASE
from placeplan.models.allocate_years import StayPlacement
from placeplan.years_problem import YearsProblem

__all__ = ["costs_by_year", "gap_by_year", "penalties_by_year", "present_by_year", "totals_by_year", "use_by_year"]

_PRESENT: Final = ["year", "locality", "need", "phase", "band", "unit", "standing", "children"]
_PAID: Final = ["minutes", "km", "fee", "transport", "minutes_penalty", "guidance_penalty", "residential", "line"]


def present_by_year(problem: YearsProblem, placement: StayPlacement) -> pd.DataFrame:
    """Everybody in every year: year, locality, need, phase, band, unit ("" in the gap), standing, children, costs.

    ``standing``: ``survivor`` (where the child was before the first year), ``stays`` (where it was placed in an earlier
    one), ``enters``, or ``again`` (placed again: the unit ended, the child waited, or its place was bought for a year).
    """
    flows = placement.flows
    length = (flows["to_year"] - flows["from_year"] + 1).to_numpy(int)
    rows = flows.loc[flows.index.repeat(length)].reset_index(drop=True)
    since = np.arange(len(rows)) - np.repeat(np.cumsum(length) - length, length)
    rows = rows.assign(year=rows["from_year"].astype(int) + since)
    shares = problem.shares
    at = shares.index.get_indexer(pd.Index(rows["group"]))
    by_share = shares.to_numpy(float)
    left, first = (by_share[at, shares.columns.get_indexer(pd.Index(rows[name]))] for name in ("year", "from_year"))
    gap = placement.gap[["group", "year", "children"]].assign(unit="")
    placed = rows.assign(children=rows["children"] * left / first)
    both = pd.concat([placed, gap.assign(from_year=gap["year"])], ignore_index=True)
    both = both.merge(problem.about, on=["group", "year"], how="left", validate="many_to_one")
    both = both.merge(problem.pairs, on=["group", "unit", "year"], how="left", validate="many_to_one")
    entry = problem.groups["year"].reindex(both["group"]).to_numpy(int)
    began = np.where(both["year"] == entry, "enters", "again")
    standing = np.where(both["year"] > both["from_year"], "stays", began)
    both = both.assign(band="", standing=standing)
    columns = [*_PRESENT, *_PAID]
    everybody = pd.concat([problem.survivors.assign(standing="survivor")[columns], both[columns]], ignore_index=True)
    return everybody.assign(line=everybody["line"].fillna(""), residential=everybody["residential"].eq(True))


def totals_by_year(
    county: County, problem: YearsProblem, present: pd.DataFrame, costs: pd.DataFrame, penalties: pd.DataFrame
) -> pd.DataFrame:
    """A row a year: children and how they stand, where they are, pounds of that year by fund, and journeys."""
    declared = penalties.groupby("year")["pounds"].sum()
    made = []
    for year, rows in _each_year(problem, present):
        children, unit = rows["children"], rows["unit"]
        of_year = costs[costs["year"] == year]
        known = (unit != "") & rows["minutes"].notna()
        beyond = known & (rows["minutes"] > rows["phase"].map(county.settings.guidance_minutes).astype(float))
        near = float(children[known].sum())
        standing = children.groupby(rows["standing"]).sum()
        by_fund = of_year.groupby("fund")["pounds"].sum()
        made.append(
            {
                "year": year,
                "children": children.sum(),
                "staying": standing.get("survivor", 0.0) + standing.get("stays", 0.0),
                "entering": standing.get("enters", 0.0),
                "placed_again": standing.get("again", 0.0),
                "placed": children[unit != ""].sum(),
                "gap": children[unit == ""].sum(),
                "spot_purchase": children[unit == SPOT_PURCHASE].sum(),
                "out_of_county": children[_outside(problem, rows)].sum(),
                **{f"{fund}_pounds": by_fund.get(fund, 0.0) for fund in FUNDS if fund in set(costs["fund"])},
                "cost_pounds": of_year["pounds"].sum(),
                "transport_pounds": of_year.loc[of_year["line"] == "transport", "pounds"].sum(),
                "penalty_pounds": declared.get(year, 0.0),
                "mean_minutes": float((rows["minutes"] * children)[known].sum()) / near if near else np.nan,
                "beyond_guidance": children[beyond].sum(),
                "journeys_not_known": children[(unit != "") & rows["minutes"].isna()].sum(),
            }
        )
    return pd.DataFrame(made).round(6)


def costs_by_year(problem: YearsProblem, present: pd.DataFrame) -> pd.DataFrame:
    """Cash by year, line and fund in pounds of that year, and the children on a line (missing where it is of places).

    Places cost as in one year (see ``accounts.cost_table``): the fixed cost of those stated, less the discount for each
    one filled; a child above them the fixed cost less the discount.
    """
    parts: list[pd.DataFrame] = []
    for year, rows in _each_year(problem, present[present["unit"] != ""]):
        bought = rows[rows["unit"] == SPOT_PURCHASE].assign(fund="high_needs", pounds=lambda some: some["fee"])
        paid = pd.concat([rows.merge(problem.fees[year], on=["unit", "need", "band"]), bought])
        paid = paid.assign(pounds=paid["pounds"] * paid["children"])
        made = [paid.groupby(["line", "fund"], as_index=False)[["pounds", "children"]].sum()]
        carried = rows[rows["transport"] > 0]
        made.append(
            _line("transport", "general", (carried["transport"] * carried["children"]).sum(), carried["children"].sum())
        )
        made += _of_places(problem.units[year], rows.groupby("unit")["children"].sum())
        table = pd.concat(made).groupby(["line", "fund"], as_index=False).agg({"pounds": "sum", "children": "max"})
        parts.append(table.assign(year=year))
    every = pd.concat(parts, ignore_index=True)
    every = every[every["pounds"].abs() > 0.004].assign(pounds=every["pounds"].round(2))
    order = every["line"].map({name: place for place, name in enumerate(COST_LINES)})
    every = every.assign(order=order).sort_values(["year", "order", "fund"], ignore_index=True)
    return every[["year", "line", "fund", "pounds", "children"]]


def penalties_by_year(problem: YearsProblem, present: pd.DataFrame) -> pd.DataFrame:
    """Declared penalties, which are never cash: year, penalty (overfill, time, guidance), pounds of that year."""
    made = []
    bands = problem.bands
    for year, rows in _each_year(problem, present):
        units, own = problem.units[year], bands[bands["year"] == year]
        load = rows.groupby("unit")["children"].sum().reindex(units.index, fill_value=0.0)
        excess = (load - units["room"]).clip(lower=0.0).loc[own["unit"]].to_numpy(float)
        before = (own.groupby("unit")["width"].cumsum() - own["width"]).to_numpy(float)
        used = np.clip(excess - before, 0.0, own["width"].to_numpy(float))
        made.append((year, "overfill", float(((own["price"] - own["cash"]).to_numpy(float) * used).sum())))
        for penalty, column in (("time", "minutes_penalty"), ("guidance", "guidance_penalty")):
            made.append((year, penalty, float((rows[column].fillna(0.0) * rows["children"]).sum())))
    return pd.DataFrame(made, columns=["year", "penalty", "pounds"]).round({"pounds": 2})


def use_by_year(problem: YearsProblem, present: pd.DataFrame) -> pd.DataFrame:
    """How each unit is used in each year: unit, year, places, room, held (survivors), newcomers, overfill.

    Units of the county, and others where a child is placed or room is stated.
    """
    made = []
    for year, units in problem.units.items():
        rows = present[present["year"] == year]
        survives = rows["standing"] == "survivor"
        held, newcomers = (
            rows[some].groupby("unit")["children"].sum().reindex(units.index, fill_value=0.0)
            for some in (survives, ~survives)
        )
        limited = np.isfinite(units["room"])
        over = (held + newcomers - units["room"]).clip(lower=0.0).where(limited & units["in_county"], 0.0)
        table = pd.DataFrame(
            {
                "year": year,
                "places": units["places"],
                "room": units["room"].where(limited),
                "held": held,
                "newcomers": newcomers,
                "overfill": over,
            }
        )
        shown = units["in_county"] | (held + newcomers > 0) | ((units["room"] > 0) & limited)
        made.append(table[shown].rename_axis("unit").reset_index())
    use: pd.DataFrame = pd.concat(made, ignore_index=True).round(6)
    return use


def gap_by_year(problem: YearsProblem, present: pd.DataFrame) -> pd.DataFrame:
    """Children, gap, spot purchases and children out of county by year x locality x need x phase."""
    counts = {
        "children": present["children"],
        "gap": present["children"].where(present["unit"] == "", 0.0),
        "spot_purchase": present["children"].where(present["unit"] == SPOT_PURCHASE, 0.0),
        "out_of_county": present["children"].where(_outside(problem, present), 0.0),
    }
    rows = present[["year", "locality", "need", "phase"]].assign(**counts)
    table: pd.DataFrame = rows.groupby(["year", "locality", "need", "phase"], as_index=False)[list(counts)].sum()
    return table.round(6)


def _each_year(problem: YearsProblem, rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    return [(year, rows[rows["year"] == year]) for year in problem.years]


def _outside(problem: YearsProblem, rows: pd.DataFrame) -> pd.Series:
    """Who is at a unit outside the county; a place bought for one child counts as outside."""
    inside = {unit for units in problem.units.values() for unit in units.index[units["locality"] != OUT_OF_COUNTY]}
    return (rows["unit"] != "") & ~rows["unit"].isin(inside)


def _of_places(units: pd.DataFrame, load: pd.Series) -> list[pd.DataFrame]:
    placed = load.reindex(units.index, fill_value=0.0)
    limited = units["in_county"] & np.isfinite(units["room"])
    over = (placed - units["room"]).clip(lower=0.0).where(limited, 0.0)
    net = units["fixed_cost"] - units["filled_discount"]
    filled = units["other_authorities"].where(units["in_county"], 0.0) + placed - over
    stated = units["places"].fillna(0.0).where(units["in_county"], units["room"].where(units["places"].notna(), 0.0))
    fixed = units["fixed_cost"] * stated - units["filled_discount"] * filled
    line = units["line"].mask(units["in_county"] & units["kind"].isin(COMMISSIONED_KINDS), "in_county_places")
    made = [_line(str(name), "high_needs", pounds, np.nan) for name, pounds in fixed.groupby(line).sum().items()]
    return [*made, _line("overfill", "high_needs", (net * over).sum(), over.sum())]


def _line(line: str, fund: str, pounds: float, children: float) -> pd.DataFrame:
    return pd.DataFrame({"line": [line], "fund": [fund], "pounds": [float(pounds)], "children": [float(children)]})
