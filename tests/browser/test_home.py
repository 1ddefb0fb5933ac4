"""The page of a home in a real browser: live, by keyboard alone, without a script, on a phone and on a desk."""

import re
import time

import pytest
from playwright.async_api import expect

from hub.accounts import AccountRole
from tests.browser.conftest import PHONE, WIDE, Opens
from tests.harness.county import County

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

BOTH = [("zh-CN", WIDE), ("zh-CN", PHONE), ("en", WIDE), ("en", PHONE)]
WORDS = {
    "zh-CN": {
        "away": "外出",
        "maintenance": "检修",
        "set": "设定状态",
        "home": "现在起恢复在家",
        "hall": "门厅",
        "moved": "有动静",
        "gone": "没有连上，从",
        "saved": "已保存，记下了您的名字。",
    },
    "en": {
        "away": "Away",
        "maintenance": "Maintenance",
        "set": "Set the mode",
        "home": "As always from now on",
        "hall": "Hall",
        "moved": "Movement",
        "gone": "No connection since",
        "saved": "Saved with your name.",
    },
}


@pytest.mark.parametrize(("language", "width"), BOTH)
async def test_a_mode_is_set_and_ended(visits: Opens, language: str, width: int) -> None:
    words = WORDS[language]
    one = await visits(AccountRole.COUNTY, "/homes/ah-010", language, width)
    page = one.page
    await page.get_by_label(words["away"], exact=True).check()
    await page.locator("#hm-until").select_option("2h")
    await page.get_by_role("button", name=words["set"]).click()
    await expect(page.get_by_text(words["saved"])).to_be_visible()
    chip = page.locator("#hm-chips .state").nth(1).locator("b")
    await expect(chip).to_contain_text(re.compile(rf"{words['away']}.*05:1"))
    await one.shoot(f"home-away-{language}-{width}")
    await page.get_by_role("button", name=words["home"]).click()
    await expect(chip).to_have_text("在家" if language == "zh-CN" else "At home")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_by_keyboard_alone_and_a_wrong_end_is_told_beside_the_form(visits: Opens, language: str) -> None:
    words = WORDS[language]
    one = await visits(AccountRole.COUNTY, "/homes/ah-009", language, WIDE)
    page = one.page
    seen = []
    for _ in range(80):
        await page.keyboard.press("Tab")
        name = await page.evaluate("document.activeElement.getAttribute('name') || document.activeElement.id")
        seen.append(name)
        if name == "mode":
            break
    await page.keyboard.press("Space")
    checked = page.locator("input[name=mode]:checked")
    while await checked.get_attribute("value") != "maintenance":
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Tab")
    await page.locator("#hm-until").press("End")  # date and time below, which are empty
    await page.locator("#hm-until").press("Enter")
    await page.get_by_role("button", name=words["set"]).press("Enter")
    wrong = page.locator("#hm-wrong")
    await expect(wrong).to_be_visible()
    assert one.faults == ["Failed to load resource: the server responded with a status of 400 (Bad Request)"]
    one.faults.clear()
    await expect(page.locator("input[name=mode]:checked")).to_have_value("maintenance")


@pytest.mark.parametrize(("language", "width"), BOTH)
async def test_a_reading_is_seen_within_a_second(county: County, visits: Opens, language: str, width: int) -> None:
    number = 5 + BOTH.index((language, width))
    one = await visits(AccountRole.COUNTY, f"/homes/ah-{number:03}", language, width)
    page = one.page
    await expect(page.locator("#hm-link")).to_be_visible()
    room = page.locator(".hm-room", has=page.get_by_role("heading", name=WORDS[language]["hall"], exact=True))
    home = county.home(number)
    await home.says("hall_motion", {"occupancy": False, "battery": 80})
    began = time.monotonic()
    await home.says("hall_motion", {"occupancy": True, "battery": 80})
    await expect(room).to_have_class(re.compile(r"\bhot\b"), timeout=5_000)
    assert time.monotonic() - began < 2, "a second, on a machine that other tests use too"
    await expect(room.locator("p")).to_contain_text(WORDS[language]["moved"])
    assert await one.axe() == []


@pytest.mark.promise("P10")
@pytest.mark.parametrize(("language", "width"), BOTH)
async def test_a_number_is_shown_on_a_click_and_a_reload_leads_back(visits: Opens, language: str, width: int) -> None:
    one = await visits(AccountRole.COUNTY, "/homes/ah-001", language, width)
    page = one.page
    masked = page.locator("#door .hm-people .mute").first
    await expect(masked).to_contain_text("****")
    await page.locator("#door .hm-people button").first.click()
    number = page.locator(".hm-number")
    await expect(number).to_have_text(re.compile(r"\+\d{9,}"))
    assert await one.axe() == []
    assert await one.overflows() <= 0
    await one.shoot(f"home-number-{language}-{width}")
    await page.reload()
    await expect(page.locator("#door")).to_be_visible()
    await expect(number).to_have_count(0)


async def test_an_illness_is_shown_on_a_click(visits: Opens) -> None:
    one = await visits(AccountRole.TOWNSHIP, "/homes/ah-001", "zh-CN", PHONE)
    assert "高血压" not in await one.page.content()
    await one.page.get_by_role("button", name="显示病史").click()
    await expect(one.page.locator(".hm-illness")).to_contain_text("高血压")


async def test_all_of_it_works_without_a_script(visits: Opens) -> None:
    one = await visits(AccountRole.COUNTY, "/homes/ah-012", "en", PHONE, scripts=False)
    page = one.page
    await page.get_by_label("Visitor", exact=True).check()
    await page.get_by_role("button", name="Set the mode").click()
    await expect(page.locator("#hm-chips .state").nth(1).locator("b")).to_contain_text("Visitor until")
    await page.get_by_role("button", name="As always from now on").click()
    await page.locator("#door .hm-people button").first.click()
    await expect(page.locator(".hm-number")).to_be_visible()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_an_open_alert_is_taken_from_here(county: County, visits: Opens, language: str) -> None:
    number = {"zh-CN": 6, "en": 7}[language]
    one = await visits(AccountRole.COUNTY, f"/homes/ah-{number:03}", language, PHONE)
    page = one.page
    await county.home(number).press_sos()
    card = page.locator("#hm-alerts .em")
    await expect(card).to_be_visible()
    assert await one.overflows() <= 0
    await one.shoot(f"home-alert-{language}")
    await card.locator(".go").click()
    await expect(page).not_to_have_url(re.compile("/homes/"))
    await page.goto(f"{county.url}/homes/ah-{number:03}")
    await expect(page.locator("#hm-alerts .em.held")).to_be_visible()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_lost_network_is_said_with_the_time_and_forgotten_when_it_is_back(visits: Opens, language: str) -> None:
    one = await visits(AccountRole.COUNTY, "/homes/ah-011", language, PHONE)
    page = one.page
    await expect(page.locator("#hm-link")).to_be_visible()
    lost = page.locator("#hm-lost")
    await expect(lost).to_be_hidden()
    await page.context.set_offline(True)
    await expect(lost).to_be_visible(timeout=30_000)
    assert re.search(WORDS[language]["gone"] + r"\s*\d\d:\d\d:\d\d", await lost.inner_text())
    assert await one.axe() == []
    await one.shoot(f"home-lost-{language}")
    await page.context.set_offline(False)
    await expect(lost).to_be_hidden(timeout=20_000)
    await expect(page.locator("#hm-link")).to_have_text({"zh-CN": "实时", "en": "Live"}[language])
    one.faults[:] = [fault for fault in one.faults if "ERR_" not in fault]


async def test_who_is_signed_out_meanwhile_is_led_to_the_sign_in(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.INSTALLER, "/homes/ah-011", "en", PHONE)
    page = one.page
    await expect(page.locator("#hm-link")).to_be_visible()
    assert county.world.hub is not None
    await county.world.hub.accounts.sign_out(county.cookie(AccountRole.INSTALLER))
    await page.context.set_offline(True)
    await page.context.set_offline(False)
    await page.wait_for_url("**/sign-in?next=*", timeout=20_000)
    one.faults.clear()  # the refused request and the lost line


async def test_the_page_goes_on_when_the_hub_was_started_anew(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.COUNTY, "/homes/ah-008", "en", WIDE)
    page = one.page
    await expect(page.locator("#hm-link")).to_be_visible()
    await county.world.restart_hub()
    await county.home(8).press_sos()
    await expect(page.locator("#hm-alerts .em")).to_be_visible(timeout=20_000)
    one.faults[:] = [fault for fault in one.faults if "ERR_" not in fault]
