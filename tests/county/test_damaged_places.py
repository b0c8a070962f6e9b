"""Damaged geometry, coordinates and roads: each gives its one fault."""

from pathlib import Path
from typing import Any

import pytest
from damage import Case, Damage, geojson, put, remove, swap
from tiny_county import write_tiny_county

from placeplan.county.reading import read_county
from placeplan.errors import InputError


def swapped_ring(collection: dict[str, Any]) -> None:
    """Latitude before longitude, in the second locality."""
    geometry = collection["features"][1]["geometry"]
    geometry["coordinates"] = [[(y, x) for x, y in ring] for ring in geometry["coordinates"]]


def metric_ring(collection: dict[str, Any]) -> None:
    """Metres where degrees are expected, in the first locality."""
    ring = [(438000, 347000), (446000, 347000), (446000, 353000), (438000, 347000)]
    collection["features"][0]["geometry"]["coordinates"] = [ring]


TRAVEL = b"zone,site,minutes,km\nz1,s1,5,2\n"

CASES: list[Case] = [
    (
        "swapped coordinates",
        swap("zones.csv", "z2,north,444000,350000", "z2,north,350000,444000"),
        ("zones", "3", "easting"),
        "350000, 444000",
        "swapped",
    ),
    (
        "latitude and longitude",
        swap("sites.csv", "north,442000,350000", "north,53.04,-1.37"),
        ("sites", "2", "easting"),
        "53.04, -1.37",
        "latitude",
    ),
    (
        "zone far away",
        swap("zones.csv", "z4,south,444000,344000", "z4,south,444000,644000"),
        ("zones", "5", "easting"),
        "444000, 644000",
        "km away",
    ),
    (
        "site out of Britain",
        swap("sites.csv", "out_of_county,452000", "out_of_county,952000"),
        ("sites", "4", "easting"),
        "952000, 347000",
        "National Grid",
    ),
    ("outline with latitude first", geojson(swapped_ring), ("localities", "3", "geometry"), "", "swapped"),
    ("outline in metres", geojson(metric_ring), ("localities", "2", "geometry"), "438000", "degrees"),
    (
        "outline missing",
        geojson(lambda c: c["features"][0].update(geometry=None)),
        ("localities", "2", "geometry"),
        "a blank",
        "polygon",
    ),
    (
        "point for an outline",
        geojson(lambda c: c["features"][0].update(geometry={"type": "Point", "coordinates": [-1.3, 53.0]})),
        ("localities", "2", "geometry"),
        "a Point",
        "polygon",
    ),
    (
        "broken outline",
        geojson(lambda c: c["features"][0]["geometry"].update(coordinates=[[1]])),
        ("localities", "2", "geometry"),
        "Polygon",
        "a GeoJSON geometry",
    ),
    (
        "other coordinate system",
        geojson(lambda c: c.update(crs={"properties": {"name": "EPSG:3857"}})),
        ("localities", "", "geometry"),
        "EPSG:3857",
        "EPSG:4326",
    ),
    (
        "broken GeoJSON",
        put("localities.geojson", b'{"type": '),
        ("localities", "", ""),
        "localities.geojson",
        "FeatureCollection",
    ),
    (
        "GeoJSON of something else",
        put("localities.geojson", b"[1, 2]"),
        ("localities", "", ""),
        "localities.geojson",
        "FeatureCollection",
    ),
    ("empty GeoJSON", put("localities.geojson", b" "), ("localities", "", ""), "empty file", "FeatureCollection"),
    (
        "deep GeoJSON",
        put("localities.geojson", b"[" * 100_000),
        ("localities", "", ""),
        "localities.geojson",
        "FeatureCollection",
    ),
    (
        "table in two files",
        put(
            "zones.geojson",
            b'{"type":"FeatureCollection","features":[{"properties":{"zone":"z1","rural":"no"},"geometry":null}]}',
        ),
        ("zones", "", ""),
        "zones.csv and zones.geojson",
        "one file",
    ),
    (
        "companion's row unknown",
        put("zones.geojson", b'{"type":"FeatureCollection","features":[{"properties":{"zone":"z7"},"geometry":null}]}'),
        ("zones", "2", "zone"),
        "z7 in zones.geojson",
        "a row of zones.csv",
    ),
    (
        "road class without a speed",
        swap("roads.csv", "8600,primary", "8600,primry"),
        ("roads", "7", "class"),
        "primry",
        "perhaps primary",
    ),
    ("road shorter than straight", swap("roads.csv", "8600", "8.6"), ("roads", "7", "metres"), "8.6", "8544"),
    (
        "road without an end",
        swap("roads.csv", ",452000,347000", ",,347000"),
        ("roads", "7", "geometry"),
        "",
        "both ends",
    ),
    (
        "road in degrees",
        swap("roads.csv", ",452000,347000", ",-1.2,53"),
        ("roads", "7", "to_easting"),
        "-1.2, 53",
        "latitude",
    ),
    (
        "node in two places",
        swap("roads.csv", "n6,n7,8600,primary,no,444000", "n6,n7,8600,primary,no,444500"),
        ("roads", "7", "from"),
        "n6 at 444500, 344000",
        "row 5 has it at 444000",
    ),
    ("roads and travel", put("travel.csv", TRAVEL), ("travel", "", ""), "roads and travel", "one of them"),
    ("neither roads nor travel", remove("roads.csv"), ("roads", "", ""), "no such table", "a table travel"),
]


@pytest.mark.parametrize(("damage", "place", "value", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_damage_to_places_gives_its_one_fault(
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
