"""What arrives: readings, new rule state, alerts and duties in one transaction; the broker hears of it after."""

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from devices.reading import Kind, Reading, State
from hub.alerts import events as ev
from hub.alerts.alert import Alert, Outcome, Stage
from hub.alerts.change import Change
from hub.decide import act, hear, lateness, moved, site_or
from hub.engine import supervision
from hub.engine.trials import Trials
from hub.engine.work import Work
from hub.homes import SITE, Device, DeviceState
from hub.ports import Arrival, Delivery, Session, Transaction
from hub.rules import faults, hazard, life, sos
from hub.rules.finding import Heard, is_edge
from hub.rules.gaps import Gap, sources
from hub.rules.presence import HEARD, proves_presence

# The fault that a device was unreadable lies beside its states, so that its next readable word ends it.
_UNREADABLE = (Kind.FAULT.value, "unreadable")
Key = tuple[str, str, str, str]
States = dict[Key, DeviceState]
# What says whether something can be heard at all.
_LINKS = frozenset({Kind.BRIDGE, Kind.AVAILABILITY})
# What a device says of itself.
_OF_ITSELF = frozenset({Kind.BATTERY, Kind.MAINS, Kind.TAMPER, Kind.FAULT})


def digest(delivery: Delivery) -> bytes:
    """Return what makes two deliveries the same bytes on the same topic."""
    message = delivery.message
    return blake2b(message.topic.encode() + b"\0" + message.payload, digest_size=16).digest()


def _mark(delivery: Delivery) -> bytes:
    """Return what a delivery has in common with its redeliveries alone: the same bytes, and the same packet id.

    Who sends a message again must use its packet id again (MQTT 3.1.1, 4.4; MQTT 5, 4.4). Two presses are the same
    bytes; without the packet id the second one, cut off before its commit, would be taken for the first one again.
    """
    return blake2b(delivery.mid.to_bytes(2) + digest(delivery), digest_size=16).digest()


def take_in(arrivals: Sequence[Arrival], work: Work) -> int:
    """Decide one batch and write it; return how many were redeliveries of what had been committed before."""
    transaction = work.transaction
    deliveries = [(a.delivery, _mark(a.delivery)) for a in arrivals]
    swallowed = {i for i, (d, mark) in enumerate(deliveries) if d.duplicate and _is_known(transaction, d, mark)}
    transaction.record_deliveries(
        [(d, mark) for d, mark in deliveries if d.message.qos and d.session is not Session.WATCH]
    )
    batch = _Batch(work, [a for i, a in enumerate(arrivals) if i not in swallowed])
    batch.run()
    return len(swallowed)


def _is_known(transaction: Transaction, delivery: Delivery, mark: bytes) -> bool:
    return transaction.swallow(delivery.session, delivery.connection, mark)


class _Batch:
    """One batch: the states of its devices loaded once, kept as they change, written at the end."""

    def __init__(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        self.work = work
        self.arrivals = arrivals
        self.rows: list[tuple[str, str, Reading, datetime]] = []
        self.states: States = {}
        self.told: set[tuple[str, str | None, str]] = set()
        self.dirty: dict[tuple[str, str, str, str], DeviceState] = {}
        # Devices whose words may be old; and those of the message in hand of which a proven word is kept.
        self.doubtful: set[Device] = set()
        self.kept: set[tuple[str, str]] = set()
        self.trials = Trials(work)

    def run(self) -> None:
        owners = [[self._owner(a, r) for r in a.readings] for a in self.arrivals]
        devices = {(home, device) for found in owners for home, device, _ in found}
        devices |= {(d.home, d.id) for a in self.arrivals if a.fault and (d := self._by_topic(a)) is not None}
        devices |= self._bridges(owners)
        devices |= {(d.home, d.id) for a in self.arrivals if not a.readings and (d := self._wordless(a)) is not None}
        self._load_states(devices)
        self._load_states(self._doubtful(owners) - devices)
        self._hurry(owners)
        self._load_alerts(owners)
        for arrival, found in zip(self.arrivals, owners, strict=True):
            self.work.transaction.give_way()
            if arrival.fault is not None:
                self._unreadable(arrival)
            self.told.clear()
            proved: dict[tuple[str, str], Device] = {}
            for reading, owner in zip(arrival.readings, found, strict=True):
                self._hear(arrival, reading, *owner, proved)
            self._spoke(arrival, proved)
        self.work.transaction.add_readings(self.rows)
        self.work.heard.update(home for home, *_ in self.rows)
        self.work.transaction.save_device_states(list(self.dirty.values()))
        self.trials.save()

    def _load_states(self, devices: set[tuple[str, str]]) -> None:
        for state in self.work.transaction.device_states(devices) if devices else ():
            self.states[state.home_id, state.device_id, state.kind, state.property] = state

    def _load_alerts(self, owners: Sequence[Sequence[tuple[str, str, Device | None]]]) -> None:
        """Lock the homes that readings may touch all at once, in one order, so that lanes never block each other."""
        homes = {
            home
            for arrival, found in zip(self.arrivals, owners, strict=True)
            for reading, (home, _, _) in zip(arrival.readings, found, strict=True)
            if (reading.kind in hazard.SEVERITIES or reading.kind is Kind.BUTTON or home in self.work.awaiting)
            if reading.state is State.ACTIVE
        }
        # In a home under test every word counts, and is kept under the same lock.
        homes |= self.trials.homes({home for found in owners for home, _, _ in found})
        if homes:
            self.work.load(homes | {SITE})

    def _owner(self, arrival: Arrival, reading: Reading) -> tuple[str, str, Device | None]:
        """Return home, device id and configured device of a reading; unknown ones by their full topic."""
        registry = self.work.world.registry
        topic = arrival.prefix + reading.source
        device = registry.by_topic.get(topic)
        if device is not None:
            return device.home, device.id, device
        return site_or(registry, arrival.prefix), topic, None

    def _hear(self, arrival: Arrival, reading: Reading, home: str, device_id: str, device: Device | None,
              proved: dict[tuple[str, str], Device]) -> None:  # fmt: skip
        message = arrival.delivery.message
        at = message.received_at
        key = (home, device_id, reading.kind.value, _thing(reading))
        previous = self.states.get(key)
        self.rows.append((home, device_id, reading, at))
        # The watch session subscribes with QoS 0 itself: its level says nothing of the broker.
        qos = 1 if arrival.delivery.session is Session.WATCH else message.qos
        since = arrival.delivery.waited_since
        online_at = self._bridge_online_at(reading, device)
        heard = Heard(reading, home, device_id, device, at, previous, qos, since is not None, since, online_at)
        if reading.retained and reading.kind is Kind.BUTTON:
            if reading.state is State.ACTIVE:
                self._retained_press(heard)
            return
        trial = self.trials.of(home) if device is not None else None
        changes: Sequence[Change] = ()
        if _concerns_alerts(heard, self.work.awaiting) and not self._is_told_already(heard):
            late = lateness(at, arrival.delivery.waited_since, reading.device_at)
            alerts = self.work.of(home, SITE)
            changes = hear(heard, alerts, self.work.world, self.work.now, late, self.work.fresh, self.work.sent, trial)
            for change in changes:
                self.work.take(change)
        if trial is not None:
            self.trials.hear(trial, heard, arrival, changes)
        if device is not None and reading.kind is not Kind.AVAILABILITY:  # the bridge's word, not the device's
            self._readable(device)
        if reading.kind in _LINKS:
            self._follow_link(heard, arrival.prefix + reading.source)
        moved_at = life.sign(heard)
        if moved_at is not None and home in self.work.awaiting:
            for change in moved(heard, moved_at, self.work.of(home), self.work.world, self.work.now):
                self.work.take(change)
        self._keep_said(key, heard, moved_at, proved)

    # --- who can be heard

    def _keep_said(
        self, key: Key, heard: Heard, moved_at: datetime | None, proved: dict[tuple[str, str], Device]
    ) -> None:
        """Keep what was said. What a bridge only says again tells nothing, and leaves when it was said first."""
        reading, state = heard.reading, _state(key, heard, moved_at)
        if reading.kind in _LINKS:
            if (row := supervision.turn(heard, self.states)) is not None:
                self._keep((row.home_id, row.device_id, row.kind, row.property), row)
        elif proves_presence(heard):
            if state.retained:
                state = replace(state, retained=False)
            if heard.device is not None:
                proved[heard.home_id, heard.device_id] = heard.device
            if reading.state is not None:
                self.kept.add((heard.home_id, heard.device_id))
        elif not is_edge(heard):
            return
        else:
            state = replace(state, retained=True)
        if reading.state is not None:
            self._keep(key, state)

    def _spoke(self, arrival: Arrival, proved: dict[tuple[str, str], Device]) -> None:
        """Note who spoke in a message of which nothing was kept, or unasked."""
        devices = dict(proved)
        if not arrival.readings and (device := self._wordless(arrival)) is not None:
            online_at, at = self._online_at(device), arrival.delivery.message.received_at
            if online_at is None or not timedelta(0) <= at - online_at <= life.REMEMBERS_FOR:
                devices[device.home, device.id] = device
        for key, device in devices.items():
            row = supervision.unasked(device, arrival, self.states, kept=key in self.kept)
            if row is not None:
                self._keep((row.home_id, row.device_id, row.kind, row.property), row)
        self.kept.clear()

    def _wordless(self, arrival: Arrival) -> Device | None:
        """Return the device of a message that tells nothing but that it speaks."""
        message = arrival.delivery.message
        if message.retained or not message.payload:
            return None
        return self._by_topic(arrival) if arrival.fault else self.work.world.registry.by_topic.get(message.topic)

    def _hurry(self, owners: Sequence[Sequence[tuple[str, str, Device | None]]]) -> None:
        """Have what links and words change looked at in time; before any alert is locked, as a look does it."""
        due: dict[tuple[str, str, str], datetime] = {}
        for arrival, found in zip(self.arrivals, owners, strict=True):
            at = arrival.delivery.message.received_at
            said: list[supervision.Look] = []
            for reading, (home, id, device) in zip(arrival.readings, found, strict=True):
                before = self.states.get((home, id, reading.kind.value, _thing(reading)))
                if supervision.is_news(reading, before, at):
                    said += supervision.looks(Heard(reading, home, id, device, at, before), self.work.world.registry)
            if not arrival.readings and (device := self._wordless(arrival)) is not None:
                row = self.states.get((device.home, device.id, *HEARD))
                said += supervision.word(device, None if row is None else at - row.at, at)
            for key, by in said:
                due[key] = min(by, due.get(key, by))
        if due:
            self.work.hurry(due)

    def _doubtful(self, owners: Sequence[Sequence[tuple[str, str, Device | None]]]) -> set[tuple[str, str]]:
        """Return the bridges of devices whose words may be what the bridge remembers, where that matters."""
        for arrival, found in zip(self.arrivals, owners, strict=True):
            at = arrival.delivery.message.received_at
            for reading, (home, id, device) in zip(arrival.readings, found, strict=True):
                before = self.states.get((home, id, reading.kind.value, _thing(reading)))
                if device is not None and supervision.is_doubtful(reading, before, at):
                    self.doubtful.add(device)
            if not arrival.readings and (device := self._wordless(arrival)) is not None:
                self.doubtful.add(device)
        return {pair for device in self.doubtful for pair in self._bridges_of(device)}

    def _bridges(self, owners: Sequence[Sequence[tuple[str, str, Device | None]]]) -> set[tuple[str, str]]:
        """Return the bridges of what may be signs of life: after a start they repeat what they remember."""
        found = set()
        for arrival, of in zip(self.arrivals, owners, strict=True):
            for reading, (_, _, device) in zip(arrival.readings, of, strict=True):
                if device is not None and life.may_be_sign(reading, device):
                    found |= set(self._bridges_of(device))
        return found

    def _bridges_of(self, device: Device) -> list[tuple[str, str]]:
        """Return under which home and topic the states of the bridges above a device lie."""
        registry = self.work.world.registry
        home = registry.homes.get(device.home)
        prefix = home.prefix if home is not None else ""
        owner = site_or(registry, prefix)
        return [(owner, topic) for topic in sources(prefix, device)[1:]]

    def _bridge_online_at(self, reading: Reading, device: Device | None) -> datetime | None:
        """Return when the bridge of what may be a sign of life last came online; None if that is not known."""
        if device is None or not (device in self.doubtful or life.may_be_sign(reading, device)):
            return None
        return self._online_at(device)

    def _online_at(self, device: Device) -> datetime | None:
        """Return when the bridge of a device last came online."""
        said = (self.states.get((*bridge, Kind.BRIDGE.value, "")) for bridge in self._bridges_of(device))
        # A retained "online" is of unknown age; only a change of it is news.
        online = [s.since if s.retained else s.at for s in said if s is not None and s.state == State.ONLINE]
        return max(online, default=None)

    def _follow_link(self, heard: Heard, topic: str) -> None:
        """Keep from when to when nothing can be heard of a bridge, or of a device that can show life."""
        if heard.reading.kind is Kind.AVAILABILITY and (heard.device is None or not life.can_tell(heard.device)):
            return
        was_offline = heard.previous is not None and heard.previous.state == State.OFFLINE
        if heard.reading.state is State.OFFLINE and not was_offline:
            self.work.transaction.add_gap(Gap(topic, heard.at))
        elif heard.reading.state is State.ONLINE and was_offline:
            self.work.transaction.end_gap(topic, heard.at)

    def _is_told_already(self, heard: Heard) -> bool:
        """Whether another reading of the same message told of the same press: an action and a state beside it."""
        call = sos.evaluate(heard)
        if call is None:
            return False
        told = (call.home_id, call.device_id, call.cause) in self.told
        self.told.add((call.home_id, call.device_id, call.cause))
        return told

    def _keep(self, key: tuple[str, str, str, str], state: DeviceState) -> None:
        self.states[key] = self.dirty[key] = state

    def _retained_press(self, heard: Heard) -> None:
        """A press of unknown age calls nobody; after a lost session staff hear of one that we did not know."""
        before, reading = heard.previous, heard.reading
        if before is not None and (before.action, before.device_at, before.seq) == (
            reading.action,
            reading.device_at,
            reading.seq,
        ):
            return
        # Staff phone a person, not a device; the history names the device.
        home = self.work.world.registry.homes.get(heard.home_id)
        name = home.who if home else heard.device_id
        for alert in self.work.of(SITE):
            if faults.is_loss(alert.cause) and alert.stage is not Stage.RESOLVED:
                known = str(alert.facts.get("list", ""))
                if name not in known.split("、"):
                    listed = "、".join(filter(None, (known, name)))
                    note = ev.Noted("hub", "retained_press", {"home": heard.home_id, "device": heard.device_id})
                    alert = replace(alert, facts={**alert.facts, "list": listed})
                    self.work.take(act(alert, note, self.work.world, self.work.now, ()))

    # --- what cannot be read

    def _by_topic(self, arrival: Arrival) -> Device | None:
        """Return the configured device an unreadable message belongs to: its topic, or one above it."""
        topic = arrival.delivery.message.topic
        while topic:
            device = self.work.world.registry.by_topic.get(topic)
            if device is not None:
                return device
            topic = topic.rpartition("/")[0]
        return None

    def _unreadable(self, arrival: Arrival) -> None:
        """Keep and count it; a life-safety device has 60 s to say something readable, then staff hear of it."""
        delivery = arrival.delivery
        self.work.transaction.shelve(delivery.session, delivery.message, arrival.fault or "unreadable")
        device = self._by_topic(arrival)
        if device is not None:
            self.trials.unreadable(device.home, device.id, delivery.message.received_at)
        if device is None or not device.is_life_safety:
            return
        at = delivery.message.received_at
        key = (device.home, device.id, *_UNREADABLE)
        self._keep(key, DeviceState(device.home, device.id, *_UNREADABLE, State.ACTIVE.value, at, at))
        self.work.report(faults.unreadable(device, self.work.now))

    def _readable(self, device: Device) -> None:
        key = (device.home, device.id, *_UNREADABLE)
        state = self.states.get(key)
        if state is None or state.state != State.ACTIVE:
            return
        self._keep(key, replace(state, state=State.CLEAR.value, at=self.work.now, since=self.work.now))
        cause = faults.unreadable(device, self.work.now).cause
        for alert in self.work.of(device.home):
            if alert.cause == cause and alert.stage is not Stage.RESOLVED:
                self.work.take(self._mended(alert))

    def _mended(self, alert: Alert) -> Change:
        end = ev.Resolve("hub", Outcome.GENUINE, note="readable again", via="hub")
        return act(alert, end, self.work.world, self.work.now, self.work.sent(alert.id))


def _concerns_alerts(heard: Heard, awaiting: Set[str]) -> bool:
    """Whether a reading can touch an alert; the many that cannot are spared the look."""
    reading = heard.reading
    if reading.kind in hazard.SEVERITIES:
        changed = heard.previous is None or heard.previous.state != reading.state
        return reading.state is State.ACTIVE or changed
    if reading.kind is Kind.BUTTON and reading.state is State.ACTIVE:
        return True
    if heard.qos == 0 and heard.device is not None and heard.device.is_life_safety:
        return True
    return reading.kind in _OF_ITSELF and heard.device is not None and _tells_of_itself(heard, awaiting)


def _tells_of_itself(heard: Heard, awaiting: Set[str]) -> bool:
    """Whether a device says something new of its battery, its mains or its health."""
    if heard.reading.state is State.ACTIVE or heard.reading.kind is Kind.MAINS:
        return is_edge(heard)
    was_active = heard.previous is not None and heard.previous.state == State.ACTIVE
    return was_active or (heard.reading.kind is Kind.BATTERY and heard.home_id in awaiting)


def _thing(reading: Reading) -> str:
    """Return what of a device's kind this is about. That a bridge is alive must not hide whether it is online."""
    return reading.property or ("health" if reading.state is State.ALIVE else "")


def _state(key: tuple[str, str, str, str], heard: Heard, moved_at: datetime | None) -> DeviceState:
    reading, before = heard.reading, heard.previous
    state = reading.state.value if reading.state else ""
    is_press = reading.kind is Kind.BUTTON and reading.state is State.ACTIVE
    lasts = before is not None and before.state == state and (not is_press or sos.is_repeat(heard))
    since = before.since if before is not None and lasts else heard.at
    life_at, cleared_at = life.kept(heard, moved_at)
    return DeviceState(
        *key,
        state=state,
        since=since,
        at=heard.at,
        action=reading.action,
        device_at=reading.device_at,
        seq=reading.seq,
        retained=reading.retained,
        life_at=life_at,
        cleared_at=cleared_at,
    )
