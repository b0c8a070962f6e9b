"""Tables that do not agree: each disagreement gives its one fault."""

from pathlib import Path

import pytest
from damage import Case, Damage, add, all_of, put, swap
from tiny_county import write_tiny_county

from placeplan.county.reading import read_county
from placeplan.errors import InputError

CASES: list[Case] = [
    # keys and references
    (
        "key twice",
        add("sites.csv", "s2,Other,,north,442000,350000,,,"),
        ("sites", "5", "site"),
        "s2",
        "row 3 has it too",
    ),
    (
        "key of two columns twice",
        add("population.csv", "z4,2024,11,3"),
        ("population", "10", ""),
        "z4, 2024, 11",
        "row 9",
    ),
    (
        "zone without a locality",
        swap("zones.csv", "z1,north", "z1,nroth"),
        ("zones", "2", "locality"),
        "nroth",
        "perhaps north",
    ),
    ("child without a zone", swap("children.csv", "c1,z1", "c1,zz9"), ("children", "2", "zone"), "zz9", "table zones"),
    (
        "child in no unit",
        swap("children.csv", "SEMH,,,independent", "SEMH,,,independant"),
        ("children", "5", "unit"),
        "independant",
        "perhaps independent",
    ),
    (
        "preference for no unit",
        swap("children.csv", ",no,base_secondary", ",no,base_tertiary"),
        ("children", "6", "prefers"),
        "base_tertiary",
        "perhaps base_",
    ),
    (
        "young person's preference for no unit",
        swap("children.csv", "c6,z3,0,SLD,,,,special,,no,", "c6,z3,0,SLD,,,,special,,no,mainstreem"),
        ("children", "7", "prefers"),
        "mainstreem",
        "or mainstream, perhaps mainstream",
    ),
    (
        "unit called by a word that means something else",
        swap("units.csv", "independent,s3", "mainstream,s3,special,,,any,0,1,,,,,,,no,,\nindependent,s3"),
        ("units", "5", "unit"),
        "mainstream",
        "another name",
    ),
    ("unit at no site", swap("units.csv", "special,s2", "special,s9"), ("units", "4", "site"), "s9", "table sites"),
    (
        "top-up of no unit",
        swap("top_ups.csv", "independent,,,,55000", "independnt,,,,55000"),
        ("top_ups", "5", "unit"),
        "independnt",
        "perhaps independent",
    ),
    # numbers that cannot be
    ("negative money", swap("top_ups.csv", "8000", "-8000"), ("top_ups", "2", "pounds"), "-8000", "0 or more"),
    (
        "share above one",
        put("substitutes.csv", b"need,phase,from_kind,to_kind,share,source\nASD,primary,special,ers,1.5,a study\n"),
        ("substitutes", "2", "share"),
        "1.5",
        "0 to 1",
    ),
    (
        "its own substitute",
        put("substitutes.csv", b"need,phase,from_kind,to_kind,share,source\nASD,primary,special,special,0.5,a study\n"),
        ("substitutes", "2", "to_kind"),
        "special",
        "other than",
    ),
    ("age above 25", swap("population.csv", "z1,2024,11", "z1,2024,31"), ("population", "3", "age"), "31", "0 to 25"),
    (
        "year group above 21",
        swap("children.csv", "c4,z4,10", "c4,z4,22"),
        ("children", "5", "year_group"),
        "22",
        "-4 to 21",
    ),
    (
        "year groups the wrong way",
        swap("units.csv", "any,0,14,,3", "any,14,0,,3"),
        ("units", "4", "to_year_group"),
        "0",
        "14 or more",
    ),
    (
        "ages the wrong way",
        swap("plans.csv", "2024,new,need,,,", "2024,new,need,9,4,"),
        ("plans", "10", "age_to"),
        "4",
        "9 or more",
    ),
    (
        "academic year as 202425",
        swap("plans.csv", "2024,new,need", "202425,new,need"),
        ("plans", "10", "year"),
        "202425",
        "2100",
    ),
    (
        "margin does not add up",
        swap("plans.csv", "ASD,,,,,3", "ASD,,,,,4"),
        ("plans", "3", "plans"),
        "need adding up to 7",
        "6, the total",
    ),
    (
        "part of a margin above the total",
        all_of(swap("plans.csv", "ASD,,,,,3", "ASD,,,,,9"), swap("plans.csv", "SLD,,,,,2", "SLD,,,,,x")),
        ("plans", "3", "plans"),
        "adding up to 10",
        "at most 6",
    ),
    # units, children, top-ups
    (
        "autism base without a model",
        swap("units.csv", "ers,alternative", "ers,"),
        ("units", "2", "model"),
        "a blank",
        "autism",
    ),
    (
        "more of other authorities than places",
        swap("units.csv", ",3,1,4,", ",3,4,4,"),
        ("units", "4", "other_authorities"),
        "4",
        "at most 3",
    ),
    ("ceiling under places", swap("units.csv", ",3,1,4,", ",3,1,2,"), ("units", "4", "ceiling"), "2", "3 or more"),
    (
        "ceiling without places",
        swap("units.csv", "any,0,14,,,,,", "any,0,14,,,,9,"),
        ("units", "5", "places"),
        "a blank",
        "ceiling is 9",
    ),
    (
        "discount above cost",
        swap("units.csv", "10000,0,no", "10000,10001,no"),
        ("units", "4", "filled_discount"),
        "10001",
        "at most 10000",
    ),
    (
        "unit's rows disagree",
        add("units.csv", "special,s1,special,,,any,0,14,2026,5,1,6,10000,0,no,,"),
        ("units", "6", "site"),
        "s1",
        "s2, as in",
    ),
    (
        "child with neither unit nor suits",
        swap("children.csv", ",,special,,no,\n", ",,,,no,\n"),
        ("children", "7", "suits"),
        "a blank",
        "what would meet the plan",
    ),
    (
        "top-up of unit and kind",
        swap("top_ups.csv", "independent,,,,55000", "independent,independent_special,,,55000"),
        ("top_ups", "5", "kind"),
        "unit independent and kind",
        "one of",
    ),
    (
        "top-up of nothing",
        swap("top_ups.csv", ",special,,,12000", ",,,,12000"),
        ("top_ups", "3", "kind"),
        "neither",
        "one of",
    ),
    (
        "same top-up twice",
        add("top_ups.csv", ",special,,,13000,high_needs"),
        ("top_ups", "7", ""),
        "special, high_needs",
        "row 3 has it too",
    ),
    (
        "equally specific top-ups",
        all_of(
            add("top_ups.csv", ",special,,B,16000,high_needs"), swap("children.csv", "c3,z3,8,SLD,,", "c3,z3,8,SLD,,B")
        ),
        ("top_ups", "7", "need"),
        "need SLD and band B apart",
        "row 4 is as specific",
    ),
]


@pytest.mark.parametrize(("damage", "place", "value", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_damage_to_tables_gives_its_one_fault(
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
