"""The tables that a partnership's cases are read from: cases, fees quoted for them, local packages, vetoes."""

from typing import Final

from placeplan.county.column import NEED_CODES, Axis, Column, Table, code, flag, items, pounds, text, year_group
from placeplan.county.vocabulary import DECISIONS, PACKAGE_LINES, PAYERS, PER, PROVISIONS, VETOED_BY

__all__ = ["CASE_TABLES"]

TERM: Final = "as in autumn 2025"


def _range(name: str, meaning: str) -> tuple[Column, Column, Column]:
    """A sum and, where it is a range, the least and the most that it may be."""
    return (
        pounds(name, f"{meaning}; blank is not stated, 0 is none"),
        pounds(f"{name}_low", "the least that it may be; blank is the sum itself"),
        pounds(f"{name}_high", "the most that it may be; blank is the sum itself"),
    )


CASE_TABLES: Final = (
    Table(
        "cases",
        "a child for whom an independent place is thought of, or a key transition comes, under a pseudonym",
        ("case",),
        (
            text("case", "the case's pseudonym, of letters, digits, - and _; it names the case's page"),
            text("child", "the child in the table children; what is blank here is as there", required=False),
            text("zone", "the zone that the child lives in", required=False),
            year_group("year_group", "the child's year group on as_of", required=False),
            code("need", "the primary need", NEED_CODES, required=False),
            code("second_need", "the second need", NEED_CODES, required=False),
            text("band", "the top-up band, as in the table top_ups", required=False),
            text("unit", "the unit that the child is in", required=False),
            items("suits", "what would meet the plan: kind, kind:model, or kind:none", required=False),
            flag("may_move", "whether the family consents to a move from where the child is"),
            text("prefers", "the unit, quote or package that the family prefers, or mainstream", required=False),
            flag("family_transport", "whether the family would provide the transport", default="no"),
            Column(
                "most_minutes", "number", "the longest journey that the child can make, one way", False, "minutes", 0
            ),
            text("start_term", f"the term from which a place is needed, {TERM}; blank is the autumn", required=False),
        ),
        required=False,
    ),
    Table(
        "quotes",
        "a fee quoted for a case at an independent school, for a year",
        ("case", "quote"),
        (
            text("case", "the case"),
            text("quote", "the quote's identifier within the case"),
            text("school", "the school's name", required=False),
            text(
                "unit", "the unit, where it is one of the table units; its journey is taken from there", required=False
            ),
            code("provision", "day, or residential for so many weeks a year", tuple(PROVISIONS)),
            *_range("fee", "the yearly fee"),
            *_range("transport", "the yearly transport; blank where the journey is known is worked out"),
            *_range("health", "the yearly contribution of health"),
            *_range("care", "the yearly contribution of social care"),
            Column("minutes", "number", "the journey, one way, where no unit is given", False, "minutes", 0),
            Column("km", "number", "the journey, one way, where no unit is given", False, "kilometres", 0),
        ),
        required=False,
    ),
    Table(
        "packages",
        "a line of a local package that could be put together for a case",
        ("case", "package", "line", "description", "payer", "start_term"),
        (
            text("case", "the case"),
            text("package", "the package's identifier within the case"),
            text(
                "unit", "the unit where the child would have a place; blank is the child's own school", required=False
            ),
            code("line", "what is paid for", tuple(PACKAGE_LINES)),
            text("description", "in words", required=False),
            code("payer", "who pays", tuple(PAYERS)),
            *_range("pounds", "what it costs"),
            code("per", "for an hour, week, term or year of it, or once", PER),
            Column("hours_week", "number", "hours a week in term time", False, "hours", 0, 168),
            text("start_term", f"the first term of it, {TERM}; blank is from the start", required=False),
            text("end_term", f"the last term of it, {TERM}; blank is to the end of the stay", required=False),
        ),
        required=False,
        covers=(
            Axis(
                "term",
                "every term of a line from the case's first to the line's last",
                "noted: nothing is due of the line in that term",
            ),
        ),
    ),
    Table(
        "vetoes",
        "an option that is ruled out for a case, and why",
        ("case", "option"),
        (
            text("case", "the case"),
            text(
                "option", "a unit, quote or package, a kind of provision, or day or residential for independent places"
            ),
            code("by", "who rules it out", VETOED_BY),
            text("reason", "why"),
        ),
        required=False,
    ),
    Table(
        "decisions",
        "what was decided on a case; decisions.xlsx of a run is such a table to fill in",
        ("case",),
        (
            text("case", "the case"),
            text("recommended", "the option that was recommended", required=False),
            code("decision", "what was decided; blank is nothing yet", DECISIONS, required=False),
            text("option", "the option that was decided on", required=False),
            text("decided_by", "who decided", required=False),
            Column("decided_on", "date", "the day on which it was decided", False),
            text("reason", "why", required=False),
            flag("consulted", "whether the school or college was consulted"),
        ),
        required=False,
    ),
)
"""In the order in which faults are listed."""
