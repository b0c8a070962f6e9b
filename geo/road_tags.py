"""What OpenStreetMap's tags say of a road: whether a car or a minibus drives it, which way, and what is not used of it.

The same rules for every format. Of ``motorcar``, ``motor_vehicle``, ``vehicle`` and ``access`` the most specific that
is there counts, as the project's wiki has it. What is for some alone (private, customers, deliveries, permits, farms,
forests, the army, buses) is not driven, as a school's journey may not pass through; what is for destinations is.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = [
    "DRIVEN_CLASSES",
    "HONOURED",
    "UNUSED",
    "Road",
    "closed_node",
    "closed_road",
    "is_closed",
    "listed",
    "road",
    "said",
    "unused",
]

DRIVEN_CLASSES: Final = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "road",
)
"""The values of ``highway`` that a car or a minibus takes; a slip road (``..._link``) is of its road's class."""

NOT_THROUGH: Final = ("driveway", "parking_aisle", "drive-through", "emergency_access")
"""Service ways that lead nowhere, or are not for everybody."""

MODES: Final = ("motorcar", "motor_vehicle", "vehicle", "access")
"""The keys of access that hold for a car, the most specific first."""

CLOSED: Final = frozenset(
    [
        "no",
        "private",
        "agricultural",
        "forestry",
        "military",
        "emergency",
        "bus",
        "psv",
        "taxi",
        "delivery",
        "customers",
        "permit",
        "residents",
        "employees",
        "restricted",
        "use_sidepath",
    ]
)
"""Values of access with which a road or a barrier is not driven through; any other is."""

BARRIERS: Final = frozenset(
    [
        "barrier_board",
        "block",
        "bollard",
        "bump_gate",
        "bus_trap",
        "chain",
        "cycle_barrier",
        "debris",
        "ditch",
        "fence",
        "full-height_turnstile",
        "gate",
        "hampshire_gate",
        "horse_stile",
        "jersey_barrier",
        "kissing_gate",
        "lift_gate",
        "log",
        "motorcycle_barrier",
        "planter",
        "rope",
        "sliding_gate",
        "spikes",
        "stile",
        "sump_buster",
        "swing_gate",
        "tank_trap",
        "turnstile",
        "wall",
        "wicket_gate",
        "yes",
    ]
)
"""Barriers that stop a car unless their own access lets it through; a cattle grid or a toll booth does not."""

UNUSED: Final = {
    "speed_limits": "speed limits",
    "turn_restrictions": "turn restrictions",
    "ferries": "ferries",
    "timed_closures": "closures and directions at certain times",
    "size_limits": "limits of height, width and weight",
    "given_speeds": "speeds and times that the file gives",
    "lost_directions": "one-way streets without a direction",
}
"""What journeys are made without, in words."""

HONOURED: Final = {
    "closed_roads": "roads for some alone (private, customers, deliveries, permits, farms, buses)",
    "closed_barriers": "barriers across a road",
    "cut_roads": "roads cut where the file ends",
}
"""What is not driven, in words."""

YES: Final = ("yes", "true", "1")
NO: Final = ("no", "false", "0")
AGAINST: Final = ("-1", "reverse")
SIZES: Final = ("maxheight", "maxwidth", "maxweight", "maxlength")


@dataclass(frozen=True, slots=True)
class Road:
    """A driven way: its class, whether it is one-way, and whether that is against the way in which it is drawn."""

    name: str
    oneway: bool
    against: bool


def listed(value: object) -> tuple[str, ...]:
    """The values of a tag: one, or those of the ways that OSMnx has joined into a link, written as a list."""
    text = str(value if value is not None else "").strip()
    if text.startswith("["):
        try:
            return tuple(str(one) for one in ast.literal_eval(text))
        except (ValueError, SyntaxError):
            return (text,)
    return (text,) if text else ()


def is_closed(tags: Mapping[str, str], *, towards: str = "") -> bool:
    """Whether access shuts cars out; ``towards`` is ``:forward`` or ``:backward`` for one direction's own tags.

    Of the ways joined into a link each has to be open; of several values of one way (``agricultural;forestry``) one.
    """
    for mode in MODES:
        values = listed(tags.get(f"{mode}{towards}"))
        if values:
            return any(all(part.strip().lower() in CLOSED for part in value.split(";")) for value in values)
    return False


def closed_node(tags: Mapping[str, str]) -> bool:
    """Whether a node stops cars: its own access says so or, without a word on that, a barrier that does."""
    if any(listed(tags.get(mode)) for mode in MODES):
        return bool(tags.get("barrier")) and is_closed(tags)
    return str(tags.get("barrier") or "").strip().lower() in BARRIERS


def road(tags: Mapping[str, str]) -> Road | None:
    """The road that a way's ``tags`` describe; None where a car does not drive it through.

    Roundabouts and motorways are one-way unless they say otherwise; a way whose direction changes with the time
    (``reversible``) is not driven.
    """
    names = [value.removesuffix("_link") for value in listed(tags.get("highway"))]
    if not names or any(name not in DRIVEN_CLASSES for name in names) or is_closed(tags):
        return None
    if any(value in NOT_THROUGH for value in listed(tags.get("service"))) or "yes" in listed(tags.get("area")):
        return None
    keys = (*(f"oneway:{mode}" for mode in MODES[:-1]), "oneway")
    stated = next((str(tags[key]).strip().lower() for key in keys if tags.get(key)), "")
    if stated == "reversible":
        return None
    implied = tags.get("junction") in ("roundabout", "circular") or names[0] == "motorway"
    against = stated in AGAINST
    oneway = against or stated in YES or (implied and stated not in NO)
    shut = [is_closed(tags, towards=f":{direction}") for direction in ("forward", "backward")]
    if all(shut) or (oneway and shut[int(against)]):
        return None
    return Road(names[0], oneway or any(shut), against or (not oneway and shut[0]))


def unused(tags: Mapping[str, str]) -> Iterable[str]:
    """What of a driven way is not used: names of ``UNUSED``."""
    if any(key == "maxspeed" or key.startswith("maxspeed:") for key, value in tags.items() if value):
        yield "speed_limits"
    if any(f"{key}:conditional" in tags for key in (*MODES, "oneway")):
        yield "timed_closures"
    if any(tags.get(key) for key in SIZES):
        yield "size_limits"
    if any(tags.get(key) for key in ("speed_kph", "travel_time")):
        yield "given_speeds"


def closed_road(tags: Mapping[str, str]) -> bool:
    """Whether a way would be driven, were it open to everybody."""
    return is_closed(tags) and road({key: value for key, value in tags.items() if key not in MODES}) is not None


def said(counts: Mapping[str, int]) -> str:
    """What of the files is not used, and what is not driven, with how many of each, as the end of a sentence."""
    without = ", ".join(f"{words} ({counts[name]:,})" for name, words in UNUSED.items() if name in counts)
    shut = ", ".join(f"{words} ({counts[name]:,})" for name, words in HONOURED.items() if counts.get(name))
    return f"is read without {without}" + (f"; not driven: {shut}" if shut else "")
