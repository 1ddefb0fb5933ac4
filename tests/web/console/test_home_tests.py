"""Tests of homes on the console: begun, watched, confirmed, signed; who may, and what the sheet says."""

import re
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from devices.message import Message
from devices.reading import Kind, Reading, State
from hub.accounts import Account, AccountRole
from hub.engine import Engine, testing
from hub.homes import Home, HomeMode, Registry
from hub.ports import Arrival, Delivery, Lane, Session
from hub.store import open_store, upgrade
from hub.walktest import WalkKind, WalkTest
from hub.web.console.sheet import sheet_of
from hub.web.console.sheet_pdf import draw_pdf
from hub.web.console.tests import HomeTestPages
from hub.web.console.words import Words
from tests.engine.pocket import PEOPLE, POLICIES, VILLAGE, WANG, button
from tests.harness.memory import NOON, StillClock
from tests.web.console import desk

MINUTE = timedelta(minutes=1)
INSTALLER = desk.account(AccountRole.INSTALLER)
LOOKER = replace(desk.account(AccountRole.INSTALLER), roles=frozenset())
FITTED = replace(
    WANG,
    devices=tuple(
        replace(d, model="SNZB-01P", place="床头", installed_on=date(2026, 2, 28), subsidy=f"GS-2026-{n:04}")
        for n, d in enumerate(WANG.devices)
    ),
)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Console:
    """The pages on a database of their own, and whoever is signed in."""

    engine: Engine
    clock: StillClock
    who: desk.Whoever

    def __post_init__(self) -> None:
        self.pages = desk.application(HomeTestPages(desk.site(self.engine, self.clock, self.who)))

    async def get(self, path: str, *, language: str = "zh-CN") -> Answer:
        return await self._ask("GET", path, b"", language)

    async def post(self, path: str, **fields: str) -> Answer:
        return await self._ask("POST", path, urlencode({"csrf": desk.CSRF, **fields}).encode(), "zh-CN")

    async def _ask(self, method: str, path: str, body: bytes, language: str) -> Answer:
        sent: list[dict[str, object]] = []
        where, _, query = path.partition("?")
        headers = {"host": "hub", "accept": "text/html", "cookie": f"language={language}"}
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": where,
            "raw_path": where.encode(),
            "query_string": query.encode(),
            "scheme": "http",
            "server": ("hub", 80),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        await self.pages(scope, receive, send)  # type: ignore[arg-type]
        start = sent[0]
        got = {name.decode(): value.decode() for name, value in start["headers"]}  # type: ignore[attr-defined]
        return Answer(int(start["status"]), got, b"".join(m.get("body", b"") for m in sent[1:]))  # type: ignore[call-overload, misc]

    async def begin(self, minutes: int = 30) -> WalkTest:
        answer = await self.post("/homes/wang/test", kind="home", tester="nurse", minutes=str(minutes))
        assert (answer.status, answer.headers["location"]) == (303, "/homes/wang/test")
        return await self.test()

    async def test(self) -> WalkTest:
        found = await self.engine.store.read(lambda t: t.running_home_test("wang"))
        assert found is not None
        return await self.engine.store.read(lambda t: testing.seen(t, found))

    async def says(self, *readings: Reading, payload: bytes = b'{"linkquality": 98}') -> None:
        message = Message(readings[0].source, payload, self.clock.now(), retained=False, qos=1)
        delivery = Delivery(message, Session.SOS, 1, next(_MIDS), False, None)
        await self.engine.commit([Arrival(delivery, "", readings)])

    async def press(self, name: str = "bed-sos") -> None:
        charge = Reading(f"zigbee2mqtt/{name}", name, Kind.BATTERY, State.CLEAR, "battery", percent=87)
        await self.says(button(name), charge)


_MIDS = iter(range(1, 60_000))


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    url = f"sqlite:///{tmp_path}/carehub.db"
    upgrade(url)
    store = open_store(url)
    clock = StillClock(NOON)
    engine = Engine(store, clock, "site", POLICIES)
    chen = Home("chen", "620702300000", "东湾镇1号", "homes/chen/", residents=WANG.residents)
    await store.write(
        Lane.SLOW, lambda t: t.replace_registry(Registry.of(PEOPLE, (FITTED, chen), 0, {VILLAGE: "上堡村"}))
    )
    await engine.load()
    yield Console(engine, clock, desk.Whoever(INSTALLER))
    await store.close()


async def test_a_test_from_its_first_page_to_the_signed_sheet(console: Console) -> None:
    start = await console.get("/homes/wang/test")
    assert start.status == 200
    assert all(word in start.text for word in ("开始试验", "李强", "每周一次", "60 秒内确认"))
    test = await console.begin()
    assert console.engine.world.registry.homes["wang"].mode is HomeMode.TEST
    live = (await console.get("/homes/wang/test/live")).text
    assert "7 个设备，0 个通过" in live
    await console.press()
    live = (await console.get("/homes/wang/test/live")).text
    assert all(
        word in live for word in ("信号 98/255", "电量 87%", "是，是在试".replace("是，", "是的，"), 'value="bed-sos"')
    )
    answer = await console.post("/homes/wang/test/confirm", device="bed-sos")
    assert answer.status == 303
    assert (await console.test()).probe("bed-sos").confirmed_at == console.clock.now()  # type: ignore[union-attr]
    console.clock.instant += 3 * MINUTE
    live = (await console.get("/homes/wang/test/live")).text
    assert "卫生间呼叫按钮 2 分钟内没有说话。请按住它 5 秒重新入网；还不行就换电池。" in live
    ended = await console.post("/homes/wang/test/end")
    assert ended.headers["location"] == f"/tests/{test.id}"
    assert (await console.get("/homes/wang/test/live")).status == 204
    signed = await console.post(f"/tests/{test.id}/sign", **{"as": "installer", "name": "陈 工"})
    assert signed.status == 303
    await console.post(f"/tests/{test.id}/sign", **{"as": "installer", "name": "别人"})
    sheet = (await console.get(f"/tests/{test.id}")).text
    assert all(word in sheet for word in ("王秀兰", "上堡村三社12号", "GS-2026-0003", "SNZB-01P", "2026-02-28", "床头"))
    assert "陈 工" in sheet
    assert "别人" not in sheet
    assert "个设备未通过" in sheet
    listed = (await console.get("/tests")).text
    assert f"/tests/{test.id}/sheet.pdf" in listed
    assert "未通过" in listed


async def test_the_sheet_is_the_same_when_home_and_people_have_changed(console: Console) -> None:
    test = await console.begin()
    await console.post("/homes/wang/test/end")
    before = (await console.get(f"/tests/{test.id}/sheet.pdf")).body
    await console.engine.store.write(
        Lane.SLOW, lambda t: t.replace_registry(Registry.of((), (replace(WANG, devices=(), address="别处"),)))
    )
    await console.engine.load()
    console.clock.instant += timedelta(days=365)
    assert (await console.get(f"/tests/{test.id}/sheet.pdf")).body == before


async def test_each_look_at_a_sheet_is_recorded_and_so_is_each_test(console: Console) -> None:
    test = await console.begin()
    await console.post("/homes/wang/test/end")
    await console.get(f"/tests/{test.id}")
    acts = await console.engine.store.read(lambda t: t.acts("wang"))
    assert [act.event for act in acts] == ["test", "test_ended", "looked"]


@pytest.mark.parametrize(
    ("account", "status"),
    [
        (desk.account(AccountRole.VILLAGE), 303),
        (desk.account(AccountRole.INSTALLER, areas=("620702300000",)), 403),
        (LOOKER, 403),
    ],
)
async def test_only_who_may_tests_a_home(console: Console, account: Account, status: int) -> None:
    console.who.account = account
    answer = await console.post("/homes/wang/test", kind="home", tester="nurse")
    assert answer.status == status
    if status == 403:
        assert console.engine.world.registry.homes["wang"].mode is None
        acts = await console.engine.store.read(lambda t: t.acts("wang"))
        assert [act.event for act in acts] == ["refused"]


async def test_a_sheet_of_another_area_is_refused_and_one_that_is_not_there_not_found(console: Console) -> None:
    test = await console.begin()
    await console.post("/homes/wang/test/end")
    console.who.account = desk.account(AccountRole.COUNTY, areas=("620702300000",))
    assert (await console.get(f"/tests/{test.id}")).status == 403
    assert (await console.get(f"/tests/{test.id}/sheet.pdf")).status == 403
    assert (await console.post(f"/tests/{test.id}/sign", **{"as": "staff", "name": "x"})).status == 403
    assert (await console.get("/tests/01KJ@nowhere")).status == 404
    assert test.id not in (await console.get("/tests")).text


async def test_a_form_without_its_token_begins_nothing(console: Console) -> None:
    assert (await console.post("/homes/wang/test", csrf="x" * 32, kind="home", tester="nurse")).status == 403
    assert console.engine.world.registry.homes["wang"].mode is None


@pytest.mark.parametrize("tester", ["nobody", "son", ""])
async def test_a_tester_is_somebody_of_this_home_or_its_staff(console: Console, tester: str) -> None:
    answer = await console.post("/homes/wang/test", kind="home", tester=tester)
    assert answer.status == 422
    assert "请选择谁在设备旁边" in answer.text


async def test_nobody_begins_a_test_twice(console: Console) -> None:
    test = await console.begin()
    assert (await console.begin()).id == test.id


async def test_a_test_lasts_at_most_four_hours(console: Console) -> None:
    test = await console.begin(999)
    assert test.ends_at - test.began_at == timedelta(hours=4)


async def test_the_week_of_the_buttons_by_area(console: Console) -> None:
    await console.engine.follow()
    await console.press()
    console.clock.instant += timedelta(days=6, hours=1)
    page = (await console.get("/tests/weekly")).text
    assert "上堡村" in page
    assert "有 3 个按钮该试按了" in page
    assert "到期 3" in page
    await console.press("bath-sos")
    console.clock.instant += timedelta(days=1)
    page = (await console.get("/tests/weekly", language="en")).text
    assert "2 buttons have not been pressed for over a week" in page
    assert "done 1" in page


def _sheet_of_many(language: str, devices: int) -> bytes:
    many = tuple(
        replace(WANG.devices[n % 7], id=f"d{n}", model="型号 TS0215A", subsidy=f"GS-{n}") for n in range(devices)
    )
    home = replace(WANG, devices=many)
    from hub.walktest import begin

    test = begin("01KJ@site", home, WalkKind.HOME, NOON, 30 * MINUTE, "nurse", "nurse")
    ended = replace(test, ended_at=NOON + 30 * MINUTE, passed=False, tester_name="李强", area_name="上堡村")
    words = Words(language, desk.SETTINGS.timezone)
    return draw_pdf(sheet_of(words, ended, NOON, "安河县"))


@pytest.mark.parametrize("devices", [1, 8, 20, 40])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_pdf_is_one_a4_page_whose_text_can_be_read(language: str, devices: int) -> None:
    pdf = _sheet_of_many(language, devices)
    assert pdf.startswith(b"%PDF-")
    assert re.findall(rb"/Count (\d+)", pdf) == [b"1"]
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert [round(float(side)) for side in box] == [595, 842]
    assert "王秀兰".encode("utf-16-be") in _drawn(pdf)


def test_an_english_sheet_needs_no_chinese_font_for_its_words() -> None:
    drawn = _drawn(_sheet_of_many("en", 3))
    assert b"Test of a home" in drawn
    assert "Test of a home".encode("utf-16-be") not in drawn
    assert b"GS-2" in drawn


def _drawn(pdf: bytes) -> bytes:
    """Return what the page shows, in the font's own two-byte characters."""
    import base64

    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    page = b"".join(zlib.decompress(base64.a85decode(s.strip().removesuffix(b"~>"))) for s in streams)
    strings = re.findall(rb"\(((?:\\.|[^\\()])*)\)", page, re.DOTALL)
    plain = [re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), s) for s in strings]
    return b"|".join(re.sub(rb"\\(.)", rb"\1", s, flags=re.DOTALL) for s in plain)
