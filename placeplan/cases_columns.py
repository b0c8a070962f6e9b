"""What the columns of a partnership's tables hold, for the tables of a run (see ``run_tables``)."""

from typing import Final

__all__ = ["COUNTS", "KEYS", "MINUTES", "POUNDS", "WORDS", "YES_NO"]

_RANGED: Final = ("local", "independent", "fee", "package")

POUNDS: Final = frozenset(
    [
        "pounds_low",
        "pounds_high",
        "pounds_middle",
        "pounds_not_stated",
        "place_funding",
        "offer_pounds",
        "others_pounds",
        "others_penalties",
        "added_pounds",
        "otherwise",
        "spent",
        "left",
        *(f"{name}{end}" for name in _RANGED for end in ("_pounds", "_pounds_low", "_pounds_high")),
    ]
)
MINUTES: Final = frozenset(["beyond", "most_minutes"])
COUNTS: Final = frozenset(
    [
        "not_stated",
        "score",
        "terms",
        "score_cost",
        "score_journey",
        "score_preference",
        "score_local",
        "others_gap",
        "others_preferences",
        "step",
        "position",
        "least",
        "most",
        "cases",
        "hours_week",
    ]
)
YES_NO: Final = frozenset(
    [
        *("residential", "preferred", "is_stated", "once", "estimate"),
        *("changed", "decided", "pooled", "may_move", "family_transport"),
    ]
)

KEYS: Final = ("case", "position", "option", "against", "payer", "purse", "over", "effect", "assumption")
"""The columns that say what a row is, in their order."""

WORDS: Final = {
    "payer": ("education", "health", "care", "family"),
    "purse": ("education", "health", "care", "public"),
    "over": ("year", "phase", "19", "25"),
    "effect": ("waits", "bought", "further", "elsewhere"),
}
"""The order of words that are not in the alphabet's."""
