"""Tokens on their page: made, shown once, used, revoked."""

import re

import aiohttp

from hub.accounts import AccountRole
from tests.web.console.doors import VILLAGE, House

WANTED = {"name": "县里的大屏", "scope.see_alerts": "1", "days": "30"}


async def asks(house: House, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(f"{house.base}/api/v1/alerts", headers=headers) as said:
        return said.status


async def test_a_token_is_shown_once_opens_the_api_and_is_revoked(house: House) -> None:
    browser = await house.signed_in("li", AccountRole.VILLAGE, person="li-qiang")
    made = await browser.post("/tokens", WANTED)
    assert made.status == 200
    (token,) = re.findall(r"ch_[\w-]{43}", made.text)
    assert await asks(house, token) == 200
    page = await browser.get("/tokens")
    assert token not in page.text
    assert "县里的大屏" in page.words
    assert "看告警" in page.words
    (id,) = re.findall(r"/tokens/(\w+)/revoke", page.text)
    assert (await browser.post(f"/tokens/{id}/revoke")).location == "/tokens?done=revoked"
    assert await asks(house, token) == 401
    assert "作废" in (await browser.get("/tokens")).words
    assert [act.event for act in await house.log() if act.event.startswith("token")] == ["token_made", "token_revoked"]


async def test_nobody_gives_a_program_more_than_they_may(house: House) -> None:
    browser = await house.signed_in("fitter", AccountRole.INSTALLER)
    page = await browser.get("/tokens")
    assert "scope.see_homes" in page.text
    assert "scope.act" not in page.text
    refused = await browser.post("/tokens", {**WANTED, "scope.act": "1"})
    assert (refused.status, "不能超过您的账号" in refused.words) == (400, True)


async def test_what_is_missing_is_said_and_what_was_typed_stays(house: House) -> None:
    browser = await house.signed_in("li", AccountRole.VILLAGE, person="li-qiang")
    for form, words in (
        ({**WANTED, "name": ""}, "请写用途"),
        ({"name": "大屏", "days": "30"}, "至少选一项"),
        ({**WANTED, "days": "3650"}, "请选有效期"),
    ):
        answer = await browser.post("/tokens", form)
        assert (answer.status, words in answer.words) == (400, True), form
    assert 'value="大屏"' in (await browser.post("/tokens", {"name": "大屏", "days": "30"})).text


async def test_others_tokens_are_not_there(house: House) -> None:
    await (await house.signed_in("li", AccountRole.VILLAGE, person="li-qiang")).post("/tokens", WANTED)
    (kept,) = await house.engine.store.read(lambda t: t.api_tokens())
    other = await house.signed_in("sun", AccountRole.VILLAGE, areas=(VILLAGE,))
    assert "县里的大屏" not in (await other.get("/tokens")).words
    assert (await other.post(f"/tokens/{kept.id}/revoke")).status == 404
    county = await house.signed_in("county", AccountRole.COUNTY, areas=("620702000000",))
    assert "县里的大屏" in (await county.get("/tokens")).words
    assert (await county.post(f"/tokens/{kept.id}/revoke")).status == 303
