"""People, homes and devices edited in a browser: by keyboard, without a script, on a phone; a spreadsheet imported."""

from pathlib import Path

import pytest

from hub.accounts import AccountRole
from hub.homes import Home
from hub.settings.importing import SheetImporter
from tests.browser.conftest import PHONE, WIDE, Opens, Watched
from tests.harness.county import County

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

PAGES = (
    "/homes/ah-001/edit",
    "/homes/ah-001/edit/home/home",
    "/homes/ah-001/edit/resident/0",
    "/homes/ah-001/edit/contact/new",
    "/homes/ah-001/edit/contact/0",
    "/homes/ah-001/edit/room/new",
    "/homes/ah-001/edit/device/bed-sos",
    "/people",
    "/people/wang-li",
    "/new-person",
    "/new-home",
    "/import",
)


def home(county: County, id: str) -> Home:
    assert county.world.hub is not None
    return county.world.hub.engine.world.registry.homes[id]


async def faults(one: Watched, language: str) -> list[str]:
    found = await one.axe() + await one.cut() + await one.too_wide() + await one.small_targets(44, ".btn")
    return found + (await one.english() if language == "zh-CN" else [])


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_pages_read_well_whole_and_with_mistakes(visits: Opens, language: str, width: int) -> None:
    one = await visits(AccountRole.COUNTY, PAGES[0], language, width)
    wrong: dict[str, list[str]] = {}
    for path in PAGES:
        await one.page.goto(one.page.url.split("/", 3)[0] + "//" + one.page.url.split("/", 3)[2] + path)
        await one.shoot(f"edit-{path.strip('/').replace('/', '-')}-{language[:2]}-{width}")
        if found := await faults(one, language):
            wrong[path] = found
    assert wrong == {}


async def test_the_first_wrong_field_has_the_focus_and_nothing_typed_is_lost(visits: Opens, county: County) -> None:
    one = await visits(AccountRole.TOWNSHIP, "/homes/ah-002/edit/device/new", "zh-CN", PHONE)
    page = one.page
    await page.get_by_label("类型").select_option("gas")
    await page.get_by_label("主题", exact=True).fill("zigbee2mqtt/+")
    await page.get_by_label("安装日期").fill("2035-01-01")
    await page.get_by_label("型号").fill("GD-1")
    one.faults.clear()
    async with page.expect_navigation():
        await page.get_by_role("button", name="保存").click()
    topic = page.locator("#topic")
    assert await topic.get_attribute("aria-invalid") == "true"
    described = (await topic.get_attribute("aria-describedby") or "").split()
    said = [await page.locator(f"#{id}").inner_text() for id in described]
    assert any("是 MQTT 的专用字符" in each for each in said)
    assert await page.get_by_label("型号").input_value() == "GD-1"
    assert await page.locator("[autofocus]").get_attribute("id") == "topic"
    await one.shoot("edit-wrong-zh-360")
    assert await faults(one, "en") == []  # the sentences of check-config name the keys of the file
    await topic.fill("zigbee2mqtt/gas2")
    await page.get_by_label("安装日期").fill("2026-01-01")
    await page.get_by_role("button", name="保存").click()
    assert await page.get_by_role("status").inner_text() == "已保存，一秒内生效。"
    assert home(county, "ah-002").devices[-1].topic == "zigbee2mqtt/gas2"
    one.faults[:] = [fault for fault in one.faults if "422" not in fault]


async def test_by_keyboard_alone_from_the_home_to_a_saved_resident(visits: Opens, county: County) -> None:
    one = await visits(AccountRole.TOWNSHIP, "/homes/ah-006/edit", "zh-CN", WIDE)
    page = one.page
    await _tab_to(one, "修改 罗桂香")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/edit/resident/0")
    await _tab_to(one, "mobility")
    await page.keyboard.type("拄拐")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/edit?done")
    assert home(county, "ah-006").residents[0].mobility == "拄拐"


async def _tab_to(one: Watched, name: str) -> None:
    """Press Tab until what has this name or text is focused."""
    script = "[document.activeElement.id, document.activeElement.innerText.trim().replace(/\\s+/g, ' ')]"
    for _ in range(80):
        await one.page.keyboard.press("Tab")
        if name in await one.page.evaluate(script):
            return
    raise AssertionError(f"{name} cannot be reached")


async def test_a_spreadsheet_is_looked_at_then_taken(visits: Opens, county: County, tmp_path: Path) -> None:
    assert county.world.hub is not None
    hub = county.world.hub
    data = SheetImporter(lambda: hub.configuration.hub, hub.clock).template("zh-CN", csv=True).decode("utf-8-sig")
    data = data.replace("ah-001", "ah-301")
    sheet, broken = tmp_path / "登记表.csv", tmp_path / "broken.csv"
    sheet.write_text(data, encoding="gbk")
    broken.write_text(data.replace("+447700900101", "120"), encoding="utf-8")
    one = await visits(AccountRole.COUNTY, "/import", "zh-CN", PHONE, scripts=False)
    page = one.page
    await page.get_by_label("表格（.xlsx 或 .csv）").set_input_files(broken)
    await page.get_by_role("button", name="看看会改什么").click()
    assert "第 2 行“联系人1电话”列：电话“120”不能当联系人" in await page.get_by_role("alert").inner_text()
    await one.shoot("import-wrong-zh-360")
    assert "ah-301" not in hub.engine.world.registry.homes
    await page.get_by_label("表格（.xlsx 或 .csv）").set_input_files(sheet)
    await page.get_by_role("button", name="看看会改什么").click()
    assert "王秀兰 · ah-301" in await page.locator("main").inner_text()
    await one.shoot("import-look-zh-360")
    await page.get_by_role("button", name="全部导入").click()
    assert "已导入 1 家" in await page.get_by_role("status").inner_text()
    assert home(county, "ah-301").devices[0].id == "bed-sos"
    await page.get_by_label("表格（.xlsx 或 .csv）").set_input_files(sheet)
    await page.get_by_role("button", name="看看会改什么").click()
    assert "没有要改的" in await page.get_by_role("status").inner_text()
    one.faults[:] = [fault for fault in one.faults if "422" not in fault]
