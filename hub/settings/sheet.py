"""Spreadsheets to rows of plain text: CSV as Chinese and Western offices save it, and Excel's xlsx.

A spreadsheet comes from outside: its size, its rows and what it unpacks to are bounded, nothing in it is computed.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from hub.settings.fault import Wrong

_MEGABYTE = 1_000_000
LARGEST = 16 * _MEGABYTE
# What 100,000 rows of text unpack to, and a factor that text in tables does not exceed.
_LARGEST_UNPACKED, _MOST_PARTS = 400 * _MEGABYTE, 2_000
MOST_ROWS, MOST_COLUMNS, _LONGEST_CELL = 100_000, 60, 2_000
_LAST_ROW = 1_048_576  # of Excel
_ENCODINGS = ("utf-8-sig", "gb18030")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_XLS = b"\xd0\xcf\x11\xe0"
_SEPARATORS = ",;\t"
_EXPONENT = re.compile(r"[0-9]+(\.[0-9]+)?[eE]\+[0-9]+")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as text; `wrong` is the sentence about one that cannot be read."""

    text: str = ""
    wrong: str | None = None


EMPTY = Cell()
Row = tuple[int, Sequence[Cell]]


def read_sheets(name: str, data: bytes) -> Iterator[tuple[str, Iterator[Row]]]:
    """Give each sheet with its rows, numbered from 1 as people see them; raises Wrong if it is no spreadsheet."""
    if len(data) > LARGEST:
        raise Wrong("sheet_large", limit=LARGEST // _MEGABYTE)
    if data.startswith(_XLS):
        raise Wrong("sheet_old")
    if data.startswith(b"PK"):
        return _xlsx(data)
    if name.lower().endswith((".xlsx", ".xlsm", ".ods")) or (
        b"\0" in data[:1000].removeprefix(data[:2]) and not _is_utf16(data)
    ):
        raise Wrong("sheet_unknown")
    return iter([("", _csv(data))])


def _is_utf16(data: bytes) -> bool:
    return data.startswith(_UTF16)


# --- csv


def _csv(data: bytes) -> Iterator[Row]:
    text = _decoded(data)
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=head.count)
    csv.field_size_limit(_LONGEST_CELL * 10)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line, filled = 0, 0
    try:
        for values in reader:
            line += 1  # a cell with line breaks in it is one row to people, but several lines of the file
            if not any(values):
                continue
            if (filled := filled + 1) > MOST_ROWS:
                raise Wrong("sheet_rows", limit=MOST_ROWS)
            yield line, [_text_cell(value) for value in values[:MOST_COLUMNS]]
    except csv.Error as error:
        raise Wrong("sheet_csv", row=line + 1, reason=str(error)) from error


def _decoded(data: bytes) -> str:
    if _is_utf16(data):  # "Unicode text" of Excel
        return data.decode("utf-16", "replace")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Wrong("sheet_encoding")


def _text_cell(value: str) -> Cell:
    text = value.strip()
    if len(text) > _LONGEST_CELL:
        return Cell("", "cell_long")
    if _EXPONENT.fullmatch(text):
        return Cell(text, "cell_exponent")  # the digits are lost: Excel wrote the number as it was shown
    if text.startswith("=") and len(text) > 1:
        text = text[1:].strip('"') if re.fullmatch(r'="[^"]*"', text) else text
        return Cell(text, "cell_formula") if text.startswith("=") else Cell(text)
    return Cell(text.removeprefix("'"))


# --- xlsx


def _xlsx(data: bytes) -> Iterator[tuple[str, Iterator[Row]]]:
    _refuse_bomb(data)
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    try:
        # Not "data only": a formula is refused, not taken for what some program computed of it once.
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        names = list(book.sheetnames)
    except Exception as error:  # whatever a broken file makes the library raise
        raise Wrong("sheet_broken") from error
    return ((name, _rows(book[name])) for name in names if hasattr(book[name], "iter_rows"))


def _refuse_bomb(data: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise Wrong("sheet_broken") from error
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _LARGEST_UNPACKED:
        raise Wrong("sheet_bomb", limit=_LARGEST_UNPACKED // _MEGABYTE)
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise Wrong("sheet_unknown")


def _rows(sheet: Any) -> Iterator[Row]:
    from openpyxl.cell.read_only import EMPTY_CELL  # type: ignore[import-untyped]

    sheet.reset_dimensions()  # what the file says of its size may be wrong, or a lie
    filled = 0
    try:
        for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, max_row=_LAST_ROW), start=1):
            # A format that somebody gave to a whole column makes a million rows without a word.
            if {*map(id, row)} == {id(EMPTY_CELL)} or all(cell.value is None for cell in row):
                continue
            if (filled := filled + 1) > MOST_ROWS:
                raise Wrong("sheet_rows", limit=MOST_ROWS)
            yield number, [_cell(cell) for cell in row]
    except Wrong:
        raise
    except Exception as error:
        raise Wrong("sheet_broken") from error


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return EMPTY
    kind = cell.data_type
    if kind == "f":
        return Cell(str(value)[:60], "cell_formula")
    if kind == "e":
        return Cell(str(value), "cell_error")
    if isinstance(value, str):
        return _text_cell(value)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, int):
        return Cell(str(value))
    if isinstance(value, float):
        return Cell(str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value))
    if isinstance(value, datetime):
        return Cell(value.date().isoformat() if value.time() == time() else value.isoformat(" "))
    return Cell(value.isoformat() if isinstance(value, (date, time)) else str(value))


# --- the template


def write_xlsx(sheets: Iterable[tuple[str, Sequence[Sequence[str]]]]) -> bytes:
    """Return a workbook of text cells; the first row of each sheet is its header."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill  # type: ignore[import-untyped]
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cell in sheet[1]:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E4EFEA")
        for column in range(1, len(rows[0]) + 1):
            widest = max(sum(2 if ord(char) > 0x2E80 else 1 for char in row[column - 1]) for row in rows[:3])
            letter = get_column_letter(column)
            sheet.column_dimensions[letter].width = min(max(widest + 3, 12), 80)
            # Text, so that Excel takes no digits off codes and numbers that are typed below the example.
            for line in range(1, len(rows) + 200):
                cell = sheet.cell(line, column)
                cell.number_format = "@"
                cell.alignment = Alignment(vertical="top", wrap_text=widest > 60)
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as UTF-8 with the mark that makes Excel read it as such."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode("utf-8-sig")
