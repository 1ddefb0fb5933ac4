"""The rows of a spreadsheet, gathered by home: which column says what, where each value stands, what contradicts."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from hub.settings.fault import Fact, Fault, Wrong, hint
from hub.settings.form_sections import new_id
from hub.settings.sentences import as_it_is
from hub.settings.sheet import Cell, Row
from hub.settings.sheet_columns import ADDRESS, AREA, BY_NAME, COLUMNS, HOME_ID, SHEETS, Column, Kind, plain

# A title and some words may stand above the header.
_HEADER_WITHIN = 20
_SPLIT = re.compile(r"[,，、;；/\n]+")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?")
_YEAR = re.compile(r"(\d{4})(?:年|[-/.年]\d{1,2}.*)?")

# Without these a home, contact or device is not what the row says: what follows from that is not told as well.
_NEEDED = frozenset(
    {
        ("home", "id"),
        ("home", "area"),
        ("home", "address"),
        ("contact", "name"),
        ("contact", "phone"),
        ("device", "kind"),
        ("device", "topic"),
    }
)

Values = dict[tuple[str, str], "Value"]


@dataclass(frozen=True, slots=True)
class Value:
    """What one cell says, and where it stands, in words of the reader. `words`: one of several in a cell."""

    text: str
    place: str
    words: tuple[str, ...] = ()


@dataclass
class HomeRows:
    """All that a spreadsheet says of one home. `place` is where it first stands.

    `spoiled`: a cell that it cannot do without could not be read, which was told.
    """

    id: str
    place: str
    values: Values = field(default_factory=dict)
    devices: list[dict[str, Value]] = field(default_factory=list)
    spoiled: bool = False

    def of(self, what: str) -> dict[str, Value]:
        """Return what is said of the home, of one resident or one contact, by key."""
        return {key: value for (of, key), value in self.values.items() if of == what}


class Gathering:
    """Takes the rows of all sheets; what is wrong with single cells is in `faults`, in the order of the rows."""

    def __init__(self, language: str) -> None:
        """Write places in `zh-CN` or `en`."""
        self.homes: dict[str, HomeRows] = {}
        self.faults: list[Fault] = []
        self._language = language
        self._chinese = language.startswith("zh")
        self._order: dict[str, int] = {}
        self._has_header = False

    def take(self, sheets: Iterable[tuple[str, Iterator[Row]]]) -> None:
        """Read all sheets; raises Wrong if none has a header that we know."""
        for name, rows in sheets:
            if name not in {names[2] for names in SHEETS.values()}:
                self._sheet(name, rows)
        if not self._has_header:
            raise Wrong("sheet_header")
        if not self.homes and not self.faults:
            raise Wrong("sheet_empty")

    def place(self, sheet: str, row: int, column: str) -> str:
        """Return where a cell stands, as people say it; places are remembered in their order."""
        if self._chinese:
            said = f"{f'“{sheet}”' if sheet else ''}第 {row} 行“{column}”列"
        else:
            said = f'{f"sheet {sheet}, " if sheet else ""}row {row}, column "{column}"'
        self._order.setdefault(said, len(self._order))
        return said

    def fault(self, place: str, sentence: str, **facts: Fact) -> None:
        """Add a mistake in one cell."""
        self.faults.append(Fault(place, None, sentence, facts))

    def said(self, faults: Iterable[Fault]) -> tuple[str, ...]:
        """Return sentences in the order of the rows, each once."""
        known = sorted(faults, key=lambda fault: self._order.get(fault.path, len(self._order)))
        between = "：" if self._chinese else ": "
        return tuple(dict.fromkeys(f"{f.path}{between if f.path else ''}{f.text(self._language)}" for f in known))

    # --- one sheet

    def _sheet(self, name: str, rows: Iterator[Row]) -> None:
        header: dict[int, Column] = {}
        previous: HomeRows | None = None
        for number, cells in rows:
            if not header:
                header = self._header(name, number, cells) if number <= _HEADER_WITHIN else {}
                if number >= _HEADER_WITHIN and not header:
                    return
            elif any(cell.text or cell.wrong for cell in cells):
                previous = self._row(name, number, header, cells, previous)

    def _header(self, sheet: str, number: int, cells: Sequence[Cell]) -> dict[int, Column]:
        """Return which column stands where, if this row names at least two that we know and one that names homes."""
        found = {at: column for at, cell in enumerate(cells) if (column := BY_NAME.get(plain(cell.text)))}
        if len(found) < 2 or not any(column in (HOME_ID, AREA, ADDRESS) for column in found.values()):
            return {}
        self._has_header = True
        names = [column.name(self._language) for column in COLUMNS]
        seen: set[tuple[str, str]] = set()
        for at, cell in enumerate(cells):
            place = self.place(sheet, number, cell.text)
            if cell.text and at not in found:
                self.fault(place, "sheet_column", value=cell.text, hint=hint(cell.text, names))
            elif at in found and (found[at].of, found[at].key) in seen:
                self.fault(place, "sheet_column_twice")
            elif at in found:
                seen.add((found[at].of, found[at].key))
        return found

    def _row(
        self, sheet: str, number: int, header: dict[int, Column], cells: Sequence[Cell], previous: HomeRows | None
    ) -> HomeRows | None:
        values: Values = {}
        spoiled = False
        for at, column in header.items():
            if at < len(cells) and (cells[at].text or cells[at].wrong):
                place = self.place(sheet, number, column.name(self._language))
                try:
                    values[column.of, column.key] = _read(cells[at], column, place, self._language)
                except Wrong as wrong:
                    self.fault(place, wrong.sentence, **wrong.facts)
                    spoiled = spoiled or (column.of.rstrip("0123456789"), column.key) in _NEEDED
        home = self._home(sheet, number, values, previous, spoiled=spoiled)
        if home is None:
            return previous
        home.spoiled = home.spoiled or spoiled
        device: dict[str, Value] = {}
        for (of, key), value in values.items():
            if of == "device":
                device[key] = value
            elif (known := home.values.setdefault((of, key), value)).text != value.text:
                other = as_it_is(known.place)
                self.fault(value.place, "row_differs", value=value.text, other=other, was=known.text)
        if device:
            home.devices.append(device)
        return home

    def _home(
        self, sheet: str, number: int, values: Values, previous: HomeRows | None, *, spoiled: bool
    ) -> HomeRows | None:
        """Return whose row this is: by id, by area and address, or, with a merged cell, of the one above."""
        named = values.get((HOME_ID.of, HOME_ID.key))
        area, address = (values.get((column.of, column.key)) for column in (AREA, ADDRESS))
        place = self.place(sheet, number, HOME_ID.name(self._language))
        if named is not None:
            id = named.text
        elif area is not None and address is not None:
            id = new_id("h", area.text, plain(address.text))
        elif previous is not None and values and all(of == "device" for of, _ in values):
            return previous
        else:
            if not spoiled:
                self.fault(place, "cell_missing")
            return None
        return self.homes.setdefault(id, HomeRows(id, place))


def _read(cell: Cell, column: Column, place: str, language: str) -> Value:
    """Return what a cell means; raises Wrong."""
    if cell.wrong is not None:
        raise Wrong(cell.wrong, value=cell.text)
    text = " ".join(cell.text.split())
    if column.kind is not Kind.TEXT:
        text = unicodedata.normalize("NFKC", text)
    match column.kind:
        case Kind.WORD:
            return Value(_word(text, column, language), place)
        case Kind.WORDS:
            words = tuple(_word(each.strip(), column, language) for each in _SPLIT.split(cell.text) if each.strip())
            return Value(" ".join(words), place, tuple(dict.fromkeys(words)))
        case Kind.DAY:
            return Value(_day(text), place)
        case Kind.YEAR:
            if not (match := _YEAR.fullmatch(text)):
                raise Wrong("cell_year", value=text)
            return Value(match[1], place)
        case _:
            return Value(text, place)


def _word(text: str, column: Column, language: str) -> str:
    if (meant := column.words.get(plain(text))) is None:
        allowed = column.allowed(language)
        raise Wrong("cell_word", value=text, hint=hint(text, allowed), allowed=allowed)
    return meant


def _day(text: str) -> str:
    if text.isdigit() and len(text) == len("20260301"):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    match = _DAY.fullmatch(text)
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        pass
    raise Wrong("cell_day", value=text)
