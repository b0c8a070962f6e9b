"""Hand the need of a year over: who is still in the present unit, and who has to be placed, by zone and entry year.

Every child of the year is in exactly one of the two, so that they add up to the stock that needs a place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.county.settings import Demand
from placeplan.county.vocabulary import PLACEMENTS, YEAR_GROUPS
from placeplan.errors import UsageError
from placeplan.models.cohort_parts import Change
from placeplan.models.cohorts import Snapshot
from placeplan.need.counts import NEED_AXIS, PLACEMENT_AXIS
from placeplan.need.demand import PHASE_AXIS, phase_of_age, planned_kinds, without_a_place
from placeplan.need.fit import NeedFit
from placeplan.need.zones import drawn_zones, zone_shares
from placeplan.provision import provisions_of, units_open
from placeplan.synthetic import generator

__all__ = ["TO_PLACE_COLUMNS", "YearNeed", "draw_children", "expected_need", "mean_of"]

Floats = NDArray[np.float64]

TO_PLACE_COLUMNS: Final = ["zone", "need", "year_group", "suits", "placement", "entry_year", "reason", "children"]

UNKNOWN_UNIT: Final = 9

REASONS: Final = {
    Change.START: "transfer",
    Change.NEW_PLAN: "new",
    Change.TRANSFER: "transfer",
    Change.MOVE: "moved",
    UNKNOWN_UNIT: "present",
}
"""Why a child has to be placed: a new plan, a phase transfer (the unit ends, or the kind changes), another move; or the
child has a place, but the table children does not say in which unit."""

EVEN: Final = 5.0
"""Children of the county's own mix that what suits a small group is mixed with."""


@dataclass(frozen=True, slots=True)
class YearNeed:
    """The need of a year: everybody who needs a place is in one of the two tables, and nobody in both.

    ``survivors``: child, unit, zone, need, year_group, suits, children (1, or the share of draws in which the child is
    still there). ``to_place``: ``TO_PLACE_COLUMNS``; what suits them is kind or kind:model, ``placement`` is where the
    plan is counted, and ``entry_year`` the year since which they are to be placed: of a new plan, of a move, or the
    first outside a unit. Expected counts have locality instead of zone. ``label`` says what the counts are: expected
    over draws, or draws by number.
    """

    year: int
    survivors: pd.DataFrame = field(repr=False)
    to_place: pd.DataFrame = field(repr=False)
    label: str

    @property
    def children(self) -> float:
        """All of them together."""
        return float(self.survivors["children"].sum() + self.to_place["children"].sum())

    def frame(self) -> pd.DataFrame:
        """Everybody as a frame of need for coverage: zone, need, year_group, suits, children.

        Raises ``UsageError`` for expected counts, which have no zones.
        """
        if "zone" not in self.to_place.columns:
            raise UsageError("expected counts are by locality; expected one draw, or the mean of several")
        keys = ["zone", "need", "year_group", "suits"]
        parts = [part[[*keys, "children"]] for part in (self.survivors, self.to_place) if len(part)]
        return pd.concat(parts, ignore_index=True).groupby(keys, as_index=False)[["children"]].sum()


def mean_of(draws: Sequence[YearNeed]) -> YearNeed:
    """Draws of one year as their mean: expected counts by zone, of these draws."""
    share = 1.0 / len(draws)
    survivors = pd.concat([one.survivors for one in draws], ignore_index=True)
    keys = [name for name in survivors.columns if name != "children"]
    survivors = survivors.groupby(keys, as_index=False, sort=True)[["children"]].sum()
    to_place = pd.concat([one.to_place for one in draws], ignore_index=True)
    to_place = to_place.groupby(TO_PLACE_COLUMNS[:-1], as_index=False, sort=True)[["children"]].sum()
    return YearNeed(
        draws[0].year,
        survivors.assign(children=survivors["children"] * share),
        to_place.assign(children=to_place["children"] * share)[TO_PLACE_COLUMNS],
        f"expected over {len(draws)} draws",
    )


def _suits_by_group(county: County) -> Mapping[tuple[str, str, str], tuple[tuple[str, ...], Floats]]:
    """What would meet a new plan, by placement kind, need and phase: as the children now there, few of them pooled.

    A kind of which the county has nobody suits itself alone.
    """
    children = county.children
    units = county.units.drop_duplicates("unit").set_index("unit")
    there = children[children["unit"].notna()]
    kinds = there["unit"].map(units["kind"]).astype(str)
    kind = kinds.replace({"hub": "special", "independent_other": "independent_special"})
    label = there["unit"].map(provisions_of(units)).astype(str)
    phases = [phase_of_age(int(year_group) + 4) for year_group in there["year_group"]]
    frame = pd.DataFrame({"kind": kind, "need": there["need"].astype(str), "phase": phases, "label": label})
    made: dict[tuple[str, str, str], tuple[tuple[str, ...], Floats]] = {}
    for name in sorted(set(planned_kinds().values())):
        of_kind = frame[frame["kind"] == name]
        labels = tuple(sorted(of_kind["label"].unique())) or (name,)
        counts = np.zeros((len(NEED_AXIS), len(PHASE_AXIS), len(labels)))
        at = (
            [NEED_AXIS.index(need) for need in of_kind["need"]],
            [PHASE_AXIS.index(one) for one in of_kind["phase"]],
            [labels.index(one) for one in of_kind["label"]],
        )
        np.add.at(counts, at, 1.0)
        whole = counts.sum(axis=(0, 1)) + 1e-9
        of_phase = counts.sum(axis=0)
        # A phase that has nobody is as the county; one that has is itself, and each need's few are mixed with it.
        by_phase = np.where(of_phase.sum(axis=1, keepdims=True) > 0, of_phase, whole / whole.sum())
        mix = counts + EVEN * by_phase / by_phase.sum(axis=1, keepdims=True)
        mix = mix / mix.sum(axis=2, keepdims=True)
        for number, need in enumerate(NEED_AXIS):
            for place, phase in enumerate(PHASE_AXIS):
                made[name, need, phase] = labels, mix[number, place]
    return made


def _left(county: County, fit: NeedFit, snapshot: Snapshot, year: int) -> NDArray[np.int64]:
    """For each child of a snapshot the first year in which it is outside the unit that the table children says.

    A unit is left where it closes or its ages end, and for good; after ``year`` means that the child is still there.
    Nought is for whoever never was in a unit that is known, or has changed placement since.
    """
    placements = fit.cube.shape[3]
    planned = np.isin(snapshot.cell % placements, [PLACEMENT_AXIS.index(name) for name in planned_kinds()])
    candidates = planned & (snapshot.tag >= 0) & (snapshot.change == Change.START)
    children = county.children
    left = np.where(children["unit"].notna(), year + 1, 0)
    for one in range(year, min(fit.year + 1, year) - 1, -1):
        units = units_open(county, one)
        year_group = children["year_group"].astype(int) + (one - fit.year)
        first, last = (children["unit"].map(units[end]).astype(float) for end in ("from_year_group", "to_year_group"))
        outside = ~((year_group >= first) & (year_group <= last)).to_numpy(bool)
        left[outside & (left > 0)] = one
    found = np.zeros(len(snapshot.cell), dtype=np.int64)
    found[candidates] = left[snapshot.tag[candidates].astype(np.int64)]
    return found


def expected_need(
    county: County, fit: NeedFit, snapshot: Snapshot, *, draws: int, year: int, rows: Sequence[Demand]
) -> YearNeed:
    """Expected counts over all draws: survivors as the share of draws that they are there in, others by locality."""
    left = _left(county, fit, snapshot, year)
    stays = left > year
    tags = np.bincount(snapshot.tag[stays].astype(np.int64), minlength=len(county.children)) / draws
    survivors = _survivors(county, np.flatnonzero(tags > 0), tags[tags > 0], year - fit.year)
    weight, change = 1.0 / draws, snapshot.change
    since = np.where(left > 0, left, snapshot.since)
    others = ~stays
    table = pd.DataFrame(
        {
            "cell": snapshot.cell[others].astype(np.int64),
            "entry_year": since[others].astype(int),
            # The unit of a child who is not in the table children is not known.
            "change": np.where((change == Change.START) & (snapshot.tag < 0), UNKNOWN_UNIT, change)[others].astype(int),
        }
    )
    counted = table.groupby(["cell", "entry_year", "change"]).size().mul(weight).rename("children").reset_index()
    lines = _needing(fit, counted, rows)
    groups = _suits_by_group(county)
    made = pd.DataFrame(
        {
            "locality": np.array(fit.cube.localities, dtype=object)[lines["locality"].to_numpy(int)],
            "need": np.array(NEED_AXIS, dtype=object)[lines["need_at"].to_numpy(int)],
            "age": lines["age"],
            "kind": lines["kind"],
            "placement": np.array(PLACEMENT_AXIS, dtype=object)[lines["placement"].to_numpy(int)],
            "entry_year": lines["entry_year"],
            "reason": lines["reason"],
            "children": lines["children"],
        }
    )
    made["year_group"] = (made["age"] - 4).clip(upper=max(YEAR_GROUPS))
    made["phase"] = made["age"].map(phase_of_age)
    parts = []
    for (kind, need, phase), part in made.groupby(["kind", "need", "phase"], sort=True):
        labels, mix = groups[str(kind), str(need), str(phase)]
        parts += [
            part.assign(suits=label, children=part["children"] * share)
            for label, share in zip(labels, mix, strict=True)
            if share > 1e-6
        ]
    keys = ["locality", *TO_PLACE_COLUMNS[1:-1]]
    to_place = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*keys, "children"])
    to_place = to_place.groupby(keys, as_index=False, sort=True)[["children"]].sum()
    return YearNeed(year, survivors, to_place, f"expected over {draws:,} draws")


def draw_children(
    county: County, fit: NeedFit, one: Snapshot, *, draw: int, year: int, rows: Sequence[Demand], seed: int
) -> YearNeed:
    """One draw as whole children; the zone of each, and who of a placement needs a place, by a seeded draw.

    ``one``: the children of the draw in that year.
    """
    left = _left(county, fit, one, year)
    stays = left > year
    at = np.sort(one.tag[stays].astype(np.int64))
    survivors = _survivors(county, at, np.ones(len(at)), year - fit.year)
    stream = generator(seed, f"need of {year}, draw {draw}")
    place, need, age, placement = np.unravel_index(one.cell[~stays].astype(np.int64), fit.cube.shape)
    kinds = _drawn_kinds(placement, rows, stream)
    needing = kinds != ""
    place, need, age, kinds = place[needing], need[needing], age[needing], kinds[needing]
    # Who comes out of a unit enters in the first year outside it.
    entered = np.where(left > 0, left, one.since)
    since, change, tag = (array[~stays][needing] for array in (entered, one.change, one.tag))
    shares, zones = zone_shares(county, fit)
    zone = np.array(zones, dtype=object)[drawn_zones(shares, place, age, stream)]
    known = tag >= 0
    if known.any():
        # A child who is known lives where it lives.
        zone[known] = county.children["zone"].to_numpy(dtype=object)[tag[known].astype(np.int64)]
    groups = _suits_by_group(county)
    labels = []
    for kind, n, a, u in zip(kinds, need, age, stream.random(len(kinds)), strict=True):
        names, mix = groups[str(kind), NEED_AXIS[n], phase_of_age(int(a))]
        labels.append(names[min(int(np.searchsorted(np.cumsum(mix), u, side="right")), len(names) - 1)])
    to_place = pd.DataFrame(
        {
            "zone": zone,
            "need": np.array(NEED_AXIS, dtype=object)[need],
            "year_group": np.minimum(age - 4, max(YEAR_GROUPS)),
            "suits": labels,
            "placement": np.array(PLACEMENT_AXIS, dtype=object)[placement[needing]],
            "entry_year": since.astype(int),
            "reason": [
                _reason(UNKNOWN_UNIT if c == Change.START and t < 0 else int(c), int(p))
                for c, t, p in zip(change, tag, placement[needing], strict=True)
            ],
            "children": 1.0,
        },
        columns=TO_PLACE_COLUMNS,
    )
    return YearNeed(year, survivors, to_place, f"draw {draw}")


def _reason(change: int, placement: int) -> str:
    planned = PLACEMENTS[PLACEMENT_AXIS[placement]].planned_for
    return REASONS[change] if planned else "waiting"


def _drawn_kinds(
    placement: NDArray[np.intp], rows: Sequence[Demand], stream: np.random.Generator
) -> NDArray[np.object_]:
    """The kind of place that each child needs, "" for none."""
    own = planned_kinds()
    kinds = np.full(len(placement), "", dtype=object)
    chance = stream.random(len(placement))
    for number, name in enumerate(PLACEMENT_AXIS):
        here = placement == number
        low = 0.0
        if name in own:
            kinds[here] = own[name]
        for row in without_a_place(rows, name):
            kinds[here & (chance >= low) & (chance < low + row.share)] = row.kind
            low += row.share
    return kinds


def _needing(fit: NeedFit, counted: pd.DataFrame, rows: Sequence[Demand]) -> pd.DataFrame:
    """Counts by cell as those who need a kind of place: locality, need_at, age, kind, placement, entry_year, ..."""
    place, need, age, placement = np.unravel_index(counted["cell"].to_numpy(int), fit.cube.shape)
    frame = counted.assign(locality=place, need_at=need, age=age, placement=placement)
    frame["reason"] = [_reason(int(c), int(p)) for c, p in zip(frame["change"], placement, strict=True)]
    own = planned_kinds()
    parts = []
    for number, name in enumerate(PLACEMENT_AXIS):
        here = frame[frame["placement"] == number]
        if here.empty:
            continue
        mine = without_a_place(rows, name)
        parts += [here.assign(kind=row.kind, children=here["children"] * row.share) for row in mine]
        if name in own:
            rest = 1.0 - sum(row.share for row in mine)
            parts.append(here.assign(kind=own[name], children=here["children"] * rest))
    columns = ["locality", "need_at", "age", "kind", "placement", "entry_year", "reason"]
    if not parts:
        return pd.DataFrame(columns=[*columns, "children"])
    together = pd.concat(parts, ignore_index=True)
    return together.groupby(columns, as_index=False, sort=True)[["children"]].sum()


def _survivors(county: County, rows: NDArray[np.int64], weights: Floats, later: int) -> pd.DataFrame:
    children = county.children.iloc[rows]
    units = county.units.drop_duplicates("unit").set_index("unit")
    unit = children["unit"].astype(str)
    return pd.DataFrame(
        {
            "child": children["child"].to_numpy(dtype=object),
            "unit": unit.to_numpy(dtype=object),
            "zone": children["zone"].to_numpy(dtype=object),
            "need": children["need"].astype(str).to_numpy(dtype=object),
            "year_group": children["year_group"].to_numpy(int) + later,
            "suits": unit.map(provisions_of(units)).astype(str).to_numpy(dtype=object),
            "children": weights,
        }
    )
