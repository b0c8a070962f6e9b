"""The table contract: every table and column of a county, described once for schemas, template and README."""

from typing import Final

from placeplan.county.column import (
    KIND_CODES,
    MODEL_CODES,
    NEED_CODES,
    Axis,
    Column,
    Table,
    age,
    code,
    count,
    flag,
    geometry,
    items,
    metres,
    pounds,
    text,
    year,
    year_group,
)
from placeplan.county.columns_cases import CASE_TABLES
from placeplan.county.columns_forecast import FORECAST_TABLES
from placeplan.county.vocabulary import FUNDS, MEASURES, NATIONAL_TYPES, PHASES, PLACEMENTS

__all__ = ["TABLES", "describe_tables"]

_TABLES = (
    Table(
        "localities",
        "a locality; the order of rows is the order everywhere",
        ("locality",),
        (
            text("locality", "the locality's identifier"),
            text("name", "its name"),
            geometry("its outline, a polygon", required=True),
        ),
        geometry="polygon",
    ),
    Table(
        "zones",
        "a small area: a lower super output area, or finer",
        ("zone",),
        (
            text("zone", "the zone's identifier"),
            text("locality", "the locality that it is in"),
            metres("easting", "its population-weighted centre"),
            metres("northing", "its population-weighted centre"),
            flag("rural", "whether it is rural"),
            Column("deprivation", "whole", "its decile of deprivation, 1 the most deprived", False, "decile", 1, 10),
            geometry("its outline, a polygon"),
        ),
        geometry="polygon",
        covers=(Axis("locality", "every locality", "noted: nobody lives there"),),
    ),
    Table(
        "population",
        "the people of an age in a zone in a year",
        ("zone", "year", "age"),
        (
            text("zone", "a zone"),
            year("year", "the year; a mid-year estimate of year Y serves year Y"),
            age("age", "age on the 31 August that opens the academic year"),
            Column("people", "number", "how many", True, "people", 0, thousands=True),
        ),
        covers=(
            Axis(
                "zone",
                "every zone in each year that the table names; 0 is nobody",
                "aged forward from its year before (or taken as in its first year) and noted; a fault where it has no "
                "row up to the year of as_of",
            ),
            Axis(
                "age",
                "every age from 0 to 25 in each year that the table names",
                "a fault where other zones have the age in that year; else aged forward, and noted",
            ),
            Axis("year", "the year of as_of", "noted: the nearest earlier year stands for it on maps of today"),
        ),
    ),
    Table(
        "plans",
        "a published count of education, health and care plans",
        ("year", "measure", "margin", "age_from", "age_to", "need", "placement", "locality", "zone", "calendar_year"),
        (
            year("year", "the year; a count of January 2025 belongs to 2024"),
            code("measure", "plans held on the day, newly made, or ceased", MEASURES),
            text("margin", "the table that the row is of; the rows of one margin partition the margin named total"),
            age("age_from", "the youngest age counted", required=False),
            age("age_to", "the oldest age counted", required=False),
            code("need", "the primary need", NEED_CODES, required=False),
            code("placement", "where the plan says that the child is", tuple(PLACEMENTS), required=False),
            text("locality", "a locality", required=False),
            text("zone", "a zone", required=False),
            Column("calendar_year", "whole", "the calendar year of new plans", False, "year", 1990, 2100),
            count("plans", "how many; x, z, c or blank where it was not published", blanks=("x", "z", "c")),
        ),
        covers=(
            Axis(
                "year",
                "every year of a margin from its first to the last of its measure, and the year of as_of in the stock",
                "noted: not known for that year",
            ),
            Axis(
                "part",
                "every part of a margin that the margin has in another year, and every locality where it goes by "
                "localities",
                "a fault where the margin does not add up to its total or to another margin; else noted: counted with "
                "what is left over",
            ),
        ),
    ),
    Table(
        "children",
        "a child with a plan on the day of as_of, under a pseudonym",
        ("child",),
        (
            text("child", "the pseudonym"),
            text("zone", "the zone that the child lives in"),
            year_group("year_group", "the child's year group on as_of; Reception is 0"),
            code("need", "the primary need", NEED_CODES),
            code("second_need", "the second need", NEED_CODES, required=False),
            text("band", "the top-up band", required=False),
            text("unit", "the unit that the child is in", required=False),
            items(
                "suits",
                "what would meet the plan: kind, kind:model, or kind:none; blank is as the unit; mainstream alone "
                "where the plan is met in a mainstream school and no place is planned for",
                required=False,
            ),
            Column("since", "date", "the day on which the child came to the unit", False),
            flag("may_move", "whether the child may be moved", default="no"),
            text("prefers", "the unit that the family prefers, or mainstream", required=False),
            text(
                "young_person_prefers",
                "the same of the young person; after compulsory school age (from year group 12) it counts alone",
                required=False,
            ),
        ),
        required=False,
    ),
    Table(
        "sites",
        "a school or college",
        ("site",),
        (
            text("site", "the site's identifier"),
            text("name", "its name"),
            text("urn", "its number in the register of schools", required=False),
            text("locality", "the locality that it is in, or out_of_county"),
            metres("easting", "where it is"),
            metres("northing", "where it is"),
            count("host_roll", "pupils on the roll of the host school"),
            count("host_plans", "pupils with plans on the roll of the host school"),
            count("more_places", "the most places that could be added there"),
            count("total_places", "the most children in its units together"),
        ),
    ),
    Table(
        "units",
        "a provision with its own places, from the year from_year on",
        ("unit", "from_year"),
        (
            text("unit", "the unit's identifier"),
            text("site", "the site that it is at"),
            code("kind", "the kind of provision", KIND_CODES),
            code("model", "the model that it works to; one for autism needs it in an ers", MODEL_CODES, required=False),
            code("national", "what the national census calls an ers", NATIONAL_TYPES, required=False),
            items("needs", "the needs that it serves, or any"),
            year_group("from_year_group", "the first year group"),
            year_group("to_year_group", "the last year group"),
            year("from_year", "the year that the row's figures hold from; blank is from the start", required=False),
            count(
                "places",
                "places; blank only where they are bought one by one, or at a neighbour's school with no room for more",
            ),
            count("other_authorities", "places that other authorities' children hold"),
            count("ceiling", "the most children; blank is places and a share more"),
            count("minimum", "the fewest children with whom it is viable; blank is no such number"),
            pounds("fixed_cost", "the yearly cost of a place, filled or not"),
            pounds("filled_discount", "what is not due when a place is filled"),
            flag("residential", "whether children board", default="no"),
            year("opens", "the first year open", required=False),
            year("closes", "the last year open", required=False),
        ),
        covers=(
            Axis(
                "from_year",
                "a row of each unit for the year of as_of, unless it opens later",
                "noted: not open before its first row",
            ),
        ),
    ),
    Table(
        "top_ups",
        "what a child costs in a unit or a kind of unit; in each fund the most specific row counts",
        ("unit", "kind", "need", "band", "fund"),
        (
            text("unit", "the unit; exactly one of unit and kind is given", required=False),
            code("kind", "the kind of unit; exactly one of unit and kind is given", KIND_CODES, required=False),
            code("need", "the child's need; blank is any", NEED_CODES, required=False),
            text("band", "the child's band; blank is any", required=False),
            pounds("pounds", "the top-up, or the fee of an independent place", required=True),
            code("fund", "who pays", tuple(FUNDS)),
        ),
        covers=(
            Axis(
                "unit", "every unit, by itself or by its kind", "noted; a fault once a child could have a place there"
            ),
        ),
    ),
    Table(
        "substitutes",
        "the share of a group that another kind could serve",
        ("need", "phase", "from_kind", "from_model", "to_kind", "to_model"),
        (
            code("need", "the need of the group", NEED_CODES),
            code("phase", "the phase of the group", tuple(PHASES)),
            code("from_kind", "the kind that the group suits", KIND_CODES),
            code("from_model", "its model", MODEL_CODES, required=False),
            code("to_kind", "the kind that could serve it", KIND_CODES),
            code("to_model", "its model", MODEL_CODES, required=False),
            Column("share", "number", "the share of the group", True, "share", 0, 1),
            text("source", "where the share comes from"),
        ),
        required=False,
    ),
    Table(
        "roads",
        "a road link",
        (),
        (
            text("from", "the node that it starts at"),
            text("to", "the node that it ends at"),
            Column("metres", "number", "its length", True, "metres", 0),
            text("class", "its class; county.toml's travel.speeds has a speed for it"),
            flag("oneway", "whether it goes only from its start to its end", default="no"),
            metres("from_easting", "where it starts; needed without geometry", required=False),
            metres("from_northing", "where it starts; needed without geometry", required=False),
            metres("to_easting", "where it ends; needed without geometry", required=False),
            metres("to_northing", "where it ends; needed without geometry", required=False),
            geometry("its line; without one it is drawn straight"),
        ),
        required=False,
        geometry="line",
    ),
    Table(
        "travel",
        "the journey from a zone to a site, one way; a pair that is not listed cannot be made",
        ("zone", "site"),
        (
            text("zone", "a zone"),
            text("site", "a site"),
            Column("minutes", "number", "how long it takes", True, "minutes", 0),
            Column("km", "number", "how far it is", True, "kilometres", 0),
        ),
        required=False,
        covers=(
            Axis("zone", "every zone", "a fault where it has no row; with a row to some site, counted and noted"),
            Axis(
                "site",
                "every site of a unit, from every zone",
                "a fault where a site in the county has no row; else counted and noted: cannot be made",
            ),
        ),
    ),
    Table(
        "candidates",
        "a base that is only thought of: coverage tells what it would change",
        ("candidate",),
        (
            text("candidate", "the candidate's identifier; no unit has the same"),
            text("name", "its name"),
            text("site", "the site that it would be at; or its easting and northing", required=False),
            metres("easting", "where it would be, where it is at no site", required=False),
            metres("northing", "where it would be, where it is at no site", required=False),
            code("kind", "the kind of provision", KIND_CODES),
            code(
                "model",
                "the model that it would work to; one for autism needs it in an ers",
                MODEL_CODES,
                required=False,
            ),
            items("needs", "the needs that it would serve, or any"),
            year_group("from_year_group", "the first year group"),
            year_group("to_year_group", "the last year group"),
            count("places", "places; blank where no number is thought of"),
        ),
        required=False,
    ),
    *FORECAST_TABLES,
    *CASE_TABLES,
)

TABLES: Final = {table.name: table for table in _TABLES}
"""Every table of a county, in the order in which faults are listed."""


def _covers(table: Table) -> str:
    """What the rows of a table cover, a line an axis."""
    if not table.covers:
        return "Its rows cover nothing that has to be there: what is not listed is not there.\n\n"
    lines = [f"- by {axis.name}: {axis.members}. One that is absent is {axis.absent}." for axis in table.covers]
    return "\n".join(["An absent row is not a zero. The rows cover:", "", *lines, "", ""])


def describe_tables() -> str:
    """The contract as Markdown: a heading and a table of columns for each table."""
    parts = []
    for table in TABLES.values():
        needed = "" if table.required else " (may be absent)"
        key = f"One row for each {' + '.join(table.key)}.\n\n" if table.key else ""
        lines = ["| column | type | may be blank | meaning | unit |", "|---|---|---|---|---|"]
        for column in table.columns:
            blank = "no" if column.required else "yes"
            if column.default is not None:
                blank = f"yes: {column.default}"
            lines.append(f"| {column.name} | {column.expected} | {blank} | {column.meaning} | {column.unit} |")
        parts.append(
            f"## {table.name}{needed}\n\nA row is {table.row}. {key}{_covers(table)}" + "\n".join(lines) + "\n"
        )
    return "\n".join(parts)
