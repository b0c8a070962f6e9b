"""Mutators of rows and columns: what is absent by one axis, of another year, there twice, or a total."""

from support.county_draft import csv_text
from support.mutations import Spoilt, any_table, mutator, rewritten

from placeplan.county.columns import TABLES

DEPENDENT = ("localities", "zones", "sites", "units")


def without(draft, table, dropped, *, column=""):
    """A table without the rows that are dropped."""
    draft.tables[table] = [row for row in draft.tables[table] if not dropped(row)]
    return Spoilt((table,), column)


def in_use(draft, table):
    """A place in a table."""
    return range(len(draft.tables[table]))


@mutator("refused noted")
def population_without_a_zone(draft, random):
    """Nobody is counted in a zone."""
    zone = random.choice(draft.tables["zones"])["zone"]
    return without(draft, "population", lambda row: row["zone"] == zone)


@mutator("refused noted")
def population_without_an_age(draft, random):
    """Nobody of an age is counted in a year."""
    age, year = str(random.randrange(26)), random.choice(["2023", "2024"])
    return without(draft, "population", lambda row: (row["age"], row["year"]) == (age, year))


@mutator("refused noted")
def population_without_young_ages(draft, random):
    """Only children of school age are counted."""
    oldest = random.choice([15, 18])
    return without(draft, "population", lambda row: not 4 <= int(row["age"]) <= oldest)


@mutator("refused noted")
def population_without_a_cell(draft, random):
    """One age of one zone is absent."""
    place = random.choice(in_use(draft, "population"))
    del draft.tables["population"][place]
    return Spoilt(("population",))


@mutator("refused noted")
def later_year_for_one_locality(draft, random):
    """A later year has the people of one locality alone."""
    locality, year = random.choice(["north", "south"]), random.choice(["2025", "2026", "2029"])
    zones = {row["zone"] for row in draft.tables["zones"] if row["locality"] == locality}
    later = [
        {**row, "year": year} for row in draft.tables["population"] if row["zone"] in zones and row["year"] == "2024"
    ]
    draft.tables["population"] += later
    return Spoilt(("population",))


@mutator("refused noted")
def earlier_year_without_a_zone(draft, random):
    """An earlier year lacks a zone."""
    zone = random.choice(draft.tables["zones"])["zone"]
    return without(draft, "population", lambda row: (row["zone"], row["year"]) == (zone, "2023"))


@mutator("refused noted")
def population_of_other_years(draft, random):
    """The people are of years that the county's day is not in."""
    shift = random.choice([-12, -8, 4, 9])
    for row in draft.tables["population"]:
        row["year"] = str(int(row["year"]) + shift)
    return Spoilt(("population",))


@mutator("refused noted")
def as_of_in_another_year(draft, random):
    """The county's day is in another year than its tables."""
    year = random.choice([2019, 2021, 2027, 2031])
    draft.settings["as_of"] = f"{year}-01-16"
    return Spoilt(("population", "plans", "county", "county.toml", "children", "cases"))


@mutator("refused noted")
def plans_by_calendar_year(draft, _):
    """The count of January 2025 is said to be of 2025."""
    for row in draft.tables["plans"]:
        row["year"] = "2025"
    return Spoilt(("plans",))


@mutator("refused noted")
def plans_without_a_part(draft, random):
    """A margin of the plans lacks one of its parts."""
    parts = [place for place, row in enumerate(draft.tables["plans"]) if row["measure"] == "stock" and row["need"]]
    parts += [place for place, row in enumerate(draft.tables["plans"]) if row["placement"]]
    del draft.tables["plans"][random.choice(parts)]
    return Spoilt(("plans",))


@mutator("refused noted", whole=True)
def births_without_a_locality(draft, random):
    """A locality has no births in a year, where the others have."""
    del draft.tables["births"][random.choice(in_use(draft, "births"))]
    return Spoilt(("births",))


@mutator("refused")
def row_that_others_name_is_absent(draft, random):
    """A zone, site or unit is absent that other rows name."""
    table, column, value = random.choice(
        [("zones", "zone", "z1"), ("zones", "zone", "z2"), ("sites", "site", "s2"), ("units", "unit", "special")]
    )
    without(draft, table, lambda row: row[column] == value)
    return Spoilt(tuple(draft.tables))


@mutator("refused")
def locality_is_absent(draft, random):
    """A locality is absent whose zones are there."""
    name = random.choice(["north", "south"])
    without(draft, "localities", lambda row: row["locality"] == name)
    return Spoilt(("zones",), "locality")


@mutator("refused")
def required_column_is_absent(draft, random):
    """A table lacks a column that it must have."""
    table = any_table(draft, random)
    column = random.choice([c.name for c in TABLES[table].columns if c.required and c.type != "geometry"])
    for row in draft.tables[table]:
        del row[column]
    return Spoilt((table,), column)


@mutator("refused")
def required_cell_is_blank(draft, random):
    """A cell is blank that may not be."""
    table = any_table(draft, random)
    column = random.choice([c.name for c in TABLES[table].columns if c.required and c.type != "geometry"])
    random.choice(draft.tables[table])[column] = ""
    return Spoilt((table,), column)


@mutator("refused noted")
def places_of_a_commissioned_unit_are_blank(draft, random):
    """A base or special school has no number of places."""
    rows = [row for row in draft.tables["units"] if row["kind"] in ("ers", "special")]
    random.choice(rows)["places"] = ""
    return Spoilt(("units",), "places")


@mutator("refused")
def kind_without_top_ups(draft, random):
    """A unit that is in use has no price."""
    kind = random.choice(["ers", "special"])
    without(draft, "top_ups", lambda row: row["kind"] == kind)
    return Spoilt(("top_ups", "units"))


@mutator("refused noted")
def column_misspelt(draft, random):
    """A column's name has a slip."""
    table = any_table(draft, random)
    column = random.choice(list(draft.tables[table][0]))
    slip = column[:-1] if len(column) > 4 else f"{column}s"
    draft.tables[table] = [
        {slip if name == column else name: cell for name, cell in row.items()} for row in draft.tables[table]
    ]
    return Spoilt((table,))


@mutator("refused noted same")
def column_in_capitals(draft, random):
    """A column's name is in capitals and has a blank."""
    table = any_table(draft, random)
    column = random.choice(list(draft.tables[table][0]))
    changed = column.replace("_", " ").title()
    draft.tables[table] = [
        {changed if name == column else name: cell for name, cell in row.items()} for row in draft.tables[table]
    ]
    return Spoilt((table,))


@mutator("refused noted")
def column_of_ones_own(draft, random):
    """A table has a column that the contract does not know."""
    table = any_table(draft, random)
    name = random.choice(["notes", "checked by", "dob", "postcode"])
    for row in draft.tables[table]:
        row[name] = "x"
    return Spoilt((table,))


@mutator("refused", form="folder")
def column_twice(draft, random):
    """A column is there twice."""
    table = any_table(draft, random)
    at = random.randrange(len(draft.tables[table][0]))
    rows = draft.tables[table]
    lines = [",".join([*row, list(row)[at]]) for row in rows[:1]]
    lines += [",".join([*row.values(), list(row.values())[at]]) for row in rows]
    return rewritten(draft, table, lambda _: "\n".join(lines) + "\n")


@mutator("refused")
def row_twice(draft, random):
    """A row is there twice."""
    table = any_table(draft, random, without=("localities", "roads", "scenarios"))
    rows = draft.tables[table]
    rows.append(dict(random.choice(rows)))
    return Spoilt((table,))


@mutator("refused")
def row_twice_with_another_figure(draft, random):
    """Two rows of one key say different things."""
    table, column = random.choice([("population", "people"), ("units", "places"), ("top_ups", "pounds")])
    rows = draft.tables[table]
    rows.append({**random.choice(rows), column: "3"})
    return Spoilt((table,))


@mutator("refused")
def totals_row(draft, random):
    """A table ends in its total."""
    table, label, column = random.choice(
        [
            ("population", "zone", "people"),
            ("units", "unit", "places"),
            ("zones", "zone", "rural"),
            ("children", "child", "need"),
        ]
    )
    row = dict.fromkeys(draft.tables[table][0], "")
    draft.tables[table].append({**row, label: "Total", column: "305"})
    return Spoilt((table,))


@mutator("refused")
def no_rows(draft, random):
    """A table that the county must have is a header alone."""
    table = random.choice([name for name in draft.tables if TABLES[name].required and name != "localities"])
    rows = draft.tables[table]
    header = csv_text(rows).split("\n", 1)[0] + "\n"
    if draft.form == "folder":
        return rewritten(draft, table, lambda _: header)
    draft.edits.append(lambda book: book[table].delete_rows(2, len(rows) + 1))
    return Spoilt((table,))
