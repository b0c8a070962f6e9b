"""What a coverage run says in words and tables: the largest gaps, the children, equity, leavers, candidates."""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from placeplan.county.kind_names import is_renamed, kind_name, kind_within, provision_name
from placeplan.report.cells import Table, cell, number_columns, text_columns
from placeplan.report.lookup import locality_names, table
from placeplan.report.named import in_its_words
from placeplan.report.words import PHASE_NAMES, label, minutes, number_of, share
from placeplan.runs import Run
from placeplan.suppression import SMALLEST

__all__ = ["Section", "coverage_sections", "gap_sentence", "lede"]

MOST_GAPS: Final = 25
"""How many of the ranked gaps a page shows; the run's table has them all."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: its heading, what it says, and its tables."""

    heading: str
    said: tuple[str, ...]
    tables: tuple[Table, ...]


def _people(value: Any, *, missing: str = "") -> str:
    return missing if pd.isna(value) else f"{float(value):,.0f}"


def _names(run: Run) -> dict[str, str]:
    units = table(run, "units_about")
    return dict(zip(units["unit"].astype(str), units["name"].astype(str), strict=True)) if len(units) else {}


def _need(row: dict[Any, Any]) -> str:
    return label("need", row["need"]) if "need" in row else label("area", row["area"])


@in_its_words
def gap_sentence(run: Run) -> str:
    """The largest gap in one sentence, of everybody who lives there; empty where there is none."""
    gaps = table(run, "place_gaps")
    if gaps.empty:
        return ""
    row = gaps.iloc[0]
    guidance = table(run, "guidance").set_index("phase")["minutes"][row["phase"]]
    where = locality_names(run)[str(row["locality"])]
    phase = PHASE_NAMES[str(row["phase"])].lower()
    year = f", as counted in {run.facts['people_year']}," if "people_year" in run.facts else ""
    return (
        f"In {where} {share(row['share_beyond'])} of young people of {phase} age{year} live more than "
        f"{guidance:g} minutes "
        f"from the nearest {_in_a_sentence(str(row['provision']))} for {label('need', row['need']).lower()}."
    )


def _in_a_sentence(provision: str) -> str:
    """A provision within a sentence: ERS (alternative learning environment), special school.

    >>> _in_a_sentence("ers:alternative"), _in_a_sentence("special")
    ('ERS (alternative learning environment)', 'special school')
    """
    if ";" not in provision and (is_renamed(provision) or ":" not in provision):
        return kind_within(provision)
    kind, colon, model = provision_name(provision).partition(": ")
    return f"{kind} ({model})" if colon else kind


@in_its_words
def lede(run: Run) -> str:
    """The first words of the atlas: the largest gap, then how the children stand."""
    gap = gap_sentence(run) or _no_gap(run)
    county = table(run, "equity")
    rows = county[county["by"] == "county"].to_dict("records") if len(county) else []
    if not rows:
        return gap
    if pd.isna(rows[0]["share_within"]):
        return f"{gap} How many children can reach a place that would meet the plan is withheld, or not known."
    within, count = share(rows[0]["share_within"]), number_of(rows[0]["children"], "child", "children")
    children = f"Of {count} with a plan to be placed, {within} can reach a place that would meet it within guidance."
    return f"{gap} {children}"


def _no_gap(run: Run) -> str:
    """What is said where no gap is listed: that none was found among what was measured, or that nothing was."""
    measured = int(run.facts.get("place_cells", 0))
    if "place_gaps" in run.facts.get("withheld", []):
        return "Where places are beyond guidance of those who live here is withheld."
    if "place_gaps" not in run.tables or not measured:
        return (
            "Whether places are within guidance of those who live here is not worked out: of no need and kind of place "
            f"commissioned here are there {SMALLEST} children or more."
        )
    return (
        f"Nobody was found to live beyond guidance in the {number_of(measured, 'combination')} of locality, need, "
        f"phase and kind of place that were measured, those that {SMALLEST} children or more of the county need."
    )


@in_its_words
def coverage_sections(run: Run) -> list[Section]:
    """The sections of the page, those that the run has something for."""
    made = [
        _place_gaps(run),
        _children(run),
        _limits(run),
        _equity(run),
        _leavers(run),
        _what_if(run),
        _where_best(run),
    ]
    rests = table(run, "assumptions")
    rows = tuple((str(r["subject"]), str(r["value"]), str(r["source"])) for r in rests.to_dict("records"))
    columns = text_columns("Assumption", "Value", "Source")
    made.append(Section("What it rests on", (), (Table("assumptions", "Assumptions in use", columns, rows),)))
    return [section for section in made if section is not None]


def _place_gaps(run: Run) -> Section | None:
    gaps, names, units = table(run, "place_gaps"), locality_names(run), _names(run)
    if gaps.empty:
        return None
    rows = tuple(
        (
            f"{int(row['rank'])}. {names[str(row['locality'])]}",
            label("need", row["need"]),
            PHASE_NAMES[str(row["phase"])],
            provision_name(str(row["provision"])),
            share(row["share_beyond"]),
            _people(row["people_beyond"]),
            f"{float(row['expected_children']):.1f}",
            units.get(str(row["nearest"]), "" if pd.isna(row["nearest"]) else str(row["nearest"])),
            minutes(row["mean_minutes"], missing="not reached"),
        )
        for row in gaps.sort_values("rank").head(MOST_GAPS).to_dict("records")
    )
    columns = (
        *text_columns("Locality", "Need", "Phase", "Provision"),
        *number_columns("Young people beyond guidance", "How many", "Children to be expected among them"),
        *text_columns("Nearest to most of them"),
        *number_columns("Mean minutes"),
    )
    more = f"The first {MOST_GAPS} of {len(gaps)}; all are in tables/place_gaps.csv." if len(gaps) > MOST_GAPS else ""
    said = (
        "Where a kind of place that children need is farther than guidance, whoever lives there.",
        "Ranked by the children to be expected among those young people, at the county's rate (none from under 5).",
    )
    return Section(
        "Where the gaps are", said, (Table("place_gaps", "Gaps, the largest first", columns, rows, None, more),)
    )


COUNTS: Final = ("children", "within_guidance", "visiting_teacher", "beyond_guidance")


def _children(run: Run) -> Section | None:
    coverage, names = table(run, "coverage"), locality_names(run)
    if coverage.empty:
        return None
    beyond = coverage[
        (coverage["schools"] == "all") & (coverage["beyond_guidance"].isna() | (coverage["beyond_guidance"] > 0))
    ]
    without = {
        (row["locality"], row.get("area", row.get("need")), row["phase"], row.get("provision")): row
        for row in coverage[coverage["schools"] == "county"].to_dict("records")
    }
    detail = "provision" in coverage.columns
    rows = []
    for row in beyond.to_dict("records"):
        other = without.get((row["locality"], row.get("area", row.get("need")), row["phase"], row.get("provision")), {})
        rows.append(
            (
                names[str(row["locality"])],
                _need(row),
                PHASE_NAMES[str(row["phase"])],
                *([provision_name(str(row["provision"]))] if detail else []),
                *(cell(row, column) for column in COUNTS),
                cell(other, "beyond_guidance") if other else "",
                cell(row, "mean_minutes", minutes),
            )
        )
    columns = (
        *text_columns("Locality", "Need", "Phase", *(["Provision"] if detail else [])),
        *number_columns("Children", "Within guidance", kind_name("peripatetic"), "Beyond guidance"),
        *number_columns("Beyond, without schools over the border", "Mean minutes"),
    )
    said = (
        "Children with plans, by the nearest unit that would meet the plan; cells with nobody beyond are left out.",
        f"A child whom a {kind_within('peripatetic')} could serve is in no gap.",
    )
    note = "c: withheld, so that no small count can be worked out." if not run.internal else ""
    return Section(
        "Children beyond guidance",
        said,
        (Table("coverage", "Cells with children beyond guidance", columns, tuple(rows), None, note),),
    )


def _limits(run: Run) -> Section | None:
    limits, names = table(run, "coverage_limits"), locality_names(run)
    if limits.empty:
        return None
    keys = ["locality", "phase", "limit"]
    rows_all = limits[limits["schools"] == "all"]
    if "need" in rows_all.columns:
        rows_all = rows_all.groupby(keys, as_index=False)[["children", "within"]].sum()
    said = (
        "Children who could reach a unit that would meet their plan in so many minutes, one way, whatever their phase.",
    )
    values = sorted(rows_all["limit"].unique())
    rows = []
    for locality in names:
        for phase in PHASE_NAMES:
            some = rows_all[(rows_all["locality"] == locality) & (rows_all["phase"] == phase)].set_index("limit")
            if some.empty:
                continue
            cells = [cell({**some.loc[value].to_dict()}, "within") for value in values]
            rows.append((names[locality], PHASE_NAMES[phase], cell(some.iloc[0].to_dict(), "children"), *cells))
    columns = (
        *text_columns("Locality", "Phase"),
        *number_columns("Children", *(f"Within {value:g} minutes" for value in values)),
    )
    return Section(
        "Within so many minutes", said, (Table("limits", "Children within so many minutes", columns, tuple(rows)),)
    )


def _equity(run: Run) -> Section | None:
    equity, names = table(run, "equity"), locality_names(run)
    if equity.empty:
        return None
    heads = {"county": "The county", "locality": "", "deprivation_fifth": "Deprivation fifth ", "rural": ""}
    rows = tuple(
        (
            names.get(
                str(row["group"]),
                f"{heads[str(row['by'])]}{'' if row['by'] == 'county' else str(row['group']).capitalize()}",
            )
            + (" (1 is the most deprived)" if row["by"] == "deprivation_fifth" and str(row["group"]) == "1" else ""),
            cell(row, "children"),
            cell(row, "within_guidance"),
            share(row["share_within"], missing="c" if "within_guidance" in str(row.get("suppressed")) else ""),
            cell(row, "mean_minutes", minutes),
            "least" if row["worst"] else "",
        )
        for row in equity.to_dict("records")
    )
    columns = (
        *text_columns("Group"),
        *number_columns("Children", "Within guidance", "Share", "Mean minutes"),
        *text_columns("Of its kind"),
    )
    said = (
        "The county beside each locality, fifth of deprivation, and rural and urban areas.",
        f"A {kind_within('peripatetic')} counts as within guidance.",
    )
    return Section("How fair it is", said, (Table("equity", "Within guidance, by group", columns, rows),))


def _leavers(run: Run) -> Section | None:
    leavers, names = table(run, "leavers"), locality_names(run)
    if leavers.empty:
        return None
    rows = tuple(
        (
            names[str(row["locality"])],
            _need(row),
            *(cell(row, c) for c in ("children", "onward_within", "without_onward")),
        )
        for row in leavers.to_dict("records")
    )
    columns = (
        *text_columns("Locality", "Need"),
        *number_columns("Leaving Year 6", "With an onward place in reach", "Without"),
    )
    said = (
        "Children who leave Year 6, by whether a place that would meet the plan in Year 7 is within guidance.",
        "An ERS of another model does not meet a plan that suits one model.",
    )
    return Section("After Year 6", said, (Table("leavers", "Year 6 leavers", columns, rows),))


def _what_if(run: Run) -> Section | None:
    frame = table(run, "what_if")
    if frame.empty:
        return None
    rows = tuple(
        (
            str(row["name"]),
            _people(row["places"]),
            share(row["share_people_before"]),
            share(row["share_people_after"]),
            _people(row["people_gained"]),
            minutes(row["mean_minutes_saved"]),
            *(cell(row, c) for c in ("children_suited", "children_gained", "children_nearest")),
        )
        for row in frame.sort_values("candidates").to_dict("records")
    )
    columns = (
        *text_columns("Candidate"),
        *number_columns(
            "Places", "Young people within guidance now", "With it", "More young people", "Mean minutes saved"
        ),
        *number_columns("Children whom it would suit", "Children gained", "Children for whom it is nearest"),
    )
    said = (
        "What a base at each candidate would change, beside units of its own kind and model; and all of them together.",
        "It is about distance: more may gain than there are places.",
    )
    return Section("What if", said, (Table("what_if", "Candidate bases", columns, rows),))


def _where_best(run: Run) -> Section | None:
    frame = table(run, "where_best")
    if frame.empty:
        return None
    names = {
        "covering": "most children within guidance",
        "fewest": "fewest bases for all who can be covered",
        "median": "fewest minutes of travel",
        "capacitated": "fewest minutes of travel, within places",
    }
    rows = tuple(
        (
            names.get(str(row["method"]), str(row["method"])),
            _people(row["sites"]),
            "" if pd.isna(row["names"]) else str(row["names"]),
            *(cell(row, c) for c in ("children", "within_before", "within_after")),
            cell(row, "child_minutes_before", _people),
            cell(row, "child_minutes_after", _people),
            "proven the best" if row["status"] == "optimal" else "not proven the best",
        )
        for row in frame.to_dict("records")
    )
    columns = (
        *text_columns("Made best"),
        *number_columns("Bases"),
        *text_columns("Where"),
        *number_columns("Children", "Within guidance now", "With them", "Child-minutes now", "With them"),
        *text_columns("Proof"),
    )
    return Section("Where best", (), (Table("where_best", "Where bases would be best", columns, rows),))
