"""What settings must agree on among themselves: bands that rise, vehicles that exist, rows that catch everyone."""

from itertools import pairwise

from placeplan.county.faults import suggest
from placeplan.county.settings import Settings
from placeplan.county.settings_rules import MODES, rules_faults
from placeplan.county.settings_unused import unused_faults
from placeplan.county.vocabulary import KINDS, MODELS
from placeplan.errors import Fault

__all__ = ["settings_rule_faults"]

TABLE = "county.toml"


def _bands(settings: Settings) -> list[Fault]:
    """Overfill bands: shares rise to exactly 1 and penalties do not fall (so that the price is convex)."""
    bands = settings.overfill.bands
    shares = [band.share for band in bands]
    penalties = [band.penalty for band in bands]
    faults = []
    if not shares or shares[0] <= 0 or shares[-1] != 1 or any(b <= a for a, b in pairwise(shares)):
        found = ", ".join(f"{share:g}" for share in shares)
        faults.append(Fault(TABLE, "", "overfill.bands", f"shares {found}", "shares above 0 that rise to 1"))
    if any(b < a for a, b in pairwise(penalties)):
        found = ", ".join(f"{penalty:g}" for penalty in penalties)
        faults.append(Fault(TABLE, "", "overfill.bands", f"penalties {found}", "penalties that do not fall"))
    return faults


def _vehicles(settings: Settings) -> list[Fault]:
    """Every vehicle that is named is one of the vehicles."""
    transport = settings.transport
    named = {"transport.default_vehicle": transport.default_vehicle}
    named |= {f"transport.vehicle_by_kind.{kind}": vehicle for kind, vehicle in transport.vehicle_by_kind.items()}
    known = ", ".join(transport.vehicles)
    return [
        Fault(TABLE, "", key, vehicle, f"a vehicle ({known}){suggest(vehicle, transport.vehicles)}")
        for key, vehicle in named.items()
        if vehicle not in transport.vehicles
    ]


def _entitled(settings: Settings) -> list[Fault]:
    """Entitlement: a row without kind and phase starts at 0 km, and no two rows say the same."""
    rows = [(row.kind, row.phase, row.from_km) for row in settings.transport.entitled]
    faults = []
    if (None, None, 0.0) not in rows:
        expected = "a row without kind and phase from 0 km, so that every journey has a share"
        faults.append(Fault(TABLE, "", "transport.entitled", "", expected))
    faults += [
        Fault(TABLE, "", f"transport.entitled.{place + 1}", f"from_km {row[2]:g}", "each kind, phase and from_km once")
        for place, row in enumerate(rows)
        if row in rows[:place]
    ]
    by_kind = {kind for kind, phase, _ in rows if kind is not None and phase is None}
    by_phase = {phase for kind, phase, _ in rows if phase is not None and kind is None}
    both = {(kind, phase) for kind, phase, _ in rows}
    faults += [
        Fault(TABLE, "", "transport.entitled", f"kind {kind} and phase {phase}", "a row with both, as each has one")
        for kind in sorted(by_kind)
        for phase in sorted(by_phase)
        if (kind, phase) not in both
    ]
    return faults


def _spot_purchase(settings: Settings) -> list[Fault]:
    """Spot purchase: one row without need and phase, and no two rows that are equally specific for one child."""
    rows = [(row.need, row.phase) for row in settings.spot_purchase]
    faults = []
    if (None, None) not in rows:
        expected = "a row without need and phase, so that every plan can be met"
        faults.append(Fault(TABLE, "", "spot_purchase", "", expected))
    faults += [
        Fault(TABLE, "", f"spot_purchase.{place + 1}", f"need {row[0] or 'any'}, phase {row[1] or 'any'}", "each once")
        for place, row in enumerate(rows)
        if row in rows[:place]
    ]
    needs = {need for need, phase in rows if need is not None and phase is None}
    phases = {phase for need, phase in rows if phase is not None and need is None}
    faults += [
        Fault(TABLE, "", "spot_purchase", f"need {need} and phase {phase}", "a row with both, as each has one")
        for need in sorted(needs)
        for phase in sorted(phases)
        if (need, phase) not in rows
    ]
    return faults


def _places(settings: Settings) -> list[Fault]:
    """A filled place cannot cost less than nothing."""
    return [
        Fault(TABLE, "", f"places.{kind}.filled_discount", f"{cost.filled_discount:g}", f"at most {cost.fixed_cost:g}")
        for kind, cost in settings.places.items()
        if cost.filled_discount > cost.fixed_cost
    ]


def _forecast(settings: Settings) -> list[Fault]:
    """A policy's effect lies within its range and its years rise; no more of a placement is in need than there is."""
    faults = []
    for place, policy in enumerate(settings.forecast.policies, start=1):
        key = f"forecast.policies.{place}"
        if not policy.low <= policy.effect <= policy.high:
            found = f"{policy.low:g}, {policy.effect:g}, {policy.high:g}"
            faults.append(Fault(TABLE, "", key, f"low, effect, high {found}", "three shares that do not fall"))
        if policy.last_year is not None and policy.last_year < policy.first_year:
            faults.append(Fault(TABLE, "", f"{key}.last_year", str(policy.last_year), f"{policy.first_year} or later"))
    totals: dict[str, float] = {}
    for row in settings.forecast.demand:
        totals[row.placement] = totals.get(row.placement, 0.0) + row.share
    faults += [
        Fault(TABLE, "", "forecast.demand", f"shares of {placement} that add up to {total:g}", "at most 1")
        for placement, total in totals.items()
        if total > 1.0 + 1e-9
    ]
    return faults


def _rules(settings: Settings) -> list[Fault]:
    """Rules that can be, and a mode wherever a price or bound is stated: without one it would do nothing."""
    faults = []
    of_a_mode = ("guidance.pounds_per_child_hour", "preferences.pounds", "continuity.pounds", "equity.most")
    for key in (*of_a_mode, "equity.pounds"):
        part, name = key.split(".")
        if f"rules.{key}" in settings.stated and f"rules.{part}.mode" not in settings.stated:
            found = f"{name} {getattr(getattr(settings.rules, part), name):g}"
            words = ", ".join(MODES[f"{part}.mode"])
            faults.append(Fault(TABLE, "", f"rules.{part}.mode", found, f"a mode as well: one of {words}"))
    return [*faults, *rules_faults(settings.rules)]


def _cases(settings: Settings) -> list[Fault]:
    """Options are weighed by something."""
    weights = settings.cases.weights
    if sum(weights.values()) > 0:
        return []
    return [Fault(TABLE, "", "cases.weights", "nought for every criterion", "a weight above 0 for one at the least")]


def _names(settings: Settings) -> list[Fault]:
    """Every kind has a name of its own: none is told by the word of another."""
    called = {code: words.casefold() for code, words in {**KINDS, **settings.names}.items()}
    called |= {f"ers:{model}": words.casefold() for model, words in MODELS.items() if f"ers:{model}" not in called}
    faults = []
    for code, words in settings.names.items():
        same = [other for other, theirs in called.items() if other != code and theirs == words.casefold()]
        if same:
            faults.append(Fault(TABLE, "", f"names.{code}", words, f"a word that is not that of {same[0]} too"))
    return faults


def settings_rule_faults(settings: Settings) -> list[Fault]:
    """Every disagreement among settings whose types and bounds are right."""
    return [
        *_bands(settings),
        *_vehicles(settings),
        *_entitled(settings),
        *_spot_purchase(settings),
        *_places(settings),
        *_forecast(settings),
        *_rules(settings),
        *_cases(settings),
        *_names(settings),
        *unused_faults(settings),
    ]
