"""The log on its page: what it shows, to whom, and how one asks it."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from hub.accounts import EVERYWHERE, AccountRole
from hub.homes import Act
from hub.ports import Lane, Transaction
from tests.harness.memory import NOON
from tests.web.console.doors import OTHER, VILLAGE, House

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EDIT = {"id": "kitchen-gas", "before.room": "kitchen", "after.room": "hall", "after.place": "东墙"}
ACTS = [
    Act(NOON - 3 * DAY, "li-qiang", "looked", "ah-001", {}, VILLAGE),
    Act(NOON - 2 * DAY, "sun-zhi", "refused", "ah-001", {"right": "act", "path": "/alerts/01A/take"}, VILLAGE),
    Act(NOON - 2 * DAY, "sun-zhi", "looked", "ah-002", {}, OTHER),
    Act(NOON - DAY, "li-qiang", "device_changed", "ah-001", EDIT, VILLAGE),
    Act(NOON - MINUTE, "@desk", "away", "ah-gone", {"until": (NOON + DAY).isoformat()}, VILLAGE),
    Act(NOON - MINUTE, "@machine", "first_link"),
]


@pytest.fixture
async def filled(house: House) -> House:
    def put(t: Transaction) -> None:
        for act in ACTS:
            t.record_act(act)

    await house.engine.store.write(Lane.SLOW, put)
    return house


async def test_each_reads_what_happened_in_their_own_area(filled: House) -> None:
    mine = await (await filled.signed_in("zhao", AccountRole.TOWNSHIP)).get("/log")
    assert "王秀兰" in mine.words
    assert "孙志" in mine.words, "who comes from elsewhere and was refused here is named"
    assert "贺兰英" not in mine.words
    assert "第一位管理员" not in mine.words, "what belongs to no area is for whoever has all of them"
    everything = await (await filled.signed_in("meng", AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))).get("/log")
    assert "贺兰英" in everything.words
    assert "第一位管理员" in everything.words


async def test_a_refusal_says_what_was_wanted(filled: House) -> None:
    page = await (await filled.signed_in("zhao", AccountRole.TOWNSHIP)).get("/log?what=refused")
    assert "处理告警 · /alerts/01A/take" in page.words
    assert "看了这家的页面" not in page.words


async def test_an_edit_is_shown_before_and_after(filled: House) -> None:
    page = await (await filled.signed_in("zhao", AccountRole.TOWNSHIP)).get("/log?what=edited")
    assert ">kitchen</del>" in page.text
    assert ">hall</ins>" in page.text
    assert ">东墙</ins>" in page.text
    assert "kitchen-gas" in page.words


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("home=ah-001", 3),
        ("home=ah-002", 0),
        ("who=li-qiang", 2),
        ("who=li-qiang&what=looks", 1),
        ("since=2026-02-27", 3),
        ("until=2026-02-26", 1),
        ("since=2026-02-27&until=2026-02-27", 1),
        ("since=nonsense&until=9999-12-31&below=x&what=nonsense", 4),
    ],
)
async def test_one_asks_by_home_person_kind_and_day(filled: House, query: str, lines: int) -> None:
    browser = await filled.signed_in("zhao", AccountRole.TOWNSHIP)
    page = await browser.get(f"/log?{query}")
    shown = page.text.count("<tr>") - (1 if "<thead>" in page.text else 0)
    own = sum(name in query for name in ("nonsense", "since=2026-02-27")) and "until=2026-02-27" not in query
    assert shown == lines + (2 if own else 0), "account_made and signed_in of the reader are of today"


async def test_a_home_is_asked_for_by_name_within_the_areas_of_the_reader(filled: House) -> None:
    browser = await filled.signed_in("zhao", AccountRole.TOWNSHIP)
    for name, shown in (("王秀兰", True), ("没有这个人", False), ("贺兰英", False)):
        page = await browser.get(f"/log?{urlencode({'home': name})}")
        assert ("home=ah-001" in page.text.partition("<table")[2]) is shown


async def test_older_lines_are_a_page_further(house: House) -> None:
    def put(t: Transaction) -> None:
        for n in range(150):
            t.record_act(Act(NOON + n * MINUTE, "li-qiang", "looked", "ah-001", {}, VILLAGE))

    await house.engine.store.write(Lane.SLOW, put)
    browser = await house.signed_in("zhao", AccountRole.TOWNSHIP)
    first = await browser.get("/log?what=looks")
    assert first.text.count("<tr>") == 101
    older = first.text.partition('href="/log?what=looks&amp;below=')[2].partition('"')[0]
    second = await browser.get(f"/log?what=looks&below={older}")
    assert second.text.count("<tr>") == 51
    assert "below=" not in second.text


async def test_a_look_at_a_home_is_in_the_log(house: House) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE, person="li-qiang")
    assert (await browser.get("/homes/ah-001")).status == 200
    assert [(act.who, act.home_id, act.area) for act in await house.log("looked")] == [("li-qiang", "ah-001", VILLAGE)]
