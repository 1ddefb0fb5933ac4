"""The channel and the webhooks against the simulated carrier, which was written from Twilio's documentation alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.alerts.notification import Fate
from hub.channels.twilio_sms import TwilioSms
from hub.ports import Accepted, Channel, FateReport, Inbound, NoAnswer, Rejected, Verdict
from hub.web.app import build
from hub.web.ports import AppPorts, Part
from hub.web.server import Server
from simulators.carrier import Carrier, CarrierServer, Fault, FaultKind, Traffic, VirtualClock

ACCOUNT, TOKEN = "AC" + "a1" * 16, "0123456789abcdef0123456789abcdef"
OURS, DAUGHTER, NURSE = "+15005550006", "+447700900101", "+447700900102"
PATIENT, SHORT = timedelta(seconds=5), timedelta(seconds=0.25)
TEXT = "王秀兰于08:00在卧室按了紧急呼叫，上堡村三社12号。能去请回复1，去不了回复2。编号K7"
MINUTE = timedelta(minutes=1)


@dataclass
class World:
    """One hub's web server, one channel, one carrier, one clock."""

    clock: VirtualClock
    carrier: Carrier
    sms: TwilioSms
    told: list[FateReport] = field(default_factory=list)
    heard: list[Inbound] = field(default_factory=list)

    def breaks(self, kind: FaultKind, *, on: Traffic = Traffic.CREATE, times: int | None = 1) -> None:
        self.carrier.faults.add(Fault(kind, on=on, times=times))

    def arrived(self) -> list[str]:
        return [message.body for message in self.carrier.texts(DAUGHTER) if not message.inbound]


class Hub:
    """Notes what the webhooks bring."""

    def __init__(self) -> None:
        self.world: World

    async def report(self, channel: str, report: FateReport) -> bool:
        self.world.told.append(report)
        return True

    async def receive(self, inbound: Inbound) -> None:
        self.world.heard.append(inbound)

    def ready(self) -> dict[str, Part]:
        return {}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Start all of it on free ports."""
    clock, hub = VirtualClock(), Hub()
    carrier = Carrier(ACCOUNT, TOKEN, [OURS], clock=clock)
    clock.join(carrier)
    pages: list[ASGIApp] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await pages[0](scope, receive, send)

    server = Server(app, "127.0.0.1:0")
    await server.start()  # first, for the channel must know where the carrier can call us
    url = f"http://127.0.0.1:{server.port}"
    async with CarrierServer(carrier) as at:
        sms = TwilioSms(
            name="sms",
            from_number=OURS,
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            api_base=at.url,
            public_url=url,
            clock=clock,
        )
        pages.append(build(AppPorts(hub, hub, hub), [sms]))
        carrier.settings.webhook_url = f"{url}/twilio/sms"
        hub.world = World(clock, carrier, sms)
        yield hub.world
        await sms.close()
    await server.stop()


def test_it_is_a_channel(world: World) -> None:
    one: Channel = world.sms
    assert one.name == "sms"


async def test_text_arrives_and_its_delivery_is_told(world: World) -> None:
    outcome = await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    assert isinstance(outcome, Accepted)
    await world.clock.advance(MINUTE)
    assert world.arrived() == [TEXT]
    assert world.told[-1] == FateReport(outcome.provider_id, Fate.DELIVERED)
    assert await world.sms.fate(outcome.provider_id, limit=PATIENT) == world.told[-1]


async def test_reply_comes_by_webhook_and_by_asking_as_the_same_message(world: World) -> None:
    await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    await world.clock.advance(MINUTE)
    since = world.clock.now()
    world.carrier.reply(DAUGHTER, "1")
    await world.clock.advance(MINUTE)
    world.carrier.reply(DAUGHTER, "３")
    await world.clock.advance(MINUTE)
    assert [(one.sender, one.text) for one in world.heard] == [(DAUGHTER, "1"), (DAUGHTER, "３")]
    assert await world.sms.inbox(since, limit=PATIENT) == world.heard
    assert await world.sms.inbox(world.clock.now() + MINUTE * 10, limit=PATIENT) == []


async def test_many_replies_come_in_their_order_over_pages(world: World) -> None:
    since = world.clock.now()
    for n in range(130):
        world.carrier.reply(DAUGHTER, str(n))
    await world.clock.advance(MINUTE)
    assert [one.text for one in await world.sms.inbox(since, limit=PATIENT)] == [str(n) for n in range(130)]


@pytest.mark.promise("P5")
@pytest.mark.parametrize("kind", [FaultKind.CUT_AFTER, FaultKind.LATE_ANSWER])
async def test_text_accepted_without_an_answer_is_found_again(world: World, kind: FaultKind) -> None:
    since = world.clock.now()
    world.breaks(kind)
    assert isinstance(await world.sms.send(DAUGHTER, TEXT, limit=SHORT), NoAnswer)
    found = await world.sms.look_up(DAUGHTER, TEXT, since, limit=PATIENT)
    assert isinstance(found, Accepted)
    assert await world.sms.look_up(NURSE, TEXT, since, limit=PATIENT) is None
    assert await world.sms.look_up(DAUGHTER, TEXT + "!", since, limit=PATIENT) is None


@pytest.mark.promise("P5")
async def test_text_lost_before_it_was_accepted_is_surely_absent(world: World) -> None:
    since = world.clock.now()
    world.breaks(FaultKind.CUT_BEFORE)
    assert isinstance(await world.sms.send(DAUGHTER, TEXT, limit=PATIENT), NoAnswer)
    assert await world.sms.look_up(DAUGHTER, TEXT, since, limit=PATIENT) is None


@pytest.mark.promise("P5")
async def test_text_accepted_and_answered_with_an_error_is_not_doubled(world: World) -> None:
    world.breaks(FaultKind.ERROR_AFTER)
    assert isinstance(await world.sms.send(DAUGHTER, TEXT, limit=PATIENT), Accepted)
    await world.clock.advance(MINUTE)
    assert world.arrived() == [TEXT]


@pytest.mark.promise("P5")
async def test_carrier_that_cannot_be_asked_leaves_it_unknown(world: World) -> None:
    since = world.clock.now()
    sent = await world.sms.send(DAUGHTER, "another text", limit=PATIENT)
    assert isinstance(sent, Accepted)
    for kind in (FaultKind.TOO_MANY, FaultKind.SERVER_ERROR, FaultKind.WRONG_CREDENTIALS):
        world.breaks(kind, on=Traffic.READ)
        assert isinstance(await world.sms.look_up(DAUGHTER, TEXT, since, limit=PATIENT), NoAnswer)
        world.breaks(kind, on=Traffic.READ)
        assert await world.sms.fate(sent.provider_id, limit=PATIENT) is None
        world.breaks(kind, on=Traffic.READ)
        assert await world.sms.inbox(since, limit=PATIENT) is None


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (FaultKind.TOO_MANY, Verdict.LATER),
        (FaultKind.UNAVAILABLE, Verdict.LATER),
        (FaultKind.SERVER_ERROR, Verdict.LATER),
        (FaultKind.WRONG_CREDENTIALS, Verdict.REFUSED),
        (FaultKind.NO_CREDIT, Verdict.REFUSED),
        (FaultKind.DEAD_NUMBER, Verdict.DEAD_NUMBER),
        (FaultKind.LANDLINE, Verdict.DEAD_NUMBER),
        (FaultKind.OPTED_OUT, Verdict.NEXT_CHANNEL),
        (FaultKind.REFUSED, Verdict.NEXT_CHANNEL),
    ],
)
async def test_refusals_have_their_consequence(world: World, kind: FaultKind, verdict: Verdict) -> None:
    world.breaks(kind)
    outcome = await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    assert isinstance(outcome, Rejected)
    assert outcome.verdict is verdict
    assert (outcome.again_in is not None) == (kind in {FaultKind.TOO_MANY, FaultKind.UNAVAILABLE})
    assert isinstance(await world.sms.send(DAUGHTER, TEXT, limit=PATIENT), Accepted)


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (FaultKind.UNREACHABLE, Verdict.NEXT_CHANNEL),
        (FaultKind.UNKNOWN_HANDSET, Verdict.DEAD_NUMBER),
        (FaultKind.LANDLINE_LATER, Verdict.DEAD_NUMBER),
        (FaultKind.FILTERED, Verdict.NEXT_CHANNEL),
        (FaultKind.SUSPENDED, Verdict.REFUSED),
        (FaultKind.UNDELIVERED, Verdict.NEXT_CHANNEL),
    ],
)
async def test_failures_are_told_with_their_consequence(world: World, kind: FaultKind, verdict: Verdict) -> None:
    world.breaks(kind)
    outcome = await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    assert isinstance(outcome, Accepted)
    await world.clock.advance(MINUTE)
    assert world.arrived() == []
    assert (world.told[-1].fate, world.told[-1].verdict) == (Fate.FAILED, verdict)
    assert await world.sms.fate(outcome.provider_id, limit=PATIENT) == world.told[-1]


async def test_person_who_texted_stop_is_not_sent_to(world: World) -> None:
    world.carrier.reply(DAUGHTER, "STOP")
    outcome = await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    assert outcome == Rejected(Verdict.NEXT_CHANNEL, "21610 opted out by STOP")


async def test_refused_callback_turns_to_polling(world: World) -> None:
    world.carrier.settings.refuse_private_callbacks = True
    outcome = await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    assert isinstance(outcome, Accepted)
    assert world.sms.polled
    await world.clock.advance(MINUTE)
    assert world.told == []
    report = await world.sms.fate(outcome.provider_id, limit=PATIENT)
    assert report is not None
    assert report.fate is Fate.DELIVERED


async def test_reports_twice_and_in_any_order_are_taken(world: World) -> None:
    world.breaks(FaultKind.TWICE)
    await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    world.breaks(FaultKind.REORDERED)
    await world.sms.send(DAUGHTER, TEXT, limit=PATIENT)
    await world.clock.advance(MINUTE)
    assert [report.fate for report in world.told].count(Fate.DELIVERED) == 3


async def test_a_hundred_at_once_all_arrive(world: World) -> None:
    """60 + 20 is what the dispatcher sends side by side; the connections must not be the limit."""
    texts = [f"text {n}" for n in range(100)]
    outcomes = await asyncio.gather(*(world.sms.send(DAUGHTER, text, limit=PATIENT) for text in texts))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    await world.clock.advance(MINUTE)
    assert sorted(world.arrived()) == sorted(texts)
