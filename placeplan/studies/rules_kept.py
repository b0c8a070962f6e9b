"""Which rules each figure of a run keeps, and why one is not kept: told beside the figure, by the rule's name."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from placeplan.county.county import County
from placeplan.county.settings_rules import (
    ContinuityRule,
    EquityRule,
    GuidanceRule,
    HostShareRule,
    MinimumUseRule,
    OverfillRule,
    PreferenceRule,
    SiteTotalsRule,
)
from placeplan.rules_totals import counted_budgets

__all__ = ["FIGURES", "LEFT_OUT", "asking", "rules_kept"]

LEFT_OUT: Final[Mapping[str, Any]] = {
    "overfill": OverfillRule(),
    "guidance": GuidanceRule(),
    "preferences": PreferenceRule(mode="off"),
    "continuity": ContinuityRule(mode="priced", pounds=0.0),
    "host_share": HostShareRule(),
    "site_totals": SiteTotalsRule(on=False),
    "minimum_use": MinimumUseRule(on=False),
    "equity": EquityRule(mode="off"),
    "budgets": (),
}
"""What each rule is when it asks for nothing."""

_EVERYBODY_FIRST: Final = "a place for everybody comes before it"
_ONE_YEAR: Final = "it is kept in a single September, and not over years"
_NOBODY_MOVES: Final = "whoever is placed stays to the end of the unit's ages"
_FRACTIONS: Final = "mean counts are no whole children, so that leaving it out can only make a lower bound lower"

FIGURES: Final[Mapping[str, Mapping[str, str]]] = {
    "places": {},
    "worth": {},
    "least_places": dict.fromkeys(("preferences", "equity", "budgets"), _EVERYBODY_FIRST),
    "offers": {},
    "frontier": {},
    "years": {
        **dict.fromkeys(("preferences", "host_share", "site_totals", "minimum_use", "equity", "budgets"), _ONE_YEAR),
        "continuity": _NOBODY_MOVES,
    },
    "placed": {},
    "lower_bound": dict.fromkeys(("host_share", "site_totals", "minimum_use", "equity", "budgets"), _FRACTIONS),
}
"""By figure, the rules that it does not keep and why; every other rule that asks for something holds in it.

``places``: where more places should go. ``worth``: what more and fewer places are worth, one more among them.
``least_places``: the fewest that would meet the gap. ``offers``: the runner-up and the options of a child.
``frontier``: cost against travel and equity. ``years``: the placement over years and its lasting places. ``placed``: a
forecast year placed draw by draw, and ``lower_bound``: on mean counts. The effects of a case's options on others and a
meeting keep every rule as well. Coverage, what-if and where-best place nobody: they measure reach, and no rule of
``[rules]`` is in question there.
"""


def asking(county: County, question: str) -> list[str]:
    """The rules that ask for something in a question."""
    rules, of_september = county.settings.rules, question == "september"
    units = county.units
    asks = {
        "overfill": not rules.overfill.allowed,
        "guidance": rules.guidance.mode != "report",
        "preferences": of_september and rules.preferences.mode != "off",
        "continuity": of_september and rules.continuity != LEFT_OUT["continuity"],
        "host_share": rules.host_share.share is not None,
        "site_totals": rules.site_totals.on and bool(county.sites["total_places"].notna().any()),
        "minimum_use": rules.minimum_use.on
        and bool(units["minimum"].notna().any() or units["kind"].isin(list(rules.minimum_use.by_kind)).any()),
        "equity": rules.equity.mode != "off",
        "budgets": bool(counted_budgets(county, question)),
    }
    return [name for name, asked in asks.items() if asked]


def rules_kept(county: County, question: str, figures: Iterable[str]) -> pd.DataFrame:
    """Whether each figure keeps each rule that asks for something: figure, rule, kept, why (not)."""
    rows = []
    for figure in figures:
        for rule in asking(county, question):
            why = FIGURES[figure].get(rule, "")
            if rule == "continuity" and county.settings.rules.continuity.mode == "consent":
                why = ""
            rows.append({"figure": figure, "rule": rule, "kept": not why, "why": why})
    return pd.DataFrame(rows, columns=["figure", "rule", "kept", "why"]).astype({"kept": bool})
