"""The command: many homes in one process, at a rate that is held as far as the broker takes it."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from paho.mqtt.client import MQTT_ERR_SUCCESS

from simulators.fleet.traffic import Message, Traffic, usual_rate
from simulators.home.line import MqttLine, NoBroker, SignIn

# How often the loop looks at what is due, and says how it goes.
_TURN_S = 0.005
_SAYS_EVERY_S = 5.0
# How much may be under way to the broker before new messages wait.
_UNDER_WAY = 5_000
# After a pause longer than this nobody tries to catch up: homes do not shout twice as loud afterwards.
_LATEST_S = 1.0
_FAREWELL_S = 10.0
_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Load:
    """How much is published: events a second (None: as many as such homes usually publish), presses a minute."""

    homes: int
    rate: float | None = None
    presses_per_min: float = 0.0
    qos: int = 0
    seed: int = 0
    lasting: timedelta | None = None
    zone: ZoneInfo = _ZONE


@dataclass(slots=True)
class Count:
    """What was published so far; `skipped` were due and had to be left out, because the broker was away or slow."""

    events: int = 0
    presses: int = 0
    skipped: int = 0


def run(load: Load, sign_in: SignIn, now: Callable[[], datetime]) -> int:
    """Publish until the end, SIGTERM or Ctrl-C; return 0, or 1 with a sentence on stderr."""
    try:
        asyncio.run(_run(load, sign_in, now))
    except NoBroker as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


async def _run(load: Load, sign_in: SignIn, now: Callable[[], datetime]) -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    line = MqttLine(sign_in)
    line.client.max_inflight_messages_set(_UNDER_WAY)
    await line.open()
    fleet = _Fleet(load, line, now)
    try:
        await fleet.all_say(fleet.traffic.online())
        _say(f"{load.homes} homes at {sign_in.host}:{sign_in.port}; Ctrl-C ends it")
        await fleet.speak(ended)
        await fleet.all_say(fleet.traffic.offline())
        await fleet.all_gone_out()
    finally:
        await line.close()
    _say(fleet.summary())


class _Fleet:
    """Many homes while they speak."""

    def __init__(self, load: Load, line: MqttLine, now: Callable[[], datetime]) -> None:
        self.load, self.line, self.now = load, line, now
        self.traffic = Traffic(load.homes, load.seed)
        self.count = Count()
        self._began = perf_counter()
        self._sent = self._gone_out = 0
        line.client.on_publish = self._went_out
        line.reconnected = self._again

    async def all_say(self, messages: Iterable[Message]) -> None:
        """Publish something for every home, without choking the broker."""
        for number, message in enumerate(messages):
            self._publish(message)
            if number % 500 == 499:
                await asyncio.sleep(_TURN_S)

    async def all_gone_out(self) -> None:
        """Wait until the broker has all that was published, or cannot be waited for any longer."""
        for _ in range(round(_FAREWELL_S / _TURN_S)):
            if self._gone_out >= self._sent or not self.line.client.is_connected():
                return
            await asyncio.sleep(_TURN_S)

    async def speak(self, ended: asyncio.Event) -> None:
        """Publish events and presses as they are due, until it ends."""
        self._began = at = perf_counter()
        end = at + self.load.lasting.total_seconds() if self.load.lasting else float("inf")
        event, press = at + self.traffic.wait_s(self._rate()), at + self.traffic.wait_s(self._press_rate())
        told, before = at, Count()
        while not ended.is_set() and at < end:
            rate = self._rate()
            event, press = max(event, at - _LATEST_S), max(press, at - _LATEST_S)
            while event <= at:
                self._event()
                event += self.traffic.wait_s(rate)
            while press <= at:
                self._press()
                press += self.traffic.wait_s(self._press_rate())
            if at - told >= _SAYS_EVERY_S:
                self._tell(at - told, before)
                told, before = at, Count(self.count.events, self.count.presses, self.count.skipped)
            with suppress(TimeoutError):
                async with asyncio.timeout(_TURN_S):
                    await ended.wait()
            at = perf_counter()

    def summary(self) -> str:
        """Return what was published in all."""
        span, count = perf_counter() - self._began, self.count
        skipped = f", {count.skipped} left out" if count.skipped else ""
        return f"{count.events} events and {count.presses} presses in {span:.1f} s{skipped}"

    def _rate(self) -> float:
        if self.load.rate is not None:
            return self.load.rate
        return usual_rate(self.load.homes, self.now().astimezone(self.load.zone))

    def _press_rate(self) -> float:
        return self.load.presses_per_min / 60

    def _event(self) -> None:
        if self._sent - self._gone_out > _UNDER_WAY:
            self.count.skipped += 1
        elif self._publish(self.traffic.event()):
            self.count.events += 1

    def _press(self) -> None:
        message = self.traffic.press()
        if self._publish(message):
            self.count.presses += 1
            at = self.now().astimezone(self.load.zone)
            _say(f"{at:%H:%M:%S}  pressed: {message.topic}")

    def _publish(self, message: Message) -> bool:
        client = self.line.client
        if not client.is_connected():
            self.count.skipped += 1
            return False
        is_taken = client.publish(message.topic, message.payload, self.load.qos, message.retain).rc == MQTT_ERR_SUCCESS
        self._sent += is_taken
        return is_taken

    def _went_out(self, *_: object) -> None:
        """Count what the broker has, or with QoS 0 the socket; called in the thread of the connection alone."""
        self._gone_out += 1

    async def _again(self) -> None:
        """Begin to count anew: what was under way when the connection broke is not reported any more."""
        self._sent = self._gone_out
        await self.all_say(self.traffic.online())

    def _tell(self, span: float, before: Count) -> None:
        count, rate = self.count, (self.count.events - before.events) / span
        skipped = count.skipped - before.skipped
        wanted = self._rate()
        left_out = f", {skipped} left out: the broker is away or too slow" if skipped else ""
        _say(f"{rate:8.1f} events/s of {wanted:.1f}, {count.presses - before.presses} presses{left_out}")


def _say(line: str) -> None:
    with suppress(OSError):  # whoever read along has gone; the homes go on
        print(line, flush=True)
