"""Ways to damage a county's files, for the tests of what is said about it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["Case", "Damage", "add", "all_of", "geojson", "put", "remove", "rename", "swap"]

Damage = Callable[[Path], object]
"""What is done to a county's folder."""

Case = tuple[str, Damage, tuple[str, str, str], str, str]
"""A name, the damage, the fault's (table, row, column), and what its value and its expectation hold."""


def swap(file: str, old: str, new: str) -> Damage:
    """Put ``new`` for the one place where ``old`` stands in a file."""

    def damage(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="\n")

    return damage


def add(file: str, line: str) -> Damage:
    """Add a line at the end of a file."""

    def damage(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8", newline="\n") as opened:
            opened.write(line + "\n")

    return damage


def put(file: str, content: bytes) -> Damage:
    """Write a file anew."""
    return lambda folder: (folder / file).write_bytes(content)


def remove(file: str) -> Damage:
    """Take a file away."""
    return lambda folder: (folder / file).unlink()


def rename(file: str, other: str) -> Damage:
    """Give a file another name."""
    return lambda folder: (folder / file).rename(folder / other)


def all_of(*damages: Damage) -> Damage:
    """One damage after the other."""

    def damage(folder: Path) -> None:
        for each in damages:
            each(folder)

    return damage


def geojson(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Change the localities' GeoJSON."""

    def damage(folder: Path) -> None:
        collection = json.loads((folder / "localities.geojson").read_text(encoding="utf-8"))
        change(collection)
        (folder / "localities.geojson").write_text(json.dumps(collection), encoding="utf-8")

    return damage
