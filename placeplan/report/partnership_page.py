"""options.html: what the partnership and its officers see of their cases, what it does to others among it."""

from typing import Any, Final

import pandas as pd

from placeplan.county.settings_cases import CRITERION_NAMES
from placeplan.county.vocabulary import NEEDS
from placeplan.report.case_words import (
    CAUTION,
    EFFECTS,
    GAP_WHY,
    GOES_ON,
    break_even_rows,
    independent_place,
    is_some,
    option_name,
    option_notes,
    over_lines,
    range_words,
)
from placeplan.report.cells import Table, number_columns, text_columns
from placeplan.report.coverage_page import Section
from placeplan.report.lookup import locality_names, records, table
from placeplan.report.meeting_sections import meeting_sections, options_by_name, turning_sections
from placeplan.report.named import in_its_words
from placeplan.report.page import FOOTER, page_environment, provenance
from placeplan.report.words import PHASE_NAMES, count, join, label, minutes, number_of, pounds, short_pounds
from placeplan.runs import Run

__all__ = ["partnership_html", "partnership_sentences"]

FIRST: Final = 3
"""How many options of a case the office's page sets out beside what they do to others."""


@in_its_words
def partnership_sentences(run: Run) -> list[str]:
    """The answer in a few sentences: of the meeting, or of the cases one by one."""
    cases = table(run, "cases")
    meeting = table(run, "meeting")
    if meeting.empty:
        found = table(run, "case_options").groupby("case")["option"].size().reindex(cases["case"]).fillna(0)
        none = [str(case) for case in found.index[found == 0]]
        said = [f"{number_of(len(cases), 'case')}, with {number_of(int(found.sum()), 'option')} in all. {CAUTION}"]
        return said + ([f"No option stands for {join(none)}."] if none else [])
    met = meeting[meeting["option"].fillna("") != ""]
    local = int((met["what"] != "independent").sum())
    unmet = [str(case) for case in meeting.loc[meeting["option"].fillna("") == "", "case"]]
    kept = f"{local} would be kept by a local option and {len(met) - local} by an independent place"
    said = [f"Of {number_of(len(meeting), 'case')}, {kept}. {_money(table(run, 'meeting_budget'))}", CAUTION]
    if unmet:
        said.append(f"No option stands for {join(unmet)}: each page says why.")
    if run.facts["status"] != "optimal":
        said.append("This is not proven to be the best choice for all together.")
    decided = int(meeting["decided"].sum())
    turn = len(meeting) - decided
    said.append(f"{decided} of them stay as they are whatever one thing is changed; {turn} turn on one, said below.")
    agreed = int(table(run, "decisions")["decision"].map(is_some).sum())
    return [*said, f"{agreed} of them have been decided so far."] if agreed else said


def _money(budget: pd.DataFrame) -> str:
    """What education would spend, beside the independent places of the same cases."""
    total = budget[budget["case"] == "all"].iloc[0]
    cases = budget[budget["case"] != "all"]
    rest = cases[cases["otherwise"].isna()]
    spent, otherwise = short_pounds(total["spent"]), short_pounds(total["otherwise"])
    if rest.empty:
        return f"Education would spend {spent} a year; independent places for all would take {otherwise}."
    # A place that is added for one of them is in the pool already.
    pooled = bool(total["pooled"])
    others = short_pounds((rest["spent"] - rest["added_pounds"] * pooled).sum())
    if len(rest) == len(cases):
        return f"Education would spend {others} a year; no independent place of a known fee is open to any."
    known = f"On {len(cases) - len(rest)} of them education would spend {spent} a year, where independent places"
    more = f"no independent place of a known fee is open to the other {len(rest)}, on whom it would spend {others}"
    return f"{known} would take {otherwise}; {more}."


@in_its_words
def partnership_html(run: Run) -> str:
    """The whole page as text; it is child-level, and always marked so."""
    lede, *said = partnership_sentences(run)
    sections = [
        *meeting_sections(run),
        _cases(run),
        _chains(run),
        _effects(run),
        *turning_sections(run),
        _break_even(run),
        _returning(run),
        _reading(run),
    ]
    return (
        page_environment()
        .get_template("compare.html.j2")
        .render(
            title=f"Options for {number_of(len(table(run, 'cases')), 'case')} in {run.county}",
            county=run.county,
            internal=run.internal,
            data_label=run.facts.get("data_label") or "not labelled",
            as_of=run.facts.get("as_of", ""),
            lede=lede,
            said=said,
            tiles=[],
            sections=[section for section in sections if section is not None],
            provenance=provenance(run),
            footer=FOOTER,
        )
    )


def _cases(run: Run) -> Section:
    effects = {(str(r["case"]), str(r["option"])): r for r in records(run, "case_others")}
    rows = []
    for case, options in table(run, "case_options").groupby("case", sort=True):
        for row in options.head(FIRST).to_dict("records"):
            effect = effects.get((str(case), str(row["option"])), {})
            rows.append(
                (
                    str(case),
                    option_name(row),
                    "; ".join(option_notes(row)),
                    "" if row["residential"] else minutes(row["minutes"], missing="not stated"),
                    over_lines(range_words(row["pounds_low"], row["pounds"], row["pounds_high"])),
                    _to_others(effect),
                    count(effect.get("others_gap"), missing="not known"),
                    count(effect.get("others_preferences"), missing="not known"),
                )
            )
    columns = (
        *text_columns("Case", "Option", "What must be known"),
        *number_columns(
            "Minutes",
            "First year, public purse",
            "To all others, a year",
            "Others who would wait",
            "Others not where they prefer",
        ),
    )
    estimate = table(run, "case_others")
    marked = bool(len(estimate) and estimate["estimate"].astype(bool).any())
    said = (
        "What an option costs and what it does to others are two figures, and are never added together."
        + (" What it does to others is an estimate from the prices of places." if marked else ""),
    )
    return Section("The first options of each case", said, (Table("options", "Options", columns, tuple(rows)),))


def _to_others(effect: dict[str, Any]) -> str:
    """What an option costs all others a year, and how much of it is a declared penalty and no cash."""
    told = pounds(effect.get("others_pounds"), missing="not known")
    penalties = effect.get("others_penalties")
    if not is_some(penalties) or pounds(penalties) == pounds(0):
        return told
    return f"{told}\n({pounds(penalties)} a penalty)"


def _chains(run: Run) -> Section | None:
    """Who would have to move on, or will, for the room that an option needs, by need and year, never by name."""
    first = {
        (str(case), str(option))
        for case, options in table(run, "case_options").groupby("case", sort=True)
        for option in options["option"].head(FIRST)
    }
    # Who leaves in any case is told for the first options alone; of all others it is in the workbook.
    steps = [
        row for row in records(run, "case_chains") if is_some(row["to_unit"]) or (row["case"], row["option"]) in first
    ]
    if not steps:
        return None
    options = options_by_name(run)
    names = {str(row["unit"]): str(row["name"]) for row in options.values() if row["unit"]}
    rows = tuple(
        (
            str(row["case"]),
            option_name(options[row["case"], row["option"]]),
            f"{int(row['step'])}. Year {int(row['year_group'])}, {NEEDS[str(row['need'])]}",
            names.get(str(row["from_unit"]), str(row["from_unit"])),
            names.get(str(row["to_unit"]), str(row["to_unit"])) if is_some(row["to_unit"]) else "leaves or moves up",
            pounds(row["pounds"]),
        )
        for row in steps
        if (row["case"], row["option"]) in options
    )
    columns = (*text_columns("Case", "Option", "Who moves", "From", "To"), *number_columns("Costs a year more"))
    made = Table("chains", "By consent, or in September when they leave or move up", columns, rows)
    return Section("Moves that would make room", (), (made,))


def _returning(run: Run) -> Section | None:
    """What keeps coming back: for the commissioning hub, without identifiers."""
    rows = records(run, "gap_returning")
    if not rows:
        return None
    localities = locality_names(run)
    told = tuple(
        (
            NEEDS[str(row["need"])],
            PHASE_NAMES[str(row["phase"])],
            localities.get(str(row["locality"]), str(row["locality"])),
            GAP_WHY.get(str(row["why"]), str(row["why"])),
            _offer_words("" if pd.isna(row["local_offer"]) else str(row["local_offer"])),
            count(row["terms"]),
            count(row["children"]),
            pounds(row["offer_pounds"], missing="not known"),
            pounds(row["independent_pounds"], missing="none"),
        )
        for row in rows
    )
    columns = (
        *text_columns("Need", "Phase", "Locality", "Why", "What would have kept them"),
        *number_columns("Terms", "Children", "At a yearly cost of, its place included", "Independent, a year"),
    )
    said = (
        "For the office. Of what was decided, counts by broad area and phase over several terms are told to others.",
        "Until a decision on a case is read back, its row says what is recommended.",
    )
    made = Table("returning", "Cases that no local option kept, over the terms read", columns, told)
    return Section("What keeps coming back", said, (made,))


def _offer_words(offer: str) -> str:
    kind, colon, rest = offer.partition(":")
    return f"{label('kind', kind)}{colon}{rest}"


def _effects(run: Run) -> Section | None:
    """How many others would wait or travel further, of what need, phase and locality; for planning."""
    frame = table(run, "meeting_others")
    caption = "What all the choices together do to others"
    if frame.empty:
        frame = table(run, "case_others_people")
        first = table(run, "case_options").drop_duplicates("case")[["case", "option"]]
        frame = frame.merge(first, on=["case", "option"]) if len(frame) else frame
        caption = "What the first option of each case does to others"
    if frame.empty:
        return None
    localities = locality_names(run)
    keys = ["effect", "need", "phase", "locality"]
    counted = frame.groupby(keys, as_index=False, sort=False)[["children"]].sum()
    rows = tuple(
        (
            EFFECTS[str(row["effect"])],
            NEEDS[str(row["need"])],
            PHASE_NAMES[str(row["phase"])],
            localities.get(str(row["locality"]), str(row["locality"])),
            count(row["children"]),
        )
        for row in counted.to_dict("records")
    )
    columns = (*text_columns("What", "Need", "Phase", "Locality"), *number_columns("Children"))
    said = ("For planning: it is about no child by name, and stands on no page for a family.",)
    return Section("What it does to others", said, (Table("others", caption, columns, rows),))


def _break_even(run: Run) -> Section | None:
    """The first local option of each case beside its independent place, for education and for the public purse."""
    even = table(run, "case_break_even")
    rows = []
    for case, options in table(run, "case_options").groupby("case", sort=True):
        local, away = options[options["what"] != "independent"], independent_place(options)
        if local.empty or away is None:
            continue
        mine = break_even_rows(even[even["case"] == case], str(local["option"].iloc[0]), str(away["option"]))
        if not mine:
            continue
        rows.append(
            (
                str(case),
                option_name(local.iloc[0].to_dict()),
                option_name(away),
                *(
                    over_lines(range_words(*(mine[purse][f"{what}_pounds{end}"] for end in ("_low", "", "_high"))))
                    for what in ("fee", "package")
                    for purse in ("education", "public")
                ),
            )
        )
    if not rows:
        return None
    columns = (
        *text_columns("Case", "First local option", "Independent place"),
        *number_columns(
            "Fee at which they cost education alike",
            "and the public purse",
            "Most that the local option may cost education",
            "and the public purse",
        ),
    )
    said = (
        "First year, marginal cash. Below nought, the local option costs less even with no fee.",
        "All others, over whole stays and by payer, are in the workbook.",
    )
    made = Table("break_even", "Break-even", columns, tuple(rows))
    return Section("Where local and independent cost alike", said, (made,))


def _reading(run: Run) -> Section:
    weights = run.facts["case_weights"]
    total = sum(weights.values())
    told = join([f"{CRITERION_NAMES[name]} {weight / total:.0%}" for name, weight in weights.items()])
    unstated = join([f"{name} {pounds(value)}" for name, value in run.facts["case_not_stated"].items()])
    scale = pounds(run.facts["case_cost_scale"])
    scores = (
        f"An option scores nothing for cost at {scale} a year, nor for a journey of twice the guidance or from home, "
        "and half for a journey that is not known."
    )
    bound = f"it counts from nought to a bound a year ({unstated}; {run.facts['case_source']})"
    tried = (
        "One thing is changed at a time: a criterion's weight halved or doubled, packages or independent places at "
        "either end of their ranges, one budget for all or one each, and with or without places above those "
        "commissioned, moves by consent, or places that are offered to other children."
    )
    marginal = "Costs are marginal cash: top-up or fee, transport, and the cost of a place only where one is added."
    said = (
        f"The criteria and their weights: {told}. {scores}",
        f"A sum that nobody has stated is never taken for nought: {bound}, and half of it where options are ranked.",
        f"Whole stays are discounted at {run.facts['case_discount']:.1%} a year. {marginal} {GOES_ON}",
        tried,
    )
    return Section("How to read it", said, ())
