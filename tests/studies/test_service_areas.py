"""Service areas of a tiny county, drawn again by hand; by zone; and what is refused."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, box
from tiny_county import write_tiny_county

import placeplan as pp
from placeplan.errors import UsageError
from placeplan.studies.service_areas import service_areas

VISITOR = "visitor,s2,peripatetic,,,HI,-4,14,,,,,,,no,,\n"
BOARDER = "boarder,s2,special,,,any,0,14,,3,,,,,yes,,\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACEPLAN_CACHE", str(tmp_path / "cache"))
    return write_tiny_county(tmp_path / "tiny")


@pytest.fixture
def county(folder):
    return pp.read_county(folder)


def with_outlines(county):
    """The same with zones of 2 by 2 km around their centres."""
    zones = county.zones
    squares = [box(e - 1000, n - 1000, e + 1000, n + 1000)
               for e, n in zip(zones["easting"], zones["northing"], strict=True)]  # fmt: skip
    return replace(county, zones=zones.set_geometry(gpd.GeoSeries(squares, index=zones.index, crs="EPSG:27700")))


def area_of(areas, **where):
    for column, value in where.items():
        areas = areas[areas[column] == value]
    (area,) = areas.geometry
    return area


def test_all_units_of_a_kind_and_model_make_one_area_a_limit(county):
    areas = service_areas(county, minutes=(5, 2))
    assert list(areas.columns) == [
        "service_area", "by", "kind", "model", "unit", "name", "minutes", "area_km2", "geometry",
    ]  # fmt: skip
    assert areas.crs.to_epsg() == 27700
    assert areas["service_area"].tolist() == [
        "ers:alternative within 2 minutes", "ers:alternative within 5 minutes",
        "ers:integrative within 2 minutes", "ers:integrative within 5 minutes",
        "independent_special within 2 minutes", "independent_special within 5 minutes",
        "special within 2 minutes", "special within 5 minutes",
    ]  # fmt: skip
    assert areas["minutes"].tolist() == [2, 5] * 4
    assert (areas["by"] == "kind").all()
    assert (areas[["unit", "name"]] == "").all(axis=None)
    # Both bases stand at one site.
    assert area_of(areas, model="alternative", minutes=5).equals(area_of(areas, model="integrative", minutes=5))
    for kind, model in areas[["kind", "model"]].drop_duplicates().itertuples(index=False):
        few, more = (area_of(areas, kind=kind, model=model, minutes=limit) for limit in (2, 5))
        assert few.difference(more).area < 1e-3


def test_an_area_is_that_drawn_by_hand(county):
    options = county.settings.travel
    assert (options.peak_factor, options.boarding_minutes) == (1, 0)
    areas = service_areas(county, minutes=[5], by="unit", units=["special"])
    assert areas[["service_area", "by", "kind", "model", "unit", "name"]].to_numpy().tolist() == [
        ["special within 5 minutes", "unit", "special", "", "special", "South School"]
    ]
    # The school stands where three roads meet: 2 km west and 2 km east, 2.7 minutes each, and the road to the north;
    # east goes on to the north-east.
    second, primary = (options.speeds[name] * 1000 / 60 for name in ("secondary", "primary"))
    drawn = []
    for width in np.arange(5.0, 251.0, 5.0):
        left = 5 - width / (options.off_road_kmh * 1000 / 60)
        on = (left - 2000 / second) * primary
        way = np.hypot(8000, 3000)  # 8,600 m of road drawn as 8,544
        share = on / 8600
        assert way < 8600
        roads = [
            LineString([(440000, 344000), (444000, 344000)]),
            LineString([(442000, 344000), (442000, 344000 + left * primary)]),
            LineString([(444000, 344000), (444000 + 8000 * share, 344000 + 3000 * share)]),
        ]
        drawn.append(shapely.union_all(roads).buffer(width))
    expected = shapely.union_all(drawn)
    (area,) = areas.geometry
    assert area.symmetric_difference(expected).area < 0.06 * expected.area
    assert area.difference(expected.buffer(5)).is_empty
    assert areas["area_km2"].tolist() == [pytest.approx(expected.area / 1e6, rel=0.06)]
    assert area.contains(Point(440000, 344100))
    assert not area.contains(Point(440000, 350000))


def test_boarding_and_the_width_are_taken_into_account(folder):
    narrow = service_areas(pp.read_county(folder), minutes=[5], by="unit", units=["special"], width_metres=50)
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("\n[travel]\nboarding_minutes = 3\n")
    boarding = service_areas(pp.read_county(folder), minutes=[2.5, 5], by="unit", units=["special"])
    # 2.5 minutes are taken up by boarding: that area is empty and left out.
    assert boarding["minutes"].tolist() == [5]
    assert narrow.geometry[0].contains(Point(440000, 344020))
    assert not narrow.geometry[0].contains(Point(441000, 344100))
    # Of 5 minutes 2 are left: 1.5 km of the 2 km at 45 km/h.
    assert not boarding.geometry[0].contains(Point(440200, 344000))
    assert boarding.geometry[0].contains(Point(441000, 344000))


def test_visiting_teachers_and_units_that_board_have_no_area(folder):
    with (folder / "units.csv").open("a", encoding="utf-8") as file:
        file.write(VISITOR + BOARDER)
    county = pp.read_county(folder)
    everything = service_areas(county, minutes=[5], by="unit")
    assert everything["unit"].tolist() == ["base_primary", "base_secondary", "independent", "special"]
    assert everything["name"].is_unique
    with pytest.raises(UsageError, match="boarder, visitor: expected units that are open and do not board"):
        service_areas(county, minutes=[5], units=["special", "boarder", "visitor"])


def test_by_zone_an_area_is_the_zones_whose_own_minutes_are_within_the_limit(county):
    county = with_outlines(county)
    travel = pp.travel_times(county)
    areas = service_areas(county, minutes=(2.6, 2.7, 9.7), travel=travel)
    # z3 and z4 are 2.7 minutes from the special school, and z1 and z2 are 6 km at 52 km/h farther: 9.6 minutes.
    south = shapely.union_all([box(439000, 343000, 441000, 345000), box(443000, 343000, 445000, 345000)])
    assert area_of(areas, kind="special", minutes=2.7).equals(south)
    assert areas[areas["kind"] == "special"]["area_km2"].tolist() == [8, 16]
    # z4 alone is 9.9 minutes from the independent school: too far, and an empty area is left out.
    assert "independent_special" not in set(areas["kind"])


def test_areas_can_be_written_and_read_again_as_multipolygons(county, tmp_path):
    areas = service_areas(county, minutes=[3])
    areas.to_file(tmp_path / "areas.gpkg", layer="service_areas", engine="pyogrio")
    again = gpd.read_file(tmp_path / "areas.gpkg")
    assert set(again.geom_type) == {"MultiPolygon"}
    assert again.geometry.is_valid.all()
    assert again["service_area"].tolist() == areas["service_area"].tolist()


def test_what_areas_cannot_be_made_of_is_said(county, folder):
    for minutes in ([], [0], [-5, 5], [float("nan")]):
        with pytest.raises(UsageError, match="expected minutes above 0"):
            service_areas(county, minutes=minutes)
    with pytest.raises(UsageError, match="width"):
        service_areas(county, width_metres=0)
    with pytest.raises(UsageError, match="by 'need': expected kind or unit"):
        service_areas(county, by="need")
    with pytest.raises(UsageError, match="nowhere: expected units that are open"):
        service_areas(county, units=["nowhere"])
    travel = pp.travel_times(county)
    with pytest.raises(UsageError, match="the zones have no outlines"):
        service_areas(county, travel=travel)
    other = replace(travel, sites=travel.sites.str.replace("s2", "t2"))
    with pytest.raises(UsageError, match="no travel times to s2"):
        service_areas(with_outlines(county), travel=other)
    # Straight lines are asked for: roads that are there too are not what journeys come from.
    with (folder / "county.toml").open("a", encoding="utf-8") as file:
        file.write("\n[travel]\nstraight_line_detour = 1.3\n")
    for _ in range(2):
        with pytest.raises(UsageError, match="journeys are not by road; expected travel times"):
            service_areas(pp.read_county(folder))
        (folder / "roads.csv").unlink(missing_ok=True)


def test_a_county_of_visiting_teachers_has_no_areas(county):
    visiting = county.units[county.units["unit"] == "special"].assign(kind="peripatetic")
    areas = service_areas(replace(county, units=visiting))
    assert len(areas) == 0
    assert areas.crs.to_epsg() == 27700
