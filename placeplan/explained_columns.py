"""What the columns of an explanation and of a frontier hold, for the tables of a run (see ``run_tables``)."""

from typing import Final

__all__ = ["COUNTS", "MINUTES", "POUNDS", "YES_NO"]

POUNDS: Final = frozenset(
    [
        "all_pounds",
        "cost",
        "extra",
        "extra_pounds",
        "net_pounds",
        "place",
        "pounds_per_minute",
        "runner_up_cost",
    ]
)
MINUTES: Final = frozenset(["runner_up_minutes"])
COUNTS: Final = frozenset(
    ["all_children", "all_preferences", "mean_journey", "point", "preferences", "rules", "worst_locality"]
)
YES_NO: Final = frozenset(["against_preference", "has_room"])
