"""report.html: one page that holds everything it shows and answers the question on its first screen."""

import base64
import math
import struct
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from placeplan.county.vocabulary import COST_LINES
from placeplan.report.answer import (
    answer_sentences,
    gap_sentences,
    how_to_read,
    places_sentences,
    price_sentences,
    question_name,
    status_warning,
    title,
)
from placeplan.report.band import INTERNAL_BAND, NOT_PUBLISHED, WITHHELD_BAND
from placeplan.report.explained_section import explained_part
from placeplan.report.forecast_sections import forecast_part
from placeplan.report.lookup import headline, lead_question, questions, rows_of, table
from placeplan.report.named import in_its_words
from placeplan.report.not_known import left_out_of_cost, left_out_of_mean
from placeplan.report.rules_section import rules_table, stays_said
from placeplan.report.supporting_tables import (
    assumptions_table,
    breaches_table,
    checks_of,
    plans_table,
    proof_table,
    use_table,
)
from placeplan.report.tables import (
    costs_table,
    gap_by_locality_table,
    gap_table,
    places_table,
    prices_table,
    questions_table,
)
from placeplan.report.trade_offs_section import trade_offs_part
from placeplan.report.words import WITHHELD, count, join, label, minutes, plain, school_year, short_pounds
from placeplan.report.years_section import years_part
from placeplan.runs import Run

__all__ = ["FOOTER", "page_environment", "page_html", "provenance"]

FOOTER: Final = "This supports, and does not make, a decision. Placement decisions belong to people."
"""What closes every page and workbook."""


def _tiles(run: Run) -> list[dict[str, str]]:
    """The figures a reader looks for first."""
    lead = lead_question(run)
    if lead is None:
        return []
    cost, today = headline(run, lead, "cost_pounds"), headline(run, "today", "cost_pounds")
    outside_cost, outside_mean = (
        f"; {said}" if said else "" for said in (left_out_of_cost(run, lead), left_out_of_mean(run, lead))
    )
    made = [
        (count(headline(run, lead, "children"), missing=WITHHELD), "children need a specialist place"),
        (count(headline(run, lead, "gap"), missing=WITHHELD), "without any place"),
        (
            count(headline(run, lead, "spot_purchase"), missing=WITHHELD),
            "bought one by one for want of a suitable place",
        ),
        (count(headline(run, lead, "out_of_county"), missing=WITHHELD), "placed outside the county"),
        (short_pounds(cost, missing=WITHHELD), "a year" + _against(cost, today, lead) + outside_cost),
        (
            minutes(headline(run, lead, "mean_minutes"), missing=WITHHELD),
            "minutes, the mean journey each way" + outside_mean,
        ),
    ]
    return [{"figure": figure, "what": what} for figure, what in made]


def _against(cost: float | None, today: float | None, lead: str) -> str:
    if lead == "today" or cost is None or today is None:
        return ""
    if abs(cost - today) < 0.5:
        return ", the same as placed today"
    return f", {short_pounds(abs(cost - today))} {'more' if cost > today else 'less'} than as placed today"


def _bars(run: Run) -> list[dict[str, Any]]:
    """A pair of bars a cost line: the leading question and, beside it, as placed today; withheld lines are left out."""
    lead = lead_question(run)
    if lead is None or table(run, "costs").empty:
        return []
    shown = [lead] + (["today"] if lead != "today" and "today" in questions(run) else [])
    sums: dict[tuple[str, str], float] = {}
    for question in shown:
        costs = rows_of(run, "costs", question)
        for line in COST_LINES:
            of_line = costs.loc[costs["line"] == line, "pounds"]
            if len(of_line):
                sums[question, line] = math.nan if of_line.isna().any() else float(of_line.sum())
    largest = max((value for value in sums.values() if value > 0), default=0.0)
    if largest == 0.0:
        return []
    bars = []
    for line in COST_LINES:
        parts = [
            {
                "style": "lead" if question == lead else "today",
                "percent": f"{max(0.0, 100 * sums[question, line] / largest):.1f}",
                "text": f"{short_pounds(sums[question, line])} {'' if question == lead else 'today'}".strip(),
            }
            for question in shown
            if not math.isnan(sums.get((question, line), math.nan))
        ]
        if parts:
            bars.append({"name": label("line", line), "parts": parts})
    return bars


def _proof_sentence(run: Run) -> str:
    proof = table(run, "proof")
    if proof.empty:
        return ""
    if proof["verified"].astype(bool).all():
        made = list(dict.fromkeys(check for text in proof["checks"] for check in checks_of(text)))
        return (
            f"Every answer was checked again from the tables, without the code that found it, and held: {join(made)}."
        )
    return "Not every answer passed the check made from the tables without the code that found it."


def provenance(run: Run) -> list[tuple[str, str]]:
    """Where a run comes from, as pairs of name and value; each note of the input is a pair of its own."""
    facts = run.facts
    names = {
        "county": "County",
        "authority": "Authority",
        "as_of": "As of",
        "year": "Academic year now",
        "command": "Command",
        "options": "Options",
        "first": "First run",
        "second": "Second run",
        "travel_method": "Travel",
        "price_year": "Price year",
        "guidance_minutes": "Journey guidance, minutes",
        "seed": "Seed",
        "versions": "Versions",
        "input_digest": "SHA-256 of the input",
        "withheld": "Tables withheld here",
    }
    made = []
    for key, name in names.items():
        value = facts.get(key)
        if value in (None, "", [], {}):
            continue
        if key == "year":
            value = school_year(value)
        elif isinstance(value, dict):
            value = ", ".join(
                f"{label('phase', one) if key == 'guidance_minutes' else plain(one)} {_short(what)}"
                for one, what in value.items()
            )
        elif isinstance(value, list):
            value = ", ".join(plain(one).lower() for one in value)
        made.append((name, str(value)))
    return made + [("Noted of the input", str(note)) for note in facts.get("input_notes", [])]


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _map_words(run: Run) -> str:
    lead = lead_question(run)
    when = question_name(run, lead) if lead else ""
    return (
        f"Map of {run.county}, {when}: lines from each locality to the units where its children are placed, "
        "wider for more children and dashed outside the county; units by kind; and each locality's gap."
    )


def page_environment() -> Environment:
    """Where the templates of pages are: everything put into one is escaped, and nothing may be missing."""
    made = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True, loader=PackageLoader("placeplan.report")
    )
    bands = {"internal_band": INTERNAL_BAND, "withheld_band": WITHHELD_BAND, "not_published": NOT_PUBLISHED}
    made.globals.update(bands)
    return made


@in_its_words
def page_html(run: Run, *, map_png: bytes | None = None) -> str:
    """The whole page as text; ``run`` is shown as it is, so pass ``share_safe(run)`` for a page that may leave.

    ``map_png`` is put into the page; nothing is fetched from anywhere.
    """
    lead = lead_question(run)
    compared = lead is not None and lead != "today" and "today" in questions(run)
    named = question_name(run, lead) if lead else ""
    shown = {
        made.name: made
        for build in (
            questions_table,
            places_table,
            gap_by_locality_table,
            gap_table,
            prices_table,
            costs_table,
            use_table,
            breaches_table,
            rules_table,
            plans_table,
            proof_table,
            assumptions_table,
        )
        if (made := build(run)) is not None
    }
    size = struct.unpack(">II", map_png[16:24]) if map_png else (0, 0)
    return (
        page_environment()
        .get_template("report.html.j2")
        .render(
            title=title(run),
            county=run.county,
            internal=run.internal,
            data_label=run.facts.get("data_label") or "not labelled",
            as_of=run.facts.get("as_of", ""),
            warning=status_warning(run),
            answer=answer_sentences(run),
            places_said=places_sentences(run),
            gap_said=gap_sentences(run),
            prices_said=price_sentences(run),
            proof_said=_proof_sentence(run),
            stays_said=stays_said(run),
            how_to_read=how_to_read(run),
            tiles=_tiles(run),
            tables=shown,
            bars=_bars(run),
            bars_caption=f"£ a year by line: {named} (filled)"
            + (", and as placed today (outlined)" if compared else ""),
            map_uri=f"data:image/png;base64,{base64.b64encode(map_png).decode()}" if map_png else None,
            map_alt=_map_words(run),
            map_size=size,
            forecast=forecast_part(run),
            over_years=years_part(run),
            explained=explained_part(run),
            frontier=trade_offs_part(run),
            provenance=provenance(run),
            footer=FOOTER,
        )
    )
