"""The demo's page in a real browser: what is poked, what the phones get, what the hub says it does."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, WIDE, Opens, Watched
from tests.cli.place import Place
from tests.cli.process import Process, Processes

DAUGHTER, NURSE = "+447700900101", "+447700900102"
# A text needs a commit, the carrier's 1.2 s, and the page's next look; others use the machine too.
PATIENCE_MS = 20_000


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Process]:
    """Start a demo of its own; neither it nor its broker outlives the test."""
    processes, data = Processes(), tmp_path / "demo"
    place = Place(tmp_path / "config")
    process = processes.start(place, "demo", "--no-browser", "--data", str(data))
    process.says("Texts as they arrive:")
    yield process
    processes.end()
    with contextlib.suppress(OSError, ValueError):
        os.kill(int((data / "broker" / "mosquitto.pid").read_text()), signal.SIGTERM)


def address(demo: Process) -> str:
    return next(line for line in demo.out if line.startswith("Open ")).split()[1]


def phone(page: Page, number: str):  # type: ignore[no-untyped-def]
    return page.locator(f'[data-phone="{number}"]')


async def gets(page: Page, number: str, words: str) -> None:
    await expect(phone(page, number).locator(".item").filter(has_text=words).first).to_be_visible(timeout=PATIENCE_MS)


async def shows(page: Page, where: str, words: str) -> None:
    await expect(page.locator(where).filter(has_text=words).first).to_be_visible(timeout=PATIENCE_MS)


async def holds_up(watched: Watched) -> None:
    """Nothing is cut off at the side, nothing is too small to be hit."""
    assert await watched.overflows() == 0
    assert await watched.small_targets(44, "button, select, form input") == []
    assert await watched.small_targets(24, "a:not(.skip), input") == []


@pytest.mark.parametrize("width", [WIDE, PHONE])
async def test_a_press_on_the_plan_reaches_the_daughter_who_takes_and_closes_it(
    demo: Process, opens: Opens, width: int
) -> None:
    watched = await opens(address(demo), width=width)
    page = watched.page
    await shows(page, ".calm", "现在没有告警")
    await watched.shoot(f"stage-calm-{width}")
    await page.get_by_role("button", name="卧室呼叫按钮").click()
    await gets(page, DAUGHTER, "王秀兰于")
    await shows(page, ".stream li", "按钮的用途是“呼叫”，按一次就算")
    await shows(page, ".alert.emergency.open .next", "值班人员 李强")
    await expect(page.locator(".dev.alarm")).to_have_count(1)
    await expect(phone(page, NURSE)).to_contain_text("还没有打扰")
    assert (await page.title()).startswith("●")
    await holds_up(watched)
    await watched.shoot(f"stage-pressed-{width}")

    await phone(page, DAUGHTER).get_by_role("button", name="回 1").click()
    await shows(page, ".alert.acknowledged .holder", "王丽接手了")
    await gets(page, DAUGHTER, "由您处理王秀兰的紧急呼叫")
    await phone(page, DAUGHTER).get_by_role("textbox").fill("4误按")
    await page.keyboard.press("Enter")
    await shows(page, ".calm", "现在没有告警")
    await shows(page, ".stream li", "王丽办结")
    await watched.shoot(f"stage-closed-{width}")


@pytest.mark.parametrize("width", [WIDE, PHONE])
async def test_gas_by_the_keyboard_in_english(demo: Process, opens: Opens, width: int) -> None:
    watched = await opens(f"{address(demo)}?lang=en", width=width, color_scheme="dark")
    page = watched.page
    detector = page.locator(".dev[role=button]").filter(has_text="gas detector")
    await detector.focus()
    await page.keyboard.press("Enter")
    await shows(page, ".alert.emergency.open h3", "gas alarm, kitchen")
    await shows(page, ".stream li", "nobody waits for a second word")
    await shows(page, ".due", "staff on duty")
    await gets(page, DAUGHTER, "燃气报警")  # texts keep the language of the site
    await holds_up(watched)
    await watched.shoot(f"stage-gas-{width}")
    await expect(detector).to_have_attribute("aria-label", "kitchen gas detector · in alarm · Air the gas out")
    await detector.focus()
    await page.keyboard.press(" ")
    await shows(page, ".stream li", "a detector's own word closes nothing: a person does")
    await expect(page.locator(".alert.emergency.open")).to_have_count(1)


async def test_time_can_be_hurried_to_the_next_step_and_stopped(demo: Process, opens: Opens) -> None:
    page = (await opens(address(demo), width=WIDE)).page
    await page.get_by_role("button", name="按卧室呼叫", exact=True).click()
    await shows(page, ".alert.emergency.open", "家人")
    await gets(page, DAUGHTER, "按了紧急呼叫")
    await page.get_by_role("button", name="到下一步").click()
    await shows(page, ".stream li", "1 分钟内没有人接手")
    await gets(page, NURSE, "按了紧急呼叫")
    pause = page.get_by_role("button", name="暂停")
    await pause.click()
    await expect(pause).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
    stopped = await page.locator("#wall").text_content()
    await asyncio.to_thread(demo.says, "Texts as they arrive:")
    await expect(page.locator("#wall")).to_have_text(stopped or "")
    await page.get_by_role("button", name="60×").click()
    await shows(page, ".stream li", "2 分钟内没有人接手")


async def test_the_world_can_be_switched_and_says_so(demo: Process, opens: Opens) -> None:
    page = (await opens(f"{address(demo)}?lang=en", width=WIDE)).page
    hub = page.get_by_role("switch", name="carehub itself")
    await hub.click()
    await shows(page, ".stream li", "carehub is killed")
    await expect(hub).not_to_be_checked(timeout=PATIENCE_MS)
    await page.get_by_role("button", name="Press call, bedroom", exact=True).click()
    await hub.click()
    await expect(hub).to_be_checked(timeout=PATIENCE_MS)
    await gets(page, DAUGHTER, "按了紧急呼叫")  # the broker kept it
    await page.get_by_label("Phone carrier").select_option("no-credit")
    await shows(page, ".stream li", "The carrier: no credit")
    await expect(page.get_by_label("Phone carrier")).to_have_value("no-credit")
    await page.get_by_role("link", name="中文").click()
    await shows(page, "h1", "carehub 模拟器")
