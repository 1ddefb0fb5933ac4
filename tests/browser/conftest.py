"""A real browser: Debian's Chromium, driven without a window.

A page that writes an error to its console, or asks any host but the one under test, fails its test.

Tests of the console: `pytestmark = pytest.mark.asyncio(loop_scope="module")`, then `county` is the whole hub with a
small county and a night under way (tests/harness/county.py; one for each file of tests), and `visits` opens a page of
it: `one = await visits(AccountRole.COUNTY, "/homes", "zh-CN", PHONE)`. `one.axe()`, `one.english()`, `one.cut()`,
`one.small_targets(44, ".btn")`, `one.too_wide()`, `one.shoot("name")` look at it; SHOTS=folder keeps the pictures.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

from hub.accounts import AccountRole
from tests.browser.watched import CHROMIUM, HEIGHTS
from tests.browser.watched import PHONE as PHONE
from tests.browser.watched import WIDE as WIDE
from tests.browser.watched import Watched as Watched
from tests.harness.county import County

Opens = Callable[..., Awaitable[Watched]]


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Return where pictures are kept: SHOTS, for whoever wants to look at them, else with the test."""
    folder = Path(os.environ.get("SHOTS", tmp_path / "shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _browsers() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no chromium: install it")
        pytest.skip("there is no chromium: `apt-get install chromium` runs the tests of pages")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Return a browser; without one the test is skipped, but never where all tests have to run."""
    async for browser in _browsers():
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium_for_all() -> AsyncIterator[Browser]:
    """Return one browser for all tests of a file."""
    async for browser in _browsers():
        yield browser


@pytest.fixture
async def opens(chromium: Browser, shots: Path) -> AsyncIterator[Opens]:
    """Return what opens an address in a window of its own, `width` pixels wide; at its end all pages must be clean."""
    watched: list[Watched] = []
    contexts: list[BrowserContext] = []

    async def opened(url: str, *, width: int = PHONE, scripts: bool = True, **how: object) -> Watched:
        size = {"width": width, "height": HEIGHTS.get(width, 740)}
        context = await chromium.new_context(viewport=size, java_script_enabled=scripts, **how)  # type: ignore[arg-type]
        contexts.append(context)
        one = Watched(await context.new_page(), shots)
        watched.append(one)
        one.watch(urlsplit(url).netloc)
        await one.goes(url)
        return one

    yield opened
    for context in contexts:
        await context.close()
    assert [fault for one in watched for fault in one.faults] == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    """Return the county at 03:14:26, for all tests of a file; what one of them does the next one sees."""
    county = await County.started(tmp_path_factory.mktemp("county"))
    yield county
    await county.close()


@pytest_asyncio.fixture(loop_scope="module")
async def visits(county: County, chromium_for_all: Browser, shots: Path) -> AsyncIterator[Opens]:
    """Return what opens a page of the console as somebody with a role; at its end all pages must be clean.

    `settings` are the cookies of the settings page: theme="dark", contrast="more", large="1". role None: nobody.
    """
    watched: list[Watched] = []
    contexts: list[BrowserContext] = []

    async def visited(
        role: AccountRole | None,
        path: str = "/",
        language: str = "zh-CN",
        width: int = 1440,
        *,
        scripts: bool = True,
        settings: dict[str, str] | None = None,
        **how: object,
    ) -> Watched:
        size = {"width": width, "height": HEIGHTS.get(width, 740)}
        context = await chromium_for_all.new_context(
            viewport=size,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            locale=language,
            **how,  # type: ignore[arg-type]
        )
        contexts.append(context)
        cookies = {"language": language, **(settings or {})}
        if role is not None:
            cookies["carehub"] = county.cookie(role)
        await context.add_cookies([{"name": n, "value": v, "url": county.url} for n, v in cookies.items()])
        one = Watched(await context.new_page(), shots)
        watched.append(one)
        one.watch(urlsplit(county.url).netloc)
        await one.goes(county.url + path)
        return one

    yield visited
    for context in contexts:
        await context.close()
    assert [fault for one in watched for fault in one.faults] == []
