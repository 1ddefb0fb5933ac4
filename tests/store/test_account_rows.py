"""Accounts, sign-ins, one-time links and the log in rows, on both databases."""

from dataclasses import replace
from datetime import timedelta

from hub.accounts import Account, AccountRole, Invitation, SignIn
from hub.homes import Act
from hub.ports import Lane, Transaction
from hub.ports.accounts import LogWish
from hub.store import SqlStore
from tests.store.samples import NOON

MINUTE = timedelta(minutes=1)
LI = Account(
    "01A",
    "li.qiang",
    frozenset({AccountRole.VILLAGE, AccountRole.INSTALLER}),
    ("620702207200", "620702207201"),
    person="li-qiang",
    language="en",
    password="$argon2id$x",
    created_at=NOON,
    failures=3,
    locked_until=NOON + MINUTE,
)
MENG = Account("01B", "meng", frozenset({AccountRole.ADMINISTRATOR}), ("000000000000",))


async def test_an_account_is_kept_whole(store: SqlStore) -> None:
    def put(t: Transaction) -> None:
        t.save_account(MENG)
        t.save_account(LI)

    await store.write(Lane.DUTY, put)
    assert await store.read(lambda t: t.accounts()) == [LI, MENG]
    assert await store.read(lambda t: t.account_named("li.qiang")) == LI
    assert await store.read(lambda t: t.account("01C")) is None
    changed = replace(LI, failures=0, locked_until=None, disabled_at=NOON)
    await store.write(Lane.DUTY, lambda t: t.save_account(changed))
    assert await store.read(lambda t: t.account("01A")) == changed


async def test_browsers_are_signed_out_one_or_all(store: SqlStore) -> None:
    browsers = [SignIn(bytes([n]) * 32, "01A", NOON, NOON + n * MINUTE) for n in range(3)]
    other = SignIn(b"o" * 32, "01B", NOON, NOON)

    def put(t: Transaction) -> None:
        for one in (*browsers, other):
            t.save_sign_in(one)

    await store.write(Lane.DUTY, put)
    assert await store.read(lambda t: t.sign_ins("01A")) == browsers[::-1]
    seen = replace(browsers[0], seen_at=NOON + 9 * MINUTE)
    await store.write(Lane.SLOW, lambda t: t.save_sign_in(seen))
    assert await store.read(lambda t: t.sign_in(seen.digest)) == seen
    await store.write(Lane.DUTY, lambda t: t.drop_sign_in(browsers[1].digest))
    assert await store.write(Lane.DUTY, lambda t: t.drop_sign_ins("01A", but=seen.digest)) == 1
    assert await store.read(lambda t: t.sign_ins("01A")) == [seen]
    assert await store.write(Lane.DUTY, lambda t: t.drop_sign_ins("01A")) == 1
    assert await store.read(lambda t: t.sign_in(other.digest)) == other


async def test_a_new_link_takes_the_place_of_unused_ones_alone(store: SqlStore) -> None:
    used = Invitation(b"u" * 32, "01A", NOON, NOON + MINUTE, NOON)
    unused, first = replace(used, digest=b"n" * 32, used_at=None), Invitation(b"f" * 32, None, NOON, NOON + MINUTE)

    def put(t: Transaction) -> None:
        for one in (used, unused, first):
            t.save_invitation(one)
        t.drop_invitations("01A")

    await store.write(Lane.DUTY, put)
    found = [await store.read(lambda t, d=d: t.invitation(d)) for d in (used.digest, unused.digest, first.digest)]
    assert found == [used, None, first]
    await store.write(Lane.DUTY, lambda t: t.drop_invitations(None))
    assert await store.read(lambda t: t.invitation(first.digest)) is None


ACTS = [
    Act(NOON, "li-qiang", "looked", "ah-001", {}, "620702207200"),
    Act(NOON + MINUTE, "@account:01B", "refused", "ah-002", {"right": "act"}, "620702208000"),
    Act(NOON + 2 * MINUTE, "@machine", "first_link"),
    Act(NOON + 3 * MINUTE, "li-qiang", "signed_in", None, {}, "620702207200"),
]


async def test_the_log_is_asked_by_area_home_person_event_and_time(store: SqlStore) -> None:
    def put(t: Transaction) -> None:
        for act in ACTS:
            t.record_act(act)

    await store.write(Lane.SLOW, put)

    async def asked(wish: LogWish) -> list[Act]:
        return [act for _, act in await store.read(lambda t: t.log(wish))]

    first, second, third, last = ACTS
    assert await asked(LogWish()) == ACTS[::-1]
    assert await asked(LogWish(stems=["620702207"])) == [last, first], "what has no area is not of this one"
    assert await asked(LogWish(stems=["620702207200", "620702208"])) == [last, second, first]
    assert await asked(LogWish(stems=[])) == []
    assert await asked(LogWish(home_id="ah-002")) == [second]
    assert await asked(LogWish(who="li-qiang", events=["looked"])) == [first]
    assert await asked(LogWish(since=NOON + MINUTE, until=NOON + 3 * MINUTE)) == [third, second]
    rows = await store.read(lambda t: t.log(LogWish(limit=2)))
    assert [act for _, act in rows] == [last, third]
    assert await asked(LogWish(below=rows[-1][0])) == [second, first]
