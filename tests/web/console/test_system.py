"""The page about the system: what it says when all is well and when it is not; never what is of other areas."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ulid import ULID

from devices.message import Message
from hub.accounts import EVERYWHERE, AccountRole
from hub.alerts.notification import Fate
from hub.alerts.tally import Spread
from hub.dispatch.audit import faults_of
from hub.ports import Lane, Session
from hub.web.about import About, ChannelAbout
from hub.web.console.system_view import commit_ms, faults
from hub.web.console.words import Words
from hub.web.ports import Part
from tests.store.samples import a_notification, an_alert
from tests.web.console import desk
from tests.web.console.county_desk import DAY, DONGWAN, HOMES, LIUGOU, MINUTE, NOW, CountyDesk, county_desk, words_of

EVERYBODYS = desk.account(AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))
TOWN = desk.account(AccountRole.TOWNSHIP, areas=(DONGWAN,))
CHINESE, ENGLISH = (Words(language, ZoneInfo("Asia/Shanghai")) for language in ("zh-CN", "en"))
ABOUT = About(
    version="0.1.0",
    site="anhe",
    started_at=NOW - DAY,
    database="SQLite",
    broker="mqtt://127.0.0.1:1883",
    listens="127.0.0.1:8080",
    public_url="https://care.example",
    channels=(ChannelAbout("sms", "twilio_sms", "+15005550006"),),
    keep_readings=30 * DAY,
    keep_alerts=365 * DAY,
    deadman=False,
    audit_at=NOW - MINUTE,
    audit_faults=("alert 01A has no next duty", "session sos: not connected"),
    not_taken="mqtt.url: changed, needs a restart; all else is taken.",
)


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[CountyDesk]:
    async with county_desk(tmp_path, account=EVERYBODYS, about=lambda: ABOUT) as found:
        await found.say(state for home in HOMES for state in words_of(home))
        yield found


async def test_the_first_sentence_says_whether_an_alarm_would_be_raised(county: CountyDesk) -> None:
    assert "系统能报警" in (await county.page("/health"))[1]
    county.hub.parts["database"] = Part(False, "disk full")
    for path in ("/health", "/live/health"):
        _, page = await county.page(path)
        assert "系统现在不能保证报警" in page
        assert "数据库不正常" in page


async def test_how_the_hub_was_set_up_is_shown(county: CountyDesk) -> None:
    _, page = await county.page("/health")
    for said in ("anhe", "0.1.0", "mqtt://127.0.0.1:1883", "twilio_sms", "没有设置：系统停了没人知道", "30 天",
                 "值班人员", "mqtt.url: changed"):  # fmt: skip
        assert said in page, said


async def test_what_an_audit_found_leads_to_the_alert(county: CountyDesk) -> None:
    _, page = await county.page("/health")
    assert "上次核对有 2 项没有通过" in page
    assert '<a href="/alerts/01A">有一件没办结的告警停住了，没有下一步。</a>' in page


def test_every_fault_of_an_audit_has_words() -> None:
    stuck, late, vain = an_alert("01A", duties={}), an_alert("01B"), an_alert("01C", reached=False)
    unsent = a_notification("01N", created_at=NOW, fate=Fate.QUEUED)
    found = faults_of([stuck, late, vain], [unsent], NOW + 2 * DAY + timedelta(seconds=3, microseconds=5))
    said = faults(CHINESE, [*found, "the store is unavailable: disk full", "session sos: not connected"])
    assert len(said) == 7
    assert not [one for one in said if "日志" in one.says]
    assert [one.link for one in said][:2] == ["/alerts/01A", "/alerts/01B"]
    assert "2 days" not in "".join(one.says for one in said)
    assert faults(ENGLISH, ["something new"])[0].says == "Something does not hold; the log says more."


async def test_carriers_say_how_they_fared(county: CountyDesk) -> None:
    def fill(work: object) -> None:
        for n, fate in enumerate((Fate.DELIVERED, Fate.DELIVERED, Fate.DELIVERED, Fate.FAILED)):
            at = NOW - n * MINUTE
            id, error = f"{ULID.from_datetime(at)}@site", "30005" if fate is Fate.FAILED else None
            found = a_notification(id, created_at=at, fate=fate, accepted_at=at, ended_at=at, error=error)
            work.transaction.add_notifications([found])  # type: ignore[attr-defined]

    await county.engine.write(Lane.SLOW, fill)
    _, page = await county.page("/health")
    assert "1 (25%)" in page
    assert "30005" in page


async def test_of_the_shelf_everybody_sees_what_is_of_their_homes(county: CountyDesk) -> None:
    def fill(work: object) -> None:
        for topic in ("homes/ah-001/zigbee2mqtt/sos", "homes/lg-001/zigbee2mqtt/gas", "strange/<b>thing</b>"):
            work.transaction.shelve(Session.MAIN, Message(topic, b"{", NOW), "no JSON")  # type: ignore[attr-defined]

    await county.engine.write(Lane.SLOW, fill)
    _, page = await county.page("/health/shelf", EVERYBODYS)
    assert "有 3 条信号被搁置" in page
    assert "<b>thing" not in page
    _, page = await county.page("/health/shelf", TOWN)
    assert "ah-001" in page
    assert "lg-001" not in page
    assert "strange" not in page
    assert "另有 2 条" in page


async def test_silent_devices_are_those_of_ones_own_areas(county: CountyDesk) -> None:
    silent = [state for home in (HOMES[0], HOMES[3]) for state in words_of(home) if state.kind == "gas"]
    await county.say(replace(state, at=NOW - 2 * DAY) for state in silent)
    _, page = await county.page("/health", TOWN)
    assert "王秀兰" in page
    assert "厨房燃气报警器失联 48 小时" in page
    assert "杨玉珍" not in page
    _, page = await county.page("/health", desk.account(AccountRole.TOWNSHIP, areas=(LIUGOU,)))
    assert "杨玉珍" in page
    assert "王秀兰" not in page


def test_how_long_commits_take_is_told_from_their_spread() -> None:
    bounds = (0.001, 0.01, 0.1)
    assert commit_ms({"sos": Spread(bounds, (990, 5, 5, 0), 1.0)}) == "1"
    assert (
        commit_ms({"sos": Spread(bounds, (90, 5, 5, 0), 1.0), "slow": Spread(bounds, (0, 0, 0, 100), 9.0)}) == "> 100"
    )
    assert commit_ms({"sos": Spread(bounds, (0, 0, 0, 0), 0.0)}) == ""
    assert commit_ms({}) == ""
