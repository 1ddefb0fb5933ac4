"""Accounts on their pages: making, changing, disabling; nobody gives more than they have."""

import re

import pytest

from hub.accounts import EVERYWHERE, AccountRole
from tests.web.console.doors import COUNTY, OTHER, PASSWORD, VILLAGE, House

LI = {"name": "Li.Qiang", "role.village": "1", "areas": "上堡村", "person": "li-qiang"}


async def test_an_account_is_made_and_its_owner_comes_in_by_the_link(house: House) -> None:
    browser = await house.administrator()
    answer = await browser.post("/accounts", LI)
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'value="http://127.0.0.1:8080(/welcome/[\w-]+)"', answer.text)
    assert found is not None
    assert found[1] not in (await browser.get("/accounts")).text, "it is shown once"
    owner = house.browser()
    form = {"password": PASSWORD, "again": PASSWORD}
    assert (await owner.bare_post(found[1], form, Origin=house.base)).status == 303
    profile = await owner.get("/profile")
    assert ("李强" in profile.words, "上堡村" in profile.words) == (True, True)
    [made] = [act for act in await house.log("account_made") if act.who != "@machine"]
    assert (made.area, made.detail["name"]) == (VILLAGE, "li.qiang")
    after = {key: value for key, value in made.detail.items() if key.startswith(("before.", "after."))}
    assert after == {"after.roles": "village", "after.areas": VILLAGE, "after.person": "li-qiang"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "x"}, "2 到 40"),
        ({"name": "meng"}, "已经有人用了"),
        ({"role.village": ""}, "至少选一个角色"),
        ({"areas": ""}, "至少填一个片区"),
        ({"areas": "12345"}, "至少填一个片区"),
        ({"areas": "没有这个村"}, "至少填一个片区"),
        ({"person": "nobody"}, "没有这位工作人员"),
        ({"person": "wang-li"}, "没有这位工作人员"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence_and_kept_in_the_form(
    house: House, change: dict[str, str], said: str
) -> None:
    browser = await house.administrator()
    answer = await browser.post("/accounts", {**LI, **change})
    assert answer.status == 400
    assert said in answer.words
    assert f'value="{change.get("name", "Li.Qiang")}"' in answer.text
    assert [account.name for account in await house.accounts.all()] == ["meng"]


async def test_one_person_has_one_account(house: House) -> None:
    browser = await house.administrator()
    await browser.post("/accounts", LI)
    answer = await browser.post("/accounts", {**LI, "name": "li2"})
    assert (answer.status, "已经有账号了" in answer.words) == (400, True)


@pytest.mark.parametrize(
    "form",
    [
        {"name": "boss", "role.administrator": "1", "areas": COUNTY},
        {"name": "far", "role.village": "1", "areas": "620703000000"},
        {"name": "all", "role.village": "1", "areas": EVERYWHERE},
    ],
)
async def test_a_countys_staff_gives_no_more_than_it_has(house: House, form: dict[str, str]) -> None:
    browser = await house.signed_in("zhou", AccountRole.COUNTY, areas=(COUNTY,))
    answer = await browser.post("/accounts", form)
    assert (answer.status, "超出" in answer.words) == (400, True)
    assert [account.name for account in await house.accounts.all()] == ["zhou"]


async def test_whom_one_may_not_change_one_does_not_see(house: House) -> None:
    administrator = await house.account("meng", AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))
    far = await house.account("far", AccountRole.VILLAGE, areas=("620703000000",))
    browser = await house.signed_in("zhou", AccountRole.COUNTY, areas=(COUNTY,))
    page = await browser.get("/accounts")
    assert "zhou" in page.words
    for hidden in (administrator, far):
        assert hidden.name not in page.words.replace("administrator", "")
        for path in ("", "/link", "/disable", "/sign-out"):
            form = {"role.village": "1", "areas": VILLAGE}
            assert (await browser.post(f"/accounts/{hidden.id}{path}", form)).status == 404, path
    assert await house.accounts.account(far.id) == far


async def test_changed_rights_end_the_sign_in_and_the_log_says_before_and_after(house: House) -> None:
    browser = await house.administrator()
    staff = await house.signed_in("li.qiang", AccountRole.VILLAGE, person="li-qiang")
    account = await house.accounts.named("li.qiang")
    assert account is not None
    form = {"role.village": "1", "role.township": "1", "areas": f"{VILLAGE}、{OTHER}", "person": "li-qiang"}
    answer = await browser.post(f"/accounts/{account.id}", form)
    assert answer.location == f"/accounts/{account.id}?done=changed"
    assert (await staff.get("/profile")).status == 303
    changed = await house.accounts.account(account.id)
    assert changed is not None
    assert changed.roles == {AccountRole.VILLAGE, AccountRole.TOWNSHIP}
    assert changed.areas == (VILLAGE, OTHER)
    [act] = await house.log("account_changed")
    assert act.detail | {"account": "", "name": ""} == {
        "account": "",
        "name": "",
        "before.roles": "village",
        "after.roles": "township village",
        "before.areas": VILLAGE,
        "after.areas": f"{VILLAGE} {OTHER}",
    }
    page = await browser.get("/log")
    assert "改了账号" in page.words
    assert ">上堡村</del>" in page.text
    assert "乡镇工作人员 · 村级工作人员" in page.words


async def test_a_disabled_account_is_out_at_once_and_comes_back_when_enabled(house: House) -> None:
    browser, staff = await house.administrator(), await house.signed_in("li.qiang", AccountRole.VILLAGE)
    account = await house.accounts.named("li.qiang")
    assert account is not None
    assert (await browser.post(f"/accounts/{account.id}/disable")).status == 303
    assert (await staff.get("/profile")).status == 303
    assert (await staff.sign_in("li.qiang")).status == 403
    assert (await browser.post(f"/accounts/{account.id}/enable")).status == 303
    assert (await staff.sign_in("li.qiang")).status == 303
    assert (await browser.post(f"/accounts/{account.id}/sign-out")).status == 303
    assert (await staff.get("/profile")).status == 303


async def test_the_last_administrator_cannot_lock_everybody_out(house: House) -> None:
    browser = await house.administrator()
    me = await house.accounts.named("meng")
    assert me is not None
    for path, form in (
        ("/disable", {}),
        ("", {"role.installer": "1", "areas": EVERYWHERE}),
        ("", {"role.administrator": "1", "areas": VILLAGE}),
    ):
        answer = await browser.post(f"/accounts/{me.id}{path}", form)
        assert (answer.status, "最后一位管理员" in answer.words) == (400, True)
    await house.account("second", AccountRole.ADMINISTRATOR, areas=(EVERYWHERE,))
    assert (await browser.post(f"/accounts/{me.id}/disable")).status == 303


async def test_a_county_cannot_take_an_administrator_over_by_a_link(house: House) -> None:
    administrator = await house.account("meng", AccountRole.ADMINISTRATOR, areas=(COUNTY,))
    browser = await house.signed_in("zhou", AccountRole.COUNTY, areas=(COUNTY,))
    assert (await browser.post(f"/accounts/{administrator.id}/link")).status == 404
    assert await house.log("account_link") == []


async def test_an_account_says_whether_it_is_locked(house: House) -> None:
    await house.account("li.qiang", AccountRole.VILLAGE)
    for _ in range(5):
        await house.browser().sign_in("li.qiang", "wrong password")
    browser = await house.administrator()
    assert "锁到" in (await browser.get("/accounts")).words
    me = await house.accounts.named("li.qiang")
    assert me is not None
    assert "连续输错密码" in (await browser.get(f"/accounts/{me.id}")).words
