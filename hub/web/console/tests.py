"""Tests of homes on a phone and at a desk: begin one, see each device speak, confirm, sign; and all that were kept."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from hub.accounts import Right
from hub.engine import testing
from hub.homes import Home, Person, Role, area_stem
from hub.ports import Lane
from hub.ports.tests import HomeTestLine
from hub.rules.silence import NAME as SILENCE
from hub.walktest import DEFAULT, DEFAULT_WEEKLY, LONGEST, SHORTEST, Verdict, WalkKind, WalkTest
from hub.web.console.console import Site
from hub.web.console.drawing import HEADERS, draw, fragment
from hub.web.console.probes import lines_now
from hub.web.console.sheet import SIGNERS, sheet_of
from hub.web.console.visit import NotFound, Visit
from hub.weekly import is_call_button, unpressed, week

SHOWN = 200
_MINUTE = timedelta(minutes=1)
_TESTERS = (Role.VILLAGE, Role.STAFF, Role.TOWNSHIP, Role.SUPERVISOR)
_MOST_TESTERS = 60


class HomeTestPages:
    """The pages."""

    def __init__(self, site: Site) -> None:
        """Build them on the site's engine."""
        self._engine = site.engine
        self._gate = site.gate

    def routes(self) -> list[Route]:
        """Return their routes."""
        page, form = self._gate.page, self._gate.form
        return [
            page("/homes/{id}/test", self._home, Right.SEE_HOMES),
            self._gate.stream("/homes/{id}/test/live", self._live, Right.SEE_HOMES),
            form("/homes/{id}/test", self._begin),
            form("/homes/{id}/test/confirm", self._confirm),
            form("/homes/{id}/test/end", self._end),
            page("/tests", self._list, Right.SEE_HOMES),
            page("/tests/weekly", self._weekly, Right.SEE_HOMES),
            page("/tests/{id}", self._sheet, Right.SEE_HOMES),
            page("/tests/{id}/sheet.pdf", self._pdf, Right.SEE_HOMES),
            form("/tests/{id}/sign", self._sign),
        ]

    # --- one home

    async def _home(self, visit: Visit, request: Request) -> Response:
        home = visit.home(request.path_params["id"])
        await self._gate.record(visit, "looked", home.id)
        test = await self._running(home.id)
        if test is not None:
            return draw(visit, "test.html", home=home, **self._facts(visit, home, test))
        return await self._start_page(visit, home, wrong="")

    async def _start_page(self, visit: Visit, home: Home, wrong: str, status: int = HTTPStatus.OK) -> Response:
        kept = await self._engine.store.read(lambda t: t.home_tests([""], home_id=home.id, limit=5))
        return draw(
            visit,
            "test_start.html",
            status,
            home=home,
            testers=testers(visit, home),
            kept=kept,
            wrong=wrong,
            has_buttons=any(is_call_button(device) for device in home.devices),
        )

    async def _live(self, visit: Visit, request: Request) -> Response:
        """Answer a page that asks each second; 204 when the test is over."""
        home = visit.home(request.path_params["id"])
        test = await self._running(home.id)
        if test is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return HTMLResponse(
            fragment(visit, "_test_live.html", home=home, **self._facts(visit, home, test)), 200, HEADERS
        )

    async def _running(self, home_id: str) -> WalkTest | None:
        now = self._engine.clock.now()
        test = await self._engine.store.read(
            lambda t: testing.seen(t, found) if (found := t.running_home_test(home_id)) else None
        )
        return test if test is not None and test.runs(now) else None

    def _facts(self, visit: Visit, home: Home, test: WalkTest) -> dict[str, Any]:
        shown = lines_now(visit.words, test, visit.now)
        passed = sum(line.verdict is Verdict.PASSED for line in shown)
        return {
            "test": test,
            "lines": shown,
            "passed": passed,
            "waiting": [line for line in shown if line.waits],
            "may": visit.may(Right.TEST_HOMES, home.area),
        }

    async def _begin(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home = visit.home(request.path_params["id"], Right.TEST_HOMES)
        kind = WalkKind.WEEKLY if form.get("kind") == WalkKind.WEEKLY.value else WalkKind.HOME
        span = _span(form.get("minutes", ""), DEFAULT if kind is WalkKind.HOME else DEFAULT_WEEKLY)
        tester = form.get("tester", "")
        if tester not in {person.id for person in testers(visit, home)}:
            wrong = visit.words.say("Choose who is with the devices: presses go to that person.")
            return await self._start_page(visit, home, wrong, HTTPStatus.UNPROCESSABLE_ENTITY)
        who = visit.account.who
        try:
            await self._engine.write(Lane.DUTY, lambda work: testing.start(work, home.id, kind, span, who, tester))
        except testing.AlreadyTested:
            pass  # somebody was faster: their test is shown
        except testing.NoSuchTester:
            wrong = visit.words.say("This person has no number, so no press can be told to them.")
            return await self._start_page(visit, home, wrong, HTTPStatus.UNPROCESSABLE_ENTITY)
        await self._engine.load()
        return _see_other(f"/homes/{home.id}/test")

    async def _confirm(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        home = visit.home(request.path_params["id"], Right.TEST_HOMES)
        test = await self._running(home.id)
        if test is not None:
            id, who, device = test.id, visit.account.who, form.get("device") or None
            await self._engine.write(Lane.DUTY, lambda work: testing.confirm(work, id, who, device))
        return _see_other(f"/homes/{home.id}/test")

    async def _end(self, visit: Visit, request: Request, _: Mapping[str, str]) -> Response:
        home = visit.home(request.path_params["id"], Right.TEST_HOMES)
        test = await self._running(home.id)
        if test is None:
            return _see_other(f"/homes/{home.id}/test")
        id, who = test.id, visit.account.who
        await self._engine.write(Lane.DUTY, lambda work: testing.finish(work, id, who))
        await self._engine.load()
        return _see_other(f"/tests/{id}")

    # --- what was kept

    async def _list(self, visit: Visit, request: Request) -> Response:
        await testing.end_those_over(self._engine)
        before = _instant(request.query_params.get("before", ""))
        stems = [area_stem(area) for area in visit.account.areas]
        found = await self._engine.store.read(lambda t: t.home_tests(stems, before=before, limit=SHOWN + 1))
        return draw(visit, "tests.html", tests=[_named(visit, one) for one in found[:SHOWN]], more=len(found) > SHOWN)

    async def _weekly(self, visit: Visit, request: Request) -> Response:
        area = request.query_params.get("area", "")
        homes = [h for h in visit.registry.homes.values() if visit.may(Right.SEE_HOMES, h.area)]
        wanted = [h for h in homes if h.area.startswith(area_stem(area))] if area.isdigit() else homes
        ids = None if len(wanted) > SHOWN else [home.id for home in wanted]
        presses = await self._engine.store.read(lambda t: t.presses(ids))
        # Thirty thousand buttons are counted beside the loop, on which alerts travel.
        never = await asyncio.to_thread(unpressed, wanted, presses)
        since = await self._engine.store.read(lambda t: t.watched_since(SILENCE, never))
        villages = await asyncio.to_thread(week, wanted, presses, since, visit.now)
        # A county has thousands of buttons: then its villages are counted, and each can be opened.
        whole = len(villages) == 1 or sum(len(village.waiting) for village in villages) <= SHOWN
        return draw(visit, "weekly.html", villages=villages, shown=SHOWN, whole=whole)

    async def _sheet(self, visit: Visit, request: Request) -> Response:
        test = await self._kept(visit, request)
        sheet = sheet_of(visit.words, test, visit.now, visit.site)
        return draw(visit, "sheet.html", sheet=sheet, test=test, may=visit.may(Right.TEST_HOMES, test.area))

    async def _pdf(self, visit: Visit, request: Request) -> Response:
        test = await self._kept(visit, request)
        from hub.web.console.sheet_pdf import draw_pdf  # loads the typesetter

        name = f"{test.home_id}-{test.began_at.astimezone(visit.timezone):%Y-%m-%d}.pdf"
        ascii_name = "".join(char if char.isascii() and (char.isalnum() or char in "-._") else "_" for char in name)
        headers = {"Content-Disposition": f'inline; filename="{ascii_name}"', "Cache-Control": "private, no-store"}
        pdf = draw_pdf(sheet_of(visit.words, test, visit.now, visit.site))
        return Response(pdf, media_type="application/pdf", headers=headers)

    async def _sign(self, visit: Visit, request: Request, form: Mapping[str, str]) -> Response:
        test = await self._kept(visit, request, Right.TEST_HOMES)
        signed_as, name, who = form.get("as", ""), form.get("name", ""), visit.account.who
        if signed_as in SIGNERS and test.ended_at is not None:
            id = test.id
            await self._engine.write(Lane.DUTY, lambda work: testing.sign(work, id, signed_as, name, who))
        return _see_other(f"/tests/{test.id}#signatures")

    async def _kept(self, visit: Visit, request: Request, right: Right = Right.SEE_HOMES) -> WalkTest:
        """Return a test of an area that is the visitor's; whoever looks at its sheet looks at the home."""
        id = request.path_params["id"]
        await testing.end_those_over(self._engine)
        test = await self._engine.store.read(lambda t: testing.seen(t, found) if (found := t.home_test(id)) else None)
        if test is None:
            raise NotFound(id)
        visit.require(right, test.area, test.home_id)
        if right is Right.SEE_HOMES:
            await self._gate.record(visit, "looked", test.home_id, page="test")
        return test


def testers(visit: Visit, home: Home) -> list[Person]:
    """Return whom a test can tell: the visitor first, then the staff of the area, then the home's contacts."""
    registry = visit.registry
    own = [visit.account.person] if visit.account.person else []
    staff = [person.id for role in _TESTERS for person in registry.staff(role, home.area)]
    ids = dict.fromkeys((*own, *staff[:_MOST_TESTERS], *(contact.person for contact in home.contacts)))
    return [person for id in ids if (person := registry.people.get(id)) is not None and person.phone]


def _named(visit: Visit, line: HomeTestLine) -> tuple[HomeTestLine, str, str]:
    home = visit.registry.homes.get(line.home_id)
    return line, home.who if home else line.home_id, visit.registry.area_name(line.area)


def _span(minutes: str, otherwise: timedelta) -> timedelta:
    if not minutes.isdecimal() or len(minutes) > 3:
        return otherwise
    return min(max(int(minutes) * _MINUTE, SHORTEST), LONGEST)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _see_other(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
