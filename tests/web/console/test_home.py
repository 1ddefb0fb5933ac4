"""The page of a home over HTTP: who sees what, what is recorded, what its forms do, how fast it follows."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from devices.reading import Kind, State
from hub.accounts import AccountRole
from hub.homes import HomeMode
from hub.web.console.home import BEAT_S, LOOK_S
from tests.web.console.desk import CSRF
from tests.web.console.homestead import COUNTY, ELSEWHERE, HOUR, NIGHT, VILLAGE, Homestead, homestead

NUMBERS = ("+447700900101", "+447700900105", "+447700900112")
ILLNESS = "高血压"
SEEING = (AccountRole.VILLAGE, AccountRole.TOWNSHIP, AccountRole.COUNTY)
BLIND = (AccountRole.INSTALLER, AccountRole.ADMINISTRATOR)


@pytest.fixture
async def farm(tmp_path: Path) -> AsyncIterator[Homestead]:
    async with homestead(tmp_path) as farm:
        yield farm


# --- who sees what --------------------------------------------------------------------------------------------


@pytest.mark.promise("P10")
@pytest.mark.parametrize("role", AccountRole)
async def test_each_role_sees_a_home_of_its_area_with_masked_numbers_and_is_recorded(
    farm: Homestead, role: AccountRole
) -> None:
    farm.signs_in(role)
    status, page = await farm.gets(language="en")
    assert status == 200
    assert not [number for number in NUMBERS if number in page]
    assert ILLNESS not in page
    assert ("+44****0101" in page, "王秀兰" in page) == (True, True)
    assert ("钥匙在三社" in page) == (role in SEEING)
    assert ("/homes/ah-001/phone" in page) == (role in SEEING)
    assert ("/homes/ah-001/health" in page) == (role in SEEING)
    assert await farm.acts() == [("@account:a1", "looked")]


@pytest.mark.parametrize("path", ["/homes/ah-002", "/homes/ah-002/live", "/homes/ah-002/picture"])
async def test_a_home_of_another_area_is_refused_and_that_is_recorded(farm: Homestead, path: str) -> None:
    farm.signs_in(AccountRole.TOWNSHIP, areas=(VILLAGE,), person="li-qiang")
    status, page = await farm.gets(path, language="en")
    assert status == 403
    assert "石桥镇" not in page
    assert await farm.acts("ah-002") == [("li-qiang", "refused")]


async def test_a_guessed_home_is_not_there(farm: Homestead) -> None:
    for path in ("/homes/ah-999", "/homes/ah-001%00", "/homes/AH-001", "/homes/ah-999/live"):
        status, page = await farm.gets(path, language="en")
        assert status == 404, path
        assert "There is nothing here" in page or not page


async def test_nobody_signed_in_sees_nothing(farm: Homestead) -> None:
    farm.whoever.account = None
    async with farm.browser.get(farm.url + "/homes/ah-001", headers={"accept": "text/html"}) as answer:
        assert str(answer.url).endswith("/sign-in?next=/homes/ah-001")
    assert (await farm.gets("/homes/ah-001/live"))[0] == 401
    assert await farm.acts() == []


# --- what is shown on a click ---------------------------------------------------------------------------------


@pytest.mark.promise("P10")
@pytest.mark.parametrize("role", AccountRole)
async def test_a_number_is_shown_to_who_needs_it_on_a_click_that_is_recorded(
    farm: Homestead, role: AccountRole
) -> None:
    farm.signs_in(role)
    for key, number in (("wang-li", NUMBERS[0]), ("resident:0", NUMBERS[2])):
        status, _, page = await farm.posts("/phone", person=key)
        assert (status, number in page) == ((200, True) if role in SEEING else (403, False))
        assert not [other for other in NUMBERS if other != number and other in page]
    event = "revealed_phone" if role in SEEING else "refused"
    assert [event for _, event in await farm.acts()] == [event, event]
    if role in SEEING:
        acts = await farm.engine.store.read(lambda t: t.acts("ah-001"))
        assert [act.detail for act in acts] == [{"person": "wang-li"}, {"person": "resident:0"}]


@pytest.mark.promise("P10")
@pytest.mark.parametrize("role", AccountRole)
async def test_an_illness_is_shown_to_who_needs_it_on_a_click_that_is_recorded(
    farm: Homestead, role: AccountRole
) -> None:
    farm.signs_in(role)
    status, _, page = await farm.posts("/health", person="resident:0")
    assert (status, ILLNESS in page) == ((200, True) if role in SEEING else (403, False))
    assert [event for _, event in await farm.acts()] == ["revealed_health" if role in SEEING else "refused"]


async def test_what_was_shown_is_kept_by_no_browser(farm: Homestead) -> None:
    for path, body in (("", None), ("/phone", {"csrf": CSRF, "person": "wang-li"})):
        how = "POST" if body else "GET"
        async with farm.browser.request(how, f"{farm.url}/homes/ah-001{path}", data=body) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            page = await answer.text()
    assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


@pytest.mark.parametrize("person", ["li-qiang", "nobody", "resident:7", ""])
async def test_a_number_of_somebody_else_is_not_there(farm: Homestead, person: str) -> None:
    status, _, page = await farm.posts("/phone", person=person)
    assert (status, "+4477" in page) == (404, False)
    assert await farm.acts() == []


@pytest.mark.parametrize("path", ["/phone", "/health", "/mode"])
async def test_a_form_without_our_token_does_nothing(farm: Homestead, path: str) -> None:
    status, _, _ = await farm.posts(path, csrf="x", person="wang-li", mode="away", until="2h")
    assert status == 403
    assert [event for _, event in await farm.acts() if event != "foreign_form"] == []
    async with farm.browser.get(f"{farm.url}/homes/ah-001{path}") as answer:
        assert answer.status == 405


# --- modes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["away", "visitor", "hospital", "maintenance"])
async def test_a_mode_is_set_with_its_end_shown_and_ended(farm: Homestead, mode: str) -> None:
    status, where, _ = await farm.posts("/mode", mode=mode, until="2h", at="")
    assert (status, where) == (303, "/homes/ah-001?saved#mode")
    home = farm.engine.world.registry.homes["ah-001"]
    assert home.mode_at(NIGHT) == (HomeMode(mode), NIGHT + 2 * HOUR)
    _, page = await farm.gets("/homes/ah-001?saved", language="en")
    assert f"{mode.capitalize()} until 05:14:26" in page
    assert "Saved with your name." in page
    assert (await farm.posts("/mode", mode="home"))[0] == 303
    assert farm.engine.world.registry.homes["ah-001"].mode_at(NIGHT) is None
    ended = "back" if mode in ("away", "hospital") else "mode_ended"
    assert [act for act in await farm.acts() if act[1] != "looked"] == [("li-qiang", mode), ("li-qiang", ended)]


@pytest.mark.parametrize("role", AccountRole)
@pytest.mark.parametrize("area", [COUNTY, ELSEWHERE])
async def test_modes_are_set_by_who_may_there(farm: Homestead, role: AccountRole, area: str) -> None:
    farm.signs_in(role, areas=(area,))
    status, _, _ = await farm.posts("/mode", mode="visitor", until="2h")
    assert status == (303 if area == COUNTY else 403)
    home = farm.engine.world.registry.homes["ah-001"]
    assert (home.mode_at(NIGHT) is not None) == (area == COUNTY)
    assert [event for _, event in await farm.acts()] == ["visitor" if area == COUNTY else "refused"]


async def test_a_wrong_end_is_said_in_a_sentence_and_the_form_stays_filled_in(farm: Homestead) -> None:
    status, _, page = await farm.posts("/mode", mode="maintenance", until="at", at="2026-11-26T11:15")
    assert status == 400
    assert "检修最长 8 小时" in page
    assert 'value="2026-11-26T11:15"' in page
    assert re.search(r'value="maintenance" required checked', page)
    assert await farm.acts() == []


# --- live -----------------------------------------------------------------------------------------------------


async def event(answer: aiohttp.ClientResponse) -> tuple[str, str]:
    """Return the next event of a stream."""
    name, data = "", []
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if not text and name:
            return name, "\n".join(data)
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            data.append(text.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def changed(answer: aiohttp.ClientResponse) -> str:
    while True:
        name, data = await event(answer)
        if name == "now":
            return data


async def test_a_reading_is_on_the_page_within_a_second(farm: Homestead) -> None:
    async with farm.browser.get(farm.url + "/homes/ah-001/live", headers={"Cookie": "language=en"}) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        first = await changed(stream)
        assert "Never heard" in first
        began = time.monotonic()
        await farm.says("hall-motion", Kind.MOTION, State.ACTIVE)
        assert "Movement 03:14:26" in await changed(stream)
        assert time.monotonic() - began < 1
        await farm.is_pressed()
        assert "王秀兰 pressed the emergency button" in await changed(stream)
        await farm.engine.mode("ah-001", HomeMode.VISITOR, NIGHT + HOUR, "li-qiang")
        assert "Visitor until 04:14:26" in await changed(stream)
    assert "looked" not in [event for _, event in await farm.acts()], "a page that refreshes itself is no look"


async def test_a_stream_ends_when_nobody_is_signed_in_any_more(
    farm: Homestead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.console.home.BEAT_S", BEAT_S / 500)
    monkeypatch.setattr("hub.web.console.home.LOOK_S", LOOK_S / 500)
    async with farm.browser.get(farm.url + "/homes/ah-001/live") as stream:
        await changed(stream)
        farm.whoever.account = None
        while (name := (await event(stream))[0]) == "beat":
            pass
        assert name == "over"


async def test_a_stream_ends_when_the_home_is_no_longer_the_visitors(
    farm: Homestead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.web.console.home.BEAT_S", BEAT_S / 500)
    monkeypatch.setattr("hub.web.console.home.LOOK_S", LOOK_S / 500)
    async with farm.browser.get(farm.url + "/homes/ah-001/live") as stream:
        await changed(stream)
        farm.signs_in(AccountRole.VILLAGE, areas=(ELSEWHERE,))
        while (name := (await event(stream))[0]) == "beat":
            pass
        assert name == "over"


async def test_pages_that_are_closed_are_forgotten(farm: Homestead) -> None:
    from hub.web.console.home_news import HomeNews

    news = HomeNews(farm.engine)
    with news.watch("ah-001") as one, news.watch("ah-001") as other:
        await farm.says("hall-motion", Kind.MOTION, State.ACTIVE)
        assert await asyncio.gather(one.changed(1), other.changed(1)) == [True, True]
        assert await one.changed(0) is False
    assert news._open == {}
    await farm.says("hall-motion", Kind.MOTION, State.CLEAR)


async def test_a_home_with_a_month_of_readings_costs_no_more_than_a_day(farm: Homestead) -> None:
    """All that the page asks for is bounded by a window; tests/store/test_sight_rows.py looks at the plans."""
    await farm.has_a_day()
    await farm.is_pressed()
    status, page = await farm.gets(language="en")
    assert status == 200
    assert len(page.encode()) < 100 * 1024
    assert "battery of the bathroom motion sensor at 4%" in page
    assert "Emergency call</b>, bedroom" in page
    assert "Movement from 06:30 to 03:14, most in: kitchen." in page


async def test_a_stream_ends_at_once_when_the_hub_stops(farm: Homestead) -> None:
    async with farm.browser.get(farm.url + "/homes/ah-001/live") as stream:
        await changed(stream)
        began = time.monotonic()
        await farm.server.stop()
        assert time.monotonic() - began < 1
        assert b"event: now" not in await stream.content.read()
