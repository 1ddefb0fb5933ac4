"""Signing in, accounts and the log in a real browser, in both languages, on a desk and on a phone."""

import re

import pytest
from playwright.async_api import Page, expect

from hub.accounts import AccountRole
from tests.browser.conftest import PHONE, WIDE, Opens, Watched
from tests.harness.county import County

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

NEW = "a long sentence for the night"
WORDS = {
    "zh-CN": {
        "sign in": "登录",
        "name": "账号",
        "password": "密码",
        "again": "再输一次密码",
        "keep": "保存并登录",
        "wrong": "账号或密码不对。",
        "make": "开账号并生成链接",
        "village": re.compile("村级工作人员"),
        "township": re.compile("乡镇工作人员"),
        "areas": "片区",
        "save": "保存",
        "changed": "已修改",
        "disable": "停用",
        "disabled": "已停用，并在所有地方退出。",
        "enable": "恢复",
        "link": "开新的设密码链接",
        "everywhere": "在所有地方退出",
        "out": "您已退出。",
        "used": "这个链接已经用过了",
    },
    "en": {
        "sign in": "Sign in",
        "name": "Account name",
        "password": "Password",
        "again": "Password once more",
        "keep": "Keep it and sign in",
        "wrong": "Name or password is wrong.",
        "make": "Make the account and a link",
        "village": re.compile("Village staff"),
        "township": re.compile("Township staff"),
        "areas": "Areas",
        "save": "Save",
        "changed": "Changed.",
        "disable": "Disable",
        "disabled": "Disabled, and signed out everywhere.",
        "enable": "Enable",
        "link": "New link for a password",
        "everywhere": "Sign out everywhere",
        "out": "You are signed out.",
        "used": "This link was used",
    },
}
ALL = [("zh-CN", WIDE), ("zh-CN", PHONE), ("en", WIDE), ("en", PHONE)]


async def well(one: Watched, language: str) -> None:
    """See that the page that is open reads well."""
    assert await one.axe() == []
    assert await one.cut() == []
    assert await one.too_wide() == []
    assert await one.small_targets(44, ".btn, .field input, .field select") == []
    if language == "zh-CN":
        assert await one.english() == []


async def press(page: Page, name: object) -> None:
    await page.get_by_role("button", name=name, exact=True).click()  # type: ignore[arg-type]


async def enter(page: Page, say: dict[str, object], name: str, password: str) -> None:
    await page.get_by_label(str(say["name"]), exact=True).fill(name)
    await page.get_by_label(str(say["password"]), exact=True).fill(password)
    await press(page, say["sign in"])


@pytest.mark.parametrize(("language", "width"), ALL)
async def test_an_account_from_its_making_to_its_end(county: County, visits: Opens, language: str, width: int) -> None:
    say: dict[str, object] = WORDS[language]  # type: ignore[assignment]
    name = f"new{language[:2]}{width}"
    boss = await visits(AccountRole.COUNTY, "/accounts", language, width)
    page = boss.page
    await page.get_by_label(str(say["name"]), exact=True).fill(name)
    await page.get_by_role("checkbox", name=say["village"]).check()  # type: ignore[arg-type]
    await page.get_by_label(str(say["areas"]), exact=True).fill("上堡村")
    await press(page, say["make"])
    link = await page.locator("#link").input_value()
    await well(boss, language)
    path = re.sub(r"^https?://[^/]+", "", link)

    owner = await visits(None, path, language, width)
    await well(owner, language)
    await owner.shoot(f"welcome-{language}-{width}")
    await owner.page.get_by_label(str(say["password"]), exact=True).fill(NEW)
    await owner.page.get_by_label(str(say["again"]), exact=True).fill(NEW)
    await press(owner.page, say["keep"])
    await expect(owner.page).to_have_url(re.compile(r"/$"))

    account = await county.world.hub.accounts.named(name)  # type: ignore[union-attr]
    assert account is not None
    await boss.goes(f"{county.url}/accounts/{account.id}")
    await page.get_by_role("checkbox", name=say["township"]).check()  # type: ignore[arg-type]
    await press(page, say["save"])
    await expect(page.get_by_role("status")).to_contain_text(str(say["changed"]))
    await press(page, say["everywhere"])
    await press(page, say["disable"])
    await expect(page.get_by_role("status")).to_have_text(str(say["disabled"]))
    await well(boss, language)
    await press(page, say["enable"])
    await press(page, say["link"])
    await expect(page.locator("#link")).to_be_visible()
    await boss.goes(f"{county.url}/log?what=accounts")
    await expect(page.locator("tbody")).to_contain_text(name)
    await well(boss, language)
    owner.faults[:] = [fault for fault in owner.faults if "401" not in fault]  # its page hears that it was signed out


@pytest.mark.parametrize(("language", "width"), ALL)
async def test_in_and_out_with_a_wrong_password_between(
    county: County, visits: Opens, language: str, width: int
) -> None:
    say: dict[str, object] = WORDS[language]  # type: ignore[assignment]
    accounts = county.world.hub.accounts  # type: ignore[union-attr]
    token, _ = await accounts.link(None, "installer")
    await accounts.welcome(token, "", NEW)
    one = await visits(None, "/profile", language, width)  # the way leads to the sign-in, and back
    page = one.page
    await well(one, language)
    await enter(page, say, "安装员", "not this one at all")
    await expect(page.get_by_role("alert")).to_have_text(str(say["wrong"]))
    await well(one, language)
    await enter(page, say, " 安装员 ", NEW)
    await expect(page).to_have_url(re.compile(r"/profile$"))
    await page.locator('form[action="/sign-out"] button').first.click()
    await expect(page.get_by_role("status")).to_have_text(str(say["out"]))
    await one.goes(f"{county.url}/welcome/{token}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(str(say["used"]))
    await well(one, language)
    # A browser calls a wrong password and a used link errors of loading, and shows their pages all the same.
    one.faults[:] = [fault for fault in one.faults if "403" not in fault and "410" not in fault]
