"""Coming in and going out: passwords, locks, sessions, one-time links; what strangers learn."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.accounts import EVERYWHERE, FIRST_LINK_HOLDS, IDLE, LONGEST, Account, AccountRole
from hub.engine.accounts import SEEN_EVERY, digest
from hub.engine.passwords import Passwords, Unfit, unfit
from hub.ports import Lane, StoreUnavailable
from tests.web.console.desk import SETTINGS
from tests.web.console.doors import PASSWORD, VILLAGE, House
from tests.web.console.doors import house as opened

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


async def first_link(house: House) -> str:
    token, _ = await house.accounts.first_link()
    return f"/welcome/{token}"


async def test_the_first_administrator_comes_in_by_a_link_that_works_once(house: House) -> None:
    browser = house.browser()
    assert "carehub accounts link" in (await browser.get("/sign-in")).text
    path = await first_link(house)
    for _ in range(3):  # looking changes nothing: a preview of the message with the link may come first
        assert (await browser.get(path)).status == 200
    form = {"name": "Meng", "password": PASSWORD, "again": PASSWORD}
    entered = await browser.bare_post(path, form, Origin=house.base)
    assert (entered.status, entered.location) == (303, "/")
    assert (await browser.get("/profile")).status == 200
    made = await house.accounts.named("meng")
    assert made is not None
    assert (made.roles, made.areas) == ({AccountRole.ADMINISTRATOR}, (EVERYWHERE,))
    again = await house.browser().bare_post(path, {**form, "name": "eve"}, Origin=house.base)
    assert again.status == 410
    assert "已经用过" in again.words
    assert "carehub accounts link" not in (await house.browser().get("/sign-in")).text


async def test_a_link_that_expired_or_never_was_says_so(house: House) -> None:
    path = await first_link(house)
    house.passes(FIRST_LINK_HOLDS)
    expired = await house.browser().get(path)
    assert (expired.status, "过期" in expired.words) == (410, True)
    unknown = await house.browser().get("/welcome/" + "x" * 32)
    assert (unknown.status, "打不开" in unknown.words) == (404, True)


async def test_a_second_first_link_opens_nothing_once_there_is_an_administrator(house: House) -> None:
    path = await first_link(house)
    await house.administrator()
    assert (await house.browser().get(path)).status == 410


async def test_a_new_link_sets_the_password_and_signs_all_others_out(house: House) -> None:
    old = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    account = await house.accounts.named("li.qiang")
    assert account is not None
    token, _ = await house.accounts.link(None, account.id)
    assert (await old.get("/profile")).status == 200, "until the link is used all is as it was"
    fresh = house.browser()
    form = {"password": "a whole new one", "again": "a whole new one"}
    assert (await fresh.bare_post(f"/welcome/{token}", form, Origin=house.base)).status == 303
    assert (await old.get("/profile")).status == 303
    assert (await house.browser().sign_in("li.qiang")).status == 403
    assert (await house.browser().sign_in("Li.Qiang", "a whole new one")).status == 303


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("too short", "至少 10"),
        ("li.qiang2026", "不能和账号一样"),
        ("password123", "很多人"),
        ("aaaaaaaaaaaa", "很多人"),
    ],
)
async def test_a_weak_password_is_refused_in_a_sentence(house: House, password: str, said: str) -> None:
    made = await house.accounts.make(None, Account("", "li.qiang", frozenset({AccountRole.VILLAGE}), (VILLAGE,)))
    token, _ = await house.accounts.link(None, made.id)
    answer = await house.browser().bare_post(
        f"/welcome/{token}", {"password": password, "again": password}, Origin=house.base
    )
    assert answer.status == 400
    assert said in answer.words


def test_sentences_and_chinese_words_are_passwords() -> None:
    assert unfit("correct horse battery", "li.qiang") is None
    assert unfit("明天会下雨我要带伞出门", "li.qiang") is None
    assert unfit("１２３４５６７８９０", "li.qiang") is Unfit.COMMON, "full-width digits are the same digits"
    assert unfit("x" * 257, "li.qiang") is Unfit.LONG


async def test_unknown_and_wrong_are_told_alike_and_lock_alike(house: House) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    told: dict[str, list[tuple[int, str]]] = {}
    for name in ("li.qiang", "nobody"):
        browser = house.browser()
        answers = [await browser.sign_in(name, "wrong password") for _ in range(6)]
        told[name] = [(one.status, one.words) for one in answers]
    assert told["li.qiang"] == told["nobody"]
    assert [status for status, _ in told["nobody"]] == [403] * 5 + [429]
    assert "以后再试" in told["nobody"][-1][1]


async def test_an_unknown_account_costs_as_much_as_a_wrong_password(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cost is one hash and one commit, whoever it is: counted, since times on a shared machine tell little."""
    await house.account("li.qiang", AccountRole.VILLAGE)
    await house.account("left", AccountRole.VILLAGE)
    gone = await house.accounts.named("left")
    assert gone is not None
    await house.accounts.disable(None, gone.id)
    counted: list[str] = []
    is_right, write = Passwords.is_right, house.engine.write

    async def counting_hash(self: Passwords, kept: str | None, password: str) -> bool:
        counted.append("hash")
        return await is_right(self, kept, password)

    async def counting_write(lane: Lane, *rest: object) -> object:
        counted.append("commit")
        return await write(lane, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Passwords, "is_right", counting_hash)
    monkeypatch.setattr(house.engine, "write", counting_write)
    for name in ("li.qiang", "left", "nobody", "", "a/b"):
        counted.clear()
        assert (await house.browser().sign_in(name, "wrong password")).status == 403
        assert counted == ["hash", "commit"], name


async def test_a_locked_account_stays_shut_even_for_the_right_password(house: House) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    for _ in range(5):
        await house.browser().sign_in("li.qiang", "wrong password")
    locked = await house.browser().sign_in("li.qiang")
    assert (locked.status, locked.headers["Retry-After"]) == (429, "30")
    house.passes(31 * SECOND)
    assert (await house.browser().sign_in("li.qiang", "wrong password")).status == 403
    house.passes(31 * SECOND)
    assert (await house.browser().sign_in("li.qiang")).status == 429, "each wrong one doubles the wait"
    house.passes(30 * SECOND)
    assert (await house.browser().sign_in("li.qiang")).status == 303
    again = [await house.browser().sign_in("li.qiang", "wrong password") for _ in range(4)]
    assert [one.status for one in again] == [403] * 4, "a right one begins the count anew"


async def test_a_lock_outlives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        await first.account("li.qiang", AccountRole.VILLAGE)
        for _ in range(5):
            await first.browser().sign_in("li.qiang", "wrong password")
    async with opened(tmp_path) as second:
        assert (await second.browser().sign_in("li.qiang")).status == 429


async def test_guesses_at_once_win_nothing(house: House) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    wrong = [house.browser().sign_in("li.qiang", f"guess number {n}") for n in range(12)]
    answers = await asyncio.gather(*wrong)
    assert {one.status for one in answers} <= {403, 429}
    assert (await house.browser().sign_in("li.qiang")).status == 429


async def test_one_address_may_not_try_for_ever(house: House) -> None:
    browser = house.browser()
    statuses = [(await browser.sign_in(f"name{n}", "wrong password")).status for n in range(31)]
    assert statuses == [403] * 30 + [429]
    house.passes(10 * SECOND)
    assert (await browser.sign_in("name", "wrong password")).status == 403


async def test_the_cookie_tells_no_script_and_is_nowhere_in_the_database(house: House) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    browser = house.browser()
    answer = await browser.sign_in("li.qiang")
    [cookie] = answer.set_cookie
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    token = browser.cookies["carehub"]
    assert len(token) >= 43, "256 bits"
    assert await house.engine.store.read(lambda t: t.sign_in(digest(token))) is not None
    assert await house.engine.store.read(lambda t: t.sign_in(token.encode())) is None


async def test_with_https_the_cookie_belongs_to_this_host_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, replace(SETTINGS, public_url="https://care.example")) as house:
        await house.account("li.qiang", AccountRole.VILLAGE)
        browser = house.browser()
        [cookie] = (await browser.sign_in("li.qiang")).set_cookie
        assert cookie.startswith("__Host-carehub=")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "domain" not in cookie.lower()
        assert (await browser.get("/profile")).status == 200
        plain = house.browser()
        plain.cookies["carehub"] = browser.cookies["__Host-carehub"]
        assert (await plain.get("/profile")).status == 303


async def test_signing_in_anew_changes_the_cookie_and_ends_the_old_one(house: House) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    before = dict(browser.cookies)
    await browser.sign_in("li.qiang")
    assert browser.cookies != before
    stale = house.browser()
    stale.cookies = before
    assert (await stale.get("/profile")).status == 303


async def test_signing_out_ends_it_here_and_now(house: House) -> None:
    browser, other = await house.signed_in("li.qiang", AccountRole.VILLAGE), house.browser()
    await other.sign_in("li.qiang")
    kept = dict(browser.cookies)
    assert (await browser.post("/sign-out")).location == "/sign-in?out"
    assert "carehub" not in browser.cookies
    browser.cookies = kept
    assert (await browser.get("/profile")).status == 303
    assert (await other.get("/profile")).status == 200


async def test_whoever_is_idle_is_signed_out_and_acts_keep_them_in(house: House) -> None:
    browser = await house.signed_in("fitter", AccountRole.INSTALLER)
    for _ in range(3):
        house.passes(IDLE - MINUTE)
        assert (await browser.get("/profile")).status == 200
    house.passes(IDLE + SECOND)
    gone = await browser.get("/profile?done=x")
    assert (gone.status, gone.location) == (303, "/sign-in?next=%2Fprofile%3Fdone%3Dx")


async def test_nobody_stays_longer_than_a_day(house: House) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    for _ in range(12):
        house.passes(LONGEST / 12)
        assert (await browser.get("/profile")).status == 200
    house.passes(SECOND)
    assert (await browser.get("/profile")).status == 303


async def test_a_page_costs_no_commit(house: House) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    mark = digest(browser.cookies["carehub"])
    begun = house.clock.now()
    house.passes(SEEN_EVERY - SECOND)
    await browser.get("/profile")
    found = await house.engine.store.read(lambda t: t.sign_in(mark))
    assert found is not None
    assert found.seen_at == begun
    house.passes(SECOND)
    await browser.get("/profile")
    found = await house.engine.store.read(lambda t: t.sign_in(mark))
    assert found is not None
    assert found.seen_at == house.clock.now()


async def test_a_restart_signs_nobody_out(tmp_path: Path) -> None:
    async with opened(tmp_path) as first:
        browser = await first.signed_in("li.qiang", AccountRole.VILLAGE)
    async with opened(tmp_path) as second:
        again = second.browser()
        again.cookies = browser.cookies
        assert (await again.get("/profile")).status == 200
        assert (await again.post("/profile/language", {"language": "en"})).status == 303, "forms hold, too"


async def test_a_changed_password_ends_all_other_browsers(house: House) -> None:
    browser, other = await house.signed_in("li.qiang", AccountRole.VILLAGE), house.browser()
    await other.sign_in("li.qiang")
    form = {"old": PASSWORD, "new": "a whole new one", "again": "a whole new one"}
    assert (await browser.post("/profile/password", {**form, "old": "not this one"})).status == 400
    assert (await browser.post("/profile/password", {**form, "again": "not the same"})).status == 400
    stale = dict(browser.cookies)
    assert (await browser.post("/profile/password", form)).status == 303
    assert (await browser.get("/profile")).status == 200
    assert (await other.get("/profile")).status == 303
    other.cookies = stale
    assert (await other.get("/profile")).status == 303
    assert (await house.browser().sign_in("li.qiang")).status == 403


async def test_a_stolen_browser_guesses_no_password(house: House) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    form = {"new": "a whole new one", "again": "a whole new one"}
    for n in range(6):
        answer = await browser.post("/profile/password", {**form, "old": f"guess number {n}"})
    assert "以后再试" in answer.words


async def test_signing_out_everywhere_else_keeps_this_browser(house: House) -> None:
    browser, other = await house.signed_in("li.qiang", AccountRole.VILLAGE), house.browser()
    await other.sign_in("li.qiang")
    assert (await browser.post("/profile/sign-out-everywhere")).status == 303
    assert (await browser.get("/profile")).status == 200
    assert (await other.get("/profile")).status == 303


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-in", "/a\nb", ""]
)
async def test_the_sign_in_sends_nobody_elsewhere(house: House, where: str) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    assert (await house.browser().sign_in("li.qiang", next=where)).location == "/"
    assert (await house.browser().sign_in("li.qiang", next="/log?who=x")).location == "/log?who=x"


async def test_a_form_of_another_site_signs_nobody_in(house: House) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    form = {"name": "li.qiang", "password": PASSWORD}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = await house.browser().bare_post("/sign-in", form, **headers)
        assert (answer.status, answer.set_cookie) == (403, ())


async def test_an_old_hash_is_made_anew_at_the_next_sign_in(house: House) -> None:
    from argon2 import PasswordHasher

    made = await house.account("li.qiang", AccountRole.VILLAGE)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await house.engine.write(Lane.DUTY, lambda work: work.transaction.save_account(replace(made, password=weak)))
    assert (await house.browser().sign_in("li.qiang")).status == 303
    found = await house.accounts.named("li.qiang")
    assert found is not None
    assert found.password is not None
    assert "m=19456,t=2,p=1" in found.password


async def test_what_another_process_did_is_seen_when_the_hub_looks(house: House) -> None:
    """As `carehub accounts disable` does beside a running hub."""
    from hub.engine import Engine
    from hub.engine.accounts import Accounts
    from hub.engine.news import News

    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    assert (await browser.get("/profile")).status == 200
    beside = Accounts(Engine(house.engine.store, house.clock, "anhe-017", {}))
    found = await beside.named("li.qiang")
    assert found is not None
    await beside.disable(None, found.id)
    house.engine.tell(News(everything=True))
    assert (await browser.get("/profile")).status == 303
    assert (await house.browser().sign_in("li.qiang")).status == 403


async def test_both_languages_stand_at_the_door(house: House) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    assert 'lang="zh-CN"' in (await house.browser().get("/sign-in")).text
    english = await house.browser().get("/sign-in?language=en")
    assert "Account name" in english.words
    browser = house.browser()
    await browser.sign_in("li.qiang", language="en")
    assert "Your account" in (await browser.get("/profile")).words


async def test_it_is_all_in_the_log(house: House) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE, person="li-qiang")
    await house.browser().sign_in("li.qiang", "wrong password")
    await browser.post("/sign-out")
    assert [(act.event, act.who, act.area) for act in await house.log()] == [
        ("account_made", "@machine", VILLAGE),
        ("signed_in", "li-qiang", VILLAGE),
        ("sign_in_failed", "@somebody", VILLAGE),
        ("signed_out", "li-qiang", VILLAGE),
    ]


async def test_a_sick_store_is_said_at_the_door_and_behind_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await house.signed_in("li.qiang", AccountRole.VILLAGE)
    cookies = dict(browser.cookies)
    await browser.get("/settings")

    async def fails(*_: object) -> object:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(house.engine.store, "read", fails)
    stranger = house.browser()
    stranger.cookies = {**cookies, "carehub": "x" * 43}
    for path in ("/sign-in", "/settings"):
        answer = await stranger.get(path)
        assert (answer.status, "数据库没有应答" in answer.words) == (503, True), path
        assert "0936-0000000" in answer.words
    assert (await stranger.sign_in("li.qiang")).status == 503
    assert (await browser.get("/settings")).status == 200, "whoever was known stays known"
