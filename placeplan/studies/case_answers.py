"""The answers for one case and for a meeting, as tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from placeplan.cases.facts import Case
from placeplan.cases.listed import Listed
from placeplan.county.county import County
from placeplan.studies.case_effects import Effect

__all__ = ["CaseOptions", "Meeting"]


@dataclass(frozen=True, slots=True)
class CaseOptions:
    """The options for one case. Child-level: it supports, and does not make, a decision.

    ``tables``: case, options (in their order), lines, costs, unsuitable, others and others_people (what each option
    does to everybody else: for planning, never on a page for a family), break_even, criteria, turning_points, chains.
    ``estimate``: whether the others' part was read from prices.
    """

    case: str
    county: County = field(repr=False)
    question_year: int
    about: Case = field(repr=False)
    listed: Listed = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(repr=False)
    estimate: bool


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is best for many cases together. Child-level: it supports, and does not make, a decision.

    ``tables``: meeting (a row a case), meeting_budget, meeting_moves (who moves on by consent, without names),
    meeting_turns (what would be chosen otherwise), meeting_others (what it does to everybody else). ``listed``: the
    options of each case. ``status`` says whether the choice is proven the best.
    """

    county: County = field(repr=False)
    question_year: int
    listed: Mapping[str, Listed] = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(repr=False)
    status: str
    others: Effect | None
