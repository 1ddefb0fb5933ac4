"""The stream of open alerts: who is signed out sees no more of it, however much happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.accounts import AccountRole
from hub.engine.news import News
from hub.ports import Lane
from tests.store.samples import an_alert
from tests.web.console.doors import OTHER, VILLAGE, Browser, House


async def test_a_stream_ends_for_whoever_was_signed_out_while_alerts_pour_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.console.live.LOOK_S", 0.5)
    browser = await house.signed_in("li.qiang", AccountRole.TOWNSHIP, areas=(VILLAGE,), person="li-qiang")
    account = await house.accounts.named("li.qiang")
    assert account is not None
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    count = 0

    async def pour() -> None:
        nonlocal count
        while True:
            count += 1
            alert = an_alert(f"01{count:03}", cause=f"c{count}", code=f"K{count}")
            await house.engine.store.write(Lane.DUTY, lambda t, one=alert: t.save_alert(one))
            house.engine.tell(News(alerts=frozenset({alert.id})))
            await asyncio.sleep(0.05)

    async with browser.session.get(house.base + "/live", headers={"Cookie": cookies}) as stream:
        pouring = asyncio.create_task(pour())
        try:
            async with asyncio.timeout(10):
                await stream.content.readuntil(b"event: board")
                await house.accounts.disable(None, account.id)
                await stream.content.readuntil(b"event: over")
        finally:
            pouring.cancel()
        assert json.loads((await stream.content.read()).strip().removeprefix(b"data: ")) == {}


@pytest.mark.promise("P10")
async def test_every_page_hears_of_a_new_emergency_of_its_own_areas_alone(house: House) -> None:
    own = await house.signed_in("li.qiang", AccountRole.TOWNSHIP, areas=(VILLAGE,), person="li-qiang")
    other = await house.signed_in("sun.zhi", AccountRole.TOWNSHIP, areas=(OTHER,), person="sun-zhi")

    async def hears(browser: Browser) -> AsyncIterator[dict[str, Any]]:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with browser.session.get(house.base + "/live/waiting", headers={"Cookie": cookies}) as stream:
            while True:
                name = (await stream.content.readline()).decode().removeprefix("event: ").strip()
                data = (await stream.content.readline()).decode().removeprefix("data: ")
                await stream.content.readline()
                yield {"event": name, **json.loads(data)}

    async with asyncio.timeout(10):
        heard, not_theirs = hears(own), hears(other)
        assert [(one["event"], one["n"], one["title"]) for one in (await anext(heard), await anext(not_theirs))] == [
            ("waiting", "0", ""),
            ("waiting", "0", ""),
        ]
        await house.engine.store.write(Lane.DUTY, lambda t: t.save_alert(an_alert(home="ah-001")))
        house.engine.tell(News(alerts=frozenset({"01A"})))
        told = await anext(heard)
        assert (told["n"], told["title"], told["sounds"]) == ("1", "● 1 件紧急在等人", 1)
        assert [one["id"] for one in told["newest"]] == ["01A"]
        assert told["newest"][0]["say"].startswith("新的紧急：王秀兰")
        theirs = await anext(not_theirs)
        assert theirs["event"] == "beat"
        assert set(theirs) == {"event", "now"}
        await heard.aclose()
        await not_theirs.aclose()
