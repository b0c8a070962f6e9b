"""Settings that are stated and have no effect on anything: whoever wrote one believes that it does something.

One that is stated as it is by default asks for nothing, and is no fault.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from placeplan.county.settings import Settings
from placeplan.county.settings_rules import MODES
from placeplan.county.vocabulary import COMMISSIONED_KINDS, GROWING_KINDS, KINDS, NOT_CARRIED_KINDS, PLACEMENTS
from placeplan.errors import Fault

__all__ = ["PLANNED_KINDS", "SIZED_KINDS", "journey_setting_faults", "unused_faults"]

TABLE: Final = "county.toml"

PLANNED_KINDS: Final = tuple(
    kind for kind in KINDS if kind in {about.kind for about in PLACEMENTS.values() if about.planned_for}
)
"""Kinds of place that a plan's placement is planned for, and that need to come is told in."""

SIZED_KINDS: Final = tuple(kind for kind in PLANNED_KINDS if kind in COMMISSIONED_KINDS)
"""Kinds of which it is said how many places to have."""

_PRICED: Final = {
    "guidance.pounds_per_child_hour": ("price",),
    "preferences.pounds": ("priced",),
    "continuity.pounds": ("priced",),
    "equity.pounds": ("price",),
    "equity.most": ("bound", "price"),
}
"""A rule's number and the modes that read it."""

_BY_ROAD: Final = ("speeds", "speeds_source", "speeds_year", "snap_limit_metres", "off_road_kmh")
_OF_A_MATRIX: Final = ("matrix_format", "matrix_unit", "km_detour")

_DEFAULTS: Final = Settings(name="", as_of=dt.date(2025, 1, 16))

Line = tuple[str, str, str]


def unused_faults(settings: Settings) -> list[Fault]:
    """A fault for each setting that nothing reads, as the others are: which, what it says, and what would use it."""
    found = [
        *_kinds(settings),
        *_transport(settings),
        *_rules(settings),
        *_minimum_use(settings),
        *_forecast(settings),
    ]
    if "travel.straight_line_detour" not in settings.stated and _differs(settings, "travel.straight_line_kmh"):
        why = "straight_line_detour as well: without it no journey is a straight line"
        found.append(("travel.straight_line_kmh", f"{settings.travel.straight_line_kmh:g}", why))
    return [Fault(TABLE, "", key, value, expected) for key, value, expected in found]


def journey_setting_faults(settings: Settings, *, roads: bool, matrix: bool, table: bool) -> list[Fault]:
    """A fault for each setting of journeys that come from elsewhere: by road, by another engine's files, or neither.

    ``roads``: whether there are any, as a table or files; ``matrix``: whether there are another engine's files;
    ``table``: whether there is a ready table travel.
    """
    straight = settings.travel.straight_line_detour is not None
    ready = "another engine's files" if matrix else "the table travel"
    source = "straight lines (straight_line_detour)" if straight else ready
    unused = [*_BY_ROAD, "roads"] if straight or ((matrix or table) and not roads) else []
    if straight or not matrix:
        unused += [*_OF_A_MATRIX, "matrix"]
    if not straight and not matrix:
        source = "the table travel" if table else "roads"
    return [
        Fault(TABLE, "", f"travel.{name}", _shown(settings, name), f"nothing here: journeys come from {source}")
        for name in unused
        if _differs(settings, f"travel.{name}")
    ]


def _differs(settings: Settings, key: str) -> bool:
    """Whether a dotted key is stated and says something else than its default."""
    ours: object = settings
    default: object = _DEFAULTS
    for name in key.split("."):
        ours, default = (
            part.get(name) if isinstance(part, dict) else getattr(part, name, None) for part in (ours, default)
        )
    return key in settings.stated and ours != default


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings.travel, name)
    if isinstance(value, dict):
        return ", ".join(kind for kind in value if f"travel.{name}.{kind}" in settings.stated)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _stated_below(settings: Settings, section: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if _differs(settings, f"{section}.{name}")]


def _kinds(settings: Settings) -> Iterator[Line]:
    """Sums and numbers by kind, for kinds that have none."""
    for kind in _stated_below(settings, "places", settings.places):
        if kind not in COMMISSIONED_KINDS:
            cost = f"fixed_cost {settings.places[kind].fixed_cost:g}"
            why = "its places are paid for by the child, in top_ups"
            yield f"places.{kind}", cost, f"a kind that is commissioned ({', '.join(COMMISSIONED_KINDS)}): {why}"
    for kind in _stated_below(settings, "expansion.places_by_kind", settings.expansion.places_by_kind):
        if kind not in GROWING_KINDS:
            places = str(settings.expansion.places_by_kind[kind])
            expected = f"a kind to which places are added ({', '.join(GROWING_KINDS)}): this one never grows"
            yield f"expansion.places_by_kind.{kind}", places, expected
    for kind in _stated_below(settings, "forecast.capital_by_kind", settings.forecast.capital_by_kind):
        if kind not in SIZED_KINDS:
            pounds = f"{settings.forecast.capital_by_kind[kind]:g}"
            expected = f"a kind whose size is worked out ({', '.join(SIZED_KINDS)}): nothing asks what this one costs"
            yield f"forecast.capital_by_kind.{kind}", pounds, expected


def _transport(settings: Settings) -> Iterator[Line]:
    """Vehicles that nobody is in, and journeys that there are none of."""
    transport = settings.transport
    carried = [kind for kind in KINDS if kind not in NOT_CARRIED_KINDS]
    own = [kind for kind in carried if kind in transport.vehicle_by_kind]
    in_use = {transport.vehicle_by_kind[kind] for kind in own}
    if len(own) < len(carried):
        in_use.add(transport.default_vehicle)
    elif _differs(settings, "transport.default_vehicle"):
        expected = "a kind without a vehicle of its own: every one that is carried has one"
        yield "transport.default_vehicle", transport.default_vehicle, expected
    nobody = "the child is not carried: a teacher comes, or it attends as any pupil"
    for kind in _stated_below(settings, "transport.vehicle_by_kind", transport.vehicle_by_kind):
        if kind in NOT_CARRIED_KINDS:
            expected = f"a kind that children are carried to; {nobody}"
            yield f"transport.vehicle_by_kind.{kind}", transport.vehicle_by_kind[kind], expected
    for vehicle in _stated_below(settings, "transport.vehicles", transport.vehicles):
        if vehicle not in in_use:
            expected = "a vehicle that vehicle_by_kind or default_vehicle names: nobody is in this one"
            yield f"transport.vehicles.{vehicle}", vehicle, expected
    for place, row in enumerate(transport.entitled, start=1):
        if row.kind in NOT_CARRIED_KINDS:
            expected = f"a kind that children are carried to; {nobody}"
            yield f"transport.entitled.{place}.kind", str(row.kind), expected


def _rules(settings: Settings) -> Iterator[Line]:
    """A price or bound beside a mode that does not read it; without any mode it is a fault already."""
    for key, modes in _PRICED.items():
        part, name = key.split(".")
        mode = str(getattr(settings.rules, part).mode)
        no_mode = f"rules.{part}.mode" not in settings.stated
        if not _differs(settings, f"rules.{key}") or mode in modes or mode not in MODES[f"{part}.mode"] or no_mode:
            continue
        value = getattr(getattr(settings.rules, part), name)
        yield f"rules.{key}", f"{value:g}", f"mode {' or '.join(modes)}: {mode} does not read it"


def _minimum_use(settings: Settings) -> Iterator[Line]:
    rule = settings.rules.minimum_use
    for kind, children in rule.by_kind.items():
        if children and not rule.on:
            yield f"rules.minimum_use.{kind}", str(children), "on = true: the rule is off"
        elif children and kind == "peripatetic":
            yield f"rules.minimum_use.{kind}", str(children), "a kind with places: visiting teachers have none"


def _forecast(settings: Settings) -> Iterator[Line]:
    """Demand for what no plan is planned for, and breaks in a series that is not read."""
    for row in settings.forecast.demand:
        if row.kind not in PLANNED_KINDS:
            expected = f"one of {', '.join(PLANNED_KINDS)}: need is told in those"
            yield "forecast.demand", f"{row.kind}, of {row.state}", expected
    for place, one in enumerate(settings.forecast.breaks, start=1):
        if one.measure not in ("stock", "new"):
            expected = "stock or new: plans that cease are fitted within each year, and have no trend to break"
            yield f"forecast.breaks.{place}.measure", one.measure, expected
