"""compare.html: two runs side by side, what differs and by how much, one page that fetches nothing."""

from collections.abc import Mapping
from functools import partial
from typing import Final

import pandas as pd

from placeplan.county.kind_names import placement_name
from placeplan.county.vocabulary import PLACEMENTS
from placeplan.report.answer import how_to_read, title
from placeplan.report.cells import Table, number_columns, text_columns
from placeplan.report.compare_words import (
    NONE,
    Row,
    compare_sentences,
    differs,
    fact_name,
    fact_words,
    figure_name,
    is_hidden,
    is_missing,
    kind_of,
    number_words,
    per_cent_words,
    question_words,
    sign_of,
    value_words,
)
from placeplan.report.coverage_page import Section
from placeplan.report.lookup import locality_names, table, unit_names
from placeplan.report.named import in_its_words
from placeplan.report.page import FOOTER, page_environment, provenance
from placeplan.report.words import COLUMNS, WITHHELD, label, number_of, plain, school_year, short_pounds
from placeplan.run_tables import ALL, KEY_SEPARATOR, column_kind
from placeplan.runs import Run

__all__ = ["compare_html"]

MOST_CHANGES: Final = 12
"""How many cells of a table the page shows; changes.csv has them all."""

_LEADS: Final = ("september", "today", "afresh")
_FIRST_TOLD: Final = ("cost_pounds", "gap", "spot_purchase", "placed", "out_of_county", "mean_minutes", "expected")
"""What a reader looks for first, of the first of the leading questions that differs in one of them."""

_TILES: Final = 5


def _tiles(run: Run) -> list[dict[str, str]]:
    """The differences that a reader looks for first, of the leading question."""
    figures = [row for row in table(run, "headlines").to_dict("records") if row["measure"] in _FIRST_TOLD]
    changed = [row for row in figures if differs(row) and not is_missing(row["difference"])]
    lead = next((one for one in _LEADS if any(row["question"] == one for row in changed)), None)
    ranked = sorted(
        (row for row in changed if is_missing(row["question"]) or row["question"] == lead),
        key=lambda row: _FIRST_TOLD.index(row["measure"]),
    )
    made = []
    for row in ranked[:_TILES]:
        write = short_pounds if kind_of(row) == "pounds" else partial(number_words, kind=kind_of(row))
        between = f"{write(row['first_value'])}, then {write(row['second_value'])}"
        figure = sign_of(row["difference"]) + write(abs(row["difference"]))
        made.append({"figure": figure, "what": f"{figure_name(run, row)}: {between}"})
    return made


def _figures_section(run: Run) -> Section | None:
    figures = table(run, "headlines")
    if figures.empty:
        return None
    said: list[str] = []
    tables: list[Table] = []
    for (name, question), rows in figures.groupby(["table", "question"], sort=False, dropna=False):
        caption = (
            label("table", name) if is_missing(question) else f"{label('table', name)}, {question_words(run, question)}"
        )
        records = rows.to_dict("records")
        if not any(differs(row) for row in records):
            said.append(f"{caption}: {'all ' if len(rows) > 1 else ''}{number_of(len(rows), 'figure')} the same.")
            continue
        cells = tuple(
            (
                figure_name(run, row, alone=True),
                value_words(row, "first_value"),
                value_words(row, "second_value"),
                value_words(row, "difference", signed=True),
                per_cent_words(row),
            )
            for row in records
        )
        columns = (*text_columns("Figure"), *number_columns("First", "Second", "Difference", "Per cent"))
        tables.append(Table(f"headlines-{len(tables)}", caption, columns, cells))
    return Section("Headline figures", tuple(said), tuple(tables))


def _facts_section(run: Run) -> Section | None:
    facts = table(run, "facts").to_dict("records")
    rows = tuple((fact_name(row), fact_words(row, "first"), fact_words(row, "second")) for row in facts)
    made = Table("facts", "Facts that differ", text_columns("Fact", "First", "Second"), rows)
    return Section("What was asked and read", (), (made,)) if rows else None


def _tables_section(run: Run) -> Section:
    told = sorted(table(run, "tables").to_dict("records"), key=lambda row: row["status"] == "same")
    # A column that says nothing of any table is left out.
    said = [words for row in told if (words := _columns_words(row))]
    rows = tuple(
        (
            label("table", row["table"]),
            plain(row["status"]),
            *(
                "" if is_missing(row[column]) else f"{row[column]:,.0f}"
                for column in ("rows_first", "rows_second", "rows_added", "rows_removed", "rows_changed")
            ),
            *([_columns_words(row)] if said else []),
        )
        for row in told
    )
    columns = (
        *text_columns("Table", "How they stand"),
        *number_columns("Rows, first", "Rows, second", "New", "Gone", "Changed"),
        *text_columns(*(["Columns"] if said else [])),
    )
    made = Table("tables", "Every table of either run", columns, rows)
    return Section("Table by table", (), (made,))


def _columns_words(row: Row) -> str:
    told = "" if is_missing(row["columns"]) else str(row["columns"])
    apart = row["status"] == "differs" and is_missing(row["keys"])
    return f"kept by other labels, so not joined row by row; {told}" if apart else told


def _changes_section(run: Run) -> Section | None:
    changes = table(run, "changes")
    # What a measure's value was stands among the headline figures already.
    changes = changes[~(changes["column"].eq("value") & changes["table"].isin(set(table(run, "headlines")["table"])))]
    keys = dict(zip(table(run, "tables")["table"], table(run, "tables")["keys"], strict=True))
    tables = tuple(
        _changes_table(run, str(name), str(keys[name]).split(";"), rows)
        for name, rows in changes.groupby("table", sort=False)
    )
    said = ("The cells that differ most, each beside the largest difference in its column.",)
    return Section("What changed", said, tables) if tables else None


def _changes_table(run: Run, name: str, keys: list[str], rows: pd.DataFrame) -> Table:
    records = (
        rows.assign(weight=_weights(rows)).sort_values("weight", ascending=False, kind="stable").to_dict("records")
    )
    placements = {code: placement_name(code) for code in PLACEMENTS}
    names = {"locality": locality_names(run), "unit": unit_names(run), "placement": placements}
    split = [str(row["key"]).split(KEY_SEPARATOR) for row in records]
    # A key that is numbered, or has the separator in it, stands as one.
    whole = any(len(parts) != len(keys) for parts in split)
    cells = tuple(
        (
            *(
                [str(row["key"])]
                if whole
                else [_key_words(run, *pair, names) for pair in zip(keys, parts, strict=True)]
            ),
            COLUMNS.get(str(row["column"]), plain(row["column"])),
            *(_side(row, side) for side in ("first", "second")),
            WITHHELD if is_hidden(row, "difference") else number_words(row["difference"], _cell_kind(row), signed=True),
        )
        for row, parts in list(zip(records, split, strict=True))[:MOST_CHANGES]
    )
    heads = ["Row"] if whole else [COLUMNS.get(key, plain(key)) for key in keys]
    columns = (*text_columns(*heads, "What"), *number_columns("First", "Second", "Difference"))
    note = f"{MOST_CHANGES} of {len(records):,}; all are in tables/changes.csv." if len(records) > MOST_CHANGES else ""
    return Table(f"changes-{name}", label("table", name), columns, cells, note=note)


def _weights(rows: pd.DataFrame) -> "pd.Series[float]":
    """How much a cell changed for its column; where one side is missing, how large the other is for it."""
    numeric = rows["column"].map(column_kind).isin(["pounds", "minutes", "count"])
    sides = rows[["first", "second"]].where(numeric, None).apply(pd.to_numeric)
    size = rows["difference"].astype("float64").abs().fillna(sides.abs().max(axis=1)).fillna(0.0)
    return size / size.groupby(rows["column"]).transform("max").replace(0.0, 1.0)


def _key_words(run: Run, key: str, part: str, names: Mapping[str, Mapping[str, str]]) -> str:
    if key == "question":
        return question_words(run, part)
    if key == "year" and part.isdigit():
        return school_year(part)
    return "All" if part == ALL else names.get(key, {}).get(part) or label(key, part)


def _cell_kind(row: Row) -> str:
    return column_kind(str(row["column"]))


def _side(row: Row, side: str) -> str:
    if is_hidden(row, side):
        return WITHHELD
    if is_missing(row[side]):
        return NONE
    if _cell_kind(row) in {"text", "yes_no"}:
        return label(str(row["column"]), row[side])
    return number_words(float(row[side]), _cell_kind(row))


@in_its_words
def compare_html(run: Run) -> str:
    """The whole page as text; ``run`` is shown as it is, internal or share-safe as it was made."""
    lede, *said = compare_sentences(run)
    sections = (_figures_section(run), _facts_section(run), _tables_section(run), _changes_section(run))
    reading = (
        "Differences are the second run less the first, and per cent are of the first.",
        "A figure that is withheld reads c, and so does every difference from it: what changed behind it is not known.",
        *how_to_read(run),
    )
    shown = [section for section in sections if section is not None]
    return (
        page_environment()
        .get_template("compare.html.j2")
        .render(
            title=title(run),
            county=run.county,
            internal=run.internal,
            data_label=run.facts["data_label"],
            as_of=run.facts.get("as_of", ""),
            lede=lede,
            said=said,
            tiles=_tiles(run),
            sections=[*shown, Section("How to read it", reading, ())],
            provenance=provenance(run),
            footer=FOOTER,
        )
    )
