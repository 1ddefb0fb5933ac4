"""A token from its first day to its last."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.accounts import Account, AccountRole, Right
from hub.engine.tokens import LONGEST, MOST, NoSuchToken, TokenRefused, WhyNot
from hub.ports import Lane
from tests.web.api.programs import Programs
from tests.web.console.doors import VILLAGE

DAY = timedelta(days=1)


@pytest.fixture
async def li(site: Programs) -> Account:
    return await site.house.account("li", AccountRole.TOWNSHIP, person="li-qiang")


async def test_only_its_digest_is_kept_and_it_is_recorded(site: Programs, li: Account) -> None:
    text, made = await site.tokens.make(li, "  the county's  board ", {Right.SEE_ALERTS}, 30 * DAY)
    assert text.startswith("ch_")
    assert made.name == "the county's board"
    assert text.encode() not in b"".join(
        path.read_bytes() for path in site.folder.glob("carehub.db*") if path.suffix != ".ballast"
    )
    (act,) = await site.house.log("token_made")
    assert (act.who, act.detail["token_id"], act.detail["scopes"]) == ("li-qiang", made.id, "see_alerts")
    assert (await site.nobody(text).get("/alerts")).status == 200


async def test_it_ends_on_its_day_and_when_it_is_revoked(site: Programs, li: Account) -> None:
    first, _ = await site.tokens.make(li, "first", {Right.SEE_ALERTS}, DAY)
    second, kept = await site.tokens.make(li, "second", {Right.SEE_ALERTS}, 2 * DAY)
    site.house.passes(DAY)
    assert (await site.nobody(first).get("/alerts")).status == 401
    assert (await site.nobody(second).get("/alerts")).status == 200
    await site.tokens.revoke(li, kept.id)
    await site.tokens.revoke(li, kept.id)
    assert (await site.nobody(second).get("/alerts")).status == 401
    assert len(await site.house.log("token_revoked")) == 1


async def test_it_can_do_what_its_account_may_now(site: Programs, li: Account) -> None:
    text, _ = await site.tokens.make(li, "board", {Right.SEE_ALERTS, Right.ACT}, DAY)
    program = site.nobody(text)
    assert (await program.post("/alerts/01Z/take")).status == 404
    await site.house.accounts.change(None, li.id, replace(li, roles=frozenset({AccountRole.INSTALLER}), person=None))
    assert (await program.post("/alerts/01Z/take")).status == 403
    await site.house.accounts.disable(None, li.id)
    assert (await program.get("/alerts")).status == 401


async def test_when_it_was_used_is_noted_once_a_minute(site: Programs, li: Account) -> None:
    text, made = await site.tokens.make(li, "board", {Right.SEE_ALERTS}, DAY)
    assert made.used_at is None
    began = site.house.clock.now()
    for later in (0, 30, 61):
        site.house.clock.instant = began + timedelta(seconds=later)
        await site.nobody(text).get("/alerts")
        (kept,) = await site.tokens.seen_by(li, [li])
        assert kept.used_at == began + timedelta(seconds=0 if later < 60 else later)


@pytest.mark.parametrize(
    ("name", "rights", "holds", "why"),
    [
        ("", {Right.ACT}, DAY, WhyNot.NAME),
        ("x" * 61, {Right.ACT}, DAY, WhyNot.NAME),
        ("x\x00", {Right.ACT}, DAY, WhyNot.NAME),
        ("x", set(), DAY, WhyNot.NO_RIGHTS),
        ("x", {Right.MANAGE_ACCOUNTS}, DAY, WhyNot.RIGHTS),
        ("x", {Right.ACT}, timedelta(0), WhyNot.UNTIL),
        ("x", {Right.ACT}, LONGEST + DAY, WhyNot.UNTIL),
    ],
)
async def test_what_is_wrong_is_not_made(
    site: Programs, li: Account, name: str, rights: set[Right], holds: timedelta, why: WhyNot
) -> None:
    with pytest.raises(TokenRefused) as refused:
        await site.tokens.make(li, name, rights, holds)
    assert refused.value.why is why
    assert await site.tokens.seen_by(li, [li]) == []


async def test_an_account_has_so_many_and_no_more(site: Programs, li: Account) -> None:
    made = [(await site.tokens.make(li, f"n{n}", {Right.ACT}, DAY))[1] for n in range(MOST)]
    with pytest.raises(TokenRefused) as refused:
        await site.tokens.make(li, "one more", {Right.ACT}, DAY)
    assert refused.value.why is WhyNot.TOO_MANY
    await site.tokens.revoke(li, made[0].id)
    await site.tokens.make(li, "one more", {Right.ACT}, DAY)


async def test_others_tokens_are_ended_by_whoever_may_change_their_accounts(site: Programs, li: Account) -> None:
    _, made = await site.tokens.make(li, "board", {Right.ACT}, DAY)
    stranger = await site.house.account("sun", AccountRole.VILLAGE, areas=(VILLAGE,))
    with pytest.raises(NoSuchToken):
        await site.tokens.revoke(stranger, made.id)
    county = await site.house.account("county", AccountRole.COUNTY, areas=("620702000000",))
    everybody = await site.house.accounts.all()
    assert await site.tokens.seen_by(stranger, everybody) == []
    assert [token.id for token in await site.tokens.seen_by(county, everybody)] == [made.id]
    await site.tokens.revoke(county, made.id)


async def test_tokens_that_ended_long_ago_are_forgotten(site: Programs, li: Account) -> None:
    await site.tokens.make(li, "old", {Right.ACT}, DAY)
    site.house.passes(timedelta(days=186))
    await site.tokens.make(li, "new", {Right.ACT}, DAY)
    kept = await site.house.engine.store.read(lambda t: t.api_tokens())
    assert [token.name for token in kept] == ["new"]
    assert await site.house.engine.store.write(Lane.SLOW, lambda t: t.drop_api_tokens(kept[0].created_at)) == 0
