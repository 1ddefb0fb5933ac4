"""The stream of open alerts: who is signed out sees no more of it, however much happens."""

import asyncio
import json

import pytest

from hub.accounts import AccountRole
from hub.engine.news import News
from hub.ports import Lane
from tests.store.samples import an_alert
from tests.web.console.doors import VILLAGE, House


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
