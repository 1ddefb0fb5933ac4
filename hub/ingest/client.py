"""One connection to the broker: aiomqtt with acknowledgement by hand, reading that can be paused, and the DUP flag.

The only module that touches aiomqtt and paho. aiomqtt 2.5 acknowledges before the application has committed, hides
DUP and the session flag, and reads the socket without limit; paho underneath can do better, so we speak with both.
The socket is read by us: what is no PUBLISH is handed to paho, a packet at a time, as if it had read it.
"""

import asyncio
import contextlib
import logging
import math
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import paho.mqtt.client as paho
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from hub.ingest.packets import PUBLISH, Packet, Packets, Publish, pubacks, read_publish

# What a durable session may be away for before the broker forgets it.
SESSION_EXPIRY = timedelta(days=7)

# How many messages the broker may have under way to us. A soft limit: Mosquitto 2.0.11 was seen to send 48 more.
RECEIVE_MAXIMUM = 200

# Larger packets the broker drops without a word, so what `broker-config` writes refuses them at the publisher. A
# gateway's list of its devices is the largest thing that is known to come: 300 kB for a hundred of them.
MAXIMUM_PACKET = 5 * 1024 * 1024

KEEPALIVE_S = 15
CONNECT_S = 10.0
CLOSE_S = 0.5

# Mosquitto writes its whole memory after each SUBSCRIBE, so a large site takes bigger bites.
SUBSCRIBE_AT_ONCE = 100

# How much is read from the socket at once, and how long one connection is read before the others have their turn.
_CHUNK = 65_536
_TURN_S = 0.0003
SUBSCRIBE_MANY = 1_000

_REFUSED = 0x80  # MQTT 5.0 section 2.4: reason codes from here on are failures
_NOT_SIGNED_IN = (0x86, 0x87)  # bad user name or password; not authorized, which is all that Mosquitto says
_TAKEN_OVER = 0x8E
_UNSPECIFIED = 0x80  # what paho makes of a connection that simply ended

# paho logs each lost connection as an error; the session says it once, in our words.
_LOG = logging.getLogger("hub.ingest.mqtt")
_LOG.setLevel(logging.CRITICAL)


class ConnectionLost(Exception):
    """The connection is gone or never came to be; the text says why.

    `taken_over`: by a client with our id; `refused`: a broker answered, but not to us.
    """

    def __init__(self, why: str, *, taken_over: bool = False, refused: bool = False) -> None:
        super().__init__(why)
        self.taken_over = taken_over
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and as whom we speak to it. `ca_file`: instead of the system's authorities, for mqtts."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @classmethod
    def of(
        cls, url: str, username: str | None = None, password: str | None = None, ca_file: str | None = None
    ) -> "Broker":
        """Read `mqtt://host[:port]` or `mqtts://host[:port]`; raises ValueError with a sentence."""
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError(f"{url!r} is not a broker: write mqtt://host:port or mqtts://host:port")
        if parts.username or parts.password or parts.path.strip("/") or parts.query:
            raise ValueError("A broker's URL is only host and port; user name and password have keys of their own")
        tls = parts.scheme == "mqtts"
        return cls(parts.hostname, parts.port or (8883 if tls else 1883), tls, username, password, ca_file)

    @property
    def url(self) -> str:
        """The address without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


class AckClient(aiomqtt.Client):
    """One connection, used once. Callbacks run on the event loop and must not raise.

    `on_open` is called with the broker's word whether it still had our session, before the first message;
    `on_message` with each publish.
    """

    def __init__(
        self,
        broker: Broker,
        identifier: str,
        *,
        durable: bool,
        on_open: Callable[[bool], None],
        on_message: Callable[[Publish], None],
    ) -> None:
        """Prepare a connection; `async with` is not used: call `open` and then `close` or `abort`."""
        super().__init__(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            # aiomqtt's default wipes the session on the first connect of a process.
            clean_start=not durable,
            keepalive=KEEPALIVE_S,
            properties=_connect_properties(durable),
            tls_params=aiomqtt.TLSParameters(ca_certs=broker.ca_file) if broker.tls else None,
            timeout=CONNECT_S,
            logger=_LOG,
        )
        require_private_names(self)
        self._url = broker.url
        self.refused_publish: str | None = None
        self.answered_at_s = 0.0  # when a part of a long question was last answered
        self.session_expiry: timedelta | None = None  # what the broker grants, if it is not what we asked for
        self._on_open = on_open
        self._heard = on_message
        self._packets = Packets(MAXIMUM_PACKET)
        self._for_paho = b""
        self._at_end = False
        self._paused = self._held = False
        self._may_read = self._reads = self._goes_on = False
        self._ended = False
        self._connecting: Callable[..., None] = self._client.on_connect  # type: ignore[assignment]
        self._published: Callable[..., None] = self._client.on_publish  # type: ignore[assignment]
        self._client.manual_ack_set(True)
        self._client.on_connect = self._opened
        self._client.on_publish = self._confirmed
        self._receive: Callable[[int], bytes] = self._client._sock_recv
        self._client._sock_recv = self._hand_over  # type: ignore[method-assign, assignment]
        self._client.on_socket_open = self._socket_opened
        self._client.on_socket_close = self._socket_closed
        self._client.on_socket_register_write = self._socket_writes
        self._client.on_socket_unregister_write = self._socket_wrote

    # --- life of the connection -----------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect; raises ConnectionLost. A connection that did not come about leaves nothing behind."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self.__aenter__()
        except MqttConnectError as error:
            self.abort()
            raise ConnectionLost(_refusal(error.rc, self._url), refused=True) from None
        except (aiomqtt.MqttError, OSError, TimeoutError, ValueError) as error:
            self.abort()
            raise ConnectionLost(f"no connection to the broker: {str(error) or 'no answer'}") from None
        except BaseException:
            self.abort()
            raise

    async def closed(self) -> ConnectionLost:
        """Wait until the connection is lost; return why."""
        await asyncio.wait([self._disconnected])
        return _lost(self._disconnected)

    async def close(self) -> None:
        """Say goodbye so that the broker need not wait for us; what was acknowledged is sent first."""
        self.resume()
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError, OSError):
            async with asyncio.timeout(CLOSE_S):
                await self.__aexit__(None, None, None)
        self.abort()

    def abort(self) -> None:
        """Cut the connection without a word, as a killed process does; may be called at any time."""
        self._ended = True
        self._client._sock_close()
        if not self._disconnected.done():
            self._disconnected.set_result(None)
        elif not self._disconnected.cancelled():
            self._disconnected.exception()  # looked at, or asyncio complains that nobody did

    def tend(self) -> None:
        """Send what keeps the connection alive, and notice if it is not; to be called every second."""
        self._client.loop_misc()

    # --- speaking -------------------------------------------------------------------------------------------------
    # The broker's answers queue behind whatever it is sending us, so these calls set no time limit: their caller
    # gives up when nothing at all comes in any more.

    def ack(self, *mids: int) -> None:
        """Acknowledge QoS 1 messages of this very connection, all in one write."""
        if mids and not self._ended:
            self._client._packet_queue(paho.PUBACK, pubacks(mids), mids[-1], 1)

    async def subscribe_all(self, filters: Sequence[str], qos: int) -> dict[str, str]:
        """Subscribe; return the filters that the broker refused, with its reason. Retained messages are sent anew.

        QoS 1 also for what is published with QoS 2: for that paho answers the broker before we see the message.
        """
        refused: dict[str, str] = {}
        options = SubscribeOptions(qos=qos, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
        for chunk in _bites(filters):
            with _failing("subscribe"):
                codes = await self.subscribe([(f, options) for f in chunk], timeout=math.inf)
            self.answered_at_s = self._loop.time()
            for filter, code in zip(chunk, codes, strict=True):
                value: int = getattr(code, "value", code)  # type: ignore[arg-type]  # MQTT 5: always a ReasonCode
                if value >= _REFUSED:
                    refused[filter] = str(code)
                elif value < qos:
                    refused[filter] = f"granted with QoS {value} only"
        return refused

    async def unsubscribe_all(self, filters: Sequence[str]) -> None:
        """Drop filters; unknown ones do no harm."""
        for chunk in _bites(filters):
            with _failing("unsubscribe"):
                await self.unsubscribe(chunk, timeout=math.inf)
            self.answered_at_s = self._loop.time()

    async def send(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1 and wait until the broker has it."""
        with _failing("publish"):
            await self.publish(topic, payload, qos=1, timeout=math.inf)

    # --- reading with a limit -------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether the socket is not being read: TCP then holds the broker back."""
        return self._paused

    def pause(self) -> None:
        """Stop reading. Keep-alive ends a connection that stays paused for two intervals."""
        self._paused = True
        self._read_or_not()

    def resume(self) -> None:
        """Read again."""
        self._paused = False
        self._read_or_not()

    def hold(self, held: bool) -> None:
        """Read nothing for a moment, whether paused or not; or go on."""
        self._held = held
        self._read_or_not()

    def _read_or_not(self) -> None:
        wanted = self._may_read and not self._paused and not self._held
        sock = self._client.socket()
        if wanted == self._reads or sock is None or self._ended:
            return
        self._reads = wanted
        if wanted:
            self._loop.add_reader(sock.fileno(), self._read)
            self._loop.call_soon(self._read)  # what was read already makes the socket readable no more
        else:
            self._loop.remove_reader(sock.fileno())

    def _go_on(self) -> None:
        self._goes_on = False
        self._read()

    def _read(self) -> None:
        """Handle what has come, for one turn at most; with TLS also what is decoded already."""
        if self._goes_on:
            return  # its turn comes
        ends_s = self._loop.time() + _TURN_S
        try:
            while self._reads and not self._ended:
                while (packet := self._packets.next()) is None:
                    if not self._fill():
                        return
                self._handle(packet)
                if self._loop.time() > ends_s:
                    # What is left here makes the socket readable no more.
                    self._goes_on = True
                    self._loop.call_soon(self._go_on)
                    return
        except Exception as error:
            self._broken(error)

    def _fill(self) -> bool:
        """Read what has come; False if that is nothing, or the connection has ended."""
        try:
            data = self._receive(_CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if data:
            self._packets.add(data)
        else:
            self._at_end = True
            self._client.loop_read()  # finds the end, and tells everybody
        return bool(data)

    def _handle(self, packet: Packet) -> None:
        if packet.head & 0xF0 == PUBLISH:
            self._heard(read_publish(packet))
            return
        self._for_paho = packet.whole()
        self._client.loop_read()
        self._for_paho = b""

    def _hand_over(self, size: int) -> bytes:
        """Stand where paho reads the socket: it gets the packet in hand, then nothing, or the end."""
        if not self._for_paho and not self._at_end:
            raise BlockingIOError
        data, self._for_paho = self._for_paho[:size], self._for_paho[size:]
        return data

    def _write(self) -> None:
        try:
            self._client.loop_write()
        except Exception as error:
            self._broken(error)

    def _broken(self, error: Exception) -> None:
        """End the connection on whatever paho could not handle: the broker sends again what we did not take."""
        if not self._disconnected.done():
            self._disconnected.set_exception(error)
        self.abort()

    # --- paho's callbacks -----------------------------------------------------------------------------------------

    def _opened(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any = None) -> None:
        if not reason.is_failure and not self._connected.done():
            granted = getattr(properties, "SessionExpiryInterval", None)
            self.session_expiry = None if granted is None else timedelta(seconds=granted)
            self._on_open(bool(flags.session_present))
        self._connecting(client, data, flags, reason, properties)

    def _confirmed(self, client: Any, data: Any, mid: int, reason: Any, properties: Any = None) -> None:
        self.refused_publish = str(reason) if reason.is_failure else None
        self._published(client, data, mid, reason, properties)

    # connect() runs in a thread of its own, so these two may be called from there. By the time the loop gets to it
    # the socket may be closed again, and its number may belong to another one.
    def _socket_opened(self, _client: Any, _data: Any, sock: Any) -> None:
        with contextlib.suppress(OSError):
            # Else a marker or an acknowledgement waits up to 40 ms for TCP's answer to the small packet before it.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.call_soon_threadsafe(self._start_reading, sock)

    def _socket_writes(self, _client: Any, _data: Any, sock: Any) -> None:
        self._loop.call_soon_threadsafe(self._start_writing, sock)

    def _start_reading(self, sock: Any) -> None:
        if self._ended:
            self.abort()  # given up while the thread was still connecting
        elif self._is_ours(sock):
            self._may_read = True
            self._read_or_not()

    def _is_ours(self, sock: Any) -> bool:
        ours: Any = self._client.socket()
        return ours is sock and ours.fileno() > -1

    def _start_writing(self, sock: Any) -> None:
        if self._is_ours(sock):
            self._loop.add_writer(sock.fileno(), self._write)

    def _socket_closed(self, _client: Any, _data: Any, sock: Any) -> None:
        if sock.fileno() > -1:
            self._loop.remove_reader(sock)

    def _socket_wrote(self, _client: Any, _data: Any, sock: Any) -> None:
        if sock.fileno() > -1:
            self._loop.remove_writer(sock)


def _refusal(reason: object, url: str) -> str:
    """Return why the broker does not let us in, and what to do."""
    if getattr(reason, "value", reason) in _NOT_SIGNED_IN:
        return f"Cannot sign in to {url}: wrong password. Check CAREHUB_MQTT__PASSWORD and run again."
    return f"the broker refuses us: {reason}"


class _failing:  # noqa: N801  # reads as a statement where it is used
    """Turns every way in which a call to the broker can fail into ConnectionLost."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, aiomqtt.MqttError | OSError | RuntimeError | ValueError):
            raise ConnectionLost(f"could not {self._what}: {error}") from error


def require_private_names(client: aiomqtt.Client) -> None:
    """Raise RuntimeError if aiomqtt or paho no longer has the private names that this module uses."""
    inner = getattr(client, "_client", None)
    missing = [name for name in ("_client", "_connected", "_disconnected", "_loop") if not hasattr(client, name)]
    deeper = ("_sock_close", "_sock_recv", "_packet_queue")
    missing += [f"_client.{name}" for name in deeper if not hasattr(inner, name)]
    if missing:
        raise RuntimeError(f"this aiomqtt or paho-mqtt is too new for carehub: it has no {', '.join(missing)}")


def _bites(filters: Sequence[str]) -> Iterator[list[str]]:
    size = SUBSCRIBE_AT_ONCE if len(filters) <= SUBSCRIBE_MANY else SUBSCRIBE_MANY
    for start in range(0, len(filters), size):
        yield list(filters[start : start + size])


def _connect_properties(durable: bool) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = int(SESSION_EXPIRY.total_seconds()) if durable else 0
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    properties.MaximumPacketSize = MAXIMUM_PACKET
    return properties


def _lost(disconnected: "asyncio.Future[None]") -> ConnectionLost:
    error = None if disconnected.cancelled() else disconnected.exception()
    reason = getattr(error, "rc", None)
    code = getattr(reason, "value", None)
    if code == _TAKEN_OVER:
        return ConnectionLost("another client uses our client id; let each hub have its own", taken_over=True)
    if error is None or code == _UNSPECIFIED:
        return ConnectionLost("the connection to the broker ended")
    return ConnectionLost(f"the connection to the broker ended: {reason or error}")
