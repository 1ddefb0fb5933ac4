"""Sending one text through Twilio: what each answer, and each missing answer, means for the alert."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from hub.alerts.notification import Fate
from hub.channels.twilio_sms import TwilioSms
from hub.ports import Accepted, NoAnswer, Rejected, Verdict
from tests.channels.fake_twilio import (
    ACCOUNT,
    CUT,
    HANG,
    MADE,
    OURS,
    THEIRS,
    TOKEN,
    Answer,
    FakeTwilio,
    FixedClock,
    channel,
    error,
    listing,
    message,
)

PATIENT = timedelta(seconds=5)
SHORT = timedelta(seconds=0.2)
TEXT = "【安河县民政局】王秀兰于08:00在卧室按了紧急呼叫，上堡村三社12号。能去请回复1，去不了回复2。编号K7"

Carrier = Callable[..., Awaitable[tuple[FakeTwilio, TwilioSms]]]


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    """Give a carrier with these answers and a channel that speaks to it; both end with the test."""
    async with AsyncExitStack() as stack:

        async def begin(*answers: Answer, **fields: object) -> tuple[FakeTwilio, TwilioSms]:
            fake = await stack.enter_async_context(FakeTwilio(*answers))
            sms = channel(fake.base, **fields)
            stack.push_async_callback(sms.close)
            return fake, sms

        yield begin


async def test_accepted_text_reaches_the_carrier_whole(carrier: Carrier) -> None:
    fake, sms = await carrier(Answer(body=message(7)))
    assert await sms.send(THEIRS, TEXT, limit=PATIENT) == Accepted(f"SM{7:032x}", Fate.ACCEPTED)
    (seen,) = fake.seen
    assert (seen.method, seen.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert seen.account == ACCOUNT
    assert seen.form["To"] == THEIRS
    assert seen.form["From"] == OURS
    assert seen.form["Body"] == TEXT
    assert seen.form["StatusCallback"].partition("#")[0] == "http://127.0.0.1:8080/twilio/status"


async def test_text_that_failed_at_once_is_told_with_its_id(carrier: Carrier) -> None:
    _, sms = await carrier(Answer(body=message(7, status="failed", error_code=30006)))
    outcome = await sms.send(THEIRS, TEXT, limit=PATIENT)
    assert outcome == Accepted(f"SM{7:032x}", Fate.FAILED, "30006 landline", Verdict.DEAD_NUMBER)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (error(20429, 429), Verdict.LATER),
        (error(None, 429), Verdict.LATER),
        (error(None, 500), Verdict.LATER),
        (error(20500, 500), Verdict.LATER),
        (error(20503, 503), Verdict.LATER),
        (error(None, 408), Verdict.LATER),
        (error(None, 302), Verdict.LATER),  # a captive portal
        (error(21211), Verdict.DEAD_NUMBER),
        (error(21217), Verdict.DEAD_NUMBER),
        (error(21614), Verdict.DEAD_NUMBER),
        (error(21635), Verdict.DEAD_NUMBER),
        (error(21610), Verdict.NEXT_CHANNEL),
        (error(21612), Verdict.NEXT_CHANNEL),
        (error(29999), Verdict.NEXT_CHANNEL),  # a code of tomorrow
        (error(20003, 401), Verdict.REFUSED),
        (error(20005, 403), Verdict.REFUSED),
        (error(20404, 404), Verdict.REFUSED),
        (error(21606), Verdict.REFUSED),
        (error(21608), Verdict.REFUSED),
        (error(21408), Verdict.REFUSED),
        (error(None, 401), Verdict.REFUSED),
        (error(None, 403), Verdict.REFUSED),
    ],
)
async def test_each_refusal_has_its_consequence(carrier: Carrier, answer: Answer, verdict: Verdict) -> None:
    fake, sms = await carrier(answer)
    outcome = await sms.send(THEIRS, TEXT, limit=PATIENT)
    assert isinstance(outcome, Rejected)
    assert outcome.verdict is verdict
    assert THEIRS not in outcome.error
    assert len(fake.seen) == 1  # trying again is the dispatcher's decision


async def test_newer_error_form_is_understood(carrier: Carrier) -> None:
    body = {"type": "https://www.twilio.com/docs/api/errors/21614", "title": "No", "status": 400, "code": 21614}
    _, sms = await carrier(Answer(400, body))
    assert await sms.send(THEIRS, TEXT, limit=PATIENT) == Rejected(Verdict.DEAD_NUMBER, "21614 not a mobile number")


async def test_opted_out_person_is_named_as_such(carrier: Carrier) -> None:
    _, sms = await carrier(error(21610))
    outcome = await sms.send(THEIRS, TEXT, limit=PATIENT)
    assert outcome == Rejected(Verdict.NEXT_CHANNEL, "21610 opted out by STOP")


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, timedelta(seconds=7)),
        ({}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "999999999999"}, timedelta(hours=1)),
        (
            {"Retry_After": "Sun, 01 Mar 2026 08:00:30 GMT", "Date": "Sun, 01 Mar 2026 08:00:00 GMT"},
            timedelta(seconds=30),
        ),
        ({"Retry_After": "Sun, 01 Mar 2026 07:00:00 GMT", "Date": "Sun, 01 Mar 2026 08:00:00 GMT"}, timedelta(0)),
        ({"Retry_After": "Sun, 01 Mar 2026 07:00:00 GMT"}, None),
    ],
)
async def test_busy_carrier_says_how_long_to_wait(
    carrier: Carrier, headers: dict[str, str], wait: timedelta | None
) -> None:
    _, sms = await carrier(error(20429, 429, **headers))
    outcome = await sms.send(THEIRS, TEXT, limit=PATIENT)
    assert outcome == Rejected(Verdict.LATER, "20429 too many requests", wait)


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    "answer",
    [
        CUT,
        Answer(201, "<html>you are online now</html>"),
        Answer(201, "[]"),
        Answer(201, {"status": "queued"}),
        Answer(201, {"sid": None}),
        Answer(201, ""),
        error(None, 502),
        error(None, 504),
        Answer(201, "short", {"Content-Length": "500", "Connection": "close"}),
    ],
)
async def test_no_usable_answer_is_unknown(carrier: Carrier, answer: Answer) -> None:
    fake, sms = await carrier(answer)
    limit = SHORT if answer.body == "short" else PATIENT
    assert isinstance(await sms.send(THEIRS, TEXT, limit=limit), NoAnswer)
    assert len(fake.seen) == 1


@pytest.mark.promise("P5")
async def test_hanging_carrier_is_unknown_when_the_limit_ends(carrier: Carrier) -> None:
    fake, sms = await carrier(HANG)
    assert await sms.send(THEIRS, TEXT, limit=SHORT) == NoAnswer("no answer in time")
    assert len(fake.seen) == 1


async def test_hanging_request_does_not_spoil_the_next_one(carrier: Carrier) -> None:
    _, sms = await carrier(HANG, Answer(body=message(2)))
    await sms.send(THEIRS, TEXT, limit=SHORT)
    assert await sms.send(THEIRS, TEXT, limit=PATIENT) == Accepted(f"SM{2:032x}")


@pytest.mark.promise("P5")
@pytest.mark.parametrize("status", [500, 502, 504])
async def test_text_taken_before_the_carrier_broke_is_found(carrier: Carrier, status: int) -> None:
    found = message(4, body=TEXT, status="sent")
    fake, sms = await carrier(error(None, status), listing(found), clock=FixedClock(MADE))
    assert await sms.send(THEIRS, TEXT, limit=PATIENT) == Accepted(f"SM{4:032x}")
    assert [seen.method for seen in fake.seen] == ["POST", "GET"]


@pytest.mark.promise("P5")
async def test_text_not_taken_when_the_carrier_broke_is_sent_later(carrier: Carrier) -> None:
    for status in (500, 502, 504):
        _, sms = await carrier(error(None, status), listing(), clock=FixedClock(MADE))
        outcome = await sms.send(THEIRS, TEXT, limit=PATIENT)
        assert isinstance(outcome, Rejected)
        assert outcome.verdict is Verdict.LATER


@pytest.mark.promise("P5")
async def test_carrier_too_broken_to_be_asked_is_taken_at_its_word(carrier: Carrier) -> None:
    _, sms = await carrier(error(None, 500), HANG, clock=FixedClock(MADE))
    outcome = await sms.send(THEIRS, TEXT, limit=SHORT)
    assert outcome == Rejected(Verdict.LATER, "HTTP 500 carrier broken or busy")


@pytest.mark.promise("P5")
async def test_refused_connection_was_surely_not_sent() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, but nobody listens
        sms = channel(f"http://127.0.0.1:{closed.getsockname()[1]}")
        outcome = await sms.send(THEIRS, TEXT, limit=PATIENT)
        await sms.close()
    assert outcome == Rejected(Verdict.LATER, "no connection to the carrier")


async def test_carrier_that_does_not_let_us_in_was_not_sent_to() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # the connection is made by the kernel, TLS never answers
        sms = channel(f"https://127.0.0.1:{full.getsockname()[1]}")
        outcome = await sms.send(THEIRS, TEXT, limit=SHORT)
        await sms.close()
    assert outcome == Rejected(Verdict.LATER, "no answer in time")


async def test_refused_callback_is_left_out_and_fates_are_polled_from_then_on(carrier: Carrier) -> None:
    fake, sms = await carrier(error(21609), Answer(body=message(3)))
    assert not sms.polled
    assert await sms.send(THEIRS, TEXT, limit=PATIENT) == Accepted(f"SM{3:032x}")
    assert sms.polled
    await sms.send(THEIRS, TEXT, limit=PATIENT)
    assert ["StatusCallback" in seen.form for seen in fake.seen] == [True, False, False]


@pytest.mark.parametrize(
    ("public_url", "api_base", "polled"),
    [
        ("http://127.0.0.1:8080", None, True),
        ("http://192.168.1.20:8080", None, True),
        ("http://[fd00::1]:8080", None, True),
        ("http://localhost:8080", None, True),
        ("http://gateway.local", None, True),
        ("http://hub", None, True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:9000", False),
        ("http://127.0.0.1:8080", "https://api.example.org", True),
        ("https://care.example.org", None, False),
        ("https://care.example.org/hub/", None, False),
    ],
)
def test_fates_are_polled_where_twilio_cannot_call(public_url: str, api_base: str | None, polled: bool) -> None:
    assert channel(api_base, public_url=public_url).polled is polled


@pytest.mark.promise("P11")
@pytest.mark.parametrize("to", ["120", "+86120", "0086119", "+1911", "１１０", "12345", "+86936120"])
async def test_emergency_number_is_never_dialled(carrier: Carrier, to: str) -> None:
    fake, sms = await carrier()
    outcome = await sms.send(to, TEXT, limit=PATIENT)
    assert isinstance(outcome, Rejected)
    assert outcome.verdict is Verdict.DEAD_NUMBER
    assert fake.seen == []


async def test_what_is_no_number_is_not_sent(carrier: Carrier) -> None:
    fake, sms = await carrier()
    for to in ("", "13800138000", "+", "whatsapp:+447700900101", "+44770090010a", "+" + "1" * 16):
        assert isinstance(await sms.send(to, TEXT, limit=PATIENT), Rejected)
    assert fake.seen == []


def test_twilio_brings_no_replies_from_mainland_china() -> None:
    sms = channel(None)
    assert not sms.replies("+8613800138000")
    assert sms.replies("+85251234567")
    assert sms.replies(THEIRS)


async def test_neither_secrets_nor_numbers_are_shown(
    carrier: Carrier, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    _, sms = await carrier(error(21609), Answer(body=message(3)), error(20003, 401))
    with capture_logs() as logs:
        await sms.send(THEIRS, TEXT, limit=PATIENT)
        await sms.send(THEIRS, TEXT, limit=PATIENT)
        await sms.look_up(THEIRS, TEXT, datetime(2026, 3, 1, tzinfo=UTC), limit=PATIENT)
    shown = f"{sms!r} {sms} {logs} {caplog.text} {capsys.readouterr()}"
    for secret in (TOKEN, THEIRS, "王秀兰"):
        assert secret not in shown
