"""Fit the rates by which children with plans change: new plans, ceasing, phase transfer, moves and their spreads."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.county import County
from placeplan.models.cohorts import AGES, Cohort
from placeplan.models.rates import PooledRates, pooled_rates
from placeplan.models.reconcile import Totals, scale_to_totals
from placeplan.need_defaults import CEASE_BY_AGE, NEW_BY_AGE, NEW_BY_PLACEMENT, TRANSFER_AGES, allowed
from placeplan.need_stock import BaseStock, base_stock
from placeplan.people_ahead import People
from placeplan.plan_counts import PLACEMENT_AXIS, Cube, margins, total_series

__all__ = ["NeedFit", "fit_need"]

Floats = NDArray[np.float64]

RECENT: Final = 3
"""Years over which rates that change slowly are taken: ceasing and moves between placements."""

EVEN: Final = 20.0
"""Plans of the county's own mix that a need's, age's or phase's small counts are mixed with."""

LEAVING_AGE: Final = 16
"""The first age at which many plans cease and few are made."""

WINDOW: Final = 3
"""Ages before and after a phase transfer whose placements are compared."""

MOST_MOVING: Final = 0.08
"""The largest share of a placement that is taken to move in a year outside phase transfers."""

Note = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class NeedFit:
    """What a forecast of need starts from.

    ``new``: log of new plans by year over what constant rates would give, with its standard deviation as measured.
    ``ceased``: the log odds of ceasing by year, over those of England's ages, likewise; the last is the start.
    ``relative``: localities x needs, pooled. ``weights``: localities x needs, shares of each need's new plans.
    """

    cube: Cube = field(repr=False)
    year: int
    base: BaseStock = field(repr=False)
    cohort: Cohort = field(repr=False)
    people: People = field(repr=False)
    new: pd.DataFrame = field(repr=False)
    ceased: pd.DataFrame = field(repr=False)
    relative: PooledRates = field(repr=False)
    weights: Floats = field(repr=False)
    notes: tuple[Note, ...]


def fit_need(county: County, cube: Cube, people: People, year: int) -> NeedFit:
    """Fit everything with what was known in ``year``. Raises ``ValueError`` where no plans are known then."""
    base = base_stock(county, cube, year, people.of(year))
    stock = base.table(cube)
    totals = total_series(county, "stock", until=year)
    if year not in totals.index:
        totals.loc[year] = float(stock.sum())
    broken = {
        one.measure: {b.year for b in county.settings.forecast.breaks if b.measure == one.measure}
        for one in county.settings.forecast.breaks
    }
    shape, shape_note = _cease_by_age(county, cube, year, broken.get("stock", set()))
    ceased, cease_notes = _ceased(county, totals.sort_index(), stock, year, shape, broken.get("stock", set()))
    cease = np.repeat(_shifted(shape, float(ceased["log_odds"].iloc[-1]))[:, None], stock.shape[3], axis=1)
    new, level, new_notes = _new_series(county, totals.sort_index(), ceased, people, year, broken.get("stock", set()))
    relative, weights, known = _relative(county, base, stock, people.of(year), year)
    by_age = _new_by_age(county, cube, year)
    needs = _need_mix(stock)
    people_of_age = np.maximum(people.of(year).sum(axis=0), 1e-9)
    rates = level * by_age[None, :] * needs / people_of_age
    entry = _entry(county, cube, stock, by_age, needs, year)
    usual = float(new["count"].tail(RECENT).mean())
    transfer = _transfers(stock, usual * np.einsum("a,na,nap->ap", by_age, needs, entry))
    expected_new = level * np.einsum("a,na,nap->p", by_age, needs, entry)
    move, move_notes = _moves(county, cube, stock, cease, transfer, expected_new, year, broken.get("stock", set()))
    cohort = Cohort(
        shape=cube.shape,
        cells=base.cells,
        tags=base.tags,
        new=np.broadcast_to(rates, (len(cube.localities), *rates.shape)).copy(),
        entry=entry,
        cease=cease,
        transfer=transfer,
        move=move,
    )
    where = "pooled between locality and county by how much evidence there is" if known else "the same everywhere"
    notes = (
        *base.notes,
        ("People aged 0 to 25", people.method, "the tables population and births"),
        shape_note,
        *cease_notes,
        *new_notes,
        *move_notes,
        ("Rates of localities and needs", where, "the tables children and plans" if known else "no plans by locality"),
    )
    return NeedFit(cube, year, base, cohort, people, new, ceased, relative, weights, notes)


def _cease_by_age(county: County, cube: Cube, year: int, broken: set[int]) -> tuple[Floats, Note]:
    """The share ceasing at each age: England's, and from 16 on the county's where two years that follow have single ages.

    Fewer at an age than a year younger the year before, but for new plans, have ceased; few of them are mixed with England's.
    """
    singles = {one: _single_ages(margins(county, cube, "stock", one), cube) for one in (year - 1, year)}
    before, after = singles[year - 1], singles[year]
    new = total_series(county, "new", until=year)
    subject = "Share of plans that ceases, by age"
    if before is None or after is None or year in broken:
        return CEASE_BY_AGE, (subject, "as in England, 2024 to 2025", "no two years of single ages in the table plans")
    made = _new_by_age(county, cube, year) * float(new.get(year, 0.0))
    shape = CEASE_BY_AGE.copy()
    for age in range(LEAVING_AGE, AGES - 1):
        gone = np.clip(before[age] - (after[age + 1] - made[age + 1]), 0.0, before[age])
        shape[age] = (gone + EVEN * CEASE_BY_AGE[age]) / (before[age] + EVEN)
    return shape, (subject, f"from 16 on the county's, {year - 1} to {year}; before as in England", "the table plans")


def _single_ages(published: list[Totals], cube: Cube) -> Floats | None:
    """Plans at each age where a margin has them singly; None where none does."""
    for one in published:
        ages = one.part.reshape(cube.shape)[0, 0, :, 0]
        from_16 = ages[LEAVING_AGE:]
        if one.name == "age" and len(np.unique(from_16)) == len(from_16) and not np.isnan(one.values).any():
            return np.array([float(one.values[part]) if part >= 0 else 0.0 for part in ages])
    return None


def _ceased(
    county: County, totals: pd.Series, stock: Floats, year: int, shape: Floats, broken: set[int]
) -> tuple[pd.DataFrame, list[Note]]:
    """By year: how the log odds of ceasing differ from ``shape`` by age, with their standard deviation."""
    new, published = (total_series(county, measure, until=year) for measure in ("new", "ceased"))
    by_age = stock.sum(axis=(0, 1, 3))
    ages = by_age / max(by_age.sum(), 1.0)
    rows = []
    for one in totals.index:
        if one - 1 not in totals.index or one in broken:
            continue
        before = float(totals[one - 1])
        if one in published.index:
            gone = float(published[one])
        elif one in new.index:
            gone = before + float(new[one]) - float(totals[one])
        else:
            continue
        share = min(max(gone, 0.5), 0.9 * before) / before
        rows.append((one, _shift(shape, ages, share), 1.0 / np.sqrt(max(gone, 1.0))))
    if not rows:
        frame = pd.DataFrame({"year": [year], "log_odds": [0.0], "spread": [0.5]})
        return frame, [
            ("Plans that cease", "by age as in England", "no year with stock, new plans and the stock before")
        ]
    recent = pd.DataFrame(rows[-RECENT:], columns=["year", "log_odds", "spread"])
    gone_words = f"by age as above, scaled to the county's {recent['year'].iloc[0]} to {recent['year'].iloc[-1]}"
    frame = pd.DataFrame(rows, columns=["year", "log_odds", "spread"])
    weight = 0.5 ** np.arange(len(recent))[::-1]
    middle = float((recent["log_odds"] * weight).sum() / weight.sum())
    spread = float(np.sqrt((recent["spread"] ** 2 * weight**2).sum()) / weight.sum())
    start = pd.DataFrame({"year": [year], "log_odds": [middle], "spread": [spread]})
    return pd.concat([frame, start], ignore_index=True), [("Plans that cease", gone_words, "the table plans")]


def _shift(shape: Floats, ages: Floats, share: float) -> float:
    """What is added to the log odds of ceasing by age so that this share of all ceases; bisection."""
    low, high = -8.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(ages @ _shifted(shape, middle)) < share else (low, middle)
    return (low + high) / 2


def _shifted(shares: Floats, by: float) -> Floats:
    with np.errstate(divide="ignore"):
        odds = np.log(shares) - np.log1p(-shares)
    shifted: Floats = 1.0 / (1.0 + np.exp(-(odds + by)))
    return shifted


def _new_series(
    county: County, totals: pd.Series, ceased: pd.DataFrame, people: People, year: int, broken: set[int]
) -> tuple[pd.DataFrame, float, list[Note]]:
    """New plans by year over what the last one's rates would give with the people of the year, and that level."""
    new = total_series(county, "new", until=year)
    share = float(np.median(_gone_shares(county, totals, ceased))) if len(totals) > 1 else 0.08
    rows, made = [], []
    people_now = float(people.of(year).sum())
    for one in range(int(totals.index.min()) + 1, year + 1):
        there = float(people.of(one).sum()) if one in people.years else people_now
        if one in new.index:
            count, spread = float(new[one]), 1.0 / np.sqrt(max(float(new[one]), 1.0))
        elif one in totals.index and one - 1 in totals.index and one not in broken:
            count = float(totals[one]) - (1.0 - share) * float(totals[one - 1])
            if count <= 0:
                continue
            # Worked out from stocks: as uncertain as the share that ceased.
            spread = 0.5 * share * float(totals[one - 1]) / count + 1.0 / np.sqrt(max(count, 1.0))
            made.append(one)
        else:
            continue
        if count > 0:
            rows.append((one, count, count * people_now / there, spread))
    if not rows:
        rate = float(totals.iloc[-1]) * 0.12
        frame = pd.DataFrame({"year": [year], "count": [rate], "log": [0.0], "spread": [0.3]})
        return frame, rate, [("New plans", f"{rate:.0f} a year", "12% of the plans there are: nothing published")]
    frame = pd.DataFrame(rows, columns=["year", "count", "adjusted", "spread"])
    level = float(frame["adjusted"].iloc[-1])
    notes: list[Note] = []
    if made:
        words = f"worked out for {made[0]} to {made[-1]} from stocks and {share:.1%} ceasing a year"
        notes.append(("New plans where none were published", words, "the table plans"))
    return frame.assign(log=np.log(frame["adjusted"] / level))[["year", "count", "log", "spread"]], level, notes


def _gone_shares(county: County, totals: pd.Series, ceased: pd.DataFrame) -> Floats:
    new = total_series(county, "new", until=int(totals.index.max()))
    shares = [
        (float(totals[one - 1]) + float(new[one]) - float(totals[one])) / float(totals[one - 1])
        for one in new.index
        if one in totals.index and one - 1 in totals.index
    ]
    return np.clip(shares, 0.01, 0.3) if shares else np.array([0.08])


def _relative(
    county: County, base: BaseStock, stock: Floats, people: Floats, year: int
) -> tuple[PooledRates, Floats, bool]:
    """How each locality's rate of each need differs from the county's: locality first, then need within it.

    Taken from plans whose locality is known: the children of the table, or a margin by locality.
    """
    cube_shape = stock.shape
    known = stock
    if base.known_children:
        tagged = base.cells[base.tags >= 0]
        known = np.bincount(tagged, minlength=stock.size).reshape(cube_shape).astype(np.float64)
    by_locality = base.known_children or any(
        bool(rows["locality"].notna().any() or rows["zone"].notna().any())
        for _, rows in county.plans[(county.plans["measure"] == "stock") & (county.plans["year"] == year)].groupby(
            "margin"
        )
    )
    counts = known.sum(axis=(2, 3))
    if not by_locality:
        counts = np.zeros_like(counts)
    ages = np.maximum(people.sum(axis=0), 1e-9)
    by_need_age = known.sum(axis=(0, 3))
    expected = np.einsum("na,la->ln", by_need_age, people / ages)
    if not by_locality:
        return pooled_rates(counts, np.zeros_like(expected)), expected / np.maximum(expected.sum(axis=0), 1e-9), False
    localities = pooled_rates(counts.sum(axis=1), expected.sum(axis=1))
    within = pooled_rates(counts, expected * localities.mean[:, None])
    both = PooledRates(within.shape * localities.mean[:, None], within.rate, within.alike)
    return both, expected / np.maximum(expected.sum(axis=0), 1e-9), True


def _new_by_age(county: County, cube: Cube, year: int) -> Floats:
    """Shares of new plans by age: England's, scaled to the county's margins by age of recent years."""
    profile: Floats = NEW_BY_AGE / NEW_BY_AGE.sum()
    for one in range(year, year - RECENT, -1):
        for margin in margins(county, cube, "new", one):
            ages = margin.part.reshape(cube.shape)[0, 0, :, 0]
            if margin.name == "total" or len(np.unique(ages)) < 2 or np.isnan(margin.values).any():
                continue
            totals = Totals(margin.name, ages, margin.values / max(margin.values.sum(), 1.0))
            scaled = scale_to_totals(profile, [totals]).table
            return scaled / scaled.sum()
    return profile


def _need_mix(stock: Floats) -> Floats:
    """Needs x ages: shares of needs at an age, with the ages about it and the county's mix where it has few."""
    by_age = stock.sum(axis=(0, 3))
    overall = by_age.sum(axis=1) / max(by_age.sum(), 1.0)
    about = sum(np.roll(np.pad(by_age, ((0, 0), (2, 2))), shift, axis=1)[:, 2:-2] for shift in (-2, -1, 0, 1, 2))
    mix = about + EVEN * overall[:, None]
    shares: Floats = mix / mix.sum(axis=0)
    return shares


def _placement_mix(stock: Floats) -> Floats:
    """Needs x ages x placements: shares of placements, smoothed like needs and only where they can be."""
    by_need, overall = stock.sum(axis=0), stock.sum(axis=(0, 1))
    of_age = (overall + 1e-3) * allowed()
    of_age = of_age / of_age.sum(axis=1, keepdims=True)
    mix = by_need + EVEN * of_age[None]
    mix = mix * allowed()[None]
    shares: Floats = mix / mix.sum(axis=2, keepdims=True)
    return shares


def _entry(county: County, cube: Cube, stock: Floats, by_age: Floats, needs: Floats, year: int) -> Floats:
    """Needs x ages x placements: where new plans begin: as plans of the age and need are, scaled to where new ones are.

    Where the county does not publish new plans by placement, as in England.
    """
    target = np.array([NEW_BY_PLACEMENT[name] for name in PLACEMENT_AXIS]) / sum(NEW_BY_PLACEMENT.values())
    for margin in margins(county, cube, "new", year):
        places = margin.part.reshape(cube.shape)[0, 0, 0, :]
        if (
            margin.name != "total"
            and len(np.unique(places)) == len(PLACEMENT_AXIS)
            and not np.isnan(margin.values).any()
        ):
            target = margin.values[places] / max(margin.values.sum(), 1.0)
    mix = _placement_mix(stock)
    weights = by_age[None, :, None] * needs[..., None]
    for _ in range(50):
        found = (weights * mix).sum(axis=(0, 1))
        mix = mix * np.divide(target, found, out=np.zeros_like(found), where=found > 0)
        mix = mix / np.maximum(mix.sum(axis=2, keepdims=True), 1e-12)
    # An age at which nothing is left has the placement that plans of the age are most in.
    empty = mix.sum(axis=2) < 0.5
    fallback = _placement_mix(stock)
    shares: Floats = np.where(empty[..., None], fallback, mix)
    return shares / shares.sum(axis=2, keepdims=True)


def _transfers(stock: Floats, begun: Floats) -> Floats:
    """Ages x placements x placements: the moves of phase transfers.

    At each age that a transfer enters, the fewest moves that turn the shares of placements of the ages just before
    it into those of the ages just after. ``begun``: ages x placements, new plans of a year: those made within the ages
    before are added, and those made within the ages after are taken off, so that new plans are not taken for moves.
    """
    placements = stock.shape[3]
    made = np.broadcast_to(np.eye(placements), (AGES, placements, placements)).copy()
    by_age = stock.sum(axis=(0, 1))
    can = allowed()
    starts = [0, *TRANSFER_AGES, AGES]
    for before, at, after in zip(starts, starts[1:-1], starts[2:], strict=False):
        first, last = max(before, at - WINDOW), min(after, at + WINDOW)
        old = sum(by_age[age] + begun[age + 1 : at].sum(axis=0) for age in range(first, at))
        new = sum(np.maximum(by_age[age] - begun[at : age + 1].sum(axis=0), 0.0) for age in range(at, last))
        old, new = old + 1e-9, np.asarray(new) * can[at] + 1e-9 * can[at]
        made[at] = _fewest_moves(old / old.sum(), new / new.sum())
    for age in range(1, AGES):
        # A placement that does not go on at this age: its children go where the others of the age are.
        ends = can[age - 1] & ~can[age]
        for place in np.flatnonzero(ends):
            if made[age, place, place] > 0:
                left = made[age, place, place]
                made[age, place, place] = 0.0
                shares = by_age[age] * can[age] + 1e-9 * can[age]
                made[age, place] += left * shares / shares.sum()
    return made


def _fewest_moves(old: Floats, new: Floats) -> Floats:
    """Rows add up to 1; ``old`` times the answer is ``new`` and as much as can stays where it is."""
    short = np.maximum(new - old, 0.0)
    over = np.maximum(old - new, 0.0)
    goes = short / short.sum() if short.sum() > 0 else short
    leave = over / old
    moves: Floats = np.diag(1.0 - leave) + leave[:, None] * goes[None, :]
    return moves / moves.sum(axis=1, keepdims=True)


def _moves(
    county: County,
    cube: Cube,
    stock: Floats,
    cease: Floats,
    transfer: Floats,
    new: Floats,
    year: int,
    broken: set[int],
) -> tuple[Floats, list[Note]]:
    """Moves of every year: what the county's shares by placement changed by of late beyond what the other rates give."""
    yearly, first, last = _yearly_shares(county, cube, year, broken)
    # What is not recorded now is recorded later: as a share it stays as it is where nothing else is known.
    unrecorded = PLACEMENT_AXIS.index("not_recorded")
    yearly[unrecorded] = np.nan_to_num(yearly[unrecorded])
    by_age = stock.sum(axis=(0, 1))
    older = np.zeros_like(by_age)
    older[1:] = (by_age * (1.0 - cease))[:-1]
    after = np.einsum("ap,apq->q", older, transfer) + new
    share_now = stock.sum(axis=(0, 1, 2)) / stock.sum()
    residual = np.where(np.isnan(yearly), 0.0, (share_now + np.nan_to_num(yearly)) * after.sum() - after)
    gives, takes = np.maximum(-residual, 0.0), np.maximum(residual, 0.0)
    # What placements without a series of their own give to those with one, by their size.
    unknown = np.where(np.isnan(yearly), after, 0.0)
    gives = gives + unknown / max(unknown.sum(), 1e-9) * max(0.0, takes.sum() - gives.sum())
    most = np.where(np.arange(len(after)) == unrecorded, 0.95, MOST_MOVING)
    leave = np.clip(np.divide(gives, after, out=np.zeros_like(gives), where=after > 0), 0.0, most)
    goes = takes / takes.sum() if takes.sum() > 0 else takes
    move = np.diag(1.0 - leave) + leave[:, None] * goes[None, :]
    value = f"as many as the shares of placements changed by from {first} to {last}, beyond new plans and transfers"
    if last == first:
        value = "only from not recorded to where the plan is recorded later: no two years of plans by placement"
    return move / move.sum(axis=1, keepdims=True), [
        ("Moves between placements outside phase transfers", value, "the table plans")
    ]


def _yearly_shares(county: County, cube: Cube, year: int, broken: set[int]) -> tuple[Floats, int, int]:
    """By how much each placement's share of the plans changed a year, NaN where not known, and the years it is taken from."""
    totals = total_series(county, "stock", until=year)
    found: dict[int, Floats] = {}
    for one in range(year - RECENT - 1, year + 1):
        if any(one < b <= year for b in broken) or one not in totals.index:
            continue
        for margin in margins(county, cube, "stock", one):
            places = margin.part.reshape(cube.shape)[0, 0, 0, :]
            if margin.name == "placement" and len(np.unique(places)) == cube.shape[3]:
                found[one] = margin.values[places] / float(totals[one])
    if len(found) < 2:
        return np.full(cube.shape[3], np.nan), year, year
    years = sorted(found)
    changes = np.full(cube.shape[3], np.nan)
    for place in range(cube.shape[3]):
        known = [one for one in years if not np.isnan(found[one][place])]
        if len(known) > 1:
            changes[place] = (found[known[-1]][place] - found[known[0]][place]) / (known[-1] - known[0])
    return changes, years[0], years[-1]
