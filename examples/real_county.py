"""Build a county folder from the official open files, with every assumption listed; run the main job on it next.

Run it as ``python examples/real_county.py DATA OUT``: DATA holds the open files (its folders geography, plans and
schools), OUT is the county folder to write. No real child is in what comes out: children are reconstructed from
published totals.
"""

import datetime as dt
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placeplan.county.vocabulary import year_group_of_age
from placeplan.errors import PlaceplanError, UsageError
from placeplan.examples.county_parts import write_county
from placeplan.examples.invented_children import named_children, placed_children, waiting_children
from placeplan.examples.local_roads import FACTS
from placeplan.examples.real_geography import (
    PEOPLE_YEAR,
    TOLERANCE,
    read_localities,
    read_outlines,
    read_people,
    read_zones,
)
from placeplan.examples.real_plans import YEAR, comparator_table, plan_table, reconstructed
from placeplan.examples.real_provision import DEFAULTS, read_provision

__all__ = ["build_real_county", "main"]

AS_OF = dt.date(2025, 1, 16)
HEADER = """# Made by examples/real_county.py from official open files; every assumption is listed at the end.
# Contains public sector information licensed under the Open Government Licence v3.0.
# Contains OS data (c) Crown copyright and database right. Source: Office for National Statistics.
format = 1
name = "Derbyshire (reconstructed)"
authority = "830"
as_of = {as_of}
price_year = 2025
seed = {seed}
data_label = "reconstructed from published totals: no real child"
"""


def _plans_in_ers(counts: NDArray[np.int64], axes: tuple[list[int], list[str], list[str]]) -> pd.DataFrame:
    """A row for each plan in an ERS: its national type and year group."""
    ages, _, placements = axes
    rows = [
        {"national": national, "year_group": year_group_of_age(age)}
        for national in ("resourced_provision", "sen_unit")
        for age, many in zip(ages, counts[:, :, placements.index(national)].sum(axis=1), strict=True)
        for _ in range(int(many))
    ]
    return pd.DataFrame(rows)


def build_real_county(data_folder: str | Path, out_folder: str | Path, *, seed: int = 1) -> Path:
    """A county folder in ``out_folder`` from the open files in ``data_folder``; the same bytes for the same seed.

    Raises ``UsageError`` where the data folder lacks a file, and ``InputError`` where what the files say cannot be
    used (outlines that overlap, a ward in no locality, published tables that disagree).
    """
    data, out = Path(data_folder), Path(out_folder)
    missing = [name for name in ("geography", "plans", "schools") if not (data / name).is_dir()]
    if missing:
        raise UsageError(f"{data}: no folder {', '.join(missing)}; expected the folder of open files")
    zones = read_zones(data)
    outlines = read_outlines(data, zones)
    localities = read_localities(zones, outlines)
    people = read_people(data, zones)
    rounded, axes = reconstructed(data, seed=seed)
    provision = read_provision(data, localities, _plans_in_ers(rounded.counts, axes))
    placed = placed_children(rounded.counts, axes, people, zones, provision, as_of=AS_OF, seed=seed)
    waiting = waiting_children(people, zones, provision, seed=seed)
    misses = sum(abs(wanted - found) for _, _, wanted, found in rounded.misses)
    found = {
        "placed": len(placed),
        "misses": f"{misses} plans away from the published cells in all" if misses else "every published cell is met",
        "nowhere": int(placed["unit"].isna().sum()),
        "people_year": PEOPLE_YEAR,
        "tolerance": TOLERANCE,
    }
    costs, ahead = ((FACTS / f"{name}.toml").read_text(encoding="utf-8") for name in ("costs", "forecast"))
    assumed = (FACTS / "real_assumptions.toml").read_text(encoding="utf-8").format(**found, **DEFAULTS)
    write_county(
        out,
        settings="\n".join([HEADER.format(as_of=AS_OF.isoformat(), seed=seed), costs, ahead, assumed]),
        localities=localities,
        zones=zones,
        outlines=outlines,
        people=people,
        people_year=PEOPLE_YEAR,
        plans=plan_table(data),
        comparators=comparator_table(data),
        children=named_children(placed, waiting, seed=seed),
        provision=provision,
        year=YEAR,
    )
    return out


def main(arguments: list[str]) -> int:
    """The command line: DATA OUT; 0 when the county is written, 2 when it cannot be."""
    if len(arguments) != 2:
        print("usage: python examples/real_county.py DATA OUT", file=sys.stderr)
        return 2
    try:
        out = build_real_county(arguments[0], arguments[1])
    except (PlaceplanError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{out} is a county now. Next:")
    for command in ("check", "travel", "coverage", "forecast", "allocate", "report"):
        print(f'  placeplan {command} "{out}"')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
