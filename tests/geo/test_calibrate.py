"""Calibration finds known speeds again, straight lines are the best of all, and errors are those of plain loops."""

import math
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from placeplan.geo.calibrate import speed_fit, straight_line_fit, travel_errors
from placeplan.geo.roads import road_network

SPEEDS = {"motorway": 100.0, "primary": 60.0, "residential": 30.0}
OPTIONS = {"snap_limit_metres": 100.0, "off_road_kmh": 15.0, "no_frontage": ()}


def grid_roads(seed: int, *, side: int = 6) -> pd.DataFrame:
    """A grid of 5 km links of all three classes, a fifth of them one-way, some doubled by a slower class."""
    random = np.random.default_rng(seed)
    rows = []
    for x in range(side):
        for y in range(side):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < side and y + dy < side:
                    row = {
                        "from": f"{x}-{y}",
                        "to": f"{x + dx}-{y + dy}",
                        "metres": int(random.integers(5000, 9000)),
                        "from_easting": 5000 * x,
                        "from_northing": 5000 * y,
                        "to_easting": 5000 * (x + dx),
                        "to_northing": 5000 * (y + dy),
                    }
                    rows.append(
                        row | {"class": str(random.choice(list(SPEEDS))), "oneway": bool(random.random() < 0.2)}
                    )
                    if random.random() < 0.3:
                        rows.append(row | {"class": "residential", "oneway": False})
    return pd.DataFrame(rows)


def places(roads: pd.DataFrame, seed: int, count: int, prefix: str) -> tuple[pd.DataFrame, list[str]]:
    """Points that stand on nodes of ``roads``, and these nodes."""
    starts = roads[["from", "from_easting", "from_northing"]].set_axis(["node", "easting", "northing"], axis=1)
    chosen = starts.drop_duplicates("node").sample(count, random_state=seed)
    frame = chosen[["easting", "northing"]].set_axis([f"{prefix}{at}" for at in range(count)], axis=0)
    return frame, chosen["node"].tolist()


def networkx_minutes(
    roads: pd.DataFrame, homes: list[str], schools: list[str], speeds: dict[str, float], fixed: float
) -> np.ndarray:
    """Minutes by networkx's own search."""
    graph = nx.MultiDiGraph()
    for start, end, metres, kind, oneway in roads[["from", "to", "metres", "class", "oneway"]].itertuples(index=False):
        minutes = metres / 1000 / speeds[kind] * 60
        graph.add_edge(start, end, minutes=minutes)
        if not oneway:
            graph.add_edge(end, start, minutes=minutes)
    table = np.full((len(homes), len(schools)), np.nan)
    for row, home in enumerate(homes):
        found = nx.single_source_dijkstra_path_length(graph, home, weight="minutes")
        table[row] = [found.get(school, np.nan) for school in schools]
    return table + fixed


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_known_multipliers_and_fixed_minutes_are_found_again(seed):
    roads = grid_roads(seed)
    zones, homes = places(roads, seed, 20, "z")
    sites, schools = places(roads, seed + 50, 5, "s")
    truth = {"motorway": 0.9, "primary": 1.25, "residential": 1.1}
    driven = {kind: SPEEDS[kind] * factor for kind, factor in truth.items()}
    seen = networkx_minutes(roads, homes, schools, driven, 2.0)
    observed = pd.DataFrame(seen, index=zones.index, columns=sites.index)
    fit = speed_fit(road_network(roads, speeds=SPEEDS), zones, sites, observed, pull=0.0, **OPTIONS)
    assert fit.settled
    assert fit.pairs == np.isfinite(seen).sum()
    assert fit.fixed_minutes == pytest.approx(2.0, abs=0.01)
    assert fit.multipliers.to_dict() == pytest.approx(truth, rel=1e-3)
    assert fit.km_share.sum() == pytest.approx(1.0)


def two_ways() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Home and school 10 km apart: by a primary road of 10 km, or by 15 km of motorway; another home on the primary."""
    ends = {"from_easting": 0, "from_northing": 0, "to_easting": 10000, "to_northing": 0}
    roads = pd.DataFrame(
        [
            {"from": "a", "to": "b", "metres": 10000, "class": "primary"} | ends,
            {"from": "a", "to": "b", "metres": 15000, "class": "motorway"} | ends,
        ]
    )
    zones = pd.DataFrame({"easting": [0.0], "northing": [0.0]}, index=["z"])
    sites = pd.DataFrame({"easting": [10000.0], "northing": [0.0]}, index=["s"])
    return roads, zones, sites


def test_a_class_that_no_route_uses_keeps_its_speed_and_the_other_is_worked_by_hand():
    roads, zones, sites = two_ways()
    # At 60 km/h the primary road takes 10 minutes, the motorway at 75 takes 12: the primary is driven. Observed
    # are 8 minutes. With s times 10 minutes, (10 s - 8)^2 / 8 + pull x 8 x (s - 1)^2 is least at
    # s = (80 / 8 + 8 pull) / (100 / 8 + 8 pull) = 14 / 16.5 for pull 0.5; fixed minutes would only add.
    network = road_network(roads, speeds={"primary": 60.0, "motorway": 75.0})
    fit = speed_fit(network, zones, sites, pd.DataFrame({"s": [8.0]}, index=["z"]), pull=0.5, **OPTIONS)
    assert fit.multipliers["primary"] == pytest.approx(16.5 / 14)
    assert fit.multipliers["motorway"] == pytest.approx(1.0)
    assert fit.fixed_minutes == pytest.approx(0.0, abs=1e-9)
    assert fit.km_share.to_dict() == pytest.approx({"motorway": 0.0, "primary": 1.0})


def test_multipliers_stay_within_their_bounds():
    roads, zones, sites = two_ways()
    network = road_network(roads, speeds={"primary": 60.0, "motorway": 75.0})
    fit = speed_fit(network, zones, sites, pd.DataFrame({"s": [2.0]}, index=["z"]), within=1.5, **OPTIONS)
    assert fit.multipliers["primary"] == pytest.approx(1.5)
    assert fit.multipliers.between(1 / 1.5 - 1e-9, 1.5 + 1e-9).all()


def test_off_road_legs_are_no_part_of_the_speeds():
    roads, zones, sites = two_ways()
    network = road_network(roads, speeds={"primary": 60.0, "motorway": 75.0})
    # 50 m off the road at 15 km/h take 0.2 minutes; with the 10 of the road that is all that was observed.
    fit = speed_fit(network, zones.assign(northing=50.0), sites, pd.DataFrame({"s": [10.2]}, index=["z"]), **OPTIONS)
    assert fit.multipliers.tolist() == pytest.approx([1.0, 1.0])
    assert fit.fixed_minutes == pytest.approx(0.0, abs=1e-9)


def test_blank_nought_and_unreachable_journeys_change_nothing():
    roads = grid_roads(4)
    zones, homes = places(roads, 4, 15, "z")
    sites, schools = places(roads, 54, 4, "s")
    seen = networkx_minutes(roads, homes, schools, {"motorway": 80.0, "primary": 70.0, "residential": 30.0}, 1.0)
    observed = pd.DataFrame(seen, index=zones.index, columns=sites.index)
    network = road_network(roads, speeds=SPEEDS)
    plain = speed_fit(network, zones, sites, observed.iloc[2:], **OPTIONS)
    away = pd.DataFrame({"easting": [900000.0], "northing": [0.0]}, index=["island"])
    more = pd.concat([observed, pd.DataFrame([[40.0] * 4], index=["island"], columns=sites.index)])
    more.iloc[0], more.iloc[1] = np.nan, 0.0
    again = speed_fit(network, pd.concat([zones, away]), sites, more, **OPTIONS)
    assert again.pairs == plain.pairs
    assert again.multipliers.to_dict() == pytest.approx(plain.multipliers.to_dict())


def test_options_and_labels_that_make_no_sense_are_told():
    roads, zones, sites = two_ways()
    network = road_network(roads, speeds={"primary": 60.0, "motorway": 75.0})
    observed = pd.DataFrame({"s": [8.0]}, index=["z"])
    for wrong in ({"within": 0.5}, {"pull": -1.0}, {"most_fixed_minutes": 0.0}, {"most_rounds": 0}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} .*: makes no sense"):
            speed_fit(network, zones, sites, observed, **OPTIONS, **wrong)
    with pytest.raises(KeyError, match="zone y"):
        speed_fit(network, zones, sites, observed.set_axis(["y"], axis=0), **OPTIONS)
    with pytest.raises(ValueError, match="nothing to fit"):
        speed_fit(network, zones, sites, observed * 0, **OPTIONS)
    with pytest.raises(ValueError, match=r"detour 0\.5: expected 1 or more"):
        straight_line_fit(zones, sites, observed, detour=0.5)
    with pytest.raises(ValueError, match="1 journeys observed"):
        straight_line_fit(zones, sites, observed, detour=1.3)


def on_a_line(km: list[float], minutes: list[float]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Zones at ``km`` east of one site, and the minutes observed."""
    labels = [f"z{at}" for at in range(len(km))]
    zones = pd.DataFrame({"easting": [1000 * x for x in km], "northing": 0.0}, index=labels)
    sites = pd.DataFrame({"easting": [0.0], "northing": [0.0]}, index=["s"])
    return zones, sites, pd.DataFrame({"s": minutes}, index=labels)


def test_a_straight_line_is_found_again_whatever_one_odd_journey_says():
    # 5 minutes and 1.3 km of road a straight km at 39 km/h: two minutes a km; and one journey of 300 minutes.
    km = [2.0, 5.0, 9.0, 14.0, 20.0, 26.0]
    zones, sites, observed = on_a_line(km, [5 + 2 * x for x in km[:-1]] + [300.0])
    fit = straight_line_fit(zones, sites, observed, detour=1.3)
    assert (fit.kmh, fit.fixed_minutes) == pytest.approx((39.0, 5.0))
    assert (fit.detour, fit.pairs) == (1.3, 6)


def test_times_that_fall_with_distance_have_no_speed():
    with pytest.raises(ValueError, match="do not grow with distance"):
        straight_line_fit(*on_a_line([1.0, 10.0, 20.0], [30.0, 20.0, 10.0]), detour=1.3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(-8, 8)), min_size=3, max_size=8, unique_by=lambda p: p[0]))
def test_no_line_through_two_journeys_comes_nearer(journeys):
    # The best line of least absolute deviations passes through two of the points, or through one and the bound.
    km = [float(x) for x, _ in journeys]
    minutes = [10 + 1.5 * x + noise for x, noise in journeys]

    def off(fixed: float, slope: float) -> float:
        return sum(abs(fixed + slope * x - y) / y for x, y in zip(km, minutes, strict=True))

    lines = [(0.0, y / x) for x, y in zip(km, minutes, strict=True)]
    for (x, y), (u, v) in combinations(zip(km, minutes, strict=True), 2):
        slope = (v - y) / (u - x)
        lines.append((y - slope * x, slope))
    lines.append((float(np.median(minutes)), 0.0))
    best, slope = min((off(fixed, slope), slope) for fixed, slope in lines if fixed >= 0 and slope >= 0)
    assume(slope > 0)  # times that do not grow with distance are refused
    fit = straight_line_fit(*on_a_line(km, minutes), detour=1.0)
    assert off(fit.fixed_minutes, 60 / fit.kmh) == pytest.approx(best, abs=1e-6)


def test_errors_are_those_of_plain_loops():
    random = np.random.default_rng(5)
    labels, columns = [f"z{at}" for at in range(12)], ["a", "b", "c"]
    observed = pd.DataFrame(random.integers(1, 90, (12, 3)).astype(float), index=labels, columns=columns)
    modelled = observed * random.uniform(0.7, 1.4, (12, 3)) + 1
    observed.iloc[0, 0], observed.iloc[1, 1], modelled.iloc[2, 2] = np.nan, 0.0, np.inf
    groups = pd.Series(["rural", "urban", "urban"] * 4, index=labels)
    found = travel_errors(modelled.iloc[::-1, ::-1], observed, groups=groups).set_index("group")
    assert found.index.tolist() == ["all", "rural", "urban"]
    for name in found.index:
        pairs, lost = [], 0
        for zone in labels:
            for site in columns:
                if name not in ("all", groups[zone]):
                    continue
                real, model = observed.loc[zone, site], modelled.loc[zone, site]
                if math.isnan(real) or real == 0 or math.isinf(model):
                    lost += 1
                else:
                    pairs.append((model, real))
        count = len(pairs)
        sizes = sorted(abs(m - r) for m, r in pairs)
        shares = sorted(100 * abs(m - r) / r for m, r in pairs)
        means = sum(m for m, _ in pairs) / count, sum(r for _, r in pairs) / count
        covariance = sum((m - means[0]) * (r - means[1]) for m, r in pairs)
        spread = math.sqrt(sum((m - means[0]) ** 2 for m, _ in pairs) * sum((r - means[1]) ** 2 for _, r in pairs))

        def at(values: list[float], share: float) -> float:
            place = share * (len(values) - 1)
            below = math.floor(place)
            above = min(below + 1, len(values) - 1)
            return values[below] + (place - below) * (values[above] - values[below])

        expected = {
            "pairs": count,
            "left_out": lost,
            "bias_minutes": sum(m - r for m, r in pairs) / count,
            "mean_absolute_minutes": sum(sizes) / count,
            "median_absolute_minutes": at(sizes, 0.5),
            "p90_absolute_minutes": at(sizes, 0.9),
            "mean_absolute_percent": sum(shares) / count,
            "median_absolute_percent": at(shares, 0.5),
            "correlation": covariance / spread,
            "ratio_of_medians": at(sorted(m for m, _ in pairs), 0.5) / at(sorted(r for _, r in pairs), 0.5),
        }
        assert found.loc[name].to_dict() == pytest.approx(expected)


def test_errors_of_nothing_are_blank_and_missing_labels_are_told():
    observed = pd.DataFrame({"s": [np.nan, 10.0]}, index=["y", "z"])
    modelled = pd.DataFrame({"s": [5.0, 12.0]}, index=["y", "z"])
    groups = pd.Series({"y": "rural", "z": "urban"})
    found = travel_errors(modelled, observed, groups=groups).set_index("group")
    assert found.loc["rural", ["pairs", "left_out"]].tolist() == [0, 1]
    assert found.loc["rural"].isna().sum() == 8
    assert found.loc["urban", "bias_minutes"] == 2.0
    assert math.isnan(found.loc["urban", "correlation"])
    with pytest.raises(KeyError, match="zone y"):
        travel_errors(modelled.loc[["z"]], observed)
    with pytest.raises(KeyError, match="group of zone z"):
        travel_errors(modelled, observed, groups=groups.loc[["y"]])
    with pytest.raises(ValueError, match="called all"):
        travel_errors(modelled, observed, groups=groups.replace("rural", "all"))
