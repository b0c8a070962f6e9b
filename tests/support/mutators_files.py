"""Mutators of a county's files: names, endings, encodings, and what stands around a table."""

import gzip
import io
import json
import zipfile
from random import Random

import openpyxl
from support.county_draft import Draft, csv_text
from support.mutations import Spoilt, any_table, mutator, rewritten


def as_workbook(text: str) -> bytes:
    """A csv text as a workbook."""
    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.active.append(line.split(","))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def renamed(draft: Draft, random: Random, pattern: str) -> Spoilt:
    """A table's file under another name."""
    table = any_table(draft, random)
    return rewritten(draft, table, lambda text: text, name=pattern.format(table=table))


def beside(draft: Draft, random: Random, pattern: str, make) -> Spoilt:
    """Another file beside a table's own."""
    table = any_table(draft, random)
    name = pattern.format(table=table)
    draft.edits.append(lambda folder: (folder / name).write_bytes(make(draft.text(table))))
    return Spoilt((name,))


@mutator("refused noted same", form="folder")
def xlsx_for_csv(draft, random):
    """A table is an Excel file of its own."""
    table = any_table(draft, random)
    return rewritten(draft, table, as_workbook, name=f"{table}.xlsx")


@mutator("refused noted same", form="folder")
def txt_for_csv(draft, random):
    """A table's file ends in .txt."""
    return renamed(draft, random, "{table}.txt")


@mutator("refused noted same", form="folder")
def tsv_for_csv(draft, random):
    """A table is separated by tabs and its file ends in .tsv."""
    table = any_table(draft, random)
    return rewritten(draft, table, lambda text: text.replace(",", "\t"), name=f"{table}.tsv")


@mutator("refused noted same", form="folder")
def ending_in_capitals(draft, random):
    """A table's file ends in .CSV."""
    return renamed(draft, random, "{table}.CSV")


@mutator("refused noted same", form="folder")
def name_in_capitals(draft, random):
    """A table's file is in capitals."""
    table = any_table(draft, random)
    return rewritten(draft, table, lambda text: text, name=f"{table.upper()}.csv")


@mutator("refused noted", form="folder")
def copy_of(draft, random):
    """A table is there only as a copy of itself."""
    return renamed(draft, random, "Copy of {table}.csv")


@mutator("refused noted", form="folder")
def numbered(draft, random):
    """A table was downloaded a second time."""
    return renamed(draft, random, "{table} (1).csv")


@mutator("refused noted", form="folder")
def dated(draft, random):
    """A table's file has a date in its name."""
    return renamed(draft, random, "{table}_2025-01-16.csv")


@mutator("refused noted", form="folder")
def csv_txt(draft, random):
    """A table's file has two endings, as Notepad gives them."""
    return renamed(draft, random, "{table}.csv.txt")


@mutator("refused noted", form="folder")
def in_a_subfolder(draft, random):
    """A table lies in a folder of the county's folder."""
    return renamed(draft, random, "data/{table}.csv")


@mutator("refused noted", form="folder")
def singular_name(draft, random):
    """A table's file is called as one of its rows."""
    table = random.choice([name for name in draft.tables if name in ("zones", "sites", "units", "children", "plans")])
    name = {"children": "child"}.get(table, table[:-1])
    return rewritten(draft, table, lambda text: text, name=f"{name}.csv")


@mutator("refused noted", form="folder")
def zipped(draft, random):
    """A table is in a zip file."""
    table = any_table(draft, random)

    def pack(text: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(f"{table}.csv", text)
        return buffer.getvalue()

    return rewritten(draft, table, pack, name=f"{table}.zip")


@mutator("refused noted", form="folder")
def gzipped(draft, random):
    """A table is compressed."""
    table = any_table(draft, random)
    return rewritten(draft, table, lambda text: gzip.compress(text.encode()), name=f"{table}.csv.gz")


@mutator("refused noted", form="folder")
def old_beside(draft, random):
    """An old copy of a table lies beside it."""
    return beside(draft, random, "{table}_old.csv", lambda text: text.encode())


@mutator("refused noted", form="folder")
def copy_beside(draft, random):
    """A copy of a table lies beside it."""
    return beside(draft, random, "Copy of {table}.csv", lambda text: text.encode())


@mutator("refused noted", form="folder")
def xlsx_beside(draft, random):
    """A table is there both as csv and as an Excel file, with other rows."""
    return beside(draft, random, "{table}.xlsx", lambda text: as_workbook("\n".join(text.splitlines()[:-1])))


@mutator("refused noted", form="folder")
def backup_beside(draft, random):
    """A backup of a table lies beside it."""
    return beside(draft, random, "{table}.csv.bak", lambda text: text.encode())


@mutator("refused noted same", form="folder")
def lock_file_beside(draft, random):
    """A spreadsheet program has a table open."""
    return beside(draft, random, "~${table}.xlsx", lambda _: b"\x00" * 165)


@mutator("refused", form="folder")
def geojson_named_csv(draft, random):
    """A GeoJSON file is called .csv."""
    table = any_table(draft, random)
    features = [{"type": "Feature", "properties": row, "geometry": None} for row in draft.tables[table]]
    collection = json.dumps({"type": "FeatureCollection", "features": features})
    return rewritten(draft, table, lambda _: collection)


@mutator("refused", form="folder")
def csv_named_geojson(draft, random):
    """A csv file is called .geojson."""
    return renamed(draft, random, "{table}.geojson")


@mutator("refused", form="folder")
def workbook_named_csv(draft, random):
    """An Excel file is called .csv."""
    return rewritten(draft, any_table(draft, random), as_workbook)


@mutator("refused", form="folder")
def empty_file(draft, random):
    """A table's file is empty."""
    return rewritten(draft, any_table(draft, random), lambda _: "")


@mutator("same", form="folder")
def byte_order_mark(draft, random):
    """A table begins with a byte order mark, as Excel's CSV UTF-8 does."""
    return rewritten(draft, any_table(draft, random), lambda text: text.encode("utf-8-sig"))


@mutator("refused same", form="folder")
def utf_16(draft, random):
    """A table is UTF-16, as Excel's Unicode Text is."""
    return rewritten(draft, any_table(draft, random), lambda text: text.encode("utf-16"))


@mutator("refused", form="folder")
def windows_1252(draft, _):
    """A table is in Windows' letters, with a name that has an accent."""
    draft.tables["sites"][0]["name"] = "Académie du Nord"
    return rewritten(draft, "sites", lambda text: text.encode("cp1252"))


@mutator("refused same", form="folder")
def semicolons(draft, random):
    """A table is separated by semicolons, as Excel writes it elsewhere in Europe."""
    table = any_table(draft, random, without=("localities", "units", "children", "cases"))
    return rewritten(draft, table, lambda text: text.replace(",", ";"))


@mutator("refused same", form="folder")
def tabs_named_csv(draft, random):
    """A table is separated by tabs and called .csv."""
    return rewritten(draft, any_table(draft, random), lambda text: text.replace(",", "\t"))


@mutator("same", form="folder")
def windows_lines(draft, random):
    """A table's lines end as Windows ends them."""
    return rewritten(draft, any_table(draft, random), lambda text: text.replace("\n", "\r\n"))


@mutator("refused same", form="folder")
def old_mac_lines(draft, random):
    """A table's lines end in carriage returns alone."""
    return rewritten(draft, any_table(draft, random), lambda text: text.replace("\n", "\r"))


@mutator("same", form="folder")
def trailing_blank_lines(draft, random):
    """A table ends in blank lines and lines of commas."""
    return rewritten(
        draft, any_table(draft, random), lambda text: text + "\n" + "," * text.split("\n")[0].count(",") + "\n\n"
    )


@mutator("same", form="folder")
def trailing_commas(draft, random):
    """Every line of a table ends in commas."""
    return rewritten(draft, any_table(draft, random), lambda text: text.replace("\n", ",,\n"))


@mutator("same", form="folder")
def every_cell_quoted(draft, random):
    """Every cell of a table stands in quotation marks."""

    def quoted(text: str) -> str:
        return "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()) + "\n"

    return rewritten(draft, any_table(draft, random), quoted)


@mutator("same", form="folder")
def columns_in_another_order(draft, random):
    """A table's columns stand in another order."""
    table = any_table(draft, random)
    order = sorted(draft.tables[table][0], key=lambda _: random.random())
    rows = [{name: row[name] for name in order} for row in draft.tables[table]]
    return rewritten(draft, table, lambda _: csv_text(rows))


@mutator("refused", form="folder")
def title_above(draft, random):
    """A title stands above a table's header."""
    return rewritten(draft, any_table(draft, random), lambda text: "County tables, January 2025\n" + text)


@mutator("refused", form="folder")
def no_header(draft, random):
    """A table has no header."""
    return rewritten(draft, any_table(draft, random), lambda text: text.split("\n", 1)[1])


@mutator("refused", form="folder")
def header_again(draft, random):
    """A table's header stands again among its rows, as where two files were joined."""
    return rewritten(draft, any_table(draft, random), lambda text: text + text.split("\n")[0] + "\n")


@mutator("refused", form="folder")
def footnote(draft, random):
    """A line below a table says where it comes from."""
    return rewritten(draft, any_table(draft, random), lambda text: text + "Source: SEN2 census January 2025\n")


@mutator("refused", form="folder")
def comma_in_a_name(draft, _):
    """A name has a comma and no quotation marks."""
    return rewritten(draft, "sites", lambda text: text.replace("North Academy", "Academy, North"))


@mutator("refused", form="folder")
def cut_off_in_a_row(draft, _):
    """A table's last row was cut off within a word that is needed."""
    return rewritten(draft, "population", lambda text: text.rstrip("\n").rsplit(",", 2)[0] + "\n")


@mutator("refused", form="folder")
def nul_bytes(draft, random):
    """A table has bytes that are no text."""
    return rewritten(draft, any_table(draft, random), lambda text: text.replace(",", "\x00,", 3))
