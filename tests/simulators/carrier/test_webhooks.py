"""What the carrier tells the account: signed reports of its texts, and what people answer."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from simulators.carrier import Carrier, Fault, FaultKind, Traffic, VirtualClock
from simulators.carrier.signature import sign
from simulators.carrier.webhooks import twiml_messages

OURS, DAUGHTER = "+15005550006", "+447700900101"


async def send(client: Any, **more: Any) -> Any:
    return await client.messages.create_async(to=DAUGHTER, from_=OURS, body="SOS", **more)


@pytest.mark.parametrize("url", ["https://hub.example.org/twilio/sms", "http://127.0.0.1:8080/x?a=1&b=2%2F"])
def test_signatures_are_those_the_official_validator_computes(url: str) -> None:
    params = {"Body": "收到 & 1", "To": OURS, "From": DAUGHTER, "Empty": "", "body": "case matters"}
    assert RequestValidator("token").validate(url, params, sign("token", url, params))
    assert not RequestValidator("other").validate(url, params, sign("token", url, params))


async def test_every_change_of_status_is_reported_and_signed(client: Any, clock: VirtualClock, account: Any) -> None:
    message = await send(client, status_callback=f"{account.url}/status?site=gw-017")
    await clock.advance(5)
    assert account.statuses == ["sending", "sent", "delivered"]
    assert all(account.signed)
    assert account.told[1] == {
        "AccountSid": client.account_sid,
        "ApiVersion": "2010-04-01",
        "From": OURS,
        "MessageSid": message.sid,
        "MessageStatus": "sent",
        "SmsSid": message.sid,
        "SmsStatus": "sent",
        "To": DAUGHTER,
    }
    assert account.told[2]["RawDlrDoneDate"] == "2603010000"


async def test_the_first_status_is_not_reported(client: Any, carrier: Carrier, account: Any) -> None:
    await send(client, status_callback=f"{account.url}/status")
    await carrier.settled()
    assert account.told == []


async def test_an_answer_is_told_to_the_webhook_and_listed(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    message = carrier.reply(DAUGHTER, " １ 收到")
    await carrier.settled()
    assert account.signed == [True]
    assert account.told == [
        {
            "AccountSid": client.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": " １ 收到",
            "From": DAUGHTER,
            "MessageSid": message.sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": OURS,
        }
    ]
    (listed,) = await client.messages.list_async(to=OURS)
    assert (listed.sid, listed.direction, listed.status, listed.body) == (
        message.sid,
        "inbound",
        "received",
        " １ 收到",
    )
    assert listed.date_sent == clock.now()


async def test_without_a_webhook_an_answer_waits_to_be_listed(
    client: Any, server: Any, carrier: Carrier, account: Any
) -> None:
    carrier.settings.webhook_url = None
    carrier.reply(DAUGHTER, "1")
    await carrier.settled()
    assert account.told == []
    assert len(await client.messages.list_async(to=OURS)) == 1


async def test_an_answer_can_be_told_twice_late_or_not_at_all(
    server: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    carrier.faults.add(Fault(FaultKind.TWICE, on=Traffic.INBOUND, times=1))
    carrier.reply(DAUGHTER, "1")
    await carrier.settled()
    assert [params["Body"] for params in account.told] == ["1", "1"]
    carrier.faults.add(Fault(FaultKind.LATE, on=Traffic.INBOUND, times=1))
    carrier.reply(DAUGHTER, "2")
    await clock.advance(29)
    assert len(account.told) == 2
    await clock.advance(1)
    assert account.told[-1]["Body"] == "2"
    carrier.faults.add(Fault(FaultKind.NO_CALLBACKS, on=Traffic.INBOUND, times=1))
    carrier.reply(DAUGHTER, "3")
    await clock.advance(100)
    assert len(account.told) == 3


async def test_who_texts_stop_gets_nothing_until_start(client: Any, carrier: Carrier) -> None:
    carrier.reply(DAUGHTER, "Stop")
    with pytest.raises(TwilioRestException) as caught:
        await send(client)
    assert caught.value.code == 21610
    carrier.reply(DAUGHTER, "please stop that")
    carrier.reply(DAUGHTER, "START")
    await send(client)


async def test_an_account_that_cannot_be_reached_is_not_told_again(
    client: Any, carrier: Carrier, clock: VirtualClock, account: Any
) -> None:
    account.status = 500
    await send(client, status_callback=f"{account.url}/status")
    await send(client, status_callback="http://127.0.0.1:9/nobody")
    await clock.advance(60)
    assert len(account.told) == 3
    failed = [event.error for event in carrier.events.after(0) if event.what == "callback"]
    assert len(failed) == 6
    assert all(error.startswith("11200") for error in failed)


async def test_a_twiml_answer_is_sent_back(server: Any, carrier: Carrier, clock: VirtualClock, account: Any) -> None:
    account.answer = "<Response><Message>已记录 &amp; 谢谢</Message></Response>"
    carrier.reply(DAUGHTER, "1")
    await clock.advance(5)
    (text,) = carrier.texts(DAUGHTER)
    assert (text.body, text.direction, text.status) == ("已记录 & 谢谢", "outbound-reply", "delivered")


def test_twiml_without_messages_sends_nothing() -> None:
    assert twiml_messages("<Response/>") == twiml_messages("ok") == twiml_messages("<Response><Message/>") == []
    assert twiml_messages('<Response><Message to="+1"><Body>a</Body></Message><Message>b</Message>') == ["a", "b"]
