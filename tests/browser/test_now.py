"""The page of open alerts in a real browser: every act, in both languages, on a desk and on a phone.

Also keys alone, sounds, and a connection that is lost and comes back.
"""

import asyncio
import json
import re

import pytest
from playwright.async_api import Page, Route, expect

from hub.accounts import AccountRole
from hub.alerts import events as ev
from hub.alerts.alert import Alert, Outcome, Stage
from tests.browser.conftest import PHONE, WIDE, Opens, Watched
from tests.harness.county import MINUTE, SECOND, County

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

WORDS = {
    "en": {
        "silence": "Silence this one",
        "hand": "It is in hand",
        "quiet": "Silence",
        "silenced": "silenced by 周敏: in hand",
        "call": "Call",
        "back": "Back",
        "note": "Note",
        "keep": "Keep the note",
        "hand over": "Hand over",
        "to": "李强",
        "asked": "李强 was asked by name",
        "take": "Take it",
        "mine": "You have it",
        "way": "On my way",
        "on way": "You are on the way",
        "arrived": "Arrived",
        "there": "You are there",
        "resolve": "Resolve…",
        "end": "Resolve",
        "false": "false",
        "cannot": "I can’t",
        "join": "I go as well",
        "record": "Record arrival",
        "is there": "is there",
    },
    "zh-CN": {
        "silence": "这一件静音",
        "hand": "已在处理",
        "quiet": "静音",
        "silenced": "周敏 已静音：已在处理",
        "call": "打电话",
        "back": "返回",
        "note": "备注",
        "keep": "记下备注",
        "hand over": "转交",
        "to": "李强",
        "asked": "已转交李强",
        "take": "我来处理",
        "mine": "您在办",
        "way": "我出发了",
        "on way": "您正在路上",
        "arrived": "我到了",
        "there": "您已到场",
        "resolve": "办结…",
        "end": "办结",
        "false": "误报",
        "cannot": "我去不了",
        "join": "我也去",
        "record": "代记到场",
        "is there": "已到场",
    },
}


async def pressed(county: County, number: int) -> Alert:
    home = county.home(number)
    await county.world.forward(5 * SECOND)
    await home.press_sos()
    return next(alert for alert in await home.alerts() if alert.what == "sos")


async def newest(county: County, alert: Alert) -> Alert:
    assert county.world.hub is not None
    found = await county.world.hub.store.read(lambda t: t.alert(alert.id))
    assert found is not None
    return found


async def ready(one: Watched) -> Page:
    await expect(one.page.locator("#now[data-ready]")).to_be_attached()
    await expect(one.page.locator("#link")).to_be_visible()
    return one.page


def played(text: str | None) -> dict[str, int]:
    return json.loads(text or "{}")


@pytest.mark.parametrize(
    ("language", "width", "number"), [("zh-CN", WIDE, 5), ("zh-CN", PHONE, 6), ("en", WIDE, 9), ("en", PHONE, 10)]
)
async def test_every_act_on_an_alert(county: County, visits: Opens, language: str, width: int, number: int) -> None:
    say = WORDS[language]
    one = await visits(AccountRole.COUNTY, "/", language, width)
    page = await ready(one)
    alert = await pressed(county, number)
    card = page.locator(f'[id="c-{alert.id}"]')
    dialog = page.locator("#part")
    await expect(card).to_be_visible()  # it came by itself
    assert await one.too_wide() == []

    async def act(name: str) -> None:
        await card.get_by_role("button", name=say[name], exact=True).click()

    async def ask(name: str) -> None:
        await card.get_by_role("link", name=say[name], exact=True).click()
        await expect(dialog).to_be_visible()

    async def answers(name: str) -> None:
        await dialog.get_by_role("button", name=say[name], exact=True).click()
        await expect(dialog).to_be_hidden()

    await ask("silence")
    assert await one.axe() == []
    await dialog.get_by_label(say["hand"], exact=True).check()
    await answers("quiet")
    await expect(card).to_contain_text(say["silenced"])
    await expect(card).to_be_focused()
    await ask("call")
    await expect(dialog.locator('a[href="tel:120"]')).to_be_visible()
    await dialog.get_by_text(say["back"], exact=True).click()
    await ask("note")
    await dialog.locator("textarea").fill("<b>neighbour</b> has the key")
    await answers("keep")
    await expect(card).to_contain_text("<b>neighbour</b> has the key")
    await ask("hand over")
    await dialog.get_by_label(say["to"]).check()
    await answers("hand over")
    await expect(card.locator(".next")).to_contain_text(say["asked"])
    await act("take")
    await expect(card.locator(".next")).to_contain_text(say["mine"])
    await act("way")
    await expect(card.locator(".next")).to_contain_text(say["on way"])
    await act("arrived")
    await expect(card.locator(".next")).to_contain_text(say["there"])
    await ask("resolve")
    await dialog.get_by_label(say["false"], exact=True).check()
    await dialog.locator("input[name=note]").fill("ok")
    await answers("end")
    await expect(page.locator("#side")).to_contain_text(county.home(number).who)
    assert (await newest(county, alert)).stage is Stage.RESOLVED
    await expect(card).to_have_count(0)


@pytest.mark.parametrize(("language", "width", "number"), [("zh-CN", PHONE, 11), ("en", WIDE, 12)])
async def test_what_another_one_has(county: County, visits: Opens, language: str, width: int, number: int) -> None:
    say = WORDS[language]
    page = await ready(await visits(AccountRole.COUNTY, "/", language, width))
    alert = await pressed(county, number)
    card = page.locator(f'[data-id="{alert.id}"]')
    await expect(card).to_be_visible()
    await card.get_by_role("button", name=say["cannot"], exact=True).click()
    await expect(page.locator("#said [data-answer=done]")).to_be_visible()
    await county.world.command(alert, ev.Acknowledge("zhao-jianguo", "sms"))
    await card.get_by_role("button", name=say["join"], exact=True).click()
    await expect(card.locator(".next")).to_contain_text("周敏")
    await card.get_by_role("button", name=say["cannot"], exact=True).click()
    await card.get_by_role("button", name=say["record"], exact=True).click()
    await expect(card.locator(".next")).to_contain_text(say["is there"])
    assert (await newest(county, alert)).holder == "zhao-jianguo"
    await county.world.command(alert, ev.Resolve("zhao-jianguo", Outcome.TEST, via="console"))


async def test_keys_alone_from_sign_in_over_take_to_resolve(county: County, visits: Opens) -> None:
    assert county.world.hub is not None
    accounts = county.world.hub.accounts
    token, _ = await accounts.link(None, "township")
    await accounts.welcome(token, "township", "long enough for a night")
    alert = await pressed(county, 7)
    one = await visits(None, "/sign-in", "en", WIDE)
    keys = one.page.keyboard
    while await one.page.evaluate("document.activeElement.id") != "name":
        await keys.press("Tab")
    await keys.type("李强")
    await keys.press("Tab")
    await keys.type("long enough for a night")
    await keys.press("Enter")
    page = await ready(one)
    card = page.locator(f'[data-id="{alert.id}"]')
    for _ in range(20):
        await keys.press("j")
        if await card.evaluate("at => at === document.activeElement"):
            break
    await keys.press("t")  # asks once more
    await expect(card.locator("[data-k=t]")).to_be_focused()
    assert (await newest(county, alert)).holder is None
    await keys.press("Enter")
    await expect(card.locator(".next")).to_contain_text("You have it")
    assert await card.evaluate("at => at.contains(document.activeElement)")
    await keys.press("r")
    await expect(card.locator("[data-k=r]")).to_be_focused()
    await keys.press("Enter")
    dialog = page.locator("#part")
    await expect(dialog).to_be_visible()
    await keys.press("ArrowDown")  # from genuine to false
    await keys.press("Tab")
    await keys.type("pressed by mistake, t r a")  # letters are letters while typing
    await keys.press("Enter")
    await expect(dialog).to_be_hidden()
    closed = await newest(county, alert)
    assert (closed.stage, closed.outcome, closed.note) == (Stage.RESOLVED, "false", "pressed by mistake, t r a")


async def test_an_emergency_sounds_until_somebody_silences_it_and_sounds_again(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.VILLAGE, "/", "en", WIDE)
    page = await ready(one)
    html = page.locator("html")
    for open_now in await county.world.alerts():
        if open_now.stage is Stage.OPEN:
            await county.world.command(open_now, ev.Acknowledge("zhou-min", "console"))
    await expect(page.locator("[data-sounds]")).to_have_count(0)
    await page.get_by_role("button", name="Start shift, try the sound").click()
    await expect(page.locator("#sound")).to_have_text("Sound on")
    assert played(await html.get_attribute("data-played")) == {"trial": 1}
    alert = await pressed(county, 8)
    await expect(html).to_have_attribute("data-played", re.compile('"emergency":1'))
    await expect(page).to_have_title(re.compile("^● 1 emergency is waiting"))
    await expect(page.locator("#say")).to_contain_text("New emergency: 白存义")
    card = page.locator(f'[data-id="{alert.id}"]')
    await page.keyboard.press("1")
    await page.keyboard.press("m")
    await page.get_by_label("It is a false alarm", exact=True).check()
    await page.locator("#part").get_by_role("button", name="Silence", exact=True).click()
    await expect(card).to_contain_text("silenced by")
    await expect(page.locator("[data-sounds]")).to_have_count(0)
    await pressed(county, 8)
    await expect(html).to_have_attribute("data-played", re.compile('"emergency":2'))
    await page.locator("#sound").click()
    await expect(page.locator("#sound")).to_have_text("Sound muted in this browser")
    await page.locator("#sound").click()
    await county.world.command(alert, ev.Resolve("zhou-min", Outcome.TEST, via="console"))


async def test_a_lost_connection_is_said_with_a_sound_and_comes_back_by_itself(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.COUNTY, "/", "zh-CN", WIDE)
    page = await ready(one)
    first = await pressed(county, 4)
    card = page.locator(f'[data-id="{first.id}"]')
    await expect(card).to_be_visible()
    await page.get_by_role("button", name="开始值班，试一声").click()
    await page.context.set_offline(True)
    lost = page.locator("#lost")
    await expect(lost).to_contain_text("起没有连上")
    await expect(lost).to_contain_text("0936-0000000")
    await expect(card.get_by_role("button", name="我来处理", exact=True)).to_be_disabled()
    await expect(page.locator("html")).to_have_attribute("data-played", re.compile('"lost":1'))
    await expect(page).to_have_title(re.compile("^⚠"))
    await one.shoot("now-lost")
    second = await pressed(county, 3)  # while nobody here can see it
    await page.context.set_offline(False)
    await expect(lost).to_be_hidden()
    await expect(page.locator(f'[data-id="{second.id}"]')).to_be_visible()
    await expect(card.get_by_role("button", name="我来处理", exact=True)).to_be_enabled()
    await county.world.stop_hub()  # nobody answers: that is known at once
    await expect(lost).to_be_visible(timeout=4_000)
    await county.world.start_hub()  # the same page goes on
    third = await pressed(county, 2)
    await expect(page.locator(f'[data-id="{third.id}"]')).to_be_visible(timeout=15_000)
    assert await page.evaluate("performance.getEntriesByType('navigation').length") == 1
    one.faults[:] = [fault for fault in one.faults if "ERR_" not in fault]  # the browser says that it was cut off
    for alert in (first, second, third):
        await county.world.command(alert, ev.Resolve("zhou-min", Outcome.TEST, via="console"))


async def test_typed_words_outlive_a_lost_hub_and_a_sign_out(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.COUNTY, "/", "zh-CN", WIDE)
    page = await ready(one)
    alert = await pressed(county, 11)
    card, form = page.locator(f'[data-id="{alert.id}"]'), page.locator("#part")
    await card.get_by_role("link", name="备注", exact=True).click()
    words = form.locator("textarea")
    await words.fill("钥匙在")
    await page.route("**/note", lambda route: route.abort())
    await form.get_by_role("button", name="记下备注").click()
    await expect(form.get_by_role("alert")).to_contain_text("0936-0000000")  # seen in front of the page, with the words
    await page.unroute("**/note")
    await page.context.set_offline(True)
    await expect(form.get_by_role("alert")).to_contain_text("起没有连上")
    await form.get_by_role("button", name="记下备注").click()
    await expect(words).to_have_value("钥匙在")
    await pressed(county, 12)
    await page.context.set_offline(False)
    await expect(form.get_by_role("alert")).to_have_count(0)
    await expect(words).to_have_value("钥匙在")
    await page.reload()  # as the way over a sign-in does
    await expect(words).to_have_value("钥匙在")
    await form.get_by_role("button", name="记下备注").click()
    await expect(form).to_be_hidden()
    await expect(card).to_contain_text("钥匙在")
    one.faults[:] = [fault for fault in one.faults if "ERR_" not in fault]  # the browser says that it was cut off
    for home in (11, 12):
        for open_now in await county.home(home).alerts():
            await county.world.command(open_now, ev.Resolve("zhou-min", Outcome.TEST, via="console"))
    await county.world.forward(11 * MINUTE)  # so that what follows is no flood


async def test_who_is_signed_out_is_told_so(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.VILLAGE, "/", "en", PHONE)
    page = await ready(one)
    assert county.world.hub is not None
    await county.world.hub.accounts.sign_out(county.cookie(AccountRole.VILLAGE))
    await page.context.set_offline(True)
    await page.context.set_offline(False)
    await expect(page.locator("#lost")).to_contain_text("You were signed out")
    one.faults.clear()  # the refused request and the lost line


@pytest.mark.parametrize(("language", "width"), [("zh-CN", PHONE), ("en", WIDE)])
async def test_the_page_of_one_alert_stays_live(county: County, visits: Opens, language: str, width: int) -> None:
    say = WORDS[language]
    alert = await pressed(county, 2)
    one = await visits(AccountRole.COUNTY, f"/alerts/{alert.id}", language, width)
    page = one.page
    card, left = page.locator("article.alert"), page.locator("article .next [data-left]").first
    await expect(page.locator("#now[data-ready]")).to_be_attached()
    shown = await left.text_content()
    await expect(left).not_to_have_text(shown or "")  # it counts down
    await county.world.command(alert, ev.Acknowledge("li-qiang", "console"))
    await expect(card.locator(".next")).to_contain_text("李强")  # it came by itself
    await expect(page.locator("#story")).to_contain_text("李强")
    await expect(page.locator("#newcomer")).to_be_hidden()
    await page.context.set_offline(True)
    await expect(page.locator("#lost")).to_contain_text("0936-0000000")
    await expect(card.get_by_role("button", name=say["join"], exact=True)).to_be_disabled()
    await page.context.set_offline(False)
    await expect(page.locator("#lost")).to_be_hidden()
    await card.get_by_role("button", name=say["join"], exact=True).click()
    await expect(card.locator(".next")).to_contain_text("Also going: 周敏" if language == "en" else "也去的：周敏")
    await expect(page.locator("#said [data-answer=done]")).to_be_visible()
    await one.shoot(f"alert-{language}-{width}")
    assert await one.axe() == []
    assert await one.too_wide() == []
    await county.world.command(alert, ev.Resolve("li-qiang", Outcome.TEST, via="console"))
    await expect(page.locator("#alert-card .calm")).to_be_visible()
    await expect(page.locator("#said [data-answer]")).to_have_count(0, timeout=15_000)  # said long enough
    one.faults[:] = [fault for fault in one.faults if "ERR_" not in fault]  # the browser says that it was cut off


async def test_the_page_of_one_alert_says_who_was_first(county: County, visits: Opens) -> None:
    alert = await pressed(county, 7)
    one = await visits(AccountRole.COUNTY, "/settings", "en", WIDE)
    news = asyncio.Event()

    async def late(route: Route) -> None:
        await news.wait()
        await route.continue_()

    await one.page.route("**/live/**", late)  # what others do is heard here after the click
    await one.goes(f"{county.url}/alerts/{alert.id}")
    await county.world.command(alert, ev.Acknowledge("li-qiang", "console"))
    await one.page.get_by_role("button", name="Take it", exact=True).click()
    await expect(one.page.locator("#said")).to_contain_text("李强 took it")
    news.set()
    await expect(one.page.locator("article .next")).to_contain_text("李强 has it")
    await county.world.command(alert, ev.Resolve("li-qiang", Outcome.TEST, via="console"))


async def test_without_a_script_each_act_is_a_form_with_an_answer(county: County, visits: Opens) -> None:
    alert = await pressed(county, 12)
    one = await visits(AccountRole.COUNTY, "/", "en", PHONE, scripts=False)
    page = one.page
    card = page.locator(f'[data-id="{alert.id}"]')
    await card.get_by_role("button", name="Take it", exact=True).click()
    await expect(page.locator("#said")).to_contain_text("Done")
    await expect(card.locator(".next")).to_contain_text("You have it")
    await card.get_by_role("link", name="Resolve…").click()
    await page.get_by_label("genuine", exact=True).check()
    await page.get_by_role("button", name="Resolve", exact=True).click()
    assert (await newest(county, alert)).stage is Stage.RESOLVED


@pytest.mark.parametrize(("language", "width"), [("zh-CN", PHONE), ("en", PHONE), ("en", WIDE)])
async def test_the_bar_of_a_new_emergency_fits(county: County, visits: Opens, language: str, width: int) -> None:
    one = await visits(AccountRole.COUNTY, "/tests", language, width)
    await expect(one.page.locator("#waiting-link")).to_be_visible()
    alert = await pressed(county, 10)
    bar = one.page.locator("#newcomer")
    await expect(bar).to_be_visible()
    await one.shoot(f"newcomer-{language}-{width}")
    assert await one.too_wide() == []
    assert await one.cut() == []
    assert await one.small_targets(44, "#newcomer button") == []
    await bar.locator("a").click()
    await expect(one.page.locator("article.alert")).to_be_visible()
    assert "data-played" not in (await one.page.content())  # no shift began here
    await county.world.command(alert, ev.Resolve("zhou-min", Outcome.TEST, via="console"))
