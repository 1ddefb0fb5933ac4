"""A real browser: Debian's Chromium, driven without a window.

A page that writes an error to its console, or asks any host but the one under test, fails its test.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, PHONE = 1440, 360


@dataclass
class Watched:
    """One page and what went wrong on it; `asked` are the addresses it asked for."""

    page: Page
    shots: Path
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def goes(self, url: str) -> None:
        """Open another address in this window; what it asks for is counted anew."""
        self.asked.clear()
        await self.page.goto(url)

    async def shoot(self, name: str) -> Path:
        """Save a picture of the whole page."""
        path = self.shots / f"{name}.png"
        await self.page.screenshot(path=path, full_page=True)
        return path

    async def overflows(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        return int(await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    async def small_targets(self, least: int, which: str = "a,button,input:not([type=hidden])") -> list[str]:
        """Return what of `which` can be tapped and is lower than `least` pixels."""
        found: list[str] = await self.page.evaluate(
            """([which, least]) => [...document.querySelectorAll(which)]
            .filter(e => e.getBoundingClientRect().height < least).map(e => e.outerHTML.slice(0, 80))""",
            [which, least],
        )
        return found


Opens = Callable[..., Awaitable[Watched]]


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Return where pictures are kept: SHOTS, for whoever wants to look at them, else with the test."""
    folder = Path(os.environ.get("SHOTS", tmp_path / "shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Return a browser; without one the test is skipped, but never where all tests have to run."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no chromium: install it")
        pytest.skip("there is no chromium: `apt-get install chromium` runs the tests of pages")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def opens(chromium: Browser, shots: Path) -> AsyncIterator[Opens]:
    """Return what opens an address in a window of its own, `width` pixels wide; at its end all pages must be clean."""
    watched: list[Watched] = []
    contexts: list[BrowserContext] = []

    async def opened(url: str, *, width: int = PHONE, scripts: bool = True, **how: object) -> Watched:
        size = {"width": width, "height": 900 if width == WIDE else 740}
        context = await chromium.new_context(viewport=size, java_script_enabled=scripts, **how)  # type: ignore[arg-type]
        contexts.append(context)
        page = await context.new_page()
        one = Watched(page, shots)
        watched.append(one)
        host = urlsplit(url).netloc

        def asks(request: Request) -> None:
            one.asked.append(request.url)
            if urlsplit(request.url).netloc not in (host, ""):
                one.faults.append(f"asked {request.url}")

        page.on("request", asks)
        page.on("console", lambda said: one.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: one.faults.append(str(error)))
        await one.goes(url)
        return one

    yield opened
    for context in contexts:
        await context.close()
    assert [fault for one in watched for fault in one.faults] == []
