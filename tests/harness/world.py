"""A story's world: the whole hub, a real Mosquitto, the simulated carrier with its phones, one clock.

Nothing here sleeps. `settle` waits until nothing is under way at this instant of the story's time, `forward` moves
time from one instant that somebody waits for to the next. Every text must be expected: `no_more_messages` fails on
any that no `gets` took.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import aiomqtt
import yaml

from hub.alerts import events as ev
from hub.alerts.alert import Alert
from hub.app import Hub
from hub.settings import load
from hub.store import open_store, upgrade
from simulators.carrier import Carrier, CarrierServer, Fault
from tests.harness.broker import HUB, BrokerProcess, free_port
from tests.harness.clock import START, StoryClock

ACCOUNT, TOKEN, NUMBER = "AC" + "5" * 32, "story-token", "+15005550006"
AREA = "620702207200"
PATIENCE_S = 10.0
# Rounds of the event loop in which nobody works before the world counts as settled.
QUIET_ROUNDS = 5
# A phone number for each name, from the range reserved for examples.
_NUMBERS = itertools.count(1)


@dataclass
class Phone:
    """One person's phone: takes the texts a story expects, in order."""

    world: "World"
    person: str
    name: str
    number: str
    role: str
    read: int = 0

    @property
    def unread(self) -> list[str]:
        """Texts that arrived and that the story has not expected yet."""
        return [m.body for m in self.world.carrier.texts(self.number)][self.read :]

    async def gets(self, *words: str) -> str:
        """Expect the next text, with these words in it; return it."""
        await self.world.settle()
        assert self.unread, f"{self.person} got no text; expected {words}. {self.world.told()}"
        text = self.unread[0]
        missing = [word for word in words if word not in text]
        assert not missing, f"{self.person} got {text!r}, without {missing}"
        self.read += 1
        return text

    def gets_nothing(self) -> None:
        """Expect that no further text arrived."""
        assert not self.unread, f"{self.person} got {self.unread!r}"

    async def replies(self, text: str) -> None:
        """Answer by text."""
        self.world.carrier.reply(self.number, text)
        await self.world.settle()


@dataclass
class StoryHome:
    """One home of the story; its devices speak the zigbee2mqtt dialect."""

    world: "World"
    id: str
    prefix: str
    who: str

    async def press_sos(self, device: str = "bed_sos", *, device_at: datetime | None = None) -> None:
        payload: dict[str, Any] = {"action": "emergency", "battery": 87, "linkquality": 98}
        if device_at is not None:
            payload["last_seen"] = device_at.isoformat()
        await self.says(device, payload)

    async def is_taken_by(self, person: str) -> None:
        """The usual beginning: pressed, told to one person, who takes it two seconds later."""
        phone = self.world.phone(person)
        await self.press_sos()
        await self.world.forward(timedelta(seconds=2))
        await phone.gets("EMERGENCY", self.who)
        await phone.replies("1")
        await self.world.forward(timedelta(seconds=2))
        await phone.gets("Thank you")

    async def gas(self, *, active: bool) -> None:
        await self.says("kitchen_gas", {"gas": active, "battery": 90})

    async def says(self, device: str, payload: Mapping[str, Any], *, retain: bool = False) -> None:
        """Publish what a device says, as the bridge would."""
        await self.world.publish(f"{self.prefix}zigbee2mqtt/{device}", json.dumps(payload), retain=retain)

    async def alerts(self, *, everything: bool = False) -> list[Alert]:
        """Return the home's alerts, newest first."""
        return [a for a in await self.world.alerts(everything=everything) if a.home_id == self.id]

    async def alert(self) -> Alert:
        """Return the one alert of this home."""
        alerts = await self.alerts(everything=True)
        assert len(alerts) == 1, alerts
        return alerts[0]


@dataclass
class World:
    """See the module. `qos`: with which level devices publish; `database`: an URL, None = SQLite in `folder`."""

    folder: Path
    qos: int = 0
    database: str | None = None
    language: str = "en"
    nat: bool = False
    disturbance: str = "none"
    policies: dict[str, Any] = field(default_factory=dict)
    links: bool = False  # whether each first text is followed by one with a link
    begins: datetime = START

    def __post_init__(self) -> None:
        self.clock = StoryClock(self.begins)
        self.people: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.areas: dict[str, str] = {}
        self.settings: dict[str, Any] = {}  # of hub.yaml, beside or instead of what follows below
        self.phones: dict[str, Phone] = {}
        self.story_homes: dict[str, StoryHome] = {}
        self.hub: Hub | None = None
        self.broker = BrokerProcess(self.folder / "broker")
        self.carrier = Carrier(ACCOUNT, TOKEN, [NUMBER], clock=self.clock)
        self.server: CarrierServer | None = None
        self.web_port = free_port()
        self.fresh_database: Callable[[], str] = str
        self._broker_runs = False
        self._retained: dict[str, str | bytes] = {}
        self._unheard = False
        self._client: aiomqtt.Client | None = None

    # --- who is there

    def person(self, id: str, name: str, role: str, *, phone: str | None = None, areas: Sequence[str] = ()) -> Phone:
        """Add a person with a phone."""
        number = phone or f"+4477009{next(_NUMBERS) % 100000:05d}"
        entry: dict[str, Any] = {"id": id, "name": name, "phone": number, "roles": [role]}
        if role not in ("family", "neighbour"):
            entry["areas"] = list(areas) or ["620702000000"]
        self.people[id] = entry
        self.phones[id] = Phone(self, id, name, number, role)
        return self.phones[id]

    def home(
        self,
        who: str = "Wang Xiulan",
        id: str = "ah-001",
        *,
        family: Sequence[str] = ("daughter",),
        prefix: str = "",
        address: str = "Shangbao 3-12",
        extra_devices: Sequence[Mapping[str, Any]] = (),
    ) -> StoryHome:
        """Add a home with the usual devices and its family; staff and supervisor cover every home."""
        for person in family:
            if person not in self.people:
                self.person(person, person.capitalize(), "family")
        devices: list[Mapping[str, Any]] = [
            {"id": "bed-sos", "kind": "button", "role": "sos", "room": "bedroom", "topic": "zigbee2mqtt/bed_sos"},
            {"id": "bath-sos", "kind": "button", "role": "sos", "room": "bathroom", "topic": "zigbee2mqtt/bath_sos"},
            {"id": "kitchen-gas", "kind": "gas", "room": "kitchen", "topic": "zigbee2mqtt/kitchen_gas"},
            {"id": "hall-motion", "kind": "motion", "room": "hall", "topic": "zigbee2mqtt/hall_motion"},
            *extra_devices,
        ]
        self.homes[id] = {
            "id": id,
            "area": AREA,
            "address": address,
            "prefix": prefix,
            "residents": [{"name": who, "born": 1938}],
            "contacts": [{"person": p, "role": "family"} for p in family],
            "devices": devices,
        }
        self.story_homes[id] = StoryHome(self, id, prefix, who)
        return self.story_homes[id]

    def phone(self, person: str) -> Phone:
        """Return a person's phone."""
        return self.phones[person]

    # --- life of the world

    async def start(self) -> Self:
        """Start broker, carrier, hub and the bridge that publishes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start_broker()
        await self.carrier.start()
        self.server = CarrierServer(self.carrier)
        await self.server.start()
        await self.start_hub()
        return self

    def start_broker(self) -> None:
        """Start the broker, unless it runs: a story may have something waiting there before the hub's first start."""
        if not self._broker_runs:
            self.broker.start()
            self._broker_runs = True

    async def broker_loses_sessions(self) -> None:
        """Take the sessions away from the broker, as a lost disk does; what is retained is published again."""
        assert self.hub is None
        await self._leave_broker()
        await asyncio.to_thread(self.broker.wipe)
        for topic, payload in self._retained.items():
            await (await self._bridge()).publish(topic, payload, qos=1, retain=True)

    def lose_database(self) -> None:
        """Take the database away, with all that lies beside it."""
        assert self.hub is None
        for file in self.folder.glob("carehub*"):
            file.unlink()
        if self.database:
            self.database = self.fresh_database()

    async def start_hub(self) -> None:
        """Start the hub on what is there, and wait until it has heard all that waited."""
        assert self.server is not None
        self._write_config()
        environ = {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE": self.server.url,
            "CAREHUB_MQTT__PASSWORD": HUB.password,
        }
        configuration = load(self.folder / "config", environ)
        if self.database:
            await asyncio.to_thread(upgrade, configuration.hub.database)
        store = await asyncio.to_thread(open_store, configuration.hub.database)
        self.hub = hub = Hub(configuration, store, self.clock, self.broker.as_hub)
        # What the carrier never answers waits in real time; a story does not.
        hub.dispatcher.send_limit = hub.dispatcher.look_up_limit = timedelta(seconds=0.4)
        if self.nat:
            for channel in hub.channels.by_name.values():
                channel._callback = None  # type: ignore[attr-defined]
        await hub.start()
        if not self.nat:
            self.carrier.settings.webhook_url = f"http://127.0.0.1:{hub.server.port}/twilio/sms"
        self._unheard = True
        await self.settle()

    async def stop_hub(self, *, kill: bool = True) -> None:
        """End the hub; killed, it finishes nothing and says goodbye to nobody."""
        assert self.hub is not None
        hub, self.hub = self.hub, None
        await (hub.kill() if kill else hub.stop())

    async def restart_hub(self, *, kill: bool = True) -> None:
        """End the hub and start it again."""
        await self.stop_hub(kill=kill)
        await self.start_hub()

    async def restart_broker(self, *, kill: bool = False) -> None:
        """End the broker and start it again; the hub connects again by itself."""
        await self._leave_broker()
        await asyncio.to_thread(self.broker.kill if kill else self.broker.stop)
        await asyncio.to_thread(self.broker.start)
        self._unheard = True
        await self.settle()

    async def restart_carrier(self) -> None:
        """Cut the carrier off and bring it back."""
        assert self.server is not None
        await self.server.stop(abrupt=True)
        await self.server.start()
        await self.settle()

    async def disturb(self) -> None:
        """Restart what this run of the story restarts: hub (killed), broker or carrier."""
        if self.disturbance == "hub":
            await self.restart_hub()
        elif self.disturbance == "broker":
            await self.restart_broker()
        elif self.disturbance == "carrier":
            await self.restart_carrier()

    async def sleep_through(self, span: timedelta) -> None:
        """Let time pass while the hub is not there."""
        assert self.hub is None
        self.clock.set(self.clock.now() + span)
        await self.settle()

    async def close(self) -> None:
        """End everything that runs; a story that failed early may not have started all of it."""
        await self._leave_broker()
        if self.hub is not None:
            await self.stop_hub()
        if self.server is not None:
            await self.server.stop(abrupt=True)
            await self.carrier.stop(abrupt=True)
        await asyncio.to_thread(self.broker.kill)

    # --- what happens

    def fault(self, fault: Fault) -> None:
        """Switch a fault of the carrier on."""
        self.carrier.faults.add(fault)

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False, settle: bool = True) -> None:
        """Publish as a bridge does, and wait until the broker surely has it."""
        client = await self._bridge()
        await client.publish(topic, payload, qos=self.qos, retain=retain)
        if retain:
            self._retained[topic] = payload
        if settle:
            await self.published()

    async def published(self) -> None:
        """Wait until the broker has all that was published, and the hub if it runs."""
        # QoS 0 is never confirmed; what follows it on the same connection is.
        await (await self._bridge()).publish("story/after", b"", qos=1)
        self._unheard = True
        if self.hub is not None:
            await self.settle()

    async def _bridge(self) -> aiomqtt.Client:
        if self._client is None:
            # as the hub's own account: it may publish the fence below everything
            client = self.broker.client(HUB)
            await client.__aenter__()
            self._client = client
        return self._client

    async def _leave_broker(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.__aexit__(None, None, None)
            except aiomqtt.MqttError:
                return

    async def settle(self) -> None:
        """Wait until nothing is under way at this instant of the story's time."""
        end = time.monotonic() + PATIENCE_S
        quiet = 0
        while quiet < QUIET_ROUNDS:
            assert time.monotonic() < end, f"the world does not settle: {self._busy()}. {self.told()}"
            await self._heard()
            await self.carrier.settled()
            busy = (self.hub is not None and not self.hub.idle) or self.carrier.busy or self._due_now()
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(0 if not busy else _MOMENT_S)
            if self._due_now():
                self.clock.set(self.clock.now())

    def _busy(self) -> dict[str, object]:
        """Return who still works, for a story that hangs."""
        hub = self.hub
        return {
            "carrier": self.carrier.busy,
            "clock": self._due_now(),
            "dispatcher": hub is not None and not hub.dispatcher.idle,
            "poller": hub is not None and hub.poller.busy,
            "lifeline": hub is not None and not hub.lifeline.idle,
            "ingest": hub is not None and hub.ingest is not None and not hub.ingest.idle,
        }

    def _due_now(self) -> bool:
        due = self.clock.next_due
        return self.clock.waking or (due is not None and due <= self.clock.now())

    async def _heard(self) -> None:
        """Wait until the hub has committed all that the broker had for it."""
        if self._unheard and self.hub is not None and self.hub.ingest is not None:
            self._unheard = False
            await asyncio.wait_for(self.hub.ingest.barrier(), PATIENCE_S)

    async def forward(self, span: timedelta) -> None:
        """Move the story's time, stopping at each instant that somebody waits for."""
        target = self.clock.now() + span
        await self.settle()
        while True:
            stops = [d for d in (self.clock.next_due, self.carrier.next_due()) if d is not None]
            due = min(stops, default=target)
            if due >= target:
                break
            self.clock.set(due)
            await self.settle()
        self.clock.set(target)
        await self.settle()

    async def hub_follows_clock(self) -> None:
        """Let the hub look at the wall clock, as it does twice a second."""
        assert self.hub is not None
        await self.hub.engine.follow_clock()
        await self.settle()

    async def command(self, alert: Alert, event: ev.Event) -> Alert:
        """Act on an alert as `carehub alerts …` does."""
        assert self.hub is not None
        done = await self.hub.engine.command(alert.id, lambda _: event)
        await self.settle()
        return done

    # --- what is seen

    async def alerts(self, *, everything: bool = False) -> list[Alert]:
        """Return alerts, newest first."""
        await self.settle()
        assert self.hub is not None
        return await self.hub.store.read(lambda t: t.alerts(everything=everything))

    async def no_more_messages(self) -> None:
        """Fail on any text that the story did not expect."""
        await self.settle()
        unread = {p.person: p.unread for p in self.phones.values() if p.unread}
        assert not unread, f"nobody expected {unread}"
        known = {p.number for p in self.phones.values()}
        strangers = [n for n in self.carrier.phones() if n not in known and self.carrier.texts(n)]
        assert not strangers, f"texts to unknown numbers {strangers}"

    def told(self) -> str:
        """Return all texts so far, for a failing story."""
        lines = [f"{self.clock.now():%H:%M:%S} so far:"]
        for phone in self.phones.values():
            for message in self.carrier.texts(phone.number):
                lines.append(f"  {phone.person}: {message.body}")
        return "\n".join(lines)

    @property
    def at(self) -> str:
        """The story's local time of day, as texts say it."""
        return self.clock.now().astimezone(_SHANGHAI).strftime("%H:%M")

    def _write_config(self) -> None:
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        settings: dict[str, Any] = {
            "site": "story",
            "timezone": "Asia/Shanghai",
            "language": self.language,
            "database": self.database or f"sqlite:///{self.folder}/carehub.db",
            "mqtt": {"url": self.broker.url, "client_id": "carehub", "username": HUB.username},
            "web": {"listen": f"127.0.0.1:{self.web_port}", "public_url": f"http://127.0.0.1:{self.web_port}"},
            "dialects": {"zigbee2mqtt": {"base_topics": ["zigbee2mqtt"]}},
            "channels": {"sms": {"type": "twilio_sms", "from": NUMBER, "links": "send" if self.links else "never"}},
            "policies": self.policies or POLICIES,
            "promise": {"emergency": "20m", "warning": "2h", "notice": "7d"},
            **self.settings,
        }
        (config / "hub.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        homes: dict[str, Any] = {"people": list(self.people.values()), "homes": list(self.homes.values())}
        if self.areas:
            homes["areas"] = self.areas
        (config / "homes.yaml").write_text(yaml.safe_dump(homes, allow_unicode=True), encoding="utf-8")


POLICIES: dict[str, Any] = {
    "emergency": {
        "steps": [
            {"tell": ["family"], "by": ["sms"], "wait": "60s"},
            {"tell": ["staff"], "by": ["sms"], "wait": "120s"},
            {"tell": ["supervisor"], "by": ["sms"], "wait": "180s"},
        ],
        "repeat": "5m",
    },
    "warning": {
        "steps": [
            {"tell": ["family"], "by": ["sms"], "wait": "10m"},
            {"tell": ["staff"], "by": ["sms"], "wait": "20m"},
        ],
        "repeat": "30m",
    },
    "notice": {"steps": [{"tell": ["staff"], "by": ["sms"], "wait": "24h"}], "repeat": "24h"},
}
_MOMENT_S = 0.001
_SHANGHAI = ZoneInfo("Asia/Shanghai")
