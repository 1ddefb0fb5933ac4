"""Staff at the console: the whole hub, a small county in the night, and what its pages answer over HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from hub.accounts import Account, AccountRole, SignIn
from hub.alerts.alert import Alert, Stage
from hub.engine.accounts import digest
from hub.engine.work import Work
from hub.homes import Act
from hub.ports import Lane
from tests.harness.county import COUNTY, SECOND, County

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
PATIENCE_S = 10.0


@dataclass
class Desk:
    """One browser that is signed in, without its screen."""

    county: County
    session: aiohttp.ClientSession
    csrf: str = ""

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(path) as answer:
            return answer.status, await answer.text()

    async def opens(self) -> str:
        status, html = await self.get("/")
        assert status == 200
        found = re.search(r'data-csrf="([^"]+)"', html)
        assert found is not None
        self.csrf = found[1]
        return html

    async def does(self, alert: Alert, deed: str, **form: str) -> tuple[int, str]:
        """Send a form as a page without a script does; return where it leads, and what stands there."""
        if not self.csrf:
            await self.opens()
        async with self.session.post(f"/alerts/{alert.id}/{deed}", data={"csrf": self.csrf, **form}) as answer:
            text = await answer.text()
        await self.county.world.settle()
        return answer.status, text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    found = await County.started(tmp_path_factory.mktemp("county"), language="en")
    yield found
    await found.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desks(county: County) -> AsyncIterator[Any]:
    sessions: list[aiohttp.ClientSession] = []

    def desk(role: AccountRole | str) -> Desk:
        cookie = county.cookie(role) if isinstance(role, AccountRole) else role
        sessions.append(aiohttp.ClientSession(county.url, cookies={"carehub": cookie, "language": "en"}))
        return Desk(county, sessions[-1])

    yield desk
    for session in sessions:
        await session.close()


async def pressed(county: County, number: int) -> Alert:
    home = county.home(number)
    await home.press_sos()
    return next(alert for alert in await home.alerts() if alert.what == "sos")


async def acts(county: County) -> list[Act]:
    assert county.world.hub is not None
    return await county.world.hub.store.read(lambda t: [*t.acts("ah-012"), *t.acts("ah-009"), *t.acts("ah-006")])


async def newest(county: County, alert: Alert) -> Alert:
    assert county.world.hub is not None
    found = await county.world.hub.store.read(lambda t: t.alert(alert.id))
    assert found is not None
    return found


async def test_one_glance_says_what_waits_what_comes_next_and_who_has_what(county: County, desks: Any) -> None:
    html = await desks(AccountRole.COUNTY).opens()
    for words in (
        "1 emergency",
        "Wang Xiulan",
        "pressed the emergency button",
        "Shangbao 3-12",
        "Hard of hearing: speak slowly and loudly",
        "Key with neighbour Zhao, 3-11",
        "Zhao Jianguo",
        "03:15:08",
        "delivered",
        "Zhang Haiyan",
        "There by 03:25:08",
        "Cannot speak: a silent call is a call",
        "Just closed",
        "every alert moves",
    ):
        assert words in html, words
    assert html.index("Wang Xiulan") < html.index("Ma Defu") < html.index("He Lanying")


async def test_staff_of_one_township_see_and_touch_nothing_of_another(county: County, desks: Any) -> None:
    mine, theirs = await pressed(county, 9), await pressed(county, 12)
    desk = desks(AccountRole.TOWNSHIP)
    html = await desk.opens()
    assert "Yang Yuzhen" in html
    assert "Zhao Cunliang" not in html
    for path in ("", "/resolve", "/call"):
        status, page = await desk.get(f"/alerts/{theirs.id}{path}")
        assert status == 403
        assert "Dongwan" in page
        assert "Zhao Cunliang" not in page
    for deed in ("take", "silence", "note", "resolve"):
        status, _ = await desk.does(theirs, deed, outcome="false", note="x", reason="false")
        assert status == 403
    assert await newest(county, theirs) == theirs
    refused = [act for act in await acts(county) if act.event == "refused"]
    assert len(refused) == 7
    assert {act.home_id for act in refused} == {"ah-012"}
    status, page = await desk.does(mine, "take")
    assert (status, "Done" in page) == (200, True)
    assert (await newest(county, mine)).holder == "li-qiang"


@pytest.mark.parametrize("role", [AccountRole.INSTALLER, AccountRole.ADMINISTRATOR])
async def test_who_has_no_right_to_act_is_refused_and_sees_no_buttons(
    county: County, desks: Any, role: AccountRole
) -> None:
    alert = (await county.home(1).alerts())[0]
    desk = desks(role)
    html = await desk.opens()
    assert "formaction" not in html
    assert "Key with neighbour" not in html
    assert (await desk.does(alert, "take"))[0] == 403
    assert (await desk.get(f"/alerts/{alert.id}/call"))[0] == 403


@pytest.mark.requirement("14")
async def test_silence_needs_a_reason_is_recorded_and_ends_with_the_next_press(county: County, desks: Any) -> None:
    alert = await pressed(county, 6)
    desk = desks(AccountRole.COUNTY)
    card = f'data-id="{alert.id}"[^>]*data-sounds="em"'
    assert re.search(card, await desk.opens())
    status, page = await desk.does(alert, "silence")
    assert (status, "Something is missing" in page) == (422, True)
    assert (await desk.does(alert, "silence", reason="in_hand"))[0] == 200
    html = await desk.opens()
    assert not re.search(card, html)
    assert "silenced by" in html
    assert county.world.hub is not None
    history = await county.world.hub.store.read(lambda t: t.history(alert.id))
    assert (history[-1].event, history[-1].who, history[-1].detail["reason"]) == ("silenced", "zhou-min", "in_hand")
    await county.world.forward(5 * SECOND)
    await county.home(6).press_sos()
    assert re.search(card, await desk.opens())


async def test_who_comes_second_hears_who_has_it_and_what_is_closed_stays_closed(county: County, desks: Any) -> None:
    alert = await pressed(county, 8)
    first, second = desks(AccountRole.VILLAGE), desks(AccountRole.COUNTY)
    await first.does(alert, "on-my-way")
    status, page = await second.does(alert, "take")
    assert status == 200
    assert re.search(r"Zhang Haiyan</bdi> took it \d+ s ago", page)
    assert "I go as well" in page
    await second.does(alert, "join")
    assert (await newest(county, alert)).helpers == ("zhang-haiyan", "zhou-min")
    await first.does(alert, "arrived")
    assert "Something is missing" in (await first.does(alert, "resolve"))[1]
    await first.does(alert, "resolve", outcome="false", note="pressed by mistake")
    closed = await newest(county, alert)
    assert (closed.stage, closed.outcome, closed.resolved_by) == (Stage.RESOLVED, "false", "zhang-haiyan")
    _, page = await second.does(alert, "resolve", outcome="genuine")
    assert "This was closed already" in page
    assert await newest(county, alert) == closed


async def test_a_form_without_our_token_or_for_nothing_changes_nothing(county: County, desks: Any) -> None:
    alert = (await county.home(1).alerts())[0]
    desk = desks(AccountRole.COUNTY)
    await desk.opens()
    for forged in ("", "f" * 43):
        async with desk.session.post(f"/alerts/{alert.id}/take", data={"csrf": forged}) as answer:
            assert answer.status == 403
            assert "Nothing was changed" in await answer.text()
    for path in ("/alerts/no-such-alert", "/alerts/no-such-alert/resolve", f"/alerts/{alert.id}/fly"):
        assert (await desk.get(path))[0] == 404
    stranger = desks("forged-" + "c" * 40)
    _, page = await stranger.get("/")
    assert "Wang Xiulan" not in page
    async with stranger.session.get("/live") as answer:
        assert answer.status == 401
    assert (await newest(county, alert)).holder is None


async def test_an_account_that_is_no_person_may_silence_but_not_take(county: County, desks: Any) -> None:
    def enter(work: Work) -> None:
        work.transaction.save_account(Account("desk", "night desk", frozenset({AccountRole.COUNTY}), (COUNTY,)))
        work.transaction.save_sign_in(SignIn(digest("test-desk"), "desk", work.now, work.now))

    assert county.world.hub is not None
    await county.world.hub.engine.write(Lane.DUTY, enter)
    alert, desk = (await county.home(1).alerts())[0], desks("test-desk")
    assert "Your account is no person" in (await desk.does(alert, "take"))[1]
    assert (await newest(county, alert)).holder is None
    await desk.does(alert, "silence", reason="other", note="family is there")
    assert "night desk" in await desk.opens()


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


async def test_the_stream_brings_everything_first_then_only_what_changed(county: County, desks: Any) -> None:
    desk = desks(AccountRole.COUNTY)
    await desk.opens()
    async with asyncio.timeout(PATIENCE_S), desk.session.get("/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = _events(answer)
        name, everything = await anext(events)
        assert name == "board"
        assert set(everything["parts"]) == {"glance", "banner", "side", "title", "proof", "waiting"}
        assert {key for rows in everything["order"].values() for key, _ in rows} == set(everything["html"])
        alert = await pressed(county, 10)
        key, changed = await _first(events, alert.id)
        assert len(changed["html"]) < len(everything["html"])
        assert "Chen Guifang" in changed["html"][key]
        assert desk.csrf not in json.dumps(changed)
        await desk.does(alert, "resolve", outcome="test")
        async for _, data in events:
            if "order" in data and alert.id not in json.dumps(data["order"]):
                break


async def _first(events: AsyncIterator[tuple[str, Any]], id: str) -> tuple[str, Any]:
    async for _, data in events:
        for key in data.get("html", {}):
            if id in key:
                return key, data
    raise AssertionError("the stream ended")
