"""Every key of county.toml does something or is a fault: each set to another lawful value, one after another."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.ruled_county import changed, with_child, with_row
from tiny_county import TINY_TABLES, write_tiny_county

import placeplan as pp
from placeplan.county.settings_file import parse_settings
from placeplan.county.settings_keys import SETTINGS, Key, Named, Rows
from placeplan.county.settings_unused import PLANNED_KINDS, SIZED_KINDS
from placeplan.county.template import template_toml
from placeplan.county.vocabulary import COMMISSIONED_KINDS, GROWING_KINDS, KINDS, NOT_CARRIED_KINDS, PHASES
from placeplan.need.demand import DEMAND_KINDS
from placeplan.problem import county_problem
from placeplan.provision import may_be_added, units_open

START = 'format = 1\nname = "Testshire"\nas_of = 2025-01-16\n'
CARRIED = [kind for kind in KINDS if kind not in NOT_CARRIED_KINDS]
ENTITLED = "[[transport.entitled]]\nshare = 0.5\n"
SPOT = '[[spot_purchase]]\npounds = 60000\nkm = 30\nminutes = 50\nsource = "fees"\n'
BUDGET = '[[rules.budgets]]\nfund = "high_needs"\nfinancial_year = 2025\npounds = 1\nsource = "s"\n'

ELSEWHERE = {
    "format": "it can only be 1",
    "name": "on every page",
    "authority": "on every page",
    "as_of": "it decides the year of everything",
    "price_year": "on every page",
    "seed": "tests/need",
    "data_label": "on every page",
    "forecast": "tests/need has what each does to the need to come; here only what is a fault",
    "cases": "tests/studies/test_case_options.py has each line of a case's costs, and the page lists them",
    "assumptions": "listed as they are",
    "travel.roads": "tests/studies/test_travel_sources.py",
    "travel.matrix": "tests/studies/test_travel_sources.py",
    "travel.matrix_format": "tests/studies/test_travel_sources.py",
    "travel.matrix_unit": "tests/studies/test_travel_sources.py",
    "travel.km_detour": "tests/studies/test_travel_sources.py",
    "names": "tests/test_names.py",
}
"""Keys that are not walked through here, by how they begin, and why."""


def faults_of(text):
    return [fault.column for fault in parse_settings((START + text).encode())[1]]


def told(frames):
    return "\n".join(frame.to_csv() for frame in frames)


@cache
def base(folder):
    """The tiny county with a unit of every kind, somebody in it, and somebody of every phase to be placed."""
    county = pp.read_county(write_tiny_county(Path(folder)))
    for number, kind in enumerate(KINDS):
        unit = {"unit": f"a_{kind}", "site": "s2", "kind": kind, "needs": "any", "from_year_group": -4}
        places = {} if kind == "peripatetic" else {"places": 5.0}
        county = with_row(county, "units", **unit, to_year_group=21, residential=False, **places)
        if kind not in ("ers", "special"):
            county = with_row(county, "top_ups", kind=kind, pounds=1000.0 + number, fund="high_needs")
        about = {"zone": "z4", "year_group": 3, "need": "VI"}
        county = with_child(county, f"in_{kind}", **about, unit=f"a_{kind}")
        county = with_child(county, f"to_{kind}", **about, suits=kind, prefers=f"a_{kind}")
    for phase, years in PHASES.items():
        county = with_child(
            county, f"of_{phase}", zone="z4", year_group=max(years[0] - 1, -4), need="VI", suits="ers;special"
        )
    small = {"a_special": {"places": 10.0, "residential": True, "minimum": 3.0}, "a_ers": {"places": 10.0}}
    county = changed(county, "units", "unit", small)
    county = changed(county, "sites", "site", {"s2": {"total_places": 9.0, "host_roll": 100.0, "more_places": np.nan}})
    return county, pp.travel_times(county, cache=False)


def stated(folder, text):
    """What is solved under the settings: who may go where at what cost, places, bands, rows and minimums."""
    county, travel = base(folder)
    settings, faults = parse_settings((START + text).encode())
    assert faults == [], text
    county = replace(county, settings=settings)
    frames = [may_be_added(county, units_open(county, 2025)).to_frame()]
    for question in ("today", "september"):
        problem = county_problem(county, travel, question)
        frames += [problem.units, problem.held, problem.choices, problem.barred, problem.placement.bands]
        frames += [problem.placement.pairs, *(rule.rows for rule in problem.rules)]
        frames += [pd.DataFrame(rule.gap.toarray()) for rule in problem.rules]
        frames += [rule.variables.assign(**rule.costs) for rule in problem.rules if len(rule.costs) == 1]
        frames += [] if problem.minimum is None else [problem.minimum.to_frame()]
    return told(frames)


def by_kind(section, kinds, one, two):
    return {f"{section}.{kind}": (f"[{section}]\n{kind} = {one}\n", f"[{section}]\n{kind} = {two}\n") for kind in kinds}


def pair(text, one, two):
    return text.replace("?", str(one)), text.replace("?", str(two))


SOLVED = {
    **{
        f"guidance_minutes.{phase}": pair(f"[guidance_minutes]\n{phase} = ?\n[rules.guidance]\nmode = 'limit'\n", 1, 60)
        for phase in PHASES
    },
    **{
        f"places.{kind}.fixed_cost": pair(f"[places.{kind}]\nfixed_cost = ?\n", 9000, 9001)
        for kind in COMMISSIONED_KINDS
    },
    **{
        f"places.{kind}.filled_discount": pair(f"[places.{kind}]\nfilled_discount = ?\n", 1, 2)
        for kind in COMMISSIONED_KINDS
    },
    "transport.days": pair("[transport]\ndays = ?\n", 180, 195),
    "transport.residential_days": pair("[transport]\nresidential_days = ?\n", 30, 60),
    **{
        f"transport.vehicles.{vehicle}.{part}": pair(f"[transport.vehicles.{vehicle}]\n{part} = ?\n", 5, 6)
        for vehicle in ("taxi", "minibus")
        for part in ("charge", "pounds_per_km", "riders")
    },
    **{
        f"transport.vehicle_by_kind.{kind}": pair(f"[transport.vehicle_by_kind]\n{kind} = '?'\n", "taxi", "minibus")
        for kind in CARRIED
    },
    "transport.default_vehicle": pair("[transport]\ndefault_vehicle = '?'\n", "taxi", "minibus"),
    "transport.entitled.share": pair("[[transport.entitled]]\nshare = ?\n", 0.1, 0.2),
    "transport.entitled.from_km": pair(f"{ENTITLED}[[transport.entitled]]\nshare = 1\nfrom_km = ?\n", 1, 99),
    "transport.entitled.kind": pair(f"{ENTITLED}[[transport.entitled]]\nshare = 1\nkind = '?'\n", "ers", "special"),
    "transport.entitled.phase": pair(
        f"{ENTITLED}[[transport.entitled]]\nshare = 1\nphase = '?'\n", "primary", "secondary"
    ),
    "overfill.default_ceiling_share": pair("[overfill]\ndefault_ceiling_share = ?\n", 0.2, 0.6),
    "overfill.bands.share": pair(
        "[[overfill.bands]]\nshare = ?\npenalty = 1\n[[overfill.bands]]\nshare = 1\npenalty = 2\n", 0.1, 0.6
    ),
    "overfill.bands.penalty": pair("[[overfill.bands]]\nshare = 1\npenalty = ?\n", 1, 2),
    "spot_purchase.pounds": pair(SPOT.replace("60000", "?"), 60000, 60001),
    "spot_purchase.km": pair(SPOT.replace("km = 30", "km = ?"), 30, 31),
    "spot_purchase.minutes": pair(
        SPOT.replace("minutes = 50", "minutes = ?") + "[rules.equity]\nmode = 'minimax'\nmeasure = 'minutes'\n", 40, 70
    ),
    "spot_purchase.need": pair(f"{SPOT}{SPOT.replace('60000', '9')}need = '?'\n", "VI", "ASD"),
    "spot_purchase.phase": pair(f"{SPOT}{SPOT.replace('60000', '9')}phase = '?'\n", "primary", "secondary"),
    "spot_purchase.residential": pair(f"{SPOT}residential = ?\n", "true", "false"),
    **by_kind("expansion.places_by_kind", GROWING_KINDS, 30, 31),
    "objective.pounds_per_child_hour": pair("[objective]\npounds_per_child_hour = ?\n", 1, 2),
    "rules.overfill.allowed": pair("[rules.overfill]\nallowed = ?\n", "true", "false"),
    "rules.guidance.mode": pair("[rules.guidance]\nmode = '?'\n[guidance_minutes]\nprimary = 1\n", "limit", "report"),
    "rules.guidance.pounds_per_child_hour": pair(
        "[rules.guidance]\nmode = 'price'\npounds_per_child_hour = ?\n[guidance_minutes]\nprimary = 1\n", 1, 2
    ),
    "rules.preferences.mode": pair("[rules.preferences]\nmode = '?'\n", "hard", "off"),
    "rules.preferences.pounds": pair("[rules.preferences]\nmode = 'priced'\npounds = ?\n", 1, 2),
    "rules.continuity.mode": pair("[rules.continuity]\nmode = '?'\n", "consent", "priced"),
    "rules.continuity.pounds": pair("[rules.continuity]\nmode = 'priced'\npounds = ?\n", 1, 2),
    "rules.host_share.share": pair("[rules.host_share]\nshare = ?\n", 0.05, 0.3),
    "rules.site_totals.on": pair("[rules.site_totals]\non = ?\n", "true", "false"),
    "rules.minimum_use.on": pair("[rules.minimum_use]\non = ?\n", "true", "false"),
    **by_kind("rules.minimum_use", [*CARRIED, "mainstream_support"], 2, 3),
    "rules.equity.measure": pair(
        "[rules.equity]\nmode = 'bound'\nmost = 0.5\nmeasure = '?'\n", "minutes", "beyond_guidance"
    ),
    "rules.equity.mode": pair("[rules.equity]\nmost = 0.5\nmode = '?'\n", "bound", "price"),
    "rules.equity.most": pair("[rules.equity]\nmode = 'bound'\nmost = ?\n", 0.1, 0.2),
    "rules.equity.pounds": pair("[rules.equity]\nmode = 'price'\nmost = 0.1\npounds = ?\n", 1, 2),
    "rules.budgets.fund": pair(BUDGET.replace("high_needs", "?"), "high_needs", "general"),
    "rules.budgets.financial_year": pair(BUDGET.replace("2025", "?"), 2025, 2026),
    "rules.budgets.gap_pounds": pair(f"{BUDGET}gap_pounds = ?\n", 1, 2),
    "rules.budgets.pounds": pair(BUDGET.replace("pounds = 1", "pounds = ?"), 1, 2),
}
"""By key two ways to state it, of which one is the other but for its value, that are not solved alike."""

SAID = {
    "travel.speeds_source": '[travel]\nspeeds_source = "by hand"\n',
    "travel.speeds_year": "[travel]\nspeeds_year = 2031\n",
    "transport.source": '[transport]\nsource = "by hand"\ndays = 180\n',
    "spot_purchase.source": SPOT.replace("fees", "by hand"),
    "expansion.source": '[expansion]\nsource = "by hand"\n[expansion.places_by_kind]\ners = 9\nspecial = 9\n',
    "rules.budgets.source": BUDGET.replace('"s"', '"by hand"'),
}
"""By key a statement of it whose words are in the assumptions or in how journeys were timed."""

TIMED = {
    "travel.speeds.secondary": pair("[travel.speeds]\nsecondary = ?\n", 30, 31),
    "travel.peak_factor": pair("[travel]\npeak_factor = ?\n", 1.1, 1.2),
    "travel.boarding_minutes": pair("[travel]\nboarding_minutes = ?\n", 1, 2),
    "travel.snap_limit_metres": pair("[travel]\nsnap_limit_metres = ?\n", 2000, 1),
    "travel.off_road_kmh": pair("[travel]\noff_road_kmh = ?\n", 10, 20),
    "travel.limit_minutes": pair("[travel]\nlimit_minutes = ?\n", 5, 50),
    "travel.straight_line_detour": pair("[travel]\nstraight_line_detour = ?\n", 1.2, 1.3),
    "travel.straight_line_kmh": pair("[travel]\nstraight_line_detour = 1.2\nstraight_line_kmh = ?\n", 30, 35),
}
"""By key two ways to state it that give other journeys."""

FAULTS = {
    **{f"places.{kind}": f"[places.{kind}]\nfixed_cost = 1\n" for kind in KINDS if kind not in COMMISSIONED_KINDS},
    **{
        f"{section}.{kind}": f"[{section}]\n{kind} = 5\n"
        for section, kinds in (
            ("expansion.places_by_kind", GROWING_KINDS),
            ("forecast.capital_by_kind", SIZED_KINDS),
        )
        for kind in KINDS
        if kind not in kinds
    },
    **{
        f"transport.vehicle_by_kind.{kind}": f"[transport.vehicle_by_kind]\n{kind} = 'taxi'\n"
        for kind in NOT_CARRIED_KINDS
    },
    **{
        f"transport.entitled.2.kind {kind}": f"{ENTITLED}[[transport.entitled]]\nshare = 1\nkind = '{kind}'\n"
        for kind in NOT_CARRIED_KINDS
    },
    "transport.vehicles.bus": "[transport.vehicles.bus]\ncharge = 40\npounds_per_km = 1\nriders = 9\n",
    "transport.vehicles.minibus": (
        "[transport.vehicle_by_kind]\nspecial = 'taxi'\nhub = 'taxi'\n[transport.vehicles.minibus]\ncharge = 9\n"
    ),
    "transport.default_vehicle": (
        "[transport]\ndefault_vehicle = 'minibus'\n[transport.vehicle_by_kind]\n"
        + "".join(f"{kind} = 'taxi'\n" for kind in CARRIED)
    ),
    "rules.minimum_use.peripatetic": "[rules.minimum_use]\nperipatetic = 2\n",
    "rules.minimum_use.special": "[rules.minimum_use]\non = false\nspecial = 2\n",
    **{
        f"rules.{key} {mode}": f"[rules.{part}]\nmode = '{mode}'\n{name} = 0.25\n"
        for key, modes in {
            "guidance.pounds_per_child_hour": ("report", "limit"),
            "preferences.pounds": ("hard", "off"),
            "continuity.pounds": ("consent",),
            "equity.most": ("off", "minimax"),
            "equity.pounds": ("off", "minimax"),
        }.items()
        for part, _, name in [key.partition(".")]
        for mode in modes
    },
    "rules.equity.mode": "[rules.equity]\npounds = 3\n",
    "travel.straight_line_kmh": "[travel]\nstraight_line_kmh = 30\n",
    **{
        f"forecast.demand {kind}": (
            f"[[forecast.demand]]\nstate = 's'\nplacement = 'neet'\nshare = 0.1\nkind = '{kind}'\nsource = 's'\n"
        )
        for kind in KINDS
        if kind not in PLANNED_KINDS
    },
    "forecast.breaks.1.measure": "[[forecast.breaks]]\nyear = 2020\nmeasure = 'ceased'\nsource = 's'\n",
}
"""By key, and sometimes what it says, what nothing would read."""


def leaves(spec, path=""):
    """Every key of county.toml by its dotted name, ``*`` where the user names it."""
    if isinstance(spec, Key):
        yield path
    elif isinstance(spec, Rows):
        yield from leaves(spec.row, path)
    elif isinstance(spec, Named):
        yield from leaves(spec.value, f"{path}.*")
    else:
        for name, below in spec.keys.items():
            yield from leaves(below, f"{path}.{name}" if path else name)


def test_no_key_is_left_out_of_the_walk():
    walked = {*SOLVED, *SAID, *TIMED, *FAULTS}
    left = []
    for key in leaves(SETTINGS):
        pattern = re.escape(key).replace(r"\*", "[^.]+")
        if not any(re.fullmatch(pattern, one) for one in walked) and not any(
            key.startswith(name) for name in ELSEWHERE
        ):
            left.append(key)
    assert left == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("used") / "tiny")


@pytest.mark.parametrize("key", SOLVED)
def test_what_is_solved_changes_with_the_value(folder, key):
    one, other = SOLVED[key]
    assert stated(folder, one) != stated(folder, other)


@pytest.mark.parametrize("key", FAULTS)
def test_what_nothing_reads_is_a_fault_that_names_the_key(key):
    assert key.split()[0] in faults_of(FAULTS[key])


@pytest.mark.parametrize("key", TIMED)
def test_journeys_change_with_the_value(tmp_path, key):
    found = []
    for place, text in enumerate(TIMED[key]):
        folder = write_tiny_county(tmp_path / str(place))
        (folder / "zones.csv").write_text(TINY_TABLES["zones"].replace("z1,north,440000", "z1,north,439900"))
        with (folder / "county.toml").open("a") as file:
            file.write(text)
        found.append(told([pp.travel_times(pp.read_county(folder), cache=False).frame()]))
    assert found[0] != found[1]


@pytest.mark.parametrize("key", SAID)
def test_what_is_only_said_is_said(tmp_path, key):
    folder = write_tiny_county(tmp_path / "said")
    with (folder / "county.toml").open("a") as file:
        file.write(SAID[key])
    (folder / "sites.csv").write_text(TINY_TABLES["sites"].replace(",20,4\n", ",20,\n"))
    county = pp.read_county(folder)
    said = told([pp.county.assumptions.assumptions(county)]) + pp.travel_times(county, cache=False).method
    assert "by hand" in said or "2031" in said


@pytest.mark.parametrize("source", ["matrix", "table", "straight"])
def test_settings_of_roads_are_faults_where_journeys_come_from_elsewhere(tmp_path, source):
    folder = write_tiny_county(tmp_path / "elsewhere")
    county = pp.read_county(folder)
    frame = pp.travel_times(county, cache=False).frame()[["zone", "site", "minutes", "km"]]
    text = "[travel]\noff_road_kmh = 10\nsnap_limit_metres = 9\n"
    expected = {"travel.off_road_kmh", "travel.snap_limit_metres", "travel.speeds"}
    if source == "straight":
        text += "straight_line_detour = 1.3\n"
    else:
        (folder / "roads.csv").unlink()
    if source == "matrix":
        (folder / "travel").mkdir()
        frame.to_csv(folder / "travel" / "times.csv", index=False)
        text += 'matrix_format = "long"\nmatrix_unit = "minutes"\n'
    elif source == "table":
        frame.to_csv(folder / "travel.csv", index=False)
    if source != "matrix":
        text += 'matrix_unit = "minutes"\nkm_detour = 1.3\n'
        expected |= {"travel.matrix_unit", "travel.km_detour"}
    with (folder / "county.toml").open("a") as file:
        file.write(text + "[travel.speeds]\nprimary = 51\n")
    assert {fault.column for fault in pp.check_county(folder)} == expected


def test_a_section_with_nothing_in_it_changes_nothing():
    """The template writes every section with its keys commented out."""
    text = template_toml().replace('name = ""', 'name = "T"').replace("# as_of", "as_of")
    empty, faults = parse_settings(text.encode())
    assert faults == []
    plain, _ = parse_settings(b'format = 1\nname = "T"\nas_of = 2025-01-16\n')
    assert empty == plain


def test_the_kinds_of_need_to_come_are_those_of_the_forecast():
    assert PLANNED_KINDS == DEMAND_KINDS
