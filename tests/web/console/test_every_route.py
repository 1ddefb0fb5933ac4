"""Every address of the console: nobody, a forged cookie, a form of another site, another area, a guessed id."""

import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.routing import Route

from hub.accounts import AccountRole, Right
from hub.ports import Lane
from tests.store.samples import an_alert
from tests.web.console.desk import SETTINGS
from tests.web.console.doors import OTHER, VILLAGE, Answer, Browser, House
from tests.web.console.doors import house as opened

# They are there for whoever is not signed in.
OPEN = re.compile(r"/assets/|/sign-in$|/welcome/|/api/")
# What stands for a thing in another area, and for one that is nowhere.
FOREIGN = {
    "home_id": "ah-001",
    "ref": "01A",
    "code": VILLAGE,
    "person_id": "wang-li",
    "device_id": "kitchen-gas",
    "part": "residents",
    "deed": "take",
    "path": "nowhere",
    "token": "x" * 32,
    "name": "console.css",
}
# What nobody of another area may read anywhere: the resident, the address, the family, their number.
SECRETS = ("王秀兰", "上堡村三社12号", "王丽", "+447700900101", "900101")
# What stays open for whoever may look: it would not end, and is tested where it belongs.
STREAMS = re.compile(r"^/live$|^/live/waiting$|^/homes/[^/]+/live$")
ROLES = list(AccountRole)


def addresses(house: House, method: str, without: re.Pattern[str] | None = None) -> Iterator[tuple[str, Route]]:
    """Return an address for each route of this method, about what stands in another area."""
    for route in house.console.routes():
        if method in (route.methods or ()) and not OPEN.match(route.path):
            names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
            values = {name: FOREIGN.get(name, "ah-001" if "/homes" in route.path else "01A") for name in names}
            path = re.sub(r"{(\w+)(?::\w+)?}", lambda found, v=values: v[found[1]], route.path)
            if without is None or not without.match(path):
                yield path, route


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as found:
        await found.engine.store.write(Lane.DUTY, lambda t: t.save_alert(an_alert(home="ah-001")))
        yield found


def refused(answer: Answer) -> bool:
    """Whether the way leads to the sign-in, and nowhere else."""
    return answer.status == 303 and answer.location.startswith("/sign-in?")


async def test_nobody_gets_anything(house: House) -> None:
    browser = house.browser()
    for path, _ in addresses(house, "GET"):
        answer = await browser.get(path)
        assert refused(answer), path
        assert answer.text == ""
    for path, _ in addresses(house, "POST"):
        assert refused(await browser.bare_post(path, {"csrf": "x" * 64}, Origin=house.base)), path


async def test_a_script_hears_401_instead_of_a_page(house: House) -> None:
    for path, _ in addresses(house, "GET"):
        answer = await house.browser().get(path, Accept="text/event-stream")
        assert (answer.status, answer.text) == (401, ""), path


@pytest.mark.parametrize("forged", ["x" * 43, "", "\\x00", "x" * 5000, "%00%ff", "carehub"])
async def test_a_forged_cookie_is_nobody(house: House, forged: str) -> None:
    browser = house.browser()
    browser.cookies["carehub"] = forged
    for path, _ in addresses(house, "GET"):
        assert refused(await browser.get(path)), path
    for path, _ in addresses(house, "POST"):
        assert refused(await browser.bare_post(path, {"csrf": "x" * 64}, Origin=house.base)), path


async def test_a_form_without_our_token_does_nothing_and_says_so(house: House) -> None:
    browser = await house.signed_in(
        "all", AccountRole.COUNTY, AccountRole.ADMINISTRATOR, areas=("000000000000",), person="li-qiang"
    )
    other = await house.signed_in("fitter", AccountRole.INSTALLER)
    before = await house.engine.store.read(lambda t: (t.accounts(), t.registry(), t.alert("01A")))
    right, of_another = await browser.csrf(), await other.csrf()
    own = {"Origin": house.base}
    tried = 0
    for path, _ in addresses(house, "POST"):
        for form, headers in (
            ({}, own),
            ({"csrf": "0" * 64}, own),
            ({"csrf": of_another}, own),
            ({"csrf": right}, {"Origin": "https://evil.example"}),
            ({"csrf": right}, {**own, "Sec-Fetch-Site": "cross-site"}),
        ):
            answer = await browser.bare_post(path, form, **headers)
            assert answer.status == 403, (path, form)
            assert "没有" in answer.words
            tried += 1
    assert await house.engine.store.read(lambda t: (t.accounts(), t.registry(), t.alert("01A"))) == before
    assert len(await house.log("foreign_form")) == min(tried, 100), "at most a hundred lines are asked for"


@pytest.mark.promise("P10")
@pytest.mark.parametrize("role", ROLES)
async def test_another_areas_people_are_nobodys_business(house: House, role: AccountRole) -> None:
    """Whatever the role: of another area no page shows a name, an address, a number."""
    browser = await house.signed_in("elsewhere", role, areas=(OTHER,))
    for path, _ in addresses(house, "GET", without=re.compile("/live$|/live/waiting$")):
        answer = await browser.get(path)
        assert answer.status in (200, 204, 303, 403, 404), path
        shown = [secret for secret in SECRETS if secret in answer.text]
        assert shown == [], path
        if "ah-001" in path:
            assert answer.status in (403, 404), path


@pytest.mark.promise("P10")
@pytest.mark.parametrize("role", ROLES)
async def test_another_areas_things_are_not_touched_and_the_try_is_recorded(house: House, role: AccountRole) -> None:
    browser = await house.signed_in("elsewhere", role, areas=(OTHER,), person="sun-zhi")
    before = await house.engine.store.read(lambda t: (t.registry(), t.alert("01A"), t.accounts()))
    token = await browser.csrf()
    for path, _ in addresses(house, "POST"):
        if path.startswith(("/settings", "/profile", "/sign-out")):
            continue
        answer = await browser.bare_post(path, {"csrf": token}, Origin=house.base)
        assert answer.status in (303, 400, 403, 404, 413, 415, 422), path
        if "ah-001" in path:
            assert answer.status in (403, 404), path
    after = await house.engine.store.read(lambda t: (t.registry(), t.alert("01A"), t.accounts()))
    assert after == before
    assert {act.who for act in await house.log("refused")} == {"sun-zhi"}


@pytest.mark.parametrize("role", ROLES)
async def test_a_right_that_is_missing_is_refused_in_a_sentence_and_recorded(house: House, role: AccountRole) -> None:
    browser = await house.signed_in("li.qiang", role, person="li-qiang")
    account = await house.accounts.named("li.qiang")
    assert account is not None
    for path, right in (("/accounts", Right.MANAGE_ACCOUNTS), ("/log", Right.SEE_LOG)):
        answer = await browser.get(path)
        assert answer.status == (200 if account.may(right) else 403), path
        if not account.may(right):
            assert "权" in answer.words
            last = (await house.log("refused"))[-1]
            assert (last.who, last.detail["right"], last.detail["path"]) == ("li-qiang", right.value, path)


async def test_a_guessed_id_is_as_if_it_were_not_there(house: House) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.COUNTY, areas=(VILLAGE,), person="li-qiang")
    missing = await browser.get("/homes/ah-999")
    assert missing.status == 404
    for path in ("/alerts/01ZZZZ", "/accounts/01ZZZZ", "/tests/01ZZZZ", "/people/nobody", "/nowhere/at/all"):
        answer = await browser.get(path)
        assert (path, answer.status) == (path, 404)
        assert answer.words == missing.words
    foreign = await browser.get("/homes/ah-002")
    assert foreign.status == 403
    refusals = await house.log("refused")
    assert [(act.home_id, act.area) for act in refusals] == [("ah-002", OTHER)]


async def _all_pages(house: House, browser: Browser) -> AsyncIterator[tuple[str, Answer]]:
    for path, _ in addresses(house, "GET", without=STREAMS):
        yield path, await browser.get(path)
    for path in ("/sign-in", "/welcome/" + "x" * 32):
        yield path, await house.browser().get(path)


async def test_every_page_carries_its_headers_and_nothing_inline(house: House) -> None:
    browser = await house.signed_in("all", *ROLES, areas=("000000000000",), person="li-qiang")
    async for path, answer in _all_pages(house, browser):
        assert answer.status in (200, 204, 303, 404), path
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Cache-Control"].startswith("no-store"), path
        assert all("HttpOnly" in cookie for cookie in answer.set_cookie), path
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", answer.text), path
            assert not re.search(r"(?:src|href|action)=\"https?://", answer.text), path
            assert SETTINGS.public_url not in answer.text, path


async def test_every_link_leads_to_a_page(house: House) -> None:
    browser = await house.signed_in("all", *ROLES, areas=("000000000000",), person="li-qiang")
    ahead, seen = ["/"], {"/import"}  # this house has no spreadsheets
    while ahead:
        path = ahead.pop()
        answer = await browser.get(path)
        assert answer.status in (200, 303), path
        found = (unescape(one) for one in re.findall(r'href="(/[^"#]*)', answer.text))
        fresh = {one for one in found if not one.startswith("/assets/")} - seen
        seen |= fresh
        ahead += fresh
    assert {"/new-home", "/homes/ah-001/edit", "/people/li-qiang", "/alerts/01A"} <= seen


@pytest.mark.parametrize("address", ["http://[", "http://]x", "null", "//"])
async def test_an_address_that_is_none_is_no_page_of_ours(house: House, address: str) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    for path in ("/settings", "/sign-in"):
        answer = await browser.bare_post(path, {"csrf": await browser.csrf()}, Origin=address)
        assert answer.status == 403, path
    late = await house.browser().bare_post("/settings", {}, Referer=address)
    assert refused(late)
