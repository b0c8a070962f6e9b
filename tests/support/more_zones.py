"""The tiny county with more zones, each with its people."""

from pathlib import Path

__all__ = ["add_zones"]


def add_zones(folder: Path, eastings: list[int]) -> None:
    """Zones x0, x1, ... of the north at those eastings on its road, with five people at each age that others have."""
    zones = [f"x{number},north,{easting},350000,no,5" for number, easting in enumerate(eastings)]
    people = [f"x{number},2024,{age},5" for number in range(len(eastings)) for age in (4, 11)]
    for table, rows in (("zones", zones), ("population", people)):
        with (folder / f"{table}.csv").open("a", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(rows) + "\n")
