"""Takes the pictures of the README from a running system: `make screenshots`.

The console and the contact's page belong to the county of tests/harness/county.py at 03:14:26, where time stands still;
the simulator is a demo as `make run` starts it, after one press.
"""

import asyncio
import contextlib
import io
import os
import signal
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from hub.accounts import AccountRole
from hub.cli.logs import configure
from hub.ports import Lane
from tests.browser.watched import CHROMIUM, PHONE, WIDE
from tests.cli.place import Place
from tests.cli.process import Processes
from tests.harness.county import County

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
LANGUAGES = {"zh-CN": "zh", "en": "en"}
# A picture is to be looked at on a page of text.
MOST_BYTES = 200_000
PATIENCE_MS = 30_000


async def shoot(page: Page, name: str) -> None:
    """Save what the window shows."""
    await page.wait_for_load_state("load")
    await page.wait_for_timeout(300)  # fonts and the fade of new cards
    path = PICTURES / f"{name}.png"
    # 256 colours are as many as these pages have, and a third of the bytes.
    picture = Image.open(io.BytesIO(await page.screenshot(animations="disabled"))).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(PICTURES.parents[1])}: {size // 1000} KB")
    if size > MOST_BYTES:
        raise SystemExit(f"{name} has {size} bytes; a picture has at most {MOST_BYTES}")


async def of_console(browser: Browser, county: County, language: str) -> None:
    """Now on a desk and on a phone, and one home."""
    short = LANGUAGES[language]
    views = (("/", WIDE, 1010, f"now.{short}"), ("/", PHONE, 780, f"now-phone.{short}"),
             ("/homes/ah-001", WIDE, 1330, f"home.{short}"))  # fmt: skip
    for path, width, height, name in views:
        context = await browser.new_context(viewport={"width": width, "height": height}, locale=language)
        cookies = {"language": language, "carehub": county.cookie(AccountRole.COUNTY)}
        await context.add_cookies([{"name": n, "value": v, "url": county.url} for n, v in cookies.items()])
        page = await context.new_page()
        await page.goto(county.url + path)
        start = page.locator("#shift .btn")
        if path == "/":  # a shift that has begun: the sound is on
            await start.click()
            await start.wait_for(state="hidden")
        await shoot(page, name)
        await context.close()


async def of_contact(browser: Browser, county: County, language: str) -> None:
    """The page behind the link of the daughter's text."""
    context = await browser.new_context(viewport={"width": PHONE, "height": 780}, locale=language)
    page = await context.new_page()
    await page.goto(await link(county))
    await shoot(page, f"contact.{LANGUAGES[language]}")
    await context.close()


async def link(county: County) -> str:
    """Return the address of the daughter's page, as her second text would bring it."""
    hub = county.world.hub
    assert hub is not None
    alert = (await county.home(1).alerts())[0]
    told = await hub.store.read(lambda t: t.notifications(alert.id))
    message = next(one for one in told if one.person_id == "wang-li")
    await hub.engine.write(Lane.DUTY, lambda work: hub.links.keep(work, message))
    return hub.links.url(message)


async def of_simulator(browser: Browser, folder: Path, language: str) -> None:
    """The page of the demo, a moment after the button was pressed."""
    place = Place(folder / "config")
    place.environ["CAREHUB_LANGUAGE"] = language
    processes, data = Processes(), folder / "demo"
    try:
        demo = processes.start(place, "demo", "--no-browser", "--data", str(data))
        demo.says("Texts as they arrive:")
        address = next(line for line in demo.out if line.startswith("Open ")).split()[1]
        context = await browser.new_context(viewport={"width": WIDE, "height": 1010}, locale=language)
        page = await context.new_page()
        await page.goto(address)
        await page.locator(".dev").first.wait_for(timeout=PATIENCE_MS)
        button = {"zh-CN": "卧室呼叫按钮", "en": "Bedroom button"}[language]
        await page.get_by_role("button", name=button).first.click()
        await page.locator(".alert.emergency.open").wait_for(timeout=PATIENCE_MS)
        await page.locator('[data-phone="+447700900101"] .item').first.wait_for(timeout=PATIENCE_MS)
        await shoot(page, f"demo.{LANGUAGES[language]}")
        await context.close()
    finally:
        processes.end()
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((data / "broker" / "mosquitto.pid").read_text()), signal.SIGTERM)


async def main() -> None:
    """Take them all, in both languages."""
    PICTURES.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for language in LANGUAGES:
            with tempfile.TemporaryDirectory() as folder:
                county = await County.started(Path(folder) / "county", language=language, day=True)
                try:
                    await of_console(browser, county, language)
                    await of_contact(browser, county, language)
                finally:
                    await county.close()
                await of_simulator(browser, Path(folder), language)
        await browser.close()


if __name__ == "__main__":
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        configure(stream=nowhere)
        sys.exit(asyncio.run(main()))
