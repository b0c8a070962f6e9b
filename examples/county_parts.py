"""What both county scripts share: who is in which unit, what a place costs, county.toml, and writing the tables."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from placeplan.county.vocabulary import PLACEMENTS, year_group_of_age
from placeplan.examples.local_roads import FACTS
from placeplan.synthetic import Floats, draw_places, generator, pseudonyms, seat_children

__all__ = [
    "PLACEMENT_UNITS",
    "homes",
    "named_children",
    "placed_children",
    "top_up_table",
    "unit_table",
    "waiting_children",
    "write_table",
    "write_text",
]

PLACEMENT_UNITS = {
    "resourced_provision": (("ers",), "resourced_provision"),
    "sen_unit": (("ers",), "sen_unit"),
    "special_state": (("special", "hub"), None),
    "special_independent": (("independent_special",), None),
    "special_non_maintained": (("non_maintained_special",), None),
    "alternative_provision": (("support_centre",), None),
    "specialist_post_16": (("college",), None),
}
"""The kinds of unit, and what the national census calls them, that a published placement is seated in."""

BANDS = {"PMLD": (0.0, 0.2, 0.8), "SLD": (0.1, 0.5, 0.4), "ASD": (0.35, 0.42, 0.23), "MLD": (0.7, 0.28, 0.02)}
OTHER_BANDS = (0.5, 0.38, 0.12)
SECOND_NEEDS = {"ASD": "SLCN;SEMH;MLD", "SEMH": "ASD;SPLD;SLCN", "SLCN": "ASD;MLD", "MLD": "SLCN;ASD", "SLD": "ASD;PD"}
OTHER_SECOND_NEEDS = "SLCN;MLD"
SECOND_NEED_SHARE = 0.25
PREFERENCE_SHARE = 0.2
MAY_MOVE_SHARE = 0.4
ERS_REACH_KM = 6.0

CHILD_COLUMNS = ["child", "zone", "year_group", "need", "second_need", "band", "unit", "suits", "since", "may_move"]
CHILD_COLUMNS += ["prefers"]
UNIT_COLUMNS = ["unit", "site", "kind", "model", "national", "needs", "from_year_group", "to_year_group", "from_year"]
UNIT_COLUMNS += ["places", "other_authorities", "ceiling", "fixed_cost", "filled_discount", "residential", "opens"]
UNIT_COLUMNS += ["closes"]


def write_table(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """``frame`` as ``name``.csv: UTF-8, LF, blank where missing."""
    frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


def write_text(path: Path, text: str) -> None:
    """``text`` as a file: UTF-8, LF on every system."""
    path.write_bytes(text.encode())


def homes(
    ages: np.ndarray, people: pd.DataFrame, *, stream: np.random.Generator, near: Floats | None = None
) -> np.ndarray:
    """A home zone for each child by age: drawn in proportion to people of that age (zones x ages).

    ``near`` (children x zones) multiplies the proportions where some zones are likelier for a child.
    """
    zones = people.index.to_numpy()
    weights = people[[int(age) for age in ages]].to_numpy(dtype=np.float64).T
    if near is not None:
        weights = weights * near
    return np.array([zones[draw_places(1, row, stream=stream)[0]] for row in weights], dtype=object)


def _near_ers(children: pd.DataFrame, zones: pd.DataFrame, provision: pd.DataFrame) -> Floats:
    """Children x zones: 1, but for children in an ERS its places within reach that take them, fading with distance.

    An ERS is a base in an ordinary school, filled from around it: places count by exp(-km / ERS_REACH_KM).
    """
    near = np.ones((len(children), len(zones)))
    ers = provision[provision["kind"] == "ers"]
    is_in_ers = children["placement"].isin(["resourced_provision", "sen_unit"]).to_numpy()
    there = ers[["easting", "northing"]].to_numpy(dtype=np.float64)
    home = zones[["easting", "northing"]].to_numpy(dtype=np.float64)
    km = np.hypot(*(home[:, None, :] - there[None, :, :]).transpose(2, 0, 1)) / 1000
    places = np.exp(-km / ERS_REACH_KM) * ers["places"].to_numpy(dtype=np.float64)
    inside = children[is_in_ers]
    takes = _takes(ers, inside["need"].to_numpy(), inside["year_group"].to_numpy())
    near[is_in_ers] = takes.astype(np.float64) @ places.T + 1e-3
    return near


def _takes(provision: pd.DataFrame, need: np.ndarray, year_group: np.ndarray) -> np.ndarray:
    """Children x units: whether the unit serves the need and the year group."""
    needs = [set(str(codes).split(";")) for codes in provision["needs"]]
    by_need = np.array([[("any" in codes) or (n in codes) for codes in needs] for n in need]).reshape(len(need), -1)
    first = provision["from_year_group"].to_numpy()
    last = provision["to_year_group"].to_numpy()
    return by_need & (year_group[:, None] >= first) & (year_group[:, None] <= last)


def _kilometres(children: pd.DataFrame, zones: pd.DataFrame, provision: pd.DataFrame) -> Floats:
    home = zones.set_index("zone").loc[children["zone"], ["easting", "northing"]].to_numpy(dtype=np.float64)
    there = provision[["easting", "northing"]].to_numpy(dtype=np.float64)
    return np.hypot(*(home[:, None, :] - there[None, :, :]).transpose(2, 0, 1)) / 1000


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
            _kilometres(here, zones, offered),
            _takes(offered, here["need"].to_numpy(), here["year_group"].to_numpy()),
            seats,
            extra=np.where(offered["locality"] == "out_of_county", 0, spare),
            stream=generator(seed, f"seats of {placement}"),
        )
        names = offered["unit"].to_numpy()
        unit.loc[here.index[placed >= 0]] = names[placed[placed >= 0]]
    return unit


def _band(need: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    chances = np.cumsum([BANDS.get(n, OTHER_BANDS) for n in need], axis=1).reshape(len(need), 3)
    return np.array(["A", "B", "C"])[(stream.random(len(need))[:, None] >= chances[:, :2]).sum(axis=1)]


def _second_need(need: np.ndarray, stream: np.random.Generator) -> list[str | None]:
    picks = [SECOND_NEEDS.get(n, OTHER_SECOND_NEEDS).split(";") for n in need]
    has, which = stream.random(len(need)), stream.random(len(need))
    return [
        p[int(w * len(p))] if h < SECOND_NEED_SHARE and p[int(w * len(p))] != n else None
        for n, p, h, w in zip(need, picks, has, which, strict=True)
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


def _since(children: pd.DataFrame, provision: pd.DataFrame, as_of: dt.date, stream: np.random.Generator) -> list[str | None]:
    """A September start up to five years ago, never before the unit's first year group."""
    first = provision.set_index("unit")["from_year_group"]
    autumn = as_of.year if as_of.month >= 9 else as_of.year - 1
    dates: list[str | None] = []
    for unit, year_group, chance in zip(
        children["unit"], children["year_group"], stream.random(len(children)), strict=True
    ):
        if pd.isna(unit):
            dates.append(None)
            continue
        years = min(int(chance**1.5 * 6), int(year_group) - int(first[unit]))
        dates.append(dt.date(autumn - years, 9, 1).isoformat())
    return dates


def placed_children(
    counts: np.ndarray,
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
    units = provision.set_index("unit")
    need = children["need"].to_numpy()
    children = children.assign(
        band=_band(need, generator(seed, "bands")),
        second_need=pd.array(_second_need(need, generator(seed, "second needs")), dtype="str"),
        since=pd.array(_since(children, provision, as_of, generator(seed, "since")), dtype="str"),
    )
    onward, moving = generator(seed, "onward").random(len(children)), generator(seed, "may move").random(len(children))
    suits: list[str | None] = []
    may_move = []
    for row, chance, move in zip(children.itertuples(index=False), onward, moving, strict=True):
        reviewed = False
        if pd.isna(row.unit):
            suits.append(PLACEMENTS[row.placement].kind)
        else:
            unit = units.loc[row.unit]
            model = None if pd.isna(unit["model"]) else str(unit["model"])
            leaves = row.year_group == unit["to_year_group"]
            # Some younger children in independent schools could come back, if the family agrees.
            reviewed = unit["kind"] == "independent_special" and 0 <= row.year_group <= 5 and move < MAY_MOVE_SHARE
            reviewed = reviewed and not leaves
            if leaves:
                suits.append(_suits_next(str(unit["kind"]), model, int(row.year_group), float(chance)))
            else:
                suits.append("independent_special;special" if reviewed else None)
        may_move.append("yes" if reviewed else "no")
    return children.assign(suits=pd.array(suits, dtype="str"), may_move=may_move)


def _suit_of(provision: pd.DataFrame, suits: str) -> np.ndarray:
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


def waiting_children(
    people: pd.DataFrame, zones: pd.DataFrame, provision: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """The invented children who come new in September (facts/waiting.csv): no unit yet, and what would meet the plan.

    Some prefer a unit: one that takes them in their next year group, the nearer the likelier.
    """
    stream = generator(seed, "waiting")
    rows = []
    for group in pd.read_csv(FACTS / "waiting.csv").itertuples(index=False):
        parts = [part.split(":") for part in group.needs.split(";")]
        picks = draw_places(group.children, np.array([float(weight) for _, weight in parts]), stream=stream)
        spread = group.from_year_group + np.arange(group.children) % (group.to_year_group - group.from_year_group + 1)
        rows += [
            {"year_group": int(year), "need": parts[int(pick)][0], "suits": group.suits}
            for year, pick in zip(spread, picks, strict=True)
        ]
    children = pd.DataFrame(rows)
    children["zone"] = homes((children["year_group"] + 4).to_numpy(), people, stream=stream)
    need = children["need"].to_numpy()
    children["band"] = _band(need, stream)
    children["second_need"] = pd.array(_second_need(need, stream), dtype="str")
    km = _kilometres(children, zones, provision)
    takes = _takes(provision, need, children["year_group"].to_numpy() + 1)
    local = (provision["locality"] != "out_of_county").to_numpy()
    prefers: list[str | None] = []
    for place, suits in enumerate(children["suits"]):
        weights = np.where(takes[place] & local & _suit_of(provision, suits), np.exp(-km[place] / 4), 0.0)
        if stream.random() < PREFERENCE_SHARE and weights.sum() > 0:
            prefers.append(str(provision["unit"].iloc[int(draw_places(1, weights, stream=stream)[0])]))
        else:
            prefers.append(None)
    return children.assign(prefers=pd.array(prefers, dtype="str"), may_move="no")


def named_children(placed: pd.DataFrame, waiting: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Both together as the table ``children``, in the order of pseudonyms that say nothing."""
    children = pd.concat([placed, waiting], ignore_index=True).reindex(columns=CHILD_COLUMNS)
    children["child"] = pseudonyms(len(children), prefix="D", stream=generator(seed, "pseudonyms"))
    return children.sort_values("child", ignore_index=True)


def unit_table(provision: pd.DataFrame, *, first_year: int) -> pd.DataFrame:
    """The table ``units``: a row for today's places and one from next September where they change.

    A place in a neighbour's state school has no fixed cost of the county's own: its top-up is the whole price.
    """
    rows = provision.assign(from_year=pd.array([first_year] * len(provision), dtype="Int64"))
    opening = rows["opens"].notna()
    rows.loc[opening, "places"] = rows.loc[opening, "places_2025"]
    rows.loc[opening, "from_year"] = rows.loc[opening, "opens"]
    away = (rows["locality"] == "out_of_county") & rows["kind"].isin(["special", "hub"])
    rows = rows.assign(ceiling=pd.NA, closes=pd.NA, fixed_cost=np.where(away, 0, np.nan))
    rows["filled_discount"] = rows["fixed_cost"]
    changed = rows[rows["places_2025"].notna() & (rows["places_2025"] != rows["places"])]
    changed = changed.assign(places=changed["places_2025"], from_year=first_year + 1)
    table = pd.concat([rows, changed]).sort_values(["order", "from_year"], kind="stable")
    for column in ("places", "other_authorities", "from_year", "opens", "fixed_cost", "filled_discount"):
        table[column] = table[column].astype("Int64")
    return table[UNIT_COLUMNS].reset_index(drop=True)


STATE_TOP_UPS = {
    "special": {"": 14000, "A": 8500, "B": 14000, "C": 23500},
    "hub": {"": 21000, "A": 15000, "B": 20000, "C": 28000},
    "ers": {"": 7000, "A": 4500, "B": 7500, "C": 11500},
    "support_centre": {"": 9000},
}
"""Pounds a year on top of a place, by kind and band; high needs block. Defaults: a state special place costs about £24,000."""

PLACE_FUNDING = 10000
RESIDENTIAL_SHARES = {"general": 36000, "health": 17000}
"""Pounds a year that social care and health pay towards a residential place, beside the school's fee."""


def top_up_table(provision: pd.DataFrame) -> pd.DataFrame:
    """The table ``top_ups``: bands by kind, and whole prices of units that the county commissions no places in.

    ``provision`` has ``fee`` for independent, non-maintained and college units; a neighbour's state school is
    charged as a place and the county's own top-up.
    """
    rows: list[dict[str, object]] = []
    for kind, bands in STATE_TOP_UPS.items():
        rows += [{"kind": kind, "band": band, "pounds": pounds, "fund": "high_needs"} for band, pounds in bands.items()]
    for unit in provision.itertuples(index=False):
        if unit.kind == "special" and unit.locality == "out_of_county":
            rows += [
                {"unit": unit.unit, "band": band, "pounds": PLACE_FUNDING + pounds, "fund": "high_needs"}
                for band, pounds in STATE_TOP_UPS["special"].items()
            ]
        elif not pd.isna(unit.fee):
            rows.append({"unit": unit.unit, "pounds": int(unit.fee), "fund": "high_needs"})
        if unit.residential == "yes":
            rows += [{"unit": unit.unit, "pounds": p, "fund": fund} for fund, p in RESIDENTIAL_SHARES.items()]
    table = pd.DataFrame(rows).reindex(columns=["unit", "kind", "need", "band", "pounds", "fund"])
    return table.assign(band=table["band"].replace("", None))
