"""Draws the board for each visitor: what they may see, in their words, each piece once for all who see the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from hub.accounts import EVERYWHERE, Account, Right
from hub.alerts.alert import Stage
from hub.alerts.notification import Fate
from hub.alerts.place import area_of
from hub.alerts.policy import Severity
from hub.homes import Person, Registry
from hub.ports import StoreUnavailable
from hub.rota import on_duty, supervisors
from hub.web.console.board import HOUR, Board, Card, Item, Kind, Row, Standing, board, card
from hub.web.console.console import Site
from hub.web.console.drawing import environment
from hub.web.console.feed import Feed, Snapshot
from hub.web.console.picture import Picture
from hub.web.console.sayings import Sayings
from hub.web.console.visit import Visit
from hub.web.console.waits import Waits, waits

# Pieces of pages that are kept; a console with 200 open alerts has some sixty.
MOST_DRAWN = 2_000
MOST_ON_DUTY, MOST_CLOSED = 8, 4
# What a board says of the last ten minutes changes by itself.
STALE = timedelta(seconds=10)
REDRAW = timedelta(seconds=60)
# How the hub fares is asked for at most so often: the answer counts rows.
FIGURES_EVERY = timedelta(seconds=30)
SHORT = {Severity.EMERGENCY: "em", Severity.WARNING: "wa", Severity.NOTICE: "no"}
_ASKED = frozenset({Fate.QUEUED, Fate.SENDING, Fate.ACCEPTED, Fate.DELIVERED})


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One of the staff: where they work, how many alerts they have, whether they are being asked."""

    person: Person
    where: str
    has: int
    called: bool


@dataclass(frozen=True, slots=True)
class Link:
    """One line about the chain from the broker to the phone."""

    what: str
    says: str
    good: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """What one visitor sees of a picture of all alerts."""

    visit: Visit
    snapshot: Snapshot
    board: Board
    made_at: datetime

    @property
    def rev(self) -> str:
        """What this view shows, in a word; another word means that something changed."""
        return f"{self.snapshot.revision}.{self.visit.registry.version}"


class Boards:
    """Boards of all visitors, from one feed."""

    def __init__(self, site: Site, feed: Feed) -> None:
        self._site, self.feed = site, feed
        self._cards: dict[str, tuple[int, int, Card]] = {}
        self._boards: OrderedDict[tuple[object, ...], tuple[datetime, Board]] = OrderedDict()
        self._drawn: OrderedDict[tuple[object, ...], str] = OrderedDict()
        self._around: OrderedDict[tuple[object, ...], Mapping[str, str]] = OrderedDict()
        self._pictures: OrderedDict[tuple[object, ...], Picture] = OrderedDict()
        self._waits: OrderedDict[tuple[object, ...], Waits] = OrderedDict()
        self._drawing = asyncio.Lock()
        self._homes: dict[tuple[int, tuple[str, ...]], int] = {}
        self._audited: tuple[datetime | None, datetime | None, bool] = (None, None, True)

    async def view(self, visit: Visit) -> View:
        """Return what this visitor sees now; raises StoreUnavailable."""
        return self.of(visit, await self.feed.fresh())

    def of(self, visit: Visit, snapshot: Snapshot) -> View:
        """Return what this visitor sees of a picture."""
        key = (visit.account.areas, visit.may(Right.SEE_ALERTS), snapshot.revision, visit.registry.version)
        known = self._boards.get(key)
        if known is None or not timedelta(0) <= visit.now - known[0] < STALE:
            known = (visit.now, self._board(visit, snapshot))
            _keep(self._boards, key, known, 100)
        return View(visit, snapshot, known[1], known[0])

    def _board(self, visit: Visit, snapshot: Snapshot) -> Board:
        registry = visit.registry
        shown = [c for item in snapshot.items.values() if _sees(visit, (c := self.card(item, registry)).area)]
        lately = [a for a in snapshot.recent if visit.now - a.opened_at < HOUR]
        opened = [a.opened_at for a in lately if _sees(visit, area_of(a, registry))]
        return board(shown, opened, visit.now)

    def card(self, item: Item, registry: Registry) -> Card:
        """Return what an alert shows; made once for each of its revisions."""
        id = item.alert.id
        known = self._cards.get(id)
        if known is not None and known[:2] == (item.revision, registry.version) and item.revision:
            return known[2]
        made = card(item, registry)
        if len(self._cards) > MOST_DRAWN:
            self._cards.clear()
        self._cards[id] = (item.revision, registry.version, made)
        return made

    # --- drawing

    def facts(self, visit: Visit) -> dict[str, Any]:
        """Return what the board's templates are drawn with."""
        return {
            "s": Sayings(visit.words, visit.registry, visit.site),
            "w": visit.words,
            "_": visit.words.say,
            "ngettext": visit.words.count,
            "now": visit.now,
            "me": visit.account.person or "",
            "acts": visit.may(Right.ACT),
            "S": Severity,
        }

    async def pieces(self, view: View) -> dict[str, str]:
        """Return all rows of the board by their key, drawn for this visitor now; between two others have their turn."""
        draw, found = self._drawer(view), dict[str, str]()
        for rows in view.board.rows.values():
            for row in rows:
                found[row.key] = Markup(draw(row, view.visit.account.person or ""))  # noqa: S704 our own template
                await asyncio.sleep(0)
        return found

    async def _rows(self, view: View) -> dict[str, tuple[str, str]]:
        """Return all rows of the board by their key, each with the word for what it shows.

        Each is drawn once for all who see the same. An edit has all drawn anew: between two others have their turn.
        """
        draw, found = self._drawer(view), dict[str, tuple[str, str]]()
        for rows in view.board.rows.values():
            for row in rows:
                mine, rev, key = _mark(view, row)
                html = self._drawn.get(key)
                if html is None:
                    html = draw(row, mine)
                    _keep(self._drawn, key, html, MOST_DRAWN)
                    await asyncio.sleep(0)
                found[row.key] = rev, html
        return found

    def _drawer(self, view: View) -> Callable[[Row, str], str]:
        """Return what draws rows for somebody who is `me`: pieces of one moment share what they are drawn with."""
        macros: dict[tuple[bool, str], Callable[[Row], str]] = {}

        def draw(row: Row, me: str) -> str:
            acts = view.visit.may(Right.ACT, row.cards[0].area)
            if (acts, me) not in macros:
                facts = self.facts(view.visit) | {"me": me, "acts": acts}
                macros[acts, me] = environment().get_template("_board.html").make_module(facts).drawn  # type: ignore[attr-defined]
            return str(macros[acts, me](row)).strip()

        return draw

    def part(self, view: View, name: str, **more: Any) -> str:
        """Return one of the pieces around the cards."""
        facts = self.facts(view.visit) | {"v": view.visit, "board": view.board, "Right": Right, **more}
        return environment().get_template(name).render(**facts).strip()

    async def picture(self, view: View) -> Picture:
        """Return all that this visitor's board shows; made once for all who see the same."""
        async with self._drawing:
            return await self._pictured(view)

    async def _pictured(self, view: View) -> Picture:
        me = view.visit.account.person or ""
        mine = me if any(c.holder and me in (c.holder.person, *c.holder.helpers) for c in view.board.cards) else ""
        key = (*self._who_sees(view), view.made_at, mine)
        known = self._pictures.get(key)
        if known is None:
            known = self._picture(view, await self._rows(view), self.around(view))
            _keep(self._pictures, key, known, 50)
        return known

    def _picture(self, view: View, rows: Mapping[str, tuple[str, str]], around: Mapping[str, str]) -> Picture:
        order = {
            short: [(row.key, "card" if row.kind is Kind.CARD else "line") for row in view.board.rows.get(severity, ())]
            for severity, short in SHORT.items()
        }
        parts = {
            **around,
            "title": self.title(view),
            "proof": self.proof(view.visit),
            "waiting": str(self.waiting(view)),
        }
        return Picture(view.rev, rows, order, parts, not view.board.cards)

    def around(self, view: View) -> Mapping[str, str]:
        """Return the pieces around the cards; drawn once for all who see the same alerts in the same words."""
        key = self._who_sees(view)
        known = self._around.get(key)
        if known is None:
            known = {
                "glance": self.part(view, "_glance.html"),
                "banner": self.part(view, "_banner.html", helpers=self.helpers(view)),
                "side": self.part(view, "_side.html", **self.side(view)),
            }
            _keep(self._around, key, known, 50)
        return known

    async def waits(self, view: View) -> Waits:
        """Return what pages that are no board say of what waits; made once for all who see the same."""
        visit = view.visit
        key = (view.rev, visit.account.areas, visit.may(Right.SEE_ALERTS), visit.words.language)
        known = self._waits.get(key)
        if known is None:
            sayings = Sayings(visit.words, visit.registry, visit.site)
            known = waits(view.board, sayings, self.title(view), self.waiting(view))
            _keep(self._waits, key, known, 50)
        return known

    def _who_sees(self, view: View) -> tuple[object, ...]:
        """Return what decides about the pieces around the cards: all visitors with the same see the same."""
        visit = view.visit
        minute = int(visit.now.timestamp()) // int(REDRAW.total_seconds())
        rights = tuple(sorted(visit.account.rights))
        return (view.rev, visit.account.areas, rights, visit.words.language, minute, self._audited[1:])

    def side(self, view: View) -> dict[str, Any]:
        """Return what stands beside the alerts."""
        visit = view.visit
        duty = on_duty(visit.registry, visit.account.areas)
        shown = [self._on_duty(person, view) for person in duty[:MOST_ON_DUTY]]
        return {
            "duty": shown,
            "more_duty": len(duty) - len(shown),
            "closed": [
                a
                for a in view.snapshot.recent
                if a.stage is Stage.RESOLVED and _sees(visit, area_of(a, visit.registry))
            ][:MOST_CLOSED],
            "chain": self._chain(visit),
        }

    def helpers(self, view: View) -> Sequence[str]:
        """Return who is asked to share the work in a flood."""
        return [person.id for person in supervisors(view.visit.registry, view.visit.account.areas)]

    def _on_duty(self, person: Person, view: View) -> OnDuty:
        cards = view.board.cards
        has = sum(c.holder is not None and c.holder.person == person.id for c in cards)
        called = any(
            message.person_id == person.id and message.fate in _ASKED
            for c in cards
            if c.waits
            for rung in c.rungs
            if rung.standing is Standing.NOW
            for message in rung.messages
        )
        registry, everywhere = view.visit.registry, view.visit.words.say("all areas")
        areas = [everywhere if area == EVERYWHERE else registry.area_name(area) for area in person.areas[:3]]
        return OnDuty(person, view.visit.words.catalogue.phrases.joined.join(areas), has, called)

    # --- proof of life

    async def look(self, now: datetime) -> None:
        """Ask how the hub fares, if that is some time ago."""
        asked = self._audited[0]
        if asked is not None and timedelta(0) <= now - asked < FIGURES_EVERY:
            return
        try:
            figures = await self._site.measured.figures()
        except StoreUnavailable:
            self._audited = (now, self._audited[1], False)
            return
        age = figures.audit_age_s
        self._audited = (now, now - timedelta(seconds=age) if age is not None else None, not figures.audit_faults)

    def proof(self, visit: Visit) -> str:
        """Return a sentence that shows that somebody watches although nothing is open."""
        words = visit.words
        homes = self._count_homes(visit)
        told = words.count("%(n)s home is watched.", "%(n)s homes are watched.", homes)
        at = self._audited[1]
        return told if at is None else f"{told} {words.say('Last checked %(at)s.', at=words.moment(at, visit.now))}"

    def _count_homes(self, visit: Visit) -> int:
        key = (visit.registry.version, visit.account.areas)
        if key not in self._homes:
            self._homes.clear()
            by_area: Mapping[str, Sequence[object]] = visit.registry.homes_by_area
            self._homes[key] = sum(len(homes) for area, homes in by_area.items() if visit.account.covers(area))
        return self._homes[key]

    def _chain(self, visit: Visit) -> list[Link]:
        words, parts = visit.words, self._site.health.ready()
        _, at, holds = self._audited
        moves = words.say("every alert moves") if holds else words.say("something is stuck")
        checked = (
            f"{words.moment(at, visit.now)}{'，' if words.is_chinese else ', '}{moves}" if at else words.say("not yet")
        )
        found = [Link(words.say("Last checked"), checked, holds and at is not None)]
        good, bad = words.say("works"), words.say("does not work")
        names = {
            "broker": words.say("Broker"),
            "database": words.say("Database"),
            "dispatcher": words.say("Sending"),
        }
        for name, what in names.items():
            if name in parts:
                found.append(Link(what, good if parts[name].ready else bad, parts[name].ready))
        return found

    # --- words for the page itself

    def title(self, view: View) -> str:
        """Return what the tab says: first of all whether an emergency waits."""
        words, counted = view.visit.words, view.board.counted
        waiting = counted[Severity.EMERGENCY].waiting
        if waiting:
            return words.count("● %(n)s emergency is waiting", "● %(n)s emergencies are waiting", waiting)
        waiting = counted[Severity.WARNING].waiting
        if waiting:
            return words.count("%(n)s warning is waiting", "%(n)s warnings are waiting", waiting)
        return words.say("Alerts")

    def waiting_for(self, account: Account) -> int:
        """Return how many emergencies and warnings of an account's areas wait, as far as was heard."""
        registry = self._site.engine.world.registry
        alerts = (item.alert for item in self.feed.snapshot.items.values())
        wait = (a for a in alerts if a.stage is Stage.OPEN and a.severity is not Severity.NOTICE)
        return sum(account.may(Right.SEE_ALERTS, area_of(alert, registry)) for alert in wait)

    @staticmethod
    def waiting(view: View) -> int:
        """Return how many emergencies and warnings wait: the number in the menu."""
        counted = view.board.counted
        return counted[Severity.EMERGENCY].waiting + counted[Severity.WARNING].waiting


def _mark(view: View, row: Row) -> tuple[str, str, tuple[object, ...]]:
    """Return as whose a row is drawn, the word for what it shows, and what all have in common who see the same."""
    visit, me = view.visit, view.visit.account.person or ""
    mine = me if any(c.holder and me in (c.holder.person, *c.holder.helpers) for c in row.cards) else ""
    rev = f"{row.revision}.{len(row.cards)}.{visit.registry.version}{'+' if mine else ''}"
    return mine, rev, (row.key, rev, visit.words.language, visit.may(Right.ACT, row.cards[0].area), mine)


def _sees(visit: Visit, area: str | None) -> bool:
    return visit.account.may(Right.SEE_ALERTS, area)


def _keep(kept: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
