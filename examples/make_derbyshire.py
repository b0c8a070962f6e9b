"""Make the embedded county, examples/derbyshire, from the hand-written facts; the same bytes each time.

Run it as ``python examples/make_derbyshire.py``, with a folder to write elsewhere. examples/derbyshire/README.md
says what is fact and what is invented.
"""

import datetime as dt
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from placeplan.county.columns import TABLES
from placeplan.county.vocabulary import PLACEMENTS
from placeplan.examples.county_parts import located, write_county
from placeplan.examples.invented_children import named_children, placed_children, waiting_children
from placeplan.examples.local_roads import FACTS, facts, records
from placeplan.synthetic import Margin, fit_table, generator, round_table

__all__ = ["make_derbyshire"]

SEED = 830
AS_OF = dt.date(2025, 1, 16)
YEAR = 2024
ZONES = 490
PEOPLE_0_TO_25 = 221_000
"""The review's 23% aged 0-19 and 5% aged 20-24 of about 770,000 people, and those aged 25."""

TOWN = 3000
"""A place of at least so many people is not rural."""

EDGE = 60.0
"""Metres that a zone keeps from the edge of its locality."""

SPACING = 390.0
"""Metres that set how far apart a town's zones lie: half a square kilometre each."""

DEPRIVATION = {"HPND": 7, "SDSD": 7, "ER": 5, "AV": 5, "BNED": 4, "CH": 4}
"""The middle decile of a locality's zones: invented, lower in the old coalfield."""

CASE_TABLES: Final = ("cases", "quotes", "packages", "vetoes")
"""Written by hand in examples/facts, and taken as they are."""

PLAN_COLUMNS: Final = list(TABLES["plans"].names)


def _locality_frame() -> gpd.GeoDataFrame:
    """The six localities as hand-drawn polygons that share their edges; Derby City is a gap in the middle."""
    arcs = {
        row["arc"]: [tuple(float(part) * 1000 for part in point.split()) for point in row["points"].split(";")]
        for row in records(facts("locality_arcs"))
    }

    def ring(names: str) -> list[tuple[float, ...]]:
        points: list[tuple[float, ...]] = []
        for name in names.split(";"):
            arc = arcs[name.removeprefix("-")]
            points += (arc[::-1] if name.startswith("-") else arc)[1 if points else 0 :]
        return points

    listed = pd.read_csv(FACTS / "localities.csv", dtype=str)
    shapes = [
        shapely.Polygon(ring(row["ring"]), [] if pd.isna(row["hole"]) else [ring(row["hole"])])
        for row in records(listed)
    ]
    return gpd.GeoDataFrame(listed[["locality", "name"]], geometry=shapes, crs=27700)


def _zone_frame(localities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Zones around each place, more where more people live: zone, place, locality, coordinates, people, rural."""
    places = facts("places")
    places["locality"] = located(places, localities)
    outlines = dict(zip(localities["locality"], localities.geometry, strict=True))
    exact = places["people"] * ZONES / places["people"].sum()
    parts = np.maximum(1, np.floor(exact)).astype(int)
    spare = ZONES - int(parts.sum())
    parts[np.argsort(-(exact - parts).to_numpy(), kind="stable")[:spare]] += 1
    stream = generator(SEED, "zones")
    rows = []
    for place, count in zip(records(places), parts, strict=True):
        centre, inside = np.array([place["easting"], place["northing"]]), outlines[place["locality"]].buffer(-EDGE)
        angle, size = stream.random() * 2 * np.pi, 0.85 + 0.3 * stream.random(count)
        wobble = 90 * (stream.random((count, 2)) - 0.5)
        for number in range(count):
            # A sunflower: equal areas, the golden angle apart.
            turn, reach = angle + number * 2.39996, SPACING * np.sqrt(number)
            shift = np.array([np.cos(turn), np.sin(turn)]) * reach + wobble[number]
            while not inside.contains(shapely.Point(centre + shift)):
                shift = shift * 0.8
            rows.append(
                {
                    "place": place["place"],
                    "locality": place["locality"],
                    "easting": round(centre[0] + shift[0]),
                    "northing": round(centre[1] + shift[1]),
                    "people": place["people"] * size[number] / size.sum(),
                    "rural": "no" if place["people"] >= TOWN else "yes",
                }
            )
    zones = pd.DataFrame(rows)
    zones["order"] = zones["locality"].map({name: place for place, name in enumerate(outlines)})
    zones = zones.sort_values("order", kind="stable", ignore_index=True)
    wobble = np.round(5 * (stream.random(len(zones)) - 0.5)).astype(int)
    zones["deprivation"] = (zones["locality"].map(DEPRIVATION) + wobble).clip(1, 10)
    zones["zone"] = [f"DZ{number:03d}" for number in range(1, len(zones) + 1)]
    return zones


def _zone_outlines(zones: pd.DataFrame, localities: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """The part of its locality that is nearest each zone: polygons that share every vertex of their edges."""
    cells = []
    for locality, outline in zip(localities["locality"], localities.geometry, strict=True):
        here = zones[zones["locality"] == locality]
        points = shapely.points(here["easting"], here["northing"])
        diagram = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=outline.envelope))
        of_cell, of_point = shapely.STRtree(points).query(diagram, predicate="contains")
        for cell, point in zip(of_cell, of_point, strict=True):
            cells.append((here.index[point], shapely.intersection(diagram[cell], outline)))
    cells.sort(key=lambda pair: pair[0])
    shapes = np.array([shape for _, shape in cells])
    # Cut all edges at each other's corners, so that cells on both sides of a locality's edge share its vertices.
    edges = shapely.union_all(shapely.set_precision(shapely.boundary(shapes), 1.0))
    pieces = shapely.get_parts(shapely.polygonize([edges]))
    inside = shapely.point_on_surface(pieces)
    piece, owner = shapely.STRtree(shapes).query(inside, predicate="intersects")
    owners = pd.Series(owner, index=piece).groupby(level=0).first()
    merged = [
        shapely.normalize(shapely.coverage_union_all(pieces[owners.index[owners == number]]))
        for number in range(len(zones))
    ]
    return gpd.GeoSeries(merged, crs=27700)


def _population_frame(zones: pd.DataFrame) -> pd.DataFrame:
    """People by zone and single year of age, 0 to 25, in whole numbers: zones x ages."""
    by_age = facts("people_by_age").set_index("age")["people_per_thousand_aged_0_to_25"]
    share = np.outer(zones["people"] / zones["people"].sum(), by_age / by_age.sum())
    # Villages are older: fewer small children and young adults.
    tilt = np.where(zones["rural"] == "yes", 0.9, 1.02)[:, None]
    people = share * tilt * (1 + 0.2 * (generator(SEED, "ages").random(share.shape) - 0.5))
    whole = np.round(people / people.sum() * PEOPLE_0_TO_25).astype(int)
    return pd.DataFrame(whole, index=zones["zone"], columns=by_age.index)


def _plan_counts() -> tuple[NDArray[np.int64], tuple[list[int], list[str], list[str]]]:
    """Plans of January 2025 as age x need x placement, from the margins; whole, and its three margins exact."""
    by_age = facts("plans_by_age").set_index("age")
    by_need = facts("plans_by_need").set_index("need")
    by_placement = facts("plans_by_placement").set_index("placement")["plans"]
    ages, needs, placements = list(by_age.index), list(by_need.index), list(by_placement.index)
    known = [name for name in placements if PLACEMENTS[name].planned_for]
    age_placement = np.full((len(ages), len(placements)), np.nan)
    need_placement = np.full((len(needs), len(placements)), np.nan)
    for name in known:
        age_placement[:, placements.index(name)] = by_age[name]
        need_placement[:, placements.index(name)] = by_need[name]
    margins = [
        Margin("age", (0,), by_age["plans"].to_numpy(dtype=np.float64)),
        Margin("need", (1,), by_need["plans"].to_numpy(dtype=np.float64)),
        Margin("placement", (2,), by_placement.to_numpy(dtype=np.float64)),
        Margin("age and placement", (0, 2), age_placement),
        Margin("need and placement", (1, 2), need_placement),
    ]
    start = np.ones((len(ages), len(needs), len(placements)))
    age = np.array(ages)[:, None]
    start[:, :, placements.index("further_education")] *= age >= 16
    start[:, :, placements.index("neet")] *= age >= 16
    start[:, :, placements.index("early_years")] *= age <= 4
    start[:, :, placements.index("mainstream")] *= np.where(age >= 16, 0.1, 1.0)
    start[:, :, placements.index("elective_home")] *= age >= 5
    start[:, needs.index("PMLD"), placements.index("special_state")] *= np.where(age[:, 0] < 4, 3.0, 1.0)
    for need, unlikely in (("HI", 19), ("PMLD", 12)):
        start[unlikely:, needs.index(need), placements.index("special_state")] *= 0.2
    fitted = fit_table(start, margins)
    rounded = round_table(fitted.table, margins, stream=generator(SEED, "rounding"))
    if rounded.misses or not fitted.converged:
        raise ValueError(f"the facts' margins cannot be met: {fitted.worst:g}, {rounded.misses}")
    return rounded.counts, (ages, needs, placements)


def _plan_table() -> pd.DataFrame:
    """The table ``plans``: the totals since 2010, new plans, and January 2025 by age, need and placement."""
    by_age, by_need = facts("plans_by_age"), facts("plans_by_need")
    by_placement, history = facts("plans_by_placement"), facts("plans_history")
    rows: list[dict[str, Any]] = []
    for row in records(history):
        year = {"year": row["january"] - 1, "measure": "stock"}
        rows.append(year | {"margin": "total", "plans": row["plans"]})
        if row["january"] - 1 < YEAR and not pd.isna(row["special_independent"]):
            # The other placements of these years are missing, not zero.
            known = {"special_independent": row["special_independent"]}
            rows += [year | {"margin": "placement", "placement": p, "plans": known.get(p)} for p in PLACEMENTS]
    now = {"year": YEAR, "measure": "stock"}
    rows += [
        now | {"margin": "age", "age_from": row["age"], "age_to": row["age"], "plans": row["plans"]}
        for row in records(by_age)
    ]
    for margin, table in (("need", by_need), ("placement", by_placement)):
        rows += [now | {"margin": margin, margin: row[margin], "plans": row["plans"]} for row in records(table)]
    # Plans made in calendar year Y are among those held in the January after, which belongs to year Y.
    rows += [
        {"measure": "new", "margin": "total", "year": row["calendar_year"], **row}
        for row in records(facts("new_plans"))
    ]
    whole = dict.fromkeys(("year", "age_from", "age_to", "calendar_year", "plans"), "Int64")
    return pd.DataFrame(rows).reindex(columns=PLAN_COLUMNS).astype(whole)


def _provision_frame(localities: gpd.GeoDataFrame) -> pd.DataFrame:
    """facts/provision.csv with each unit's locality and its place in the list."""
    provision = pd.read_csv(FACTS / "provision.csv", dtype={"model": "str", "national": "str", "residential": "str"})
    return provision.assign(urn="", locality=located(provision, localities), order=range(len(provision)))


def make_derbyshire(folder: Path) -> None:
    """Every table of the embedded county, written to ``folder``; README.md and the facts are hand-written."""
    localities = _locality_frame()
    zones = _zone_frame(localities)
    people = _population_frame(zones)
    provision = _provision_frame(localities)
    counts, axes = _plan_counts()
    placed = placed_children(counts, axes, people, zones, provision, as_of=AS_OF, seed=SEED)
    waiting = waiting_children(people, zones, provision, seed=SEED)
    parts = [FACTS / f"{name}.toml" for name in ("derbyshire", "costs", "forecast", "derbyshire_assumptions")]
    write_county(
        folder,
        settings="\n".join(part.read_text(encoding="utf-8") for part in parts),
        localities=localities,
        zones=zones,
        outlines=_zone_outlines(zones, localities),
        people=people,
        people_year=YEAR,
        plans=_plan_table(),
        children=named_children(placed, waiting, seed=SEED),
        provision=provision,
        year=YEAR,
    )
    for name in CASE_TABLES:
        shutil.copyfile(FACTS / f"{name}.csv", folder / f"{name}.csv")


if __name__ == "__main__":
    make_derbyshire(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "derbyshire")
