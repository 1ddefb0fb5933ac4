"""A test of a home: which devices must speak, what each must do, what it did, whether that is enough.

A press or an alarm in a test goes to the tester first (promise P9): the first one of each device, and only for a
minute. Whatever nobody confirms, or comes a second time, is real.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from devices.reading import Kind, State
from hub.homes import LIFE_KINDS, DeviceKind, DeviceRole, Home
from hub.rules import hazard
from hub.rules.finding import Finding, Heard
from hub.weekly import is_call_button

# Source: promise P9.
CONFIRM_WITHIN = timedelta(seconds=60)
DEFAULT = timedelta(minutes=30)
DEFAULT_WEEKLY = timedelta(minutes=10)
LONGEST = timedelta(hours=4)
SHORTEST = timedelta(minutes=1)
# A device that was asked and says nothing for so long is looked at by hand.
SILENT_AFTER = timedelta(minutes=2)
# Movement that is seen for longer, without a pause, nobody made: sensors hold their word for 30 s to 5 min.
STUCK_AFTER = timedelta(minutes=10)
# A device's own time that lies further off says nothing about the way.
LONGEST_DELAY = timedelta(minutes=10)
# What a sensor in a dwelling can have measured; outside of it the sensor or its unit is wrong.
PLAUSIBLE = {Kind.TEMPERATURE: (-40.0, 60.0), Kind.HUMIDITY: (0.0, 100.0)}
LQI, DBM = range(256), range(-130, 1)
_MOST_WRONG = 5
_MARK = "walk"


class WalkKind(StrEnum):
    """What is tested: a whole home, or the buttons that call for help, each week."""

    HOME = "home"
    WEEKLY = "weekly"


class Task(StrEnum):
    """What a device must do in a test."""

    CALL = "call"  # pressed: the call reaches the tester, who confirms it
    PRESS = "press"  # pressed: it says so
    ALARM = "alarm"  # its test button held: it alarms, the alarm reaches the tester
    MOVE = "move"
    OPEN = "open"
    SIT = "sit"
    MEASURE = "measure"
    SPEAK = "speak"


class Verdict(StrEnum):
    """How a device stands."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


class Fault(StrEnum):
    """Why a device does not pass (yet)."""

    SILENT = "silent"  # it said nothing for two minutes
    NOTHING = "nothing"  # it was never heard in this test
    NOT_DONE = "not_done"  # it speaks, and was not pressed, opened, held ...
    SAID_NO = "said_no"  # its test button was held, and it said that there is no gas
    NOT_TOLD = "not_told"  # the tester's message is not known to have arrived
    WAITS = "waits"  # the tester has not confirmed yet
    REAL = "real"  # nobody confirmed it within a minute: it was told as real
    STUCK = "stuck"
    RANGE = "range"
    BATTERY = "battery"
    OFFLINE = "offline"
    WRONG = "wrong"  # a field that cannot be read
    UNREADABLE = "unreadable"
    TROUBLE = "trouble"  # the device itself reports a fault


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something a device said that no such device may say."""

    fault: Fault
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Probe:
    """One device in a test: what it is, as the sheet shows it, and what it did.

    `acted_at`: it did what it must. `calm_at`: a detector said that all is well. `alert`: what its first press opened;
    `told_at` and `confirmed_at` are the tester's message and word, `real_at` when it was taken as real instead.
    `signal` is a link quality (0 to 255) or dBm (below 0).
    """

    device: str
    kind: DeviceKind
    role: DeviceRole | None = None
    room: str | None = None
    model: str | None = None
    place: str | None = None
    installed_on: date | None = None
    subsidy: str | None = None
    heard_at: datetime | None = None
    words: int = 0
    delay: timedelta | None = None
    signal: int | None = None
    battery: int | None = None
    value: float | None = None
    unit: str | None = None
    active_since: datetime | None = None
    acted_at: datetime | None = None
    calm_at: datetime | None = None
    own_test: bool = False
    alert: str | None = None
    told_at: datetime | None = None
    untold: str | None = None  # the fate of a message that has not arrived
    confirmed_at: datetime | None = None
    real_at: datetime | None = None
    wrong: tuple[Wrong, ...] = ()

    @property
    def task(self) -> Task:
        """What it must do."""
        return task(self.kind, self.role)


@dataclass(frozen=True, slots=True)
class WalkTest:
    """One test of one home. `by` began it, `tester` is told; `probes` in the order of the home's devices.

    `who`, `address`, `area_name` and `rooms` are as they were then: the sheet is the same in a year. `signed` are the
    names typed under it, by what they signed as.
    """

    id: str
    home_id: str
    area: str
    kind: WalkKind
    began_at: datetime
    ends_at: datetime
    by: str
    tester: str | None = None
    ended_at: datetime | None = None
    passed: bool | None = None
    probes: tuple[Probe, ...] = ()
    who: str = ""
    address: str = ""
    area_name: str = ""
    tester_name: str = ""
    rooms: Mapping[str, str] = field(default_factory=dict)
    signed: Mapping[str, str] = field(default_factory=dict)

    def probe(self, device: str) -> Probe | None:
        """Return one device of the test."""
        return next((probe for probe in self.probes if probe.device == device), None)

    def runs(self, now: datetime) -> bool:
        """Whether presses still go to the tester first."""
        return self.ended_at is None and self.began_at <= now < self.ends_at

    def until(self, now: datetime) -> datetime:
        """Return up to when devices are judged: now, or the end."""
        return min(now, self.ended_at or self.ends_at)

    def having(self, probe: Probe) -> "WalkTest":
        """Return the test with one device's newest form."""
        return replace(self, probes=tuple(probe if old.device == probe.device else old for old in self.probes))


@dataclass(frozen=True, slots=True)
class Judged:
    """A device, how it stands, and why; `said` is what it said wrongly."""

    probe: Probe
    verdict: Verdict
    fault: Fault | None = None
    said: str = ""


def task(kind: DeviceKind, role: DeviceRole | None = None) -> Task:
    """Return what a device of this kind must do in a test."""
    if kind is DeviceKind.BUTTON or role is DeviceRole.SOS:
        return Task.CALL if role in (DeviceRole.SOS, DeviceRole.CALL) else Task.PRESS
    if kind in LIFE_KINDS or kind in (DeviceKind.FALL, DeviceKind.LEAK):
        return Task.ALARM
    return _TASKS.get(kind, Task.SPEAK)


_TASKS = {
    DeviceKind.MOTION: Task.MOVE,
    DeviceKind.CONTACT: Task.OPEN,
    DeviceKind.BED: Task.SIT,
    DeviceKind.TEMPERATURE: Task.MEASURE,
    DeviceKind.HUMIDITY: Task.MEASURE,
}


def begin(id: str, home: Home, kind: WalkKind, now: datetime, span: timedelta, by: str, tester: str | None) -> WalkTest:
    """Return a test that has just begun; its length is brought between a minute and four hours."""
    devices = [d for d in home.devices if kind is WalkKind.HOME or is_call_button(d)]
    probes = (Probe(d.id, d.kind, d.role, d.room, d.model, d.place, d.installed_on, d.subsidy) for d in devices)
    ends_at = now + min(max(span, SHORTEST), LONGEST)
    return WalkTest(
        *(id, home.id, home.area, kind, now, ends_at, by, tester),
        probes=tuple(probes),
        who=home.who,
        address=home.address,
        rooms=home.rooms,
    )


# --- what is tried, and what is real ------------------------------------------------------------------------------


def claimed(finding: Finding, heard: Heard, test: WalkTest | None, now: datetime) -> Finding | None:
    """Return the finding as a press of this test; None if it is real.

    It is one of the test if it is the first of its device, and surely came while the test ran: neither late nor from
    before. Each device has an alert of its own, so that one's confirmation never closes another's.
    """
    if test is None or not test.runs(now) or not finding.again or heard.reading.retained:
        return None
    probe = test.probe(heard.device_id)
    if probe is None or probe.alert is not None or heard.device is None:
        return None
    if heard.waited and (heard.waited_since is None or heard.waited_since < test.began_at):
        return None
    if finding.what not in ("sos", "call") and heard.reading.kind not in hazard.SEVERITIES:
        return None
    cause = finding.cause if finding.latched else f"{finding.cause}:{heard.device_id}"
    facts = {**finding.facts, _MARK: test.id}
    return replace(finding, cause=cause, after=CONFIRM_WITHIN, facts=facts)


# --- what devices do ----------------------------------------------------------------------------------------------


def listen(test: WalkTest, heard: Heard, alert: str | None = None, signal: int | None = None) -> WalkTest:
    """Return the test after one reading. `alert`: what it opened, if it was claimed for the test."""
    probe = test.probe(heard.device_id)
    reading = heard.reading
    if probe is None or reading.retained or not test.runs(heard.at):
        return test
    if reading.kind is Kind.AVAILABILITY:  # the bridge's word, not the device's
        offline = reading.state is State.OFFLINE
        return test.having(_wrong(probe, Fault.OFFLINE, "", heard.at)) if offline else test
    probe = replace(
        probe,
        heard_at=probe.heard_at or heard.at,
        words=probe.words + 1,
        delay=_delay(heard) or probe.delay,
        signal=probe.signal if signal is None else signal,
        alert=probe.alert or alert,
        # It speaks: what it was thought to be is over.
        wrong=tuple(wrong for wrong in probe.wrong if wrong.fault is not Fault.OFFLINE),
    )
    return test.having(_SAID.get(reading.kind, _acted)(probe, heard))


def unreadable(test: WalkTest, device: str, at: datetime) -> WalkTest:
    """Return the test after a message of this device that nobody could read."""
    probe = test.probe(device)
    return test if probe is None or not test.runs(at) else test.having(_wrong(probe, Fault.UNREADABLE, "", at))


def signal_of(payload: bytes) -> int | None:
    """Return the link quality (0 to 255) or strength (dBm) that a message carries; None if it carries none."""
    try:
        content = json.loads(payload[:10_000])
    except (ValueError, RecursionError):
        return None
    found = content if isinstance(content, dict) else {}
    for name, allowed in (("linkquality", LQI), ("rssi", DBM)):
        value = found.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value in allowed:
            return value
    return None


def _delay(heard: Heard) -> timedelta | None:
    claimed_at = heard.reading.device_at
    if claimed_at is None or heard.waited:
        return None
    delay = heard.at - claimed_at
    return delay if timedelta(0) <= delay <= LONGEST_DELAY else None


def _wrong(probe: Probe, fault: Fault, said: str, at: datetime) -> Probe:
    others = tuple(wrong for wrong in probe.wrong if (wrong.fault, wrong.said) != (fault, said))
    return replace(probe, wrong=(*others, Wrong(fault, said[:80], at))[-_MOST_WRONG:])


def _battery(probe: Probe, heard: Heard) -> Probe:
    percent = heard.reading.percent
    fine = tuple(wrong for wrong in probe.wrong if wrong.fault is not Fault.BATTERY)
    known = replace(probe, battery=probe.battery if percent is None else percent, wrong=fine)
    if heard.reading.state is not State.ACTIVE:
        return known
    return _wrong(known, Fault.BATTERY, "" if percent is None else str(percent), heard.at)


def _fault(probe: Probe, heard: Heard) -> Probe:
    reading = heard.reading
    if reading.state is not State.ACTIVE:
        return probe
    unread = reading.reason is not None
    said = f"{reading.property or ''}: {reading.reason}" if unread else reading.property or ""
    return _wrong(probe, Fault.WRONG if unread else Fault.TROUBLE, said, heard.at)


def _measured(probe: Probe, heard: Heard) -> Probe:
    reading = heard.reading
    if reading.value is None:
        return probe
    probe = replace(probe, value=reading.value, unit=reading.unit)
    least, most = PLAUSIBLE[reading.kind]
    if not least <= reading.value <= most:
        return _wrong(probe, Fault.RANGE, f"{reading.value:g}", heard.at)
    return _done(probe, heard.at) if probe.task is Task.MEASURE else probe


def _moved(probe: Probe, heard: Heard) -> Probe:
    if heard.reading.state is State.CLEAR:
        return replace(probe, active_since=None, calm_at=heard.at)
    if heard.reading.state is not State.ACTIVE:
        return probe
    moved = replace(probe, active_since=probe.active_since or heard.at)
    return _done(moved, heard.at) if probe.task is Task.MOVE else moved


def _acted(probe: Probe, heard: Heard) -> Probe:
    reading = heard.reading
    if reading.kind.value != probe.kind.value and not (reading.kind is Kind.BUTTON and probe.task is Task.CALL):
        return probe  # another thing that it can say
    if reading.test and probe.task is Task.ALARM:
        return replace(_done(probe, heard.at), own_test=True)
    if reading.state is State.ACTIVE:
        return _done(probe, heard.at)
    return replace(probe, calm_at=heard.at) if reading.state is State.CLEAR else probe


def _done(probe: Probe, at: datetime) -> Probe:
    return replace(probe, acted_at=probe.acted_at or at)


_SAID: Mapping[Kind, Callable[[Probe, Heard], Probe]] = {
    Kind.BATTERY: _battery,
    Kind.FAULT: _fault,
    Kind.TEMPERATURE: _measured,
    Kind.HUMIDITY: _measured,
    Kind.MOTION: _moved,
    Kind.LIFECYCLE: lambda probe, _: probe,
}


# --- whether it is enough -----------------------------------------------------------------------------------------


def judge(test: WalkTest, now: datetime) -> list[Judged]:
    """Return how each device stands; after the end nothing waits any more."""
    return [_judged(test, probe, now) for probe in test.probes]


def all_passed(test: WalkTest, now: datetime) -> bool:
    """Whether every device did all that it must; a home without devices has proven nothing."""
    return bool(test.probes) and all(judged.verdict is Verdict.PASSED for judged in judge(test, now))


def _judged(test: WalkTest, probe: Probe, now: datetime) -> Judged:
    at = test.until(now)
    over = test.ended_at is not None or now >= test.ends_at
    if probe.wrong:
        worst = probe.wrong[-1]
        return Judged(probe, Verdict.FAILED, worst.fault, worst.said)
    if probe.active_since is not None and at - probe.active_since >= STUCK_AFTER:
        return Judged(probe, Verdict.FAILED, Fault.STUCK)
    if probe.heard_at is None:
        if over:
            return Judged(probe, Verdict.FAILED, Fault.NOTHING)
        silent = at - test.began_at >= SILENT_AFTER
        return Judged(probe, Verdict.FAILED, Fault.SILENT) if silent else Judged(probe, Verdict.WAITING)
    missing = _missing(probe, test)
    if missing is None:
        return Judged(probe, Verdict.PASSED)
    final = over or missing in (Fault.SAID_NO, Fault.REAL)
    return Judged(probe, Verdict.FAILED if final else Verdict.WAITING, missing, probe.untold or "")


def _missing(probe: Probe, test: WalkTest) -> Fault | None:
    """Return what a device that speaks has not done yet."""
    if probe.task is Task.SPEAK:
        return None
    if probe.acted_at is None:
        said_no = probe.task is Task.ALARM and probe.calm_at is not None
        return Fault.SAID_NO if said_no else Fault.NOT_DONE
    if probe.task not in (Task.CALL, Task.ALARM) or (probe.own_test and probe.alert is None):
        return None
    if probe.alert is None:
        return Fault.NOT_DONE  # an alarm that was there before the test, or a press that calls nobody
    if probe.real_at is not None:
        return Fault.REAL
    if probe.confirmed_at is None:
        return Fault.WAITS
    return Fault.NOT_TOLD if test.tester is not None and probe.told_at is None else None
