"""Every page of the console, in both languages, on a desk and on a phone.

No finding of axe-core, nothing cut or sideways, no target too small, no English left in Chinese, one heading, no
request elsewhere. A new page is found by itself; one with something of its own in its address has a line in SAMPLES.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import pytest
from starlette.routing import BaseRoute, Route

from hub.accounts import AccountRole
from tests.browser.conftest import PHONE, WIDE, Opens, Watched
from tests.harness.county import County

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

# What stands for the parts of an address that name something; `@alert` is the first one that waits, `@test` a test.
SAMPLES: Mapping[str, Sequence[str]] = {
    "/homes/{}/edit": ("/homes/ah-001/edit",),
    "/homes/{}/edit/{}/{}": tuple(
        f"/homes/ah-001/edit/{part}"
        for part in ("home/home", "resident/0", "contact/0", "contact/new", "device/bed-sos", "device/new", "room/new")
    ),
    "/homes/{}": ("/homes/ah-001", "/homes/ah-002", "/homes/ah-011"),
    "/homes/{}/test": ("/homes/ah-001/test", "/homes/ah-012/test"),
    "/people/{}": ("/people/wang-li", "/people/li-qiang"),
    "/accounts/{}": ("/accounts/village",),
    "/alerts/{}": ("/alerts/@alert",),
    "/alerts/{}/{}": tuple(f"/alerts/@alert/{deed}" for deed in ("call", "hand-over", "resolve", "note", "silence")),
    "/areas/{}": ("/areas/620702000000", "/areas/620702207000", "/areas/620702207200"),
    "/tests/{}": ("/tests/@test",),
    "/find": ("/find?q=王", "/find?q=东湾村", "/find?q=没有这个人"),
    "/{}": ("/nothing-is-here",),
}
# Pages for nobody in particular, files, and what programs ask for.
NOT_PAGES = re.compile(r"^/(assets|a|healthz|readyz|metrics|twilio|api|live|welcome|sign-in)(/|$)|\.(pdf|csv|xlsx)$")
LARGE, DARK, CONTRAST = {"large": "1"}, {"theme": "dark"}, {"contrast": "more"}
# axe-core takes most of the time of these tests: it looks at each width once, in one language. What a setting changes
# is colour, or the room that text takes.
ALL_RULES: Sequence[str] = ()
NO_RULES = None
COLOURS = ("color-contrast",)


async def addresses(county: County) -> list[str]:
    """Return the addresses of all pages, with something that is there in each."""
    alert = (await county.home(1).alerts())[0].id
    found: list[str] = []
    for route in _routes(county):
        if not isinstance(route, Route) or "GET" not in (route.methods or ()) or NOT_PAGES.search(route.path):
            continue
        if str(route.name).startswith("stream "):
            continue
        shape = re.sub(r"\{[^}]+\}", "{}", route.path)
        assert shape in SAMPLES or "{" not in shape, f"say in SAMPLES what stands for {route.path}"
        found += SAMPLES.get(shape, (shape,))
    return [path.replace("@alert", alert).replace("@test", county.test_id) for path in found]


def _routes(county: County) -> Sequence[BaseRoute]:
    assert county.world.hub is not None
    return county.world.hub.server._app.routes  # type: ignore[attr-defined, no-any-return]


def name_of(path: str) -> str:
    """Return what a picture of this page is called."""
    return re.sub(r"[^\w-]+", "-", path).strip("-")[:60] or "now"


async def _open(one: Watched, county: County, path: str) -> list[str]:
    """Open a page; return what is wrong with how it came."""
    answer = await one.page.goto(county.url + path)
    assert answer is not None
    expected = HTTPStatus.NOT_FOUND if path in SAMPLES["/{}"] else HTTPStatus.OK
    # A browser calls a page that is not there an error, and rightly.
    one.faults[:] = [fault for fault in one.faults if expected is HTTPStatus.OK or "404" not in fault]
    return [] if answer.status == expected else [f"answered {answer.status}"]


async def _faults(one: Watched, language: str, rules: Sequence[str] | None = ALL_RULES) -> list[str]:
    """Return what is wrong with the page that is open; `rules` of axe-core, None without it."""
    page = one.page
    found = await one.axe(*rules) if rules is not None else []
    found += [f"cut: {what}" for what in await one.cut()]
    found += [f"wide: {what}" for what in await one.too_wide()]
    found += [f"small: {what}" for what in await one.small_targets(44, ".btn, .tabs a, .rail a, .pick label")]
    if language == "zh-CN":
        found += [f"English: {what}" for what in await one.english()]
    if await page.locator("h1").count() != 1:
        found.append("not one h1")
    if not (await page.title()).strip(" ·"):
        found.append("no title")
    return found


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_reads_well(county: County, visits: Opens, language: str, width: int) -> None:
    one = await visits(AccountRole.COUNTY, "/settings", language, width)
    rules = ALL_RULES if (language == "zh-CN") is (width == WIDE) else NO_RULES
    wrong: list[str] = []
    for path in await addresses(county):
        faults = await _open(one, county, path) or await _faults(one, language, rules)
        await one.shoot(f"{name_of(path)}-{language[:2]}-{width}")
        wrong += [f"{path}: {fault}" for fault in faults]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_pages_before_the_sign_in_read_well(visits: Opens, language: str, width: int) -> None:
    wrong: list[str] = []
    for path in ("/sign-in", "/welcome/no-such-link"):
        one = await visits(None, path, language, width)
        await one.shoot(f"{name_of(path)}-{language[:2]}-{width}")
        wrong += [f"{path}: {fault}" for fault in await _faults(one, language)]
        one.faults[:] = [fault for fault in one.faults if "404" not in fault and "410" not in fault]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


@pytest.mark.parametrize("settings", [DARK, CONTRAST, DARK | CONTRAST, LARGE], ids="-".join)
async def test_pages_read_well_as_somebody_set_them(county: County, visits: Opens, settings: dict[str, str]) -> None:
    wrong: list[str] = []
    for width in (WIDE, PHONE):
        one = await visits(AccountRole.COUNTY, "/settings", "zh-CN", width, settings=settings)
        for path in ("/", "/settings", "/homes/ah-001", "/areas/620702207000", "/health"):
            rules = NO_RULES if settings is LARGE else COLOURS
            faults = await _open(one, county, path) or await _faults(one, "zh-CN", rules)
            await one.shoot(f"{name_of(path)}-{'-'.join(settings)}-{width}")
            wrong += [f"{path} {width}: {fault}" for fault in faults]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


async def test_what_somebody_sets_stays_without_a_script(county: County, visits: Opens) -> None:
    one = await visits(AccountRole.VILLAGE, "/settings", "zh-CN", PHONE, scripts=False)
    for choice in ("English", "深色", "大字"):
        await one.page.get_by_label(choice, exact=True).check()
    await one.page.get_by_role("button", name="保存").click()
    html = one.page.locator("html")
    assert await html.get_attribute("lang") == "en"
    assert await html.get_attribute("data-theme") == "dark"
    assert await html.get_attribute("data-large") is not None
    assert await one.page.get_by_role("status").inner_text() == "Saved for this browser."


async def test_keys_find_and_help_but_not_while_typing(visits: Opens) -> None:
    one = await visits(AccountRole.COUNTY, "/settings", "en", WIDE)
    await one.page.keyboard.press("?")
    assert await one.page.locator("#help").is_visible()
    await one.page.keyboard.press("Escape")
    await one.page.keyboard.press("/")
    await one.page.keyboard.type("a?/")
    assert await one.page.locator("#find").input_value() == "a?/"
    assert not await one.page.locator("#help").is_visible()


async def test_keys_that_were_switched_off_do_nothing(visits: Opens) -> None:
    one = await visits(AccountRole.COUNTY, "/settings", "en", WIDE, settings={"keys": "0"})
    await one.page.keyboard.press("?")
    assert not await one.page.locator("#help").is_visible()


async def test_the_menu_leads_to_pages_that_are_there(county: County, visits: Opens) -> None:
    for role in (AccountRole.COUNTY, AccountRole.INSTALLER, AccountRole.ADMINISTRATOR, AccountRole.VILLAGE):
        one = await visits(role, "/settings", "en", WIDE)
        links = await one.page.locator(".rail a, .menu a").evaluate_all("all => all.map((at) => at.pathname)")
        assert links
        for path in links:
            assert (await one.page.request.get(county.url + path)).status == 200, f"{role}: {path}"
