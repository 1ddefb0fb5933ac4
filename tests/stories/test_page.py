"""The second text with a link, and the page that it opens."""

import asyncio
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from hub.alerts.alert import Outcome, Stage
from simulators.carrier import Fault, FaultKind
from tests.harness.world import Phone, World

SECONDS, MINUTES, HOURS = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LINK = re.compile(r"(http://127\.0\.0\.1:\d+/a/[A-Za-z0-9_-]{22})$")


class Browser:
    """A phone's browser that looks at one page and taps what is on it."""

    def __init__(self, world: World, link: str) -> None:
        self.world = world
        self.link = link

    async def opens(self, method: str = "GET", **headers: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.request(method, self.link, headers=headers) as answer:
            return answer.status, await answer.text()

    async def sees(self, *words: str) -> str:
        status, page = await self.opens()
        assert status == 200, page
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.partition("</head>")[2]))
        text = text.replace("&#39;", "'")
        missing = [word for word in words if word not in text]
        assert not missing, f"the page is without {missing}: {text}"
        return text

    async def taps(self, tap: str, **more: str) -> str:
        """Post the form; return where the answer leads, as a path with its query."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.link, data={"tap": tap, **more}, allow_redirects=False) as answer,
        ):
            assert answer.status == 303, await answer.text()
            self.link = f"{self.link.partition('?')[0]}{answer.headers['Location']}"
            await self.world.settle()
            return answer.headers["Location"]


async def page_of(phone: Phone, *words: str) -> Browser:
    """Expect the text with the link, and return its page."""
    text = await phone.gets("take it: http", *words)
    found = LINK.search(text)
    assert found, text
    return Browser(phone.world, found[1])


def _holding(secret: str, folder: Path) -> list[Path]:
    """Return the files that hold a secret."""
    return [file for file in folder.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]


@pytest.fixture
def world(world: World) -> World:
    world.links = True
    return world


async def test_a_link_follows_the_first_text_and_a_preview_of_it_takes_nothing(world: World) -> None:
    home = world.home(family=("daughter", "son"))
    await world.start()
    await home.press_sos()
    await world.forward(2 * SECONDS)
    for person in ("daughter", "son"):
        await world.phone(person).gets("EMERGENCY", "Reply 1")
    await world.disturb()
    await world.forward(10 * SECONDS)
    page = await page_of(world.phone("daughter"), "Wang Xiulan", "bedroom", "Shangbao 3-12")
    other = await page_of(world.phone("son"))
    assert page.link != other.link
    for method in ("GET", "HEAD", "GET", "HEAD"):
        assert (await page.opens(method))[0] == 200
    assert (await page.opens("OPTIONS"))[0] == 405
    alert = await home.alert()
    assert (alert.stage, alert.holder, alert.helpers) == (Stage.OPEN, None, ())
    await page.sees("Wang Xiulan pressed the call button", "Nobody has taken it yet", "you", "Son", "I'll take it")

    assert await page.taps("take") == "?"
    await world.forward(2 * SECONDS)
    await world.phone("son").gets("Daughter has taken")
    assert (await home.alert()).holder == "daughter"
    await page.sees("You took it", "Everyone knows that you have it")
    await other.sees("Daughter is on the way to Wang Xiulan", "Nothing for you to do")
    await world.no_more_messages()


async def test_the_page_climbs_with_the_ladder_and_gives_a_link_to_each_person_once(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    page = await page_of(world.phone("daughter"))
    await page.sees("Next: Nurse Li of the community, in 5")
    await world.disturb()
    await world.forward(60 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    await page_of(world.phone("nurse"))
    await world.forward(120 * SECONDS)
    await world.phone("chief").gets("EMERGENCY")
    await page_of(world.phone("chief"))
    await page.sees("Told you", "Told Nurse Li of the community", "From the first again: you")
    await world.forward(5 * MINUTES)
    await world.phone("chief").gets("everyone was asked")
    await world.phone("daughter").gets("Call 2", "EMERGENCY")  # and no second link
    await world.forward(30 * SECONDS)
    await world.no_more_messages()


async def test_one_takes_it_by_page_while_another_replies(world: World) -> None:
    home = world.home(family=("daughter", "son"))
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    for person in ("daughter", "son"):
        await world.phone(person).gets("EMERGENCY")
    page = await page_of(world.phone("daughter"))
    other = await page_of(world.phone("son"))
    await world.disturb()
    _, said = await asyncio.gather(world.phone("son").replies("1"), page.taps("take"))
    await world.forward(5 * SECONDS)
    holder = (await home.alert()).holder
    if holder == "son":  # the text was first: the page says so, and changes nothing
        assert said == "?said=taken"
        await page.sees("Son has just taken it; nothing for you to do")
        await world.phone("son").gets("Thank you")
        await world.phone("daughter").gets("Son has taken")
    else:
        assert holder == "daughter"
        await world.phone("son").gets("Daughter has taken")
        await world.phone("son").gets("Daughter took Wang Xiulan", "Reply 1 again")
        page, other = other, page
        assert await page.taps("take") == "?said=taken"
        await page.sees("Daughter has just taken it; nothing for you to do")
    late = "daughter" if holder == "son" else "son"
    assert (await home.alert()).helpers == (holder,)
    await page.taps("join")
    await page.sees("You go too", "I'm there, all well")
    assert (await home.alert()).helpers == (holder, late)
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_i_cannot_on_the_page_asks_the_next_one_at_once_and_only_once(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    page = await page_of(world.phone("daughter"))
    await page.taps("cannot")
    await world.disturb()
    await world.forward(5 * SECONDS)
    await world.phone("nurse").gets("EMERGENCY")
    await page_of(world.phone("nurse"))
    await page.taps("cannot")
    await world.forward(30 * SECONDS)
    world.phone("chief").gets_nothing()
    await page.sees("Cannot go: you", "Nobody has taken it yet", "Next: supervisor Chief Zhao")
    await world.no_more_messages()


@pytest.mark.promise("P3")
async def test_there_and_all_well_closes_it_and_help_asks_the_next_one(world: World) -> None:
    home = world.home(family=("daughter", "son"))
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    for person in ("daughter", "son"):
        await world.phone(person).gets("EMERGENCY")
    page, other = await page_of(world.phone("daughter")), await page_of(world.phone("son"))
    await page.taps("take")
    await world.forward(2 * SECONDS)
    await world.phone("son").gets("Daughter has taken")
    await page.taps("help")
    await world.disturb()
    await world.forward(4 * SECONDS)
    await world.phone("son").gets("Daughter reached Wang Xiulan")
    await world.phone("nurse").gets("Daughter is with Wang Xiulan and needs help", "Reply 1")
    nurse = await page_of(world.phone("nurse"))
    await page.sees("We know you are there and are asking for help", "Nurse Li of the community")
    await other.sees("Arrived and needs help: Daughter")
    await nurse.taps("take")
    await world.forward(2 * SECONDS)
    for person in ("daughter", "son"):
        await world.phone(person).gets("Nurse Li has taken")
    await page.sees("Nurse Li is on the way", "You go too")
    await page.taps("well")
    await world.forward(2 * SECONDS)
    for person in ("son", "nurse"):
        await world.phone(person).gets("closed: genuine, all well", "Daughter")
    await other.sees("Wang Xiulan is all right", "Daughter closed it")
    assert "Shangbao" not in await other.sees("Closed")
    alert = await home.alert()
    assert (alert.stage, alert.outcome, alert.resolved_by) == (Stage.RESOLVED, Outcome.GENUINE, "daughter")
    await other.taps("cannot")
    await other.sees("closed already")
    await world.no_more_messages()


async def test_a_gas_alarm_that_goes_on_is_not_closed_without_saying_so(world: World) -> None:
    home = world.home()
    await world.start()
    await home.gas(active=True)
    await world.forward(3 * SECONDS)
    await world.phone("daughter").gets("GAS ALARM")
    page = await page_of(world.phone("daughter"), "GAS ALARM")
    await page.sees("Gas alarm at the home of Wang Xiulan", "The detector still alarms", "No switches, no flame")
    await page.taps("take")
    await page.sees("I'm there, all well", "The detector still alarms; we look again in 15 minutes")
    assert await page.taps("well") == "?said=active"  # a page that did not know of it yet
    await page.sees("so it was not closed", "You are there")
    assert (await home.alert()).stage is Stage.ACKNOWLEDGED
    await world.disturb()
    await page.taps("well", watched="1")
    await page.sees("Wang Xiulan is all right", "The detector still alarms. We look again 03:27")
    await world.forward(15 * MINUTES + 5 * SECONDS)
    await world.phone("daughter").gets("STILL ACTIVE")
    await page.sees("Nobody has taken it yet", "The detector still alarms, asking again")
    await world.no_more_messages()


async def test_forged_foreign_and_expired_links_open_nothing(world: World) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    page = await page_of(world.phone("daughter"))
    where, _, token = page.link.rpartition("/")
    answers = set()
    others = ("x", "A" * 22, token[:-1], f"{token}A", token.swapcase(), "..%2f", "%00", "字" * 22, f"{token}%20")
    for other in others:
        status, text = await Browser(world, f"{where}/{other}").opens()
        assert (status, "This link does not open" in text) == (404, True), other
        answers.add(text)
        taking = {"tap": "take"}
        async with aiohttp.ClientSession() as session, session.post(f"{where}/{other}", data=taking) as answer:
            assert answer.status == 404
    assert len(answers) == 1, "no answer tells more than another"
    assert (await home.alert()).stage is Stage.OPEN
    await world.disturb()
    await page.taps("phoned")
    await page.sees("Wang Xiulan is all right")
    await world.stop_hub()
    await world.sleep_through(24 * HOURS)
    await world.start_hub()
    status, text = await page.opens()
    assert (status, "This link has expired" in text, "Wang" in text) == (410, True, False)
    async with aiohttp.ClientSession() as session, session.post(page.link, data={"tap": "take"}) as answer:
        assert answer.status == 410
    await world.no_more_messages()


async def test_the_link_is_neither_kept_nor_logged(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    page = await page_of(world.phone("daughter"))
    await page.opens()
    await page.taps("take")
    await world.disturb()
    token = page.link.partition("?")[0].rpartition("/")[2]
    assert token not in capsys.readouterr().out
    assert not _holding(token, tmp_path)
    assert _key(tmp_path) == (32, 0o600)
    if not world.database:
        with sqlite3.connect(tmp_path / "carehub.db") as rows:
            texts = rows.execute("SELECT text FROM notifications WHERE key = 'sos.link'").fetchall()
        assert [text.endswith("take it: {link}") for (text,) in texts] == [True]


def _key(folder: Path) -> tuple[int, int]:
    """Return length and rights of the links' key: beside an SQLite file, else below the configuration."""
    (key,) = folder.rglob("carehub.links.key")
    return len(key.read_bytes()), key.stat().st_mode & 0o777


@pytest.mark.promise("P5")
@pytest.mark.parametrize("kind", [FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER, FaultKind.ERROR_AFTER])
async def test_a_link_of_unknown_fate_is_asked_for_by_its_own_words(world: World, kind: FaultKind) -> None:
    home = world.home()
    await world.start()
    await home.press_sos()
    # the first text has left; what comes now meets the fault
    world.fault(Fault(kind, number=world.phone("daughter").number, times=1))
    await world.disturb()
    await world.forward(50 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    page = await page_of(world.phone("daughter"))
    await page.sees("Nobody has taken it yet")
    await world.no_more_messages()


async def test_nobodys_link_overtakes_a_first_text_that_the_carrier_puts_off(world: World) -> None:
    home = world.home(family=("daughter", "son"))
    await world.start()
    world.fault(Fault(FaultKind.TOO_MANY, number=world.phone("son").number, times=3, delay=SECONDS))
    await home.press_sos()
    await world.forward(3 * SECONDS)
    await world.phone("daughter").gets("EMERGENCY")
    await world.forward(30 * SECONDS)
    await world.phone("son").gets("EMERGENCY")
    page = await page_of(world.phone("daughter"))
    await page_of(world.phone("son"))
    told = sorted((m.number, m.body) for p in ("daughter", "son") for m in world.carrier.texts(world.phone(p).number))
    assert ["http" in body for _, body in told] == [False, False, True, True]
    await world.disturb()
    await page.sees("Next: Nurse Li")
    await world.no_more_messages()


async def test_numbers_of_mainland_china_get_no_link(world: World) -> None:
    world.person("aunt", "Aunt Zhang", "family", phone="+8613912345678")
    home = world.home(family=("daughter", "aunt"))
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    await world.phone("aunt").gets("EMERGENCY")
    await world.phone("daughter").gets("EMERGENCY")
    await world.disturb()
    await page_of(world.phone("daughter"))
    await world.forward(30 * SECONDS)
    await world.no_more_messages()


async def test_behind_nat_no_link_is_sent_that_no_phone_could_open(world: World) -> None:
    world.nat = True
    home = world.home()
    await world.start()
    await home.press_sos()
    await world.forward(3 * SECONDS)
    await world.disturb()
    await world.phone("daughter").gets("EMERGENCY")
    await world.forward(30 * SECONDS)
    await world.no_more_messages()


async def test_stillness_is_answered_by_page_and_the_home_is_away_until_then(world: World) -> None:
    home = world.home()
    world.homes[home.id]["residents"][0] |= {"inactivity_after": "30m", "phone": "+447700900188"}
    world.homes[home.id]["access"] = "Key with Zhao, No. 11"
    await world.start()
    await home.says("hall_motion", {"occupancy": True})
    await home.says("hall_motion", {"occupancy": False})
    await world.forward(30 * MINUTES + 5 * SECONDS)
    await world.phone("daughter").gets("No movement", "Please phone first")
    page = await page_of(world.phone("daughter"), "No movement")
    await world.disturb()
    text = await page.sees("Please phone first", "Nobody at home?", "Away, back by", "Key with Zhao, No. 11")
    assert text.index("Call Wang Xiulan") < text.index("I'll take it")
    await page.taps("away", until="tomorrow")
    await page.sees("Wang Xiulan is away from home, all is well")
    assert world.hub is not None
    acts = await world.hub.store.read(lambda t: t.acts(home.id))
    assert [(act.who, act.event) for act in acts] == [("daughter", "away")]
    alert = await home.alert()
    assert (alert.stage, alert.outcome, alert.note) == (Stage.RESOLVED, Outcome.FALSE, "外出了")
    registry = await world.hub.store.read(lambda t: t.registry())
    assert (registry.homes[home.id].away_until or world.clock.now()) > world.clock.now() + 12 * HOURS
    await world.forward(HOURS)  # still, and nobody is asked again
    await world.no_more_messages()
