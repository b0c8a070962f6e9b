"""What may leave of an explanation and of a frontier: pounds and places of units, and no small count of children.

Children's own rows never leave. Needs become broad areas; why children have no place is told by area and phase, in the
same web of sums as the gap. What one place changes for the children of an area is told only where they are enough.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pandas as pd

from placeplan.county.vocabulary import AREA_OF_NEED
from placeplan.run_tables import ALL, column_kind
from placeplan.suppression import ANY, Key, Sum, is_small, suppress
from placeplan.withholding import COUNT_STEP, POUNDS_STEP, SUPPRESSED, to_step, withhold

__all__ = ["explained_share_safe", "reason_cells", "reasons_by_area"]

_TRAVEL_STEP: Final = 100.0
_SHARE_STEP: Final = 0.005
_REASON: Final = ["question", "outcome", "reason", "area", "phase"]


def reasons_by_area(frame: pd.DataFrame) -> pd.DataFrame:
    """Why children have no place, by broad area and phase."""
    folded = frame.assign(area=frame["need"].map(AREA_OF_NEED).fillna("not_classified"))
    return folded.groupby(_REASON, as_index=False, sort=False)[["children"]].sum()


def reason_cells(reasons: pd.DataFrame) -> tuple[dict[Key, float], list[Sum]]:
    """The counts of one question's reasons, and that they add up to the gap and to those bought a place."""
    cells: dict[Key, float] = {}
    parts: dict[Key, list[Key]] = {}
    for row in reasons.to_dict("records"):
        key = _reason_key(row)
        cells[key] = float(row["children"])
        parts.setdefault((str(row["outcome"]), ANY, str(row["area"]), str(row["phase"])), []).append(key)
    return cells, [Sum(total, tuple(those)) for total, those in parts.items()]


def _reason_key(row: Mapping[object, object]) -> Key:
    return ("reason", *(str(row[name]) for name in _REASON[1:]))


def explained_share_safe(
    tables: Mapping[str, pd.DataFrame], hidden: Mapping[str, frozenset[Key]], *, penalties_told: bool
) -> dict[str, pd.DataFrame]:
    """The tables as they may leave; rows about a child are in none. ``hidden``: the withheld cells by question."""
    makers: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "worth": _worth,
        "worth_by_need": _by_area,
        "rule_costs": _rule_costs,
        "reasons": lambda frame: _reasons(frame, hidden),
        "least_places": _least_places,
        "frontier": lambda frame: _frontier(frame, penalties_told=penalties_told),
    }
    return {name: make(tables[name]) for name, make in makers.items() if name in tables}


def _pounds(frame: pd.DataFrame) -> pd.DataFrame:
    names = [str(name) for name in frame.columns if column_kind(str(name)) == "pounds"]
    return frame.assign(**{name: [to_step(float(value), POUNDS_STEP) + 0.0 for value in frame[name]] for name in names})


def _changes(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Changes of counts of children, up or down: small ones withheld, the others rounded."""
    values = {column: frame[column].to_numpy(float) for column in columns}
    return withhold(frame, columns, lambda row, column: is_small(abs(float(values[column][row]))), {})


def _worth(frame: pd.DataFrame) -> pd.DataFrame:
    return _changes(_pounds(frame.drop(columns="rules")), ("children", "preferences"))


def _by_area(frame: pd.DataFrame) -> pd.DataFrame:
    """Pounds by broad area, where enough children of it would be elsewhere, and none follows from the unit's sum."""
    keys = ["question", "unit", "places"]
    folded = frame.assign(area=frame["need"].map(AREA_OF_NEED).fillna("not_classified"))
    rows = folded.groupby([*keys, "area"], as_index=False, sort=False)[["pounds", "children"]].sum()
    told = pd.Series(True, index=rows.index)
    for _, part in rows.groupby(keys, sort=False):
        gone = _hidden_parts(part["area"], part["children"])
        told.loc[part.index] = ~part["area"].isin(gone).to_numpy(bool)
    kept = rows[told]
    return _pounds(kept.assign(children=[to_step(float(n), COUNT_STEP) for n in kept["children"]])).reset_index(
        drop=True
    )


def _rule_costs(frame: pd.DataFrame) -> pd.DataFrame:
    made = _changes(_pounds(frame), ("gap", "spot_purchase", "beyond_guidance"))
    return made.assign(child_minutes=[to_step(float(value), _TRAVEL_STEP) + 0.0 for value in frame["child_minutes"]])


def _reasons(frame: pd.DataFrame, hidden: Mapping[str, frozenset[Key]]) -> pd.DataFrame:
    rows = reasons_by_area(frame) if "need" in frame.columns else frame
    keys = [(str(row["question"]), _reason_key(row)) for row in rows.to_dict("records")]
    return withhold(rows, ["children"], lambda row, _: keys[row][1] in hidden.get(keys[row][0], frozenset()), {})


def _hidden_parts(names: pd.Series, counts: pd.Series) -> set[str]:
    """Which parts of a sum are withheld, so that what it comes to gives no small one away."""
    cells: dict[Key, float] = {("part", str(name)): float(n) for name, n in zip(names, counts, strict=True)}
    parts = tuple(cells)
    cells["part", ANY] = sum(cells.values())
    gone = suppress(cells, [Sum(("part", ANY), parts)])
    return {str(name) for name in names} if ("part", ANY) in gone else {key[1] for key in gone}


def _least_places(frame: pd.DataFrame) -> pd.DataFrame:
    """Each place is for a child who has none: few of them are withheld, the others stay, as places are public."""
    hidden: dict[str, set[str]] = {}
    for question, rows in frame.groupby("question"):
        units = rows[rows["unit"] != ALL]
        gone = _hidden_parts(units["unit"], units["places"])
        hidden[str(question)] = gone | ({ALL} if gone and is_small(float(units["places"].sum())) else set())
    gone_rows = [str(u) in hidden[str(q)] for q, u in zip(frame["question"], frame["unit"], strict=True)]
    left = frame["children"].to_numpy(float)
    made = withhold(
        frame,
        ["places", "children"],
        lambda row, column: gone_rows[row] if column == "places" else is_small(float(left[row])),
        {},
    )
    return made.assign(places=frame["places"].astype(float).mask(pd.Series(gone_rows, index=frame.index)))


def _frontier(frame: pd.DataFrame, *, penalties_told: bool) -> pd.DataFrame:
    """Points of whole answers: pounds to £100, minutes to 100; the worst locality's share to half of one per cent."""
    of_share = (frame["worst_of"] == "beyond_guidance").to_numpy(bool)
    rounded = [to_step(float(value), _SHARE_STEP) for value in frame["worst_locality"]]
    made = _pounds(frame).assign(
        worst_locality=frame["worst_locality"].mask(of_share, pd.Series(rounded, index=frame.index)),
        **{
            name: [to_step(float(value), _TRAVEL_STEP) + 0.0 for value in frame[name]]
            for name in ("child_minutes", "minutes_saved")
        },
    )
    each = made["extra_pounds"] / made["minutes_saved"].where(made["minutes_saved"] > 0)
    made = _changes(made.assign(pounds_per_minute=each.round(0)), ("gap",))
    if penalties_told:
        return made
    names = ["penalty_pounds", "objective_pounds", "bound_pounds"]
    gone = [";".join([*filter(None, [told]), *names]) for told in made[SUPPRESSED].fillna("")]
    return made.assign(**dict.fromkeys(names, math.nan), **{SUPPRESSED: pd.Series(gone, index=made.index, dtype="str")})
