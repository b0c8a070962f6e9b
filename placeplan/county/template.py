"""An empty, commented county: every setting with its default, every table with its header and its columns explained."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from placeplan.county.columns import TABLES, describe_tables
from placeplan.county.settings import Settings
from placeplan.county.settings_keys import SETTINGS, Key, Named, Rows, Section
from placeplan.county.sources import SETTINGS_FILE
from placeplan.county.template_settings import part
from placeplan.errors import UsageError
from placeplan.whole_or_not import writing

__all__ = ["template_toml", "write_template"]

HEAD: Final = """\
## A county's settings. Lines with two signs explain; take the sign from a line with one to state a setting.
## Settings that are not stated keep the value shown, and every report lists them.
"""

EMPTY_GEOJSON: Final = '{"type": "FeatureCollection", "features": []}\n'


def _toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if isinstance(value, dt.date) else repr(value)


def _key_lines(name: str, key: Key, default: Any) -> Iterator[str]:
    if default is None:
        yield f"## {name}: {key.expected}; not set. {key.meaning}"
    else:
        yield f"## {key.expected}: {key.meaning}"
        yield f"# {name} = {_toml(default)}"


def _section_lines(path: str, section: Section, value: Any) -> Iterator[str]:
    """A section's own keys first, then the sections within it, as TOML wants them."""
    yield from ("", f"[{path}]")
    if section.meaning:
        yield f"## {section.meaning}"
    for name, spec in section.keys.items():
        if isinstance(spec, Key):
            yield from _key_lines(name, spec, part(value, name))
    for name, spec in section.keys.items():
        yield from _below(f"{path}.{name}", spec, part(value, name))


def _below(path: str, spec: Any, value: Any) -> Iterator[str]:
    if isinstance(spec, Section):
        yield from _section_lines(path, spec, value)
    elif isinstance(spec, Named) and isinstance(spec.value, Section):
        yield from ("", f"## [{path}.NAME]: {spec.meaning}")
        for name, fields in value.items():
            yield from _section_lines(f"{path}.{name}", spec.value, fields)
    elif isinstance(spec, Named):
        yield from ("", f"[{path}]", f"## {spec.meaning}")
        yield from (f"# {name} = {_toml(entry)}" for name, entry in value.items())
    elif isinstance(spec, Rows):
        yield from ("", f"## {spec.meaning}; rows that are stated replace these")
        for name, key in spec.row.keys.items():
            if isinstance(key, Key):
                yield f"##   {name}: {key.expected}; {key.meaning}"
        for row in value:
            yield f"# [[{path}]]"
            fields = ((name, part(row, name)) for name in spec.row.keys)
            yield from (f"# {name} = {_toml(entry)}" for name, entry in fields if entry is not None)


def template_toml() -> str:
    """county.toml with every key explained and every default shown, commented out.

    The county's name and the day of its data have no default: they are left for the user to state.
    """
    defaults = Settings(name="", as_of=dt.date(2025, 1, 16))
    stated = {"format": 1, "name": ""}
    lines = [HEAD.rstrip("\n")]
    for name, key in SETTINGS.keys.items():
        if isinstance(key, Key):
            default = stated.get(name, getattr(defaults, name, None))
            sign = "" if name in stated else "# "
            lines += ["", f"## {key.expected}: {key.meaning}", f"{sign}{name} = {_toml(default)}"]
    for name, spec in SETTINGS.keys.items():
        lines += _below(name, spec, getattr(defaults, name, None))
    return "\n".join(lines) + "\n"


def _files() -> dict[str, str]:
    """The template's files by name."""
    files = {SETTINGS_FILE: template_toml(), "TABLES.md": "# The tables of a county\n\n" + describe_tables()}
    for name, table in TABLES.items():
        columns = [column.name for column in table.columns if column.type != "geometry"]
        files[f"{name}.csv"] = ",".join(columns) + "\n"
    files["localities.geojson"] = EMPTY_GEOJSON
    return files


def write_template(folder: str | Path) -> Path:
    """Write an empty county into ``folder``, made beside it and renamed into place, and return its path.

    A folder with something in it is left alone: ``UsageError``. Until it has a name, a day and rows, the
    county that is written has faults, and ``placeplan check`` says which.
    """
    target = Path(folder)
    try:
        with writing(target.resolve()) as work:
            if target.exists() and (not target.is_dir() or any(target.iterdir())):
                raise UsageError(f"{folder}: exists already and is not an empty folder")
            made = work / "new"
            made.mkdir()
            for name, text in _files().items():
                (made / name).write_text(text, encoding="utf-8", newline="\n")
            if target.exists():
                target.rmdir()
            made.rename(target.resolve())
    except (OSError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{folder}: cannot be written ({reason})") from error
    return target
