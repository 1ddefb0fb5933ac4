"""The REST API, through the unmodified official SDK."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException

from simulators.carrier import Carrier, CarrierServer, VirtualClock

OURS, DAUGHTER, STAFF = "+15005550006", "+447700900101", "+447700900102"


async def send(client: Any, to: str = DAUGHTER, body: str = "SOS", **more: Any) -> Any:
    return await client.messages.create_async(to=to, from_=OURS, body=body, **more)


async def refusal(client: Any, **wrong: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as caught:
        await client.messages.create_async(**{"to": DAUGHTER, "from_": OURS, "body": "SOS", **wrong})
    return caught.value


async def test_a_message_is_created_as_twilio_answers_it(client: Any, clock: VirtualClock) -> None:
    message = await send(client, body="王秀兰按了求助，请回复1")
    assert re.fullmatch(r"SM[0-9a-f]{32}", message.sid)
    assert (message.status, message.direction, message.api_version) == ("queued", "outbound-api", "2010-04-01")
    assert (message.to, message.from_, message.body) == (DAUGHTER, OURS, "王秀兰按了求助，请回复1")
    assert (message.num_segments, message.num_media, message.price, message.price_unit) == ("1", "0", None, "USD")
    assert (message.error_code, message.error_message, message.date_sent) == (None, None, None)
    assert message.date_created == clock.now()
    assert message.uri == f"/2010-04-01/Accounts/{client.account_sid}/Messages/{message.sid}.json"
    assert message.subresource_uris == {"media": message.uri.replace(".json", "/Media.json")}


async def test_the_answer_to_create_is_201_with_rfc_2822_dates(client: Any) -> None:
    created = await client.messages.create_with_http_info_async(to=DAUGHTER, from_=OURS, body="SOS")
    assert created.status_code == 201
    raw = client.http_client._test_only_last_response.text
    assert '"date_created": "Sun, 01 Mar 2026 00:00:00 +0000"' in raw


async def test_a_message_is_queued_then_sent_then_delivered(client: Any, clock: VirtualClock) -> None:
    message = await send(client)
    seen = [message.status]
    for _ in range(14):
        await clock.advance(0.1)
        status = (await message.fetch_async()).status
        if status != seen[-1]:
            seen.append(status)
    assert seen == ["queued", "sending", "sent", "delivered"]
    final = await client.messages(message.sid).fetch_async()
    assert final.date_sent == datetime(2026, 3, 1, tzinfo=UTC)
    assert final.date_updated == datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC)


async def test_the_synchronous_client_sees_the_same(
    server: CarrierServer, new_client: Any, clock: VirtualClock
) -> None:
    client = new_client(server.url)
    message = await asyncio.to_thread(client.messages.create, to=DAUGHTER, from_=OURS, body="SOS")
    await clock.advance(5)
    assert (await asyncio.to_thread(client.messages(message.sid).fetch)).status == "delivered"
    assert [m.sid for m in await asyncio.to_thread(client.messages.list)] == [message.sid]


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"to": "12345"}, 21211, "'To' number 12345 is not a valid phone number"),
        ({"to": ""}, 21604, "'To' phone number is required"),
        ({"from_": ""}, 21603, "'From' phone number is required"),
        ({"from_": "+15005550007"}, 21606, r"\+15005550007 is not a valid, SMS-capable"),
        ({"to": OURS}, 21266, "cannot be the same"),
        ({"body": ""}, 21619, "message body"),
        ({"body": "x" * 1601}, 21617, "1600 character limit"),
        ({"status_callback": "nowhere"}, 21609, "'StatusCallback' URL nowhere is not a valid URL"),
        ({"status_callback": "http://under_score.example/x"}, 21609, "not a valid URL"),
        ({"to": "+15005550009"}, 21614, "not a valid mobile number"),
        ({"to": "+15005550004"}, 21610, "unsubscribed recipient"),
    ],
)
async def test_what_is_wrong_is_refused_with_the_documented_code(
    client: Any, carrier: Carrier, wrong: dict[str, str], code: int, words: str
) -> None:
    error = await refusal(client, **wrong)
    assert (error.status, error.code) == (400, code)
    assert re.search(words, error.msg)
    assert carrier.messages == []


async def test_an_error_body_has_the_four_documented_fields(server: CarrierServer, http: Any) -> None:
    async with http.get(f"{server.url}/2010-04-01/Accounts/ACx/Messages.json") as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert await answer.json() == {
            "code": 20003,
            "message": "Authenticate",
            "more_info": "https://www.twilio.com/docs/errors/20003",
            "status": 401,
        }


async def test_wrong_credentials_are_refused(server: CarrierServer, new_client: Any) -> None:
    client = new_client(server.url, token="wrong")
    with pytest.raises(TwilioRestException) as caught:
        await asyncio.to_thread(client.messages("SM0").fetch)
    assert (caught.value.status, caught.value.code) == (401, 20003)


async def test_an_unknown_message_or_path_is_404(client: Any, server: CarrierServer) -> None:
    for unknown in (client.messages("SM" + "0" * 32).fetch_async, client.calls("CA" + "0" * 32).fetch_async):
        with pytest.raises(TwilioRestException) as caught:
            await unknown()
        assert (caught.value.status, caught.value.code) == (404, 20404)


async def test_formatting_in_a_number_is_forgiven(client: Any) -> None:
    assert (await send(client, to="+44 7700 900-101")).to == DAUGHTER


async def test_a_private_status_callback_is_refused_only_when_the_switch_is_on(client: Any, carrier: Carrier) -> None:
    await send(client, status_callback="http://127.0.0.1:8080/twilio/status")
    carrier.settings.refuse_private_callbacks = True
    for private in ("http://127.0.0.1:8080/x", "http://192.168.1.2/x", "http://localhost/x", "https://[::1]/x"):
        assert (await refusal(client, status_callback=private)).code == 21609
    await send(client, status_callback="https://hub.example.org/twilio/status")


async def test_lists_are_newest_first_and_filtered(client: Any, carrier: Carrier, clock: VirtualClock) -> None:
    first = await send(client, DAUGHTER)
    second = await send(client, STAFF)
    await clock.advance(10)
    answer = carrier.reply(DAUGHTER, "1")

    async def sids(**filters: Any) -> list[str]:
        return [message.sid for message in await client.messages.list_async(**filters)]

    assert await sids() == [answer.sid, second.sid, first.sid]
    assert await sids(to=DAUGHTER) == [first.sid]
    assert await sids(to=OURS) == [answer.sid]
    assert await sids(from_=OURS) == [second.sid, first.sid]
    assert await sids(to=STAFF, from_=DAUGHTER) == []
    assert await sids(limit=1) == [answer.sid]


async def test_sent_dates_filter_by_day_and_by_second(client: Any, carrier: Carrier, clock: VirtualClock) -> None:
    old = await send(client)
    await clock.advance(timedelta(days=1))
    new = await send(client)
    await clock.advance(10)
    day, second = clock.now().replace(hour=0, minute=0, second=0), clock.now().replace(microsecond=0)

    async def sids(**filters: Any) -> list[str]:
        return [message.sid for message in await client.messages.list_async(**filters)]

    assert await sids(date_sent_after=day) == [new.sid]
    assert await sids(date_sent_before=day - timedelta(seconds=1)) == [old.sid]
    assert await sids(date_sent_after=second) == []
    assert await sids(date_sent=new.date_created) == [new.sid]
    assert await sids(date_sent="2026-03-01") == [old.sid]
    assert await sids(date_sent_after="2026-03-02") == [new.sid]
    assert await sids(date_sent_before="2026-03-01") == [old.sid]


async def test_a_message_not_yet_sent_has_no_sent_date_to_find_it_by(client: Any, clock: VirtualClock) -> None:
    await send(client)
    assert await client.messages.list_async(date_sent_after=clock.now()) == []
    assert len(await client.messages.list_async()) == 1


@pytest.mark.parametrize("bad", ["?PageSize=x", "?DateSent=yesterday", "?PageToken=PAxx--"])
async def test_impossible_filters_are_refused(server: CarrierServer, http: Any, carrier: Carrier, bad: str) -> None:
    url = f"{server.url}/2010-04-01/Accounts/{carrier.account_sid}/Messages.json{bad}"
    headers = {"Authorization": aiohttp.encode_basic_auth(carrier.account_sid, carrier.auth_token)}
    async with http.get(url, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 20001)


async def test_pages_hold_every_message_once_even_while_new_ones_come(client: Any, clock: VirtualClock) -> None:
    sent = [(await send(client, body=str(number))).sid for number in range(7)]
    page = await client.messages.page_async(page_size=3)
    seen = [message.sid for message in page]
    await send(client, body="meanwhile")
    while page.next_page_url:
        page = await page.next_page_async()
        seen += [message.sid for message in page]
    assert seen == sent[::-1]
    back = await page.previous_page_async()
    assert [message.sid for message in back] == sent[::-1][3:6]
    assert len(await client.messages.list_async(page_size=2, limit=5)) == 5


async def test_a_finished_message_can_be_redacted_and_deleted(client: Any, clock: VirtualClock) -> None:
    message = await send(client)
    with pytest.raises(TwilioRestException) as caught:
        await message.delete_async()
    assert (caught.value.status, caught.value.code) == (409, 20009)
    await clock.advance(5)
    assert (await message.update_async(body="")).body == ""
    with pytest.raises(TwilioRestException):
        await message.update_async(status="canceled")
    assert await message.delete_async()
    assert await client.messages.list_async() == []


async def test_the_account_can_be_fetched(client: Any) -> None:
    assert (await client.api.accounts(client.account_sid).fetch_async()).status == "active"


async def test_five_hundred_messages_in_the_same_moment_are_all_accepted_once(client: Any, carrier: Carrier) -> None:
    sent = await asyncio.gather(*(send(client, body=str(number)) for number in range(500)))
    assert len({message.sid for message in sent}) == len(carrier.messages) == 500
