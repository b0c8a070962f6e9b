"""Damage to county.toml: each kind gives its one fault, named by its dotted key."""

from pathlib import Path

import pytest
from damage import Case, Damage, add, put, swap
from tiny_county import write_tiny_county

from placeplan.county.reading import read_county
from placeplan.errors import InputError

CASES: list[Case] = [
    ("broken TOML", swap("county.toml", "seed = 1", "seed = "), ("county.toml", "", ""), "line", "TOML"),
    (
        "TOML not UTF-8",
        put("county.toml", b'name = "\xff"\n'),
        ("county.toml", "1", ""),
        "byte 0xFF on line 1",
        "UTF-8",
    ),
    ("another format", swap("county.toml", "format = 1", "format = 2"), ("county.toml", "", "format"), "2", "1"),
    ("no day", swap("county.toml", "as_of = 2025-01-16\n", ""), ("county.toml", "", "as_of"), "", "a date"),
    (
        "not a day",
        swap("county.toml", "2025-01-16", '"January 2025"'),
        ("county.toml", "", "as_of"),
        "January 2025",
        "a date",
    ),
    (
        "unknown setting",
        swap("county.toml", "price_year", "prise_year"),
        ("county.toml", "", "prise_year"),
        "2025",
        "perhaps price_year",
    ),
    (
        "text for a number in settings",
        swap("county.toml", "seed = 1", 'seed = "one"'),
        ("county.toml", "", "seed"),
        "one",
        "whole number",
    ),
    ("number for a section", add("county.toml", "travel = 3"), ("county.toml", "", "travel"), "3", "[travel]"),
    (
        "section for a list",
        add("county.toml", "[spot_purchase]\npounds = 3"),
        ("county.toml", "", "spot_purchase"),
        "",
        "[[spot_purchase]]",
    ),
    (
        "unknown kind in settings",
        add("county.toml", "[places.speical]\nfixed_cost = 3"),
        ("county.toml", "", "places.speical"),
        "",
        "perhaps special",
    ),
    (
        "new kind without its cost",
        add("county.toml", "[places.college]\nfilled_discount = 3"),
        ("county.toml", "", "places.college.fixed_cost"),
        "",
        "number",
    ),
    (
        "new vehicle in part",
        add("county.toml", "[transport.vehicles.bus]\ncharge = 3\nriders = 9"),
        ("county.toml", "", "transport.vehicles.bus.pounds_per_km"),
        "",
        "number",
    ),
    (
        "no such vehicle",
        add("county.toml", '[transport]\ndefault_vehicle = "taxy"'),
        ("county.toml", "", "transport.default_vehicle"),
        "taxy",
        "perhaps taxi",
    ),
    (
        "bands that do not reach one",
        add("county.toml", "[[overfill.bands]]\nshare = 0.5\npenalty = 1"),
        ("county.toml", "", "overfill.bands"),
        "shares 0.5",
        "rise to 1",
    ),
    (
        "penalties that fall",
        add("county.toml", "[[overfill.bands]]\nshare = 0.5\npenalty = 9\n[[overfill.bands]]\nshare = 1\npenalty = 1"),
        ("county.toml", "", "overfill.bands"),
        "penalties 9, 1",
        "do not fall",
    ),
    (
        "nobody entitled at first",
        add("county.toml", "[[transport.entitled]]\nshare = 1\nfrom_km = 3"),
        ("county.toml", "", "transport.entitled"),
        "",
        "from 0 km",
    ),
    (
        "no fee for some",
        add("county.toml", '[[spot_purchase]]\npounds = 1\nkm = 1\nminutes = 1\nsource = "s"\nneed = "HI"'),
        ("county.toml", "", "spot_purchase"),
        "",
        "every plan",
    ),
    (
        "fee without a source",
        add("county.toml", "[[spot_purchase]]\npounds = 1\nkm = 1\nminutes = 1"),
        ("county.toml", "", "spot_purchase.1.source"),
        "",
        "where the fee comes from",
    ),
    (
        "infinite setting",
        add("county.toml", "[travel]\npeak_factor = inf"),
        ("county.toml", "", "travel.peak_factor"),
        "inf",
        "a number above 0",
    ),
    (
        "speed of nothing",
        add("county.toml", "[travel.speeds]\nprimary = 0"),
        ("county.toml", "", "travel.speeds.primary"),
        "0",
        "above 0",
    ),
    (
        "discount above the default cost",
        add("county.toml", "[places.special]\nfilled_discount = 20000"),
        ("county.toml", "", "places.special.filled_discount"),
        "20000",
        "at most 10000",
    ),
]


@pytest.mark.parametrize(("damage", "place", "value", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_damage_to_settings_gives_its_one_fault(
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
