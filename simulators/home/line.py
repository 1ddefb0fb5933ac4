"""A home's line to a real broker: it mends itself, and can be cut as a broken cable would."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulators.home.happenings import PublisherAway

CONNECT_S = 10.0
CONFIRM_S = 10.0
_KEEPALIVE_S = 60
_AGAIN_S = (1, 5)


class NoBroker(Exception):
    """There is no way to the broker; the text says in one sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Where the broker is and as whom we speak. `will`: topic and payload that it publishes, retained, if we vanish."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    will: tuple[str, str] | None = None


class MqttLine:
    """One connection to a broker. Publishes from the loop that opened it; `reconnected` is awaited after each loss."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in
        self.reconnected: Callable[[], Awaitable[None]] | None = None
        self.client = client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.username_pw_set(sign_in.username, sign_in.password)
        if sign_in.tls:
            client.tls_set_context(ssl.create_default_context())
        if sign_in.will is not None:
            client.will_set(*sign_in.will, qos=1, retain=True)
        client.reconnect_delay_set(*_AGAIN_S)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answered: asyncio.Future[ReasonCode] | None = None
        self._confirmed: dict[int, asyncio.Future[None]] = {}
        self._greeting: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect; raises NoBroker if nobody answers, or not to us."""
        self._loop = asyncio.get_running_loop()
        self._answered = self._loop.create_future()
        where = f"{self._sign_in.host}:{self._sign_in.port}"
        try:
            await asyncio.to_thread(
                self.client.connect, self._sign_in.host, self._sign_in.port, _KEEPALIVE_S, clean_start=True
            )
            self.client.loop_start()
            async with asyncio.timeout(CONNECT_S):
                answer = await asyncio.shield(self._answered)
        except (OSError, TimeoutError) as error:
            self.client.loop_stop()
            why = error.strerror if isinstance(error, OSError) and error.strerror else "no answer"
            raise NoBroker(f"No broker answers at {where} ({why}). Start it, or name another with --broker.") from None
        if answer.is_failure:
            self.client.disconnect()
            self.client.loop_stop()
            who = f"the user {self._sign_in.username}" if self._sign_in.username else "anybody without a name"
            raise NoBroker(
                f"The broker at {where} does not let {who} in ({answer}). Give the name with --username and the "
                "password in CAREHUB_MQTT__PASSWORD or with --password-file."
            )

    async def close(self) -> None:
        """Hang up in order: the broker publishes no will."""
        if self._greeting is not None:
            self._greeting.cancel()
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    def cut(self, away: timedelta) -> None:
        """Break the connection as a pulled cable does: the broker publishes the will; it mends itself after a while."""
        self.client.reconnect_delay_set(round(away.total_seconds()), max(_AGAIN_S[1], round(away.total_seconds())))
        connection: Any = self.client.socket()
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    async def publish(self, topic: str, payload: str, qos: int, retain: bool) -> None:
        """Publish; with QoS 1 return when the broker has it. Raises PublisherAway."""
        if not self.client.is_connected():
            raise PublisherAway
        info = self.client.publish(topic, payload, qos, retain)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise PublisherAway
        if qos and not info.is_published():
            confirmed = self._confirmed.setdefault(info.mid, asyncio.get_running_loop().create_future())
            try:
                # paho sends it again by itself after a reconnect, so a missing answer loses nothing.
                async with asyncio.timeout(CONFIRM_S):
                    await confirmed
            except TimeoutError:
                return
            finally:
                self._confirmed.pop(info.mid, None)

    # --- called in the thread of the connection

    def _on_connect(self, _: paho.Client, __: Any, ___: Any, code: ReasonCode, ____: Properties | None) -> None:
        assert self._loop is not None  # noqa: S101  # open() has set it
        self._loop.call_soon_threadsafe(self._connected, code)

    def _on_publish(self, _: paho.Client, __: Any, mid: int, ___: Any, ____: Any) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended; nobody waits any more
                self._loop.call_soon_threadsafe(self._confirm, mid)

    # --- called in the loop

    def _connected(self, code: ReasonCode) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(code)
        elif not code.is_failure and self.reconnected is not None:
            self._greeting = asyncio.ensure_future(self.reconnected())

    def _confirm(self, mid: int) -> None:
        waiting = self._confirmed.get(mid)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
