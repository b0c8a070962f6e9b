"""How a page says things: the words for codes, and numbers as a commissioner writes them."""

import math
from typing import Any, Final

import pandas as pd

from placeplan.county.kind_names import named_value
from placeplan.county.vocabulary import AREAS, FUNDS, NEEDS
from placeplan.report import case_names, explained_words

__all__ = [
    "COLUMNS",
    "FUND_COST",
    "LINES",
    "MEASURES",
    "PENALTIES",
    "PHASE_NAMES",
    "QUESTION_NAMES",
    "RULES",
    "TABLE_NAMES",
    "WITHHELD",
    "count",
    "join",
    "label",
    "minutes",
    "number_of",
    "plain",
    "pounds",
    "school_year",
    "share",
    "short_pounds",
]

WITHHELD: Final = "c"
"""What stands for a withheld value."""

QUESTION_NAMES: Final = {
    "today": "As placed today",
    "september": "The coming September",
    "afresh": "Everyone placed afresh",
}

PHASE_NAMES: Final = {
    "early_years": "Early years",
    "primary": "Primary",
    "secondary": "Secondary",
    "post_16": "Post-16",
    "post_19": "Post-19",
}

LINES: Final = {
    "in_county_places": "Places in the county",
    "in_county_top_ups": "Top-ups in the county",
    "neighbour_state": "Neighbours' state schools",
    "independent_day": "Independent, day",
    "independent_residential": "Independent, residential",
    "college": "Colleges",
    "transport": "Home to school transport",
    "overfill": "Children above places",
}

FUND_COST: Final = "Cost a year"

PENALTIES: Final = {
    "overfill": "Children above places",
    "time": "Journey time",
    "guidance": "Journeys beyond guidance",
    "preferences": "Children not where they prefer",
    "continuity": "Moves of children who could stay",
    "equity": "Localities above the bound of equity",
}

MEASURES: Final = {
    "to_place_pounds": "Fees, transport and penalties of those placed anew, a year",
    "children": "Children to be placed",
    "placed": "Placed",
    "gap": "Without any place",
    "in_county": "Placed in the county",
    "out_of_county": "Placed outside the county",
    "inmss": "In independent and non-maintained special schools",
    "spot_purchase": "Bought one by one for want of a place",
    "new_or_transferring": "New, or moving on to a new phase",
    "staying": "Staying where they are",
    "leaving": "Leaving",
    "cost_pounds": "Cost a year",
    "penalty_pounds": "Declared penalties (not cash)",
    "child_minutes": "Minutes of travel a school day, one way, all children",
    "mean_minutes": "Mean journey, minutes one way",
    "beyond_guidance": "Journeys longer than guidance",
    "journeys_not_known": "Journeys not known",
    "breaches": "Stated limits exceeded",
    "moved": "Moving although they could stay",
    "preferences_not_met": "Not where they prefer to be",
    "in_mainstream_by_preference": "In mainstream by preference, in no unit",
    "entering": "To be placed for the first time, or coming out of a unit",
    "placed_again": "To be placed again: waited, or placed for a year or to a unit's end",
    "transport_pounds": "Of the cost, transport",
    "places": "Places added",
    "yearly_cost_of_places": "Yearly cost of the places",
    "fees_and_other_costs_avoided": "Fees and other costs avoided a year",
    "net_saving": "Net saving a year",
    "gross_spending": "Rise in spending in the county a year, before fees avoided",
    "penalties_relieved": "Declared penalties avoided (not cash)",
    "children_newly_placed": "Children placed who had no place",
    "limit_places": "Most places allowed",
    "limit_pounds": "Most money allowed a year",
}

RULES: Final = {
    "ceiling": "More children than the unit's ceiling",
    "needs": "Children with a need the unit does not take",
    "year groups": "Children in a year group the unit does not take",
    "host_share": "More plans than the host school's share",
    "site_totals": "More children than the site takes together",
}

TABLE_NAMES: Final = {
    "facts": "Facts that differ",
    "headlines": "Headlines",
    "tables": "Tables side by side",
    "changes": "Changes, cell by cell",
    "places": "Places to add",
    "places_summary": "Places to add, totals",
    "gap": "Gap",
    "gap_totals": "Gap, totals",
    "prices": "Worth of one more place",
    "prices_resolved": "Worth, solved again",
    **explained_words.TABLES,
    **case_names.TABLES,
    "costs": "Cost by line and fund",
    "penalties": "Declared penalties",
    "use": "Use of every unit",
    "flows": "Who goes where",
    "breaches": "Stated limits exceeded",
    "rules": "Rules",
    "rules_kept": "Which figure keeps which rule",
    "preferences": "Preferences (pseudonyms)",
    "plans": "How all plans add up",
    "years": "Over the years",
    "years_costs": "Over the years, costs",
    "years_penalties": "Over the years, penalties",
    "years_use": "Over the years, units",
    "years_gap": "Over the years, gap",
    "years_prices": "Over the years, worth",
    "years_lasting": "A lasting place, solved again",
    "years_proof": "Over the years, proof",
    "forecast_totals": "Need to come, totals",
    "forecast_need": "Need to come, by cell",
    "forecast_plans": "Plans to come",
    "forecast_states": "Need by state",
    "forecast_scenarios": "Scenarios",
    "forecast_placed": "Need, placed",
    "forecast_size": "Places that pay",
    "forecast_scap": "School Capacity survey",
    "forecast_trust": "Trust in the bands",
    "forecast_backtest": "Backtests",
    "forecast_as_of": "What came",
    "forecast_notes": "What the forecast rests on",
    "assumptions": "Assumptions",
    "proof": "Method and proof",
    "placements": "Children (pseudonyms)",
    "localities": "Localities",
    "units_named": "Units",
}
"""Tables by name, in the order of a workbook's sheets; one that is not named here follows under its own name."""

_VALUES: Final = {
    **explained_words.VALUES,
    **case_names.VALUES,
    "table": TABLE_NAMES,
    "question": QUESTION_NAMES,
    "phase": PHASE_NAMES,
    "line": LINES,
    "fund": FUNDS,
    "need": NEEDS,
    "area": AREAS,
    "measure": MEASURES,
    "penalty": PENALTIES,
    "rule": RULES,
    "national": {"resourced_provision": "Resourced provision", "sen_unit": "SEN unit"},
    "locality": {"out_of_county": "Outside the county"},
    "unit": {"spot_purchase": "Bought one by one"},
    "status": {"optimal": "Proven best", "feasible": "Found, not proven best", "priced": "Priced as it is, not solved"},
}

COLUMNS: Final = {
    **explained_words.COLUMNS,
    **case_names.COLUMNS,
    "expected": "Expected",
    "median": "Median",
    "low_80": "80 of 100, from",
    "high_80": "80 of 100, to",
    "low_95": "95 of 100, from",
    "high_95": "95 of 100, to",
    "question": "Question",
    "measure": "Measure",
    "value": "Value",
    "line": "Cost line",
    "fund": "Fund",
    "pounds": "£ a year",
    "children": "Children",
    "penalty": "Penalty",
    "locality": "Locality",
    "need": "Need",
    "area": "Broad area of need",
    "phase": "Phase",
    "gap": "Without any place",
    "spot_purchase": "Bought one by one",
    "out_of_county": "Placed outside the county",
    "unit": "Unit",
    "unit_name": "Unit",
    "site": "Site",
    "site_name": "School or college",
    "kind": "Kind",
    "model": "Model",
    "national": "National type",
    "places": "Places",
    "other_authorities": "Held by other authorities",
    "room": "Places for the county's children",
    "ceiling": "Ceiling",
    "placed": "Placed",
    "overfill": "Above places",
    "breach": "Above ceiling",
    "saving_one_more": "Saved by one more place, £ a year",
    "cost_one_fewer": "Cost of one place fewer, £ a year",
    "fixed_cost": "Fixed cost, £ a year",
    "net_saving_one_more": "Net saving from one more place, £ a year",
    "children_one_more": "More children placed",
    "penalty_one_more": "Penalties avoided, £",
    "cash_saving": "Cash saved, £ a year",
    "penalty_saving": "Penalties avoided, £",
    "net_saving": "Net saving, £ a year",
    "places_added": "Places to add",
    "mean_minutes": "Mean minutes one way",
    "child": "Child (pseudonym)",
    "zone": "Small area of home",
    "year_group": "Year group",
    "stays": "Stays where placed",
    "minutes": "Minutes one way",
    "km": "Kilometres one way",
    "cost_pounds": "Cost, £ a year",
    "rule": "Rule",
    "stated": "Stated",
    "found": "Found",
    "missed": "Missed by",
    "price": "One more would save, £ a year",
    "subject": "Subject",
    "source": "Source",
    "placement": "Placement",
    "label": "Placement",
    "plans": "Plans",
    "planned_for": "Planned for here",
    "status": "Result",
    "objective_pounds": "Objective, £",
    "bound_pounds": "Proven bound, £",
    "gap_pounds": "Distance to the bound, £",
    "solver": "Solver",
    "verified": "Checked independently",
    "checks": "Checks",
    "year": "Academic year",
    "staying": "Staying where they are",
    "entering": "Entering",
    "placed_again": "Placed again",
    "held": "There before the first year",
    "newcomers": "Placed since",
    "high_needs_pounds": "High needs block, £",
    "general_pounds": "General fund, £",
    "health_pounds": "Health, £",
    "transport_pounds": "Of which transport, £",
    "penalty_pounds": "Declared penalties, £",
    "net_present_pounds": "All years in the first year's £",
    "saving_at_most": "Saved by one more place, at most, £",
    "years_open": "Years open",
    "need_label": "Need of",
    "name": "Name",
    "suppressed": "Withheld",
}


def plain(code: Any) -> str:
    """A code as words, for one that has no better.

    >>> plain("host_share")
    'Host share'
    """
    words = str(code).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def label(column: str, value: Any) -> str:
    """The words for a value of a column; the value itself where there are none.

    >>> label("phase", "post_16"), label("kind", "ers"), label("unit", "U01")
    ('Post-16', 'Enhanced resource school', 'U01')
    """
    if pd.isna(value):
        return ""
    own = named_value(column, str(value))
    if own is not None:
        return own
    known = _VALUES.get(column, {}).get(str(value))
    if known is not None:
        return known
    return plain(value) if column in {"line", "measure", "penalty", "rule", "status", "table"} else str(value)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or bool(pd.isna(value))


def count(value: Any, *, missing: str = "") -> str:
    """A number of children or places: whole, or with one decimal where it is a fraction.

    >>> count(1234.0), count(2.25), count(None, missing="c")
    ('1,234', '2.2', 'c')
    """
    if _missing(value):
        return missing
    number = float(value)
    return f"{number:,.0f}" if abs(number - round(number)) < 0.05 else f"{number:,.1f}"


def minutes(value: Any, *, missing: str = "") -> str:
    """Minutes with one decimal.

    >>> minutes(37.08)
    '37.1'
    """
    return missing if _missing(value) else f"{float(value):,.1f}"


def share(value: Any, *, missing: str = "") -> str:
    """A share in per cent.

    >>> share(0.256)
    '26%'
    """
    return missing if _missing(value) else f"{100 * float(value):.0f}%"


def school_year(year: Any) -> str:
    """An academic year as schools write it.

    >>> school_year(2027)
    '2027/28'
    """
    return f"{int(year)}/{(int(year) + 1) % 100:02d}"


def pounds(value: Any, *, missing: str = "") -> str:
    """Pounds to the pound, a loss with a minus sign.

    >>> pounds(1234567.4), pounds(-20)
    ('£1,234,567', '−£20')
    """
    if _missing(value):
        return missing
    number = round(float(value))
    return f"{'−' if number < 0 else ''}£{abs(number):,}"


def short_pounds(value: Any, *, missing: str = "") -> str:
    """Pounds for a sentence: millions with one decimal, else whole pounds.

    >>> short_pounds(12_345_678), short_pounds(-1_250_000), short_pounds(38_400)
    ('£12.3m', '−£1.2m', '£38,400')
    """
    if _missing(value):
        return missing
    number = float(value)
    if abs(number) < 999_500:
        return pounds(number)
    return f"{'−' if number < 0 else ''}£{abs(number) / 1e6:,.1f}m"


def number_of(value: Any, singular: str, plural: str | None = None) -> str:
    """A count with its noun.

    >>> number_of(1, "child", "children"), number_of(40, "place"), number_of(None, "place")
    ('1 child', '40 places', 'a withheld number of places')
    """
    if _missing(value):
        return f"a withheld number of {plural or singular + 's'}"
    text = count(value)
    return f"{text} {singular if text == '1' else plural or singular + 's'}"


def join(parts: list[str]) -> str:
    """Parts as a list in a sentence.

    >>> join(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
