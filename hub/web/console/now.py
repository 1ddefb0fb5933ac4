"""The page of open alerts, one alert with all that happened to it, and the list of all."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.alerts.alert import Alert, Entry, Stage
from hub.alerts.deeds import Answer
from hub.alerts.notification import Notification
from hub.alerts.place import area_of
from hub.ports import Transaction
from hub.web.console.acts import Acts
from hub.web.console.board import Item
from hub.web.console.boards import Boards, View
from hub.web.console.console import Site
from hub.web.console.drawing import HEADERS, draw, fragment
from hub.web.console.feed import Feed
from hub.web.console.live import Live
from hub.web.console.visit import NotFound, Refused, Visit
from hub.web.console.words import Words

ON_A_PAGE = 100
SAID = frozenset({*(answer.value for answer in Answer), "person", "unsaved"})


class Now:
    """The routes of open alerts: pages, acts, and the stream of changes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.feed = Feed(site.engine, site.clock)
        self.boards = Boards(site, self.feed)
        site.gate.waiting = self.boards.waiting_for
        self._parts = (Acts(site, self.boards), Live(site, self.boards))

    def routes(self) -> list[Route]:
        """Return them all."""
        gate = self._site.gate
        return [
            gate.page("/", self.show, Right.SEE_ALERTS),
            gate.page("/alerts", self.list, Right.SEE_ALERTS),
            gate.page("/alerts/{ref}", self.one, Right.SEE_ALERTS),
            gate.stream("/live/alerts/{ref}", self.renew, Right.SEE_ALERTS),
            *(route for part in self._parts for route in part.routes()),
        ]

    async def show(self, visit: Visit, request: Request) -> Response:
        """Show all that is open."""
        boards = self.boards
        view = await boards.view(visit)
        await boards.look(visit.now)
        facts = boards.facts(visit) | {
            "board": view.board,
            "pieces": await boards.pieces(view),
            "rev": view.rev,
            "title": boards.title(view),
            "proof": boards.proof(visit),
            "helpers": boards.helpers(view),
            "script_words": script_words(visit.words, visit.desk),
            **boards.side(view),
            **said(view, request),
        }
        return draw(_counted(visit, boards.waiting(view)), "now.html", **_own(facts))

    async def one(self, visit: Visit, request: Request) -> Response:
        """Show one alert: how it stands, why it exists, all that happened. That it was looked at is recorded."""
        alert, facts = await self._one(visit, request)
        home = facts["home"]
        if home is not None:
            await self._site.gate.record(visit, "looked", home.id, alert=alert.code)
        view = await self.boards.view(visit)
        facts |= {name: value for name, value in said(view, request).items() if name != "alert"}
        facts |= {"script_words": script_words(visit.words, visit.desk)}
        return draw(_counted(visit, self.boards.waiting(view)), "alert.html", **_own(facts))

    async def renew(self, visit: Visit, request: Request) -> Response:
        """Return what of that page changes: the open page asks for it by itself, its look was recorded."""
        _, facts = await self._one(visit, request)
        headers = {**HEADERS, "Cache-Control": "no-store"}
        return HTMLResponse(fragment(visit, "_alert.html", **_own(facts)), headers=headers)

    async def _one(self, visit: Visit, request: Request) -> tuple[Alert, dict[str, Any]]:
        """Return an alert that the visitor may see, and what it is drawn with."""
        ref: str = request.path_params["ref"]
        alert, history, messages = await self._site.engine.store.read(lambda t: _all_of(t, ref))
        area = area_of(alert, visit.registry)
        home = visit.registry.homes.get(alert.home_id)
        if not visit.may(Right.SEE_ALERTS, area):
            raise Refused(Right.SEE_ALERTS, area, home.id if home else None)
        item, facts = Item(alert, history, messages), self.boards.facts(visit)
        told = ((e.at, facts["s"].line(e, alert.what, held=held)) for e, held in facts["s"].entries(history))
        return alert, facts | {
            "alert": alert,
            "home": home,
            "card": None if alert.stage is Stage.RESOLVED else self.boards.card(item, visit.registry),
            "acts": visit.may(Right.ACT, area),
            "lines": [(at, line) for at, line in told if line],
            "messages": messages,
        }

    async def list(self, visit: Visit, request: Request) -> Response:
        """List what is open of one severity, of one area: a hundred at a time."""
        view = await self.boards.view(visit)
        severity, area = request.query_params.get("severity", ""), request.query_params.get("area", "")
        begin = request.query_params.get("from", "0")
        first = int(begin) if begin.isdecimal() and len(begin) < 6 else 0
        wanted = [c for c in view.board.cards if severity in ("", c.severity.value)]
        if area:
            wanted = [c for c in wanted if (c.area or "site") == area]
        facts = self.boards.facts(visit) | {
            "cards": wanted[first : first + ON_A_PAGE],
            "total": len(wanted),
            "area": visit.registry.area_name(area) if area and area != "site" else "",
            "query": "&".join(f"{k}={v}" for k, v in (("severity", severity), ("area", area)) if v.isalnum()),
            "before": max(0, first - ON_A_PAGE) if first else None,
            "after": first + ON_A_PAGE if first + ON_A_PAGE < len(wanted) else None,
            "script_words": script_words(visit.words, visit.desk),
        }
        return draw(_counted(visit, self.boards.waiting(view)), "alerts.html", **_own(facts))


def said(view: View, request: Request) -> dict[str, Any]:
    """Return what the last act was answered, and the alert it was about, as the address says."""
    answer = request.query_params.get("said", "")
    about = request.query_params.get("on", "")
    item = view.snapshot.items.get(about)
    found = item.alert if item else next((a for a in view.snapshot.recent if a.id == about), None)
    if found is not None and not view.visit.may(Right.SEE_ALERTS, area_of(found, view.visit.registry)):
        found = None
    return {"said": answer if answer in SAID else "", "alert": found}


def script_words(words: Words, desk: str | None) -> str:
    """Return the few sentences that the page's script says by itself."""
    return json.dumps(
        {
            "s": words.say("%(s)s s"),
            "ms": words.say("%(m)s min %(s)s s"),
            "m": words.say("%(m)s min"),
            "hm": words.say("%(h)s h %(m)s min"),
            "h": words.say("%(h)s h"),
            "live": words.say("Live"),
            "lost": words.say("No connection since %(at)s"),
            "lost_what": words.say("What you see is from then; later alerts are not here. Call %(desk)s.")
            % {"desk": desk or words.say("the duty phone")},
            "out": words.say("You were signed out"),
            "out_what": words.say("Sign in again to see alerts."),
            "sign_in": words.say("Sign in"),
            "again": words.say("Connect again"),
            "sick": words.say("The hub’s database does not answer"),
            "sound_on": words.say("Sound on"),
            "sound_off": words.say("Sound off"),
            "sound_muted": words.say("Sound muted in this browser"),
            "once_more": words.say("Press Enter to confirm: %(what)s"),
            "in": words.say("Next step in %(n)s seconds: %(who)s"),
            "not_sent": words.say("That was not sent. Try again; if it fails call %(desk)s.")
            % {"desk": desk or words.say("the duty phone")},
            "later": words.say("Available once connected"),
        },
        ensure_ascii=False,
    )


def _counted(visit: Visit, waiting: int) -> Visit:
    """Return the visit with what waits now: the first page after a start is asked before anything was read."""
    return replace(visit, waiting=waiting)


def _own(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts without those that every page has anyway."""
    return {name: value for name, value in facts.items() if name not in ("w", "_", "ngettext")}


def _all_of(transaction: Transaction, ref: str) -> tuple[Alert, Sequence[Entry], Sequence[Notification]]:
    alert = transaction.alert(ref)
    if alert is None:
        raise NotFound(ref)
    return alert, transaction.history(alert.id), transaction.notifications(alert.id)
