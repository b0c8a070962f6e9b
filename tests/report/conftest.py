"""A small run made child by child, so that every table of it can be added up again by hand."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, Polygon
from support.browser import start_browser

from placeplan.county.vocabulary import NEEDS, PHASES, PLACEMENTS, phase_of
from placeplan.runs import Run

LOCALITIES = {
    "north": ("High Moor & North Dales", [(0, 30), (28, 34), (26, 18), (12, 14), (0, 20)]),
    "south": ("South Vale", [(0, 20), (12, 14), (26, 18), (30, 0), (4, -2)]),
    "east": ("Eastbrook", [(28, 34), (26, 18), (30, 0), (46, 4), (44, 30)]),
}
# unit: (site, site name, locality, kind, model, national, places, other authorities, x km, y km)
UNITS: dict[str, tuple[str, str, str, str, str | None, str | None, float, float, float, float]] = {
    "U01": ("S01", "Moorside School", "north", "special", None, None, 60, 3, 10, 25),
    "U02": ("S02", "Kingfisher School", "south", "special", None, None, 80, 8, 14, 8),
    "U03": ("S03", "Brook Academy", "east", "special", None, None, 90, 0, 36, 22),
    "U04": ("S04", "Lark Primary base", "east", "ers", "alternative", "resourced_provision", 12, 0, 40, 12),
    "U05": ("S05", "Heron High base", "south", "ers", "integrative", "resourced_provision", 20, 0, 20, 5),
    "U06": ("S06", "Fell Primary base", "north", "ers", "area", "sen_unit", 10, 0, 20, 29),
    "U07": ("S03", "Brook Academy hub", "east", "hub", None, None, 8, 0, 36.4, 22.3),
    "U08": ("S08", "Harbour Centre", "east", "support_centre", None, None, 24, 0, 33, 9),
    "U09": ("S09", "=Willow House School", "out_of_county", "independent_special", None, None, np.nan, 0, 60, 30),
    "U10": ("S10", "Abbey School", "south", "independent_special", None, None, np.nan, 0, 8, 3),
    "U11": ("S11", "St Anne's", "out_of_county", "non_maintained_special", None, None, np.nan, 0, -14, 10),
    "U12": ("S12", "Town Special School", "out_of_county", "special", None, None, 15, 0, 22, -8),
    "U13": ("S13", "County College", "east", "college", None, None, np.nan, 0, 41, 18),
}
PLACED_AT = [
    "mainstream",
    "resourced_provision",
    "special_state",
    "special_independent",
    "specialist_post_16",
    "neet",
    "early_years",
]
ORIGIN = (420_000.0, 340_000.0)


def children_of(question: str, *, seed: int, count: int) -> pd.DataFrame:
    """Invented children with a need, a home and a unit; each place is filled at most to its ceiling."""
    rng = np.random.default_rng(seed)
    names = list(UNITS)
    room = {u: (np.inf if np.isnan(v[6]) else v[6] - v[7] + (2 if u == "U04" else 0)) for u, v in UNITS.items()}
    needs = list(NEEDS)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        locality = str(rng.choice(list(LOCALITIES), p=[0.25, 0.3, 0.45]))
        need = str(
            rng.choice(needs, p=[0.35, 0.2, 0.1, 0.1, 0.06, 0.02, 0.02, 0.02, 0.02, 0.02, 0.01, 0.04, 0.03, 0.01])
        )
        year_group = int(rng.integers(-1, 15))
        wanted = [u for u in names if UNITS[u][2] in {locality, "out_of_county"} or rng.random() < 0.25]
        unit = str(rng.choice(wanted))
        if (unit not in {"U09", "U10", "U11", "U13"} and room[unit] <= 0) or (
            unit in {"U09", "U11"} and rng.random() < 0.6
        ):
            unit = "gap" if rng.random() < 0.15 else "spot_purchase"
        else:
            room[unit] -= 1
        minutes = float(np.round(rng.gamma(4, 7) + (20 if unit in {"U09", "U11", "spot_purchase"} else 0), 1))
        rows.append(
            {
                "question": question,
                "child": f"C{number:04d}",
                "zone": f"Z{rng.integers(0, 40):03d}",
                "locality": locality,
                "need": need,
                "phase": phase_of(year_group),
                "year_group": year_group,
                "unit": unit,
                "stays": bool(rng.random() < 0.8),
                "minutes": minutes,
                "km": round(minutes * 0.7, 1),
                "cost_pounds": float(rng.integers(9, 62)) * 1000,
            }
        )
    return pd.DataFrame(rows)


def _gap(children: pd.DataFrame) -> pd.DataFrame:
    outside = {u for u, v in UNITS.items() if v[2] == "out_of_county"} | {"spot_purchase"}
    marked = children.assign(
        one=1,
        gap_one=(children["unit"] == "gap").astype(int),
        spot_one=(children["unit"] == "spot_purchase").astype(int),
        out_one=children["unit"].isin(outside).astype(int),
    )
    return marked.groupby(["question", "locality", "need", "phase"], as_index=False).agg(
        children=("one", "sum"),
        gap=("gap_one", "sum"),
        spot_purchase=("spot_one", "sum"),
        out_of_county=("out_one", "sum"),
    )


def _use(question: str, children: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for unit, (site, name, locality, kind, model, national, places, others, _, _) in UNITS.items():
        placed = float((children["unit"] == unit).sum())
        room = places - others
        ceiling = float(np.floor(places * 1.1)) if not np.isnan(places) else np.nan
        overfill = 0.0 if np.isnan(places) else max(0.0, placed - room)
        breach = 0.0 if np.isnan(places) else max(0.0, placed + others - ceiling)
        rows.append(
            [
                question,
                unit,
                site,
                name,
                locality,
                kind,
                model,
                national,
                places,
                others,
                room,
                ceiling,
                placed,
                overfill,
                breach,
            ]
        )
    return pd.DataFrame(
        rows,
        columns=[
            "question",
            "unit",
            "site",
            "site_name",
            "locality",
            "kind",
            "model",
            "national",
            "places",
            "other_authorities",
            "room",
            "ceiling",
            "placed",
            "overfill",
            "breach",
        ],
    )


def _costs(question: str, children: pd.DataFrame) -> pd.DataFrame:
    kind = children["unit"].map({u: v[3] for u, v in UNITS.items()})
    out = children["unit"].map({u: v[2] == "out_of_county" for u, v in UNITS.items()})
    college = (kind == "college").sum()
    state_out = ((kind == "special") & (out == True)).sum()  # noqa: E712  (a column with missing values)
    independent = (
        kind.isin(["independent_special", "non_maintained_special"]).sum() + (children["unit"] == "spot_purchase").sum()
    )
    placed = (children["unit"] != "gap").sum()
    inside = placed - college - state_out - independent
    rows = [
        ("in_county_places", "high_needs", inside * 10_000.0, inside),
        ("in_county_top_ups", "high_needs", inside * 11_240.55, inside),
        ("neighbour_state", "high_needs", state_out * 14_000.0, state_out),
        ("independent_day", "high_needs", (independent - 3) * 58_000.0, independent - 3),
        ("independent_residential", "high_needs", 3 * 140_000.0, 3),
        ("independent_residential", "health", 3 * 20_000.0, 3),
        ("college", "high_needs", college * 16_000.0, college),
        ("transport", "general", placed * 6_900.0, placed),
        ("overfill", "high_needs", 12_000.0, 2),
    ]
    frame = pd.DataFrame(rows, columns=["line", "fund", "pounds", "children"])
    frame.insert(0, "question", question)
    return frame


def _headlines(
    question: str, children: pd.DataFrame, gap: pd.DataFrame, costs: pd.DataFrame, use: pd.DataFrame
) -> pd.DataFrame:
    placed = children[children["unit"] != "gap"]
    kinds = placed["unit"].map({u: v[3] for u, v in UNITS.items()})
    out = float(gap["out_of_county"].sum())
    values = {
        "children": float(len(children)),
        "placed": float(len(placed)),
        "gap": float(gap["gap"].sum()),
        "in_county": len(placed) - out,
        "out_of_county": out,
        "inmss": float(
            kinds.isin(["independent_special", "non_maintained_special"]).sum()
            + (placed["unit"] == "spot_purchase").sum()
        ),
        "spot_purchase": float(gap["spot_purchase"].sum()),
        "new_or_transferring": float((~children["stays"]).sum()),
        "staying": float(children["stays"].sum()),
        "leaving": 31.0,
        "cost_pounds": float(costs["pounds"].sum()),
        "penalty_pounds": 9_000.0,
        "child_minutes": float(placed["minutes"].sum()),
        "mean_minutes": float(placed["minutes"].mean()),
        "beyond_guidance": float((placed["minutes"] > 45).sum()),
        "journeys_not_known": 2.0,
        "breaches": float((use["breach"] > 0).sum()),
    }
    return pd.DataFrame({"question": question, "measure": list(values), "value": list(values.values())})


def make_run(*, count: int = 420, internal: bool = False, places: bool = True) -> Run:
    """A run of three questions over three localities, its tables added up from the children."""
    stacks: dict[str, list[pd.DataFrame]] = {}
    for number, question in enumerate(["today", "september", "afresh"]):
        children = children_of(question, seed=number + 1, count=count + 15 * number)
        gap, use, costs = _gap(children), _use(question, children), _costs(question, children)
        flows = (
            children[children["unit"] != "gap"]
            .groupby(["question", "locality", "unit"], as_index=False)
            .agg(children=("child", "size"), mean_minutes=("minutes", "mean"))
        )
        full = use[use["placed"] >= use["room"]]
        prices = pd.DataFrame(
            {
                "question": question,
                "unit": full["unit"],
                "saving_one_more": 21_000.0 + 3_150 * np.arange(len(full)),
                "cost_one_fewer": 24_500.0 + 3_150 * np.arange(len(full)),
                "fixed_cost": 10_000.0,
                "net_saving_one_more": 11_000.0 + 3_150 * np.arange(len(full)),
                "children_one_more": 0.0,
                "penalty_one_more": 0.0,
            }
        )
        made = {
            "headlines": _headlines(question, children, gap, costs, use),
            "costs": costs,
            "penalties": pd.DataFrame(
                {"question": question, "penalty": ["overfill", "time"], "pounds": [9_000.0, 0.0]}
            ),
            "gap": gap,
            "use": use,
            "flows": flows,
            "prices": prices,
            "breaches": pd.DataFrame(
                {
                    "question": question,
                    "rule": ["ceiling", "host_share"],
                    "unit": ["U04", "U05"],
                    "stated": [13.0, 8.0],
                    "found": [14.0, 11.0],
                }
            ),
            "proof": pd.DataFrame(
                {
                    "question": [question],
                    "status": ["priced" if question == "today" else "optimal"],
                    "objective_pounds": [9_123_456.78],
                    "bound_pounds": [9_123_456.78],
                    "gap_pounds": [0.0],
                    "solver": ["" if question == "today" else "HiGHS 1.12"],
                    "verified": [True],
                    "checks": ["14 of 14 checks held"],
                }
            ),
        }
        if question != "afresh":
            made["placements"] = children[children["unit"] != "gap"]
        if question == "september":
            made["prices_resolved"] = pd.DataFrame(
                {
                    "question": question,
                    "unit": ["U03", "U02"],
                    "cash_saving": [38_400.0, 30_150.0],
                    "penalty_saving": [0.0, 1_500.0],
                    "fixed_cost": [10_000.0, 10_000.0],
                    "net_saving": [28_400.0, 20_150.0],
                }
            )
        for name, frame in made.items():
            stacks.setdefault(name, []).append(frame)
    tables = {name: pd.concat(frames, ignore_index=True) for name, frames in stacks.items()}
    if places:
        tables["places"] = pd.DataFrame(
            {
                "unit": ["U03", "U03", "U04", "U06"],
                "site_name": ["Brook Academy", "Brook Academy", "Lark Primary base", "Fell Primary base"],
                "locality": ["east", "east", "east", "north"],
                "kind": ["special", "special", "ers", "ers"],
                "model": [None, None, "alternative", "area"],
                "phase": ["primary", "secondary", "primary", "primary"],
                "places_added": [9.0, 15.0, 8.0, 6.0],
                "fixed_cost": [90_000.0, 150_000.0, 80_000.0, 60_000.0],
            }
        )
        tables["places_summary"] = pd.DataFrame(
            {
                "measure": [
                    "places",
                    "yearly_cost_of_places",
                    "fees_and_other_costs_avoided",
                    "net_saving",
                    "gross_spending",
                    "limit_places",
                ],
                "value": [38.0, 380_000.0, 1_412_300.0, 1_032_300.0, 790_000.0, 40.0],
            }
        )
    tables["assumptions"] = pd.DataFrame(
        {
            "subject": ["Speeds on the roads", "Fee of a place bought one by one", "Ceiling of a unit"],
            "value": ["by road class", "£61,000 a year", "places + 10%"],
            "source": ["placeplan's defaults", "national independent fees, 2023-2026", "placeplan's default"],
        }
    )
    tables["plans"] = pd.DataFrame(
        {
            "placement": PLACED_AT,
            "label": [PLACEMENTS[one].label for one in PLACED_AT],
            "plans": [510.0, 42.0, 231.0, 83.0, 64.0, 12.0, 3.0],
            "planned_for": [PLACEMENTS[one].planned_for for one in PLACED_AT],
        }
    )  # fmt: skip
    tables["localities"] = pd.DataFrame({"locality": list(LOCALITIES), "name": [v[0] for v in LOCALITIES.values()]})
    tables["units_named"] = pd.DataFrame({"unit": list(UNITS), "name": [v[1] for v in UNITS.values()]})
    east, north = ORIGIN
    sites: dict[str, dict[str, Any]] = {}
    for site, name, locality, kind, _, _, _, _, x, y in UNITS.values():
        row = sites.setdefault(
            site,
            {
                "site": site,
                "name": name,
                "locality": locality,
                "kinds": kind,
                "easting": east + x * 1000,
                "northing": north + y * 1000,
            },
        )
        if kind not in str(row["kinds"]).split(";"):
            row["kinds"] += f";{kind}"
    layers = {
        "localities": gpd.GeoDataFrame(
            {"locality": list(LOCALITIES), "name": [v[0] for v in LOCALITIES.values()]},
            geometry=[Polygon([(east + x * 1000, north + y * 1000) for x, y in v[1]]) for v in LOCALITIES.values()],
            crs=27700,
        ),
        "sites": gpd.GeoDataFrame(
            list(sites.values()), geometry=[Point(s["easting"], s["northing"]) for s in sites.values()], crs=27700
        ),
    }
    facts = {
        "county": "Exampleshire",
        "authority": "000",
        "as_of": "2025-01-16",
        "year": 2024,
        "command": "allocate",
        "options": {"places": 40, "spot_purchase": True},
        "seed": 1,
        "input_digest": "0" * 64,
        "versions": {"placeplan": "0.1.0", "pulp": "3.3.2"},
        "data_label": "example, invented children",
        "travel_method": "fastest road journey, home to school",
        "price_year": 2025,
        "guidance_minutes": {phase: 45.0 if phase in {"early_years", "primary"} else 75.0 for phase in PHASES},
    }
    return Run(command="allocate", county="Exampleshire", tables=tables, layers=layers, facts=facts, internal=internal)


@pytest.fixture(scope="session")
def sample() -> Run:
    """The small run, with its detail."""
    return make_run()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver = start_browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()
