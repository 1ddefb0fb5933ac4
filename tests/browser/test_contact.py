"""A contact's page in a real browser: on a phone and on a desk, in both languages, in every face."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.alerts.links import Said, Tap
from hub.engine.links import LinkExpired, NoSuchLink, Sight
from hub.ports import StoreUnavailable
from hub.web.app import build
from hub.web.contact import ContactPages
from hub.web.ports import AppPorts
from hub.web.server import Server
from hub.web.view import PageSettings
from tests.browser.conftest import PHONE, WIDE, Opens
from tests.harness.memory import StillClock
from tests.web.fakes import NoHub
from tests.web.sights import FACES, NOW

BARE = ("expired", "unknown", "sick")


class Shown:
    """Pages as they are at one moment of that night; a token is the name of a face."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.taps: list[tuple[str, Tap, bool, datetime | None]] = []

    async def look_at_page(self, token: str) -> Sight:
        if token == "expired":
            raise LinkExpired(FACES["open"](self.language).person)
        if token == "sick":
            raise StoreUnavailable("disk full")
        if token not in FACES:
            raise NoSuchLink
        return FACES[token](self.language)

    async def tap(self, token: str, what: Tap, *, watched: bool = False, until: datetime | None = None) -> Said:
        self.taps.append((token, what, watched, until))
        return Said.DONE


class Site:
    def __init__(self, language: str) -> None:
        self.language = language
        sender = {"zh-CN": "安河县民政局", "en": "Anhe County"}[language]
        self.shown = Shown(language)
        settings = PageSettings(language, ZoneInfo("Asia/Shanghai"), "http://127.0.0.1", "0936-0000000", sender)
        pages = ContactPages(self.shown, lambda: settings, StillClock(NOW))
        hub = NoHub()
        self.server = Server(build(AppPorts(hub, hub, hub, pages=pages), []), "127.0.0.1:0")

    def url(self, token: str) -> str:
        return f"http://127.0.0.1:{self.server.port}/a/{token}"


@pytest.fixture(params=["zh-CN", "en"])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    site = Site(request.param)
    await site.server.start()
    yield site
    await site.server.stop()


@pytest.mark.parametrize("width", [PHONE, WIDE])
async def test_every_face_fits_its_screen(site: Site, opens: Opens, width: int) -> None:
    shown = await opens(site.url("open"), width=width)
    for face in (*FACES, *BARE):
        await shown.goes(site.url(face))
        await shown.shoot(f"contact-{face}-{site.language}-{width}")
        assert await shown.overflows() <= 0, face
        assert await shown.small_targets(44) == [], face
        assert await shown.small_targets(60, ".btn,.call") == [], f"{face}: what is tapped in a hurry is 60 px high"
        assert len(shown.asked) == 1, "one request, and no script, font or picture"
        assert await shown.page.locator("h1").count() == 1
        if face in BARE:
            shown.faults.clear()  # the browser itself reports 404, 410 and 503 as errors


@pytest.mark.parametrize("how", ["large", "dark", "bare"])
async def test_large_type_dark_and_no_style(site: Site, opens: Opens, how: str) -> None:
    shown = await opens(site.url("open"), **({"color_scheme": "dark"} if how == "dark" else {}))
    for face in ("open", "mine", "still", "gas"):
        await shown.goes(site.url(face))
        if how == "large":  # 1.4 times the usual 16 px
            await shown.page.evaluate("document.documentElement.style.fontSize = '22.4px'")
        if how == "bare":
            await shown.page.evaluate("document.querySelector('style').remove()")
        await shown.shoot(f"contact-{face}-{site.language}-{how}")
        assert await shown.overflows() <= 0, face


async def test_it_is_taken_by_keyboard_alone_and_without_script(site: Site, opens: Opens) -> None:
    shown = await opens(site.url("open"), scripts=False)
    await shown.page.keyboard.press("Tab")
    await shown.page.keyboard.press("Enter")
    await shown.page.wait_for_url("**/a/open?")
    assert site.shown.taps == [("open", Tap.TAKE, False, None)]


async def test_it_is_fresh_within_five_seconds_by_itself(site: Site, opens: Opens) -> None:
    shown = await opens(site.url("open"), scripts=False)
    async with shown.page.expect_request("**/a/open", timeout=8_000):
        pass
    still = await opens(site.url("done"), scripts=False)
    assert len(still.asked) == 1


async def test_being_away_is_said_with_its_end(site: Site, opens: Opens) -> None:
    shown = await opens(site.url("still"))
    await shown.page.locator("form:has(input[value=days3]) button").click()
    await shown.page.wait_for_url("**/a/still?")
    ((_, what, _, until),) = site.shown.taps
    assert what is Tap.AWAY
    assert until is not None
    assert timedelta(days=3) < until - NOW < timedelta(days=4)
