"""Each fault that can be switched on, as the official SDK and the account's web server meet it."""

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from simulators.carrier import Carrier, CarrierServer, Fault, FaultKind, Traffic, VirtualClock

OURS, DAUGHTER, STAFF = "+15005550006", "+447700900101", "+447700900102"


async def send(client: Any, to: str = DAUGHTER, **more: Any) -> Any:
    return await client.messages.create_async(to=to, from_=OURS, body="SOS", **more)


async def refused(client: Any, **more: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as caught:
        await send(client, **more)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (FaultKind.TOO_MANY, (429, 20429)),
        (FaultKind.SERVER_ERROR, (500, 20500)),
        (FaultKind.UNAVAILABLE, (503, 20503)),
        (FaultKind.WRONG_CREDENTIALS, (401, 20003)),
        (FaultKind.NO_CREDIT, (403, 20005)),
        (FaultKind.DEAD_NUMBER, (400, 21211)),
        (FaultKind.LANDLINE, (400, 21614)),
        (FaultKind.OPTED_OUT, (400, 21610)),
    ],
)
async def test_a_refusing_fault_answers_with_its_code_and_takes_nothing(
    client: Any, carrier: Carrier, kind: FaultKind, answer: tuple[int, int]
) -> None:
    carrier.faults.add(Fault(kind))
    assert await refused(client) == answer
    assert carrier.messages == []
    assert carrier.events.after(0)[-1].error == str(answer[1])


async def test_too_many_requests_says_when_to_come_again(carrier: Carrier, server: CarrierServer, http: Any) -> None:
    carrier.faults.add(Fault(FaultKind.TOO_MANY, delay=timedelta(seconds=7)))
    url = f"{server.url}/2010-04-01/Accounts/{carrier.account_sid}/Messages.json"
    auth = {"Authorization": aiohttp.encode_basic_auth(carrier.account_sid, carrier.auth_token)}
    async with http.post(url, data={"To": DAUGHTER, "From": OURS, "Body": "x"}, headers=auth) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (FaultKind.UNREACHABLE, "undelivered", 30003),
        (FaultKind.UNKNOWN_HANDSET, "undelivered", 30005),
        (FaultKind.LANDLINE_LATER, "undelivered", 30006),
        (FaultKind.FILTERED, "undelivered", 30007),
        (FaultKind.UNDELIVERED, "undelivered", 30008),
        (FaultKind.SUSPENDED, "failed", 30002),
    ],
)
async def test_a_failing_fault_is_reported_with_its_code_and_no_text_arrives(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any, kind: FaultKind, status: str, code: int
) -> None:
    carrier.faults.add(Fault(kind))
    message = await send(client, status_callback=f"{account.url}/status")
    await clock.advance(5)
    final = await message.fetch_async()
    assert (final.status, final.error_code) == (status, code)
    assert final.error_message
    assert (account.statuses[-1], account.told[-1]["ErrorCode"]) == (status, str(code))
    assert carrier.texts(DAUGHTER) == []


async def test_another_documented_code_can_be_asked_for(client: Any, carrier: Carrier, clock: VirtualClock) -> None:
    carrier.faults.add(Fault(FaultKind.UNDELIVERED, number=DAUGHTER, code=30004))
    carrier.faults.add(Fault(FaultKind.REFUSED, number=STAFF, code=21408))
    message = await send(client)
    assert await refused(client, to=STAFF) == (400, 21408)
    await clock.advance(5)
    assert (await message.fetch_async()).error_code == 30004


async def test_a_lost_message_stays_queued_for_ever(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    carrier.faults.add(Fault(FaultKind.LOST))
    message = await send(client, status_callback=f"{account.url}/status")
    await clock.advance(3600)
    assert (await message.fetch_async()).status == "queued"
    assert (account.told, carrier.texts(DAUGHTER)) == ([], [])


async def test_a_silent_message_arrives_though_the_account_never_hears_of_it(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    carrier.faults.add(Fault(FaultKind.SILENT))
    message = await send(client, status_callback=f"{account.url}/status")
    await clock.advance(3600)
    assert (await message.fetch_async()).status == "queued"
    assert account.told == []
    assert [text.sid for text in carrier.texts(DAUGHTER)] == [message.sid]


async def test_without_receipts_from_the_far_network_it_stays_sent(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    carrier.faults.add(Fault(FaultKind.NO_RECEIPT))
    message = await send(client, status_callback=f"{account.url}/status")
    await clock.advance(3600)
    assert (await message.fetch_async()).status == "sent"
    assert account.statuses == ["sending", "sent"]
    assert len(carrier.texts(DAUGHTER)) == 1


async def test_late_moves_text_and_statuses(client: Any, carrier: Carrier, clock: VirtualClock) -> None:
    carrier.faults.add(Fault(FaultKind.LATE, delay=timedelta(seconds=60)))
    message = await send(client)
    await clock.advance(60)
    assert (await message.fetch_async()).status == "queued"
    await clock.advance(2)
    assert (await message.fetch_async()).status == "delivered"


async def test_reports_come_twice_late_or_in_the_wrong_order(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    for kind, expected in (
        (FaultKind.TWICE, ["sending", "sending", "sent", "sent", "delivered", "delivered"]),
        (FaultKind.REORDERED, ["delivered", "sent", "sending"]),
        (FaultKind.NO_CALLBACKS, []),
    ):
        account.told.clear()
        carrier.faults.clear()
        carrier.faults.add(Fault(kind))
        message = await send(client, status_callback=f"{account.url}/status")
        await clock.advance(5)
        assert account.statuses == expected
        assert (await message.fetch_async()).status == "delivered"


async def test_late_reports_follow_a_truth_that_can_be_asked_for(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    carrier.faults.add(Fault(FaultKind.LATE_CALLBACKS, delay=timedelta(seconds=60)))
    message = await send(client, status_callback=f"{account.url}/status")
    await clock.advance(5)
    assert ((await message.fetch_async()).status, account.told) == ("delivered", [])
    await clock.advance(60)
    assert account.statuses == ["sending", "sent", "delivered"]


async def test_a_cut_after_acceptance_leaves_a_message_behind(
    client: Any, carrier: Carrier, clock: VirtualClock
) -> None:
    carrier.faults.add(Fault(FaultKind.CUT_AFTER, times=1))
    with pytest.raises(aiohttp.ClientError):
        await send(client)
    await clock.advance(5)
    assert [message.status for message in await client.messages.list_async(to=DAUGHTER)] == ["delivered"]


async def test_a_cut_before_acceptance_leaves_nothing(client: Any, carrier: Carrier) -> None:
    carrier.faults.add(Fault(FaultKind.CUT_BEFORE, times=1))
    with pytest.raises(aiohttp.ClientError):
        await send(client)
    assert carrier.messages == []
    await send(client)
    assert len(carrier.messages) == 1


async def test_an_error_after_acceptance_leaves_a_message_behind(client: Any, carrier: Carrier) -> None:
    carrier.faults.add(Fault(FaultKind.ERROR_AFTER))
    assert await refused(client) == (500, 20500)
    assert len(carrier.messages) == 1


async def test_a_late_answer_is_for_a_message_that_is_under_way_already(
    client: Any, carrier: Carrier, clock: VirtualClock
) -> None:
    carrier.faults.add(Fault(FaultKind.LATE_ANSWER, delay=timedelta(seconds=8)))
    sending = asyncio.create_task(send(client))
    await happened(carrier, "accepted")
    await clock.advance(7)
    assert not sending.done()
    assert carrier.messages[0].status == "delivered"
    await clock.advance(1)
    assert (await sending).status == "delivered"


async def test_a_request_can_be_taken_after_its_client_gave_up(
    client: Any, carrier: Carrier, clock: VirtualClock
) -> None:
    carrier.faults.add(Fault(FaultKind.HANG, delay=timedelta(seconds=20)))
    sending = asyncio.create_task(send(client))
    await happened(carrier, "held")
    sending.cancel()
    await clock.advance(19)
    assert carrier.messages == []
    await clock.advance(1)
    await happened(carrier, "accepted")
    await clock.advance(5)
    assert len(carrier.texts(DAUGHTER)) == 1


async def happened(carrier: Carrier, what: str) -> None:
    seen = 0
    while not any(event.what == what for event in await carrier.events.wait(seen, 5)):
        seen = carrier.events.last


async def test_a_status_callback_can_be_refused(client: Any, carrier: Carrier) -> None:
    carrier.faults.add(Fault(FaultKind.CALLBACK_REFUSED))
    assert await refused(client, status_callback="https://hub.example.org/status") == (400, 21609)
    await send(client)


async def test_faults_keep_to_their_number_their_count_and_their_requests(client: Any, carrier: Carrier) -> None:
    carrier.faults.add(Fault(FaultKind.SERVER_ERROR, number=DAUGHTER, times=2))
    await send(client, to=STAFF)
    assert await refused(client) == (500, 20500)
    assert await refused(client) == (500, 20500)
    await send(client)
    carrier.faults.add(Fault(FaultKind.UNAVAILABLE, on=Traffic.READ))
    await send(client)
    with pytest.raises(TwilioException, match="503"):
        await client.messages.list_async(to=DAUGHTER)


async def test_a_carrier_that_is_away_answers_neither_sends_nor_reads(client: Any, carrier: Carrier) -> None:
    carrier.faults.add(Fault(FaultKind.CUT_BEFORE, on=Traffic.ANY))
    for request in (send(client), client.messages.list_async(), client.messages("SM0").fetch_async()):
        with pytest.raises((aiohttp.ClientError, TwilioRestException)):
            await request


async def test_faults_of_several_phases_add_up(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    for kind in (FaultKind.CUT_AFTER, FaultKind.UNREACHABLE, FaultKind.TWICE):
        carrier.faults.add(Fault(kind, times=1))
    with pytest.raises(aiohttp.ClientError):
        await send(client, status_callback=f"{account.url}/status")
    await clock.advance(5)
    assert account.statuses == ["sending", "sending", "sent", "sent", "undelivered", "undelivered"]
    assert list(carrier.faults) == []


def test_a_probability_strikes_the_same_requests_for_the_same_seed() -> None:
    def pattern(seed: int) -> list[bool]:
        carrier = Carrier("AC1", "token", [OURS], seed=seed)
        carrier.faults.add(Fault(FaultKind.DEAD_NUMBER, probability=0.5))
        return [carrier.faults.strike(Fault(FaultKind.DEAD_NUMBER).phase, Traffic.CREATE) is None for _ in range(50)]

    assert pattern(1) == pattern(1) != pattern(2)
    assert 10 < sum(pattern(1)) < 40


def test_a_fault_that_could_never_strike_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="does not happen to a read"):
        Fault(FaultKind.LOST, on=Traffic.READ)
    with pytest.raises(ValueError, match="inbound"):
        Fault(FaultKind.HANG, on=Traffic.INBOUND)
    with pytest.raises(ValueError, match="code 1"):
        Fault(FaultKind.UNDELIVERED, code=1)
