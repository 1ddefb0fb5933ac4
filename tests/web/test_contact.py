"""A contact's page over HTTP: what it shows, what it never does, what strangers learn."""

import re
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from hub.alerts import events as ev
from hub.alerts.alert import Outcome
from hub.alerts.links import Said, Tap
from hub.alerts.policy import Severity
from hub.engine.links import LinkExpired, NoSuchLink, Sight
from hub.homes import Resident
from hub.ports import StoreUnavailable
from hub.web.allowance import Allowance
from hub.web.app import build
from hub.web.contact import LARGEST_FORM, ContactPages
from hub.web.contact_history import MOST_LINES, lines
from hub.web.contact_view import returns, view
from hub.web.contact_words import LANGUAGES
from hub.web.ports import AppPorts
from hub.web.server import Server
from hub.web.telling import Teller
from hub.web.view import PageSettings
from tests.harness.memory import StillClock
from tests.web.fakes import NoHub
from tests.web.sights import FACES, MINUTE, NOW, OPENED, SECOND, Night

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = PageSettings("zh-CN", SHANGHAI, "https://care.example", "0936-0000000", "安河县民政局")
LANGUAGE_NAMES = sorted(LANGUAGES)
LARGEST_PAGE = 12 * 1024


class Pages:
    """Says and does what a test wants; `taps` are those that reached it."""

    def __init__(self, sight: Sight | Exception) -> None:
        self.sight = sight
        self.said: Said | Exception = Said.DONE
        self.looks: list[str] = []
        self.taps: list[tuple[str, Tap, bool, datetime | None]] = []

    async def look_at_page(self, token: str) -> Sight:
        self.looks.append(token)
        if isinstance(self.sight, Exception):
            raise self.sight
        return self.sight

    async def tap(self, token: str, what: Tap, *, watched: bool = False, until: datetime | None = None) -> Said:
        self.taps.append((token, what, watched, until))
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@asynccontextmanager
async def served(pages: Pages, settings: PageSettings = SETTINGS) -> AsyncIterator[aiohttp.ClientSession]:
    contact = ContactPages(pages, lambda: settings, StillClock(NOW))
    hub = NoHub()
    server = Server(build(AppPorts(hub, hub, hub, pages=contact), []), "127.0.0.1:0")
    await server.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
        yield session
    await server.stop()


async def page(sight: Sight | Exception, path: str = "/a/token", settings: PageSettings = SETTINGS) -> str:
    async with served(Pages(sight), settings) as session, session.get(path) as answer:
        return await answer.text()


def words_of(html: str) -> str:
    text = re.sub(r"<[^>]*>", "", html.partition("</head>")[2]).replace("&#39;", "'")
    return re.sub(r"\s+", " ", text)


# --- the answer -----------------------------------------------------------------------------------------------


async def test_it_is_private_in_every_header() -> None:
    async with served(Pages(FACES["open"]("zh-CN"))) as session, session.get("/a/token") as answer:
        said = answer.headers
        html = await answer.text()
    assert said["Referrer-Policy"] == "no-referrer"
    assert said["Cache-Control"] == "no-store"
    assert "noindex" in said["X-Robots-Tag"]
    policy = said["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "form-action 'self'" in policy
    assert "<script" not in html
    assert not re.search(r"https?://", html), "no address of another host"
    assert "style=" not in html, "the policy would drop it"
    assert "token" not in html, "the page need not repeat its own secret"


@pytest.mark.requirement("5")
async def test_it_asks_to_be_looked_at_again_within_five_seconds_until_it_is_over() -> None:
    for face in FACES:
        async with served(Pages(FACES[face]("en"))) as session:
            async with session.get("/a/token") as answer:
                again = answer.headers.get("Refresh")
            async with session.get("/a/token?pause=1") as answer:
                assert "Refresh" not in answer.headers
        if face in ("done", "itself"):
            assert again is None
        else:
            assert int(again or "99") < 5, face


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
@pytest.mark.parametrize("face", FACES)
async def test_every_face_is_small_and_whole(face: str, language: str) -> None:
    html = await page(FACES[face](language))
    assert len(html.encode()) <= LARGEST_PAGE
    assert f'<html lang="{language}">' in html
    assert "{" not in words_of(html), "nothing is left to fill in"
    assert html.count("<h1>") == 1
    other = {"zh-CN": "Wang", "en": "王"}[language]
    assert other not in words_of(html).replace("安河县民政局", "")


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
async def test_it_shows_what_happened_and_never_another_ones_number(language: str) -> None:
    text = words_of(await page(FACES["open"](language)))
    wanted = {
        "zh-CN": ("王秀兰按了紧急呼叫", "今天 03:12", "卧室", "2 分钟前", "还没有人接手", "36 秒后通知值班长赵建国",
                  "王刚（没送到）", "20分钟内等您回话", "急救 120", "钥匙在三社11号赵婶家", "明天 03:12 失效"),
        "en": ("Wang Xiulan pressed the call button", "Today 03:12", "bedroom", "2 min ago", "Nobody has taken it yet",
               "Next: supervisor Zhao Jianguo, in 36 s", "Wang Gang (not delivered)", "we wait 20 min", "Ambulance 120",
               "The key is with neighbour Zhao", "ends tomorrow 03:12"),
    }[language]  # fmt: skip
    for words in wanted:
        assert words in text
    html = await page(FACES["open"](language))
    numbers = re.findall(r'href="tel:([^"]*)"', html)
    assert numbers == ["+869368210112", "120", "119", "09360000000"]


async def test_after_the_end_it_no_longer_says_where_the_key_is() -> None:
    html = await page(FACES["done"]("zh-CN"))
    assert "王秀兰没事了" in words_of(html)
    assert "钥匙" not in html
    assert "上堡村" not in html


async def test_a_hazard_that_goes_on_is_said_beside_every_button_that_closes() -> None:
    html = await page(FACES["gas"]("zh-CN"))
    forms = re.findall(r"<form.*?</form>", html)
    closing = [form for form in forms if "well" in form or "phoned" in form]
    assert len(closing) == 2
    assert all("watched" in form and "探测器还在报警" in form for form in closing)
    assert "探测器还在报警，03:32 再看一次" in words_of(await page(FACES["gas_watched"]("zh-CN")))


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
async def test_hostile_names_stay_names(language: str) -> None:
    night = Night(language).at(2 * MINUTE)
    evil = "<script>alert(1)</script>\"'&\u202e{who}{{7*7}}"
    night.names = {**night.names, "son": evil, "daughter": evil}
    night.alert = replace(night.alert, facts={**night.alert.facts, "who": evil})
    home = night.home
    assert home is not None
    night.home = replace(home, address=evil, access=evil, residents=(Resident(evil, phone="+447700900101"),))
    night.does(ev.Resolve("son", Outcome.GENUINE, evil, watched=True))
    for sight in (night.sight(), Night(language).at(MINUTE).sight("daughter")):
        html = await page(replace(sight, names=night.names, home=night.home))
        assert "<script" not in html
        assert "{{7*7}}" in html or "alert" not in html
        assert "49" not in words_of(html).replace("14:49", "")
    html = await page(replace(Night(language).at(MINUTE).sight(), home=night.home, names=night.names))
    assert html.count("&lt;script&gt;") >= 4
    for found in re.finditer(r"\u202e", html.partition("<body")[2]):
        before = html.partition("<body")[2][: found.start()]
        assert before.rfind("<bdi") > before.rfind("</bdi>"), "a name that turns the writing turns only itself"


async def test_a_long_night_keeps_its_beginning_and_its_end() -> None:
    night = Night("en").at(MINUTE)
    for n in range(30):
        night.at((70 + 60 * n) * SECOND).does(ev.Acknowledge("daughter"), ev.Pass("daughter"))
    told = lines(night.sight(), Teller("en", SHANGHAI, night.now, "daughter", night.names))
    assert len(told) <= MOST_LINES + 1
    assert "Pressed the button" in told[0].text
    assert "more in between" in told[1].text
    assert told[-1].is_next


async def test_without_a_desk_a_home_or_a_signature_it_still_stands() -> None:
    plain = replace(SETTINGS, desk=None, sender=None)
    for face in FACES:
        html = await page(replace(FACES[face]("zh-CN"), home=None), settings=plain)
        assert "None" not in html
    for gone in (NoSuchLink(), LinkExpired(None), StoreUnavailable("full")):
        assert "None" not in await page(gone, settings=plain)


@pytest.mark.parametrize("what", ["sos", "call", "gas", "smoke", "co", "fall", "leak", "inactivity", "wandering",
                                  "unknown", "session_lost", "something_new"])  # fmt: skip
@pytest.mark.parametrize("severity", Severity)
def test_every_alert_has_a_page(what: str, severity: Severity) -> None:
    for language in LANGUAGE_NAMES:
        shown = view(Night(language, what, severity, room=None).at(MINUTE).sight(), SETTINGS)
        assert shown.head
        assert shown.buttons
        assert (shown.tone == "red") == (severity is Severity.EMERGENCY)


def test_both_languages_say_the_same_things() -> None:
    chinese, english = LANGUAGES["zh-CN"], LANGUAGES["en"]
    assert chinese.keys() == english.keys()

    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for key in chinese:
        assert names(chinese[key]) == names(english[key]), key
        assert not re.search(r"[\u4e00-\u9fff]", english[key]), key


# --- taps -----------------------------------------------------------------------------------------------------


async def post(session: aiohttp.ClientSession, *, path: str = "/a/token", headers: dict[str, str] | None = None,
               **form: str) -> aiohttp.ClientResponse:  # fmt: skip
    return await session.post(path, data=form, headers=headers, allow_redirects=False)


async def test_looking_never_taps_and_a_tap_leads_back_to_the_page() -> None:
    pages = Pages(FACES["open"]("zh-CN"))
    async with served(pages) as session:
        for method in ("GET", "HEAD"):
            async with session.request(method, "/a/token?tap=take&said=taken") as answer:
                assert answer.status == 200
        assert pages.taps == []
        for said in (Said.DONE, Said.TAKEN):
            pages.said = said
            answer = await post(session, tap="take")
            assert (answer.status, answer.headers["Location"]) == (303, f"?said={said.value}" if said.value else "?")
    assert [what for _, what, *_ in pages.taps] == [Tap.TAKE, Tap.TAKE]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "https://care.example"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://care.example.evil.example"}, 403),
    ],
)
async def test_a_form_of_another_site_does_nothing(headers: dict[str, str], status: int) -> None:
    pages = Pages(FACES["open"]("zh-CN"))
    async with served(pages) as session:
        answer = await post(session, tap="take", headers=headers)
        assert answer.status == status
    assert len(pages.taps) == (status == 303)


async def test_nonsense_is_no_tap() -> None:
    pages = Pages(FACES["still"]("zh-CN"))
    async with served(pages) as session:
        for form in ({}, {"tap": "resolve"}, {"tap": "away"}, {"tap": "away", "until": "never"}):
            assert (await post(session, **form)).status == 400
        assert (await post(session, tap="x" * LARGEST_FORM)).status == 413
        async with session.post("/a/token", json={"tap": "take"}) as answer:
            assert answer.status == 415
    assert pages.taps == []


async def test_when_nothing_can_be_kept_it_says_so_and_whom_to_call() -> None:
    pages = Pages(FACES["open"]("zh-CN"))
    pages.said = StoreUnavailable("disk full")
    async with served(pages) as session:
        answer = await post(session, tap="take")
        text = words_of(await answer.text())
    assert answer.status == 503
    assert "刚才没有发出去" in text
    assert "0936-0000000" in text


async def test_one_link_cannot_fill_the_history() -> None:
    pages = Pages(FACES["open"]("zh-CN"))
    async with served(pages) as session:
        answers = [(await post(session, tap="take")).status for _ in range(30)]
    assert answers.count(303) == len(pages.taps) == 20
    assert set(answers[20:]) == {429}


# --- strangers ------------------------------------------------------------------------------------------------


async def test_strangers_all_get_the_same_answer() -> None:
    seen = set()
    pages = Pages(NoSuchLink())
    pages.said = NoSuchLink()
    async with served(pages) as session:
        for path in ("/a/x", "/a/" + "A" * 22, "/a/a/b", "/a/%00", "/a/%E5%AD%97"):
            async with session.get(path) as answer:
                seen.add((answer.status, await answer.text()))
            answer = await post(session, path=path, tap="take")
            seen.add((answer.status, await answer.text()))
    ((status, text),) = seen
    assert (status, "这个链接打不开" in text, "0936-0000000" in text) == (404, True, True)


async def test_an_expired_link_says_so_in_its_owners_language() -> None:
    person = FACES["open"]("en").person
    async with served(Pages(LinkExpired(person))) as session, session.get("/a/token") as answer:
        text = words_of(await answer.text())
    assert answer.status == 410
    assert "This link has expired" in text
    assert person.name not in text


async def test_who_guesses_is_turned_away_and_who_was_there_before_is_not() -> None:
    pages = Pages(FACES["open"]("zh-CN"))
    async with served(pages) as session:
        async with session.get("/a/mine") as answer:
            assert answer.status == 200
        pages.sight = NoSuchLink()
        statuses = []
        for n in range(60):
            async with session.get(f"/a/guess{n}") as answer:
                statuses.append(answer.status)
        assert set(statuses[:30]) == {404}
        assert set(statuses[30:]) == {429}
        assert len(pages.looks) == 31, "the database is not asked any more"
        pages.sight = FACES["open"]("zh-CN")
        async with session.get("/a/mine") as answer:
            assert answer.status == 200


def test_an_allowance_comes_back_with_time_and_its_memory_is_bounded() -> None:
    clock = StillClock(OPENED)
    allowance = Allowance(2, timedelta(seconds=10), 3, clock)
    for _ in range(2):
        assert allowance.left("a")
        allowance.use("a")
    assert not allowance.left("a")
    clock.instant += timedelta(seconds=10)
    assert allowance.left("a")
    for n in range(100):
        allowance.use(str(n))
    assert len(allowance._used) == 3


def test_being_away_always_has_an_end_that_lies_ahead() -> None:
    for hour in range(24):
        now = datetime(2026, 11, 24, hour, 59, tzinfo=SHANGHAI)
        for name, until in returns(now, SHANGHAI).items():
            assert until > now + timedelta(hours=1), (hour, name)
