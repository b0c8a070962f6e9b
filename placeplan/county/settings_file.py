"""Parsing county.toml, or a workbook's settings sheet, into ``Settings``; strict, and every fault at once."""

import datetime as dt
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from placeplan.county.faults import shown, suggest
from placeplan.county.raw import cell_text
from placeplan.county.settings import (
    Demand,
    EntitledShare,
    Forecast,
    KindCost,
    OverfillBand,
    Policy,
    SeriesBreak,
    Settings,
    SpotPurchase,
    Vehicle,
)
from placeplan.county.settings_cases import Cases
from placeplan.county.settings_checks import settings_rule_faults
from placeplan.county.settings_keys import SETTINGS, Key, Named, Rows, Section, Spec
from placeplan.county.settings_rules import rules_from
from placeplan.county.spelling import as_iso_day, plain_text
from placeplan.county.workbook import SettingsSheet
from placeplan.errors import Fault

__all__ = ["parse_settings"]

Nested = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where settings come from: what faults call it, each key's line, and whether numbers may be ``texts``."""

    table: str
    lines: Mapping[str, int] = field(default_factory=dict)
    texts: bool = False

    def fault(self, key: str, value: object, expected: str) -> Fault:
        """A fault of the dotted ``key``."""
        line = self.lines.get(key)
        return Fault(self.table, str(line) if line else "", key, shown(value) if value != "" else "", expected)


def _yes_no(value: Any, *, texts: bool) -> bool:
    words = {"yes": True, "true": True, "no": False, "false": False}
    if isinstance(value, bool):
        return value
    if texts and str(value).strip().casefold() in words:
        return words[str(value).strip().casefold()]
    raise ValueError(value)


def _date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(as_iso_day(str(value).strip()))


def _text(value: Any, *, texts: bool) -> str:
    if texts and isinstance(value, (int, float)):
        return cell_text(value) or ""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return plain_text(value).strip()


def _number(value: Any, *, whole: bool, texts: bool) -> float:
    if texts and isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(value)
    if whole and not float(value).is_integer():
        raise ValueError(value)
    return int(value) if whole else float(value)


def _typed(key: Key, value: Any, *, texts: bool) -> Any:
    """``value`` as the key's type; raises ``ValueError`` or ``OverflowError`` where it is not."""
    if key.type == "yes_no":
        return _yes_no(value, texts=texts)
    if key.type == "date":
        return _date(value)
    if key.type == "text":
        return _text(value, texts=texts)
    return _number(value, whole=key.type == "whole", texts=texts)


def _read_key(key: Key, value: Any, path: str, origin: _Origin) -> tuple[Any, list[Fault]]:
    if key.type == "text" and value == "" and not key.required:
        return None, []
    try:
        typed = _typed(key, value, texts=origin.texts)
    except (ValueError, OverflowError):
        return None, [origin.fault(path, value, key.expected)]
    hint = suggest(str(typed), key.codes) if key.codes else ""
    wrong = (
        (bool(key.codes) and typed not in key.codes)
        or (key.least is not None and typed < key.least)
        or (key.most is not None and typed > key.most)
        or (key.above is not None and typed <= key.above)
    )
    return (None, [origin.fault(path, value, key.expected + hint)]) if wrong else (typed, [])


def _read_mapping(spec: Section | Named, value: Any, path: str, origin: _Origin) -> tuple[Any, list[Fault]]:
    if not isinstance(value, dict):
        return {}, [origin.fault(path, value, f"a section, [{path}]")]
    prefix = f"{path}." if path else ""
    read: Nested = {}
    faults: list[Fault] = []
    names = tuple(spec.keys) if isinstance(spec, Section) else spec.names
    for name, below in value.items():
        if names and name not in names:
            hint = suggest(name, names) or f": {', '.join(names)}"
            faults.append(
                origin.fault(f"{prefix}{name}", "" if isinstance(below, dict) else below, f"a known key{hint}")
            )
            continue
        below_spec = spec.keys[name] if isinstance(spec, Section) else spec.value
        result, below_faults = _read(below_spec, below, f"{prefix}{name}", origin)
        faults += below_faults
        # A header with nothing under it states nothing; a name of the user's own (a new vehicle) does.
        empty = result == {} and isinstance(spec, Section)
        if result is not None and not empty:
            read[name] = result
    if isinstance(spec, Section):
        for name, key in spec.keys.items():
            if isinstance(key, Key) and key.required and name not in value:
                faults.append(origin.fault(f"{prefix}{name}", "", f"{key.expected}: {key.meaning}"))
    return read, faults


def _read_rows(spec: Rows, value: Any, path: str, origin: _Origin) -> tuple[Any, list[Fault]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return None, [origin.fault(path, value, f"a list of sections, [[{path}]]")]
    rows = []
    faults: list[Fault] = []
    for number, row in enumerate(value, start=1):
        read, row_faults = _read_mapping(spec.row, row, f"{path}.{number}", origin)
        faults += row_faults
        rows.append(read)
    # A list with a fault in it is not judged as a whole as well.
    return (None if faults else rows), faults


def _read(spec: Spec, value: Any, path: str, origin: _Origin) -> tuple[Any, list[Fault]]:
    if isinstance(spec, Key):
        return _read_key(spec, value, path, origin)
    if isinstance(spec, Rows):
        return _read_rows(spec, value, path, origin)
    return _read_mapping(spec, value, path, origin)


def _dotted(value: Nested, prefix: str = "") -> set[str]:
    """Every dotted key of what was stated, with the sections and lists that hold something."""
    keys: set[str] = set()
    for name, below in value.items():
        within = _dotted(below, f"{prefix}{name}.") if isinstance(below, dict) else {prefix + name}
        keys |= within | ({prefix + name} if within else set())
    return keys


def _merged(default: Mapping[str, Any], stated: Nested, kind: type) -> dict[str, Any]:
    """Defaults by name with what is stated laid over them, field by field."""
    merged = dict(default)
    for name, fields in stated.items():
        merged[name] = replace(merged[name], **fields) if name in merged else kind(**fields)
    return merged


def _settings(read: Nested) -> Settings:
    """The settings that checked values make; what is not stated keeps its default."""
    plain = ("name", "as_of", "authority", "price_year", "seed", "data_label")
    base = Settings(**{name: read[name] for name in plain if name in read})
    travel = dict(read.get("travel", {}))
    travel["speeds"] = base.travel.speeds | travel.get("speeds", {})
    transport = dict(read.get("transport", {}))
    transport["vehicles"] = _merged(base.transport.vehicles, transport.get("vehicles", {}), Vehicle)
    transport["vehicle_by_kind"] = base.transport.vehicle_by_kind | transport.get("vehicle_by_kind", {})
    if "entitled" in transport:
        transport["entitled"] = tuple(EntitledShare(**row) for row in transport["entitled"])
    overfill = dict(read.get("overfill", {}))
    if "bands" in overfill:
        overfill["bands"] = tuple(OverfillBand(**row) for row in overfill["bands"])
    expansion = dict(read.get("expansion", {}))
    expansion["places_by_kind"] = base.expansion.places_by_kind | expansion.get("places_by_kind", {})
    spot = tuple(SpotPurchase(**row) for row in read["spot_purchase"]) if "spot_purchase" in read else None
    return replace(
        base,
        guidance_minutes=base.guidance_minutes | read.get("guidance_minutes", {}),
        travel=replace(base.travel, **travel),
        places=_merged(base.places, read.get("places", {}), KindCost),
        transport=replace(base.transport, **transport),
        overfill=replace(base.overfill, **overfill),
        spot_purchase=base.spot_purchase if spot is None else spot,
        expansion=replace(base.expansion, **expansion),
        objective=replace(base.objective, **read.get("objective", {})),
        rules=rules_from(read.get("rules", {})),
        cases=_cases(base, dict(read.get("cases", {}))),
        forecast=_forecast(base, dict(read.get("forecast", {}))),
        names=dict(read.get("names", {})),
        stated=frozenset(_dotted(read)),
        assumptions=tuple((row["subject"], row["value"], row["source"]) for row in read.get("assumptions", [])),
    )


def _cases(base: Settings, read: Nested) -> Cases:
    """``[cases]``: weights that are stated stand alone, bounds beside the defaults."""
    weights = read.pop("weights", {})
    if weights:
        read["weights"] = dict.fromkeys(base.cases.weights, 0.0) | weights
    read["not_stated"] = base.cases.not_stated | read.get("not_stated", {})
    return replace(base.cases, **read)


def _forecast(base: Settings, read: Nested) -> Forecast:
    """``[forecast]``; its rows of demand stand in for the defaults of the same state and placement."""
    if "demand" in read:
        stated = [Demand(**row) for row in read["demand"]]
        told = {(row.state, row.placement) for row in stated}
        kept = [row for row in base.forecast.demand if (row.state, row.placement) not in told]
        read["demand"] = (*kept, *stated)
    read["capital_by_kind"] = base.forecast.capital_by_kind | read.get("capital_by_kind", {})
    read |= {"policies": tuple(Policy(**row) for row in read.get("policies", []))}
    read |= {"breaks": tuple(SeriesBreak(**row) for row in read.get("breaks", []))}
    return replace(base.forecast, **read)


def _incomplete(read: Nested, origin: _Origin) -> list[Fault]:
    """New kinds of place and new vehicles must be given whole: there is no default to complete them."""
    base = Settings(name="", as_of=dt.date(2025, 1, 1))
    faults = []
    for name, fields in read.get("places", {}).items():
        if name not in base.places and "fixed_cost" not in fields:
            faults.append(origin.fault(f"places.{name}.fixed_cost", "", "a number, 0 or more"))
    for name, fields in read.get("transport", {}).get("vehicles", {}).items():
        faults += [
            origin.fault(f"transport.vehicles.{name}.{part}", "", "a number for a new vehicle")
            for part in ("charge", "pounds_per_km", "riders")
            if name not in base.transport.vehicles and part not in fields
        ]
    return faults


def _nested(sheet: SettingsSheet) -> tuple[Nested, list[Fault]]:
    """A sheet's dotted keys as nested sections; ``bands.1.share`` is the share of the first row of bands."""
    nested: Nested = {}
    faults: list[Fault] = []
    seen: set[str] = set()
    for line, key, value in sheet:
        *above, last = key.split(".")
        within = nested
        for part in above:
            below = within.setdefault(part, {})
            within = below if isinstance(below, dict) else {}
        if key in seen or last in within or not all([*above, last]):
            faults.append(Fault("county", str(line), shown(key), shown(key), "each setting once, as a dotted key"))
        seen.add(key)
        within[last] = value
    return cast(Nested, _lists(nested, "", faults)), faults


def _lists(value: Any, path: str, faults: list[Fault]) -> Any:
    """Sections whose keys are all 1, 2, 3... as lists, in that order; a number that is left out is a fault."""
    if not isinstance(value, dict):
        return value
    below = {name: _lists(part, f"{path}.{name}" if path else name, faults) for name, part in value.items()}
    if below and all(name.isdecimal() for name in below):
        names = sorted(below, key=int)
        if [int(name) for name in names] != list(range(1, len(names) + 1)):
            expected = f"rows {path}.1, {path}.2 and so on, none left out"
            faults.append(Fault("county", "", path, f"rows {', '.join(names)}", expected))
        return [below[name] for name in names]
    return below


def parse_settings(settings: bytes | SettingsSheet | None) -> tuple[Settings | None, list[Fault]]:
    """The settings, or None with every fault that they have.

    ``settings`` is the bytes of county.toml, the rows of a workbook's sheet ``county``, or None where the
    folder has no county.toml.
    """
    faults: list[Fault] = []
    if settings is None:
        return None, [Fault("county.toml", "", "", "no such file", "a file county.toml; placeplan new writes one")]
    if isinstance(settings, bytes):
        origin = _Origin("county.toml")
        try:
            nested: Nested = tomllib.loads(settings.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            line = str(settings[: error.start].count(b"\n") + 1)
            found = f"byte 0x{settings[error.start]:02X} on line {line}"
            return None, [Fault(origin.table, line, "", found, "UTF-8 text")]
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return None, [Fault(origin.table, "", "", shown(error, most=120), "TOML")]
    else:
        origin = _Origin("county", {key: line for line, key, _ in settings}, texts=True)
        nested, faults = _nested(settings)
    read, read_faults = _read_mapping(SETTINGS, nested, "", origin)
    faults += read_faults
    faults += _incomplete(read, origin)
    if faults:
        return None, faults
    parsed = _settings(read)
    rules = settings_rule_faults(parsed)
    faults = [origin.fault(fault.column, fault.value, fault.expected) for fault in rules]
    return (None if faults else parsed), faults
