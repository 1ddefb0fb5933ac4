"""What the broker has accepted and what must have become of it: the books that a crash may not upset."""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
from sqlalchemy import func, select

from devices.reading import Kind
from hub.alerts.alert import Alert, DutyKind, Entry, Stage
from hub.alerts.notification import Fate, Notification
from hub.store import tables
from hub.store.transaction import SqlTransaction
from tests.harness.process import Gateway, until

# Nobody reads it: below a device's topics, but no filter's. It only follows what was published before it.
FENCE = "carehub/fence/a/b"
# All sent, and nothing to be heard any more.
SETTLED = frozenset({Fate.DELIVERED, Fate.FAILED, Fate.CANCELLED})


@dataclass
class Device:
    """Publishes over a connection of its own and books what the broker has surely accepted.

    QoS 0 is never confirmed; a QoS 1 message behind it on the same connection is.
    """

    gateway: Gateway
    ledger: "Ledger"
    qos: int
    _client: aiomqtt.Client | None = None

    async def says(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish; return when the broker has it. Raises MqttError if the broker went away first."""
        if self._client is None:
            client = self.gateway.broker.client()
            await client.__aenter__()
            self._client = client
        try:
            await self._client.publish(topic, payload, qos=self.qos, retain=retain)
            if self.qos == 0:
                await self._client.publish(FENCE, b"", qos=1)
        except aiomqtt.MqttError:
            await self.leave()
            raise
        self.ledger.accepted.append((topic, payload))

    async def presses(self, home: int, button: str = "sos") -> None:
        """Press a native button; every press has a number."""
        await self.says(f"carehub/h{home}-{button}", self.ledger.numbered("button", "active"))

    async def presses_zigbee(self, home: int) -> None:
        """Press a Zigbee button: every press is the same bytes."""
        await self.says(f"zigbee2mqtt/h{home}_sos", '{"action":"emergency","battery":87}')

    async def measures(self, home: int) -> None:
        """Publish a temperature."""
        await self.says(f"carehub/h{home}-temp", self.ledger.numbered("temperature", None, value=21.5, unit="°C"))

    async def leave(self) -> None:
        """End the connection."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)


@dataclass
class Ledger:
    """All that devices published and the broker accepted."""

    accepted: list[tuple[str, str]] = field(default_factory=list)
    _number: int = 0

    def numbered(self, kind: str, state: str | None, **more: Any) -> str:
        """Return a native payload that is like no other."""
        self._number += 1
        said = {"kind": kind, "seq": self._number, **more}
        return json.dumps(said if state is None else {**said, "state": state})

    def presses(self, home: int) -> int:
        """Return how many numbered presses of a home were accepted."""
        return sum(topic in (f"carehub/h{home}-sos", f"carehub/h{home}-two") for topic, _ in self.accepted)

    def expected(self) -> Counter[tuple[str, int | None]]:
        """Return how often each (device, number) must be on record."""
        return Counter(_name(topic, payload) for topic, payload in self.accepted)


def _name(topic: str, payload: str) -> tuple[str, int | None]:
    device = topic.rpartition("/")[2]
    if topic.startswith("zigbee2mqtt/"):
        return device.replace("_sos", "-zig"), None
    return device, json.loads(payload)["seq"]


def recorded(transaction: SqlTransaction) -> Counter[tuple[str, int | None]]:
    """Return how often each (device, number) is on record; battery levels beside a press are not counted."""
    c = tables.readings.c
    wanted = select(c.device_id, c.seq, func.count()).where(c.kind != Kind.BATTERY.value).group_by(c.device_id, c.seq)
    return Counter({(device, seq): count for device, seq, count in transaction._db.execute(wanted)})


@dataclass(frozen=True)
class Books:
    """What the database holds at one moment."""

    readings: Counter[tuple[str, int | None]]
    alerts: Sequence[Alert]
    messages: Sequence[Notification]
    history: dict[str, Sequence[Entry]]

    @classmethod
    def read(cls, transaction: SqlTransaction) -> "Books":
        alerts = transaction.alerts(everything=True)
        return cls(
            recorded(transaction),
            alerts,
            transaction.open_notifications(list(Fate)),
            {alert.id: transaction.history(alert.id) for alert in alerts},
        )

    def of(self, home: int, cause: str | None = None) -> list[Alert]:
        """Return a home's alerts, newest first."""
        return [a for a in self.alerts if a.home_id == f"home-{home}" and cause in (None, a.cause)]


async def drained(gateway: Gateway, ledger: Ledger, also: Callable[[Books], bool] = lambda _: True) -> Books:
    """Wait until all that was accepted is on record and every message has its fate; return the books."""
    last: list[str] = []

    def look() -> Books | None:
        books = gateway.read(Books.read)
        last[:] = _undone(books, ledger, also) if books else ["the database cannot be read"]
        return None if last else books

    try:
        return await until(look, "all is on record and has its fate")
    except AssertionError:
        raise AssertionError(f"not done: {last}") from None


def _undone(books: Books, ledger: Ledger, also: Callable[[Books], bool]) -> list[str]:
    missing = ledger.expected() - books.readings
    undone = [f"{sum(missing.values())} readings missing: {sorted(missing, key=str)[:5]}"] if missing else []
    undone += [f"{m.key} to {m.person_id} is {m.fate}: {m.error}" for m in books.messages if m.fate not in SETTLED]
    return undone if undone or also(books) else ["what the test waits for"]


def check(gateway: Gateway, ledger: Ledger, books: Books, *, doubled: int = 0, repeats: bool = False) -> None:
    """Hold the books against what must be.

    `doubled`: how many texts the carrier could not say anything about, and that therefore may have gone twice.
    `repeats`: whether a press may be on record twice (a broker that was killed forgets what it had delivered).
    """
    expected = ledger.expected()
    assert not expected - books.readings, "accepted messages are lost"
    twice = {name: n for name, n in books.readings.items() if n > expected[name]}
    assert repeats or not twice, f"messages counted twice: {twice}"
    for home in range(1, gateway.homes + 1):
        check_alerts(home, ledger, books, repeats=repeats)
    for alert in books.alerts:
        check_told(alert, books)
    check_carrier(gateway, books, doubled)


def check_alerts(home: int, ledger: Ledger, books: Books, *, repeats: bool) -> None:
    """Every press is counted in an alert, and one cause never has two unresolved alerts."""
    for cause in {alert.cause for alert in books.of(home)}:
        unresolved = [a for a in books.of(home, cause) if a.stage is not Stage.RESOLVED]
        assert len(unresolved) <= 1, f"{cause} of home {home} has {len(unresolved)} unresolved alerts"
    pressed = ledger.presses(home)
    zigbee = ledger.expected()[f"h{home}-zig", None]
    counted = sum(alert.count for alert in books.of(home, "sos"))
    # Presses of the same bytes within half a second of hub time are one; numbered ones never are.
    assert counted >= pressed + (zigbee > 0 and not pressed), f"home {home}: {counted} of {pressed} presses counted"
    assert repeats or counted <= pressed + zigbee, f"home {home}: {counted} counted, {pressed} + {zigbee} pressed"


def check_told(alert: Alert, books: Books) -> None:
    """Every alert has told somebody, each person once a step, and its history has no event twice."""
    messages = [m for m in books.messages if m.alert_id == alert.id]
    # Some findings of the hub itself wait a few seconds for what belongs to them.
    waits = alert.what in ("database_lost", "session_lost") and DutyKind.STEP in alert.duties
    assert messages or waits, f"alert {alert.cause} of {alert.home_id} told nobody"
    steps = Counter((m.person_id, m.round, m.step) for m in messages if m.step is not None)
    assert max(steps.values(), default=1) == 1, f"alert {alert.cause}: told twice in one step: {steps}"
    events = [entry.event for entry in books.history[alert.id]]
    assert events.count("opened") == 1, events
    assert events.count("again") == alert.count - 1, events
    assert not any(m.key.endswith((".late", ".most")) for m in messages), "a fresh press was told as late"


def check_carrier(gateway: Gateway, books: Books, doubled: int) -> None:
    """Every message reached the carrier, and the carrier has no other: none lost, none twice."""
    sent = {m.sid for m in gateway.carrier.messages if not m.inbound}
    known = Counter(m.provider_id for m in books.messages if m.provider_id)
    assert max(known.values(), default=1) == 1, f"two messages share one text at the carrier: {known}"
    silent = [m for m in books.messages if not m.provider_id and m.fate is not Fate.CANCELLED and not _is_refused(m)]
    assert not silent, f"never sent: {[(m.key, m.person_id, m.fate, m.error) for m in silent]}"
    assert not set(known) - sent, "a message has an id that the carrier never gave"
    extra = [m for m in gateway.carrier.messages if not m.inbound and m.sid not in known]
    assert len(extra) <= doubled, f"sent twice: {[(m.to, m.body) for m in extra]}"


def _is_refused(message: Notification) -> bool:
    """Whether the carrier itself said no, with one of its codes."""
    return message.fate is Fate.FAILED and re.match(r"2\d{4}\b", message.error or "") is not None
