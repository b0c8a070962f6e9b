"""Sites and units of the real county: the register of schools, and documented defaults where it has no figure."""

from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.examples.county_parts import located
from placeplan.examples.local_roads import facts, records

__all__ = ["DEFAULTS", "read_provision"]

OURS = "Derbyshire"
PLACES, PLACES_NEXT = 1360, 1514
"""Commissioned special-school places: about 1,360 in 2024/25, over 1,500 in 2025/26."""

OTHERS_SHARE = 0.04
"""The share of the county's special-school places that other authorities' children hold."""

NEIGHBOUR_PLACES = 165
"""Places that the county may use in neighbours' state special schools: 1,437 plans less its own places, and more."""

ERS_FILLED = 0.87
"""The share of ERS places that is filled, so that places follow from the published plans in them."""

INDEPENDENT_SEATS, NON_MAINTAINED_SEATS, COLLEGE_SEATS = 450, 56, 160
"""Seats that the reconstructed children are spread over: the published plans, and some room."""

INDEPENDENT_KM, NON_MAINTAINED_KM, COLLEGE_KM, NEIGHBOUR_KM = 15.0, 25.0, 25.0, 10.0
"""How far beyond the county's boundary each kind is looked for."""

NO_ROLL = 20
"""Pupils of a school whose roll the register does not give."""

FEES: Final = {"independent_special": 61000, "non_maintained_special": 61000, "college": 34000}
FURTHER_EDUCATION_FEE = 11500
STATE_SPECIAL: Final = (
    "Community special school",
    "Academy special converter",
    "Academy special sponsor led",
    "Free schools special",
    "Foundation special school",
)
NAMES_IN_FACTS: Final = {
    "Esteem North Academy": "support_north",
    "Esteem South Academy": "support_south",
    "Esteem Valley Academy": "support_valley",
}
"""Support centres as the register has them, and the row of facts/provision.csv that says the rest of each."""

DEFAULTS: Final = {
    "places": PLACES,
    "places_next": PLACES_NEXT,
    "others_share": OTHERS_SHARE,
    "ers_filled": ERS_FILLED,
    "neighbour_places": NEIGHBOUR_PLACES,
    "neighbour_km": NEIGHBOUR_KM,
    "independent_km": INDEPENDENT_KM,
    "non_maintained_km": NON_MAINTAINED_KM,
    "college_km": COLLEGE_KM,
    "independent_fee": FEES["independent_special"],
    "non_maintained_fee": FEES["non_maintained_special"],
    "college_fee": FEES["college"],
    "further_education_fee": FURTHER_EDUCATION_FEE,
}
"""The defaults above by the names that facts/real_assumptions.toml calls them."""


def _shares(weights: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """``total`` shared out by ``weights`` in whole numbers (largest remainders)."""
    exact = weights / weights.sum() * total
    parts: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    parts[np.argsort(-(exact - parts), kind="stable")[: total - int(parts.sum())]] += 1
    return parts


def _hand_written() -> pd.DataFrame:
    text = dict.fromkeys(("model", "national", "residential"), "str")
    return facts("provision").astype(text)


def _special(evidence: pd.DataFrame) -> pd.DataFrame:
    """The ten special schools: where and how many pupils by the register, the rest hand-written."""
    listed = evidence[evidence["category"] == "state_special"].set_index("name")
    units = _hand_written()
    units = units[units["kind"].isin(["special", "hub"]) & units["name"].isin(listed.index)].reset_index(drop=True)
    school = listed.loc[units["name"]]
    roll = school["roll_gias_may2025"].to_numpy(dtype=np.float64)
    own = units["places"].fillna(0).to_numpy(dtype=np.float64)
    weight = roll * own / units.groupby("name")["places"].transform("sum").to_numpy(dtype=np.float64)
    places = _shares(weight, PLACES)
    growth = np.divide(units["places_2025"].to_numpy(dtype=np.float64), own, out=np.zeros(len(units)), where=own > 0)
    opening = units["opens"].notna().to_numpy()
    later = np.zeros(len(units), dtype=np.int64)
    later[opening] = units.loc[opening, "places_2025"].astype(int)
    later[~opening] = _shares((places * growth)[~opening], PLACES_NEXT - int(later.sum()))
    urn = school["urn"].astype(int).astype(str).to_numpy()
    return units.assign(
        urn=urn,
        site=urn,
        easting=school["easting"].to_numpy(),
        northing=school["northing"].to_numpy(),
        places=np.where(opening, np.nan, places),
        places_2025=later,
        other_authorities=np.where(opening, 0, np.round(places * OTHERS_SHARE)),
    )


def _ers(evidence: pd.DataFrame, plans_in_ers: pd.DataFrame) -> pd.DataFrame:
    """The 23 ERS: the hand-written table, with the register's place of the four that open lists name.

    ``plans_in_ers`` has a row for each plan in an ERS: national type and year group.
    """
    units = _hand_written()
    units = units[units["kind"] == "ers"].reset_index(drop=True)
    known = evidence.drop_duplicates("name").set_index("name")
    found = units["name"].isin(known.index)
    for column in ("easting", "northing"):
        units[column] = units[column].where(~found, units["name"].map(known[column]))
    urn = units["name"].map(known["urn"]).where(found).astype("Int64").astype("str").fillna("")
    is_secondary = units["from_year_group"] >= 7
    units["to_year_group"] = units["to_year_group"].where(~is_secondary, 14)
    # The published plans in SEN units are of both phases, so a secondary base is one too.
    units.loc[units["unit"] == "ers_bned_autism_secondary", "national"] = "sen_unit"
    units.loc[units["national"] == "sen_unit", "needs"] = "any"
    weights = units["places"].to_numpy(dtype=np.float64)
    for secondary in (False, True):
        for national in ("resourced_provision", "sen_unit"):
            here = ((is_secondary == secondary) & (units["national"] == national)).to_numpy()
            in_phase = (plans_in_ers["year_group"] >= 7) == secondary
            plans = int((in_phase & (plans_in_ers["national"] == national)).sum())
            units.loc[here, "places"] = _shares(weights[here], round(plans / ERS_FILLED))
    # Their own table has no other authority's children: the published plans fill these places.
    return units.assign(urn=urn, places_2025=units["places"], other_authorities=0)


def _support(evidence: pd.DataFrame) -> pd.DataFrame:
    rows = []
    written = {row["unit"]: row for row in records(_hand_written())}
    for row in records(evidence[evidence["category"].str.startswith("AP_academy")]):
        urn = str(int(row["urn"]))
        where = {"easting": row["easting"], "northing": row["northing"]}
        rows.append({**written[NAMES_IN_FACTS[row["name"]]], **where, "name": row["name"], "urn": urn, "site": urn})
    return pd.DataFrame(rows)


def _from_register(
    schools: pd.DataFrame, *, kind: str, seats: int, years: tuple[int, int], fade_km: float
) -> pd.DataFrame:
    """A unit of ``kind`` in each school, its seats by roll and nearness to the county; those with none are left out."""
    roll = schools["number_of_pupils"].fillna(NO_ROLL).to_numpy(dtype=np.float64)
    near = np.exp(-schools["km_to_derbyshire_boundary"].to_numpy(dtype=np.float64) / fade_km)
    held = _shares(np.minimum(roll, 150) * near, seats)
    urn = schools["urn"].astype(int).astype(str).to_numpy()
    units = pd.DataFrame(
        {
            "unit": urn,
            "site": urn,
            "urn": urn,
            "name": schools["establishment_name"].to_numpy(),
            "easting": schools["easting"].to_numpy(),
            "northing": schools["northing"].to_numpy(),
            "kind": kind,
            "needs": "any",
            "from_year_group": years[0],
            "to_year_group": years[1],
            "held": held,
            "fee": FEES.get(kind, np.nan),
            "roll": np.round(roll),
        }
    )
    return units[units["held"] > 0].reset_index(drop=True)


def _within(register: pd.DataFrame, types: tuple[str, ...], km: float) -> pd.DataFrame:
    near = register["establishment_type"].isin(types) & (register["km_to_derbyshire_boundary"] <= km)
    return register[near].sort_values("urn")


def _neighbours(register: pd.DataFrame) -> pd.DataFrame:
    """Neighbours' state special schools: the county may use ``held`` of their places."""
    away = register[register["la_name"] != OURS]
    units = _from_register(
        _within(away, STATE_SPECIAL, NEIGHBOUR_KM), kind="special", seats=NEIGHBOUR_PLACES, years=(-1, 14), fade_km=3.0
    )
    primary = units["name"].str.contains("Primary", case=False)
    secondary = units["name"].str.contains("High|Secondary", case=False)
    places = np.maximum(units["roll"], units["held"])
    return units.assign(
        to_year_group=units["to_year_group"].mask(primary, 6),
        from_year_group=units["from_year_group"].mask(secondary, 7),
        places=places,
        places_2025=places,
        other_authorities=places - units["held"],
        held=np.nan,
    )


def _colleges(register: pd.DataFrame, county: pd.DataFrame) -> pd.DataFrame:
    """Specialist colleges, and further education with support in the county, where nobody is planned for today."""
    specialist = _from_register(
        _within(register, ("Special post 16 institution",), COLLEGE_KM),
        kind="college",
        seats=COLLEGE_SEATS,
        years=(12, 21),
        fade_km=8.0,
    )
    further = county[county["establishment_type"] == "Further education"].assign(km_to_derbyshire_boundary=0.0)
    general = _from_register(further, kind="college", seats=60, years=(12, 21), fade_km=8.0)
    general = general.assign(places=general["held"], places_2025=general["held"], held=0, fee=FURTHER_EDUCATION_FEE)
    places = np.ceil(specialist["held"] * 1.2)
    return pd.concat([specialist.assign(places=places, places_2025=places), general], ignore_index=True)


def read_provision(folder: Path, localities: gpd.GeoDataFrame, plans_in_ers: pd.DataFrame) -> pd.DataFrame:
    """Every unit that the county's children may be in, a row each, in the columns of facts/provision.csv.

    ``localities`` tells which sites are in the county; ``plans_in_ers`` as in ``_ers``.
    """
    schools = folder / "schools"
    evidence = pd.read_csv(schools / "derbyshire_provision.csv")
    register = pd.read_csv(schools / "register_special_ap_post16_within_60km_2025_05_24.csv")
    county = pd.read_csv(schools / "register_derbyshire_open_2025_05_24.csv")
    independent = _within(register, ("Other independent special school",), INDEPENDENT_KM)
    non_maintained = _within(register, ("Non-maintained special school",), NON_MAINTAINED_KM)
    parts = [
        _special(evidence),
        _ers(evidence, plans_in_ers),
        _support(evidence),
        _neighbours(register),
        _from_register(independent, kind="independent_special", seats=INDEPENDENT_SEATS, years=(0, 15), fade_km=4.0),
        _from_register(
            non_maintained, kind="non_maintained_special", seats=NON_MAINTAINED_SEATS, years=(0, 17), fade_km=10.0
        ),
        _colleges(register, county),
    ]
    units = pd.concat(parts, ignore_index=True)
    return units.assign(locality=located(units, localities), order=range(len(units)))
