"""What tables must agree on: every check that looks beyond one cell, one function a rule."""

from collections.abc import Mapping
from typing import Final

from placeplan.county.checks_axes import axes_faults, axes_notes
from placeplan.county.checks_candidates import candidates_faults
from placeplan.county.checks_cases import cases_faults
from placeplan.county.checks_children import children_faults, children_notes, substitutes_faults, top_ups_faults
from placeplan.county.checks_places import roads_faults, sites_faults, sites_notes, zones_faults
from placeplan.county.checks_plans import plans_faults, plans_notes
from placeplan.county.checks_plausible import plausible_notes
from placeplan.county.checks_scenarios import scenarios_faults
from placeplan.county.checks_travel import travel_faults, travel_notes
from placeplan.county.checks_units import units_faults, units_notes
from placeplan.county.columns_cases import CASE_TABLES
from placeplan.county.faults import alike, suggest
from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.county.vocabulary import MAINSTREAM, OUT_OF_COUNTY
from placeplan.errors import Fault, Note

__all__ = ["REFERENCES", "case_faults", "cross_table_faults", "cross_table_notes"]

REFERENCES: Final = (
    ("zones", "locality", "localities", "locality"),
    ("population", "zone", "zones", "zone"),
    ("plans", "locality", "localities", "locality"),
    ("plans", "zone", "zones", "zone"),
    ("children", "zone", "zones", "zone"),
    ("children", "unit", "units", "unit"),
    ("children", "prefers", "units", "unit"),
    ("children", "young_person_prefers", "units", "unit"),
    ("sites", "locality", "localities", "locality"),
    ("units", "site", "sites", "site"),
    ("top_ups", "unit", "units", "unit"),
    ("travel", "zone", "zones", "zone"),
    ("travel", "site", "sites", "site"),
    ("candidates", "site", "sites", "site"),
    ("births", "locality", "localities", "locality"),
    ("scenarios", "locality", "localities", "locality"),
    ("cases", "child", "children", "child"),
    ("cases", "zone", "zones", "zone"),
    ("cases", "unit", "units", "unit"),
    ("quotes", "case", "cases", "case"),
    ("quotes", "unit", "units", "unit"),
    ("packages", "case", "cases", "case"),
    ("packages", "unit", "units", "unit"),
    ("vetoes", "case", "cases", "case"),
    ("decisions", "case", "cases", "case"),
)
"""Columns that name a row of another table: table, column, the other table and its column."""

WORDS: Final = {
    ("sites", "locality"): (OUT_OF_COUNTY,),
    ("children", "prefers"): (MAINSTREAM,),
    ("children", "young_person_prefers"): (MAINSTREAM,),
}
"""What such a column may say instead."""


def _dangling(tables: Mapping[str, ReadTable], unread: frozenset[str]) -> list[Fault]:
    """A fault for each value that names nothing, at its first row; repeats are counted, not listed."""
    faults = []
    for name, column, other, key in REFERENCES:
        known = tables[other].frame[key].dropna().unique().tolist()
        # Where the other table could not be read, that is the fault, not every row that refers to it.
        if not known or other in unread:
            continue
        allowed = [*known, *WORDS.get((name, column), ())]
        cells = tables[name].frame[column]
        wrong = cells[cells.notna() & ~cells.isin(allowed)]
        counts = wrong.value_counts()
        for place, value in wrong.drop_duplicates().items():
            more = alike(counts[value])
            words = "".join(f", or {word}" for word in WORDS.get((name, column), ()) if name == "children")
            expected = f"a {key} of table {other}{words}{suggest(str(value), allowed)}{more}"
            faults.append(tables[name].fault(int(str(place)), column, value, expected))
    return faults


def _two_ways_to_travel(tables: Mapping[str, ReadTable]) -> list[Fault]:
    """Journeys come from roads or from a ready table, never from both."""
    if tables["roads"].frame.empty or tables["travel"].frame.empty:
        return []
    return [Fault("travel", "", "", "tables roads and travel", "one of them: a county's journeys have one source")]


def case_faults(tables: Mapping[str, ReadTable], settings: Settings) -> list[Fault]:
    """Every disagreement of the tables of cases, within and with the others, which are known to be right."""
    names = {table.name for table in CASE_TABLES}
    dangling = [fault for fault in _dangling(tables, frozenset()) if fault.table in names]
    return [*dangling, *cases_faults(tables, settings)]


def cross_table_faults(
    tables: Mapping[str, ReadTable], settings: Settings | None, *, unread: frozenset[str]
) -> list[Fault]:
    """Every disagreement within and between tables; missing cells are passed over, as they are faults already.

    ``unread`` names the tables that were there and could not be read. Without ``settings`` the checks
    that need them are left out.
    """
    places = [*zones_faults(tables["zones"], tables["localities"]), *sites_faults(tables)]
    return [
        *_dangling(tables, unread),
        *_two_ways_to_travel(tables),
        *places,
        # Journeys are compared with places that are right themselves.
        *([] if places else travel_faults(tables)),
        *roads_faults(tables["roads"], settings),
        *plans_faults(tables["plans"]),
        *units_faults(tables["units"], tables["sites"], settings),
        *children_faults(tables["children"], tables["units"], tables["top_ups"], unread=unread),
        *top_ups_faults(tables["top_ups"], tables["children"]),
        *substitutes_faults(tables["substitutes"]),
        *candidates_faults(tables["candidates"], tables["units"], tables["localities"]),
        *scenarios_faults(tables["scenarios"]),
        *cases_faults(tables, settings),
        *axes_faults(tables, settings),
    ]


def cross_table_notes(tables: Mapping[str, ReadTable], settings: Settings) -> list[Note]:
    """What has to be known of tables that have no fault."""
    return [
        *children_notes(tables["children"], tables["top_ups"]),
        *sites_notes(tables),
        *travel_notes(tables),
        *plans_notes(tables, settings),
        *units_notes(tables["units"], tables["sites"]),
        *axes_notes(tables, settings),
        *plausible_notes(tables, settings),
    ]
