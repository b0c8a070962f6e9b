"""A county as it is typed: tables of text and settings, which can be spoilt and written as a folder or a workbook.

The county is the tiny one, with whom population and plans leave out filled in, a band, names with accents and, where
asked, every table that a county may have. Its journeys come from roads, the table travel or another engine's file.
"""

import csv
import io
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openpyxl
import shapely
from pyproj import Transformer
from shapely.geometry import Polygon, box, mapping
from tiny_county import TINY_TABLES

from placeplan.county.columns import TABLES

__all__ = ["DEGREES", "Draft", "Form", "Journeys", "Row", "clean_draft", "csv_text"]

Form = Literal["folder", "workbook"]
Journeys = Literal["roads", "travel", "matrix"]
Row = dict[str, str]

DEGREES = Transformer.from_crs(27700, 4326, always_xy=True)
OUTLINES = {"north": box(438000, 347000, 446000, 353000), "south": box(438000, 341000, 446000, 347000)}
NAMES = {"north": "Tŷ Gogledd", "south": "Tŷ De"}

SETTINGS: dict[str, Any] = {
    "format": 1,
    "name": "Tinyshire",
    "authority": "999",
    "as_of": "2025-01-16",
    "price_year": 2025,
    "seed": 1,
    "data_label": "a county made for tests",
    "travel.peak_factor": 1.1,
    "transport.days": 190,
    "overfill.default_ceiling_share": 0.1,
    "expansion.places_by_kind.special": 20,
}

MORE_TABLES = {
    "candidates": """\
candidate,name,site,easting,northing,kind,model,needs,from_year_group,to_year_group,places
more,A base in the south,,441000,344000,ers,alternative,ASD,0,6,8
""",
    "substitutes": """\
need,phase,from_kind,from_model,to_kind,to_model,share,source
ASD,primary,ers,alternative,special,,0.25,a review
""",
    "comparators": """\
authority,year,plans
Far Shire,2022,3300
Far Shire,2023,3500
Far Shire,2024,3900
""",
    "births": """\
locality,year,births
north,2025,52
north,2026,51
south,2025,49
south,2026,50
""",
    "scenarios": """\
scenario,lever,from_year,to_year,locality,need,phase,from_placement,to_placement,effect,effect_low,effect_high,\
excluded,homes,source
Inclusion,inclusion,2026,,,,,,,0.15,0.05,0.25,,,a review
Onward,conversion,2026,2029,north,ASD,secondary,special_independent,resourced_provision,0.1,0.05,0.2,,,a review
""",
    "cases": """\
case,child,zone,year_group,need,second_need,band,unit,suits,may_move,prefers,family_transport,most_minutes,start_term
N1,c5,,,,,,,,,,no,60,autumn 2025
N2,,z3,4,ASD,,,,ers:alternative;special,yes,,no,,autumn 2025
""",
    "quotes": """\
case,quote,school,unit,provision,fee,fee_low,fee_high,transport,transport_low,transport_high,health,health_low,\
health_high,care,care_low,care_high,minutes,km
N1,Q1,Far House School,independent,day,44000,42000,46000,,,,0,,,2000,,,,
""",
    "packages": """\
case,package,unit,line,description,payer,pounds,pounds_low,pounds_high,per,hours_week,start_term,end_term
N2,P1,,staff,an assistant,education,18,,,hour,20,,
""",
    "vetoes": """\
case,option,by,reason
N2,special,family,too far from the brothers
""",
    "decisions": """\
case,recommended,decision,option,decided_by,decided_on,reason,consulted
N2,P1,agreed,P1,the panel,2025-01-10,near home,yes
""",
}


@dataclass(slots=True)
class Draft:
    """What stands in a county's files, before they are written; ``edits`` spoil a file, or a workbook, as written."""

    form: Form
    journeys: Journeys
    settings: dict[str, Any]
    tables: dict[str, list[Row]]
    outlines: dict[str, Polygon]
    edits: list[Callable[[Any], None]] = field(default_factory=list)
    toml: str | None = None

    def copy(self) -> "Draft":
        """The same, to be changed apart from this one."""
        return deepcopy(self)

    def cells(self, wanted: Callable[[str, Any], bool]) -> list[tuple[str, int, str]]:
        """Every filled cell (table, place of the row, column) whose table and column are ``wanted``."""
        return [
            (name, place, column.name)
            for name, rows in self.tables.items()
            for place, row in enumerate(rows)
            for column in TABLES[name].columns
            if row.get(column.name) and wanted(name, column)
        ]

    def text(self, table: str) -> str:
        """A table as csv."""
        return csv_text(self.tables[table])

    def write(self, folder: Path) -> Path:
        """Write the county into ``folder`` and return its path."""
        folder.mkdir(parents=True)
        return self._folder(folder) if self.form == "folder" else self._workbook(folder)

    def _folder(self, folder: Path) -> Path:
        toml = _toml(self.settings) if self.toml is None else self.toml
        (folder / "county.toml").write_text(toml, encoding="utf-8", newline="\n")
        for name in self.tables:
            if name == "travel" and self.journeys == "matrix":
                (folder / "travel").mkdir()
                (folder / "travel" / "minutes.csv").write_text(self.text(name), encoding="utf-8", newline="\n")
            elif name != "localities":
                (folder / f"{name}.csv").write_text(self.text(name), encoding="utf-8", newline="\n")
        features = [
            {
                "type": "Feature",
                "properties": dict(row),
                "geometry": mapping(shapely.transform(self.outlines[row["locality"]], _degrees)),
            }
            for row in self.tables["localities"]
        ]
        (folder / "localities.geojson").write_text(_json({"type": "FeatureCollection", "features": features}))
        for edit in self.edits:
            edit(folder)
        return folder

    def _workbook(self, folder: Path) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        sheet = book.create_sheet("county")
        for row in [("setting", "value"), *self.settings.items()]:
            sheet.append(row)
        for name, rows in self.tables.items():
            sheet = book.create_sheet(name)
            shapes = name == "localities"
            sheet.append([*rows[0], *(["geometry"] if shapes else [])])
            for row in rows:
                shape = [self.outlines[row["locality"]].wkt] if shapes else []
                sheet.append([*(_typed(name, column, cell) for column, cell in row.items()), *shape])
        path = folder / "county.xlsx"
        for edit in self.edits:
            edit(book)
        book.save(path)
        return path


def _degrees(places: Any) -> Any:
    """Metres of the National Grid as longitude and latitude."""
    return np.column_stack(DEGREES.transform(places[:, 0], places[:, 1]))


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def csv_text(rows: list[Row]) -> str:
    """Rows as csv with their header."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _typed(table: str, column: str, cell: str) -> str | float | None:
    """A cell as it is typed into Excel: numbers as numbers, words as words."""
    if cell == "":
        return None
    described = {part.name: part for part in TABLES[table].columns}.get(column)
    if described is not None and described.type in ("whole", "number"):
        try:
            return float(cell)
        except ValueError:
            return cell
    return cell


def _toml(settings: dict[str, Any]) -> str:
    lines = []
    for key in sorted(settings, key=lambda name: name.count(".")):
        value = settings[key]
        if isinstance(value, bool):
            shown = "true" if value else "false"
        elif isinstance(value, str) and key != "as_of":
            shown = _json(value)
        else:
            shown = str(value)
        lines.append(f"{key} = {shown}")
    return "\n".join(lines) + "\n"


def _rows(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text)))


def clean_draft(*, form: Form = "folder", journeys: Journeys = "roads", whole: bool = False) -> Draft:
    """The county without a fault; ``whole`` has every table."""
    tables = {"localities": [{"locality": name, "name": NAMES[name]} for name in OUTLINES]}
    tables |= {name: _rows(text) for name, text in TINY_TABLES.items()}
    zones = {"z1": 22, "z2": 29, "z3": 12.5, "z4": 38}
    tables["population"] = [
        {"zone": zone, "year": str(year), "age": str(age), "people": f"{people + (age + year) % 3:g}"}
        for zone, people in zones.items()
        for year in (2023, 2024)
        for age in range(26)
    ]
    for child in tables["children"]:
        child["band"] = {"c1": "B3", "c3": "B4"}.get(child["child"], "")
        child["may_move"] = "yes" if child["child"] == "c2" else "no"
    for need, band, pounds in (("", "B3", "9000"), ("SLD", "B4", "16000")):
        kind = "ers" if band == "B3" else "special"
        tables["top_ups"].append(
            {"unit": "", "kind": kind, "need": need, "band": band, "pounds": pounds, "fund": "high_needs"}
        )
    if whole:
        tables |= {name: _rows(text) for name, text in MORE_TABLES.items()}
    settings = dict(SETTINGS)
    if journeys != "roads":
        del tables["roads"]
        tables["travel"] = _journeys(tables)
    if journeys == "matrix":
        settings |= {"travel.matrix_format": "long", "travel.matrix_unit": "minutes"}
        tables["travel"] = [
            {"from_id": r["zone"], "to_id": r["site"], "travel_time": r["minutes"], "km": r["km"]}
            for r in tables["travel"]
        ]
    return Draft(form, journeys, settings, tables, dict(OUTLINES))


def _journeys(tables: dict[str, list[Row]]) -> list[Row]:
    """Every zone to every site by straight lines a quarter longer, at 40 km/h."""
    rows = []
    for zone in tables["zones"]:
        for site in tables["sites"]:
            metres = sum((float(zone[axis]) - float(site[axis])) ** 2 for axis in ("easting", "northing")) ** 0.5
            km = 1.25 * metres / 1000
            rows.append({"zone": zone["zone"], "site": site["site"], "minutes": f"{1.5 * km:.1f}", "km": f"{km:.2f}"})
    return rows
