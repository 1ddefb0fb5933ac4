"""`/homes/<id>`: one home, live. Each look at it is recorded, and so is each number and illness that was shown."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import Account, Right
from hub.engine import NoSuchTime
from hub.homes import Home
from hub.levels import Level, level, path
from hub.ports import StoreUnavailable, Transaction
from hub.rules.inactivity import limit
from hub.rules.life import watchers
from hub.web.console import coverage_words
from hub.web.console.board import card
from hub.web.console.console import Site
from hub.web.console.drawing import HEADERS, draw, fragment
from hub.web.console.home_door import door, person_of, resident_of
from hub.web.console.home_modes import MODES, NotATime, choices, chosen
from hub.web.console.home_news import HomeNews, Watched
from hub.web.console.home_picture import mode_word, picture
from hub.web.console.home_rooms import Standing, rooms, shown
from hub.web.console.home_sight import CELL, Moment, Past, read_moment, read_past, window
from hub.web.console.home_story import LOOKED, story
from hub.web.console.sayings import Sayings
from hub.web.console.visit import NotFound, Visit
from hub.web.server import STOPPING

# Real time: how often a page hears that the hub lives, and how often its sign-in is looked at.
BEAT_S, LOOK_S = 5.0, 30.0
# Whoever was signed out.
NOBODY = Account("", "", frozenset(), ())
# Real time: a page whose network takes nothing for so long is cut off; it comes back by itself.
SEND_LIMIT_S = 10
PRIVATE = {"Cache-Control": "no-store"}


class HomePages:
    """The page of a home, what it fetches by itself, and its forms."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._news = HomeNews(site.engine)

    def routes(self) -> list[Route]:
        """Return them."""
        gate = self._site.gate
        return [
            gate.page("/homes/{id}", self._page, Right.SEE_HOMES),
            gate.stream("/homes/{id}/live", self._live, Right.SEE_HOMES),
            gate.stream("/homes/{id}/picture", self._picture, Right.SEE_HOMES),
            gate.form("/homes/{id}/mode", self._mode, Right.SEE_HOMES),
            gate.form("/homes/{id}/phone", self._phone, Right.SEE_HOMES),
            gate.form("/homes/{id}/health", self._health, Right.SEE_HOMES),
        ]

    # --- the page

    async def _page(self, visit: Visit, request: Request) -> Response:
        home = visit.home(request.path_params["id"])
        await self._site.gate.record(visit, LOOKED, home.id)
        return await self._drawn(visit, home, saved="saved" in request.query_params)

    async def _drawn(
        self, visit: Visit, home: Home, status: int = HTTPStatus.OK, *, wrong: str = "", saved: bool = False,
        form: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        moment, past = await self._site.engine.store.read(lambda t: _read(t, home, visit))
        facts = {**_now(visit, moment), **_then(visit, home, past)}
        causes = [item.alert.cause for item in moment.items]
        answer = draw(
            visit,
            "home.html",
            status,
            **facts,
            crumbs=_crumbs(visit, home),
            door=door(visit, home, causes),
            lines=story(past, facts["s"], visit.now),
            modes=[(mode.value, mode_word(visit.words, mode)) for mode in MODES],
            choices=choices(visit.words),
            form=form or {},
            wrong=wrong,
            saved=saved,
        )
        answer.headers.update(PRIVATE)
        return answer

    async def _picture(self, visit: Visit, request: Request) -> Response:
        home = visit.home(request.path_params["id"])
        past = await self._site.engine.store.read(lambda t: read_past(t, home, visit.now))
        return HTMLResponse(fragment(visit, "_home_picture.html", **_then(visit, home, past)), headers=_headers())

    # --- live

    async def _live(self, visit: Visit, request: Request) -> Response:
        from sse_starlette.sse import EventSourceResponse

        home = visit.home(request.path_params["id"])
        return EventSourceResponse(
            self._events(visit, request, home.id), headers=_headers(), ping=0, send_timeout=SEND_LIMIT_S, sep="\n"
        )

    async def _events(self, visit: Visit, request: Request, home_id: str) -> AsyncIterator[bytes]:
        """Yield the changing part of the page whenever it is another, and a beat; until the visitor may not see it."""
        shown, batteries = "", await self._batteries(visit, home_id)
        stopping: asyncio.Event | None = request.scope.get(STOPPING)
        now_s = asyncio.get_running_loop().time
        look_at = now_s() + LOOK_S
        with self._news.watch(home_id) as watched:
            while stopping is None or not stopping.is_set():
                try:
                    if now_s() >= look_at:
                        look_at = now_s() + LOOK_S
                        still = await self._site.gate.still(request)
                        visit = still if still is not None else replace(visit, account=NOBODY)
                    visit = replace(visit, now=self._site.clock.now(), registry=self._site.engine.world.registry)
                    home = visit.registry.homes.get(home_id)
                    if home is None or not visit.may(Right.SEE_HOMES, home.area):
                        yield b"event: over\ndata: \n\n"
                        return
                    drawn = await self._moment(visit, home, batteries, watched)
                    # That time went on is no change: the beat says that.
                    if (but_for_the_clock := drawn.replace(visit.words.clock(visit.now), "")) != shown:
                        shown = but_for_the_clock
                        yield _event("now", drawn)
                except StoreUnavailable:
                    yield b"event: sick\ndata: \n\n"
                if not await watched.changed(BEAT_S, stopping):
                    yield _event("beat", visit.words.clock(self._site.clock.now()))

    async def _moment(self, visit: Visit, home: Home, batteries: Mapping[str, int], watched: Watched) -> str:
        """Return the changing part of the page."""
        moment = await self._site.engine.store.read(partial(read_moment, home=home, now=visit.now))
        watched.about(item.alert.id for item in moment.items)
        return fragment(visit, "_home_live.html", **_now(visit, replace(moment, batteries=batteries)))

    async def _batteries(self, visit: Visit, home_id: str) -> Mapping[str, int]:
        """Return the charge of a home's batteries: it changes in weeks, and is not asked for with each reading."""
        since, until = window(visit.now)
        try:
            sight = await self._site.engine.store.read(lambda t: t.heard_of(home_id, since, until, CELL))
        except StoreUnavailable:
            return {}
        return dict(sight.batteries)

    # --- forms

    async def _mode(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home = visit.home(request.path_params["id"], Right.SET_MODE)
        try:
            mode, until = chosen(form, visit.now, visit.words)
            await self._site.engine.mode(home.id, mode, until, visit.account.who)
        except NotATime as wrong:
            return await self._drawn(visit, home, HTTPStatus.BAD_REQUEST, wrong=str(wrong), form=form)
        except NoSuchTime:
            wrong_time = visit.words.say("That time is past. Choose one that lies ahead.")
            return await self._drawn(visit, home, HTTPStatus.BAD_REQUEST, wrong=wrong_time, form=form)
        return RedirectResponse(f"/homes/{quote(home.id, safe='')}?saved#mode", HTTPStatus.SEE_OTHER)

    async def _phone(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home = visit.home(request.path_params["id"], Right.SEE_PHONES)
        found = person_of(home, visit.registry, form.get("person", ""))
        if found is None:
            raise NotFound
        await self._site.gate.record(visit, "revealed_phone", home.id, person=form["person"])
        return _revealed(visit, home, name=found[0], number=found[1])

    async def _health(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home = visit.home(request.path_params["id"], Right.SEE_HEALTH)
        resident = resident_of(home, form.get("person", ""))
        if resident is None or not resident.health:
            raise NotFound
        await self._site.gate.record(visit, "revealed_health", home.id, person=form["person"])
        return _revealed(visit, home, name=resident.name, health=resident.health)


def _revealed(visit: Visit, home: Home, **facts: Any) -> Response:
    """Return a page with one thing on it that is masked elsewhere; it is kept nowhere, and gone when it is left."""
    answer = draw(visit, "home_revealed.html", HTTPStatus.OK, home=home, **facts)
    answer.headers.update(PRIVATE)
    return answer


def _read(transaction: Transaction, home: Home, visit: Visit) -> tuple[Moment, Past]:
    past = read_past(transaction, home, visit.now)
    return replace(read_moment(transaction, home, visit.now), batteries=dict(past.sight.batteries)), past


def _now(visit: Visit, moment: Moment) -> dict[str, Any]:
    """Return what changes while one looks: alerts, rooms, devices, mode, coverage."""
    home, words = moment.home, visit.words
    devices = shown(moment, words)
    holds = home.mode_at(moment.now)
    sees = visit.may(Right.SEE_ALERTS, home.area)
    return {
        "home": home,
        "now": moment.now,
        "s": Sayings(words, visit.registry, visit.site),
        "me": visit.account.person or "",
        "acts": visit.may(Right.ACT, home.area),
        "cards": [card(item, visit.registry) for item in moment.items] if sees else [],
        "devices": devices,
        "rooms": rooms(moment, devices, words),
        "lost": sum(one.standing in (Standing.LOST, Standing.NEVER) for one in devices),
        "heard": any(one.standing is not Standing.NEVER for one in devices),
        "coverage": moment.covered.coverage.value,
        "covered": coverage_words.coverage(words, moment.covered.coverage),
        "look": coverage_words.LOOKS[moment.covered.coverage],
        "missing": [coverage_words.missing(visit, home, one) for one in moment.covered.missing],
        "mode": holds[0].value if holds else "",
        "mode_said": coverage_words.mode(words, holds[0], words.moment(holds[1], moment.now)) if holds else "",
    }


def _then(visit: Visit, home: Home, past: Past) -> dict[str, Any]:
    """Return the picture of 24 hours, and when stillness is reported."""
    return {
        "home": home,
        "picture": picture(home, past, visit.now, visit.words),
        "still_after": visit.words.span(limit(home)) if watchers(home) else "",
    }


def _crumbs(visit: Visit, home: Home) -> list[tuple[str, str]]:
    """Return the areas above a home that the visitor may see, widest first."""
    way = [code for code in path(home.area) if level(code) not in (Level.WHOLE, Level.PROVINCE, Level.CITY)]
    return [(code, coverage_words.area(visit, code)) for code in reversed(way) if visit.may(Right.SEE_HOMES, code)]


def _headers() -> dict[str, str]:
    return {**HEADERS, **PRIVATE}


def _event(name: str, text: str) -> bytes:
    """Return one event; lines of its text must not look like the end of it."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n".encode()
