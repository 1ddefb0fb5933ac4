"""What the board of open alerts shows, from alerts and time alone: who has each, what comes next and when.

Nothing here has words: `sayings` gives them in each language. Nothing reads a clock or the database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hub.alerts.alert import Alert, DutyKind, Entry, Stage
from hub.alerts.attention import on_way, silence, sounds
from hub.alerts.climb import LATE_ROUND, LATE_ROUND_GAP
from hub.alerts.notification import Fate, Notification
from hub.alerts.place import area_of
from hub.alerts.policy import Severity
from hub.homes import Home, Registry, Role

# Source: EEMUA 191 and ISA-18.2: ten alarms in ten minutes are a flood; 6 an hour are easy, 12 the limit, 30 a flood.
FLOOD, FLOOD_WITHIN = 10, timedelta(minutes=10)
EASY, LIMIT, TOO_MANY = 6, 12, 30
HOUR = timedelta(hours=1)
# More than so many cards nobody reads: the first emergencies stay whole, the rest has a line each or is grouped.
MOST_CARDS, MOST_WHOLE, MOST_NOTICES = 40, 3, 12


@dataclass(frozen=True, slots=True)
class Item:
    """One alert with its history and its messages; `revision` rises whenever any of these changed."""

    alert: Alert
    history: Sequence[Entry] = ()
    messages: Sequence[Notification] = ()
    revision: int = 0


class Group(StrEnum):
    """What the people of one step are to the home."""

    FAMILY = "family"
    NEIGHBOUR = "neighbour"
    RESIDENT = "resident"
    STAFF = "staff"
    SUPERVISOR = "supervisor"
    OTHER = "other"
    NOBODY = "nobody"


class Coming(StrEnum):
    """What kind of thing happens next."""

    STEP = "step"
    ROUND = "round"  # from the first step again
    HANDED = "handed"  # somebody was asked by name; if they do not take it, the ladder goes on
    NOBODY = "nobody"  # no step reaches anybody


@dataclass(frozen=True, slots=True)
class Next:
    """What happens next with an alert that nobody has: at `due_at`, to `people`, `by` these channels.

    `since` is when the wait began. `handed_to` was asked by name.
    """

    kind: Coming
    due_at: datetime
    since: datetime
    people: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    together: bool = False
    handed_to: str | None = None


class Doing(StrEnum):
    """What the holder does."""

    HAS = "has"
    ON_WAY = "on_way"
    THERE = "there"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an alert, until when they promised, and who is asked if they are late."""

    person: str
    doing: Doing
    since: datetime
    until: datetime
    confirm_by: datetime | None = None
    then: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()


class Standing(StrEnum):
    """How far a step is."""

    DONE = "done"
    NOW = "now"
    SOON = "soon"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder in this round, with the messages it sent."""

    number: int
    group: Group
    people: tuple[str, ...]
    by: tuple[str, ...]
    standing: Standing
    at: datetime | None
    messages: tuple[Notification, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """All that one alert shows."""

    item: Item
    home: Home | None
    area: str | None
    next: Next | None
    holder: Holder | None
    rungs: tuple[Rung, ...]
    again_at: datetime | None
    silenced: Entry | None
    sounds: bool

    @property
    def alert(self) -> Alert:
        """The alert itself."""
        return self.item.alert

    @property
    def waits(self) -> bool:
        """Whether nobody has it."""
        return self.alert.stage is Stage.OPEN

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.alert.severity


def card(item: Item, registry: Registry) -> Card:
    """Return what an alert shows."""
    alert = item.alert
    return Card(
        item=item,
        home=registry.homes.get(alert.home_id),
        area=area_of(alert, registry),
        next=_next(item),
        holder=_holder(item),
        rungs=_rungs(item, registry),
        again_at=_round_at(alert),
        silenced=silence(alert, item.history),
        sounds=sounds(alert, item.history),
    )


# --- what comes next


def _next(item: Item) -> Next | None:
    alert = item.alert
    duty = alert.duties.get(DutyKind.STEP)
    if alert.stage is not Stage.OPEN or duty is None:
        return None
    since = min(alert.last_step_at or alert.opened_at, duty.due_at)
    together = alert.severity is Severity.EMERGENCY
    found = _asked_next(alert)
    if found is None:
        return Next(Coming.NOBODY, duty.due_at, since)
    is_round, people, by = found
    handed = _handed_to(item)
    kind = Coming.HANDED if handed else Coming.ROUND if is_round else Coming.STEP
    return Next(kind, duty.due_at, since, people, by, together, handed)


def _asked_next(alert: Alert) -> tuple[bool, tuple[str, ...], tuple[str, ...]] | None:
    """Return whom the ladder asks next, by which channels, and whether that is a new round; steps of nobody pass."""
    rungs = alert.ladder.rungs
    ahead = next((rung for rung in rungs[alert.step :] if rung.people), None)
    rung = ahead or next((rung for rung in rungs if rung.people), None)
    return None if rung is None else (ahead is None, rung.people, rung.by)


_ENDS_HANDING = frozenset({"step", "acknowledge", "arrived", "reopened", "lapsed", "need_help"})


def _handed_to(item: Item) -> str | None:
    """Return who was asked by name, as long as the ladder waits for them."""
    for entry in reversed(item.history):
        if entry.event == "hand_over":
            to = str(entry.detail.get("to", ""))
            refused = any(e.event == "pass" and e.who == to and e.at >= entry.at for e in item.history)
            return None if refused else to
        if entry.event in _ENDS_HANDING:
            return None
    return None


def _holder(item: Item) -> Holder | None:
    alert = item.alert
    if alert.stage is not Stage.ACKNOWLEDGED or alert.holder is None:
        return None
    way = on_way(alert, item.history)
    doing = Doing.THERE if alert.arrived_at else Doing.ON_WAY if way else Doing.HAS
    began = alert.arrived_at or alert.taken_at or alert.opened_at
    promise = alert.duties.get(DutyKind.PROMISE)
    until = alert.promised_until or (promise.due_at if promise else began)
    confirm = alert.duties.get(DutyKind.CONFIRM)
    found = _asked_next(alert)
    helpers = tuple(p for p in alert.helpers if p != alert.holder)
    return Holder(
        alert.holder, doing, began, until, confirm.due_at if confirm else None, found[1] if found else (), helpers
    )


# --- the ladder


def _rungs(item: Item, registry: Registry) -> tuple[Rung, ...]:
    alert = item.alert
    home = registry.homes.get(alert.home_id)
    began = {
        int(e.detail.get("step", 0)): e.at
        for e in item.history
        if e.event == "step" and e.detail.get("round") == alert.round
    }
    coming = _coming(alert)
    found = []
    for number, rung in enumerate(alert.ladder.rungs, 1):
        if number < alert.step or (number == alert.step and alert.stage is not Stage.OPEN):
            standing = Standing.DONE
        else:
            standing = Standing.NOW if number == alert.step else Standing.SOON
        sent = [m for m in item.messages if m.step == number - 1 and m.round == alert.round]
        left = tuple(m for m in sent if m.fate is not Fate.CANCELLED)
        at = began.get(number) if standing is not Standing.SOON else coming.get(number)
        found.append(Rung(number, group(rung.people, alert, home), rung.people, rung.by, standing, at, left))
    return tuple(found)


def _coming(alert: Alert) -> dict[int, datetime]:
    """Return when the steps of this round that are still to come will begin, if nothing happens before."""
    duty = alert.duties.get(DutyKind.STEP)
    if alert.stage is not Stage.OPEN or duty is None:
        return {}
    at, found = duty.due_at, {}
    for number, rung in enumerate(alert.ladder.rungs[alert.step :], alert.step + 1):
        found[number] = at
        at += rung.wait if rung.people else timedelta(0)
    return found


def _round_at(alert: Alert) -> datetime | None:
    """Return when the ladder begins anew, if nothing happens before."""
    duty, rungs = alert.duties.get(DutyKind.STEP), alert.ladder.rungs
    if alert.stage is not Stage.OPEN or duty is None or not any(rung.people for rung in rungs):
        return None
    if alert.step >= len(rungs):
        return duty.due_at
    coming = _coming(alert)
    last = max((n for n in coming if rungs[n - 1].people), default=None)
    if last is None:
        return duty.due_at
    at = coming[last] + max(alert.ladder.repeat, rungs[last - 1].wait)
    if alert.round + 1 >= LATE_ROUND:
        at = max(at, (alert.round_at or min(coming.values())) + LATE_ROUND_GAP)
    return at


def group(people: Iterable[str], alert: Alert, home: Home | None) -> Group:
    """Return what these people are to the home, where they all are the same."""
    wanted = set(people)
    if not wanted:
        return Group.NOBODY
    if home is not None:
        for role in (Role.FAMILY, Role.NEIGHBOUR, Role.RESIDENT):
            if wanted <= {contact.person for contact in home.contacts if contact.role is role}:
                return Group(role.value)
    if wanted <= set(alert.ladder.staff):
        return Group.STAFF
    return Group.SUPERVISOR if wanted <= set(alert.ladder.supervisors) else Group.OTHER


# --- all of them


class Kind(StrEnum):
    """How much room something takes."""

    CARD = "card"
    BRIEF = "brief"
    GROUP = "group"
    NOTICE = "notice"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing on the board; `key` is its own as long as it takes the same room."""

    kind: Kind
    key: str
    cards: tuple[Card, ...]

    @property
    def revision(self) -> int:
        """Rises when anything in it changed."""
        return max(card.item.revision for card in self.cards)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many alerts of one severity there are."""

    waiting: int = 0
    held: int = 0

    @property
    def all(self) -> int:
        """Both."""
        return self.waiting + self.held


@dataclass(frozen=True, slots=True)
class Board:
    """All that one visitor may see, in the order in which it stands on the page."""

    cards: tuple[Card, ...] = ()
    rows: dict[Severity, tuple[Row, ...]] = field(default_factory=dict)
    counted: dict[Severity, Counted] = field(default_factory=dict)
    this_hour: int = 0
    within_ten: int = 0
    is_flood: bool = False
    is_brief: bool = False

    @property
    def first(self) -> Card | None:
        """What happens soonest among the most urgent alerts that wait."""
        waiting = [c for c in self.cards if c.waits and c.next is not None]
        if not waiting:
            return None
        worst = min(c.severity.rank for c in waiting)
        return min((c for c in waiting if c.severity.rank == worst), key=lambda c: (_due(c), c.alert.id))


def board(cards: Iterable[Card], opened: Sequence[datetime], now: datetime) -> Board:
    """Return the board; `opened` says when alerts of the last hour were opened, those that ended included."""
    ordered = tuple(sorted(cards, key=_order))
    by = {severity: tuple(c for c in ordered if c.severity is severity) for severity in Severity}
    within_ten = sum(now - at < FLOOD_WITHIN for at in opened)
    is_flood = within_ten >= FLOOD
    brief = is_flood or len(by[Severity.EMERGENCY]) + len(by[Severity.WARNING]) > MOST_CARDS
    return Board(
        ordered,
        {
            Severity.EMERGENCY: _emergencies(by[Severity.EMERGENCY], brief=brief),
            Severity.WARNING: _warnings(by[Severity.WARNING], brief=brief),
            Severity.NOTICE: _notices(by[Severity.NOTICE], brief=brief),
        },
        {s: Counted(sum(c.waits for c in of), sum(not c.waits for c in of)) for s, of in by.items()},
        sum(now - at < HOUR for at in opened),
        within_ten,
        is_flood,
        brief,
    )


def _order(card: Card) -> tuple[int, bool, datetime, str]:
    """Waiting above held, the longest wait first."""
    return (card.severity.rank, not card.waits, card.alert.opened_at, card.alert.id)


def _due(card: Card) -> datetime:
    return card.next.due_at if card.next else card.alert.opened_at


def _row(kind: Kind, card: Card) -> Row:
    return Row(kind, f"{kind.value[0]}-{card.alert.id}", (card,))


def _emergencies(cards: Sequence[Card], *, brief: bool) -> tuple[Row, ...]:
    """Each stands alone, however many there are."""
    whole = [c for c in cards if c.waits][:MOST_WHOLE] if brief else cards
    ids = {c.alert.id for c in whole}
    return tuple(_row(Kind.CARD if c.alert.id in ids else Kind.BRIEF, c) for c in cards)


def _warnings(cards: Sequence[Card], *, brief: bool) -> tuple[Row, ...]:
    """Many are grouped by village, in the order of the first of each."""
    if not brief:
        return tuple(_row(Kind.CARD, c) for c in cards)
    by_area: dict[str, list[Card]] = {}
    for one in cards:
        by_area.setdefault(one.area or "", []).append(one)
    return tuple(
        _row(Kind.BRIEF, of[0]) if len(of) == 1 else Row(Kind.GROUP, f"g-{area or 'site'}", tuple(of))
        for area, of in by_area.items()
    )


def _notices(cards: Sequence[Card], *, brief: bool) -> tuple[Row, ...]:
    shown = () if brief else cards[:MOST_NOTICES]
    rest = tuple(cards[len(shown) :])
    rows = tuple(_row(Kind.NOTICE, c) for c in shown)
    return (*rows, Row(Kind.FOLD, "f-notices", rest)) if rest else rows
