"""Every key of county.toml, described once: its type, bounds and meaning, for reading and for the template."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from placeplan.county.kind_names import NAMED
from placeplan.county.settings_cases import CRITERIA, NOT_STATED_LINES
from placeplan.county.settings_rules import MODES
from placeplan.county.vocabulary import FUNDS, KINDS, MEASURES, NEEDS, PHASES, PLACEMENTS

__all__ = ["MATRIX_FORMATS", "SETTINGS", "Key", "Named", "Rows", "Section", "Spec"]


MATRIX_FORMATS: Final = ("osrm", "openrouteservice", "long", "square")
"""What another engine's travel times may be: a table answer of OSRM, a matrix answer of OpenRouteService, long csv
(R5, r5py, conveyal), or square csv."""


@dataclass(frozen=True, slots=True)
class Key:
    """One value. ``above`` is a bound not included, ``least`` and ``most`` are included."""

    type: Literal["text", "date", "whole", "number", "yes_no"]
    meaning: str
    required: bool = False
    least: float | None = None
    most: float | None = None
    above: float | None = None
    codes: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What the value must be, in words."""
        if self.codes:
            return "one of " + ", ".join(self.codes)
        words = {
            "text": "text in quotation marks",
            "date": "a date, as in 2025-01-16",
            "whole": "a whole number",
            "number": "a number",
            "yes_no": "true or false",
        }[self.type]
        if self.least is not None and self.least == self.most:
            return f"{self.least:g}"
        if self.least is not None and self.most is not None:
            return f"{words} from {self.least:g} to {self.most:g}"
        if self.least is not None:
            return f"{words}, {self.least:g} or more"
        if self.above is not None:
            return f"{words} above {self.above:g}"
        return words


@dataclass(frozen=True, slots=True)
class Section:
    """A ``[section]``: its keys by name."""

    keys: Mapping[str, "Spec"]
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A ``[section]`` whose keys the user names (road classes, kinds, vehicles); ``names`` limits them."""

    value: "Spec"
    meaning: str
    names: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of ``[[sections]]``."""

    row: Section
    meaning: str


Spec = Key | Section | Named | Rows


def _section(meaning: str, **keys: Spec) -> Section:
    return Section(MappingProxyType(dict(keys)), meaning)


def _text(meaning: str, *, required: bool = False, codes: tuple[str, ...] = ()) -> Key:
    return Key("text", meaning, required, codes=codes)


def _amount(meaning: str, *, required: bool = False) -> Key:
    return Key("number", meaning, required, least=0)


def _positive(meaning: str, *, required: bool = False) -> Key:
    return Key("number", meaning, required, above=0)


def _share(meaning: str, *, required: bool = False) -> Key:
    return Key("number", meaning, required, least=0, most=1)


_YEAR = Key("whole", "the academic year, by its first calendar year", required=True, least=1990, most=2100)
_KIND = _text("the kind of provision; leave out for any", codes=tuple(KINDS))
_PHASE = _text("the phase; leave out for any", codes=tuple(PHASES))
_NEED = _text("the need; leave out for any", codes=tuple(NEEDS))

SETTINGS: Final = _section(
    "",
    format=Key("whole", "the contract that these files follow; 1", required=True, least=1, most=1),
    name=_text("the county's name", required=True),
    authority=_text("the local authority's number or code"),
    as_of=Key("date", "the day that the children and places are as of; it decides the academic year", required=True),
    price_year=Key("whole", "the year of prices", least=2000, most=2100),
    seed=Key("whole", "the seed of everything random", least=0),
    data_label=_text("a label for every page, as in: example, invented children"),
    guidance_minutes=Named(_positive("minutes, one way"), "the longest journey advised, by phase", tuple(PHASES)),
    names=Named(
        _text("the county's own word", required=True),
        'the county\'s own word for a kind of place, or for "ers:MODEL", used on every page: ers = "specialist base"',
        NAMED,
    ),
    travel=_section(
        "how journeys are timed",
        speeds=Named(_positive("km/h"), "speed by road class, km/h; a class in roads needs one"),
        speeds_source=_text("where the speeds come from"),
        speeds_year=Key("whole", "the year of the speeds", least=1990, most=2100),
        peak_factor=_positive("what minutes are multiplied by at the time of the school run"),
        boarding_minutes=_amount("minutes added once to each journey"),
        snap_limit_metres=_positive("how far a point may be from a road, in metres"),
        off_road_kmh=_positive("the speed between a point and the road, km/h"),
        limit_minutes=_positive("the longest journey worked out; none unless stated"),
        straight_line_detour=Key("number", "straight lines times this factor instead of roads", least=1),
        straight_line_kmh=_positive("the speed along straight lines, km/h"),
        roads=_text("road files elsewhere than in the folder roads: a path or pattern, from the county's folder"),
        matrix=_text("files of another engine's travel times elsewhere than in the folder travel: a path or pattern"),
        matrix_format=_text("what those files are", codes=MATRIX_FORMATS),
        matrix_unit=_text("the unit of their times", codes=("minutes", "seconds")),
        km_detour=Key("number", "straight lines times this factor as km, where those files have none", least=1),
    ),
    places=Named(
        _section(
            "",
            fixed_cost=_amount("pounds a year for a place, filled or not"),
            filled_discount=_amount("pounds not due when it is filled"),
        ),
        "what a commissioned place of a kind costs where its unit does not say",
        tuple(KINDS),
    ),
    transport=_section(
        "the yearly cost of a child's journeys",
        days=Key("whole", "school days a year", least=1, most=366),
        residential_days=Key("whole", "days of travel a year of a child who boards", least=0, most=366),
        vehicles=Named(
            _section(
                "",
                charge=_amount("pounds a journey"),
                pounds_per_km=_amount("pounds a kilometre"),
                riders=_positive("children who share it"),
            ),
            "vehicles by name",
        ),
        vehicle_by_kind=Named(_text("a vehicle"), "the vehicle by kind of provision", tuple(KINDS)),
        default_vehicle=_text("the vehicle for other kinds"),
        entitled=Rows(
            _section(
                "",
                share=_share("the share of children given transport", required=True),
                from_km=_amount("from this distance on, km"),
                kind=_KIND,
                phase=_PHASE,
            ),
            "who is given transport; one row without kind and phase starts at 0 km",
        ),
        source=_text("where these figures come from"),
    ),
    overfill=_section(
        "children above places",
        default_ceiling_share=_amount("the ceiling above places, as a share of places, where a unit has none"),
        bands=Rows(
            _section(
                "",
                share=Key("number", "the share of places to ceiling that the band ends at", True, most=1, least=0),
                penalty=_amount("pounds of penalty for each child in the band; never cash", required=True),
            ),
            "bands of overfill: shares rise to 1 and penalties do not fall",
        ),
    ),
    spot_purchase=Rows(
        _section(
            "",
            pounds=_amount("the yearly fee", required=True),
            km=_amount("the journey assumed, km one way", required=True),
            minutes=_amount("the journey assumed, minutes one way", required=True),
            source=_text("where the fee comes from", required=True),
            need=_NEED,
            phase=_PHASE,
            residential=Key("yes_no", "whether the child boards"),
        ),
        "an independent place that can always be bought; one row is without need and phase",
    ),
    expansion=_section(
        "places that could be added",
        places_by_kind=Named(
            Key("whole", "places", least=0), "how many, by kind, where a site has no more_places", tuple(KINDS)
        ),
        source=_text("where these figures come from"),
    ),
    objective=_section(
        "what the allocation weighs beside cash",
        pounds_per_child_hour=_amount("pounds of penalty for an hour that a child travels; never cash"),
    ),
    rules=_section(
        "what an allocation keeps beside places, needs and year groups; README tells of each",
        overfill=_section(
            "children above places",
            allowed=Key("yes_no", "whether newcomers may be above places, in the bands of [overfill]"),
        ),
        guidance=_section(
            "journeys beyond the guidance of the phase, residential units and visiting teachers apart",
            mode=_text("reported, not possible, or at a price", codes=MODES["guidance.mode"]),
            pounds_per_child_hour=_amount("pounds of penalty for an hour beyond guidance; never cash"),
        ),
        preferences=_section(
            "what families and young people prefer",
            mode=_text("before cost, at a price, or not counted", codes=MODES["preferences.mode"]),
            pounds=_amount("pounds of penalty for each child not in the preferred unit; never cash"),
        ),
        continuity=_section(
            "children who could stay where they are",
            mode=_text("they move by consent alone (may_move), or at a price", codes=MODES["continuity.mode"]),
            pounds=_amount("pounds of penalty for each move; never cash"),
        ),
        host_share=_section(
            "plans at the host schools of units of kind ers",
            share=_share("the most of a host's roll that may have plans; no rule unless stated"),
        ),
        site_totals=_section(
            "the units of a site together",
            on=Key("yes_no", "whether the total_places of the table sites are kept"),
        ),
        minimum_use=_section(
            "a unit with newcomers has no fewer children than make it viable",
            on=Key("yes_no", "whether the rule is kept"),
            **{kind: Key("whole", "children, where the unit states no minimum", least=0) for kind in KINDS},
        ),
        equity=_section(
            "localities against each other, by their children's journeys",
            measure=_text("the mean minutes, or the share beyond guidance", codes=MODES["equity.measure"]),
            mode=_text(
                "a bound, a price above it, or the worst as good as can be, then the next", codes=MODES["equity.mode"]
            ),
            most=_amount("the bound: minutes, or a share"),
            pounds=_amount("pounds of penalty a minute (or whole share) above it and child; never cash"),
        ),
        budgets=Rows(
            _section(
                "",
                fund=_text("the fund", required=True, codes=tuple(FUNDS)),
                financial_year=Key("whole", "the financial year, from April of", required=True, least=1990, most=2100),
                pounds=_amount("what may be spent", required=True),
                gap_pounds=_amount("charged a year for a child in the gap; the spot purchase's fee unless stated"),
                source=_text("where the figure comes from", required=True),
            ),
            "what a fund may spend; an overspend is reported",
        ),
    ),
    forecast=_section(
        "the forecast of need",
        years=Key("whole", "years ahead", least=1, most=25),
        draws=Key("whole", "futures drawn", least=50, most=10_000),
        ceiling_share=Key("number", "the most of the children of one age who are ever given a plan", above=0, most=1),
        capital_by_kind=Named(_amount("pounds"), "what a new place costs to build, by kind", tuple(KINDS)),
        capital_years=Key("whole", "years over which it is paid back", least=1, most=100),
        discount=_share("the rate a year at which it is"),
        demand=Rows(
            _section(
                "",
                state=_text("what is said of the children", required=True),
                placement=_text("where their plans are", required=True, codes=tuple(PLACEMENTS)),
                share=_share("the share of the plans there that need a place", required=True),
                kind=_text("the kind of place", required=True, codes=tuple(KINDS)),
                source=_text("where the share comes from", required=True),
            ),
            "need beyond those who have a place; a row replaces the default of its state and placement",
        ),
        policies=Rows(
            _section(
                "",
                name=_text("the policy", required=True),
                first_year=_YEAR,
                last_year=Key("whole", "the last year; none while it goes on", least=1990, most=2100),
                effect=_share("the share of new plans that it takes away", required=True),
                low=_share("the least that share may be, 10th per cent", required=True),
                high=_share("the most it may be, 90th per cent", required=True),
                source=_text("where the effect comes from", required=True),
            ),
            "support without a plan that the past is fitted around, and that goes on unless it ends",
        ),
        breaks=Rows(
            _section(
                "",
                year=_YEAR,
                measure=_text("what is counted otherwise from then on", required=True, codes=MEASURES),
                source=_text("what changed", required=True),
            ),
            "years from which a series is counted otherwise; steps there are not taken for growth",
        ),
    ),
    cases=_section(
        "a partnership's cases: how options are weighed, and what bounds a sum that is not stated",
        weights=Named(
            _amount("its weight"),
            "the weight of each criterion; where any is stated the others weigh 0",
            tuple(CRITERIA),
        ),
        cost_scale=_positive("the pounds a year at which an option scores nothing for cost"),
        discount=_share("the rate a year at which whole stays are discounted"),
        weeks=Key("whole", "the weeks of term time in a year", least=1, most=52),
        not_stated=Named(
            _amount("pounds a year"), "the most that a line may be of which nothing is stated", NOT_STATED_LINES
        ),
        source=_text("where these figures come from"),
    ),
    assumptions=Rows(
        _section(
            "",
            subject=_text("what the assumption is about", required=True),
            value=_text("what is assumed", required=True),
            source=_text("where it comes from", required=True),
        ),
        "the county's own assumptions, listed in every report",
    ),
)
"""The keys of county.toml, and of a workbook's sheet ``county`` as dotted keys."""
