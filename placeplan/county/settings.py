"""county.toml as types: what the county decides and assumes, each default with its source."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from placeplan.county.settings_cases import Cases
from placeplan.county.settings_rules import Rules

__all__ = [
    "DEFAULT_SOURCES",
    "Demand",
    "EntitledShare",
    "Expansion",
    "Forecast",
    "KindCost",
    "Objective",
    "Overfill",
    "OverfillBand",
    "Policy",
    "SeriesBreak",
    "Settings",
    "SpotPurchase",
    "TransportCosts",
    "TravelSettings",
    "Vehicle",
]


@dataclass(frozen=True, slots=True)
class TravelSettings:
    """How journeys are timed: ``[travel]``.

    ``speeds`` is km/h by road class; a class without a speed is a fault. Minutes are multiplied by
    ``peak_factor``; ``boarding_minutes`` are added once a journey. The off-road leg between a point
    and the network is counted at ``off_road_kmh``; a point farther than ``snap_limit_metres`` from any
    link is unreachable. ``roads`` and ``matrix`` are paths or patterns of files outside the county's folders
    roads and travel; ``matrix_format`` and ``matrix_unit`` say what a matrix of another engine is, and
    ``km_detour`` is the factor on straight lines by which km are told where it has none.
    """

    speeds: dict[str, float] = field(
        default_factory=lambda: {
            "motorway": 90.0,
            "trunk": 64.0,
            "primary": 52.0,
            "secondary": 45.0,
            "tertiary": 38.0,
            "unclassified": 32.0,
            "residential": 26.0,
            "living_street": 15.0,
            "service": 15.0,
            "road": 26.0,
        }
    )
    speeds_source: str = "placeplan's defaults for a rural county, below the 24.9 mph (40 km/h) mean of local A roads"
    speeds_year: int = 2018
    peak_factor: float = 1.0
    boarding_minutes: float = 0.0
    snap_limit_metres: float = 2000.0
    off_road_kmh: float = 15.0
    limit_minutes: float | None = None
    straight_line_detour: float | None = None
    straight_line_kmh: float = 40.0
    roads: str | None = None
    matrix: str | None = None
    matrix_format: str | None = None
    matrix_unit: str | None = None
    km_detour: float | None = None


@dataclass(frozen=True, slots=True)
class KindCost:
    """What a commissioned place of a kind costs a year, and what is taken off when it is filled; ``[places.KIND]``."""

    fixed_cost: float
    filled_discount: float = 0.0


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A journey's price: ``charge`` pounds plus ``pounds_per_km`` x km, shared by ``riders`` children."""

    charge: float
    pounds_per_km: float
    riders: float


@dataclass(frozen=True, slots=True)
class EntitledShare:
    """The share of children who are given transport from ``from_km`` on; blank kind or phase is any.

    The row with the most of kind and phase given counts, then the largest ``from_km`` not above the journey.
    """

    share: float
    from_km: float = 0.0
    kind: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class TransportCosts:
    """``[transport]``: the yearly cost of a child's journeys; ``vehicle_by_kind`` names one of ``vehicles``."""

    days: int = 190
    residential_days: int = 39
    vehicles: dict[str, Vehicle] = field(
        default_factory=lambda: {
            "minibus": Vehicle(charge=30.0, pounds_per_km=2.40, riders=2.8),
            "taxi": Vehicle(charge=13.0, pounds_per_km=1.45, riders=1.4),
        }
    )
    vehicle_by_kind: dict[str, str] = field(default_factory=lambda: {"special": "minibus", "hub": "minibus"})
    default_vehicle: str = "taxi"
    entitled: tuple[EntitledShare, ...] = (
        EntitledShare(share=0.3, from_km=0.0),
        EntitledShare(share=0.9, from_km=3.2),
        EntitledShare(share=1.0, from_km=4.8),
    )
    source: str = "set so that 14.5 km (9 miles) each way costs about the counties' mean of £8,900 a child a year"


@dataclass(frozen=True, slots=True)
class OverfillBand:
    """A band of overfill: ``share`` of the room between places and ceiling that it ends at, and its price."""

    share: float
    penalty: float


@dataclass(frozen=True, slots=True)
class Overfill:
    """``[overfill]``: the default ceiling over places and the rising penalty for each child above places.

    The penalty is declared, never added to cash; the cash cost of an overfilled child is the unit's
    fixed cost less its filled discount, as for a filled place.
    """

    default_ceiling_share: float = 0.10
    bands: tuple[OverfillBand, ...] = (OverfillBand(share=0.5, penalty=2000.0), OverfillBand(share=1.0, penalty=5000.0))


@dataclass(frozen=True, slots=True)
class SpotPurchase:
    """A row of ``[[spot_purchase]]``: a place that can always be bought; blank need or phase is any.

    ``pounds`` is the yearly fee from the high needs block; ``km`` and ``minutes`` are the journey assumed,
    one way. The row with the most of need and phase given counts.
    """

    pounds: float
    km: float
    minutes: float
    source: str
    need: str | None = None
    phase: str | None = None
    residential: bool = False


@dataclass(frozen=True, slots=True)
class Expansion:
    """``[expansion]``: how many places could be added at a site of a kind where its own figure is not given."""

    places_by_kind: dict[str, int] = field(default_factory=lambda: {"ers": 8, "special": 24})
    source: str = "placeplan's default: one ERS base, or three special-school classes"


@dataclass(frozen=True, slots=True)
class Objective:
    """``[objective]``: what the allocation weighs beside cash; declared as penalties, never added to cost."""

    pounds_per_child_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class Demand:
    """A row of ``[[forecast.demand]]``: the share of the plans in a placement that need a place of ``kind``.

    ``state`` names it: unplaced, waiting in mainstream, sent out for want of a place, and so on. Rows that are
    stated replace the defaults of the same state and placement.
    """

    state: str
    placement: str
    share: float
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A row of ``[[forecast.policies]]``: support without a plan, which takes away a share of the new plans.

    From ``first_year`` to ``last_year`` (for good where it has none); ``low`` and ``high`` bound the effect, from the
    10th to the 90th per cent.
    """

    name: str
    first_year: int
    effect: float
    low: float
    high: float
    source: str
    last_year: int | None = None


@dataclass(frozen=True, slots=True)
class SeriesBreak:
    """A row of ``[[forecast.breaks]]``: from ``year`` on, ``measure`` is counted otherwise than before."""

    year: int
    measure: str
    source: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """``[forecast]``: how far ahead, how many futures, what bounds them, and what a new place costs to build.

    ``ceiling_share``: the most of the children of one age who are ever given a plan. ``capital_by_kind``: pounds a new
    place, paid back over ``capital_years`` at ``discount`` a year.
    """

    years: int = 10
    draws: int = 1000
    ceiling_share: float = 0.25
    capital_by_kind: dict[str, float] = field(default_factory=lambda: {"special": 37_000.0, "ers": 37_000.0})
    capital_years: int = 25
    discount: float = 0.035
    demand: tuple[Demand, ...] = (
        Demand("unplaced", "not_recorded", 0.3, "special", "planned-for plans are about three in ten where recorded"),
        Demand(
            "waiting in mainstream",
            "mainstream",
            0.01,
            "special",
            "children awaiting provision were 1% of plans in England, January 2019",
        ),
        Demand("waiting in an early years setting", "early_years", 0.3, "special", "as the unplaced"),
        Demand("sent out for want of a place", "special_independent", 0.0, "special", "none unless stated"),
        Demand("out of school, awaiting a place", "neet", 0.05, "special", "placeplan's default; nothing published"),
        Demand("package outside school", "elsewhere", 0.0, "special", "none unless stated"),
        Demand("in alternative provision", "alternative_provision", 1.0, "support_centre", "where the child is"),
        Demand("educated at home", "elective_home", 0.0, "special", "none unless stated: a choice of the family"),
    )
    policies: tuple[Policy, ...] = ()
    breaks: tuple[SeriesBreak, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything in county.toml; ``stated`` holds the dotted keys that the file itself gives."""

    name: str
    as_of: dt.date
    authority: str = ""
    price_year: int = 2025
    seed: int = 1
    data_label: str = ""
    guidance_minutes: dict[str, float] = field(
        default_factory=lambda: {
            "early_years": 45.0,
            "primary": 45.0,
            "secondary": 75.0,
            "post_16": 75.0,
            "post_19": 75.0,
        }
    )
    travel: TravelSettings = field(default_factory=TravelSettings)
    places: dict[str, KindCost] = field(
        default_factory=lambda: {
            "ers": KindCost(10_000.0, 4_000.0),
            "special": KindCost(10_000.0),
            "hub": KindCost(10_000.0),
            "support_centre": KindCost(10_000.0),
        }
    )
    transport: TransportCosts = field(default_factory=TransportCosts)
    overfill: Overfill = field(default_factory=Overfill)
    spot_purchase: tuple[SpotPurchase, ...] = (
        SpotPurchase(
            pounds=61_000.0,
            km=30.0,
            minutes=50.0,
            source="independent and non-maintained special fees of £52,000 to £61,000 a year, England 2023-2026",
        ),
    )
    expansion: Expansion = field(default_factory=Expansion)
    objective: Objective = field(default_factory=Objective)
    rules: Rules = field(default_factory=Rules)
    forecast: Forecast = field(default_factory=Forecast)
    cases: Cases = field(default_factory=Cases)
    names: dict[str, str] = field(default_factory=dict)
    """``[names]``: the county's own word by kind, or kind:model; see ``kind_names``."""
    stated: frozenset[str] = frozenset()
    assumptions: tuple[tuple[str, str, str], ...] = ()
    """``[[assumptions]]`` of the county's own: (subject, value, source), listed in every report."""

    @property
    def year(self) -> int:
        """The academic year that ``as_of`` falls in, by its first calendar year; it opens on 1 September."""
        return self.as_of.year if self.as_of.month >= 9 else self.as_of.year - 1


DEFAULT_SOURCES: Final = {
    "guidance_minutes": "home to school travel guidance: 45 minutes primary, 75 minutes secondary, each way",
    "places": "national place funding: £10,000 a place; in a base of a mainstream school £4,000 is not due when filled",
    "overfill": "ceiling of places + 10%; penalties are placeplan's defaults",
    "travel": "placeplan's defaults by road class",
    "transport": "placeplan's defaults, near the published county means",
    "spot_purchase": "national fees of independent and non-maintained places, 2023-2026",
    "expansion": "placeplan's defaults",
    "forecast.ceiling_share": (
        "placeplan's default: one and a half times England's new plans of 2024 (97,563 to about 650,000 of an age)"
    ),
    "forecast.capital_by_kind": "a county programme's mean of about £37,000 a place (2024); the Green Book's 3.5%",
}
"""Where the defaults of each part of county.toml come from; a part not stated is listed in every report."""
