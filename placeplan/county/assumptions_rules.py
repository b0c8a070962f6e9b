"""What the rules of ``[rules]`` take for granted: their defaults, blanks that they read, and what a year is made of."""

from collections.abc import Iterator

from placeplan.county.county import County
from placeplan.county.kind_names import kind_name
from placeplan.county.settings_rules import ContinuityRule, PreferenceRule, Rules
from placeplan.county.vocabulary import FUNDS, OWN_PREFERENCE_FROM

__all__ = ["rule_assumptions"]

Row = tuple[str, str, str]

DEFAULT = "placeplan's default"
BLANK_SITES = "blank in the table sites"


def rule_assumptions(county: County) -> Iterator[Row]:
    """Defaults and guesses of the rules that are on: subject, value, source."""
    rules, stated = county.settings.rules, county.settings.stated
    if "rules.preferences.mode" not in stated and rules.preferences == PreferenceRule():
        yield "What families and young people prefer", "met before cost, where it is possible", DEFAULT
    if "rules.continuity.mode" not in stated and rules.continuity == ContinuityRule():
        yield "Children who could stay where they are", "move only where the table children says so", DEFAULT
    yield from _young_people(county)
    yield from _prices(rules, stated)
    yield from _hosts(county)
    yield from _minimum(county)
    yield from _budgets(county)


def _young_people(county: County) -> Iterator[Row]:
    if county.settings.rules.preferences.mode == "off":
        return
    children = county.children
    coming = children["year_group"].astype(int) + 1 >= OWN_PREFERENCE_FROM
    silent = int((coming & children["prefers"].notna() & children["young_person_prefers"].isna()).sum())
    if silent:
        subject = f"Preferences of {silent} {'families' if silent > 1 else 'family'} after compulsory school age"
        yield subject, "not counted: it is the young person's own", "blank young_person_prefers in the table children"


def _prices(rules: Rules, stated: frozenset[str]) -> Iterator[Row]:
    """Rules that have a price, and none is stated."""
    priced = {
        "guidance.pounds_per_child_hour": (rules.guidance.mode == "price", "an hour beyond guidance"),
        "preferences.pounds": (rules.preferences.mode == "priced", "a child not in the preferred unit"),
        "continuity.pounds": (rules.continuity.mode == "priced", "a move of a child who could stay"),
        "equity.pounds": (rules.equity.mode == "price", "a locality above the bound of equity"),
    }
    for key, (on, words) in priced.items():
        part, name = key.split(".")
        if on and f"rules.{key}" not in stated and getattr(getattr(rules, part), name) == 0:
            yield f"Penalty for {words}", "none", DEFAULT


def _hosts(county: County) -> Iterator[Row]:
    if county.settings.rules.host_share.share is None:
        return
    hosts = county.sites[county.sites["site"].isin(county.units.loc[county.units["kind"] == "ers", "site"])]
    no_roll = int(hosts["host_roll"].isna().sum())
    no_plans = int((hosts["host_roll"].notna() & hosts["host_plans"].isna()).sum())
    if no_roll:
        yield f"Share of plans at {no_roll} host{'s' if no_roll > 1 else ''} without a roll", "no limit", BLANK_SITES
    if no_plans:
        yield f"Own pupils with plans at {no_plans} host{'s' if no_plans > 1 else ''}", "none", BLANK_SITES


def _minimum(county: County) -> Iterator[Row]:
    rule = county.settings.rules.minimum_use
    blank = county.units[county.units["minimum"].isna()].drop_duplicates("unit")
    for kind, children in rule.by_kind.items():
        units = int((blank["kind"] == kind).sum())
        if rule.on and units:
            subject = f"Fewest children in {units} unit{'s' if units > 1 else ''} ({kind_name(kind)})"
            yield subject, f"{children:g}", "county.toml"


def _budgets(county: County) -> Iterator[Row]:
    budgets = county.settings.rules.budgets
    if not budgets:
        return
    first = county.settings.year + 1
    value = (
        f"five months as placed today and seven at the answer's rate; all of {first + 1}-{(first + 2) % 100:02d} at it"
    )
    yield (
        f"Financial year {first}-{(first + 1) % 100:02d}",
        value,
        "a financial year runs from April; placeplan's default",
    )
    if any(budget.gap_pounds is None for budget in budgets):
        value = "the spot purchase's fee in the high needs block, nothing in another fund"
        yield "Charge to a budget for a child in the gap", value, DEFAULT
    for budget in budgets:
        name = (
            f"Budget of {FUNDS[budget.fund].lower()}, {budget.financial_year}-{(budget.financial_year + 1) % 100:02d}"
        )
        if budget.financial_year in (first, first + 1):
            yield name, f"£{budget.pounds:,.0f}", budget.source or "as asked for"
        else:
            yield name, "not counted: the answer is of other financial years", "county.toml"
