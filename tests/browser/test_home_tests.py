"""A home is tested on a phone: ticks appear as devices speak, the press is confirmed, the sheet signed and kept."""

import re
from datetime import timedelta
from typing import Literal

import pytest
from playwright.async_api import Page

from hub.accounts import AccountRole
from tests.browser.conftest import PHONE, WIDE, Opens, Watched
from tests.harness.county import County

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

SECOND = timedelta(seconds=1)
WORDS = {
    "zh-CN": {
        "begin": "开始试验", "yes": "是的，是在试", "end": "结束试验，看试验单", "confirmed": "已确认",
        "no_gas": "它却说“没有燃气”", "installer": "安装人员", "sign": "签字 安装人员", "pdf": "A4 一页，PDF",
    },
    "en": {
        "begin": "Begin the test", "yes": "Yes, it was the test", "end": "End the test and show the sheet",
        "confirmed": "Confirmed", "no_gas": "said \"no gas\"", "installer": "Installer",
        "sign": "Sign Installer", "pdf": "A4 page, PDF",
    },
}  # fmt: skip
# The night of the county has homes where nothing is open.
CALM = {("zh-CN", PHONE): 6, ("en", PHONE): 10, ("zh-CN", WIDE): 7}


async def _clean(one: Watched, language: str) -> None:
    assert await one.axe() == []
    assert await one.too_wide() == []
    assert await one.cut() == []
    assert await one.small_targets(44, ".btn") == []
    if language == "zh-CN":
        # The account is called by its own name.
        assert [word for word in await one.english() if word != AccountRole.INSTALLER] == []


async def _inks(page: Page, media: Literal["print", "screen"]) -> str:
    """Return the colour of the sheet's letters."""
    await page.emulate_media(media=media)
    return str(await page.evaluate("getComputedStyle(document.querySelector('h1')).color"))


async def test_a_phone_that_hears_no_answer_says_so(county: County, visits: Opens) -> None:
    home = county.home(9)
    one = await visits(AccountRole.TOWNSHIP, f"/homes/{home.id}/test", "zh-CN", PHONE)
    page, words = one.page, WORDS["zh-CN"]
    await page.get_by_role("button", name=words["begin"]).click()
    await page.wait_for_selector(".probe.waiting")
    await page.route("**/test/live", lambda route: None)  # neither an answer nor a refusal
    await page.get_by_text("没有连上").wait_for()
    await page.unroute("**/test/live")
    await page.get_by_text("没有连上").wait_for(state="hidden")
    await page.get_by_role("button", name=words["end"]).click()


@pytest.mark.promise("P9")
@pytest.mark.parametrize(("language", "width"), CALM, ids=lambda value: str(value))
async def test_a_home_is_tested_and_signed(county: County, visits: Opens, language: str, width: int) -> None:
    words, number = WORDS[language], CALM[language, width]
    home = county.home(number)
    one = await visits(AccountRole.INSTALLER, f"/homes/{home.id}/test", language, width)
    page = one.page
    await _clean(one, language)
    await page.get_by_role("button", name=words["begin"]).click()
    await page.wait_for_selector(".probe.waiting")
    await home.press_sos()
    await county.world.forward(2 * SECOND)
    confirm = page.get_by_role("button", name=words["yes"])
    await confirm.wait_for()  # without a click of anybody
    await home.gas(active=False)
    await page.get_by_text(words["no_gas"]).wait_for()
    await _clean(one, language)
    await one.shoot(f"test-{language[:2]}-{width}")
    await confirm.click()
    await page.locator(".probe.passed").get_by_text(words["confirmed"]).wait_for()
    assert await page.locator(".probe.passed").count() == 1
    await page.get_by_role("button", name=words["end"]).click()
    await page.get_by_label(words["installer"], exact=True).fill("陈工")
    await page.get_by_role("button", name=words["sign"]).click()
    await page.get_by_text("陈工").wait_for()
    await _clean(one, language)
    await one.shoot(f"sheet-{language[:2]}-{width}")
    await page.emulate_media(color_scheme="dark")
    printed = await page.pdf(format="A4")  # by whoever prints the page itself, at night too
    assert len(re.findall(rb"/Type /Page\b", printed)) == 1
    assert await _inks(page, "print") != await _inks(page, "screen")
    await page.emulate_media(color_scheme="light", media="screen")
    link = await page.get_by_role("link", name=words["pdf"]).get_attribute("href")
    pdf = await page.request.get(f"{county.url}{link}")
    assert pdf.headers["content-type"] == "application/pdf"
    assert (await pdf.body()).startswith(b"%PDF-")


async def test_everything_can_be_done_without_a_script(county: County, visits: Opens) -> None:
    home = county.home(8)
    one = await visits(AccountRole.TOWNSHIP, f"/homes/{home.id}/test", "zh-CN", PHONE, scripts=False)
    page, words = one.page, WORDS["zh-CN"]
    await page.get_by_role("button", name=words["begin"]).click()
    await home.press_sos()
    await county.world.forward(2 * SECOND)
    await page.reload()
    await page.get_by_role("button", name=words["yes"]).click()
    assert await page.locator(".probe.passed").count() == 1
    await page.get_by_role("button", name=words["end"]).click()
    assert await page.get_by_role("link", name=words["pdf"]).count() == 1


async def test_the_lists_of_tests_and_of_the_week(county: County, visits: Opens) -> None:
    for width in (PHONE, WIDE):
        one = await visits(AccountRole.COUNTY, "/tests", "zh-CN", width)
        await _clean(one, "zh-CN")
        await one.page.get_by_role("link", name="本周呼叫按钮试按").click()
        await one.page.get_by_role("heading", level=1).wait_for()
        await _clean(one, "zh-CN")
        await one.shoot(f"weekly-{width}")
