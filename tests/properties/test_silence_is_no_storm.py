"""Whatever devices, bridges, restarts and clocks do: one open alert for each thing, and no text before its grace.

The hub's own work on rows in memory, in virtual time. The model beside it knows what was said when.
"""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from devices.reading import Kind, State
from hub.alerts import events as ev
from hub.alerts.alert import Outcome
from hub.homes import Device, DeviceKind
from tests.engine.guarded import DAY, HOUR, MINUTE, SECOND, Guarded, guarded_home

KINDS = {"hall-motion": Kind.MOTION, "front-door": Kind.CONTACT, "kitchen-gas": Kind.GAS}
OWN = Device("chen", "pad", DeviceKind.BED, "carehub/pad")
GRACE = 5 * MINUTE
SPANS = st.sampled_from([SECOND, 29 * SECOND, MINUTE, 4 * MINUTE, GRACE, 6 * MINUTE, HOUR, 11 * HOUR, DAY, 25 * HOUR])
SPEAKERS = st.sampled_from([("wang", name) for name in KINDS] + [("chen", "pad")])


class SilenceIsNoStorm(RuleBasedStateMachine):
    """Two homes: one behind a bridge, one with a device of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Guarded(guarded_home(), guarded_home("chen", prefix="chen/", devices=(OWN,), name="陈桂英"))
        self.spoke: dict[tuple[str, str], datetime] = {}
        self.offline: dict[tuple[str, str], datetime] = {}
        self.bridge_gone: datetime | None = None
        self.started = self.hub.now
        self.bridge_back = self.hub.now - DAY
        self.seen: set[str] = set()

    def _say(self, home: str, name: str, kind: Kind, state: State, *, retained: bool = False, **fields: object) -> None:
        prefix, base = ("", "zigbee2mqtt") if home == "wang" else ("chen/", "carehub")
        self.hub.says(name, kind, state, prefix=prefix, base=base, retained=retained, **fields)

    # --- what happens

    @rule(who=SPEAKERS, active=st.booleans(), retained=st.booleans())
    def speaks(self, who: tuple[str, str], active: bool, retained: bool) -> None:
        kind = KINDS.get(who[1], Kind.BED)
        state = State.ACTIVE if active and kind is not Kind.GAS else State.CLEAR
        self._say(*who, kind, state, retained=retained)
        if not retained and self.hub.now - self.bridge_back > MINUTE:  # else it may be old
            self.spoke[who] = self.hub.now

    @rule(who=SPEAKERS, online=st.booleans(), retained=st.booleans())
    def link_turns(self, who: tuple[str, str], online: bool, retained: bool) -> None:
        self._say(*who, Kind.AVAILABILITY, State.ONLINE if online else State.OFFLINE, retained=retained, property=None)
        if online:
            self.offline.pop(who, None)
        else:
            self.offline.setdefault(who, self.hub.now)

    @rule(online=st.booleans(), retained=st.booleans())
    def bridge_turns(self, online: bool, retained: bool) -> None:
        self.hub.bridge(State.ONLINE if online else State.OFFLINE, retained=retained)
        self.bridge_gone = None if online else self.bridge_gone or self.hub.now
        self.bridge_back = self.hub.now if online else self.bridge_back

    @rule(span=SPANS)
    def time_passes(self, span: timedelta) -> None:
        self.hub.forward(span)

    @rule(span=SPANS)
    def hub_is_away(self, span: timedelta) -> None:
        self.hub.is_gone(span)

    @rule(step=st.sampled_from([-3 * HOUR, 3 * HOUR]))
    def hub_restarts(self, step: timedelta) -> None:
        self.hub.restart(step)
        self.hub.memory.clamp_watches(self.hub.now)

    @rule()
    def somebody_closes_one(self) -> None:
        alerts = self.hub.memory.alerts()
        if alerts:
            self.hub.command(lambda _: ev.Resolve("nurse", Outcome.GENUINE, via="command"), alerts[-1].id)

    # --- what must hold

    @invariant()
    def one_alert_for_each_thing(self) -> None:
        causes = Counter((a.home_id, a.cause) for a in self.hub.memory.alerts())
        assert all(count == 1 for count in causes.values()), causes

    @invariant()
    def nothing_is_told_before_its_time(self) -> None:
        for alert in self.hub.memory.by_id.values():
            if alert.id in self.seen:
                continue
            self.seen.add(alert.id)
            at, (word, _, subject) = alert.opened_at, alert.cause.partition(":")
            if word == "silent":
                who = (alert.home_id, subject)
                offline_at, spoke_at = self.offline.get(who, at), self.spoke.get(who, self.started)
                assert at - offline_at >= GRACE or at - spoke_at >= DAY, (alert, offline_at, spoke_at)
            elif alert.cause == "gateway:zigbee2mqtt/bridge":
                assert at - (self.bridge_gone or at) >= GRACE

    @invariant()
    def every_device_is_watched(self) -> None:
        watched = {(w.home_id, w.rule, w.subject) for w in self.hub.memory.watches()}
        homes = self.hub.memory.registry().homes.values()
        assert all((home.id, "silent", d.id) in watched for home in homes for d in home.devices)
        assert all(w.due_at <= self.hub.now + w.wait for w in self.hub.memory.watches())

    @invariant()
    def staff_hear_of_one_thing_once_in_a_while(self) -> None:
        """At most one text for each alert at its beginning and each day, and one at its end."""
        for alert in self.hub.memory.by_id.values():
            age = (alert.resolved_at or self.hub.now) - alert.opened_at
            texts = [m for m in self.hub.memory.notifications(alert.id) if m.person_id == "nurse"]
            assert len(texts) <= 2 + age / DAY + 1, (alert.cause, len(texts), age)


SilenceIsNoStorm.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.promise("P4")
@pytest.mark.promise("P6")
@pytest.mark.promise("P8")
@pytest.mark.promise("P12")
class TestSilence(SilenceIsNoStorm.TestCase):  # type: ignore[name-defined,misc]
    """Run the machine."""
