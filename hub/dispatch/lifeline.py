"""A sick store does not silence a press: what is not committed in 2 s is texted from an image kept beside it.

The image says per device whose home it is and whom to tell. It lives in memory and, mode 0600, in a file, so that
a hub that starts with an unreadable database can still call.
"""

import asyncio
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from devices.reading import Kind, State
from hub.alerts.notification import Notification, Value
from hub.alerts.policy import Severity
from hub.clock import Clock
from hub.decide import site_or
from hub.dispatch.words import Words
from hub.homes import SITE, Registry, Role
from hub.ports import Accepted, Arrival, Channels, Inbound
from hub.rules import findings, hazard
from hub.rules.finding import Finding, Heard

log = structlog.get_logger("lifeline")

COMMIT_WITHIN = timedelta(seconds=2)
ONCE_PER_DEVICE = timedelta(minutes=5)
PASS_ON_FOR = timedelta(hours=1)
SEND_LIMIT = timedelta(seconds=10)
MOST_WAITING = 2000
_CRIES = frozenset({Kind.BUTTON, *(k for k, s in hazard.SEVERITIES.items() if s is Severity.EMERGENCY)})
_CLOSE = (Role.FAMILY, Role.NEIGHBOUR)
_TEXTS = frozenset({"sos", "call", "gas", "smoke", "co", "fall", "unknown"})

Key = tuple[str, bytes]


@dataclass(slots=True)
class _Waiting:
    finding: Finding
    since: datetime


@dataclass(slots=True)
class _Told:
    """Who was told from the image, about whom: their replies are passed on to each other."""

    at: datetime
    who: str
    home_id: str
    people: tuple[str, ...]


class Lifeline:
    """Watches life-safety messages from reception to commit, and texts what waits too long."""

    def __init__(self, clock: Clock, channels: Channels, words: Words, image: Path) -> None:
        """Keep the image in `image`; `use` gives it its people."""
        self.clock = clock
        self.channels = channels
        self.words = words
        self.registry = Registry()
        self.sent = 0
        self._image = image
        self._writing = asyncio.Lock()
        self._waiting: OrderedDict[Key, _Waiting] = OrderedDict()
        self._telling: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._last: dict[str, datetime] = {}
        self._told: list[_Told] = []
        self._seen: OrderedDict[str, None] = OrderedDict()

    # --- the image

    async def use(self, registry: Registry, dump: Callable[[Registry], object]) -> None:
        """Take people and homes as they are now, and keep them beside the database, readable by us alone."""
        self.registry = registry
        # Ten thousand homes take most of a second to write: a press must not wait for it.
        async with self._writing:
            await asyncio.to_thread(self._write, self.registry, dump)

    def _write(self, registry: Registry, dump: Callable[[Registry], object]) -> None:
        whole = dump(registry)
        fresh = self._image.with_suffix(".new")
        try:
            self._image.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.writelines(_pieces(whole))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._image)
        except OSError as error:
            log.error("image_not_written", error=str(error))

    def recall(self, load: Callable[[dict[str, Any]], Registry]) -> bool:
        """Take people and homes from the file; False if there is none that can be read."""
        try:
            self.registry = load(json.loads(self._image.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    # --- from reception to commit (hub.ports.Lifeline)

    def arrived(self, arrival: Arrival) -> None:
        """Note a cry for help at the moment it is received."""
        finding = self._cry(arrival)
        if finding is None or len(self._waiting) >= MOST_WAITING:
            return
        self._waiting.setdefault(_key(arrival), _Waiting(finding, self.clock.now()))
        self._woken.set()

    def committed(self, arrivals: Sequence[Arrival]) -> None:
        """Forget what is durable."""
        if self._waiting:
            for arrival in arrivals:
                self._waiting.pop(_key(arrival), None)

    def shelved(self, arrival: Arrival) -> None:
        """A cry that could not be handled is told at once: no press ends on a shelf."""
        finding = self._cry(arrival)
        if finding is not None:
            self._waiting[_key(arrival)] = _Waiting(finding, self.clock.now() - COMMIT_WITHIN)
            self._woken.set()

    def _cry(self, arrival: Arrival) -> Finding | None:
        for reading in arrival.readings:
            if reading.state is not State.ACTIVE or reading.kind not in _CRIES:
                continue  # most messages of a burst; the rules need not be asked
            topic = arrival.prefix + reading.source
            device = self.registry.by_topic.get(topic)
            home = device.home if device else site_or(self.registry, arrival.prefix)
            at = arrival.delivery.message.received_at
            heard = Heard(reading, home, device.id if device else topic, device, at)
            for finding in findings(heard):
                if finding.severity is Severity.EMERGENCY:
                    return finding
        return None

    # --- telling

    @property
    def idle(self) -> bool:
        """Whether nothing waits for its commit, and nobody is being told."""
        return not self._waiting and not self._telling

    async def run(self) -> None:
        """Text what is not committed in time, until cancelled."""
        while True:
            self._woken.clear()
            if not self._waiting:
                await self._woken.wait()
            _, first = next(iter(self._waiting.items()), (None, None))
            if first is None:
                continue
            left = first.since + COMMIT_WITHIN - self.clock.now()
            if left > timedelta(0):
                await self.clock.sleep(left)
            self._overdue()

    def _overdue(self) -> None:
        now = self.clock.now()
        late = [(k, w) for k, w in self._waiting.items() if now - w.since >= COMMIT_WITHIN]
        for key, _ in late:
            self._waiting.pop(key, None)
        for finding in [w.finding for _, w in late if self._is_first(w.finding, now)]:
            task = asyncio.create_task(self._tell(finding, now))  # a slow carrier delays no other home
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    def _is_first(self, finding: Finding, now: datetime) -> bool:
        device = f"{finding.home_id} {finding.device_id}"
        last = self._last.get(device)
        if last is not None and now - last < ONCE_PER_DEVICE:
            return False
        self._last[device] = now
        return True

    def _people(self, home_id: str) -> tuple[str, ...]:
        """Contacts of the home and staff of its area; where there is nobody, everybody."""
        home = self.registry.homes.get(home_id)
        contacts = [c.person for c in home.contacts if c.role in _CLOSE] if home else []
        area = home.area if home else None
        staff = [p.id for role in (Role.STAFF, Role.SUPERVISOR) for p in self.registry.staff(role, area)]
        return tuple(dict.fromkeys([*contacts, *staff])) or tuple(self.registry.people)

    async def _tell(self, finding: Finding, now: datetime) -> None:
        home = self.registry.homes.get(finding.home_id)
        people = self._people(finding.home_id)
        what = finding.what if finding.what in _TEXTS else "sos"
        facts: dict[str, Value] = {
            "who": home.who if home else SITE,
            "addr": home.address if home else "",
            "what": what,
        }
        facts |= {"at": finding.since.isoformat(), **finding.facts}
        if finding.room:
            facts["room"] = finding.room
        log.error("told_without_store", home=finding.home_id, device=finding.device_id, people=len(people))
        self._told = [t for t in self._told if now - t.at < PASS_ON_FOR]
        self._told.append(_Told(now, str(facts["who"]), finding.home_id, people))
        await self._send_all(people, "sick", facts, finding.home_id, now)

    async def received(self, inbound: Inbound) -> None:
        """Pass a reply on to the others who were told: nobody can take an alert that no store holds."""
        senders = {p.id for p in self.registry.by_phone.get(inbound.sender, ())}
        now = self.clock.now()
        if inbound.provider_id in self._seen:
            return
        self._seen[inbound.provider_id] = None
        while len(self._seen) > MOST_WAITING:
            self._seen.popitem(last=False)
        for told in reversed(self._told):
            if senders.intersection(told.people) and now - told.at < PASS_ON_FOR:
                by = next(self.registry.people[p].name for p in told.people if p in senders)
                facts: dict[str, Value] = {"by": by, "who": told.who, "note": inbound.text[:40]}
                others = tuple(p for p in told.people if p not in senders)
                await self._send_all(others, "sick.reply", facts, told.home_id, now)
                return

    async def _send_all(
        self, people: Sequence[str], key: str, facts: Mapping[str, Value], home_id: str, now: datetime
    ) -> None:
        base = Notification("", None, home_id, None, None, "", key, Severity.EMERGENCY, now, now, facts=dict(facts))
        await asyncio.gather(*(self._send(replace(base, person_id=person), now) for person in people))

    async def _send(self, message: Notification, now: datetime) -> None:
        """Try each channel until one accepts."""
        for channel in self.channels.by_name.values():
            filled = self.words.filled(message, channel, self.registry, now)
            if filled is None:
                return
            result = await channel.send(filled.to or "", filled.text or "", limit=SEND_LIMIT)
            if isinstance(result, Accepted):
                self.sent += 1
                return
        log.error("told_nobody", person=message.person_id)


def _pieces(whole: object) -> Iterator[str]:
    """Return the JSON of a mapping of long lists piece by piece: as one it stops all threads for tenths of a second."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    if not isinstance(whole, Mapping):
        yield encode(whole)
        return
    for n, (name, value) in enumerate(whole.items()):
        yield f"{',' if n else '{'}{encode(name)}:"
        if isinstance(value, list):
            yield "["
            for m, each in enumerate(value):
                yield f"{',' if m else ''}\n{encode(each)}"
            yield "]"
        else:
            yield encode(value)
    yield "}" if whole else "{}"


def _key(arrival: Arrival) -> Key:
    message = arrival.delivery.message
    return message.topic, message.payload
