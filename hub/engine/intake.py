"""What arrives: readings, new rule state, alerts and duties in one transaction; the broker hears of it after."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from devices.reading import Kind, Reading, State
from hub.alerts import events as ev
from hub.alerts.alert import Alert, Outcome, Stage
from hub.alerts.change import Change
from hub.decide import act, hear, lateness, site_or
from hub.engine.work import Work
from hub.homes import SITE, Device, DeviceState
from hub.ports import Arrival, Delivery, Session, Transaction
from hub.rules import faults, hazard, sos
from hub.rules.finding import Heard

# The fault that a device was unreadable lies beside its states, so that its next readable word ends it.
_UNREADABLE = (Kind.FAULT.value, "unreadable")
States = dict[tuple[str, str, str, str], DeviceState]


def digest(delivery: Delivery) -> bytes:
    """Return what makes two deliveries the same bytes on the same topic."""
    message = delivery.message
    return blake2b(message.topic.encode() + b"\0" + message.payload, digest_size=16).digest()


def take_in(arrivals: Sequence[Arrival], work: Work) -> int:
    """Decide one batch and write it; return how many were redeliveries of what had been committed before."""
    transaction = work.transaction
    deliveries = [(a.delivery, digest(a.delivery)) for a in arrivals]
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

    def run(self) -> None:
        owners = [[self._owner(a, r) for r in a.readings] for a in self.arrivals]
        devices = {(home, device) for found in owners for home, device, _ in found}
        devices |= {(d.home, d.id) for a in self.arrivals if a.fault and (d := self._by_topic(a)) is not None}
        for state in self.work.transaction.device_states(devices) if devices else ():
            self.states[state.home_id, state.device_id, state.kind, state.property] = state
        self._load_alerts(owners)
        for arrival, found in zip(self.arrivals, owners, strict=True):
            if arrival.fault is not None:
                self._unreadable(arrival)
            self.told.clear()
            for reading, owner in zip(arrival.readings, found, strict=True):
                self._hear(arrival, reading, *owner)
        self.work.transaction.add_readings(self.rows)
        self.work.transaction.save_device_states(list(self.dirty.values()))

    def _load_alerts(self, owners: Sequence[Sequence[tuple[str, str, Device | None]]]) -> None:
        """Lock the homes that readings may touch all at once, in one order, so that lanes never block each other."""
        homes = {
            home
            for arrival, found in zip(self.arrivals, owners, strict=True)
            for reading, (home, _, _) in zip(arrival.readings, found, strict=True)
            if reading.kind in hazard.SEVERITIES or reading.kind is Kind.BUTTON
            if reading.state is State.ACTIVE
        }
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

    def _hear(self, arrival: Arrival, reading: Reading, home: str, device_id: str, device: Device | None) -> None:
        message = arrival.delivery.message
        at = message.received_at
        key = (home, device_id, reading.kind.value, reading.property or "")
        previous = self.states.get(key)
        self.rows.append((home, device_id, reading, at))
        # The watch session subscribes with QoS 0 itself: its level says nothing of the broker.
        qos = 1 if arrival.delivery.session is Session.WATCH else message.qos
        waited = arrival.delivery.waited_since is not None
        heard = Heard(reading, home, device_id, device, at, previous, qos, waited)
        if reading.retained and reading.kind is Kind.BUTTON:
            if reading.state is State.ACTIVE:
                self._retained_press(heard)
            return
        if _concerns_alerts(heard) and not self._is_told_already(heard):
            late = lateness(at, arrival.delivery.waited_since, reading.device_at)
            alerts = self.work.of(home, SITE)
            for change in hear(heard, alerts, self.work.world, self.work.now, late, self.work.fresh, self.work.sent):
                self.work.take(change)
        if device is not None and reading.kind is not Kind.AVAILABILITY:  # the bridge's word, not the device's
            self._readable(device)
        if reading.state is not None:
            self._keep(key, _state(key, heard))

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


def _concerns_alerts(heard: Heard) -> bool:
    """Whether a reading can touch an alert; the many that cannot are spared the look."""
    reading = heard.reading
    if reading.kind in hazard.SEVERITIES:
        changed = heard.previous is None or heard.previous.state != reading.state
        return reading.state is State.ACTIVE or changed
    if reading.kind is Kind.BUTTON and reading.state is State.ACTIVE:
        return True
    return heard.qos == 0 and heard.device is not None and heard.device.is_life_safety


def _state(key: tuple[str, str, str, str], heard: Heard) -> DeviceState:
    reading, before = heard.reading, heard.previous
    state = reading.state.value if reading.state else ""
    is_press = reading.kind is Kind.BUTTON and reading.state is State.ACTIVE
    lasts = before is not None and before.state == state and (not is_press or sos.is_repeat(heard))
    since = before.since if before is not None and lasts else heard.at
    return DeviceState(
        *key,
        state=state,
        since=since,
        at=heard.at,
        action=reading.action,
        device_at=reading.device_at,
        seq=reading.seq,
        retained=reading.retained,
    )
