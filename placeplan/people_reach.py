"""Reach of people: how far everybody of an age lives from a kind of place, whoever would need it.

Counts of the whole population and distances to schools are public, so these figures may leave where those of
children with plans are too few to be told.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from placeplan.county.county import County
from placeplan.county.vocabulary import COMMISSIONED_KINDS, YEAR_GROUPS, phase_of, year_group_of_age
from placeplan.geo.travel import TravelTimes
from placeplan.population import people_now
from placeplan.provision import needs_met, provisions_of
from placeplan.reach import Reach, reach_of
from placeplan.suppression import SMALLEST

__all__ = ["people_groups", "people_reach", "place_gap_table"]

_STEP: Final = 5.0
"""Counts of children are rounded to this before anything is worked out from them."""


def people_groups(county: County, needs: Iterable[str], year_groups: Iterable[int], provision: str) -> pd.DataFrame:
    """Everybody of the year groups today (see ``population.people_now``), as if each had each of ``needs``.

    In the form of ``need_groups``: ``children`` are people, shared equally between the needs.
    """
    people = people_now(county)
    rows = people.assign(year_group=people["age"].map(year_group_of_age))
    rows = rows[rows["year_group"].isin(list(year_groups)) & (rows["people"] > 0)]
    served = list(needs)
    each = rows.loc[rows.index.repeat(len(served)), ["zone", "year_group", "people"]].reset_index(drop=True)
    localities = county.zones.set_index("zone")["locality"]
    return pd.DataFrame(
        {
            "zone": each["zone"],
            "locality": each["zone"].map(localities),
            "need": np.tile(np.array(served, dtype=object), len(rows)),
            "phase": each["year_group"].map(phase_of),
            "year_group": each["year_group"],
            "suits": [(provision,)] * len(each),
            "provision": provision,
            "kept_in": "",
            "children": each["people"] / max(len(served), 1),
        }
    )


def people_reach(
    county: County,
    travel: TravelTimes,
    units: pd.DataFrame,
    *,
    provision: str,
    needs: Sequence[str],
    year_groups: Iterable[int],
) -> Reach:
    """How far everybody of the year groups lives from the units of a provision that take the needs."""
    same = units[provisions_of(units) == provision]
    everybody = people_groups(county, needs, year_groups, provision)
    return reach_of(everybody, same, travel, county.settings.guidance_minutes)


def place_gap_table(county: County, travel: TravelTimes, units: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Where no place of a kind is within guidance, by locality, need, phase and provision; most children first.

    For each provision that the county commissions, each need that a unit of it takes and at least 5 children of
    ``groups`` have who suit it, and each phase: of its year groups those that any such unit takes. Columns: rank,
    locality, need, phase, provision, people (of those ages there), people_beyond, share_beyond, expected_children
    (people_beyond at the county's rate of children, rounded to 5, per person), nearest (the unit nearest to most
    of those beyond; blank where none), mean_minutes (theirs). Cells where nobody is beyond are left out.
    """
    offered = units[units["in_county"] & units["kind"].isin(COMMISSIONED_KINDS)]
    parts = []
    for provision, rows in offered.groupby(provisions_of(offered)):
        same = units[provisions_of(units) == provision]
        for need in sorted({need for needs in rows["needs"] for need in needs_met(str(needs))}):
            takes = same[[need in needs_met(str(needs)) for needs in same["needs"]]]
            years = [y for y in YEAR_GROUPS if ((takes["from_year_group"] <= y) & (y <= takes["to_year_group"])).any()]
            rates = _children(groups, str(provision), need)
            wanted = [y for y in years if rates.get(phase_of(y), 0.0) >= SMALLEST]
            if wanted:
                reach = people_reach(county, travel, units, provision=str(provision), needs=[need], year_groups=wanted)
                parts.append(_beyond(reach, rates))
    columns = ["locality", "need", "phase", "provision", "people", "people_beyond", "share_beyond"]
    columns += ["expected_children", "nearest", "mean_minutes"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table = table[table["people_beyond"] > 0].sort_values(
        ["expected_children", "locality", "need", "phase", "provision"],
        ascending=[False, True, True, True, True],
        ignore_index=True,
    )[columns]
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _children(groups: pd.DataFrame, provision: str, need: str) -> Mapping[str, float]:
    """Children of each phase who have the need and suit the provision, rounded to 5."""
    kind = provision.partition(":")[0]
    labels = {provision, kind, f"{kind}:none"} if kind != "ers" else {provision, kind}
    fits = np.array([bool(labels & set(items)) for items in groups["suits"]], dtype=np.bool_)
    suits = groups[(groups["need"] == need).to_numpy() & fits]
    counts = suits.groupby("phase")["children"].sum()
    return {str(phase): _STEP * np.floor(count / _STEP + 0.5) for phase, count in counts.items() if count >= SMALLEST}


def _beyond(reach: Reach, rates: Mapping[str, float]) -> pd.DataFrame:
    rows = reach.groups.assign(unit=reach.nearest["unit"], minutes=reach.nearest["minutes"])
    rows["beyond"] = rows["children"].where(~reach.nearest["within"], 0.0)
    keys = ["locality", "need", "phase", "provision"]
    table = rows.groupby(keys, as_index=False).agg(people=("children", "sum"), people_beyond=("beyond", "sum"))
    table["share_beyond"] = table["people_beyond"] / table["people"]
    per_person = pd.Series(rates) / table.groupby("phase")["people"].sum()
    table["expected_children"] = table["people_beyond"] * table["phase"].map(per_person)
    far = rows[(rows["beyond"] > 0) & (rows["unit"] != "")]
    most = far.groupby([*keys, "unit"], as_index=False)[["beyond"]].sum()
    most = most.sort_values([*keys, "beyond", "unit"], ascending=[True] * 4 + [False, True]).drop_duplicates(keys)
    minutes = (far["minutes"] * far["beyond"]).groupby([far[key] for key in keys]).sum()
    table = table.join(most.set_index(keys)["unit"].rename("nearest"), on=keys)
    weight = far.groupby(keys)["beyond"].sum()
    return table.join((minutes / weight).rename("mean_minutes"), on=keys)
