"""A partnership's cases: each of a known child, each quote, package and veto of a known case, every range a range."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from placeplan.county.checks_children import bands_faults, suits_faults
from placeplan.county.checks_units import where_rows
from placeplan.county.faults import suggest
from placeplan.county.listed import split_list
from placeplan.county.settings import Settings
from placeplan.county.tables import ReadTable
from placeplan.county.terms import EXPECTED_TERM, first_term, term_name, term_number
from placeplan.county.vocabulary import BOARDING, FAMILY, INMSS_KINDS, KINDS, MAINSTREAM, SPOT_PURCHASE
from placeplan.errors import Fault

__all__ = ["cases_faults"]

SHARED: Final = ("zone", "year_group", "need", "second_need", "band", "unit")
"""What a case may leave to the table children, and may not say otherwise than there."""

PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

QUOTED_KINDS: Final = (*INMSS_KINDS, "independent_other", "college")

RANGES: Final = {"quotes": ("fee", "transport", "health", "care"), "packages": ("pounds",)}


def cases_faults(tables: Mapping[str, ReadTable], settings: Settings | None) -> list[Fault]:
    """Everything about cases, quotes, packages and vetoes that one cell cannot show."""
    cases, children = tables["cases"], tables["children"]
    return [
        *_pseudonyms(cases),
        *_known(cases, children),
        *bands_faults(cases, tables["top_ups"]),
        *suits_faults(cases),
        *_terms(cases, settings),
        *(fault for name, columns in RANGES.items() for fault in _ranges(tables[name], columns)),
        *_quoted_units(tables["quotes"], tables["units"]),
        *_hours(tables["packages"]),
        *_package_terms(tables["packages"]),
        *_one_unit(tables["packages"]),
        *_named(tables),
    ]


def _pseudonyms(cases: ReadTable) -> Iterator[Fault]:
    """A case has a pseudonym that is fit to name a file, on any machine, and that is hardly a name or an address."""
    seen: dict[str, str] = {}
    for place, case in _texts(cases.frame["case"]):
        if PSEUDONYM.fullmatch(case) is None:
            yield cases.fault(place, "case", case, "a pseudonym: letters, digits, - and _, 40 of them at the most")
        elif seen.setdefault(case.casefold(), case) != case:
            expected = f"a pseudonym that differs by more than capitals from {seen[case.casefold()]}"
            yield cases.fault(place, "case", case, expected)


def _known(cases: ReadTable, children: ReadTable) -> Iterator[Fault]:
    """A case has a zone, a year group, a need and what would meet it, of its own or of its child, and never two."""
    known = {row["child"]: row for row in children.frame.to_dict("records")}
    faulty = cases.faulty
    for place, row in enumerate(cases.frame.to_dict("records")):
        child = row["child"]
        of_child = known.get(child) if isinstance(child, str) else None
        for name in ("zone", "year_group", "need"):
            told = of_child is not None or (str(cases.rows[place]), name) in faulty
            if pd.isna(row[name]) and not told and not isinstance(child, str):
                yield cases.fault(place, name, "a blank", f"the {name}, or a child of the table children")
        units = [row["unit"], row["suits"], *([] if of_child is None else [of_child["unit"], of_child["suits"]])]
        unread = faulty & {(str(cases.rows[place]), name) for name in ("unit", "suits", "child")}
        if all(pd.isna(value) for value in units) and not unread and not (isinstance(child, str) and of_child is None):
            yield cases.fault(place, "suits", "a blank", "a unit, or what would meet the plan")
        if of_child is not None and split_list(of_child["suits"]) == (MAINSTREAM,) and pd.isna(row["suits"]):
            yield cases.fault(
                place, "suits", "a blank", "what would meet the plan: the child's is met in mainstream now"
            )
        if of_child is not None:
            for name in SHARED:
                there = of_child[name] if pd.notna(of_child[name]) else "a blank"
                if pd.notna(row[name]) and row[name] != there:
                    yield cases.fault(place, name, row[name], f"as the table children has it ({there}), or a blank")
    doubled = cases.frame["child"].notna() & cases.frame["child"].duplicated()
    for place, row in where_rows(cases, doubled):
        yield cases.fault(place, "child", row["child"], "each child in one case")


def _terms(cases: ReadTable, settings: Settings | None) -> Iterator[Fault]:
    """A place is needed from a term of this academic year or the next."""
    for place, value in _texts(cases.frame["start_term"]):
        try:
            term = term_number(value)
        except ValueError:
            yield cases.fault(place, "start_term", value, EXPECTED_TERM)
            continue
        if settings is None:
            continue
        first, last = first_term(settings.year), first_term(settings.year + 2) - 1
        if not first <= term <= last:
            yield cases.fault(place, "start_term", value, f"a term from {term_name(first)} to {term_name(last)}")


def _ranges(table: ReadTable, columns: tuple[str, ...]) -> Iterator[Fault]:
    """A range rises, holds its sum, and has both ends where no sum is given."""
    for place, row in enumerate(table.frame.to_dict("records")):
        for name in columns:
            low, middle, high = (row[f"{name}_low"], row[name], row[f"{name}_high"])
            if pd.isna(middle) and pd.isna(low) != pd.isna(high):
                absent = f"{name}_low" if pd.isna(low) else f"{name}_high"
                yield table.fault(place, absent, "a blank", f"both ends of a range, or {name} itself")
            stated = [value for value in (low, middle, high) if pd.notna(value)]
            if stated != sorted(stated):
                found = ", ".join(f"{value:g}" for value in stated)
                yield table.fault(place, name, found, f"{name}_low, {name}, {name}_high that do not fall")


def _quoted_units(quotes: ReadTable, units: ReadTable) -> Iterator[Fault]:
    """A fee is quoted at an independent or non-maintained school or a college: other places have a top-up."""
    kinds = units.frame.drop_duplicates("unit").set_index("unit")["kind"]
    found = quotes.frame["unit"].map(kinds)
    for place, row in where_rows(quotes, found.notna() & ~found.isin(QUOTED_KINDS)):
        expected = f"a unit of kind {', '.join(QUOTED_KINDS)}; it is {found.iloc[place]}"
        yield quotes.fault(place, "unit", row["unit"], expected)


def _hours(packages: ReadTable) -> Iterator[Fault]:
    """What is paid for by the hour has hours."""
    frame = packages.frame
    wrong = (frame["per"] == "hour") & frame["hours_week"].isna()
    for place, _ in where_rows(packages, wrong):
        if (str(packages.rows[place]), "hours_week") not in packages.faulty:
            yield packages.fault(place, "hours_week", "a blank", "hours a week, as the line is paid by the hour")


def _package_terms(packages: ReadTable) -> Iterator[Fault]:
    """Terms are terms, and a line does not end before it starts."""
    terms: dict[tuple[int, str], int] = {}
    for name in ("start_term", "end_term"):
        for place, value in _texts(packages.frame[name]):
            try:
                terms[place, name] = term_number(value)
            except ValueError:
                yield packages.fault(place, name, value, EXPECTED_TERM)
    for place, name in list(terms):
        first = terms.get((place, "start_term"))
        if name == "end_term" and first is not None and terms[place, name] < first:
            yield packages.fault(
                place, "end_term", packages.frame["end_term"].iloc[place], f"{term_name(first)} or later"
            )


def _one_unit(packages: ReadTable) -> Iterator[Fault]:
    """All lines of a package are at one place."""
    frame = packages.frame
    first = frame.groupby(["case", "package"], dropna=False)["unit"].transform(lambda units: units.fillna("").iloc[0])
    for place, row in where_rows(packages, frame["unit"].fillna("") != first.fillna("")):
        expected = f"{first.iloc[place] or 'a blank'}, as in the package's first row"
        yield packages.fault(place, "unit", "a blank" if pd.isna(row["unit"]) else row["unit"], expected)


def _named(tables: Mapping[str, ReadTable]) -> Iterator[Fault]:
    """Quotes and packages have names of their own within a case; vetoes and wishes name an option that there is."""
    units = set(tables["units"].frame["unit"].dropna())
    words = {*units, *KINDS, *BOARDING, MAINSTREAM}
    options: dict[str, set[str]] = {}
    for name, column in (("quotes", "quote"), ("packages", "package")):
        table = tables[name]
        seen: dict[str, set[str]] = {}
        for place, (case, option) in enumerate(table.frame[["case", column]].itertuples(index=False, name=None)):
            if not (isinstance(case, str) and isinstance(option, str)):
                continue
            if option in words or option in options.get(case, set()):
                yield table.fault(place, column, option, "a name that no unit, kind or other option of the case has")
            seen.setdefault(case, set()).add(option)
        for case, own in seen.items():
            options.setdefault(case, set()).update(own)
    yield from _wished(tables, units, options)


def _wished(tables: Mapping[str, ReadTable], units: set[str], options: Mapping[str, set[str]]) -> Iterator[Fault]:
    """What a veto, a wish or a decision names is an option of its case."""
    vetoes, cases, decisions = tables["vetoes"], tables["cases"], tables["decisions"]
    for place, (case, option) in enumerate(vetoes.frame[["case", "option"]].itertuples(index=False, name=None)):
        known = {*units, *KINDS, *BOARDING, *options.get(str(case), set())}
        if isinstance(option, str) and option not in known:
            yield vetoes.fault(
                place,
                "option",
                option,
                f"a unit, kind, quote or package, day or residential{suggest(option, sorted(known))}",
            )
    for place, (case, prefers) in enumerate(cases.frame[["case", "prefers"]].itertuples(index=False, name=None)):
        known = {*units, MAINSTREAM, *options.get(str(case), set())}
        if isinstance(prefers, str) and prefers not in known:
            expected = f"a unit, quote or package, or {MAINSTREAM}{suggest(prefers, sorted(known))}"
            yield cases.fault(place, "prefers", prefers, expected)
    agreed = (decisions.frame["decision"] == "agreed") & decisions.frame["option"].isna()
    for place, _ in where_rows(decisions, agreed):
        yield decisions.fault(place, "option", "a blank", "the option that was agreed")
    for place, (case, option) in enumerate(decisions.frame[["case", "option"]].itertuples(index=False, name=None)):
        known = {*units, SPOT_PURCHASE, *options.get(str(case), set())}
        if isinstance(option, str) and option.removesuffix(FAMILY) not in known:
            expected = f"a unit, quote or package{suggest(option, sorted(known))}"
            yield decisions.fault(place, "option", option, expected)


def _texts(cells: pd.Series) -> Iterator[tuple[int, str]]:
    return ((place, str(value)) for place, value in enumerate(cells) if isinstance(value, str))
