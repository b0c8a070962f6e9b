"""The words for the tables, columns and codes of an explanation and of a frontier."""

from typing import Final

__all__ = ["COLUMNS", "FIGURES", "LEFT_OUT", "REASONS", "TABLES", "VALUES"]

TABLES: Final = {
    "worth": "Worth of places",
    "worth_by_need": "Worth of places, by need",
    "rule_costs": "What each rule costs",
    "reasons": "Why there is no place",
    "least_places": "Fewest places for everybody",
    "frontier": "Cost against travel",
    "offers": "Offers (pseudonyms)",
    "options": "Options (pseudonyms)",
}

LEFT_OUT: Final = {
    "overfill": "no newcomers above places",
    "guidance": "the guidance on journeys",
    "preferences": "preferences",
    "continuity": "staying where placed",
    "host_share": "the share of a host school's roll",
    "site_totals": "the total of a site",
    "minimum_use": "the least use of a unit",
    "equity": "equity between localities",
    "budgets": "budgets",
}
"""A rule as what is left out."""

FIGURES: Final = {
    "places": "places to add",
    "worth": "the worth of places",
    "least_places": "the fewest places for everybody",
    "offers": "offers and options of children",
    "frontier": "cost against travel",
    "years": "over the years",
    "placed": "a year's need, placed",
    "lower_bound": "the lower bound on expected counts",
}
"""A figure of which it is told which rules it keeps."""

REASONS: Final = {
    "taken": "Every place that would suit is taken",
    "outside": "Every place that would suit is outside the county, and taken",
    "dearer": "A place that would suit has room, and costs more than the one bought",
    "rule": "A rule stands against every place that would suit",
    "none": "No open unit that can be reached suits the plan, the need and the year group",
}

COLUMNS: Final = {
    "all_children": "Children placed less, of all",
    "all_pounds": "Cost to all together, £ a year",
    "all_preferences": "Preferences met less, of all",
    "against_preference": "Against a preference",
    "cost": "Cost with penalties, £ a year",
    "decided_by": "Decided by",
    "end": "The least of",
    "figure": "Figure",
    "kept": "Kept",
    "more_places": "Places that may be added at the site",
    "why": "Why not",
    "extra": "Runner-up would cost all together, £ a year",
    "extra_pounds": "More than the least, £ a year",
    "has_room": "Takes anybody new",
    "left_out": "Rule left out",
    "mean_journey": "Mean journey, minutes one way",
    "minutes_saved": "Minutes saved a school morning",
    "net_pounds": "Net of fixed cost, £ a year",
    "outcome": "Outcome",
    "place": "Saved by one more place there, £ a year",
    "point": "Point",
    "pounds_per_minute": "£ a year for each minute saved",
    "preferences": "Preferences met more",
    "reason": "Reason",
    "rules": "Rules missed less",
    "runner_up": "Runner-up",
    "runner_up_cost": "Runner-up's cost with penalties, £ a year",
    "runner_up_minutes": "Runner-up's minutes one way",
    "worst_locality": "Mean of the worst locality",
    "worst_of": "Which is of",
}

VALUES: Final = {
    "decided_by": {
        "gap": "A place for everybody",
        "preference": "Preferences",
        "rules": "The rules",
        "cost": "Cost",
        "minutes": "Travel",
    },
    "end": {
        "cost": "Cost",
        "travel": "Travel",
        "equity": "Worst locality",
        "cost;travel": "Cost and travel",
        "cost;equity": "Cost and worst locality",
        "travel;equity": "Travel and worst locality",
        "cost;travel;equity": "Cost, travel and worst locality",
    },
    "figure": {name: words[:1].upper() + words[1:] for name, words in FIGURES.items()},
    "left_out": {name: words[:1].upper() + words[1:] for name, words in LEFT_OUT.items()},
    "outcome": {"gap": "Without any place", "spot_purchase": "Bought one by one"},
    "reason": REASONS,
    "runner_up": {"spot_purchase": "Bought one by one"},
    "worst_of": {"beyond_guidance": "Share of journeys beyond guidance", "minutes": "Minutes one way"},
}
