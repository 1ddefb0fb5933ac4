"""People, homes and devices edited on pages: checked as files are, nothing lost, each change with its record."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from html import unescape

import aiohttp
import pytest
import pytest_asyncio

from hub.accounts import AccountRole
from hub.alerts.policy import Severity
from hub.homes import Act, DeviceKind, Home, Person, Role
from hub.ports import Lane, Session
from tests.harness.county import COUNTY, DONGWAN_VILLAGE, SHANGBAO, County

pytestmark = [pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Page:
    """What came back."""

    status: int
    url: str
    text: str

    def value(self, name: str) -> str:
        """Return what a field holds."""
        found = re.search(rf'<(?:input|textarea)[^>]* name="{name}"[^>]*', self.text)
        assert found is not None, name
        inner = re.search(r' value="([^"]*)"', found[0])
        return unescape(inner[1]) if inner else ""

    def wrong(self, name: str) -> list[str]:
        """Return what is said beside a field."""
        said = re.findall(rf'id="{name}-wrong-\d+">(.*?)</p>', self.text, re.S)
        return [unescape(re.sub(r"<[^>]*>", "", each)) for each in said]


@dataclass
class Desk:
    """Somebody with a role in front of the county's console, without a browser."""

    county: County
    role: AccountRole
    language: str = "en"

    async def opens(self, path: str) -> Page:
        return await self._asks("GET", path)

    async def sends(self, path: str, form: Mapping[str, str], opened: Page | None = None) -> Page:
        """Open the form and send it with what it holds, and with `form` in place of that."""
        page = opened or await self.opens(path)
        held = {name: page.value(name) for name in ("csrf", "seen")}
        return await self._asks("POST", path, {**held, **form})

    async def _asks(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Page:
        cookies = {"carehub": self.county.cookie(self.role), "language": self.language}
        async with (
            aiohttp.ClientSession(cookies=cookies) as session,
            session.request(method, self.county.url + path, data=form, headers={"Accept": "text/html"}) as answer,
        ):
            return Page(answer.status, str(answer.url), await answer.text())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    county = await County.started(tmp_path_factory.mktemp("county"), story=False)
    yield county
    await county.close()


@pytest.fixture
def clerk(county: County) -> Desk:
    return Desk(county, AccountRole.COUNTY)


def home(county: County, id: str = "ah-001") -> Home:
    assert county.world.hub is not None
    return county.world.hub.engine.world.registry.homes[id]


async def acts(county: County, id: str) -> list[Act]:
    assert county.world.hub is not None
    return await county.world.hub.store.read(lambda t: t.acts(id))


DEVICE = "/homes/ah-001/edit/device/kitchen-gas"
GAS = {"kind": "gas", "room": "kitchen", "topic": "zigbee2mqtt/kitchen_gas"}


async def test_all_of_a_home_is_shown_with_numbers_masked_and_illness_nowhere(clerk: Desk) -> None:
    page = await clerk.opens("/homes/ah-001/edit")
    assert page.status == 200
    assert "王秀兰" in page.text
    assert "+4477009001" not in page.text
    assert "高血压" not in page.text
    assert "高血压" not in (await clerk.opens("/homes/ah-001/edit/resident/0")).text


async def test_a_device_is_changed_with_before_and_after_in_the_log(county: County, clerk: Desk) -> None:
    sent = await clerk.sends(DEVICE, {**GAS, "model": "GD-7", "installed_on": "2026-03-01", "place": "灶台上方"})
    assert sent.status == 200
    assert sent.url.endswith("/homes/ah-001/edit?done")
    device = next(each for each in home(county).devices if each.id == "kitchen-gas")
    assert (device.model, device.place, str(device.installed_on)) == ("GD-7", "灶台上方", "2026-03-01")
    last = (await acts(county, "ah-001"))[-2]  # then the page was looked at
    assert (last.event, last.who) == ("device_changed", "zhou-min")
    assert dict(last.detail) == {
        "id": "kitchen-gas",
        "after.model": "GD-7",
        "after.place": "灶台上方",
        "after.installed_on": "2026-03-01",
    }


async def test_mistakes_are_said_beside_their_fields_in_the_words_of_check_config(county: County, clerk: Desk) -> None:
    wrong = {**GAS, "room": "kichen", "topic": "zigbee2mqtt/+/x", "installed_on": "1.3.2026", "model": "mine"}
    page = await clerk.sends(DEVICE, wrong)
    assert page.status == 422
    assert page.wrong("topic") == [
        'device kitchen-gas: topic "zigbee2mqtt/+/x" contains +, which MQTT keeps for itself. Write the plain topic.'
    ]
    assert page.wrong("room")[0].startswith('device kitchen-gas: room "kichen" is not a room of home ah-001 (kitchen,')
    assert page.wrong("installed_on")[0].endswith("like 2026-03-01. Correct it.")
    assert page.value("model") == "mine"  # nothing of what was typed is lost
    assert page.text.count(" autofocus") == 1
    assert next(each for each in home(county).devices if each.id == "kitchen-gas").topic == "zigbee2mqtt/kitchen_gas"


async def test_a_topic_of_another_device_is_refused(clerk: Desk) -> None:
    said = (await clerk.sends(DEVICE, {**GAS, "topic": "zigbee2mqtt/bed_sos"})).wrong("topic")
    assert said == [
        'device kitchen-gas: topic "homes/ah-001/zigbee2mqtt/bed_sos" belongs to device bed-sos of home ah-001 already '
        "(ah-001). Correct one of them."
    ]


async def test_a_new_device_is_listened_to_within_a_second(county: County, clerk: Desk) -> None:
    form = {"kind": "button", "role": "sos", "room": "hall", "topic": "zigbee2mqtt/hall_sos"}
    assert (await clerk.sends("/homes/ah-002/edit/device/new", form)).status == 200
    made = home(county, "ah-002").devices[-1]
    assert re.fullmatch(r"d-[0-9a-f]{10}", made.id)
    assert county.world.hub is not None
    ingest = county.world.hub.ingest
    assert ingest is not None
    async with asyncio.timeout(10):  # real time; the hub looks twice a second
        while not any("ah-002/zigbee2mqtt/hall_sos" in held for held in ingest._grants.held(Session.SOS)):
            await ingest._grants.changed.wait()


async def test_what_others_changed_meanwhile_is_shown_beside_what_was_typed(county: County, clerk: Desk) -> None:
    opened = await clerk.opens("/homes/ah-003/edit/home/home")
    other = {"address": "新村1号", "area": DONGWAN_VILLAGE, "access": "", "prefix": "homes/ah-003/"}
    assert (await clerk.sends("/homes/ah-003/edit/home/home", other)).status == 200
    mine = {**other, "address": "老村2号"}
    page = await clerk.sends("/homes/ah-003/edit/home/home", mine, opened)
    assert page.status == 409
    assert "Says now: 新村1号" in page.text
    assert page.value("address") == "老村2号"
    assert home(county, "ah-003").address == "新村1号"
    assert (await clerk.sends("/homes/ah-003/edit/home/home", mine, page)).status == 200
    assert home(county, "ah-003").address == "老村2号"


async def test_emergency_numbers_are_refused_in_every_spelling(clerk: Desk) -> None:
    for number in ("120", "１１０", "0936-120", "+86 119", "12345"):
        form = {"role": "family", "name": "张三", "phone": number, "person": ""}
        page = await clerk.sends("/homes/ah-004/edit/contact/new", form)
        assert page.status == 422, number
        assert "the hub never dials emergency services" in page.wrong("phone")[0], number


async def test_a_new_contact_brings_a_person_and_the_same_one_is_not_made_twice(county: County, clerk: Desk) -> None:
    form = {"role": "neighbour", "name": "赵婶", "phone": "138 0013 8000", "person": ""}
    for id in ("ah-005", "ah-006"):
        assert (await clerk.sends(f"/homes/{id}/edit/contact/new", form)).status == 200
    one, other = (home(county, id).contacts[-1] for id in ("ah-005", "ah-006"))
    assert one == other
    assert county.world.hub is not None
    person = county.world.hub.engine.world.registry.people[one.person]
    assert (person.phone, person.roles) == ("+8613800138000", frozenset({Role.NEIGHBOUR}))
    event = next(act for act in await acts(county, "ah-005") if act.event == "person_added")
    assert event.detail["after.phone"] == "+86****8000"


async def test_a_number_nobody_uses_is_asked_about_once(county: County, clerk: Desk) -> None:
    form = {"name": "贺春梅", "phone": "+8619800000", "language": "", "areas": ""}
    page = await clerk.sends("/people/he-chunmei", form)
    assert page.status == 422
    form["phone"] = "+8611912345678"
    page = await clerk.sends("/people/he-chunmei", form)
    assert "is in no range known to be in use" in page.wrong("phone")[0]
    sent = await clerk.sends("/people/he-chunmei", {**form, "sure": page.value("sure")}, page)
    assert sent.status == 200
    assert county.world.hub is not None
    assert county.world.hub.engine.world.registry.people["he-chunmei"].phone == "+8611912345678"


async def test_a_resident_keeps_what_the_form_does_not_show(county: County, clerk: Desk) -> None:
    path = "/homes/ah-001/edit/resident/0"
    form = {"name": "王秀兰", "born": "1938", "inactivity_after": "10", "needs-deaf": "1", "mobility": "坐轮椅"}
    assert (await clerk.sends(path, form)).status == 200
    resident = home(county).residents[0]
    assert (resident.health, resident.mobility) == ("高血压，两年前换过髋关节", "坐轮椅")
    assert resident.needs == {"deaf"}
    assert resident.inactivity_after.total_seconds() == 10 * 3600
    assert (await clerk.sends(path, {**form, "health": "糖尿病"})).status == 200
    told = [act for act in await acts(county, "ah-001") if act.event == "resident_changed"][-1]
    assert (told.detail["before.health"], told.detail["after.health"]) == ("…", "…")
    assert "糖尿病" not in str(told.detail)
    assert (await clerk.sends(path, {**form, "health-remove": "1"})).status == 200
    assert home(county).residents[0].health is None


async def test_who_may_edit_what_and_where(county: County) -> None:
    installer, village = Desk(county, AccountRole.INSTALLER), Desk(county, AccountRole.VILLAGE)
    township = Desk(county, AccountRole.TOWNSHIP)
    assert (await installer.opens("/homes/ah-001/edit")).status == 200
    assert "王丽" not in (await installer.opens("/homes/ah-001/edit")).text.split("<main")[1].split("</main>")[0]
    assert (await installer.opens("/homes/ah-001/edit/device/bed-sos")).status == 200
    assert (await installer.opens("/homes/ah-001/edit/contact/0")).status == 403
    assert (await village.opens("/homes/ah-002/edit")).status == 403
    assert (await township.opens("/homes/ah-001/edit")).status == 200
    assert (await township.opens("/homes/ah-003/edit")).status == 403
    assert (await township.opens("/people/he-chunmei")).status == 403
    assert (await township.opens("/people/wang-li")).status == 200
    assert "贺春梅" not in (await township.opens("/people")).text
    assert (await township.opens("/homes/ah-001/edit/device/nothing")).status == 404
    assert (await township.opens("/homes/ah-001/edit/resident/7")).status == 404
    assert (await township.opens("/homes/ah-001/edit/doctor/0")).status == 404


async def test_a_home_is_not_moved_into_an_area_of_others(county: County) -> None:
    township = Desk(county, AccountRole.TOWNSHIP)
    form = {"address": "上堡村三社12号", "area": DONGWAN_VILLAGE, "access": "", "prefix": "homes/ah-001/"}
    page = await township.sends("/homes/ah-001/edit/home/home", form)
    assert page.status == 422
    assert page.wrong("area")[0].startswith("Area 东湾村 is not yours.")
    assert home(county).area == SHANGBAO
    assert (await acts(county, "ah-001"))[-1].event == "refused"
    person = {"name": "王丽", "phone": "", "language": "", "areas": COUNTY, "roles-staff": "1"}
    assert (await township.sends("/people/wang-li", person)).wrong("areas")[0].startswith("Area 安河县 is not yours.")


async def test_who_is_there_for_the_whole_site_is_no_townships_business(county: County) -> None:
    """Staff without an area are told of the site's own alerts: another number would send these astray."""
    township = Desk(county, AccountRole.TOWNSHIP)
    form = {"name": "无区", "phone": "+447700900177", "language": "", "areas": "", "roles-supervisor": "1"}
    page = await township.sends("/new-person", {**form, "id": "no-area"})
    assert page.status == 422
    assert page.wrong("areas")[0].startswith("Write for which areas.")
    world = county.world
    assert world.hub is not None
    engine = world.hub.engine
    lone = Person("no-area", "无区", "+447700900177", frozenset({Role.SUPERVISOR}))
    await engine.store.write(Lane.SLOW, lambda t: t.save_people([lone]))
    await engine.load()
    assert (await township.opens("/people/no-area")).status == 403
    assert "无区" not in (await township.opens("/people")).text


async def test_whom_a_ladder_names_is_no_townships_business(county: County) -> None:
    """They are told of every home's alerts, whatever their own areas are."""
    township = Desk(county, AccountRole.TOWNSHIP)
    world = county.world
    assert world.hub is not None
    engine = world.hub.engine
    friend = Person("a-friend", "老友", "+447700900178")
    await engine.store.write(Lane.SLOW, lambda t: t.save_people([friend]))
    await engine.load()
    assert (await township.opens("/people/a-friend")).status == 200
    notice = engine.world.policies[Severity.NOTICE]
    named = replace(notice, steps=(replace(notice.steps[0], tell=("staff", "a-friend")),))
    engine.world = replace(engine.world, policies={**engine.world.policies, Severity.NOTICE: named})
    assert (await township.opens("/people/a-friend")).status == 403


async def test_what_an_open_alert_needs_is_not_removed(county: County, clerk: Desk) -> None:
    await county.home(7).press_sos()
    await county.world.published()
    alert = (await county.home(7).alerts())[0]
    for path in ("/homes/ah-007/edit/device/bed-sos", "/people/feng-lei"):
        opened = await clerk.opens(path)
        page = await clerk.sends(f"{path}/remove", {}, opened)
        said = f"while alert {alert.code} is open" if "device" in path else "still a contact of ah-007"
        assert said in page.text, path
    page = await clerk.sends("/homes/ah-007/edit/remove", {}, await clerk.opens("/homes/ah-007/edit"))
    assert f"while alert {alert.code} is open" in page.text
    assert {device.id for device in home(county, "ah-007").devices} >= {"bed-sos"}


async def test_things_are_removed(county: County, clerk: Desk) -> None:
    opened = await clerk.opens("/homes/ah-008/edit/device/bath-leak")
    assert (await clerk.sends("/homes/ah-008/edit/device/bath-leak/remove", {}, opened)).status == 200
    assert "bath-leak" not in {device.id for device in home(county, "ah-008").devices}
    opened = await clerk.opens("/homes/ah-008/edit/contact/0")
    assert (await clerk.sends("/homes/ah-008/edit/contact/0/remove", {}, opened)).status == 200
    assert home(county, "ah-008").contacts == ()
    opened = await clerk.opens("/people/bai-jun")
    assert (await clerk.sends("/people/bai-jun/remove", {}, opened)).status == 200
    opened = await clerk.opens("/homes/ah-012/edit")
    page = await clerk.sends("/homes/ah-012/edit/remove", {}, opened)
    assert page.url.endswith("/homes")
    assert (await clerk.opens("/homes/ah-012/edit")).status == 404


async def test_a_room_in_use_stays(county: County, clerk: Desk) -> None:
    assert (await clerk.sends("/homes/ah-009/edit/room/new", {"name": "东屋"})).status == 200
    assert home(county, "ah-009").rooms == {"room-1": "东屋"}
    form = {"kind": "motion", "role": "", "room": "room-1", "topic": "zigbee2mqtt/hall_motion"}
    assert (await clerk.sends("/homes/ah-009/edit/device/hall-motion", form)).status == 200
    opened = await clerk.opens("/homes/ah-009/edit/room/room-1")
    page = await clerk.sends("/homes/ah-009/edit/room/room-1/remove", {}, opened)
    assert page.status == 422
    assert "is not a room of home ah-009" in page.text
    assert home(county, "ah-009").rooms == {"room-1": "东屋"}


async def test_a_home_is_made_from_nothing(county: County, clerk: Desk) -> None:
    form = {"id": "ah-101", "address": "上堡村五社1号", "area": SHANGBAO, "access": "", "prefix": "homes/ah-101/"}
    sent = await clerk.sends("/new-home", form)
    assert sent.url.endswith("/homes/ah-101/edit?done"), sent.text[-3000:]
    page = await clerk.sends("/new-home", form)
    assert "this id is used already at the database" in page.wrong("id")[0]
    assert (await clerk.sends("/homes/ah-101/edit/resident/new", {"name": "钱桂英"})).status == 200
    form = {"kind": DeviceKind.GAS.value, "topic": "zigbee2mqtt/gas", "id": "gas"}
    assert (await clerk.sends("/homes/ah-101/edit/device/new", form)).status == 200
    assert (await clerk.sends("/homes/ah-101/edit/device/new", form)).status == 422  # the id is taken
    found = home(county, "ah-101")
    assert (found.who, found.devices[0].id) == ("钱桂英", "gas")


async def test_a_forged_form_changes_nothing(county: County, clerk: Desk) -> None:
    opened = await clerk.opens(DEVICE)
    sent = await clerk.sends(DEVICE, {**GAS, "model": "evil", "csrf": "x"}, opened)
    assert sent.status == 403
    assert all(device.model != "evil" for device in home(county).devices)
