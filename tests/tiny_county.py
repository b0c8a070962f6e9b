"""A county small enough to work out by hand, written as a folder of csv files and one GeoJSON file.

Every zone and every site stands on a road node, so that no journey has an off-road leg::

    z1 --2000-- s1 --2000-- z2        north
                |
              6000
                |
    z3 --2000-- s2 --2000-- z4        south
                                |
                               8600 -- s3 (out of county)

Six children: two placed in the autism base, one in the special school, one in the independent school,
and two without a place (c5 and c6), who are transferring and new in the September after ``as_of``.
"""

from pathlib import Path

import geopandas as gpd
from shapely.geometry import box

__all__ = ["FAR_MINIBUS", "FAR_TAXI", "MINIBUS", "TAXI", "TINY_TABLES", "write_tiny_county"]

# Every child is 2 km from the school, but c4 (8.6 km); c5 is 8 km from the special school.
# A place at an ERS: £10,000, £4,000 less when filled; special £10,000.
# Taxi, 2 km: 0.3 x 380 x (13 + 1.45 x 2) / 1.4 = 1,294.71; 8.6 km: 380 x (13 + 1.45 x 8.6) / 1.4 = 6,913.29.
# Minibus, 2 km: 0.3 x 380 x (30 + 2.4 x 2) / 2.8 = 1,416.86; 8 km: 380 x (30 + 2.4 x 8) / 2.8 = 6,677.14.
TAXI, FAR_TAXI, MINIBUS, FAR_MINIBUS = 1294.71, 6913.29, 1416.86, 6677.14

COUNTY_TOML = """\
format = 1
name = "Tinyshire"
authority = "999"
as_of = 2025-01-16
price_year = 2025
seed = 1
data_label = "a county made for tests"
"""

TINY_TABLES = {
    "zones": """\
zone,locality,easting,northing,rural,deprivation
z1,north,440000,350000,no,5
z2,north,444000,350000,no,3
z3,south,440000,344000,yes,8
z4,south,444000,344000,no,2
""",
    "population": """\
zone,year,age,people
z1,2024,4,20
z1,2024,11,22
z2,2024,4,30
z2,2024,11,28
z3,2024,4,10
z3,2024,11,12.5
z4,2024,4,40
z4,2024,11,38
""",
    "plans": """\
year,measure,margin,age_from,age_to,need,placement,locality,zone,calendar_year,plans
2024,stock,total,,,,,,,,6
2024,stock,need,,,ASD,,,,,3
2024,stock,need,,,SLD,,,,,2
2024,stock,need,,,SEMH,,,,,1
2024,stock,placement,,,,resourced_provision,,,,2
2024,stock,placement,,,,special_state,,,,1
2024,stock,placement,,,,special_independent,,,,1
2024,stock,placement,,,,not_recorded,,,,2
2024,new,need,,,ASD,,,,2024,x
""",
    "children": """\
child,zone,year_group,need,second_need,band,unit,suits,since,may_move,prefers
c1,z1,3,ASD,SLCN,,base_primary,,2022-09-01,no,
c2,z2,5,ASD,,,base_primary,,2020-09-01,no,
c3,z3,8,SLD,,,special,,2021-09-01,no,
c4,z4,10,SEMH,,,independent,,2023-01-09,no,
c5,z2,7,ASD,,,,ers:integrative;special,,no,base_secondary
c6,z3,0,SLD,,,,special,,no,
""",
    "sites": """\
site,name,urn,locality,easting,northing,host_roll,host_plans,more_places
s1,North Academy,100001,north,442000,350000,600,20,4
s2,South School,100002,south,442000,344000,,,10
s3,Far House School,100003,out_of_county,452000,347000,,,
""",
    "units": """\
unit,site,kind,model,national,needs,from_year_group,to_year_group,from_year,places,other_authorities,ceiling,\
fixed_cost,filled_discount,residential,opens,closes
base_primary,s1,ers,alternative,resourced_provision,ASD,0,6,,2,0,3,10000,4000,no,,
base_secondary,s1,ers,integrative,resourced_provision,ASD;SLCN,7,11,,1,0,2,10000,4000,no,,
special,s2,special,,,any,0,14,,3,1,4,10000,0,no,,
independent,s3,independent_special,,,any,0,14,,,,,,,no,,
""",
    "top_ups": """\
unit,kind,need,band,pounds,fund
,ers,,,8000,high_needs
,special,,,12000,high_needs
,special,SLD,,15000,high_needs
independent,,,,55000,high_needs
independent,,SEMH,,5000,health
""",
    "roads": """\
from,to,metres,class,oneway,from_easting,from_northing,to_easting,to_northing
n1,n2,2000,secondary,no,440000,350000,442000,350000
n2,n3,2000,secondary,no,442000,350000,444000,350000
n4,n5,2000,secondary,no,440000,344000,442000,344000
n5,n6,2000,secondary,no,442000,344000,444000,344000
n2,n5,6000,primary,no,442000,350000,442000,344000
n6,n7,8600,primary,no,444000,344000,452000,347000
""",
}
"""The tiny county's csv files, by table."""


def write_tiny_county(folder: Path) -> Path:
    """Write the tiny county into ``folder`` (made where it is not there) and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "county.toml").write_text(COUNTY_TOML, encoding="utf-8", newline="\n")
    for table, text in TINY_TABLES.items():
        (folder / f"{table}.csv").write_text(text, encoding="utf-8", newline="\n")
    localities = gpd.GeoDataFrame(
        {"locality": ["north", "south"], "name": ["North Tinyshire", "South Tinyshire"]},
        geometry=[box(438000, 347000, 446000, 353000), box(438000, 341000, 446000, 347000)],
        crs="EPSG:27700",
    )
    (folder / "localities.geojson").write_text(localities.to_crs(4326).to_json(), encoding="utf-8")
    return folder
