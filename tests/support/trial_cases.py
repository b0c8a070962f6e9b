"""Trials of what is read, each with what is right: counties that were once answered wrongly without a word."""

import csv
import io
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random

import geopandas as gpd
import pandas as pd
from pyogrio import write_dataframe
from shapely.geometry import LineString
from support.commands import call
from support.county_draft import Draft, Form, Journeys, clean_draft
from support.mutated_counties import tried
from support.mutations import Mutator, Spoilt
from support.mutators_files import as_workbook
from support.trial_roads import road_trials

import placeplan as pp
from placeplan.errors import PlaceplanError

__all__ = ["TRIALS", "Trial"]

Spoil = Callable[[Draft], Spoilt]


@dataclass(frozen=True, slots=True)
class Trial:
    """A kind of trial, what is tried, and the check of it: what is wrong in words, nothing where it is right."""

    kind: str
    name: str
    check: Callable[[Path], str]


def county_trial(
    kind: str,
    name: str,
    right: str,
    spoil: Spoil,
    *,
    form: Form = "folder",
    journeys: Journeys = "roads",
    whole: bool = False,
) -> Trial:
    """A spoilt county that has to come out as ``right`` says, by the same rules as a mutator's."""

    def check(folder: Path) -> str:
        def turned(draft: Draft, _: Random) -> Spoilt:
            fresh = clean_draft(form=form, journeys=journeys, whole=whole)
            spoilt = spoil(fresh)
            for field in Draft.__slots__:
                setattr(draft, field, getattr(fresh, field))
            return spoilt

        mutator = Mutator(name, tuple(right.split()), name, turned, form, journeys, whole)
        outcome = tried(mutator, 0, folder)
        return "" if outcome.holds else f"{outcome.came}: {outcome.told}"

    return Trial(kind, name, check)


def formulas(table: str, column: str) -> Spoil:
    """A whole column of formulas whose values were never worked out."""

    def spoil(draft: Draft) -> Spoilt:
        def edit(book):
            sheet = book[table]
            at = [cell.value for cell in sheet[1]].index(column) + 1
            for line in range(2, sheet.max_row + 1):
                value = sheet.cell(line, at).value
                if value is not None:
                    sheet.cell(line, at).value = f'="{value}"' if isinstance(value, str) else f"=0+{value:g}"

        draft.edits.append(edit)
        return Spoilt((table,), column)

    return spoil


def another_file(table: str, name: str, make: Callable[[str], str | bytes]) -> Spoil:
    """A table under another name or ending."""

    def spoil(draft: Draft) -> Spoilt:
        def edit(folder: Path) -> None:
            text = (folder / f"{table}.csv").read_text(encoding="utf-8")
            (folder / f"{table}.csv").unlink()
            made = make(text)
            (folder / name).write_bytes(made if isinstance(made, bytes) else made.encode())

        draft.edits.append(edit)
        return Spoilt((table, name))

    return spoil


def cells(table: str, column: str, change: Callable[[str], str], *, row: int | None = None) -> Spoil:
    """Cells of a column written otherwise: one row's, or every row's."""

    def spoil(draft: Draft) -> Spoilt:
        for place, one in enumerate(draft.tables[table]):
            if row in (None, place):
                one[column] = change(one[column])
        return Spoilt((table, "minutes.csv"), column if row is not None else "")

    return spoil


def seconds_said(draft: Draft) -> Spoilt:
    """Another engine's minutes are said to be seconds."""
    draft.settings["travel.matrix_unit"] = "seconds"
    return Spoilt(("travel", "minutes.csv"))


def swapped_far_site(draft: Draft) -> Spoilt:
    """The axes of a school out of the county are changed over."""
    row = next(row for row in draft.tables["sites"] if row["locality"] == "out_of_county")
    row["easting"], row["northing"] = row["northing"], row["easting"]
    return Spoilt(("sites",))


def journey_unknown(draft: Draft) -> Spoilt:
    """A placed child's journey is in no row."""
    rows = draft.tables["travel"]
    draft.tables["travel"] = [row for row in rows if (row["zone"], row["site"]) != ("z4", "s3")]
    return Spoilt(("travel",))


def zone_without_people(draft: Draft) -> Spoilt:
    """A zone has no row of people."""
    draft.tables["population"] = [row for row in draft.tables["population"] if row["zone"] != "z3"]
    return Spoilt(("population",))


def later_year(draft: Draft) -> Spoilt:
    """A later year has one locality's people alone."""
    rows = draft.tables["population"]
    rows += [{**row, "year": "2027"} for row in rows if row["zone"] in ("z1", "z2") and row["year"] == "2024"]
    return Spoilt(("population",))


def places_by_kind(draft: Draft) -> Spoilt:
    """Places are stated for a kind that never grows."""
    draft.settings["expansion.places_by_kind.support_centre"] = 9
    return Spoilt(("county.toml",), "support_centre")


def empty_headers(draft: Draft) -> Spoilt:
    """Every header of the template stands with nothing under it."""
    draft.edits.append(
        lambda folder: (folder / "county.toml").write_text(
            (folder / "county.toml").read_text() + "[cases]\n[cases.weights]\n[cases.not_stated]\n[rules.equity]\n"
        )
    )
    return Spoilt(("county.toml",))


def as_excel_saves_csv(draft: Draft) -> Spoilt:
    """Days with the day first, Yes and N, pounds with their sign: a byte order mark before each table."""
    for row in draft.tables["children"]:
        if row["since"]:
            year, month, day = row["since"].split("-")
            row["since"] = f"{day}/{month}/{year}"
        row["may_move"] = {"yes": "Yes", "no": "N"}[row["may_move"]]
    for row in draft.tables["top_ups"]:
        row["pounds"] = f"£{int(row['pounds']):,}"

    def edit(folder: Path) -> None:
        for path in folder.glob("*.csv"):
            path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    draft.edits.append(edit)
    return Spoilt(("children", "top_ups"))


def apart(draft: Draft) -> Spoilt:
    """A zone's accent is a letter of its own in one table."""
    for rows in draft.tables.values():
        for row in rows:
            if row.get("zone") == "z1":
                row["zone"] = "T\u0177 Coch"
    by_hand = draft.copy()
    draft.tables["zones"][0]["zone"] = "Ty\u0302 Coch"
    return Spoilt(("zones", "population"), "zone", by_hand)


def renamed_sheet(draft: Draft) -> Spoilt:
    """The children's sheet is called CYP."""
    draft.edits.append(lambda book: setattr(book["children"], "title", "CYP"))
    return Spoilt(("CYP", "children"))


def vetoes_in_excel(folder: Path) -> str:
    """A vetoed option is offered where the vetoes are an Excel file."""
    county = folder / "derbyshire"
    shutil.copytree(str(files("placeplan.examples") / "derbyshire"), county)
    text = (county / "vetoes.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    (county / "vetoes.csv").unlink()
    (county / "vetoes.xlsx").write_bytes(as_workbook(text))
    result = call("check", county)
    if result.exit_code == 2:
        return "" if "vetoes.xlsx" in result.stderr else result.stderr
    read = pp.read_county(county)
    said = "vetoes.xlsx" in result.stdout
    return "" if said or len(read.vetoes) == len(rows) else "vetoes.xlsx is left out without a word"


def gaps_of_everybody(folder: Path) -> str:
    """Rows of one locality for a later year take the others' people away."""
    county = folder / "derbyshire"
    shutil.copytree(str(files("placeplan.examples") / "derbyshire"), county)
    people, zones = pd.read_csv(county / "population.csv"), pd.read_csv(county / "zones.csv")
    inside = people["zone"].isin(zones.loc[zones["locality"] == "ER", "zone"])
    latest = people["year"] == people["year"].max()
    pd.concat([people, people[inside & latest].assign(year=people["year"].max() + 3)]).to_csv(
        county / "population.csv", index=False
    )
    result = call("check", county)
    if "population" in result.stderr or "population" in result.stdout:
        return ""
    read, whole = pp.read_county(county), pp.read_county("example:derbyshire")
    beyond = [
        pp.measure_coverage(one, pp.travel_times(one)).tables["place_gaps"]["people_beyond"].sum()
        for one in (read, whole)
    ]
    return "" if beyond[0] == beyond[1] else f"gaps of everybody: {beyond[0]:,} people in place of {beyond[1]:,}"


def geopackage_with_changes_beside_it(folder: Path) -> str:
    """A GeoPackage of roads is open in another program, and what was saved lies in its -wal."""
    county = clean_draft().write(folder / "open")
    roads = pd.read_csv(county / "roads.csv")
    (county / "roads.csv").unlink()
    (county / "roads").mkdir()
    path = county / "roads" / "SK.gpkg"
    lines = [LineString([(r.from_easting, r.from_northing), (r.to_easting, r.to_northing)]) for r in roads.itertuples()]
    about = {
        "id": roads.index.astype(str),
        "road_function": "A Road",
        "form_of_way": "Single Carriageway",
        "length": roads["metres"],
        "start_node": roads["from"],
        "end_node": roads["to"],
    }
    write_dataframe(gpd.GeoDataFrame(about, geometry=lines, crs=27700), path, layer="road_link")
    database = sqlite3.connect(path)
    try:
        database.execute("pragma journal_mode=wal").fetchone()
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{name}"')
        database.commit()
        database.execute("pragma wal_checkpoint(TRUNCATE)")
        database.execute("pragma wal_autocheckpoint=0")
        before = pp.read_county(county)
        pp.travel_times(before)
        database.execute("update road_link set road_function = 'Local Access Road'")
        database.commit()
        try:
            after = pp.read_county(county)
            kept, anew = pp.travel_times(after).minutes, pp.travel_times(after, cache=False).minutes
        except PlaceplanError as error:
            return "" if "SK.gpkg" in str(error) else str(error)
    finally:
        database.close()
    stale = abs(kept - anew).max() > 1e-9 or after.digest == before.digest
    return "stale journeys, or the same digest for other roads" if stale else ""


def long_name(folder: Path) -> str:
    """A county's name is a sentence."""
    draft = clean_draft()
    draft.settings["name"] = "Special places plan of the county " * 8
    county = draft.write(folder / "long")
    result = call("allocate", county)
    lines = len(result.stderr.splitlines())
    return "" if result.exit_code == 0 or (result.exit_code == 2 and lines == 1) else f"exit {result.exit_code}"


READING = (
    county_trial(
        "formulas and error cells", "places as formulas", "refused", formulas("units", "places"), form="workbook"
    ),
    county_trial(
        "formulas and error cells", "units as formulas", "refused", formulas("children", "unit"), form="workbook"
    ),
    county_trial("formulas and error cells", "#REF! for a name", "refused", cells("sites", "name", lambda _: "#REF!")),
    county_trial(
        "names and endings", "children.xlsx", "refused same", another_file("children", "children.xlsx", as_workbook)
    ),
    county_trial(
        "names and endings", "children.txt", "refused noted same", another_file("children", "children.txt", str)
    ),
    county_trial(
        "names and endings",
        "children.tsv",
        "refused noted same",
        another_file("children", "children.tsv", lambda text: text.replace(",", "\t")),
    ),
    county_trial(
        "names and endings",
        "Copy of children.csv",
        "refused noted",
        another_file("children", "Copy of children.csv", str),
    ),
    county_trial("names and endings", "a sheet called CYP", "refused noted", renamed_sheet, form="workbook"),
    Trial("names and endings", "vetoes.xlsx", vetoes_in_excel),
    county_trial("absent rows", "a later year for one locality", "refused noted", later_year),
    Trial("absent rows", "gaps of everybody with such a year", gaps_of_everybody),
    county_trial("absent rows", "a zone without people", "refused noted", zone_without_people),
    county_trial("absent rows", "a journey that is not known", "refused noted", journey_unknown, journeys="travel"),
    county_trial("codes", "band b3 beside B3", "refused noted same", cells("children", "band", lambda _: "b3", row=0)),
    county_trial("codes", "band #N/A", "refused", cells("children", "band", lambda _: "#N/A", row=0)),
    county_trial("codes", "accents apart", "refused noted lawful", apart),
    county_trial("units of measure", "minutes said to be seconds", "refused noted", seconds_said, journeys="matrix"),
    *(
        county_trial(
            "units of measure",
            f"{column} of {journeys} times {factor:g}",
            "refused noted",
            cells("travel", column, lambda text, factor=factor: f"{factor * float(text):.4f}"),
            journeys=journeys,
        )
        for journeys, columns in (("matrix", ("travel_time", "km")), ("travel", ("minutes", "km")))
        for column, factor in (
            (columns[0], 60),
            (columns[0], 0),
            (columns[1], 1000),
            (columns[1], 0.62),
            (columns[1], 0),
        )
    ),
    county_trial("units of measure", "axes of a site out of the county", "refused noted", swapped_far_site),
    county_trial("settings", "places by a kind that never grows", "refused", places_by_kind),
    county_trial("settings", "headers with nothing under them", "same", empty_headers),
    county_trial("as people write", "csv as Excel saves it in England", "same noted", as_excel_saves_csv),
    Trial("files and caches", "a GeoPackage that is open elsewhere", geopackage_with_changes_beside_it),
    Trial("files and caches", "a long name", long_name),
)

TRIALS = (*READING, *(Trial("roads' tags", name, check) for name, check in road_trials()))
"""Every trial, in the order of the issue."""
