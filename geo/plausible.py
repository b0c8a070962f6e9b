"""A matrix from elsewhere beside the straight lines: the unit that it is in, what cannot be, and what is odd.

A journey is longer than the straight line between its ends and takes its time. Where most figures say otherwise in the
way that another unit would, the unit is named; a single figure that is odd is listed and kept, as a ferry, a mountain
or a place drawn somewhere else may be behind it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .faults import TableFault

__all__ = ["Comparison", "Oddity", "compared_with_straight_lines"]

FAR_KM: Final = 1.0
"""Journeys of a shorter straight line tell little of their unit: the zone's centre is not where its children live."""

NEAR_KM: Final = 0.3
"""What counts as far where every journey is short."""

SENTINELS: Final = (9_999, 32_767, 65_535, 99_999, 999_999, 9_999_999, 99_999_999, 999_999_999, 2_147_483_647)
"""Numbers that programs write where there is no journey."""

A_DAY: Final = 1440.0
LONGEST_KM: Final = 3000.0
"""Minutes and kilometres that no journey of a school morning has; Land's End is 1,350 km from John o' Groats."""

LIKELY_KMH: Final = (4.0, 110.0)
"""Straight lines' km/h that a unit has to make likely; a car's are 25 to 70, a bus's with its wait far less."""

SURE_KMH: Final = 10.0
"""Below this a number that may stand for no journey does, and of times too short for their distance only nearly all of
them show another unit: a few may be wrong one by one."""

NEARLY_ALL: Final = 0.8

ODD_KMH: Final = (3.0, 130.0)
"""Straight lines' km/h beyond which a journey is odd, walking and motorways included."""

IMPOSSIBLE_KMH: Final = 1000.0

ODD_ROAD_KMH: Final = 160.0

LIKELY_DETOUR: Final = (0.8, 5.0)
"""Kilometres for one of straight line that a unit has to make likely; roads' are 1.2 to 1.6."""

KM_A_MILE: Final = 1.609344

SHARE: Final = 0.2
FEWEST: Final = 3
"""A unit is named where at least this share of the far journeys, and so many, are in it."""

FEWEST_FOR_MILES: Final = 8
"""Miles differ from kilometres by no more than roads do from each other: it takes more journeys to tell."""

FEWEST_FOR_ORDER: Final = 20
LEAST_CORRELATION: Final = 0.3
SHOWN: Final = 5
MOST_RANKED: Final = 100_000


@dataclass(frozen=True, slots=True, order=True)
class Oddity:
    """Figures that are odd and can be: the ``column``, what was ``found``, and how it is ``taken``."""

    column: str
    found: str
    taken: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the straight lines say of a matrix: ``faults`` cannot be; ``odd`` is kept and has to be known."""

    faults: tuple[TableFault, ...]
    odd: tuple[Oddity, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """The journeys of a matrix whose ends are known: labels, minutes, km and straight km; ``far`` tells of units."""

    names: NDArray[np.object_] = field(repr=False)
    minutes: NDArray[np.float64] = field(repr=False)
    km: NDArray[np.float64] = field(repr=False)
    straight: NDArray[np.float64] = field(repr=False)
    far: NDArray[np.bool_] = field(repr=False)

    def listed(self, wrong: NDArray[np.bool_], worst: NDArray[np.float64], words: Callable[[int], str]) -> str:
        """How many are ``wrong``, and the few of the largest ``worst`` in ``words``."""
        places = np.flatnonzero(wrong)
        order = places[np.argsort(-worst[places], kind="stable")][:SHOWN]
        few = "; ".join(f"{' to '.join(self.names[at])}: {words(int(at))}" for at in order)
        more = "; ..." if len(places) > len(order) else ""
        return f"{len(places):,} of {len(self.minutes):,} journeys ({few}{more})"

    def time_words(self, at: int) -> str:
        return f"{_figure(self.minutes[at])} minutes for {self.straight[at]:.1f} km of straight line"

    def km_words(self, at: int) -> str:
        return f"{_figure(self.km[at])} km where the straight line is {self.straight[at]:.1f} km"


def compared_with_straight_lines(
    matrix: pd.DataFrame, zones: pd.DataFrame, sites: pd.DataFrame, *, stated_unit: str = "minutes"
) -> Comparison:
    """Compare a long ``matrix`` (zone, site, minutes, km) with the straight lines between its ends.

    ``zones`` and ``sites`` are indexed by label, with easting and northing in metres. km may be blank. ``stated_unit``
    is what the times were said to be in before they became minutes (minutes or seconds), for the words alone. Rows
    whose labels are not known, or whose minutes are blank, are passed over.
    """
    pairs = _pairs(matrix, zones, sites)
    if not pairs.far.any():
        return Comparison((), ())
    time_faults = tuple(_time_faults(pairs, stated_unit))
    km_faults = tuple(_km_faults(pairs))
    turned = () if time_faults else tuple(_turned(pairs, zones, sites))
    odd = [
        *(() if time_faults or turned else _odd_times(pairs)),
        *(() if km_faults else _odd_km(pairs)),
        *(() if time_faults or km_faults else _odd_speeds(pairs)),
    ]
    return Comparison((*time_faults, *km_faults, *turned), tuple(odd))


def _pairs(matrix: pd.DataFrame, zones: pd.DataFrame, sites: pd.DataFrame) -> _Pairs:
    labels = [matrix[name].astype(str).to_numpy(dtype=object) for name in ("zone", "site")]
    places, at = [], []
    for frame, label in zip((zones, sites), labels, strict=True):
        index = pd.Index(frame.index.astype(str))
        at.append(index.get_indexer(pd.Index(label)) if index.is_unique else np.full(len(label), -1))
        places.append(frame[["easting", "northing"]].to_numpy(dtype=np.float64, na_value=np.nan).reshape(-1, 2))
    figures = [
        pd.to_numeric(matrix[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("minutes", "km")
    ]
    rows = np.flatnonzero((at[0] >= 0) & (at[1] >= 0) & np.isfinite(figures[0]) & (figures[0] >= 0))
    straight = np.hypot(*(places[0][at[0][rows]] - places[1][at[1][rows]]).T) / 1000
    placed = np.isfinite(straight)
    rows, straight = rows[placed], straight[placed]
    far = straight >= FAR_KM
    return _Pairs(
        names=np.column_stack([label[rows] for label in labels]),
        minutes=figures[0][rows],
        km=figures[1][rows],
        straight=straight,
        far=far if far.any() else straight >= NEAR_KM,
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _kmh(km: NDArray[np.float64], minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(minutes > 0, km / minutes * 60, np.inf)


def _in_another_unit(likely: NDArray[np.bool_], among: NDArray[np.bool_]) -> bool:
    """Whether so many of the figures would be likely in another unit that they are in it."""
    count = int((likely & among).sum())
    return count >= FEWEST and count >= SHARE * among.sum()


def _time_faults(pairs: _Pairs, stated: str) -> Iterator[TableFault]:
    minutes, kmh = pairs.minutes, _kmh(pairs.straight, pairs.minutes)
    if not minutes[pairs.far].any():
        found = (
            f"0 minutes in all of {int(pairs.far.sum()):,} journeys of {pairs.straight[pairs.far].min():.1f} km or more"
        )
        yield TableFault(None, "minutes", found, "the minutes that each journey takes")
        return
    raw = minutes * 60 if stated == "seconds" else minutes
    signs = np.isin(np.round(raw, 6), SENTINELS if stated == "seconds" else (999, *SENTINELS)) & (kmh < SURE_KMH)
    # Times that were stated to be seconds were divided by 60 before they came here.
    units = (
        {"thousandths of a second": 1000.0, "minutes": 1 / 60, "hours": 1 / 3600}
        if stated == "seconds"
        else {"seconds": 60.0, "thousandths of a second": 60_000.0, "hours": 1 / 60}
    )
    judged = pairs.far & ~signs & (minutes > 0)
    for name, factor in units.items():
        fits = (kmh * factor >= LIKELY_KMH[0]) & (kmh * factor <= LIKELY_KMH[1])
        wrong = fits & ((kmh < ODD_KMH[0]) | (kmh > ODD_KMH[1]))
        if factor < 1 and (wrong & judged).sum() < NEARLY_ALL * judged.sum():
            wrong &= kmh * factor >= SURE_KMH
        if _in_another_unit(wrong, judged):
            chosen = judged & wrong
            found = pairs.listed(chosen, np.abs(np.log(np.where(judged, kmh, 1.0))), pairs.time_words)
            times = f"{max(factor, 1 / factor):,.0f} times {'too many' if factor > 1 else 'too few'}"
            middle = f"median {np.median(kmh[chosen]):,.3g} km/h in a straight line, {times}"
            yield TableFault(None, "minutes", f"{found}; {middle}", f"times in {stated}; these look like {name}")
            return
    signs |= minutes > A_DAY
    if signs.any():
        found = pairs.listed(signs, minutes, pairs.time_words)
        yield TableFault(
            None, "minutes", found, "minutes of a journey; leave out what cannot be reached, or leave it blank"
        )
    fast = pairs.far & (kmh > IMPOSSIBLE_KMH)
    if fast.any():
        found = pairs.listed(fast, pairs.straight, pairs.time_words)
        yield TableFault(None, "minutes", found, "minutes that a journey so far can take; leave out what is not known")


def _short(km: NDArray[np.float64], straight: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Kilometres below the straight line, by more than zones' centres and rounding explain."""
    return np.asarray(km < 0.95 * straight - 0.3)


def _km_faults(pairs: _Pairs) -> Iterator[TableFault]:
    km, straight = pairs.km, pairs.straight
    known = pairs.far & np.isfinite(km) & (km > 0)
    if not known.any():
        return
    detour = np.where(known, km / np.where(straight > 0, straight, 1.0), np.nan)
    signs = np.isfinite(km) & np.isin(km, SENTINELS) & (km > 20 * straight)
    judged = known & ~signs
    for name, factor in (
        ("metres", 1000.0),
        ("thousands of kilometres, as if kilometres had been taken for metres", 1e-3),
    ):
        fits = (detour / factor >= LIKELY_DETOUR[0]) & (detour / factor <= LIKELY_DETOUR[1])
        if _in_another_unit(fits, judged):
            found = pairs.listed(judged & fits, np.abs(np.log(np.where(judged, detour, 1.0))), pairs.km_words)
            yield TableFault(None, "km", found, f"kilometres; these look like {name}")
            return
    short = judged & _short(km, straight)
    count = int(judged.sum())
    if count >= FEWEST_FOR_MILES and short.sum() >= 0.5 * count:
        made = km * KM_A_MILE
        explained = (judged & _short(made, straight)).sum() <= 0.05 * count
        if explained and np.median(detour[judged]) * KM_A_MILE <= 2.0:
            found = pairs.listed(short, straight - np.where(short, km, 0.0), pairs.km_words)
            yield TableFault(None, "km", found, "kilometres; these look like miles")
            return
    signs |= np.isfinite(km) & (km > LONGEST_KM)
    if signs.any():
        found = pairs.listed(signs, np.where(signs, km, 0.0), pairs.km_words)
        yield TableFault(None, "km", found, "kilometres of a journey; leave out what cannot be reached")


def _turned(pairs: _Pairs, zones: pd.DataFrame, sites: pd.DataFrame) -> Iterator[TableFault]:
    """As many zones as sites whose minutes fit the straight lines once rows and columns are swapped."""
    count = len(zones)
    if count != len(sites) or count < 4 or len(pairs.minutes) != count * count:
        return
    rows, columns = (
        pd.Index(frame.index.astype(str)).get_indexer(pd.Index(pairs.names[:, at]))
        for at, frame in enumerate((zones, sites))
    )
    minutes, straight = np.full((count, count), np.nan), np.full((count, count), np.nan)
    minutes[rows, columns], straight[rows, columns] = pairs.minutes, pairs.straight

    def misfit(made: NDArray[np.float64]) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log(made / straight)
        known = ratio[np.isfinite(ratio)]
        return float(np.median(np.abs(known - np.median(known)))) if len(known) else 0.0

    if misfit(minutes) > 0.35 and misfit(minutes.T) < 0.5 * misfit(minutes):
        found = "minutes that fit the straight lines once zones and sites are swapped"
        yield TableFault(None, "minutes", found, "journeys from zones to sites; these look swapped")


TAKEN: Final = "taken as written"


def _odd_times(pairs: _Pairs) -> Iterator[Oddity]:
    whole = bool((pairs.minutes == np.round(pairs.minutes)).all())
    kmh = _kmh(pairs.straight, pairs.minutes + (0.5 if whole else 0.0))
    fast = pairs.far & (kmh > ODD_KMH[1])
    if fast.any():
        found = pairs.listed(fast, np.where(fast, kmh, 0.0), pairs.time_words)
        yield Oddity("minutes", f"{found}: faster than {ODD_KMH[1]:g} km/h in a straight line", TAKEN)
    slow = (pairs.straight >= 2 * FAR_KM) & (kmh < ODD_KMH[0]) & (pairs.minutes >= 45)
    if slow.any():
        found = pairs.listed(slow, -kmh, pairs.time_words)
        yield Oddity("minutes", f"{found}: slower than {ODD_KMH[0]:g} km/h in a straight line", TAKEN)
    step = max(1, len(pairs.minutes) // MOST_RANKED)
    minutes, straight = pairs.minutes[::step], pairs.straight[::step]
    if len(minutes) < FEWEST_FOR_ORDER or np.ptp(minutes) == 0:
        return
    low, high = np.quantile(straight, [0.1, 0.9])
    if high >= 3 * low and pd.Series(minutes).rank().corr(pd.Series(straight).rank()) < LEAST_CORRELATION:
        found = f"minutes of {len(pairs.minutes):,} journeys that hardly grow with the straight line"
        yield Oddity("minutes", f"{found}: are zones, sites and their places in the right order?", TAKEN)


def _odd_km(pairs: _Pairs) -> Iterator[Oddity]:
    km, straight = pairs.km, pairs.straight
    known = np.isfinite(km)
    if not known.any():
        return
    if not km[known & pairs.far].any():
        if (known & pairs.far).any():
            yield Oddity("km", "0 km in every journey", "taken as written: nothing is paid by the kilometre")
        return
    short = known & _short(km, straight)
    if short.any():
        found = pairs.listed(short, np.where(short, straight - km, 0.0), pairs.km_words)
        yield Oddity("km", f"{found}: shorter than the straight line", TAKEN)
    long = known & (km > LIKELY_DETOUR[1] * straight) & (km - straight > 15)
    if long.any():
        found = pairs.listed(long, np.where(long, km - straight, 0.0), pairs.km_words)
        yield Oddity("km", f"{found}: more than {LIKELY_DETOUR[1]:g} times the straight line", TAKEN)


def _odd_speeds(pairs: _Pairs) -> Iterator[Oddity]:
    whole = bool((pairs.minutes == np.round(pairs.minutes)).all())
    kmh = _kmh(np.where(np.isfinite(pairs.km), pairs.km, 0.0), pairs.minutes + (0.5 if whole else 0.0))
    fast = (np.nan_to_num(pairs.km) >= FAR_KM) & (kmh > ODD_ROAD_KMH)
    if fast.any():
        found = pairs.listed(
            fast,
            np.where(fast, kmh, 0.0),
            lambda at: f"{_figure(pairs.km[at])} km in {_figure(pairs.minutes[at])} minutes",
        )
        yield Oddity("minutes", f"{found}: faster than {ODD_ROAD_KMH:g} km/h by road", TAKEN)
