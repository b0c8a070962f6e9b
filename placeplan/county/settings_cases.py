"""``[cases]`` of county.toml: how a partnership weighs options, and what bounds a sum that is not stated."""

from dataclasses import dataclass, field
from typing import Final

__all__ = ["CRITERIA", "CRITERION_NAMES", "NOT_STATED_LINES", "Cases"]

CRITERIA: Final = {
    "cost": "what it costs the public purse a year",
    "journey": "how long the journey is, beside the guidance of the phase",
    "preference": "whether the family prefers it",
    "local": "how near to the child's own community it is",
}
"""What options are ranked by, and what each means."""

CRITERION_NAMES: Final = {
    "cost": "cost",
    "journey": "the journey",
    "preference": "preference",
    "local": "being near home",
}
"""What each is called within a sentence."""

NOT_STATED_LINES: Final = (
    "fee",
    "staff",
    "therapies",
    "outreach",
    "tuition",
    "equipment",
    "transport",
    "health",
    "care",
)
"""The sums that somebody may leave out: of a package, of a quote, or of both."""


@dataclass(frozen=True, slots=True)
class Cases:
    """``[cases]``.

    ``weights``: of each criterion. ``cost_scale``: the pounds a year at which an option scores nothing for cost.
    ``discount``: the rate a year of whole-stay costs (HM Treasury, The Green Book: 3.5%). ``weeks``: of term time in
    which hours and weeks are counted. ``not_stated``: by line, the most pounds a year that it is taken to be where
    nothing is said of it, alike for a local place, a package and an independent place: a bound, never an estimate.
    """

    weights: dict[str, float] = field(default_factory=lambda: dict.fromkeys(CRITERIA, 1.0))
    cost_scale: float = 120_000.0
    discount: float = 0.035
    weeks: int = 38
    not_stated: dict[str, float] = field(
        default_factory=lambda: {
            "fee": 120_000.0,
            "staff": 30_000.0,
            "therapies": 10_000.0,
            "outreach": 5_000.0,
            "tuition": 20_000.0,
            "equipment": 5_000.0,
            "transport": 20_000.0,
            "health": 25_000.0,
            "care": 50_000.0,
        }
    )
    source: str = "placeplan's defaults: bounds, not estimates"
