"""county.toml: what is stated is taken, what is not keeps its default, and ``stated`` tells the two apart."""

import datetime as dt

import pytest

from placeplan.county.settings import EntitledShare, KindCost, Settings, Vehicle
from placeplan.county.settings_file import parse_settings
from placeplan.county.settings_rules import (
    Budget,
    EquityRule,
    GuidanceRule,
    HostShareRule,
    MinimumUseRule,
    OverfillRule,
    Rules,
)
from placeplan.errors import Fault

START = 'format = 1\nname = "X"\nas_of = 2025-01-16\n'


def parsed(text: str) -> Settings:
    """The settings of a good file."""
    settings, faults = parse_settings((START + text).encode())
    assert faults == []
    assert settings is not None
    return settings


def faults_of(text: str) -> list[Fault]:
    """The faults of a bad one."""
    settings, faults = parse_settings((START + text).encode())
    assert settings is None
    return faults


def test_what_is_not_stated_keeps_its_default() -> None:
    settings = parsed("")
    assert settings == Settings(name="X", as_of=dt.date(2025, 1, 16), stated=frozenset({"format", "name", "as_of"}))


@pytest.mark.parametrize(("day", "year"), [("2025-08-31", 2024), ("2025-09-01", 2025), ("2025-12-31", 2025)])
def test_the_academic_year_opens_on_1_september(day: str, year: int) -> None:
    settings, _ = parse_settings(f'format = 1\nname = "X"\nas_of = {day}\n'.encode())
    assert settings is not None
    assert settings.year == year


@pytest.mark.parametrize("day", ['"2025-01-16"', "2025-01-16T09:00:00"])
def test_a_day_may_be_text_or_have_a_time(day: str) -> None:
    settings, _ = parse_settings(f'format = 1\nname = "X"\nas_of = {day}\n'.encode())
    assert settings is not None
    assert settings.as_of == dt.date(2025, 1, 16)


def test_named_entries_are_laid_over_the_defaults_field_by_field() -> None:
    settings = parsed("""
[guidance_minutes]
primary = 40
[travel.speeds]
track = 10
primary = 50
[places.ers]
fixed_cost = 9000
[places.support_centre]
fixed_cost = 7000
[transport]
vehicle_by_kind = { ers = "bus" }
[transport.vehicles.taxi]
riders = 2
[transport.vehicles.bus]
charge = 1
pounds_per_km = 0.5
riders = 20
[expansion.places_by_kind]
hub = 6
""")
    assert settings.guidance_minutes["primary"] == 40
    assert settings.guidance_minutes["secondary"] == 75
    assert settings.travel.speeds["track"] == 10
    assert (settings.travel.speeds["primary"], settings.travel.speeds["trunk"]) == (50, 64)
    assert settings.places["ers"] == KindCost(9000, 4000)
    assert settings.places["support_centre"] == KindCost(7000, 0)
    assert settings.places["special"] == KindCost(10000, 0)
    assert settings.transport.vehicles["taxi"] == Vehicle(13, 1.45, 2)
    assert settings.transport.vehicles["bus"] == Vehicle(1, 0.5, 20)
    assert settings.transport.vehicle_by_kind == {"special": "minibus", "hub": "minibus", "ers": "bus"}
    assert settings.expansion.places_by_kind == {"ers": 8, "special": 24, "hub": 6}
    assert {"places.ers.fixed_cost", "places.ers", "places", "travel.speeds.track"} <= settings.stated
    assert not {"places.ers.filled_discount", "places.special", "travel.peak_factor", "spot_purchase"} & settings.stated


def test_an_empty_section_states_nothing() -> None:
    assert "travel" not in parsed("[travel]\n[travel.speeds]\n").stated


def test_lists_replace_the_defaults() -> None:
    settings = parsed("""
[[transport.entitled]]
share = 0.5
[[transport.entitled]]
share = 1
from_km = 2
kind = "special"
[[assumptions]]
subject = "a"
value = "b"
source = "c"
""")
    assert settings.transport.entitled == (EntitledShare(0.5), EntitledShare(1.0, 2.0, "special"))
    assert settings.assumptions == (("a", "b", "c"),)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("seed = true", "seed", "True"),
        ("seed = 1.5", "seed", "1.5"),
        ("seed = -1", "seed", "-1"),
        ("data_label = 3", "data_label", "3"),
        ("assumptions = [1]", "assumptions", "[1]"),
        ("[transport]\ndays = 400", "transport.days", "400"),
        ("[guidance_minutes]\nnursery = 3", "guidance_minutes.nursery", "3"),
        ('[transport.vehicle_by_kind]\ners = "tram"', "transport.vehicle_by_kind.ers", "tram"),
        ("[overfill]\nbands = []", "overfill.bands", "shares "),
        (
            "[[transport.entitled]]\nshare = 1\n[[transport.entitled]]\nshare = 0.5",
            "transport.entitled.2",
            "from_km 0",
        ),
        (
            "".join(
                f"[[transport.entitled]]\nshare = 1\n{more}\n" for more in ("", 'kind = "ers"', 'phase = "primary"')
            ),
            "transport.entitled",
            "kind ers and phase primary",
        ),
        (
            "".join(
                f'[[spot_purchase]]\npounds = 1\nkm = 1\nminutes = 1\nsource = "s"\n{more}\n'
                for more in ("", 'need = "HI"', 'phase = "primary"')
            ),
            "spot_purchase",
            "need HI and phase primary",
        ),
        (
            '[[spot_purchase]]\npounds = 1\nkm = 1\nminutes = 1\nsource = "s"\n' * 2,
            "spot_purchase.2",
            "need any, phase any",
        ),
        (
            '[[spot_purchase]]\npounds = 1\nkm = 1\nminutes = 1\nsource = "s"\nresidential = "yes"',
            "spot_purchase.1.residential",
            "yes",
        ),
    ],
)
def test_a_bad_value_is_named_by_its_dotted_key(text: str, key: str, value: str) -> None:
    assert [(fault.table, fault.column, fault.value) for fault in faults_of(text)] == [("county.toml", key, value)]


def test_every_fault_comes_at_once() -> None:
    faults = faults_of('seed = "x"\nprice = 3\n[travel]\nspeed = 3\npeak_factor = 0\n[travel.speeds]\nprimary = "fast"')
    assert {fault.column for fault in faults} == {
        "seed",
        "price",
        "travel.speed",
        "travel.peak_factor",
        "travel.speeds.primary",
    }


# --- rules --------------------------------------------------------------------------------------------------------


def test_rules_are_read_and_the_rest_keeps_its_default() -> None:
    rules = parsed("""
[rules.overfill]
allowed = false
[rules.guidance]
mode = "price"
pounds_per_child_hour = 12
[rules.host_share]
share = 0.08
[rules.minimum_use]
special = 4
[rules.equity]
measure = "minutes"
mode = "bound"
most = 40
[[rules.budgets]]
fund = "general"
financial_year = 2025
pounds = 5000
source = "the council"
""").rules
    assert rules == Rules(
        overfill=OverfillRule(allowed=False),
        guidance=GuidanceRule("price", 12.0),
        host_share=HostShareRule(0.08),
        minimum_use=MinimumUseRule(by_kind={"special": 4}),
        equity=EquityRule("minutes", "bound", 40.0),
        budgets=(Budget("general", 2025, 5000.0, "the council"),),
    )


def test_every_fault_of_the_rules_is_told_at_once() -> None:
    faults = faults_of("""
[rules.preferences]
mode = "hart"
pounds = -1
[rules.host_share]
share = 1.5
[rules.minimum_use]
school = 3
[rules.overfull]
allowed = true
[[rules.budgets]]
fund = "highneeds"
financial_year = 2025
pounds = 1
""")
    assert [(fault.column, fault.value) for fault in faults] == [
        ("rules.preferences.mode", "hart"),
        ("rules.preferences.pounds", "-1"),
        ("rules.host_share.share", "1.5"),
        ("rules.minimum_use.school", "3"),
        ("rules.overfull", ""),
        ("rules.budgets.1.fund", "highneeds"),
        ("rules.budgets.1.source", ""),
    ]
    assert faults[0].expected == "one of hard, priced, off, perhaps hard"


def test_rules_that_are_right_alone_and_wrong_together_are_faults() -> None:
    faults = faults_of("""
[rules.guidance]
pounds_per_child_hour = 12
[rules.equity]
mode = "bound"
most = 40
[[rules.budgets]]
fund = "general"
financial_year = 2025
pounds = 1
source = "a"
[[rules.budgets]]
fund = "general"
financial_year = 2025
pounds = 2
source = "b"
""")
    assert [(fault.column, fault.expected) for fault in faults] == [
        ("rules.guidance.mode", "a mode as well: one of report, limit, price"),
        ("rules.equity.most", "a share from 0 to 1"),
        ("rules.budgets.2", "each fund and year once"),
    ]
