"""Children and what they cost: what would meet a plan, a top-up for every placed child, and only one."""

from typing import Any

import pandas as pd

from placeplan.county.faults import alike, suggest
from placeplan.county.listed import in_mainstream, split_list
from placeplan.county.tables import ReadTable
from placeplan.county.vocabulary import KINDS, MAINSTREAM, MODELS
from placeplan.errors import Fault, Note

__all__ = [
    "bands_faults",
    "children_faults",
    "children_notes",
    "substitutes_faults",
    "suits_faults",
    "top_ups_faults",
]


def _suits_fault(item: str) -> str:
    """What an item of ``suits`` should have been; empty where it is right."""
    kind, colon, model = item.partition(":")
    if kind not in KINDS:
        return f"a kind ({', '.join(KINDS)}){suggest(kind, KINDS)}"
    if colon and model not in (*MODELS, "none"):
        return f"kind:model with a model ({', '.join(MODELS)}) or none{suggest(model, [*MODELS, 'none'])}"
    return ""


def _suits(children: ReadTable) -> list[Fault]:
    """Every child has a unit or a list of what would suit."""
    faulty = children.faulty
    faults = []
    for place, (unit, suits) in enumerate(zip(children.frame["unit"], children.frame["suits"], strict=True)):
        row = str(children.rows[place])
        told = faulty & {(at, name) for at in ("", row) for name in ("unit", "suits")}
        if not split_list(suits) and not isinstance(unit, str) and not told:
            faults.append(children.fault(place, "suits", "a blank", "a unit, or what would meet the plan"))
    return faults


def _mainstream(children: ReadTable) -> list[Fault]:
    """A plan that is met in mainstream is met there alone, and the child is in no unit."""
    faults = []
    for place, (unit, suits) in enumerate(zip(children.frame["unit"], children.frame["suits"], strict=True)):
        items = split_list(suits)
        if MAINSTREAM in items and len(items) > 1:
            expected = f"{MAINSTREAM} alone, or what else would meet the plan without it"
            faults.append(children.fault(place, "suits", suits, expected))
        elif MAINSTREAM in items and isinstance(unit, str):
            expected = f"a blank: a plan that is met in {MAINSTREAM} has no unit of its own"
            faults.append(children.fault(place, "unit", unit, expected))
    return faults


def suits_faults(table: ReadTable) -> list[Fault]:
    """What would meet a plan is a list of kinds and models; of a child, mainstream alone too."""
    return [
        table.fault(place, "suits", item, expected)
        for place, suits in enumerate(table.frame["suits"])
        for item in split_list(suits)
        if not (item == MAINSTREAM and table.table.name == "children") and (expected := _suits_fault(item))
    ]


def bands_faults(table: ReadTable, top_ups: ReadTable) -> list[Fault]:
    """A band is one that a top-up names: by an unknown one a place would cost what it does without a band.

    Each at its first row; where no top-up has a band, bands are not used, and ``children_notes`` says so.
    """
    known = sorted(set(top_ups.frame["band"].dropna()))
    bands = table.frame["band"]
    wrong = bands[bands.notna() & ~bands.isin(known)]
    # Where the bands of top_ups could not all be read, that is the fault.
    if not known or any(column == "band" for _, column in top_ups.faulty):
        return []
    counts = wrong.value_counts()
    return [
        table.fault(
            int(str(place)),
            "band",
            band,
            f"a band of table top_ups ({', '.join(known)}){suggest(str(band), known)}{alike(counts[band])}",
        )
        for place, band in wrong.drop_duplicates().items()
    ]


def children_notes(children: ReadTable, top_ups: ReadTable) -> list[Note]:
    """Plans that are met in mainstream, and bands that decide nothing."""
    notes = []
    mainstream = int(in_mainstream(children.frame["suits"]).sum())
    if mainstream:
        taken = "counted apart, as a plan that is met in a mainstream school: no place is planned for"
        notes.append(Note("children", "", "suits", MAINSTREAM, taken, mainstream - 1))
    if children.frame["band"].notna().any() and not top_ups.frame["band"].notna().any():
        notes.append(Note("children", "", "band", "bands", "not used: no row of the table top_ups has a band"))
    return notes


def _blank_or(value: Any, wanted: Any) -> bool:
    """Whether a top-up's blank (any) or value takes in ``wanted``."""
    return not isinstance(value, str) or value == wanted


def _unpriced(children: ReadTable, units: ReadTable, top_ups: ReadTable) -> list[Fault]:
    """Every placed child has a top-up that matches the unit or its kind, the need and the band."""
    if top_ups.frame.empty or top_ups.faults:
        return []
    kinds = units.frame.drop_duplicates("unit").set_index("unit")["kind"].dropna().to_dict()
    rows = list(top_ups.frame[["unit", "kind", "need", "band"]].itertuples(index=False, name=None))
    priced: dict[tuple[Any, ...], bool] = {}
    faults = []
    cells = children.frame[["unit", "need", "band"]].itertuples(index=False, name=None)
    for place, (unit, need, band) in enumerate(cells):
        kind = kinds.get(unit)
        if kind is None or not isinstance(need, str):
            continue
        asked = (unit, need, band if isinstance(band, str) else None)
        if asked not in priced:
            priced[asked] = any(
                (of_unit == unit or of_kind == kind) and _blank_or(of_need, need) and _blank_or(of_band, band)
                for of_unit, of_kind, of_need, of_band in rows
            )
        if not priced[asked]:
            banded = f", band {band}" if isinstance(band, str) else ""
            expected = f"a row of top_ups for unit {unit} or kind {kind} that takes in need {need}{banded}"
            faults.append(children.fault(place, "unit", unit, expected))
    return faults


def children_faults(
    children: ReadTable, units: ReadTable, top_ups: ReadTable, *, unread: frozenset[str]
) -> list[Fault]:
    """Everything about the children that one cell cannot show; today's placements are never a fault."""
    unpriced = [] if unread & {"units", "top_ups"} else _unpriced(children, units, top_ups)
    bands = [] if "top_ups" in unread else bands_faults(children, top_ups)
    return [*_suits(children), *suits_faults(children), *_mainstream(children), *bands, *unpriced]


def _one_target(top_ups: ReadTable) -> list[Fault]:
    """A top-up is a unit's or a kind's, not both and not neither."""
    unreadable = top_ups.faulty
    faults = []
    for place, (unit, kind) in enumerate(zip(top_ups.frame["unit"], top_ups.frame["kind"], strict=True)):
        if isinstance(unit, str) and isinstance(kind, str):
            faults.append(top_ups.fault(place, "kind", f"unit {unit} and kind {kind}", "one of unit and kind"))
        elif not isinstance(unit, str) and not isinstance(kind, str) and ("", "kind") not in unreadable:
            faults.append(top_ups.fault(place, "kind", "neither unit nor kind", "one of unit and kind"))
    return faults


def _equally_specific(top_ups: ReadTable, children: ReadTable) -> list[Fault]:
    """No child meets two rows of one fund that are equally specific: one by need alone, one by band alone.

    Rows alike in everything are repeats, which the table's key refuses already.
    """
    frame = top_ups.frame.fillna({"unit": "", "kind": "", "need": "", "band": ""})
    pairs = children.frame[["need", "band"]].dropna().drop_duplicates().itertuples(index=False, name=None)
    both = list(pairs)
    faults = []
    for _, rows in frame.groupby(["unit", "kind", "fund"], sort=False):
        given = {(need, band): int(str(place)) for place, need, band in rows[["need", "band"]].itertuples(name=None)}
        for need, band in both:
            if (need, "") in given and ("", band) in given and (need, band) not in given:
                first, second = sorted((given[need, ""], given["", band]))
                expected = f"a row with both: row {top_ups.rows[first]} is as specific for a child with both"
                faults.append(top_ups.fault(second, "need", f"need {need} and band {band} apart", expected))
    return faults


def top_ups_faults(top_ups: ReadTable, children: ReadTable) -> list[Fault]:
    """Everything about the top-ups that one cell cannot show."""
    return [*_one_target(top_ups), *_equally_specific(top_ups, children)]


def substitutes_faults(substitutes: ReadTable) -> list[Fault]:
    """A substitute is something else."""
    frame = substitutes.frame
    same = (frame["from_kind"] == frame["to_kind"]) & (
        (frame["from_model"] == frame["to_model"]) | (frame["from_model"].isna() & frame["to_model"].isna())
    )
    return [
        substitutes.fault(int(str(place)), "to_kind", kind, "a kind or model other than the one it stands in for")
        for place, kind in pd.Series(frame["to_kind"])[same.fillna(False).astype(bool)].items()
    ]
