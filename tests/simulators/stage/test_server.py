"""The page's server: who may drive it, what it answers, how a page hears of changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulators.stage import Refused, StageServer
from simulators.stage.labels import CHINESE, ENGLISH
from simulators.stage.page import document


class FakePlay:
    """Notes what is asked for, and has one line to tell."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.number = 1
        self._changed = asyncio.Event()

    def change(self) -> None:
        self.number += 1
        self._changed.set()

    async def wait(self, seen: int, wait_s: float) -> int:
        if seen == self.number:
            self._changed.clear()
            await asyncio.wait([asyncio.ensure_future(self._changed.wait())], timeout=wait_s)
        return self.number

    async def state(self, language: str) -> dict[str, Any]:
        line = {"day": "03-01", "at": "03:12:08", "label": "收到", "text": "<b>按下</b>", "why": "按一次就算"}
        return {"language": language, "number": self.number, "stream": [line, {**line, "why": ""}]}

    def time(self) -> dict[str, Any]:
        return {"now_ms": 0, "pace": 1}

    async def poke(self, device: str, what: str) -> None:
        if device == "nothing":
            raise Refused("there is no device nothing", 404)
        self.asked.append(("poke", device, what))

    async def reply(self, number: str, text: str) -> None:
        self.asked.append(("reply", number, text))

    async def scenario(self, name: str) -> None:
        self.asked.append(("scenario", name))

    async def speed(self, pace: float) -> None:
        self.asked.append(("speed", pace))

    async def next_step(self) -> None:
        self.asked.append(("next",))

    async def world(self, name: str, value: str) -> None:
        self.asked.append(("world", name, value))


@pytest.fixture
async def play() -> FakePlay:
    return FakePlay()


@pytest.fixture
async def server(play: FakePlay) -> AsyncIterator[StageServer]:
    found = StageServer(play)
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def http(server: StageServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


async def test_every_command_reaches_the_play(http: aiohttp.ClientSession, play: FakePlay) -> None:
    for path, body in (
        ("/poke/bed-sos", {"what": "press"}),
        ("/phones/+447700900101/reply", {"text": "1"}),
        ("/scenario/sos", {}),
        ("/speed", {"pace": 60}),
        ("/next", {}),
        ("/world/hub", {"value": False}),
        ("/world/carrier", {"value": "slow"}),
    ):
        async with http.post(path, json=body) as answer:
            assert answer.status == 200, await answer.text()
    assert play.asked == [
        ("poke", "bed-sos", "press"),
        ("reply", "+447700900101", "1"),
        ("scenario", "sos"),
        ("speed", 60.0),
        ("next",),
        ("world", "hub", "off"),
        ("world", "carrier", "slow"),
    ]


async def test_an_address_alone_says_what_to_do_too(http: aiohttp.ClientSession, play: FakePlay) -> None:
    async with http.post("/poke/bed-sos?what=press", headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 200
    assert play.asked == [("poke", "bed-sos", "press")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json", "Origin": "https://example.org"}, 403),
        ({"Content-Type": "application/json", "Origin": "null"}, 403),
        ({"Content-Type": "application/json", "Host": "rebound.example:80"}, 421),
    ],
)
async def test_a_foreign_page_cannot_drive_it(
    http: aiohttp.ClientSession, play: FakePlay, headers: dict[str, str], status: int
) -> None:
    async with http.post("/poke/bed-sos?what=press", data="{}", headers=headers) as answer:
        assert answer.status == status
        assert set(await answer.json()) == {"error"}
    assert play.asked == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/poke/bed-sos", "[]", 400),
        ("/poke/bed-sos", "{", 400),
        ("/poke/bed-sos", "{}", 400),
        ("/poke/bed-sos", json.dumps({"what": ["press"]}), 400),
        ("/poke/nothing", json.dumps({"what": "press"}), 404),
        ("/speed", json.dumps({"pace": "soon"}), 400),
        ("/phones/+44/reply", json.dumps({"text": "x" * 5000}), 413),
        ("/nowhere", "{}", 404),
    ],
)
async def test_what_is_wrong_is_said_in_one_sentence(
    http: aiohttp.ClientSession, play: FakePlay, path: str, body: str, status: int
) -> None:
    async with http.post(path, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]
    assert play.asked == []


async def test_the_page_hears_of_changes_and_of_time(http: aiohttp.ClientSession, play: FakePlay) -> None:
    async with http.get("/live?lang=en") as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readline() == b"event: state\n"
        first = json.loads((await answer.content.readline()).removeprefix(b"data: "))
        assert (first["number"], first["language"]) == (1, "en")
        await answer.content.readline()
        assert await answer.content.readline() == b"event: time\n"
        await answer.content.readline()
        await answer.content.readline()
        play.change()
        while await answer.content.readline() != b"event: state\n":
            pass
        assert json.loads((await answer.content.readline()).removeprefix(b"data: "))["number"] == 2


async def test_nothing_on_the_page_comes_from_elsewhere(http: aiohttp.ClientSession) -> None:
    for path in ("/", "/stage.js", "/stage.css", "/icon.svg"):
        async with http.get(path) as answer:
            text = await answer.text()
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
            assert "https://" not in text
            assert "http://" not in text.replace("http://www.w3.org/", "").replace('"http://', "")


async def test_the_decisions_can_be_taken_along_as_text(http: aiohttp.ClientSession) -> None:
    async with http.get("/decisions.txt") as answer:
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    assert lines == ["03-01 03:12:08  收到  <b>按下</b>", "03-01 03:12:08  收到  <b>按下</b>  (按一次就算)"]


async def test_a_port_that_is_taken_is_an_error(server: StageServer, play: FakePlay) -> None:
    taken = int(server.url.rstrip("/").rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        await StageServer(play, taken).start()


def test_both_languages_have_the_same_words() -> None:
    assert set(CHINESE) == set(ENGLISH)
    for name, word in CHINESE.items():
        assert word.count("{") == ENGLISH[name].count("{"), name
    assert 'lang="zh-CN"' in document("zh-CN")
    assert "carehub simulator" in document("en")
