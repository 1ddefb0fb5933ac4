"""What the page of an area shows: where to look first, how its homes are covered, where gaps come from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.accounts import Right
from hub.alerts.alert import Stage
from hub.alerts.policy import Severity
from hub.coverage import Coverage, Lack, Missing
from hub.homes import EMPTY_MODES, Home
from hub.levels import Level, level, path
from hub.ports.overview import AlertMark
from hub.rota import on_duty
from hub.web.console import coverage_words as say
from hub.web.console.listing import by_address
from hub.web.console.overview import Overview, area_of
from hub.web.console.squares import Picture, Square, picture
from hub.web.console.visit import Visit

# A picture of every village of a county would be a wall: the areas that wait for somebody are enough.
BLOCKS = 2
# So many alerts are named in words beside a village; the squares show all.
_NAMED = 3
_ORDER = (Coverage.PROTECTED, Coverage.GAPS, Coverage.NOT_PROTECTED, Coverage.NOT_KNOWN)
_SQUARES = {
    Coverage.PROTECTED: Square.OK,
    Coverage.GAPS: Square.GAP,
    Coverage.NOT_PROTECTED: Square.NONE,
    Coverage.NOT_KNOWN: Square.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Marks:
    """How many alerts of each kind an area has: emergencies and warnings that wait or are held, notices."""

    waiting: int = 0
    held: int = 0
    warnings: int = 0
    warnings_held: int = 0
    notices: int = 0

    @property
    def none(self) -> bool:
        """Whether nothing is open."""
        return not (self.waiting or self.held or self.warnings or self.warnings_held or self.notices)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar: its class, where it begins and how wide it is, in percent."""

    look: str
    start: str
    width: str


@dataclass(frozen=True, slots=True)
class Row:
    """One area in a list. `address` is its page; of the homes that lie in no narrower area it is their list.

    `lost`: homes without connection, among those that are not known.
    """

    code: str
    name: str
    address: str
    counts: Mapping[Coverage, int]
    homes: int
    bar: Sequence[Part]
    bar_says: str
    marks: Marks
    duty: Sequence[str]
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Tag:
    """An alert in words beside a village."""

    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Village:
    """A village as squares, with the words that say the same."""

    row: Row
    picture: Picture
    tags: Sequence[Tag]
    more: int
    out: int
    gaps: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Block:
    """An area whose villages are drawn, or whose parts are listed; `only` if just those with something to see."""

    row: Row
    villages: Sequence[Village] = ()
    rows: Sequence[Row] = ()
    only: bool = False


@dataclass(frozen=True, slots=True)
class AreaView:
    """All that the page shows."""

    code: str
    name: str
    crumbs: Sequence[tuple[str, str]]
    row: Row
    rows: Sequence[Row]
    blocks: Sequence[Block]
    gaps: Sequence[tuple[Lack, int, str]]
    complete: bool


def view(visit: Visit, seen: Overview, codes: Sequence[str]) -> AreaView:
    """Return the page of an area; of several if an account has areas that lie apart."""
    drawing = _Drawing(visit, seen)
    single = len(codes) == 1
    code = codes[0] if single else ""
    rows = drawing.rows(code) if single else drawing.ranked([drawing.row(one) for one in codes])
    own = drawing.row(code) if single else _joined(visit, drawing, rows)
    within = [home for one in codes for home in drawing.homes(one)]
    return AreaView(
        code,
        own.name,
        drawing.crumbs(code) if single else (),
        own,
        rows,
        drawing.blocks(code, rows) if single else [drawing.block(row, only=False) for row in rows[:BLOCKS]],
        say.counted(visit.words, _missing(seen, within)),
        seen.is_complete,
    )


def _missing(seen: Overview, homes: Iterable[Home]) -> Iterable[Sequence[Missing]]:
    return (seen.missing(home.id) for home in homes)


def _joined(visit: Visit, drawing: "_Drawing", rows: Sequence[Row]) -> Row:
    """Return the sum of areas that lie apart."""
    counts: Counter[Coverage] = Counter()
    for row in rows:
        counts.update(row.counts)
    marks = [row.marks for row in rows]
    total = Marks(*(sum(getattr(one, name) for one in marks) for name in Marks.__slots__))
    return drawing.of("", visit.words.say("Your areas"), "/areas", counts, total)


class _Drawing:
    """Draws areas from one overview for one visitor."""

    def __init__(self, visit: Visit, seen: Overview) -> None:
        self.visit = visit
        self.seen = seen
        self._by_area: dict[str, list[AlertMark]] = {}
        for mark in seen.marks:
            area = area_of(mark, seen.registry)
            if area is not None:
                self._by_area.setdefault(area, []).append(mark)

    # --- rows

    def rows(self, code: str) -> list[Row]:
        """Return the areas right below, the most urgent first; and the homes that lie in none of them."""
        below = self.seen.below.get(code, ())
        rows = self.ranked([self.row(one) for one in below])
        own = self.seen.registry.homes_by_area.get(code, ())
        if below and own:
            counts = Counter(self.seen.coverage(home.id) for home in own)
            name = self.visit.words.say("%(area)s itself", area=say.area(self.visit, code))
            address = f"/homes?area={code}&only=1"
            rows.append(self.of(code, name, address, counts, _marks(_counted(self._by_area.get(code, ())))))
        return rows

    def row(self, code: str) -> Row:
        """Return one area with everything below it."""
        counts, marks = self.seen.sums.get(code, Counter()), _marks(self.seen.alerts.get(code, Counter()))
        return self.of(code, say.area(self.visit, code), f"/areas/{code}", counts, marks)

    def of(self, code: str, name: str, address: str, counts: Mapping[Coverage, int], marks: Marks) -> Row:
        """Return the row of these counts."""
        homes = sum(counts.values())
        duty = [person.name for person in on_duty(self.seen.registry, [code])[:2]] if code else []
        says = self._bar_says(counts, homes)
        return Row(code, name, address, counts, homes, _bar(counts), says, marks, duty, self.seen.lost.get(code, 0))

    @staticmethod
    def ranked(rows: Sequence[Row]) -> list[Row]:
        """Return the rows with what waits for somebody first."""
        return sorted(rows, key=lambda row: (*_urgency(row), row.name, row.code))

    def _bar_says(self, counts: Mapping[Coverage, int], homes: int) -> str:
        words = self.visit.words
        parts = [f"{say.coverage(words, kind)} {counts[kind]}" for kind in _ORDER if counts.get(kind)]
        separator = "，" if words.is_chinese else ", "
        return (
            words.count("%(n)s home", "%(n)s homes", homes)
            + ("：" if words.is_chinese else ": ")
            + separator.join(parts)
        )

    # --- blocks of villages

    def blocks(self, code: str, rows: Sequence[Row]) -> list[Block]:
        """Return what is drawn beside the list: the area's own villages, or those of its most urgent parts."""
        below = self.seen.below.get(code, ())
        if not below or any(level(one) is Level.VILLAGE for one in below):
            return [self.block(self.row(code), only=False)]
        wanted = [row for row in rows if row.code != code][:BLOCKS]
        return [self.block(row, only=n > 0) for n, row in enumerate(wanted)]

    def block(self, row: Row, *, only: bool) -> Block:
        """Return one area drawn; with `only`, those of its villages in which something is not as it should be."""
        below = self.seen.below.get(row.code, ())
        if below and all(level(one) is not Level.VILLAGE for one in below):
            return Block(row, rows=self.rows(row.code))
        rows = self.rows(row.code) if below else [row]
        if only:
            rows = [one for one in rows if one.counts.get(Coverage.PROTECTED) != one.homes or not one.marks.none]
        return Block(row, [self.village(one) for one in rows], only=only)

    def village(self, row: Row) -> Village:
        """Return a village as squares."""
        homes = self.own(row.code)
        marks = self._by_area.get(row.code, [])
        worst = {mark.home_id: _square(mark) for mark in reversed(marks)}  # they come most severe first
        squares = [worst.get(home.id) or self._square(home) for home in homes]
        named = [mark for mark in marks if mark.severity is not Severity.NOTICE]
        missing = say.counted(self.visit.words, _missing(self.seen, homes))
        return Village(
            row,
            picture(squares),
            [self._tag(mark) for mark in named[:_NAMED]],
            max(0, len(named) - _NAMED),
            sum(1 for home in homes if self._is_out(home)),
            [(words, count) for _, count, words in missing],
        )

    def own(self, code: str) -> Sequence[Home]:
        """Return the homes that lie right in this area, in the order in which people find them."""
        return sorted(self.seen.registry.homes_by_area.get(code, ()), key=by_address)

    def homes(self, code: str) -> list[Home]:
        """Return all homes of an area and of those below."""
        by_area = self.seen.registry.homes_by_area
        return [home for area, homes in by_area.items() if code in path(area) for home in homes]

    def _square(self, home: Home) -> Square:
        found = self.seen.coverage(home.id)
        return Square.OUT if found is Coverage.PROTECTED and self._is_out(home) else _SQUARES[found]

    def _is_out(self, home: Home) -> bool:
        mode = home.mode_at(self.visit.now)
        return mode is not None and mode[0] in EMPTY_MODES

    def _tag(self, mark: AlertMark) -> Tag:
        words = self.visit.words
        home = self.seen.registry.homes.get(mark.home_id)
        what = words.catalogue.what.get(mark.what, words.catalogue.phrases.alert)
        holder = self.seen.registry.people.get(mark.holder or "")
        said = f"{home.who} {what}" if home else what
        if mark.stage is not Stage.OPEN:
            said = words.say(
                "%(what)s, %(who)s has it", what=said, who=holder.name if holder else words.say("somebody")
            )
        look = {Square.EMERGENCY: "em", Square.HELD: "held"}.get(_square(mark) or Square.OK, "wa")
        return Tag(look, said)

    # --- the way up

    def crumbs(self, code: str) -> list[tuple[str, str]]:
        """Return the areas above this one that the visitor may open, widest first."""
        wider = [one for one in path(code)[1:] if one in self.seen.sums and self.visit.may(Right.SEE_HOMES, one)]
        return [(f"/areas/{one}", say.area(self.visit, one)) for one in reversed(wider)]


def _square(mark: AlertMark) -> Square | None:
    """Return how an alert is drawn; notices are gaps of coverage, and drawn as those."""
    if mark.severity is Severity.EMERGENCY:
        return Square.EMERGENCY if mark.stage is Stage.OPEN else Square.HELD
    return Square.WARNING if mark.severity is Severity.WARNING else None


def _counted(marks: Iterable[AlertMark]) -> Counter[tuple[Severity, bool]]:
    return Counter((mark.severity, mark.stage is Stage.OPEN) for mark in marks)


def _marks(counts: Mapping[tuple[Severity, bool], int]) -> Marks:
    def of(severity: Severity, *, is_open: bool) -> int:
        return counts.get((severity, is_open), 0)

    return Marks(
        of(Severity.EMERGENCY, is_open=True),
        of(Severity.EMERGENCY, is_open=False),
        of(Severity.WARNING, is_open=True),
        of(Severity.WARNING, is_open=False),
        of(Severity.NOTICE, is_open=True) + of(Severity.NOTICE, is_open=False),
    )


def _urgency(row: Row) -> tuple[int, ...]:
    """Return what sorts areas: who waits, what is not known, what waits with less hurry, what is held."""
    marks, counts = row.marks, row.counts
    first = (marks.waiting, marks.warnings, row.lost, marks.held, marks.warnings_held)
    return tuple(-n for n in (*first, counts.get(Coverage.NOT_PROTECTED, 0), counts.get(Coverage.GAPS, 0)))


def _bar(counts: Mapping[Coverage, int]) -> list[Part]:
    """Return the bar's pieces; a single home among hundreds is still seen."""
    shares = {kind: max(counts[kind], 0) for kind in _ORDER if counts.get(kind)}
    least = sum(shares.values()) / 100
    widths = {kind: max(share, least) for kind, share in shares.items()}
    total = sum(widths.values())
    parts, start = [], 0.0
    for kind, width in widths.items():
        share = 100 * width / total
        parts.append(Part(say.LOOKS[kind][2], f"{start:.2f}%", f"{share:.2f}%"))
        start += share
    return parts
