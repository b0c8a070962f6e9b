"""``[rules]`` of county.toml as types: what an allocation keeps beside the places themselves, rule by rule."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from placeplan.county.vocabulary import FUNDS, KINDS
from placeplan.errors import Fault

__all__ = [
    "MODES",
    "Budget",
    "ContinuityRule",
    "EquityRule",
    "GuidanceRule",
    "HostShareRule",
    "MinimumUseRule",
    "OverfillRule",
    "PreferenceRule",
    "Rules",
    "SiteTotalsRule",
    "rules_faults",
    "rules_from",
]

MODES: Final = {
    "guidance.mode": ("report", "limit", "price"),
    "preferences.mode": ("hard", "priced", "off"),
    "continuity.mode": ("consent", "priced"),
    "equity.measure": ("minutes", "beyond_guidance"),
    "equity.mode": ("off", "bound", "minimax", "price"),
}
"""The words that a rule's key may be, the default first but for what equity measures."""


@dataclass(frozen=True, slots=True)
class OverfillRule:
    """``[rules.overfill]``: whether newcomers may be placed above places, in the bands of ``[overfill]``."""

    allowed: bool = True


@dataclass(frozen=True, slots=True)
class GuidanceRule:
    """``[rules.guidance]``: journeys beyond the guidance of the phase are reported, not possible, or at a price."""

    mode: str = "report"
    pounds_per_child_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class PreferenceRule:
    """``[rules.preferences]``: before cost, at ``pounds`` for each child not in the preferred unit, or not counted."""

    mode: str = "hard"
    pounds: float = 0.0


@dataclass(frozen=True, slots=True)
class ContinuityRule:
    """``[rules.continuity]``: a child who could stay moves by consent alone, or at ``pounds`` a move."""

    mode: str = "consent"
    pounds: float = 0.0


@dataclass(frozen=True, slots=True)
class HostShareRule:
    """``[rules.host_share]``: the most of a host school's roll that may have plans; None for no such rule."""

    share: float | None = None


@dataclass(frozen=True, slots=True)
class SiteTotalsRule:
    """``[rules.site_totals]``: whether the ``total_places`` of sites that state them are kept."""

    on: bool = True


@dataclass(frozen=True, slots=True)
class MinimumUseRule:
    """``[rules.minimum_use]``: the children below which a unit is not viable, by kind where it states no minimum."""

    on: bool = True
    by_kind: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EquityRule:
    """``[rules.equity]``: each locality's mean minutes, or its share of children beyond guidance.

    ``bound``: at most ``most``; ``price``: ``pounds`` for each unit of the mean above ``most`` and each of the
    locality's children; ``minimax``: the worst locality as low as it can be, then the next worst.
    """

    measure: str = "beyond_guidance"
    mode: str = "off"
    most: float | None = None
    pounds: float = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """A row of ``[[rules.budgets]]``: what a fund may spend in the financial year from April of ``financial_year``.

    ``gap_pounds`` is charged a year for a child in the gap; None is the spot purchase's fee for the high needs block,
    and nothing for another fund.
    """

    fund: str
    financial_year: int
    pounds: float
    source: str = ""
    gap_pounds: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """``[rules]``: every rule that is more than places, needs and year groups."""

    overfill: OverfillRule = field(default_factory=OverfillRule)
    guidance: GuidanceRule = field(default_factory=GuidanceRule)
    preferences: PreferenceRule = field(default_factory=PreferenceRule)
    continuity: ContinuityRule = field(default_factory=ContinuityRule)
    host_share: HostShareRule = field(default_factory=HostShareRule)
    site_totals: SiteTotalsRule = field(default_factory=SiteTotalsRule)
    minimum_use: MinimumUseRule = field(default_factory=MinimumUseRule)
    equity: EquityRule = field(default_factory=EquityRule)
    budgets: tuple[Budget, ...] = ()


def rules_from(read: Mapping[str, Any]) -> Rules:
    """The rules that ``[rules]`` states, each part that it leaves out at its default."""
    base = Rules()
    minimum = dict(read.get("minimum_use", {}))
    on = minimum.pop("on", True)
    parts = ("overfill", "guidance", "preferences", "continuity", "host_share", "site_totals", "equity")
    return replace(
        base,
        **{name: replace(getattr(base, name), **read[name]) for name in parts if name in read},
        minimum_use=MinimumUseRule(on=on, by_kind=minimum),
        budgets=tuple(Budget(**row) for row in read.get("budgets", [])),
    )


def rules_faults(rules: Rules, *, table: str = "county.toml") -> list[Fault]:
    """Every word, number and pair of them that a rule cannot have, whether it came from a file or from Python."""
    return [Fault(table, "", f"rules.{key}", found, expected) for key, found, expected in _wrong(rules)]


def _wrong(rules: Rules) -> Iterator[tuple[str, str, str]]:
    for key, words in MODES.items():
        part, name = key.split(".")
        word = getattr(getattr(rules, part), name)
        if word not in words:
            yield key, str(word), f"one of {', '.join(words)}"
    pounds = {
        "guidance.pounds_per_child_hour": rules.guidance.pounds_per_child_hour,
        "preferences.pounds": rules.preferences.pounds,
        "continuity.pounds": rules.continuity.pounds,
        "equity.pounds": rules.equity.pounds,
    }
    for key, amount in pounds.items():
        if not 0 <= amount < float("inf"):
            yield key, f"{amount:g}", "a number, 0 or more"
    share = rules.host_share.share
    if share is not None and not 0 <= share <= 1:
        yield "host_share.share", f"{share:g}", "a number from 0 to 1"
    for kind, children in rules.minimum_use.by_kind.items():
        if kind not in KINDS or not children >= 0:
            yield f"minimum_use.{kind}", f"{children:g}", "a kind of provision, and a number of children, 0 or more"
    yield from _wrong_equity(rules.equity)
    yield from _wrong_budgets(rules.budgets)


def _wrong_equity(equity: EquityRule) -> Iterator[tuple[str, str, str]]:
    if equity.mode not in ("bound", "price"):
        return
    if equity.most is None:
        yield "equity.most", "", f"a number, as mode is {equity.mode}: minutes, or a share of the children"
    elif not 0 <= equity.most <= (1 if equity.measure == "beyond_guidance" else float("inf")):
        expected = "a share from 0 to 1" if equity.measure == "beyond_guidance" else "minutes, 0 or more"
        yield "equity.most", f"{equity.most:g}", expected


def _wrong_budgets(budgets: tuple[Budget, ...]) -> Iterator[tuple[str, str, str]]:
    seen = set()
    for place, budget in enumerate(budgets, start=1):
        key = f"budgets.{place}"
        if budget.fund not in FUNDS:
            yield f"{key}.fund", budget.fund, f"one of {', '.join(FUNDS)}"
        if (budget.fund, budget.financial_year) in seen:
            yield key, f"fund {budget.fund}, financial year {budget.financial_year}", "each fund and year once"
        seen.add((budget.fund, budget.financial_year))
        for name in ("pounds", "gap_pounds"):
            amount = getattr(budget, name)
            if amount is not None and not 0 <= amount < float("inf"):
                yield f"{key}.{name}", f"{amount:g}", "a number, 0 or more"
