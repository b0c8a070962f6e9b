"""The run of a partnership's options: every table of its cases and, where there was one, of its meeting."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from placeplan.cases.found import INDEPENDENT_KINDS
from placeplan.cases.gaps import RECORD_COLUMNS, gap_record, published_record, returning
from placeplan.county.columns import TABLES as TABLES_OF_COUNTY
from placeplan.county.county import County
from placeplan.county.terms import TERMS, term_name, term_number, term_of
from placeplan.county.vocabulary import FAMILY
from placeplan.errors import UsageError
from placeplan.geo.travel import TravelTimes
from placeplan.runs import Run
from placeplan.studies.case_answers import CaseOptions, Meeting
from placeplan.studies.run_parts import county_layers, run_facts, units_named

__all__ = ["options_run"]

RENAMED: Final = {
    "low": "pounds_low",
    "high": "pounds_high",
    "middle": "pounds_middle",
    "unstated_high": "pounds_not_stated",
    "stated": "is_stated",
    "horizon": "over",
    "outcome": "effect",
    "room": "standing",
}
TABLES: Final = {
    "case": "cases",
    "options": "case_options",
    "lines": "case_lines",
    "costs": "case_costs",
    "unsuitable": "case_unsuitable",
    "others": "case_others",
    "others_people": "case_others_people",
    "break_even": "case_break_even",
    "criteria": "case_criteria",
    "turning_points": "case_turning_points",
    "chains": "case_chains",
}
"""The tables of one case's answer, and what they are called in a run, where they hold all cases."""

LOG_COLUMNS: Final = list(TABLES_OF_COUNTY["decisions"].names)


def options_run(
    county: County,
    travel: TravelTimes,
    options: CaseOptions | Sequence[CaseOptions],
    *,
    meeting: Meeting | None = None,
    earlier: Iterable[Run] = (),
    options_stated: Mapping[str, Any] | None = None,
) -> Run:
    """One run of the options of some cases and of their meeting. Child-level throughout: it is always internal.

    ``earlier``: runs of earlier terms, whose gap records are told together with this one's; what may be published is
    counts of three terms, this one the last. A run of this term stands back behind this one.
    """
    options = [options] if isinstance(options, CaseOptions) else options
    tables: dict[str, pd.DataFrame] = {}
    for name, called in TABLES.items():
        parts = [_named(one.case, one.tables[name]) for one in options]
        filled = [part for part in parts if len(part)] or parts[:1]
        tables[called] = pd.concat(filled, ignore_index=True)
    # Who moves on is nobody's to know but the office's: a chain is told by need and year group.
    tables["case_chains"] = tables["case_chains"].drop(columns="child")
    if meeting is not None:
        tables |= {name: frame.rename(columns=RENAMED) for name, frame in meeting.tables.items()}
    log = _log(county, options, meeting)
    tables["decisions"] = log
    record = _record(county, options, meeting, log)
    tables["gap_record"] = record
    now = term_of(county.settings.as_of)
    before = [_earlier(run.tables["gap_record"], now) for run in earlier if "gap_record" in run.tables]
    tables["gap_returning"] = returning([*before, record])
    if before:
        year = [one[one["term"].map(term_number) > now - len(TERMS)] for one in before]
        tables["gap_published"] = published_record([*year, record])
    tables["localities"] = pd.DataFrame(county.localities[["locality", "name"]])
    tables["units_named"] = units_named(county)
    facts = run_facts(county, command="options", options=options_stated, travel_method=travel.method)
    cases = county.settings.cases
    facts |= {
        "status": "listed" if meeting is None else meeting.status,
        "case_weights": dict(cases.weights),
        "case_cost_scale": cases.cost_scale,
        "case_discount": cases.discount,
        "case_not_stated": dict(cases.not_stated),
        "case_source": cases.source,
    }
    return Run(command="options", county=county.name, tables=tables, layers=county_layers(county), facts=facts)


def _named(case: str, frame: pd.DataFrame) -> pd.DataFrame:
    renamed = frame.rename(columns=RENAMED)
    renamed = renamed.rename(
        columns={
            f"{name}{end}": f"{name}_pounds{end}"
            for name in ("local", "independent", "fee", "package")
            for end in ("", "_low", "_high")
        }
    )
    if "first" in renamed.columns and "last" in renamed.columns:
        told = {name: [term_name(int(n)) if pd.notna(n) else "" for n in renamed[name]] for name in ("first", "last")}
        renamed = renamed.assign(**told).rename(columns={"first": "first_term", "last": "last_term"})
    if "case" not in renamed.columns:
        renamed.insert(0, "case", case)
    return renamed


def _log(county: County, options: Sequence[CaseOptions], meeting: Meeting | None) -> pd.DataFrame:
    """A row a case: what is recommended, and what was decided on it so far."""
    best = {one.case: str(one.tables["options"]["option"].iloc[0]) for one in options if len(one.tables["options"])}
    if meeting is not None:
        best |= dict(zip(meeting.tables["meeting"]["case"], meeting.tables["meeting"]["option"], strict=True))
    cases = [one.case for one in options]
    decided = county.decisions.set_index("case").reindex(cases)
    consulted = decided["consulted"].map({True: "yes", False: "no"})
    rows = decided.assign(recommended=[best.get(case, "") for case in cases], consulted=consulted)
    return rows.rename_axis("case").reset_index()[LOG_COLUMNS].astype(object).fillna("")


def _earlier(record: pd.DataFrame, now: int) -> pd.DataFrame:
    """The rows of terms before this one, whose own record stands in their place."""
    missing = [name for name in RECORD_COLUMNS if name not in record.columns]
    if missing:
        told = f"an earlier run: found a gap_record without {', '.join(missing)}"
        raise UsageError(f"{told}; expected a run of placeplan options by this version")
    earlier: pd.DataFrame = record[record["term"].map(term_number) < now]
    return earlier


def _record(county: County, options: Sequence[CaseOptions], meeting: Meeting | None, log: pd.DataFrame) -> pd.DataFrame:
    """The gap record of the term: by what was agreed, and where nothing is yet by what is recommended."""
    listed = {one.case: one.listed for one in options} | dict(meeting.listed if meeting is not None else {})
    agreed = set(log.loc[(log["decision"] == "agreed") & (log["option"] != ""), "case"])
    chosen = {
        str(row["case"]): str(row["option" if row["case"] in agreed else "recommended"]) for _, row in log.iterrows()
    }
    # An option that was agreed and is not listed any more is known by what the county has it for.
    local = set(county.units.loc[~county.units["kind"].isin(INDEPENDENT_KINDS), "unit"])
    packages = set(county.packages[["case", "package"]].itertuples(index=False, name=None))
    chosen = {
        case: option
        for case, option in chosen.items()
        if option in listed[case].options.index
        or not (option.removesuffix(FAMILY) in local or (case, option) in packages)
    }
    term = term_name(term_of(county.settings.as_of))
    return gap_record({one.case: one.about for one in options}, listed, chosen, decided=agreed, term=term)
