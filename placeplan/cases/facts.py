"""What is known of each case: from the table cases, and from the table children where a case names a child there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from placeplan.county.county import County
from placeplan.county.listed import split_list
from placeplan.county.terms import TERMS, first_term, term_number
from placeplan.county.vocabulary import OWN_PREFERENCE_FROM, PHASES, YEAR_GROUPS, phase_of
from placeplan.errors import UsageError

__all__ = ["Case", "case_facts", "chosen_facts", "last_years"]

LAST_YEAR_GROUPS: Final = {"19": 14, "25": 20}
"""The year groups in which a young person turns 19 and 25."""

FILLED: Final = ("zone", "year_group", "need", "second_need", "band", "unit", "suits", "may_move")
"""What a case has from the table children where it does not say."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a case.

    ``child`` is "" where the table children does not have it. ``year_group`` and ``phase`` are those of the academic
    year in which the place is to start, ``in_september`` the year group of the September that is planned for;
    ``most_minutes`` is missing where no longest journey is stated. ``start`` is the term from which a place is needed,
    as a number, and ``start_year`` its academic year.
    """

    case: str
    child: str
    zone: str
    locality: str
    year_group: int
    in_september: int
    phase: str
    need: str
    second_need: str
    band: str
    unit: str
    prefers: str
    suits: tuple[str, ...]
    may_move: bool
    family_transport: bool
    most_minutes: float
    start: int

    @property
    def start_year(self) -> int:
        """The academic year in which a place is needed."""
        return self.start // len(TERMS)


def case_facts(county: County) -> dict[str, Case]:
    """Every case by its pseudonym, in their order."""
    wanted = set(county.cases["child"].dropna())
    known = (county.children, county.met_in_mainstream)
    children = {
        str(row["child"]): row for frame in known for row in frame[frame["child"].isin(wanted)].to_dict("records")
    }
    localities = county.zones.set_index("zone")["locality"].to_dict()
    units = county.units.drop_duplicates("unit").set_index("unit")
    kinds = (units["kind"] + ":" + units["model"].fillna("none")).to_dict()
    year = county.settings.year
    found = {}
    for row in county.cases.sort_values("case").to_dict("records"):
        child = _text(row["child"])
        of_child = children.get(child, {})
        told = {name: of_child.get(name) if pd.isna(row[name]) else row[name] for name in FILLED}
        start = first_term(year + 1) if pd.isna(row["start_term"]) else term_number(str(row["start_term"]))
        year_group = int(str(told["year_group"])) + start // len(TERMS) - year
        own = "young_person_prefers" if year_group >= OWN_PREFERENCE_FROM else "prefers"
        unit = _text(told["unit"])
        found[str(row["case"])] = Case(
            case=str(row["case"]),
            child=child,
            zone=str(told["zone"]),
            locality=str(localities[str(told["zone"])]),
            year_group=year_group,
            in_september=int(str(told["year_group"])) + 1,
            phase=phase_of(min(year_group, max(YEAR_GROUPS))),
            need=str(told["need"]),
            second_need=_text(told["second_need"]),
            band=_text(told["band"]),
            unit=unit,
            prefers=_text(row["prefers"]) or _text(of_child.get(own)),
            suits=split_list(told["suits"]) or ((kinds[unit],) if unit else ()),
            may_move=pd.notna(told["may_move"]) and bool(told["may_move"]),
            family_transport=pd.notna(row["family_transport"]) and bool(row["family_transport"]),
            most_minutes=float(row["most_minutes"]),
            start=start,
        )
    return found


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def chosen_facts(county: County, cases: Iterable[str] | None) -> dict[str, Case]:
    """The facts of some cases, all unless they are named.

    Raises ``UsageError`` for a case that is not in the table cases, or where there is none.
    """
    facts = case_facts(county)
    chosen = list(facts) if cases is None else list(dict.fromkeys(map(str, cases)))
    unknown = [case for case in chosen if case not in facts]
    if unknown or not chosen:
        known = ", ".join(list(facts)[:20]) or "which has none"
        raise UsageError(f"case {', '.join(unknown) or '(none)'}: expected a case of the table cases ({known})")
    return {case: facts[case] for case in sorted(chosen)}


def last_years(case: Case) -> dict[str, int]:
    """By horizon of a whole stay, its last academic year; none that is over before the stay begins.

    A phase ends no later than the year in which the young person turns 25.
    """
    now = case.year_group
    phase = PHASES[case.phase].stop - 1
    ends = {"phase": max(now, min(phase, LAST_YEAR_GROUPS["25"])), **LAST_YEAR_GROUPS}
    return {name: case.start_year + end - now for name, end in ends.items() if end >= now}
