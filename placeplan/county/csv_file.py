"""Reading one csv file: UTF-8 with or without a byte order mark, columns separated by commas."""

import csv
import io

from placeplan.county.faults import shown
from placeplan.county.raw import RawTable, cell_text, raw_table
from placeplan.errors import Fault

__all__ = ["decode", "read_csv_table"]


def decode(table: str, file: str, data: bytes) -> tuple[str | None, list[Fault]]:
    """The text of a file, or a fault that names the file and the line of the first byte that is not UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = str(data[: error.start].count(b"\n") + 1)
        found = f"byte 0x{data[error.start]:02X} on line {line} of {file}"
        return None, [Fault(table, line, "", found, "UTF-8 text; in Excel, save as CSV UTF-8")]
    if "\0" in text:
        line = str(text[: text.index("\0")].count("\n") + 1)
        return None, [Fault(table, line, "", f"a null character on line {line} of {file}", "UTF-8 text")]
    return text, []


def read_csv_table(table: str, file: str, data: bytes) -> tuple[RawTable | None, list[Fault]]:
    """The table in ``data``, or None with the faults that keep it from being read at all."""
    text, faults = decode(table, file, data)
    if text is None:
        return None, faults
    if not text.strip():
        return None, [Fault(table, "", "", f"an empty file, {file}", "a header line and rows")]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str | None] | None = None
    lines: list[tuple[int, list[str | None]]] = []
    started = 1
    try:
        for cells in reader:
            line, started = started, reader.line_num + 1
            texts = [cell_text(cell) for cell in cells]
            if header is None:
                if any(text is not None for text in texts):
                    header = texts
            elif any(text is not None for text in texts):
                lines.append((line, texts))
    except csv.Error as error:
        expected = f"cells separated by commas, with quotation marks in pairs ({error})"
        return None, [Fault(table, str(started), "", file, expected)]
    if header is None:
        return None, [Fault(table, "", "", f"an empty file, {file}", "a header line and rows")]
    if len(header) == 1 and header[0] is not None and any(mark in header[0] for mark in ";\t|"):
        return None, [Fault(table, "1", "", shown(header[0]), "columns separated by commas")]
    return raw_table(table, file, header, lines)
