"""24 hours of a home as a picture: where somebody moved, what nobody could hear, who was away, what alarmed. Pure.

One row a room, one cell 15 minutes. Times are the reader's; a day on which clocks change has its 24 hours all the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from hub.alerts.alert import Alert
from hub.homes import Act, Device, DeviceKind, Home, HomeMode
from hub.rules import gaps
from hub.rules.gaps import HUB, Gap, Span
from hub.rules.life import can_tell
from hub.web.console.home_sight import CELL, CELLS, MODE_EVENTS, Past
from hub.web.console.words import Words

# The drawing: names on the left, then the day; heights of what stands above, of a row, of the hours below.
LEFT, RIGHT, TOP, ROW, BELOW = 64.0, 912.0, 30.0, 24.0, 40.0
WIDE = (RIGHT - LEFT) / CELLS
# More in a cell is darker, in four steps; one sensor that sees somebody speaks every minute or two.
STEPS = (1, 3, 6, 10)
# Night is when most of the villages sleep; it only grounds the picture.
NIGHT_FROM, NIGHT_TO = 22, 6
HOURS = 3


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the drawing, and what stands in it."""

    x: float
    y: float
    width: float
    height: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One room: how often something moved in each cell, and when none of its sensors could be heard."""

    name: str
    counts: tuple[int, ...]
    unheard: tuple[Span, ...]

    @property
    def moved(self) -> bool:
        """Whether anything moved."""
        return any(self.counts)


@dataclass(frozen=True, slots=True)
class Mark:
    """One alert on the picture."""

    alert: Alert
    x: float
    text: str
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, ready to be drawn. `paths` holds the cells of each of the four steps; `said` is the same in words."""

    rows: tuple[Row, ...]
    height: float
    paths: tuple[str, ...]
    nights: tuple[Box, ...]
    hatched: tuple[Box, ...]
    outlined: tuple[Box, ...]
    marks: tuple[Mark, ...]
    hours: tuple[tuple[float, str], ...]
    now_x: float
    said: tuple[str, ...] = field(default=())

    @property
    def foot(self) -> float:
        """Where the last row ends."""
        return TOP + ROW * len(self.rows)


@dataclass(frozen=True, slots=True)
class Stay:
    """That a home was in a mode."""

    mode: HomeMode
    since: datetime
    until: datetime


def picture(home: Home, past: Past, now: datetime, words: Words) -> Picture:
    """Return the picture of a home."""
    rows = _rows(home, past, now, words)
    days = stays(home, past.modes, past.since, now)
    alerts = sorted((a for a in past.alerts if past.since <= a.opened_at <= now), key=lambda a: a.opened_at)
    foot = TOP + ROW * len(rows)
    return Picture(
        rows=rows,
        height=foot + BELOW,
        paths=tuple(_path(rows, step) for step in range(len(STEPS))),
        nights=_nights(past, words, foot),
        hatched=tuple(
            Box(_x(past, a), TOP + ROW * n + 3, _x(past, b) - _x(past, a), ROW - 6)
            for n, row in enumerate(rows)
            for a, b in row.unheard
        ),
        outlined=tuple(
            Box(
                _x(past, s.since),
                TOP,
                _x(past, min(s.until, past.until)) - _x(past, s.since),
                foot - TOP,
                mode_word(words, s.mode),
            )
            for s in days
        ),
        marks=_marks(alerts, past, words),
        hours=_hours(past, now, words),
        now_x=_x(past, now),
        said=sentences(rows, days, alerts, past, now, words),
    )


def stays(home: Home, modes: Iterable[Act], since: datetime, now: datetime) -> tuple[Stay, ...]:
    """Return in which modes a home was between `since` and `now`, oldest first; each ends with the next one."""
    found: list[Stay] = []
    said = sorted((act for act in modes if act.event in MODE_EVENTS and act.at <= now), key=lambda act: act.at)
    for n, act in enumerate(said):
        following = said[n + 1] if n + 1 < len(said) else None
        if act.event not in set(HomeMode):
            continue
        until = datetime.fromisoformat(str(act.detail.get("until", act.at.isoformat())))
        ends = min(until, following.at) if following is not None else until
        if ends > max(act.at, since):
            found.append(Stay(HomeMode(act.event), max(act.at, since), ends))
    holds = home.mode_at(now)
    if holds is not None and not any(stay.until > now for stay in found):
        found.append(Stay(holds[0], found[-1].until if found else since, holds[1]))  # set by a file
    return tuple(found)


def mode_word(words: Words, mode: HomeMode) -> str:
    """Return the word for a mode, without its end."""
    return {
        HomeMode.AWAY: words.say("Away"),
        HomeMode.VISITOR: words.say("Visitor"),
        HomeMode.HOSPITAL: words.say("Hospital"),
        HomeMode.MAINTENANCE: words.say("Maintenance"),
        HomeMode.TEST: words.say("Test"),
    }[mode]


def _rows(home: Home, past: Past, now: datetime, words: Words) -> tuple[Row, ...]:
    by_room: dict[str | None, list[Device]] = {}
    for device in home.devices:
        if can_tell(device):
            by_room.setdefault(device.room, []).append(device)
    counts: dict[str, list[int]] = {device.id: [0] * CELLS for device in home.devices}
    for busy in past.sight.busy:
        if busy.device_id in counts and 0 <= busy.cell < CELLS:
            counts[busy.device_id][busy.cell] += busy.count
    found = []
    for room, devices in by_room.items():
        name = words.room(room, home) if room else words.say("No room given")
        sums = tuple(map(sum, zip(*(counts[device.id] for device in devices), strict=True)))
        seeing = [device for device in devices if device.kind is not DeviceKind.BUTTON]
        found.append(Row(name, sums, _unheard(home, seeing, past.gaps, past.since, now)))
    return tuple(found)


def _unheard(
    home: Home, devices: Sequence[Device], known: Sequence[Gap], since: datetime, now: datetime
) -> tuple[Span, ...]:
    """Return when none of these could be heard. Buttons say nothing of a quiet room."""
    of = [gaps.spans(known, (HUB, *gaps.sources(home.prefix, device)), since, now) for device in devices]
    missed = of[0] if of else []
    for spans in of[1:]:
        missed = gaps.both(missed, spans)
    return tuple(missed)


# --- geometry -------------------------------------------------------------------------------------------------


def _x(past: Past, at: datetime) -> float:
    share = (min(max(at, past.since), past.until) - past.since) / (past.until - past.since)
    return round(LEFT + (RIGHT - LEFT) * share, 1)


def _path(rows: Sequence[Row], step: int) -> str:
    """Return all cells of one step as one path: a picture of 500 cells is four shapes."""
    low = STEPS[step]
    high = STEPS[step + 1] if step + 1 < len(STEPS) else None
    parts = []
    for n, row in enumerate(rows):
        y = TOP + ROW * n + 2
        for cell, count in enumerate(row.counts):
            if count >= low and (high is None or count < high):
                parts.append(f"M{LEFT + WIDE * cell + 0.6:.1f} {y:g}h{WIDE - 1.2:.1f}v{ROW - 6:g}h-{WIDE - 1.2:.1f}z")
    return "".join(parts)


def _nights(past: Past, words: Words, foot: float) -> tuple[Box, ...]:
    def is_night(cell: int) -> bool:
        hour = (past.since + CELL * cell).astimezone(words.timezone).hour
        return hour >= NIGHT_FROM or hour < NIGHT_TO

    found: list[Box] = []
    start: int | None = None
    for cell in range(CELLS + 1):
        dark = cell < CELLS and is_night(cell)
        if dark and start is None:
            start = cell
        elif not dark and start is not None:
            found.append(Box(round(LEFT + WIDE * start, 1), TOP, round(WIDE * (cell - start), 1), foot - TOP))
            start = None
    return tuple(found)


def _hours(past: Past, now: datetime, words: Words) -> tuple[tuple[float, str], ...]:
    found = []
    for cell in range(CELLS + 1):
        at = past.since + CELL * cell
        local = at.astimezone(words.timezone)
        x = _x(past, at)
        if local.minute == 0 and local.hour % HOURS == 0 and LEFT + 20 < x < _x(past, now) - 44:
            found.append((x, f"{local:%H:%M}"))
    return tuple(found)


def _marks(alerts: Sequence[Alert], past: Past, words: Words) -> tuple[Mark, ...]:
    """Return the marks; the gravest and newest has its words beside it."""
    named = min(alerts, key=lambda a: (a.severity.rank, -a.opened_at.timestamp()), default=None)
    return tuple(Mark(a, _x(past, a.opened_at), alert_words(a, words), a is named) for a in alerts)


def alert_words(alert: Alert, words: Words) -> str:
    """Return an alert in a few words, with its time of day."""
    what = words.catalogue.what.get(alert.what, words.catalogue.phrases.alert)
    local = alert.opened_at.astimezone(words.timezone)
    return f"{local:%H:%M} {what}"


# --- the same in words ----------------------------------------------------------------------------------------


def sentences(
    rows: Sequence[Row],
    days: Sequence[Stay],
    alerts: Sequence[Alert],
    past: Past,
    now: datetime,
    words: Words,
) -> tuple[str, ...]:
    """Return what the picture shows."""
    found = [_movement(rows, past, now, words)]
    joined = words.catalogue.phrases.joined
    unheard = [
        words.say(
            "%(room)s %(spans)s", room=row.name, spans=joined.join(_span(words, span, now) for span in row.unheard)
        )
        for row in rows
        if row.unheard
    ]
    if unheard:
        found.append(words.say("No signal: %(list)s.", list=joined.join(unheard)))
    for stay in days:
        span = _span(words, (stay.since, stay.until), now)
        found.append(words.say("%(mode)s: %(span)s.", mode=mode_word(words, stay.mode), span=span))
    if alerts:
        found.append(words.say("Alerts: %(list)s.", list=joined.join(alert_words(a, words) for a in alerts[-6:])))
    return tuple(found)


def _movement(rows: Sequence[Row], past: Past, now: datetime, words: Words) -> str:
    cells = sorted({n for row in rows for n, count in enumerate(row.counts) if count})
    if not rows:
        return words.say("No sensor here sees movement.")
    if not cells:
        return words.say("No movement in these 24 hours.")
    first, last = (past.since + CELL * cells[0], past.since + CELL * cells[-1])
    busiest = max(rows, key=lambda row: sum(row.counts))
    told = words.say(
        "Movement from %(first)s to %(last)s, most in: %(room)s.",
        first=_time(words, first),
        last=_time(words, min(last + CELL, now)),
        room=busiest.name,
    )
    last_cell = (now - past.since) // CELL + 1
    quiet = max(
        ((b - a - 1, past.since + CELL * (a + 1)) for a, b in pairwise([*cells, max(last_cell, cells[-1])])),
        default=(0, now),
    )
    if quiet[0] < 2:
        return told
    length, began = CELL * quiet[0], quiet[1]
    rest = words.say(
        "Longest without: about %(span)s, from %(from)s to %(to)s.",
        span=words.span(length),
        **{"from": _time(words, began), "to": _time(words, began + length)},
    )
    return f"{told} {rest}" if not words.is_chinese else f"{told}{rest}"


def _time(words: Words, at: datetime) -> str:
    return f"{at.astimezone(words.timezone):%H:%M}"


def _span(words: Words, span: tuple[datetime, datetime], now: datetime) -> str:
    since, until = span
    if now - timedelta(seconds=1) <= until <= now:
        return words.say("%(from)s until now", **{"from": _time(words, since)})
    end = words.moment(until, now) if until > now else _time(words, until)
    return words.say("%(from)s to %(to)s", **{"from": _time(words, since), "to": end})
