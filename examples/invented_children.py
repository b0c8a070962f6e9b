"""Invented children to published counts: where they live, which unit they are in, and what their plans say."""

import datetime as dt
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.columns import TABLES
from placeplan.county.vocabulary import OWN_PREFERENCE_FROM, PLACEMENTS, year_group_of_age
from placeplan.examples.local_roads import facts, records
from placeplan.synthetic import Floats, draw_places, generator, pseudonyms, seat_children

__all__ = ["PLACEMENT_UNITS", "homes", "named_children", "placed_children", "waiting_children"]

Array = NDArray[Any]

PLACEMENT_UNITS: Final = {
    "resourced_provision": (("ers",), "resourced_provision"),
    "sen_unit": (("ers",), "sen_unit"),
    "special_state": (("special", "hub"), None),
    "special_independent": (("independent_special",), None),
    "special_non_maintained": (("non_maintained_special",), None),
    "alternative_provision": (("support_centre",), None),
    "specialist_post_16": (("college",), None),
}
"""The kinds of unit, and what the national census calls them, that a published placement is seated in."""

BANDS: Final = {"PMLD": (0.0, 0.2, 0.8), "SLD": (0.1, 0.5, 0.4), "ASD": (0.35, 0.42, 0.23), "MLD": (0.7, 0.28, 0.02)}
OTHER_BANDS: Final = (0.5, 0.38, 0.12)
"""The shares of bands A, B and C by need: invented."""

SECOND_NEEDS: Final = {
    "ASD": ("SLCN", "SEMH", "MLD"),
    "SEMH": ("ASD", "SPLD", "SLCN"),
    "SLCN": ("ASD", "MLD"),
    "MLD": ("SLCN", "ASD"),
    "SLD": ("ASD", "PD"),
}
OTHER_SECOND_NEEDS: Final = ("SLCN", "MLD")
SECOND_NEED_SHARE = 0.25
PREFERENCE_SHARE = 0.2
"""The share of children waiting whose family names a unit."""

MAY_MOVE_SHARE = 0.4
"""The share of primary children in independent schools whose review says that a move could be looked at."""

ERS_REACH_KM = 6.0
PREFERENCE_REACH_KM = 4.0

CHILD_COLUMNS: Final = list(TABLES["children"].names)


def homes(ages: Array, people: pd.DataFrame, *, stream: np.random.Generator, near: Floats | None = None) -> Array:
    """A home zone for each child by age: drawn in proportion to people of that age (zones x ages).

    ``near`` (children x zones) multiplies the proportions where some zones are likelier for a child.
    """
    zones = people.index.to_numpy()
    weights = people[[int(age) for age in ages]].to_numpy(dtype=np.float64).T
    if near is not None:
        weights = weights * near
    return np.array([zones[draw_places(1, row, stream=stream)[0]] for row in weights], dtype=object)


def _kilometres(homes_of: pd.DataFrame, provision: pd.DataFrame) -> Floats:
    """Straight lines from each home to each unit, both with easting and northing."""
    home = homes_of[["easting", "northing"]].to_numpy(dtype=np.float64)
    there = provision[["easting", "northing"]].to_numpy(dtype=np.float64)
    km: Floats = np.hypot(home[:, :1] - there[:, 0], home[:, 1:] - there[:, 1]) / 1000
    return km


def _child_kilometres(children: pd.DataFrame, zones: pd.DataFrame, provision: pd.DataFrame) -> Floats:
    return _kilometres(zones.set_index("zone").loc[children["zone"]], provision)


def _near_ers(children: pd.DataFrame, zones: pd.DataFrame, provision: pd.DataFrame) -> Floats:
    """Children x zones: 1, but for children in an ERS its places within reach that take them, fading with distance.

    An ERS is a base in an ordinary school, filled from around it: places count by exp(-km / ERS_REACH_KM).
    """
    near = np.ones((len(children), len(zones)))
    ers = provision[provision["kind"] == "ers"]
    is_in_ers = children["placement"].isin(["resourced_provision", "sen_unit"]).to_numpy()
    places = np.exp(-_kilometres(zones, ers) / ERS_REACH_KM) * ers["places"].to_numpy(dtype=np.float64)
    inside = children[is_in_ers]
    takes = _takes(ers, inside["need"].to_numpy(), inside["year_group"].to_numpy())
    near[is_in_ers] = takes.astype(np.float64) @ places.T + 1e-3
    return near


def _takes(provision: pd.DataFrame, need: Array, year_group: Array) -> NDArray[np.bool_]:
    """Children x units: whether the unit serves the need and the year group."""
    served = [set(str(codes).split(";")) for codes in provision["needs"]]
    by_need = np.array([["any" in codes or n in codes for codes in served] for n in need], dtype=bool)
    first = provision["from_year_group"].to_numpy(dtype=np.int64)
    last = provision["to_year_group"].to_numpy(dtype=np.int64)
    in_ages: NDArray[np.bool_] = (year_group[:, None] >= first) & (year_group[:, None] <= last)
    return by_need.reshape(in_ages.shape) & in_ages


def _seated(children: pd.DataFrame, zones: pd.DataFrame, provision: pd.DataFrame, seed: int) -> pd.Series:
    """The unit of each child by placement, need, year group and distance; missing where no place is left.

    Units with ``held`` have so many seats (as where places are bought one by one); others their places less those
    that other authorities hold, and in the county a tenth more, filled only where nothing much nearer is free.
    """
    unit = pd.Series(pd.NA, index=children.index, dtype="str")
    for placement, (kinds, national) in PLACEMENT_UNITS.items():
        here = children[children["placement"] == placement]
        offered = provision[provision["kind"].isin(kinds) & provision["opens"].isna()]
        if national is not None:
            offered = offered[offered["national"] == national]
        room = offered["held"].fillna(offered["places"] - offered["other_authorities"].fillna(0))
        seats = room.fillna(0).astype(int).to_numpy().clip(min=0)
        spare = np.floor(0.1 * offered["places"].fillna(0)).astype(int).to_numpy()
        placed = seat_children(
            _child_kilometres(here, zones, offered),
            _takes(offered, here["need"].to_numpy(), here["year_group"].to_numpy()),
            seats,
            extra=np.where(offered["locality"] == "out_of_county", 0, spare),
            stream=generator(seed, f"seats of {placement}"),
        )
        names = offered["unit"].to_numpy()
        unit.loc[here.index[placed >= 0]] = names[placed[placed >= 0]]
    return unit


def _band(need: Array, stream: np.random.Generator) -> list[str]:
    chances = np.cumsum([BANDS.get(n, OTHER_BANDS) for n in need], axis=1).reshape(len(need), 3)
    above = (stream.random(len(need))[:, None] >= chances[:, :2]).sum(axis=1)
    return ["ABC"[place] for place in above]


def _second_need(need: Array, stream: np.random.Generator) -> list[str | None]:
    has, which = stream.random(len(need)), stream.random(len(need))
    picks = [SECOND_NEEDS.get(n, OTHER_SECOND_NEEDS) for n in need]
    chosen = [pick[int(w * len(pick))] for pick, w in zip(picks, which, strict=True)]
    return [
        second if h < SECOND_NEED_SHARE and second != n else None
        for n, second, h in zip(need, chosen, has, strict=True)
    ]


def _suits_next(kind: str, model: str | None, year_group: int, chance: float) -> str:
    """What a leaver's review says comes next. ``chance`` (0 to 1) parts those leaving a primary autism base.

    The review: a move from a primary to a secondary autism base should not be a given.
    """
    if year_group >= 14 or (kind in ("ers", "support_centre") and year_group == 11):
        return "college"
    if year_group >= 11:
        return "special;college" if kind == "hub" else f"{kind};college"
    if kind == "hub":
        return "special"
    if kind != "ers":
        return kind
    if model == "alternative":
        return "ers:alternative" if chance < 0.35 else "ers:integrative" if chance < 0.7 else "ers:alternative;special"
    return "ers:area;special" if model == "area" else "ers:none"


def _suits_unplaced(kind: str, year_group: int) -> str:
    """What meets the plan of a child whom no unit of its published placement takes: past its ages, a college."""
    last = {"support_centre": 11, "special": 14, "hub": 14, "ers": 14}
    return "college" if year_group > last.get(kind, year_group) else kind


def _since(year_group: int, first_year_group: int, as_of: dt.date, chance: float) -> str:
    """A September start up to five years ago, never before the unit's first year group."""
    autumn = as_of.year if as_of.month >= 9 else as_of.year - 1
    years = min(int(chance**1.5 * 6), year_group - first_year_group)
    return dt.date(autumn - years, 9, 1).isoformat()


def placed_children(
    counts: Array,
    axes: tuple[list[int], list[str], list[str]],
    people: pd.DataFrame,
    zones: pd.DataFrame,
    provision: pd.DataFrame,
    *,
    as_of: dt.date,
    seed: int,
) -> pd.DataFrame:
    """Invented children with a unit from ``counts`` (age x need x placement, whole) of the planned-for placements.

    ``people`` is zones x ages; ``provision`` a row a unit. A child whom no unit has a place for has no unit and
    suits the kind of its placement. Every column but ``child`` is filled.
    """
    ages, needs, placements = axes
    planned = [PLACEMENTS[placement].planned_for for placement in placements]
    cells = np.argwhere(counts * np.array(planned, dtype=int) > 0)
    rows = np.repeat(cells, counts[tuple(cells.T)], axis=0)
    children = pd.DataFrame(
        {
            "age": np.array(ages)[rows[:, 0]],
            "need": np.array(needs)[rows[:, 1]],
            "placement": np.array(placements)[rows[:, 2]],
        }
    )
    children["year_group"] = [year_group_of_age(int(age)) for age in children["age"]]
    near = _near_ers(children, zones, provision)
    children["zone"] = homes(children["age"].to_numpy(), people, stream=generator(seed, "homes"), near=near)
    children["unit"] = _seated(children, zones, provision, seed)
    return _with_plan(children, provision, as_of=as_of, seed=seed)


def _with_plan(children: pd.DataFrame, provision: pd.DataFrame, *, as_of: dt.date, seed: int) -> pd.DataFrame:
    """Band, second need, what suits, since and may_move."""
    units = {row["unit"]: row for row in records(provision)}
    need = children["need"].to_numpy()
    chances = generator(seed, "onward, may move and since").random((len(children), 3))
    suits: list[str | None] = []
    since: list[str | None] = []
    may_move: list[str] = []
    for child, (onward, move, start) in zip(records(children), chances, strict=True):
        unit = None if pd.isna(child["unit"]) else units[child["unit"]]
        if unit is None:
            suits.append(_suits_unplaced(str(PLACEMENTS[child["placement"]].kind), int(child["year_group"])))
            since.append(None)
            may_move.append("no")
            continue
        year_group = int(child["year_group"])
        leaves = year_group == unit["to_year_group"]
        # Some younger children in independent schools could come back, if the family agrees.
        young = unit["kind"] == "independent_special" and 0 <= year_group <= 5 and not leaves
        reviewed = young and bool(move < MAY_MOVE_SHARE)
        model = None if pd.isna(unit["model"]) else unit["model"]
        onto = _suits_next(unit["kind"], model, year_group, float(onward)) if leaves else None
        suits.append("independent_special;special" if reviewed else onto)
        since.append(_since(year_group, int(unit["from_year_group"]), as_of, float(start)))
        may_move.append("yes" if reviewed else "no")
    return children.assign(
        band=_band(need, generator(seed, "bands")),
        second_need=pd.array(_second_need(need, generator(seed, "second needs")), dtype="str"),
        suits=pd.array(suits, dtype="str"),
        since=pd.array(since, dtype="str"),
        may_move=may_move,
    )


def _suit_of(provision: pd.DataFrame, suits: str) -> NDArray[np.bool_]:
    """Whether each unit is of a kind and model that ``suits`` lists."""
    found = np.zeros(len(provision), dtype=bool)
    for item in suits.split(";"):
        kind, _, model = item.partition(":")
        fits = (provision["kind"] == kind).to_numpy()
        if model == "none":
            fits = fits & provision["model"].isna().to_numpy()
        elif model:
            fits = fits & (provision["model"] == model).to_numpy()
        found |= fits
    return found


def waiting_children(people: pd.DataFrame, zones: pd.DataFrame, provision: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """The invented children who come new in September (facts/waiting.csv): no unit yet, and what would meet the plan.

    Some prefer a unit: one that takes them in their next year group, the nearer the likelier. After compulsory school
    age it is the young person's own preference.
    """
    stream = generator(seed, "waiting")
    rows = []
    for group in records(facts("waiting")):
        parts = [part.split(":") for part in group["needs"].split(";")]
        picks = draw_places(group["children"], np.array([float(weight) for _, weight in parts]), stream=stream)
        years = range(group["from_year_group"], group["to_year_group"] + 1)
        rows += [
            {"year_group": years[number % len(years)], "need": parts[pick][0], "suits": group["suits"]}
            for number, pick in enumerate(picks)
        ]
    children = pd.DataFrame(rows)
    children["zone"] = homes((children["year_group"] + 4).to_numpy(), people, stream=stream)
    need = children["need"].to_numpy()
    children["band"] = _band(need, stream)
    children["second_need"] = pd.array(_second_need(need, stream), dtype="str")
    km = _child_kilometres(children, zones, provision)
    takes = _takes(provision, need, children["year_group"].to_numpy() + 1)
    local = (provision["locality"] != "out_of_county").to_numpy()
    prefers: list[str | None] = []
    for place, suits in enumerate(children["suits"]):
        weights = np.where(
            takes[place] & local & _suit_of(provision, suits), np.exp(-km[place] / PREFERENCE_REACH_KM), 0.0
        )
        if stream.random() < PREFERENCE_SHARE and weights.sum() > 0:
            prefers.append(str(provision["unit"].iloc[int(draw_places(1, weights, stream=stream)[0])]))
        else:
            prefers.append(None)
    wishes = pd.Series(prefers, dtype="str")
    own = children["year_group"] + 1 >= OWN_PREFERENCE_FROM
    return children.assign(prefers=wishes.mask(own), young_person_prefers=wishes.where(own), may_move="no")


def named_children(placed: pd.DataFrame, waiting: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Both together as the table ``children``, in the order of pseudonyms that say nothing."""
    children = pd.concat([placed, waiting], ignore_index=True).reindex(columns=CHILD_COLUMNS)
    children["child"] = pseudonyms(len(children), prefix="D", stream=generator(seed, "pseudonyms"))
    return children.sort_values("child", ignore_index=True)
