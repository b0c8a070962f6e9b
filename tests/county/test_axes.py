"""An absent row is not a zero: what the contract says that rows cover, left out one member at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_county import write_tiny_county

from placeplan.county.columns import TABLES
from placeplan.county.reading import check_county, read_county
from placeplan.errors import InputError
from placeplan.need.counts import cube_of
from placeplan.need.people import people_ahead
from placeplan.people_reach import people_groups
from placeplan.population import people_now, people_year

ZONES = ("z1", "z2", "z3", "z4")

CASES = "case,child,suits,start_term\nA,c4,special,autumn 2025\n"
PACKAGES = """\
case,package,unit,line,description,payer,pounds,per,start_term,end_term
A,PKG,,staff,one,education,9000,year,autumn 2025,summer 2026
A,PKG,,staff,two,education,9000,year,autumn 2026,summer 2027
A,PKG,,therapies,,health,1000,year,,
"""


def people(years: tuple[int, ...]) -> pd.DataFrame:
    """Every zone at every age in each year: 10 x the zone's number, 1 more for each year of age and each year."""
    rows = [
        (zone, year, age, 10 * (at + 1) + age + (year - 2024))
        for year in years
        for at, zone in enumerate(ZONES)
        for age in range(26)
    ]
    return pd.DataFrame(rows, columns=["zone", "year", "age", "people"])


def plans() -> pd.DataFrame:
    """Totals of three years, a margin by need and one by locality, of which some counts were not published."""
    rows = []
    for year in (2022, 2023, 2024):
        rows += [(year, "stock", "total", None, None, 10), (year, "new", "total", None, None, 2)]
        rows += [(year, "stock", "need", need, None, part) for need, part in (("ASD", 6), ("SLD", 4))]
        north = None if year == 2023 else 7
        rows += [(year, "stock", "place", None, "north", north), (year, "stock", "place", None, "south", None)]
    return pd.DataFrame(rows, columns=["year", "measure", "margin", "need", "locality", "plans"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The tiny county with a row for everything that its tables have to cover, and tables that it otherwise lacks."""
    made = write_tiny_county(tmp_path / "tiny")
    (made / "roads.csv").unlink()
    people((2023, 2024, 2027)).to_csv(made / "population.csv", index=False)
    plans().to_csv(made / "plans.csv", index=False)
    pairs = pd.MultiIndex.from_product([ZONES, ["s1", "s2", "s3"]], names=["zone", "site"]).to_frame(index=False)
    places = {"z1": (440, 350), "z2": (444, 350), "z3": (440, 344), "z4": (444, 344)}
    sites = {"s1": (442, 350), "s2": (442, 344), "s3": (452, 347)}
    km = [2 * np.hypot(*np.subtract(places[z], sites[s])) for z, s in zip(pairs["zone"], pairs["site"], strict=True)]
    pairs.assign(minutes=np.round(km, 1), km=np.round(km, 1)).to_csv(made / "travel.csv", index=False)
    births = [(locality, year, 50) for locality in ("north", "south") for year in (2025, 2026, 2027)]
    pd.DataFrame(births, columns=["locality", "year", "births"]).to_csv(made / "births.csv", index=False)
    others = [(name, year, 900) for name in ("Leeds", "York", "Hull") for year in (2022, 2023, 2024)]
    pd.DataFrame(others, columns=["authority", "year", "plans"]).to_csv(made / "comparators.csv", index=False)
    units = pd.read_csv(made / "units.csv", dtype="str")
    later = units[units["unit"] == "special"].assign(from_year="2025", places="5", ceiling="6")
    now = units["from_year"].mask(units["unit"] == "special", "2024")
    pd.concat([units.assign(from_year=now), later]).to_csv(made / "units.csv", index=False)
    (made / "cases.csv").write_text(CASES, encoding="utf-8")
    (made / "packages.csv").write_text(PACKAGES, encoding="utf-8")
    return made


def leave_out(folder: Path, table: str, which: Callable[[pd.DataFrame], pd.Series]) -> None:
    """Take the rows of a table for which ``which`` holds away; there must be some."""
    rows = pd.read_csv(folder / f"{table}.csv", dtype="str")
    gone = which(rows).fillna(False).astype(bool)
    assert gone.any()
    rows[~gone].to_csv(folder / f"{table}.csv", index=False)


def said(folder: Path) -> list[str]:
    """What is said of the county: its faults, or its notes where there is none."""
    try:
        return [str(note) for note in read_county(folder).notes]
    except InputError as error:
        return [str(fault) for fault in error.faults]


@dataclass(frozen=True, slots=True)
class Gap:
    """A member of an axis left out, and the words by which what is said has to name it."""

    table: str
    axis: str
    which: Callable[[pd.DataFrame], pd.Series]
    named: tuple[str, ...]


GAPS = (
    Gap("zones", "locality", lambda t: t["locality"] == "south", ("z3",)),
    Gap("population", "zone", lambda t: t["zone"] == "z3", ("population", "z3")),
    Gap("population", "zone", lambda t: (t["zone"] == "z3") & (t["year"] == "2027"), ("z3", "2027", "aged forward")),
    Gap("population", "zone", lambda t: (t["zone"] == "z3") & (t["year"] == "2023"), ("z3", "2023", "first year")),
    Gap("population", "zone", lambda t: (t["zone"] == "z3") & (t["year"] < "2027"), ("z3", "2023 to 2024")),
    Gap("population", "age", lambda t: t["age"] == "7", ("age 7", "any year")),
    Gap("population", "age", lambda t: (t["age"] == "7") & (t["year"] == "2027"), ("age 7", "2027")),
    Gap("population", "age", lambda t: (t["age"] == "7") & (t["zone"] == "z2"), ("z2", "age 7")),
    Gap("population", "year", lambda t: t["year"] == "2024", ("2024", "as_of", "2023")),
    Gap("plans", "year", lambda t: (t["year"] == "2023") & (t["margin"] == "total"), ("total", "stock", "2023")),
    Gap("plans", "year", lambda t: t["year"] == "2024", ("stock", "2024", "as_of")),
    Gap("plans", "year", lambda t: (t["year"] == "2024") & (t["margin"] == "need"), ("need", "2024")),
    Gap("plans", "part", lambda t: (t["year"] == "2023") & (t["need"] == "SLD"), ("need", "6", "10")),
    Gap("plans", "part", lambda t: (t["year"] == "2023") & (t["locality"] == "south"), ("place", "2023", "south")),
    Gap("plans", "part", lambda t: t["locality"] == "south", ("place", "7", "10")),
    Gap("units", "from_year", lambda t: (t["unit"] == "special") & (t["from_year"] == "2024"), ("special", "2025")),
    Gap("top_ups", "unit", lambda t: t["unit"] == "independent", ("independent",)),
    Gap("travel", "zone", lambda t: t["zone"] == "z4", ("travel", "z4")),
    Gap("travel", "site", lambda t: t["site"] == "s2", ("travel", "s2")),
    Gap("travel", "site", lambda t: t["site"] == "s3", ("4 pairs", "s3", "cannot be made")),
    Gap("travel", "site", lambda t: (t["site"] == "s1") & (t["zone"] == "z1"), ("1 pair ", "s1", "cannot be made")),
    Gap("comparators", "year", lambda t: (t["authority"] == "York") & (t["year"] == "2023"), ("York (2023)",)),
    Gap("births", "locality", lambda t: (t["locality"] == "south") & (t["year"] == "2026"), ("south", "2026")),
    Gap("births", "year", lambda t: t["year"] == "2026", ("2026", "year before")),
    Gap("packages", "term", lambda t: t["description"] == "one", ("staff", "autumn 2025 to summer 2026")),
)


def test_every_axis_of_the_contract_is_left_out_here() -> None:
    stated = {(table.name, axis.name) for table in TABLES.values() for axis in table.covers}
    assert {(gap.table, gap.axis) for gap in GAPS} == stated


def test_a_county_that_has_every_row_has_nothing_said_of_it(folder: Path) -> None:
    assert said(folder) == []


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: f"{gap.table}-{gap.axis}-{'-'.join(gap.named)}")
def test_a_member_without_rows_is_a_fault_or_a_note_by_name(folder: Path, gap: Gap) -> None:
    leave_out(folder, gap.table, gap.which)
    found = said(folder)
    assert any(all(word in line for word in gap.named) for line in found), found


def test_a_stated_nought_is_a_nought_and_a_zone_without_people_is_told(folder: Path) -> None:
    table = people((2024,))
    table.assign(people=table["people"].mask(table["zone"] == "z3", 0)).to_csv(folder / "population.csv", index=False)
    assert said(folder) == [
        "population, column people: found nobody in 1 zone in 2024: z3; nobody lives there",
    ]
    now = people_now(read_county(folder)).groupby("zone")["people"].sum()
    assert now["z3"] == 0
    assert now["z2"] == sum(20 + age for age in range(26))


def test_blank_places_of_what_is_commissioned_are_a_fault_here_and_no_room_over_the_border(folder: Path) -> None:
    units = (folder / "units.csv").read_text(encoding="utf-8")
    blank = "special,s2,special,,,any,0,14,2024,,,,10000"
    (folder / "units.csv").write_text(units.replace("special,s2,special,,,any,0,14,2024,3,1,4,10000", blank))
    assert [(f.table, f.row, f.column, f.value) for f in check_county(folder)] == [("units", "4", "places", "a blank")]
    (folder / "units.csv").write_text(units + "over,s3,special,,,any,0,14,,,,,,,no,,\n")
    told = "taken as no room for newcomers; who is there stays"
    assert said(folder) == [f"units, column places: found a blank for over, out of the county; {told}"]


def test_maps_are_of_the_year_of_as_of_and_never_of_a_projection(folder: Path) -> None:
    county = read_county(folder)
    assert people_year(county) == 2024
    groups = people_groups(county, ["ASD"], range(-4, 22), "special")
    assert groups["children"].sum() == people((2024,))["people"].sum()
    people((2021, 2022, 2027)).to_csv(folder / "population.csv", index=False)
    assert people_year(read_county(folder)) == 2022
    people((2026, 2027)).to_csv(folder / "population.csv", index=False)
    assert people_year(read_county(folder)) == 2026


def test_a_locality_that_a_projection_leaves_out_is_aged_forward_as_absent_years_are(folder: Path) -> None:
    """Worked by hand: 2023 and 2024 say what share of each age is there a year later; zones z3 and z4 go on by it."""
    whole = people_ahead(read_county(folder), cube_of(read_county(folder)), range(2024, 2028), known_until=2024)
    leave_out(folder, "population", lambda t: t["zone"].isin(["z3", "z4"]) & (t["year"] == "2027"))
    leave_out(folder, "births", lambda t: t["locality"] == "south")
    county = read_county(folder)
    found = people_ahead(county, cube_of(county), range(2024, 2028), known_until=2024)
    north, south = (list(cube_of(county).localities).index(name) for name in ("north", "south"))
    assert found.of(2027)[north] == pytest.approx(whole.of(2027)[north])
    now = {year: people((year,)).pivot_table(index="zone", columns="age", values="people") for year in (2023, 2024)}
    share = [now[2024][age + 1].sum() / now[2023][age].sum() for age in range(25)]
    ahead = now[2024].loc[["z3", "z4"]].sum().to_list()
    for _ in range(3):
        ahead = [ahead[0], *(ahead[age] * share[age] for age in range(25))]
    assert found.of(2027)[south] == pytest.approx(ahead)
    assert "2 zones that are not given in 2027 aged forward" in found.method
