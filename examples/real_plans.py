"""The published counts of plans: the table ``plans``, and January 2025 as whole children by age, need and placement."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.columns import TABLES
from placeplan.county.vocabulary import PLACEMENTS
from placeplan.examples.local_roads import records
from placeplan.synthetic import Margin, Rounded, fit_table, generator, round_table

__all__ = ["AGES", "NEEDS", "YEAR", "comparator_table", "plan_table", "reconstructed"]

AUTHORITY = "830"
YEAR = 2024
"""January 2025 is in the academic year that began in 2024."""

AGES: Final = list(range(2, 26))
"""Single years of age; the published "under 3" is counted as 2."""

NEEDS: Final = ["ASD", "HI", "MLD", "MSI", "OTH", "PD", "PMLD", "SEMH", "SLCN", "SLD", "SPLD", "VI", "unknown"]

COLUMNS: Final = {
    "mainstream": [
        "mainstream_la_maintained",
        "mainstream_academy",
        "mainstream_free_school",
        "mainstream_independent",
    ],
    "resourced_provision": [
        f"mainstream_{kind}_resourced_provision" for kind in ("la_maintained", "academy", "free_school")
    ],
    "sen_unit": [f"mainstream_{kind}_senunit" for kind in ("la_maintained", "academy", "free_school")],
    "special_state": ["special_la_maintained", "special_academy_free"],
    "special_independent": ["special_independent"],
    "special_non_maintained": ["special_non_maintained"],
    "alternative_provision": ["ap_pru_total"],
    "further_education": ["general_fe_tertiary_colleges", "ukrlp_provider"],
    "specialist_post_16": ["specialist_post_16_institutions"],
    "elective_home": ["elective_home_education"],
    "neet": ["neet"],
    "early_years": ["nm_early_years"],
    "not_recorded": ["placement_unknown"],
}
"""The columns of the caseload file that make a placement; ``elsewhere`` is what else is educated elsewhere."""

BREAKDOWNS: Final = {
    "Mainstream - academy (resourced provision)": "resourced_provision",
    "Mainstream - LA maintained (resourced provision)": "resourced_provision",
    "Mainstream - free school (resourced provision)": "resourced_provision",
    "Mainstream - academy (SEN unit)": "sen_unit",
    "Mainstream - LA maintained (SEN unit)": "sen_unit",
    "Special - Academy/free schools": "special_state",
    "Special - LA maintained": "special_state",
    "Special - independent": "special_independent",
    "Special - non-maintained": "special_non_maintained",
    "FE - general FE and tertiary colleges": "further_education",
    "FE - UKRLP provider": "further_education",
    "FE - specialist post-16 institutions": "specialist_post_16",
    "Educated elsewhere - elective home education": "elective_home",
    "Educated elsewhere - NEET": "neet",
    "Non-maintained early years": "early_years",
    "Placement not recorded": "not_recorded",
}
GROUPS: Final = {"Mainstream": "mainstream", "AP/PRU": "alternative_provision", "Educated elsewhere": "elsewhere"}


def _rows(folder: Path, name: str) -> pd.DataFrame:
    """The county's rows of a published file; x, z and c are missing, not zero."""
    table = pd.read_csv(folder / "plans" / f"{name}.csv", dtype="str")
    return table[table["old_la_code"] == AUTHORITY]


def _number(cell: Any) -> float:
    return (
        float("nan") if pd.isna(cell) or str(cell).strip() in {"x", "z", "c", ""} else float(str(cell).replace(",", ""))
    )


def _placements(row: dict[str, Any]) -> dict[str, float]:
    """A row of the caseload file by placement."""
    found = {name: sum(_number(row[column]) for column in columns) for name, columns in COLUMNS.items()}
    found["elsewhere"] = _number(row["ed_elsewhere"]) - found["elective_home"] - found["neet"]
    return {name: found[name] for name in PLACEMENTS}


def _needs(row: dict[str, Any]) -> list[float]:
    return [_number(row[f"number_{'need_unknown' if need == 'unknown' else need.lower()}"]) for need in NEEDS]


def _placement_of(breakdown: str) -> str | None:
    """The placement that a row of the needs file belongs to; None for its totals."""
    if breakdown.endswith("total"):
        return None
    return BREAKDOWNS.get(breakdown, GROUPS.get(breakdown.split(" - ", maxsplit=1)[0]))


def _age(breakdown: str) -> int:
    return 2 if breakdown == "under 3" else int(breakdown.removeprefix("age "))


def _crossed(folder: Path) -> dict[str, NDArray[np.float64]]:
    """January 2025 by age x placement, age x need, and need x placement."""
    caseload, needs = _rows(folder, "sen2_2025_caseload"), _rows(folder, "sen2_2025_sen_needs_all_plans")
    placements = list(PLACEMENTS)
    age_placement = np.zeros((len(AGES), len(placements)))
    by_age = caseload["breakdown_topic"].eq("Child or young persons age") & caseload["time_period"].eq("202425")
    for row in records(caseload[by_age]):
        age_placement[AGES.index(_age(row["breakdown"]))] += list(_placements(row).values())
    age_need = np.zeros((len(AGES), len(NEEDS)))
    for row in records(needs[needs["breakdown_topic"] == "Child or young persons age"]):
        age_need[AGES.index(_age(row["breakdown"]))] += _needs(row)
    need_placement = np.zeros((len(NEEDS), len(placements)))
    for row in records(needs[needs["breakdown_topic"] == "Type of placement"]):
        placement = _placement_of(row["breakdown"])
        if placement is not None:
            need_placement[:, placements.index(placement)] += _needs(row)
    return {"age and placement": age_placement, "age and need": age_need, "need and placement": need_placement}


def reconstructed(folder: Path, *, seed: int) -> tuple[Rounded, tuple[list[int], list[str], list[str]]]:
    """Whole plans by age x need x placement that have the three published two-way tables, as far as they can."""
    crossed = _crossed(folder)
    axes = {"age and need": (0, 1), "age and placement": (0, 2), "need and placement": (1, 2)}
    margins = [Margin(name, axes[name], crossed[name]) for name in axes]
    fitted = fit_table(np.ones((len(AGES), len(NEEDS), len(PLACEMENTS))), margins, tolerance=1e-3)
    rounded = round_table(fitted.table, margins, stream=generator(seed, "rounding"))
    return rounded, (AGES, NEEDS, list(PLACEMENTS))


def _now(folder: Path) -> list[dict[str, Any]]:
    """January 2025 by age, need, placement, and each two of them."""
    crossed = _crossed(folder)
    names: dict[str, list[Any]] = {"age": AGES, "need": NEEDS, "placement": list(PLACEMENTS)}

    def cell(axis: str, value: Any) -> dict[str, Any]:
        if axis != "age":
            return {axis: value}
        return {"age_from": 0 if value == AGES[0] else value, "age_to": value}

    rows: list[dict[str, Any]] = []
    for margin, table in crossed.items():
        first, second = margin.split(" and ")
        rows += [
            {"margin": margin, **cell(first, a), **cell(second, b), "plans": table[i, j]}
            for i, a in enumerate(names[first])
            for j, b in enumerate(names[second])
        ]
    sums = {
        "age": crossed["age and need"].sum(axis=1),
        "need": crossed["age and need"].sum(axis=0),
        "placement": crossed["need and placement"].sum(axis=0),
    }
    for axis, values in sums.items():
        rows += [{"margin": axis, **cell(axis, n), "plans": v} for n, v in zip(names[axis], values, strict=True)]
    return [{"year": YEAR, "measure": "stock", **row} for row in rows]


def _bands(folder: Path, name: str, column: str, measure: str) -> list[dict[str, Any]]:
    """The older files by age band, by calendar year; those before the newer series."""
    rows: list[dict[str, Any]] = []
    for row in records(_rows(folder, name)):
        january, label = int(row["time_period"]), row["characteristic_age"]
        year = {"year": january - 1, "measure": measure}
        if measure == "new":
            year = {"year": january, "measure": measure, "calendar_year": january}
        plans = _number(row[column])
        if label == "Total":
            rows.append({**year, "margin": "total", "plans": plans})
        else:
            low, high = (
                (0, 4) if label == "Under 5" else (int(part) for part in label.removeprefix("Age ").split(" to "))
            )
            rows.append({**year, "margin": "age", "age_from": low, "age_to": high, "plans": plans})
    return rows


def _year_before(folder: Path) -> list[dict[str, Any]]:
    """January of the year before by single age."""
    caseload = _rows(folder, "sen2_2025_caseload")
    ages = caseload["breakdown_topic"].eq("Child or young persons age") & caseload["time_period"].eq("202324")
    return [
        {"year": YEAR - 1, "measure": "stock", "margin": "age", **_single(row), "plans": _number(row["ehcplans"])}
        for row in records(caseload[ages])
    ]


def _single(row: dict[str, Any]) -> dict[str, int]:
    age = _age(row["breakdown"]) if "and" not in row["breakdown"] else AGES[0]
    return {"age_from": 0 if age == AGES[0] else age, "age_to": age}


def _begun(folder: Path) -> list[dict[str, Any]]:
    """New plans of the latest year by placement and by age."""
    made, ages = _rows(folder, "sen2_2025_newplans"), _rows(folder, "sen2_2025_sen_need_newplans")
    latest = made[made["breakdown_topic"].eq("New EHC plans") & made["time_period"].eq(str(YEAR))]
    base = {"year": YEAR, "measure": "new", "calendar_year": YEAR}
    rows = [
        {**base, "margin": "placement", "placement": placement, "plans": plans}
        for row in records(latest)
        for placement, plans in _placements(row).items()
    ]
    for row in records(ages[ages["breakdown_topic"] == "Child or young persons age"]):
        last = row["breakdown"] == "age 20 and over"
        where = {"age_from": 20, "age_to": 25} if last else _single(row)
        rows.append({**base, "margin": "age", **where, "plans": _number(row["ehc_plans"])})
    return rows


def comparator_table(folder: Path) -> pd.DataFrame:
    """The table ``comparators``: plans each January of the other authorities in the older files."""
    table = pd.read_csv(folder / "plans" / "sen2_2010_2022_age_caseload.csv", dtype="str")
    others = table["geographic_level"].eq("Local authority") & table["characteristic_age"].eq("Total")
    kept = table[others & (table["old_la_code"] != AUTHORITY)]
    made = pd.DataFrame(
        {
            "authority": kept["la_name"],
            "year": kept["time_period"].astype(int) - 1,
            "plans": [_number(cell) for cell in kept["Total_all"]],
        }
    )
    known = made.dropna().astype({"plans": int})
    return known.sort_values(["authority", "year"], ignore_index=True)


def plan_table(folder: Path) -> pd.DataFrame:
    """The table ``plans``: every January since 2010, new and ceased plans, and January 2025 in detail."""
    rows = _bands(folder, "sen2_2010_2022_age_caseload", "Total_all", "stock")
    rows += [
        row for row in _bands(folder, "sen2_2010_2022_age_new_plans", "Total_new_all", "new") if row["year"] < 2019
    ]
    caseload = _rows(folder, "sen2_2025_caseload")
    for row in records(caseload[caseload["breakdown_topic"] == "All EHC plans"]):
        year = int(row["time_period"][:4])
        if not any(r["year"] == year and r["measure"] == "stock" and r["margin"] == "total" for r in rows):
            rows.append({"year": year, "measure": "stock", "margin": "total", "plans": _number(row["ehcplans"])})
        if year < YEAR:
            rows += [
                {"year": year, "measure": "stock", "margin": "placement", "placement": placement, "plans": plans}
                for placement, plans in _placements(row).items()
            ]
    for name, topic, column, measure in (
        ("sen2_2025_newplans", "New EHC plans", "new_ehc_plans", "new"),
        ("sen2_2025_ceased_plans", "All ceased EHC plans", "total_ceased", "ceased"),
    ):
        published = _rows(folder, name)
        rows += [
            {
                "year": int(row["time_period"]),
                "measure": measure,
                "margin": "total",
                "calendar_year": int(row["time_period"]),
                "plans": _number(row[column]),
            }
            for row in records(published[published["breakdown_topic"] == topic])
        ]
    rows += _now(folder)
    rows += _year_before(folder)
    rows += _begun(folder)
    whole = dict.fromkeys(("year", "age_from", "age_to", "calendar_year", "plans"), "Int64")
    table = pd.DataFrame(rows).reindex(columns=list(TABLES["plans"].names)).astype(whole)
    return table.sort_values(["measure", "year", "margin"], kind="stable", ignore_index=True)
