"""What the test of a home says of each device, in words: what to do with it, how it stands, what to do now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.homes import DeviceKind
from hub.walktest import DBM, Fault, Judged, Probe, Task, Verdict, WalkTest, judge
from hub.web.console.words import Words


@dataclass(frozen=True, slots=True)
class Line:
    """One device as pages, terminals and sheets show it. `why` is empty for one that passed, `ask` says what to do."""

    device: str
    name: str
    verdict: Verdict
    word: str
    ask: str
    why: str
    delay: str
    signal: str
    battery: str
    waits: bool
    probe: Probe


def lines(words: Words, test: WalkTest, judged: list[Judged]) -> list[Line]:
    """Return all devices of a test, in their order."""
    return [_line(words, test, one) for one in judged]


def lines_now(words: Words, test: WalkTest, now: datetime) -> list[Line]:
    """Return all devices as they stand now."""
    return lines(words, test, judge(test, now))


def _line(words: Words, test: WalkTest, judged: Judged) -> Line:
    probe = judged.probe
    name = name_of(words, probe, test.rooms)
    return Line(
        device=probe.device,
        name=name,
        verdict=judged.verdict,
        word=verdict_word(words, judged.verdict, heard=probe.heard_at is not None),
        ask=ask(words, probe),
        why=why(words, judged, name) if judged.fault is not None else "",
        delay=seconds(words, probe.delay) if probe.delay is not None else "",
        signal=_signal(words, probe.signal),
        battery=words.say("%(n)s%%", n=probe.battery) if probe.battery is not None else "",
        waits=judged.fault is Fault.WAITS and judged.verdict is Verdict.WAITING,
        probe=probe,
    )


def name_of(words: Words, probe: Probe, rooms: Mapping[str, str]) -> str:
    """Return what people call a device: its room and kind."""
    catalogue = words.catalogue
    device = catalogue.devices[probe.kind.value]
    room = rooms.get(probe.room or "") or catalogue.rooms.get(probe.room or "", probe.room or "")
    named = catalogue.phrases.device_in.format(room=room, device=device) if room else device
    return named[:1].upper() + named[1:]


def verdict_word(words: Words, verdict: Verdict, *, heard: bool) -> str:
    """Return how a device stands, in a word or two."""
    if verdict is Verdict.PASSED:
        return words.say("Passed")
    if verdict is Verdict.FAILED:
        return words.say("Not passed")
    return words.say("Speaks, not done yet") if heard else words.say("Not heard yet")


def ask(words: Words, probe: Probe) -> str:
    """Return what the installer does with a device."""
    match probe.task:
        case Task.CALL:
            return words.say("Press it once.")
        case Task.PRESS:
            return words.say("Press it once. It calls nobody.")
        case Task.ALARM if probe.kind is DeviceKind.FALL:
            return words.say("Let it fall, or hold its test button.")
        case Task.ALARM if probe.kind is DeviceKind.LEAK:
            return words.say("Wet its contacts.")
        case Task.ALARM:
            return words.say("Hold its test button until it alarms.")
        case Task.MOVE:
            return words.say("Walk past it.")
        case Task.OPEN:
            return words.say("Open and close it.")
        case Task.SIT:
            return words.say("Sit down on the bed and get up.")
        case Task.MEASURE:
            return words.say("Wait for its next value, or press its button.")
        case _:
            return words.say("Switch it once so that it speaks.")


def why(words: Words, judged: Judged, name: str) -> str:
    """Return why a device does not pass, and what to do now."""
    if judged.fault in (Fault.SILENT, Fault.NOTHING, Fault.NOT_DONE, Fault.SAID_NO):
        return _not_yet(words, judged, name)
    return _came_out(words, judged, name)


def _not_yet(words: Words, judged: Judged, name: str) -> str:
    probe = judged.probe
    if judged.fault is Fault.SAID_NO:
        return _said_no(words, probe, name)
    if judged.fault is Fault.NOT_DONE:
        return words.say("%(device)s speaks. What is still to do: %(ask)s", device=name, ask=ask(words, probe))
    if judged.fault is Fault.NOTHING:
        return words.say("%(device)s said nothing in the whole test. Do not leave it so.", device=name)
    if probe.kind is DeviceKind.BUTTON:
        return words.say(
            "%(device)s said nothing for 2 minutes. Hold it for 5 s to join again; if that fails change its battery.",
            device=name,
        )
    return words.say(
        "%(device)s said nothing for 2 minutes. See that it has power or a fresh battery, then join it again.",
        device=name,
    )


def _said_no(words: Words, probe: Probe, name: str) -> str:
    said = {
        DeviceKind.GAS: words.say('%(device)s said "no gas" when its test button should make it alarm.', device=name),
        DeviceKind.SMOKE: words.say(
            '%(device)s said "no smoke" when its test button should make it alarm.', device=name
        ),
        DeviceKind.CO: words.say(
            '%(device)s said "no carbon monoxide" when its test button should make it alarm.', device=name
        ),
    }.get(probe.kind)
    if said is None:
        return words.say("%(device)s said that all is well. %(ask)s", device=name, ask=ask(words, probe))
    hold = words.say("Hold the button for 5 s; if it says so again, replace the detector.")
    return f"{said}{'' if words.is_chinese else ' '}{hold}"


def _came_out(words: Words, judged: Judged, name: str) -> str:
    said = judged.said
    match judged.fault:
        case Fault.WAITS:
            return words.say("%(device)s called. Confirm within 60 s that it was you.", device=name)
        case Fault.REAL:
            return words.say(
                "%(device)s: nobody confirmed the press within 60 s, or it was pressed twice. It was told as real.",
                device=name,
            )
        case Fault.NOT_TOLD:
            return words.say(
                "%(device)s called, but the message did not reach the tester. Check the number and the carrier.",
                device=name,
            )
        case Fault.STUCK:
            return words.say(
                "%(device)s sees movement without a pause. Turn it away from heaters and windows, or replace it.",
                device=name,
            )
        case Fault.RANGE:
            return words.say(
                "%(device)s measured %(value)s, which cannot be. Check its unit, or replace it.",
                device=name,
                value=said,
            )
        case Fault.BATTERY if said:
            return words.say("%(device)s has a battery of %(n)s%%. Change it before you leave.", device=name, n=said)
        case Fault.BATTERY:
            return words.say("%(device)s has a low battery. Change it before you leave.", device=name)
        case Fault.OFFLINE:
            return words.say("%(device)s is offline. Join it again, nearer to the hub if need be.", device=name)
        case Fault.TROUBLE:
            return words.say("%(device)s reports a fault of its own. Replace it.", device=name)
        case Fault.UNREADABLE:
            return words.say("%(device)s sent what nobody can read. Check its model and its topic.", device=name)
        case _:
            return words.say("%(device)s sent a wrong value (%(what)s). Replace it.", device=name, what=said)


def _signal(words: Words, signal: int | None) -> str:
    if signal is None:
        return ""
    return words.say("%(n)s dBm", n=signal) if signal in DBM and signal < 0 else words.say("%(n)s of 255", n=signal)


def seconds(words: Words, span: timedelta) -> str:
    """Return a short span with a tenth of a second."""
    return words.say("%(n)s s", n=f"{span.total_seconds():.1f}")
