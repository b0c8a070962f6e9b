"""Every kind of damaged input gives its one clear fault: table, row, column, value and what was expected."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from tiny_county import write_tiny_county

from placeplan.county.reading import check_county, read_county
from placeplan.errors import Fault, InputError, UsageError

Damage = Callable[[Path], object]


def swap(file: str, old: str, new: str) -> Damage:
    """Put ``new`` for the one place where ``old`` stands in a file."""

    def damage(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    return damage


def add(file: str, line: str) -> Damage:
    """Add a line at the end of a file."""

    def damage(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8", newline="\n") as opened:
            opened.write(line + "\n")

    return damage


def put(file: str, content: bytes) -> Damage:
    """Write a file anew."""
    return lambda folder: (folder / file).write_bytes(content)


def remove(file: str) -> Damage:
    """Take a file away."""
    return lambda folder: (folder / file).unlink()


def rename(file: str, other: str) -> Damage:
    """Give a file another name."""
    return lambda folder: (folder / file).rename(folder / other)


def all_of(*damages: Damage) -> Damage:
    """One damage after the other."""

    def damage(folder: Path) -> None:
        for each in damages:
            each(folder)

    return damage


def geojson(change: Callable[[dict], object]) -> Damage:
    """Change the localities' GeoJSON."""

    def damage(folder: Path) -> None:
        collection = json.loads((folder / "localities.geojson").read_text(encoding="utf-8"))
        change(collection)
        (folder / "localities.geojson").write_text(json.dumps(collection), encoding="utf-8")

    return damage


def swapped_ring(collection: dict) -> None:
    """Latitude before longitude, in the second locality."""
    geometry = collection["features"][1]["geometry"]
    geometry["coordinates"] = [[(y, x) for x, y in ring] for ring in geometry["coordinates"]]


def metric_ring(collection: dict) -> None:
    """Metres where degrees are expected, in the first locality."""
    ring = [(438000, 347000), (446000, 347000), (446000, 353000), (438000, 347000)]
    collection["features"][0]["geometry"]["coordinates"] = [ring]


TRAVEL = b"zone,site,minutes,km\nz1,s1,5,2\n"
Q = "'"

# name, damage, (table, row, column), what the value holds, what is expected holds
CASES = [
    # files
    ("missing table", remove("sites.csv"), ("sites", "", ""), "no such table", "a school or college"),
    ("no settings", remove("county.toml"), ("county.toml", "", ""), "no such file", "placeplan new"),
    ("misnamed table", rename("children.csv", "childrens.csv"), ("children", "", ""), "childrens.csv", "children.csv"),
    ("table in capitals", rename("children.csv", "Children.csv"), ("children", "", ""), "Children.csv", "children.csv"),
    ("empty file", put("children.csv", b""), ("children", "", ""), "empty file, children.csv", "header"),
    ("blank file", put("children.csv", b"\n , \n"), ("children", "", ""), "empty file, children.csv", "header"),
    ("no rows", put("top_ups.csv", b"unit,kind,pounds,fund\n"), ("top_ups", "", ""), "no rows", "at least one row"),
    (
        "not UTF-8",
        put("children.csv", b"child,zone,year_group,need,unit\nc1,z1,3,ASD,base_primary\nc\xe92,z2,5,ASD,special\n"),
        ("children", "3", ""),
        "byte 0xE9 on line 3 of children.csv",
        "UTF-8",
    ),
    (
        "UTF-16",
        put("children.csv", "child,zone\n".encode("utf-16")),
        ("children", "1", ""),
        "byte 0xFF on line 1",
        "UTF-8",
    ),
    ("null character", swap("sites.csv", "South School", "South\0School"), ("sites", "3", ""), "null", "UTF-8"),
    ("quotation mark left open", swap("sites.csv", "South School", '"South School'), ("sites", "3", ""), "", "in pairs"),
    ("semicolons", put("travel.csv", b"zone;site;minutes;km\n"), ("travel", "1", ""), "zone;site", "commas"),
    ("a cell too many", swap("sites.csv", "600,20,4", "600,20,4,9"), ("sites", "2", ""), "10 cells", "9 cells"),
    # columns
    ("unknown column", swap("zones.csv", "rural", "postcode"), ("zones", "1", "postcode"), "postcode", "a column of"),
    ("column with capitals", swap("sites.csv", "easting", "Easting "), ("sites", "1", "Easting"), "Easting", "easting"),
    ("column with spaces", swap("sites.csv", "host_roll", "Host roll"), ("sites", "1", "Host roll"), "", "host_roll"),
    ("column twice", swap("zones.csv", "rural", "zone"), ("zones", "1", "zone"), "zone", "each column once"),
    # types
    ("text for a number", swap("zones.csv", "z1,north,440000", "z1,north,west"), ("zones", "2", "easting"), "west", "number"),
    ("Excel date for an age", swap("population.csv", "z1,2024,11", "z1,2024,11-Nov"), ("population", "3", "age"), "11-Nov", "Excel"),
    ("date for a year group", swap("children.csv", "c1,z1,3", "c1,z1,2025-03-01"), ("children", "2", "year_group"), "2025-03-01", "date"),
    ("half a child", swap("units.csv", ",3,1,4,", ",3.5,1,4,"), ("units", "4", "places"), "3.5", "whole number"),
    ("thousands where ambiguous", swap("population.csv", "12.5", '"1,25"'), ("population", "7", "people"), "1,25", "without commas"),
    ("thousands in a measure", swap("roads.csv", "8600", '"8,600"'), ("roads", "7", "metres"), "8,600", "without commas"),
    ("infinite", swap("population.csv", "12.5", "1e999"), ("population", "7", "people"), "1e999", "number"),
    ("not yes or no", swap("zones.csv", "350000,no,5", "350000,perhaps,5"), ("zones", "2", "rural"), "perhaps", "yes or no"),
    ("no such day", swap("children.csv", "2023-01-09", "2023-02-30"), ("children", "5", "since"), "2023-02-30", "YYYY-MM-DD"),
    ("a blank", swap("children.csv", "c4,z4,10,SEMH", "c4,z4,10,"), ("children", "5", "need"), "a blank", "ASD"),
    # codes
    ("unknown need", swap("children.csv", "c1,z1,3,ASD", "c1,z1,3,ADS"), ("children", "2", "need"), "ADS", "perhaps ASD"),
    ("need in small letters", swap("children.csv", "c1,z1,3,ASD", "c1,z1,3,asd"), ("children", "2", "need"), "asd", "perhaps ASD"),
    ("unknown kind", swap("top_ups.csv", ",ers,", ",erss,"), ("top_ups", "2", "kind"), "erss", "perhaps ers"),
    ("unknown model", swap("units.csv", "integrative", "integrated"), ("units", "3", "model"), "integrated", "perhaps integrative"),
    ("unknown fund", swap("top_ups.csv", "5000,health", "5000,heath"), ("top_ups", "6", "fund"), "heath", "perhaps health"),
    ("unknown placement", swap("plans.csv", "special_state", "special"), ("plans", "7", "placement"), "special", "perhaps special_state"),
    (
        "unknown phase",
        put("substitutes.csv", b"need,phase,from_kind,to_kind,share,source\nASD,primry,special,ers,0.1,a study\n"),
        ("substitutes", "2", "phase"),
        "primry",
        "perhaps primary",
    ),
    ("need of a unit", swap("units.csv", "ASD;SLCN", "ASD;SLC"), ("units", "3", "needs"), "SLC", "perhaps SLCN"),
    ("what would suit", swap("children.csv", "ers:integrative", "ers:integrativ"), ("children", "6", "suits"), "ers:integrativ", "perhaps integrative"),
    ("kind that would suit", swap("children.csv", ",,special,,no,\n", ",,specal,,no,\n"), ("children", "7", "suits"), "specal", "perhaps special"),
    # keys and references
    ("key twice", add("sites.csv", "s2,Other,,north,442000,350000,,,"), ("sites", "5", "site"), "s2", "row 3 has it too"),
    ("key of two columns twice", add("population.csv", "z4,2024,11,3"), ("population", "10", ""), "z4, 2024, 11", "row 9"),
    ("zone without a locality", swap("zones.csv", "z1,north", "z1,nroth"), ("zones", "2", "locality"), "nroth", "perhaps north"),
    ("child without a zone", swap("children.csv", "c1,z1", "c1,zz9"), ("children", "2", "zone"), "zz9", "table zones"),
    ("child in no unit", swap("children.csv", "SEMH,,,independent", "SEMH,,,independant"), ("children", "5", "unit"), "independant", "perhaps independent"),
    ("preference for no unit", swap("children.csv", ",no,base_secondary", ",no,base_tertiary"), ("children", "6", "prefers"), "base_tertiary", "perhaps base_"),
    ("unit at no site", swap("units.csv", "special,s2", "special,s9"), ("units", "4", "site"), "s9", "table sites"),
    ("top-up of no unit", swap("top_ups.csv", "independent,,,,55000", "independnt,,,,55000"), ("top_ups", "5", "unit"), "independnt", "perhaps independent"),
    # places
    ("swapped coordinates", swap("zones.csv", "z2,north,444000,350000", "z2,north,350000,444000"), ("zones", "3", "easting"), "350000, 444000", "swapped"),
    ("latitude and longitude", swap("sites.csv", "north,442000,350000", "north,53.04,-1.37"), ("sites", "2", "easting"), "53.04, -1.37", "latitude"),
    ("zone far away", swap("zones.csv", "z4,south,444000,344000", "z4,south,444000,644000"), ("zones", "5", "easting"), "444000, 644000", "km away"),
    ("site out of Britain", swap("sites.csv", "out_of_county,452000", "out_of_county,952000"), ("sites", "4", "easting"), "952000, 347000", "National Grid"),
    ("outline with latitude first", geojson(swapped_ring), ("localities", "3", "geometry"), "", "swapped"),
    ("outline in metres", geojson(metric_ring), ("localities", "2", "geometry"), "438000", "degrees"),
    ("outline missing", geojson(lambda c: c["features"][0].update(geometry=None)), ("localities", "2", "geometry"), "a blank", "polygon"),
    ("point for an outline", geojson(lambda c: c["features"][0].update(geometry={"type": "Point", "coordinates": [-1.3, 53.0]})), ("localities", "2", "geometry"), "a Point", "polygon"),
    ("broken outline", geojson(lambda c: c["features"][0]["geometry"].update(coordinates=[[1]])), ("localities", "2", "geometry"), "Polygon", "a GeoJSON geometry"),
    ("other coordinate system", geojson(lambda c: c.update(crs={"properties": {"name": "EPSG:3857"}})), ("localities", "", "geometry"), "EPSG:3857", "EPSG:4326"),
    ("broken GeoJSON", put("localities.geojson", b'{"type": '), ("localities", "", ""), "localities.geojson", "FeatureCollection"),
    ("GeoJSON of something else", put("localities.geojson", b"[1, 2]"), ("localities", "", ""), "localities.geojson", "FeatureCollection"),
    ("empty GeoJSON", put("localities.geojson", b" "), ("localities", "", ""), "empty file", "FeatureCollection"),
    ("deep GeoJSON", put("localities.geojson", b"[" * 100_000), ("localities", "", ""), "localities.geojson", "FeatureCollection"),
    ("table in two files", put("zones.geojson", b'{"type":"FeatureCollection","features":[{"properties":{"zone":"z1","rural":"no"},"geometry":null}]}'), ("zones", "", ""), "zones.csv and zones.geojson", "one file"),
    ("companion's row unknown", put("zones.geojson", b'{"type":"FeatureCollection","features":[{"properties":{"zone":"z7"},"geometry":null}]}'), ("zones", "2", "zone"), "z7 in zones.geojson", "a row of zones.csv"),
    ("road class without a speed", swap("roads.csv", "8600,primary", "8600,primry"), ("roads", "7", "class"), "primry", "perhaps primary"),
    ("road shorter than straight", swap("roads.csv", "8600", "8.6"), ("roads", "7", "metres"), "8.6", "8544"),
    ("road without an end", swap("roads.csv", ",452000,347000", ",,347000"), ("roads", "7", "geometry"), "", "both ends"),
    ("road in degrees", swap("roads.csv", ",452000,347000", ",-1.2,53"), ("roads", "7", "to_easting"), "-1.2, 53", "latitude"),
    ("node in two places", swap("roads.csv", "n6,n7,8600,primary,no,444000", "n6,n7,8600,primary,no,444500"), ("roads", "7", "from"), "n6 at 444500, 344000", "row 5 has it at 444000"),
    ("roads and travel", put("travel.csv", TRAVEL), ("travel", "", ""), "roads and travel", "one of them"),
    ("neither roads nor travel", remove("roads.csv"), ("roads", "", ""), "no such table", "a table travel"),
    # numbers that cannot be
    ("negative money", swap("top_ups.csv", "8000", "-8000"), ("top_ups", "2", "pounds"), "-8000", "0 or more"),
    ("share above one", put("substitutes.csv", b"need,phase,from_kind,to_kind,share,source\nASD,primary,special,ers,1.5,a study\n"), ("substitutes", "2", "share"), "1.5", "0 to 1"),
    ("its own substitute", put("substitutes.csv", b"need,phase,from_kind,to_kind,share,source\nASD,primary,special,special,0.5,a study\n"), ("substitutes", "2", "to_kind"), "special", "other than"),
    ("age above 25", swap("population.csv", "z1,2024,11", "z1,2024,31"), ("population", "3", "age"), "31", "0 to 25"),
    ("year group above 21", swap("children.csv", "c4,z4,10", "c4,z4,22"), ("children", "5", "year_group"), "22", "-4 to 21"),
    ("year groups the wrong way", swap("units.csv", "any,0,14,,3", "any,14,0,,3"), ("units", "4", "to_year_group"), "0", "14 or more"),
    ("ages the wrong way", swap("plans.csv", "2024,new,need,,,", "2024,new,need,9,4,"), ("plans", "10", "age_to"), "4", "9 or more"),
    ("academic year as 202425", swap("plans.csv", "2024,new,need", "202425,new,need"), ("plans", "10", "year"), "202425", "2100"),
    ("margin does not add up", swap("plans.csv", "ASD,,,,,3", "ASD,,,,,4"), ("plans", "3", "plans"), "need adding up to 7", "6, the total"),
    ("part of a margin above the total", all_of(swap("plans.csv", "ASD,,,,,3", "ASD,,,,,9"), swap("plans.csv", "SLD,,,,,2", "SLD,,,,,x")), ("plans", "3", "plans"), "adding up to 10", "at most 6"),
    # units, children, top-ups
    ("autism base without a model", swap("units.csv", "ers,alternative", "ers,"), ("units", "2", "model"), "a blank", "autism"),
    ("more of other authorities than places", swap("units.csv", ",3,1,4,", ",3,4,4,"), ("units", "4", "other_authorities"), "4", "at most 3"),
    ("ceiling under places", swap("units.csv", ",3,1,4,", ",3,1,2,"), ("units", "4", "ceiling"), "2", "3 or more"),
    ("ceiling without places", swap("units.csv", "any,0,14,,,,,", "any,0,14,,,,9,"), ("units", "5", "places"), "a blank", "ceiling is 9"),
    ("discount above cost", swap("units.csv", "10000,0,no", "10000,10001,no"), ("units", "4", "filled_discount"), "10001", "at most 10000"),
    ("unit's rows disagree", add("units.csv", "special,s1,special,,,any,0,14,2026,5,1,6,10000,0,no,,"), ("units", "6", "site"), "s1", "s2, as in"),
    ("child with neither unit nor suits", swap("children.csv", ",,special,,no,\n", ",,,,no,\n"), ("children", "7", "suits"), "a blank", "what would meet the plan"),
    ("top-up of unit and kind", swap("top_ups.csv", "independent,,,,55000", "independent,independent_special,,,55000"), ("top_ups", "5", "kind"), "unit independent and kind", "one of"),
    ("top-up of nothing", swap("top_ups.csv", ",special,,,12000", ",,,,12000"), ("top_ups", "3", "kind"), "neither", "one of"),
    ("same top-up twice", add("top_ups.csv", ",special,,,13000,high_needs"), ("top_ups", "7", ""), "special, high_needs", "row 3 has it too"),
    (
        "equally specific top-ups",
        all_of(add("top_ups.csv", ",special,,B,16000,high_needs"), swap("children.csv", "c3,z3,8,SLD,,", "c3,z3,8,SLD,,B")),
        ("top_ups", "7", "need"),
        "need SLD and band B apart",
        "row 4 is as specific",
    ),
    # county.toml
    ("broken TOML", swap("county.toml", "seed = 1", "seed = "), ("county.toml", "", ""), "line", "TOML"),
    ("TOML not UTF-8", put("county.toml", b'name = "\xff"\n'), ("county.toml", "1", ""), "byte 0xFF on line 1", "UTF-8"),
    ("another format", swap("county.toml", "format = 1", "format = 2"), ("county.toml", "", "format"), "2", "1"),
    ("no day", swap("county.toml", "as_of = 2025-01-16\n", ""), ("county.toml", "", "as_of"), "", "a date"),
    ("not a day", swap("county.toml", "2025-01-16", '"January 2025"'), ("county.toml", "", "as_of"), "January 2025", "a date"),
    ("unknown setting", swap("county.toml", "price_year", "prise_year"), ("county.toml", "", "prise_year"), "2025", "perhaps price_year"),
    ("text for a number in settings", swap("county.toml", "seed = 1", 'seed = "one"'), ("county.toml", "", "seed"), "one", "whole number"),
    ("number for a section", add("county.toml", "travel = 3"), ("county.toml", "", "travel"), "3", "[travel]"),
    ("section for a list", add("county.toml", "[spot_purchase]\npounds = 3"), ("county.toml", "", "spot_purchase"), "", "[[spot_purchase]]"),
    ("unknown kind in settings", add("county.toml", "[places.speical]\nfixed_cost = 3"), ("county.toml", "", "places.speical"), "", "perhaps special"),
    ("new kind without its cost", add("county.toml", "[places.college]\nfilled_discount = 3"), ("county.toml", "", "places.college.fixed_cost"), "", "number"),
    ("new vehicle in part", add("county.toml", "[transport.vehicles.bus]\ncharge = 3\nriders = 9"), ("county.toml", "", "transport.vehicles.bus.pounds_per_km"), "", "number"),
    ("no such vehicle", add("county.toml", '[transport]\ndefault_vehicle = "taxy"'), ("county.toml", "", "transport.default_vehicle"), "taxy", "perhaps taxi"),
    ("bands that do not reach one", add("county.toml", "[[overfill.bands]]\nshare = 0.5\npenalty = 1"), ("county.toml", "", "overfill.bands"), "shares 0.5", "rise to 1"),
    ("penalties that fall", add("county.toml", "[[overfill.bands]]\nshare = 0.5\npenalty = 9\n[[overfill.bands]]\nshare = 1\npenalty = 1"), ("county.toml", "", "overfill.bands"), "penalties 9, 1", "do not fall"),
    ("nobody entitled at first", add("county.toml", "[[transport.entitled]]\nshare = 1\nfrom_km = 3"), ("county.toml", "", "transport.entitled"), "", "from 0 km"),
    ("no fee for some", add("county.toml", '[[spot_purchase]]\npounds = 1\nkm = 1\nminutes = 1\nsource = "s"\nneed = "HI"'), ("county.toml", "", "spot_purchase"), "", "every plan"),
    ("fee without a source", add("county.toml", "[[spot_purchase]]\npounds = 1\nkm = 1\nminutes = 1"), ("county.toml", "", "spot_purchase.1.source"), "", "where the fee comes from"),
    ("infinite setting", add("county.toml", "[travel]\npeak_factor = inf"), ("county.toml", "", "travel.peak_factor"), "inf", "a number above 0"),
    ("speed of nothing", add("county.toml", "[travel.speeds]\nprimary = 0"), ("county.toml", "", "travel.speeds.primary"), "0", "above 0"),
    ("discount above the default cost", add("county.toml", "[places.special]\nfilled_discount = 20000"), ("county.toml", "", "places.special.filled_discount"), "20000", "at most 10000"),
]  # fmt: skip

# Damage that shows in more than one place, or that needs the file written anew: all of these faults and no more.
SEVERAL = [
    (
        "missing column",
        put("zones.csv", b"zone,locality,northing\nz1,north,350000\nz2,north,350000\nz3,south,1\nz4,south,344000\n"),
        [("zones", "", "easting")],
    ),
    ("two missing tables", all_of(remove("units.csv"), remove("plans.csv")), [("plans", "", ""), ("units", "", "")]),
    ("child without a top-up", swap("top_ups.csv", ",ers,,", ",ers,SLCN,"), [("children", "2", "unit"), ("children", "3", "unit")]),
    (
        "faults everywhere",
        all_of(
            swap("county.toml", "seed = 1", "seeds = 1"),
            swap("zones.csv", "z2,north,444000", "z2,north,x"),
            swap("zones.csv", "z2,north", "z2,nowhere"),
            swap("children.csv", "c2,z2,5,ASD", "c2,z2,55,XXX"),
            swap("children.csv", "c1,z1,3", "c1,z1,33"),
            swap("top_ups.csv", "5000,health", "-1,health"),
        ),
        [
            ("county.toml", "", "seeds"),
            ("zones", "3", "easting"),
            ("zones", "3", "locality"),
            ("children", "2", "year_group"),
            ("children", "3", "need"),
            ("children", "3", "year_group"),
            ("top_ups", "6", "pounds"),
        ],
    ),
    (
        "an unknown zone in many rows is told once",
        all_of(remove("population.csv"), put("population.csv", b"zone,year,age,people\nz9,2024,4,1\nz9,2024,5,1\nz9,2024,6,1\n")),
        [("population", "2", "zone")],
    ),
    (
        "rows whose key cannot be read are not repeats",
        put("population.csv", b"zone,year,age,people\nz1,2024,x,1\nz1,2024,y,1\nz1,,4,1\nz1,,4,1\n"),
        [("population", "2", "age"), ("population", "3", "age"), ("population", "4", "year"), ("population", "5", "year")],
    ),
    (
        "visiting teacher with places",
        all_of(
            swap("units.csv", "special,s2,special,,,any,0,14,,3,1,4", "special,s2,peripatetic,,,any,0,14,,3,,"),
            add("top_ups.csv", ",peripatetic,,,0,high_needs"),
        ),
        [("units", "4", "places")],
    ),
    (
        "a unit's year twice",
        add("units.csv", "special,s2,special,,,any,0,14,,5,1,6,10000,0,no,,"),
        [("units", "6", "")],
    ),
    (
        "ids made into numbers by a spreadsheet",
        swap("sites.csv", "s2,South", "2.00E+05,South"),
        [("units", "4", "site")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "place", "value", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_damage_gives_its_one_fault(
    tmp_path: Path, damage: Damage, place: tuple[str, str, str], value: str, expected: str
) -> None:
    folder = write_tiny_county(tmp_path / "county")
    damage(folder)
    with pytest.raises(InputError) as raised:
        read_county(folder)
    (fault,) = raised.value.faults
    assert (fault.table, fault.row, fault.column) == place
    assert value in fault.value
    assert expected in fault.expected


@pytest.mark.parametrize(("damage", "places"), [c[1:] for c in SEVERAL], ids=[c[0] for c in SEVERAL])
def test_several_faults_come_at_once_and_in_order(
    tmp_path: Path, damage: Damage, places: list[tuple[str, str, str]]
) -> None:
    folder = write_tiny_county(tmp_path / "county")
    damage(folder)
    assert [(fault.table, fault.row, fault.column) for fault in check_county(folder)] == places


def test_a_good_county_has_no_fault(tmp_path: Path) -> None:
    assert check_county(write_tiny_county(tmp_path)) == []


def test_repeats_of_an_unknown_value_are_counted(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    put("population.csv", b"zone,year,age,people\nz9,2024,4,1\nz9,2024,5,1\nz9,2024,6,1\n")(folder)
    (fault,) = check_county(folder)
    assert "2 more rows" in fault.expected


def test_a_fault_says_where_and_what(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    swap("units.csv", ",3,1,4,", ",3,1,2,")(folder)
    (fault,) = check_county(folder)
    assert str(fault) == "units, row 4, column ceiling: found 2; expected 3 or more, as places is"


# What today's placements break is told as a breach later; it is no fault of the tables.
TOLERATED = [
    ("byte order mark", lambda folder: (folder / "zones.csv").write_bytes(b"\xef\xbb\xbf" + (folder / "zones.csv").read_bytes())),
    ("line ends of Windows", lambda folder: (folder / "zones.csv").write_bytes((folder / "zones.csv").read_bytes().replace(b"\n", b"\r\n"))),
    ("thousands in a count", swap("sites.csv", "s1,North Academy,100001,north,442000,350000,600", 's1,North Academy,100001,north,442000,350000,"1,600"')),
    ("thousands in pounds", swap("top_ups.csv", "55000", '"£55,000"')),
    ("child older than the unit takes", swap("children.csv", "c1,z1,3", "c1,z1,13")),
    ("more children than the ceiling", all_of(add("children.csv", "c7,z1,3,ASD,,,base_primary,,,,"), add("children.csv", "c8,z1,3,ASD,,,base_primary,,,,"))),
    ("blank lines", add("zones.csv", "\n , , \n")),
    ("columns beyond the last, empty", swap("zones.csv", "z1,north,440000,350000,no,5", "z1,north,440000,350000,no,5,,,")),
    ("optional columns left out", put("sites.csv", b"site,name,locality,easting,northing\ns1,N,north,442000,350000\ns2,S,south,442000,344000\ns3,F,out_of_county,452000,347000\n")),
    ("no children", remove("children.csv")),
    ("other files", put("notes.csv", b"\xff\xfe not a table")),
]  # fmt: skip


@pytest.mark.parametrize("change", [case[1] for case in TOLERATED], ids=[case[0] for case in TOLERATED])
def test_what_can_be_read_is_read(tmp_path: Path, change: Damage) -> None:
    folder = write_tiny_county(tmp_path)
    change(folder)
    assert check_county(folder) == []


def test_thousands_are_read_as_what_they_say(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    swap("top_ups.csv", "55000", '"£55,000.50"')(folder)
    swap("population.csv", "12.5", '"1,234,567.25"')(folder)
    county = read_county(folder)
    assert county.top_ups["pounds"].tolist() == [8000, 12000, 15000, 55000.5, 5000]
    assert county.population["people"].iloc[5] == 1234567.25


def test_unpublished_counts_are_missing_and_codes_keep_their_zeros(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    swap("sites.csv", "100001", "007")(folder)
    county = read_county(folder)
    assert county.sites["urn"].tolist()[0] == "007"
    assert county.plans["plans"].isna().tolist() == [False] * 8 + [True]


@pytest.mark.parametrize("source", ["nowhere", "example:nowhere", "file.csv", "a\0b"])
def test_a_county_that_is_not_there_is_a_wrong_call(tmp_path: Path, source: str) -> None:
    (tmp_path / "file.csv").write_text("zone\n", encoding="utf-8")
    with pytest.raises(UsageError):
        read_county(source if source.startswith("example:") else f"{tmp_path}/{source}")


def _workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("sheets", "fault"),
    [
        (
            {"county": [["setting", "value"], ["format", 1], ["nam", "x"]]},
            ("county", "3", "nam", "x", "a known key, perhaps name"),
        ),
        (
            {"county": [["setting", "value"], ["seed", 1], ["seed", 2]]},
            ("county", "3", "seed", "seed", "each setting once, as a dotted key"),
        ),
        ({"county": [["key", "value"]]}, ("county", "1", "", "key, value", "the columns setting and value")),
        (
            {"County": [["setting", "value"]]},
            ("county", "", "", "sheet County", "a sheet named county, with columns setting and value"),
        ),
        (
            {"county": [["setting"]], "zones": []},
            ("zones", "", "", "an empty sheet in c.xlsx", "a header line and rows"),
        ),
        ({"county": [["setting"]], "Zones": []}, ("zones", "", "", "sheet Zones", "a sheet named zones")),
        (
            {"county": [["setting"]], "population": [["zone", "age"], ["z1", dt.datetime(2024, 11, 7)]]},
            (
                "population",
                "2",
                "age",
                "2024-11-07",
                "a whole number from 0 to 25; this is a date, into which Excel may have turned it",
            ),
        ),
    ],
)
def test_a_workbook_is_checked_in_the_same_way(
    tmp_path: Path, sheets: dict[str, list[list[object]]], fault: tuple[str, str, str, str, str]
) -> None:
    assert Fault(*fault) in check_county(_workbook(tmp_path / "c.xlsx", sheets))


@pytest.mark.parametrize("name", ["county.xlsx", "county.gpkg"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 not a zip", b"SQLite format 3\0 and no more", bytes(range(256)) * 9]
)
def test_a_damaged_workbook_or_geopackage_is_one_fault(tmp_path: Path, name: str, content: bytes) -> None:
    folder = write_tiny_county(tmp_path / "county")
    (folder / name).write_bytes(content)
    faults = check_county(folder / name if name.endswith("xlsx") else folder)
    assert [(fault.table, fault.row, fault.column) for fault in faults] == [(name, "", "")]


def test_a_workbook_that_would_unpack_beyond_reason_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("placeplan.county.workbook.LARGEST_BYTES", 1000)
    (fault,) = check_county(_workbook(tmp_path / "c.xlsx", {"county": [["setting", "value"]]}))
    assert "unpacked" in fault.expected
