"""What may leave of the rules of an allocation: no small count of children, and none that could be worked out.

A site's or unit's count follows from those of the units in the table ``use``; what a fund spends, from the costs; and a
penalty at so much a child, from how many it is paid for.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from placeplan.suppression import ANY, Key, Sum, is_small
from placeplan.withholding import COUNT_STEP, POUNDS_STEP, SUPPRESSED, to_step

__all__ = ["rule_cells", "with_safe_penalties", "with_safe_rules"]

SHARE_STEP: Final = 0.05
_FIGURES: Final = ("stated", "found", "missed")
_OF_CHILDREN: Final = ("preferences", "continuity")
"""Rules whose stated figure is itself a count of children."""
_HEADLINES: Final = {"preferences": "preferences_not_met", "continuity": "moved"}


def rule_cells(rules: pd.DataFrame, use: pd.DataFrame) -> tuple[dict[Key, float], list[Sum]]:
    """The counts of children that one question's rules give, and what they are sums of."""
    cells: dict[Key, float] = {}
    sums: list[Sum] = []
    for row in rules[rules["children"].notna()].to_dict("records"):
        key = ("rule", str(row["rule"]), str(row["what"]))
        cells[key] = float(row["children"])
        parts = _units_of(row, use)
        if parts:
            sums.append(Sum(key, parts))
        if row["rule"] in _HEADLINES:
            sums.append(Sum(key, (("headline", _HEADLINES[str(row["rule"])]),)))
        if row["rule"] in _OF_CHILDREN:
            cells[(*key, "stated")] = float(row["stated"])
        if row["rule"] == "preferences":
            cells[(*key, "found")] = float(row["found"])
            sums.append(Sum((*key, "stated"), (key, (*key, "found"))))
    for rule in ("guidance", "equity"):
        keys = tuple(key for key in cells if key[:2] == ("rule", rule))
        if keys:
            cells["rule", rule, ANY] = sum(cells[key] for key in keys)
            sums.append(Sum(("rule", rule, ANY), keys))
    return cells, sums


def _units_of(row: Mapping[Any, Any], use: pd.DataFrame) -> tuple[Key, ...]:
    """The units whose children a row counts."""
    if row["rule"] in ("overfill", "minimum_use"):
        return (("use", str(row["what"])),)
    if row["rule"] not in ("host_share", "site_totals"):
        return ()
    here = use[(use["site"] == row["what"]) & (use["kind"].eq("ers") | (row["rule"] == "site_totals"))]
    return tuple(("use", str(unit)) for unit in here["unit"])


def with_safe_rules(
    made: Mapping[str, pd.DataFrame], rules: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]
) -> dict[str, pd.DataFrame]:
    """The tables that may leave with the rules among them; ``made`` has the costs as they leave."""
    costs = made.get("costs", pd.DataFrame({"question": [], "fund": [], SUPPRESSED: []}))
    gone = costs[costs[SUPPRESSED].notna()]
    funds = {(str(question), str(fund)) for question, fund in zip(gone["question"], gone["fund"], strict=True)}
    rows = [_safe(row, hidden.get(str(row["question"]), frozenset()), funds) for row in rules.to_dict("records")]
    frame = pd.DataFrame(rows, columns=[*rules.columns, SUPPRESSED])
    return {**made, "rules": frame.astype({SUPPRESSED: "str"})}


def _safe(row: dict[Any, Any], hidden: frozenset[Key], funds: set[tuple[str, str]]) -> dict[Any, Any]:
    key = ("rule", str(row["rule"]), str(row["what"]))
    withheld = {name for name in _FIGURES if (*key, name) in hidden}
    if key in hidden:
        withheld |= {"children", "found"} | ({"missed"} if row["missed"] != 0 else set())
    if row["of"] == "children" and is_small(float(row["missed"])):
        withheld.add("missed")
    spent = (str(row["question"]), str(row["what"]).rpartition(" ")[0])
    if row["rule"] == "own" or (row["rule"] == "budgets" and spent in funds):
        withheld |= {"found", "missed"}
    safe = {name: math.nan if name in withheld else _rounded(row, name) for name in (*_FIGURES, "children")}
    if row["of"] in ("share", "minutes", "children") and row["missed"] > 0 and "missed" not in withheld:
        # By how much what is published misses, so that the figures agree.
        safe["missed"] = max(0.0, safe["found"] - float(row["stated"]))
    told = [name for name in (*_FIGURES, "children") if name in withheld and not pd.isna(row[name])]
    return {**row, **safe, "price": to_step(float(row["price"]), POUNDS_STEP), SUPPRESSED: ";".join(told) or None}


def _rounded(row: Mapping[Any, Any], name: str) -> float:
    """A figure as it is published: what is stated is public, but for a count of children."""
    value = float(row[name])
    if name == "stated" and row["rule"] not in _OF_CHILDREN:
        return value
    if name == "children" or row["of"] == "children":
        return to_step(value, COUNT_STEP)
    return to_step(value, {"pounds": POUNDS_STEP, "minutes": 0.1, "share": SHARE_STEP}.get(str(row["of"]), 1.0))


def with_safe_penalties(made: Mapping[str, pd.DataFrame], penalties: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables that may leave without the penalties paid for few children, nor what they could be worked out from.

    Those are all penalties together among the headlines, and the objectives, which are cash and penalties.
    """
    if "children" not in penalties.columns:
        return dict(made)
    few = penalties["children"].map(lambda value: is_small(float(value)))
    questions = sorted(set(penalties.loc[few, "question"]))
    if not questions:
        return dict(made)
    safe = dict(made)
    own = safe["penalties"]
    safe["penalties"] = _without(own, few, ["pounds", "children"])
    if "headlines" in made:
        rows = made["headlines"]
        at = rows["question"].isin(questions) & (rows["measure"] == "penalty_pounds")
        safe["headlines"] = _without(rows, at, ["value"])
    if "proof" in made:
        rows = made["proof"]
        safe["proof"] = _without(rows, rows["question"].isin(questions), ["objective_pounds", "bound_pounds"])
    return safe


def _without(frame: pd.DataFrame, at: pd.Series, columns: Sequence[str]) -> pd.DataFrame:
    """The frame with some rows' columns withheld."""
    gone = at.to_numpy(bool)
    names = list(frame[SUPPRESSED]) if SUPPRESSED in frame.columns else [None] * len(frame)
    names = [";".join(columns) if lost else name for name, lost in zip(names, gone, strict=True)]
    made = frame.assign(
        **{name: frame[name].astype(float).mask(pd.Series(gone, index=frame.index)) for name in columns}
    )
    return made.assign(**{SUPPRESSED: pd.Series(names, index=frame.index, dtype="str")})
