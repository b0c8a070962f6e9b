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

    ``tables``, each a frame:

    - case: one row of what is known, without zone or child.
    - options: a row an option in their order (index by column option); minutes and km one way, beyond (minutes over
      guidance), low, pounds and high (pounds in the first year to the public purse, pounds being what is stated),
      middle (what it is weighed at), not_stated (sums), unstated_high (their bound, pounds), score (0 to 1) and rank.
    - lines: what is paid for; low, pounds, high in pounds a term, or at once where ``once``; first and last are terms.
    - costs: pounds by option, horizon (``year``, ``phase``, ``19``, ``25``) and payer; whole stays discounted.
    - unsuitable: what is no option, with reason, by and words.
    - others, others_people: what each option does to everybody else, pounds a year and children; for planning, never
      on a page for a family.
    - break_even: pounds by option, against (an independent place), horizon and purse (see ``break_even``).
    - criteria: between which shares of all weight the first option stays first; turning_points: which costs, in pounds
      a year, would put another first.
    - chains: who makes room, a row a step; it names children, and a run leaves them out.

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

    ``tables``: meeting (a row a case: what is chosen, its room as it comes about, pounds a year to the public purse,
    what it would be alone, and what it turns on), meeting_budget (education's pounds a year, case by case and for
    ``all``), meeting_moves (who moves on by consent, without names), meeting_turns (what would be chosen otherwise),
    meeting_others (children, what it does to everybody else). ``listed``: the options of each case as the meeting has
    them. ``status`` says whether the choice is proven the best.
    """

    county: County = field(repr=False)
    question_year: int
    listed: Mapping[str, Listed] = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(repr=False)
    status: str
    others: Effect | None
