"""A new emergency is heard and seen on every page; a browser of its own, since Chromium lets one have few voices."""

import re
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from hub.accounts import AccountRole
from hub.alerts import events as ev
from hub.alerts.alert import Outcome, Stage
from tests.browser.conftest import WIDE, Opens
from tests.browser.test_now import pressed, ready
from tests.harness.county import County

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_new_emergency_is_heard_and_seen_on_every_page(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.COUNTY, "/", "zh-CN", WIDE)
    page = await ready(one)
    for open_now in await county.world.alerts():
        if open_now.stage is Stage.OPEN:
            await county.world.command(open_now, ev.Acknowledge("zhou-min", "console"))
    await page.get_by_role("button", name="开始值班，试一声").click()
    await page.locator(".rail").get_by_role("link", name="家庭").click()
    await expect(page).to_have_title(re.compile("^家庭"))
    await expect(page.locator("#waiting-link")).to_have_text("实时")
    plain, bar = await page.title(), page.locator("#newcomer")
    await expect(bar).to_be_hidden()
    alert = await pressed(county, 8)
    await expect(bar).to_contain_text("新的紧急：白存义")
    await expect(page).to_have_title(f"● 1 件紧急在等人 · {plain}")
    await expect(page.locator(".rail [data-waiting-n]")).to_have_text("1")
    await expect(page.locator("""html[data-played*='"emergency":1']""")).to_have_count(1)
    assert await one.axe() == []
    second = await page.context.new_page()  # of two pages of one browser one sounds
    await second.goto(county.url + "/areas")
    await expect(second).to_have_title(re.compile("^● 1 件紧急在等人 · "))
    await expect(second.locator("#newcomer")).to_be_hidden()  # this window was opened after it
    again = await pressed(county, 9)
    await expect(second.locator("#newcomer")).to_contain_text("新的紧急：")
    await expect(bar.locator("a")).to_have_attribute("href", f"/alerts/{quote(again.id)}")
    await second.close()
    await page.context.set_offline(True)
    await expect(page.locator("#waiting-link")).to_contain_text("起没有连上")
    await expect(page).to_have_title(re.compile("^⚠ ● 2 件紧急在等人"))
    await expect(page.locator("""html[data-played*='"lost":1']""")).to_have_count(1)
    await page.context.set_offline(False)
    await expect(page.locator("#waiting-link")).to_have_text("实时")
    await county.world.command(again, ev.Resolve("zhou-min", Outcome.TEST, via="console"))
    await expect(bar).to_be_hidden()
    await county.world.command(alert, ev.Resolve("zhou-min", Outcome.TEST, via="console"))
    await expect(page).to_have_title(plain)
    one.faults[:] = [fault for fault in one.faults if "ERR_" not in fault]  # the browser says that it was cut off
