"""Areas in a real browser: what changes comes by itself, a break is said, keys and a phone reach everything."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.accounts import AccountRole
from hub.alerts.policy import Severity
from hub.engine.news import News
from hub.homes import Home
from hub.ports import Lane
from tests.browser.conftest import PHONE, WIDE, Opens
from tests.store.samples import an_alert
from tests.web.console import desk
from tests.web.console.county_desk import (
    COUNTY,
    DAY,
    HOMES,
    LIUGOU_VILLAGE,
    NOW,
    SHANGBU,
    XINMIN,
    CountyDesk,
    county_desk,
    home,
    words_of,
)

ZHOU = desk.account(AccountRole.COUNTY, areas=(COUNTY,))
PAGES = (
    "/areas",
    f"/areas/{SHANGBU}",
    "/homes",
    "/find?q=村",
    "/devices",
    "/devices?is=all",
    "/health",
    "/health/shelf",
)


def many() -> tuple[Home, ...]:
    villages = ((SHANGBU, "上堡村", 42), (XINMIN, "新民村", 28), (LIUGOU_VILLAGE, "柳沟村", 38))
    more = [home(f"{code}-{n}", code, f"王{n}", f"{name}{n}号") for code, name, size in villages for n in range(size)]
    return (*HOMES, *more)


@pytest.fixture
async def county(tmp_path: Path) -> AsyncIterator[CountyDesk]:
    homes = many()
    async with county_desk(tmp_path, homes, account=ZHOU) as found:
        old = [replace(words_of(one)[0], life_at=NOW - 9 * DAY) for one in homes[5:60:9]]
        await found.say([*(s for one in homes if not one.id.startswith(LIUGOU_VILLAGE) for s in words_of(one)), *old])
        yield found


async def opens_alert(
    county: CountyDesk, home: str, severity: Severity = Severity.EMERGENCY, what: str = "sos"
) -> None:
    alert = an_alert(f"01{home}{what}", home, severity=severity, what=what, cause=what, opened_at=NOW)
    await county.engine.write(Lane.DUTY, lambda work: work.transaction.save_alert(alert))
    county.engine.tell(News(alerts=frozenset({alert.id})))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [WIDE, PHONE])
async def test_pages_about_areas_read_well(county: CountyDesk, opens: Opens, language: str, width: int) -> None:
    county.who.account = replace(ZHOU, language=language)
    await opens_alert(county, "ah-001")
    await opens_alert(county, "ah-003", Severity.WARNING, "leak")
    for path in PAGES:
        one = await opens(county.address + path, width=width)
        assert await one.axe() == [], path
        assert await one.too_wide() == [], path
        assert await one.cut() == [], path
        assert await one.small_targets(24) == [], path
        await one.shoot(f"{path.strip('/').replace('/', '-').partition('?')[0]}-{language}-{width}")


async def test_a_new_emergency_comes_to_the_page_by_itself(county: CountyDesk, opens: Opens) -> None:
    one = await opens(f"{county.address}/areas", width=WIDE)
    assert "王秀兰" not in await one.page.inner_text("main")
    await opens_alert(county, "ah-001")
    await one.page.wait_for_selector("text=王秀兰 紧急呼叫", timeout=15_000)


async def test_a_page_without_script_leads_down_by_keys_alone(county: CountyDesk, opens: Opens) -> None:
    one = await opens(f"{county.address}/areas", width=WIDE, scripts=False)
    await one.page.focus("text=东湾镇 >> nth=0")
    for _ in range(40):
        if await one.page.evaluate("document.activeElement.getAttribute('href')") == "/areas/620702207000":
            break
        await one.page.keyboard.press("Tab")
    await one.page.keyboard.press("Enter")
    await one.page.wait_for_url("**/areas/620702207000")
    assert "上堡村" in await one.page.inner_text("main")


async def test_a_page_that_lost_the_hub_says_since_when_and_comes_back(county: CountyDesk, opens: Opens) -> None:
    one = await opens(f"{county.address}/areas", width=WIDE)
    await one.page.route("**/live/**", lambda route: route.abort())
    await one.page.wait_for_selector(".banner.lost:not([hidden])", timeout=15_000)
    assert "12:00" in await one.page.inner_text(".banner.lost")
    await one.page.unroute("**/live/**")
    await one.page.wait_for_selector(".banner.lost", state="hidden", timeout=15_000)
    one.faults.clear()  # the browser itself notes each request that was cut off
