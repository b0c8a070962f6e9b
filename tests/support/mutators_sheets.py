"""Mutators of a workbook: names of sheets, what is hidden, merged, worked out by a formula, or shown otherwise."""

import datetime as dt

from support.mutations import Spoilt, any_table, mutator, on_sheet, one_cell


def named_column(sheet, column):
    """The number of a column in a sheet."""
    return [cell.value for cell in sheet[1]].index(column) + 1


def cell_of(spot, sheet):
    """The cell of a sheet that a spot of the draft is."""
    return sheet.cell(spot.place + 2, named_column(sheet, spot.column))


@mutator("refused noted", form="workbook")
def sheet_called_cyp(draft, random):
    """A table's sheet is called otherwise."""
    table = any_table(draft, random)
    draft.edits.append(lambda book: setattr(book[table], "title", "CYP"))
    return Spoilt((table, "CYP"))


@mutator("refused noted same", form="workbook")
def sheet_in_capitals(draft, random):
    """A table's sheet is in capitals."""
    table = any_table(draft, random)
    draft.edits.append(lambda book: setattr(book[table], "title", f"{table.title()} "))
    return Spoilt((table, table.title()))


@mutator("refused noted", form="workbook")
def copied_sheet(draft, random):
    """A sheet was copied, and the copy stayed."""
    table = any_table(draft, random)

    def copied(book):
        book.copy_worksheet(book[table]).title = f"{table} (2)"

    draft.edits.append(copied)
    return Spoilt((f"{table} (2)",))


@mutator("refused noted", form="workbook")
def hidden_sheet(draft, random):
    """A table's sheet is hidden."""
    return on_sheet(
        draft,
        any_table(draft, random),
        lambda sheet: setattr(sheet, "sheet_state", random.choice(["hidden", "veryHidden"])),
    )


@mutator("refused noted", form="workbook")
def hidden_rows(draft, random):
    """Rows of a table are hidden, as by a filter."""
    table = any_table(draft, random)
    line = random.randrange(2, len(draft.tables[table]) + 2)
    return on_sheet(draft, table, lambda sheet: setattr(sheet.row_dimensions[line], "hidden", True))


@mutator("refused noted", form="workbook")
def hidden_column(draft, random):
    """A column of a table is hidden."""
    spot = one_cell(draft, random, lambda *_: True)

    def hide(sheet):
        letter = cell_of(spot, sheet).column_letter
        sheet.column_dimensions[letter].hidden = True

    return on_sheet(draft, spot.table, hide)


@mutator("refused", form="workbook")
def empty_sheet(draft, random):
    """A table's sheet is empty."""
    return on_sheet(draft, any_table(draft, random), lambda sheet: sheet.delete_rows(1, sheet.max_row))


@mutator("refused", form="workbook")
def merged_cells(draft, random):
    """Two rows share a merged cell."""
    spot = one_cell(draft, random, lambda table, _: len(draft.tables[table]) > 1 and table != "localities")
    place = min(spot.place, len(draft.tables[spot.table]) - 2)

    def merge(sheet):
        at = named_column(sheet, spot.column)
        sheet.merge_cells(start_row=place + 2, end_row=place + 3, start_column=at, end_column=at)

    return on_sheet(draft, spot.table, merge, column=spot.column)


@mutator("refused", form="workbook")
def formula_without_value(draft, random):
    """A cell is a formula whose value was never worked out."""
    spot = one_cell(draft, random, lambda *_: True)
    text = spot.text

    def put(sheet):
        cell_of(spot, sheet).value = f"=0+{text}" if text.replace(".", "").isdigit() else f'="{text}"'

    return on_sheet(draft, spot.table, put, column=spot.column)


@mutator("refused", form="workbook")
def column_of_formulas(draft, random):
    """A whole column is formulas without values."""
    spot = one_cell(draft, random, lambda *_: True)

    def put(sheet):
        at = named_column(sheet, spot.column)
        for line in range(2, sheet.max_row + 1):
            if sheet.cell(line, at).value is not None:
                sheet.cell(line, at).value = f"=A{line}&B{line}"

    return on_sheet(draft, spot.table, put, column=spot.column)


@mutator("refused", form="workbook")
def error_cell(draft, random):
    """A formula failed, and its error is the cell's value."""
    spot = one_cell(draft, random, lambda *_: True)
    error = random.choice(["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?"])
    return on_sheet(draft, spot.table, lambda sheet: setattr(cell_of(spot, sheet), "value", error), column=spot.column)


@mutator("refused", form="workbook")
def error_for_a_setting(draft, random):
    """A setting's value is an error."""
    key = random.choice([name for name in draft.settings if name != "format"])
    draft.settings[key] = "#REF!"
    return Spoilt(("county",), key)


@mutator("refused", form="workbook")
def formula_for_a_setting(draft, random):
    """A setting's value is a formula that was never worked out."""
    key = random.choice([name for name in draft.settings if name != "format"])
    draft.settings[key] = "=1+1"
    return Spoilt(("county",), "value")


@mutator("refused noted", form="workbook")
def settings_sheet_called_otherwise(draft, _):
    """The sheet county is called settings."""
    draft.edits.append(lambda book: setattr(book["county"], "title", "settings"))
    return Spoilt(("county",))


@mutator("same", form="workbook")
def numbers_as_text(draft, random):
    """A number is stored as text, with a green corner."""
    spot = one_cell(draft, random, lambda _, column: column.type in ("whole", "number"))
    text = spot.text
    return on_sheet(draft, spot.table, lambda sheet: setattr(cell_of(spot, sheet), "value", text))


@mutator("same", form="workbook")
def days_as_days(draft, random):
    """A day is a date of Excel's."""
    spot = one_cell(draft, random, lambda _, column: column.type == "date")
    day = dt.date.fromisoformat(spot.text)
    return on_sheet(draft, spot.table, lambda sheet: setattr(cell_of(spot, sheet), "value", day))


@mutator("same", form="workbook")
def as_of_as_a_day(draft, _):
    """The day of the county is a date of Excel's."""
    draft.settings["as_of"] = dt.datetime.fromisoformat(draft.settings["as_of"])
    return Spoilt(("county",))


@mutator("same", form="workbook")
def yes_no_as_truth(draft, random):
    """Yes and no are TRUE and FALSE of Excel's."""
    spot = one_cell(draft, random, lambda _, column: column.type == "yes_no")
    return on_sheet(draft, spot.table, lambda sheet: setattr(cell_of(spot, sheet), "value", spot.text == "yes"))


@mutator("refused", form="workbook")
def excel_turned_it_into_a_date(draft, random):
    """Excel turned a number into a date."""
    spot = one_cell(draft, random, lambda _, column: column.type in ("whole", "number"))
    day = dt.date(2025, 3, 4)
    return on_sheet(draft, spot.table, lambda sheet: setattr(cell_of(spot, sheet), "value", day), column=spot.column)


@mutator("same", form="workbook")
def meaning_column(draft, _):
    """The sheet county has a third column, meaning."""

    def put(book):
        for cells in book["county"].iter_rows():
            book["county"].cell(cells[0].row, 3, "meaning" if cells[0].row == 1 else "what it is")

    draft.edits.append(put)
    return Spoilt(("county",))


@mutator("same", form="workbook")
def empty_sheet_of_excels(draft, _):
    """An empty Sheet1 stayed in the workbook."""
    draft.edits.append(lambda book: book.create_sheet("Sheet1"))
    return Spoilt(("Sheet1",))


@mutator("refused noted", form="workbook")
def words_beside_the_table(draft, random):
    """A remark stands to the right of a table."""
    table = any_table(draft, random)
    return on_sheet(draft, table, lambda sheet: sheet.cell(2, sheet.max_column + 2, "check with finance"))
