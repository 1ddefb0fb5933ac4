"""Tokens of programs, and pages of alerts, on both databases."""

from dataclasses import replace
from datetime import timedelta

from hub.accounts import ApiToken, Right
from hub.alerts.alert import Stage
from hub.ports import Lane, Transaction
from hub.store import SqlStore
from tests.store.samples import NOON, an_alert

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
TOKEN = ApiToken("01T", b"\x01" * 32, "01A", "大屏", frozenset({Right.ACT, Right.SEE_ALERTS}), NOON, NOON + DAY)


async def test_a_token_is_kept_whole_and_found_by_its_digest(store: SqlStore) -> None:
    other = ApiToken("01U", b"\x02" * 32, "01B", "script", frozenset({Right.SEE_HOMES}), NOON + MINUTE)

    def put(t: Transaction) -> None:
        t.save_api_token(TOKEN)
        t.save_api_token(other)

    await store.write(Lane.DUTY, put)
    assert await store.read(lambda t: t.api_token(b"\x01" * 32)) == TOKEN
    assert await store.read(lambda t: t.api_token(b"\x03" * 32)) is None
    assert await store.read(lambda t: t.api_tokens()) == [other, TOKEN]
    assert await store.read(lambda t: t.api_tokens(["01A"])) == [TOKEN]
    assert await store.read(lambda t: t.api_tokens([])) == []
    used = replace(TOKEN, used_at=NOON, revoked_at=NOON + MINUTE)
    await store.write(Lane.DUTY, lambda t: t.save_api_token(used))
    assert await store.read(lambda t: t.api_token(b"\x01" * 32)) == used


async def test_what_ended_long_ago_goes(store: SqlStore) -> None:
    def put(t: Transaction) -> None:
        for n, (expires, revoked) in enumerate([(None, None), (NOON, None), (None, NOON), (NOON + DAY, NOON)]):
            t.save_api_token(
                replace(TOKEN, id=f"01{n}", digest=bytes([n]) * 32, expires_at=expires, revoked_at=revoked)
            )

    await store.write(Lane.DUTY, put)
    assert await store.write(Lane.SLOW, lambda t: t.drop_api_tokens(NOON)) == 0
    assert await store.write(Lane.SLOW, lambda t: t.drop_api_tokens(NOON + MINUTE)) == 3
    assert [token.id for token in await store.read(lambda t: t.api_tokens())] == ["010"]


async def test_pages_of_alerts_follow_each_other_whatever_their_times(store: SqlStore) -> None:
    def put(t: Transaction) -> None:
        for n in range(7):
            stage = Stage.RESOLVED if n == 3 else Stage.OPEN
            duties = {} if n == 3 else an_alert().duties
            at = NOON - (n // 3) * MINUTE
            t.save_alert(an_alert(f"01{n}", cause=f"c{n}", code=f"K{n}", opened_at=at, stage=stage, duties=duties))

    await store.write(Lane.DUTY, put)
    for everything, wanted in (
        (True, ["012", "011", "010", "015", "014", "013", "016"]),
        (False, ["012", "011", "010", "015", "014", "016"]),
    ):
        seen: list[str] = []
        below = None
        while page := await store.read(lambda t, b=below, e=everything: t.alerts_below(b, 2, everything=e)):  # type: ignore[misc]
            seen += [alert.id for alert in page]
            below = (page[-1].opened_at, page[-1].id)
        assert seen == wanted
