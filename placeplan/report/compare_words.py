"""What a comparison of two runs says: its sentences, and its figures, facts and differences in words."""

from collections.abc import Mapping
from textwrap import shorten
from typing import Any, Final

import pandas as pd

from placeplan.report.answer import question_name
from placeplan.report.lookup import table
from placeplan.report.named import in_its_words
from placeplan.report.not_known import bounded
from placeplan.report.words import (
    QUESTION_NAMES,
    WITHHELD,
    join,
    label,
    number_of,
    plain,
    school_year,
    short_pounds,
)
from placeplan.run_tables import measure_kind
from placeplan.runs import Run

__all__ = [
    "NONE",
    "Row",
    "compare_sentences",
    "differs",
    "fact_name",
    "fact_words",
    "figure_name",
    "headline_lines",
    "in_both",
    "is_hidden",
    "is_missing",
    "kind_of",
    "number_words",
    "per_cent_words",
    "question_words",
    "sign_of",
    "value_words",
]

NONE: Final = "–"
"""What stands for a value that a run does not have."""

_MOST_FACTS: Final = 6
_WIDEST: Final = 60
"""How many facts a sentence tells, and in how many letters each; the table of facts has them whole."""

_SIDES: Final = ("first", "second")
_FIGURES: Final = {
    ("forecast_totals", "expected"): "Children who need a specialist place, expected",
    ("equity", "children"): "Children with plans to be placed",
    ("equity", "within_guidance"): "Children within guidance",
    ("equity", "share_within"): "Share within guidance",
}
"""Figures that a table tells in a row of its own, in words."""

Row = Mapping[Any, Any]


def is_missing(value: Any) -> bool:
    """Whether a cell is missing, be it of numbers or of text."""
    return bool(pd.isna(value))


@in_its_words
def compare_sentences(run: Run) -> list[str]:
    """What differs, one sentence an item, the answer first."""
    sides = [run.facts[side] for side in _SIDES]
    named = [f"{one['folder']} ({one['command']}, {one['county']})" for one in sides]
    said = [f"First: {named[0]}. Second: {named[1]}."]
    if run.facts["same"]:
        return ["The two runs are the same: every fact and every table.", *said]
    told = (_answer(run), *said, _facts_said(run), _apart_said(run), _tables_said(run), *_caveats(run))
    return [sentence for sentence in told if sentence]


def _answer(run: Run) -> str:
    figures = [row for row in table(run, "headlines").to_dict("records") if in_both(row)]
    tables = table(run, "tables")
    counted = [
        (len(figures), sum(differs(row) for row in figures), "headline figure"),
        (len(tables), int((tables["status"] != "same").sum()), "table"),
    ]
    # Nothing is said of none: two runs of different commands have no figure in common.
    alike = [
        f"{'all ' if whole > 1 else ''}{number_of(whole, noun)}" for whole, part, noun in counted if whole > part == 0
    ]
    apart = [f"{part} of {number_of(whole, noun)}" for whole, part, noun in counted if part]
    told = [f"{verb} in {join(parts)}" for verb, parts in (("agree", alike), ("differ", apart)) if parts]
    return f"The two runs {join(told or ['differ in their facts'])}."


def _short(row: Row, side: str) -> str:
    return shorten(fact_words(row, side), _WIDEST, placeholder=" …")


def _apart_said(run: Run) -> str:
    """How many figures only one of the runs tells."""
    alone = [row for row in table(run, "headlines").to_dict("records") if not in_both(row)]
    first = sum(not _is_absent(row, "first_value") for row in alone)
    counts = [(first, "first"), (len(alone) - first, "second")]
    told = [f"{number_of(count, 'headline figure')} in the {side} only" for count, side in counts if count]
    return f"There {'is' if len(alone) == 1 else 'are'} {join(told)}." if told else ""


def _facts_said(run: Run) -> str:
    facts = table(run, "facts").to_dict("records")
    if not facts:
        return "They were asked and read the same."
    # What was asked is told first: it is what a reader changed.
    ranked = sorted(facts, key=lambda row: not str(row["fact"]).startswith("options."))
    told = [f"{fact_name(row)} ({_short(row, 'first')}, then {_short(row, 'second')})" for row in ranked[:_MOST_FACTS]]
    more = len(ranked) - len(told)
    listed = join([*told, f"{more} more"] if more else told)
    return f"{number_of(len(facts), 'fact')} {'differs' if len(facts) == 1 else 'differ'}: {listed}."


def _tables_said(run: Run) -> str:
    frame = table(run, "tables")
    parts = []
    for status, words in (
        ("differs", "differ"),
        ("same", "are the same"),
        ("only in first", "are in the first only"),
        ("only in second", "are in the second only"),
    ):
        names = [label("table", name) for name in frame.loc[frame["status"] == status, "table"]]
        if names:
            listed = f" ({'; '.join(names)})" if status != "same" else ""
            parts.append(f"{len(names)} {words.replace('are', 'is', 1) if len(names) == 1 else words}{listed}")
    return f"Of {number_of(len(frame), 'table')} {join(parts)}." if parts else ""


def _not_known(run: Run) -> list[str]:
    """What the costs and means of either run leave out, by question."""
    said = []
    for row in table(run, "headlines").to_dict("records"):
        if row["measure"] != "journeys_not_known":
            continue
        told = []
        for side in _SIDES:
            facts = run.facts[side]
            hidden, safe = is_hidden(row, f"{side}_value"), not facts["internal"]
            unknown = bounded(row[f"{side}_value"], hidden=hidden, share_safe=safe)
            dearest = facts.get("known_journeys", {}).get("dearest_pounds")
            if unknown is not None:
                most = "" if dearest is None else f", from £0 to {short_pounds(unknown.most * float(dearest))} more"
                told.append(f"{unknown.who} in the {side}{most}")
        if told:
            said.append(
                f"{figure_name(run, row)}: costs leave out the transport of them, and mean journeys are without them: "
                f"{join(told)}."
            )
    return said


def _caveats(run: Run) -> list[str]:
    said = _not_known(run)
    if run.facts["first"]["internal"] != run.facts["second"]["internal"]:
        said.append(
            "One of the runs withholds small counts and the other is internal: "
            "rounding and withholding alone make figures differ."
        )
    if run.facts["withheld"]:
        names = "; ".join(label("table", name) for name in run.facts["withheld"])
        said.append(f"Left out, since tables of children are compared only where both runs are internal: {names}.")
    return said


def headline_lines(run: Run) -> list[str]:
    """The headline figures of both runs that differ, one a line: what it is, the first, the second, the difference."""
    return [
        f"{figure_name(run, row)}: {value_words(row, 'first_value')}, then {value_words(row, 'second_value')}{_by(row)}"
        for row in table(run, "headlines").to_dict("records")
        if in_both(row) and differs(row)
    ]


def _by(row: Row) -> str:
    if is_missing(row["difference"]):
        return ""
    per_cent = per_cent_words(row)
    return f" ({value_words(row, 'difference', signed=True)}{f', {per_cent}' if per_cent else ''})"


def is_hidden(row: Row, column: str) -> bool:
    """Whether a row says that one of its columns is withheld."""
    told = row.get("suppressed")
    return isinstance(told, str) and column in told.split(";")


def _is_absent(row: Row, side: str) -> bool:
    return is_missing(row[side]) and not is_hidden(row, side)


def in_both(row: Row) -> bool:
    """Whether both runs tell a figure, or that it is withheld."""
    return not _is_absent(row, "first_value") and not _is_absent(row, "second_value")


def differs(row: Row) -> bool:
    """Whether two values differ as they stand: a withheld one is like another withheld one only."""
    gone = [is_missing(row[side]) for side in ("first_value", "second_value")]
    hidden = [is_hidden(row, side) for side in ("first_value", "second_value")]
    return gone[0] != gone[1] or hidden[0] != hidden[1] or (not gone[0] and row["difference"] != 0)


def figure_name(run: Run, row: Row, *, alone: bool = False) -> str:
    """What a figure is; with the question or the year that it is of unless it stands ``alone``."""
    told = str(row["table"]), str(row["measure"])
    words = _FIGURES.get(told) or label("measure", row["measure"])
    if not is_missing(row["year"]):
        return f"{school_year(row['year'])}, {words}"
    return words if alone or is_missing(row["question"]) else f"{question_words(run, row['question'])}, {words}"


def question_words(run: Run, question: Any) -> str:
    """A question's name; one that is not known here as it stands."""
    return question_name(run, str(question)) if question in QUESTION_NAMES else str(question)


def kind_of(row: Row) -> str:
    """Whether a figure is ``pounds``, ``minutes`` or a ``count``, as which the minutes of all children are told."""
    return "count" if row["measure"] == "child_minutes" else measure_kind(str(row["measure"]))


def value_words(row: Row, column: str, *, signed: bool = False) -> str:
    """A figure's value or difference; ``c`` where it is withheld."""
    if is_hidden(row, column):
        return WITHHELD
    return number_words(row[column], kind_of(row), signed=signed)


def per_cent_words(row: Row) -> str:
    """A figure's difference in per cent of the first; blank where there is none."""
    if is_hidden(row, "per_cent"):
        return WITHHELD
    value = row["per_cent"]
    if is_missing(value):
        return ""
    if row["difference"] == 0:
        return "0%"
    return f"{sign_of(value)}{abs(value):,.1f}%" if abs(value) >= 0.05 else "under 0.1%"


def sign_of(value: float) -> str:
    """The sign that a difference is written with."""
    return "−" if value < 0 else "+" if value > 0 else ""


def number_words(value: Any, kind: str, *, signed: bool = False) -> str:
    """A number as it is compared: to the penny where it is under a pound, and no digit dropped of a share.

    >>> number_words(-534400.0, "pounds", signed=True), number_words(0.4, "pounds"), number_words(0.993, "count")
    ('−£534,400', '£0.40', '0.993')
    """
    if is_missing(value):
        return NONE
    size = abs(float(value))
    if kind == "pounds":
        text = f"£{size:,.2f}" if 0 < size < 1 else f"£{size:,.0f}"
    elif kind == "minutes":
        text = f"{size:,.1f}"
    else:
        text = f"{size:,.3f}".rstrip("0").rstrip(".")
    sign = sign_of(float(value))
    return text if sign == "+" and not signed else sign + text


def fact_name(row: Row) -> str:
    """A fact of run.json in words, the part that it stands in before it."""
    head, _, rest = str(row["fact"]).partition(".")
    return f"{plain(head)}: {rest.replace('_', ' ')}" if rest else plain(head)


def fact_words(row: Row, side: str) -> str:
    """What a fact is in one of the runs; of a digest its beginning."""
    if is_missing(row[side]):
        return NONE
    text = str(row[side])
    is_digest = len(text) == 64 and set(text) <= set("0123456789abcdef")
    return f"{text[:12]}…" if is_digest else text or NONE
