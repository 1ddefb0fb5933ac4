"""Areas, lists and search over HTTP: what each account sees, and what it never does."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.accounts import Account, AccountRole
from hub.alerts.alert import Stage
from hub.alerts.policy import Severity
from hub.engine.news import News
from hub.homes import HomeMode, Registry
from hub.ports import Lane
from hub.ports.accounts import LogWish
from hub.web.ports import Part
from tests.store.samples import an_alert
from tests.web.console import desk
from tests.web.console.county_desk import (
    COUNTY,
    DAY,
    DONGWAN,
    HOMES,
    HOUR,
    LIUGOU,
    LIUGOU_VILLAGE,
    MINUTE,
    NOW,
    SHANGBU,
    CountyDesk,
    county_desk,
    words_of,
)

ZHOU = replace(desk.account(AccountRole.COUNTY, areas=(COUNTY,)), language="zh-CN")
TOWN = desk.account(AccountRole.TOWNSHIP, areas=(DONGWAN,))
VILLAGE = desk.account(AccountRole.VILLAGE, areas=(SHANGBU,))


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[CountyDesk]:
    async with county_desk(tmp_path, account=ZHOU) as found:
        await found.say(state for home in HOMES for state in words_of(home))
        yield found


def figures(page: str) -> list[int]:
    """Return the numbers at the top: homes, protected, gaps, not protected, not known."""
    return [int(n) for n in re.findall(r"<dd>(\d+)</dd>", page.partition("</dl>")[0])]


async def opens(county: CountyDesk, home: str, severity: Severity = Severity.EMERGENCY, **fields: object) -> None:
    alert = an_alert(f"01{home}", home, severity=severity, opened_at=NOW, **fields)
    await county.engine.write(Lane.DUTY, lambda work: work.transaction.save_alert(alert))
    county.engine.tell(News(alerts=frozenset({alert.id})))


async def test_a_county_sees_its_townships_with_their_homes_counted(county: CountyDesk) -> None:
    status, page = await county.page("/areas")
    assert status == 200
    assert figures(page) == [4, 4, 0, 0, 0]
    assert "东湾镇" in page
    assert "柳沟乡" in page
    assert "每一户都守护完整，没有告警。" in page


async def test_where_somebody_waits_comes_first_and_says_who(county: CountyDesk) -> None:
    await opens(county, "ah-001")
    await opens(
        county, "lg-001", Severity.WARNING, what="leak", cause="leak:x", stage=Stage.ACKNOWLEDGED, holder="li-qiang"
    )
    _, page = await county.page("/areas")
    assert "先看<em>东湾镇</em>" in page
    assert "东湾镇有 1 件紧急等人接手。" in page
    assert "王秀兰 紧急呼叫" in page
    assert page.index("东湾镇") < page.index("柳沟乡")
    _, page = await county.page(f"/areas/{LIUGOU}")
    assert "杨玉珍 漏水报警，李强在办" in page


async def test_each_level_leads_to_the_next(county: CountyDesk) -> None:
    for code in (DONGWAN, SHANGBU):
        above = await county.page(f"/areas/{COUNTY if code == DONGWAN else DONGWAN}")
        assert f'href="/areas/{code}"' in above[1]
    status, page = await county.page(f"/areas/{SHANGBU}")
    assert (status, figures(page)) == (200, [2, 2, 0, 0, 0])


@pytest.mark.requirement("38")
async def test_whoever_has_one_township_sees_no_other(county: CountyDesk) -> None:
    _, page = await county.page("/areas", TOWN)
    assert figures(page) == [3, 3, 0, 0, 0]
    for path in ("/areas", "/homes", "/devices?is=all", "/find?q=柳沟", "/find?q=杨玉珍", f"/areas/{DONGWAN}"):
        status, page = await county.page(path, TOWN)
        assert status == 200
        assert "lg-001" not in page, path
        assert LIUGOU_VILLAGE not in page, path
    for path in (f"/areas/{COUNTY}", f"/areas/{LIUGOU}", f"/areas/{LIUGOU_VILLAGE}", f"/homes?area={LIUGOU}",
                 f"/devices?area={LIUGOU}", f"/live/areas/{LIUGOU}", "/areas/000000000000"):  # fmt: skip
        status, page = await county.page(path, TOWN)
        assert status == 403, path
        assert "已记录" in page
    acts = await county.store.read(lambda t: t.log(LogWish()))
    assert [act.event for _, act in acts] == ["refused"] * 7


async def test_a_village_sees_its_own_homes_and_an_area_that_is_not_there_is_not_found(county: CountyDesk) -> None:
    _, page = await county.page("/homes", VILLAGE)
    assert "王秀兰" in page
    assert "周德海" not in page
    assert (await county.page("/areas/620702299999", ZHOU))[0] == 404
    assert (await county.page("/areas/%3Cscript%3E", ZHOU))[0] == 403


async def test_what_is_missing_is_said_with_the_homes_it_is_missing_in(county: CountyDesk) -> None:
    first, second = HOMES[0], HOMES[1]
    old = [replace(state, life_at=NOW - 9 * DAY, at=NOW - 9 * DAY) for state in words_of(first)[:1]]
    bridge = words_of(second)[0]
    lost = replace(bridge, device_id=f"{second.prefix}zigbee2mqtt/bridge", kind="bridge", property="", state="offline",
                   since=NOW - 10 * MINUTE, at=NOW - 10 * MINUTE, life_at=None)  # fmt: skip
    quiet = [replace(state, at=NOW - HOUR) for state in words_of(second)]
    await county.say([*old, lost, *quiet])
    _, page = await county.page(f"/areas/{SHANGBU}")
    assert figures(page) == [2, 0, 1, 0, 1]
    _, page = await county.page("/homes?lack=link_lost")
    assert "陈桂芳" in page
    assert "断线" in page
    _, page = await county.page("/devices?is=button")
    assert "王秀兰" in page
    assert "卧室呼叫按钮 9 天没有试过" in page


async def test_a_home_that_lacked_something_is_well_as_soon_as_it_speaks(county: CountyDesk) -> None:
    button = words_of(HOMES[0])[0]
    await county.say([replace(button, life_at=NOW - 9 * DAY)])
    assert figures((await county.page(f"/areas/{SHANGBU}"))[1]) == [2, 1, 1, 0, 0]
    await county.say([button])
    county.clock.instant += MINUTE
    assert figures((await county.page(f"/areas/{SHANGBU}"))[1]) == [2, 2, 0, 0, 0]


async def test_time_alone_makes_a_gap(county: CountyDesk) -> None:
    assert figures((await county.page("/areas"))[1]) == [4, 4, 0, 0, 0]
    county.clock.instant += 7 * DAY
    await county.say(replace(s, at=NOW + 7 * DAY) for home in HOMES for s in words_of(home) if s.kind == "motion")
    assert figures((await county.page("/areas"))[1]) == [4, 0, 4, 0, 0]


async def test_an_alert_changes_what_is_shown_at_once(county: CountyDesk) -> None:
    assert figures((await county.page(f"/areas/{SHANGBU}"))[1]) == [2, 2, 0, 0, 0]
    await opens(county, "ah-001", Severity.NOTICE, what="fault", cause="fault:ah-001-gas")
    assert figures((await county.page(f"/areas/{SHANGBU}"))[1]) == [2, 1, 1, 0, 0]
    _, page = await county.page("/homes?is=gaps")
    assert "厨房燃气报警器故障" in page


async def test_the_live_part_is_the_page_without_its_frame(county: CountyDesk) -> None:
    status, part = await county.page("/live/areas")
    assert status == 200
    assert "<html" not in part
    assert figures(part) == [4, 4, 0, 0, 0]


async def test_a_hub_that_hears_nothing_says_that_what_is_shown_is_old(county: CountyDesk) -> None:
    county.hub.parts["broker"] = Part(False, "session sos: not connected")
    _, page = await county.page("/areas")
    assert "系统和消息服务器断开了" in page


async def test_people_are_found_by_what_others_know_of_them(county: CountyDesk) -> None:
    for asked, who in (("王秀兰", "王秀兰"), ("上堡 12", "王秀兰"), ("１２号", "王秀兰"), ("LG-001-GAS", "杨玉珍"),
                       ("柳沟村", "杨玉珍"), ("ah-003", "周德海"), ("王丽", "陈桂芳")):  # fmt: skip
        _, page = await county.page(f"/find?q={asked}")
        assert who in page, asked
    _, page = await county.page("/find?q=柳沟乡")
    assert f'href="/areas/{LIUGOU}"' in page


async def test_nothing_found_says_what_to_try(county: CountyDesk) -> None:
    _, page = await county.page("/find?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "没有找到" in page
    assert "<script>alert" not in page
    assert (await county.page("/find"))[0] == 200


async def test_numbers_are_not_searched(county: CountyDesk) -> None:
    _, page = await county.page("/find?q=7700900101")
    assert "没有找到" in page


async def test_modes_are_shown_with_their_end_and_out_is_no_gap(county: CountyDesk) -> None:
    registry = county.engine.world.registry
    away = replace(registry.homes["ah-001"], mode=HomeMode.HOSPITAL, mode_until=NOW + DAY, away_until=NOW + DAY)
    homes = [away if home.id == away.id else home for home in registry.homes.values()]
    changed = Registry.of(registry.people.values(), homes, areas=registry.areas)
    await county.store.write(Lane.SLOW, lambda t: t.replace_registry(changed))
    await county.engine.load()
    _, page = await county.page("/homes")
    assert "住院到" in page
    _, page = await county.page(f"/areas/{SHANGBU}")
    assert "1 户外出" in page
    assert figures(page) == [2, 2, 0, 0, 0]


def account(role: AccountRole) -> Account:
    return desk.account(role, areas=(DONGWAN,))


@pytest.mark.parametrize("role", list(AccountRole))
async def test_every_role_looks_at_its_own_area_and_at_no_other(county: CountyDesk, role: AccountRole) -> None:
    for path in ("/areas", "/homes", "/devices", "/find?q=王", "/health", "/health/shelf", f"/areas/{DONGWAN}"):
        assert (await county.page(path, account(role)))[0] == 200, path
    assert (await county.page(f"/areas/{LIUGOU}", account(role)))[0] == 403


async def test_nobody_sees_anything_without_a_sign_in(county: CountyDesk) -> None:
    county.who.account = None
    for path in (
        "/areas",
        "/homes",
        "/devices",
        "/find?q=x",
        "/health",
        "/live/areas",
        "/live/health",
        "/health/shelf",
    ):
        status, page = await county.page(path)
        assert status in (401, 404, 200), path  # sent to the sign-in, which is not part of this desk
        assert "王秀兰" not in page
