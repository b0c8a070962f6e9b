"""The accounts of an answer: who is where, what it costs by line and fund, and how it stands against guidance."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import COMMISSIONED_KINDS, COST_LINES, INMSS_KINDS, OUT_OF_COUNTY, SPOT_PURCHASE
from placeplan.models.placement import Placement
from placeplan.problem import CountyProblem
from placeplan.provision import needs_met

__all__ = [
    "breach_table",
    "cost_table",
    "flow_table",
    "gap_table",
    "headline_table",
    "in_mainstream",
    "penalty_table",
    "placements_of",
    "use_table",
]


def placements_of(problem: CountyProblem, placement: Placement | None) -> pd.DataFrame:
    """Every child of the question who needs a place, with where the child is and what that costs.

    Neither those who leave nor those ``in_mainstream`` by preference are among them. Columns child, zone, locality,
    need, band, phase, year_group, reason, unit ("" in the gap), stays, moved, minutes, km, fee, transport, the
    penalties, residential, line, cost_pounds (fee and transport). ``placement`` is None for "as placed today", which
    places nobody anew.
    """
    where = problem.held
    if placement is not None:
        flows = placement.flows.rename(columns={"group": "child"})[["child", "unit"]]
        where = pd.concat([where, flows.merge(problem.choices, on=["child", "unit"])], ignore_index=True)
    children = problem.children[problem.children["status"] != "leaves"]
    children = children.drop(index=in_mainstream(problem, placement))
    about = children[["zone", "locality", "need", "band", "phase", "year_group", "reason"]]
    rows = about.join(where.set_index("child")).rename_axis("child").reset_index()
    rows["unit"] = rows["unit"].fillna("")
    rows["line"] = rows["line"].fillna("")
    rows["residential"] = rows["residential"].eq(True)
    own = rows["child"].map(children["unit"])
    could_stay = rows["child"].map(children["could_stay"]).astype(bool)
    rows["stays"] = rows["child"].isin(problem.held["child"]) | (could_stay & (rows["unit"] == own))
    rows["moved"] = could_stay & (rows["unit"] != own)
    rows["cost_pounds"] = (rows["fee"] + rows["transport"]).round(2)
    return rows.sort_values("child", ignore_index=True)


def in_mainstream(problem: CountyProblem, placement: Placement | None) -> pd.Index:
    """Children to be placed who prefer mainstream and are in no unit: they need no place, and none is a gap."""
    if placement is None:
        return problem.children.index[:0]
    wish = problem.children["wishes_mainstream"] & (problem.children["status"] == "free")
    return problem.children.index[wish & ~problem.children.index.isin(placement.flows["group"])]


def use_table(problem: CountyProblem, placements: pd.DataFrame) -> pd.DataFrame:
    """How each unit is used: places, room for the county's children, placed, overfill and breach of the ceiling.

    Units of the county, and others where a child is placed or room is stated.
    """
    units = problem.units.drop(index=SPOT_PURCHASE, errors="ignore")
    placed = placements["unit"].value_counts().reindex(units.index, fill_value=0).astype(float)
    limited = units["in_county"] & np.isfinite(units["room"])
    table = units[["site", "site_name", "locality", "kind", "model", "national"]].assign(
        places=units["places"],
        other_authorities=units["other_authorities"],
        room=units["room"].where(np.isfinite(units["room"])),
        ceiling=(units["ceiling_room"] + units["other_authorities"]).where(np.isfinite(units["ceiling_room"])),
        placed=placed,
        overfill=(placed - units["room"]).clip(lower=0.0).where(limited, 0.0),
        breach=(placed - units["ceiling_room"]).clip(lower=0.0).where(limited, 0.0),
    )
    shown = units["in_county"] | (placed > 0) | ((units["room"] > 0) & np.isfinite(units["room"]))
    used: pd.DataFrame = table[shown].rename_axis("unit").reset_index()
    return used


def cost_table(problem: CountyProblem, placements: pd.DataFrame) -> pd.DataFrame:
    """Cash by line and fund, pounds a year, and the children on each line (missing where a line is of places).

    Places: fixed cost x places stated, less the discount for each one filled. Overfill: the same net cost
    for each child above the places. Every line of every fund that is not nought has a row.
    """
    units = problem.units
    fees = problem.fees.rename(columns={"pounds": "fee_pounds"})
    bought = placements[placements["unit"] == SPOT_PURCHASE].assign(
        fund="high_needs", fee_pounds=lambda rows: rows["fee"]
    )
    paid = pd.concat([placements.merge(fees, on=["unit", "need", "band"]), bought])
    parts = [
        paid.groupby(["line", "fund"]).agg(pounds=("fee_pounds", "sum"), children=("child", "nunique")).reset_index()
    ]
    carried = placements[placements["transport"] > 0]
    parts.append(_line("transport", "general", carried["transport"].sum(), len(carried)))
    placed = placements["unit"].value_counts().reindex(units.index, fill_value=0).astype(float)
    over = _paid_overfill(units, placed)
    net = units["fixed_cost"] - units["filled_discount"]
    filled = units["other_authorities"].where(units["in_county"], 0.0) + placed - over
    commissioned = (
        units["places"].fillna(0.0).where(units["in_county"], units["room"].where(units["places"].notna(), 0.0))
    )
    fixed = units["fixed_cost"] * commissioned - units["filled_discount"] * filled
    line = units["line"].mask(units["in_county"] & units["kind"].isin(COMMISSIONED_KINDS), "in_county_places")
    for name, pounds in fixed.groupby(line).sum().items():
        parts.append(_line(str(name), "high_needs", pounds, np.nan))
    parts.append(_line("overfill", "high_needs", (net * over).sum(), over.sum()))
    table = pd.concat(parts).groupby(["line", "fund"], as_index=False).agg({"pounds": "sum", "children": "max"})
    table = table[table["pounds"].abs() > 0.004].assign(pounds=table["pounds"].round(2))
    order = table["line"].map({name: i for i, name in enumerate(COST_LINES)})
    return table.assign(order=order).sort_values(["order", "fund"], ignore_index=True).drop(columns="order")


def penalty_table(problem: CountyProblem, placements: pd.DataFrame) -> pd.DataFrame:
    """Declared penalties, which are never cash: penalty (overfill, time) and pounds."""
    bands = problem.placement.bands
    placed = placements["unit"].value_counts().reindex(problem.units.index, fill_value=0).astype(float)
    excess = (placed - problem.units["room"]).clip(lower=0.0).loc[bands["unit"]].to_numpy()
    before = (bands.groupby("unit")["width"].cumsum() - bands["width"]).to_numpy()
    used = np.clip(excess - before, 0.0, bands["width"].to_numpy())
    cash = problem.units["fixed_cost"].where(problem.units["in_county"], 0.0).loc[bands["unit"]].to_numpy()
    overfill = float(((bands["price"].to_numpy() - cash) * used).sum())
    time = float(placements["minutes_penalty"].sum())
    return pd.DataFrame({"penalty": ["overfill", "time"], "pounds": [round(overfill, 2), round(time, 2)]})


def gap_table(problem: CountyProblem, placements: pd.DataFrame) -> pd.DataFrame:
    """Children, gap, spot purchases and children out of county by locality x need x phase (cells with a child)."""
    out = _out_of_county(problem, placements)
    rows = placements.assign(
        children=1.0,
        gap=(placements["unit"] == "").astype(float),
        spot_purchase=(placements["unit"] == SPOT_PURCHASE).astype(float),
        out_of_county=out.astype(float),
    )
    figures = ["children", "gap", "spot_purchase", "out_of_county"]
    return rows.groupby(["locality", "need", "phase"], as_index=False)[figures].sum()


def flow_table(placements: pd.DataFrame) -> pd.DataFrame:
    """Children from each locality at each unit, and their mean minutes (missing where no journey is known)."""
    placed = placements[placements["unit"] != ""]
    return placed.groupby(["locality", "unit"], as_index=False).agg(
        children=("child", "size"), mean_minutes=("minutes", "mean")
    )


def breach_table(problem: CountyProblem, placements: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Rules that placements already made break: rule, unit (or site), stated, found (children)."""
    use = use_table(problem, placements)
    over = use[use["breach"] > 0]
    held = placements[placements["stays"]].merge(
        problem.units[["needs", "from_year_group", "to_year_group"]], left_on="unit", right_index=True
    )
    takes = zip(held["need"], held["needs"], strict=True)
    unsuited = np.array([need not in needs_met(needs) for need, needs in takes], dtype=bool)
    outside = (held["year_group"] < held["from_year_group"]) | (held["year_group"] > held["to_year_group"])
    parts = [
        pd.DataFrame(
            {
                "rule": "ceiling",
                "unit": over["unit"],
                "stated": over["ceiling"],
                "found": over["placed"] + over["other_authorities"],
            }
        ),
        _counted("needs", held[unsuited]["unit"]),
        _counted("year groups", held[outside]["unit"]),
    ]
    missed = rules[rules["rule"].isin(["host_share", "site_totals"]) & (rules["missed"] > 0)]
    parts.append(missed.rename(columns={"what": "unit"})[["rule", "unit", "stated", "found"]])
    parts = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(parts, ignore_index=True).sort_values(["rule", "unit"], ignore_index=True)


def headline_table(
    county: County, problem: CountyProblem, placements: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The figures that are told first, beside the other ``tables``: measure and value."""
    costs, penalties, rules = tables["costs"], tables["penalties"], tables["rules"]
    placed = placements[placements["unit"] != ""]
    kinds = placed["unit"].map(problem.units["kind"])
    out = _out_of_county(problem, placements)
    minutes = placed["minutes"]
    guidance = placed["phase"].map(county.settings.guidance_minutes).astype(float)
    values = {
        "children": len(placements),
        "placed": len(placed),
        "gap": len(placements) - len(placed),
        "in_county": len(placed) - int(out.sum()),
        "out_of_county": int(out.sum()),
        "inmss": int(kinds.isin(INMSS_KINDS).sum()),
        "spot_purchase": int((placed["unit"] == SPOT_PURCHASE).sum()),
        "new_or_transferring": int((~placements["stays"]).sum()),
        "staying": int(placements["stays"].sum()),
        "leaving": int((problem.children["status"] == "leaves").sum()),
        "cost_pounds": round(float(costs["pounds"].sum()), 2),
        "penalty_pounds": round(float(penalties["pounds"].sum()), 2),
        "child_minutes": round(float(minutes.sum()), 1),
        "mean_minutes": round(float(minutes.mean()), 1) if minutes.notna().any() else np.nan,
        "beyond_guidance": int((minutes > guidance).sum()),
        "journeys_not_known": int(minutes.isna().sum()),
        "breaches": len(tables["breaches"]),
        "moved": int(placements["moved"].sum()),
        "preferences_not_met": float(rules.loc[rules["rule"] == "preferences", "missed"].sum()),
        "in_mainstream_by_preference": int(
            (problem.children["status"].eq("free") & ~problem.children.index.isin(placements["child"])).sum()
        ),
    }
    return pd.DataFrame({"measure": list(values), "value": [float(v) for v in values.values()]})


def _out_of_county(problem: CountyProblem, placements: pd.DataFrame) -> pd.Series:
    return placements["unit"].map(problem.units["locality"]).eq(OUT_OF_COUNTY)


def _paid_overfill(units: pd.DataFrame, placed: pd.Series) -> pd.Series:
    over = (placed - units["room"]).clip(lower=0.0)
    return over.where(units["in_county"] & np.isfinite(units["room"]), 0.0)


def _line(line: str, fund: str, pounds: float, children: float) -> pd.DataFrame:
    return pd.DataFrame({"line": [line], "fund": [fund], "pounds": [float(pounds)], "children": [float(children)]})


def _counted(rule: str, units: pd.Series) -> pd.DataFrame:
    counts = units.value_counts().sort_index()
    return pd.DataFrame({"rule": rule, "unit": counts.index, "stated": 0.0, "found": counts.to_numpy(float)})
