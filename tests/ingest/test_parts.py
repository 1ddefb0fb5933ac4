"""The parts of a session by themselves."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import aiomqtt
import pytest

from devices.message import Message
from hub.clock import HubClock
from hub.homes import Registry
from hub.ingest.backoff import Backoff
from hub.ingest.client import AckClient, Broker, require_private_names
from hub.ingest.committing import Committer
from hub.ingest.decoding import Decoder, Said
from hub.ingest.filters import plan
from hub.ingest.grants import OVERLAP_S, Grants
from hub.ingest.inbox import MOST_BYTES, MOST_WAITING, Inbox, MarkerBack, Opened, Received
from hub.ingest.link import Link, Markers
from hub.ports import Arrival, Session
from tests.ingest.fakes import WIRE, button, home_of, motion, registry_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def message(topic: str = "zigbee2mqtt/b", payload: bytes = b"single", qos: int = 1) -> Message:
    return Message(topic, payload, NOW, qos=qos)


# --- the client -----------------------------------------------------------------------------------------------------


async def test_the_private_names_of_the_library_are_still_there() -> None:
    client = AckClient(Broker("127.0.0.1", 1), "x", durable=True, on_open=lambda _: None, on_message=lambda _: None)
    require_private_names(client)
    assert asyncio.isfuture(client._disconnected)
    assert callable(client._client._sock_close)
    assert client._client._manual_ack is True


def test_a_library_that_changed_its_private_names_is_refused() -> None:
    class Later(aiomqtt.Client):
        def __init__(self) -> None:
            self._other = None

    with pytest.raises(RuntimeError, match="too new for carehub"):
        require_private_names(Later())


def test_addresses_of_brokers() -> None:
    assert Broker.of("mqtt://127.0.0.1", "hub", "secret") == Broker("127.0.0.1", 1883, False, "hub", "secret")
    assert Broker.of("mqtts://broker.example") == Broker("broker.example", 8883, True)
    assert Broker.of("mqtt://[::1]:1884").url == "mqtt://[::1]:1884"
    assert "secret" not in repr(Broker.of("mqtt://127.0.0.1", "hub", "secret"))
    for wrong in ("127.0.0.1:1883", "http://127.0.0.1", "mqtt://", "mqtt://user:pass@host", "mqtt://host/path"):
        with pytest.raises(ValueError, match="broker"):
            Broker.of(wrong)


async def test_tls_trusts_the_systems_authorities_or_those_of_a_file() -> None:
    client = AckClient(
        Broker.of("mqtts://127.0.0.1"), "x", durable=False, on_open=lambda _: None, on_message=lambda _: None
    )
    client._set_tls_params()
    context = client._client._ssl_context
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_back_off_doubles_and_has_an_end() -> None:
    backoff = Backoff()
    waits = [backoff.next() for _ in range(10)]
    assert 0.14 <= waits[0] <= 0.2
    assert 21 <= waits[-1] <= 30
    backoff.reset()
    assert backoff.next() <= 0.2
    assert backoff.longest() >= 21


# --- markers ----------------------------------------------------------------------------------------------------------


def test_a_marker_settles_only_what_was_acknowledged_before_it() -> None:
    markers = Markers()
    markers.acked([1])
    first = markers.publish()
    markers.acked([2])
    assert markers.read(first) == 1
    assert markers.settled(1) == [1]
    second = markers.publish()
    assert markers.read(second) == 2
    assert markers.settled(2) == [2]
    assert markers.settled(2) == []


def test_a_marker_that_was_swallowed_is_settled_by_the_next() -> None:
    markers = Markers()
    markers.acked([1])
    markers.publish()
    markers.acked([2])
    assert markers.read(markers.publish()) == 2
    assert markers.settled(2) == [1, 2]
    assert not markers.is_outstanding


def test_a_packet_id_in_use_again_is_not_settled_yet() -> None:
    markers = Markers()
    markers.acked([7])
    first = markers.publish()
    markers.received(7)  # another message, not yet committed
    assert markers.read(first) == 1
    assert markers.settled(1) == []
    markers.acked([7])
    assert markers.read(markers.publish()) == 2
    assert markers.settled(2) == [7]


def test_markers_of_other_connections_and_forgeries_prove_nothing() -> None:
    markers, other = Markers(), Markers()
    own = markers.publish()
    for payload in (other.publish(), b"", b"\xff\xff", own + b"0", own.replace(b"1", b"-1"), b"x 1"):
        if payload != own:
            assert markers.read(payload) is None
    assert markers.read(own) == 1
    assert markers.read(own) is None


# --- the inbox --------------------------------------------------------------------------------------------------------


def received(link: Link, payload: bytes = b"", *, qos: int = 1, decoding_s: float = 0.0) -> Received:
    return Received(link, message(payload=payload, qos=qos), Said(), 1, False, True, decoding_s)


async def test_batches_end_at_two_hundred_at_ten_milliseconds_at_a_marker_and_at_a_connection() -> None:
    inbox, link, next_link = Inbox(lambda: None), Link(), Link()
    for _ in range(250):
        inbox.put(received(link))
    for _ in range(10):
        inbox.put(received(link, decoding_s=0.004))
    inbox.put(MarkerBack(link, 1))
    inbox.put(received(link))
    inbox.put(Opened(next_link))
    inbox.put(received(next_link))
    sizes = [len(work) if isinstance(work, list) else type(work) for work in [await inbox.next() for _ in range(9)]]
    assert sizes == [200, 53, 3, 3, 1, MarkerBack, 1, Opened, 1]
    assert len(inbox) == 0


async def test_a_handful_waits_for_a_moment_and_no_longer() -> None:
    inbox, link = Inbox(lambda: None), Link()
    waiting = asyncio.create_task(inbox.gathered(3, within_s=60))
    for _ in range(3):
        await asyncio.sleep(0)
        assert not waiting.done()
        inbox.put(received(link))
    await waiting
    await inbox.gathered(3, within_s=60)  # there are enough
    await inbox.gathered(4, within_s=0.001)  # there never will be
    await inbox.gathered(4, within_s=-1)
    assert len(await inbox.next()) == 3  # type: ignore[arg-type]


async def test_the_inbox_says_when_to_stop_reading_and_when_to_go_on() -> None:
    lows: list[int] = []
    inbox, link = Inbox(lambda: lows.append(inbox.messages)), Link()
    for _ in range(MOST_WAITING):
        assert not inbox.is_full
        inbox.put(received(link))
    assert inbox.is_full
    while inbox.messages:
        await inbox.next()
    assert lows[0] == MOST_WAITING // 2
    inbox.put(received(link, bytes(MOST_BYTES)))
    assert inbox.is_full


async def test_what_the_broker_will_not_send_again_is_kept_within_limits() -> None:
    inbox, link, next_link = Inbox(lambda: None), Link(), Link()
    assert inbox.keep([received(link, b"%d" % n, qos=0) for n in range(MOST_WAITING)]) == []
    assert len(inbox.keep([received(link, qos=0)])) == 1
    inbox.put(received(next_link, b"new"))
    inbox.give_back(next_link)
    batch = await inbox.next()
    assert isinstance(batch, list)
    assert batch[0].message.payload == b"0"
    assert batch[0].link is next_link
    assert len(inbox) == MOST_WAITING + 1 - 200


# --- what the watch leaves alone --------------------------------------------------------------------------------------


class Seconds:
    """Time as the network sees it."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


async def test_the_watch_hears_a_new_device_for_five_more_seconds() -> None:
    seconds = Seconds()
    grants = Grants(plan(registry_of(button("old"), button("new")), [WIRE], "carehub"), seconds)
    grants.grant(Session.SOS, ["zigbee2mqtt/old/#"])
    grants.serve(Session.WATCH, True)
    grants.grant(Session.SOS, ["zigbee2mqtt/new/#"])
    assert grants.covers("zigbee2mqtt/old/x")  # granted before the watch began: nothing can fall between
    assert not grants.covers("zigbee2mqtt/new")
    seconds.at += OVERLAP_S
    assert grants.covers("zigbee2mqtt/new")
    grants.withdraw(Session.SOS, ["zigbee2mqtt/old/#"])
    assert not grants.covers("zigbee2mqtt/old/x")
    grants.forget(Session.SOS)
    assert not grants.covers("zigbee2mqtt/new")


async def test_an_old_filter_stays_until_its_successor_is_granted() -> None:
    seconds = Seconds()
    grants = Grants(plan(registry_of(motion("hall"), motion("gone")), [WIRE], "carehub"), seconds)
    grants.grant(Session.MAIN, grants.plan.filters[Session.MAIN])
    grants.replace(plan(registry_of(button("hall")), [WIRE], "carehub"))
    assert grants.stale(Session.MAIN) == ["zigbee2mqtt/gone/#"]
    assert "zigbee2mqtt/hall/#" in grants.missing(Session.SOS)
    grants.grant(Session.SOS, ["zigbee2mqtt/hall/#"])
    assert grants.stale(Session.MAIN) == ["zigbee2mqtt/gone/#", "zigbee2mqtt/hall/#"]
    grants.withdraw(Session.MAIN, grants.stale(Session.MAIN))
    assert grants.covers("zigbee2mqtt/hall")
    assert grants.stale(Session.MAIN) == []


# --- whose message is it ----------------------------------------------------------------------------------------------


def test_the_longest_prefix_is_the_homes() -> None:
    homes = [home_of(prefix=prefix, id=f"{prefix}home") for prefix in ("", "a/", "a/b/")]
    decoder = Decoder(Registry.of([], homes), [WIRE])
    for topic, prefix in [
        ("zigbee2mqtt/x", ""),
        ("a/zigbee2mqtt/x", "a/"),
        ("a/b/zigbee2mqtt/x", "a/b/"),
        ("c/d/zigbee2mqtt/x", "c/d/"),  # a gateway that nobody has configured yet
    ]:
        said = decoder.read(message(topic))
        assert said.prefix == prefix
        assert [reading.source for reading in said.readings] == ["zigbee2mqtt/x"]
    assert decoder.read(message("c/d/e/zigbee2mqtt/x")).foreign
    assert decoder.read(message("zigbee2mqtt")).fault == "no dialect reads this topic"


def test_endless_new_topics_do_not_fill_memory() -> None:
    decoder = Decoder(Registry(), [WIRE])
    for n in range(50_000):
        decoder.route(f"other/{n}")
    assert len(decoder._routes) <= 20_000


# --- acknowledgements -------------------------------------------------------------------------------------------------


class _Acks:
    """A client that only remembers what it acknowledged, and an intake that commits at once."""

    def __init__(self) -> None:
        self.mids: list[int] = []
        self.enough = asyncio.Event()

    def ack(self, *mids: int) -> None:
        self.mids += mids
        if len(self.mids) == 3:
            self.enough.set()

    async def commit(self, arrivals: Sequence[Arrival]) -> None:
        await asyncio.sleep(0)


async def test_a_marker_is_acknowledged_in_its_place() -> None:
    """Source: MQTT 5.0, section 4.6: acknowledgements come in the order of the messages; rumqttd insists."""
    acks, link, inbox = _Acks(), Link(), Inbox(lambda: None)
    link.client = acks  # type: ignore[assignment]
    committer = Committer(Session.WATCH, inbox, acks, HubClock(), None)  # type: ignore[arg-type]
    inbox.put(replace(received(link), mid=7))
    inbox.put(MarkerBack(link, 1, mid=8))
    inbox.put(replace(received(link), mid=9))
    task = asyncio.create_task(committer.run())
    await asyncio.wait_for(acks.enough.wait(), 10)
    task.cancel()
    assert acks.mids == [7, 8, 9]
