"""How many plans are made and how many cease: by age and by year, from what was published."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.models.cohort_parts import AGES
from placeplan.models.reconcile import Totals, scale_to_totals
from placeplan.need.counts import KnownPlans, total_series
from placeplan.need.defaults import CEASE_BY_AGE, NEW_BY_AGE
from placeplan.need.people import People

__all__ = ["EVEN", "RECENT", "Note", "cease_by_age", "ceased_series", "new_by_age", "new_series", "shifted"]

Floats = NDArray[np.float64]
Note = tuple[str, str, str]
"""What a fit rests on: subject, value, source."""

RECENT: Final = 3
"""Years over which rates that change slowly are taken: ceasing, new plans by age, moves between placements."""

EVEN: Final = 20.0
"""Plans of the wider mix that a need's, age's or phase's small counts are mixed with."""

LEAVING_AGE: Final = 16
"""The first age at which many plans cease and few are made."""

UNKNOWN_SHARE: Final = 0.08
"""The share of plans that ceases in a year where nothing was published: England's, 2022 to 2024."""


def cease_by_age(known: KnownPlans) -> tuple[Floats, Note]:
    """The share ceasing at each age: England's, and from 16 on the county's where two years have single ages.

    Who is not there a year older, but for new plans, has ceased; where they are few, England's share is mixed in.
    """
    before = known.by_age("stock", known.year - 1, from_age=LEAVING_AGE)
    after = known.by_age("stock", known.year, from_age=LEAVING_AGE)
    subject = "Share of plans that ceases, by age"
    if before is None or after is None or known.year in known.broken:
        return CEASE_BY_AGE, (subject, "as in England, 2024 to 2025", "no two years of single ages in the table plans")
    made = new_by_age(known) * float(known.new.get(known.year, 0.0))
    shape = CEASE_BY_AGE.copy()
    for age in range(LEAVING_AGE, AGES - 1):
        gone = np.clip(before[age] - (after[age + 1] - made[age + 1]), 0.0, before[age])
        shape[age] = (gone + EVEN * CEASE_BY_AGE[age]) / (before[age] + EVEN)
    words = f"from {LEAVING_AGE} on the county's, {known.year - 1} to {known.year}; before as in England"
    return shape, (subject, words, "the table plans")


def ceased_series(known: KnownPlans, by_age: Floats, shape: Floats) -> tuple[pd.DataFrame, Note]:
    """By year: how the log odds of ceasing differ from ``shape`` by age, with their standard deviation.

    The last row is the start: the latest years together, each weighing half of the next. ``by_age``: plans by age now.
    """
    published = total_series(known.county, "ceased", until=known.year)
    ages = by_age / max(float(by_age.sum()), 1.0)
    rows = []
    for one in known.stock.index:
        if one - 1 not in known.stock.index or one in known.broken:
            continue
        before = float(known.stock[one - 1])
        if one in published.index:
            gone = float(published[one])
        elif one in known.new.index:
            gone = before + float(known.new[one]) - float(known.stock[one])
        else:
            continue
        share = min(max(gone, 0.5), 0.9 * before) / before
        rows.append((one, _shift(shape, ages, share), 1.0 / np.sqrt(max(gone, 1.0))))
    columns = ["year", "log_odds", "spread"]
    if not rows:
        note = ("Plans that cease", "by age as above", "no year with stock, new plans and the stock before")
        return pd.DataFrame([(known.year, 0.0, 0.5)], columns=columns), note
    frame, recent = pd.DataFrame(rows, columns=columns), pd.DataFrame(rows[-RECENT:], columns=columns)
    weight = 0.5 ** np.arange(len(recent))[::-1]
    middle = float((recent["log_odds"] * weight).sum() / weight.sum())
    spread = float(np.sqrt((recent["spread"] ** 2 * weight**2).sum()) / weight.sum())
    start = pd.DataFrame([(known.year, middle, spread)], columns=columns)
    words = f"by age as above, scaled to the county's {recent['year'].iloc[0]} to {recent['year'].iloc[-1]}"
    return pd.concat([frame, start], ignore_index=True), ("Plans that cease", words, "the table plans")


def _shift(shape: Floats, ages: Floats, share: float) -> float:
    """What is added to the log odds of ceasing by age so that this share of all ceases; bisection."""
    low, high = -8.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(ages @ shifted(shape, middle)) < share else (low, middle)
    return (low + high) / 2


def shifted(shares: Floats, by: float) -> Floats:
    """Shares with ``by`` added to their log odds; 0 and 1 stay.

    >>> shifted(np.array([0.0, 0.5, 1.0]), np.log(3)).round(6).tolist()
    [0.0, 0.75, 1.0]
    """
    with np.errstate(divide="ignore"):
        odds = np.log(shares) - np.log1p(-shares)
    made: Floats = 1.0 / (1.0 + np.exp(-(odds + by)))
    return made


def new_series(known: KnownPlans, people: People) -> tuple[pd.DataFrame, float, list[Note]]:
    """New plans by year, the level of the last, and notes: columns year, count, log (over the level), spread.

    ``log`` is of the count over what the last year's rates would give with the people of its own year. Where none
    were published they are worked out from stocks, and are as uncertain as the share that ceased.
    """
    share = _usual_share(known)
    now = float(people.of(known.year).sum())
    rows, made = [], []
    for one in range(int(str(known.stock.index.min())) + 1, known.year + 1):
        there = float(people.of(one).sum()) if one in people.years else now
        if one in known.new.index:
            count = float(known.new[one])
            spread = 1.0 / np.sqrt(max(count, 1.0))
        elif one in known.stock.index and one - 1 in known.stock.index and one not in known.broken:
            before = float(known.stock[one - 1])
            count = float(known.stock[one]) - (1.0 - share) * before
            spread = 0.5 * share * before / max(count, 1e-9) + 1.0 / np.sqrt(max(count, 1.0))
            made.append(one)
        else:
            continue
        if count > 0:
            rows.append((one, count, count * now / there, spread))
    if not rows:
        rate = float(known.stock.iloc[-1]) * 0.12
        frame = pd.DataFrame([(known.year, rate, 0.0, 0.3)], columns=["year", "count", "log", "spread"])
        return frame, rate, [("New plans", f"{rate:.0f} a year", "12% of the plans there are: nothing published")]
    frame = pd.DataFrame(rows, columns=["year", "count", "adjusted", "spread"])
    level = float(frame["adjusted"].iloc[-1])
    notes: list[Note] = []
    if made:
        words = f"worked out for {made[0]} to {made[-1]} from stocks and {share:.1%} ceasing a year"
        notes.append(("New plans where none were published", words, "the table plans"))
    return frame.assign(log=np.log(frame["adjusted"] / level))[["year", "count", "log", "spread"]], level, notes


def _usual_share(known: KnownPlans) -> float:
    """The middle share of plans that ceased in the years that tell."""
    shares = [
        (float(known.stock[one - 1]) + float(known.new[one]) - float(known.stock[one])) / float(known.stock[one - 1])
        for one in known.new.index
        if one in known.stock.index and one - 1 in known.stock.index
    ]
    return float(np.median(np.clip(shares, 0.01, 0.3))) if shares else UNKNOWN_SHARE


def new_by_age(known: KnownPlans) -> Floats:
    """Shares of new plans by age: England's, scaled to the county's margins by age of recent years."""
    profile: Floats = NEW_BY_AGE / NEW_BY_AGE.sum()
    for one in range(known.year, known.year - RECENT, -1):
        for margin in known.margins("new", one):
            ages = margin.part.reshape(known.cube.shape)[0, 0, :, 0]
            if margin.name == "total" or len(np.unique(ages)) < 2 or np.isnan(margin.values).any():
                continue
            totals = Totals(margin.name, ages, margin.values / max(float(margin.values.sum()), 1.0))
            scaled = scale_to_totals(profile, [totals]).table
            shares: Floats = scaled / scaled.sum()
            return shares
    return profile
