"""Asking Twilio afterwards: does it have our text, what became of it, what did people answer."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from hub.alerts.notification import Fate
from hub.channels.twilio_sms import MOST_PAGES, TwilioSms
from hub.ports import Accepted, FateReport, Inbound, NoAnswer, Verdict
from tests.channels.fake_twilio import (
    CUT,
    HANG,
    MADE,
    OURS,
    THEIRS,
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
SECOND = timedelta(seconds=1)
SID = f"SM{1:032x}"

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


@pytest.mark.promise("P5")
async def test_text_that_arrived_is_found_by_its_words(carrier: Carrier) -> None:
    other = message(2, body="help, K8")
    fake, sms = await carrier(listing(other, message(1, body="help, K7", status="sent")))
    assert await sms.look_up(THEIRS, "help, K7", MADE - SECOND, limit=PATIENT) == Accepted(SID)
    assert fake.seen[0].query == {"To": THEIRS, "From": OURS, "PageSize": "50"}


@pytest.mark.promise("P5")
async def test_text_still_in_the_carriers_queue_is_found(carrier: Carrier) -> None:
    """It has no date of sending yet, so a filter by that date would hide it and the text would leave twice."""
    fake, sms = await carrier(listing(message(1, status="queued", date_sent=None)))
    assert await sms.look_up(THEIRS, "help", MADE, limit=PATIENT) == Accepted(SID)
    assert not any(name.startswith("DateSent") for name in fake.seen[0].query)


@pytest.mark.promise("P5")
async def test_text_that_never_arrived_is_surely_absent(carrier: Carrier) -> None:
    _, sms = await carrier(listing(message(1, body="something else")))
    assert await sms.look_up(THEIRS, "help", MADE, limit=PATIENT) is None


async def test_same_words_from_an_hour_ago_are_another_text(carrier: Carrier) -> None:
    _, sms = await carrier(listing(message(1, made=MADE - timedelta(hours=1))))
    assert await sms.look_up(THEIRS, "help", MADE, limit=PATIENT) is None


async def test_clocks_may_differ_a_little(carrier: Carrier) -> None:
    _, sms = await carrier(listing(message(1, made=MADE - timedelta(seconds=90))))
    assert await sms.look_up(THEIRS, "help", MADE, limit=PATIENT) == Accepted(SID)


@pytest.mark.promise("P8")
@pytest.mark.parametrize("wrong", [timedelta(hours=-5), timedelta(days=300)])
async def test_wrong_hub_clock_is_learnt_from_what_was_accepted(carrier: Carrier, wrong: timedelta) -> None:
    fake, sms = await carrier(
        Answer(body=message(1, body="first")),
        listing(message(2, made=MADE + SECOND), message(3, body="old", made=MADE - timedelta(hours=1))),
        listing(message(2, made=MADE + SECOND), message(3, body="old", made=MADE - timedelta(hours=1))),
        clock=FixedClock(MADE + wrong),
    )
    await sms.send(THEIRS, "first", limit=PATIENT)
    assert await sms.look_up(THEIRS, "help", MADE + wrong, limit=PATIENT) == Accepted(f"SM{2:032x}")
    assert await sms.look_up(THEIRS, "old", MADE + wrong, limit=PATIENT) is None
    assert len(fake.seen) == 3


async def test_trial_account_puts_words_before_ours(carrier: Carrier) -> None:
    _, sms = await carrier(listing(message(1, body="Sent from your Twilio trial account - help")))
    assert await sms.look_up(THEIRS, "help", MADE, limit=PATIENT) == Accepted(SID)


async def test_of_two_the_living_one_counts(carrier: Carrier) -> None:
    failed = message(2, status="undelivered", error_code=30003)
    _, sms = await carrier(listing(failed, message(1, status="sent")), listing(failed))
    assert await sms.look_up(THEIRS, "help", MADE, limit=PATIENT) == Accepted(SID)
    found = await sms.look_up(THEIRS, "help", MADE, limit=PATIENT)
    assert found == Accepted(f"SM{2:032x}", Fate.FAILED, "30003 handset unreachable", Verdict.NEXT_CHANNEL)


async def test_look_up_goes_on_to_the_next_page(carrier: Carrier) -> None:
    page = f"/2010-04-01/Accounts/x/Messages.json?To=%2B447700900101&PageToken=PA{9}"
    fake, sms = await carrier(listing(message(5, body="again"), next_page=page), listing(message(1)))
    assert await sms.look_up(THEIRS, "help", MADE, limit=PATIENT) == Accepted(SID)
    assert fake.seen[1].query == {"To": THEIRS, "PageToken": "PA9"}


async def test_look_up_without_end_is_not_an_absence(carrier: Carrier) -> None:
    page = listing(message(5, body="again"), next_page="/2010-04-01/more.json")
    fake, sms = await carrier(*[page] * 20)
    assert isinstance(await sms.look_up(THEIRS, "help", MADE, limit=PATIENT), NoAnswer)
    assert len(fake.seen) == MOST_PAGES + 1


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    "answer",
    [HANG, CUT, error(20429, 429), error(20003, 401), error(None, 500), Answer(200, "<html>"), Answer(200, {})],
)
async def test_look_up_without_answer_is_not_an_absence(carrier: Carrier, answer: Answer) -> None:
    _, sms = await carrier(*[answer] * 3)
    limit = SHORT if answer.hang else PATIENT
    assert isinstance(await sms.look_up(THEIRS, "help", MADE, limit=limit), NoAnswer)


@pytest.mark.parametrize(
    ("status", "code", "fate", "verdict"),
    [
        ("accepted", None, Fate.ACCEPTED, None),
        ("queued", None, Fate.ACCEPTED, None),
        ("sending", None, Fate.ACCEPTED, None),
        ("sent", None, Fate.ACCEPTED, None),
        ("delivered", None, Fate.DELIVERED, None),
        ("read", None, Fate.DELIVERED, None),
        ("canceled", None, Fate.FAILED, Verdict.NEXT_CHANNEL),
        ("failed", 30001, Fate.FAILED, Verdict.NEXT_CHANNEL),
        ("failed", 30002, Fate.FAILED, Verdict.REFUSED),
        ("undelivered", 30003, Fate.FAILED, Verdict.NEXT_CHANNEL),
        ("undelivered", 30004, Fate.FAILED, Verdict.NEXT_CHANNEL),
        ("undelivered", 30005, Fate.FAILED, Verdict.DEAD_NUMBER),
        ("undelivered", 30006, Fate.FAILED, Verdict.DEAD_NUMBER),
        ("undelivered", 30007, Fate.FAILED, Verdict.NEXT_CHANNEL),
        ("undelivered", 30008, Fate.FAILED, Verdict.NEXT_CHANNEL),
        ("undelivered", 39999, Fate.FAILED, Verdict.NEXT_CHANNEL),
        # What the carrier had accepted is never sent again on the same channel.
        ("failed", 63017, Fate.FAILED, Verdict.NEXT_CHANNEL),
    ],
)
async def test_each_state_is_a_fate(
    carrier: Carrier, status: str, code: int | None, fate: Fate, verdict: Verdict | None
) -> None:
    _, sms = await carrier(Answer(200, message(1, status=status, error_code=code)))
    report = await sms.fate(SID, limit=PATIENT)
    assert report is not None
    assert (report.provider_id, report.fate, report.verdict) == (SID, fate, verdict)
    assert (report.error is None) == (fate is not Fate.FAILED)
    form = {"MessageSid": SID, "MessageStatus": status, **({"ErrorCode": str(code)} if code else {})}
    assert sms.status_of(form) == report  # the webhook tells the same


async def test_message_the_carrier_does_not_know_has_failed(carrier: Carrier) -> None:
    _, sms = await carrier(error(20404, 404))
    report = await sms.fate(SID, limit=PATIENT)
    assert isinstance(report, FateReport)
    assert (report.fate, report.verdict) == (Fate.FAILED, Verdict.NEXT_CHANNEL)


@pytest.mark.promise("P5")
@pytest.mark.parametrize(
    "answer", [HANG, CUT, error(20429, 429), error(20003, 401), Answer(200, "?"), Answer(200, message(status="odd"))]
)
async def test_no_answer_tells_no_fate(carrier: Carrier, answer: Answer) -> None:
    _, sms = await carrier(*[answer] * 3)
    assert await sms.fate(SID, limit=SHORT if answer.hang else PATIENT) is None


async def test_replies_come_oldest_first_and_only_those_to_us(carrier: Carrier) -> None:
    reply = {"direction": "inbound", "from": THEIRS, "to": OURS, "status": "received"}
    fake, sms = await carrier(
        listing(
            message(3, body="2", made=MADE + SECOND, **reply),
            message(9, to=OURS),  # a text of our own
            message(2, body="1", **reply),
            message(1, body="1", made=MADE - timedelta(hours=1), **reply),
        )
    )
    got = await sms.inbox(MADE, limit=PATIENT)
    assert got == [Inbound("sms", f"SM{2:032x}", THEIRS, "1"), Inbound("sms", f"SM{3:032x}", THEIRS, "2")]
    assert fake.seen[0].query == {"To": OURS, "PageSize": "50"}


async def test_a_picture_without_words_is_an_empty_reply(carrier: Carrier) -> None:
    _, sms = await carrier(listing(message(2, body=None, direction="inbound", **{"from": THEIRS, "to": OURS})))
    assert await sms.inbox(MADE, limit=PATIENT) == [Inbound("sms", f"SM{2:032x}", THEIRS, "")]


@pytest.mark.parametrize("answer", [HANG, CUT, error(20429, 429), Answer(200, "?"), Answer(200, {})])
async def test_unanswered_inbox_is_not_an_empty_one_and_raises_nothing(carrier: Carrier, answer: Answer) -> None:
    _, sms = await carrier(*[answer] * 3)
    assert await sms.inbox(MADE, limit=SHORT if answer.hang else PATIENT) is None


def test_sdk_is_loaded_by_the_channel_and_by_nothing_before() -> None:
    """200 ms and 31 MB that a hub without Twilio does not pay, and that no SOS waits for."""
    script = """
import sys
import hub.channels, hub.channels.twilio_settings, hub.channels.twilio_sms
import hub.web.app, hub.web.webhooks, hub.alerts.emergency
assert not [name for name in sys.modules if name.split(".")[0] == "twilio"], "loaded too early"
before = hub.channels.twilio_sms.TwilioSms(
    name="sms", from_number="+15005550006", account_sid="AC1", auth_token="x", public_url="http://127.0.0.1"
)
loaded = set(sys.modules)
assert "twilio.rest.api.v2010.account.message" in loaded, "not warmed"
before._client.messages
before._client.messages("SM1")
assert set(sys.modules) == loaded, set(sys.modules) - loaded
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
