"""The accounts of the rules: what each that is on states, what was found and missed, and what preferences cost."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from placeplan.costs import spending_by_fund
from placeplan.county.county import County
from placeplan.county.vocabulary import MAINSTREAM, SPOT_PURCHASE
from placeplan.models.constraints import Rule
from placeplan.models.placement import Placement
from placeplan.problem import CountyProblem
from placeplan.rules import MAINSTREAM_KIND, beyond_guidance, host_limits, site_limits
from placeplan.rules_totals import budget_name, counted_budgets, gap_charge, gap_journey, journey

__all__ = ["contradiction", "preference_table", "priced_penalties", "rule_table"]

COUNTY: Final = "county"
"""What a rule is about where it is about every child."""

_COLUMNS: Final = ["rule", "mode", "what", "of", "stated", "found", "missed", "price", "children"]
_COMPARED: Final = ["high_needs", "general", "public_purse"]

_NOTHING: Final = 1e-9
"""A price that is none."""

Row = dict[str, Any]


def rule_table(
    county: County,
    problem: CountyProblem,
    placements: pd.DataFrame,
    placement: Placement | None,
    own: Sequence[Rule] = (),
) -> pd.DataFrame:
    """Every rule that is on: rule, mode, what, of, stated, found, missed, price and children.

    ``what``: a site, unit, locality, phase or budget; ``of``: children, minutes, share or pounds. ``price``: pounds
    that one unit more of what is stated would save, where prices prove the answer. ``children``: how many of the
    county's children ``found`` counts, where it counts some.
    """
    rows = [
        *_preferences(county, problem, placements, placement),
        *_continuity(county, problem, placements),
        *_guidance(county, problem, placements),
        *_overfill(county, problem, placements),
        *_sites("host_share", host_limits(county, problem.units), problem, placements, only="ers"),
        *_sites("site_totals", site_limits(county, problem.units), problem, placements),
        *_minimum(problem, placements),
        *_equity(county, problem, placements),
        *_budgets(county, problem, placements),
        *_own(problem, placement, own),
    ]
    price = _prices(placement)
    table = pd.DataFrame([{**row, "price": price(row.pop("row", ""))} for row in rows], columns=_COLUMNS)
    return table.astype(dict.fromkeys(("stated", "found", "missed", "price", "children"), float))


def _prices(placement: Placement | None) -> Callable[[str], float]:
    """What one more on the right of a row saves; missing where it changes an earlier objective too, such as the gap."""
    if placement is None or not placement.proof.by_prices or "cost" not in placement.proof.prices:
        return lambda _: np.nan
    prices = placement.proof.prices
    before = prices.loc[:, list(prices.columns)[: list(prices.columns).index("cost")]].abs().max(axis=1)
    known = prices["cost"].where(~(before > _NOTHING))
    return lambda label: round(-float(known[label]) + 0.0, 2) if label in known.index else np.nan


def _row(rule: str, mode: str, what: object, of: str, **figures: Any) -> Row:
    return {"rule": rule, "mode": mode, "what": str(what), "of": of, "children": np.nan, **figures}


def _wishes(problem: CountyProblem, placements: pd.DataFrame) -> pd.DataFrame:
    """Children to be placed with a preference: prefers, unit ("" for none), met."""
    free = problem.children[(problem.children["status"] == "free") & (problem.children["prefers"] != "")]
    unit = placements.set_index("child")["unit"].reindex(free.index)
    kind = unit.map(problem.units["kind"])
    in_mainstream = unit.isna() | kind.eq(MAINSTREAM_KIND)
    met = (unit == free["prefers"]) | (in_mainstream & free["prefers"].eq(MAINSTREAM))
    return pd.DataFrame({"prefers": free["prefers"], "unit": unit.fillna(""), "met": met.astype(bool)})


def _preferences(
    county: County, problem: CountyProblem, placements: pd.DataFrame, placement: Placement | None
) -> Iterator[Row]:
    mode = county.settings.rules.preferences.mode
    if placement is not None and problem.question == "september" and mode != "off":
        wishes = _wishes(problem, placements)
        met, missed = int(wishes["met"].sum()), int((~wishes["met"]).sum())
        yield _row(
            "preferences", mode, COUNTY, "children", stated=len(wishes), found=met, missed=missed, children=missed
        )


def _continuity(county: County, problem: CountyProblem, placements: pd.DataFrame) -> Iterator[Row]:
    if problem.question == "september":
        could, moved = int(problem.children["could_stay"].sum()), int(placements["moved"].sum())
        mode = county.settings.rules.continuity.mode
        yield _row("continuity", mode, COUNTY, "children", stated=could, found=moved, missed=0.0, children=moved)


def _guidance(county: County, problem: CountyProblem, placements: pd.DataFrame) -> Iterator[Row]:
    rule = county.settings.rules.guidance
    if rule.mode == "report":
        return
    rows = placements[(placements["unit"] != "") & ~placements["stays"]]
    if rule.mode == "limit":
        rows = rows[rows["unit"] != SPOT_PURCHASE]
    beyond = beyond_guidance(county, rows.assign(kind=rows["unit"].map(problem.units["kind"]))) > 0
    for phase in dict.fromkeys(phase for phase in county.settings.guidance_minutes if (rows["phase"] == phase).any()):
        found = int((beyond & (rows["phase"] == phase)).sum())
        missed = float(found) if rule.mode == "limit" else np.nan
        yield _row("guidance", rule.mode, phase, "children", stated=0.0, found=found, missed=missed, children=found)


def _placed(problem: CountyProblem, placements: pd.DataFrame) -> pd.Series:
    return placements["unit"].value_counts().reindex(problem.units.index, fill_value=0).astype(float)


def _overfill(county: County, problem: CountyProblem, placements: pd.DataFrame) -> Iterator[Row]:
    if county.settings.rules.overfill.allowed:
        return
    units = problem.units.assign(placed=_placed(problem, placements))
    units = units[units["in_county"] & np.isfinite(units["room"])]
    for unit, room, found in units[["room", "placed"]].itertuples(name=None):
        yield _row(
            "overfill",
            "no newcomers above places",
            unit,
            "children",
            stated=room,
            found=found,
            missed=max(0.0, found - room),
            children=found,
            row=f"places[{unit}]",
        )


def _sites(
    rule: str, limits: pd.DataFrame, problem: CountyProblem, placements: pd.DataFrame, *, only: str | None = None
) -> Iterator[Row]:
    units = problem.units if only is None else problem.units[problem.units["kind"] == only]
    children = placements["unit"].map(units["site"]).value_counts()
    label = "host" if rule == "host_share" else "site"
    for site, stated, others in limits[["stated", "others"]].itertuples(name=None):
        here = float(children.get(site, 0))
        found = here + others
        yield _row(
            rule,
            "limit",
            site,
            "children",
            stated=stated,
            found=found,
            missed=max(0.0, found - stated),
            children=here,
            row=f"{label}[{site}]",
        )


def _minimum(problem: CountyProblem, placements: pd.DataFrame) -> Iterator[Row]:
    if problem.minimum is None:
        return
    units = pd.DataFrame(
        {
            "needed": problem.minimum,
            "others": problem.units["other_authorities"].reindex(problem.minimum.index),
            "placed": _placed(problem, placements).reindex(problem.minimum.index),
            "new": _placed(problem, placements[~placements["stays"]]).reindex(problem.minimum.index),
        }
    )
    for unit, needed, others, placed, new in units.itertuples(name=None):
        yield _row(
            "minimum_use",
            "limit",
            unit,
            "children",
            stated=needed + others,
            found=placed + others,
            missed=max(0.0, needed - placed) if new > 0 else 0.0,
            children=placed,
        )


def _means(county: County, problem: CountyProblem, placements: pd.DataFrame) -> pd.DataFrame:
    """By locality: the sum of what its children count in the mean, and the children."""
    about = problem.children.loc[placements["child"]]
    left_out = (about["wishes_mainstream"] & about["status"].eq("free")).to_numpy(bool)
    rows = placements[~left_out].assign(kind=lambda rows: rows["unit"].map(problem.units["kind"]))
    waiting = gap_journey(county, problem.children.loc[rows["child"]], problem.choices).to_numpy(float)
    gap = (rows["unit"] == "").to_numpy()
    value = np.where(gap, waiting, journey(county, rows).to_numpy(float))
    order = pd.Index(county.localities["locality"])
    return (
        rows.assign(value=value)
        .groupby("locality")["value"]
        .agg(["sum", "size"])
        .reindex(order, fill_value=0)
        .astype(float)
    )


def _equity(county: County, problem: CountyProblem, placements: pd.DataFrame) -> Iterator[Row]:
    rule = county.settings.rules.equity
    if rule.mode == "off":
        return
    beyond, minimax = rule.measure == "beyond_guidance", rule.mode == "minimax"
    most = np.nan if minimax else float(rule.most or 0.0)
    for locality, total, children in _means(county, problem, placements).itertuples(name=None):
        mean = total / max(1.0, children)
        yield _row(
            "equity",
            rule.mode,
            locality,
            "share" if beyond else "minutes",
            stated=most,
            found=mean,
            missed=np.nan if minimax else max(0.0, mean - most),
            children=total if beyond else children,
            row=f"equity[{locality}]",
        )


def _budgets(county: County, problem: CountyProblem, placements: pd.DataFrame) -> Iterator[Row]:
    waiting = placements[placements["unit"] == ""]
    placed = placements[placements["unit"] != ""]
    spent = spending_by_fund(problem.units, placed, problem.fees, known=problem.known)
    for budget, before, after in counted_budgets(county, problem.question):
        charge = float(gap_charge(county, budget, waiting).sum()) if problem.question != "today" else 0.0
        found = before * problem.spent_today.get(budget.fund, 0.0) + after * (spent.get(budget.fund, 0.0) + charge)
        missed = max(0.0, found - budget.pounds)
        name = budget_name(budget)
        yield _row(
            "budgets",
            "overspend reported",
            name,
            "pounds",
            stated=budget.pounds,
            found=round(found, 2),
            missed=round(missed, 2),
            row=f"budget[{name}]",
        )


def _own(problem: CountyProblem, placement: Placement | None, own: Sequence[Rule]) -> Iterator[Row]:
    if placement is None or not own:
        return
    flows = placement.flows
    children = np.zeros(len(problem.placement.pairs))
    children[problem.placement.pair_places(flows["group"], flows["unit"])] = flows["children"].to_numpy(float)
    waiting = placement.gap.reindex(problem.placement.groups.index).to_numpy(float)
    for rule in own:
        found = rule.pairs.T @ children + rule.gap.T @ waiting
        for (label, sense, right), value in zip(
            rule.rows[["sense", "right"]].itertuples(name=None), found.tolist(), strict=True
        ):
            over, under = max(0.0, value - right), max(0.0, right - value)
            missed = {"<=": over, ">=": under}.get(sense, over + under)
            name = str(label).removeprefix("own[").removesuffix("]")
            yield _row("own", sense, name, "as written", stated=right, found=value, missed=missed, row=str(label))


def contradiction(problem: CountyProblem, missed: pd.Series) -> str:
    """What to say where rules contradict each other; ``missed``: by row, by how much at the least."""
    site = problem.units.drop_duplicates("site").set_index("site")["site_name"]

    def named(row: str) -> str:
        rule, _, label = row.removesuffix("]").partition("[")
        of_site = {"host": "the host share of", "site": "the total places of"}
        if rule in of_site:
            return f"{of_site[rule]} {site[label]}"
        return f"your rule {label!r}" if rule == "own" else "that nobody loses a place"

    lines = [f"- {named(str(row))}: by {value:,.6g}" for row, value in missed.items()]
    return "\n".join(
        ["the rules that have to be kept contradict each other; all others could be kept if these were missed:", *lines]
    )


def priced_penalties(
    county: County, problem: CountyProblem, placements: pd.DataFrame, rules: pd.DataFrame
) -> pd.DataFrame:
    """The declared penalties of the rules that have a price, never cash: penalty, pounds, children paid for."""
    settings = county.settings.rules
    columns = {
        "guidance": ("guidance_penalty", settings.guidance.mode == "price"),
        "preferences": ("preference_penalty", settings.preferences.mode == "priced"),
        "continuity": ("move_penalty", settings.continuity.mode == "priced"),
    }
    rows = [
        (penalty, round(float(placements[column].sum()), 2), float((placements[column] > 0).sum()))
        for penalty, (column, priced) in columns.items()
        if priced
    ]
    if settings.equity.mode == "price":
        missed = rules[rules["rule"] == "equity"].set_index("what")["missed"]
        above = float((missed * _means(county, problem, placements)["size"]).sum())
        rows.append(("equity", round(settings.equity.pounds * above, 2), np.nan))
    return pd.DataFrame(rows, columns=["penalty", "pounds", "children"])


def preference_table(problem: CountyProblem, placements: pd.DataFrame) -> pd.DataFrame:
    """What each preference costs, for an officer to weigh: information, and never a refusal. Child-level.

    child, prefers, unit (where placed), met, possible; preferred_pounds and cheapest_pounds: the yearly cost to the
    public purse of the preferred place and of the cheapest suitable one with room (cheapest_unit), fee or top-up and
    transport, with no place funding (it is committed already) and no shadow price; extra_high_needs and extra_general:
    what the preferred one costs the authority more, by fund; extra_public_purse: what it costs all funds but families.
    Children who could stay where they are, and are free only because moves have a price, are left out.
    """
    wishes = _wishes(problem, placements)
    wishes = wishes[~problem.children.loc[wishes.index, "may_stay"]]
    wished_away = problem.barred[problem.barred["barred"] == "preferences"]
    suitable = pd.concat([problem.choices, wished_away], ignore_index=True)
    suitable = suitable[suitable["child"].isin(wishes.index)].join(problem.children[["need", "band"]], on="child")
    costs = _by_fund(suitable, problem.fees).assign(
        kind=suitable["unit"].map(problem.units["kind"]), child=suitable["child"], unit=suitable["unit"]
    )
    load = _placed(problem, placements)
    full = problem.units.index[load >= problem.units["room"]]
    at = costs["child"].map(wishes["unit"])
    with_room = costs[~costs["unit"].isin(full) | (costs["unit"] == at)]
    wanted = costs["child"].map(wishes["prefers"])
    preferred = costs[(costs["unit"] == wanted) | ((wanted == MAINSTREAM) & (costs["kind"] == MAINSTREAM_KIND))]
    best, cheapest = (
        rows.sort_values(["public_purse", "unit"]).drop_duplicates("child").set_index("child").reindex(wishes.index)
        for rows in (preferred, with_room)
    )
    extra = (best[_COMPARED] - cheapest[_COMPARED]).round(2).add_prefix("extra_")
    table = wishes.assign(
        possible=best["unit"].notna() | (wishes["met"] & (wishes["unit"] == "")),
        preferred_pounds=best["public_purse"],
        cheapest_unit=cheapest["unit"].fillna(""),
        cheapest_pounds=cheapest["public_purse"],
    )
    compared: pd.DataFrame = table.join(extra).rename_axis("child").reset_index()
    return compared


def _by_fund(rows: pd.DataFrame, fees: pd.DataFrame) -> pd.DataFrame:
    """What each child costs at each unit a year: high_needs, general (transport included), and the public purse."""
    by_fund = fees.pivot_table(index=["unit", "need", "band"], columns="fund", values="pounds", aggfunc="sum")
    paid = (
        rows[["unit", "need", "band"]].join(by_fund, on=["unit", "need", "band"]).drop(columns=["unit", "need", "band"])
    )
    paid = paid.reindex(columns=sorted({*paid.columns, "high_needs", "general"})).fillna(0.0)
    bought = rows["unit"] == SPOT_PURCHASE
    paid["high_needs"] = paid["high_needs"].mask(bought, rows["fee"])
    paid["general"] += rows["transport"]
    public = paid.drop(columns="family", errors="ignore").sum(axis=1)
    return pd.DataFrame({"high_needs": paid["high_needs"], "general": paid["general"], "public_purse": public.round(2)})
