"""The table contract: every table and column of a county, described once for schemas, template and README."""

from dataclasses import dataclass
from typing import Final, Literal

from placeplan.county.vocabulary import (
    FUNDS,
    KINDS,
    LEVERS,
    MEASURES,
    MODELS,
    NATIONAL_TYPES,
    NEEDS,
    PHASES,
    PLACEMENTS,
    YEAR_GROUPS,
)

__all__ = ["TABLES", "Column", "ColumnType", "Table", "describe_tables"]

ColumnType = Literal["text", "list", "code", "date", "whole", "number", "yes_no", "geometry"]

TYPE_WORDS: Final = {
    "text": "text",
    "list": "a list separated by ;",
    "code": "a code",
    "date": "a date (YYYY-MM-DD)",
    "whole": "a whole number",
    "number": "a number",
    "yes_no": "yes or no",
    "geometry": "geometry",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type, whether it may be blank, and what it means.

    ``least`` and ``most`` bound a number, both included. ``codes`` are the words that a code may be.
    ``thousands`` says that "1,234" may stand for 1234 (counts and pounds). ``default`` is what a blank
    means where that is no matter of judgement. ``blanks`` are words that mean missing.
    """

    name: str
    type: ColumnType
    meaning: str
    required: bool = True
    unit: str = ""
    least: float | None = None
    most: float | None = None
    codes: tuple[str, ...] = ()
    thousands: bool = False
    default: str | None = None
    blanks: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a cell of this column must be, in words."""
        if self.codes:
            return "one of " + ", ".join(self.codes)
        words = TYPE_WORDS[self.type]
        if self.least is not None and self.most is not None:
            return f"{words} from {self.least:g} to {self.most:g}"
        if self.least is not None:
            return f"{words}, {self.least:g} or more"
        return words


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what a row is, the columns that name a row, and whether the county must have it."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = True
    geometry: Literal["", "polygon", "line"] = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; raises ``KeyError`` with the name where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")


def _text(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "text", meaning, required)


def _list(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "list", meaning, required)


def _code(name: str, meaning: str, codes: tuple[str, ...], *, required: bool = True) -> Column:
    return Column(name, "code", meaning, required, codes=codes)


def _year(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "whole", meaning, required, "academic year by its first calendar year", 1990, 2100)


def _age(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "whole", meaning, required, "years", 0, 25)


def _year_group(name: str, meaning: str) -> Column:
    return Column(name, "whole", meaning, True, "year group", min(YEAR_GROUPS), max(YEAR_GROUPS))


def _count(name: str, meaning: str, *, required: bool = False, blanks: tuple[str, ...] = ()) -> Column:
    return Column(name, "whole", meaning, required, "count", 0, thousands=True, blanks=blanks)


def _pounds(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, "number", meaning, required, "pounds a year", 0, thousands=True)


def _metres(name: str, meaning: str, *, required: bool = True) -> Column:
    return Column(name, "number", meaning, required, "metres, EPSG:27700")


def _flag(name: str, meaning: str, *, default: str | None = None) -> Column:
    return Column(name, "yes_no", meaning, required=False, default=default)


def _geometry(meaning: str, *, required: bool = False) -> Column:
    unit = "EPSG:4326 in GeoJSON; elsewhere as its layer says, and WKT in a cell is EPSG:27700"
    return Column("geometry", "geometry", meaning, required, unit)


NEED_CODES: Final = tuple(NEEDS)
KIND_CODES: Final = tuple(KINDS)
MODEL_CODES: Final = tuple(MODELS)

_TABLES = (
    Table(
        "localities",
        "a locality; the order of rows is the order everywhere",
        ("locality",),
        (
            _text("locality", "the locality's identifier"),
            _text("name", "its name"),
            _geometry("its outline, a polygon", required=True),
        ),
        geometry="polygon",
    ),
    Table(
        "zones",
        "a small area: a lower super output area, or finer",
        ("zone",),
        (
            _text("zone", "the zone's identifier"),
            _text("locality", "the locality that it is in"),
            _metres("easting", "its population-weighted centre"),
            _metres("northing", "its population-weighted centre"),
            _flag("rural", "whether it is rural"),
            Column("deprivation", "whole", "its decile of deprivation, 1 the most deprived", False, "decile", 1, 10),
            _geometry("its outline, a polygon"),
        ),
        geometry="polygon",
    ),
    Table(
        "population",
        "the people of an age in a zone in a year",
        ("zone", "year", "age"),
        (
            _text("zone", "a zone"),
            _year("year", "the year; a mid-year estimate of year Y serves year Y"),
            _age("age", "age on the 31 August that opens the academic year"),
            Column("people", "number", "how many", True, "people", 0, thousands=True),
        ),
    ),
    Table(
        "plans",
        "a published count of education, health and care plans",
        ("year", "measure", "margin", "age_from", "age_to", "need", "placement", "locality", "zone", "calendar_year"),
        (
            _year("year", "the year; a count of January 2025 belongs to 2024"),
            _code("measure", "plans held on the day, newly made, or ceased", MEASURES),
            _text("margin", "the table that the row is of; the rows of one margin partition the margin named total"),
            _age("age_from", "the youngest age counted", required=False),
            _age("age_to", "the oldest age counted", required=False),
            _code("need", "the primary need", NEED_CODES, required=False),
            _code("placement", "where the plan says that the child is", tuple(PLACEMENTS), required=False),
            _text("locality", "a locality", required=False),
            _text("zone", "a zone", required=False),
            Column("calendar_year", "whole", "the calendar year of new plans", False, "year", 1990, 2100),
            _count("plans", "how many; x, z, c or blank where it was not published", blanks=("x", "z", "c")),
        ),
    ),
    Table(
        "children",
        "a child with a plan on the day of as_of, under a pseudonym",
        ("child",),
        (
            _text("child", "the pseudonym"),
            _text("zone", "the zone that the child lives in"),
            _year_group("year_group", "the child's year group on as_of; Reception is 0"),
            _code("need", "the primary need", NEED_CODES),
            _code("second_need", "the second need", NEED_CODES, required=False),
            _text("band", "the top-up band", required=False),
            _text("unit", "the unit that the child is in", required=False),
            _list(
                "suits",
                "what would meet the plan: kind, kind:model, or kind:none; blank is as the unit",
                required=False,
            ),
            Column("since", "date", "the day on which the child came to the unit", False),
            _flag("may_move", "whether the child may be moved", default="no"),
            _text("prefers", "the unit that the family prefers", required=False),
        ),
        required=False,
    ),
    Table(
        "sites",
        "a school or college",
        ("site",),
        (
            _text("site", "the site's identifier"),
            _text("name", "its name"),
            _text("urn", "its number in the register of schools", required=False),
            _text("locality", "the locality that it is in, or out_of_county"),
            _metres("easting", "where it is"),
            _metres("northing", "where it is"),
            _count("host_roll", "pupils on the roll of the host school"),
            _count("host_plans", "pupils with plans on the roll of the host school"),
            _count("more_places", "the most places that could be added there"),
        ),
    ),
    Table(
        "units",
        "a provision with its own places, from the year from_year on",
        ("unit", "from_year"),
        (
            _text("unit", "the unit's identifier"),
            _text("site", "the site that it is at"),
            _code("kind", "the kind of provision", KIND_CODES),
            _code(
                "model", "the model that it works to; one for autism needs it in an ers", MODEL_CODES, required=False
            ),
            _code("national", "what the national census calls an ers", NATIONAL_TYPES, required=False),
            _list("needs", "the needs that it serves, or any"),
            _year_group("from_year_group", "the first year group"),
            _year_group("to_year_group", "the last year group"),
            _year("from_year", "the year that the row's figures hold from; blank is from the start", required=False),
            _count("places", "places; blank where places are bought one by one"),
            _count("other_authorities", "places that other authorities' children hold"),
            _count("ceiling", "the most children; blank is places and a share more"),
            _pounds("fixed_cost", "the yearly cost of a place, filled or not"),
            _pounds("filled_discount", "what is not due when a place is filled"),
            _flag("residential", "whether children board", default="no"),
            _year("opens", "the first year open", required=False),
            _year("closes", "the last year open", required=False),
        ),
    ),
    Table(
        "top_ups",
        "what a child costs in a unit or a kind of unit; in each fund the most specific row counts",
        ("unit", "kind", "need", "band", "fund"),
        (
            _text("unit", "the unit; exactly one of unit and kind is given", required=False),
            _code("kind", "the kind of unit; exactly one of unit and kind is given", KIND_CODES, required=False),
            _code("need", "the child's need; blank is any", NEED_CODES, required=False),
            _text("band", "the child's band; blank is any", required=False),
            _pounds("pounds", "the top-up, or the fee of an independent place", required=True),
            _code("fund", "who pays", tuple(FUNDS)),
        ),
    ),
    Table(
        "substitutes",
        "the share of a group that another kind could serve",
        ("need", "phase", "from_kind", "from_model", "to_kind", "to_model"),
        (
            _code("need", "the need of the group", NEED_CODES),
            _code("phase", "the phase of the group", tuple(PHASES)),
            _code("from_kind", "the kind that the group suits", KIND_CODES),
            _code("from_model", "its model", MODEL_CODES, required=False),
            _code("to_kind", "the kind that could serve it", KIND_CODES),
            _code("to_model", "its model", MODEL_CODES, required=False),
            Column("share", "number", "the share of the group", True, "share", 0, 1),
            _text("source", "where the share comes from"),
        ),
        required=False,
    ),
    Table(
        "roads",
        "a road link",
        (),
        (
            _text("from", "the node that it starts at"),
            _text("to", "the node that it ends at"),
            Column("metres", "number", "its length", True, "metres", 0),
            _text("class", "its class; county.toml's travel.speeds has a speed for it"),
            _flag("oneway", "whether it goes only from its start to its end", default="no"),
            _metres("from_easting", "where it starts; needed without geometry", required=False),
            _metres("from_northing", "where it starts; needed without geometry", required=False),
            _metres("to_easting", "where it ends; needed without geometry", required=False),
            _metres("to_northing", "where it ends; needed without geometry", required=False),
            _geometry("its line; without one it is drawn straight"),
        ),
        required=False,
        geometry="line",
    ),
    Table(
        "travel",
        "the journey from a zone to a site, one way; a pair that is not listed cannot be made",
        ("zone", "site"),
        (
            _text("zone", "a zone"),
            _text("site", "a site"),
            Column("minutes", "number", "how long it takes", True, "minutes", 0),
            Column("km", "number", "how far it is", True, "kilometres", 0),
        ),
        required=False,
    ),
    Table(
        "candidates",
        "a base that is only thought of: coverage tells what it would change",
        ("candidate",),
        (
            _text("candidate", "the candidate's identifier; no unit has the same"),
            _text("name", "its name"),
            _text("site", "the site that it would be at; or its easting and northing", required=False),
            _metres("easting", "where it would be, where it is at no site", required=False),
            _metres("northing", "where it would be, where it is at no site", required=False),
            _code("kind", "the kind of provision", KIND_CODES),
            _code(
                "model",
                "the model that it would work to; one for autism needs it in an ers",
                MODEL_CODES,
                required=False,
            ),
            _list("needs", "the needs that it would serve, or any"),
            _year_group("from_year_group", "the first year group"),
            _year_group("to_year_group", "the last year group"),
            _count("places", "places; blank where no number is thought of"),
        ),
        required=False,
    ),
    Table(
        "comparators",
        "how many plans another authority had in a year: authorities turn together, and one alone shows little of how far",
        ("authority", "year"),
        (
            _text("authority", "another authority; not one that contains the county"),
            _year("year", "the year; a count of January 2025 belongs to 2024"),
            Column("plans", "whole", "plans held on the day", True, "count", 1, thousands=True),
        ),
        required=False,
    ),
    Table(
        "births",
        "the births of a locality that are of age 0 in a year",
        ("locality", "year"),
        (
            _text("locality", "a locality"),
            _year("year", "the year in which they are of age 0"),
            Column("births", "number", "how many", True, "people", 0, thousands=True),
        ),
        required=False,
    ),
    Table(
        "scenarios",
        "what a named scenario changes in the forecast of need; a scenario may have several rows",
        (),
        (
            _text("scenario", "the scenario's name"),
            _code("lever", "what is changed", LEVERS),
            _year("from_year", "the first year"),
            _year("to_year", "the last year; blank is for good", required=False),
            _text("locality", "only in this locality", required=False),
            _code("need", "only this need", NEED_CODES, required=False),
            _code("phase", "only this phase", tuple(PHASES), required=False),
            _code("from_placement", "where the children would be without it", tuple(PLACEMENTS), required=False),
            _code("to_placement", "where they are with it", tuple(PLACEMENTS), required=False),
            Column("effect", "number", "the share of them, or a home's pupils of 4 to 15", True, "share", -5, 5),
            Column("effect_low", "number", "the least that it may be; blank is the effect", False, "share", -5, 5),
            Column("effect_high", "number", "the most that it may be; blank is the effect", False, "share", -5, 5),
            Column(
                "excluded",
                "number",
                "share that it does not reach (looked after, living elsewhere)",
                False,
                "share",
                0,
                1,
            ),
            _count("homes", "homes built over the years, of housing alone"),
            _text("source", "where the effect comes from"),
        ),
        required=False,
    ),
)

TABLES: Final = {table.name: table for table in _TABLES}
"""Every table of a county, in the order in which faults are listed."""


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
        parts.append(f"## {table.name}{needed}\n\nA row is {table.row}. {key}" + "\n".join(lines) + "\n")
    return "\n".join(parts)
