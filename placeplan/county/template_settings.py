"""Every setting with its default, one a row, as a workbook's sheet of settings shows them."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from placeplan.county.settings import Settings
from placeplan.county.settings_keys import SETTINGS, Key, Named, Rows, Section, Spec

__all__ = ["SettingRow", "part", "setting_rows"]

DEMAND: Final = "forecast.demand"
"""The one list whose rows stand beside its defaults; stated rows of every other list stand in their place."""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A row: the dotted ``setting``, its ``key`` and default, or a section's heading, which has a ``meaning`` alone."""

    setting: str
    meaning: str
    key: Key | None = None
    default: Any = None


def part(value: Any, name: str) -> Any:
    """A field of a dataclass or an entry of a mapping; None where it has none."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def setting_rows() -> Iterator[SettingRow]:
    """The settings in the order of county.toml: those without a section first, then a section at a time."""
    defaults = Settings(name="", as_of=dt.date(2025, 1, 16))
    absent = {"name": None, "as_of": None}
    for name, key in SETTINGS.keys.items():
        if isinstance(key, Key):
            yield SettingRow(name, key.meaning, key, absent.get(name, getattr(defaults, name, None)))
    for name, spec in SETTINGS.keys.items():
        if not isinstance(spec, Key):
            yield from _within(name, spec, getattr(defaults, name, None))


def _within(path: str, spec: Spec, value: Any) -> Iterator[SettingRow]:
    """A section's heading, its own keys, then the sections within it."""
    if isinstance(spec, Section):
        yield SettingRow("", f"{path}: {spec.meaning}" if spec.meaning else path)
        yield from _keys(path, spec, value)
    elif isinstance(spec, Named):
        further = f"one of {', '.join(spec.names)}" if spec.names else "a name of your own"
        more = "" if set(spec.names) == set(value) else f"; further ones as {path}.NAME, {further}"
        yield SettingRow("", f"{path}: {spec.meaning}{more}")
        for name, fields in value.items():
            if isinstance(spec.value, Section):
                yield from _keys(f"{path}.{name}", spec.value, fields)
            elif isinstance(spec.value, Key):
                yield SettingRow(f"{path}.{name}", spec.value.meaning, spec.value, fields)
    elif isinstance(spec, Rows):
        replaced = "to change any of these, fill in every row; " if value and path != DEMAND else ""
        yield SettingRow("", f"{path}: {spec.meaning}; {replaced}further rows as {path}.2, {path}.3 and so on")
        for number, row in enumerate(value or (None,), start=1):
            yield from _keys(f"{path}.{number}", spec.row, row)


def _keys(path: str, section: Section, value: Any) -> Iterator[SettingRow]:
    for name, spec in section.keys.items():
        if isinstance(spec, Key):
            yield SettingRow(f"{path}.{name}", spec.meaning, spec, part(value, name))
    for name, spec in section.keys.items():
        if not isinstance(spec, Key):
            yield from _within(f"{path}.{name}", spec, part(value, name))
