"""Mutators of single cells: codes, bands, references, spellings, numbers, days, yes and no."""

import unicodedata

from support.mutations import Spoilt, mutator, one_cell

REFERENCES = {
    "zones": ("locality",),
    "population": ("zone",),
    "children": ("zone", "unit", "prefers"),
    "sites": ("locality",),
    "units": ("site",),
    "top_ups": ("unit",),
    "travel": ("zone", "site"),
    "births": ("locality",),
    "scenarios": ("locality",),
    "cases": ("child", "zone"),
    "quotes": ("case", "unit"),
    "packages": ("case",),
    "vetoes": ("case", "option"),
}
"""Columns that say something of another table."""

SYNONYMS = {
    "ASD": ("Autism", "ASC", "autistic spectrum disorder", "AUT"),
    "SEMH": ("BESD", "Social, emotional and mental health"),
    "SLD": ("Severe learning difficulty", "S.L.D."),
    "SLCN": ("Speech, language and communication needs", "SLC"),
    "ers": ("Enhanced resource school", "ERP", "unit"),
    "special": ("Special school", "specials"),
    "high_needs": ("High needs block", "HNB"),
    "health": ("Health", "NHS"),
    "special_state": ("State special school", "maintained special"),
}


def code(_, column):
    """Whether a column is of codes."""
    return bool(column.codes)


def number(_, column):
    """Whether a column is of numbers."""
    return column.type in ("whole", "number")


def reference(table, column):
    """Whether a column names a row of another table."""
    return column.name in REFERENCES.get(table, ())


def spelt(draft, random, change, wanted=reference):
    """A cell whose text is written otherwise; one that is the same after all is taken again."""
    for _ in range(50):
        spot = one_cell(draft, random, wanted)
        changed = change(spot.text)
        if changed != spot.text:
            return spot.put(changed)
    raise AssertionError("no cell would be written otherwise")


@mutator("refused")
def unknown_code(draft, random):
    """A code is none of the contract's."""
    return one_cell(draft, random, code).put(random.choice(["XYZ", "other", "9", "?"]))


@mutator("refused noted same")
def code_in_other_case(draft, random):
    """A code is in other capitals."""
    return spelt(draft, random, str.swapcase, code)


@mutator("refused noted same")
def code_with_spaces(draft, random):
    """A code has blanks around it."""
    return spelt(draft, random, lambda text: f" {text} ", code)


@mutator("refused noted same")
def code_by_another_name(draft, random):
    """A code is a name that people use."""
    spot = one_cell(draft, random, lambda _, column: bool(set(column.codes) & set(SYNONYMS)))
    return spot.put(random.choice(SYNONYMS.get(spot.text, ("something else",))))


@mutator("refused noted same")
def code_misspelt(draft, random):
    """A code has two letters changed over."""

    def slip(text):
        at = random.randrange(max(1, len(text) - 1))
        return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]

    return spelt(draft, random, slip, lambda table, column: code(table, column) and column.name != "per")


@mutator("refused")
def error_in_a_text_file(draft, random):
    """A failed formula was saved as text."""
    spot = one_cell(draft, random, lambda table, _: table != "localities")
    return spot.put(random.choice(["#N/A", "#REF!", "#VALUE!", "#DIV/0!"]))


@mutator("refused noted same")
def year_group_as_people_say(draft, random):
    """A year group is Y7, Year 7 or R."""
    spot = one_cell(draft, random, lambda _, column: column.name == "year_group")
    year = int(spot.text)
    return spot.put(random.choice([f"Y{year}", f"Year {year}", f"yr {year}"] if year else ["R", "Reception", "YR"]))


@mutator("refused noted same")
def band_in_other_case(draft, random):
    """A band is written b3 where the top-ups have B3."""
    table = random.choice(["children", "top_ups"])
    return one_cell(draft, random, lambda name, column: (name, column.name) == (table, "band")).put("b3")


@mutator("refused")
def band_of_no_top_up(draft, random):
    """A child's band is in no row of the top-ups."""
    spot = one_cell(draft, random, lambda table, column: (table, column.name) == ("children", "band"))
    return spot.put(random.choice(["3", "Band 3", "B33", "none", "n/a", "#N/A", "C"]))


@mutator("refused")
def unmatched_identifier(draft, random):
    """A name is of no row of the table that it points to."""
    return one_cell(draft, random, reference).put(random.choice(["x9", "unknown", "12345"]))


@mutator("refused noted same")
def identifier_in_other_case(draft, random):
    """A name is in other capitals than in the table that it points to."""
    return spelt(draft, random, str.swapcase)


@mutator("refused noted same")
def identifier_with_a_hard_space(draft, random):
    """A name has a no-break space, as copied from a web page."""
    return spelt(draft, random, lambda text: f"{text}\u00a0")


@mutator("refused noted same")
def identifier_with_a_hidden_character(draft, random):
    """A name has a character of no width."""
    mark = random.choice(["\u200b", "\u200d", "\ufeff", "\u00ad", "\u200e"])
    return spelt(draft, random, lambda text: text[:1] + mark + text[1:])


@mutator("refused noted same")
def identifier_in_cyrillic(draft, random):
    """A letter of a name is a Cyrillic one that looks the same."""
    letters = str.maketrans("aceopsxy", "асеорѕху")
    return spelt(draft, random, lambda text: text.translate(letters))


@mutator("refused noted lawful")
def accents_apart(draft, random):
    """A zone's name has its accent as a letter of its own in one table alone."""
    spelling = "T\u0177 Coch"
    apart = unicodedata.normalize("NFD", spelling)
    chosen = random.choice(["zones", "population", "children"])
    for rows in draft.tables.values():
        for row in rows:
            if row.get("zone") == "z1":
                row["zone"] = spelling
    by_hand = draft.copy()
    for row in draft.tables[chosen]:
        row["zone"] = apart if row["zone"] == spelling else row["zone"]
    return Spoilt((chosen, "population", "children"), "zone", by_hand)


@mutator("refused")
def leading_zeros_lost(draft, random):
    """A program took names for numbers in one table, and their zeros went."""
    key, tables = random.choice([("zone", ("population", "children")), ("site", ("units",))])
    chosen = random.choice(tables)
    for name, rows in draft.tables.items():
        for row in rows:
            if row.get(key):
                row[key] = f"00{row[key][1:]}" if name != chosen else row[key][1:]
    return Spoilt((chosen,), key)


@mutator("refused")
def negative_number(draft, random):
    """A number that cannot be below nought is."""
    spot = one_cell(
        draft, random, lambda table, column: number(table, column) and column.least is not None and column.least >= 0
    )
    return spot.put("-7")


@mutator("refused noted")
def absurd_number(draft, random):
    """A number is what a program writes for nothing."""
    spot = one_cell(draft, random, lambda table, column: number(table, column) and column.unit != "academic year")
    return spot.put(random.choice(["2147483647", "999999999", "1e308"]))


@mutator("refused")
def infinite_number(draft, random):
    """A number is none."""
    return one_cell(draft, random, number).put(random.choice(["inf", "NaN", "-inf", "1e999"]))


@mutator("refused")
def number_in_words(draft, random):
    """A number is in words, or about."""
    return one_cell(draft, random, number).put(random.choice(["twelve", "~12", "<5", "12?", "10-12", "8k", "tbc"]))


@mutator("refused")
def decimal_comma(draft, random):
    """A number has a decimal comma."""
    return one_cell(draft, random, number).put(f"{random.randrange(2, 40)},5")


@mutator("refused")
def part_of_a_whole(draft, random):
    """A whole number has a part."""
    return one_cell(draft, random, lambda _, column: column.type == "whole").put("2.5")


@mutator("same")
def pounds_and_commas(draft, random):
    """Pounds have their sign and a comma, as an account shows them."""
    spot = one_cell(draft, random, lambda _, column: column.unit.startswith("pounds"))
    return spot.put(f"£{float(spot.text):,.0f}")


@mutator("same")
def whole_with_a_point(draft, random):
    """A whole number is 7.0, as a program that knows fractions alone writes it."""
    spot = one_cell(draft, random, lambda _, column: column.type == "whole")
    return spot.put(f"{spot.text}.0")


@mutator("refused noted same", whole=True)
def share_in_per_cent(draft, random):
    """A share has a percent sign."""
    spot = one_cell(draft, random, lambda _, column: column.unit == "share")
    return spot.put(f"{100 * float(spot.text):g}%")


@mutator("refused", whole=True)
def share_of_a_hundred(draft, random):
    """A share is of a hundred."""
    spot = one_cell(draft, random, lambda _, column: column.unit == "share")
    return spot.put(f"{100 * float(spot.text) + 1:g}")


@mutator("refused noted same")
def day_first(draft, random):
    """A day is written as in England."""
    spot = one_cell(draft, random, lambda _, column: column.type == "date")
    year, month, day = spot.text.split("-")
    return spot.put(random.choice([f"{day}/{month}/{year}", f"{day}.{month}.{year}", f"{day}-{month}-{year}"]))


@mutator("refused noted")
def month_first(draft, random):
    """A day is written as in America, and reads as another."""
    spot = one_cell(draft, random, lambda _, column: column.type == "date")
    return spot.put("09/01/2022" if spot.text == "2022-09-01" else "10/02/2022")


@mutator("refused same")
def day_as_a_serial_number(draft, random):
    """A day is the number that Excel keeps for it."""
    return one_cell(draft, random, lambda _, column: column.type == "date").put("44805")


@mutator("refused")
def part_of_a_day(draft, random):
    """A day is a year, a month or no day at all."""
    told = random.choice(["2022", "2022-09", "Sep-22", "2022-02-30", "01/09", "31/04/2022", "1 September"])
    return one_cell(draft, random, lambda _, column: column.type == "date").put(told)


@mutator("refused noted same")
def yes_and_no_as_people_write(draft, random):
    """Yes and no are in capitals, or a letter."""
    spot = one_cell(draft, random, lambda _, column: column.type == "yes_no")
    words = {"yes": ["Yes", "YES", "Y", "TRUE", "1"], "no": ["No", "NO", "N", "False", "0"]}
    return spot.put(random.choice(words[spot.text]))


@mutator("refused")
def neither_yes_nor_no(draft, random):
    """Yes or no is something else."""
    spot = one_cell(draft, random, lambda _, column: column.type == "yes_no")
    return spot.put(random.choice(["maybe", "x", "✓", "2", "-", "n/k"]))


@mutator("refused")
def nothing_in_words(draft, random):
    """A number or a code that is not known is NULL, n/a or a dash."""
    spot = one_cell(
        draft, random, lambda table, column: (number(table, column) or code(table, column)) and not column.blanks
    )
    return spot.put(random.choice(["NULL", "n/a", "-", "None", "nan", "."]))


@mutator("refused")
def suits_no_such_kind(draft, random):
    """What would meet a plan is none of the kinds."""
    spot = one_cell(draft, random, lambda table, column: (table, column.name) == ("children", "suits"))
    return spot.put(random.choice(["specials", "ers:small", "special,ers:integrative", "special school or base"]))


@mutator("refused")
def list_by_commas(draft, random):
    """A list is separated by commas, not semicolons."""
    spot = one_cell(draft, random, lambda _, column: column.type == "list" and column.name in ("needs", "suits"))
    return spot.put("ASD,SLCN" if spot.column == "needs" else "special,ers:integrative")
