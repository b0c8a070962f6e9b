"""The words of the trade: needs, areas, phases, kinds of provision, models, placements and funds.

The need codes are those of the SEN2 census; the four areas are those of the SEND code of practice
(2015, paragraph 6.28), with a fifth for what neither classifies.
"""

from dataclasses import dataclass
from typing import Final

__all__ = [
    "AREAS",
    "AREA_OF_NEED",
    "BOARDING",
    "COMMISSIONED_KINDS",
    "COST_LINES",
    "DECISIONS",
    "FAMILY",
    "FUNDS",
    "GROWING_KINDS",
    "INMSS_KINDS",
    "KINDS",
    "LEVERS",
    "MAINSTREAM",
    "MEASURES",
    "MODELS",
    "NATIONAL_TYPES",
    "NEEDS",
    "NOT_CARRIED_KINDS",
    "OUT_OF_COUNTY",
    "OWN_PREFERENCE_FROM",
    "PACKAGE_LINES",
    "PAYERS",
    "PAYER_OF_FUND",
    "PER",
    "PHASES",
    "PLACEMENTS",
    "PROVISIONS",
    "QUESTIONS",
    "SPOT_PURCHASE",
    "TRANSFER_YEAR_GROUPS",
    "VETOED_BY",
    "YEAR_GROUPS",
    "Placement",
    "phase_of",
    "year_group_of_age",
]

NEEDS: Final = {
    "ASD": "Autistic spectrum disorder",
    "SEMH": "Social, emotional and mental health",
    "SLCN": "Speech, language and communication needs",
    "MLD": "Moderate learning difficulty",
    "SLD": "Severe learning difficulty",
    "PMLD": "Profound and multiple learning difficulty",
    "SPLD": "Specific learning difficulty",
    "DS": "Down syndrome",
    "HI": "Hearing impairment",
    "VI": "Visual impairment",
    "MSI": "Multi-sensory impairment",
    "PD": "Physical disability",
    "OTH": "Other difficulty or disability",
    "unknown": "Need not recorded",
}

AREAS: Final = {
    "communication_interaction": "Communication and interaction",
    "cognition_learning": "Cognition and learning",
    "semh": "Social, emotional and mental health",
    "sensory_physical": "Sensory and physical",
    "not_classified": "Not classified",
}

AREA_OF_NEED: Final = {
    "ASD": "communication_interaction",
    "SLCN": "communication_interaction",
    "SPLD": "cognition_learning",
    "MLD": "cognition_learning",
    "SLD": "cognition_learning",
    "PMLD": "cognition_learning",
    "DS": "cognition_learning",
    "SEMH": "semh",
    "HI": "sensory_physical",
    "VI": "sensory_physical",
    "MSI": "sensory_physical",
    "PD": "sensory_physical",
    "OTH": "not_classified",
    "unknown": "not_classified",
}

YEAR_GROUPS: Final = range(-4, 22)
"""Year groups: age on the 31 August that opens the academic year, less 4; Reception is 0."""

PHASES: Final = {
    "early_years": range(-4, 0),
    "primary": range(7),
    "secondary": range(7, 12),
    "post_16": range(12, 15),
    "post_19": range(15, 22),
}

TRANSFER_YEAR_GROUPS: Final = (0, 3, 7, 12, 15)
"""Year groups that a phase transfer enters; 3 is infant to junior."""

KINDS: Final = {
    "ers": "Enhanced resource school",
    "special": "Special school",
    "hub": "Hub in a special school",
    "support_centre": "Support centre",
    "independent_special": "Independent special school",
    "non_maintained_special": "Non-maintained special school",
    "independent_other": "Other independent school",
    "college": "College",
    "peripatetic": "Visiting teacher",
    "mainstream_support": "Mainstream with support",
}

INMSS_KINDS: Final = ("independent_special", "non_maintained_special")
"""INMSS: independent and non-maintained special schools together."""

COMMISSIONED_KINDS: Final = ("ers", "special", "hub", "support_centre")
"""Kinds whose places the authority commissions and pays for whether they are filled or not."""

NOT_CARRIED_KINDS: Final = ("peripatetic", "mainstream_support")
"""Kinds that come to the child, or that the child attends as any pupil: no transport is added."""

GROWING_KINDS: Final = ("ers", "special", "hub")
"""Kinds to which places may be added."""

MODELS: Final = {
    "alternative": "Alternative learning environment",
    "integrative": "Integrative",
    "area": "Area (a wider range of needs)",
}

NATIONAL_TYPES: Final = ("resourced_provision", "sen_unit")

FUNDS: Final = {
    "high_needs": "High needs block",
    "general": "General fund",
    "health": "Health",
    "capital": "Capital grant",
    "family": "Family",
}

PAYERS: Final = {
    "education": "Education",
    "health": "Health",
    "care": "Social care",
    "family": "Family",
}
"""Who pays for a part of an option; the first three are the public purse."""

PAYER_OF_FUND: Final = {
    "high_needs": "education",
    "general": "care",
    "health": "health",
    "capital": "education",
    "family": "family",
}
"""Which payer a top-up's fund is. Transport is of the general fund too, and is paid by education."""

PROVISIONS: Final = {
    "day": "Independent day place",
    "residential_38": "Independent residential place, 38 weeks",
    "residential_44": "Independent residential place, 44 weeks",
    "residential_52": "Independent residential place, 52 weeks",
}
"""What an independent school's fee is quoted for."""

BOARDING: Final = ("day", "residential")
"""What a veto may say of independent places, whichever they are."""

FAMILY: Final = "+family"
"""What is put to a unit's name where it is named on condition that the family provides the transport."""

PACKAGE_LINES: Final = {
    "staff": "Staff",
    "therapies": "Therapies",
    "outreach": "Outreach",
    "tuition": "Tuition",
    "equipment": "Equipment",
    "transport": "Transport",
    "other": "Other",
}
"""The lines of a local package."""

PER: Final = ("hour", "week", "term", "year", "once")
"""What the pounds of a package's line are for."""

DECISIONS: Final = ("agreed", "deferred", "refused", "withdrawn")
"""What may be decided on a case."""

VETOED_BY: Final = ("family", "young_person", "school", "authority", "health", "care")
"""Who may rule an option out."""

MEASURES: Final = ("stock", "new", "ceased")
"""What a published count of plans is of: held on the day, newly made, or ceased in the year."""

LEVERS: Final = (
    "inclusion",
    "conversion",
    "reintegration",
    "fewer_independent_starts",
    "support_without_plan",
    "housing",
)
"""What a scenario may change; ``placeplan.need.scenarios`` says how."""

QUESTIONS: Final = ("today", "september", "afresh")
"""The three questions of an allocation, in the order in which they are told: everyone as placed today, the
coming September's new children and phase transfers placed best, everyone placed afresh."""

COST_LINES: Final = (
    "in_county_places",
    "in_county_top_ups",
    "neighbour_state",
    "independent_day",
    "independent_residential",
    "college",
    "transport",
    "overfill",
)
"""The lines of the costs, in order."""

SPOT_PURCHASE: Final = "spot_purchase"
"""The unit that stands for an independent place bought for one child; no unit of a county may be called so."""

MAINSTREAM: Final = "mainstream"
"""What a preference says for a mainstream school, whichever, and ``suits`` of a plan that is met in one; no unit of a
county may be called so."""

OWN_PREFERENCE_FROM: Final = 12
"""The first year group after compulsory school age: from then on a preference is the young person's own."""

OUT_OF_COUNTY: Final = "out_of_county"
"""What a site's ``locality`` says where the site is not in the county."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a published plan says that a child is: the kind it maps to, and whether it is planned for."""

    label: str
    kind: str | None
    planned_for: bool


PLACEMENTS: Final = {
    "mainstream": Placement("Mainstream school", "mainstream_support", False),
    "resourced_provision": Placement("Resourced provision", "ers", True),
    "sen_unit": Placement("SEN unit", "ers", True),
    "special_state": Placement("State special school", "special", True),
    "special_independent": Placement("Independent special school", "independent_special", True),
    "special_non_maintained": Placement("Non-maintained special school", "non_maintained_special", True),
    "alternative_provision": Placement("Alternative provision", "support_centre", True),
    "further_education": Placement("Further education", "college", False),
    "specialist_post_16": Placement("Specialist post-16", "college", True),
    "elective_home": Placement("Elective home education", None, False),
    "elsewhere": Placement("Educated elsewhere", None, False),
    "neet": Placement("Not in education, employment or training", None, False),
    "early_years": Placement("Early years setting", None, False),
    "not_recorded": Placement("Not recorded", None, False),
}


def phase_of(year_group: int) -> str:
    """The phase that a year group is in; raises ``ValueError`` outside -4 to 21.

    >>> phase_of(0), phase_of(6), phase_of(7), phase_of(15)
    ('primary', 'primary', 'secondary', 'post_19')
    """
    for phase, year_groups in PHASES.items():
        if year_group in year_groups:
            return phase
    raise ValueError(f"year group {year_group}: expected -4 to 21")


def year_group_of_age(age: int) -> int:
    """The year group of a child of ``age`` on the 31 August that opens the academic year.

    >>> year_group_of_age(4), year_group_of_age(11)
    (0, 7)
    """
    return age - 4
