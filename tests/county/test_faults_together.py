"""Many faults come at once and in order; what can be read without a guess is read."""

from pathlib import Path

import pytest
from damage import Damage, add, all_of, put, remove, swap
from tiny_county import write_tiny_county

from placeplan.county.reading import check_county, read_county
from placeplan.errors import UsageError

# Damage that shows in more than one place, or that needs the file written anew: all of these faults and no more.
SEVERAL = [
    (
        "missing column",
        put("zones.csv", b"zone,locality,northing\nz1,north,350000\nz2,north,350000\nz3,south,1\nz4,south,344000\n"),
        [("zones", "", "easting")],
    ),
    ("two missing tables", all_of(remove("units.csv"), remove("plans.csv")), [("plans", "", ""), ("units", "", "")]),
    (
        "child without a top-up",
        swap("top_ups.csv", ",ers,,", ",ers,SLCN,"),
        [("children", "2", "unit"), ("children", "3", "unit")],
    ),
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
        all_of(
            remove("population.csv"),
            put("population.csv", b"zone,year,age,people\nz9,2024,4,1\nz9,2024,5,1\nz9,2024,6,1\n"),
        ),
        [("population", "2", "zone")],
    ),
    (
        "rows whose key cannot be read are not repeats",
        put("population.csv", b"zone,year,age,people\nz1,2024,x,1\nz1,2024,y,1\nz1,,4,1\nz1,,4,1\n"),
        [
            ("population", "2", "age"),
            ("population", "3", "age"),
            ("population", "4", "year"),
            ("population", "5", "year"),
        ],
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
]


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
    (
        "byte order mark",
        lambda folder: (folder / "zones.csv").write_bytes(b"\xef\xbb\xbf" + (folder / "zones.csv").read_bytes()),
    ),
    (
        "line ends of Windows",
        lambda folder: (folder / "zones.csv").write_bytes((folder / "zones.csv").read_bytes().replace(b"\n", b"\r\n")),
    ),
    (
        "thousands in a count",
        swap(
            "sites.csv",
            "s1,North Academy,100001,north,442000,350000,600",
            's1,North Academy,100001,north,442000,350000,"1,600"',
        ),
    ),
    ("thousands in pounds", swap("top_ups.csv", "55000", '"£55,000"')),
    ("child older than the unit takes", swap("children.csv", "c1,z1,3", "c1,z1,13")),
    (
        "more children than the ceiling",
        all_of(
            add("children.csv", "c7,z1,3,ASD,,,base_primary,,,,"), add("children.csv", "c8,z1,3,ASD,,,base_primary,,,,")
        ),
    ),
    ("blank lines", add("zones.csv", "\n , , \n")),
    (
        "columns beyond the last, empty",
        swap("zones.csv", "z1,north,440000,350000,no,5", "z1,north,440000,350000,no,5,,,"),
    ),
    (
        "optional columns left out",
        put(
            "sites.csv",
            b"site,name,locality,easting,northing\ns1,N,north,442000,350000\ns2,S,south,442000,344000\ns3,F,out_of_county,452000,347000\n",
        ),
    ),
    ("no children", remove("children.csv")),
    ("other files", put("notes.csv", b"\xff\xfe not a table")),
]


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


def test_a_county_without_any_outline_is_told_so_once(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    remove("localities.geojson")(folder)
    put("localities.csv", b"locality,name\nnorth,N\nsouth,S\n")(folder)
    (fault,) = check_county(folder)
    assert (fault.table, fault.row, fault.column, fault.value) == ("localities", "", "geometry", "no geometry")
    assert "localities.geojson" in fault.expected


def test_geometry_given_twice_or_where_it_has_no_place_is_a_fault(tmp_path: Path) -> None:
    folder = write_tiny_county(tmp_path)
    point = '{"type": "Point", "coordinates": [-1.3, 53.0]}'
    sites = [f'{{"type": "Feature", "geometry": {point}, "properties": {{"site": "s1"}}}}']
    put("sites.geojson", f'{{"type": "FeatureCollection", "features": [{", ".join(sites)}]}}'.encode())(folder)
    zone = '{"type": "Feature", "geometry": null, "properties": {"zone": "z1"}}'
    put("zones.geojson", f'{{"type": "FeatureCollection", "features": [{zone}, {zone}]}}'.encode())(folder)
    assert [(fault.table, fault.row, fault.value) for fault in check_county(folder)] == [
        ("zones", "3", "z1 in zones.geojson"),
        ("sites", "", "sites.csv and sites.geojson"),
    ]


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_tiny_county(tmp_path)

    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("placeplan.county.on_disk.read_ordinary", denied)
    (fault,) = check_county(folder)
    assert (fault.table, fault.value) == ("children.csv", "Permission denied")


def test_the_embedded_county_is_read_by_its_name() -> None:
    assert check_county("example:derbyshire") == []
