"""Mutators that make another lawful county, or the same one in other words: its answer is that of the one by hand."""

from support.county_draft import clean_draft
from support.mutations import Spoilt, mutator

BY_TABLE = ("children", "units", "sites", "top_ups", "population", "zones", "plans", "roads", "travel")


@mutator("lawful")
def rows_in_another_order(draft, random):
    """A table's rows stand in another order."""
    by_hand = draft.copy()
    random.shuffle(draft.tables[random.choice([name for name in BY_TABLE if name in draft.tables])])
    return Spoilt((), by_hand=by_hand)


@mutator("lawful")
def default_stated(draft, random):
    """A setting is stated as what it is anyway."""
    by_hand = draft.copy()
    draft.settings |= random.choice(
        [
            {"guidance_minutes.primary": 45},
            {"rules.guidance.mode": "report"},
            {"places.special.fixed_cost": 10000},
            {"transport.vehicles.taxi.riders": 1.4},
            {"cases.discount": 0.035},
        ]
    )
    return Spoilt((), by_hand=by_hand)


@mutator("lawful", journeys="roads")
def roads_the_other_way_round(draft, random):
    """A road that goes both ways is drawn from its other end."""
    by_hand = draft.copy()
    row = random.choice(draft.tables["roads"])
    for part in ("", "_easting", "_northing"):
        row[f"from{part}"], row[f"to{part}"] = row[f"to{part}"], row[f"from{part}"]
    return Spoilt((), by_hand=by_hand)


@mutator("lawful", journeys="roads")
def road_in_two_parts(draft, random):
    """A road is cut in two at its middle."""
    by_hand = draft.copy()
    rows = draft.tables["roads"]
    row = random.choice(rows)
    half, middle = f"{float(row['metres']) / 2:g}", {}
    for axis in ("easting", "northing"):
        middle[axis] = f"{(float(row[f'from_{axis}']) + float(row[f'to_{axis}'])) / 2:g}"
    first = {**row, "to": "middle", "metres": half, "to_easting": middle["easting"], "to_northing": middle["northing"]}
    rest = {
        **row,
        "from": "middle",
        "metres": half,
        "from_easting": middle["easting"],
        "from_northing": middle["northing"],
    }
    rows.remove(row)
    rows += [first, rest]
    return Spoilt((), by_hand=by_hand)


@mutator("lawful")
def children_under_other_pseudonyms(draft, _):
    """Every child has another pseudonym."""
    by_hand = draft.copy()
    for place, row in enumerate(draft.tables["children"]):
        row["child"] = f"P{100 - place}"
    return Spoilt((), by_hand=by_hand)


@mutator("lawful")
def zones_under_other_names(draft, _):
    """Every zone has another name, everywhere."""
    by_hand = draft.copy()
    for rows in draft.tables.values():
        for row in rows:
            if row.get("zone"):
                row["zone"] = f"E0{9 - int(row['zone'][1:])}"
    return Spoilt((), by_hand=by_hand)


@mutator("lawful")
def unit_in_two_rows(draft, random):
    """A unit has a row for a later year with the same figures."""
    by_hand = draft.copy()
    row = random.choice(draft.tables["units"])
    draft.tables["units"].append({**row, "from_year": "2026"})
    return Spoilt((), by_hand=by_hand)


@mutator("lawful")
def one_more_place(draft, random):
    """A unit has a place more: the answer is that of the county typed so, in its other form."""
    places = {row["unit"]: row["places"] for row in draft.tables["units"] if row["places"]}
    unit = random.choice(sorted(places))
    other = clean_draft(form="workbook" if draft.form == "folder" else "folder", journeys=draft.journeys)
    for one in (draft, other):
        for row in one.tables["units"]:
            if row["unit"] == unit:
                row["places"], row["ceiling"] = str(int(places[unit]) + 1), ""
    return Spoilt((), by_hand=other)
