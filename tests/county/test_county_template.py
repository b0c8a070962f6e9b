"""The empty county: what it says is what is read, and what it lacks is only what its user must give."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tiny_county import write_tiny_county

from placeplan.county.columns import TABLES
from placeplan.county.reading import check_county, read_county
from placeplan.county.settings import Settings
from placeplan.county.settings_file import parse_settings
from placeplan.county.settings_keys import SETTINGS, Named, Section
from placeplan.county.template import template_toml, write_template
from placeplan.errors import UsageError


def test_the_template_lacks_only_a_name_a_day_and_rows(tmp_path: Path) -> None:
    faults = check_county(write_template(tmp_path / "new"))
    rows = [name for name, table in TABLES.items() if table.required]
    assert [(fault.table, fault.column) for fault in faults] == [
        ("county.toml", "as_of"),
        ("county.toml", "name"),
        *((name, "") for name in rows),
    ]
    assert {fault.value for fault in faults[2:]} == {"no rows"}


def test_the_template_filled_in_is_read(tmp_path: Path) -> None:
    tiny = write_tiny_county(tmp_path / "tiny")
    folder = write_template(tmp_path / "new")
    for file in tiny.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    # localities.csv is left as a header: the GeoJSON file holds its columns too.
    assert read_county(folder).localities["name"].tolist() == ["North Tinyshire", "South Tinyshire"]


def test_every_default_that_the_template_shows_is_the_default() -> None:
    text = template_toml().replace('name = ""', 'name = "Shown"')
    shown = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    assert shown.count("\n# ") == 0
    settings, faults = parse_settings(shown.encode())
    assert faults == []
    assert settings is not None
    default = Settings(name="Shown", as_of=dt.date(2025, 1, 16), stated=settings.stated)
    assert settings == default
    assert {
        "travel.speeds.trunk",
        "transport.vehicles.taxi.charge",
        "overfill.bands",
        "spot_purchase",
    } <= settings.stated


def test_the_template_explains_every_table_and_names_every_column(tmp_path: Path) -> None:
    folder = write_template(tmp_path / "new")
    text = (folder / "TABLES.md").read_text(encoding="utf-8")
    for name, table in TABLES.items():
        header = (folder / f"{name}.csv").read_text(encoding="utf-8")
        assert header == ",".join(column for column in table.names if column != "geometry") + "\n"
        assert f"## {name}" in text
        assert all(column.meaning in text for column in table.columns)


def test_an_empty_folder_is_filled_and_a_full_one_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_template(tmp_path / "empty")
    before = {path.name: path.read_bytes() for path in (tmp_path / "empty").iterdir()}
    with pytest.raises(UsageError, match="not an empty folder"):
        write_template(tmp_path / "empty")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_template(tmp_path / "file")
    assert {path.name: path.read_bytes() for path in (tmp_path / "empty").iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]


def test_nothing_half_made_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str, **_: str) -> int:
        if path.name == "roads.csv":
            raise OSError(28, "No space left on device")
        return path.write_bytes(text.encode())

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match="No space left"):
        write_template(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def headers(spec: Section | Named, path: str = "") -> Iterator[str]:
    """The header of every section that holds something by name, and of those within it."""
    if path:
        yield path
    if isinstance(spec, Section):
        for name, below in spec.keys.items():
            if isinstance(below, Section | Named):
                yield from headers(below, f"{path}.{name}" if path else name)


STATED = 'format = 1\nname = "Shown"\nas_of = 2025-01-16\n'
HEADERS = tuple(headers(SETTINGS))


@pytest.mark.parametrize("stated", [*([header] for header in HEADERS), HEADERS], ids=str)
def test_a_header_with_nothing_under_it_changes_nothing(stated: Sequence[str]) -> None:
    text = STATED + "".join(f"[{header}]\n" for header in stated)
    settings, faults = parse_settings(text.encode())
    assert faults == []
    assert settings == parse_settings(STATED.encode())[0]


def test_a_header_of_a_name_of_ones_own_states_something() -> None:
    _, faults = parse_settings(f"{STATED}[transport.vehicles.coach]\n".encode())
    assert [fault.column for fault in faults] == [
        f"transport.vehicles.coach.{part}" for part in ("charge", "pounds_per_km", "riders")
    ]


def test_a_list_of_a_workbook_leaves_no_number_out() -> None:
    rows = [(2, "format", 1), (3, "name", "Shown"), (4, "as_of", "2025-01-16"), (5, "transport.entitled.2.share", 0.5)]
    _, faults = parse_settings(rows)
    assert [(fault.column, fault.value) for fault in faults] == [("transport.entitled", "rows 2")]
