"""Every assumption in use: settings not stated, defaults of units and children, substitutes, and the county's own."""

from collections.abc import Iterable, Iterator

import pandas as pd

from placeplan.county.assumptions_rules import rule_assumptions
from placeplan.county.county import County
from placeplan.county.kind_names import is_renamed, kind_within, model_name, names_in_use
from placeplan.county.settings import DEFAULT_SOURCES, EntitledShare, Settings, SpotPurchase
from placeplan.county.vocabulary import COMMISSIONED_KINDS, KINDS, MODELS, NEEDS, OUT_OF_COUNTY, PHASES

__all__ = ["assumptions"]

Row = tuple[str, str, str]

TABLES_SOURCE = "blank in the table units"


def _unstated(settings: Settings, prefix: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if f"{prefix}.{name}" not in settings.stated]


def _words(code: str) -> str:
    """A code in words: need, phase, kind or model."""
    if code in KINDS:
        return kind_within(code) if is_renamed(code) else KINDS[code]
    if code in MODELS:
        return model_name(code)
    return NEEDS.get(code) or code.replace("_", " ")


def _guidance(settings: Settings) -> Iterator[Row]:
    phases = _unstated(settings, "guidance_minutes", PHASES)
    if phases:
        value = ", ".join(f"{_words(phase)} {settings.guidance_minutes[phase]:g}" for phase in phases)
        yield "Longest journey advised, minutes one way", value, DEFAULT_SOURCES["guidance_minutes"]


def _travel(county: County) -> Iterator[Row]:
    settings, travel, source = county.settings, county.settings.travel, DEFAULT_SOURCES["travel"]
    if not county.travel.empty:
        return
    if travel.straight_line_detour is not None and county.roads.empty:
        value = f"{travel.straight_line_detour:g} times the straight line at {travel.straight_line_kmh:g} km/h"
        yield "Journeys", value, "county.toml"
        return
    classes = _unstated(
        settings, "travel.speeds", [name for name in travel.speeds if name in set(county.roads["class"])]
    )
    if classes:
        value = ", ".join(f"{name} {travel.speeds[name]:g}" for name in classes)
        yield "Road speeds, km/h", value, f"{travel.speeds_source} ({travel.speeds_year})"
    plain = {
        "peak_factor": ("Minutes at the time of the school run", f"{travel.peak_factor:g} times those by speed"),
        "boarding_minutes": ("Boarding, once a journey", f"{travel.boarding_minutes:g} minutes"),
        "snap_limit_metres": ("Farthest point from a road", f"{travel.snap_limit_metres:g} metres"),
        "off_road_kmh": ("Speed between a point and the road", f"{travel.off_road_kmh:g} km/h"),
    }
    for name in _unstated(settings, "travel", plain):
        yield *plain[name], source


def _entitled(rows: Iterable[EntitledShare]) -> str:
    def words(row: EntitledShare) -> str:
        whom = ", ".join(_words(code) for code in (row.kind, row.phase) if code is not None)
        return f"{row.share:.0%} from {row.from_km:g} km" + (f" ({whom})" if whom else "")

    return ", ".join(words(row) for row in rows)


def _spot(row: SpotPurchase) -> str:
    whom = ", ".join(_words(code) for code in (row.need, row.phase) if code is not None) or "any plan"
    boarding = ", residential" if row.residential else ""
    return f"£{row.pounds:,.0f} a year, {row.km:g} km and {row.minutes:g} minutes away{boarding} ({whom})"


def _transport(settings: Settings) -> Iterator[Row]:
    transport, source = settings.transport, DEFAULT_SOURCES["transport"]
    for name in ("days", "residential_days"):
        if f"transport.{name}" not in settings.stated:
            subject = "Days of travel a year" + (" of a child who boards" if name == "residential_days" else "")
            yield subject, f"{getattr(transport, name)}", source
    for name, vehicle in transport.vehicles.items():
        if (
            not {f"transport.vehicles.{name}.{part}" for part in ("charge", "pounds_per_km", "riders")}
            <= settings.stated
        ):
            value = f"£{vehicle.charge:.2f} and £{vehicle.pounds_per_km:.2f} a km, shared by {vehicle.riders:g}"
            yield f"Transport by {name}, a journey", value, source
    if "transport.source" in settings.stated:
        yield "Transport, where county.toml states it", "as stated", transport.source
    if not {"transport.vehicle_by_kind", "transport.default_vehicle"} <= settings.stated:
        kinds = [f"{_words(kind)} by {vehicle}" for kind, vehicle in transport.vehicle_by_kind.items()]
        yield "Vehicle", ", ".join([*kinds, f"others by {transport.default_vehicle}"]), source
    if "transport.entitled" not in settings.stated:
        yield "Share of children given transport", _entitled(transport.entitled), source


def _money(settings: Settings) -> Iterator[Row]:
    overfill = settings.overfill
    if "price_year" not in settings.stated:
        yield "Price year", str(settings.price_year), "placeplan's default"
    for kind, cost in settings.places.items():
        if not {f"places.{kind}.fixed_cost", f"places.{kind}.filled_discount"} <= settings.stated:
            value = f"£{cost.fixed_cost:,.0f} a place, £{cost.filled_discount:,.0f} less when filled"
            yield f"Place funding: {_words(kind)}", value, DEFAULT_SOURCES["places"]
    if "overfill.bands" not in settings.stated:
        value = ", ".join(f"£{band.penalty:,.0f} a child up to {band.share:.0%} of it" for band in overfill.bands)
        yield "Penalty for children between places and ceiling, not cash", value, DEFAULT_SOURCES["overfill"]
    source = "; ".join(dict.fromkeys(row.source for row in settings.spot_purchase))
    if "spot_purchase" not in settings.stated:
        source = DEFAULT_SOURCES["spot_purchase"]
    value = "; ".join(_spot(row) for row in settings.spot_purchase)
    yield "Independent place bought when no other will do", value, source
    if "objective.pounds_per_child_hour" not in settings.stated:
        hour = settings.objective.pounds_per_child_hour
        yield "Price of a child's hour of travel, not cash", f"£{hour:,.2f}" if hour else "none", "placeplan's default"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _units(county: County) -> Iterator[Row]:
    settings, units = county.settings, county.units.drop_duplicates("unit")
    commissioned = units[units["kind"].isin(COMMISSIONED_KINDS)]
    with_places = units[units["places"].notna()]
    ceilings = int(with_places["ceiling"].isna().sum())
    if ceilings:
        share = settings.overfill.default_ceiling_share
        stated = "overfill.default_ceiling_share" in settings.stated
        source = "county.toml" if stated else DEFAULT_SOURCES["overfill"]
        yield f"Ceiling of {_counted(ceilings, 'unit')}", f"places and {share:.0%} more", source
    for column, words in (("fixed_cost", "Yearly cost of a place"), ("filled_discount", "Discount of a filled place")):
        for kind, rows in commissioned[commissioned[column].isna()].groupby("kind", sort=False):
            cost = settings.places.get(str(kind))
            value = f"£{getattr(cost, column):,.0f}" if cost is not None else "none"
            subject = f"{words} in {_counted(len(rows), 'unit')} ({_words(str(kind))})"
            yield subject, value, DEFAULT_SOURCES["places"] if cost is not None else TABLES_SOURCE
    others = int(with_places["other_authorities"].isna().sum())
    if others:
        yield f"Places held by other authorities' children in {_counted(others, 'unit')}", "none", TABLES_SOURCE
    for kind, rows in units[units["places"].isna()].groupby("kind", sort=False):
        value = "not stated: no room for newcomers"
        if kind not in COMMISSIONED_KINDS:
            value = "no limit: places are bought one by one"
        yield f"Places of {_counted(len(rows), 'unit')} ({_words(str(kind))})", value, TABLES_SOURCE


def _expansion(county: County) -> Iterator[Row]:
    settings = county.settings
    own = county.sites[county.sites["locality"] != OUT_OF_COUNTY]
    unsaid = set(own.loc[own["more_places"].isna(), "site"])
    kinds = county.units.loc[county.units["site"].isin(unsaid), "kind"].unique()
    for kind, places in settings.expansion.places_by_kind.items():
        if kind in kinds:
            stated = f"expansion.places_by_kind.{kind}" in settings.stated
            source = "county.toml" if stated else DEFAULT_SOURCES["expansion"]
            if "expansion.source" in settings.stated:
                source = settings.expansion.source
            yield f"Most places to add at a site ({_words(kind)}) where the site does not say", str(places), source


def _children(county: County) -> Iterator[Row]:
    unsaid = int(county.children["suits"].isna().sum())
    if unsaid:
        value = "the kind and model of the unit that the child is in"
        yield (
            f"What would meet the plans of {_counted(unsaid, 'child') if unsaid == 1 else f'{unsaid} children'}",
            value,
            ("blank in the table children"),
        )
    unpublished = int(county.plans["plans"].isna().sum())
    if unpublished:
        yield (
            "Published counts of plans that are missing",
            f"{unpublished}, taken as unknown, not as zero",
            "the table plans",
        )


def _substitutes(county: County) -> Iterator[Row]:
    if county.substitutes.empty:
        yield "Substitutes: another kind that could serve a group", "none", "no rows in the table substitutes"
    columns = ["need", "phase", "from_kind", "from_model", "to_kind", "to_model", "share", "source"]
    for need, phase, *kinds, share, source in county.substitutes[columns].itertuples(index=False, name=None):
        named = [_words(kind) for kind in kinds if isinstance(kind, str)]
        has_model = isinstance(kinds[1], str)
        before, after = (named[:2], named[2:]) if has_model else (named[:1], named[1:])
        subject = f"Substitute: {need}, {_words(phase)}"
        yield subject, f"{share:.0%} of {', '.join(before)} could be met by {', '.join(after)}", source


def assumptions(county: County) -> pd.DataFrame:
    """Every assumption that the county's answers rest on: columns subject, value, source, all text.

    Settings that county.toml does not state come first, then what blanks in the tables are taken for, the
    substitutes in use (or that there are none), and the county's own ``[[assumptions]]``.
    """
    with names_in_use(county.settings.names):
        rows = list(_every_row(county))
    return pd.DataFrame(rows, columns=["subject", "value", "source"], dtype="str")


def _every_row(county: County) -> Iterator[Row]:
    yield from (
        *_guidance(county.settings),
        *_travel(county),
        *_money(county.settings),
        *_transport(county.settings),
        *_units(county),
        *_expansion(county),
        *_children(county),
        *_substitutes(county),
        *rule_assumptions(county),
        *county.settings.assumptions,
    )
