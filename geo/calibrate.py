"""Calibration: speeds and straight lines fitted to observed travel times, and their errors in minutes and percent."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog, lsq_linear
from scipy.sparse import csr_array, hstack, identity
from scipy.sparse.csgraph import dijkstra

from .roads import RoadNetwork
from .simplify import lightest_edges
from .snap import NO_FRONTAGE, snap_points, split_links

__all__ = [
    "FactorFit",
    "SpeedFit",
    "StraightLineFit",
    "factor_fit",
    "speed_fit",
    "straight_line_fit",
    "travel_errors",
]

LEAST_GAIN = 1e-6
"""A round that takes less than this share off the squared errors has settled."""

HALVINGS = 5
"""How often a step that new routes have made worse is halved before it is given up."""


@dataclass(frozen=True, slots=True)
class StraightLineFit:
    """minutes = ``fixed_minutes`` + 60 x ``detour`` x straight km / ``kmh``, fitted to ``pairs`` journeys.

    ``detour`` is as it was given: minutes alone tell only detour / kmh.
    """

    detour: float
    kmh: float
    fixed_minutes: float
    pairs: int


@dataclass(frozen=True, slots=True)
class FactorFit:
    """minutes = ``fixed_minutes`` + ``factor`` x modelled minutes, fitted to ``pairs`` journeys."""

    factor: float
    fixed_minutes: float
    pairs: int


@dataclass(frozen=True, slots=True, eq=False)
class SpeedFit:
    """Speeds fitted to ``pairs`` journeys: multipliers of the given speeds, and ``fixed_minutes`` a journey.

    ``multipliers`` is indexed by class. ``km_share`` is the share of the kilometres of the fitted routes on
    each class: a class that few routes use keeps the speed that it was given. ``settled`` is whether another
    round would have changed nothing; ``rounds`` is how many there were.
    """

    multipliers: pd.Series = field(repr=False)
    km_share: pd.Series = field(repr=False)
    fixed_minutes: float
    pairs: int
    rounds: int
    settled: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Roads:
    """One-directional edges, each with the position of its class, and the points' nodes on them."""

    nodes: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    metres: NDArray[np.float64]
    minutes: NDArray[np.float64]
    kind: NDArray[np.int64]
    homes: NDArray[np.int64]
    schools: NDArray[np.int64]


def straight_line_fit(
    zones: pd.DataFrame, sites: pd.DataFrame, observed: pd.DataFrame, *, detour: float
) -> StraightLineFit:
    """The speed and the fixed minutes with which ``detour`` x straight line comes nearest to ``observed``.

    ``observed`` is minutes, zones in rows and sites in columns; ``zones`` and ``sites`` are indexed by the same
    labels, with easting and northing in metres. Fitted by least absolute relative deviations, the sum of
    |minutes - observed| / observed, as a linear program (Charnes, Cooper and Ferguson 1955), so that a few odd
    journeys do not carry it; fixed minutes are 0 or more. Detour and speed cannot be told apart by minutes: give
    the detour that km are known to have, for instance 1.3. Blank observations and those of 0 are left out.

    Raises ``KeyError`` with the labels that have no coordinates, ``ValueError`` on a detour below 1, on fewer
    than two journeys, and where times do not grow with distance.
    """
    if not (np.isfinite(detour) and detour >= 1):
        raise ValueError(f"detour {detour}: expected 1 or more")
    homes, schools, minutes = _labelled(zones, sites, observed)
    places = [frame[["easting", "northing"]].to_numpy(dtype=np.float64, na_value=np.nan) for frame in (homes, schools)]
    km = detour * np.hypot(*np.moveaxis(places[0][:, None, :] - places[1][None, :, :], 2, 0)) / 1000
    known = _known(minutes) & np.isfinite(km)
    count = int(known.sum())
    if count < 2:
        raise ValueError(f"{count} journeys observed: expected two or more")
    fixed, per_km = _least_deviations(km[known], minutes[known])
    return StraightLineFit(detour=detour, kmh=60 / per_km, fixed_minutes=fixed, pairs=count)


def factor_fit(modelled: pd.DataFrame, observed: pd.DataFrame) -> FactorFit:
    """The factor and the fixed minutes with which ``modelled`` minutes come nearest to ``observed`` ones.

    Both are minutes, zones in rows and sites in columns. Fitted as in ``straight_line_fit``; journeys that either lacks
    are left out. Raises ``KeyError`` with the labels that ``modelled`` lacks and ``ValueError`` on fewer than two
    journeys, and where the observed times do not grow with the modelled ones.
    """
    _lacking(observed.index, modelled.index, "zone")
    _lacking(observed.columns, modelled.columns, "site")
    model = modelled.loc[observed.index, observed.columns].to_numpy(dtype=np.float64, na_value=np.nan)
    real = observed.to_numpy(dtype=np.float64, na_value=np.nan)
    known = _known(real) & np.isfinite(model)
    count = int(known.sum())
    if count < 2:
        raise ValueError(f"{count} journeys observed: expected two or more")
    fixed, factor = _least_deviations(model[known], real[known])
    return FactorFit(factor=factor, fixed_minutes=fixed, pairs=count)


def _least_deviations(amount: NDArray[np.float64], minutes: NDArray[np.float64]) -> tuple[float, float]:
    """Fixed minutes and minutes for each of ``amount``, both 0 or more, of least absolute relative deviations."""
    # Variables: fixed minutes, minutes for each, and for each journey its deviation above and below.
    share, count = 1 / minutes, len(minutes)
    design = csr_array(np.column_stack([share, amount * share]))
    equations = hstack([design, identity(count), -identity(count)], format="csr")
    prices = np.concatenate([np.zeros(2), np.ones(2 * count)])
    answer = linprog(prices, A_eq=equations, b_eq=np.ones(count), bounds=(0, None), method="highs")
    if answer.x is None:
        raise ValueError(f"the linear program was not solved: {answer.message}")
    fixed, each = (float(value) for value in answer.x[:2])
    if not each > 0:
        raise ValueError("observed minutes do not grow with distance: no speed fits them")
    return fixed, each


def speed_fit(
    network: RoadNetwork,
    zones: pd.DataFrame,
    sites: pd.DataFrame,
    observed: pd.DataFrame,
    *,
    snap_limit_metres: float,
    off_road_kmh: float,
    no_frontage: Collection[str] = NO_FRONTAGE,
    within: float = 2.0,
    pull: float = 0.01,
    most_fixed_minutes: float = 10.0,
    most_rounds: int = 30,
) -> SpeedFit:
    """Multipliers of the speeds by class, and fixed minutes, with which routes come nearest to ``observed``.

    ``observed`` is minutes, zones in rows and sites in columns; ``zones`` and ``sites`` are as for
    ``route_times``, the network's minutes are those of the speeds to begin from. With m minutes on a class at
    the given speed and s = 1 / multiplier, a journey takes fixed + off-road legs + the sum of s x m, and

        sum of (journey - observed)^2 / observed  +  ``pull`` x (sum of observed) x sum of (s - 1)^2

    is made least: errors of long journeys weigh less, and ``pull`` 1 would make the given speeds count as much
    as everything observed. Multipliers stay between 1 / ``within`` and ``within``, fixed minutes between 0 and
    ``most_fixed_minutes``. Bounded least squares and the choice of routes take turns until neither changes;
    a step that its own new routes make worse is halved. The same input gives the same answer.

    How winding a road is drawn and how fast it is driven cannot be told apart by minutes: the multiplier holds
    both. Journeys that are blank, 0 or without a way are left out. Raises ``KeyError`` with the labels that have
    no coordinates and ``ValueError`` on options that make no sense or where no journey is left.
    """
    for name, value, holds in (
        ("off_road_kmh", off_road_kmh, off_road_kmh > 0),
        ("within", within, within >= 1),
        ("pull", pull, pull >= 0),
        ("most_fixed_minutes", most_fixed_minutes, most_fixed_minutes > 0),
        ("most_rounds", most_rounds, most_rounds >= 1),
    ):
        if not (holds and np.isfinite(value)):
            raise ValueError(f"{name} {value}: makes no sense")
    homes, schools, minutes = _labelled(zones, sites, observed)
    classes = pd.Index(sorted(set(network.classes.astype(str))), name="class")
    roads, legs = _roads(
        network, homes, schools, classes=classes, limit_metres=snap_limit_metres, no_frontage=no_frontage
    )
    legs = legs / 1000 / off_road_kmh * 60

    slowness, fixed = np.ones(len(classes)), 0.0
    parts, km = _parts(roads, slowness)
    known = _known(minutes) & np.isfinite(parts).all(axis=2) & np.isfinite(legs)
    if not known.any():
        raise ValueError("no observed journey has a way by road: nothing to fit")
    target = minutes[known]
    weight = 1 / np.sqrt(target)
    hold = np.sqrt(pull * target.sum())
    low = np.concatenate([np.full(len(classes), 1 / within), [0.0]])
    high = np.concatenate([np.full(len(classes), within), [most_fixed_minutes]])

    def loss(slow: NDArray[np.float64], lump: float, taken: NDArray[np.float64]) -> float:
        error = weight * (taken[known] @ slow + legs[known] + lump - target)
        return float(error @ error + hold**2 * ((slow - 1) ** 2).sum())

    best = loss(slowness, fixed, parts)
    settled, rounds = False, 0
    while not settled and rounds < most_rounds:
        rounds += 1
        design = np.column_stack([parts[known], np.ones(len(target))]) * weight[:, None]
        held = np.column_stack([hold * np.eye(len(classes)), np.zeros(len(classes))])
        wanted = np.concatenate([weight * (target - legs[known]), np.full(len(classes), hold)])
        found = lsq_linear(np.vstack([design, held]), wanted, bounds=(low, high), method="bvls").x
        step = 1.0
        settled = True
        for _ in range(HALVINGS):
            slow = slowness + step * (found[:-1] - slowness)
            lump = fixed + step * (float(found[-1]) - fixed)
            taken, along = _parts(roads, slow)
            value = loss(slow, lump, taken)
            if value < best:
                settled = best - value < LEAST_GAIN * best
                slowness, fixed, parts, km, best = slow, lump, taken, along, value
                break
            step /= 2
    driven = km[known].sum(axis=0)
    return SpeedFit(
        multipliers=pd.Series(1 / slowness, index=classes, name="multiplier"),
        km_share=pd.Series(driven / max(driven.sum(), np.finfo(float).tiny), index=classes, name="km_share"),
        fixed_minutes=fixed,
        pairs=len(target),
        rounds=rounds,
        settled=settled,
    )


def travel_errors(
    modelled: pd.DataFrame, observed: pd.DataFrame, *, groups: "pd.Series[str] | None" = None
) -> pd.DataFrame:
    """How far ``modelled`` minutes are from ``observed`` ones: a row for all journeys, then one a group of zones.

    Both are minutes, zones in rows and sites in columns; every label of ``observed`` has to be in ``modelled``.
    ``groups`` names the group of each zone. With e = modelled - observed over the journeys that both have:
    ``bias_minutes`` is the mean of e, ``mean_``, ``median_`` and ``p90_absolute_minutes`` are of |e|,
    ``mean_`` and ``median_absolute_percent`` of 100 |e| / observed; ``correlation`` is Pearson's (blank where
    either does not vary), ``ratio_of_medians`` the median modelled over the median observed. ``pairs`` counts
    these journeys and ``left_out`` the others: blank or 0 where observed, not reached where modelled.

    Raises ``KeyError`` with the labels that ``modelled`` or ``groups`` lack, ``ValueError`` on a group called all.
    """
    _lacking(observed.index, modelled.index, "zone")
    _lacking(observed.columns, modelled.columns, "site")
    model = modelled.loc[observed.index, observed.columns].to_numpy(dtype=np.float64, na_value=np.nan)
    real = observed.to_numpy(dtype=np.float64, na_value=np.nan)
    kept = _known(real) & np.isfinite(model)
    wanted = {"all": np.ones(len(observed), dtype=np.bool_)}
    if groups is not None:
        _lacking(observed.index, groups.index, "group of zone")
        names = groups.loc[observed.index]
        if (names == "all").any():
            raise ValueError("a group of zones is called all: that is the row of every zone")
        wanted |= {str(name): (names == name).to_numpy(dtype=np.bool_) for name in sorted(names.dropna().unique())}
    rows = []
    for name, zones in wanted.items():
        chosen = kept & zones[:, None]
        figures = _figures(model[chosen], real[chosen])
        rows.append(
            {"group": name, "pairs": int(chosen.sum()), "left_out": int((~kept & zones[:, None]).sum())} | figures
        )
    return pd.DataFrame(rows)


def _figures(model: NDArray[np.float64], real: NDArray[np.float64]) -> dict[str, float]:
    """The measures of ``travel_errors`` over journeys; blank where there is none."""
    if not len(real):
        return {}
    error = model - real
    size, percent = np.abs(error), 100 * np.abs(error) / real
    varies = len(real) > 1 and np.ptp(model) > 0 and np.ptp(real) > 0
    return {
        "bias_minutes": float(error.mean()),
        "mean_absolute_minutes": float(size.mean()),
        "median_absolute_minutes": float(np.median(size)),
        "p90_absolute_minutes": float(np.quantile(size, 0.9)),
        "mean_absolute_percent": float(percent.mean()),
        "median_absolute_percent": float(np.median(percent)),
        "correlation": float(np.corrcoef(model, real)[0, 1]) if varies else np.nan,
        "ratio_of_medians": float(np.median(model) / np.median(real)),
    }


def _known(minutes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Journeys that were observed: a figure above 0."""
    return np.isfinite(minutes) & (np.nan_to_num(minutes) > 0)


def _lacking(labels: pd.Index, known: pd.Index, what: str) -> None:
    lost = labels.difference(known)
    if len(lost):
        raise KeyError(f"{what} {', '.join(str(label) for label in lost)}")


def _labelled(
    zones: pd.DataFrame, sites: pd.DataFrame, observed: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.float64]]:
    """Zones and sites in the order of ``observed``, and its minutes."""
    _lacking(observed.index, zones.index, "zone")
    _lacking(observed.columns, sites.index, "site")
    minutes = observed.to_numpy(dtype=np.float64, na_value=np.nan)
    return zones.loc[observed.index], sites.loc[observed.columns], minutes


def _roads(
    network: RoadNetwork,
    homes: pd.DataFrame,
    schools: pd.DataFrame,
    *,
    classes: pd.Index,
    limit_metres: float,
    no_frontage: Collection[str],
) -> tuple[_Roads, NDArray[np.float64]]:
    """The network split where points join it, and the metres off the road of each pair, NaN where not tied."""
    ends = [
        snap_points(network, frame, limit_metres=limit_metres, no_frontage=no_frontage) for frame in (homes, schools)
    ]
    split = split_links(network, *ends)
    # Splitting keeps minutes in proportion: with one class's minutes at a time it tells each piece's class.
    named = network.classes.astype(str)
    alone = (replace(network, minutes=np.where(named == name, network.minutes, 0.0)) for name in classes)
    kind = np.argmax([split_links(part, *ends).minutes for part in alone], axis=0)
    legs = [np.where(end.snapped, end.off_road_metres, np.nan) for end in ends]
    roads = _Roads(split.node_count, split.tail, split.head, split.metres, split.minutes, kind, *split.point_nodes)
    return roads, legs[0][:, None] + legs[1][None, :]


def _parts(roads: _Roads, slowness: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minutes at the given speeds, and km, on each class along the ways that are fastest at ``slowness``.

    A link of class c takes ``slowness``[c] times its given minutes. Both answers have shape (homes, schools,
    classes); minutes are NaN and km 0 where there is no way. The search runs from each school over reversed
    edges, so that the predecessor of a node is the next node on the way to school.
    """
    weight = roads.minutes * slowness[roads.kind]
    order = lightest_edges(roads.tail, roads.head, weight, node_count=roads.nodes)
    key = (roads.tail * roads.nodes + roads.head)[order]
    reverse = csr_array((weight[order], (roads.head[order], roads.tail[order])), shape=(roads.nodes, roads.nodes))
    minutes = np.full((len(roads.homes), len(roads.schools), len(slowness)), np.nan)
    km = np.zeros_like(minutes)
    for column in np.flatnonzero(roads.schools >= 0):
        reached, following = dijkstra(reverse, indices=roads.schools[column], return_predecessors=True)
        moving = np.flatnonzero(following >= 0)
        edge = order[np.searchsorted(key, moving * roads.nodes + following[moving])]
        told = np.zeros((roads.nodes, 2, len(slowness)))
        told[moving, 0, roads.kind[edge]] = roads.minutes[edge]
        told[moving, 1, roads.kind[edge]] = roads.metres[edge] / 1000
        ahead = np.arange(roads.nodes)
        ahead[moving] = following[moving]
        # Summed by doubling: a way of n links takes log2(n) rounds.
        while not np.array_equal(further := ahead[ahead], ahead):
            told += told[ahead]
            ahead = further
        rows = np.flatnonzero(roads.homes >= 0)
        rows = rows[np.isfinite(reached[roads.homes[rows]])]
        minutes[rows, column] = told[roads.homes[rows], 0]
        km[rows, column] = told[roads.homes[rows], 1]
    return minutes, km
